r"""The landscape of the network c + Σ a_i <w_i, x>² on a quadratic target: where descent can end.

Target, risk and weights as in :mod:`~randomfeatures.beyond.lazy_training`: the target is
<x, Bx> - Tr B, W (N, d) holds the weights as rows, :math:`M=\sum_ia_iw_iw_i^\top`, S = B - M, and c
is the best constant, -Tr M. Risks, and their second derivatives, are relative: divided by
:math:`2\|B\|_F^2`.
"""

import math
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.beyond.lazy_training import (
    inner,
    row_space,
    signed_network_risk,
    symmetric_part,
    target_matrix,
)
from randomfeatures.foundations.arguments import Array, common_namespace, integer, real, real_arrays


@dataclass(frozen=True, kw_only=True)
class Level:
    """The least risk of networks with given numbers of positive and negative output weights.

    ``barrier`` is the least risk on the way to a network with other signs; ``valley`` tells whether
    the networks of this level are at the bottom of a spurious valley.
    """

    positive: int
    negative: int
    risk: float
    barrier: float
    valley: bool


def stationary_curvature(
    B: Float[Array, "d d"], W: Float[Array, "N d"], a: Float[Array, " N"]
) -> float:
    r"""The least second derivative of the relative risk at a stationary point, at most 0.

    .. math:: \frac4{\|B\|_F^2}\,\min_\mu\lambda_{\min}(AWW^\top A-\mu A),\qquad
        A=\operatorname{diag}(a)

    over the eigenvalues μ of B on the complement of the span of the weights: over all directions of
    length 1 in the weights and the constant, the output weights a_i ≠ 0 being fixed. It is negative
    unless the network is the best with its signs.

    Book: ``thm-landscape``.
    Error: relative 1e-12 times (1 + Σ |a_i| |w_i|² / \|B\|_F) squared. Exact at stationary points,
    SW^⊤ = 0, only: the argument is not checked for being one.
    Raises: ValueError if B is not symmetric, finite and nonzero, W has no row, an a_i is 0, or the
    shapes do not fit.

    >>> B, W = np.diag([3.0, 1.0]), np.array([[0.0, 1.0]])
    >>> round(stationary_curvature(B, W, np.ones(1)), 12)  # 4 (1 - 3) / 10
    -0.8
    """
    B, W, a = real_arrays(B=B, W=W, a=a, ndim=(2, 2, 1))
    B, scale = target_matrix(B)
    xp, d = array_namespace(B), B.shape[0]
    if tuple(W.shape) != (a.shape[0], d) or W.shape[0] == 0 or xp.any(a == 0):
        raise ValueError(
            f"W must have {d} columns, a row and a nonzero output weight for each row, got "
            f"shapes {tuple(W.shape)} and {tuple(a.shape)}"
        )
    frame, rank = row_space(W)
    outside = frame[rank:, :] @ B @ frame[rank:, :].T
    if rank == d:
        return 0.0
    pull = (W.T * a).T  # A W
    square, signs = pull @ pull.T / scale, a[:, None] * xp.eye(a.shape[0], dtype=a.dtype)
    values = xp.linalg.eigvalsh(outside)
    # The least eigenvalue is concave in μ: it is least at one of the two ends.
    least = min(float(xp.linalg.eigvalsh(square - values[end] * signs)[0]) for end in (0, -1))
    return min(4 * least / inner(B, B) / scale, 0.0)


