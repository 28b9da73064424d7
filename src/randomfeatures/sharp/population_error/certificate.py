r"""The interval of the least error: what any coefficients prove, all rounding included.

Every number of this module is for neurons scaled to length 1, whose inner products are at most 1/2
(with biases at most 1). A rounding is one of double precision.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float
from scipy import linalg

from randomfeatures.foundations.arguments import Array
from randomfeatures.sharp.population_error.gram import tile_side
from randomfeatures.sharp.population_error.neurons import Neurons

ROUNDING = 2.0**-53
"""The largest relative error of one rounding in double precision."""

PROBES, PROBE_LEVEL = 6, 0.05
"""The smallest eigenvalue is bounded by 6 random vectors. The bound is wrong only if all 6 have a
component below 0.05 along the eigenvector, each with probability at most sqrt(2/pi) 0.05: together
at most 4.1e-9."""


BLOCK = 512
"""Numbers that are added at once where n of them are summed."""


@dataclass(frozen=True)
class Floor:
    """A lower bound on the smallest eigenvalue of G, or, if :func:`enclose` is told the length of
    the residual by P, on that of :math:`P^{-1/2}GP^{-1/2}`; and what it rests on: "rigorous",
    "probable", "estimate", or "trivial" with the value 0."""

    value: float
    kind: str


NO_FLOOR = Floor(0.0, "trivial")


# Of the columns y, and how far each of their entries may be off: bounds on their lengths.
Length = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Problem:
    """The least of |f|^2 - 2 <c,u> + <u,Gu> for each of m targets f.

    - ``cross`` (n, m): c. ``energy`` (m,): |f|^2, off by at most ``energy_error``.
    - ``rounding``: each entry of c is off by at most this, and each entry of a product G u by at
      most |u|_1 times this.
    - ``norms`` (n,): bounds on the norms of the features, if they are used. Then ``rounding`` is
      that of the entries of G alone, and the sum of n products in row i of G u is off by at most
      ``sums`` times norm i and the sum of norms times |u|.
    """

    cross: Float[Array, "n m"]
    energy: Float[Array, " m"]
    rounding: float
    energy_error: float = 0.0
    norms: Float[Array, " n"] | None = None
    sums: float = 0.0


@dataclass(frozen=True)
class Enclosure:
    """An interval for the least error of each of m unit targets, in double precision.

    ``residual`` is the Euclidean norm of c - G u for the ``coefficients`` u, whose error is
    ``error`` up to rounding; ``lower_bound`` says what ``lower`` rests on. Always 0 <= lower <=
    error <= upper, and all numbers are finite.
    """

    error: Float[Array, " m"]
    lower: Float[Array, " m"]
    upper: Float[Array, " m"]
    coefficients: Float[Array, "n m"]
    residual: Float[Array, " m"]
    lower_bound: str
    iterations: int = 0

    @property
    def width(self) -> float:
        """Of the widest interval; 0 if there is no target."""
        xp = array_namespace(self.error)
        return float(xp.max(self.upper - self.lower)) if self.error.shape[0] else 0.0

    def reached(self, tolerance: float) -> bool:
        """Whether every interval is as narrow as asked for: relative to 1/2, a neuron's energy."""
        return self.width <= tolerance / 2


