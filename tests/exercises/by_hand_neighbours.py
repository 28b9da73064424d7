"""Answers to exercises of book/neighbours, typed by hand: see test_checking_by_hand."""

from fractions import Fraction
from math import acos, asin, pi, sqrt

THREE = 3 / pi * asin(1 / 3) - 0.5
ANSWERS = {
    "ex-chaotic-series-angle": (
        1 / (2 * pi),
        0.5 - acos(1 / 1.1) / (2 * pi),
        0.5 - acos(2 / sqrt(6)) / (2 * pi),
    ),
    "ex-chaotic-series-positive": (8, 30),
    "ex-depth-one": Fraction(1, 480),
    "ex-depth-products": lambda L: Fraction(1, 2 * 4**L),
    "ex-dynamical-systems-certificate": lambda lam, L: (lam - L) ** 2,
    "ex-dynamical-systems-flow": (Fraction(1, 4), Fraction(9, 160)),
    "ex-feedback-one": lambda a, b: (a * a / (2 * b**4)) ** (1 / 3),
    "ex-feedback-two": lambda s1, s2: s1 * s2,
    "ex-repeated-descent": (1, 0.35),
    "ex-repeated-square": (Fraction(7, 3), 0.4),
    "ex-sparse-coding-noise": lambda mu, s, eps: 2 * eps / (1 - mu * (2 * s - 1)),
    "ex-sparse-coding-stages": lambda q1, q2, L, B1, a: 2 * a * B1 * q1**L / (1 - q2),
    "ex-stationary-count": (26, -9),
    "ex-stationary-mirror": (1, 7),
    "ex-thresholds-dimension": 41,
    "ex-thresholds-three": (THREE, 1 - THREE**2),
}
