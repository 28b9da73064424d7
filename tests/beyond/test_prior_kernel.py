"""The prior kernel: closed forms against quadrature, complete enumeration and Monte Carlo;
variances; depth."""

import itertools
import math

import mpmath as mp
import numpy as np
import pytest
import torch
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from randomfeatures.beyond import prior_kernel
from randomfeatures.beyond.prior_kernel import (
    convolution_kernel,
    depth_correction,
    one_layer_kernel,
)
from randomfeatures.beyond.prior_kernel_networks import (
    convolution,
    multilayer,
    sampled_features,
    sampled_kernel,
    train_classifier,
)
from randomfeatures.beyond.prior_kernel_rate import entry_variance, expected_kernel_error
from randomfeatures.beyond.prior_kernel_readouts import (
    kernel_components,
    kernel_ridge_accuracy,
    readout_accuracy,
)
from randomfeatures.power.kernels import network_prior

PI = math.pi
SEEDS = st.integers(0, 2**32 - 1)
PHI = {
    "relu": lambda z: np.maximum(z, 0),
    "erf": special.erf,
    "sine": np.sin,
    "gaussian": lambda z: np.exp(-(z**2) / 2),
}


class Bits(np.random.Generator):
    """Deals out given bits where a generator draws integers: with it every network with weights ±1
    can be visited once."""

    def __init__(self, bits):
        super().__init__(np.random.PCG64(0))
        self.bits = list(bits)

    def integers(self, low, high, size):
        taken, self.bits = self.bits[: math.prod(size)], self.bits[math.prod(size) :]
        return np.reshape(taken, size)


def mean_over_all_networks(network, x, weights):
    """E <f(x_i), f(x_j)> over all 2^weights networks with independent fair signs as weights:
    exact."""
    total = 0.0
    for bits in itertools.product((0, 1), repeat=weights):
        rng = Bits(bits)
        f = network(rng, x)
        assert not rng.bits
        total = total + f @ f.T
    return total / 2**weights


def sign_kernel(x, phi):
    """E φ(<w, x_i>) φ(<w, x_j>) for w uniform on the 2^d points ±1/√d."""
    d = x.shape[1]
    h = phi(x @ np.array(list(itertools.product((-1, 1), repeat=d))).T / math.sqrt(d))
    return h @ h.T / 2**d


def monte_carlo(rng, network, x, batches, R):
    """Mean of ``batches`` sampled kernels and the standard error of each entry; and both for the
    trace."""
    kernels = np.array([sampled_kernel(rng, network, x, x, R) for _ in range(batches)])
    traces, root = np.trace(kernels, axis1=1, axis2=2), math.sqrt(batches)
    return kernels.mean(0), kernels.std(0, ddof=1) / root, traces.mean(), traces.std(ddof=1) / root


def agrees(found, exact):
    """The sampled entries are within 5 of their standard errors; 4 of that of the trace resolve 2
    percent of it."""
    kernel, errors, trace, sem = found
    assert np.all(np.abs(kernel - exact) < 5 * errors)
    assert 4 * sem < 0.02 * np.trace(exact)
    assert abs(trace - np.trace(exact)) < 4 * sem


# --- one hidden layer


@pytest.mark.claim("prop-prior-one-layer", kind="identity")
@given(SEEDS)
def test_relu_kernel_is_the_formula(seed):
    rng = np.random.default_rng(seed)
    d, C = int(rng.integers(2, 20)), int(rng.integers(1, 12))
    x, y = rng.standard_normal((4, d)), 3 * rng.standard_normal((5, d))
    lengths = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
    t = np.arccos(x @ y.T / lengths)
    assert_close(
        one_layer_kernel(x, y, "relu", C),
        C * lengths * (np.sin(t) + (PI - t) * np.cos(t)) / (2 * PI * d),
        1e-13 * C * lengths,
    )
    assert_close(
        one_layer_kernel(x, y, "relu", C, scale=0.7),
        0.49 * network_prior(x, y, C, depth=1),
        1e-13 * C * lengths,
    )


