"""Population error of random features: against many digits, balls and samples of inputs; its interval, its edges, its two methods."""

import math
import signal
import subprocess
import sys
import time
import tracemalloc

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from randomfeatures import random_features
from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.sphere import gegenbauer, multiplicity, sample_sphere
from randomfeatures.random_features import NotConvergedWarning, population_error

RNG = np.random.default_rng(3)


def neurons(rng, n, d):
    """Gaussian directions of lengths from 0.1 to 10."""
    return sample_sphere(rng, n, d) * 10 ** rng.uniform(-1, 1, (n, 1))


def digits(weights, directions, bits=200):
    """The least errors and their coefficients by the formula, in many digits."""
    with mpmath.workprec(bits):
        rows = [[mpmath.mpf(float(t)) for t in row] for row in np.vstack([weights, directions])]
        lengths = [mpmath.sqrt(mpmath.fdot(x, x)) for x in rows]

        def kernel(i, j):
            t = mpmath.mpf(1) if i == j else mpmath.fdot(rows[i], rows[j]) / (lengths[i] * lengths[j])
            return lengths[i] * lengths[j] * (mpmath.sqrt(1 - t * t) + t * (mpmath.pi - mpmath.acos(t))) / (2 * mpmath.pi)

        r = len(weights)
        gram = mpmath.matrix([[kernel(i, j) for j in range(r)] for i in range(r)])
        errors, coefficients = [], []
        for k in range(r, len(rows)):
            c = mpmath.matrix([kernel(i, k) for i in range(r)])
            u = mpmath.lu_solve(gram, c)
            errors.append(float(lengths[k] ** 2 / 2 - mpmath.fdot(c, u)))
            coefficients.append([float(t) for t in u])
        return np.array(errors), np.array(coefficients).T


def unit_gram(weights):
    rows = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    return dual_relu(np.clip(rows @ rows.T, -1, 1))


def check(result, truth, width):
    """The interval holds the truth, has at most this width, and the error is 2 % sharp."""
    assert np.all(np.asarray(result.lower) <= truth) and np.all(truth <= np.asarray(result.upper))
    assert np.all(np.asarray(result.lower) <= np.asarray(result.error)) and np.all(np.asarray(result.error) <= np.asarray(result.upper))
    assert np.all(np.asarray(result.upper - result.lower) <= width)
    assert_close(result.error, truth, width)


@pytest.mark.claim("prop-population-error", kind="identity")
def test_one_feature_in_closed_form():
    """r = 1: 1/2 |v|^2 (1 - 4 κ(t)^2), with the coefficient 2 κ |v| / |w|, at generic cosines, lengths and in high dimension."""
    for d in (2, 3, 50):
        w, v = neurons(RNG, 1, d), neurons(RNG, 6, d)
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
    weights, directions = neurons(RNG, r, d), neurons(RNG, 3, d)
    truth, coefficients = digits(weights, directions)
    result = population_error(weights, directions, method=method, tolerance=1e-10)
    energy = np.sum(directions**2, axis=1) / 2
    check(result, truth, 1e-10 * energy)
    assert result.method == method and result.converged
    size = np.linalg.norm(directions, axis=1)[None, :] / np.linalg.norm(weights, axis=1)[:, None]
    assert_close(result.coefficients / size, coefficients / size, 2e-4 if method == "iterative" else 1e-9)


@pytest.mark.claim("prop-population-error", kind="Monte Carlo")
@pytest.mark.parametrize("biased", [False, True])
def test_coefficients_have_the_error_on_sampled_inputs_and_no_fit_is_better(biased):
    """400 000 inputs: the squared error of the coefficients is ``error``; the least squares fit on the sample gains by overfitting only."""
    rng, d, r, n = np.random.default_rng(11), 5, 15, 400_000
    weights, v = neurons(rng, r, d), np.array([[0.3, -1.0, 0.2, 0.5, 0.9]])
    b, beta = (rng.standard_normal(r) * np.linalg.norm(weights, axis=1), np.array([0.7])) if biased else (None, None)
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


