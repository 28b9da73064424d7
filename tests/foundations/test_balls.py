"""Balls enclose: what is known rises with the precision, what cannot be known is refused, ends are
rounded outwards."""

import math
import sys
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.foundations import balls
from randomfeatures.foundations.balls import (
    LARGEST,
    MOST_BITS,
    SMALLEST,
    accurate,
    ball,
    certify,
    current_precision,
    enclosure,
    flint,
    working_precision,
)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(NUMBERS | st.integers(-(10**50), 10**50))
def test_a_number_is_a_ball_of_radius_zero(value):
    assert ball(value).rad() == 0
    assert ball(value) == value


def test_the_precision_is_that_of_the_context():
    before = current_precision()
    with working_precision(321):
        assert current_precision() == 321
    assert current_precision() == before


@pytest.mark.parametrize("bits", [20, 70, 500])
def test_a_difference_that_cancels_is_computed_until_it_is_known(bits):
    """(1 + 2^-300) - 1 needs 300 bits before it has any."""
    used = []

    def value():
        used.append(current_precision())
        return (1 + ball(2) ** -300) - 1

    found = certify(value, bits)
    assert found.rel_accuracy_bits() >= bits
    assert found.overlaps(ball(2) ** -300)
    assert used[0] == 2 * bits
    assert all(after == 2 * before for before, after in pairwise(used))
    assert used[-1] > 300


def test_the_precision_asked_for_is_the_least_tried():
    """One third at p bits has about p good ones: it is accepted at p >= bits, not before."""
    assert certify(lambda: ball(1) / 3, 70).rel_accuracy_bits() >= 70
    assert accurate(lambda: [ball(1) / 3], 70, 70)[0].rel_accuracy_bits() >= 70
    assert accurate(lambda: [ball(1) / 3], 100, 50)[0].rel_accuracy_bits() >= 100


def test_what_stays_unknown_is_refused():
    precisions = []

    def zero_with_a_radius():
        precisions.append(current_precision())
        return ball(1) / 3 - ball(1) / 3

    with pytest.raises(
        ArithmeticError, match=rf"no ball of relative radius 2\^-70 at {MOST_BITS} bits"
    ):
        certify(zero_with_a_radius)
    assert MOST_BITS / 2 < precisions[-1] <= MOST_BITS
    with pytest.raises(ArithmeticError):
        certify(zero_with_a_radius, bits=64)
    assert precisions[-1] == MOST_BITS
    assert certify(lambda: ball(0)) == 0


def test_the_ends_of_the_floats():
    assert (sys.float_info.min, sys.float_info.max) == (SMALLEST, LARGEST)


def test_below_the_floats_a_zero_is_accepted_if_asked():
    assert certify(lambda: ball(1) / 3 - ball(1) / 3, floor=True).abs_upper() < SMALLEST
    with pytest.raises(ArithmeticError):
        certify(lambda: (ball(1) / 3 - ball(1) / 3) + ball(2 * SMALLEST).union(ball(0)), floor=True)


def test_all_balls_of_a_list_are_good():
    easy_and_hard = accurate(lambda: [ball(1) / 3, (1 + ball(2) ** -200) - 1], 60, 60)
    assert all(b.rel_accuracy_bits() >= 60 for b in easy_and_hard)


@given(st.fractions(min_value=-(10**30), max_value=10**30))
def test_the_enclosure_encloses_and_is_tight(value):
    """The ends are floats on both sides of the exact number, at most two floats from it."""
    with working_precision(200):
        lower, upper = enclosure(ball(value.numerator) / value.denominator)
    assert Fraction(lower) <= value <= Fraction(upper)
    if value:
        assert math.nextafter(math.nextafter(lower, math.inf), math.inf) >= value
        assert math.nextafter(math.nextafter(upper, -math.inf), -math.inf) <= value


@given(NUMBERS.filter(lambda t: abs(t) < 1e300), st.floats(0, 1e300))
def test_the_enclosure_of_a_wide_ball_has_both_ends(middle, radius):
    lower, upper = enclosure(flint().arb(middle, radius))
    assert Fraction(lower) <= Fraction(middle) - Fraction(radius)
    assert Fraction(upper) >= Fraction(middle) + Fraction(radius)


def test_without_flint_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "flint", None)
    with pytest.raises(ImportError, match="pip install python-flint"):
        balls.flint()
