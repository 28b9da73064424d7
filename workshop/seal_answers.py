"""Make src/randomfeatures/data/exercises.json of the authors' table in answers/.

`python workshop/seal_answers.py` writes it; with `--check` it says whether it is up to date. The
same table gives the same file. See answers/README.md.

To seal an answer takes a moment by intention, and all of them half a minute. So answers/sealed.json
keeps for each exercise a hash of its line together with all that the line was made of, and a line
that has this hash is not made again; `--all` makes every one again.
"""

import argparse
import functools
import hashlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ANSWERS, DATA = ROOT / "answers", ROOT / "src" / "randomfeatures" / "data" / "exercises.json"
RECORD = ANSWERS / "sealed.json"
sys.path[:0] = [str(ANSWERS), str(ROOT / "src")]

from asking import Question, values  # noqa: E402

from randomfeatures.exercises.reading import number_of, rounded  # noqa: E402
from randomfeatures.exercises.sealing import sealed, stretched, tag  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; 1 if it is out of date"
    )
    parser.add_argument("--all", action="store_true", help="seal every answer anew")
    asked = parser.parse_args()
    lines = sealed_lines(table(), {} if asked.all else kept())
    texts = {DATA: in_braces(lines), RECORD: as_record(table(), lines)}
    if asked.check:
        fresh = all(path.is_file() and read(path) == text for path, text in texts.items())
        print("up to date" if fresh else "out of date: run python workshop/seal_answers.py")
        return int(not fresh)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    print(f"{DATA.relative_to(ROOT)}: {len(lines)} exercises with a check")
    return 0


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@functools.cache  # the answers are computed, which takes seconds
def table(folder: Path = ANSWERS) -> list[Question]:
    """The questions of all chapters."""
    found = []
    for path in sorted(folder.glob("*/*.py")):
        name = f"answers_{path.parent.name}_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found += module.QUESTIONS
    labels = [question.label for question in found]
    if twice := {label for label in labels if labels.count(label) > 1}:
        raise ValueError(f"two questions for {', '.join(sorted(twice))}")
    return found


def sealed_lines(questions: list[Question], kept: dict[str, tuple[str, str]]) -> list[str]:
    """The lines of the data file, one for each exercise, in the order of the labels.

    One that is ``kept``, with the hash of what it was made of, is taken as it is.
    """
    lines = []
    for question in sorted(questions, key=lambda question: question.label):
        line, made_of = kept.get(question.label, ("", ""))
        fresh = made_of == fingerprint(question, line)
        lines.append(line if fresh else json.dumps({question.label: shut(question)})[1:-1])
    return lines


def kept() -> dict[str, tuple[str, str]]:
    """The lines of the data file with their hashes, by the label of the exercise."""
    if not DATA.is_file() or not RECORD.is_file():
        return {}
    record = json.loads(read(RECORD))
    lines = {json.loads(line.split(": ")[0]): line for line in inside(read(DATA))}
    return {label: (line, record.get(label, "")) for label, line in lines.items()}


def as_record(questions: list[Question], lines: list[str]) -> str:
    ordered = sorted(questions, key=lambda question: question.label)
    pairs = zip(ordered, lines, strict=True)
    return in_braces(
        [
            json.dumps({question.label: fingerprint(question, line)})[1:-1]
            for question, line in pairs
        ]
    )


def in_braces(lines: list[str]) -> str:
    """A file of JSON with these lines.

    >>> inside(in_braces(['"a": 1', '"b": 2']))
    ['"a": 1', '"b": 2']
    """
    return "{\n" + ",\n".join(lines) + "\n}\n"


def inside(text: str) -> list[str]:
    return [line.removesuffix(",") for line in text.splitlines()[1:-1]]


def fingerprint(question: Question, line: str) -> str:
    """Hash of the line of a question with all that it is made of: the answers before they are
    sealed, and how a line is sealed.
    """
    answers = [] if question.judge else [(question.right, question.remark)]
    answers += [] if question.judge else [(answer, said) for said, answer in question.wrong.items()]
    parts = {
        "line": line,
        "method": method(),
        "question": [question.label, question.form, question.judge, question.asked],
        "digits": question.digits,
        "at": list(question.at),
        "answers": [(numbers(question, answer), said) for answer, said in answers],
    }
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@functools.cache
def method() -> str:
    """How a line is sealed, by an example: another hash, or another number of rounds, shows."""
    example = Question("ex-any", right=(1, 0.25), wrong={"Not that.": (None, 2)}, remark="That.")
    return json.dumps(shut(example))


def shut(question: Question) -> dict[str, Any]:
    """What a student receives of a question."""
    form = question.form
    if form == "counterexample":
        return {"form": form, "judge": question.judge, "asked": question.asked}
    return {
        "form": form,
        "digits": question.digits,
        **({"at": list(question.at)} if question.at else {}),
        "right": entry(question, question.right, question.remark),
        "wrong": [entry(question, answer, said) for said, answer in question.wrong.items()],
    }


def entry(question: Question, answer: Any, said: str) -> dict[str, Any]:
    keys = [
        value if value is None else stretched(question.label, n, value)
        for n, value in enumerate(numbers(question, answer))
    ]
    known = [key for key in keys if key is not None]
    return {"tags": [key and tag(key) for key in keys], "text": sealed(said, known)}


def numbers(question: Question, answer: Any) -> list[str | None]:
    """The numbers of an answer as they are sealed; None is any number."""
    return [
        value if value is None else rounded(number_of(value), question.digits)
        for value in values(question, answer)
    ]


if __name__ == "__main__":
    sys.exit(main())
