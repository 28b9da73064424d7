r"""The prior kernel of networks at initialisation in closed form, and its change at finite width.

.. math:: k(x,x') = \mathbb E_\theta\,\langle f_\theta(x), f_\theta(x')\rangle, \qquad
    k_R(x,x') = \frac1R \sum_{r=1}^R \langle f_{\theta_r}(x), f_{\theta_r}(x')\rangle

with the C logits f_θ(x) of a network whose parameters θ are drawn from its initialisation. The rows
of ``x`` are the inputs. The networks are those of
:mod:`~randomfeatures.beyond.prior_kernel_networks`. The functions take arrays of any library.
"""

import math
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Float

from randomfeatures.foundations.activations import erf, gaussian, relu, sine
from randomfeatures.foundations.arguments import (
    Array,
    integer,
    real,
    real_array,
    real_arrays,
)
from randomfeatures.foundations.dual_activations import (
    dual_erf,
    dual_gaussian,
    dual_relu,
    dual_sine,
)
from randomfeatures.foundations.linear_algebra import length_and_direction

ACTIVATIONS = {"relu": relu, "erf": erf, "sine": sine, "gaussian": gaussian}

BLOCK = 1_000_000
"""Entries of a block of work: large enough for fast products, small enough for the cache."""

SMALL_ANGLE = 1e-3
"""Below it the correction of :func:`depth_correction` is its leading term."""


# --- closed forms


def one_layer_kernel(
    x: Float[Array, "n d"],
    y: Float[Array, "m d"],
    activation: str,
    outputs: int,
    scale: float = 1.0,
    bias: float = 0.0,
) -> Float[Array, "n m"]:
    r"""The prior kernel of one hidden layer of any width, with Gaussian weights in it.

    .. math:: k(x,y) = C\,\mathbb E\,\varphi(u)\varphi(v), \qquad (u,v)\sim N\biggl(0, \frac{s^2}{d}
        \begin{pmatrix}\|x\|^2 & \langle x,y\rangle\\
        \langle x,y\rangle & \|y\|^2\end{pmatrix} + b^2
        \begin{pmatrix}1&1\\1&1\end{pmatrix}\biggr)

    with s = ``scale``, b = ``bias``, C = ``outputs``, of the network
    :func:`~randomfeatures.beyond.prior_kernel_networks.multilayer`. For the ReLU without bias it is
    C s² |x||y| (sin t + (π - t) cos t) / (2πd), t the angle of x and y.

    Book: ``prop-prior-one-layer``.
    Error: that of the functions of ``dual_activations``, C times 1e-14 of the size of the values
    φ(u) φ(v).
    Raises: ValueError if ``x`` or ``y`` is no finite matrix, their widths differ, the activation is
    unknown, outputs < 1, scale <= 0 or bias < 0, or the kernel or, but for the ReLU, a variance of
    u or v is not finite.

    >>> x = np.array([[3.0, 4.0]])
    >>> one_layer_kernel(x, x, "relu", outputs=4)
    array([[25.]])
    >>> one_layer_kernel(x, x, "relu", outputs=4, scale=2.0)
    array([[100.]])
    """
    named("activation", activation, ACTIVATIONS)
    outputs = integer("outputs", outputs, at_least=1)
    x, y = _inputs_with_bias(x, y, scale, bias)
    lengths_x, lengths_y, cos = lengths_and_cosines(x, y)
    with np.errstate(over="ignore"):
        if activation == "relu":  # homogeneous: the standard deviations come out of the mean
            return real_array(
                "the kernel of x, y", outputs * dual_relu(cos) * lengths_x * lengths_y
            )
        square_x = real_array("the variance at x", lengths_x**2)
        square_y = real_array("the variance at y", lengths_y**2)
    dual = {"erf": dual_erf, "sine": dual_sine, "gaussian": dual_gaussian}[activation]
    return outputs * dual(square_x, square_y, cos * lengths_x * lengths_y)


def _inputs_with_bias(x: Array, y: Array, scale: float, bias: float) -> tuple[Array, Array]:
    """The rows s x / √d and s y / √d; b is one more input, of which the bias is the weight."""
    x, y = matrices(x, y)
    scale, bias = real("scale", scale, above=0), real("bias", bias, at_least=0)
    xp, size = array_namespace(x), scale / math.sqrt(x.shape[1])
    if bias == 0:
        return size * x, size * y
    ends = (
        xp.full((rows.shape[0], 1), bias, dtype=rows.dtype, device=device(rows)) for rows in (x, y)
    )
    return tuple(
        xp.concat([size * rows, end], axis=1) for rows, end in zip((x, y), ends, strict=True)
    )


