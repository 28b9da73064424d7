"""Answers of book/limits/triangle-wave.md."""

from asking import Question

from randomfeatures.limits.triangle_wave import sine_coefficients

FIRST = float(sine_coefficients(1)[1][0])
MEAN_SQUARE = 1 / 3

QUESTIONS = [
    Question(
        "ex-parseval",
        right=FIRST**2 / 2 / MEAN_SQUARE,
        wrong={
            "The mean square of a sine of amplitude b is half of b squared.": FIRST**2
            / MEAN_SQUARE,
            "That is the mean square of the first sine; the question is for its fraction of the "
            "wave's.": FIRST**2 / 2,
            "That is the amplitude of the first sine; the question is for a fraction of the mean "
            "square.": FIRST,
        },
    ),
]
