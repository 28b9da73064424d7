"""The eigenvalues of the ReLU without a bias, their one home: as floats, and as balls that enclose them."""

import math
from typing import Any

from randomfeatures.foundations.arguments import integer
from randomfeatures.foundations.balls import ball, flint
from randomfeatures.foundations.sphere import multiplicity


def relu_eigenvalue(d: int, k: int) -> float:
    r"""η_k: E_w [<w, x>]_+ Y(w) = η_k Y(x) for every harmonic Y of degree k and \|x\| = 1 (the Funk-Hecke number of the ReLU).

    .. math:: \eta_0 = \frac{\Gamma(d/2)}{2\sqrt\pi\,\Gamma((d+1)/2)},\quad \eta_1 = \frac1{2d},\quad \eta_2=\frac{\eta_0}{d+1},\quad
              \eta_{k+2} = -\frac{k-1}{k+d+1}\,\eta_k \ (k\ge2 \text{ even}), \quad \eta_k = 0 \ (k\ge3\text{ odd})

    Book: ``lem-harmonic-coefficients`` and ``thm-neuron-spectrum``.
    Error: relative, 1e-15 (d + k).
    Raises: ValueError unless d >= 2 and k >= 0.

    >>> relu_eigenvalue(5, 1), relu_eigenvalue(5, 3), round(relu_eigenvalue(2, 0) * math.pi, 12)
    (0.1, 0.0, 1.0)
    """
    d, k = integer("d", d, at_least=2), integer("k", k, at_least=0)
    if k % 2:
        return 1 / (2 * d) if k == 1 else 0.0
    eta = math.exp(math.lgamma(d / 2) - math.lgamma((d + 1) / 2)) / (2 * math.sqrt(math.pi))
    for j in range(0, k, 2):
        eta *= -(j - 1) / (j + d + 1)
    return eta


# --- no bias: the eigenvalues and their tail in balls


def neuron_eigenvalue(d: int, k: int) -> Any:
    """λ_k of the neuron without bias, k = 0, 1 or even, as a ball. By log Γ: Γ itself overflows even a ball's exponent."""
    if k == 1:
        return 1 / (4 * ball(d))
    half = ball(d) / 2
    if k == 0:
        return d * (half.lgamma() - (half + 0.5).lgamma()).exp() ** 2 / (4 * flint().arb.pi())
    log_ratio = half.lgamma() + (ball(k - 1) / 2).lgamma() - (ball(k + d + 1) / 2).lgamma()
    return d * (2 * log_ratio).exp() / (4 * flint().arb.pi()) ** 2


def energy_share(d: int, k: int) -> Any:
    """s_k = N(d, k) λ_k."""
    return ball(multiplicity(d, k)) * neuron_eigenvalue(d, k)
