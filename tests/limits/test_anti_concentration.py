"""The wave's second moment and its law under a Gaussian."""

import math

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from randomfeatures.limits.anti_concentration import (
    distribution,
    distribution_bound,
    phase_density,
    second_moment,
    second_moment_bound,
)
from randomfeatures.limits.triangle_wave import triangle_wave

NODES, WEIGHTS = np.polynomial.legendre.leggauss(30)


def gaussian_mean(g, R, a=0.0, reach=11.0):
    """E g(Rz) over Rz > a by Gauss-Legendre on intervals between odd integers, where g is smooth,
    cut to length R: exact to 1e-14.
    """
    ends = np.union1d(np.arange(1, 1 + reach * R, 2), np.arange(a, a + reach * R, R))
    ends = np.concatenate([[a], ends[ends > a]])
    y = (ends[1:, None] + ends[:-1, None]) / 2 + (ends[1:, None] - ends[:-1, None]) / 2 * NODES
    density = np.exp(-((y / R) ** 2) / 2) / (R * math.sqrt(2 * math.pi))
    return float(np.sum((ends[1:, None] - ends[:-1, None]) / 2 * WEIGHTS * density * g(y)))


@pytest.mark.claim("prop-second-moment", kind="quadrature")
@pytest.mark.parametrize("R", [0.03, 0.1, 0.3, 0.7, 0.95, 0.999999, 1.0, 1.000001, 1.3, 3.7, 40.0])
def test_second_moment_is_the_gaussian_integral(R):
    truth = 2 * gaussian_mean(lambda y: triangle_wave(y) ** 2, R)
    assert_close(second_moment(R) / truth, 1.0, 2e-14)


@pytest.mark.claim("prop-second-moment", kind="certified")
@given(st.floats(0.5, 6))
def test_second_moment_lies_between_its_bounds(R):
    """The lower bound is the first term of an alternating series: what it misses is nearly the
    second term.
    """
    first, second = (
        math.exp(-((k * math.pi * R) ** 2) / 2) * 4 / (math.pi * k) ** 2 for k in (1, 2)
    )
    exact, bound = second_moment(R), second_moment_bound(R)
    assert bound <= exact + 1e-16 and exact < 1 / 3 + 1e-16
    assert 0.99 * second - 1e-15 <= exact - bound <= second + 1e-15
    assert_close(1 / 3 - bound, first, 1e-15 + 1e-12 * first) if first > 1e-3 else None


def test_second_moment_at_the_edges():
    assert second_moment(1e-100) == pytest.approx(1e-200, rel=1e-14)
    assert second_moment(1e300) == 1 / 3
    assert 0 < 1 / 3 - second_moment_bound(1e300) < 1e-15
    with pytest.raises(ArithmeticError, match=r"second_moment\(1e-160\)"):
        second_moment(1e-160)


@pytest.mark.claim("prop-anti-concentration", kind="identity")
@pytest.mark.parametrize("R", [0.01, 0.05, 0.3, 0.8, 1.5, 4.0])
def test_distribution_counts_the_folds(R):
    """The event is the union of the intervals [2n - t, 2n + t]."""
    t, n = np.linspace(0, 1, 41), 2 * np.arange(-30, 31)[:, None]
    truth = np.sum(norm.cdf((n + t) / R) - norm.cdf((n - t) / R), axis=0)
    assert_close(distribution(t, R), truth, 2e-15 * (1 + 2.8 / R))


@pytest.mark.claim("prop-anti-concentration", kind="certified")
@given(st.floats(0.3, 2.3))
def test_the_wave_does_not_hide_near_zero(R):
    """The bound is true for all t, and sharp up to the factor 1 - q - q³: the first harmonic alone
    reaches (2/π)(q - q^9/3) at t = 1/2.
    """
    t = np.linspace(0, 1, 2001)
    q, gap, bound = (
        math.exp(-((math.pi * R) ** 2) / 2),
        np.abs(distribution(t, R) - t),
        distribution_bound(R),
    )
    rounding = 1e-14
    assert np.max(gap) <= bound + rounding
    assert np.max(gap) >= bound * (1 - q) * (1 - q**7) - rounding
    assert np.max(gap) < 1.02 * bound