@pytest.mark.claim("prop-prior-one-layer", kind="quadrature")
@pytest.mark.parametrize("activation", ["erf", "sine", "gaussian"])
@given(SEEDS)
@settings(max_examples=20)
def test_smooth_kernels_against_quadrature(activation, seed):
    rng = np.random.default_rng(seed)
    d, C, scale, bias = int(rng.integers(1, 9)), 3, rng.uniform(0.3, 1.2), rng.uniform(0, 0.8)
    x, y = rng.standard_normal((1, d)), rng.standard_normal((1, d))
    one = scale**2 / d * np.array([[x @ x.T, x @ y.T], [x @ y.T, y @ y.T]]).reshape(2, 2) + bias**2
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    values, vectors = np.linalg.eigh(one)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    u, v = (root[i, 0] * nodes[:, None] + root[i, 1] * nodes[None, :] for i in (0, 1))
    truth = C * weights @ (PHI[activation](u) * PHI[activation](v)) @ weights / (2 * PI)
    assert (
        abs(one_layer_kernel(x, y, activation, C, scale, bias)[0, 0] - truth)
        < 1e-6
        < 0.02 * C * 0.01
    )
    if abs(truth) > 1e-4:
        assert_close(one_layer_kernel(x, y, activation, C, scale, bias), [[truth]], 1e-6)


@pytest.mark.parametrize("activation", PHI)
def test_a_bias_is_one_more_input(activation):
    rng = np.random.default_rng(1)
    d, scale, bias = 5, 0.8, 0.6
    x, y = rng.standard_normal((3, d)), rng.standard_normal((4, d))
    more = [
        math.sqrt(d + 1)
        * np.concatenate([scale / math.sqrt(d) * rows, np.full((len(rows), 1), bias)], axis=1)
        for rows in (x, y)
    ]
    assert_close(
        one_layer_kernel(x, y, activation, 7, scale, bias),
        one_layer_kernel(*more, activation, 7),
        1e-13,
    )


@pytest.mark.claim("prop-prior-one-layer", kind="identity")
@pytest.mark.parametrize("activation", PHI)
@pytest.mark.parametrize("width", [1, 2])
def test_width_does_not_enter(activation, width):
    """All networks with weights ±1: two inputs, ``width`` units, two logits. The kernel is C E φφ'
    at both widths, exactly."""
    x, C = np.array([[0.3, -1.1], [0.9, 0.4], [-0.5, -0.2]]), 2
    network = multilayer((width,), activation, C, "sign")
    exact = C * sign_kernel(x, PHI[activation])
    assert_close(mean_over_all_networks(network, x, 2 * width + width + C * width), exact, 1e-14)


@pytest.mark.parametrize("scale, bias", [(1.5, 0.0), (1.0, 0.7)])
def test_scale_and_bias_of_a_network(scale, bias):
    x = np.array([[0.3, -1.1], [0.9, 0.4]])
    network = multilayer((1,), "erf", 1, "sign", scale=scale, bias=bias)
    inputs = math.sqrt(3) * np.concatenate(
        [scale / math.sqrt(2) * x, np.full((2, 1), bias)], axis=1
    )
    assert_close(
        mean_over_all_networks(network, x, 2 + 1 + 1), sign_kernel(inputs, special.erf), 1e-14
    )


@pytest.mark.claim("prop-prior-one-layer", kind="Monte Carlo")
@pytest.mark.parametrize(
    "activation, width", [("relu", 4), ("relu", 40), ("erf", 10), ("sine", 10), ("gaussian", 3)]
)
def test_gaussian_networks_have_the_kernel(activation, width):
    rng = np.random.default_rng(2)
    x = rng.standard_normal((12, 12))
    found = monte_carlo(
        rng, multilayer((width,), activation, outputs=60), x, 40, 400 if width == 4 else 50
    )
    agrees(found, one_layer_kernel(x, x, activation, 60))


# --- depth


