"""Matrices P like G whose inverse is cheap: the harmonics of low degree, or G itself factored."""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from array_api_compat import array_namespace, device, is_numpy_array
from jaxtyping import Float
from scipy import linalg

from randomfeatures.foundations.arguments import Array
from randomfeatures.foundations.relu_spectrum import degree_energies
from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.sharp.population_error.certificate import cholesky_error
from randomfeatures.sharp.population_error.threads import torch_or_none

MAX_HARMONICS = 6000
"""The preconditioner takes the degrees that have at most this many harmonics together: it factors
a matrix of that size."""


DEGREES = (0, 1, 2, 4)
"""The degrees of the preconditioner, and those that follow it."""


@runtime_checkable
class Preconditioner(Protocol):
    """A matrix P for which P - ``shift`` I is positive semidefinite."""

    @property
    def shift(self) -> float: ...

    def solve(self, x: Array) -> Array:
        """P^{-1} x."""

    def sample(self, rng: np.random.Generator, count: int) -> Array:
        """Columns with the law N(0, P)."""


# --- harmonics ------------------------------------------------------------------------------------


class Harmonics:
    r"""P = aI + Φ Φ^T, where Φ Φ^T is the part of G of degree <= 2, and a = ``shift``.

    G = Σ_k N(d,k) λ_k P_k(<w_i,w_j>). The degrees above 2 together have the diagonal a and small
    entries off it. The part of degree 2 is N(d,2) λ_2 d/(d-1) times the inner product of the
    matrices ww^T - I/d, so the columns of Φ are 1, w and the entries of those matrices, each scaled
    to the energy of its degree. Φ is not stored: its products are quadratic forms in the weights.

    See ``prop-preconditioner``.
    """

    CHUNK = 1024

    def __init__(self, rows: Float[Array, "n d"]):
        xp = self.xp = array_namespace(rows)
        self.rows, (n, d) = rows, rows.shape
        degree, energies = preconditioner_degree(n, d), degree_energies(d, DEGREES)
        self.energies = [energies[k] for k in range(degree + 1)]
        self.shift = 0.5 - sum(self.energies)
        i, j = (self._array(index) for index in np.triu_indices(d))
        self.pairs, self.flat = (i, j), i * d + j
        twice = xp.astype(xp.where(i == j, 1.0, math.sqrt(2)), rows.dtype)
        scale = math.sqrt(energies[2] * d / (d - 1)) * twice
        self.scale = scale[:, None]
        self.mean = xp.where(i == j, scale / d, 0.0 * scale)[:, None]
        size = self._features(rows[:1]).shape[0]
        gram = self.shift * xp.eye(size, dtype=xp.float64, device=device(rows))
        for start in range(0, n, self.CHUNK):
            features = xp.astype(self._features(rows[start : start + self.CHUNK]), xp.float64)
            gram += features @ features.T
        self.factor = xp.linalg.cholesky(gram)

    def solve(self, x: Array) -> Array:
        """P^{-1} x = (x - Φ (aI + Φ^T Φ)^{-1} Φ^T x) / a."""
        xp = self.xp
        inner = cholesky_solve(self.factor, xp.astype(self._transposed(x), xp.float64))
        return (x - self._apply(xp.astype(inner, x.dtype))) / self.shift

    def sample(self, rng: np.random.Generator, count: int) -> Array:
        """Columns with the law N(0, P): sqrt(a) g + Φ g'."""
        sizes = (self.rows.shape[0], self.factor.shape[0])
        g, h = (self._array(rng.standard_normal((size, count)), self.rows.dtype) for size in sizes)
        return math.sqrt(self.shift) * g + self._apply(h)

    def _features(self, w: Array) -> Array:
        """Φ^T for some of the rows."""
        xp, w = self.xp, w.T
        parts = [math.sqrt(self.energies[0]) * xp.ones_like(w[:1])]
        if len(self.energies) > 1:
            parts.append(math.sqrt(self.energies[1]) * w)
        if len(self.energies) > 2:
            products = xp.take(w, self.pairs[0], axis=0) * xp.take(w, self.pairs[1], axis=0)
            parts.append(products * self.scale - self.mean)
        return xp.concat(parts, axis=0)

    def _apply(self, y: Array) -> Array:
        """Φ y; the part of degree 2 is w^T A w with the entries of y in the upper triangle of A."""
        xp, (n, d), m = self.xp, self.rows.shape, y.shape[1]
        zero = xp.zeros((n, m), dtype=y.dtype, device=device(y))
        total = math.sqrt(self.energies[0]) * y[:1] + zero
        if len(self.energies) > 1:
            total += math.sqrt(self.energies[1]) * (self.rows @ y[1 : 1 + d])
        if len(self.energies) > 2:
            total -= xp.sum(self.mean * y[1 + d :], axis=0)
            forms = xp.zeros((d * d, m), dtype=y.dtype, device=device(y))
            forms[self.flat] = self.scale * y[1 + d :]
            forms = xp.permute_dims(xp.reshape(forms, (d, d, m)), (0, 2, 1))
            forms = xp.reshape(forms, (d, m * d))
            for start in range(0, n, self.CHUNK):
                w = self.rows[start : start + self.CHUNK]
                images = xp.reshape(w @ forms, (-1, m, d))
                total[start : start + self.CHUNK] += xp.sum(images * w[:, None, :], axis=2)
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
                weighted = w[:, :, None] * x[start : start + self.CHUNK, None, :]
                forms += w.T @ xp.reshape(weighted, (-1, d * m))
            upper = xp.take(xp.reshape(forms, (d * d, m)), self.flat, axis=0)
            parts.append(self.scale * upper - self.mean * xp.sum(x, axis=0))
        return xp.concat(parts, axis=0)

    def _array(self, values: np.ndarray, dtype: Any = None) -> Array:
        return self.xp.asarray(values, dtype=dtype, device=device(self.rows))


