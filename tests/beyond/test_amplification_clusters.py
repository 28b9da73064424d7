"""XOR clusters: the law by sampling, the best classifier and the linear ones."""

import math

import numpy as np
import pytest
from amplification_parts import SEEDS, problem, scale
from checks import assert_close
from hypothesis import given
from scipy import integrate, optimize, special

from randomfeatures.beyond.amplification_clusters import XORClusters, linear_error
from randomfeatures.beyond.amplification_training import (
    classification_error,
    linear_classifier,
    network,
)

# --- the law and its best classifier


@pytest.mark.claim("prop-bayes-xor", kind="Monte Carlo")
@pytest.mark.parametrize(("separation", "sigma", "flip"), [(0.7, 2.0, 0.1), (2.0, 0.3, 0.3)])
def test_four_neurons_have_the_bayes_error(separation, sigma, flip):
    clusters = XORClusters(d=4, separation=separation, sigma=sigma, flip=flip)
    x, clean, observed = clusters.sample(np.random.default_rng(3), 600_000)
    mu_1, mu_2 = clusters.mu_1, clusters.mu_2
    W, a = np.stack([mu_1, -mu_1, mu_2, -mu_2]), np.array([1.0, 1.0, -1.0, -1.0]) / 2
    score = network(W, a, x)
    assert np.allclose(score, (np.abs(x @ mu_1) - np.abs(x @ mu_2)) / 2, rtol=1e-12, atol=1e-12)
    bayes = clusters.bayes_error()
    for error, truth in (
        (classification_error(score, clean), bayes),
        (classification_error(score, observed), clusters.observed_error(bayes)),
    ):
        assert_close(truth, error, 4 * math.sqrt(error * (1 - error) / len(x)))
    assert_close(flip, np.mean(clean != observed), 4 * math.sqrt(flip * (1 - flip) / len(x)))


@pytest.mark.claim("prop-bayes-xor", kind="quadrature")
def test_the_bayes_error_is_the_mean_of_the_smaller_density():
    """E min(P(+1 | x), P(-1 | x)) in the plane of the centres, with the densities themselves and no
    classifier."""

    def bump(t):
        return np.exp(-(t**2) / 2) / math.sqrt(2 * math.pi)

    for s in (0.3, 1.0, 2.5):
        t = np.linspace(-s - 9, s + 9, 1201)
        along, across = (bump(t - s) + bump(t + s)) / 2, bump(t)
        smaller = np.minimum(np.outer(along, across), np.outer(across, along)) / 2
        integral = integrate.trapezoid(integrate.trapezoid(smaller, t), t)
        assert_close(XORClusters(d=7, separation=s, sigma=3.0).bayes_error(), integral, 1e-4)


def test_the_sample_has_its_means_and_covariance():
    clusters = XORClusters(d=3, separation=2.0, sigma=0.5, flip=0.2)
    x, clean, observed = clusters.sample(np.random.default_rng(0), 400_000)
    assert set(np.unique(observed)) == {-1.0, 1.0} == set(np.unique(clean))
    plus = x[clean > 0].T @ x[clean > 0] / np.sum(clean > 0)
    assert_close(
        np.diag(plus), [1.25, 0.25, 0.25], 0.004
    )  # E x x' = σ² I + μ_1 μ_1' for the label +1
    assert (
        np.max(np.abs(plus - np.diag(np.diag(plus)))) < 0.004 and np.max(np.abs(x.mean(0))) < 0.007
    )
    assert abs(np.mean(clean)) < 0.007
    # Flips do not look at x: the rate is the same in the four clusters.
    for side in (x[:, 0] > 0.8, x[:, 0] < -0.8, x[:, 1] > 0.8, x[:, 1] < -0.8):
        assert abs(np.mean(clean[side] != observed[side]) - 0.2) < 0.006


# --- linear classifiers


@pytest.mark.claim("prop-linear-xor", kind="identity")
@given(SEEDS)
def test_homogeneous_is_chance_and_a_threshold_never_below_a_quarter(seed):
    clusters, W, _, rng = problem(seed)
    for u in W:
        assert abs(linear_error(u, 0.0, clusters) - 0.5) < 1e-15
        for b in rng.standard_normal(5) * 10 ** rng.uniform(-2, 2, 5):
            assert 0.25 < linear_error(u, b, clusters) < 0.75
            assert abs(linear_error(u, b, clusters) + linear_error(-u, -b, clusters) - 1) < 1e-15


@pytest.mark.claim("prop-linear-xor", kind="identity")
def test_a_quarter_is_approached_on_mu_1():
    for s in (1.0, 3.0, 6.0):
        clusters = XORClusters(d=3, separation=s, sigma=0.7)
        truth = (3 * special.ndtr(-s / 2) + special.ndtr(3 * s / 2)) / 4
        assert_close(linear_error(clusters.mu_1, scale(clusters) ** 2 / 2, clusters), truth, 1e-15)
    assert linear_error(clusters.mu_1, scale(clusters) ** 2 / 2, clusters) < 0.252
    best = optimize.minimize_scalar(
        lambda b: linear_error(clusters.mu_1, b, clusters), bounds=(0, 20), method="bounded"
    ).fun
    assert 0.25 < best < 0.252


@pytest.mark.claim("prop-linear-xor", kind="Monte Carlo")
def test_linear_error_by_simulation():
    clusters = XORClusters(d=4, separation=1.5, sigma=2.0)
    x, clean, _ = clusters.sample(np.random.default_rng(1), 600_000)
    u, b = np.array([1.0, -0.4, 0.3, 0.0]), 2.5
    error = classification_error(x @ u - b, clean)
    assert_close(linear_error(u, b, clusters), error, 4 * math.sqrt(0.25 / len(x)))


@pytest.mark.claim("prop-linear-xor", kind="Monte Carlo")
def test_trained_linear_classifiers_tend_to_zero():
    """The population minimiser is zero, so the fit from n samples shrinks as n^(-1/2), and the
    trained classifier is at chance."""
    clusters = XORClusters(d=5, separation=3.0, flip=0.1)
    sizes = {}
    for n in (2000, 200_000):
        x, _, y = clusters.sample(np.random.default_rng(4), n)
        u, b = linear_classifier(x, y, ridge=1e-9)
        sizes[n] = np.hypot(np.linalg.norm(u), b)
        margin = y * (x @ u - b)
        assert (
            np.linalg.norm(special.expit(-margin) * y @ x / n)
            < 1e-5
            > abs(np.mean(special.expit(-margin) * y))
        )
    assert 0.03 < sizes[200_000] / sizes[2000] < 0.3 and sizes[2000] < 0.2
    assert abs(linear_error(u, b, clusters) - 0.5) < 0.01
    u, b = linear_classifier(x, y, ridge=1e-9, bias=False)
    assert b == 0.0 and u.shape == (5,)
