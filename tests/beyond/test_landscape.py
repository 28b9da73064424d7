"""The landscape of quadratic networks: exact second derivatives, levels, valleys, the flow."""

import itertools
import math

import numpy as np
import pytest
import torch
from checks import assert_close
from scipy import integrate, linalg

from randomfeatures.beyond.landscape import (
    flow,
    levels,
    stationary_curvature,
    strict_saddle_gap,
    tangent_of_angle,
)
from randomfeatures.beyond.lazy_training import network_risk, signed_network_risk

EIGENVALUES = np.array([2.0, 1.0, 0.4, -0.5, -1.5])
SIGNS = [(1, 0), (2, 0), (4, 0), (0, 2), (1, 1), (2, 1), (1, 2), (2, 2), (3, 2)]


def boost(rng, plus, minus, size):
    """A matrix H with H^T J H = J, J = diag(1, ..., 1, -1, ..., -1)."""
    A = np.zeros((plus + minus, plus + minus))
    A[:plus, plus:] = size * rng.standard_normal((plus, minus))
    A[plus:, :plus] = A[:plus, plus:].T
    turn = linalg.block_diag(
        *(np.linalg.qr(rng.standard_normal((n, n)))[0] for n in (plus, minus) if n)
    )
    return linalg.expm(A) @ turn


def stationary_points(rng, plus, minus, size):
    """Weights with SW^T = 0 for each choice of eigenvectors that the signs allow, boosted; B is
    turned at random."""
    d, a = len(EIGENVALUES), np.array([1.0] * plus + [-1.0] * minus)
    frame = np.linalg.qr(rng.standard_normal((d, d)))[0]
    B = (frame * EIGENVALUES) @ frame.T
    for k in range(d + 1):
        for chosen in itertools.combinations(range(d), k):
            up = [i for i in chosen if EIGENVALUES[i] > 0]
            down = [i for i in chosen if EIGENVALUES[i] < 0]
            if len(up) <= plus and len(down) <= minus:
                W = np.zeros((plus + minus, d))
                for row, i in [*enumerate(up), *enumerate(down, plus)]:
                    W[row] = math.sqrt(abs(EIGENVALUES[i])) * frame[:, i]
                yield B, boost(rng, plus, minus, size) @ W, a, chosen


def hessian(B, W, a):
    """Second derivatives of the relative risk in (W, c) at c = -Tr M, from its Taylor polynomial:
    the second derivative of 2 |S - t M_1 - t² M_2|² + t² (γ + Tr M_1)², polarised."""
    N, d = W.shape
    S, n = B - (W.T * a) @ W, N * d
    directions = np.eye(n).reshape(n, N, d)
    first = np.array([(W.T * a) @ V + (V.T * a) @ W for V in directions])
    flat, traces = first.reshape(n, -1), np.append(np.trace(first, axis1=1, axis2=2), 1.0)
    H = 2 * np.outer(traces, traces)
    H[:n, :n] += 4 * flat @ flat.T - 8 * np.kron(np.diag(a), S)
    return H / (2 * np.sum(B**2))


def test_the_hessian_by_hand_is_that_of_the_risk():
    rng = np.random.default_rng(0)
    B, W, a = np.diag([1.0, -2.0, 0.5]), rng.standard_normal((2, 3)), np.array([1.0, -1.0])
    c, H = -float(a @ np.sum(W**2, axis=1)), hessian(B, W, a)
    V = rng.standard_normal(7)

    def risk(t):
        return network_risk(B, W + t * V[:6].reshape(2, 3), a, c + t * V[6])

    # The risk is a polynomial of degree 4 in t: five points give its second derivative exactly.
    values = [risk(t) for t in (-2, -1, 0, 1, 2)]
    second = np.dot([-1, 16, -30, 16, -1], values) / 12
    assert_close(V @ H @ V, second, 1e-10 * abs(second))


