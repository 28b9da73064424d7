"""The sandwich: bounds on the error and the width of random ReLU features, by sampling and by
routes of their own."""

import math
from fractions import Fraction

import numpy as np
import pytest
from checks import assert_close
from hypothesis import example, given, settings
from hypothesis import strategies as st
from neuron_parts import exact_eigenvalue, exact_tail
from sandwich_parts import gram, part
from scipy import special, stats

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.sphere import gegenbauer, multiplicity, sample_sphere
from randomfeatures.sharp.optimum import (
    almost_every_direction_bound,
    optimal_error,
)
from randomfeatures.sharp.sandwich import (
    expected_error_bound,
    log_most_directions_width,
    log_width_enough,
    preconditioner_bounds,
    probe_failure,
    random_relu_error,
    random_relu_expected_width,
    random_relu_guarantee,
    random_relu_width,
    sampled_optimum_bound,
)
from randomfeatures.sharp.spectrum import harmonics, neuron_spectrum

# --- the sandwich --------------------------------------------------------------------------------


@pytest.mark.claim("prop-sandwich", kind="identity")
@given(st.integers(1, 10).map(lambda n: 2 * n + 1), st.integers(1, 10**5))
def test_the_upper_bound_is_its_series(d, r):
    """U_r in fractions up to degree 60, and what follows between 0 and its energy, or the noise of
    so many harmonics."""
    values = {k: exact_eigenvalue(d, k) for k in (0, 1, *range(2, 61, 2))}
    terms = [multiplicity(d, k) / (1 / x + r / (Fraction(1, 2) - x)) for k, x in values.items()]
    bound = expected_error_bound(d, r)
    rest = exact_tail(d, harmonics(d, 60))
    assert sum(terms) < bound <= float(sum(terms) + rest) * (1 + 1e-8)
    if rest < sum(terms) / 100:
        assert_close(bound / float(sum(terms)), 1, 0.0101)


@pytest.mark.claim("prop-sandwich", kind="certified")
def test_the_upper_bound_counts_the_degrees_above_the_last():
    """d = 3 and so many features that degree 20 000 is resolved by half: the terms up to degree
    100 000, by log-Gamma, are more than those up to 20 000 alone, and not more than the bound."""
    r, k = 10**21, np.arange(2.0, 100_001.0, 2)
    log_eta = special.gammaln(1.5) + special.gammaln((k - 1) / 2) - special.gammaln(k / 2 + 2)
    eigenvalues = 3 * np.exp(2 * (log_eta - math.log(4 * math.pi)))
    terms = (2 * k + 1) / (1 / eigenvalues + r / (0.5 - eigenvalues))
    low = 1 / (16 / 3 + r / (0.5 - 3 / 16)) + 3 / (12 + r / (0.5 - 1 / 12))
    assert low + terms[k <= 20_000].sum() < 0.98 * (low + terms.sum())
    assert low + terms.sum() < expected_error_bound(3, r) < 1.1 * (low + terms.sum())


@pytest.mark.claim("prop-sandwich", kind="identity")
@pytest.mark.parametrize("d", [2, 3, 10, 100])
def test_one_feature_has_the_error_of_the_upper_bound(d):
    """r = 1: the mean over the cosine of 1/2 - 2 κ(t)², by quadrature; equality, so no constant
    could be smaller."""
    x, weight = special.roots_legendre(400)
    angle = np.pi / 2 * (x + 1)
    weight = weight * np.sin(angle) ** (d - 2)
    truth = 0.5 - 2 * np.sum(weight * dual_relu(np.cos(angle)) ** 2) / np.sum(weight)
    assert_close(expected_error_bound(d, 1), truth, 2e-8)
    assert optimal_error(d, 1) < truth < expected_error_bound(d, 1)


@pytest.mark.claim("prop-sandwich", kind="Monte Carlo")
@pytest.mark.parametrize(("d", "r"), [(4, 3), (6, 25)])
def test_the_coefficients_of_the_upper_bound_have_the_error_that_is_stated(d, r):
    """E ‖F_W - σ_θ‖² with c = Σ a_k N P_k, a_k = λ_k/(λ_k + ν_k), equals U_r, and least squares is
    below."""
    rng, degrees = np.random.default_rng(d), [0, 1, *range(2, 31, 2)]
    spectrum = neuron_spectrum(d, 30)
    nu = (0.5 - spectrum) / r
    a, U = spectrum / (spectrum + nu), expected_error_bound(d, r)
    theta, errors, best = sample_sphere(rng, 1, d), [], []
    for _ in range(6000):
        w = sample_sphere(rng, r, d)
        G, c = gram(w, w), gram(w, theta)[:, 0]
        u = part(d, degrees, w, theta, a)[:, 0] / r
        errors.append(0.5 - 2 * c @ u + u @ G @ u)
        best.append(0.5 - c @ np.linalg.solve(G, c))
    sem = np.std(errors) / math.sqrt(len(errors))
    assert 4 * sem < 0.02 * U and abs(np.mean(errors) - U) < 4 * sem + 1e-3 * U
    assert optimal_error(d, r) < np.mean(best) < U


