r"""Lazy training on quadratic targets: random features, tangent features and trained networks.

The target is f(x) = <x, Bx> - Tr B, x ~ N(0, I_d), B symmetric, and :math:`\|f\|^2 = 2\|B\|_F^2`.
A risk is the least mean squared error over a class divided by :math:`\|f\|^2`; every class
contains the constants. With the square as activation a class is a set of symmetric matrices M, the
functions <x, Mx> + c, and everything is linear algebra, exact in each dimension. N is the number of
neurons, W (N, d) holds their weights as rows, ϱ = N/d, and
:math:`\tau = \operatorname{Tr}(B)^2/(d\|B\|_F^2)` is the share of B that a multiple of the
identity captures.

Rows of W that are zero are left out. Rows that repeat others, or are combinations of them, do no
harm. A number comes back as a Python float, whatever the library of the arrays.
"""

import math

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.foundations.arguments import (
    Array,
    integer,
    real,
    real_array,
    real_arrays,
)
from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.linear_algebra import (
    binary_scale,
    length_and_direction,
    pseudoinverse_form,
)

SYMMETRIC = 1e-12
"""How far a matrix may be from symmetric, relative to its largest entry.

It is replaced by its symmetric part.
"""

SMALL_EIGENVALUE = 1e-10
"""Eigenvalues of a matrix of features below this share of the largest are left out.

In single precision those below 10 N ε.
"""


# --- the risks of given weights


def trace_share(B: Float[Array, "d d"]) -> float:
    r"""τ: the share of B that the best multiple of the identity captures.

    .. math:: \tau = \frac{\operatorname{Tr}(B)^2}{d\,\|B\|_F^2} \in [0, 1]

    See: ``lem-two-numbers``.
    Error: relative 1e-15, if all eigenvalues have one sign; else absolute.
    Raises: ValueError if B is not square, symmetric, finite and nonzero.

    >>> trace_share(np.diag([1.0, 0.0])), trace_share(np.eye(3))
    (0.5, 1.0)
    """
    B, _ = target_matrix(B)
    return min(float(trace(B) ** 2 / (B.shape[0] * inner(B, B))), 1.0)


def random_features_risk(
    B: Float[Array, "d d"], W: Float[Array, "N d"], activation: str = "square"
) -> float:
    r"""The relative risk of N features σ(<w_i, x>) and a constant, σ the square or the ReLU.

    .. math:: R = 1 - \frac{\langle b, K^+ b\rangle}{\|B\|_F^2}, \qquad
        K_{ij} = \langle w_i,w_j\rangle^2, \quad b_i = \langle w_i,Bw_i\rangle

    for the square; for the ReLU K is the covariance of the features and b_i =
    :math:`\langle w_i,Bw_i\rangle/\sqrt{4\pi}`, for unit vectors w_i. The lengths do not matter. K⁺
    leaves out eigenvalues below 1e-10 times the largest.

    Book: ``prop-square-features``, ``prop-relu-risk``.
    Error: of the features kept, absolute 1e-6 at worst and mostly below 1e-12. A direction of the
    span below the cut is not used: two weights at an angle below 1e-5 count as one. The value is
    then that of a subspace, so too large rather than too small.
    Raises: ValueError if B is not symmetric, finite and nonzero, W has no nonzero row or not d
    columns, or activation is another.

    >>> random_features_risk(np.diag([1.0, 3.0]), np.array([[2.0, 0.0]]))
    0.9
    >>> W = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> round(random_features_risk(np.diag([1.0, 3.0]), W), 15)
    0.0
    """
    B, _ = target_matrix(B)
    W = unit_weights(W, "B", B)
    xp = array_namespace(W)
    cosine = xp.clip(W @ W.T, -1.0, 1.0)
    b = xp.sum((W @ B) * W, axis=1)
    if activation == "square":
        captured = captured_share(cosine**2, b)
    elif activation == "relu":
        captured = captured_share(dual_relu(cosine) - 1 / (2 * math.pi), b) / (4 * math.pi)
    else:
        raise ValueError(f'activation must be "square" or "relu", got {activation!r}')
    return between(0.0, 1 - captured / inner(B, B), 1.0)


