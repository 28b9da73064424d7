"""The wave does not hide near zero: its second moment and its law under a Gaussian."""

import math

from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, real, real_array

SMALLEST_SQUARE = 2.3e-308
SMALLEST_RATIO = 0.01
"""Below this R the wave is Rz on all but 1e-2000 of the Gaussian."""

SATURATED = 9.0
"""From this R on e^{-π²R²/2} is below 1e-170 and changes no sum with a number of order one."""


def second_moment(R: float) -> float:
    r"""E tri(Rz)² for a standard Gaussian z: the squared norm of the wave x ↦ tri(R⟨θ, x⟩).

    It is the same for every unit vector θ.

    .. math:: \tfrac13 + \frac{4}{\pi^2}\sum_{k\ge1}\frac{(-1)^k}{k^2} e^{-k^2\pi^2R^2/2}
              = R^2 - 8\sum_{j\ge0}\mathbb E\,[Rz - (2j+1)]_+

    The first form is summed for R ≥ 1; the second, which counts the folds of (Rz)², for R < 1.

    Book: ``prop-second-moment``. Error: relative, 1e-14.
    Raises: ValueError unless R > 0 is finite; ArithmeticError if R² is smaller than the smallest
    normal float.

    >>> round(second_moment(10.0), 12), round(second_moment(1e-3) * 1e6, 12)
    (0.333333333333, 1.0)
    """
    R = real("R", R, above=0)
    if R * R < SMALLEST_SQUARE:
        raise ArithmeticError(f"second_moment({R!r}) = R² is too small for a float")
    if R < 1:
        return R * R - 8 * sum(_mean_excess(R, 2 * j + 1) for j in range(6))
    series = sum((-1) ** k / k**2 * _harmonic(k, R) for k in range(1, 5))
    return 1 / 3 + 4 / math.pi**2 * series


def second_moment_bound(R: float) -> float:
    r"""A lower bound on E tri(Rz)², the second moment: 1/3 - (4/π²) exp(-π²R²/2).

    It is negative, hence empty, for R < 0.2.

    Book: ``prop-second-moment``. Error: rounded down, by at most 6e-16. Raises: ValueError unless R
    > 0 is finite.

    >>> second_moment_bound(0.8) < second_moment(0.8) < second_moment_bound(0.8) + 1e-6
    True
    """
    return 1 / 3 - 4 / math.pi**2 * _harmonic(1, real("R", R, above=0)) - 3e-16


def phase_density(y: Float[Array, "*s"], R: float) -> Float[Array, "*s"]:
    r"""Density p of the phase, which is Rz modulo 2 for a standard Gaussian z; elementwise in y.

    .. math:: p(y) = \tfrac12 + \sum_{k\ge1} e^{-k^2\pi^2R^2/2}\cos k\pi y
              = \sum_n \frac{e^{-(y+2n)^2/(2R^2)}}{R\sqrt{2\pi}}

    It has period 2; the second form is summed for R < 1/2. E h(Rz) is the integral of h p over a
    period, for h of period 2.

    Book: ``lem-wrapped-gaussian``. Error: absolute, 1e-15 (1 + 1/R).
    Raises: ValueError unless R ≥ 0.01, or if ``y`` is no real floating array or not finite.

    >>> import numpy as np
    >>> phase_density(np.array([0.0, 1.0]), 0.6).round(6)
    array([0.670045, 0.331595])
    """
    R = real("R", R, at_least=SMALLEST_RATIO)
    y = real_array("y", y)
    xp = array_namespace(y)
    if R >= 0.5:
        return 0.5 + sum(_harmonic(k, R) * xp.cos(k * math.pi * y) for k in range(1, 9))
    y = y - 2 * xp.round(y / 2)
    bells = sum(xp.exp(-(((y + 2 * n) / R) ** 2) / 2) for n in range(-2, 3))
    return bells / (R * math.sqrt(2 * math.pi))


def distribution(t: Float[Array, "*s"], R: float) -> Float[Array, "*s"]:
    r"""P(\|tri(Rz)\| ≤ t) for a standard Gaussian z, elementwise in 0 ≤ t ≤ 1.

    It is close to t, so the wave does not hide near zero.

    .. math:: t + \sum_{k\ge1}\frac{2\sin(k\pi t)}{k\pi}\,e^{-k^2\pi^2R^2/2}

    Book: ``prop-anti-concentration``. Error: absolute, 1e-15 times the number of terms, which is 1
    + 2.8/R.
    Raises: ValueError unless 0 ≤ t ≤ 1 and R ≥ 0.01.

    >>> import numpy as np
    >>> np.round(distribution(np.array([0.0, 0.5, 1.0]), 0.5), 6)
    array([0.      , 0.685389, 1.      ])
    """
    R = real("R", R, at_least=SMALLEST_RATIO)
    t = real_array("t", t, at_least=0, at_most=1)
    xp, probability = array_namespace(t), t
    for k in range(1, 2 + int(2.8 / R)):
        weight = 2 / (k * math.pi) * _harmonic(k, R)
        probability = probability + weight * xp.sin(k * math.pi * t)
    return probability


def distribution_bound(R: float) -> float:
    r"""An upper bound on \|P(\|tri(Rz)\| ≤ t) - t\|, for every t.

    .. math:: \frac2\pi\,\frac q{1-q},\qquad q=e^{-\pi^2R^2/2}

    It is above 1, hence empty, for R < 0.32.

    Book: ``prop-anti-concentration``. Error: rounded up, by at most a relative 2e-12.
    Raises: ValueError unless R > 0 is finite; ArithmeticError for R > 11.9 and R < 1e-150, where a
    float does not hold the bound.

    >>> round(distribution_bound(1.0), 6)
    0.004612
    """
    R = real("R", R, above=0)
    if not 1e-150 <= R <= 11.9:
        size = "below 1e-303, too small" if R > 1 else "above 1e299, too large"
        raise ArithmeticError(f"distribution_bound({R!r}) is {size} for a float")
    exponent = (math.pi * R) ** 2 / 2
    return 2 / math.pi / math.expm1(exponent) * (1 + 1e-15 * (1 + exponent))


# --- numerics


def _harmonic(k: int, R: float) -> float:
    """q^{k²} = e^{-k²π²R²/2}, the k-th Fourier coefficient of the phase."""
    return math.exp(-((k * math.pi * min(R, SATURATED)) ** 2) / 2)


def _mean_excess(R: float, c: float) -> float:
    """E [Rz - c]_+ for standard Gaussian z."""
    ratio = min(c / R, 40.0)  # beyond, both terms are below 1e-300
    density = math.exp(-(ratio**2) / 2) / math.sqrt(2 * math.pi)
    return R * density - c * math.erfc(ratio / math.sqrt(2)) / 2
