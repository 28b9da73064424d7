"""Answers of book/sharp/threshold.md."""

from math import gamma, pi, sqrt

from asking import Question

from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.sharp.optimum import optimal_error
from randomfeatures.sharp.optimum_tail import LAW
from randomfeatures.sharp.spectrum import harmonics, neuron_spectrum

LIMIT = 3 * gamma(3 / 2) / (3 * pi**1.5 * gamma(1))
QUOTIENT = optimal_error(10, harmonics(10, 10)) / neuron_spectrum(10, 12)[12]
MANY = float(multiplicity(10, 12))


def least_degree(share: float) -> int:
    """The least even degree that leaves this share of the energy, d = 100."""
    tails = ((K, optimal_error(100, harmonics(100, K))) for K in range(2, 100, 2))
    return next(K for K, tail in tails if 2 * tail <= share)


QUESTIONS = [
    Question(
        "ex-optimum-fixed",
        right=LIMIT,
        wrong={
            "Only every second degree occurs: the sum is half of the integral.": 2 * LIMIT,
            "That is the lower bound of the law, and the upper one is another.": (
                LAW * 3 * sqrt(3 / 2)
            ),
            "That is the upper bound of the law, and the lower one is another.": LAW * 3 * sqrt(2),
            "That is the short form of the law, which drops factors that matter at fixed d.": (
                LAW * 3**1.5
            ),
            "That is the limit of k⁴ s_k; the tail is a sum over the degrees.": 6 * LIMIT,
        },
    ),
    Question(
        "ex-optimum-delta",
        right=0.01 * QUOTIENT / MANY,
        wrong={
            "That is the factor 1/2 of the theorem, for half of the energy.": 0.05,
            "That is what the lemma makes sure of; the exact number is larger.": 0.02,
            "δ divides in the bound, so it multiplies r.": QUOTIENT / MANY,
            "Both η and δ multiply.": 0.1 * QUOTIENT / MANY,
            "The factor is η, not 1 - η.": 0.09 * QUOTIENT / MANY,
        },
    ),
    Question(
        "ex-threshold-read",
        right=(least_degree(0.01), least_degree(0.001)),
        digits=0,
        wrong={
            "First: degree 2 leaves more than one percent.": (2, None),
            "First: that is for half a percent; the energy is 1/2.": (least_degree(0.005), None),
            "Second: that is for two per mille; the energy is 1/2.": (
                None,
                least_degree(0.002),
            ),
            "Second: that leaves a little more than one per mille.": (None, 16),
            "Second: that is the law for degrees far below the dimension.": (None, 20),
        },
    ),
]
