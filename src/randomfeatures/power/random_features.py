r"""Regression on random features: the feature map, ridge and minimum-norm coefficients, and the
same from batches of rows.

A model is N(x) = <u, φ(x)> with fixed features φ(x) = (f_1(x), ..., f_r(x)) and trained
coefficients u, so the fit is linear least squares. ``features`` is the n x r matrix F of features,
a row for each example; ``targets`` holds the n values y, or a column for each of k tasks. There is
no intercept: the constant is one more feature. The estimator for scikit-learn's pipelines is in
``estimators``.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Float

from randomfeatures.foundations.activations import relu
from randomfeatures.foundations.arguments import (
    Array,
    common_namespace,
    converted,
    double,
    generator,
    integer,
    known,
    real,
    real_array,
    real_arrays,
)
from randomfeatures.foundations.sphere import sample_sphere


@dataclass(frozen=True, eq=False)
class ReLUFeatures:
    r"""The feature map x -> ([<w_1,x> + b_1]_+, ..., [<w_r,x> + b_r]_+) with the weights w_i as
    rows and the biases b_i.

    Applied to the rows of an array it returns their features in the library, dtype and device of
    that array.

    Error: that of one matrix product in the dtype of ``x``; no normalisation by r is hidden in the
    features.
    Raises: ValueError if ``weights`` (r, d) or ``biases`` (r,) are no finite arrays of these shapes
    with r, d >= 1, or if the rows have not d entries.

    >>> import numpy as np
    >>> weights = np.array([[1.0, 0.0], [0.0, -1.0], [1.0, 1.0]])
    >>> features = ReLUFeatures(weights, np.array([0.0, 0.0, -5.0]))
    >>> features(np.array([[3.0, 4.0], [-1.0, -2.0]]))
    array([[3., 0., 2.],
           [0., 2., 0.]])
    """

    weights: Float[Array, "r d"]
    biases: Float[Array, "r"]

    def __post_init__(self) -> None:
        weights, biases = real_arrays(weights=self.weights, biases=self.biases, ndim=(2, 1))
        rows = weights.shape[0]
        if min(weights.shape) < 1:
            raise ValueError(
                f"weights must have at least 1 row and 1 column, got shape {tuple(weights.shape)}"
            )
        if biases.shape[0] != rows:
            raise ValueError(
                f"biases must have {rows} entries, one for each row of weights, "
                f"got {biases.shape[0]}"
            )
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "biases", biases)

    @classmethod
    def sample(
        cls, rng: np.random.Generator, r: int, d: int, *, bias_scale: float = 0.0
    ) -> "ReLUFeatures":
        r"""r independent features of d inputs: weights uniform on the unit sphere, biases of law
        N(0, bias_scale^2).

        A longer weight and bias only rescale the coefficient, so unit weights are no restriction.
        For x ~ N(0, I_d) each <w_i, x> is a standard Gaussian: biases of scale about 1 place the
        kinks where the inputs are. Without biases the features are homogeneous.

        Raises: ValueError if ``rng`` is no generator, r < 1, d < 1 or bias_scale < 0.

        >>> import numpy as np
        >>> features = ReLUFeatures.sample(np.random.default_rng(0), r=4, d=3)
        >>> features.weights.shape, features.biases.shape
        ((4, 3), (4,))
        """
        generator("rng", rng)
        r, d = integer("r", r, at_least=1), integer("d", d, at_least=1)
        scale = real("bias_scale", bias_scale, at_least=0)
        weights = sample_sphere(rng, r, d)
        return cls(weights, scale * rng.standard_normal(r))

    def __call__(self, x: Float[Array, "n d"]) -> Float[Array, "n r"]:
        """The features of the rows of ``x``, shape (n, r)."""
        x = real_array("x", x, ndim=2)
        xp = array_namespace(x)
        if x.shape[1] != self.weights.shape[1]:
            raise ValueError(
                f"x must have {self.weights.shape[1]} columns, "
                f"one for each input of the features, got {x.shape[1]}"
            )
        weights, biases = converted(self.weights, x), converted(self.biases, x)
        return relu(xp.matmul(x, weights.T) + biases)


def ridge(
    features: Float[Array, "n r"], targets: Float[Array, "n *k"], penalty: float
) -> Float[Array, "r *k"]:
    r"""The ridge coefficients: the u that minimises |F u - y|^2 + penalty |u|^2 (a sum over
    examples, not a mean).

    .. math:: u = (F^\top F + \lambda I)^{-1} F^\top y = \sum_i
              \frac{\sigma_i}{\sigma_i^2+\lambda}\,\langle p_i,y\rangle\,q_i
        \qquad\text{with}\quad F = \sum_i \sigma_i\,p_i q_i^\top .

    As λ -> 0 this tends to the coefficients of :func:`minimum_norm`, which are the result for
    penalty 0. For comparison with a kernel k = lim φφ'/r the penalty of the kernel method is λ/r.

    Book: ``prop-ridge``.
    Error: by the singular values of F itself, so absolute max(n, r) ε σ_1 |y| / λ up to a small
    factor, ε that of the dtype, and much less in directions with σ_i^2 above λ.
    Raises: ValueError if ``features`` is no finite matrix, ``targets`` has not its n rows, penalty
    < 0, or penalty is positive but below (max(n, r) ε σ_1)^2, where rounding alone decides the
    result.

    >>> import numpy as np
    >>> ridge(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([4.0, 10.0]), penalty=1.0)
    array([2., 4.])
    """
    penalty = real("penalty", penalty, at_least=0)
    if penalty == 0:
        return minimum_norm(features, targets)
    left, sizes, right, rounding, targets = _singular(features, targets)
    lost = rounding * known(sizes[0], 0.0)
    _above_rounding(penalty, lost * lost)
    # σ/(σ² + λ), written so that no square overflows.
    xp, seen = array_namespace(sizes), sizes > 0
    sizes = xp.where(seen, sizes, 1.0)
    return _combine(left, xp.where(seen, 1 / (sizes + penalty / sizes), 0.0), right, targets)


def minimum_norm(
    features: Float[Array, "n r"], targets: Float[Array, "n *k"], cutoff: float | None = None
) -> Float[Array, "r *k"]:
    r"""The shortest u among those that minimise |F u - y|^2; where F has rank n it interpolates: F
    u = y.

    .. math:: u = F^+ y = \sum_{\sigma_i > \text{cutoff}\,\sigma_1} \frac1{\sigma_i}\,\langle
              p_i,y\rangle\,q_i

    Singular values of at most cutoff σ_1 count as zero. The default is max(n, r) ε with the ε of
    the dtype, the size of their rounding errors; a larger one is a second way to regularise.

    Book: ``prop-minimum-norm``.
    Error: relative, a small factor times ε times σ_1 over the smallest singular value kept (its
    square where F u = y has no solution).
    Raises: ValueError if ``features`` is no finite matrix, ``targets`` has not its n rows, or
    cutoff is not in [0, 1].

    >>> import numpy as np
    >>> minimum_norm(np.array([[3.0, 4.0]]), np.array([50.0]))
    array([6., 8.])
    """
    left, sizes, right, rounding, targets = _singular(features, targets)
    cutoff = rounding if cutoff is None else real("cutoff", cutoff, at_least=0, at_most=1)
    xp = array_namespace(sizes)
    kept = sizes > cutoff * sizes[0]
    return _combine(left, xp.where(kept, 1 / xp.where(kept, sizes, 1.0), 0.0), right, targets)


class NormalEquations:
    r"""F'F and F'y summed over batches of rows: all that a fit needs from data of any length, in
    r^2 + r k numbers.

    .. math:: F^\top F = \sum_B F_B^\top F_B, \qquad F^\top y = \sum_B F_B^\top y_B

    The price is accuracy. F'F has the squares of the singular values of F, and its rounding errors
    are at most

    .. math:: \text{resolution} = (\text{rows of the largest batch} + \text{batches} +
              r)\;\varepsilon\;\operatorname{tr} F^\top F

    in operator norm, with the ε = 2.2e-16 of float64, in which the sums are kept whatever the dtype
    of the batches (in JAX: that of its longest float). A singular value below the square root of
    the resolution, about 1e-7 of the largest, drowns; :func:`ridge` and :func:`minimum_norm` see
    down to 1e-13.

    Memory: two r x r matrices and a few times one batch while adding, at most five r x r matrices
    while solving.

    Book: ``prop-streaming``.

    >>> import numpy as np
    >>> sums = NormalEquations()
    >>> for row, value in [([1.0, 0.0], 4.0), ([0.0, 2.0], 10.0)]:
    ...     sums = sums.add(np.array([row]), np.array([value]))
    >>> sums.rows, sums.ridge(penalty=1.0), sums.minimum_norm()
    (2, array([2., 4.]), array([4., 5.]))
    """

    def __init__(self) -> None:
        self.rows = self.batches = self.largest_batch = 0
        self.gram: Any = None
        self.moment: Any = None
        self.dtype: Any = None

    def add(
        self, features: Float[Array, "n r"], targets: Float[Array, "n *k"]
    ) -> "NormalEquations":
        """Add a batch of rows and return the sums. A batch that is refused with ValueError leaves
        them as they were.

        Raises: ValueError if ``features`` is no finite matrix, ``targets`` has not its n rows, r or
        k differ from the batches before, or the squares overflow.
        """
        xp, features, targets = _checked(features, targets)
        dtype = features.dtype
        features, targets = double(features), double(targets)
        if self.gram is not None:
            _same("features", "columns", self.gram.shape[0], features.shape[1])
            _same(
                "targets",
                "axes after the first",
                tuple(self.moment.shape[1:]),
                tuple(targets.shape[1:]),
            )
            common_namespace(features=features, batches_before=self.gram)
        gram, moment = xp.matmul(features.T, features), xp.matmul(features.T, targets)
        if not (math.isfinite(_trace(gram)) and xp.all(xp.isfinite(moment))):
            largest = float(xp.max(xp.abs(features)))
            raise ValueError(
                "features must have products (with themselves, with targets) < 1.8e308, "
                f"got entries up to {largest!r}"
            )
        if self.gram is None:
            self.gram, self.moment, self.dtype = gram, moment, dtype
        else:
            self.gram += gram
            self.moment += moment
        self.rows, self.batches = self.rows + features.shape[0], self.batches + 1
        self.largest_batch = max(self.largest_batch, features.shape[0])
        return self

    @property
    def resolution(self) -> float:
        """A bound of the rounding errors in F'F (operator norm), to first order in ε: the smallest
        eigenvalue that means something.
        """
        self._filled()
        epsilon = float(array_namespace(self.gram).finfo(self.gram.dtype).eps)
        return (
            (self.largest_batch + self.batches + self.gram.shape[0]) * epsilon * _trace(self.gram)
        )

    def ridge(self, penalty: float) -> Float[Array, "r *k"]:
        r"""The coefficients of :func:`ridge` for all rows added so far; for penalty 0 those of
        :meth:`minimum_norm`.

        Error: absolute, at most (resolution |u| + resolution |y| / |F|) / penalty to first order,
        with the Frobenius norm |F|.
        Raises: ValueError if nothing was added, penalty < 0, or penalty is positive but below the
        resolution.
        """
        self._filled()
        penalty = real("penalty", penalty, at_least=0)
        if penalty == 0:
            return self.minimum_norm()
        _above_rounding(penalty, self.resolution)
        xp = array_namespace(self.gram)
        identity = xp.eye(self.gram.shape[0], dtype=self.gram.dtype, device=device(self.gram))
        return xp.astype(_solve(self.gram + penalty * identity, self.moment), self.dtype)

    def minimum_norm(self, cutoff: float | None = None) -> Float[Array, "r *k"]:
        r"""The coefficients of :func:`minimum_norm` for all rows added so far, from the eigenvalues
        σ_i^2 of F'F.

        Singular values with σ_i <= cutoff σ_1 count as zero; by default those with σ_i^2 <=
        resolution.

        Error: as for :meth:`ridge` up to a small factor, with the smallest σ_i^2 kept as the
        penalty, if those dropped are much smaller.
        Raises: ValueError if nothing was added, cutoff > 1, or cutoff is below the square root of
        resolution / σ_1^2.
        """
        self._filled()
        xp = array_namespace(self.gram)
        squares, vectors = xp.linalg.eigh(self.gram)
        largest = float(squares[-1])
        least = math.sqrt(self.resolution / largest) if largest > 0 else 0.0
        cutoff = least if cutoff is None else real("cutoff", cutoff, at_least=least, at_most=1)
        kept = squares > max(cutoff * cutoff * largest, self.resolution)
        filtered = xp.where(kept, 1 / xp.where(kept, squares, 1.0), 0.0)
        return xp.astype(_combine(vectors, filtered, vectors.T, self.moment), self.dtype)

    def _filled(self) -> None:
        if self.gram is None:
            raise ValueError("batches must be at least 1 before a fit, got 0")


def normal_equations(
    features: Callable[[Array], Array], batches: Iterable[tuple[Array, Array]]
) -> NormalEquations:
    r"""The :class:`NormalEquations` of all ``batches``, pairs (x, y) of some rows and their
    targets, for a map such as ReLUFeatures.

    One batch is held at a time, so a generator that reads or makes them serves data of any length.

    Book: ``prop-streaming``.
    Raises: ValueError if there is no batch, and as in :meth:`NormalEquations.add`.

    >>> import numpy as np
    >>> batches = ((np.array([[t]]), np.array([2 * t])) for t in (1.0, 2.0, 3.0))
    >>> normal_equations(lambda x: x, batches).minimum_norm()
    array([2.])
    """
    sums = NormalEquations()
    for x, y in batches:
        sums.add(features(x), y)
    sums._filled()
    return sums


def _checked(features: Array, targets: Array) -> tuple:
    """The library and both arrays in their common dtype, or ValueError."""
    features, targets = real_arrays(features=features, targets=targets, ndim=(2, None))
    if min(features.shape) < 1:
        raise ValueError(
            f"features must have at least 1 row and 1 column, got shape {tuple(features.shape)}"
        )
    if targets.ndim not in (1, 2) or targets.shape[0] != features.shape[0]:
        raise ValueError(
            f"targets must have 1 or 2 axes and {features.shape[0]} rows, as many as features, "
            f"got shape {tuple(targets.shape)}"
        )
    return array_namespace(features), features, targets


def _singular(features: Array, targets: Array) -> tuple:
    """Singular vectors and values of ``features``, the relative rounding error of the values, and
    the targets in the same dtype.
    """
    xp, features, targets = _checked(features, targets)
    left, sizes, right = xp.linalg.svd(features, full_matrices=False)
    return left, sizes, right, max(features.shape) * float(xp.finfo(sizes.dtype).eps), targets


def _combine(left: Array, factors: Array, right: Array, targets: Array) -> Array:
    """Σ_i factor_i <p_i, y> q_i with the columns p_i of ``left`` and the rows q_i of ``right``."""
    xp = array_namespace(left)
    inner = xp.matmul(left.T, targets)
    return xp.matmul(right.T, (factors if targets.ndim == 1 else factors[:, None]) * inner)


def _solve(matrix: Array, targets: Array) -> Array:
    """matrix^{-1} targets; a vector goes in as one column, the only case in which all libraries
    agree.
    """
    xp = array_namespace(matrix)
    columns = targets if targets.ndim == 2 else targets[:, None]
    return xp.reshape(xp.linalg.solve(matrix, columns), targets.shape)


def _trace(gram: Array) -> float:
    return known(array_namespace(gram).linalg.trace(gram), 0.0)


def _same(name: str, what: str, before: object, now: object) -> None:
    if before != now:
        raise ValueError(f"{name} must have {before} {what}, as the batches before, got {now}")


def _above_rounding(penalty: float, least: float) -> None:
    if penalty < least:
        raise ValueError(
            f"penalty must be 0 or >= {least:.3g}, below which rounding decides the result, "
            f"got {penalty!r}"
        )
