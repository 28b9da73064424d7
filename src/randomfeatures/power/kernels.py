"""Kernels of random features: arc-cosine, network prior, neural tangent.

They are functions of the lengths and of the angle of two inputs: the rows of ``x`` and ``y`` are
the inputs, the result holds the kernel of each row of ``x`` with each row of ``y``. They take
arrays of numpy, torch and JAX, and what becomes one (:mod:`~randomfeatures.foundations.arguments`),
with rows of every size. In torch and JAX they have derivatives, the first ones at the edges too: at
a zero row and, where a kernel has a kink there (degree 0, the tangent kernel), at parallel rows the
derivatives of the length and of the angle count as 0, the mean of the one-sided ones. Second
derivatives are right for rows that are not parallel.

The tangent model of a given network, and its own kernel, are in
:mod:`~randomfeatures.power.kernels_linearization`.
"""

import math

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.foundations.arguments import (
    Array,
    anywhere,
    first_index,
    integer,
    real_arrays,
)
from randomfeatures.foundations.derivatives import with_derivatives
from randomfeatures.foundations.linear_algebra import (
    angles_of_rows,
    binary_scale,
    length_and_direction,
)


def arc_cosine(
    x: Float[Array, "n d"], y: Float[Array, "m d"], degree: int, depth: int
) -> Float[Array, "n m"]:
    r"""The arc-cosine kernel of degree 0 (unit step) or 1 (ReLU) with ``depth`` hidden layers.

    .. math:: k_n(x,y) = 2\,\mathbb E_{w\sim N(0,I)}
              [\langle w,x\rangle]_+^n\,[\langle w,y\rangle]_+^n, \qquad [z]_+^0 = \mathbf 1(z>0),

    that is, with the angle θ of x and y,

    .. math:: k_0 = 1 - \frac\theta\pi, \qquad
              k_1 = \frac{|x|\,|y|}{\pi} \bigl(\sin\theta + (\pi-\theta)\cos\theta\bigr).

    Because of the factor 2, the normalisation of Cho and Saul, k_0(x,x) = 1 and k_1(x,x) = |x|^2,
    so a layer keeps the norms. Each further layer applies the same formula to the features of the
    one before, whose angle is the arccosine of the kernel divided by the norms.

    Book: ``prop-arc-cosine``.
    Source: Cho and Saul (2009).
    Error: relative to |x| |y| (degree 1): depth times 2e-15. Degree 0: the same at depth 1; deeper,
    small angles grow like their square root at each layer, and so do their rounding errors. A
    kernel of a vector with itself is exact up to the rounding of the norms.
    Raises: ValueError if degree is not 0 or 1, depth < 1, ``x`` or ``y`` is no matrix of finite
    numbers, their widths differ, or degree is 0 and a row is the zero vector, which has no angle;
    ArithmeticError if |x| |y| is beyond the largest float (degree 1).

    >>> import numpy as np
    >>> x = np.array([[3.0, 4.0]])
    >>> arc_cosine(x, x, degree=1, depth=3), arc_cosine(x, -x, degree=1, depth=1)
    (array([[25.]]), array([[0.]]))
    >>> arc_cosine(1e200 * x, 1e-200 * x, degree=0, depth=1)
    array([[1.]])
    """
    integer("degree", degree, at_least=0, at_most=1)
    integer("depth", depth, at_least=1)
    (length_x, unit_x), (length_y, unit_y) = _lengths_and_directions(x, y)
    if degree == 0:
        _no_zero_row("x", length_x)
        _no_zero_row("y", length_y)
    angle = angles_of_rows(unit_x, unit_y)
    for _ in range(depth - 1):
        angle = _next_angle(angle, degree)
    if degree == 0:
        return 1 - angle / math.pi
    return _products(length_x, length_y) * _relu_cosine(angle)


