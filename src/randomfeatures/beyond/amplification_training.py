r"""Training on XOR clusters: the two-layer network by gradient descent, its readout alone, and linear classifiers.

Notation as in :mod:`~randomfeatures.beyond.amplification`. Training is numpy's; the network and its
gradient take arrays of any library.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy import optimize, special

from randomfeatures.foundations.activations import relu
from randomfeatures.foundations.arguments import Array, common_namespace, finite_array, generator, integer, real

# --- training


def initial_network(rng: np.random.Generator, m: int, d: int, omega: float) -> tuple[Float[Array, "m d"], Float[Array, " m"]]:
    """(W, a): neurons from N(0, omega² I_d), and the readout 1/√m for the first half, -1/√m for the second.

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


def network(W: Float[Array, "m d"], a: Float[Array, " m"], x: Float[Array, "n d"]) -> Float[Array, " n"]:
    """f(x) = Σ_j a_j [<w_j, x>]_+ at the rows of x.

    Raises: ValueError if an entry is not finite or the shapes do not fit.

    >>> network(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([1.0, -1.0]), np.array([[3.0, 1.0], [-1.0, -1.0]]))
    array([1., 0.])
    """
    xp = _check_network(W, a, x)
    return relu(x @ xp.matrix_transpose(W)) @ a


def loss_gradient(
    W: Float[Array, "m d"], a: Float[Array, " m"], x: Float[Array, "n d"], y: Float[Array, " n"]
) -> tuple[Float[Array, ""], Float[Array, "m d"]]:
    r"""The logistic loss on the samples (x_i, y_i), y_i = ±1, and its gradient in W; the derivative of the ReLU at 0 is 0.

    .. math:: \frac1n\sum_{i=1}^n\log\bigl(1+e^{-y_if(x_i)}\bigr), \qquad
        \nabla_{w_j} = -\frac{a_j}{n}\sum_{i=1}^n\frac{y_i}{1+e^{y_if(x_i)}}\,1\{\langle w_j,x_i\rangle>0\}\,x_i

    Error: rounding of the sums.
    Raises: ValueError if an entry is not finite, a label is not -1 or 1, or the shapes do not fit.

    >>> loss, gradient = loss_gradient(np.array([[1.0, 0.0]]), np.array([1.0]), np.array([[0.0, 2.0], [-1.0, 1.0]]), np.array([1.0, 1.0]))
    >>> bool(loss == math.log(2)), bool(np.all(gradient == 0))
    (True, True)
    """
    xp = _check_network(W, a, x)
    _check_labels(x, y)
    return _loss_gradient(xp, W, a, x, y)


def train(
    W: Float[Array, "m d"],
    a: Float[Array, " m"],
    x: Float[Array, "n d"],
    y: Float[Array, " n"],
    step: float,
    steps: int,
    keep: Sequence[int] = (),
) -> dict[int, Float[Array, "m d"]]:
    r"""Gradient descent on the logistic loss of all samples: :math:`W_{t+1} = W_t -` ``step`` :math:`\nabla(W_t)`, a fixed.

    Returns {t: W_t} at the times in ``keep`` and at the last, ``steps``. It computes in the dtype
    of its arrays; numbers in single precision halve the time.

    Raises: ValueError unless step > 0, steps >= 0 and 0 <= t <= steps for t in ``keep``, for labels
    that are not -1 or 1, or if the shapes do not fit; also if W stops being finite.

    >>> path = train(np.array([[1.0, 0.0]]), np.array([1.0]), np.array([[0.0, 2.0]]), np.array([1.0]), 0.5, 3, keep=(0, 1))
    >>> sorted(path)
    [0, 1, 3]
    """
    xp = _check_network(W, a, x)
    _check_labels(x, y)
    step, steps = real("step", step, above=0), integer("steps", steps, at_least=0)
    kept = {integer("keep", t, at_least=0, at_most=steps) for t in keep} | {steps}
    path = {0: W} if 0 in kept else {}
    for t in range(1, steps + 1):
        W = W - step * _loss_gradient(xp, W, a, x, y)[1]
        if t in kept:
            path[t] = finite_array("W", W)
    return path


def train_readout(
    W: Float[Array, "m d"], a: Float[Array, " m"], x: Float[Array, "n d"], y: Float[Array, " n"], ridge: float
) -> Float[Array, " m"]:
    r"""The readout a that minimises the logistic loss of the network plus a penalty, W staying as it is; ``a`` is where L-BFGS starts.

    .. math:: \frac1n\sum_{i=1}^n\log\bigl(1+e^{-y_if(x_i)}\bigr) + \frac{\lambda v}{2}\,\|a\|^2, \qquad
        v = \frac1{nm}\sum_{i,j}[\langle w_j,x_i\rangle]_+^2,

    with λ = ``ridge``: thanks to the mean square v of the features the fitted function does not
    depend on the scale of W.

    Error: the gradient of the objective, in units where v = 1, has entries below 1e-6, or the
    iteration (at most 2000) stalled.
    Raises: ValueError unless ridge > 0, for labels that are not -1 or 1, features all zero, or
    shapes that do not fit.

    >>> readout = train_readout(np.eye(2), np.zeros(2), np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([1.0, -1.0]), ridge=0.1)
    >>> bool(readout[0] > 0 > readout[1])
    True
    """
    _check_network(W, a, x)
    _check_labels(x, y)
    features = relu(x @ W.T)
    scale = math.sqrt(float(np.mean(features**2)))
    if scale == 0:
        raise ValueError("W must have a neuron that is positive at a sample, got features that are all zero")
    return _logistic(features / scale, y, real("ridge", ridge, above=0), start=a * scale) / scale


