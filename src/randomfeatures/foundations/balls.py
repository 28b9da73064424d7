"""Ball arithmetic with python-flint: every operation encloses its rounding error.

The precision rises until a result is known.
"""

import math
from collections.abc import Callable
from typing import Any

MOST_BITS = 2**18
"""The precision in bits (of a comparison: and four times the bits of r) at which what is still open
is given up with an ArithmeticError."""

SMALLEST, LARGEST = 2.2250738585072014e-308, 1.7976931348623157e308
"""The smallest normal float, below which floats lose digits, and the largest."""


# --- balls


def flint() -> Any:
    try:
        import flint
    except ImportError:
        raise ImportError(
            "the exact limits of one neuron are computed in balls: pip install python-flint"
        ) from None
    return flint


def ball(value: int | float) -> Any:
    """The number, exactly, as a ball of radius zero."""
    return flint().arb(value)


def working_precision(bits: int) -> Any:
    """A context in which balls are computed with this many bits."""
    return flint().ctx.workprec(bits)


def current_precision() -> int:
    return flint().ctx.prec


def certify(value: Callable[[], Any], bits: int = 70, floor: bool = False) -> Any:
    """The ball that ``value`` computes, at the first precision where its relative radius is below
    2^-bits; or, if ``floor``, where the ball is proved to hold nothing that normal floats hold."""
    return accurate(lambda: [value()], bits, 2 * bits, floor)[0]


def accurate(
    values: Callable[[], Any], bits: int, precision: int, floor: bool = False
) -> list[Any]:
    """The balls that ``values`` computes, at the first precision at which all are good.

    It doubles from ``precision``; good is what :func:`certify` says.
    """
    while precision <= MOST_BITS:
        with working_precision(precision):
            balls = values()
        if all(
            b.is_zero() or b.rel_accuracy_bits() >= bits or (floor and b.abs_upper() < SMALLEST)
            for b in balls
        ):
            return list(balls)
        precision *= 2
    raise ArithmeticError(f"no ball of relative radius 2^-{bits} at {MOST_BITS} bits")


def enclosure(value: Any) -> tuple[float, float]:
    """Floats below and above all of the ball ``value``, at most two floats from its ends."""
    lower, upper = float(value.lower()), float(value.upper())
    lower = lower if ball(lower) <= value.lower() else math.nextafter(lower, -math.inf)
    upper = upper if ball(upper) >= value.upper() else math.nextafter(upper, math.inf)
    return lower, upper
