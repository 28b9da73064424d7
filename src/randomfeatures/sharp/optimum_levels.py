"""The eigenvalues of one neuron in decreasing order, as levels i = 0, 1, 2, ..., and their tails.

Everything is a ball at the current precision, or an exact integer.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from randomfeatures.foundations.arguments import integer
from randomfeatures.foundations.balls import MOST_BITS, ball, current_precision, working_precision
from randomfeatures.foundations.relu_spectrum import exact_neuron_eigenvalues, neuron_eigenvalue
from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.sharp.optimum_tail import tail_after
from randomfeatures.sharp.spectrum import (
    FAR,
    LARGEST_BIASED,
    biased_eigenvalues,
    line_eigenvalues,
    neuron_second_moment,
)

MOST_DEGREE = 1024
"""With a bias, the highest degree whose eigenvalue is computed before an ArithmeticError says that
r is too large or ε too small."""


class Levels(NamedTuple):
    """The distinct eigenvalues in decreasing order, at the current precision.

    ``count(i)`` is the number of eigenvalues up to level i, ``eigenvalue(i)`` that of level i,
    ``after(i)`` the sum of all below it, ``total()`` the sum of all, and ``exact(r)`` tail_r as a
    fraction, or None where it is none.
    """

    count: Callable[[int], int]
    eigenvalue: Callable[[int], Any]
    after: Callable[[int], Any]
    total: Callable[[], Any]
    exact: Callable[[int], Fraction | None]


def levels_of(d: int, bias: float) -> Levels:
    """Without bias the degrees 0, 1, 2, 4, 6, ...; with a bias sorted by computed size."""
    if d == 1:
        return _line_levels(bias)
    if abs(bias) > FAR:
        return _far_levels(d, bias)
    if bias:
        integer("d", d, at_most=LARGEST_BIASED)
        return _sorted_levels(d, bias)
    return Levels(
        count=lambda i: 1 if i == 0 else 1 + d if i == 1 else d + math.comb(2 * i - 3 + d, d - 1),
        eigenvalue=lambda i: neuron_eigenvalue(d, i if i < 2 else 2 * i - 2),
        after=lambda i: tail_after(d, max(0, 2 * i - 2)) + (ball(1) / 4 if i == 0 else 0),
        total=lambda: ball(1) / 2,
        exact=lambda r: _exact_tail(d, r) if d % 2 else None,
    )


def tail_below(levels: Levels, r: int) -> Any:
    """tail_r as a ball: the rest of the level with the r-th eigenvalue, and all levels below.

    No difference of sums is formed.
    """
    if r == 0:
        return levels.total()
    level = least(lambda i: levels.count(i) >= r, 0)
    return (levels.count(level) - r) * levels.eigenvalue(level) + levels.after(level)


def at_most(levels: Levels, r: int, error: float | Fraction) -> bool:
    """Whether tail_r ≤ error, decided; a fraction is one of a power of two, as floats are."""
    bits, limit = 128, Fraction(error)
    while bits <= MOST_BITS + 4 * r.bit_length():
        with working_precision(bits):
            tail, bound = tail_below(levels, r), ball(limit.numerator) / limit.denominator
        if tail <= bound:
            return True
        if tail > bound:
            return False
        if bits >= 4096 and (exact := levels.exact(r)) is not None:
            return exact <= limit
        bits *= 2
    question = f"whether tail_r is at most {error!r} for r = {r}"
    raise ArithmeticError(f"{question} is not decided at {bits // 2} bits")


def _line_levels(bias: float) -> Levels:
    """The levels for d = 1: two eigenvalues, then zero for ever."""
    return Levels(
        count=lambda i: i + 1,
        eigenvalue=lambda i: line_eigenvalues(bias)[i] if i < 2 else ball(0),
        after=lambda i: line_eigenvalues(bias)[1] if i == 0 else ball(0),
        total=lambda: neuron_second_moment(bias),
        exact=lambda r: Fraction(max(2 - r, 0), 4) if bias == 0 else None,
    )


def _exact_tail(d: int, r: int) -> Fraction:
    """tail_r for odd d, where every eigenvalue is a rational number."""
    tail, left = Fraction(1, 2), r
    eigenvalues = enumerate(exact_neuron_eigenvalues(d))
    while left > 0:
        k, eigenvalue = next(eigenvalues)
        take = min(left, multiplicity(d, k)) if eigenvalue else 0
        tail, left = tail - take * eigenvalue, left - take
    return tail


def least(holds: Callable[[int], bool], start: int) -> int:
    """The least integer n ≥ start for which ``holds(n)``, where it holds from some n on."""
    step = 1
    while not holds(start + step - 1):
        step *= 2
    low, high = start + step // 2, start + step - 1  # it does not hold at low - 1, it holds at high
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return high


# --- with a bias


def _sorted_levels(d: int, bias: float) -> Levels:
    """The levels for d ≥ 2 with a bias: the degrees sorted by their eigenvalues.

    Tails are the total less the sum of the levels above.
    """

    def above(i: int) -> list[tuple[Any, int]]:
        return _sorted_degrees(d, bias, i + 1, current_precision())[: i + 1]

    def after(i: int) -> Any:
        spent = sum((multiplicity(d, k) * value for value, k in above(i)), ball(0))
        return neuron_second_moment(bias) - spent

    return Levels(
        count=lambda i: sum(multiplicity(d, k) for _, k in above(i)),
        eigenvalue=lambda i: above(i)[i][0],
        after=after,
        total=lambda: neuron_second_moment(bias),
        exact=lambda r: None,
    )


def _far_levels(d: int, bias: float) -> Levels:
    """The levels for d ≥ 2 and |b| > FAR.

    Let h(x) = [z - |b|]_+ with z = -⟨θ, x⟩. For b < 0 the neuron is h, and E h² < e^{-b²/2}. For b
    > 0 it is b - z + h. As h has mean and E zh below e^{-b²/2}, λ_0 is b² and λ_1 is 1/d up to (2b
    + 2) e^{-b²/2}, and the others add up to at most E h².
    """
    rest = ((2 * abs(ball(bias)) + 2) * (-(ball(bias) ** 2) / 2).exp()).union(ball(0))
    positive = int(bias > 0)
    affine = [ball(bias) ** 2 + rest, 1 / ball(d) + rest - rest] if positive else []
    return Levels(
        count=lambda i: 1 if i == 0 else 2**i * (1 + d) // 2,
        eigenvalue=lambda i: affine[i] if i < len(affine) else ball(0),
        after=lambda i: rest + (positive if i == 0 else 0),
        total=lambda: neuron_second_moment(bias),
        exact=lambda r: None,
    )


@lru_cache(maxsize=64)
def _sorted_degrees(d: int, bias: float, number: int, bits: int) -> list[tuple[Any, int]]:
    """The ``number`` largest eigenvalues and more, with their degrees, in decreasing order.

    Each is known to a relative 2^-bits or better.
    λ_{k+2} < λ_k, so from the degrees up to K every eigenvalue from the larger of the last two on
    upwards is known.
    """
    max_degree = 8
    while max_degree <= MOST_DEGREE:
        values = biased_eigenvalues(d, bias, max_degree, bits)
        pairs = [(value, k) for k, value in enumerate(values)]
        order = sorted(pairs, key=lambda pair: pair[0].mid(), reverse=True)
        if not all(larger[0] > smaller[0] for larger, smaller in pairwise(order)):
            bits *= 2
            if bits > MOST_BITS:
                place = f"for d = {d}, bias = {bias!r}"
                raise ArithmeticError(f"two eigenvalues {place} need over {MOST_BITS} bits")
            continue
        known = 1 + min(i for i, (_, k) in enumerate(order) if k >= max_degree - 1)
        if known >= number:
            return order[:known]
        max_degree *= 2
    what = f"the eigenvalues asked for with d = {d}, bias = {bias!r}"
    raise ArithmeticError(f"{what} reach beyond degree {MOST_DEGREE}")
