"""Make src/randomfeatures/data/exercises.json of the authors' table in answers/.

`python workshop/seal_answers.py` writes it; with `--check` it says whether it is up to date. The
same table gives the same file. See answers/README.md.
"""

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ANSWERS, DATA = ROOT / "answers", ROOT / "src" / "randomfeatures" / "data" / "exercises.json"
sys.path[:0] = [str(ANSWERS), str(ROOT / "src")]

from asking import Question, values  # noqa: E402

from randomfeatures.exercises.reading import number_of, rounded  # noqa: E402
from randomfeatures.exercises.sealing import sealed, stretched, tag  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; 1 if it is out of date"
    )
    asked = parser.parse_args()
    text = as_text(table())
    if asked.check:
        fresh = DATA.is_file() and DATA.read_text(encoding="utf-8") == text
        print("up to date" if fresh else "out of date: run python workshop/seal_answers.py")
        return int(not fresh)
    DATA.write_text(text, encoding="utf-8")
    print(f"{DATA.relative_to(ROOT)}: {text.count(chr(10)) - 2} exercises with a check")
    return 0


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


def as_text(questions: list[Question]) -> str:
    """The data file: one line for each exercise, in the order of the labels."""
    lines = [
        f"{json.dumps(question.label)}: {json.dumps(shut(question))}"
        for question in sorted(questions, key=lambda question: question.label)
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


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
        value
        if value is None
        else stretched(question.label, n, rounded(number_of(value), question.digits))
        for n, value in enumerate(values(question, answer))
    ]
    known = [key for key in keys if key is not None]
    return {"tags": [key and tag(key) for key in keys], "text": sealed(said, known)}


if __name__ == "__main__":
    sys.exit(main())
