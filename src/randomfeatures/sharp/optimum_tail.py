r"""How much of one neuron lies beyond degree K, for every d and K: τ_K and the law that it follows.

s_k = N(d, k) λ_k is the energy of degree k of the neuron x -> [⟨θ, x⟩]_+ of norm 1, and τ_K =
s_{K+2} + s_{K+4} + ... for even K what all harmonics up to degree K leave. For a neuron of norm ρ
multiply by ρ². Bounds are computed in ball arithmetic (python-flint) and rounded outward.
"""

import math
from fractions import Fraction
from typing import Any

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.foundations.balls import (
    LARGEST,
    MOST_BITS,
    ball,
    certify,
    current_precision,
    enclosure,
    flint,
    working_precision,
)
from randomfeatures.foundations.relu_spectrum import energy_share
from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.sharp.spectrum import even_integer

LAW = 1 / (3 * math.sqrt(2) * math.pi**1.5)
"""C = 1 / (3 √2 π^{3/2}) = 0.0423, the constant of the law τ_K ≈ C (d / (K (K + d)))^{3/2}."""

LARGEST_COUNTED = 10**6
"""The highest dimension in which the harmonics of degree d + 2 are counted: they have 6 d/10
digits."""


# --- bounds for every d and K


def telescope_bounds(d: int, degree: int) -> tuple[float, float]:
    r"""Lower and upper bound on τ_K, K = ``degree``, from one number: the tail telescopes up to a
    small rest.

    .. math:: g_{K+2}\ \le\ \tau_K\ \le\ \Bigl(1-\frac5{3(K+3)}\Bigr)^{-1} g_{K+2}, \qquad
              g_k = \frac{k(k+d+1)}{3(2k+d-2)}\,N(d,k)\,\lambda_k

    Book: ``lem-telescope``. Error: none, the bounds are rounded outward.
    Raises: ValueError unless d ≥ 2 and degree ≥ 2 is even; ImportError without python-flint.

    >>> lower, upper = telescope_bounds(3, 2)  # τ_2 = 1/256
    >>> lower < 1 / 256 < upper
    True
    """
    d, degree = integer("d", d, at_least=2), even_integer("degree", degree, at_least=2)
    lower = certify(lambda: _first_term(d, degree + 2))
    with working_precision(160):
        return enclosure(lower)[0], enclosure(lower * (3 * degree + 9) / (3 * degree + 4))[1]


def tail_law(d: int, degree: int) -> tuple[float, float]:
    r"""Lower and upper bound on τ_K, K = ``degree``, in closed form.

    .. math:: \frac{C\,d\,\sqrt{d-\frac32}}{\bigl((K+1)(K+1+d)\bigr)^{3/2}}\ \le\ \tau_K\ \le\
              \frac{C\,d\,\sqrt{d-1}}{\bigl(K(K+d)\bigr)^{3/2}}, \qquad
              C = \frac1{3\sqrt2\,\pi^{3/2}}

    Book: ``prop-tail-law``. Error: none, the bounds are rounded outward.
    Raises: ValueError unless d ≥ 2 and degree ≥ 2 is even; ImportError without python-flint.

    >>> lower, upper = tail_law(3, 2)  # τ_2 = 1/256
    >>> lower < 1 / 256 < upper
    True
    """
    d, K = integer("d", d, at_least=2), even_integer("degree", degree, at_least=2)

    def bounds() -> tuple[Any, Any]:
        scale = _law() * d
        lower = scale * (ball(d) - 1.5).sqrt() / ball((K + 1) * (K + 1 + d)) ** 1.5
        return lower, scale * ball(d - 1).sqrt() / ball(K * (K + d)) ** 1.5

    lower, upper = certify(lambda: bounds()[0]), certify(lambda: bounds()[1])
    return enclosure(lower)[0], enclosure(upper)[1]


# --- the constant at degree d


