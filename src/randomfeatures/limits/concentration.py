"""No fixed function correlates with a random wave: bounds, exact values, and the exact rate.

Throughout, x is standard Gaussian in R^d, θ uniform on the unit sphere, ‖f‖² = E f(x)², tri_θ(x) =
tri(R⟨θ, x⟩), s = (πR/2)², t = ⟨θ, θ'⟩. A number that a float cannot hold is refused with an
ArithmeticError; the function ``log_...`` of the same name gives its logarithm.
"""

import math

import numpy as np
from jaxtyping import Float
from scipy.special import gammaincc

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.foundations.bessel import log_bessel
from randomfeatures.foundations.logarithms import (
    from_log,
    lower_from_log,
    lower_sum,
    upper_from_log,
    upper_sum,
)
from randomfeatures.limits.anti_concentration import second_moment
from randomfeatures.limits.triangle_wave import sine_coefficients

LINEAR_BELOW = 0.12
"""For R below this number κ(t) = R²t and λ_1 = R²/d up to 1e-15.

Both κ(t)/t and d λ_1 lie between c_1² and ‖tri_θ‖², where c_1 = E z tri(Rz).
"""

LARGEST_NORM = 1e6
LARGEST_DIMENSION = 10**12  # up to it the norms 2√d/π are below the largest

MOST_HARMONICS = 2**15


# --- the norm of the wave


def smallest_norm(d: int) -> float:
    r"""The smallest R for which the limits promise e^{-d/2}: 2√d/π, where s = (πR/2)² reaches d.

    See: ``thm-concentration``. Error: relative, 4e-16. Raises: ValueError unless 1 ≤ d ≤ 1e12 is an
    integer.

    >>> round(smallest_norm(100), 4)
    6.3662
    """
    return 2 * math.sqrt(integer("d", d, at_least=1, at_most=LARGEST_DIMENSION)) / math.pi


def checked_norm(d: int, R: float | None = None) -> float:
    """R as a float, :func:`smallest_norm` without it; refused if it is smaller than that.

    A reader's own 2√d/π may differ from ours in the last digits; it is taken for ours.

    Raises: ValueError unless R ≥ 2√d/π (1 - 1e-12) is finite, or as :func:`smallest_norm`.

    >>> checked_norm(4), checked_norm(4, 2)
    (1.2732395447351628, 2.0)
    """
    smallest = smallest_norm(d)
    return smallest if R is None else max(smallest, real("R", R, at_least=smallest * (1 - 1e-12)))


# --- concentration: the averaged square E_θ ⟨f, tri_θ⟩²


def log_concentration_bound(d: int, R: float | None = None) -> float:
    r"""Logarithm of :func:`concentration_bound`, an upper bound; the same arguments, no underflow.

    Book: ``thm-concentration-any-norm``. Error: rounded up, by at most 2e-15 of the terms.
    Raises: ValueError as :func:`concentration_bound`.

    >>> log_concentration_bound(10_000)
    -5000.0
    """
    smallest = smallest_norm(d)
    if R is None or d < 3:
        checked_norm(d, R)
        return -d / 2
    R = real("R", R, above=0)
    any_norm = upper_sum(-d / 2, (d - 1) * math.log(smallest), -(d - 1) * math.log(R))
    return min(any_norm, -d / 2 if smallest <= R else 0.0)


