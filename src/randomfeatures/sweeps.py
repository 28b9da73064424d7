"""A grid of experiments over any executor. Finished points are kept on disk: a sweep that was stopped does only what is missing."""

import base64
import functools
import hashlib
import inspect
import itertools
import json
import math
import multiprocessing
import os
import sys
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

# Points handed to an executor before the first one is back: enough for a large cluster, few enough to look through at every return.
AHEAD = 1000


def grid(**axes: Iterable) -> list[dict]:
    """Every combination of the values of the parameters, the last parameter varying fastest. Grids may be joined with ``+``.

    Raises: ValueError if there is no parameter, or one has no values.

    >>> grid(d=[2, 3], seed=range(2))
    [{'d': 2, 'seed': 0}, {'d': 2, 'seed': 1}, {'d': 3, 'seed': 0}, {'d': 3, 'seed': 1}]
    """
    values = {name: list(axis) if isinstance(axis, Iterable) and not isinstance(axis, str) else [] for name, axis in axes.items()}
    if not axes or not all(values.values()):
        raise ValueError(f"grid must have at least one parameter, and each a list, range or array of at least one value, got {axes!r}")
    return [dict(zip(values, combination, strict=True)) for combination in itertools.product(*values.values())]


def point_rng(point: Mapping[str, Any]) -> np.random.Generator:
    """The generator that ``sweep`` gives to the experiment at ``point``: a function of the names and values of the parameters alone.

    It is numpy's default generator with a ``SeedSequence`` made from the SHA-256 of the parameters, so that different points have
    independent streams, and neither their order, nor the executor, nor an interruption enters.

    >>> bool(point_rng({"d": 2, "seed": 0}).random() == point_rng({"seed": np.int64(0), "d": 2}).random())
    True
    """
    digest = hashlib.sha256(_key(point).encode()).digest()
    return np.random.default_rng(np.random.SeedSequence(int.from_bytes(digest, "big")))


def sweep(
    experiment: Callable[..., dict],
    points: Iterable[Mapping[str, Any]],
    *,
    folder: str | Path,
    version: str | None = None,
    executor: Executor | None = None,
    progress: bool = True,
) -> list[dict]:
    """``experiment(rng, **point)`` at every point: a list of records, parameters and results in one dict, in the order of ``points``.

    A finished point is one line of a file in ``folder``, written when the point comes back. Called again, a sweep reads the lines and
    runs only the points that have none; a line that a kill left half written does not count. Each call writes a file of its own, so
    two sweeps of one folder at once do some points twice and harm nothing. ``rng`` is ``point_rng(point)``: the number of workers
    and the interruptions change no number.

    - ``experiment``: a function defined at the top level of a module. It returns a dict of numbers, strings, None and numpy arrays,
      which come back bit for bit; a scalar of numpy comes back as the Python number that equals it.
    - ``version``: by default a result is used again only if the compiled code of ``experiment`` is the same; functions that it calls
      do not enter. With a version of your own, that alone decides. Results of another version stay in the folder, with a warning.
    - ``executor``: None runs the points here, one after the other; ``ProcessPoolExecutor()`` uses every core, and Dask's
      ``Client(...).get_executor(pure=False)`` a cluster. It stays yours to shut down.
    - ``progress``: a bar with the time left, on standard error.

    Raises: ValueError for an argument that cannot be right, before anything runs; RuntimeError, naming the point, from the first error
    in an experiment; TypeError, naming the point, for a result that cannot be stored. After an error no further point starts; points
    that are running are waited for and kept, unless the executor can cancel them, as Dask can. Ctrl-C waits for none. What is
    finished stays.

    >>> import tempfile
    >>> def mean(rng, d, seed):
    ...     print("d =", d)
    ...     return {"mean": rng.standard_normal(d).mean()}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = sweep(mean, grid(d=[10], seed=[0]), folder=folder, progress=False)
    ...     more = sweep(mean, grid(d=[20, 10], seed=[0]), folder=folder, progress=False)
    d = 10
    d = 20
    >>> more[1] == first[0]
    True
    """
    points, folder = _checked(experiment, points, folder, version, executor), Path(folder)
    name = f"{experiment.__module__}.{experiment.__qualname__}"
    label = {"experiment": name, "version": _fingerprint(experiment) if version is None else version}
    done = _read(folder, label, points)
    missing = [key for key in points if key not in done]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        # Opened before anything runs: a folder that cannot be written to is found now, not after the first point.
        with (
            open(folder / f"{uuid.uuid4().hex}.jsonl", "xb") as file,
            closing(_run(experiment, label, missing, executor or _InProcess())) as lines,
        ):
            try:
                _keep(lines, file, done, len(points), progress)
            except KeyboardInterrupt:
                kept = f"{len(done)} of {len(points)} points are finished and kept in {folder}; the same call does the rest"
                raise KeyboardInterrupt(kept) from None
            finally:
                print(end="\n" * progress, file=sys.stderr)
    return [point | done[key] for key, point in points.items()]


