"""Answers of book/beyond/prior-kernel-readouts.md."""

from math import ceil

import numpy as np
from asking import Question

from randomfeatures.beyond.prior_kernel import one_layer_kernel
from randomfeatures.beyond.prior_kernel_rate import effective_rank
from randomfeatures.beyond.prior_kernel_readouts import centred_digits, fitted_values_error

C = 10
FEW = centred_digits(np.random.default_rng(0))[0][:200]
RANK = float(effective_rank(one_layer_kernel(FEW, FEW, "relu", C)))
DRAWS = ceil(400 * (1 + RANK) / C)

K, K_J, Y, MU = np.diag([4.0, 0]), np.diag([1.0, 2]), np.array([3.0, 4]), 0.5
FITS = [kernel @ np.linalg.solve(kernel + MU * np.eye(2), Y) for kernel in (K, K_J)]
APART = FITS[1] - FITS[0]
DISTANCE = float(np.linalg.norm(APART))
GAP, LENGTH = float(np.linalg.norm(K_J - K)), float(np.linalg.norm(Y))
BOUND = float(fitted_values_error(LENGTH, MU, GAP))

QUESTIONS = [
    Question(
        "ex-prior-component-draws",
        right=DRAWS,
        digits=0,
        wrong={
            "Round up: the term is to be at most one tenth.": DRAWS - 1,
            "The factor 2 of the second term is lost.": ceil(100 * (1 + RANK) / C),
            "The factor 2 is squared when you solve for J.": ceil(200 * (1 + RANK) / C),
            "A draw gives C features.": ceil(400 * (1 + RANK)),
            "The rank is not all: there is 1 + r.": ceil(400 * RANK / C),
            "The error is a root of the number of draws.": ceil(20 * (1 + RANK) / C),
            "That is for the number of inputs; the effective rank is smaller.": ceil(400 * 201 / C),
        },
    ),
    Question(
        "ex-prior-enough",
        right=(DISTANCE, BOUND),
        wrong={
            "First: that is its square.": (DISTANCE**2, None),
            "First: that is the sum of the absolute values, not the length.": (
                float(np.abs(APART).sum()),
                None,
            ),
            "First: those are the coefficients; multiply by the kernels for the fits.": (
                float(np.linalg.norm(Y / (np.diag(K) + MU) - Y / (np.diag(K_J) + MU))),
                None,
            ),
            "First: that is μ times too small or too large: check the resolvents.": (
                DISTANCE * MU,
                None,
            ),
            "Second: the penalty is missing.": (None, BOUND * MU),
            "Second: one of the two inverses keeps a factor μ, and the other stays.": (
                None,
                BOUND / MU,
            ),
            "Second: the length of y, not its square.": (None, BOUND * LENGTH),
            "Second: that is the squared norm of the difference.": (None, BOUND * GAP),
            "Second: that is with the operator norm, which is smaller; the bound has another "
            "norm.": (None, LENGTH / MU * 3),
            "Second: that is with the sum of the absolute values.": (None, LENGTH / MU * 5),
            "Second: y is missing.": (None, GAP / MU),
        },
    ),
]
