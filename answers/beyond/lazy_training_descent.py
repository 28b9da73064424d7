"""Answers of book/beyond/lazy-training-descent.md."""

from asking import Question

QUESTIONS = [
    Question(
        "ex-descent-noise",
        right=2**2 * 2 * 3,
        digits=0,
        wrong={
            "The fourth moment of <w, x> is not the square of its second.": 8,
            "The variance of <x, Sx> is not the squared norm of S.": 12,
            "That is without the factor 2 of the derivative of the square.": 6,
            "The half of the squared error cancels the 2 of its derivative.": 96,
        },
    ),
    Question(
        "ex-descent-time",
        right=lambda d, N: 1 / N,
        at=[{"d": 100, "N": 3}, {"d": 100, "N": 14}, {"d": 450, "N": 30}],
        wrong={
            "The eigenvalues are sorted from the largest on: that is counted from below.": (
                lambda d, N: 1 / (d - N)
            ),
            "Counted from below, and off by one.": lambda d, N: 1 / (d - N + 1),
            "Off by one: how many variables still exceed the lower of the two?": (
                lambda d, N: 1 / (N + 1)
            ),
            "That is the mean spacing of d uniform variables.": lambda d, N: 1 / (d + 1),
            "That is the slope of the quantile function in the share, not per place.": (
                lambda d, N: d / N
            ),
        },
    ),
]
