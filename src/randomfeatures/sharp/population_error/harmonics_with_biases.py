r"""A matrix like the Gram matrix of neurons with biases, whose inverse is cheap: a diagonal and the
low degrees of the cosine, in each of which the kernel has rank one in the biases."""

import math
from itertools import combinations_with_replacement

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array
from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.sharp.population_error.certificate import gamma
from randomfeatures.sharp.population_error.hermite_tables import (
    directions_and_levels,
    hermite_table,
)
from randomfeatures.sharp.population_error.neurons import Neurons, host
from randomfeatures.sharp.population_error.preconditioners import MAX_HARMONICS, cholesky_solve

LEAST_REST = 1e-12
"""The least entry of the diagonal: what is left of an almost affine neuron drowns in rounding."""

MOST_COLUMNS, MOST_DEGREE = 2500, 12
"""Degrees above 2 are taken as long as there are at most so many columns, and at most half as many
as features."""

WORTHWHILE = 0.3
"""Columns are taken if in the mean they are this large against the diagonal."""


class HarmonicsWithBiases:
    r"""P = D + Φ Φ^T with the diagonal matrix D of ``metric``; P - D is positive semidefinite.

    G = Σ_n t_n(i) t_n(j) ρ_ij^n with the cosines ρ and the table of ``hermite_table``. Degree n of
    it is an inner product of the columns t_n times the monomials of degree n in the direction:
    those up to ``degree`` are Φ. Of higher degrees Φ has what they contain of the harmonics of
    degree 0 and 1, where that is large. D is what is left of the diagonal of G, but at least 1e-12.

    See ``prop-biased-preconditioner``.
    """

    CHUNK = 1024
    shift = 1.0

    def __init__(self, neurons: Neurons, *, dtype: object = None):
        xp = self.xp = array_namespace(neurons.rows)
        directions, _, _ = directions_and_levels(neurons)
        n, d = directions.shape
        self.degree = degree_of_columns(n, d)
        self.like = neurons.rows
        self.dtype = neurons.rows.dtype if dtype is None else dtype
        table = hermite_table(neurons, self.degree + 9)
        rest = host(neurons.energy) - np.sum(table[: self.degree + 1] ** 2, axis=0)
        rest = np.maximum(rest, LEAST_REST)
        low = _low_harmonics(table, self.degree, rest, d)
        for _, row in low:
            rest = np.maximum(rest - row**2, LEAST_REST)
        self.rows, self.metric = self._array(directions), self._array(rest)
        self.table = self._array(table[: self.degree + 1])
        self.low = [(kind, self._array(row)) for kind, row in low]
        self.scales = [self._array(weights_of_monomials(d, k)) for k in range(self.degree + 1)]
        i, j = np.triu_indices(d)
        self.upper = xp.asarray(i * d + j, device=device(self.like))
        size = self._features(slice(0, 1)).shape[1]
        gram = xp.eye(size, dtype=xp.float64, device=device(self.like))
        for part in self._chunks():
            features = self._features(part) / xp.sqrt(self.metric[part])[:, None]
            features = xp.astype(features, xp.float64)
            gram += features.T @ features
        self.factor = xp.linalg.cholesky(gram)

    def solve(self, x: Array) -> Array:
        """P^{-1} x = D^{-1} (x - Φ (I + Φ^T D^{-1} Φ)^{-1} Φ^T D^{-1} x)."""
        xp, metric = self.xp, self.metric[:, None]
        scaled = x / metric
        inner = cholesky_solve(self.factor, xp.astype(self._transposed(scaled), xp.float64))
        return scaled - self._apply(xp.astype(inner, x.dtype)) / metric

    @property
    def sensitivity(self) -> float:
        """tr D^{-1}: a symmetric matrix with entries of at most ε moves eigenvalues of
        P^{-1/2} G P^{-1/2} by at most ε times this."""
        return float(self.xp.sum(1 / self.metric))

    def length(self, y: Array, off: Array) -> Array:
        r"""Bounds on :math:`\langle y,P^{-1}y\rangle^{1/2}` for columns y known up to ``off``.

        For every b, :math:`\langle y,P^{-1}y\rangle\le\|D^{-1/2}(y-\Phi b)\|^2+\|b\|^2`, with
        equality for :math:`b=\Phi^\top P^{-1}y`, so rounding in b does no harm. The rows of Φ are
        at most 1 long, so the terms of an entry of Φ b, also those of a quadratic form, add up to
        at most 2 |b|; their rounding counts as ``off`` does. In single precision, where it would
        be too much, the bound is that of b = 0.
        """
        xp = self.xp
        rest, square = y, 0.0
        if self.metric.dtype == y.dtype:
            b = self._transposed(self.solve(y))
            rest, square = y - self._apply(b), xp.sum(b * b, axis=0)
            terms = self.factor.shape[0] + self.rows.shape[1] + 16
            largest = xp.max(xp.abs(y), axis=0) + 2 * xp.sqrt(square)
            off = off + gamma(terms) * largest
        square = square + xp.sum(rest * rest / self.metric[:, None], axis=0)
        return 1.000001 * xp.sqrt(square) + math.sqrt(self.sensitivity) * off

    def sample(self, rng: np.random.Generator, count: int) -> Array:
        """Columns with the law N(0, P): sqrt(D) g + Φ g'."""
        sizes = (self.rows.shape[0], self.factor.shape[0])
        g, h = (self._array(rng.standard_normal((size, count))) for size in sizes)
        return self.xp.sqrt(self.metric)[:, None] * g + self._apply(h)

    def _features(self, part: slice) -> Array:
        """Some of the rows of Φ."""
        w, columns = self.rows[part], []
        powers = monomials_of(w.T, max(self.degree, 1))
        for t, scale, power in zip(self.table, self.scales, powers, strict=False):
            columns.append(t[part][:, None] * scale[None, :] * power.T)
        for kind, row in self.low:
            columns.append(row[part][:, None] * powers[kind].T)
        return self.xp.concat(columns, axis=1)

    def _apply(self, y: Array) -> Array:
        """Φ y; if degree 2 is the last, its part is w^T A w with the entries of y in the upper
        triangle of A."""
        xp, (d, m) = self.xp, (self.rows.shape[1], y.shape[1])
        parts, low = self._split(y)
        parts = [scale[:, None] * z for scale, z in zip(self.scales, parts, strict=True)]
        if self.degree == 2:
            forms = xp.zeros((d * d, m), dtype=y.dtype, device=device(y))
            forms[self.upper] = parts[2]
            forms = xp.permute_dims(xp.reshape(forms, (d, d, m)), (0, 2, 1))
            forms = xp.reshape(forms, (d, m * d))
        rows = []
        for part in self._chunks():
            w = self.rows[part]
            powers = self._powers(w)
            total = xp.zeros_like(y[:1])
            for t, z, power in zip(self.table, parts, powers, strict=False):
                total = total + t[part][:, None] * (power.T @ z)
            if self.degree == 2:
                images = xp.reshape(w @ forms, (-1, m, d))
                image = xp.sum(images * w[:, None, :], axis=2)
                total = total + self.table[2][part][:, None] * image
            for (kind, row), z in zip(self.low, low, strict=True):
                total = total + row[part][:, None] * (powers[kind].T @ z)
            rows.append(total)
        return xp.concat(rows, axis=0)

    def _transposed(self, x: Array) -> Array:
        """Φ^T x; if degree 2 is the last, its part is the upper triangle of Σ_i t_2(i) x_i w_i
        w_i^T."""
        return sum(self._transposed_part(part, x[part]) for part in self._chunks())

    def _transposed_part(self, part: slice, x: Array) -> Array:
        xp, w, (d, m) = self.xp, self.rows[part], (self.rows.shape[1], x.shape[1])
        powers, columns = self._powers(w), []
        for t, scale, power in zip(self.table, self.scales, powers, strict=False):
            columns.append(scale[:, None] * (power @ (t[part][:, None] * x)))
        if self.degree == 2:
            weighted = w[:, :, None] * (self.table[2][part][:, None] * x)[:, None, :]
            forms = xp.reshape(w.T @ xp.reshape(weighted, (-1, d * m)), (d * d, m))
            columns.append(self.scales[2][:, None] * xp.take(forms, self.upper, axis=0))
        columns += [powers[kind] @ (row[part][:, None] * x) for kind, row in self.low]
        return xp.concat(columns, axis=0)

    def _powers(self, w: Array) -> list[Array]:
        """The monomials in these rows, at least up to degree 1; those of degree 2 are not needed
        where no higher ones follow."""
        return monomials_of(w.T, 1 if self.degree <= 2 else self.degree)

    def _split(self, y: Array) -> tuple[list[Array], list[Array]]:
        """The entries of y that belong to each degree, and to each of the low harmonics."""
        d = self.rows.shape[1]
        sizes = [scale.shape[0] for scale in self.scales]
        sizes += [d if kind else 1 for kind, _ in self.low]
        ends = [int(end) for end in np.cumsum(sizes)]
        parts = [y[end - size : end] for end, size in zip(ends, sizes, strict=True)]
        return parts[: self.degree + 1], parts[self.degree + 1 :]

    def _chunks(self) -> list[slice]:
        return [slice(k, k + self.CHUNK) for k in range(0, self.rows.shape[0], self.CHUNK)]

    def _array(self, values: np.ndarray) -> Array:
        return self.xp.asarray(values, dtype=self.dtype, device=device(self.like))


