"""What a student receives: a notebook without solutions, the package, and how to begin.

A problem has its text, its hints folded, a cell to answer in, the self-check, and a cell for
reasons where points are given for them. The cells with points are those of nbgrader, which finds
them again by their names.
"""

import io
import zipfile
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from .problems import Problem, ProblemSet

BEFORE = (
    "# Problem {number}. Work here, in as many lines and cells as you like.\n"
    "# Your answer, in place of the dots: {asked}."
)
REASONS = (
    "*Problem {number}, {points}: your argument, in place of this line. "
    "Formulas stand between dollars.*"
)
README = """\
{title}

1. Unpack this folder, and open {name}.ipynb in Jupyter (pip install jupyterlab; jupyter lab).
   Have the book open beside it: a problem uses the symbols and the results of its chapter.
2. Run its first cell. It installs the book's package, which lies beside the notebook, with numpy
   and scipy, which it needs, and matplotlib and sympy, which you may. After that no network is
   needed.
3. Answer in the cells that are there; add as many of your own as you like. A check says at once
   whether an answer is right. Hand in as often as your course allows; nobody counts your tries.
4. Before you hand in: restart the kernel and run all cells, for that is how it is marked. A cell
   may take half a minute.
5. Hand in the one file {name}.ipynb, under this name.
"""


def notebook(problems: ProblemSet, macros: str, wheel: str) -> NotebookNode:
    """The notebook of a set; the same set gives the same notebook."""
    cells = [
        new_markdown_cell(head(problems, macros)),
        new_code_cell(f"%pip install --quiet ./{wheel} matplotlib sympy"),
        new_code_cell("from randomfeatures.exercises import check"),
    ]
    for problem in problems.problems:
        cells += problem_cells(problem)
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def head(problems: ProblemSet, macros: str) -> str:
    return (
        f"# {problems.title}\n\n"
        f"{len(problems.problems)} problems, {counted(problems.points, 'point')}, about "
        f"{problems.minutes} minutes for who has read the chapters. From *Random Features: Power "
        "and Limits*; symbols, numbers of theorems, and words such as *above* are those of the "
        "chapter that a problem names.\n\n"
        "Put each answer in the place of the dots. It may be a number, a fraction, a formula of "
        f"sympy, and where a function is asked any function.\n\n${macros}$"
    )


def problem_cells(problem: Problem) -> list[NotebookNode]:
    label, text = problem.label, problem.text
    name = f"{problem.number}-{label}"
    cells = [new_markdown_cell(statement(problem))]
    if text["hints"]:
        cells.append(new_markdown_cell("\n".join(hints(text["hints"]))))
    if problem.automatic:
        asked = f"**The check asks for** {lowered(text['check'])}"
        before = BEFORE.format(number=problem.number, asked=problem.asked)
        cells += [
            new_markdown_cell(asked),
            graded(new_code_cell(f"{before}\n{problem.dots()}"), f"{name}-answer", None),
            graded(
                new_code_cell(f'check("{label}", {problem.answer})'),
                f"{name}-check",
                problem.automatic,
                solution=False,
            ),
        ]
    if problem.by_hand:
        said = REASONS.format(number=problem.number, points=counted(problem.by_hand, "point"))
        cells.append(graded(new_markdown_cell(said), f"{name}-reasons", problem.by_hand))
    return cells


def statement(problem: Problem) -> str:
    text = problem.text
    title = f": {text['title']}" if text["title"] else ""
    where = f"[{text['chapter']}]({text['url']})" if text["url"] else f"*{text['chapter']}*"
    minutes = [f"{text['minutes']} minutes"] if text["minutes"] else []
    kind = [f"kind: {text['kind']}"] if text["kind"] else []
    facts = ", ".join([f"{text['number']} of {where}", *kind, *minutes])
    return (
        f"## Problem {problem.number}{title} ({counted(problem.points, 'point')})\n\n"
        f"{facts}\n\n{text['statement']}"
    )


def hints(texts: list[str]) -> list[str]:
    """Each folded under its number."""
    names = [f"Hint {number}" for number in range(1, len(texts) + 1)]
    pairs = zip(names if len(texts) > 1 else ["Hint"], texts, strict=True)
    return [f"<details><summary>{name}</summary>\n\n{text}\n\n</details>\n" for name, text in pairs]


def lowered(text: str) -> str:
    """A sentence that goes on after other words.

    >>> lowered("Two numbers."), lowered("$C$, the constant.")
    ('two numbers.', '$C$, the constant.')
    """
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def graded(
    cell: NotebookNode, name: str, points: int | None, solution: bool = True
) -> NotebookNode:
    """A cell as nbgrader knows it: to be filled in, or locked; with points or without."""
    facts: dict[str, Any] = {
        "grade": points is not None,
        "grade_id": name,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        facts["points"] = points
    cell.metadata["nbgrader"] = facts
    return cell


# The file.


def packed(name: str, title: str, released: NotebookNode, wheel: Path) -> bytes:
    """The zip of a set; the same files give the same bytes."""
    files = {
        f"{name}.ipynb": nbformat.writes(released).encode(),
        "README.txt": README.format(title=title, name=name).encode(),
        wheel.name: wheel.read_bytes(),
    }
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(f"{name}/{file}"), data, zipfile.ZIP_DEFLATED)
    return whole.getvalue()
