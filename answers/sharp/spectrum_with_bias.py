"""Answers of book/sharp/spectrum-with-bias.md."""

from math import exp, gamma, pi

import numpy as np
from asking import Question
from numpy.polynomial import Polynomial
from scipy.stats import chi2, norm

from randomfeatures.foundations.sphere import gegenbauer
from randomfeatures.sharp.spectrum import neuron_spectrum

D, B = 4, 2.0
LEFT = (1 + B**2) * norm.sf(B) - B * norm.pdf(B)

ETA_2 = (neuron_spectrum(6, 2)[2] / 6) ** 0.5
POINTS = np.linspace(-1, 1, 4)
SLOPE = Polynomial.fit(POINTS, gegenbauer(10, 3, POINTS), 3).deriv()(0.0)
SMALL = (gamma(3) * gamma(5 / 2) / (2 * pi * gamma(11 / 2))) ** 2
assert abs(SMALL / (ETA_2 * SLOPE) ** 2 - 1) < 1e-12

QUESTIONS = [
    Question(
        "ex-spectrum-step",
        right=(2, 4),
        digits=0,
        wrong={
            "These are the powers of the energy beyond degree k; it is a sum.": (1, 3),
            "First: that is the energy beyond degree k, which is a sum.": (1, None),
            "Second: that is the energy beyond degree k, which is a sum.": (None, 3),
            "Second: that is the root; the eigenvalue has η squared.": (None, 2),
            "Second: with the number of harmonics the power of the dimension cancels.": (None, 5),
        },
    ),
    Question(
        "ex-spectrum-far",
        right=(chi2.sf(B**2, D + 2), LEFT),
        wrong={
            "First: that is the probability that the length exceeds |b|; weigh it with its "
            "square.": (chi2.sf(B**2, D), None),
            "First: that compares the square of the length with |b|.": (chi2.sf(B, D + 2), None),
            "First: the mean is to be divided by d.": (D * chi2.sf(B**2, D + 2), None),
            "Second: that is the energy of the neuron with b = 2; take out the affine part.": (
                None,
                (1 + B**2) * norm.cdf(B) + B * norm.pdf(B),
            ),
            "Second: that is the mean, not the mean square.": (
                None,
                norm.pdf(B) - B * norm.sf(B),
            ),
            "Second: a sign; expand (z - 2)² for z > 2.": (
                None,
                (1 + B**2) * norm.sf(B) + B * norm.pdf(B),
            ),
        },
    ),
    Question(
        "ex-bias-small",
        right=SMALL,
        wrong={
            "The length factors out for the ReLU only; here b² = q²u², and it cancels.": 6 * SMALL,
            "That is the root.": SMALL**0.5,
            "That is for k = 3.": ETA_2**2,
            "The Legendre polynomial is that of dimension d + 4.": (ETA_2 * 3 / 5) ** 2,
            "The degree of the polynomial is k - 2.": (ETA_2 * 15 / 9) ** 2,
        },
    ),
]
assert abs(chi2.sf(B**2, D + 2) - 5 * exp(-2)) < 1e-12
