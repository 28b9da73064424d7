"""Where the points of a sweep run.

In this process, on a pool, or on a cluster; and what comes back from there.
"""

import functools
import multiprocessing
import os
import pickle
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sized
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from itertools import islice
from multiprocessing.spawn import get_preparation_data
from typing import Any, NamedTuple

import numpy as np
import threadpoolctl

from sweeps_lines import NotStorable, line_of, text_of

AHEAD = 1000
"""Points handed to a cluster before the first is back.

Enough for a large one, few enough to look through.
"""


class Point(NamedTuple):
    """One point of a sweep.

    The text by which it is found again, its parameters, the generator for it.
    """

    key: str
    parameters: dict[str, Any]
    rng: np.random.Generator


class Outcome(NamedTuple):
    """What came back from a point: the line that keeps its result, or the error that ended it."""

    point: Point
    line: str | None
    error: BaseException | None


class CannotImport(RuntimeError):
    """The experiment is not where a new process looks for it."""


class InProcess(Executor):
    """Runs what is submitted at once."""

    def submit(self, function: Callable, /, *args: Any, **kwargs: Any) -> Future:
        future: Future = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # sys.exit in an experiment is a failure as well
            future.set_exception(error)
        return future


def outcomes(
    experiment: Callable, label: Mapping[str, str], points: Iterable[Point], executor: Executor
) -> Generator[Outcome, None, None]:
    """The outcome of each point when it comes back.

    After the first error no further point starts.
    """
    call = functools.partial(_line, experiment)
    if isinstance(executor, ProcessPoolExecutor):
        _check_main(executor)
        # Read in the worker by a function of ours: where the pool itself cannot read it, the pool
        # breaks without a word.
        call = functools.partial(_line_of_pickled, _pickled(experiment), _name(experiment))
    waiting = iter(points)
    running: dict[Future, Point] = {}
    try:
        while True:
            running |= _submitted(executor, call, label, waiting, running)
            if not running:
                return
            failed = False
            for outcome in _finished(running):
                failed = failed or outcome.error is not None
                yield outcome
            if failed:
                waiting = iter(())
                running = {future: running[future] for future in running if not future.cancel()}
    finally:
        for future in running:
            future.cancel()


def _check_main(executor: ProcessPoolExecutor) -> None:
    """Refuse a main program that new processes would look for in vain, and die."""
    context = getattr(executor, "_mp_context", None)
    if context is None or context.get_start_method() == "fork":
        return
    path = get_preparation_data("worker").get("init_main_from_path")
    if path is not None and not os.path.exists(path):
        raise CannotImport(
            f"the processes of this executor look for the main program in {path}, which is not"
            " there; put the sweep into a file of its own and run that"
        )


def _submitted(
    executor: Executor,
    call: Callable,
    label: Mapping[str, str],
    waiting: Iterator[Point],
    running: Sized,
) -> dict[Future, Point]:
    """The next points, handed to the executor until it has all that it should have at once."""
    new: dict[Future, Point] = {}
    for point in islice(waiting, _at_once(executor) - len(running)):
        try:
            new[executor.submit(call, label, point.parameters, point.rng)] = point
        except BrokenExecutor as error:
            if running or new:
                break  # a worker has just died: what ran comes back with this error
            raise RuntimeError(
                "executor lost a worker and takes no more points; make a new one"
            ) from error
    return new


def _finished(running: dict[Future, Point]) -> Iterator[Outcome]:
    """The outcomes that are there, when there is one, each taken out of ``running``."""
    done = wait(running, return_when=FIRST_COMPLETED).done
    # Results first: an interruption must not cost the points that came back together with it.
    for future in sorted(done, key=lambda future: _error_of(future) is not None):
        point, error = running.pop(future), _error_of(future)
        if isinstance(error, KeyboardInterrupt):
            raise error  # Ctrl-C reached the worker first
        yield Outcome(point, future.result() if error is None else None, error)


