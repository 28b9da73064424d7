"""What the index knows of an exercise."""

from dataclasses import dataclass, field
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
    chapter: str  # the page that it belongs to, most often its own
    kind: str
    minutes: int
    title: tuple[nodes.Node, ...]
    hints: int
    code: bool
    check: bool
    line: int = field(default=0, repr=False)  # where to complain; no page shows it

    def number(self, env: BuildEnvironment) -> str:
        numbers = env.toc_fignumbers.get(self.docname, {}).get("exercise", {})
        return ".".join(map(str, numbers.get(self.label, ())))

    @property
    def elsewhere(self) -> bool:
        """Whether it stands on another page than its chapter's."""
        return self.chapter != self.docname


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


def by_chapter(env: BuildEnvironment) -> dict[str, list[Exercise]]:
    """The exercises that belong to each page, in the order of the book; its own come first."""
    pages: dict[str, list[Exercise]] = {docname: [] for docname in chapters(env)}
    for exercise in sorted(all_exercises(env), key=lambda exercise: exercise.elsewhere):
        pages.setdefault(exercise.chapter, []).append(exercise)
    return {docname: pages[docname] for docname in chapters(env) if pages[docname]}
