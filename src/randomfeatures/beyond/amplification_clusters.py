r"""The law of XOR clusters with flipped labels, and what its best and its linear classifiers reach.

Notation as in :mod:`~randomfeatures.beyond.amplification`; numpy's arrays only.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import special

from randomfeatures.foundations.arguments import Array, generator, integer, real, real_array
from randomfeatures.foundations.linear_algebra import length_and_direction


@dataclass(frozen=True)
class XORClusters:
    r"""The law of (x, clean label, observed label) in dimension ``d``.

    ``separation`` is s = \|μ\|/σ, ``sigma`` σ, ``flip`` p. The centres lie on the first two axes;
    the law of x is isotropic around them, so this choice loses nothing.

    Raises: ValueError unless d >= 2, separation > 0, sigma > 0, their product is finite and not
    zero, and 0 <= flip < 1/2.

    >>> clusters = XORClusters(d=3, separation=2.0, sigma=0.5)
    >>> clusters.mu_1, clusters.mu_2
    (array([1., 0., 0.]), array([0., 1., 0.]))
    """

    d: int
    separation: float
    sigma: float = 1.0
    flip: float = 0.0

    def __post_init__(self) -> None:
        integer("d", self.d, at_least=2)
        separation = real("separation", self.separation, above=0)
        real("separation * sigma", separation * real("sigma", self.sigma, above=0), above=0)
        real("flip", self.flip, at_least=0, below=0.5)

    @property
    def mu_1(self) -> Float[Array, " d"]:
        """The centre μ_1 = s σ e_1; with -μ_1 it has the clean label +1."""
        return self.separation * self.sigma * np.eye(1, self.d, 0)[0]

    @property
    def mu_2(self) -> Float[Array, " d"]:
        """The centre μ_2 = s σ e_2; with -μ_2 it has the clean label -1."""
        return self.separation * self.sigma * np.eye(1, self.d, 1)[0]

    def sample(
        self, rng: np.random.Generator, n: int
    ) -> tuple[Float[Array, "n d"], Float[Array, " n"], Float[Array, " n"]]:
        """``n`` independent inputs, their clean and their observed labels, -1.0 or 1.0.

        Raises: ValueError unless n >= 1.

        >>> clusters = XORClusters(d=5, separation=3.0)
        >>> x, clean, observed = clusters.sample(np.random.default_rng(0), 100)
        >>> x.shape, bool(np.all(clean == observed))
        ((100, 5), True)
        """
        rng, n = generator("rng", rng), integer("n", n, at_least=1)
        centre = rng.integers(0, 4, n)
        nu = np.stack([self.mu_1, -self.mu_1, self.mu_2, -self.mu_2])[centre]
        clean = np.where(centre < 2, 1.0, -1.0)
        flipped = rng.random(n) < self.flip
        x = nu + self.sigma * rng.standard_normal((n, self.d))
        return x, clean, np.where(flipped, -clean, clean)

    def bayes_error(self) -> float:
        r"""The least probability of a wrong clean label: 2 Φ(s/√2) Φ(-s/√2).

        It is that of the sign of \|<x, μ_1>\| - \|<x, μ_2>\|.

        Book: ``prop-bayes-xor``.
        Error: relative, 1e-14.

        >>> round(XORClusters(d=2, separation=3.0).bayes_error(), 4)
        0.0333
        """
        level = self.separation / math.sqrt(2)
        return float(2 * special.ndtr(level) * special.ndtr(-level))

    def observed_error(self, clean_error: float) -> float:
        """The probability p + (1 - 2p) e of a wrong observed label, e that of a wrong clean one.

        Book: ``prop-bayes-xor``.
        Raises: ValueError unless 0 <= clean_error <= 1.

        >>> XORClusters(d=2, separation=3.0, flip=0.25).observed_error(0.5)
        0.5
        """
        clean_error = real("clean_error", clean_error, at_least=0, at_most=1)
        return self.flip + (1 - 2 * self.flip) * clean_error


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
    u, b = np.asarray(real_array("u", u, ndim=1), dtype=float), real("b", b)
    if u.shape != (clusters.d,) or not np.any(u):
        raise ValueError(
            f"u must be a vector of length d = {clusters.d} that is not zero, got shape {u.shape}"
        )
    length, direction = length_and_direction(u)
    t_1, t_2 = clusters.separation * direction[0], clusters.separation * direction[1]
    with np.errstate(over="ignore"):  # a level beyond the range of the numbers is infinite
        level = np.asarray(b) / length / clusters.sigma
    positive = special.ndtr(level - t_1) + special.ndtr(level + t_1)
    negative = special.ndtr(t_2 - level) + special.ndtr(-t_2 - level)
    return float(positive + negative) / 4
