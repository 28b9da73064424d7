r"""How fast random features become their kernel, and their fit that of the kernel: the constants of
the chapter on kernels.

The features are :math:`\sqrt2\,[\langle w,x\rangle]_+` with w standard Gaussian, whose kernel is
k_1, the arc-cosine kernel of degree 1. The rows of ``x`` and ``y`` are inputs.
"""

import math

from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, integer, real
from randomfeatures.power.kernels import arc_cosine

# --- variances


def second_arc_cosine(x: Float[Array, "n d"], y: Float[Array, "m d"]) -> Float[Array, "n m"]:
    r"""The arc-cosine kernel of degree 2, one hidden layer: twice the mean product of two squared
    ReLUs.

    .. math:: k_2 = 2\,\mathbb E\,[\langle w,x\rangle]_+^2\,[\langle w,y\rangle]_+^2
              = 3\,\langle x,y\rangle\,k_1 + \bigl(|x|^2|y|^2-\langle x,y\rangle^2\bigr)\,k_0

    Book: ``prop-arc-cosine``. Source: Cho and Saul (2009), written in the kernels of degree 0 and
    1.
    Error: relative to |x|² |y|², 1e-14.
    Raises: ValueError as :func:`~randomfeatures.power.kernels.arc_cosine` with degree 0.

    >>> import numpy as np
    >>> x = np.array([[1.0, 0.0], [0.0, 2.0]])
    >>> second_arc_cosine(x, x).round(12)
    array([[ 3.,  2.],
           [ 2., 48.]])
    """
    k_0, k_1 = arc_cosine(x, y, 0, 1), arc_cosine(x, y, 1, 1)
    inner = x @ y.T
    squares_x, squares_y = (x * x).sum(1), (y * y).sum(1)
    return 3 * inner * k_1 + (squares_x[:, None] * squares_y[None, :] - inner**2) * k_0


def kernel_variance(x: Float[Array, "n d"], y: Float[Array, "m d"]) -> Float[Array, "n m"]:
    r"""v(x, y): r times the mean squared distance of the kernel of r Gaussian features from k_1.

    .. math:: v = 2k_2 - k_1^2 \le 6\,|x|^2\,|y|^2

    Book: ``prop-kernel-rate``.
    Error: relative to |x|² |y|², 3e-14.
    Raises: ValueError as :func:`second_arc_cosine`.

    >>> import numpy as np
    >>> x = np.array([[1.0, 0.0]])
    >>> kernel_variance(x, x).round(12)  # E 4 [z]_+^4 - 1
    array([[5.]])
    """
    return 2 * second_arc_cosine(x, y) - arc_cosine(x, y, 1, 1) ** 2


# --- deviations


def kernel_deviation(bound: float, r: int, delta: float) -> float:
    r"""Upper bound on the distance of the kernel matrices of r features and of the limit, with
    probability at least 1 - δ.

    .. math:: \|\hat K-K\|_F \le \frac B{\sqrt r}\Bigl(1+\sqrt{\log(1/\delta)}\Bigr), \qquad \sum_j
              f(x_j)^2 \le B

    ``bound`` is B; for unit weights and features scaled by √(2d), 2d times the squared largest
    singular value of the inputs.

    Book: ``prop-kernel-rate``.
    Error: relative, 1e-15.
    Raises: ValueError unless bound >= 0, r >= 1 and 0 < delta <= 1.

    >>> kernel_deviation(6.0, 9, 1.0)
    2.0
    """
    bound, r = real("bound", bound, at_least=0), integer("r", r, at_least=1)
    delta = real("delta", delta, above=0, at_most=1)
    return bound / math.sqrt(r) * (1 + math.sqrt(-math.log(delta)))


def fit_deviation(
    size: float,
    penalty: float,
    matrix_gap: float,
    input_gap: float = 0.0,
    diagonal: float | None = None,
) -> float:
    r"""Upper bound on the distance of two kernel ridge fits to the same data, one with the kernel
    of random features.

    .. math:: \frac{|y|\,\Delta}\mu, \qquad \frac{|y|}\mu\Bigl(\Delta_x +
              \frac{\sqrt{k(x,x)}}{2\sqrt\mu}\,\Delta\Bigr)

    with ``size`` = \|y\|, ``penalty`` = μ and ``matrix_gap`` = Δ, the distance of the kernel
    matrices in operator norm: the first at all training inputs together (Euclidean norm), the
    second at another input x, for which ``input_gap`` = Δ_x is the distance of the vectors of
    kernel values and ``diagonal`` = k(x, x).

    Book: ``prop-ridge-limit``.
    Error: relative, 1e-15.
    Raises: ValueError unless penalty > 0 and all others are >= 0, or if ``input_gap`` is given
    without ``diagonal``.

    >>> fit_deviation(2.0, 4.0, 0.5), fit_deviation(2.0, 4.0, 0.5, 0.25, diagonal=16.0)
    (0.25, 0.375)
    """
    size, penalty = real("size", size, at_least=0), real("penalty", penalty, above=0)
    matrix_gap, input_gap = (
        real("matrix_gap", matrix_gap, at_least=0),
        real("input_gap", input_gap, at_least=0),
    )
    if diagonal is None:
        if input_gap:
            raise ValueError(
                f"diagonal must be given together with input_gap, got None and {input_gap!r}"
            )
        return size * matrix_gap / penalty
    diagonal = real("diagonal", diagonal, at_least=0)
    return size / penalty * (input_gap + math.sqrt(diagonal / penalty) / 2 * matrix_gap)


def mean_square_fit_deviation(size: float, penalty: float, variance: float, r: int) -> float:
    r"""Upper bound on the mean squared distance of the fits of :func:`fit_deviation` at the
    training inputs, over the r features.

    .. math:: \frac{|y|^2}{\mu^2 r} \sum_{j,l} v(x_j,x_l)

    ``variance`` is the sum of :func:`kernel_variance` over all pairs of inputs.

    Book: ``prop-ridge-limit``.
    Error: relative, 1e-15.
    Raises: ValueError unless size >= 0, penalty > 0, variance >= 0 and r >= 1.

    >>> mean_square_fit_deviation(2.0, 4.0, 32.0, 8)
    1.0
    """
    size, penalty = real("size", size, at_least=0), real("penalty", penalty, above=0)
    return (
        (size / penalty) ** 2 * real("variance", variance, at_least=0) / integer("r", r, at_least=1)
    )
