"""Averages of sampled neurons: all draws of finite laws, exact tails, and draws that stay below the
bounds.
"""

import itertools
import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from randomfeatures.foundations import sphere
from randomfeatures.foundations.activations import relu
from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.relu_spectrum import relu_eigenvalue
from randomfeatures.power.sampling import (
    sampling_deviation,
    sampling_error,
    sampling_sup_deviation,
    smallest_coefficients,
)

SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.claim("thm-sampling", kind="identity")
def test_the_sampling_error_over_all_draws_of_a_finite_law():
    """Weights from a law on 5 points, all 5^3 draws enumerated: the mean of the squared error is
    the formula.
    """
    rng = np.random.default_rng(0)
    law, c, features = (
        np.array([0.1, 0.3, 0.2, 0.25, 0.15]),
        rng.standard_normal(5),
        rng.standard_normal((5, 4)),
    )
    f = (law * c) @ features
    second_moment = float(law @ (c**2 * np.mean(features**2, axis=1)))
    for r in (1, 2, 3):
        mean = 0.0
        for draw in itertools.product(range(5), repeat=r):
            N = sum(c[i] * features[i] for i in draw) / r
            mean += np.prod(law[list(draw)]) * np.mean((f - N) ** 2)
        assert_close(sampling_error(second_moment, float(np.mean(f**2)), r), mean, 1e-14)


@pytest.mark.claim("lem-bounded-differences", kind="identity")
@pytest.mark.parametrize("r", [1, 4, 25, 100])
def test_bounded_differences_for_a_sum_of_signs(r):
    """X = (sum of r signs)/r with differences 2/r: the exact binomial tail is below the bound, and
    not far below in the exponent.
    """
    for t in np.array([0.5, 1.0, 2.0, 3.0]) / math.sqrt(r):
        tail = (
            float(special.bdtrc(math.ceil(r * (1 + t) / 2 - 1e-9) - 1, r, 0.5)) if t <= 1 else 0.0
        )
        bound = math.exp(-2 * t**2 / (r * (2 / r) ** 2))
        assert tail <= bound
        if r == 100:
            assert tail > bound**1.02 / 10


@pytest.mark.claim("lem-sign-contraction", kind="identity")
@given(seed=SEEDS)
@settings(max_examples=30)
def test_signs_and_contractions_over_all_signs(seed):
    rng = np.random.default_rng(seed)
    A, r = rng.standard_normal((6, 4)), 4
    signs = np.array(list(itertools.product([-1, 1], repeat=r)))
    right = np.mean(np.max(signs @ A.T, axis=1))
    for map_ in (np.abs, lambda t: np.maximum(t, 0), np.sin, lambda t: t):
        assert np.mean(np.max(signs @ map_(A).T, axis=1)) <= right + 1e-12


@pytest.mark.claim("prop-sampling-high-probability", kind="Monte Carlo")
def test_deviations_hold_and_are_attained_up_to_a_constant():
    """f = x_1 in dimension 3: 300 draws stay below both bounds at δ = 1/300 (expected misses 1 at
    most), and are above a tenth of them.
    """
    rng, d, r = np.random.default_rng(1), 3, 100
    C = 1 / relu_eigenvalue(d, 0)
    points = sphere.sample_sphere(rng, 1000, d)
    norms, sups = [], []
    for _ in range(300):
        w = sphere.sample_sphere(rng, r, d)
        u = C * np.sign(w[:, 0]) / r
        norms.append(math.sqrt(1 - u @ w[:, 0] + u @ dual_relu(np.clip(w @ w.T, -1, 1)) @ u))
        sups.append(np.max(np.abs(relu(points @ w.T) @ u - points[:, 0])))
    for values, bound in (
        (norms, sampling_deviation(C / math.sqrt(2), r, 1 / 300)),
        (sups, sampling_sup_deviation(C, r, 1 / 300)),
    ):
        assert np.sum(np.array(values) > bound) <= 6
        assert bound / 10 < np.max(values)
    assert_close(sampling_deviation(2.0, 50, math.exp(-2)), 6 / math.sqrt(50), 1e-12)
    assert_close(sampling_sup_deviation(2.0, 50, 2 * math.exp(-4.5)), 10 / math.sqrt(50), 1e-12)


@pytest.mark.claim("prop-importance-sampling", kind="identity")
def test_the_best_density_on_a_finite_law():
    rng = np.random.default_rng(2)
    law = np.full(7, 1 / 7)
    size = np.abs(rng.standard_normal(7)) + 0.1  # |c| times the norm of the feature
    best = size / (law @ size)
    assert_close(law @ (size**2 / best), (law @ size) ** 2, 1e-14)
    for _ in range(50):
        p = best * np.exp(0.3 * rng.standard_normal(7))
        p /= law @ p
        assert law @ (size**2 / p) > (law @ size) ** 2


@pytest.mark.claim("prop-smallest-coefficients", kind="quadrature")
@pytest.mark.parametrize("d", [2, 3, 10])
def test_smallest_coefficients_of_a_linear_function(d):
    """E|w_1| by quadrature: both choices have E c(w) w_1 = 2, and attain their bounds."""

    def mean(g):  # over w_1 = sin φ, density cos^{d-2} φ
        return integrate.quad(
            lambda a: g(math.sin(a)) * math.cos(a) ** (d - 2), -math.pi / 2, math.pi / 2, points=[0]
        )[0]

    size = mean(abs) / mean(lambda t: 1)
    assert_close(
        smallest_coefficients(d),
        (2 / size, mean(lambda t: (2 * d * t) ** 2) / mean(lambda t: 1)),
        1e-9,
    )
    assert_close(mean(lambda t: math.copysign(2 / size, t) * t) / mean(lambda t: 1), 2.0, 1e-10)
    assert_close(mean(lambda t: (2 * d * t) ** 2) / mean(lambda t: 1), 4 * d, 1e-9)
    assert_close(mean(lambda t: 2 * d * t * t) / mean(lambda t: 1), 2.0, 1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sampling_error(1.0, 2.0, 5), "norm_squared must be"),
        (lambda: sampling_error(1.0, 0.5, 0), "r must be an integer >= 1"),
        (lambda: sampling_deviation(-1.0, 5, 0.1), "bound must be"),
        (lambda: sampling_deviation(1.0, 5, 0.0), "delta must be"),
        (lambda: sampling_sup_deviation(1.0, 5, 1.5), "delta must be"),
        (lambda: smallest_coefficients(1), "d must be an integer >= 2"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
