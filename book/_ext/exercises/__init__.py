"""Sphinx extension: what kind an exercise is and how long it takes, its hints, and its check.

In the source, each next to its exercise and named by its label::

    ```{exercise} Title
    :label: ex-one
    :kind: compute
    :minutes: 15
    :chapter: limits/scaling
    ...
    ```

    ```{hint} ex-one
    A first hint; a second block is a second, stronger one.
    ```

    ```{check} ex-one
    The number $c$ of part (b).
    ```

    ```{solution} ex-one
    ...

The head of the exercise then says kind and minutes, a hint is folded, and a check is a cell with
the line to type, which runs in the page. The directive ``exercise-index`` lists all exercises.
An exercise on a page of problems names the chapter that it belongs to: the index lists it there,
and the chapter's own exercises end with a link to it.
"""

import hashlib
from collections import Counter
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from kept import keep_by_page
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx_exercise.directive import ExerciseDirective
from sphinx_exercise.nodes import solution_node

from randomfeatures.exercises.checking import in_words, questions

from .heads import CHECK_CODE, facts
from .index import IndexDirective, RenderIndex, RenderMore, exercise_index
from .records import KINDS, Exercise, all_exercises, by_chapter, is_exercise, stored

logger = logging.getLogger(__name__)


# What an author writes.


def kind(argument: str) -> str:
    return directives.choice(argument, KINDS)


