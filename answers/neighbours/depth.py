"""Answers of book/neighbours/depth.md."""

from fractions import Fraction

import numpy as np
from asking import Question
from scipy.integrate import quad

from randomfeatures.neighbours.depth import (
    random_kinks_bounds,
    square_by_depth,
    square_error_bound,
    square_fit_error,
)

LOWER, UPPER = random_kinks_bounds(1)
MEAN = 2 * quad(lambda t: square_fit_error(np.array([t])), 0, 0.5, epsabs=1e-14)[0]


def product_error(L: int) -> float:
    """The largest error on a grid that has the nodes and the middles of all pieces."""
    grid = np.linspace(0, 1, 2 ** (L + 1) + 1)
    x, y = np.meshgrid(grid, grid)
    f = (4 * square_by_depth((x + y) / 2, L) - square_by_depth(x, L) - square_by_depth(y, L)) / 2
    return float(np.max(np.abs(f - x * y)))


QUESTIONS = [
    Question(
        "ex-depth-one",
        right=MEAN,
        wrong={
            "That is the mean of what the best separate lines leave; they do not meet.": LOWER,
            "That is the upper bound of the theorem. If you computed it: a line that gives in at "
            "its end may turn.": UPPER,
            "That is the error of the best kink; the kink is drawn.": square_error_bound([1]),
            "That is what is added to the best lines; they leave something themselves.": MEAN
            - LOWER,
            "Both lines can give in at the kink; you moved one.": LOWER + 1 / 864,
            "That is without the sixth in the distance of the two lines.": LOWER
            + 36 * (MEAN - LOWER),
            "The mean of the gap's fifth power is 1/6, and there are two gaps: one is lost.": (
                Fraction(1, 1080) + Fraction(1, 4320)
            ),
        },
    ),
    Question(
        "ex-depth-products",
        right=product_error,
        at=[{"L": 2}, {"L": 5}],
        wrong={
            "The three errors do not add up in size: look at their signs.": lambda L: (
                3 * 4.0 ** (-L - 1)
            ),
            "That is the largest error of f_L, and of the product on one of its sides.": lambda L: (
                4.0 ** (-L - 1)
            ),
            "The half before the bracket is lost.": lambda L: 4.0**-L,
            "The copy at the mean has a factor before it.": lambda L: 4.0 ** (-L - 1) / 2,
            "The error falls by the square of the length of a piece.": lambda L: 2.0 ** (-L - 1),
        },
    ),
]
