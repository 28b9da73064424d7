r"""Lazy training on a mixture of two Gaussians: the least mean squared error for the label.

A label y = 1 or -1, each with probability 1/2, is predicted from x | y ~ N(0, I - yΔ), Δ symmetric
with all eigenvalues in (-1, 1). The risk is the least mean squared error E (y - g(x))², and it is 1
for the best constant. Weights as in :mod:`~randomfeatures.beyond.lazy_training`.
"""

import math
from collections.abc import Callable
from itertools import islice

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.beyond.lazy_training import (
    captured_share,
    inner,
    row_space,
    symmetric_part,
    unit_weights,
)
from randomfeatures.beyond.lazy_training_limits import (
    neural_network_limit,
    neural_tangent_limit,
    random_features_limit,
)
from randomfeatures.foundations.arguments import Array, common_namespace, integer, real
from randomfeatures.foundations.linear_algebra import conjugate_gradients

SMALL_RESIDUAL = 1e-7
"""Conjugate gradients stop at a residual of this size, relative to the right-hand side.

The error of the risk is its square.
"""

MOST_STEPS = 1000
"""Conjugate gradients give up after so many steps."""


def mixture_risk(Delta: Float[Array, "d d"], S: Float[Array, "d d"]) -> float:
    r"""The mean squared error E (y - g(x))² of g(x) = c - <x, Sx> with the best constant c.

    .. math:: R(S) = 1 - 2\langle S,\Delta\rangle + \langle S,\Delta\rangle^2 + 2\|S\|_F^2
        + 2\operatorname{Tr}(S\Delta S\Delta)

    Book: ``lem-mixture-risk``.
    Error: a few units of rounding of the sum of the absolute terms.
    Raises: ValueError if Δ or S is not symmetric and finite, the shapes differ, Δ has an eigenvalue
    outside (-1, 1), or the risk is not finite.

    >>> mixture_risk(np.eye(1) / 2, np.zeros((1, 1))), mixture_risk(np.eye(1) / 2, np.eye(1))
    (1.0, 2.75)
    """
    Delta, _ = mixture_matrix(Delta)
    S = symmetric_part("S", S)
    common_namespace(Delta=Delta, S=S)
    if S.shape != Delta.shape:
        raise ValueError(
            f"S must have the shape {tuple(Delta.shape)} of Delta, got {tuple(S.shape)}"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        missed, both = 1 - inner(S, Delta), S @ Delta
        error = missed * missed + 2 * inner(S, S) + 2 * inner(both, both.T)
    return real("the risk of S", error)


def mixture_random_features_risk(Delta: Float[Array, "d d"], W: Float[Array, "N d"]) -> float:
    r"""The least risk of the features <w_i, x>², i ≤ N, and a constant, for the mixture.

    .. math:: R = \frac{1}{1+\frac12\langle b,(K+H)^+b\rangle}, \qquad
        K_{ij} = \langle w_i,w_j\rangle^2, \quad H_{ij} = \langle w_i,\Delta w_j\rangle^2, \quad
        b_i = \langle w_i,\Delta w_i\rangle

    Book: ``lem-mixture-risk``.
    Error: as for :func:`~randomfeatures.beyond.lazy_training.random_features_risk`.
    Raises: ValueError if Δ is not symmetric and finite or has an eigenvalue outside (-1, 1), or W
    has no nonzero row or not d columns.

    >>> R = mixture_random_features_risk(np.eye(1) / 2, np.ones((1, 1)))
    >>> R == 1 / (1 + (1 / 2) * (1 / 4) / (5 / 4))
    True
    """
    Delta, _ = mixture_matrix(Delta)
    W = unit_weights(W, "Delta", Delta)
    products = W @ Delta @ W.T
    b = array_namespace(W).linalg.diagonal(products)
    return 1 / (1 + captured_share((W @ W.T) ** 2 + products**2, b) / 2)


def mixture_neural_tangent_risk(Delta: Float[Array, "d d"], W: Float[Array, "N d"]) -> float:
    r"""The least risk of the tangent features <δ_i, x> <w_i, x>, i ≤ N, and a constant.

    .. math:: R = \frac{1}{1+\frac12\langle\Delta,S\rangle}, \qquad S \in T, \quad
        S + \Pi(\Delta S\Delta) = \Pi\Delta

    where T are the symmetric matrices M with PMP = 0 as in
    :func:`~randomfeatures.beyond.lazy_training.neural_tangent_risk`, and Π projects onto T.
    Conjugate gradients on matrices; with δ the largest absolute eigenvalue of Δ the operator lies
    between 1 - δ² and 1 + δ², so each step reduces the error by a factor below δ²: few steps unless
    δ is near 1.

    Book: ``lem-mixture-risk``.
    See: ``prop-tangent-risk``.
    Error: absolute 1e-13. The iteration stops at a residual r with
    :math:`\|r\|^2 \le 10^{-14}(1-\delta^2)\|\Pi\Delta\|^2`, and :math:`\|r\|^2/(1-\delta^2)`
    bounds the error of <Δ, S>.
    Raises: ValueError as for :func:`mixture_random_features_risk`; RuntimeError if 1000 steps do
    not reach that residual.

    >>> round(mixture_neural_tangent_risk(np.eye(1) / 2, np.ones((1, 1))), 12)
    0.909090909091
    """
    Delta, delta = mixture_matrix(Delta)
    frame, rank = row_space(unit_weights(W, "Delta", Delta))
    Delta = frame @ Delta @ frame.T
    S = _solve_on_cross(Delta, rank, delta)
    return 1 / (1 + inner(Delta, S) / 2)


def _solve_on_cross(Delta: Array, rank: int, delta: float) -> Array:
    """S with S + Π(ΔSΔ) = ΠΔ, where Π keeps the first ``rank`` rows and columns."""
    xp, d = array_namespace(Delta), Delta.shape[0]
    first = xp.arange(d) < rank
    cross = xp.astype(first[:, None] | first[None, :], Delta.dtype)

    def product(column: Array) -> Array:
        S = xp.reshape(column, (d, d))
        return xp.reshape(S + cross * (Delta @ S @ Delta), (d * d, 1))

    right = xp.reshape(cross * Delta, (d * d, 1))
    goal = SMALL_RESIDUAL**2 * (1 - delta**2) * float(xp.sum(right**2))
    for iterate in islice(conjugate_gradients(product, right), MOST_STEPS + 1):
        if float(iterate.size[0]) <= goal:
            return xp.reshape(iterate.solution, (d, d))
    reason = f"the largest absolute eigenvalue of Delta is {delta!r}"
    raise RuntimeError(f"conjugate gradients did not converge in {MOST_STEPS} steps: {reason}")


def mixture_neural_network_risk(Delta: Float[Array, "d d"], N: int) -> float:
    r"""The least risk of a network c + Σ a_i <w_i, x>² with N neurons, all weights free.

    .. math:: R = \Bigl(1 + \frac12\sum_{i\le N}\frac{\lambda_i^2}{1+\lambda_i^2}\Bigr)^{-1},
        \qquad |\lambda_1| \ge |\lambda_2| \ge \dots \text{ the eigenvalues of } \Delta

    Book: ``thm-mixture-network``.
    Error: relative 1e-14.
    Raises: ValueError if Δ is not symmetric and finite or has an eigenvalue outside (-1, 1), or
    N < 0.

    >>> mixture_neural_network_risk(np.diag([0.5, 0.0]), 1)
    0.9090909090909091
    """
    Delta, _ = mixture_matrix(Delta)
    xp, N = array_namespace(Delta), min(integer("N", N, at_least=0), Delta.shape[0])
    squares = xp.sort(xp.linalg.eigvalsh(Delta) ** 2, descending=True)[:N]
    return float(1 / (1 + xp.sum(squares / (1 + squares)) / 2))


def mixture_sandwich(captured: float, delta: float) -> tuple[float, float]:
    r"""Lower and upper bound on the least risk over a cone of matrices.

    .. math:: \frac{2(1-\delta^2)}{2(1-\delta^2)+s} \le R \le \frac{2(1+\delta^2)}{2(1+\delta^2)+s}

    with s = ``captured``, the squared norm of the part of Δ in it, and δ = ``delta`` < 1 at least
    the largest absolute eigenvalue of Δ. Both are 2/(2 + s) as δ → 0.

    Book: ``prop-mixture-sandwich``.
    Error: relative 1e-15.
    Raises: ValueError unless captured ≥ 0 and 0 ≤ delta < 1.

    >>> mixture_sandwich(2.0, 0.0)
    (0.5, 0.5)
    """
    s = real("captured", captured, at_least=0)
    delta = real("delta", delta, at_least=0, at_most=math.nextafter(1, 0))
    low, high = 2 * (1 - delta) * (1 + delta), 2 * (1 + delta**2)
    return low / (low + s), high / (high + s)


# --- limits: d -> ∞, N/d -> ϱ, and the eigenvalues of Δ tend to 0


def mixture_random_features_limit(rho: float, norm_squared: float, tau: float) -> float:
    r"""The limit of :func:`mixture_random_features_risk`, isotropic weights.

    .. math:: \frac{2}{2+s}, \qquad s = \frac{\varrho}{1+\varrho}\,\tau\,\|\Delta\|_F^2

    with ``norm_squared`` the limit of :math:`\|\Delta\|_F^2`, and ``tau`` that of
    :math:`\operatorname{Tr}(\Delta)^2/(d\|\Delta\|_F^2)`.

    Book: ``prop-mixture-sandwich``.
    See: ``cor-random-features-limit``.
    Error: relative 1e-15.
    Raises: ValueError unless rho ≥ 0, norm_squared ≥ 0 and 0 ≤ tau ≤ 1.

    >>> mixture_random_features_limit(1.0, 4.0, 1.0)
    0.5
    """
    return _limit(random_features_limit(rho, tau), norm_squared)


def mixture_neural_tangent_limit(rho: float, norm_squared: float, tau: float) -> float:
    r"""The limit of :func:`mixture_neural_tangent_risk`, isotropic weights.

    .. math:: \frac{2}{2+\kappa\|\Delta\|_F^2}, \qquad
        \kappa = 1-(1-\varrho)_+^2(1-\tau)-(1-\varrho)_+\,\tau

    Book: ``prop-mixture-sandwich``.
    See: ``cor-tangent-limit``.
    Error: relative 1e-15.
    Raises: ValueError unless rho ≥ 0, norm_squared ≥ 0 and 0 ≤ tau ≤ 1.

    >>> mixture_neural_tangent_limit(1.0, 2.0, 0.5)
    0.5
    """
    return _limit(neural_tangent_limit(rho, tau), norm_squared)


def mixture_neural_network_limit(
    rho: float, norm_squared: float, quantile: Callable[[float], float]
) -> float:
    r"""The limit of :func:`mixture_neural_network_risk`.

    .. math:: \frac{2}{2+s}, \qquad
        s = \Bigl(1 - \int_0^{(1-\varrho)_+} Q^2 \Big/ \int_0^1 Q^2\Bigr)\,\|\Delta\|_F^2

    with Q = ``quantile`` as in
    :func:`~randomfeatures.beyond.lazy_training_limits.neural_network_limit`, for the eigenvalues of
    Δ scaled by any common factor.

    Book: ``prop-mixture-sandwich``.
    See: ``cor-network-limit``.
    Error: absolute 1e-9.
    Raises: as ``neural_network_limit``, and ValueError unless norm_squared ≥ 0.

    >>> round(mixture_neural_network_limit(0.5, 4.0, lambda u: 1.0), 9)
    0.5
    """
    return _limit(neural_network_limit(rho, quantile), norm_squared)


def _limit(left: float, norm_squared: float) -> float:
    """2 / (2 + s) with s the part of ``norm_squared`` that is not left over in the regression."""
    return 2 / (2 + (1 - left) * real("norm_squared", norm_squared, at_least=0))


def mixture_matrix(Delta: Float[Array, "d d"]) -> tuple[Float[Array, "d d"], float]:
    """The symmetric part of Δ, and its largest absolute eigenvalue δ < 1.

    Raises: ValueError if Δ is not a square, finite, symmetric matrix, or δ ≥ 1.

    >>> mixture_matrix(np.diag([0.5, -0.75]))[1]
    0.75
    """
    Delta = symmetric_part("Delta", Delta)
    xp = array_namespace(Delta)
    delta = float(xp.max(xp.abs(xp.linalg.eigvalsh(Delta))))
    if delta >= 1:
        raise ValueError(
            f"Delta must have all eigenvalues in (-1, 1), got one of absolute value {delta!r}"
        )
    return Delta, delta
