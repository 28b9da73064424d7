"""Answers of book/beyond/one-neuron-samples.md."""

from math import log, log10, pi

import numpy as np
from asking import Question

from randomfeatures.beyond.one_neuron import population_gradient

V = np.array([1.0, 0.0])
W = np.array([np.cos(pi / 3), np.sin(pi / 3)])


def coefficients(pull: np.ndarray) -> tuple[float, float]:
    """Of v and of the direction of w."""
    along, across = np.linalg.solve(np.column_stack([V, W]), pull)
    return float(along), float(across)


# The gradient is linear in the labels; at labels zero it is w / 2.
PULL = W / 2 - population_gradient(W, V) - population_gradient(W, -V)
RATE = 3 * log(3) / 4 - log(2)

QUESTIONS = [
    Question(
        "ex-one-neuron-turning",
        right=(2 * log(pi), 1 / pi),
        wrong={
            "First: the length falls like the root of what you have, so the time doubles.": (
                log(pi),
                None,
            ),
            "First: π stands on the wrong side of the fraction.": (-2 * log(pi), None),
            "First: the constant does not vanish; integrate the speed with its 2π.": (0, None),
            "First: a factor 2 in the speed of the angle.": (2 * log(2 * pi), None),
            "First: the logarithm is the natural one.": (2 * log10(pi), None),
            "First: that is when the distance is 1/100, not when it has turned.": (
                2 * log(100 * pi),
                None,
            ),
            "Second: the length at the time of the turn is the reciprocal.": (None, pi),
            "Second: the constant of the time is missing in the length.": (None, 1),
            "Second: a factor 2 in the speed of the angle.": (None, 1 / (2 * pi)),
        },
    ),
    Question(
        "ex-one-neuron-even",
        right=coefficients(PULL),
        wrong={
            "That is the gradient; the pull has the other sign.": coefficients(-PULL),
            "That is the gradient of the mean squared error: the loss has a half.": coefficients(
                2 * PULL
            ),
            "That is the target σ(<v, x>) alone.": coefficients(-population_gradient(W, V)),
            "Second: the pull of w itself is missing, -w/2.": (
                None,
                coefficients(PULL + W / 2)[1],
            ),
            "The half of the refitted neurons is missing.": coefficients(2 * PULL + W / 2),
            "Second: one of the two neurons is missing there.": (
                None,
                coefficients(-population_gradient(W, V))[1],
            ),
        },
    ),
    Question(
        "ex-one-neuron-many-starts",
        right=(RATE, 0.25),
        wrong={
            "First: that is Hoeffding's bound; the proposition has a better one.": (1 / 8, None),
            "First: that is the rate as printed in the paper, and it is false.": (1 / 4, None),
            "First: the logarithm is the natural one.": (0.75 * log10(3) - log10(2), None),
            "First: J is large, so its logarithm is positive.": (-RATE, None),
            "Second: that is the level of the first question; d starts are far too few for it.": (
                None,
                1 / 8,
            ),
            "Second: that is the loss of the zero function.": (None, 0.5),
            "Second: d starts do not find the target.": (None, 0),
        },
    ),
]
