"""Kernels of rows of every size, and their derivatives, at generic rows and at the edges."""

import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.power.kernels import arc_cosine, network_prior, neural_tangent

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")

X = np.array([[1.0, 2.0, -0.5], [-0.3, 0.4, 1.1]])
Y = np.array([[0.2, -1.0, 0.7], [1.1, 1.9, -0.4], [-2.0, 0.1, 0.3]])
KERNELS = {
    "arc-cosine 1, depth 1": lambda x, y: arc_cosine(x, y, 1, 1),
    "arc-cosine 1, depth 3": lambda x, y: arc_cosine(x, y, 1, 3),
    "prior": lambda x, y: network_prior(x, y, 2, 2),
    "tangent, depth 0": lambda x, y: neural_tangent(x, y, 0),
    "tangent, depth 1": lambda x, y: neural_tangent(x, y, 1),
    "tangent, depth 3": lambda x, y: neural_tangent(x, y, 3),
}
STEPS = {f"arc-cosine 0, depth {L}": lambda x, y, L=L: arc_cosine(x, y, 0, L) for L in (1, 2)}
EXPONENTS = st.integers(-150, 150)


def both(kernels):
    return pytest.mark.parametrize("kernel", kernels.values(), ids=kernels.keys())


# --- size


@both(KERNELS)
@given(a=EXPONENTS, b=EXPONENTS)
def test_kernels_follow_the_sizes(kernel, a, b):
    """k(10^a x, 10^b y) = 10^a 10^b k(x, y), to the rounding of the powers."""
    value = kernel(10.0**a * X, 10.0**b * Y)
    truth = kernel(X, Y) * 10.0**a * 10.0**b
    size = np.linalg.norm(X, axis=1)[:, None] * np.linalg.norm(Y, axis=1) * 10.0**a * 10.0**b
    assert np.max(np.abs(value - truth) / size) < 1e-14
    assert np.max(np.abs(1.02 * value - truth) / size) > 1e-14


@both(STEPS)
@given(a=EXPONENTS, b=EXPONENTS)
def test_the_kernel_of_degree_zero_knows_no_size(kernel, a, b):
    assert_close(kernel(10.0**a * X, 10.0**b * Y), kernel(X, Y), 1e-14)
    x = 10.0**a * X[:1]
    assert kernel(x, x) == 1


@both(KERNELS | STEPS)
def test_sizes_in_single_precision(kernel):
    """Squares of 1e20 and 1e-30 are no float32; the products of the lengths here are."""
    for a, b in ((1e20, 1e-20), (1e-30, 1e30), (1e18, 1e18), (3e37, 1e-3)):
        value = kernel((a * X).astype(np.float32), (b * Y).astype(np.float32))
        truth = kernel(a * X, b * Y)
        assert value.dtype == np.float32
        assert np.max(np.abs(value - truth)) < 3e-6 * np.max(np.abs(truth))


@both(KERNELS)
def test_what_no_float_holds_is_refused(kernel):
    with pytest.raises(
        ArithmeticError, match=r"the kernel of row 0 of x with row 1 of y is beyond"
    ):
        kernel(X, np.array([[1.0, 0.0, 0.0], [1.7e308, 1.7e308, 0.0]]))
    with pytest.raises(ArithmeticError, match="is beyond the largest number of float64"):
        kernel(1e200 * X, 1e200 * Y)
    with pytest.raises(ArithmeticError, match="is beyond the largest number of float32"):
        kernel((1e20 * X).astype(np.float32), (1e20 * Y).astype(np.float32))
    assert np.all(kernel(1e-200 * X, 1e-200 * Y) == 0)


def test_the_tangent_kernel_is_refused_where_only_its_layers_are_too_large():
    x = np.array([[1.2e154, 0.0]])  # |x|² is a float, 2 |x|² is none
    assert neural_tangent(x, x, 0) == pytest.approx(1.44e308, rel=1e-14)
    with pytest.raises(ArithmeticError, match="beyond the largest number"):
        neural_tangent(x, x, 1)
    x = np.array([[9e153, 0.0]])  # 2 |x|² is a float, 3 |x|² is none
    assert neural_tangent(x, x, 1) == pytest.approx(1.62e308, rel=1e-14)


def test_huge_numbers_of_outputs_are_refused():
    assert network_prior(X, X, 10**250, 1)[0, 0] == pytest.approx(10**250 * 5.25 / 6, rel=1e-14)
    with pytest.raises(ValueError, match=r"outputs must be an integer >= 1 and <= "):
        network_prior(X, X, 10**400, 1)


# --- derivatives


def gradient(kernel, x, y, weights=1.0):
    """The derivative in x of the sum of weights times kernel."""
    x = torch.tensor(np.asarray(x, dtype=float), requires_grad=True)
    y, weights = torch.tensor(np.asarray(y, dtype=float)), torch.as_tensor(weights)
    (weights * kernel(x, y)).sum().backward()
    return x.grad.numpy()


def difference(kernel, x, y, direction, step=1e-4, side=0):
    """The derivative in a direction: central (side 0), or from one side."""
    at = {n: np.sum(kernel(x + n * step * direction, y)) for n in (-2, -1, 0, 1, 2)}
    if side == 0:
        return (at[-2] - 8 * at[-1] + 8 * at[1] - at[2]) / (12 * step)
    return side * (-3 * at[0] + 4 * at[side] - at[2 * side]) / (2 * step)


