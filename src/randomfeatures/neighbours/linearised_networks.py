r"""What n samples teach a kernel, and so a linearised network: a budget of n, spent by eigenvalue.

The inputs are M points with the uniform law, ⟨f, g⟩ = Σ f(x_i) g(x_i) / M. The kernel is a matrix
K, with eigenfunctions φ_1, ..., φ_M, ‖φ_j‖ = 1, and the eigenvalues λ_j of K / M. Some of the
points are samples: there the target's value is seen.
"""

from collections.abc import Sequence

from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, double, integer, real, real_array


def learnability(
    K: Float[Array, "M M"],
    samples: Sequence[int],
    *,
    ridge: float = 0.0,
) -> tuple[Float[Array, " M"], Float[Array, " M"]]:
    r"""The eigenvalues λ_j in decreasing order, and the learnability L_j of each eigenfunction.

    .. math:: L_j = \langle\phi_j,\hat\phi_j\rangle
                  = \lambda_j\,\phi_j(X)^\top(K_X+\delta I)^{-1}\phi_j(X), \qquad \sum_jL_j = n

    where X are the n ``samples`` (numbers of rows of K, none twice), K_X is the kernel among them,
    and the hat is the fit by kernel ridge regression with δ = ``ridge``, or the interpolant for
    δ = 0; for δ > 0 the sum is Tr K_X (K_X + δI)^{-1}.

    Book: ``thm-sample-budget``.
    Error: absolute, 1e-15 times the condition number of K_X + δI.
    Raises: ValueError unless K is square, symmetric and positive semidefinite to rounding, the
    samples are different numbers of its rows, δ ≥ 0, and K_X + δI is invertible in floating point.

    >>> import numpy as np
    >>> eigenvalues, shares = learnability(np.diag([3.0, 6.0, 1.5]), [0, 2])
    >>> eigenvalues.tolist(), shares.tolist()
    ([2.0, 1.0, 0.5], [0.0, 1.0, 1.0])
    """
    K = kernel_matrix(K)
    xp, size = array_namespace(K), K.shape[0]
    chosen = _numbers(samples, size)
    values, vectors = xp.linalg.eigh(K)
    values, vectors = xp.flip(values), xp.flip(vectors, axis=1)
    if values[-1] < -1e-10 * values[0]:
        got = f"the eigenvalues {float(values[-1])!r} to {float(values[0])!r}"
        raise ValueError(f"K must be positive semidefinite, got {got}")
    chosen = xp.asarray(chosen, device=K.device)
    seen = xp.take(xp.take(K, chosen, axis=0), chosen, axis=1)
    seen = seen + real("ridge", ridge, at_least=0) * xp.eye(len(chosen), dtype=K.dtype)
    among = xp.linalg.eigvalsh(seen)
    if among[0] <= len(chosen) * xp.finfo(K.dtype).eps * among[-1]:
        raise ValueError(f"K must be invertible at the samples, got ridge {ridge!r}: take a larger")
    phi = xp.take(vectors, chosen, axis=0)
    shares = values * xp.sum(phi * xp.linalg.solve(seen, phi), axis=0)
    return values / size, xp.clip(shares, 0.0, 1.0)


def kernel_matrix(K: Float[Array, "M M"]) -> Float[Array, "M M"]:
    """K in double precision, or ValueError unless it is square and symmetric to rounding."""
    K = double(real_array("K", K, ndim=2))
    xp = array_namespace(K)
    if K.shape[0] != K.shape[1] or K.shape[0] == 0:
        raise ValueError(f"K must be square, got shape {tuple(K.shape)}")
    if xp.max(xp.abs(K - K.T)) > 1e-10 * xp.max(xp.abs(K)):
        raise ValueError("K must be symmetric: a kernel of two inputs does not know their order")
    return (K + K.T) / 2


def _numbers(samples: Sequence[int], size: int) -> list[int]:
    """The ``samples`` as different numbers of rows, at least one."""
    chosen = [integer("samples", i, at_least=0, at_most=size - 1) for i in samples]
    if not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"samples must be different numbers of rows, at least 1, got {chosen}")
    return chosen
