"""Lazy training on quadratics: risks of given weights against least squares on exact quadrature;
arguments."""

import itertools
import math

import numpy as np
import pytest
import torch
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from lazy_training_parts import (
    SEEDS,
    few,
    gaussian_nodes,
    least_squares,
    square_features,
    symmetric,
    tangent_features,
    weights,
    with_norm,
)
from scipy import optimize

from randomfeatures.beyond.lazy_training import (
    network_risk,
    neural_network_risk,
    neural_tangent_risk,
    random_features_risk,
    signed_network_risk,
    trace_share,
)
from randomfeatures.beyond.lazy_training_descent import train_mixture_network, train_network
from randomfeatures.beyond.lazy_training_limits import (
    captured_identity_bounds,
    expected_neural_tangent_risk,
    expected_random_features_risk,
    general_random_features_formula,
    neural_tangent_limit,
    random_features_limit,
)
from randomfeatures.beyond.lazy_training_mixture import (
    mixture_neural_network_risk,
    mixture_neural_tangent_risk,
    mixture_random_features_limit,
    mixture_random_features_risk,
    mixture_risk,
    mixture_sandwich,
)


def target(x, B):
    return np.sum((x @ B) * x, axis=1) - np.trace(B)


# --- the risks of given weights


@pytest.mark.claim("lem-risk-of-matrix", kind="identity")
@few
@given(SEEDS)
def test_risk_of_a_network_against_exact_quadrature(seed):
    rng = np.random.default_rng(seed)
    d, N = int(rng.integers(1, 5)), int(rng.integers(1, 6))
    B, W, a, c = (
        symmetric(rng, d),
        rng.standard_normal((N, d)),
        rng.standard_normal(N),
        rng.standard_normal(),
    )
    x, p = gaussian_nodes(d)
    f = target(x, B)
    assert_close(p @ f**2, 2 * np.sum(B**2), 1e-11 * np.sum(B**2))
    value = network_risk(B, W, a, c)
    assert_close(
        value, p @ (f - square_features(x, W) @ a - c) ** 2 / (p @ f**2), 1e-12 * (1 + value)
    )
    M = (W.T * a) @ W
    assert_close(
        network_risk(B, W, a, -np.trace(M)),
        np.sum((B - M) ** 2) / np.sum(B**2),
        1e-12 * (1 + value),
    )


