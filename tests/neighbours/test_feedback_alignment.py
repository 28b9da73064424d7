"""Feedback alignment: where training rests, the mean over feedback matrices, the law of a step."""

import numpy as np
import pytest
from checks import assert_close

from randomfeatures.neighbours.feedback_alignment import (
    alignment_invariant,
    feedback_bound,
    feedback_error,
)


def target(rng, sigma, d):
    k = len(sigma)
    left = np.linalg.qr(rng.standard_normal((k, k)))[0]
    right = np.linalg.qr(rng.standard_normal((d, k)))[0]
    return left * sigma @ right.T


def rest(A, B, W1):
    """The error after long training by feedback alignment from W1 and W2 = 0."""
    W2 = np.zeros((A.shape[0], B.shape[0]))
    for _ in range(3000):
        R = A - W2 @ W1
        W1, W2 = W1 + 0.2 * B @ R, W2 + 0.2 * R @ W1.T
    return np.sum((A - W2 @ W1) ** 2)


@pytest.mark.claim("thm-feedback", kind="identity")
@pytest.mark.parametrize("m", [1, 2, 3])
def test_training_rests_at_the_sketch(m):
    """From two starts with the same B; a target of rank 3 of 4 is learnt for m = 3."""
    rng = np.random.default_rng(m)
    A = target(rng, [1.0, 0.8, 0.6, 0.0], 5)
    B = rng.standard_normal((m, 4)) / 2
    error = feedback_error(A, B)
    for size in (0.01, 0.3):
        rested = rest(A, B, size * rng.standard_normal((m, 5)))
        if m == 3:
            assert max(rested, error) < 1e-12
        else:
            assert_close(rested, error, 1e-6)


@pytest.mark.claim("thm-feedback", kind="identity")
def test_a_stationary_point_with_more_directions_leaves_less():
    """B of rank 1 with two hidden units: V may hold a direction that BA does not have."""
    rng = np.random.default_rng(0)
    A = target(rng, [1.0, 0.8, 0.6], 4)
    B = np.outer([1.0, 2.0], rng.standard_normal(3))
    row = (B @ A)[:1]
    W1 = np.vstack([row, rng.standard_normal((1, 4))])
    P = np.linalg.pinv(W1) @ W1
    R = A @ (np.eye(4) - P)
    assert np.max(np.abs(B @ R)) < 1e-13
    one = A - A @ row.T @ row / np.sum(row**2)
    assert_close(feedback_error(A, B), np.sum(one**2), 1e-13)
    assert np.sum(R**2) < feedback_error(A, B)


@pytest.mark.claim("thm-feedback", kind="Monte Carlo")
def test_mean_over_gaussian_feedback_of_one_unit_and_two_outputs():
    """It is sigma_1 sigma_2, between sigma_2² and the bound sigma_1² + sigma_2²."""
    rng = np.random.default_rng(1)
    A = target(rng, [1.0, 0.5], 3)
    errors = [feedback_error(A, rng.standard_normal((1, 2))) for _ in range(12_000)]
    assert_close(np.mean(errors), 0.5, 4 * np.std(errors) / np.sqrt(12_000))
    assert np.std(errors) / np.sqrt(12_000) < 0.0025


@pytest.mark.claim("thm-feedback", kind="Monte Carlo")
@pytest.mark.parametrize(("s", "m"), [(1, 8), (2, 10)])
def test_the_bound_is_the_mean_of_the_sketch_in_its_proof(s, m):
    """|S_2|² + |G_1^+ G_2 S_2|² has exactly the mean of the bound at s, and is above the error."""
    rng = np.random.default_rng(s)
    sigma = np.array([4.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    values = []
    for _ in range(20_000):
        G = rng.standard_normal((m, 12))
        rows = np.linalg.lstsq(G[:, :s], G[:, s:], rcond=None)[0]
        values.append(np.sum(sigma[s:] ** 2) + np.sum((rows * sigma[s:]) ** 2))
        if len(values) < 50:
            assert feedback_error(np.diag(sigma), G) <= values[-1] + 1e-12
    mean = (1 + s / (m - s - 1)) * np.sum(sigma[s:] ** 2)
    assert_close(np.mean(values), mean, 4 * np.std(values) / np.sqrt(20_000))
    assert np.std(values) / np.sqrt(20_000) < 0.005 * mean
    assert feedback_bound(sigma, m) <= mean


@pytest.mark.claim("thm-feedback", kind="identity")
def test_the_bound_takes_the_best_split():
    sigma = [1.0, 3.0, 0.1]  # in any order
    assert_close(feedback_bound(sigma, 2), 10.01, 1e-13)
    assert_close(feedback_bound(sigma, 3), (1 + 1 / 1) * 1.01, 1e-13)
    assert_close(feedback_bound(sigma, 4), (1 + 2 / 1) * 0.01, 1e-13)
    assert feedback_bound(sigma, 5) == 0


@pytest.mark.claim("thm-feedback", kind="identity")
def test_a_step_changes_the_invariant_by_its_square():
    """With the logistic loss, two outputs and inputs drawn once; several steps of two lengths."""
    rng = np.random.default_rng(2)
    X, Y = rng.standard_normal((30, 4)), rng.integers(0, 2, (30, 2))
    W, U, B = (rng.standard_normal(shape) for shape in ((6, 4), (2, 6), (6, 2)))
    for h in (0.5, 0.1, 0.5):
        active = X @ W.T > 0
        e = Y - 1 / (1 + np.exp(-(X @ W.T * active) @ U.T))
        g = ((e @ B.T) * active).T @ X / 30
        v = e.T @ (X @ W.T * active) / 30
        new = alignment_invariant(W + h * g, U + h * v, B)
        lost = h**2 / 2 * np.sum(g**2, axis=1)
        assert np.max(lost) > 1e-5
        assert np.max(np.abs(new - alignment_invariant(W, U, B) + lost)) < 1e-13
        W, U = W + h * g, U + h * v


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: feedback_error(np.eye(2), np.eye(3)), "B must have a column for each row of A"),
        (lambda: feedback_error([1.0], np.eye(1)), "A must have 2 axes"),
        (lambda: feedback_bound([1.0, -1.0], 3), "singular_values must hold finite numbers >= 0"),
        (lambda: feedback_bound([1.0], 0), "m must be an integer >= 1, got 0"),
        (
            lambda: alignment_invariant(np.eye(2), np.eye(2), np.eye(3)),
            "W, U, B must have the shapes",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
