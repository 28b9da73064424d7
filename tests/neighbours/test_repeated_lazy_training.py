"""Repeated lazy training: a round against the population step, the angle, the exact recovery."""

import math

import numpy as np
import pytest
from checks import assert_close

from randomfeatures.beyond.one_neuron import angle, population_gradient
from randomfeatures.beyond.one_neuron_rates import frozen_features_error
from randomfeatures.neighbours.repeated_lazy_training import (
    next_angle,
    recovery_probability,
    refit,
)


def circle(n):
    """n inputs in the plane on which the mean of f(x) is the Gaussian one, for f of degree 2.

    Only the direction and the mean squared length matter, and the directions are evenly spread.
    """
    phi = 2 * math.pi * (np.arange(n) + 0.5) / n
    return math.sqrt(2) * np.stack([np.cos(phi), np.sin(phi)], axis=1)


@pytest.mark.claim("thm-repeated-lazy", kind="quadrature")
@pytest.mark.parametrize("penalty", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("w", [[0.3, 1.2], [-2.0, 0.7], [5.0, -0.1]])
def test_a_round_on_the_population_is_a_step_of_gradient_descent(w, penalty):
    x, v, w = circle(200_000), np.array([1.3, 0.4]), np.array(w)
    step = w - 2 / (1 + 2 * penalty) * population_gradient(w, v)
    assert_close(refit(x, np.maximum(x @ v, 0), w, penalty=penalty), step, 1e-4)


@pytest.mark.claim("thm-repeated-lazy", kind="quadrature")
def test_blocks_solved_side_by_side_find_the_same():
    x, v, w = circle(200_000), np.array([1.3, 0.4]), np.array([0.3, 1.2])
    active = (x @ w > 0)[:, None] * x
    rest = np.maximum(x @ v, 0) - active @ w
    rest *= x @ w > 0
    parts = [np.linalg.lstsq(active[:, [j]], rest)[0][0] for j in (0, 1)]
    assert_close(w + parts, refit(x, np.maximum(x @ v, 0), w), 1e-4)


@pytest.mark.claim("thm-repeated-lazy", kind="quadrature")
@pytest.mark.parametrize("t", [0.2, 1.0, math.pi / 2, 2.5])
def test_what_a_round_leaves_and_the_angle_after_it(t):
    x, v, w = circle(200_000), np.array([1.0, 0.0]), np.array([math.cos(t), math.sin(t)])
    fitted = refit(x, np.maximum(x @ v, 0), w)
    left = np.mean(((x @ w > 0) * (x @ fitted) - np.maximum(x @ v, 0)) ** 2) / 0.5
    assert_close(left, frozen_features_error(t), 5e-5)
    assert_close(angle(fitted, v), next_angle(t), 1e-4)


@pytest.mark.claim("thm-repeated-lazy", kind="identity")
def test_the_next_angle_is_that_of_the_step_of_length_two():
    v = np.array([2.0, 0.0, 0.0])
    for t in (1e-6, 0.01, 0.7, 2.0, 3.0, 3.14):
        w = np.array([math.cos(t), math.sin(t), 0.0])
        after = angle(w - 2 * population_gradient(w, v), v)
        assert_close(next_angle(t), after, min(1e-10, 1e-3 * float(after)))
    assert_close(math.pi * next_angle(1e-4) / 1e-8, 1.0, 1e-7)
    assert float(next_angle(0.0)) == 0


@pytest.mark.claim("thm-repeated-lazy", kind="identity")
@pytest.mark.parametrize(("n", "d", "t"), [(5, 1, 0.3), (20, 10, 0.2), (60, 10, 1.0), (9, 9, 3.0)])
def test_the_probability_is_the_sum_over_the_numbers_of_active_examples(n, d, t):
    """Of m examples active and right, n - m not active: two of three cells of a multinomial law."""
    right = (math.pi - t) / (2 * math.pi)
    terms = [math.comb(n, m) * right**m * 0.5 ** (n - m) for m in range(d, n + 1)]
    total = math.fsum(terms)
    assert_close(recovery_probability(n, d, t), total, 1e-12 * total)


@pytest.mark.claim("thm-repeated-lazy", kind="Monte Carlo")
@pytest.mark.parametrize(("n", "d", "t"), [(12, 3, 0.1), (8, 4, 0.05)])
def test_the_share_of_exact_recoveries(n, d, t):
    runs, v = 60_000, np.eye(d)[0]
    w = np.cos(t) * v + np.sin(t) * np.eye(d)[1]
    x = np.random.default_rng(n).standard_normal((runs, n, d))
    fitted = refit(x, np.maximum(x @ v, 0), np.tile(3 * w, (runs, 1)))
    share = np.mean(np.linalg.norm(fitted - v, axis=1) < 1e-8)
    exact = recovery_probability(n, d, t)
    error = math.sqrt(exact * (1 - exact) / runs)
    assert 4 * error < 0.02 * exact
    assert_close(share, exact, 4 * error)


@pytest.mark.claim("thm-repeated-lazy", kind="identity")
def test_the_last_round_is_exact_on_one_side_of_the_condition_only():
    """The example nearest to the boundary of v lies in the plane in which w is turned."""
    rng, d, v = np.random.default_rng(4), 4, 2 * np.eye(4)[0]
    x = rng.standard_normal((40, d))
    x[:, 0] = np.sign(x[:, 0]) * np.maximum(np.abs(x[:, 0]), 0.5)
    alpha = 0.5 * np.min(np.abs(x[:, 0]) / np.linalg.norm(x, axis=1))
    x[0] = [-math.sin(alpha), math.cos(alpha), 0, 0]
    y = np.maximum(x @ v, 0)
    assert math.isclose(np.min(np.abs(x[:, 0]) / np.linalg.norm(x, axis=1)), math.sin(alpha))
    for factor, exact in ((0.99, True), (1.01, False)):
        t = factor * alpha
        w = np.array([math.cos(t), math.sin(t), 0, 0])
        distance = np.linalg.norm(refit(x, y, w) - v)
        assert distance < 1e-13 if exact else distance > 1e-4


@pytest.mark.claim("thm-repeated-lazy", kind="identity")
@pytest.mark.parametrize("penalty", [0.0, 0.2])
def test_the_round_minimises(penalty):
    rng = np.random.default_rng(5)
    x, y, w = rng.standard_normal((30, 4)), rng.standard_normal(30), rng.standard_normal(4)
    A = x[x @ w > 0]
    normal = A.T @ A / 30 + penalty * np.eye(4)
    solution = np.linalg.solve(normal, A.T @ y[x @ w > 0] / 30 + penalty * w)
    assert_close(refit(x, y, w, penalty=penalty), solution, 1e-12)


def test_with_few_active_examples_the_nearest_minimiser():
    x, y, w = np.array([[1.0, 1.0, 0.0], [-1.0, 5.0, 0.0]]), [4.0, 9.0], np.array([1.0, -0.5, 7.0])
    assert_close(refit(x, y, w), [2.75, 1.25, 7.0], 1e-12)
    assert refit(x, y, -np.abs(w)).tolist()[2] == -7.0
    none = refit(-np.abs(x), y, np.abs(w))
    assert none.tolist() == np.abs(w).tolist()


def test_a_batch_is_its_entries():
    rng = np.random.default_rng(6)
    x, y, w = (
        rng.standard_normal((3, 9, 2)),
        rng.standard_normal((3, 9)),
        rng.standard_normal((3, 2)),
    )
    single = [refit(x[i], y[i], w[i], penalty=0.1) for i in range(3)]
    assert_close(refit(x, y, w, penalty=0.1), single, 1e-14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: refit([[1.0, 0.0]], [1.0, 2.0], [1.0, 0.0]), "x, y, w must have shapes"),
        (lambda: refit([[1.0, math.nan]], [1.0], [1.0, 0.0]), "x must hold finite numbers"),
        (
            lambda: refit([[1.0, 0.0]], [1.0], [1.0, 0.0], penalty=-1),
            "penalty must be .* >= 0, got -1",
        ),
        (lambda: next_angle(math.pi), "angle must be a finite real number >= 0 and <= 3.14"),
        (lambda: recovery_probability(0, 1, 0.1), "n must be an integer >= 1, got 0"),
        (lambda: recovery_probability(10, 1.5, 0.1), "d must be an integer >= 1, got 1.5"),
        (lambda: recovery_probability(10, 2, 4.0), "angle must be .* <= 3.14159, got 4.0"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
