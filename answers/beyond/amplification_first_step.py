"""Answers of book/beyond/amplification-first-step.md."""

from math import log, pi, sqrt

import numpy as np
from asking import Question
from scipy.stats import norm

from randomfeatures.beyond.amplification_clusters import XORClusters

MU, COSINE = 2.6, 0.2
ALPHA = COSINE * MU
ACROSS = sqrt(1 - COSINE**2)

D, S, P, M, OMEGA, STEP = 50, 4.0, 0.15, 100, 0.01, 0.01
EFOLD = 8 * OMEGA * sqrt(D * M) / (STEP * (1 - 2 * P) * S**2 * sqrt(2 / pi))

ALPHAS, LABELS = np.array([3.0, 2.0, 1.0]), np.array([1, 1, -1])
K = 2 * norm.cdf(ALPHAS) - 1


def second_moment(s: float) -> float:
    """The mean of <u, x>² for u along a centre, σ = 1."""
    law = XORClusters(d=2, separation=s)
    return 1 + (law.mu_1 @ law.mu_1) / 2


def samples(d: float, s: float, p: float) -> float:
    return 4 * pi * d * second_moment(s) / ((1 - 2 * p) ** 2 * s**4)


def ratios(rates: np.ndarray) -> tuple[float, float]:
    return float(rates[0] / rates[2]), float(rates[1] / rates[2])


def rates(labels: np.ndarray) -> np.ndarray:
    return labels * S**2 * K - ALPHAS * np.sum(labels * ALPHAS * K)


QUESTIONS = [
    Question(
        "ex-xor-two-clusters",
        right=(MU / 2, 0),
        wrong={
            "First: the neuron sees its half-space only.": (MU, None),
            "First: from one cluster to the other the label changes its sign too.": (
                (2 * norm.cdf(ALPHA) - 1) * MU / 2,
                None,
            ),
            "First: that is the part of one cluster.": (norm.cdf(ALPHA) * MU / 2, None),
            "First: each cluster has the probability 1/2.": (norm.cdf(ALPHA) * MU, None),
            "First: with four clusters each has the weight 1/4; here are two.": (MU / 4, None),
            "Second: the label changes its sign from one cluster to the other, the noise in the "
            "half-space does not.": (None, norm.pdf(ALPHA) * ACROSS),
            "Second: that is the noise of one cluster.": (None, norm.pdf(ALPHA) * ACROSS / 2),
        },
    ),
    Question(
        "ex-xor-doubling",
        right=EFOLD,
        wrong={
            "That is the time for a factor 2.": EFOLD * log(2),
            "The separation enters the rate squared.": EFOLD * S,
            "The flips make the step shorter by 1 - 2p.": EFOLD * (1 - 2 * P),
            "The share of right labels is 1 - p, and the wrong ones pull the other way.": (
                EFOLD * (1 - 2 * P) / (1 - P)
            ),
            "A readout is ±1/√m.": EFOLD * sqrt(M),
            "The length of a random start grows with the dimension.": EFOLD / sqrt(D),
            "Near zero k has the slope 2φ(0), since k is 2Φ - 1.": EFOLD * 2,
            "The slope of the loss at zero is -1/2.": EFOLD / 2,
            "Each of the four clusters has the weight 1/4.": EFOLD / 4,
            "The rate has √(2/π), not 2/π.": EFOLD * sqrt(pi / 2),
        },
    ),
    Question(
        "ex-xor-samples",
        right=samples,
        at=[{"d": 50, "s": 3.0, "p": 0.15}, {"d": 120, "s": 2.2, "p": 0.4}],
        wrong={
            "The square of the mean in the variance is of higher order; the leading order is "
            "asked.": lambda d, s, p: samples(d, s, p) - 1,
            "A neuron sees half of the second moment only.": lambda d, s, p: 2 * samples(d, s, p),
            "The centres have a variance too, not the noise alone.": lambda d, s, p: (
                samples(d, s, p) / second_moment(s)
            ),
            "Only half of the inputs have a centre along u.": lambda d, s, p: (
                samples(d, s, p) * (1 + s**2) / second_moment(s)
            ),
            "The factor of the flips is squared, as the mean is.": lambda d, s, p: (
                samples(d, s, p) * (1 - 2 * p)
            ),
            "The alignment is s times the cosine, and it stands in the mean beside another "
            "s.": lambda d, s, p: samples(d, s, p) * s**2,
            "The alignment is of order s/√d, and it enters squared.": lambda d, s, p: (
                samples(d, s, p) * s / sqrt(d)
            ),
            "Set the squares equal: the mean is squared, and the variance is not.": (
                lambda d, s, p: sqrt(samples(d, s, p))
            ),
        },
    ),
    Question(
        "ex-xor-more",
        right=ratios(rates(LABELS)),
        wrong={
            "The part along the weight itself does not turn it: take it away, for all pairs.": (
                ratios(LABELS * K)
            ),
            "All pairs share the length of the weight, not each with itself only.": ratios(
                LABELS * K * (S**2 - ALPHAS**2)
            ),
            "The third pair has the label -1, also in the sum.": ratios(
                LABELS * S**2 * K - ALPHAS * np.sum(ALPHAS * K)
            ),
            "The third pair has the label -1.": ratios(rates(np.ones(3))),
            "Those are the rates divided by the alignments.": ratios(rates(LABELS) / ALPHAS),
            "That is the other order.": ratios(rates(LABELS))[::-1],
            "The pull is by k of the alignment, not by the alignment.": ratios(
                LABELS * S**2 * ALPHAS - ALPHAS * np.sum(LABELS * ALPHAS**2)
            ),
        },
    ),
]
