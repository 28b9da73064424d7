"""Answers of book/neighbours/hadamard-products.md."""

from math import pi

import numpy as np
from asking import Question

from randomfeatures.neighbours.hadamard_products import product_kernel

X = np.array([[1.0, 0.0]])


def mean(n: int) -> float:
    return float(product_kernel(X, X, n)[0, 0])


def fourth(n: int) -> float:
    """E f^4: that of one factor is 3/2, the half of a Gaussian's."""
    return 1.5**n


QUESTIONS = [
    Question(
        "ex-products-decay",
        right=lambda n: n / 2,
        at=[{"n": 3}, {"n": 8}],
        wrong={
            "One end was forgotten: what does 2κ have there, and what its power?": lambda n: n,
            "An eigenvalue of the kernel is an energy already; it is not squared again.": (
                lambda n: n**2 / 4
            ),
            "That is the quotient for the powers of κ; the kernels are compared at the same "
            "value at 1.": lambda n: n / 2**n,
            "The exponent of the decay does not change, but the constant does.": lambda n: 1,
            "Turned round: for which of the two kernels do both ends count?": (lambda n: 2 * n),
        },
    ),
    Question(
        "ex-products-width",
        right=lambda n: 100 * (fourth(n) / mean(n) ** 2 - 1),
        at=[{"n": 2}, {"n": 3}],
        wrong={
            "A tenth is the standard deviation; the variance is its square.": (
                lambda n: 10 * (6**n - 1)
            ),
            "The square of the mean was not subtracted.": lambda n: 100 * 6**n,
            "A neuron is zero on one half of the inputs.": lambda n: 100 * (12**n - 1),
            "Moments of independent factors multiply; they do not add up.": lambda n: 500 * n,
            "That is the variance of f; the kernel has its square.": lambda n: 100 * (pi**n - 1),
            "The variance is to be divided by the square of the mean.": (
                lambda n: 100 * (fourth(n) - mean(n) ** 2)
            ),
            "The variance is to be divided by the square of the mean, not by the mean.": (
                lambda n: 100 * (fourth(n) / mean(n) - mean(n))
            ),
        },
    ),
]
