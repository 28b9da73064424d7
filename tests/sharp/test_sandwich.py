"""The chapter on the sandwich: mean error and budget, upper bound for random ReLU features, the theorem, the preconditioner."""

import math

import numpy as np
import pytest

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.sphere import gegenbauer, multiplicity, sample_sphere

pytest.importorskip("flint")
from randomfeatures.sharp import optimum
from randomfeatures.sharp.spectrum import neuron_spectrum


def gram(v, w):
    return dual_relu(np.clip(v @ w.T, -1, 1))


def part(d, degrees, v, w, weight):
    """Sum of N(d, k) weight_k P_k of the cosines over some degrees."""
    t = np.clip(v @ w.T, -1, 1)
    return sum(multiplicity(d, k) * weight[k] * gegenbauer(d, k, t) for k in degrees)


@pytest.mark.claim("prop-mean-error", kind="identity")
@pytest.mark.parametrize(("d", "r"), [(3, 12), (6, 40), (15, 150)])
def test_budget_and_mean_error(d, r):
    """D_0 and D_1 from the features |x| and x_j; the D_k add up to r; the mean error by the kernel with squared eigenvalues."""
    w, top = sample_sphere(np.random.default_rng(r), r, d), 120
    inverse, spectrum = np.linalg.inv(gram(w, w)), neuron_spectrum(d, top)
    D = np.array([np.sum(inverse * part(d, [k], w, w, spectrum)) for k in range(top + 1)])
    eta_0 = math.exp(math.lgamma(d / 2) - math.lgamma((d + 1) / 2)) / (2 * math.sqrt(math.pi))
    assert math.isclose(D[0], d * eta_0**2 * inverse.sum(), rel_tol=1e-9)  # <|x|/√d, σ_w> = √d η_0
    assert math.isclose(D[1], np.sum(inverse * (w @ w.T)) / 4, rel_tol=1e-9)  # <x_j, σ_w> = w_j / 2
    assert np.all(D >= -1e-9) and all(D[k] <= multiplicity(d, k) + 1e-6 for k in range(top + 1))
    missing = r - D.sum()
    assert -1e-6 < missing < 0.02 * r
    square = part(d, range(top + 1), w, w, spectrum**2)
    mean = 0.5 - np.sum(spectrum * D)
    assert math.isclose(mean, 0.5 - np.trace(inverse @ square), rel_tol=1e-8)
    short = 0.5 - np.sum((spectrum * D)[:11])  # part 3, K = 10
    assert mean - 1e-12 <= short <= mean + spectrum[12] * (r - D[:11].sum()) + 1e-12
    theta = sample_sphere(np.random.default_rng(1), 4000, d)
    c = gram(w, theta)
    errors = 0.5 - np.sum(c * (inverse @ c), axis=0)
    assert abs(errors.mean() - mean) < 4 * errors.std() / math.sqrt(4000) < 0.2 * mean


@pytest.mark.claim("prop-sandwich", kind="Monte Carlo")
@pytest.mark.parametrize(("d", "r"), [(4, 3), (6, 25)])
def test_the_coefficients_of_the_upper_bound_have_the_error_that_is_stated(d, r):
    """E ‖F_W - σ_θ‖² with c = Σ a_k N P_k, a_k = λ_k/(λ_k + ν_k), equals U_r (degrees up to 10), and least squares is below."""
    rng, degrees = np.random.default_rng(d), [0, 1, *range(2, 11, 2)]
    spectrum = neuron_spectrum(d, 10)
    nu = (0.5 - spectrum) / r
    a = spectrum / (spectrum + nu)
    N = np.array([float(multiplicity(d, k)) for k in range(11)])
    U = np.sum(N * spectrum * (1 - a)) + 0.5 - np.sum(N * spectrum)
    theta, errors, best = sample_sphere(rng, 1, d), [], []
    for _ in range(9000):
        w = sample_sphere(rng, r, d)
        G, c = gram(w, w), gram(w, theta)[:, 0]
        u = part(d, degrees, w, theta, a)[:, 0] / r
        errors.append(0.5 - 2 * c @ u + u @ G @ u)
        best.append(0.5 - c @ np.linalg.solve(G, c))
    sem = np.std(errors) / math.sqrt(len(errors))
    assert 4 * sem < 0.02 * U and abs(np.mean(errors) - U) < 4 * sem
    assert optimum.optimal_error(d, r) < np.mean(best) < U
    full = neuron_spectrum(d, 200)
    N = np.array([float(multiplicity(d, k)) for k in range(201)])
    U = np.sum(N * full / (1 + r * full / (0.5 - full))) + optimum.optimal_error(d, d + math.comb(199 + d, d - 1))
    assert all(optimum.optimal_error(d, m) + m / (2 * r) >= U for m in range(0, 4 * r))