@pytest.mark.claim("thm-landscape", kind="identity")
@pytest.mark.parametrize("size", [0.0, 0.5])
@pytest.mark.parametrize(("plus", "minus"), SIGNS)
def test_the_least_curvature_and_that_only_the_best_have_none(plus, minus, size):
    """At each stationary point: the formula is the least eigenvalue of the Hessian (0 if that is
    not negative), and it is 0 exactly at the best networks. Without a boost, the uniform bound
    holds, and with one sign it is attained."""
    rng = np.random.default_rng(plus + 10 * minus)
    found, formula, curvatures = [], [], []
    for B, W, a, chosen in stationary_points(rng, plus, minus, size):
        S = B - (W.T * a) @ W
        assert np.max(np.abs(S @ W.T)) < 1e-10
        least = min(np.linalg.eigvalsh(hessian(B, W, a))[0], 0.0)
        found.append(least)
        formula.append(stationary_curvature(B, W, a))
        risk = np.sum(S**2) / np.sum(B**2)
        best = signed_network_risk(B, plus, minus)
        left = np.sum(np.delete(EIGENVALUES, chosen) ** 2) / np.sum(EIGENVALUES**2)
        assert abs(risk - left) < 1e-12
        assert risk >= best - 1e-12
        assert (least > -1e-9) == (risk < best + 1e-12)
        if risk > best + 1e-12:
            curvatures.append(-least)
    assert_close(formula, found, 1e-9)
    gap = strict_saddle_gap(np.diag(EIGENVALUES), plus, minus)
    if size == 0 or 0 in (plus, minus):
        assert_close(gap, min(curvatures), 1e-9)


@pytest.mark.parametrize("size", [0.0, 1.0, 4.0])
def test_a_boost_makes_a_saddle_as_flat_as_one_likes(size):
    """B = diag(1, -1/2, 2), one neuron of each sign on the first two: in the boosted frame the two
    eigenvalues have the product (1 - 2)(1/2 + 2) and the sum cosh(2 size)(1 + 1/2)."""
    B, a, c, s = np.diag([1.0, -0.5, 2.0]), np.array([1.0, -1.0]), math.cosh(size), math.sinh(size)
    W = np.array([[c, s], [s, c]]) @ np.array([[1.0, 0, 0], [0, math.sqrt(0.5), 0]])
    half = 0.75 * math.cosh(2 * size)
    by_hand = 4 * (half - math.sqrt(half**2 + 2.5)) / 5.25
    assert_close(stationary_curvature(B, W, a), by_hand, 1e-9)
    assert_close(strict_saddle_gap(B, 1, 1), 4 * min(2 - 1, 0.5) / 5.25, 1e-14)


@pytest.mark.claim("thm-landscape", kind="identity")
@pytest.mark.parametrize(("plus", "minus"), [(1, 1), (2, 1)])
def test_null_weights_are_no_minimum(plus, minus):
    """A positive and a negative neuron on one vector of the kernel of B cancel: a stationary point
    that is not injective, with negative curvature as long as S is not 0."""
    B = np.diag([2.0, -1.0, 0.0])
    W = np.zeros((plus + minus, 3))
    W[0, 2] = W[-1, 2] = 0.7
    a = np.array([1.0] * plus + [-1.0] * minus)
    least = np.linalg.eigvalsh(hessian(B, W, a))[0]
    assert least < -0.01
    assert_close(stationary_curvature(B, W, a), least, 1e-12)
    # The direction of the proof: y = Jn + δn, value δ² |W^T n|² - 2 μ δ |n|².
    n, J = W @ np.array([0, 0, 1.0]), np.diag(a)
    for mu in (2.0, -1.0):
        delta = mu * (n @ n) / np.sum((W.T @ n) ** 2)
        y = J @ n + delta * n
        value = y @ (W @ W.T - mu * J) @ y
        assert_close(value, -((mu * (n @ n)) ** 2) / np.sum((W.T @ n) ** 2), 1e-12)


@pytest.mark.claim("thm-landscape", kind="certified")
@pytest.mark.parametrize(("plus", "minus"), [(2, 0), (1, 2), (2, 1)])
def test_descent_from_random_starts_ends_at_the_best(plus, minus):
    rng, d = np.random.default_rng(plus), 5
    B, a = np.diag(EIGENVALUES), np.array([1.0] * plus + [-1.0] * minus)
    for _ in range(8):
        W = rng.standard_normal((plus + minus, d))
        for _ in range(6000):
            W = W + 0.05 * a[:, None] * (W @ (B - (W.T * a) @ W))
        risk = np.sum((B - (W.T * a) @ W) ** 2) / np.sum(B**2)
        assert_close(risk, signed_network_risk(B, plus, minus), 1e-8)


