r"""One ReLU neuron σ(<w, x>) learned from another, σ(<v, x>), x ~ N(0, I_d), in closed form.

Loss, gradient, descent. The loss is half the mean squared error. Vectors are the last axis: one
vector (d,), or any batch (..., d); w and v broadcast. Where <w, x> = 0 has positive probability the
result depends on what one takes for σ'(0). At the origin, w = 0, that is everywhere. There the
functions ask for ``derivative_at_zero`` and raise ValueError if it is not given.
"""

import math
from collections.abc import Callable

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.foundations.activations import relu
from randomfeatures.foundations.arguments import (
    Array,
    integer,
    real,
    real_array,
    real_arrays,
)
from randomfeatures.foundations.linear_algebra import (
    angle_of_directions,
    binary_scale,
    length_and_direction,
)

SMALL_ANGLE = 0.1
"""Below it sin ϑ - ϑ cos ϑ is a power series; what is omitted is 1e-14 of the first term there."""


def angle(w: Float[Array, "*b d"], v: Float[Array, "*c d"]) -> Float[Array, "..."]:
    r"""The angle ϑ between w and v, in [0, π], for vectors of every size.

    Book: ``prop-population-gradient``.
    Error: absolute, a few units in the last place of 1, near 0 and π too.
    Raises: ValueError if a vector is zero or not finite, or the shapes do not fit together.

    >>> float(angle(np.array([1.0, 1e-12]), np.array([3.0, 0.0])))
    1e-12
    """
    w, v = _vectors(w, v)
    (length_w, w_hat), (length_v, v_hat) = length_and_direction(w), length_and_direction(v)
    _no_zero_vector("w", length_w)
    _no_zero_vector("v", length_v)
    return angle_of_directions(w_hat, v_hat)


def population_loss(w: Float[Array, "*b d"], v: Float[Array, "*c d"]) -> Float[Array, "..."]:
    r"""L(w) = E (σ(<w, x>) - σ(<v, x>))² / 2, half the mean squared error of w for the target v.

    .. math:: L(w) = \tfrac14\|w-v\|^2
        - \frac{\|w\|\|v\|}{2\pi}(\sin\vartheta-\vartheta\cos\vartheta), \qquad
        \vartheta = \angle(w,v)

    Zero vectors are allowed: the second term is then zero.

    Book: ``prop-population-gradient``.
    Error: relative, below 1e-12 in double precision, given w - v: no digits are lost as w tends to
    v. A loss below the range of the numbers is 0.
    Raises: ValueError if an entry or the loss is not finite, or the shapes do not fit together.

    >>> w, v = np.array([[2.0, 0.0], [0.0, 0.0], [-1.0, 0.0]]), np.array([1.0, 0.0])
    >>> population_loss(w, v)
    array([0.25, 0.25, 0.5 ])
    """
    w, v = _vectors(w, v)
    xp = array_namespace(w)
    scale = xp.maximum(binary_scale(w), binary_scale(v))
    w, v = w / scale, v / scale
    (length_w, w_hat), (length_v, v_hat) = length_and_direction(w), length_and_direction(v)
    t = angle_of_directions(w_hat, v_hat)
    series = t**3 / 3 * (1 - t**2 / 10 * (1 - t**2 / 28 * (1 - t**2 / 54)))
    lens = xp.where(t < SMALL_ANGLE, series, xp.sin(t) - t * xp.cos(t))
    loss = xp.sum((w - v) ** 2, axis=-1) / 4 - length_w * length_v * lens / (2 * math.pi)
    with np.errstate(over="ignore"):
        return real_array("the loss of w, v", loss * scale[..., 0] * scale[..., 0])


