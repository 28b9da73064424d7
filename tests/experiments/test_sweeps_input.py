"""Bad input is refused before anything runs, harmless input works."""

import re
from pathlib import Path

import numpy as np
import pytest
from sweeps_parts import CALLS, POINTS, draw, run

from sweeps import grid, workers

# Bad input is refused before anything runs


GOOD = {"experiment": draw, "points": POINTS}


@pytest.fixture(autouse=True)
def no_calls():
    CALLS.clear()


class Callable:
    def __call__(self, rng, d, seed):
        return {}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "experiment",
            lambda rng, d, seed: {},
            "experiment must be a function defined at the top level of a module, got <function <",
        ),
        ("experiment", Callable(), "experiment must be a function"),
        (
            "experiment",
            "draw",
            "experiment must be a function defined at the top level of a module, got 'draw'",
        ),
        (
            "points",
            {"d": 1, "seed": 0},
            "points must be a list of at least one dict of parameters, got {'d': 1, 'seed': 0}",
        ),
        ("points", [], "points must be a list of at least one dict of parameters, got []"),
        ("points", 5, "points must be a list of at least one dict of parameters, got 5"),
        ("points", [3], "points[0] must be arguments of draw, got 3: "),
        (
            "points",
            [*POINTS, {"d": 1}],
            "points[12] must be arguments of draw, got {'d': 1}: missing a required argument: ",
        ),
        ("points", [{"d": 1, "seed": 0, "r": 2}], "got an unexpected keyword argument 'r'"),
        ("points", [{"d": 1, "rng": 0}], "multiple values for argument 'rng'"),
        (
            "points",
            [{"d": float("nan"), "seed": 0}],
            "d must be a finite number, a string, True, False or None, got nan",
        ),
        (
            "points",
            [{"d": np.array([1]), "seed": 0}],
            "d must be a finite number, a string, True, False or None, got array([1])",
        ),
        (
            "points",
            [{"d": [1], "seed": 0}],
            "points[0] must be arguments of draw, got {'d': [1], 'seed': 0}: d must be a finite",
        ),
        (
            "points",
            [*POINTS, {"seed": np.int64(0), "d": 3}],
            "points must differ, got {'seed': np.int64(0), 'd': 3} twice",
        ),
        ("folder", "", "folder must be the path of a folder, there or to be made, got ''"),
        ("folder", None, "folder must be the path of a folder, there or to be made, got None"),
        ("folder", __file__, "folder must be the path of a folder, there or to be made, got '"),
        ("folder", "~nobody-at-all/x", "folder must be the path of a folder"),
        ("folder", "a\0b", "folder must be the path of a folder"),
        ("folder", "x" * 300, "folder must be the path of a folder"),
        ("points", [{"d": {"a": 1}, "seed": 0}], "d must be a finite number, a string, True,"),
        (
            "points",
            [*POINTS, {"d": 3.0, "seed": False}],
            "points must differ, got {'d': 3.0, 'seed'",
        ),
        ("generator", 3, "generator must be a function of a point, got 3"),
        ("version", "", "version must be None or a string that is not empty, got ''"),
        ("version", 2, "version must be None or a string that is not empty, got 2"),
        (
            "executor",
            2,
            "executor must be None or a concurrent.futures.Executor (Dask: client.get_ex",
        ),
    ],
)
def test_bad_input(tmp_path, monkeypatch, name, value, message):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "folder"
    with pytest.raises(ValueError) as error:
        run(**{"experiment": draw, "points": POINTS, "folder": folder} | {name: value})
    assert message in str(error.value)
    assert CALLS == [] and not folder.exists()


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({}, "grid must have at least one parameter"),
        ({"d": []}, "d must be a list, range or array of at least one value, got []"),
        ({"d": [1], "seed": range(0)}, "seed must be a list"),
        ({"d": 3}, "d must be a list, range or array of at least one value, got 3"),
        ({"d": "relu"}, "d must be a list, range or array of at least one value, got 'relu'"),
        ({"d": b"relu"}, "d must be a list"),
        ({"d": {"a": 1}}, "d must be a list"),
    ],
)
def test_bad_grids(axes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        grid(**axes)


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "2"])
def test_bad_numbers_of_workers(n):
    with pytest.raises(ValueError, match="n must be an integer >= 1, got "):
        workers(n)


def test_a_home_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    run(draw, POINTS, "~/a")
    run(draw, POINTS, Path("~") / "a")
    assert len(CALLS) == len(POINTS)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line[:20],
        lambda line: b"[1]",
        lambda line: b"{}",
        lambda line: line.replace(b'"dtype"', b'"type"'),
        lambda line: b"\0",
    ],
)
def test_a_damaged_line_is_found_before_anything_runs(tmp_path, damage):
    run(draw, POINTS, tmp_path)
    (path,) = tmp_path.iterdir()
    lines = path.read_bytes().split(b"\n")
    lines[2] = damage(lines[2])
    path.write_bytes(b"\n".join(lines))
    CALLS.clear()
    with pytest.raises(
        ValueError,
        match=r"folder must hold whole lines of sweeps, got a damaged line 3 in .*\.jsonl; delete",
    ):
        run(draw, POINTS, tmp_path)
    assert CALLS == []
