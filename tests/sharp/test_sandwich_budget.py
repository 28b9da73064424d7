"""The budget of given features and their mean error: by explicit features, by the kernel with
squared eigenvalues, by sampling."""

import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from neuron_parts import gram_mean_error

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.sphere import multiplicity, sample_sphere
from randomfeatures.sharp.optimum import optimal_error
from randomfeatures.sharp.sandwich_budget import budget, mean_error
from randomfeatures.sharp.spectrum import neuron_spectrum


def gram(v, w):
    return dual_relu(np.clip(v @ w.T, -1, 1))


@pytest.mark.claim("prop-mean-error", kind="identity")
@pytest.mark.parametrize(("d", "r"), [(3, 12), (6, 40), (15, 150)])
def test_budget(d, r):
    """D_0 and D_1 from the features |x| and x_j; the D_k add up to r, which no other constant
    does."""
    w = sample_sphere(np.random.default_rng(r), r, d)
    inverse, D = np.linalg.inv(gram(w, w)), budget(w, 120)
    eta_0 = math.exp(math.lgamma(d / 2) - math.lgamma((d + 1) / 2)) / (2 * math.sqrt(math.pi))
    assert_close(D[0], d * eta_0**2 * inverse.sum(), 1e-9 * D[0])  # <|x|/√d, σ_w> = √d η_0
    assert_close(D[1], np.sum(inverse * (w @ w.T)) / 4, 1e-9 * D[1])  # <x_j, σ_w> = w_j / 2
    assert np.all(D >= -1e-9) and all(D[k] <= multiplicity(d, k) + 1e-6 for k in range(121))
    assert -1e-6 < r - D.sum() < 0.02 * r
    assert np.all(D[3::2] == 0)


@pytest.mark.claim("prop-mean-error", kind="identity")
@pytest.mark.parametrize(("d", "r"), [(3, 12), (6, 40), (15, 150)])
def test_mean_error(d, r):
    """The mean by the kernel with squared eigenvalues; the sum that ends at K is above it, by at
    most the slack."""
    w, spectrum = sample_sphere(np.random.default_rng(r), r, d), neuron_spectrum(d, 300)
    truth = gram_mean_error(w, spectrum, 0.0)
    for K in (2, 10, 60):
        lower, upper = mean_error(w, K)
        D = budget(w, K)
        slack = spectrum[K + 2] * (r - D.sum())
        assert_close(upper, 0.5 - spectrum[: K + 1] @ D, 1e-15)
        assert upper - lower == pytest.approx(slack, abs=1e-16)
        assert lower - 1e-12 <= truth <= upper + 1e-12
    assert_close(upper, truth, 1e-6 * truth)


@pytest.mark.claim("prop-mean-error", kind="identity")
def test_the_slack_of_the_mean_error_is_not_far_too_large():
    """Features in the plane: most of what is beyond K = 2 is in degree 4, the omitted sum is over
    0.8 of its bound for two, and over 0.97 for seven at equal angles, which are all of degree 4 and
    below but for what they share with degree 10. So 3 % less would be wrong."""
    angle = 2 * np.pi * np.arange(7) / 7
    star = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    quotients = []
    for w in [*(sample_sphere(np.random.default_rng(seed), 2, 2) for seed in range(5)), star]:
        lower, upper = mean_error(w, 2)
        truth = gram_mean_error(w, neuron_spectrum(2, 300), 0.0)
        slack = neuron_spectrum(2, 4)[4] * (len(w) - budget(w, 2).sum())
        assert upper - lower == pytest.approx(slack, rel=1e-9)
        quotients.append((upper - truth) / (upper - lower))
    assert 0.8 < max(quotients[:5]) < 0.97 < quotients[5] < 1


@pytest.mark.claim("prop-mean-error", kind="Monte Carlo")
@pytest.mark.parametrize(("d", "r"), [(3, 12), (6, 40), (15, 150)])
def test_mean_error_over_sampled_directions(d, r):
    w, theta = (
        sample_sphere(np.random.default_rng(r), r, d),
        sample_sphere(np.random.default_rng(1), 4000, d),
    )
    c = gram(w, theta)
    errors = 0.5 - np.sum(c * np.linalg.solve(gram(w, w), c), axis=0)
    lower, upper = mean_error(w, 20)
    noise = 4 * errors.std() / math.sqrt(4000)
    assert noise < 0.2 * upper and lower - noise < errors.mean() < upper + noise
    assert optimal_error(d, r) < lower


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(2, 6), st.floats(-300, 300))
def test_lengths_repetitions_and_order_do_not_matter(seed, d, exponent):
    rng = np.random.default_rng(seed)
    w = sample_sphere(rng, 5, d)
    D = budget(w, 6)
    scales = 10 ** (exponent * rng.uniform(0, 1, (5, 1)))
    other = np.vstack([(w * scales)[::-1], w[:2]])  # repeated weights make G singular
    assert_close(budget(other, 6)[D > 0] / D[D > 0], np.ones(np.sum(D > 0)), 1e-5)
    assert budget(other, 6).sum() <= 5 + 1e-6


@pytest.mark.parametrize(
    ("weights", "degree", "message"),
    [
        (np.zeros((2, 3)), 2, "weights must have no zero row"),
        (np.ones((2, 1)), 2, "weights must have rows of at least 2"),
        (np.ones((0, 3)), 2, "weights must have rows"),
        (np.ones(3), 2, "weights must have 2 axes"),
        (np.full((2, 3), np.nan), 2, "weights must hold finite"),
        (np.eye(3), 3, "degree must be an even"),
        (np.eye(3), 0, "degree must be"),
    ],
)
def test_bad_arguments(weights, degree, message):
    for function in (budget, mean_error):
        with pytest.raises(ValueError, match=message):
            function(weights, degree)


def test_a_nearly_singular_gram_matrix_is_refused():
    w = sample_sphere(np.random.default_rng(0), 5, 3)
    w[1] = w[0] + 1e-5 * w[2]
    with pytest.raises(ArithmeticError, match="nearly singular"):
        budget(w, 4)
