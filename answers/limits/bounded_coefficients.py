"""Answers of book/limits/bounded-coefficients.md."""

from collections.abc import Callable
from math import exp, sqrt

from asking import Question

from randomfeatures.limits.bounded_coefficients import coefficient_bound, hard_neurons
from randomfeatures.limits.scaling import zero_error

ERROR = 1 / 50
GAP = 0.57  # of the norm of the wave and its truncation, as the exercise says


def theorem(d: int) -> float:
    return coefficient_bound(d, ERROR, feature_norm=1.0)


def first(bound: Callable[[int], float] = theorem, power: float = 0.5) -> int:
    """The first d at which a bound exceeds the norm of the neuron, or its square (power 1)."""
    for d in range(3, 400):
        hard = hard_neurons(d, ERROR)
        if bound(d) > zero_error(hard.norm, hard.scale) ** power - sqrt(ERROR):
            return d
    raise ValueError("none below 400")


def price(c: float) -> float:
    """The price divided by the norm of the target, up to factors without c."""
    return GAP - 1 / c


QUESTIONS = [
    Question(
        "ex-why-four",
        right=(1 / GAP, price(4) / price(1e12)),
        digits=4,
        wrong={
            "First: 2a√ε/s is 1/c, the factor 2 cancels.": (2 / GAP, None),
            "First: that is the reciprocal.": (GAP, None),
            "Second: that is what is missing to the limit, not what is reached.": (
                None,
                1 - price(4) / price(1e12),
            ),
            "Second: divide by the limit.": (None, price(4)),
            "Second: the norm of the target grows with c as well; divide the price by it.": (
                None,
                4 * GAP - 1,
            ),
        },
    ),
    Question(
        "ex-smaller-dimension",
        right=first(),
        digits=0,
        wrong={
            "That is the last dimension in which the triangle inequality says more.": first() - 1,
            "The triangle inequality has the norm of the neuron, not its square.": first(power=1.0),
            "The exponent of the theorem is d/4, for the norms; d/2 belongs to their squares.": (
                first(lambda d: 0.7 * sqrt(ERROR) * exp(d / 2))
            ),
        },
    ),
]
