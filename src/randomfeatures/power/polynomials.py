r"""Which polynomials random ReLU features reach, with explicit coefficients and widths.

A polynomial in d variables is a dictionary from exponents to coefficients: ``{(1, 1, 0): 2}`` is 2
x_1 x_2 in dimension 3. Integers and fractions stay exact. Weights w and inputs x are uniform on the
unit sphere S^{d-1}, ‖f‖² = E f(x)², unless a function says otherwise.
"""

import math

from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, integer, real, real_array, real_arrays
from randomfeatures.foundations.relu_spectrum import relu_eigenvalue
from randomfeatures.foundations.sphere import log_monomial_eigenvalue, multiplicity
from randomfeatures.power.polynomials_harmonics import (
    Coefficient,
    Polynomial,
    add,
    dimension,
    evaluate,
    harmonic_parts,
    inner_product,
)


def coefficient_function(p: Polynomial) -> dict[tuple[int, ...], float]:
    r"""The polynomial c with p(x) = E_w c(w) [<w, x>]_+ on the sphere, w uniform on it; of all such
    c the one with the least E c².

    .. math:: c = \sum_k f_k / \eta_k

    Book: ``thm-polynomials-sphere``.
    Error: relative, that of :func:`~randomfeatures.foundations.relu_spectrum.relu_eigenvalue`.
    Raises: ValueError if p has a harmonic of odd degree >= 3, which no bias-free ReLU can see
    (``prop-blind-polynomials``).

    >>> coefficient_function({(1, 0, 0): 1})
    {(1, 0, 0): 6.0}
    """
    total: dict[tuple[int, ...], float] = {}
    for k, f in _visible_parts(p).items():
        add(
            total, {alpha: float(a) for alpha, a in f.items()}, 1 / relu_eigenvalue(dimension(p), k)
        )
    return total


def sampling_second_moment(p: Polynomial) -> float:
    r"""E c(w)² ‖σ_w‖², with c the coefficient function and ‖σ_w‖² = 1/(2d): the second moment of
    one sampled term.

    .. math:: \frac1{2d}\sum_k \frac{\|f_k\|^2}{\eta_k^2}

    Book: ``thm-polynomials-sphere``.
    Error: relative, twice that of
    :func:`~randomfeatures.foundations.relu_spectrum.relu_eigenvalue`.
    Raises: ValueError as :func:`coefficient_function`.

    >>> round(sampling_second_moment({(1, 0, 0): 1}), 12)  # 4 d²/(2 d²)
    2.0
    """
    d = dimension(p)
    return sum(
        float(inner_product(f, f)) / relu_eigenvalue(d, k) ** 2
        for k, f in _visible_parts(p).items()
    ) / (2 * d)


def sampling_constant(p: Polynomial) -> float:
    r"""C: an upper bound on \|c(w)\| over the sphere, c the coefficient function; it sums the
    smaller of two bounds over the degrees.

    .. math:: \sum_k \frac1{|\eta_k|} \min\Bigl(\sqrt{N(d,k)}\,\|f_k\|,\ \sum_\alpha |f_{k,\alpha}|
              \prod_i(\alpha_i/k)^{\alpha_i/2}\Bigr)

    The first is an equality for zonal harmonics and linear functions, the second for a single
    monomial, as x_1 x_2 ... x_k.

    Book: ``thm-polynomials-sphere``.
    Error: relative, that of :func:`~randomfeatures.foundations.relu_spectrum.relu_eigenvalue`.
    Raises: ValueError as :func:`coefficient_function`.

    >>> sampling_constant({(3, 0): 1, (1, 2): 1, (0, 0): 0})  # on the circle this is x_1
    4.0
    """
    d = dimension(p)
    return sum(_sup_bound(f, k) / abs(relu_eigenvalue(d, k)) for k, f in _visible_parts(p).items())


