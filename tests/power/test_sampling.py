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
    sampling_sup_width,
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


def log_probability_of(heads, r):
    """The logarithm of P(exactly ``heads`` of r fair coins), a lower bound on the upper tail."""
    return (
        special.gammaln(r + 1)
        - special.gammaln(heads + 1)
        - special.gammaln(r - heads + 1)
        - r * math.log(2)
    )


def likely_imbalance(r, log_delta):
    """Largest (heads - tails)/r found that r fair coins pass with probability at least δ."""
    heads = math.floor(r / 2 * (1 + math.sqrt(-2 * log_delta / r)))
    while log_probability_of(heads, r) < log_delta:
        heads -= max(1, round(1e-4 * math.sqrt(r)))
    return 2 * heads / r - 1


@pytest.mark.claim("lem-bounded-differences", kind="identity")
def test_the_exponent_of_bounded_differences_is_attained():
    """X = (sum of r signs)/r, differences 2/r, at 100 standard deviations: the logarithm of the
    tail is within 1 % of the exponent -2t²/(r ℓ²), so 2 % more would be wrong.
    """
    r, log_delta = 10**8, -5000.0
    t = likely_imbalance(r, log_delta)  # P(X >= t) >= e^log_delta
    exponent = -2 * t**2 / (r * (2 / r) ** 2)
    assert log_delta <= exponent < 0.99 * log_delta


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


@pytest.mark.claim("prop-sampling-high-probability", kind="identity")
def test_the_logarithms_of_the_deviations_are_attained_by_random_signs():
    """c(w) σ_w = ±B v with one v of norm 1, f = 0: the norm is B |heads - tails|/r. At δ = e^-20000
    both bounds are within 1.5 % of what happens with probability at least δ; in part 2 the feature
    is <w, x> with one w. The same bounds at δ = 1: the mean, attained in part 1 by r different
    orthogonal features of very many.
    """
    r, log_delta, B = 10**10, -20_000.0, 3.0
    seen = B * likely_imbalance(r, log_delta)
    unit = B / math.sqrt(r)
    part_1 = unit * (1 + math.sqrt(-2 * log_delta))
    part_2 = unit * (2 + math.sqrt(2 * (math.log(2) - log_delta)))
    for bound in (part_1, part_2):
        assert 0.985 * bound < seen <= bound
    for delta in (1.0, 0.3, 1e-300):  # the functions are these formulas
        root = math.sqrt(-2 * math.log(delta))
        assert_close(sampling_deviation(B, r, delta), unit * (1 + root), 1e-13 * unit)
        root = math.sqrt(2 * math.log(2 / delta))
        assert_close(sampling_sup_deviation(B, r, delta), unit * (2 + root), 1e-13 * unit)
    # ‖f - N‖² = B²/r - B²/n for r different of n orthogonal features B e_i, f their mean.
    r, n = 50, 10**5
    f, N = np.full(n, B / n), np.where(np.arange(n) < r, B / r, 0.0)
    attained = np.linalg.norm(f - N)
    assert 0.999 * sampling_deviation(B, r, 1.0) < attained <= sampling_deviation(B, r, 1.0)


@pytest.mark.claim("prop-sampling-high-probability", kind="one-sided")
@pytest.mark.parametrize("r", [4, 100])
def test_the_mean_part_of_the_uniform_bound(r):
    """The 2 of part 2 is seen by no check: for linear features, weights e_1, ..., e_n each as
    likely, the supremum is C sqrt(1/r - 1/n), half of it; we know no features that need more.
    """
    C, n = 3.0, 10**4
    f, N = np.full(n, C / n), np.where(np.arange(n) < r, C / r, 0.0)
    largest = np.linalg.norm(N - f)  # of <N - f, x> over |x| <= 1
    assert 0.49 * 2 * C / math.sqrt(r) < largest <= 2 * C / math.sqrt(r)


@pytest.mark.claim("prop-sampling-high-probability", kind="identity")
def test_the_width_of_the_uniform_bound_is_the_least():
    for C, error, delta in ((5.0, 0.1, 0.01), (300.0, 0.1, 0.5), (0.7, 2.0, 1e-9)):
        r = sampling_sup_width(C, error, delta)
        assert sampling_sup_deviation(C, r, delta) <= error * (1 + 1e-12)
        assert r == 1 or sampling_sup_deviation(C, r - 1, delta) > error
    assert sampling_sup_width(0.0, 1.0, 0.5) == 1


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
        (lambda: sampling_sup_width(1.0, 0.0, 0.5), "error must be"),
        (lambda: smallest_coefficients(1), "d must be an integer >= 2"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
