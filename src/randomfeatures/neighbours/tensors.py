r"""Symmetric tensors of order l: what m components reach lazily, and what they find when they move.

A component is w^{⊗l} with a unit vector w of R^d. The target is X = Σ_{i≤r} θ_i^{⊗l} with a random
orthonormal frame θ_1, ..., θ_r, \|X\|² = r. The lazy model is the tangent space of the components,

.. math:: T = \Bigl\{\sum_{i\le m}\operatorname{sym}(w_i^{\otimes(l-1)}\otimes v_i) :
          v_i\in\mathbb R^d\Bigr\},

and an error is a mean squared distance over the frame, divided by r. Tensors split into parts S_k,
k = l, l-2, ..., of dimension N(d, k), on which θ^{⊗l} has the mean squares μ_{l,k}.
"""

import math
from fractions import Fraction

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, double, integer, real_array
from randomfeatures.foundations.linear_algebra import length_and_direction
from randomfeatures.foundations.sphere import gegenbauer, monomial_eigenvalue, multiplicity

CUT = 1e-12
"""Directions of the tangent space whose squared length is below this share of the longest one's
count as zero."""


def tangent_dimensions(W: Float[Array, "m d"], order: int) -> dict[int, float]:
    r"""t_k: how many of the N(d, k) dimensions of S_k the tangent space T at the rows of W fills.

    .. math:: t_k = \operatorname{Tr} P_T\Pi_k, \qquad \sum_k t_k = \dim T \le md

    Keys are k = l, l-2, ...; the lengths of the rows do not matter, nor do rows that repeat others.

    Book: ``thm-lazy-tensors``.
    Error: absolute, 1e-9 for weights in general position; directions of T that the weights hold by
    less than 1e-6 are left out.
    Raises: ValueError unless order ≥ 2, d ≥ 2, and W has a row and no zero row.

    >>> import numpy as np
    >>> shares = tangent_dimensions(np.eye(2), 3)
    >>> {k: round(float(t), 9) for k, t in shares.items()}
    {3: 2.0, 1: 2.0}
    """
    order = integer("order", order, at_least=2)
    W = unit_rows(W)
    xp, d = array_namespace(W), W.shape[1]
    grams = {k: _gram(W, order, k) for k in range(order, -1, -2)}
    values, vectors = xp.linalg.eigh(sum(grams.values()))
    kept = values > CUT * values[-1]
    frame = xp.where(kept, vectors / xp.sqrt(xp.where(kept, values, 1.0)), 0.0)
    shares = {k: float(xp.sum(frame * (gram @ frame))) for k, gram in grams.items()}
    return {k: min(max(share, 0.0), multiplicity(d, k)) for k, share in shares.items()}


def tangent_tensor_error(W: Float[Array, "m d"], order: int, rank: int = 1) -> float:
    r"""The mean error of the lazy model at the rows of W, over the frame of ``rank`` vectors.

    .. math:: \frac1r\,\mathbb E\,\|X-P_TX\|^2
              = 1-\sum_k\mu_{l,k}\,\bigl(1+(r-1)P_k(0)\bigr)\,t_k

    Book: ``thm-lazy-tensors``.
    Error: absolute, 1e-11.
    Raises: ValueError unless 1 ≤ rank ≤ d, and as :func:`tangent_dimensions`.

    >>> import numpy as np
    >>> round(105 * tangent_tensor_error(np.array([[0.0, 2.0, 0.0]]), 3), 9)
    72.0
    """
    shares = tangent_dimensions(W, order)
    d = int(real_array("W", W, ndim=2).shape[1])
    seen = energies(d, integer("order", order), integer("rank", rank, at_least=1, at_most=d))
    return 1 - math.fsum(seen[k] * share for k, share in shares.items())


def lazy_tensor_bound(d: int, order: int, m: int, rank: int = 1) -> float:
    r"""The least mean error that a lazy model of m components can have, wherever they start.

    .. math:: 1-\sum_{j\le md}M_j, \qquad\text{for } l=3,\ m\ge1:\quad 1-\frac{6m+3d+6}{(d+2)(d+4)}

    with the numbers μ_{l,k} (1 + (r-1) P_k(0)), each N(d, k) times, in decreasing order M_1, M_2,
    ...; for odd l they do not depend on the rank r. Zero where that is negative.

    Book: ``thm-lazy-tensors``.
    Error: absolute, 1e-15.
    Raises: ValueError unless d ≥ 2, order ≥ 2, m ≥ 0 and 1 ≤ rank ≤ d.

    >>> lazy_tensor_bound(10, 3, 22), round(1 - lazy_tensor_bound(10, 3, 8), 15) == 84 / 168
    (0.0, True)
    """
    d, order = integer("d", d, at_least=2), integer("order", order, at_least=2)
    left = integer("m", m, at_least=0) * d
    captured = []
    seen = energies(d, order, integer("rank", rank, at_least=1, at_most=d))
    for k in sorted(seen, key=lambda k: seen[k], reverse=True):
        filled = min(left, multiplicity(d, k))
        captured.append(seen[k] * filled)
        left -= filled
    return 0.0 if left else max(0.0, 1 - math.fsum(captured))


