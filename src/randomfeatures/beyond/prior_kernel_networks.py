r"""Networks at initialisation as feature extractors, one draw or R of them; and trained.

A ``network`` is a function (rng, x) -> logits (n, C) of one fresh initialisation at the rows of
``x``, such as :func:`multilayer` and :func:`convolution` return; what it draws does not depend on
``x``, so the same ``rng`` at other inputs gives the same network. Networks are numpy's; training is
torch's.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from randomfeatures.beyond.prior_kernel import (
    ACTIVATIONS,
    BLOCK,
    image_and_patch,
    image_patches,
    named,
)
from randomfeatures.beyond.prior_kernel_readouts import class_labels
from randomfeatures.foundations.arguments import Array, generator, integer, real, real_array

# (rng, x) -> the logits, shape (n, C), of one fresh initialisation at the rows of x
Network = Callable[[np.random.Generator, Array], Array]

# independent centred weights of variance 1, of three laws
INITIALISATIONS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Array]] = {
    "gaussian": lambda rng, shape: rng.standard_normal(shape),
    "uniform": lambda rng, shape: rng.uniform(-math.sqrt(3), math.sqrt(3), shape),
    "sign": lambda rng, shape: 2.0 * rng.integers(0, 2, shape) - 1.0,
}


# --- networks


def multilayer(
    widths: Sequence[int],
    activation: str = "relu",
    outputs: int = 10,
    initialisation: str = "gaussian",
    scale: float = 1.0,
    bias: float = 0.0,
) -> Network:
    r"""The network with hidden layers of ``widths`` :math:`m_1,\dots,m_L` units and C logits.

    .. math:: h_0 = x, \qquad
        h_l = \varphi\Bigl(\frac{s}{\sqrt{m_{l-1}}}\,W_l h_{l-1} + b\,\beta_l\Bigr), \qquad
        f(x) = \frac{1}{\sqrt{m_L}}\,A\,h_L, \qquad m_0 = d,

    with independent centred entries of variance 1 in W_l, β_l, A, of the law ``initialisation``:
    "gaussian", "uniform" (on an interval) or "sign" (±1). C = ``outputs``, s = ``scale``, b =
    ``bias``; φ = ``activation`` is "relu", "erf", "sine" or "gaussian". The logits have no bias. L
    = 0 is a linear map.

    See: ``prop-prior-one-layer`` and ``prop-prior-diagonal``.
    Raises: ValueError for a width or ``outputs`` < 1, an unknown name, scale <= 0 or bias < 0; the
    network, if x is no numpy matrix.

    >>> network = multilayer((50, 20), activation="erf", outputs=3)
    >>> network(np.random.default_rng(0), np.ones((5, 4))).shape
    (5, 3)
    """
    widths = tuple(integer("widths", m, at_least=1) for m in widths)
    phi = named("activation", activation, ACTIVATIONS)
    draw = named("initialisation", initialisation, INITIALISATIONS)
    outputs = integer("outputs", outputs, at_least=1)
    scale, bias = real("scale", scale, above=0), real("bias", bias, at_least=0)

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
    r"""One convolutional layer of m = ``channels`` filters, and logits from its maps.

    There is no padding. The rows of x are images of this ``shape``, with P patches :math:`x_p` of
    :math:`q = \texttt{patch}^2` pixels:

    .. math:: h_{p,j} = \varphi\bigl(\langle w_j, x_p\rangle/\sqrt q\bigr), \qquad
        f_c = \frac{1}{\sqrt{mP}} \sum_{p,j} A_{c,p,j}\,h_{p,j}
        \qquad\text{or, with pooling,}\qquad
        f_c = \frac{1}{\sqrt m} \sum_j A_{c,j}\,\frac1P\sum_p h_{p,j},

    with independent centred entries of variance 1 in w_j and A, of the law ``initialisation``, as
    in :func:`multilayer`.

    See: ``prop-prior-convolution``.
    Raises: ValueError for sizes < 1, a patch larger than the image, or an unknown name; the
    network, if x is no numpy matrix of such rows.

    >>> network = convolution(shape=(8, 8), patch=3, channels=4, outputs=2, pooling=True)
    >>> network(np.random.default_rng(0), np.ones((5, 64))).shape
    (5, 2)
    """
    shape, patch = image_and_patch(shape, patch)
    channels = integer("channels", channels, at_least=1)
    outputs = integer("outputs", outputs, at_least=1)
    phi = named("activation", activation, ACTIVATIONS)
    draw = named("initialisation", initialisation, INITIALISATIONS)

    def network(rng: np.random.Generator, x: Float[Array, "n d"]) -> Float[Array, "n C"]:
        patches = image_patches(_inputs(rng, x), shape, patch)
        maps = phi(patches @ (draw(rng, (patch**2, channels)) / patch))
        flat = maps.reshape(len(maps), -1) / math.sqrt(patches.shape[1])
        h = np.mean(maps, axis=1) if pooling else flat
        return h @ draw(rng, (h.shape[1], outputs)) / math.sqrt(channels)

    return network


def sampled_features(
    rng: np.random.Generator, network: Network, x: Float[Array, "n d"], R: int
) -> Float[Array, "n RC"]:
    r"""The logits of R independent initialisations side by side, over √R.

    These are RC features whose inner products are k_R. The same ``rng`` (same seed) gives the same
    R networks at other inputs.

    Book: ``prop-prior-rank``.
    Raises: ValueError if ``rng`` is no generator or R < 1, and as ``network`` does.

    >>> rng, network = np.random.default_rng(0), multilayer((5,), outputs=3)
    >>> sampled_features(rng, network, np.ones((2, 4)), R=7).shape
    (2, 21)
    """
    generator("rng", rng)
    R = integer("R", R, at_least=1)
    return np.concatenate([network(rng, x) for _ in range(R)], axis=1) / math.sqrt(R)


def sampled_kernel(
    rng: np.random.Generator,
    network: Network,
    x: Float[Array, "n d"],
    y: Float[Array, "m d"],
    R: int,
) -> Float[Array, "n m"]:
    r"""The sampled kernel k_R(x_i, y_j) from R initialisations.

    A few at a time: memory for the kernel and not for all RC features. From the same ``rng`` it is
    the matrix of inner products of :func:`sampled_features`.

    Book: ``thm-prior-rate``.
    Error: rounding of a sum of RC terms; the random error is that of
    :func:`~randomfeatures.beyond.prior_kernel_rate.entry_variance`.
    Raises: ValueError if ``rng`` is no generator or R < 1, and as ``network`` does.

    >>> x, network = np.eye(3), multilayer((4,), outputs=2)
    >>> features = sampled_features(np.random.default_rng(0), network, x, R=50)
    >>> kernel = sampled_kernel(np.random.default_rng(0), network, x, x, R=50)
    >>> bool(np.allclose(kernel, features @ features.T, rtol=1e-12))
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
    r"""A ReLU network with all layers trained: the function that maps rows to predicted classes.

    ``architecture`` is "multilayer" (one hidden layer of ``width`` units), "convolution" (``width``
    filters, squares of side ``patch``, logits from all maps) or "pooling" (logits from the means of
    the maps): those of :func:`multilayer` and :func:`convolution`, with biases that start at zero.
    Weights start at N(0, 2 / fan-in). Adam on the cross-entropy, in batches, ``epochs`` passes;
    float32, in torch.

    Raises: ValueError if ``rng`` is no generator, an array or a label is not as in
    :func:`~randomfeatures.beyond.prior_kernel_readouts.readout_accuracy`, a size < 1,
    step_size <= 0, or the architecture is unknown.

    >>> x, labels = np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([1, 0])
    >>> predict = train_classifier(np.random.default_rng(0), x, labels, width=20, epochs=100)
    >>> predict(np.array([[2.0, 0.1], [-3.0, 0.1]]))
    array([1, 0])
    """
    import torch

    x = _inputs(rng, x)
    labels = class_labels("labels", labels, x)
    epochs, batch = integer("epochs", epochs, at_least=1), integer("batch", batch, at_least=1)
    width, classes = integer("width", width, at_least=1), int(labels.max()) + 1
    seeded = torch.Generator().manual_seed(int(rng.integers(2**62)))
    model = _model(architecture, x.shape[1], width, classes, image_and_patch(shape, patch))
    _initialise(model, seeded)
    adam = torch.optim.Adam(model.parameters(), lr=real("step_size", step_size, above=0))
    inputs, targets = torch.tensor(x, dtype=torch.float32), torch.tensor(labels)
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=seeded).split(batch):
            adam.zero_grad()
            torch.nn.functional.cross_entropy(model(inputs[rows]), targets[rows]).backward()
            adam.step()

    def predict(x: Float[Array, "N d"]) -> Int[Array, " N"]:
        rows = torch.tensor(real_array("x", x, ndim=2), dtype=torch.float32)
        with torch.no_grad():
            return model(rows).argmax(dim=1).numpy()

    return predict


