"""The numbers of the table as texts: rounded to the side on which they stay true."""

import math
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from randomfeatures.sharp.every_bound_table import KINDS, share, text_of

PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def read(text):
    """The number that a text shows, exactly."""
    mantissa, _, power = text.replace(",", "").partition("·10")
    return Decimal(mantissa).scaleb(int(power.translate(PLAIN) or 0))


@given(st.floats(1e-300, 1e300) | st.floats(1e-6, 1e5), st.sampled_from("=≥≤≈"))
@example(0.08988783166903205, "=")
@example(0.99999, "≤")
@example(9.9999e-5, "≤")
def test_an_error_is_rounded_to_its_side(value, sign):
    shown = read(text_of(value, math.log(value), sign, True))
    assert abs(shown / Decimal(value) - 1) < Decimal("0.0011")
    assert sign != "≤" or shown >= value
    assert sign not in "=≥" or shown <= value


@given(st.integers(1, 10**40), st.sampled_from("=≥≤≈"), st.booleans())
@example(99999, "≤", False)
@example(10**12 - 1, "=", True)
def test_a_number_of_features_is_rounded_to_its_side(value, sign, exact):
    shown = read(text_of(value, math.log(value), sign, exact))
    assert abs(shown / value - 1) < Decimal("0.011")
    assert value >= (10**12 if exact else 10**5) or shown == value
    assert sign != "≤" or shown >= value
    assert sign not in "=≥" or shown <= value


@given(st.floats(701, 1e6), st.sampled_from("≥≤≈"))
@example(1000 * math.log(10), "≥")
@example(1000 * math.log(10), "≤")
def test_from_a_logarithm_as_from_the_number(log, sign):
    shown = read(text_of(None, log, sign, False))
    off = float(shown.ln()) - log
    assert abs(off) < 0.011
    assert sign != "≤" or off > -1e-9
    assert sign != "≥" or off < 1e-9


def test_texts():
    assert text_of(0, -math.inf, "=", True) == "0"
    assert text_of(12345, 9.4, "≈", False) == "12,345"
    assert text_of(10**434, 1000.0, "≥", True) == "1.00·10⁴³⁴"
    assert text_of(2.0e-9, math.log(2e-9), "≈", True) == "2.000·10⁻⁹"
    assert text_of(17.6758, 2.9, "=", True) == "17.67"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (0.2, "20 %"),
        (0.005, "0.5 %"),
        (1e-6, "0.0001 %"),
        (2e-8, "2·10⁻⁸"),
        (1e-7, "10⁻⁷"),
        (1.234e-100, "1.23·10⁻¹⁰⁰"),
    ],
)
def test_a_share_in_words(error, text):
    assert share(error) == text


def test_each_kind_says_what_it_assumes():
    for name, kind in KINDS.items():
        assert kind.assumes and kind.label and kind.sign, name
        assert len(kind.name) <= 27 and len(kind.label) <= 26, name
