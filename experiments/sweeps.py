"""A grid of experiments over any executor.

Finished points are kept on disk: a sweep that was stopped does only what is missing.
"""

import hashlib
import inspect
import itertools
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from sweeps_fingerprint import fingerprint
from sweeps_lines import kept_results, key_of, new_file, plain, restored, text_of
from sweeps_workers import InProcess, Point, explained, one_thread, outcomes


def grid(**axes: Iterable) -> list[dict[str, Any]]:
    """Every combination of the values of the parameters, the last parameter varying fastest.

    Grids may be joined with ``+``.

    Raises: ValueError if there is no parameter, or one has no values.

    >>> grid(d=[2, 3], seed=range(2))
    [{'d': 2, 'seed': 0}, {'d': 2, 'seed': 1}, {'d': 3, 'seed': 0}, {'d': 3, 'seed': 1}]
    """
    if not axes:
        raise ValueError("grid must have at least one parameter, got none")
    values = {name: _values(name, axis) for name, axis in axes.items()}
    return [
        dict(zip(values, combination, strict=True))
        for combination in itertools.product(*values.values())
    ]


def _values(name: str, axis: Iterable) -> list:
    is_axis = isinstance(axis, Iterable) and not isinstance(axis, str | bytes | Mapping)
    values = list(axis) if is_axis else []
    if not values:
        raise ValueError(
            f"{name} must be a list, range or array of at least one value, got {axis!r}"
        )
    return values


def point_rng(point: Mapping[str, Any]) -> np.random.Generator:
    """The generator that ``sweep`` gives to the experiment at ``point``.

    It depends on the names and the values of the parameters alone. It is numpy's default generator
    with a ``SeedSequence`` made from the SHA-256 of the parameters, so that different points have
    independent streams, and neither their order, nor the executor, nor an interruption enters.
    Equal numbers are one value, written as Python writes it, a whole one as an integer: 1 stands
    for 1.0, True, and numpy's as well.

    Raises: ValueError for a value that is not a finite number, a string, True, False or None.

    >>> first, second = {"d": 2, "seed": 0}, {"seed": np.int64(0), "d": 2.0}
    >>> bool(point_rng(first).random() == point_rng(second).random())
    True
    """
    return _rng_of_text(key_of(point))


def typed_point_rng(point: Mapping[str, Any]) -> np.random.Generator:
    """``point_rng`` as it was when the book's larger runs were made: it tells 4.0 from 4.

    Raises: TypeError for a value that JSON does not have.

    >>> bool(typed_point_rng({"d": 4}).random() == point_rng({"d": 4.0}).random())
    True
    >>> bool(typed_point_rng({"d": 4.0}).random() == point_rng({"d": 4.0}).random())
    False
    """
    return _rng_of_text(text_of(point))


def _rng_of_text(text: str) -> np.random.Generator:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return np.random.default_rng(np.random.SeedSequence(int.from_bytes(digest, "big")))


def workers(n: int | None = None) -> ProcessPoolExecutor:
    """A pool of ``n`` processes of one thread each; None is one process a core.

    Each is a new Python. Unlike the processes that ``ProcessPoolExecutor()`` starts on some
    systems, they inherit nothing from this one, so it does not matter what has been computed here
    before. Use it in a ``with`` statement, in a script below ``if __name__ == "__main__":``.

    Raises: ValueError if ``n`` is no whole number of at least 1.
    """
    if n is None:
        n = _cores()
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 1:
        raise ValueError(f"n must be an integer >= 1, got {n!r}")
    return ProcessPoolExecutor(
        int(n), mp_context=multiprocessing.get_context("spawn"), initializer=one_thread
    )


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))  # those this process may use
    return os.cpu_count() or 1


