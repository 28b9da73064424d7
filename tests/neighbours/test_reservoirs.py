"""Reservoirs: the curve against the formula with the covariance, the ring, and the budget."""

import itertools

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import solve_discrete_lyapunov

from randomfeatures.neighbours.reservoirs import cyclic_memory, memory_curve


def reservoir(seed, r, radius):
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((r, r))
    return W * (radius / np.max(np.abs(np.linalg.eigvals(W)))), rng.standard_normal(r)


@pytest.mark.claim("thm-memory-budget", kind="identity")
@given(seed=st.integers(0, 10**6), r=st.integers(1, 5), radius=st.floats(0.1, 0.9))
def test_the_curve_is_the_formula_with_the_covariance_and_sums_to_r(seed, r, radius):
    """G by the discrete Lyapunov equation; its condition number limits the comparison."""
    W, w = reservoir(seed, r, radius)
    G = solve_discrete_lyapunov(W, np.outer(w, w))
    curve = memory_curve(W, w, 500)
    assert abs(curve.sum() - r) < 1e-6 * r
    if np.linalg.cond(G) < 1e6:
        steps = [np.linalg.matrix_power(W, k) @ w for k in range(6)]
        assert_close(curve[:6], [v @ np.linalg.solve(G, v) for v in steps], 1e-8)


@pytest.mark.claim("thm-memory-budget", kind="identity")
@pytest.mark.parametrize(("r", "rho"), [(1, 0.3), (3, 0.8), (20, 0.97)])
def test_the_memory_of_a_ring(r, rho):
    ring, first = rho * np.roll(np.eye(r), 1, axis=0), np.eye(r)[0]
    curve = [cyclic_memory(r, rho, k) for k in range(4 * r)]
    assert_close(memory_curve(ring, first, 4 * r), curve, 1e-12)
    assert_close(
        sum(curve) / (1 - rho ** (8 * r)), r, 1e-11 * r
    )  # the turns beyond: a geometric series


@pytest.mark.claim("thm-memory-budget", kind="identity")
def test_the_budget_of_a_nonlinear_state_over_all_functions_of_its_inputs():
    """Signs as inputs, a state of the last four: all 15 characters, by enumeration, share r."""
    signs = np.array(list(itertools.product([-1, 1], repeat=4)), dtype=float)
    subsets = [s for n in range(1, 5) for s in itertools.combinations(range(4), n)]
    characters = np.array([np.prod(signs[:, s], axis=1) for s in subsets])
    rng = np.random.default_rng(2)
    for r in (1, 3, 7):
        x = np.tanh(signs @ rng.standard_normal((4, r)) + rng.standard_normal(r))
        x = x - x.mean(axis=0)
        G, cross = x.T @ x / 16, characters @ x / 16
        capacity = np.sum(cross * np.linalg.solve(G, cross.T).T, axis=1)
        assert np.all((capacity >= -1e-12) & (capacity <= 1 + 1e-12))
        assert_close(capacity.sum(), r, 1e-9)  # the characters are complete
        assert capacity[:4].sum() < r  # and the delays alone are not


def test_units_that_are_not_reached_do_not_count():
    W = np.diag([0.5, 0.5, 0.2])
    assert_close(memory_curve(W, [1.0, 1.0, 0.0], 300).sum(), 1.0, 1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: memory_curve(np.eye(3), np.ones(3), 5), "W must forget"),
        (lambda: memory_curve(0.5 * np.eye(3), np.zeros(3), 5), "w must be a nonzero vector"),
        (lambda: memory_curve(0.5 * np.eye(3), np.ones(2), 5), "w must be a nonzero vector"),
        (lambda: memory_curve(0.5 * np.eye(3), np.ones(3), -1), "delays must be"),
        (lambda: cyclic_memory(3, 1.0, 2), "rho must be a finite real number > 0 and < 1, got 1.0"),
        (lambda: cyclic_memory(3, 0.0, 2), "rho must be a finite real number > 0 and < 1, got 0.0"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
