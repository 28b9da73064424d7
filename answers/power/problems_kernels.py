"""Answers of book/power/problems-kernels.md."""

from math import e, factorial, gamma, pi, sinh, sqrt

import numpy as np
from asking import Question

from randomfeatures.foundations.relu_spectrum import relu_eigenvalue
from randomfeatures.power.kernels import neural_tangent
from randomfeatures.power.polynomials import (
    coefficient_function,
    homogenize,
    sampling_second_moment,
)
from randomfeatures.power.polynomials_harmonics import evaluate, inner_product, monomial


def product_width(d: int) -> float:
    p = monomial(d, 1, 1)
    return sampling_second_moment(p) / float(inner_product(p, p)) - 1


def lifted(d: int) -> float:
    """The supremum of the coefficient function for x_1 with a bias."""
    where = np.zeros((1, d + 1))
    where[0, [0, d]] = sqrt(0.5)
    return float(evaluate(coefficient_function(homogenize(monomial(d, 1))), where)[0])


CUBE = 2**1.5 * gamma(3) / gamma(1.5)
EVEN = (15 - CUBE**2 / 3) / 5
LIMIT = pi * factorial(6) / 3**2
K = 0.5
E_1 = np.array([[1.0, 0.0]])
DIAGONAL = float(neural_tangent(E_1, E_1, 7)[0, 0])


def times_threshold(delta: float) -> float:
    zeta = (1 - delta) / (1 + delta)
    return 1 / (1 - zeta**2)


