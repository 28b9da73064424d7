"""Chaotic series: death by arcs and by sampling, the period, the spectrum by quadrature."""

import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import linprog

from randomfeatures.neighbours.chaotic_series import (
    dead_probability,
    mean_power_spectrum,
    windows_of,
)

CIRCLE = (np.arange(40_000) + 0.5) * math.tau / 40_000
DIRECTIONS = np.array([np.cos(CIRCLE), np.sin(CIRCLE)])


def minimal_period(a):
    return next(p for p in range(1, len(a) + 1) if np.array_equal(np.roll(a, p), a))


@pytest.mark.claim("thm-period", kind="quadrature")
@pytest.mark.parametrize("angles", [[1.0], [0.3, 1.1], [0.1, 0.9, 2.0], [0.0, 2.0, 3.0]])
def test_death_in_the_plane_is_an_arc(angles):
    """The directions of the filter by a rule with an error of 1e-4."""
    windows = np.array([[np.cos(a), np.sin(a)] for a in angles]) * [[2.0]]
    share = np.mean(np.all(windows @ DIRECTIONS < 0, axis=0))
    assert_close(dead_probability(windows), share, 2e-4)


@pytest.mark.claim("thm-period", kind="identity")
def test_death_of_orthogonal_windows_and_of_windows_that_surround_zero():
    assert_close(dead_probability(3 * np.eye(3)), 1 / 8, 1e-14)
    assert dead_probability([[1.0, 0.0], [-1.0, 1.0], [-1.0, -1.0]]) < 1e-15


@pytest.mark.claim("thm-period", kind="Monte Carlo")
def test_death_at_three_windows_in_eight_dimensions():
    rng = np.random.default_rng(3)
    windows = rng.standard_normal((3, 8)) + 0.8
    draws = 200_000
    share = np.mean(np.all(windows @ rng.standard_normal((8, draws)) < 0, axis=0))
    p = dead_probability(windows)
    assert_close(p, share, 4 * math.sqrt(p * (1 - p) / draws))


@pytest.mark.claim("thm-period", kind="certified")
@given(
    series=st.lists(st.integers(-9, 9), min_size=2, max_size=12),
    k=st.integers(1, 5),
    stride=st.integers(1, 12),
    seed=st.integers(0, 10**6),
)
def test_a_generic_filter_keeps_the_period_or_is_dead(series, k, stride, seed):
    q = len(series)
    windows = windows_of(series, k)
    assume(len(np.unique(windows, axis=0)) == q)
    a = np.maximum(windows @ np.random.default_rng(seed).standard_normal(k), 0)
    assert not a.any() or minimal_period(a) == q
    strided = a[stride * np.arange(q // math.gcd(q, stride)) % q]
    assert not strided.any() or minimal_period(strided) == len(strided)


@pytest.mark.claim("thm-period", kind="certified")
@given(seed=st.integers(0, 10**6), q=st.integers(2, 8), k=st.integers(1, 4), mean=st.booleans())
def test_a_filter_can_die_unless_zero_is_in_the_hull_of_the_windows(seed, q, k, mean):
    """The programme asks for a filter with all products at most -1."""
    series = np.random.default_rng(seed).standard_normal(q)
    windows = windows_of(series - series.mean() if mean else series, k)
    kills = linprog(np.zeros(k), windows, -np.ones(q), bounds=(None, None)).success
    hull = np.vstack([windows.T, np.ones(q)])
    inside = linprog(np.zeros(q), A_eq=hull, b_eq=[0.0] * k + [1.0]).success
    assert kills != inside
    assert inside or not mean


@pytest.mark.claim("thm-period", kind="quadrature")
@given(seed=st.integers(0, 10**6), q=st.integers(1, 6))
def test_the_mean_spectrum_over_the_directions_of_a_filter_in_the_plane(seed, q):
    windows = np.random.default_rng(seed).standard_normal((q, 2))
    a = np.maximum(windows @ DIRECTIONS[:, ::20], 0)
    powers = 2 * np.mean(np.abs(np.fft.fft(a, axis=0) / q) ** 2, axis=1)  # E |w|^2 = 2
    spectrum, size = mean_power_spectrum(windows), np.sum(windows**2)
    assert_close(spectrum, powers, 1e-5 * size)
    assert_close(spectrum.sum(), size / (2 * q), 1e-12 * size)


@pytest.mark.claim("thm-period", kind="certified")
@given(seed=st.integers(0, 10**6), half=st.integers(1, 4), near=st.floats(0.01, 2))
def test_the_energy_that_a_doubling_brings(seed, half, near):
    rng = np.random.default_rng(seed)
    old, change = rng.standard_normal((2, half, 5))
    windows = np.concatenate([old, old + near * change])
    bound = 2 * np.sum((near * change) ** 2) / (8 * len(windows))
    energy = mean_power_spectrum(windows)[1::2].sum()
    assert energy <= bound * (1 + 1e-9)
    assert energy >= bound / 2 * (1 - 1e-9)


@pytest.mark.claim("thm-period", kind="identity")
def test_parallel_and_opposite_windows_attain_the_two_bounds_on_a_doubling():
    assert_close(mean_power_spectrum([[1.0, 2.0], [3.0, 6.0]])[1], 2 * 20 / 16, 1e-13)
    assert_close(mean_power_spectrum([[1.0, 2.0], [-1.0, -2.0]])[1], 2 * 20 / 16 / 2, 1e-13)


def test_the_logistic_map_after_its_first_doubling():
    """The closed form of the exercise: cos θ = 2 / (μ - 1)."""
    mu = 3.2
    root = math.sqrt((mu + 1) * (mu - 3))
    series = [(mu + 1 + root) / (2 * mu), (mu + 1 - root) / (2 * mu)]
    p = dead_probability(windows_of(series, 8))
    assert_close(p, 0.5 - math.acos(2 / (mu - 1)) / math.tau, 1e-13)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: windows_of([], 2), "series must hold at least one number"),
        (lambda: windows_of([1.0], 0), "k must be an integer >= 1"),
        (lambda: dead_probability(np.eye(4)), "windows must hold 1, 2 or 3 rows, got 4"),
        (lambda: dead_probability([[1.0], [0.0]]), "windows must have no zero row"),
        (lambda: mean_power_spectrum(np.ones(3)), "windows must have 2 axes"),
        (lambda: mean_power_spectrum(np.ones((0, 3))), "windows must have rows and columns"),
        (lambda: mean_power_spectrum([[math.nan]]), "windows must hold finite numbers"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
