"""Answers of book/limits/problems.md."""

from math import exp, log, pi, sqrt

from asking import Question
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from randomfeatures.limits.bounded_coefficients import hard_neurons
from randomfeatures.limits.scaling import affine_error
from randomfeatures.limits.triangle_wave import sine_coefficients

K, B = sine_coefficients(99)


def linear_part(R: float) -> float:
    """The mean of z tri(Rz), by the sine series."""
    alpha = K * pi * R / 2
    return float(sum(b * a * exp(-a * a / 2) for a, b in zip(alpha, B, strict=True)))


def truncated_at(share: float) -> float:
    """The kappa at which the tail of both sides is this share of 0.01 squared."""
    return float(norm.isf(share * 0.01**2 / 2))


def first_supported(power: int = 3) -> int:
    """The dimension after the last one whose hard neurons at error d^-power exceed norm 1."""
    silent = [d for d in range(3, 1000) if hard_neurons(d, float(d) ** -power).norm > 1]
    return silent[-1] + 1


def quadratic_error(beta: float) -> float:
    return affine_error(1.0, beta) - float(norm.pdf(beta)) ** 2 / 2


WORST = minimize_scalar(lambda beta: -quadratic_error(beta), bounds=(0, 3), method="bounded")

QUESTIONS = [
    Question(
        "ex-heavy-tails",
        right=25 / (2 * sqrt(2)),
        wrong={
            "That is the Gaussian's 5; the tail here is heavier.": 5,
            "The bound on the square of the error is 4 e^(-25/2), not 4 e^(-25/4).": (
                25 / (4 * sqrt(2))
            ),
            "A Laplace law of variance 1 has the tail exp(-√2 z), not exp(-z).": 12.5,
            "A Laplace law of variance 1 has the tail exp(-√2 z); you multiplied by √2.": (
                12.5 * sqrt(2)
            ),
            "The probability has both sides: at 0 it is 1, not 1/2.": (12.5 - log(2)) / sqrt(2),
        },
    ),
    Question(
        "ex-threshold-wave",
        right=(21, 42),
        digits=0,
        wrong={
            "First: that is the number of ReLU neurons; jumps and kinks are not at the same "
            "places.": (22, None),
            "First: the jumps are at the even integers between -21 and 21.": (20, None),
            "Second: each jump is from -1 to 1 or back.": (None, 21),
            "Second: the sum is over all jumps of both signs, without cancellation.": (None, 2),
        },
    ),
    Question(
        "ex-truncation-limit",
        right=truncated_at(3 / 4),
        wrong={
            "That is with the 4 of the lemma; on average over a period the square of the "
            "difference is smaller.": truncated_at(1 / 4),
            "That is what the lemma's bound asks for, with its exponential in place of the tail.": 2
            * sqrt(log(200)),
            "The error has two sides: beyond a and below -a.": float(norm.isf(0.75 * 0.01**2)),
            "The limit of the square of the error is meant to be the square of 0.01.": float(
                norm.isf(0.75 * 0.01 / 2)
            ),
            "The mean of the square of tri - 1 is not the mean of tri² plus tri's mean; the "
            "constant 1 has a square.": truncated_at(3),
            "That is with the square of the difference equal to 1, as for the wave zero.": (
                truncated_at(1)
            ),
        },
    ),
    Question(
        "ex-slow-wave",
        right=linear_part(1.0) ** 2,
        wrong={
            "That is the coefficient; its square counts.": linear_part(1.0),
            "The frequency of the first sine is π/2, not 1.": (8 / pi**2) ** 2 * exp(-1),
            "That is the first harmonic alone; to this accuracy the third one shows.": (
                (8 / pi**2) * (pi / 2) * exp(-((pi / 2) ** 2) / 2)
            )
            ** 2,
            "The derivative of the sine brings down its frequency.": (
                sum(b * exp(-((k * pi / 2) ** 2) / 2) for k, b in zip(K, B, strict=True)) ** 2
            ),
        },
    ),
    Question(
        "ex-square-wave",
        right=pi**2 / 4,
        wrong={
            "That is its root: the averaged square is asked, and roots are what one adds.": pi / 2,
            "The coefficients of the square wave are 4/(πk).": (pi**2 / 8) ** 2,
            "At d = 3 the roots have the factor 1/k, and the coefficients have another one.": (
                4 / pi
            )
            ** 2,
            "The sum is over the odd k only.": (4 / pi * pi**2 / 6) ** 2,
        },
    ),
    Question(
        "ex-cube-inputs",
        right=(10, 14),
        digits=0,
        wrong={
            "First: for even d the sum is even, and the wave vanishes at all even integers.": (
                20,
                None,
            ),
            "First: the wave vanishes at the even integers, not at all integers.": (5, None),
            "Second: at R = √d the wave has the argument 1 or -1 at the smallest sums.": (None, 7),
        },
    ),
    Question(
        "ex-laplace-inputs",
        right=7 / 90,
        wrong={
            "The series alternates; that is the sum without signs.": 8 / 90,
            "The half in 1 + ξ²/2 doubles the limit.": 7 / 180,
            "The limit is of 1/3 minus the moment; look at the sign.": -7 / 90,
            "Only the first term of the series was kept.": 8 / pi**4,
        },
    ),
    Question(
        "ex-sign-of-wave",
        right=1 - sqrt(1 / 2),
        wrong={
            "That is the share of right signs.": sqrt(1 / 2),
            "Uncorrelated with the wave is not uncorrelated with its sign.": 0.5,
            "That is the mean of |tri| over the event of wrong signs, not its probability.": 0.25,
        },
    ),
    Question(
        "ex-supported-claims",
        right=(round(160 / pi**2), first_supported()),
        digits=0,
        wrong={
            "First: R is 2√d/π, and it enters squared.": (round(80 / pi), None),
            "First: that is without the factor 5 of a.": (round(32 / pi**2), None),
            "First: the factor 8 is missing.": (round(20 / pi**2), None),
            "Second: at this d it is true, but soon after it fails once more.": (None, 270),
            "Second: that is the asymptotic line; a is rounded up, which counts here.": (None, 263),
            "Second: from there on the bound on the norm suffices; the neurons themselves are "
            "smaller.": (None, 303),
            "Second: that is the last dimension at which it fails.": (None, 290),
        },
    ),
    Question(
        "ex-quadratic-features",
        right=(float(WORST.x), quadratic_error(float(WORST.x))),
        digits=2,
        wrong={
            "First: zero is the worst bias for affine functions only.": (0, None),
            "Second: that is the error at bias zero.": (None, quadratic_error(0.0)),
            "Second: that is the error of affine functions there.": (
                None,
                affine_error(1.0, float(WORST.x)),
            ),
            "Second: an error is a mean square; that is its root.": (
                None,
                sqrt(quadratic_error(float(WORST.x))),
            ),
        },
    ),
    Question(
        "ex-tanh-scale",
        right=(2 / 3, 1 - 2 / pi),
        wrong={
            "First: the third Hermite polynomial has the square norm 6.": (1 / 9, None),
            "First: z³ itself is not orthogonal to z.": (15 / 9, None),
            "First: the coefficient 1/3 enters squared.": (2, None),
            "Second: that is what the linear function explains.": (None, 2 / pi),
            "Second: the coefficient enters squared.": (None, 1 - sqrt(2 / pi)),
        },
    ),
]
