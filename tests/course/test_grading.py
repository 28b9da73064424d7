"""The whole round of a problem set: release, submit, autograde, mark by hand, feedback, table.

Five students hand in: right, half right, wrong, empty, malicious. What the grader gives each is
compared with what one reckons by hand from the set: 2 points for the two numbers of problem 1, 3 by
hand for problem 2, 4 by the check and 4 by hand for problem 3, 4 by the check for problem 4.
"""

import csv
import os
import subprocess
import sys
import warnings
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("nbgrader", reason="the grader is not installed: pip install -e '.[course]'")
from course import build
from course.grader import grader, say
from course_texts import MACROS, WORDS, ps1

ROOT = Path(__file__).parents[2]
RIGHT = {
    "1-ex-copies-answer": "answer_1 = 1 / 3, 1",
    "2-ex-maurey-reasons": "Draw neurons at random.",
    "3-ex-not-invariant-answer": "def answer_3(d, r):\n    return 1 - (1 - 1 / d) ** r",
    "3-ex-not-invariant-reasons": "See the axes.",
    "4-ex-antithetic-answer": "answer_4 = lambda C, r: (C**2 / 4 - 1) / (r // 2)",
}
HALF = {
    **RIGHT,
    "1-ex-copies-answer": "answer_1 = [1 / 3, 9]",
    "3-ex-not-invariant-answer": "answer_3 = lambda d, r: 1 - (1 - 1 / d) ** r if d < 6 else 0",
    "3-ex-not-invariant-reasons": "",
}
WRONG = {
    "1-ex-copies-answer": "answer_1 = 1 / 9, 9",
    "3-ex-not-invariant-answer": "answer_3 = 'nothing'\nimport no_such_package",
    "4-ex-antithetic-answer": "answer_4 = lambda C, r: (C**2 / 2 - 1) / r",
}
SPY = """
import os, subprocess, sys
for place in {places}:
    try:
        print(os.listdir(place) if os.path.isdir(place) else open(place).read(2000))
    except (OSError, ValueError) as error:
        print("no:", getattr(error, "strerror", "not text"))
try:
    print(subprocess.run(["cat", {places}[0]], capture_output=True, text=True).stdout)
except OSError as error:
    print("no:", error.strerror)
from randomfeatures import exercises
from randomfeatures.exercises import checking
class Right:
    right, message, parts = True, "Right.", (True, True)
checking.check = checking.judged = exercises.check = check = lambda *_: Right()
checking.components = lambda *_: [__import__("fractions").Fraction(1)] * 2
print("100.0")
100.0
"""
MALICIOUS = {
    "1-ex-copies-check": "100",
    "2-ex-maurey-reasons": (
        "<script>alert('full points')</script> $a<b$ [here](javascript:alert(1)) [there][x]\n\n"
        "[x]: javascript:alert(2)"
    ),
    "3-ex-not-invariant-answer": "while True:\n    print('x' * 10**6)",
    "4-ex-antithetic-answer": (
        "answer_4 = lambda C, r: (C**2 / 4 - 1) / (r // 2)\n"
        "import signal\n"
        "for name in ('SIGPROF', 'SIGALRM', 'SIGXCPU'):\n"
        "    signal.signal(getattr(signal, name), signal.SIG_IGN)\n"
        "while True: pass"
    ),
}


def submission(folder: Path, edits: dict[str, str], attack: bool = False) -> nbformat.NotebookNode:
    made = nbformat.read(folder / "release" / "ps1" / "ps1.ipynb", as_version=4)
    for cell in made.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = edits.get(name, cell.source)
        if attack and name == "1-ex-copies-check":
            cell.metadata["nbgrader"]["points"] = 100
            cell.metadata["nbgrader"]["locked"] = False
    if attack:
        gone = "4-ex-antithetic-check"
        made.cells = [
            c for c in made.cells if c.metadata.get("nbgrader", {}).get("grade_id") != gone
        ]
    return made


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The course after the round, as its lecturer has it."""
    folder = tmp_path_factory.mktemp("lecturer") / "course"
    build.write_course(folder, [ps1()], MACROS, "package-1.whl")
    settings = folder / "nbgrader_config.py"
    text = settings.read_text(encoding="utf-8")
    text = text.replace("c.Judge.seconds = 30", "c.Judge.seconds = 1")
    text = text.replace("c.Judge.total = 300", "c.Judge.total = 5")
    settings.write_text(text, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader's libraries'
        build.release(folder, [ps1()])
        round_of(folder)
    return folder


def round_of(folder: Path) -> None:
    archive = folder / "downloaded" / "ps1" / "archive"
    archive.mkdir(parents=True)
    secret = folder.parent / "solution.md"
    secret.write_text(WORDS, encoding="utf-8")
    places = [secret, folder, folder / "gradebook.db", archive, ROOT / "answers" / "README.md"]
    spy = {"1-ex-copies-answer": SPY.replace("{places}", repr([str(place) for place in places]))}
    for student, edits, attack in (
        ("right", RIGHT, False),
        ("half", HALF, False),
        ("wrong", WRONG, False),
        ("empty", {}, False),
        ("malicious", {**MALICIOUS, **spy}, True),
    ):
        nbformat.write(submission(folder, edits, attack), archive / f"{student}_ps1.ipynb")
    command = [sys.executable, "-m", "nbgrader", "zip_collect", "ps1", "--log-level=ERROR"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    subprocess.run(command, cwd=folder, env=environment, check=True)
    api = grader(folder)
    for student in ("right", "half", "wrong", "empty", "malicious"):
        assert say(api.autograde("ps1", student)) == ""
    mark(folder, "right", {"2-ex-maurey-reasons": 3, "3-ex-not-invariant-reasons": 4})
    mark(folder, "half", {"2-ex-maurey-reasons": 1.5})
    assert say(api.generate_feedback("ps1")) == ""
    from grading.table import ByProblem
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        ByProblem(to=str(folder / "points.csv")).export(book)


def mark(folder: Path, student: str, points: dict[str, float]) -> None:
    """What a lecturer does in nbgrader's form."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        for name, worth in points.items():
            grade = book.find_grade(name, "ps1", "ps1", student)
            grade.manual_score, grade.needs_manual_grade = worth, False
        book.db.commit()


