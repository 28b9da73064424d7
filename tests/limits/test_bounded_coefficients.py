"""Bounded coefficients: the hard neurons, the lemma that makes their wave visible, and the
constants of the theorems.
"""

import math

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from waves_parts import (
    ANY_DIMENSION,
    FEATURES,
    POSITIVE,
    assert_just_above,
    average_square,
    correlation,
    gaussian_rule,
    least_norm,
    log_sharp,
    norm_ratio,
)

from randomfeatures.foundations import sphere
from randomfeatures.limits.anti_concentration import second_moment
from randomfeatures.limits.bounded_coefficients import (
    coefficient_bound,
    coefficient_certificate,
    fixed_target_bound,
    hard_neurons,
    log_coefficient_bound,
    log_fixed_target_bound,
)
from randomfeatures.limits.concentration import (
    concentration_bound,
    log_concentration_bound,
    smallest_norm,
)
from randomfeatures.limits.concentration_two_waves import wave_kernel
from randomfeatures.limits.triangle_wave import (
    relu_coefficients,
    triangle_wave,
    truncated_wave,
    truncation_bound,
)


def proof_constant(d, R):
    """4 ‖tri‖ (‖tri‖ - 1/4 - δ), which must be ≥ 0.74, and ‖tri‖² - (1/4 + δ)², ≥ 0.26, with the
    exact norm and the bound on δ.
    """
    family = hard_neurons(d, 1.0, R)
    norm, delta = math.sqrt(second_moment(R)), truncation_bound(family.a, R)
    loss = delta + 2 * family.a / family.scale
    return 4 * norm * (norm - loss), norm**2 - loss**2


@pytest.mark.claim("thm-bounded-coefficients", kind="certified")
@pytest.mark.claim("thm-any-coefficients", kind="certified")
@pytest.mark.claim("prop-random-subspace", kind="certified")
@given(st.integers(3, 10**6), st.floats(1, 50))
def test_the_constants_of_the_two_limits(d, ratio):
    """Both increase with ‖tri‖ and decrease with δ, so they are worst at ‖tri‖² = 1/3 -
    (4/π²)e^{-6}, at d = 3, and δ = 2e^{-6.25}.
    """
    bounded, free = proof_constant(d, ratio * least_norm(d))
    assert 0.743 < bounded < 0.756 and 0.267 < free < 0.2709


def test_the_worst_constants():
    norm, delta = math.sqrt(1 / 3 - 4 / math.pi**2 * math.exp(-6)), 2 * math.exp(-6.25)
    assert norm > 0.576 and delta < 0.0039
    assert 0.743 < 4 * norm * (norm - 0.25 - delta) < 0.744
    assert 0.267 < norm**2 - (0.25 + delta) ** 2 < 0.268


@pytest.mark.claim("thm-bounded-coefficients", kind="identity")
def test_coefficient_bound_in_numbers():
    assert_close(coefficient_bound(40, 0.01, 2.0) / 770.9263028182347, 1.0, 1e-12)  # 0.035 e^{10}
    assert_close(
        coefficient_bound(41, 1.0, 1.0, 3 * least_norm(41)) / (0.7 * math.exp(10.25) * 3**20),
        1.0,
        1e-12,
    )
    assert_close(coefficient_bound(3, 4.0, 1.0) / (1.4 * 2.117000016612675), 1.0, 1e-12)


