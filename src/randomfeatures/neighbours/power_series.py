r"""Power series: a network around its first weights, order by order in the step of the weights.

The network is :math:`f(W,x)=m^{-1/2}\sum_ia_i\sigma(\langle w_i,x\rangle)` with a_i = ±1 and inputs
of length 1; δ_i is the step of the weight w_i.
"""

import math

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float
from scipy import special

from randomfeatures.foundations.arguments import Array, integer, real, real_array


def series_remainder(steps: Float[Array, " m"], order: int, bound: float = 1.0) -> float:
    r"""Upper bound on what the orders above K of the series contribute, at every input of length 1.

    .. math:: \frac M{\sqrt m\,(K+1)!} \sum_{i\le m} \|\delta_i\|^{K+1},
              \qquad |\sigma^{(K+1)}| \le M

    ``steps`` are the lengths of the δ_i, ``order`` is K, ``bound`` is M.

    Book: ``thm-power-series``.
    Error: relative, 1e-15 (K + 2).
    Raises: ValueError unless steps is a vector of at least one number >= 0, order >= 0, bound >= 0,
    or if a term of the sum overflows, which takes a length above 700 or an order above 10000.

    >>> series_remainder([1.0, 1.0, 1.0, 1.0], 1)
    1.0
    """
    steps = np.asarray(real_array("steps", steps, ndim=1, at_least=0), dtype=float)
    if not len(steps):
        raise ValueError(f"steps must hold at least one length, got shape {steps.shape}")
    following = integer("order", order, at_least=0) + 1
    bound = real("bound", bound, at_least=0)
    terms = np.ones(len(steps))
    with np.errstate(over="ignore"):
        for k in range(1, following + 1):
            terms = terms * steps / k
        total = bound * float(np.sum(terms)) / math.sqrt(len(steps))
    return real("the bound for these steps", total)


def kernel_of_orders(
    coefficients: Float[Array, " terms"],
    scale: float,
    rho: Float[Array, "*s"],
    order: int | None = None,
) -> Float[Array, "*s"]:
    r"""The mean kernel of the features of order 0 to K, or of all orders, at a correlation ρ.

    .. math:: \sum_{k\le K} \frac{(s^2\rho)^k}{k!}\,\kappa^{(k)}(\rho)
              = \sum_j c_j^2\rho^j \sum_{k\le K} \binom jk s^{2k}
              \ \to\ \kappa\bigl((1+s^2)\rho\bigr)

    where :math:`\kappa(\rho)=\sum_jc_j^2\rho^j` and ``coefficients`` are the orthonormal Hermite
    coefficients c_0, c_1, ... of σ, ``scale`` is s and ``order`` is K.

    Book: ``thm-power-series``.
    Error: relative to the value at \|ρ\|, 1e-14 (1 + the number of coefficients), for the
    coefficients given; the terms beyond are left out.
    Raises: ValueError unless coefficients is a vector, scale >= 0, -1 <= rho <= 1, order >= 0, or
    if the value at ρ = 1 is not finite.

    >>> import numpy as np
    >>> kernel_of_orders([0.0, 1.0], 1.0, np.array([0.5]))  # a linear network: (1 + s²) ρ
    array([1.])
    >>> kernel_of_orders([0.0, 1.0], 1.0, np.array([0.5]), order=0)
    array([0.5])
    """
    c = np.asarray(real_array("coefficients", coefficients, ndim=1), dtype=float)
    square = real("scale", scale, at_least=0) ** 2
    rho = real_array("rho", rho, at_least=-1, at_most=1)
    power = np.arange(len(c))
    with np.errstate(divide="ignore", over="ignore"):
        weight = np.exp(2 * np.log(np.abs(c)) + power * math.log1p(square))
    if order is not None:
        # The sum over k is (1 + s²)^j times a binomial probability.
        kept = np.minimum(integer("order", order, at_least=0), power)
        weight = weight * special.bdtr(kept, power, square / (1 + square))
    real("the value at rho = 1", float(np.sum(weight)))
    total = array_namespace(rho).zeros_like(rho)
    for size in weight[::-1]:
        total = total * rho + float(size)
    return total
