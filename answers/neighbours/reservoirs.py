"""Answers of book/neighbours/reservoirs.md."""

from math import sqrt

from asking import Question

from randomfeatures.foundations.sphere import cosine_moment


def variance(r: float, T: float) -> float:
    """By the moments of a uniform unit vector in T - 1 dimensions."""
    N = int(T) - 1
    fourth = cosine_moment(N, 4)
    mixed = (1 / N - fourth) / (N - 1)  # the squared coordinates add up to 1
    return r * fourth + r * (r - 1) * mixed - (r * cosine_moment(N, 2)) ** 2


QUESTIONS = [
    Question(
        "ex-reservoirs-layer",
        right=lambda r: r + 1,
        digits=0,
        at=[{"r": 7}, {"r": 20}],
        wrong={
            "The numbers were counted that the readout sees; some combinations of them vanish.": (
                lambda r: 2 * r
            ),
            "Both layers together know something that the first does not.": lambda r: r,
            "The second layer knows one input that the first has mixed with others; count again "
            "what both span.": lambda r: r + 2,
        },
    ),
    Question(
        "ex-reservoirs-chance",
        right=variance,
        at=[{"r": 3, "T": 12}, {"r": 20, "T": 500}],
        wrong={
            "That is the standard deviation.": lambda r, T: sqrt(variance(r, T)),
            "The centred target has one dimension less.": lambda r, T: variance(r, T + 1),
            "That is the variance for a vector of fixed mean square; the length of z is divided "
            "out.": lambda r, T: 2 * r / (T - 1) ** 2,
            "That is the second moment; the square of the mean is to be subtracted.": (
                lambda r, T: variance(r, T) + (r / (T - 1)) ** 2
            ),
            "That is the mean.": lambda r, T: r / (T - 1),
            "The squared coordinates were taken as uncorrelated; they add up to 1.": (
                lambda r, T: r * (cosine_moment(int(T) - 1, 4) - 1 / (T - 1) ** 2)
            ),
        },
    ),
]
