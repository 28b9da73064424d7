"""The fingerprint tells code from other code, in every process alike."""

import dataclasses
import enum
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweeps_parts import ENVIRONMENT, run

from sweeps_fingerprint import fingerprint

LAW = object()
ORIGINAL = (
    "def f(rng, d, r=2):\n"
    "    return {'y': [d - r * 3.0 for _ in range(2)] if d in {'a', 'b', 1} else None}"
)


def function(text):
    space = {}
    exec(text, space)
    return space["f"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3.0", "3.06"),
        ("3.0", "3"),
        ("d - r", "r - d"),
        ("d, r=2", "r, d=2"),
        ("r=2", "r=3"),
        ("r=2", "*, r=2"),
        ("for _ in range(2)", "for _ in range(3)"),
        ("range", "reversed"),
        ("'b'", "'c'"),
        ("[d - r * 3.0 for", "[d - r + 3.0 for"),
    ],
)
def test_the_fingerprint_sees_a_change_of_the_code(old, new):
    assert old in ORIGINAL
    assert fingerprint(function(ORIGINAL)) != fingerprint(function(ORIGINAL.replace(old, new, 1)))


def test_the_fingerprint_sees_the_names_of_the_arguments():
    # The two compile to the same instructions, and 2, 1 by name give 1 and -1.
    one, other = (
        "def f(rng, d, r):\n    return {'y': d - r}",
        "def f(rng, r, d):\n    return {'y': r - d}",
    )
    assert function(one).__code__.co_code == function(other).__code__.co_code
    assert fingerprint(function(one)) != fingerprint(function(other))
    one, other = (
        "def f(rng, *, r=2):\n    return {'y': r}",
        "def f(rng, *, r=3):\n    return {'y': r}",
    )
    assert fingerprint(function(one)) != fingerprint(function(other))


def test_the_fingerprint_sees_neither_comments_nor_the_process():
    here = fingerprint(function(ORIGINAL))
    assert here == fingerprint(function("\n\n" + ORIGINAL.replace(":\n", ":  # a comment\n\n", 1)))
    code = f"from sweeps_fingerprint import fingerprint\nexec({ORIGINAL!r})\nprint(fingerprint(f))"
    for seed in "12":  # the order within a set of strings depends on it
        run = subprocess.run(
            [sys.executable, "-c", code],
            env=ENVIRONMENT | {"PYTHONHASHSEED": seed},
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        assert run.stdout.strip() == here


def with_default(text):
    """A function whose argument r has the default that ``text`` evaluates to."""
    space = {name: __import__(name) for name in ("enum", "functools", "math", "pathlib")}
    space |= {"np": np, "one_more": one_more, "Colour": Colour, "Size": Size}
    exec(f"def f(rng, r={text}):\n    return {{'y': r}}", space)
    return space["f"]


def one_more(x):
    return x + 1


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclasses.dataclass
class Size:
    width: int
    names: frozenset = frozenset("abc")


PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.binary(max_size=4)
)
HASHABLE = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.frozensets(inner, max_size=4),
    max_leaves=6,
)
DEFAULTS = st.recursive(
    HASHABLE | st.sets(HASHABLE, max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HASHABLE, inner, max_size=3),
    max_leaves=6,
)
OTHERS = [
    "lambda x: x + 5",
    "lambda x: x + 2",
    "lambda x, s=frozenset('abcd'): x in s",
    "(lambda a: lambda x: x + a)(1)",
    "(lambda a: lambda x: x + a)(2)",
    "one_more",
    "math.sin",
    "math.cos",
    "np.tanh",
    "np.sinh",
    "int",
    "float",
    "functools.partial(one_more, 1)",
    "functools.partial(one_more, 2)",
    "np.arange(5000.0)",
    "np.arange(5000.0).reshape(50, 100)",
    "np.where(np.arange(5000.0) == 2500, 0.0, np.arange(5000.0))",
    "np.arange(5000)",
    "np.float64(0.1)",
    "np.float32(0.1)",
    "np.array(['a', 'b'])",
    "pathlib.PurePosixPath('a')",
    "pathlib.PurePosixPath('b')",
    "Colour.RED",
    "Colour.BLUE",
    "Size(1)",
    "Size(2)",
    "Size(1, frozenset('abd'))",
    "range(3)",
    "range(4)",
    "...",
]


def in_new_process(texts, seed):
    """The fingerprints of functions with these defaults, in a process of another hash seed."""
    code = f"""
import json, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_sweeps_fingerprint import fingerprint, with_default
print(json.dumps([fingerprint(with_default(text)) for text in json.load(sys.stdin)]))
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(texts),
        env=ENVIRONMENT | {"PYTHONHASHSEED": seed},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return json.loads(run.stdout)


def test_every_default_has_one_fingerprint_in_all_processes_and_no_other_has_it():
    texts = list(OTHERS)

    @given(DEFAULTS.filter(lambda value: "nan" not in repr(value) and "inf" not in repr(value)))
    def collect(value):
        texts.append(repr(value))

    collect()
    first, second = (in_new_process(texts, seed) for seed in "12")
    assert first == second
    assert len(set(first[: len(OTHERS)])) == len(OTHERS)


def told_apart(value):
    """A copy that is equal exactly when the types are equal too, -0.0 and 0.0 told apart."""
    if isinstance(value, dict):
        return ("dict", tuple((told_apart(k), told_apart(v)) for k, v in value.items()))
    if isinstance(value, list | tuple):
        return (type(value).__name__, tuple(map(told_apart, value)))
    if isinstance(value, set | frozenset):
        return (type(value).__name__, frozenset(map(told_apart, value)))
    return (type(value).__name__, repr(value))


@given(DEFAULTS, DEFAULTS)
def test_defaults_have_the_same_fingerprint_exactly_when_they_are_the_same(one, other):
    function, prints = with_default("None"), []
    for value in (one, other):
        function.__defaults__ = (value,)
        prints.append(fingerprint(function))
    assert (prints[0] == prints[1]) == (told_apart(one) == told_apart(other))


@pytest.mark.parametrize(
    "default",
    ["object()", "[object()]", "[1].append", "iter([1])", "np.random.default_rng(0)"],
)
def test_a_default_that_no_text_stands_for_needs_a_version(default):
    with pytest.raises(ValueError, match=r"f must have defaults that are told apart .* version= "):
        fingerprint(with_default(default))


def test_an_array_with_objects_and_a_function_that_holds_itself_are_refused():
    with pytest.raises(ValueError, match="told apart in every process"):
        fingerprint(with_default("np.array([object()])"))

    def around():
        def inner():
            return inner

        return inner

    space = with_default("None")
    space.__defaults__ = (around(),)
    with pytest.raises(ValueError, match="told apart in every process"):
        fingerprint(space)


def experiment(rng, i, law=LAW):
    return {"y": i}


def test_an_experiment_with_such_a_default_is_refused_without_a_version(tmp_path):
    with pytest.raises(ValueError, match="or give the sweep a version= of your own"):
        run(experiment, [{"i": 1}], tmp_path)
    assert run(experiment, [{"i": 1}], tmp_path, version="1") == [{"i": 1, "y": 1}]
