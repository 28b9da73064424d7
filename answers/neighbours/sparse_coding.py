"""Answers of book/neighbours/sparse-coding.md."""

from asking import Question

from randomfeatures.neighbours.sparse_coding import contraction


def resting(q: float, noise: float) -> float:
    """Where the bound E of the recursion E -> qE + 2 noise rests."""
    bound = 1.0
    for _ in range(2000):
        bound = q * bound + 2 * noise
    return bound


QUESTIONS = [
    Question(
        "ex-sparse-coding-noise",
        right=lambda mu, s, eps: resting(contraction(mu, s), eps),
        at=[{"mu": 0.04, "s": 3, "eps": 0.03}, {"mu": 0.1, "s": 4, "eps": 0.02}],
        wrong={
            "A factor 2: on S the noise comes in more than once.": lambda mu, s, eps: (
                resting(contraction(mu, s), eps) / 2
            ),
            "Each layer keeps a share of what the last one left.": lambda mu, s, eps: 2 * eps,
            "The factor q has two parts: that of the threshold is lost.": (
                lambda mu, s, eps: resting(mu * (s - 1), eps)
            ),
            "The factor q has two parts: that of the crosstalk is lost.": (
                lambda mu, s, eps: resting(mu * s, eps)
            ),
            "An atom has no crosstalk with itself.": lambda mu, s, eps: resting(2 * mu * s, eps),
            "The noise is not multiplied by μs.": lambda mu, s, eps: resting(
                contraction(mu, s), eps * mu * s
            ),
        },
    ),
    Question(
        "ex-sparse-coding-stages",
        right=lambda q1, q2, L, B1, a: resting(q2, a * q1**L * B1),
        at=[
            {"q1": 0.5, "q2": 0.2, "L": 6, "B1": 2.0, "a": 3.0},
            {"q1": 0.7, "q2": 0.6, "L": 9, "B1": 1.5, "a": 2.5},
        ],
        wrong={
            "A factor 2 of the first exercise is lost.": lambda q1, q2, L, B1, a: (
                resting(q2, a * q1**L * B1) / 2
            ),
            "The second stage is the one with noise: its factor is in the recursion.": (
                lambda q1, q2, L, B1, a: resting(q1, a * q1**L * B1)
            ),
            "The first stage made the noise, and with its own factor.": (
                lambda q1, q2, L, B1, a: resting(q2, a * q2**L * B1)
            ),
            "The noise is multiplied by the dictionary before it is compared.": (
                lambda q1, q2, L, B1, a: resting(q2, q1**L * B1)
            ),
            "The noise enters by its product with a column, once: a is not squared.": (
                lambda q1, q2, L, B1, a: resting(q2, a**2 * q1**L * B1)
            ),
            "The noise of the first stage is there in each layer of the second.": (
                lambda q1, q2, L, B1, a: 2 * a * q1**L * B1
            ),
            "The rates do not multiply.": lambda q1, q2, L, B1, a: 2 * a * (q1 * q2) ** L * B1,
        },
    ),
]
