r"""The sharp limit of one ReLU neuron: its spectrum, and the error of the best r features of any kind, exactly and certified.

The target is the neuron x -> [⟨θ, x⟩ + b]_+ with θ uniform on the unit sphere of R^d and x standard Gaussian; ‖f‖² = E f(x)². Its spectrum
is λ_k with multiplicity N(d, k), k = 0, 1, 2, ..., and tail_r is the sum of the eigenvalues beyond the r largest: no r features, whatever
their coefficients, have a mean error over θ below tail_r. For a neuron of norm ρ (and bias ρb) multiply every error by ρ².

Counts are exact integers of any size. Errors are computed in ball arithmetic (python-flint): every operation encloses its rounding error,
and the precision rises until the result is known to what the docstring says, or a comparison is decided.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Float

from randomfeatures.arguments import integer, real
from randomfeatures.sphere import multiplicity

MOST_BITS = 2**18
"""The precision at which a ball that is still too wide, or a comparison that is still open, is given up with an ArithmeticError."""

SMALLEST = 2.2250738585072014e-308
"""The smallest normal float: below it floats lose digits."""


# --- the spectrum -----------------------------------------------------------------------------------------------------------------


def neuron_spectrum(d: int, max_degree: int, bias: float = 0.0) -> Float[np.ndarray, "{max_degree}+1"]:
    r"""Eigenvalues λ_0, ..., λ_K of one ReLU neuron by degree, K = ``max_degree``; the multiplicity of λ_k is N(d, k).

    .. math:: \lambda_k = d\,\eta_k^2, \quad \eta_0 = \frac{\Gamma(d/2)}{2\sqrt\pi\,\Gamma((d+1)/2)}, \quad \eta_1 = \frac1{2d}, \quad
              \eta_k = \frac{(-1)^{k/2-1}\,\Gamma(d/2)\,\Gamma((k-1)/2)}{4\pi\,\Gamma((k+d+1)/2)} \ (k \ge 2 \text{ even})

    and 0 for odd k ≥ 3. Σ N(d, k) λ_k = ‖[⟨θ, ·⟩]_+‖² = 1/2.

    Book: ``thm-neuron-spectrum``. Error: relative, 1e-15; 0.0 for a positive value below the smallest float.
    Raises: ValueError unless d ≥ 1, max_degree ≥ 0 (≤ 1 for d = 1: there are no other degrees); ImportError without python-flint.

    >>> neuron_spectrum(3, 4) * 3072
    array([576., 256.,  36.,   0.,   1.])
    """
    d = integer("d", d, at_least=1)
    max_degree = integer("max_degree", max_degree, at_least=0, at_most=1 if d == 1 else math.inf)
    _no_bias(bias)
    with _precision(160):
        values = [_eigenvalue(d, k) for k in range(min(max_degree, 2) + 1)]
        for k in range(3, max_degree + 1):
            values.append(values[k - 2] * (_ball(k - 3) / (k + d - 1)) ** 2 if k % 2 == 0 else _ball(0))
        return np.array([float(value) for value in values])


# --- the optimum ------------------------------------------------------------------------------------------------------------------


def optimal_error(d: int, r: int, bias: float = 0.0) -> float:
    r"""tail_r: exactly the least mean squared error, in mean over the direction θ of the neuron, that r fixed features can have.

    .. math:: \min_{\dim V\le r}\ \mathbb E_\theta \min_{g\in V} \|[\langle\theta,\cdot\rangle]_+ - g\|^2 = \operatorname{tail}_r,

    the sum of the eigenvalues, with multiplicity, beyond the r largest.

    Book: ``thm-exact-optimum``. Error: relative, 1e-15, for every d and r.
    Raises: ValueError unless d ≥ 1, r ≥ 0 are integers; ArithmeticError where the value is below the smallest normal float;
    ImportError without python-flint.

    >>> optimal_error(3, 0), optimal_error(3, 4), optimal_error(3, 9)
    (0.5, 0.0625, 0.00390625)
    """
    d, r = integer("d", d, at_least=1), integer("r", r, at_least=0)
    _no_bias(bias)
    value = _certify(lambda: _tail(d, r))
    if not value == 0 and value < SMALLEST:
        raise ArithmeticError(f"optimal_error = exp({float(value.log()):.10g}) is below the smallest normal float; use log_optimal_error")
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
    return float(_certify(lambda: _tail(d, r).log()))


def optimal_error_certified(d: int, r: int) -> tuple[float, float]:
    r"""Lower and upper bound on tail_r of :func:`optimal_error` (no bias), proved by ball arithmetic.

    Above the smallest normal float the two are equal or neighbours or nearly so: their distance is below 1e-15 times the value. A value
    below it is enclosed to 1e-323, possibly by 0.0 and the smallest float.

    Book: ``thm-exact-optimum``. Error: none, the bounds are rounded outward.
    Raises: ValueError unless d ≥ 1, r ≥ 0 are integers; ImportError without python-flint.

    >>> lower, upper = optimal_error_certified(50, 1000)
    >>> lower < upper < lower * (1 + 1e-15)
    True
    """
    d, r = integer("d", d, at_least=1), integer("r", r, at_least=0)
    return _enclosure(_certify(lambda: _tail(d, r)))


def features_needed(d: int, error: float, bias: float = 0.0) -> int:
    r"""The least r with tail_r ≤ ``error``, exactly: with fewer features of any kind the mean error over the direction θ is larger.

    ``error`` is the mean squared error ε for a neuron of norm 1; for norm ρ give ε/ρ². The float is taken at its exact value, and each
    comparison is decided in ball arithmetic of rising precision, in rational numbers where tail_r may equal it (odd d).

    Book: ``thm-exact-optimum``. Error: none, an exact integer of any size.
    Raises: ValueError unless d ≥ 1 and error > 0; ArithmeticError where a comparison is still open at 262144 bits;
    ImportError without python-flint.

    >>> features_needed(3, 1 / 2), features_needed(3, 1 / 16), features_needed(3, 1 / 17)
    (0, 4, 5)
    >>> features_needed(100, 0.01)
    599521
    """
    d, error = integer("d", d, at_least=1), real("error", error, above=0)
    _no_bias(bias)
    if d == 1:
        return sum(error < tail for tail in (0.5, 0.25))
    if _at_most(d, 1 + d, error):
        return _least(lambda r: _at_most(d, r, error), 0)
    degree = 2 * _least(lambda half: _at_most(d, _count(d, 2 * half), error, 2 * half), 1)
    # The eigenvalue of this degree is λ, and (count - r) λ + τ <= error decides: a float's guess, then the comparisons prove it.
    with _precision(128 + 2 * _count(d, degree).bit_length()):
        spare = (_ball(error) - _tail_after(d, degree)) / _eigenvalue(d, degree)
        r = _count(d, degree) - int(spare.mid().floor().unique_fmpz())
    while not _at_most(d, r, error, degree):
        r += 1
    while _at_most(d, r - 1, error, degree):
        r -= 1
    return r


def almost_every_direction_bound(d: int, r: int, delta: float, degree: int) -> float:
    r"""Lower bound on the error of r features that holds with probability ≥ 1 - δ over the direction θ of the neuron.

    .. math:: \min_{g\in V}\|[\langle\theta,\cdot\rangle]_+ - g\|^2 \ \ge\ \tau_K - \frac{r\,\lambda_{K+2}}\delta, \qquad
              \tau_K = \sum_{k>K} N(d,k)\,\lambda_k, \quad K = \mathtt{degree} \text{ even}

    For features f(W_i ·) whose weights have a rotation-invariant law it holds for every θ, with probability over the weights.

    Book: ``thm-almost-every-direction``. Error: a relative 1e-15 of τ_K below the formula (rounded down); 0.0 where the formula is negative.
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

    For even d it increases from 0.0066 at d = 2 to its limit :math:`1/(12\pi^{3/2})` = 0.01497; it is ≥ 0.0133 for d ≥ 10.

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


