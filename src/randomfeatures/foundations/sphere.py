"""The unit sphere S^{d-1} in R^d: spherical harmonics by degree, and samples.

For d = 1 the sphere is the two points -1 and 1.
"""

import math

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, generator, integer, real_array, shown

MOST_NUMBERS = 10**12
"""More rows or columns fit in no memory."""

MOST_DEGREES = 10**9
"""Factorials and recurrences beyond this degree never end."""


def multiplicity(d: int, k: int) -> int:
    r"""N(d, k): the dimension of the spherical harmonics of degree k on S^{d-1}, exactly.

    .. math:: N(d,k) = \binom{k+d-1}{k} - \binom{k+d-3}{k-2}

    Homogeneous polynomials of degree k, less those that are a multiple of the squared norm.

    Book: ``lem-multiplicity``.
    Error: none, the result is exact.
    Raises: ValueError if d < 1 or k < 0.

    >>> [[multiplicity(d, k) for k in range(4)] for d in (1, 2, 3)]
    [[1, 1, 0, 0], [1, 2, 2, 2], [1, 3, 5, 7]]
    >>> multiplicity(10**30, 1)
    1000000000000000000000000000000
    """
    d, k = integer("d", d, at_least=1), integer("k", k, at_least=0)
    if min(d, k) > MOST_DEGREES:
        got = f"d = {shown(d)} and k = {shown(k)}"
        raise ValueError(f"d or k must be an integer <= {MOST_DEGREES}, got {got}")
    return math.comb(k + d - 1, k) - (math.comb(k + d - 3, k - 2) if k >= 2 else 0)


