"""Numbers from their logarithms: refused where a float has lost its digits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.foundations.logarithms import from_log


@given(st.floats(-720, 709))
def test_the_exponential_within_its_range(log_value):
    assert from_log("width", log_value) == math.exp(log_value)


@pytest.mark.parametrize(("inside", "outside"), [(1.05e-313, 1e-313), (1.6e308, 1.75e308)])
def test_the_limits(inside, outside):
    """The least number that passes has 1e10 units in its last place and more; the largest is a factor 1.2 below infinity."""
    assert from_log("width", math.log(inside)) == pytest.approx(inside, rel=1e-9)
    assert inside / math.ulp(inside) > 1e10
    with pytest.raises(ArithmeticError, match="out of the range of a float"):
        from_log("width", math.log(outside))


@pytest.mark.parametrize("log_value", [-721.0, 709.8, -math.inf, math.inf, math.nan])
def test_what_no_float_holds_is_refused_with_the_way_out(log_value):
    with pytest.raises(ArithmeticError, match=r"width = exp\(.*\) is out of the range of a float; use log_width"):
        from_log("width", log_value)