def _run(experiment, label, keys, executor):
    """(key, line, error) of each point when it comes back, line or error being None. After the first error no point starts."""
    waiting, running, ahead = iter(keys), {}, 1 if isinstance(executor, _InProcess) else AHEAD
    try:
        while True:
            for key in itertools.islice(waiting, ahead - len(running)):
                running[executor.submit(_line, experiment, label, key)] = key
            if not running:
                return
            # Results first: an interruption must not cost the points that came back together with it.
            for future in sorted(wait(running, return_when=FIRST_COMPLETED).done, key=lambda future: future.exception() is not None):
                key, error = running.pop(future), future.exception()
                if error:
                    waiting, running = iter(()), {other: k for other, k in running.items() if not other.cancel()}
                if error and not isinstance(error, Exception):
                    raise error  # Ctrl-C reached the worker first
                yield key, None if error else future.result(), error
    finally:
        for future in running:
            future.cancel()


def _keep(lines, file, done, total, progress):
    """Write each line to the file when it comes, and its result to ``done``; at the end raise the first error, if there was one."""
    failed, start, before = None, time.monotonic(), len(done)
    for key, line, error in lines:
        if error:
            failed = failed or (key, error)
            continue
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())
        done[key] = _restored(json.loads(line)["result"])
        if progress:
            seconds = (time.monotonic() - start) / (len(done) - before) * (total - len(done))
            bar = f"[{'#' * (20 * len(done) // total):<20}] {len(done)} of {total} points, {timedelta(seconds=round(seconds))} left"
            print(f"\r{bar} ", end="", file=sys.stderr, flush=True)
    if failed:
        key, error = failed
        kind, name = (TypeError, "") if isinstance(error, _NotStorable) else (RuntimeError, f"{type(error).__name__}: ")
        raise kind(f"the point {key} failed: {name}{error} ({len(done)} of {total} points are finished and kept)") from error


class _InProcess(Executor):
    """Runs what is submitted at once."""

    def submit(self, function, /, *args):
        future = Future()
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class _NotStorable(TypeError):
    pass


def _line(experiment, label, key):
    """Run one point, in the executor's worker, and make the line that keeps it."""
    _end_with_parent()
    point = json.loads(key)
    result = experiment(point_rng(point), **point)
    if not isinstance(result, dict) or not all(isinstance(name, str) and name not in point for name in result):
        raise _NotStorable(f"the result must be a dict whose keys are strings and no names of parameters, got {result!r:.200}")
    return json.dumps(label | {"point": point, "result": {name: _stored(name, value) for name, value in result.items()}}) + "\n"


@functools.cache
def _end_with_parent():
    """End this worker when the process that started it was killed: a worker of the standard pool would wait for work for ever."""
    if parent := multiprocessing.parent_process():
        threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()


