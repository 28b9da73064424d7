"""Answers of book/beyond/one-neuron-separation.md."""

from math import ceil, log, sqrt

from asking import Question

from randomfeatures.beyond.one_neuron_rates import distance_after_step
from randomfeatures.sharp.optimum import features_needed

ERROR = 1 / (154 * 10**1.5)
DISTANCE = 1 / sqrt(77 * 100**1.5)


def steps(distance: float, step_size: float) -> int:
    """How many steps of the recursion lead from 1 to the distance."""
    e, count = 1.0, 0
    while e > distance:
        e, count = distance_after_step(e, step_size), count + 1
    return count


CONSTANT = ceil(log(DISTANCE) / log(distance_after_step(1.0, 1.0)))

QUESTIONS = [
    Question(
        "ex-one-neuron-crossing",
        right=((10 - 1) * (10 + 2) // 2, features_needed(10, ERROR)),
        digits=0,
        wrong={
            "First: those are all quadratic forms; the harmonic ones are one fewer.": (55, None),
            "First: those are all up to this degree; how many does the degree add?": (65, None),
            "First: those are products of two different coordinates only.": (45, None),
            "First: that is degree 3, of which a neuron has nothing.": (210, None),
            "Second: the error is that of a neuron of norm one, not relative to its energy.": (
                None,
                features_needed(10, ERROR / 2),
            ),
            "Second: twice the error; the corollary's is the squared error, not the loss.": (
                None,
                features_needed(10, 2 * ERROR),
            ),
            "Second: that is one feature too few.": (None, features_needed(10, ERROR) - 1),
        },
    ),
    Question(
        "ex-one-neuron-fixed-step",
        right=(steps(DISTANCE, 1.0), steps(DISTANCE, 2.0)),
        digits=0,
        wrong={
            "First: that is with the constant factor; the recursion is faster.": (CONSTANT, None),
            "First: the error bounds the square of the distance: take the root.": (
                steps(DISTANCE**2, 1.0),
                None,
            ),
            "First: part 4 has a half of the squared distance.": (
                steps(DISTANCE / sqrt(2), 1.0),
                None,
            ),
            "First: that is a step size of one half.": (steps(DISTANCE, 0.5), None),
            "Second: the number of correct digits doubles with each step.": (
                None,
                ceil(log(DISTANCE) / log(distance_after_step(1.0, 2.0))),
            ),
            "Second: one step more than needed; e_0 counts as step zero.": (
                None,
                steps(DISTANCE, 2.0) + 1,
            ),
        },
    ),
]