class KindOfExercise(ExerciseDirective):
    """An exercise that says its kind, its minutes, and its chapter if that is another page."""

    option_spec: ClassVar[dict[str, Any]] = {
        **ExerciseDirective.option_spec,
        "kind": kind,
        "minutes": directives.positive_int,
        "chapter": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        found = super().run()
        for node in found:
            node["kind"] = self.options.get("kind", "")
            node["minutes"] = self.options.get("minutes", 0)
            node["chapter"] = self.options.get("chapter", self.env.docname)
            node["at"] = self.lineno
        return found


class HintDirective(SphinxDirective):
    """A hint to the exercise named; it is folded."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        hint = nodes.admonition("", classes=["hint", "dropdown"])
        hint["exercise"] = self.arguments[0]
        hint += nodes.title("", "Hint")
        self.state.nested_parse(self.content, self.content_offset, hint)
        self.set_source_info(hint)
        return [hint]


class CheckDirective(SphinxDirective):
    """What the check of the exercise named takes as an answer, and the line to type."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        label = self.arguments[0]
        box = nodes.container("", classes=["exercise-check"])
        box["exercise"] = label
        self.state.nested_parse(self.content, self.content_offset, box)
        if box.children and isinstance(box[0], nodes.paragraph):
            box[0].insert(0, [nodes.strong("", "Check your answer."), nodes.Text(" ")])
        if label in questions():
            asked = f"Asked: {in_words(questions()[label])}."
            box += nodes.paragraph("", asked, classes=["exercise-asked"])
        code = CHECK_CODE.format(label=label)
        block = nodes.literal_block(code, code, language="ipython3")
        shown = nodes.container("", block, classes=["cell_input"])
        box += nodes.container("", shown, classes=["cell"])
        self.set_source_info(box)
        return [box]


def is_hint(node: nodes.Node) -> bool:
    return isinstance(node, nodes.admonition) and "exercise" in node


def is_check(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and "exercise" in node


# What a page has.


def collect(app: Sphinx, document: nodes.document) -> None:
    """Keep what the index needs, number the hints, and complain of what stands wrong."""
    hints = [node for node in document.findall(is_hint)]
    checks = [node for node in document.findall(is_check)]
    coded = {node["target_label"] for node in document.findall(solution_node) if has_code(node)}
    counts = Counter(node["exercise"] for node in hints)
    numbers: Counter[str] = Counter()
    for node in hints:
        numbers[node["exercise"]] += 1
        if counts[node["exercise"]] > 1:
            node[0].replace_self(nodes.title("", f"Hint {numbers[node['exercise']]}"))
    found = [
        Exercise(
            label=node["label"],
            docname=app.env.docname,
            chapter=node.get("chapter", app.env.docname),
            kind=node.get("kind", ""),
            minutes=node.get("minutes", 0),
            title=tuple(part.deepcopy() for sub in node[0].children[1:] for part in sub.children),
            hints=counts[node["label"]],
            code=node["label"] in coded,
            check=any(check["exercise"] == node["label"] for check in checks),
            line=node.get("at", 0),
        )
        for node in document.findall(is_exercise)
    ]
    stored(app.env)["exercises"][app.env.docname] = found
    for node, message in faults(document, [*hints, *checks]):
        logger.warning(message, location=node, type="exercises")


def has_code(solution: nodes.Element) -> bool:
    """Whether a cell follows the solution, or stands in it."""
    after = solution.next_node(descend=False, siblings=True)
    return any(solution.findall(is_cell)) or (after is not None and is_cell(after))


def is_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and "cell" in node.get("classes", ())


def faults(document: nodes.document, parts: list[nodes.Element]) -> list[tuple[nodes.Node, str]]:
    """(place, message) for each hint or check that is not between its exercise and its solution."""
    found: list[tuple[nodes.Node, str]] = []
    order = list(document.findall(nodes.Element))
    place = {id(node): number for number, node in enumerate(order)}
    starts = {node["label"]: place[id(node)] for node in document.findall(is_exercise)}
    solutions = document.findall(solution_node)
    ends = {node["target_label"]: place[id(node)] for node in solutions}
    for node in parts:
        label, here = node["exercise"], place[id(node)]
        if label not in starts:
            found.append((node, f"no exercise of this page is called {label}"))
        elif not starts[label] < here < ends.get(label, here + 1):
            found.append((node, f"this has to stand between {label} and its solution"))
        if is_check(node) and label not in questions():
            found.append((node, f"answers/ has no answer to {label}"))
    return found


def update(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The pages to write again: the index, and a chapter, when what they show has changed."""
    exercises = all_exercises(env)
    for exercise in exercises:
        if exercise.chapter not in env.found_docs:
            message = f"{exercise.label}: no page is called {exercise.chapter}"
            place = (exercise.docname, exercise.line)
            logger.warning(message, location=place, type="exercises")
    shown = dict.fromkeys(stored(env)["indices"], digest(env, exercises))
    for docname, belonging in by_chapter(env).items():
        if more := [exercise for exercise in belonging if exercise.elsewhere]:
            shown[docname] = digest(env, more)
    old, env.exercises_shown = getattr(env, "exercises_shown", {}), shown
    return [name for name in env.found_docs if old.get(name) != shown.get(name)]


def digest(env: BuildEnvironment, exercises: list[Exercise]) -> str:
    """Changes with all that another page shows of the exercises."""
    shown = repr([(exercise, exercise.number(env)) for exercise in exercises])
    return hashlib.sha256(shown.encode()).hexdigest()


# What a reader sees at an exercise.


class CompleteHeads(SphinxPostTransform):
    """Kind and minutes in the head of an exercise, with a link to its line in the index."""

    default_priority = 30  # after sphinx-exercise has made the title, and the solution's of it

    def run(self, **kwargs: Any) -> None:
        indices = sorted(stored(self.env)["indices"])
        for node in list(self.document.findall(is_exercise)):
            text = facts(node.get("kind", ""), node.get("minutes", 0))
            if not text:
                continue
            shown: nodes.Element = nodes.inline("", text)
            if indices and self.app.builder.format == "html":
                uri = self.app.builder.get_relative_uri(self.env.docname, indices[0])
                place = f"{uri}#row-{node['label']}"
                shown = nodes.reference("", "", shown, internal=True, refuri=place)
            node[0] += nodes.inline("", " ", shown, classes=["exercise-facts"])


def setup(app: Sphinx) -> dict:
    app.setup_extension("sphinx_exercise")
    app.add_directive("exercise", KindOfExercise, override=True)
    app.add_directive("hint", HintDirective, override=True)
    app.add_directive("check", CheckDirective)
    app.add_directive("exercise-index", IndexDirective)
    app.add_node(exercise_index)
    app.add_post_transform(RenderIndex)
    app.add_post_transform(RenderMore)
    app.add_post_transform(CompleteHeads)
    app.connect("doctree-read", collect)
    keep_by_page(app, stored)
    app.connect("env-get-updated", update, priority=900)  # after Sphinx has given the numbers
    return {"env_version": 2, "parallel_read_safe": True, "parallel_write_safe": True}