def test_zero_biases_are_no_biases():
    weights, directions = neurons(RNG, 30, 6), neurons(RNG, 4, 6)
    plain, general = population_error(weights, directions), population_error(weights, directions, np.zeros(30))
    assert np.all((general.lower <= plain.upper) & (plain.lower <= general.upper))
    assert_close(general.error, plain.error, 1e-12 * np.sum(directions**2, axis=1))
    only_target = population_error(weights, directions, direction_biases=np.zeros(4))
    assert np.array_equal(only_target.error, general.error)


def test_biases_in_closed_form():
    """With the features x and -x in one dimension and a constant, [x + b]_+ has the projection of a Gaussian integral."""
    b = 0.4
    result = population_error(np.array([[0.0]]), np.array([[1.0]]), np.array([2.0]), direction_biases=np.array([b]))
    cdf, density = 0.5 * math.erfc(-b / math.sqrt(2)), math.exp(-b * b / 2) / math.sqrt(2 * math.pi)
    mean, square = b * cdf + density, (1 + b * b) * cdf + b * density
    assert_close(result.error, [square - mean**2], 1e-14)
    assert_close(result.coefficients, [[mean / 2]], 1e-12)
    assert population_error(np.array([[0.0]]), np.array([[1.0]]), np.array([-2.0])).error[0] == 0.5  # the zero function


# --- the interval -------------------------------------------------------------------------------------------------------------------


@pytest.mark.claim("prop-certificate", kind="identity")
def test_error_above_the_least_is_the_residual_in_the_inverse_gram_norm():
    """E(u) - E* = <ρ, G^{-1} ρ> <= |ρ|^2 / λ_min for any u: the interval of any coefficients holds E*, and a floor 2 % high loses it."""
    weights, directions = sample_sphere(RNG, 40, 5), sample_sphere(RNG, 1, 5)
    truth, best = digits(weights, directions)
    gram, c = unit_gram(weights), dual_relu(weights @ directions.T)
    values, vectors = np.linalg.eigh(gram)
    features, targets = (random_features._unit(rows, None) for rows in (weights, directions))
    for u in (best + 1e-3 * RNG.standard_normal((40, 1)), np.zeros((40, 1)), best + 0.01 * vectors[:, :1]):
        rest = c - gram @ u
        found = random_features._enclose(features, targets, c, u, rest, values[0], 0, "rigorous")
        assert_close(found.error - truth, [rest[:, 0] @ np.linalg.solve(gram, rest[:, 0])], 1e-11)
        assert found.lower[0] <= truth[0] <= found.upper[0]
    loose = random_features._enclose(features, targets, c, u, rest, 1.02 * values[0], 0, "rigorous")
    assert loose.lower[0] > truth[0]  # the last u errs along the lowest eigenvector alone, where the bound is attained
    assert found.lower[0] >= truth[0] - 1e-4 * (found.error[0] - truth[0])


@pytest.mark.claim("prop-certificate", kind="certified")
@given(st.integers(1, 6), st.integers(1, 40), st.integers(0, 2**32), st.sampled_from(["auto", "dense", "iterative"]))
@settings(max_examples=60)
def test_the_interval_holds_the_ball(d, r, seed, method):
    pytest.importorskip("flint")
    rng = np.random.default_rng(seed)
    weights, directions = neurons(rng, r, d), neurons(rng, 3, d)
    ball = population_error(weights, directions, method="ball")
    energy = np.sum(directions**2, axis=1) / 2
    assert np.all(ball.upper - ball.lower <= 1e-8 * energy)
    try:
        result = population_error(weights, directions, method=method)
    except NotConvergedWarning:
        assert method != "auto"  # few features: balls take over
        return
    except ValueError:
        assert method == "iterative" and (d == 1 or r == 1)
        return
    assert np.all(result.lower <= ball.upper) and np.all(ball.lower <= result.upper)
    assert np.all(result.upper - result.lower <= 1e-8 * energy * (1 + 1e-9)) and result.converged


