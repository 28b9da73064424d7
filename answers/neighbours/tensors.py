"""Answers of book/neighbours/tensors.md."""

from math import atan, pi

import numpy as np
from asking import Question

from randomfeatures.neighbours.tensors import tangent_dimensions, tangent_tensor_error

D, N, RANK = 10, 4, 3
W = np.eye(D)[:N]
FILLED = tangent_dimensions(W, 2)


def steps(power: float, ratio: float = 0.9) -> int:
    """The least n with 4 ratio^(power 2^n) at most 1e-16."""
    n = 0
    while 4 * ratio ** (power * 2**n) > 1e-16:
        n += 1
    return n


QUESTIONS = [
    Question(
        "ex-tensors-matrices",
        right=(FILLED[0], FILLED[2], tangent_tensor_error(W, 2, RANK)),
        wrong={
            "First: that is what the tangent space leaves of the identity.": (
                1 - FILLED[0],
                None,
                None,
            ),
            "First: the tangent space holds more of I than a product of two spaces would.": (
                (N / D) ** 2,
                None,
                None,
            ),
            "Second: that is the dimension of the whole tangent space.": (
                None,
                FILLED[0] + FILLED[2],
                None,
            ),
            "Second: the spanning matrices are not independent: what w_i w_j has, w_j w_i has "
            "too.": (None, N * D - FILLED[0], None),
            "Second: only the part that lies in the span of the weights was counted.": (
                None,
                N * (N + 1) / 2 - FILLED[0],
                None,
            ),
            "Third: that is the error for rank 1.": (None, None, tangent_tensor_error(W, 2, 1)),
            "Third: that is what is captured, not what is left.": (
                None,
                None,
                1 - tangent_tensor_error(W, 2, RANK),
            ),
            "Third: it is divided by r already.": (
                None,
                None,
                RANK * tangent_tensor_error(W, 2, RANK),
            ),
        },
    ),
    Question(
        "ex-tensors-unequal",
        right=(2 / pi * atan(0.5), steps(2)),
        wrong={
            "First: which power of the λ_i makes the step a power again?": (
                2 / pi * atan(0.25),
                None,
            ),
            "First: that is the power 1/(l - 1); one step is not the limit.": (
                2 / pi * atan(4 ** (-1 / 3)),
                None,
            ),
            "First: that is the probability of the other one.": (1 - 2 / pi * atan(0.5), None),
            "First: that is the angle; which share of the circle do all such angles have?": (
                atan(0.5) / pi,
                None,
            ),
            "First: the prizes are not shared in proportion to the λ_i.": (0.2, None),
            "First: the lottery was fair for equal λ_i only.": (0.5, None),
            "Second: the exponent of q has a factor 2.": (None, steps(1)),
            "Second: l - 1 is the power of a step, not l.": (None, 5),
            "Second: that many steps are needed if each divides the error by the same number; "
            "here the exponent doubles.": (None, 182),
            "Second: what is left by so many steps is still above the goal.": (
                None,
                steps(2) - 1,
            ),
        },
    ),
]