def _initialise(model: Any, generator: Any) -> None:
    """Weights from N(0, 2 / fan-in), biases 0."""
    import torch

    with torch.no_grad():
        for weight in model.parameters():  # of shape (units, fan-in...), or a bias
            size = math.sqrt(2 / weight[0].numel()) if weight.ndim > 1 else 0.0
            weight.copy_(size * torch.randn(weight.shape, generator=generator))


def _model(
    architecture: str, d: int, width: int, classes: int, image: tuple[tuple[int, int], int]
) -> Any:
    """The torch module of this architecture, for images of (shape, patch)."""
    from torch import nn

    if architecture == "multilayer":
        return nn.Sequential(nn.Linear(d, width), nn.ReLU(), nn.Linear(width, classes))
    choices = {"multilayer": None, "convolution": False, "pooling": True}
    pooling = named("architecture", architecture, choices)
    (rows, columns), patch = image
    if rows * columns != d:
        raise ValueError(f"shape must have {d} pixels, the columns of x, got {(rows, columns)}")
    maps = [nn.Unflatten(1, (1, rows, columns)), nn.Conv2d(1, width, patch), nn.ReLU()]
    if pooling:
        means = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        return nn.Sequential(*maps, *means, nn.Linear(width, classes))
    P = (rows - patch + 1) * (columns - patch + 1)
    return nn.Sequential(*maps, nn.Flatten(), nn.Linear(width * P, classes))


def _inputs(rng: np.random.Generator, x: Float[Array, "n d"]) -> Float[np.ndarray, "n d"]:
    """The rows of x in double precision, or ValueError: networks are numpy's."""
    generator("rng", rng)
    x = real_array("x", x, ndim=2)
    if not isinstance(x, np.ndarray) or x.shape[1] == 0:
        raise ValueError(f"x must be a numpy array with at least 1 column, got {type(x).__name__}")
    return x.astype(np.float64, copy=False)
