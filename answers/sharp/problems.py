"""Answers of book/sharp/problems.md."""

from math import cos, log, pi, sin, sqrt

import numpy as np
from asking import Question
from scipy.optimize import brentq

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.sharp.optimum import features_needed, optimal_error
from randomfeatures.sharp.optimum_tail import LAW, threshold_rate
from randomfeatures.sharp.sandwich_budget import mean_error
from randomfeatures.sharp.spectrum import harmonics, neuron_second_moment, neuron_spectrum

TEN = neuron_spectrum(10, 2)
RIGHT_ANGLE = float(dual_relu(0.0))
EQUAL = 1 / 2 + 3 * RIGHT_ANGLE - 4 * TEN[0] - 10 * TEN[1]
BALANCED = 1 / 2 - RIGHT_ANGLE - 10 * TEN[1] - TEN[2] * (1 + 1 / 9)

TAIL = optimal_error(784, 10**9)
KAPPA = brentq(lambda kappa: threshold_rate(kappa) - log(2), 1, 20, xtol=1e-12)

ROOT = (sqrt(1 + 4 * (LAW * 1.75**2 * 50) ** (2 / 3)) - 1) / 2
Q = (1 + 1 / ROOT) ** 2
F = np.linspace(0, 1, 100_001)

MANY = np.array([float(multiplicity(5, k)) for k in range(401)])
SQUARES = MANY * neuron_spectrum(5, 400) ** 2
TAU = optimal_error(5, harmonics(5, 4))
SQUARE = mean_error(np.vstack([np.eye(2), -np.eye(2)]), 200)[1]


def biased(bias: float, share: float) -> int:
    """The features for this share of the energy, d = 10."""
    return features_needed(10, float(neuron_second_moment(bias)) * share, bias=bias)


def factor(f: float) -> float:
    return float((1 + f * (Q - 1)) * Q**-f)


def kernel(beta: float) -> float:
    return (sin(beta) + (pi - beta) * cos(beta)) / (2 * pi)


def slope(beta: float) -> float:
    return (pi - beta) * sin(beta) / (2 * pi)


def even(t: float) -> float:
    return float(dual_relu(t) + dual_relu(-t))