def degree_of_columns(n: int, d: int) -> int:
    """The degree up to which all columns are taken: up to 2 if they are at most as many as the
    features, higher ones if they are few."""
    degree = 0
    for k in range(1, MOST_DEGREE + 1):
        limit = min(n, MAX_HARMONICS) if k <= 2 else min(n / 2, MOST_COLUMNS)
        if math.comb(d + k, k) <= limit:
            degree = k
    return degree


def expected_iterations_with_biases(n: int, d: int) -> float:
    """For random directions each degree's part of G has the spectrum of Marchenko and Pastur, and
    the shares of the degrees decrease like the power -5/2, for the ReLU has a kink.

    The factor 5.5 is measured: for directions and biases of several laws the number of iterations
    is between half and twice this.
    """
    degrees = [degree_of_columns(n, d) + k for k in range(1, 200)]
    shares = [k**-2.5 for k in degrees]
    ratios = [math.sqrt(n / multiplicity(d, k)) for k in degrees]
    parts = list(zip(shares, ratios, strict=True))
    highest = sum(share * (1 + q) ** 2 for share, q in parts)
    lowest = sum(share * max(1 - q, 0) ** 2 for share, q in parts)
    return 5.5 * math.sqrt(highest / lowest) if lowest > 0 else math.inf


