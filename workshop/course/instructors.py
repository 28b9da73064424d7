"""What an instructor receives: each set with its solutions open, and the marking scheme.

The solutions are those of the book, text and code with what the code printed when the book was
built. The common mistakes are the wrong answers to which the self-check has a sentence, from the
authors' table of answers.
"""

from collections.abc import Callable
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from seal_answers import Question, values

from randomfeatures.exercises.reading import number_of

from .problems import AUTOMATIC, IN_WORDS, MINUTES_FOR_A_POINT, Problem, ProblemSet, minutes_of
from .students import counted, hints, statement

Outputs = Callable[[str, int], list[NotebookNode]]
"""What a cell has shown, by its page and its place among the page's cells."""

RULE = (
    f"One point for each {MINUTES_FOR_A_POINT} minutes. Where a self-check can judge the "
    "answer, it gives "
    + ", ".join(f"{IN_WORDS[share]} for *{kind}*" for kind, share in AUTOMATIC.items())
    + ", rounded up; of several numbers asked each counts the same. The others are given by hand."
)


def notebook(
    problems: ProblemSet, macros: str, answers: dict[str, Question], outputs: Outputs
) -> NotebookNode:
    """The notebook of a set with its solutions."""
    head = f"# {problems.title}: the instructor's edition\n\n{table(problems)}\n\n${macros}$"
    cells = [new_markdown_cell(head)]
    for problem in problems.problems:
        cells += [new_markdown_cell(statement(problem))]
        if problem.text["hints"]:
            cells.append(new_markdown_cell("\n".join(hints(problem.text["hints"]))))
        cells.append(new_markdown_cell("**Solution.**"))
        for part in problem.text["solution"]:
            if "text" in part:
                cells.append(new_markdown_cell(part["text"]))
            else:
                shown = outputs(problem.text["page"], part["cell"])
                cells.append(new_code_cell(part["code"], outputs=shown))
        cells.append(new_markdown_cell("\n\n".join(marking(problem, answers))))
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def scheme(problems: list[ProblemSet], answers: dict[str, Question]) -> str:
    """The marking scheme of all sets, on one page."""
    parts = ["# The marking scheme", RULE]
    for one in problems:
        parts += [f"## {one.name}: {one.title}", table(one)]
        for problem in one.problems:
            text = problem.text
            title = f": {text['title']}" if text["title"] else ""
            parts += [f"### Problem {problem.number}{title}", *marking(problem, answers)]
    return "\n\n".join(parts) + "\n"


def table(problems: ProblemSet) -> str:
    """Points and minutes of each problem, and their sums."""
    rows = [
        (
            f"{problem.number} `{problem.label}`",
            problem.text["kind"] or "–",
            str(problem.text["minutes"] or f"({minutes_of(problem.text)})"),
            str(problem.points),
            str(problem.automatic),
            str(problem.by_hand),
        )
        for problem in problems.problems
    ]
    automatic = sum(problem.automatic for problem in problems.problems)
    sums = ("sum", "", problems.minutes, problems.points, automatic, problems.points - automatic)
    head = ("problem", "kind", "minutes", "points", "by the check", "by hand")
    lines = [head, ("---",) * len(head), *rows, tuple(map(str, sums))]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def marking(problem: Problem, answers: dict[str, Question]) -> list[str]:
    """Points, the right answer and the common mistakes of a problem, as paragraphs."""
    found = [f"**Points: {problem.points}** ({of_which(problem)})"]
    if steps := problem.marking():
        found.append("By hand:\n\n" + "\n".join(f"- {step}" for step in steps))
    question = answers.get(problem.label)
    if question:
        found.append(f"The check knows as right: {shown(question, question.right)}")
        if question.wrong:
            said = [f"- {shown(question, answer)}: {why}" for why, answer in question.wrong.items()]
            found.append("Common mistakes, and what the check says to them:\n\n" + "\n".join(said))
    return found


def of_which(problem: Problem) -> str:
    if not problem.automatic:
        return "all by hand"
    if not problem.by_hand:
        return "all by the check"
    return f"{counted(problem.automatic, 'point')} by the check, {problem.by_hand} by hand"


def shown(question: Question, answer: Any) -> str:
    """An answer of the authors' table, in a line."""
    if question.judge:
        return f"`{answer}`"
    written = [
        "any number" if value is None else decimal(value, question.digits)
        for value in values(question, answer)
    ]
    if not question.at:
        return ", ".join(written)
    places = [", ".join(f"{name} = {value:g}" for name, value in at.items()) for at in question.at]
    pairs = zip(written, places, strict=True)
    return "; ".join(f"{value} at {place}" for value, place in pairs)


def decimal(value: Any, digits: int) -> str:
    """A number to the digits that are asked.

    >>> decimal(1 / 3, 6), decimal(12, 0)
    ('0.333333', '12')
    """
    number = number_of(value)
    return f"{float(number):.{digits}g}" if digits else str(round(number))
