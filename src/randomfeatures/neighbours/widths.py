r"""Kolmogorov widths of averages of neurons: what fixed features leave in the worst case.

The class is the closed convex hull of the neurons ±[⟨θ, ·⟩]_+, \|θ\| = 1, in L² of the standard
Gaussian on R^d; δ_r is the least, over spaces of dimension ≤ r, of the largest distance from it.
"""

import math

from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, integer, real_array
from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.relu_spectrum import degree_energies
from randomfeatures.foundations.sphere import gegenbauer
from randomfeatures.sharp.optimum import optimal_error
from randomfeatures.sharp.optimum_levels import least
from randomfeatures.sharp.spectrum import harmonics


def width_bounds(d: int, r: int) -> tuple[float, float]:
    r"""Lower and upper bound on δ_r², the squared r-width; equal when r counts full degrees.

    .. math:: \operatorname{tail}_r \le \delta_r^2 \le \tau_K, \qquad
              K \text{ the largest even number with } d+\binom{K+d-1}{d-1} \le r

    Book: ``thm-exact-width``.
    Error: relative, 1e-15.
    Raises: ValueError unless d ≥ 2 and r is at least the number of harmonics up to degree 2;
    ArithmeticError and ImportError as :func:`~randomfeatures.sharp.optimum.optimal_error`.

    >>> lower, upper = width_bounds(3, 9)
    >>> lower == upper == 1 / 256
    True
    >>> lower, upper = width_bounds(3, 12)
    >>> lower < 1 / 256 == upper
    True
    """
    d = integer("d", d, at_least=2)
    r = integer("r", r, at_least=harmonics(d, 2))
    degree = 2 * least(lambda i: harmonics(d, 2 * i + 2) > r, 1)
    return optimal_error(d, r), optimal_error(d, harmonics(d, degree))


def width_constant(d: int) -> float:
    r"""The limit of r^{3/(d-1)} δ_r² as r grows, d fixed.

    .. math:: \frac{d\,\Gamma(\frac d2)}{3\,\pi^{3/2}\,\Gamma(\frac{d-1}2)\,((d-1)!)^{3/(d-1)}}

    Book: ``thm-exact-width``.
    Error: relative, 1e-14 d.
    Raises: ValueError unless d ≥ 2.

    >>> round(width_constant(2) * 3 * math.pi**2, 12)
    2.0
    """
    d = integer("d", d, at_least=2)
    ratio = math.lgamma(d / 2) - math.lgamma((d - 1) / 2) - 3 / (d - 1) * math.lgamma(d)
    return d * math.exp(ratio) / (3 * math.pi**1.5)


def residual_kernel(d: int, degree: int, t: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""κ_K(t) = ⟨Qσ_θ, Qσ_θ'⟩ for ⟨θ, θ'⟩ = t: neurons without their lower harmonics.

    .. math:: \kappa_K(t) = \kappa(t) - \sum_{k\le K} N(d,k)\,\lambda_k\,P_k(t), \qquad
              \kappa_K(1) = \tau_K

    Book: ``thm-exact-width``.
    Error: absolute, 1e-14 (K + 1).
    Raises: ValueError unless d ≥ 2, degree ≥ 0 is even, and -1 ≤ t ≤ 1.

    >>> import numpy as np
    >>> residual_kernel(3, 2, np.array([1.0])).round(12) * 256
    array([1.])
    """
    d, degree = integer("d", d, at_least=2), integer("degree", degree, at_least=0)
    if degree % 2:
        raise ValueError(f"degree must be an even integer >= 0, got {degree!r}")
    t = real_array("t", t, at_least=-1, at_most=1)
    degrees = (0, 1, *range(2, degree + 1, 2))
    total = dual_relu(t)
    for k, energy in degree_energies(d, degrees).items():
        total = total - energy * gegenbauer(d, k, t)
    return total
