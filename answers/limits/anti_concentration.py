"""Answers of book/limits/anti-concentration.md."""

from math import exp, pi

from asking import Question
from scipy.integrate import quad

from randomfeatures.limits.anti_concentration import distribution, second_moment
from randomfeatures.limits.triangle_wave import triangle_wave


def mean_absolute(R: float) -> float:
    """The mean of |tri(Rz)|, from its distribution."""
    return quad(lambda t: 1 - float(distribution(t, R)), 0, 1, epsabs=1e-12)[0]


def series(R: float, factor: float = 1.0, every: int = 2) -> float:
    """The series with another nome, or with all k instead of the odd ones."""
    q = exp(-factor * pi**2 * R**2 / 2)
    return 0.5 - 4 / pi**2 * sum(q ** (k * k) / k**2 for k in range(1, 60, every))


def on_an_interval(power: int) -> float:
    """The mean of |tri(y)| to a power, y uniform on an interval of length 3 around 0."""
    half = quad(lambda y: float(triangle_wave(y)) ** power, 0, 1.5, points=[1])[0]
    return half / 1.5


QUESTIONS = [
    Question(
        "ex-mean-absolute",
        right=mean_absolute,
        at=[{"R": 0.3}, {"R": 0.5}, {"R": 0.8}],
        wrong={
            "That is the mean square, not the mean of the absolute value.": second_moment,
            "That is the root of the mean square, which is larger than the mean.": lambda R: (
                second_moment(R) ** 0.5
            ),
            "The sum runs over the odd k only: for even k the coefficient is zero.": lambda R: (
                series(R, every=1)
            ),
            "Look at the exponent: the mean of cos(kπRz) is exp(-k²π²R²/2).": lambda R: series(
                R, factor=2
            ),
            "That is the lower bound of the exercise, not the mean itself.": lambda R: (
                0.5 - 4 / pi**2 / (exp(pi**2 * R**2 / 2) - 1)
            ),
            "That is the upper bound, which the mean approaches for large R.": lambda R: 0.5,
            "The second term has the wrong sign.": lambda R: 1 - series(R),
        },
    ),
    Question(
        "ex-other-inputs",
        right=on_an_interval(2),
        wrong={
            "That is right for an interval of even length, which covers the circle a whole number "
            "of times; 3 is odd.": 1 / 3,
            "That is the mean of the absolute value, not of the square.": on_an_interval(1),
            "That is the root of the second moment.": on_an_interval(2) ** 0.5,
            "That is the integral; a mean is divided by the length of the interval.": (
                3 * on_an_interval(2)
            ),
            "Where the wave goes down again, between 1 and 3/2, it is 2 - y.": 1.5**2 / 3,
        },
    ),
]
