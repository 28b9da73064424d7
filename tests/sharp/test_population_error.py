"""The least error of given features: against many digits, samples of inputs and closed forms."""

import math
import sys

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from population_error_parts import check, cross_of, digits, neurons, unit_gram
from scipy import linalg

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.sphere import gegenbauer, multiplicity, sample_sphere
from randomfeatures.sharp.population_error import NotConvergedWarning, population_error


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.mark.claim("prop-population-error", kind="identity")
def test_one_feature_in_closed_form(rng):
    """r = 1: 1/2 |v|^2 (1 - 4 κ(t)^2), with the coefficient 2 κ |v| / |w|, at generic cosines,
    lengths and in high dimension."""
    for d in (2, 3, 50):
        w, v = neurons(rng, 1, d), neurons(rng, 6, d)
        lengths, length = np.linalg.norm(v, axis=1), np.linalg.norm(w)
        t = (v @ w[0]) / (lengths * length)
        kappa = (np.sqrt(1 - t * t) + t * (np.pi - np.arccos(t))) / (2 * np.pi)
        result = population_error(w, v)
        assert_close(result.error / lengths**2, (1 - 4 * kappa**2) / 2, 2e-15)
        assert_close(result.coefficients[0] * length / lengths, 2 * kappa, 4e-15)
        assert (result.method, result.lower_bound, result.converged) == ("dense", "rigorous", True)


@pytest.mark.claim("prop-population-error", kind="identity")
@pytest.mark.parametrize("method", ["dense", "iterative", "ball"])
@pytest.mark.parametrize(("r", "d"), [(2, 2), (12, 4), (25, 20)])
def test_every_method_against_many_digits(method, r, d):
    if method == "ball":
        pytest.importorskip("flint")
    rng = np.random.default_rng(r)
    weights, directions = neurons(rng, r, d), neurons(rng, 3, d)
    truth, coefficients = digits(weights, directions)
    result = population_error(weights, directions, method=method, tolerance=1e-10)
    energy = np.sum(directions**2, axis=1) / 2
    check(result, truth, 1e-10 * energy)
    assert result.method == method and result.converged
    size = np.linalg.norm(directions, axis=1)[None, :] / np.linalg.norm(weights, axis=1)[:, None]
    assert_close(
        result.coefficients / size, coefficients / size, 2e-4 if method == "iterative" else 1e-9
    )


@pytest.mark.claim("prop-population-error", kind="identity")
def test_features_that_repeat_others_and_the_pseudoinverse(rng):
    """Part 1: G is singular, and |f|^2 - c^T G^+ c is the least error still; every solution of
    G u = c has it, and any other u more, by <h, Gh>."""
    base, directions = neurons(rng, 6, 4), neurons(rng, 2, 4)
    weights = np.vstack([base, 2 * base[:3], -base[:1], base[:1]])
    lengths, length = (np.linalg.norm(x, axis=1) for x in (weights, directions))
    gram = np.outer(lengths, lengths) * unit_gram(weights)
    c = np.outer(lengths, length) * cross_of(weights, directions)
    solution, energy = np.linalg.pinv(gram, rcond=1e-12) @ c, length**2 / 2
    result = population_error(weights, directions)
    assert_close(result.error, energy - np.sum(c * solution, axis=0), 1e-12 * energy)
    for u, more in (
        (result.coefficients, 0.0),
        (solution, 0.0),
        (solution + 0.1, 0.01 * np.sum(gram)),
    ):
        error = energy - 2 * np.sum(c * u, axis=0) + np.sum(u * (gram @ u), axis=0)
        assert_close(error - more, result.error, 1e-10 * (energy + more))


@pytest.mark.claim("prop-population-error", kind="identity")
def test_one_factor_has_the_errors_of_every_number_of_features(rng):
    """Part 3: G = L L^T, y = L^{-1} c: the first m features leave |f|^2 - Σ_{i <= m} y_i^2."""
    weights, directions = sample_sphere(rng, 12, 4), sample_sphere(rng, 1, 4)
    c = cross_of(weights, directions)[:, 0]
    y = linalg.solve_triangular(np.linalg.cholesky(unit_gram(weights)), c, lower=True)
    for m in range(13):
        assert_close(
            population_error(weights[:m], directions).error, [0.5 - np.sum(y[:m] ** 2)], 1e-12
        )