# --- the eigenvalues and their tail in ball arithmetic ------------------------------------------------------------------------------


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

    All terms are positive, and the ratio of the terms j+1 and j is below (j+1)/(j+(k+1)/2), so what follows after the term u_j is below
    u_j (k-1+2j)/(k-3) for k ≥ 4.
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


def _tail(d: int, r: int, degree: int | None = None) -> Any:
    """tail_r as a ball. The order of the degrees is 0, 1, 2, 4, 6, ...: the eigenvalues decrease along it. ``degree``: of the r-th of them."""
    if d == 1:
        return _ball((2, 1, 0)[min(r, 2)]) / 4
    if r <= 1 + d:
        return _ball(1) / 2 - min(r, 1) * _eigenvalue(d, 0) - max(r - 1, 0) * _eigenvalue(d, 1)
    degree = degree or 2 * _least(lambda half: _count(d, 2 * half) >= r, 1)
    return (_count(d, degree) - r) * _eigenvalue(d, degree) + _tail_after(d, degree)


def _exact_tail(d: int, r: int) -> Fraction:
    """tail_r for odd d, where every eigenvalue is a rational number."""
    eta, tail, left, k = Fraction(math.comb(d - 1, (d - 1) // 2), 2**d), Fraction(1, 2), r, 0
    while left > 0:
        take = min(left, multiplicity(d, k))
        tail, left = tail - take * (d * eta**2 if k != 1 else Fraction(1, 4 * d)), left - take
        eta *= {0: Fraction(1, d + 1), 1: 1}.get(k, Fraction(k - 1, k + d + 1))
        k += 1 if k < 2 else 2
    return tail


def _at_most(d: int, r: int, error: float, degree: int | None = None) -> bool:
    """Whether tail_r ≤ error, decided."""
    bits = 128
    while bits <= MOST_BITS:
        with _precision(bits):
            tail = _tail(d, r, degree)
            if tail <= error:
                return True
            if tail > error:
                return False
        if bits >= 4096 and d % 2:
            return _exact_tail(d, r) <= Fraction(error)
        bits *= 2
    raise ArithmeticError(f"whether tail_r for d = {d}, r = {r} is at most {error!r} is not decided at {MOST_BITS} bits")


def _count(d: int, degree: int) -> int:
    """The number of eigenvalues in the degrees 0, 1, 2, 4, ..., ``degree``, for even degree ≥ 2."""
    return d + math.comb(degree + d - 1, degree)


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


def _certify(value: Callable[[], Any], bits: int = 70) -> Any:
    """The ball that ``value`` computes, at the first precision where its relative radius is below 2^-bits."""
    precision = 2 * bits
    while precision <= MOST_BITS:
        with _precision(precision):
            ball = value()
        if ball.is_zero() or ball.rel_accuracy_bits() >= bits:
            return ball
        precision *= 2
    raise ArithmeticError(f"no ball of relative radius 2^-{bits} at {MOST_BITS} bits: {ball}")


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


def _no_bias(bias: float) -> None:
    if real("bias", bias) != 0:
        raise NotImplementedError("bias")
