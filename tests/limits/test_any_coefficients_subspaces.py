"""The best subspace against tuned features, and the energy that fitting needs."""

import math

import numpy as np
import pytest
from checks import assert_close

from randomfeatures.foundations import sphere
from randomfeatures.limits import (
    any_coefficients,
    bounded_coefficients,
    concentration,
    triangle_wave,
)
from randomfeatures.limits.anti_concentration import second_moment
from randomfeatures.limits.triangle_wave import sine_coefficients


def eigenvalues(d, R, max_degree):
    """The wave's eigenvalues, each repeated by its multiplicity, in decreasing order."""
    count = [sphere.multiplicity(d, n) for n in range(1, max_degree + 1, 2)]
    return np.repeat(np.exp(concentration.concentration_spectrum(d, R, max_degree)), count)


@pytest.mark.claim("prop-best-subspace", kind="quadrature")
@pytest.mark.parametrize("d, R, max_degree", [(3, 1.2, 61), (4, 1.0, 41), (6, 1.6, 41)])
def test_the_eigenvalues_with_their_multiplicities_sum_to_the_energy_of_the_wave(d, R, max_degree):
    total = np.sum(eigenvalues(d, R, max_degree))
    assert_close(
        total, second_moment(R), 3e-4
    )  # the degrees left out hold less than this: the wave's corners decay like n^-3


def wave_correlations(w, b, theta, R):
    """<cos(<w,x>+b), tri_theta>, shape (features, directions), in closed form."""
    total = 0
    for k, c in zip(*sine_coefficients(9), strict=True):
        k_alpha, size = k * math.pi * R / 2, np.sum(w**2, axis=1)[:, None]
        inner = w @ theta.T
        plus, minus = (
            np.exp(-(k_alpha**2 + size - sign * 2 * k_alpha * inner) / 2) for sign in (1, -1)
        )
        total = total - c * np.sin(b)[:, None] * (plus - minus) / 2
    return total


def gram_matrix(w, b):
    square = np.sum(w**2, axis=1)
    minus, plus = (
        np.exp(-(square[:, None] + square[None, :] - 2 * sign * (w @ w.T)) / 2)
        * np.cos(b[:, None] - sign * b[None, :])
        for sign in (1, -1)
    )
    return (minus + plus) / 2


@pytest.mark.claim("prop-best-subspace", kind="Monte Carlo")
def test_a_thousand_tuned_features_come_close_to_the_best_subspace_and_do_not_pass_it():
    d, R, rng = 3, 1.2, np.random.default_rng(5)
    theta = sphere.sample_sphere(rng, 4000, d)
    best = np.cumsum(eigenvalues(d, R, 21))
    for r, close in ((3, 0.2), (10, 0.3), (60, 0.8)):
        # Frequencies in a shell below the wave's own; b = pi/2 makes sines, what an odd wave sees.
        w, b = (
            rng.uniform(0.3, 1.0, (r, 1)) * math.pi * R / 2 * sphere.sample_sphere(rng, r, d),
            np.full(r, math.pi / 2),
        )
        values, vectors = np.linalg.eigh(gram_matrix(w, b))
        keep = (
            values > 1e-9 * values[-1]
        )  # a subspace of the span: what it captures the span captures
        c = (vectors[:, keep].T @ wave_correlations(w, b, theta, R)) / np.sqrt(values[keep])[
            :, None
        ]
        energy = np.sum(c**2, axis=0)
        mean, error = np.mean(energy), np.std(energy) / math.sqrt(len(energy))
        assert (
            4 * error < 0.02 * best[r - 1] or r < 60
        )  # the resolution at which the last comparison is made
        assert close * best[r - 1] < mean < best[r - 1] + 4 * error


@pytest.mark.claim("prop-random-subspace", kind="certified")
@pytest.mark.parametrize("d", [3, 10, 40, 300])
def test_the_expected_energy_that_fitting_needs_is_more_than_few_features_have(d):
    R, a = bounded_coefficients.hard_neurons(d, 1.0).R, bounded_coefficients.hard_neurons(d, 1.0).a
    scale = bounded_coefficients.hard_neurons(d, 1.0).scale
    budget = (
        2 * a / scale
    )  # errors of size 1 in each neuron, coefficients of total size 2 a, divided by the scale
    assert_close(budget, 0.25, 1e-12)
    needed = second_moment(R) - (budget + triangle_wave.truncation_bound(a, R)) ** 2
    assert 0.26 < needed < 0.28
    few = 0.999 * any_coefficients.width_bound(d)
    assert math.log(few) + concentration.log_concentration_exact(d, R) < math.log(needed)
    assert math.log(few) - d / 2 < math.log(0.25) < math.log(needed)
