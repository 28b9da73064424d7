"""Answers of book/limits/bounded-coefficients.md."""

from math import exp, sqrt

from asking import Question

from randomfeatures.limits.bounded_coefficients import coefficient_bound, hard_neurons
from randomfeatures.limits.scaling import zero_error

ERROR = 1 / 50


def first(
    bound=lambda d: coefficient_bound(d, ERROR, feature_norm=1.0), power=0.5, less=1.0
) -> int:
    """The first d at which a bound exceeds the norm of the neuron, to this power of its square."""
    for d in range(3, 400):
        hard = hard_neurons(d, ERROR)
        if bound(d) > zero_error(hard.norm, hard.scale) ** power - less * sqrt(ERROR):
            return d
    raise ValueError("none below 400")


QUESTIONS = [
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
