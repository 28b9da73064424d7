"""Arc-cosine, network prior and tangent kernels: against expectations, another recursion, and
random networks of finite width."""

import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.foundations.dual_activations import dual_relu, dual_relu_general, dual_step
from randomfeatures.power.kernels import arc_cosine, network_prior, neural_tangent

X = np.random.default_rng(0).standard_normal((4, 6)) * np.array([[0.3], [1.0], [2.0], [5.0]])
Y = np.vstack([np.random.default_rng(1).standard_normal((2, 6)), X[:1], -2 * X[1:2], X[2:3] + 1e-9])
VECTORS = st.lists(
    st.floats(-100, 100).filter(lambda t: t == 0 or abs(t) > 1e-3), min_size=3, max_size=3
)


def covariances(x, y):
    """Variances and covariances of <w,x>, <w,y>, w ~ N(0, I), in the shape of the kernel."""
    u, v, c = np.sum(x * x, axis=1)[:, None], np.sum(y * y, axis=1)[None, :], x @ y.T
    return u, v, np.clip(c, -np.sqrt(u * v), np.sqrt(u * v))


def layers_by_expectation(x, y, depth, slope_too=False):
    """The recursion on variances and covariances with E relu relu and P(both positive), instead of
    one on angles."""
    u, v, c = covariances(x, y)
    tangent = c
    for _ in range(depth):
        correlation = np.clip(c / np.sqrt(u * v), -1, 1)
        tangent = tangent * 2 * dual_step(correlation)
        c = np.clip(2 * dual_relu_general(u, v, c), 0, np.sqrt(u * v))
        tangent = tangent + c
    return tangent if slope_too else c


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_degree_one_is_twice_the_expectation_layer_by_layer(depth):
    scale = np.linalg.norm(X, axis=1)[:, None] * np.linalg.norm(Y, axis=1)[None, :]
    assert_close(
        arc_cosine(X, Y, 1, depth) / scale,
        layers_by_expectation(X, Y, depth) / scale,
        4e-15 * depth,
    )


def test_degree_zero_is_twice_the_probability():
    u, v, c = covariances(X, Y)
    rho = np.clip(c / np.sqrt(u * v), -1, 1)
    once = 2 * dual_step(rho)
    # The arcsine in dual_step loses half the digits at correlation 1; two layers lose three
    # quarters. The exact values there come below.
    assert_close(arc_cosine(X, Y, 0, 1), once, np.where(np.abs(rho) > 0.99, 1e-7, 1e-15))
    assert_close(
        arc_cosine(X, Y, 0, 2), 2 * dual_step(once), np.where(np.abs(rho) > 0.99, 1e-3, 1e-14)
    )


@pytest.mark.parametrize("degree", [0, 1])
def test_kernels_near_the_diagonal_keep_their_digits(degree):
    """x and x + a small orthogonal step e: the angle is arctan(e / |x|), not the arccosine of a
    number that rounds to 1."""
    x = np.array([[3.0, 4.0, 0.0]])
    for e in (1e-3, 1e-8, 1e-12):
        y, angle = np.array([[3.0, 4.0, e]]), math.atan2(e, 5.0)
        distance = 1 - arc_cosine(x, y, degree, 1)[0, 0] / (
            1 if degree == 0 else 5 * math.hypot(5, e)
        )
        truth = (
            angle / math.pi
            if degree == 0
            else 2 * math.sin(angle / 2) ** 2
            - (math.sin(angle) - angle * math.cos(angle)) / math.pi
        )
        assert abs(distance - truth) <= 1e-15
        assert abs(1.02 * distance - truth) > 1e-15 or truth < 1e-13
    assert arc_cosine(x, x, degree, 4)[0, 0] == (1 if degree == 0 else 25)


@pytest.mark.parametrize("e", [1e-3, 1e-8, 1e-12])
def test_tangent_kernel_near_the_diagonal_keeps_its_digits(e):
    """At depth 1, divided by the norms, it is cos θ (1 - θ/π) + (sin θ + (π - θ) cos θ)/π: its
    distance from 2 is of the order of θ."""
    angle = math.atan2(e, 5.0)
    value = neural_tangent(np.array([[3.0, 4.0, 0.0]]), np.array([[3.0, 4.0, e]]), 1)[0, 0] / (
        5 * math.hypot(5, e)
    )
    truth = 2 * math.cos(angle) + (math.sin(angle) - 2 * angle * math.cos(angle)) / math.pi
    assert_close(value, truth, 1e-15)
    assert 2 - truth > 4e-14  # so a value that forgets the angle does not pass


