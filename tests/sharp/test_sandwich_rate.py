"""Random ReLU features have the rate of the best features: the budget of the proof where nothing is
lost, sampled combinations, and the rates themselves."""

import math

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from neuron_parts import log_share
from sandwich_parts import gram, part

from randomfeatures.foundations.sphere import multiplicity, sample_sphere
from randomfeatures.sharp.optimum import features_needed, optimal_error
from randomfeatures.sharp.optimum_tail import tail_law, threshold_degree, threshold_rate
from randomfeatures.sharp.sandwich import (
    LAST_DEGREE,
    expected_error_bound,
    random_relu_expected_width,
)
from randomfeatures.sharp.sandwich_budget import mean_error
from randomfeatures.sharp.sandwich_prediction import predicted_error
from randomfeatures.sharp.sandwich_rate import (
    degree_of_harmonic,
    full_degree_bound,
    log_full_degree_width,
    same_rate_factor,
    same_rate_width,
)
from randomfeatures.sharp.spectrum import harmonics, neuron_spectrum

# --- the same rate -------------------------------------------------------------------------------


@pytest.mark.claim("thm-same-rate", kind="certified")
@settings(max_examples=60)
@given(st.integers(2, 60), st.floats(-12, math.log10(0.49)))
def test_the_width_is_enough_by_the_exact_bound(d, exponent):
    """U_r, the series itself, is at most ε at the width of the theorem; r_* features or more."""
    error = 10**exponent
    width, least = same_rate_width(d, error), features_needed(d, error)
    assert width >= least
    high = tail_law(d, LAST_DEGREE)[1]  # which the function counts in full
    assert expected_error_bound(d, width) <= error * (1 + 1e-9 * (1 + math.log(width))) + high


@pytest.mark.claim("thm-same-rate", kind="identity")
@pytest.mark.parametrize(("d", "least"), [(10, 100), (7, 40), (30, 600), (3, 2)])
@pytest.mark.parametrize("failure", [1.0, 0.01])
def test_the_budget_is_spent_where_the_harmonics_are_equal(d, least, failure):
    """r_* and 2 r_* in one degree and tail_{r_*} = ε: tail_m + m/2pr at m = 2 r_* is ε itself, so
    that a width 2 % smaller is too small for the proof."""
    assert degree_of_harmonic(d, least) == degree_of_harmonic(d, 2 * least)
    error = optimal_error(d, least) * (1 + 1e-13)
    assert features_needed(d, error) == least
    width = same_rate_width(d, error, failure)
    spent = optimal_error(d, 2 * least) + 2 * least / (2 * failure * width)
    assert error * (1 - 3 * least / (failure * width**2) / error - 1e-12) < spent <= error
    fewer = optimal_error(d, 2 * least) + 2 * least / (2 * failure * 0.98 * width)
    assert fewer > error


@pytest.mark.claim("thm-same-rate", kind="identity")
@settings(max_examples=40)
@given(st.integers(2, 40), st.integers(1, 2000), st.floats(1e-9, 1))
def test_the_width_is_the_inverse_of_an_eigenvalue(d, least, failure):
    error = optimal_error(d, least) * (1 + 1e-12)
    count, k = 0, 0
    while count < 2 * features_needed(d, error):
        count += multiplicity(d, k) if k < 2 or k % 2 == 0 else 0
        k += 1
    k -= 1
    assert degree_of_harmonic(d, 2 * features_needed(d, error)) == k
    share = 0.25 if k == 1 else math.exp(log_share(d, k))
    truth = float(multiplicity(d, k)) / share / failure
    width = same_rate_width(d, error, failure)
    assert truth * (1 - 1e-12) <= width <= truth * (1 + 1e-12) + 2


