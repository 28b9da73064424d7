"""Answers of book/limits/concentration-two-waves.md."""

from math import log, log10, sqrt

from asking import Question

from randomfeatures.limits.concentration import concentration_rate

T = (sqrt(17) - 1) / 4
PART_3 = (1 + log(2)) / 2

QUESTIONS = [
    Question(
        "ex-concentration-two",
        right=concentration_rate(2.0),
        wrong={
            "That is the exponent for one wave, with s = d in place of 2s = 2d.": (
                concentration_rate(1.0)
            ),
            "That is twice the exponent for one wave; the minimum moves when s is doubled.": (
                2 * concentration_rate(1.0)
            ),
            "Part 3 of the corollary has this exponent; the question is for the best one.": PART_3,
            "The logarithm is the natural one.": 2 * (1 - T) - log10(1 - T**2) / 2,
            "The density is a power (d - 3)/2 of 1 - t²: half of the logarithm belongs into the "
            "exponent.": 2 * (1 - T) - log(1 - T**2),
            "That is where the minimum lies; the question is for its value.": T,
            "That is the exponent of the root, as a bound on one inner product would have it.": (
                concentration_rate(2.0) / 2
            ),
        },
    ),
    Question(
        "ex-two-waves-function",
        right=PART_3 / 2,
        wrong={
            "The inequality has a root, which halves the exponent.": PART_3,
            "Part 3 has a bound; that is the exponent of the exact mean square.": (
                concentration_rate(2.0) / 2
            ),
            "The logarithm is the natural one.": (1 + log10(2)) / 4,
            "That is the exponent of the theorem on concentration, not of this way to it.": 0.5,
        },
    ),
]
