r"""Readouts of fixed features: ridge classifiers and principal components, from kernels too.

And the images on which the book tries them.
"""

import math

import numpy as np
from array_api_compat import array_namespace, device, is_array_api_obj
from jaxtyping import Float, Int

from randomfeatures.beyond.prior_kernel import square_matrix
from randomfeatures.foundations.arguments import (
    Array,
    common_namespace,
    integer,
    real,
    real_array,
    real_arrays,
)
from randomfeatures.foundations.linear_algebra import binary_scale
from randomfeatures.power.random_features import ridge

# --- images


def centred_digits(
    rng: np.random.Generator, train: int = 1000
) -> tuple[Float[Array, "n 64"], Int[Array, " n"]]:
    r"""scikit-learn's 1797 handwritten digits in random order, the training images first.

    Of each pixel its mean over the ``train`` first images is taken off, and all pixels are divided
    by one number, so that their mean square over those images is 1.

    Returns: images, a row of 64 pixels each, and their classes.
    Raises: ValueError unless 2 ≤ train ≤ 1797.

    >>> images, classes = centred_digits(np.random.default_rng(0))
    >>> images.shape, round(float(np.mean(images[:1000] ** 2)), 12)
    ((1797, 64), 1.0)
    """
    from sklearn.datasets import load_digits  # the package is used without scikit-learn too

    pixels, classes = load_digits(return_X_y=True)
    train = integer("train", train, at_least=2, at_most=len(pixels))
    order = rng.permutation(len(pixels))
    x = pixels[order] - pixels[order[:train]].mean(axis=0)
    return x / math.sqrt(np.mean(x[:train] ** 2)), classes[order]


# --- readouts


def readout_accuracy(
    features_train: Float[Array, "n r"],
    labels_train: Int[Array, " n"],
    features_test: Float[Array, "N r"],
    labels_test: Int[Array, " N"],
    penalty: float,
) -> float:
    r"""The share of test rows that the ridge classifier gets right.

    That is ridge regression on the indicators of the classes 0, 1, ...; a row goes to the class
    with the largest prediction. There is no intercept: the constant is one more feature.

    See: ``prop-prior-rank``.
    Error: none but rounding; a tie goes to the smaller class.
    Raises: ValueError if the labels are no integers >= 0, one for each row, and as
    :func:`~randomfeatures.power.random_features.ridge` does.

    >>> train, test = np.eye(3), np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 3.0]])
    >>> labels = np.array([0, 1, 1])
    >>> readout_accuracy(train, labels, test, np.array([0, 0]), penalty=0.1)
    0.5
    """
    features_train, features_test = real_arrays(
        features_train=features_train, features_test=features_test, ndim=2
    )
    labels_train = class_labels("labels_train", labels_train, features_train)
    labels_test = class_labels("labels_test", labels_test, features_test)
    weights = ridge(features_train, _one_hot(labels_train, features_train), penalty)
    return _accuracy(features_test @ weights, labels_test)