@pytest.mark.claim("thm-same-rate", kind="Monte Carlo")
@pytest.mark.claim("prop-sandwich", kind="Monte Carlo")
@pytest.mark.parametrize("r", [7, 15])
@pytest.mark.parametrize("m", [3, 4, 6])
def test_the_excess_of_the_combination_is_a_sum_of_squares(r, m):
    """In the plane with m harmonics written out, a degree not full too: the mean error over the
    directions of the proof's combination is at least tail_m for every draw, and the mean excess is
    1/r times the sum of the m numbers 1/2 - Λ."""
    rng, degrees = np.random.default_rng([m, r]), np.array([0, 1, 1, 2, 2, 4])[:m]
    eigenvalues = neuron_spectrum(2, 4)[degrees]

    def harmonics_in_the_plane(angle):
        pairs = [math.sqrt(2) * f(k * angle) for k in (1, 2, 4) for f in (np.cos, np.sin)]
        return np.stack([np.ones_like(angle), *pairs])[:m]

    def points(angle):
        return np.stack([np.cos(angle), np.sin(angle)], 1)

    Z = []
    for _ in range(25_000):
        angle = rng.uniform(0, 2 * np.pi, r)
        G, Y = gram(points(angle), points(angle)), harmonics_in_the_plane(angle)
        captured = np.sum(eigenvalues * np.mean(Y**2, axis=1))
        Z.append(0.5 - 2 * captured + np.sum(G * (Y.T @ Y)) / r**2)
    grid = 2 * np.pi * np.arange(4096) / 4096
    u, c = Y.T @ harmonics_in_the_plane(grid) / r, gram(points(angle), points(grid))
    by_hand = 0.5 - 2 * np.sum(c * u, axis=0) + np.sum(u * (G @ u), axis=0)
    assert_close(by_hand.mean(), Z[-1], 1e-6)
    tail, excess = optimal_error(2, m), np.sum(0.5 - eigenvalues) / r
    sem = np.std(Z) / math.sqrt(len(Z))
    assert min(Z) >= tail - 1e-12
    assert 4 * sem < 0.02 * excess and abs(np.mean(Z) - tail - excess) < 4 * sem
    assert excess <= m / (2 * r)


@pytest.mark.claim("prop-sandwich", kind="identity")
def test_the_excess_of_one_feature_is_almost_its_bound():
    """r = 1: the combination of the proof has the same error for every weight, tail_m + m/2 less
    1/2 - tail_m; for large m no constant in front of m/2r could be 2 % smaller."""
    d, K = 6, 6
    m, one = harmonics(d, K), np.ones(K + 1)
    w = sample_sphere(np.random.default_rng(0), 1, d)
    kernel = part(d, [0, 1, 2, 4, 6], w, w, one)[0, 0]
    tail = optimal_error(d, m)
    error = 0.5 - 2 * (0.5 - tail) + 0.5 * kernel
    assert_close(error, tail + m / 2 - (0.5 - tail), 1e-9)
    assert 0.98 * m / 2 < error - tail <= m / 2


@pytest.mark.claim("thm-same-rate", kind="one-sided")
@pytest.mark.parametrize(("d", "least"), [(3, 4), (4, 6), (5, 8)])
def test_draws_of_that_width_have_the_error(d, least):
    """One-sided: Markov's inequality and the noise of single features are far from the truth, so
    every draw is far below the error; r_* - 1 features never reach it."""
    error = optimal_error(d, least) * (1 + 1e-12)
    width = same_rate_width(d, error, 0.5)
    few, enough = [], []
    for seed in range(8):
        w = sample_sphere(np.random.default_rng(seed), width, d)
        few.append(mean_error(w[: least - 1], 20)[0])
        enough.append(mean_error(w, 20)[1])
    assert max(enough) <= error < min(few)