@pytest.mark.claim("prop-population-error", kind="Monte Carlo")
@pytest.mark.parametrize("biased", [False, True])
def test_coefficients_have_the_error_on_sampled_inputs_and_no_fit_is_better(biased):
    """400 000 inputs: the squared error of the coefficients is ``error``; the least squares fit on
    the sample gains by overfitting only."""
    rng, d, r, n = np.random.default_rng(11), 5, 15, 400_000
    weights, v = neurons(rng, r, d), np.array([[0.3, -1.0, 0.2, 0.5, 0.9]])
    b, beta = (
        (rng.standard_normal(r) * np.linalg.norm(weights, axis=1), np.array([0.7]))
        if biased
        else (None, None)
    )
    result = population_error(weights, v, b, direction_biases=beta)
    x = rng.standard_normal((n, d))
    features = np.maximum(x @ weights.T + (b if biased else 0), 0)
    target = np.maximum(x @ v.T + (beta if biased else 0), 0)[:, 0]
    squares = (target - features @ result.coefficients[:, 0]) ** 2
    error, sem, resolution = result.error[0], squares.std() / math.sqrt(n), 0.012 * result.error[0]
    assert 4 * sem <= resolution
    assert abs(squares.mean() - error) <= resolution < abs(1.02 * squares.mean() - error)
    fit = np.linalg.lstsq(features, target, rcond=None)[0]
    assert error * (1 - 0.012 - r / n) <= np.mean((target - features @ fit) ** 2) <= squares.mean()
    assert result.converged and result.lower_bound == "rigorous"


def test_zero_biases_are_no_biases(rng):
    weights, directions = neurons(rng, 30, 6), neurons(rng, 4, 6)
    plain, general = (
        population_error(weights, directions),
        population_error(weights, directions, np.zeros(30)),
    )
    assert np.all((general.lower <= plain.upper) & (plain.lower <= general.upper))
    assert_close(general.error, plain.error, 1e-12 * np.sum(directions**2, axis=1))
    only_target = population_error(weights, directions, direction_biases=np.zeros(4))
    assert np.array_equal(only_target.error, general.error)


def test_biases_in_closed_form():
    """With the features x and -x in one dimension and a constant, [x + b]_+ has the projection of a
    Gaussian integral."""
    b = 0.4
    result = population_error(
        np.array([[0.0]]), np.array([[1.0]]), np.array([2.0]), direction_biases=np.array([b])
    )
    cdf, density = 0.5 * math.erfc(-b / math.sqrt(2)), math.exp(-b * b / 2) / math.sqrt(2 * math.pi)
    mean, square = b * cdf + density, (1 + b * b) * cdf + b * density
    assert_close(result.error, [square - mean**2], 1e-14)
    assert_close(result.coefficients, [[mean / 2]], 1e-12)
    assert (
        population_error(np.array([[0.0]]), np.array([[1.0]]), np.array([-2.0])).error[0] == 0.5
    )  # the zero function


# --- the sandwich --------------------------------------------------------------------------------


def mean_error(weights, spectrum):
    """The mean over uniform directions, exactly: 1/2 - tr G^{-1} E c c^T, and E c_i c_j has the
    kernel with squared eigenvalues."""
    d, rows = weights.shape[1], weights / np.linalg.norm(weights, axis=1, keepdims=True)
    t = np.clip(rows @ rows.T, -1, 1)
    square = sum(
        multiplicity(d, k) * value**2 * gegenbauer(d, k, t)
        for k, value in enumerate(spectrum)
        if value > 0
    )
    return 0.5 - float(np.trace(np.linalg.solve(unit_gram(weights), square)))


