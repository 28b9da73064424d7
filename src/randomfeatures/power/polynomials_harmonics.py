r"""Polynomials in exact arithmetic: values, inner products on the sphere, and the harmonics that
they are made of.

A polynomial in d variables is a dictionary from exponents to coefficients: ``{(1, 1, 0): 2}`` is 2
x_1 x_2 in dimension 3. Integers and fractions stay exact.
"""

import math
from collections.abc import Mapping
from fractions import Fraction
from numbers import Rational

from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, integer, real, real_array

# Exponents of a monomial -> its coefficient; all exponents have the same length d.
Coefficient = int | float | Fraction
Polynomial = Mapping[tuple[int, ...], Coefficient]


# --- polynomials on the sphere


def evaluate(p: Polynomial, x: Float[Array, "n d"]) -> Float[Array, " n"]:
    """The values of the polynomial at the rows of ``x``, an array of length n.

    Error: a unit in the last place of the sum of the absolute values of its terms, times the number
    of terms and the degree.
    Raises: ValueError if ``p`` is no polynomial in as many variables as ``x`` has columns, or ``x``
    is no finite real matrix.

    >>> import numpy as np
    >>> evaluate({(2, 0): 1, (0, 1): -3}, np.array([[2.0, 1.0]]))
    array([1.])
    """
    x = real_array("x", x, ndim=2)
    xp = array_namespace(x)
    if dimension(p) != x.shape[1]:
        raise ValueError(
            f"x must have {dimension(p)} columns, one for each variable of p, "
            f"got shape {tuple(x.shape)}"
        )
    total = xp.zeros_like(x[:, 0])
    for alpha, coefficient in p.items():
        term = xp.full_like(total, float(coefficient))
        for i, power in enumerate(alpha):
            term = term * x[:, i] ** power if power else term
        total = total + term
    return total


def inner_product(p: Polynomial, q: Polynomial) -> Coefficient:
    r"""<p, q> = E p(x) q(x) for x uniform on the sphere; a Fraction if the coefficients are exact.

    .. math:: \mathbb E\,x^\alpha = \frac{\prod_i(\alpha_i-1)!!}{d(d+2)\cdots(d+|\alpha|-2)}
              \ \text{ if all } \alpha_i \text{ are even}

    and 0 if one is odd.

    See: ``thm-polynomials-sphere``.
    Error: none for integers and fractions.
    Raises: ValueError if p or q is no polynomial, or they differ in the number of variables.

    >>> inner_product({(2, 0, 0): 1}, {(2, 0, 0): 1}), inner_product({(1, 0, 0): 1}, {(0, 1, 0): 1})
    (Fraction(1, 5), 0)
    """
    d = dimension(p)
    if dimension(q) != d:
        raise ValueError(f"q must be a polynomial in {d} variables as p, got {dimension(q)}")
    total: Coefficient = 0
    for alpha, a in p.items():
        for beta, b in q.items():
            powers = [i + j for i, j in zip(alpha, beta, strict=True)]
            if not any(power % 2 for power in powers):
                odd = math.prod(math.prod(range(1, power, 2)) for power in powers)
                total += a * b * Fraction(odd, math.prod(range(d, d + sum(powers), 2)))
    return total


