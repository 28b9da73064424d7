r"""The sharp limit of one ReLU neuron: its spectrum, and the error of the best r features of any kind, exactly and certified.

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

import numpy as np
from jaxtyping import Float

from randomfeatures.arguments import integer, real
from randomfeatures.sphere import multiplicity

MOST_BITS = 2**18
"""The precision (a comparison: and four times the bits of r) at which what is still open is given up with an ArithmeticError."""

MOST_DEGREE = 1024
"""With a bias, the highest degree whose eigenvalue is computed before an ArithmeticError says that r is too large or ε too small."""

FAR = 40.0
"""Beyond this |b| the neuron is, to a part (2|b| + 2) e^{-b²/2} that no float can hold, b + ⟨θ, x⟩ (b > 0) or zero (b < 0)."""

SMALLEST, LARGEST = 2.2250738585072014e-308, 1.7976931348623157e308
"""The smallest normal float, below which floats lose digits, and the largest."""


# --- the spectrum -----------------------------------------------------------------------------------------------------------------


def neuron_spectrum(d: int, max_degree: int, bias: float = 0.0) -> Float[np.ndarray, "{max_degree}+1"]:
    r"""Eigenvalues λ_0, ..., λ_K of one ReLU neuron by degree, K = ``max_degree``; the multiplicity of λ_k is N(d, k).

    .. math:: \lambda_k = d\,\eta_k^2, \quad \eta_0 = \frac{\Gamma(d/2)}{2\sqrt\pi\,\Gamma((d+1)/2)}, \quad \eta_1 = \frac1{2d}, \quad
              \eta_k = \frac{(-1)^{k/2-1}\,\Gamma(d/2)\,\Gamma((k-1)/2)}{4\pi\,\Gamma((k+d+1)/2)} \ (k \ge 2 \text{ even})

    and 0 for odd k ≥ 3. Σ N(d, k) λ_k = ‖[⟨θ, ·⟩]_+‖² = 1/2. With a bias b the kernel κ(t) = E[u + b]_+[v + b]_+, t the correlation
    of u, v, has the second derivative :math:`e^{-b^2/(1+t)} / (2\pi\sqrt{1-t^2})`, and for k ≥ 2, with P in dimension d + 4,

    .. math:: \lambda_k = \frac{\Gamma(d/2)}{8\pi^{3/2}\,\Gamma((d+3)/2)}
              \int_{-1}^1 (1-t^2)^{d/2}\,e^{-b^2/(1+t)}\,P_{k-2}^{(d+4)}(t)\,dt .

    λ_0 > λ_2 > ... and λ_1 > λ_3 > ..., but the two do not alternate. Σ N(d, k) λ_k = (1+b²)Φ(b) + bφ(b).

    Book: ``thm-neuron-spectrum``. Book: ``thm-bias-spectrum``.
    Error: relative, 1e-15, for every bias; 0.0 for a positive value below the smallest float.
    Raises: ValueError unless d ≥ 1, max_degree ≥ 0 (≤ 1 for d = 1: there are no other degrees) and ``bias`` is finite;
    ArithmeticError for a bias above 1e154, whose square is no float; ImportError without python-flint.

    >>> neuron_spectrum(3, 4) * 3072
    array([576., 256.,  36.,   0.,   1.])
    >>> round(float(neuron_spectrum(3, 0, bias=20.0)[0]), 12)
    400.0
    """
    d, bias = integer("d", d, at_least=1), real("bias", bias)
    max_degree = integer("max_degree", max_degree, at_least=0, at_most=1 if d == 1 else math.inf)
    if bias > 1e154:
        raise ArithmeticError(f"λ_0 is above the largest float for bias = {bias!r}")
    if abs(bias) > FAR:
        return np.array([max(bias, 0.0) ** 2, (bias > 0) / d] + [0.0] * (max_degree - 1))[: max_degree + 1]
    if bias:
        return np.array([float(value) for value in _biased_eigenvalues(d, bias, max_degree, 70)])
    with _precision(160):
        values = [_eigenvalue(d, k) for k in range(min(max_degree, 2) + 1)]
        for k in range(3, max_degree + 1):
            values.append(values[k - 2] * (_ball(k - 3) / (k + d - 1)) ** 2 if k % 2 == 0 else _ball(0))
        return np.array([float(value) for value in values])


# --- the optimum ------------------------------------------------------------------------------------------------------------------


def optimal_error(d: int, r: int, bias: float = 0.0) -> float:
    r"""tail_r: exactly the least mean squared error, in mean over the direction θ of the neuron, that r fixed features can have.

    .. math:: \min_{\dim V\le r}\ \mathbb E_\theta \min_{g\in V} \|[\langle\theta,\cdot\rangle + b]_+ - g\|^2 = \operatorname{tail}_r,

    the sum of the eigenvalues, with multiplicity, beyond the r largest.

    Book: ``thm-exact-optimum``. Error: relative, 1e-15, for every d and r.
    Raises: ValueError unless d ≥ 1, r ≥ 0 are integers and ``bias`` is finite; ArithmeticError where the value is below the smallest normal
    float, or where with a bias the r largest eigenvalues reach beyond degree 1024; ImportError without python-flint.

    >>> optimal_error(3, 0), optimal_error(3, 4), optimal_error(3, 9)
    (0.5, 0.0625, 0.00390625)
    >>> optimal_error(3, 0, bias=1e-9) > 0.5 > optimal_error(3, 0, bias=-1e-9)
    True
    """
    d, r, bias = integer("d", d, at_least=1), integer("r", r, at_least=0), real("bias", bias)
    value = _certify(lambda: _tail(_levels(d, bias), r), floor=bias != 0)
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
    return float(_certify(lambda: _tail(_levels(d, 0.0), r).log()))


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
    return _enclosure(_certify(lambda: _tail(_levels(d, 0.0), r)))


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
    with _precision(128 + 2 * count.bit_length()):
        spare = (_ball(error) - levels.after(level)) / levels.eigenvalue(level)
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

    Book: ``thm-almost-every-direction``. Error: rounded down by a relative 1e-15 of τ_K; 0.0 where the formula is negative.
    Raises: ValueError unless d ≥ 2, r ≥ 0, 0 < delta ≤ 1 and degree ≥ 0 is even; ImportError without python-flint.

    >>> almost_every_direction_bound(20, 100, 0.1, 2) < optimal_error(20, 100)
    True
    """
    d, r = integer("d", d, at_least=2), integer("r", r, at_least=0)
    delta, degree = real("delta", delta, above=0, at_most=1), _even("degree", degree)
    tail, eigenvalue = _certify(lambda: _tail_after(d, degree)), _certify(lambda: _eigenvalue(d, degree + 2))
    with _precision(160):
        return max(0.0, _enclosure(tail - r * eigenvalue / _ball(delta))[0])


