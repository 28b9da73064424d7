"""The eigenvalues in decreasing order and their tails: with a bias, in the plane, on the line."""

import math

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import special

from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.sharp.optimum import (
    features_needed,
    log_optimal_error,
    optimal_error,
    optimal_error_certified,
)
from randomfeatures.sharp.spectrum import neuron_spectrum

DIMENSIONS = st.integers(2, 40) | st.integers(2, 10**4)


@pytest.mark.parametrize("half", [1, 7, 10**6, 10**40, 10**150])
def test_the_plane_has_a_closed_form(half):
    """d = 2: s_k = 4 / (π² (k²-1)²) is a difference of squares of 1/(k-1) and 1/(k+1): trigamma
    functions and a telescoping sum."""
    K = 2 * half
    with mpmath.workdps(1000 if half > 10**10 else 60):
        n = mpmath.mpf(half + 1)  # k = 2n, 2n+2, ...; 1/(k-1)² = 1/(4 (n-1/2)²)
        squares = (mpmath.psi(1, n - mpmath.mpf(1) / 2) + mpmath.psi(1, n + mpmath.mpf(1) / 2)) / 4
        truth = (squares - 1 / (2 * n - 1)) / mpmath.pi**2
        assert log_optimal_error(2, K + 3) == pytest.approx(float(mpmath.log(truth)), rel=1e-15)
        if half < 10**10:
            assert_close(optimal_error(2, K + 3) / float(truth), 1.0, 1e-15)


@settings(max_examples=25)
@given(st.integers(2, 30), st.floats(-3, 3), st.integers(0, 5000))
@example(6, 1e-9, 100)
@example(2, -0.2, 7)
def test_features_needed_with_a_bias_is_a_threshold(d, b, r):
    if d < 6:
        r = r % 200
    error = optimal_error(d, r, bias=b)
    needed = features_needed(d, error * (1 + 1e-9), bias=b)
    assert optimal_error(d, needed, bias=b) <= error * (1 + 1e-9)
    assert needed <= r
    fewer = features_needed(d, error * (1 - 1e-9), bias=b)
    assert fewer > r
    assert (
        optimal_error(d, fewer - 1, bias=b) > error * (1 - 1e-9) >= optimal_error(d, fewer, bias=b)
    )


@pytest.mark.claim("thm-exact-optimum", kind="identity")
@pytest.mark.parametrize(
    ("d", "b"), [(3, 0.5), (3, 0.003), (3, 0.25), (4, -1.0), (10, 0.05), (30, 2.0)]
)
def test_the_optimum_with_a_bias_is_the_sorted_sum(d, b):
    values = neuron_spectrum(d, 40, bias=b)
    order = np.argsort(values)[::-1]
    assert (d in (3, 10)) != np.array_equal(
        order, np.arange(41)
    )  # for the others the order is that of the degrees
    counts = np.cumsum([multiplicity(d, int(k)) for k in order[:14]], dtype=object)
    total, left = optimal_error(d, 0, bias=b), []
    for i in range(14):
        left.append(total - math.fsum(multiplicity(d, int(k)) * values[k] for k in order[: i + 1]))
    assert_close([optimal_error(d, int(r), bias=b) for r in counts], left, 4e-15 * total)
    for i in range(14):  # and in the middle of each level
        middle = int(counts[i]) - multiplicity(d, int(order[i])) // 2
        part = left[i] + (int(counts[i]) - middle) * values[order[i]]
        assert optimal_error(d, middle, bias=b) == pytest.approx(part, abs=4e-15 * total)


def test_a_vanishing_bias_changes_nothing():
    for d, r in [(2, 7), (3, 30), (10, 500)]:
        assert optimal_error(d, r, bias=1e-12) == pytest.approx(optimal_error(d, r), rel=1e-10)
        assert features_needed(d, 0.01, bias=1e-12) == features_needed(d, 0.01)


def test_dimension_one_has_two_eigenvalues():
    assert np.array_equal(neuron_spectrum(1, 1), [0.25, 0.25])
    assert [optimal_error(1, r) for r in (0, 1, 2, 10**300)] == [0.5, 0.25, 0.0, 0.0]
    assert optimal_error_certified(1, 7) == (0.0, 0.0) and log_optimal_error(1, 2) == -math.inf
    assert [features_needed(1, error) for error in (0.5, 0.49, 0.25, 0.2, 1e-300)] == [
        0,
        1,
        1,
        2,
        2,
    ]
    # [x+b]_+ and [-x+b]_+: the even and the odd part.
    b = 1.5
    x, w = special.roots_legendre(200)
    x, w = 12 * x, 12 * w * np.exp(-((12 * x) ** 2) / 2) / math.sqrt(2 * math.pi)
    grid = np.linspace(-12, 12, 2_000_001)
    density = np.exp(-(grid**2) / 2) / math.sqrt(2 * math.pi) * (grid[1] - grid[0])
    one, two = np.maximum(grid + b, 0), np.maximum(-grid + b, 0)
    truth = [np.sum(density * ((one + two) / 2) ** 2), np.sum(density * ((one - two) / 2) ** 2)]
    assert_close(neuron_spectrum(1, 1, bias=b), truth, 1e-9)
    assert optimal_error(1, 1, bias=b) == neuron_spectrum(1, 1, bias=b)[1]
    assert optimal_error(1, 2, bias=b) == 0.0 and features_needed(1, 1e-9, bias=b) == 2


@pytest.mark.parametrize("b", [41.0, 1e5, 1e150])
def test_beyond_the_largest_bias_only_an_affine_function_is_left(b):
    assert_close(neuron_spectrum(7, 3, bias=b), [b * b, 1 / 7, 0, 0], 1e-15 * b * b)
    assert optimal_error(7, 3, bias=b) == pytest.approx(5 / 7, rel=1e-15)
    assert features_needed(7, 0.7, bias=b) == 4
    with pytest.raises(ArithmeticError, match="smallest"):
        optimal_error(7, 8, bias=b)
    assert np.array_equal(neuron_spectrum(7, 3, bias=-b), np.zeros(4))
    assert features_needed(7, 5e-324, bias=-b) == 0
    with pytest.raises(ArithmeticError, match="smallest"):
        optimal_error(7, 0, bias=-b)


def test_at_the_largest_bias_both_ways_agree():
    near, far = math.nextafter(40, 0), math.nextafter(40, 41)
    assert neuron_spectrum(7, 3, bias=near) == pytest.approx(
        neuron_spectrum(7, 3, bias=far), rel=1e-14
    )
    assert optimal_error(7, 3, bias=near) == pytest.approx(optimal_error(7, 3, bias=far), rel=1e-14)
