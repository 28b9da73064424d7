r"""How fast one neuron is learned: the bounds of the theorem, the first step, frozen features.

Notation as in :mod:`~randomfeatures.beyond.one_neuron`. Distances e = \|w - v\| / \|v\| are
relative. A number that is too small for a float is 0.
"""

import math
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.beyond.one_neuron import residual_length
from randomfeatures.foundations.arguments import Array, integer, real, real_array

CURVATURE = math.sqrt(1 / 4 + 1 / math.pi**2)
r"""The constant c_* = D(π/2) / π: the best in e_{t+1} ≤ c_* e_t² for steps of length two."""


def distance_bound(distance: float, angle: float, step_size: float, steps: int) -> float:
    r"""A bound on the distance after ``steps`` steps from a start at ``angle`` below π to v.

    .. math:: e_t \le \Bigl(1-\frac\eta2\Bigr)^te_0 + \frac1\pi D(\vartheta_0)

    with D of :func:`~randomfeatures.beyond.one_neuron.residual_length`.

    Book: ``thm-one-neuron``.
    Error: an upper bound; equality for step size 2 and one step. Rounding: relative 1e-15.
    Raises: ValueError unless distance ≥ 0, 0 ≤ angle ≤ π, 0 < step_size ≤ 2 and steps ≥ 0.

    >>> distance_bound(3.0, 0.0, step_size=1.0, steps=2)
    0.75
    """
    distance = real("distance", distance, at_least=0)
    step_size = real("step_size", step_size, above=0, at_most=2)
    angle = real("angle", angle, at_least=0, at_most=math.pi)
    steps = integer("steps", steps, at_least=0)
    residual = float(residual_length(np.asarray(angle)))
    return _power(1 - step_size / 2, steps) * distance + residual / math.pi


def distance_after_step(distance: float, step_size: float) -> float:
    r"""A bound on the distance after one step from a distance e ≤ 1.

    .. math:: e_{t+1} \le \Bigl(1-\frac\eta2\Bigr)e_t + \frac\eta2\,c_*\,e_t^2, \qquad
        c_* = \sqrt{\tfrac14+\tfrac1{\pi^2}}

    It is at most :math:`1-(1-c_*)\frac\eta2` times e. For η = 2 it is :math:`c_*e^2`.

    Book: ``thm-one-neuron``.
    Error: an upper bound; for η = 2 the constant is the best. Rounding: relative 1e-15.
    Raises: ValueError unless 0 ≤ distance ≤ 1 and 0 < step_size ≤ 2.

    >>> distance_after_step(0.5, step_size=2.0) == CURVATURE / 4
    True
    """
    distance = real("distance", distance, at_least=0, at_most=1)
    step_size = real("step_size", step_size, above=0, at_most=2)
    return (1 - step_size / 2) * distance + step_size / 2 * CURVATURE * distance**2


def distance_after_long_steps(distance: float, steps: int) -> float:
    r"""A bound on the distance after ``steps`` steps of length η = 2 from a distance e ≤ 1.

    .. math:: e_{s+t} \le \frac1{c_*}\bigl(c_*e_s\bigr)^{2^t}, \qquad
        c_* = \sqrt{\tfrac14+\tfrac1{\pi^2}}

    Book: ``thm-one-neuron``.
    Error: an upper bound. Rounding: relative 1e-15 times the exponent.
    Raises: ValueError unless 0 ≤ distance ≤ 1 and steps ≥ 0.

    >>> distance_after_long_steps(0.5, 0)
    0.5
    """
    distance = real("distance", distance, at_least=0, at_most=1)
    steps = integer("steps", steps, at_least=0)
    doublings = min(steps, 60)  # beyond, the bound is 0 for each float below 1
    return _power(CURVATURE * distance, 2**doublings) / CURVATURE


def path_from_zero(v: Float[Array, "*b d"], step_size: float, steps: int) -> Float[Array, "*b d"]:
    r"""The weights after ``steps`` steps on the population loss from w = 0, where σ'(0) = 1.

    .. math:: w_t = \Bigl(1-\bigl(1-\tfrac\eta2\bigr)^t\Bigr)\,v

    Book: ``prop-zero-start``.
    Error: relative 1e-15.
    Raises: ValueError if v is not finite, or unless 0 < step_size ≤ 2 and steps ≥ 0.

    >>> path_from_zero(np.array([4.0, -2.0]), step_size=1.0, steps=2)
    array([ 3. , -1.5])
    """
    step_size = real("step_size", step_size, above=0, at_most=2)
    left = _power(1 - step_size / 2, integer("steps", steps, at_least=0))
    return (1 - left) * real_array("v", v)


