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
    neural_tangent_sensitivity,
    neural_tangent_variance_bound,
    random_features_limit,
    random_features_limit_distance,
)


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


def laplacian(function, P):
    """The sum over i < j of second derivatives in the rotations, of a polynomial of degree at most
    2 in P: a trigonometric polynomial of degree 4 in the angle, so nine points are exact."""
    d, total = len(P), 0.0
    angles = 2 * np.pi * np.arange(9) / 9
    # The second derivative at 0 of a trigonometric polynomial from its values at nine points.
    weights = -sum(k**2 * 2 / 9 * np.cos(k * angles) for k in range(1, 5))
    for i, j in itertools.combinations(range(d), 2):
        for angle, weight in zip(angles, weights, strict=True):
            turn = np.eye(d)
            turn[[i, j], [i, j]] = math.cos(angle)
            turn[i, j], turn[j, i] = math.sin(angle), -math.sin(angle)
            total += weight * function(turn.T @ P @ turn)
    return total


@pytest.mark.claim("prop-tangent-variance", kind="identity")
@pytest.mark.parametrize(("d", "N"), [(2, 1), (4, 1), (5, 3)])
def test_the_laplacian_of_the_five_functions(d, N):
    """Step 2 of the proof, from second derivatives; and the mean squared derivative of step 3."""
    rng, p = np.random.default_rng(d), d - N
    B = symmetric(rng, d)
    basis = np.linalg.qr(rng.standard_normal((d, p)))[0]
    P, b, square = basis @ basis.T, np.trace(B), np.sum(B**2)

    def f(P):
        return np.trace(P @ B @ P @ B)

    def k(P):
        return np.trace(B @ P)

    def h(P):
        return np.trace(B @ B @ P)

    found = [laplacian(x, P) for x in (f, lambda P: k(P) ** 2, h, k)]
    F, G, H, K = f(P), k(P) ** 2, h(P), k(P)
    stated = [
        -4 * (d + 1) * F - 4 * G + 4 * (p + 1) * H + 4 * b * K,
        -8 * F - 4 * d * G + 8 * H + 4 * p * b * K,
        -2 * d * H + 2 * p * square,
        -2 * d * K + 2 * p * b,
    ]
    assert_close(found, stated, 1e-9 * max(map(abs, stated)))
    assert_close(
        sorted(np.linalg.eigvals([[-4 * (d + 1), -4], [-8, -4 * d]]).real),
        [-4 * (d + 2), -4 * (d - 1)],
        1e-10,
    )
    # Γ(f, f) = (L f² - 2 f L f) / 2; f² has degree 8 in the angle, so by products instead.
    slope = P @ B @ P @ B @ (np.eye(d) - P)
    squares = 0.0
    for i, j in itertools.combinations(range(d), 2):
        E = np.zeros((d, d))
        E[i, j], E[j, i] = 1, -1
        squares += (2 * np.trace(B @ P @ B @ (P @ E - E @ P))) ** 2
    assert_close(squares, 16 * np.sum(slope**2), 1e-10 * squares)
    W = np.linalg.svd(basis.T)[2][p:]
    assert_close(neural_tangent_sensitivity(B, W), squares / (2 * d) / square**2, 1e-12 * squares)


@pytest.mark.claim("prop-tangent-variance", kind="certified")
@pytest.mark.parametrize("d", [200, 1000])
def test_the_variance_bounds_are_attained_by_rank_one(d):
    """N = 1, B = vv': R = x², x of the law Beta((d - 1)/2, 1/2), so all moments are known."""
    moments = [1.0]
    for j in range(4):
        moments.append(moments[-1] * (d - 1 + 2 * j) / (d + 2 * j))
    variance = moments[4] - moments[2] ** 2
    first = 8 / d * (moments[3] - moments[4])
    second = neural_tangent_variance_bound(np.diag(np.eye(d)[0]), 1)
    assert first <= second * (1 + 1e-12)
    assert variance <= first <= variance * (1 + 4 / d)
    assert variance <= second <= variance * (1 + 7 / d)


@pytest.mark.claim("prop-tangent-variance", kind="Monte Carlo")
def test_the_variance_bounds_for_a_spread_spectrum():
    rng, d, N = np.random.default_rng(1), 12, 5
    B = np.diag([exponential((i + 0.5) / d) for i in range(d)])
    weights = rng.standard_normal((12000, N, d))
    risks = np.array([neural_tangent_risk(B, W) for W in weights])
    first = np.mean([neural_tangent_sensitivity(B, W) for W in weights[:4000]])
    variance = np.var(risks)
    error = 3.5 * np.std((risks - risks.mean()) ** 2) / math.sqrt(len(risks))
    assert error < 0.06 * variance
    assert variance - error <= first <= 1.1 * variance + error
    assert first <= neural_tangent_variance_bound(B, N) <= 6 * first
    assert neural_tangent_variance_bound(B, d) == 0.0


