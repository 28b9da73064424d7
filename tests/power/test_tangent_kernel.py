"""The tangent kernel and lazy training: variances by sampling, deep limits, and flows of models
that attain the bounds.
"""

import math

import numpy as np
import pytest
from checks import assert_close
from scipy.integrate import solve_ivp

from randomfeatures.power.kernels import arc_cosine, neural_tangent
from randomfeatures.power.tangent_kernel import (
    lazy_bounds,
    lazy_misfit,
    lazy_threshold,
    tangent_variance,
)


def pair(angle, norm_x=1.5, norm_y=0.7):
    """Two vectors of these norms with this angle, as matrices of one row."""
    return np.array([[norm_x, 0.0]]), norm_y * np.array([[math.cos(angle), math.sin(angle)]])


@pytest.mark.claim("prop-tangent-kernel", kind="Monte Carlo")
def test_variance_of_the_tangent_kernel():
    """V = 2 k_2 + 4 <x,y> k_1 + 6 <x,y>^2 k_0 - Theta^2, one neuron at a time, within 4 standard
    errors; 2 % too much is seen.
    """
    rng, draws = np.random.default_rng(23), 4_000_000
    x, y = pair(0.8)
    w, a = rng.standard_normal((draws, 2)), rng.standard_normal(draws)
    u, v, inner = w @ x[0], w @ y[0], (x @ y.T).item()
    terms = 2 * np.maximum(u, 0) * np.maximum(v, 0) + 2 * a**2 * inner * (u > 0) * (v > 0)
    k0, k1 = arc_cosine(x, y, 0, 1).item(), arc_cosine(x, y, 1, 1).item()
    theta = neural_tangent(x, y, 1).item()
    assert_close(theta, inner * k0 + k1, 1e-13)
    squares = (terms - theta) ** 2
    assert_close(
        tangent_variance(x, y).item(), squares.mean(), 4 * squares.std() / math.sqrt(draws)
    )


@pytest.mark.claim("prop-tangent-depth", kind="Monte Carlo")
def test_deep_tangent_kernel_and_outputs_of_networks_wide_in_order():
    """Two hidden layers, the first much wider: the kernel given the second layer's Gaussian inputs,
    and its limit in the second width.

    With the first layer at its limit the second sees Gaussian pairs of covariance k_1 and tangent
    kernel Theta_1, as in the proof.
    """
    rng, draws = np.random.default_rng(24), 3_000_000
    x, y = pair(1.1, 1.0, 1.0)
    k, theta = arc_cosine(x, y, 1, 1).item(), neural_tangent(x, y, 1).item()
    z = rng.standard_normal((draws, 2)) @ np.linalg.cholesky(np.array([[1.0, k], [k, 1.0]])).T
    terms = 2 * np.maximum(z[:, 0], 0) * np.maximum(z[:, 1], 0) + 2 * theta * rng.standard_normal(
        draws
    ) ** 2 * np.all(z > 0, axis=1)
    assert_close(neural_tangent(x, y, 2).item(), terms.mean(), 4 * terms.std() / math.sqrt(draws))
    # Finite networks, widths 1024 then 64: the mean is off by the order of 1 / 1024. The gradient
    # by hand, for one output.
    values, outputs = [], []
    for _ in range(1500):
        first, second, a = (
            rng.standard_normal((1024, 2)),
            rng.standard_normal((64, 1024)) / 32,
            rng.standard_normal(64),
        )
        h = [math.sqrt(2) * np.maximum(first @ p[0], 0) for p in (x, y)]
        z = [second @ v for v in h]
        outputs.append([math.sqrt(2) * np.maximum(v, 0) @ a / 8 for v in z])
        back = [math.sqrt(2) * (v > 0) * a / 8 for v in z]
        deeper = [
            (second.T @ b) * math.sqrt(2) * (first @ p[0] > 0)
            for b, p in zip(back, (x, y), strict=True)
        ]
        last = 2 * np.maximum(z[0], 0) @ np.maximum(z[1], 0) / 64
        values.append(
            last
            + (back[0] @ back[1]) * (h[0] @ h[1]) / 1024
            + (deeper[0] @ deeper[1]) * (x @ y.T).item()
        )
    error = np.std(values) / math.sqrt(len(values))
    assert 4 * error < 0.04 * np.mean(values)
    assert abs(np.mean(values) - neural_tangent(x, y, 2).item()) < 4 * error + 0.005
    product = np.prod(outputs, axis=1)
    assert abs(product.mean() - arc_cosine(x, y, 1, 2).item()) < 4 * product.std() / math.sqrt(
        len(product)
    )


def quadratic_model(rng, n, parameters, curvature):
    """F_i(t) = <b_i, t> + <A_i t, t> / 2, started at 0: its Jacobian has the rows b_i + A_i t."""
    A = rng.standard_normal((n, parameters, parameters)) * curvature
    A = (A + A.transpose(0, 2, 1)) / 2
    return rng.standard_normal((n, parameters)), A