@given(VECTORS, VECTORS, st.integers(0, 1), st.integers(1, 6))
def test_kernels_are_symmetric_homogeneous_bounded_and_exact_on_the_diagonal(
    first, second, degree, depth
):
    x = np.array([first, second, [1.0, 2.0, -0.5]])
    norms = np.linalg.norm(x, axis=1)
    if degree == 0 and not np.all(norms > 0):
        with pytest.raises(
            ValueError,
            match=r"x must have no zero row for degree 0 \(.* has no angle\), got one at index ",
        ):
            arc_cosine(x, x, degree, depth)
        return
    scale = np.ones((3, 3)) if degree == 0 else norms[:, None] * norms[None, :]
    for kernel, diagonal in (
        (arc_cosine(x, x, degree, depth), 1.0),
        (neural_tangent(x, x, depth), depth + 1.0),
    ):
        size = norms[:, None] * norms[None, :] if diagonal > 1 else scale
        assert np.all(np.abs(kernel - kernel.T) <= 1e-13 * size)
        assert np.all(np.abs(kernel) <= (1 + 1e-14) * diagonal * size)
        assert np.all(
            np.abs(np.diag(kernel) - diagonal * np.diag(size)) <= 1e-14 * diagonal * np.diag(size)
        )
        assert np.any(
            np.abs(1.02 * np.diag(kernel) - diagonal * np.diag(size))
            > 1e-14 * diagonal * np.diag(size)
        )
        assert np.min(np.linalg.eigvalsh(kernel + kernel.T)) >= -1e-11 * np.max(np.diag(size))
    grown = arc_cosine(
        8 * x, 0.25 * x, degree, depth
    )  # powers of 2 keep the directions exactly, so degree 0 is not ill-conditioned
    assert np.all(np.abs(grown - 2**degree * arc_cosine(x, x, degree, depth)) <= 1e-14 * scale)
    assert np.all(
        np.abs(arc_cosine(3 * x, x, 1, depth) - 3 * arc_cosine(x, x, 1, depth))
        <= 1e-14 * norms[:, None] * norms[None, :]
    )


@pytest.mark.parametrize("depth", [0, 1, 2, 5])
def test_tangent_kernel_against_the_recursion_of_expectations(depth):
    scale = (depth + 1) * np.linalg.norm(X, axis=1)[:, None] * np.linalg.norm(Y, axis=1)[None, :]
    u, v, c = covariances(X, Y)
    loose = np.abs(c) > 0.99 * np.sqrt(
        u * v
    )  # there the arcsine of the other recursion loses half the digits
    truth = layers_by_expectation(X, Y, depth, slope_too=True)
    assert_close(neural_tangent(X, Y, depth) / scale, truth / scale, np.where(loose, 1e-7, 1e-14))


def empirical_tangent_kernel(rng, x, y, widths):
    """<gradient at x, gradient at y> of one random network with hidden layers of these widths, by
    backpropagation written out."""
    forward, backward = [], []
    weights = [
        rng.standard_normal((m, n))
        for n, m in zip((x.shape[1], *widths), (*widths, 1), strict=False)
    ]
    for inputs in (x, y):
        layers, h = [inputs], inputs
        for number, w in enumerate(weights):
            z = h @ w.T / (1 if number == 0 else math.sqrt(w.shape[1]))
            h = math.sqrt(2) * np.maximum(z, 0)
            layers.append(z if number == len(weights) - 1 else h)
        gradient, gradients = np.ones((len(inputs), 1)), []
        for number in range(len(weights) - 1, -1, -1):
            gradients.append(gradient / (1 if number == 0 else math.sqrt(weights[number].shape[1])))
            gradient = gradients[-1] @ weights[number] * math.sqrt(2) * (layers[number] > 0)
        forward.append(layers[:-1])
        backward.append(gradients[::-1])
    return sum(
        (hx @ hy.T) * (gx @ gy.T) for hx, hy, gx, gy in zip(*forward, *backward, strict=True)
    )


def estimate(draw, n):
    """Mean and standard error of ``n`` independent draws."""
    draws = np.array([draw() for _ in range(n)])
    return draws.mean(axis=0), draws.std(axis=0, ddof=1) / math.sqrt(n)


def assert_estimate(exact, draw, n, bias=0.0):
    """Two-sided at 4 standard errors plus the bias of finite width; the resolution is fine enough
    that 2 % too much is seen."""
    mean, error = estimate(draw, n)
    assert_close(exact, mean, 4 * error + bias * np.abs(exact))


@pytest.mark.parametrize("depth", [1, 2])
def test_tangent_kernel_against_networks_of_finite_width(depth):
    """At depth 1 the mean over networks is the kernel at every width; at depth 2 it misses it by
    the order of 1/width, here 1/256."""
    rng = np.random.default_rng(11)
    x, y = (
        X[:2, :3] / np.linalg.norm(X[:2, :3], axis=1, keepdims=True),
        np.array([[0.6, 0.8, 0.0], [0.0, -0.6, 0.8]]),
    )
    widths, bias = ((64,), 0.0) if depth == 1 else ((256, 256), 1 / 256)
    assert_estimate(
        neural_tangent(x, y, depth), lambda: empirical_tangent_kernel(rng, x, y, widths), 3500, bias
    )


