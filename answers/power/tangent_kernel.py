"""Answers of book/power/tangent-kernel.md."""

from math import sqrt

import numpy as np
from asking import Question

from randomfeatures.power.kernels import arc_cosine

PRODUCT, M = 0.5, 10
X = np.array([[1.0, 0.0]])
Y = np.array([[PRODUCT, sqrt(1 - PRODUCT**2)]])
K0 = float(arc_cosine(X, Y, degree=0, depth=1)[0, 0])
K1 = float(arc_cosine(X, Y, degree=1, depth=1)[0, 0])


def variance(second_moment: float) -> float:
    return PRODUCT**2 * (second_moment - K0**2) / M


def difference(alpha: float) -> float:
    """The final output at x minus that of the tangent model, which is 1."""
    theta = 1 - sqrt(1 - 2 / alpha)
    return alpha * (theta + theta**2 / 2) - 1


def bound(alpha: float) -> float:
    zeta = sqrt(1 - 2 / alpha)
    return (1 - zeta) / (1 + zeta) * (1 + sqrt(1 + zeta**-2))


QUESTIONS = [
    Question(
        "ex-lazy-line",
        right=difference,
        at=[{"alpha": 2.5}, {"alpha": 9.0}],
        wrong={
            "That is the bound of the proposition, not the difference itself.": bound,
            "A factor 2 is lost: α is 2/(1 - ζ²).": lambda alpha: difference(alpha) / 2,
            "The output is α times the function of the weights.": lambda alpha: (
                (difference(alpha) + 1) / alpha - 1
            ),
            "That is the network's output; subtract the tangent model's.": lambda alpha: (
                difference(alpha) + 1
            ),
            "That is the limit of the difference for large α, to first order.": lambda alpha: (
                1 / alpha
            ),
        },
    ),
    Question(
        "ex-inner-weights",
        right=(PRODUCT * K0, variance(2 * K0)),
        wrong={
            "First: the outer weights are not trained, so their part is away.": (
                PRODUCT * K0 + K1,
                None,
            ),
            "First: the outer weights are not trained; what stays is the part of the inner ones.": (
                K1,
                None,
            ),
            "First: the factor √2 of the network enters squared.": (PRODUCT * K0 / 2, None),
            "First: the gradient in w is a multiple of x: the inner product of x and y is a "
            "factor.": (K0, None),
            "Second: the square of the factor 2 is 4, and only one 2 goes into k_0.": (
                None,
                variance(K0),
            ),
            "Second: the mean over m neurons divides the variance by m.": (
                None,
                M * variance(2 * K0),
            ),
            "Second: subtract the square of the mean.": (None, PRODUCT**2 * 2 * K0 / M),
            "Second: that is the standard deviation.": (None, sqrt(variance(2 * K0))),
        },
    ),
]