def harmonic_parts(p: Polynomial) -> dict[int, Polynomial]:
    r"""The harmonics f_k, homogeneous of degree k with zero Laplacian, whose sum is p on the
    sphere: {k: f_k}, zero parts left out.

    For a homogeneous p of degree j, with n = |x|²,

    .. math:: f_j = \sum_i a_i\, n^i \Delta^i p, \qquad a_0=1,\quad a_i =
              \frac{-a_{i-1}}{2i\,(d+2j-2-2i)},

    and on the sphere p - f_j is a polynomial of degree j - 2, which is treated in the same way.

    Book: ``lem-harmonic-coefficients``.
    Error: none; a float is taken for the binary fraction that it is.
    Raises: ValueError if p is no polynomial in at least 2 variables.

    >>> parts = harmonic_parts({(2, 0): 1})
    >>> parts[0]
    {(0, 0): Fraction(1, 2)}
    >>> parts[2] == {(2, 0): Fraction(1, 2), (0, 2): Fraction(-1, 2)}
    True
    """
    d = dimension(p)
    parts: dict[int, dict] = {}
    for degree in {sum(alpha) for alpha in p}:
        rest = {alpha: Fraction(a) for alpha, a in p.items() if sum(alpha) == degree}
        for j in range(degree, -1, -2):
            harmonic, laplace, a = dict(rest), rest, Fraction(1)
            lower: dict = {}
            for i in range(1, j // 2 + 1):
                laplace, a = _laplacian(laplace), -a / (2 * i * (d + 2 * j - 2 - 2 * i))
                piece = _times_norm({alpha: a * value for alpha, value in laplace.items()}, i - 1)
                add(lower, piece, -1)
                add(harmonic, _times_norm(piece, 1), 1)
            add(parts.setdefault(j, {}), harmonic, 1)
            rest = lower
    return {k: f for k, f in sorted(parts.items()) if f}


# --- arithmetic of polynomials


def monomial(d: int, *powers: int) -> dict[tuple[int, ...], int]:
    """The monomial in d variables with these first exponents and zeros after them.

    Error: none.
    Raises: ValueError unless d >= 2, there are at most d powers, and each is an integer >= 0.

    >>> monomial(4, 2, 1)
    {(2, 1, 0, 0): 1}
    """
    d = integer("d", integer("d", d, at_least=2), at_least=len(powers))
    exponents = [integer("a power", power, at_least=0) for power in powers]
    return {(*exponents, *[0] * (d - len(powers))): 1}


def zonal_harmonic(d: int, k: int) -> dict[tuple[int, ...], Coefficient]:
    """The Legendre polynomial P_k(x_1) of dimension d as a harmonic polynomial, 1 at the pole.

    See: ``lem-harmonic-coefficients``.
    Error: none; the coefficients are fractions.
    Raises: ValueError unless d >= 2 and k >= 0.

    >>> zonal_harmonic(2, 2)
    {(2, 0): Fraction(1, 1), (0, 2): Fraction(-1, 1)}
    """
    (pole,) = power = monomial(d, k)
    f = harmonic_parts(power)[k]
    return {alpha: Fraction(a) / Fraction(f[pole]) for alpha, a in f.items()}


def dimension(p: Polynomial) -> int:
    """The number of variables, or ValueError: exponents are tuples of one length d >= 2,
    coefficients finite real numbers.
    """
    if not isinstance(p, Mapping) or not p:
        raise ValueError(
            f"p must be a non-empty dictionary from exponents to coefficients, got {p!r}"
        )
    lengths = {len(alpha) if isinstance(alpha, tuple) else 0 for alpha in p}
    if len(lengths) != 1 or min(lengths) < 2:
        raise ValueError(
            f"p must have tuples of one length d >= 2 as exponents, got lengths {sorted(lengths)}"
        )
    for alpha, a in p.items():
        for power in alpha:
            integer("an exponent of p", power, at_least=0)
        if not isinstance(a, Rational):
            real("a coefficient of p", a)
    return lengths.pop()


def add(total: dict, p: Polynomial, factor: Coefficient) -> None:
    """total += factor p in place; terms that vanish are dropped."""
    for alpha, a in p.items():
        total[alpha] = total.get(alpha, 0) + factor * a
        if total[alpha] == 0:
            del total[alpha]


def _laplacian(p: Polynomial) -> dict:
    total: dict = {}
    for alpha, a in p.items():
        for i, power in enumerate(alpha):
            if power >= 2:
                add(total, {(*alpha[:i], power - 2, *alpha[i + 1 :]): power * (power - 1) * a}, 1)
    return total


def _times_norm(p: Polynomial, times: int) -> dict:
    """|x|^(2 times) p."""
    for _ in range(times):
        total: dict = {}
        for alpha, a in p.items():
            for i, power in enumerate(alpha):
                add(total, {(*alpha[:i], power + 2, *alpha[i + 1 :]): a}, 1)
        p = total
    return dict(p)
