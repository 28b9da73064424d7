"""Lower bounds on the coefficients of any features that reach the hard neurons."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.foundations.logarithms import from_log
from randomfeatures.limits.concentration import checked_norm, log_concentration_bound


class HardNeurons(NamedTuple):
    """The a + 1 neurons [⟨w, x⟩ + b]_+ with w = scale R θ, one b for each of ``biases``; ``norm`` is ‖w‖ = scale R."""

    R: float
    a: int
    scale: float
    norm: float
    biases: Float[np.ndarray, " n"]


def hard_neurons(d: int, error: float, R: float | None = None) -> HardNeurons:
    r"""The target neurons of the limits: in a direction θ, one of the a + 1 biases makes [⟨w, x⟩ + b]_+ hard to reach within ``error``.

    .. math:: a = \min\{a\ge5R: a\equiv1\bmod4\},\quad \mathrm{scale} = 8a\sqrt\varepsilon,\quad \|w\| = 8aR\sqrt\varepsilon,\quad
              b\in\mathrm{scale}\cdot\{a, a-2, \dots, -a\}

    Without ``R``: R = 2√d/π, the smallest that the limits allow. ``error`` is the mean squared error ε.

    Book: ``thm-bounded-coefficients``. Error: relative, 1e-15.
    Raises: ValueError unless d ≥ 3, error > 0 and R ≥ 2√d/π.

    >>> family = hard_neurons(100, 1 / 50)
    >>> family.a, round(family.norm, 1), len(family.biases)
    (33, 237.7, 34)
    """
    d, error = integer("d", d, at_least=3), real("error", error, above=0)
    R = checked_norm(d, R)
    a = 4 * math.ceil((5 * R - 1) / 4) + 1
    scale = 8 * a * math.sqrt(error)
    return HardNeurons(R, a, scale, scale * R, scale * np.arange(a, -a - 1, -2))


def log_coefficient_bound(d: int, error: float, feature_norm: float, R: float | None = None) -> float:
    r"""Logarithm of :func:`coefficient_bound`, a lower bound; the same arguments, no overflow.

    Book: ``thm-bounded-coefficients``. Error: relative, 1e-15 of the terms. Raises: ValueError as :func:`coefficient_bound`.

    >>> round(log_coefficient_bound(4000, 1.0, 1.0), 6) == round(1000 + math.log(0.7), 6)
    True
    """
    d = integer("d", d, at_least=3)
    error, feature_norm = real("error", error, above=0), real("feature_norm", feature_norm, above=0)
    rate = -log_concentration_bound(d, checked_norm(d, R)) / 2
    return math.log(0.7) + 0.5 * math.log(error) + rate - math.log(feature_norm)


def coefficient_bound(d: int, error: float, feature_norm: float, R: float | None = None) -> float:
    r"""Lower bound on √r ‖u‖₂, hence on r max\|u_i\|, for any r features of norm ≤ F that reach error ≤ ε on a hard neuron.

    .. math:: \sqrt r\,\|u\|_2 \ \ge\ 0.7\,\frac{\sqrt\varepsilon}{F}\, e^{d/4} \Bigl(\frac{\pi R}{2\sqrt d}\Bigr)^{(d-1)/2}

    The hard neurons are those of :func:`hard_neurons` with the same ``d``, ``error`` and ``R``. For some direction, which depends on the
    features only, one of its biases has this property: every u_0 + Σ u_i f_i with error ≤ ε obeys the bound (the constant u_0 is free).
    Without ``R``: R = 2√d/π, where the last factor is 1. ``feature_norm`` is F, ``error`` the mean squared error ε.

    Book: ``thm-bounded-coefficients`` and ``cor-paper-norm``.
    Source: sharpens Yehudai and Shamir (2019), Theorem 4.2. Error: relative, 1e-12.
    Raises: ValueError unless d ≥ 3, error > 0, feature_norm > 0 and R ≥ 2√d/π; ArithmeticError where the value overflows.

    >>> round(coefficient_bound(40, 0.01, 1.0), 3) == round(0.07 * math.exp(10), 3)
    True
    """
    return from_log("coefficient_bound", log_coefficient_bound(d, error, feature_norm, R))
