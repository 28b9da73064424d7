"""The page that lists all exercises, chapter by chapter."""

from itertools import groupby
from typing import Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from .records import KINDS, Exercise, all_exercises, stored

HEADS = ("Exercise", "Kind", "Minutes", "Hints", "Code", "Check")


class exercise_index(nodes.General, nodes.Element):
    """Stands where the index goes until the chapters are all read."""


class IndexDirective(SphinxDirective):
    """All exercises of the book, as tables."""

    def run(self) -> list[nodes.Node]:
        stored(self.env)["indices"][self.env.docname] = True
        return [exercise_index()]


class RenderIndex(SphinxPostTransform):
    """Put the index in its place, before references resolve."""

    default_priority = 8

    def run(self, **kwargs: Any) -> None:
        for node in list(self.document.findall(exercise_index)):
            node.replace_self(self.index())

    def index(self) -> list[nodes.Node]:
        exercises = all_exercises(self.env)
        found: list[nodes.Node] = [nodes.paragraph("", summary(exercises))]
        for docname, here in groupby(exercises, key=lambda exercise: exercise.docname):
            head = nodes.rubric("", "", **{"heading-level": 2})
            head += self.link(docname, "", self.env.titles[docname].children)
            found += [head, self.table(list(here))]
        return found

    def table(self, exercises: list[Exercise]) -> nodes.table:
        group = nodes.tgroup(cols=len(HEADS))
        group += [nodes.colspec(colwidth=width) for width in (6, 1, 1, 1, 1, 1)]
        group += nodes.thead("", row([[nodes.Text(text)] for text in HEADS]))
        group += nodes.tbody("", *map(self.line, exercises))
        return nodes.table("", group, classes=["exercise-index"])

    def line(self, exercise: Exercise) -> nodes.row:
        name = f"Exercise {exercise.number(self.env)}".strip()
        shown = [self.link(exercise.docname, exercise.label, [nodes.Text(name)])]
        if exercise.title:
            shown += [nodes.Text(" "), *(part.deepcopy() for part in exercise.title)]
        facts = (
            exercise.kind,
            str(exercise.minutes or ""),
            str(exercise.hints or ""),
            "yes" * exercise.code,
            "yes" * exercise.check,
        )
        found = row([shown, *([nodes.Text(fact or "–")] for fact in facts)])
        found["ids"] = [f"row-{exercise.label}"]
        return found

    def link(self, docname: str, target: str, children: list[nodes.Node]) -> nodes.reference:
        page = self.app.builder.get_relative_uri(self.env.docname, docname)
        copies = [child.deepcopy() for child in children]
        uri = f"{page}#{target}" if target else page
        return nodes.reference("", "", *copies, internal=True, refuri=uri)


def row(entries: list[list[nodes.Node]]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *entry)) for entry in entries))


def summary(exercises: list[Exercise]) -> str:
    """How many there are, of each kind, with a check."""
    counts = {kind: sum(exercise.kind == kind for exercise in exercises) for kind in KINDS}
    kinds = ", ".join(f"{kind} {count}" for kind, count in counts.items() if count)
    pages = len({exercise.docname for exercise in exercises})
    return (
        f"{len(exercises)} exercises on {pages} page{'s' * (pages > 1)}, each with its solution"
        f"{f' (by kind: {kinds})' if kinds else ''}; "
        f"{sum(exercise.code for exercise in exercises)} with code in the solution, "
        f"{sum(exercise.check for exercise in exercises)} with a check."
    )
