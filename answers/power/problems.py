"""Answers of book/power/problems.md."""

from math import sqrt

import numpy as np
from asking import Question

from randomfeatures.power.random_features import ridge
from randomfeatures.power.sampling import sampling_error, smallest_coefficients
from randomfeatures.power.training_both_layers import drift_bound

ONES, Y = np.ones((3, 1)), np.array([1.0, 2, 6])
LEFT_OUT = Y[0] - float(ridge(ONES[1:], Y[1:], 1.0)[0])

SIGMA, S, A = np.array([2.0, 1, 0.5]), 3.0, 2.0
SLOPE = -2 * S**2 * float(np.sum(SIGMA**-2.0))

N, TAU, Q = 200, 0.1, 0.8

C, T, WIDE = 2.0, 50, 10**9
LIMIT = drift_bound(C / (WIDE * sqrt(T)), T)[1] * WIDE**2

BEST = 9 / 4


def units(t: float) -> float:
    """The neurons for tC²/ε² steps, in units of C^(5/2) ε^(-3/2)."""
    return sqrt(t / (6 * (1 - t**-0.5)))


def largest(d: int) -> float:
    """The least supremum of coefficients for x_1."""
    return smallest_coefficients(d)[0]


def halves(d: int, r: int) -> float:
    return sampling_error(largest(d) ** 2 / 2, 1.0 + d, r)


D = 20

QUESTIONS = [
    Question(
        "ex-ridge-leave-one-out",
        right=LEFT_OUT,
        wrong={
            "That is the residual of the full fit.": -5 / 4,
            "The penalty belongs to H as well.": -15 / 8,
            "That is the error of the fit without a penalty.": -3,
            "The sign: it is the datum minus the prediction.": 5 / 3,
            "Divide by 1 - H, do not multiply.": -15 / 16,
            "That is the prediction; subtract it from the datum.": 8 / 3,
        },
    ),
    Question(
        "ex-little-penalty",
        right=(SLOPE, S**2 / A**2),
        wrong={
            "First: the bias is of second order, but the variance is not.": (0, None),
            "First: a square under the derivative gives a factor 2.": (SLOPE / 2, None),
            "First: that is with the standard deviation of the noise.": (SLOPE / S, None),
            "First: the singular values enter squared.": (
                -2 * S**2 * float(np.sum(1 / SIGMA)),
                None,
            ),
            "First: which sign has it?": (-SLOPE, None),
            "Second: those are the standard deviation and the component; square them.": (
                None,
                S / A,
            ),
            "Second: that is one over it.": (None, A**2 / S**2),
            "Second: a factor 2 cancels.": (None, S**2 / A**2 / 2),
        },
    ),
    Question(
        "ex-noise-penalty",
        right=(N * TAU**2, (1 - Q) / Q),
        wrong={
            "First: that is for one row.": (TAU**2, None),
            "First: the variance counts, not the standard deviation.": (N * TAU, None),
            "First: the objective is the sum of the squares, not half of it.": (
                N * TAU**2 / 2,
                None,
            ),
            "Second: that is the probability of a zero.": (None, 1 - Q),
            "Second: that is the variance of B, not of B/q.": (None, Q * (1 - Q)),
            "Second: that is the second moment; subtract the square of the mean.": (None, 1 / Q),
            "Second: the variance of B has a factor q.": (None, (1 - Q) / Q**2),
        },
    ),
    Question(
        "ex-movement-layers",
        right=(-1 / 2, -3 / 2, LIMIT),
        digits=4,
        wrong={
            "Those are the powers for one neuron; there are r of them.": (-1, -2, None),
            "The sum over the neurons is of squares, and a root follows.": (0, -1, None),
            "Third: half of it is the second term of cosh.": (None, None, 2 * LIMIT),
            "Third: that is with the powers of the first bound.": (None, None, C * sqrt(T)),
            "Third: C enters squared.": (None, None, C * T / 2),
            "That is the other order.": (-3 / 2, -1 / 2, None),
        },
    ),
    Question(
        "ex-fewest-neurons",
        right=(BEST, units(BEST)),
        wrong={
            "Those are the numbers of the corollary.": (4, 2),
            "First: that is the root of it.": (3 / 2, None),
            "First: that needs more neurons than the best.": (4, None),
            "Second: that is its square.": (None, units(BEST) ** 2),
            "Second: sinh τ/τ - 1 is τ²/6, not τ²/2.": (None, units(BEST) * sqrt(3)),
            "Second: sinh τ/τ - 1 is τ²/6, not τ²/3.": (None, units(BEST) * sqrt(2)),
            "Second: the 6 belongs under the root.": (None, units(BEST) * sqrt(6)),
        },
    ),
    Question(
        "ex-stratified",
        right=halves,
        at=[{"d": 5, "r": 12}, {"d": 9, "r": 40}],
        wrong={
            "That is the error of independent weights.": lambda d, r: sampling_error(
                largest(d) ** 2 / 2, 1.0, r
            ),
            "That is the error of pairs w, -w.": lambda d, r: sampling_error(
                largest(d) ** 2 / 2, 2.0, r
            ),
            "There are r draws in all, not r/2.": lambda d, r: 2 * halves(d, r),
            "The norm of the target is subtracted as well.": lambda d, r: halves(d, r) + 1 / r,
            "A quarter of the squared difference is saved, not all of it.": lambda d, r: (
                (largest(d) ** 2 / 2 - 1 - 4 * d) / r
            ),
        },
    ),
    Question(
        "ex-without-replacement",
        right=lambda r, m: (m - r) / (r * (m - 1)),
        at=[{"r": 4, "m": 9}, {"r": 7, "m": 30}],
        wrong={
            "That is with repetitions.": lambda r, m: 1 / r,
            "The draws are correlated: not the variance of r out of m independent ones.": (
                lambda r, m: (m - r) / (r * m)
            ),
            "For r = 1 it must be the error of one draw.": lambda r, m: 1 / r - 1 / (m - 1),
            "For r = m nothing is left.": lambda r, m: (m - r + 1) / (r * m),
            "That is the factor; it still has to be divided by r.": lambda r, m: (m - r) / (m - 1),
            "The error of a mean of r terms has 1/r, not 1/r².": lambda r, m: (
                (m - r) / (r * r * (m - 1))
            ),
        },
    ),
    Question(
        "ex-one-bit",
        right=(2 * D**2, largest(D) ** 2 / 2),
        wrong={
            "First: that is without the rounding.": (2 * D, None),
            "First: the squared norm of a feature is 1/2.": (4 * D**2, None),
            "First: that is the supremum of c, not of its square.": (D, None),
            "Second: the squared norm of a feature is 1/2.": (None, largest(D) ** 2),
            "Second: that is half of the supremum.": (None, largest(D) / 2),
            "Second: that is the limit of large dimension only.": (None, np.pi * D),
            "Second: the error subtracts the norm of f; M does not.": (
                None,
                largest(D) ** 2 / 2 - 1,
            ),
        },
    ),
]