def first_step_error(d: int, n: int, norm: float = 1.0, noise: float = 0.0) -> float:
    r"""E \|w_1 - v\|² after one step of length 2 from w = 0 with σ'(0) = 1, on n noisy samples.

    .. math:: \mathbb E\,\|w_1-v\|^2 = \frac{(2d+3)\,\|v\|^2+4d\,s^2}n

    with \|v\| = ``norm`` and s = ``noise``, the standard deviation of the noise in the labels. The
    mean squared error of the neuron is at most half of it, in the mean.

    Book: ``prop-first-step``.
    Error: relative 1e-15.
    Raises: ValueError unless d ≥ 1, n ≥ 1, norm ≥ 0 and noise ≥ 0, or if the result is not finite.

    >>> first_step_error(d=10, n=100, norm=2.0, noise=0.5)
    1.02
    """
    d, n = integer("d", d, at_least=1), integer("n", n, at_least=1)
    norm, noise = real("norm", norm, at_least=0), real("noise", noise, at_least=0)
    try:
        # Quotients of integers of any size, then numbers.
        return real("the error", (2 * d + 3) / n * norm**2 + 4 * d / n * noise**2)
    except OverflowError:
        raise ValueError(
            f"d, norm, noise must be such that the error is finite, got {d}, {norm!r}, {noise!r}"
        ) from None


def frozen_features_error(angle: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""The mean squared error of the best fit in the features active at w, over that of zero.

    .. math:: 1-\frac{\|T(w)\|^2}{\|v\|^2} = 1-\frac{(\pi-\vartheta)^2
        +2(\pi-\vartheta)\sin\vartheta\cos\vartheta+\sin^2\vartheta}{\pi^2}

    for the d features :math:`x_j\mathbf 1\{\langle w,x\rangle>0\}`, which stay as they are.
    It is 3/4 - 1/π² at a right angle.

    Book: ``prop-frozen-features``.
    Error: absolute 1e-15.
    Raises: ValueError unless 0 ≤ angle ≤ π.

    >>> float(frozen_features_error(np.array(math.pi)))
    1.0
    """
    angle = real_array("angle", angle, at_least=0, at_most=math.pi)
    xp = array_namespace(angle)
    s, c, rest = xp.sin(angle), xp.cos(angle), math.pi - angle
    return 1 - (rest**2 + 2 * rest * s * c + s**2) / math.pi**2


@dataclass(frozen=True)
class Separation:
    """What one neuron of norm ρ costs in dimension d at the error ``error`` ρ², by two methods.

    - ``log_features``: log of the number of fixed features up to which the error is larger.
    - ``steps``: of gradient descent, of length 2, from any w with ‖w - v‖ ≤ ρ.
    - ``samples``: for one step from zero, in the mean.
    """

    error: float
    log_features: float
    steps: int
    samples: int


def separation(d: int, delta: float) -> Separation:
    r"""Features, steps and samples for the error ρ² / (154 d^{3/2}) on one neuron of norm ρ.

    .. math:: r > \frac\delta{18}\sqrt d\;4^d, \qquad
        2^{t+1} \ge \frac{\log(77\,d^{3/2}/c_*^2)}{\log(1/c_*)}, \qquad n \ge 77\,d^{3/2}\,(2d+3)

    r fixed features are needed for all but a share δ of the directions; t steps suffice for every
    direction, with the c_* of :func:`distance_after_step`, and n samples for a single step.

    Book: ``cor-separation``.
    Error: a lower bound on the features, upper bounds on steps and samples. Rounding: relative
    1e-15 in ``error`` and ``log_features``.
    Raises: ValueError unless d ≥ 10 is even and 0 < delta ≤ 1.

    >>> separation(10, 1.0).steps, separation(10, 1.0).samples
    (4, 56004)
    """
    d = integer("d", d, at_least=10, at_most=10**100)
    if d % 2:
        raise ValueError(f"d must be even, got {d}")
    delta = real("delta", delta, above=0, at_most=1)
    power = float(d) ** 1.5
    doublings = math.log2(math.log(77 * power / CURVATURE**2) / -math.log(CURVATURE))
    return Separation(
        error=1 / (154 * power),
        log_features=math.log(delta / 18) + math.log(d) / 2 + d * math.log(4),
        steps=math.ceil(doublings) - 1,
        samples=math.ceil(77 * power * (2 * d + 3)),
    )


def _power(base: float, exponent: int) -> float:
    """base ** exponent for |base| ≤ 1; 0 where it is too small, however large the exponent."""
    return base ** min(exponent, 2**62)