def preconditioner_degree(n: int, d: int) -> int:
    """The degree up to which harmonics are used: as many harmonics as there are features at most,
    and no more than can be factored."""
    sizes = {0: 1, 1: 1 + d, 2: 1 + d + d * (d + 1) // 2}
    return max(k for k, size in sizes.items() if k == 0 or size <= min(n, MAX_HARMONICS))


def expected_iterations(n: int, d: int) -> float:
    """For random directions the next degree's part of G has the spectrum of Marchenko and Pastur;
    what lies above acts as its floor."""
    energies, degree = degree_energies(d, DEGREES), preconditioner_degree(n, d)
    following = {0: 1, 1: 2, 2: 4}[degree]
    part = energies[following]
    rest = 0.5 - sum(energy for k, energy in energies.items() if k <= following)
    q = math.sqrt(n / multiplicity(d, following))
    condition = (part * (1 + q) ** 2 + rest) / (part * max(1 - q, 0) ** 2 + rest)
    return 7 * math.sqrt(condition)


# --- the factored matrix --------------------------------------------------------------------------


@dataclass(frozen=True)
class Factored:
    """P = G + ``shift`` I with its factor L, P = L L^T. ``proved`` is a proved lower bound on the
    smallest eigenvalue of G, 0 if there is none."""

    factor: Float[Array, "n n"]
    shift: float
    proved: float

    def solve(self, x: Array) -> Array:
        return cholesky_solve(self.factor, x)

    def sample(self, rng: np.random.Generator, count: int) -> Array:
        """Columns with the law N(0, P)."""
        xp, g = array_namespace(self.factor), rng.standard_normal((self.factor.shape[0], count))
        return self.factor @ xp.asarray(g, dtype=self.factor.dtype, device=device(self.factor))


def factored(matrix: Float[Array, "n n"], entry_error: float) -> Factored:
    """G factored with the bound that this proves, or with the least shift that makes it possible.

    With s = :func:`~randomfeatures.sharp.population_error.certificate.cholesky_error`, a
    factorisation of G - 4s I that runs to its end proves that the smallest eigenvalue of G is at
    least 2s. If it fails, a positive shift makes a preconditioner, but no proof.
    """
    xp = array_namespace(matrix)
    trace = float(xp.sum(xp.linalg.diagonal(matrix)))
    s = cholesky_error(matrix.shape[0], trace, entry_error)
    factor = _cholesky_or_none(matrix, -4 * s)
    if factor is not None:
        return Factored(factor, 0.0, 2 * s)
    for shift in (s * 100**k for k in range(6)):
        factor = _cholesky_or_none(matrix, shift)
        if factor is not None:
            return Factored(factor, shift, 0.0)
    raise np.linalg.LinAlgError("the Gram matrix is far from positive semidefinite")


def _cholesky_or_none(matrix: Array, shift: float) -> Array | None:
    """The factor of the matrix with ``shift`` added to its diagonal, if there is one."""
    refused = np.linalg if is_numpy_array(matrix) else torch_or_none().linalg
    with _shifted(matrix, shift), contextlib.suppress(refused.LinAlgError):
        return cholesky(matrix)
    return None


@contextlib.contextmanager
def _shifted(matrix: Array, shift: float) -> Iterator[None]:
    """The diagonal is changed for a while: a second matrix would double the memory."""
    diagonal = matrix.reshape(-1)[:: matrix.shape[0] + 1]  # a view
    unchanged = diagonal + 0.0
    diagonal[...] = unchanged + shift
    try:
        yield
    finally:
        diagonal[...] = unchanged


def cholesky(matrix: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """Cholesky's factor, for numpy in blocks: one call for all of a large matrix has crashed
    (OpenBLAS 0.3.31, n = 16000, two threads)."""
    if not is_numpy_array(matrix):
        return array_namespace(matrix).linalg.cholesky(matrix)
    n, b, a = len(matrix), 512, matrix.copy()
    for k in range(0, n, b):
        e = k + b
        a[k:e, k:e] = np.linalg.cholesky(a[k:e, k:e])
        if e < n:
            below = linalg.solve_triangular(
                a[k:e, k:e], a[e:, k:e].T, lower=True, check_finite=False
            )
            a[e:, k:e] = below.T
        for j in range(e, n, b):
            a[j:, j : j + b] -= a[j:, k:e] @ a[j : j + b, k:e].T
        a[k:e, e:] = 0
    return a


def cholesky_solve(factor: Float[Array, "n n"], right: Float[Array, "n m"]) -> Array:
    """(L L^T)^{-1} right; triangular systems are not in the array API."""
    if is_numpy_array(factor):
        return linalg.cho_solve((factor, True), right, check_finite=False)
    return torch_or_none().cholesky_solve(right, factor)