def network_prior(
    x: Float[Array, "n d"], y: Float[Array, "m d"], outputs: int, depth: int
) -> Float[Array, "n m"]:
    r"""E <f(x), f(y)> over the initialisations of a ReLU network f without biases.

    The network has ``outputs`` outputs and ``depth`` hidden layers. Weights are independent and
    centred, of variance 1 / (number of inputs of their layer), Gaussian in the hidden layers. Then

    .. math:: \mathbb E\,\langle f(x), f(y)\rangle = \frac{C}{2^L d}\,k_1^{(L)}(x, y)

    with C outputs, L hidden layers and the arc-cosine kernel of degree 1: exact at every width for
    L = 1, for L > 1 the limit of large width.

    Book: ``prop-prior-one-layer``, and for multiples of one input ``prop-prior-diagonal``.
    Source: the kernel of Amid, Anil, Kotlowski and Warmuth (2022).
    Error: relative to |x| |y| C / (2^L d), L times 2e-15.
    Raises: ValueError if outputs < 1 or above 1e300, and as in :func:`arc_cosine`.

    >>> import numpy as np
    >>> x = np.array([[3.0, 4.0]])
    >>> network_prior(x, x, outputs=4, depth=1)
    array([[25.]])
    """
    outputs = integer("outputs", outputs, at_least=1, at_most=10**300)
    x, y = real_arrays(x=x, y=y, ndim=2)
    kernel = arc_cosine(x, y, 1, depth)
    return kernel * (outputs / (2**depth * x.shape[1]))


def neural_tangent(
    x: Float[Array, "n d"], y: Float[Array, "m d"], depth: int
) -> Float[Array, "n m"]:
    r"""The neural tangent kernel of an infinitely wide ReLU network without biases.

    All layers are trained, ``depth`` of them hidden. The network is f(x) = <a, h_L> / sqrt(m) with
    h_l = sqrt(2) [W_l h_{l-1} / sqrt(m_{l-1})]_+ for l >= 2, h_1 = sqrt(2) [W_1 x]_+ (no factor for
    the input), and independent standard Gaussian weights. With k_1^{(l)} the arc-cosine kernel of
    degree 1 and depth l and θ_l the angle after l layers,

    .. math:: \Theta_0 = \langle x,y\rangle, \qquad
              \Theta_{l+1} = \Theta_l\,\Bigl(1 - \frac{\theta_l}{\pi}\Bigr) + k_1^{(l+1)}(x,y),

    and the kernel is Θ_L; Θ_L(x, x) = (L + 1) |x|^2. At depth 0 it is the kernel of linear
    regression.

    Book: ``prop-tangent-depth``, and at depth 1 part (b) of ``prop-tangent-kernel``.
    Source: Jacot, Gabriel and Hongler (2018); Arora et al. (2019).
    Error: relative to |x| |y|, (depth + 1)^2 times 2e-15.
    Raises: ValueError if depth < 0, ``x`` or ``y`` is no matrix of finite numbers, or their widths
    differ; ArithmeticError if (depth + 1) |x| |y| is beyond the largest float.

    >>> import numpy as np
    >>> x = np.array([[3.0, 4.0]])
    >>> neural_tangent(x, x, depth=2), neural_tangent(x, -x, depth=1)
    (array([[75.]]), array([[0.]]))
    """
    integer("depth", depth, at_least=0)
    x, y = real_arrays(x=x, y=y, ndim=2)
    (length_x, unit_x), (length_y, unit_y) = _lengths_and_directions(x, y)
    if depth == 0:
        _products(length_x, length_y)
        return _inner_products(x, y)
    angle = angles_of_rows(unit_x, unit_y)
    tangent = array_namespace(angle).cos(angle)
    for layer in range(depth):
        angle = _next_angle(angle, 1) if layer else angle
        tangent = tangent * (1 - angle / math.pi) + _relu_cosine(angle)
    return _products(length_x, length_y, largest=depth + 1) * tangent


# --- angles and lengths


def _relu_cosine(angle: Array) -> Array:
    """κ(θ) = k_1 / (|x| |y|), the cosine of the ReLU features at the angle θ."""
    return with_derivatives(_relu_cosine_value, _relu_cosine_slope, angle)


def _next_angle(angle: Array, degree: int) -> Array:
    """The angle of the features of one more layer, without loss for small angles."""
    if degree == 0:
        return with_derivatives(_step_angle, _step_angle_slope, angle)
    return with_derivatives(_relu_angle, _relu_angle_slope, angle)


def _relu_cosine_value(angle: Array) -> Array:
    return 1 - _relu_gap(angle)


def _relu_cosine_slope(angle: Array) -> tuple[Array]:
    return (-(1 - angle / math.pi) * array_namespace(angle).sin(angle),)


