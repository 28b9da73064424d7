"""Averages of neurons with smooth activations: derivatives against means, two quadratures, bounds
that are attained in high dimension.
"""

import math

import numpy as np
import pytest
from checks import assert_close

from randomfeatures.foundations.sphere import monomial_eigenvalue, multiplicity, sample_sphere
from randomfeatures.power.polynomials_activation import (
    activation_moment_bound,
    activation_second_moment,
    cosine_mean,
    funk_hecke_number,
)
from randomfeatures.power.polynomials_harmonics import (
    evaluate,
    harmonic_parts,
    inner_product,
    monomial,
)
from randomfeatures.power.sampling import sampling_deviation


def tanh_third(z):
    t = np.tanh(z)
    return (1 - t**2) * (6 * t**2 - 2)


def mean_derivative(derivative, d, k):
    """m_k: the mean of the k-th derivative at √d times the cosine in dimension d + 2k."""
    return cosine_mean(lambda z: derivative(z * math.sqrt(d / (d + 2 * k))), d + 2 * k)


@pytest.mark.claim("prop-polynomials-activation", kind="quadrature")
@pytest.mark.parametrize("d", [2, 3, 6, 40])
@pytest.mark.parametrize(
    ("activation", "derivative", "k"),
    [
        (np.exp, np.exp, 0),
        (np.exp, np.exp, 3),
        (np.exp, np.exp, 4),
        (np.tanh, lambda z: 1 - np.tanh(z) ** 2, 1),
        (np.tanh, tanh_third, 3),
        (lambda z: z**5, lambda z: 60 * z**2, 3),
    ],
)
def test_the_number_of_a_degree_is_a_mean_of_derivatives(activation, derivative, d, k):
    product = math.prod(range(d, d + 2 * k, 2))
    eta = funk_hecke_number(activation, d, k)
    assert_close(eta, d ** (k / 2) * mean_derivative(derivative, d, k) / product, 1e-4 * abs(eta))


@pytest.mark.parametrize(("d", "j", "k"), [(3, 4, 2), (5, 3, 3), (10, 5, 1)])
def test_the_numbers_of_a_power(d, j, k):
    eta = funk_hecke_number(lambda z: z**j, d, k)
    assert_close(eta, d ** (j / 2) * monomial_eigenvalue(d, j, k), 1e-11 * abs(eta))


@pytest.mark.claim("prop-polynomials-activation", kind="quadrature")
def test_softplus_is_as_blind_as_the_relu():
    def softplus(z):
        return np.logaddexp(0, z)

    for d in (2, 7):
        assert abs(funk_hecke_number(softplus, d, 1) - 1 / (2 * math.sqrt(d))) < 1e-14
        assert abs(funk_hecke_number(softplus, d, 2)) > 1e-2
        assert max(abs(funk_hecke_number(softplus, d, k)) for k in (3, 5)) < 1e-15
    with pytest.raises(ValueError, match="the activation misses, got 3"):
        activation_second_moment(softplus, monomial(5, 1, 1, 1))


@pytest.mark.claim("prop-polynomials-activation", kind="Monte Carlo")
def test_the_average_and_the_second_moment():
    """Exponential features for 3 x_1 x_2 x_3 + x_1 in dimension 4, four million weights and inputs:
    E c(w) σ = f at two points, E (c σ)² = M over both.
    """
    d, n, rng = 4, 4_000_000, np.random.default_rng(1)
    p = {(1, 1, 1, 0): 3, (1, 0, 0, 0): 1}
    w, x = sample_sphere(rng, n, d), sample_sphere(rng, n, d)
    c = 0.0
    for k, f in harmonic_parts(p).items():
        c = c + evaluate(f, w) / funk_hecke_number(np.exp, d, k)
    for point in np.array([[0.6, 0.64, 0.48, 0.0], [0.8, 0.36, 0.48, 0.0]]):
        terms = c * np.exp(math.sqrt(d) * w @ point)
        value = evaluate(p, point[None])[0]
        error = terms.std() / math.sqrt(n)
        assert abs(value - terms.mean()) < 4 * error < 0.025 * value
    squares = (c * np.exp(math.sqrt(d) * np.sum(w * x, axis=1))) ** 2
    moment = activation_second_moment(np.exp, p)
    assert_close(moment, squares.mean(), 4 * squares.std() / math.sqrt(n))


@pytest.mark.claim("prop-polynomials-activation", kind="identity")
@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_bound_is_attained_in_high_dimension(k):
    """For a harmonic of degree k, M ‖f‖^{-2} = E σ² / η_k², and the product d(d+2)... is near the
    power of its mean.
    """
    d = 600
    square = cosine_mean(lambda z: np.exp(2 * z), d)
    m = mean_derivative(np.exp, d, k)
    exact = square / funk_hecke_number(np.exp, d, k) ** 2
    bound = activation_moment_bound(d, k, square, m)
    assert 0.99 * bound < exact <= bound * (1 + 1e-9)
    assert m >= 1
    assert 0.99 * math.exp(2) < square <= math.exp(2)
    f = {(1,) * k + (0,) * (20 - k): 1}
    M = activation_second_moment(np.exp, f) / float(inner_product(f, f))
    assert_close(
        M,
        cosine_mean(lambda z: np.exp(2 * z), 20) / funk_hecke_number(np.exp, 20, k) ** 2,
        1e-9 * M,
    )
    assert multiplicity(20, k) <= M  # for no features can do with less


@pytest.mark.claim("prop-polynomials-activation", kind="one-sided")
def test_the_bound_with_high_probability():
    """Part 3 is part 1 of the proposition on sampling, whose constants are attained elsewhere, with
    B = sup |c| (E σ²)^{1/2}; here the draws stay below it, and above a twentieth.
    """
    d, r, rng = 4, 50, np.random.default_rng(2)
    p, eta = monomial(d, 1, 1, 1), funk_hecke_number(np.exp, 4, 3)
    largest = 3**-1.5 / eta  # of x_1 x_2 x_3 on the sphere
    B = largest * math.sqrt(cosine_mean(lambda z: np.exp(2 * z), d))
    x = sample_sphere(rng, 2000, d)
    norms = []
    for _ in range(200):
        w = sample_sphere(rng, r, d)
        N = np.exp(math.sqrt(d) * x @ w.T) @ evaluate(p, w) / (eta * r)
        norms.append(math.sqrt(np.mean((evaluate(p, x) - N) ** 2)))
    bound = sampling_deviation(B, r, 1 / 200)
    assert bound / 20 < max(norms) <= bound


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cosine_mean(np.exp, 1), "d must be an integer >= 2"),
        (lambda: funk_hecke_number(np.exp, 3, -1), "k must be an integer >= 0"),
        (lambda: activation_moment_bound(3, 1, 1.0, 0.0), "mean_derivative"),
        (lambda: activation_second_moment(np.exp, {}), "p must be a non-empty dictionary"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
