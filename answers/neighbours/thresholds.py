"""Answers of book/neighbours/thresholds.md."""

from math import asin, ceil, pi

from asking import Question

from randomfeatures.neighbours.thresholds import quadrant_tail

ERROR = 0.01


def fewest(error: float) -> int:
    """The least r with a tail of at most ``error``."""
    return next(r for r in range(1, 100_000) if quadrant_tail(r) <= error)


def correlation(beyond: float) -> float:
    """With the probability that one size is more than the sum of the two others."""
    return 1 / 4 + 3 / 4 * (2 * beyond - 1)


BEYOND = 2 * asin(1 / 3) / pi
RIGHT = correlation(BEYOND)

QUESTIONS = [
    Question(
        "ex-thresholds-dimension",
        right=fewest(ERROR),
        digits=0,
        wrong={
            "There the tail is still a little above.": fewest(ERROR) - 1,
            "Each of the numbers occurs twice.": ceil(fewest(ERROR) / 2),
            "That is one power of π short of the asymptotic formula.": round(4 / pi / ERROR),
            "The error is a mean square; its root is not taken.": fewest(ERROR**2),
            "The factor of the asymptotic formula is lost.": round(1 / ERROR),
        },
    ),
    Question(
        "ex-thresholds-three",
        right=(RIGHT, 1 - RIGHT**2),
        wrong={
            "First: the sign. Which is more frequent, that the two agree?": (-RIGHT, None),
            "First: that is for the neuron that is 0 or 1; the sign is asked.": (RIGHT / 2, None),
            "First: the odd one out can be positive or negative: two cones.": (
                correlation(BEYOND / 2),
                None,
            ),
            "First: that is where one sign differs; they can also be alike.": (
                3 / 4 * (2 * BEYOND - 1),
                None,
            ),
            "First: with probability 1/3 one size is the largest; more than the sum it is less "
            "often.": (correlation(1 / 3), None),
            "Second: that is the share that is seen.": (None, RIGHT**2),
            "Second: the correlation enters squared.": (None, 1 + RIGHT),
            "Second: the error is a mean square; its root is not taken.": (
                None,
                (1 - RIGHT**2) ** 0.5,
            ),
        },
    ),
]
