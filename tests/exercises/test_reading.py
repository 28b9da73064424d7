"""What an answer is: every type that stands for a number, and a clear message for the rest."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.exercises.reading import (
    Unreadable,
    candidates,
    digits_of,
    number_of,
    rounded,
    shown,
)

QUARTERS = [0.25, Fraction(1, 4), Decimal("0.25"), np.float32(0.25), np.float64(0.25)]


@pytest.mark.parametrize("answer", [*QUARTERS, np.array(0.25), np.array([[0.25]]), 0.25 + 0j])
def test_every_type_stands_for_its_number(answer):
    assert number_of(answer) == Fraction(1, 4)


@pytest.mark.parametrize("answer", [7, 7.0, np.int64(7), np.uint8(7), Fraction(14, 2), 7 + 0j])
def test_whole_numbers_of_every_type(answer):
    assert candidates(number_of(answer), 0) == {"7"}


def test_large_whole_numbers_are_exact():
    assert candidates(number_of(10**40 + 1), 0) == {str(10**40 + 1)}


def test_formulas_and_numbers_of_other_libraries():
    sympy, mpmath = pytest.importorskip("sympy"), pytest.importorskip("mpmath")
    assert number_of(sympy.Rational(1, 3)) == Fraction(1, 3)
    assert float(number_of(sympy.sqrt(2) / 3)) == pytest.approx(2**0.5 / 3, rel=1e-15)
    assert float(number_of(mpmath.mpf(1) / 3)) == 1 / 3
    with pytest.raises(Unreadable, match="still has d, s in it"):
        number_of(sympy.Symbol("d") * sympy.Symbol("s"))


def test_a_tensor_of_one_number():
    torch = pytest.importorskip("torch")
    assert number_of(torch.tensor(0.25)) == Fraction(1, 4)


class Rude:
    def __repr__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "no answer yet"),
        (..., "no answer yet"),
        (True, "True is no number"),
        (np.bool_(True), "True is no number"),
        ("0.5", "without quotation marks"),
        (b"1", "without quotation marks"),
        (float("nan"), "not finite"),
        (Decimal("inf"), "not finite"),
        (np.inf, "not finite"),
        (1j, "not real"),
        ([1.0], "a list"),
        ({}, "a dict"),
        (abs, "call it"),
        (np.zeros(3), "shape"),
        (np.zeros(0), "shape"),
        (Rude(), "<Rude>"),
        (np.array("x"), "text"),
        pytest.param(10**5000, "thousands of digits", id="large"),
        pytest.param(Fraction(1, 10**5000), "thousands of digits", id="small"),
        (Decimal("1e999999"), "not finite"),
    ],
)
def test_garbage_gets_a_clear_message(answer, said):
    with pytest.raises(Unreadable, match=said):
        number_of(answer)


def test_a_long_answer_is_quoted_shortly():
    assert len(shown(list(range(10**5)))) <= 40


numbers = st.fractions(max_denominator=10**7).filter(lambda x: x != 0)
scales = st.integers(-25, 25)


@given(numbers, scales, st.fractions(-1, 1), st.integers(2, 9))
def test_the_rounding_boundary_is_nowhere(value, scale, shift, digits):
    """All within half a unit of the last digit agree, also across a power of ten."""
    right = value * Fraction(10) ** scale
    last = len(f"{abs(right).numerator // abs(right).denominator}") if abs(right) >= 1 else 0
    if not last:
        while abs(right) * Fraction(10) ** -last < Fraction(1, 10):
            last -= 1
    unit = Fraction(10) ** (last - digits)
    near = right + shift * unit / 2
    assert rounded(right, digits) in candidates(near, digits)
    for sign in (-1, 1):
        far = right + sign * (Fraction(3, 2) + Fraction(1, 100) + abs(shift)) * unit * 10
        assert rounded(right, digits) not in candidates(far, digits)


def test_a_unit_and_a_half_is_too_far():
    assert rounded(Fraction("0.98553"), 4) in candidates(Fraction("0.98554"), 4)
    for far in ("0.98538", "0.98562", "-0.9855", "9.855"):
        assert rounded(Fraction("0.98553"), 4) == "9855e-4" not in candidates(Fraction(far), 4)


def test_around_a_power_of_ten():
    for right, given_ in (("1.0000003", "0.9999999"), ("0.9999997", "1"), ("-1", "-0.9999996")):
        assert rounded(Fraction(right), 6) in candidates(Fraction(given_), 6)


def test_zero():
    assert "0" in candidates(Fraction(0), 6) and "0" in candidates(Fraction(1e-16), 6)
    assert "0" not in candidates(Fraction(1e-9), 6)


def test_a_number_near_a_whole_one_is_rounded_and_others_are_refused():
    assert candidates(number_of(2.9999999999), 0) == {"3"}
    with pytest.raises(Unreadable, match="no whole number"):
        candidates(number_of(2.99), 0)


def test_the_digits_that_a_float_shows():
    assert [digits_of(x) for x in (0.5, 0.125, 1200.0, 0.0, 2)] == [1, 3, 2, 1, None]
    assert digits_of(np.float64(0.125)) == 3
