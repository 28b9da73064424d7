"""Answers of book/limits/scaling.md."""

from asking import Question

QUESTIONS = [
    Question(
        "ex-other-homogeneity",
        right=(3, 2 * 3),
        digits=0,
        wrong={
            "Second: the error is a mean square, so the factor of the target enters squared.": (
                None,
                3,
            ),
            "First: that is the ReLU, with k = 1.": (1, None),
            "Second: that is the ReLU, with k = 1.": (None, 2),
        },
    ),
    Question(
        "ex-input-scale",
        right=2 * 784,
        digits=0,
        wrong={
            "Inputs that vary less need larger weights, not smaller ones.": 784 // 2,
            "The standard deviation counts, not the variance.": 4 * 784,
            "That is the norm for a standard deviation of 1; the pixels vary less.": 784,
        },
    ),
]
