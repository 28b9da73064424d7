"""Answers of book/sharp/almost-every-direction.md."""

from math import pi

from asking import Question

from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.sharp.optimum import optimal_error
from randomfeatures.sharp.spectrum import harmonics, neuron_spectrum

SHARE = 60 * neuron_spectrum(10, 4)[4] / optimal_error(10, harmonics(10, 2))


def beyond_two(d: int, legendre: float) -> float:
    """The kernel beyond degree 2 at a right angle, with this value of the second polynomial."""
    eigenvalues = neuron_spectrum(d, 2)
    degree_two = multiplicity(d, 2) * eigenvalues[2] * legendre
    return float(1 / (2 * pi) - eigenvalues[0] - degree_two)


QUESTIONS = [
    Question(
        "ex-directions-quantifier",
        right=(SHARE, 0),
        wrong={
            "First: that is for half of the energy, the last sentence of the theorem.": (
                2 * SHARE,
                None,
            ),
            "First: the theorem counts dimensions, not directions.": (SHARE / 60, None),
            "First: beyond degree 2 the largest eigenvalue is that of degree 4.": (
                60 * neuron_spectrum(10, 4)[2] / optimal_error(10, harmonics(10, 2)),
                None,
            ),
            "Second: let K tend to infinity.": (None, SHARE),
        },
    ),
    Question(
        "ex-directions-attained",
        right=(multiplicity(3, 4), optimal_error(3, harmonics(3, 4))),
        wrong={
            "First: that counts the degrees up to K as well.": (harmonics(3, 4), None),
            "First: that is the number of harmonics up to K; they are free.": (
                multiplicity(3, 2),
                None,
            ),
            "Second: that is the error beyond degree K, without degree K + 2.": (
                None,
                optimal_error(3, harmonics(3, 2)),
            ),
            "Second: that is the share of the energy.": (
                None,
                2 * optimal_error(3, harmonics(3, 4)),
            ),
        },
    ),
    Question(
        "ex-optimum-network",
        right=lambda d: beyond_two(d, -1 / (d - 1)),
        at=[{"d": 3}, {"d": 10}],
        wrong={
            "The second Legendre polynomial is negative at 0.": lambda d: beyond_two(
                d, 1 / (d - 1)
            ),
            "Degree 2 is to be taken out as well.": lambda d: beyond_two(d, 0.0),
            "That is the value at cosine one.": lambda d: optimal_error(d, harmonics(d, 2)),
        },
    ),
]
