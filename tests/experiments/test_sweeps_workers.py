"""A sweep on processes finishes or says what to do, within seconds, whatever was there before."""

import json
import multiprocessing
import re
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
import sweeps_parts
from sweeps_parts import (
    POINTS,
    assert_same,
    draw,
    lines_of,
    run,
    run_python,
)

import sweeps_workers
from sweeps import grid, workers

FORKS = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork"
)


def pool(method, n=2):
    return ProcessPoolExecutor(n, mp_context=multiprocessing.get_context(method))


def test_workers_give_the_numbers_of_this_process(tmp_path):
    with workers(np.int64(2)) as executor:
        records = run(draw, POINTS, tmp_path / "workers", executor=executor)
    assert_same(records, run(draw, POINTS, tmp_path / "here"))


def test_workers_compute_with_one_thread(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with workers(1) as executor:
        (record,) = run(sweeps_parts.count_threads, [{"i": 0}], tmp_path, executor=executor)
    assert record == {"i": 0, "blas": 1, "omp": "1"}


# A worker that dies


# JAX, where an earlier test has loaded it, warns of every fork.
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
@pytest.mark.parametrize("method", ["spawn", pytest.param("fork", marks=FORKS)])
def test_when_a_worker_dies_the_points_that_ran_are_named_and_the_finished_kept(tmp_path, method):
    with (
        pool(method, 1) as executor,
        pytest.raises(RuntimeError) as error,
    ):
        run(sweeps_parts.exit_at_2, grid(i=range(5)), tmp_path, executor=executor)
    assert str(error.value).startswith(
        'a worker ended without an answer while these points ran: {"i": 2}'
        " (2 of 5 points are finished and kept). It ran out of memory, was killed"
    )
    assert [json.loads(line)["point"]["i"] for line in lines_of(tmp_path)] == [0, 1]


def test_both_points_are_named_when_two_ran(tmp_path):
    with pool("spawn") as executor, pytest.raises(RuntimeError) as error:
        run(sweeps_parts.exit_late, grid(i=range(5)), tmp_path, executor=executor)
    assert 'these points ran: {"i": 0}, {"i": 1} (0 of 5 points' in str(error.value)


def test_a_pool_that_is_broken_already_is_refused(tmp_path):
    with pool("spawn", 1) as executor:
        with pytest.raises(RuntimeError, match="these points ran"):
            run(sweeps_parts.exit_at_2, grid(i=[2]), tmp_path, executor=executor)
        with pytest.raises(RuntimeError, match="lost a worker and takes no more points; make a ne"):
            run(draw, POINTS, tmp_path, executor=executor)
    assert lines_of(tmp_path) == []


def test_an_error_that_cannot_be_sent_home_is_told_by_its_text(tmp_path):
    with pool("spawn", 1) as executor, pytest.raises(RuntimeError) as error:
        run(sweeps_parts.raise_two_arguments, grid(i=range(3)), tmp_path, executor=executor)
    assert 'the point {"i": 0} failed: RuntimeError: TwoArguments: 1 and 2' in str(error.value)


@pytest.mark.parametrize("where", ["here", "spawn"])
def test_an_experiment_that_leaves_by_sys_exit_is_a_failure(tmp_path, where):
    executor = None if where == "here" else pool(where, 1)
    with pytest.raises(RuntimeError, match=r'the point {"i": 0} failed: SystemExit: 0'):
        run(sweeps_parts.leave, grid(i=range(3)), tmp_path, executor=executor)
    if executor:
        executor.shutdown()


def test_points_that_somebody_else_cancels_are_a_failure(tmp_path):
    class Cancelling(sweeps_workers.InProcess):
        def submit(self, *call):
            future = sweeps_workers.Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with pytest.raises(RuntimeError, match=r'the point {"d": 3, "seed": 0} failed: CancelledError'):
        run(draw, POINTS, tmp_path, executor=Cancelling())


# A function that new processes do not find

NOTEBOOK = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from sweeps import grid, sweep
def experiment(rng, i):
    return {"y": rng.random()}
if __name__ == "__main__":
    context = multiprocessing.get_context(METHOD)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        print(len(sweep(experiment, grid(i=range(4)), folder=FOLDER, executor=pool)))
"""


def placed(text, folder, method):
    return text.replace("METHOD", repr(method)).replace("FOLDER", repr(str(folder)))


STARTED_ANEW = [method for method in multiprocessing.get_all_start_methods() if method != "fork"]


@pytest.mark.parametrize("method", STARTED_ANEW)
def test_a_function_of_a_notebook_is_told_to_go_into_a_file(tmp_path, method):
    text = placed(NOTEBOOK, tmp_path / "kept", method)
    ended = run_python("-c", text)
    assert ended.returncode != 0
    last = ended.stderr.strip().splitlines()[-1]
    assert re.match(r'RuntimeError: the point {"i": \d} failed: the workers cannot import', last)
    assert "__main__.experiment" in last and "put the experiment into a file of its own" in last
    # The same text in a file works.
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    assert run_python(tmp_path / "script.py").stdout == "4\n"


@pytest.mark.parametrize("method", STARTED_ANEW)
def test_a_program_from_standard_input_is_told_to_go_into_a_file(tmp_path, method):
    ended = run_python("-", input=placed(NOTEBOOK, tmp_path / "kept", method))
    assert ended.returncode != 0
    last = ended.stderr.strip().splitlines()[-1]
    assert re.search("put the (sweep|experiment) into a file of its own", last)
    assert list((tmp_path / "kept").iterdir()) == []


@FORKS
def test_a_function_of_a_notebook_works_on_copies_of_this_process(tmp_path):
    assert run_python("-c", placed(NOTEBOOK, tmp_path, "fork")).stdout == "4\n"


def test_a_module_that_only_this_process_has(tmp_path, monkeypatch):
    module = type(sys)("only_here")
    exec("def f(rng, i):\n    return {'y': 1}", vars(module))
    monkeypatch.setitem(sys.modules, "only_here", module)
    with pool("spawn", 1) as executor, pytest.raises(RuntimeError) as error:
        run(module.f, grid(i=range(3)), tmp_path, executor=executor)
    assert "the workers cannot import only_here.f (No module named 'only_here')" in str(error.value)


def test_a_function_that_its_module_has_under_another_name(tmp_path, monkeypatch):
    monkeypatch.setattr(draw, "__qualname__", "no_such_name")
    with (
        pool("spawn", 1) as executor,
        pytest.raises(ValueError, match="experiment must be a function that other processes can i"),
    ):
        run(draw, POINTS, tmp_path, executor=executor)


def test_a_script_without_its_main_guard_ends_with_advice(tmp_path):
    text = placed(NOTEBOOK, tmp_path / "kept", "spawn").replace(
        'if __name__ == "__main__":', "if True:"
    )
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    ended = run_python(tmp_path / "script.py")
    assert ended.returncode != 0
    assert 'the script lacks `if __name__ == "__main__":`' in ended.stderr.splitlines()[-1]


# Threads that a copy of this process does not have

TRAINING = """
import multiprocessing, sys, torch
from concurrent.futures import ProcessPoolExecutor
from sweeps import grid, sweep, workers
from torch_experiment import experiment, work
if __name__ == "__main__":
    torch.set_num_threads(2)
    work()  # OpenMP's threads live from here on
    if METHOD == "workers":
        pool = workers(2)
    else:
        pool = ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(METHOD))
    with pool:
        records = sweep(experiment, grid(i=range(4)), folder=FOLDER, executor=pool)
    print([record["threads"] for record in records])
"""
EXPERIMENT = """
import torch
def work():
    return float(torch.relu(torch.ones(1000, 1000) @ torch.ones(1000, 1000)).sum())
def experiment(rng, i):
    return {"sum": work(), "threads": torch.get_num_threads()}
"""


@pytest.mark.parametrize("method", ["workers", "spawn", pytest.param("fork", marks=FORKS)])
def test_a_sweep_after_torch_has_multiplied_matrices_here_ends(tmp_path, method):
    pytest.importorskip("torch")
    (tmp_path / "torch_experiment.py").write_text(EXPERIMENT, encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text(placed(TRAINING, tmp_path / "kept", method), encoding="utf-8")
    ended = run_python(script, timeout=120, OMP_NUM_THREADS="2")
    threads = 2 if method == "spawn" else 1
    assert ended.stdout == f"{[threads] * 4}\n", ended.stderr
