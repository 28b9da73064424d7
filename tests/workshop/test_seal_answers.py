"""The authors' table of answers: it makes the data file, and no word of it reaches a student."""

import dataclasses
import importlib
import json
import re
import sys
from fractions import Fraction
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "answers"))

import seal_answers  # noqa: E402
from asking import Question, values  # noqa: E402

from randomfeatures.exercises import sealing  # noqa: E402
from randomfeatures.exercises.reading import number_of, rounded  # noqa: E402

TABLE = seal_answers.table()
DATA = json.loads(seal_answers.DATA.read_text(encoding="utf-8"))
NUMBERED = [question for question in TABLE if question.form != "counterexample"]
SITE = ROOT / "_build" / "html"


def pages() -> str:
    return "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "book").glob("*/*.md"))


def lines() -> list[str]:
    return seal_answers.inside(seal_answers.read(seal_answers.DATA))


def test_the_data_file_is_that_of_the_table():
    """A line that has the hash of what it was made of is not made again."""
    made = seal_answers.sealed_lines(TABLE, seal_answers.kept())
    assert made == lines(), "run python workshop/seal_answers.py"
    record = seal_answers.as_record(TABLE, made)
    assert record == seal_answers.read(seal_answers.RECORD), "run python workshop/seal_answers.py"


def test_some_lines_made_again_are_the_same():
    """One question in twenty, so that a kept hash is not all that there is."""
    some = sorted(TABLE, key=lambda question: question.label)[::20]
    assert len(some) > 5
    assert set(seal_answers.sealed_lines(some, {})) < set(lines())


def test_every_question_has_its_check_in_the_book_and_the_other_way_round():
    text = pages()
    checks = re.findall(r"^```\{check\} (\S+)$", text, flags=re.M)
    assert sorted(checks) == sorted(question.label for question in TABLE)
    for question in TABLE:
        assert f":label: {question.label}\n" in text


def test_a_question_stands_in_the_file_of_its_chapter():
    for path in (ROOT / "answers").glob("*/*.py"):
        chapter = ROOT / "book" / path.parent.name / f"{path.stem.replace('_', '-')}.md"
        source = path.read_text(encoding="utf-8")
        for label in re.findall(r'"(ex-[\w-]+)"', source):
            assert f":label: {label}\n" in chapter.read_text(encoding="utf-8"), (path, label)


def test_the_data_file_is_made_of_seals_and_of_what_is_asked():
    """Whatever is not on this list is no hash: so there is no place for an answer to stand."""
    for label, question in DATA.items():
        assert re.fullmatch(r"ex-[a-z0-9-]+", label)
        if question["form"] == "counterexample":
            assert set(question) == {"form", "judge", "asked"}
            continue
        assert set(question) - {"at"} == {"form", "digits", "right", "wrong"}
        assert question["form"] in {"number", "numbers", "function"}
        assert question["digits"] in range(10)
        for entry in [question["right"], *question["wrong"]]:
            assert set(entry) == {"tags", "text"}
            assert re.fullmatch(r"([0-9a-f]{256})*", entry["text"])
            for tag in entry["tags"]:
                assert tag is None or re.fullmatch(r"[0-9a-f]{32}", tag)


def test_the_points_do_not_give_the_values_away():
    for question in NUMBERED:
        for point in question.at:
            known = {rounded(number_of(value), question.digits) for value in point.values()}
            right = rounded(number_of(question.right(**point)), question.digits)
            assert right not in known, question.label


def test_a_wrong_answer_is_not_taken_for_another():
    """Each wrong answer differs from the right one, and two wrong ones from each other."""
    for question in NUMBERED:
        keys = [
            tuple(
                None if value is None else rounded(number_of(value), question.digits)
                for value in values(question, answer)
            )
            for answer in (question.right, *question.wrong.values())
        ]
        assert len(set(keys)) == len(keys), question.label


def secrets() -> list[str]:
    """What only authors have: sentences, and the first words of each file of answers."""
    found = [said for q in TABLE for said in (*q.wrong, q.remark) if said and not q.judge]
    return [*found, "Answers of book/", "class Question"]


def test_no_word_of_the_table_is_in_the_wheel(tmp_path):
    pytest.importorskip("setuptools", reason="the book's tools are not installed")
    pytest.importorskip("jupytext", reason="the book's tools are not installed")
    sys.path.append(str(ROOT / "book" / "_ext"))
    notebooks = importlib.import_module("notebooks")
    with ZipFile(tmp_path / notebooks.build_wheel(tmp_path)) as wheel:
        names = wheel.namelist()
        text = "\n".join(wheel.read(name).decode(errors="replace") for name in names)
    assert "randomfeatures/data/exercises.json" in names
    assert not [name for name in names if "answers" in name or "asking" in name]
    for secret in secrets():
        assert secret not in text, secret
    part = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "src" / "randomfeatures" / "exercises").glob("*.py")
    )
    for question in NUMBERED:
        for value in map(number_of, values(question, question.right)):
            if value.denominator != 1:  # a whole number stands anywhere by chance
                shown = f"{float(value):.4g}"
                assert len(shown) < 5 or shown not in part, question.label


