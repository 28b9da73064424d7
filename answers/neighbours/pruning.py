"""Answers of book/neighbours/pruning.md."""

from math import pi

from asking import Question

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.neighbours.pruning import pruned_variance

DENSE = float(dual_relu(0.0))


def variance(alpha: float, r: float) -> float:
    """As for pruned input weights and an input with one coordinate."""
    return pruned_variance([1.0], alpha) / r


QUESTIONS = [
    Question(
        "ex-pruning-readout",
        right=variance,
        at=[{"alpha": 0.5, "r": 10}, {"alpha": 0.1, "r": 64}],
        wrong={
            "The factor counts in the second moment, but not in the square of the mean.": (
                lambda alpha, r: 1.25 / (alpha * r)
            ),
            "That is without pruning.": lambda alpha, r: 1.25 / r,
            "The square of the mean was not subtracted.": lambda alpha, r: 1.5 / (alpha * r),
            "A mask is 0 or 1, so its square has the same mean as itself.": (
                lambda alpha, r: (1.5 / alpha**2 - 0.25) / r
            ),
            "A neuron is zero on one half of the inputs.": (
                lambda alpha, r: (3 / alpha - 0.25) / r
            ),
            "The mean of the entry is one half, not one.": lambda alpha, r: (1.5 / alpha - 1) / r,
            "That is the variance for one neuron.": lambda alpha, r: variance(alpha, 1),
            "The weights that survive have a factor, and it enters the kernel squared.": (
                lambda alpha, r: (1.5 * alpha - 0.25 * alpha**2) / r
            ),
        },
    ),
    Question(
        "ex-pruning-one-hot",
        right=lambda alpha: alpha * DENSE,
        at=[{"alpha": 0.5}, {"alpha": 0.1}],
        wrong={
            "That is the kernel without pruning: which weights have to survive?": lambda alpha: (
                DENSE
            ),
            "The weights that survive are multiplied by a factor.": lambda alpha: alpha**2 * DENSE,
            "Both weights have the factor.": lambda alpha: alpha**1.5 * DENSE,
            "That is the mean if both weights survive.": lambda alpha: DENSE / alpha,
            "The mean of each value is asked, not that of its square.": (lambda alpha: alpha / 4),
            "The mean of [g]_+ is half of that of |g|.": lambda alpha: 2 * alpha / pi,
        },
    ),
]