@pytest.mark.claim("prop-sandwich", kind="certified")
@pytest.mark.parametrize(("d", "r"), [(2, 1), (4, 3), (6, 25), (20, 800)])
def test_the_best_m_features_and_their_noise_bound_the_upper_bound(d, r):
    U = expected_error_bound(d, r)
    bounds = [sampled_optimum_bound(d, r, m) for m in range(4 * r)]
    assert_close(bounds, [optimal_error(d, m) + m / (2 * r) for m in range(4 * r)], 1e-15)
    assert U <= min(bounds) < 2 * U


@pytest.mark.claim("prop-sandwich", kind="certified")
def test_the_noise_of_the_best_m_features_allows_no_two_percent():
    """d = 10^4 and a noise far above λ_4 and a hundredth of λ_2: there the bound is U_r but for a
    percent of the noise."""
    d = 10**4
    m, eigenvalue = harmonics(d, 2), neuron_spectrum(d, 2)[2]
    r = round(50 / eigenvalue)
    U = expected_error_bound(d, r)
    assert optimal_error(d, m) + 0.98 * m / (2 * r) < U < sampled_optimum_bound(d, r, m)


# --- most directions -----------------------------------------------------------------------------


@pytest.mark.claim("thm-almost-every-direction", kind="certified")
@pytest.mark.parametrize("delta", [0.5, 0.01])
@pytest.mark.parametrize(("d", "error"), [(30, 0.003), (10, 1e-5), (41, 1e-4), (200, 0.003)])
def test_the_width_for_most_directions_is_the_best_over_the_degrees(d, error, delta):
    """A thousandth fewer features than that leave an error above ε for some degree K, a thousandth
    more for none."""
    r = math.exp(log_most_directions_width(d, error, delta))
    fewer, more = int(r * 0.999), int(r * 1.001) + 1
    assert r > 1000
    assert max(almost_every_direction_bound(d, fewer, delta, K) for K in range(2, 200, 2)) > error
    assert max(almost_every_direction_bound(d, more, delta, K) for K in range(2, 200, 2)) < error


@pytest.mark.claim("thm-almost-every-direction", kind="identity")
def test_the_width_for_most_directions_uses_degree_one():
    """At an error near τ_1 = 1/4 - λ_0 only degree 1 says anything: δ (τ_1 - ε) / λ_2."""
    values = neuron_spectrum(10, 2)
    tail = 0.25 - values[0]
    truth = math.log(0.3 * (tail - 0.06) / values[2])
    assert_close(log_most_directions_width(10, 0.06, 0.3), truth, 1e-8)
    assert log_most_directions_width(10, tail, 0.3) == -math.inf


# --- the preconditioner and the certificate ------------------------------------------------------


@pytest.mark.claim("prop-preconditioner", kind="quadrature")
@pytest.mark.parametrize("d", [2, 3, 7, 30])
def test_the_mean_square_of_an_entry_is_the_sum_of_the_squares(d):
    """(r - 1)/τ_2² times E (κ(t) - Σ_{k≤2} N λ P_k(t))², over the cosine, by quadrature; and the
    second bound."""
    x, weight = special.roots_legendre(400)
    angle = np.pi / 2 * (x + 1)
    weight, t = weight * np.sin(angle) ** (d - 2), np.cos(angle)
    spectrum = neuron_spectrum(d, 2)
    high = dual_relu(t) - sum(
        multiplicity(d, k) * spectrum[k] * gegenbauer(d, k, t) for k in range(3)
    )
    square = np.sum(weight * high**2) / np.sum(weight)
    for r in (2, 500):
        first, second = preconditioner_bounds(d, r)
        truth = (r - 1) / optimal_error(d, harmonics(d, 2)) ** 2 * square
        assert_close([first, second], [truth, r / multiplicity(d, 4)], 1e-8 * first)
        assert first <= second
    assert preconditioner_bounds(d, 1)[0] == 0


