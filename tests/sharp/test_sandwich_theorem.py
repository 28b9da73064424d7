"""Random ReLU features are nearly optimal: the width and the error of the theorem, by its proof and
by sampling."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from sandwich_parts import gram, part
from scipy import stats

from randomfeatures.foundations.sphere import multiplicity, sample_sphere
from randomfeatures.sharp.optimum import (
    features_needed,
    log_optimal_error,
    optimal_error,
)
from randomfeatures.sharp.sandwich import (
    PER_HARMONIC,
    WORST_STEP,
    expected_error_bound,
    log_width_enough,
    random_relu_error,
    random_relu_expected_width,
    random_relu_guarantee,
    random_relu_width,
)
from randomfeatures.sharp.spectrum import harmonics, neuron_spectrum


def least_error(w, theta):
    """The error of the best combination of the features w for one direction."""
    c = gram(w, theta)[:, 0]
    return 0.5 - c @ np.linalg.solve(gram(w, w), c)


# --- the theorem ---------------------------------------------------------------------------------

FAILURES = st.floats(1e-12, 0.9) | st.floats(5e-324, 1e-300)


@pytest.mark.claim("thm-random-relu", kind="identity")
@given(st.integers(2, 30), st.integers(1, 20).map(lambda n: 2 * n), FAILURES)
def test_the_width_is_a_multiple_of_m_log_m_over_p(d, K, failure):
    m = d + math.comb(K + d - 1, d - 1)
    r = random_relu_width(d, K, failure)
    with mpmath.workdps(80):
        truth = mpmath.mpf(652) / 100 * m * (mpmath.log(m) - mpmath.log(failure))
        assert truth <= r < truth + 1
        assert r - 1 < truth  # the least one
    # At this width the bound of the proof, m (q e^{t/2m})^r at t = ln 2, is at most p, and 2 %
    # fewer are too few for it.
    log_chance = math.log(m) + r * (math.log1p(-1 / (2 * m)) + math.log(2) / (2 * m))
    assert log_chance <= math.log(failure)
    fewer = 0.98 * r
    assert m < 200 or math.log(m) + fewer * (
        math.log1p(-1 / (2 * m)) + math.log(2) / (2 * m)
    ) > math.log(failure)


@pytest.mark.claim("thm-random-relu", kind="certified")
def test_the_exponent_of_the_chernoff_bound_is_attained():
    """Projections on the m vectors of a basis: the smallest eigenvalue of the sum is the least
    count, and each count is below a/2, a = r/m, with the probability of a Poisson law for large m.
    """
    a = 50_000
    log_largest = stats.poisson.logpmf(a // 2 - 1, a)  # of the probabilities below a/2
    exponent = (1 - math.log(2)) / 2
    assert -1.001 * exponent * a < log_largest < -exponent * a
    assert float(PER_HARMONIC) / 1.02 < 1 / exponent < float(PER_HARMONIC)
    for m, r in ((50, 400), (500, 8000)):
        chance = m * stats.binom.cdf(math.ceil(r / 2 / m) - 1, r, 1 / m)
        assert chance <= m * math.exp(-exponent * r / m)


@pytest.mark.claim("thm-random-relu", kind="identity")
def test_the_three_of_part_one_is_one_and_a_trace():
    """tr(H E uu^T) ≤ (2/r) tr H, where AA^T ≥ r/2: an equality where all eigenvalues are r/2 and H
    lives on the rows of A, which the proof does not exclude."""
    rng, m, r = np.random.default_rng(31), 4, 12
    rows = np.linalg.qr(rng.standard_normal((r, m)))[0].T
    A, C = math.sqrt(r / 2) * rows, rng.standard_normal((m, m))
    H = rows.T @ (C @ C.T) @ rows
    uu = A.T @ np.linalg.inv(A @ A.T) @ np.linalg.inv(A @ A.T) @ A
    assert_close(np.trace(H @ uu), 2 / r * np.trace(H), 1e-12 * np.trace(H))
    tail = optimal_error(5, harmonics(5, 2))
    assert_close(random_relu_error(5, 2), tail + 2 / r * (r * tail), 1e-15)


@pytest.mark.claim("thm-random-relu", kind="identity")
@given(st.integers(2, 200), st.integers(1, 20).map(lambda n: 2 * n))
def test_the_error_is_three_times_the_optimum(d, K):
    tail = math.exp(log_optimal_error(d, harmonics(d, K)))
    assert_close(random_relu_error(d, K) / tail, 3, 1e-13)
    assert random_relu_error(d, K) >= 3 * optimal_error(d, harmonics(d, K)) * (1 - 2e-16)


@pytest.mark.claim("thm-random-relu", kind="one-sided")
@pytest.mark.parametrize(("d", "K"), [(3, 4), (4, 2), (6, 2)])
def test_random_relu_features_within_three_times_the_optimum(d, K):
    """At the stated width: smallest eigenvalue of AA^T, error of the explicit coefficients as
    computed in the proof, and 3 tail_m."""
    rng, m, p = np.random.default_rng(K), harmonics(d, K), 0.05
    degrees, spectrum = [0, 1, *range(2, K + 1, 2)], neuron_spectrum(d, K)
    r, tail, one = random_relu_width(d, K, p), optimal_error(d, m), np.ones(K + 1)
    theta = sample_sphere(rng, 3000, d)
    for _ in range(3):
        w = sample_sphere(rng, r, d)
        value, vector = np.linalg.eigh(part(d, degrees, w, w, one))
        assert abs(value[-m - 1]) < 1e-8 and r / 2 < value[-m]  # rank m
        pseudo = (vector[:, -m:] / value[-m:]) @ vector[:, -m:].T
        u, G, c = pseudo @ part(d, degrees, w, theta, one), gram(w, w), gram(w, theta)
        H = G - part(d, degrees, w, w, spectrum)
        errors = 0.5 - 2 * np.sum(c * u, axis=0) + np.sum(u * (G @ u), axis=0)
        predicted = tail + np.trace(H @ pseudo)  # A^T (AA^T)^{-2} A is the pseudoinverse of A^T A
        sem = errors.std() / math.sqrt(len(errors))
        assert 4 * sem < 0.1 * predicted and abs(errors.mean() - predicted) < 4 * sem
        assert np.trace(H) == pytest.approx(r * tail)
        assert tail < predicted <= random_relu_error(d, K)
        assert predicted <= random_relu_guarantee(d, r, p)[1]


@pytest.mark.claim("thm-random-relu", kind="identity")
@pytest.mark.parametrize("copies", [1, 4])
def test_the_combination_of_the_proof_has_two_thirds_of_its_bound(copies):
    """Five directions at equal angles in the plane: AA^T = r I, and the explicit coefficients have
    the error 2 τ_2 of the bound's 3 τ_2."""
    angle = np.repeat(2 * np.pi * np.arange(5) / 5, copies)
    w, spectrum, tail = (
        np.stack([np.cos(angle), np.sin(angle)], 1),
        neuron_spectrum(2, 2),
        optimal_error(2, 5),
    )
    kernel = part(2, range(3), w, w, np.ones(3))
    assert_close(np.linalg.eigvalsh(kernel)[-5:], [len(w)] * 5, 1e-12 * len(w))
    H = gram(w, w) - part(2, range(3), w, w, spectrum)
    error = tail + np.trace(H @ np.linalg.pinv(kernel, rcond=1e-9))
    assert_close(error / random_relu_error(2, 2), 2 / 3, 1e-12)