def monomials_of(w: Float[Array, "d n"], degree: int) -> list[Float[Array, "k n"]]:
    """The monomials of the degrees 0, 1, ..., ``degree`` in the columns of w, each in the order of
    ``combinations_with_replacement``: coordinate i times the monomials in coordinates from i on,
    which are the last ones of the degree before."""
    xp, d = array_namespace(w), w.shape[0]
    found = [xp.ones_like(w[:1])]
    for k in range(1, degree + 1):
        counts = [math.comb(d - i + k - 2, k - 1) for i in range(d)]
        last, size = found[-1], found[-1].shape[0]
        parts = [w[i : i + 1] * last[size - count :] for i, count in enumerate(counts)]
        found.append(xp.concat(parts, axis=0))
    return found


def weights_of_monomials(d: int, degree: int) -> Float[np.ndarray, " n"]:
    """The weights with which monomials make the power of an inner product: <u,v>^k = Σ (k!/α!) u^α
    v^α, so the roots of those multinomial coefficients."""
    index = np.array(list(combinations_with_replacement(range(d), degree)), dtype=int)
    index = index.reshape(len(index), degree)
    counts = np.stack([np.sum(index == c, axis=1) for c in range(d)])
    factorial = np.array([float(math.factorial(k)) for k in range(degree + 1)])
    return np.sqrt(math.factorial(degree) / np.prod(factorial[counts], axis=0))


def _low_harmonics(
    table: Float[np.ndarray, "m n"], degree: int, rest: Float[np.ndarray, " n"], d: int
) -> list[tuple[int, Float[np.ndarray, " n"]]]:
    """Degrees n above ``degree`` that contain much of degree 0 (n even) or 1: (that, a row)."""
    found = []
    for n in range(degree + 1, len(table)):
        kind = n % 2
        row = table[n] * math.sqrt(share_of_low_degree(n, d))
        if np.sum(row**2 / rest) > WORTHWHILE * (d if kind else 1):
            found.append((kind, row))
    return found


def share_of_low_degree(n: int, d: int) -> float:
    r"""What ρ^n contains of the harmonics of degree 0 (n even) or 1 (n odd), at ρ = 1.

    .. math:: \mathbb E\rho^n=\prod_{i<n/2}\frac{2i+1}{d+2i}, \qquad d\,\mathbb E\rho^{n+1}
    """
    even = n + n % 2
    mean = math.prod((2 * i + 1) / (d + 2 * i) for i in range(even // 2))
    return d * mean if n % 2 else mean
