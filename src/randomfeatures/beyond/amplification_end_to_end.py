r"""Amplification from samples to test error: one step of the first layer, then a sparse readout.

Notation as in :mod:`~randomfeatures.beyond.amplification`; numpy's arrays only. The network has its
neurons in pairs (w, a), (w, -a), so that its output is zero at the start and the first step is
exactly the step at f = 0; with weight decay 1/η it moves the pair to ±(η a / 2) v(w),

.. math:: v(w) = \frac1n\sum_{i=1}^n\tilde y_i\,x_i\,1\{\langle w,x_i\rangle>0\} .

The readout keeps two pairs, one for each label: the classifier is the sign of
:math:`|\langle\hat v_j,x\rangle| - |\langle\hat v_k,x\rangle|` with unit vectors
:math:`\hat v = v/\|v\|`.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import optimize, special

from randomfeatures.beyond.amplification_clusters import XORClusters
from randomfeatures.foundations.arguments import Array, integer, real, real_array, real_arrays
from randomfeatures.foundations.linear_algebra import length_and_direction

NODES, WEIGHTS = np.polynomial.legendre.leggauss(60)
"""Gauss-Legendre nodes for the window's probability: an analytic integrand on a short interval."""

GRID = 40
"""Limits of the window that the bound tries, as parts of the separation."""


class Window(NamedTuple):
    r"""Starts that go to μ_1: low <= \|α_1\| <= high and \|α_2\| <= other, 0 < other <= low."""

    low: float
    high: float
    other: float


class EndToEnd(NamedTuple):
    """The bound on the clean error and what it is made of."""

    error: float
    """The bound."""
    features: float
    """e_*(λs): what the best readout errs at most, before the choice on fresh samples."""
    kept: float
    """λ, the part of the separation that is left."""
    window: Window


# --- the algorithm


def sample_step(
    W: Float[Array, "m d"], x: Float[Array, "n d"], y: Float[Array, " n"]
) -> Float[Array, "m d"]:
    r"""v(w_j) for every neuron: the mean of y_i x_i over the samples, zero where <w_j, x_i> <= 0.

    Book: ``prop-one-neuron-step``.
    Error: rounding of the sums.
    Raises: ValueError if an entry is not finite or the shapes do not fit.

    >>> sample_step(np.eye(2), np.array([[1.0, -2.0], [3.0, 4.0]]), np.array([-1.0, 1.0]))
    array([[1. , 3. ],
           [1.5, 2. ]])
    """
    W, x, y = _neurons_and_samples("W", W, x, y)
    return ((W @ x.T > 0) * (y / len(y))) @ x


def best_pair(
    V: Float[Array, "m d"], x: Float[Array, "n d"], y: Float[Array, " n"]
) -> tuple[int, int, float]:
    r"""(j, k, share of errors) of the readout with the fewest errors on the samples.

    Among all j ≠ k; it predicts the sign of
    :math:`|\langle\hat v_j,x\rangle|-|\langle\hat v_k,x\rangle|`. Time m² n.

    Book: ``thm-amplification``.
    Raises: ValueError if a row of V is zero, m < 2, an entry is not finite, or the shapes do not
    fit.

    >>> best_pair(np.eye(2), np.array([[3.0, 1.0], [1.0, -2.0]]), np.array([1.0, -1.0]))
    (0, 1, 0.0)
    """
    V, x, y = _neurons_and_samples("V", V, x, y)
    directions = _directions(V)
    features = np.abs(directions @ x.T)
    best = (0, 1, math.inf)
    for j, feature in enumerate(features):
        wrong = np.mean((feature > features) != (y > 0), axis=1)
        wrong[j] = math.inf
        k = int(np.argmin(wrong))
        if wrong[k] < best[2]:
            best = (j, k, float(wrong[k]))
    return best


# --- exact errors


