"""A sweep that was killed or interrupted leaves no process, loses nothing, and is taken up."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest
from sweeps_parts import (
    CALLS,
    ENVIRONMENT,
    POINTS,
    assert_same,
    draw,
    interrupted,
    lines_of,
    run,
    run_python,
)

from sweeps import grid, point_rng


@pytest.fixture(scope="module")
def expected():
    return [point | draw(point_rng(point), **point) for point in POINTS]


@pytest.fixture(autouse=True)
def no_calls():
    CALLS.clear()


@pytest.mark.parametrize("keep", [0, 1, 30, -1])
def test_a_line_that_a_kill_left_half_written_is_done_again(tmp_path, expected, keep):
    run(draw, POINTS, tmp_path)
    (path,) = tmp_path.iterdir()
    *lines, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines) + last[:keep])
    # The half line stays in its file, and harms the next sweep no more than this one.
    for repeated in ([(2, 3)], []):
        CALLS.clear()
        assert_same(run(draw, POINTS, tmp_path), expected)
        assert repeated == CALLS


SCRIPT = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from sweeps import grid, sweep

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
    path.write_text(SCRIPT, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def uninterrupted(script):
    run = run_python(script, script.parent / "whole", "1")
    assert run.returncode == 0, run.stderr
    return run.stdout


def begin(script, folder, workers):
    """A sweep in a process group of its own, when it has finished five points."""
    command = [sys.executable, script, folder, workers]
    process = subprocess.Popen(
        command,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        encoding="utf-8",
    )
    deadline = time.monotonic() + 60
    while len(lines_of(folder)) < 5:
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()[1]
        time.sleep(0.01)
    return process


def members(group):
    """The processes of a group that live (a zombie does not)."""
    table = subprocess.run(
        ["ps", "-eo", "pgid=,stat=,pid="], capture_output=True, encoding="utf-8", check=True
    ).stdout
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
    again = run_python(script, folder, workers)
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
def test_ctrl_c_keeps_what_is_finished_and_leaves_no_process(
    tmp_path, script, uninterrupted, workers, whom
):
    process = begin(script, tmp_path, workers)
    whom(process.pid, signal.SIGINT)
    error = process.communicate(timeout=30)[1]
    assert_ends(process.pid)
    assert process.returncode != 0
    said = re.fullmatch(
        r"KeyboardInterrupt: (\d+) of 30 points are finished and kept in (.*);"
        r" the same call does the rest",
        error.splitlines()[-1],
    )
    # The interruption may come between the writing of a line and its counting.
    assert len(lines_of(tmp_path)) - int(said[1]) in (0, 1)
    assert said[2] == str(tmp_path)
    assert_resumes(script, tmp_path, uninterrupted, "1")


def test_an_interruption_that_reaches_the_point_first(tmp_path):
    with pytest.raises(
        KeyboardInterrupt,
        match=r"2 of 5 points are finished and kept in .*; the same call does the rest",
    ):
        run(interrupted, grid(i=range(5)), tmp_path / "here")
    # The thread goes on until it is told, and what it has done by then may be kept; the points that
    # wait are not begun.
    CALLS.clear()
    with (
        ThreadPoolExecutor(1) as pool,
        pytest.raises(KeyboardInterrupt, match=r"(\d+) of 100 points are finished and kept"),
    ):
        run(interrupted, grid(i=range(100)), tmp_path / "thread", executor=pool)
    assert 2 <= len(CALLS) < 50
    assert {0, 1} <= {json.loads(line)["point"]["i"] for line in lines_of(tmp_path / "thread")}


def test_an_interruption_of_the_sweep_itself_begins_no_further_point(tmp_path, monkeypatch):
    def interrupt(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with (
        ThreadPoolExecutor(1) as pool,
        pytest.raises(KeyboardInterrupt, match="0 of 97 points are finished and kept"),
    ):
        run(interrupted, grid(i=range(3, 100)), tmp_path, executor=pool)
    assert len(CALLS) < 50


def test_two_sweeps_of_one_folder_at_once(tmp_path, script, uninterrupted):
    both = [begin(script, tmp_path, "1") for _ in range(2)]
    for process in both:
        output, error = process.communicate(timeout=60)
        assert output == uninterrupted, error
    points = [json.loads(line)["point"] for line in lines_of(tmp_path)]
    assert len({str(point) for point in points}) == 30 < len(points)
    assert run_python(script, tmp_path, "1").stdout == uninterrupted


def delete_folder(rng, i, folder):
    if i == 2:
        shutil.rmtree(folder)
    return {"y": i}


def test_a_folder_that_is_deleted_on_the_way_is_not_written_to_in_vain(tmp_path):
    folder = tmp_path / "kept"
    with pytest.raises(FileNotFoundError, match="was deleted while the sweep wrote to it"):
        run(delete_folder, grid(i=range(5), folder=[str(folder)]), folder)


def change_folder(rng, i, folder):
    os.chdir(folder)
    return {"y": 1 / i}


def test_an_experiment_that_changes_the_folder_it_runs_in(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        run(change_folder, [{"i": 0, "folder": str(tmp_path / "elsewhere")}], "kept")
    assert list((tmp_path / "kept").iterdir()) == []  # the empty file is found and removed


class AtOnce(Executor):
    """Every point is back before anybody waits for it, the first one by Ctrl-C."""

    def submit(self, function, /, *arguments):
        future = Future()
        if arguments[1]["i"] == 0:
            future.set_exception(KeyboardInterrupt())
        else:
            future.set_result(function(*arguments))
        return future


def test_an_interruption_does_not_cost_what_came_back_with_it(tmp_path):
    with pytest.raises(KeyboardInterrupt, match="19 of 20 points are finished and kept"):
        run(stay, grid(i=range(20)), tmp_path, executor=AtOnce())
    assert len(lines_of(tmp_path)) == 19


def stay(rng, i):
    return {"y": i}


def test_a_sweep_without_any_result_leaves_no_file(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(interrupted, [{"i": 2}], tmp_path)
    assert list(tmp_path.iterdir()) == []
