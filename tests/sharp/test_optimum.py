"""The optimum, the features needed, and almost every direction, by independent routes."""

import math
import sys
from fractions import Fraction

import numpy as np
import pytest
from checks import assert_close
from hypothesis import example, given, settings
from hypothesis import strategies as st
from neuron_parts import (
    counts_of_degrees,
    exact_eigenvalue,
    exact_tail,
    gram_mean_error,
    precise_tail,
)
from scipy import special

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.sphere import gegenbauer, multiplicity, sample_sphere
from randomfeatures.sharp.optimum import (
    almost_every_direction_bound,
    features_needed,
    half_tail_width,
    log_optimal_error,
    optimal_error,
    optimal_error_certified,
)
from randomfeatures.sharp.spectrum import harmonics, neuron_spectrum

DIMENSIONS = st.integers(2, 40) | st.integers(2, 10**4)
COUNTS = st.integers(0, 2000) | st.integers(0, 10**300) | st.integers(0, 300).map(lambda n: 10**n)


@pytest.mark.claim("thm-exact-optimum", kind="certified")
@given(DIMENSIONS, COUNTS)
@example(2, 10**300)
@example(3, 10**300)
@example(10**4, 10**300)
@example(10**4, 10**4 + 1)
@example(2, 0)
def test_the_enclosure_contains_the_float_and_is_narrow(d, r):
    lower, upper = optimal_error_certified(d, r)
    assert 0 <= lower <= upper <= 0.5 and upper - lower <= 1e-15 * upper + 1e-323
    log_value = log_optimal_error(d, r)
    if lower > 2.3e-308:
        assert lower <= optimal_error(d, r) <= upper
        assert_close(math.exp(log_value) / lower, 1.0, 1e-15 + 1e-15 * abs(log_value))
    else:
        assert log_value < -708
        with pytest.raises(ArithmeticError, match="log_optimal_error"):
            optimal_error(d, r)


@pytest.mark.claim("thm-exact-optimum", kind="certified")
@given(st.integers(1, 30).map(lambda n: 2 * n + 1), st.integers(0, 10**7))
def test_the_enclosure_contains_the_fraction(d, r):
    if d == 3:
        r = r % 10**5
    lower, upper = optimal_error_certified(d, r)
    assert Fraction(lower) <= exact_tail(d, r) <= Fraction(upper)
    assert not Fraction(lower) <= exact_tail(d, r) * Fraction(51, 50) <= Fraction(upper)


@pytest.mark.claim("thm-exact-optimum", kind="certified")
@pytest.mark.parametrize("d", [2, 4, 10, 64, 784, 10**4])
@pytest.mark.parametrize("r", [0, 1, 2, 5, 99, 10**4, 10**9])
def test_the_enclosure_contains_a_direct_sum(d, r):
    if d == 2:
        r = min(r, 10**4)
    lower, upper = (
        optimal_error_certified(d, r)
        if not (d == 4 and r > 10**4)
        else optimal_error_certified(d, r := 10**6)
    )
    truth = precise_tail(d, r)
    assert lower <= truth <= upper and not lower <= 1.02 * truth <= upper


@pytest.mark.claim("thm-exact-optimum", kind="one-sided")
@pytest.mark.parametrize("b", [0.0, 0.7])
@pytest.mark.parametrize(("d", "r"), [(3, 12), (5, 21), (10, 30), (10, 200)])
def test_real_random_features_do_not_beat_the_optimum(d, r, b):
    """The mean over all directions, exactly, and no sampled input: above tail_r, within a factor
    8."""
    rng = np.random.default_rng(d * 1000 + r)
    values = neuron_spectrum(d, 60, bias=b)
    errors = [gram_mean_error(sample_sphere(rng, r, d), values, b) for _ in range(5)]
    best = optimal_error(d, r, bias=b)
    assert min(errors) >= best * (1 - 1e-9)
    assert np.mean(errors) < 8 * best