def pair_errors(V: Float[Array, "m d"], clusters: XORClusters) -> Float[Array, "m m"]:
    r"""The clean errors of all readouts with two pairs: entry (j, k) is that of

    .. math:: \operatorname{sgn}\bigl(|\langle\hat v_j,x\rangle|-|\langle\hat v_k,x\rangle|\bigr),
        \qquad \tfrac12\bigl(P(AB<0\mid\mu_1)+P(AB>0\mid\mu_2)\bigr),

    where A and B are independent normal variables of variance 1 and means
    <v̂_j ± v̂_k, ν>/(σ\|v̂_j ± v̂_k\|). The diagonal is 1/2, a toss of a coin.

    Book: ``prop-two-pairs``.
    Error: absolute, 1e-14; where two directions agree up to the sign to 1e-12 it is a toss, too.
    Raises: ValueError if a row is zero or not finite, m < 2, or V has not d columns.

    >>> clusters = XORClusters(d=3, separation=3.0)
    >>> bool(abs(pair_errors(np.eye(3), clusters)[0, 1] - clusters.bayes_error()) < 1e-15)
    True
    """
    directions = _directions(V)
    if directions.shape[1] != clusters.d:
        raise ValueError(f"V must have d = {clusters.d} columns, got {directions.shape[1]}")
    errors = np.empty((len(directions), len(directions)))
    for j, u in enumerate(directions):
        errors[j] = _errors_with(u, directions, clusters.separation)
    return errors


# --- the theorem


def window_probability(window: Window, clusters: XORClusters) -> float:
    r"""P(low <= \|α_1\| <= high, \|α_2\| <= other) for a neuron of random direction.

    .. math:: \int_{\rm low/s}^{\rm high/s}
        \frac{2\,\Gamma(d/2)}{\sqrt\pi\,\Gamma((d-1)/2)}\,(1-t^2)^{(d-3)/2}\;
        I_{\min(1,\;{\rm other}^2/(s^2(1-t^2)))}\bigl(\tfrac12,\tfrac{d-2}2\bigr)\,dt,

    with the regularised incomplete beta function I.

    Book: ``thm-amplification``.
    Error: relative, 1e-9 if other² + high² <= 0.99 s²; else 1e-5, for the integrand has a kink.
    Raises: ValueError unless 0 < other <= low < high <= separation <= 1e100 and d >= 3.

    >>> clusters = XORClusters(d=3, separation=2.0)
    >>> round(window_probability(Window(1.0, 2.0, 1.0), clusters), 4)
    0.3245
    """
    low, high, other = (level / clusters.separation for level in _window(window, clusters))
    d, edge = clusters.d, math.sqrt(1 - other**2)  # beyond it the second condition holds anyway
    upper = max(low, min(high, edge))
    # Where (1 - t²)^((d-3)/2) is below e^-40 of what it is at low, nothing is left to add.
    end = min(upper, math.sqrt(low**2 + 80 / (d - 3))) if d > 3 else upper
    half = (end - low) / 2
    squares = ((low + end) / 2 + half * NODES) ** 2
    density = 2 / special.beta(0.5, (d - 1) / 2) * np.exp((d - 3) / 2 * np.log1p(-squares))
    inner = special.betainc(0.5, (d - 2) / 2, np.minimum(1, other**2 / (1 - squares)))
    inside = half * np.sum(WEIGHTS * density * inner)
    beyond = np.diff(special.betainc(0.5, (d - 1) / 2, [upper**2, min(1.0, max(high, upper) ** 2)]))
    return float(inside + beyond[0])