@pytest.mark.claim("prop-sandwich", kind="identity")
@given(st.integers(3, 12), st.integers(1, 60), st.integers(0, 2**32))
@settings(max_examples=40)
def test_no_features_beat_the_optimum_in_the_mean(d, r, seed):
    """tail_r <= the mean error over all directions, computed exactly, for random features; the
    harmonics' optimum is attained by none."""
    pytest.importorskip("flint")
    from randomfeatures.sharp.optimum import optimal_error
    from randomfeatures.sharp.spectrum import neuron_spectrum

    weights = sample_sphere(np.random.default_rng(seed), r, d)
    spectrum = neuron_spectrum(d, 80)
    mean = mean_error(weights, spectrum)
    assert optimal_error(d, r) <= mean + 1e-9
    # One feature leaves 1/2 - 2 E κ(t)^2 in the mean, exactly; further ones do no harm.
    one = 0.5 - 2 * sum(multiplicity(d, k) * value**2 for k, value in enumerate(spectrum))
    assert mean <= one + 1e-9 and (r > 1 or abs(mean - one) <= 1e-9)


@pytest.mark.claim("prop-sandwich", kind="Monte Carlo")
def test_the_mean_over_sampled_directions_is_the_mean_and_above_the_optimum(rng):
    pytest.importorskip("flint")
    from randomfeatures.sharp.optimum import optimal_error
    from randomfeatures.sharp.spectrum import neuron_spectrum

    d, r, m = 5, 40, 4000
    weights = neurons(rng, r, d)
    result = population_error(weights, sample_sphere(rng, m, d))
    mean, sem = float(result.error.mean()), float(result.error.std()) / math.sqrt(m)
    truth = mean_error(weights, neuron_spectrum(d, 80))
    assert 4 * sem <= 0.012 * truth * 4
    assert abs(mean - truth) <= 4 * sem
    assert optimal_error(d, r) < mean < 3 * optimal_error(d, r)


# --- edges ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["auto", "dense", "iterative"])
def test_repeated_parallel_and_zero_weights_count_once(rng, method):
    base = neurons(rng, 6, 3)
    directions = neurons(rng, 2, 3)
    padded = np.vstack([np.zeros((1, 3)), base, base, 3 * base, base / 7, 0 * base])
    plain = population_error(base, directions, method="dense")
    result = population_error(padded, directions, method=method)
    energy = np.sum(directions**2, axis=1) / 2
    assert_close(result.error, plain.error, 1e-8 * energy)
    assert result.converged and result.coefficients.shape == (31, 2)
    assert np.count_nonzero(np.any(result.coefficients != 0, axis=1)) == 6


@pytest.mark.parametrize("method", ["auto", "dense", "iterative"])
@pytest.mark.parametrize(("pairs", "d"), [(2, 5), (8, 3), (200, 4)])
def test_opposite_pairs_add_the_linear_functions_and_nothing_else(rng, method, pairs, d):
    """w and -w: the span of the neurons w and of the linear functions <w, x>, so the error is that
    of neurons orthogonal to those."""
    base, directions = sample_sphere(rng, pairs, d), neurons(rng, 3, d)
    both = np.vstack([base, -base])
    result = population_error(both[rng.permutation(2 * pairs)], directions, method=method)
    length = np.linalg.norm(directions, axis=1)
    basis = np.linalg.svd(base, full_matrices=False)[2]
    v = directions / length[:, None]
    gram = unit_gram(base) - (base @ basis.T) @ (base @ basis.T).T / 4
    c = dual_relu(base @ v.T) - (base @ basis.T) @ (v @ basis.T).T / 4
    truth = length**2 * (
        0.5 - np.sum((v @ basis.T) ** 2, axis=1) / 4 - np.sum(c * np.linalg.solve(gram, c), axis=0)
    )
    assert_close(result.error, truth, 6e-9 * length**2)
    assert result.converged
    assert np.count_nonzero(np.any(result.coefficients != 0, axis=1)) == pairs + min(pairs, d)
    assert np.all(result.upper < population_error(base, directions).lower)


def test_a_target_among_the_features_and_linear_functions():
    """A feature itself, and the feature of -v by four opposite pairs (linear functions) and the
    feature of v: error 0."""
    weights = np.vstack([np.eye(4), -np.eye(4), [[0.1, 0.2, -0.3, 0.4]]])
    result = population_error(weights, np.vstack([2 * weights[8:], -weights[8:]]))
    assert np.all(result.lower == 0) and np.all(result.upper <= 1e-10) and result.converged
    assert_close(result.coefficients[8], [2.0, 1.0], 1e-5)


