r"""Random feature amplification: two-layer ReLU networks on XOR clusters with flipped labels.

And what cannot learn them. The inputs are x = ν + σ z with ν uniform on {μ_1, -μ_1, μ_2, -μ_2},
<μ_1, μ_2> = 0, \|μ_1\| = \|μ_2\| = s σ, and z ~ N(0, I_d). The clean label is +1 at ±μ_1 and -1 at
±μ_2; the observed label is the clean one, flipped with probability p < 1/2. The network is
f(x) = Σ_j a_j [<w_j, x>]_+; ``W`` holds the neurons w_j as rows, and only W is trained. The
alignments of a neuron are α_i = <w, μ_i> / (σ \|w\|), so that α_i / s is the cosine of the angle
between w and μ_i.

The law itself is in :mod:`~randomfeatures.beyond.amplification_clusters`. The functions take arrays
of any library.

Source: Frei, Chatterji, Bartlett (2022), for the setting. The closed forms for Gaussian clusters
are ours.
"""

import math

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Float

from randomfeatures.beyond.amplification_clusters import XORClusters
from randomfeatures.foundations.activations import erf
from randomfeatures.foundations.arguments import (
    Array,
    broadcast,
    integer,
    real,
    real_array,
    real_arrays,
)
from randomfeatures.foundations.dual_activations import dual_relu_general
from randomfeatures.foundations.linear_algebra import length_and_direction, pseudoinverse_form

ROUNDING = 1e-13
"""Eigenvalues of a covariance of features below this part of the largest count as zero."""

BLOCK = 1_000_000
"""Entries of a block of work: large enough to be fast, small enough for any memory."""


# --- the first step