@pytest.mark.claim("thm-random-direction", kind="identity")
@pytest.mark.claim("thm-invariant-features", kind="identity")
@given(st.integers(3, 1000), st.floats(1e-200, 1), st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_the_bound_of_a_random_direction(d, eta, error, F):
    """B T/√r = 0.7 √ε at the T that Markov's inequality allows, T² = r F² Λ/η; the lemma needs
    0.743 √ε at least.
    """
    log_T = math.log(F) + (log_concentration_bound(d) - math.log(eta)) / 2
    log_product = log_coefficient_bound(d, error, F, eta=eta) + log_T - math.log(error) / 2
    assert_close(math.exp(log_product), 0.7, 1e-11)
    worst = math.sqrt(1 / 3 - 4 / math.pi**2 * math.exp(-6))
    assert math.exp(log_product) < 4 * worst * (worst - 0.25 - 2 * math.exp(-6.25))


@pytest.mark.claim("thm-random-direction", kind="identity")
def test_the_bound_of_a_random_direction_in_numbers():
    assert_close(
        coefficient_bound(40, 0.01, 2.0, eta=0.09) / 231.27789084546466, 1.0, 1e-12
    )  # 0.0105 e^{10}
    assert_close(
        coefficient_bound(100, 1.0, 1.0, eta=math.exp(-25)) / (0.7 * math.exp(12.5)), 1.0, 1e-12
    )


@pytest.mark.claim("prop-fixed-target", kind="identity")
def test_the_bound_of_a_fixed_target_in_numbers():
    """d = 100 has a = 33: 0.5 √0.02 e^{25}/√(1 + ln 68), and half of it at η = 1/4, and for
    features of norm 2.
    """
    number = 0.5 * math.sqrt(0.02 / (1 + math.log(68))) * math.exp(25)
    assert_close(fixed_target_bound(100, 0.02, 1.0) / number, 1.0, 1e-12)
    assert_close(fixed_target_bound(100, 0.02, 1.0, 0.25) / number, 0.5, 1e-12)
    assert_close(fixed_target_bound(100, 0.02, 2.0) / number, 0.5, 1e-12)


@pytest.mark.claim("lem-correlation", kind="certified")
def test_the_certificate():
    """Its 0.74 is the constant of the proof at its worst, 0.7431, rounded down by less than one
    percent.
    """
    norm = math.sqrt(1 / 3 - 4 / math.pi**2 * math.exp(-6))
    proof = 4 * norm * (norm - 0.25 - 2 * math.exp(-6.25))
    assert 0.99 * proof < coefficient_certificate(1.0, 1.0) < proof
    assert_close(coefficient_certificate(0.0625, 0.002) / (0.74 * 0.25 / 0.002), 1.0, 1e-15)


@pytest.mark.claim("thm-bounded-coefficients", kind="certified")
@given(ANY_DIMENSION, POSITIVE, POSITIVE, st.floats(1, 1e200), st.floats(5e-324, 1))
def test_the_bounds_are_rounded_down_at_every_size(d, error, F, ratio, eta):
    R = ratio * smallest_norm(d)
    with mpmath.workdps(60):
        common = (mpmath.log(mpmath.mpf(error)) + mpmath.log(mpmath.mpf(eta))) / 2 - mpmath.log(
            mpmath.mpf(F)
        )
        gain = max(-log_sharp(1, d, norm_ratio(d, R)), mpmath.mpf(d) / 2) / 2
        truth = mpmath.log(7) - mpmath.log(10) + common + gain
        a = 4 * math.ceil((5 * smallest_norm(d) - 1) / 4) + 1
        named = -mpmath.log(4 * (1 + mpmath.log(2 * a + 2))) / 2 + common + mpmath.mpf(d) / 4
    terms = abs(common) + 1500 + d + d * (math.log(d) + math.log(R))
    assert_just_above(-log_coefficient_bound(d, error, F, R, eta), -truth, terms)
    assert_just_above(-log_fixed_target_bound(d, error, F, eta), -named, terms)


@pytest.mark.claim("lem-correlation", kind="identity")
@pytest.mark.parametrize(
    ("R", "a", "ridge"), [(1.2, 9, 1e-6), (1.2, 9, 1e-2), (0.8, 5, 1e-1), (2.0, 9, 1e-4)]
)
def test_cheap_neurons_make_a_visible_wave(R, a, ridge):
    """The lemma holds for every symmetric law of x; here for 2000 points ±x in three dimensions,
    with ridge fits of the a + 1 neurons.
    """
    rng = np.random.default_rng(11)
    half = rng.standard_normal((1000, 3))
    x, theta, scale = np.concatenate([half, -half]), sphere.sample_sphere(rng, 1, 3)[0], 1.7
    z = R * x @ theta
    tri, psi = triangle_wave(z), truncated_wave(z, a)
    biases, c, _ = relu_coefficients(a)
    f = np.maximum(x @ rng.standard_normal((3, 60)) * 1.5 + rng.standard_normal(60), 0)
    f, tri_f = f - f.mean(0), tri @ (f - f.mean(0)) / len(x)  # the constant feature is free
    neurons = scale * np.maximum(z[:, None] + biases, 0)
    u = np.linalg.solve(f.T @ f / len(x) + ridge * np.eye(60), f.T @ neurons / len(x))
    fitted = neurons.mean(0) + f @ u
    errors = np.sqrt(np.mean((fitted - neurons) ** 2, 0))
    norm, delta, U, T = (
        np.sqrt(np.mean(tri**2)),
        np.sqrt(np.mean((tri - psi) ** 2)),
        np.max(np.linalg.norm(u, axis=0)),
        np.linalg.norm(tri_f),
    )
    assert norm**2 <= norm * (delta + 2 * a * np.max(errors) / scale) + 2 * a / scale * U * T
    # The parts of the proof: an exact decomposition, and Cauchy-Schwarz term by term.
    parts = [
        np.mean(tri * (tri - psi)),
        np.mean(tri[:, None] * (neurons - fitted), 0) @ c / scale,
        tri_f @ u @ c / scale,
    ]
    assert_close(sum(parts), norm**2, 1e-12)
    assert (
        parts[0] <= norm * delta
        and parts[1] <= norm * errors @ np.abs(c) / scale
        and parts[2] <= np.linalg.norm(u, axis=0) @ np.abs(c) * T / scale
    )
    # Coefficients U T_i sign(c)/T and errors along the wave turn both inequalities into equalities:
    # the factor 2a is right.
    worst = np.outer(tri_f, np.sign(c)) * U / T
    assert_close(tri_f @ worst @ c / scale, 2 * a / scale * U * T, 1e-12 * U * T * a)


@pytest.mark.claim("thm-random-direction", kind="one-sided")
@pytest.mark.claim("thm-invariant-features", kind="one-sided")
@pytest.mark.parametrize("d", [3, 6, 12])
def test_few_directions_are_seen(d):
    """P(T_θ² > m/η) ≤ η for one feature of mean square m.

    T_θ depends on t = ⟨v, θ⟩, which has one law for random θ and for random v. Markov's inequality
    has room: the largest P/η over all η is between a seventh and one, and m is below F² e^{-d/2}.
    """
    t = np.linspace(-1, 1, 4001)
    cdf = stats.beta((d - 1) / 2, (d - 1) / 2).cdf((1 + t) / 2)
    for name, g, kinks in FEATURES:
        value, norm = correlation(d, least_norm(d), g, kinks, t[::20])
        mean, _ = average_square(d, least_norm(d), g, kinks)
        assert mean <= norm * concentration_bound(d)
        square = np.interp(t, t[::20], value**2) / mean
        shares = []
        for eta in (0.9, 0.6, 0.4, 0.3, 0.05, math.exp(-d / 4)):
            seen = square > 1 / eta
            shares.append(np.sum(np.diff(cdf)[seen[1:] | seen[:-1]]) / eta)
        assert 0.15 < max(shares) <= 1, name


@pytest.mark.claim("lem-rotation-average", kind="Monte Carlo")
@pytest.mark.claim("thm-invariant-features", kind="Monte Carlo")
@pytest.mark.parametrize(("d", "feature"), [(3, 0), (4, 3)])
def test_random_weights_see_a_fixed_direction_as_fixed_weights_a_random_one(d, feature):
    """E_W T_θ² at the fixed θ = e_1 equals E_θ T_θ² of the fixed feature: 2 % resolution at four
    standard errors, fixed sample.
    """
    rng, R = np.random.default_rng(5), least_norm(d)
    _, g, kinks = FEATURES[feature]
    W = rng.standard_normal((400_000, d))
    t = np.linspace(-1, 1, 401)
    samples = np.interp(
        W[:, 0] / np.linalg.norm(W, axis=1), t, correlation(d, R, g, kinks, t)[0] ** 2
    )
    mean, error = np.mean(samples), np.std(samples) / math.sqrt(len(samples))
    exact, norm = average_square(d, R, g, kinks)
    assert 4 * error <= 0.0199 * exact
    assert_close(mean, exact, 4 * error)
    assert exact <= norm * concentration_bound(d)


@pytest.mark.claim("thm-random-direction", kind="quadrature")
@pytest.mark.claim("thm-invariant-features", kind="quadrature")
def test_the_share_of_seen_directions_is_attained():
    """P(T_θ² > m/η) ≤ η is nearly an equality for waves whose directions fill a quarter circle,
    since T_θ² is nearly two-valued; with 0.98/η in place of 1/η it is false.
    """
    n = 2**16
    angle = 2 * np.pi * np.arange(n) / n
    square = wave_kernel(200.0, np.cos(angle)) ** 2
    arc = (angle < np.pi / 2) * 1.0
    seen = np.fft.irfft(np.fft.rfft(square) * np.fft.rfft(arc), n)
    etas = np.linspace(0.05, 1, 2000)

    def share(factor):
        return max(np.mean(seen > factor * np.mean(seen) / eta) / eta for eta in etas)

    assert 0.98 < share(1.0) <= 1 < share(0.98)


@pytest.mark.claim("lem-rotation-average", kind="identity")
@pytest.mark.parametrize("count", [1, 2])
def test_rotation_averaging_is_an_equality_of_laws(count):
    """With the twelve rotations of a regular polygon in place of all: what features f_i∘Q of a
    random Q capture of a fixed g_θ, and what fixed features capture of g_θ', have the same values.
    Without the invariance (only three of the rotations) they have not, and the means differ.
    """
    rng, n = np.random.default_rng(7), 12
    features = rng.standard_normal((count, 5, n))  # on a polar grid: radius, angle
    profile = rng.standard_normal((5, n))  # g_θ for θ in the direction of the first angle

    def turned(function, q):
        """function∘Q for the rotation Q by q steps; the wave in the direction -q."""
        return np.roll(function, -q, axis=-1)

    def captured(f, g):
        basis, _ = np.linalg.qr(f.reshape(count, -1).T)
        return np.sum((basis.T @ g.ravel()) ** 2)

    by_features = np.sort([captured(turned(features, q), profile) for q in range(n)])
    by_targets = np.sort([captured(features, turned(profile, q)) for q in range(n)])
    assert_close(by_features, by_targets, 1e-12)
    assert np.ptp(by_features) > 0.1 * np.mean(by_features)
    few = np.mean([captured(turned(features, q), profile) for q in (0, 1, 2)])
    assert abs(few - np.mean(by_targets)) > 0.02 * np.mean(by_targets)


@pytest.mark.claim("prop-fixed-target", kind="certified")
@given(st.integers(3, 3000), st.floats(1e-300, 1))
def test_the_constant_of_a_target_fixed_before_the_features(d, eta):
    """B √(2n) F e^{-d/4} < 0.74 √ε with n = ⌈ln(2a+2)/η⌉ draws, of which each bias is missed by all
    with probability ≤ 1/(2a+2).
    """
    a = hard_neurons(d, 1.0).a
    n = math.ceil(math.log(2 * a + 2) / eta)
    B = math.exp(log_fixed_target_bound(d, 0.01, 3.0, eta) - d / 4) * 3 / 0.1
    assert_close(B, 0.5 / math.sqrt((1 + math.log(2 * a + 2)) / eta), 1e-9 * B)
    assert B * math.sqrt(2 * n) < 0.74
    assert n * math.log1p(-eta) <= -math.log(2 * a + 2) * (1 - 1e-14) if eta < 1 else n >= 1
    assert eta > 0.01 or B * math.sqrt(2 * n) > 0.6


@pytest.mark.claim("lem-gaussian-shift", kind="quadrature")
@pytest.mark.parametrize(("alpha", "t"), [(1.5, 0.6), (2.2, -0.3)])
def test_gaussian_shift(alpha, t):
    z, w = gaussian_rule([-0.35, 0.2])
    wave = np.sin(alpha * (t * z[:, None] + math.sqrt(1 - t * t) * z))
    for _, g, _ in FEATURES:  # part 1
        assert_close(
            (w * g(z)) @ wave @ w,
            math.exp(-(alpha**2) * (1 - t * t) / 2) * (w * g(z)) @ np.sin(alpha * t * z),
            1e-12,
        )
    # part 2: g(z) = cos 2z + z² + z has G(m) = e^{-2} cos 2m + 1 + m² + m
    direct = w @ ((np.cos(2 * z) + z**2 + z) * np.exp(1j * alpha * z))
    shifted = math.exp(-2) * np.cos(2j * alpha) + 1 - alpha**2 + 1j * alpha
    assert_close(
        [direct.real, direct.imag],
        [(math.exp(-(alpha**2) / 2) * shifted).real, (math.exp(-(alpha**2) / 2) * shifted).imag],
        1e-12,
    )

    def f(x, y):  # part 3: entire, bounded on strips
        return np.sin(x + 0.3 * y) * np.exp(-(y**2) / 4) + np.exp(-((x - 0.5) ** 2) / 3)

    theta = (t, math.sqrt(1 - t * t))
    shift = np.imag(f(z[:, None] + 1j * alpha * theta[0], z + 1j * alpha * theta[1]))
    assert_close(
        w @ (f(z[:, None], z) * wave) @ w, math.exp(-(alpha**2) / 2) * (w @ shift @ w), 1e-12
    )


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: coefficient_bound(3000, 1.0, 1.0), "log_coefficient_bound"),
    ],
)
def test_beyond_the_floats_the_logarithm_is_named(call, name):
    with pytest.raises(ArithmeticError, match=f"out of the range of a float; use {name}"):
        call()


# --- bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hard_neurons(2, 1.0), r"d must be an integer >= 3 and <= 10{12}, got 2"),
        (lambda: hard_neurons(3, 0.0), r"error must be a finite real number > 0, got 0\.0"),
        (
            lambda: hard_neurons(4, 1.0, 1.0),
            r"R must be a finite real number >= 1\.273\d+, got 1\.0",
        ),
        (lambda: coefficient_bound(2, 1.0, 1.0), r"d must be an integer >= 3 and <= 10{12}, got 2"),
        (
            lambda: coefficient_bound(3, -1.0, 1.0),
            r"error must be a finite real number > 0, got -1\.0",
        ),
        (
            lambda: coefficient_bound(3, 1.0, 0.0),
            r"feature_norm must be a finite real number > 0, got 0\.0",
        ),
        (lambda: coefficient_bound(4, 1.0, 1.0, 1.0), "R must be a finite real number >= 1.273"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