@both(KERNELS | STEPS)
def test_derivatives_at_generic_rows(kernel):
    x, y = (torch.tensor(a, requires_grad=True) for a in (X, Y))
    assert torch.autograd.gradcheck(kernel, (x, y), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(kernel, (x, y))


@both(KERNELS)
def test_derivatives_at_orthogonal_and_opposite_rows(kernel):
    x, direction = np.array([[1.0, 2.0, 0.0]]), np.array([[0.3, -0.2, 0.5]])
    for y, error in (([[2.0, -1.0, 3.0]], 1e-9), ([[-0.5, -1.0, 0.0]], 1e-3)):
        value = np.sum(gradient(kernel, x, y) * direction)
        sides = [difference(kernel, x, np.array(y), direction, side=side) for side in (1, -1)]
        assert abs(value - np.mean(sides)) < max(error, 1e-7)
        assert abs(value) > 1e-2 or abs(np.mean(sides)) < 1e-2


@pytest.mark.parametrize("depth", [1, 2, 5])
@pytest.mark.parametrize("e", [0.0, 1e-3, 1e-9, 1e-13])
def test_the_relu_kernel_at_equal_and_nearly_equal_rows(depth, e):
    """k(x, y) is near |x| |y| there: its derivative in x is y (1 - O(θ)), and y itself at y = x."""
    x = np.array([[3.0, 4.0, 0.0]])
    y = np.array([[3.0, 4.0, 5 * e]])
    found = gradient(lambda a, b: arc_cosine(a, b, 1, depth), x, y)
    if e == 0:
        assert_close(found, y, 1e-14)
    else:
        assert np.max(np.abs(found - y)) < 5 * depth * e + 1e-14
    # Each layer turns the angle θ to θ - θ²/3π: the last entry is 5 sin θ (1 - depth θ/π + ...).
    assert found[0, 2] == pytest.approx(
        5 * e * (1 - depth * e / math.pi), rel=1e-5 + 2e-3 * depth * e
    )


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_the_tangent_kernel_at_equal_rows_has_the_mean_of_both_sides(depth):
    """A kink of slope -|x|²/π (1 + 2 + ... ) across x; along x it is smooth."""
    x = np.array([[3.0, 4.0, 0.0]])
    across, along = np.array([[0.0, 0.0, 1.0]]), np.array([[0.6, 0.8, 0.0]])
    found = gradient(lambda a, b: neural_tangent(a, b, depth), x, x)
    kernel = lambda a, b: neural_tangent(a, b, depth)  # noqa: E731
    for direction in (across, along):
        sides = [difference(kernel, x, x, direction, 1e-5, side) for side in (1, -1)]
        assert abs(np.sum(found * direction) - np.mean(sides)) < 1e-5
    assert difference(kernel, x, x, across, 1e-5, 1) < -0.1  # the kink is there
    assert np.sum(found * along) == pytest.approx(5 * (depth + 1), rel=1e-13)


@both(KERNELS | STEPS)
def test_derivatives_exist_at_every_edge(kernel):
    edges = np.array([[1.0, 2.0, 0.0], [-1.0, -2.0, 0.0], [2.0, -1.0, 0.0], [1.0, 2.0, 1e-9]])
    assert np.all(np.isfinite(gradient(kernel, edges, edges)))
    large = gradient(kernel, 1e100 * edges, 1e-100 * edges)
    assert np.all(np.isfinite(large))


@both(KERNELS)
def test_the_derivative_at_a_zero_row_counts_as_zero(kernel):
    x = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 0.0]])
    found = gradient(kernel, x, x)
    assert np.all(np.isfinite(found))
    if kernel is not KERNELS["tangent, depth 0"]:
        assert np.all(found[0] == 0)


def test_the_inner_product_has_its_derivative_at_a_zero_row():
    assert_close(gradient(KERNELS["tangent, depth 0"], np.zeros((1, 3)), Y), [Y.sum(axis=0)], 1e-15)


# --- transformations


@both(KERNELS | STEPS)
def test_inside_vmap(kernel):
    x = torch.tensor(np.stack([X, 2 * X, X + 0.1]))
    y = torch.tensor(np.vstack([Y, X]))
    value = torch.func.vmap(lambda rows: kernel(rows, y))(x)
    assert_close(value, torch.stack([kernel(rows, y) for rows in x]), 1e-14 * 9)


@both(KERNELS | STEPS)
def test_jax_agrees_in_value_and_derivative(kernel):
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        x, edges = jax.numpy.asarray(X), jax.numpy.asarray(np.vstack([X, X[:1], -X[1:]]))
        truth = kernel(X, np.asarray(edges))
        assert_close(jax.jit(kernel)(x, edges), truth, 1e-13)
        found = jax.jit(jax.grad(lambda x, y: kernel(x, y).sum()))(x, edges)
        assert_close(found, gradient(kernel, X, np.asarray(edges)), 1e-12)


def test_jax_with_values_at_hand():
    """Outside jit the near pairs are found; and at a zero row the derivative is a number."""
    jax = pytest.importorskip("jax")
    kernel = KERNELS["arc-cosine 1, depth 1"]
    with jax.enable_x64(True):
        x, zero = jax.numpy.asarray(X), jax.numpy.zeros((1, 3))
        assert_close(kernel(x, x), kernel(X, X), 1e-13)
        assert np.all(jax.jit(jax.grad(lambda a: kernel(a, x).sum()))(zero) == 0)
