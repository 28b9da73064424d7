"""Answers of book/neighbours/feedback-alignment.md."""

from math import cos, pi, sin

import numpy as np
from asking import Question
from scipy.optimize import brentq

from randomfeatures.neighbours.feedback_alignment import feedback_error


def mean_error(s1: float, s2: float) -> float:
    """The mean over the direction of the feedback; the rule converges exponentially."""
    angles = 2 * pi * (np.arange(400) + 0.5) / 400
    A = np.diag([s1, s2])
    return float(np.mean([feedback_error(A, np.array([[cos(t), sin(t)]])) for t in angles]))


def multiple(a: float, b: float) -> float:
    """c²a²/2 with the c at which R vanishes."""
    c = brentq(lambda c: 1 - a**2 * b**2 * c**3 / 2, 0, 100, xtol=1e-14)
    return c**2 * a**2 / 2


QUESTIONS = [
    Question(
        "ex-feedback-two",
        right=mean_error,
        at=[{"s1": 3.0, "s2": 0.7}, {"s1": 1.9, "s2": 1.3}],
        wrong={
            "That is the mean of the worst and of the best, for a direction that takes one or the "
            "other.": lambda s1, s2: (s1**2 + s2**2) / 2,
            "That is the mean of the reciprocal, turned over; the mean of a reciprocal is not the "
            "reciprocal of the mean.": lambda s1, s2: 2 * s1**2 * s2**2 / (s1**2 + s2**2),
            "The mean over the angle divides by 2π.": lambda s1, s2: 2 * pi * s1 * s2,
            "A factor 2: the tangent runs through the line twice as the angle goes round.": (
                lambda s1, s2: s1 * s2 / 2
            ),
            "That is the best direction.": lambda s1, s2: s2**2,
            "The error is the squared norm of what is left.": lambda s1, s2: (s1 * s2) ** 0.5,
            "That is the integral alone.": lambda s1, s2: 1 / (s1 * s2),
        },
    ),
    Question(
        "ex-feedback-one",
        right=multiple,
        at=[{"a": 3.0, "b": 0.5}, {"a": 1.7, "b": 2.2}],
        wrong={
            "The half of the derivative of the square is lost.": lambda a, b: (
                a ** (2 / 3) * b ** (-4 / 3)
            ),
            "The half is there once; in the equation of the end it is needed as well.": (
                lambda a, b: a ** (2 / 3) * b ** (-4 / 3) / 2
            ),
            "That is the multiple c of A in S.": lambda a, b: (2 / (a * b) ** 2) ** (1 / 3),
            "That is twice the multiple: the square of the norm of S.": lambda a, b: (
                2 * multiple(a, b)
            ),
            "That is the norm of W_2, and the multiple is asked.": lambda a, b: multiple(a, b) * b,
            "The norm of S is c times that of A, and it is squared.": lambda a, b: (
                multiple(a, b) / a
            ),
            "In W_1 = B S the norm of B counts as well, and W_2 W_1 has it squared.": lambda a, b: (
                multiple(a, 1)
            ),
        },
    ),
]