def _error_of(future: Future) -> BaseException | None:
    try:
        return future.exception()
    except CancelledError as error:  # by somebody else, as a shutdown of the executor
        return error


def _at_once(executor: Executor) -> int:
    """How many points an executor has at once.

    In this process one, so that it is kept before the next begins; a pool of processes one a
    worker, so that those that ran when a worker died are known.
    """
    if isinstance(executor, InProcess):
        return 1
    if isinstance(executor, ProcessPoolExecutor):
        return getattr(executor, "_max_workers", AHEAD)
    return AHEAD


def explained(failures: list[Outcome], kept: str) -> Exception:
    """The error to raise for a sweep whose points failed so.

    ``kept`` says how many are finished.
    """
    point, _, error = failures[0]
    if isinstance(error, BrokenExecutor):
        lost = sorted(
            text_of(failed.point.parameters)
            for failed in failures
            if isinstance(failed.error, BrokenExecutor)
        )
        return RuntimeError(
            f"a worker ended without an answer while these points ran: {', '.join(lost)} ({kept})."
            " It ran out of memory, was killed, or left by os._exit; if no point ever comes back,"
            ' the script lacks `if __name__ == "__main__":` above its sweep'
        )
    failed = f"the point {text_of(point.parameters)} failed"
    if isinstance(error, NotStorable):
        return TypeError(f"{failed}: {error} ({kept})")
    if isinstance(error, CannotImport):
        return RuntimeError(f"{failed}: {error} ({kept})")
    return RuntimeError(f"{failed}: {type(error).__name__}: {error} ({kept})")


# In the worker


def _line(
    experiment: Callable,
    label: Mapping[str, str],
    parameters: dict[str, Any],
    rng: np.random.Generator,
) -> str:
    """Run one point, and make the line that keeps it."""
    _prepare_worker()
    return line_of(label, parameters, experiment(rng, **parameters))


def _line_of_pickled(
    pickled: bytes,
    name: str,
    label: Mapping[str, str],
    parameters: dict[str, Any],
    rng: np.random.Generator,
) -> str:
    try:
        return _line(_unpickled(pickled, name), label, parameters, rng)
    except Exception as error:
        raise _that_travels(error) from error.__cause__


def _unpickled(pickled: bytes, name: str) -> Callable:
    try:
        return pickle.loads(pickled)
    except (ImportError, AttributeError) as error:
        raise CannotImport(
            f"the workers cannot import {name} ({error}); put the experiment into a file of its own"
            " and import it from there: a function of a notebook or of the standard input exists"
            " in one process alone"
        ) from None


def _pickled(experiment: Callable) -> bytes:
    try:
        return pickle.dumps(experiment)
    except (pickle.PicklingError, AttributeError) as error:
        raise ValueError(
            "experiment must be a function that other processes can import,"
            f" got {experiment!r}: {error}"
        ) from None


def _that_travels(error: Exception) -> Exception:
    """``error``, or its text if it cannot be sent to another process: the pool would break."""
    try:
        pickle.loads(pickle.dumps(error))
        return error
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")


def _name(experiment: Callable) -> str:
    return f"{experiment.__module__}.{experiment.__qualname__}"


@functools.cache
def _prepare_worker() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    threading.Thread(target=_end_with, args=[parent], daemon=True).start()
    if _is_forked():
        # OpenMP's threads, which torch works with, stay behind in the parent, and work handed to
        # them is waited for for ever.
        one_thread()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    """End this worker when the process that started it was killed.

    One of the standard pool would wait for work for ever.
    """
    parent.join()
    os._exit(1)


def _is_forked() -> bool:
    forked = getattr(multiprocessing.context, "ForkProcess", ())  # Windows has none
    return isinstance(multiprocessing.current_process(), forked)


def one_thread() -> None:
    """Let the numerical libraries of this process, loaded or yet to be, compute with one thread."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    threadpoolctl.threadpool_limits(1)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
