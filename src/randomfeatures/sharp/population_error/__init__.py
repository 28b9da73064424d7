r"""Random ReLU features: the exact error of their best linear combination, without sampling inputs.

With features f_i(x) = [<w_i, x>]_+, a target neuron f(x) = [<v, x>]_+ and x ~ N(0, I), every inner
product is a dual activation: G_ij = <f_i, f_j> and c_i = <f_i, f> in closed form. The mean squared
error of coefficients u is a quadratic function of u,

.. math::
    E(u) = \|f\|^2 - 2\,\langle c,u\rangle + \langle u,Gu\rangle, \qquad
    \min_u E(u) = \|f\|^2 - \langle c, G^{-1}c\rangle ,

and its minimum is a linear system of the size of the number of features: no inputs are drawn, no
integral is approximated.

The parts, in the order in which they are used: ``neurons`` (scaled to length 1, and which of them
count), ``gram`` (the matrix G in tiles), ``preconditioners``, ``solve`` (conjugate gradients),
``certificate`` (the interval), ``balls`` (the same without rounding), ``threads``, ``cluster`` (the
products on many machines); with biases ``hermite_tables``, ``gram_with_biases`` and
``harmonics_with_biases``.
"""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import lazy_loader
import numpy as np
from array_api_compat import array_namespace, device, is_jax_array, is_torch_array
from jaxtyping import Float

from randomfeatures.foundations.arguments import (
    Array,
    anywhere,
    converted,
    real,
    real_arrays,
)
from randomfeatures.sharp.population_error import balls, solve
from randomfeatures.sharp.population_error.certificate import ROUNDING, Enclosure
from randomfeatures.sharp.population_error.neurons import Neurons, distinct, take, unit

__all__ = ["NotConvergedWarning", "PopulationError", "population_error"]

# It imports distributed, which takes a second.
__getattr__, *_ = lazy_loader.attach(__name__, submodules=["cluster"])


class NotConvergedWarning(UserWarning):
    """The interval of :func:`population_error` is wider than was asked for. It still holds the
    error, as its fields say."""


@dataclass(frozen=True)
class PopulationError:
    r"""What :func:`population_error` found: for each of m targets the least mean squared error of r
    features, and how well it is known.

    - ``error`` (m,): the mean squared error of ``coefficients``, up to rounding: the best value
      known of the least error.
    - ``lower``, ``upper`` (m,): the interval for the least error. ``upper`` is rigorous: it is the
      error of ``coefficients`` plus a bound on all rounding, and never more than that of zeros.
      What ``lower`` rests on is said by ``lower_bound``.
    - ``lower_bound``: "rigorous" (Cholesky's factorisation or ball arithmetic proved the bound on
      the smallest eigenvalue, rounding included), "probable" (it fails with probability at most
      4.1e-9 over the six probe vectors, exact arithmetic of the recurrence assumed), "estimate"
      (the same with probes in single precision), or "trivial" (no bound was found, ``lower`` is 0).
    - ``coefficients`` (r, m): the coefficients u of the features as they were given; zero for
      features that were left out.
    - ``residual`` (m,): the Euclidean norm of c - G u for features and target scaled to length 1.
    - ``iterations``: of conjugate gradients. ``method``: "dense", "iterative" or "ball".
    - ``converged``: every interval is as narrow as asked for.

    All numbers are finite, and 0 <= lower <= error <= upper. With the method "ball" the error is
    that of the exact coefficients, of which ``coefficients`` are the nearest floats: for nearly
    parallel weights they are large and cancel, and rounding them alone can cost more than the
    interval is wide.
    """

    error: Float[Array, " m"]
    lower: Float[Array, " m"]
    upper: Float[Array, " m"]
    coefficients: Float[Array, "r m"]
    residual: Float[Array, " m"]
    iterations: int
    method: str
    lower_bound: str
    converged: bool


