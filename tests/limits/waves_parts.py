"""Means over a cosine and over a Gaussian, and what four features see of a wave: shared by the
tests of the limits.
"""

import math

import mpmath
import numpy as np
from hypothesis import strategies as st
from scipy import special

from randomfeatures.limits.triangle_wave import sine_coefficients


def least_norm(d):
    """2√d/π, written as in the statements: the package's function is tested against it."""
    return 2 * math.sqrt(d) / math.pi


def cosine_rule(d, n=400):
    """Nodes and weights of E_t g(t) for smooth g."""
    t, w = special.roots_gegenbauer(n, (d - 2) / 2) if d > 2 else special.roots_chebyt(n)
    return t, w / np.sum(w)


NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)


def gaussian_rule(kinks=(), reach=9.0):
    """Nodes and weights of E g(z), z standard Gaussian, for g smooth between the kinks."""
    ends = np.union1d(np.arange(-reach, reach + 1), [c for c in kinks if abs(c) < reach])
    z = (ends[1:, None] + ends[:-1, None]) / 2 + np.diff(ends)[:, None] / 2 * NODES
    w = np.diff(ends)[:, None] / 2 * WEIGHTS * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return z.ravel(), w.ravel()


FEATURES = [
    ("relu", lambda z: np.maximum(2 * z + 0.7, 0), (-0.35,)),
    ("step", lambda z: (z > 0.2) * 1.0, (0.2,)),
    ("erf", lambda z: special.erf(3 * z - 0.4), ()),
    ("sine", lambda z: np.sin(2.3 * z + 0.2), ()),
]


def correlation(d, R, g, kinks, t):
    """⟨g(⟨v, ·⟩), tri_θ⟩ at ⟨v, θ⟩ = t and ‖g‖²."""
    z, w = gaussian_rule(kinks)
    k, b = sine_coefficients(17)
    s = (math.pi * R / 2) ** 2
    moments = np.sin(math.sqrt(s) * np.multiply.outer(np.multiply.outer(t, k), z)) @ (w * g(z))
    return np.sum(b * np.exp(-(k**2) * s * (1 - t[:, None] ** 2) / 2) * moments, axis=1), float(
        w @ g(z) ** 2
    )


def average_square(d, R, g, kinks):
    t, w = cosine_rule(d, 100)
    value, norm = correlation(d, R, g, kinks, t)
    return float(w @ value**2), norm


POSITIVE = st.floats(5e-324, 1.7e308)
ANY_DIMENSION = st.one_of(st.integers(3, 300), st.integers(3, 10**12))


def log_sharp(constant, d, ratio=1.0):
    """log of constant e^{-d/2} ratio^{d-1} with sixty digits, the numbers as their floats are."""
    with mpmath.workdps(60):
        power = (d - 1) * mpmath.log(mpmath.mpf(ratio))
        return mpmath.log(mpmath.mpf(constant)) - mpmath.mpf(d) / 2 + power


def norm_ratio(d, R):
    """2√d/(πR) with sixty digits."""
    with mpmath.workdps(60):
        return 2 * mpmath.sqrt(d) / (mpmath.pi * mpmath.mpf(R))


def assert_just_above(bound, truth, terms):
    """``bound`` is on the upper side of ``truth``, by at most 3e-15 of the terms of the sum that it
    is.
    """
    assert 0 <= mpmath.mpf(bound) - truth <= 3e-15 * (1 + abs(terms))