def linear_classifier(x: Float[Array, "n d"], y: Float[Array, " n"], ridge: float, bias: bool = True) -> tuple[Float[Array, " d"], float]:
    r"""(u, b) of logistic regression: the classifier is the sign of <u, x> - b, b = 0 without ``bias``.

    It minimises the mean of :math:`\log(1+e^{-y_i(\langle u,x_i\rangle-b)})` plus λ(\|u\|² + b²)/2,
    λ = ``ridge``.

    Error: as in :func:`train_readout`.
    Raises: ValueError unless ridge > 0, for labels that are not -1 or 1, or shapes that do not fit.

    >>> u, b = linear_classifier(np.array([[1.0], [-1.0]]), np.array([1.0, -1.0]), ridge=0.1)
    >>> bool(u[0] > 0), abs(b) < 1e-6
    (True, True)
    """
    finite_array("x", x, ndim=2)
    _check_labels(x, y)
    inputs = np.concatenate([x, -np.ones((len(x), 1))], axis=1) if bias else x
    fit = _logistic(inputs, y, real("ridge", ridge, above=0), start=np.zeros(inputs.shape[1]))
    return (fit[:-1], float(fit[-1])) if bias else (fit, 0.0)


def classification_error(score: Float[Array, " n"], y: Float[Array, " n"]) -> float:
    """The share of samples where the sign of ``score`` is not the label y = ±1. A score of 0 is a toss of a coin and counts 1/2.

    Raises: ValueError if a score is not finite, a label is not -1 or 1, or the shapes differ.

    >>> classification_error(np.array([0.5, -2.0, 0.0, 1.0]), np.array([1.0, 1.0, 1.0, 1.0]))
    0.375
    """
    xp = common_namespace(score=finite_array("score", score, ndim=1), y=finite_array("y", y, ndim=1))
    _check_labels(score, y)
    return float(xp.sum(1 - xp.sign(score) * y)) / (2 * y.shape[0])


def _check_network(W, a, x):
    xp = common_namespace(W=finite_array("W", W, ndim=2), a=finite_array("a", a, ndim=1), x=finite_array("x", x, ndim=2))
    if not (W.shape[1] == x.shape[1] and W.shape[0] == a.shape[0] > 0 and x.shape[0] > 0):
        raise ValueError(f"W, a, x must have shapes (m, d), (m,), (n, d), got {tuple(W.shape)}, {tuple(a.shape)}, {tuple(x.shape)}")
    return xp


def _check_labels(x, y):
    xp = common_namespace(x=x, y=finite_array("y", y, ndim=1))
    if y.shape[0] != x.shape[0] or y.shape[0] == 0:
        raise ValueError(f"y must have one label for each of the {x.shape[0]} samples, got shape {tuple(y.shape)}")
    if xp.any(xp.abs(y) != 1):
        raise ValueError("y must hold labels -1 and 1 only")


def _loss_gradient(xp, W, a, x, y):
    z = x @ xp.matrix_transpose(W)
    margin = y * (xp.maximum(z, xp.zeros_like(z)) @ a)
    decay = xp.exp(-xp.abs(margin))  # at most 1: no overflow, however large the margin
    loss = xp.mean(xp.log1p(decay) + xp.maximum(-margin, xp.zeros_like(margin)))
    weight = y * xp.where(margin > 0, decay, xp.ones_like(decay)) / (1 + decay) / x.shape[0]
    active = xp.astype(z > 0, x.dtype)
    return loss, -a[:, None] * (xp.matrix_transpose(active) @ (weight[:, None] * x))


def _logistic(features, y, ridge, start):
    """The minimiser of mean log(1 + exp(-y <features, u>)) + ridge |u|²/2."""

    def objective(u):
        u = u.astype(features.dtype)
        margin = y * (features @ u)
        gradient = ridge * u - (y * special.expit(-margin)) @ features / len(y)
        return float(np.mean(np.logaddexp(0, -margin)) + ridge * (u @ u) / 2), gradient.astype(float)

    options = {"maxiter": 2000, "gtol": 1e-6, "ftol": 1e-12}
    return optimize.minimize(objective, start, jac=True, method="L-BFGS-B", options=options).x