def population_error(
    weights: Float[Array, "r d"],
    directions: Float[Array, "m d"],
    biases: Float[Array, " r"] | None = None,
    *,
    direction_biases: Float[Array, " m"] | None = None,
    tolerance: float = 1e-8,
    method: str = "auto",
    iterate_in: str | None = None,
    progress: bool = False,
    client: Any = None,
) -> PopulationError:
    r"""The least mean squared error of r ReLU features for each of m target neurons, over standard
    Gaussian inputs and all coefficients.

    .. math::
        \min_{u\in\mathbb R^r}\ \mathbb E\Bigl([\langle v,x\rangle + b]_+
        - \sum_{i\le r} u_i\,[\langle w_i,x\rangle + b_i]_+\Bigr)^2
        = \|f\|^2 - \langle c, G^{-1}c\rangle

    for each row v of ``directions``; the w_i are the rows of ``weights``, of any length; ``biases``
    are the b_i, ``direction_biases`` the b. Every u gives an upper bound, and with the residual
    ρ = c - Gu it exceeds the least error by at most :math:`|\rho|^2/\lambda_{\min}(G)`. The two
    enclose the least error, see :class:`PopulationError`.

    ``tolerance``: the width asked of that interval for a target of length 1, relative to 1/2, the
    energy of such a neuron; so 1e-8 is a width of 5e-9 |v|^2 (with biases: 5e-9 (|v|^2 + b^2)). A
    :class:`NotConvergedWarning` is given where it was not reached.

    ``method``: "dense" forms G and factors it. "iterative" never forms it: conjugate
    gradients, preconditioned by the part of the kernel of low degree in the cosine, and in small
    dimensions (up to 13, no biases) by the nearest neighbours of each feature, on tiles of G that
    are computed again in each product; memory grows like r d, in small dimensions like r times up
    to 2000, and the arithmetic is torch's, also for numpy arrays, if torch can be imported. "ball"
    (no biases, at most 400 features) encloses everything in ball arithmetic (python-flint) at a
    rising precision. "auto" takes the faster of the first two, and balls where double precision is
    not enough, the features are few, and python-flint is there.

    Zero weights are allowed; features that repeat others or are combinations of them (of many
    opposite pairs w, -w) are left out. Weights count as parallel up to an angle of 8 units of
    rounding, and the linear functions of opposite pairs as dependent up to 8 d units: the interval
    is for the features that are left. Slightly larger angles make G nearly singular, then balls
    decide, or ``lower`` is 0 and the warning is given. So it is with biases of more than about 6
    times the length of the weight: such neurons are affine or zero up to rounding.

    ``client``: a ``distributed.Client`` (Dask) whose workers, which need this package too, compute
    the products of the iterative method: each holds all rows, a lost one costs its tiles, and after
    an interruption the client can be used again. The numbers are those of one machine up to the
    order of summation, whichever worker does what. Dense matrices and balls stay here.

    ``iterate_in``: "float32" or "float64", the precision of the products of the iterative method;
    None for that of the arrays. With "float32" the residuals, the interval and the results stay in
    double precision: the iteration is restarted from residuals that are computed anew, and
    ``lower_bound`` is an "estimate". It pays where single precision is much faster, on most GPUs;
    on arrays there the tiles are larger too. Other methods do not iterate in it, and without biases
    up to six dimensions, where it sees too little of G, all is in double precision.

    ``progress``: a line on the standard error after each iteration. There is no gradient through
    this function. The six random probes behind ``lower`` come from a generator with a fixed seed,
    so the same call gives the same numbers.

    Book: ``prop-population-error``, ``prop-certificate`` and
    ``prop-biased-preconditioner``.
    Error: as the interval says. Arrays in single precision are iterated in single precision and
    verified in double. Rounding is bounded for every order of summation, and is part of the
    interval. JAX's arrays are computed as numpy's, and the results are JAX's again.
    Raises: ValueError unless all arrays are of one library, finite, and of fitting shapes with
    d >= 1, tolerance > 0, iterate_in is known, and the method is known and fits; for more than
    32768 features where G must be formed; for targets whose squared length is no float, and for
    weights so short that a coefficient is none.

    >>> import numpy as np
    >>> e = population_error(np.array([[1.0], [-2.0]]), np.array([[3.0]]))
    >>> bool(e.error[0] <= e.upper[0] < 1e-11), abs(e.coefficients.round(6)).T, e.lower_bound
    (True, array([[3., 0.]]), 'rigorous')
    >>> e = population_error(np.array([[3.0, 0.0]]), np.array([[0.0, 1.0]]))
    >>> e.error.round(9) == np.round(0.5 - 0.5 / np.pi**2, 9)
    array([ True])
    """
    tolerance = real("tolerance", tolerance, above=0)
    given = (weights, directions, biases, direction_biases)
    weights, directions, biases, direction_biases = _arguments(*given)
    features, targets = unit(weights, biases), unit(directions, direction_biases)
    _check_lengths(targets, directions.dtype)
    xp = array_namespace(weights)
    kept = distinct(features, float(xp.finfo(weights.dtype).eps))
    few = features.take(kept)
    place = None if client is None else _cluster(client, method, progress)
    chosen = solve.method_for(method, few)
    single = _in_single(iterate_in, weights.dtype == xp.float32)
    report = solve.progress(progress)
    with np.errstate(all="ignore"):  # what overflows is seen in the numbers, and given up
        if chosen == "iterative":
            found = solve.iterative(few, targets, tolerance, report, single=single, place=place)
        elif chosen == "dense":
            found = solve.dense(few, targets, tolerance, report)
    if chosen == "ball" or (method == "auto" and _balls_may_help(few, found, tolerance)):
        exact = balls.enclosure_in_balls(take(weights, kept), directions, tolerance)
        if chosen == "ball" or exact.width < found.width:
            chosen, found = "ball", exact
    converged = found.reached(tolerance)
    if not converged:
        warnings.warn(_shortfall(found, targets, tolerance), NotConvergedWarning, stacklevel=2)
    numbers = _in_given_units(found, features, targets, kept, weights.dtype)
    error, lower, upper, coefficients, residual = _in_library_of(given, numbers)
    return PopulationError(
        error=error,
        lower=lower,
        upper=upper,
        coefficients=coefficients,
        residual=residual,
        iterations=found.iterations,
        method=chosen,
        lower_bound=found.lower_bound,
        converged=converged,
    )


