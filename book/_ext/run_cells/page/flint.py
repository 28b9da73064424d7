"""A stand-in for python-flint in the page, where that has no version: as much as the book needs.

A number is computed by mpmath, with an estimate of its error that is carried along to first order.
So digits that cancel are noticed, and the precision rises as it does with python-flint; but nothing
here is a proof: an enclosure in the page is an estimate. Matrices of balls are left out, and with
them the rigorous interval of ``population_error``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from mpmath import libmp, mp

GUARD = 12
"""Bits that are computed beyond the precision asked for."""


class _Context:
    """The precision in bits, ``ctx.prec``."""

    @property
    def prec(self) -> int:
        return mp.prec - GUARD

    @prec.setter
    def prec(self, bits: int) -> None:
        mp.prec = bits + GUARD

    @contextmanager
    def workprec(self, bits: int) -> Iterator[None]:
        before = self.prec
        self.prec = bits
        try:
            yield
        finally:
            self.prec = before


ctx = _Context()
ctx.prec = 53
fmpz = int


class arb:
    """A number and the estimate of its error, both of any size."""

    __slots__ = ("m", "r")

    def __init__(self, value: Any = 0, error: Any = 0) -> None:
        if isinstance(value, arb):
            self.m, self.r = value.m, value.r
        elif isinstance(value, int):  # exactly, whatever the precision
            self.m, self.r = mp.make_mpf(libmp.from_int(int(value))), mp.mpf(error)
        else:
            exact = isinstance(value, mp.mpf)
            self.m = value if exact else mp.make_mpf(libmp.from_float(float(value)))
            self.r = mp.mpf(error)

    # What it is.

    def mid(self) -> "arb":
        return arb(self.m)

    def rad(self) -> "arb":
        return arb(self.r)

    def lower(self) -> "arb":
        return arb(self.m - self.r) if self.r else arb(self.m)

    def upper(self) -> "arb":
        return arb(self.m + self.r) if self.r else arb(self.m)

    def abs_upper(self) -> "arb":
        return arb(abs(self.m) + self.r)

    def is_zero(self) -> bool:
        return self.m == 0 and self.r == 0

    def is_finite(self) -> bool:
        return bool(mp.isfinite(self.m) and mp.isfinite(self.r))

    def rel_accuracy_bits(self) -> int:
        if self.r == 0:
            return 2**60
        if self.m == 0 or not self.is_finite():
            return -(2**60)
        return int(mp.mag(self.m) - mp.mag(self.r))

    def unique_fmpz(self) -> int | None:
        """The integer inside, if there is just one."""
        low, high = int(mp.ceil(self.m - self.r)), int(mp.floor(self.m + self.r))
        return low if low == high else None

    def __float__(self) -> float:
        return float(self.m)

    def __int__(self) -> int:
        return int(self.m)

    def __repr__(self) -> str:
        return f"[{mp.nstr(self.m, 15)} +/- {mp.nstr(self.r, 3)}]"

    @property
    def real(self) -> "arb":
        return self

    # Comparisons hold if they do for all numbers inside; they round nothing, as nobody says where.

    def __lt__(self, other: Any) -> bool:
        other = _arb(other)
        return bool(_sum(self.m, self.r) < _sum(other.m, -other.r))

    def __le__(self, other: Any) -> bool:
        other = _arb(other)
        return bool(_sum(self.m, self.r) <= _sum(other.m, -other.r))

    def __gt__(self, other: Any) -> bool:
        return _arb(other) < self

    def __ge__(self, other: Any) -> bool:
        return _arb(other) <= self

    def __eq__(self, other: Any) -> bool:
        other = _arb(other)
        return bool(self.m == other.m and self.r == 0 and other.r == 0)

    __hash__ = None  # type: ignore[assignment]

    # Arithmetic.

    def __add__(self, other: Any) -> "arb":
        other = _arb(other)
        return _rounded(self.m + other.m, self.r + other.r)

    def __sub__(self, other: Any) -> "arb":
        other = _arb(other)
        return _rounded(self.m - other.m, self.r + other.r)

    def __mul__(self, other: Any) -> "arb":
        other = _arb(other)
        error = abs(self.m) * other.r + (abs(other.m) + other.r) * self.r
        return _rounded(self.m * other.m, error)

    def __truediv__(self, other: Any) -> "arb":
        other = _arb(other)
        smallest = abs(other.m) - other.r
        if smallest <= 0:
            return arb(mp.nan)
        quotient = self.m / other.m
        return _rounded(quotient, (self.r + abs(quotient) * other.r) / smallest)

    def __radd__(self, other: Any) -> "arb":
        return _arb(other) + self

    def __rsub__(self, other: Any) -> "arb":
        return _arb(other) - self

    def __rmul__(self, other: Any) -> "arb":
        return _arb(other) * self

    def __rtruediv__(self, other: Any) -> "arb":
        return _arb(other) / self

    def __neg__(self) -> "arb":
        return arb(mp.fneg(self.m, exact=True), self.r)

    def __abs__(self) -> "arb":
        return -self if self.m < 0 else self

    def __pow__(self, power: Any) -> "arb":
        if isinstance(power, int):
            if power == 0:
                return arb(1)
            error = abs(power) * (abs(self.m) + self.r) ** (power - 1) * self.r
            return _rounded(self.m**power, error)
        return (self.log() * power).exp()

    def __rpow__(self, base: Any) -> "arb":
        return _arb(base) ** self

    # Functions, with the size of their slopes.

    def exp(self) -> "arb":
        value = mp.exp(self.m)
        return _rounded(value, value * mp.expm1(self.r) if self.r else 0)

    def log(self) -> "arb":
        lowest = self.m - self.r
        return _rounded(mp.log(self.m), self.r / lowest) if lowest > 0 else arb(mp.nan)

    def sqrt(self) -> "arb":
        if self.m + self.r < 0 or self.m < 0:
            return arb(mp.nan)
        value = mp.sqrt(self.m)
        return _rounded(value, self.r / value if value else mp.sqrt(self.r))

    def lgamma(self) -> "arb":
        slope = abs(mp.log(self.m)) + 1 / self.m if self.r else 0
        return _rounded(mp.loggamma(self.m), slope * self.r)

    def erf(self) -> "arb":
        return _rounded(mp.erf(self.m), 2 * mp.exp(-(self.m**2)) * self.r if self.r else 0)

    def erfc(self) -> "arb":
        return _rounded(mp.erfc(self.m), 2 * mp.exp(-(self.m**2)) * self.r if self.r else 0)

    def sin(self) -> "arb":
        return _rounded(mp.sin(self.m), self.r)

    def cos(self) -> "arb":
        return _rounded(mp.cos(self.m), self.r)

    def asin(self) -> "arb":
        rest = 1 - self.m**2
        return _rounded(mp.asin(self.m), self.r / mp.sqrt(rest) if rest > 0 else mp.sqrt(self.r))

    def hypgeom_u(self, a: Any, b: Any) -> "arb":
        a, b = _arb(a), _arb(b)
        value = mp.hyperu(a.m, b.m, self.m)
        return _rounded(value, abs(value) * (abs(a.m) + 1) * (self.r / self.m + a.r + b.r))

    def floor(self) -> "arb":
        return arb(mp.floor(self.m - self.r)).union(arb(mp.floor(self.m + self.r)))

    def ceil(self) -> "arb":
        return arb(mp.ceil(self.m - self.r)).union(arb(mp.ceil(self.m + self.r)))

    def union(self, other: Any) -> "arb":
        """A number whose interval holds both."""
        other = _arb(other)
        low = min(self.m - self.r, other.m - other.r)
        high = max(self.m + self.r, other.m + other.r)
        return arb((low + high) / 2, (high - low) / 2)

    @staticmethod
    def pi() -> "arb":
        return _rounded(+mp.pi, 0)

    @staticmethod
    def atan2(y: Any, x: Any) -> "arb":
        y, x = _arb(y), _arb(x)
        return _rounded(mp.atan2(y.m, x.m), (y.r + x.r) / mp.hypot(y.m, x.m))


class acb(arb):
    """Real numbers alone, and their integrals."""

    __slots__ = ()

    @staticmethod
    def integral(f: Callable[[arb, bool], arb], a: Any, b: Any, abs_tol: Any = 0) -> arb:
        ends = [_arb(a).m, _arb(b).m]
        value, error = mp.quad(lambda t: f(arb(t), False).m, ends, error=True)
        return _rounded(value, error + _arb(abs_tol).m)


def _sum(value: Any, error: Any) -> Any:
    """Their sum without rounding, whatever the precision is when it is asked for."""
    return mp.fadd(value, error, exact=True) if mp.isfinite(error) else value + error


def _arb(value: Any) -> arb:
    if isinstance(value, Fraction):
        return arb(value.numerator) / arb(value.denominator)
    return value if isinstance(value, arb) else arb(value)


def _rounded(value: Any, error: Any) -> arb:
    """The result of one operation: rounded, so its error grows by a unit of the precision."""
    return arb(value, error + mp.ldexp(abs(value), -ctx.prec))


def __getattr__(name: str) -> Any:
    raise AttributeError(
        f"{name} is not in the page's stand-in for python-flint, which encloses nothing: "
        "the chapter's notebook runs this"
    )
