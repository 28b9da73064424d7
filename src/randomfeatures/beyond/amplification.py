r"""Random feature amplification: two-layer ReLU networks on XOR clusters with flipped labels, and what cannot learn them.

The inputs are x = ν + σ z with ν uniform on {μ_1, -μ_1, μ_2, -μ_2}, <μ_1, μ_2> = 0, \|μ_1\| =
\|μ_2\| = s σ, and z ~ N(0, I_d). The clean label is +1 at ±μ_1 and -1 at ±μ_2; the observed label
is the clean one, flipped with probability p < 1/2. The network is f(x) = Σ_j a_j [<w_j, x>]_+;
``W`` holds the neurons w_j as rows, and only W is trained. The alignments of a neuron are α_i = <w,
μ_i> / (σ \|w\|), so that α_i / s is the cosine of the angle between w and μ_i.

The closed forms take arrays of any library; sampling and training are numpy's.

Source: Frei, Chatterji, Bartlett (2022), for the setting. The closed forms for Gaussian clusters
are ours.
"""

import math
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Float
from scipy import special

from randomfeatures.foundations.activations import erf
from randomfeatures.foundations.arguments import Array, broadcast, common_namespace, finite_array, generator, integer, real
from randomfeatures.foundations.dual_activations import dual_relu_general

ROUNDING = 1e-13
"""Eigenvalues of a covariance of features below this part of the largest are rounding errors and count as zero."""


BLOCK = 1_000_000
"""Entries of a block of work: large enough to be fast, small enough for any memory."""


@dataclass(frozen=True)
class XORClusters:
    r"""The law of (x, clean label, observed label) in dimension ``d``: ``separation`` s = \|μ\|/σ, ``sigma`` σ, ``flip`` p.

    The centres lie on the first two axes; the law of x is isotropic around them, so this choice
    loses nothing.

    Raises: ValueError unless d >= 2, separation > 0, sigma > 0 and 0 <= flip < 1/2.

    >>> clusters = XORClusters(d=3, separation=2.0, sigma=0.5)
    >>> clusters.mu_1, clusters.mu_2
    (array([1., 0., 0.]), array([0., 1., 0.]))
    """

    d: int
    separation: float
    sigma: float = 1.0
    flip: float = 0.0

    def __post_init__(self):
        integer("d", self.d, at_least=2)
        real("separation", self.separation, above=0)
        real("sigma", self.sigma, above=0)
        if real("flip", self.flip, at_least=0) >= 0.5:
            raise ValueError(f"flip must be a real number >= 0 and < 1/2, got {self.flip!r}")

    @property
    def mu_1(self) -> Float[Array, " d"]:
        """The centre μ_1 = s σ e_1; with -μ_1 it has the clean label +1."""
        return self.separation * self.sigma * np.eye(1, self.d, 0)[0]

    @property
    def mu_2(self) -> Float[Array, " d"]:
        """The centre μ_2 = s σ e_2; with -μ_2 it has the clean label -1."""
        return self.separation * self.sigma * np.eye(1, self.d, 1)[0]

    def sample(self, rng: np.random.Generator, n: int) -> tuple[Float[Array, "n d"], Float[Array, " n"], Float[Array, " n"]]:
        """``n`` independent inputs, their clean labels and their observed labels, all as floats; labels are -1 or 1.

        Raises: ValueError unless n >= 1.

        >>> x, clean, observed = XORClusters(d=5, separation=3.0).sample(np.random.default_rng(0), 100)
        >>> x.shape, bool(np.all(clean == observed))
        ((100, 5), True)
        """
        rng, n = generator("rng", rng), integer("n", n, at_least=1)
        centre = rng.integers(0, 4, n)
        nu = np.stack([self.mu_1, -self.mu_1, self.mu_2, -self.mu_2])[centre]
        clean = np.where(centre < 2, 1.0, -1.0)
        flipped = rng.random(n) < self.flip
        return nu + self.sigma * rng.standard_normal((n, self.d)), clean, np.where(flipped, -clean, clean)

    def bayes_error(self) -> float:
        r"""The least probability of a wrong clean label, that of the sign of \|<x, μ_1>\| - \|<x, μ_2>\|: 2 Φ(s/√2) Φ(-s/√2).

        Book: ``prop-bayes-xor``.
        Error: relative, 1e-14.

        >>> round(XORClusters(d=2, separation=3.0).bayes_error(), 4)
        0.0333
        """
        level = self.separation / math.sqrt(2)
        return float(2 * special.ndtr(level) * special.ndtr(-level))

    def observed_error(self, clean_error: float) -> float:
        """The probability of a wrong observed label, p + (1 - 2p) e, of a classifier whose probability of a wrong clean label is e.

        Book: ``prop-bayes-xor``.
        Raises: ValueError unless 0 <= clean_error <= 1.

        >>> XORClusters(d=2, separation=3.0, flip=0.25).observed_error(0.5)
        0.5
        """
        return self.flip + (1 - 2 * self.flip) * real("clean_error", clean_error, at_least=0, at_most=1)