def _cluster(client: Any, method: str, progress: bool) -> solve.Place:
    from randomfeatures.sharp.population_error.cluster import Cluster

    if method in ("dense", "ball"):
        raise ValueError(f'client must be None for method "{method}", which works here alone')
    return Cluster(client, progress)


def _arguments(
    weights: Array, directions: Array, biases: Array | None, direction_biases: Array | None
) -> list[Array]:
    """The arguments as arrays of one kind: weights and directions, and if one of them has biases,
    those of both, zeros if need be."""
    names = ("weights", "directions", "biases", "direction_biases")
    values = dict(zip(names, (weights, directions, biases, direction_biases), strict=True))
    given = {name: value for name, value in values.items() if value is not None}
    axes = tuple(1 if name.endswith("biases") else 2 for name in given)
    given = dict(zip(given, map(_plain, real_arrays(ndim=axes, **given)), strict=True))
    weights, directions = given["weights"], given["directions"]
    columns = directions.shape[1], weights.shape[1]
    if columns[0] != columns[1] or columns[0] == 0:
        raise ValueError(
            f"directions must have as many columns as weights, at least 1, "
            f"got {columns[0]} and {columns[1]}"
        )
    if len(given) == 2:
        return [weights, directions, None, None]
    xp = array_namespace(weights)
    for name, rows in (("biases", weights), ("direction_biases", directions)):
        given.setdefault(name, xp.zeros_like(rows[:, 0]))
        if given[name].shape[0] != rows.shape[0]:
            raise ValueError(
                f"{name} must have {rows.shape[0]} entries, one for each row, "
                f"got {given[name].shape[0]}"
            )
    return [given[name] for name in names]


def _in_single(iterate_in: str | None, given: bool) -> bool:
    """Whether to iterate in single precision, in which the arrays are ``given`` or not."""
    if iterate_in not in (None, "float32", "float64"):
        raise ValueError(f'iterate_in must be "float32", "float64" or None, got {iterate_in!r}')
    return given if iterate_in is None else iterate_in == "float32"


