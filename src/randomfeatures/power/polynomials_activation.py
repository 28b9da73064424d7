r"""Polynomials as averages of neurons with another activation than the ReLU.

The features are σ(√d <w, x>), w and x uniform on the unit sphere of R^d; the argument has variance
1. A polynomial is a dictionary, as in :mod:`~randomfeatures.power.polynomials`.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.special import roots_gegenbauer

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.foundations.sphere import gegenbauer
from randomfeatures.power.polynomials_harmonics import (
    Polynomial,
    dimension,
    harmonic_parts,
    inner_product,
)

_NODES = 200
"""Of the Gauss rule: exact for products of polynomials of degree up to 399."""


def cosine_mean(function: Callable[[np.ndarray], np.ndarray], d: int) -> float:
    r"""E F(√d t), t the cosine of two independent directions in dimension d, F a smooth function of
    arrays.

    See: ``prop-polynomials-activation``.
    Error: that of a Gauss rule with 200 nodes: rounding for functions with derivatives of
    moderate size, as exp, softplus and tanh.
    Raises: ValueError unless 2 <= d <= 1000.

    >>> round(cosine_mean(lambda z: z**2, 5), 12)
    1.0
    """
    d = integer("d", d, at_least=2, at_most=1000)
    t, weights = roots_gegenbauer(_NODES, d / 2 - 1)
    return float(np.sum(weights * function(math.sqrt(d) * t)) / np.sum(weights))


def funk_hecke_number(activation: Callable[[np.ndarray], np.ndarray], d: int, k: int) -> float:
    r"""η_k of a smooth activation σ: the number by which averaging σ(√d <w, x>) over w multiplies
    the harmonics of degree k.

    .. math:: \eta_k = \mathbb E\,\sigma(\sqrt d\,t)\,P_k(t)
              = \frac{d^{k/2}\;\mathbb E\,\sigma^{(k)}(\sqrt d\,t_{d+2k})}{d(d+2)\cdots(d+2k-2)}

    Here the first of the two is computed; t_n is the cosine in dimension n.

    Book: ``prop-polynomials-activation``.
    Error: as :func:`cosine_mean`, relative to the root of E σ².
    Raises: ValueError unless 2 <= d <= 1000 and k >= 0.

    >>> round(funk_hecke_number(lambda z: z**2, 3, 2), 12)
    0.4
    """
    k, root = integer("k", k, at_least=0), math.sqrt(integer("d", d, at_least=2))
    return cosine_mean(lambda z: activation(z) * gegenbauer(d, k, np.clip(z / root, -1, 1)), d)


def activation_second_moment(
    activation: Callable[[np.ndarray], np.ndarray], p: Polynomial
) -> float:
    r"""M for a smooth activation: the second moment of one sampled term, whose excess over ‖p‖²
    divided by r is the mean squared error.

    .. math:: M = \mathbb E\,\sigma(\sqrt d\,t)^2 \sum_k \frac{\|f_k\|^2}{\eta_k^2}

    Book: ``prop-polynomials-activation``.
    Error: as :func:`funk_hecke_number`, relative to the smallest η_k.
    Raises: ValueError if a harmonic part of p has a degree with η_k below 1e-14 of the root of E
    σ², which counts as zero.

    >>> round(activation_second_moment(lambda z: z**2, {(1, 1, 0): 1}), 10)  # E 9 t^4 25/60 / 1
    0.75
    """
    d, parts = dimension(p), harmonic_parts(p)
    square = cosine_mean(lambda z: activation(z) ** 2, d)
    total = 0.0
    for k, f in parts.items():
        eta = funk_hecke_number(activation, d, k)
        if abs(eta) <= 1e-14 * math.sqrt(square):
            raise ValueError(f"p must have no harmonic part that the activation misses, got {k}")
        total += float(inner_product(f, f)) / eta**2
    return square * total


def activation_moment_bound(d: int, k: int, mean_square: float, mean_derivative: float) -> float:
    r"""An upper bound on M / ‖f‖² for a harmonic f of degree k; for a sum of harmonics, the largest
    of these.

    .. math:: \mathbb E\,\sigma(\sqrt d\,t)^2\;\frac{d^k\,(1+\frac{k-1}d)^{2k}}{m_k^2}

    ``mean_square`` is E σ(√d t)², ``mean_derivative`` the mean m_k of the k-th derivative, at √d
    times the cosine in dimension d + 2k.

    Book: ``prop-polynomials-activation``.
    Error: relative, 1e-14.
    Raises: ValueError unless d >= 2, k >= 0, mean_square >= 0 and mean_derivative is not zero.

    >>> activation_moment_bound(4, 2, 1.0, 2.0)  # 16 (5/4)^4 / 4
    9.765625
    """
    d, k = integer("d", d, at_least=2), integer("k", k, at_least=0)
    derivative = real("|mean_derivative|", abs(real("mean_derivative", mean_derivative)), above=0)
    growth = d**k * (1 + (k - 1) / d) ** (2 * k)
    return real("mean_square", mean_square, at_least=0) * growth / derivative**2
