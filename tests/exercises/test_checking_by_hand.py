"""The answers that the book's solutions give, typed by hand, pass the checks.

The authors' table computes them by the package; so each answer comes by two ways. Those of other
parts of the book stand in the modules ``by_hand_*`` beside this one.
"""

from fractions import Fraction
from importlib import import_module
from math import ceil, comb, exp, log, pi, sqrt
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import gamma, iv

from randomfeatures.exercises import check
from randomfeatures.exercises.checking import questions
from randomfeatures.limits.triangle_wave import triangle_wave

T = (sqrt(17) - 1) / 4
Z = np.linspace(-12, 12, 400_001)
WEIGHT = np.exp(-Z * Z / 2) / np.exp(-Z * Z / 2).sum()


def mean_absolute(R):
    q = exp(-(pi**2) * R**2 / 2)
    return 0.5 - 4 / pi**2 * sum(q ** (k * k) / k**2 for k in range(1, 40, 2))


def width(d, rho):
    R = sqrt(rho / (40 * sqrt(1 / 50))) - 0.8
    return exp(d / 2) / 4 * (pi * R / (2 * sqrt(d))) ** (d - 1)


def rate(sigma):
    t = (sqrt(1 + 4 * sigma**2) - 1) / (2 * sigma)
    return sigma * (1 - t) - log(1 - t * t) / 2


def linear_energy(R):
    """By the harmonics: b_k = ±8/(πk)², and E z sin(βz) = β exp(-β²/2)."""
    terms = [(k, (-1) ** (k // 2) * 8 / (pi * k) ** 2, k * pi * R / 2) for k in range(1, 60, 2)]
    return sum(b * beta * exp(-(beta**2) / 2) for _, b, beta in terms) ** 2


def left_by_homogeneous(d):
    third = 2**1.5 * gamma((d + 3) / 2) / gamma(d / 2)
    return 1 - third**2 / (d * d * (d + 2))


def lazy(alpha):
    zeta = sqrt(1 - 2 / alpha)
    return 2 * (1 - zeta) / (1 + zeta)


def likely(delta):
    return (1 + sqrt(2 * log(1 / delta))) ** 2


pytestmark = pytest.mark.usefixtures("quick_seals")

ANSWERS = {
    "ex-antithetic": lambda C, r: (C * C / 2 - 2) / r,
    "ex-any-norm-width": width,
    "ex-bandwidth": (2 - (2 * T + log(1 - T * T) / 2), Fraction(1, 2), 0.5 + log(2) / 2),
    "ex-bias-coordinate": sqrt(2),
    "ex-concentration-even": lambda d, s: (
        exp(-s) * gamma(d / 2) * (2 / s) ** (d / 2 - 1) * iv(d / 2 - 1, s)
    ),
    "ex-concentration-rate": rate,
    "ex-concentration-simple": lambda R: (WEIGHT * triangle_wave(R * Z) ** 2).sum(),
    "ex-concentration-two": 2 * (1 - T) - log(1 - T * T) / 2,
    "ex-copies": (Fraction(1, 3), 1),
    "ex-depth-flattens": 9 * pi**2 / 2,
    "ex-descent-minimum-norm": lambda eta, t: 1 / (eta * t),
    "ex-feature-norm": lambda C, q, T: C * sqrt(q / T),
    "ex-homogeneous": left_by_homogeneous,
    "ex-inner-weights": (Fraction(1, 3), Fraction(1, 40) * (Fraction(4, 3) - Fraction(4, 9))),
    "ex-input-scale": 1568,
    "ex-large-bias-linear": (0.612003, 0.404913, -(1 / 2 - 1 / pi) / sqrt(2 * pi)),
    "ex-large-bias-width": (0.495, Fraction(299, 199), log(10**4)),
    "ex-law-not-mean": [(1, 0), (-1, 0), (0, 1), (0, -1)],
    "ex-lazy-line": lazy,
    "ex-linearised-flow": brentq(lambda t: sum(exp(-t / 2**j) for j in range(1, 51)) - 47, 6, 7),
    "ex-linearised-parities": (512, 5, 10 + sum(1 / (2**i - 1) for i in range(1, 11))),
    "ex-lipschitz": lambda C, L, X, eps: ceil(4 * C**2 * L**2 * X**2 / eps**2),
    "ex-mean-absolute": mean_absolute,
    "ex-not-invariant": lambda d, r: 1 - (1 - 1 / d) ** r,
    "ex-other-homogeneity": (3, 6),
    "ex-other-inputs": Fraction(5, 12),
    "ex-parseval": 96 / pi**4,
    "ex-polynomials": lambda n, d: comb(n + d, d),
    "ex-polynomials-activation": lambda d: Fraction(d * (d + 2), 2),
    "ex-polynomials-hand": lambda d: Fraction(2 * (d - 1), 5 * (d + 2)),
    "ex-polynomials-ridge": lambda j: 2 * j * (j - 1),
    "ex-power-series-norm": (sqrt(3), 10 * (exp(3) - 1), 30),
    "ex-power-series-width": (1, 1, 2, 2),
    "ex-products-decay": lambda n: n / 2,
    "ex-products-width": lambda n: 100 * (6**n - 1),
    "ex-pruning-one-hot": lambda alpha: alpha / (2 * pi),
    "ex-pruning-readout": lambda alpha, r: (1.5 / alpha - 0.25) / r,
    "ex-rare-directions": (exp(-5) / 4, 0.5 + log(2) / 2),
    "ex-reservoirs-chance": lambda r, T: 2 * r * (T - 1 - r) / ((T - 1) ** 2 * (T + 1)),
    "ex-reservoirs-layer": lambda r: r + 1,
    "ex-sampling-width": (
        1800,
        900 * likely(0.05),
        brentq(lambda x: likely(x) - 1 / x, 0.08, 0.12),
    ),
    "ex-smaller-dimension": 26,
    "ex-tensors-matrices": (Fraction(2, 5), Fraction(168, 5), Fraction(4, 9)),
    "ex-tensors-unequal": (0.295167, 8),
    "ex-two-families": 3 * 0.26**2,
    "ex-two-steps": (5, 3),
    "ex-two-waves-function": (1 + log(2)) / 4,
    "ex-unit-weights": lambda d: 5 - 12 / (d + 2),
    "ex-why-four": (1 / 0.57, 0.32 / 0.57),
    "ex-width-odd": linear_energy,
    "ex-widths-plain": (Fraction(5, 16), 0.386646),
    "ex-widths-steps": lambda d: 1 / (d - 1),
}
for path in sorted(Path(__file__).parent.glob("by_hand_*.py")):
    ANSWERS |= import_module(path.stem).ANSWERS


def times(answer, factor):
    if callable(answer):
        return lambda **point: answer(**point) * factor
    return tuple(x * factor for x in answer) if isinstance(answer, tuple) else answer * factor


def test_every_check_is_here():
    assert set(ANSWERS) == set(questions())


@pytest.mark.parametrize("label", ANSWERS)
def test_the_solutions_answer_passes(label):
    assert check(label, ANSWERS[label]).right, check(label, ANSWERS[label])


@pytest.mark.parametrize("label", [label for label in ANSWERS if label != "ex-law-not-mean"])
def test_two_percent_more_does_not_pass(label):
    assert not check(label, times(ANSWERS[label], 1.02)).right
