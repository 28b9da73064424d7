"""What an author writes down for an exercise with a self-check."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Answer = Any
"""A number, a tuple of numbers, or a function; in a wrong tuple, None is any number."""


@dataclass(frozen=True)
class Question:
    """One exercise: its right answer, and the likely wrong ones with what to say to them.

    ``digits`` are the significant digits that are compared; zero asks for whole numbers. A function
    is judged ``at`` some points, each an argument's name and value. ``remark`` is said to who is
    right. A counterexample has a ``judge`` of ``randomfeatures.exercises.counterexamples`` and
    says in words what is ``asked``; its answers here are for the tests.
    """

    label: str
    right: Answer
    wrong: Mapping[str, Answer] = field(default_factory=dict)
    digits: int = 6
    at: Sequence[Mapping[str, float]] = ()
    remark: str = ""
    judge: str = ""
    asked: str = ""

    @property
    def form(self) -> str:
        if self.judge:
            return "counterexample"
        if self.at:
            return "function"
        return "numbers" if isinstance(self.right, tuple) else "number"


def values(question: Question, answer: Answer) -> list[Answer]:
    """The numbers of an answer: its own, its entries, or its values at the points."""
    if question.at:
        function: Callable[..., Any] = answer
        return [function(**point) for point in question.at]
    return list(answer) if isinstance(answer, tuple) else [answer]
