"""Large bias: the kernel by quadrature, series and draws; the bounds where they are attained."""

import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special

from randomfeatures.foundations.sphere import sample_sphere
from randomfeatures.neighbours.large_bias import (
    coupling,
    prediction_bound,
    threshold_coefficients,
    threshold_kernel,
    threshold_kernel_bound,
)
from randomfeatures.power.kernels import arc_cosine


@pytest.mark.claim("thm-threshold-kernel", kind="quadrature")
@pytest.mark.parametrize("b", [0.0, 0.7, 2.0, 5.0, 12.0])
@pytest.mark.parametrize("rho", [-0.99, -0.4, 0.0, 0.3, 0.95])
def test_the_kernel_is_the_integral_of_the_joint_density(b, rho):
    """The density times e^{b²/2} keeps its size for a large threshold."""
    integral, _ = integrate.quad(
        lambda r: math.exp(b * b / 2 - b * b / (1 + r)) / math.sqrt(1 - r * r), 0, rho
    )
    tail = special.ndtr(-b)
    both = tail + integral * math.exp(-b * b / 2) / (2 * math.pi * tail)
    kernel, expected = threshold_kernel(rho, b), (1 + rho) / 2 * both
    if expected > 1e-8:
        assert_close(kernel, expected, 1e-10)
    else:
        assert abs(kernel - expected) < 1e-10


@pytest.mark.claim("thm-threshold-kernel", kind="identity")
@pytest.mark.parametrize("b", [0.0, 0.6, 1.5, 4.0])
def test_the_kernel_is_its_series(b):
    rho = np.linspace(-0.7, 0.7, 8)
    p = threshold_coefficients(b, 150)
    assert_close(threshold_kernel(rho, b), np.polynomial.polynomial.polyval(rho, p), 1e-12)
    tail, density = special.ndtr(-b), math.exp(-b * b / 2) / math.sqrt(2 * math.pi)
    assert_close(p[:2], [tail / 2, (tail + density**2 / tail) / 2], 1e-14)
    assert np.all(p >= 0)
    assert p.sum() < 1


@pytest.mark.claim("thm-threshold-kernel", kind="identity")
def test_the_coefficients_sum_to_one_and_leave_every_degree():
    """The rest beyond J falls like its inverse root; at b = 8 the first four are below 1e-10."""
    for b in (0.0, 1.0):
        rest = [1 - threshold_coefficients(b, J).sum() for J in (1000, 4000)]
        assert rest[1] > 0
        assert_close(rest[0] / rest[1], 2.0, 0.035)
    assert np.all(threshold_coefficients(8.0, 3) < 1e-10)


@pytest.mark.claim("thm-threshold-kernel", kind="identity")
def test_without_a_threshold_it_is_the_arc_cosine_kernel_of_degree_0():
    angle = np.linspace(0.1, 3.0, 7)
    x, y = np.array([[1.0, 0.0]]), np.stack([np.cos(angle), np.sin(angle)], axis=1)
    expected = (1 + np.cos(angle)) / 2 * arc_cosine(x, y, degree=0, depth=1)[0]
    assert_close(threshold_kernel(np.cos(angle), 0.0), expected, 1e-13)


@pytest.mark.claim("thm-threshold-kernel", kind="Monte Carlo")
@pytest.mark.parametrize(("b", "rho"), [(0.0, 0.3), (0.5, -0.2), (1.0, 0.8)])
def test_the_kernel_is_the_mean_of_a_tangent_kernel(b, rho):
    """Gradients in w and b of one neuron at two inputs."""
    rng, draws = np.random.default_rng(5), 1_000_000
    x, y = np.array([1.0, 0.0]), np.array([rho, math.sqrt(1 - rho**2)])
    W = rng.standard_normal((draws, 2))
    active = (W @ x > b) & (W @ y > b)
    products = active * (x @ y + 1) / (2 * special.ndtr(-b))
    error, kernel = np.std(products) / math.sqrt(draws), threshold_kernel(rho, b)
    assert 4 * error < 0.02 * kernel
    assert_close(np.mean(products), kernel, 4 * error)


@pytest.mark.claim("thm-threshold-kernel", kind="identity")
def test_the_bound_is_attained_without_a_threshold_and_at_right_angles():
    rho = np.linspace(0, 1, 6)
    assert_close(threshold_kernel_bound(rho, 0.0), threshold_kernel(rho, 0.0), 1e-14)
    for b in (0.0, 1.0, 3.0):
        kernel = threshold_kernel(0.0, b)
        assert_close(threshold_kernel_bound(0.0, b), kernel, 1e-13)
        assert_close(kernel, special.ndtr(-b) / 2, 1e-13)


