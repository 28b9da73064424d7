"""Answers of book/beyond/amplification-figures.md."""

from math import ceil, exp, log, log10, sqrt

from asking import Question
from scipy.stats import norm

K = 2 * norm.cdf(0.5) - 1, 2 * norm.cdf(0.25) - 1
HALF = norm.cdf(0.5), norm.cdf(0.25)

N, NOISE, P, STEP = 300, 5000**-0.2, 0.15, 0.1
F = log((1 - P) / P)
WHEN = (F + 1 - exp(-F)) * 2 * N / (STEP * NOISE)

C, DELTA, SPARE = 10, 0.1, 0.25 - 0.1
SAMPLES = ceil((C / SPARE) ** 2 * log(1 / DELTA))


def dimension(n: float) -> int:
    return ceil(C * log(n / DELTA) ** 2)


def share(x: float, y: float) -> float:
    return x / sqrt(x * x + y * y)


QUESTIONS = [
    Question(
        "ex-figures-one-step",
        right=(share(*K), sqrt(0.5)),
        wrong={
            "First: the step has k of the alignments, not the alignments.": (
                share(0.5, 0.25),
                None,
            ),
            "First: k is 2Φ - 1; a neuron sees the opposite cluster too.": (share(*HALF), None),
            "First: a cosine divides by the root of the sum of squares.": (
                K[0] / (K[0] + K[1]),
                None,
            ),
            "First: that is the square.": (share(*K) ** 2, None),
            "First: that is the part along the other centre.": (share(*K[::-1]), None),
            "Second: the component along the other centre grows as well, with the other sign.": (
                None,
                1,
            ),
            "Second: that is the square.": (None, 0.5),
        },
    ),
    Question(
        "ex-figures-fitted",
        right=WHEN,
        wrong={
            "Half of the neurons are active, and the others do not move.": WHEN / 2,
            "The squared readouts of the active neurons do not sum to 1/4.": 2 * WHEN,
            "The slope of the loss falls with the margin: at a negative margin the step is the "
            "larger one.": (F + exp(F) - 1) * 2 * N / (STEP * NOISE),
            "The slope of the loss is not 1 all the time.": F * 2 * N / (STEP * NOISE),
            "The slope of the loss is not 1/2 all the time.": 2 * F * 2 * N / (STEP * NOISE),
            "The slope of the loss is not that of the plateau all the time.": (
                F * (1 + exp(-F)) * 2 * N / (STEP * NOISE)
            ),
            "The gradient is a mean over the samples.": WHEN / N,
            "The noise has d coordinates.": WHEN * 5000,
            "The squared length of the noise counts, not the length.": WHEN * sqrt(NOISE),
            "The step length is missing.": WHEN * STEP,
            "The logarithm is the natural one.": (log10((1 - P) / P) + 1 - P / (1 - P))
            * 2
            * N
            / (STEP * NOISE),
            "e^(-F) is p/(1 - p), and not p.": (F + 1 - P) * 2 * N / (STEP * NOISE),
        },
    ),
    Question(
        "ex-figures-promise",
        right=(SAMPLES, dimension(SAMPLES)),
        digits=0,
        wrong={
            "First: the wrong labels take their part of the 1/4.": (
                ceil((C / 0.25) ** 2 * log(1 / DELTA)),
                None,
            ),
            "First: the logarithm is the natural one.": (ceil((C / SPARE) ** 2), None),
            "First: the n is under a root.": (ceil(C / SPARE * log(1 / DELTA)), None),
            "First: round up.": (SAMPLES - 1, None),
            "First: the logarithm is of 1/δ.": (ceil((C / SPARE) ** 2 * log(2 / DELTA)), None),
            "Second: the logarithm is of n/δ.": (None, ceil(C * log(SAMPLES) ** 2)),
            "Second: the logarithm is squared.": (None, ceil(C * log(SAMPLES / DELTA))),
            "Second: the logarithm is the natural one.": (
                None,
                ceil(C * log10(SAMPLES / DELTA) ** 2),
            ),
            "Second: round up.": (None, dimension(SAMPLES) - 1),
        },
    ),
]
