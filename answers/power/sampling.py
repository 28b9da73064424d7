"""Answers of book/power/sampling.md."""

from math import log, log10, sqrt

from asking import Question
from scipy.optimize import brentq

from randomfeatures.power.sampling import sampling_deviation, sampling_error

B, ERROR, DELTA = 3.0, 0.01, 0.05


def likely(delta: float) -> float:
    """The width for probability 1 - delta, for B² / ε = 1: the deviation is B / √r times this."""
    return sampling_deviation(1.0, 1, delta) ** 2


QUESTIONS = [
    Question(
        "ex-sampling-width",
        right=(
            2 * B**2 / ERROR,
            B**2 / ERROR * likely(DELTA),
            brentq(lambda delta: likely(delta) - 1 / delta, 0.05, 0.2, xtol=1e-14),
        ),
        digits=4,
        wrong={
            "First: that is where the mean error is ε; the probability is to be one half.": (
                B**2 / ERROR,
                None,
                None,
            ),
            "First: the error is squared, and so is B.": (2 * B / ERROR, None, None),
            "Second: the logarithm is the natural one.": (
                None,
                B**2 / ERROR * (1 + sqrt(-2 * log10(DELTA))) ** 2,
                None,
            ),
            "Second: a factor 2 under the root is lost.": (
                None,
                B**2 / ERROR * (1 + sqrt(-log(DELTA))) ** 2,
                None,
            ),
            "Second: the deviation is not squared, and ε is.": (
                None,
                B**2 / ERROR * (1 + sqrt(-2 * log(DELTA))),
                None,
            ),
            "Second: that is the inequality of Markov.": (None, B**2 / ERROR / DELTA, None),
        },
    ),
    Question(
        "ex-antithetic",
        right=lambda C, r: sampling_error(C**2 / 4, 1.0, r // 2),
        at=[{"C": 5.0, "r": 12}, {"C": 7.5, "r": 40}],
        wrong={
            "That is the error of independent weights.": lambda C, r: (C**2 / 2 - 1) / r,
            "There are r/2 independent pairs, not r.": lambda C, r: (C**2 / 4 - 1) / r,
            "A pair has the coefficient c/2 for a feature of norm one; the half is squared.": (
                lambda C, r: (C**2 - 2) / r
            ),
            "A variance subtracts the squared norm of f.": lambda C, r: C**2 / (2 * r),
        },
    ),
]
