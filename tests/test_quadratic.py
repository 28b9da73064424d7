"""Lazy training on quadratics: risks against least squares on exact quadrature, expectations over weights by quadrature, both sides."""

import importlib.util
import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, optimize

from randomfeatures import quadratic
from randomfeatures.quadratic import (
    captured_identity_bounds,
    expected_neural_tangent_risk,
    expected_random_features_risk,
    general_random_features_formula,
    mixture_neural_network_limit,
    mixture_neural_network_risk,
    mixture_neural_tangent_limit,
    mixture_neural_tangent_risk,
    mixture_random_features_limit,
    mixture_random_features_risk,
    mixture_risk,
    mixture_sandwich,
    network_risk,
    neural_network_limit,
    neural_network_risk,
    neural_tangent_limit,
    neural_tangent_risk,
    random_features_limit,
    random_features_risk,
    trace_share,
    train_mixture_network,
    train_network,
)

SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=25)


def symmetric(rng, d):
    A = rng.standard_normal((d, d))
    return A + A.T


def with_norm(Delta, delta):
    """Delta scaled to largest absolute eigenvalue delta."""
    return Delta * delta / np.max(np.abs(np.linalg.eigvalsh(Delta)))


def gaussian_nodes(d):
    """Points and probabilities that integrate polynomials of degree at most 9 in N(0, I_d) exactly."""
    x, p = np.polynomial.hermite_e.hermegauss(5)
    p = p / p.sum()
    points = np.array(list(itertools.product(x, repeat=d)))
    return points, np.prod(np.array(list(itertools.product(p, repeat=d))), axis=1)


def mixture_nodes(Delta):
    x, p = gaussian_nodes(len(Delta))
    roots = [linalg.sqrtm(np.eye(len(Delta)) - y * Delta).real for y in (1, -1)]
    return np.concatenate([x @ root for root in roots]), np.tile(p, 2) / 2, np.repeat([1.0, -1.0], len(p))


def least_squares(features, y, p):
    """min E (y - constant - combination of the features)², on the nodes with probabilities p."""
    A = np.column_stack([features, np.ones(len(p))]) * np.sqrt(p)[:, None]
    b = y * np.sqrt(p)
    return np.sum((b - A @ np.linalg.lstsq(A, b, rcond=1e-11)[0]) ** 2)


def square_features(x, W):
    return (x @ W.T) ** 2


def tangent_features(x, W):
    return np.concatenate([x * (x @ w)[:, None] for w in W], axis=1)


def target(x, B):
    return np.sum((x @ B) * x, axis=1) - np.trace(B)


def weights(rng, N, d):
    """Generic weights of any lengths, in half of the cases with a repeated, an opposite, a dependent and a zero row at the end."""
    W = rng.standard_normal((N, d)) * 10 ** rng.uniform(-2, 2, (N, 1))
    if rng.random() < 0.5 and N > 1:
        W = np.concatenate([W, W[:1], -3 * W[1:2], W[:1] / np.linalg.norm(W[0]) + W[1:2] / np.linalg.norm(W[1]), np.zeros((1, d))])
    return W


# --- the risks of given weights


@pytest.mark.claim("lem-risk-of-matrix", kind="identity")
@few
@given(SEEDS)
def test_risk_of_a_network_against_exact_quadrature(seed):
    rng = np.random.default_rng(seed)
    d, N = int(rng.integers(1, 5)), int(rng.integers(1, 6))
    B, W, a, c = symmetric(rng, d), rng.standard_normal((N, d)), rng.standard_normal(N), rng.standard_normal()
    x, p = gaussian_nodes(d)
    f = target(x, B)
    assert_close(p @ f**2, 2 * np.sum(B**2), 1e-11 * np.sum(B**2))
    value = network_risk(B, W, a, c)
    assert_close(value, p @ (f - square_features(x, W) @ a - c) ** 2 / (p @ f**2), 1e-12 * (1 + value))
    M = (W.T * a) @ W
    assert_close(network_risk(B, W, a, -np.trace(M)), np.sum((B - M) ** 2) / np.sum(B**2), 1e-12 * (1 + value))