@pytest.mark.claim("prop-tangent-variance", kind="identity")
def test_the_variance_in_the_plane_and_the_second_bound_by_its_mean():
    # In the plane R = u^4, u the cosine of a uniform direction and B's: moments of cos².
    variance = 35 / 128 - 9 / 64
    first = 8 / 2 * (5 / 16 - 35 / 128)
    angles = np.pi * (np.arange(40) + 0.5) / 40
    W = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    B = np.diag([1.0, 0.0])
    sensitivities = [neural_tangent_sensitivity(B, w[None]) for w in W]
    assert_close(np.mean(sensitivities), first, 1e-12)
    assert_close(np.var([neural_tangent_risk(B, w[None]) for w in W]), variance, 1e-12)
    # Step 4: E |PBQ|² over all rotations, here with B of any trace.
    A = np.array([[1.0, 0.3], [0.3, -0.2]])
    crossing = [(w @ A @ np.array([-w[1], w[0]])) ** 2 for w in W]
    share = 1 - trace_share(A)
    assert_close(np.mean(crossing), 1 / (1 * 4) * np.sum(A**2) * share, 1e-12)


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


@pytest.mark.parametrize("d", [10**12, 10**30, 10**150])
def test_the_gap_in_high_dimension(d):
    """d times the gap as d -> ∞ at N = ϱ d, by hand: 8ϱ³/β⁴ from the bad event, 2ϱ²/((1 + ϱ)²(1 -
    β)) from the good one. The bounds agree as floats, their distance is not lost."""
    for rho in (0.1, 0.5, 1.0):
        N = int(10 * rho) * d // 10
        by_hand = min(
            8 * rho**3 / beta**4 + 2 * rho**2 / ((1 + rho) ** 2 * (1 - beta))
            for beta in np.arange(1, 20) / 20
        )
        if d == 10**12:
            lower, upper = captured_identity_bounds(d, N)
            assert_close((upper - lower) * d, by_hand, 0.001 * by_hand)
        distance = random_features_limit_distance(d, N, 1.0) * d
        truth = rho / (1 + rho) ** 2 + by_hand
        assert_close(distance, truth, 1e-5 * truth)


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


