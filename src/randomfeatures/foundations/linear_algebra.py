r"""Linear algebra that several chapters need: lengths and angles, <b, K⁺ b>, conjugate gradients.

Vectors are the last axis. Lengths and directions are right for vectors of every size: what is large
or small is scaled out, by a power of two, before anything is squared.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array


def binary_scale(x: Float[Array, "*b d"]) -> Float[Array, "*b 1"]:
    r"""The power of two :math:`2^k\le\max_i|x_i|<2^{k+1}` of each vector, and 1 of a zero vector.

    Dividing by it is exact, and afterwards no square overflows, or underflows to any harm.

    Error: 1 or 2 times too small or large where the largest entry is within rounding of a power of
    two, and the smallest normal number where the entries are below that.

    >>> import numpy as np
    >>> binary_scale(np.array([[3.0, -5.0], [0.0, 0.25]])).tolist()
    [[4.0], [0.25]]
    """
    xp = array_namespace(x)
    largest = xp.max(xp.abs(x), axis=-1, keepdims=True)
    smallest = float(xp.finfo(x.dtype).smallest_normal)
    lowest = math.log2(smallest)  # the highest is 1 - lowest
    size = xp.where(largest > 0, xp.clip(largest, smallest, None), xp.ones_like(largest))
    return 2.0 ** xp.clip(xp.floor(xp.log2(size)), lowest, 1 - lowest)


def length_and_direction(
    x: Float[Array, "*b d"],
) -> tuple[Float[Array, "*b"], Float[Array, "*b d"]]:
    r"""The length \|x\| and the unit vector x / \|x\|; of a zero vector 0 and the zero vector.

    The derivative of the length at the zero vector counts as 0.

    Error: relative, a few units in the last place, for vectors of every size; a length beyond the
    range of the numbers is infinite.

    >>> import numpy as np
    >>> length, direction = length_and_direction(np.array([3e-200, 4e-200]))
    >>> float(length), direction.tolist()
    (5e-200, [0.6, 0.8])
    """
    xp = array_namespace(x)
    scale = binary_scale(x)
    scaled = x / scale
    length = _norm(scaled)[..., None]
    direction = scaled / xp.where(length > 0, length, xp.ones_like(length))
    return (scale * length)[..., 0], direction


def angle_of_directions(u: Float[Array, "*b d"], v: Float[Array, "*c d"]) -> Float[Array, "..."]:
    r"""The angle of unit vectors u and v, in [0, π]: 2 atan2(\|u - v\|, \|u + v\|).

    The derivative at the angles 0 and π, where the angle has a kink, counts as 0.

    Error: absolute, a few units in the last place of 1, near 0 and π too, where an arc cosine loses
    half the digits.
    Source: Kahan (2006).

    >>> import numpy as np
    >>> float(angle_of_directions(np.array([1.0, 1e-12]), np.array([1.0, 0.0])))
    1e-12
    """
    xp = array_namespace(u, v)
    apart, together = _norm(u - v), _norm(u + v)
    known = (apart > 0) | (together > 0)  # of two zero vectors the angle is 0
    return 2 * xp.atan2(apart, xp.where(known, together, xp.ones_like(together)))


def _norm(x: Float[Array, "*b d"]) -> Float[Array, "*b"]:
    """The length of x, with the derivative 0 at x = 0, where libraries say NaN."""
    xp = array_namespace(x)
    square = xp.sum(x * x, axis=-1)
    positive = square > 0
    root = xp.sqrt(xp.where(positive, square, xp.ones_like(square)))
    return xp.where(positive, root, xp.zeros_like(root))


def angles_of_rows(u: Float[Array, "n d"], v: Float[Array, "m d"]) -> Float[Array, "n m"]:
    r"""The angles between the unit vectors in the rows of u and those in the rows of v.

    From one matrix product; the few pairs whose arc cosine would lose digits, those with
    \|cos\| > 0.99, by :func:`angle_of_directions`. Inside ``torch.func.vmap`` and ``jax.jit``,
    where these are not known, all pairs, with memory for n m d numbers.

    Error: absolute, a few units in the last place of 1.

    >>> import numpy as np
    >>> angles_of_rows(np.eye(2), np.array([[1.0, 0.0]])).round(6)
    array([[0.      ],
           [1.570796]])
    """
    xp = array_namespace(u, v)
    cosine = xp.clip(xp.matmul(u, xp.matrix_transpose(v)), -1.0, 1.0)
    near = xp.abs(cosine) > 0.99
    try:
        i, j = xp.nonzero(near)
    except (RuntimeError, TypeError):
        return angle_of_directions(u[:, None, :], v[None, :, :])
    if i.shape[0] == 0:
        return xp.acos(cosine)
    angles = angle_of_directions(xp.take(u, i, axis=0), xp.take(v, j, axis=0))
    # Entry by entry in the order of nonzero: the k-th near pair takes the k-th of these angles.
    flat = xp.reshape(xp.astype(near, i.dtype), (-1,))
    place = xp.reshape(xp.cumulative_sum(flat) - flat, near.shape)
    place = xp.where(near, place, xp.zeros_like(place))
    spread = xp.reshape(xp.take(angles, xp.reshape(place, (-1,)), axis=0), near.shape)
    return xp.where(near, spread, xp.acos(xp.where(near, xp.zeros_like(cosine), cosine)))


def pseudoinverse_form(
    K: Float[Array, "n n"], b: Float[Array, " n"], *, cut: float
) -> Float[Array, ""]:
    r"""<b, K⁺ b> for a positive semidefinite K: how much of a target n features capture.

    .. math:: \langle b,K^+b\rangle=\sum_{\lambda_i>\mathrm{cut}\,\lambda_{\max}}
        \frac{\langle v_i,b\rangle^2}{\lambda_i},\qquad K=\sum_i\lambda_iv_iv_i^\top

    Eigenvalues of at most ``cut`` times the largest count as zero: K is known up to rounding, and
    below that they are noise.

    Error: from below, since all terms are positive.

    >>> import numpy as np
    >>> float(pseudoinverse_form(np.diag([2.0, 0.0]), np.array([3.0, 1.0]), cut=1e-10))
    4.5
    """
    xp = array_namespace(K, b)
    values, vectors = xp.linalg.eigh(K)
    kept = values > cut * values[-1]
    squares = (xp.matrix_transpose(vectors) @ b) ** 2
    return xp.sum(xp.where(kept, squares / xp.where(kept, values, 1.0), 0.0))


# --- conjugate gradients. Matrices are given by what they do: none has to be stored.


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
    steps: tuple[Array, ...] = ()
    turns: tuple[Array, ...] = ()
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