def tail_constant(d: int) -> tuple[float, float]:
    r"""Lower and upper bound, proved by ball arithmetic, on d^{3/2} τ_d, where τ_d is the part of ‖[⟨θ, ·⟩]_+‖² in degrees above d.

    For even d it tends to :math:`1/(12\pi^{3/2})` = 0.01497 and is ≥ 0.0133 for d ≥ 10.

    Book: ``prop-tail-constant``. Error: none, the bounds are rounded outward; their distance is a relative 1e-15.
    Raises: ValueError unless d ≥ 2; ImportError without python-flint.

    >>> all(lower > 0.0133 for lower, upper in map(tail_constant, (10, 12)))
    True
    """
    d = integer("d", d, at_least=2)
    return _enclosure(_certify(lambda: _ball(d) * _ball(d).sqrt() * _tail_after(d, d - d % 2)))


def tail_constant_lower_bound(d: int) -> float:
    r"""An explicit lower bound on d^{3/2} τ_d for even d: the first term of the series that :func:`tail_constant` sums.

    .. math:: c_d = d^{3/2}\,\frac{(d+2)(2d+3)}{3(3d+2)}\,N(d,d+2)\,\lambda_{d+2}

    It increases over the even d, since c_{d+2}/c_d is an explicit algebraic function of d above 1; so one value bounds all later ones.

    Book: ``prop-tail-constant``. Error: none, rounded down by a relative 1e-15.
    Raises: ValueError unless d ≥ 2 is even; ImportError without python-flint.

    >>> tail_constant_lower_bound(12) < 0.0133 < tail_constant_lower_bound(14)
    True
    """
    d = _even("d", d, at_least=2)
    first = Fraction((d + 2) * (2 * d + 3), 3 * (3 * d + 2))
    return _enclosure(_certify(lambda: _ball(d) * _ball(d).sqrt() * _share(d, d + 2) * first.numerator / first.denominator))[0]


