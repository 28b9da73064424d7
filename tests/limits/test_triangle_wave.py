"""The triangle wave: its definition, its neurons, its sine series, its truncation."""

import math

import mpmath
import numpy as np
import pytest
import torch
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from waves_parts import gaussian_rule

from randomfeatures.limits.anti_concentration import distribution
from randomfeatures.limits.triangle_wave import (
    relu_coefficients,
    sine_coefficients,
    sine_tail_bound,
    triangle_wave,
    truncated_wave,
    truncation_bound,
    truncation_length,
)

LENGTHS = st.integers(0, 40).map(lambda j: 4 * j + 1)
DYADIC = (
    np.arange(-(2**12), 2**12 + 1) / 64
)  # multiples of 1/64 in [-64, 64]: sums of neurons are exact on them


# --- the definition


def test_the_wave_interpolates_its_knots():
    knots = np.arange(-101, 102, 2)
    assert np.array_equal(
        triangle_wave(DYADIC), np.interp(DYADIC, knots, np.where(knots % 4 == 1, 1.0, -1.0))
    )


@given(st.floats(-1e12, 1e12))
def test_the_wave_is_odd_periodic_and_of_slope_one(t):
    """All of it exact: t ± 2 and t ± 4 are rounded, so the arguments are first rounded to multiples
    of 1/64.
    """
    t = np.array(round(t * 64) / 64)
    wave = triangle_wave(t)
    assert np.abs(wave) <= 1
    assert triangle_wave(-t) == -wave == triangle_wave(t + 2)
    assert triangle_wave(t + 4) == wave
    assert abs(triangle_wave(t + 1 / 64) - wave) == 1 / 64


@given(st.floats(-1, 1))
def test_the_wave_is_the_identity_near_zero_to_the_last_digit(t):
    assert triangle_wave(np.array(t)) == t


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "function",
    [triangle_wave, lambda t: truncated_wave(t, 9), lambda t: distribution(abs(t) / 70, 0.3)],
)
def test_numpy_and_torch_come_back_as_what_went_in(function, dtype):
    array = DYADIC.reshape(-1, 1)[:-1].astype(dtype)
    ours, theirs = function(array), function(torch.asarray(array))
    assert type(ours) is np.ndarray and ours.dtype == dtype and ours.shape == array.shape
    assert (
        type(theirs) is torch.Tensor
        and theirs.dtype == getattr(torch, dtype)
        and theirs.shape == array.shape
    )
    assert_close(theirs.numpy(), ours, 4 * np.finfo(dtype).eps)


# --- the sum of neurons


