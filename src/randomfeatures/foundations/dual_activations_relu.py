r"""The biased ReLU's dual activation and its slopes, entry by entry, by Owen's T function.

Notation: u and v have the standard deviations p, q and the correlation ρ, and r = √(1 - ρ²); the
biases are a, b and the levels h = a/p, k = b/q; x = (k - ρh)/r and y = (h - ρk)/r. Arguments are
arrays of one shape and dtype that :mod:`~randomfeatures.foundations.dual_activations` has checked.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from array_api_compat import array_namespace

from randomfeatures.foundations.activations import erf
from randomfeatures.foundations.arguments import Array

FAR = 100.0
"""Levels beyond it are cut to it: the Gaussian mass there, exp(-5000), is zero as a float."""


class Parts(NamedTuple):
    """The letters of the module's docstring, and ``both`` = P(u > -a, v > -b)."""

    p: Array
    q: Array
    rho: Array
    r: Array
    h: Array
    k: Array
    x: Array
    y: Array
    both: Array


def relu_general(
    variance_u: Array, variance_v: Array, covariance: Array, a: Array, b: Array
) -> Array:
    """E (u + a)_+ (v + b)_+."""
    xp, s = array_namespace(a), _parts(variance_u, variance_v, covariance, a, b)
    edge_u = s.p * b * density(s.h) * normal(s.x)
    edge_v = s.q * a * density(s.k) * normal(s.y)
    corner = s.p * s.q * s.r * xp.exp(-(s.h * s.h + s.x * s.x) / 2) / (2 * math.pi)
    return xp.clip((a * b + s.rho * s.p * s.q) * s.both + edge_u + edge_v + corner, 0.0, None)


def relu_general_slopes(
    variance_u: Array, variance_v: Array, covariance: Array, a: Array, b: Array
) -> tuple[Array, ...]:
    """Its partial derivatives, by Price's theorem: each derives one ReLU or both.

    In the covariance, P(u > -a, v > -b); in a bias, E 1(u > -a) (v + b)_+; in a variance half the
    density of u at -a times E[(v + b)_+ | u = -a].
    """
    s = _parts(variance_u, variance_v, covariance, a, b)
    at_u, at_v = density(s.h), density(s.k)
    above_u, above_v = at_u * normal(s.x), at_v * normal(s.y)
    mean_v = (b - s.rho * s.q * s.h) * normal(s.x) + s.q * s.r * density(s.x)
    mean_u = (a - s.rho * s.p * s.k) * normal(s.y) + s.p * s.r * density(s.y)
    return (
        _quotient(at_u * mean_v, 2 * s.p),
        _quotient(at_v * mean_u, 2 * s.q),
        s.both,
        b * s.both + s.q * (above_v + s.rho * above_u),
        a * s.both + s.p * (above_u + s.rho * above_v),
    )


def owens_t(h: Array, x: Array) -> Array:
    r"""Owen's T(h, x/h) for h that is not 0.

    .. math:: T(h,s) = \frac1{2\pi}\int_0^s \frac{e^{-h^2(1+t^2)/2}}{1+t^2}\,dt ,

    for \|s\| <= 1 by Gauss's rule, else from T(x, h/x) and a product of error functions.

    Error: absolute, 1e-16.
    Source: Owen (1956).
    """
    xp = array_namespace(h)
    size_h, size_x = xp.abs(h), xp.abs(x)
    large, small = xp.maximum(size_h, size_x), xp.minimum(size_h, size_x)
    slope, square = small / large, xp.clip(large, None, 40.0) ** 2 / 2
    integral = xp.zeros_like(h)
    for node, weight in _gauss_rule():
        height = 1 + (slope * node) ** 2
        integral = integral + weight * xp.exp(-square * height) / height
    below = slope * integral / (2 * math.pi)
    root = math.sqrt(2)
    above = 0.25 - erf(size_h / root) * erf(size_x / root) / 4 - below
    value = xp.where(size_x > size_h, above, below)
    return xp.where((h < 0) == (x < 0), value, -value)


def normal(z: Array) -> Array:
    """Φ(z), absolute error a unit in the last place of 1."""
    return (1 + erf(z / math.sqrt(2))) / 2


def density(z: Array) -> Array:
    """The standard Gaussian density."""
    return array_namespace(z).exp(-z * z / 2) / math.sqrt(2 * math.pi)


def standardize(
    variance_u: Array, variance_v: Array, covariance: Array
) -> tuple[Array, Array, Array]:
    """p, q and ρ, which is 0 if a variance is 0."""
    xp = array_namespace(covariance)
    p, q = xp.sqrt(variance_u), xp.sqrt(variance_v)
    scale = xp.where(variance_u == variance_v, variance_u, p * q)  # c / V is 1 where c = V
    return p, q, xp.clip(covariance / xp.where(scale > 0, scale, xp.ones_like(scale)), -1.0, 1.0)


def _parts(variance_u: Array, variance_v: Array, covariance: Array, a: Array, b: Array) -> Parts:
    """No digits are lost as ρ -> 1 or -1: 1 - |ρ| is exact from 1/2 on, and so is k - h."""
    xp = array_namespace(a)
    p, q, rho = standardize(variance_u, variance_v, covariance)
    h, k = _level(a, p), _level(b, q)
    sign, gap = xp.where(rho < 0, -xp.ones_like(rho), xp.ones_like(rho)), 1 - xp.abs(rho)
    r = xp.clip(xp.sqrt(gap * (1 + xp.abs(rho))), _tiny(a), None)
    x = (k - sign * h + sign * gap * h) / r
    y = (h - sign * k + sign * gap * k) / r
    both = normal(h) / 2 + normal(k) / 2 - owens_t(h, x) - owens_t(k, y)
    both = both - xp.where((h < 0) != (k < 0), xp.ones_like(h) / 2, xp.zeros_like(h))
    return Parts(p, q, rho, r, h, k, x, y, both)


def _level(bias: Array, deviation: Array) -> Array:
    """bias / deviation, cut to [-FAR, FAR], never 0: the limit where the deviation is 0."""
    xp = array_namespace(bias)
    inside, one = xp.abs(bias) < FAR * deviation, xp.ones_like(bias)
    outside = xp.where(bias < 0, -FAR * one, xp.where(bias > 0, FAR * one, 0 * one))
    return _not_zero(xp.where(inside, bias / xp.where(inside, deviation, one), outside))


def _not_zero(z: Array) -> Array:
    """z, and for 0 a number far below rounding whose square and quotients are floats."""
    xp, tiny = array_namespace(z), _tiny(z)
    return xp.where(xp.abs(z) < tiny, tiny * xp.ones_like(z), z)


def _tiny(z: Array) -> float:
    return float(array_namespace(z).finfo(z.dtype).smallest_normal) ** 0.45


def _quotient(a: Array, b: Array) -> Array:
    """a / b for b >= 0: 0 where a is 0, infinite where only b is."""
    xp = array_namespace(a)
    quotient = a / xp.where(b > 0, b, xp.ones_like(b))
    return xp.where((b > 0) | (a == 0), quotient, math.inf * xp.ones_like(a))


@cache
def _gauss_rule() -> list[tuple[float, float]]:
    """Nodes and weights on [0, 1]; 16 integrate (1 + t²)^{-1} and exp(-8t²) to rounding."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    return [((1 + float(t)) / 2, float(w) / 2) for t, w in zip(nodes, weights, strict=True)]
