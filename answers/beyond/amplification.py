"""Answers of book/beyond/amplification.md."""

from math import log, sqrt

import numpy as np
from asking import Question
from scipy.stats import norm

from randomfeatures.beyond import amplification
from randomfeatures.beyond.amplification_clusters import XORClusters


def h(alpha: float) -> float:
    return float(amplification.mean_absolute(alpha))


def risk(s: float) -> float:
    """The least squared error with the weights along the four centres."""
    weights = np.vstack([np.eye(2), -np.eye(2)])
    return float(amplification.random_features_risk(weights, XORClusters(d=2, separation=s)))


def best(s: float) -> float:
    return XORClusters(d=2, separation=s).bayes_error()


def separation(q: float) -> float:
    """The separation with the probability q of one sign."""
    return float(-sqrt(2) * norm.ppf(q))


QUESTIONS = [
    Question(
        "ex-xor-frozen-pair",
        right=risk,
        at=[{"s": 1.3}, {"s": 3.0}],
        wrong={
            "That is what the features explain; the error is the rest.": lambda s: 1 - risk(s),
            "The two absolute values have means, so the mean of their product is not zero.": (
                lambda s: 1 - (h(s) - h(0)) ** 2 / (2 + s**2)
            ),
            "The noise along the other centre has an absolute value as well.": (
                lambda s: 1 - h(s) ** 2 / (2 + s**2)
            ),
            "There is noise along both centres: the square of the feature has two variances.": (
                lambda s: 1 - (h(s) - h(0)) ** 2 / (1 + s**2 - 2 * h(s) * h(0))
            ),
            "The correlation with the label is squared.": lambda s: (
                1 - (h(s) - h(0)) / (2 + s**2 - 2 * h(s) * h(0))
            ),
            "That is the probability of error of the best classifier, not a squared error.": best,
        },
    ),
    Question(
        "ex-xor-squares",
        right=(1, -1, 0, best(2.0)),
        wrong={
            "The weights: with these both labels have large values.": (1, 1, None, None),
            "The weights: what does the third coordinate know of the label?": (1, -1, 1, None),
            "The weights: does the third coordinate know anything of the label?": (
                1,
                -1,
                -1,
                None,
            ),
            "Fourth: two signs can be wrong, and not both; that is one factor short.": (
                None,
                None,
                None,
                2 * norm.cdf(-sqrt(2)),
            ),
            "Fourth: the two ways to err are both counted in the error.": (
                None,
                None,
                None,
                best(2.0) / 2,
            ),
            "Fourth: the border is a diagonal, nearer to the centre than s.": (
                None,
                None,
                None,
                2 * norm.cdf(2.0) * norm.cdf(-2.0),
            ),
            "Fourth: that is the probability that the label is read correctly.": (
                None,
                None,
                None,
                1 - best(2.0),
            ),
        },
    ),
    Question(
        "ex-xor-separation",
        right=separation((1 - sqrt(1 - 2 * 0.01)) / 2),
        wrong={
            "That is where the upper bound is 1 %, not the error.": sqrt(4 * log(100)),
            "That is where the lower bound is 1 %, not the error.": separation(0.01),
            "The factor near 1 does not quite vanish: solve the quadratic equation.": separation(
                0.01 / 2
            ),
            "That is s/√2.": separation((1 - sqrt(1 - 2 * 0.01)) / 2) / sqrt(2),
            "A separation is positive: take the other root.": -separation(
                (1 - sqrt(1 - 2 * 0.01)) / 2
            ),
        },
    ),
]
