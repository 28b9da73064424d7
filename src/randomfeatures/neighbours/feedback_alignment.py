r"""Direct feedback alignment: what a fixed random feedback path learns, and a law it obeys.

Two layers, hidden weights W (rows w_i), outer weights U (columns u_i). The hidden layer is trained
with B e in place of Uᵀ e: the error e comes back through a fixed matrix B (rows b_i).
"""

import numpy as np
import scipy.linalg
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, integer, real_array, real_arrays


def feedback_error(A: Float[Array, "k d"], B: Float[Array, "m k"]) -> float:
    r"""The squared error of a linear network at rest: what is left of A beyond the rows of BA.

    .. math:: \|A(I-P)\|_F^2, \qquad P \text{ the projection on the row space of } BA

    Book: ``thm-feedback``.
    Error: relative to the squared norm of A, 1e-13, for a BA whose singular values other than 0
    are above 1e-10 of the largest; smaller ones may count as 0.
    Raises: ValueError unless A and B are matrices that fit.

    >>> A = np.diag([3.0, 2.0])
    >>> feedback_error(A, [[1.0, 0.0]]), feedback_error(A, np.eye(2))
    (4.0, 0.0)
    """
    A, B = real_arrays(A=A, B=B, ndim=2)
    if B.shape[1] != A.shape[0]:
        raise ValueError(
            f"B must have a column for each row of A, got shapes {B.shape} and {A.shape}"
        )
    A, B = np.asarray(A, float), np.asarray(B, float)
    basis = scipy.linalg.orth((B @ A).T)
    return float(np.sum((A - A @ basis @ basis.T) ** 2))


def feedback_bound(singular_values: Float[Array, " k"], m: int) -> float:
    r"""At least the mean of :func:`feedback_error` over Gaussian m × k feedback matrices.

    .. math:: \min_{0 \le s \le \max(m-2,\,0)}
              \Bigl(1+\frac{s}{m-s-1}\Bigr)\sum_{i>s}\sigma_i^2

    in any order of the singular values given; s = 0 gives the squared norm of the target.

    Book: ``thm-feedback``.
    Error: relative, 1e-14 k.
    Raises: ValueError unless the singular values are a list of numbers ≥ 0 and m ≥ 1.

    >>> feedback_bound([3.0, 2.0, 1.0], 1), feedback_bound([3.0, 2.0, 1.0], 4)
    (14.0, 3.0)
    """
    squares = np.asarray(real_array("singular_values", singular_values, at_least=0, ndim=1)) ** 2
    m = integer("m", m, at_least=1)
    squares = np.sort(squares)[::-1]
    best = float(np.sum(squares))
    for s in range(1, min(m - 2, squares.size) + 1):
        best = min(best, (1 + s / (m - s - 1)) * float(np.sum(squares[s:])))
    return best


def alignment_invariant(
    W: Float[Array, "m d"], U: Float[Array, "k m"], B: Float[Array, "m k"]
) -> Float[Array, " m"]:
    r"""The number of each ReLU neuron that feedback alignment conserves along its flow.

    .. math:: \langle b_i,u_i\rangle-\tfrac12\|w_i\|^2, \qquad i\le m

    Book: ``thm-feedback``.
    Error: absolute, 1e-15 (d + k) times the sum of the sizes of both terms.
    Raises: ValueError unless W, U and B are matrices that fit.

    >>> alignment_invariant([[2.0, 0.0]], [[3.0], [1.0]], [[1.0, 1.0]])
    array([2.])
    """
    W, U, B = real_arrays(W=W, U=U, B=B, ndim=2)
    if not (W.shape[0] == U.shape[1] == B.shape[0] and U.shape[0] == B.shape[1]):
        shapes = f"{W.shape}, {U.shape}, {B.shape}"
        raise ValueError(f"W, U, B must have the shapes (m, d), (k, m), (m, k), got {shapes}")
    return (B * U.T).sum(-1) - (W**2).sum(-1) / 2
