"""Answers to the exercises of book/sharp, typed by hand: see test_checking_by_hand."""

from fractions import Fraction
from math import asin, comb, cos, erfc, exp, log, pi, sin, sqrt

from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import gamma, gammaln

HALF = 1 / (2 * pi)  # the kernel at a right angle


def kernel(t):
    """Of the arc-cosine of degree one, as an integral: κ' is a probability."""
    return HALF + quad(lambda s: 1 / 4 + quad(lambda v: HALF / sqrt(1 - v * v), 0, s)[0], 0, t)[0]


def eigenvalue(d, k):
    """λ_k for even k, and the step's for odd k."""
    if k % 2:
        return (gamma(d / 2) * gamma(k / 2) / (2 * pi * gamma((k + d) / 2))) ** 2
    if k == 0:
        return d * exp(2 * (gammaln(d / 2) - gammaln((d + 1) / 2))) / (4 * pi)
    return d * (exp(gammaln(d / 2) + gammaln((k - 1) / 2) - gammaln((k + d + 1) / 2)) / 4 / pi) ** 2


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


def four_on_the_circle():
    """The weights ±e_1, ±e_2: the linear functions, and the moduli of the coordinates."""
    cross = 2 / pi

    def captured(phi):
        c = [even(cos(phi)), even(sin(phi))]
        return (c[0] ** 2 + c[1] ** 2 - 2 * cross * c[0] * c[1]) / (1 - cross**2)

    return 1 / 4 - quad(captured, 0, pi / 2)[0] / (pi / 2)


def even(t):
    """The inner product of a neuron and the modulus at the cosine t."""
    return (sqrt(1 - t * t) + t * asin(t)) / pi


def close(beta):
    k, slope = sin(beta) + (pi - beta) * cos(beta), (pi - beta) * sin(beta)
    return 1 / 2 - (k * k + slope * slope) / (2 * pi**2)


def between(a):
    """By bisection."""
    q = pi - 3
    y = brentq(lambda y: 1 / (1 + y) + q / y - a, 1e-9, 1e3, xtol=1e-14)
    return a * y / (q + max(0, 1 - a))


def entropy(x):
    return (1 + x) * log(1 + x) - x * log(x)


def kappa_of(x):
    return (x * (1 + x)) ** 1.5 * 3 * sqrt(2) * pi**1.5


def tail(d, r):
    """After the r largest."""
    left, k = 1 / 2, 0
    while r > 0:
        value = 1 / (4 * d) if k == 1 else eigenvalue(d, k)
        left -= min(r, dimension(d, k)) * value
        r -= dimension(d, k)
        k += 1 if k < 2 else 2
    return left


TAIL = erfc(2 / sqrt(2)) / 2
TWO = brentq(lambda x: entropy(x) - log(2), 0.01, 1, xtol=1e-14)
X = brentq(lambda x: kappa_of(x) - 153.125, 0.1, 10, xtol=1e-13)
GROWTH = (1 + 1 / X) ** 2
TOP = (GROWTH - 1) / log(GROWTH)
DEVIATION = sum(dimension(5, k) * eigenvalue(5, k) ** 2 for k in range(6, 60, 2))
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
    "ex-problem-base-two": (kappa_of(TWO), sqrt(kappa_of(TWO) / 50)),
    "ex-problem-best-count": (65, tail(10, 65) + 65 / 1000),
    "ex-problem-between": between,
    "ex-problem-billion": 1 / sqrt(50 * tail(784, 10**9)),
    "ex-problem-blocks": 100 + 10,
    "ex-problem-circle": four_on_the_circle(),
    "ex-problem-close": close,
    "ex-problem-factor": TOP * GROWTH ** -((TOP - 1) / (GROWTH - 1)),
    "ex-problem-first-feature": (3 / 8, 1 / 2, 15 / 128),
    "ex-problem-more-degrees": 799 / beyond(5, 4) ** 2 * DEVIATION,
    "ex-problem-network": (
        1 / 2 + 3 * HALF - 4 * eigenvalue(10, 0) - 1 / 4,
        1 / 4 - HALF - 10 / 9 * eigenvalue(10, 2),
    ),
    "ex-problem-pair": lambda t: 1 / 2 - t * t / 4 - even(t) ** 2,
    "ex-problem-prediction": (
        brentq(lambda e: HALF / (HALF + e) + (1 / 2 - HALF) / e - 1, 0.1, 1, xtol=1e-14),
        1 / 2 - 1 / (2 * pi**2),
    ),
    "ex-problem-random-steps": 1 / 4 + 1 / pi**2,
    "ex-problem-read": (
        100 * tail(100, 10**6),
        10**6 * eigenvalue(100, 6) / (beyond(100, 4) - 0.003),
    ),
    "ex-problem-rounded": lambda r, delta: r * delta**2 / 24,
    "ex-problem-signs": (2**9 + 10, 54 * eigenvalue(10, 2)),
    "ex-problem-silent": (13489, 49),
    "ex-problem-spread": quad(lambda t: kernel(t) ** 2, -1, 1)[0],
    "ex-problem-step": (0.5, 2 * pi**1.5),
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
    "ex-threshold-read": (4, 18),
}
