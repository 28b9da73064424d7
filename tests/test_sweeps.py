"""A sweep gives the same numbers whatever runs it and however often it is killed; it keeps what is finished, and says what is wrong."""

import hashlib
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures import sweeps
from randomfeatures.sweeps import grid, point_rng, sweep

POINTS = grid(d=[3, 1, 2], seed=range(4))
CALLS = []
RETURNED = {}


def draw(rng, d, seed):
    CALLS.append((d, seed))
    return {"x": rng.random(), "array": rng.standard_normal((2, d))}


def other_draw(rng, d, seed):
    return {"x": rng.random() + 1}


def slow_first(rng, i):
    time.sleep(0.3 if i == 0 else 0.02)
    return {"process": os.getpid(), "thread": threading.get_ident()}


def fail_at(rng, i, bad):
    CALLS.append(i)
    time.sleep(0.1 if i == 0 else 0)
    return {"y": 1 / (i - bad)}


def return_it(rng, i):
    return RETURNED["value"]


def interrupted(rng, i):
    if i == 2:
        raise KeyboardInterrupt
    CALLS.append(i)
    time.sleep(0.05 if i > 2 else 0)
    return {"y": i}


@pytest.fixture(autouse=True)
def no_calls():
    CALLS.clear()


def run(experiment, points, folder, **options):
    return sweep(experiment, points, folder=folder, progress=False, **options)


def lines_of(folder):
    """The whole lines in the files of a folder."""
    return [line for path in Path(folder).glob("*.jsonl") for line in path.read_bytes().split(b"\n")[:-1]]


def assert_same(records, expected):
    """Equal bit for bit, in the same order, with the same types."""
    assert [list(record) for record in records] == [list(record) for record in expected]
    for record, other in zip(records, expected, strict=True):
        for name, value in record.items():
            assert type(value) is type(other[name]), name
            if isinstance(value, float | np.ndarray):
                a, b = np.asarray(value), np.asarray(other[name])
                assert a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes(), name
            else:
                assert value == other[name], name


@pytest.fixture(scope="module")
def expected():
    """What an uninterrupted sweep must give: the experiment called by hand."""
    return [point | draw(point_rng(point), **point) for point in POINTS]


def processes():
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


