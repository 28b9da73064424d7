"""The limits of random features as functions: exact values and bounds, each saying which side it bounds.

Throughout, x is standard Gaussian in R^d, θ uniform on the unit sphere, ‖f‖² = E f(x)², tri_θ(x) = tri(R⟨θ, x⟩), s = (πR/2)², t = ⟨θ, θ'⟩.
A number that a float cannot hold is refused with an ArithmeticError; the function ``log_...`` of the same name gives its logarithm.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Float
from numpy.polynomial import Polynomial
from scipy.special import gammaln, log_expit, logsumexp

from randomfeatures.arguments import Array, finite_array, integer, real
from randomfeatures.neuron_limits import (
    almost_every_direction_bound,
    features_needed,
    log_optimal_error,
    neuron_spectrum,
    optimal_error,
    optimal_error_certified,
    tail_constant,
    tail_constant_lower_bound,
)
from randomfeatures.triangle_wave import second_moment, sine_coefficients

__all__ = [
    "HardNeurons",
    "almost_every_direction_bound",
    "coefficient_bound",
    "concentration_bound",
    "concentration_exact",
    "concentration_spectrum",
    "features_needed",
    "hard_neurons",
    "log_coefficient_bound",
    "log_concentration_bound",
    "log_concentration_exact",
    "log_mean_square_correlation",
    "log_optimal_error",
    "log_sine_eigenvalue",
    "log_width_bound",
    "mean_square_correlation",
    "neuron_spectrum",
    "optimal_error",
    "optimal_error_certified",
    "sine_eigenvalue",
    "tail_constant",
    "tail_constant_lower_bound",
    "truncation_bound",
    "wave_kernel",
    "width_bound",
]

LINEAR_BELOW = 0.12
"""For R below this number κ(t) = R²t and λ_1 = R²/d up to 1e-15: κ(t)/t and d λ_1 lie between c_1² and ‖tri_θ‖², c_1 = E z tri(Rz)."""

MOST_HARMONICS = 2**15
LARGEST_NORM = 1e6


# --- concentration: the averaged square E_θ ⟨f, tri_θ⟩² ------------------------------------------------------------------------------


def log_concentration_bound(d: int, R: float | None = None) -> float:
    r"""Logarithm of :func:`concentration_bound`, an upper bound; the same arguments and errors, no underflow.

    Book: ``thm-concentration-any-norm``. Error: relative, 1e-15 of the terms. Raises: ValueError as :func:`concentration_bound`.

    >>> log_concentration_bound(10_000)
    -5000.0
    """
    d = integer("d", d, at_least=1)
    if R is None:
        return -d / 2
    smallest = _smallest_norm(d)
    R = real("R", R, above=0) if d >= 3 else real("R", R, at_least=smallest * (1 - 1e-12))
    if d < 3:
        return -d / 2
    return min(0.0, -d / 2 + (d - 1) * math.log(smallest / R))


def concentration_bound(d: int, R: float | None = None) -> float:
    r"""Upper bound on E_θ ⟨f, tri_θ⟩² for every fixed f with ‖f‖ = 1: no fixed function correlates with a random wave.

    .. math:: \mathbb E_\theta\langle f,\operatorname{tri}_\theta\rangle^2 \le e^{-d/2} \quad\Bigl(R\ge\tfrac{2\sqrt d}{\pi}\Bigr),\qquad
              \le e^{-d/2}\Bigl(\frac{2\sqrt d}{\pi R}\Bigr)^{d-1} \quad (d\ge3,\ \text{every } R)

    Without ``R``: the first, which holds for every R ≥ 2√d/π. With ``R``: the smallest of those that apply and, since \|tri\| ≤ 1, of 1.

    Book: ``thm-concentration``. Source: sharpens Yehudai and Shamir (2019), Section 4. Error: relative, 1e-13.
    Raises: ValueError unless d ≥ 1, and R > 0 (d ≥ 3) or R ≥ 2√d/π (d < 3); ArithmeticError where the value underflows.

    >>> concentration_bound(2) == math.exp(-1)
    True
    >>> concentration_bound(10, R=10.0) < 1e-5 * concentration_bound(10)
    True
    """
    return _float("concentration_bound", log_concentration_bound(d, R))


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

    Book: ``prop-concentration-spectrum``. Error: relative, 1e-10 for d ≤ 1000 (see :func:`log_concentration_exact` beyond).
    Raises: ValueError unless d ≥ 1 and 0 < R ≤ 1e6; ArithmeticError where the value underflows.

    >>> 0 < concentration_exact(5, 2.0) < concentration_bound(5)
    True
    >>> round(concentration_exact(4, 0.01) / 0.01**2, 12)
    0.25
    """
    return _float("concentration_exact", log_concentration_exact(d, R))