@pytest.mark.claim("thm-quadratic-descent", kind="identity")
@pytest.mark.parametrize("speed", [1.0, 7.0])
def test_what_gradient_flow_keeps(speed):
    """W_+ W_-^T stays, an identity ties the two squares to M, and their bound holds."""
    rng, plus, N, d = np.random.default_rng(1), 2, 4, 5
    B, a = np.diag(EIGENVALUES), np.array([1.0, 1.0, -1.0, -1.0])
    start = np.append(rng.standard_normal(N * d), 0.3)

    def slope(_, state):
        W, c = state[:-1].reshape(N, d), state[-1]
        M = (W.T * a) @ W
        rest = c + np.trace(M)
        pull = B - M - rest / 2 * np.eye(d)
        return np.append(8 * a[:, None] * (W @ pull), -2 * speed * rest)

    run = integrate.solve_ivp(slope, (0, 3), start, rtol=1e-10, atol=1e-10, t_eval=[0, 0.1, 0.5, 3])
    first = run.y[:-1, 0].reshape(N, d)
    K = first[:plus] @ first[plus:].T
    M = (first.T * a) @ first
    loss = 2 * np.sum((B - M) ** 2) + (start[-1] + np.trace(M)) ** 2
    bound = (np.linalg.norm(B) + math.sqrt(loss / 2)) ** 2 + 2 * np.sum(K**2)
    for state in run.y.T:
        W = state[:-1].reshape(N, d)
        up, down = W[:plus].T @ W[:plus], W[plus:].T @ W[plus:]
        assert_close(W[:plus] @ W[plus:].T, K, 1e-7)
        squares = np.sum(up**2) + np.sum(down**2)
        assert_close(squares, np.sum((up - down) ** 2) + 2 * np.sum(K**2), 1e-9 * squares)
        assert squares <= bound
    assert run.status == 0


@pytest.mark.claim("thm-quadratic-descent", kind="one-sided")
def test_the_bound_on_the_squares_is_attained():
    """One sign, W^T W = 2 B at the start: |B| + sqrt(L / 2) = 2 |B|, which is the norm."""
    B = np.diag([2.0, 1.0])
    W = np.sqrt(2 * B)
    loss = 2 * np.sum((B - W.T @ W) ** 2)
    bound = (np.linalg.norm(B) + math.sqrt(loss / 2)) ** 2
    assert_close(np.sum((W.T @ W) ** 2), bound, 1e-12 * bound)


def train_all(rng, B, N, runs, steps, rate):
    """Gradient descent in all W and a, c at its best, for many starts at once."""
    d = len(B)
    W, a = 0.5 * rng.standard_normal((runs, N, d)), 0.5 * rng.standard_normal((runs, N))
    for _ in range(steps):
        S = B - np.einsum("rni,rn,rnj->rij", W, a, W)
        pull = W @ S
        slope = np.sum(pull * W, axis=2)
        W, a = W + 2 * rate * a[:, :, None] * pull, a + rate * slope
    S = B - np.einsum("rni,rn,rnj->rij", W, a, W)
    return W, a, np.sum(S**2, axis=(1, 2)) / np.sum(B**2)


@pytest.mark.claim("thm-free-signs", kind="identity")
def test_training_all_weights_ends_on_a_level():
    rng, B = np.random.default_rng(0), np.diag(EIGENVALUES)
    _, a, risks = train_all(rng, B, 3, 40, 12000, 0.03)
    known = {level.positive: level.risk for level in levels(B, 3)}
    ends = [known[k] for k in np.sum(a > 0, axis=1)]
    assert_close(risks, ends, 1e-6)
    assert len({round(end, 6) for end in ends}) >= 3


