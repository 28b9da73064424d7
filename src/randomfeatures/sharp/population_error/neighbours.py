r"""A matrix P like G for small dimensions: harmonics of low degree, and beyond them the nearest
neighbours of each neuron on the sphere.

In dimension d the n features resolve more degrees than can be written down, but what the low ones
leave of the kernel is local: given its neighbours, a neuron is nearly independent of all others.
"""

import math
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_torch_array
from jaxtyping import Float, Int
from scipy import linalg, sparse
from scipy.sparse.linalg import spsolve_triangular

from randomfeatures.foundations.arguments import Array
from randomfeatures.foundations.relu_spectrum import degree_energies
from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.sharp.population_error.certificate import gamma
from randomfeatures.sharp.population_error.gram import even_kernel
from randomfeatures.sharp.population_error.neurons import host
from randomfeatures.sharp.population_error.preconditioners import cholesky, cholesky_solve

NUGGET = 1e-13
"""Added to the diagonal of the kernel among neighbours: above rounding, and below what neurons that
are told apart contribute."""

CHUNK = 2048
"""Rows of Φ that are used at once."""

LOCAL, HIGHEST, MAX_LOW, LARGE = 6, 10, 2000, 2**26
"""Neighbours alone are enough for few neurons up to dimension 6. Harmonics before them: degrees up
to 10, at most 2000 functions and a third of the neurons; Φ in single precision if it is large."""


