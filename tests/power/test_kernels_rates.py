"""The book's statements on kernels of random features: closed forms, rates and fits."""

import math

import numpy as np
import pytest
from checks import assert_close
from scipy.integrate import quad
from scipy.special import gammaln, ndtr

from randomfeatures.power.kernels import arc_cosine
from randomfeatures.power.kernels_rates import (
    fit_deviation,
    kernel_deviation,
    kernel_variance,
    mean_square_fit_deviation,
    second_arc_cosine,
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
    """Part (c): with one input and a large penalty the fits differ by (k^ - k) y / mu, nearly, and
    the bound is attained: within 4 standard errors of 400 000 draws, finer than 2 %.
    """
    rng, mu, r, draws = np.random.default_rng(27), 1e4, 10, 400_000
    x = np.array([[1.0, 0.0]])
    K = arc_cosine(x, x, 1, 1).item()
    hat = np.mean(2 * np.maximum(rng.standard_normal((draws, r)), 0) ** 2, axis=1)
    squares = (hat / (hat + mu) - K / (K + mu)) ** 2  # the fits to y = 1
    bound = mean_square_fit_deviation(1.0, mu, kernel_variance(x, x).item(), r)
    assert_close(bound, squares.mean(), 4 * squares.std() / math.sqrt(draws))


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


@pytest.mark.claim("prop-kernel-rate", kind="identity")
def test_the_logarithm_of_the_deviation_is_attained_by_two_features():
    """Features √B e_1 and √B e_2, each with probability 1/2: the distance is √2 B |share - 1/2|. At
    η = e^-20000 it passes 98.5 % of the bound with probability at least η, by one binomial term.
    """
    B, r, log_eta = 3.0, 10**10, -20_000.0
    heads = math.floor(r / 2 * (1 + math.sqrt(-2 * log_eta / r)))

    def log_probability(heads):
        return gammaln(r + 1) - gammaln(heads + 1) - gammaln(r - heads + 1) - r * math.log(2)

    while log_probability(heads) < log_eta:
        heads -= 10
    share = heads / r
    distance = np.linalg.norm(B * np.diag([share - 0.5, 0.5 - share]))
    bound = B / math.sqrt(r) * (1 + math.sqrt(-log_eta))
    assert 0.985 * bound < distance <= bound
    for eta in (1.0, 0.3, 1e-300):  # the function is this formula
        value = B / math.sqrt(r) * (1 + math.sqrt(-math.log(eta)))
        assert_close(kernel_deviation(B, r, eta), value, 1e-13 * value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: fit_deviation(1.0, 1.0, 1.0, 0.5),
            "diagonal must be given together with input_gap",
        ),
        (lambda: kernel_deviation(1.0, 5, 0.0), "delta must be"),
        (lambda: mean_square_fit_deviation(1.0, 1.0, -1.0, 5), "variance must be"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