@pytest.mark.parametrize(("n", "d", "steps", "tight"), [(500, 20, 25, 0.5), (600, 8, 60, 0.2), (300, 5, 120, 0.1)])
def test_probes_bound_the_smallest_eigenvalue_from_below(n, d, steps, tight):
    """0.1 to 0.5 of the truth <= bound <= truth, over four sets of probes, once conjugate gradients have converged."""
    features = random_features._unit(sample_sphere(RNG, n, d), None)
    gram, inverse = random_features._Gram(features, random_features._Workers(None)), random_features._Harmonics(features.rows)
    columns = inverse._features(features.rows).T
    truth = linalg.eigvalsh(unit_gram(features.rows), columns @ columns.T + inverse.floor * np.eye(n))[0]
    for seed in range(4):
        watch = random_features._Watch(inverse.floor, None, features, 0, 1e-8, random_features._Report(False))
        watch.aim = -1.0
        right = inverse.sample(np.random.default_rng(seed), random_features.PROBES)
        random_features._conjugate_gradients(gram.product, inverse.solve, right, watch, steps)
        assert tight * truth <= watch.floor / inverse.floor <= truth * (1 + 1e-9)


def test_the_factorisation_proves_only_what_is_true():
    """Two neurons at the angle α: the smallest eigenvalue is 1/2 - κ, about α^2/4. Bounds are proved while it is large, and below it."""
    for angle in 10.0 ** np.arange(-9, 0.01, 0.1):
        with mpmath.workprec(200):
            a = mpmath.mpf(angle)
            truth = float(0.5 - (mpmath.sin(a) + (mpmath.pi - a) * mpmath.cos(a)) / (2 * mpmath.pi))
        features = random_features._unit(np.array([[1.0, 0.0], [math.cos(angle), math.sin(angle)]]), None)
        proved = random_features._Cholesky(random_features._Gram(features, random_features._Workers(None)), 1e-14).proved
        assert proved <= truth if proved else truth < 4e-13
    features = random_features._unit(sample_sphere(RNG, 200, 3), None)
    gram = random_features._Gram(features, random_features._Workers(None))
    assert 0 < random_features._Cholesky(gram, 1e-14).proved <= np.linalg.eigvalsh(unit_gram(features.rows))[0]


@pytest.mark.parametrize(("n", "d"), [(900, 20), (900, 40), (700, 9)])
def test_the_expected_number_of_iterations_is_one(n, d):
    """Random directions need between half and all of the iterations that the theory's spectrum predicts, but for small dimensions."""
    result = population_error(sample_sphere(RNG, n, d), sample_sphere(RNG, 2, d), method="iterative")
    expected = random_features._expected_iterations(n, d)
    assert 0.25 * expected <= result.iterations <= (1.1 if d > 10 else 3) * expected


@pytest.mark.parametrize("n", [1, 511, 512, 1300])
def test_the_factor_in_blocks_is_the_factor(n):
    a = RNG.standard_normal((n, n))
    a = a @ a.T / n + np.eye(n)
    before, factor = a.copy(), random_features._cholesky(a)
    assert np.array_equal(a, before) and np.array_equal(factor, np.tril(factor))
    assert_close(factor @ factor.T, a, 1e-13 * n)
    with pytest.raises(np.linalg.LinAlgError):
        random_features._cholesky(a - 1.01 * np.linalg.eigvalsh(a)[0] * np.eye(n))


def test_probes_have_the_law_of_the_preconditioner():
    """E z z^T = P, for both preconditioners: 200 000 samples, every entry within 5 standard errors, and 1.02 P is refused."""
    features = random_features._unit(sample_sphere(RNG, 12, 2), None)
    gram = random_features._Gram(features, random_features._Workers(None))
    for inverse in (random_features._Harmonics(features.rows), random_features._Cholesky(gram, 1e-15)):
        count = 200_000
        z = inverse.sample(np.random.default_rng(0), count)
        matrix = np.linalg.inv(inverse.solve(np.eye(12)))
        error = 5 * np.sqrt(matrix**2 + np.outer(np.diag(matrix), np.diag(matrix))) / math.sqrt(count)
        assert_close(z @ z.T / count, matrix, error)


