"""Answers of book/beyond/prior-kernel-networks.md."""

from math import pi

import numpy as np
from asking import Question

from randomfeatures.beyond.prior_kernel_rate import effective_rank
from randomfeatures.power.kernels import network_prior

C, ERROR = 10, 0.05
LINE = np.array([[1.0, 0.0], [-1.0, 0.0]])


def rank(depth: int) -> float:
    return float(effective_rank(network_prior(LINE, LINE, C, depth)))


P, LENGTH = 3, 2
ONE, TWO = np.array([1.0, 2, 0, -1]), np.array([2.0, 1, 3, 1])
PATCHES = [[image[p : p + LENGTH] for p in range(P)] for image in (ONE, TWO)]
LOCAL = sum(x @ y for x, y in zip(*PATCHES, strict=True)) / P
POOLED = sum(x @ y for x in PATCHES[0] for y in PATCHES[1]) / P**2

QUESTIONS = [
    Question(
        "ex-prior-easy",
        right=(2 / (C * ERROR**2), rank(2)),
        wrong={
            "First: the number of draws grows with 1 + r, not with r.": (
                1 / (C * ERROR**2),
                None,
            ),
            "First: a draw has C features.": (2 / ERROR**2, None),
            "First: the relative error is squared.": (2 / (C * ERROR), None),
            "First: the 1 and the C of the formula are missing.": (2 / ERROR**2 / 2, None),
            "Second: that is after one layer.": (None, rank(1)),
            "Second: that is after three layers.": (None, rank(3)),
            "Second: the cosines enter squared.": (None, 4 / (2 + 2 / pi)),
            "Second: the factor 1/π belongs to the map of the angles.": (None, 1),
            "Second: that is one over it.": (None, 1 / rank(2)),
            "Second: that is the mean of the squared cosines without the diagonal.": (
                None,
                pi**2,
            ),
        },
    ),
    Question(
        "ex-prior-patches",
        right=(LOCAL, POOLED),
        wrong={
            "First: the inner pixels belong to two patches each.": (ONE @ TWO, None),
            "First: the inner pixels belong to more than one patch.": (ONE @ TWO / P, None),
            "First: the readout has the variance 1/(mP).": (LOCAL * P, None),
            "First: the mean is over the patches; their length does not divide it.": (
                LOCAL / LENGTH,
                None,
            ),
            "Second: both means are over the patches.": (None, POOLED * P),
            "Second: those are sums over the patches, not means.": (None, POOLED * P**2),
            "Second: the means are over the P patches, at each place within a patch.": (
                None,
                POOLED * P**2 / LENGTH**2,
            ),
            "Second: only patches at the same place are compared in the other kernel.": (
                None,
                LOCAL,
            ),
            "Second: that is the product of the means of all pixels.": (
                None,
                ONE.mean() * TWO.mean(),
            ),
            "That is the other order.": (POOLED, LOCAL),
        },
    ),
]
