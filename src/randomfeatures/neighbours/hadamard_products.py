r"""Products of n ReLU neurons as features: kernel, law of degrees, extrapolation.

A feature is f(x) = Π_i [⟨w_i, x⟩]_+, i ≤ n, with independent standard Gaussian weights w_i.
"""

import math

import numpy as np
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, integer, real, real_arrays
from randomfeatures.foundations.hermite import relu_coefficients
from randomfeatures.power.kernels import arc_cosine


def degree_law(factors: int, max_degree: int) -> Float[np.ndarray, "{max_degree}+1"]:
    r"""The shares of the degrees 0, ..., M = ``max_degree`` in the energy of products of n neurons.

    .. math:: p^{*n}, \qquad p_m = 2c_m^2, \quad c_m \text{ the Hermite coefficients of the ReLU}

    Book: ``thm-product-features``.
    Error: absolute, 1e-15 n. The shares up to M do not add up to 1: the rest is in higher degrees.
    Raises: ValueError unless factors ≥ 1 and max_degree ≥ 0.

    >>> degree_law(1, 3) * math.pi  # 1, π/2, 1/2, 0
    array([1.        , 1.57079633, 0.5       , 0.        ])
    """
    factors = integer("factors", factors, at_least=1)
    max_degree = integer("max_degree", max_degree, at_least=0)
    one = 2 * relu_coefficients(max_degree) ** 2
    law = one
    for _ in range(factors - 1):
        law = np.convolve(law, one)[: max_degree + 1]
    return law


def product_kernel(
    x: Float[Array, "n d"], y: Float[Array, "m d"], factors: int, *, tangent: bool = False
) -> Float[Array, "n m"]:
    r"""The kernel of products of n neurons, or the tangent kernel of a network of them.

    .. math:: K = \bigl(\tfrac12k_1\bigr)^n, \qquad
              \Theta = K + \langle x,y\rangle\,\tfrac n2\,k_0\,\bigl(\tfrac12k_1\bigr)^{n-1}

    k_0, k_1 are the arc-cosine kernels of degree 0 and 1. The network is Σ_j a_j f_j(x) / √width,
    with standard Gaussian a_j; all its weights are trained. On unit vectors, as power series in
    their cosine, Θ has 1 + m times the coefficient of K in degree m.

    Book: ``thm-product-features``.
    Error: relative to (|x| |y|)^n, 4e-15 n.
    Raises: ValueError unless factors ≥ 1, and as
    :func:`~randomfeatures.power.kernels.arc_cosine`.

    >>> x = np.array([[1.0, 0.0]])
    >>> product_kernel(x, x, 2), product_kernel(x, x, 2, tangent=True)
    (array([[0.25]]), array([[0.75]]))
    """
    factors = integer("factors", factors, at_least=1)
    x, y = real_arrays(x=x, y=y, ndim=2)
    half = arc_cosine(x, y, 1, 1) / 2
    if not tangent:
        return half**factors
    step = arc_cosine(x, y, 0, 1) / 2
    return half**factors + (x @ y.T) * factors * step * half ** (factors - 1)


def extrapolation_error(factors: int, degree: int, radius: float) -> float:
    r"""The relative squared error at radius t of products that fit a polynomial on the unit sphere.

    .. math:: (1-t^{n-p})^2, \qquad n = \mathtt{factors}

    for a homogeneous polynomial of degree p = ``degree`` that a combination of products equals
    at radius 1: at every point, hence in every mean.

    Book: ``thm-product-features``.
    Error: relative to the larger of the two terms in the difference, 1e-14.
    Raises: ValueError unless factors ≥ 1, degree ≥ 0 and radius > 0; ArithmeticError where the
    error is no float.

    >>> [extrapolation_error(factors, 2, 4.0) for factors in (1, 2, 3)]
    [0.5625, 0.0, 9.0]
    """
    power = integer("factors", factors, at_least=1) - integer("degree", degree, at_least=0)
    radius = real("radius", radius, above=0)
    if 2 * power * math.log(radius) > 700:
        raise ArithmeticError(f"the error is above the largest float for radius = {radius!r}")
    return math.expm1(power * math.log(radius)) ** 2
