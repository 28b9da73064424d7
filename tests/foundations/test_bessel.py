"""Bessel functions against fifty digits, on both sides of the seam between the two series."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.foundations.bessel import log_bessel


@pytest.mark.parametrize(
    ("v", "x"),
    [
        (0.5, 39.99),
        (0.5, 40.01),
        (0.0, 20.3),
        (39.9, 1.0),
        (40.5, 1e-3),
        (1e4, 2.0),
        (1e4, 1e5),
        (7.5, 1e12),
        (1e6, 1e6),
    ],
)
def test_bessel_functions_with_fifty_digits(v, x):
    with mpmath.workdps(50):
        if x < 1e4 or v < 100:
            truth = mpmath.log(mpmath.besseli(v, x)) - x
        else:  # Debye's expansion at these sizes needs one term
            q = mpmath.sqrt(mpmath.mpf(v) ** 2 + mpmath.mpf(x) ** 2)
            p = v / q
            correction = (3 - 5 * p**2) / (24 * q) + (81 - 462 * p**2 + 385 * p**4) / (1152 * q**2)
            truth = (
                q
                - x
                - v * mpmath.asinh(mpmath.mpf(v) / x)
                - mpmath.log(2 * mpmath.pi * q) / 2
                + mpmath.log(1 + correction)
            )
        assert abs(log_bessel(v, np.array([float(x)]))[0] - float(truth)) < 2e-14 + 1e-15 * abs(
            float(truth)
        )


@given(st.floats(0, 1e12), st.floats(5e-324, 1e300))
def test_no_size_is_wrong_quietly(v, x):
    """log I_v(x) is q - v arsinh(v/x), Debye's exponent, but for a logarithm of q and v; less x."""
    value = float(log_bessel(v, np.array([x]))[0])
    with mpmath.workdps(60):
        q = mpmath.sqrt(mpmath.mpf(v) ** 2 + mpmath.mpf(x) ** 2)
        main = float(q - x - v * mpmath.asinh(mpmath.mpf(v) / mpmath.mpf(x)))
    assert math.isfinite(value)
    assert abs(value - main) <= 3 + math.log1p(math.hypot(v, x)) / 2 + 1e-13 * abs(main) + 1e-14 * v