def concentration_bound(d: int, R: float | None = None) -> float:
    r"""Upper bound on E_θ ⟨f, tri_θ⟩², the averaged square, for every fixed f with ‖f‖ = 1.

    .. math:: \mathbb E_\theta\langle f,\operatorname{tri}_\theta\rangle^2
              \le e^{-d/2} \quad\Bigl(R\ge\tfrac{2\sqrt d}{\pi}\Bigr),\qquad
              \le e^{-d/2}\Bigl(\frac{2\sqrt d}{\pi R}\Bigr)^{d-1} \quad (d\ge3,\ \text{every } R)

    Without ``R``: the first, which holds for every R ≥ 2√d/π. With ``R``: the smallest of those
    that apply and, since \|tri\| ≤ 1, of 1.

    Book: ``thm-concentration``, ``thm-concentration-any-norm`` and ``lem-captured-energy``.
    Source: sharpens Yehudai and Shamir (2019), Section 4. Error: rounded up, by at most a relative
    2e-12.
    Raises: ValueError unless 1 ≤ d ≤ 1e12, and R > 0 (d ≥ 3) or R ≥ 2√d/π (d < 3); ArithmeticError
    where the value underflows.

    >>> round(concentration_bound(2) * math.e, 12)
    1.0
    >>> concentration_bound(10, R=10.0) < 1e-5 * concentration_bound(10)
    True
    """
    return upper_from_log("concentration_bound", log_concentration_bound(d, R))


def log_shamir_bound(d: int, R: float) -> float:
    r"""Logarithm of an earlier bound on the averaged square, for comparison.

    .. math:: 10\Bigl(e^{-d/20}+\sum_{n\ge1}\sqrt{\mathbb P(\chi_d\ge n\alpha)}\Bigr),
              \qquad \alpha = \tfrac{\pi R}2

    See: ``thm-concentration``. Source: Shamir (2018), Lemma 17, for every function of period 1
    bounded by 1, here tri(4⟨w, x⟩) with ‖w‖ = R/4. Error: absolute, 1e-10.
    Raises: ValueError unless 40 ≤ d ≤ 4000 and 0.1 ≤ R ≤ 1e6.

    >>> round(log_shamir_bound(100, 100.0) - math.log(10), 9)
    -5.0
    """
    d = integer("d", d, at_least=40, at_most=4000)
    alpha = math.pi * real("R", R, at_least=0.1, at_most=LARGEST_NORM) / 2
    count = math.ceil((2 * math.sqrt(d) + 12) / alpha)  # the roots beyond are below e^{-d/3 - 30}
    tails = gammaincc(d / 2, (alpha * np.arange(1, count + 1)) ** 2 / 2)
    return math.log(10) + math.log(math.exp(-d / 20) + float(np.sum(np.sqrt(tails))))


def log_concentration_exact(d: int, R: float) -> float:
    r"""Logarithm of :func:`concentration_exact`; the same arguments, no underflow.

    Book: ``prop-concentration-spectrum``. Error: absolute, 1e-11 + 4e-16 d (log d + log s).
    Raises: ValueError unless 1 ≤ d ≤ 1e12 and 0 < R ≤ 1e6.

    >>> round(log_concentration_exact(10_000, 200 / math.pi) / 10_000, 4)
    -0.6227
    """
    d = integer("d", d, at_least=1, at_most=LARGEST_DIMENSION)
    R = real("R", R, above=0, at_most=LARGEST_NORM)
    if R < LINEAR_BELOW:
        return 2 * math.log(R) - math.log(d)
    return math.log(second_moment(R)) if d == 1 else log_wave_eigenvalue(d, R, 1)


def concentration_exact(d: int, R: float) -> float:
    r"""The largest E_θ ⟨f, tri_θ⟩² over all f with ‖f‖ = 1, exactly: the eigenvalue λ_1.

    .. math:: \lambda_1 = \sum_{k,l\ \mathrm{odd}} b_k b_l\, e^{-(k^2+l^2)s/2}\, \Gamma(\tfrac d2)
              \Bigl(\frac{2}{kls}\Bigr)^{d/2-1} I_{d/2}(kls), \qquad s = \frac{\pi^2R^2}{4}

    It belongs to degree 1, the largest of the spectrum. For d = 1, where θ = ±1, it is ‖tri_θ‖²;
    for R < 0.12 it is R²/d up to 1e-15.

    Book: ``prop-concentration-spectrum`` and ``lem-captured-energy``. Error: relative, 1e-10 for d
    ≤ 1000 (see :func:`log_concentration_exact` beyond).
    Raises: ValueError unless 1 ≤ d ≤ 1e12 and 0 < R ≤ 1e6; ArithmeticError where the value
    underflows.

    >>> 0 < concentration_exact(5, 2.0) < concentration_bound(5)
    True
    >>> round(concentration_exact(4, 0.01) / 0.01**2, 12)
    0.25
    """
    return from_log("concentration_exact", log_concentration_exact(d, R))


