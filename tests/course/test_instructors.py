"""The instructor's edition: solutions, points that add up, and the common mistakes."""

import nbformat
import pytest
from course.instructors import notebook, scheme, table
from course_texts import MACROS, TEXTS, WORDS, ps1
from nbformat.v4 import new_output
from seal_answers import table as answers_table


@pytest.fixture(scope="module")
def answers():
    return {question.label: question for question in answers_table()}


def printed(page: str, place: int) -> list:
    return [new_output("stream", text=f"cell {place} of {page}\n")]


def test_it_has_all_solutions_with_what_their_code_printed(answers):
    made = notebook(ps1(), MACROS, answers, printed)
    nbformat.validate(made)
    whole = "\n".join(cell.source for cell in made.cells)
    assert whole.count(WORDS) == len(TEXTS) == whole.count("'the line of code of a solution'")
    shown = [cell.outputs for cell in made.cells if cell.cell_type == "code"]
    assert shown == [printed("power/one", 0)] * 4


def test_the_scheme_has_points_that_add_up_answers_and_mistakes(answers):
    text = scheme([ps1()], answers)
    rows = [line.split("|") for line in table(ps1()).splitlines()[2:]]
    numbers = [[int(row[column]) for row in rows] for column in (4, 5, 6)]
    for column in numbers:
        assert sum(column[:-1]) == column[-1]
    assert [column[-1] for column in numbers] == [17, 10, 7]
    assert "The check knows as right: 0.333333, 1\n" in text
    for why in answers["ex-copies"].wrong:
        assert why in text
    assert "(4 points by the check, 4 by hand)" in text and "(all by hand)" in text
    assert "One point for each 5 minutes" in text