def enclose(
    problem: Problem,
    u: Float[Array, "n m"],
    rest: Array,
    floor: Floor,
    length: Length | None = None,
) -> Enclosure:
    r"""The interval of the least error from any coefficients u and their residual ``rest``.

    With ε = ``problem.rounding`` each entry of the residual is off by at most (1 + \|u\|_1) ε, and
    the error \|f\|^2 - <c,u> - <u,rest> by at most (1 + \|u\|_1)^2 ε and what the sum of n products
    rounds. With μ the ``floor``, the error exceeds the least by at most \|c - Gu\|^2 / μ; the
    length of vectors is Euclid's, or if P is the measure, :math:`\langle y,P^{-1}y\rangle^{1/2}`,
    which ``length`` bounds for all y near one vector.

    See ``prop-certificate``.
    """
    xp, n = array_namespace(u), u.shape[0]
    size = 1 + 1.000001 * xp.sum(xp.abs(u), axis=0)
    error = problem.energy - _sum(u * (problem.cross + rest))
    residual = xp.linalg.vector_norm(rest, axis=0)
    off, slack = size * problem.rounding, size * size * problem.rounding
    if problem.norms is not None:
        norm = 1 + 1.000001 * xp.sum(problem.norms[:, None] * xp.abs(u), axis=0)
        off, slack = off + norm * problem.sums, slack + norm * norm * problem.sums
    slack = slack + size * (1 + residual) * gamma(min(n, BLOCK) + n // BLOCK + 8)
    true_residual = length(rest, off) if length else 1.000001 * residual + math.sqrt(n) * off
    gap = true_residual**2 / floor.value if floor.value > 0 else math.inf * size
    found = (error, error - slack - gap, error + slack, u, residual)
    return _closed(problem, Enclosure(*found, floor.kind))


def _sum(x: Float[Array, "n m"]) -> Float[Array, " m"]:
    """The sums of the columns, block by block: fewer roundings in a row."""
    xp = array_namespace(x)
    parts = [xp.sum(x[k : k + BLOCK], axis=0) for k in range(0, max(x.shape[0], 1), BLOCK)]
    return xp.sum(xp.stack(parts), axis=0)


def _closed(problem: Problem, found: Enclosure) -> Enclosure:
    """The enclosure, made to fail closed: coefficients that are worse than none, or overflowed, are
    given up for zeros, whose error is the energy; a lower bound that is no number becomes 0."""
    xp = array_namespace(found.error)
    most = problem.energy + problem.energy_error
    good = xp.isfinite(found.upper) & (found.upper <= most)
    upper = xp.clip(xp.where(good, found.upper, most), 0.0, None)
    lower = xp.where(xp.isfinite(found.lower), found.lower, 0.0)
    lower = xp.minimum(xp.clip(lower, 0.0, None), upper)
    error = xp.where(good, found.error, problem.energy)
    norm = xp.linalg.vector_norm(problem.cross, axis=0)
    return Enclosure(
        error=xp.minimum(xp.maximum(error, lower), upper),
        lower=lower,
        upper=upper,
        coefficients=xp.where(good[None, :], found.coefficients, 0.0),
        residual=xp.where(good, found.residual, norm),
        lower_bound=found.lower_bound,
        iterations=found.iterations,
    )


# --- bounds on the smallest eigenvalue ------------------------------------------------------------


def cholesky_error(n: int, trace: float, entry: float) -> float:
    r"""What the factorisation of G - σI, size n, with entries off by ``entry``, may overlook.

    If Cholesky's factorisation of a symmetric matrix A runs to its end in floating point, then
    A + γ_{n+1} tr(A) I is positive semidefinite (Demmel; Higham, Theorem 10.7). Entries off by ε
    move eigenvalues by at most nε; one more ε is for the rounding of the shifted diagonal. So the
    smallest eigenvalue of G is at least σ minus this number.
    """
    return gamma(n + 1) * trace + (n + 1) * entry


def probed_floor(steps: np.ndarray, turns: np.ndarray, sizes: np.ndarray, shift: float) -> float:
    r"""A lower bound on the smallest eigenvalue of G from conjugate gradients on k probes.

    ``steps`` and ``turns`` (iterations, k) are those of the iteration preconditioned by P, P - aI
    positive semidefinite with a = ``shift``, for right-hand sides of the law N(0, P); ``sizes``
    (k,) are :math:`\langle y,P^{-1}y\rangle` for the residuals y. The bound is a times the least of
    :func:`least_eigenvalue` over the probes; 0 if the iteration has broken down.

    See ``prop-certificate``, part 3.
    """
    numbers = np.concatenate([steps.ravel(), turns.ravel(), sizes])
    if not (np.all(np.isfinite(numbers)) and np.all(steps > 0) and np.all(turns >= 0)):
        return 0.0
    norms = np.sqrt(np.maximum(sizes, 0.0))
    columns = zip(steps.T, turns.T, norms, strict=True)
    return shift * min(least_eigenvalue(step, turn, norm) for step, turn, norm in columns)


def least_eigenvalue(
    steps: np.ndarray, turns: np.ndarray, residual: float, level: float = PROBE_LEVEL
) -> float:
    r"""A lower bound t on the smallest eigenvalue λ of :math:`S=P^{-1/2}GP^{-1/2}`, from one probe.

    After k steps on the right-hand side :math:`P^{1/2}g` the residual is :math:`P^{1/2}p(S)g`,
    where :math:`p(t)=\prod_i(1-t/\theta_i)` and the θ_i are the eigenvalues of the tridiagonal
    matrix of the ``steps`` and ``turns``. With the unit eigenvector e of λ,
    :math:`p(\lambda)\,|\langle g,e\rangle|\le|p(S)g|`, the number ``residual``. Since p falls from
    1 to 0 on [0, θ_1], and λ <= θ_1, :math:`|\langle g,e\rangle|\ge\ell` implies λ >= t where
    :math:`p(t)=|p(S)g|/\ell`; so the bound is wrong with probability at most
    :math:`\ell\sqrt{2/\pi}`, ℓ = ``level``. Where rounding made θ_1 negative it is 0.
    """
    diagonal = 1 / steps
    diagonal[1:] += turns[:-1] / steps[:-1]
    ritz = linalg.eigvalsh_tridiagonal(diagonal, np.sqrt(turns[:-1]) / steps[:-1])
    if ritz[0] <= 0:
        return 0.0
    low, high = 0.0, float(ritz[0])
    for _ in range(50):
        middle = (low + high) / 2
        if np.prod(1 - middle / ritz) >= residual / level:
            low = middle
        else:
            high = middle
    return low


# --- rounding -------------------------------------------------------------------------------------


def gamma(n: int) -> float:
    """γ_n: the relative error of a sum of n products is at most γ_n of the sum of their absolute
    values, in every order of summation."""
    return n * ROUNDING / (1 - n * ROUNDING)


def entry_error(features: Neurons) -> float:
    """A bound on the error of an entry of G or c.

    2d + 8 roundings in the cosine of scaled rows (the sum, and their lengths), of which the kernel
    takes half, and 12 in the kernel itself; with biases it takes all of them, and the kernel adds
    at most 52, in Owen's form and in Mehler's series.
    """
    d = features.rows.shape[1]
    return (d + 20 if features.bias is None else 2 * d + 60) * ROUNDING


def energy_error(targets: Neurons) -> float:
    """A bound on the error of an energy: it is 1/2 or 0 exactly; with biases 1e-15 (p + |b|)^2, the
    error of the kernel, where p^2 + b^2 = 1."""
    return 0.0 if targets.bias is None else 2e-15


def product_error(features: Neurons) -> float:
    """A bound on the error of an entry of G u, relative to the sum of all |u_i|: of an entry of G,
    and of the sums over a tile, over the tiles of a row, and over at most 100 threads."""
    return entry_error(features) + sum_error(features)


def sum_error(features: Neurons) -> float:
    """The part of the sums in it."""
    side, n = tile_side(features.rows), features.rows.shape[0]
    return gamma(side + n // side + 100)
