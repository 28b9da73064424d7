"""Answers of book/neighbours/repeated-lazy-training.md."""

from math import sqrt

import numpy as np
from asking import Question

LAMBDA = np.array([5.0, 2.0])
LENGTH = 3.0
PENALTY, BETA = 0.7, 4.0


def one_round(w: np.ndarray) -> np.ndarray:
    """One round for the square, from its definition: least squares in the step."""
    d = len(w)
    rest = np.diag(LAMBDA) - np.outer(w, w)
    steps = [np.outer(w, e) + np.outer(e, w) for e in np.eye(d)]
    columns = np.reshape(steps, (d, -1)).T
    return w + np.linalg.lstsq(columns, rest.ravel(), rcond=None)[0]


SMALL = 1e-7
NEAR = one_round(np.array([sqrt(LAMBDA[0]), SMALL]))

QUESTIONS = [
    Question(
        "ex-repeated-square",
        right=(float(one_round(np.array([LENGTH, 0.0]))[0]), float(NEAR[1]) / SMALL),
        wrong={
            "First: the half is lost; a round averages.": (LENGTH + LAMBDA[0] / LENGTH, None),
            "First: that is the second term alone.": (LAMBDA[0] / LENGTH, None),
            "First: that is where the rounds end, not where one ends.": (sqrt(LAMBDA[0]), None),
            "First: the bracket is not 1 for this w.": (
                LENGTH / 2 + LAMBDA[0] / LENGTH,
                None,
            ),
            "Second: that is the factor of the squared component.": (
                None,
                (LAMBDA[1] / LAMBDA[0]) ** 2,
            ),
            "Second: the eigenvalues are not squares here: B itself is applied.": (
                None,
                sqrt(LAMBDA[1] / LAMBDA[0]),
            ),
            "Second: the first term of the formula does not stay at one half near the target.": (
                None,
                0.5 + LAMBDA[1] / LAMBDA[0],
            ),
            "Second: the half stands before the bracket alone.": (
                None,
                LAMBDA[1] / LAMBDA[0] / 2,
            ),
            "Second: that is what the component loses.": (None, 1 - LAMBDA[1] / LAMBDA[0]),
        },
    ),
    Question(
        "ex-repeated-descent",
        right=(1, 2 * PENALTY / BETA),
        wrong={
            "First: that is strong convexity used once; it can be used at two points.": (
                0.5,
                None,
            ),
            "First: more than there is; try a loss that is linear.": (2, None),
            "Second: there the bound is lowest; L stays below its start for longer.": (
                None,
                PENALTY / BETA,
            ),
            "Second: that is for steps along the gradient, and t counts steps of a round.": (
                None,
                2 / BETA,
            ),
            "Second: the quotient is upside down.": (None, 2 * BETA / PENALTY),
            "Second: a factor 2: the Lipschitz constant comes with one half.": (
                None,
                4 * PENALTY / BETA,
            ),
        },
    ),
]
