"""Answers of book/power/random-features.md."""

from math import gamma, sqrt

from asking import Question


def moment(d: int, power: int) -> float:
    """The mean of |x| to a power, x standard Gaussian in dimension d."""
    return 2 ** (power / 2) * gamma((d + power) / 2) / gamma(d / 2)


def captured(d: int) -> float:
    return moment(d, 3) ** 2 / (moment(d, 2) * moment(d, 4))


QUESTIONS = [
    Question(
        "ex-descent-minimum-norm",
        right=lambda eta, t: 1 / (eta * t),
        at=[{"eta": 0.3, "t": 7}, {"eta": 0.05, "t": 40}],
        wrong={
            "More steps are a weaker penalty, not a stronger one.": lambda eta, t: eta * t,
            "The step matters too: half of it needs twice the time.": lambda eta, t: 1 / t,
            "A factor 2: compare the two factors for small singular values.": lambda eta, t: (
                2 / (eta * t)
            ),
            "A factor 1/2: compare the two factors for small singular values.": lambda eta, t: (
                1 / (2 * eta * t)
            ),
            "The penalty multiplies the squared norm: no root.": lambda eta, t: 1 / sqrt(eta * t),
        },
    ),
    Question(
        "ex-copies",
        right=(1 / 3, 1),
        wrong={
            "First: that is what becomes of each coefficient; there are more of them.": (
                1 / 9,
                None,
            ),
            "First: the norm gets smaller, not larger.": (3, None),
            "First: the function is the same, its coefficients are not.": (1, None),
            "Second: the number of features grows as the coefficients shrink.": (None, 1 / 9),
            "Second: each coefficient is shared among the copies.": (None, 9),
            "Second: the largest coefficient is counted, not the norm.": (None, 1 / 3),
        },
    ),
    Question(
        "ex-homogeneous",
        right=lambda d: 1 - captured(d),
        at=[{"d": 3}, {"d": 10}],
        wrong={
            "That is what is captured, not what is left.": captured,
            "That is the limit for large d.": lambda d: 1 / (2 * d),
            "That is the fraction of the norm, not of its square.": lambda d: 1 - sqrt(captured(d)),
            "That is the root of the fraction.": lambda d: sqrt(1 - captured(d)),
            "The best radial factor is a projection: it needs the moment of order 3.": lambda d: (
                1 - moment(d, 2) ** 2 / moment(d, 4)
            ),
        },
    ),
]
