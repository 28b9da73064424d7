"""Depth: pieces, the deep square against x², random kinks by exact quadrature."""

import itertools
import math

import numpy as np
import pytest
from checks import assert_close

from randomfeatures.neighbours.depth import (
    random_kinks_bounds,
    square_by_depth,
    square_error_bound,
    square_fit_error,
)

NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)
NODES, WEIGHTS = (NODES + 1) / 2, WEIGHTS / 2


def mean_square(values_at, knots):
    """The mean square on [0, 1] of a function that is a polynomial between the knots, exactly."""
    total = 0.0
    for a, b in itertools.pairwise(knots):
        total += (b - a) * WEIGHTS @ values_at(a + (b - a) * NODES) ** 2
    return total


@pytest.mark.claim("thm-square", kind="identity")
@pytest.mark.parametrize("N", [0, 1, 4, 30])
def test_equal_kinks_attain_the_bound_of_one_layer(N):
    bound = square_error_bound([N])
    assert_close(square_fit_error(np.arange(1, N + 1) / (N + 1)) / bound, 1.0, 1e-12)


@pytest.mark.claim("thm-square", kind="one-sided")
def test_other_kinks_and_other_layers_are_above_the_bound():
    """One layer by least squares; two layers of three random neurons have at most 16 pieces."""
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1, 4001)
    for _ in range(20):
        assert square_fit_error(rng.random(5)) > square_error_bound([5])
        hidden = x[:, None]
        for _ in range(2):
            W = rng.standard_normal((hidden.shape[1], 3))
            hidden = np.maximum(hidden @ W - rng.random(3) * np.sum(W, axis=0), 0)
        kinks = np.abs(np.diff(hidden @ rng.standard_normal(3), 2)) > 1e-12
        runs = np.sum(kinks & ~np.append(False, kinks[:-1]))
        assert runs < round((1 / (180 * square_error_bound([3, 3]))) ** 0.25) == 16


@pytest.mark.claim("thm-square", kind="identity")
@pytest.mark.parametrize("L", [0, 1, 2, 3, 5])
def test_the_deep_square(L):
    """It is x² at the multiples of h, h²/4 above in the middle, and linear between."""
    h = 2.0**-L
    knots = np.arange(2**L + 1) * h
    middles = knots[:-1] + h / 2
    assert np.array_equal(square_by_depth(knots, L), knots**2)
    assert_close((square_by_depth(middles, L) - middles**2) * 4 ** (L + 1), np.ones(2**L), 1e-9)
    quarter = knots[:-1] + h / 4
    assert_close((square_by_depth(quarter, L) - quarter**2) / h**2, np.full(2**L, 3 / 16), 1e-9)
    error = mean_square(lambda x: square_by_depth(x, L) - x**2, knots)
    assert_close(error * 30 * 16**L, 1.0, 1e-9)
    moved = mean_square(lambda x: square_by_depth(x, L) - h**2 / 6 - x**2, knots)
    assert_close(moved / square_error_bound([2**L - 1]), 1.0, 1e-9)


@pytest.mark.claim("thm-square", kind="quadrature")
def test_one_random_kink():
    """The least error has the mean 1/480; best lines on both sides alone give the lower bound."""
    fitted = [square_fit_error([t]) for t in NODES]
    assert_close(WEIGHTS @ fitted, 1 / 480, 1e-14)
    lines = (NODES**5 + (1 - NODES) ** 5) / 180
    assert_close(WEIGHTS @ lines, random_kinks_bounds(1)[0], 1e-15)


def proof_error(kinks):
    """The error of the function in the proof of the upper bound, by exact integration."""
    knots = np.concatenate([[0], kinks, [1]])
    h = np.diff(knots)
    below = np.append(0, h**2) * 3 / 22 + np.append(h**2, 0) * 3 / 22
    below[[0, -1]] = 7 / 40 * h[[0, -1]] ** 2
    return mean_square(lambda x: np.interp(x, knots, knots**2 - below) - x**2, knots)


@pytest.mark.claim("thm-square", kind="quadrature")
def test_two_random_kinks():
    """Over the triangle of ordered kinks: lines, least squares, and the function of the proof."""
    lower, upper = random_kinks_bounds(2)
    lines = fitted = proof = 0.0
    for u, weight_u in zip(NODES, WEIGHTS, strict=True):
        for v, weight_v in zip(NODES, WEIGHTS, strict=True):
            kinks, weight = np.array([u * v, v]), 2 * v * weight_u * weight_v
            h = np.diff([0, *kinks, 1])
            lines += weight * np.sum(h**5) / 180
            fitted += weight * square_fit_error(kinks)
            proof += weight * proof_error(kinks)
    assert_close(lines, lower, 1e-15)
    assert_close(proof, (1 + 2 * 3951 / 4840) / 3 * upper, 1e-15)
    assert lower < fitted < proof < upper


@pytest.mark.claim("thm-square", kind="identity")
@pytest.mark.parametrize("N", [1, 2, 7, 30])
def test_the_bounds_are_quotients_of_factorials(N):
    lower, upper = random_kinks_bounds(N)
    assert_close(upper * math.factorial(N + 5) / math.factorial(N + 1), 1.0, 1e-13)
    assert_close(lower / upper, 2 / 3, 1e-14)


def test_kinks_in_any_order_twice_or_at_the_ends():
    assert_close(square_fit_error([0.7, 0.2, 0.7, 0, 1]), square_fit_error([0.2, 0.7]), 1e-17)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: square_error_bound([3, -1]), "width must be an integer >= 0, got -1"),
        (lambda: square_by_depth([1.5], 1), "x must hold finite numbers >= 0 and <= 1"),
        (lambda: square_by_depth([0.5], -1), "depth must be an integer >= 0, got -1"),
        (lambda: random_kinks_bounds(0), "kinks must be an integer >= 1, got 0"),
        (lambda: square_fit_error([0.5, -0.1]), "kinks must hold finite numbers >= 0 and <= 1"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