def population_gradient(
    w: Float[Array, "*b d"],
    v: Float[Array, "*c d"],
    derivative_at_zero: float | None = None,
) -> Float[Array, "... d"]:
    r"""The gradient of :func:`population_loss` in w: E (σ(<w, x>) - σ(<v, x>)) σ'(<w, x>) x.

    .. math:: \nabla L(w) = \tfrac12 (w-v)
        + \frac{\|v\|}{2\pi}\,(\vartheta\,\hat v - \sin\vartheta\,\hat w), \quad
        \vartheta = \angle(w,v)

    At w = 0 the loss has no derivative (unless v = 0). The mean on the left still has a value there
    once σ'(0) is chosen: - ``derivative_at_zero`` v / 2.

    Book: ``prop-population-gradient``, ``prop-zero-start`` and ``prop-bad-start``.
    Error: relative to \|w - v\|, a few units in the last place.
    Raises: ValueError if w = 0, v ≠ 0 and ``derivative_at_zero`` is not given, if an entry is not
    finite, or the shapes do not fit.

    >>> v = np.array([1.0, 0.0])
    >>> population_gradient(np.array([3.0, 0.0]), v)
    array([1., 0.])
    >>> population_gradient(np.array([0.0, 0.0]), v, derivative_at_zero=1.0)
    array([-0.5,  0. ])
    """
    w, v = _vectors(w, v)
    xp = array_namespace(w)
    scale = xp.maximum(binary_scale(w), binary_scale(v))
    w, v = w / scale, v / scale
    (length_w, w_hat), (length_v, v_hat) = length_and_direction(w), length_and_direction(v)
    at_zero = xp.broadcast_arrays((length_w == 0), length_v)[0] & (length_v > 0)
    if derivative_at_zero is None:
        ones = xp.ones_like(length_v)
        known = xp.where(at_zero, xp.zeros_like(ones), ones)
        _no_zero_vector("w", known, ", or derivative_at_zero be given")
        slope = 0.0
    else:
        slope = real("derivative_at_zero", derivative_at_zero)
    t = angle_of_directions(w_hat, v_hat)[..., None]
    turn = length_v[..., None] / (2 * math.pi) * (t * v_hat - xp.sin(t) * w_hat)
    gradient = xp.where(at_zero[..., None], slope * (0.0 - v) / 2, (w - v) / 2 + turn)
    with np.errstate(over="ignore"):
        return real_array("the gradient at w", scale * gradient)


def sample_gradient(
    w: Float[Array, "*b d"],
    x: Float[Array, "n d"],
    y: Float[Array, " n"],
    derivative_at_zero: float | None = None,
) -> Float[Array, "*b d"]:
    r"""The gradient in w of half the mean squared error on the samples (x_i, y_i).

    .. math:: \frac1n\sum_{i=1}^n
        \bigl(\sigma(\langle w,x_i\rangle)-y_i\bigr)\,\sigma'(\langle w,x_i\rangle)\,x_i

    A bias is a column of ones in x.

    Book: ``prop-first-step``.
    Error: rounding of the sum.
    Raises: ValueError if some <w, x_i> = 0 and ``derivative_at_zero`` is not given, an entry or the
    gradient is not finite, or the shapes do not fit.

    >>> x, y = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([1.0, 3.0])
    >>> sample_gradient(np.array([2.0, -1.0]), x, y)
    array([0.5, 0. ])
    >>> sample_gradient(np.zeros(2), x, y, derivative_at_zero=1.0)
    array([-0.5, -3. ])
    """
    w, x, y = real_arrays(w=w, x=x, y=y, ndim=(None, 2, 1))
    xp = array_namespace(w)
    n, d = x.shape
    if w.ndim == 0 or w.shape[-1] != d or y.shape[0] != n or n == 0:
        shapes = f"{tuple(w.shape)}, {(n, d)}, {tuple(y.shape)}"
        expected = "(..., d), (n, d), (n,) with n >= 1"
        raise ValueError(f"w, x, y must have shapes {expected}, got {shapes}")
    with np.errstate(over="ignore", invalid="ignore"):
        z = real_array("the products of w and x", w @ xp.matrix_transpose(x))
        if derivative_at_zero is None and xp.any(z == 0):
            raise ValueError(
                "derivative_at_zero must be a number where some <w, x_i> = 0, got None"
            )
        slope = xp.where(z > 0, xp.ones_like(z), xp.zeros_like(z))
        if derivative_at_zero is not None:
            at_zero = real("derivative_at_zero", derivative_at_zero) * xp.ones_like(z)
            slope = xp.where(z == 0, at_zero, slope)
        return real_array("the gradient at w", ((relu(z) - y) * slope) @ x / n)


def gradient_descent(
    gradient: Callable[[Array], Array], w: Float[Array, "*b d"], step_size: float, steps: int
) -> Float[Array, "{steps}+1 *b d"]:
    """The points w_0 = ``w``, w_1, ..., of w_{t+1} = w_t - ``step_size`` ``gradient(w_t)``.

    ``steps`` of them come after the first. ``gradient`` is a function of w alone, for instance
    ``lambda w: population_gradient(w, v)`` or ``lambda w: sample_gradient(w, x, y)``. A batch of
    starting points runs at once.

    See: ``thm-one-neuron``.
    Raises: ValueError unless ``step_size`` > 0 and ``steps`` >= 0, as soon as a point is not
    finite, and whatever ``gradient`` raises.

    >>> v = np.array([1.0, 0.0])
    >>> gradient_descent(lambda w: population_gradient(w, v), np.array([5.0, 0.0]), 1.0, 2)
    array([[5., 0.],
           [3., 0.],
           [2., 0.]])
    """
    step_size = real("step_size", step_size, above=0)
    steps = integer("steps", steps, at_least=0)
    points = [real_array("w", w)]
    with np.errstate(over="ignore"):
        for _ in range(steps):
            points.append(real_array("w", points[-1] - step_size * gradient(points[-1])))
    return array_namespace(points[0]).stack(points)