@pytest.mark.claim("prop-preconditioner", kind="Monte Carlo")
@pytest.mark.parametrize(
    ("d", "r", "draws", "share"), [(5, 60, 60, 0.1), (12, 200, 60, 0.1), (2, 1200, 12, 0.98)]
)
def test_the_preconditioned_spectrum(d, r, draws, share):
    """The eigenvalues' mean square distance from 1 is within the bound; in the plane, with many
    features, it is almost the bound."""
    rng, spectrum, distances = np.random.default_rng(d), neuron_spectrum(d, 4), []
    tau = optimal_error(d, harmonics(d, 2))
    for _ in range(draws):
        w = sample_sphere(rng, r, d)
        G, P = gram(w, w), tau * np.eye(r) + part(d, range(3), w, w, spectrum)
        np.testing.assert_allclose(np.diag(P), 0.5, rtol=1e-12)
        root = np.linalg.cholesky(P)
        ratio = np.linalg.solve(root, np.linalg.solve(root, G).T)
        distances.append(
            np.sum((ratio - np.eye(r)) ** 2) / r
        )  # the Frobenius norm: no eigenvalue is needed
    sem = np.std(distances) / math.sqrt(draws)
    first, _ = preconditioner_bounds(d, r)
    assert share < 0.5 or 4 * sem < 0.01 * first
    assert share * first < np.mean(distances) < first


@pytest.mark.claim("prop-certificate", kind="certified")
@given(st.floats(1e-3, 0.2), st.integers(1, 20))
def test_the_chance_of_n_small_gaussians(level, probes):
    """(2Φ(ℓ) - 1)^n is at most the bound, and the bound at most (1 + ℓ²/6)^n larger."""
    chance = probes * math.log(2 * stats.norm.cdf(level) - 1)
    bound = math.log(probe_failure(level, probes))
    assert chance <= bound + 1e-12 and bound - chance < probes * 0.17 * level**2 + 1e-12 * probes
    assert probe_failure(0.05, 6) < 4.1e-9 < 1.02 * probe_failure(0.05, 6)


# --- arguments of every size ---------------------------------------------------------------------

FLOATS = st.floats(5e-324, 1.7e308) | st.floats(1e-6, 0.6)
INTEGERS = st.integers(1, 300) | st.integers(1, 10**400)


@settings(max_examples=40)
@given(INTEGERS, INTEGERS, INTEGERS, FLOATS, FLOATS)
@example(10**400, 10**400, 2, 1e-320, 1e-320)
@example(2, 10**400, 10**400, 0.1, 0.5)
@example(10**300, 1, 1, 0.1, 1e-300)
def test_every_size_is_computed_or_refused(d, r, m, error, delta):
    """A finite number on the right side of a trivial bound, or a ValueError or ArithmeticError that
    says what is wrong."""
    calls = {
        "U": (lambda: expected_error_bound(d, r), 0, 0.5 + 1e-9),
        "sampled": (lambda: sampled_optimum_bound(d, r, m), 0, math.inf),
        "most": (lambda: log_most_directions_width(d, error, delta), -math.inf, 1e300),
        "failure": (lambda: probe_failure(error, r), 0, 1),
        "preconditioner": (lambda: max(preconditioner_bounds(d, r)), 0, math.inf),
    }
    for name, (call, low, high) in calls.items():
        try:
            value = call()
        except (ValueError, ArithmeticError) as refusal:
            assert len(str(refusal)) > 20, name
        else:
            assert type(value) is float and low <= value <= high, name


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: expected_error_bound(1, 3), "d must be"),
        (lambda: expected_error_bound(10**301, 3), "d must be"),
        (lambda: expected_error_bound(3, 0), "r must be"),
        (lambda: sampled_optimum_bound(3, 1, -1), "m must be"),
        (lambda: random_relu_width(3, 3, 0.1), "degree must be an even"),
        (lambda: random_relu_width(3, 2, 1.0), "failure must be .* > 0 and < 1"),
        (lambda: random_relu_width(3, 2, 0.0), "failure must be"),
        (lambda: random_relu_error(1, 2), "d must be"),
        (lambda: random_relu_expected_width(3, 0.5), "error must be .* > 0 and < 0.5"),
        (lambda: random_relu_guarantee(3, 10, 0.5), "r must be an integer >= "),
        (lambda: log_width_enough(3, 0.6), "error must be .* > 0 and < 0.5"),
        (lambda: log_most_directions_width(3, 0.1, 1.1), "delta must be"),
        (lambda: preconditioner_bounds(1, 2), "d must be"),
        (lambda: probe_failure(0.0, 2), "level must be"),
        (lambda: probe_failure(0.1, 0), "probes must be"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
