"""Answers of book/beyond/amplification-end-to-end.md."""

from math import cos, radians, sin, sqrt, tan

import numpy as np
from asking import Question

from randomfeatures.beyond.amplification_clusters import XORClusters
from randomfeatures.beyond.amplification_end_to_end import (
    end_to_end,
    pair_errors,
    separation_kept,
)

S, ANGLE, DELTA = 6.0, radians(10), 0.05
KEPT = separation_kept(tan(ANGLE), 0.0)


def turned(theta: float) -> float:
    """The clean error of the readout turned by an angle."""
    pair = np.array([[cos(theta), sin(theta)], [-sin(theta), cos(theta)]])
    return float(pair_errors(pair, XORClusters(d=2, separation=S))[0, 1])


def best(s: float) -> float:
    return XORClusters(d=2, separation=s).bayes_error()


def proved(flip: float, n: int) -> float:
    found = end_to_end(XORClusters(d=100, separation=S, flip=flip), 150, n, n, DELTA)
    return found.error if found else 0.5


def largest_rate(n: int = 10**6, error: float = 0.25) -> float:
    few, many = 0.1, 0.499
    for _ in range(12):
        middle = (few + many) / 2
        few, many = (middle, many) if proved(middle, n) < error else (few, middle)
    return few


NEURONS = 0.5 + sqrt(0.25 + DELTA * 2 ** (98 / 2))
RATE = largest_rate()

QUESTIONS = [
    Question(
        "ex-end-turned",
        right=(turned(ANGLE), KEPT),
        wrong={
            "First: that is the bound of part 2.": (best(KEPT * S), None),
            "First: that is the error of the best classifier.": (best(S), None),
            "First: that counts the centres' part along one neuron only; the other neuron sees "
            "the rest.": (best(S * cos(ANGLE)), None),
            "First: that is the larger mean twice.": (best(S * (cos(ANGLE) + sin(ANGLE))), None),
            "First: that is the smaller mean twice.": (best(S * (cos(ANGLE) - sin(ANGLE))), None),
            "First: one label is counted only.": (turned(ANGLE) / 2, None),
            "The angle is in degrees.": (turned(10), None),
            "Second: the denominator is not 1.": (None, cos(ANGLE) - sin(ANGLE)),
            "Second: b is not β, and c not 1.": (None, 1 - tan(ANGLE)),
            "Second: that is the cosine, without what the other centre takes.": (
                None,
                cos(ANGLE),
            ),
            "Second: that is λs.": (None, KEPT * S),
            "Second: that is λ squared.": (None, KEPT**2),
        },
    ),
    Question(
        "ex-end-frozen",
        right=(NEURONS, 2),
        wrong={
            "First: that is about m(m - 1).": (DELTA * 2 ** (98 / 2), None),
            "First: the root is of δ as well.": (DELTA * 2 ** (98 / 4), None),
            "First: a plane takes two of the d dimensions; and a readout that keeps half of one "
            "centre only is one that keeps half.": (sqrt(DELTA) * 2 ** (100 / 4), None),
            "First: the part kept is of the squared separation, not of the separation.": (
                sqrt(DELTA) * (4 / 3) ** (98 / 4),
                None,
            ),
            "Second: that is the factor of m squared.": (None, 4),
            "Second: the exponent is not d - 2 itself.": (None, 16),
        },
    ),
    Question(
        "ex-end-flips",
        right=RATE,
        digits=2,
        wrong={
            "That is 1 - 2p.": 1 - 2 * RATE,
            "That is for the chapter's own 50 000 samples.": largest_rate(50_000),
            "That is where the bound says nothing any more, not 1/4.": 0.5,
        },
    ),
]
