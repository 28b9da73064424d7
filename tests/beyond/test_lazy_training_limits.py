"""Lazy training over random weights: mean risks by quadrature over rotations and by sampling,
bounds on both sides, limits."""

import itertools
import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from lazy_training_parts import exponential, rotations, symmetric
from scipy import integrate, special

from randomfeatures.beyond.lazy_training import (
    neural_network_risk,
    neural_tangent_risk,
    random_features_risk,
    trace_share,
)
from randomfeatures.beyond.lazy_training_limits import (
    _trace_fourth_power,
    captured_identity_bounds,
    expected_neural_tangent_risk,
    expected_random_features_risk,
    general_random_features_formula,
    identity_gap,
    neural_network_limit,
    neural_tangent_limit,
    neural_tangent_variance_bound,
    random_features_limit,
    random_features_limit_distance,
)
from randomfeatures.foundations.sphere import cosine_moment


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


@pytest.mark.claim("cor-tangent-limit", kind="one-sided")
@pytest.mark.parametrize(("d", "N"), [(2, 1), (6, 2), (12, 9)])
def test_variance_of_the_tangent_risk(d, N):
    """The bound 12 N / (d (d + 2)) for two matrices B; in the plane with one neuron the variance is
    known."""
    rng = np.random.default_rng(d)
    e = np.eye(d)[0]
    for B in (np.outer(e, e), symmetric(rng, d)):
        variance = np.var(
            [neural_tangent_risk(B, rng.standard_normal((N, d))) for _ in range(3000)]
        )
        assert variance < neural_tangent_variance_bound(d, N)
    # In the plane R = u^4, u the cosine of a uniform direction and B's:
    # E u^8 - (E u^4)^2 = 35/128 - 9/64.
    if (d, N) == (2, 1):
        plane = np.array(
            [
                neural_tangent_risk(np.diag([1.0, 0.0]), rng.standard_normal((1, 2)))
                for _ in range(40000)
            ]
        )
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
        random_features_risk(
            B, np.array([[math.cos(s), math.sin(s)], [math.cos(s + t), math.sin(s + t)]])
        )
        for s in starts
        for t in angles
    ]
    tau = trace_share(B)
    assert_close(np.mean(risks), 1 - p_0 * tau - (2 - p_0) / 2 * (1 - tau), 1e-12)
    low, high = expected_random_features_risk(2, 2, tau)
    assert low <= np.mean(risks) <= high


@pytest.mark.claim("thm-random-features-finite", kind="Monte Carlo")
def test_captured_identity_lies_between_its_bounds():
    d = N = 60
    rng, shares, risks, lam = (
        np.random.default_rng(1),
        [],
        [],
        np.random.default_rng(2).exponential(1, 60),
    )
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
    assert_close(
        np.mean(risks), formula, 4 * (np.std(risks) + tau * np.std(shares)) / math.sqrt(len(risks))
    )
    low, high = expected_random_features_risk(d, N, tau)
    assert low < np.mean(risks) < high
    assert_close(high, 1 - lower * tau - (N - lower) / 1829 * (1 - tau), 1e-13)


@pytest.mark.parametrize(("d", "N"), [(2, 2), (2, 4), (3, 1)])
def test_trace_of_the_fourth_power_in_the_plane(d, N):
    if d == 3:
        assert _trace_fourth_power(3, 1) == 0
        return
    # In the plane q_ij = cos(2(φ_i - φ_j)) / 2: one angle may be 0, and 10 points integrate the
    # rest exactly.
    angles = np.pi * np.arange(10) / 10
    total = 0.0
    for rest in itertools.product(angles, repeat=N - 1):
        phi = np.array([0.0, *rest])
        q = np.cos(2 * (phi[:, None] - phi)) / 2 - np.eye(N) / 2
        total += np.trace(np.linalg.matrix_power(q, 4))
    assert_close(_trace_fourth_power(2, N), total / 10 ** (N - 1), 1e-12)


def test_trace_of_the_fourth_power_by_sampling():
    d, N, samples = 5, 6, 120000
    w = np.random.default_rng(5).standard_normal((samples, N, d))
    w /= np.linalg.norm(w, axis=-1, keepdims=True)
    q = ((w @ w.transpose(0, 2, 1)) ** 2 - 1 / d) * (1 - np.eye(N))
    traces = np.sum((q @ q) ** 2, axis=(1, 2))
    assert_close(
        np.mean(traces), _trace_fourth_power(d, N), 3 * np.std(traces) / math.sqrt(samples)
    )


