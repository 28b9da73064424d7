"""Answers of book/sharp/problems-random.md."""

from math import pi, sqrt

from asking import Question

from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.sharp.optimum import optimal_error
from randomfeatures.sharp.sandwich import expected_error_bound, sampled_optimum_bound
from randomfeatures.sharp.spectrum import harmonics, neuron_spectrum

BOUND, BEST = min((sampled_optimum_bound(10, 500, m), m) for m in range(200))
LEFT = optimal_error(100, harmonics(100, 4)) - 0.003
CHANCE = 10**6 * neuron_spectrum(100, 6)[6] / LEFT
UNSEEN = multiplicity(10, 2) * neuron_spectrum(10, 2)[2]
FIRST = 1 / (2 * pi)
REST = 1 / 2 - FIRST
PREDICTED = (REST + sqrt(REST**2 + 4 * REST * FIRST)) / 2


def loss(a: float, q: float = pi - 3) -> float:
    b = 1 + q - a
    y = (b + sqrt(b * b + 4 * a * q)) / (2 * a)
    return a * y / (q + max(0, 1 - a))


def root(a: float, q: float = pi - 3) -> float:
    b = 1 + q - a
    return (b + sqrt(b * b + 4 * a * q)) / (2 * a)


QUESTIONS = [
    Question(
        "ex-problem-best-count",
        right=(BEST, BOUND),
        wrong={
            "First: compare with 1/(2r), not with 1/r.": (11, None),
            "First: count degree 0 too.": (64, None),
            "Second: that is U_r.": (None, expected_error_bound(10, 500)),
            "Second: that is the noise alone.": (None, BEST / 1000),
            "Second: that is the tail alone.": (None, optimal_error(10, BEST)),
        },
    ),
    Question(
        "ex-problem-random-steps",
        right=1 / 4 + 1 / pi**2,
        wrong={
            "The square of the inner product is divided by the norm² of the feature, 1/2.": (
                1 / 2 - (1 / 8 - 1 / (2 * pi**2))
            ),
            "The mean of the square is not the square of the mean.": 1 / 2 - 2 * (1 / 4) ** 2,
            "That is the mean square of the kernel.": 1 / 8 - 1 / (2 * pi**2),
            "That is the share of the energy.": 1 / 2 + 2 / pi**2,
        },
    ),
    Question(
        "ex-problem-spread",
        right=1 / 2 - expected_error_bound(3, 1),
        digits=5,
        wrong={
            "That is the error that is left, not what the feature takes away.": (
                expected_error_bound(3, 1)
            ),
            "G is the number 1/2 here.": (1 / 2 - expected_error_bound(3, 1)) / 2,
            "That is the best single feature.": neuron_spectrum(3, 0)[0],
        },
    ),
    Question(
        "ex-problem-blocks",
        right=110,
        digits=0,
        wrong={
            "That is the number of features.": 200,
            "That is the number of even functions; and the odd ones?": 100,
            "Odd functions are in ten dimensions, but how many even ones are there?": 10,
            "Each pair brings a linear function, but these are dependent.": 199,
        },
    ),
    Question(
        "ex-problem-read",
        right=(100 * optimal_error(100, 10**6), CHANCE),
        wrong={
            "First: the error is multiplied by the square of the norm.": (
                10 * optimal_error(100, 10**6),
                None,
            ),
            "First: that is for a neuron of norm one.": (optimal_error(100, 10**6), None),
            "Second: that is K = 2; another degree says more.": (
                None,
                10**6
                * neuron_spectrum(100, 4)[4]
                / (optimal_error(100, harmonics(100, 2)) - 0.003),
            ),
            "Second: divide the error by the square of the norm.": (
                None,
                10**6 * neuron_spectrum(100, 4)[4] / (optimal_error(100, harmonics(100, 2)) - 0.03),
            ),
            "Second: take away the error that is allowed.": (
                None,
                10**6 * neuron_spectrum(100, 6)[6] / (LEFT + 0.003),
            ),
        },
    ),
    Question(
        "ex-problem-between",
        right=loss,
        at=[{"a": 0.5}, {"a": 2.0}],
        wrong={
            "That is y.": root,
            "The error is rν, and r is a N.": lambda a: root(a) / (pi - 3 + max(0, 1 - a)),
            "For a below one a part of degree k is left.": lambda a: a * root(a) / (pi - 3),
            "That is the value at the corner.": lambda a: loss(1.0),
        },
    ),
    Question(
        "ex-problem-signs",
        right=(522, UNSEEN),
        wrong={
            "First: that is the number of features; opposite ones share their even part.": (
                1024,
                None,
            ),
            "First: the linear functions are in the span as well.": (512, None),
            "Second: that is the average over directions.": (
                None,
                9 * neuron_spectrum(10, 2)[2],
            ),
            "Second: that is one harmonic.": (None, neuron_spectrum(10, 2)[2]),
            "Second: that is all degrees from 2 on, on average.": (None, optimal_error(10, 11)),
        },
    ),
    Question(
        "ex-problem-prediction",
        right=(PREDICTED, 1 / 2 - 1 / (2 * pi**2)),
        wrong={
            "First: that is the exact error.": (1 / 2 - 1 / (2 * pi**2), None),
            "First: that is the best single feature.": (REST, None),
            "First: that takes the whole energy as spread out; λ_0 is not small.": (1 / 2, None),
            "Second: the feature has norm² 1/2.": (None, 1 / 2 - 1 / (4 * pi**2)),
            "Second: that is the best single feature.": (None, REST),
        },
    ),
]
