"""Answers of book/limits/real-features.md."""

from math import exp, log, log10, sqrt

from asking import Question
from scipy.optimize import minimize_scalar

from randomfeatures.foundations.sphere import cosine_moment
from randomfeatures.limits.concentration import concentration_rate

RATE = minimize_scalar(
    lambda t: (1 - t * t) - log(1 - t * t) / 2, bounds=(0, 0.99), method="bounded"
).fun
D = 5

QUESTIONS = [
    Question(
        "ex-rare-directions",
        right=(D * cosine_moment(D, 2) * exp(-D) / 4, RATE),
        wrong={
            "First: the odd part of [z]_+ is half of z.": (exp(-D), None),
            "First: the mean of t² is 1/d.": (D * exp(-D) / 4, None),
            "First: that is the root of the mean square.": (exp(-D / 2) / 2, None),
            "First: a factor 2; the half is squared.": (exp(-D) / 2, None),
            "Second: that is the rate of the root of the mean square.": (None, RATE / 2),
            "Second: at t = 0 are most directions, but not those that dominate the mean.": (
                None,
                1,
            ),
            "Second: the logarithm is the natural one.": (None, 0.5 + log10(2) / 2),
        },
    ),
    Question(
        "ex-bandwidth",
        right=(concentration_rate(2.0), 0.5, RATE),
        wrong={
            "First: that is the rate of the root of the mean square.": (
                concentration_rate(2.0) / 2,
                None,
                None,
            ),
            "First: that is the largest value of 2t + log(1 - t²)/2; subtract it from 1 + ϰ.": (
                2 - concentration_rate(2.0),
                None,
                None,
            ),
            "Second: the frequency of the wave itself is not the best.": (None, 1, None),
            "Second: that is τ/√d, and ϰ is its square.": (None, sqrt(0.5), None),
            "Third: that is the rate of the best of all functions, not of these.": (
                None,
                None,
                concentration_rate(1.0),
            ),
            "Third: that is the rate of the root of the mean square.": (None, None, RATE / 2),
        },
    ),
]