@pytest.mark.claim("prop-prior-diagonal", kind="identity")
@pytest.mark.parametrize(
    "widths, weights", [((1, 2), 2 + 1 + 2 + 2 + 2), ((2, 1, 1), 4 + 2 + 2 + 1 + 1 + 1 + 1)]
)
def test_diagonal_at_finite_width_over_all_networks(widths, weights):
    x, scale = (
        np.array([[0.3, -1.1], [2.0, 0.5], [0.75, -2.75]]),
        1.3,
    )  # the last is 5/2 of the first
    kernel = mean_over_all_networks(multilayer(widths, "relu", 1, "sign", scale=scale), x, weights)
    assert_close(np.diag(kernel), (scale**2 / 2) ** len(widths) * np.sum(x**2, axis=1) / 2, 1e-14)
    assert_close(kernel[0, 2], 2.5 * kernel[0, 0], 1e-14)
    # Off the diagonal the kernel is another than that of Gaussian weights.
    assert (
        abs(
            kernel[0, 1] / (scale ** (2 * len(widths)) * network_prior(x, x, 1, len(widths))[0, 1])
            - 1
        )
        > 0.02
    )


@pytest.mark.claim("prop-prior-diagonal", kind="Monte Carlo")
@pytest.mark.parametrize("law", ["gaussian", "uniform"])
def test_diagonal_at_finite_width(law):
    rng = np.random.default_rng(10)
    x, scale = rng.standard_normal((12, 12)), 1.2
    kernel, errors, trace, sem = monte_carlo(
        rng, multilayer((12, 9), outputs=60, initialisation=law, scale=scale), x, 40, 150
    )
    exact = 60 * (scale**2 / 2) ** 2 * np.sum(x**2, axis=1) / 12
    assert np.all(np.abs(np.diag(kernel) - exact) < 4.5 * np.diag(errors))
    assert 4 * sem < 0.03 * exact.sum()
    assert abs(trace - exact.sum()) < 4 * sem


def g(p, q, r):
    """E [u]_+ [v]_+ for Gaussian u, v of variances p, r and covariance q, over 1/2 that of the
    second layer: numpy and torch."""
    root = (p * r) ** 0.5
    cosine = q / root
    lib = torch if isinstance(cosine, torch.Tensor) else np
    return root / (2 * PI) * (lib.sqrt(1 - cosine**2) + (PI - lib.arccos(cosine)) * cosine)