def _plain(array: Array) -> Array:
    """The array as it can be computed with in place: JAX's as numpy's, torch's without gradient."""
    if is_jax_array(array):
        return np.array(array)
    return array.detach() if is_torch_array(array) else array


def _check_lengths(targets: Neurons, dtype: Any) -> None:
    largest = array_namespace(targets.length).finfo(dtype).max
    lengths = targets.scale * targets.length
    if anywhere(~(lengths < math.sqrt(largest))):
        raise ValueError(f"directions must have squared lengths below {largest:.3g}")


def _balls_may_help(features: Neurons, found: Enclosure, tolerance: float) -> bool:
    """Whether the interval is too wide, and ball arithmetic possible."""
    few = features.bias is None and features.rows.shape[0] <= solve.MAX_BALLS
    return few and not found.reached(tolerance) and balls.available()


def _shortfall(found: Enclosure, targets: Neurons, tolerance: float) -> str:
    xp, square = array_namespace(found.error), (targets.scale * targets.length) ** 2
    widest = float(xp.max((found.upper - found.lower) * square))
    return (
        f"population_error: the least error is known only to an interval of width {widest:.2g} "
        f"after {found.iterations} iterations, which misses the tolerance {tolerance:g} "
        f"(lower bound: {found.lower_bound})"
    )


def _in_given_units(
    found: Enclosure, features: Neurons, targets: Neurons, kept: np.ndarray, dtype: Any
) -> tuple[Array, ...]:
    """Error, lower, upper, coefficients and residual for the neurons as they were given, in their
    precision, the interval rounded outwards."""
    xp, square = array_namespace(found.error), (targets.scale * targets.length) ** 2
    slack = (2 * targets.rows.shape[1] + 16) * ROUNDING  # of the squared length
    lower = xp.astype(found.lower * square * (1 - slack), dtype)
    lower = xp.nextafter(lower, xp.zeros_like(lower))
    upper = xp.astype(found.upper * square * (1 + slack), dtype)
    positive = (found.upper > 0) & (targets.length > 0)
    upper = xp.where(positive, xp.nextafter(upper, xp.ones_like(upper) * math.inf), upper)
    error = xp.astype(found.error * square, dtype)
    error = xp.minimum(xp.maximum(error, lower), upper)
    shape = (features.rows.shape[0], targets.rows.shape[0])
    u = xp.zeros(shape, dtype=dtype, device=device(targets.rows))
    if len(kept):
        with np.errstate(over="ignore", under="ignore"):
            scaled = _coefficients(found.coefficients, features.take(kept), targets)
            scaled = xp.astype(scaled, dtype)
        u[xp.asarray(kept, device=device(u))] = scaled
    if not xp.all(xp.isfinite(u)):
        largest = float(xp.finfo(dtype).max)
        raise ValueError(
            f"weights must be so long, against directions, that all coefficients are below "
            f"{largest:.3g}, got one beyond"
        )
    return error, lower, upper, u, xp.astype(found.residual, dtype)


def _in_library_of(given: tuple[Any, ...], numbers: tuple[Array, ...]) -> tuple[Array, ...]:
    """The numbers as JAX's if an argument was: its arrays cannot be changed in place, so they were
    computed as numpy's. All others are in their library already."""
    model = next((array for array in given if is_jax_array(array)), None)
    if model is None:
        return numbers
    return tuple(converted(number, model, number.dtype) for number in numbers)


def _coefficients(u: Array, features: Neurons, targets: Neurons) -> Array:
    """Coefficients of the neurons as they were given: times the ratio of the lengths. The scales
    are powers of two, and their ratio is applied in two halves, for it may be no float."""
    xp = array_namespace(u)
    exponent = xp.log2(targets.scale)[None, :] - xp.log2(features.scale)[:, None]
    half = xp.floor(exponent / 2)
    u = u * (targets.length[None, :] / features.length[:, None])
    return u * 2.0**half * 2.0 ** (exponent - half)
