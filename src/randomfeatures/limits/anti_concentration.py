"""The wave does not hide near zero: its second moment and its law under a Gaussian."""

import math

from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, real, real_array


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

    >>> import numpy as np
    >>> np.round(distribution(np.array([0.0, 0.5, 1.0]), 0.5), 6)
    array([0.      , 0.685389, 1.      ])
    """
    R = real("R", R, at_least=0.01)
    t = real_array("t", t, at_least=0, at_most=1)
    xp, probability = array_namespace(t), t
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


def _mean_excess(R: float, c: float) -> float:
    """E [Rz - c]_+ for standard Gaussian z."""
    density = math.exp(-min(745.0, 0.5 * (c / R) ** 2)) / math.sqrt(2 * math.pi)
    return R * density - c * math.erfc(min(30.0, c / R / math.sqrt(2))) / 2
