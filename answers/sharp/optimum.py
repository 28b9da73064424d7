"""Answers of book/sharp/optimum.md."""

from math import comb, pi

import numpy as np
from asking import Question

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.hermite import relu_coefficients
from randomfeatures.sharp.optimum import optimal_error
from randomfeatures.sharp.spectrum import harmonics

POLYNOMIALS = 1 / 2 - float(np.sum(relu_coefficients(4) ** 2))
COUNT = harmonics(3, 4)
HARMONICS = optimal_error(3, COUNT)
EIGENVALUES = np.linalg.eigvalsh(dual_relu(np.eye(3)) / 3)

QUESTIONS = [
    Question(
        "ex-optimum-monotone",
        right=1 / 2 - 1 / (2 * pi),
        wrong={
            "The d eigenvalues of degree 1 are each 1/(4d); seven of them are little.": (
                1 / 4 - 1 / (2 * pi)
            ),
            "That is the bound for d = 2, 3, ...; the first eigenvalue has a limit of its own.": (
                1 / 4
            ),
            "Each eigenvalue is counted once; the second one tends to zero.": 1 / 2 - 7 / (2 * pi),
            "That is the limit of the first eigenvalue, the part that is captured.": 1 / (2 * pi),
            "The energy of the neuron is not 1.": 1 - 1 / (2 * pi),
        },
    ),
    Question(
        "ex-optimum-polynomials",
        right=(POLYNOMIALS, HARMONICS, comb(3 + 4, 3) - COUNT),
        wrong={
            "First: the Hermite coefficients end at degree 4, not at 2.": (
                1 / 2 - float(np.sum(relu_coefficients(2) ** 2)),
                None,
                None,
            ),
            "First: that is the share of the energy.": (2 * POLYNOMIALS, None, None),
            "Second: that is the error beyond degree 2.": (None, optimal_error(3, 9), None),
            "Second: that is the share of the energy.": (None, 2 * HARMONICS, None),
            "Third: the odd degrees from 3 on are no features of the optimum.": (
                None,
                None,
                comb(3 + 4, 3) - 25,
            ),
            "Third: degree 1 belongs to the harmonics that are used.": (None, None, 20),
        },
    ),
    Question(
        "ex-optimum-data",
        right=float(EIGENVALUES[0] + EIGENVALUES[1]),
        wrong={
            "The operator takes the mean over the directions: a factor 1/M.": float(
                3 * (EIGENVALUES[0] + EIGENVALUES[1])
            ),
            "There are two eigenvalues beside the largest.": float(EIGENVALUES[0]),
            "That is the eigenvalue that is captured.": float(EIGENVALUES[2]),
            "The best feature is not one of the three neurons.": float(
                2 / 3 * (1 / 2 - 2 * dual_relu(0.0) ** 2)
            ),
        },
    ),
]
