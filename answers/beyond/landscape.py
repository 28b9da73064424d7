"""Answers of book/beyond/landscape.md."""

from math import cosh, exp, log, sinh

import numpy as np
from asking import Question
from scipy.stats import binom

from randomfeatures.beyond.landscape import stationary_curvature

TWO = np.diag([2.0, -3.0])
SIGNS = np.array([1.0, -1.0])
AT_ZERO = stationary_curvature(TWO, np.zeros((2, 2)), SIGNS)


def boosted(s: float) -> float:
    """Least curvature at B = diag(1, -1, 2) after the boost of the parameter s."""
    H = np.array([[cosh(s), sinh(s)], [sinh(s), cosh(s)]])
    return stationary_curvature(np.diag([1.0, -1.0, 2.0]), H @ np.eye(2, 3), SIGNS)


def least(bound, d: int = 100) -> int:
    """The least number of neurons for which the bound is at most 0.001."""
    return next(N for N in range(2 * d + 1, 10 * d) if bound(N) <= 1e-3)


QUESTIONS = [
    Question(
        "ex-landscape-time",
        right=(AT_ZERO, log(1e50 - 1) / 2),
        wrong={
            "First: neurons of the other sign have an eigenvalue too, a larger one.": (
                -4 * 2 / 13,
                None,
            ),
            "First: a second derivative that is least is negative here.": (-AT_ZERO, None),
            "First: divided by the norm instead of its square.": (-12 / 13**0.5, None),
            "First: that is for the mean squared error, not the relative risk.": (-24, None),
            "First: the factor 4/|B|² is missing.": (-3, None),
            "Second: that is the rate of the weights; M is of second order in them.": (
                None,
                log(1e50),
            ),
            "Second: the logarithm is the natural one.": (None, 25),
            "Second: the weights grow at one rate, and M as their square at another.": (
                None,
                2 * log(1e50),
            ),
        },
    ),
    Question(
        "ex-landscape-boost",
        right=boosted,
        at=[{"s": 0.0}, {"s": 0.5}, {"s": 1.5}],
        wrong={
            "That is the leading term for large s; the eigenvalue has a closed form.": (
                lambda s: -(4 / 6) * 3 / (2 * cosh(2 * s))
            ),
            "The factor 4/|B|² is missing.": lambda s: boosted(s) * 6 / 4,
            "That is the larger of the two eigenvalues.": (
                lambda s: (4 / 6) * (cosh(2 * s) + (cosh(2 * s) ** 2 + 3) ** 0.5)
            ),
            "The boost of s turns the squares by 2 s.": lambda s: boosted(s / 2),
            "The function does not change, but its curvature does.": lambda s: boosted(0.0),
            "Divided by the norm of B instead of its square.": (lambda s: boosted(s) * 6**0.5),
        },
    ),
    Question(
        "ex-landscape-random-signs",
        right=least(lambda N: 2 * exp(-((N - 200) ** 2) / (2 * N))),
        digits=0,
        wrong={
            "Both signs must be many enough: that is one of them.": least(
                lambda N: exp(-((N - 200) ** 2) / (2 * N))
            ),
            "The logarithm is the natural one.": least(
                lambda N: 2 * 10 ** (-((N - 200) ** 2) / (2 * N))
            ),
            "That is enough by the exact binomial law; the question is about the bound.": least(
                lambda N: 2 * binom.cdf(99, N, 0.5)
            ),
            "The deviation of one sign is half of N - 2d.": least(
                lambda N: 2 * exp(-2 * (N - 200) ** 2 / N)
            ),
            "The exponent is off by a factor 2.": least(
                lambda N: 2 * exp(-((N - 200) ** 2) / (4 * N))
            ),
            "One neuron short: at this number the bound is just above one in a thousand.": least(
                lambda N: 2 * exp(-((N - 200) ** 2) / (2 * N))
            )
            - 1,
        },
    ),
]
