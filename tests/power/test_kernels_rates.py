"""The book's statements on kernels of random features: closed forms, rates, fits, deep tangent
kernels and lazy training.
"""

import math

import numpy as np
import pytest
from checks import assert_close
from scipy.integrate import quad, solve_ivp
from scipy.special import ndtr

from randomfeatures.power.kernels import arc_cosine, neural_tangent
from randomfeatures.power.kernels_rates import (
    fit_deviation,
    kernel_deviation,
    kernel_variance,
    lazy_bounds,
    lazy_threshold,
    mean_square_fit_deviation,
    second_arc_cosine,
    tangent_variance,
)
from randomfeatures.power.random_features import ReLUFeatures, ridge

ANGLES = [0.05, 0.7, math.pi / 2, 2.2, 3.0]
X = np.array([[1.2, 0.5, 0.0], [0.4, -0.3, 0.8], [-1.0, 0.2, 0.1]])


def pair(angle, norm_x=1.5, norm_y=0.7):
    """Two vectors of these norms with this angle, as matrices of one row."""
    return np.array([[norm_x, 0.0]]), norm_y * np.array([[math.cos(angle), math.sin(angle)]])


def kernel_by_quadrature(n, angle, norm_x=1.5, norm_y=0.7):
    """2 E u_+^n v_+^n over u = <w,x>/|x|; given u, v/|y| is Gaussian with mean u cos and deviation
    sin of the angle.
    """
    s = math.sin(angle)

    def given(u):
        m = u * math.cos(angle)
        density = math.exp(-((m / s) ** 2) / 2) / math.sqrt(2 * math.pi)
        moment = [
            ndtr(m / s),
            m * ndtr(m / s) + s * density,
            (m * m + s * s) * ndtr(m / s) + m * s * density,
        ][n]
        return u**n * moment * math.exp(-u * u / 2) / math.sqrt(2 * math.pi)

    return (
        2
        * (norm_x * norm_y) ** n
        * quad(given, 0, 12, epsabs=1e-13, epsrel=1e-12, points=[0.1, 1, 4])[0]
    )


@pytest.mark.claim("prop-arc-cosine", kind="quadrature")
@pytest.mark.parametrize("angle", ANGLES)
def test_closed_forms_against_the_expectation(angle):
    x, y = pair(angle)
    for n in (0, 1):
        value, truth = arc_cosine(x, y, n, 1)[0, 0], kernel_by_quadrature(n, angle)
        assert_close(value, truth, 1e-9 * abs(truth) + 1e-12)
    assert_close(
        second_arc_cosine(x, y)[0, 0],
        kernel_by_quadrature(2, angle),
        1e-9 * kernel_by_quadrature(2, angle) + 1e-12,
    )


@pytest.mark.claim("prop-arc-cosine", kind="identity")
@pytest.mark.parametrize("angle", ANGLES)
def test_derivative_of_the_relu_kernel_is_the_kernel_of_the_step(angle):
    h = 1e-5
    up, down = (arc_cosine(*pair(angle + t), 1, 1)[0, 0] for t in (h, -h))
    inner_up, inner_down = ((p[0] @ p[1].T).item() for p in (pair(angle + h), pair(angle - h)))
    assert_close((up - down) / (inner_up - inner_down), arc_cosine(*pair(angle), 0, 1)[0, 0], 1e-8)


@pytest.mark.claim("prop-kernel-rate", kind="Monte Carlo")
@pytest.mark.parametrize("r", [1, 5])
def test_mean_square_error_of_the_empirical_kernel(r):
    """E |K^ - K|_F^2 = sum of v / r, v = 2 k_2 - k_1^2, within 4 standard errors; 2 % too much is
    seen.
    """
    rng, draws = np.random.default_rng(20), 2_000_000 // r
    f = math.sqrt(2) * np.maximum(rng.standard_normal((draws, r, 3)) @ X.T, 0)
    gap = np.einsum("nri,nrj->nij", f, f) / r - arc_cosine(X, X, 1, 1)
    squares = np.sum(gap**2, axis=(1, 2))
    predicted = np.sum(kernel_variance(X, X)) / r
    assert_close(predicted, squares.mean(), 4 * squares.std() / math.sqrt(draws))