@pytest.mark.claim("thm-exact-optimum", kind="identity")
@pytest.mark.parametrize(("d", "r"), [(3, 4), (4, 5)])
def test_many_neurons_cannot_beat_but_their_best_combinations_attain_the_optimum(d, r):
    """The r best combinations of 400 random neurons (principal components under the law of θ): at
    least tail_r, and close to it."""
    w = sample_sphere(np.random.default_rng(5), 400, d)
    t = np.clip(w @ w.T, -1, 1)
    values = neuron_spectrum(d, 30)
    moments = sum(
        multiplicity(d, k) * value**2 * gegenbauer(d, k, t)
        for k, value in enumerate(values)
        if value
    )
    gram = dual_relu(t)
    scale, axes = np.linalg.eigh(gram)
    keep = scale > 1e-9 * scale[-1]
    root = axes[:, keep] / np.sqrt(scale[keep])
    energy = np.linalg.eigvalsh(root.T @ moments @ root)[::-1]
    error = 0.5 - np.sum(energy[:r])
    assert_close(error, optimal_error(d, r), 2e-4 * optimal_error(d, r))


@pytest.mark.claim("prop-harmonics-attain", kind="quadrature")
def test_explicit_harmonics_attain_the_optimum_in_dimension_3():
    """|x| Y(x/|x|), Y of degree ≤ 2, nine features: the projection of a neuron by quadrature on the
    sphere, in every direction alike."""
    z, wz = special.roots_legendre(40)
    z, wz = (
        (z + 1) / 2,
        wz / 4,
    )  # the half sphere where the neuron is not zero; mean over the sphere has density 1/2 in z
    angle = 2 * np.pi * np.arange(40) / 40
    radius = np.sqrt(1 - z**2)
    points = np.stack(
        [
            np.outer(radius, np.cos(angle)),
            np.outer(radius, np.sin(angle)),
            np.outer(z, np.ones(40)),
        ],
        -1,
    ).reshape(-1, 3)
    weight = np.repeat(wz / 40, 40)
    target = points[:, 2]  # θ is the pole of the rule
    errors = []
    for seed in range(4):
        rotation, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))
        x, y, v = (points @ rotation).T  # the harmonics of a rotated frame: another direction θ
        harmonics = [np.ones_like(x), *(math.sqrt(3) * f for f in (x, y, v))]
        harmonics += [math.sqrt(15) * f for f in (x * y, y * v, v * x, (x**2 - y**2) / 2)] + [
            math.sqrt(5) / 2 * (3 * v**2 - 1)
        ]
        captured = [3 * np.sum(weight * target * h) ** 2 for h in harmonics]  # E|x|² = 3
        errors.append(0.5 - sum(captured))
    assert_close(errors, [optimal_error(3, 9)] * 4, 1e-14)


@pytest.mark.claim("prop-harmonics-attain", kind="identity")
@given(st.integers(2, 200), st.integers(1, 20))
def test_the_best_polynomial_like_approximation_has_the_optimal_error(d, half):
    """‖σ_θ‖² - Σ_{k≤K} N d η_k² = tail at the count of degrees: the error is the same for every
    direction, so equal to its mean."""
    K = 2 * half
    truth = precise_tail(d, counts_of_degrees(d, K))
    assert_close(optimal_error(d, d + math.comb(K + d - 1, d - 1)) / float(truth), 1.0, 1e-14)


@pytest.mark.claim("thm-almost-every-direction", kind="identity")
@given(
    st.integers(1, 30).map(lambda n: 2 * n + 1),
    st.integers(0, 10),
    st.floats(1e-6, 1),
    st.floats(0, 1),
)
def test_almost_every_direction_bound_is_its_formula(d, half, delta, share):
    degree = 2 * half
    tail = exact_tail(d, counts_of_degrees(d, degree) + (d if degree == 0 else 0))
    r = int(Fraction(share) * Fraction(delta) * tail / exact_eigenvalue(d, degree + 2))
    truth = tail - r * exact_eigenvalue(d, degree + 2) / Fraction(delta)
    value = Fraction(almost_every_direction_bound(d, r, delta, degree))
    assert value <= truth <= value + Fraction(1, 10**15) * tail
    assert value > 0 or truth < Fraction(1, 10**15) * tail
    assert (
        almost_every_direction_bound(d, 2 * r + 10**9 * multiplicity(d, degree + 2), delta, degree)
        == 0
    )


