"""Polynomials for the property tests: a few generic terms, made from a seed."""

import itertools
from fractions import Fraction

import numpy as np


def random_polynomial(seed, d=3, degree=5, parity=None):
    """A generic polynomial with coefficients in tenths; ``parity`` keeps the degrees of one parity
    only.
    """
    rng = np.random.default_rng(seed)
    exponents = [
        alpha for alpha in itertools.product(range(degree + 1), repeat=d) if sum(alpha) <= degree
    ]
    if parity is not None:
        exponents = [alpha for alpha in exponents if sum(alpha) % 2 == parity]
    chosen = rng.choice(len(exponents), size=min(6, len(exponents)), replace=False)
    return {exponents[i]: Fraction(int(rng.integers(1, 30)), 10) for i in chosen}
