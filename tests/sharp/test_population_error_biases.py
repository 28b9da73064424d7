"""The population error of neurons with biases: its interval, and that both methods know the same
number."""

import math
import warnings

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from population_error_parts import biased, dense_gram, neurons, whole

from randomfeatures.foundations.sphere import sample_sphere
from randomfeatures.sharp.population_error import (
    NotConvergedWarning,
    certificate,
    population_error,
    solve,
)
from randomfeatures.sharp.population_error.certificate import Floor, Problem, enclose
from randomfeatures.sharp.population_error.gram import cross, product
from randomfeatures.sharp.population_error.gram_with_biases import GramWithBiases
from randomfeatures.sharp.population_error.harmonics_with_biases import HarmonicsWithBiases
from randomfeatures.sharp.population_error.neurons import unit
from randomfeatures.sharp.population_error.threads import Workers


@pytest.fixture
def rng():
    return np.random.default_rng(3)


# --- the interval --------------------------------------------------------------------------------


@pytest.mark.claim("prop-biased-preconditioner", kind="certified")
def test_the_interval_in_a_metric_holds_the_least_error_and_a_higher_floor_loses_it(rng):
    """E(u) - E* <= <y, D^{-1} y> / λ with λ the least eigenvalue of D^{-1/2} G D^{-1/2}, attained
    by an error along its eigenvector; 2 % more lose E*."""
    features, targets = unit(*biased(rng, 40, 5, "uniform")), unit(*biased(rng, 1, 5, "one"))
    gram, metric = dense_gram(features), HarmonicsWithBiases(features).metric
    c = cross(features, targets)
    best = np.linalg.solve(gram, c)
    truth = targets.energy[0] - float(c[:, 0] @ best[:, 0])
    root = np.sqrt(metric)
    values, vectors = np.linalg.eigh(gram / np.outer(root, root))
    problem = Problem(c, targets.energy, 1e-15)
    u = best + 0.01 * (vectors[:, :1] / root[:, None])
    rest = c - gram @ u

    def length(y, off):
        return np.sqrt(np.sum(y * y / metric[:, None], axis=0))

    found = enclose(problem, u, rest, Floor(values[0], "rigorous"), length)
    assert found.lower[0] <= truth <= found.upper[0]
    assert found.lower[0] >= truth - 1e-4 * (found.error[0] - truth) - 1e-12
    assert enclose(problem, u, rest, Floor(1.02 * values[0], "rigorous"), length).lower[0] > truth


@pytest.mark.claim("prop-biased-preconditioner", kind="identity")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_length_is_that_of_the_preconditioner_and_what_rounding_adds(rng, dtype):
    """<y, P^{-1} y> in double precision, at least that in single; and sqrt(tr D^{-1}) times what
    each entry may be off."""
    features = unit(*biased(rng, 150, 12, "uniform"))
    found, y = HarmonicsWithBiases(features, dtype=dtype), rng.standard_normal((150, 3))
    square = np.sum(y * HarmonicsWithBiases(features).solve(y), axis=0)
    none = np.zeros(3)
    # By which the rounding of Φ b is bounded: the rows of Φ are at most 1 long.
    assert np.max(np.sum(found._features(slice(0, 150)) ** 2, axis=1)) <= 1 + 1e-6
    if dtype == np.float64:
        assert_close(found.length(y, none), np.sqrt(square), 2e-6 * np.sqrt(square))
    assert np.all(found.length(y, none) >= np.sqrt(square))
    more = found.length(y, none + 0.1) - found.length(y, none)
    assert_close(more, none + 0.1 * math.sqrt(np.sum(1 / found.metric)), 1e-4 * more)
    assert math.isclose(found.sensitivity, np.sum(1 / found.metric), rel_tol=1e-5)


def test_the_interval_with_norms_by_hand():
    """Norms (1/2, 1/4), u = (1/2, 1/5): 1 + <norms, |u|> = 1.3 is for the sums, |u|_1 + 1 = 1.7 for
    the entries."""
    cross, rest = np.array([[0.4], [0.1]]), np.array([[1e-3], [2e-3]])
    norms, u = np.array([0.5, 0.25]), np.array([[0.5], [0.2]])
    problem = Problem(cross, np.array([0.5]), 1e-6, norms=norms, sums=3e-6)
    found = enclose(problem, u, rest, Floor(0.25, "rigorous"))
    slack, off = 1.7**2 * 1e-6 + 1.3**2 * 3e-6, 1.7 * 1e-6 + 1.3 * 3e-6
    assert math.isclose(found.upper[0] - found.error[0], slack, rel_tol=1e-5)
    gap = (math.sqrt(5) * 1e-3 + math.sqrt(2) * off) ** 2 / 0.25
    assert math.isclose(found.error[0] - found.lower[0] - slack, gap, rel_tol=1e-5)


