"""Euler layers: all activation patterns; the price against the best stable function on a grid."""

import itertools
import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial.hermite_e import hermegauss
from scipy.optimize import lsq_linear

from randomfeatures.limits.triangle_wave import triangle_wave
from randomfeatures.neighbours.dynamical_systems import (
    euler_layer,
    layer_lipschitz,
    stability_price,
)


@pytest.mark.claim("thm-euler-layer", kind="identity")
@given(seed=st.integers(0, 10**6), m=st.integers(1, 4), step=st.floats(0.1, 4.0))
def test_the_lipschitz_constant_is_the_largest_jacobian_over_all_patterns(seed, m, step):
    """For independent rows every pattern occurs: some x solves Ax + b = the pattern's signs."""
    rng = np.random.default_rng(seed)
    A, b = rng.standard_normal((m, 4)), rng.standard_normal(m)
    h, sizes = step / np.linalg.norm(A, 2) ** 2, []
    for pattern in itertools.product([-1.0, 1.0], repeat=m):
        x = np.linalg.pinv(A) @ (np.array(pattern) - b)
        moved = euler_layer(x + 1e-3 * np.eye(4), A, b, h) - euler_layer(x, A, b, h)
        if np.linalg.norm(A, 2) < 900:  # then the steps stay in the pattern's region
            sizes.append(np.linalg.norm(moved / 1e-3, 2))
    assert_close(max(sizes), layer_lipschitz(A, h), 1e-8)


@pytest.mark.claim("thm-euler-layer", kind="identity")
def test_one_row_at_the_largest_stable_step_is_a_fold():
    rng = np.random.default_rng(1)
    a, x = rng.standard_normal(3), rng.standard_normal((200, 3))
    b = 0.4
    y = euler_layer(x, a[None, :], [b], 2 / (a @ a))
    before, after = x @ a + b, y @ a + b
    assert_close(after, -np.abs(before), 1e-13)
    assert_close(y - np.outer(after - before, a) / (a @ a), x, 1e-13)


@pytest.mark.claim("thm-euler-layer", kind="quadrature")
@pytest.mark.parametrize("scale", [1.5, 4.0])
def test_the_prices_of_one_piece_and_of_two_are_attained(scale):
    """λz by z, λ|z| by |z| plus a constant; Gauss quadrature on the line, and on the half line."""
    z, weight = hermegauss(60)
    weight = weight / weight.sum()
    assert_close(weight @ (scale * z - z) ** 2, stability_price(scale, []), 1e-12)
    t = (np.arange(400_000) + 0.5) / 20_000
    density = np.exp(-(t**2) / 2) * math.sqrt(2 / math.pi) / 20_000
    left = (scale - 1) * (t - math.sqrt(2 / math.pi))
    assert_close(density @ left**2, stability_price(scale, [0.0]), 1e-8)


def best_stable_error(target):
    """Least mean squared error of a function with slopes in [-1, 1] on a grid."""
    z = np.arange(-120, 121) / 24
    steps = np.tril(np.ones((len(z), len(z))), -1)[:, :-1] / 24
    weight = np.exp(-(z**2) / 4)[:, None] / math.sqrt(24 * math.sqrt(2 * math.pi))
    limits = np.r_[np.inf, np.ones(len(z) - 1)]
    columns = np.column_stack([np.ones(len(z)), steps])
    fit = lsq_linear(weight * columns, weight[:, 0] * target(z), bounds=(-limits, limits))
    return 2 * fit.cost


@pytest.mark.claim("thm-euler-layer", kind="one-sided")
@pytest.mark.parametrize(
    ("target", "scale", "breaks", "gap"),
    [
        (lambda z: 3 * z, 3.0, [], 0.004),
        (lambda z: 2 * np.abs(z), 2.0, [0.0], 0.004),
        (lambda z: triangle_wave(2 * z), 2.0, np.arange(-31, 32, 2) / 2, 0.1),
    ],
)
def test_the_best_stable_function_pays_the_price(target, scale, breaks, gap):
    """The first two are attained, up to the grid; the wave's minimum is a little above."""
    best, price = best_stable_error(target), stability_price(scale, breaks)
    assert price * 0.996 < best < price * (1 + gap)


@pytest.mark.claim("thm-euler-layer", kind="quadrature")
def test_the_price_of_the_wave_is_a_sum_of_conditional_variances():
    R = 2.5
    breaks = np.arange(-51, 52, 2) / R
    edges, total = np.r_[-12.0, breaks[np.abs(breaks) < 12], 12.0], 0.0
    nodes, weights = np.polynomial.legendre.leggauss(40)
    for a, b in itertools.pairwise(edges):
        z = (a + b) / 2 + (b - a) / 2 * nodes
        mass = weights * np.exp(-(z**2) / 2) * (b - a) / 2 / math.sqrt(2 * math.pi)
        wave = triangle_wave(R * z)
        mean = mass @ wave / mass.sum()
        total += mass @ (wave - mean) ** 2
    assert_close(stability_price(R, breaks), (1 - 1 / R) ** 2 * total, 1e-12)


def test_breaks_far_out_cost_nothing():
    assert stability_price(2.0, [-60.0, -50.0, 50.0, 60.0]) == 1.0


@pytest.mark.parametrize("edge", [6.0, 8.1])
def test_a_break_costs_the_same_on_both_sides(edge):
    """With Φ itself in place of its complement the upper tail would be off by more."""
    assert_close(stability_price(2.0, [edge]), stability_price(2.0, [-edge]), 1e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: euler_layer(np.ones(3), np.eye(2), np.ones(2), 1.0), "x, A, b must have shapes"),
        (lambda: euler_layer(np.ones(2), np.eye(2), np.ones(3), 1.0), "x, A, b must have shapes"),
        (lambda: euler_layer(np.ones(2), np.eye(2), np.ones(2), 0.0), "h must be"),
        (lambda: layer_lipschitz([[1.0, 0.0], [2.0, 0.0]], 1.0), "A must have independent rows"),
        (lambda: layer_lipschitz(np.eye(2), -1.0), "h must be a finite real number > 0, got -1.0"),
        (lambda: stability_price(0.5, []), "scale must be a finite real number >= 1, got 0.5"),
        (lambda: stability_price(2.0, [0.0, 0.0]), "breaks must increase"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