# --- the eigenvalues in decreasing order, as levels i = 0, 1, 2, ... --------------------------------------------------------------------


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
        eigenvalue=lambda i: _eigenvalue(d, i if i < 2 else 2 * i - 2),
        after=lambda i: _tail_after(d, max(0, 2 * i - 2)) + (_ball(1) / 4 if i == 0 else 0),
        total=lambda: _ball(1) / 2,
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
        with _precision(bits):
            tail = _tail(levels, r)
        if tail <= error:
            return True
        if tail > error:
            return False
        if bits >= 4096 and (exact := levels.exact(r)) is not None:
            return exact <= Fraction(error)
        bits *= 2
    raise ArithmeticError(f"whether tail_r for r = {r} is at most {error!r} is not decided at {bits // 2} bits")


# --- no bias: the eigenvalues and their tail in balls ------------------------------------------------------------------------------


def _eigenvalue(d: int, k: int) -> Any:
    """λ_k of the neuron without bias, k = 0, 1 or even, as a ball. By log Γ: Γ itself overflows even a ball's exponent."""
    if k == 1:
        return 1 / (4 * _ball(d))
    half = _ball(d) / 2
    if k == 0:
        return d * (half.lgamma() - (half + 0.5).lgamma()).exp() ** 2 / (4 * _flint().arb.pi())
    log_ratio = half.lgamma() + (_ball(k - 1) / 2).lgamma() - (_ball(k + d + 1) / 2).lgamma()
    return d * (2 * log_ratio).exp() / (4 * _flint().arb.pi()) ** 2


def _share(d: int, k: int) -> Any:
    """s_k = N(d, k) λ_k."""
    return _ball(multiplicity(d, k)) * _eigenvalue(d, k)


