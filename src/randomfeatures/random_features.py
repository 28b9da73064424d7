r"""Random ReLU features: the exact error of their best linear combination, without sampling inputs.

With features f_i(x) = [<w_i, x>]_+, a target neuron f(x) = [<v, x>]_+ and x ~ N(0, I), every inner product is a dual activation:
G_ij = <f_i, f_j> and c_i = <f_i, f> in closed form. The mean squared error of coefficients u is a quadratic function of u,

.. math:: E(u) = \|f\|^2 - 2\,\langle c,u\rangle + \langle u,Gu\rangle, \qquad \min_u E(u) = \|f\|^2 - \langle c, G^{-1}c\rangle ,

and its minimum is a linear system of the size of the number of features: no inputs are drawn, no integral is approximated.
"""

import math
import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_numpy_array, to_device
from jaxtyping import Float
from scipy import linalg, special

from randomfeatures.foundations.arguments import Array, common_namespace, finite_array, real
from randomfeatures.foundations.dual_activations import dual_relu, dual_relu_general
from randomfeatures.foundations.sphere import multiplicity

TILE, TILE_GPU = 256, 4096
"""Rows and columns of a tile of G. On a CPU three tiles fit into the second-level cache; elsewhere few large operations are faster."""

NEAR = 0.9999
"""Beyond this cosine 1 - t^2 is computed as (1 - t)(1 + t); below it t^2 costs at most 6 units of rounding of the kernel."""

ALWAYS_DENSE, OFTEN_DENSE, MAX_DENSE = 2000, 10000, 32768
"""Dense up to the first number of features; up to the second in small dimensions; never beyond the third, where G alone has 8 GB."""

MAX_BALLS = 400
"""Ball arithmetic: a minute at most."""

MAX_HARMONICS = 6000
"""The preconditioner takes the degrees that have at most this many harmonics together: it factors a matrix of that size."""

ROUNDING = 2.0**-53
"""The largest relative error of one rounding in double precision."""

MAX_ITERATIONS, MAX_ROUNDS = 500, 4
"""Of conjugate gradients, and of their restarts from a residual computed anew."""

PROBES, PROBE_LEVEL = 6, 0.05
"""The smallest eigenvalue is bounded by 6 random vectors. The bound is wrong only if all 6 have a component below 0.05 along the
eigenvector, each with probability at most sqrt(2/pi) 0.05: together at most 4.1e-9."""


class NotConvergedWarning(UserWarning):
    """The interval of :func:`population_error` is wider than was asked for. It still holds the error, as its fields say."""


