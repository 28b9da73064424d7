r"""Lazy training on quadratic targets: random features, tangent features and trained networks against f(x) = <x, Bx> - Tr B, x ~ N(0, I_d).

B is symmetric, and :math:`\|f\|^2 = 2\|B\|_F^2`. A risk is the least mean squared error over a
class divided by :math:`\|f\|^2`; every class contains the constants. With the square as activation
a class is a set of symmetric matrices M, the functions <x, Mx> + c, and everything is linear
algebra, exact in each dimension. N is the number of neurons, W (N, d) holds their weights as rows,
ϱ = N/d, and :math:`\tau = \operatorname{Tr}(B)^2/(d\|B\|_F^2)` is the share of B that a multiple of
the identity captures.

Rows of W that are zero are left out. Rows that repeat others, or are combinations of them, do no
harm. A number comes back as a Python float, whatever the library of the arrays.
"""

import math

from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, common_namespace, finite_array, integer, real
from randomfeatures.foundations.dual_activations import dual_relu

SYMMETRIC = 1e-12
"""How far a matrix may be from symmetric, relative to its largest entry. It is replaced by its symmetric part."""


SMALL_EIGENVALUE = 1e-10
"""Eigenvalues of a matrix of features below this share of the largest are left out (single precision: below 10 N ε)."""


# --- the risks of given weights


def trace_share(B: Float[Array, "d d"]) -> float:
    r"""τ: the share of B that the best multiple of the identity captures.

    .. math:: \tau = \frac{\operatorname{Tr}(B)^2}{d\,\|B\|_F^2} \in [0, 1]

    Book: ``lem-two-numbers``.
    Error: relative 1e-15, if all eigenvalues have one sign; else absolute.
    Raises: ValueError if B is not square, symmetric, finite and nonzero.

    >>> import numpy as np
    >>> trace_share(np.diag([1.0, 0.0])), trace_share(np.eye(3))
    (0.5, 1.0)
    """
    xp, B = _symmetric("B", B)
    return min(float(_trace(xp, B) ** 2 / (B.shape[0] * _inner(xp, B, B))), 1.0)


def random_features_risk(B: Float[Array, "d d"], W: Float[Array, "N d"], activation: str = "square") -> float:
    r"""The relative risk of the features σ(<w_i, x>), i ≤ N, and a constant, for σ the square or the ReLU: a projection.

    .. math:: R = 1 - \frac{\langle b, K^+ b\rangle}{\|B\|_F^2}, \qquad K_{ij} = \langle w_i,w_j\rangle^2, \quad
        b_i = \langle w_i,Bw_i\rangle

    for the square; for the ReLU K is the covariance of the features and b_i = :math:`\langle
    w_i,Bw_i\rangle/\sqrt{4\pi}`, for unit vectors w_i. The lengths do not matter. K⁺ leaves out
    eigenvalues below 1e-10 times the largest.

    Book: ``prop-square-features`` and ``prop-relu-risk``.
    Error: of the features kept, absolute 1e-6 at worst and mostly below 1e-12. A direction of the
    span below the cut is not used: two weights at an angle below 1e-5 count as one. The value is
    then that of a subspace, so too large rather than too small.
    Raises: ValueError if B is not symmetric, finite and nonzero, W has no nonzero row or not d
    columns, or activation is another.

    >>> import numpy as np
    >>> random_features_risk(np.diag([1.0, 3.0]), np.array([[2.0, 0.0]]))
    0.9
    >>> round(random_features_risk(np.diag([1.0, 3.0]), np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])), 15)
    0.0
    """
    xp, B, W = _target_and_weights("B", B, W)
    cosine = xp.clip(W @ W.T, -1.0, 1.0)
    b = xp.sum((W @ B) * W, axis=1)
    if activation == "square":
        captured = _solve(xp, cosine**2, b)
    elif activation == "relu":
        captured = _solve(xp, dual_relu(cosine) - 1 / (2 * math.pi), b) / (4 * math.pi)
    else:
        raise ValueError(f'activation must be "square" or "relu", got {activation!r}')
    return _between(0.0, 1 - captured / _inner(xp, B, B), 1.0)


def neural_tangent_risk(B: Float[Array, "d d"], W: Float[Array, "N d"]) -> float:
    r"""The relative risk of the tangent features <δ_i, x> <w_i, x>, δ_i any vector, i ≤ N, and a constant: what lies off the weights.

    .. math:: R = \frac{\|PBP\|_F^2}{\|B\|_F^2}, \qquad P \text{ the projector onto } \operatorname{span}\{w_1,\dots,w_N\}^\perp

    It is 0 once the weights span R^d. A direction counts as spanned if the weights, scaled to
    length 1, have a singular value above max(N, d) ε times the largest in it, ε the unit of
    rounding.

    Book: ``prop-tangent-risk``.
    Error: absolute 1e-14, given the span.
    Raises: ValueError if B is not symmetric, finite and nonzero, or W has no nonzero row or not d
    columns.

    >>> import numpy as np
    >>> neural_tangent_risk(np.diag([1.0, 3.0]), np.array([[2.0, 0.0]]))
    0.9
    >>> neural_tangent_risk(np.diag([1.0, 3.0]), np.eye(2))
    0.0
    """
    xp, B, W = _target_and_weights("B", B, W)
    frame, rank = _row_space(xp, W)
    outside = frame[rank:, :] @ B @ frame[rank:, :].T
    return _between(0.0, _inner(xp, outside, outside) / _inner(xp, B, B), 1.0)


