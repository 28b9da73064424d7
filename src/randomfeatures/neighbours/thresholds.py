r"""Threshold neurons 1{⟨w, x⟩ > b} and the product of two signs, sign(x_1) sign(x_2).

Inputs are standard Gaussian; the target is rotated in the plane by an angle that is uniform where
a mean over it is taken.
"""

import math

from array_api_compat import array_namespace
from jaxtyping import Float
from scipy.special import polygamma

from randomfeatures.foundations.arguments import Array, integer, real, real_array


def quadrant_tail(r: int) -> float:
    r"""tail_r: the least error of r fixed features of any kind, in mean over the target's rotation.

    .. math:: \sum_{i>r} \Lambda_i, \qquad
              \Lambda = \tfrac4{\pi^2(2j+1)^2},\ j = 0, 1, \dots, \text{ each twice}

    Book: ``thm-thresholds``.
    Error: relative, 1e-13.
    Raises: ValueError unless r ≥ 0; ArithmeticError where it is no float.

    >>> quadrant_tail(0), round(quadrant_tail(2) * math.pi**2, 9)
    (1.0, 1.869604401)
    """
    pairs, half = divmod(integer("r", r, at_least=0), 2)
    if r > 10**300:
        raise ArithmeticError(f"quadrant_tail is below 1e-300 for r = 10**{len(str(r)) - 1}")
    if r == 0:
        return 1.0
    first = (2 / (math.pi * (2 * pairs + 1))) ** 2
    beyond = 2 / math.pi**2 * float(polygamma(1, pairs + 1.5))
    return beyond + (first if half else 2 * first)


def threshold_floor(beta: float) -> float:
    r"""A lower bound on the error of one layer whose nonzero biases are at least β in size.

    .. math:: 1 - e^{-\beta^2/2}

    the probability of the disc that no line of such a neuron meets; the same for every rotation.

    Book: ``thm-thresholds``.
    Error: relative, 1e-15.
    Raises: ValueError unless beta ≥ 0.

    >>> threshold_floor(0.0), round(threshold_floor(math.sqrt(2 * math.log(2))), 12)
    (0.0, 0.5)
    """
    beta = real("beta", beta, at_least=0)
    return -math.expm1(-(min(beta, 1e150) ** 2) / 2)


def parity_network(x: Float[Array, "n q"]) -> Float[Array, " n"]:
    r"""The product of the signs of q numbers by q + q threshold neurons in two hidden layers.

    .. math:: (-1)^q\Bigl(1 + 2\sum_{j\le q} (-1)^j\,\mathbf 1\{s \ge j\}\Bigr), \qquad
              s = \sum_i \mathbf 1\{x_i > 0\}

    Book: ``thm-thresholds``.
    Error: none, the result is 1 or -1; a zero counts as negative.
    Raises: ValueError unless x is a matrix of finite numbers with at least one column.

    >>> parity_network([[1.0, 2.0], [-1.0, 2.0], [-1.0, -2.0]])
    array([ 1., -1.,  1.])
    """
    x = real_array("x", x, ndim=2)
    q = x.shape[1]
    if q == 0:
        raise ValueError(f"x must have at least one column, got shape {tuple(x.shape)}")
    xp = array_namespace(x)
    first = xp.astype(x > 0, x.dtype)
    count = xp.sum(first, axis=1)
    second = [xp.astype(count > j - 0.5, x.dtype) for j in range(1, q + 1)]
    total = 1 + 2 * sum((-1) ** j * neuron for j, neuron in enumerate(second, start=1))
    return (-1) ** q * total
