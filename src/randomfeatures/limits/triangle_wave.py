"""The periodic target: the triangle wave, its form as a sum of neurons, its sine series."""

import math

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float, Int

from randomfeatures.foundations.arguments import Array, integer, real, real_array

LONGEST = 2**53
"""A float holds every integer up to this one."""

MOST_TERMS = 10**8


def triangle_wave(t: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""The odd 4-periodic triangle wave: slopes ±1, height 1, tri(t) = t on [-1, 1]; elementwise.

    .. math:: \operatorname{tri}(t) = \operatorname{sgn}(r)\,\min(|r|, 2 - |r|), \qquad
              r = t - 4\,\mathrm{round}(t/4) \in [-2, 2]

    Book: ``def-triangle-wave``. Error: none; every step of the formula is exact in binary
    arithmetic (2 - \|r\| for 1 ≤ \|r\| ≤
    2 is, by Sterbenz' lemma).
    Raises: ValueError if ``t`` is no real floating array or holds a value that is not finite.

    >>> triangle_wave(np.array([-2.5, -1.0, 0.25, 1.0, 1.75, 3.0, 4.25]))
    array([ 0.5 , -1.  ,  0.25,  1.  ,  0.25, -1.  ,  0.25])
    """
    t = real_array("t", t)
    xp = array_namespace(t)
    r = t - 4 * xp.round(t / 4)
    return xp.where(xp.abs(r) <= 1, r, xp.where(r > 0, 2 - r, -2 - r))


def relu_coefficients(
    a: int,
) -> tuple[Float[np.ndarray, "{a}+1"], Float[np.ndarray, "{a}+1"], float]:
    r"""The a + 1 neurons of ψ_a: ``(biases, coefficients, offset)``.

    ψ_a(z) = offset + Σ_j coefficients[j] [z + biases[j]]_+, that is

    .. math:: \psi_a(z) = -1 + [z+a]_+ + \sum_{n=1}^{a-1} 2(-1)^n [z+a-2n]_+ - [z-a]_+

    The biases are a, a - 2, ..., -a, the offset is -1, and the coefficients have absolute sum 2a.

    Book: ``prop-sum-of-neurons``. Source: Yehudai and Shamir (2019), Section 4. Error: none, the
    numbers are integers.
    Raises: ValueError unless a ≥ 1 is an integer with a ≡ 1 mod 4 (for other a, ψ_a is not the
    triangle wave).

    >>> relu_coefficients(5)
    (array([ 5.,  3.,  1., -1., -3., -5.]), array([ 1., -2.,  2., -2.,  2., -1.]), -1.0)
    """
    a = _one_mod_four(a)
    coefficients = 2.0 * (-1.0) ** np.arange(a + 1)
    coefficients[0], coefficients[-1] = 1.0, -1.0
    return np.arange(a, -a - 1, -2, dtype=float), coefficients, -1.0


def truncated_wave(z: Float[Array, "*s"], a: int) -> Float[Array, "*s"]:
    r"""ψ_a(z), the sum of a + 1 neurons of :func:`relu_coefficients`; elementwise.

    It is tri on [-a, a], -1 to the left, +1 to the right; computed from that description, without
    the sum and its cancellation.

    Book: ``prop-sum-of-neurons``. Error: none.
    Raises: ValueError unless a ≥ 1 with a ≡ 1 mod 4, or if ``z`` is no real floating array or not
    finite.

    >>> truncated_wave(np.array([-9.0, -1.0, 1.75, 5.0, 9.25]), 5)
    array([-1.  , -1.  ,  0.25,  1.  ,  1.  ])
    """
    a = _one_mod_four(a)
    z = real_array("z", z)
    xp = array_namespace(z)
    end = xp.where(z > 0, xp.ones_like(z), -xp.ones_like(z))
    return xp.where(xp.abs(z) <= a, triangle_wave(z), end)


def sine_coefficients(k_max: int) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    r"""The odd k ≤ k_max and the coefficients b_k of tri(t) = Σ_{k odd} b_k sin(kπt/2).

    .. math:: b_k = \frac{8}{\pi^2}\,\frac{(-1)^{(k-1)/2}}{k^2}, \qquad
              \sum_{k\ \mathrm{odd}} |b_k| = 1

    The partial sum differs from tri by at most 1 - Σ|b_k| ≤ 4/(π²(K + 1)), where K is its last k;
    at t = 1 by exactly this.

    Book: ``lem-sine-series``. Error: relative, 4e-16. Raises: ValueError unless 1 ≤ k_max ≤ 1e8 is
    an integer.

    >>> k, b = sine_coefficients(6)
    >>> k, np.round(b * np.pi**2 / 8, 6)
    (array([1, 3, 5]), array([ 1.      , -0.111111,  0.04    ]))
    """
    k = np.arange(1, integer("k_max", k_max, at_least=1, at_most=MOST_TERMS) + 1, 2)
    signs = 1.0 - 2.0 * (k // 2 % 2)
    return k, 8 / math.pi**2 * signs / k.astype(float) ** 2


def sine_tail_bound(k_max: int) -> float:
    r"""Upper bound 4/(π²(K + 1)) on the error of the sine series with k ≤ k_max, K its last k.

    Book: ``lem-sine-series``. Error: rounded up, by at most a relative 1e-15.
    Raises: ValueError unless 1 ≤ k_max ≤ 1e8 is an integer.

    >>> _, b = sine_coefficients(9)
    >>> bool(0.9 * sine_tail_bound(9) < 1 - np.sum(np.abs(b)) < sine_tail_bound(9))
    True
    """
    k_max = integer("k_max", k_max, at_least=1, at_most=MOST_TERMS)
    last = k_max - (k_max + 1) % 2
    return 4 / (math.pi**2 * (last + 1)) * (1 + 1e-15)


# --- the truncation


def truncation_length(R: float) -> int:
    r"""The least a ≥ 5R with a ≡ 1 mod 4: the length of ψ_a that the limits use at norm R.

    See: ``def-hard-neurons``. Error: none, but for the rounding of 5R. Raises: ValueError unless 0
    < R ≤ 1e15.

    >>> truncation_length(1.0), truncation_length(1.01)
    (5, 9)
    """
    return 4 * math.ceil((5 * real("R", R, above=0, at_most=1e15) - 1) / 4) + 1


def truncation_bound(a: int, R: float) -> float:
    r"""Upper bound on ‖tri_θ - ψ_a(R⟨θ, ·⟩)‖, the error of the wave as a sum of a + 1 neurons.

    .. math:: 2\,e^{-a^2/(4R^2)}

    Book: ``lem-truncation``. Error: rounded up, by at most a relative 2e-12; at least 1e-307.
    Raises: ValueError unless 1 ≤ a ≤ 2^53 is an integer with a ≡ 1 mod 4 and R > 0.

    >>> round(truncation_bound(5, 1.0) / math.exp(-6.25), 12)
    2.0
    """
    a, R = _one_mod_four(a), real("R", R, above=0)
    exponent = min(a / R, 60.0) ** 2 / 4
    return max(1e-307, 2 * math.exp(-exponent) * (1 + 1e-15 * (1 + exponent)))


def _one_mod_four(a: int) -> int:
    a = integer("a", a, at_least=1, at_most=LONGEST)
    if a % 4 != 1:
        raise ValueError(f"a must be an integer >= 1 with a % 4 == 1, got {a!r}")
    return a
