"""Answers of book/beyond/problems.md."""

from math import cos, log, pi, sin, sqrt

import numpy as np
from asking import Question
from scipy import integrate

from randomfeatures.beyond import amplification, landscape
from randomfeatures.beyond import lazy_training as lazy
from randomfeatures.beyond.amplification_clusters import XORClusters
from randomfeatures.beyond.lazy_training_limits import expected_neural_tangent_risk
from randomfeatures.beyond.one_neuron import residual_length
from randomfeatures.beyond.one_neuron_rates import CURVATURE
from randomfeatures.beyond.prior_kernel import one_layer_kernel
from randomfeatures.beyond.prior_kernel_rate import effective_rank, wide_kernel_error

# One neuron.


def squared(t: float) -> float:
    return float(residual_length(np.array(t))) ** 2 / pi**2


IN_THREE = integrate.quad(lambda t: squared(t) * sin(t) / 2, 0, pi)[0]
UNIFORM_ANGLE = integrate.quad(squared, 0, pi)[0] / pi
LEAK = (1 - 0.1) ** 2 / (1 + 0.1**2)

# Lazy training and the landscape.
BOTH = np.diag([4.0, 3.0, 1.0, -1.0, -2.0])
FIVE = np.diag([4.0, 3.0, 1.0, -2.0, -5.0])
TRAP = next(x for x in landscape.levels(FIVE, 4) if x.valley)
TWO = np.diag([2.0, 1.0])
# At 45 degrees the limit does not depend on K; a shorter way there loses fewer digits.
TURNED = landscape.flow(TWO, np.array([[1e-3, 1.0]]), log(1e3))
HALF_WAY = float(np.sum((TWO - TURNED) ** 2)) / 5
LAST = float(max(np.roots([2, 0, 2, -1]), key=lambda z: -abs(z.imag)).real)

# Amplification.


def pair(s: float, phi: float) -> float:
    w = np.array([[cos(phi), sin(phi)]])
    clusters = XORClusters(d=2, separation=s)
    return float(amplification.random_features_risk(np.vstack([w, -w]), clusters))


def means(s: float, phi: float) -> tuple[float, float]:
    one, two = amplification.mean_absolute(s * np.array([cos(phi), sin(phi)]))
    return float(one), float(two)


def uncentred(s: float, phi: float) -> float:
    one, two = means(s, phi)
    return 1 - (one - two) ** 2 / 4 / (1 + s**2 / 2)


def without_noise(s: float, phi: float) -> float:
    one, two = means(s, phi)
    return 1 - (one - two) ** 2 / 4 / (1 + s**2 - (one + two) ** 2 / 4)


# Random networks as features.


def kernel(n: int) -> np.ndarray:
    return one_layer_kernel(np.eye(n), np.eye(n), "relu", 10)


CENTRE = np.eye(50) - 1 / 50
CENTRED = CENTRE @ kernel(50) @ CENTRE
WIDE = wide_kernel_error(CENTRED, 10, 100)

