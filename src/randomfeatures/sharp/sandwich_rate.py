r"""Random ReLU features have the exponential rate of the best features: widths that say so.

The target is the neuron x -> [⟨θ, x⟩]_+ with a unit vector θ in R^d, x standard Gaussian; for a
neuron of norm ρ give the error ε/ρ². Λ_1 ≥ Λ_2 ≥ ... are the eigenvalues of one neuron with their
multiplicities, tail_r is the error of the best r features of any kind, and r_* the least r with
tail_r ≤ ε (``randomfeatures.sharp.optimum``). Random ReLU features have independent weights of
uniform direction, and the best coefficients.
"""

import math
from collections.abc import Iterator
from fractions import Fraction

from scipy.optimize import brentq

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.foundations.balls import (
    LARGEST,
    ball,
    certify,
    enclosure,
    flint,
    working_precision,
)
from randomfeatures.foundations.relu_spectrum import neuron_eigenvalue
from randomfeatures.sharp.optimum import features_needed, log_optimal_error
from randomfeatures.sharp.optimum_levels import at_most, least, levels_of
from randomfeatures.sharp.optimum_tail import tail_after
from randomfeatures.sharp.spectrum import even_integer, harmonics

# --- the theorem: the same rate


def degree_of_harmonic(d: int, j: int) -> int:
    r"""The degree k of the j-th eigenvalue: Λ_j = λ_k, in decreasing order with multiplicity.

    Book: ``thm-same-rate``, in the order of ``prop-spectrum-decreases``. Error: none.
    Raises: ValueError unless d ≥ 2 and j ≥ 1.

    >>> [degree_of_harmonic(3, j) for j in (1, 2, 4, 5, 9, 10)]
    [0, 1, 1, 2, 2, 4]
    """
    d, j = integer("d", d, at_least=2), integer("j", j, at_least=1)
    levels = levels_of(d, 0.0)
    level = least(lambda i: levels.count(i) >= j, 0)
    return level if level < 2 else 2 * level - 2


def same_rate_width(d: int, error: float, failure: float = 1.0) -> int:
    r"""An integer r ≥ 1 / (p Λ_{2r_*}), p = ``failure``, r_* best features for ε = ``error``.

    So many random ReLU features have a mean error over all directions of at most ε, with
    probability ≥ 1 - p over the weights; and for p = 1, for every direction, an expected error of
    at most ε. Fewer than r_* features of any kind do not.

    Book: ``thm-same-rate``. Error: at most one above the least such integer, of any size.
    Raises: ValueError unless d ≥ 2, 0 < error < 1/2 and 0 < failure ≤ 1; ArithmeticError where a
    comparison is still open at 2^18 bits; ImportError without python-flint.

    >>> features_needed(10, 0.01), same_rate_width(10, 0.01)
    (64, 122229)
    """
    d, error = integer("d", d, at_least=2), real("error", error, above=0, below=0.5)
    failure = real("failure", failure, above=0, at_most=1)
    k = degree_of_harmonic(d, 2 * features_needed(d, error))
    if k == 1:
        return math.ceil(4 * d / Fraction(failure))
    bits = 160
    while True:
        with working_precision(bits):
            width = 1 / (neuron_eigenvalue(d, k) * ball(failure))
            lower, upper = (end.ceil().unique_fmpz() for end in (width.lower(), width.upper()))
        if lower is not None and upper is not None and upper <= lower + 1:
            return int(upper)
        bits *= 2


def same_rate_factor(d: int, degree: int) -> float:
    r"""How many times r_* the width 1/Λ_{2r_*} is at most, K_* = ``degree`` that of Λ_{2r_*}.

    .. math:: \frac1{\Lambda_{2r_*}}\ \le\
              2\sqrt2\,\pi^{3/2}\,\sqrt{\frac{K_*-1}d}\;(K_*+d-1)^{5/2}\;r_*

    A polynomial in d and K_*, where r_* may be exponential in d.

    Book: ``thm-same-rate``. Error: none, rounded up by a relative 1e-15.
    Raises: ValueError unless d ≥ 2 and degree ≥ 2 is even; ArithmeticError where no float holds it;
    ImportError without python-flint.

    >>> round(same_rate_factor(10, 2))
    1999
    """
    d, k = integer("d", d, at_least=2), even_integer("degree", degree, at_least=2)

    def factor() -> object:
        pi, size = flint().arb.pi(), ball(k + d - 1)
        return (8 * pi**3 * (k - 1) / d * size**5).sqrt()

    value = certify(factor)
    if not value <= LARGEST:
        raise ArithmeticError("same_rate_factor is above the largest float")
    return enclosure(value)[1]