@pytest.mark.claim("prop-lazy", kind="one-sided")
def test_lazy_flow_stays_near_the_tangent_model():
    """Gradient flow integrated to 1e-10 on a model with known constants: all four bounds hold, and
    the distances fall like 1 / scale. The constants are checked below, on models that attain them.
    """
    rng, n, parameters = np.random.default_rng(28), 3, 8
    b, A = quadratic_model(rng, n + 1, parameters, 0.2)  # the last output plays the new input
    y = np.array([0.8, -0.5, 0.4])
    J0, A0, size = b[:n], A[:n], np.linalg.norm(y)
    tau = np.linalg.svd(J0, compute_uv=False)[-1]
    M = math.sqrt(
        np.linalg.norm(np.einsum("ipq,iqs->ps", A0, A0), 2)
    )  # |J(s) - J(t)|_F^2 = sum |A_i (s - t)|^2
    M_x, S_x, threshold = (
        np.linalg.norm(A[n], 2),
        np.linalg.norm(b[n]),
        lazy_threshold(tau, M, size),
    )
    times, apart = np.linspace(0, 12 / tau**2, 60), []
    for alpha in (1.001 * threshold, 4 * threshold, 16 * threshold, 64 * threshold):

        def flow(t, state, alpha=alpha):
            theta, tangent = state[:parameters], state[parameters:]
            e = alpha * (J0 @ theta + np.einsum("ipq,p,q->i", A0, theta, theta) / 2) - y
            return (
                np.concatenate([-(J0 + A0 @ theta).T @ e, -J0.T @ (alpha * J0 @ tangent - y)])
                / alpha
            )

        path = solve_ivp(
            flow,
            (0, times[-1]),
            np.zeros(2 * parameters),
            t_eval=times,
            rtol=1e-10,
            atol=1e-13 / alpha,
            method="DOP853",
        ).y.T
        theta, tangent = path[:, :parameters], path[:, parameters:]
        outputs = alpha * (theta @ b.T + np.einsum("ipq,tp,tq->ti", A, theta, theta) / 2)
        e, e_bar = outputs[:, :n] - y, alpha * tangent @ J0.T - y
        gap = np.linalg.norm(e - e_bar, axis=1)
        fitted = np.array([lazy_misfit(t, alpha, tau, M, size) for t in times])
        new = np.abs(outputs[:, n] - alpha * tangent @ b[n])
        moved = np.linalg.norm(theta, axis=1)
        bounds = lazy_bounds(alpha, tau, M, size, M_x=M_x, S_x=S_x)
        assert np.all(moved <= bounds.movement + 1e-12)
        assert np.all(np.linalg.norm(e, axis=1) <= fitted + 1e-9)
        assert np.all(gap <= bounds.residual + 1e-9)
        assert np.all(new <= bounds.output + 1e-9)
        assert new[-1] <= bounds.final + 1e-4 * bounds.output
        # The limit: the tangent model ends at the shortest step that fits, J0^+ y / alpha.
        assert_close(
            np.linalg.norm(tangent[-1]) * alpha, np.linalg.norm(np.linalg.pinv(J0) @ y), 1e-4
        )
        apart.append(
            [gap.max(), new.max(), abs(moved[-1] * alpha - np.linalg.norm(np.linalg.pinv(J0) @ y))]
        )
    ratios = np.array(apart)[1:-1] / np.array(apart)[2:]
    assert np.all(np.abs(ratios[-1, :2] / 4 - 1) < 0.05), (
        ratios
    )  # and not like the root of the scale, or its square


@pytest.mark.claim("prop-lazy", kind="certified")
def test_lipschitz_constant_of_the_tanh_network():
    """4 / (3 sqrt 3) sqrt(sum |x|^4 / m) bounds the change of the Jacobian and is reached at the
    steepest point of tanh'.
    """
    largest = math.atanh(1 / math.sqrt(3))
    x, m, h = np.array([[0.6, 0.8]]), 4, 1e-6

    def jacobian(w):
        return (1 - np.tanh(x @ w.T) ** 2)[:, :, None] * x[:, None, :] / math.sqrt(m)

    w = np.tile(largest * x, (m, 1))
    change = np.linalg.norm(jacobian(w + h * x) - jacobian(w)) / np.linalg.norm(
        np.tile(h * x, (m, 1))
    )
    assert_close(change, 4 / (3 * math.sqrt(3)) / math.sqrt(m), 1e-5)


TAU, M, SIZE = 0.8, 0.3, 1.7  # of the models below: one datum, first slope TAU
SHARES = [0.02, 0.5, 0.96]  # 1 - ζ²


