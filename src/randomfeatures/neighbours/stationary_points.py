r"""Stationary points of quadratic networks: how far a network is from its own tangent model.

The network is c + Σ a_i <w_i, x>² with the best constant c, the target <x, Bx> - Tr B, x standard
Gaussian. W (N, d) holds the weights as rows, :math:`M=\sum_ia_iw_iw_i^\top` and S = B - M; Q is the
projector onto the span of the weights and P = I - Q. Numbers come back as Python floats.
"""

from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.beyond.lazy_training import inner, row_space, target_matrix
from randomfeatures.foundations.arguments import Array, real, real_arrays


def tangent_gap(B: Float[Array, "d d"], W: Float[Array, "N d"], a: Float[Array, " N"]) -> float:
    r"""What the tangent model at W gains over the network itself, as a share of \|f_*\|².

    .. math:: R_{NN}-R_{NT} = \frac{\|QSQ\|_F^2+2\,\|QSP\|_F^2}{\|B\|_F^2}

    It is zero if and only if the gradient in W is.

    Book: ``thm-stationary``.
    Error: relative 1e-12, down to rounding of S, given the span; the span counts singular values of
    W as :func:`~randomfeatures.beyond.lazy_training.row_space`.
    Raises: ValueError if B is not symmetric, finite and nonzero, W or a not finite, W has no
    nonzero row, or the shapes do not fit.

    >>> import numpy as np
    >>> B = np.diag([3.0, 1.0])
    >>> tangent_gap(B, np.array([[0.0, 1.0]]), np.array([1.0]))
    0.0
    >>> round(tangent_gap(B, np.array([[1.0, 0.0]]), np.array([1.0])), 12)
    0.4
    """
    B, W, a, _ = _network(B, W, a)
    frame, rank = row_space(W)
    turned = frame @ (B - (W.T * a) @ W) @ frame.T
    within, across = turned[:rank, :rank], turned[:rank, rank:]
    return (inner(within, within) + 2 * inner(across, across)) / inner(B, B)


def stationary_certificate(
    B: Float[Array, "d d"], W: Float[Array, "N d"], a: Float[Array, " N"]
) -> float:
    r"""An upper bound on :func:`tangent_gap` by the gradient: :math:`SW^\top` is all it needs.

    .. math:: R_{NN}-R_{NT} \le \frac{2\,\|SW^\top\|_F^2}{s(W)^2\,\|B\|_F^2}

    with s(W) the least nonzero singular value of W.

    Book: ``thm-stationary``.
    Error: an upper bound; equality for one neuron with <w, Sw> = 0. Rounding: relative 1e-12, given
    the rank, which is that of :func:`tangent_gap`.
    Raises: ValueError as :func:`tangent_gap`.

    >>> import numpy as np
    >>> B = np.diag([3.0, 1.0])
    >>> round(stationary_certificate(B, np.array([[1.0, 0.0]]), np.array([1.0])), 12)
    0.8
    """
    B, W, a, _ = _network(B, W, a)
    _, rank = row_space(W)
    least = array_namespace(W).linalg.svdvals(W)[rank - 1]
    slope = (B - (W.T * a) @ W) @ (W.T / least)
    return 2 * inner(slope, slope) / inner(B, B)


def ridge_distance(
    B: Float[Array, "d d"], W: Float[Array, "N d"], a: Float[Array, " N"], penalty: float
) -> float:
    r"""\|f_λ - f\|²: ridge regression in the learned kernel against the network f itself.

    .. math:: f_\lambda \text{ minimises } \Bigl\|f_*-b-\sum_iu_i\langle w_i,\cdot\rangle^2\Bigr\|^2
        + \lambda\sum_i\frac{u_i^2}{|a_i|}

    over b and u, a neuron with a_i = 0 left out. At a stationary point this is at most
    :math:`\frac\lambda4\sum_i|a_i|`.

    Book: ``thm-stationary``.
    Error: relative 1e-15 times the condition number of the penalised Gram matrix.
    Raises: ValueError as :func:`tangent_gap`, and unless penalty > 0.

    >>> import numpy as np
    >>> B, W, a = np.diag([3.0, 1.0]), np.array([[0.0, 1.0]]), np.array([1.0])
    >>> round(ridge_distance(B, W, a, penalty=2.0), 12)
    0.5
    """
    penalty = real("penalty", penalty, above=0)
    B, W, a, scale = _network(B, W, a)
    penalty = penalty / scale
    xp = array_namespace(W)
    root = xp.sqrt(xp.abs(a))
    gram = 2 * (W @ W.T) ** 2 * root[:, None] * root
    target = 2 * xp.sum((W @ B) * W, axis=1) * root
    own = xp.sign(a) * root  # the coefficients of f in the features times root
    ridge = xp.linalg.solve(gram + penalty * xp.eye(a.shape[0], dtype=W.dtype), target[:, None])
    apart = own - ridge[:, 0]
    return float(apart @ gram @ apart) * scale * scale


def _network(B: Array, W: Array, a: Array) -> tuple[Array, Array, Array, float]:
    """B and a over a power of two that makes B's largest entry about 1, W, and the power.

    Raises: ValueError unless they are finite arrays whose shapes fit, and B is symmetric.
    """
    B, W, a = real_arrays(B=B, W=W, a=a, ndim=(2, 2, 1))
    B, scale = target_matrix(B)
    shape = (a.shape[0], B.shape[0])
    if tuple(W.shape) != shape or not array_namespace(W).any(W != 0):
        raise ValueError(
            f"W must have shape (N, d) = {shape} and a nonzero row, got shape {tuple(W.shape)}"
        )
    return B, W, a / scale, scale