def neural_tangent_risk(B: Float[Array, "d d"], W: Float[Array, "N d"]) -> float:
    r"""The relative risk of the tangent features: what lies off the weights.

    The features are <δ_i, x> <w_i, x>, δ_i any vector, i ≤ N, and a constant.

    .. math:: R = \frac{\|PBP\|_F^2}{\|B\|_F^2}, \qquad
        P \text{ the projector onto } \operatorname{span}\{w_1,\dots,w_N\}^\perp

    It is 0 once the weights span R^d. A direction counts as spanned if the weights, scaled to
    length 1, have a singular value above max(N, d) ε times the largest in it, ε the unit of
    rounding.

    Book: ``prop-tangent-risk``.
    Error: absolute 1e-14, given the span.
    Raises: ValueError if B is not symmetric, finite and nonzero, or W has no nonzero row or not d
    columns.

    >>> neural_tangent_risk(np.diag([1.0, 3.0]), np.array([[2.0, 0.0]]))
    0.9
    >>> neural_tangent_risk(np.diag([1.0, 3.0]), np.eye(2))
    0.0
    """
    B, _ = target_matrix(B)
    frame, rank = row_space(unit_weights(W, "B", B))
    outside = frame[rank:, :] @ B @ frame[rank:, :].T
    return between(0.0, inner(outside, outside) / inner(B, B), 1.0)


def neural_network_risk(B: Float[Array, "d d"], N: int) -> float:
    r"""The least relative risk of a network c + Σ a_i <w_i, x>² with N neurons, all weights free.

    .. math:: R = \sum_{i>N} \lambda_i^2 \Big/ \sum_i \lambda_i^2, \qquad
        |\lambda_1| \ge |\lambda_2| \ge \dots \text{ the eigenvalues of } B

    Book: ``thm-network-rank``.
    Error: absolute 1e-14.
    Raises: ValueError if B is not symmetric, finite and nonzero, or N < 0.

    >>> neural_network_risk(np.diag([1.0, -3.0]), 1)
    0.1
    """
    B, _ = target_matrix(B)
    xp = array_namespace(B)
    squares = xp.sort(xp.linalg.eigvalsh(B) ** 2)
    left = max(B.shape[0] - integer("N", N, at_least=0), 0)
    return float(xp.sum(squares[:left]) / xp.sum(squares))


def signed_network_risk(B: Float[Array, "d d"], positive: int, negative: int) -> float:
    r"""The least relative risk of a network whose output weights have given signs.

    .. math:: R = 1 - \ell / \|B\|_F^2

    with ℓ the sum of the squares of the ``positive`` largest positive and the ``negative`` smallest
    negative eigenvalues of B, or of all there are: at most so many a_i are positive and negative.

    Book: ``thm-network-rank``.
    Error: absolute 1e-14.
    Raises: ValueError if B is not symmetric, finite and nonzero, or a number is < 0.

    >>> signed_network_risk(np.diag([1.0, -3.0]), positive=2, negative=0)
    0.9
    """
    B, _ = target_matrix(B)
    xp = array_namespace(B)
    values = xp.linalg.eigvalsh(B)  # ascending
    d, counts = values.shape[0], {"positive": positive, "negative": negative}
    plus, minus = (min(integer(name, N, at_least=0), d) for name, N in counts.items())
    kept = xp.sum(xp.clip(values[d - plus :], 0.0, None) ** 2)
    kept = kept + xp.sum(xp.clip(values[:minus], None, 0.0) ** 2)
    return between(0.0, 1 - float(kept / xp.sum(values**2)), 1.0)


def network_risk(
    B: Float[Array, "d d"], W: Float[Array, "N d"], a: Float[Array, " N"], c: float
) -> float:
    r"""The relative risk of the one network c + Σ a_i <w_i, x>², no minimum taken.

    .. math:: R = \frac{2\|B-M\|_F^2 + (c + \operatorname{Tr}M)^2}{2\|B\|_F^2}, \qquad
        M = \sum_i a_iw_iw_i^\top

    Book: ``lem-risk-of-matrix``.
    Error: absolute, a few units of rounding times 1 + (|c| + Σ |a_i| |w_i|²)² /
    :math:`\|B\|_F^2`.
    Raises: ValueError if B is not symmetric, finite and nonzero, the shapes do not fit, or c or the
    risk is not finite.

    >>> network_risk(np.diag([1.0, 3.0]), np.array([[0.0, 1.0]]), np.array([3.0]), -3.0)
    0.1
    """
    B, W, a = real_arrays(B=B, W=W, a=a, ndim=(2, 2, 1))
    B, scale = target_matrix(B)
    if tuple(W.shape) != (a.shape[0], B.shape[0]):
        shape = (a.shape[0], B.shape[0])
        raise ValueError(f"W must have shape (N, d) = {shape}, got {tuple(W.shape)}")
    with np.errstate(over="ignore", invalid="ignore"):
        M = (W.T * (a / scale)) @ W
        offset = float(trace(M)) + real("c", c) / scale
        error = 2 * inner(B - M, B - M) + offset * offset
    return real("the risk of W, a, c", error / (2 * inner(B, B)))


