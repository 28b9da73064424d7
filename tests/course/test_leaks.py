"""No line of a solution, and nothing of the authors' answers, stands in a student's file.

The sieve is tried with planted leaks; then it goes over all that `make course` makes of the book.
"""

import io
import json
import zipfile
from pathlib import Path

import nbformat
import pytest
from course import build
from course.leaks import Sieve, leaks, lines, solutions_and_rest, solutions_as_read
from course.problems import chapter_sets, problem_sets, read_texts
from course.students import notebook, packed
from course_texts import MACROS, TEXTS, WORDS, ps1
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

SIEVE = Sieve(solutions_as_read(TEXTS.values()))
LINE = "secret_copies = 'the line of code of a solution'"


def student(tmp_path: Path, plant=lambda made: None) -> bytes:
    made = notebook(ps1(), MACROS, "package-1.whl")
    plant(made)
    wheel = tmp_path / "package-1.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("package/module.py", "x = 1\n")
    return packed("ps1", "A first set", made, wheel)


def test_a_clean_set_has_no_leak(tmp_path):
    assert leaks("ps1.zip", student(tmp_path), SIEVE) == []


@pytest.mark.parametrize(
    "plant",
    [
        lambda made: made.cells.append(new_markdown_cell(f"> * A solution of ex-maurey, {WORDS}.")),
        lambda made: made.cells.append(new_markdown_cell(WORDS.replace(" ", "\n"))),
        lambda made: made.cells.append(new_code_cell(f"if 1:\n    # {LINE}")),
        lambda made: made.cells[0].metadata.update({"author": {"notes": [f"{LINE}\n"]}}),
        lambda made: made.metadata.update({f"key: {WORDS}": 1}),
        lambda made: made.cells.append(
            new_code_cell("1", outputs=[new_output("stream", text=f"x\n{LINE}\n")])
        ),
    ],
    ids=["quoted", "broken into lines", "commented", "metadata", "key", "output"],
)
def test_a_planted_leak_is_found(plant, tmp_path):
    found = leaks("ps1.zip", student(tmp_path, plant), SIEVE)
    assert found and all(leak.startswith("ps1.zip: ps1/ps1.ipynb: ") for leak in found)


def test_a_leak_in_the_package_is_found(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("randomfeatures/answers.py", f"{LINE}\n")
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("ps1/package-1.whl", inner.getvalue())
    (found, *_) = leaks("ps1.zip", outer.getvalue(), SIEVE)
    assert found == f"ps1.zip: ps1/package-1.whl: randomfeatures/answers.py: {LINE}"


def test_what_stands_in_the_open_is_no_leak():
    sieve = Sieve(["import numpy as np\nresult = secret(numbers)"], ["import numpy as np"])
    assert sieve.found("import numpy as np") == []
    assert sieve.found("  result = secret(numbers)") == ["result = secret(numbers)"]


def test_a_chapter_is_taken_apart():
    source = (
        "Open text.\n```{solution} ex-a\nSecret text.\n```\n\n```{code-cell} ipython3\nsecret()\n"
        "```\n\nOpen again.\n```{code-cell} ipython3\nopen()\n```\n"
    )
    secret, rest = solutions_and_rest(source)
    assert "Secret text." in secret and "secret()" in secret
    assert "Open text." in rest and "Open again." in rest and "open()" in rest
    assert "ecret" not in rest


# The book's own.


@pytest.fixture(scope="module")
def book():
    if not build.TEXTS.is_file():
        pytest.skip("the book is not built: make book")
    return read_texts(build.TEXTS)


@pytest.fixture(scope="module")
def sieve(book):
    return build.the_sieve(book[1].values())


def test_the_sieve_knows_every_solution_of_the_book_and_every_file_of_answers(book, sieve):
    for label, text in book[1].items():
        whole = "\n".join(solutions_as_read([text]))
        assert sieve.found(whole), label
    for path in sorted(build.ANSWERS.glob("*/*.py")):
        assert sieve.found(path.read_text(encoding="utf-8")), path.name


def test_no_problem_set_of_the_book_has_a_line_of_a_solution(book, sieve, tmp_path):
    macros, texts = book
    wheel = tmp_path / "package-1.whl"
    wheel.write_bytes(b"")
    sets = [*problem_sets(texts), *chapter_sets(texts)]
    found = [
        leak
        for one in sets
        for leak in leaks(
            f"{one.name}.zip",
            packed(one.name, one.title, notebook(one, macros, wheel.name), wheel),
            sieve,
        )
    ]
    assert len(sets) > 20 and found == []


def repeated(texts: dict) -> list[str]:
    """The lines of solutions and answers that an author has put where students read."""
    secret = Sieve(
        [
            *solutions_as_read(texts.values()),
            *(path.read_text(encoding="utf-8") for path in build.ANSWERS.rglob("*.py")),
        ]
    ).lines
    return [
        f"{label}: {line}"
        for label, text in texts.items()
        for part in (text["statement"], text["check"], *text["hints"])
        for line in lines(part)
        if line in secret
    ]


def test_no_statement_check_or_hint_repeats_a_line_of_a_solution(book):
    assert repeated(book[1]) == []
    assert repeated(TEXTS) == []
    careless = TEXTS["ex-maurey"] | {"hints": [TEXTS["ex-copies"]["solution"][0]["text"]]}
    found = repeated({**TEXTS, "ex-maurey": careless})
    assert found == [f"ex-maurey: A solution of ex-copies, {WORDS}."]


def test_the_package_that_is_handed_out_has_no_line_of_a_solution(book, sieve):
    for path in sorted((build.ROOT / "src").rglob("*")):
        if path.suffix == ".json":
            strings = "\n".join(str(value) for value in json.loads(path.read_text("utf-8")))
            assert sieve.found(strings) == []
        if path.name == "exercises.json":
            assert leaks(path.name, path.read_bytes(), sieve) == []


def test_a_leak_of_the_book_would_be_found(book, sieve, tmp_path):
    macros, texts = book
    one = problem_sets(texts)[0]
    made = notebook(one, macros, "package-1.whl")
    solution = one.problems[1].text["solution"][0]["text"]
    made.cells.append(new_markdown_cell(solution.replace("\n", " ")))
    assert leaks("ps1.ipynb", nbformat.writes(made).encode(), sieve)
