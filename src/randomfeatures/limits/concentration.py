"""No fixed function correlates with a random wave: bounds and exact values, each saying which side it bounds.

Throughout, x is standard Gaussian in R^d, θ uniform on the unit sphere, ‖f‖² = E f(x)², tri_θ(x) = tri(R⟨θ, x⟩), s = (πR/2)², t = ⟨θ, θ'⟩.
A number that a float cannot hold is refused with an ArithmeticError; the function ``log_...`` of the same name gives its logarithm.
"""

import math
from functools import cache

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float
from numpy.polynomial import Polynomial
from scipy.special import gammaln, log_expit, logsumexp

from randomfeatures.foundations.arguments import Array, converted, integer, known, real, real_array
from randomfeatures.foundations.logarithms import from_log
from randomfeatures.limits.anti_concentration import second_moment
from randomfeatures.limits.triangle_wave import sine_coefficients

LINEAR_BELOW = 0.12
"""For R below this number κ(t) = R²t and λ_1 = R²/d up to 1e-15: κ(t)/t and d λ_1 lie between c_1² and ‖tri_θ‖², c_1 = E z tri(Rz)."""

MOST_HARMONICS = 2**15
LARGEST_NORM = 1e6


# --- concentration: the averaged square E_θ ⟨f, tri_θ⟩²


def log_concentration_bound(d: int, R: float | None = None) -> float:
    r"""Logarithm of :func:`concentration_bound`, an upper bound; the same arguments and errors, no underflow.

    Book: ``thm-concentration-any-norm``. Error: relative, 1e-15 of the terms. Raises: ValueError as :func:`concentration_bound`.

    >>> log_concentration_bound(10_000)
    -5000.0
    """
    d = integer("d", d, at_least=1)
    if R is None:
        return -d / 2
    smallest = smallest_norm(d)
    R = real("R", R, above=0) if d >= 3 else real("R", R, at_least=smallest * (1 - 1e-12))
    if d < 3:
        return -d / 2
    return min(0.0, -d / 2 + (d - 1) * math.log(smallest / R))


def concentration_bound(d: int, R: float | None = None) -> float:
    r"""Upper bound on E_θ ⟨f, tri_θ⟩² for every fixed f with ‖f‖ = 1: no fixed function correlates with a random wave.

    .. math:: \mathbb E_\theta\langle f,\operatorname{tri}_\theta\rangle^2 \le e^{-d/2} \quad\Bigl(R\ge\tfrac{2\sqrt d}{\pi}\Bigr),\qquad
              \le e^{-d/2}\Bigl(\frac{2\sqrt d}{\pi R}\Bigr)^{d-1} \quad (d\ge3,\ \text{every } R)

    Without ``R``: the first, which holds for every R ≥ 2√d/π. With ``R``: the smallest of those that apply and, since \|tri\| ≤ 1, of 1.

    Book: ``thm-concentration``, ``thm-concentration-any-norm``
    and ``lem-captured-energy``. Source: sharpens Yehudai and Shamir (2019), Section 4. Error: relative, 1e-13.
    Raises: ValueError unless d ≥ 1, and R > 0 (d ≥ 3) or R ≥ 2√d/π (d < 3); ArithmeticError where the value underflows.

    >>> concentration_bound(2) == math.exp(-1)
    True
    >>> concentration_bound(10, R=10.0) < 1e-5 * concentration_bound(10)
    True
    """
    return from_log("concentration_bound", log_concentration_bound(d, R))


def log_concentration_exact(d: int, R: float) -> float:
    r"""Logarithm of :func:`concentration_exact`, for the dimensions and norms where a float cannot hold the value itself.

    Book: ``prop-concentration-spectrum``. Error: absolute, 1e-11 + 4e-16 d (log d + log s).
    Raises: ValueError unless d ≥ 1 and 0 < R ≤ 1e6.

    >>> round(log_concentration_exact(10_000, 200 / math.pi) / 10_000, 4)
    -0.6227
    """
    d, R = integer("d", d, at_least=1), real("R", R, above=0, at_most=LARGEST_NORM)
    if R < LINEAR_BELOW:
        return 2 * math.log(R) - math.log(d)
    if d == 1:
        return math.log(second_moment(R))
    return _log_wave_eigenvalue(d, R, 1)