# --- the spectrum of the averaged square


def log_wave_eigenvalue(d: int, R: float, n: int) -> float:
    r"""Logarithm of the wave's eigenvalue λ_n of odd degree n; its multiplicity is N(d, n).

    The formula is that of :func:`concentration_exact` with I_{n+d/2-1}. Harmonics k < K are summed,
    K doubled until those left out are below 1e-12 of λ_n.

    Book: ``prop-concentration-spectrum``. Error: absolute, 1e-9.
    Raises: ValueError unless 2 ≤ d ≤ 1e12, 0 < R ≤ 1e6 and n ≥ 1 is odd; ArithmeticError where the
    double sum cancels (small R, high degree), so that this error cannot be had.

    >>> first, third = (log_wave_eigenvalue(6, 2.0, n) for n in (1, 3))
    >>> third < first == log_concentration_exact(6, 2.0)
    True
    """
    d = integer("d", d, at_least=2, at_most=LARGEST_DIMENSION)
    R = real("R", R, above=0, at_most=LARGEST_NORM)
    if integer("n", n, at_least=1, at_most=LARGEST_DIMENSION) % 2 == 0:
        raise ValueError(f"n must be odd, got {n!r}: the eigenvalues of even degree are zero")
    if R < LINEAR_BELOW and n == 1:
        return 2 * math.log(R) - math.log(d)
    log_value = -math.inf if R < LINEAR_BELOW else _log_settled_sum(d, (math.pi * R / 2) ** 2, n)
    if log_value == -math.inf:
        message = f"the eigenvalue of degree {n} for d = {d}, R = {R!r} is lost in cancellation"
        raise ArithmeticError(f"{message}: it is below 1e-3 of its terms")
    return log_value


def concentration_spectrum(d: int, R: float, max_degree: int) -> Float[np.ndarray, " n"]:
    r"""Logarithms of the wave's eigenvalues λ_1 > λ_3 > λ_5 > ... of odd degree n ≤ max_degree.

    Those of even degree are zero; λ_n has multiplicity N(d, n).

    Book: ``prop-concentration-spectrum`` and ``prop-best-subspace``. Error: absolute, 1e-9.
    Raises: ValueError unless max_degree ≥ 1, and as :func:`log_wave_eigenvalue`.

    >>> np.all(np.diff(concentration_spectrum(6, 2.0, 9)) < 0)
    np.True_
    """
    max_degree = integer("max_degree", max_degree, at_least=1, at_most=LARGEST_DIMENSION)
    return np.array([log_wave_eigenvalue(d, R, n) for n in range(1, max_degree + 1, 2)])


def log_sine_eigenvalue(d: int, s: float, n: int) -> float:
    r"""Logarithm of :func:`sine_eigenvalue`; -inf for even n, where the eigenvalue is zero.

    Book: ``prop-concentration-spectrum``. Error: absolute, 1e-13 + 4e-16 (d + n) (log d + \|log
    s\|).
    Raises: ValueError as :func:`sine_eigenvalue`.

    >>> log_sine_eigenvalue(3, 2.0, 4)
    -inf
    """
    d = integer("d", d, at_least=1, at_most=LARGEST_DIMENSION)
    s = real("s", s, above=0, at_most=1e300)
    n = integer("n", n, at_least=0, at_most=1 if d == 1 else LARGEST_DIMENSION)
    return float(_log_sine_eigenvalues(d, np.array([s]), n)[0]) if n % 2 else -math.inf


