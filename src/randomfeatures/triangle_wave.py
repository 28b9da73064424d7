"""The periodic target: the triangle wave, its form as a sum of neurons, its sine series, its law under a Gaussian."""

import math

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float, Int

from randomfeatures.arguments import Array, finite_array, integer, real


def triangle_wave(t: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""The odd 4-periodic triangle wave: slopes ±1, height 1, tri(t) = t on [-1, 1]; elementwise.

    .. math:: \operatorname{tri}(t) = \operatorname{sgn}(r)\,\min(|r|, 2 - |r|), \qquad r = t - 4\,\mathrm{round}(t/4) \in [-2, 2]

    Book: ``def-triangle-wave``.
    Error: none; every step of the formula is exact in binary arithmetic (2 - \|r\| for 1 ≤ \|r\| ≤ 2 is, by Sterbenz' lemma).
    Raises: ValueError if ``t`` is no real floating array or holds a value that is not finite.

    >>> triangle_wave(np.array([-2.5, -1.0, 0.25, 1.0, 1.75, 3.0, 4.25]))
    array([ 0.5 , -1.  ,  0.25,  1.  ,  0.25, -1.  ,  0.25])
    """
    xp = array_namespace(finite_array("t", t))
    r = t - 4 * xp.round(t / 4)
    return xp.sign(r) * xp.minimum(xp.abs(r), 2 - xp.abs(r))


def relu_coefficients(a: int) -> tuple[Float[np.ndarray, "{a}+1"], Float[np.ndarray, "{a}+1"], float]:
    r"""The a + 1 neurons of ψ_a: ``(biases, coefficients, offset)`` with ψ_a(z) = offset + Σ_j coefficients[j] [z + biases[j]]_+.

    .. math:: \psi_a(z) = -1 + [z+a]_+ + \sum_{n=1}^{a-1} 2(-1)^n [z+a-2n]_+ - [z-a]_+

    The biases are a, a - 2, ..., -a, the offset is -1, and the coefficients have absolute sum 2a.

    Book: ``prop-sum-of-neurons``. Source: Yehudai and Shamir (2019), Section 4. Error: none, the numbers are integers.
    Raises: ValueError unless a ≥ 1 is an integer with a ≡ 1 mod 4 (for other a, ψ_a is not the triangle wave).

    >>> relu_coefficients(5)
    (array([ 5.,  3.,  1., -1., -3., -5.]), array([ 1., -2.,  2., -2.,  2., -1.]), -1.0)
    """
    a = _one_mod_four(a)
    coefficients = 2.0 * (-1.0) ** np.arange(a + 1)
    coefficients[0], coefficients[-1] = 1.0, -1.0
    return np.arange(a, -a - 1, -2, dtype=float), coefficients, -1.0


def truncated_wave(z: Float[Array, "*s"], a: int) -> Float[Array, "*s"]:
    r"""ψ_a(z), the sum of a + 1 neurons of :func:`relu_coefficients`: tri on [-a, a], -1 to its left, +1 to its right; elementwise.

    It is computed from that description, without the sum and its cancellation.

    Book: ``prop-sum-of-neurons``. Error: none.
    Raises: ValueError unless a ≥ 1 with a ≡ 1 mod 4, or if ``z`` is no real floating array or not finite.

    >>> truncated_wave(np.array([-9.0, -1.0, 1.75, 5.0, 9.25]), 5)
    array([-1.  , -1.  ,  0.25,  1.  ,  1.  ])
    """
    a = _one_mod_four(a)
    xp = array_namespace(finite_array("z", z))
    return xp.where(xp.abs(z) <= a, triangle_wave(z), xp.sign(z))


def sine_coefficients(k_max: int) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    r"""The odd k ≤ k_max and the coefficients b_k of tri(t) = Σ_{k odd} b_k sin(kπt/2).

    .. math:: b_k = \frac{8}{\pi^2}\,\frac{(-1)^{(k-1)/2}}{k^2}, \qquad \sum_{k\ \mathrm{odd}} |b_k| = 1

    The partial sum differs from tri by at most 1 - Σ|b_k| ≤ 4/(π²(K + 1)), where K is its last k; at t = 1 by exactly this.

    Book: ``lem-sine-series``. Error: relative, 4e-16. Raises: ValueError unless k_max ≥ 1 is an integer.

    >>> k, b = sine_coefficients(6)
    >>> k, np.round(b * np.pi**2 / 8, 6)
    (array([1, 3, 5]), array([ 1.      , -0.111111,  0.04    ]))
    """
    k = np.arange(1, integer("k_max", k_max, at_least=1) + 1, 2)
    return k, 8 / math.pi**2 * (1.0 - 2.0 * (k // 2 % 2)) / k.astype(float) ** 2


def second_moment(R: float) -> float:
    r"""E tri(Rz)² for a standard Gaussian z: the squared norm of the wave x ↦ tri(R⟨θ, x⟩) for every unit vector θ.

    .. math:: \tfrac13 + \frac{4}{\pi^2}\sum_{k\ge1}\frac{(-1)^k}{k^2} e^{-k^2\pi^2R^2/2}
              = R^2 - 8\sum_{j\ge0}\mathbb E\,[Rz - (2j+1)]_+

    The first form is summed for R ≥ 1 (its sum is rounded away for R > 9); the second, which counts the folds of (Rz)², for R < 1.

    Book: ``prop-second-moment``. Error: relative, 1e-14.
    Raises: ValueError unless R > 0 is finite; ArithmeticError if R² is smaller than the smallest normal float.

    >>> round(second_moment(10.0), 12), round(second_moment(1e-3) * 1e6, 12)
    (0.333333333333, 1.0)
    """
    R = real("R", R, above=0)
    if R >= 1:
        return 1 / 3 + 4 / math.pi**2 * sum((-1) ** k / k**2 * math.exp(-((k * math.pi * min(R, 9.0)) ** 2) / 2) for k in range(1, 5))
    if R * R < 2.3e-308:
        raise ArithmeticError(f"second_moment({R!r}) = R² is too small for a float")
    return R * R - 8 * sum(_mean_excess(R, 2 * j + 1) for j in range(6))


def second_moment_bound(R: float) -> float:
    r"""A lower bound on E tri(Rz)², the second moment: 1/3 - (4/π²) exp(-π²R²/2); negative, hence empty, for R < 0.2.

    Book: ``prop-second-moment``. Error: absolute, 1e-16. Raises: ValueError unless R > 0 is finite.

    >>> second_moment_bound(0.8) < second_moment(0.8) < second_moment_bound(0.8) + 1e-6
    True
    """
    return 1 / 3 - 4 / math.pi**2 * math.exp(-((math.pi * min(real("R", R, above=0), 9.0)) ** 2) / 2)


def distribution(t: Float[Array, "*s"], R: float) -> Float[Array, "*s"]:
    r"""P(|tri(Rz)| ≤ t) for a standard Gaussian z, elementwise in 0 ≤ t ≤ 1: close to t, so the wave does not hide near zero.

    .. math:: t + \sum_{k\ge1}\frac{2\sin(k\pi t)}{k\pi}\,e^{-k^2\pi^2R^2/2}

    Book: ``prop-anti-concentration``. Error: absolute, 1e-15 times the number of terms, which is 1 + 2.8/R.
    Raises: ValueError unless 0 ≤ t ≤ 1 and R ≥ 0.01 (below, the wave is Rz on all but 1e-2000 of the Gaussian).

    >>> np.round(distribution(np.array([0.0, 0.5, 1.0]), 0.5), 6)
    array([0.      , 0.685389, 1.      ])
    """
    R = real("R", R, at_least=0.01)
    xp = array_namespace(finite_array("t", t, at_least=0, at_most=1))
    probability = t
    for k in range(1, 2 + int(2.8 / R)):
        weight = 2 / (k * math.pi) * math.exp(-((k * math.pi * min(R, 9.0)) ** 2) / 2)
        probability = probability + weight * xp.sin(k * math.pi * t)
    return probability


def distribution_bound(R: float) -> float:
    r"""An upper bound on |P(|tri(Rz)| ≤ t) - t|, for every t: (2/π) q/(1 - q) with q = exp(-π²R²/2).

    Book: ``prop-anti-concentration``. Error: relative, 1e-13.
    Raises: ValueError unless R > 0 is finite; ArithmeticError for R > 11.9, where the bound is too small for a float.

    >>> round(distribution_bound(1.0), 6)
    0.004612
    """
    if real("R", R, above=0) > 11.9:
        raise ArithmeticError(f"distribution_bound({R!r}) is below 1e-303, too small for a float")
    return 2 / math.pi / math.expm1((math.pi * R) ** 2 / 2)


def _one_mod_four(a: int) -> int:
    if integer("a", a, at_least=1) % 4 != 1:
        raise ValueError(f"a must be an integer >= 1 with a % 4 == 1, got {a!r}")
    return int(a)


def _mean_excess(R: float, c: float) -> float:
    """E [Rz - c]_+ for standard Gaussian z."""
    density = math.exp(-min(745.0, 0.5 * (c / R) ** 2)) / math.sqrt(2 * math.pi)
    return R * density - c * math.erfc(min(30.0, c / R / math.sqrt(2))) / 2