def residual_length(angle: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""D(ϑ), the length of (2π/‖v‖) (∇L(w) - (w - v)/2).

    It says how far the gradient is from that of a quadratic bowl.

    .. math:: D(\vartheta) = \sqrt{(\vartheta-\sin\vartheta\cos\vartheta)^2+\sin^4\vartheta}, \qquad
        D(\vartheta)^2 = 4\int_0^\vartheta \tau\sin^2\tau\,d\tau

    Book: ``lem-contraction``.
    Error: absolute, a unit in the last place of π.
    Raises: ValueError unless 0 ≤ angle ≤ π.

    >>> float(residual_length(np.array(math.pi))) == math.pi
    True
    """
    angle = real_array("angle", angle, at_least=0, at_most=math.pi)
    xp = array_namespace(angle)
    s, c = xp.sin(angle), xp.cos(angle)
    return xp.hypot(angle - s * c, s * s)


def contraction_constant(angle: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""m*(ϑ): the largest m with <∇L(w), w - v> ≥ m ‖w - v‖² for all w, v ≠ 0 at angle ϑ.

    .. math:: m_*(\vartheta) = \begin{cases}
        \frac{1}{4\pi}\Bigl(2\pi-\vartheta-\frac{D(\vartheta)}{\sin\vartheta}\Bigr)
        &\text{if}\ \sin^3\vartheta+\cos\vartheta\,(\vartheta-\sin\vartheta\cos\vartheta)\ge0,\\
        \frac{\pi-\vartheta+\sin\vartheta\cos\vartheta}{2\pi}&\text{otherwise},\end{cases}

    with D of :func:`residual_length`, whatever the lengths and the dimension. It falls from 1/2 at
    ϑ = 0 to 0.2268 at π/2 and 0 at π.

    Book: ``lem-contraction``.
    Error: absolute, 1e-15.
    Raises: ValueError unless 0 ≤ angle ≤ π.

    >>> np.round(contraction_constant(np.array([0.0, math.pi / 2, math.pi])), 4)
    array([0.5   , 0.2268, 0.    ])
    """
    angle = real_array("angle", angle, at_least=0, at_most=math.pi)
    xp, length = array_namespace(angle), residual_length(angle)
    s, c = xp.sin(angle), xp.cos(angle)
    inside = s**3 + c * (angle - s * c) >= 0
    ratio = length / xp.where(s > 0, s, xp.ones_like(s))
    at_the_edge = xp.clip((math.pi - angle + s * c) / (2 * math.pi), 0.0, None)
    return xp.where(inside, (2 * math.pi - angle - ratio) / (4 * math.pi), at_the_edge)


def simple_contraction_constant(angle: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""m(ϑ), a simpler and smaller constant than :func:`contraction_constant`.

    .. math:: m(\vartheta) = \frac{\pi-\vartheta-\sin\vartheta}{2\pi}

    It is the smaller eigenvalue, in the plane of w and v, of the mean of xxᵀ over the inputs on
    which both neurons are active.

    Book: ``lem-contraction``.
    Error: absolute, 1e-16.
    Raises: ValueError unless 0 ≤ angle ≤ π.

    >>> np.round(simple_contraction_constant(np.array([0.0, math.pi / 2])), 4)
    array([0.5   , 0.0908])
    """
    angle = real_array("angle", angle, at_least=0, at_most=math.pi)
    xp = array_namespace(angle)
    return xp.clip((math.pi - angle - xp.sin(angle)) / (2 * math.pi), 0.0, None)


def _vectors(w: Array, v: Array) -> tuple[Array, Array]:
    """w and v as finite arrays of one library that broadcast together, or ValueError."""
    w, v = real_arrays(w=w, v=v)
    shapes = tuple(w.shape), tuple(v.shape)
    fit = w.ndim and v.ndim and shapes[0][-1] == shapes[1][-1] > 0
    pairs = zip(shapes[0][::-1], shapes[1][::-1], strict=False)
    if not (fit and all(m == n or 1 in (m, n) for m, n in pairs)):
        raise ValueError(
            f"w, v must have shapes (..., d) that broadcast together, got {shapes[0]}, {shapes[1]}"
        )
    return w, v


def _no_zero_vector(name: str, length: Array, otherwise: str = "") -> None:
    xp = array_namespace(length)
    if xp.any(length == 0):
        index = tuple(int(axis[0]) for axis in xp.nonzero(length == 0)) if length.ndim else ()
        raise ValueError(f"{name} must hold no zero vector{otherwise}, got one at index {index}")
