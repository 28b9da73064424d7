"""What the index knows of an exercise."""

from dataclasses import dataclass
from typing import Any

from claims.ledger import chapters
from docutils import nodes
from sphinx.environment import BuildEnvironment
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node

KINDS = ("check", "prove", "compute", "explore", "open")


@dataclass(frozen=True)
class Exercise:
    """One exercise, as its page has it."""

    label: str
    docname: str
    kind: str
    minutes: int
    title: tuple[nodes.Node, ...]
    hints: int
    code: bool
    check: bool

    def number(self, env: BuildEnvironment) -> str:
        numbers = env.toc_fignumbers.get(self.docname, {}).get("exercise", {})
        return ".".join(map(str, numbers.get(self.label, ())))


def is_exercise(node: nodes.Node) -> bool:
    return isinstance(node, exercise_node | exercise_enumerable_node)


def stored(env: BuildEnvironment) -> dict[str, dict[str, Any]]:
    """By page: its exercises, and whether it has an index."""
    if not hasattr(env, "book_exercises"):
        env.book_exercises = {"exercises": {}, "indices": {}}
    return env.book_exercises


def all_exercises(env: BuildEnvironment) -> list[Exercise]:
    """In the order of the book."""
    pages = stored(env)["exercises"]
    return [exercise for docname in chapters(env) for exercise in pages.get(docname, [])]