def sine_eigenvalue(d: int, s: float, n: int) -> float:
    r"""Degree-n eigenvalue of E_θ ⟨f, sin(α⟨θ, ·⟩)⟩², the averaged square of one sine, s = α².

    It is that of the zonal kernel e^{-s} sinh(st).

    .. math:: g_n(s) = e^{-s}\,\Gamma(\tfrac d2)(2/s)^{d/2-1} I_{n+d/2-1}(s) \quad (n \text{ odd}),
              \qquad 0 \quad (n \text{ even})

    Book: ``prop-concentration-spectrum`` and ``prop-exact-rate``. Error: relative, 1e-12 for d + n
    ≤ 400.
    Raises: ValueError unless 1 ≤ d ≤ 1e12, 0 < s ≤ 1e300, n ≥ 0 (n ≤ 1 if d = 1: there are no other
    degrees); ArithmeticError where it underflows.

    >>> round(sine_eigenvalue(1, 2.0, 1), 12) == round(math.exp(-2) * math.sinh(2), 12)
    True
    """
    log_value = log_sine_eigenvalue(d, s, n)
    return 0.0 if log_value == -math.inf else from_log("sine_eigenvalue", log_value)


# --- the exact rate


def concentration_rate(sigma: float = 1.0) -> float:
    r"""The exponent of the averaged square at s = σd, per dimension; ω at σ = 1.

    .. math:: r(\sigma) = \min_{0\le t<1}\ \sigma(1-t) - \tfrac12\log(1-t^2),\qquad
              \omega = 1-\varphi-\tfrac12\log\varphi,\quad \varphi=\tfrac{\sqrt5-1}2

    The minimum is at t = 2σ/(1 + √(1 + 4σ²)), where 1 - t² = t/σ; at σ = 1 this is φ.

    Book: ``prop-exact-rate``. Error: relative, 1e-15. Raises: ValueError unless 0 < σ ≤ 1e300.

    >>> round(concentration_rate(), 6)
    0.622572
    """
    sigma = real("sigma", sigma, above=0, at_most=1e300)
    root = math.hypot(1.0, 2 * sigma)
    t = 2 * sigma / (1 + root)
    distance = (1 + 1 / (root + 2 * sigma)) / (1 + root)  # 1 - t, without cancellation
    return sigma * distance + math.log1p(sigma * t) / 2


def log_exact_rate_bounds(d: int) -> tuple[float, float]:
    r"""Logarithms of :func:`exact_rate_bounds`; no underflow.

    Book: ``prop-exact-rate``. Error: rounded outwards, by at most 2e-15 of the terms.
    Raises: ValueError unless 3 ≤ d ≤ 1e12.

    >>> lower, upper = log_exact_rate_bounds(10_000)
    >>> lower < log_concentration_exact(10_000, smallest_norm(10_000)) < upper
    True
    """
    d = integer("d", d, at_least=3, at_most=LARGEST_DIMENSION)
    rate = d * concentration_rate()
    return lower_sum(math.log(0.439), -rate), upper_sum(math.log(0.441), -rate, 1 / (3 * d))


def exact_rate_bounds(d: int) -> tuple[float, float]:
    r"""A lower and an upper bound on λ_1 at R = 2√d/π: 0.439 e^{-ωd} and 0.441 e^{-ωd + 1/(3d)}.

    Here ω = 0.6226 is :func:`concentration_rate` at 1.

    Book: ``prop-exact-rate``. Error: rounded outwards, by at most a relative 3e-12.
    Raises: ValueError unless 3 ≤ d ≤ 1e12; ArithmeticError where a value underflows.

    >>> lower, upper = exact_rate_bounds(10)
    >>> lower < concentration_exact(10, smallest_norm(10)) < upper
    True
    """
    lower, upper = log_exact_rate_bounds(d)
    return lower_from_log("exact_rate_bounds", lower), upper_from_log("exact_rate_bounds", upper)


