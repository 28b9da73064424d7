"""What :func:`~randomfeatures.sharp.every_bound.numbers` returns, and how it prints."""

import math
from dataclasses import dataclass, fields
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context
from textwrap import wrap
from typing import NamedTuple

WIDEST = 76
"""The page shows this many characters of a line."""


class Entry(NamedTuple):
    """One answer: a number, how it bounds, the label of its theorem, and what it assumes.

    ``value`` is an int for a number of features, and None where there is no number, as ``assumes``
    then says, or where no float holds it; ``log`` is its natural logarithm, nan without a number.
    ``text`` is the number as the table shows it, rounded to the side on which it stays true.
    """

    name: str
    sign: str
    value: float | None
    log: float
    text: str
    label: str
    assumes: str


@dataclass(frozen=True)
class Numbers:
    """The answers of ``numbers``; ``print`` shows them as a table with what they assume.

    ``relative_error`` is error/ρ² and ``relative_bias`` β/ρ, as floats: the numbers are those for
    exactly these floats. What was not asked for is None: errors without r, widths without an error.
    """

    d: int
    r: int | None
    error: float | None
    norm: float
    bias: float
    relative_error: float | None
    relative_bias: float
    best_error: Entry | None = None
    half_error: Entry | None = None
    random_error_predicted: Entry | None = None
    random_error_proved: Entry | None = None
    best_width: Entry | None = None
    half_width: Entry | None = None
    random_width_predicted: Entry | None = None
    random_width_proved: Entry | None = None
    any_coefficients: Entry | None = None
    bounded_coefficients: Entry | None = None
    paper: Entry | None = None
    trained: Entry | None = None

    def entries(self) -> dict[str, Entry]:
        """What was asked for, by the names of the fields."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: entry for name, entry in found.items() if isinstance(entry, Entry)}

    def sentences(self) -> str:
        """What the numbers amount to: a sentence for the errors, one for the features needed."""
        lines = []
        if self.r is not None:
            lines += wrap(
                self._sentence(f"{self.r:,} feature{'s' * (self.r > 1)}", "_error"), WIDEST
            )
        if self.relative_error is not None:
            given = f"an error of {share(self.relative_error)} of ‖w‖²"
            lines += wrap(self._sentence(given, "_width"), WIDEST)
        return "\n".join(lines)

    def _sentence(self, given: str, kind: str) -> str:
        said = [
            KINDS[name].phrase.format(entry.text)
            for name, entry in self.entries().items()
            if kind in name and KINDS[name].phrase and not math.isnan(entry.log)
        ]
        return f"{self.d:,} dimensions, {given}: {'; '.join(said)}."

    def __str__(self) -> str:
        bias = f"a bias of {self.bias:g}" if self.bias else "no bias"
        lines = [f"One ReLU neuron: d = {self.d:,}, norm {self.norm:g}, {bias}."]
        titles = {"best_error": f"Squared error with r = {self.r or 0:,} features:"}
        titles["best_width"] = f"Features for a squared error of {self.error or 0:g}:"
        notes: dict[str, str] = {}
        for name, entry in self.entries().items():
            lines += [titles[name]] if name in titles else []
            mark = notes.setdefault(entry.assumes, chr(ord("a") + len(notes)))
            row = f"{entry.sign or ' '} {entry.text:<15} {entry.name:<27} {entry.label}"
            lines.append(f"{mark} {row}")
        for note, mark in notes.items():
            lines += wrap(f"{mark}: {note}", WIDEST, subsequent_indent="   ")
        return "\n".join(lines)


class Kind(NamedTuple):
    """What an entry is: its name, how its number bounds, the label of its theorem, what this
    assumes, whether it holds with a bias, and what it says in a sentence."""

    name: str
    sign: str
    label: str
    assumes: str
    biased: bool = False
    phrase: str = ""


MEAN = "in mean over the directions of the neuron, whatever the features and their coefficients"
HALF = "for at least half of the directions of the neuron, whatever the features"
RANDOM = "ReLU features with independent uniform directions and no bias, with the best coefficients"
WAVE = "for some neuron of this norm, with one of the a + 1 biases of the hard neurons"

KINDS = {
    "best_error": Kind(
        "best features of any kind",
        "=",
        "thm-exact-optimum",
        f"certified to a relative 1e-15; {MEAN}; harmonics attain it",
        True,
        "at least {} with any features",
    ),
    "half_error": Kind(
        "any, for half of directions", "≥", "thm-almost-every-direction", f"rounded down; {HALF}"
    ),
    "random_error_predicted": Kind(
        "random ReLU, predicted",
        "≈",
        "eq-self-consistent",
        f"a heuristic, not proved; {RANDOM}",
        phrase="about {} with random ReLU features as predicted",
    ),
    "random_error_proved": Kind(
        "random ReLU, proved",
        "≤",
        "prop-sandwich",
        f"in mean over the features, for every direction of the neuron; {RANDOM}",
        phrase="at most {} with random ReLU features as proved",
    ),
    "best_width": Kind(
        "best features of any kind",
        "=",
        "thm-exact-optimum",
        f"exact; with fewer the error is larger, {MEAN}; harmonics attain it",
        True,
        "at least {} features of any kind",
    ),
    "half_width": Kind(
        "any, for half of directions",
        "≥",
        "thm-almost-every-direction",
        f"with fewer the error is larger, {HALF}",
    ),
    "random_width_predicted": Kind(
        "random ReLU, predicted",
        "≈",
        "eq-self-consistent",
        f"a heuristic, not proved; {RANDOM}",
        phrase="about {} random ReLU features as predicted",
    ),
    "random_width_proved": Kind(
        "random ReLU, proved enough",
        "≤",
        "prop-sandwich",
        f"in mean over the features, for every direction of the neuron; {RANDOM}",
        phrase="{} random ReLU features are proved to be enough",
    ),
    "any_coefficients": Kind(
        "by way of the wave",
        "≥",
        "thm-any-coefficients",
        f"with fewer the error is larger, {WAVE}, whatever the features and coefficients",
        True,
    ),
    "bounded_coefficients": Kind(
        "bounded coefficients",
        "≥",
        "cor-paper-norm",
        f"with fewer of norm at most 1/√2, that of a unit neuron, and with coefficients of size at "
        f"most ‖w‖ the error is larger, {WAVE}",
        True,
    ),
    "paper": Kind(
        "the paper",
        "≥",
        "Theorem 4.2 there",
        "no number: r max|u_i| ≥ exp(c d) / (200 d⁴) at ‖w‖/√ε = √50 d³ and above, with a constant "
        "c > 0 whose value is not stated",
        True,
    ),
    "trained": Kind(
        "one trained neuron, weights",
        "=",
        "thm-one-neuron",
        "no random features: gradient descent on the d weights of one neuron without a bias, on "
        "the exact loss, brings the error below every positive number",
    ),
}
"""The entries by their fields in :class:`Numbers`."""


def share(error: float) -> str:
    """A part of ‖w‖² in words.

    >>> share(0.01), share(2e-9)
    ('1 %', '2·10⁻⁹')
    """
    if error >= 1e-6:
        return f"{100 * error:.3g} %"
    mantissa, power = f"{error:.2e}".split("e")
    digits = mantissa.rstrip("0").rstrip(".")
    return f"{'' if digits == '1' else digits + '·'}10{_raised(int(power))}"


def text_of(number: float | None, log: float, sign: str, exact: bool) -> str:
    """A number as the table shows it, rounded to the side on which its statement stays true.

    An integer with up to twelve digits if it is exact, up to five if not, else with three; an error
    with four. Without the number, from its logarithm.

    >>> text_of(2916896016, 21.8, "=", True), text_of(2916896016, 21.8, "≥", False)
    ('2,916,896,016', '2.91·10⁹')
    >>> text_of(0.01, math.log(0.01), "≤", True), text_of(None, 1000.0, "≈", False)
    ('0.01001', '1.97·10⁴³⁴')
    >>> text_of(None, 1e10, "≈", False)
    '1.08·10⁴³⁴²⁹⁴⁴⁸¹⁹'
    """
    whole = number is None or isinstance(number, int)
    if whole and number is not None and number < (10**12 if exact else 10**5):
        return f"{number:,}"
    rounding = {"≤": ROUND_CEILING, "≈": ROUND_HALF_EVEN}.get(sign, ROUND_FLOOR)
    context = Context(prec=3 if whole else 4, rounding=rounding)
    power = 0  # apart from the digits: a decimal of 32 bits holds no power of 10⁹
    if number is None:
        power = math.floor(log / math.log(10))
        slack = {"≤": 1e-12, "≥": -1e-12}.get(sign, 0.0) * (1 + abs(log))
        number = 10 ** (log / math.log(10) - power) * (1 + slack)
    digits = context.create_decimal(number)
    tens = digits.adjusted()
    if not whole and -4 <= tens < 4:
        return f"{digits:f}"
    return f"{digits.scaleb(-tens, context):f}·10{_raised(power + tens)}"


def _raised(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
