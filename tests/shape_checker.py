"""The type checker of ``package/test_shapes.py``: beartype, a little wider.

An int passes where a float is asked for, as in Python itself; a number or a list of numbers passes
where an array is asked for, if the array that the function makes of it has the shape.
"""

import functools
import inspect
import typing
from collections.abc import Callable

import numpy as np
from beartype import BeartypeConf, beartype
from jaxtyping import AbstractArray

NUMBERS = (int, float, list)
STRICT = beartype(conf=BeartypeConf(is_pep484_tower=True))


def check(function: Callable) -> Callable:
    checked, signature = STRICT(function), inspect.signature(function)

    @functools.wraps(function)
    def wider(*arguments, **named):
        bound = signature.bind(*arguments, **named)
        for name, value in bound.arguments.items():
            if isinstance(value, NUMBERS) and (kinds := arrays(signature.parameters[name])):
                dtype = float if any("float64" in kind.dtypes for kind in kinds) else None
                bound.arguments[name] = np.asarray(value, dtype=dtype)
        return checked(*bound.args, **bound.kwargs)

    return wider


def arrays(parameter: inspect.Parameter) -> list[type]:
    """The kinds of arrays among what the parameter may be."""
    choices = typing.get_args(parameter.annotation) or (parameter.annotation,)
    return [kind for kind in choices if isinstance(kind, type) and issubclass(kind, AbstractArray)]