QUESTIONS = [
    Question(
        "ex-problem-silent",
        right=(biased(-1.0, 0.01), biased(1.0, 0.01)),
        digits=0,
        wrong={
            "That is one percent of the energy of a neuron without a bias; each has its own.": (
                features_needed(10, 0.005, bias=-1.0),
                features_needed(10, 0.005, bias=1.0),
            ),
            "The other way round.": (biased(1.0, 0.01), biased(-1.0, 0.01)),
            "That is an error of 0.01, not of one percent.": (
                features_needed(10, 0.01, bias=-1.0),
                features_needed(10, 0.01, bias=1.0),
            ),
        },
    ),
    Question(
        "ex-problem-network",
        right=(EQUAL, BALANCED),
        wrong={
            "First: the energy of F is not that of one neuron.": (
                1 / 2 - 4 * TEN[0] - 10 * TEN[1],
                None,
            ),
            "First: degree 0 adds up too, and the eigenvalue is not that of one neuron.": (
                1 / 2 + 3 * RIGHT_ANGLE - TEN[0] - 10 * TEN[1],
                None,
            ),
            "Second: without degree 0 there is room for one more feature.": (
                None,
                1 / 2 - RIGHT_ANGLE - 10 * TEN[1],
            ),
            "Second: the sign of the second Legendre polynomial at 0.": (
                None,
                1 / 2 - RIGHT_ANGLE - 10 * TEN[1] - TEN[2] * (1 - 1 / 9),
            ),
            "Second: signs that cancel change the energy as well.": (
                None,
                1 / 2 - 10 * TEN[1] - TEN[2] * (1 + 1 / 9),
            ),
        },
    ),
    Question(
        "ex-problem-billion",
        right=(0.02 / TAIL) ** 0.5,
        wrong={
            "That is the square of the norm.": 0.02 / TAIL,
            "The tail is the error itself for a neuron of norm one, not a share.": (
                (0.01 / TAIL) ** 0.5
            ),
            "The other way round.": (TAIL / 0.02) ** 0.5,
        },
    ),
    Question(
        "ex-problem-base-two",
        right=(KAPPA, sqrt(KAPPA / 50)),
        wrong={
            "First: that is for the rate 1, a factor e with each dimension.": (
                brentq(lambda kappa: threshold_rate(kappa) - 1, 1, 100),
                None,
            ),
            "First: that is for the base 4.": (
                brentq(lambda kappa: threshold_rate(kappa) - log(4), 1, 200),
                None,
            ),
            "Second: ε = 1/50 belongs to the square of the norm.": (None, KAPPA / 50),
            "Second: κ is the quotient of the squared norm and ε.": (None, sqrt(50 * KAPPA)),
        },
    ),
    Question(
        "ex-problem-step",
        right=(1 / 2, 2 * pi**1.5),
        wrong={
            "First: that is the ReLU.": (3 / 2, None),
            "First: that is the power of the norm, if the error were that of a ReLU.": (
                1 / 4,
                None,
            ),
            "Second: the root on the wrong side; x(1 + x) is the square of 3Cκ.": (
                None,
                2 / (3 * LAW),
            ),
            "Second: that has the constant of the ReLU.": (None, sqrt(2) / LAW),
        },
    ),
    Question(
        "ex-problem-factor",
        right=max(factor(f) for f in F),
        digits=4,
        wrong={
            "That is the growth from one even degree to the next.": Q,
            "That is the growth of the count by one degree.": sqrt(Q),
            "Compare with the exponential at the same f.": (Q - 1) / log(Q),
            "That is the reciprocal.": 1 / max(factor(f) for f in F),
        },
    ),
    Question(
        "ex-problem-first-feature",
        right=(3 / 8, 1 / 2, 15 / 128),
        wrong={
            "These are the energies; a feature has norm² 1/2.": (3 / 16, 1 / 4, 15 / 256),
            "Third: that is one harmonic of the five.": (None, None, 3 / 128),
            "Second: that is one harmonic of the three.": (None, 1 / 6, None),
            "These are the numbers of harmonics.": (1, 3, 5),
        },
    ),
    Question(
        "ex-problem-pair",
        right=lambda t: 1 / 2 - t * t / 4 - even(t) ** 2,
        at=[{"t": 0.3}, {"t": -0.7}],
        wrong={
            "The inner product with the linear function is t/2: its square is t²/4.": lambda t: (
                1 / 2 - t * t / 2 - even(t) ** 2
            ),
            "The modulus has norm 1, not 1/2.": lambda t: 1 / 2 - t * t / 4 - 2 * even(t) ** 2,
            "The two neurons are orthogonal: but that has to be used with norm² 1/2.": lambda t: (
                1 / 2 - float(dual_relu(t)) ** 2 - float(dual_relu(-t)) ** 2
            ),
            "That is one feature.": lambda t: 1 / 2 - 2 * float(dual_relu(t)) ** 2,
        },
    ),
    Question(
        "ex-problem-close",
        right=lambda beta: 1 / 2 - 2 * kernel(beta) ** 2 - 2 * slope(beta) ** 2,
        at=[{"beta": 1.0}, {"beta": 2.0}],
        wrong={
            "That is one feature; the derivative is in the span as well.": lambda beta: (
                1 / 2 - 2 * kernel(beta) ** 2
            ),
            "The derivative has norm² 1/2.": lambda beta: (
                1 / 2 - 2 * kernel(beta) ** 2 - slope(beta) ** 2
            ),
            "Both have norm² 1/2.": lambda beta: 1 / 2 - kernel(beta) ** 2 - slope(beta) ** 2,
        },
    ),
    Question(
        "ex-problem-rounded",
        right=lambda r, delta: r * delta**2 / 24,
        at=[{"r": 100, "delta": 0.01}, {"r": 7, "delta": 0.3}],
        wrong={
            "The mean square of a neuron is 1/2.": lambda r, delta: r * delta**2 / 12,
            "The variance of a uniform number on a length δ is δ²/12.": lambda r, delta: (
                r * delta**2 / 8
            ),
            "That is the worst case for a single feature.": lambda r, delta: delta**2 / 8,
            "Square the variance's root once more: the excess is a square.": lambda r, delta: (
                r * delta / sqrt(12) / 2
            ),
        },
    ),
    Question(
        "ex-problem-more-degrees",
        right=float(799 / TAU**2 * SQUARES[5:].sum()),
        wrong={
            "That is the second, simpler bound.": 800 / multiplicity(5, 6),
            "There are r - 1 others for each feature.": float(800 / TAU**2 * SQUARES[5:].sum()),
            "τ_K is squared.": float(799 / TAU * SQUARES[5:].sum()),
            "That is for K = 2.": float(
                799 / optimal_error(5, harmonics(5, 2)) ** 2 * SQUARES[3:].sum()
            ),
        },
    ),
    Question(
        "ex-problem-circle",
        right=SQUARE,
        wrong={
            "That is the best of all subspaces.": optimal_error(2, 4),
            "That is the energy that the features catch.": 1 / 2 - SQUARE,
            "That is the share of the energy.": 2 * SQUARE,
        },
    ),
]