QUESTIONS = [
    Question(
        "ex-neuron-random-start",
        right=(IN_THREE, CURVATURE**2),
        wrong={
            "First: in three dimensions the cosine is uniform, not the angle.": (
                UNIFORM_ANGLE,
                None,
            ),
            "First: the factor 1/π of e is missing.": (IN_THREE * pi**2, None),
            "First: the middle term of D² has the other sign.": (
                1 / 2 - 2 / pi**2 - 4 / 9 / pi**2 + 2 / 3 / pi**2,
                None,
            ),
            "That is the root of the mean square.": (sqrt(IN_THREE), CURVATURE),
            "Second: that is the distance, not its square.": (None, CURVATURE),
            "Second: that is the largest value, from the opposite ray.": (None, 1),
            "Second: that is 1/4 only; what is across the target counts too.": (None, 0.25),
        },
    ),
    Question(
        "ex-neuron-leaky",
        right=(LEAK, LEAK * CURVATURE),
        wrong={
            "The step has the length 2/(1 + c²), not 2.": (0.81, 0.81 * CURVATURE),
            "(1 - c) enters squared.": (0.9 / 1.01, 0.9 / 1.01 * CURVATURE),
            "First: that is the length of the weight, not its distance.": (1 - LEAK, None),
            "First: for the leaky neuron T does not vanish there.": (1, None),
            "First: the weight is on the ray of the target then, not opposite to it.": (
                2 - LEAK,
                None,
            ),
            "Second: that is the factor of the first number alone.": (None, LEAK),
            "Second: that is c = 0.": (None, CURVATURE),
            "Second: that is the limit of the quotient; the constant has to hold for all e ≤ 1.": (
                None,
                LEAK / pi,
            ),
        },
    ),
    Question(
        "ex-lazy-spike",
        right=lambda rho: 1 / sqrt(1 - rho),
        at=[{"rho": 0.2}, {"rho": 0.5}, {"rho": 0.8}],
        wrong={
            "That is the square of s.": lambda rho: 1 / (1 - rho),
            "What is captured has been taken for what is left.": lambda rho: 1 / sqrt(rho),
            "The identity costs more than the square of what is left.": (
                lambda rho: sqrt((1 + rho) / (1 - rho))
            ),
            "That is where the tangent model has three times the risk.": (
                lambda rho: sqrt(2 / (1 - rho))
            ),
            "Off the identity it is the square of 1 - ϱ that is left, and it is divided once.": (
                lambda rho: 1 / (1 - rho) ** 2
            ),
            "The spike has the weight s² beside 1, not s.": lambda rho: 1 / (1 - rho) ** 0.25,
        },
    ),
    Question(
        "ex-lazy-best-weights",
        right=lazy.signed_network_risk(BOTH, 1, 1),
        wrong={
            "That is the best single neuron; lazy training has matrices of rank two.": (
                lazy.neural_network_risk(BOTH, 1)
            ),
            "That is any two neurons; a cross has one eigenvalue of each sign.": (
                lazy.neural_network_risk(BOTH, 2)
            ),
            "That is the mean over random weights.": expected_neural_tangent_risk(
                5, 1, lazy.trace_share(BOTH)
            ),
            "That is the share captured.": 1 - lazy.signed_network_risk(BOTH, 1, 1),
            "That is not the relative risk: divide by the squared norm.": 11,
            "The largest positive one has been taken with the wrong negative one.": 14 / 31,
        },
    ),
    Question(
        "ex-landscape-traps",
        right=(TRAP.risk, TRAP.barrier, 1 / 4),
        wrong={
            "First: that is a plateau: too many neurons of one sign can be emptied.": (
                10 / 55,
                None,
                None,
            ),
            "First: that is the least risk, and no trap.": (1 / 55, None, None),
            "First: not divided by the squared norm.": (4, None, None),
            "Second: a cheaper way gives up a neuron of the other sign.": (None, 29 / 55, None),
            "Second: that is the height above the trap, not the risk there.": (
                None,
                1 / 55,
                None,
            ),
            "Second: not divided by the squared norm.": (None, 5, None),
            "Third: the five levels are not equally likely.": (None, None, 1 / 5),
            "Third: it does not matter which of the four neurons has the other sign.": (
                None,
                None,
                1 / 16,
            ),
            "Third: that is the probability of the least level.": (None, None, 3 / 8),
        },
    ),
    Question(
        "ex-landscape-turning",
        right=(log(1e6), HALF_WAY),
        wrong={
            "First: M turns with the square of the weights, but its angle is theirs.": (
                log(1e6) / 2,
                None,
            ),
            "First: the logarithm is the natural one.": (6, None),
            "First: the rate is the difference of the eigenvalues.": (log(1e6) / 2 * 4, None),
            "First: that is the rate of the larger eigenvalue and of the smaller one together.": (
                log(1e6) / 3,
                None,
            ),
            "Second: that is the arithmetic mean as the squared length.": (None, 2.75 / 5),
            "Second: that is the risk before it turns.": (None, 4 / 5),
            "Second: that is the risk at the end.": (None, 1 / 5),
            "Second: an entry of M off the diagonal counts twice.": (None, 21 / 45),
            "Second: not divided by the squared norm of B.": (None, 25 / 9),
        },
    ),
    Question(
        "ex-landscape-sign",
        right=(sqrt(2), -sqrt(0.5), LAST),
        wrong={
            "First: that is the square of the threshold.": (2, None, None),
            "First: w² and a² do not have the same weight in what is conserved.": (1, None, None),
            "First: the factor 2 stands at a².": (sqrt(0.5), None, None),
            "Second: the weight a keeps its sign.": (None, sqrt(0.5), None),
            "Second: that is the square.": (None, -0.5, None),
            "Second: a does move.": (None, -1, None),
            "Second: the output weight does not reach zero.": (None, 0, None),
            "Third: the product aw² ends at 1, but w is not what it was at the start.": (
                None,
                None,
                1 / 4,
            ),
            "Third: the product aw² ends at 1, not a and w.": (None, None, 1),
            "Third: aw² ends at 1; you have set aw to 1.": (
                None,
                None,
                sqrt((sqrt(3) - 1) / 2),
            ),
        },
    ),
    Question(
        "ex-xor-one-pair",
        right=pair,
        at=[{"s": 4.0, "phi": 0.2}, {"s": 4.0, "phi": 0.5}, {"s": 2.0, "phi": 0.3}],
        wrong={
            "The constant takes the mean of the feature away: use its variance.": uncentred,
            "The mean of <w, x>² over the four centres has a half.": without_noise,
            "That is what is captured, not what is left.": lambda s, phi: 1 - pair(s, phi),
            "That is one of the two labels' angle: φ is measured from μ_1.": (
                lambda s, phi: pair(s, 2 * phi)
            ),
            "That is a pair along the centre, at every angle.": lambda s, phi: pair(s, 0.0),
        },
    ),
    Question(
        "ex-xor-random-pair",
        right=4.0**4 / (2 * (pi - 2)),
        wrong={
            "The variance of the feature is not its second moment.": 4.0**4 / (2 * pi),
            "A squared standard normal has the variance 2, and there are two of them.": (
                4.0**4 / (4 * (pi - 2))
            ),
            "Only one of the two alignments is counted.": 3 * 4.0**4 / (8 * (pi - 2)),
            "There is a half too many in E yg.": 4.0**4 / (8 * (pi - 2)),
            "s enters with the fourth power.": 4.0**2 / (2 * (pi - 2)),
            "A half is missing: the series of h has one at the square, and E yg another.": 4
            * 4.0**4
            / (2 * (pi - 2)),
        },
    ),
    Question(
        "ex-prior-orthogonal",
        right=(pi**2, (1 + pi**2) / 0.05**2),
        wrong={
            "First: the entries enter squared.": (pi, None),
            "First: the quotient is turned round.": (1 / pi**2, None),
            "First: that is 2π on the diagonal; at angle zero only the second term is left.": (
                4 * pi**2,
                None,
            ),
            "First: the off-diagonal entries do not vanish.": (1000, None),
            "Second: the error is a root mean square.": (None, (1 + pi**2) / 0.05),
            "Second: the limit is 1 + r, not r.": (None, pi**2 / 0.05**2),
            "Second: that is the number of draws J for ten logits.": (
                None,
                (1 + pi**2) / 0.05**2 / 10,
            ),
        },
    ),
    Question(
        "ex-prior-centred",
        right=(effective_rank(CENTRED), WIDE),
        wrong={
            "First: that is before centring, for the ReLU.": (effective_rank(kernel(50)), None),
            "First: centring takes one dimension away.": (50, None),
            "Second: that is the kernel before centring.": (
                None,
                wide_kernel_error(kernel(50), 10, 100),
            ),
            "Second: that is the mean square, not its root.": (None, WIDE**2),
            "Second: the limit is 1 + r, not r.": (None, sqrt(49 / 1000)),
            "Second: centring takes one dimension away.": (None, sqrt(51 / 1000)),
            "Second: a thousand draws, not a thousand features.": (None, WIDE / sqrt(10)),
        },
    ),
]