@pytest.mark.claim("prop-kernel-rate", kind="certified")
def test_largest_features_and_bounded_differences_are_reached():
    """B = 2 d |X|_op^2, 6 |x|^2 |y|^2 and the change sqrt(2) B / r of one feature are bounds that
    some features reach.
    """
    squares = np.sum(X * X, axis=1)
    assert np.all(2 * second_arc_cosine(X, X) <= 6 * np.outer(squares, squares) * (1 + 1e-12))
    assert_close(2 * np.diag(second_arc_cosine(X, X)), 6 * squares**2, 1e-6)
    d, line = 3, np.array([[0.6, 0.0, 0.8], [-0.6, 0.0, -0.8]])
    first, second = (math.sqrt(2 * d) * np.maximum(line @ theta, 0) for theta in line)
    B = (
        2 * d * np.linalg.norm(line[:1], 2) ** 2
    )  # each half of this line alone: the other input is not seen
    assert_close(np.sum(first**2), B, 1e-12)
    assert_close(
        np.linalg.norm(np.outer(first, first) - np.outer(second, second)), math.sqrt(2) * B, 1e-12
    )
    rng = np.random.default_rng(21)
    seen = np.sum(
        2 * d * np.maximum(X @ ReLUFeatures.sample(rng, 2000, d).weights.T, 0) ** 2, axis=0
    )
    assert (
        0.6 * 2 * d * np.linalg.norm(X, 2) ** 2 < np.max(seen) <= 2 * d * np.linalg.norm(X, 2) ** 2
    )


@pytest.mark.claim("prop-kernel-rate", kind="Monte Carlo")
def test_unit_weights_give_the_same_kernel_within_the_bound():
    """The mean of K^ is k_1; and of 2000 draws none but the fraction eta may exceed the bound,
    whose mean part bounds the mean.
    """
    rng, d, r, eta, draws = np.random.default_rng(22), 3, 20, 0.05, 20_000
    weights = rng.standard_normal((draws, r, d))
    weights /= np.linalg.norm(weights, axis=2, keepdims=True)
    f = math.sqrt(2 * d) * np.maximum(weights @ X.T, 0)
    empirical, K = np.einsum("nri,nrj->nij", f, f) / r, arc_cosine(X, X, 1, 1)
    assert_close(K, empirical.mean(axis=0), 4 * empirical.std(axis=0) / math.sqrt(draws))
    gaps, B = np.linalg.norm(empirical - K, axis=(1, 2)), 2 * d * np.linalg.norm(X, 2) ** 2
    assert np.mean(gaps > kernel_deviation(B, r, eta)) <= eta
    assert 0.1 * B / math.sqrt(r) < np.mean(gaps) <= B / math.sqrt(r)


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


def fits(K, k_x, y, mu):
    """Predictions of kernel ridge at the training inputs and at one more."""
    c = np.linalg.solve(K + mu * np.eye(len(K)), y)
    return K @ c, k_x @ c


@pytest.mark.claim("prop-ridge-limit", kind="identity")
def test_features_and_kernel_give_the_same_fit():
    rng, n, r, mu = np.random.default_rng(25), 12, 7, 0.3
    phi, inputs, y = (
        ReLUFeatures.sample(rng, r, 3),
        rng.standard_normal((n + 1, 3)),
        rng.standard_normal(n),
    )
    F, new = phi(inputs[:n]), phi(inputs[n:])[0]
    u = ridge(F, y, penalty=r * mu)
    at_training, at_new = fits(F @ F.T / r, F @ new / r, y, mu)
    assert_close(F @ u, at_training, 1e-12)
    assert_close(new @ u, at_new, 1e-12)