def _tail_after(d: int, degree: int) -> Any:
    r"""τ_K = s_{K+2} + s_{K+4} + ... for even K ≥ 0, d ≥ 2: the terms below k = precision one by one, the rest by a fast series.

    .. math:: s_k + s_{k+2} + \dots = \frac{k\,s_k}{3(2k+d-2)} \sum_{j\ge0} (k+d+1+4j)
              \frac{(\frac d2+1)_j\,(j!)^2\,(\frac{k+d}2-1)_j}{(\frac{k+1}2)_j\,(\frac{k+d+1}2)_j^2\,(\frac52)_j}

    Proof: call the j-th term, with the factors before the sum, u_j(k), and put v_j = u_j (2j+3)(2k+d-2+2j) / (k(k+d+1+4j)). Then
    u_j(k) - u_j(k+2) = v_j(k) - v_{j+1}(k), a rational identity after division by u_j, and v_0(k) = s_k. Sum over j, then over k. All terms
    are positive, and u_{j+1}/u_j < (j+1)/(j+(k+1)/2), so what follows after u_j is below u_j (k-1+2j)/(k-3) for k ≥ 4. The term u_0 alone
    is a lower bound, the one of ``lem-telescope``.
    """
    bits = _precision_now()
    k, share, total = degree + 2, _share(d, degree + 2), _ball(0)
    while k < max(4, bits // 2):
        total += share
        share *= _ball((2 * k + d + 2) * (k - 1) ** 2 * (k + d - 2) * (k + d - 1))
        share /= _ball((2 * k + d - 2) * (k + 1) * (k + 2) * (k + d + 1) ** 2)
        k += 2
    product, series, j = share * k / (3 * (2 * k + d - 2)), _ball(0), 0
    while True:
        term = product * (k + d + 1 + 4 * j)
        series += term
        rest = term * (k - 1 + 2 * j) / (k - 3)
        if not rest > series * _ball(2) ** -bits:
            return total + series + rest.union(_ball(0))
        product *= _ball((d + 2 + 2 * j) * 4 * (j + 1) ** 2 * (k + d - 2 + 2 * j))
        product /= _ball((k + 1 + 2 * j) * (k + d + 1 + 2 * j) ** 2 * (5 + 2 * j))
        j += 1


def _line_levels(bias: float) -> _Levels:
    """The levels for d = 1: two eigenvalues, then zero for ever."""
    return _Levels(
        count=lambda i: i + 1,
        eigenvalue=lambda i: _line_eigenvalues(bias)[i] if i < 2 else _ball(0),
        after=lambda i: _line_eigenvalues(bias)[1] if i == 0 else _ball(0),
        total=lambda: _second_moment(bias),
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


# --- with a bias ------------------------------------------------------------------------------------------------------------------


def _sorted_levels(d: int, bias: float) -> _Levels:
    """The levels for d ≥ 2 with a bias: the degrees sorted by their eigenvalues, tails as the total less the sum of the levels above."""

    def above(i: int) -> list[tuple[Any, int]]:
        return _sorted_degrees(d, bias, i + 1, _precision_now())[: i + 1]

    return _Levels(
        count=lambda i: sum(multiplicity(d, k) for _, k in above(i)),
        eigenvalue=lambda i: above(i)[i][0],
        after=lambda i: sum((-multiplicity(d, k) * value for value, k in above(i)), _second_moment(bias)),
        total=lambda: _second_moment(bias),
        exact=lambda r: None,
    )


def _far_levels(d: int, bias: float) -> _Levels:
    """The levels for d ≥ 2 and |b| > FAR. Let h(x) = [z - |b|]_+ with z = -⟨θ, x⟩. For b < 0 the neuron is h, and E h² < e^{-b²/2}.

    For b > 0 it is b - z + h. As h has mean and E zh below e^{-b²/2}, λ_0 is b² and λ_1 is 1/d up to (2b + 2) e^{-b²/2}, and the others
    add up to at most E h².
    """
    rest = ((2 * abs(_ball(bias)) + 2) * (-(_ball(bias) ** 2) / 2).exp()).union(_ball(0))
    positive = int(bias > 0)
    return _Levels(
        count=lambda i: 1 if i == 0 else 2**i * (1 + d) // 2,
        eigenvalue=lambda i: [_ball(bias) ** 2 + rest, 1 / _ball(d) + rest - rest][i] if i < 2 and positive else _ball(0),
        after=lambda i: rest + (positive if i == 0 else 0),
        total=lambda: _second_moment(bias),
        exact=lambda r: None,
    )


@lru_cache(maxsize=64)
def _sorted_degrees(d: int, bias: float, number: int, bits: int) -> list[tuple[Any, int]]:
    """The ``number`` largest eigenvalues and more, each with its degree, in decreasing order, to a relative 2^-bits or better.

    λ_{k+2} < λ_k, so from the degrees up to K every eigenvalue from the larger of the last two on upwards is known.
    """
    max_degree = 8
    while max_degree <= MOST_DEGREE:
        values = _biased_eigenvalues(d, bias, max_degree, bits)
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


@lru_cache(maxsize=64)
def _biased_eigenvalues(d: int, bias: float, max_degree: int, bits: int) -> list[Any]:
    """λ_0, ..., λ_K with a bias, each to a relative 2^-bits."""
    if d == 1:
        return _accurate(lambda: _line_eigenvalues(bias), bits, 2 * bits)[: max_degree + 1]
    low = _accurate(lambda: _low_eigenvalues(d, bias), bits, 2 * bits)
    high = _accurate(lambda: _high_eigenvalues(d, bias, max_degree), bits, 2 * bits + 3 * max_degree)
    return [*low, *high][: max_degree + 1]


def _high_eigenvalues(d: int, bias: float, max_degree: int) -> list[Any]:
    r"""λ_2, ..., λ_K from the integrals of u = 1 + t, M_j = ∫_0^2 u^{d/2+j} (2-u)^{d/2} e^{-b²/u} du, and the powers of u in P_{k-2}:

    .. math:: P_n^{(d+4)}(t) = (-1)^n \sum_j \frac{(-n)_j\,(n+d+2)_j}{(\frac{d+3}2)_j\,j!}\,(u/2)^j
    """
    integrals = _integrals(d, bias, max(max_degree - 1, 2))
    values = []
    for n in range(max_degree - 1):
        coefficient, total = _ball((-1) ** n), _ball(0)
        for j in range(n + 1):
            total += coefficient * integrals[j]
            coefficient = coefficient * ((j - n) * (n + d + 2 + j)) / ((d + 3 + 2 * j) * (j + 1))
        values.append(_prefactor(d) * total)
    return values


def _low_eigenvalues(d: int, bias: float) -> tuple[Any, Any]:
    r"""λ_0 and λ_1 by steps of two dimensions, from the line (d = 1) or the circle (d = 2): the kernel is the same, so

    .. math:: \lambda_0^{(D+2)} = \lambda_0^{(D)} - \lambda_2^{(D)}, \quad (D+2)\,\lambda_1^{(D+2)} = D\,(\lambda_1^{(D)} - \lambda_3^{(D)})

    with λ_2 and λ_3 from the integrals of (1-t²)^{D/2} w and of t (1-t²)^{D/2} w, w = e^{-b²/(1+t)}, which step by integration by parts.
    """
    start = 2 - d % 2
    zero, one = _line_eigenvalues(bias) if start == 1 else _circle_eigenvalues(bias)
    one, prefactor = start * one, _prefactor(start)
    square = _ball(bias) ** 2
    first, second = _integrals(start, bias, 2)
    even, odd = first, second - first
    for D in range(start, d, 2):
        zero -= prefactor * even
        one -= D * prefactor * odd
        following = ((D + 2 - square) * even + (D + 2 + square) * odd) / (D + 3)
        even, odd = following, square * (2 * even - 2 * odd - following) / (D + 4)
        prefactor = prefactor * D / (D + 3)
    return zero, one / d


def _prefactor(d: int) -> Any:
    """Γ(d/2) / (8 π^{3/2} Γ((d+3)/2))."""
    half, pi = _ball(d) / 2, _flint().arb.pi()
    return (half.lgamma() - (half + 1.5).lgamma()).exp() / (8 * pi * pi.sqrt())


def _integrals(d: int, bias: float, number: int) -> list[Any]:
    """M_0, ..., M_{number-1}: the first two are Tricomi functions, the others follow by their recurrence."""
    half, square = _ball(d) / 2, _ball(bias) ** 2 / 2
    scale = (half.lgamma() + half.log() - square).exp() * _ball(2) ** (d + 1)
    integrals = [scale * 2**j * square.hypgeom_u(half + 1, -half - j) for j in range(2)]
    for j in range(number - 2):
        integrals.append(_next_integral(d, bias, j, integrals))
    return integrals


def _next_integral(d: int, bias: float, j: int, integrals: list[Any]) -> Any:
    """M_{j+2} = ((d + 2j + 4 - b²) M_{j+1} + 2b² M_j) / (d + j + 3)."""
    square = _ball(bias) ** 2
    return ((d + 2 * j + 4 - square) * integrals[j + 1] + 2 * square * integrals[j]) / (d + j + 3)


def _second_moment(bias: float) -> Any:
    """E[z + b]_+² = (1 + b²) Φ(b) + b φ(b)."""
    b = _ball(bias)
    density = (-(b**2) / 2).exp() / (2 * _flint().arb.pi()).sqrt()
    return (1 + b**2) * (-b / _ball(2).sqrt()).erfc() / 2 + b * density


def _reflected_moment(bias: float) -> tuple[Any, Any]:
    """E[z + b]_+ [-z + b]_+ and P(-b < z < b): the kernel at t = -1 and its slope there; zero for b ≤ 0."""
    b = _ball(max(bias, 0.0))
    inside = (b / _ball(2).sqrt()).erf()
    return (b**2 - 1) * inside + 2 * b * (-(b**2) / 2).exp() / (2 * _flint().arb.pi()).sqrt(), inside


def _line_eigenvalues(bias: float) -> tuple[Any, Any]:
    """d = 1: half the sum and half the difference of the kernel at t = 1 and t = -1."""
    same, opposite = _second_moment(bias), _reflected_moment(bias)[0]
    return (same + opposite) / 2, (same - opposite) / 2


def _circle_eigenvalues(bias: float) -> tuple[Any, Any]:
    r"""λ_0 and λ_1 for d = 2, from the kernel, its slope and its second derivative at t = -cos ψ, in rigorous quadrature.

    .. math::
        \lambda_0 = \kappa(-1) + \kappa'(-1) + \int_0^\pi \frac{\sin\psi + (\pi-\psi)\cos\psi}{2\pi^2}\,w(\psi)\,d\psi, \qquad
        \lambda_1 = \frac{\kappa'(-1)}2 + \int_0^\pi \frac{\pi-\psi+\sin\psi\cos\psi}{4\pi^2}\,w(\psi)\,d\psi

    with w = exp(-b²/(2 sin²(ψ/2))). What ψ < ψ_0 contributes is positive and below w(ψ_0): the other factors are below 1/4, and ψ_0 ≤ π.
    """
    flint = _flint()
    pi, square, bits = flint.acb.pi(), _ball(bias) ** 2 / 2, _precision_now()
    start = 2 * (1 / (1 + bits / square).sqrt()).asin()

    def zero(psi: Any, _: bool) -> Any:
        return (psi.sin() + (pi - psi) * psi.cos()) / (2 * pi * pi) * (-square / (psi / 2).sin() ** 2).exp()

    def one(psi: Any, _: bool) -> Any:
        return (pi - psi + psi.sin() * psi.cos()) / (4 * pi * pi) * (-square / (psi / 2).sin() ** 2).exp()

    size = (-square).exp()
    rest = (-square - bits).exp().union(_ball(0))
    value, slope = _reflected_moment(bias)
    integrals = [flint.acb.integral(f, start, pi, abs_tol=size * _ball(2) ** -bits).real + rest for f in (zero, one)]
    return value + slope + integrals[0], slope / 2 + integrals[1]


# --- balls ------------------------------------------------------------------------------------------------------------------------


def _flint() -> Any:
    try:
        import flint
    except ImportError:
        raise ImportError("the exact limits of one neuron are computed in ball arithmetic: pip install python-flint") from None
    return flint


def _ball(value: int | float) -> Any:
    """The number, exactly, as a ball of radius zero."""
    return _flint().arb(value)


def _precision(bits: int) -> Any:
    """A context in which balls are computed with this many bits."""
    return _flint().ctx.workprec(bits)


def _precision_now() -> int:
    return _flint().ctx.prec


def _certify(value: Callable[[], Any], bits: int = 70, floor: bool = False) -> Any:
    """The ball that ``value`` computes, at the first precision where its relative radius is below 2^-bits; or, if ``floor``, the ball is
    proved to hold nothing that a normal float could."""
    return _accurate(lambda: [value()], bits, 2 * bits, floor)[0]


def _accurate(values: Callable[[], Any], bits: int, precision: int, floor: bool = False) -> list[Any]:
    """The balls that ``values`` computes, at the first precision, doubling from ``precision``, where all are as good as _certify says."""
    while precision <= MOST_BITS:
        with _precision(precision):
            balls = values()
        if all(b.is_zero() or b.rel_accuracy_bits() >= bits or (floor and b.abs_upper() < SMALLEST) for b in balls):
            return list(balls)
        precision *= 2
    raise ArithmeticError(f"no ball of relative radius 2^-{bits} at {MOST_BITS} bits")


def _enclosure(ball: Any) -> tuple[float, float]:
    """Floats below and above every number of the ball, at most two floats from its ends."""
    lower, upper = float(ball.lower()), float(ball.upper())
    lower = lower if _ball(lower) <= ball.lower() else math.nextafter(lower, -math.inf)
    upper = upper if _ball(upper) >= ball.upper() else math.nextafter(upper, math.inf)
    return lower, upper


def _even(name: str, value: Any, at_least: int = 0) -> int:
    number = integer(name, value, at_least=at_least)
    if number % 2:
        raise ValueError(f"{name} must be an even integer >= {at_least}, got {value!r}")
    return number
