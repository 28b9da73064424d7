"""Answers of book/limits/problems-features.md."""

from math import exp, log, pi, sqrt

from asking import Question
from scipy.optimize import minimize_scalar
from scipy.special import dawsn
from scipy.stats import norm

from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.limits.anti_concentration import second_moment_bound
from randomfeatures.limits.any_coefficients import (
    ENERGY_NEEDED,
    best_energy,
    best_width,
    width_bound,
)
from randomfeatures.limits.bounded_coefficients import hard_neurons
from randomfeatures.limits.concentration import concentration_rate, smallest_norm
from randomfeatures.limits.scaling import affine_error, zero_error

MILLION = 1_000_000
GOLDEN = (1 + sqrt(5)) / 2


def constant(d: int, allowed: float = 0.25) -> float:
    size = sqrt(second_moment_bound(smallest_norm(d)))
    return 4 * size * (size - allowed - 2 * exp(-25 / 4))


def quotient(kappa: float, share: float = 4 / 3) -> float:
    """The price divided by the norm, up to a factor, with the truncation share P(|z| > kappa)."""
    return (1 / sqrt(3) - 1 / 4 - sqrt(share * 2 * float(norm.sf(kappa)))) / kappa


def best(share: float) -> tuple[float, float]:
    found = minimize_scalar(
        lambda kappa: -quotient(kappa, share),
        bounds=(1.5, 6),
        method="bounded",
        options={"xatol": 1e-9},
    ).x
    return float(found), quotient(found, share) / quotient(5, share)


def left(d: int, error=affine_error) -> int:
    hard = hard_neurons(d, 1 / 50)
    return sum(error(hard.norm, float(b)) > 1 / 50 for b in hard.biases)


def first(too_few) -> int:
    return next(d for d in range(3, 100) if too_few(d))


def invariant(d: int) -> int:
    """The dimensions of degrees 1, 3, ... until their energy is enough."""
    total, degree = 0, 1
    while best_energy(d, max(total, 1)) <= ENERGY_NEEDED:
        total += multiplicity(d, degree)
        degree += 2
    return total


def half_rate(factor: float = 0.25) -> float:
    """The rate for half of the coordinates; the Beta density's exponent times a factor."""
    return minimize_scalar(
        lambda tau: (1 - tau) - factor * log(4 * tau * (1 - tau)),
        bounds=(0.5, 0.999),
        method="bounded",
        options={"xatol": 1e-12},
    ).fun


def step(d: float, t: float) -> float:
    return 2 / sqrt(pi) * exp(-d * (1 - t * t) / 2) * float(dawsn(sqrt(d / 2) * t))


STEP_RATE = (1 + log(2)) / 2