def line(course: Path, student: str) -> list[float]:
    """Points of the four problems, the sum, and how many answers are left to mark by hand."""
    with open(course / "points.csv", encoding="utf-8", newline="") as file:
        (row,) = [row for row in csv.DictReader(file) if row["student"] == student]
    assert (row["set"], float(row["of"])) == ("ps1", 17)
    names = [*(f"problem {n}" for n in (1, 2, 3, 4)), "points", "to mark by hand"]
    return [float(row[name]) for name in names]


def shown(course: Path, student: str) -> dict[str, str]:
    """What stands below each cell after the grading, by the cell's name or its first line."""
    path = course / "autograded" / student / "ps1" / "ps1.ipynb"
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    return {
        c.metadata.get("nbgrader", {}).get("grade_id", c.source): "\n".join(
            out.get("text", "") + out.get("evalue", "") for out in c.outputs
        )
        for c in cells
    }


def test_right_has_all_points(course):
    assert line(course, "right") == [2, 3, 4 + 4, 4, 17, 0]


def test_half_right_has_what_is_right(course):
    # One of two numbers: 1. The proof: 1.5 by hand. A function that is right at some points: 0, and
    # an empty text beside it still to be marked. The last: 4.
    assert line(course, "half") == [1, 1.5, 0, 4, 6.5, 1]
    said = shown(course, "half")
    assert said["1-ex-copies-check"].startswith("Not right. Second: ")
    assert "Right: at d = " in said["3-ex-not-invariant-check"]


def test_wrong_has_nothing_and_is_told_why(course):
    assert line(course, "wrong") == [0, 0, 0, 0, 0, 0]
    said = shown(course, "wrong")
    assert said["1-ex-copies-check"].startswith("Not right. ")
    assert "'nothing' is no function" in said["3-ex-not-invariant-check"]
    assert (
        "The cell before this one ended with ModuleNotFoundError."
        in (said["3-ex-not-invariant-check"])
    )
    assert said["4-ex-antithetic-check"].strip() == (
        "Not right. That is the error of independent weights."
    )


def test_empty_has_nothing_and_nothing_is_left_to_mark(course):
    assert line(course, "empty") == [0, 0, 0, 0, 0, 0]
    checks = {name: said for name, said in shown(course, "empty").items() if "check" in name}
    assert sum("there is no answer yet" in said for said in checks.values()) == 3


def test_malicious_has_nothing_whatever_it_prints(course):
    assert line(course, "malicious") == [0, 0, 0, 0, 0, 1]  # its text is to be marked by hand
    said = shown(course, "malicious")
    assert "100.0" in said["1-ex-copies-answer"]  # it ran, and printed full points
    assert "this cell printed more than" in said["3-ex-not-invariant-answer"]
    assert len(said["3-ex-not-invariant-answer"]) < 50_000
    assert "stopped before this cell" in said["4-ex-antithetic-check"]


def test_malicious_reads_nothing_of_the_course(course):
    said = shown(course, "malicious")["1-ex-copies-answer"]
    assert "no: " in said
    if sys.platform != "linux" or unfenced():
        pytest.skip("this system has no fence for a process: Linux has one from 5.13 on")
    assert said.count("no: Permission denied") == 6
    assert WORDS not in said and "ps1.ipynb" not in said


def unfenced() -> str:
    program = "import fence, pathlib; print(fence.enclose([], pathlib.Path('/tmp')))"
    folder = ROOT / "workshop" / "course" / "grading"
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=True)
    return run.stdout.strip()


def test_each_student_is_told_points_and_verdicts(course):
    pages = {
        student: (course / "feedback" / student / "ps1" / "ps1.html").read_text(encoding="utf-8")
        for student in ("right", "half", "wrong", "empty", "malicious")
    }
    assert "(Score: 17.0 / 17.0)" in pages["right"] and "(Score: 6.5 / 17.0)" in pages["half"]
    assert "No response." in pages["empty"] and "Not right. " in pages["wrong"]
    assert "full points" in pages["malicious"] and "<script>alert(" not in pages["malicious"]
    assert 'href="javascript' not in pages["malicious"] and "$a&lt; b$" in pages["malicious"]
    assert all("<summary>Hint 1</summary>" in page for page in pages.values())
    assert all(WORDS not in page for student, page in pages.items() if student != "malicious")


def test_the_lecturers_grader_needs_no_solution(course):
    """There is nothing in the grader's folder that a submission could read."""
    # what the spy has read and printed is the matter of its own test
    files = [path for path in course.rglob("*") if path.is_file() and "malicious" not in path.parts]
    assert len(files) > 20
    assert [path for path in files if WORDS.encode() in path.read_bytes()] == []