def log_first_sine_bounds(d: int, R: float) -> tuple[float, float]:
    r"""Logarithms of a lower and an upper bound on λ_1 by g_1(s), s = (πR/2)².

    They compare the wave with its first sine.

    .. math:: \Bigl(\frac{64}{\pi^4} - \frac16 e^{-2s}\Bigr)\,g_1(s) \ \le\ \lambda_1 \ \le\
              \Bigl(\frac23 + \frac13 e^{-8s}\Bigr)\,g_1(s)

    Book: ``prop-exact-rate``. Error: absolute, that of :func:`log_sine_eigenvalue`.
    Raises: ValueError unless 2 ≤ d ≤ 1e12 and R² ≥ 4d/(π²(d - 1)) is finite.

    >>> lower, upper = log_first_sine_bounds(6, 2.0)
    >>> lower < log_concentration_exact(6, 2.0) < upper
    True
    """
    d = integer("d", d, at_least=2, at_most=LARGEST_DIMENSION)
    least = 2 / math.pi * math.sqrt(d / (d - 1))
    R = real("R", R, at_least=least * (1 - 1e-12), at_most=LARGEST_NORM)
    s = (math.pi * R / 2) ** 2
    log_sine = log_sine_eigenvalue(d, s, 1)
    lower = math.log(64 / math.pi**4 - math.exp(-2 * s) / 6)
    return lower + log_sine, math.log(2 / 3 + math.exp(-8 * s) / 3) + log_sine


# --- numerics


def _log_sine_eigenvalues(d: int, s: Float[np.ndarray, " n"], n: int) -> Float[np.ndarray, " n"]:
    """log g_n(s) for odd n, an array of s."""
    power = (d / 2 - 1) * (math.log(2) - np.log(s))
    return math.lgamma(d / 2) + power + log_bessel(n + d / 2 - 1, s)


def _log_settled_sum(d: int, s: float, n: int) -> float:
    """log λ_n from the harmonics k < K, K doubled until the others are below 1e-12 of it.

    -inf if rounding is not below 1e-10.
    """
    K = 16
    while K <= MOST_HARMONICS:
        log_value, log_size = _log_double_sum(d, s, n, K)
        if _log_tail(d, s, K) < log_value + math.log(1e-12):
            return log_value if log_size < log_value + math.log(1e3) else -math.inf
        K *= 2
    return -math.inf


def _log_double_sum(d: int, s: float, n: int, K: int) -> tuple[float, float]:
    """log of Σ_{k,l<K} b_k b_l e^{-(k-l)²s/2} g_n(kls), and of its terms' absolute values.

    Pairs further apart than a band, e^{-(k-l)²s/2} < e^{-40} g_n(s), are left out.
    """
    k, b = sine_coefficients(K)
    band = math.sqrt(2 * (40 - float(_log_sine_eigenvalues(d, np.array([s]), n)[0])) / s)
    logs, signs = [], []
    for j in range(0, 1 + min(len(k) - 1, math.ceil(band / 2))):  # l = k + 2j
        low, high = slice(0, len(k) - j), slice(j, len(k))
        b_pairs = b[low] * b[high] if j == 0 else 2 * b[low] * b[high]
        g = _log_sine_eigenvalues(d, k[low] * (k[high] * s), n)
        logs.append(g + np.log(np.abs(b_pairs)) - 2 * j * j * s)
        signs.append(np.sign(b_pairs))
    all_logs = np.concatenate(logs)
    largest = float(np.max(all_logs))
    terms = np.exp(all_logs - largest)
    total = math.fsum(np.concatenate(signs) * terms)
    log_total = math.log(total) if total > 0 else -math.inf
    return log_total + largest, math.log(np.sum(terms)) + largest


def _log_tail(d: int, s: float, K: int) -> float:
    """log of an upper bound on what the pairs with max(k, l) > K contribute to λ_n.

    By g_n(x) ≤ Γ(d/2) (2/x)^{(d-1)/2} / (2√π) for the pairs with k, l > K/2, by g_n ≤ 1/2 and
    (k-l)² ≥ K²/4 for the others.
    """
    band = math.log1p(math.sqrt(math.pi / (2 * s)))
    decay = math.lgamma(d / 2) - math.log(2 * math.sqrt(math.pi)) + (d - 1) / 2 * math.log(2 / s)
    b_1 = math.log(8 / math.pi**2)
    near = 2 * b_1 + band + decay - (d + 2) * math.log(K / 2) - math.log(2 * (d + 2))
    return float(np.logaddexp(near, -K * K * s / 8))