def test_harmonics_are_the_part_of_degree_two():
    """Φ Φ^T = Σ_{k <= 2} N λ_k P_k entry by entry, with the eigenvalues as integrals of the kernel; its products need no Φ."""
    for d in (2, 3, 7):
        rows = sample_sphere(RNG, 90, d)
        inverse = random_features._Harmonics(rows)
        t = np.clip(rows @ rows.T, -1, 1)
        truth = sum(multiplicity(d, k) * eigenvalue(d, k) * gegenbauer(d, k, t) for k in range(3))
        columns = np.asarray(inverse._features(rows)).T
        assert_close(columns @ columns.T, truth, 1e-13)
        x = RNG.standard_normal((90, 4))
        assert_close(inverse._transposed(x), columns.T @ x, 1e-13)
        assert_close(inverse._apply(columns.T @ x), columns @ (columns.T @ x), 1e-12)
        assert_close(columns @ (columns.T @ inverse.solve(x)) + inverse.floor * inverse.solve(x), x, 1e-9)


def eigenvalue(d, k):
    """E κ(t) P_k(t), by quadrature over the angle of two independent directions."""

    def integrand(a):
        law = mpmath.sin(a) ** (d - 2) * mpmath.gamma(d / 2) / (mpmath.sqrt(mpmath.pi) * mpmath.gamma((d - 1) / 2))
        kernel = (mpmath.sin(a) + (mpmath.pi - a) * mpmath.cos(a)) / (2 * mpmath.pi)
        return law * kernel * float(gegenbauer(d, k, np.array(math.cos(a))))

    return float(mpmath.quad(integrand, [0, mpmath.pi]))


# --- the sandwich -------------------------------------------------------------------------------------------------------------------


def mean_error(weights, spectrum):
    """The mean over uniform directions, exactly: 1/2 - tr G^{-1} E c c^T, and E c_i c_j has the kernel with squared eigenvalues."""
    d, rows = weights.shape[1], weights / np.linalg.norm(weights, axis=1, keepdims=True)
    t = np.clip(rows @ rows.T, -1, 1)
    square = sum(multiplicity(d, k) * value**2 * gegenbauer(d, k, t) for k, value in enumerate(spectrum) if value > 0)
    return 0.5 - float(np.trace(np.linalg.solve(unit_gram(weights), square)))


@pytest.mark.claim("prop-sandwich", kind="identity")
@given(st.integers(3, 12), st.integers(1, 60), st.integers(0, 2**32))
@settings(max_examples=40)
def test_no_features_beat_the_optimum_in_the_mean(d, r, seed):
    """tail_r <= the mean error over all directions, computed exactly, for random features; the harmonics' optimum is attained by none."""
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
def test_the_mean_over_sampled_directions_is_the_mean_and_above_the_optimum():
    pytest.importorskip("flint")
    from randomfeatures.sharp.optimum import optimal_error
    from randomfeatures.sharp.spectrum import neuron_spectrum

    d, r, m = 5, 40, 4000
    weights = neurons(RNG, r, d)
    result = population_error(weights, sample_sphere(RNG, m, d))
    mean, sem = float(result.error.mean()), float(result.error.std()) / math.sqrt(m)
    truth = mean_error(weights, neuron_spectrum(d, 80))
    assert 4 * sem <= 0.012 * truth * 4
    assert abs(mean - truth) <= 4 * sem
    assert optimal_error(d, r) < mean < 3 * optimal_error(d, r)


# --- the two methods, libraries and precisions --------------------------------------------------------------------------------------