@pytest.mark.skipif(not SITE.is_dir(), reason="the book is not built")
def test_no_word_of_the_table_is_in_the_site_or_its_notebooks():
    kinds = {".html", ".ipynb", ".md", ".json", ".js", ".txt", ".py"}
    sought = [(secret, {*secret.split()[1:-1]}) for secret in secrets()]
    for path in SITE.rglob("*"):
        if path.suffix in kinds and "pyodide" not in path.parts:
            text = path.read_text(encoding="utf-8", errors="replace")
            words = {*text.split()}
            for secret, inner in sought:  # a text without the inner words need not be searched
                assert not (inner <= words and secret in text), (path, secret)


def test_a_planted_answer_is_found(monkeypatch):
    """The test of the data file is able to fail."""
    planted = {"ex-a": {"form": "number", "digits": 6, "right": {"tags": ["0.5"], "text": ""}}}
    monkeypatch.setitem(globals(), "DATA", planted)
    with pytest.raises(AssertionError):
        test_the_data_file_is_made_of_seals_and_of_what_is_asked()


def test_two_questions_with_one_label_are_refused(tmp_path):
    (tmp_path / "part").mkdir()
    source = "from asking import Question\n\nQUESTIONS = [Question('ex-a', right=1)] * 2\n"
    (tmp_path / "part" / "chapter.py").write_text(source, encoding="utf-8")
    with pytest.raises(ValueError, match="two questions for ex-a"):
        seal_answers.table(tmp_path)


def test_forms():
    assert Question("ex-a", right=Fraction(1, 2)).form == "number"
    assert Question("ex-a", right=(1, 2)).form == "numbers"
    assert Question("ex-a", right=abs, at=[{"x": 1}]).form == "function"
    assert Question("ex-a", right=[], judge="j").form == "counterexample"


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A table of one question, which a test changes, and files of its own."""
    table = [Question("ex-a", right=1, wrong={"Twice.": 2}, digits=0)]
    monkeypatch.setattr(seal_answers, "table", lambda: table)
    monkeypatch.setattr(seal_answers, "DATA", tmp_path / "exercises.json")
    monkeypatch.setattr(seal_answers, "RECORD", tmp_path / "sealed.json")
    monkeypatch.setattr(seal_answers, "ROOT", tmp_path)
    return table


def test_the_command_writes_the_file_and_says_whether_it_is_up_to_date(small, monkeypatch, capsys):
    def said(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["seal_answers.py", *arguments])
        return seal_answers.main(), capsys.readouterr().out

    assert said("--check")[0] == 1
    assert said() == (0, "exercises.json: 1 exercises with a check\n")
    assert said("--check") == (0, "up to date\n")
    assert list(json.loads(seal_answers.DATA.read_text(encoding="utf-8"))) == ["ex-a"]
    made = seal_answers.read(seal_answers.DATA)
    for path in (seal_answers.DATA, seal_answers.RECORD):  # by hand, or by another program
        path.write_text(seal_answers.read(path).replace("a", "b"), encoding="utf-8")
        assert said("--check")[0] == 1
        assert said()[0] == 0 and seal_answers.read(seal_answers.DATA) == made


CHANGED = {
    "right": 3,
    "wrong": {"Two.": 2},
    "digits": 1,
    "remark": "One.",
    "judge": "j",
    "label": "ex-b",
}


@pytest.mark.parametrize("part", CHANGED)
def test_a_line_is_made_again_when_anything_of_its_question_changes(small, part):
    [line] = seal_answers.sealed_lines(small, {})
    known = {"ex-a": (line, seal_answers.fingerprint(small[0], line))}
    assert seal_answers.sealed_lines(small, known) == [line]
    changed = dataclasses.replace(small[0], **{part: CHANGED[part]})
    known["ex-b"] = known["ex-a"]
    [again] = seal_answers.sealed_lines([changed], known)
    assert again != line and again == seal_answers.sealed_lines([changed], {})[0]


def test_a_line_is_made_again_when_it_is_sealed_in_another_way(small, monkeypatch):
    [line] = seal_answers.sealed_lines(small, {})
    known = {"ex-a": (line, seal_answers.fingerprint(small[0], line))}
    seal_answers.method.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(sealing, "ROUNDS", 3)
        assert seal_answers.sealed_lines(small, known) != [line]
        seal_answers.method.cache_clear()
    assert seal_answers.sealed_lines(small, known) == [line]