def kernel_ridge_accuracy(
    kernel_train: Float[Array, "n n"],
    labels_train: Int[Array, " n"],
    kernel_test: Float[Array, "N n"],
    labels_test: Int[Array, " N"],
    penalty: float,
) -> float:
    r"""The share of test points that kernel ridge regression on the indicators gets right.

    With the kernel of the training points among themselves, K, and of the test points with them,
    the predictions are

    .. math:: K_{\text{test}}\,(K + \lambda I)^{-1}\,Y,

    those of :func:`readout_accuracy` with the same penalty for features whose inner products are
    the kernel.

    See: ``prop-prior-rank``.
    Error: none but rounding; a tie goes to the smaller class.
    Raises: ValueError if the shapes do not fit, the labels are no integers >= 0, one for each row,
    or penalty is not positive and at least n ε times the trace of K, below which rounding decides
    the result.

    >>> train, test = np.eye(3), np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 3.0]])
    >>> labels = np.array([0, 1, 1])
    >>> kernel_ridge_accuracy(train @ train.T, labels, test @ train.T, np.array([0, 0]), 0.1)
    0.5
    """
    kernel_train, kernel_test = real_arrays(
        kernel_train=kernel_train, kernel_test=kernel_test, ndim=2
    )
    xp, n = array_namespace(kernel_train), len(kernel_train)
    if kernel_train.shape[1] != n or kernel_test.shape[1] != n:
        shapes = f"{tuple(kernel_train.shape)}, {tuple(kernel_test.shape)}"
        expected = "shapes (n, n), (N, n)"
        raise ValueError(f"kernel_train, kernel_test must have {expected}, got {shapes}")
    labels_train = class_labels("labels_train", labels_train, kernel_train)
    labels_test = class_labels("labels_test", labels_test, kernel_test)
    with np.errstate(over="ignore"):
        trace = float(xp.linalg.trace(kernel_train))
    least = n * float(xp.finfo(kernel_train.dtype).eps) * real("the trace of kernel_train", trace)
    penalty = real("penalty", penalty, above=0, at_least=least)
    # Predictions do not change when both kernels and the penalty are divided by one number.
    scale = xp.max(binary_scale(kernel_train))
    identity = xp.eye(n, dtype=kernel_train.dtype, device=device(kernel_train))
    system = kernel_train / scale + penalty / scale * identity
    dual = xp.linalg.solve(system, _one_hot(labels_train, kernel_train))
    with np.errstate(over="ignore", invalid="ignore"):
        return _accuracy(real_array("the predictions", kernel_test / scale @ dual), labels_test)


def fitted_values_error(target_norm: float, penalty: float, kernel_error: float) -> float:
    r"""A bound on how far the fit with R draws is from that with the kernel, on training inputs.

    .. math:: \bigl(\mathbb E\,\|K_R(K_R+\mu I)^{-1}y-K(K+\mu I)^{-1}y\|^2\bigr)^{1/2}
        \le \frac{\|y\|}\mu\,\bigl(\mathbb E\,\|K_R-K\|_F^2\bigr)^{1/2}

    with \|y\| = ``target_norm``, μ = ``penalty``, and ``kernel_error`` from
    :func:`~randomfeatures.beyond.prior_kernel_rate.expected_kernel_error`.

    Book: ``prop-prior-rank``.
    Error: an upper bound, reached for one input as μ → ∞. Rounding: relative 1e-15.
    Raises: ValueError unless target_norm ≥ 0, penalty > 0 and kernel_error ≥ 0, or if the bound is
    not finite.

    >>> fitted_values_error(target_norm=3.0, penalty=2.0, kernel_error=0.5)
    0.75
    """
    target_norm = real("target_norm", target_norm, at_least=0)
    kernel_error = real("kernel_error", kernel_error, at_least=0)
    return real("the bound", target_norm * (kernel_error / real("penalty", penalty, above=0)))


# --- principal components


def kernel_components(kernel: Float[Array, "n n"], q: int) -> Float[Array, "n {q}"]:
    r"""The coordinates of n points in the first q principal components of their features.

    From the kernel alone (kernel PCA):

    .. math:: H K H = \sum_i \lambda_i\,u_i u_i^\top, \quad
        H = I - \tfrac1n \mathbf 1\mathbf 1^\top, \quad \lambda_1\ge\lambda_2\ge\cdots, \qquad
        \text{column } i:\ \sqrt{\lambda_i}\,u_i

    H takes the mean off the features. The entry of largest modulus in a column is positive.

    Book: ``prop-kernel-pca``.
    Error: relative to λ_1, n ε in the squares of the columns; the direction of a column is
    determined up to ε λ_1 over its gap.
    Raises: ValueError if ``kernel`` is no square matrix of finite numbers, or q is not in 1..n.

    >>> points = np.array([[4.0, 1.0], [0.0, 1.0], [-1.0, 1.0]])
    >>> np.round(kernel_components(points @ points.T, 1), 12)
    array([[ 3.],
           [-1.],
           [-2.]])
    """
    centred, scale = _centred(kernel)
    xp = array_namespace(centred)
    q = integer("q", q, at_least=1, at_most=centred.shape[0])
    values, vectors = xp.linalg.eigh(centred)
    values, vectors = xp.flip(values, axis=0)[:q], xp.flip(vectors, axis=1)[:, :q]
    largest, smallest = xp.max(vectors, axis=0), xp.min(vectors, axis=0)
    sign = xp.where(largest >= -smallest, xp.ones_like(largest), -xp.ones_like(largest))
    return vectors * (sign * xp.sqrt(xp.clip(values, 0.0, None)) * xp.sqrt(scale))