@dataclass(frozen=True)
class PopulationError:
    r"""What :func:`population_error` found: for each of m targets the least mean squared error of r features, and how well it is known.

    - ``error`` (m,): the mean squared error of ``coefficients``, up to rounding: the best value known of the least error.
    - ``lower``, ``upper`` (m,): the interval for the least error. ``upper`` is rigorous: it is the error of ``coefficients`` plus a
      bound on all rounding. What ``lower`` rests on is said by ``lower_bound``.
    - ``lower_bound``: "rigorous" (Cholesky's factorisation or ball arithmetic proved the bound on the smallest eigenvalue, rounding
      included), "probable" (it fails with probability at most 4.1e-9 over the six probe vectors, exact arithmetic of the recurrence
      assumed), "estimate" (the same with probes in single precision), or "trivial" (no bound was found, ``lower`` is 0).
    - ``coefficients`` (r, m): the coefficients u of the features as they were given; zero for features that were left out.
    - ``residual`` (m,): the Euclidean norm of c - G u for features and target scaled to unit length.
    - ``iterations``: of conjugate gradients. ``method``: "dense", "iterative" or "ball".
    - ``converged``: every interval is as narrow as asked for.
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
    progress: bool = False,
) -> PopulationError:
    r"""The least mean squared error of r ReLU features for each of m target neurons, over standard Gaussian inputs and all coefficients.

    .. math::
        \min_{u\in\mathbb R^r}\ \mathbb E\Bigl([\langle v,x\rangle + b]_+ - \sum_{i\le r} u_i\,[\langle w_i,x\rangle + b_i]_+\Bigr)^2
        = \|f\|^2 - \langle c, G^{-1}c\rangle

    for each row v of ``directions``; the w_i are the rows of ``weights``, of any length; ``biases`` are the b_i, ``direction_biases`` the
    b. Every u gives an upper bound, and with the residual ρ = c - Gu it exceeds the least error by at most
    :math:`|\rho|^2/\lambda_{\min}(G)`. The two enclose the least error, see :class:`PopulationError`.

    ``tolerance``: the width asked of that interval for a target of length 1, relative to 1/2, the energy of such a neuron; so 1e-8 is
    a width of 5e-9 |v|^2 (with biases: 5e-9 (|v|^2 + b^2)). A :class:`NotConvergedWarning` is given where it was not reached.

    ``method``: "dense" forms G and factors it. "iterative" (no biases) never forms it: conjugate gradients, preconditioned by the part
    of the kernel of degree at most 2, on tiles of G that are computed again in each product; memory grows like r d, and the arithmetic is
    torch's, also for numpy arrays, if torch can be imported. "ball" (no biases, at most 400 features) encloses everything in ball
    arithmetic (python-flint) at a rising precision. "auto" takes the faster of the first two, and balls where double precision
    is not enough, the features are few, and python-flint is there.

    Zero weights are allowed; features that repeat others or are combinations of them (of many opposite pairs w, -w) are left out. Weights
    count as parallel up to an angle of 8 units of rounding; slightly larger angles make G nearly singular, then balls decide, or
    ``lower`` is 0 and the warning is given.

    ``progress``: a line on the standard error after each iteration. There is no gradient through this function. The six random probes
    behind ``lower`` come from a generator with a fixed seed, so the same call gives the same numbers.

    Book: ``prop-population-error``. Book: ``prop-certificate``.
    Error: as the interval says. Arrays in single precision are iterated in single precision and verified in double. Rounding is
    bounded for every order of summation, and is part of the interval.
    Raises: ValueError unless all arrays are of one library, finite, and of fitting shapes with d >= 1, tolerance > 0, and the method is
    known and fits; for more than 32768 features where G must be formed; for targets whose squared length is no float.

    >>> import numpy as np
    >>> e = population_error(np.array([[1.0], [-2.0]]), np.array([[3.0]]))
    >>> bool(e.error[0] <= e.upper[0] < 1e-11), abs(e.coefficients.round(6)).T, e.lower_bound
    (True, array([[3., 0.]]), 'rigorous')
    >>> population_error(np.array([[3.0, 0.0]]), np.array([[0.0, 1.0]])).error.round(9) == np.round(0.5 - 0.5 / np.pi**2, 9)
    array([ True])
    """
    tolerance = real("tolerance", tolerance, above=0)
    xp = _check(weights=weights, biases=biases, directions=directions, direction_biases=direction_biases)
    weights, biases, directions, direction_biases = map(_plain, (weights, biases, directions, direction_biases))
    if biases is None and direction_biases is not None:
        biases = xp.zeros_like(weights[:, 0])
    if direction_biases is None and biases is not None:
        direction_biases = xp.zeros_like(directions[:, 0])
    features, targets = _unit(weights, biases), _unit(directions, direction_biases)
    if not xp.all(targets.length < math.sqrt(xp.finfo(directions.dtype).max)):
        raise ValueError(f"directions must have squared lengths below {xp.finfo(directions.dtype).max:.3g}")
    kept = _distinct(features, float(xp.finfo(weights.dtype).eps))
    chosen = _method(method, len(kept), weights.shape[1], biases is not None)
    if chosen == "iterative":
        found = _iterative(features.take(kept), targets, tolerance, _Report(progress), weights.dtype == xp.float32)
    elif chosen == "dense":
        found = _dense(features.take(kept), targets, tolerance, _Report(progress))
    few = method == "auto" and biases is None and len(kept) <= MAX_BALLS
    if chosen == "ball" or (few and not found.reached(tolerance) and _flint() is not None):
        chosen, found = "ball", _balls(_take(weights, kept), directions, tolerance)
    if not found.reached(tolerance):
        widest = float(xp.max((found.upper - found.lower) * targets.length**2))
        warnings.warn(
            f"population_error: the least error is known only to an interval of width {widest:.2g} after {found.iterations} iterations, "
            f"which misses the tolerance {tolerance:g} (lower bound: {found.lower_bound})",
            NotConvergedWarning,
            stacklevel=2,
        )
    return _in_given_units(found, features, targets, kept, chosen, tolerance, xp.result_type(weights, directions))


# --- neurons scaled to length 1


@dataclass(frozen=True)
class _Neurons:
    """n neurons [<w,x> + b]_+ with (w, b) scaled to length 1, in double precision, and what the scale was. ``bias`` None: all are 0."""

    rows: Array
    bias: Array | None
    length: Array
    energy: Array

    def map(self, function: Callable[[Array], Array]) -> "_Neurons":
        return _Neurons(*(None if part is None else function(part) for part in (self.rows, self.bias, self.length, self.energy)))

    def take(self, index: np.ndarray) -> "_Neurons":
        return self.map(lambda part: _take(part, index))

    def cast(self, dtype: Any) -> "_Neurons":
        return self.map(lambda part: array_namespace(part).astype(part, dtype))


def _unit(rows: Array, bias: Array | None) -> _Neurons:
    """Lengths without overflow; the energy E[<w,x> + b]_+^2 of the scaled neuron, 0 for a neuron that is the zero function."""
    xp = array_namespace(rows)
    joint = xp.astype(rows if bias is None else xp.concat([rows, bias[:, None]], axis=1), xp.float64)
    top = xp.max(xp.abs(joint), axis=1) if joint.shape[0] else joint[:, 0]
    joint = joint / xp.where(top > 0, top, 1.0)[:, None]
    length = xp.linalg.vector_norm(joint, axis=1)
    joint = joint / xp.where(top > 0, length, 1.0)[:, None]
    if bias is None:
        return _Neurons(joint, None, length * top, xp.where(top > 0, 0.5, 0.0 * top))
    rows, bias = joint[:, :-1], joint[:, -1]
    variance = xp.sum(rows * rows, axis=1)
    return _Neurons(rows, bias, length * top, dual_relu_general(variance, variance, variance, bias, bias))


def _distinct(features: _Neurons, eps: float) -> np.ndarray:
    """Indices of features with the same span and no exact dependence: none is zero, no two agree, and of opposite pairs only a basis.

    Opposite neurons differ by a linear function, [z]_+ - [-z]_+ = z, so of many pairs all but as many as span those linear functions
    lose one partner. Beyond these dependences there are none. "Agree" and "opposite" are meant up to 8 units of rounding.
    """
    rows, bias, energy = (None if part is None else _host(part) for part in (features.rows, features.bias, features.energy))
    joint = rows if bias is None else np.concatenate([rows, bias[:, None]], axis=1)
    # Sorted by their projection on a random vector, equal lines are neighbours: another falls between with probability 1e-10.
    projection = joint @ np.random.default_rng(0).standard_normal(joint.shape[1])
    alive = np.flatnonzero(energy > 0)
    order = alive[np.argsort(np.abs(projection[alive]), kind="stable")]
    positive = projection[order] > 0
    lines = np.where(positive, 1.0, -1.0)[:, None] * joint[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = np.linalg.norm(lines[1:] - lines[:-1], axis=1) > 8 * eps
    line = np.cumsum(new) - 1
    first, second = (dict(zip(line[side][::-1], order[side][::-1], strict=True)) for side in (positive, ~positive))
    pairs = sorted(first.keys() & second.keys(), key=first.get)
    if pairs:
        triangle, pivots = linalg.qr(joint[[first[k] for k in pairs]].T, mode="r", pivoting=True)
        rank = int(np.sum(np.abs(np.diag(triangle)) > 100 * len(joint[0]) * eps))
        for k in np.delete(pairs, pivots[:rank]):
            del second[k]
    return np.array(sorted([*first.values(), *second.values()]), dtype=int)


def _method(method: str, n: int, d: int, biased: bool) -> str:
    """The method for n distinct features, or ValueError. The rule of "auto" is the crossover measured in benchmarks/."""
    if method not in ("auto", "dense", "iterative", "ball"):
        raise ValueError(f'method must be "auto", "dense", "iterative" or "ball", got {method!r}')
    if method == "auto":
        fast = n > OFTEN_DENSE or (n > ALWAYS_DENSE and d > 1 and _expected_iterations(n, d) <= n / 250)
        method = "iterative" if fast and not biased and d > 1 else "dense"
    if biased and method != "dense":
        raise ValueError(f'method must be "dense" for neurons with biases, got {method!r}')
    if method == "iterative" and (d == 1 or n < 2):
        raise ValueError(f'method must not be "iterative" for one dimension or one feature, got d = {d} and {n} distinct features')
    limit = {"dense": MAX_DENSE, "ball": MAX_BALLS}.get(method, math.inf)
    if n > limit:
        raise ValueError(f'weights must have at most {limit} distinct rows for method "{method}"{" (biases)" * biased}, got {n}')
    return method


def _energies(d: int) -> dict[int, float]:
    """N(d,k) λ_k for the degrees k = 0, 1, 2, 4: how the energy 1/2 of a neuron is shared among them, d >= 2."""
    ratio = math.exp(special.gammaln(d / 2) - special.gammaln((d + 1) / 2))
    lambda_0 = d * (ratio / (2 * math.sqrt(math.pi))) ** 2
    lambda_2 = lambda_0 / (d + 1) ** 2
    return {0: lambda_0, 1: 0.25, 2: multiplicity(d, 2) * lambda_2, 4: multiplicity(d, 4) * lambda_2 / (d + 3) ** 2}


def _degree(n: int, d: int) -> int:
    """The degree of the preconditioner: as many harmonics as there are features at most, and no more than can be factored."""
    sizes = {0: 1, 1: 1 + d, 2: 1 + d + d * (d + 1) // 2}
    return max(k for k, size in sizes.items() if k == 0 or size <= min(n, MAX_HARMONICS))


def _expected_iterations(n: int, d: int) -> float:
    """For random directions the next degree's part of G has the spectrum of Marchenko and Pastur; what lies above acts as its floor."""
    energies, degree = _energies(d), _degree(n, d)
    following = {0: 1, 1: 2, 2: 4}[degree]
    part = energies[following]
    rest = 0.5 - sum(energy for k, energy in energies.items() if k <= following)
    q = math.sqrt(n / multiplicity(d, following))
    condition = (part * (1 + q) ** 2 + rest) / (part * max(1 - q, 0) ** 2 + rest)
    return 7 * math.sqrt(condition)


