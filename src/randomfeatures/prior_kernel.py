r"""Networks at initialisation as feature extractors: the prior kernel, its sampled form and how fast that converges, readouts, training.

.. math:: k(x,x') = \mathbb E_\theta\,\langle f_\theta(x), f_\theta(x')\rangle, \qquad
    k_R(x,x') = \frac1R \sum_{r=1}^R \langle f_{\theta_r}(x), f_{\theta_r}(x')\rangle

with the C logits f_θ(x) of a network whose parameters θ are drawn from its initialisation. The rows of ``x`` are the inputs. A
``network`` is a function (rng, x) -> logits (n, C) of one fresh initialisation, such as :func:`multilayer` and :func:`convolution`
return; what it draws does not depend on ``x``, so the same ``rng`` at other inputs gives the same network. Networks are numpy's; the
closed forms and the readouts take arrays of any library.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Float, Int

from randomfeatures.activations import erf, gaussian, relu, sine
from randomfeatures.arguments import Array, common_namespace, finite_array, generator, integer, real
from randomfeatures.dual_activations import dual_erf, dual_gaussian, dual_relu, dual_sine
from randomfeatures.regression import ridge

# (rng, x) -> the logits, shape (n, C), of one fresh initialisation at the rows of x.
Network = Callable[[np.random.Generator, Array], Array]

ACTIVATIONS = {"relu": relu, "erf": erf, "sine": sine, "gaussian": gaussian}
# Independent centred weights of variance 1, of three laws.
INITIALISATIONS = {
    "gaussian": lambda rng, shape: rng.standard_normal(shape),
    "uniform": lambda rng, shape: rng.uniform(-math.sqrt(3), math.sqrt(3), shape),
    "sign": lambda rng, shape: 2.0 * rng.integers(0, 2, shape) - 1.0,
}

# Entries of a block of work: large enough for fast matrix products, small enough for the processor's cache and any memory.
BLOCK = 1_000_000


# --- networks


def multilayer(
    widths: Sequence[int],
    activation: str = "relu",
    outputs: int = 10,
    initialisation: str = "gaussian",
    scale: float = 1.0,
    bias: float = 0.0,
) -> Network:
    r"""The network with hidden layers of ``widths`` :math:`m_1,\dots,m_L` units and C = ``outputs`` logits; L = 0 is a linear map.

    .. math:: h_0 = x, \qquad h_l = \varphi\Bigl(\frac{s}{\sqrt{m_{l-1}}}\,W_l h_{l-1} + b\,\beta_l\Bigr), \qquad
        f(x) = \frac{1}{\sqrt{m_L}}\,A\,h_L, \qquad m_0 = d,

    with independent centred entries of variance 1 in W_l, β_l, A, of the law ``initialisation``: "gaussian", "uniform" (on an interval) or
    "sign" (±1). s = ``scale``, b = ``bias``; φ = ``activation`` is "relu", "erf", "sine" or "gaussian". The logits have no bias.

    Book: ``prop-prior-one-layer`` and ``prop-prior-diagonal``.
    Raises: ValueError for a width or ``outputs`` < 1, an unknown name, scale <= 0 or bias < 0; the network, if x is no numpy matrix.

    >>> network = multilayer((50, 20), activation="erf", outputs=3)
    >>> network(np.random.default_rng(0), np.ones((5, 4))).shape
    (5, 3)
    """
    widths = tuple(integer("widths", m, at_least=1) for m in widths)
    phi, draw = _named("activation", activation, ACTIVATIONS), _named("initialisation", initialisation, INITIALISATIONS)
    outputs, scale, bias = integer("outputs", outputs, at_least=1), real("scale", scale, above=0), real("bias", bias, at_least=0)

    def network(rng: np.random.Generator, x: Float[Array, "n d"]) -> Float[Array, "n C"]:
        h = _inputs(rng, x)
        for m in widths:
            fan_in = h.shape[1]
            z = h @ (scale / math.sqrt(fan_in) * draw(rng, (fan_in, m)))
            h = phi(z + bias * draw(rng, (m,)))
        return h @ draw(rng, (h.shape[1], outputs)) / math.sqrt(h.shape[1])

    return network


def convolution(
    shape: tuple[int, int] = (8, 8),
    patch: int = 3,
    channels: int = 16,
    activation: str = "relu",
    outputs: int = 10,
    pooling: bool = False,
    initialisation: str = "gaussian",
) -> Network:
    r"""One convolutional layer of m = ``channels`` filters without padding, then logits from all its maps or from their means.

    The rows of x are images of this ``shape``, with P patches :math:`x_p` of :math:`q = \texttt{patch}^2` pixels:

    .. math:: h_{p,j} = \varphi\bigl(\langle w_j, x_p\rangle/\sqrt q\bigr), \qquad f_c = \frac{1}{\sqrt{mP}} \sum_{p,j} A_{c,p,j}\,h_{p,j}
        \qquad\text{or, with pooling,}\qquad f_c = \frac{1}{\sqrt m} \sum_j A_{c,j}\,\frac1P\sum_p h_{p,j},

    with independent centred entries of variance 1 in w_j and A, of the law ``initialisation``, as in :func:`multilayer`.

    Book: ``prop-prior-convolution``.
    Raises: ValueError for sizes < 1, a patch larger than the image, or an unknown name; the network, if x is no numpy matrix of such rows.

    >>> network = convolution(shape=(8, 8), patch=3, channels=4, outputs=2, pooling=True)
    >>> network(np.random.default_rng(0), np.ones((5, 64))).shape
    (5, 2)
    """
    shape, patch = _image(shape, patch)
    channels, outputs = integer("channels", channels, at_least=1), integer("outputs", outputs, at_least=1)
    phi, draw = _named("activation", activation, ACTIVATIONS), _named("initialisation", initialisation, INITIALISATIONS)

    def network(rng: np.random.Generator, x: Float[Array, "n d"]) -> Float[Array, "n C"]:
        patches = _patches(_inputs(rng, x), shape, patch)
        maps = phi(patches @ (draw(rng, (patch**2, channels)) / patch))
        h = np.mean(maps, axis=1) if pooling else maps.reshape(len(x), -1) / math.sqrt(patches.shape[1])
        return h @ draw(rng, (h.shape[1], outputs)) / math.sqrt(channels)

    return network


def sampled_features(rng: np.random.Generator, network: Network, x: Float[Array, "n d"], R: int) -> Float[Array, "n RC"]:
    r"""The logits of R independent initialisations side by side, over √R: RC features whose inner products are k_R.

    The same ``rng`` (same seed) gives the same R networks at other inputs.

    Book: ``prop-prior-rank``.
    Raises: ValueError if ``rng`` is no generator or R < 1, and as ``network`` does.

    >>> sampled_features(np.random.default_rng(0), multilayer((5,), outputs=3), np.ones((2, 4)), R=7).shape
    (2, 21)
    """
    generator("rng", rng)
    R = integer("R", R, at_least=1)
    return np.concatenate([network(rng, x) for _ in range(R)], axis=1) / math.sqrt(R)


def sampled_kernel(
    rng: np.random.Generator, network: Network, x: Float[Array, "n d"], y: Float[Array, "m d"], R: int
) -> Float[Array, "n m"]:
    r"""The sampled kernel k_R(x_i, y_j) from R initialisations, a few at a time: memory for the kernel and not for all RC features.

    From the same ``rng`` it is the matrix of inner products of :func:`sampled_features`.

    Book: ``thm-prior-rate``.
    Error: rounding of a sum of RC terms; the random error is that of :func:`entry_variance`.
    Raises: ValueError if ``rng`` is no generator or R < 1, and as ``network`` does.

    >>> x, network = np.eye(3), multilayer((4,), outputs=2)
    >>> features = sampled_features(np.random.default_rng(0), network, x, R=50)
    >>> bool(np.allclose(sampled_kernel(np.random.default_rng(0), network, x, x, R=50), features @ features.T, rtol=1e-12))
    True
    """
    generator("rng", rng)
    R, n = integer("R", R, at_least=1), len(x)
    both = x if y is x else np.concatenate([x, y])
    kernel, logits = 0.0, []
    for r in range(1, R + 1):
        logits.append(network(rng, both))
        if r == R or len(logits) * logits[0].size > BLOCK:
            f = np.concatenate(logits, axis=1)
            kernel, logits = kernel + f[:n] @ (f if y is x else f[n:]).T, []
    return kernel / R


# --- closed forms


def one_layer_kernel(
    x: Float[Array, "n d"], y: Float[Array, "m d"], activation: str, outputs: int, scale: float = 1.0, bias: float = 0.0
) -> Float[Array, "n m"]:
    r"""The prior kernel of :func:`multilayer` with one hidden layer of any width and Gaussian weights in it.

    .. math:: k(x,y) = C\,\mathbb E\,\varphi(u)\varphi(v), \qquad (u,v)\sim N\biggl(0, \frac{s^2}{d}
        \begin{pmatrix}\|x\|^2 & \langle x,y\rangle\\ \langle x,y\rangle & \|y\|^2\end{pmatrix} + b^2
        \begin{pmatrix}1&1\\1&1\end{pmatrix}\biggr)

    with s = ``scale``, b = ``bias``. For the ReLU without bias it is C s² |x||y| (sin t + (π - t) cos t) / (2πd), t the angle of x and y.

    Book: ``prop-prior-one-layer``.
    Error: that of the functions of ``dual_activations``, C times 1e-14 of the size of the values φ(u) φ(v).
    Raises: ValueError if ``x`` or ``y`` is no finite matrix, their widths differ, the activation is unknown, outputs < 1,
    scale <= 0 or bias < 0.

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
    r"""The prior kernel of :func:`convolution` with any number of channels and Gaussian filters, P patches :math:`x_p` in an image.

    .. math:: k(x,y) = \frac CP \sum_p k_1(x_p, y_p) \qquad\text{or, with pooling,}\qquad
        k(x,y) = \frac C{P^2} \sum_{p,p'} k_1(x_p, y_{p'}),

    with k_1 the :func:`one_layer_kernel` of one output on the q pixels of a patch. It is exact at every number of channels. Time: n m P
    evaluations of k_1, with pooling n m P² (half of it where ``y is x``).

    Book: ``prop-prior-convolution``.
    Error: that of :func:`one_layer_kernel`.
    Raises: ValueError as :func:`one_layer_kernel` and :func:`convolution` do.

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

    with the kernel :math:`\bar k` of one output, the fourth moment κ₄ = ``kurtosis`` of the readout weights over their squared variance
    (Gaussian 3, uniform 9/5, signs 1) and, for the angle t of x and y,

    .. math:: M = \mathbb E\,\varphi(u)^2\varphi(v)^2 = \frac{\|x\|^2\|y\|^2}{2\pi d^2} \bigl(3\sin t\cos t + (\pi-t)(1+2\cos^2t)\bigr).

    So E (k_R - k)² = v_m / R.

    Book: ``thm-prior-rate``.
    Source: M is the arc-cosine kernel of degree 2 of Cho and Saul (2009) over 2d².
    Error: relative to C² |x|² |y|² / d², 1e-14.
    Raises: ValueError if ``x`` or ``y`` is no finite matrix, their widths differ, width < 1, outputs < 1 or kurtosis < 1.

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

    >>> expected_kernel_error(np.array([[1.0, 1.0]]), width=1, outputs=1, R=17)
    0.5
    """
    R = integer("R", R, at_least=1)
    return math.sqrt(float(array_namespace(x).sum(entry_variance(x, x, width, outputs, kurtosis))) / R)