def step_ratios(
    window: Window, clusters: XORClusters, n: int, tau: float
) -> tuple[float, float] | None:
    r"""(β, ρ): how far the step of a neuron that starts in the window points away from ±μ_1.

    Bounds on \|v_2\| / \|v_1\| and \|v_⊥\| / \|v_1\|, with probability at least 1 - 6 exp(-τ) over
    n samples; None if the bound on \|v_1\| from below is not positive. With σ = 1 and
    ε = √((1 + s²/2)τ/n) + (1 + s)τ/n they are B/L and R/L,

    .. math::
        L &= \tfrac{1-2p}{4s}\min_{\alpha\in\{\rm low,\,high\}}\bigl(s^2k(\alpha)
        - 2\alpha(\varphi(0)-\varphi(\alpha))\bigr) - \varepsilon,\\
        B &= (1-2p)\bigl(\tfrac s4k({\rm other})
        + \tfrac{\rm other}{2s}(\varphi(0)-\varphi({\rm high}))\bigr) + \varepsilon,\\
        R^2 &= \Bigl(\tfrac{1-2p}2(\varphi(0)-\varphi({\rm high})) + \sqrt{\tfrac\tau n}
        + \tfrac\tau n\Bigr)^2 + \tfrac1n\bigl(\sqrt{d-3}+\sqrt{2\tau}\bigr)^2 .

    Book: ``prop-one-neuron-step``.
    Error: rounding.
    Raises: ValueError as :func:`window_probability`, or unless 1 <= n <= 10^100 and tau > 0.

    >>> clusters = XORClusters(d=50, separation=5.0, flip=0.15)
    >>> [round(r, 3) for r in step_ratios(Window(0.75, 1.5, 0.05), clusters, 10**6, 6.0)]
    [0.097, 0.21]
    """
    low, high, other = _window(window, clusters)
    n, tau = _count("n", n), real("tau", tau, above=0)
    s, d, factor = clusters.separation, clusters.d, 1 - 2 * clusters.flip
    noise = math.sqrt((1 + s * s / 2) * tau / n) + (1 + s) * tau / n
    gap = _density(0) - _density(high)
    own = min(s * s * _k(t) - 2 * t * (_density(0) - _density(t)) for t in (low, high))
    L = factor * own / (4 * s) - noise
    if L <= 0:
        return None
    B = factor * (s * _k(other) / 4 + other * gap / (2 * s)) + noise
    along = factor * gap / 2 + math.sqrt(tau / n) + tau / n
    R = math.hypot(along, (math.sqrt(d - 3) + math.sqrt(2 * tau)) / math.sqrt(n))
    return B / L, R / L


def separation_kept(beta: float, rho: float) -> float:
    r"""λ: two pairs with these ratios err at most as often as the best classifier at λs.

    .. math:: \lambda = \frac{c-b}{\sqrt{1+b\,(1-c)+\rho^2/(1+\rho^2)}}, \qquad
        b = \frac\beta{\sqrt{1+\beta^2}},\quad c = \frac1{\sqrt{1+\beta^2+\rho^2}}

    Book: ``prop-two-pairs``.
    Error: rounding. Negative where the ratios are too large to say anything.
    Raises: ValueError unless beta >= 0 and rho >= 0.

    >>> round(separation_kept(0.0, 1.0) ** 2, 12)  # 1 / (1 + 2ρ²)
    0.333333333333
    """
    beta, rho = real("beta", beta, at_least=0), real("rho", rho, at_least=0)
    sine = beta / math.hypot(1, beta)
    own = 1 / math.hypot(1, beta, rho)
    return (own - sine) / math.sqrt(1 + sine * (1 - own) + (rho / math.hypot(1, rho)) ** 2)


