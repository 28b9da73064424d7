r"""The eigenvalues of the ReLU without a bias, their one home.

For a harmonic Y of degree k, w uniform on the sphere and \|x\| = 1,

.. math:: \mathbb E_w\,[\langle w,x\rangle]_+\,Y(w) = \eta_k\,Y(x),

.. math:: \eta_0 = \frac{\Gamma(d/2)}{2\sqrt\pi\,\Gamma((d+1)/2)}, \quad \eta_1 = \frac1{2d}, \quad
          \frac{\eta_{k+2}}{\eta_k} = -\frac{k-1}{k+d+1} \ (k \text{ even}), \quad
          \eta_k = 0 \ (k\ge3 \text{ odd}).

A neuron [⟨θ, x⟩]_+ of a Gaussian x has the eigenvalues λ_k = d η_k² of multiplicity N(d, k); its
energy Σ N(d, k) λ_k is 1/2. The numbers are given as floats, as balls that enclose them
(:mod:`~randomfeatures.foundations.balls`), and for odd d as fractions.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from itertools import count
from typing import Any

from randomfeatures.foundations.arguments import integer
from randomfeatures.foundations.balls import ball, certify, flint
from randomfeatures.foundations.sphere import multiplicity


def relu_quotient(d: int, k: int) -> Fraction:
    r"""η_{k+2} / η_k = -(k-1) / (k+d+1) for even k.

    Error: none.
    Raises: ValueError unless d >= 1 and k >= 0 is even.

    >>> relu_quotient(5, 0), relu_quotient(5, 2)
    (Fraction(1, 6), Fraction(-1, 8))
    """
    d, k = integer("d", d, at_least=1), integer("k", k, at_least=0)
    if k % 2:
        raise ValueError(f"k must be even, got {k}")
    return Fraction(1 - k, k + d + 1)


def relu_eigenvalue(d: int, k: int) -> float:
    r"""η_k as a float.

    Book: ``lem-harmonic-coefficients``.
    Error: relative, 2e-16; 0.0 for what is too small for a float.
    Raises: ValueError unless d >= 2 and k >= 0.

    >>> relu_eigenvalue(5, 1), relu_eigenvalue(5, 3), relu_eigenvalue(2, 0) * math.pi
    (0.1, 0.0, 1.0)
    """
    d, k = integer("d", d, at_least=2), integer("k", k, at_least=0)
    return float(certify(lambda: relu_ball(d, k)))


def degree_energies(d: int, degrees: tuple[int, ...]) -> dict[int, float]:
    """N(d, k) λ_k for the ``degrees`` k: how the energy 1/2 of a neuron is shared among them.

    Error: relative, 2e-16.
    Raises: ValueError unless d >= 1 and all k >= 0.

    >>> degree_energies(3, (0, 1, 2))
    {0: 0.1875, 1: 0.25, 2: 0.05859375}
    """
    d = integer("d", d, at_least=1)
    degrees = tuple(integer("degrees", k, at_least=0) for k in degrees)
    return {k: float(certify(partial(energy_share, d, k))) for k in degrees}


# --- as balls at the current precision


def relu_ball(d: int, k: int) -> Any:
    """η_k as a ball. By log Γ: Γ itself overflows even a ball's exponent."""
    half, pi = ball(d) / 2, flint().arb.pi()
    if k % 2:
        return 1 / (2 * ball(d)) if k == 1 else ball(0)
    if k == 0:
        return (half.lgamma() - (half + 0.5).lgamma()).exp() / (2 * pi.sqrt())
    log_ratio = half.lgamma() + (ball(k - 1) / 2).lgamma() - (ball(k + d + 1) / 2).lgamma()
    size = log_ratio.exp() / (4 * pi)
    return size if k % 4 == 2 else -size


def neuron_eigenvalue(d: int, k: int) -> Any:
    """λ_k = d η_k² of the neuron as a ball."""
    return d * relu_ball(d, k) ** 2


def neuron_eigenvalues(d: int, max_degree: int) -> list[Any]:
    """λ_0, ..., λ_K as balls, by their quotients."""
    values = [neuron_eigenvalue(d, 0), neuron_eigenvalue(d, 1)]
    for k in range(2, max_degree + 1):
        quotient = relu_quotient(d, k - 2) if k % 2 == 0 else Fraction(0)
        values.append(values[k - 2] * quotient.numerator**2 / quotient.denominator**2)
    return values[: max_degree + 1]


def energy_share(d: int, k: int) -> Any:
    """s_k = N(d, k) λ_k as a ball."""
    return ball(multiplicity(d, k)) * neuron_eigenvalue(d, k)


# --- as fractions


def exact_neuron_eigenvalues(d: int) -> Iterator[Fraction]:
    r"""λ_0, λ_1, ... without end, for odd d, where all are rational: η_0 = C(d-1, (d-1)/2) / 2^d.

    Error: none.
    Raises: ValueError unless d >= 1 is odd.

    >>> from itertools import islice
    >>> [str(value) for value in islice(exact_neuron_eigenvalues(3), 5)]
    ['3/16', '1/12', '3/256', '0', '1/3072']
    """
    d = integer("d", d, at_least=1)
    if d % 2 == 0:
        raise ValueError(f"d must be odd, got {d}")
    return (d * eta**2 for eta in _exact_eigenvalues(d))


def _exact_eigenvalues(d: int) -> Iterator[Fraction]:
    """η_0, η_1, ... without end, for odd d."""
    eta = Fraction(math.comb(d - 1, (d - 1) // 2), 2**d)
    for k in count(0, 2):
        yield eta
        yield Fraction(k == 0, 2 * d)
        eta *= relu_quotient(d, k)
