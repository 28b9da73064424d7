"""Answers of book/power/polynomials-bias.md."""

import numpy as np
from asking import Question
from numpy.polynomial import Polynomial


def largest_second_derivative(j: int) -> float:
    """Of s^j on [0, 1]: the density of the knots is at most this."""
    return float(np.max(Polynomial.basis(j).deriv(2)(np.linspace(0, 1, 101))))


QUESTIONS = [
    Question(
        "ex-polynomials-ridge",
        right=lambda j: 2 * largest_second_derivative(j),
        at=[{"j": 3}, {"j": 6}],
        digits=0,
        wrong={
            "Each of the two directions has probability 1/2, for which c makes up.": (
                largest_second_derivative
            ),
            "There are two second derivatives, j and then j - 1.": lambda j: 2 * j**2,
            "The knots have the density of the second derivative, not of the first.": lambda j: (
                2 * j
            ),
            "Only one of the two directions is active at a point, but both have to be drawn: "
            "twice, not four times.": lambda j: 4 * largest_second_derivative(j),
        },
    ),
]