def depth_by_quadrature(t):
    """½ Σ ∂_i ∂_j g Cov(τ_i, τ_j) at the mean of τ = 2 ([u]_+², [u]_+ [u']_+, [u']_+²): derivatives
    by torch, moments by quadrature."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    mean, second = np.zeros(3), np.zeros((3, 3))
    for lower, upper in (
        (-PI / 2, t - PI / 2),
        (t - PI / 2, PI / 2),
        (PI / 2, t + PI / 2),
    ):  # kinks of the two ReLUs
        angle = (lower + upper) / 2 + (upper - lower) / 2 * nodes
        u, v = np.maximum(np.cos(angle), 0), np.maximum(np.cos(angle - t), 0)
        tau = 2 * np.array([u * u, u * v, v * v])
        measure = (upper - lower) / 2 * weights / (2 * PI)
        mean, second = (
            mean + 2 * tau @ measure,
            second + 8 * (tau * measure) @ tau.T,
        )  # E r² = 2, E r⁴ = 8
    hessian = torch.autograd.functional.hessian(
        lambda z: g(z[0], z[1], z[2]), torch.tensor(mean)
    ).numpy()
    return np.sum(hessian * (second - np.outer(mean, mean))) / 2


@pytest.mark.claim("prop-prior-depth", kind="quadrature")
@given(st.floats(0.05, 3.1), SEEDS)
def test_depth_correction_from_its_derivation(t, seed):
    rng = np.random.default_rng(seed)
    d, C = int(rng.integers(2, 9)), int(rng.integers(1, 12))
    frame = np.linalg.qr(rng.standard_normal((d, 2)))[0].T
    x, y = (
        rng.uniform(0.5, 2) * frame[:1],
        rng.uniform(0.5, 2) * (math.cos(t) * frame[:1] + math.sin(t) * frame[1:]),
    )
    size = C * np.linalg.norm(x) * np.linalg.norm(y) / (2 * d)
    assert abs(depth_correction(x, y, C)[0, 0] - size * depth_by_quadrature(t)) < 1e-9 * size
    if t > 0.5:
        assert_close(depth_correction(x, y, C), [[size * depth_by_quadrature(t)]], 1e-9 * size)


def positive_parts(L, power):
    """Directions of z = L g, g standard Gaussian in the plane, with weights that integrate
    [z_1]_+ [z_2]_+ times a form of degree ``power`` - 2: E r^power is part of them."""
    zeros = np.sort([math.atan2(-row[0], row[1]) % PI + s * PI for row in L for s in (0, 1)])
    ends = np.append(zeros, zeros[0] + 2 * PI)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    angle = (ends[:-1] + ends[1:])[:, None] / 2 + np.diff(ends)[:, None] / 2 * nodes
    weight = np.diff(ends)[:, None] / 2 * weights / (2 * PI) * {2: 2, 4: 8, 6: 48}[power]
    return L @ [np.cos(angle.ravel()), np.sin(angle.ravel())], weight.ravel()


@pytest.mark.claim("prop-prior-depth", kind="quadrature")
@pytest.mark.parametrize("t", [0.4, 1.1, 1.9, 2.7])
def test_depth_correction_is_that_of_yaida(t):
    """Yaida 2020, recursions (R1) to (R3), after two ReLU layers of two inputs, C_W = 1: the
    four-point function of the second layer's input, then the correction of the readout's kernel."""
    pairs = list(itertools.product(range(2), repeat=2))
    x, d, outputs = np.array([[1.3, 0.0], [0.7 * math.cos(t), 0.7 * math.sin(t)]]), 2, 5
    z, weight = positive_parts(np.linalg.cholesky(x @ x.T / d), 2)
    fourth_weight = positive_parts(np.linalg.cholesky(x @ x.T / d), 4)[1]
    h = np.maximum(z, 0)
    K = (h * weight) @ h.T  # (R1)
    V = np.einsum("ip,jp,kp,lp,p->ijkl", h, h, h, h, fourth_weight) - np.multiply.outer(K, K)
    raised = np.einsum("ijkl,ai,bj,ck,dl->abcd", V, *[np.linalg.inv(K)] * 4)
    means = {power: positive_parts(np.linalg.cholesky(K), power) for power in (2, 4, 6)}

    def mean(polynomial, power):
        z, weight = means[power]
        return np.sum(np.maximum(z[0], 0) * np.maximum(z[1], 0) * polynomial(z) * weight)

    total = 0.0
    for (i, j), (k, m) in itertools.product(pairs, pairs):  # (R3), with no correction before
        quartic = mean(lambda z, i=i, j=j, k=k, m=m: z[i] * z[j] * z[k] * z[m], 6)
        first = mean(lambda z, i=i, j=j: z[i] * z[j], 4)
        second = mean(lambda z, i=i, k=k: z[i] * z[k], 4)
        constant = mean(lambda z: 1.0, 2) * (K[i, j] * K[k, m] + 2 * K[i, k] * K[j, m])
        bracket = quartic - 2 * first * K[k, m] - 4 * second * K[j, m] + constant
        total += raised[i, j, k, m] * bracket / 8
    assert_close(depth_correction(x[:1], x[1:], outputs), [[outputs * total]], 1e-11)


@pytest.mark.claim("prop-prior-depth", kind="identity")
def test_depth_correction_at_small_angles_and_at_opposite_inputs():
    x = np.array([[2.0, 0.0]])
    t = np.array([0.0, 1e-9, 0.9999e-3, 1.0001e-3, 0.01, 0.05])
    found = depth_correction(x, np.stack([np.cos(t), np.sin(t)], axis=1), 3)[0] / (3 * 2 / 4)
    assert np.all(np.abs(found + 3 * t**4 / (5 * PI**2)) < 1e-12 + 0.02 * t**4 * 0.06)
    assert found[0] == 0 and found[-1] < -3e-7
    assert_close(found[:3] * 1e12, -3e12 * t[:3] ** 4 / (5 * PI**2), 1e-6)
    assert_close(depth_correction(x, -x, 3), [[-3 * 3 * 4 / (8 * PI * 2)]], 1e-13)
    assert np.all(depth_correction(x, 0 * x, 3) == 0)


@pytest.mark.claim("prop-prior-depth", kind="identity")
def test_depth_correction_from_the_exact_kernel_of_opposite_inputs():
    """B of m units are on for x, the others for -x: k(x, -x) = C |x|² E χ_B χ_{m-B} / (2π m d), B ~
    Bin(m, 1/2)."""

    def exact(m):
        n = np.arange(m + 1)
        length = np.where(
            n > 0,
            math.sqrt(2)
            * np.exp(special.gammaln((n + 1) / 2) - special.gammaln(np.maximum(n, 1) / 2)),
            0.0,
        )
        log_probability = (
            special.gammaln(m + 1)
            - special.gammaln(n + 1)
            - special.gammaln(m - n + 1)
            - m * math.log(2)
        )
        return np.sum(np.exp(log_probability) * length * length[::-1]) / (2 * PI * m)

    x = np.ones((1, 4))
    limit, b = network_prior(x, -x, 1, 2)[0, 0], depth_correction(x, -x, 1)[0, 0]
    shifts = {m: m * (exact(m) - limit) for m in (100, 200, 400, 800)}
    for m in (100, 200, 400):
        assert_close(
            2 * shifts[2 * m] - shifts[m], b, 1 / m**2 * 2
        )  # the term of order 1/m is gone
        assert abs(shifts[m] - b) < 0.1 / m


def excess(rng, t, width, draws):
    """Mean and standard error of m (k - limit) for two layers and unit vectors with C = 2d; the
    linear part, of mean zero, taken off."""
    c = (math.sin(t) + (PI - t) * math.cos(t)) / PI
    u, z = rng.standard_normal((2, draws, width))
    h, k = np.maximum(u, 0), np.maximum(math.cos(t) * u + math.sin(t) * z, 0)
    p, q, r = (2 * np.mean(product, axis=1) for product in (h * h, h * k, k * k))
    dead = p * r == 0
    p, q, r = (
        np.where(dead, 1, p),
        np.where(dead, 0, np.minimum(q, np.sqrt(p * r))),
        np.where(dead, 1, r),
    )
    value = np.where(dead, 0.0, g(p, q, r))
    linear = math.sqrt(1 - c * c) * (p + r - 2) / (4 * PI) + (PI - math.acos(c)) * (q - c) / (
        2 * PI
    )
    values = width * (value - g(1.0, c, 1.0) - np.where(dead, 0.0, linear))
    return values.mean(), values.std() / math.sqrt(draws)


@pytest.mark.claim("prop-prior-depth", kind="Monte Carlo")
@pytest.mark.parametrize("t", [1.2, 2.2, 2.9])
def test_depth_correction_against_sampled_first_layers(t):
    rng, x = np.random.default_rng(11), np.array([[1.0, 0.0]])
    b = depth_correction(x, np.array([[math.cos(t), math.sin(t)]]), 4)[0, 0]
    found = {m: excess(rng, t, m, 25_000) for m in (20, 40)}
    limit, error = 2 * found[40][0] - found[20][0], math.hypot(2 * found[40][1], found[20][1])
    assert 4 * error < 0.16 * abs(b)
    assert abs(limit - b) < 4 * error + 0.02 * abs(b)


@pytest.mark.claim("prop-prior-diagonal", kind="Monte Carlo")
def test_the_last_width_does_not_enter():
    """First width 6, second 1 or 10: one kernel, that of ``depth_correction`` to first order, 20
    percent below the limit."""
    rng, t = np.random.default_rng(12), 2.6
    x = np.array([[1.0, 0.0], [math.cos(t), math.sin(t)]])
    limit = network_prior(x, x, 100, 2)[0, 1]
    found = []
    for last in (1, 10):
        kernel, errors, *_ = monte_carlo(rng, multilayer((6, last), outputs=100), x, 40, 250)
        found.append((kernel[0, 1], errors[0, 1]))
    expected = limit + 100 / 4 * excess(rng, t, 6, 50_000)[0] / 6
    for value, error in found:
        assert abs(value - expected) < 4.5 * error < 0.6 * (limit - expected)
    assert limit - expected > 0.15 * limit


# --- convolution


@pytest.mark.claim("prop-prior-convolution", kind="identity")
@pytest.mark.parametrize("pooling", [False, True])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_number_of_channels_does_not_enter(pooling, channels):
    """Images of 2 x 3 pixels, two patches of 2 x 2, all filters and readouts of ±1."""
    x = np.random.default_rng(12).standard_normal((3, 6))
    network = convolution((2, 3), 2, channels, "relu", 1, pooling, "sign")
    found = mean_over_all_networks(network, x, channels * (4 + (1 if pooling else 2)))
    patches = np.concatenate([x[:, [0, 1, 3, 4]], x[:, [1, 2, 4, 5]]])
    pairs = sign_kernel(patches, PHI["relu"]).reshape(2, 3, 2, 3)
    exact = pairs.mean(axis=(0, 2)) if pooling else (pairs[0, :, 0] + pairs[1, :, 1]) / 2
    assert_close(found, exact, 1e-14)


@pytest.mark.claim("prop-prior-convolution", kind="identity")
@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_convolution_kernels_are_sums_over_patches(activation, monkeypatch):
    rng = np.random.default_rng(13)
    x, y, (rows, columns), s, C = (
        rng.standard_normal((3, 20)),
        rng.standard_normal((4, 20)),
        (4, 5),
        3,
        6,
    )
    windows = np.lib.stride_tricks.sliding_window_view
    cut_x, cut_y = (
        windows(z.reshape(-1, rows, columns), (s, s), axis=(1, 2)).reshape(len(z), -1, s * s)
        for z in (x, y)
    )
    P = cut_x.shape[1]
    assert P == 6
    pairs = np.array(
        [
            [one_layer_kernel(cut_x[:, p], cut_y[:, r], activation, C) for r in range(P)]
            for p in range(P)
        ]
    )
    for block in (1, 10**6):
        monkeypatch.setattr(prior_kernel, "BLOCK", block)
        assert_close(
            convolution_kernel(x, y, (rows, columns), s, C, False, activation),
            np.mean(pairs[range(P), range(P)], axis=0),
            1e-14,
        )
        assert_close(
            convolution_kernel(x, y, (rows, columns), s, C, True, activation),
            np.mean(pairs, axis=(0, 1)),
            1e-14,
        )
        for pooling in (
            False,
            True,
        ):  # half of the pairs of patches serve when both arguments are one array
            whole = convolution_kernel(x, x.copy(), (rows, columns), s, C, pooling, activation)
            assert_close(
                convolution_kernel(x, x, (rows, columns), s, C, pooling, activation), whole, 1e-14
            )
    assert_close(
        convolution_kernel(x[:, :16], x[:, :16], (4, 4), 4, C, True, activation),
        one_layer_kernel(x[:, :16], x[:, :16], activation, C),
        1e-14,
    )


@pytest.mark.claim("prop-prior-convolution", kind="Monte Carlo")
@pytest.mark.parametrize("pooling", [False, True])
@pytest.mark.parametrize("channels", [3, 10])
def test_gaussian_convolutions_have_the_kernel(pooling, channels):
    rng = np.random.default_rng(14)
    x = rng.standard_normal((12, 16))
    found = monte_carlo(
        rng, convolution((4, 4), 3, channels, outputs=60, pooling=pooling), x, 40, 800 // channels
    )
    agrees(found, convolution_kernel(x, x, (4, 4), 3, 60, pooling))


@pytest.mark.claim("prop-prior-convolution", kind="identity")
def test_pooling_does_not_see_a_shift_away_from_the_borders():
    content = np.random.default_rng(15).standard_normal((3, 2, 3))
    images = np.zeros((2, 3, 8, 8))
    images[0, :, 2:4, 2:5] = content
    images[1, :, 4:6, 3:6] = (
        content  # two down, one to the right; all patches that meet it stay inside
    )
    there, shifted = images.reshape(2, 3, 64)
    pooled = convolution_kernel(there, there, (8, 8), 3, 5, True)
    assert_close(convolution_kernel(there, shifted, (8, 8), 3, 5, True), pooled, 1e-14)
    others = np.random.default_rng(16).standard_normal((4, 64))
    assert_close(
        convolution_kernel(others, shifted, (8, 8), 3, 5, True),
        convolution_kernel(others, there, (8, 8), 3, 5, True),
        1e-13,
    )
    flat = [convolution_kernel(there, other, (8, 8), 3, 5) for other in (there, shifted)]
    assert np.max(np.abs(flat[0] - flat[1])) > 0.1 * np.max(flat[0])


# --- arguments


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda x: multilayer((0,)), "widths must be an integer >= 1, got 0"),
        (
            lambda x: multilayer((3,), "tanh"),
            "activation must be one of relu, erf, sine, gaussian, got 'tanh'",
        ),
        (
            lambda x: multilayer((3,), initialisation="normal"),
            "initialisation must be one of gaussian, uniform, sign, got 'normal'",
        ),
        (lambda x: multilayer((3,), scale=0.0), "scale must be a finite real number > 0, got 0.0"),
        (lambda x: multilayer((3,), bias=-1.0), "bias must be a finite real number >= 0, got -1.0"),
        (lambda x: multilayer((3,))(0, x), "rng must be a numpy.random.Generator, got 0"),
        (
            lambda x: multilayer((3,))(np.random.default_rng(0), torch.tensor(x)),
            "x must be a numpy array .* got Tensor",
        ),
        (lambda x: convolution((8, 8), 9), "patch must be an integer >= 1 and <= 8, got 9"),
        (
            lambda x: convolution((2, 4), 2)(np.random.default_rng(0), x),
            r"x must have 8 columns, the pixels of shape \(2, 4\), got 6",
        ),
        (
            lambda x: sampled_features(np.random.default_rng(0), multilayer((3,)), x, 0),
            "R must be an integer >= 1, got 0",
        ),
        (
            lambda x: sampled_kernel(np.random.default_rng(0), multilayer((3,)), x, x, 0),
            "R must be an integer >= 1, got 0",
        ),
        (
            lambda x: one_layer_kernel(x, x[:, :5], "relu", 1),
            "y must have as many columns as x, at least 1, got x with 6 and y with 5",
        ),
        (
            lambda x: one_layer_kernel(x, x, "step", 1),
            "activation must be one of relu, erf, sine, gaussian, got 'step'",
        ),
        (
            lambda x: convolution_kernel(x, x, (2, 3), 3, 1),
            "patch must be an integer >= 1 and <= 2, got 3",
        ),
        (lambda x: entry_variance(x, x, 0, 1), "width must be an integer >= 1, got 0"),
        (
            lambda x: entry_variance(x, x, 1, 1, 0.5),
            "kurtosis must be a finite real number >= 1, got 0.5",
        ),
        (lambda x: depth_correction(x, x, 0), "outputs must be an integer >= 1, got 0"),
        (lambda x: expected_kernel_error(x, 1, 1, 0), "R must be an integer >= 1, got 0"),
        (
            lambda x: readout_accuracy(x, np.zeros(3, int), x, np.zeros(4, int), 1.0),
            "labels_train must hold 4 integers >= 0",
        ),
        (
            lambda x: readout_accuracy(x, np.zeros(4, int), x, np.zeros(4), 1.0),
            "labels_test must hold 4 integers >= 0",
        ),
        (
            lambda x: kernel_ridge_accuracy(
                x @ x.T, np.full(4, -1), x @ x.T, np.zeros(4, int), 1.0
            ),
            "labels_train must hold",
        ),
        (
            lambda x: kernel_ridge_accuracy(x, np.zeros(4, int), x, np.zeros(4, int), 1.0),
            "kernel_train, kernel_test must have shapes",
        ),
        (
            lambda x: kernel_ridge_accuracy(
                x @ x.T, np.zeros(4, int), x @ x.T, np.zeros(4, int), 1e-17
            ),
            "penalty must be a finite real",
        ),
        (lambda x: kernel_components(x, 1), "kernel must be a square matrix"),
        (lambda x: kernel_components(x @ x.T, 5), "q must be an integer >= 1 and <= 4, got 5"),
        (
            lambda x: train_classifier(np.random.default_rng(0), x, np.zeros(4, int), "resnet"),
            "architecture must be one of multilayer, conv",
        ),
        (
            lambda x: train_classifier(np.random.default_rng(0), x, np.zeros(4, int), "pooling"),
            "shape must have 6 pixels",
        ),
    ],
)
def test_what_cannot_be_right_is_refused(call, message):
    x = np.random.default_rng(17).standard_normal((4, 6))
    with pytest.raises(ValueError, match=message):
        call(x)


# --- inputs of every size


@given(SEEDS, st.floats(-300, 150), st.floats(-300, 150))
@settings(max_examples=30)
def test_kernels_of_inputs_of_every_size(seed, first, second):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((2, 4)), rng.standard_normal((3, 4))
    size = 10**first * 10**second
    for function, arguments in ((one_layer_kernel, ("relu", 3)), (depth_correction, (3,))):
        plain = function(x, y, *arguments)
        scaled = function(10**first * x, 10**second * y, *arguments)
        if size > 1e-290:
            assert_close(scaled / size, plain, 1e-12 * np.max(np.abs(plain)))
        else:
            assert np.all(np.isfinite(scaled))


def test_a_kernel_that_is_not_finite_is_refused():
    x = np.array([[1e200, 0.0], [0.0, 1.0]])
    for function, name in (
        (lambda: one_layer_kernel(x, x, "relu", 1), "the kernel of x, y"),
        (lambda: one_layer_kernel(x, x, "sine", 1), "the variance at x"),
        (lambda: depth_correction(x, -x, 1), "the correction at x, y"),
    ):
        with pytest.raises(ValueError, match=f"{name} must hold finite numbers, got -?inf"):
            function()
    assert_close(one_layer_kernel([[3, 4]], [[3, 4]], "relu", 4), [[25.0]], 1e-13)


@pytest.mark.claim("prop-prior-depth", kind="identity")
@pytest.mark.parametrize("angle", [0.0005, 0.0015, 0.005, 0.015, 0.1])
def test_depth_correction_at_small_angles_keeps_its_error(angle):
    """Against the formula in 40 digits, on both sides of the angle where the series begins."""
    mp.mp.dps = 40
    t = mp.mpf(angle)
    sin, cos, rest = mp.sin(t), mp.cos(t), mp.pi - t
    c = (sin + rest * cos) / mp.pi
    M22 = 2 / mp.pi * (3 * sin * cos + rest * (1 + 2 * cos**2))
    M31 = 2 / mp.pi * (3 * rest * cos + sin * (2 + cos**2))
    fraction = (3 * M22 - 4 * c * M31 + 12 * c**2 - 6) / (8 * mp.pi * mp.sqrt(1 - c**2))
    x, y = np.array([[1.0, 0.0]]), np.array([[math.cos(angle), math.sin(angle)]])
    assert abs(depth_correction(x, y, 4)[0, 0] - float(fraction)) < 4e-12 / 2
