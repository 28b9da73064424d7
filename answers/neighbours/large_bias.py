"""Answers of book/neighbours/large-bias.md."""

from math import log, log2, log10, pi, sqrt

import numpy as np
from asking import Question
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import norm

from randomfeatures.neighbours.large_bias import coupling, threshold_kernel

BEST = brentq(lambda b: norm.pdf(b) / ndtr(-b) - 2 * b, 0, 2, xtol=1e-14)
SHARE = norm.pdf(BEST) ** 2 / ndtr(-BEST)
DENSITY = norm.pdf(0)
SLOPE = DENSITY * (1 / pi - 0.5)  # half of the sum of -φ(0) and λ/π

N, ETA = 100, 0.01
B = coupling(np.eye(N), -float(ndtri(1 / N)))
VALUES = np.linalg.eigvalsh(threshold_kernel(np.eye(N), -float(ndtri(1 / N))))
QUOTIENT = float(VALUES[-1] / VALUES[0])
ACTIVE = log(N / ETA)

QUESTIONS = [
    Question(
        "ex-large-bias-linear",
        right=(BEST, SHARE, SLOPE),
        wrong={
            "First: c_1² itself is largest there, but its share is asked.": (0, None, None),
            "Second: that is the share at b = 0.": (None, 1 / pi, None),
            "Second: that is c_1², not yet divided by the energy of the step.": (
                None,
                norm.pdf(BEST) ** 2,
                None,
            ),
            "Second: that is c_1 divided by the energy; c_1 enters squared.": (
                None,
                norm.pdf(BEST) / ndtr(-BEST),
                None,
            ),
            "Second: that is p_1, in which degree 0 counts as well.": (
                None,
                (ndtr(-BEST) + SHARE) / 2,
                None,
            ),
            "Third: p_1 has a factor 1/2.": (None, None, 2 * SLOPE),
            "Third: the sign; does the first share grow faster than the other falls?": (
                None,
                None,
                -SLOPE,
            ),
            "Third: that is the slope of the share of degree 1 alone.": (
                None,
                None,
                2 * DENSITY / pi,
            ),
            "Third: that is half of the slope of the share of degree 1 alone.": (
                None,
                None,
                DENSITY / pi,
            ),
            "Third: that is the slope of p_0.": (None, None, -DENSITY / 2),
            "Third: the density at 0 is that of the standard Gaussian, with its factor.": (
                None,
                None,
                SLOPE / DENSITY,
            ),
        },
    ),
    Question(
        "ex-large-bias-width",
        right=(B, QUOTIENT, ACTIVE),
        wrong={
            "First: an input is not coupled to itself.": (B + 1 / (2 * N), None, None),
            "First: at ρ = 0 the kernel has the factor 1/2.": (2 * B, None, None),
            "First: that is one entry; B is the sum over a row.": (1 / (2 * N), None, None),
            "Second: that is the bound by part 3, (1 + B)/(1 - B).": (
                None,
                (1 + B) / (1 - B),
                None,
            ),
            "Second: that is the limit for many inputs.": (None, 1.5, None),
            "Second: that is the largest eigenvalue.": (None, 1 + B, None),
            "Second: that is the root of the condition number.": (None, sqrt(QUOTIENT), None),
            "Third: the logarithm is the natural one.": (None, None, log10(N / ETA)),
            "Third: the logarithm is the natural one, not that of base 2.": (
                None,
                None,
                log2(N / ETA),
            ),
            "Third: there are n inputs, and each could be the one without.": (
                None,
                None,
                log(1 / ETA),
            ),
            "Third: that is the number of all neurons.": (None, None, N * log(N / ETA)),
            "Third: a share of 1/n is active, not one half.": (None, None, N * log(N / ETA) / 2),
        },
    ),
]