def strict_saddle_gap(B: Float[Array, "d d"], positive: int, negative: int) -> float:
    r"""How negative the curvature is at least, at every balanced stationary point that is not best.

    .. math:: \frac4{\|B\|_F^2}\,\min\bigl(\lambda_{n}-\lambda_{n+1}^+,\;
        \nu_{m}-\nu_{m+1}^+\bigr), \qquad n=\min(N_+,p),\quad m=\min(N_-,q)

    with the eigenvalues λ_1 ≥ ... ≥ λ_d of B and ν_1 ≥ ... ≥ ν_d of -B, p and q of them positive,
    and x^+ the positive part, 0 beyond d. The difference of a sign with n = 0 or m = 0 is left out;
    inf if both are: then all stationary points are best. Output weights are 1 or -1, and balanced
    means that every weight of a positive neuron is orthogonal to every weight of a negative one;
    with one sign only all points are balanced. 0 says nothing.

    Book: ``thm-landscape``.
    Error: absolute 1e-15 times \|B\| / \|B\|_F^2; eigenvalues below 1e-12 of the largest are 0.
    Raises: ValueError if B is not symmetric, finite and nonzero, or a number is negative.

    >>> round(strict_saddle_gap(np.diag([3.0, 1.0]), 1, 0), 12)  # 4 (3 - 1) / 10
    0.8
    """
    B, scale = target_matrix(B)
    values = [float(value) for value in array_namespace(B).linalg.eigvalsh(B)]
    noise = 1e-12 * max(abs(value) for value in values)
    sides = {"positive": (positive, values[::-1]), "negative": (negative, [-x for x in values])}
    gap = math.inf
    for name, (count, ordered) in sides.items():
        kept = [value for value in ordered if value > noise]
        most = min(integer(name, count, at_least=0), len(kept))
        if most:
            gap = min(gap, kept[most - 1] - (kept[most] if most < len(kept) else 0.0))
    return 4 * gap / inner(B, B) / scale


def levels(B: Float[Array, "d d"], N: int) -> list[Level]:
    r"""The risks at which the training of all weights can stop: one level for each choice of signs.

    For :math:`N_++N_-=N` the least risk is
    :func:`~randomfeatures.beyond.lazy_training.signed_network_risk`. Where each sign has at most as
    many neurons as B has eigenvalues of it, a network with other signs is reached only over

    .. math:: \min\bigl(R(N_+-1,N_-),\,R(N_+,N_--1)\bigr) > R(N_+,N_-),

    so a level above the least one is then the bottom of a spurious valley; otherwise it is not. Two
    levels that agree to 1e-12 count as one, an eigenvalue below 1e-12 of the largest as 0.

    Book: ``thm-free-signs``.
    Error: of each risk absolute 1e-14.
    Raises: ValueError if B is not symmetric, finite and nonzero, or N < 1.

    >>> [(x.positive, round(x.risk, 12), x.valley) for x in levels(np.diag([1.0, -3.0]), 1)]
    [(0, 0.1, False), (1, 0.9, True)]
    """
    N = integer("N", N, at_least=1)
    B, _ = target_matrix(B)
    values = array_namespace(B).linalg.eigvalsh(B)
    noise = 1e-12 * max(abs(float(values[0])), abs(float(values[-1])))
    p = sum(float(value) > noise for value in values)
    q = sum(float(value) < -noise for value in values)
    risks = {k: signed_network_risk(B, k, N - k) for k in range(N + 1)}
    least, found = min(risks.values()), []
    for plus, risk in risks.items():
        minus = N - plus
        ways = [signed_network_risk(B, plus - 1, minus)] if plus else []
        ways += [signed_network_risk(B, plus, minus - 1)] if minus else []
        needed = plus <= p and minus <= q
        valley = needed and risk > least + 1e-12
        barrier = min(ways) if needed else risk
        found.append(
            Level(positive=plus, negative=minus, risk=risk, barrier=barrier, valley=valley)
        )
    return found