def all_found_probability(r: int, m: int) -> float:
    r"""The probability that m independent starts find all r components: each finds one, uniformly.

    .. math:: \sum_{j=0}^r(-1)^j\binom rj\Bigl(1-\frac jr\Bigr)^m
              \ge 1-r\Bigl(1-\frac1r\Bigr)^m

    Book: ``thm-lazy-tensors``.
    Error: relative, half a unit in the last place.
    Raises: ValueError unless r ≥ 1 and m ≥ 0.

    >>> all_found_probability(2, 2), all_found_probability(3, 3) == 2 / 9
    (0.5, True)
    """
    r, m = integer("r", r, at_least=1), integer("m", m, at_least=0)
    onto = sum((-1) ** j * math.comb(r, j) * (r - j) ** m for j in range(r + 1))
    return float(Fraction(onto, r**m))


# --- the parts


def energies(d: int, order: int, rank: int) -> dict[int, float]:
    r"""For each k the mean square of ⟨S, X⟩/√r over the frame, S a unit tensor of S_k.

    .. math:: \mu_{l,k}\,\bigl(1+(r-1)\,P_k(0)\bigr)
    """
    degrees = range(order, -1, -2)
    crossed = {k: 1 + (rank - 1) * gegenbauer(d, k, np.array(0.0)) for k in degrees}
    return {k: float(monomial_eigenvalue(d, order, k) * crossed[k]) for k in degrees}


def unit_rows(W: Float[Array, "m d"]) -> Float[Array, "m d"]:
    """The rows of W, scaled to length 1, in double precision."""
    W = double(real_array("W", W, ndim=2))
    if W.shape[0] < 1 or W.shape[1] < 2:
        raise ValueError(f"W must have at least 1 row and 2 columns, got shape {tuple(W.shape)}")
    length, direction = length_and_direction(W)
    if not array_namespace(W).all(length > 0):
        raise ValueError("W must have no zero row: a component of length zero has no direction")
    return direction


def _gram(W: Float[Array, "m d"], order: int, k: int) -> Float[Array, "md md"]:
    r"""The inner products of the parts in S_k of the tensors sym(w_i^{⊗(l-1)} ⊗ e_a).

    They are the derivatives :math:`\partial_{u_a}\partial_{v_b}/l^2` at u = w_i, v = w_j of
    :math:`\langle u^{\otimes l},\Pi_kv^{\otimes l}\rangle=|u|^l|v|^l\,p(c)`, where c is the cosine
    and :math:`p=\mu_{l,k}N(d,k)P_k`.
    """
    xp, (m, d) = array_namespace(W), W.shape
    c = xp.clip(W @ W.T, -1.0, 1.0)
    size = monomial_eigenvalue(d, order, k) * multiplicity(d, k) / order**2
    p, first, second = (size * values for values in _derivatives(d, k, c))
    side = (order - 1) * first - c * second
    both = order**2 * p - (2 * order - 1) * c * first + c * c * second
    # Axes i, a, j, b; u = w_i and v = w_j.
    u_a, v_a = W[:, :, None, None], W.T[None, :, :, None]
    u_b, v_b = W[:, None, None, :], W[None, None, :, :]
    first, second, side, both = (values[:, None, :, None] for values in (first, second, side, both))
    unit = xp.eye(d, dtype=W.dtype)[None, :, None, :]
    gram = first * unit + second * v_a * u_b + side * (u_a * u_b + v_a * v_b) + both * u_a * v_b
    return xp.reshape(gram, (m * d, m * d))


def _derivatives(d: int, k: int, c: Float[Array, "*s"]) -> tuple[Array, Array, Array]:
    """P_k and its first two derivatives: a derivative is a multiple of P_{k-1} in dimension d+2."""
    zero = 0 * c
    p = gegenbauer(d, k, c)
    steps = k * (k + d - 2) / (d - 1)
    first = steps * gegenbauer(d + 2, k - 1, c) if k else zero
    steps *= (k - 1) * (k + d - 1) / (d + 1)
    second = steps * gegenbauer(d + 4, k - 2, c) if k >= 2 else zero
    return p, first, second
