"""Answers to the exercises of book/power's pages of problems, typed by hand."""

from fractions import Fraction
from math import exp, gamma, pi, sqrt


def mean_of_positive(d):
    """Of [w_1]_+, w uniform on the sphere."""
    return gamma(d / 2) / (2 * sqrt(pi) * gamma((d + 1) / 2))


ANSWERS = {
    "ex-ridge-leave-one-out": Fraction(-5, 3),
    "ex-little-penalty": (-18 * (0.25 + 1 + 4), Fraction(9, 4)),
    "ex-noise-penalty": (2, 0.25),
    "ex-movement-layers": (-0.5, -1.5, 100),
    "ex-fewest-neurons": (Fraction(9, 4), 3 / sqrt(8)),
    "ex-stratified": lambda d, r: (1 / (2 * mean_of_positive(d) ** 2) - 1 - d) / r,
    "ex-without-replacement": lambda r, m: Fraction(m - r, r * (m - 1)),
    "ex-one-bit": (800, 1 / (2 * mean_of_positive(20) ** 2)),
    "ex-product-width": lambda d: ((d + 1) / mean_of_positive(d)) ** 2 / (2 * d) - 1,
    "ex-fourth-power": (Fraction(24, 105), 24 * pi),
    "ex-two-bounds": (80 * pi, 320 * pi),
    "ex-exponential-sine": (exp(1), (exp(1) - exp(-1)) / 2),
    "ex-blind-gaussian": (6, 9 - 128 / (15 * pi)),
    "ex-homogenised-linear": lambda d: (d + 2) / mean_of_positive(d + 1),
    "ex-constant-by-bias": (4, 16),
    "ex-two-widths": lambda d, C: (6 / d) ** 2 / C,
    "ex-hashing": lambda theta: pi**2 / 4 * (1 - (1 - 2 * theta / pi) ** 2),
    "ex-phases-or-pairs": (Fraction(25, 32), Fraction(9, 16)),
    "ex-opposite-inputs": lambda N, d: N + min(N, d),
    "ex-tangent-blind": (1, 1.5 / pi, 0),
    "ex-deep-tangent": (8, 0.25),
    "ex-how-lazy": lambda delta: (1 + delta) ** 2 / (4 * delta),
}
