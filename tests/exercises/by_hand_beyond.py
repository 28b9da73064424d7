"""What the solutions on one neuron, lazy training and the landscape say, typed by hand."""

from fractions import Fraction
from math import ceil, comb, cos, cosh, erf, exp, log, pi, sin, sqrt

from scipy.special import gammaln

SHARP = 3 / 8 - sqrt(pi**2 + 4) / (8 * pi)


def recursion(error, eta):
    """Steps of e <- (1 - η/2) e + (η/2) c e² from 1, until half the square is small."""
    e, steps = 1.0, 0
    while e * e / 2 > error:
        e, steps = e - eta / 2 * e * (1 - sqrt(1 / 4 + 1 / pi**2) * e), steps + 1
    return steps


def features_for(d, error):
    """The least number of features, degree by degree: degree one has a quarter of the half.

    The others by η_0 = E [t]_+ on the sphere and η_{k+2} / η_k = -(k - 1) / (d + k + 1).
    """
    value = d * exp(2 * gammaln(d / 2) - 2 * gammaln((d + 1) / 2)) / (4 * pi)
    left, used, k = 1 / 4, d, 0
    while left > error:
        count = comb(d + k - 1, k) - (comb(d + k - 3, k - 2) if k > 1 else 0)
        count = min(count, ceil((left - error) / value))
        left, used = left - count * value, used + count
        value, k = value * ((k - 1) / (d + k + 1)) ** 2, k + 2
    return used


def enough(d, failure):
    return next(N for N in range(2 * d, 9 * d) if (N - 2 * d) ** 2 >= 2 * N * log(2 / failure))


def mean_absolute(alpha):
    return alpha * erf(alpha / sqrt(2)) + sqrt(2 / pi) * exp(-alpha * alpha / 2)


def one_pair(s, phi):
    one, two = mean_absolute(s * cos(phi)), mean_absolute(s * sin(phi))
    return 1 - (one - two) ** 2 / (4 + 2 * s * s - (one + two) ** 2)


def root_of_cubic():
    a = 0.4
    for _ in range(60):
        a -= (2 * a**3 + 2 * a - 1) / (6 * a * a + 2)
    return a


ANSWERS = {
    "ex-descent-noise": 24,
    "ex-descent-time": lambda d, N: 1 / N,
    "ex-landscape-boost": lambda s: (cosh(2 * s) - sqrt(cosh(2 * s) ** 2 + 3)) * 4 / 6,
    "ex-landscape-random-signs": enough(100, 0.001),
    "ex-landscape-sign": (sqrt(2), -1 / sqrt(2), root_of_cubic()),
    "ex-landscape-time": (Fraction(-12, 13), 25 * log(10)),
    "ex-landscape-traps": (Fraction(4, 55), Fraction(1, 11), Fraction(1, 4)),
    "ex-landscape-turning": (6 * log(10), Fraction(5, 9)),
    "ex-lazy-best-weights": Fraction(11, 31),
    "ex-lazy-dimension": (0, Fraction(3, 4)),
    "ex-lazy-half": (20, 62),
    "ex-lazy-one-weight": lambda d, chi: 2 * (d + 1) / (d * (d + 2)) - chi / (d + 2),
    "ex-lazy-spike": lambda rho: (1 - rho) ** -0.5,
    "ex-lazy-three-targets": (Fraction(2, 3), 0.5, 0.5, 1, 0.25, 0.5),
    "ex-mixture-one-dimension": (Fraction(10, 11), Fraction(4, 5), 0),
    "ex-mixture-sandwich": (2.72 / (2.72 + 1.44), 1.28 / (1.28 + 1.44)),
    "ex-neuron-leaky": (81 / 101, 81 / 101 * sqrt(1 / 4 + 1 / pi**2)),
    "ex-neuron-random-start": (1 / 2 - 8 / (9 * pi**2), 1 / 4 + 1 / pi**2),
    "ex-one-neuron-critical": (0, -1 / (2 * pi), -0.5),
    "ex-one-neuron-crossing": (54, features_for(10, 1 / (154 * 10**1.5))),
    "ex-one-neuron-even": (Fraction(1, 6), sqrt(3) / (2 * pi) - 0.5),
    "ex-one-neuron-fixed-step": tuple(recursion(1 / (154 * 1000), eta) for eta in (1, 2)),
    "ex-one-neuron-many-starts": (log(3**0.75 / 2), Fraction(1, 4)),
    "ex-one-neuron-squares": (4 * SHARP, sqrt(1 - 4 * SHARP**2)),
    "ex-one-neuron-turning": (2 * log(pi), 1 / pi),
    "ex-prior-centred": (49, sqrt(50 / 1000)),
    "ex-prior-orthogonal": (pi**2, 400 * (1 + pi**2)),
    "ex-xor-one-pair": one_pair,
    "ex-xor-random-pair": 128 / (pi - 2),
}
