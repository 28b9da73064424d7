"""Which code made a result: a text that is the same in every process that runs the same code."""

import dataclasses
import functools
import hashlib
import inspect
import json
from collections.abc import Callable
from enum import Enum
from pathlib import PurePath
from types import BuiltinFunctionType, CodeType, EllipsisType, FunctionType, ModuleType, NoneType
from typing import Any

import numpy as np

SAY_ALL = (NoneType, EllipsisType, bool, int, float, complex, str, bytes, range)
"""Types whose ``repr`` says all there is to say, in every process alike."""


class _Unspeakable(Exception):
    """A value that no text stands for."""


def fingerprint(function: Callable) -> str:
    """SHA-256 of the compiled code of ``function`` and of its defaults.

    The code is what runs, whatever its file says by now. What it calls does not enter. A default
    that is a function enters with its own code, an array with its numbers, a set in the order of
    its elements' texts.

    Raises: ValueError for a default that no text stands for, such as ``object()``.
    """
    inner = inspect.unwrap(function)
    if not isinstance(inner, FunctionType):
        raise ValueError(f"experiment must be a function of Python, got {inner!r}")
    try:
        text = json.dumps(_function_parts(inner))
    except (_Unspeakable, RecursionError) as error:
        raise ValueError(
            f"{inner.__qualname__} must have defaults that are told apart in every process"
            f" (numbers, strings, None, functions, arrays, containers of them), got {error};"
            " or give the sweep a version= of your own"
        ) from None
    return hashlib.sha256(text.encode()).hexdigest()


def _function_parts(function: FunctionType) -> list:
    parts = [
        _code_parts(function.__code__),
        _text((function.__defaults__, function.__kwdefaults__)),
    ]
    # A function defined in another one also uses what that one had in its variables.
    return parts + [_text(cell.cell_contents) for cell in function.__closure__ or ()]


def _code_parts(code: CodeType) -> list:
    constants = [_code_parts(c) if isinstance(c, CodeType) else _text(c) for c in code.co_consts]
    return [code.co_code.hex(), code.co_names, code.co_varnames, constants]


def _text(value: Any) -> str:
    """A text for ``value``.

    That of numbers, strings and plain containers of them is their ``repr``.
    """
    kind = type(value)
    if kind in SAY_ALL or isinstance(value, PurePath):
        return repr(value)
    if isinstance(value, FunctionType):
        return json.dumps(_function_parts(value))
    if isinstance(value, type | ModuleType | np.ufunc) or _is_builtin_function(value):
        return _name(value)
    if isinstance(value, Enum):
        return f"{_name(kind)}.{value.name}"
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufcSUmM":
        numbers = hashlib.sha256(value.tobytes()).hexdigest()
        return f"array({value.dtype.str!r}, {value.shape}, {numbers})"
    if isinstance(value, functools.partial):
        return f"partial({_text((value.func, value.args, value.keywords))})"
    if dataclasses.is_dataclass(value):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return f"{_name(kind)}({_text(fields)})"
    return _container_text(value)


def _container_text(value: Any) -> str:
    kind = type(value)
    if kind is dict:
        return (
            "{" + ", ".join(f"{_text(name)}: {_text(item)}" for name, item in value.items()) + "}"
        )
    if kind in (set, frozenset):
        return f"{kind.__name__}({', '.join(sorted(map(_text, value)))})"
    if kind is list:
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, tuple):
        prefix = "" if kind is tuple else _name(kind)
        comma = "," if len(value) == 1 else ""
        return f"{prefix}({', '.join(map(_text, value))}{comma})"
    raise _Unspeakable(f"{value!r:.80}")


def _is_builtin_function(value: Any) -> bool:
    """Whether ``value`` is a compiled function of a module, as ``math.sin`` is.

    ``[].append`` belongs to one list.
    """
    return isinstance(value, BuiltinFunctionType) and not (
        value.__self__ is not None and not isinstance(value.__self__, ModuleType)
    )


def _name(value: Any) -> str:
    module = getattr(value, "__module__", None)
    return f"{module}.{getattr(value, '__qualname__', value.__name__)}"