def _relu_gap(angle: Array) -> Array:
    """1 - κ(θ) = 2 sin²(θ/2) - (sin θ - θ cos θ)/π, in [0, 1], with small relative error.

    For θ < 1 the difference is summed: sin θ - θ cos θ = Σ_k (-1)^(k+1) 2k θ^(2k+1) / (2k+1)!.
    """
    xp = array_namespace(angle)
    small = xp.clip(angle, 0.0, 1.0)
    series = xp.zeros_like(angle)
    for k in range(10, 0, -1):
        series = 2 * k / math.factorial(2 * k + 1) - small**2 * series
    direct = xp.sin(angle) - angle * xp.cos(angle)
    difference = xp.where(angle < 1, small**3 * series, direct)
    return xp.clip(2 * xp.sin(angle / 2) ** 2 - difference / math.pi, 0.0, 1.0)


def _relu_angle(angle: Array) -> Array:
    xp = array_namespace(angle)
    return 2 * xp.asin(xp.sqrt(_relu_gap(angle) / 2))


def _relu_angle_slope(angle: Array) -> tuple[Array]:
    """dθ'/dθ = (1 - θ/π) sin θ / sin θ', which is 1 at θ = 0."""
    xp = array_namespace(angle)
    following = with_derivatives(_relu_angle, _relu_angle_slope, angle)
    one = xp.ones_like(angle)
    ratio = xp.sin(angle) / xp.sin(xp.where(following > 0, following, one))
    return ((1 - angle / math.pi) * xp.where(following > 0, ratio, one),)


def _step_angle(angle: Array) -> Array:
    """arccos(1 - θ/π)."""
    xp = array_namespace(angle)
    return 2 * xp.asin(xp.sqrt(xp.clip(angle / (2 * math.pi), 0.0, 0.5)))


def _step_angle_slope(angle: Array) -> tuple[Array]:
    """1 / (π sin θ'), infinite at θ = 0, a cusp; there 0, the mean of its two sides."""
    xp = array_namespace(angle)
    safe = xp.where(angle > 0, angle, xp.ones_like(angle))
    slope = 1 / xp.sqrt(safe * (2 * math.pi - safe))
    return (xp.where(angle > 0, slope, xp.zeros_like(slope)),)


def _lengths_and_directions(x: Array, y: Array) -> tuple[tuple[Array, Array], ...]:
    """Lengths and directions of the rows of both, once they are matrices of one width."""
    x, y = real_arrays(x=x, y=y, ndim=2)
    if x.shape[1] != y.shape[1] or x.shape[1] == 0:
        got = f"x with {x.shape[1]} and y with {y.shape[1]}"
        raise ValueError(f"y must have as many columns as x, at least 1, got {got}")
    with np.errstate(over="ignore"):  # an infinite length is refused where it counts
        return length_and_direction(x), length_and_direction(y)


def _inner_products(x: Array, y: Array) -> Array:
    """⟨x, y⟩ of all pairs of rows; scaled, so that no product overflows on the way."""
    xp, scale_x, scale_y = array_namespace(x), binary_scale(x), binary_scale(y)
    inner = xp.matmul(x / scale_x, xp.matrix_transpose(y / scale_y))
    return scale_x * xp.matrix_transpose(scale_y) * inner


def _no_zero_row(name: str, length: Array) -> None:
    if anywhere(length == 0):
        got = f"got one at index {first_index(length == 0)[0]}"
        why = "a zero vector has no angle"
        raise ValueError(f"{name} must have no zero row for degree 0 ({why}), {got}")


def _products(length_x: Array, length_y: Array, largest: int = 1) -> Array:
    """|x| |y| for each pair, or ArithmeticError where ``largest`` |x| |y| is beyond all floats."""
    xp = array_namespace(length_x)
    with np.errstate(over="ignore", invalid="ignore"):
        products = length_x[:, None] * length_y[None, :]
        beyond = ~xp.isfinite(largest * products)
    if anywhere(beyond):
        i, j = first_index(beyond)
        raise ArithmeticError(
            f"the kernel of row {i} of x with row {j} of y is beyond the largest number of "
            f"{products.dtype}: their lengths are {float(length_x[i])!r} and {float(length_y[j])!r}"
        )
    return products