def depth_correction(x: Float[Array, "n d"], y: Float[Array, "m d"], outputs: int) -> Float[Array, "n m"]:
    r"""b(x, y): how a finite first width changes the kernel of two hidden ReLU layers, to first order. All weights as N(0, 1 / fan-in).

    .. math:: k(x,y) = k_\infty(x,y) + \frac{b(x,y)}{m_1} + O(m_1^{-2}), \qquad
        b = \frac{C\|x\|\|y\|}{2d}\cdot\frac{3M_{22}-4cM_{31}+12c^2-6}{8\pi\sqrt{1-c^2}},

    with :math:`k_\infty` of :func:`~randomfeatures.kernels.network_prior` at depth 2 and, for the angle t of x and y,

    .. math:: c = \frac{\sin t+(\pi-t)\cos t}\pi, \quad M_{22} = \frac2\pi\bigl(3\sin t\cos t+(\pi-t)(1+2\cos^2t)\bigr), \quad
        M_{31} = \frac2\pi\bigl(3(\pi-t)\cos t+\sin t\,(2+\cos^2t)\bigr).

    The width of the second layer does not enter. Below t = 1/1000 the fraction is taken as its leading term :math:`-3t^4/5\pi^2`.

    Book: ``prop-prior-depth``.
    Error: absolute, 1e-12 C |x| |y| / d.
    Raises: ValueError if ``x`` or ``y`` is no finite matrix, their widths differ or outputs < 1.

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


# --- readouts


def readout_accuracy(
    features_train: Float[Array, "n r"],
    labels_train: Int[Array, " n"],
    features_test: Float[Array, "N r"],
    labels_test: Int[Array, " N"],
    penalty: float,
) -> float:
    r"""The share of test rows that the ridge classifier gets right: ridge regression on the indicators of the classes 0, 1, ...

    A row goes to the class with the largest prediction. There is no intercept: the constant is one more feature.

    Book: ``prop-prior-rank``.
    Error: none but rounding; a tie goes to the smaller class.
    Raises: ValueError if the labels are no integers >= 0, one for each row, and as :func:`~randomfeatures.regression.ridge` does.

    >>> readout_accuracy(np.eye(3), np.array([0, 1, 1]), np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 3.0]]), np.array([0, 0]), penalty=0.1)
    0.5
    """
    _labels("labels_train", labels_train, features_train)
    _labels("labels_test", labels_test, features_test)
    return _accuracy(features_test @ ridge(features_train, _one_hot(labels_train, features_train), penalty), labels_test)


def kernel_ridge_accuracy(
    kernel_train: Float[Array, "n n"],
    labels_train: Int[Array, " n"],
    kernel_test: Float[Array, "N n"],
    labels_test: Int[Array, " N"],
    penalty: float,
) -> float:
    r"""The share of test points that kernel ridge regression on the indicators of the classes gets right.

    With the kernel of the training points among themselves, K, and of the test points with them, the predictions are

    .. math:: K_{\text{test}}\,(K + \lambda I)^{-1}\,Y,

    those of :func:`readout_accuracy` with the same penalty for features whose inner products are the kernel.

    Book: ``prop-prior-rank``.
    Error: none but rounding; a tie goes to the smaller class.
    Raises: ValueError if the shapes do not fit, the labels are no integers >= 0, one for each row, or penalty is not positive and at least
    n ε times the trace of K, below which rounding decides the result.

    >>> features, test = np.eye(3), np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 3.0]])
    >>> kernel_ridge_accuracy(features @ features.T, np.array([0, 1, 1]), test @ features.T, np.array([0, 0]), penalty=0.1)
    0.5
    """
    xp = common_namespace(
        kernel_train=finite_array("kernel_train", kernel_train, ndim=2), kernel_test=finite_array("kernel_test", kernel_test, ndim=2)
    )
    n = kernel_train.shape[0]
    if kernel_train.shape[1] != n or kernel_test.shape[1] != n:
        raise ValueError(
            f"kernel_train, kernel_test must have shapes (n, n), (N, n), got {tuple(kernel_train.shape)}, {tuple(kernel_test.shape)}"
        )
    _labels("labels_train", labels_train, kernel_train)
    _labels("labels_test", labels_test, kernel_test)
    least = n * float(xp.finfo(kernel_train.dtype).eps) * float(xp.linalg.trace(kernel_train))
    penalty = real("penalty", penalty, above=0, at_least=least)
    identity = xp.eye(n, dtype=kernel_train.dtype, device=device(kernel_train))
    dual = xp.linalg.solve(kernel_train + penalty * identity, _one_hot(labels_train, kernel_train))
    return _accuracy(kernel_test @ dual, labels_test)


def kernel_components(kernel: Float[Array, "n n"], q: int) -> Float[Array, "n {q}"]:
    r"""The coordinates of n points in the first q principal components of their features, from the kernel alone (kernel PCA).

    .. math:: H K H = \sum_i \lambda_i\,u_i u_i^\top, \quad H = I - \tfrac1n \mathbf 1\mathbf 1^\top, \quad
        \lambda_1\ge\lambda_2\ge\cdots, \qquad \text{column } i:\ \sqrt{\lambda_i}\,u_i

    H takes the mean off the features. The entry of largest modulus in a column is positive.

    Book: ``prop-kernel-pca``.
    Error: relative to λ_1, n ε in the squares of the columns; the direction of a column is determined up to ε λ_1 over its gap.
    Raises: ValueError if ``kernel`` is no square matrix of finite numbers, or q is not in 1..n.

    >>> points = np.array([[4.0, 1.0], [0.0, 1.0], [-1.0, 1.0]])
    >>> np.round(kernel_components(points @ points.T, 1), 12)
    array([[ 3.],
           [-1.],
           [-2.]])
    """
    xp = array_namespace(finite_array("kernel", kernel, ndim=2))
    n = kernel.shape[0]
    if kernel.shape[1] != n:
        raise ValueError(f"kernel must be a square matrix, got shape {tuple(kernel.shape)}")
    q = integer("q", q, at_least=1, at_most=n)
    centred = kernel - xp.mean(kernel, axis=0, keepdims=True)
    centred = centred - xp.mean(centred, axis=1, keepdims=True)
    values, vectors = xp.linalg.eigh((centred + centred.T) / 2)
    values, vectors = xp.flip(values, axis=0)[:q], xp.flip(vectors, axis=1)[:, :q]
    largest, smallest = xp.max(vectors, axis=0), xp.min(vectors, axis=0)
    sign = xp.where(largest >= -smallest, xp.ones_like(largest), -xp.ones_like(largest))
    return vectors * (sign * xp.sqrt(xp.clip(values, 0.0, None)))


# --- training


def train_classifier(
    rng: np.random.Generator,
    x: Float[Array, "n d"],
    labels: Int[Array, " n"],
    architecture: str = "multilayer",
    width: int = 128,
    shape: tuple[int, int] = (8, 8),
    patch: int = 3,
    epochs: int = 30,
    batch: int = 50,
    step_size: float = 3e-3,
) -> Callable[[Float[Array, "N d"]], Int[Array, " N"]]:
    r"""A ReLU network with all layers trained, for comparison: returns the function that maps rows to their predicted classes.

    ``architecture`` is "multilayer" (one hidden layer of ``width`` units), "convolution" (``width`` filters, squares of side ``patch``,
    logits from all maps) or "pooling" (logits from the means of the maps): those of :func:`multilayer` and :func:`convolution`, with
    biases that start at zero. Weights start at N(0, 2 / fan-in). Adam on the cross-entropy, in batches, ``epochs`` passes; float32, in
    torch.

    Raises: ValueError if ``rng`` is no generator, an array or a label is not as in :func:`readout_accuracy`, a size < 1, step_size <= 0,
    or the architecture is unknown.

    >>> x, labels = np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([1, 0])
    >>> predict = train_classifier(np.random.default_rng(0), x, labels, width=20, epochs=100)
    >>> predict(np.array([[2.0, 0.1], [-3.0, 0.1]]))
    array([1, 0])
    """
    import torch

    x = _inputs(rng, x)
    _labels("labels", labels, x)
    epochs, batch = integer("epochs", epochs, at_least=1), integer("batch", batch, at_least=1)
    seeded = torch.Generator().manual_seed(int(rng.integers(2**62)))
    model = _model(architecture, x.shape[1], integer("width", width, at_least=1), int(labels.max()) + 1, shape, patch)
    with torch.no_grad():
        for weight in model.parameters():  # of shape (units, fan-in...), or a bias
            size = math.sqrt(2 / weight[0].numel()) if weight.ndim > 1 else 0.0
            weight.copy_(size * torch.randn(weight.shape, generator=seeded))
    adam = torch.optim.Adam(model.parameters(), lr=real("step_size", step_size, above=0))
    inputs, targets = torch.tensor(x, dtype=torch.float32), torch.tensor(labels)
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=seeded).split(batch):
            adam.zero_grad()
            torch.nn.functional.cross_entropy(model(inputs[rows]), targets[rows]).backward()
            adam.step()

    def predict(x: Float[Array, "N d"]) -> Int[Array, " N"]:
        with torch.no_grad():
            return model(torch.tensor(finite_array("x", x, ndim=2), dtype=torch.float32)).argmax(dim=1).numpy()

    return predict


def _model(architecture, d, width, classes, shape, patch):
    from torch import nn

    if architecture == "multilayer":
        return nn.Sequential(nn.Linear(d, width), nn.ReLU(), nn.Linear(width, classes))
    pooling = _named("architecture", architecture, {"multilayer": None, "convolution": False, "pooling": True})
    (rows, columns), patch = _image(shape, patch)
    if rows * columns != d:
        raise ValueError(f"shape must have {d} pixels, the columns of x, got {(rows, columns)}")
    maps = [nn.Unflatten(1, (1, rows, columns)), nn.Conv2d(1, width, patch), nn.ReLU()]
    if pooling:
        return nn.Sequential(*maps, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes))
    P = (rows - patch + 1) * (columns - patch + 1)
    return nn.Sequential(*maps, nn.Flatten(), nn.Linear(width * P, classes))


# --- checks and small parts


def _named(name, value, choices):
    if not (isinstance(value, str) and value in choices):
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
    return choices[value]


def _inputs(rng, x):
    """The rows of x in double precision, or ValueError: networks are numpy's."""
    generator("rng", rng)
    if not isinstance(x, np.ndarray) or finite_array("x", x, ndim=2).shape[1] == 0:
        raise ValueError(f"x must be a numpy array with at least 1 column, got {type(x).__name__}")
    return x.astype(np.float64, copy=False)


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


def _labels(name, labels, rows):
    """ValueError unless ``labels`` holds one class 0, 1, ... for each of the ``rows``."""
    finite_array("rows", rows, ndim=2)
    xp = common_namespace(rows=rows, **{name: labels})
    if not xp.isdtype(labels.dtype, "integral") or tuple(labels.shape) != (rows.shape[0],) or not rows.shape[0] or xp.any(labels < 0):
        raise ValueError(
            f"{name} must hold {rows.shape[0]} integers >= 0, at least one, got shape {tuple(labels.shape)}, dtype {labels.dtype}"
        )


def _one_hot(labels, rows):
    """The indicators of the classes 0, ..., max as columns, in the dtype of ``rows``."""
    xp = array_namespace(labels)
    return xp.astype(labels[:, None] == xp.arange(int(xp.max(labels)) + 1, device=device(labels))[None, :], rows.dtype)


def _accuracy(scores, labels):
    xp = array_namespace(scores)
    return float(xp.sum(xp.astype(xp.argmax(scores, axis=1) == labels, xp.float64))) / labels.shape[0]
