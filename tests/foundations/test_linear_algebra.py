"""Lengths and angles of vectors of every size; <b, K⁺ b>; conjugate gradients, each iterate the
best of its Krylov space."""

import math
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg

from randomfeatures.foundations.linear_algebra import (
    angle_of_directions,
    binary_scale,
    conjugate_gradients,
    length_and_direction,
    pseudoinverse_form,
)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(NUMBERS, min_size=1, max_size=5))
def test_length_and_direction_of_vectors_of_every_size(entries):
    x, truth = np.array(entries), math.hypot(*entries)
    with np.errstate(over="ignore"):
        length, direction = length_and_direction(x)
    if truth > 1e-300:
        assert float(length) == truth or abs(float(length) / truth - 1) < 1e-15
        assert abs(np.linalg.norm(direction) - 1) < 1e-15
        if math.isfinite(truth):
            assert np.max(np.abs(direction - x / truth)) < 1e-15
    elif truth == 0:
        assert float(length) == 0 and not direction.any()
    else:  # numbers of few digits: no promise but a unit vector of the right signs
        assert abs(float(length) - truth) <= 2 * 5e-324 * len(entries)
        assert abs(np.linalg.norm(direction) - 1) < 1e-15 and np.all(direction * np.sign(x) >= 0)


@given(st.lists(NUMBERS, min_size=1, max_size=5))
def test_the_scale_is_a_power_of_two_near_the_largest_entry(entries):
    scale = float(binary_scale(np.array(entries))[0])
    largest = max(abs(entry) for entry in entries)
    assert math.frexp(scale)[0] == 0.5
    if largest >= 2.3e-308:
        assert scale / 2 <= largest * (1 + 1e-14) and largest / 4 <= scale
    else:
        assert scale == (2.0**-1022 if largest > 0 else 1.0)


def test_lengths_in_single_precision_and_in_torch():
    for number in (1e-40, 1e-30, 1e20, 3e38):
        for x in (
            np.array([[3 * number / 5, 4 * number / 5]], np.float32),
            torch.tensor([[3 * number / 5, 4 * number / 5]]),
        ):
            length, direction = length_and_direction(x)
            assert abs(float(length[0]) / number - 1) < (1e-6 if number > 1e-37 else 1e-4)
            assert abs(float(direction[0, 0]) - 0.6) < (1e-6 if number > 1e-37 else 1e-4)


@given(st.floats(-1.5, 1.5), st.floats(-16, 0))
def test_angles_keep_their_digits_near_zero_and_pi(start, exponent):
    small = 10**exponent
    v = np.array([math.cos(start), math.sin(start)])
    w = math.cos(small) * v + math.sin(small) * np.array([-v[1], v[0]])
    assert abs(float(angle_of_directions(w, v)) - small) < 4e-16
    assert abs(float(angle_of_directions(-w, v)) - (math.pi - small)) < 1e-15


def test_the_form_of_the_pseudoinverse_and_its_cut():
    rng = np.random.default_rng(3)
    x, b = rng.standard_normal((6, 4)), rng.standard_normal(6)
    K = x @ x.T  # of rank 4
    assert abs(float(pseudoinverse_form(K, b, cut=1e-10)) / (b @ np.linalg.pinv(K) @ b) - 1) < 1e-10
    values = np.diag([1.0, 1e-3, 1e-9])
    ones = np.ones(3)
    assert float(pseudoinverse_form(values, ones, cut=2e-9)) == pytest.approx(1001, rel=1e-14)
    assert float(pseudoinverse_form(values, ones, cut=5e-10)) == pytest.approx(
        1e9 + 1001, rel=1e-14
    )
    assert float(
        pseudoinverse_form(torch.tensor(values), torch.tensor(ones), cut=2e-9)
    ) == pytest.approx(1001, rel=1e-14)


def problem(n, m, seed=0):
    """A positive definite matrix, another one to precondition with, and right-hand sides."""
    rng = np.random.default_rng(seed)
    a, p = (x @ x.T / n + 0.1 * np.eye(n) for x in rng.standard_normal((2, n, n)))
    return a, p, rng.standard_normal((n, m))


def first(count, a, b, solve=None):
    """The start and the first iterates."""
    return list(islice(conjugate_gradients(lambda x: a @ x, b, preconditioner=solve), count + 1))


def best_in_krylov_space(a, p, b, k):
    """The u in span((P^-1 A)^j P^-1 b, j < k) of the least <u, Au>/2 - <b, u>."""
    columns = [np.linalg.solve(p, b)]
    for _ in range(k - 1):
        columns.append(np.linalg.solve(p, a @ columns[-1]))
    basis = linalg.qr(np.array(columns).T, mode="economic")[0]
    return basis @ np.linalg.solve(basis.T @ a @ basis, basis.T @ b)


@pytest.mark.parametrize("preconditioned", [False, True])
def test_iterate_k_is_the_best_of_the_krylov_space(preconditioned):
    a, p, b = problem(9, 3)
    p = p if preconditioned else np.eye(9)
    solve = (lambda r: np.linalg.solve(p, r)) if preconditioned else None
    start, *iterates = first(6, a, b, solve)
    assert not start.solution.any() and np.array_equal(start.residual, b)
    for k, it in enumerate(iterates, 1):
        truth = np.array([best_in_krylov_space(a, p, column, k) for column in b.T]).T
        size = np.sum(it.residual * np.linalg.solve(p, it.residual), axis=0)
        assert np.allclose(it.solution, truth, atol=1e-9)
        assert np.allclose(it.residual, b - a @ it.solution, atol=1e-12)
        assert np.allclose(it.size, size, rtol=1e-9)
        assert len(it.steps) == len(it.turns) == k


def test_steps_and_turns_give_the_tridiagonal_matrix():
    """After n steps its eigenvalues are those of P^-1 A; with one turn 2 % off they are not."""
    a, p, b = problem(6, 1)
    last = first(6, a, b, lambda r: np.linalg.solve(p, r))[-1]
    step, turn = np.array(last.steps)[:, 0], np.array(last.turns)[:-1, 0]

    def eigenvalues(turn):
        diagonal = 1 / step + np.append(0, turn / step[:-1])
        return linalg.eigvalsh_tridiagonal(diagonal, np.sqrt(turn) / step[:-1])

    truth = linalg.eigvalsh(a, p)
    assert np.allclose(eigenvalues(turn), truth, rtol=1e-9)
    for k in range(5):
        wrong = np.where(np.arange(5) == k, 1.02, 1.0)
        assert not np.allclose(eigenvalues(wrong * turn), truth, rtol=1e-5)


def test_a_solved_column_stays_and_its_neighbours_go_on():
    a, _, b = problem(8, 2)
    b[:, 0] = 0
    last = first(11, a, b)[-1]
    assert np.all(last.solution[:, 0] == 0) and all(step[0] == 0 for step in last.steps)
    assert np.allclose(a @ last.solution, b, atol=1e-9) and np.all(np.isfinite(last.size))


def test_nothing_is_changed_in_place():
    a, _, b = problem(5, 2)
    b.flags.writeable = False
    iterates = first(3, a, b)
    assert not iterates[0].solution.any() and np.array_equal(iterates[0].residual, b)
    assert not np.array_equal(iterates[2].solution, iterates[3].solution)


def test_torch_gives_the_numbers_of_numpy():
    torch = pytest.importorskip("torch")
    a, _, b = problem(7, 2)
    there, here = first(4, *map(torch.from_numpy, (a, b)))[-1], first(4, a, b)[-1]
    assert np.allclose(there.solution.numpy(), here.solution, rtol=1e-9)
