"""Lower bounds on the number of features, whatever their coefficients."""

import math

from randomfeatures.foundations.arguments import integer
from randomfeatures.foundations.logarithms import from_log


def log_width_bound(d: int) -> float:
    r"""Logarithm of :func:`width_bound`, a lower bound: d/2 - log 4.

    Book: ``thm-any-coefficients``. Error: relative, 1e-15. Raises: ValueError unless d ≥ 3 is an integer.

    >>> log_width_bound(3000) == 1500 - math.log(4)
    True
    """
    return integer("d", d, at_least=3) / 2 - math.log(4)


def width_bound(d: int) -> float:
    r"""Lower bound on the number r of features, whatever their coefficients, that reach every hard neuron of every direction: e^{d/2}/4.

    With fewer, for some direction one of the neurons of
    :func:`~randomfeatures.limits.bounded_coefficients.hard_neurons` (R = 2√d/π) is at squared distance > ε
    from the span of the features and the constant; for a random direction this happens with probability
    at least 1 - r / width_bound(d), and for features of a rotation-invariant law, with the same
    probability, in every direction.

    Book: ``thm-any-coefficients``, ``thm-any-coefficients-random-direction``,
    ``thm-any-coefficients-invariant`` and ``prop-random-subspace``.
    Error: relative, 1e-13.
    Raises: ValueError unless d ≥ 3 is an integer; ArithmeticError where the value overflows.

    >>> round(width_bound(20), 3) == round(math.exp(10) / 4, 3)
    True
    """
    return from_log("width_bound", log_width_bound(d))
