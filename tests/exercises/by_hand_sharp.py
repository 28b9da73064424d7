"""Answers to the exercises of book/sharp, typed by hand: see test_checking_by_hand."""

from fractions import Fraction
from math import comb, erfc, exp, pi, sqrt

from scipy.integrate import quad
from scipy.special import gamma

HALF = 1 / (2 * pi)  # the kernel at a right angle


def kernel(t):
    """Of the arc-cosine of degree one, as an integral: κ' is a probability."""
    return HALF + quad(lambda s: 1 / 4 + quad(lambda v: HALF / sqrt(1 - v * v), 0, s)[0], 0, t)[0]


def eigenvalue(d, k):
    """λ_k for even k, and the step's for odd k."""
    if k % 2:
        return (gamma(d / 2) * gamma(k / 2) / (2 * pi * gamma((k + d) / 2))) ** 2
    first = gamma(d / 2) / (2 * sqrt(pi) * gamma((d + 1) / 2))
    later = gamma(d / 2) * gamma((k - 1) / 2) / (4 * pi * gamma((k + d + 1) / 2))
    return d * (later if k else first) ** 2


def dimension(d, k):
    return comb(k + d - 1, d - 1) - (comb(k + d - 3, d - 1) if k > 1 else 0)


def beyond(d, degree):
    left = 1 / 2 - 1 / 4
    return left - sum(dimension(d, k) * eigenvalue(d, k) for k in range(0, degree + 1, 2))


def corner(k):
    energies = {2: 1 / (4 * pi), 4: 1 / (48 * pi)}
    left = 1 / 4 - HALF - sum(e for j, e in energies.items() if j <= k)
    q = left / energies[k]
    return 1 + 2 / (q + sqrt(q * q + 4 * q))


TAIL = erfc(2 / sqrt(2)) / 2
ANSWERS = {
    "ex-directions-attained": (9, Fraction(1, 1024)),
    "ex-directions-quantifier": (60 * eigenvalue(10, 4) / beyond(10, 2), 0),
    "ex-optimum-data": 2 * (Fraction(1, 6) - 1 / (6 * pi)),
    "ex-optimum-delta": beyond(10, 10) / eigenvalue(10, 12) / dimension(10, 12) / 100,
    "ex-optimum-fixed": 1 / (2 * pi),
    "ex-optimum-monotone": 1 / 2 - HALF,
    "ex-optimum-network": lambda d: (
        HALF - eigenvalue(d, 0) + dimension(d, 2) / (d - 1) * eigenvalue(d, 2)
    ),
    "ex-optimum-polynomials": (1 / 4 - 3 / (4 * pi) - 1 / (48 * pi), 1 / 1024, 35 - 18),
    "ex-sandwich-beyond": Fraction(4, 3) + Fraction(1, 2),
    "ex-sandwich-coefficients": (10 + comb(19, 9), 0.01),
    "ex-sandwich-corner": (corner(2), corner(4)),
    "ex-sandwich-leave-one-out": 1 / 2 - 2 * HALF**2 / (1 / 2 + HALF),
    "ex-sandwich-one": (
        1 / 2 - quad(lambda t: kernel(t) ** 2, -1, 1)[0],
        1 / 2 - 1 / (2 * pi**2),
    ),
    "ex-sandwich-singular": 7 + 4,
    "ex-spectrum-far": (5 * exp(-2), 5 * TAIL - 2 * exp(-2) / sqrt(2 * pi)),
    "ex-spectrum-leaky": lambda gamma: (1 / 2 - 1 / pi) * (1 + 2 * gamma / (1 + gamma**2)),
    "ex-spectrum-one": (0.25, 0.25),
    "ex-spectrum-step": (2, 4),
    "ex-spectrum-three": (3 / 65536, 25 / 65536, 9),
    "ex-bias-small": eigenvalue(6, 5),
    "ex-threshold-read": (4, Fraction(3, 2)),
}