# --- what linear classifiers reach


def linear_error(u: Float[Array, " d"], b: float, clusters: XORClusters) -> float:
    r"""The probability that the sign of <u, x> - b is not the clean label.

    .. math:: \frac14\sum_{\nu=\pm\mu_1}\Phi\Bigl(\frac{b-\langle u,\nu\rangle}{\sigma\|u\|}\Bigr)
        + \frac14\sum_{\nu=\pm\mu_2}\Phi\Bigl(\frac{\langle u,\nu\rangle-b}{\sigma\|u\|}\Bigr)

    Book: ``prop-linear-xor``.
    Error: absolute, 1e-15.
    Raises: ValueError if u = 0, an entry is not finite, or u has not length d.

    >>> linear_error(np.array([1.0, 2.0, 3.0]), 0.0, XORClusters(d=3, separation=3.0))
    0.5
    """
    u, b = np.asarray(finite_array("u", u, ndim=1), dtype=float), real("b", b)
    if u.shape != (clusters.d,) or not np.any(u):
        raise ValueError(f"u must be a vector of length d = {clusters.d} that is not zero, got shape {u.shape}")
    scale = clusters.sigma * np.linalg.norm(u)
    t_1, t_2, level = u @ clusters.mu_1 / scale, u @ clusters.mu_2 / scale, b / scale
    positive = special.ndtr(level - t_1) + special.ndtr(level + t_1)
    negative = special.ndtr(t_2 - level) + special.ndtr(-t_2 - level)
    return float(positive + negative) / 4


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
    finite_array("alpha", alpha)
    return alpha * _k(alpha) + 2 * _density(alpha)


def alignment(W: Float[Array, "m d"], clusters: XORClusters) -> tuple[Float[Array, " m"], Float[Array, " m"]]:
    r"""α_i = <w, μ_i> / (σ \|w\|) of every neuron, i = 1, 2; divided by the separation it is the cosine of the angle to μ_i.

    Raises: ValueError if a neuron is zero or not finite, or W has not d columns.

    >>> alignment(np.array([[3.0, 4.0, 0.0]]), XORClusters(d=3, separation=5.0))
    (array([3.]), array([4.]))
    """
    xp, mu_1, mu_2 = _centres(W, clusters)
    scale = clusters.sigma * xp.linalg.vector_norm(W, axis=1)
    return W @ mu_1 / scale, W @ mu_2 / scale


