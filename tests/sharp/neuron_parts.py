"""The spectrum of one neuron and its tail by routes of their own, for several test files."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
from scipy import special

from randomfeatures.foundations.dual_activations import dual_relu_general
from randomfeatures.foundations.sphere import gegenbauer, multiplicity


def exact_eigenvalue(d, k):
    """λ_k without bias for odd d, as a fraction, from the double factorials: Γ(1/2) cancels."""
    if k % 2:
        return Fraction(1, 4 * d) if k == 1 else Fraction(0)
    eta = Fraction(math.comb(d - 1, (d - 1) // 2), 2**d)  # Γ(d/2) / (2√π Γ((d+1)/2))
    if k >= 2:
        eta /= d + 1
        eta *= math.prod((Fraction(j - 1, j + d + 1) for j in range(2, k, 2)), start=Fraction(1))
    return d * eta**2


def exact_tail(d, r):
    """tail_r for odd d as a fraction: 1/2 less the r largest."""
    tail = Fraction(1, 2)
    for k in itertools.chain([0, 1], itertools.count(2, 2)):
        take = min(r, multiplicity(d, k))
        tail, r = tail - take * exact_eigenvalue(d, k), r - take
        if r == 0:
            return tail


def precise_tail(d, r):
    """tail_r for any d, 1/2 less the r largest, with Gamma functions of 80 + log(r) digits."""
    with mpmath.workdps(80 + len(str(r))):
        tail, gamma = mpmath.mpf(1) / 2, mpmath.gamma
        for k in itertools.chain([0, 1], itertools.count(2, 2)):
            if k == 1:
                value = mpmath.mpf(1) / (4 * d)
            else:
                power = (
                    gamma(mpmath.mpf(k - 1) / 2) / (4 * mpmath.pi)
                    if k
                    else 1 / (2 * mpmath.sqrt(mpmath.pi))
                )
                value = (
                    d * (gamma(mpmath.mpf(d) / 2) * power / gamma(mpmath.mpf(k + d + 1) / 2)) ** 2
                )
            take = min(r, multiplicity(d, k))
            tail, r = tail - take * value, r - take
            if r == 0:
                return tail


def counts_of_degrees(d, K):
    """The number of eigenvalues in the degrees 0, 1, 2, 4, ..., K."""
    return sum(multiplicity(d, k) for k in range(K + 1) if k < 2 or k % 2 == 0)


def kernel_eigenvalues(d, K, kernel):
    """E_t kernel(t) P_k(t), k = 0..K, by Gauss-Legendre in the angle φ of t = cos φ, where a
    neuron's kernel is smooth."""
    x, w = special.roots_legendre(400)
    angle = np.pi / 2 * (x + 1)
    w = w * np.sin(angle) ** (d - 2)
    t = np.cos(angle)
    return np.array([np.sum(w * kernel(t) * gegenbauer(d, k, t)) / np.sum(w) for k in range(K + 1)])


def log_share(d, k):
    """log N(d, k) λ_k by log-Gamma at 40 digits."""
    with mpmath.workdps(40):
        eta = (
            mpmath.loggamma(mpmath.mpf(d) / 2)
            + mpmath.loggamma(mpmath.mpf(k - 1) / 2)
            - mpmath.loggamma(mpmath.mpf(k + d + 1) / 2)
        )
        return float(
            mpmath.log(multiplicity(d, k)) + mpmath.log(d) + 2 * (eta - mpmath.log(4 * mpmath.pi))
        )


def gram_mean_error(w, values, b):
    """E_θ of the error of the best combination of the neurons [⟨w_i, x⟩ + b]_+: E c_i(θ) c_j(θ) = Σ
    N λ_k² P_k(⟨w_i, w_j⟩)."""
    d, t = w.shape[1], np.clip(w @ w.T, -1, 1)
    gram = dual_relu_general(np.ones_like(t), 1.0, t, b, b)
    moments = sum(
        multiplicity(d, k) * value**2 * gegenbauer(d, k, t) for k, value in enumerate(values)
    )
    total = dual_relu_general(np.ones(()), 1.0, 1.0, b, b)
    return float(total - np.trace(np.linalg.solve(gram, moments)))
