r"""How far training all weights is from training the tangent model: the variance of the tangent
kernel, and the constants of lazy training.

The tangent model itself is in :mod:`~randomfeatures.power.kernels_linearization`.
"""

import math
from typing import NamedTuple

from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, real
from randomfeatures.power.kernels import arc_cosine
from randomfeatures.power.kernels_rates import second_arc_cosine


def tangent_variance(x: Float[Array, "n d"], y: Float[Array, "m d"]) -> Float[Array, "n m"]:
    r"""V(x, y): m times the variance of the tangent kernel of a network with one hidden layer of m
    neurons.

    .. math:: V = 2k_2 + 4\,\langle x,y\rangle\,k_1 + 6\,\langle x,y\rangle^2\,k_0 - \bigl(\langle
              x,y\rangle\,k_0 + k_1\bigr)^2

    Book: ``prop-tangent-kernel``.
    Error: relative to |x|² |y|², 1e-13.
    Raises: ValueError as :func:`~randomfeatures.power.kernels_rates.second_arc_cosine`.

    >>> import numpy as np
    >>> x = np.array([[1.0, 0.0]])
    >>> tangent_variance(x, x).round(12)  # 6 + 4 + 6 - 4
    array([[12.]])
    """
    inner, k_0, k_1 = x @ y.T, arc_cosine(x, y, 0, 1), arc_cosine(x, y, 1, 1)
    return (
        2 * second_arc_cosine(x, y)
        + 4 * inner * k_1
        + 6 * inner**2 * k_0
        - (inner * k_0 + k_1) ** 2
    )


# --- lazy training


class LazyBounds(NamedTuple):
    """How far training with a large output scale is from the tangent model: ``movement`` of the
    weights, ``residual`` and ``output``, and ``final``, that of the output at the end.
    """

    movement: float
    residual: float
    output: float
    final: float


def lazy_threshold(tau: float, M: float, size: float) -> float:
    r"""The output scale above which training is lazy for sure: :math:`2M|y|/\tau^2`.

    τ² is the smallest eigenvalue of the tangent kernel matrix at the start, M the Lipschitz
    constant of the Jacobian, ``size`` = \|y\|. No smaller number will do for all models.

    Book: ``prop-lazy``.
    Error: relative, 1e-15.
    Raises: ValueError unless tau > 0, M > 0 and size >= 0.

    >>> lazy_threshold(0.5, 2.0, 1.0)
    16.0
    """
    tau, M = real("tau", tau, above=0), real("M", M, above=0)
    return 2 * M * real("size", size, at_least=0) / tau**2


def lazy_bounds(
    alpha: float, tau: float, M: float, size: float, *, M_x: float = 0.0, S_x: float = 0.0
) -> LazyBounds:
    r"""The bounds of lazy training at the output scale α above :func:`lazy_threshold`, at all
    times.

    .. math::
        |\theta_t-\theta_0| \le (1-\zeta)\frac\tau M, \qquad
        |e_t-\bar e_t| \le \Bigl(1+\frac1{\sqrt6}\Bigr)\frac{1-\zeta}{1+\zeta}|y|, \qquad
        \frac{1-\zeta}{1+\zeta}|y|\Bigl(\frac{M_x}M+\bigl(1+\frac1\zeta\bigr)\frac{S_x}\tau\Bigr)

    for the weights, the residual and the scaled output at an input x, with :math:`\zeta^2 = 1 -
    2M|y|/(\tau^2\alpha)`; S_x is the norm of the gradient at x and M_x its Lipschitz constant.
    At the end of the training :math:`(1+1/\zeta^2)^{1/2}` replaces :math:`1+1/\zeta`.

    Book: ``prop-lazy``.
    Error: relative, 1e-14, for α not close to the threshold.
    Raises: ValueError unless tau > 0, M > 0, size, M_x, S_x >= 0, and alpha >
    lazy_threshold(tau, M, size).

    >>> bounds = lazy_bounds(25 / 8, 1.0, 1.0, 1.0, S_x=2.0)  # ζ = 3/5
    >>> round(bounds.movement, 12), round(bounds.residual, 6), round(bounds.output, 12)
    (0.4, 0.352062, 1.333333333333)
    """
    zeta, share = _least_share(alpha, tau, M, size)
    M_x, S_x = real("M_x", M_x, at_least=0), real("S_x", S_x, at_least=0)
    departure = share / (1 + zeta) ** 2 * size  # (1 - ζ)/(1 + ζ) |y|
    residual = (1 + 1 / math.sqrt(6)) * departure
    output = departure * (M_x / M + (1 + 1 / zeta) * S_x / tau)
    final = departure * (M_x / M + math.hypot(1, 1 / zeta) * S_x / tau)
    return LazyBounds(share / (1 + zeta) * tau / M, residual, output, final)


def lazy_misfit(t: float, alpha: float, tau: float, M: float, size: float) -> float:
    r"""Upper bound on the residual \|e_t\| after the time t, for α above :func:`lazy_threshold`.

    .. math:: |e_t| \le \frac{\zeta^2\,|y|}{e^{\zeta^2\tau^2t}-1+\zeta^2} \le
              e^{-\zeta^2\tau^2t}\,|y|, \qquad \zeta^2 = 1 - \frac{2M|y|}{\tau^2\alpha}

    This is the first of the two; one model attains it at all times.

    Book: ``prop-lazy``.
    Error: relative, 1e-14 (1 + ζ²τ²t).
    Raises: ValueError unless t >= 0, and as :func:`lazy_bounds`.

    >>> lazy_misfit(0.0, 25 / 8, 1.0, 1.0, 3 / 4), round(lazy_misfit(50.0, 1e9, 1.0, 1.0, 1.0), 12)
    (0.75, 0.0)
    """
    share = _least_share(alpha, tau, M, size)[1]
    decay = math.exp(-(1 - share) * tau**2 * real("t", t, at_least=0))
    return (1 - share) * decay * size / (1 - share * decay)


def _least_share(alpha: float, tau: float, M: float, size: float) -> tuple[float, float]:
    """ζ, the least singular value that training can reach over τ, and 1 - ζ²."""
    least = lazy_threshold(tau, M, size)
    share = least / real("alpha", alpha, above=least)
    return math.sqrt(1 - share), share