def sweep(
    experiment: Callable[..., dict[str, Any]],
    points: Iterable[Mapping[str, Any]],
    *,
    folder: str | Path,
    version: str | None = None,
    executor: Executor | None = None,
    progress: bool = True,
    generator: Callable[[Mapping[str, Any]], np.random.Generator] = point_rng,
) -> list[dict[str, Any]]:
    """``experiment(rng, **point)`` at every point: a list of records in the order of the points.

    A record has the parameters and the results in one dict.

    A finished point is one line of a file in ``folder``, written when the point comes back. Called
    again, a sweep reads the lines and runs only the points that have none; a line that a kill left
    half written does not count. Each call writes a file of its own, so two sweeps of one folder at
    once do some points twice and harm nothing. ``rng`` is ``generator(point)``: the number of
    workers and the interruptions change no number.

    - ``experiment``: a function defined at the top level of a module. It returns a dict of numbers,
      strings, None and numpy arrays, which come back bit for bit; a scalar of numpy comes back as
      the Python number that equals it.
    - ``points``: dicts of numbers, strings, True, False or None. Points with equal values are one
      point: 2, 2.0 and numpy's.
    - ``folder``: made if it is not there; ``~`` is your home.
    - ``version``: by default a result is used again only if the compiled code of ``experiment`` and
      its defaults are the same; functions that it calls do not enter. With a version of your own,
      that alone decides. Results of another version stay in the folder, with a warning.
    - ``executor``: None runs the points here, one after the other; ``workers()`` uses every core,
      and Dask's ``Client(...).get_executor(pure=False)`` a cluster. It stays yours to shut down.
    - ``progress``: a bar with the time left, on standard error.
    - ``generator``: the generator of a point, made in this process. For the same data at several
      ridges, say, make it from the seed alone:
      ``lambda point: point_rng({"seed": point["seed"]})``.

    Raises: ValueError for an argument that cannot be right, before anything runs; RuntimeError,
    naming the point, from the first error in an experiment, and naming the points that ran when a
    worker died; TypeError, naming the point, for a result that cannot be stored. After an error no
    further point starts; points that are running are waited for and kept, unless the executor can
    cancel them, as Dask can. Ctrl-C waits for none. What is finished stays.

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
    path, by_key = _path(folder), _by_key(experiment, points)
    _check_options(version, executor, generator)
    label = {
        "experiment": f"{experiment.__module__}.{experiment.__qualname__}",
        "version": version or _version(experiment, generator),
    }
    done = kept_results(path, label, by_key)
    missing = [key for key in by_key if key not in done]
    if missing:
        new = (Point(key, by_key[key], _rng(generator, by_key[key])) for key in missing)
        results = outcomes(experiment, label, new, executor or InProcess())
        failures = []
        # The file is there before anything runs: a folder that cannot be written to is found now,
        # not after the first point.
        with (
            new_file(path) as append,
            closing(results),
            _bar(len(done), len(by_key), progress) as show,
        ):
            try:
                for outcome in results:
                    if outcome.line is None:
                        failures.append(outcome)
                        continue
                    append(outcome.line)
                    done[outcome.point.key] = restored(outcome.line)
                    show(len(done))
            except KeyboardInterrupt:
                kept = f"{_count(done, by_key)} in {path}; the same call does the rest"
                raise KeyboardInterrupt(kept) from None
        if failures:
            raise explained(failures, _count(done, by_key)) from failures[0].error
    return [point | done[key] for key, point in by_key.items()]


def _count(done: Sized, points: Sized) -> str:
    return f"{len(done)} of {len(points)} points are finished and kept"


def _rng(
    generator: Callable[[Mapping[str, Any]], np.random.Generator], point: dict[str, Any]
) -> np.random.Generator:
    rng = generator(point)
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"generator must return a numpy.random.Generator, got {rng!r:.80} for {point!r}"
        )
    return rng


def _version(experiment: Callable, generator: Callable) -> str:
    """The text that tells this code from other code.

    Results of other random numbers are not used again either.
    """
    code = fingerprint(experiment)
    return code if generator is point_rng else f"{code} {fingerprint(generator)}"


@contextmanager
def _bar(before: int, total: int, progress: bool) -> Iterator[Callable[[int], None]]:
    """A function that shows how many points are finished and how long the others may take.

    ``before`` were kept already.
    """
    start = time.monotonic()

    def show(done: int) -> None:
        seconds = (time.monotonic() - start) / (done - before) * (total - done)
        bar = "#" * (20 * done // total)
        left = timedelta(seconds=round(seconds))
        _say(f"\r[{bar:<20}] {done} of {total} points, {left} left ")

    if not progress:
        yield lambda done: None
        return
    try:
        yield show
    finally:
        _say("\n")


def _say(text: str) -> None:
    """Write to standard error, if anybody reads it.

    A sweep whose output goes to ``head`` is finished all the same.
    """
    try:
        if sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()
    except (OSError, ValueError):  # ValueError: it is closed
        pass


# Checks


def _path(folder: str | Path) -> Path:
    reason = ""
    if isinstance(folder, str | Path) and str(folder):
        try:
            # Absolute, since an experiment may change the folder that it runs in.
            path = Path(folder).expanduser().absolute()
            path.lstat()
            if path.is_dir():
                return path
        except FileNotFoundError:
            return path
        except (RuntimeError, OSError, ValueError) as error:
            reason = f": {error}"  # no such user, no possible name
    raise ValueError(
        f"folder must be the path of a folder, there or to be made, got {folder!r}{reason}"
    )


def _check_options(version: str | None, executor: Executor | None, generator: Callable) -> None:
    if not (version is None or (isinstance(version, str) and version)):
        raise ValueError(f"version must be None or a string that is not empty, got {version!r}")
    if not (executor is None or isinstance(executor, Executor)):
        raise ValueError(
            "executor must be None or a concurrent.futures.Executor (Dask: client.get_executor()),"
            f" got {executor!r}"
        )
    if not inspect.isfunction(generator):
        raise ValueError(f"generator must be a function of a point, got {generator!r}")


def _by_key(experiment: Callable, points: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The points by their keys, as Python values."""
    if not inspect.isfunction(experiment) or "<" in experiment.__qualname__:
        raise ValueError(
            "experiment must be a function defined at the top level of a module,"
            f" got {experiment!r}"
        )
    points = (
        list(points)
        if isinstance(points, Iterable) and not isinstance(points, str | Mapping)
        else points
    )
    if not isinstance(points, list) or not points:
        raise ValueError(
            f"points must be a list of at least one dict of parameters, got {points!r}"
        )
    signature, by_key = inspect.signature(experiment), {}
    for index, point in enumerate(points):
        try:
            signature.bind(None, **point)
            key = key_of(point)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"points[{index}] must be arguments of {experiment.__qualname__},"
                f" got {point!r}: {error}"
            ) from None
        if key in by_key:
            raise ValueError(f"points must differ, got {point!r} twice")
        by_key[key] = {name: plain(value) for name, value in point.items()}
    return by_key
