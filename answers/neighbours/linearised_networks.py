"""Answers of book/neighbours/linearised-networks.md."""

from math import exp, expm1

from asking import Question
from scipy.optimize import brentq

D = 10
MEAN = sum(1 / (1 - 2.0**-i) for i in range(1, D + 1))
RATES = [2.0**-j for j in range(1, 200)]
STOP = brentq(lambda t: sum(-expm1(-rate * t) for rate in RATES) - 3, 0, 100, xtol=1e-13)

QUESTIONS = [
    Question(
        "ex-linearised-parities",
        right=(2 ** (D - 1), D / 2, MEAN),
        wrong={
            "First: as many samples as that leave no error; one half is allowed.": (
                2**D,
                None,
                None,
            ),
            "First: linear functions are not enough, there are many more parities.": (
                D,
                None,
                None,
            ),
            "Second: as many samples as that leave no error; one half is allowed.": (
                None,
                D,
                None,
            ),
            "Third: that would be so if no sample depended on those before it.": (None, None, D),
            "Third: that is the limit for large d.": (
                None,
                None,
                D + sum(1 / (2.0**i - 1) for i in range(1, 60)),
            ),
            "Third: a new sample lies outside with one half only at the very end.": (
                None,
                None,
                2 * D,
            ),
            "Third: that is a bound on the mean; its value is asked.": (None, None, D + 2),
        },
    ),
    Question(
        "ex-linearised-flow",
        right=STOP,
        wrong={
            "A factor 2: check the rate at which a coefficient approaches its limit, and where the "
            "list of the eigenvalues begins.": STOP / 2,
            "A factor 2 too slow: what is the gradient of half the squared error?": 2 * STOP,
            "That is where the bound on the sum reaches 3, not the sum.": 3,
            "That is the ridge's share λ/(λ + 1/t), not that of a flow.": brentq(
                lambda t: sum(rate * t / (1 + rate * t) for rate in RATES) - 3, 0, 100, xtol=1e-13
            ),
            "That is the sum of the squares of the L_j.": brentq(
                lambda t: sum(expm1(-rate * t) ** 2 for rate in RATES) - 3, 0, 100, xtol=1e-13
            ),
            "The share 1 - λ of one step of descent was used; time is continuous here.": brentq(
                lambda t: sum(1 - (1 - rate) ** t for rate in RATES) - 3, 0, 100, xtol=1e-13
            ),
            "The eigenvalues are powers of 1/2, not of 1/e.": brentq(
                lambda t: sum(-expm1(-exp(-j) * t) for j in range(1, 200)) - 3, 0, 100, xtol=1e-13
            ),
        },
    ),
]
