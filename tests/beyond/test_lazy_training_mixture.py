"""The mixture of two Gaussians: risks against least squares on exact quadrature, the sandwich, the
best network."""

import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from lazy_training_parts import (
    SEEDS,
    exponential,
    few,
    least_squares,
    mixture_nodes,
    square_features,
    symmetric,
    tangent_features,
    weights,
    with_norm,
)
from scipy import optimize

from randomfeatures.beyond.lazy_training import (
    neural_network_risk,
    neural_tangent_risk,
    random_features_risk,
)
from randomfeatures.beyond.lazy_training_limits import neural_network_limit, random_features_limit
from randomfeatures.beyond.lazy_training_mixture import (
    mixture_neural_network_limit,
    mixture_neural_network_risk,
    mixture_neural_tangent_limit,
    mixture_neural_tangent_risk,
    mixture_random_features_limit,
    mixture_random_features_risk,
    mixture_risk,
    mixture_sandwich,
)

# --- the mixture


@pytest.mark.claim("lem-mixture-risk", kind="identity")
@few
@given(SEEDS)
def test_mixture_risk_against_exact_quadrature(seed):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 5))
    Delta, S = with_norm(symmetric(rng, d), rng.uniform(0.1, 0.95)), symmetric(rng, d)
    x, p, y = mixture_nodes(Delta)
    g = -np.sum((x @ S) * x, axis=1)
    direct = p @ (y - g + p @ g) ** 2
    assert_close(mixture_risk(Delta, S), direct, 1e-11 * direct)


@pytest.mark.claim("lem-mixture-risk", kind="identity")
@few
@given(SEEDS)
def test_mixture_risks_of_features_against_least_squares(seed):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(2, 5))
    Delta, W = (
        with_norm(symmetric(rng, d), rng.uniform(0.1, 0.95)),
        weights(rng, int(rng.integers(1, 8)), d),
    )
    x, p, y = mixture_nodes(Delta)
    unit = W[np.any(W != 0, axis=1)]
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    assert (
        abs(mixture_random_features_risk(Delta, W) - least_squares(square_features(x, unit), y, p))
        < 1e-7
    )
    assert_close(
        mixture_neural_tangent_risk(Delta, W), least_squares(tangent_features(x, unit), y, p), 1e-10
    )


def test_mixture_random_features_at_one_point():
    rng = np.random.default_rng(0)
    Delta, W = with_norm(symmetric(rng, 4), 0.9), rng.standard_normal((5, 4))
    x, p, y = mixture_nodes(Delta)
    assert_close(
        mixture_random_features_risk(Delta, W), least_squares(square_features(x, W), y, p), 1e-11
    )


@pytest.mark.claim("prop-mixture-sandwich", kind="certified")
@given(SEEDS)
def test_mixture_sandwich(seed):
    rng = np.random.default_rng(seed)
    d, N, delta = (
        int(rng.integers(3, 12)),
        int(rng.integers(1, 8)),
        float(10 ** rng.uniform(-2, -0.01)),
    )
    Delta, W = (
        with_norm(symmetric(rng, d) + rng.standard_normal() * np.eye(d), delta),
        rng.standard_normal((N, d)),
    )
    energy = np.sum(Delta**2)
    for risk, left in [
        (mixture_random_features_risk(Delta, W), random_features_risk(Delta, W)),
        (mixture_neural_tangent_risk(Delta, W), neural_tangent_risk(Delta, W)),
        (mixture_neural_network_risk(Delta, N), neural_network_risk(Delta, N)),
    ]:
        lower, upper = mixture_sandwich((1 - left) * energy, delta)
        assert lower - 1e-12 <= risk <= upper + 1e-12
    # Where all eigenvalues are δ or -δ the upper bound is attained; with -δ² for δ² it is the lower
    # one.
    V = np.linalg.qr(symmetric(rng, d))[0]
    Delta = delta * (V * rng.choice([-1.0, 1.0], d)) @ V.T
    assert_close(
        mixture_neural_tangent_risk(Delta, np.eye(d)),
        mixture_sandwich(d * delta**2, delta)[1],
        1e-12,
    )


def test_both_sides_of_the_sandwich_by_hand():
    assert_close(mixture_sandwich(3.0, 0.5), [1.5 / 4.5, 2.5 / 5.5], 1e-15)
    assert mixture_sandwich(0.0, 0.5) == (1.0, 1.0)