def flow(slope, value, alpha, t_eval, parameters=1):
    """θ_t and the tangent model's θ_t for the datum y = SIZE: rows of (time, parameter)."""

    def velocity(_, state):
        theta, tangent = state[:parameters], state[parameters:]
        start = slope(np.zeros(parameters))
        e, e_bar = alpha * value(theta) - SIZE, alpha * start @ tangent - SIZE
        return np.concatenate([-slope(theta) * e, -start * e_bar]) / alpha

    path = solve_ivp(
        velocity,
        (0, t_eval[-1]),
        np.zeros(2 * parameters),
        t_eval=t_eval,
        rtol=1e-11,
        atol=1e-14 / alpha,
        method="DOP853",
    ).y.T
    return path[:, :parameters], path[:, parameters:]


def on_the_line(share):
    """Scale, times, weights and tangent weights of F = τθ - Mθ²/2, whose slope falls as it may."""
    alpha = lazy_threshold(TAU, M, SIZE) / share
    times = np.linspace(0, 30 / (TAU**2 * (1 - share)), 3000)
    theta, tangent = flow(
        lambda t: TAU - M * t, lambda t: TAU * t[0] - M * t[0] ** 2 / 2, alpha, times
    )
    return alpha, times, theta[:, 0], tangent[:, 0]


@pytest.mark.claim("prop-lazy", kind="identity")
@pytest.mark.parametrize("share", SHARES)
def test_the_line_attains_the_movement_and_the_misfit(share):
    """(a) in the end and (b) at all times; 2 % less of either is not true."""
    alpha, times, theta, _ = on_the_line(share)
    bounds = lazy_bounds(alpha, TAU, M, SIZE)
    assert_close(theta[-1], bounds.movement, 1e-6 * bounds.movement)
    assert_close((1 - math.sqrt(1 - share)) * TAU / M, bounds.movement, 1e-12)
    residual = SIZE - alpha * (TAU * theta - M * theta**2 / 2)
    misfit = np.array([lazy_misfit(t, alpha, TAU, M, SIZE) for t in times])
    seen = misfit > 1e-3 * SIZE
    assert_close(residual[seen] / misfit[seen], np.ones(seen.sum()), 1e-5)
    assert np.all(misfit <= SIZE * np.exp(-(1 - share) * TAU**2 * times) * (1 + 1e-12))


@pytest.mark.claim("prop-lazy", kind="identity")
def test_below_the_threshold_the_line_is_not_fitted():
    """At 0.98 times the threshold the slope vanishes before the datum is reached."""
    alpha = 0.98 * lazy_threshold(TAU, M, SIZE)
    times = np.array([0.0, 4000.0])
    theta, _ = flow(lambda t: TAU - M * t, lambda t: TAU * t[0] - M * t[0] ** 2 / 2, alpha, times)
    assert SIZE - alpha * (TAU * theta[-1, 0] - M * theta[-1, 0] ** 2 / 2) > 0.019 * SIZE
    with pytest.raises(ValueError, match="alpha must be a finite real number >"):
        lazy_bounds(alpha, TAU, M, SIZE)


@pytest.mark.claim("prop-lazy", kind="identity")
@pytest.mark.parametrize("share", SHARES)
def test_the_terms_of_the_output_are_attained_one_at_a_time(share):
    """At an input with f = Bθ²/2, whose slope at the start is zero, M_x = B and (d) is attained; at
    f = θ the first of the two terms with S_x is.
    """
    alpha, _, theta, tangent = on_the_line(share)
    curved = alpha * 0.9 * theta[-1] ** 2 / 2
    assert_close(curved, lazy_bounds(alpha, TAU, M, SIZE, M_x=0.9).output, 1e-5 * curved)
    straight = alpha * 0.7 * (theta[-1] - tangent[-1])
    zeta = math.sqrt(1 - share)
    both = lazy_bounds(alpha, TAU, M, SIZE, S_x=0.7).output
    assert_close(straight * (2 + 1 / zeta - 1), both, 1e-4 * both)


@pytest.mark.claim("prop-lazy", kind="identity")
def test_the_second_term_of_the_output_is_attained_by_a_turn_of_the_slope():
    """F = τθ_1 + Mθ_1θ_2: the slope turns towards θ_2, which no datum holds back. For large scales
    θ_2 goes as far as the term with 1/ζ says.
    """
    alpha = lazy_threshold(TAU, M, SIZE) / 1e-3
    times = np.array([0.0, 40 / TAU**2])
    theta, _ = flow(
        lambda t: np.array([TAU + M * t[1], M * t[0]]),
        lambda t: TAU * t[0] + M * t[0] * t[1],
        alpha,
        times,
        parameters=2,
    )
    zeta = math.sqrt(1 - 1e-3)
    term = (1 - zeta) / (1 + zeta) * SIZE / (zeta * TAU)
    assert_close(alpha * theta[-1, 1], term, 2e-3 * term)
    assert_close(lazy_bounds(alpha, TAU, M, SIZE, S_x=1.0).output, (1 + zeta) * term, 1e-12)