def _stored(name, value):
    """What JSON can keep of a value without loss."""
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is np.ndarray and value.dtype.kind in "biufc":
        return {"dtype": value.dtype.str, "shape": value.shape, "base64": base64.b64encode(value.tobytes()).decode()}
    raise _NotStorable(f"{name} must be a number, a string, None or a numpy array of numbers, got {type(value).__name__} {value!r:.80}")


def _restored(result):
    """The result that a line keeps, with its arrays."""

    def array(kept):
        return np.frombuffer(base64.b64decode(kept["base64"]), kept["dtype"]).reshape(kept["shape"]).copy()

    return {name: array(value) if isinstance(value, dict) else value for name, value in result.items()}


def _key(point):
    """The text that stands for a point: its parameters in the order of their names."""
    values = {name: _stored(name, point[name]) for name in sorted(point)}
    for name, value in values.items():
        if isinstance(value, dict) or (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError(f"{name} must be a finite number, a string, True, False or None, got {point[name]!r}")
    return json.dumps(values)


def _checked(experiment, points, folder, version, executor):
    """The points by their keys, or ValueError naming the argument that cannot be right."""
    if not inspect.isfunction(experiment) or "<" in experiment.__qualname__:
        raise ValueError(f"experiment must be a function defined at the top level of a module, got {experiment!r}")
    if not (isinstance(folder, str | Path) and str(folder)) or (Path(folder).exists() and not Path(folder).is_dir()):
        raise ValueError(f"folder must be the path of a folder, there or to be made, got {folder!r}")
    if not (version is None or (isinstance(version, str) and version)):
        raise ValueError(f"version must be None or a string that is not empty, got {version!r}")
    if not (executor is None or isinstance(executor, Executor)):
        raise ValueError(f"executor must be None or a concurrent.futures.Executor (Dask: client.get_executor()), got {executor!r}")
    if not isinstance(points, Iterable) or isinstance(points, str | Mapping) or not (points := list(points)):
        raise ValueError(f"points must be a list of at least one dict of parameters, got {points!r}")
    checked = {}
    for index, point in enumerate(points):
        try:
            inspect.signature(experiment).bind(None, **point)
            key = _key(point)
        except (TypeError, ValueError) as error:
            raise ValueError(f"points[{index}] must be arguments of {experiment.__qualname__}, got {point!r}: {error}") from None
        if key in checked:
            raise ValueError(f"points must differ, got {point!r} twice")
        checked[key] = {name: _stored(name, value) for name, value in point.items()}
    return checked


def _fingerprint(experiment):
    """SHA-256 of the compiled code of a function, which is what runs, whatever its file says by now."""

    def parts(code):
        # Written out, since the order within a set, and the address within a nested function's text, change from run to run.
        constants = [
            parts(c) if inspect.iscode(c) else sorted(map(repr, c)) if isinstance(c, frozenset) else repr(c) for c in code.co_consts
        ]
        return [code.co_code.hex(), code.co_names, code.co_varnames, constants]

    function = inspect.unwrap(experiment)
    return hashlib.sha256(
        json.dumps([parts(function.__code__), repr((function.__defaults__, function.__kwdefaults__))]).encode()
    ).hexdigest()


def _read(folder, label, points):
    """The results of ``points`` in the files of the folder; a warning for those of another version alone."""
    done, others = {}, set()
    for path in sorted(folder.glob("*.jsonl")):
        # Nothing follows the last line's end but what a kill left of a line.
        for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
            try:
                record = json.loads(line)
                key, result = _key(record["point"]), _restored(record["result"])
                if record["experiment"] == label["experiment"] and key in points:
                    done.update({key: result} if record["version"] == label["version"] else {})
                    others.add(key)
            except (ValueError, KeyError, TypeError, AttributeError):
                raise ValueError(
                    f"folder must hold whole lines of sweeps, got a damaged line {number} in {path}; delete this line"
                ) from None
    if stale := others - done.keys():
        warnings.warn(f"{len(stale)} points in {folder} are of another version of {label['experiment']} and are done again", stacklevel=3)
    return done
