"""Experiments and helpers that the tests of sweeps share.

New processes can import them from here.
"""

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import threadpoolctl

import sweeps
from sweeps import grid, sweep

POINTS = grid(d=[3, 1, 2], seed=range(4))
CALLS = []
RETURNED = {}
EXPERIMENTS = Path(sweeps.__file__).parent
PATHS = [str(EXPERIMENTS), *filter(None, [os.environ.get("PYTHONPATH")])]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(PATHS)}
"""In which a script finds the module ``sweeps`` as a script in its folder does."""


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


def run(experiment, points, folder, **options):
    return sweep(experiment, points, folder=folder, progress=False, **options)


def lines_of(folder):
    """The whole lines in the files of a folder."""
    return [
        line
        for path in Path(folder).glob("*.jsonl")
        for line in path.read_bytes().split(b"\n")[:-1]
    ]


def assert_same(records, expected):
    """Equal bit for bit, in the same order, with the same types."""
    assert [list(record) for record in records] == [list(record) for record in expected]
    for record, other in zip(records, expected, strict=True):
        for name, value in record.items():
            assert type(value) is type(other[name]), name
            if isinstance(value, float | np.ndarray):
                a, b = np.asarray(value), np.asarray(other[name])
                assert a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes(), (
                    name
                )
            else:
                assert value == other[name], name


def processes():
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


def count_lines(rng, i, folder):
    return {"lines": len(lines_of(folder))}


def exit_at_2(rng, i):
    if i == 2:
        os._exit(7)
    return {"y": i}


def run_python(*arguments, timeout=60, input=None, **environment):
    """Run Python as a user does, a script or ``-c`` and a text, and wait for its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        input=input,
        env=ENVIRONMENT | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def exit_late(rng, i):
    """Both points of two workers run when point 0 takes its worker away."""
    time.sleep(1 if i == 0 else 30)
    os._exit(7)


def leave(rng, i):
    sys.exit(0)


class TwoArguments(Exception):
    """Comes out of a pickle only with an error."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def raise_two_arguments(rng, i):
    raise TwoArguments(1, 2)


def count_threads(rng, i):
    pools = threadpoolctl.threadpool_info()
    return {
        "blas": max(pool["num_threads"] for pool in pools),
        "omp": os.environ["OMP_NUM_THREADS"],
    }
