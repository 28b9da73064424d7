"""Answers of book/sharp/sandwich.md."""

from fractions import Fraction
from math import comb, pi, sqrt

from asking import Question
from scipy.integrate import quad

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.sharp.sandwich import expected_error_bound
from randomfeatures.sharp.spectrum import harmonics, neuron_spectrum

SQUARE = quad(lambda t: float(dual_relu(t)) ** 2, -1, 1)[0] / 2  # the cosine is uniform at d = 3
ONE = 1 / 2 - 2 * SQUARE
assert abs(ONE - expected_error_bound(3, 1)) < 1e-9
MANY = harmonics(10, 10)

QUESTIONS = [
    Question(
        "ex-sandwich-one",
        right=(ONE, 1 / 2 - 1 / (2 * pi**2)),
        wrong={
            "The feature has the mean square 1/2, by which the square is divided.": (
                1 / 2 - SQUARE,
                1 / 2 - 1 / (4 * pi**2),
            ),
            "First: that is the share of the energy.": (2 * ONE, None),
            "Second: that is the share of the energy.": (None, 1 - 1 / pi**2),
            "First: that is the best single feature, not a random one.": (
                1 / 2 - neuron_spectrum(3, 0)[0],
                None,
            ),
            "Second: that is the best single feature, not a random one.": (
                None,
                1 / 2 - 1 / (2 * pi),
            ),
            "First: the mean of the square is not the square of the mean.": (
                1 / 2 - 2 * neuron_spectrum(3, 0)[0] ** 2,
                None,
            ),
        },
    ),
    Question(
        "ex-sandwich-coefficients",
        right=(MANY, Fraction(1, 100)),
        wrong={
            "First: degree 1 is missing, or is counted among the even ones.": (comb(19, 9), None),
            "First: that is all polynomials up to degree 10.": (comb(20, 10), None),
            "First: that is the root.": (sqrt(MANY), None),
            "Second: that is the number for all features together.": (None, MANY),
        },
    ),
    Question(
        "ex-sandwich-beyond",
        right=Fraction(11, 6),
        wrong={
            "That is the law for degrees below the dimension; are they?": Fraction(8, 3),
            "The factor d^(3/2) of the law is missing.": Fraction(4, 3),
            "That is the power of K³.": Fraction(11, 2),
            "On which side of the law does its power of d stand?": Fraction(5, 6),
        },
    ),
]