def neural_network_risk(B: Float[Array, "d d"], N: int) -> float:
    r"""The least relative risk of a network c + Σ a_i <w_i, x>² with N neurons, all weights free: of matrices of rank N.

    .. math:: R = \sum_{i>N} \lambda_i^2 \Big/ \sum_i \lambda_i^2, \qquad
        |\lambda_1| \ge |\lambda_2| \ge \dots \text{ the eigenvalues of } B

    Book: ``thm-network-rank``.
    Error: absolute 1e-14.
    Raises: ValueError if B is not symmetric, finite and nonzero, or N < 0.

    >>> import numpy as np
    >>> neural_network_risk(np.diag([1.0, -3.0]), 1)
    0.1
    """
    xp, B = _symmetric("B", B)
    squares = xp.sort(xp.linalg.eigvalsh(B) ** 2)
    left = max(B.shape[0] - integer("N", N, at_least=0), 0)
    return float(xp.sum(squares[:left]) / xp.sum(squares))


def network_risk(B: Float[Array, "d d"], W: Float[Array, "N d"], a: Float[Array, " N"], c: float) -> float:
    r"""The relative risk of the one network c + Σ a_i <w_i, x>², no minimum taken. With :math:`M = \sum_i a_iw_iw_i^\top` it is

    .. math:: R = \frac{2\|B-M\|_F^2 + (c + \operatorname{Tr}M)^2}{2\|B\|_F^2}

    Book: ``lem-risk-of-matrix``.
    Error: absolute, a few units of rounding times 1 + (|c| + Σ |a_i| |w_i|²)² / :math:`\|B\|_F^2`.
    Raises: ValueError if B is not symmetric, finite and nonzero, the shapes do not fit, or c is not
    finite.

    >>> import numpy as np
    >>> network_risk(np.diag([1.0, 3.0]), np.array([[0.0, 1.0]]), np.array([3.0]), -3.0)
    0.1
    """
    xp, B = _symmetric("B", B)
    common_namespace(B=B, W=finite_array("W", W, ndim=2), a=finite_array("a", a, ndim=1))
    if tuple(W.shape) != (a.shape[0], B.shape[0]):
        raise ValueError(f"W must have shape (N, d) = {(a.shape[0], B.shape[0])}, got {tuple(W.shape)}")
    M = (W.T * a) @ W
    offset = _trace(xp, M) + real("c", c)
    return float((2 * _inner(xp, B - M, B - M) + offset**2) / (2 * _inner(xp, B, B)))


# --- linear algebra


def _symmetric(name, A, zero=False):
    """The array functions of A and its symmetric part; ValueError if A is not a nonempty square, finite, (nonzero) symmetric matrix."""
    xp = array_namespace(finite_array(name, A, ndim=2))
    if A.shape[0] != A.shape[1] or A.shape[0] == 0:
        raise ValueError(f"{name} must be a square matrix of at least one row, got shape {tuple(A.shape)}")
    size, skew = float(xp.max(xp.abs(A))), float(xp.max(xp.abs(A - A.T)))
    if skew > max(SYMMETRIC, 10 * float(xp.finfo(A.dtype).eps)) * size:
        raise ValueError(f"{name} must be symmetric up to {SYMMETRIC:g} of its largest entry {size:g}, got a difference of {skew:g}")
    if size == 0 and not zero:
        raise ValueError(f"{name} must not be zero, got the zero matrix of shape {tuple(A.shape)}")
    return xp, (A + A.T) / 2


def _target_and_weights(name, B, W, zero=False):
    """The array functions, the symmetric part of B, and the nonzero rows of W scaled to length 1."""
    _, B = _symmetric(name, B, zero)
    xp = common_namespace(**{name: B, "W": finite_array("W", W, ndim=2)})
    if W.shape[1] != B.shape[0]:
        raise ValueError(f"W must have {B.shape[0]} columns, as {name} has, got shape {tuple(W.shape)}")
    if W.shape[0] == 0 or not xp.any(W != 0):
        raise ValueError(f"W must have at least one nonzero row, got shape {tuple(W.shape)}")
    largest = xp.max(xp.abs(W), axis=1)
    W = W[largest > 0, :] / largest[largest > 0][:, None]
    return xp, B, W / xp.linalg.vector_norm(W, axis=1, keepdims=True)


def _solve(xp, K, b):
    """<b, K⁺ b> for a positive semidefinite K, without the smallest eigenvalues: K is known to N ε, so below them they are noise."""
    values, vectors = xp.linalg.eigh(K)
    kept = values > max(SMALL_EIGENVALUE, 10 * K.shape[0] * float(xp.finfo(K.dtype).eps)) * values[-1]
    shares = (vectors.T @ b)[kept] ** 2 / values[kept]
    return float(xp.sum(shares))


def _row_space(xp, W):
    """An orthonormal basis of R^d (as rows) whose first ``rank`` vectors span the rows of W, and this rank."""
    N, d = W.shape
    _, values, frame = xp.linalg.svd(W, full_matrices=d > N)
    rank = int(xp.sum(xp.astype(values > max(N, d) * xp.finfo(W.dtype).eps * values[0], xp.int64)))
    return frame, rank


def _trace(xp, A):
    return xp.sum(xp.linalg.diagonal(A))


def _inner(xp, A, B):
    return float(xp.sum(A * B))


def _between(lower, value, upper):
    """The value, freed from rounding beyond its bounds."""
    return float(min(max(value, lower), upper))