def flow(B: Float[Array, "d d"], W: Float[Array, "N d"], time: float) -> Float[Array, "d d"]:
    r"""The matrix M(t) of a network with a_i = 1 on the gradient flow dW/dt = W (B - M), c = -Tr M.

    .. math:: M(t)=e^{tB}W^\top\bigl(I+W\Phi_tW^\top\bigr)^{-1}We^{tB},\qquad
        \Phi_t=2\int_0^te^{2sB}\,ds

    with W the weights at time 0. It is the flow of the mean squared error over 8; training on half
    the mean squared error with the step η moves the time by 4 η a step. The formula is applied in
    steps of time at most 1/\|B\|, so that the matrix to be inverted is well conditioned.

    Book: ``prop-quadratic-flow``.
    Error: relative 1e-12, of the largest entry; more for a start nearly orthogonal to what wins: a
    rounding of W, of relative size 1e-16, grows with it, by e^{time (λ_1 - λ_d)}.
    Raises: ValueError if B is not symmetric, finite and nonzero, the shapes do not fit, W has no
    row or its squared norm is not finite, time < 0, or time times the largest absolute eigenvalue
    of B is above 1e5.

    >>> flow(np.diag([2.0, 1.0]), np.array([[1.0, 1.0]]), 40.0).round(12)
    array([[2., 0.],
           [0., 0.]])
    """
    B, W = real_arrays(B=B, W=W, ndim=2)
    B, scale = target_matrix(B)
    xp, t = common_namespace(B=B, W=W), real("time", time, at_least=0) * scale
    if W.shape[1] != B.shape[0] or W.shape[0] == 0:
        raise ValueError(f"W must have {B.shape[0]} columns and a row, got shape {tuple(W.shape)}")
    # Rows that are orthogonal, with the same W^⊤W: however large, I + WΦW^⊤ has a Cholesky factor.
    _, lengths, rows = xp.linalg.svd(W, full_matrices=False)
    largest = float(lengths[0])
    real("the squared norm of W", largest * largest)
    some = lengths > float(xp.finfo(W.dtype).eps) * largest
    W = (lengths[:, None] * rows)[some, :]
    values, vectors = xp.linalg.eigh(B)
    size = max(abs(float(values[0])), abs(float(values[-1])))
    steps = math.ceil(real("time times the norm of B", t * size, at_most=1e5)) or 1
    turned, step = W @ vectors / math.sqrt(scale), t / steps
    grow = xp.exp(step * values)
    weights = [2 * step * _slope(2 * step * float(value)) for value in values]
    root = xp.sqrt(xp.asarray(weights, dtype=W.dtype))
    identity = xp.eye(W.shape[0], dtype=W.dtype)
    for _ in range(steps):
        spread = turned * root
        factor = xp.linalg.cholesky(identity + spread @ spread.T)
        turned = xp.linalg.solve(factor, turned * grow)
    return vectors @ (turned.T @ turned) @ vectors.T * scale


def _slope(x: float) -> float:
    """(e^x - 1) / x, 1 at 0."""
    return math.expm1(x) / x if x else 1.0


def tangent_of_angle(B: Float[Array, "d d"], W: Float[Array, "N d"], time: float) -> float:
    r"""A bound on the tangent of the largest angle between weights on the flow and the goal.

    .. math:: \tan\theta(t)\le e^{-t(\lambda_N-\lambda_{N+1})}\tan\theta(0)

    with θ the largest principal angle between the span of N independent weights and that of the
    eigenvectors of the N largest eigenvalues λ_1 ≥ ... ≥ λ_N > λ_{N+1}; inf if a vector of the
    latter is orthogonal to all weights.

    Book: ``prop-quadratic-flow``.
    Error: an upper bound, attained if all N first eigenvalues are equal and all others too.
    Raises: ValueError unless 0 < N < d, λ_N > λ_{N+1} by more than 1e-12 of the largest absolute
    eigenvalue, and B and W are as for :func:`flow`.

    >>> tangent_of_angle(np.diag([2.0, 1.0]), np.array([[1.0, 1.0]]), 3.0) == math.exp(-3)
    True
    """
    B, W = real_arrays(B=B, W=W, ndim=2)
    B, t = symmetric_part("B", B), real("time", time, at_least=0)
    xp, (N, d) = common_namespace(B=B, W=W), W.shape
    if not 0 < N < B.shape[0] == d:
        raise ValueError(f"W must have fewer rows than its {B.shape[0]} columns, got {(N, d)}")
    values, vectors = xp.linalg.eigh(B)
    gap = float(values[d - N] - values[d - N - 1])
    if gap <= 1e-12 * float(xp.max(xp.abs(values))):
        raise ValueError(f"B must have its eigenvalue {N} above the next, got a gap of {gap!r}")
    turned = W @ vectors
    best, rest = turned[:, d - N :], turned[:, : d - N]
    if np.linalg.matrix_rank(np.asarray(best)) < N:
        return math.inf
    start = float(xp.linalg.svdvals(xp.linalg.solve(best, rest))[0])
    return math.exp(-t * gap) * start