@pytest.mark.claim("prop-sum-of-neurons", kind="identity")
@given(LENGTHS)
def test_the_sum_of_neurons_is_a_piece_of_the_wave(a):
    """Everything is an integer multiple of 1/64 below 2^53: the three descriptions agree to the
    last digit.
    """
    biases, coefficients, offset = relu_coefficients(a)
    z = DYADIC * (1 + a // 40)
    neurons = offset + np.maximum(z[:, None] + biases, 0) @ coefficients
    assert np.array_equal(neurons, truncated_wave(z, a))
    assert np.array_equal(neurons, np.where(np.abs(z) <= a, triangle_wave(z), np.sign(z)))
    assert len(biases) == len(coefficients) == a + 1
    assert np.sum(np.abs(coefficients)) == 2 * a and np.sum(coefficients) == 0
    assert np.array_equal(biases, a - 2.0 * np.arange(a + 1)) and offset == -1


@given(LENGTHS, st.floats(-1e6, 1e6))
def test_the_truncated_wave_is_odd_and_bounded_everywhere(a, z):
    value = truncated_wave(np.array([z, -z]), a)
    assert value[0] == -value[1] and abs(value[0]) <= 1
    assert abs(z) < a or value[0] == np.sign(z)


# --- the sine series


@pytest.mark.claim("lem-sine-series", kind="quadrature")
def test_sine_coefficients_are_the_integrals():
    """b_k = ∫_0^2 tri(t) sin(kπt/2) dt, by the midpoint rule whose error is 4e-7 (k/4000)²; the
    even coefficients vanish.
    """
    t = np.arange(0.5, 40000) / 20000
    k, b = sine_coefficients(31)
    assert np.array_equal(k, np.arange(1, 32, 2))
    assert_close(b, [np.mean(2 * triangle_wave(t) * np.sin(j * math.pi * t / 2)) for j in k], 1e-9)
    assert (
        max(abs(np.mean(triangle_wave(t) * np.sin(j * math.pi * t / 2))) for j in range(2, 32, 2))
        < 1e-14
    )


@pytest.mark.claim("lem-sine-series", kind="certified")
@pytest.mark.parametrize("K", [1, 2, 5, 99, 1000])
def test_the_largest_error_of_a_partial_sum_is_the_tail(K):
    k, b = sine_coefficients(K)
    t = np.arange(0, 257) / 64
    error = np.abs(triangle_wave(t) - np.sin(math.pi / 2 * t[:, None] * k) @ b)
    last, tail = k[-1], 1 - np.sum(np.abs(b))
    assert_close(np.max(error) / tail, 1.0, 1e-10)  # attained at t = 1
    assert 0 < tail <= sine_tail_bound(K) <= tail * (1 + 1 / (last + 1) ** 2 * 1.2)
    assert_close(sine_tail_bound(K) * math.pi**2 * (last + 1), 4.0, 1e-13)


@pytest.mark.claim("lem-truncation", kind="quadrature")
@pytest.mark.parametrize(("a", "R"), [(1, 0.2), (1, 3.0), (5, 1.0), (9, 1.9), (9, 50.0), (41, 8.0)])
def test_truncation(a, R):
    """δ² ≤ 4 P(|z| > a/R) ≤ 4 e^{-a²/(2R²)}; the last step is an equality at a/R = 0 and e^{-y²/2}
    is the tail of a chi-square of two.
    """
    z, w = gaussian_rule(np.concatenate([-np.arange(1, 401, 2), np.arange(1, 401, 2)]) / R)
    delta2 = w @ (triangle_wave(R * z) - truncated_wave(R * z, a)) ** 2
    assert 0 < delta2 <= 8 * stats.norm.sf(a / R) <= truncation_bound(a, R) ** 2
    assert_close(truncation_bound(a, R) ** 2 / (4 * stats.chi2(2).sf((a / R) ** 2)), 1.0, 1e-12)


def test_truncation_is_sharp_at_small_lengths():
    assert_close(truncation_bound(1, 100.0) ** 2 / (8 * stats.norm.sf(0.01)), 1.0, 1e-2)
    assert truncation_bound(401, 1.0) == 1e-307  # rounded up: an upper bound stays one


# --- bad input


@given(st.floats(1e-3, 1e4))
def test_the_length_is_the_least_that_the_limits_allow(R):
    a = truncation_length(R)
    assert a % 4 == 1 and a >= max(1, 5 * R * (1 - 1e-15)) and (a == 1 or a - 4 < 5 * R)


@given(st.integers(0, 2**51 - 1), st.floats(5e-324, 1.7e308))
def test_the_truncation_bound_at_every_size(j, R):
    """Rounded up, and never below 1e-307, whatever a and R."""
    a = 4 * j + 1
    with mpmath.workdps(40):
        truth = 2 * mpmath.exp(-((a / mpmath.mpf(R)) ** 2) / 4)
    assert 0 <= truncation_bound(a, R) - truth <= 1e-307 + 2e-12 * truth


def test_sizes_that_no_array_holds_are_refused():
    with pytest.raises(ValueError, match="a must be an integer >= 1 and <= 9007199254740992, got"):
        truncation_bound(10**400 + 1, 1.0)
    with pytest.raises(ValueError, match=r"k_max must be an integer >= 1 and <= 10+, got"):
        sine_coefficients(10**400)
    with pytest.raises(ValueError, match=r"R must be a finite real number > 0 and <= 1e\+15"):
        truncation_length(1e16)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: triangle_wave(["1.0"]), "t must be an array"),
        (
            lambda: triangle_wave(np.array([1, 2j])),
            "t must hold real numbers, got dtype complex128",
        ),
        (
            lambda: triangle_wave(np.array([0.0, np.nan])),
            r"t must hold finite numbers, got nan at index \(1,\)",
        ),
        (lambda: truncated_wave(np.array([np.inf]), 5), "z must hold finite numbers"),
        (
            lambda: truncated_wave(np.array([0.0]), 7),
            "a must be an integer >= 1 with a % 4 == 1, got 7",
        ),
        (lambda: relu_coefficients(-3), r"a must be an integer >= 1 and <= .*, got -3"),
        (lambda: relu_coefficients(6), "a must be an integer >= 1 with a % 4 == 1, got 6"),
        (lambda: relu_coefficients(5.0), r"a must be an integer >= 1 and <= .*, got 5\.0"),
        (lambda: sine_coefficients(0), r"k_max must be an integer >= 1 and <= .*, got 0"),
        (lambda: truncation_bound(3, 1.0), "a must be an integer >= 1 with a % 4 == 1, got 3"),
        (lambda: truncation_bound(5, 0.0), r"R must be a finite real number > 0, got 0\.0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