@pytest.mark.claim("thm-almost-every-direction", kind="identity")
@pytest.mark.parametrize(("d", "K"), [(2, 2), (3, 2), (10, 4), (101, 6)])
def test_the_bound_is_attained_by_all_harmonics_of_the_next_degree(d, K):
    """Degrees up to K for nothing and all N of degree K + 2: the error is τ_{K+2} in every
    direction, the bound for δ = 1."""
    attained = optimal_error(d, harmonics(d, K + 2))
    bound = almost_every_direction_bound(d, multiplicity(d, K + 2), 1.0, K)
    assert_close(bound / attained, 1, 1e-13)
    assert bound <= attained * (1 + 1e-15)


@pytest.mark.claim("thm-almost-every-direction", kind="one-sided")
@pytest.mark.parametrize(("d", "r"), [(3, 1), (3, 4), (5, 3)])
def test_few_directions_have_an_error_below_the_bound(d, r):
    """Degrees up to 2 for nothing, and r neurons near each other: the share of directions with a
    smaller error is at most δ.

    And it is no less than a twentieth of it: neurons near the features are that well served.
    """
    rng, spectrum = np.random.default_rng(r), neuron_spectrum(d, 4)
    w = np.eye(d)[:1] + 0.3 * sample_sphere(rng, r, d)
    w /= np.linalg.norm(w, axis=1, keepdims=True)
    theta = sample_sphere(rng, 100_000, d)

    def beyond_two(t):
        low = sum(multiplicity(d, k) * spectrum[k] * gegenbauer(d, k, t) for k in range(3))
        return dual_relu(t) - low

    c = beyond_two(np.clip(w @ theta.T, -1, 1))
    gram = beyond_two(np.clip(w @ w.T, -1, 1))
    tail = optimal_error(d, harmonics(d, 2))
    errors = tail - np.sum(c * np.linalg.solve(gram, c), axis=0)
    captured = tail - errors.mean()
    assert 0.3 * r * spectrum[4] < captured < r * spectrum[4]
    seen = 0
    for delta in (0.05, 0.1, 0.2, 0.4, 0.7, 1.0):
        bound = almost_every_direction_bound(d, r, delta, 2)
        share = np.mean(errors < bound)
        assert share <= delta
        seen += share > 0.05 * delta
        assert bound == pytest.approx(max(0, tail - r * spectrum[4] / delta), rel=1e-12)
    assert seen >= 2


@pytest.mark.claim("thm-almost-every-direction", kind="certified")
@pytest.mark.claim("thm-sharp-invariant-features", kind="certified")
@given(
    DIMENSIONS, st.floats(1e-9, 1) | st.floats(5e-324, 1), st.integers(1, 6).map(lambda n: 2 * n)
)
def test_too_few_features_for_half_of_the_tail(d, delta, K):
    """r < δ N / 2 ≤ r + 1, and for this r the bound is above half of the tail; for K = 2 four times
    as many are too many."""
    r, number = half_tail_width(d, delta, K), multiplicity(d, K + 2)
    assert r < Fraction(delta) * number / 2 <= r + 1
    half = optimal_error(d, harmonics(d, K)) / 2
    assert almost_every_direction_bound(d, r, delta, K) > half
    if K == 2:
        assert almost_every_direction_bound(d, 2 * (r + 1), delta, K) < half


