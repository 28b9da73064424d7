"""Answers of book/limits/concentration-spectrum.md."""

from math import cosh, exp, log, log10, sqrt

from asking import Question
from scipy.integrate import quad

from randomfeatures.limits.concentration import concentration_rate, sine_eigenvalue


def minimiser(sigma: float) -> float:
    return (sqrt(1 + 4 * sigma**2) - 1) / (2 * sigma)


def mean_over_cosines(function, d: int) -> float:
    """E f(t) for the cosine t of two independent uniform points of the sphere."""

    def density(t: float) -> float:
        return (1 - t * t) ** ((d - 3) / 2)

    return quad(lambda t: function(t) * density(t), -1, 1)[0] / quad(density, -1, 1)[0]


def even_eigenvalue(d: int, s: float) -> float:
    return exp(-s) * mean_over_cosines(lambda t: cosh(s * t), d)


QUESTIONS = [
    Question(
        "ex-concentration-rate",
        right=concentration_rate,
        at=[{"sigma": 0.5}, {"sigma": 2.5}],
        wrong={
            "That is where the minimum lies; the question is for its value.": minimiser,
            "Half of the logarithm belongs into the exponent: the density is a power (d - 3)/2 of "
            "1 - t².": lambda sigma: (
                sigma * (1 - minimiser(sigma)) - log(1 - minimiser(sigma) ** 2)
            ),
            "The logarithm is the natural one.": lambda sigma: (
                sigma * (1 - minimiser(sigma)) - log10(1 - minimiser(sigma) ** 2) / 2
            ),
            "That is the limit for large σ.": lambda sigma: 0.5 + log(sigma) / 2,
            "That is the value at t = 0, where most cosines are; the exponential prefers others.": (
                lambda sigma: sigma
            ),
            "The second term has the wrong sign.": lambda sigma: (
                sigma * (1 - minimiser(sigma)) + log(1 - minimiser(sigma) ** 2) / 2
            ),
        },
    ),
    Question(
        "ex-concentration-even",
        right=even_eigenvalue,
        at=[{"d": 3, "s": 1.5}, {"d": 6, "s": 4.0}],
        wrong={
            "That is the eigenvalue of degree 1 of the sine; the cosine has the even degrees.": (
                lambda d, s: sine_eigenvalue(d, s, 1)
            ),
            "That is without the mean of the wave, which the question still has.": lambda d, s: (
                even_eigenvalue(d, s) - exp(-s)
            ),
            "That is the kernel at t = 1, the mean square of the wave.": lambda d, s: (
                exp(-s) * cosh(s)
            ),
            "The factor exp(-s) is missing.": lambda d, s: exp(s) * even_eigenvalue(d, s),
            "A factor 2: each of the two exponentials has one half.": lambda d, s: (
                2 * even_eigenvalue(d, s)
            ),
        },
    ),
]