def width(p: Polynomial, error: float) -> int:
    r"""A number r of uniform bias-free ReLU features with which sampled coefficients reach E ‖p -
    N‖² <= error; the least such r.

    .. math:: r = \Bigl\lceil \frac1\varepsilon\Bigl(\sum_k\frac{\|f_k\|^2}{2d\,\eta_k^2} -
              \|p\|^2\Bigr) \Bigr\rceil

    Book: ``thm-polynomials-sphere``.
    Error: the ratio is computed with relative error 1e-15 (d + degree); where that passes an
    integer, r is off by one.
    Raises: ValueError as :func:`coefficient_function`, or unless error > 0.

    >>> width({(1, 0, 0, 0, 0): 1}, 0.09)  # (2 - 1/5) / 0.09
    20
    """
    excess = sampling_second_moment(p) - float(inner_product(p, p))
    return max(1, math.ceil(excess / real("error", error, above=0) * (1 - 1e-12)))


def second_moment_bound(d: int, q: int) -> float:
    r"""An upper bound on E c(w)² ‖σ_w‖² / ‖f‖² for every polynomial f of degree at most q, q even,
    that neurons see.

    .. math:: M \le \frac{\|f\|^2}{2d\,\eta_q^2} \le \frac{\pi\,(d+q-1)^q}{((q-3)!!)^2}\,\|f\|^2,
              \qquad (-1)!! = 1

    This is the last of the three; divided by the error it is a width that suffices for every such f
    of norm 1.

    Book: ``thm-polynomials-sphere``.
    Error: relative, 1e-15.
    Raises: ValueError unless d >= 2 and q >= 2 is even; ArithmeticError where the value is no
    float.

    >>> second_moment_bound(3, 2) == 16 * math.pi
    True
    """
    d, q = integer("d", d, at_least=2), integer("q", q, at_least=2)
    if q % 2:
        raise ValueError(f"q must be an even integer >= 2, got {q!r}")
    try:
        return math.pi * ((d + q - 1) ** q / math.prod(range(1, q - 2, 2)) ** 2)
    except OverflowError:
        raise ArithmeticError(
            f"second_moment_bound is above the largest float for d = {d}, q = {q}"
        ) from None


def harmonics_need(d: int, q: int, error: float) -> float:
    r"""The number of features, of any kind, below which some harmonic of degree q and norm 1 has a
    larger error.

    .. math:: r \ge (1-\varepsilon)\,N(d,q)

    Book: ``prop-polynomials-lower``.
    Error: relative, 1e-15.
    Raises: ValueError unless d >= 1, q >= 0 and 0 <= error <= 1.

    >>> harmonics_need(3, 2, 0.0)
    5.0
    """
    return (1 - real("error", error, at_least=0, at_most=1)) * multiplicity(d, q)


def training_budget(C: float, error: float, d: int | None = None) -> tuple[int, int]:
    r"""Width r and steps T with which gradient descent on both layers learns f up to ``error``
    above its loss.

    .. math:: r = \Bigl\lceil\max\Bigl(\frac{2\,C^{5/2}}{\epsilon^{3/2}},
              \frac{12\,C^2}{d\,\epsilon^2}\Bigr)\Bigr\rceil,
              \qquad T = \Bigl\lceil\frac{4C^2}{\epsilon^2}\Bigr\rceil

    for f on the sphere of R^d with C of :func:`sampling_constant`. Without ``d``: on the ball, with
    C at least twice
    :func:`ball_constant`; the second term is then :math:`2C^2/\epsilon^2`.

    Book: ``cor-sgd-learns-polynomials``.
    Error: the numbers before rounding up have a relative error of 1e-15; where that passes an
    integer, one is off by one.
    Raises: ValueError unless C > 0, 0 < error <= C, and d >= 2 or None.

    >>> training_budget(4.0, 1.0, d=10), training_budget(4.0, 1.0)
    ((64, 64), (64, 64))
    >>> training_budget(4.0, 0.01, d=2), training_budget(4.0, 0.01)
    ((960000, 640000), (320000, 640000))
    """
    C = real("C", C, above=0)
    error = real("error", error, above=0, at_most=C)
    share = 2.0 if d is None else 12 / integer("d", d, at_least=2)
    ratio = C / error
    width = max(2 * C * ratio**1.5, share * ratio**2)
    return math.ceil(width * (1 - 1e-12)), math.ceil(4 * ratio**2 * (1 - 1e-12))


