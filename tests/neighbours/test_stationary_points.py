"""Stationary points: the three models agree there and only there, the gap, its bound, the ridge."""

import math

import numpy as np
import pytest
from checks import assert_close
from scipy.optimize import minimize
from scipy.stats import ortho_group

from randomfeatures.beyond.lazy_training import (
    network_risk,
    neural_tangent_risk,
    random_features_risk,
)
from randomfeatures.neighbours.stationary_points import (
    ridge_distance,
    stationary_certificate,
    tangent_gap,
)


def stationary_network(seed, eigenvalues, kept, neurons):
    """B, and a network with M = BQ for the eigenvectors ``kept``: turned, with spare neurons."""
    rng = np.random.default_rng(seed)
    basis = ortho_group.rvs(len(eigenvalues), random_state=rng)
    weights, signs = [], []
    for sign in (1.0, -1.0):
        chosen = [i for i in kept if sign * eigenvalues[i] > 0]
        if not chosen:
            continue
        mixed = np.linalg.qr(rng.standard_normal((neurons, len(chosen))))[0]
        roots = np.sqrt(np.abs(np.take(eigenvalues, chosen)))
        weights.append(mixed * roots @ basis[chosen])
        signs += [sign] * neurons
    return basis.T * eigenvalues @ basis, np.vstack(weights), np.array(signs)


def risks(B, W, a):
    """RF, NT and NN at the weights W, NN with the best constant."""
    constant = -a @ np.sum(W**2, axis=1)
    network = network_risk(B, W, a, constant)
    return np.array([random_features_risk(B, W), neural_tangent_risk(B, W), network])


def by_least_squares(B, matrices):
    """The relative risk of the span of symmetric matrices."""
    span = np.array([M.ravel() for M in matrices]).T
    rest = B.ravel() - span @ np.linalg.lstsq(span, B.ravel())[0]
    return rest @ rest / np.sum(B**2)


@pytest.mark.claim("thm-stationary", kind="identity")
@pytest.mark.parametrize(
    ("eigenvalues", "kept"),
    [
        ([3.0, 2.0, 1.0, 0.5], [0, 1]),
        ([3.0, 2.0, 1.0, 0.5], [1, 3]),
        ([3.0, -2.5, 1.0, -0.5], [0, 3]),
    ],
)
@pytest.mark.parametrize("neurons", [2, 4])
def test_the_three_models_agree_where_the_matrix_is_that_of_an_invariant_space(
    eigenvalues, kept, neurons
):
    B, W, a = stationary_network(0, eigenvalues, kept, neurons)
    squares = np.square(eigenvalues)
    left = 1 - squares[kept].sum() / squares.sum()
    assert_close(risks(B, W, a), np.full(3, left), 1e-12)
    assert tangent_gap(B, W, a) < 1e-28
    assert tangent_gap(B, 1.02 * W, a) > 1e-4
    rest = B - (W.T * a) @ W
    assert np.linalg.norm(rest @ W.T) < 1e-13


