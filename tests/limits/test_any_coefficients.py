"""Any coefficients: what a span captures of a random wave, and the number of features."""

import math

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from waves_parts import ANY_DIMENSION, assert_just_above, least_norm, log_sharp, norm_ratio

from randomfeatures.foundations import sphere
from randomfeatures.limits.anti_concentration import second_moment
from randomfeatures.limits.any_coefficients import (
    ENERGY_NEEDED,
    best_energy,
    best_width,
    energy_needed,
    log_width_bound,
    reach_probability,
    width_bound,
)
from randomfeatures.limits.concentration import (
    concentration_bound,
    concentration_exact,
    concentration_spectrum,
    log_concentration_bound,
    smallest_norm,
)
from randomfeatures.limits.concentration_two_waves import wave_kernel
from randomfeatures.limits.triangle_wave import sine_coefficients, triangle_wave


@pytest.mark.claim("lem-captured-energy", kind="quadrature")
@pytest.mark.claim("prop-best-subspace", kind="quadrature")
@pytest.mark.parametrize("R", [0.9, 1.3])
def test_no_span_captures_more_than_the_largest_eigenvalues(R):
    """d = 2, on a polar grid of x: the span of ReLU, sine and constant features stays below r λ_1,
    and the best spaces attain the sums.
    """
    radius, angle = np.arange(0.5, 100) * 0.06, 2 * math.pi * np.arange(120) / 120
    mass = np.sqrt(0.06 * radius * np.exp(-(radius**2) / 2) / 120)[:, None]
    x = radius[:, None, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
    theta = np.stack([np.cos(angle[::3]), np.sin(angle[::3])])
    A = (triangle_wave(R * x @ theta) * mass[..., None]).reshape(-1, 40).T / math.sqrt(
        40
    )  # E_θ ⟨f, tri_θ⟩² = ‖A f‖²
    rng = np.random.default_rng(0)
    z = x @ rng.standard_normal((2, 8)) * 2 + rng.standard_normal(8)
    features = np.concatenate(
        [np.maximum(z[..., :4], 0), np.sin(z[..., 4:]), np.ones_like(z[..., :1])], -1
    )
    basis, _ = np.linalg.qr((features * mass[..., None]).reshape(-1, 9))
    largest = np.exp(np.repeat(concentration_spectrum(2, R, 9), 2))[:9]
    assert 0.05 < np.sum((A @ basis) ** 2) < np.sum(largest) < 9 * concentration_exact(2, R)
    for r in (1, 2, 3, 4, 6):
        best = np.linalg.svd(A, full_matrices=False)[2][:r].T
        assert_close(np.sum((A @ best) ** 2) / np.sum(largest[:r]), 1.0, 2e-3)


@pytest.mark.claim("thm-any-coefficients", kind="identity")
def test_width_bound_in_numbers():
    assert_close(width_bound(20) / 5506.61644870168, 1.0, 1e-12)  # e^{10}/4
    assert_close(log_width_bound(10_000), 5000 - 1.3862943611198906, 1e-10)


@pytest.mark.claim("thm-any-coefficients", kind="identity")
@pytest.mark.claim("prop-random-subspace", kind="identity")
@given(st.integers(3, 200), st.floats(1, 30))
def test_the_width_at_larger_norms(d, ratio):
    """e^{d/2}/4 times (πR/(2√d))^{d-1}: the bound on the averaged square, once for each feature,
    against 1/4.
    """
    gain = (d - 1) * math.log(ratio)
    assert_close(
        log_width_bound(d, ratio * least_norm(d)), d / 2 - math.log(4) + gain, 1e-11 * (1 + d)
    )
    assert_close(
        math.exp(log_width_bound(d, least_norm(d)) + log_concentration_bound(d)), 0.25, 1e-12
    )


@pytest.mark.claim("thm-any-coefficients-random-direction", kind="identity")
@pytest.mark.claim("thm-any-coefficients-invariant", kind="identity")
@given(st.integers(3, 1400), st.floats(1e-9, 0.99))
def test_the_probability_in_numbers(d, share):
    """4 r e^{-d/2}, which is r/width_bound(d), and more than Markov's r Λ/needed by less than an
    eighth.
    """
    r = math.ceil(share * math.exp(d / 2) / 4)
    value = reach_probability(d, r)
    assert_close(value / min(1.0, math.exp(math.log(4) + math.log(r) - d / 2)), 1.0, 1e-11)
    markov = math.exp(math.log(r) - d / 2) / energy_needed(d)
    assert value == 1 or markov < value < 1.125 * markov


def test_the_ends_of_the_probability():
    assert reach_probability(50, 0) == 0
    assert reach_probability(3, 2) == 1 == reach_probability(10, 10**400)
    assert 0 < reach_probability(10**12, 10**400) < 1e-300


@given(ANY_DIMENSION, st.floats(1, 1e200))
def test_the_width_is_rounded_down_at_every_size(d, ratio):
    R = ratio * smallest_norm(d)
    truth = max(-log_sharp(1, d, norm_ratio(d, R)), mpmath.mpf(d) / 2) - mpmath.log(4)
    assert_just_above(-log_width_bound(d, R), -truth, d + d * (math.log(d) + math.log(R)))
    assert 0 <= energy_needed(d) < 1 / 3
    assert ratio > 1e3 or R > 1e6 or energy_needed(d, R) > ENERGY_NEEDED


@pytest.mark.claim("thm-any-coefficients", kind="certified")
@pytest.mark.parametrize("d", [3, 4, 10, 500])
def test_the_energy_that_is_needed(d):
    """‖tri‖² - (1/4 + δ)² with the norm's bound and the truncation's, by hand; always above the
    proof's worst case 0.2678.
    """
    R = least_norm(d)
    a = next(a for a in range(1, 10**4, 4) if a >= 5 * R)
    by_hand = (
        1 / 3 - 4 / math.pi**2 * math.exp(-2 * d) - (0.25 + 2 * math.exp(-(a**2) / (4 * R**2))) ** 2
    )
    assert 0 < by_hand - energy_needed(d) < 1e-14
    assert 0.2678 < energy_needed(d) < second_moment(R) - 1 / 16
    assert_close(energy_needed(d, 3 * R), 1 / 3 - 1 / 16, 2e-3)


# --- the best subspace


@pytest.mark.claim("prop-best-subspace", kind="identity")
@pytest.mark.parametrize(("d", "R"), [(2, 1.1), (3, 1.2), (6, 1.6)])
def test_the_best_energy_is_a_sum_of_eigenvalues(d, R):
    """Every r up to some in the fifth degree: the eigenvalues written out one by one, each N(d, n)
    times.
    """
    logs = concentration_spectrum(d, R, 9)
    each = [
        math.exp(log)
        for j, log in enumerate(logs)
        for _ in range(sphere.multiplicity(d, 2 * j + 1))
    ]
    for r in {1, d, d + 1, len(each), *np.geomspace(1, len(each), 20).astype(int).tolist()}:
        assert_close(best_energy(d, r, R), sum(each[:r]), 1e-12)
    assert best_energy(d, 0, R) == 0
    assert best_energy(d, 1) == pytest.approx(concentration_exact(d, least_norm(d)), rel=1e-12)


@pytest.mark.claim("prop-best-subspace", kind="identity")
@settings(max_examples=20)
@given(st.integers(2, 40), st.floats(0.01, 0.29))
def test_the_best_width_is_the_least(d, needed):
    r = best_width(d, needed)
    assert best_energy(d, r) >= needed * (1 - 1e-9)
    assert best_energy(d, r - max(1, r // 10**7)) < needed


def test_a_width_that_no_float_holds():
    """At d = 700 the degrees near d have more than 10^400 harmonics."""
    width = best_width(700)
    assert width > 10**320 and math.log(width) > 700 * 0.9
    assert abs(best_energy(700, width) - 0.26) < 1e-9


def test_more_energy_than_there_is():
    with pytest.raises(
        ValueError, match=r"needed must be below 0\.332\d+, the energy of the wave, got 0\.34"
    ):
        best_width(3, 0.34)
    with pytest.raises(ArithmeticError, match="lost in cancellation"):
        best_energy(3, 100, 0.05)
    with pytest.raises(ValueError, match="r must be an integer >= 0, got -1"):
        best_energy(3, -1)


@pytest.mark.claim("thm-any-coefficients", kind="Monte Carlo")
@pytest.mark.claim("thm-any-coefficients-random-direction", kind="one-sided")
@pytest.mark.claim("thm-any-coefficients-invariant", kind="one-sided")
@pytest.mark.parametrize(("d", "r"), [(3, 2), (5, 8), (8, 30)])
def test_a_span_of_sines_captures_little_of_a_random_wave(d, r):
    """‖P_V tri_θ‖² = c^T G^{-1} c with G and c in closed form.

    Its mean over θ is below r λ_1, and P(it is ≥ x) ≤ r λ_1/x, here at the median and at the
    largest tenth: no check of the constant 4 in 4 r e^{-d/2}, which is 1/0.26 rounded up by 4 %
    with the rounded e^{-d/2} for λ_1. The weights are drawn with every direction, so this is the
    law of a random direction and of invariant features.
    """
    rng, R = np.random.default_rng(d), least_norm(d)
    s, captured = float(d), []
    k, b = sine_coefficients(21)
    theta = sphere.sample_sphere(rng, 400, d)
    for _ in range(20):
        v = sphere.sample_sphere(rng, r, d)
        gram = np.exp(-s) * np.sinh(s * (v @ v.T))
        t = theta @ v.T
        c = np.sum(
            b
            * (
                np.exp(-s * ((k - 1) ** 2 / 2 + k * (1 - t[..., None])))
                - np.exp(-s * ((k - 1) ** 2 / 2 + k * (1 + t[..., None])))
            )
            / 2,
            -1,
        )
        captured.append(np.sum(c * np.linalg.solve(gram, c.T).T, axis=1))
    captured = np.concatenate(captured)
    assert np.all(captured < second_moment(R))
    assert (
        0.1 * r * concentration_exact(d, R)
        < np.mean(captured)
        <= r * concentration_exact(d, R)
        <= r * concentration_bound(d)
    )
    for share in (0.5, 0.1):
        x = np.quantile(captured, 1 - share)
        markov = r * concentration_exact(d, R) / x
        assert np.mean(captured >= x) <= markov < r * math.exp(-d / 2) / x


@pytest.mark.claim("thm-any-coefficients-random-direction", kind="quadrature")
@pytest.mark.claim("thm-any-coefficients-invariant", kind="quadrature")
@pytest.mark.claim("lem-captured-energy", kind="quadrature")
@pytest.mark.parametrize("R", [0.6, least_norm(2)])
def test_the_best_space_attains_markov_s_inequality(R):
    """d = r = 2, the means of θ_j tri_θ: every wave is captured to the same part x = 2 λ_1, so the
    chance of x is r λ_1/x = 1, and that of 1.02 x is 0. Means over 64 directions of the circle.
    """
    angle, some = 2 * np.pi * np.arange(64) / 64, np.linspace(0.01, 0.09, 5)
    functions = np.stack([np.cos(angle), np.sin(angle)]) / 64  # the mean of θ_j tri_θ
    gram = functions @ wave_kernel(R, np.cos(angle))[np.subtract.outer(range(64), range(64))]
    c = functions @ wave_kernel(R, np.cos(np.subtract.outer(angle, some)))
    captured = np.sum(c * np.linalg.solve(gram @ functions.T, c), axis=0)
    x = 2 * concentration_exact(2, R)
    assert_close(captured / x, np.ones(5), 1e-4)
    assert np.mean(captured >= x / 1.001) == 1 and np.mean(captured >= 1.02 * x) == 0


def test_the_four_of_the_probability():
    """It is 1/0.26 rounded up, by 4 %, where 0.26 is 0.2678 rounded down, by 3 %."""
    worst = 1 / 3 - 4 / math.pi**2 * math.exp(-6) - (0.25 + 2 * math.exp(-25 / 4)) ** 2
    assert ENERGY_NEEDED == 0.26 < worst < 1.031 * ENERGY_NEEDED
    four = reach_probability(40, 1) * math.exp(20)
    assert_close(four, 4, 1e-11)
    assert 1 / ENERGY_NEEDED < four < 1.041 / ENERGY_NEEDED


@pytest.mark.parametrize("n", [2, 3, 10, 100])
def test_the_constants_inside_the_proof_of_kamath(n):
    """k = 6n² + 3 neurons, √(kA) = 12n² + 6: norms 14n³ and biases 98n⁴ hold from n = 2 on."""
    k = 6 * n**2 + 3
    root = math.isqrt(k * 4 * k)
    assert root**2 == 4 * k**2 and root == 12 * n**2 + 6
    assert n * root <= 14 * n**3 and 7 * n**2 * root <= 98 * n**4
    assert 1 * 18 > 14 and 7 * 18 > 98  # n = 1
    assert second_moment(n) / 2 <= 1 / 6 < 1 / 4  # the loss of zero: their range ends before 1/4


@pytest.mark.parametrize("rate", [30.0, 90.0])
def test_kamath_bound_the_square_of_a_correlation(rate):
    """A law of mean square e^{-cn}, cn = ``rate``, that exceeds t² e^{-cn} in more than one of
    the t²/2 pairs at t = e^{cn/3}/2; at t = e^{cn/4}/√2 its root bound is 1/2t.
    """
    m, t = math.exp(-rate), math.exp(rate / 3) / 2
    value = 1.01 * t**2 * m
    share = m / value**2  # two-valued: ``value`` with this probability, else zero
    assert share < 1 and share * t**2 / 2 > 1
    t = math.exp(rate / 4) / math.sqrt(2)
    assert abs(t * math.exp(-rate / 2) * 2 * t - 1) < 1e-12


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: width_bound(1500), "log_width_bound"),
    ],
)
def test_beyond_the_floats_the_logarithm_is_named(call, name):
    with pytest.raises(ArithmeticError, match=f"out of the range of a float; use {name}"):
        call()


# --- bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: width_bound(2), r"d must be an integer >= 3 and <= 10{12}, got 2"),
        (lambda: log_width_bound(True), r"d must be an integer >= 3 and <= 10{12}, got True"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
