"""Numbers from their logarithms: refused where a float has lost its digits."""

import math

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.foundations.logarithms import (
    from_log,
    lower_from_log,
    lower_sum,
    upper_from_log,
    upper_sum,
)


@given(st.floats(-720, 709))
def test_the_exponential_within_its_range(log_value):
    assert from_log("width", log_value) == math.exp(log_value)


@pytest.mark.parametrize(("inside", "outside"), [(1.05e-313, 1e-313), (1.6e308, 1.75e308)])
def test_the_limits(inside, outside):
    """The least number that passes has 1e10 units in its last place and more; the largest is a
    factor 1.2 below infinity."""
    assert from_log("width", math.log(inside)) == pytest.approx(inside, rel=1e-9)
    assert inside / math.ulp(inside) > 1e10
    with pytest.raises(ArithmeticError, match="out of the range of a float"):
        from_log("width", math.log(outside))


@pytest.mark.parametrize("log_value", [-721.0, 709.8, -math.inf, math.inf, math.nan])
def test_what_no_float_holds_is_refused_with_the_way_out(log_value):
    with pytest.raises(
        ArithmeticError, match=r"width = exp\(.*\) is out of the range of a float; use log_width"
    ):
        from_log("width", log_value)


@given(st.floats(-720, 709))
def test_the_exponential_on_its_safe_side(log_value):
    """The exponential of the float itself lies between the two, which are two floats apart; at 0
    all are 1."""
    lower, upper = lower_from_log("width", log_value), upper_from_log("width", log_value)
    with mpmath.workdps(40):
        truth = mpmath.exp(mpmath.mpf(log_value))
    assert lower <= truth <= upper
    assert upper - lower <= 3 * math.ulp(upper)
    assert lower_from_log("width", 0.0) == 1 == upper_from_log("width", 0.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5))
def test_the_sum_on_its_safe_side(terms):
    """Each term may be four units off, 8.9e-16 of its size; the two bounds are 2e-15 of the sizes
    apart."""
    size = math.fsum(abs(term) for term in terms)
    exact = math.fsum(terms)
    assert (
        lower_sum(*terms) <= exact - 8.9e-16 * size and upper_sum(*terms) >= exact + 8.9e-16 * size
    )
    assert upper_sum(*terms) - lower_sum(*terms) <= 2.3e-15 * size
