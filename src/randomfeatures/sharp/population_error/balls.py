"""The least error in ball arithmetic: weights are taken exactly, all rounding is enclosed."""

import math
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array
from randomfeatures.foundations.balls import ball, enclosure, flint, working_precision
from randomfeatures.sharp.population_error.certificate import Enclosure
from randomfeatures.sharp.population_error.neurons import host

PRECISIONS = (128, 256, 512, 1024, 2048, 4096)
"""Bits, tried one after the other."""


def enclosure_in_balls(
    weights: Float[Array, "n d"], directions: Float[Array, "m d"], tolerance: float
) -> Enclosure:
    """G u = c for the neurons scaled to length 1, at a precision that is doubled until the interval
    is narrow enough. A target that no precision settles keeps the interval from 0 to its energy."""
    rows, goals = (_integer_rows(host(part)) for part in (weights, directions))
    for bits in PRECISIONS:
        with working_precision(bits):
            errors, u = _solution(rows, goals)
            if all(error.is_finite() and error.rad() <= tolerance / 8 for error in errors):
                break
    alive = [any(goal) for goal in goals]
    found = [_interval(*case) for case in zip(errors, u, alive, strict=True)]
    xp, place = array_namespace(weights), device(weights)
    lower, upper = (
        xp.asarray([interval[side] for interval in found], dtype=xp.float64, device=place)
        for side in (0, 1)
    )
    coefficients = np.array([interval[2] for interval in found]).reshape(len(goals), len(rows)).T
    coefficients = xp.asarray(coefficients, dtype=xp.float64, device=place)
    middle = xp.minimum(xp.maximum((lower + upper) / 2, lower), upper)
    return Enclosure(middle, lower, upper, coefficients, 0 * lower, "rigorous")


def available() -> bool:
    """Whether python-flint is there, with its matrices of balls."""
    try:
        return hasattr(flint(), "arb_mat")
    except ImportError:
        return False


def _interval(error: Any, u: list[float], alive: bool) -> tuple[float, float, list[float]]:
    """Bounds of one least error and its coefficients; what zeros give if these are no numbers."""
    energy = 0.5 if alive else 0.0
    if not (error.is_finite() and all(map(math.isfinite, u))):
        return 0.0, energy, [0.0] * len(u)
    lower, upper = enclosure(error)
    return max(lower, 0.0), min(max(upper, 0.0), energy), u


def _solution(rows: list[list[int]], goals: list[list[int]]) -> tuple[list[Any], list[list[float]]]:
    """The least errors as balls, and for each target its coefficients; balls that hold everything
    if G is singular at this precision."""
    energies = [ball(0.5 if any(goal) else 0) for goal in goals]
    if not rows or not goals:
        return energies, [[] for _ in goals]
    c = kernel(rows, goals)
    try:
        u = kernel(rows, rows).solve(c)
    except ZeroDivisionError:
        return [ball(math.nan)] * len(goals), [[0.0] * len(rows)] * len(goals)
    captured = c.transpose() * u
    errors = [energy - captured[k, k] for k, energy in enumerate(energies)]
    return errors, [[float(x.mid()) for x in column] for column in u.transpose().tolist()]


def kernel(rows: list[list[int]], columns: list[list[int]]) -> Any:
    r"""The kernel of the scaled rows, a matrix of balls; 0 for a zero row.

    (sin θ + (π - θ) cos θ) / 2π with the angle θ of two rows of integers: their products are exact,
    and so is \|w\|^2 \|v\|^2 - <w,v>^2, from which the sine comes: rows may be as near to parallel
    as they like.
    """
    products = flint().fmpz_mat(rows) * flint().fmpz_mat(columns).transpose()
    squares, others = ([sum(t * t for t in row) for row in part] for part in (rows, columns))
    pi, result = flint().arb.pi(), flint().arb_mat(len(rows), len(columns))
    for i, j in np.ndindex(len(rows), len(columns)):
        if rows is columns and j < i:
            result[i, j] = result[j, i]
        elif squares[i] and others[j]:
            inner, square = products[i, j], flint().fmpz(squares[i] * others[j])
            length, height = (flint().arb(x).sqrt() for x in (square, square - inner * inner))
            angle = flint().arb.atan2(height, flint().arb(inner))
            result[i, j] = (height + (pi - angle) * flint().arb(inner)) / (2 * pi * length)
    return result


def _integer_rows(rows: np.ndarray) -> list[list[int]]:
    """The rows, each times a power of two that makes it integer: exact, and directions stay."""
    fractions, exponents = np.frexp(np.asarray(rows, dtype=float))
    integers = (fractions * 2.0**53).astype(np.int64)
    lowest = [
        int(np.min(exponent[row != 0], initial=2000))
        for exponent, row in zip(exponents, integers, strict=True)
    ]
    shifts = np.where(integers != 0, exponents - np.array(lowest, dtype=int).reshape(-1, 1), 0)
    return [
        [value << shift for value, shift in zip(row, by, strict=True)]
        for row, by in zip(integers.tolist(), shifts.tolist(), strict=True)
    ]
