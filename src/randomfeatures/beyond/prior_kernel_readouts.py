r"""Readouts of fixed features: the accuracy of ridge classifiers, from features and from kernels, and principal components of a kernel."""

from array_api_compat import array_namespace, device
from jaxtyping import Float, Int

from randomfeatures.foundations.arguments import Array, common_namespace, finite_array, integer, real
from randomfeatures.power.random_features import ridge

# --- readouts


def readout_accuracy(
    features_train: Float[Array, "n r"],
    labels_train: Int[Array, " n"],
    features_test: Float[Array, "N r"],
    labels_test: Int[Array, " N"],
    penalty: float,
) -> float:
    r"""The share of test rows that the ridge classifier gets right: ridge regression on the indicators of the classes 0, 1, ...

    A row goes to the class with the largest prediction. There is no intercept: the constant is one
    more feature.

    See: ``prop-prior-rank``.
    Error: none but rounding; a tie goes to the smaller class.
    Raises: ValueError if the labels are no integers >= 0, one for each row, and as
    :func:`~randomfeatures.power.random_features.ridge` does.

    >>> import numpy as np
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

    >>> import numpy as np
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
    Error: relative to λ_1, n ε in the squares of the columns; the direction of a column is
    determined up to ε λ_1 over its gap.
    Raises: ValueError if ``kernel`` is no square matrix of finite numbers, or q is not in 1..n.

    >>> import numpy as np
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
