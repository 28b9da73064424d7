"""What a sweep keeps: a line of JSON for each finished point, and the point's name in the file."""

import base64
import functools
import json
import math
import os
import uuid
import warnings
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np


class NotStorable(TypeError):
    """A result that a line cannot keep."""


def plain(value: Any) -> Any:
    """A scalar of numpy as the Python value that equals it; all else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def text_of(point: Mapping[str, Any]) -> str:
    """The point as it was written, its parameters in the order of their names.

    >>> text_of({"seed": 0, "d": 2.0})
    '{"d": 2.0, "seed": 0}'
    """
    return json.dumps({name: plain(point[name]) for name in sorted(point)})


def key_of(point: Mapping[str, Any]) -> str:
    """The text that stands for a point: points with equal values, and no others, have the same one.

    Numbers that are equal in Python are one value: a whole number is written as an integer, True as
    1, False as 0.

    Raises: ValueError for a value that is not a finite number, a string, True, False or None.

    >>> key_of({"seed": False, "d": 2.0})
    '{"d": 2, "seed": 0}'
    """
    return json.dumps({name: _canonical(name, point[name]) for name in sorted(point)})


def _canonical(name: str, value: Any) -> Any:
    value = plain(value)
    if value is None or type(value) is str:
        return value
    if type(value) in (bool, int, float) and math.isfinite(value):
        return int(value) if value == int(value) else value
    raise ValueError(
        f"{name} must be a finite number, a string, True, False or None, got {value!r:.80}"
    )


def line_of(label: Mapping[str, str], point: Mapping[str, Any], result: Any) -> str:
    """The line that keeps the result of a point. ``label`` says which experiment made it.

    Raises: NotStorable if the result is not a dict of what ``stored`` takes, or shares a name with
    a parameter.
    """
    if not isinstance(result, dict) or not all(
        isinstance(name, str) and name not in point for name in result
    ):
        raise NotStorable(
            "the result must be a dict whose keys are strings and no names of parameters,"
            f" got {result!r:.200}"
        )
    values = {name: stored(name, value) for name, value in result.items()}
    return json.dumps({**label, "point": point, "result": values}) + "\n"


def stored(name: str, value: Any) -> Any:
    """What JSON can keep of a value without loss; NotStorable if that is not all of it."""
    value = plain(value)
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is np.ndarray and value.dtype.kind in "biufc":
        text = base64.b64encode(value.tobytes()).decode("ascii")
        return {"dtype": value.dtype.str, "shape": value.shape, "base64": text}
    raise NotStorable(
        f"{name} must be a number, a string, None or a numpy array of numbers,"
        f" got {type(value).__name__} {value!r:.80}"
    )


def restored(line: str) -> dict[str, Any]:
    """The result that a line keeps, with its arrays."""
    return _restored(json.loads(line)["result"])


def _restored(result: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _array(value) if isinstance(value, dict) else value for name, value in result.items()
    }


def _array(kept: dict[str, Any]) -> np.ndarray:
    numbers = np.frombuffer(base64.b64decode(kept["base64"]), kept["dtype"])
    return numbers.reshape(kept["shape"]).copy()


@contextmanager
def new_file(folder: Path) -> Iterator[Callable[[str], None]]:
    """A function that appends a line to a new file in ``folder``; it returns once that is on disk.

    A file of its own for each sweep: two at once do not write into each other's lines. A file that
    stayed empty goes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{uuid.uuid4().hex}.jsonl"
    try:
        with open(path, "xb") as file:
            yield functools.partial(_append, file)
    finally:
        if path.exists() and path.stat().st_size == 0:
            path.unlink()


def _append(file: BinaryIO, line: str) -> None:
    file.write(line.encode("utf-8"))
    file.flush()
    os.fsync(file.fileno())
    if os.fstat(file.fileno()).st_nlink == 0:
        raise FileNotFoundError(f"the file {file.name} was deleted while the sweep wrote to it")


def kept_results(
    folder: Path, label: Mapping[str, str], keys: Container[str]
) -> dict[str, dict[str, Any]]:
    """The results of the points ``keys`` in the files of the folder.

    A warning for those of another version alone.

    Raises: ValueError for a line that is damaged; it says which.
    """
    done, others = {}, set()
    for where, line in _whole_lines(folder):
        try:
            record = json.loads(line)
            key, result = key_of(record["point"]), _restored(record["result"])
            experiment, version = record["experiment"], record["version"]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(
                f"folder must hold whole lines of sweeps, got a damaged {where}; delete this line"
            ) from None
        if experiment != label["experiment"] or key not in keys:
            continue
        if version == label["version"]:
            done[key] = result
        else:
            others.add(key)
    if stale := others - done.keys():
        warnings.warn(
            f"{len(stale)} points in {folder} are of another version of {label['experiment']}"
            " and are done again",
            stacklevel=3,
        )
    return done


def _whole_lines(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Where each line stands, and the line.

    Nothing follows the last line's end but what a kill left of a line.
    """
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
            yield f"line {number} in {path}", line
