"""Answers to the problems of book/limits, typed by hand: see test_checking_by_hand."""

from fractions import Fraction
from math import erf, erfc, exp, log, pi, sqrt

from scipy.integrate import quad
from scipy.optimize import brentq

PHI = (sqrt(5) - 1) / 2
TAU = (1 + sqrt(5)) / 4


def slope(R):
    """E z tri(Rz) = R E tri'(Rz), and the slope is 1 from -1 to 1, then -1, and so on."""
    knots = [erf(k / (R * sqrt(2))) for k in range(1, 60, 2)]
    return R * (2 * sum((-1) ** i * knot for i, knot in enumerate(knots)) + (-1) ** len(knots))


def half_line():
    """2 E sin(βz) over z > 0 at β = √5/2."""
    return quad(lambda z: 2 * exp(-z * z / 2) / sqrt(2 * pi), 0, 12, weight="sin", wvar=sqrt(5) / 2)


ANSWERS = {
    "ex-cube-inputs": (10, 14),
    "ex-golden-width": (1 + PHI) * log(1 + PHI) - PHI * log(PHI),
    "ex-half-the-coordinates": 1 - TAU - log(4 * TAU * (1 - TAU)) / 4,
    "ex-heavy-tails": 12.5 / sqrt(2),
    "ex-laplace-inputs": Fraction(7, 90),
    "ex-long-axis": lambda v: 1 / (1 + 2 * v),
    "ex-markov-sharp": 5 + 30 + 91,
    "ex-million-features": (31, 14),
    "ex-quadratic-features": (0.8158, 0.0144),
    "ex-shorter-sum": (3.07, 1.37),
    "ex-sign-of-wave": 1 - 1 / sqrt(2),
    "ex-slow-wave": slope(1) ** 2,
    "ex-small-dimensions": (0.724, 0.578),
    "ex-square-wave": pi**2 / 4,
    "ex-step-feature": (exp(-15 / 8) * half_line()[0], (1 + log(2)) / 2),
    "ex-supported-claims": (16, 291),
    "ex-tanh-scale": (Fraction(2, 3), 1 - 2 / pi),
    "ex-threshold-wave": (21, 42),
    "ex-truncation-limit": brentq(lambda x: erfc(x / sqrt(2)) - 0.75e-4, 3, 5, xtol=1e-12),
    "ex-which-neuron": (4, 28),
}
