r"""The error of the best r features of any kind for one ReLU neuron, exactly and certified.

The target is the neuron x -> [⟨θ, x⟩ + b]_+ with θ uniform on the unit sphere of R^d and x standard
Gaussian; ‖f‖² = E f(x)². Its spectrum is λ_k with multiplicity N(d, k), k = 0, 1, 2, ..., and
tail_r is the sum of the eigenvalues beyond the r largest: no r features, whatever their
coefficients, have a mean error over θ below tail_r. For a neuron of norm ρ (and bias ρb) multiply
every error by ρ².

Counts are exact integers of any size. Errors are computed in ball arithmetic (python-flint): every
operation encloses its rounding error, and the precision rises until the result is known to what the
docstring says, or a comparison is decided. The value at a float b is the value at exactly that
number.
"""

import math
from fractions import Fraction

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.foundations.balls import (
    LARGEST,
    SMALLEST,
    ball,
    certify,
    enclosure,
    working_precision,
)
from randomfeatures.foundations.relu_spectrum import neuron_eigenvalue
from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.sharp.optimum_levels import at_most, least, levels_of, tail_below
from randomfeatures.sharp.optimum_tail import tail_after
from randomfeatures.sharp.spectrum import even_integer


def optimal_error(d: int, r: int, bias: float = 0.0) -> float:
    r"""tail_r: the least squared error that r features can have, in mean over the direction θ.

    .. math:: \min_{\dim V\le r}\ \mathbb E_\theta \min_{g\in V}
              \|[\langle\theta,\cdot\rangle + b]_+ - g\|^2 = \operatorname{tail}_r,

    the sum of the eigenvalues, with multiplicity, beyond the r largest.

    Book: ``thm-exact-optimum``, ``prop-harmonics-attain``,
    ``thm-sharp-invariant-features``, ``prop-sandwich``.
    Error: relative, 1e-15, for every d and r.
    Raises: ValueError unless d ≥ 1, r ≥ 0 are integers and ``bias`` is finite, or with a bias
    d > 10^6; ArithmeticError where the value is below the smallest normal float, or where with a
    bias the r largest eigenvalues reach beyond degree 1024; ImportError without python-flint.

    >>> optimal_error(3, 0), optimal_error(3, 4), optimal_error(3, 9)
    (0.5, 0.0625, 0.00390625)
    >>> optimal_error(3, 0, bias=1e-9) > 0.5 > optimal_error(3, 0, bias=-1e-9)
    True
    """
    d, r, bias = integer("d", d, at_least=1), integer("r", r, at_least=0), real("bias", bias)
    value = certify(lambda: tail_below(levels_of(d, bias), r), floor=bias != 0)
    if not (value.is_zero() or value >= SMALLEST):
        hint = "" if bias else f": it is exp({float(value.log()):.10g}), see log_optimal_error"
        raise ArithmeticError(f"optimal_error is below the smallest normal float{hint}")
    if value > LARGEST:
        raise ArithmeticError(f"optimal_error is above the largest float for bias = {bias!r}")
    return float(value)


def log_optimal_error(d: int, r: int) -> float:
    r"""Logarithm of :func:`optimal_error` without bias, for values that no float can hold.

    -inf for d = 1, r ≥ 2, where the error is zero.

    Book: ``thm-exact-optimum``. Error: relative, 1e-15.
    Raises: ValueError unless d ≥ 1, r ≥ 0 are integers; ImportError without python-flint.

    >>> log_optimal_error(3, 4) == -4 * math.log(2)
    True
    >>> truth = math.log(2 / (3 * math.pi**2)) - 600 * math.log(10)
    >>> round(log_optimal_error(2, 10**200) - truth, 6)
    0.0
    """
    d, r = integer("d", d, at_least=1), integer("r", r, at_least=0)
    if d == 1 and r >= 2:
        return -math.inf
    return float(certify(lambda: tail_below(levels_of(d, 0.0), r).log()))


def optimal_error_certified(d: int, r: int) -> tuple[float, float]:
    r"""Lower and upper bound on tail_r of :func:`optimal_error` without bias, proved.

    Above the smallest normal float their distance is below 1e-15 times the value, so below 1e-15. A
    value that no float holds is enclosed by 0.0 and the smallest float.

    Book: ``thm-exact-optimum``. Error: none, the bounds are rounded outward.
    Raises: ValueError unless d ≥ 1, r ≥ 0 are integers; ImportError without python-flint.

    >>> lower, upper = optimal_error_certified(50, 1000)
    >>> lower < upper < lower * (1 + 1e-15)
    True
    """
    d, r = integer("d", d, at_least=1), integer("r", r, at_least=0)
    return enclosure(certify(lambda: tail_below(levels_of(d, 0.0), r)))