def tail_constant(d: int) -> tuple[float, float]:
    r"""Lower and upper bound on d^{3/2} τ_d, where τ_d is the part of ‖[⟨θ, ·⟩]_+‖² in degrees
    above d.

    For even d it tends to :math:`1/(12\pi^{3/2})` = 0.01497 and is ≥ 0.0133 for d ≥ 10.

    Book: ``prop-tail-constant``.
    Error: none, the bounds are rounded outward; their distance is a relative 1e-15.
    Raises: ValueError unless d ≥ 2; ImportError without python-flint.

    >>> all(lower > 0.0133 for lower, upper in map(tail_constant, (10, 12)))
    True
    """
    d = integer("d", d, at_least=2)
    return enclosure(certify(lambda: ball(d) * ball(d).sqrt() * tail_after(d, d - d % 2)))


def tail_constant_lower_bound(d: int) -> float:
    r"""An explicit lower bound on d^{3/2} τ_d for even d: d^{3/2} g_{d+2} of
    :func:`telescope_bounds`.

    .. math:: c_d = d^{3/2}\,\frac{(d+2)(2d+3)}{3(3d+2)}\,N(d,d+2)\,\lambda_{d+2}

    It increases over the even d, since c_{d+2}/c_d is an explicit algebraic function of d above 1;
    so one value bounds all later ones.

    Book: ``prop-tail-constant``. Error: none, rounded down by a relative 1e-15.
    Raises: ValueError unless d ≥ 2 is even; ImportError without python-flint.

    >>> tail_constant_lower_bound(12) < 0.0133 < tail_constant_lower_bound(14)
    True
    """
    d = even_integer("d", d, at_least=2)
    return enclosure(certify(lambda: ball(d) * ball(d).sqrt() * _first_term(d, d + 2)))[0]


def tail_constant_closed_bounds(d: int) -> tuple[float, float]:
    r"""Lower and upper bound on d^{3/2} τ_d for even d in closed form, with one limit.

    .. math:: \frac1{12\,\pi^{3/2}}\Bigl(1-\frac3{2d}\Bigr)\ \le\ d^{3/2}\,\tau_d\ \le\
              \frac1{12\,\pi^{3/2}}\sqrt{1-\frac1d}

    Book: ``prop-tail-constant``. Error: none, the bounds are rounded outward.
    Raises: ValueError unless d ≥ 2 is even; ImportError without python-flint.

    >>> lower, upper = tail_constant_closed_bounds(14)
    >>> 0.0133 < lower < upper < 0.015
    True
    """
    d = even_integer("d", d, at_least=2)
    with working_precision(160 + d.bit_length()):
        pi = flint().arb.pi()
        limit = 1 / (12 * pi * pi.sqrt())
        lower, upper = limit * (1 - ball(3) / (2 * d)), limit * (1 - 1 / ball(d)).sqrt()
        return enclosure(lower)[0], enclosure(upper)[1]


# --- from polynomial to exponential


def sharp_norm(d: int, error: float) -> float:
    r"""A norm ρ at which :func:`sharp_width` features are too few for the squared error ε =
    ``error``.

    .. math:: \rho = 12.37\,\sqrt\varepsilon\,d^{3/4}

    Book: ``cor-sharp-rate``. Error: none, rounded up by a relative 1e-15.
    Raises: ValueError unless d ≥ 10 is even and error > 0; ArithmeticError where no float holds it;
    ImportError without python-flint.

    >>> sharp_norm(10, 1 / 50) < 1.75 * 10**0.75
    True
    """
    d, error = even_integer("d", d, at_least=10), real("error", error, above=0)
    with working_precision(160 + d.bit_length()):
        root = ball(d).sqrt()
        norm = ball(1237) / 100 * ball(error).sqrt() * root * root.sqrt()
        if norm > LARGEST:
            raise ArithmeticError(f"sharp_norm is above the largest float for error = {error!r}")
        return enclosure(norm)[1]


