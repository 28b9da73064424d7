"""Answers of book/limits/any-coefficients.md."""

from math import exp, pi, sqrt

from asking import Question

from randomfeatures.limits.any_coefficients import ENERGY_NEEDED, width_bound
from randomfeatures.limits.bounded_coefficients import wave_norm

ERROR = 1 / 50


def bound(d: int, rho: float) -> float:
    return width_bound(d, wave_norm(rho, ERROR))


def by_hand(d: int, rho: float, gain: float, factor: float = 0.25) -> float:
    R = wave_norm(rho, ERROR)
    return factor * exp(d / 2) * (pi * R / (2 * sqrt(d))) ** gain


QUESTIONS = [
    Question(
        "ex-any-norm-width",
        right=bound,
        at=[{"d": 8, "rho": 700.0}, {"d": 11, "rho": 1500.0}],
        wrong={
            "The gain has the exponent d - 1, not d.": lambda d, rho: by_hand(d, rho, d),
            "That is the bound at the smallest wave; a larger norm has a gain.": lambda d, rho: (
                width_bound(d)
            ),
            "A factor is lost: 0.26 of the energy is needed, and a wave has at most 1/3.": (
                lambda d, rho: by_hand(d, rho, d - 1, factor=1.0)
            ),
            "That is the root, as for bounded coefficients; the number of features is linear in "
            "the energy.": lambda d, rho: by_hand(d, rho, d - 1, factor=1.0) ** 0.5,
        },
    ),
    Question(
        "ex-two-families",
        right=ENERGY_NEEDED**2 * 3,
        digits=4,
        wrong={
            "The energy enters with its square.": ENERGY_NEEDED * 3,
            "The corollary has the factor of the squared norm of the wave, at most 1/3.": (
                ENERGY_NEEDED**2
            ),
            "The squared norm divides; it does not multiply.": ENERGY_NEEDED**2 / 3,
            "That is the constant of the theorem; this way gives a smaller one.": 0.25,
        },
    ),
]