def test_products_with_biases_are_as_exact_as_the_bound_says(rng):
    """G x for 600 neurons in tiles, against sums in extended precision of the entries themselves:
    the part of the sums alone."""
    features, x = unit(*biased(rng, 600, 8, "uniform")), rng.standard_normal((600, 2))
    gram, norms = GramWithBiases(features, Workers(None)), np.sqrt(features.energy)
    exact = whole(gram).astype(np.longdouble) @ x.astype(np.longdouble)
    bound = certificate.sum_error(features) * norms[:, None] * (norms @ np.abs(x))
    difference = np.abs(product(gram, x) - exact)
    assert np.all(difference <= bound) and np.max(difference / bound) > 1e-4


@pytest.mark.parametrize(("n", "d"), [(300, 20), (250, 6)])
def test_probes_with_biases_bound_the_smallest_eigenvalue_from_below(rng, n, d):
    """0.1 of the truth <= floor <= truth, for the eigenvalues in the metric."""
    features = unit(*biased(rng, n, d, "uniform"))
    gram, found = GramWithBiases(features, Workers(None)), HarmonicsWithBiases(features)
    targets = unit(np.zeros((0, d)), np.zeros(0))
    system = solve._system(features, targets, gram, gram, found)
    floor = solve.one_round(
        system, np.zeros((n, 0)), certificate.NO_FLOOR, -1.0, 60, lambda *_: None
    ).floor
    root = np.sqrt(found.metric)
    truth = np.linalg.eigvalsh(dense_gram(features) / np.outer(root, root))[0]
    assert floor.kind == "probable" and 0.1 * truth <= floor.value <= truth


# --- both methods, one truth ---------------------------------------------------------------------


def both(weights, directions, biases, other):
    """The intervals of the two methods, which must meet."""
    results = []
    for method in ("dense", "iterative"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotConvergedWarning)
            results.append(
                population_error(weights, directions, biases, direction_biases=other, method=method)
            )
    dense, iterative = results
    assert np.all((dense.lower <= iterative.upper) & (iterative.lower <= dense.upper))
    return dense, iterative


@pytest.mark.claim("prop-biased-preconditioner", kind="certified")
@pytest.mark.parametrize("law", ["uniform", "Gaussian", "one", "two", "zero"])
@pytest.mark.parametrize(("n", "d"), [(700, 20), (400, 5), (300, 40)])
def test_dense_and_iterative_agree_with_biases(n, d, law):
    rng = np.random.default_rng(n)
    weights, biases = biased(rng, n, d, law)
    directions, other = biased(rng, 3, d, "Gaussian")
    dense, iterative = both(weights, directions, biases, other)
    energy = np.sum(directions**2, axis=1) + other**2
    assert dense.lower_bound == "rigorous" and iterative.lower_bound == "probable"
    assert dense.converged and iterative.converged
    assert np.all(iterative.upper - iterative.lower <= 0.5e-8 * energy)
    assert_close(iterative.error, dense.error, 0.5e-8 * energy)
    assert iterative.iterations <= (60 if d == 5 else 30)


@given(st.integers(2, 6), st.integers(2, 25), st.integers(0, 2**32))
@settings(max_examples=15)
def test_the_interval_with_biases_holds_the_dense_value(d, n, seed):
    """Few features with relatives: repeated, opposite, nearly equal, zero and constant ones."""
    rng = np.random.default_rng(seed)
    joint = rng.standard_normal((n, d + 1)) * 10.0 ** rng.uniform(-2, 2, (n, 1))
    near = joint[:2] + 10.0 ** -rng.integers(1, 14) * rng.standard_normal((2, d + 1))
    constant = np.eye(d + 1)[-1:] * rng.standard_normal()
    joint = np.vstack([joint, 3 * joint[:2], -joint[:3], near, 0 * joint[:1], constant])
    goals = np.vstack([rng.standard_normal((2, d + 1)), joint[:1]])
    dense, iterative = both(joint[:, :-1], goals[:, :-1], joint[:, -1], goals[:, -1])
    for result in (dense, iterative):
        assert np.all((result.lower >= 0) & (result.lower <= result.error))
        assert np.all((result.error <= result.upper) & np.isfinite(result.upper))