def first_step(W: Float[Array, "m d"], a: Float[Array, " m"], clusters: XORClusters) -> Float[Array, "m d"]:
    r"""The negative gradient in every w_j of the expected logistic loss on observed labels, as if f were 0: (a_j/2)(1 - 2p) G(w_j).

    .. math:: G(w) = \tfrac14\bigl[(2\Phi(\alpha_1)-1)\,\mu_1 - (2\Phi(\alpha_2)-1)\,\mu_2
        + 2\sigma\,(\varphi(\alpha_1)-\varphi(\alpha_2))\,w/\|w\|\bigr]

    It is the limit of the first step of a small network; :func:`smallness_bound` says how far a
    given network is from it.

    Book: ``thm-first-step``.
    Error: rounding.
    Raises: ValueError if a neuron is zero or not finite, or the shapes do not fit.

    >>> clusters = XORClusters(d=2, separation=40.0, flip=0.25)
    >>> first_step(np.array([[1.0, 0.0]]), np.array([1.0]), clusters).round(4)
    array([[2.4501, 0.    ]])
    """
    xp, mu_1, mu_2 = _centres(W, clusters)
    a = _readout(W, a)
    alpha_1, alpha_2 = alignment(W, clusters)
    unit = W / xp.linalg.vector_norm(W, axis=1, keepdims=True)
    noise = 2 * clusters.sigma * (_density(alpha_1) - _density(alpha_2))
    G = (_k(alpha_1)[:, None] * mu_1 - _k(alpha_2)[:, None] * mu_2 + noise[:, None] * unit) / 4
    return (1 - 2 * clusters.flip) / 2 * a[:, None] * G


def growth(W: Float[Array, "m d"], a: Float[Array, " m"], clusters: XORClusters) -> Float[Array, " m"]:
    r"""<w_j, step_j> for the step of :func:`first_step`: to first order half the growth of \|w_j\|².

    .. math:: \langle w_j,\mathrm{step}_j\rangle = \frac{a_j}{2}(1-2p)\,\frac{\sigma\|w_j\|}{4}\,\bigl(h(\alpha_1)-h(\alpha_2)\bigr)

    Book: ``prop-growth``.
    Error: rounding.
    Raises: ValueError if a neuron is zero or not finite, or the shapes do not fit.

    >>> W, clusters = np.array([[2.0, 1.0], [1.0, 2.0]]), XORClusters(d=2, separation=3.0)
    >>> np.sign(growth(W, np.array([1.0, 1.0]), clusters))
    array([ 1., -1.])
    """
    xp, _, _ = _centres(W, clusters)
    alpha_1, alpha_2 = alignment(W, clusters)
    length = xp.linalg.vector_norm(W, axis=1)
    difference = mean_absolute(alpha_1) - mean_absolute(alpha_2)
    return (1 - 2 * clusters.flip) / 8 * _readout(W, a) * clusters.sigma * length * difference