@pytest.mark.claim("prop-square-features", kind="identity")
@few
@given(SEEDS)
def test_square_features_against_least_squares(seed):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(2, 5))
    # Two features fewer than the matrices have dimensions, so that something is left.
    B, W = symmetric(rng, d), weights(rng, int(rng.integers(1, d * (d + 1) // 2 - 1)), d)
    x, p = gaussian_nodes(d)
    direct = least_squares(square_features(x, W / np.maximum(np.linalg.norm(W, axis=1, keepdims=True), 1e-300)), target(x, B), p)
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
        assert_close(random_features_risk(B, np.concatenate([W, W + angle * turn]), activation), alone, 1e-7)
    if activation == "square":
        # Farther apart a pair is its two matrices w w^T and, to first order in the angle, w turn^T + turn w^T.
        span = np.stack(
            [np.outer(w, w).ravel() for w in W] + [(np.outer(w, t) + np.outer(t, w)).ravel() for w, t in zip(W, turn, strict=True)], 0
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

    found = [optimize.minimize(risk, rng.standard_normal(N * d + N), method="BFGS").fun for _ in range(6)]
    assert min(found) >= value - 1e-9
    assert_close(min(found), value, 1e-5)
    assert neural_network_risk(B, 0) == 1.0 and neural_network_risk(B, d) == neural_network_risk(B, 10 * d) == 0.0


@pytest.mark.claim("thm-network-rank", kind="identity")
@pytest.mark.parametrize(("plus", "minus"), [(1, 0), (0, 2), (1, 1), (2, 1), (4, 0)])
def test_the_best_network_with_given_signs(plus, minus):
    """Part 2, B with three positive and two negative eigenvalues: minimisation over the weights finds 1 - l / |B|² and nothing below."""
    rng, lam = np.random.default_rng(10 * plus + minus), np.array([2.5, 1.1, 0.4, -0.9, -1.7])
    Q = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    B, a = Q @ np.diag(lam) @ Q.T, np.array([1.0] * plus + [-1.0] * minus)
    caught = [2.5, 1.1, 0.4][:plus] + [-1.7, -0.9][:minus]
    value = 1 - np.sum(np.square(caught)) / np.sum(lam**2)

    def risk(parameters):
        W = parameters.reshape(-1, 5)
        return network_risk(B, W, a, -float(a @ np.sum(W**2, axis=1)))

    found = [optimize.minimize(risk, rng.standard_normal(5 * len(a)), method="BFGS").fun for _ in range(6)]
    assert min(found) >= value - 1e-9
    assert_close(min(found), value, 1e-5)


def polar_nodes(W):
    """Nodes for N(0, I_2), exact to 1e-12 for functions that are smooth in the angle between the zeros of the <w, x>."""
    zeros = np.concatenate([np.arctan2(W[:, 1], W[:, 0]) + s * np.pi / 2 for s in (1, -1)]) % (2 * np.pi)
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


# --- random weights


def rotations():
    """Nodes of SO(3) and probabilities that integrate polynomials of degree at most 4 in the entries exactly."""
    t, p = np.polynomial.legendre.leggauss(5)
    found = []
    for a, c, (s, q) in itertools.product(range(8), range(8), zip(t, p / 2, strict=True)):
        alpha, gamma = 2 * np.pi * a / 8, 2 * np.pi * c / 8
        z1 = np.array([[np.cos(alpha), -np.sin(alpha), 0], [np.sin(alpha), np.cos(alpha), 0], [0, 0, 1]])
        z2 = np.array([[np.cos(gamma), -np.sin(gamma), 0], [np.sin(gamma), np.cos(gamma), 0], [0, 0, 1]])
        y = np.array([[s, 0, math.sqrt(1 - s * s)], [0, 1, 0], [-math.sqrt(1 - s * s), 0, s]])
        found.append((z1 @ y @ z2, q / 64))
    return np.stack([Q for Q, _ in found]), np.array([q for _, q in found])


@pytest.mark.claim("lem-two-numbers", kind="identity")
@pytest.mark.parametrize("dimension", [1, 2, 4])
def test_an_invariant_form_is_two_numbers(dimension):
    rng = np.random.default_rng(dimension)
    d, D = 3, 6
    B = symmetric(rng, d)
    Q, p = rotations()
    span = np.linalg.qr(np.stack([symmetric(rng, d).ravel() for _ in range(dimension)], axis=1))[0]

    def captured(A):
        return np.sum((span.T @ A.ravel()) ** 2)

    mean = sum(q * captured(R @ B @ R.T) for R, q in zip(Q, p, strict=True))
    p_0 = captured(np.eye(d)) / d
    p_1 = (dimension - p_0) / (D - 1)
    tau = trace_share(B)
    assert_close(mean / np.sum(B**2), p_0 * tau + p_1 * (1 - tau), 1e-13)
    assert_close(tau, np.trace(B) ** 2 / (3 * np.sum(B**2)), 1e-15)


@pytest.mark.claim("thm-tangent-expected", kind="identity")
@pytest.mark.parametrize("N", [1, 2])
def test_expected_tangent_risk_over_all_rotations(N):
    rng = np.random.default_rng(N)
    B, W = symmetric(rng, 3), rng.standard_normal((N, 3))
    Q, p = rotations()
    mean = sum(q * neural_tangent_risk(B, W @ R) for R, q in zip(Q, p, strict=True))
    assert_close(mean, expected_neural_tangent_risk(3, N, trace_share(B)), 1e-13)
    assert expected_neural_tangent_risk(3, 0, 0.3) == pytest.approx(1, abs=1e-15)
    assert expected_neural_tangent_risk(3, 3, 0.3) == expected_neural_tangent_risk(3, 7, 0.3) == 0.0


@pytest.mark.claim("thm-tangent-expected", kind="Monte Carlo")
def test_expected_tangent_risk_over_gaussian_weights():
    rng = np.random.default_rng(8)
    B = symmetric(rng, 10) + np.eye(10)
    found = [neural_tangent_risk(B, rng.standard_normal((4, 10))) for _ in range(6000)]
    error = 3.5 * np.std(found) / math.sqrt(len(found))
    assert error < 0.015 * np.mean(found)
    assert_close(np.mean(found), expected_neural_tangent_risk(10, 4, trace_share(B)), error)


@pytest.mark.claim("cor-tangent-limit", kind="identity")
@given(st.integers(2, 2000), st.floats(0, 1.5), st.floats(0, 1))
def test_tangent_limit_and_the_exact_gap(d, rho, tau):
    N = round(rho * d)
    p = max(d - N, 0)
    gap = expected_neural_tangent_risk(d, N, tau) - neural_tangent_limit(N / d, tau)
    assert abs(gap - (1 - tau) * p * (d - 2) * (d - p) / (d**2 * (d - 1) * (d + 2))) < 1e-14
    assert -1e-15 <= gap <= 1 / (4 * d)


@pytest.mark.claim("cor-tangent-limit", kind="Monte Carlo")
@pytest.mark.parametrize(("d", "N"), [(2, 1), (6, 2), (12, 9)])
def test_variance_of_the_tangent_risk(d, N):
    """The bound 12 N / (d (d + 2)) for two matrices B; in the plane with one neuron the variance is known."""
    rng = np.random.default_rng(d)
    e = np.eye(d)[0]
    for B in (np.outer(e, e), symmetric(rng, d)):
        variance = np.var([neural_tangent_risk(B, rng.standard_normal((N, d))) for _ in range(3000)])
        assert variance < 12 * N / (d * (d + 2))
    if (d, N) == (2, 1):  # R = u^4 with the cosine u of a uniform direction in the plane and B's: E u^8 - (E u^4)^2 = 35/128 - 9/64
        plane = np.array([neural_tangent_risk(np.diag([1.0, 0.0]), rng.standard_normal((1, 2))) for _ in range(40000)])
        error = 3.5 * np.std((plane - 3 / 8) ** 2) / math.sqrt(len(plane))
        assert_close(np.var(plane), 35 / 128 - 9 / 64, error)


def test_tangent_limit_in_its_other_form():
    assert_close(neural_tangent_limit(0.3, 0.6), 0.7**2 + 0.3 * 0.7 * 0.6, 1e-15)


@pytest.mark.claim("thm-random-features-finite", kind="identity")
def test_two_random_features_in_the_plane_over_all_directions():
    # K = [[1, t²], [t², 1]] for the cosine t, so p_0 = E 1/(1 + t²) = 1/√2 for a uniform angle.
    angles = np.pi * (np.arange(200) + 0.5) / 200
    p_0 = np.mean(1 / (1 + np.cos(angles) ** 2))
    assert_close(p_0, math.sqrt(0.5), 1e-14)
    lower, upper = captured_identity_bounds(2, 2)
    assert lower == 2 / 3 <= p_0 <= upper
    B = np.array([[1.0, 0.4], [0.4, -0.2]])
    starts = np.pi * np.arange(5) / 5  # exact: the risk is a polynomial of degree 4 in the rotation
    risks = [
        random_features_risk(B, np.array([[math.cos(s), math.sin(s)], [math.cos(s + t), math.sin(s + t)]])) for s in starts for t in angles
    ]
    tau = trace_share(B)
    assert_close(np.mean(risks), 1 - p_0 * tau - (2 - p_0) / 2 * (1 - tau), 1e-12)
    low, high = expected_random_features_risk(2, 2, tau)
    assert low <= np.mean(risks) <= high


@pytest.mark.claim("thm-random-features-finite", kind="Monte Carlo")
def test_captured_identity_lies_between_its_bounds():
    d = N = 60
    rng, shares, risks, lam = np.random.default_rng(1), [], [], np.random.default_rng(2).exponential(1, 60)
    B = np.diag(lam)
    for _ in range(400):
        W = rng.standard_normal((N, d))
        shares.append(1 - random_features_risk(np.eye(d), W))
        risks.append(random_features_risk(B, W))
    share, error = np.mean(shares), 4 * np.std(shares) / math.sqrt(len(shares))
    lower, upper = captured_identity_bounds(d, N)
    assert error < 0.004 * share
    assert lower < share - error and share + error < upper
    assert 1.02 * lower > share  # the lower bound is that near
    tau = trace_share(B)
    formula = 1 - share * tau - (N - share) / (d * (d + 1) // 2 - 1) * (1 - tau)
    assert_close(np.mean(risks), formula, 4 * (np.std(risks) + tau * np.std(shares)) / math.sqrt(len(risks)))
    low, high = expected_random_features_risk(d, N, tau)
    assert low < np.mean(risks) < high
    assert_close(high, 1 - lower * tau - (N - lower) / 1829 * (1 - tau), 1e-13)


@pytest.mark.parametrize(("d", "N"), [(2, 2), (2, 4), (3, 1)])
def test_trace_of_the_fourth_power_in_the_plane(d, N):
    if d == 3:
        assert quadratic._trace_fourth_power(3, 1) == 0
        return
    # In the plane q_ij = cos(2(φ_i - φ_j)) / 2: one angle may be 0, and 10 points integrate the rest exactly.
    angles = np.pi * np.arange(10) / 10
    total = 0.0
    for rest in itertools.product(angles, repeat=N - 1):
        phi = np.array([0.0, *rest])
        q = np.cos(2 * (phi[:, None] - phi)) / 2 - np.eye(N) / 2
        total += np.trace(np.linalg.matrix_power(q, 4))
    assert_close(quadratic._trace_fourth_power(2, N), total / 10 ** (N - 1), 1e-12)


def test_trace_of_the_fourth_power_by_sampling():
    d, N, samples = 5, 6, 120000
    w = np.random.default_rng(5).standard_normal((samples, N, d))
    w /= np.linalg.norm(w, axis=-1, keepdims=True)
    q = ((w @ w.transpose(0, 2, 1)) ** 2 - 1 / d) * (1 - np.eye(N))
    traces = np.sum((q @ q) ** 2, axis=(1, 2))
    assert_close(np.mean(traces), quadratic._trace_fourth_power(d, N), 3 * np.std(traces) / math.sqrt(samples))


def test_bounds_on_the_captured_identity():
    assert captured_identity_bounds(7, 0) == (0.0, 0.0)
    assert captured_identity_bounds(7, 1) == (1 / 7, 1 / 7)
    assert captured_identity_bounds(3, 6)[1] == 1.0
    # d times the gap as d -> ∞ at N = ϱ d, by hand: 8ϱ³/β⁴ from the bad event, 2ϱ²/((1 + ϱ)²(1 - β)) from the good one.
    d = 10**12
    for rho in (0.1, 0.5, 1.0):
        lower, upper = captured_identity_bounds(d, round(rho * d))
        by_hand = min(8 * rho**3 / beta**4 + 2 * rho**2 / ((1 + rho) ** 2 * (1 - beta)) for beta in np.arange(1, 20) / 20)
        assert_close((upper - lower) * d, by_hand, 0.005 * by_hand)


def test_bounds_of_the_expected_risk_are_ordered_also_where_the_target_has_no_trace():
    low, high = expected_random_features_risk(30, 30, 0.0)
    assert low < high
    lower, upper = captured_identity_bounds(30, 30)
    assert (low, high) == pytest.approx((1 - (30 - lower) / 464, 1 - (30 - upper) / 464), abs=1e-14)


@pytest.mark.claim("cor-random-features-limit", kind="identity")
@given(st.floats(0.01, 3), st.floats(0, 1))
def test_random_features_limit_is_between_bounds_that_meet(rho, tau):
    for d in (10**4, 10**6):
        N = round(rho * d)
        limit = random_features_limit(N / d, tau)
        low, high = expected_random_features_risk(d, N, tau)
        assert high - low <= 40 * (1 + rho**3) / d
        assert low - 4 * (1 + rho) / d <= limit <= high + 4 * (1 + rho) / d


@pytest.mark.claim("cor-random-features-limit", kind="certified")
@pytest.mark.parametrize("rho", [0.1, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("d", [20, 450, 10**5])
def test_distance_from_the_limit_of_random_features(rho, d):
    """Every mean risk that the bounds on p_0 allow is below the limit, by at most (1 + 2 rho)/d + gap."""
    N = round(rho * d)
    lower, upper = captured_identity_bounds(d, N)
    for tau in (0.0, 0.3, 1.0):
        low, high = expected_random_features_risk(d, N, tau)
        limit = random_features_limit(N / d, tau)
        assert -1e-14 <= limit - high <= limit - low <= (1 + 2 * N / d) / d + upper - lower
        if tau == 0:  # here only the second term of the bound counts, and it is nearly reached
            assert limit - high > 0.9 * (2 * N / d - 2 / d) / (d + 1)


def test_random_features_limit_by_hand():
    assert_close(random_features_limit(3.0, 0.4), 0.7, 1e-15)


def exponential(u):
    return -math.log1p(-u)


@pytest.mark.claim("cor-network-limit", kind="quadrature")
@pytest.mark.parametrize("rho", [0.01, 0.2, 0.5, 0.9, 1.0, 2.0])
def test_network_limit(rho):
    q = -math.log(min(rho, 1))
    closed = 1 - min(rho, 1) * (q * q + 2 * q + 2) / 2
    value = neural_network_limit(rho, exponential)
    if rho < 1:
        assert_close(value, closed, 1e-9)
    else:
        assert value == 0.0
    # |λ| uniform on (0, 1), either sign, and eigenvalues at its quantiles.
    for d in (100, 400):
        lam = (np.arange(d) + 0.5) / d
        risk = neural_network_risk(np.diag(lam * (-1) ** np.arange(d)), round(rho * d))
        assert abs(risk - neural_network_limit(rho, lambda u: u)) < 3 / d
    assert neural_network_limit(0.5, lambda u: u) == pytest.approx(1 / 8, abs=1e-12)


def test_network_limit_refuses():
    with pytest.raises(ValueError, match="not all at 0"):
        neural_network_limit(0.5, lambda u: 0.0)
    with pytest.raises(ValueError, match=r"rho must be .* >= 0, got -1"):
        neural_network_limit(-1, exponential)
    with pytest.raises(ValueError, match="quantile must be a finite"):
        neural_network_limit(0.5, lambda u: math.nan)
    with pytest.raises(RuntimeError, match="quadrature"):
        neural_network_limit(0.5, lambda u: math.sin(1e5 * u))


# --- the formula of the paper


@given(st.integers(1, 40), st.floats(0, 1))
def test_the_general_formula_reduces_to_the_square(N, share):
    d = 8
    B = np.diag(np.r_[1.0, share * np.ones(d - 1)])
    value = general_random_features_formula(B, np.eye(d) / d, N, "square")
    assert_close(value, random_features_limit(N / d, trace_share(B)), 1e-12)
    assert value == general_random_features_formula(B, np.eye(d) / d, N, (0.0, 2.0, 2.0))


@pytest.mark.parametrize("shape", ["isotropic", "like B"])
def test_the_general_formula_is_the_limit_of_relu_features(shape):
    # The difference is c/d: extrapolated from two dimensions, it is gone.
    means = []
    for d in (100, 200):
        lam = np.array([exponential((i + 0.5) / d) for i in range(d)])
        B, gamma = np.diag(lam), np.ones(d) if shape == "isotropic" else lam + 0.2
        gamma = gamma / gamma.sum()
        formula = general_random_features_formula(B, np.diag(gamma), d, "relu")
        rng = np.random.default_rng(d)
        found = [random_features_risk(B, rng.standard_normal((d, d)) * np.sqrt(gamma), "relu") for _ in range(12)]
        means.append(np.mean(found) - formula)
    assert abs(means[0]) > 1.5 * abs(means[1]) > 0.003
    assert_close(formula + 2 * means[1] - means[0], formula, 0.006)


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
    Delta, W = with_norm(symmetric(rng, d), rng.uniform(0.1, 0.95)), weights(rng, int(rng.integers(1, 8)), d)
    x, p, y = mixture_nodes(Delta)
    unit = W[np.any(W != 0, axis=1)]
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    assert abs(mixture_random_features_risk(Delta, W) - least_squares(square_features(x, unit), y, p)) < 1e-7
    assert_close(mixture_neural_tangent_risk(Delta, W), least_squares(tangent_features(x, unit), y, p), 1e-10)


def test_mixture_random_features_at_one_point():
    rng = np.random.default_rng(0)
    Delta, W = with_norm(symmetric(rng, 4), 0.9), rng.standard_normal((5, 4))
    x, p, y = mixture_nodes(Delta)
    assert_close(mixture_random_features_risk(Delta, W), least_squares(square_features(x, W), y, p), 1e-11)


@pytest.mark.claim("prop-mixture-sandwich", kind="certified")
@given(SEEDS)
def test_mixture_sandwich(seed):
    rng = np.random.default_rng(seed)
    d, N, delta = int(rng.integers(3, 12)), int(rng.integers(1, 8)), float(10 ** rng.uniform(-2, -0.01))
    Delta, W = with_norm(symmetric(rng, d) + rng.standard_normal() * np.eye(d), delta), rng.standard_normal((N, d))
    energy = np.sum(Delta**2)
    for risk, left in [
        (mixture_random_features_risk(Delta, W), random_features_risk(Delta, W)),
        (mixture_neural_tangent_risk(Delta, W), neural_tangent_risk(Delta, W)),
        (mixture_neural_network_risk(Delta, N), neural_network_risk(Delta, N)),
    ]:
        lower, upper = mixture_sandwich((1 - left) * energy, delta)
        assert lower - 1e-12 <= risk <= upper + 1e-12
    # Where all eigenvalues are δ or -δ the upper bound is attained; with -δ² for δ² it is the lower one.
    V = np.linalg.qr(symmetric(rng, d))[0]
    Delta = delta * (V * rng.choice([-1.0, 1.0], d)) @ V.T
    assert_close(mixture_neural_tangent_risk(Delta, np.eye(d)), mixture_sandwich(d * delta**2, delta)[1], 1e-12)


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

    found = [optimize.minimize(risk, rng.standard_normal(N * d + N), method="BFGS").fun for _ in range(5)]
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
        mixture_neural_network_limit(rho, norm_squared, exponential): neural_network_limit(rho, exponential),
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
    assert_close(mixture_neural_tangent_risk(Delta, W), 1 / (1 + b @ np.linalg.solve(A, b) / 2), 1e-8)


# --- training


@pytest.mark.parametrize("kind", ["plus", "minus", "both"])
def test_a_trained_network_comes_near_the_best(kind):
    rng = np.random.default_rng(4)
    lam = rng.exponential(1, 20) * {"plus": 1, "minus": -1, "both": np.tile([1, -1], 10)}[kind]
    frame = np.linalg.qr(rng.standard_normal((20, 20)))[0]
    B = (frame * lam) @ frame.T
    network = train_network(rng, B, 6, 4000, checks=10)
    assert network.steps == tuple(range(0, 4001, 400)) and len(network.risk) == 11
    assert network.risk[-1] == pytest.approx(network_risk(B, network.W, network.a, network.c), abs=1e-12)
    best = neural_network_risk(B, 6)
    assert best <= network.risk[-1] < best + 0.1 and network.risk[0] > 0.8
    assert set(network.a) == {"plus": {1.0}, "minus": {-1.0}, "both": {1.0, -1.0}}[kind]
    if kind != "both":  # else 3 neurons of each sign need not be what is best
        assert network.risk[-1] < best + 0.002


def test_a_trained_network_on_the_mixture_comes_near_the_best():
    rng = np.random.default_rng(5)
    Delta = with_norm(symmetric(rng, 6), 0.9)
    network = train_mixture_network(rng, Delta, 12, 8000, step_size=0.5)
    best = mixture_neural_network_risk(Delta, 12)
    assert best <= network.risk[-1] < best + 0.02 and network.risk[0] > best + 0.1
    M = (network.W.T * network.a) @ network.W
    x, p, y = mixture_nodes(Delta)
    direct = p @ (y - np.sum((x @ M) * x, axis=1) - network.c) ** 2
    assert_close(network.risk[-1], direct, 1e-10)


def test_training_is_a_function_of_its_generator_and_says_when_it_fails():
    B = np.diag([1.0, 2.0, 0.5])
    first, second = (train_network(np.random.default_rng(1), B, 2, 50) for _ in range(2))
    assert first.risk == second.risk and np.array_equal(first.W, second.W)
    scaled = train_network(np.random.default_rng(1), 100 * B, 2, 50)
    assert scaled.risk == pytest.approx(first.risk, abs=1e-4)  # the step knows the size of the target
    with pytest.raises(RuntimeError, match=r"step_size 50\.0 is too large"):
        train_network(np.random.default_rng(1), B, 2, 500, step_size=50.0)


# --- arguments


def test_torch_arrays_give_the_same_numbers():
    rng = np.random.default_rng(0)
    B, W = symmetric(rng, 5), rng.standard_normal((3, 5))
    Delta = with_norm(B, 0.6)
    cases = [(f, A, W) for f, A in [(random_features_risk, B), (neural_tangent_risk, B)]]
    cases += [(mixture_random_features_risk, Delta, W), (mixture_neural_tangent_risk, Delta, W), (mixture_risk, Delta, B)]
    for function, *arrays in cases:
        value = function(*map(torch.asarray, arrays))
        assert type(value) is float
        assert_close(value, function(*arrays), 1e-12)
    assert_close(random_features_risk(torch.asarray(B), torch.asarray(W), "relu"), random_features_risk(B, W, "relu"), 1e-12)
    assert_close(neural_network_risk(torch.asarray(B), 2), neural_network_risk(B, 2), 1e-14)
    assert_close(mixture_neural_network_risk(torch.asarray(Delta), 2), mixture_neural_network_risk(Delta, 2), 1e-14)
    assert_close(trace_share(torch.asarray(B)), trace_share(B), 1e-14)
    gamma = torch.eye(5, dtype=torch.float64) / 5
    assert_close(
        general_random_features_formula(torch.asarray(B), gamma, 7, "relu"),
        general_random_features_formula(B, gamma.numpy(), 7, "relu"),
        1e-13,
    )


GOOD, W = np.diag([1.0, 2.0]), np.ones((1, 2))
SMALL, RNG = GOOD / 4, np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: trace_share(np.array([[1.0, 2.0], [0.0, 1.0]])), "B must be symmetric"),
        (lambda: trace_share(np.zeros((2, 2))), "B must not be zero"),
        (lambda: trace_share(np.ones((2, 3))), r"B must be a square matrix .* \(2, 3\)"),
        (lambda: neural_tangent_risk(np.array([[np.nan]]), np.ones((1, 1))), "B must hold finite"),
        (lambda: random_features_risk(GOOD, np.ones((1, 3))), r"W must have 2 columns, as B has, got shape \(1, 3\)"),
        (lambda: random_features_risk(GOOD, np.zeros((3, 2))), "W must have at least one nonzero row"),
        (lambda: random_features_risk(GOOD, np.zeros((0, 2))), "W must have at least one nonzero row"),
        (lambda: random_features_risk(GOOD, W, "tanh"), "activation must be .* got 'tanh'"),
        (lambda: random_features_risk(GOOD, torch.ones(1, 2)), "B, W must be arrays of one library"),
        (lambda: neural_network_risk(GOOD, -1), "N must be an integer >= 0, got -1"),
        (lambda: network_risk(GOOD, W, np.ones(2), 0.0), r"W must have shape \(N, d\) = \(2, 2\), got \(1, 2\)"),
        (lambda: network_risk(GOOD, W, np.ones(1), math.inf), "c must be a finite"),
        (lambda: expected_neural_tangent_risk(1, 1, 0.5), "d must be an integer >= 2, got 1"),
        (lambda: expected_neural_tangent_risk(3, 1, 1.5), "tau must be .* <= 1, got 1.5"),
        (lambda: captured_identity_bounds(3, 7), "N must be an integer >= 0 and <= 6, got 7"),
        (lambda: expected_random_features_risk(3, 2, -0.1), "tau must be .* >= 0"),
        (lambda: random_features_limit(-1.0, 0.5), "rho must be"),
        (lambda: neural_tangent_limit(1.0, 2.0), "tau must be"),
        (lambda: general_random_features_formula(GOOD, np.eye(2), 2, "relu"), r"trace 1, got \(2, 2\) and 2.0"),
        (lambda: general_random_features_formula(GOOD, np.eye(3) / 3, 2, "relu"), "Gamma must have the shape of B"),
        (
            lambda: general_random_features_formula(GOOD, np.diag([1.5, -0.5]), 2, "relu"),
            "Gamma must have no negative eigenvalue, got -0.5",
        ),
        (lambda: general_random_features_formula(GOOD, np.eye(2) / 2, 2, "tanh"), "activation must be"),
        (lambda: general_random_features_formula(GOOD, np.eye(2) / 2, 2, (1.0, 1.0, 0.0)), "lambda_tilde must be .* > 0, got 0.0"),
        (lambda: mixture_risk(GOOD, SMALL), r"Delta must have all eigenvalues in \(-1, 1\), got one of absolute value 2"),
        (lambda: mixture_risk(SMALL, np.eye(3)), r"S must have the shape \(2, 2\) of Delta"),
        (lambda: mixture_random_features_risk(SMALL, np.ones((1, 3))), "W must have 2 columns, as Delta has"),
        (lambda: mixture_neural_tangent_risk(-GOOD / 2, W), "Delta must have all eigenvalues"),
        (lambda: mixture_neural_network_risk(SMALL, 0.5), "N must be an integer"),
        (lambda: mixture_sandwich(-1.0, 0.5), "captured must be"),
        (lambda: mixture_sandwich(1.0, 1.0), "delta must be"),
        (lambda: mixture_random_features_limit(1.0, -1.0, 0.5), "norm_squared must be"),
        (lambda: train_network(0, GOOD, 2, 10), "rng must be a numpy.random.Generator"),
        (lambda: train_network(RNG, GOOD, 0, 10), "N must be an integer >= 1"),
        (lambda: train_network(RNG, GOOD, 2, 10, step_size=0.0), "step_size must be .* > 0"),
        (lambda: train_mixture_network(RNG, 0 * GOOD, 2, 10), "Delta must not be zero"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_mixture_without_signal_has_risk_one():
    zero = np.zeros((2, 2))
    assert mixture_random_features_risk(zero, W) == mixture_neural_tangent_risk(zero, W) == mixture_neural_network_risk(zero, 1) == 1.0


# --- the larger run


def test_the_experiment_runs_at_a_small_point():
    path = Path(__file__).parents[1] / "experiments" / "lazy_training.py"
    spec = importlib.util.spec_from_file_location("lazy_training", path)
    experiment = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(experiment)
    found = experiment.sampled(np.random.default_rng(0), 8, 3, 0)
    assert found["random_features"] > found["neural_tangent"] > found["neural_network"] > 0
    assert 1 > found["mixture_random_features"] > found["mixture_neural_tangent"] > found["mixture_neural_network"]
    for task in ("target", "mixture"):
        found = experiment.trained(np.random.default_rng(0), 8, 3, task, 1000, 1.0)
        assert found["best"] <= found["risk"] < found["best"] + 0.02 and found["curve"][0] > found["risk"]
