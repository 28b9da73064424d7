"""The page that lists all exercises, chapter by chapter; a chapter's line of those elsewhere."""

from collections.abc import Iterable
from typing import Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from .heads import facts
from .records import KINDS, Exercise, all_exercises, by_chapter, is_exercise, stored

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
        found: list[nodes.Node] = [nodes.paragraph("", summary(all_exercises(self.env)))]
        for docname, exercises in by_chapter(self.env).items():
            head = nodes.rubric("", "", **{"heading-level": 2})
            head += link(self, docname, "", self.env.titles[docname].children)
            found += [head, self.table(exercises)]
        return found

    def table(self, exercises: list[Exercise]) -> nodes.table:
        group = nodes.tgroup(cols=len(HEADS))
        group += [nodes.colspec(colwidth=width) for width in (6, 1, 1, 1, 1, 1)]
        group += nodes.thead("", row([[nodes.Text(text)] for text in HEADS]))
        group += nodes.tbody("", *map(self.line, exercises))
        return nodes.table("", group, classes=["exercise-index"])

    def line(self, exercise: Exercise) -> nodes.row:
        name = f"Exercise {exercise.number(self.env)}".strip()
        shown = [link(self, exercise.docname, exercise.label, [nodes.Text(name)])]
        if exercise.title:
            shown += [nodes.Text(" "), *(part.deepcopy() for part in exercise.title)]
        if exercise.elsewhere:
            page = link(self, exercise.docname, "", self.env.titles[exercise.docname].children)
            shown += [nodes.Text(" (in "), page, nodes.Text(")")]
        said = (
            exercise.kind,
            str(exercise.minutes or ""),
            str(exercise.hints or ""),
            "yes" * exercise.code,
            "yes" * exercise.check,
        )
        found = row([shown, *([nodes.Text(fact or "–")] for fact in said)])
        found["ids"] = [f"row-{exercise.label}"]
        return found


class RenderMore(SphinxPostTransform):
    """Below the exercises of a page, those that belong to it and stand on another page."""

    default_priority = 8

    def run(self, **kwargs: Any) -> None:
        more = [one for one in by_chapter(self.env).get(self.env.docname, []) if one.elsewhere]
        if more:
            place = section_of_exercises(self.document)
            place += nodes.paragraph("", "", *self.line(more), classes=["more-exercises"])

    def line(self, exercises: list[Exercise]) -> list[nodes.Node]:
        found: list[nodes.Node] = []
        for exercise in exercises:
            name = exercise.title or [nodes.Text(f"Exercise {exercise.number(self.env)}".strip())]
            said = facts(exercise.kind, exercise.minutes).replace(" · ", ", ")
            found += [
                nodes.Text(", " if found else "More: "),
                link(self, exercise.docname, exercise.label, name),
                *([nodes.Text(f" ({said})")] if said else []),
            ]
        return [*found, nodes.Text(".")]


def section_of_exercises(document: nodes.document) -> nodes.Element:
    """What holds the page's last exercise; without one, the whole page."""
    own = [node for node in document.findall(is_exercise)]
    return own[-1].parent if own else document.next_node(nodes.section) or document


def link(
    transform: SphinxPostTransform, docname: str, target: str, children: Iterable[nodes.Node]
) -> nodes.reference:
    page = transform.app.builder.get_relative_uri(transform.env.docname, docname)
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
