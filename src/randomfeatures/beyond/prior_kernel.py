r"""The prior kernel of networks at initialisation in closed form, the variance of its sampled form, and its change at finite width.

.. math:: k(x,x') = \mathbb E_\theta\,\langle f_\theta(x), f_\theta(x')\rangle, \qquad
    k_R(x,x') = \frac1R \sum_{r=1}^R \langle f_{\theta_r}(x), f_{\theta_r}(x')\rangle

with the C logits f_θ(x) of a network whose parameters θ are drawn from its initialisation. The rows
of ``x`` are the inputs. The networks are those of
:mod:`~randomfeatures.beyond.prior_kernel_networks`. The functions take arrays of any library.
"""

import math

from array_api_compat import array_namespace, device
from jaxtyping import Float

from randomfeatures.foundations.activations import erf, gaussian, relu, sine
from randomfeatures.foundations.arguments import Array, common_namespace, finite_array, integer, real
from randomfeatures.foundations.dual_activations import dual_erf, dual_gaussian, dual_relu, dual_sine

ACTIVATIONS = {"relu": relu, "erf": erf, "sine": sine, "gaussian": gaussian}


# Entries of a block of work: large enough for fast matrix products, small enough for the processor's cache and any memory.
BLOCK = 1_000_000


# --- closed forms


def one_layer_kernel(
    x: Float[Array, "n d"], y: Float[Array, "m d"], activation: str, outputs: int, scale: float = 1.0, bias: float = 0.0
) -> Float[Array, "n m"]:
    r"""The prior kernel of one hidden layer of any width, with Gaussian weights in it.

    .. math:: k(x,y) = C\,\mathbb E\,\varphi(u)\varphi(v), \qquad (u,v)\sim N\biggl(0, \frac{s^2}{d}
        \begin{pmatrix}\|x\|^2 & \langle x,y\rangle\\ \langle x,y\rangle & \|y\|^2\end{pmatrix} + b^2
        \begin{pmatrix}1&1\\1&1\end{pmatrix}\biggr)

    with s = ``scale``, b = ``bias``, of the network
    :func:`~randomfeatures.beyond.prior_kernel_networks.multilayer`. For the ReLU without bias it is
    C s² |x||y| (sin t + (π - t) cos t) / (2πd), t the angle of x and y.

    Book: ``prop-prior-one-layer``.
    Error: that of the functions of ``dual_activations``, C times 1e-14 of the size of the values
    φ(u) φ(v).
    Raises: ValueError if ``x`` or ``y`` is no finite matrix, their widths differ, the activation is
    unknown, outputs < 1, scale <= 0 or bias < 0.

    >>> import numpy as np
    >>> x = np.array([[3.0, 4.0]])
    >>> one_layer_kernel(x, x, "relu", outputs=4), one_layer_kernel(x, x, "relu", outputs=4, scale=2.0)
    (array([[25.]]), array([[100.]]))
    """
    _named("activation", activation, ACTIVATIONS)
    outputs, scale, bias = integer("outputs", outputs, at_least=1), real("scale", scale, above=0), real("bias", bias, at_least=0)
    xp, d = _matrices(x, y)
    square_x, square_y = (scale**2 / d * xp.sum(rows**2, axis=1) + bias**2 for rows in (x, y))
    largest = xp.sqrt(square_x)[:, None] * xp.sqrt(square_y)[None, :]
    product = xp.clip(scale**2 / d * xp.matmul(x, y.T) + bias**2, -largest, largest)
    if activation == "relu":  # homogeneous: the standard deviations come out of the mean
        return outputs * largest * dual_relu(product / xp.where(largest > 0, largest, xp.ones_like(largest)))
    dual = {"erf": dual_erf, "sine": dual_sine, "gaussian": dual_gaussian}[activation]
    return outputs * dual(square_x[:, None], square_y[None, :], product)


