"""Answers of book/limits/every-direction.md."""

from asking import Question

QUESTIONS = [
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
