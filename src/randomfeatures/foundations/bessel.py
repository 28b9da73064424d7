"""Modified Bessel functions of large order and argument, as logarithms."""

import math
from functools import cache

import numpy as np
from jaxtyping import Float
from numpy.polynomial import Polynomial
from scipy.special import gammaln

SERIES_UP_TO = 40.0


def log_bessel(v: float, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    r"""log(e^{-x} I_v(x)), elementwise in x > 0, for an order v ≥ 0.

    With q = √(v² + x²): the power series for q ≤ 40, else Debye's uniform expansion

    .. math:: I_v(x) \sim \frac{e^{q - v\operatorname{arsinh}(v/x)}}{\sqrt{2\pi q}}
              \sum_k \frac{w_k(v^2/q^2)}{q^k}

    Source: DLMF 10.25.2 and 10.41.3. Error: absolute, 1e-14, and relative, 1e-15. Raises: nothing;
    x > 0 is not checked.

    >>> round(math.exp(log_bessel(0.5, np.array([2.0]))[0] + 2), 12)  # sinh(2)/sqrt(pi)
    2.046236863089
    """
    q = np.hypot(v, x)
    with np.errstate(over="ignore", divide="ignore"):  # of numbers that are not used
        large = np.maximum(q, SERIES_UP_TO)
        return np.where(q <= SERIES_UP_TO, _power_series(v, x), _debye(v, x, large))


def _power_series(v: float, x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """80 terms: for x ≤ 40 the last ratios are below (20/81)²."""
    small = np.minimum(x, SERIES_UP_TO)
    term, series = np.ones_like(x), np.ones_like(x)
    for j in range(1, 81):
        term = term * (small / 2) ** 2 / (j * (v + j))
        series = series + term
    return v * (np.log(x) - math.log(2)) - gammaln(v + 1) - x + np.log(series)


def _debye(
    v: float,
    x: Float[np.ndarray, " n"],
    q: Float[np.ndarray, " n"],
) -> Float[np.ndarray, " n"]:
    expansion = sum(w((v / q) ** 2) / q**k for k, w in enumerate(_debye_polynomials()))
    log_ratio = np.log(v + q) - np.log(x)  # v/x may overflow, its logarithm does not
    arsinh = np.where(v > x, log_ratio, np.arcsinh(v / x))
    exponent = v * (v / (q + x)) - v * arsinh
    return exponent - np.log(2 * np.pi * q) / 2 + np.log(expansion)


@cache
def _debye_polynomials() -> list[Polynomial]:
    """w_0, ..., w_12 with u_k(p) = p^k w_k(p²), u_k those of DLMF 10.41.9."""
    p, u = Polynomial([0, 1.0]), [Polynomial([1.0])]
    for _ in range(12):
        u.append(p**2 * (1 - p**2) * u[-1].deriv() / 2 + ((1 - 5 * p**2) * u[-1]).integ() / 8)
    return [Polynomial(polynomial.coef[k::2]) for k, polynomial in enumerate(u)]
