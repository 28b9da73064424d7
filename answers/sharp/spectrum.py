"""Answers of book/sharp/spectrum.md."""

from fractions import Fraction
from itertools import islice
from math import pi

from asking import Question

from randomfeatures.foundations.relu_spectrum import exact_neuron_eigenvalues
from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.sharp.optimum import features_needed

THREE = list(islice(exact_neuron_eigenvalues(3), 7))
LEFT = Fraction(1, 2) - sum(multiplicity(3, k) * THREE[k] for k in range(7))
AFFINE = 1 / 2 - 1 / pi

QUESTIONS = [
    Question(
        "ex-spectrum-leaky",
        right=lambda gamma: (1 + gamma) ** 2 / (1 + gamma**2) * AFFINE,
        at=[{"gamma": -0.1}, {"gamma": 0.5}],
        wrong={
            "That is the error itself; it is to be divided by the neuron's energy.": lambda gamma: (
                (1 + gamma) ** 2 * AFFINE / 2
            ),
            "The energy of the neuron depends on γ too.": lambda gamma: (1 + gamma) ** 2 * AFFINE,
            "The energy of a part is the square of its factor.": lambda gamma: (
                (1 + gamma) / (1 + gamma**2) * AFFINE
            ),
            "Which part takes the factor 1 - γ, the linear one or the even one?": lambda gamma: (
                (1 - gamma) ** 2 / (1 + gamma**2) * AFFINE
            ),
            "That is what is left beside the constant; linear functions are affine too.": (
                lambda gamma: 1 - (1 + gamma) ** 2 / (1 + gamma**2) / pi
            ),
            "|x| is no affine function.": lambda gamma: (
                (1 + gamma) ** 2 / (1 + gamma**2) * (1 / 2 - 2 * float(THREE[0]))
            ),
        },
    ),
    Question(
        "ex-spectrum-three",
        right=(THREE[6], LEFT, features_needed(3, 1 / 256)),
        wrong={
            "First: the eigenvalue has a factor d, from the mean square of the length.": (
                THREE[6] / 3,
                None,
                None,
            ),
            "First: that is the energy of the whole degree.": (13 * THREE[6], None, None),
            "First: from one degree to the next the quotient of the η is squared.": (
                THREE[4] * Fraction(3, 8),
                None,
                None,
            ),
            "Second: that is the energy beyond degree 4.": (
                None,
                LEFT + 13 * THREE[6],
                None,
            ),
            "Second: that is the share of the energy; the whole is 1/2.": (None, 2 * LEFT, None),
            "Third: that is one too few; count degree 0 as well.": (None, None, 8),
            "Third: that is all polynomials of degree 2.": (None, None, 10),
            "Third: that is without degree 1, which costs features too.": (None, None, 6),
        },
    ),
    Question(
        "ex-spectrum-one",
        right=(Fraction(1, 4), Fraction(1, 4)),
        wrong={
            "That is the matrix of the kernel; the operator takes a mean over two points.": (
                Fraction(1, 2),
                Fraction(1, 2),
            ),
            "At opposite points the kernel is not what it is at equal ones.": (
                Fraction(1, 2),
                0,
            ),
            "What have two neurons of opposite directions in common?": (
                Fraction(3, 8),
                Fraction(1, 8),
            ),
        },
    ),
]
