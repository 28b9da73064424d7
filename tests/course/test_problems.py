"""The list of problem sets, and what each problem is worth."""

import re
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from course.problems import (
    LIST,
    automatic_of,
    chapter_sets,
    points_of,
    problem_set,
    problem_sets,
    thirds,
)
from course_texts import TEXTS, ps1, text

ROOT = Path(__file__).parents[2]


def test_points_follow_from_minutes_and_kind():
    worth = [(one.points, one.automatic, one.by_hand) for one in ps1().problems]
    # 10 minutes, all by the check; 15 without a check; 40, half of it; 20, all of it
    assert worth == [(2, 2, 0), (3, 0, 3), (8, 4, 4), (4, 4, 0)]
    assert ps1().points == 17 and ps1().minutes == 85


def test_no_exercise_is_worth_nothing_and_none_counts_less_by_rounding():
    assert [points_of(minutes) for minutes in (1, 7, 8, 60)] == [1, 1, 2, 12]
    for minutes in range(1, 100):
        assert abs(Fraction(minutes, 5) - points_of(minutes)) <= Fraction(4, 5)


def test_a_proof_keeps_points_for_the_argument():
    assert [automatic_of("prove", points) for points in (2, 4, 5, 8)] == [1, 1, 2, 2]


def test_an_exercise_that_says_neither_kind_nor_minutes_is_set_all_the_same():
    bare = {"ex-bare": text("ex-bare", "", 0, "", hints=[])}
    (problem,) = problem_set("ps1", "Bare", ["ex-bare"], bare).problems
    assert (problem.points, problem.automatic, problem.asked) == (4, 0, "")


def test_the_list_may_say_otherwise():
    entry = {"label": "ex-copies", "points": 6, "automatic": 2, "scheme": ["Reasons: 4."]}
    (problem,) = problem_set("ps1", "Other", [entry], TEXTS).problems
    assert (problem.points, problem.automatic, problem.by_hand) == (6, 2, 4)
    assert problem.marking() == ["Reasons: 4."]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"label": "ex-none"}, "ps1: the book has no exercise ex-none"),
        ({"label": "ex-maurey", "automatic": 1}, "ex-maurey: 1 of 3 points"),
        ({"label": "ex-copies", "points": 2, "automatic": 3}, "ex-copies: 3 of 2 points"),
    ],
)
def test_a_list_that_cannot_be_set_is_refused(entry, message):
    with pytest.raises(ValueError, match=message):
        problem_set("ps1", "Wrong", [entry], TEXTS)


def test_the_steps_of_a_scheme_have_all_points():
    for points in range(1, 20):
        assert sum(thirds(points)) == points
    said = ps1().problems[1].marking()
    assert [int(line.split()[-1].rstrip(".")) for line in said] == [1, 1, 1]


def test_each_chapter_is_a_set_with_what_stands_elsewhere():
    home = {"page": "limits/problems", "belongs": "limits/two", "chapter": "2. Two"}
    other = text("ex-other", "open", 10, "", **home)
    sets = chapter_sets({**TEXTS, "ex-other": other})
    assert [(one.name, one.title, len(one.problems)) for one in sets] == [
        ("power-one", "1. One", 4),
        ("limits-two", "2. Two", 1),
    ]


def test_the_list_is_what_the_module_sets_at_home():
    module = (ROOT / "book" / "course" / "module.md").read_text(encoding="utf-8")
    weeks = re.findall(r"At home: (.*)", module)
    at_home = [re.findall(r"\{ref\}`(ex-[\w-]+)`", week) for week in weeks]
    listed = yaml.safe_load(LIST.read_text(encoding="utf-8"))
    sets = {name: entry["exercises"] for name, entry in listed.items()}
    assert len(at_home) == 4
    assert [sets["ps1"], sets["ps2"], sets["ps3"]] == at_home[:3]
    assert [*sets["ps4"], sets["ps4-clusters"][-1]] == at_home[3]  # the last is a choice of two


def test_every_listed_exercise_is_in_the_book():
    labels = {
        label
        for path in (ROOT / "book").rglob("*.md")
        for label in re.findall(r"^:label: (ex-[\w-]+)$", path.read_text("utf-8"), flags=re.M)
    }
    texts = {label: text(label, "compute", 10, "") for label in labels}
    assert [one.name for one in problem_sets(texts)][:4] == ["ps1", "ps2", "ps3", "ps4"]