def blind_energy(p: Polynomial) -> Coefficient:
    r"""The squared norm of the harmonics of odd degree >= 3: the error that every bias-free ReLU
    network keeps, and the infimum.

    .. math:: \sum_{k=3,5,\dots} \|f_k\|^2

    Book: ``prop-blind-polynomials``.
    Error: none for integers and fractions.
    Raises: ValueError if p is no polynomial.

    >>> blind_energy({(1, 1, 1): 1}), blind_energy({(1, 1, 0): 1})
    (Fraction(1, 105), 0)
    """
    return sum(inner_product(f, f) for k, f in harmonic_parts(p).items() if k % 2 and k >= 3)


# --- with a bias


def homogenize(p: Polynomial) -> dict[tuple[int, ...], Coefficient]:
    r"""F: a homogeneous polynomial of even degree m in d + 1 variables with F((x, 1)/√2) = p(x) for
    all x; m is p's degree, rounded up.

    .. math:: F(y) = 2^{m/2} \sum_j p_j(y_1,\dots,y_d)\, y_{d+1}^{m-j}

    It has harmonics of even degrees only, so bias-free neurons of (x, 1)/√2, which are neurons of x
    with a bias, can see it.

    Book: ``thm-polynomials-bias``.
    Error: none for integers and fractions.
    Raises: ValueError if p is no polynomial.

    >>> homogenize({(1, 1, 1): 1})
    {(1, 1, 1, 1): 4}
    """
    dimension(p)
    degree = max(sum(alpha) for alpha in p)
    m = degree + degree % 2
    return {(*alpha, m - sum(alpha)): 2 ** (m // 2) * a for alpha, a in p.items()}


def power_coefficients(p: Polynomial) -> dict[int, dict[tuple[int, ...], float]]:
    r"""{j: c_j}: for each homogeneous component p_j of p a polynomial c_j with p_j(x) = E_v c_j(v)
    <v, x>^j, for all x in R^d.

    .. math:: c_j = \sum_k \frac{p_{j,k}}{\mu_{j,k}}, \qquad p_j = \sum_k |x|^{j-k} p_{j,k}, \quad
              \mu_{j,k} = \frac{j!}{(j-k)!!\;d(d+2)\cdots(d+j+k-2)}

    v is uniform on the sphere and c_j, a sum of harmonics p_{j,k}, is evaluated there.

    Book: ``thm-polynomials-bias``.
    Error: relative, 1e-13 (d + j).
    Raises: ValueError if p is no polynomial.

    >>> parts = power_coefficients({(1, 0): 1, (1, 1): 1})
    >>> {j: {alpha: round(a, 9) for alpha, a in c.items()} for j, c in parts.items()}
    {1: {(1, 0): 2.0}, 2: {(1, 1): 4.0}}
    """
    d = dimension(p)
    result: dict[int, dict[tuple[int, ...], float]] = {}
    for j in sorted({sum(alpha) for alpha in p}):
        component = {alpha: a for alpha, a in p.items() if sum(alpha) == j}
        result[j] = {}
        for k, f in harmonic_parts(component).items():
            add(
                result[j],
                {alpha: float(a) for alpha, a in f.items()},
                math.exp(-log_monomial_eigenvalue(d, j, k)),
            )
    return result


def ball_coefficient(
    p: Polynomial, v: Float[Array, "n d"], b: Float[Array, " n"]
) -> Float[Array, " n"]:
    r"""c(v, b) with p(x) = E c(v, b) [<v, x> - b]_+ for all \|x\| <= 1; v uniform on the sphere, b
    uniform on [-1, 1], independent.

    .. math:: c(v,b) = -6b\,p_0 + 2d\,p_1(v) + \sum_{j\ge2} 4j(j-1)\,[b]_+^{j-2}\,\mathbf
              1_{b>0}\,c_j(v)

    Book: ``thm-polynomials-bias``.
    Error: relative to the sum of the absolute values of the terms, 1e-13 (d + degree).
    Raises: ValueError if p is no polynomial, v and b are no finite arrays with n rows, or \|b\| >
    1.

    >>> import numpy as np
    >>> ball_coefficient({(0, 0): 1, (0, 1): 1}, np.array([[0.6, 0.8]]), np.array([0.5])).round(9)
    array([0.2])
    """
    v, b = real_arrays(v=v, b=b, ndim=(2, 1))
    xp = array_namespace(real_array("b", b, at_least=-1, at_most=1))
    if v.shape[0] != b.shape[0]:
        raise ValueError(f"b must have one entry for each row of v, {v.shape[0]}, got {b.shape[0]}")
    total = xp.zeros_like(b)
    positive = xp.astype(b > 0, b.dtype)
    for j, c in power_coefficients(p).items():
        values = evaluate(c, v) if c else xp.zeros_like(b)
        profile = (
            -6 * b
            if j == 0
            else 2 * xp.ones_like(b)
            if j == 1
            else 4 * j * (j - 1) * positive * xp.abs(b) ** (j - 2)
        )
        total = total + profile * values
    return total


def ball_constant(p: Polynomial) -> float:
    r"""C: an upper bound on \|c(v, b)\| for :func:`ball_coefficient`, by the bounds on harmonics of
    :func:`sampling_constant`.

    .. math:: C = 6\,|p_0| + 2d\,\sup|p_1| + \sum_{j\ge2} 4j(j-1) \sum_k
              \frac{\sup|p_{j,k}|}{\mu_{j,k}}

    Book: ``thm-polynomials-bias``.
    Error: relative, 1e-13 (d + degree).
    Raises: ValueError if p is no polynomial.

    >>> round(ball_constant({(0, 0): 1, (0, 1): 1}), 9)
    10.0
    """
    d, total = dimension(p), 0.0
    for j in {sum(alpha) for alpha in p}:
        component = {alpha: a for alpha, a in p.items() if sum(alpha) == j}
        factor = {0: 6.0, 1: 2.0}.get(j, 4.0 * j * (j - 1))
        for k, f in harmonic_parts(component).items():
            total += factor * _sup_bound(f, k) * math.exp(-log_monomial_eigenvalue(d, j, k))
    return total


def ball_width(p: Polynomial, error: float) -> int:
    r"""A number r of features [<v, x> - b]_+ with which sampled coefficients have E (p(x) - N(x))²
    <= error at every \|x\| <= 1.

    .. math:: r = \Bigl\lceil \frac{C^2}{2\varepsilon}\Bigl(\frac1d+\frac13\Bigr) \Bigr\rceil

    Book: ``thm-polynomials-bias``.
    Error: as in :func:`ball_constant`; an upper bound on the width that is needed, not the least.
    Raises: ValueError if p is no polynomial or unless error > 0.

    >>> ball_width({(0, 0, 0): 1}, 0.1)  # 36 / 0.2 * (1/3 + 1/3)
    120
    """
    moment = ball_constant(p) ** 2 * (1 / dimension(p) + 1 / 3) / 2
    return math.ceil(moment / real("error", error, above=0) * (1 - 1e-12))


def _visible_parts(p: Polynomial) -> dict[int, Polynomial]:
    """The harmonic parts, or ValueError if one has an odd degree >= 3."""
    parts = harmonic_parts(p)
    blind = [k for k in parts if k % 2 and k >= 3]
    if blind:
        raise ValueError(
            f"p must have no harmonic part of odd degree >= 3 on the sphere, got degrees {blind}"
        )
    return parts


def _sup_bound(f: Polynomial, k: int) -> float:
    """An upper bound on |f| over the sphere for a harmonic of degree k."""
    by_norm = math.sqrt(multiplicity(dimension(f), k) * float(inner_product(f, f)))
    by_monomials = sum(
        abs(float(a)) * math.prod((i / k) ** (i / 2) for i in alpha if i) for alpha, a in f.items()
    )
    return min(by_norm, by_monomials)
