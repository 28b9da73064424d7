"""Answers of book/sharp/every-bound.md."""

from math import sqrt

import numpy as np
from asking import Question

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.hermite import relu_coefficients

INVERSE = float(np.linalg.inv(dual_relu(np.eye(3)))[0, 0])
RIGHT_ANGLE = float(dual_relu(0.0))
SQUARES = relu_coefficients(4) ** 2


def root(k: int) -> float:
    """y of the corner of degree k."""
    q = float((1 / 2 - np.sum(SQUARES[: k + 1])) / SQUARES[k])
    return (q + sqrt(q * q + 4 * q)) / 2


QUESTIONS = [
    Question(
        "ex-sandwich-leave-one-out",
        right=1 / INVERSE,
        wrong={
            "That is the entry of the inverse, not its reciprocal.": INVERSE,
            "That is the error of one feature; two are left.": 1 / 2 - 2 * RIGHT_ANGLE**2,
            "The other two features are not orthogonal to each other.": (
                1 / 2 - 4 * RIGHT_ANGLE**2
            ),
            "That is the reciprocal of the diagonal of G: invert first.": 2,
        },
    ),
    Question(
        "ex-sandwich-corner",
        right=(1 + 1 / root(2), 1 + 1 / root(4)),
        wrong={
            "First: that is y.": (root(2), None),
            "Second: that is y.": (None, root(4)),
            "First: that is the excess; the quotient is one more.": (1 / root(2), None),
            "Second: that is the excess; the quotient is one more.": (None, 1 / root(4)),
            "First: y/q and not y².": (root(2) ** 2, None),
        },
    ),
]