def test_nearly_parallel_weights_are_decided_by_balls():
    """w and w + 1e-7 h: in the limit the features [<w,x>]_+ and its derivative 1(<w,x> > 0) <h,x>,
    a closed form. Double precision
    alone says that it does not know."""
    pytest.importorskip("flint")
    w, h, v = np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), np.array([[0.6, 0.64, 0.48]])
    weights = np.vstack([w, w + 1e-7 * h])
    t = v[0, 0]
    kappa = (math.sqrt(1 - t * t) + t * (math.pi - math.acos(t))) / (2 * math.pi)
    slope = v[0, 1] * (math.pi - math.acos(t)) / (2 * math.pi)  # of κ(<w,v>) as w moves along h
    limit = 0.5 - 2 * kappa**2 - 2 * slope**2  # both have squared norm 1/2, and they are orthogonal
    result = population_error(weights, v)
    assert (result.method, result.lower_bound, result.converged) == ("ball", "rigorous", True)
    assert_close(result.error, [limit], 1e-7)
    assert result.error[0] < 0.5 - 2 * kappa**2 - 0.01  # the derivative matters
    assert_close(digits(weights, v)[0], result.error, 1e-14)
    for method in ("dense", "iterative"):
        with pytest.warns(NotConvergedWarning, match="known only to an interval"):
            unsure = population_error(weights, v, method=method)
        assert not unsure.converged
        assert unsure.lower[0] <= limit - 1e-6 and limit <= unsure.upper[0]


def test_without_python_flint_nearly_parallel_weights_give_a_warning(monkeypatch):
    monkeypatch.setitem(sys.modules, "flint", None)
    weights = np.array([[1.0, 0.0], [1.0, 1e-9]])
    with pytest.warns(NotConvergedWarning):
        assert not population_error(weights, np.array([[0.6, 0.8]])).converged
    with pytest.raises(ImportError, match="pip install python-flint"):
        population_error(weights, np.array([[0.6, 0.8]]), method="ball")


@pytest.mark.parametrize("method", ["auto", "dense", "ball"])
def test_no_features_and_no_targets(method):
    v = np.array([[3.0, 4.0], [0.0, 0.0]])
    for weights in (np.zeros((0, 2)), np.zeros((5, 2))):
        none = population_error(weights, v, method=method)
        assert_close(none.error, [12.5, 0.0], 1e-14)
        assert none.upper[1] == 0 and none.converged
        assert none.coefficients.shape == (len(weights), 2)
    empty = population_error(np.ones((3, 2)), np.zeros((0, 2)), method=method)
    assert empty.error.shape == (0,) and empty.coefficients.shape == (3, 0) and empty.converged


def test_sizes_none_and_one():
    v = np.array([[3.0, 4.0]])
    assert_close(population_error(np.zeros((0, 2)), v).error, [12.5], 1e-14)
    assert_close(population_error(np.zeros((5, 2)), v).error, [12.5], 1e-14)
    empty = population_error(np.ones((3, 2)), np.zeros((0, 2)))
    assert empty.error.shape == (0,) and empty.coefficients.shape == (3, 0) and empty.converged
    zero = population_error(np.eye(2), np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert (
        zero.error[0] == zero.upper[0] == 0 and not zero.coefficients[:, 0].any() and zero.converged
    )
    line = population_error(
        np.array([[2.0], [0.5], [4.0]]), np.array([[1.0], [-3.0]])
    )  # one dimension: [x]_+ and [-x]_+ are orthogonal
    assert line.error[0] < 1e-13
    assert_close(line.error[1], 4.5, 1e-12)


@pytest.mark.parametrize("size", [1e-150, 1e-30, 1e30, 1e150])
def test_lengths_of_any_size(rng, size):
    weights, directions = sample_sphere(rng, 20, 4), sample_sphere(rng, 2, 4)
    plain = population_error(weights, directions)
    assert_close(population_error(size * weights, directions).error, plain.error, 1e-13)
    assert_close(
        population_error(size * weights, directions).coefficients * size, plain.coefficients, 1e-10
    )
    assert_close(population_error(weights, size * directions).error / size**2, plain.error, 1e-13)
    for scale in (1e-300, 1e300):
        assert_close(population_error(scale * weights, directions).error, plain.error, 1e-13)