def features_needed(d: int, error: float, bias: float = 0.0) -> int:
    r"""The least r with tail_r ≤ ``error``: with fewer features of any kind the error is larger.

    ``error`` is the mean squared error ε for a neuron of norm 1; for norm ρ and bias ρb give ε/ρ²
    and b. The float is taken at its exact value, and each comparison is decided in ball arithmetic
    of rising precision, in rational numbers where tail_r may equal it (odd d).

    Book: ``thm-exact-optimum``. Error: none, an exact integer of any size.
    Raises: ValueError unless d ≥ 1, error > 0 and ``bias`` is finite, or with a bias d > 10^6;
    ArithmeticError where a comparison is still open at 2^18 bits, or where with a bias degrees
    beyond 1024 would be needed; ImportError without python-flint.

    >>> features_needed(3, 1 / 2), features_needed(3, 1 / 16), features_needed(3, 1 / 17)
    (0, 4, 5)
    >>> features_needed(100, 0.01), features_needed(100, 0.01, bias=0.5)
    (599521, 104866)
    """
    d, error, bias = integer("d", d, at_least=1), real("error", error, above=0), real("bias", bias)
    levels = levels_of(d, bias)
    if at_most(levels, 0, error):
        return 0
    level = least(lambda i: at_most(levels, levels.count(i), error), 0)
    count = levels.count(level)
    # tail_r = (count - r) λ + τ in this level: a guess from one precision, then decided comparisons
    # on both sides of it.
    with working_precision(128 + 2 * count.bit_length()):
        spare = (ball(error) - levels.after(level)) / levels.eigenvalue(level)
        r = max(1, count - int(spare.mid().floor().unique_fmpz()))
    while not at_most(levels, r, error):
        r += 1
    while at_most(levels, r - 1, error):
        r -= 1
    return r


def almost_every_direction_bound(d: int, r: int, delta: float, degree: int) -> float:
    r"""Lower bound on the error of r features, with probability ≥ 1 - δ over the direction θ.

    .. math:: \min_{g\in V}\|[\langle\theta,\cdot\rangle]_+ - g\|^2 \ \ge\
              \tau_K - \frac{r\,\lambda_{K+2}}\delta, \qquad
              \tau_K = \sum_{k>K} N(d,k)\,\lambda_k, \quad K = \mathtt{degree} \text{ even}

    For features f(W_i ·) whose weights have a rotation-invariant law it holds for every θ, with
    probability over the weights. For degree 0 the sum leaves out k = 1 as well, which only lowers
    the bound.

    Book: ``thm-almost-every-direction``, ``thm-sharp-invariant-features``. Error: rounded down by a
    relative 1e-15 of τ_K; 0.0 where the formula is negative.
    Raises: ValueError unless d ≥ 2, r ≥ 0, 0 < delta ≤ 1 and degree ≥ 0 is even; ImportError
    without python-flint.

    >>> almost_every_direction_bound(20, 100, 0.1, 2) < optimal_error(20, 100)
    True
    """
    d, r = integer("d", d, at_least=2), integer("r", r, at_least=0)
    delta, degree = real("delta", delta, above=0, at_most=1), even_integer("degree", degree)
    tail = certify(lambda: tail_after(d, degree))
    eigenvalue = certify(lambda: neuron_eigenvalue(d, degree + 2))
    with working_precision(160 + r.bit_length()):
        return max(0.0, enclosure(tail - r * eigenvalue / ball(delta))[0])


def half_tail_width(d: int, delta: float, degree: int) -> int:
    r"""The largest r with r < δ N(d, K+2) / 2, K = ``degree``: too few features for half of the
    tail.

    With so many features, of any kind, the error exceeds τ_K / 2 with probability ≥ 1 - δ over the
    direction θ of the neuron; if their law is rotation invariant, with probability ≥ 1 - δ over the
    features for every θ. See :func:`almost_every_direction_bound`.

    Book: ``thm-almost-every-direction``, ``thm-sharp-invariant-features``.
    Error: none, an exact integer of any size; 0 where there is no positive one.
    Raises: ValueError unless d ≥ 2, 0 < delta ≤ 1 and degree ≥ 2 is even.

    >>> half_tail_width(10, 0.5, 2)  # N(10, 4) = 660
    164
    """
    d, degree = integer("d", d, at_least=2), even_integer("degree", degree, at_least=2)
    delta = real("delta", delta, above=0, at_most=1)
    return math.ceil(Fraction(delta) * multiplicity(d, degree + 2) / 2) - 1
