"""Random-feature regression in scikit-learn's conventions, for its pipelines and searches.

The only module that needs scikit-learn.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.power.random_features import NormalEquations, ReLUFeatures


class RandomFeatureRidge(RegressorMixin, BaseEstimator):
    r"""Ridge or minimum-norm regression on r random ReLU features.

    The model is x -> Σ_i u_i [<w_i,x> + b_i]_+, only u fitted.

    Rows are turned into features ``batch_rows`` at a time and summed in
    :class:`~randomfeatures.power.random_features.NormalEquations`, so memory is that of two r x r
    matrices and one batch of features, however many rows there are. For data that does not fit in
    memory call :meth:`partial_fit` once a batch: the result is that of one :meth:`fit` to all rows,
    up to rounding.

    Parameters: ``r`` features; ``penalty`` on \|u\|^2 beside the sum of squares, 0 for the minimum
    norm; ``cutoff``, the singular values that count as zero then, relative to the largest (None:
    those lost in rounding); ``bias_scale``, the standard deviation of the biases; ``random_state``:
    an integer, which alone determines the features, a generator or a RandomState of numpy, from
    which they are drawn, or None for numpy's global state; ``batch_rows``. There is no intercept.

    Fitted: ``features_``, the :class:`~randomfeatures.power.random_features.ReLUFeatures`;
    ``normal_equations_``; ``coef_``, of shape (r,) or (r, k), which is solved for when first asked
    after a :meth:`partial_fit`; ``n_features_in_``.

    Book: ``prop-ridge``.
    Error: that of the normal equations, in float64: see
    :meth:`~randomfeatures.power.random_features.NormalEquations.ridge`.
    Raises: ValueError, when fitted, for an argument out of its bounds, and for data that
    scikit-learn refuses.

    >>> import numpy as np
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> fit = RandomFeatureRidge(r=100, penalty=1e-6).fit(x, np.abs(x[:, 0]))
    >>> fit.coef_.shape, bool(fit.score(x, np.abs(x[:, 0])) > 0.99)
    ((100,), True)
    """

    _coefficients: np.ndarray | None  # None until they are asked for after a partial_fit

    def __init__(
        self,
        r: int = 256,
        penalty: float = 1.0,
        *,
        cutoff: float | None = None,
        bias_scale: float = 1.0,
        random_state: int | np.random.RandomState | np.random.Generator | None = 0,
        batch_rows: int = 2048,
    ) -> None:
        self.r = r
        self.penalty = penalty
        self.cutoff = cutoff
        self.bias_scale = bias_scale
        self.random_state = random_state
        self.batch_rows = batch_rows

    def fit(self, X: ArrayLike, y: ArrayLike) -> "RandomFeatureRidge":
        """Fit to the rows of ``X`` (n, d) and ``y``, (n,) or (n, k), forgetting earlier data."""
        self._add(X, y, first=True)
        self._coefficients = self._solve()
        return self

    def partial_fit(self, X: ArrayLike, y: ArrayLike) -> "RandomFeatureRidge":
        """Add the rows of ``X`` and ``y`` to those seen so far.

        The coefficients are solved for when they are next needed.
        """
        self._add(X, y, first=not hasattr(self, "normal_equations_"))
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The values of the model at the rows of ``X``, of shape (n,) or (n, k)."""
        check_is_fitted(self)
        x = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return np.concatenate([self.features_(x[rows]) @ self.coef_ for rows in self._batches(x)])

    @property
    def coef_(self) -> np.ndarray:
        check_is_fitted(self)
        if self._coefficients is None:
            self._coefficients = self._solve()
        return self._coefficients

    def _add(self, X: ArrayLike, y: ArrayLike, *, first: bool) -> None:
        x, targets = validate_data(
            self,
            X,
            y,
            dtype=[np.float64, np.float32],
            y_numeric=True,
            multi_output=True,
            reset=first,
        )
        real("penalty", self.penalty, at_least=0)  # before the work, not after it
        batches = self._batches(x)
        if first:
            rng = _generator(self.random_state)
            self.features_ = ReLUFeatures.sample(
                rng, self.r, x.shape[1], bias_scale=self.bias_scale
            )
            self.normal_equations_ = NormalEquations()
        for rows in batches:
            self.normal_equations_.add(
                self.features_(x[rows]), targets[rows].astype(x.dtype, copy=False)
            )
        self._coefficients = None

    def _solve(self) -> np.ndarray:
        sums = self.normal_equations_
        return sums.minimum_norm(self.cutoff) if self.penalty == 0 else sums.ridge(self.penalty)

    def _batches(self, X: np.ndarray) -> Iterator[slice]:
        size = integer("batch_rows", self.batch_rows, at_least=1)
        return (slice(start, start + size) for start in range(0, X.shape[0], size))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _generator(
    random_state: int | np.random.RandomState | np.random.Generator | None,
) -> np.random.Generator:
    """A generator, by the conventions of ``sklearn.utils.check_random_state``."""
    if isinstance(random_state, np.random.Generator):
        return random_state
    if random_state is None or isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(check_random_state(random_state).randint(2**31 - 1))
    return np.random.default_rng(integer("random_state", random_state, at_least=0))
