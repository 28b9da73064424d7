"""Answers of book/neighbours/dynamical-systems.md."""

from math import sqrt

from asking import Question
from scipy.integrate import quad

from randomfeatures.neighbours.dynamical_systems import stability_price

VARIANCE = 4 / 45


def left_by(constant: float, end: float) -> float:
    """The mean squared error of a constant on [-1, end] and the square itself beyond."""
    return quad(lambda x: (x * x - constant) ** 2 / 2, -1, end, epsabs=1e-14)[0]


QUESTIONS = [
    Question(
        "ex-dynamical-systems-certificate",
        right=lambda lam, L: L**2 * stability_price(lam / L, []),
        at=[{"lam": 4.0, "L": 1.5}, {"lam": 3.0, "L": 2.3}],
        wrong={
            "The error is a mean square.": lambda lam, L: lam - L,
            "That is for f and the target after the division by L.": lambda lam, L: (
                (lam / L - 1) ** 2
            ),
            "The error is a mean square, and so L enters squared on the way back.": lambda lam, L: (
                L * (lam / L - 1) ** 2
            ),
            "That is without the scale.": lambda lam, L: (lam - 1) ** 2,
            "The scale makes f steeper, not the target.": lambda lam, L: (lam * L - 1) ** 2,
            "That is a difference of squares; f and the target are not orthogonal.": (
                lambda lam, L: lam**2 - L**2
            ),
        },
    ),
    Question(
        "ex-dynamical-systems-flow",
        right=(0.25, left_by(0.25, 0.5)),
        wrong={
            "First: that is the best constant; g can follow the square further right.": (
                1 / 3,
                None,
            ),
            "First: g can follow the square to the right of 0, but then it pays on the left.": (
                0,
                None,
            ),
            "First: that is the place where g begins to rise.": (0.5, None),
            "Second: x is uniform on an interval of length 2.": (None, 2 * left_by(0.25, 0.5)),
            "Second: that is the variance, the error of the best constant.": (None, VARIANCE),
            "Second: that is the error of the g that begins to rise at 0.": (None, left_by(0, 0)),
            "Second: that is the error of the best g that begins to rise at 0, which jumps.": (
                None,
                left_by(1 / 3, 0),
            ),
            "Second: the mean square is asked, not its root.": (None, sqrt(left_by(0.25, 0.5))),
            "Second: that is the mean over the part where g is constant.": (
                None,
                left_by(0.25, 0.5) / 0.75,
            ),
        },
    ),
]
