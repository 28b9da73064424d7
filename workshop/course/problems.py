"""The problem sets, and what each of their problems is worth.

The rule: a point for each five minutes, at least one. Where the self-check can judge the answer it
gives a share of the points that depends on the kind (:data:`AUTOMATIC`), rounded up; the others are
given by hand. Without a check all are given by hand. The list of sets may say otherwise.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from randomfeatures.exercises.checking import in_words, questions

LIST = Path(__file__).with_name("problem_sets.yml")
MINUTES_FOR_A_POINT = 5
UNKNOWN_MINUTES = 20
"""Where an exercise does not say its minutes."""
AUTOMATIC = {
    "check": Fraction(1),
    "compute": Fraction(1),
    "explore": Fraction(1, 2),
    "prove": Fraction(1, 4),
    "open": Fraction(1, 4),
}
UNKNOWN_KIND = Fraction(1, 2)
IN_WORDS = {Fraction(1): "all of them", Fraction(1, 2): "half", Fraction(1, 4): "a quarter"}
STEPS = (
    "The idea is there, in the student's own words{first}",
    "The key step is carried out{last}",
    "The argument is complete, and its constants are right",
)


@dataclass(frozen=True)
class Problem:
    """An exercise as a problem of a set; ``text`` is what the build of the book left of it."""

    number: int
    text: dict[str, Any]
    points: int
    automatic: int
    scheme: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return self.text["label"]

    @property
    def answer(self) -> str:
        """The name of the answer in the notebook."""
        return f"answer_{self.number}"

    @property
    def by_hand(self) -> int:
        return self.points - self.automatic

    @property
    def asked(self) -> str:
        """The form of the answer that the check takes; nothing if there is no check."""
        known = questions().get(self.label)
        return in_words(known) if known and self.automatic else ""

    def dots(self) -> str:
        """What a student finds in the place of the answer, in the form that is asked."""
        known = questions()[self.label]
        if known["form"] == "function":
            return f"def {self.answer}({', '.join(known['at'][0])}):\n    return ..."
        if known["form"] == "numbers":
            return f"{self.answer} = ({', '.join(['...'] * len(known['right']['tags']))})"
        return f"{self.answer} = ..."

    def marking(self) -> list[str]:
        """For what the points by hand are given."""
        if self.scheme or not self.by_hand:
            return list(self.scheme)
        hints = len(self.text["hints"])
        said = {
            "first": " (the first hint has it)" if hints > 1 else "",
            "last": " (the last hint has it)" if hints else "",
        }
        return [
            f"{step.format(**said)}: {points}."
            for step, points in zip(STEPS, thirds(self.by_hand), strict=True)
            if points
        ]


@dataclass(frozen=True)
class ProblemSet:
    """Some exercises under one title."""

    name: str
    title: str
    problems: list[Problem] = field(default_factory=list)

    @property
    def points(self) -> int:
        return sum(problem.points for problem in self.problems)

    @property
    def minutes(self) -> int:
        return sum(minutes_of(problem.text) for problem in self.problems)


def points_of(minutes: int) -> int:
    """What an exercise of so many minutes is worth.

    >>> [points_of(minutes) for minutes in (0, 3, 10, 12, 13, 40)]
    [4, 1, 2, 2, 3, 8]
    """
    return max(1, math.floor(Fraction(minutes or UNKNOWN_MINUTES, MINUTES_FOR_A_POINT) + 1 / 2))


def automatic_of(kind: str, points: int) -> int:
    """How many of its points the check of an exercise gives.

    >>> [automatic_of(kind, 5) for kind in ("compute", "explore", "prove", "")]
    [5, 3, 2, 3]
    """
    return math.ceil(points * AUTOMATIC.get(kind, UNKNOWN_KIND))


def thirds(points: int) -> list[int]:
    """Whole points for the three steps of a proof; what does not divide goes to the later ones.

    >>> thirds(6), thirds(5), thirds(1)
    ([2, 2, 2], [1, 2, 2], [0, 0, 1])
    """
    return [points // 3, (points + 1) // 3, (points + 2) // 3]


def minutes_of(text: dict[str, Any]) -> int:
    return text["minutes"] or UNKNOWN_MINUTES


# The list.


def read_texts(path: Path) -> tuple[str, dict[str, dict[str, Any]]]:
    """The book's macros, and its exercises by their label."""
    whole = json.loads(path.read_text(encoding="utf-8"))
    return whole["macros"], {text["label"]: text for text in whole["exercises"]}


def problem_sets(texts: dict[str, dict[str, Any]], path: Path = LIST) -> list[ProblemSet]:
    """The sets of the list.

    Raises: ValueError for an exercise that the book does not have, and for points that do not add.
    """
    listed = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        problem_set(name, entry["title"], entry["exercises"], texts)
        for name, entry in listed.items()
    ]


def chapter_sets(texts: dict[str, dict[str, Any]]) -> list[ProblemSet]:
    """A set of each chapter with exercises, named after it."""
    pages: dict[str, list[str]] = {}
    for label, text in texts.items():
        pages.setdefault(text["belongs"], []).append(label)
    return [
        problem_set(page.replace("/", "-"), texts[labels[0]]["chapter"], labels, texts)
        for page, labels in pages.items()
    ]


def problem_set(
    name: str, title: str, entries: Iterable[Any], texts: dict[str, dict[str, Any]]
) -> ProblemSet:
    said = [{"label": entry} if isinstance(entry, str) else entry for entry in entries]
    if strange := [entry["label"] for entry in said if entry["label"] not in texts]:
        raise ValueError(f"{name}: the book has no exercise {', '.join(strange)}")
    found = [problem(number, texts[entry["label"]], entry) for number, entry in enumerate(said, 1)]
    return ProblemSet(name, title, found)


def problem(number: int, text: dict[str, Any], entry: dict[str, Any]) -> Problem:
    label, has_check = text["label"], bool(text["check"]) and text["label"] in questions()
    points = entry.get("points", points_of(text["minutes"]))
    usual = automatic_of(text["kind"], points) if has_check else 0
    automatic = entry.get("automatic", usual)
    if not 0 <= automatic <= points or (automatic and not has_check):
        raise ValueError(f"{label}: {automatic} of {points} points cannot be given by its check")
    return Problem(number, text, points, automatic, tuple(entry.get("scheme", ())))
