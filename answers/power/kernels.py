"""Answers of book/power/kernels.md."""

from math import pi

from asking import Question

from randomfeatures.foundations.sphere import cosine_moment

LIMIT = 3 * pi  # of l θ_l, as the exercise says


def fourth(d: int) -> float:
    """The mean of f(x)^4 for unit weights: the ReLU keeps half of the fourth moment."""
    return 4 * d**2 * cosine_moment(d, 4) / 2


QUESTIONS = [
    Question(
        "ex-depth-flattens",
        right=LIMIT**2 / 2,
        wrong={
            "The cosine of a small angle is 1 - θ²/2: the half is lost.": LIMIT**2,
            "That is the limit of l θ_l; the kernel has the cosine of the angle.": LIMIT,
            "The angle enters squared.": LIMIT / 2,
            "A power of π is lost: the limit of l θ_l is 3π.": 4.5,
        },
    ),
    Question(
        "ex-unit-weights",
        right=lambda d: fourth(d) - 1,
        at=[{"d": 3}, {"d": 10}],
        wrong={
            "That is the second moment; a variance subtracts the square of the mean.": fourth,
            "That is the variance for Gaussian weights.": lambda d: 5,
            "The ReLU is zero for half of the weights.": lambda d: 2 * fourth(d) - 1,
        },
    ),
]