# --- the Gram matrix


class _Gram:
    """G_ij = <f_i, f_j> of unit neurons, tile by tile: computed again in each product, or stored."""

    def __init__(self, neurons: _Neurons, workers: "_Workers"):
        self.rows, self.bias, self.workers = neurons.rows, neurons.bias, workers
        xp = self.xp = array_namespace(self.rows)
        self.side = TILE if str(device(self.rows)) == "cpu" else TILE_GPU
        self.starts = range(0, self.rows.shape[0], self.side)
        self.matrix: Array | None = None
        self.near: dict[tuple[int, int], bool] = {}
        new = {"dtype": self.rows.dtype, "device": device(self.rows)}
        self.scratch, self.one = xp.empty((workers.count, 3, self.side**2), **new), xp.ones((), **new)

    def product(self, x: Array) -> Array:
        """G x from half the tiles, for G is symmetric."""
        return sum(self.workers.run(lambda worker: self._part(x, worker)))

    def _part(self, x: Array, worker: int) -> Array:
        """What one worker adds to G x: rows of tiles dealt out forth and back, for the later ones are shorter."""
        y, b, turn = self.xp.zeros_like(x), self.side, 2 * self.workers.count
        for number, i in enumerate(self.starts):
            if min(number % turn, turn - 1 - number % turn) != worker:
                continue
            for j in self.starts[number:]:
                if self.workers.stopped:
                    return y
                tile = self.tile(i, j, worker)
                y[i : i + b] += tile @ x[j : j + b]
                if i != j:
                    y[j : j + b] += tile.T @ x[i : i + b]
        return y

    def store(self) -> Array:
        """Compute all of G once."""
        n, b = self.rows.shape[0], self.side
        matrix = self.xp.empty((n, n), dtype=self.rows.dtype, device=device(self.rows))
        for i in self.starts:
            for j in self.starts[i // b :]:
                matrix[i : i + b, j : j + b] = tile = self.tile(i, j)
                matrix[j : j + b, i : i + b] = tile.T
        self.matrix = matrix
        return matrix

    def tile(self, i: int, j: int, worker: int = 0) -> Array:
        """Rows i, i+1, ... and columns j, j+1, ... of G, valid until the worker's next call."""
        if self.matrix is not None:
            return self.matrix[i : i + self.side, j : j + self.side]
        first, second = self.rows[i : i + self.side], self.rows[j : j + self.side]
        if self.bias is not None:
            return _general_kernel(first, self.bias[i : i + self.side], second, self.bias[j : j + self.side])
        shape = (first.shape[0], second.shape[0])
        t, a, b = (part[: shape[0] * shape[1]].reshape(shape) for part in self.scratch[worker])
        self.xp.matmul(first, second.T, out=t)
        if (i, j) not in self.near:
            self.near[i, j] = max(float(self.xp.max(t)), -float(self.xp.min(t))) > NEAR
        return self._kernel(t, a, b, self.near[i, j])

    def _kernel(self, t: Array, a: Array, b: Array, near: bool) -> Array:
        """(sqrt(1-t^2) + t (pi/2 + arcsin t)) / 2 pi without new memory: the formula of ``dual_relu`` while the tile is in the cache."""
        xp, one = self.xp, self.one
        if near:
            xp.minimum(t, one, out=t)
            xp.maximum(t, -one, out=t)
            xp.subtract(one, t, out=b)
            xp.add(one, t, out=a)
            xp.multiply(a, b, out=b)
        else:
            xp.multiply(t, t, out=b)
            xp.subtract(one, b, out=b)
        xp.sqrt(b, out=b)
        xp.asin(t, out=a)
        a += math.pi / 2
        a *= t
        a += b
        a *= 1 / (2 * math.pi)
        return a


def _cross(features: _Neurons, targets: _Neurons) -> Array:
    """c_ij = <f_i, target j>."""
    xp = array_namespace(features.rows)
    if features.bias is not None:
        return _general_kernel(features.rows, features.bias, targets.rows, targets.bias)
    cosines = xp.clip(features.rows @ targets.rows.T, -1.0, 1.0)
    return xp.where(targets.energy > 0, dual_relu(cosines), 0.0 * cosines)


def _general_kernel(first: Array, bias: Array, second: Array, other_bias: Array) -> Array:
    xp = array_namespace(first)
    u, v = xp.sum(first * first, axis=1)[:, None], xp.sum(second * second, axis=1)[None, :]
    bound = xp.sqrt(u * v)
    covariance = xp.minimum(xp.maximum(first @ second.T, -bound), bound)
    return dual_relu_general(u, v, covariance, bias[:, None], other_bias[None, :])


# --- preconditioners


class _Harmonics:
    r"""P = aI + Φ Φ^T, where Φ Φ^T is the part of G of degree <= 2: the theory's own spectrum as a preconditioner.

    G = Σ_k N(d,k) λ_k P_k(<w_i,w_j>). The degrees above 2 together have the diagonal a and small entries off it. The part of degree 2 is
    N(d,2) λ_2 d/(d-1) times the inner product of the matrices ww^T - I/d, so the columns of Φ are 1, w and the entries of those matrices,
    each scaled to the energy of its degree. Φ is not stored: its products are quadratic forms in the weights.
    """

    CHUNK = 1024

    def __init__(self, rows: Array):
        xp = self.xp = array_namespace(rows)
        self.rows, (n, d) = rows, rows.shape
        degree, energies = _degree(n, d), _energies(d)
        self.energies = [energies[k] for k in range(degree + 1)]
        self.floor = 0.5 - sum(self.energies)
        i, j = (self._array(index) for index in np.triu_indices(d))
        self.pairs, self.flat = (i, j), i * d + j
        scale = math.sqrt(energies[2] * d / (d - 1)) * xp.astype(xp.where(i == j, 1.0, math.sqrt(2)), rows.dtype)
        self.scale, self.shift = scale[:, None], xp.where(i == j, scale / d, 0.0 * scale)[:, None]
        gram = self.floor * xp.eye(self._features(rows[:1]).shape[0], dtype=xp.float64, device=device(rows))
        for start in range(0, n, self.CHUNK):
            features = xp.astype(self._features(rows[start : start + self.CHUNK]), xp.float64)
            gram += features @ features.T
        self.factor = xp.linalg.cholesky(gram)

    def solve(self, x: Array) -> Array:
        """P^{-1} x = (x - Φ (aI + Φ^T Φ)^{-1} Φ^T x) / a."""
        xp = self.xp
        inner = _cholesky_solve(self.factor, xp.astype(self._transposed(x), xp.float64))
        return (x - self._apply(xp.astype(inner, x.dtype))) / self.floor

    def sample(self, rng: np.random.Generator, count: int) -> Array:
        """Columns with the law N(0, P): sqrt(a) g + Φ g'."""
        sizes = (self.rows.shape[0], self.factor.shape[0])
        g, h = (self._array(rng.standard_normal((size, count)), self.rows.dtype) for size in sizes)
        return math.sqrt(self.floor) * g + self._apply(h)

    def _features(self, w: Array) -> Array:
        """Φ^T for some of the rows."""
        xp, w = self.xp, w.T
        parts = [math.sqrt(self.energies[0]) * xp.ones_like(w[:1])]
        if len(self.energies) > 1:
            parts.append(math.sqrt(self.energies[1]) * w)
        if len(self.energies) > 2:
            parts.append(xp.take(w, self.pairs[0], axis=0) * xp.take(w, self.pairs[1], axis=0) * self.scale - self.shift)
        return xp.concat(parts, axis=0)

    def _apply(self, y: Array) -> Array:
        """Φ y; the part of degree 2 is w^T A w with the entries of y in the upper triangle of A."""
        xp, (n, d), m = self.xp, self.rows.shape, y.shape[1]
        total = math.sqrt(self.energies[0]) * y[:1] + xp.zeros((n, m), dtype=y.dtype, device=device(y))
        if len(self.energies) > 1:
            total += math.sqrt(self.energies[1]) * (self.rows @ y[1 : 1 + d])
        if len(self.energies) > 2:
            total -= xp.sum(self.shift * y[1 + d :], axis=0)
            forms = xp.zeros((d * d, m), dtype=y.dtype, device=device(y))
            forms[self.flat] = self.scale * y[1 + d :]
            forms = xp.reshape(xp.permute_dims(xp.reshape(forms, (d, d, m)), (0, 2, 1)), (d, m * d))
            for start in range(0, n, self.CHUNK):
                w = self.rows[start : start + self.CHUNK]
                total[start : start + self.CHUNK] += xp.sum(xp.reshape(w @ forms, (-1, m, d)) * w[:, None, :], axis=2)
        return total

    def _transposed(self, x: Array) -> Array:
        """Φ^T x; the part of degree 2 is the upper triangle of Σ_i x_i w_i w_i^T."""
        xp, (n, d), m = self.xp, self.rows.shape, x.shape[1]
        parts = [math.sqrt(self.energies[0]) * xp.sum(x, axis=0)[None, :]]
        if len(self.energies) > 1:
            parts.append(math.sqrt(self.energies[1]) * (self.rows.T @ x))
        if len(self.energies) > 2:
            forms = xp.zeros((d, d * m), dtype=x.dtype, device=device(x))
            for start in range(0, n, self.CHUNK):
                w = self.rows[start : start + self.CHUNK]
                forms += w.T @ xp.reshape(w[:, :, None] * x[start : start + self.CHUNK, None, :], (-1, d * m))
            upper = xp.take(xp.reshape(forms, (d * d, m)), self.flat, axis=0)
            parts.append(self.scale * upper - self.shift * xp.sum(x, axis=0))
        return xp.concat(parts, axis=0)

    def _array(self, values: np.ndarray, dtype: Any = None) -> Array:
        return self.xp.asarray(values, dtype=dtype, device=device(self.rows))


class _Cholesky:
    """P = G + shift I, factored; ``proved`` is a proved lower bound on the smallest eigenvalue of G, or None.

    If the factorisation of a symmetric matrix A of size n runs to its end in floating point, then A + γ_{n+1} tr(A) I is positive
    semidefinite (Demmel; Higham, Theorem 10.7). With A = G - 4sI, s at least γ tr(G) and the rounding of the entries of G, the smallest
    eigenvalue of G is at least 2s. If it fails, a positive shift makes a preconditioner, but no proof.
    """

    def __init__(self, gram: _Gram, entry_error: float):
        self.xp = array_namespace(gram.rows)
        matrix = gram.store()
        n = matrix.shape[0]
        safe = _gamma(n + 1) * float(self.xp.sum(self.xp.linalg.diagonal(matrix))) + (n + 1) * entry_error
        diagonal = matrix.reshape(-1)[:: n + 1]  # a view: a second matrix would double the memory
        unchanged = diagonal + 0.0
        for shift in [-4 * safe] + [safe * 100**k for k in range(6)]:
            diagonal[...] = unchanged + shift
            try:
                self.factor = _cholesky(matrix)
                break
            except (np.linalg.LinAlgError, RuntimeError):
                continue
        diagonal[...] = unchanged
        self.floor, self.proved = max(shift, 0.0), 2 * safe if shift < 0 else None

    def solve(self, x: Array) -> Array:
        return _cholesky_solve(self.factor, x)

    def sample(self, rng: np.random.Generator, count: int) -> Array:
        """Columns with the law N(0, P)."""
        g = rng.standard_normal((self.factor.shape[0], count))
        return self.factor @ self.xp.asarray(g, dtype=self.factor.dtype, device=device(self.factor))


# --- the solution and its certificate


@dataclass(frozen=True)
class _Found:
    """An interval for the least error of each unit target, in double precision."""

    error: Array
    lower: Array
    upper: Array
    coefficients: Array
    residual: Array
    iterations: int
    lower_bound: str

    def map(self, function: Callable[[Array], Array]) -> "_Found":
        arrays = (self.error, self.lower, self.upper, self.coefficients, self.residual)
        return _Found(*map(function, arrays), self.iterations, self.lower_bound)

    def reached(self, tolerance: float) -> bool:
        return bool(array_namespace(self.error).all(self.upper - self.lower <= tolerance / 2))


def _dense(features: _Neurons, targets: _Neurons, tolerance: float, report: "_Report") -> _Found:
    gram = _Gram(features, _Workers(None))
    preconditioner = _Cholesky(gram, _entry_error(features))
    return _solve(gram, gram, preconditioner, preconditioner.proved, features, targets, tolerance, report)


def _iterative(features: _Neurons, targets: _Neurons, tolerance: float, report: "_Report", single: bool) -> _Found:
    """Conjugate gradients in single precision if the weights are; what is returned is verified in double precision.

    Numpy's arrays are lent to torch if it can be imported, for its tiles can use all cores.
    """
    lend = is_numpy_array(features.rows) and _torch() is not None
    if lend:
        features, targets = features.map(_torch().from_numpy), targets.map(_torch().from_numpy)
    with _Workers(None if is_numpy_array(features.rows) or str(device(features.rows)) != "cpu" else _torch()) as workers:
        gram = _Gram(features, workers)
        inner = _Gram(features.cast(gram.xp.float32), workers) if single else gram
        found = _solve(gram, inner, _Harmonics(inner.rows), None, features, targets, tolerance, report)
    return found.map(_host) if lend else found


def _solve(
    gram: _Gram,
    inner: _Gram,
    preconditioner: "_Harmonics | _Cholesky",
    proved: float | None,
    features: _Neurons,
    targets: _Neurons,
    tolerance: float,
    report: "_Report",
) -> _Found:
    """Conjugate gradients on G u = c, restarted from the true residual until the interval is narrow enough or stops to shrink.

    Without a ``proved`` bound on the smallest eigenvalue of G, random probes are further right-hand sides of the first round.
    """
    xp, c = gram.xp, _cross(features, targets)
    floor, kind = (proved, "rigorous") if proved else (None, "probable" if inner is gram else "estimate")
    u, rest, best, spent = xp.zeros_like(c), c, None, 0
    for _ in range(MAX_ROUNDS):
        right = xp.astype(rest, inner.rows.dtype)
        watch = _Watch(preconditioner.floor, floor, features, c.shape[1], tolerance, report)
        if floor is None:
            right = xp.concat([right, preconditioner.sample(np.random.default_rng(0), PROBES)], axis=1)
        step = _conjugate_gradients(inner.product, preconditioner.solve, right, watch, MAX_ITERATIONS - spent)
        step = xp.astype(step[:, : c.shape[1]], c.dtype)
        u = u + xp.where(xp.isfinite(step), step, 0.0)
        floor, spent = watch.floor, spent + watch.iterations
        rest = c - gram.product(u)
        found = _enclose(features, targets, c, u, rest, floor, spent, kind if floor else "trivial")
        if best is None or float(xp.max(found.upper - found.lower)) < 0.9 * float(xp.max(best.upper - best.lower)):
            best = found
        else:
            break
        if found.reached(tolerance) or floor is None or spent >= MAX_ITERATIONS:
            break
    return best


def _conjugate_gradients(product: Callable, solve: Callable, right: Array, watch: "_Watch", limit: int) -> Array:
    """Preconditioned conjugate gradients from 0, each column by itself, the products shared."""
    xp = array_namespace(right)
    u, r = xp.zeros_like(right), right
    z = solve(r)
    p, size = z, xp.sum(r * z, axis=0)
    for _ in range(limit):
        g = product(p)
        step = _quotient(size, xp.sum(p * g, axis=0))
        u, r = u + step * p, r - step * g
        z = solve(r)
        before, size = size, xp.sum(r * z, axis=0)
        turn = _quotient(size, before)
        p = z + turn * p
        if watch(r, step, turn, size):
            break
    return u


def _quotient(a: Array, b: Array) -> Array:
    """a / b, and 0 where b is not positive: a column that is solved to the last digit stays as it is."""
    xp = array_namespace(a)
    return xp.where(b > 0, a / xp.where(b > 0, b, 1.0), 0.0)


class _Watch:
    """Decides when conjugate gradients are done, and bounds the smallest eigenvalue of G by its probes on the way."""

    def __init__(self, shift: float, floor: float | None, features: _Neurons, targets: int, tolerance: float, report: "_Report"):
        self.shift, self.floor, self.targets, self.report = shift, floor, targets, report
        self.aim = tolerance / 8  # of the squared residual over the floor: half the interval's width of tolerance / 2
        self.slack = features.rows.shape[0] * _entry_error(features)
        self.iterations, self.steps, self.turns, self.probing = 0, [], [], floor is None

    def __call__(self, r: Array, step: Array, turn: Array, size: Array) -> bool:
        self.iterations += 1
        xp, m = array_namespace(r), self.targets
        if self.probing:
            self.steps.append(_host(step[m:]).astype(float))
            self.turns.append(_host(turn[m:]).astype(float))
            share = _least_eigenvalue(np.array(self.steps), np.array(self.turns), np.sqrt(np.maximum(_host(size[m:]), 0.0)))
            found = share * self.shift - self.slack
            self.floor = max(found, self.floor or 0.0) if found > 0 else self.floor
        worst = float(xp.max(xp.sum(r[:, :m] * r[:, :m], axis=0))) if m else 0.0
        self.report(self.iterations, math.sqrt(worst))
        return self.floor is not None and worst <= self.aim * self.floor


def _least_eigenvalue(steps: np.ndarray, turns: np.ndarray, residuals: np.ndarray) -> float:
    r"""A lower bound on the smallest eigenvalue λ of S = P^{-1/2} G P^{-1/2}, from conjugate gradients on random right-hand sides.

    After k steps on the right-hand side P^{1/2} g the residual is P^{1/2} p(S) g, where p(t) = Π (1 - t/θ_i) and the θ_i are the
    eigenvalues of the tridiagonal matrix of the steps. With the unit eigenvector e of λ, p(λ) |<g,e>| <= |p(S) g|, the ``residuals``.
    Since p falls from 1 to 0 on [0, θ_1], and λ <= θ_1, |<g,e>| >= PROBE_LEVEL implies λ >= μ where p(μ) = |p(S) g| / PROBE_LEVEL. The
    least of the μ is returned: it is wrong only if all probes have a smaller component.
    """
    if np.any(steps <= 0):
        return 0.0
    bounds = []
    for step, turn, residual in zip(steps.T, turns.T, residuals, strict=True):
        diagonal = 1 / step
        diagonal[1:] += turn[:-1] / step[:-1]
        ritz = linalg.eigvalsh_tridiagonal(diagonal, np.sqrt(turn[:-1]) / step[:-1])
        low, high = 0.0, float(ritz[0])
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if np.prod(1 - middle / ritz) >= residual / PROBE_LEVEL else (low, middle)
        bounds.append(low)
    return max(min(bounds), 0.0)


def _enclose(
    features: _Neurons, targets: _Neurons, c: Array, u: Array, rest: Array, floor: float | None, iterations: int, lower_bound: str
) -> _Found:
    r"""The interval of the least error from the coefficients u and their residual ``rest``, all rounding included.

    The entries of G and c, at most 1, are off by at most ε; a product with G, summed in tiles, by γ |u|_1 more. So each entry of the
    residual is off by at most (1 + |u|_1)(ε + γ), and the error |f|^2 - <c,u> - <u,rest> by at most (1 + |u|_1)^2 (ε + γ) and what the
    sum of n products rounds. Tiles of at most 100 threads are summed apart.
    """
    xp, n = array_namespace(u), u.shape[0]
    size = 1 + 1.000001 * xp.sum(xp.abs(u), axis=0)
    side = TILE if str(device(u)) == "cpu" else TILE_GPU
    entry = _entry_error(features) + _gamma(side + n // side + 100)
    error = targets.energy - xp.sum(u * (c + rest), axis=0)
    residual = xp.linalg.vector_norm(rest, axis=0)
    rounding = size * size * entry + size * (1 + residual) * _gamma(n + 8)
    gap = (1.000001 * residual + math.sqrt(n) * size * entry) ** 2 / floor if floor else math.inf * size
    upper = xp.clip(error + rounding, 0.0, None)
    lower = xp.minimum(xp.clip(error - rounding - gap, 0.0, None), upper)
    return _Found(xp.minimum(xp.maximum(error, lower), upper), lower, upper, u, residual, iterations, lower_bound)


def _entry_error(features: _Neurons) -> float:
    """A bound on the error of an entry of G or c: d + 4 roundings in the cosine of scaled rows, of which the kernel takes half, 12 in the
    kernel itself; with biases 1e-15 in the kernel, and the same from variances and covariance."""
    return (features.rows.shape[1] + (20 if features.bias is None else 60)) * ROUNDING


def _gamma(n: int) -> float:
    """γ_n: the relative error of a sum of n products is at most γ_n of the sum of their absolute values, in every order of summation."""
    return n * ROUNDING / (1 - n * ROUNDING)


def _in_given_units(
    found: _Found, features: _Neurons, targets: _Neurons, kept: np.ndarray, method: str, tolerance: float, dtype: Any
) -> PopulationError:
    """The result for the neurons as they were given, in their precision, the interval rounded outwards."""
    xp, square = array_namespace(targets.length), targets.length**2
    u = xp.zeros((features.rows.shape[0], targets.rows.shape[0]), dtype=xp.float64, device=device(targets.rows))
    if len(kept):
        u[xp.asarray(kept, device=device(u))] = found.coefficients / _take(features.length, kept)[:, None]
    slack = (2 * targets.rows.shape[1] + 16) * ROUNDING  # of the squared length
    lower, upper = found.lower * square * (1 - slack), found.upper * square * (1 + slack)
    if dtype != xp.float64:
        lower, upper = xp.astype(lower, dtype), xp.astype(upper, dtype)
        lower, upper = xp.nextafter(lower, 0 * lower), xp.where(upper > 0, xp.nextafter(upper, upper + math.inf), upper)
    error = xp.minimum(xp.maximum(xp.astype(found.error * square, dtype), lower), upper)
    return PopulationError(
        error,
        lower,
        upper,
        xp.astype(u * targets.length[None, :], dtype),
        xp.astype(found.residual, dtype),
        found.iterations,
        method,
        found.lower_bound,
        found.reached(tolerance),
    )


# --- ball arithmetic


def _balls(weights: Array, directions: Array, tolerance: float) -> _Found:
    """G u = c in ball arithmetic, at a precision that is doubled until the interval is narrow enough; nothing is rounded before."""
    flint, rows, goals = _flint(), _host(weights).astype(float), _host(directions).astype(float)
    if flint is None:
        raise ImportError('the method "ball" needs ball arithmetic: pip install python-flint')
    before = flint.ctx.prec
    try:
        for bits in (128, 256, 512, 1024, 2048, 4096):
            flint.ctx.prec = bits
            errors, u = _ball_solution(flint, rows, goals)
            if all(error.rad() <= tolerance / 8 for error in errors):
                break
        out = ((-math.inf, "lower"), (math.inf, "upper"))
        bounds = [[math.nextafter(float(getattr(error, side)()), end) for error in errors] for end, side in out]
        coefficients = np.reshape([float(value.mid()) for value in u.entries()], (len(rows), len(goals)))
    finally:
        flint.ctx.prec = before
    xp, place = array_namespace(weights), device(weights)
    lower, upper = (xp.asarray(np.clip(np.array(bound), 0, None), dtype=xp.float64, device=place) for bound in bounds)
    u = xp.asarray(coefficients, dtype=xp.float64, device=place)
    return _Found((lower + upper) / 2, lower, upper, u, 0 * lower, 0, "rigorous")


def _ball_solution(flint: Any, rows: np.ndarray, goals: np.ndarray) -> tuple[list, Any]:
    """The least errors of the scaled targets and the coefficients, as balls; errors of [0, 1/2] if G is singular at this precision."""
    energies = [flint.arb(1 if np.any(goal) else 0) / 2 for goal in goals]
    c = _ball_kernel(flint, rows, goals)
    try:
        u = _ball_kernel(flint, rows, rows).solve(c)
    except ZeroDivisionError:
        return [flint.arb(0.25, 0.25) for _ in goals], 0 * c
    return [energy - sum((c[i, k] * u[i, k] for i in range(len(rows))), flint.arb(0)) for k, energy in enumerate(energies)], u


def _ball_kernel(flint: Any, rows: np.ndarray, columns: np.ndarray) -> Any:
    """The kernel of the scaled rows, 0 for a zero row; exactly 1/2 of a row with itself."""
    first, second = (flint.arb_mat(x.shape[0], x.shape[1], [flint.arb(t) for t in x.ravel().tolist()]) for x in (rows, columns))
    products, same, pi = first * second.transpose(), rows is columns, flint.arb.pi()
    norms = [[sum((flint.arb(t) ** 2 for t in x), flint.arb(0)).sqrt() for x in part.tolist()] for part in (rows, columns)]
    kernel = flint.arb_mat(len(rows), len(columns))
    for i, j in np.ndindex(len(rows), len(columns)):
        if same and j <= i:
            kernel[i, j] = flint.arb(0.5) if i == j else kernel[j, i]
        elif np.any(rows[i]) and np.any(columns[j]):
            t = products[i, j] / (norms[0][i] * norms[1][j])
            kernel[i, j] = ((1 - t * t).sqrt() + t * (pi - t.acos())) / (2 * pi)
    return kernel


# --- libraries


def _check(**arrays: Array | None) -> Any:
    """The namespace of the arguments of ``population_error``, or ValueError."""
    for name, array in arrays.items():
        if array is not None:
            finite_array(name, array, ndim=1 if name.endswith("biases") else 2)
    weights, directions = arrays["weights"], arrays["directions"]
    if weights.shape[1] != directions.shape[1] or weights.shape[1] == 0:
        raise ValueError(f"directions must have as many columns as weights, at least 1, got {directions.shape[1]} and {weights.shape[1]}")
    for name, rows in (("biases", weights), ("direction_biases", directions)):
        if arrays[name] is not None and arrays[name].shape[0] != rows.shape[0]:
            raise ValueError(f"{name} must have {rows.shape[0]} entries, one for each row, got {arrays[name].shape[0]}")
    return common_namespace(**{name: array for name, array in arrays.items() if array is not None})


def _take(array: Array, index: np.ndarray) -> Array:
    """Some rows of an array."""
    xp = array_namespace(array)
    return xp.take(array, xp.asarray(index, device=device(array)), axis=0)


def _host(array: Array) -> np.ndarray:
    return np.asarray(to_device(array, "cpu"))


def _plain(array: Array | None) -> Array | None:
    """The array without torch's record of gradients."""
    return array.detach() if hasattr(array, "detach") else array


def _cholesky(matrix: Array) -> Array:
    """Cholesky's factor in blocks for numpy: one call for all of a large matrix has crashed (OpenBLAS 0.3.31, n = 16000, two threads)."""
    if not is_numpy_array(matrix):
        return array_namespace(matrix).linalg.cholesky(matrix)
    n, b, a = len(matrix), 512, matrix.copy()
    for k in range(0, n, b):
        e = k + b
        a[k:e, k:e] = np.linalg.cholesky(a[k:e, k:e])
        a[e:, k:e] = linalg.solve_triangular(a[k:e, k:e], a[e:, k:e].T, lower=True, check_finite=False).T if e < n else 0
        for j in range(e, n, b):
            a[j:, j : j + b] -= a[j:, k:e] @ a[j : j + b, k:e].T
        a[k:e, e:] = 0
    return a


def _cholesky_solve(factor: Array, right: Array) -> Array:
    """(L L^T)^{-1} right; triangular systems are not in the array API."""
    if is_numpy_array(factor):
        return linalg.cho_solve((factor, True), right, check_finite=False)
    return _torch().cholesky_solve(right, factor)


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        return None
    return torch


def _flint() -> Any:
    try:
        import flint
    except ImportError:
        return None
    return flint


class _Workers:
    """As many Python threads as torch has, each with torch's operations on one core: tiles are too small to be shared by cores.

    Setting a thread's share sets the default of later threads too; it is put back at the end, also after an interruption, which stops
    the workers within a tile. Without torch, or with one thread, the caller does the work itself.
    """

    def __init__(self, torch: Any):
        self.torch, self.stopped = torch, False
        self.count = 1 if torch is None else torch.get_num_threads()

    def __enter__(self) -> "_Workers":
        if self.count > 1:
            self.pool = ThreadPoolExecutor(self.count, initializer=self.torch.set_num_threads, initargs=(1,))
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped = True
        if self.count > 1:
            self.pool.shutdown(cancel_futures=True)
            self.torch.set_num_threads(self.count)

    def run(self, work: Callable[[int], Array]) -> list[Array]:
        if self.count == 1:
            return [work(0)]
        return [future.result() for future in [self.pool.submit(work, worker) for worker in range(self.count)]]


class _Report:
    """A line on the standard error after each iteration, if it is wanted."""

    def __init__(self, wanted: bool):
        self.wanted, self.start = wanted, time.monotonic()

    def __call__(self, iteration: int, residual: float) -> None:
        if self.wanted:
            seconds = time.monotonic() - self.start
            print(f"population_error: iteration {iteration}, residual {residual:.2e}, {seconds:.1f} s", file=sys.stderr, flush=True)