def gegenbauer(d: int, k: int, t: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""P_k(t): the Legendre polynomial of degree k in dimension d, with P_k(1) = 1.

    As a function of the cosine t it is the zonal harmonic.

    .. math:: (k+d-2)\,P_{k+1}(t) = (2k+d-2)\,t\,P_k(t) - k\,P_{k-1}(t)

    It is the Gegenbauer polynomial of index (d-2)/2 divided by its value at 1: Chebyshev's for d =
    2, Legendre's for d = 3. With the law of t of two independent uniform points, E P_k(t)^2 = 1 /
    N(d, k).

    Source: Müller (1966).
    Error: absolute, 2e-15 (k + 1) at most, near t = 1 and -1; much less elsewhere and for large d.
    |P_k| <= 1.
    Raises: ValueError if d < 1, k < 0, k > 1 for d = 1 (there are no such harmonics), or t is not
    in [-1, 1].

    >>> import numpy as np
    >>> gegenbauer(3, 2, np.array([0.0, 0.5, 1.0]))
    array([-0.5  , -0.125,  1.   ])
    """
    d, k = _degree(d, "k", k)
    t = real_array("t", t, at_least=-1, at_most=1)
    xp = array_namespace(t)
    before, value = xp.ones_like(t), t
    if k == 0:
        return before
    for n in range(1, k):
        before, value = (
            value,
            (2 * n + d - 2) / (n + d - 2) * (t * value) - n / (n + d - 2) * before,
        )
    return value


def monomial_eigenvalue(d: int, m: int, k: int) -> float:
    r"""mu_{m,k}: the eigenvalue of the kernel <theta, theta'>^m on the harmonics of degree k.

    With theta' uniform on S^{d-1},

    .. math:: \mu_{m,k} = \mathbb E\,t^m P_k(t) = \frac{m!}{(m-k)!!\;d(d+2)\cdots(d+m+k-2)}
              \qquad (k\le m,\ m-k\ \text{even}),

    otherwise 0; (2j)!! = 2^j j!. In Gamma functions it is

    .. math:: \frac{m!}{2^k(m-k)!}\,
              \frac{\Gamma(d/2)\,\Gamma((m-k+1)/2)}{\sqrt\pi\,\Gamma((m+k+d)/2)} ,

    but as a quotient of two integers it is formed exactly and rounded once.

    Book: ``prop-concentration-spectrum``.
    Error: relative, half a unit in the last place; 0.0 for a positive value below the smallest
    float, see :func:`log_monomial_eigenvalue`.
    Raises: ValueError if d < 1, m < 0, k < 0, or k > 1 for d = 1 (there are no such harmonics).

    >>> monomial_eigenvalue(4, 1, 1), monomial_eigenvalue(4, 2, 0), monomial_eigenvalue(4, 2, 1)
    (0.25, 0.25, 0.0)
    """
    numerator, denominator = _monomial_quotient(d, m, k)
    return numerator / denominator


def log_monomial_eigenvalue(d: int, m: int, k: int) -> float:
    """The logarithm of :func:`monomial_eigenvalue`, for values too small for a float.

    It is -inf where the eigenvalue is zero.

    Book: ``prop-concentration-spectrum``.
    Error: absolute, 1e-15 times the logarithm of the denominator there.
    Raises: ValueError as there.

    >>> log_monomial_eigenvalue(4, 1, 0), round(log_monomial_eigenvalue(10**6, 100, 100))
    (-inf, -1018)
    """
    numerator, denominator = _monomial_quotient(d, m, k)
    return math.log(numerator) - math.log(denominator) if numerator else -math.inf


def cosine_moment(d: int, power: int) -> float:
    r"""E t^power for the cosine t = <theta, theta'> of two independent uniform points of S^{d-1}.

    .. math:: \mathbb E\,t^{2k} = \frac{1\cdot3\cdots(2k-1)}{d(d+2)\cdots(d+2k-2)}, \qquad
              \mathbb E\,t^{2k+1} = 0

    See: ``thm-concentration``.
    Error: relative, half a unit in the last place; 0.0 for a positive value below the smallest
    float.
    Raises: ValueError if d < 1 or power < 0.

    >>> cosine_moment(5, 2), cosine_moment(5, 3), cosine_moment(1, 8)
    (0.2, 0.0, 1.0)
    """
    return monomial_eigenvalue(d, integer("power", power, at_least=0), 0)


def sample_sphere(rng: np.random.Generator, n: int, d: int) -> Float[np.ndarray, "{n} {d}"]:
    """``n`` independent uniform points of the unit sphere S^{d-1}, one a row.

    A standard Gaussian vector divided by its length: its law does not change under rotations.

    Error: each row has length 1 up to 4 units in the last place.
    Raises: ValueError if ``rng`` is no numpy Generator, n < 0 or d < 1, or one is beyond memory.

    >>> import numpy as np
    >>> sample_sphere(np.random.default_rng(0), 3, 2).shape
    (3, 2)
    """
    rng = generator("rng", rng)
    n = integer("n", n, at_least=0, at_most=MOST_NUMBERS)
    x = rng.standard_normal((n, integer("d", d, at_least=1, at_most=MOST_NUMBERS)))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def sample_cosines(rng: np.random.Generator, n: int, d: int) -> Float[np.ndarray, "{n}"]:
    """``n`` independent samples of <theta, theta'> for independent uniform points of S^{d-1}.

    It has the law of the first coordinate of one of them.

    A standard Gaussian number g and the rest of the vector through its squared length alone, so
    time and memory do not depend on d.

    Error: relative, a few units in the last place.
    Raises: ValueError if ``rng`` is no numpy Generator, n < 0, d < 1 or d > 1e300.

    >>> import numpy as np
    >>> sample_cosines(np.random.default_rng(0), 4, 10**6).shape
    (4,)
    """
    rng = generator("rng", rng)
    n = integer("n", n, at_least=0, at_most=MOST_NUMBERS)
    d = integer("d", d, at_least=1, at_most=10**300)
    g = rng.standard_normal(n)
    rest = rng.chisquare(d - 1, n) if d > 1 else np.zeros(n)
    return g / np.sqrt(g * g + rest)


def _degree(d: int, name: str, k: int) -> tuple[int, int]:
    d = integer("d", d, at_least=1)
    return d, integer(name, k, at_least=0, at_most=1 if d == 1 else MOST_DEGREES)


def _monomial_quotient(d: int, m: int, k: int) -> tuple[int, int]:
    d, k = _degree(d, "k", k)
    m = integer("m", m, at_least=0, at_most=MOST_DEGREES)
    if k > m or (m - k) % 2:
        return 0, 1
    half = (m - k) // 2
    return math.factorial(m), 2**half * math.factorial(half) * math.prod(range(d, d + m + k, 2))
