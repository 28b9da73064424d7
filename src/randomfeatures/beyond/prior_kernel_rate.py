r"""How fast the sampled prior kernel converges to the kernel: variances and errors in closed form.

Notation as in :mod:`~randomfeatures.beyond.prior_kernel`. The functions take arrays of any library.
"""

import math

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.beyond.prior_kernel import (
    degree_two,
    lengths_and_cosines,
    matrices,
    square_matrix,
)
from randomfeatures.foundations.arguments import Array, integer, real, real_array
from randomfeatures.foundations.dual_activations import dual_relu


def entry_variance(
    x: Float[Array, "n d"],
    y: Float[Array, "m d"],
    width: int,
    outputs: int,
    kurtosis: float = 3.0,
) -> Float[Array, "n m"]:
    r"""v_m(x, y): the variance of <f(x), f(y)> for one ReLU network with one hidden layer.

    .. math:: v_m = C\bigl(\bar k(x,x)\bar k(y,y) + \bar k(x,y)^2\bigr)
        + \frac Cm\bigl(M - \bar k(x,x)\bar k(y,y) + V + (\kappa_4-3)M\bigr) + \frac{C^2}m V,
        \qquad V = M - \bar k(x,y)^2,

    with m = ``width`` units, Gaussian weights in the layer, the kernel :math:`\bar k` of one
    output, the fourth moment κ₄ = ``kurtosis`` of the readout weights over their squared variance
    (Gaussian 3, uniform 9/5, signs 1) and, for the angle t of x and y,

    .. math:: M = \mathbb E\,\varphi(u)^2\varphi(v)^2 = \frac{\|x\|^2\|y\|^2}{2\pi d^2}
        \bigl(3\sin t\cos t + (\pi-t)(1+2\cos^2t)\bigr).

    So E (k_R - k)² = v_m / R.

    Book: ``thm-prior-rate``.
    Source: M is the arc-cosine kernel of degree 2 of Cho and Saul (2009) over 2d².
    Error: relative to C² |x|² |y|² / d², 1e-14.
    Raises: ValueError if ``x`` or ``y`` is no finite matrix, their widths differ, width < 1,
    outputs < 1 or kurtosis < 1, or a variance is not finite.

    >>> x = np.array([[1.0, 1.0]])  # <f(x), f(x)> = a² [z]_+² with a, z of law N(0, 1)
    >>> entry_variance(x, x, width=1, outputs=1)  # 3 · 3/2 - 1/4
    array([[4.25]])
    """
    m, C = integer("width", width, at_least=1), integer("outputs", outputs, at_least=1)
    kappa = real("kurtosis", kurtosis, at_least=1)
    x, y = matrices(x, y)
    root = math.sqrt(x.shape[1])
    lengths_x, lengths_y, cos = lengths_and_cosines(x / root, y / root)
    # For unit vectors; all terms are homogeneous of degree two in both arguments.
    both, M = dual_relu(cos) ** 2, degree_two(cos) / (2 * math.pi)
    V = M - both
    unit = C * (0.25 + both) + C / m * (M - 0.25 + V + (kappa - 3) * M) + C / m * C * V
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = lengths_x * lengths_y
        return real_array("the variance at x, y", unit * lengths * lengths)


def expected_kernel_error(
    x: Float[Array, "n d"], width: int, outputs: int, R: int, kurtosis: float = 3.0
) -> float:
    r"""The root mean square of ‖K_R - K‖, Frobenius norm, over R initialisations.

    .. math:: \bigl(\mathbb E\,\|K_R-K\|_F^2\bigr)^{1/2}
        = \Bigl(\frac1R \sum_{i,j=1}^n v_m(x_i,x_j)\Bigr)^{1/2}

    for the network of :func:`entry_variance`.

    Book: ``thm-prior-rate``.
    Error: relative, 1e-13.
    Raises: ValueError if R < 1, and as in :func:`entry_variance`.

    >>> round(expected_kernel_error(np.array([[1.0, 1.0]]), width=1, outputs=1, R=17), 12)
    0.5
    """
    R = integer("R", R, at_least=1)
    variances = entry_variance(x, x, width, outputs, kurtosis)
    total = float(array_namespace(variances).sum(variances))
    return math.sqrt(real("the sum of the variances", total) / R)


def effective_rank(kernel: Float[Array, "n n"]) -> float:
    r"""r(K): between 1 and n, the number of equal eigenvalues that K behaves like.

    .. math:: r(K) = \frac{\operatorname{Tr}(K)^2}{\|K\|_F^2}

    Book: ``thm-prior-rate``.
    Error: relative, 1e-14.
    Raises: ValueError if ``kernel`` is no square matrix of finite numbers, or zero.

    >>> effective_rank(np.diag([2.0, 2.0, 0.0]))
    2.0
    """
    kernel = square_matrix("kernel", kernel)
    xp = array_namespace(kernel)
    largest = xp.max(xp.abs(kernel))
    if largest == 0:
        raise ValueError(f"kernel must not be zero, got zeros of shape {tuple(kernel.shape)}")
    scaled = kernel / largest
    return float(xp.sum(xp.linalg.diagonal(scaled)) ** 2 / xp.sum(scaled**2))


def wide_kernel_error(kernel: Float[Array, "n n"], outputs: int, R: int) -> float:
    r"""The limit of the relative error of the sampled kernel for wide networks of any activation.

    .. math:: \frac{(\mathbb E\,\|K_R-K\|_F^2)^{1/2}}{\|K\|_F} \to
        \sqrt{\frac{1+r(K)}{R\,C}} \qquad (m\to\infty)

    with the :func:`effective_rank` r(K) and C = ``outputs``.

    Book: ``thm-prior-rate``.
    Error: relative, 1e-14.
    Raises: ValueError if outputs < 1, R < 1, and as :func:`effective_rank` does.

    >>> wide_kernel_error(np.eye(3), outputs=2, R=2)
    1.0
    """
    C, R = integer("outputs", outputs, at_least=1), integer("R", R, at_least=1)
    return math.sqrt((1 + effective_rank(kernel)) / R / C)
