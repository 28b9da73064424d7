"""Two random waves are nearly orthogonal: their kernel, and the mean square of their correlation.

θ and θ' are independent and uniform on the unit sphere, t = ⟨θ, θ'⟩, s = (πR/2)², tri_θ(x) =
tri(R⟨θ, x⟩).
"""

import math

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float
from scipy.special import log_expit, logsumexp

from randomfeatures.foundations.arguments import Array, converted, integer, known, real, real_array
from randomfeatures.foundations.logarithms import from_log, upper_from_log, upper_sum
from randomfeatures.limits.anti_concentration import second_moment
from randomfeatures.limits.concentration import (
    LARGEST_DIMENSION,
    LARGEST_NORM,
    LINEAR_BELOW,
    checked_norm,
)
from randomfeatures.limits.triangle_wave import sine_coefficients


def wave_kernel(R: float, t: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""κ(t) = ⟨tri_θ, tri_θ'⟩ for ⟨θ, θ'⟩ = t, elementwise; the same in every dimension.

    .. math:: \kappa(t) = \sum_{k,l\ \mathrm{odd}} b_k b_l\, e^{-(k^2+l^2)s/2} \sinh(kls\,t)

    Book: ``cor-mean-square-correlation``. Error: relative, 1e-10 in double precision, where the
    value is above 1e-300; below, absolute.
    Raises: ValueError unless 0 < R ≤ 1e6 and -1 ≤ t ≤ 1.

    >>> np.round(wave_kernel(2.0, np.array([-1.0, 0.0, 1.0])), 6)
    array([-0.333333,  0.      ,  0.333333])
    """
    R = real("R", R, above=0, at_most=LARGEST_NORM)
    t = real_array("t", t, at_least=-1, at_most=1)
    xp, s = array_namespace(t), (math.pi * R / 2) ** 2
    sign, distance = xp.where(t < 0, -xp.ones_like(t), xp.ones_like(t)), 1 - xp.abs(t)
    return sign * xp.exp(-s * distance) * _kernel_series(R, xp.abs(t), distance)


def log_mean_square_correlation(d: int, R: float) -> float:
    r"""Logarithm of :func:`mean_square_correlation`; the same arguments, no underflow.

    Book: ``cor-mean-square-correlation``. Error: absolute, 1e-10. Raises: as
    :func:`mean_square_correlation`, but for underflow.

    >>> round(log_mean_square_correlation(1000, 0.05) - math.log(0.05**4 / 1000), 9)
    0.0
    """
    d = integer("d", d, at_least=1, at_most=LARGEST_DIMENSION)
    R = real("R", R, above=0, at_most=LARGEST_NORM)
    if R < LINEAR_BELOW:
        return 4 * math.log(R) - math.log(d)
    if d == 1:
        return 2 * math.log(second_moment(R))
    density = math.log(2 / math.sqrt(math.pi)) + math.lgamma(d / 2) - math.lgamma((d - 1) / 2)
    return density + _log_mean_square(d, R)


def mean_square_correlation(d: int, R: float) -> float:
    r"""E ⟨tri_θ, tri_θ'⟩² = E_t κ(t)², exactly; it is Σ_n N(d, n) λ_n².

    .. math:: \frac{2\,\Gamma(d/2)}{\sqrt\pi\,\Gamma((d-1)/2)}
              \int_0^{\pi/2} \sin^{d-2}\!\varphi\;\kappa(\cos\varphi)^2\,d\varphi

    By quadrature in the angle φ, with the logarithm of the positive integrand; so a value of 1e-19
    is as accurate as one of 0.1.

    Book: ``cor-mean-square-correlation``. Error: relative, 1e-10 (quadrature, halved until two
    results agree to 1e-12).
    Raises: ValueError unless d ≥ 1 and 0 < R ≤ 1e6; ArithmeticError where the value underflows.

    >>> 0 < mean_square_correlation(10, 2.1) < mean_square_correlation_bound(10, 2.1)
    True
    """
    return from_log("mean_square_correlation", log_mean_square_correlation(d, R))


def log_mean_square_correlation_bound(d: int, R: float | None = None) -> float:
    r"""Logarithm of :func:`mean_square_correlation_bound`, an upper bound; no underflow.

    Book: ``cor-mean-square-correlation``. Error: rounded up, by at most 2e-15 of the terms.
    Raises: ValueError as :func:`mean_square_correlation_bound`.

    >>> log_mean_square_correlation(50, 5.0) < log_mean_square_correlation_bound(50, 5.0) < -25
    True
    """
    d = integer("d", d, at_least=1, at_most=LARGEST_DIMENSION)
    R = checked_norm(d, R) if R is None or d < 3 else real("R", R, above=0)
    log_square_norm = min(2 * math.log(R), -math.log(3))
    if d < 3:
        return upper_sum(-d / 2, log_square_norm)
    log_ratio = (math.log(2 * d) / 2, -math.log(math.pi), -math.log(R))
    part_3 = upper_sum(-math.log(6), -d / 2, *((d - 1) * term for term in log_ratio))
    return min(part_3, upper_sum(2 * log_square_norm))


def mean_square_correlation_bound(d: int, R: float | None = None) -> float:
    r"""Upper bound on E ⟨tri_θ, tri_θ'⟩², for R ≥ 2√d/π if ``R`` is not given.

    .. math:: \tfrac13\,e^{-d/2} \quad (d<3,\ R\ge\tfrac{2\sqrt d}\pi),\qquad
              \tfrac16\,e^{-d/2}\Bigl(\frac{\sqrt{2d}}{\pi R}\Bigr)^{d-1}
              \quad (d\ge3,\ \text{every } R)

    and, since ‖tri_θ‖² ≤ min(R², 1/3), the square of that. For d ≥ 3 the second is below the first
    wherever both hold.

    Book: ``cor-mean-square-correlation``. Error: rounded up, by at most a relative 2e-12.
    Raises: ValueError unless 1 ≤ d ≤ 1e12, and R > 0 (d ≥ 3) or R ≥ 2√d/π (d < 3); ArithmeticError
    where the value underflows.

    >>> round(mean_square_correlation_bound(2) * 3 * math.e, 12)
    1.0
    >>> round(mean_square_correlation_bound(7) * 48 * math.exp(3.5), 12)
    1.0
    """
    return upper_from_log("mean_square_correlation_bound", log_mean_square_correlation_bound(d, R))


# --- numerics


def _kernel_series(
    R: float,
    t: Float[Array, "*s"],
    distance: Float[Array, "*s"],
) -> Float[Array, "*s"]:
    """κ(t) e^{s(1-t)} for 0 ≤ t ≤ 1, ``distance`` = 1 - t, without overflow.

    It is Σ b_k b_l e^{-(k-l)²s/2 - (kl-1)s(1-t)} (1 - e^{-2klst})/2.
    """
    xp, s = array_namespace(t), (math.pi * R / 2) ** 2
    if R < LINEAR_BELOW:
        return R * R * t * xp.exp(s * distance)
    nearest = known(xp.min(distance), 0.0) if math.prod(t.shape) else 1.0
    # Harmonics beyond are e^{-45} of the first, or 1e-12; pairs l = k + 2j beyond are e^{-40}.
    harmonics = min(8000, 2 + math.ceil(math.sqrt(1 + 45 / max(s * nearest, 1e-300))))
    k, b = sine_coefficients(harmonics)
    total = xp.zeros_like(t)
    for j in range(0, 1 + min(len(k) - 1, math.ceil(math.sqrt(20 / s)))):
        twice = 1 if j == 0 else 2
        for block in np.array_split(np.arange(len(k) - j), 1 + len(k) // 256):
            weight = twice * math.exp(-2 * j * j * s) * b[block] * b[block + j]
            total = total + _pairs(weight, s * k[block] * k[block + j], s, t, distance)
    return total


def _pairs(
    weight: Float[np.ndarray, " n"],
    kls: Float[np.ndarray, " n"],
    s: float,
    t: Float[Array, "*s"],
    distance: Float[Array, "*s"],
) -> Float[Array, "*s"]:
    """Σ weight e^{-(kls-s)(1-t)} (1 - e^{-2 kls t})/2, in the library and precision of ``t``."""
    xp = array_namespace(t)
    weight, kls = converted(weight, t), converted(kls, t)
    decay = xp.exp(-(kls - s) * distance[..., None]) * -xp.expm1(-2 * kls * t[..., None]) / 2
    return xp.sum(weight * decay, axis=-1)


def _log_kernel(
    R: float,
    t: Float[np.ndarray, " n"],
    distance: Float[np.ndarray, " n"],
) -> Float[np.ndarray, " n"]:
    """log κ(t) for 0 < t ≤ 1, ``distance`` = 1 - t.

    In chunks: cosines near to each other need about the same number of harmonics.
    """
    chunks = math.ceil(len(t) / 16)
    pairs = zip(np.array_split(t, chunks), np.array_split(distance, chunks), strict=True)
    series = [_kernel_series(R, *pair) for pair in pairs]
    return np.log(np.concatenate(series)) - (math.pi * R / 2) ** 2 * distance


def _log_mean_square(d: int, R: float) -> float:
    """log ∫_0^{π/2} sin^{d-2} φ κ(cos φ)² dφ, the step halved until two results agree to 1e-12."""
    previous, step = math.inf, 1 / 8
    for _ in range(9):
        value = _log_double_exponential(d, R, step)
        if abs(value - previous) < 1e-12 * max(1.0, abs(value)):
            return value
        previous, step = value, step / 2
    raise ArithmeticError(f"the quadrature for d = {d}, R = {R!r} did not settle to 1e-12")


def _log_double_exponential(d: int, R: float, step: float) -> float:
    """The same integral by the double-exponential rule with this step in y.

    φ = (π/2) / (1 + e^{-π sinh y}). Nodes where the bound κ(t) ≤ e^{-s(1-t)}/2 makes the integrand
    negligible are left out.
    """
    s = (math.pi * R / 2) ** 2
    y = np.arange(-4.0, 4.0 + step / 2, step)
    z = np.pi * np.sinh(y)
    angle, complement = np.pi / 2 * np.exp(log_expit(z)), np.pi / 2 * np.exp(log_expit(-z))
    log_slope = np.log(np.pi**2 / 2 * step * np.cosh(y)) + log_expit(z) + log_expit(-z)
    weight = log_slope + (d - 2) * np.log(np.sin(angle))
    distance = 2 * np.sin(angle / 2) ** 2
    bound = weight - 2 * s * distance
    keep = bound > np.max(bound) - 80
    log_kernel = _log_kernel(R, np.sin(complement[keep]), distance[keep])
    return float(logsumexp(weight[keep] + 2 * log_kernel))
