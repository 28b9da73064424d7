"""Make the students' problem sets and the instructor's edition: ``make course``.

Of what ``make book`` leaves in ``_build`` and ``.cache``, into ``_build/course``; nothing of a book
is executed. It fails if a line of a solution stands in a file for students.
"""

import shutil
import sys
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("workshop", "answers", "book/_ext", "src")]

from seal_answers import ANSWERS, table  # noqa: E402

from course import instructors, students  # noqa: E402
from course.leaks import Sieve, leaks, solutions_and_rest, solutions_as_read  # noqa: E402
from course.problems import (  # noqa: E402
    ProblemSet,
    chapter_sets,
    problem_sets,
    read_texts,
)

BUILT = ROOT / "_build"
OUT = BUILT / "course"
TEXTS = BUILT / "exercises.json"


def main() -> int:
    if not TEXTS.is_file():
        sys.exit(f"{TEXTS.relative_to(ROOT)} must exist: run `make book` first.")
    macros, texts = read_texts(TEXTS)
    sets, by_chapter = problem_sets(texts), chapter_sets(texts)
    shutil.rmtree(OUT, ignore_errors=True)
    wheel = a_wheel(OUT)
    course = OUT / "instructor" / "course"
    write_course(course, sets, macros, wheel.name)
    release(course, sets)
    write_students(OUT / "students", course, sets, by_chapter, macros, wheel)
    write_instructors(OUT / "instructor", sets, by_chapter, macros)
    wheel.unlink()
    found = check(OUT / "students", the_sieve(texts.values()))
    for one in sets:
        print(f"{one.name:<14}{len(one.problems)} problems {one.points:>4} points  {one.title}")
    where = OUT.relative_to(ROOT)
    print(f"and a set of each of {len(by_chapter)} chapters, in {where}/students and /instructor")
    for leak in found[:20]:
        print(f"A solution in a student's file: {leak}", file=sys.stderr)
    return int(bool(found))


def a_wheel(folder: Path) -> Path:
    from notebooks import build_wheel

    folder.mkdir(parents=True)
    return folder / build_wheel(folder)


# What is written.


def write_course(course: Path, sets: list[ProblemSet], macros: str, wheel: str) -> None:
    """The folder of a course, as nbgrader has it."""
    shutil.copytree(HERE / "grading", course / "grading", ignore=shutil.ignore_patterns("__py*"))
    (course / "grading" / "nbgrader_config.py").rename(course / "nbgrader_config.py")
    (course / "exchange").mkdir()  # not used; without it nbgrader complains
    for one in sets:
        place = course / "source" / one.name / f"{one.name}.ipynb"
        place.parent.mkdir(parents=True)
        nbformat.write(students.notebook(one, macros, wheel), place)


def release(course: Path, sets: list[ProblemSet]) -> None:
    """Let nbgrader release the sets, and note them in the grade book."""
    from course.grader import grader, say

    api = grader(course)
    for one in sets:
        if said := say(api.generate_assignment(one.name)):
            sys.exit(f"nbgrader could not release {one.name}:\n{said}")


def write_students(
    folder: Path,
    course: Path,
    sets: list[ProblemSet],
    by_chapter: list[ProblemSet],
    macros: str,
    wheel: Path,
) -> None:
    chapters = folder / "by-chapter"
    chapters.mkdir(parents=True)
    for one in sets:
        released = nbformat.read(course / "release" / one.name / f"{one.name}.ipynb", as_version=4)
        data = students.packed(one.name, one.title, released, wheel)
        (folder / f"{one.name}.zip").write_bytes(data)
    for one in by_chapter:
        made = students.notebook(one, macros, wheel.name)
        (chapters / f"{one.name}.zip").write_bytes(
            students.packed(one.name, one.title, made, wheel)
        )


def write_instructors(
    folder: Path, sets: list[ProblemSet], by_chapter: list[ProblemSet], macros: str
) -> None:
    answers = {question.label: question for question in table()}
    for place, some in ((folder, sets), (folder / "by-chapter", by_chapter)):
        place.mkdir(parents=True, exist_ok=True)
        for one in some:
            made = instructors.notebook(one, macros, answers, outputs)
            nbformat.write(made, place / f"{one.name}-solutions.ipynb")
        text = instructors.scheme(some, answers)
        (place / "marking-scheme.md").write_text(text, encoding="utf-8")


def outputs(page: str, place: int) -> list[NotebookNode]:
    """What a cell showed when the book was built; nothing if its outputs are not kept."""
    cells = executed(page)
    return cells[place].outputs if place < len(cells) else []


@cache
def executed(page: str) -> list[NotebookNode]:
    from chapters import BOOK, read_chapter
    from jupyter_cache import get_cache

    chapter = read_chapter(BOOK / f"{page}.md")
    if chapter is None:
        return []
    kept = get_cache(ROOT / ".cache" / "chapters")
    try:
        record = kept.match_cache_notebook(chapter)
    except KeyError:
        return []
    bundle = kept.get_cache_bundle(record.pk)
    return [cell for cell in bundle.nb.cells if cell.cell_type == "code"]


# What must not have been.


def the_sieve(texts: Collection[dict[str, Any]]) -> Sieve:
    """For all solutions of the book and all that is in ``answers/``."""
    secrets, in_the_open = list(solutions_as_read(texts)), []
    for path in sorted((ROOT / "book").rglob("*.md")):
        secret, rest = solutions_and_rest(path.read_text(encoding="utf-8"))
        secrets.append("\n".join(secret))
        in_the_open.append(rest)
    secrets += [path.read_text(encoding="utf-8") for path in sorted(ANSWERS.rglob("*.py"))]
    for question in table():
        arguments = question.at[0] if question.at else ()
        in_the_open += [question.asked, f"({', '.join(arguments)}):"]
    package = sorted((ROOT / "src").rglob("*.py"))
    in_the_open += [path.read_text(encoding="utf-8") for path in package]
    for text in texts:
        in_the_open += [text[part] for part in ("chapter", "title", "statement", "check")]
        in_the_open += text["hints"]
    return Sieve(secrets, in_the_open)


def check(folder: Path, sieve: Sieve) -> list[str]:
    """The leaks in all files for students."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [leak for path in files for leak in leaks(path.name, path.read_bytes(), sieve)]


if __name__ == "__main__":
    sys.exit(main())