@pytest.fixture(params=["torch", "numpy alone"])
def engine(request, monkeypatch):
    """The matrix-free method in torch, and where torch cannot be imported."""
    if request.param == "torch":
        pytest.importorskip("torch")
    else:
        monkeypatch.setitem(sys.modules, "torch", None)
    return request.param


@pytest.mark.parametrize(("r", "d"), [(700, 20), (900, 6), (300, 40)])
def test_dense_and_iterative_agree(engine, r, d):
    """With more than one tile, a last tile that is not full, and degrees 0, 1 and 2 of the preconditioner."""
    rng = np.random.default_rng(r)
    weights, directions = neurons(rng, r, d), neurons(rng, 3, d)
    dense, iterative = (population_error(weights, directions, method=method) for method in ("dense", "iterative"))
    assert isinstance(iterative.error, np.ndarray) and iterative.coefficients.dtype == np.float64
    assert (dense.lower_bound, iterative.lower_bound) == ("rigorous", "probable")
    energy = np.sum(directions**2, axis=1) / 2
    assert np.all(iterative.lower <= dense.upper) and np.all(dense.lower <= iterative.upper)
    assert np.all(iterative.upper - iterative.lower <= 1e-8 * energy) and dense.converged and iterative.converged
    assert_close(iterative.error, dense.error, 1e-8 * energy)
    assert 1 <= iterative.iterations <= 100
    again = population_error(weights, directions, method="iterative")
    assert np.array_equal(again.error, iterative.error) or engine == "torch"
    assert np.all(np.abs(again.error - iterative.error) <= 1e-12 * energy)


def test_torch_gives_the_numbers_of_numpy():
    torch = pytest.importorskip("torch")
    weights, directions = neurons(RNG, 400, 9), neurons(RNG, 3, 9)
    biases = RNG.standard_normal(400) * np.linalg.norm(weights, axis=1)
    for method, b in (("dense", None), ("iterative", None), ("dense", biases[:100])):
        w = weights if b is None else weights[:100]
        plain = population_error(w, directions, b, method=method)
        there = population_error(*(None if a is None else torch.from_numpy(a) for a in (w, directions, b)), method=method)
        assert there.error.dtype == torch.float64 and there.coefficients.shape == (len(w), 3)
        for name in ("error", "lower", "upper"):
            assert_close(getattr(there, name), getattr(plain, name), 1e-10 * np.sum(directions**2, axis=1))
        assert there.lower_bound == plain.lower_bound


@pytest.mark.parametrize("method", ["dense", "iterative"])
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_single_precision_is_verified_in_double(method, library):
    """The interval, rounded outwards to single precision, holds the truth of the weights as they are in single precision."""
    xp = pytest.importorskip(library)
    weights, directions = (xp.asarray(neurons(RNG, n, 12).astype(np.float32)) for n in (500, 3))
    result = population_error(weights, directions, method=method)
    assert result.error.dtype == result.lower.dtype == result.coefficients.dtype == xp.float32
    truth = population_error(*(np.asarray(a).astype(float) for a in (weights, directions)), method="dense")
    energy = np.sum(np.asarray(directions, dtype=float) ** 2, axis=1) / 2
    lower, upper, error = (np.asarray(a).astype(float) for a in (result.lower, result.upper, result.error))
    assert np.all(lower <= truth.upper) and np.all(truth.lower <= upper)
    assert np.all(upper - lower <= 4e-8 * energy) and result.converged
    assert_close(error, truth.error, 4e-8 * energy)
    assert result.lower_bound == ("rigorous" if method == "dense" else "estimate")


def test_arrays_that_record_gradients_are_taken_without_them():
    torch = pytest.importorskip("torch")
    weights = torch.from_numpy(sample_sphere(RNG, 100, 8)).requires_grad_()
    for method in ("dense", "iterative"):
        assert not population_error(weights, weights[:1] + weights[1:2], method=method).error.requires_grad


