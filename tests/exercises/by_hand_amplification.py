"""What the solutions on amplification and on prior kernels say, typed by hand."""

from fractions import Fraction
from math import acos, ceil, cos, erf, exp, log, pi, radians, sin, sqrt

from scipy.optimize import brentq


def normal(x):
    return (1 + erf(x / sqrt(2))) / 2


def absolute(alpha):
    """The mean of |α + z|."""
    return alpha * erf(alpha / sqrt(2)) + sqrt(2 / pi) * exp(-(alpha**2) / 2)


def best(s):
    return 2 * normal(s / sqrt(2)) * normal(-s / sqrt(2))


def along_the_centres(s):
    h, rest = absolute(s), absolute(0)
    return 1 - (h - rest) ** 2 / (2 + s * s - 2 * h * rest)


def turned(s, angle):
    means = (s / sqrt(2) * (cos(angle) - sin(angle)), s / sqrt(2) * (cos(angle) + sin(angle)))
    return (1 - erf(means[0] / sqrt(2)) * erf(means[1] / sqrt(2))) / 2


def kept(angle):
    return (cos(angle) - sin(angle)) / sqrt(1 + sin(angle) * (1 - cos(angle)))


def speeds():
    """Of three alignments 3, 2, 1 at s = 4, with labels 1, 1, -1."""
    pull = [16 * erf(x / sqrt(2)) for x in (3, 2, 1)]
    inward = (3 * pull[0] + 2 * pull[1] - pull[2]) / 16
    return pull[0] - 3 * inward, pull[1] - 2 * inward, -pull[2] - inward


def steps_until_fitted(n, noise, p, eta):
    F = log((1 - p) / p)
    return 2 * n * (F + 1 - p / (1 - p)) / (eta * noise)


def arc(t):
    return (sin(t) + (pi - t) * cos(t)) / pi


def with_biases(sigma_b, sigma_0):
    b = sigma_b**2
    t = acos((b - 1) / (b + 1))
    return ((1 + b) * arc(t) / 2 + sigma_0**2) / ((1 + b) / 2 + sigma_0**2)


FIRST, SECOND, THIRD = speeds()
ONE, TWO = erf(0.5 / sqrt(2)), erf(0.25 / sqrt(2))
Q = normal(-sqrt(2))
ANSWERS = {
    "ex-end-flips": 0.471,
    "ex-end-frozen": (sqrt(0.05) * 2**24.5, 2),
    "ex-end-turned": (turned(6, radians(10)), kept(radians(10))),
    "ex-figures-fitted": steps_until_fitted(300, 5000**-0.2, 0.15, 0.1),
    "ex-figures-one-step": (ONE / sqrt(ONE**2 + TWO**2), 1 / sqrt(2)),
    "ex-figures-promise": (10_234, ceil(10 * log(102_340) ** 2)),
    "ex-prior-bias": with_biases,
    "ex-prior-cheapest": (Fraction(4 * 5 + 150, 5 + 150), Fraction(5, 2) * Fraction(3, 4)),
    "ex-prior-component-draws": ceil(40 * (1 + 7.440683)),
    "ex-prior-easy": (80, 2 / (1 + 1 / pi**2)),
    "ex-prior-enough": (sqrt(4 / 9 + 3.2**2), 5 / 0.5 * sqrt(13)),
    "ex-prior-hidden": (100 * Fraction(5, 4) / 4, 5 + Fraction(150, 4), 1),
    "ex-prior-patches": (Fraction(5, 3), Fraction(23, 9)),
    "ex-xor-doubling": 8 * 0.01 * sqrt(5000) / (0.01 * 0.7 * 16 * sqrt(2 / pi)),
    "ex-xor-frozen-pair": along_the_centres,
    "ex-xor-missing": (1 - (1 - Q) ** 2, 1 - Q**2, Q * (1 - Q)),
    "ex-xor-more": (FIRST / THIRD, SECOND / THIRD),
    "ex-xor-refit": 0.120635 / 0.441744,
    "ex-xor-samples": lambda d, s, p: 4 * pi * d * (1 + s * s / 2) / ((1 - 2 * p) ** 2 * s**4),
    "ex-xor-separation": brentq(lambda s: best(s) - 0.01, 1, 9, xtol=1e-12),
    "ex-xor-squares": (1, -1, 0, best(2)),
    "ex-xor-tickets": 18,
    "ex-xor-two-clusters": (1.3, 0),
}
