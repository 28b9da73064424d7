"""Owen's T against scipy's; the slopes of every dual activation, at generic points and edges."""

import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from randomfeatures.foundations.dual_activations import (
    dual_erf,
    dual_gaussian,
    dual_relu,
    dual_relu_general,
    dual_sine,
    dual_step,
)
from randomfeatures.foundations.dual_activations_relu import density, normal, owens_t

torch = pytest.importorskip("torch")
LEVELS = st.floats(-100, 100).filter(lambda t: abs(t) > 1e-100)


@given(LEVELS, LEVELS | st.floats(-1e150, 1e150))
def test_owens_function_is_scipys(h, x):
    value, truth = float(owens_t(np.array(h), np.array(x))), special.owens_t(h, x / h)
    assert abs(value - truth) <= 1.2e-16
    assert abs(1.02 * value - truth) > 1.2e-16 or abs(truth) < 1e-14


def test_normal_distribution_and_density():
    z = np.linspace(-9, 9, 50)
    assert_close(normal(z), special.ndtr(z), 1.2e-16)
    assert_close(density(z), np.exp(-z * z / 2) / math.sqrt(2 * math.pi), 1e-16)


def slopes(function, *point):
    """All partial derivatives by torch, for numbers."""
    arguments = [torch.tensor(float(a), dtype=torch.float64, requires_grad=True) for a in point]
    function(*arguments).backward()
    return [float(a.grad) for a in arguments]


def differences(function, *point):
    """All partial derivatives by central differences of fourth order, error about 1e-11."""
    found = []
    for i in range(len(point)):
        step = 1e-3 * np.eye(len(point))[i]
        values = [float(function(*(point + n * step))) for n in (-2, -1, 1, 2)]
        found.append((values[0] - 8 * values[1] + 8 * values[2] - values[3]) / 12e-3)
    return found


POINTS = [(0.8, 2.3, -0.6), (1.7, 0.4, 0.5), (2.0, 3.0, 1.1), (1.5, 0.6, 0.0), (1.0, 1.0, 0.97)]
EXTRA = [(0.4, -1.1), (-0.9, -0.3), (0.0, 0.0), (0.7, 0.0), (-0.2, 2.5)]


@pytest.mark.parametrize("point", POINTS)
def test_slopes_in_the_variances_and_the_covariance(point):
    for dual in (dual_erf, dual_gaussian, dual_sine, dual_relu_general):
        error = 3e-8 if point[2] == 0.97 else 1e-9
        assert_close(slopes(dual, *point), differences(dual, *point), error)


@pytest.mark.parametrize("point", POINTS[:4])
@pytest.mark.parametrize("extra", EXTRA)
def test_slopes_in_biases_and_phases(point, extra):
    for dual in (dual_sine, dual_relu_general):
        assert_close(slopes(dual, *point, *extra), differences(dual, *point, *extra), 1e-9)


@pytest.mark.parametrize("rho", [-0.9, -0.3, 0.0, 0.6, 0.9])
def test_slopes_in_the_correlation(rho):
    for dual in (dual_step, dual_relu):
        assert_close(slopes(dual, rho), differences(dual, rho), 1e-9)
    assert slopes(dual_relu, rho) == [float(dual_step(rho))]


def test_slopes_at_correlation_one_and_minus_one():
    """One-sided truths: dual_relu is dual_step's integral; the step's slope is infinite."""
    assert slopes(dual_relu, 1) == [0.5]
    assert slopes(dual_relu, -1) == [0.0]
    assert slopes(dual_step, 1) == [math.inf]
    assert slopes(dual_step, -1) == [math.inf]
    near = 1 - 1e-14  # where √(1-ρ²) and arccos ρ have lost half their digits
    assert abs(slopes(dual_relu, near)[0] - (0.5 - math.sqrt(2e-14) / (2 * math.pi))) < 1e-9
    assert abs(slopes(dual_step, near)[0] * 2 * math.pi * math.sqrt(2e-14) - 1) < 1e-2


