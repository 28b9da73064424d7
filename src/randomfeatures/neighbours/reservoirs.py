r"""Reservoirs: how much of its input a fixed recurrent network with r units remembers.

The inputs u_t are independent with mean 0 and variance 1, the state is x_t = W x_{t-1} + w u_t. The
memory of delay k is the share of u_{t-k} that the best linear readout of x_t recovers.
"""

import math

import numpy as np
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, integer, real, real_array

MOST_STEPS = 100_000
"""After so many steps the state must have forgotten: a spectral radius of 0.9996 or less."""


def memory_curve(
    W: Float[Array, "r r"], w: Float[Array, " r"], delays: int
) -> Float[np.ndarray, "{delays}"]:
    r"""The memories C_0, ..., C_{delays-1} of a linear reservoir; their sum over all delays is r.

    .. math:: C_k = (W^kw)^\top G^{-1}\,W^kw, \qquad G = \sum_{k\ge0} W^kw\,(W^kw)^\top

    C_k is the leverage of row k in the matrix with the rows W^k w, from its QR factorisation: the
    square root of the condition number of G counts, not the number itself. Where the vectors W^k w
    do not span R^r, as many units as they span are counted. Directions below 2^-52 times the number
    of steps, relative to the largest, count as not spanned: the sum over a large random W, with 60
    units for instance, falls short of r by whole units.

    Book: ``thm-memory-budget``.
    Error: absolute, 1e-15 times the square root of the condition number of G.
    Raises: ValueError unless W is a square matrix and w a nonzero vector of its size, delays >= 0,
    and W^k w falls below 1e-17 of its largest length within 100000 steps.

    >>> line = np.array([[0.0, 0.0], [0.5, 0.0]])
    >>> memory_curve(line, np.array([1.0, 0.0]), 3)  # two units, one after the other
    array([1., 1., 0.])
    """
    W, w = (
        np.asarray(real_array(name, value), dtype=float) for name, value in (("W", W), ("w", w))
    )
    if W.ndim != 2 or W.shape != (len(w), len(w)) or w.ndim != 1 or not np.any(w):
        raise ValueError(f"w must be a nonzero vector with a square W of its size, got {w.shape}")
    delays, rows, largest = integer("delays", delays, at_least=0), [w], np.linalg.norm(w)
    while np.linalg.norm(rows[-1]) > 1e-17 * largest:
        if len(rows) > MOST_STEPS:
            raise ValueError(f"W must forget: W^k w is not small after {MOST_STEPS} steps")
        rows.append(W @ rows[-1])
        largest = max(largest, np.linalg.norm(rows[-1]))
    left, sizes, _ = np.linalg.svd(np.array(rows), full_matrices=False)
    spanned = left[:, sizes > max(left.shape) * 2.0**-52 * sizes[0]]
    curve = np.zeros(delays)
    known = min(delays, len(rows))
    curve[:known] = np.sum(spanned[:known] ** 2, axis=1)
    return curve


def cyclic_memory(r: int, rho: float, delay: int) -> float:
    r"""C_k of a ring of r units, each of which hands ρ times its value to the next; one is fed.

    .. math:: C_k = (1-\rho^{2r})\,\rho^{2r\lfloor k/r\rfloor}

    Book: ``thm-memory-budget``.
    Error: relative, 1e-15 r (1 + delay / r).
    Raises: ValueError unless r >= 1, 0 < rho < 1 and delay >= 0.

    >>> cyclic_memory(2, 0.5, 0), cyclic_memory(2, 0.5, 3)
    (0.9375, 0.05859375)
    """
    r, delay = integer("r", r, at_least=1), integer("delay", delay, at_least=0)
    rho = real("rho", rho, above=0, below=1)
    log_turn = 2 * r * math.log(rho)
    return -math.expm1(log_turn) * math.exp(log_turn * (delay // r))
