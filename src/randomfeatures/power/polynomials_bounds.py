r"""Constants that hold for every polynomial of a degree, and the widths that follow from a constant
at every point.

Polynomials are dictionaries, as in :mod:`~randomfeatures.power.polynomials`.
"""

import math

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.foundations.relu_spectrum import relu_eigenvalue
from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.power.polynomials import sampling_constant
from randomfeatures.power.polynomials_harmonics import Polynomial, dimension


def constant_bound(d: int, q: int) -> float:
    r"""An upper bound on sup \|c\| / ‖f‖ for every polynomial f of degree at most q, q even, that
    neurons see, with c its coefficient function.

    .. math:: \frac1{|\eta_q|}\Bigl(\sum_{k\le q}N(d,k)\Bigr)^{1/2}

    The sum is over k = 0, 1 and the even degrees, the only ones that f has.

    Book: ``thm-polynomials-sphere``.
    Error: relative, that of :func:`~randomfeatures.foundations.relu_spectrum.relu_eigenvalue`.
    Raises: ValueError unless d >= 2 and q >= 2 is even.

    >>> round(constant_bound(3, 2), 12)  # 16 sqrt(1 + 3 + 5)
    48.0
    """
    d, q = integer("d", d, at_least=2), integer("q", q, at_least=2)
    if q % 2:
        raise ValueError(f"q must be an even integer >= 2, got {q!r}")
    degrees = [0, 1, *range(2, q + 1, 2)]
    dimensions = sum(multiplicity(d, k) for k in degrees)
    return math.sqrt(dimensions) / abs(relu_eigenvalue(d, q))


def ball_constant_bound(d: int, j: int) -> float:
    r"""An upper bound on sup \|c(v, b)\| / ‖p‖ for every homogeneous polynomial p of degree j on
    the ball, with c its coefficient function there.

    .. math:: 6 \quad (j=0), \qquad 2d^{3/2} \quad (j=1), \qquad
              4j(j-1)\Bigl(\frac{(d+j-1)^j}{j!}\Bigr)^{3/2} \quad (j\ge2)

    Book: ``thm-polynomials-bias``.
    Error: relative, 1e-14.
    Raises: ValueError unless d >= 2 and j >= 0; ArithmeticError where the value is no float.

    >>> [round(ball_constant_bound(4, j), 9) for j in (0, 1, 2)]  # the last is 8 (25/2)^(3/2)
    [6.0, 16.0, 353.553390593]
    """
    d, j = integer("d", d, at_least=2), integer("j", j, at_least=0)
    if j < 2:
        return (6.0, 2 * d**1.5)[j]
    try:
        return 4 * j * (j - 1) * ((d + j - 1) ** j / math.factorial(j)) ** 1.5
    except OverflowError:
        raise ArithmeticError(
            f"ball_constant_bound is above the largest float for d = {d}, j = {j}"
        ) from None


def pointwise_width(p: Polynomial, error: float) -> int:
    r"""A number r of uniform bias-free features with which sampled coefficients have E (p(x) -
    N(x))² <= error at *every* x of the sphere.

    .. math:: r = \Bigl\lceil \frac{C^2}{2d\,\varepsilon} \Bigr\rceil

    with C of :func:`~randomfeatures.power.polynomials.sampling_constant`. For a polynomial with
    odd parts take :func:`~randomfeatures.power.polynomials.homogenize` of it, in d + 1 variables.

    Book: ``thm-polynomials-sphere``, and with a bias ``thm-polynomials-bias``.
    Error: as in :func:`~randomfeatures.power.polynomials.sampling_constant`; an upper bound on the
    width that is needed, not the least.
    Raises: ValueError as :func:`~randomfeatures.power.polynomials.coefficient_function`, or unless
    error > 0.

    >>> pointwise_width({(1, 0, 0): 1}, 0.25)  # C = 6, 36 / (6 / 4)
    24
    """
    moment = sampling_constant(p) ** 2 / (2 * dimension(p))
    return max(1, math.ceil(moment / real("error", error, above=0) * (1 - 1e-12)))