@pytest.mark.parametrize("b", [0.0, 0.3])
def test_slopes_where_both_are_one(b):
    """u = v of variance s: E σ(u)² as a function of s has the sum of the three slopes."""
    for dual, square in (
        (
            lambda s, t, c: dual_relu_general(s, t, c, b, b),
            lambda s: dual_relu_general(s, s, s, b, b),
        ),
        (dual_erf, lambda s: dual_erf(s, s, s)),
        (dual_gaussian, lambda s: dual_gaussian(s, s, s)),
        (dual_sine, lambda s: dual_sine(s, s, s)),
    ):
        parts = slopes(dual, 1.3, 1.3, 1.3)
        assert all(map(math.isfinite, parts))
        assert_close(sum(parts), differences(square, 1.3)[0], 1e-9)
        assert parts[0] == pytest.approx(parts[1], rel=1e-14)
        inside = differences(lambda c, dual=dual: dual(1.3, 1.3, c - 3e-3), 1.3)[0]
        assert abs(parts[2] - inside) < 0.05


def test_slopes_where_they_are_opposite():
    """v = -u: without bias σ(u)σ(v) = 0, and all slopes are 0, P(u > 0, -u > 0) one of them."""
    assert slopes(dual_relu_general, 2, 2, -2) == pytest.approx([0, 0, 0], abs=1e-15)
    c = slopes(dual_relu_general, 2, 2, -2, 0.5, 0.7)  # both positive for -0.5 < u < 0.7
    upper, lower = 0.7 / math.sqrt(2), -0.5 / math.sqrt(2)
    assert c[2] == pytest.approx(special.ndtr(upper) - special.ndtr(lower), rel=1e-12)


def test_slopes_where_a_variance_is_zero():
    """u is the constant a. The slope in V_u is 0 where the ReLU is linear, infinite for a = 0."""
    mean = 0.3 * special.ndtr(0.3) + math.exp(-0.045) / math.sqrt(2 * math.pi)  # E(v + 0.3)_+
    found = slopes(dual_relu_general, 0, 1, 0, 2.0, 0.3)
    assert_close(found[3], mean, 1e-14)
    assert_close(found[4], 2 * special.ndtr(0.3), 1e-14)
    assert found[0] == 0
    assert found[2] == pytest.approx(special.ndtr(0.3), rel=1e-12)
    assert slopes(dual_relu_general, 0, 1, 0, -2.0, 0.3) == pytest.approx([0] * 5, abs=1e-15)
    assert slopes(dual_relu_general, 0, 1, 0, 0.0, 0.3)[0] == math.inf
    # The smooth ones: E f(u) g(v) with u = 0: in V_u half of f''(0) E g(v).
    assert_close(slopes(dual_gaussian, 0, 1, 0)[0], -0.5 / math.sqrt(2), 1e-14)
    half = -0.5 * math.sin(0.4) * math.exp(-0.5)
    assert_close(slopes(dual_sine, 0, 1, 0, math.pi / 2, 0.4)[0], half, 1e-14)
    assert slopes(dual_erf, 0, 0, 0) == pytest.approx([0, 0, 4 / math.pi], rel=1e-14)


def test_second_slopes_inside():
    numbers = torch.tensor([0.8, 2.3, -0.6, 0.4, -1.1], dtype=torch.float64)
    point = [number.clone().requires_grad_() for number in numbers]
    for dual, number in ((dual_relu_general, 5), (dual_sine, 5), (dual_erf, 3), (dual_gaussian, 3)):
        assert torch.autograd.gradgradcheck(dual, tuple(point[:number]))
    rho = torch.tensor([-0.9, 0.3], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(dual_relu, (rho,))
    assert torch.autograd.gradgradcheck(dual_step, (rho,))


def test_slopes_in_jax_are_torchs():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        points = np.array([*POINTS, (1.3, 1.3, 1.3), (2.0, 2.0, -2.0), (0.0, 1.0, 0.0)])
        for dual in (dual_erf, dual_gaussian, dual_sine, dual_relu_general):
            found = jax.jit(jax.vmap(jax.grad(dual, (0, 1, 2))))(*points.T)
            truth = np.array([slopes(dual, *point) for point in points])
            assert np.transpose(found) == pytest.approx(truth, rel=1e-12, abs=1e-14)
        found = [float(jax.grad(dual_relu)(rho)) for rho in (1.0, -1.0, 0.3)]
        assert found == pytest.approx([0.5, 0, float(dual_step(0.3))], rel=1e-14)