@pytest.mark.claim("thm-sharp-invariant-features", kind="Monte Carlo")
def test_invariant_features_treat_every_direction_alike():
    """The mean over the features is the same in two directions, and is the mean over directions,
    which the optimum bounds."""
    d, r, draws = 5, 6, 1500
    rng = np.random.default_rng(11)
    theta = np.stack([np.eye(d)[0], np.full(d, d**-0.5) * np.array([1, -1, 1, 1, -1])])
    values = neuron_spectrum(d, 40)
    errors, means = [], []
    for _ in range(draws):
        w = sample_sphere(rng, r, d)
        c = dual_relu(np.clip(theta @ w.T, -1, 1))
        errors.append(
            0.5 - np.sum(c * np.linalg.solve(dual_relu(np.clip(w @ w.T, -1, 1)), c.T).T, axis=1)
        )
        if len(means) < 300:
            means.append(gram_mean_error(w, values, 0.0))
    errors, mean = np.array(errors), np.mean(means)
    noise = 4 * np.std(errors, axis=0) / math.sqrt(draws) + 4 * np.std(means) / math.sqrt(
        len(means)
    )
    assert np.all(noise < 0.1 * mean)
    assert np.all(np.abs(errors.mean(axis=0) - mean) < noise)
    assert np.all(errors.mean(axis=0) > optimal_error(d, r))
    bound = almost_every_direction_bound(d, r, 0.5, 0)
    assert bound > 0 and np.all(np.mean(errors < bound, axis=0) <= 0.5)
    assert half_tail_width(d, 0.25, 2) == r  # a quarter of 55 halves, less a bit
    assert np.mean(errors <= optimal_error(d, harmonics(d, 2)) / 2) <= 0.25


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: optimal_error(2.5, 1), "d must be"),
        (lambda: optimal_error(3, -1), "r must be"),
        (lambda: optimal_error(3, 1.0), "r must be"),
        (lambda: log_optimal_error(3, -1), "r must be"),
        (lambda: optimal_error_certified(0, 1), "d must be"),
        (lambda: features_needed(3, 0.0), "error must be"),
        (lambda: features_needed(3, -1.0), "error must be"),
        (lambda: features_needed(3, 0.1, bias=math.inf), "bias must be"),
        (lambda: almost_every_direction_bound(1, 1, 0.1, 2), "d must be"),
        (lambda: almost_every_direction_bound(3, 1, 0.0, 2), "delta must be"),
        (lambda: almost_every_direction_bound(3, 1, 0.1, 3), "degree must be an even"),
        (lambda: half_tail_width(1, 0.1, 2), "d must be"),
        (lambda: half_tail_width(3, 0.0, 2), "delta must be"),
        (lambda: half_tail_width(3, 0.1, 0), "degree must be"),
        (lambda: optimal_error(10**7, 3, bias=0.5), "d must be an integer <= 1"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_cannot_be_had_is_refused():
    with pytest.raises(ArithmeticError, match="degree 1024"):
        optimal_error(2, 10**5, bias=0.5)
    with pytest.raises(ArithmeticError, match="largest float"):
        optimal_error(3, 0, bias=1e160)


def test_without_flint_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "flint", None)
    with pytest.raises(ImportError, match="python-flint"):
        optimal_error(3, 2)


# --- arguments of every size ---------------------------------------------------------------------


@settings(max_examples=40)
@given(
    st.integers(1, 12) | st.integers(1, 10**400),
    st.integers(0, 30) | st.integers(0, 10**400),
    st.floats(allow_nan=False, allow_infinity=False) | st.floats(-41, 41),
)
@example(2, 3, 1e-300)
@example(3, 4, -38.6)
@example(3, 0, 1e154)
@example(3, 2, 1e308)
@example(10**400, 10**400, 0.0)
def test_every_size_is_computed_or_refused(d, r, bias):
    """An error between 0 and the whole second moment, or a ValueError or ArithmeticError that says
    why not."""
    if 10**4 < d <= 10**6:
        d += 10**6  # between them it is only slow
    if bias and abs(bias) <= 40:
        r = r % 40  # more reach beyond degree 1024, slowly
    try:
        error = optimal_error(d, r, bias=bias)
    except (ValueError, ArithmeticError) as refusal:
        assert any(
            word in str(refusal) for word in ("bias", "d must be", "float", "degree", "not decided")
        )
    else:
        assert 0 <= error <= (1 + bias * bias if bias > 0 else 0.5)
        assert type(error) is float


def test_a_bound_with_arguments_of_extreme_size_is_zero_or_near_the_tail():
    assert almost_every_direction_bound(3, 10**400, 1e-320, 2) == 0.0
    assert almost_every_direction_bound(10**400, 1, 1e-320, 2) == pytest.approx(0.0112676, rel=1e-5)
    for error in (10**400, -(10**400)):
        with pytest.raises((ValueError, ArithmeticError)):
            features_needed(3, error)