@pytest.mark.claim("thm-threshold-kernel", kind="one-sided")
@given(rho=st.floats(-1, 1), b=st.floats(0, 37))
def test_the_bound_is_above_the_kernel_and_below_its_own_bound(rho, b):
    bound = threshold_kernel_bound(rho, b)
    assert threshold_kernel(rho, b) <= bound * (1 + 1e-12) + 1e-14
    mills = (b + math.sqrt(b * b + 4)) / 2 * math.sqrt(2 * math.pi)
    rise = mills * math.exp(-b * b / 2 * (1 - rho) / (1 + rho)) if rho > 0 else 0.0
    above = special.ndtr(-b) + math.asin(max(rho, 0)) / (2 * math.pi) * rise
    assert bound <= (1 + rho) / 2 * above * (1 + 1e-11)


@pytest.mark.claim("thm-threshold-kernel", kind="identity")
@pytest.mark.parametrize(("n", "b"), [(4, 1.0), (30, 1.8)])
def test_orthogonal_inputs_attain_the_spectrum_and_the_rate(n, b):
    """For equal labels the residual is multiplied by -B in every step of gradient descent."""
    H = threshold_kernel(np.eye(n), b)
    B, values = coupling(np.eye(n), b), np.linalg.eigvalsh(H)
    assert_close(values[-1], 1 + B, 1e-12)
    assert values[0] >= 1 - B
    assert B < 1
    residual = np.ones(n)
    for t in range(1, 6):
        residual = residual - H @ residual
        assert_close(np.linalg.norm(residual), B**t * math.sqrt(n), 1e-12)


@pytest.mark.claim("thm-threshold-kernel", kind="identity")
def test_one_example_attains_the_bound_on_the_prediction():
    rho, y = np.array([[0.1], [0.7]]), 3.0
    for b in (0.0, 2.0):
        exact = threshold_kernel(rho, b)[:, 0] * y
        bound = prediction_bound(rho, b, coupling(np.ones((1, 1)), b), y)
        if b:
            assert np.all(exact < bound)
        else:
            assert_close(bound, exact, 1e-13)


@pytest.mark.claim("thm-threshold-kernel", kind="one-sided")
def test_opposite_labels_at_near_inputs_need_the_factor_of_the_coupling():
    """Inputs at 53 degrees, and one at 60 degrees from the first, on its other side."""
    angles, y = np.array([0.0, math.acos(0.6)]), np.array([1.0, -1.0])
    rho, to_data = np.cos(angles[:, None] - angles), np.cos(-math.pi / 3 - angles)
    B, size = coupling(rho, 0.0), math.sqrt(2)
    fit = threshold_kernel(to_data, 0.0) @ np.linalg.solve(threshold_kernel(rho, 0.0), y)
    without = prediction_bound(to_data, 0.0, 0.0, size)
    assert without < fit < prediction_bound(to_data, 0.0, B, size)
    assert_close(prediction_bound(to_data, 0.0, B, size), without / (1 - B), 1e-12)


@pytest.mark.claim("thm-threshold-kernel", kind="one-sided")
@given(seed=st.integers(0, 10**6), b=st.floats(1.5, 6))
def test_the_interpolant_is_below_its_bound(seed, b):
    rng = np.random.default_rng(seed)
    x, new, y = sample_sphere(rng, 6, 10), sample_sphere(rng, 9, 10), rng.standard_normal(6)
    rho = np.clip(x @ x.T, -1, 1)
    np.fill_diagonal(rho, 1.0)
    B, to_data = coupling(rho, b), np.clip(new @ x.T, -1, 1)
    if B < 1:
        H = threshold_kernel(rho, b)
        values = np.linalg.eigvalsh(H)
        assert values[0] >= 1 - B - 1e-12
        assert values[-1] <= 1 + B + 1e-12
        fit = threshold_kernel(to_data, b) @ np.linalg.solve(H, y)
        bound = prediction_bound(to_data, b, B, np.linalg.norm(y))
        assert np.all(np.abs(fit) <= bound + 1e-13)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: threshold_kernel(1.5, 0.0), "rho must be a finite real number >= -1 and <= 1"),
        (lambda: threshold_kernel(0.5, -1.0), "b must be a finite real number >= 0 and <= 37"),
        (lambda: threshold_kernel_bound(0.5, 38), "b must be a finite real number >= 0 and <= 37"),
        (lambda: threshold_coefficients(0.5, -1), "degree must be an integer >= 0"),
        (lambda: coupling(np.ones((2, 3)), 1.0), "rho must be a square matrix"),
        (
            lambda: prediction_bound([0.1], 1.0, 1.0, 1.0),
            "radius must be a finite real number >= 0 and < 1",
        ),
        (lambda: prediction_bound(0.1, 1.0, 0.5, 1.0), "rho must have an axis"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
