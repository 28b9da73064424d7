"""Lower bounds on the coefficients of any features that reach the hard neurons.

Features f_1, ..., f_r of norm at most F, ``feature_norm``; models u_0 + Σ u_i f_i with mean squared
error at most ε, ``error``. The bounds are on √r ‖u‖₂, hence on r max|u_i|.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.foundations.logarithms import lower_from_log, lower_sum
from randomfeatures.limits.concentration import (
    LARGEST_DIMENSION,
    LARGEST_NORM,
    checked_norm,
    log_concentration_bound,
    smallest_norm,
)
from randomfeatures.limits.triangle_wave import truncation_length

# --- the targets


class HardNeurons(NamedTuple):
    """The a + 1 neurons [⟨w, x⟩ + b]_+ with w = scale R θ and one b for each of ``biases``.

    ``norm`` is ‖w‖ = scale R.
    """

    R: float
    a: int
    scale: float
    norm: float
    biases: Float[np.ndarray, " n"]


def hard_neurons(d: int, error: float, R: float | None = None) -> HardNeurons:
    r"""The targets: in a direction θ, one of the a + 1 biases is hard to reach within ``error``.

    .. math:: a = \min\{a\ge5R: a\equiv1\bmod4\},\quad \mathrm{scale} = 8a\sqrt\varepsilon,\quad
              \|w\| = 8aR\sqrt\varepsilon,\quad b\in\mathrm{scale}\cdot\{a, a-2, \dots, -a\}

    Without ``R``: R = 2√d/π, the smallest that the limits allow.

    Book: ``thm-bounded-coefficients``. Error: relative, 1e-15.
    Raises: ValueError unless 3 ≤ d ≤ 1e12, error > 0 and 2√d/π ≤ R ≤ 1e6.

    >>> family = hard_neurons(100, 1 / 50)
    >>> family.a, round(family.norm, 1), len(family.biases)
    (33, 237.7, 34)
    """
    integer("d", d, at_least=3, at_most=LARGEST_DIMENSION)
    R = real("R", checked_norm(d, R), at_most=LARGEST_NORM)
    return _family(R, truncation_length(R), real("error", error, above=0))


def hard_neurons_of_norm(d: int, error: float, norm: float) -> HardNeurons:
    r"""The targets of the limits with weights of exactly this norm ρ.

    .. math:: q=\rho/\sqrt\varepsilon,\quad a=\min\{a\ge\sqrt{5q/8}: a\equiv1\bmod4\},\quad
              R=\frac q{8a}\ \ge\ R_\rho

    with the R_ρ of :func:`wave_norm`. Use them as ``coefficient_bound(d, error, F, family.R)``.

    Book: ``cor-paper-norm``. Error: relative, 1e-15.
    Raises: ValueError unless 3 ≤ d ≤ 1e12, error > 0, and 2√d/π ≤ R_ρ ≤ 1e6.

    >>> family = hard_neurons_of_norm(100, 1 / 50, 100.0**2)
    >>> family.a, round(family.R, 2), round(family.norm, 6)
    (213, 41.5, 10000.0)
    """
    least, R_rho = smallest_norm(integer("d", d, at_least=3)), wave_norm(norm, error)
    if not least * (1 - 1e-12) <= R_rho <= LARGEST_NORM:
        bounds = f"R_rho >= {least:g} and <= {LARGEST_NORM:g}"
        raise ValueError(f"norm must give {bounds}, got norm = {norm!r} with R_rho = {R_rho:g}")
    q = norm / math.sqrt(error)
    a = truncation_length(math.sqrt(q / 40))
    return _family(q / (8 * a), a, error)


def wave_norm(norm: float, error: float) -> float:
    r"""R_ρ = √(ρ/(40√ε)) - 4/5: the wave of hard neurons of ``norm`` ρ can have R ≥ R_ρ.

    It is negative for small norms.

    Book: ``cor-paper-norm``. Error: absolute, 1e-15 (1 + R_ρ). Raises: ValueError unless norm > 0
    and error > 0.

    >>> round(wave_norm(100.0**3, 1 / 50), 2)
    419.65
    """
    norm, error = real("norm", norm, above=0), real("error", error, above=0)
    return math.sqrt(norm) / math.sqrt(40 * math.sqrt(error)) - 0.8


# --- the bounds


def log_coefficient_bound(
    d: int,
    error: float,
    feature_norm: float,
    R: float | None = None,
    eta: float = 1.0,
) -> float:
    r"""Logarithm of :func:`coefficient_bound`, a lower bound; the same arguments, no overflow.

    Book: ``thm-bounded-coefficients``. Error: rounded down, by at most 2e-15 of the terms.
    Raises: ValueError as :func:`coefficient_bound`.

    >>> round(log_coefficient_bound(4000, 1.0, 1.0), 6) == round(1000 + math.log(0.7), 6)
    True
    """
    return _log_bound(0.7, d, error, feature_norm, R, eta)


def coefficient_bound(
    d: int,
    error: float,
    feature_norm: float,
    R: float | None = None,
    eta: float = 1.0,
) -> float:
    r"""Lower bound on √r ‖u‖₂ for any r features of norm ≤ F that reach error ≤ ε on a hard neuron.

    .. math:: \sqrt r\,\|u\|_2 \ \ge\ 0.7\,\frac{\sqrt{\varepsilon\,\eta}}{F}\, e^{d/4}
              \Bigl(\frac{\pi R}{2\sqrt d}\Bigr)^{(d-1)/2}

    The hard neurons are those of :func:`hard_neurons` with the same ``d``, ``error`` and ``R``;
    without ``R``, R = 2√d/π and the last factor is 1. With η = 1: for some direction, which depends
    on the features only, one of its biases has this property: every u_0 + Σ u_i f_i with error ≤ ε
    obeys the bound (the constant u_0 is free). With η < 1: the same for a random direction, or for
    random features of a rotation-invariant law and any direction, with probability at least 1 - η.

    Book: ``thm-bounded-coefficients``, ``thm-random-direction``, ``thm-invariant-features`` and
    ``cor-paper-norm``.
    Source: sharpens Yehudai and Shamir (2019), Theorem 4.2. Error: rounded down, by at most a
    relative 2e-12.
    Raises: ValueError unless 3 ≤ d ≤ 1e12, error > 0, feature_norm > 0, R ≥ 2√d/π and 0 < η ≤ 1;
    ArithmeticError where a float does not hold the value.

    >>> round(coefficient_bound(40, 0.01, 1.0), 3) == round(0.07 * math.exp(10), 3)
    True
    >>> round(coefficient_bound(40, 0.01, 1.0, eta=0.25), 3) == round(0.035 * math.exp(10), 3)
    True
    """
    log_bound = log_coefficient_bound(d, error, feature_norm, R, eta)
    return lower_from_log("coefficient_bound", log_bound)


def log_fixed_target_bound(d: int, error: float, feature_norm: float, eta: float = 1.0) -> float:
    r"""Logarithm of :func:`fixed_target_bound`, a lower bound; the same arguments, no overflow.

    Book: ``prop-fixed-target``. Error: rounded down, by at most 2e-15 of the terms.
    Raises: ValueError as :func:`fixed_target_bound`.

    >>> log_fixed_target_bound(4000, 1.0, 1.0) < log_coefficient_bound(4000, 1.0, 1.0)
    True
    """
    a = truncation_length(smallest_norm(integer("d", d, at_least=3)))
    return _log_bound(0.5 / math.sqrt(1 + math.log(2 * a + 2)), d, error, feature_norm, None, eta)


def fixed_target_bound(d: int, error: float, feature_norm: float, eta: float = 1.0) -> float:
    r"""Lower bound on √r ‖u‖₂ for a hard neuron that is named before the random features are drawn.

    .. math:: \sqrt r\,\|u\|_2 \ \ge\
              \frac{0.5}{\sqrt{1+\ln(2a+2)}}\,\sqrt{\varepsilon\,\eta}\,\frac{e^{d/4}}F

    It holds with probability at least 1 - η over the features, of any law with E ‖f_i‖² ≤ F², for
    every model with error ≤ ε; a is that of :func:`hard_neurons`.

    Book: ``prop-fixed-target``. Error: rounded down, by at most a relative 2e-12.
    Raises: ValueError unless 3 ≤ d ≤ 1e12, error > 0, feature_norm > 0 and 0 < η ≤ 1;
    ArithmeticError where a float does not hold the value.

    >>> 0.3 < fixed_target_bound(100, 0.02, 1.0) / coefficient_bound(100, 0.02, 1.0) < 0.32
    True
    """
    log_bound = log_fixed_target_bound(d, error, feature_norm, eta)
    return lower_from_log("fixed_target_bound", log_bound)


def coefficient_certificate(error: float, correlation: float) -> float:
    r"""Lower bound 0.74 √ε / T_θ on ‖u‖₂ for given features.

    ``correlation`` is T_θ = (Σ ⟨f_i, tri_θ⟩²)^{1/2}. One of the hard neurons of direction θ, with
    any R ≥ 2√d/π, needs coefficients of this size.

    Book: ``lem-correlation``. Error: relative, 1e-15; 0.74 is rounded down by more.
    Raises: ValueError unless error > 0 and correlation > 0; ArithmeticError where a float does not
    hold the value.

    >>> round(coefficient_certificate(0.04, 1e-6))
    148000
    """
    error, correlation = real("error", error, above=0), real("correlation", correlation, above=0)
    bound = 0.74 * math.sqrt(error) / correlation
    if not 2.3e-308 < bound < math.inf:
        sizes = f"error = {error!r}, correlation = {correlation!r}"
        raise ArithmeticError(f"coefficient_certificate for {sizes} is out of the range of a float")
    return bound


# --- numerics


def _family(R: float, a: int, error: float) -> HardNeurons:
    scale = 8 * a * math.sqrt(error)
    return HardNeurons(R, a, scale, scale * R, scale * np.arange(a, -a - 1, -2))


def _log_bound(
    constant: float,
    d: int,
    error: float,
    feature_norm: float,
    R: float | None,
    eta: float,
) -> float:
    """log of constant √(εη) / (F √Λ), Λ the bound on the averaged square, rounded down."""
    R = checked_norm(integer("d", d, at_least=3, at_most=LARGEST_DIMENSION), R)
    error, feature_norm = real("error", error, above=0), real("feature_norm", feature_norm, above=0)
    eta = real("eta", eta, above=0, at_most=1)
    rate = -log_concentration_bound(d, R) / 2
    root = (math.log(error) / 2, math.log(eta) / 2)
    return lower_sum(math.log(constant), rate, *root, -math.log(feature_norm))