def concentration_exact(d: int, R: float) -> float:
    r"""The largest possible E_θ ⟨f, tri_θ⟩² over all f with ‖f‖ = 1, exactly: the largest eigenvalue λ_1 of the averaged square.

    .. math:: \lambda_1 = \sum_{k,l\ \mathrm{odd}} b_k b_l\, e^{-(k^2+l^2)s/2}\, \Gamma(\tfrac d2)
              \Bigl(\frac{2}{kls}\Bigr)^{d/2-1} I_{d/2}(kls), \qquad s = \frac{\pi^2R^2}{4}

    It belongs to degree 1, the largest of the spectrum. For d = 1, where θ = ±1, it is ‖tri_θ‖²; for R < 0.12 it is R²/d up to 1e-15.

    Book: ``prop-concentration-spectrum`` and ``lem-captured-energy``.
    Error: relative, 1e-10 for d ≤ 1000 (see :func:`log_concentration_exact` beyond).
    Raises: ValueError unless d ≥ 1 and 0 < R ≤ 1e6; ArithmeticError where the value underflows.

    >>> 0 < concentration_exact(5, 2.0) < concentration_bound(5)
    True
    >>> round(concentration_exact(4, 0.01) / 0.01**2, 12)
    0.25
    """
    return from_log("concentration_exact", log_concentration_exact(d, R))


def concentration_spectrum(d: int, R: float, max_degree: int) -> Float[np.ndarray, " n"]:
    r"""Logarithms of the wave's eigenvalues λ_1 > λ_3 > λ_5 > ... of odd degree n ≤ max_degree; those of even degree are zero.

    The formula is that of :func:`concentration_exact` with I_{n+d/2-1}; λ_n has multiplicity N(d, n).

    Book: ``prop-concentration-spectrum`` and ``prop-best-subspace``. Error: absolute, 1e-9.
    Raises: ValueError unless d ≥ 2, 0 < R ≤ 1e6 and max_degree ≥ 1; ArithmeticError where the double sum cancels (small R, high degree)
    so that this error cannot be had.

    >>> np.all(np.diff(concentration_spectrum(6, 2.0, 9)) < 0)
    np.True_
    """
    d, R = integer("d", d, at_least=2), real("R", R, above=0, at_most=LARGEST_NORM)
    degrees = range(1, integer("max_degree", max_degree, at_least=1) + 1, 2)
    return np.array([_log_wave_eigenvalue(d, R, n) for n in degrees])


def log_sine_eigenvalue(d: int, s: float, n: int) -> float:
    r"""Logarithm of :func:`sine_eigenvalue`; -inf for even n, where the eigenvalue is zero.

    Book: ``prop-concentration-spectrum``. Error: absolute, 1e-13 + 4e-16 (d + n) (log d + \|log s\|). Raises: as :func:`sine_eigenvalue`.

    >>> log_sine_eigenvalue(3, 2.0, 4)
    -inf
    """
    d, s = integer("d", d, at_least=1), real("s", s, above=0)
    n = integer("n", n, at_least=0, at_most=1 if d == 1 else math.inf)
    return float(_log_sine_eigenvalues(d, np.array([s]), n)[0]) if n % 2 else -math.inf


def sine_eigenvalue(d: int, s: float, n: int) -> float:
    r"""Degree-n eigenvalue of the averaged square E_θ ⟨f, sin(α⟨θ, ·⟩)⟩², with s = α²: of the zonal kernel e^{-s} sinh(st).

    .. math:: g_n(s) = e^{-s}\,\Gamma(\tfrac d2)(2/s)^{d/2-1} I_{n+d/2-1}(s) \quad (n \text{ odd}), \quad 0 \quad (n \text{ even})

    Book: ``prop-concentration-spectrum`` and ``prop-exact-rate``. Error: relative, 1e-12 for d + n ≤ 400.
    Raises: ValueError unless d ≥ 1, s > 0, n ≥ 0 (n ≤ 1 if d = 1: there are no other degrees); ArithmeticError where it underflows.

    >>> round(sine_eigenvalue(1, 2.0, 1), 12) == round(math.exp(-2) * math.sinh(2), 12)
    True
    """
    log_value = log_sine_eigenvalue(d, s, n)
    return 0.0 if log_value == -math.inf else from_log("sine_eigenvalue", log_value)


