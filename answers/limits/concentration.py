"""Answers of book/limits/concentration.md."""

from asking import Question

from randomfeatures.limits.anti_concentration import second_moment

QUESTIONS = [
    Question(
        "ex-concentration-simple",
        right=second_moment,
        at=[{"R": 0.4}, {"R": 0.9}],
        remark="In dimension 1 nothing is left to average over.",
        wrong={
            "That is the norm of the wave; the quantity is quadratic in it.": lambda R: (
                second_moment(R) ** 0.5
            ),
            "That is the mean square over a period, which is the limit for large R; the inputs "
            "are Gaussian.": lambda R: 1 / 3,
            "That is the linear function, which the wave is only on [-1, 1].": lambda R: R**2,
            "Both directions, plus and minus, give the same value: their mean is not half of "
            "it.": lambda R: second_moment(R) / 2,
            "Both directions give the same value: take the mean, not the sum.": lambda R: (
                2 * second_moment(R)
            ),
        },
    ),
]
