"""Answers of book/power/training-both-layers.md."""

from math import ceil, sqrt

from asking import Question

from randomfeatures.power.training_both_layers import steps_needed

QUESTIONS = [
    Question(
        "ex-two-steps",
        right=(5, 3),
        wrong={
            "Those are the powers for equal steps, c = 1.": (2.5, 1.5),
            "The number of steps depends on C and ε as well.": (3, 1),
            "Those are the powers of the number of steps.": (2, 2),
        },
    ),
    Question(
        "ex-feature-norm",
        right=lambda C, q, T: C * sqrt(q / T),
        at=[{"C": 4.0, "q": 0.1, "T": 300}, {"C": 2.5, "q": 0.7, "T": 50}],
        wrong={
            "That is without the gain of small features.": lambda C, q, T: C / sqrt(T),
            "That is one of the two terms; at the best step they are equal.": lambda C, q, T: (
                C * sqrt(q / T) / 2
            ),
            "That is the best step times r, not the excess.": lambda C, q, T: C / sqrt(q * T),
            "The features enter by their norm, the root of q.": lambda C, q, T: C * q / sqrt(T),
        },
    ),
    Question(
        "ex-lipschitz",
        right=lambda C, L, X, eps: steps_needed(C, eps / (L * X)),
        at=[
            {"C": 3.1, "L": 1.3, "X": 1.7, "eps": 0.23},
            {"C": 2.3, "L": 0.9, "X": 2.9, "eps": 0.37},
        ],
        digits=0,
        wrong={
            "The size of the inputs matters too.": lambda C, L, X, eps: steps_needed(C, eps / L),
            "The constant of the loss matters as well.": lambda C, L, X, eps: steps_needed(
                C, eps / X
            ),
            "The number of steps has the square of C/ε, and of what stands beside it.": (
                lambda C, L, X, eps: ceil(4 * C**2 * L * X / eps**2)
            ),
            "A loss with a larger constant needs more steps, not fewer.": lambda C, L, X, eps: ceil(
                4 * C**2 / (L * X * eps) ** 2
            ),
        },
    ),
    Question(
        "ex-bias-coordinate",
        right=sqrt(2),
        wrong={
            "That is its square: the new input has the squared norm |x|² + 1.": 2,
            "The inputs have to be made smaller by this factor, so X is its reciprocal.": sqrt(0.5),
            "The further coordinate makes the input longer.": 1,
        },
    ),
]
