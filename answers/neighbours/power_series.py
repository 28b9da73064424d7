"""Answers of book/neighbours/power-series.md."""

from math import expm1, sqrt

import numpy as np
from asking import Question

from randomfeatures.neighbours.power_series import series_remainder

Q, WIDTH = 3.0, 100


def bound(s: float) -> float:
    """The product of the two norms of part 1."""
    return sqrt(expm1(s * s) * WIDTH * expm1(Q * Q / (s * s)))


PART_2 = series_remainder(np.full(WIDTH, Q), 0)

QUESTIONS = [
    Question(
        "ex-power-series-norm",
        right=(sqrt(Q), bound(sqrt(Q)), PART_2),
        wrong={
            "First: that is its square.": (Q, None, None),
            "First: a step need not be of the scale 1.": (1, None, None),
            "Second: that is the square of the bound.": (None, bound(sqrt(Q)) ** 2, None),
            "Second: one of the two norms has a sum over the neurons without a factor 1/m.": (
                None,
                bound(sqrt(Q)) / 10,
                None,
            ),
            "Second: one of the two norms has a factor 1/m in it.": (
                None,
                bound(sqrt(Q)) * 10,
                None,
            ),
            "Second: a series that begins at k = 1 is an exponential less 1.": (
                None,
                10 * (expm1(Q) + 1),
                None,
            ),
            "Second: another s does better.": (None, bound(1.0), None),
            "Third: the sum over the neurons has a factor 1/√m.": (None, None, WIDTH * Q),
            "Third: that is K = 1.": (None, None, series_remainder(np.full(WIDTH, Q), 1)),
            "Third: that is one neuron; the signs may agree in the worst case.": (None, None, Q),
        },
    ),
    Question(
        "ex-power-series-width",
        right=(1, 1, 2, 2),
        wrong={
            "The signs do not drop out in every order.": (0.5, 1, 1.5, 2),
            "The signs are not random in every order: some drop out.": (1, 1.5, 2, 2.5),
            "The factor 1/√m of the output was forgotten.": (0.5, 0.5, 1.5, 1.5),
            "The step of a weight has a factor 1/√m, and it enters in the power k.": (
                0,
                -0.5,
                0,
                -0.5,
            ),
            "The sum over the neurons was forgotten, which grows.": (1.5, 2, 2.5, 3),
            "With a minus sign: the exponent is that of 1/m.": (-1, -1, -2, -2),
        },
    ),
]
