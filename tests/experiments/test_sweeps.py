"""A sweep gives the same numbers whatever runs it, keeps what is finished, says what is wrong."""

import hashlib
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweeps_parts import (
    CALLS,
    POINTS,
    assert_same,
    count_lines,
    draw,
    fail_at,
    lines_of,
    other_draw,
    processes,
    run,
    slow_first,
)

import sweeps_workers
from sweeps import grid, point_rng, typed_point_rng
from sweeps_lines import key_of


@pytest.fixture(autouse=True)
def no_calls():
    CALLS.clear()


@pytest.fixture(scope="module")
def expected():
    """What an uninterrupted sweep must give: the experiment called by hand."""
    return [point | draw(point_rng(point), **point) for point in POINTS]


@pytest.fixture(scope="module")
def dask():
    """A Dask cluster on this machine: two processes of one thread each."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


# The grid and the streams


def test_the_grid_has_every_combination_and_its_last_parameter_is_the_fastest():
    assert grid(a=[1, 2], b=["xy"], c=np.arange(2)) == [
        {"a": a, "b": "xy", "c": c} for a in (1, 2) for c in (0, 1)
    ]
    assert grid(a=(i for i in (2, 1))) + grid(b=[None]) == [{"a": 2}, {"a": 1}, {"b": None}]


def test_a_stream_depends_on_names_and_values_alone():
    points = [*POINTS, {"d": 3}, {"seed": 3}, {"d": 3.5}, {"d": "3"}, {"d": 1, "s": 0}, {"d": None}]
    states = {str(point_rng(point).bit_generator.state) for point in [*points, {}]}
    assert len(states) == len(points) + 1
    # Kept results stay comparable with new ones only as long as the streams are these.
    seed = int(hashlib.sha256(b'{"d": 10, "seed": 0}').hexdigest(), 16)
    expected = np.random.default_rng(np.random.SeedSequence(seed)).random()
    assert point_rng({"seed": 0, "d": 10}).random() == expected
    assert typed_point_rng({"seed": 0, "d": 10}).random() == expected
    typed = int(hashlib.sha256(b'{"d": 10.0, "seed": 0}').hexdigest(), 16)
    expected = np.random.default_rng(np.random.SeedSequence(typed)).random()
    assert typed_point_rng({"seed": 0, "d": np.float64(10)}).random() == expected


NUMPY = [np.int8, np.uint64, np.float16, np.float32, np.float64, np.bool_, np.str_]
PLAIN = (
    st.integers(-3, 300)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(2**60), 2**60).map(float)
    | st.booleans()
    | st.none()
    | st.text(max_size=3)
)


def spellings(value):
    """The value as it may also be written: by the other types of Python and by those of numpy."""
    for kind in [int, float, bool, str, *NUMPY]:
        try:
            other = kind(value)
        except (ValueError, TypeError, OverflowError):
            continue
        python = other.item() if isinstance(other, np.generic) else other
        if python == value and isinstance(python, str) == isinstance(value, str):
            yield other


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@given(PLAIN, PLAIN)
def test_points_are_the_same_exactly_when_their_values_are_equal(one, other):
    assert (key_of({"x": one}) == key_of({"x": other})) == (one == other)
    for spelling in spellings(one):
        assert key_of({"x": spelling}) == key_of({"x": one})
        assert point_rng({"x": spelling}).random() == point_rng({"x": one}).random()


def remember(rng, x):
    CALLS.append(x)
    return {"y": rng.random()}


def test_a_point_written_another_way_is_found_again_and_given_as_it_was_written(tmp_path):
    (first,) = run(remember, [{"x": 2.0}], tmp_path)
    assert type(CALLS[0]) is float
    for x in (2, np.int16(2), np.float32(2.0)):
        assert run(remember, [{"x": x}], tmp_path) == [first]
    assert CALLS == [2.0]
    (again,) = run(remember, [{"x": np.uint8(2)}], tmp_path / "other")
    assert type(CALLS[1]) is int and again == first


def test_other_generators(tmp_path):
    points = grid(x=[1, 2], seed=[0])
    paired = {"generator": lambda point: point_rng({"seed": point["seed"]})}
    one, two = run(draw_x, points, tmp_path, **paired)
    assert one["y"] == two["y"] == point_rng({"seed": 0}).random()
    # Results of other random numbers are not used again.
    with pytest.warns(UserWarning, match=r"2 points in .* are of another version"):
        alone, _ = run(draw_x, points, tmp_path)
    assert alone["y"] == point_rng({"seed": 0, "x": 1}).random()
    with pytest.raises(ValueError, match=r"generator must return a numpy\.random"):
        run(draw_x, points, tmp_path / "new", generator=lambda point: 3)
    assert list((tmp_path / "new").iterdir()) == []


def draw_x(rng, x, seed):
    return {"y": rng.random()}


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
    # Point 0 came back last or nearly so, yet is the first record: the order of the lines is
    # another than the grid's.
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
    with pytest.raises(
        RuntimeError, match=r'the point {"bad": 3, "i": 3} failed: ZeroDivisionError'
    ):
        run(fail_at, grid(i=range(5), bad=[3]), tmp_path, executor=dask.get_executor(pure=False))
    assert run(fail_at, grid(i=[0], bad=[1]), tmp_path, executor=dask.get_executor(pure=False)) == [
        {"i": 0, "bad": 1, "y": -1.0}
    ]


class Counting(ThreadPoolExecutor):
    """Knows how many of its futures were unfinished at most."""

    def __init__(self):
        super().__init__(1)
        self.futures, self.most = [], 0

    def submit(self, *call):
        self.futures = [future for future in self.futures if not future.done()] + [
            super().submit(*call)
        ]
        self.most = max(self.most, len(self.futures))
        return self.futures[-1]


def test_more_points_than_are_handed_out_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(sweeps_workers, "AHEAD", 3)
    with Counting() as pool:
        assert [
            record["i"] for record in run(slow_first, grid(i=range(12)), tmp_path, executor=pool)
        ] == list(range(12))
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


# Stale results


def test_results_of_other_code_are_not_used_again(tmp_path, monkeypatch):
    monkeypatch.setattr(other_draw, "__qualname__", "draw")
    old = run(draw, POINTS[:5], tmp_path)
    with pytest.warns(
        UserWarning,
        match=r"5 points in .* are of another version of sweeps_parts.draw and are done again",
    ):
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


# Failures


def test_the_error_names_the_point_and_the_others_are_kept(tmp_path):
    with pytest.raises(RuntimeError) as error:
        run(fail_at, grid(i=range(6), bad=[3]), tmp_path)
    assert str(error.value) == (
        'the point {"bad": 3, "i": 3} failed: ZeroDivisionError: division by zero'
        " (3 of 6 points are finished and kept)"
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
    with (
        ThreadPoolExecutor(2) as pool,
        pytest.raises(
            RuntimeError, match=r'the point {"i": 1} failed: FileNotFoundError: no such weights'
        ),
    ):
        run(fail_at_1, grid(i=range(100)), tmp_path, executor=pool)
    kept = {json.loads(line)["point"]["i"] for line in lines_of(tmp_path)}
    assert (
        0 in kept and len(kept) < 50
    )  # the free thread may take a few more until the failure is noticed


BEGUN = threading.Barrier(2)


def fail_in_turn(rng, i):
    BEGUN.wait(30)
    time.sleep(i)
    raise ValueError


def test_the_first_of_two_failures_is_named(tmp_path):
    with (
        ThreadPoolExecutor(2) as pool,
        pytest.raises(RuntimeError, match=r'the point {"i": 0} failed: ValueError: '),
    ):
        run(fail_in_turn, grid(i=[0, 1]), tmp_path, executor=pool)


@pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() == 0, reason="the superuser may write to every folder"
)
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

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        run(draw, POINTS, tmp_path)
    monkeypatch.undo()
    assert len(CALLS) == 3
    assert_same(run(draw, POINTS, tmp_path), expected)