# --- linear algebra on symmetric matrices


def target_matrix(B: Float[Array, "d d"]) -> tuple[Float[Array, "d d"], float]:
    """The symmetric part of B over a power of two that makes its largest entry about 1; the power.

    Raises: ValueError if B is not a square, finite, nonzero, symmetric matrix.

    >>> target_matrix(np.array([[6.0]]))
    (array([[1.5]]), 4.0)
    """
    B = symmetric_part("B", B)
    xp = array_namespace(B)
    scale = float(xp.max(binary_scale(B)))
    if not xp.any(B != 0):
        raise ValueError(f"B must not be zero, got the zero matrix of shape {tuple(B.shape)}")
    return B / scale, scale


def symmetric_part(name: str, A: Float[Array, "d d"]) -> Float[Array, "d d"]:
    """(A + Aᵀ) / 2, for a matrix that is symmetric up to rounding.

    Raises: ValueError if A is not a nonempty square, finite, symmetric matrix.

    >>> symmetric_part("A", np.array([[1.0, 2.0], [2.0, 0.0]]))
    array([[1., 2.],
           [2., 0.]])
    """
    A = real_array(name, A, ndim=2)
    xp = array_namespace(A)
    if A.shape[0] != A.shape[1] or A.shape[0] == 0:
        raise ValueError(
            f"{name} must be a square matrix of at least one row, got shape {tuple(A.shape)}"
        )
    half = A / 2
    size, skew = float(xp.max(xp.abs(half))), float(xp.max(xp.abs(half - half.T)))
    if skew > max(SYMMETRIC, 10 * float(xp.finfo(A.dtype).eps)) * size:
        raise ValueError(
            f"{name} must be symmetric up to {SYMMETRIC:g} of its size, got {skew / size:g} of it"
        )
    return half + half.T


def unit_weights(
    W: Float[Array, "N d"], name: str, B: Float[Array, "d d"]
) -> Float[Array, "rows d"]:
    """The nonzero rows of W, scaled to length 1; ``name`` is what messages call the matrix B.

    Raises: ValueError if W has no nonzero row, or not as many columns as B.

    >>> unit_weights(np.array([[3e200, 4e200], [0.0, 0.0]]), "B", np.eye(2))
    array([[0.6, 0.8]])
    """
    _, W = real_arrays(**{name: B, "W": W}, ndim=2)
    xp = array_namespace(W)
    if W.shape[1] != B.shape[0]:
        raise ValueError(
            f"W must have {B.shape[0]} columns, as {name} has, got shape {tuple(W.shape)}"
        )
    if W.shape[0] == 0 or not xp.any(W != 0):
        raise ValueError(f"W must have at least one nonzero row, got shape {tuple(W.shape)}")
    return length_and_direction(W[xp.any(W != 0, axis=1), :])[1]


def captured_share(K: Float[Array, "N N"], b: Float[Array, " N"]) -> float:
    """<b, K⁺ b>, without eigenvalues of K that rounding of N features hides.

    >>> captured_share(np.eye(2), np.array([3.0, 4.0]))
    25.0
    """
    noise = 10 * K.shape[0] * float(array_namespace(K).finfo(K.dtype).eps)
    return float(pseudoinverse_form(K, b, cut=max(SMALL_EIGENVALUE, noise)))


def row_space(W: Float[Array, "N d"]) -> tuple[Float[Array, "rows d"], int]:
    """An orthonormal basis of R^d, as rows, whose first ``rank`` span the rows of W; and the rank.

    >>> row_space(np.array([[0.0, 3.0]]))[1]
    1
    """
    xp, (N, d) = array_namespace(W), W.shape
    _, values, frame = xp.linalg.svd(W, full_matrices=d > N)
    spanned = values > max(N, d) * float(xp.finfo(W.dtype).eps) * values[0]
    return frame, int(xp.sum(xp.astype(spanned, xp.int64)))


def trace(A: Float[Array, "d d"]) -> Float[Array, ""]:
    """Tr A.

    >>> float(trace(np.eye(3)))
    3.0
    """
    xp = array_namespace(A)
    return xp.sum(xp.linalg.diagonal(A))


def inner(A: Float[Array, "n m"], B: Float[Array, "n m"]) -> float:
    """<A, B> = Tr AᵀB, whose norm is that of Frobenius.

    >>> inner(np.eye(3), np.eye(3))
    3.0
    """
    return float(array_namespace(A, B).sum(A * B))


def between(lower: float, value: float, upper: float) -> float:
    """The value, freed from rounding beyond its bounds.

    >>> between(0.0, -1e-17, 1.0)
    0.0
    """
    return float(min(max(value, lower), upper))
