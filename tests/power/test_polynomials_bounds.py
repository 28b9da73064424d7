"""Constants of a degree: zonal harmonics come within 2 % of them, constants attain theirs."""

import math

import numpy as np
import pytest
from checks import assert_close

from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.power.polynomials import (
    ball_coefficient,
    coefficient_function,
    sampling_constant,
    sampling_second_moment,
)
from randomfeatures.power.polynomials_bounds import (
    ball_constant_bound,
    constant_bound,
    pointwise_width,
)
from randomfeatures.power.polynomials_harmonics import harmonic_parts, inner_product

VISIBLE = {(4, 0, 0): 1, (1, 1, 0): 2, (1, 0, 0): -1, (0, 0, 0): 3}


@pytest.mark.claim("thm-polynomials-sphere", kind="identity")
@pytest.mark.parametrize("d", [2, 3, 10, 200])
def test_the_pointwise_constant_is_attained_by_constants(d):
    """For f = 1, c = 1/η_0 is C everywhere, so E c² ‖σ_w‖² is C²/(2d) itself; the width is its
    quotient by the error, and 2 % less would not do.
    """
    one = {(0,) * d: 1}
    moment = sampling_constant(one) ** 2 / (2 * d)
    assert_close(sampling_second_moment(one), moment, 1e-12 * moment)
    assert_close(pointwise_width(one, 1e-6), 1e6 * moment, 1.0)


@pytest.mark.claim("thm-polynomials-sphere", kind="identity")
@pytest.mark.parametrize(("d", "q"), [(150, 2), (20, 4)])
def test_the_bound_on_the_constant_is_nearly_attained_by_the_zonal_harmonic(d, q):
    """sup |c| is at least its value at the pole, for f = P_q(x_1); the harmonics of degree q are
    nearly all of those up to q in dimension d. And the bound holds for sums of all degrees.
    """
    pole = (q,) + (0,) * (d - 1)
    f = harmonic_parts({pole: 1})[q]
    at_pole = abs(coefficient_function(f)[pole]) / math.sqrt(inner_product(f, f))
    share = multiplicity(d, q) / sum(multiplicity(d, k) for k in (0, 1, *range(2, q + 1, 2)))
    assert_close(constant_bound(d, q) * math.sqrt(share), at_pole, 1e-9 * at_pole)
    assert share > 0.97  # the bound has its root
    for p in (VISIBLE, {(2, 0, 0): 1, (1, 0, 0): 3, (0, 0, 0): 1}):
        top = max(map(sum, p))
        assert sampling_constant(p) <= constant_bound(3, top) * math.sqrt(inner_product(p, p))


@pytest.mark.claim("thm-polynomials-bias", kind="identity")
@pytest.mark.parametrize(("d", "j"), [(150, 2), (120, 3)])
def test_the_bound_on_the_ball_constant_is_nearly_attained_by_the_zonal_harmonic(d, j):
    """c(v, 1) at the pole v, for p the harmonic part of x_1^j, is a lower bound on C: within 2 % of
    the bound for these d.
    """
    pole = (j,) + (0,) * (d - 1)
    p = harmonic_parts({pole: 1})[j]
    e, b = np.eye(1, d), np.ones(1)
    attained = abs(ball_coefficient(p, e, b)[0]) / math.sqrt(inner_product(p, p))
    assert 0.985 * ball_constant_bound(d, j) < attained <= ball_constant_bound(d, j)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pointwise_width({(1, 0): 1}, 0.0), "error must be"),
        (lambda: constant_bound(3, 5), "q must be an even integer >= 2, got 5"),
        (lambda: ball_constant_bound(1, 2), "d must be an integer >= 2"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_no_float_is_refused():
    with pytest.raises(ArithmeticError, match="above the largest float for d = 1000000, j = 70"):
        ball_constant_bound(10**6, 70)
