"""Conjugate gradients: each iterate is the best of its Krylov space."""

from itertools import islice

import numpy as np
import pytest
from scipy import linalg

from randomfeatures.foundations.linear_algebra import conjugate_gradients


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