@pytest.mark.claim("thm-mixture-network", kind="identity")
@pytest.mark.parametrize("N", [1, 2, 3])
def test_best_network_of_the_mixture(N):
    rng = np.random.default_rng(N)
    d = 4
    Delta = with_norm(symmetric(rng, d), 0.9)
    value = mixture_neural_network_risk(Delta, N)
    lam, V = np.linalg.eigh(Delta)
    top = np.argsort(-np.abs(lam))[:N]
    m = np.sum(lam[top] ** 2 / (1 + lam[top] ** 2)) / 2
    best = (V[:, top] * (lam[top] / (1 + lam[top] ** 2) / (2 * (1 + m)))) @ V[:, top].T
    assert_close(mixture_risk(Delta, best), value, 1e-13)

    def risk(parameters):
        W, a = parameters[: N * d].reshape(N, d), parameters[N * d :]
        return mixture_risk(Delta, (W.T * a) @ W)

    found = [
        optimize.minimize(risk, rng.standard_normal(N * d + N), method="BFGS").fun for _ in range(5)
    ]
    assert min(found) >= value - 1e-9
    assert_close(min(found), value, 1e-5)


def test_all_neurons_and_all_tangent_features_are_the_same():
    rng = np.random.default_rng(1)
    Delta = with_norm(symmetric(rng, 6), 0.97)
    full = mixture_neural_network_risk(Delta, 6)
    assert_close(mixture_neural_tangent_risk(Delta, rng.standard_normal((6, 6))), full, 1e-12)
    assert_close(mixture_random_features_risk(Delta, rng.standard_normal((21, 6))), full, 1e-8)
    assert mixture_neural_network_risk(Delta, 0) == 1.0


def test_mixture_limits_are_those_of_small_deltas():
    rho, norm_squared, tau = 0.4, 1.7, 0.3
    left = {
        mixture_random_features_limit(rho, norm_squared, tau): random_features_limit(rho, tau),
        mixture_neural_tangent_limit(rho, norm_squared, tau): 0.6**2 * (1 - tau) + 0.6 * tau,
        mixture_neural_network_limit(rho, norm_squared, exponential): neural_network_limit(
            rho, exponential
        ),
    }
    for value, share in left.items():
        assert_close(value, mixture_sandwich((1 - share) * norm_squared, 0.0)[0], 1e-9)


def test_a_mixture_near_its_bound_is_solved_or_refused():
    rng = np.random.default_rng(2)
    d = 40
    frame = np.linalg.qr(rng.standard_normal((d, d)))[0]
    lam = rng.uniform(-1, 1, d) * (1 - 1e-7)
    lam[:2] = [1 - 1e-7, -(1 - 1e-7)]
    Delta, W = (frame * lam) @ frame.T, rng.standard_normal((20, d))
    # The same by a linear system for the matrices with PMP = 0, in a basis.
    P = np.eye(d) - np.linalg.pinv(W) @ W
    low = np.linalg.eigh(P)[1]  # the first 20 span the weights
    R = low.T @ Delta @ low
    basis = [(i, j) for i in range(d) for j in range(i, d) if i < 20]
    E = np.zeros((len(basis), d, d))
    for k, (i, j) in enumerate(basis):
        E[k, i, j] = E[k, j, i] = 1.0 if i == j else math.sqrt(0.5)
    A = np.eye(len(basis)) + E.reshape(len(basis), -1) @ (R @ E @ R).reshape(len(basis), -1).T
    b = E.reshape(len(basis), -1) @ R.ravel()
    assert_close(
        mixture_neural_tangent_risk(Delta, W), 1 / (1 + b @ np.linalg.solve(A, b) / 2), 1e-8
    )


def test_a_mixture_without_signal_has_risk_one():
    zero, W = np.zeros((2, 2)), np.ones((1, 2))
    assert (
        mixture_random_features_risk(zero, W)
        == mixture_neural_tangent_risk(zero, W)
        == mixture_neural_network_risk(zero, 1)
        == 1.0
    )


def dense_tangent_risk(Delta, W):
    """The equation S + Π(ΔSΔ) = ΠΔ for NT as one dense system, in the basis of its matrices."""
    d = len(Delta)
    frame = np.linalg.qr(W.T, mode="complete")[0]
    R = frame.T @ Delta @ frame
    pairs = [(i, j) for i in range(d) for j in range(i, d) if i < len(W)]
    E = np.zeros((len(pairs), d, d))
    for k, (i, j) in enumerate(pairs):
        E[k, i, j] = E[k, j, i] = 1.0 if i == j else math.sqrt(0.5)
    flat = E.reshape(len(pairs), -1)
    A = np.eye(len(pairs)) + flat @ (R @ E @ R).reshape(len(pairs), -1).T
    b = flat @ R.ravel()
    return 1 / (1 + b @ np.linalg.solve(A, b) / 2)


@pytest.mark.claim("lem-mixture-risk", kind="identity")
@pytest.mark.parametrize(("d", "N", "delta"), [(12, 4, 0.5), (24, 8, 0.9), (24, 16, 0.97)])
def test_the_tangent_risk_of_the_mixture_keeps_its_digits(d, N, delta):
    rng = np.random.default_rng(d + N)
    frame = np.linalg.qr(rng.standard_normal((d, d)))[0]
    Delta = (frame * np.linspace(-delta, delta, d)) @ frame.T
    W = rng.standard_normal((N, d))
    assert_close(mixture_neural_tangent_risk(Delta, W), dense_tangent_risk(Delta, W), 2e-13)