def test_bounds_on_the_captured_identity():
    assert captured_identity_bounds(7, 0) == (0.0, 0.0)
    assert captured_identity_bounds(7, 1) == (1 / 7, 1 / 7)
    assert captured_identity_bounds(3, 6)[1] == 1.0
    # d times the gap as d -> ∞ at N = ϱ d, by hand: 8ϱ³/β⁴ from the bad event, 2ϱ²/((1 + ϱ)²(1 -
    # β)) from the good one.
    d = 10**12
    for rho in (0.1, 0.5, 1.0):
        lower, upper = captured_identity_bounds(d, round(rho * d))
        by_hand = min(
            8 * rho**3 / beta**4 + 2 * rho**2 / ((1 + rho) ** 2 * (1 - beta))
            for beta in np.arange(1, 20) / 20
        )
        assert_close((upper - lower) * d, by_hand, 0.005 * by_hand)


def test_bounds_of_the_expected_risk_are_ordered_also_where_the_target_has_no_trace():
    low, high = expected_random_features_risk(30, 30, 0.0)
    assert low < high
    lower, upper = captured_identity_bounds(30, 30)
    assert (low, high) == pytest.approx((1 - (30 - lower) / 464, 1 - (30 - upper) / 464), abs=1e-14)


@pytest.mark.claim("cor-random-features-limit", kind="one-sided")
@given(st.floats(0.01, 3), st.floats(0, 1))
def test_random_features_limit_is_between_bounds_that_meet(rho, tau):
    for d in (10**4, 10**6):
        N = round(rho * d)
        limit = random_features_limit(N / d, tau)
        low, high = expected_random_features_risk(d, N, tau)
        assert high - low <= 40 * (1 + rho**3) / d
        assert low - 4 * (1 + rho) / d <= limit <= high + 4 * (1 + rho) / d