def mean_absolute(alpha: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""h(α) = E|α + z| for standard Gaussian z; it increases with |α|.

    .. math:: h(\alpha) = \alpha\,(2\Phi(\alpha)-1) + 2\varphi(\alpha)

    Book: ``prop-growth``.
    Error: relative, a few units in the last place.
    Raises: ValueError if an entry is not finite.

    >>> float(mean_absolute(np.array(0.0))) == math.sqrt(2 / math.pi)
    True
    """
    alpha = real_array("alpha", alpha)
    return alpha * _k(alpha) + 2 * _density(alpha)


def alignment(
    W: Float[Array, "m d"], clusters: XORClusters
) -> tuple[Float[Array, " m"], Float[Array, " m"]]:
    r"""α_i = <w, μ_i> / (σ \|w\|) of every neuron, i = 1, 2.

    Divided by the separation it is the cosine of the angle to μ_i.

    Book: ``cor-first-step-flow``.
    Raises: ValueError if a neuron is zero or not finite, or W has not d columns.

    >>> alignment(np.array([[3.0, 4.0, 0.0]]), XORClusters(d=3, separation=5.0))
    (array([3.]), array([4.]))
    """
    _, directions = _neurons(W, clusters)
    return clusters.separation * directions[:, 0], clusters.separation * directions[:, 1]


def first_step(
    W: Float[Array, "m d"], a: Float[Array, " m"], clusters: XORClusters
) -> Float[Array, "m d"]:
    r"""The negative gradient in every w_j of the expected logistic loss, as if f were 0.

    .. math:: \mathrm{step}_j = \tfrac{a_j}2(1-2p)\,G(w_j), \qquad
        G(w) = \tfrac14\bigl[(2\Phi(\alpha_1)-1)\,\mu_1 - (2\Phi(\alpha_2)-1)\,\mu_2
        + 2\sigma\,(\varphi(\alpha_1)-\varphi(\alpha_2))\,w/\|w\|\bigr]

    The labels are the observed ones. It is the limit of the first step of a small network;
    :func:`smallness_bound` says how far a given network is from it.

    Book: ``thm-first-step``.
    Error: rounding.
    Raises: ValueError if a neuron is zero or not finite, the shapes do not fit, or the step is not
    finite.

    >>> clusters = XORClusters(d=2, separation=40.0, flip=0.25)
    >>> first_step(np.array([[1.0, 0.0]]), np.array([1.0]), clusters).round(4)
    array([[2.4501, 0.    ]])
    """
    _, directions = _neurons(W, clusters)
    a = _readout(W, a)
    xp = array_namespace(directions)
    mu_1, mu_2 = (
        xp.asarray(mu, dtype=directions.dtype, device=device(directions))
        for mu in (clusters.mu_1, clusters.mu_2)
    )
    alpha_1, alpha_2 = alignment(W, clusters)
    noise = 2 * clusters.sigma * (_density(alpha_1) - _density(alpha_2))
    centres = _k(alpha_1)[:, None] * mu_1 - _k(alpha_2)[:, None] * mu_2
    G = (centres + noise[:, None] * directions) / 4
    with np.errstate(over="ignore"):
        return real_array("the step of W, a", (1 - 2 * clusters.flip) / 2 * a[:, None] * G)


def growth(
    W: Float[Array, "m d"], a: Float[Array, " m"], clusters: XORClusters
) -> Float[Array, " m"]:
    r"""<w_j, step_j> for :func:`first_step`: to first order half the growth of \|w_j\|².

    .. math:: \langle w_j,\mathrm{step}_j\rangle = \frac{a_j}{2}(1-2p)\,\frac{\sigma\|w_j\|}{4}\,
        \bigl(h(\alpha_1)-h(\alpha_2)\bigr)

    Book: ``prop-growth``.
    Error: rounding.
    Raises: ValueError if a neuron is zero or not finite, the shapes do not fit, or the growth is
    not finite.

    >>> W, clusters = np.array([[2.0, 1.0], [1.0, 2.0]]), XORClusters(d=2, separation=3.0)
    >>> np.sign(growth(W, np.array([1.0, 1.0]), clusters))
    array([ 1., -1.])
    """
    length, _ = _neurons(W, clusters)
    a = _readout(W, a)
    alpha_1, alpha_2 = alignment(W, clusters)
    difference = mean_absolute(alpha_1) - mean_absolute(alpha_2)
    with np.errstate(over="ignore", invalid="ignore"):
        rate = (1 - 2 * clusters.flip) / 8 * a * clusters.sigma * difference
        return real_array("the growth of W, a", rate * length)


def alignment_field(
    alpha_1: Float[Array, "..."] | float, alpha_2: Float[Array, "..."] | float, separation: float
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    r"""The velocity of the alignments (α_1, α_2) of one neuron with a > 0.

    .. math:: \frac{d\alpha_1}{d\tau} = k(\alpha_1)(s^2-\alpha_1^2) + k(\alpha_2)\,\alpha_1\alpha_2,
        \; \frac{d\alpha_2}{d\tau} = -k(\alpha_2)(s^2-\alpha_2^2) - k(\alpha_1)\,\alpha_1\alpha_2,
        \quad k = 2\Phi-1,

    with :math:`d\tau = \frac a8(1-2p)\,\frac{\sigma}{\|w\|}\,dt` and the step of
    :func:`first_step`. For a < 0 the neuron runs through the same field backwards.

    Book: ``cor-first-step-flow``.
    Error: rounding.
    Raises: ValueError if separation <= 0, α_1² + α_2² > s² by more than rounding, or an entry or a
    velocity is not finite.

    >>> alpha_1, alpha_2 = np.array([1.0, -1.0]), np.array([1.0, 1.0])
    >>> velocity_1, velocity_2 = alignment_field(alpha_1, alpha_2, 3.0)
    >>> np.sign(velocity_1), np.sign(velocity_2)  # away from 0, toward 0
    (array([ 1., -1.]), array([-1., -1.]))
    """
    alpha_1, alpha_2 = broadcast(alpha_1=alpha_1, alpha_2=alpha_2)
    s = real("separation", separation, above=0)
    c_1, c_2 = alpha_1 / s, alpha_2 / s  # cosines
    real_array("(alpha_1**2 + alpha_2**2) / separation**2", c_1**2 + c_2**2, at_most=1 + 1e-6)
    k_1, k_2 = _k(alpha_1), _k(alpha_2)
    with np.errstate(over="ignore"):
        return (
            real_array("the velocity", s * (k_1 * (1 - c_1**2) + k_2 * c_1 * c_2) * s),
            real_array("the velocity", -s * (k_2 * (1 - c_2**2) + k_1 * c_1 * c_2) * s),
        )


def alignment_growth_rate(separation: float) -> float:
    r"""How fast the length of a neuron grows that has found its centre: h(s) - h(0).

    .. math:: \frac{d\log\|w\|}{d\tau}\to h(s)-h(0)

    In the time τ of :func:`alignment_field`; a small one where s is small.

    Book: ``cor-first-step-flow``.
    Error: absolute, 1e-16 (1 + s).
    Raises: ValueError unless separation > 0.

    >>> round(alignment_growth_rate(2.0), 4)
    1.2191
    """
    s = np.asarray(real("separation", separation, above=0))
    return float(mean_absolute(s) - mean_absolute(np.zeros_like(s)))


def smallness_bound(
    W: Float[Array, "m d"], a: Float[Array, " m"], clusters: XORClusters
) -> Float[Array, " m"]:
    r"""A bound on the distance of the true expected negative gradient from :func:`first_step`.

    .. math:: \frac{|a_j|}{4}\,\|f\|\,\sqrt{\frac{\sigma^2+\|\mu\|^2/2}{2}}, \qquad
        \|f\|^2 = \sum_{i,j} a_ia_j\, \mathbb E\,[\langle w_i,x\rangle]_+[\langle w_j,x\rangle]_+
        \quad\text{(exact)}

    Neuron by neuron, at (W, a). It is proportional to the size of W.

    Book: ``prop-step-error``.
    Error: an upper bound; its own rounding is 1e-14 relative to :math:`\sum_j|a_j|\|w_j\|` in place
    of \|f\|.
    Raises: ValueError if a neuron is zero or not finite, the shapes do not fit, or the bound is not
    finite.

    >>> clusters = XORClusters(d=2, separation=1.0)
    >>> bound = smallness_bound(np.array([[1.0, 0.0]]), np.array([1.0]), clusters)
    >>> bool(abs(bound[0] - 0.75 / 4) < 1e-15)  # ‖f‖² = (1 + 1/2) / 2
    True
    """
    length, directions = _neurons(W, clusters)
    a = _readout(W, a)
    xp, s = array_namespace(directions), clusters.separation
    K, _, _ = _feature_means(directions, s)  # of the clusters with σ = 1
    with np.errstate(over="ignore", invalid="ignore"):
        weights = a * length
        largest = xp.max(xp.abs(weights))
        weights = weights / xp.where(largest > 0, largest, xp.ones_like(largest))
        size = xp.sqrt(xp.clip(weights @ K @ weights, 0.0, None)) * largest * clusters.sigma
        slope = clusters.sigma / 4 * math.sqrt(0.5 + (s / 2) * (s / 2))
        return real_array("the bound for W, a", xp.abs(a) * slope * size)


def step_deviation(
    W: Float[Array, "m d"], a: Float[Array, " m"], clusters: XORClusters, n: int
) -> Float[Array, " m"]:
    r"""E‖·‖² of the difference between the step from n samples, as if f were 0, and its mean.

    .. math:: \frac1n\Bigl[\frac{a_j^2}{8}\bigl(\|\mu\|^2 + d\sigma^2\bigr)
        - \|\mathrm{step}_j\|^2\Bigr]

    Neuron by neuron; the mean is :func:`first_step`.

    Book: ``prop-step-error``.
    Error: rounding.
    Raises: ValueError unless n >= 1, if a neuron is zero or not finite, the shapes do not fit, or
    the result is not finite.

    >>> clusters = XORClusters(d=2, separation=2.0)
    >>> deviation = step_deviation(np.array([[1.0, 1.0]]), np.array([1.0]), clusters, 3)
    >>> bool(abs(deviation[0] - (6 / 8 - 2 * (math.erf(1) / 4) ** 2) / 3) < 1e-15)
    True
    """
    n, step = integer("n", n, at_least=1), first_step(W, a, clusters)
    a = _readout(W, a)
    xp = array_namespace(step)
    with np.errstate(over="ignore", invalid="ignore"):
        spread = a * clusters.sigma * math.hypot(clusters.separation, math.sqrt(clusters.d))
        square = (spread**2 / 8 - xp.sum(step**2, axis=1)) / n
        return real_array("the deviation for W, a", square)


def step_variance(
    W: Float[Array, "m d"],
    a: Float[Array, " m"],
    clusters: XORClusters,
    n: int,
    u: Float[Array, " d"],
) -> Float[Array, " m"]:
    r"""The variance, in a direction u, of the step from n samples, as if f were 0.

    .. math:: \frac1n\Bigl[\frac{a_j^2}8\Bigl(\sigma^2\|u\|^2+\tfrac12\langle u,\mu_1\rangle^2
        +\tfrac12\langle u,\mu_2\rangle^2\Bigr)-\langle\mathrm{step}_j,u\rangle^2\Bigr]

    Neuron by neuron; over an orthonormal basis it sums to :func:`step_deviation`.

    Book: ``prop-step-error``.
    Error: rounding.
    Raises: ValueError as :func:`step_deviation`, or if u is no finite vector of length d.

    >>> clusters, W = XORClusters(d=2, separation=2.0), np.array([[1.0, 1.0]])
    >>> bool(abs(step_variance(W, np.ones(1), clusters, 1, np.array([1.0, -1.0]))[0]
    ...          - (6 / 8 - (math.erf(1) / 2) ** 2)) < 1e-15)
    True
    """
    n, step = integer("n", n, at_least=1), first_step(W, a, clusters)
    step, u = real_arrays(step=step, u=u, ndim=(2, 1))
    if u.shape[0] != clusters.d:
        raise ValueError(f"u must have length d = {clusters.d}, got shape {tuple(u.shape)}")
    xp, a, s = array_namespace(step), _readout(W, a), clusters.separation
    with np.errstate(over="ignore", invalid="ignore"):
        along = (u[0] ** 2 + u[1] ** 2) * (s * s / 2)
        spread = (a * clusters.sigma) ** 2 / 8 * (xp.sum(u**2) + along)
        return real_array("the variance for W, a", (spread - (step @ u) ** 2) / n)


# --- the features without training


def random_features_risk(W: Float[Array, "r d"], clusters: XORClusters) -> Float[Array, ""]:
    r"""The part of E y² = 1 that the r features miss, for the clean label y = ±1.

    .. math:: \min_u\mathbb E\Bigl(y-u_0-\sum_ju_j[\langle w_j,x\rangle]_+\Bigr)^2
        = 1 - c^\top C^+ c, \qquad
        c_j = \mathbb E\,y\,[\langle w_j,x\rangle]_+
        = \tfrac14\sigma\|w_j\|\,(h(\alpha_1)-h(\alpha_2)),

    with C the covariance of the features. For observed labels it is 1 - (1 - 2p)² (1 - this). The
    lengths of the rows of W do not matter, nor does σ; W may be trained or random.

    Book: ``prop-frozen-xor``.
    Error: from above, for eigenvalues of C below 1e-13 of the largest (rounding) count as zero. By
    1e-9 for 400 features in the plane d = 2, where C is nearly singular; near rounding for r of the
    size of d².
    Raises: ValueError if a neuron is zero or not finite, or W has not d columns, or the separation
    is above 1e6, where C is lost in rounding. Time and memory are those of r² numbers and O(r³).

    >>> clusters = XORClusters(d=2, separation=2.0)
    >>> float(random_features_risk(np.array([[1.0, 1.0], [-1.0, -1.0]]), clusters))
    1.0
    """
    _, directions = _neurons(W, clusters)
    xp = array_namespace(directions)
    s = real("separation", clusters.separation, at_most=1e6)
    K, k, c = _feature_means(directions, s)
    cut = max(ROUNDING, float(xp.finfo(K.dtype).eps))
    return 1 - pseudoinverse_form(K - k[:, None] * k, c, cut=cut)


# --- helpers


def _k(alpha: Array) -> Array:
    """2Φ(α) - 1, without loss of digits near 0."""
    return erf(alpha / math.sqrt(2))


def _density(alpha: Array) -> Array:
    xp = array_namespace(alpha)
    small = xp.clip(alpha, -40.0, 40.0)  # beyond, it is 0: no square overflows
    return xp.exp(-(small**2) / 2) / math.sqrt(2 * math.pi)


def _neurons(W: Array, clusters: XORClusters) -> tuple[Array, Array]:
    """The lengths and the directions of the neurons, or ValueError if W does not fit."""
    W = real_array("W", W, ndim=2)
    xp = array_namespace(W)
    if W.shape[1] != clusters.d or W.shape[0] == 0:
        raise ValueError(
            f"W must have shape (m, d) with m >= 1 and d = {clusters.d}, got {tuple(W.shape)}"
        )
    zero = ~xp.any(W != 0, axis=1)
    if xp.any(zero):
        row = int(xp.nonzero(zero)[0][0])
        raise ValueError(f"W must hold no zero neuron, got one in row {row}")
    with np.errstate(over="ignore"):  # a length beyond the range is infinite
        return length_and_direction(W)


def _readout(W: Array, a: Array) -> Array:
    """``a`` as an array, or ValueError if it does not fit to W."""
    W, a = real_arrays(W=W, a=a, ndim=(2, 1))
    if a.shape[0] != W.shape[0]:
        raise ValueError(
            f"a must have an entry for each of the {W.shape[0]} neurons, got shape {tuple(a.shape)}"
        )
    return a


def _feature_means(directions: Array, s: float) -> tuple[Array, Array, Array]:
    """E f_i f_j, E f_i and E y f_i for f_i = [<w_i, x>]_+, unit w_i, σ = 1 and separation s."""
    xp, m = array_namespace(directions), directions.shape[0]
    alpha_1, alpha_2 = s * directions[:, 0], s * directions[:, 1]
    ones = xp.ones_like(alpha_1)
    rows = max(1, BLOCK // m)
    blocks = []
    for i in range(0, m, rows):
        part = slice(i, i + rows)
        correlation = directions[part, :] @ xp.matrix_transpose(directions)
        terms = [
            dual_relu_general(ones[part, None], ones, correlation, level[part, None], level)
            for level in (alpha_1, -alpha_1, alpha_2, -alpha_2)
        ]
        blocks.append(sum(terms) / 4)
    h_1, h_2 = mean_absolute(alpha_1), mean_absolute(alpha_2)
    return xp.concat(blocks), (h_1 + h_2) / 4, (h_1 - h_2) / 4