@pytest.mark.parametrize("method", ["dense", "iterative"])
def test_on_a_gpu(method):
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no GPU")
    weights, directions = neurons(RNG, 5000, 30), neurons(RNG, 3, 30)
    there = population_error(*(torch.from_numpy(a).cuda() for a in (weights, directions)), method=method)
    assert there.error.device.type == "cuda"
    assert_close(there.error.cpu(), population_error(weights, directions, method="dense").error, 1e-8 * np.sum(directions**2, axis=1))


def test_the_iterative_method_never_has_the_matrix(monkeypatch):
    """4000 features: the matrix has 128 MB; the peak stays below 40 MB, and below twice that of 2000 features."""
    monkeypatch.setitem(sys.modules, "torch", None)
    peaks = []
    for r in (2000, 4000):
        rng = np.random.default_rng(0)
        weights, directions = sample_sphere(rng, r, 24), sample_sphere(rng, 2, 24)
        tracemalloc.start()
        result = population_error(weights, directions, method="iterative")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert result.converged
    assert peaks[1] < 40e6 and peaks[1] < 2 * peaks[0]


@pytest.mark.parametrize(
    ("n", "d", "biased", "method"),
    [
        (2000, 50, False, "dense"),
        (2001, 10, False, "dense"),
        (3000, 50, False, "iterative"),
        (3000, 100, False, "dense"),
        (3000, 784, False, "iterative"),
        (5000, 10, False, "dense"),
        (5000, 20, False, "iterative"),
        (9000, 20, False, "iterative"),
        (20000, 10, False, "iterative"),
        (20000, 50, True, "dense"),
        (2, 1, False, "dense"),
    ],
)
def test_the_method_that_is_taken(n, d, biased, method):
    assert random_features._method("auto", n, d, biased) == method


# --- edges --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["auto", "dense", "iterative"])
def test_repeated_parallel_and_zero_weights_count_once(method):
    base = neurons(RNG, 6, 3)
    directions = neurons(RNG, 2, 3)
    padded = np.vstack([np.zeros((1, 3)), base, base, 3 * base, base / 7, 0 * base])
    plain = population_error(base, directions, method="dense")
    result = population_error(padded, directions, method=method)
    energy = np.sum(directions**2, axis=1) / 2
    assert_close(result.error, plain.error, 1e-8 * energy)
    assert result.converged and result.coefficients.shape == (31, 2)
    assert np.count_nonzero(np.any(result.coefficients != 0, axis=1)) == 6


@pytest.mark.parametrize("method", ["auto", "dense", "iterative"])
@pytest.mark.parametrize(("pairs", "d"), [(2, 5), (8, 3), (200, 4)])
def test_opposite_pairs_add_the_linear_functions_and_nothing_else(method, pairs, d):
    """w and -w: the span of the neurons w and of the linear functions <w, x>, so the error is that of neurons orthogonal to those."""
    base, directions = sample_sphere(RNG, pairs, d), neurons(RNG, 3, d)
    both = np.vstack([base, -base])
    result = population_error(both[RNG.permutation(2 * pairs)], directions, method=method)
    length = np.linalg.norm(directions, axis=1)
    basis = np.linalg.svd(base, full_matrices=False)[2]
    v = directions / length[:, None]
    gram = unit_gram(base) - (base @ basis.T) @ (base @ basis.T).T / 4
    c = dual_relu(base @ v.T) - (base @ basis.T) @ (v @ basis.T).T / 4
    truth = length**2 * (0.5 - np.sum((v @ basis.T) ** 2, axis=1) / 4 - np.sum(c * np.linalg.solve(gram, c), axis=0))
    assert_close(result.error, truth, 6e-9 * length**2)
    assert result.converged
    assert np.count_nonzero(np.any(result.coefficients != 0, axis=1)) == pairs + min(pairs, d)
    assert np.all(result.upper < population_error(base, directions).lower)


