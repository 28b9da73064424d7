r"""Training on XOR clusters: the network by descent, its readout alone, linear classifiers.

Notation as in :mod:`~randomfeatures.beyond.amplification`. The network, its gradient and its
training take arrays of any library; the fits by L-BFGS are numpy's.
"""

import math
from collections.abc import Sequence

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float
from scipy import optimize, special

from randomfeatures.foundations.activations import relu
from randomfeatures.foundations.arguments import (
    Array,
    generator,
    integer,
    real,
    real_array,
    real_arrays,
)


def initial_network(
    rng: np.random.Generator, m: int, d: int, omega: float
) -> tuple[Float[Array, "m d"], Float[Array, " m"]]:
    """(W, a): neurons from N(0, omega² I_d); the readout 1/√m for the first half, then -1/√m.

    Raises: ValueError unless m >= 2 is even, d >= 1 and omega > 0.

    >>> W, a = initial_network(np.random.default_rng(0), 4, 3, 0.01)
    >>> W.shape, a
    ((4, 3), array([ 0.5,  0.5, -0.5, -0.5]))
    """
    rng, m, d = generator("rng", rng), integer("m", m, at_least=2), integer("d", d, at_least=1)
    if m % 2:
        raise ValueError(f"m must be even, got {m}")
    omega = real("omega", omega, above=0)
    return omega * rng.standard_normal((m, d)), np.repeat([1.0, -1.0], m // 2) / math.sqrt(m)


def network(
    W: Float[Array, "m d"], a: Float[Array, " m"], x: Float[Array, "n d"]
) -> Float[Array, " n"]:
    """f(x) = Σ_j a_j [<w_j, x>]_+ at the rows of x.

    Raises: ValueError if an entry or a value is not finite or the shapes do not fit.

    >>> W, a = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([1.0, -1.0])
    >>> network(W, a, np.array([[3.0, 1.0], [-1.0, -1.0]]))
    array([1., 0.])
    """
    W, a, x = _network(W, a, x)
    with np.errstate(over="ignore", invalid="ignore"):
        return real_array("the values at x", relu(x @ W.T) @ a)


def loss_gradient(
    W: Float[Array, "m d"], a: Float[Array, " m"], x: Float[Array, "n d"], y: Float[Array, " n"]
) -> tuple[Float[Array, ""], Float[Array, "m d"]]:
    r"""The logistic loss on the samples (x_i, y_i), y_i = ±1, and its gradient in W.

    .. math:: \frac1n\sum_{i=1}^n\log\bigl(1+e^{-y_if(x_i)}\bigr), \qquad
        \nabla_{w_j} = -\frac{a_j}{n}\sum_{i=1}^n
        \frac{y_i}{1+e^{y_if(x_i)}}\,1\{\langle w_j,x_i\rangle>0\}\,x_i

    The derivative of the ReLU at 0 is 0.

    Error: rounding of the sums.
    Raises: ValueError if an entry or the loss is not finite, a label is not -1 or 1, or the shapes
    do not fit.

    >>> W, x, ones = np.array([[1.0, 0.0]]), np.array([[0.0, 2.0], [-1.0, 1.0]]), np.ones(2)
    >>> loss, gradient = loss_gradient(W, ones[:1], x, ones)
    >>> bool(loss == math.log(2)), bool(np.all(gradient == 0))
    (True, True)
    """
    W, a, x = _network(W, a, x)
    loss, gradient = _loss_gradient(W, a, x, _labels(x, y))
    return real_array("the loss", loss), real_array("the gradient", gradient)


def train(
    W: Float[Array, "m d"],
    a: Float[Array, " m"],
    x: Float[Array, "n d"],
    y: Float[Array, " n"],
    step: float,
    steps: int,
    keep: Sequence[int] = (),
) -> dict[int, Float[Array, "m d"]]:
    r"""Gradient descent on the logistic loss of all samples, a fixed.

    .. math:: W_{t+1} = W_t - \texttt{step}\;\nabla(W_t)

    Returns {t: W_t} at the times in ``keep`` and at the last, ``steps``. It computes in the dtype
    of its arrays; numbers in single precision halve the time.

    Raises: ValueError unless step > 0, steps >= 0 and 0 <= t <= steps for t in ``keep``, for labels
    that are not -1 or 1, or if the shapes do not fit; also if W stops being finite.

    >>> W, a, x, y = np.array([[1.0, 0.0]]), np.ones(1), np.array([[0.0, 2.0]]), np.ones(1)
    >>> sorted(train(W, a, x, y, 0.5, 3, keep=(0, 1)))
    [0, 1, 3]
    """
    W, a, x = _network(W, a, x)
    y = _labels(x, y)
    step, steps = real("step", step, above=0), integer("steps", steps, at_least=0)
    kept = {integer("keep", t, at_least=0, at_most=steps) for t in keep} | {steps}
    path = {0: W} if 0 in kept else {}
    for t in range(1, steps + 1):
        W = W - step * _loss_gradient(W, a, x, y)[1]
        if t in kept:
            path[t] = real_array("W", W)
    return path


def train_readout(
    W: Float[Array, "m d"],
    a: Float[Array, " m"],
    x: Float[Array, "n d"],
    y: Float[Array, " n"],
    ridge: float,
) -> Float[Array, " m"]:
    r"""The readout a that minimises the logistic loss of the network plus a penalty, W fixed.

    .. math:: \frac1n\sum_{i=1}^n\log\bigl(1+e^{-y_if(x_i)}\bigr)
        + \frac{\lambda v}{2}\,\|a\|^2, \qquad v = \frac1{nm}\sum_{i,j}[\langle w_j,x_i\rangle]_+^2,

    with λ = ``ridge``: thanks to the mean square v of the features the fitted function does not
    depend on the scale of W. L-BFGS starts at ``a``.

    Error: the gradient of the objective, in units where v = 1, has entries below 1e-6, or the
    iteration (at most 2000) stalled.
    Raises: ValueError unless ridge > 0, for labels that are not -1 or 1, features all zero or not
    finite, or shapes that do not fit.

    >>> W, x, y = np.eye(2), np.eye(2), np.array([1.0, -1.0])
    >>> readout = train_readout(W, np.zeros(2), x, y, ridge=0.1)
    >>> bool(readout[0] > 0 > readout[1])
    True
    """
    W, a, x = _network(W, a, x)
    y = _labels(x, y)
    with np.errstate(over="ignore", invalid="ignore"):
        features = real_array("the features of W at x", relu(x @ W.T))
    largest = float(np.max(features))
    if largest == 0:
        raise ValueError(
            "W must have a neuron that is positive at a sample, got features that are all zero"
        )
    scale = largest * math.sqrt(float(np.mean((features / largest) ** 2)))
    fit = _logistic(features / scale, y, real("ridge", ridge, above=0), start=a * scale)
    return fit / scale


def linear_classifier(
    x: Float[Array, "n d"], y: Float[Array, " n"], ridge: float, bias: bool = True
) -> tuple[Float[Array, " d"], float]:
    r"""(u, b) of logistic regression: the classifier is the sign of <u, x> - b.

    It minimises the mean of :math:`\log(1+e^{-y_i(\langle u,x_i\rangle-b)})` plus
    λ(\|u\|² + b²)/2, λ = ``ridge``; b = 0 without ``bias``.

    Error: as in :func:`train_readout`.
    Raises: ValueError unless ridge > 0, for labels that are not -1 or 1, or shapes that do not fit.

    >>> x, y = np.array([[1.0], [-1.0]]), np.array([1.0, -1.0])
    >>> u, b = linear_classifier(x, y, ridge=0.1)
    >>> bool(u[0] > 0), abs(b) < 1e-6
    (True, True)
    """
    x = real_array("x", x, ndim=2)
    y = _labels(x, y)
    inputs = np.concatenate([x, -np.ones((len(x), 1))], axis=1) if bias else x
    ridge = real("ridge", ridge, above=0)
    fit = _logistic(inputs, y, ridge, start=np.zeros(inputs.shape[1]))
    return (fit[:-1], float(fit[-1])) if bias else (fit, 0.0)


def classification_error(score: Float[Array, " n"], y: Float[Array, " n"]) -> float:
    """The share of samples where the sign of ``score`` is not the label y = ±1.

    A score of 0 is a toss of a coin and counts 1/2.

    Raises: ValueError if a score is not finite, a label is not -1 or 1, or the shapes differ.

    >>> classification_error(np.array([0.5, -2.0, 0.0, 1.0]), np.ones(4))
    0.375
    """
    score = real_array("score", score, ndim=1)
    y = _labels(score, y)
    xp = array_namespace(score)
    return float(xp.sum(1 - xp.sign(score) * y)) / (2 * y.shape[0])


def _network(W: Array, a: Array, x: Array) -> tuple[Array, Array, Array]:
    """W, a, x as finite arrays of one library whose shapes fit, or ValueError."""
    W, a, x = real_arrays(W=W, a=a, x=x, ndim=(2, 1, 2))
    if not (W.shape[1] == x.shape[1] and W.shape[0] == a.shape[0] > 0 and x.shape[0] > 0):
        shapes = ", ".join(str(tuple(array.shape)) for array in (W, a, x))
        raise ValueError(f"W, a, x must have shapes (m, d), (m,), (n, d), got {shapes}")
    return W, a, x


def _labels(x: Array, y: Array) -> Array:
    """The labels of the rows of x as an array, or ValueError."""
    _, y = real_arrays(x=x, y=y, ndim=(None, 1))
    xp = array_namespace(y)
    if y.shape[0] != x.shape[0] or y.shape[0] == 0:
        raise ValueError(
            f"y must have a label for each of the {x.shape[0]} samples, got shape {tuple(y.shape)}"
        )
    if xp.any(xp.abs(y) != 1):
        raise ValueError("y must hold labels -1 and 1 only")
    return y


def _loss_gradient(W: Array, a: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """The loss and its gradient in W, arguments unchecked: training calls it often."""
    xp = array_namespace(W, a, x, y)
    z = x @ xp.matrix_transpose(W)
    margin = y * (xp.maximum(z, xp.zeros_like(z)) @ a)
    decay = xp.exp(-xp.abs(margin))  # at most 1: no overflow, however large the margin
    loss = xp.mean(xp.log1p(decay) + xp.maximum(-margin, xp.zeros_like(margin)))
    share = xp.where(margin > 0, decay, xp.ones_like(decay)) / (1 + decay)
    weight = y * share / x.shape[0]
    active = xp.astype(z > 0, x.dtype)
    return loss, -a[:, None] * (xp.matrix_transpose(active) @ (weight[:, None] * x))


def _logistic(features: Array, y: Array, ridge: float, start: Array) -> Array:
    """The minimiser of mean log(1 + exp(-y <features, u>)) + ridge |u|²/2."""

    def objective(u: Array) -> tuple[float, Array]:
        u = u.astype(features.dtype)
        margin = y * (features @ u)
        gradient = ridge * u - (y * special.expit(-margin)) @ features / len(y)
        loss = np.mean(np.logaddexp(0, -margin)) + ridge * (u @ u) / 2
        return float(loss), gradient.astype(float)

    options = {"maxiter": 2000, "gtol": 1e-6, "ftol": 1e-12}
    return optimize.minimize(objective, start, jac=True, method="L-BFGS-B", options=options).x