def concentration_spectrum(d: int, R: float, max_degree: int) -> Float[np.ndarray, " n"]:
    r"""Logarithms of the wave's eigenvalues λ_1 > λ_3 > λ_5 > ... of odd degree n ≤ max_degree; those of even degree are zero.

    The formula is that of :func:`concentration_exact` with I_{n+d/2-1}; λ_n has multiplicity N(d, n).

    Book: ``prop-concentration-spectrum``. Error: absolute, 1e-9.
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

    Book: ``prop-concentration-spectrum``. Error: relative, 1e-12 for d + n ≤ 400.
    Raises: ValueError unless d ≥ 1, s > 0, n ≥ 0 (n ≤ 1 if d = 1: there are no other degrees); ArithmeticError where it underflows.

    >>> round(sine_eigenvalue(1, 2.0, 1), 12) == round(math.exp(-2) * math.sinh(2), 12)
    True
    """
    log_value = log_sine_eigenvalue(d, s, n)
    return 0.0 if log_value == -math.inf else _float("sine_eigenvalue", log_value)


# --- two random waves: E_{θ,θ'} ⟨tri_θ, tri_θ'⟩² -------------------------------------------------------------------------------------


def wave_kernel(R: float, t: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""κ(t) = ⟨tri_θ, tri_θ'⟩ for ⟨θ, θ'⟩ = t, elementwise in -1 ≤ t ≤ 1; the same in every dimension.

    .. math:: \kappa(t) = \sum_{k,l\ \mathrm{odd}} b_k b_l\, e^{-(k^2+l^2)s/2} \sinh(kls\,t)

    Book: ``cor-mean-square-correlation``. Error: relative, 1e-10 in double precision, where the value is above 1e-300; below, absolute.
    Raises: ValueError unless 0 < R ≤ 1e6 and -1 ≤ t ≤ 1.

    >>> np.round(wave_kernel(2.0, np.array([-1.0, 0.0, 1.0])), 6)
    array([-0.333333,  0.      ,  0.333333])
    """
    R = real("R", R, above=0, at_most=LARGEST_NORM)
    xp = array_namespace(finite_array("t", t, at_least=-1, at_most=1))
    s = (math.pi * R / 2) ** 2
    return xp.sign(t) * xp.exp(-s * (1 - xp.abs(t))) * _kernel_series(R, xp.abs(t), 1 - xp.abs(t))


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
    return _float("mean_square_correlation", log_mean_square_correlation(d, R))


# --- the limits -------------------------------------------------------------------------------------------------------------------


def truncation_bound(a: int, R: float) -> float:
    r"""Upper bound on ‖tri_θ - ψ_a(R⟨θ, ·⟩)‖, the error of the wave as a sum of a + 1 neurons: 2 exp(-a²/(4R²)).

    Book: ``lem-truncation``. Error: relative, 1e-13; a value below 1e-307 is rounded up to it, so it remains an upper bound.
    Raises: ValueError unless a ≥ 1 is an integer with a ≡ 1 mod 4 and R > 0.

    >>> truncation_bound(5, 1.0) == 2 * math.exp(-6.25)
    True
    """
    a, R = integer("a", a, at_least=1), real("R", R, above=0)
    if a % 4 != 1:
        raise ValueError(f"a must be an integer >= 1 with a % 4 == 1, got {a!r}")
    ratio = min(a / R, 60.0)
    return max(1e-307, 2 * math.exp(-(ratio**2) / 4))


class HardNeurons(NamedTuple):
    """The a + 1 neurons [⟨w, x⟩ + b]_+ with w = scale R θ, one b for each of ``biases``; ``norm`` is ‖w‖ = scale R."""

    R: float
    a: int
    scale: float
    norm: float
    biases: Float[np.ndarray, " n"]


def hard_neurons(d: int, error: float, R: float | None = None) -> HardNeurons:
    r"""The target neurons of the limits: in a direction θ, one of the a + 1 biases makes [⟨w, x⟩ + b]_+ hard to reach within ``error``.

    .. math:: a = \min\{a\ge5R: a\equiv1\bmod4\},\quad \mathrm{scale} = 8a\sqrt\varepsilon,\quad \|w\| = 8aR\sqrt\varepsilon,\quad
              b\in\mathrm{scale}\cdot\{a, a-2, \dots, -a\}

    Without ``R``: R = 2√d/π, the smallest that the limits allow. ``error`` is the mean squared error ε.

    Book: ``thm-bounded-coefficients``. Error: relative, 1e-15.
    Raises: ValueError unless d ≥ 3, error > 0 and R ≥ 2√d/π.

    >>> family = hard_neurons(100, 1 / 50)
    >>> family.a, round(family.norm, 1), len(family.biases)
    (33, 237.7, 34)
    """
    d, error = integer("d", d, at_least=3), real("error", error, above=0)
    R = _norm(d, R)
    a = 4 * math.ceil((5 * R - 1) / 4) + 1
    scale = 8 * a * math.sqrt(error)
    return HardNeurons(R, a, scale, scale * R, scale * np.arange(a, -a - 1, -2))


def log_coefficient_bound(d: int, error: float, feature_norm: float, R: float | None = None) -> float:
    r"""Logarithm of :func:`coefficient_bound`, a lower bound; the same arguments, no overflow.

    Book: ``thm-bounded-coefficients``. Error: relative, 1e-15 of the terms. Raises: ValueError as :func:`coefficient_bound`.

    >>> round(log_coefficient_bound(4000, 1.0, 1.0), 6) == round(1000 + math.log(0.7), 6)
    True
    """
    d = integer("d", d, at_least=3)
    error, feature_norm = real("error", error, above=0), real("feature_norm", feature_norm, above=0)
    rate = -log_concentration_bound(d, _norm(d, R)) / 2
    return math.log(0.7) + 0.5 * math.log(error) + rate - math.log(feature_norm)


def coefficient_bound(d: int, error: float, feature_norm: float, R: float | None = None) -> float:
    r"""Lower bound on √r ‖u‖₂, hence on r max\|u_i\|, for any r features of norm ≤ F that reach error ≤ ε on a hard neuron.

    .. math:: \sqrt r\,\|u\|_2 \ \ge\ 0.7\,\frac{\sqrt\varepsilon}{F}\, e^{d/4} \Bigl(\frac{\pi R}{2\sqrt d}\Bigr)^{(d-1)/2}

    The hard neurons are those of :func:`hard_neurons` with the same ``d``, ``error`` and ``R``. For some direction, which depends on the
    features only, one of its biases has this property: every u_0 + Σ u_i f_i with error ≤ ε obeys the bound (the constant u_0 is free).
    Without ``R``: R = 2√d/π, where the last factor is 1. ``feature_norm`` is F, ``error`` the mean squared error ε.

    Book: ``thm-bounded-coefficients`` and ``cor-paper-norm``.
    Source: sharpens Yehudai and Shamir (2019), Theorem 4.2. Error: relative, 1e-12.
    Raises: ValueError unless d ≥ 3, error > 0, feature_norm > 0 and R ≥ 2√d/π; ArithmeticError where the value overflows.

    >>> round(coefficient_bound(40, 0.01, 1.0), 3) == round(0.07 * math.exp(10), 3)
    True
    """
    return _float("coefficient_bound", log_coefficient_bound(d, error, feature_norm, R))


def log_width_bound(d: int) -> float:
    r"""Logarithm of :func:`width_bound`, a lower bound: d/2 - log 4.

    Book: ``thm-any-coefficients``. Error: relative, 1e-15. Raises: ValueError unless d ≥ 3 is an integer.

    >>> log_width_bound(3000) == 1500 - math.log(4)
    True
    """
    return integer("d", d, at_least=3) / 2 - math.log(4)


def width_bound(d: int) -> float:
    r"""Lower bound on the number r of features, whatever their coefficients, that reach every hard neuron of every direction: e^{d/2}/4.

    With fewer, for some direction one of the neurons of :func:`hard_neurons` (R = 2√d/π) is at squared distance > ε from the span of
    the features and the constant.

    Book: ``thm-any-coefficients``. Error: relative, 1e-13.
    Raises: ValueError unless d ≥ 3 is an integer; ArithmeticError where the value overflows.

    >>> round(width_bound(20), 3) == round(math.exp(10) / 4, 3)
    True
    """
    return _float("width_bound", log_width_bound(d))


# --- numerics ---------------------------------------------------------------------------------------------------------------------


def _smallest_norm(d: int) -> float:
    """2√d/π, the smallest R at which s = (πR/2)² reaches d."""
    return 2 * math.sqrt(d) / math.pi


def _norm(d: int, R: float | None) -> float:
    """R, or 2√d/π without it; a last-digit difference of the reader's 2√d/π from ours is no error."""
    smallest = _smallest_norm(d)
    return smallest if R is None else max(smallest, real("R", R, at_least=smallest * (1 - 1e-12)))


def _float(name: str, log_value: float) -> float:
    """exp(log_value), refused where a float does not hold it to ten digits: 5e-314 has 1e10 units in its last place."""
    if not -720.7 < log_value < 709.7:
        raise ArithmeticError(f"{name} = exp({log_value:.10g}) is out of the range of a float; use log_{name}")
    return math.exp(log_value)


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
    nearest = float(xp.min(distance)) if math.prod(t.shape) else 1.0
    K = min(8000, 2 + math.ceil(math.sqrt(1 + 45 / max(s * nearest, 1e-300))))  # beyond: e^{-45} of the first, or 1e-12
    k, b = sine_coefficients(K)
    total = xp.zeros_like(t)
    for j in range(0, 1 + min(len(k) - 1, math.ceil(math.sqrt(20 / s)))):  # l = k + 2j, beyond: e^{-40}
        for block in np.array_split(np.arange(len(k) - j), 1 + len(k) // 256):
            weight = (1 if j == 0 else 2) * math.exp(-2 * j * j * s) * b[block] * b[block + j]
            weight, kl = (xp.asarray(v, dtype=t.dtype, device=device(t)) for v in (weight, s * k[block] * k[block + j]))
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