def test_a_target_among_the_features_and_linear_functions():
    """A feature itself, and the feature of -v by four opposite pairs (linear functions) and the feature of v: error 0."""
    weights = np.vstack([np.eye(4), -np.eye(4), [[0.1, 0.2, -0.3, 0.4]]])
    result = population_error(weights, np.vstack([2 * weights[8:], -weights[8:]]))
    assert np.all(result.lower == 0) and np.all(result.upper <= 1e-10) and result.converged
    assert_close(result.coefficients[8], [2.0, 1.0], 1e-5)


def test_nearly_parallel_weights_are_decided_by_balls():
    """w and w + 1e-7 h: in the limit the features [<w,x>]_+ and its derivative 1(<w,x> > 0) <h,x>, a closed form. Double precision
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


def test_too_few_iterations_are_said_aloud(monkeypatch, engine):
    weights, directions = sample_sphere(RNG, 600, 5), sample_sphere(RNG, 2, 5)
    truth = population_error(weights, directions, method="dense")
    monkeypatch.setattr(random_features, "MAX_ITERATIONS", 6)
    with pytest.warns(NotConvergedWarning, match="after 6 iterations"):
        result = population_error(weights, directions, method="iterative")
    assert not result.converged and result.iterations == 6
    assert np.all(result.lower <= truth.lower) and np.all(truth.upper <= result.upper)


def test_sizes_none_and_one():
    v = np.array([[3.0, 4.0]])
    assert_close(population_error(np.zeros((0, 2)), v).error, [12.5], 1e-14)
    assert_close(population_error(np.zeros((5, 2)), v).error, [12.5], 1e-14)
    empty = population_error(np.ones((3, 2)), np.zeros((0, 2)))
    assert empty.error.shape == (0,) and empty.coefficients.shape == (3, 0) and empty.converged
    zero = population_error(np.eye(2), np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert zero.error[0] == zero.upper[0] == 0 and not zero.coefficients[:, 0].any() and zero.converged
    line = population_error(np.array([[2.0], [0.5], [4.0]]), np.array([[1.0], [-3.0]]))  # one dimension: [x]_+ and [-x]_+ are orthogonal
    assert line.error[0] < 1e-13
    assert_close(line.error[1], 4.5, 1e-12)


@pytest.mark.parametrize("size", [1e-150, 1e-30, 1e30, 1e150])
def test_lengths_of_any_size(size):
    weights, directions = sample_sphere(RNG, 20, 4), sample_sphere(RNG, 2, 4)
    plain = population_error(weights, directions)
    assert_close(population_error(size * weights, directions).error, plain.error, 1e-13)
    assert_close(population_error(size * weights, directions).coefficients * size, plain.coefficients, 1e-10)
    assert_close(population_error(weights, size * directions).error / size**2, plain.error, 1e-13)
    for scale in (1e-300, 1e300):
        assert_close(population_error(scale * weights, directions).error, plain.error, 1e-13)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": np.array([[1.0, np.nan]])}, r"weights must hold finite numbers, got nan at index \(0, 1\)"),
        ({"weights": np.array([1.0, 2.0])}, r"weights must have 2 axes, got shape \(2,\)"),
        ({"weights": [[1.0, 2.0]]}, "weights must be an array"),
        ({"weights": np.array([[1, 2]])}, "weights must hold real floating-point numbers, got dtype int64"),
        (
            {"weights": np.ones((1, 0)), "directions": np.ones((1, 0))},
            "directions must have as many columns as weights, at least 1, got 0 and 0",
        ),
        ({"directions": np.ones((1, 3))}, "directions must have as many columns as weights, at least 1, got 3 and 2"),
        ({"directions": np.array([[np.inf, 1.0]])}, "directions must hold finite numbers, got inf"),
        ({"directions": np.array([[1e200, 1.0]])}, "directions must have squared lengths below 1.8e"),
        ({"biases": np.ones(2)}, "biases must have 1 entries, one for each row, got 2"),
        ({"direction_biases": np.ones(2)}, "direction_biases must have 1 entries, one for each row, got 2"),
        ({"tolerance": 0.0}, "tolerance must be a finite real number > 0, got 0.0"),
        ({"method": "fast"}, "method must be .* got 'fast'"),
        ({"method": "iterative", "biases": np.ones(1)}, "method must be \"dense\" for neurons with biases, got 'iterative'"),
        ({"method": "iterative"}, 'method must not be "iterative" for one dimension or one feature, got d = 2 and 1 distinct features'),
        (
            {"method": "ball", "weights": RNG.standard_normal((401, 2))},
            'weights must have at most 400 distinct rows for method "ball", got 401',
        ),
    ],
)
def test_wrong_arguments(change, message):
    arguments = {"weights": np.array([[1.0, 2.0]]), "directions": np.array([[1.0, 0.0]])} | change
    weights, directions = arguments.pop("weights"), arguments.pop("directions")
    with pytest.raises(ValueError, match=message):
        population_error(weights, directions, arguments.pop("biases", None), **arguments)


def test_libraries_do_not_mix():
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match="must be arrays of one library"):
        population_error(np.eye(2), torch.eye(2, dtype=torch.float64))


# --- long runs ----------------------------------------------------------------------------------------------------------------------


def test_progress_is_a_line_an_iteration_and_silence_is_the_default(capsys):
    weights, directions = sample_sphere(RNG, 300, 10), sample_sphere(RNG, 1, 10)
    result = population_error(weights, directions, method="iterative", progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == result.iterations
    assert lines[0].startswith("population_error: iteration 1, residual ") and lines[0].endswith(" s")
    population_error(weights, directions, method="iterative")
    assert capsys.readouterr() == ("", "")


def test_an_interruption_leaves_nothing_behind(monkeypatch):
    """Ctrl-C in the third iteration, and in a ball: the next call gives the same numbers, threads and precision are as before."""
    torch, flint = pytest.importorskip("torch"), pytest.importorskip("flint")
    weights, directions = sample_sphere(RNG, 300, 6), sample_sphere(RNG, 1, 6)
    first = population_error(weights, directions, method="iterative")
    state = (torch.get_num_threads(), torch.is_grad_enabled(), flint.ctx.prec)

    def interrupted(*arguments):
        if sys._getframe(1).f_code.co_name != "__call__" or arguments[1] == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(random_features._Report, "__call__", interrupted)
        with pytest.raises(KeyboardInterrupt):
            population_error(weights, directions, method="iterative")
        patch.setattr(random_features, "_ball_solution", interrupted)
        with pytest.raises(KeyboardInterrupt):
            population_error(weights[:5], directions, method="ball")
    assert (torch.get_num_threads(), torch.is_grad_enabled(), flint.ctx.prec) == state
    assert population_error(weights, directions, method="iterative").iterations == first.iterations


def test_ctrl_c_ends_a_long_run_at_once():
    """The signal comes while two threads are in a product of a second or more; they stop within a tile."""
    code = """
import numpy as np, torch
torch.set_num_threads(2)
from randomfeatures.random_features import population_error
rng, before = np.random.default_rng(0), torch.get_num_threads()
try:
    population_error(rng.standard_normal((20000, 30)), rng.standard_normal((1, 30)), progress=True)
except KeyboardInterrupt:
    print("interrupted", torch.get_num_threads() == before)
"""
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = run.stderr.readline()
        assert line.startswith("population_error: iteration 1, ")
        run.send_signal(signal.SIGINT)
        start = time.monotonic()
        assert run.communicate(timeout=60) == ("interrupted True\n", "")
        assert time.monotonic() - start < 1 + 0.3 * float(line.split()[-2])
    finally:
        run.kill()


def test_the_numpy_path_runs_where_torch_cannot_be_imported():
    code = """
import sys
sys.modules["torch"] = None
import numpy as np
from randomfeatures.random_features import population_error
rng = np.random.default_rng(0)
e = population_error(rng.standard_normal((2100, 40)), rng.standard_normal((1, 40)))
print(e.method, e.converged)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (run.stdout.split(), run.stderr) == (["iterative", "True"], "")