QUESTIONS = [
    Question(
        "ex-product-width",
        right=product_width,
        at=[{"d": 5}, {"d": 12}],
        wrong={
            "Subtract the squared norm of f.": lambda d: product_width(d) + 1,
            "The squared norm of a feature is 1/(2d).": lambda d: (
                2 * d * (product_width(d) + 1) - 1
            ),
            "That is the number of a linear function.": lambda d: 2 * d - 1,
            "The degree of the product is 2, not 0.": lambda d: (
                1 / (2 * d * relu_eigenvalue(d, 0) ** 2) - 1
            ),
            "The number η enters squared.": lambda d: 1 / (2 * d * relu_eigenvalue(d, 2)) - 1,
            "That is the limit of large dimension only.": lambda d: pi * d * d,
        },
    ),
    Question(
        "ex-fourth-power",
        right=(8 / 35, 24 * pi),
        wrong={
            "First: that is the part of degree 2.": (72 / 105, None),
            "First: that is the constant part.": (9 / 105, None),
            "First: the part of degree 2 belongs away as well.": (96 / 105, None),
            "First: that is the fraction of the amplitude, not of the square.": (
                sqrt(8 / 35),
                None,
            ),
            "Second: the part of degree 2 does not count in the limit.": (None, 96 * pi),
            "Second: the squared norm of a feature is 1/(2d).": (None, 48 * pi),
            "Second: η_0² is about 1/(2πd).": (None, 24),
        },
    ),
    Question(
        "ex-two-bounds",
        right=(LIMIT, 4 * LIMIT),
        wrong={
            "First: the double factorial is squared.": (3 * LIMIT, None),
            "First: which number is (6 - 3)!!?": (9 * LIMIT, None),
            "First: that is the quotient for degree 4.": (24 * pi, None),
            "First: η_0² is about 1/(2πd).": (LIMIT / pi, None),
            "First: the dimension of the harmonics divides.": (pi / 9, None),
            "Second: choose the ε for which the product is largest.": (None, LIMIT),
            "Second: both widths depend on ε.": (None, 2 * LIMIT),
        },
    ),
    Question(
        "ex-exponential-sine",
        right=(e, sinh(1)),
        wrong={
            "First: that is the mean of the square alone.": (e**2, None),
            "First: the mean of the derivative is squared.": (e**1.5, None),
            "First: the mean of e^z is not 1.": (1, None),
            "Second: the mean of the derivative is squared.": (
                None,
                (1 - e**-2) / 2 * e**0.5,
            ),
            "Second: that is the mean of the square alone.": (None, (1 - e**-2) / 2),
            "Second: the mean of sin² is not quite 1/2.": (None, e / 2),
            "Second: a half is missing.": (None, 2 * sinh(1)),
            "Second: the mean of cos 2z is e^(-2), with the square of the 2.": (
                None,
                (1 - e**-1) / 2 * e,
            ),
        },
    ),
    Question(
        "ex-blind-gaussian",
        right=(6, 6 + EVEN),
        wrong={
            "First: a linear function takes a part of z³.": (15, None),
            "First: that is what a linear function takes away.": (9, None),
            "First: that is a fraction of the squared norm.": (6 / 15, None),
            "Second: elsewhere than on the sphere the length of x matters.": (None, 6),
            "Second: that is the even part alone.": (None, EVEN),
            "Second: the direction has its own mean square.": (None, 6 + 5 * EVEN),
            "Second: the whole of the even part is not lost.": (None, 9),
        },
    ),
    Question(
        "ex-homogenised-linear",
        right=lifted,
        at=[{"d": 3}, {"d": 10}],
        wrong={
            "A product of two coordinates of a unit vector is at most 1/2.": lambda d: (
                2 * lifted(d)
            ),
            "The factor 2^(m/2) belongs to it.": lambda d: lifted(d) / 2,
            "The dimension is d + 1 now.": lambda d: (d + 1) / relu_eigenvalue(d, 0),
            "The η_0 is that of the dimension d + 1.": lambda d: (d + 2) / relu_eigenvalue(d, 0),
            "The degree is 2, not 0.": lambda d: 1 / relu_eigenvalue(d + 1, 0),
            "That is without the bias.": lambda d: 1 / relu_eigenvalue(d, 0),
            "The degree is 2, not 1.": lambda d: 2 * (d + 1),
        },
    ),
    Question(
        "ex-constant-by-bias",
        right=(4, 16),
        wrong={
            "First: that is the function of the theorem.": (6, None),
            "First: the b are uniform on [-1, 1], with density 1/2.": (2, None),
            "First: half of the b contribute at x = 0.": (8, None),
            "First: that is not enough at x = 0.": (3, None),
            "Second: that is the function of the theorem.": (None, 12),
            "Second: that is with half of the b.": (None, 8),
        },
    ),
    Question(
        "ex-two-widths",
        right=lambda d, C: 36 / (d * d * C),
        at=[{"d": 10, "C": 7.0}, {"d": 23, "C": 30.0}],
        wrong={
            "That is its root: square it.": lambda d, C: 6 / (d * sqrt(C)),
            "The quotient is squared, and with it every factor.": lambda d, C: 36 / (d * C),
            "C enters with the power 1/2 before the square.": lambda d, C: 36 / (d * d * C * C),
            "The quotient of the numbers is 6, and it is squared.": lambda d, C: 6 / (d * d * C),
            "That is the width of part 2.": lambda d, C: 1 / C,
        },
    ),
    Question(
        "ex-hashing",
        right=lambda theta: theta * (pi - theta),
        at=[{"theta": 0.4}, {"theta": 1.1}],
        wrong={
            "That is the variance of the kernel, not of the angle.": lambda theta: (
                1 - (1 - 2 * theta / pi) ** 2
            ),
            "The slope is squared.": lambda theta: theta * (pi - theta) * 2 / pi,
            "That is the variance of the share, not of the angle.": lambda theta: (
                theta * (pi - theta) / pi**2
            ),
            "A share p has the variance p(1 - p).": lambda theta: theta * pi,
            "The slope of the kernel is 2/π, not 1/π.": lambda theta: 4 * theta * (pi - theta),
            "That is the standard deviation.": lambda theta: sqrt(theta * (pi - theta)),
        },
    ),
    Question(
        "ex-phases-or-pairs",
        right=(1 + K**4 / 2 - K**2, (1 - K**2) ** 2),
        wrong={
            "First: that is without the square of the mean.": (1 + K**4 / 2, None),
            "First: the square of a cosine has half of the double angle.": (
                1 + K**4 - K**2,
                None,
            ),
            "First: the double shift has the kernel to the fourth power.": (
                1 + K**2 / 2 - K**2,
                None,
            ),
            "First: the fourth power is not zero.": (1 - K**2, None),
            "Second: that is for one pair; there are r/2 of them.": (
                None,
                (1 - K**2) ** 2 / 2,
            ),
            "Second: there are r/2 pairs, not r/4 or 2r.": (None, 2 * (1 - K**2) ** 2),
            "Second: that is the variance for (a).": (None, 1 + K**4 / 2 - K**2),
            "Second: the double shift has the kernel to the fourth power.": (
                None,
                1 + K**2 - 2 * K**2,
            ),
            "That is the other order.": ((1 - K**2) ** 2, 1 + K**4 / 2 - K**2),
        },
    ),
    Question(
        "ex-opposite-inputs",
        right=lambda N, d: N + min(N, d),
        at=[{"N": 9, "d": 4}, {"N": 3, "d": 7}],
        digits=0,
        wrong={
            "The matrix has not the full rank if there are many inputs.": lambda N, d: 2 * N,
            "There cannot be more than 2N.": lambda N, d: N + d,
            "The odd parts count as well.": lambda N, d: N,
            "The even parts are independent.": lambda N, d: 2 * min(N, d),
            "The odd part is linear, with d dimensions.": lambda N, d: N + 1,
            "That is the part that is odd.": lambda N, d: min(N, d),
        },
    ),
    Question(
        "ex-tangent-blind",
        right=(1, 3 / (2 * pi), 0),
        wrong={
            "First: both kernels contribute to it.": (0.5, None, None),
            "Second: that is the part of one of the two kernels.": (None, 1 / pi, None),
            "Second: the root contributes as well.": (None, 2 / pi, None),
            "Second: that is the part of k_1.": (None, 1 / (2 * pi), None),
            "Third: arcsin is odd, and it is multiplied by t.": (None, None, 1 / (6 * pi)),
            "Third: that is the coefficient of t to the fourth.": (None, None, 5 / (24 * pi)),
        },
    ),
    Question(
        "ex-deep-tangent",
        right=(DIAGONAL, 0.25),
        wrong={
            "First: there is one more term than there are layers.": (DIAGONAL - 1, None),
            "First: one layer more or less: Θ_0 is 1.": (DIAGONAL + 1, None),
            "First: the kernel is not normalised.": (1, None),
            "Second: that is k_1; the terms before it are damped.": (None, 1),
            "Second: the factor is 1 - 3/l; the sum of its parts has one more.": (None, 1 / 3),
            "Second: it does not vanish.": (None, 0),
            "Second: the angles fall like 3π/l, not π/l.": (None, 1 / 2),
        },
    ),
    Question(
        "ex-how-lazy",
        right=times_threshold,
        at=[{"delta": 0.01}, {"delta": 0.2}],
        wrong={
            "That is for small δ only.": lambda delta: 1 / (4 * delta),
            "ζ is squared.": lambda delta: (1 + delta) / (2 * delta),
            "That is one over it.": lambda delta: 1 / times_threshold(delta),
            "Two factors are lost: 1 - ζ² is (1 - ζ)(1 + ζ).": lambda delta: (
                (1 + delta) ** 2 / delta
            ),
            "The threshold has the factor 2 already.": lambda delta: times_threshold(delta) / 2,
            "That is where 1 - ζ is δ.": lambda delta: 1 / (1 - (1 - delta) ** 2),
        },
    ),
]
