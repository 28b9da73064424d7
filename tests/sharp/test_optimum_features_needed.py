"""The features needed, an exact integer: a threshold, also at the jumps and for errors of every
size."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from neuron_parts import (
    exact_tail,
)

from randomfeatures.sharp.optimum import (
    features_needed,
    optimal_error,
    optimal_error_certified,
)

DIMENSIONS = st.integers(2, 40) | st.integers(2, 10**4)


@given(DIMENSIONS, st.floats(-1, 0))
@example(2, -6.0)
@example(3, -0.3)
@example(10**4, -0.13)
def test_features_needed_is_a_threshold(d, exponent):
    """tail_r ≤ error < tail_{r-1}, by the certified intervals; where an interval cannot tell, by
    fractions."""
    exponent *= 50 if d <= 40 else 6
    error = 10**exponent
    r = features_needed(d, error)
    assert type(r) is int and r >= 0
    assert optimal_error_certified(d, r)[0] <= error
    if r:
        assert optimal_error_certified(d, r - 1)[1] >= error
        # A tenth fewer or more is clearly wrong: the intervals are far narrower than that.
        assert r < 20 or optimal_error_certified(d, r - r // 10)[0] > error
        assert r < 20 or optimal_error_certified(d, r + r // 10)[1] < error


@given(st.integers(1, 8).map(lambda n: 2 * n + 1), st.integers(0, 3000), st.integers(-1, 1))
def test_features_needed_at_the_jumps(d, r, side):
    """Errors next to tail_r, and tail_r itself where it is a float: exact fractions decide."""
    tail = exact_tail(d, r)
    error = float(tail) if side == 0 else math.nextafter(float(tail), side)
    needed = features_needed(d, error)
    assert exact_tail(d, needed) <= Fraction(error)
    assert needed == 0 or exact_tail(d, needed - 1) > Fraction(error)


def test_exact_values_at_the_start():
    assert (
        optimal_error(3, 0) == 0.5
        and optimal_error(3, 1) == 0.3125
        and optimal_error(3, 4) == 1 / 16
        and optimal_error(3, 9) == 1 / 256
    )
    assert features_needed(3, 0.3125) == 1 and features_needed(3, math.nextafter(0.3125, 0)) == 2
    assert features_needed(10, 0.5) == 0 and features_needed(10, math.nextafter(0.5, 0)) == 1
    assert features_needed(10**4, 10.0) == 0


def test_counts_far_beyond_floats():
    r = features_needed(50, 1e-20)
    assert r > 10**280 and type(r) is int
    big = features_needed(2000, 1e-9)
    assert len(str(big)) > 1000
    assert (
        optimal_error_certified(2000, big)[0]
        <= 1e-9
        <= optimal_error_certified(2000, big - big // 1000)[1]
    )
    assert optimal_error_certified(2, 10**300) == (0.0, 5e-324)


@pytest.mark.parametrize(
    "error", [5e-324, 1e-320, 1e-300, 1e300, 10**300, Fraction(1, 3), np.float32(0.25), np.int64(1)]
)
@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_features_needed_for_errors_of_every_size(d, error):
    r = features_needed(d, error)
    assert optimal_error_certified(d, r)[0] <= float(error)
    assert r == 0 or optimal_error_certified(d, r - 1)[1] > float(error) / (1 + 1e-12)
