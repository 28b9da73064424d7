"""Answers of book/neighbours/chaotic-series.md."""

from math import acos, ceil, log, log2, log10, pi, sqrt

import numpy as np
from asking import Question

from randomfeatures.neighbours.chaotic_series import dead_probability, windows_of

SECOND = 1 + sqrt(6)
Q, DELTA = 4, 1e-9


def cycle(mu: float) -> np.ndarray:
    """The two values of the cycle of period 2."""
    return np.sort(np.roots([mu**2, -mu * (mu + 1), mu + 1]).real)


def dead(mu: float) -> float:
    return dead_probability(windows_of(cycle(mu), 8))


def angle(mu: float) -> float:
    return acos(2 / (mu - 1))


ALL = log2(1 / DELTA)

QUESTIONS = [
    Question(
        "ex-chaotic-series-angle",
        right=(1 / (2 * pi), dead(3.2), dead(SECOND)),
        wrong={
            "First: that is the C of the angle; the probability divides it.": (1, None, None),
            "First: the part of an angle is taken of the full turn.": (
                1 / pi,
                None,
                None,
            ),
            "First: in the cosine of a small angle a half is lost.": (
                1 / (2 * sqrt(2) * pi),
                None,
                None,
            ),
            "First: 2/(μ - 1) falls more slowly near μ = 3.": (
                1 / (sqrt(2) * pi),
                None,
                None,
            ),
            "First: that is the C of three windows.": (1 / (4 * pi), None, None),
            "Second: that is the probability that both windows have the same sign.": (
                None,
                2 * dead(3.2),
                None,
            ),
            "Second: that is the probability to be alive on the first window alone.": (
                None,
                angle(3.2) / (2 * pi),
                None,
            ),
            "Second: that is the cosine.": (None, 2 / 2.2, None),
            "Second: that is the angle.": (None, angle(3.2), None),
            "Second: that is the formula of three windows.": (
                None,
                0.5 - angle(3.2) / (4 * pi),
                None,
            ),
            "Third: that is the probability that both windows have the same sign.": (
                None,
                None,
                2 * dead(SECOND),
            ),
            "Third: that is the probability to be alive on the first window alone.": (
                None,
                None,
                angle(SECOND) / (2 * pi),
            ),
            "Third: that is the cosine.": (None, None, 2 / sqrt(6)),
            "Third: that is the angle.": (None, None, angle(SECOND)),
        },
    ),
    Question(
        "ex-chaotic-series-positive",
        right=(ceil(ALL / Q), ceil(ALL)),
        digits=0,
        wrong={
            "First: the logarithm is of base 2.": (ceil(log(1 / DELTA) / Q), None),
            "First: the logarithm is of base 2, not 10.": (ceil(log10(1 / DELTA) / Q), None),
            "First: one filter less is too few; round up.": (int(ALL / Q), None),
            "First: that many are enough; fewer may do.": (ceil(ALL), None),
            "First: a longer period makes death rarer, and so fewer filters necessary.": (
                ceil(ALL * Q),
                None,
            ),
            "Second: the logarithm is of base 2.": (None, ceil(log(1 / DELTA))),
            "Second: the logarithm is of base 2, not 10.": (None, ceil(log10(1 / DELTA))),
            "Second: one filter less is too few; round up.": (None, int(ALL)),
            "Second: the probability 1/16 is a lower bound; it may be up to that of one window.": (
                None,
                ceil(ALL / Q),
            ),
            "Second: more windows are more conditions; they do not make death likelier.": (
                None,
                ceil(ALL * Q),
            ),
        },
    ),
]
