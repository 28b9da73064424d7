"""Answers of book/beyond/amplification-training.md."""

from math import sqrt

import numpy as np
from asking import Question
from scipy.stats import norm

from randomfeatures.beyond.amplification import random_features_risk
from randomfeatures.beyond.amplification_clusters import XORClusters
from randomfeatures.beyond.amplification_training import initial_network, train


def risks() -> tuple[float, float]:
    """The least squared error of the chapter's network, before and after training."""
    clusters = XORClusters(d=50, separation=4.0, flip=0.15)
    x, _, observed = clusters.sample(np.random.default_rng(1), 1000)
    W, a = initial_network(np.random.default_rng(3), 100, 50, 0.01)
    start = [array.astype(np.float32) for array in (W, a, x, observed)]
    after = train(*start, step=0.01, steps=1000)[1000].astype(float)
    return float(random_features_risk(W, clusters)), float(random_features_risk(after, clusters))


BEFORE, AFTER = risks()
ENOUGH = next(m for m in range(2, 100, 2) if (1 - 2 ** (1 - m / 2)) ** 2 >= 0.99)
S = 2.0
Q = float(norm.cdf(-S / sqrt(2)))

QUESTIONS = [
    Question(
        "ex-xor-tickets",
        right=ENOUGH,
        digits=0,
        wrong={
            "As many neurons have one sign as the other.": ENOUGH - 1,
            "That is one condition short: two groups have to cover their sides, and each fails in "
            "two ways.": ENOUGH - 2,
            "That is the number of one sign.": ENOUGH // 2,
            "More than is needed.": ENOUGH + 2,
        },
    ),
    Question(
        "ex-xor-refit",
        right=AFTER / BEFORE,
        digits=3,
        wrong={
            "That is the part that is gone.": 1 - AFTER / BEFORE,
            "That is the squared error after training; divide it by that at the start.": AFTER,
            "That is the squared error at the start.": BEFORE,
            "That is the difference; the quotient is asked.": BEFORE - AFTER,
            "The squared error is asked, not its root.": sqrt(AFTER / BEFORE),
            "That is the other quotient.": BEFORE / AFTER,
        },
    ),
    Question(
        "ex-xor-missing",
        right=(1 - (1 - Q) ** 2, 1 - Q**2, Q * (1 - Q)),
        wrong={
            "First: that is the probability of the right label.": ((1 - Q) ** 2, None, None),
            "First: two conditions have to hold there, not one.": (Q, None, None),
            "First: with a third direction one more way to err is there than for the best "
            "classifier.": (2 * Q * (1 - Q), None, None),
            "First: that is the chance that both conditions fail.": (Q**2, None, None),
            "Second: that is the probability of the right label.": (None, Q**2, None),
            "Second: two conditions can hold there by chance, and then the label is right.": (
                None,
                1,
                None,
            ),
            "Third: that is the error of the best classifier.": (None, None, 2 * Q * (1 - Q)),
            "Third: that is the probability of the right label.": (None, None, 1 - Q * (1 - Q)),
            "The sum and the difference have the variance 2: divide by its root.": (
                1 - norm.cdf(S) ** 2,
                1 - norm.cdf(-S) ** 2,
                norm.cdf(S) * norm.cdf(-S),
            ),
        },
    ),
]
