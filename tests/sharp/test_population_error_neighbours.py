"""The preconditioner of small dimensions: its matrices, and the population error by it."""

import math

import numpy as np
import pytest
from checks import assert_close
from population_error_parts import cross_of, gram_of, neurons, unit_gram
from scipy import linalg

from randomfeatures.foundations.relu_spectrum import degree_energies
from randomfeatures.foundations.sphere import gegenbauer, sample_sphere
from randomfeatures.sharp.population_error import population_error, solve
from randomfeatures.sharp.population_error.certificate import NO_FLOOR, Problem
from randomfeatures.sharp.population_error.neighbours import (
    Neighbours,
    conditional_columns,
    low_degrees,
    nearest_before,
    neighbours_for,
    polynomials,
)

CASES = [(3, (1,), 6), (3, (1,), 15), (4, (0, 1, 2, 4), 20), (7, (0, 1, 2), 5)]


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def matrices(inverse):
    """A, Φ and P in the order of the rows as they were given."""
    back = np.argsort(inverse.order)
    a, phi = inverse.factor.toarray().T[back], inverse.phi[back]
    return a, phi, np.linalg.inv(a @ a.T) + phi @ phi.T


def relative(gram, p):
    """The eigenvalues of P^{-1/2} G P^{-1/2}."""
    return linalg.eigh(gram, (p + p.T) / 2, eigvals_only=True)


@pytest.mark.claim("prop-neighbours", kind="identity")
@pytest.mark.parametrize(("d", "degrees", "count"), CASES)
def test_the_mean_eigenvalue_is_one_and_the_logarithms_are_those_of_the_variances(
    rng, d, degrees, count
):
    """Part 1, with v from least squares in many neighbours and the v of all from Cholesky; other
    entries at the same places are worse. Part 2: the harmonics do not widen the spectrum."""
    rows = sample_sphere(rng, 80, d)
    inverse = Neighbours(rows, degrees, count)
    a, phi, p = matrices(inverse)
    gram = unit_gram(rows)
    k = gram - phi @ phi.T
    mu = np.linalg.eigvalsh(a.T @ k @ a)
    assert_close(np.mean(mu), 1.0, 1e-6)
    variance, everything = 1 / inverse.factor.diagonal() ** 2, k[inverse.order][:, inverse.order]
    full = np.diag(np.linalg.cholesky(everything)) ** 2
    truth = np.sum(np.log(variance / full))
    assert_close(np.sum(mu - 1 - np.log(mu)), truth, 1e-5 * truth)
    for factor in (0.9, 1.1):
        changed = np.where(rng.random(a.shape) < 0.1, factor * a, a)
        other = np.linalg.eigvalsh(changed.T @ k @ changed)
        assert np.sum(other - 1 - np.log(other)) > truth
    joint = relative(gram, p)
    assert mu[0] * (1 - 1e-6) <= joint[0] and joint[-1] <= mu[-1] * (1 + 1e-6)


@pytest.mark.claim("prop-neighbours", kind="certified")
@pytest.mark.parametrize(("d", "degrees", "count"), CASES)
def test_what_changed_entries_do_is_bounded(rng, d, degrees, count):
    """Part 2: ±1 in the worst pattern for the largest column is at least a share of the bound; part
    3: the length is the form, for y as it is, and covers every y nearby."""
    rows = sample_sphere(rng, 60, d)
    inverse = Neighbours(rows, degrees, count)
    a, _, p = matrices(inverse)
    root = np.linalg.cholesky(np.linalg.inv((p + p.T) / 2))
    sums = np.sum(np.abs(a), axis=0)
    assert_close(inverse.sensitivity, np.sum(sums**2), 1e-5 * inverse.sensitivity)
    for _ in range(20):
        signs = np.where(rng.random((60, 60)) < 0.5, 1.0, -1.0)
        change = np.triu(signs) + np.triu(signs, 1).T
        assert np.linalg.norm(root.T @ change @ root, 2) <= inverse.sensitivity
    y = rng.standard_normal((60, 3))
    truth = np.sqrt(np.sum((root.T @ y) ** 2, axis=0))
    assert_close(inverse.length(y, np.zeros(3)), truth, 1e-5 * truth)
    assert np.all(inverse.length(y, np.zeros(3)) >= truth)
    off = np.array([1e-3, 1e-2, 1.0])
    worst = np.sign(a[:, [np.argmax(sums)]])
    for z in (y + off * worst, y - off * worst, y + off * rng.uniform(-1, 1, y.shape)):
        assert np.all(np.sqrt(np.sum((root.T @ z) ** 2, axis=0)) <= inverse.length(y, off))


@pytest.mark.claim("prop-neighbours", kind="identity")
@pytest.mark.parametrize(("d", "degrees", "count"), CASES)
def test_its_inverse_and_its_samples(rng, d, degrees, count):
    """P^{-1} P = I, and the map from the random numbers to the samples has the covariance P."""
    rows = sample_sphere(rng, 50, d)
    inverse = Neighbours(rows, degrees, count)
    p = matrices(inverse)[2]
    assert_close(inverse.solve(p), np.eye(50), 1e-7)

    class Unit:
        """One column for each random number, in place of Gaussian ones."""

        def standard_normal(self, shape):
            part = np.eye(shape[1])[start[0] : start[0] + shape[0]]
            start[0] += shape[0]
            return part

    start = [0]
    linear = inverse.sample(Unit(), 50 + inverse.phi.shape[1])
    assert_close(linear @ linear.T, p, 1e-9)


