r"""The spectrum of one neuron: how much of it there is in each degree of spherical harmonics.

The target is the neuron x -> [⟨θ, x⟩ + b]_+ with θ uniform on the unit sphere of R^d and x standard
Gaussian. The operator on the sphere whose kernel is the inner product of two such neurons has in
degree k = 0, 1, 2, ... the eigenvalue λ_k, with multiplicity N(d, k). For a neuron of norm ρ and
bias ρb multiply the eigenvalues by ρ².

Eigenvalues are computed in ball arithmetic (python-flint): every operation encloses its rounding
error, and the precision rises until the result is known to what the docstring says. The value at a
float b is the value at exactly that number.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.foundations.balls import (
    accurate,
    ball,
    current_precision,
    enclosure,
    flint,
    working_precision,
)
from randomfeatures.foundations.relu_spectrum import neuron_eigenvalues
from randomfeatures.foundations.sphere import monomial_eigenvalue

FAR = 40.0
"""Beyond this |b| the neuron is b + ⟨θ, x⟩ (b > 0) or zero (b < 0), to a part (2|b| + 2) e^{-b²/2}
that no float can hold."""

LARGEST_BIASED = 10**6
"""The highest dimension with a bias: λ_0 and λ_1 take a step for every second dimension."""


# --- the statements


def gamma_ratio_bounds(x: float) -> tuple[float, float]:
    r"""Lower and upper bound on Γ(x + 1/2) / Γ(x), which is their limit as x grows.

    .. math:: \sqrt{x-\tfrac14}\ \le\ \frac{\Gamma(x+\frac12)}{\Gamma(x)}\ \le\ \sqrt x

    Book: ``lem-gamma-ratio``. Error: none, the bounds are rounded outward.
    Raises: ValueError unless x > 1/4.

    >>> lower, upper = gamma_ratio_bounds(2.0)
    >>> lower < math.gamma(2.5) < upper
    True
    """
    x = real("x", x, above=0.25)
    with working_precision(160):
        return enclosure((ball(x) - 0.25).sqrt())[0], enclosure(ball(x).sqrt())[1]


def harmonics(d: int, degree: int) -> int:
    r"""The number of harmonics in the degrees of a neuron up to K = ``degree``, which is even.

    .. math:: \sum_{k=0,1,2,4,6,\dots,K} N(d,k) = d + \binom{K+d-1}{d-1}

    Book: ``lem-multiplicity``. Error: none, an exact integer of any size.
    Raises: ValueError unless d ≥ 2 and degree ≥ 2 is even.

    >>> harmonics(3, 2), harmonics(10, 4)
    (9, 725)
    """
    d, degree = integer("d", d, at_least=2), even_integer("degree", degree, at_least=2)
    return d + math.comb(degree + d - 1, d - 1)


def activation_eigenvalue(d: int, k: int, coefficients: Sequence[float]) -> float:
    r"""λ_k of a neuron g(⟨θ, x⟩) with any activation g.

    .. math:: \lambda_k = \sum_{m\ge k,\ m-k\ \mathrm{even}} c_m^2\,\mu_{m,k}

    ``coefficients`` are c_0, ..., c_M, those of g in orthonormal Hermite polynomials, and μ is
    :func:`~randomfeatures.foundations.sphere.monomial_eigenvalue`.

    Book: ``thm-bias-spectrum``. Error: relative, 4e-16, and what the coefficients beyond c_M add:
    a positive number, at most the sum of their squares, divided by N(d, k).
    Raises: ValueError unless d ≥ 2, k ≥ 0 and the coefficients are finite numbers.

    >>> activation_eigenvalue(4, 1, [0.0, 1.0])  # g(z) = z
    0.25
    """
    d, k = integer("d", d, at_least=2), integer("k", k, at_least=0)
    c = [real(f"coefficients[{m}]", value) for m, value in enumerate(coefficients)]
    return math.fsum(c[m] ** 2 * monomial_eigenvalue(d, m, k) for m in range(k, len(c), 2))


def neuron_spectrum(
    d: int,
    max_degree: int,
    bias: float = 0.0,
) -> Float[np.ndarray, "{max_degree}+1"]:
    r"""Eigenvalues λ_0, ..., λ_K of one ReLU neuron by degree, K = ``max_degree``.

    .. math:: \lambda_k = d\,\eta_k^2, \quad
              \eta_0 = \frac{\Gamma(d/2)}{2\sqrt\pi\,\Gamma((d+1)/2)}, \quad
              \eta_1 = \frac1{2d}, \quad
              \eta_k = \frac{(-1)^{k/2-1}\,\Gamma(d/2)\,\Gamma((k-1)/2)}
                  {4\pi\,\Gamma((k+d+1)/2)} \ (k \ge 2 \text{ even})

    and 0 for odd k ≥ 3; the multiplicity of λ_k is N(d, k). Without a bias λ_0 > λ_1 > λ_2 > λ_4 >
    ... and Σ N(d, k) λ_k = 1/2. With a bias b the kernel κ(t) = E[u + b]_+[v + b]_+, t the
    correlation of u, v, has the second derivative :math:`e^{-b^2/(1+t)} / (2\pi\sqrt{1-t^2})`, and
    for k ≥ 2, with P in dimension d + 4,

    .. math:: \lambda_k = \frac{\Gamma(d/2)}{8\pi^{3/2}\,\Gamma((d+3)/2)}
              \int_{-1}^1 (1-t^2)^{d/2}\,e^{-b^2/(1+t)}\,P_{k-2}^{(d+4)}(t)\,dt .

    λ_0 > λ_2 > ... and λ_1 > λ_3 > ..., but the two do not alternate. Σ N(d, k) λ_k = (1+b²)Φ(b) +
    bφ(b).

    Book: ``thm-neuron-spectrum``, ``prop-spectrum-decreases``, ``thm-bias-spectrum``. Error:
    relative, 1e-15, for every bias; below the smallest normal float half a unit in the last place,
    so 0.0 for a positive value that no float can hold.
    Raises: ValueError unless d ≥ 1, max_degree ≥ 0 (≤ 1 for d = 1: there are no other degrees) and
    ``bias`` is finite, or with a bias d > 10^6; ArithmeticError for a bias above 1e154, whose
    square is no float; ImportError without python-flint.

    >>> neuron_spectrum(3, 4) * 3072
    array([576., 256.,  36.,   0.,   1.])
    >>> round(float(neuron_spectrum(3, 0, bias=20.0)[0]), 12)
    400.0
    """
    d, bias = integer("d", d, at_least=1), real("bias", bias)
    max_degree = integer("max_degree", max_degree, at_least=0, at_most=1 if d == 1 else math.inf)
    if bias > 1e154:
        raise ArithmeticError(f"λ_0 is above the largest float for bias = {bias!r}")
    if abs(bias) > FAR:
        affine = [max(bias, 0.0) ** 2, (bias > 0) / d]
        return np.array(affine + [0.0] * (max_degree - 1))[: max_degree + 1]
    if bias:
        integer("d", d, at_most=LARGEST_BIASED)
        return np.array([float(value) for value in biased_eigenvalues(d, bias, max_degree, 70)])
    values = accurate(lambda: neuron_eigenvalues(d, max_degree), 60, 160)
    return np.array([float(value) for value in values])


def even_integer(name: str, value: Any, *, at_least: int = 0) -> int:
    """``value`` as a Python integer, or ValueError if it is odd or below ``at_least``."""
    number = integer(name, value, at_least=at_least)
    if number % 2:
        raise ValueError(f"{name} must be an even integer >= {at_least}, got {value!r}")
    return number


# --- the eigenvalues as balls


@lru_cache(maxsize=64)
def biased_eigenvalues(d: int, bias: float, max_degree: int, bits: int) -> list[Any]:
    """λ_0, ..., λ_K with a bias, each to a relative 2^-bits."""
    if d == 1:
        return accurate(lambda: line_eigenvalues(bias), bits, 2 * bits)[: max_degree + 1]
    low = accurate(lambda: _low_eigenvalues(d, bias), bits, 2 * bits)
    high = accurate(lambda: _high_eigenvalues(d, bias, max_degree), bits, 2 * bits + 3 * max_degree)
    return [*low, *high][: max_degree + 1]


def _high_eigenvalues(d: int, bias: float, max_degree: int) -> list[Any]:
    r"""λ_2, ..., λ_K from integrals M_j and the powers of u = 1 + t in the polynomials P_{k-2}:

    .. math::
        M_j &= \int_0^2 u^{d/2+j}\,(2-u)^{d/2}\,e^{-b^2/u}\,du, \\
        P_n^{(d+4)}(t) &= (-1)^n \sum_j \frac{(-n)_j\,(n+d+2)_j}{(\frac{d+3}2)_j\,j!}\,(u/2)^j
    """
    integrals = _integrals(d, bias, max(max_degree - 1, 2))
    values = []
    for n in range(max_degree - 1):
        coefficient, total = ball((-1) ** n), ball(0)
        for j in range(n + 1):
            total += coefficient * integrals[j]
            coefficient = coefficient * ((j - n) * (n + d + 2 + j)) / ((d + 3 + 2 * j) * (j + 1))
        values.append(_prefactor(d) * total)
    return values


def _low_eigenvalues(d: int, bias: float) -> tuple[Any, Any]:
    r"""λ_0 and λ_1 by steps of two dimensions, from the line (d = 1) or the circle (d = 2).

    The kernel is the same in all dimensions, so

    .. math::
        \lambda_0^{(D+2)} = \lambda_0^{(D)} - \lambda_2^{(D)}, \qquad
        (D+2)\,\lambda_1^{(D+2)} = D\,(\lambda_1^{(D)} - \lambda_3^{(D)})

    with λ_2 and λ_3 from the integrals of (1-t²)^{D/2} w and of t (1-t²)^{D/2} w, where
    w = e^{-b²/(1+t)}, which step by integration by parts.
    """
    start = 2 - d % 2
    zero, one = line_eigenvalues(bias) if start == 1 else _circle_eigenvalues(bias)
    one, prefactor = start * one, _prefactor(start)
    square = ball(bias) ** 2
    first, second = _integrals(start, bias, 2)
    even, odd = first, second - first
    for D in range(start, d, 2):
        zero -= prefactor * even
        one -= D * prefactor * odd
        following = ((D + 2 - square) * even + (D + 2 + square) * odd) / (D + 3)
        even, odd = following, square * (2 * even - 2 * odd - following) / (D + 4)
        prefactor = prefactor * D / (D + 3)
    return zero, one / d


def _prefactor(d: int) -> Any:
    """Γ(d/2) / (8 π^{3/2} Γ((d+3)/2))."""
    half, pi = ball(d) / 2, flint().arb.pi()
    return (half.lgamma() - (half + 1.5).lgamma()).exp() / (8 * pi * pi.sqrt())


def _integrals(d: int, bias: float, number: int) -> list[Any]:
    """M_0, ..., M_{number-1}: two Tricomi functions, and the others by their recurrence."""
    half, square = ball(d) / 2, ball(bias) ** 2 / 2
    scale = (half.lgamma() + half.log() - square).exp() * ball(2) ** (d + 1)
    integrals = [scale * 2**j * square.hypgeom_u(half + 1, -half - j) for j in range(2)]
    for j in range(number - 2):
        integrals.append(_next_integral(d, bias, j, integrals))
    return integrals


def _next_integral(d: int, bias: float, j: int, integrals: list[Any]) -> Any:
    """M_{j+2} = ((d + 2j + 4 - b²) M_{j+1} + 2b² M_j) / (d + j + 3)."""
    square = ball(bias) ** 2
    return ((d + 2 * j + 4 - square) * integrals[j + 1] + 2 * square * integrals[j]) / (d + j + 3)


def neuron_second_moment(bias: float) -> Any:
    """E[z + b]_+² = (1 + b²) Φ(b) + b φ(b)."""
    b = ball(bias)
    density = (-(b**2) / 2).exp() / (2 * flint().arb.pi()).sqrt()
    return (1 + b**2) * (-b / ball(2).sqrt()).erfc() / 2 + b * density


def _reflected_moment(bias: float) -> tuple[Any, Any]:
    """E[z + b]_+ [-z + b]_+ and P(-b < z < b): the kernel and its slope at t = -1; 0 for b ≤ 0."""
    b = ball(max(bias, 0.0))
    inside = (b / ball(2).sqrt()).erf()
    return (b**2 - 1) * inside + 2 * b * (-(b**2) / 2).exp() / (2 * flint().arb.pi()).sqrt(), inside


def line_eigenvalues(bias: float) -> tuple[Any, Any]:
    """d = 1: half the sum and half the difference of the kernel at t = 1 and t = -1."""
    same, opposite = neuron_second_moment(bias), _reflected_moment(bias)[0]
    return (same + opposite) / 2, (same - opposite) / 2


def _circle_eigenvalues(bias: float) -> tuple[Any, Any]:
    r"""λ_0 and λ_1 for d = 2 by rigorous quadrature over the angle ψ, t = -cos ψ.

    .. math::
        \lambda_0 &= \kappa(-1) + \kappa'(-1)
            + \int_0^\pi \frac{\sin\psi + (\pi-\psi)\cos\psi}{2\pi^2}\,w(\psi)\,d\psi, \\
        \lambda_1 &= \frac{\kappa'(-1)}2
            + \int_0^\pi \frac{\pi-\psi+\sin\psi\cos\psi}{4\pi^2}\,w(\psi)\,d\psi

    with w = exp(-b²/(2 sin²(ψ/2))). What ψ < ψ_0 contributes is positive and below w(ψ_0): the
    other factors are below 1/4, and ψ_0 ≤ π.
    """
    acb = flint().acb
    pi, square, bits = acb.pi(), ball(bias) ** 2 / 2, current_precision()
    start = 2 * (1 / (1 + bits / square).sqrt()).asin()

    def weight(psi: Any) -> Any:
        return (-square / (psi / 2).sin() ** 2).exp()

    def zero(psi: Any, _: bool) -> Any:
        return (psi.sin() + (pi - psi) * psi.cos()) / (2 * pi * pi) * weight(psi)

    def one(psi: Any, _: bool) -> Any:
        return (pi - psi + psi.sin() * psi.cos()) / (4 * pi * pi) * weight(psi)

    tolerance = (-square).exp() * ball(2) ** -bits
    rest = (-square - bits).exp().union(ball(0))
    value, slope = _reflected_moment(bias)
    even_part, odd_part = (acb.integral(f, start, pi, abs_tol=tolerance).real for f in (zero, one))
    return value + slope + even_part + rest, slope / 2 + odd_part + rest
