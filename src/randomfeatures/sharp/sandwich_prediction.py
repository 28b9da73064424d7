r"""The error of random ReLU features by a self-consistent equation: a prediction, not a bound.

The target is the neuron x -> [⟨θ, x⟩]_+ with a unit vector θ in R^d, x standard Gaussian, and the
features are [⟨w_i, x⟩]_+ with independent weights of uniform direction, r of them, with the best
coefficients. λ_k, of multiplicity N(d, k), is the spectrum of one neuron, s_k = N(d, k) λ_k, and
τ_K the energy beyond degree K (``randomfeatures.sharp.optimum_tail``). The predicted error is

.. math:: e = \sum_k N(d,k)\,\frac{\lambda_k\nu}{\lambda_k+\nu}, \qquad \nu = \frac er,
          \qquad\text{that is}\qquad \sum_k N(d,k)\,\frac{\lambda_k}{\lambda_k+\nu} = r.

Every sum is known in closed form but for the degrees near the one where λ_k = ν: those far below
count fully, and N(d, 2) + ... + N(d, K) is a binomial coefficient; those far above count as s_k/ν,
and τ_K is one number and a fast series. So no degree is too high, and no number too large or small:
all are logarithms.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import gammaln

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.foundations.balls import SMALLEST

LARGEST_DIMENSION = 10**300
"""The highest dimension: it has to be a float."""

LARGEST_LOGARITHM = 10**9
"""The largest logarithm of r, and of 1/ε: beyond it the error of logarithms in floats shows."""

LAST = 600.0
"""Beyond k = 2 exp(LAST), near 1e261, N(d, k) and λ_k are powers of k, for d is at most 10^7 there
as long as log r is not above its largest value."""

SMOOTH = 100
"""Above the degree SMOOTH (d + 2), and 500, the sum over the degrees near it is an integral."""

FAR = 40.0
"""Degrees whose log(λ_k/ν) is above this count fully, those below -FAR as s_k/ν."""

PANELS = (0.0, 5.0, 15.0, 45.0)
NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
"""The rule of the integral, in logarithms of λ_k/ν."""

TOO_MANY = f"the logarithm of the predicted width is above {LARGEST_LOGARITHM}"

Numbers = Float[np.ndarray, " n"]


def predicted_error(d: int, r: int) -> float:
    r"""The error of r random ReLU features by a heuristic, which is not proved.

    .. math:: e = \sum_k N(d,k)\,\frac{\lambda_k\nu}{\lambda_k+\nu}, \qquad \nu = \frac er

    The noise of one feature is what the others leave of it. The budget D_k of
    :func:`~randomfeatures.sharp.sandwich_budget.budget` is then N(d,k) λ_k / (λ_k + ν).

    See: ``eq-self-consistent``. Error: relative, 1e-12 (1 + log r), as a solution of the equation.
    As a prediction see :func:`log_predicted_error`.
    Raises: ValueError unless 2 ≤ d ≤ 10^300 and r ≥ 1; ArithmeticError where the error is below the
    smallest normal float.

    >>> round(predicted_error(20, 800), 5)
    0.01276
    """
    log_error = log_predicted_error(d, r)
    if log_error < math.log(SMALLEST):
        hint = f"it is exp({log_error:.10g}), see log_predicted_error"
        raise ArithmeticError(f"predicted_error is below the smallest normal float: {hint}")
    return math.exp(log_error)


def log_predicted_error(d: int, r: int | None = None, *, log_r: float | None = None) -> float:
    r"""Logarithm of :func:`predicted_error`, for r given as an integer of any size or as log r.

    See: ``eq-self-consistent``. Error: absolute, 1e-12 (1 + log r), as a solution of the equation.
    As a prediction of the mean error over draws, measured for r ≤ 2000 (``experiments/prediction``)
    and not proved anywhere: from r = d on relative 1 % for d ≥ 20, 2.1 % for d = 15, 3.4 % for d =
    10, 8 % for d = 7, 15 % for d = 5, 22 % for d = 4, 36 % for d = 3, mostly too low, and in the
    plane too low by up to a factor of 5; for smaller r 2.3 % for d ≥ 7, mostly too high.
    Raises: ValueError unless 2 ≤ d ≤ 10^300, one of r and log_r is given, r ≥ 1 and
    0 ≤ log r ≤ 10^9.

    >>> log_constant = log_predicted_error(2, 10**400) + 3 * 400 * math.log(10)
    >>> round(32 * math.exp(log_constant) / math.pi**2, 9)  # in the plane π²/32 r³
    1.0
    >>> log_predicted_error(2, log_r=400 * math.log(10)) == log_predicted_error(2, 10**400)
    True
    """
    d = integer("d", d, at_least=2, at_most=LARGEST_DIMENSION)
    if (r is None) == (log_r is None):
        raise ValueError(f"one of r and log_r must be given, got r = {r!r}, log_r = {log_r!r}")
    if r is not None:
        log_r = math.log(integer("r", r, at_least=1))
    log_r = real("log_r", log_r, at_least=0, at_most=LARGEST_LOGARITHM)
    D = float(d)
    return log_r + _solved(D, log_r, D - 1, lambda u: _log_sum(D, u))


def log_predicted_width(
    d: int, error: float | None = None, *, log_error: float | None = None
) -> float:
    r"""Logarithm of the r with :func:`predicted_error` = ``error``: a heuristic, not proved.

    See: ``eq-self-consistent``. Error: that of an ``error`` changed by a relative 1e-12 (1 + log
    r), as a solution of the equation. Raises: ValueError unless 2 ≤ d ≤ 10^300, one of error and
    log_error is given, 0 < error < 1/2 and log_error ≥ -10^9; ArithmeticError where log r is above
    10^9.

    >>> round(math.exp(log_predicted_width(20, predicted_error(20, 800))))
    800
    >>> round(log_predicted_width(3, log_error=-3000.0) / 3000, 3)  # r ~ ε^(-2/3)
    0.666
    """
    d = integer("d", d, at_least=2, at_most=LARGEST_DIMENSION)
    if (error is None) == (log_error is None):
        got = f"error = {error!r}, log_error = {log_error!r}"
        raise ValueError(f"one of error and log_error must be given, got {got}")
    if error is not None:
        log_error = math.log(real("error", error, above=0, below=0.5))
    half = math.log(0.5)
    log_error = real("log_error", log_error, at_least=-LARGEST_LOGARITHM, below=half)
    D = float(d)
    log_nu = _solved(D, -log_error, 3.0, lambda u: -_log_nu(D, u) - _log_sum(D, u))
    if not log_error - log_nu <= LARGEST_LOGARITHM:
        raise ArithmeticError(TOO_MANY)
    return log_error - log_nu


# --- the equation: ν is given by the place u where the spectrum reaches it


def _solved(d: float, wanted: float, slope: float, value: Callable[[float], float]) -> float:
    """log ν at the place u where ``value`` of it, which increases, is ``wanted``; beyond LAST it is
    a linear function of u with this ``slope``."""

    def excess(u: float) -> float:
        return value(u) - wanted

    low, high, step = 0.0, 0.0, 0.5
    while excess(low) > 0 and low > -2 * LAST:
        high, low, step = low, low - step, 2 * step
    while excess(high) < 0:
        if high == LAST:
            return _log_nu(d, LAST + (wanted - value(LAST)) / slope)
        low, high, step = high, min(high + step, LAST), 2 * step
    if low == high or excess(low) > 0:
        return _log_nu(d, low)
    return _log_nu(d, brentq(excess, low, high, xtol=1e-18, rtol=8.9e-16))


def _log_nu(d: float, u: float) -> float:
    """log ν: that of λ_k at k = 2 exp(u), with k any real number; below k = 2 any function will
    do, and beyond LAST it is a power of k."""
    inside = min(max(u, 0.0), LAST)
    at = float(_log_eigenvalue(d, np.array([2 * math.exp(inside)]))[0])
    return at - (u - inside if u < 0 else (d + 2) * (u - inside))


def _log_sum(d: float, u: float) -> float:
    """log Σ N λ/(λ + ν) over all degrees, ν at the place u."""
    log_nu, k = _log_nu(d, u), 2 * math.exp(u) if u > 0 else 0.0
    zero = _log_zero(d)
    parts = [
        _log_share(zero - log_nu),
        math.log(d) + _log_share(-math.log(d) - math.log(4) - log_nu),
    ]
    smooth = k > max(500.0, SMOOTH * (d + 2))
    parts += [_log_smooth_sum(d, k)] if smooth else _log_parts(d, log_nu, 2 * math.floor(k / 2))
    return float(np.logaddexp.reduce(parts))


def _log_parts(d: float, log_nu: float, level: int) -> list[float]:
    """Logarithms of the parts of Σ N λ/(λ + ν) over even k ≥ 2: those near ``level``, the highest
    with λ ≥ ν, the tail, and those that count fully."""
    log_N, log_eigenvalues, log_tail, log_count = _near(d, level)
    near = log_N - np.logaddexp(0.0, log_nu - log_eigenvalues)
    return [float(np.logaddexp.reduce(near)), log_tail - log_nu, log_count]


@lru_cache(maxsize=64)
def _near(d: float, level: int) -> tuple[Numbers, Numbers, float, float]:
    """log N(d, k) and log λ_k for the degrees near ``level``, log τ beyond them, and the logarithm
    of the number of harmonics below them, from degree 2 on.

    From k to k + 2 the logarithm of λ falls by 2 log((k+d+1)/(k-1)), which is at least
    2 (d+2)/(k+d+1); so at the last degree λ/ν, times the share of the tail there, is below e^-32.
    """
    top = max(level, 2)
    below = math.ceil(FAR / (2 * math.log1p((d + 2) / (top - 1))))
    above = math.ceil((top + d + 1) * math.expm1(32 / (d + 5)) / 2) + 1
    first = max(2.0, float(top - 2 * below))
    k = first + 2.0 * np.arange((top - first) // 2 + above)
    count = -math.inf if first == 2 else _log_count(d, first - 2)
    return _log_multiplicity(d, k), _log_eigenvalue(d, k), _log_tail(d, float(k[-1])), count


def _log_smooth_sum(d: float, k: float) -> float:
    """The same where ν = λ_k for a degree k far above d: with q = λ/ν it is

    N(d, 2) + ... + N(d, k) + τ_k/ν - Σ_{j≤k} N/(1+q) - Σ_{j>k} N q²/(1+q).

    The two sums are integrals from and to k + 1 by Euler's and Maclaurin's formula; whether k is
    even changes the whole by exp(-π² k/(d+2)) and does not matter.
    """
    log_nu, log_N = (float(f(d, np.array([k]))[0]) for f in (_log_eigenvalue, _log_multiplicity))
    if log_N > 1000 * LARGEST_LOGARITHM:  # far above the root
        return log_N
    fully = math.exp(_log_count(d, k) - log_N) + math.exp(_log_tail(d, k) - log_nu - log_N)

    def numbers(j: Numbers) -> tuple[Numbers, Numbers]:
        return np.exp(_log_multiplicity(d, j) - log_N), _log_eigenvalue(d, j) - log_nu

    partly, end = 0.0, k + 1
    for low, high in pairwise(PANELS):
        x = (low + high + (high - low) * NODES) / 2 / (d + 2)
        weight = WEIGHTS * (high - low) / 4 / (d + 2)
        for sign in (-1, 1):
            j = end * np.exp(sign * x)
            inside = j > 1.5
            N, log_q = numbers(np.where(inside, j, end))
            part = N * j * np.exp(_log_share(sign * log_q) + (log_q if sign > 0 else 0))
            partly += float(np.sum(part * weight * inside))
    N, log_q = numbers(end + np.array([-3.0, -1.0, 1.0, 3.0]))
    a, b, c, e = N - N * np.exp(log_q)
    first, third = (27 * (c - b) - (e - a)) / 48, (e - 3 * c + 3 * b - a) / 8
    return log_N + math.log(fully - partly + first / 12 - 7 * third / 720)


# --- the spectrum, in logarithms, for real degrees k


def _log_share(log_q: Any) -> Any:
    """log q/(1 + q)."""
    return -np.logaddexp(0.0, -log_q)


def _log_eigenvalue(d: float, k: Numbers) -> Numbers:
    """log λ_k for k > 1: λ_k = d (Γ(a) Γ(b) / (4π Γ(a+b+1)))² with a = d/2 and b = (k-1)/2."""
    a, b = d / 2, (k - 1) / 2
    return math.log(d) - 2 * math.log(4 * math.pi) + 2 * (_log_beta(a, b) - np.log(a + b))


@lru_cache(maxsize=64)
def _log_zero(d: float) -> float:
    """log λ_0."""
    return float(math.log(d / (4 * math.pi)) + 2 * _log_beta(d / 2, 0.5) - math.log(math.pi))


def _log_multiplicity(d: float, k: Numbers) -> Numbers:
    """log N(d, k)."""
    quotient = np.log((2 * k + d - 2) / (k + d - 2)) - np.log(k + d - 1)
    return quotient - _log_beta(k + 1, d - 1)


def _log_count(d: float, k: float) -> float:
    """log(N(d, 2) + N(d, 4) + ... + N(d, k)): all but one of C(k+d-1, d-1)."""
    binomial = -math.log(k + d) - float(_log_beta(k + 1, d))
    return binomial + math.log(-math.expm1(-binomial))


def _log_tail(d: float, degree: float) -> float:
    """log τ_K for K = ``degree``: single terms up to degree 80, then the series of
    :func:`~randomfeatures.sharp.optimum_tail.tail_after`."""
    k, share, total = degree + 2, 1.0, 0.0
    start = np.array([k])
    log_share = float((_log_multiplicity(d, start) + _log_eigenvalue(d, start))[0])
    while k < 80:
        total += share
        share *= (2 * k + d + 2) / (2 * k + d - 2) * ((k - 1) ** 2 / ((k + 1) * (k + 2)))
        share *= (k + d - 2) / (k + d + 1) * ((k + d - 1) / (k + d + 1))
        k += 2
    product, j = share * (k / 3), 0
    while True:
        term = product * ((k + d + 1 + 4 * j) / (2 * k + d - 2))
        total += term
        if term < 1e-18 * total:
            return log_share + math.log(total)
        product *= (
            (d + 2 + 2 * j) / (k + d + 1 + 2 * j) * ((k + d - 2 + 2 * j) / (k + d + 1 + 2 * j))
        )
        product *= 4 * (j + 1) ** 2 / (k + 1 + 2 * j) / (5 + 2 * j)
        j += 1


def _log_beta(a: Any, b: Any) -> Any:
    """log Γ(a) Γ(b) / Γ(a+b) without a difference of large numbers."""
    powers = (0.5 - a) * np.log1p(b / a) + (0.5 - b) * np.log1p(a / b)
    rest = _stirling_rest(a) + _stirling_rest(b) - _stirling_rest(a + b)
    return (math.log(2 * math.pi) - np.log(a + b)) / 2 + powers + rest


def _stirling_rest(x: Any) -> Any:
    """log Γ(x) - (x - 1/2) log x + x - log(2π)/2."""
    small, y = np.minimum(x, 20.0), 1 / np.maximum(x, 20.0)
    exact = gammaln(small) - (small - 0.5) * np.log(small) + small - math.log(2 * math.pi) / 2
    series = y / 12 - y**3 / 360 + y**5 / 1260 - y**7 / 1680
    return np.where(np.asarray(x) < 20, exact, series)
