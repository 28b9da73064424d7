"""The sharp limit of one ReLU neuron: its spectrum, and the error of the best r features of any kind, exactly and certified.

The target is the neuron x -> [⟨θ, x⟩ + b]_+ with θ uniform on the unit sphere of R^d and x standard Gaussian; ‖f‖² = E f(x)². Its spectrum
is λ_k with multiplicity N(d, k), k = 0, 1, 2, ..., and tail_r is the sum of the eigenvalues beyond the r largest: no r features, whatever
their coefficients, have a mean error over θ below tail_r. For a neuron of norm ρ (and bias ρb) multiply every error by ρ².

Counts are exact integers of any size. Errors are computed in ball arithmetic (python-flint): every operation encloses its rounding error,
and the precision rises until the result is known to what the docstring says, or a comparison is decided. The value at a float b is the
value at exactly that number.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.foundations.balls import (
    LARGEST,
    MOST_BITS,
    SMALLEST,
    ball,
    certify,
    current_precision,
    enclosure,
    working_precision,
)
from randomfeatures.foundations.relu_spectrum import energy_share, neuron_eigenvalue
from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.sharp.spectrum import FAR, biased_eigenvalues, line_eigenvalues, neuron_second_moment

MOST_DEGREE = 1024
"""With a bias, the highest degree whose eigenvalue is computed before an ArithmeticError says that r is too large or ε too small."""


# --- the optimum


def optimal_error(d: int, r: int, bias: float = 0.0) -> float:
    r"""tail_r: exactly the least mean squared error, in mean over the direction θ of the neuron, that r fixed features can have.

    .. math:: \min_{\dim V\le r}\ \mathbb E_\theta \min_{g\in V} \|[\langle\theta,\cdot\rangle + b]_+ - g\|^2 = \operatorname{tail}_r,

    the sum of the eigenvalues, with multiplicity, beyond the r largest.

    Book: ``thm-exact-optimum``, ``prop-harmonics-attain``,
    ``thm-sharp-invariant-features`` and ``prop-sandwich``. Error: relative, 1e-15, for every d and r.
    Raises: ValueError unless d ≥ 1, r ≥ 0 are integers and ``bias`` is finite; ArithmeticError where the value is below the smallest normal
    float, or where with a bias the r largest eigenvalues reach beyond degree 1024; ImportError without python-flint.

    >>> optimal_error(3, 0), optimal_error(3, 4), optimal_error(3, 9)
    (0.5, 0.0625, 0.00390625)
    >>> optimal_error(3, 0, bias=1e-9) > 0.5 > optimal_error(3, 0, bias=-1e-9)
    True
    """
    d, r, bias = integer("d", d, at_least=1), integer("r", r, at_least=0), real("bias", bias)
    value = certify(lambda: _tail(_levels(d, bias), r), floor=bias != 0)
    if not (value.is_zero() or value >= SMALLEST):
        size = "" if bias else f" = exp({float(value.log()):.10g})"
        raise ArithmeticError(f"optimal_error{size} is below the smallest normal float" + ("" if bias else "; use log_optimal_error"))
    if value > LARGEST:
        raise ArithmeticError(f"optimal_error is above the largest float for bias = {bias!r}")
    return float(value)


def log_optimal_error(d: int, r: int) -> float:
    r"""Logarithm of :func:`optimal_error` without bias, for values that no float can hold; -inf for d = 1, r ≥ 2, where the error is zero.

    Book: ``thm-exact-optimum``. Error: relative, 1e-15.
    Raises: ValueError unless d ≥ 1, r ≥ 0 are integers; ImportError without python-flint.

    >>> log_optimal_error(3, 4) == -4 * math.log(2)
    True
    >>> round(log_optimal_error(2, 10**200), 6) == round(math.log(2 / (3 * math.pi**2)) - 600 * math.log(10), 6)
    True
    """
    d, r = integer("d", d, at_least=1), integer("r", r, at_least=0)
    if d == 1 and r >= 2:
        return -math.inf
    return float(certify(lambda: _tail(_levels(d, 0.0), r).log()))


def optimal_error_certified(d: int, r: int) -> tuple[float, float]:
    r"""Lower and upper bound on tail_r of :func:`optimal_error` (no bias), proved by ball arithmetic.

    Above the smallest normal float their distance is below 1e-15 times the value, so below 1e-15. A value that no float holds is
    enclosed by 0.0 and the smallest float.

    Book: ``thm-exact-optimum``. Error: none, the bounds are rounded outward.
    Raises: ValueError unless d ≥ 1, r ≥ 0 are integers; ImportError without python-flint.

    >>> lower, upper = optimal_error_certified(50, 1000)
    >>> lower < upper < lower * (1 + 1e-15)
    True
    """
    d, r = integer("d", d, at_least=1), integer("r", r, at_least=0)
    return enclosure(certify(lambda: _tail(_levels(d, 0.0), r)))


def features_needed(d: int, error: float, bias: float = 0.0) -> int:
    r"""The least r with tail_r ≤ ``error``, exactly: with fewer features of any kind the mean error over the direction θ is larger.

    ``error`` is the mean squared error ε for a neuron of norm 1; for norm ρ and bias ρb give ε/ρ² and b. The float is taken at its exact
    value, and each comparison is decided in ball arithmetic of rising precision, in rational numbers where tail_r may equal it (odd d).

    Book: ``thm-exact-optimum``. Error: none, an exact integer of any size.
    Raises: ValueError unless d ≥ 1, error > 0 and ``bias`` is finite; ArithmeticError where a comparison is still open at 2^18 bits, or
    where with a bias degrees beyond 1024 would be needed; ImportError without python-flint.

    >>> features_needed(3, 1 / 2), features_needed(3, 1 / 16), features_needed(3, 1 / 17)
    (0, 4, 5)
    >>> features_needed(100, 0.01), features_needed(100, 0.01, bias=0.5)
    (599521, 104866)
    """
    d, error, bias = integer("d", d, at_least=1), real("error", error, above=0), real("bias", bias)
    levels = _levels(d, bias)
    if _at_most(levels, 0, error):
        return 0
    level = _least(lambda i: _at_most(levels, levels.count(i), error), 0)
    count = levels.count(level)
    # tail_r = (count - r) λ + τ in this level: a guess from one precision, then decided comparisons on both sides of it.
    with working_precision(128 + 2 * count.bit_length()):
        spare = (ball(error) - levels.after(level)) / levels.eigenvalue(level)
        r = max(1, count - int(spare.mid().floor().unique_fmpz()))
    while not _at_most(levels, r, error):
        r += 1
    while _at_most(levels, r - 1, error):
        r -= 1
    return r


def almost_every_direction_bound(d: int, r: int, delta: float, degree: int) -> float:
    r"""Lower bound on the error of r features that holds with probability ≥ 1 - δ over the direction θ of the neuron.

    .. math:: \min_{g\in V}\|[\langle\theta,\cdot\rangle]_+ - g\|^2 \ \ge\ \tau_K - \frac{r\,\lambda_{K+2}}\delta, \qquad
              \tau_K = \sum_{k>K} N(d,k)\,\lambda_k, \quad K = \mathtt{degree} \text{ even}

    For features f(W_i ·) whose weights have a rotation-invariant law it holds for every θ, with probability over the weights.
    For degree 0 the sum leaves out k = 1 as well, which only lowers the bound.

    Book: ``thm-almost-every-direction`` and ``thm-sharp-invariant-features``.
    Error: rounded down by a relative 1e-15 of τ_K; 0.0 where the formula is negative.
    Raises: ValueError unless d ≥ 2, r ≥ 0, 0 < delta ≤ 1 and degree ≥ 0 is even; ImportError without python-flint.

    >>> almost_every_direction_bound(20, 100, 0.1, 2) < optimal_error(20, 100)
    True
    """
    d, r = integer("d", d, at_least=2), integer("r", r, at_least=0)
    delta, degree = real("delta", delta, above=0, at_most=1), _even("degree", degree)
    tail, eigenvalue = certify(lambda: _tail_after(d, degree)), certify(lambda: neuron_eigenvalue(d, degree + 2))
    with working_precision(160):
        return max(0.0, enclosure(tail - r * eigenvalue / ball(delta))[0])


def tail_constant(d: int) -> tuple[float, float]:
    r"""Lower and upper bound, proved by ball arithmetic, on d^{3/2} τ_d, where τ_d is the part of ‖[⟨θ, ·⟩]_+‖² in degrees above d.

    For even d it tends to :math:`1/(12\pi^{3/2})` = 0.01497 and is ≥ 0.0133 for d ≥ 10.

    Book: ``prop-tail-constant``. Error: none, the bounds are rounded outward; their distance is a relative 1e-15.
    Raises: ValueError unless d ≥ 2; ImportError without python-flint.

    >>> all(lower > 0.0133 for lower, upper in map(tail_constant, (10, 12)))
    True
    """
    d = integer("d", d, at_least=2)
    return enclosure(certify(lambda: ball(d) * ball(d).sqrt() * _tail_after(d, d - d % 2)))


def tail_constant_lower_bound(d: int) -> float:
    r"""An explicit lower bound on d^{3/2} τ_d for even d: the first term of the series that :func:`tail_constant` sums.

    .. math:: c_d = d^{3/2}\,\frac{(d+2)(2d+3)}{3(3d+2)}\,N(d,d+2)\,\lambda_{d+2}

    It increases over the even d, since c_{d+2}/c_d is an explicit algebraic function of d above 1; so one value bounds all later ones.

    Book: ``prop-tail-constant`` and ``lem-telescope``. Error: none, rounded down by a relative 1e-15.
    Raises: ValueError unless d ≥ 2 is even; ImportError without python-flint.

    >>> tail_constant_lower_bound(12) < 0.0133 < tail_constant_lower_bound(14)
    True
    """
    d = _even("d", d, at_least=2)
    first = Fraction((d + 2) * (2 * d + 3), 3 * (3 * d + 2))
    return enclosure(certify(lambda: ball(d) * ball(d).sqrt() * energy_share(d, d + 2) * first.numerator / first.denominator))[0]


# --- the eigenvalues in decreasing order, as levels i = 0, 1, 2, ...


class _Levels(NamedTuple):
    """The distinct eigenvalues in decreasing order. At the current precision: number of eigenvalues up to level i, the one of level i, and
    the sum of all below it; the sum of all. ``exact(r)`` is tail_r as a fraction, or None where it is none."""

    count: Callable[[int], int]
    eigenvalue: Callable[[int], Any]
    after: Callable[[int], Any]
    total: Callable[[], Any]
    exact: Callable[[int], Fraction | None]


def _levels(d: int, bias: float) -> _Levels:
    """Without bias the degrees 0, 1, 2, 4, 6, ...; with a bias sorted by computed size."""
    if d == 1:
        return _line_levels(bias)
    if abs(bias) > FAR:
        return _far_levels(d, bias)
    if bias:
        return _sorted_levels(d, bias)
    return _Levels(
        count=lambda i: 1 if i == 0 else 1 + d if i == 1 else d + math.comb(2 * i - 3 + d, d - 1),
        eigenvalue=lambda i: neuron_eigenvalue(d, i if i < 2 else 2 * i - 2),
        after=lambda i: _tail_after(d, max(0, 2 * i - 2)) + (ball(1) / 4 if i == 0 else 0),
        total=lambda: ball(1) / 2,
        exact=lambda r: _exact_tail(d, r) if d % 2 else None,
    )


def _tail(levels: _Levels, r: int) -> Any:
    """tail_r as a ball: what is left of the level that the r-th eigenvalue is in, and all levels below; no difference is formed."""
    if r == 0:
        return levels.total()
    level = _least(lambda i: levels.count(i) >= r, 0)
    return (levels.count(level) - r) * levels.eigenvalue(level) + levels.after(level)


def _at_most(levels: _Levels, r: int, error: float) -> bool:
    """Whether tail_r ≤ error, decided."""
    bits = 128
    while bits <= MOST_BITS + 4 * r.bit_length():
        with working_precision(bits):
            tail = _tail(levels, r)
        if tail <= error:
            return True
        if tail > error:
            return False
        if bits >= 4096 and (exact := levels.exact(r)) is not None:
            return exact <= Fraction(error)
        bits *= 2
    raise ArithmeticError(f"whether tail_r for r = {r} is at most {error!r} is not decided at {bits // 2} bits")


def _tail_after(d: int, degree: int) -> Any:
    r"""τ_K = s_{K+2} + s_{K+4} + ... for even K ≥ 0, d ≥ 2: the terms below k = precision one by one, the rest by a fast series.

    .. math:: s_k + s_{k+2} + \dots = \frac{k\,s_k}{3(2k+d-2)} \sum_{j\ge0} (k+d+1+4j)
              \frac{(\frac d2+1)_j\,(j!)^2\,(\frac{k+d}2-1)_j}{(\frac{k+1}2)_j\,(\frac{k+d+1}2)_j^2\,(\frac52)_j}

    Proof: call the j-th term, with the factors before the sum, u_j(k), and put v_j = u_j (2j+3)(2k+d-2+2j) / (k(k+d+1+4j)). Then
    u_j(k) - u_j(k+2) = v_j(k) - v_{j+1}(k), a rational identity after division by u_j, and v_0(k) = s_k. Sum over j, then over k. All terms
    are positive, and u_{j+1}/u_j < (j+1)/(j+(k+1)/2), so what follows after u_j is below u_j (k-1+2j)/(k-3) for k ≥ 4. The term u_0 alone
    is a lower bound, the one of ``lem-telescope``.
    """
    bits = current_precision()
    k, share, total = degree + 2, energy_share(d, degree + 2), ball(0)
    while k < max(4, bits // 2):
        total += share
        share *= ball((2 * k + d + 2) * (k - 1) ** 2 * (k + d - 2) * (k + d - 1))
        share /= ball((2 * k + d - 2) * (k + 1) * (k + 2) * (k + d + 1) ** 2)
        k += 2
    product, series, j = share * k / (3 * (2 * k + d - 2)), ball(0), 0
    while True:
        term = product * (k + d + 1 + 4 * j)
        series += term
        rest = term * (k - 1 + 2 * j) / (k - 3)
        if not rest > series * ball(2) ** -bits:
            return total + series + rest.union(ball(0))
        product *= ball((d + 2 + 2 * j) * 4 * (j + 1) ** 2 * (k + d - 2 + 2 * j))
        product /= ball((k + 1 + 2 * j) * (k + d + 1 + 2 * j) ** 2 * (5 + 2 * j))
        j += 1


def _line_levels(bias: float) -> _Levels:
    """The levels for d = 1: two eigenvalues, then zero for ever."""
    return _Levels(
        count=lambda i: i + 1,
        eigenvalue=lambda i: line_eigenvalues(bias)[i] if i < 2 else ball(0),
        after=lambda i: line_eigenvalues(bias)[1] if i == 0 else ball(0),
        total=lambda: neuron_second_moment(bias),
        exact=lambda r: Fraction(max(2 - r, 0), 4) if bias == 0 else None,
    )


def _exact_tail(d: int, r: int) -> Fraction:
    """tail_r for odd d, where every eigenvalue is a rational number."""
    eta, tail, left, k = Fraction(math.comb(d - 1, (d - 1) // 2), 2**d), Fraction(1, 2), r, 0
    while left > 0:
        take = min(left, multiplicity(d, k))
        tail, left = tail - take * (d * eta**2 if k != 1 else Fraction(1, 4 * d)), left - take
        eta *= {0: Fraction(1, d + 1), 1: 1}.get(k, Fraction(k - 1, k + d + 1))
        k += 1 if k < 2 else 2
    return tail


def _least(holds: Callable[[int], bool], start: int) -> int:
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


def _sorted_levels(d: int, bias: float) -> _Levels:
    """The levels for d ≥ 2 with a bias: the degrees sorted by their eigenvalues, tails as the total less the sum of the levels above."""

    def above(i: int) -> list[tuple[Any, int]]:
        return _sorted_degrees(d, bias, i + 1, current_precision())[: i + 1]

    return _Levels(
        count=lambda i: sum(multiplicity(d, k) for _, k in above(i)),
        eigenvalue=lambda i: above(i)[i][0],
        after=lambda i: sum((-multiplicity(d, k) * value for value, k in above(i)), neuron_second_moment(bias)),
        total=lambda: neuron_second_moment(bias),
        exact=lambda r: None,
    )


def _far_levels(d: int, bias: float) -> _Levels:
    """The levels for d ≥ 2 and |b| > FAR. Let h(x) = [z - |b|]_+ with z = -⟨θ, x⟩. For b < 0 the neuron is h, and E h² < e^{-b²/2}.

    For b > 0 it is b - z + h. As h has mean and E zh below e^{-b²/2}, λ_0 is b² and λ_1 is 1/d up to (2b + 2) e^{-b²/2}, and the others
    add up to at most E h².
    """
    rest = ((2 * abs(ball(bias)) + 2) * (-(ball(bias) ** 2) / 2).exp()).union(ball(0))
    positive = int(bias > 0)
    return _Levels(
        count=lambda i: 1 if i == 0 else 2**i * (1 + d) // 2,
        eigenvalue=lambda i: [ball(bias) ** 2 + rest, 1 / ball(d) + rest - rest][i] if i < 2 and positive else ball(0),
        after=lambda i: rest + (positive if i == 0 else 0),
        total=lambda: neuron_second_moment(bias),
        exact=lambda r: None,
    )


@lru_cache(maxsize=64)
def _sorted_degrees(d: int, bias: float, number: int, bits: int) -> list[tuple[Any, int]]:
    """The ``number`` largest eigenvalues and more, each with its degree, in decreasing order, to a relative 2^-bits or better.

    λ_{k+2} < λ_k, so from the degrees up to K every eigenvalue from the larger of the last two on upwards is known.
    """
    max_degree = 8
    while max_degree <= MOST_DEGREE:
        values = biased_eigenvalues(d, bias, max_degree, bits)
        order = sorted(((value, k) for k, value in enumerate(values)), key=lambda pair: pair[0].mid(), reverse=True)
        if not all(larger[0] > smaller[0] for larger, smaller in pairwise(order)):
            bits *= 2
            if bits > MOST_BITS:
                raise ArithmeticError(f"two eigenvalues for d = {d}, bias = {bias!r} are too close to order at {MOST_BITS} bits")
            continue
        known = 1 + min(i for i, (_, k) in enumerate(order) if k >= max_degree - 1)
        if known >= number:
            return order[:known]
        max_degree *= 2
    raise ArithmeticError(f"for d = {d}, bias = {bias!r} the eigenvalues asked for reach beyond degree {MOST_DEGREE}")


def _even(name: str, value: Any, at_least: int = 0) -> int:
    number = integer(name, value, at_least=at_least)
    if number % 2:
        raise ValueError(f"{name} must be an even integer >= {at_least}, got {value!r}")
    return number
