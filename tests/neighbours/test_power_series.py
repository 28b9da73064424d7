"""Power series: the inner product of tensors, the remainder where it is attained, the kernels."""

import itertools
import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.foundations.dual_activations import dual_sine
from randomfeatures.foundations.hermite import erf_coefficients, sine_coefficients
from randomfeatures.neighbours.power_series import kernel_of_orders, series_remainder


def derivative_of_sine(k, z):
    return np.sin(z + k * math.pi / 2)


def power(v, k):
    """The entries of the tensor v ⊗ ... ⊗ v of order k."""
    return np.array([math.prod(entries) for entries in itertools.product(v, repeat=k)])


@pytest.mark.claim("thm-power-series", kind="identity")
@pytest.mark.parametrize("s", [0.5, 1.3])
def test_the_change_of_a_network_is_an_inner_product_of_tensors(s):
    """Three neurons in the plane, with all tensors up to order 12, and the norm of the steps."""
    rng, m, orders = np.random.default_rng(0), 3, range(1, 13)
    W, delta = rng.standard_normal((m, 2)), 0.4 * rng.standard_normal((m, 2))
    a, x = np.array([1.0, -1.0, 1.0]), np.array([0.6, -0.8])
    product, norm = 0.0, 0.0
    for (i, w), k in itertools.product(enumerate(W), orders):
        size = math.sqrt(math.factorial(k))
        feature = a[i] / math.sqrt(m) * s**k * derivative_of_sine(k, w @ x) * power(x, k) / size
        step = power(delta[i], k) / (s**k * size)
        product, norm = product + feature @ step, norm + step @ step
    change = (np.sin((W + delta) @ x) - np.sin(W @ x)) @ a / math.sqrt(m)
    assert_close(product, change, 1e-9)
    assert_close(norm, np.sum(np.expm1(np.sum(delta**2, axis=1) / s**2)), 1e-5)


@pytest.mark.claim("thm-power-series", kind="identity")
@pytest.mark.parametrize("order", [0, 1, 2, 5])
def test_the_remainder_is_attained_by_small_steps_along_the_input(order):
    """At a weight where the next derivative is 1 it is the bound but for a square of the step."""
    m, h = 4, 0.01
    z = np.full(m, -(order + 1) * math.pi / 2 + math.pi / 2)
    rest = np.sin(z + h)
    for k in range(order + 1):
        rest = rest - derivative_of_sine(k, z) * h**k / math.factorial(k)
    if order <= 2:  # beyond, the difference is below rounding
        remainder = series_remainder(np.full(m, h), order)
        assert_close(np.sum(rest) / math.sqrt(m) / remainder, 1.0, 1e-2)
    by_hand = 3 * math.sqrt(m) * h ** (order + 1) / math.factorial(order + 1)
    assert_close(series_remainder(np.full(m, h), order, bound=3), by_hand, 1e-12 * by_hand)


@pytest.mark.claim("thm-power-series", kind="one-sided")
@given(seed=st.integers(0, 10**6), order=st.integers(0, 8), size=st.floats(0.01, 3))
def test_the_remainder_bounds_what_is_left_of_the_series(seed, order, size):
    rng = np.random.default_rng(seed)
    z, h = rng.standard_normal(5), size * rng.uniform(-1, 1, 5)
    rest = np.sin(z + h)
    for k in range(order + 1):
        rest = rest - derivative_of_sine(k, z) * h**k / math.factorial(k)
    left = abs(np.sum(rest)) / math.sqrt(5)
    assert left <= series_remainder(np.abs(h), order) + 1e-13


@pytest.mark.claim("thm-power-series", kind="identity")
@pytest.mark.parametrize("s", [0.3, 1.0, 2.0])
def test_all_orders_together_dilate_the_correlation(s):
    """For the sine and for erf, whose kernel has a closed form up to 1 + s² = 3/2."""
    rho = np.linspace(-1, 1, 9)
    c = sine_coefficients(80)
    assert_close(kernel_of_orders(c, s, rho), math.exp(-1) * np.sinh((1 + s**2) * rho), 1e-12)
    assert_close(kernel_of_orders(c, s, rho, order=200), kernel_of_orders(c, s, rho), 1e-12)
    assert_close(kernel_of_orders(c, 0.0, rho), dual_sine(1.0, 1.0, rho), 1e-14)
    if s < 0.5:
        dilated = 2 / math.pi * np.arcsin(2 * (1 + s**2) * rho / 3)
        assert_close(kernel_of_orders(erf_coefficients(400), s, rho), dilated, 1e-12)


@pytest.mark.claim("thm-power-series", kind="identity")
@pytest.mark.parametrize(("s", "order"), [(0.7, 0), (0.7, 1), (1.0, 1), (1.2, 2), (1.2, 5)])
def test_the_orders_are_the_taylor_terms_of_the_kernel(s, order):
    """κ = sinh / e has the derivatives sinh / e and cosh / e in turn."""
    rho = np.linspace(-1, 1, 9)
    terms = [
        (s**2 * rho) ** k / math.factorial(k) * (np.cosh(rho) if k % 2 else np.sinh(rho))
        for k in range(order + 1)
    ]
    value = kernel_of_orders(sine_coefficients(80), s, rho, order=order)
    assert_close(value, sum(terms) / math.e, 1e-13)


@pytest.mark.claim("thm-power-series", kind="Monte Carlo")
@pytest.mark.parametrize("order", [0, 1, 3])
def test_the_mean_kernel_over_random_weights(order):
    rng, s, rho, draws = np.random.default_rng(3), 1.0, 0.6, 400_000
    u, other = rng.standard_normal((2, draws))
    v = rho * u + math.sqrt(1 - rho**2) * other
    products = sum(
        (s**2 * rho) ** k / math.factorial(k) * derivative_of_sine(k, u) * derivative_of_sine(k, v)
        for k in range(order + 1)
    )
    error = np.std(products) / math.sqrt(draws)
    kernel = kernel_of_orders(sine_coefficients(80), s, rho, order=order)
    assert 4 * error < 0.02 * kernel
    assert_close(np.mean(products), kernel, 4 * error)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: series_remainder([-1.0], 1), "steps must hold finite numbers >= 0"),
        (lambda: series_remainder([], 1), "steps must hold at least one length"),
        (lambda: series_remainder([1.0], -1), "order must be an integer >= 0"),
        (lambda: series_remainder([1e200], 1), "the bound for these steps must be a finite"),
        (lambda: kernel_of_orders([1.0], -1.0, 0.5), "scale must be a finite real number >= 0"),
        (lambda: kernel_of_orders([1.0], 1.0, 1.5), "rho must be a finite real number >= -1"),
        (lambda: kernel_of_orders([1.0], 1.0, 0.5, order=-1), "order must be an integer >= 0"),
        (lambda: kernel_of_orders([0.0, 1e160], 1.0, 0.5), "the value at rho = 1 must be"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
