"""Answers of book/power/polynomials.md."""

from math import sqrt

from asking import Question

from randomfeatures.power.polynomials import blind_energy
from randomfeatures.power.polynomials_activation import funk_hecke_number
from randomfeatures.power.polynomials_harmonics import inner_product, monomial


def blind(d: int) -> float:
    cube = monomial(d, 3)
    return blind_energy(cube) / inner_product(cube, cube)


def second(d: int) -> float:
    """The number of degree 2 of the square, for weights of length 1."""
    return funk_hecke_number(lambda z: z**2, d, 2) / d


QUESTIONS = [
    Question(
        "ex-polynomials-hand",
        right=blind,
        at=[{"d": 4}, {"d": 11}],
        wrong={
            "That is the fraction of the part that is seen.": lambda d: 1 - blind(d),
            "That is the limit for large d.": lambda d: 2 / 5,
            "That is the fraction of the norm, not of its square.": lambda d: sqrt(blind(d)),
            "That is the squared norm itself; divide by that of the cube.": lambda d: blind_energy(
                monomial(d, 3)
            ),
        },
    ),
    Question(
        "ex-polynomials-activation",
        right=lambda d: 1 / second(d),
        at=[{"d": 3}, {"d": 8}],
        wrong={
            "That is the number of degree 2 itself; c divides by it.": second,
            "A factor 2: the product occurs twice in the square.": lambda d: 2 / second(d),
            "That is for Gaussian weights; on the sphere the fourth moments are smaller.": (
                lambda d: 0.5
            ),
            "The fourth moment on the sphere has d (d + 2) below, not d².": lambda d: d**2 / 2,
        },
    ),
]