def neighbours_for(n: int, d: int) -> tuple[tuple[int, ...], int] | None:
    """The degrees and the number of neighbours that make a good preconditioner, or None where the
    harmonics of degree at most 2 alone are one. The rule is measured in ``benchmarks/``."""
    if d <= 3:
        return (1,), 10 * d
    degrees: tuple[int, ...] = (0, 1, 2)
    for k in range(4, HIGHEST + 2, 2):
        if sum(multiplicity(d, j) for j in (*degrees, k)) > min(n // 3, MAX_LOW):
            break
        degrees = (*degrees, k)
    if degrees[-1] > 2:
        return degrees, 30
    return ((1,), 40) if d <= LOCAL else None


class Neighbours:
    r"""P = (A A^T)^{-1} + Φ Φ^T, where Φ Φ^T is the part of G of some degrees, and A is sparse.

    The rest K of G is even, if degree 1 is among them: a kernel of lines. In a random order each
    line is predicted from the ``count`` lines before it that are nearest: the best coefficients
    leave a variance v. Column j of A has 1/sqrt(v) in row j, and minus the coefficients over
    sqrt(v) in the rows of its neighbours. If all lines were neighbours, A A^T would be the inverse
    of K. Whatever A and Φ are, P is positive definite, and its inverse and samples need only
    products with sparse triangular matrices.

    ``sensitivity`` bounds the norm of P^{-1/2} D P^{-1/2} for a matrix D with entries at most 1.

    Book: ``prop-neighbours``.
    """

    shift = 1.0  # bounds on eigenvalues are relative to P itself

    def __init__(self, rows: Float[Array, "n d"], degrees: tuple[int, ...], count: int):
        self.rows, n = rows, rows.shape[0]
        self.order = np.random.default_rng(0).permutation(n)
        energies = degree_energies(rows.shape[1], degrees)
        xp = array_namespace(rows)
        ordered = xp.take(rows, xp.asarray(self.order, device=device(rows)), axis=0)
        index = nearest_before(ordered, min(count, n - 1))
        values = host(conditional_columns(ordered, index, energies))
        self.factor = _sparse(host(index), values)  # A^T in this order, lower triangular
        self.phi = low_degrees(host(ordered), energies)
        small = np.eye(self.phi.shape[1])
        for start in range(0, n, CHUNK):
            part = self.factor[start : start + CHUNK]
            part = part.astype(self.phi.dtype) @ self.phi
            small += part.T.astype(float) @ part.astype(float)
        self.small = cholesky(small)
        sums = np.asarray(abs(self.factor).sum(axis=1))
        self.sensitivity = 1.000001 * float(np.sum(sums**2))

    def solve(self, x: Array) -> Array:
        """P^{-1} x = B (x - Φ (I + Φ^T B Φ)^{-1} Φ^T B x) with B = A A^T."""
        y = self._ordered(x)
        return self._returned(self._sparse_twice(y - self._high(self._low(y))), x)

    def sample(self, rng: np.random.Generator, count: int) -> Array:
        """Columns with the law N(0, P): A^{-T} g + Φ g'."""
        g, h = (rng.standard_normal((size, count)) for size in self.phi.shape)
        z = spsolve_triangular(self.factor, g, lower=True)
        return self._returned(z + self._high(h), self.rows)

    def length(self, y: Float[Array, "n m"], off: Float[Array, " m"]) -> Float[Array, " m"]:
        r"""A bound on :math:`\langle y,P^{-1}y\rangle^{1/2}` for all vectors whose entries differ
        from those of y by at most ``off``, rounding included.

        The form is the least of \|A^T (y - Φ b)\|^2 + \|b\|^2 over b, so every b bounds it, and no
        cancellation can make the bound too small.
        """
        z, off = self._ordered(y), host(off)
        b = self._low(z)
        inner = np.linalg.norm(self.factor @ (z - self._high(b)), axis=0)
        terms = int(np.max(np.diff(self.factor.indptr))) + self.phi.shape[1] + 8
        largest = np.max(np.abs(z), axis=0, initial=0.0)
        largest += np.max(np.abs(self.phi)) * np.sum(np.abs(b), axis=0)
        inner += math.sqrt(self.sensitivity) * (off + gamma(terms) * largest)
        length = 1.000001 * np.hypot(inner, np.linalg.norm(b, axis=0))
        return array_namespace(y).asarray(length, dtype=y.dtype, device=device(y))

    def _sparse_twice(self, x: np.ndarray) -> np.ndarray:
        return self.factor.T @ (self.factor @ x)

    def _low(self, x: np.ndarray) -> np.ndarray:
        """(I + Φ^T B Φ)^{-1} Φ^T B x."""
        y, inner = self._sparse_twice(x), np.zeros((self.phi.shape[1], x.shape[1]))
        for start in range(0, len(y), CHUNK):
            part = slice(start, start + CHUNK)
            inner += self.phi[part].T.astype(float) @ y[part]
        return cholesky_solve(self.small, inner)

    def _high(self, b: np.ndarray) -> np.ndarray:
        """Φ b."""
        starts = range(0, len(self.phi), CHUNK)
        return np.concatenate([self.phi[i : i + CHUNK].astype(float) @ b for i in starts])

    def _ordered(self, x: Array) -> np.ndarray:
        return host(x)[self.order].astype(float)

    def _returned(self, y: np.ndarray, like: Array) -> Array:
        x = np.empty_like(y)
        x[self.order] = y
        return array_namespace(like).asarray(x, dtype=like.dtype, device=device(like))


# --- the harmonics --------------------------------------------------------------------------------


def low_degrees(rows: Float[np.ndarray, "n d"], energies: dict[int, float]) -> np.ndarray:
    r"""Φ with Φ Φ^T = Σ_k e_k P_k(<w_i,w_j>), the energies e_k, degree by degree.

    The functions P_k(<z_a, .>) of N(d,k) random points z_a are a basis of the harmonics of degree
    k, with the Gram matrix P_k(<z_a,z_b>): its Cholesky factor makes them orthonormal.
    """
    (n, d), rng = rows.shape, np.random.default_rng(0)
    sizes = [multiplicity(d, k) for k in energies]
    phi = np.empty((n, sum(sizes)), dtype=np.float32 if n * sum(sizes) > LARGE else float)
    ends = np.cumsum(sizes)
    for (k, energy), size, end in zip(energies.items(), sizes, ends, strict=True):
        columns = phi[:, end - size : end]
        if k < 2:
            columns[...] = math.sqrt(energy) * (rows if k else 1.0)
            continue
        points = rng.standard_normal((size, d))
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        factor = cholesky(polynomials(d, points @ points.T, {k: 1.0}) + 1e-12 * np.eye(size))
        for start in range(0, n, CHUNK):
            part = slice(start, start + CHUNK)
            values = polynomials(d, points @ rows[part].T, {k: math.sqrt(energy)})
            values = linalg.solve_triangular(factor, values, lower=True, check_finite=False)
            columns[part] = values.T
    return phi


def polynomials(d: int, t: Float[Array, "*s"], energies: dict[int, float]) -> Float[Array, "*s"]:
    """Σ_k e_k P_k(t) for all degrees k in one recurrence."""
    before, now = t, 0.0 * t + 1
    total = energies.get(0, 0.0) * now
    for k in range(1, max(energies, default=0) + 1):
        before, now = now, ((2 * k + d - 4) * t * now - (k - 1) * before) / (k + d - 3 or 1)
        if k == 1:
            now = t
        if k in energies:
            total = total + energies[k] * now
    return total


# --- the neighbours -------------------------------------------------------------------------------


def nearest_before(rows: Float[Array, "n d"], count: int) -> Int[Array, "n k"]:
    """For each row the ``count`` rows before it whose lines are nearest (largest |cosine|), in any
    order, in single precision; the first rows, which have fewer before them, name themselves."""
    xp, (n, _), side = array_namespace(rows), rows.shape, 128
    single, found = xp.astype(rows, xp.float32), []
    number = xp.arange(n, device=device(rows))
    for start in range(0, n, side):
        stop = min(start + side, n)
        width = min(max(stop, count), n)
        cosine = xp.abs(single[start:stop] @ single[:width].T)
        own = number[start:stop, None]
        cosine = xp.where(number[None, :width] < own, cosine, xp.zeros_like(cosine) - 1)
        index = _largest(cosine, count)
        found.append(xp.where(index < own, index, own))
    return xp.concat(found, axis=0)


def _largest(values: Float[Array, "n m"], count: int) -> Int[Array, "n k"]:
    """Indices of the ``count`` largest entries of each row, in any order."""
    if is_torch_array(values):
        return values.topk(count, dim=1, sorted=False).indices
    first = values.shape[1] - count
    return np.argpartition(values, min(first, values.shape[1] - 1), axis=1)[:, first:]


def conditional_columns(
    rows: Float[Array, "n d"], index: Int[Array, "n k"], energies: dict[int, float]
) -> Float[Array, "n k1"]:
    """For each row the column of A on its neighbours and, last, on itself. Where ``index`` names
    the row itself there is no neighbour, and 0."""
    xp, (n, count), d = array_namespace(rows), index.shape, rows.shape[1]
    eye, parts = xp.eye(count + 1, dtype=rows.dtype, device=device(rows)), []
    even = {k: energy for k, energy in energies.items() if k != 1}
    number, chunk = xp.arange(n, device=device(rows))[:, None], 1 + 2**21 // (count + 1) ** 2
    for start in range(0, n, chunk):
        own, part = number[start : start + chunk], index[start : start + chunk]
        there = xp.concat([part < own, own == own], axis=1)
        part = xp.concat([part, own], axis=1)
        near = xp.reshape(xp.take(rows, xp.reshape(part, (-1,)), axis=0), (*part.shape, -1))
        cosine = xp.clip(near @ xp.permute_dims(near, (0, 2, 1)), -1.0, 1.0)
        kernel = even_kernel(cosine)
        if even:
            kernel = kernel - polynomials(d, cosine, even)
        kernel = xp.where(there[:, :, None] & there[:, None, :], kernel, eye)
        parts.append(xp.where(there, _last_column(kernel, eye), 0.0 * kernel[:, 0]))
    return xp.concat(parts, axis=0)


def _last_column(kernel: Float[Array, "b k k"], eye: Float[Array, "k k"]) -> Float[Array, "b k"]:
    """The last column of L^{-T} for K = L L^T, K the kernels with the least shift that works."""
    shifts = (NUGGET * 100**power for power in range(7))
    factor = next(f for shift in shifts if (f := _factor(kernel + shift * eye)) is not None)
    column = 0.0 * kernel[:, 0]
    column[:, -1] = 1 / factor[:, -1, -1]
    for k in range(kernel.shape[1] - 2, -1, -1):
        known = (factor[:, k + 1 :, k] * column[:, k + 1 :]).sum(axis=1)
        column[:, k] = -known / factor[:, k, k]
    return column


def _factor(kernel: Array) -> Any:
    """Cholesky's factors, or None if one of the matrices is not positive definite."""
    if is_torch_array(kernel):
        factor, failed = array_namespace(kernel).linalg.cholesky_ex(kernel)
        return None if failed.any() else factor
    try:
        return np.linalg.cholesky(kernel)
    except np.linalg.LinAlgError:
        return None


def _sparse(index: np.ndarray, values: np.ndarray) -> sparse.csr_matrix:
    """A^T: its row j holds the values on the neighbours of j and on j."""
    n, count = index.shape
    columns = np.concatenate([index, np.arange(n)[:, None]], axis=1).astype(np.int32)
    starts = np.arange(n + 1) * (count + 1)
    matrix = sparse.csr_matrix((values.ravel(), columns.ravel(), starts), shape=(n, n))
    matrix.sum_duplicates()
    return matrix
