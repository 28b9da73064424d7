"""Answers of book/neighbours/widths.md."""

from math import sqrt

from asking import Question
from scipy.integrate import quad

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.neighbours.widths import residual_kernel

ENERGY = quad(lambda t: float(dual_relu(t)), -1, 1, epsabs=1e-13)[0] / 2  # of the average
SQUARE = quad(lambda t: float(dual_relu(t)) ** 2, -1, 1, epsabs=1e-13)[0] / 2

QUESTIONS = [
    Question(
        "ex-widths-steps",
        right=lambda d: 1 / (d - 1),
        at=[{"d": 4}, {"d": 10}],
        wrong={
            "That is the ReLU.": lambda d: 3 / (d - 1),
            "That is the energy of one degree; what is left is the sum of all beyond K.": (
                lambda d: 2 / (d - 1)
            ),
            "The harmonics live on a sphere, which has one dimension less than the space.": (
                lambda d: 1 / d
            ),
            "That is the width itself; its square is asked.": lambda d: 1 / (2 * (d - 1)),
            "The derivative leads from one dimension to another: in which of the two were the "
            "harmonics counted?": lambda d: 1 / (d + 1),
            "The count was that of the smaller of the two dimensions.": lambda d: 1 / (d - 3),
        },
    ),
    Question(
        "ex-widths-plain",
        right=(0.5 - ENERGY, 0.5 - 2 * SQUARE),
        wrong={
            "First: the energy of a neuron alone; that of f is to be subtracted.": (0.5, None),
            "First: the norm of f was subtracted, not its square.": (0.5 - sqrt(ENERGY), None),
            "First: that is the energy of f.": (ENERGY, None),
            "First: a neuron is zero on one half of the inputs.": (1 - ENERGY, None),
            "First: that is what remains with the harmonics of degree 0 and 1.": (
                float(residual_kernel(3, 0, [1.0])[0]),
                None,
            ),
            "Second: the feature has not norm 1.": (None, 0.5 - SQUARE),
            "Second: that is the square of the mean, not the mean of the square.": (
                None,
                0.5 - 2 * ENERGY**2,
            ),
            "Second: that is what the feature captures.": (None, 2 * SQUARE),
            "Second: that is the number for the harmonics of degree 0 and 1.": (
                None,
                float(residual_kernel(3, 0, [1.0])[0]),
            ),
        },
    ),
]