@pytest.mark.claim("thm-same-rate", kind="certified")
@settings(max_examples=60)
@given(st.integers(2, 300), st.integers(1, 200).map(lambda n: 2 * n), st.integers(0, 10**9))
def test_the_factor_bounds_the_inverse_eigenvalue(d, Q, more):
    """At every r with Λ_{2r} in degree Q, the worst is the least of them."""
    before = d + math.comb(Q - 2 + d - 1, d - 1)
    least = before // 2 + 1
    r = least + more % max(1, multiplicity(d, Q) // 2)
    if degree_of_harmonic(d, 2 * r) == Q:
        log_inverse = math.log(multiplicity(d, Q)) - log_share(d, Q)
        assert log_inverse <= math.log(r) + math.log(same_rate_factor(d, Q)) + 1e-12


@pytest.mark.claim("thm-same-rate", kind="identity")
@pytest.mark.parametrize(("d", "Q"), [(300, 300), (1000, 400), (200, 2000)])
def test_the_factor_allows_no_two_percent(d, Q):
    least = (d + math.comb(Q - 2 + d - 1, d - 1)) // 2 + 1
    log_inverse = math.log(multiplicity(d, Q)) - log_share(d, Q)
    assert 0.98 < math.exp(log_inverse - math.log(least)) / same_rate_factor(d, Q) <= 1


@pytest.mark.claim("thm-same-rate", kind="certified")
@settings(max_examples=100)
@given(st.integers(2, 200), st.floats(-14, -0.32))
def test_the_degree_of_the_factor(d, exponent):
    error = 10**exponent
    Q = degree_of_harmonic(d, 2 * features_needed(d, error))
    assert 2 * threshold_degree(d, error) + 4 >= Q


@pytest.mark.claim("thm-same-rate", kind="certified")
@pytest.mark.parametrize("kappa", [5.0, 1.75**2 * 50])
def test_the_two_rates_are_one(kappa):
    """ε = 1/(κ d^{3/2}): the rates of the best features and of the width that is enough come near H
    and each other; the width of four times the optimum goes to another rate."""
    limit, other = threshold_rate(kappa), threshold_rate(4 * kappa)
    gaps = []
    for d in (250, 1000, 3000):
        error = 1 / (kappa * d**1.5)
        best = math.log(features_needed(d, error)) / d
        enough = math.log(same_rate_width(d, error)) / d
        Q = degree_of_harmonic(d, 2 * features_needed(d, error))
        assert best <= enough <= best + math.log(same_rate_factor(d, Q)) / d
        gaps.append((abs(best - limit), enough - limit))
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[-1][0] < 0.003 and 0 < gaps[-1][1] < 0.012
    by_constants = math.log(random_relu_expected_width(d, error)) / d
    assert abs(by_constants - other) < 0.01 and other - limit > 0.3


# --- full degrees --------------------------------------------------------------------------------


@pytest.mark.claim("thm-full-degrees", kind="identity")
@given(st.integers(2, 30), st.integers(1, 10).map(lambda n: 2 * n), st.floats(0.1, 300))
def test_the_bound_is_its_formula(d, K, multiple):
    m = harmonics(d, K)
    r = math.ceil(multiple * m)
    tail = optimal_error(d, m)
    with mpmath.workdps(40):
        truth = (1 + mpmath.mpf(4 * m) / r) * tail
        truth += mpmath.mpf(m) / 2 * mpmath.exp(-(1 - mpmath.log(2)) * r / (2 * m))
        assert abs(full_degree_bound(d, r, K) / truth - 1) < 1e-14
        assert full_degree_bound(d, r, K) >= truth * (1 - mpmath.mpf(10) ** -15)


@pytest.mark.claim("thm-full-degrees", kind="Monte Carlo")
@pytest.mark.parametrize(("d", "K", "r"), [(3, 2, 20), (5, 2, 60), (4, 4, 60)])
def test_the_mean_of_the_trace(d, K, r):
    """E tr H A^T A = r m τ_K: the parts of different degrees do not see each other in the mean."""
    rng, spectrum, m = np.random.default_rng(d), neuron_spectrum(d, K), harmonics(d, K)
    degrees, one, traces = [0, 1, *range(2, K + 1, 2)], np.ones(K + 1), []
    for _ in range(4000):
        w = sample_sphere(rng, r, d)
        H = gram(w, w) - part(d, degrees, w, w, spectrum)
        traces.append(np.sum(H * part(d, degrees, w, w, one)))
    sem, truth = np.std(traces) / math.sqrt(len(traces)), r * m * optimal_error(d, m)
    assert min(traces) >= 0
    assert 4 * sem < 0.02 * truth and abs(np.mean(traces) - truth) < 4 * sem


@pytest.mark.claim("thm-full-degrees", kind="identity")
@pytest.mark.parametrize("copies", [1, 3])
def test_four_is_attained_at_the_least_eigenvalue(copies):
    """A^T (AA^T)^-2 A against 4/r² A^T A: equal where AA^T has the eigenvalue r/2. In the plane
    with degrees up to 2 half of the weights at equal angles and half in one direction come near:
    the quotient is 1 in the four-dimensional rest."""
    angle = np.concatenate([2 * np.pi * np.arange(5) / 5, np.zeros(5)])
    angle = np.tile(angle, copies)
    w, one, r = np.stack([np.cos(angle), np.sin(angle)], 1), np.ones(3), 10 * copies
    values = np.linalg.eigvalsh(part(2, range(3), w, w, one))[-5:]
    assert_close(values, [r / 2] * 4 + [3 * r], 1e-10 * r)
    squares = values[:4]
    assert_close(1 / squares, 4 / r**2 * squares, 1e-12)


@pytest.mark.claim("thm-full-degrees", kind="certified")
@given(st.integers(2, 30), st.integers(1, 8).map(lambda n: 2 * n), st.floats(1, 100))
def test_the_chance_of_a_small_eigenvalue(d, K, multiple):
    """m q^r 2^{r/2m}, q = 1 - 1/2m, of the proof is at most m exp(-(1 - ln 2) r/2m), and for large
    m its exponent is no 2 % larger."""
    m = harmonics(d, K)
    r = math.ceil(multiple * m)
    proof = r * (math.log1p(-1 / (2 * m)) + math.log(2) / (2 * m))
    stated = -(1 - math.log(2)) * r / (2 * m)
    assert proof <= stated * (1 - 1e-12)
    assert m < 60 or proof > 1.02 * stated


@pytest.mark.claim("thm-full-degrees", kind="one-sided")
@pytest.mark.parametrize(("d", "K", "multiple"), [(4, 2, 70), (5, 2, 70)])
def test_the_measured_error_is_below(d, K, multiple):
    """One-sided: the best coefficients use the harmonics above K too, those of the proof do not.
    Here it is a part of the bound."""
    r, errors = multiple * harmonics(d, K), []
    for seed in range(3):
        errors.append(mean_error(sample_sphere(np.random.default_rng(seed), r, d), 20)[1])
    bound = full_degree_bound(d, r, K)
    assert optimal_error(d, r) < np.mean(errors) < bound
    assert bound < 1.2 * optimal_error(d, harmonics(d, K))


@pytest.mark.claim("thm-full-degrees", kind="certified")
@pytest.mark.parametrize(
    ("d", "error"),
    [(2, 0.4), (2, 1e-6), (3, 0.03), (10, 0.01), (10, 1e-6), (30, 0.005), (100, 0.0005)],
)
def test_the_width_of_full_degrees(d, error):
    """At the width the bound is at most ε for some degree, a thousandth below for none near."""
    log_r = log_full_degree_width(d, error)
    r = math.ceil(mpmath.exp(log_r))
    first = threshold_degree(d, error)
    degrees = range(2, 2 * first + 40, 2)
    assert min(full_degree_bound(d, r, K) for K in degrees) <= error
    fewer = int(mpmath.exp(log_r - 1e-3))
    assert min(full_degree_bound(d, fewer, K) for K in degrees if first + 20 > K) > error
    assert math.log(features_needed(d, error) or 1) <= log_r


def test_full_degrees_need_fewer_features_where_the_error_is_small():
    """The prediction, which is near the truth, is below; the older bounds are above."""
    error = 1e-6
    log_r = log_full_degree_width(30, error)
    assert log_r < math.log(same_rate_width(30, error)) - 5
    assert log_r < math.log(random_relu_expected_width(30, error)) - 5
    assert predicted_error(10, 2000) < full_degree_bound(10, 2000, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: degree_of_harmonic(1, 1), "d must be"),
        (lambda: degree_of_harmonic(2, 0), "j must be"),
        (lambda: same_rate_width(1, 0.1), "d must be"),
        (lambda: same_rate_width(2, 0.5), "error must be .* > 0 and < 0.5"),
        (lambda: same_rate_width(2, 0.0), "error must be"),
        (lambda: same_rate_width(2, 0.1, 0.0), "failure must be"),
        (lambda: same_rate_width(2, 0.1, 1.1), "failure must be"),
        (lambda: same_rate_factor(2, 0), "degree must be"),
        (lambda: same_rate_factor(2, 3), "degree must be an even"),
        (lambda: full_degree_bound(2, 0, 2), "r must be"),
        (lambda: full_degree_bound(2, 1, 3), "degree must be an even"),
        (lambda: log_full_degree_width(2, 0.5), "error must be .* > 0 and < 0.5"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(("d", "error"), [(2, 1e-30), (2, 0.49), (3, 1e-30), (10**6, 0.02)])
def test_every_size(d, error):
    assert 0 < log_full_degree_width(d, error) < math.inf
    assert same_rate_width(d, error, 1e-300) >= same_rate_width(d, error) >= 4
    with pytest.raises(ArithmeticError, match="largest float"):
        same_rate_factor(10**300, 2)