def chosen_error(best: float, m: int, fresh: int, delta: float, flip: float = 0.0) -> float:
    r"""A bound on the clean error of the readout that counting chooses, given that of the best.

    Of m(m - 1) readouts, one of which has clean error at most e = ``best``, the one with the fewest
    errors on n' = ``fresh`` samples with flipped labels has, with probability at least 1 - δ, a
    clean error of at most

    .. math:: \Bigl(\frac{\sqrt{2t/n'}+\sqrt{2t/n'+4\gamma A}}{2\gamma}\Bigr)^2,\qquad
        A = \gamma e+\sqrt{\frac{2et'}{n'}}+\frac{t+t'}{3n'},

    with γ = 1 - 2p, t = log(2m(m - 1)/δ), t' = log(2/δ).

    Book: ``prop-choice``.
    Error: rounding.
    Raises: ValueError unless m >= 2, fresh >= 1, both at most 10^100, 0 <= best <= 1, 0 < delta < 1
    and 0 <= flip < 1/2.

    >>> round(chosen_error(0.0, 300, 100_000, 0.05, flip=0.15), 5)
    0.00078
    """
    m, fresh = _count("m", m, 2), _count("fresh", fresh)
    best, delta = real("best", best, at_least=0, at_most=1), real("delta", delta, above=0, below=1)
    factor = 1 - 2 * real("flip", flip, at_least=0, below=0.5)
    one = math.log(2) - math.log(delta)
    all_of_them = math.log(m * (m - 1)) + one
    A = factor * best + math.sqrt(2 * best * one / fresh) + (all_of_them + one) / (3 * fresh)
    spread = 2 * all_of_them / fresh
    return ((math.sqrt(spread) + math.sqrt(spread + 4 * factor * A)) / (2 * factor)) ** 2


def end_to_end(clusters: XORClusters, m: int, n: int, fresh: int, delta: float) -> EndToEnd | None:
    r"""A bound on the clean test error that holds with probability at least 1 - ``delta``.

    One step from n samples of m random neurons, then the readout with two pairs that has the
    fewest errors on ``fresh`` other samples:

    .. math:: e \le \Bigl(\frac{\sqrt{2t/n'}+\sqrt{2t/n'+4\gamma A}}{2\gamma}\Bigr)^2,\qquad
        A = \gamma\,e_*(\lambda s)+\sqrt{\frac{2e_*(\lambda s)\,t'}{n'}}+\frac{t+t'}{3n'},

    with γ = 1 - 2p, t = log(6m(m - 1)/δ), t' = log(6/δ), and λ of :func:`separation_kept` for the
    ratios of :func:`step_ratios` at τ = log(36/δ), in the best window of a grid whose probability π
    has 2(1 - π)^m <= δ/3. None if there is no such window: then the theorem says nothing.

    Book: ``thm-amplification``.
    Error: an upper bound; that of the window's probability moves it by 1e-5 at most.
    Raises: ValueError unless d >= 3, m >= 2, n >= 1, fresh >= 1, all three at most 10^100,
    0 < delta < 1 and separation <= 1e100.

    >>> clusters = XORClusters(d=50, separation=5.0, flip=0.15)
    >>> round(end_to_end(clusters, 300, 100_000, 100_000, 0.05).error, 3)
    0.009
    """
    integer("d", clusters.d, at_least=3)
    m, n, fresh = _count("m", m, 2), _count("n", n), _count("fresh", fresh)
    log_delta = math.log(real("delta", delta, above=0, below=1))
    needed, tau = -math.expm1((log_delta - math.log(6)) / m), math.log(36) - log_delta
    best: tuple[float, Window] | None = None
    limits = clusters.separation * np.arange(1, GRID + 1) / GRID
    for low, high in itertools.combinations(limits.tolist(), 2):
        window = _narrowest(low, high, clusters, needed)
        ratios = window and step_ratios(window, clusters, n, tau)
        kept = separation_kept(*ratios) if ratios else 0.0
        if window and kept > (best[0] if best else 0.0):
            best = kept, window
    if best is None:
        return None
    features = XORClusters(d=2, separation=best[0] * clusters.separation).bayes_error()
    error = chosen_error(features, m, fresh, delta / 3, clusters.flip)
    return EndToEnd(error, features, *best)


