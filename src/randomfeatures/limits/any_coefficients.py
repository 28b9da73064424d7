"""Lower bounds on the number of features, whatever their coefficients.

A subspace V of dimension r captures the energy ‖P tri_θ‖² of the wave, P the projection on V and
the constants. What reaches all hard neurons of a direction θ has captured 0.26 of it; R = 2√d/π
where it is not given.
"""

import math
from fractions import Fraction

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.foundations.logarithms import lower_from_log, lower_sum, upper_sum
from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.limits.anti_concentration import second_moment, second_moment_bound
from randomfeatures.limits.concentration import (
    LARGEST_DIMENSION,
    LARGEST_NORM,
    checked_norm,
    log_concentration_bound,
    log_wave_eigenvalue,
)
from randomfeatures.limits.triangle_wave import truncation_bound, truncation_length

ENERGY_NEEDED = 0.26
"""What a space that reaches all hard neurons has captured at least, for every d and R."""


def log_width_bound(d: int, R: float | None = None) -> float:
    r"""Logarithm of :func:`width_bound`, a lower bound: d/2 - log 4 without ``R``.

    Book: ``thm-any-coefficients``. Error: rounded down, by at most 2e-15 of the terms.
    Raises: ValueError as :func:`width_bound`.

    >>> 0 < 1500 - math.log(4) - log_width_bound(3000) < 1e-11
    True
    """
    R = checked_norm(integer("d", d, at_least=3, at_most=LARGEST_DIMENSION), R)
    return lower_sum(-log_concentration_bound(d, R), -math.log(4))


def width_bound(d: int, R: float | None = None) -> float:
    r"""Lower bound on the number of features that reach every hard neuron of every direction.

    .. math:: \tfrac14\,e^{d/2}\Bigl(\frac{\pi R}{2\sqrt d}\Bigr)^{d-1}

    Whatever the coefficients: with fewer, for some direction one of the neurons of
    :func:`~randomfeatures.limits.bounded_coefficients.hard_neurons` with this ``R`` is at squared
    distance > ε from the span of the features and the constant; without ``R``, R = 2√d/π and the
    bound is e^{d/2}/4. For random features the neuron can be fixed in advance, if the distance is
    averaged over them.

    Book: ``thm-any-coefficients``, ``prop-random-subspace``. Error: rounded down, by at most a
    relative 2e-12.
    Raises: ValueError unless 3 ≤ d ≤ 1e12 and R ≥ 2√d/π; ArithmeticError where the value overflows.

    >>> round(width_bound(20), 3) == round(math.exp(10) / 4, 3)
    True
    """
    return lower_from_log("width_bound", log_width_bound(d, R))


def reach_probability(d: int, r: int) -> float:
    r"""Upper bound min(1, 4 r e^{-d/2}) on the probability that r features reach all hard neurons.

    That is, all of one direction. It is random; or it is any, and the features are of a
    rotation-invariant law. Whatever the coefficients.

    Book: ``thm-any-coefficients-random-direction``, ``thm-any-coefficients-invariant``. Error:
    rounded up, by at most a relative 2e-12. Raises: ValueError unless 3 ≤ d ≤ 1e12 and r ≥ 0 is an
    integer.

    >>> reach_probability(20, 55) < 0.01 < reach_probability(20, 56)
    True
    """
    r, log_width = integer("r", r, at_least=0), log_width_bound(d)
    if r == 0:
        return 0.0
    log_probability = upper_sum(math.log(r), -log_width)
    return 1.0 if log_probability >= 0 else math.nextafter(math.exp(log_probability), 1.0)


def energy_needed(d: int, R: float | None = None) -> float:
    r"""Lower bound, above 0.26, on the energy captured by a space that reaches all hard neurons.

    .. math:: \|\operatorname{tri}_\theta\|^2 - \bigl(\tfrac14+\delta\bigr)^2

    with the lower bound on the norm and the upper bound on the truncation error δ.

    Book: ``thm-any-coefficients``. Error: rounded down, by at most 1e-15.
    Raises: ValueError unless 3 ≤ d ≤ 1e12 and 2√d/π ≤ R.

    >>> round(energy_needed(3), 4), round(energy_needed(100), 4)
    (0.2698, 0.2696)
    """
    R = checked_norm(integer("d", d, at_least=3, at_most=LARGEST_DIMENSION), R)
    R = real("R", R, at_most=LARGEST_NORM)
    delta = truncation_bound(truncation_length(R), R)
    return second_moment_bound(R) - (0.25 + delta) ** 2 - 3e-16


# --- the best subspace


def best_energy(d: int, r: int, R: float | None = None) -> float:
    r"""The energy that the best subspace of dimension r captures on average: Λ_1 + ... + Λ_r.

    Λ_1 ≥ Λ_2 ≥ ... are the eigenvalues λ_1 > λ_3 > ... of the wave, each repeated N(d, n) times.

    Book: ``prop-best-subspace``. Error: relative, 1e-9.
    Raises: ValueError unless 2 ≤ d ≤ 1e12, r ≥ 0 and 0 < R ≤ 1e6; ArithmeticError where an
    eigenvalue is lost in cancellation.

    >>> best_energy(3, 10) < best_energy(3, 11) < 1 / 3
    True
    """
    R, left, energy = _norm(d, R), integer("r", r, at_least=0), 0.0
    n = 1
    while left > 0:
        used = min(left, multiplicity(d, n))
        energy += math.exp(math.log(used) + log_wave_eigenvalue(d, R, n))
        left, n = left - used, n + 2
    return energy


def best_width(d: int, needed: float = ENERGY_NEEDED, R: float | None = None) -> int:
    r"""The least r with Λ_1 + ... + Λ_r ≥ ``needed``.

    With 0.26 needed, no smaller subspace reaches all hard neurons of every direction.

    Book: ``prop-best-subspace``. Error: relative, 1e-8.
    Raises: ValueError unless 0 < needed < ‖tri_θ‖², and as :func:`best_energy`.

    >>> width = best_width(10)
    >>> best_energy(10, width - 1) < 0.26 <= best_energy(10, width)
    True
    """
    R, width, missing = _norm(d, R), 0, real("needed", needed, above=0)
    total = second_moment(R)
    if missing >= total:
        raise ValueError(f"needed must be below {total:g}, the energy of the wave, got {needed!r}")
    n = 1
    while True:
        degree = multiplicity(d, n)
        energy = math.exp(math.log(degree) + log_wave_eigenvalue(d, R, n))
        if energy >= missing:
            share = Fraction(missing / energy)  # exact: a float may not hold N(d, n)
            return width + math.ceil(share * degree)
        width, missing, n = width + degree, missing - energy, n + 2


def _norm(d: int, R: float | None) -> float:
    """R, or 2√d/π without it."""
    d = integer("d", d, at_least=2, at_most=LARGEST_DIMENSION)
    return checked_norm(d) if R is None else real("R", R, above=0, at_most=LARGEST_NORM)