@pytest.mark.claim("cor-random-features-limit", kind="one-sided")
@pytest.mark.parametrize("rho", [0.1, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("d", [20, 450, 10**5])
def test_distance_from_the_limit_of_random_features(rho, d):
    """Every mean risk that the bounds on p_0 allow is below the limit, by at most (1 + 2 rho)/d +
    gap."""
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
        found = [
            random_features_risk(B, rng.standard_normal((d, d)) * np.sqrt(gamma), "relu")
            for _ in range(12)
        ]
        means.append(np.mean(found) - formula)
    assert abs(means[0]) > 1.5 * abs(means[1]) > 0.003
    assert_close(formula + 2 * means[1] - means[0], formula, 0.006)


# --- numbers of every size


@given(st.integers(2, 10**60), st.integers(0, 10**120), st.floats(0, 1))
def test_means_and_bounds_of_every_size_are_shares(d, N, tau):
    N = min(N, d * (d + 1) // 2)
    lower, upper = captured_identity_bounds(d, N)
    assert 0 <= lower <= upper <= 1
    low, high = expected_random_features_risk(d, N, tau)
    assert -1e-12 <= low <= high <= 1 + 1e-12
    assert 0 <= expected_neural_tangent_risk(d, N, tau) <= 1 + 1e-15
    assert captured_identity_bounds(10**400, 10**400)[0] == pytest.approx(0.5, rel=1e-14)


@given(st.floats(-150, 150))
def test_the_scales_of_a_quantile_function_and_an_activation_do_not_count(exponent):
    scale = 10**exponent
    plain = neural_network_limit(0.3, exponential)
    assert_close(neural_network_limit(0.3, lambda u: scale * exponential(u)), plain, 1e-9)
    B, Gamma = np.diag([3.0, 1.0, 0.5]), np.diag([0.5, 0.3, 0.2])
    plain = general_random_features_formula(B, Gamma, 2, (0.5, 0.4, 0.1))
    scaled = (0.5 * scale, 0.4 * scale, 0.1 * scale * scale)
    if 1e-300 < scaled[2] < 1e300:
        assert_close(general_random_features_formula(B, Gamma, 2, scaled), plain, 1e-11)


def test_an_activation_out_of_proportion_is_refused():
    with pytest.raises(ValueError, match=r"lambda_1 / sqrt\(lambda_tilde\) must be"):
        general_random_features_formula(np.eye(2), np.eye(2) / 2, 2, (1e300, 1.0, 1e-300))


# --- bounds: their formulas by another route, and how loose they are


def gap_by_quadrature(d, N, beta):
    """The gap of the theorem from its statement, in floats, with m_4 by quadrature of the
    cosine."""
    density = special.gamma(d / 2) / special.gamma((d - 1) / 2) / math.sqrt(math.pi)
    m_4 = integrate.quad(
        lambda t: (t * t - 1 / d) ** 4 * density * (1 - t * t) ** ((d - 3) / 2), -1, 1
    )[0]
    delta_0, D_0 = 1 - 1 / d, (d - 1) * (d + 2) / 2
    v, pairs = delta_0**2 / D_0, N * (N - 1)
    F = pairs * (m_4 + 2 * (N - 2) * v**2 + (N - 2) * (N - 3) * delta_0**4 / D_0**3)
    chance = min(1.0, F / (beta * delta_0) ** 4)
    bracket = math.sqrt(2 * pairs * v * chance) / delta_0**2
    bracket += pairs * v / ((1 - beta) * delta_0**3)
    return chance + d / (d + N / delta_0) ** 2 * bracket


@pytest.mark.claim("thm-random-features-finite", kind="quadrature")
@pytest.mark.parametrize(("d", "N"), [(5, 4), (20, 3), (20, 5), (23, 40)])
def test_the_gap_is_that_of_the_statement(d, N):
    for beta in (0.3, 0.55, 0.9):
        assert_close(identity_gap(d, N, beta), gap_by_quadrature(d, N, beta), 1e-9)
    best = min(gap_by_quadrature(d, N, k / 20) for k in range(1, 20))
    lower, upper = captured_identity_bounds(d, N)
    assert_close(upper, min(lower + best, 1.0), 1e-9)


def test_beta_is_a_share():
    with pytest.raises(ValueError, match=r"beta must be > 0 and < 1, got 1\.0"):
        identity_gap(20, 3, 1.0)


@pytest.mark.claim("cor-tangent-limit", kind="identity")
@pytest.mark.parametrize(("d", "N"), [(2, 1), (7, 3), (30, 30)])
def test_the_bound_on_the_variance_is_that_of_its_proof(d, N):
    """N terms 4 E <θ, B²θ>², largest for B of rank one, where it is 4 E t⁴ with t a cosine."""
    assert_close(neural_tangent_variance_bound(d, N), 4 * N * cosine_moment(d, 4), 1e-14)


@pytest.mark.claim("cor-tangent-limit", kind="identity")
def test_one_weight_taken_away_changes_the_risk_by_at_most_a_square():
    """The step of the proof at d - 1 weights, B = ee': Z_i - Z = 2|PBu|² + <u, Bu>² exactly."""
    rng = np.random.default_rng(4)
    e = np.eye(5)[0]
    W = rng.standard_normal((3, 5))
    more = neural_tangent_risk(np.outer(e, e), W)
    less = neural_tangent_risk(np.outer(e, e), W[:2])
    outside = np.eye(5) - np.linalg.pinv(W[:2]) @ W[:2]
    u = outside @ W[2] / np.linalg.norm(outside @ W[2])
    inside = (np.eye(5) - np.linalg.pinv(W) @ W) @ e
    assert_close(less - more, 2 * u[0] ** 2 * (inside @ inside) + u[0] ** 4, 1e-13)


@pytest.mark.claim("cor-random-features-limit", kind="certified")
@pytest.mark.parametrize("rho", [0.1, 1.0, 3.0])
def test_the_limit_of_random_features_between_bounds_that_nearly_meet(rho):
    d = 10**9
    for tau in (0.2, 1.0):
        low, high = expected_random_features_risk(d, round(rho * d), tau)
        assert high - low < 1e-6
        assert_close(random_features_limit(rho, tau), (low + high) / 2, 2e-6)


@pytest.mark.claim("cor-random-features-limit", kind="one-sided")
@pytest.mark.parametrize(("d", "N"), [(20, 5), (450, 450), (10**5, 2 * 10**5)])
def test_the_distance_from_the_limit_is_its_bound_and_more(d, N):
    """The parts of the bound add up; 1/d stands for at most ϱ/(1 + ϱ)² / d, which is a quarter."""
    lower, upper = captured_identity_bounds(d, N)
    bound = random_features_limit_distance(d, N)
    assert_close((bound - (upper - lower)) * d, 1 + 2 * N / d, 1e-9)
    for tau in (0.0, 0.5, 1.0):
        low, high = expected_random_features_risk(d, N, tau)
        limit = random_features_limit(N / d, tau)
        assert -1e-14 <= limit - high <= limit - low <= bound
