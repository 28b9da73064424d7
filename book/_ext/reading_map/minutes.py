"""The rule of the minutes: what a reader meets in a section, counted, and turned into time.

Words are read at one pace in the text and at half of it in proofs. Everything else counts as so
many words. Exercises with all that follows them in their section, and code that the page folds
away, are not counted.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from docutils import nodes
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node, solution_node
from sphinx_proof.nodes import proof_node

PACE = 150  # words a minute outside proofs
PROOF_PACE = 75  # words a minute in proofs
FORMULA = 2  # words for a formula in a line
ROW = 10  # words for a row of a displayed formula
CODE_LINE = 6  # words for a line of code
PICTURE = 75  # words for a figure

EXERCISES = (exercise_node, exercise_enumerable_node, solution_node)
SKIPPED = (*EXERCISES, nodes.comment, nodes.raw)
HIDDEN = {"tag_hide-input", "tag_hide-cell", "tag_remove-input", "tag_remove-cell"}
WORD = re.compile(r"[^\W_]+(?:['’.,-][^\W_]+)*")


@dataclass
class Section:
    """A section without those inside it; plain values, which Sphinx pickles."""

    ids: tuple[str, ...]
    parents: tuple[str, ...]  # the first id of each section around it, outermost first
    text: int = 0  # words, or what counts as words, outside proofs
    proofs: int = 0
    results: list[str] = field(default_factory=list)  # labels of the statements in it


def read_sections(doctree: nodes.document) -> list[Section]:
    """Every section of the page in its order, each with what it holds itself."""
    found = []
    for node in doctree.findall(is_section):
        above = []
        holder = node.parent
        while holder is not None:
            if is_section(holder):
                above.append(holder["ids"][0])
            holder = holder.parent
        section = Section(tuple(node["ids"]), tuple(reversed(above)))
        for child in node.children:
            if isinstance(child, EXERCISES):
                break  # what follows are hints, solutions and their code
            count(child, section, False)
        found.append(section)
    return found


def is_section(node: nodes.Node) -> bool:
    """A section with a title: sphinx-proof and sphinx-exercise make sections without one."""
    return isinstance(node, nodes.section) and bool(node["ids"]) and has_title(node)


def has_title(node: nodes.section) -> bool:
    return bool(node.children) and isinstance(node[0], nodes.title)


def count(node: nodes.Node, section: Section, in_proof: bool) -> None:
    """Add to the section what stands in the node, without the sections in it."""
    if isinstance(node, SKIPPED) or is_section(node) or is_of_an_exercise(node):
        return
    if isinstance(node, nodes.Text):
        add(section, len(WORD.findall(node.astext())), in_proof)
    elif isinstance(node, nodes.math):
        add(section, FORMULA, in_proof)
    elif isinstance(node, nodes.math_block):
        add(section, ROW * rows(node.astext()), in_proof)
    elif isinstance(node, nodes.literal_block):
        lines = [line for line in node.astext().splitlines() if line.strip()]
        add(section, CODE_LINE * len(lines), in_proof)
    elif is_cell(node):
        for part in node.children:
            shown = not HIDDEN.intersection(node["classes"])
            if shown and "cell_input" in part.get("classes", ()):
                count(part, section, in_proof)
            pictures = sum(1 for _ in part.findall(nodes.figure))
            add(section, PICTURE * pictures, in_proof)
    else:
        if isinstance(node, nodes.figure | nodes.image):
            add(section, PICTURE if isinstance(node, nodes.figure) else 0, in_proof)
        if isinstance(node, nodes.Element) and node.get("label") and "realtype" in node:
            section.results.append(node["label"])
        for child in node.children:
            count(child, section, in_proof or isinstance(node, proof_node))


def is_of_an_exercise(node: nodes.Node) -> bool:
    """A hint or a check, which say what exercise they belong to."""
    return isinstance(node, nodes.Element) and "exercise" in node


def add(section: Section, words: int, in_proof: bool) -> None:
    if in_proof:
        section.proofs += words
    else:
        section.text += words


def is_cell(node: nodes.Node) -> bool:
    """A cell of code with its input and its output, as MyST-NB leaves it."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def rows(tex: str) -> int:
    r"""The rows of a displayed formula.

    >>> rows(r"x &= 1 \\ y &= 2 \\[2pt] z &= 3"), rows("x = 1")
    (3, 1)
    """
    return len(re.split(r"\\\\(?:\[[^\]]*\])?", tex.strip().removesuffix("\\\\")))


def seconds(sections: Iterator[Section] | list[Section], with_proofs: bool = True) -> float:
    """The time to read the sections."""
    parts = list(sections)
    time = 60 * sum(part.text for part in parts) / PACE
    return time + (60 * sum(part.proofs for part in parts) / PROOF_PACE if with_proofs else 0)


def minutes(time: float) -> int:
    """Whole minutes, at least one: a section of three lines takes its reader a minute too.

    >>> minutes(20), minutes(100), minutes(151)
    (1, 2, 3)
    """
    return max(1, math.floor(time / 60 + 0.5))


def said(number: int) -> str:
    """Minutes as a reader says them.

    >>> [said(n) for n in (7, 60, 135)]
    ['7 min', '1 h', '2 h 15 min']
    """
    hours, rest = divmod(number, 60)
    parts = {"h": hours, "min": rest}
    return " ".join(f"{number} {unit}" for unit, number in parts.items() if number)