@pytest.mark.claim("thm-random-relu", kind="identity")
@settings(max_examples=40)
@given(st.integers(2, 40), st.floats(1e-6, 0.499))
def test_the_expected_width_is_that_of_the_least_degree_with_a_quarter_of_the_error(d, error):
    """The error of part 1 at p = ε/2, and 1/2 where it fails: 3 τ_K + (ε/2)/2 ≤ ε, which a tail
    above ε/4 does not allow."""
    r = random_relu_expected_width(d, error)
    K = next(K for K in itertools.count(2, 2) if optimal_error(d, harmonics(d, K)) <= error / 4)
    tail, m = optimal_error(d, harmonics(d, K)), harmonics(d, K)
    assert 3 * tail + error / 2 / 2 <= error * (1 + 1e-15)
    with mpmath.workdps(80):
        truth = mpmath.mpf(652) / 100 * m * mpmath.log(2 * m / mpmath.mpf(error))
        assert truth <= r < truth + 1
    assert r == random_relu_width(d, K, error / 2)


@pytest.mark.claim("thm-random-relu", kind="certified")
@pytest.mark.parametrize(("d", "K"), [(3, 2), (5, 4)])
def test_the_expected_error_allows_no_two_percent(d, K):
    """At ε = 4 τ_K what the proof adds up is ε itself, so no constant of part 2 could be smaller;
    just below, a degree more is taken."""
    tail = optimal_error(d, harmonics(d, K))
    error = 4 * tail
    assert random_relu_expected_width(d, error * (1 + 1e-12)) < random_relu_expected_width(
        d, error * (1 - 1e-12)
    )
    assert_close(random_relu_error(d, K) + error / 4, error, 1e-14)
    assert random_relu_expected_width(d, 0.98 * error) == random_relu_width(d, K + 2, 0.49 * error)