@pytest.mark.claim("thm-free-signs", kind="identity")
def test_the_levels_the_barriers_and_the_valleys():
    B = np.diag(EIGENVALUES)  # 2, 1, 0.4, -0.5, -1.5
    squares = EIGENVALUES**2
    total = squares.sum()
    found = {(x.positive, x.negative): x for x in levels(B, 3)}
    up, down = [4.0, 1.0, 0.16], [2.25, 0.25]
    for (plus, minus), level in found.items():
        assert_close(level.risk, 1 - (sum(up[:plus]) + sum(down[:minus])) / total, 1e-12)
    assert [found[k, 3 - k].valley for k in range(4)] == [False, True, False, True]
    least = min(x.risk for x in found.values())
    assert found[2, 1].risk == least
    assert_close(found[1, 2].barrier, found[1, 2].risk + 0.25 / total, 1e-12)
    assert_close(found[3, 0].barrier, found[3, 0].risk + 0.16 / total, 1e-12)
    assert found[0, 3].barrier == found[0, 3].risk  # more neurons than eigenvalues: no barrier
    # From N = rank B on, and for semidefinite B, there is no valley, but there are levels above 0.
    assert not any(x.valley for N in (5, 6, 9) for x in levels(B, N))
    assert any(x.valley for x in levels(B, 4))
    assert not any(x.valley for N in (1, 2, 3) for x in levels(np.diag([3.0, 2.0, 0.0]), N))
    assert levels(np.diag([3.0, 2.0]), 4)[0].risk == 1.0
    # A tie: no level is above the least one.
    assert [x.valley for x in levels(np.diag([1.0, -1.0]), 1)] == [False, False]


@pytest.mark.claim("thm-free-signs", kind="certified")
def test_a_surplus_neuron_can_be_emptied_and_its_sign_turned():
    """The path of the proof: two positive neurons and a negative one hold one positive and one
    negative eigenvalue; a Lorentz matrix empties a positive neuron at constant M."""
    rng, J = np.random.default_rng(5), np.diag([1.0, 1.0, -1.0])
    W = boost(rng, 2, 1, 0.8) @ np.diag([math.sqrt(2.0), 0.0, math.sqrt(1.5)])
    M = W.T @ J @ W
    assert np.all(np.linalg.norm(W, axis=1) > 0.1)
    z = linalg.null_space(W.T @ J)[:, 0]
    z = z / math.sqrt(z @ J @ z)
    length = np.linalg.norm(z[:2])
    turn = np.array([[z[0], z[1]], [-z[1], z[0]]]) / length
    for t in np.linspace(0, 1, 5):
        angle, rapidity = t * math.atan2(turn[0, 1], turn[0, 0]), t * math.asinh(z[2])
        R = np.eye(3)
        R[:2, :2] = [
            [math.cos(angle), math.sin(angle)],
            [-math.sin(angle), math.cos(angle)],
        ]
        L = np.eye(3)
        L[np.ix_([0, 2], [0, 2])] = [
            [math.cosh(rapidity), -math.sinh(rapidity)],
            [-math.sinh(rapidity), math.cosh(rapidity)],
        ]
        moved = L @ R @ W
        assert np.max(np.abs(moved.T @ J @ moved - M)) < 1e-12
    assert np.max(np.abs(moved[0])) < 1e-12


@pytest.mark.claim("prop-quadratic-flow", kind="identity")
@pytest.mark.parametrize("time", [0.1, 2.0])
def test_the_flow_solves_its_equation(time):
    rng = np.random.default_rng(2)
    A = rng.standard_normal((5, 5))
    B, W = A + A.T, 0.4 * rng.standard_normal((3, 5))
    run = integrate.solve_ivp(
        lambda _, w: (w.reshape(3, 5) @ (B - w.reshape(3, 5).T @ w.reshape(3, 5))).ravel(),
        (0, time),
        W.ravel(),
        rtol=1e-11,
        atol=1e-12,
    )
    end = run.y[:, -1].reshape(3, 5)
    assert_close(flow(B, W, time), end.T @ end, 1e-7)
    # The formula as it stands, which is well conditioned for a short time.
    values, vectors = np.linalg.eigh(B)
    grow = (vectors * np.exp(0.1 * values)) @ vectors.T
    Phi = (vectors * (np.expm1(0.2 * values) / values)) @ vectors.T
    X = grow @ W.T
    direct = X @ np.linalg.inv(np.eye(3) + W @ Phi @ W.T) @ X.T
    assert_close(flow(B, W, 0.1), direct, 1e-12)