def test_zero_biases_are_no_biases_without_the_matrix(rng):
    weights, directions = neurons(rng, 500, 15), neurons(rng, 3, 15)
    plain = population_error(weights, directions, method="iterative")
    general = population_error(weights, directions, np.zeros(500), method="iterative")
    assert np.all((general.lower <= plain.upper) & (plain.lower <= general.upper))
    assert_close(general.error, plain.error, 1e-8 * np.sum(directions**2, axis=1))


@pytest.mark.parametrize("method", ["dense", "iterative"])
def test_order_length_and_rotation_change_nothing(rng, method):
    """A permutation, positive factors from 1e-150 to 1e150, and a rotation of the inputs."""
    weights, biases = biased(rng, 200, 6, "uniform")
    directions, other = biased(rng, 2, 6, "Gaussian")

    def error(w, v, b):
        return population_error(w, v, b, direction_biases=other, method=method)

    plain, energy = error(weights, directions, biases), np.sum(directions**2, axis=1) + other**2
    order, turn = rng.permutation(200), np.linalg.qr(rng.standard_normal((6, 6)))[0]
    factors = 10.0 ** rng.choice([-150, 0, 150], 200)
    for changed in (
        error(weights[order], directions, biases[order]),
        error(factors[:, None] * weights, directions, factors * biases),
        error(weights @ turn, directions @ turn, biases),
    ):
        assert np.all(changed.lower <= plain.upper + 1e-13 * energy)
        assert np.all(plain.lower <= changed.upper + 1e-13 * energy)
        assert_close(changed.error, plain.error, 1e-8 * energy)


@pytest.mark.parametrize("method", ["dense", "iterative"])
def test_duplicates_zeros_and_opposite_pairs_with_biases(rng, method):
    """Repeated and zero neurons, and those that are negative everywhere, add nothing; opposite
    pairs add an affine function each, until these are all affine functions."""
    weights, biases = biased(rng, 30, 4, "uniform")
    directions, other = biased(rng, 2, 4, "Gaussian")
    joint, goals = np.column_stack([weights, biases]), np.column_stack([directions, other])

    def error(rows):
        return population_error(
            rows[:, :-1], goals[:, :-1], rows[:, -1], direction_biases=goals[:, -1], method=method
        )

    plain, energy = error(joint), np.sum(goals**2, axis=1)
    silent = np.array([[0.0, 0, 0, 0, -2.0], [0, 0, 0, 0, 0]])
    padded = error(np.vstack([joint, joint[::-1] * 3, silent]))
    assert_close(padded.error, plain.error, 1e-8 * energy)
    assert np.all(padded.coefficients[-2:] == 0)
    assert np.count_nonzero(padded.coefficients[:, 0]) == 30
    pairs = error(np.vstack([joint, -joint[:9]]))
    assert np.count_nonzero(np.any(pairs.coefficients != 0, axis=1)) == 35
    assert np.all(pairs.upper < plain.lower)
    more = error(np.vstack([joint, -joint[:14]]))
    assert np.count_nonzero(np.any(more.coefficients != 0, axis=1)) == 35
    assert_close(more.error, pairs.error, 3e-8 * energy)


def test_almost_affine_and_almost_silent_neurons_fail_closed(rng):
    """Levels of 8 and -8, where what is not affine drowns in rounding: no wrong number, and where
    no interval is found the warning says so."""
    weights = sample_sphere(rng, 60, 4)
    levels = np.concatenate([rng.uniform(-2, 2, 40), rng.choice([-8.0, 8.0], 20)])
    goal, other = sample_sphere(rng, 1, 4), np.array([0.3])
    dense, iterative = both(weights, goal, levels, other)
    alone = population_error(weights[:40], goal, levels[:40], direction_biases=other)
    for result in (dense, iterative):
        assert result.lower[0] <= alone.upper[0]
        assert result.lower_bound != "trivial" or (result.lower[0] == 0 and not result.converged)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_single_precision_with_biases_is_verified_in_double(rng, library):
    xp = pytest.importorskip(library)
    weights, biases = (a.astype(np.float32) for a in biased(rng, 500, 12, "uniform"))
    goals, other = (a.astype(np.float32) for a in biased(rng, 2, 12, "Gaussian"))
    arrays = [xp.asarray(a) for a in (weights, goals, biases)]
    found = population_error(*arrays, direction_biases=xp.asarray(other), method="iterative")
    truth = population_error(
        *(a.astype(float) for a in (weights, goals, biases)), direction_biases=other.astype(float)
    )
    assert found.error.dtype == xp.float32 and found.lower_bound == "estimate"
    lower, upper = (np.asarray(a).astype(float) for a in (found.lower, found.upper))
    assert np.all(lower <= truth.upper) and np.all(truth.lower <= upper) and found.converged