# --- two random waves: E_{θ,θ'} ⟨tri_θ, tri_θ'⟩²


def wave_kernel(R: float, t: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""κ(t) = ⟨tri_θ, tri_θ'⟩ for ⟨θ, θ'⟩ = t, elementwise in -1 ≤ t ≤ 1; the same in every dimension.

    .. math:: \kappa(t) = \sum_{k,l\ \mathrm{odd}} b_k b_l\, e^{-(k^2+l^2)s/2} \sinh(kls\,t)

    Book: ``cor-mean-square-correlation``. Error: relative, 1e-10 in double precision, where the value is above 1e-300; below, absolute.
    Raises: ValueError unless 0 < R ≤ 1e6 and -1 ≤ t ≤ 1.

    >>> np.round(wave_kernel(2.0, np.array([-1.0, 0.0, 1.0])), 6)
    array([-0.333333,  0.      ,  0.333333])
    """
    R = real("R", R, above=0, at_most=LARGEST_NORM)
    t = real_array("t", t, at_least=-1, at_most=1)
    xp = array_namespace(t)
    s = (math.pi * R / 2) ** 2
    return xp.where(t < 0, -1.0, 1.0) * xp.exp(-s * (1 - xp.abs(t))) * _kernel_series(R, xp.abs(t), 1 - xp.abs(t))


def log_mean_square_correlation(d: int, R: float) -> float:
    r"""Logarithm of :func:`mean_square_correlation`, for the dimensions and norms where a float cannot hold the value itself.

    Book: ``cor-mean-square-correlation``. Error: absolute, 1e-10. Raises: as :func:`mean_square_correlation`, but for underflow.

    >>> round(log_mean_square_correlation(1000, 0.05) - math.log(0.05**4 / 1000), 9)
    0.0
    """
    d, R = integer("d", d, at_least=1), real("R", R, above=0, at_most=LARGEST_NORM)
    if R < LINEAR_BELOW:
        return 4 * math.log(R) - math.log(d)
    if d == 1:
        return 2 * math.log(second_moment(R))
    density = math.log(2 / math.sqrt(math.pi)) + math.lgamma(d / 2) - math.lgamma((d - 1) / 2)
    return density + _log_mean_square(d, R)


def mean_square_correlation(d: int, R: float) -> float:
    r"""E_{θ,θ'} ⟨tri_θ, tri_θ'⟩² = E_t κ(t)² for independent uniform directions, exactly; it is Σ_n N(d, n) λ_n².

    .. math:: \frac{2\,\Gamma(d/2)}{\sqrt\pi\,\Gamma((d-1)/2)} \int_0^{\pi/2} \sin^{d-2}\!\varphi\;\kappa(\cos\varphi)^2\,d\varphi

    By quadrature in the angle φ, with the logarithm of the positive integrand; so a value of 1e-19 is as accurate as one of 0.1.

    Book: ``cor-mean-square-correlation``. Error: relative, 1e-10 (quadrature, halved until two results agree to 1e-12).
    Raises: ValueError unless d ≥ 1 and 0 < R ≤ 1e6; ArithmeticError where the value underflows.

    >>> 0 < mean_square_correlation(10, 2.1) < concentration_exact(10, 2.1) / 3
    True
    """
    return from_log("mean_square_correlation", log_mean_square_correlation(d, R))


# --- numerics


def smallest_norm(d: int) -> float:
    """2√d/π, the smallest R at which s = (πR/2)² reaches d."""
    return 2 * math.sqrt(d) / math.pi


def checked_norm(d: int, R: float | None) -> float:
    """R, or 2√d/π without it; a last-digit difference of the reader's 2√d/π from ours is no error."""
    smallest = smallest_norm(d)
    return smallest if R is None else max(smallest, real("R", R, at_least=smallest * (1 - 1e-12)))


@cache
def _debye_polynomials() -> list[Polynomial]:
    """w_0, ..., w_12 with u_k(p) = p^k w_k(p²): the polynomials of the uniform expansion of I_v (DLMF 10.41.9)."""
    p, u = Polynomial([0, 1.0]), [Polynomial([1.0])]
    for _ in range(12):
        u.append(p**2 * (1 - p**2) * u[-1].deriv() / 2 + ((1 - 5 * p**2) * u[-1]).integ() / 8)
    return [Polynomial(polynomial.coef[k::2]) for k, polynomial in enumerate(u)]


def _log_bessel(v: float, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """log(e^{-x} I_v(x)) for v ≥ 0, x > 0, to 1e-14 plus rounding: with q = √(v² + x²), the power series for q ≤ 40, else Debye's."""
    q = np.hypot(v, x)
    small = np.minimum(x, 40.0)
    term, series = np.ones_like(x), np.ones_like(x)
    for j in range(1, 81):  # ratios below (20/81)^2 at the end
        term = term * (small / 2) ** 2 / (j * (v + j))
        series = series + term
    power_series = v * np.log(x / 2) - gammaln(v + 1) - x + np.log(series)
    expansion = sum(w((v / q) ** 2) / q**k for k, w in enumerate(_debye_polynomials()))
    with np.errstate(invalid="ignore"):  # the expansion is not used where it has no meaning
        debye = v * (v / (q + x)) - v * np.arcsinh(v / x) - np.log(2 * np.pi * q) / 2 + np.log(expansion)
    return np.where(q <= 40, power_series, debye)


def _log_sine_eigenvalues(d: int, s: Float[np.ndarray, " n"], n: int) -> Float[np.ndarray, " n"]:
    """log g_n(s) for odd n, an array of s."""
    return math.lgamma(d / 2) + (d / 2 - 1) * np.log(2 / s) + _log_bessel(n + d / 2 - 1, s)


def _log_wave_eigenvalue(d: int, R: float, n: int) -> float:
    """log λ_n of the wave: harmonics k < K, doubled until those left out are below 1e-12 of λ_n, refused if rounding is not below 1e-10."""
    s, K = (math.pi * R / 2) ** 2, 16
    while K <= MOST_HARMONICS:
        log_value, log_sum_of_absolute_values = _log_double_sum(d, s, n, K)
        if _log_tail(d, s, K) < log_value + math.log(1e-12):
            break
        K *= 2
    if K > MOST_HARMONICS or log_sum_of_absolute_values > log_value + math.log(1e3):
        raise ArithmeticError(f"the eigenvalue of degree {n} for d = {d}, R = {R!r} is lost in cancellation: it is below 1e-3 of its terms")
    return log_value


def _log_double_sum(d: int, s: float, n: int, K: int) -> tuple[float, float]:
    """log of Σ_{k,l<K} b_k b_l e^{-(k-l)²s/2} g_n(kls), and of the sum of its terms' absolute values.

    Pairs further apart than a band, e^{-(k-l)²s/2} < e^{-40} g_n(s), are left out.
    """
    k, b = sine_coefficients(K)
    band = math.sqrt(2 * (40 - float(_log_sine_eigenvalues(d, np.array([s]), n)[0])) / s)
    logs, signs = [], []
    for j in range(0, 1 + min(len(k) - 1, math.ceil(band / 2))):
        low, high, twice = slice(0, len(k) - j), slice(j, len(k)), 1 if j == 0 else 2
        g = _log_sine_eigenvalues(d, k[low] * (k[high] * s), n)
        logs.append(g + np.log(twice * np.abs(b[low] * b[high])) - 2 * j * j * s)
        signs.append(np.sign(b[low] * b[high]))
    logs, signs = np.concatenate(logs), np.concatenate(signs)
    terms = np.exp(logs - np.max(logs))
    total = math.fsum(signs * terms)
    return (math.log(total) if total > 0 else -math.inf) + float(np.max(logs)), math.log(np.sum(terms)) + float(np.max(logs))


def _log_tail(d: int, s: float, K: int) -> float:
    """log of an upper bound on what the pairs with max(k, l) > K contribute to λ_n.

    By g_n(x) ≤ Γ(d/2) (2/x)^{(d-1)/2} / (2√π) for the pairs with k, l > K/2, by g_n ≤ 1/2 and (k-l)² ≥ K²/4 for the others.
    """
    band = math.log1p(math.sqrt(math.pi / (2 * s)))
    decay = math.lgamma(d / 2) - math.log(2 * math.sqrt(math.pi)) + (d - 1) / 2 * math.log(2 / s)
    near = 2 * math.log(8 / math.pi**2) + band + decay - (d + 2) * math.log(K / 2) - math.log(2 * (d + 2))
    return float(np.logaddexp(near, -K * K * s / 8))


def _kernel_series(R: float, t: Float[Array, "*s"], distance: Float[Array, "*s"]) -> Float[Array, "*s"]:
    """κ(t) e^{s(1-t)} for 0 ≤ t ≤ 1, ``distance`` = 1 - t: Σ b_k b_l e^{-(k-l)²s/2 - (kl-1)s(1-t)} (1 - e^{-2klst})/2, without overflow."""
    xp, s = array_namespace(t), (math.pi * R / 2) ** 2
    if R < LINEAR_BELOW:
        return R * R * t * xp.exp(s * distance)
    nearest = known(xp.min(distance), 0.0) if math.prod(t.shape) else 1.0
    K = min(8000, 2 + math.ceil(math.sqrt(1 + 45 / max(s * nearest, 1e-300))))  # beyond: e^{-45} of the first, or 1e-12
    k, b = sine_coefficients(K)
    total = xp.zeros_like(t)
    for j in range(0, 1 + min(len(k) - 1, math.ceil(math.sqrt(20 / s)))):  # l = k + 2j, beyond: e^{-40}
        for block in np.array_split(np.arange(len(k) - j), 1 + len(k) // 256):
            weight = (1 if j == 0 else 2) * math.exp(-2 * j * j * s) * b[block] * b[block + j]
            weight, kl = (converted(v, t) for v in (weight, s * k[block] * k[block + j]))
            decay = xp.exp(-(kl - s) * distance[..., None]) * -xp.expm1(-2 * kl * t[..., None]) / 2
            total = total + xp.sum(weight * decay, axis=-1)
    return total


def _log_kernel(R: float, t: Float[np.ndarray, " n"], distance: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """log κ(t) for 0 < t ≤ 1, ``distance`` = 1 - t, in chunks: cosines near to each other need about the same number of harmonics."""
    chunks = math.ceil(len(t) / 16)
    series = [_kernel_series(R, *chunk) for chunk in zip(np.array_split(t, chunks), np.array_split(distance, chunks), strict=True)]
    return np.log(np.concatenate(series)) - (math.pi * R / 2) ** 2 * distance


def _log_mean_square(d: int, R: float) -> float:
    """log ∫_0^{π/2} sin^{d-2} φ κ(cos φ)² dφ by the double-exponential rule, its step halved until two results agree to 1e-12.

    φ = (π/2) / (1 + e^{-π sinh y}). Nodes where the bound κ(t) ≤ e^{-s(1-t)}/2 makes the integrand negligible are left out.
    """
    s, previous, step = (math.pi * R / 2) ** 2, math.inf, 1 / 8
    for _ in range(9):
        y = np.arange(-4.0, 4.0 + step / 2, step)
        z = np.pi * np.sinh(y)
        angle, complement = np.pi / 2 * np.exp(log_expit(z)), np.pi / 2 * np.exp(log_expit(-z))
        weight = np.log(np.pi**2 / 2 * step * np.cosh(y)) + log_expit(z) + log_expit(-z) + (d - 2) * np.log(np.sin(angle))
        distance = 2 * np.sin(angle / 2) ** 2
        bound = weight - 2 * s * distance
        keep = bound > np.max(bound) - 80
        value = float(logsumexp(weight[keep] + 2 * _log_kernel(R, np.sin(complement[keep]), distance[keep])))
        if abs(value - previous) < 1e-12 * max(1.0, abs(value)):
            return value
        previous, step = value, step / 2
    raise ArithmeticError(f"the quadrature for d = {d}, R = {R!r} did not settle to 1e-12")