def test_the_flow_for_long_times_and_all_sizes():
    rng = np.random.default_rng(4)
    B, W = np.diag(EIGENVALUES), 0.1 * rng.standard_normal((2, 5))
    assert_close(flow(B, W, 200.0), np.diag([2.0, 1.0, 0, 0, 0]), 1e-12)
    assert np.array_equal(flow(B, W, 0.0), W.T @ W) or np.allclose(flow(B, W, 0.0), W.T @ W)
    big = flow(1e200 * B, 1e100 * W, 3e-200)
    assert_close(big / 1e200, flow(B, W, 3.0), 1e-12)
    assert_close(flow(torch.asarray(B), torch.asarray(W), 2.0).numpy(), flow(B, W, 2.0), 1e-12)
    # Two equal neurons are one of √2 times the size, large or not; none moves from zero.
    for size in (1.0, 1e9, 1e100):
        one = size * rng.standard_normal((1, 5))
        assert_close(flow(B, np.tile(one, (2, 1)), 1.0), flow(B, math.sqrt(2) * one, 1.0), 1e-12)
    assert np.array_equal(flow(B, np.zeros((2, 5)), 1.0), np.zeros((5, 5)))


@pytest.mark.claim("prop-quadratic-flow", kind="certified")
@pytest.mark.parametrize("time", [0.5, 3.0])
def test_the_angle_to_the_goal(time):
    """The bound on the tangent against the angle itself; equality if the two groups are equal."""
    rng = np.random.default_rng(3)
    W = rng.standard_normal((2, 5))
    for values, tight in ((np.array([2.0, 2, 1, 1, 1]), True), (EIGENVALUES, False)):
        B = np.diag(values)
        rows = np.linalg.eigh(flow(B, W, time))[1][:, -2:]
        measured = math.tan(linalg.subspace_angles(rows, np.eye(5)[:, :2])[0])
        bound = tangent_of_angle(B, W, time)
        assert measured <= bound * (1 + 1e-9)
        if tight:
            assert_close(measured, bound, 1e-7 * bound)
    assert tangent_of_angle(np.diag([2.0, 1.0]), np.array([[0.0, 1.0]]), 1.0) == math.inf


def test_torch_arrays_give_the_same_numbers():
    B, W, a = np.diag(EIGENVALUES), np.eye(5)[1:3] * math.sqrt(0.4), np.ones(2)
    arrays = torch.asarray(B), torch.asarray(W), torch.asarray(a)
    assert_close(stationary_curvature(*arrays), stationary_curvature(B, W, a), 1e-13)
    assert_close(strict_saddle_gap(arrays[0], 2, 1), strict_saddle_gap(B, 2, 1), 1e-14)
    assert_close(
        tangent_of_angle(arrays[0], arrays[1] + 0.1, 1.0), tangent_of_angle(B, W + 0.1, 1.0), 1e-9
    )
    assert levels(arrays[0], 3) == levels(B, 3)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_curvatures_scale_with_the_target(size):
    B, W, a = np.diag(EIGENVALUES), np.eye(5)[1:2], np.ones(1)
    plain, scaled = (
        stationary_curvature(B, W, a),
        stationary_curvature(size * B, math.sqrt(size) * W, a),
    )
    assert_close(scaled * size, plain, 1e-12)
    assert_close(strict_saddle_gap(size * B, 1, 0) * size, strict_saddle_gap(B, 1, 0), 1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stationary_curvature(np.eye(2), np.zeros((0, 2)), np.ones(0)), "2 columns, a row"),
        (lambda: stationary_curvature(np.eye(2), np.ones((1, 2)), np.zeros(1)), "output weight"),
        (lambda: strict_saddle_gap(np.eye(2), -1, 0), "positive must be an integer >= 0"),
        (lambda: levels(np.eye(2), 0), "N must be an integer >= 1"),
        (lambda: flow(np.eye(2), np.ones((1, 3)), 1.0), "W must have 2 columns and a row"),
        (lambda: flow(np.eye(2), np.full((1, 2), 1e200), 1.0), "the squared norm of W must be"),
        (lambda: flow(np.eye(2), np.ones((1, 2)), -1.0), "time must be"),
        (lambda: flow(np.eye(2), np.ones((1, 2)), 1e9), "time times the norm of B"),
        (lambda: tangent_of_angle(np.eye(2), np.ones((2, 2)), 1.0), "W must have fewer rows"),
        (lambda: tangent_of_angle(np.eye(2), np.ones((1, 2)), 1.0), "its eigenvalue 1 above"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