@pytest.mark.claim("thm-stationary", kind="identity")
@pytest.mark.parametrize(("d", "N"), [(4, 1), (6, 3), (5, 7)])
def test_the_dimensions_of_the_rest_and_of_the_complement_of_the_features(d, N):
    W = np.random.default_rng(N).standard_normal((N, d))
    pairs = [(i, j) for i in range(d) for j in range(i + 1)]
    basis = [np.eye(d)[[i]].T @ np.eye(d)[[j]] for i, j in pairs]
    conditions = np.array([((E + E.T) @ W.T).ravel() for E in basis])
    p = d - np.linalg.matrix_rank(W)
    assert len(pairs) - np.linalg.matrix_rank(conditions) == p * (p + 1) // 2
    features = np.array([np.outer(w, w).ravel() for w in W])
    assert np.linalg.matrix_rank(features) == min(N, d * (d + 1) // 2)


@pytest.mark.claim("thm-stationary", kind="identity")
@pytest.mark.parametrize(("d", "N"), [(5, 1), (6, 3), (4, 6)])
def test_the_gap_is_what_least_squares_in_the_tangent_features_gains(d, N):
    rng = np.random.default_rng(d)
    B, W, a = rng.standard_normal((d, d)), 0.7 * rng.standard_normal((N, d)), rng.standard_normal(N)
    B = B + B.T
    crosses = [np.outer(e, w) + np.outer(w, e) for w in W for e in np.eye(d)]
    RF, NT, NN = risks(B, W, a)
    assert_close(tangent_gap(B, W, a), NN - by_least_squares(B, crosses), 1e-12)
    assert_close(NT, by_least_squares(B, crosses), 1e-12) if d > N else None
    assert NT <= RF <= NN
    assert tangent_gap(B, W, a) <= stationary_certificate(B, W, a)


@pytest.mark.claim("thm-stationary", kind="identity")
def test_the_bound_by_the_gradient_is_attained():
    """One neuron whose length is right for its direction: <w, Sw> = 0, and only turning is left."""
    rng = np.random.default_rng(3)
    B = rng.standard_normal((6, 6))
    B = B + B.T + 8 * np.eye(6)
    for a in (1.0, 0.3):
        w = rng.standard_normal(6)
        w *= math.sqrt(w @ B @ w / a) / (w @ w)
        bound = stationary_certificate(B, w[None], np.array([a]))
        assert_close(tangent_gap(B, w[None], np.array([a])), bound, 1e-12)
        assert bound > 0.01


@pytest.mark.claim("thm-stationary", kind="identity")
@pytest.mark.parametrize("seed", [0, 1])
def test_the_ridge_is_the_penalised_least_squares_solution(seed):
    """Over symmetric matrices with the norm of functions, 2 |M|²; the constant is free."""
    B, W, a = stationary_network(seed, [3.0, -2.5, 1.0, -0.5], [0, 1], 3)
    a, W = 4 * a, W / 2
    for penalty in (0.01, 1.0, 30.0):
        features = np.array([math.sqrt(2) * np.outer(w, w).ravel() for w in W]).T
        system = np.vstack([features, np.diag(np.sqrt(penalty / np.abs(a)))])
        right = np.append(math.sqrt(2) * B.ravel(), np.zeros(len(a)))
        u = np.linalg.lstsq(system, right)[0]
        apart = features @ (u - a)
        distance = ridge_distance(B, W, a, penalty)
        assert_close(distance, apart @ apart, 1e-10 * (1 + distance))
        assert distance <= penalty / 4 * np.sum(np.abs(a))


@pytest.mark.claim("thm-stationary", kind="identity")
@pytest.mark.parametrize("a", [1.0, -0.4])
def test_the_bound_on_the_ridge_is_attained(a):
    """One stationary neuron, the penalty being the squared norm of its feature."""
    eigenvalue = 3.0 * np.sign(a)
    W = np.array([[math.sqrt(eigenvalue / a), 0.0]])
    penalty = 2 * abs(a) * np.sum(W**2) ** 2
    distance = ridge_distance(np.diag([eigenvalue, 1.0]), W, np.array([a]), penalty)
    assert_close(distance, penalty * abs(a) / 4, 1e-12)


def network_on_examples(x, y, N):
    """Loss with gradient, and the features and tangent features, for σ = z² or 0.3 z² at z < 0."""
    n, d = x.shape

    def loss(p):
        z = x @ p[:-1].reshape(N, d).T
        side = np.where(z > 0, 1.0, 0.3)
        rest = np.sum(side * z**2, axis=1) + p[-1] - y
        slope = (2 * side * z * rest[:, None]).T @ x
        return np.mean(rest**2), 2 / n * np.append(slope, rest.sum())

    def spaces(p):
        z = x @ p[:-1].reshape(N, d).T
        side, one = np.where(z > 0, 1.0, 0.3), np.ones((n, 1))
        tangent = (side * z)[:, :, None] * x[:, None, :]
        return np.hstack([one, side * z**2]), np.hstack([one, tangent.reshape(n, -1)])

    return loss, spaces


@pytest.mark.claim("thm-stationary", kind="identity")
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_another_activation_on_examples(seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((200, 4))
    y = np.abs(x[:, 0]) + 0.5 * np.abs(x[:, 1] + x[:, 2])
    loss, spaces = network_on_examples(x, y, N=3)
    start = np.append(0.4 * rng.standard_normal(12), 0.0)
    trained = minimize(loss, start, jac=True, method="BFGS", tol=1e-12).x
    for p in (start, trained):
        fits = [A @ np.linalg.lstsq(A, y)[0] for A in spaces(p)]
        RF, NT = (np.mean((y - fit) ** 2) for fit in fits)
        if p is trained:
            assert_close([RF, NT], np.full(2, loss(p)[0]), 1e-9)
        else:
            assert NT < 0.98 * RF < 0.98 * loss(p)[0]


def test_turning_a_neuron_at_a_saddle_gains_what_the_exercise_says():
    eigenvalues, t = np.array([3.0, 2.0, -1.0]), 0.3
    u = np.array([math.sin(t), math.cos(t), 0.0])
    risk = network_risk(np.diag(eigenvalues), math.sqrt(2) * u[None], np.ones(1), -2.0)
    change = risk - (9 + 1) / 14
    assert_close(change, 2 * 2 * (2 - 3) * math.sin(t) ** 2 / 14, 1e-14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: tangent_gap(np.eye(2), np.zeros((1, 2)), [1.0]),
            "W must have shape .* a nonzero row",
        ),
        (
            lambda: tangent_gap(np.eye(2), np.ones((2, 2)), [1.0]),
            r"W must have shape \(N, d\) = \(1, 2\)",
        ),
        (
            lambda: stationary_certificate([[0.0, 1.0], [0.0, 0.0]], np.eye(2), [1, 1]),
            "B must be symmetric",
        ),
        (lambda: stationary_certificate(np.eye(2), np.eye(2), [1, math.nan]), "a must hold finite"),
        (
            lambda: ridge_distance(np.eye(2), np.eye(2), [1, 1], 0.0),
            "penalty must be .* > 0, got 0.0",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_lists_and_large_numbers_are_harmless():
    assert_close(tangent_gap([[3, 0], [0, 1]], [[1, 0]], [1]), 0.4, 1e-14)
    B, W = 1e200 * np.diag([3.0, 1.0]), 1e100 * np.array([[1.0, 0.0]])
    assert_close(tangent_gap(B, W, [1.0]), 0.4, 1e-14)
    assert_close(stationary_certificate(B, W, [1.0]), 0.8, 1e-14)


def test_the_ridge_has_the_units_of_the_target():
    """Scaling f and f_* by s scales the distance by s², at a penalty scaled by s."""
    B, W, a = stationary_network(5, [3.0, -2.5, 1.0, -0.5], [0, 1], 3)
    for s in (1e-3, 1e6):
        scaled = ridge_distance(s * B, W, s * a, 0.7 * s)
        assert_close(scaled / s**2, ridge_distance(B, W, a, 0.7), 1e-12)
