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
DEGREE = next(K for K in range(2, 100, 2) if optimal_error(100, harmonics(100, K)) <= 0.005)

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
        right=(DEGREE, 1.5),
        wrong={
            "First: degree 2 leaves more than one percent.": (2, None),
            "First: the energy is 1/2, so one percent of it is 0.005.": (6, None),
            "Second: that is the power for the norm; the quotient has its square.": (None, 0.75),
            "Second: that is the norm of the first route, by way of the wave, squared.": (None, 2),
        },
    ),
]