@pytest.mark.claim("cor-random-features-limit", kind="certified")
@pytest.mark.parametrize("rho", [0.1, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("d", [20, 450, 10**5])
def test_distance_from_the_limit_of_random_features(rho, d):
    """Each mean risk that the bounds on p_0 allow is below the limit, at most by the bound; without
    a trace the bound, with its constant 2, is nearly attained."""
    N = round(rho * d)
    for tau in (0.0, 0.3, 1.0):
        low, high = expected_random_features_risk(d, N, tau)
        limit = random_features_limit(N / d, tau)
        bound = random_features_limit_distance(d, N, tau)
        assert -1e-14 <= limit - high <= limit - low <= bound + 1e-15
        if tau == 0 and d > 1000:
            assert limit - high > 0.999 * bound


@pytest.mark.claim("cor-random-features-limit", kind="identity")
@pytest.mark.parametrize("d", [2, 7, 100])
def test_the_distance_of_one_feature_from_the_limit_is_the_bound(d):
    """N = 1: p_0 = 1/d is known and the gap is 0, so for tau = 1 the bound is an equality."""
    bound = random_features_limit_distance(d, 1, 1.0)
    assert_close(bound, 1 / d - 1 / (d + 1), 1e-15)
    low, high = expected_random_features_risk(d, 1, 1.0)
    assert low == high
    assert_close(random_features_limit(1 / d, 1.0) - high, bound, 1e-13)


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


@pytest.mark.claim("thm-random-features-finite", kind="identity")
@pytest.mark.parametrize("N", [2, 3, 4])
def test_the_moments_of_the_proof_in_the_plane(N):
    """E (1^T Q 1)² = 2N(N-1) v, E |Q1|² = N(N-1) v and E Tr Q⁴ = m_Q, exactly: one angle may be 0,
    and 10 points integrate the rest."""
    sums = np.zeros(4)
    for rest in itertools.product(np.pi * np.arange(10) / 10, repeat=N - 1):
        phi = np.array([0.0, *rest])
        q = np.cos(2 * (phi[:, None] - phi)) / 2 - np.eye(N) / 2
        rows = np.sum(q, axis=1)
        fourth = np.trace(np.linalg.matrix_power(q, 4))
        sums += [np.sum(rows), np.sum(rows) ** 2, rows @ rows, fourth]
    pairs, v = N * (N - 1), 1 / 8  # v = δ_0²/D_0 with δ_0 = 1/2 and D_0 = 2
    m_4 = 3 / 128  # E cos⁴/16
    m_Q = pairs * (m_4 + 2 * (N - 2) * v**2 + (N - 2) * (N - 3) / 2**4 / 2**3)
    assert_close(sums / 10 ** (N - 1), [0, 2 * pairs * v, pairs * v, m_Q], 1e-12)


@pytest.mark.claim("thm-random-features-finite", kind="identity")
@pytest.mark.parametrize("d", [2, 7])
def test_the_expansion_of_the_proof_is_attained_by_two_features(d):
    """N = 2: where the cosine makes Q's least eigenvalue -ϑ δ_0, the bound on g is an equality, and
    h(g) lies on its tangent at g_0 to second order."""
    delta_0 = 1 - 1 / d
    for cosine in (0.1, 0.3, 0.6 / math.sqrt(d)):
        q = cosine**2 - 1 / d
        G = np.array([[delta_0, q], [q, delta_0]])
        g, beta = np.sum(np.linalg.inv(G)), -q / delta_0
        linear, squares = 2 * q / delta_0**2, 2 * q**2
        assert_close(g, 2 / delta_0 - linear + squares / ((1 - beta) * delta_0**3), 1e-12)
        W = np.zeros((2, d))
        W[:, 0] = 1, cosine
        W[1, 1] = math.sqrt(1 - cosine**2)
        assert_close(1 - random_features_risk(np.eye(d), W), g / (d + g), 1e-12)
        g_0 = 2 / delta_0
        tangent = g_0 / (d + g_0) + d / (d + g_0) ** 2 * (g - g_0)
        assert 0 <= tangent - g / (d + g) <= d / (d + g_0) ** 3 * (g - g_0) ** 2


@pytest.mark.claim("thm-random-features-finite", kind="one-sided")
def test_how_loose_the_gap_is():
    """No check sees the constant of the gap at work, since four fifths of it are the bad
    event, whose chance the fourth moment overestimates by far: the least eigenvalue of Q is near
    -2 √(N/d²), and the event did not occur once. What is left is within four times the truth."""
    d, N, beta = 400, 200, 0.7
    rng, rho, shares, norms = np.random.default_rng(12), 0.5, [], []
    delta_0 = 1 - 1 / d
    for _ in range(12):
        W = rng.standard_normal((N, d))
        W /= np.linalg.norm(W, axis=1)[:, None]
        K = (W @ W.T) ** 2
        linear = np.sum(K) - N - N * (N - 1) / d
        share = np.sum(np.linalg.solve(K, np.ones(N))) / d
        shares.append(share + d / (d + N / delta_0) ** 2 * linear / delta_0**2)
        norms.append(np.abs(np.linalg.eigvalsh(K - np.eye(N) * delta_0 - 1 / d)).max())
    gap = np.mean(shares) - N / (d + N - 1)
    error = np.std(shares) / math.sqrt(len(shares))
    leading = 2 * rho**2 / (1 + rho) ** 2 / d
    assert max(norms) < 0.3 * beta * delta_0
    assert gap - 4 * error < 1.3 * leading and leading < 1.3 * (gap + 4 * error)
    bound = identity_gap(d, N, beta)
    bad = min(1.0, _trace_fourth_power(d, N) / (beta * delta_0) ** 4)
    assert 0.8 * bound < bad < bound < 25 * leading
    assert leading < bound - bad < 4 * leading


def test_beta_is_a_share():
    with pytest.raises(ValueError, match=r"beta must be .* > 0 and < 1, got 1\.0"):
        identity_gap(20, 3, 1.0)


@pytest.mark.claim("cor-random-features-limit", kind="certified")
@pytest.mark.parametrize("rho", [0.1, 1.0, 3.0])
def test_the_limit_of_random_features_between_bounds_that_nearly_meet(rho):
    d = 10**9
    for tau in (0.2, 1.0):
        low, high = expected_random_features_risk(d, round(rho * d), tau)
        assert high - low < 1e-6
        assert_close(random_features_limit(rho, tau), (low + high) / 2, 2e-6)
