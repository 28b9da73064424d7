"""Products of neurons: the kernel by sampling, the degrees by the power series, homogeneity."""

import math

import numpy as np
import pytest
import torch
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.neighbours.hadamard_products import (
    degree_law,
    extrapolation_error,
    product_kernel,
)
from randomfeatures.power.kernels_linearization import empirical_tangent_kernel


@pytest.mark.claim("thm-product-features", kind="identity")
@pytest.mark.parametrize("factors", [1, 2, 3, 5])
def test_the_degree_law_is_the_power_series_of_the_kernel(factors):
    """On |rho| <= 1/2 the series to degree 60 is exact to 2^-60."""
    rho = np.linspace(-0.5, 0.5, 7)
    series = degree_law(factors, 60) @ rho[None, :] ** np.arange(61)[:, None]
    assert_close(series, (2 * dual_relu(rho)) ** factors, 1e-13)
    x = np.array([[1.0, 0.0]])
    y = np.stack([rho, np.sqrt(1 - rho**2)], axis=1)
    assert_close(product_kernel(x, y, factors)[0], dual_relu(rho) ** factors, 1e-14)


@pytest.mark.claim("thm-product-features", kind="identity")
@pytest.mark.parametrize("factors", [1, 2, 4])
def test_the_tangent_kernel_has_one_plus_m_times_each_degree(factors):
    rho = np.linspace(-0.5, 0.5, 7)
    law = degree_law(factors, 60) * 2.0**-factors * (1 + np.arange(61))
    series = law @ rho[None, :] ** np.arange(61)[:, None]
    x, y = np.array([[1.0, 0.0]]), np.stack([rho, np.sqrt(1 - rho**2)], axis=1)
    assert_close(product_kernel(x, y, factors, tangent=True)[0], series, 1e-12)


@pytest.mark.claim("thm-product-features", kind="Monte Carlo")
def test_the_tangent_kernel_of_networks_of_products():
    """All weights of 200 networks of 4000 products of two; within 4 standard errors, below 2 %."""
    x = torch.tensor([[1.0, 0.0], [0.6, 0.8], [-0.6, 0.8]], dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)

    def network(params, x):
        a, first, second = params
        products = torch.relu(x @ first.T) * torch.relu(x @ second.T)
        return products @ a / math.sqrt(len(a))

    draws = []
    for _ in range(200):
        shapes = [(4000,), (4000, 2), (4000, 2)]
        params = [torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes]
        draws.append(empirical_tangent_kernel(network, params, x[:1], x).numpy())
    mean, error = np.mean(draws, axis=0), np.std(draws, axis=0) / math.sqrt(200)
    kernel = product_kernel(x[:1].numpy(), x.numpy(), 2, tangent=True)
    assert np.all(np.abs(mean - kernel) < 4 * error)
    assert 4 * error[0, 0] < 0.02 * kernel[0, 0]


@pytest.mark.claim("thm-product-features", kind="identity")
def test_the_missing_powers_and_the_share_of_the_third():
    assert np.all(degree_law(1, 21)[3::2] == 0)
    for factors in (2, 3, 6):
        assert np.all(degree_law(factors, 40) > 0)
    assert_close(degree_law(2, 3)[3], 1 / (2 * math.pi), 1e-15)


@pytest.mark.claim("thm-product-features", kind="identity")
@pytest.mark.parametrize("factors", [1, 2, 3, 7])
def test_the_mean_degree_is_the_number_of_factors(factors):
    """The logarithmic derivative of the generating function at 1, by the tangent kernel."""
    x = np.array([[0.6, 0.8]])
    K, tangent = product_kernel(x, x, factors), product_kernel(x, x, factors, tangent=True)
    assert_close((tangent - K) / K, [[factors]], 1e-13)


@pytest.mark.claim("thm-product-features", kind="identity")
@given(t=st.floats(0.1, 10), factors=st.integers(1, 4), seed=st.integers(0, 10**6))
def test_a_combination_of_products_is_homogeneous(t, factors, seed):
    """One product as the model g, and |x|^2 times a constant, which it equals at one point."""
    rng = np.random.default_rng(seed)
    direction = np.array([0.6, 0.0, 0.8])
    w = np.abs(rng.standard_normal((factors, 3))) + 0.1
    g, target = np.prod(w @ (t * direction)), np.prod(w @ direction) * t**2
    stated = extrapolation_error(factors, 2, t)
    assert abs((g / target - 1) ** 2 - stated) < 1e-10 * (1 + stated)
    assert_close(extrapolation_error(factors, factors + 1, 2.0), 0.25, 1e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: degree_law(0, 3), "factors must be an integer >= 1"),
        (lambda: degree_law(2, -1), "max_degree must be"),
        (lambda: product_kernel([[1.0, 0.0]], [[1.0]], 2), "columns"),
        (lambda: extrapolation_error(2, 2, 0.0), "radius must be"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("tangent", [False, True])
def test_lists_and_integers_are_points_too(tangent):
    x, y = [[1, 0], [2, 3]], [[0, 1]]
    kernel = product_kernel(np.array(x, float), np.array(y, float), 2, tangent=tangent)
    assert_close(product_kernel(x, y, 2, tangent=tangent), kernel, 1e-15)


def test_an_error_that_is_no_float_is_refused():
    with pytest.raises(ArithmeticError, match="above the largest float"):
        extrapolation_error(400, 2, 10.0)
