"""Answers of book/limits/every-direction.md."""

from asking import Question

QUESTIONS = [
    Question(
        "ex-not-invariant",
        right=lambda d, r: 1 - (1 - 2 * (1 / (2 * d))) ** r,
        at=[{"d": 5, "r": 7}, {"d": 12, "r": 3}],
        wrong={
            "Both signs serve: the weight is one of the 2d signed vectors, and two of them do.": (
                lambda d, r: 1 - (1 - 1 / (2 * d)) ** r
            ),
            "That is the union bound: two features can both have this direction.": lambda d, r: (
                r / d
            ),
            "That is the probability that no feature has this direction.": lambda d, r: (
                (1 - 1 / d) ** r
            ),
            "That is the probability for one feature.": lambda d, r: 1 / d,
        },
    ),
    Question(
        "ex-law-not-mean",
        judge="same_mean_other_law",
        asked="a list of vectors (v_1, v_2) of the plane, equally likely",
        right=[(1, 0), (-1, 0), (0, 1), (0, -1)],
        wrong={
            "The mean of <v, θ>² depends on θ": [(1, 0), (-1, 0)],
            "All vectors are zero": [(0, 0)],
        },
    ),
]