@pytest.fixture(scope="module")
def dask():
    """A Dask cluster on this machine: two processes of one thread each."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


# The grid and the streams


def test_the_grid_has_every_combination_and_its_last_parameter_is_the_fastest():
    assert grid(a=[1, 2], b=["xy"], c=np.arange(2)) == [{"a": a, "b": "xy", "c": c} for a in (1, 2) for c in (0, 1)]
    assert grid(a=(i for i in (2, 1))) + grid(b=[None]) == [{"a": 2}, {"a": 1}, {"b": None}]


def test_a_stream_depends_on_names_and_values_alone():
    points = [*POINTS, {"d": 3}, {"seed": 3}, {"d": 3.0}, {"d": "3"}, {"d": 1, "s": 0}, {"d": True}, {}]
    states = {str(point_rng(point).bit_generator.state) for point in points}
    assert len(states) == len(points)
    assert point_rng({"a": np.int8(1), "b": np.float64(0.1)}).random() == point_rng({"b": 0.1, "a": 1}).random()
    # Kept results stay comparable with new ones only as long as the streams are these.
    seed = int(hashlib.sha256(b'{"d": 10, "seed": 0}').hexdigest(), 16)
    assert point_rng({"seed": 0, "d": 10}).random() == np.random.default_rng(np.random.SeedSequence(seed)).random()


# The same numbers, in the grid's order, whatever runs them


def test_in_process(tmp_path, expected):
    assert_same(run(draw, POINTS, tmp_path / "new" / "folder"), expected)
    assert [(point["d"], point["seed"]) for point in POINTS] == CALLS


def test_on_threads_and_processes(tmp_path, expected):
    with ThreadPoolExecutor(2) as pool:
        assert_same(run(draw, POINTS, tmp_path / "threads", executor=pool), expected)
    with processes() as pool:
        assert_same(run(draw, POINTS, tmp_path / "processes", executor=pool), expected)
        records = run(slow_first, grid(i=range(12)), tmp_path / "slow", executor=pool)
    assert [record["i"] for record in records] == list(range(12))
    assert len({record["process"] for record in records} - {os.getpid()}) == 2
    # Point 0 came back last or nearly so, yet is the first record: the order of the lines is another than the grid's.
    assert json.loads(lines_of(tmp_path / "slow")[0])["point"]["i"] != 0


def test_on_a_dask_cluster(tmp_path, expected, dask):
    executor = dask.get_executor(pure=False)
    assert_same(run(draw, POINTS, tmp_path, executor=executor), expected)
    assert_same(run(draw, POINTS, tmp_path), expected)
    assert CALLS == []  # the points ran elsewhere, and were kept here
    records = run(slow_first, grid(i=range(12)), tmp_path, executor=executor)
    assert [record["i"] for record in records] == list(range(12))
    assert len({record["process"] for record in records} - {os.getpid()}) == 2


def test_a_failure_on_a_dask_cluster(tmp_path, dask):
    with pytest.raises(RuntimeError, match=r'the point {"bad": 3, "i": 3} failed: ZeroDivisionError'):
        run(fail_at, grid(i=range(5), bad=[3]), tmp_path, executor=dask.get_executor(pure=False))
    assert run(fail_at, grid(i=[0], bad=[1]), tmp_path, executor=dask.get_executor(pure=False)) == [{"i": 0, "bad": 1, "y": -1.0}]


class Counting(ThreadPoolExecutor):
    """Knows how many of its futures were unfinished at most."""

    def __init__(self):
        super().__init__(1)
        self.futures, self.most = [], 0

    def submit(self, *call):
        self.futures = [future for future in self.futures if not future.done()] + [super().submit(*call)]
        self.most = max(self.most, len(self.futures))
        return self.futures[-1]


def test_more_points_than_are_handed_out_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(sweeps, "AHEAD", 3)
    with Counting() as pool:
        assert [record["i"] for record in run(slow_first, grid(i=range(12)), tmp_path, executor=pool)] == list(range(12))
    assert pool.most == 3


# What is finished is not done again


def test_only_what_is_missing_is_done(tmp_path, expected):
    run(draw, POINTS[2:7], tmp_path)
    CALLS.clear()
    assert_same(run(draw, POINTS[::-1], tmp_path), expected[::-1])
    assert [(p["d"], p["seed"]) for p in POINTS[::-1] if p not in POINTS[2:7]] == CALLS
    CALLS.clear()
    files = sorted(tmp_path.iterdir())
    assert_same(run(draw, POINTS, tmp_path), expected)
    assert CALLS == [] and sorted(tmp_path.iterdir()) == files


def test_a_result_is_on_disk_before_the_next_point_runs(tmp_path):
    seen = []
    for record in run(count_lines, grid(i=range(4), folder=[str(tmp_path)]), tmp_path):
        seen.append(record["lines"])
    assert seen == [0, 1, 2, 3]


def count_lines(rng, i, folder):
    return {"lines": len(lines_of(folder))}


@pytest.mark.parametrize("keep", [0, 1, 30, -1])
def test_a_line_that_a_kill_left_half_written_is_done_again(tmp_path, expected, keep):
    run(draw, POINTS, tmp_path)
    (path,) = tmp_path.iterdir()
    *lines, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines) + last[:keep])
    for repeated in ([(2, 3)], []):  # the half line stays in its file, and harms the next sweep no more than this one
        CALLS.clear()
        assert_same(run(draw, POINTS, tmp_path), expected)
        assert repeated == CALLS


SCRIPT = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from randomfeatures.sweeps import grid, sweep

def experiment(rng, d, seed):
    time.sleep(0.05)
    return {"x": rng.random(), "array": rng.standard_normal(d)}

if __name__ == "__main__":
    points = grid(d=[1, 2, 3], seed=range(10))
    if sys.argv[2] == "1":
        records = sweep(experiment, points, folder=sys.argv[1])
    else:
        with ProcessPoolExecutor(2) as pool:
            records = sweep(experiment, points, folder=sys.argv[1], executor=pool)
    print([(r["d"], r["seed"], r["x"].hex(), r["array"].tobytes().hex()) for r in records])
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("script") / "run_sweep.py"
    path.write_text(SCRIPT)
    return path


@pytest.fixture(scope="module")
def uninterrupted(script):
    return subprocess.run([sys.executable, script, script.parent / "whole", "1"], capture_output=True, text=True, check=True).stdout


def begin(script, folder, workers):
    """A sweep in a process group of its own, when it has finished five points."""
    command = [sys.executable, script, folder, workers]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while len(lines_of(folder)) < 5:
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()[1]
        time.sleep(0.01)
    return process


def members(group):
    """The processes of a group that live (a zombie does not)."""
    table = subprocess.run(["ps", "-eo", "pgid=,stat=,pid="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in table.splitlines()]
    return [pid for pgid, state, pid in rows if int(pgid) == group and not state.startswith("Z")]


def assert_ends(group):
    deadline = time.monotonic() + 10
    while members(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = members(group)
    if left:
        os.killpg(group, signal.SIGKILL)
    assert left == []


def assert_resumes(script, folder, uninterrupted, workers):
    """The same output as without interruption, and what was finished is not done again."""
    before = set(lines_of(folder))
    assert 5 <= len(before) < 30
    again = subprocess.run([sys.executable, script, folder, workers], capture_output=True, text=True, check=False)
    assert again.stdout == uninterrupted, again.stderr
    assert len(lines_of(folder)) == 30 and before < set(lines_of(folder))


@pytest.mark.parametrize(("workers", "then"), [("1", "2"), ("2", "1")])
def test_killed_and_started_again(tmp_path, script, uninterrupted, workers, then):
    process = begin(script, tmp_path, workers)
    assert len(members(process.pid)) >= int(workers)
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=30) == -signal.SIGKILL
    assert_ends(process.pid)  # the workers do not outlive the process that was killed
    process.communicate()
    assert_resumes(script, tmp_path, uninterrupted, then)


@pytest.mark.parametrize(("workers", "whom"), [("1", os.kill), ("2", os.kill), ("2", os.killpg)])
def test_ctrl_c_keeps_what_is_finished_and_leaves_no_process(tmp_path, script, uninterrupted, workers, whom):
    process = begin(script, tmp_path, workers)
    whom(process.pid, signal.SIGINT)
    error = process.communicate(timeout=30)[1]
    assert_ends(process.pid)
    assert process.returncode != 0
    said = re.fullmatch(
        r"KeyboardInterrupt: (\d+) of 30 points are finished and kept in (.*); the same call does the rest", error.splitlines()[-1]
    )
    # The interruption may come between the writing of a line and its counting.
    assert len(lines_of(tmp_path)) - int(said[1]) in (0, 1)
    assert said[2] == str(tmp_path)
    assert_resumes(script, tmp_path, uninterrupted, "1")


def test_an_interruption_that_reaches_the_point_first(tmp_path):
    with pytest.raises(KeyboardInterrupt, match=r"2 of 5 points are finished and kept in .*; the same call does the rest"):
        run(interrupted, grid(i=range(5)), tmp_path / "here")
    # The thread goes on until it is told, and what it has done by then may be kept; the points that wait are not begun.
    CALLS.clear()
    with ThreadPoolExecutor(1) as pool, pytest.raises(KeyboardInterrupt, match=r"(\d+) of 100 points are finished and kept"):
        run(interrupted, grid(i=range(100)), tmp_path / "thread", executor=pool)
    assert 2 <= len(CALLS) < 50
    assert {0, 1} <= {json.loads(line)["point"]["i"] for line in lines_of(tmp_path / "thread")}


def test_an_interruption_of_the_sweep_itself_begins_no_further_point(tmp_path, monkeypatch):
    def interrupt(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(sweeps.os, "fsync", interrupt)
    with ThreadPoolExecutor(1) as pool, pytest.raises(KeyboardInterrupt, match="0 of 97 points are finished and kept"):
        run(interrupted, grid(i=range(3, 100)), tmp_path, executor=pool)
    assert len(CALLS) < 50


def test_two_sweeps_of_one_folder_at_once(tmp_path, script, uninterrupted):
    both = [begin(script, tmp_path, "1") for _ in range(2)]
    for process in both:
        output, error = process.communicate(timeout=60)
        assert output == uninterrupted, error
    points = [json.loads(line)["point"] for line in lines_of(tmp_path)]
    assert len({str(point) for point in points}) == 30 < len(points)
    assert subprocess.run([sys.executable, script, tmp_path, "1"], capture_output=True, text=True, check=True).stdout == uninterrupted


# Stale results


def test_results_of_other_code_are_not_used_again(tmp_path, monkeypatch):
    monkeypatch.setattr(other_draw, "__qualname__", "draw")
    old = run(draw, POINTS[:5], tmp_path)
    with pytest.warns(UserWarning, match=r"5 points in .* are of another version of test_sweeps.draw and are done again"):
        new = run(other_draw, POINTS, tmp_path)
    assert [record["x"] for record in new[:5]] == [record["x"] + 1 for record in old]
    CALLS.clear()
    assert_same(run(other_draw, POINTS, tmp_path), new)  # no warning: both versions are there
    assert_same(run(draw, POINTS[:5], tmp_path), old)
    assert CALLS == []


def test_a_version_decides_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(other_draw, "__qualname__", "draw")
    old = run(draw, POINTS, tmp_path, version="1")
    assert_same(run(other_draw, POINTS, tmp_path, version="1"), old)
    with pytest.warns(UserWarning, match="12 points"):
        new = run(other_draw, POINTS, tmp_path, version="2")
    assert new[0]["x"] == old[0]["x"] + 1
    with pytest.warns(UserWarning, match="12 points"):
        run(other_draw, POINTS, tmp_path)


def test_two_experiments_share_a_folder(tmp_path, expected):
    run(other_draw, POINTS, tmp_path, version="1")
    assert_same(run(draw, POINTS, tmp_path, version="1"), expected)


ORIGINAL = "def f(rng, d, r=2):\n    return {'y': [d - r * 3.0 for _ in range(2)] if d in {'a', 'b', 1} else None}"


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
    assert sweeps._fingerprint(function(ORIGINAL)) != sweeps._fingerprint(function(ORIGINAL.replace(old, new, 1)))


def test_the_fingerprint_sees_the_names_of_the_arguments():
    # The two compile to the same instructions, and 2, 1 by name give 1 and -1.
    one, other = "def f(rng, d, r):\n    return {'y': d - r}", "def f(rng, r, d):\n    return {'y': r - d}"
    assert function(one).__code__.co_code == function(other).__code__.co_code
    assert sweeps._fingerprint(function(one)) != sweeps._fingerprint(function(other))
    one, other = "def f(rng, *, r=2):\n    return {'y': r}", "def f(rng, *, r=3):\n    return {'y': r}"
    assert sweeps._fingerprint(function(one)) != sweeps._fingerprint(function(other))


def test_the_fingerprint_sees_neither_comments_nor_the_process():
    here = sweeps._fingerprint(function(ORIGINAL))
    assert here == sweeps._fingerprint(function("\n\n" + ORIGINAL.replace(":\n", ":  # a comment\n\n", 1)))
    code = f"from randomfeatures import sweeps\nexec({ORIGINAL!r})\nprint(sweeps._fingerprint(f))"
    for seed in "12":  # the order within a set of strings depends on it
        run = subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == here


# Results come back exactly


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


def give(rng):
    return RETURNED["value"]


@given(st.dictionaries(st.text(), SCALARS, max_size=4))
def test_scalars_come_back_bit_for_bit(result):
    RETURNED["value"] = result
    assert_same([sweeps._restored(json.loads(sweeps._line(give, {}, "{}"))["result"])], [result])


@pytest.mark.parametrize("dtype", ["?", "i1", "<i8", ">i4", "u8", "f2", "<f4", ">f8", "<f8", "c8", "c16"])
@pytest.mark.parametrize("shape", [(), (0, 3), (5,), (2, 3, 4)])
def test_arrays_come_back_bit_for_bit(tmp_path, dtype, shape):
    # Random bits: every kind of number, subnormal, infinite and not a number included.
    count = int(np.prod(shape)) * np.dtype(dtype).itemsize
    bits = np.random.default_rng(count).integers(0, 2 if dtype == "?" else 256, count, dtype=np.uint8)
    RETURNED["value"] = {"array": np.frombuffer(bits.tobytes(), dtype).reshape(shape)}
    fresh = run(return_it, [{"i": 0}], tmp_path)
    assert_same(fresh, [{"i": 0} | RETURNED["value"]])
    assert_same(run(return_it, [{"i": 0}], tmp_path), fresh)


def test_special_numbers_and_numpy_scalars(tmp_path):
    third = np.float32(1) / 3
    RETURNED["value"] = {
        "zero": -0.0,
        "inf": -np.inf,
        "nan": float("nan"),
        "tiny": 5e-324,
        "sum": 0.1 + 0.2,
        "huge": 10**300 + 1,
        "third": third,
        "int": np.uint64(2**64 - 1),
        "bool": np.True_,
        "double": np.float64(0.1),
        "dtype": "<f8",
        "shape": "()",
        "base64": "AAAA",
    }
    plain = {"third": float(third), "int": 2**64 - 1, "bool": True, "double": 0.1}
    fresh = run(return_it, [{"i": np.int32(0)}], tmp_path)
    assert_same(fresh, [{"i": 0} | RETURNED["value"] | plain])
    assert_same(run(return_it, [{"i": 0}], tmp_path), fresh)


def test_a_result_with_only_the_keys_of_a_kept_array(tmp_path):
    RETURNED["value"] = {"dtype": "<f8", "shape": 3, "base64": "AAAA"}
    assert run(return_it, [{"i": 0}], tmp_path) == [{"i": 0, **RETURNED["value"]}]


def test_arrays_come_back_writable_and_in_their_shape(tmp_path):
    RETURNED["value"] = {"a": np.asfortranarray(np.arange(6.0).reshape(2, 3))[:, ::2]}
    (record,) = run(return_it, [{"i": 0}], tmp_path)
    assert record["a"].tolist() == [[0, 2], [3, 5]]
    record["a"][0, 0] = 7


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1.0], "the result must be a dict whose keys are strings and no names of parameters, got [1.0]"),
        (None, "the result must be a dict"),
        ({1: 2.0}, "the result must be a dict whose keys are strings"),
        ({"i": 2.0}, "no names of parameters, got {'i': 2.0}"),
        ({"y": [1.0]}, "y must be a number, a string, None or a numpy array of numbers, got list [1.0]"),
        ({"y": (1, 2)}, "y must be a number"),
        ({"y": 1j}, "y must be a number, a string, None or a numpy array of numbers, got complex 1j"),
        ({"y": np.longdouble(1) / 3}, "y must be a number"),
        ({"y": np.array([None])}, "y must be a number"),
        ({"y": np.array(["a"])}, "y must be a number"),
        ({"y": np.ma.masked_array([1.0], [True])}, "y must be a number"),
        ({"y": np.datetime64("2019-04-01")}, "y must be a number"),
        ({"x": 1.0, "y": object}, "y must be a number"),
    ],
)
def test_a_result_that_cannot_be_stored_is_refused_at_the_first_point(tmp_path, value, message):
    RETURNED["value"] = value
    with pytest.raises(TypeError) as error:
        run(return_it, grid(i=range(5)), tmp_path)
    assert 'the point {"i": 0} failed: ' in str(error.value)
    assert message in str(error.value) and "(0 of 5 points are finished and kept)" in str(error.value)
    assert lines_of(tmp_path) == []


def test_an_integer_too_long_to_be_read_again_is_refused(tmp_path):
    RETURNED["value"] = {"n": 10**5000}
    with pytest.raises(RuntimeError, match=r'the point {"i": 0} failed: ValueError: Exceeds the limit'):
        run(return_it, grid(i=range(5)), tmp_path)


# Failures


def test_the_error_names_the_point_and_the_others_are_kept(tmp_path):
    with pytest.raises(RuntimeError) as error:
        run(fail_at, grid(i=range(6), bad=[3]), tmp_path)
    assert str(error.value) == (
        'the point {"bad": 3, "i": 3} failed: ZeroDivisionError: division by zero (3 of 6 points are finished and kept)'
    )
    assert isinstance(error.value.__cause__, ZeroDivisionError)
    assert CALLS == [0, 1, 2, 3]
    CALLS.clear()
    run(fail_at, grid(i=[5, 2, 1, 0], bad=[3]), tmp_path)
    assert CALLS == [5]


FAILED = threading.Event()


def fail_at_1(rng, i):
    if i == 1:
        FAILED.set()
        raise FileNotFoundError("no such weights")
    assert FAILED.wait(30)
    time.sleep(0.1)
    return {"y": i}


def test_points_that_run_when_another_fails_are_kept_and_no_further_one_starts(tmp_path):
    with ThreadPoolExecutor(2) as pool, pytest.raises(RuntimeError, match=r'the point {"i": 1} failed: FileNotFoundError: no such weights'):
        run(fail_at_1, grid(i=range(100)), tmp_path, executor=pool)
    kept = {json.loads(line)["point"]["i"] for line in lines_of(tmp_path)}
    assert 0 in kept and len(kept) < 50  # the free thread may take a few more until the failure is noticed


BEGUN = threading.Barrier(2)


def fail_in_turn(rng, i):
    BEGUN.wait(30)
    time.sleep(i)
    raise ValueError


def test_the_first_of_two_failures_is_named(tmp_path):
    with ThreadPoolExecutor(2) as pool, pytest.raises(RuntimeError, match=r'the point {"i": 0} failed: ValueError: '):
        run(fail_in_turn, grid(i=[0, 1]), tmp_path, executor=pool)


def exit_at_2(rng, i):
    if i == 2:
        os._exit(7)
    return {"y": i}


def test_a_worker_that_dies_names_a_point_and_the_finished_ones_are_kept(tmp_path):
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
        pytest.raises(RuntimeError, match=r'the point {"i": \d} failed: BrokenProcessPool'),
    ):
        run(exit_at_2, grid(i=range(5)), tmp_path, executor=pool)
    assert {json.loads(line)["point"]["i"] for line in lines_of(tmp_path)} <= {0, 1}


def test_the_progress_line_has_the_count_and_the_time_left(tmp_path, capsys):
    sweep(slow_first, grid(i=[1, 2]), folder=tmp_path)
    sweep(slow_first, grid(i=[1, 2, 3, 4]), folder=tmp_path)
    shown = capsys.readouterr().err.replace("\r", "\n").split("\n")
    assert "[##########          ] 1 of 2 points, 0:00:00 left " in shown
    assert "[###############     ] 3 of 4 points, 0:00:00 left " in shown
    assert shown[-2] == "[####################] 4 of 4 points, 0:00:00 left "
    sweep(slow_first, grid(i=[5]), folder=tmp_path, progress=False)
    assert capsys.readouterr() == ("", "")


def test_the_time_left_counts_the_points_of_this_call_alone(tmp_path, capsys, monkeypatch):
    clock = iter([100.0, 110.0, 120.0])
    run(fail_at, grid(i=range(6), bad=[-1]), tmp_path)
    monkeypatch.setattr(sweeps, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with pytest.raises(RuntimeError):
        sweep(fail_at, grid(i=[*range(8), -1, 8, 9], bad=[-1]), folder=tmp_path)
    shown = capsys.readouterr().err.replace("\r", "\n").split("\n")
    # 10 seconds a point, 4 of 11 points to go, then 3.
    assert "[############        ] 7 of 11 points, 0:00:40 left " in shown
    assert "[##############      ] 8 of 11 points, 0:00:30 left " in shown


# Bad input is refused before anything runs


GOOD = {"experiment": draw, "points": POINTS}


class Callable:
    def __call__(self, rng, d, seed):
        return {}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "experiment",
            lambda rng, d, seed: {},
            "experiment must be a function defined at the top level of a module, got <function <lambda>",
        ),
        ("experiment", Callable(), "experiment must be a function"),
        ("experiment", "draw", "experiment must be a function defined at the top level of a module, got 'draw'"),
        ("points", {"d": 1, "seed": 0}, "points must be a list of at least one dict of parameters, got {'d': 1, 'seed': 0}"),
        ("points", [], "points must be a list of at least one dict of parameters, got []"),
        ("points", 5, "points must be a list of at least one dict of parameters, got 5"),
        ("points", [3], "points[0] must be arguments of draw, got 3: "),
        ("points", [*POINTS, {"d": 1}], "points[12] must be arguments of draw, got {'d': 1}: missing a required argument: 'seed'"),
        ("points", [{"d": 1, "seed": 0, "r": 2}], "got an unexpected keyword argument 'r'"),
        ("points", [{"d": 1, "rng": 0}], "multiple values for argument 'rng'"),
        ("points", [{"d": float("nan"), "seed": 0}], "d must be a finite number, a string, True, False or None, got nan"),
        ("points", [{"d": np.array([1]), "seed": 0}], "d must be a finite number, a string, True, False or None, got array([1])"),
        ("points", [{"d": [1], "seed": 0}], "points[0] must be arguments of draw, got {'d': [1], 'seed': 0}: d must be a number"),
        ("points", [*POINTS, {"seed": np.int64(0), "d": 3}], "points must differ, got {'seed': np.int64(0), 'd': 3} twice"),
        ("folder", "", "folder must be the path of a folder, there or to be made, got ''"),
        ("folder", None, "folder must be the path of a folder, there or to be made, got None"),
        ("folder", __file__, "folder must be the path of a folder, there or to be made, got '"),
        ("version", "", "version must be None or a string that is not empty, got ''"),
        ("version", 2, "version must be None or a string that is not empty, got 2"),
        ("executor", 2, "executor must be None or a concurrent.futures.Executor (Dask: client.get_executor()), got 2"),
    ],
)
def test_bad_input(tmp_path, name, value, message):
    folder = tmp_path / "folder"
    with pytest.raises(ValueError) as error:
        run(**{"experiment": draw, "points": POINTS, "folder": folder} | {name: value})
    assert message in str(error.value)
    assert CALLS == [] and not folder.exists()


@pytest.mark.parametrize("axes", [{}, {"d": []}, {"d": [1], "seed": range(0)}, {"d": 3}, {"d": "relu"}])
def test_bad_grids(axes):
    with pytest.raises(
        ValueError, match="grid must have at least one parameter, and each a list, range or array of at least one value, got "
    ):
        grid(**axes)


@pytest.mark.parametrize(
    "damage",
    [lambda line: line[:20], lambda line: b"[1]", lambda line: b"{}", lambda line: line.replace(b'"dtype"', b'"type"'), lambda line: b"\0"],
)
def test_a_damaged_line_is_found_before_anything_runs(tmp_path, damage):
    run(draw, POINTS, tmp_path)
    (path,) = tmp_path.iterdir()
    lines = path.read_bytes().split(b"\n")
    lines[2] = damage(lines[2])
    path.write_bytes(b"\n".join(lines))
    CALLS.clear()
    with pytest.raises(ValueError, match=r"folder must hold whole lines of sweeps, got a damaged line 3 in .*\.jsonl; delete this line"):
        run(draw, POINTS, tmp_path)
    assert CALLS == []


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="the superuser may write to every folder")
def test_a_folder_that_cannot_be_written_to_is_found_before_anything_runs(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        run(draw, POINTS, tmp_path)
    assert CALLS == []


def test_a_full_disk_ends_the_sweep_and_the_next_one_goes_on(tmp_path, monkeypatch, expected):
    synced = iter([None, None])

    def full(descriptor):
        if next(synced, "full"):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sweeps.os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        run(draw, POINTS, tmp_path)
    monkeypatch.undo()
    assert len(CALLS) == 3
    assert_same(run(draw, POINTS, tmp_path), expected)