@pytest.mark.claim("prop-square-features", kind="identity")
@few
@given(SEEDS)
def test_square_features_against_least_squares(seed):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(2, 5))
    # Two features fewer than the matrices have dimensions, so that something is left.
    B, W = symmetric(rng, d), weights(rng, int(rng.integers(1, d * (d + 1) // 2 - 1)), d)
    x, p = gaussian_nodes(d)
    direct = least_squares(
        square_features(x, W / np.maximum(np.linalg.norm(W, axis=1, keepdims=True), 1e-300)),
        target(x, B),
        p,
    )
    assert abs(random_features_risk(B, W) - direct / (2 * np.sum(B**2))) < 1e-8


def test_square_features_at_one_point():
    rng = np.random.default_rng(0)
    B, W = symmetric(rng, 4), rng.standard_normal((5, 4))
    x, p = gaussian_nodes(4)
    direct = least_squares(square_features(x, W), target(x, B), p) / (2 * np.sum(B**2))
    assert_close(random_features_risk(B, W), direct, 1e-11)
    # The distance of B from the span of the w w^T, as matrices.
    span = np.stack([np.outer(w, w).ravel() for w in W], axis=1)
    residual = B.ravel() - span @ np.linalg.lstsq(span, B.ravel())[0]
    assert_close(random_features_risk(B, W), residual @ residual / np.sum(B**2), 1e-11)


@pytest.mark.parametrize("activation", ["square", "relu"])
def test_nearly_equal_weights_count_as_one_or_are_resolved(activation):
    rng = np.random.default_rng(6)
    B, W, turn = symmetric(rng, 6), rng.standard_normal((5, 6)), rng.standard_normal((5, 6))
    alone = random_features_risk(B, W, activation)
    for angle in (0.0, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7):
        assert_close(
            random_features_risk(B, np.concatenate([W, W + angle * turn]), activation), alone, 1e-7
        )
    if activation == "square":
        # Farther apart a pair is its two matrices w w^T and, to first order in the angle, w turn^T
        # + turn w^T.
        span = np.stack(
            [np.outer(w, w).ravel() for w in W]
            + [(np.outer(w, t) + np.outer(t, w)).ravel() for w, t in zip(W, turn, strict=True)],
            0,
        )
        residual = B.ravel() - span.T @ np.linalg.lstsq(span.T, B.ravel())[0]
        pairs = random_features_risk(B, np.concatenate([W, W + 1e-4 * turn]))
        assert_close(pairs, residual @ residual / np.sum(B**2), 1e-3 * pairs)


@pytest.mark.claim("prop-tangent-risk", kind="identity")
@few
@given(SEEDS)
def test_tangent_features_against_least_squares(seed):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(2, 5))
    B, W = symmetric(rng, d), weights(rng, int(rng.integers(1, d)), d)
    x, p = gaussian_nodes(d)
    unit = W[np.any(W != 0, axis=1)]
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    direct = least_squares(tangent_features(x, unit), target(x, B), p) / (2 * np.sum(B**2))
    assert_close(neural_tangent_risk(B, W), direct, min(1e-9, direct / 100))
    full = rng.standard_normal((d, d))
    assert neural_tangent_risk(B, full) == 0.0 == neural_tangent_risk(B, np.concatenate([full, W]))


@pytest.mark.claim("thm-network-rank", kind="identity")
@pytest.mark.parametrize("signs", ["all", "plus"])
def test_the_best_network_is_the_best_approximation_of_rank_N(signs):
    rng = np.random.default_rng(3)
    d, N = 5, 2
    B = symmetric(rng, d) if signs == "all" else (root := rng.standard_normal((d, d))) @ root.T
    value = neural_network_risk(B, N)
    lam, V = np.linalg.eigh(B)
    top = np.argsort(-np.abs(lam))[:N]
    assert_close(network_risk(B, V[:, top].T, lam[top], -np.sum(lam[top])), value, 1e-13)

    def risk(parameters):
        W = parameters[: N * d].reshape(N, d)
        a = parameters[N * d :] if signs == "all" else np.ones(N)
        return network_risk(B, W, a, -float(a @ np.sum(W**2, axis=1)))

    found = [
        optimize.minimize(risk, rng.standard_normal(N * d + N), method="BFGS").fun for _ in range(6)
    ]
    assert min(found) >= value - 1e-9
    assert_close(min(found), value, 1e-5)
    assert (
        neural_network_risk(B, 0) == 1.0
        and neural_network_risk(B, d) == neural_network_risk(B, 10 * d) == 0.0
    )


@pytest.mark.claim("thm-network-rank", kind="identity")
@pytest.mark.parametrize(("plus", "minus"), [(1, 0), (0, 2), (1, 1), (2, 1), (4, 0)])
def test_the_best_network_with_given_signs(plus, minus):
    """Part 2, B with three positive and two negative eigenvalues: minimisation over the weights
    finds 1 - l / |B|² and nothing below."""
    rng, lam = np.random.default_rng(10 * plus + minus), np.array([2.5, 1.1, 0.4, -0.9, -1.7])
    Q = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    B, a = Q @ np.diag(lam) @ Q.T, np.array([1.0] * plus + [-1.0] * minus)
    caught = [2.5, 1.1, 0.4][:plus] + [-1.7, -0.9][:minus]
    value = 1 - np.sum(np.square(caught)) / np.sum(lam**2)
    assert_close(signed_network_risk(B, plus, minus), value, 1e-13)

    def risk(parameters):
        W = parameters.reshape(-1, 5)
        return network_risk(B, W, a, -float(a @ np.sum(W**2, axis=1)))

    found = [
        optimize.minimize(risk, rng.standard_normal(5 * len(a)), method="BFGS").fun
        for _ in range(6)
    ]
    assert min(found) >= value - 1e-9
    assert_close(min(found), value, 1e-5)


def polar_nodes(W):
    """Nodes for N(0, I_2), exact to 1e-12 for functions that are smooth in the angle between the
    zeros of the <w, x>."""
    zeros = np.concatenate([np.arctan2(W[:, 1], W[:, 0]) + s * np.pi / 2 for s in (1, -1)]) % (
        2 * np.pi
    )
    ends = np.unique(np.concatenate([zeros, [0, 2 * np.pi]]))
    t, p = np.polynomial.legendre.leggauss(16)
    phi = np.concatenate([(a + b) / 2 + (b - a) / 2 * t for a, b in itertools.pairwise(ends)])
    p_phi = np.concatenate([(b - a) / 2 * p for a, b in itertools.pairwise(ends)]) / (2 * np.pi)
    t, p = np.polynomial.legendre.leggauss(50)
    r = 6 * (t + 1)
    p_r = 6 * p * r * np.exp(-(r**2) / 2)
    x = np.stack([np.outer(r, np.cos(phi)), np.outer(r, np.sin(phi))], axis=-1).reshape(-1, 2)
    return x, np.outer(p_r, p_phi).ravel()


@pytest.mark.claim("prop-relu-risk", kind="quadrature")
@pytest.mark.parametrize("N", [1, 2, 3, 6])
def test_relu_features_against_least_squares(N):
    rng = np.random.default_rng(N)
    B, W = symmetric(rng, 2), rng.standard_normal((N, 2))
    x, p = polar_nodes(W)
    assert abs(p.sum() - 1) < 1e-12
    direct = least_squares(np.maximum(x @ W.T, 0), target(x, B), p) / (2 * np.sum(B**2))
    assert_close(random_features_risk(B, W, "relu"), direct, 1e-9)
    assert_close(random_features_risk(B, np.concatenate([W, 2 * W]), "relu"), direct, 1e-7)


# --- arguments


def test_torch_arrays_give_the_same_numbers():
    rng = np.random.default_rng(0)
    B, W = symmetric(rng, 5), rng.standard_normal((3, 5))
    Delta = with_norm(B, 0.6)
    cases = [(f, A, W) for f, A in [(random_features_risk, B), (neural_tangent_risk, B)]]
    cases += [
        (mixture_random_features_risk, Delta, W),
        (mixture_neural_tangent_risk, Delta, W),
        (mixture_risk, Delta, B),
    ]
    for function, *arrays in cases:
        value = function(*map(torch.asarray, arrays))
        assert type(value) is float
        assert_close(value, function(*arrays), 1e-12)
    assert_close(
        random_features_risk(torch.asarray(B), torch.asarray(W), "relu"),
        random_features_risk(B, W, "relu"),
        1e-12,
    )
    assert_close(neural_network_risk(torch.asarray(B), 2), neural_network_risk(B, 2), 1e-14)
    assert_close(
        mixture_neural_network_risk(torch.asarray(Delta), 2),
        mixture_neural_network_risk(Delta, 2),
        1e-14,
    )
    assert_close(trace_share(torch.asarray(B)), trace_share(B), 1e-14)
    gamma = torch.eye(5, dtype=torch.float64) / 5
    assert_close(
        general_random_features_formula(torch.asarray(B), gamma, 7, "relu"),
        general_random_features_formula(B, gamma.numpy(), 7, "relu"),
        1e-13,
    )


GOOD, W = np.diag([1.0, 2.0]), np.ones((1, 2))


SMALL = GOOD / 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: trace_share(np.array([[1.0, 2.0], [0.0, 1.0]])), "B must be symmetric"),
        (lambda: trace_share(np.zeros((2, 2))), "B must not be zero"),
        (lambda: trace_share(np.ones((2, 3))), r"B must be a square matrix .* \(2, 3\)"),
        (lambda: neural_tangent_risk(np.array([[np.nan]]), np.ones((1, 1))), "B must hold finite"),
        (
            lambda: random_features_risk(GOOD, np.ones((1, 3))),
            r"W must have 2 columns, as B has, got shape \(1, 3\)",
        ),
        (
            lambda: random_features_risk(GOOD, np.zeros((3, 2))),
            "W must have at least one nonzero row",
        ),
        (
            lambda: random_features_risk(GOOD, np.zeros((0, 2))),
            "W must have at least one nonzero row",
        ),
        (lambda: random_features_risk(GOOD, W, "tanh"), "activation must be .* got 'tanh'"),
        (
            lambda: random_features_risk(GOOD, torch.ones(1, 2)),
            "B, W must be arrays of one library",
        ),
        (lambda: neural_network_risk(GOOD, -1), "N must be an integer >= 0, got -1"),
        (
            lambda: network_risk(GOOD, W, np.ones(2), 0.0),
            r"W must have shape \(N, d\) = \(2, 2\), got \(1, 2\)",
        ),
        (lambda: network_risk(GOOD, W, np.ones(1), math.inf), "c must be a finite"),
        (lambda: expected_neural_tangent_risk(1, 1, 0.5), "d must be an integer >= 2, got 1"),
        (lambda: expected_neural_tangent_risk(3, 1, 1.5), "tau must be .* <= 1, got 1.5"),
        (lambda: captured_identity_bounds(3, 7), "N must be an integer >= 0 and <= 6, got 7"),
        (lambda: expected_random_features_risk(3, 2, -0.1), "tau must be .* >= 0"),
        (lambda: random_features_limit(-1.0, 0.5), "rho must be"),
        (lambda: neural_tangent_limit(1.0, 2.0), "tau must be"),
        (
            lambda: general_random_features_formula(GOOD, np.eye(2), 2, "relu"),
            r"trace 1, got \(2, 2\) and 2.0",
        ),
        (
            lambda: general_random_features_formula(GOOD, np.eye(3) / 3, 2, "relu"),
            "Gamma must have the shape of B",
        ),
        (
            lambda: general_random_features_formula(GOOD, np.diag([1.5, -0.5]), 2, "relu"),
            "Gamma must have no negative eigenvalue, got -0.5",
        ),
        (
            lambda: general_random_features_formula(GOOD, np.eye(2) / 2, 2, "tanh"),
            "activation must be",
        ),
        (
            lambda: general_random_features_formula(GOOD, np.eye(2) / 2, 2, (1.0, 1.0, 0.0)),
            "lambda_tilde must be .* > 0, got 0.0",
        ),
        (
            lambda: mixture_risk(GOOD, SMALL),
            r"Delta must have all eigenvalues in \(-1, 1\), got one of absolute value 2",
        ),
        (lambda: mixture_risk(SMALL, np.eye(3)), r"S must have the shape \(2, 2\) of Delta"),
        (
            lambda: mixture_random_features_risk(SMALL, np.ones((1, 3))),
            "W must have 2 columns, as Delta has",
        ),
        (lambda: mixture_neural_tangent_risk(-GOOD / 2, W), "Delta must have all eigenvalues"),
        (lambda: mixture_neural_network_risk(SMALL, 0.5), "N must be an integer"),
        (lambda: mixture_sandwich(-1.0, 0.5), "captured must be"),
        (lambda: mixture_sandwich(1.0, 1.0), "delta must be"),
        (lambda: mixture_random_features_limit(1.0, -1.0, 0.5), "norm_squared must be"),
        (lambda: train_network(0, GOOD, 2, 10), "rng must be a numpy.random.Generator"),
        (lambda: train_network(np.random.default_rng(0), GOOD, 0, 10), "N must be an integer >= 1"),
        (
            lambda: train_network(np.random.default_rng(0), GOOD, 2, 10, step_size=0.0),
            "step_size must be .* > 0",
        ),
        (
            lambda: train_mixture_network(np.random.default_rng(0), 0 * GOOD, 2, 10),
            "Delta must not be zero",
        ),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# --- matrices and weights of every size


@few
@given(SEEDS, st.floats(-300, 300), st.floats(-300, 300))
def test_risks_do_not_depend_on_the_sizes_of_target_and_weights(seed, size, length):
    rng = np.random.default_rng(seed)
    B, W = symmetric(rng, 4), rng.standard_normal((3, 4))
    for function in (random_features_risk, neural_tangent_risk):
        assert_close(function(10**size * B, 10**length * W), function(B, W), 1e-11)
    assert_close(neural_network_risk(10**size * B, 2), neural_network_risk(B, 2), 1e-13)
    assert_close(trace_share(10**size * B), trace_share(B), 1e-13)
    a, c = rng.standard_normal(3), 0.3
    plain = network_risk(B, W, a, c)
    assert_close(network_risk(10**size * B, W, 10**size * a, 10**size * c), plain, 1e-12 * plain)


def test_a_network_too_large_for_its_risk_is_refused():
    with pytest.raises(ValueError, match="the risk of W, a, c must be a finite real number"):
        network_risk(np.eye(2), 1e200 * np.ones((1, 2)), np.ones(1), 0.0)
    assert neural_network_risk(np.eye(2), 10**400) == 0.0
    assert random_features_risk([[1, 0], [0, 3]], [[2, 0]]) == 0.9
