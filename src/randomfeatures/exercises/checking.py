"""Right, or which kind of wrong: answers to the exercises of the book, judged offline.

The data file holds, for each exercise, the form of its answer and the seals of the right answer and
of likely wrong ones. It is made from the authors' table of answers, which is not part of the
package.
"""

import difflib
import inspect
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any

from . import counterexamples
from .reading import Unreadable, candidates, digits_of, kind_of, number_of, shown
from .sealing import opened, stretched, tag

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True, repr=False)
class Verdict:
    """What a check says: whether the answer is right, and a sentence for the one who gave it.

    ``parts`` says of each number of an answer, or of each value of a function, whether it is right.
    """

    right: bool
    message: str
    parts: tuple[bool, ...] = ()

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return self.message


def check(label: str, answer: Any = ...) -> Verdict:
    """Whether ``answer`` is right for the exercise ``label``, and if not, in which way it is wrong.

    The answer may be of any type that stands for the number asked: an integer, a fraction, a float,
    a scalar of numpy, an array of one number, a formula of sympy. Where a function is asked it is
    any callable, or a formula of sympy in the letters of its arguments. Neither a wrong answer nor
    one of the wrong kind raises: the verdict says what is the matter.

    Error: an answer within half a unit of the last digit asked passes, one that is more than a unit
    and a half away does not.
    Raises: ValueError if no exercise with a check has this label.

    >>> check("ex-parseval", "one half")
    Not judged: 'one half' is a text; write the number without quotation marks. Asked: a number, to
    6 significant digits.
    """
    question = known(label)
    if answer is None or answer is ...:
        asked = in_words(question)
        return Verdict(False, f"No answer yet. Asked: {asked}. Put it in the place of the dots.")
    try:
        if question["form"] == "counterexample":
            return Verdict(*counterexamples.BY_NAME[question["judge"]](answer))
        return judged(label, question, components(question, answer), answer)
    except Unreadable as problem:
        return Verdict(False, f"Not judged: {problem}. Asked: {in_words(question)}.")


@cache
def questions() -> dict[str, dict[str, Any]]:
    """What the data file says, by the label of the exercise."""
    text = files("randomfeatures").joinpath("data/exercises.json").read_text(encoding="utf-8")
    return json.loads(text)


def known(label: str) -> dict[str, Any]:
    if isinstance(label, str) and label in questions():
        return questions()[label]
    near = difflib.get_close_matches(str(label), questions(), 3) or sorted(questions())[:3]
    raise ValueError(f"no exercise with a check has the label {label!r}; near: {', '.join(near)}")


def in_words(question: dict[str, Any]) -> str:
    """The form of the answer.

    >>> in_words({"form": "function", "digits": 6, "at": [{"d": 3, "s": 1.0}]})
    'a function of d and s, to 6 significant digits'
    """
    digits, count = question.get("digits"), len(question.get("right", {}).get("tags", ()))
    precision = f", to {digits} significant digits" if digits else ""
    if question["form"] == "counterexample":
        return question["asked"]
    if question["form"] == "function":
        *first, last = question["at"][0]
        names = f"{', '.join(first)} and {last}" if first else last
        return f"a function of {names}{precision}"
    if question["form"] == "numbers":
        return f"{count} {'' if digits else 'whole '}numbers, in this order{precision}"
    return f"a {'' if digits else 'whole '}number{precision}"


# The numbers of an answer.


def components(question: dict[str, Any], answer: Any) -> list[Fraction]:
    """The numbers by which an answer is judged: one, several, or the values of a function."""
    if question["form"] == "function":
        return [value_at(answer, point) for point in question["at"]]
    if question["form"] == "number":
        return [number_of(answer)]
    count = len(question["right"]["tags"])
    if isinstance(answer, str | bytes | dict | set) or not isinstance(answer, Iterable):
        raise Unreadable(f"{shown(answer)} is {kind_of(answer)}, and {count} numbers are asked")
    entries = list(islice(answer, 100))  # whatever a student's list is made of
    if len(entries) != count:
        raise Unreadable(f"{len(entries)} numbers, and {count} are asked")
    return [number_of(entry) for entry in entries]


def value_at(answer: Any, point: dict[str, float]) -> Fraction:
    """The value of a function, or of a formula of sympy, at a point."""
    where = named(point)
    if free := getattr(answer, "free_symbols", None):
        if strangers := {str(symbol) for symbol in free} - set(point):
            raise Unreadable(f"the formula has {', '.join(sorted(strangers))} in it, and {where}")
        return number_of(answer.subs({symbol: point[str(symbol)] for symbol in free}))
    if not callable(answer):
        names = ", ".join(point)
        raise Unreadable(f"{shown(answer)} is no function; lambda {names}: ... makes one")
    try:
        value = called(answer, point)
    except Exception as error:  # whatever a student's function does
        raise Unreadable(
            f"at {where} the function raised {type(error).__name__}: {error}"
        ) from None
    if value is None:
        raise Unreadable(f"at {where} the function returned nothing")
    try:
        return number_of(value)
    except Unreadable as problem:
        raise Unreadable(f"at {where}: {problem}") from None


def called(function: Callable[..., Any], point: dict[str, float]) -> Any:
    """By the names of the arguments if the function has them all, else in their order."""
    try:
        names = set(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = set()
    return function(**point) if set(point) <= names else function(*point.values())


def named(point: dict[str, float]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in point.items())


# The verdict.


def judged(label: str, question: dict[str, Any], values: list[Fraction], answer: Any) -> Verdict:
    digits = question["digits"]
    keys = [
        {tag(key): key for text in candidates(value, digits) if (key := stretched(label, n, text))}
        for n, value in enumerate(values)
    ]
    right = [name in found for name, found in zip(question["right"]["tags"], keys, strict=True)]
    if all(right):
        message = f"Right. {sentence(question['right'], keys)}".strip()
        return Verdict(True, message, tuple(right))
    said = [sentence(entry, keys) for entry in question["wrong"] if meets(entry, keys)]
    if not said and any(right):
        said = [partly(question, right)]
    if not said and question["form"] == "number" and (given := digits_of(answer)):
        said = [too_few(given, digits)] if given < digits else []
    return Verdict(False, " ".join(["Not right.", *said]), tuple(right))


def meets(entry: dict[str, Any], keys: list[dict[str, bytes]]) -> bool:
    """Whether an answer has all the numbers of an entry; one without a tag can be any."""
    pairs = zip(entry["tags"], keys, strict=True)
    return all(name is None or name in found for name, found in pairs)


def sentence(entry: dict[str, Any], keys: list[dict[str, bytes]]) -> str:
    pairs = zip(entry["tags"], keys, strict=True)
    return opened(entry["text"], [found[name] for name, found in pairs if name is not None])


def partly(question: dict[str, Any], right: list[bool]) -> str:
    """Which of several numbers, or the values at which points, are right."""
    if question["form"] == "function":
        places = [f"at {named(point)}" for point in question["at"]]
    else:
        places = [f"the {ordinal} number" for ordinal in ORDINALS[: len(right)]]
    good = [place for place, good in zip(places, right, strict=True) if good]
    bad = [place for place, good in zip(places, right, strict=True) if not good]
    return f"Right: {'; '.join(good)}. Not right: {'; '.join(bad)}."


def too_few(given: int, digits: int) -> str:
    more = "a formula, say math.sqrt(2) / 3, has them all"
    shows = f"{given} significant digit{'s' if given > 1 else ''}"
    return f"If it is rounded: it has {shows}, and {digits} are compared; {more}."