def components_error(kernel: Float[Array, "n n"], q: int, kernel_distance: float = 0.0) -> float:
    r"""How far q principal components are from the centred kernel: the least, or a bound.

    .. math:: \|HKH-Z_RZ_R^\top\|_F \le
        \Bigl(\sum_{i>q}\lambda_i^2\Bigr)^{1/2} + 2\,\|K_R-K\|_F

    with λ_i the eigenvalues of HKH, Z_R of :func:`kernel_components` for another kernel K_R, and
    ``kernel_distance`` its Frobenius distance from K. For K_R = K it is the distance itself, and no
    matrix of rank q is nearer.

    Book: ``prop-kernel-pca``.
    Error: an upper bound, exact at distance 0. Rounding: n ε λ_1.
    Raises: ValueError if ``kernel`` is no square matrix of finite numbers, q is not in 1..n,
    kernel_distance < 0, or the bound is not finite.

    >>> points = np.array([[4.0, 1.0], [0.0, 1.0], [-1.0, 1.0]])
    >>> round(components_error(points @ points.T, 1, kernel_distance=2.0), 12)
    4.0
    """
    centred, scale = _centred(kernel)
    xp, n = array_namespace(centred), centred.shape[0]
    q = integer("q", q, at_least=1, at_most=n)
    distance = real("kernel_distance", kernel_distance, at_least=0)
    later = xp.linalg.eigvalsh(centred)[: n - q]
    left = math.sqrt(float(xp.sum(later**2))) * float(scale)
    return real("the bound", left + 2 * distance)


def _centred(kernel: Array) -> tuple[Array, Array]:
    """The symmetric part of HKH over a power of two that makes K of size one; the power."""
    kernel = square_matrix("kernel", kernel)
    xp = array_namespace(kernel)
    scale = xp.max(binary_scale(kernel))
    centred = kernel / scale
    centred = centred - xp.mean(centred, axis=0, keepdims=True)
    centred = centred - xp.mean(centred, axis=1, keepdims=True)
    return (centred + centred.T) / 2, scale


# --- checks and small parts


def class_labels(
    name: str, labels: Int[Array, " n"], rows: Float[Array, "n r"]
) -> Int[Array, " n"]:
    """``labels`` as an array of the library of ``rows``, one class 0, 1, ... for each of them.

    Raises: ValueError if they are not such integers.

    >>> class_labels("labels", [0, 2], np.eye(2))
    array([0, 2])
    """
    xp = array_namespace(rows)
    labels = labels if is_array_api_obj(labels) else xp.asarray(np.asarray(labels))
    common_namespace(rows=rows, **{name: labels})
    fit = tuple(labels.shape) == (rows.shape[0],) and rows.shape[0] > 0
    if not (fit and xp.isdtype(labels.dtype, "integral")) or xp.any(labels < 0):
        found = f"shape {tuple(labels.shape)}, dtype {labels.dtype}"
        expected = f"{rows.shape[0]} integers >= 0, at least one"
        raise ValueError(f"{name} must hold {expected}, got {found}")
    return labels


def _one_hot(labels: Array, rows: Array) -> Array:
    """The indicators of the classes 0, ..., max as columns, in the dtype of ``rows``."""
    xp = array_namespace(labels)
    classes = xp.arange(int(xp.max(labels)) + 1, device=device(labels))
    return xp.astype(labels[:, None] == classes[None, :], rows.dtype)


def _accuracy(scores: Array, labels: Array) -> float:
    xp = array_namespace(scores)
    right = xp.argmax(scores, axis=1) == labels
    return float(xp.sum(xp.astype(right, xp.float64))) / labels.shape[0]