def sharp_width(d: int, delta: float) -> int:
    r"""The largest r with r ≤ δ d N(d, d+2) / 9, δ = ``delta``.

    So many features, of any kind and with any coefficients, leave an error above ε on a neuron of
    norm :func:`sharp_norm` without a bias, in all but a share δ of the directions; if their law is
    rotation invariant, in every direction with probability ≥ 1 - δ. N(d, d+2) is between 0.5 and
    0.85 times 4^d / √d.

    Book: ``cor-sharp-rate``. Error: none, an exact integer.
    Raises: ValueError unless d is even, 10 ≤ d ≤ 10^6, and 0 < delta ≤ 1.

    >>> sharp_width(10, 1.0)
    223946
    """
    d, delta = even_integer("d", d, at_least=10), real("delta", delta, above=0, at_most=1)
    integer("d", d, at_most=LARGEST_COUNTED)
    return math.floor(Fraction(delta) * d * multiplicity(d, d + 2) / 9)


def threshold_degree(d: int, error: float) -> int:
    r"""The least even K ≥ 2 with K (1 + K/d) ≥ (C/ε)^{2/3}: the harmonics up to K have an error ≤
    ε.

    ``error`` is the squared error ε for a neuron of norm 1; for norm ρ give ε/ρ². Then no more
    features are needed than :func:`~randomfeatures.sharp.spectrum.harmonics` counts up to K.

    Book: ``prop-threshold``. Error: none, an exact integer.
    Raises: ValueError unless d ≥ 2 and error > 0; ArithmeticError where K is still open at 2^18
    bits; ImportError without python-flint.

    >>> threshold_degree(100, 0.001)
    12
    """
    d, error = integer("d", d, at_least=2), real("error", error, above=0)
    bits = 256
    while bits <= MOST_BITS:
        with working_precision(bits):
            quotient = ((_law() / ball(error)).log() * 2 / 3).exp()
            root = 2 * quotient / (1 + (1 + 4 * quotient / d).sqrt())
            half = (root / 2).ceil().unique_fmpz()
        if half is not None:
            return max(2, 2 * int(half))
        bits *= 2
    raise ArithmeticError(f"the least degree is not decided at {MOST_BITS} bits")


def threshold_rate(kappa: float) -> float:
    r"""The limit of log(r)/d as d grows, r the features needed at ρ²/ε = κ d^{3/2}, κ = ``kappa``.

    .. math:: H(x) = (1+x)\log(1+x) - x\log x, \qquad x(1+x) = (C\kappa)^{2/3}

    Book: ``prop-threshold``. Error: relative, 1e-15.
    Raises: ValueError unless kappa > 0.

    >>> threshold_rate(1.75**2 * 50) > math.log(4)
    True
    """
    quotient = (math.cbrt(LAW) * math.cbrt(real("kappa", kappa, above=0))) ** 2
    x = 2 * quotient / (1 + math.sqrt(1 + 4 * quotient))
    return math.log1p(x) + x * math.log1p(1 / x)


# --- balls


def tail_after(d: int, degree: int) -> Any:
    r"""τ_K for even K = ``degree`` ≥ 0, d ≥ 2, as a ball.

    The terms below k = precision one by one, the rest by a fast series:

    .. math:: s_k + s_{k+2} + \dots = \frac{k\,s_k}{3(2k+d-2)} \sum_{j\ge0} (k+d+1+4j)
              \frac{(\frac d2+1)_j\,(j!)^2\,(\frac{k+d}2-1)_j}
              {(\frac{k+1}2)_j\,(\frac{k+d+1}2)_j^2\,(\frac52)_j}

    Proof: call the j-th term, with the factors before the sum, u_j(k), and put v_j = u_j
    (2j+3)(2k+d-2+2j) / (k(k+d+1+4j)). Then u_j(k) - u_j(k+2) = v_j(k) - v_{j+1}(k), a rational
    identity after division by u_j, and v_0(k) = s_k. Sum over j, then over k. All terms are
    positive, and u_{j+1}/u_j < (j+1)/(j+(k+1)/2), so what follows after u_j is below u_j
    (k-1+2j)/(k-3) for k ≥ 4. The term u_0 alone is the lower bound of ``lem-telescope``.
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


def _first_term(d: int, k: int) -> Any:
    """g_k."""
    return energy_share(d, k) * (k * (k + d + 1)) / (3 * (2 * k + d - 2))


def _law() -> Any:
    """C."""
    pi = flint().arb.pi()
    return 1 / (3 * ball(2).sqrt() * pi * pi.sqrt())
