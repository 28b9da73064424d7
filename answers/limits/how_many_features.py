"""Answers of book/limits/how-many-features.md."""

from math import comb

import numpy as np
from asking import Question

from randomfeatures.limits.anti_concentration import second_moment
from randomfeatures.limits.triangle_wave import triangle_wave

GRID = np.linspace(-12, 12, 2_400_001)
WEIGHTS = np.exp(-(GRID**2) / 2) / np.exp(-(GRID**2) / 2).sum()


def linear_part(R: float) -> float:
    """The coefficient E z tri(Rz), by the trapezoidal rule."""
    return float((WEIGHTS * GRID * triangle_wave(R * GRID)).sum())


QUESTIONS = [
    Question(
        "ex-polynomials",
        right=lambda n, d: comb(n + d, d),
        at=[{"n": 3, "d": 4}, {"n": 2, "d": 7}],
        digits=0,
        wrong={
            "Those are the monomials of degree exactly n; lower degrees belong to the space "
            "too.": lambda n, d: comb(n + d - 1, n),
            "The degree is that of the whole monomial, not of each coordinate.": lambda n, d: (
                (n + 1) ** d
            ),
            "That is the dimension on the sphere, where |x|² is 1; in the whole space it is not.": (
                lambda n, d: comb(n + d - 1, d - 1) + comb(n + d - 2, d - 1)
            ),
            "A coordinate can occur more than once in a monomial.": lambda n, d: sum(
                comb(d, k) for k in range(n + 1)
            ),
        },
    ),
    Question(
        "ex-width-odd",
        right=lambda R: linear_part(R) ** 2,
        at=[{"R": 0.6}, {"R": 1.1}],
        wrong={
            "The energy is the square of the coefficient.": linear_part,
            "That is the whole energy of the wave; the features see its linear part.": (
                second_moment
            ),
            "The wave is linear only on [-1, 1].": lambda R: R**2,
            "That is what is left, not what is captured.": lambda R: (
                second_moment(R) - linear_part(R) ** 2
            ),
            "The odd part of a feature is a multiple of a linear function; the factor 1/2 does "
            "not matter for the span.": lambda R: linear_part(R) ** 2 / 4,
        },
    ),
]
