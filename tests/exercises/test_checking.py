"""The check of an answer: right, which kind of wrong, and what cannot be judged.

Every question of the authors' table is asked here: its right answer, which the package computes,
passes in every form, and each likely wrong answer gets its own sentence.
"""

import itertools
import json
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from randomfeatures import exercises
from randomfeatures.exercises import checking
from randomfeatures.exercises.checking import check, in_words

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "answers"))

import seal_answers  # noqa: E402
from asking import Question  # noqa: E402

pytestmark = pytest.mark.usefixtures("quick_seals")

TABLE = {question.label: question for question in seal_answers.table()}
PAIR = Question(
    "ex-pair",
    right=(Fraction(1, 3), 2.5),
    wrong={"The norm, not its square.": (None, 2.5**0.5), "Two thirds.": (Fraction(2, 3), None)},
    remark="Both.",
)
CUBE = Question(
    "ex-cube",
    right=lambda d, s: d * s**3,
    at=[{"d": 3, "s": 0.5}, {"d": 4, "s": 2.0}],
    wrong={"The cube, not the square.": lambda d, s: d * s**2},
)


@pytest.fixture
def asked(monkeypatch):
    sealed = {question.label: seal_answers.shut(question) for question in (PAIR, CUBE)}
    monkeypatch.setattr(checking, "questions", lambda: json.loads(json.dumps(sealed)))


def filled(answer):
    """A wrong answer of several numbers, with a stranger where any number will do."""
    if isinstance(answer, tuple):
        return tuple(12345 if entry is None else entry for entry in answer)
    return answer


@pytest.mark.parametrize("label", TABLE)
def test_the_right_answer_passes(label):
    verdict = check(label, TABLE[label].right)
    assert verdict.right and bool(verdict) and verdict.message.startswith("Right."), verdict
    assert TABLE[label].remark in verdict.message


@pytest.mark.parametrize(
    ("label", "said"), [(q.label, said) for q in TABLE.values() for said in q.wrong]
)
def test_each_likely_wrong_answer_gets_its_sentence(label, said):
    verdict = check(label, filled(TABLE[label].wrong[said]))
    assert not verdict.right and verdict.message.startswith("Not right."), verdict
    assert said in verdict.message


@pytest.mark.parametrize("label", [q.label for q in TABLE.values() if q.form == "number"])
def test_a_number_passes_in_every_type(label):
    right = TABLE[label].right
    forms = [np.float64(right), np.array(right), Fraction(right), complex(right)]
    forms += [round(right)] if TABLE[label].digits == 0 else [np.array([float(right)])]
    for form in forms:
        assert check(label, form).right, form


@pytest.mark.parametrize("label", TABLE)
@pytest.mark.parametrize("garbage", [None, ..., "x", {}, [], object(), float("nan"), True])
def test_garbage_never_raises_and_is_not_right(label, garbage):
    verdict = check(label, garbage)
    assert not verdict.right
    assert "Asked: " in verdict.message or verdict.message.startswith("Not right")
    assert in_words(checking.questions()[label]) in verdict.message


@pytest.mark.parametrize("label", TABLE)
def test_a_stranger_is_wrong_without_a_hint(label):
    question = TABLE[label]
    if question.form == "counterexample":
        return
    stranger = -9876.54321 if question.digits else -98765
    answer = (stranger,) * len(question.right) if question.form == "numbers" else stranger
    verdict = check(label, (lambda **_: stranger) if question.at else answer)
    assert verdict.message in ("Not right.", f"Not judged: {verdict.message[12:]}"), verdict


def test_several_numbers(asked):
    assert check("ex-pair", (1 / 3, 2.5)).message == "Right. Both."
    assert check("ex-pair", np.array([1 / 3, 2.5])).right
    partly = "Right: the first number. Not right: the second number."
    assert check("ex-pair", [1 / 3, 7]).message == f"Not right. {partly}"
    assert "The norm, not its square." in check("ex-pair", [0, 2.5**0.5]).message
    both = check("ex-pair", [2 / 3, 2.5**0.5]).message
    assert both == "Not right. The norm, not its square. Two thirds."
    assert "3 numbers, and 2 are asked" in check("ex-pair", [1, 2, 3]).message
    assert "2 numbers are asked" in check("ex-pair", 0.5).message
    assert "2 are asked" in check("ex-pair", itertools.count()).message


def test_functions(asked):
    assert check("ex-cube", lambda d, s: d * s**3).right
    assert check("ex-cube", lambda s, d: d * s**3).right, "by name"
    assert check("ex-cube", lambda a, b: a * b**3).right, "in the order"
    assert check("ex-cube", lambda d, s, extra=1: np.array(d * s**3)).right
    assert check("ex-cube", lambda d, s: d * s**2).message.endswith("The cube, not the square.")
    partly = check("ex-cube", lambda d, s: 4 * s**3).message
    assert partly.endswith("Right: at d = 4, s = 2.0. Not right: at d = 3, s = 0.5.")
    assert "returned nothing" in check("ex-cube", lambda d, s: None).message
    assert "raised ZeroDivisionError" in check("ex-cube", lambda d, s: 1 / 0).message
    assert "raised TypeError" in check("ex-cube", lambda: 1).message
    assert "lambda d, s: ..." in check("ex-cube", 3).message
    assert "shape (2,)" in check("ex-cube", lambda d, s: np.ones(2)).message


def test_formulas_of_sympy(asked):
    sympy = pytest.importorskip("sympy")
    d, s, x = sympy.symbols("d s x")
    assert check("ex-cube", d * s**3).right
    assert "has x in it" in check("ex-cube", d * x).message
    assert check("ex-pair", (sympy.Rational(1, 3), sympy.Integer(5) / 2)).right


def test_a_rounded_answer_is_asked_for_more_digits():
    label = "ex-parseval"
    right = TABLE[label].right
    assert check(label, round(right, 6)).right
    assert "3 significant digits, and 6" in check(label, round(right, 3)).message
    assert check(label, right + 1e-4).message == "Not right."


def test_a_label_that_is_not_there():
    with pytest.raises(ValueError, match=r"'ex-parseva'; near: ex-parseval"):
        check("ex-parseva", 1)


def test_without_an_answer_the_form_is_said():
    assert check("ex-parseval").message.startswith("No answer yet. Asked: a number, to 6")


def test_it_is_reached_as_the_page_says():
    assert exercises.check is checking.check


def test_a_check_needs_the_standard_library_alone():
    """No torch and no network in a browser: what judges imports nothing but the standard library
    and its own part.
    """
    import ast

    for path in Path(checking.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in getattr(node, "names", [])]
            if isinstance(node, ast.Import):
                assert all(
                    n.split(".")[0] in {*sys.stdlib_module_names, "lazy_loader"} for n in names
                )
            elif isinstance(node, ast.ImportFrom):
                assert node.level or node.module.split(".")[0] in sys.stdlib_module_names
