r"""Linear algebra that several chapters need: conjugate gradients.

Matrices are given by what they do, ``product(x)`` for :math:`Ax`: none has to be stored.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.arguments import Array


@dataclass(frozen=True)
class Iterate:
    r"""Conjugate gradients for :math:`Au=b` after k steps, each of the m columns by itself.

    - ``solution`` (n, m): :math:`u_k`. ``residual`` (n, m): :math:`r_k=b-Au_k`, by recurrence.
    - ``size`` (m,): :math:`\langle r_k,P^{-1}r_k\rangle`.
    - ``steps``, k arrays (m,): :math:`\alpha_j` in :math:`u_j=u_{j-1}+\alpha_jp_{j-1}`.
    - ``turns``, k arrays (m,): :math:`\beta_j` in :math:`p_j=P^{-1}r_j+\beta_jp_{j-1}`.
    """

    solution: Float[Array, "n m"]
    residual: Float[Array, "n m"]
    size: Float[Array, " m"]
    steps: tuple[Float[Array, " m"], ...]
    turns: tuple[Float[Array, " m"], ...]


def conjugate_gradients(
    product: Callable[[Array], Array],
    right: Float[Array, "n m"],
    *,
    preconditioner: Callable[[Array], Array] | None = None,
) -> Iterator[Iterate]:
    r"""The iterates of conjugate gradients for :math:`Au=b`, from :math:`u_0=0` on, without end.

    ``product(x)`` is :math:`Ax` with A positive definite, ``preconditioner(x)`` is :math:`P^{-1}x`
    with P positive definite (by default the identity), ``right`` holds the right-hand sides b as
    columns; all of them share the products. The caller decides when to stop: iterate k has cost
    k products. A column that is solved to the last digit stays as it is, its steps are 0.

    Error: none is bounded here. The residual of the recurrence drifts from the true one by
    rounding; compute that anew where it counts.
    Source: Hestenes and Stiefel (1952).

    >>> import numpy as np
    >>> A, b = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([[3.0], [0.0]])
    >>> iterates = conjugate_gradients(lambda x: A @ x, b)
    >>> [next(iterates).solution.round(12).tolist() for _ in range(3)]
    [[[0.0], [0.0]], [[1.5], [0.0]], [[2.0], [-1.0]]]
    """
    xp = array_namespace(right)
    u, r = xp.zeros_like(right), right
    z = r if preconditioner is None else preconditioner(r)
    p, size = z, xp.sum(r * z, axis=0)
    steps, turns = (), ()
    while True:
        yield Iterate(u, r, size, steps, turns)
        image = product(p)
        step = _quotient(size, xp.sum(p * image, axis=0))
        u, r = u + step * p, r - step * image
        z = r if preconditioner is None else preconditioner(r)
        before, size = size, xp.sum(r * z, axis=0)
        turn = _quotient(size, before)
        p = z + turn * p
        steps, turns = (*steps, step), (*turns, turn)


def _quotient(a: Array, b: Array) -> Array:
    """a / b, and 0 where b is not positive: there the column is solved."""
    xp = array_namespace(a)
    return xp.where(b > 0, a / xp.where(b > 0, b, 1.0), 0.0)
