"""Answers of book/beyond/prior-kernel.md."""

from math import acos, cos, pi, sin, sqrt

import numpy as np
from asking import Question

from randomfeatures.beyond.prior_kernel import one_layer_kernel
from randomfeatures.beyond.prior_kernel_rate import entry_variance

C, D = 10, 64
X = np.ones((1, D))


def variance(m: int, sign: int = 1) -> float:
    return float(entry_variance(X, sign * X, m, C)[0, 0])


ONE, FOUR = variance(1), variance(4)
READOUT = (FOUR - ONE / 4) / (1 - 1 / 4)
"""The limit of v_m for wide networks: v_m is a constant plus another over m."""

HALF = 1 / 2
UNIT = 3 / 2 - HALF**2
"""The variance V of [z]_+² for a standard normal z."""

HIDDEN = C**2 * UNIT / 4


def relative(sigma_b: float, sigma_0: float) -> float:
    """The kernel with both biases at x' = -x, divided by that at x' = x."""
    across, along = (
        float(one_layer_kernel(X, y, "relu", C, bias=sigma_b)[0, 0]) + C * sigma_0**2
        for y in (-X, X)
    )
    return across / along


def arc(b: float) -> float:
    """The normalised ReLU kernel of inputs with the cosine (b - 1)/(b + 1)."""
    t = acos((b - 1) / (b + 1))
    return (sin(t) + (pi - t) * cos(t)) / pi


QUESTIONS = [
    Question(
        "ex-prior-cheapest",
        right=(4 * FOUR / ONE, variance(4, -1)),
        wrong={
            "First: that is for the same number of networks, not of weights.": (
                FOUR / ONE,
                None,
            ),
            "First: that is the other quotient.": (ONE / (4 * FOUR), None),
            "First: the mean square is asked, not its root.": ((4 * FOUR / ONE) ** 0.5, None),
            "First: that is the hidden layer's part only, the last line of the formula.": (1, None),
            "First: that is the part that does not depend on the width.": (4, None),
            "Second: that is at width 1.": (None, 0),
            "Second: that is the limit of wide networks.": (None, C / 4),
            "Second: C independent outputs add up.": (None, variance(4, -1) / C),
            "Second: the outputs are not all the same: given the hidden layer their variances "
            "add up.": (None, variance(4, -1) * C),
            "Second: that is at x' = x.": (None, FOUR),
            "Second: x and -x share no active unit; what does this make of M?": (
                None,
                C / 4 + C / 16 + C**2 / 16,
            ),
        },
    ),
    Question(
        "ex-prior-hidden",
        right=(HIDDEN, FOUR, 1),
        wrong={
            "First: that is one hidden unit.": (4 * HIDDEN, None, None),
            "First: the kernel is C times the mean over the units, and C is squared.": (
                HIDDEN / C,
                None,
                None,
            ),
            "First: that is M, not V: the square of the mean is missing.": (
                C**2 * 3 / 2 / 4,
                None,
                None,
            ),
            "First: V belongs to the square of a unit, not to the unit itself.": (
                C**2 * (HALF - 1 / (2 * pi)) / 4,
                None,
                None,
            ),
            "First: that is the standard deviation.": (HIDDEN**0.5, None, None),
            "Second: that is at width 1.": (None, ONE, None),
            "Second: that is the limit of wide networks.": (None, READOUT, None),
            "Second: that is what the readout adds; the hidden layer varies too.": (
                None,
                FOUR - HIDDEN,
                None,
            ),
            "Third: that is the normal law.": (None, None, 3),
            "Third: compare the fourth moment with the second one.": (None, None, 0),
            "Third: that is the uniform law; there is a smaller one.": (None, None, 1.8),
        },
    ),
    Question(
        "ex-prior-bias",
        right=relative,
        at=[{"sigma_b": 0.7, "sigma_0": 0.4}, {"sigma_b": 1.6, "sigma_0": 0.9}],
        wrong={
            "That is without the biases of the logits.": lambda sigma_b, sigma_0: arc(sigma_b**2),
            "That is without the biases of the hidden units.": lambda sigma_b, sigma_0: relative(
                0.0, sigma_0
            ),
            "The weights have the variance 1/d and the biases another one: the new coordinate is "
            "not σ_b alone.": lambda sigma_b, sigma_0: relative(sigma_b / sqrt(D), sigma_0),
            "The new coordinate enters squared.": lambda sigma_b, sigma_0: relative(
                sqrt(sigma_b), sigma_0
            ),
            "A bias makes the inputs longer as well, not the angle smaller only.": (
                lambda sigma_b, sigma_0: (arc(sigma_b**2) / 2 + sigma_0**2) / (1 / 2 + sigma_0**2)
            ),
            "Each of the C logits has its bias.": lambda sigma_b, sigma_0: relative(
                sigma_b, sigma_0 / sqrt(C)
            ),
            "The kernel has the factor C already; do not multiply twice.": (
                lambda sigma_b, sigma_0: relative(sigma_b, sigma_0 * sqrt(C))
            ),
            "σ_0 is a standard deviation.": lambda sigma_b, sigma_0: relative(
                sigma_b, sqrt(sigma_0)
            ),
            "A ReLU sees half of the mean square.": lambda sigma_b, sigma_0: (
                ((1 + sigma_b**2) * arc(sigma_b**2) + sigma_0**2) / (1 + sigma_b**2 + sigma_0**2)
            ),
        },
    ),
]