def convolution_kernel(
    x: Float[Array, "n d"],
    y: Float[Array, "m d"],
    shape: tuple[int, int],
    patch: int,
    outputs: int,
    pooling: bool = False,
    activation: str = "relu",
) -> Float[Array, "n m"]:
    r"""The prior kernel of a convolution with any number of channels and Gaussian filters, P patches :math:`x_p`.

    .. math:: k(x,y) = \frac CP \sum_p k_1(x_p, y_p) \qquad\text{or, with pooling,}\qquad
        k(x,y) = \frac C{P^2} \sum_{p,p'} k_1(x_p, y_{p'}),

    with k_1 the :func:`one_layer_kernel` of one output on the q pixels of a patch, of the network
    :func:`~randomfeatures.beyond.prior_kernel_networks.convolution`. It is exact at
    every number of channels. Time: n m P evaluations of k_1, with pooling n m P² (half of it where
    ``y is x``).

    Book: ``prop-prior-convolution``.
    Error: that of :func:`one_layer_kernel`.
    Raises: ValueError as :func:`one_layer_kernel` and
    :func:`~randomfeatures.beyond.prior_kernel_networks.convolution` do.

    >>> import numpy as np
    >>> x = np.ones((1, 64))
    >>> convolution_kernel(x, x, (8, 8), 3, outputs=4), convolution_kernel(x, x, (8, 8), 3, outputs=4, pooling=True)
    (array([[2.]]), array([[2.]]))
    """
    shape, patch = _image(shape, patch)
    xp, _ = _matrices(x, y)
    patches_x, patches_y = (_patches(rows, shape, patch) for rows in (x, y))
    P, outputs = patches_x.shape[1], integer("outputs", outputs, at_least=1)
    total = xp.zeros((x.shape[0], y.shape[0]), dtype=xp.result_type(x, y), device=device(x))
    rows = max(1, BLOCK // y.shape[0])
    for p in range(P):
        # Pairs (p, other) and (other, p) give transposed matrices where y is x.
        for other in range(p if y is x else 0, P) if pooling else (p,):
            for i in range(0, x.shape[0], rows):
                part = one_layer_kernel(patches_x[i : i + rows, p, :], patches_y[:, other, :], activation, 1)
                total[i : i + rows, :] += part
                if y is x and other > p:
                    total[:, i : i + rows] += part.T
    return outputs / (P**2 if pooling else P) * total


def entry_variance(x: Float[Array, "n d"], y: Float[Array, "m d"], width: int, outputs: int, kurtosis: float = 3.0) -> Float[Array, "n m"]:
    r"""v_m(x, y): the variance of <f(x), f(y)> for one ReLU network with one hidden layer of m = ``width`` units, Gaussian weights in it.

    .. math:: v_m = C\bigl(\bar k(x,x)\bar k(y,y) + \bar k(x,y)^2\bigr) + \frac Cm\bigl(M - \bar k(x,x)\bar k(y,y) + V
        + (\kappa_4-3)M\bigr) + \frac{C^2}m V, \qquad V = M - \bar k(x,y)^2,

    with the kernel :math:`\bar k` of one output, the fourth moment κ₄ = ``kurtosis`` of the readout
    weights over their squared variance (Gaussian 3, uniform 9/5, signs 1) and, for the angle t of x
    and y,

    .. math:: M = \mathbb E\,\varphi(u)^2\varphi(v)^2 = \frac{\|x\|^2\|y\|^2}{2\pi d^2} \bigl(3\sin t\cos t + (\pi-t)(1+2\cos^2t)\bigr).

    So E (k_R - k)² = v_m / R.

    Book: ``thm-prior-rate``.
    Source: M is the arc-cosine kernel of degree 2 of Cho and Saul (2009) over 2d².
    Error: relative to C² |x|² |y|² / d², 1e-14.
    Raises: ValueError if ``x`` or ``y`` is no finite matrix, their widths differ, width < 1,
    outputs < 1 or kurtosis < 1.

    >>> import numpy as np
    >>> x = np.array([[1.0, 1.0]])  # <f(x), f(x)> = a^2 [z]_+^2 with a, z of law N(0, 1): variance 3 * 3/2 - 1/4
    >>> entry_variance(x, x, width=1, outputs=1)
    array([[4.25]])
    """
    m, C, kappa = integer("width", width, at_least=1), integer("outputs", outputs, at_least=1), real("kurtosis", kurtosis, at_least=1)
    _, d = _matrices(x, y)
    lengths, cos = _lengths_and_cosines(x, y)
    both = one_layer_kernel(x, y, "relu", 1) ** 2
    diagonals = (lengths / (2 * d)) ** 2
    M = (lengths / d) ** 2 * _degree_two(cos) / (2 * math.pi)
    V = M - both
    return C * (diagonals + both) + C / m * (M - diagonals + V + (kappa - 3) * M) + C**2 / m * V


def expected_kernel_error(x: Float[Array, "n d"], width: int, outputs: int, R: int, kurtosis: float = 3.0) -> float:
    r"""The root mean square of ‖K_R - K‖, Frobenius norm, over R initialisations of the network of :func:`entry_variance`.

    .. math:: \bigl(\mathbb E\,\|K_R-K\|_F^2\bigr)^{1/2} = \Bigl(\frac1R \sum_{i,j=1}^n v_m(x_i,x_j)\Bigr)^{1/2}

    Book: ``thm-prior-rate``.
    Error: relative, 1e-13.
    Raises: ValueError if R < 1, and as in :func:`entry_variance`.

    >>> import numpy as np
    >>> expected_kernel_error(np.array([[1.0, 1.0]]), width=1, outputs=1, R=17)
    0.5
    """
    R = integer("R", R, at_least=1)
    return math.sqrt(float(array_namespace(x).sum(entry_variance(x, x, width, outputs, kurtosis))) / R)


def depth_correction(x: Float[Array, "n d"], y: Float[Array, "m d"], outputs: int) -> Float[Array, "n m"]:
    r"""b(x, y): how a finite first width changes the kernel of two hidden ReLU layers, to first order. All weights as N(0, 1 / fan-in).

    .. math:: k(x,y) = k_\infty(x,y) + \frac{b(x,y)}{m_1} + O(m_1^{-2}), \qquad
        b = \frac{C\|x\|\|y\|}{2d}\cdot\frac{3M_{22}-4cM_{31}+12c^2-6}{8\pi\sqrt{1-c^2}},

    with :math:`k_\infty` of :func:`~randomfeatures.power.kernels.network_prior` at depth 2 and, for the
    angle t of x and y,

    .. math:: c = \frac{\sin t+(\pi-t)\cos t}\pi, \quad M_{22} = \frac2\pi\bigl(3\sin t\cos t+(\pi-t)(1+2\cos^2t)\bigr), \quad
        M_{31} = \frac2\pi\bigl(3(\pi-t)\cos t+\sin t\,(2+\cos^2t)\bigr).

    The width of the second layer does not enter. Below t = 1/1000 the fraction is taken as its
    leading term :math:`-3t^4/5\pi^2`.

    Book: ``prop-prior-depth``.
    Error: absolute, 1e-12 C |x| |y| / d.
    Raises: ValueError if ``x`` or ``y`` is no finite matrix, their widths differ or outputs < 1.

    >>> import numpy as np
    >>> x = np.array([[3.0, 4.0]])
    >>> np.round(depth_correction(x, np.concatenate([-x, x]), outputs=8) * math.pi, 12)  # -3 C |x|^2 / 8d at -x
    array([[-37.5,  -0. ]])
    """
    C = integer("outputs", outputs, at_least=1)
    xp, d = _matrices(x, y)
    lengths, cos = _lengths_and_cosines(x, y)
    t, sin = xp.acos(cos), xp.sqrt((1 - cos) * (1 + cos))
    c = (sin + (math.pi - t) * cos) / math.pi
    M22, M31 = 2 / math.pi * _degree_two(cos), 2 / math.pi * (3 * (math.pi - t) * cos + sin * (2 + cos**2))
    near = t < 1e-3
    s = xp.sqrt(xp.where(near, xp.ones_like(c), 1 - c**2))
    return C * lengths / (2 * d) * xp.where(near, -3 * t**4 / (5 * math.pi**2), (3 * M22 - 4 * c * M31 + 12 * c**2 - 6) / (8 * math.pi * s))


# --- checks and small parts


def _named(name, value, choices):
    if not (isinstance(value, str) and value in choices):
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
    return choices[value]


def _matrices(x, y):
    """Library and number of columns of two matrices of inputs, or ValueError."""
    xp = common_namespace(x=finite_array("x", x, ndim=2), y=finite_array("y", y, ndim=2))
    if x.shape[1] != y.shape[1] or x.shape[1] == 0:
        raise ValueError(f"y must have as many columns as x, at least 1, got x with {x.shape[1]} and y with {y.shape[1]}")
    return xp, x.shape[1]


def _lengths_and_cosines(x, y):
    """|x_i| |y_j| and the cosines of the angles, 0 where a row is zero."""
    xp = array_namespace(x, y)
    lengths = xp.linalg.vector_norm(x, axis=1)[:, None] * xp.linalg.vector_norm(y, axis=1)[None, :]
    return lengths, xp.clip(xp.matmul(x, y.T) / xp.where(lengths > 0, lengths, xp.ones_like(lengths)), -1.0, 1.0)


def _degree_two(cos):
    """3 sin t cos t + (π - t) (1 + 2 cos² t). The rounding of t near 0 and π does no harm: the derivative is zero there."""
    xp = array_namespace(cos)
    return 3 * xp.sqrt((1 - cos) * (1 + cos)) * cos + (math.pi - xp.acos(cos)) * (1 + 2 * cos**2)


def _image(shape, patch):
    rows, columns = (integer("shape", side, at_least=1) for side in shape)
    return (rows, columns), integer("patch", patch, at_least=1, at_most=min(rows, columns))


def _patches(x, shape, patch):
    """All patches of the images, shape (n, P, q), row by row."""
    xp, (rows, columns) = array_namespace(x), shape
    if x.shape[1] != rows * columns:
        raise ValueError(f"x must have {rows * columns} columns, the pixels of shape {shape}, got {x.shape[1]}")
    image = xp.reshape(x, (x.shape[0], rows, columns))
    places = [(i, j) for i in range(rows - patch + 1) for j in range(columns - patch + 1)]
    cut = [xp.reshape(image[:, i : i + patch, j : j + patch], (x.shape[0], patch**2)) for i, j in places]
    return xp.stack(cut, axis=1)
