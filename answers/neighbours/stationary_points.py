"""Answers of book/neighbours/stationary-points.md."""

from math import comb, cos, pi, sin, sqrt

import numpy as np
from asking import Question

from randomfeatures.beyond.lazy_training import network_risk

D, N = 5, 3
LI, LJ, T = 2.0, 5.0, pi / 3
B = np.diag([LI, LJ])


def rest(t: float) -> float:
    """The squared norm of S in the plane, the neuron turned by the angle t."""
    W = sqrt(LI) * np.array([[cos(t), sin(t)]])
    return network_risk(B, W, np.ones(1), -LI) * float(np.sum(B**2))


CHANGE = rest(T) - rest(0.0)

QUESTIONS = [
    Question(
        "ex-stationary-count",
        right=(sum(comb(D, k) for k in range(N + 1)), CHANGE),
        wrong={
            "First: fewer directions than neurons are possible too.": (comb(D, N), None),
            "First: one is missing, that of the weights zero.": (
                sum(comb(D, k) for k in range(1, N + 1)),
                None,
            ),
            "First: with these neurons M has not every rank.": (2**D, None),
            "First: the order of the eigenvectors does not matter for M.": (
                1 + D + D * (D - 1) + D * (D - 1) * (D - 2),
                None,
            ),
            "Second: the sign; take the squared norm after the turn less that before it.": (
                None,
                -CHANGE,
            ),
            "Second: a factor 2: in the square of a difference the product occurs twice.": (
                None,
                CHANGE / 2,
            ),
            "Second: that is the change of the error, which is not the squared norm of S.": (
                None,
                2 * CHANGE,
            ),
            "Second: the product u uᵀ has squares of the sine and the cosine.": (
                None,
                2 * LI * (LI - LJ) * sin(T),
            ),
            "Second: t is the angle from v_i, not from v_j.": (
                None,
                2 * LI * (LI - LJ) * cos(T) ** 2,
            ),
            "Second: the neuron is turned and keeps its length.": (
                None,
                (LI**2 - LJ**2) * sin(T) ** 2,
            ),
        },
    ),
    Question(
        "ex-stationary-mirror",
        right=(1, 7),
        digits=0,
        wrong={
            "First: a difference of two neurons of V has no kink.": (0, None),
            "First: of the combinations of the two neurons, not all are linear.": (2, None),
            "First: V has the neurons, not their derivatives.": (7, None),
            "Second: the derivative of a neuron in its weight has an entry for each coordinate.": (
                None,
                1,
            ),
            "Second: the constant is no function <u, x>.": (None, 8),
            "Second: that is how many derivatives the two neurons have.": (None, 14),
        },
    ),
]