@pytest.mark.claim("prop-anti-concentration", kind="identity")
def test_the_bound_is_reached_by_the_first_harmonic():
    for R in (0.9, 1.2, 1.6):
        gap = abs(float(distribution(np.array(0.5), R)) - 0.5)
        assert_close(
            distribution_bound(R) / gap, 1.0, 1.1 * math.exp(-((math.pi * R) ** 2) / 2) + 1e-10
        )


@pytest.mark.claim("lem-wrapped-gaussian", kind="quadrature")
@pytest.mark.parametrize("R", [0.05, 0.2, 0.499, 0.5, 0.6, 1.1])
def test_the_phase_has_the_density_of_the_series(R):
    """A mean over the Gaussian against the mean over one period, for two functions of period 2; and
    both series of p.
    """
    y = np.arange(-1, 1, 1 / 128)
    density = phase_density(y, R)
    for h in (lambda y: np.exp(np.sin(math.pi * y)), lambda y: 1 / (1.5 + np.cos(math.pi * y - 1))):
        truth = gaussian_mean(h, R) + gaussian_mean(lambda y, h=h: h(-y), R)
        assert_close(np.mean(2 * h(y) * density), truth, 1e-12)
    k, n = np.arange(1, 200), 2 * np.arange(-60, 61)
    cosines = 0.5 + np.cos(math.pi * y[:, None] * k) @ np.exp(-((k * math.pi * R) ** 2) / 2)
    bells = np.sum(norm.pdf((y[:, None] + n) / R), axis=1) / R
    assert_close(density, cosines, 1e-13 * (1 + 1 / R))
    assert_close(density, bells, 1e-13 * (1 + 1 / R))


@given(st.floats(0.01, 1e300), st.floats(-1e6, 1e6))
def test_the_density_at_every_size(R, y):
    y = round(y * 64) / 64
    value = float(phase_density(np.array(y), R))
    assert 0 <= value <= 0.51 + 0.41 / R
    assert abs(phase_density(np.array(y + 2), R) - value) <= 1e-9 * (1 + 1 / R)
    assert abs(phase_density(np.array(-y), R) - value) <= 1e-9 * (1 + 1 / R)


@given(st.floats(5e-324, 1.7e308))
def test_the_bounds_are_on_their_side_at_every_size(R):
    with mpmath.workdps(50):
        q = mpmath.exp(-((mpmath.pi * mpmath.mpf(R)) ** 2) / 2)
        lower = mpmath.mpf(1) / 3 - 4 / mpmath.pi**2 * q
        assert 0 <= lower - second_moment_bound(R) <= 6e-16
    try:
        bound = distribution_bound(R)
    except ArithmeticError as refusal:
        assert (R < 1e-150 or R > 11.9) and "distribution_bound" in str(refusal)
        return
    with mpmath.workdps(400):
        upper = 2 / mpmath.pi / mpmath.expm1((mpmath.pi * mpmath.mpf(R)) ** 2 / 2)
    assert 0 <= bound - upper <= 2e-12 * upper


@given(st.floats(5e-324, 1.7e308))
def test_no_size_of_the_second_moment_is_wrong_quietly(R):
    try:
        value = second_moment(R)
    except ArithmeticError as refusal:
        assert R < 1.6e-154 and "second_moment" in str(refusal)
        return
    assert second_moment_bound(R) <= value <= min(R * R, 1 / 3) * (1 + 1e-14)


def test_a_bound_too_small_for_a_float_is_refused():
    with pytest.raises(ArithmeticError, match=r"distribution_bound\(12"):
        distribution_bound(12)


# --- bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: second_moment(0.0), r"R must be a finite real number > 0, got 0\.0"),
        (lambda: second_moment(math.inf), "R must be a finite real number > 0, got inf"),
        (lambda: second_moment_bound(-1.0), r"R must be a finite real number > 0, got -1\.0"),
        (
            lambda: distribution(np.array([1.5]), 1.0),
            r"t must hold finite numbers >= 0 and <= 1, got 1\.5 at index \(0,\)",
        ),
        (
            lambda: distribution(np.array([0.5]), 0.001),
            r"R must be a finite real number >= 0\.01, got 0\.001",
        ),
        (lambda: distribution_bound(math.nan), "R must be a finite real number > 0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
