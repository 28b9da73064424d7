r"""Random pruning of the first layer: the kernels of the start as means over masks.

Each input weight of a ReLU neuron survives with probability α, the density, and is then multiplied
by 1/√α. Weights are standard Gaussian and independent of the masks.
"""

import math

import numpy as np
from jaxtyping import Float
from scipy import special

from randomfeatures.foundations.arguments import Array, integer, real, real_array


def pruned_kernel(d: int, agree: int, density: float, *, tangent: bool = False) -> float:
    r"""The kernel of pruned neurons at two vectors of signs/√d that agree in ``agree`` places.

    .. math::
        \kappa_\alpha = \mathbb E\,\frac{a+b}{2\alpha d}\,J\Bigl(\frac{a-b}{a+b}\Bigr), \qquad
        \vartheta_\alpha = \mathbb E\,\frac{a-b}{\alpha d}\cdot
        \frac{\pi-\arccos\frac{a-b}{a+b}}{2\pi}

    with a ~ Bin(d₊, α), b ~ Bin(d - d₊, α) independent, J(t) = (√(1-t²) + (π - arccos t) t)/π,
    and 0 at a + b = 0. ``tangent``: the second, the tangent kernel of the first layer.

    Book: ``thm-pruned-kernel``.
    Error: absolute, 1e-13; both are sums of at most (d₊ + 1)(d - d₊ + 1) terms.
    Raises: ValueError unless d ≥ 1, 0 ≤ agree ≤ d and 0 < density ≤ 1.

    >>> pruned_kernel(4, 4, 0.5), round(pruned_kernel(4, 2, 1.0) * 2 * math.pi, 12)
    (0.5, 1.0)
    """
    d, agree = integer("d", d, at_least=1), integer("agree", agree, at_least=0, at_most=d)
    density = real("density", density, above=0, at_most=1)
    a, b = np.arange(agree + 1)[:, None], np.arange(d - agree + 1)[None, :]
    law = binomial_law(agree, density)[:, None] * binomial_law(d - agree, density)[None, :]
    total = np.maximum(a + b, 1)
    cosine = (a - b) / total
    angle = np.pi - np.arccos(cosine)
    if tangent:
        values = (a - b) * angle / (2 * np.pi)
    else:
        values = (a + b) * (np.sqrt(1 - cosine**2) + angle * cosine) / (2 * np.pi)
    return float(np.sum(law * values)) / (density * d)


def binomial_law(n: int, p: float) -> Float[np.ndarray, "{n}+1"]:
    """The probabilities of 0, ..., n successes in n trials; relative error 1e-13 (1 + n / 1000).

    >>> binomial_law(2, 0.5).round(12)
    array([0.25, 0.5 , 0.25])
    """
    k = np.arange(n + 1)
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.exp(ways + special.xlogy(k, p) + special.xlog1py(n - k, -p))


def pruning_shift(rho: float, *, tangent: bool = False) -> float:
    r"""How much pruning adds to the kernel at the cosine ρ, to first order in v = (1-α)/(αd).

    .. math:: \frac{\sqrt{1-\rho^2}}{4\pi}, \qquad \frac{2-\rho^2}{4\pi\sqrt{1-\rho^2}}

    the second for the tangent kernel of the first layer; the shift is this number times v.

    Book: ``thm-pruned-kernel``.
    Error: relative, 1e-14.
    Raises: ValueError unless -1 < rho < 1.

    >>> pruning_shift(0.0) * 4 * math.pi, pruning_shift(0.0, tangent=True) * 4 * math.pi
    (1.0, 2.0)
    """
    rho = real("rho", rho, above=-1, at_most=1)
    if rho == 1:
        raise ValueError(f"rho must be a finite real number < 1, got {rho!r}")
    sine = math.sqrt((1 - rho) * (1 + rho))
    return (2 - rho**2) / (4 * math.pi * sine) if tangent else sine / (4 * math.pi)


def pruned_variance(x: Float[Array, " d"], density: float) -> float:
    r"""Var [⟨w, x⟩]_+², the variance of one pruned neuron's share of the kernel at x.

    .. math:: \frac32\Bigl(|x|^4 + \frac{1-\alpha}\alpha\sum_jx_j^4\Bigr) - \frac14|x|^4

    Divided by the width it is the variance of the kernel of a finite network at (x, x).

    Book: ``thm-pruned-kernel``.
    Error: relative, 1e-14.
    Raises: ValueError unless x is a vector of finite numbers and 0 < density ≤ 1.

    >>> pruned_variance([1.0, 0.0], 1.0), pruned_variance([1.0, 0.0], 0.5)
    (1.25, 2.75)
    """
    x = np.asarray(real_array("x", x, ndim=1), dtype=float)
    density = real("density", density, above=0, at_most=1)
    square, fourth = float(x @ x), float(np.sum(x**4))
    return 1.5 * (square**2 + (1 - density) / density * fourth) - square**2 / 4