@pytest.mark.claim("thm-random-relu", kind="one-sided")
@pytest.mark.parametrize(("d", "K"), [(3, 2), (5, 2)])
def test_every_direction_in_the_mean_over_the_weights(d, K):
    """Part 2 at its own width: one fixed direction, the mean over weights of the least error is
    between tail_r and epsilon."""
    error = 4 * optimal_error(d, harmonics(d, K)) * (1 + 1e-12)
    r, theta = random_relu_expected_width(d, error), np.eye(d)[:1]
    errors = [
        least_error(sample_sphere(np.random.default_rng(seed), r, d), theta) for seed in range(20)
    ]
    sem = np.std(errors) / math.sqrt(len(errors))
    assert 4 * sem < 0.6 * np.mean(errors)
    assert optimal_error(d, r) - 4 * sem < np.mean(errors) < error - 4 * sem


@pytest.mark.claim("thm-random-relu", kind="identity")
@given(st.integers(2, 30), st.floats(1, 1e6), st.floats(1e-9, 0.9))
def test_the_guarantee_is_that_of_fewer_best_features(d, factor, failure):
    r = math.ceil(factor * random_relu_width(d, 2, failure))
    fewer, error = random_relu_guarantee(d, r, failure)
    with mpmath.workdps(60):
        logarithm = mpmath.log(mpmath.mpf(r) / mpmath.mpf(failure))
        truth = r / (mpmath.mpf(652) / 100 * logarithm)
        assert fewer <= truth < fewer + 1
    assert_close(error / optimal_error(d, fewer), 13.3, 1e-13)
    with pytest.raises(ValueError, match="r must be"):
        random_relu_guarantee(d, random_relu_width(d, 2, failure) - 1, failure)


@pytest.mark.claim("thm-random-relu", kind="certified")
@pytest.mark.parametrize("d", [2, 3, 4, 10, 100, 1000])
def test_the_step_of_the_staircase_in_part_three(d):
    """τ_K/τ_{K+2} falls in K and in d, and at d = K = 2 it is 13.3/3, but for 0.03 %."""
    quotients = [
        optimal_error(d, harmonics(d, K)) / optimal_error(d, harmonics(d, K + 2))
        for K in range(2, 30, 2)
    ]
    assert np.all(np.diff(quotients) < 0)
    higher = optimal_error(d + 1, harmonics(d + 1, 2)) / optimal_error(d + 1, harmonics(d + 1, 4))
    assert higher < quotients[0]
    assert 3 * quotients[0] <= WORST_STEP
    if d == 2:
        first = (math.pi**2 - 8) / 16 - 1 / 9
        assert_close(quotients[0], first / (first - 1 / 225), 1e-12)
        assert 1.0003 * 3 * quotients[0] > WORST_STEP
    energy = neuron_spectrum(d, 40) * [float(multiplicity(d, k)) for k in range(41)]
    steps = energy[6::2] / energy[4:-2:2]
    k = np.arange(4, 39, 2)
    formula = (2 * k + d + 2) * (k + d - 1) * (k + d - 2) / (k + d + 1) ** 2 * (k - 1.0) ** 2
    assert_close(steps / (formula / ((2 * k + d - 2) * (k + 1.0) * (k + 2))), np.ones(18), 1e-10)
    assert np.all(np.diff(steps) > 0)


@pytest.mark.claim("prop-sandwich", kind="certified")
@pytest.mark.claim("thm-random-relu", kind="certified")
@pytest.mark.parametrize(
    ("d", "error"),
    [
        (2, 0.4),
        (3, 0.03),
        (10, 0.01),
        (30, 0.005),
        (100, 0.0005),
        (10**4, 0.02),
        (10**300, 0.01),
        (10, 1e-6),
        (30, 1e-6),
    ],
)
def test_the_width_that_is_enough_is_the_smaller_of_two(d, error):
    log_r, by_theorem = log_width_enough(d, error), math.log(random_relu_expected_width(d, error))
    assert log_r <= by_theorem * (1 + 2e-9)
    if log_r < by_theorem:
        assert expected_error_bound(d, int(mpmath.exp(log_r)) + 1) <= error
        smaller = max(1, int(mpmath.exp(log_r - 1e-3)))
        assert smaller < 200 or expected_error_bound(d, smaller) > error * (1 - 1e-9)
    else:
        assert expected_error_bound(d, random_relu_expected_width(d, error)) > error
    if d < 10**5:
        assert math.log(features_needed(d, error) or 1) <= log_r
