r"""The square x² on [0, 1] by ReLU networks: kinks at random, kinks at the best places, and depth.

All errors are mean squares on [0, 1].
"""

import math
from collections.abc import Sequence

import numpy as np
import scipy.linalg
from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, integer, real_array


def square_error_bound(widths: Sequence[int]) -> float:
    r"""No ReLU network of these widths has a smaller mean squared error for x² on [0, 1].

    .. math:: \frac1{180}\prod_l(n_l+1)^{-4}, \qquad n_l \text{ neurons in the hidden layer } l

    With one hidden layer it is attained, by equally spaced kinks and an affine term.

    Book: ``thm-square``.
    Error: relative, 1e-15 for each layer.
    Raises: ValueError unless all widths are integers ≥ 0.

    >>> round(1 / square_error_bound([3])), round(1 / square_error_bound([3, 3]))
    (46080, 11796480)
    """
    bound = 1 / 180
    for width in widths:
        bound /= (integer("width", width, at_least=0) + 1) ** 4
    return bound


def square_by_depth(x: Float[Array, "*s"], depth: int) -> Float[Array, "*s"]:
    r"""x² on [0, 1] by a network of L = ``depth`` hidden layers, three neurons in each.

    .. math:: f_L(x) = x - \sum_{l=1}^L 4^{-l}\,g^{\circ l}(x), \qquad g(x) = 2[x]_+-4[x-\tfrac12]_+

    Two neurons make the next tent, the third carries the sum: each layer is affine in the last.

    Book: ``thm-square``.
    Error: of f_L, absolute, 1e-15. Its distance from x² is exactly in the book.
    Raises: ValueError unless 0 ≤ x ≤ 1 and depth ≥ 0.

    >>> square_by_depth([0.0, 0.25, 0.5, 1.0], 1)
    array([0.   , 0.125, 0.25 , 1.   ])
    """
    x, depth = real_array("x", x, at_least=0, at_most=1), integer("depth", depth, at_least=0)
    relu = array_namespace(x).clip
    tent = total = x
    for layer in range(1, depth + 1):
        first, second, carried = relu(tent, 0), relu(tent - 0.5, 0), relu(total, 0)
        tent = 2 * first - 4 * second
        total = carried - 0.25**layer * tent
    return total


def random_kinks_bounds(kinks: int) -> tuple[float, float]:
    r"""Bounds on the mean over N uniform random kinks of the least error, all coefficients fitted.

    .. math:: \frac23\,\frac{(N+1)!}{(N+5)!} \quad\text{and}\quad \frac{(N+1)!}{(N+5)!}

    Book: ``thm-square``.
    Error: relative, 1e-15.
    Raises: ValueError unless kinks ≥ 1.

    >>> [round(1 / bound) for bound in random_kinks_bounds(1)]
    [540, 360]
    """
    kinks = integer("kinks", kinks, at_least=1)
    upper = 1 / math.prod(range(kinks + 2, kinks + 6))
    return 2 / 3 * upper, upper


def square_fit_error(kinks: Float[Array, " n"]) -> float:
    r"""The least error for x² of α + βx + Σ_i c_i [x - t_i]_+ with the given kinks t_i.

    .. math:: \sum_i\frac{h_i^5}{30} - b^\top M^{-1}b

    with the gaps h_i, and the Gram matrix M of the hat functions at the kinks, 0 and 1, and their
    inner products b with what the interpolation leaves.

    Book: ``thm-square``.
    Error: relative, 1e-13.
    Raises: ValueError unless the kinks are a list of numbers in [0, 1].

    >>> round(1 / square_fit_error([0.25, 0.5, 0.75]), 6)
    46080.0
    """
    t = np.asarray(real_array("kinks", kinks, ndim=1, at_least=0, at_most=1), float)
    h = np.diff(np.unique(np.concatenate([[0.0], t, [1.0]])))
    after, before = np.append(h, 0), np.append(0, h)
    gram = np.array([before / 6, (before + after) / 3])
    b = (before**3 + after**3) / 12
    fitted = scipy.linalg.solveh_banded(gram, b)
    return float(np.sum(h**5) / 30 - b @ fitted)
