"""Gradient descent from zero on samples, step by step by hand."""

import math

import numpy as np
import pytest

from randomfeatures.beyond.one_neuron_rates import first_step_error
from randomfeatures.beyond.one_neuron_samples import distances_from_zero
from randomfeatures.foundations.sphere import sample_sphere


@pytest.mark.parametrize("bias", [None, -0.4])
def test_the_distances_are_those_of_steps_by_hand(bias):
    found = distances_from_zero(np.random.default_rng(3), 50, 4, 0.3, bias, 0.7, 6)
    rng = np.random.default_rng(3)
    v, x = sample_sphere(rng, 1, 4)[0], rng.standard_normal((50, 4))
    if bias is not None:
        v, x = np.append(v, bias), np.hstack([x, np.ones((50, 1))])
    y = np.maximum(x @ v, 0) + 0.3 * rng.standard_normal(50)
    w, distances = 0.7 * (y @ x) / 50, []
    for _ in range(6):
        distances.append(math.dist(w, v))
        w = w - 0.7 * ((np.maximum(x @ w, 0) - y) * (x @ w > 0)) @ x / 50
    assert np.allclose(found, distances, rtol=1e-12)


@pytest.mark.claim("prop-first-step", kind="Monte Carlo")
def test_the_first_distance_has_the_proved_mean_square():
    rng, n, d, noise = np.random.default_rng(4), 30, 5, 0.4
    runs = [distances_from_zero(rng, n, d, noise, None, 2.0, 1)[0] ** 2 for _ in range(4000)]
    exact, sem = first_step_error(d, n, noise=noise), np.std(runs) / math.sqrt(4000)
    assert abs(np.mean(runs) - exact) < 4 * sem < 0.08 * exact


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "n must be an integer >= 1, got 0"),
        ({"noise": -1.0}, "noise must be a finite real number >= 0, got -1.0"),
        ({"step_size": 0.0}, "step_size must be a finite real number > 0, got 0.0"),
        ({"steps": 0}, "steps must be an integer >= 1, got 0"),
    ],
)
def test_what_cannot_be_run_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        distances_from_zero(np.random.default_rng(0), **({"n": 5, "d": 2} | options))