@pytest.mark.claim("prop-lazy", kind="identity")
def test_both_terms_of_the_output_are_attained_in_the_end():
    """Two data, outputs τa + Mac and τb + M(a² - c²)/2: c turns away freely while b makes good for
    the curvature. At a new input along the difference, of curvature M_x along a, (d) is attained
    for large scales; 2 % less of either of its terms is not true."""
    share, M_x, S_x = 1e-3, 0.4, 0.9
    alpha, y = lazy_threshold(TAU, M, SIZE) / share, np.array([SIZE, 0.0])

    def jacobian(t):
        return np.array([[TAU + M * t[2], 0, M * t[0]], [M * t[0], TAU, -M * t[2]]])

    def value(t):
        return np.array(
            [TAU * t[0] + M * t[0] * t[2], TAU * t[1] + M * (t[0] ** 2 - t[2] ** 2) / 2]
        )

    rng = np.random.default_rng(3)
    for step in rng.standard_normal((5, 3)):
        change = np.linalg.norm(jacobian(step) - jacobian(np.zeros(3)), 2)
        assert_close(change / M, math.hypot(step[0], step[2]), 1e-12)

    path = solve_ivp(
        lambda _, t: -jacobian(t).T @ (alpha * value(t) - y) / alpha,
        (0, 40 / TAU**2),
        np.zeros(3),
        rtol=1e-11,
        atol=1e-16,
        method="DOP853",
    ).y
    z = alpha * path[:, -1] - np.array([SIZE / TAU, 0, 0])
    curved = alpha * M_x / 2 * path[0, -1] ** 2
    straight = S_x * np.linalg.norm(z)
    bounds = lazy_bounds(alpha, TAU, M, SIZE, M_x=M_x, S_x=S_x)
    assert_close(curved + straight, bounds.final, 2e-3 * bounds.final)
    assert curved + straight <= bounds.final
    assert_close(lazy_bounds(alpha, TAU, M, SIZE, S_x=S_x).final, straight, 2e-3 * straight)
    zeta = math.sqrt(1 - 0.96)
    tight = lazy_bounds(lazy_threshold(TAU, M, SIZE) / 0.96, TAU, M, SIZE, S_x=S_x)
    assert_close(tight.final / tight.output, math.hypot(1, 1 / zeta) / (1 + 1 / zeta), 1e-12)


@pytest.mark.claim("prop-lazy", kind="one-sided")
@pytest.mark.parametrize("share", SHARES)
def test_the_residual_is_within_a_factor_of_its_bound(share):
    """(c): no model is known that attains its constant, so no check sees it to 2 %. The line comes
    to 0.46 of it at large scale, and to 0.2 or more here.
    """
    alpha, _, theta, tangent = on_the_line(share)
    gap = np.max(alpha * np.abs(TAU * theta - M * theta**2 / 2 - TAU * tangent))
    bound = lazy_bounds(alpha, TAU, M, SIZE).residual
    zeta = math.sqrt(1 - share)
    formula = (1 + 1 / math.sqrt(6)) * (1 - zeta) / (1 + zeta) * SIZE
    assert_close(bound, formula, 1e-12)
    assert 0.2 * bound < gap <= bound
    if share == SHARES[0]:
        assert 0.45 * bound < gap


@pytest.mark.claim("prop-lazy", kind="quadrature")
@pytest.mark.parametrize("zeta", [0.05, 0.6, 0.99])
def test_the_integrals_of_the_proof(zeta):
    """Step 3, in the variable u: both integrals are below what the proof puts for them, and near it
    for ζ near 1.
    """
    u = zeta + (1 - zeta) * (np.arange(200_000) + 0.5) / 200_000
    first, second = (1 - u) / u, (1 - u) ** 2 * (u**2 - zeta**2) / u
    for values, bound in ((first, (1 - zeta) ** 2 / (2 * zeta)), (second, (1 - zeta) ** 4 / 6)):
        integral = np.mean(values) * (1 - zeta)
        assert integral <= bound
        if zeta == 0.99:
            assert integral > 0.98 * bound


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: lazy_bounds(6.0, 0.5, 0.25, 3.0),
            "alpha must be a finite real number > 6, got 6.0",
        ),
        (lambda: lazy_threshold(0.0, 1.0, 1.0), "tau must be"),
        (lambda: lazy_bounds(9.0, 0.5, 0.25, 3.0, M_x=-1.0), "M_x must be"),
        (lambda: lazy_misfit(-1.0, 9.0, 0.5, 0.25, 3.0), "t must be"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
