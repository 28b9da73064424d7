"""Answers of book/beyond/lazy-training-mixture.md."""

import numpy as np
from asking import Question

from randomfeatures.beyond.lazy_training_mixture import (
    mixture_neural_network_risk,
    mixture_sandwich,
)

HALF = mixture_neural_network_risk(np.array([[0.5]]), 1)
DELTA = np.diag([0.6] * 5 + [-0.6] * 5)
BEST = mixture_neural_network_risk(DELTA, 4)
LOW = mixture_sandwich(4 * 0.36, 0.6)[0]

QUESTIONS = [
    Question(
        "ex-mixture-one-dimension",
        right=(HALF, 4 / 5, 0),
        wrong={
            "First: the term Tr(SΔSΔ) is missing.": (1 / (1 + 0.25 / 2), None, None),
            "First: δ enters squared.": (1 / (1 + 0.5 / (2 * 1.5)), None, None),
            "First: the half of m is missing.": (1 / (1 + 0.25 / 1.25), None, None),
            "Second: the term Tr(SΔSΔ) is missing.": (None, 2 / 3, None),
            "Second: the half of m is missing.": (None, 1 / 2, None),
            "Second: a quadratic cannot do that, however different the classes.": (None, 0, None),
            "Third: that is the quadratic; another function knows when x is not small.": (
                None,
                None,
                4 / 5,
            ),
            "Third: when one class shrinks to a point, who still takes it for the other?": (
                None,
                None,
                1 / 2,
            ),
        },
    ),
    Question(
        "ex-mixture-sandwich",
        right=(BEST, LOW),
        wrong={
            "You have the two in the other order.": (LOW, BEST),
            "First: that is the limit of close covariances, without δ².": (2 / (2 + 1.44), None),
            "First: all quadratics, N = d.": (mixture_neural_network_risk(DELTA, 10), None),
            "First: a half is missing, that of the risk 1/(1 + m/2).": (
                1 / (1 + 4 * 0.36 / 1.36),
                None,
            ),
            "First: that is the lower end; which sign has Tr(SΔSΔ) for a multiple of Δ?": (
                LOW,
                None,
            ),
            "Second: that is for all quadratics, N = d.": (
                None,
                mixture_sandwich(10 * 0.36, 0.6)[0],
            ),
            "Second: δ is squared in the sandwich.": (None, 0.8 / (0.8 + 1.44)),
        },
    ),
]
