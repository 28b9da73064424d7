"""The number that an answer of any type stands for, and its neighbours at a precision.

An answer can be an integer, a fraction, a float, a scalar or an array of one number of any library,
or a formula of sympy: what counts is the number.
"""

import math
import numbers
from decimal import Decimal
from fractions import Fraction
from typing import Any

NOTHING = Fraction(1, 10**12)
"""What is smaller than this counts as zero where zero is the answer."""

MOST_BITS = 10_000
"""Numerators and denominators that are longer are not read."""


class Unreadable(ValueError):
    """An answer of the wrong kind; its text says what is wrong, for the one who gave it."""


def number_of(answer: Any) -> Fraction:
    """The number that ``answer`` stands for.

    Error: none beyond that of the answer: a float is taken as the binary fraction that it is.
    Raises: Unreadable if it is no number, not finite, not real, or several numbers.

    >>> from decimal import Decimal
    >>> [str(number_of(x)) for x in (0.5, 2, Fraction(1, 3), Decimal("0.1"), 1 + 0j)]
    ['1/2', '2', '1/3', '1/10', '1']
    """
    answer = unwrapped(answer)
    if answer is None or answer is ...:
        raise Unreadable("there is no answer yet")
    if isinstance(answer, bool):
        raise Unreadable(f"{answer} is no number")
    if isinstance(answer, str | bytes):
        raise Unreadable(f"{shown(answer)} is a text; write the number without quotation marks")
    if isinstance(answer, Decimal) and answer.is_finite() and abs(answer.adjusted()) < 2000:
        return of_few_digits(Fraction(answer))
    if isinstance(answer, numbers.Rational):
        return of_few_digits(Fraction(int(answer.numerator), int(answer.denominator)))
    if isinstance(answer, numbers.Complex) and not isinstance(answer, numbers.Real):
        if abs(complex(answer).imag) > 1e-12 * abs(complex(answer)):
            raise Unreadable(f"{shown(answer)} is not real")
        answer = complex(answer).real
    if free := getattr(answer, "free_symbols", None):
        names = ", ".join(sorted(map(str, free)))
        raise Unreadable(f"the formula still has {names} in it; put the numbers in")
    if not hasattr(answer, "__float__") and not hasattr(answer, "__index__"):
        said = "; call it, and give its value" if callable(answer) else ""
        raise Unreadable(f"{shown(answer)} is no number, but {kind_of(answer)}{said}")
    try:
        value = float(answer)
    except (TypeError, ValueError, OverflowError) as error:
        raise Unreadable(f"{shown(answer)} cannot be read as a number: {error}") from error
    if not math.isfinite(value):
        raise Unreadable(f"{value} is not finite")
    return Fraction(value)


def of_few_digits(value: Fraction) -> Fraction:
    """The number itself, if it has no more than thousands of digits."""
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
        raise Unreadable("the number has thousands of digits")
    return value


def unwrapped(answer: Any) -> Any:
    """The one entry of an array of one number; any other answer as it is."""
    shape = getattr(answer, "shape", None)
    if isinstance(shape, tuple) and callable(getattr(answer, "item", None)):
        if math.prod(shape) != 1:
            raise Unreadable(f"an array of shape {tuple(shape)}; one number is asked")
        return answer.item()
    return answer


def kind_of(answer: Any) -> str:
    """The type of an answer, in words.

    >>> kind_of([1]), kind_of(abs)
    ('a list', 'a function')
    """
    if callable(answer):
        return "a function"
    name = type(answer).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def shown(answer: Any) -> str:
    """An answer as a message quotes it: short, whatever it is."""
    try:
        text = repr(answer)
    except Exception:  # the repr of a stranger's object
        text = f"<{type(answer).__name__}>"
    return text if len(text) <= 40 else f"{text[:37]}..."


def candidates(value: Fraction, digits: int) -> set[str]:
    """The decimal numbers of ``digits`` significant digits next to ``value``, below and above.

    An answer agrees with the right number, rounded to those digits, if the latter is among them.
    So all within half a unit of the last digit of the right number agree, wherever its rounding
    boundaries are, and none that is more than a unit and a half away. ``digits`` zero stands for
    whole numbers.
    Raises: Unreadable if a whole number is asked and ``value`` is none, up to the error of floats.

    >>> sorted(candidates(Fraction(0.123456), 3)), sorted(candidates(Fraction(120), 3))
    (['123e-3', '124e-3'], ['12e1'])
    """
    if digits == 0:
        nearest = round(value)
        if abs(value - nearest) > Fraction(1, 10**9) * max(Fraction(1), abs(value)):
            raise Unreadable(f"{float(value):.6g} is no whole number, and one is asked")
        return {written(nearest, 0)}
    found = {written(0, 0)} if abs(value) <= NOTHING else set()
    if value == 0:
        return found
    sign = 1 if value > 0 else -1
    exponent = exponent_of(abs(value))
    last = exponent - digits + 1
    scaled = abs(value) / Fraction(10) ** last
    found |= {written(sign * math.floor(scaled), last), written(sign * math.ceil(scaled), last)}
    if 10**digits - scaled < 10:  # from the next power of ten on, a unit is ten times as large
        found.add(written(sign, exponent + 1))
    return found


def rounded(value: Fraction, digits: int) -> str:
    """``value`` rounded to ``digits`` significant digits, or to a whole number for zero.

    >>> rounded(Fraction(2, 3), 3), rounded(Fraction(0), 3), rounded(Fraction(10), 3)
    ('667e-3', '0', '1e1')
    """
    if value == 0:
        return written(0, 0)
    last = exponent_of(abs(value)) - digits + 1 if digits else 0
    return written(round(value / Fraction(10) ** last), last)


def exponent_of(value: Fraction) -> int:
    """The exponent of the largest power of ten that is at most the positive ``value``."""
    guess = len(str(value.numerator)) - len(str(value.denominator))
    return guess if Fraction(10) ** guess <= value else guess - 1


def written(integer: int, exponent: int) -> str:
    """``integer`` times a power of ten, in one way only.

    >>> written(1200, -2), written(0, 5)
    ('12', '0')
    """
    while integer and integer % 10 == 0:
        integer, exponent = integer // 10, exponent + 1
    return f"{integer}e{exponent}" if integer and exponent else str(integer)


def digits_of(answer: Any) -> int | None:
    """How many significant digits a float shows that was typed in; None if it is not a float.

    >>> digits_of(0.0120), digits_of(1 / 3)
    (2, 16)
    """
    if not isinstance(answer, float):
        return None
    return len(Decimal(float.__repr__(answer)).normalize().as_tuple().digits) or 1
