"""What a student receives."""

import io
import zipfile

import nbformat
import pytest
from course.students import notebook, packed
from course_texts import MACROS, WORDS, ps1


@pytest.fixture
def made():
    return notebook(ps1(), MACROS, "package-1.whl")


def test_a_problem_has_its_text_hints_cells_and_check(made):
    nbformat.validate(made)
    whole = "\n".join(cell.source for cell in made.cells)
    for problem in ps1().problems:
        assert problem.text["statement"] in whole
        for hint in problem.text["hints"]:
            assert f"\n\n{hint}\n\n</details>" in whole
    assert "</summary>\n\nOnly one hint." in whole and "<summary>Hint</summary>" in whole
    assert 'check("ex-copies", answer_1)' in whole
    assert "in place of the dots: a function of d and r, to 6 significant digits." in whole
    assert "answer_2" not in whole  # nothing to check there


def test_the_points_of_the_cells_are_those_of_the_set(made):
    facts = [cell.metadata["nbgrader"] for cell in made.cells if "nbgrader" in cell.metadata]
    points = {fact["grade_id"]: fact["points"] for fact in facts if fact["grade"]}
    assert points == {
        "1-ex-copies-check": 2,
        "2-ex-maurey-reasons": 3,
        "3-ex-not-invariant-check": 4,
        "3-ex-not-invariant-reasons": 4,
        "4-ex-antithetic-check": 4,
    }
    assert sum(points.values()) == ps1().points
    assert [fact["locked"] for fact in facts if fact["grade_id"].endswith("check")] == [True] * 3


def test_nothing_of_a_solution_is_in_it(made):
    text = nbformat.writes(made)
    assert WORDS not in text and "secret_" not in text
    assert all(not cell.get("outputs") for cell in made.cells)


def test_the_notebook_runs_from_top_to_bottom_before_anything_is_answered(made):
    code = [cell.source for cell in made.cells if cell.cell_type == "code"]
    assert code[0] == "%pip install --quiet ./package-1.whl matplotlib sympy"
    names: dict = {}
    for source in code[1:]:
        exec(source, names)
    for label, answer in (("ex-copies", "answer_1"), ("ex-antithetic", "answer_4")):
        verdict = names["check"](label, names[answer])
        assert not verdict and "there is no answer yet" in verdict.message


def test_the_dots_have_the_form_of_the_answer():
    dots = [problem.dots() for problem in ps1().problems if problem.automatic]
    assert dots == [
        "answer_1 = (..., ...)",
        "def answer_3(d, r):\n    return ...",
        "def answer_4(C, r):\n    return ...",
    ]


def test_the_zip_is_one_folder_and_the_same_each_time(made, tmp_path):
    wheel = tmp_path / "package-1.whl"
    wheel.write_bytes(b"wheel")
    data = packed("ps1", "A first set", made, wheel)
    assert data == packed("ps1", "A first set", notebook(ps1(), MACROS, wheel.name), wheel)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        assert names == ["ps1/README.txt", "ps1/package-1.whl", "ps1/ps1.ipynb"]
        assert "Hand in the one file ps1.ipynb" in archive.read(names[0]).decode()
        assert nbformat.reads(archive.read(names[2]).decode(), as_version=4) == made