@pytest.mark.parametrize("d", [2, 3, 7])
def test_low_degrees_are_those_of_the_kernel(rng, d):
    rows = sample_sphere(rng, 90, d)
    t = np.clip(rows @ rows.T, -1, 1)
    for degrees in ((1,), (0, 1, 2, 4), (0, 1, 2, 4, 6)):
        energies = degree_energies(d, degrees)
        truth = sum(energy * gegenbauer(d, k, t) for k, energy in energies.items())
        phi = low_degrees(rows, energies)
        assert_close(phi @ phi.T, truth, 1e-7)
        assert_close(polynomials(d, t, energies), truth, 1e-13)


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("n", [2, 30, 300])
def test_the_nearest_lines_before_each(rng, library, n):
    xp = pytest.importorskip(library)
    rows, count = sample_sphere(rng, n, 3), min(10, n - 1)
    index = np.asarray(nearest_before(xp.asarray(rows), count))
    for j in range(1, n):
        cosine = np.sort(np.abs(rows[:j] @ rows[j]))[::-1][:count]
        found = np.sort(np.abs(rows[index[j][index[j] < j]] @ rows[j]))[::-1]
        assert_close(found, cosine, 1e-6)
        assert np.all(index[j] <= j)
    columns = np.asarray(conditional_columns(xp.asarray(rows), xp.asarray(index), {1: 0.25}))
    assert np.all(np.isfinite(columns)) and np.all(columns[:, -1] > 0)


@pytest.mark.claim("prop-neighbours", kind="one-sided")
@pytest.mark.parametrize(("d", "degrees", "count"), CASES)
def test_the_floor_is_below_the_least_eigenvalue_and_near_it(rng, d, degrees, count):
    """Part 3: what the probes bound is the least eigenvalue of P^{-1/2} G P^{-1/2}."""
    rows, target = sample_sphere(rng, 300, d), sample_sphere(rng, 1, d)
    inverse, gram = Neighbours(rows, degrees, count), gram_of(rows)
    problem = Problem(cross_of(rows, target), np.array([0.5]), 1e-14)
    system = solve.System(problem, gram, gram, inverse, 0.0)
    quiet = lambda iteration, residual: None  # noqa: E731
    found = solve.one_round(system, problem.cross, NO_FLOOR, 1e-12, 60, quiet)
    least = relative(unit_gram(rows), matrices(inverse)[2])[0]
    assert found.floor.kind == "probable"
    assert 0.3 * least <= found.floor.value <= least


@pytest.mark.parametrize(("r", "d"), [(1500, 3), (1500, 4), (1200, 5), (1200, 6), (1200, 8)])
def test_small_dimensions_take_few_iterations(r, d):
    """The interval meets the dense one; 30 iterations are enough."""
    rng = np.random.default_rng(d)
    weights, directions = neurons(rng, r, d), neurons(rng, 2, d)
    dense, few = (
        population_error(weights, directions, method=method) for method in ("dense", "iterative")
    )
    assert few.converged and few.lower_bound == "probable" and few.iterations <= 30
    assert np.all(few.lower <= dense.upper) and np.all(dense.lower <= few.upper)


@pytest.mark.parametrize("d", [3, 4, 6, 9])
def test_the_order_the_lengths_and_the_coordinates_do_not_matter(rng, d):
    """Permuted, scaled by 1e-150 to 1e150, rotated; with duplicates, opposite pairs and zeros."""
    base = sample_sphere(rng, 400, d)
    weights = np.vstack([base, base[:5], -base[: d - 1], np.zeros((2, d))])
    target = sample_sphere(rng, 1, d)
    rotation = linalg.qr(rng.standard_normal((d, d)))[0]
    order, scale = rng.permutation(len(weights)), 10.0 ** rng.integers(-150, 150, (len(weights), 1))
    first = population_error(weights, target, method="iterative")
    assert first.converged and first.lower[0] > 0
    for w, v in (
        (weights[order], target),
        (scale * weights, target),
        (weights @ rotation, target @ rotation),
    ):
        again = population_error(w, v, method="iterative")
        assert again.converged
        assert again.lower[0] <= first.upper[0] and first.lower[0] <= again.upper[0]
        assert_close(again.error, first.error, 1e-8)


def test_a_small_error_needs_no_floor():
    """In the plane 1500 features leave less than the tolerance: zero is a good lower bound."""
    rng = np.random.default_rng(5)
    weights, directions = sample_sphere(rng, 1500, 2), sample_sphere(rng, 1, 2)
    result = population_error(weights, directions, method="iterative")
    assert result.converged and result.iterations <= 10
    assert result.upper[0] <= 5e-9 and math.isfinite(result.residual[0])


def test_where_harmonics_are_enough_there_are_no_neighbours():
    assert neighbours_for(4000, 50) is None
    assert neighbours_for(4000, 3) is not None