@pytest.mark.claim("thm-random-relu", kind="Monte Carlo")
@pytest.mark.parametrize(("d", "K"), [(3, 4), (4, 2), (6, 2)])
def test_random_relu_features_within_three_times_the_optimum(d, K):
    """At the stated width: smallest eigenvalue of AA^T, error of the explicit coefficients as computed in the proof, and 3 tail_m."""
    rng, m, p = np.random.default_rng(K), d + math.comb(K + d - 1, d - 1), 0.05
    degrees, spectrum = [0, 1, *range(2, K + 1, 2)], neuron_spectrum(d, K)
    r, tail, one = math.ceil(7 * m * math.log(m / p)), optimum.optimal_error(d, m), np.ones(K + 1)
    assert math.isclose(tail, 0.5 - sum(multiplicity(d, k) * spectrum[k] for k in range(K + 1)), rel_tol=1e-9)
    theta = sample_sphere(rng, 3000, d)
    for _ in range(3):
        w = sample_sphere(rng, r, d)
        value, vector = np.linalg.eigh(part(d, degrees, w, w, one))
        assert abs(value[-m - 1]) < 1e-8 and r / 2 < value[-m]  # rank m
        pseudo = (vector[:, -m:] / value[-m:]) @ vector[:, -m:].T
        u, G, c = pseudo @ part(d, degrees, w, theta, one), gram(w, w), gram(w, theta)
        H = G - part(d, degrees, w, w, spectrum)
        errors = 0.5 - 2 * np.sum(c * u, axis=0) + np.sum(u * (G @ u), axis=0)
        predicted = tail + np.trace(H @ pseudo)  # A^T (AA^T)^{-2} A is the pseudoinverse of A^T A
        sem = errors.std() / math.sqrt(len(errors))
        assert 4 * sem < 0.1 * predicted and abs(errors.mean() - predicted) < 4 * sem
        assert predicted <= 3 * tail and np.trace(H) == pytest.approx(r * tail)
        # Part 3 at this width.
        shorter = math.floor(r / (7 * math.log(r / p)))
        assert predicted <= 39 * optimum.optimal_error(d, shorter)


@pytest.mark.claim("thm-random-relu", kind="Monte Carlo")
@pytest.mark.parametrize(("d", "K"), [(3, 2), (5, 2)])
def test_every_direction_in_the_mean_over_the_weights(d, K):
    """Part 2 at its own width: one fixed direction, the mean over weights of the least error is between tail_r and epsilon."""
    m = d + math.comb(K + d - 1, d - 1)
    epsilon = 4 * optimum.optimal_error(d, m)
    r, theta, errors = math.ceil(7 * m * math.log(2 * m / epsilon)), np.eye(d)[:1], []
    for seed in range(20):
        w = sample_sphere(np.random.default_rng(seed), r, d)
        c = gram(w, theta)[:, 0]
        errors.append(0.5 - c @ np.linalg.solve(gram(w, w), c))
    sem = np.std(errors) / math.sqrt(len(errors))
    assert epsilon < 0.5 and 4 * sem < 0.6 * np.mean(errors)
    assert optimum.optimal_error(d, r) - 4 * sem < np.mean(errors) < epsilon - 4 * sem


@pytest.mark.claim("prop-preconditioner", kind="Monte Carlo")
@pytest.mark.parametrize(("d", "r"), [(5, 60), (12, 200)])
def test_the_preconditioned_spectrum(d, r):
    """The mean square entry of G - P is Σ N λ_k² over k >= 4; the eigenvalues' mean square distance from 1 is within the bound."""
    rng, spectrum = np.random.default_rng(d), neuron_spectrum(d, 60)
    N = np.array([float(multiplicity(d, k)) for k in range(61)])
    tau, square = 0.5 - np.sum((N * spectrum)[:3]), np.sum((N * spectrum**2)[4:])
    entries, distances = [], []
    for _ in range(60):
        w = sample_sphere(rng, r, d)
        low = part(d, range(3), w, w, spectrum)
        G, P = gram(w, w), tau * np.eye(r) + low
        assert np.linalg.eigvalsh(P)[0] > tau * (1 - 1e-9)
        np.testing.assert_allclose(np.diag(P), 0.5, rtol=1e-12)
        entries.append(np.sum((G - P) ** 2) / (r * (r - 1)))
        root = np.linalg.cholesky(P)
        mu = np.linalg.eigvalsh(np.linalg.solve(root, np.linalg.solve(root, G).T))
        distances.append(np.mean((mu - 1) ** 2))
    sem = np.std(entries) / math.sqrt(len(entries))
    assert 4 * sem < 0.02 * square * 4 and abs(np.mean(entries) - square) < 4 * sem
    bound = (r - 1) / tau**2 * square
    assert 0.1 * bound < np.mean(distances) < bound <= r / N[4]