@pytest.mark.claim("prop-ridge-limit", kind="certified")
def test_bounds_on_the_difference_of_fits_hold_and_are_reached():
    rng, n = np.random.default_rng(26), 8
    for mu in (0.05, 1.0, 20.0):
        for r in (3, 30, 3000):
            inputs, y = rng.standard_normal((n + 1, 3)), rng.standard_normal(n)
            F = math.sqrt(2) * ReLUFeatures(rng.standard_normal((r, 3)), np.zeros(r))(inputs)
            K, hat = arc_cosine(inputs, inputs, 1, 1), F @ F.T / r
            (a, b), (a_hat, b_hat) = (
                fits(K[:n, :n], K[n, :n], y, mu),
                fits(hat[:n, :n], hat[n, :n], y, mu),
            )
            gap, gap_x = (
                np.linalg.norm(hat[:n, :n] - K[:n, :n], 2),
                np.linalg.norm(hat[n, :n] - K[n, :n]),
            )
            size = np.linalg.norm(y)
            assert np.linalg.norm(a_hat - a) <= fit_deviation(size, mu, gap)
            assert abs(b_hat - b) <= fit_deviation(size, mu, gap, gap_x, diagonal=K[n, n])
    # Reached: (a) by K = 0 and a small multiple of the identity; (b) by orthogonal directions, and
    # by k_x alone.
    mu, small = 0.7, 1e-6
    value = fits(small * np.eye(2), np.zeros(2), np.array([0.0, 1.0]), mu)[0]
    assert_close(np.linalg.norm(value), fit_deviation(1.0, mu, small), 1e-4 * small / mu)
    K, hat = np.diag([mu, 0.0]), np.array([[mu, small], [small, small**2 / mu]])
    k_x = np.array([math.sqrt(mu * 2.0), 0.0])  # with k(x, x) = 2
    change = fits(hat, k_x, np.array([0.0, 1.0]), mu)[1] - fits(K, k_x, np.array([0.0, 1.0]), mu)[1]
    assert_close(abs(change), fit_deviation(1.0, mu, small, 0.0, diagonal=2.0), 1e-4 * small)
    shifted = fits(np.zeros((2, 2)), np.array([0.0, small]), np.array([0.0, 1.0]), mu)[1]
    assert_close(shifted, fit_deviation(1.0, mu, 0.0, small, diagonal=2.0), 1e-4 * small / mu)


@pytest.mark.claim("prop-ridge-limit", kind="Monte Carlo")
def test_mean_square_difference_of_fits():
    """Part (c) holds for the mean of 4000 draws, also with its standard error; for a large penalty
    and aligned data it is near.
    """
    rng, mu, r, y = np.random.default_rng(27), 50.0, 10, np.array([1.0])
    x = np.array([[1.0, 0.0]])  # one input: the difference is close to (k^ - k) y / mu
    K, bound = (
        arc_cosine(x, x, 1, 1),
        mean_square_fit_deviation(1.0, mu, kernel_variance(x, x).item(), r),
    )
    square = []
    for _ in range(4000):
        F = math.sqrt(2) * np.maximum(x @ rng.standard_normal((2, r)), 0)
        square.append(
            (fits(F @ F.T / r, np.zeros(1), y, mu)[0] - fits(K, np.zeros(1), y, mu)[0]).item() ** 2
        )
    assert 0.7 * bound < np.mean(square) + 4 * np.std(square) / math.sqrt(4000) <= 1.1 * bound
    assert np.mean(square) <= bound


def quadratic_model(rng, n, parameters, curvature):
    """F_i(t) = <b_i, t> + <A_i t, t> / 2, started at 0: its Jacobian has the rows b_i + A_i t."""
    A = rng.standard_normal((n, parameters, parameters)) * curvature
    A = (A + A.transpose(0, 2, 1)) / 2
    return rng.standard_normal((n, parameters)), A


@pytest.mark.claim("prop-lazy", kind="one-sided")
def test_lazy_flow_stays_near_the_tangent_model():
    """Gradient flow integrated to 1e-10 on a model with known constants: all four bounds hold, and
    the distances fall like 1 / scale.
    """
    rng, n, parameters = np.random.default_rng(28), 3, 8
    b, A = quadratic_model(rng, n + 1, parameters, 0.2)  # the last output plays the new input
    y = np.array([0.8, -0.5, 0.4])
    J0, A0, size = b[:n], A[:n], np.linalg.norm(y)
    S, tau = np.linalg.svd(J0, compute_uv=False)[[0, -1]]
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
        decay, gap = np.exp(-(tau**2) * times / 4), np.linalg.norm(e - e_bar, axis=1)
        new = np.abs(outputs[:, n] - alpha * tangent @ b[n])
        moved = np.linalg.norm(theta, axis=1)
        bounds = lazy_bounds(alpha, tau, M, size, S=S, M_x=M_x, S_x=S_x)
        assert np.all(moved <= bounds.movement + 1e-12)
        assert np.all(np.linalg.norm(e, axis=1) <= decay * size + 1e-9)
        assert np.all(gap <= bounds.residual * decay + 1e-9)
        assert np.all(new <= bounds.output + 1e-9)
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