def frozen_pairs(d: int, separation: float, m: int, delta: float) -> float:
    r"""What every readout with two pairs of frozen random directions errs at least.

    With probability at least 1 - δ over m independent directions, uniform on the sphere, the clean
    error of each of the m(m - 1) readouts is at least

    .. math:: e_*(s\sqrt x), \qquad x = 1-\Bigl(\frac\delta{m(m-1)}\Bigr)^{2/(d-2)} .

    Book: ``prop-frozen-pairs``.
    Error: rounding.
    Raises: ValueError unless 3 <= d <= 10^100, separation > 0, 2 <= m <= 10^100, 0 < delta < 1.

    >>> round(frozen_pairs(100, 6.0, 300, 0.05), 4)
    0.0318
    """
    d, m, s = _count("d", d, 3), _count("m", m, 2), real("separation", separation, above=0)
    log_delta = math.log(real("delta", delta, above=0, below=1))
    share = -math.expm1(2 / (d - 2) * (log_delta - math.log(m * (m - 1))))
    return XORClusters(d=2, separation=s * math.sqrt(share)).bayes_error()


# --- helpers


def _errors_with(u: np.ndarray, V: np.ndarray, s: float) -> np.ndarray:
    """The clean errors of the readouts with u for the label 1 and each unit row of V for -1."""
    both = u + V, u - V
    lengths = [np.linalg.norm(sums, axis=1) for sums in both]
    agree = np.minimum(*lengths) < 1e-12
    products = []
    for i in (0, 1):
        a, b = (
            s * sums[:, i] / np.where(agree, 1, length)
            for sums, length in zip(both, lengths, strict=True)
        )
        products.append(special.erf(a / math.sqrt(2)) * special.erf(b / math.sqrt(2)))
    # P(AB < 0) = (1 - k(a) k(b)) / 2 with k = 2Φ - 1 = erf(·/√2).
    return np.where(agree, 0.5, 0.5 - (products[0] - products[1]) / 4)


def _narrowest(low: float, high: float, clusters: XORClusters, needed: float) -> Window | None:
    """The window with these limits whose probability is ``needed``, or None."""

    def missing(other: float) -> float:
        return window_probability(Window(low, high, other), clusters) - needed

    if missing(low) < 0:
        return None
    if missing(1e-9 * low) >= 0:  # so many neurons that any width will do
        return Window(low, high, 1e-9 * low)
    other = optimize.brentq(missing, 1e-9 * low, low, xtol=1e-12, rtol=1e-10)
    return Window(low, high, other)


def _window(window: Window, clusters: XORClusters) -> Window:
    """The window as floats in order, or ValueError."""
    integer("d", clusters.d, at_least=3)
    real("separation", clusters.separation, at_most=1e100)
    low, high, other = (real("an entry of window", value, above=0) for value in window)
    if not other <= low < high <= clusters.separation * (1 + 1e-12):
        raise ValueError(
            "window must have other <= low < high <= separation, "
            f"got {tuple(window)} with separation {clusters.separation}"
        )
    return Window(low, high, other)


def _count(name: str, value: int, at_least: int = 1) -> int:
    return integer(name, value, at_least=at_least, at_most=10**100)


def _neurons_and_samples(name: str, W: Array, x: Array, y: Array) -> tuple[Array, Array, Array]:
    """The arrays, or ValueError if their shapes do not fit."""
    W, x, y = real_arrays(**{name: W}, x=x, y=y, ndim=(2, 2, 1))
    if W.shape[1] != x.shape[1] or x.shape[0] != y.shape[0] or 0 in x.shape:
        shapes = ", ".join(str(tuple(array.shape)) for array in (W, x, y))
        raise ValueError(f"{name}, x, y must have shapes (m, d), (n, d), (n,), got {shapes}")
    return W, x, y


def _directions(V: Array) -> np.ndarray:
    """The rows of V with length 1, or ValueError."""
    V = np.asarray(real_array("V", V, ndim=2), dtype=float)
    if len(V) < 2 or not np.all(np.any(V != 0, axis=1)):
        raise ValueError(f"V must hold at least two rows that are not zero, got shape {V.shape}")
    return length_and_direction(V)[1]


def _k(alpha: float) -> float:
    return math.erf(alpha / math.sqrt(2))


def _density(alpha: float) -> float:
    return math.exp(-alpha * alpha / 2) / math.sqrt(2 * math.pi)
