r"""Chaotic series: what one random filter and a ReLU make of a periodic series.

``windows`` holds in its rows the q windows X_t of k steps that a series of period q shows to a
filter, in their order. A channel is a_t = [⟨w, X_t⟩]_+ with w ~ N(0, I).
"""

import math

import numpy as np
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, integer, real_array
from randomfeatures.foundations.linear_algebra import angles_of_rows, length_and_direction
from randomfeatures.power.kernels import arc_cosine


def windows_of(series: Float[Array, " q"], k: int) -> Float[np.ndarray, "q {k}"]:
    r"""The windows X_t = (x_t, ..., x_{t+k-1}) of a series of period q, given one period of it.

    Book: ``thm-period``.
    Error: none.
    Raises: ValueError unless ``series`` is a nonempty vector of finite numbers and k >= 1.

    >>> windows_of(np.array([1.0, 2.0]), 3)
    array([[1., 2., 1.],
           [2., 1., 2.]])
    """
    series = np.asarray(real_array("series", series, ndim=1), dtype=float)
    k = integer("k", k, at_least=1)
    if not len(series):
        raise ValueError("series must hold at least one number, got none")
    steps = np.arange(len(series))[:, None] + np.arange(k)
    return series[steps % len(series)]


def dead_probability(windows: Float[Array, "q k"]) -> float:
    r"""The probability that a channel is zero at all of at most three windows.

    .. math:: \tfrac12, \qquad \frac{\pi-\theta_{12}}{2\pi}, \qquad
              \frac12-\frac{\theta_{12}+\theta_{13}+\theta_{23}}{4\pi}

    for q = 1, 2, 3, with the angles θ between the windows. It is an upper bound for every longer
    period that shows these windows.

    Book: ``thm-period``.
    Error: absolute, 1e-15; 0 is exact where three windows lie in a plane on no common side.
    Raises: ValueError unless there are 1, 2 or 3 windows, none of them zero.

    >>> dead_probability(np.eye(1)), dead_probability(2 * np.eye(2))
    (0.5, 0.25)
    """
    windows = _nonzero_rows(windows)
    q = len(windows)
    if q > 3:
        raise ValueError(f"windows must hold 1, 2 or 3 rows, got {q}")
    if q == 1:
        return 0.5
    _, units = length_and_direction(windows)
    angles = angles_of_rows(units, units)[np.triu_indices(q, 1)]
    if q == 2:
        return float(math.pi - angles[0]) / (2 * math.pi)
    return max(0.0, float(2 * math.pi - angles.sum()) / (4 * math.pi))


def mean_power_spectrum(windows: Float[Array, "q k"]) -> Float[np.ndarray, " q"]:
    r"""The mean of |â(j)|² over the filters, â(j) = (1/q) Σ_t a_t exp(-2πi jt/q), j = 0..q-1.

    .. math:: \frac1{q^2} \sum_{s,t} e^{-2\pi ij(s-t)/q}\,\tfrac12 k_1(X_s, X_t)

    with the arc-cosine kernel of degree 1; its sum is Σ_t |X_t|² / (2q).

    Book: ``thm-period``.
    Error: absolute, 1e-15 times the largest |X_t|².
    Raises: ValueError unless ``windows`` is a nonempty matrix of finite numbers with no zero row.

    >>> mean_power_spectrum(2 * np.eye(1))
    array([2.])
    """
    windows = _nonzero_rows(windows)
    q = len(windows)
    kernel = arc_cosine(windows, windows, degree=1, depth=1) / 2
    phase = np.arange(q)
    lagged = [np.mean(kernel[(phase + lag) % q, phase]) for lag in range(q)]
    return np.fft.fft(lagged).real / q


def _nonzero_rows(windows: Float[Array, "q k"]) -> Float[np.ndarray, "q k"]:
    windows = np.asarray(real_array("windows", windows, ndim=2), dtype=float)
    if not windows.size:
        raise ValueError(f"windows must have rows and columns, got shape {windows.shape}")
    if not np.all(np.any(windows, axis=1)):
        raise ValueError("windows must have no zero row")
    return windows