def convolution_kernel(
    x: Float[Array, "n d"],
    y: Float[Array, "m d"],
    shape: tuple[int, int],
    patch: int,
    outputs: int,
    pooling: bool = False,
    activation: str = "relu",
) -> Float[Array, "n m"]:
    r"""The prior kernel of a convolution with any number of channels and Gaussian filters.

    .. math:: k(x,y) = \frac CP \sum_p k_1(x_p, y_p) \qquad\text{or, with pooling,}\qquad
        k(x,y) = \frac C{P^2} \sum_{p,p'} k_1(x_p, y_{p'}),

    with k_1 the :func:`one_layer_kernel` of one output on the q pixels of a patch, P patches
    :math:`x_p`, of the network :func:`~randomfeatures.beyond.prior_kernel_networks.convolution`. It
    is exact at every number of channels. Time: n m P evaluations of k_1, with pooling n m P² (half
    of it where ``y is x``).

    Book: ``prop-prior-convolution``.
    Error: that of :func:`one_layer_kernel`.
    Raises: ValueError as :func:`one_layer_kernel` and ``convolution`` do.

    >>> x = np.ones((1, 64))
    >>> convolution_kernel(x, x, (8, 8), 3, outputs=4)
    array([[2.]])
    >>> convolution_kernel(x, x, (8, 8), 3, outputs=4, pooling=True)
    array([[2.]])
    """
    same = y is x
    shape, patch = image_and_patch(shape, patch)
    x, y = matrices(x, y)
    patches_x, patches_y = image_patches(x, shape, patch), image_patches(y, shape, patch)
    P, outputs = patches_x.shape[1], integer("outputs", outputs, at_least=1)

    def pair(p: int, other: int) -> Array:
        """k_1 between patch p of x and another of y, some rows of x at a time."""
        rows = max(1, BLOCK // max(y.shape[0], 1))
        parts = [
            one_layer_kernel(patches_x[i : i + rows, p, :], patches_y[:, other, :], activation, 1)
            for i in range(0, x.shape[0], rows)
        ]
        return array_namespace(x).concat(parts)

    if not pooling:
        return outputs / P * sum(pair(p, p) for p in range(P))
    if not same:
        return outputs / P**2 * sum(pair(p, other) for p in range(P) for other in range(P))
    # Pairs (p, other) and (other, p) give transposed matrices.
    diagonal = sum(pair(p, p) for p in range(P))
    above = sum((pair(p, other) for p in range(P) for other in range(p + 1, P)), 0 * diagonal)
    return outputs / P**2 * (diagonal + above + above.T)


# --- depth


def depth_correction(
    x: Float[Array, "n d"], y: Float[Array, "m d"], outputs: int
) -> Float[Array, "n m"]:
    r"""b(x, y): how a finite first width changes the kernel of two hidden ReLU layers.

    .. math:: k(x,y) = k_\infty(x,y) + \frac{b(x,y)}{m_1} + O(m_1^{-2}), \qquad
        b = \frac{C\|x\|\|y\|}{2d}\cdot
        \frac{3M_{22}-4cM_{31}+12c^2-6}{8\pi\sqrt{1-c^2}},

    with :math:`k_\infty` of :func:`~randomfeatures.power.kernels.network_prior` at depth 2, all
    weights as N(0, 1 / fan-in), and, for the angle t of x and y,

    .. math:: c = \frac{\sin t+(\pi-t)\cos t}\pi, \quad
        M_{22} = \frac2\pi\bigl(3\sin t\cos t+(\pi-t)(1+2\cos^2t)\bigr), \quad
        M_{31} = \frac2\pi\bigl(3(\pi-t)\cos t+\sin t\,(2+\cos^2t)\bigr).

    The width of the second layer does not enter. Below t = 1/1000 the fraction is taken as its
    leading term :math:`-3t^4/5\pi^2`.

    Book: ``prop-prior-depth``.
    Error: absolute, 1e-12 C |x| |y| / d.
    Raises: ValueError if ``x`` or ``y`` is no finite matrix, their widths differ or outputs < 1, or
    the result is not finite.

    >>> x = np.array([[3.0, 4.0]])
    >>> b = depth_correction(x, np.concatenate([-x, x]), outputs=8)
    >>> np.round(b * math.pi, 12)  # -3 C |x|² / 8d at -x
    array([[-37.5,  -0. ]])
    """
    C = integer("outputs", outputs, at_least=1)
    x, y = matrices(x, y)
    xp, root = array_namespace(x), math.sqrt(2 * x.shape[1])
    lengths_x, lengths_y, cos = lengths_and_cosines(x / root, y / root)
    t, sin = xp.acos(cos), xp.sqrt((1 - cos) * (1 + cos))
    c = (sin + (math.pi - t) * cos) / math.pi
    M22 = 2 / math.pi * degree_two(cos)
    M31 = 2 / math.pi * (3 * (math.pi - t) * cos + sin * (2 + cos**2))
    near = t < SMALL_ANGLE
    s = xp.sqrt(xp.where(near, xp.ones_like(c), 1 - c**2))
    fraction = (3 * M22 - 4 * c * M31 + 12 * c**2 - 6) / (8 * math.pi * s)
    unit = C * xp.where(near, -3 * t**4 / (5 * math.pi**2), fraction)
    with np.errstate(over="ignore"):
        return real_array("the correction at x, y", unit * lengths_x * lengths_y)


# --- checks and small parts


def named(name: str, value: str, choices: dict[str, Any]) -> Any:
    """What ``choices`` has under ``value``, or ValueError.

    >>> named("law", "sign", {"sign": 1})
    1
    """
    if not (isinstance(value, str) and value in choices):
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
    return choices[value]


def square_matrix(name: str, kernel: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """``kernel`` as an array, or ValueError if it is no square matrix of finite numbers.

    >>> square_matrix("kernel", np.eye(2)).shape
    (2, 2)
    """
    kernel = real_array(name, kernel, ndim=2)
    if kernel.shape[0] != kernel.shape[1] or kernel.shape[0] == 0:
        raise ValueError(f"{name} must be a square matrix, got shape {tuple(kernel.shape)}")
    return kernel


def degree_two(cos: Float[Array, "*s"]) -> Float[Array, "*s"]:
    """3 sin t cos t + (π - t) (1 + 2 cos² t), π times the arc-cosine kernel of degree 2.

    The rounding of t near 0 and π does no harm: the derivative is zero there.

    >>> float(degree_two(np.array(1.0))) == 3 * math.pi
    True
    """
    xp = array_namespace(cos)
    t, sin = xp.acos(cos), xp.sqrt((1 - cos) * (1 + cos))
    return 3 * sin * cos + (math.pi - t) * (1 + 2 * cos**2)


def image_and_patch(shape: tuple[int, int], patch: int) -> tuple[tuple[int, int], int]:
    """Rows and columns of an image and the side of a patch that fits in it, or ValueError.

    >>> image_and_patch((8, 8), 3)
    ((8, 8), 3)
    """
    rows, columns = (integer("shape", side, at_least=1) for side in shape)
    return (rows, columns), integer("patch", patch, at_least=1, at_most=min(rows, columns))


def image_patches(
    x: Float[Array, "n d"], shape: tuple[int, int], patch: int
) -> Float[Array, "n P q"]:
    """All patches of the images, row by row.

    >>> image_patches(np.arange(6.0)[None], (2, 3), 2)
    array([[[0., 1., 3., 4.],
            [1., 2., 4., 5.]]])
    """
    xp, (rows, columns) = array_namespace(x), shape
    if x.shape[1] != rows * columns:
        raise ValueError(
            f"x must have {rows * columns} columns, the pixels of shape {shape}, got {x.shape[1]}"
        )
    image = xp.reshape(x, (x.shape[0], rows, columns))
    places = [(i, j) for i in range(rows - patch + 1) for j in range(columns - patch + 1)]
    cut = [
        xp.reshape(image[:, i : i + patch, j : j + patch], (x.shape[0], patch**2))
        for i, j in places
    ]
    return xp.stack(cut, axis=1)


def matrices(x: Array, y: Array) -> tuple[Array, Array]:
    """Two matrices of inputs as arrays of one library, or ValueError.

    >>> [rows.shape for rows in matrices(np.ones((3, 2)), np.ones((1, 2)))]
    [(3, 2), (1, 2)]
    """
    x, y = real_arrays(x=x, y=y, ndim=2)
    if x.shape[1] != y.shape[1] or x.shape[1] == 0:
        found = f"x with {x.shape[1]} and y with {y.shape[1]}"
        raise ValueError(f"y must have as many columns as x, at least 1, got {found}")
    return x, y


def lengths_and_cosines(x: Array, y: Array) -> tuple[Array, Array, Array]:
    """|x_i| as a column, |y_j| as a row, and the cosines of the angles, 0 where a row is zero.

    >>> lengths_and_cosines(np.array([[3.0, 4.0]]), np.array([[0.0, 2.0]]))
    (array([[5.]]), array([[2.]]), array([[0.8]]))
    """
    xp = array_namespace(x, y)
    with np.errstate(over="ignore"):  # the caller looks at what the lengths give
        lengths_x, directions_x = length_and_direction(x)
        lengths_y, directions_y = length_and_direction(y)
    cos = xp.clip(directions_x @ xp.matrix_transpose(directions_y), -1.0, 1.0)
    return lengths_x[:, None], lengths_y[None, :], cos
