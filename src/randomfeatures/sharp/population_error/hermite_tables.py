r"""What neurons with biases are in Hermite's polynomials: one number for each neuron and degree.

A neuron :math:`[\langle w,x\rangle+b]_+` with p = \|w\|, the direction ŵ = w/p and the level
h = b/p is :math:`\sum_n t_n\,\mathrm{he}_n(\langle\hat w,x\rangle)` with :math:`t_n=p\,c_n(h)`, the
Hermite coefficients of the ReLU with a bias. So the inner product of two neurons is
:math:`\sum_n t_nt_n'\rho^n` with ρ the cosine of their directions: in each degree n of the cosine
it has rank one in the biases.
"""

import math
from functools import cache

import numpy as np
from jaxtyping import Float
from scipy import special

from randomfeatures.sharp.population_error.certificate import ROUNDING
from randomfeatures.sharp.population_error.neurons import Neurons, host

CRAMER = 1.0865**2 / (2 * math.pi)
r"""By Cramér's bound \|he_n(z)\| <= 1.0865 exp(z²/4), t_n² <= CRAMER / (n(n-1)) for n >= 2."""

LARGEST_LEVEL = 100.0
"""Levels beyond it are cut to it: the Gaussian mass there is zero as a float."""


def directions_and_levels(
    neurons: Neurons,
) -> tuple[Float[np.ndarray, "n d"], Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """The directions ŵ, the lengths p and the levels h = b/p; of constants 0, 0 and the largest."""
    rows, bias = host(neurons.rows), host(neurons.bias)
    p = np.linalg.norm(rows, axis=1)
    positive = p > 0
    with np.errstate(all="ignore"):
        h = np.where(positive, bias / np.where(positive, p, 1.0), np.sign(bias) * math.inf)
    return (
        rows / np.where(positive, p, 1.0)[:, None],
        p,
        np.clip(h, -LARGEST_LEVEL, LARGEST_LEVEL),
    )


def hermite_table(neurons: Neurons, degree: int) -> Float[np.ndarray, "{degree}+1 n"]:
    r"""t_0, ..., t_degree of each neuron, a row for each degree.

    .. math::
        t_0 = b\,\Phi(h) + p\,\varphi(h), \quad t_1 = p\,\Phi(h), \quad
        t_n = \frac{p\,\varphi(h)\,\mathrm{he}_{n-2}(-h)}{\sqrt{n(n-1)}} \ (n\ge2)

    Error: absolute, 3 units of rounding for t_0 and t_1, n units for t_n. They are p times
    :func:`~randomfeatures.foundations.hermite.relu_coefficients`.
    """
    _, p, h = directions_and_levels(neurons)
    quarter = np.exp(-h * h / 4)  # one half of the density starts the recurrence, one ends it
    density = quarter / math.sqrt(2 * math.pi)
    table = np.empty((max(degree, 1) + 1, len(p)))
    table[0] = host(neurons.bias) * special.ndtr(h) + p * quarter * density
    table[1] = p * special.ndtr(h)
    before, function = np.zeros_like(h), quarter
    for n in range(2, degree + 1):
        table[n] = p * density * function / math.sqrt(n * (n - 1))
        m = n - 2
        following = (-h * function - math.sqrt(m) * before) / math.sqrt(m + 1)
        before, function = function, following
    return table[: degree + 1]


@cache
def largest_cosine(terms: int) -> float:
    r"""Up to this \|ρ\| the degrees beyond N = ``terms`` add at most half a unit of rounding to the
    kernel of two neurons of length 1, by Cramér's bound with its constant C:

    .. math:: \sum_{n>N}|t_nt_n'||\rho|^n\le\frac{C\,|\rho|^{N+1}}{N(N+1)(1-|\rho|)} .

    Book: ``prop-biased-preconditioner``.
    """
    low, high = 0.0, 1.0
    for _ in range(60):
        rho = (low + high) / 2
        rest = CRAMER * rho ** (terms + 1) / (terms * (terms + 1) * (1 - rho))
        low, high = (rho, high) if rest <= ROUNDING / 2 else (low, rho)
    return low
