"""Thresholds: the tail by its series and by harmonics, the floor by symmetry, parity."""

import itertools
import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammainc

from randomfeatures.neighbours.thresholds import parity_network, quadrant_tail, threshold_floor

RADII, ANGLES = 40, 240


def disc_measure():
    """A measure with the symmetries of the square, equal weights, near the Gauss law."""
    radii = np.sqrt(-2 * np.log((np.arange(RADII) + 0.5) / RADII))
    angles = (np.arange(ANGLES) + 0.5) * math.tau / ANGLES
    return np.outer(radii, np.exp(1j * angles)).ravel()


def least_error(lines, biases, alpha):
    """The least squared error of the target rotated by alpha, by one layer with these neurons."""
    z = disc_measure()
    target = np.sign(np.sin(2 * (np.angle(z) - alpha)))
    neurons = [(z * np.exp(-1j * w)).real > b for w, b in zip(lines, biases, strict=True)]
    F = np.column_stack([np.ones(len(z)), *neurons])
    return np.mean((F @ np.linalg.lstsq(F, target, rcond=None)[0] - target) ** 2), np.abs(z)


@pytest.mark.claim("thm-thresholds", kind="identity")
@pytest.mark.parametrize("r", [0, 1, 2, 3, 10, 11, 1000])
def test_the_tail_is_one_less_the_largest_energies(r):
    energies = np.repeat(4 / (math.pi * (2 * np.arange(600) + 1)) ** 2, 2)
    assert_close(quadrant_tail(r), 1 - energies[:r].sum(), 1e-12)


@pytest.mark.claim("thm-thresholds", kind="identity")
def test_the_tail_is_of_the_order_stated():
    assert_close(10**6 * quadrant_tail(10**6), 4 / math.pi**2, 1e-6)
    for r in (10**12, 10**200, 10**299 + 1):
        assert_close(r * quadrant_tail(r), 4 / math.pi**2, 1e-11)


@pytest.mark.claim("thm-thresholds", kind="quadrature")
@pytest.mark.parametrize("r", [1, 2, 5])
def test_harmonics_attain_the_tail_and_no_random_space_does_better(r):
    phi = (np.arange(2000) + 0.5) * math.tau / 2000
    alphas = (np.arange(500) + 0.5) * math.tau / 2000
    waves = np.sign(np.sin(2 * (phi[:, None] - alphas)))
    pairs = [(f, 2 * (2 * j + 1)) for j in range(3) for f in (np.sin, np.cos)]
    best = np.array([f(n * phi) for f, n in pairs[:r]]).T * math.sqrt(2 / len(phi))
    error = 1 - np.mean(np.sum((best.T @ waves) ** 2, axis=0)) / len(phi)
    assert_close(error, quadrant_tail(r), 1e-3 * error)
    other, _ = np.linalg.qr(np.random.default_rng(r).standard_normal((len(phi), r)))
    assert 1 - np.mean(np.sum((other.T @ waves) ** 2, axis=0)) / len(phi) > quadrant_tail(r)


@pytest.mark.claim("thm-thresholds", kind="identity")
@given(seed=st.integers(0, 10**6), beta=st.floats(0.3, 2), alpha=st.floats(0, 3))
def test_lines_that_keep_away_leave_the_disc(seed, beta, alpha):
    """At least the share of the disc; neurons through the origin, however many, change nothing."""
    rng = np.random.default_rng(seed)
    lines = rng.uniform(0, math.tau, 12)
    biases = rng.choice([-1, 1], 12) * (beta + rng.exponential(1, 12))
    biases[:6] = 0
    error, lengths = least_error(lines, biases, alpha)
    assert error >= np.mean(lengths < beta) - 1e-9
    blind, _ = least_error(lines, np.zeros(12), alpha)
    assert abs(blind - 1) < 1e-9


@pytest.mark.claim("thm-thresholds", kind="identity")
def test_the_floor_is_the_probability_of_the_disc():
    """Half the squared length of a Gaussian vector in R^d has the gamma law of index d/2."""
    for beta in (0.2, 1.0, 3.0):
        assert_close(threshold_floor(beta), gammainc(2 / 2, beta**2 / 2), 1e-14)
    share = np.mean(np.abs(disc_measure()) < 1.2)
    assert abs(threshold_floor(1.2) - share) < 1 / RADII


@pytest.mark.claim("thm-thresholds", kind="identity")
@pytest.mark.parametrize("q", [1, 2, 3, 6])
def test_two_layers_compute_the_product_of_all_signs(q):
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=q)))
    assert np.array_equal(parity_network(signs), np.prod(signs, axis=1))


@pytest.mark.claim("thm-thresholds", kind="identity")
def test_one_layer_cannot_fit_the_four_quadrants_exactly():
    """Jumps: lines on both axes, and any others, leave an error on points around the origin."""
    lines = np.concatenate([[0.0, math.pi / 2], np.linspace(0.3, 3.0, 10)])
    biases = np.concatenate([[0.0, 0.0], np.linspace(-1, 1, 10)])
    error, _ = least_error(lines, biases, 0.0)
    assert error > 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: quadrant_tail(-1), "r must be an integer >= 0"),
        (lambda: threshold_floor(-0.1), "beta must be"),
        (lambda: parity_network(np.zeros((3, 0))), "x must have at least one column"),
        (lambda: parity_network([1.0, 2.0]), "x must have 2 axes"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_tail_that_is_no_float_is_refused():
    with pytest.raises(ArithmeticError, match="below 1e-300"):
        quadrant_tail(10**400)