QUESTIONS = [
    Question(
        "ex-small-dimensions",
        right=(constant(2), constant(1)),
        digits=3,
        wrong={
            "The order is d = 2 first.": (constant(1), constant(2)),
            "First: that is with the limit of the norm, 1/√3.": (
                4 / sqrt(3) * (1 / sqrt(3) - 0.25 - 2 * exp(-25 / 4)),
                None,
            ),
            "First: the truncation is missing.": (
                constant(2) + 8 * exp(-25 / 4) * sqrt(second_moment_bound(smallest_norm(2))),
                None,
            ),
            "Second: the truncation is missing.": (
                None,
                constant(1) + 8 * exp(-25 / 4) * sqrt(second_moment_bound(smallest_norm(1))),
            ),
            "First: that is the constant of the chapter, for d = 3.": (constant(3), None),
        },
    ),
    Question(
        "ex-shorter-sum",
        right=best(4 / 3),
        digits=3,
        wrong={
            "First: that is with 4 P(|z| > κ) as in the proof of the lemma.": (best(4)[0], None),
            "Second: that is the quotient of the two prices alone, without the norms.": (
                None,
                best(4 / 3)[1] * best(4 / 3)[0] / 5,
            ),
            "Second: that is the other way round.": (None, 1 / best(4 / 3)[1]),
            "Second: that is the ratio of the norms.": (None, 5 / best(4 / 3)[0]),
        },
    ),
    Question(
        "ex-which-neuron",
        right=(left(3), left(100)),
        digits=0,
        wrong={
            "First: that is the number which zero does not meet; affine functions do more.": (
                left(3, zero_error),
                None,
            ),
            "Second: that is the number which zero does not meet; affine functions do more.": (
                None,
                left(100, zero_error),
            ),
            "First: those are the ones that are met.": (
                hard_neurons(3, 1 / 50).a + 1 - left(3),
                None,
            ),
            "Second: those are the ones that are met.": (
                None,
                hard_neurons(100, 1 / 50).a + 1 - left(100),
            ),
            "First: that is the number of all hard neurons.": (hard_neurons(3, 1 / 50).a + 1, None),
            "Second: that is the number of all hard neurons.": (
                None,
                hard_neurons(100, 1 / 50).a + 1,
            ),
        },
    ),
    Question(
        "ex-long-axis",
        right=lambda v: 1 - 2 * v / (1 + 2 * v),
        at=[{"v": 0.3}, {"v": 2.0}],
        wrong={
            "That is the rate of the root of the mean square.": lambda v: 0.5 / (1 + 2 * v),
            "The squared inner product has twice the exponent in its hyperbolic function.": (
                lambda v: 1 - v / (2 * (1 + 2 * v))
            ),
            "The factor exp(-|w|²) narrows the law of w, on the long axis too.": lambda v: (
                1 - 2 * v
            ),
            "That is what the axis gains; the rate is what is left of 1.": lambda v: (
                2 * v / (1 + 2 * v)
            ),
            "In exp(-|w|²) there is no half.": lambda v: 1 - 2 * v / (1 + v),
        },
    ),
    Question(
        "ex-step-feature",
        right=(step(5, 0.5), STEP_RATE),
        wrong={
            "First: the sign is odd, so both halves of the line contribute.": (
                step(5, 0.5) / 2,
                None,
            ),
            "First: that is the square.": (step(5, 0.5) ** 2, None),
            "First: that is without the factor of part 1 of the lemma.": (
                step(5, 0.5) * exp(5 * 0.75 / 2),
                None,
            ),
            "First: that is the inner product with ReLU features without a bias.": (
                0.25 * sqrt(5) * exp(-5 / 2),
                None,
            ),
            "Second: that is the rate of the root.": (None, STEP_RATE / 2),
            "Second: that is the rate of the ReLU without a bias.": (None, 1),
            "Second: that is the rate of the best of all functions.": (
                None,
                concentration_rate(1.0),
            ),
        },
    ),
    Question(
        "ex-million-features",
        right=(
            first(lambda d: width_bound(d) > MILLION),
            first(lambda d: best_width(d) > MILLION),
        ),
        digits=0,
        wrong={
            "First: at this d the bound is still below a million.": (30, None),
            "First: the factor 1/4 is missing.": (28, None),
            "Second: there a million dimensions, well placed, still capture more than 0.26.": (
                None,
                13,
            ),
        },
    ),
    Question(
        "ex-half-the-coordinates",
        right=half_rate(),
        wrong={
            "That is the rate of the best single function.": 2 * half_rate(),
            "That is the rate of the root of the energy.": half_rate() / 2,
            "At τ = 1/2 are most directions, but others dominate the mean.": 0.5,
            "The exponents of the Beta density are k/2 and (d - k)/2, that is d/4 each.": half_rate(
                0.5
            ),
            "The energy is a square: its factor is exp(-d(1 - τ)), without a half.": (
                half_rate(0.5) / 2
            ),
        },
    ),
    Question(
        "ex-markov-sharp",
        right=invariant(5),
        digits=0,
        wrong={
            "That much captures 0.2537, a little less than is asked.": 35,
            "That is the least dimension of any subspace; an invariant one takes whole "
            "eigenspaces.": best_width(5),
            "That is the dimension of the last eigenspace alone.": multiplicity(5, 5),
            "The even degrees see nothing of an odd wave.": sum(
                multiplicity(5, n) for n in range(6)
            ),
        },
    ),
    Question(
        "ex-golden-width",
        right=sqrt(5) * log(GOLDEN),
        wrong={
            "That is the degree divided by d; what counts is the number of functions.": (
                1 / GOLDEN
            ),
            "That is the exponent of all polynomials of degree d.": 2 * log(2),
            "That is the lower bound of the exercise before.": 0.9087,
            "That is the rate of the averaged square.": concentration_rate(1.0),
            "The logarithm is the natural one.": sqrt(5) * log(GOLDEN) / log(10),
            "Both terms of the entropy are there, but the second one is subtracted: ν ln ν is "
            "negative.": (1 + 1 / GOLDEN) * log(GOLDEN) + log(1 / GOLDEN) / GOLDEN,
        },
    ),
]