def alignment_field(
    alpha_1: Float[Array, "..."] | float, alpha_2: Float[Array, "..."] | float, separation: float
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    r"""The velocity of the alignments (α_1, α_2) of one neuron with a > 0 that follows :func:`first_step`, in the time τ below.

    .. math:: \frac{d\alpha_1}{d\tau} = k(\alpha_1)(s^2-\alpha_1^2) + k(\alpha_2)\,\alpha_1\alpha_2, \qquad
        \frac{d\alpha_2}{d\tau} = -k(\alpha_2)(s^2-\alpha_2^2) - k(\alpha_1)\,\alpha_1\alpha_2, \qquad k = 2\Phi-1,

    with :math:`d\tau = \frac a8(1-2p)\,\frac{\sigma}{\|w\|}\,dt`. For a < 0 the neuron runs through
    the same field backwards.

    Book: ``cor-first-step-flow``.
    Error: rounding.
    Raises: ValueError if separation <= 0, α_1² + α_2² > s² by more than rounding, or an entry is
    not finite.

    >>> velocity_1, velocity_2 = alignment_field(np.array([1.0, -1.0]), np.array([1.0, 1.0]), 3.0)
    >>> np.sign(velocity_1), np.sign(velocity_2)  # away from 0, toward 0
    (array([ 1., -1.]), array([-1., -1.]))
    """
    alpha_1, alpha_2 = broadcast(alpha_1=alpha_1, alpha_2=alpha_2)
    s = real("separation", separation, above=0)
    squares = alpha_1**2 + alpha_2**2
    finite_array("alpha_1**2 + alpha_2**2", squares, at_most=s * s * (1 + 1e-6))
    k_1, k_2 = _k(alpha_1), _k(alpha_2)
    return (
        k_1 * (s**2 - alpha_1**2) + k_2 * alpha_1 * alpha_2,
        -k_2 * (s**2 - alpha_2**2) - k_1 * alpha_1 * alpha_2,
    )


def smallness_bound(W: Float[Array, "m d"], a: Float[Array, " m"], clusters: XORClusters) -> Float[Array, " m"]:
    r"""A bound on the distance, neuron by neuron, of the true expected negative gradient at (W, a) from :func:`first_step`.

    .. math:: \frac{|a_j|}{4}\,\|f\|\,\sqrt{\frac{\sigma^2+\|\mu\|^2/2}{2}}, \qquad \|f\|^2 = \sum_{i,j} a_ia_j\,
        \mathbb E\,[\langle w_i,x\rangle]_+[\langle w_j,x\rangle]_+ \quad\text{(exact)}

    It is proportional to the size of W.

    Book: ``prop-step-error``.
    Error: an upper bound; its own rounding is 1e-14 relative to :math:`\sum_j|a_j|\|w_j\|` in place
    of \|f\|.
    Raises: ValueError if a neuron is zero or not finite, or the shapes do not fit.

    >>> clusters = XORClusters(d=2, separation=1.0)
    >>> bound = smallness_bound(np.array([[1.0, 0.0]]), np.array([1.0]), clusters)  # ‖f‖² = (1 + 1/2) / 2
    >>> bool(abs(bound[0] - 0.75 / 4) < 1e-15)
    True
    """
    xp, a = array_namespace(W), _readout(W, a)
    K, _, _ = _feature_means(W, clusters)
    size = xp.sqrt(xp.clip(a @ K @ a, 0.0, None))
    mu_squared = (clusters.separation * clusters.sigma) ** 2
    return xp.abs(a) / 4 * size * math.sqrt((clusters.sigma**2 + mu_squared / 2) / 2)


def step_deviation(W: Float[Array, "m d"], a: Float[Array, " m"], clusters: XORClusters, n: int) -> Float[Array, " m"]:
    r"""E‖·‖² of the difference, neuron by neuron, between the step from n samples, as if f were 0, and :func:`first_step`, its mean.

    .. math:: \frac1n\Bigl[\frac{a_j^2}{8}\bigl(\|\mu\|^2 + d\sigma^2\bigr) - \|\mathrm{step}_j\|^2\Bigr]

    The mean is over the n samples.

    Book: ``prop-step-error``.
    Error: rounding.
    Raises: ValueError unless n >= 1, if a neuron is zero or not finite, or the shapes do not fit.

    >>> deviation = step_deviation(np.array([[1.0, 1.0]]), np.array([1.0]), XORClusters(d=2, separation=2.0), 3)
    >>> bool(abs(deviation[0] - (6 / 8 - 2 * (math.erf(1) / 4) ** 2) / 3) < 1e-15)
    True
    """
    n, a = integer("n", n, at_least=1), _readout(W, a)
    xp, step = array_namespace(W), first_step(W, a, clusters)
    mean_square = clusters.sigma**2 * (clusters.separation**2 + clusters.d)
    return (a**2 / 8 * mean_square - xp.sum(step**2, axis=1)) / n


# --- the features without training


def random_features_risk(W: Float[Array, "r d"], clusters: XORClusters) -> Float[Array, ""]:
    r"""min E(y - u_0 - Σ_j u_j [<w_j, x>]_+)² over u, for the clean label y = ±1: the part of E y² = 1 that the r features miss.

    .. math:: 1 - c^\top C^+ c, \qquad c_j = \mathbb E\,y\,[\langle w_j,x\rangle]_+ = \tfrac14\sigma\|w_j\|\,(h(\alpha_1)-h(\alpha_2)),
        \qquad C_{ij} = \operatorname{Cov}\bigl([\langle w_i,x\rangle]_+, [\langle w_j,x\rangle]_+\bigr)

    For observed labels it is 1 - (1 - 2p)² (1 - this). The lengths of the rows of W do not matter;
    W may be trained or random.

    Book: ``prop-frozen-xor``.
    Error: from above, for eigenvalues of C below 1e-13 of the largest (rounding) count as zero. By
    1e-9 for 400 features in the plane d = 2, where C is nearly singular; near rounding for r of the
    size of d².
    Raises: ValueError if a neuron is zero or not finite, or W has not d columns. Time and memory
    are those of r² numbers and O(r³).

    >>> clusters = XORClusters(d=2, separation=2.0)
    >>> float(random_features_risk(np.array([[1.0, 1.0], [-1.0, -1.0]]), clusters))
    1.0
    """
    xp = array_namespace(finite_array("W", W, ndim=2))
    _centres(W, clusters)
    K, k, c = _feature_means(W / xp.linalg.vector_norm(W, axis=1, keepdims=True), clusters)
    eigenvalues, vectors = xp.linalg.eigh(K - k[:, None] * k)
    kept = eigenvalues > ROUNDING * xp.max(eigenvalues)
    along = (c @ vectors) ** 2 / xp.where(kept, eigenvalues, xp.ones_like(eigenvalues))
    return 1 - xp.sum(xp.where(kept, along, xp.zeros_like(along)))


# --- helpers


def _k(alpha):
    """2Φ(α) - 1, without loss of digits near 0."""
    return erf(alpha / math.sqrt(2))


def _density(alpha):
    xp = array_namespace(alpha)
    return xp.exp(-(alpha**2) / 2) / math.sqrt(2 * math.pi)


def _centres(W, clusters):
    """The namespace of W, and μ_1, μ_2 as arrays like W."""
    xp = array_namespace(finite_array("W", W, ndim=2))
    if W.shape[1] != clusters.d or W.shape[0] == 0:
        raise ValueError(f"W must have shape (m, d) with m >= 1 and d = {clusters.d}, got {tuple(W.shape)}")
    zero = ~xp.any(W != 0, axis=1)
    if xp.any(zero):
        raise ValueError(f"W must hold no zero neuron, got one in row {int(xp.nonzero(zero)[0][0])}")
    return xp, *(xp.asarray(mu, dtype=W.dtype, device=device(W)) for mu in (clusters.mu_1, clusters.mu_2))


def _readout(W, a):
    common_namespace(W=W, a=finite_array("a", a, ndim=1))
    if a.shape[0] != W.shape[0]:
        raise ValueError(f"a must have one entry for each of the {W.shape[0]} neurons, got shape {tuple(a.shape)}")
    return a


def _feature_means(W, clusters):
    """E f_i f_j, E f_i and E y f_i for the features f_i = [<w_i, x>]_+, y the clean label."""
    xp, mu_1, mu_2 = _centres(W, clusters)
    variance = clusters.sigma**2 * xp.sum(W**2, axis=1)
    rows = max(1, BLOCK // W.shape[0])
    blocks = []
    for i in range(0, W.shape[0], rows):
        part, covariance = slice(i, i + rows), clusters.sigma**2 * (W[i : i + rows, :] @ xp.matrix_transpose(W))
        terms = [
            dual_relu_general(variance[part, None], variance, covariance, (W[part, :] @ mu)[:, None], W @ mu)
            for mu in (mu_1, -mu_1, mu_2, -mu_2)
        ]
        blocks.append(sum(terms) / 4)
    K = xp.concat(blocks)
    h_1, h_2 = (mean_absolute(alpha) for alpha in alignment(W, clusters))
    deviation = xp.sqrt(variance)
    return K, deviation * (h_1 + h_2) / 4, deviation * (h_1 - h_2) / 4
