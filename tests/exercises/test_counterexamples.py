"""Counterexamples are tried, not compared: any right one passes."""

import math

import numpy as np
import pytest

from randomfeatures.exercises import check
from randomfeatures.exercises.counterexamples import BY_NAME, same_mean_other_law
from randomfeatures.exercises.reading import Unreadable


def rotated(angle):
    c, s = math.cos(angle), math.sin(angle)
    return [(c, s), (-s, c)]


@pytest.mark.parametrize(
    "answer",
    [
        rotated(0.0),
        rotated(0.4),
        np.eye(2),
        [(3, 0), (0, 3), (0, 0)],
        [(math.cos(2 * k * math.pi / 3), math.sin(2 * k * math.pi / 3)) for k in range(3)],
    ],
)
def test_right_ones(answer):
    assert same_mean_other_law(answer)[0]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([(1, 0)], "between 0 and 1"),
        ([(1, 0), (0, 2)], "between 0.5 and 2"),
        ([(1, 0), (0, 1.02)], "depends on θ"),
        ([(0, 0)], "All vectors are zero"),
        ([(1, 1), (1, 0), (0, 1)], "depends on θ"),
    ],
)
def test_wrong_ones(answer, said):
    right, sentence = same_mean_other_law(answer)
    assert not right and said in sentence


@pytest.mark.parametrize("garbage", [3, "x", [], [1], [(1,)], [(1, "a")], {}, [(1, 2, 3)]])
def test_garbage_is_unreadable(garbage):
    with pytest.raises(Unreadable):
        same_mean_other_law(garbage)
    assert "Not judged" in check("ex-law-not-mean", garbage).message


def test_every_judge_has_a_name():
    assert BY_NAME["same_mean_other_law"] is same_mean_other_law