# --- full degrees: the factor tends to one


def full_degree_bound(d: int, r: int, degree: int) -> float:
    r"""An upper bound on the expected error of r random ReLU features, for every direction.

    .. math:: \mathbb E_W e_W(\theta)\ \le\ \Bigl(1+\frac{4m}r\Bigr)\tau_K
              + \frac m2\,e^{-\frac{1-\ln2}2\cdot\frac rm}

    m = ``harmonics(d, K)``, K = ``degree``, so that τ_K = tail_m is the error of the best m
    features.

    Book: ``thm-full-degrees``. Error: none, rounded up by a relative 1e-15.
    Raises: ValueError unless d ≥ 2, r ≥ 1 and degree ≥ 2 is even; ArithmeticError where no float
    holds it; ImportError without python-flint.

    >>> full_degree_bound(5, 2000, 2) < 1.05 * full_degree_bound(5, 10**6, 2)
    True
    """
    d, r = integer("d", d, at_least=2), integer("r", r, at_least=1)
    m = harmonics(d, degree)

    def bound() -> object:
        decay = (1 - ball(2).log()) * r / (2 * m)
        return (1 + ball(4) * m / r) * tail_after(d, int(degree)) + ball(m) / 2 * (-decay).exp()

    value = certify(bound)
    if not value <= LARGEST:
        raise ArithmeticError("full_degree_bound is above the largest float")
    return enclosure(value)[1]


def log_full_degree_width(d: int, error: float) -> float:
    r"""Logarithm of a number of random ReLU features with an expected error ≤ ε = ``error``.

    The least one by :func:`full_degree_bound` over degrees K: all of the sixteen from the first
    with τ_K < ε on, and then every tenth. It holds for every direction.

    Book: ``thm-full-degrees``. Error: absolute, 1e-9 (1 + log r), upwards.
    Raises: ValueError unless d ≥ 2 and 0 < error < 1/2; ArithmeticError where a comparison is still
    open at 2^18 bits; ImportError without python-flint.

    >>> round(math.exp(log_full_degree_width(10, 0.01)))
    4238
    """
    d, error = integer("d", d, at_least=2), real("error", error, above=0, below=0.5)
    best = math.inf
    for degree in _degrees_from(d, error):
        m = harmonics(d, degree)
        log_noise = math.log(m) - math.log(2 * error)
        if math.log(m) + math.log(max(1.0, log_noise)) >= best:
            return best + 1e-9 * (1 + best)
        share = math.exp(log_optimal_error(d, m) - math.log(error))
        if share < 1 - 1e-12:
            best = min(best, math.log(m) + _log_multiple(share, log_noise))
    return best + 1e-9 * (1 + best)


def _degrees_from(d: int, error: float) -> Iterator[int]:
    """The even degrees K ≥ 2 with τ_K ≤ ε, all in the beginning, then in growing steps."""
    levels = levels_of(d, 0.0)
    half = least(lambda i: at_most(levels, levels.count(i), error), 2) - 1
    for number in range(10**6):
        yield 2 * half
        half += 1 if number < 16 else 1 + half // 10


def _log_multiple(share: float, log_noise: float) -> float:
    """log L of the root L of share (1 + 4/L) + exp(log_noise - (1 - ln 2) L / 2) = 1."""
    rate = (1 - math.log(2)) / 2

    def excess(y: float) -> float:
        L = math.exp(y)
        return share * (1 + 4 / L) + math.exp(min(700.0, log_noise - rate * L)) - 1

    spare = (1 - share) / 2
    high = max(4 * share / spare, (log_noise - math.log(spare)) / rate, share)
    return brentq(excess, math.log(share), math.log(high) + 1e-9, xtol=1e-12)