@pytest.mark.claim("prop-lazy", kind="identity")
def test_lazy_constants_at_a_generic_point():
    """By hand at tau = 1/2, M = 1/4, |y| = 3, S = 2, M_x = 1/10, S_x = 7/10, alpha = 50; 4 M |y| /
    tau^2 = 12.
    """
    assert lazy_threshold(0.5, 0.25, 3.0) == 12.0
    bounds = lazy_bounds(50.0, 0.5, 0.25, 3.0, S=2.0, M_x=0.1, S_x=0.7)
    assert_close(bounds.movement, 6 / 25, 1e-14)
    assert_close(bounds.residual, 24 / 5, 1e-13)  # 20/3 * 2 * 1/4 * 9 / (1/8 * 50)
    assert_close(
        bounds.output, 0.72 * (0.4 + 196), 1e-10
    )  # 9 / (1/4 * 50) * (4/10 + 35 * 0.7 * 4 * 1/4 / (1/8))


@pytest.mark.claim("prop-lazy", kind="one-sided")
def test_how_loose_the_lazy_bounds_are_on_the_line():
    """One parameter, F = t - t²/2, whose slope falls to the half at worst: (a) is off by 1.7, (c)
    by 10, (d) by 110.
    """
    alpha = 1.0001 * lazy_threshold(1.0, 1.0, 1.0)

    def flow(_, state):
        theta, tangent = state
        e = alpha * (theta - theta**2 / 2) - 1
        return [-(1 - theta) * e / alpha, -(alpha * tangent - 1) / alpha]

    times = np.linspace(0, 40, 4000)
    theta, tangent = solve_ivp(flow, (0, 40), [0, 0], t_eval=times, rtol=1e-11, atol=1e-14).y
    gap = alpha * np.abs(theta - theta**2 / 2 - tangent)
    bounds = lazy_bounds(alpha, 1.0, 1.0, 1.0, S=1.0, M_x=1.0, S_x=1.0)
    assert 0.58 * bounds.movement < np.max(theta) < bounds.movement
    assert 0.09 * bounds.residual < np.max(gap * np.exp(times / 4)) < bounds.residual
    assert 0.009 * bounds.output < np.max(gap) < bounds.output


@pytest.mark.claim("prop-kernel-rate", kind="identity")
def test_the_deviation_at_generic_points_and_near_its_first_term():
    """Without the tail B/√r, and B √(1/r - 1/N) is the distance of r distinct features √B e_i of N
    from their kernel B/N.
    """
    assert_close(kernel_deviation(3.0, 16, 1.0), 0.75, 1e-15)
    assert_close(kernel_deviation(3.0, 16, math.exp(-9)), 3.0, 1e-14)
    B, r, N = 3.0, 5, 1000
    empirical = np.diag(np.where(np.arange(N) < r, B / r, 0.0))
    distance = np.linalg.norm(empirical - B / N * np.eye(N))
    assert_close(distance, B * math.sqrt(1 / r - 1 / N), 1e-12)
    assert 0.99 * kernel_deviation(B, r, 1.0) < distance < kernel_deviation(B, r, 1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: lazy_bounds(12.0, 0.5, 0.25, 3.0, S=2.0),
            "alpha must be a finite real number > 12, got 12.0",
        ),
        (
            lambda: lazy_bounds(50.0, 0.5, 0.25, 3.0, S=0.4),
            "S must be a finite real number >= 0.5, got 0.4",
        ),
        (lambda: lazy_threshold(0.0, 1.0, 1.0), "tau must be"),
        (
            lambda: fit_deviation(1.0, 1.0, 1.0, 0.5),
            "diagonal must be given together with input_gap",
        ),
        (lambda: kernel_deviation(1.0, 5, 0.0), "eta must be"),
        (lambda: mean_square_fit_deviation(1.0, 1.0, -1.0, 5), "variance must be"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