@pytest.mark.parametrize("width", [1, 7])
def test_network_prior_is_exact_at_every_width_with_one_hidden_layer(width):
    rng = np.random.default_rng(12)
    outputs, x, y = 3, X[:2], np.vstack([X[:1] + 0.2, X[2:3]])

    def draw():
        hidden = rng.standard_normal((400, width, 6)) / math.sqrt(6)
        readout = rng.standard_normal((400, outputs, width)) / math.sqrt(width)
        fx, fy = (readout @ np.maximum(hidden @ rows.T, 0) for rows in (x, y))
        return np.mean(np.swapaxes(fx, 1, 2) @ fy, axis=0)

    assert_estimate(network_prior(x, y, outputs, 1), draw, 2500 if width == 1 else 600)


def test_network_prior_is_the_arc_cosine_kernel_of_its_depth():
    """Each layer halves the second moment, the first divides by d: at depth 3, x = y, E|f|^2 = C
    |x|^2 / (8 d)."""
    squares = np.sum(X * X, axis=1)
    assert_close(np.diag(network_prior(X, X, 5, 3)), 5 * squares / 48, 1e-14 * squares)


def test_one_layer_on_the_sphere_is_the_dual_activation():
    t = np.linspace(-1, 1, 21)
    x, y = np.array([[1.0, 0.0]]), np.stack([t, np.sqrt(1 - t * t)], axis=1)
    assert_close(arc_cosine(x, y, 1, 1)[0], 2 * dual_relu(t), 2e-15)


def test_zero_vectors():
    zero, x = np.zeros((1, 6)), X
    for kernel in (
        arc_cosine(zero, x, 1, 2),
        neural_tangent(zero, x, 2),
        network_prior(zero, x, 1, 2),
    ):
        assert np.all(kernel == 0)
    assert arc_cosine(zero, zero, 1, 2) == 0
    with pytest.raises(
        ValueError, match=r"y must have no zero row for degree 0 .* got one at index 1"
    ):
        arc_cosine(x, np.vstack([x[:1], zero]), 0, 1)


@pytest.mark.parametrize(
    "kernel",
    [
        lambda x, y: arc_cosine(x, y, 0, 2),
        lambda x, y: arc_cosine(x, y, 1, 2),
        lambda x, y: neural_tangent(x, y, 2),
        lambda x, y: network_prior(x, y, 2, 2),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_kernels_return_what_went_in(kernel, dtype):
    x, y = X.astype(dtype), Y[:2].astype(dtype)
    value = kernel(x, y)
    assert (type(value), value.dtype, value.shape) == (np.ndarray, np.dtype(dtype), (4, 2))
    assert kernel(x[:0], y).shape == (0, 2)
    scale = np.linalg.norm(X, axis=1)[:, None] * np.linalg.norm(Y[:2], axis=1)[None, :]
    assert_close(value / scale, kernel(X, Y[:2]) / scale, 2e-6 if dtype == "float32" else 0)
    torch = pytest.importorskip("torch")
    other = kernel(torch.asarray(x), torch.asarray(y))
    assert isinstance(other, torch.Tensor)
    assert other.dtype == getattr(torch, dtype)
    assert_close(other.numpy() / scale, value / scale, 2e-6 if dtype == "float32" else 4e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: arc_cosine(X, Y, 2, 1), "degree must be an integer >= 0 and <= 1, got 2"),
        (lambda: arc_cosine(X, Y, 1, 0), "depth must be an integer >= 1, got 0"),
        (lambda: neural_tangent(X, Y, -1), "depth must be an integer >= 0, got -1"),
        (
            lambda: network_prior(X, Y, 0, 1),
            r"outputs must be an integer >= 1 and <= 1e\+300, got 0",
        ),
        (lambda: arc_cosine(X[0], Y, 1, 1), r"x must have 2 axes, got shape \(6,\)"),
        (
            lambda: neural_tangent(X, Y[:, :5], 1),
            "y must have as many columns as x, at least 1, got x with 6 and y with 5",
        ),
        (
            lambda: neural_tangent(X[:, :0], Y[:, :0], 1),
            "y must have as many columns as x, at least 1, got x with 0 and y with 0",
        ),
        (
            lambda: arc_cosine(X, np.full((1, 6), math.nan), 1, 1),
            r"y must hold finite numbers, got nan at index \(0, 0\)",
        ),
        (
            lambda: network_prior([["1"]], X, 1, 1),
            "x must be an array of numpy, torch or JAX, or numbers that numpy reads, got list",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
