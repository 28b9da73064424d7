"""Arguments: one line at the top of a public function makes them what the formulas need.

Public functions take what users hand them. Arrays may be of numpy, torch or JAX; lists, numbers,
pandas frames and whatever else numpy reads become arrays of numpy, or of the library of the other
arguments. The results are in the library, on the device and in the dtype of the arguments:

- float32 and float64 stay; float16 and bfloat16 become float32, as in ``scipy.special``;
- integers and truth values become float64, as does what is longer (in JAX: its longest float).

What has no value as a real number (text, complex, missing or masked entries) and arrays of other
libraries get one ValueError that names the argument. A check of values needs them: inside
``torch.func.vmap`` and ``jax.jit`` there are none yet, and it is skipped there. Checks of shapes
and types are made everywhere.
"""

import math
from numbers import Integral, Real
from typing import Any

import numpy as np
from array_api_compat import (
    array_namespace,
    device,
    is_array_api_obj,
    is_jax_array,
    is_torch_array,
    to_device,
)

Array = Any
"""An array of numpy, torch or JAX; as an argument also what becomes one: a list, a number, ..."""

SUPPORTED = "an array of numpy, torch or JAX, or numbers that numpy reads"


# --- numbers


def real(
    name: str,
    value: Any,
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    below: float = math.inf,
    at_most: float = math.inf,
) -> float:
    """``value`` as a float, or ValueError naming argument, bound and value.

    Infinite and NaN values never pass, nor do integers beyond the largest float.

    >>> real("R", 2, above=0)
    2.0
    >>> real("R", -1.0, above=0)
    Traceback (most recent call last):
    ValueError: R must be a finite real number > 0, got -1.0
    """
    try:
        number = float(value) if isinstance(value, Real) and not _truth(value) else math.nan
    except OverflowError:
        number = math.inf
    inside = above < number < below and at_least <= number <= at_most
    if not (math.isfinite(number) and inside):
        bounds = _bounds(above=above, at_least=at_least, below=below, at_most=at_most)
        raise ValueError(f"{name} must be a finite real number{bounds}, got {shown(value)}")
    return number


def integer(
    name: str, value: Any, *, at_least: float = -math.inf, at_most: float = math.inf
) -> int:
    """``value`` as a Python integer of any size, or ValueError naming argument, bound and value.

    >>> integer("d", 7, at_least=1)
    7
    >>> integer("d", 2.5, at_least=1)
    Traceback (most recent call last):
    ValueError: d must be an integer >= 1, got 2.5
    """
    whole = isinstance(value, Integral) and not _truth(value)
    if not whole or not at_least <= value <= at_most:
        bounds = _bounds(at_least=at_least, at_most=at_most)
        raise ValueError(f"{name} must be an integer{bounds}, got {shown(value)}")
    return int(value)


def generator(name: str, value: Any) -> np.random.Generator:
    """``value`` if it is a numpy random generator, else ValueError: a seed or a global state is
    no source of randomness here.

    >>> generator("rng", 7)
    Traceback (most recent call last):
    ValueError: rng must be a numpy.random.Generator, got 7
    """
    if not isinstance(value, np.random.Generator):
        raise ValueError(f"{name} must be a numpy.random.Generator, got {shown(value)}")
    return value


def shown(value: Any) -> str:
    """``repr(value)`` for a message, but an integer of more than 40 digits by its size.

    >>> shown(-10**400), shown("a")
    ('an integer near -1e+400', "'a'")
    """
    if isinstance(value, int) and abs(value) >= 10**40:
        return f"an integer near {'-' if value < 0 else ''}1e+{round(math.log10(abs(value)))}"
    return repr(value)


# --- arrays


def real_array(
    name: str,
    value: Any,
    *,
    ndim: int | None = None,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> Array:
    """``value`` as an array of float32 or float64, converted as the module's docstring says.

    Raises: ValueError if it is none, has not ``ndim`` axes, or holds a value that is not finite or
    out of bounds.

    >>> real_array("rho", [0, 1], at_most=1)
    array([0., 1.])
    >>> real_array("rho", np.array([0.0, 1.5]), at_most=1)
    Traceback (most recent call last):
    ValueError: rho must hold finite numbers <= 1, got 1.5 at index (1,)
    """
    array = _floating(name, value)
    if ndim is not None and array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} axes, got shape {tuple(array.shape)}")
    wrong = ~(array_namespace(array).isfinite(array) & (array >= at_least) & (array <= at_most))
    if anywhere(wrong):
        bounds = _bounds(at_least=at_least, at_most=at_most)
        index = first_index(wrong)
        got = repr(float(array[index]))
        if index:
            raise ValueError(f"{name} must hold finite numbers{bounds}, got {got} at index {index}")
        raise ValueError(f"{name} must be a finite real number{bounds}, got {got}")
    return array


def real_arrays(
    *, ndim: int | tuple[int | None, ...] | None = None, **values: Any
) -> tuple[Array, ...]:
    """The ``values``, named as the arguments, as arrays of one library, device and dtype.

    ``ndim`` is the number of axes of all, or one number for each. Lists and numbers follow the
    arrays among the values; single numbers do not change their dtype.

    Raises: ValueError as :func:`real_array`, or if arrays are of two libraries or on two devices.

    >>> real_arrays(x=[1, 2], y=np.ones(1, dtype=np.float32))
    (array([1., 2.]), array([1.]))
    >>> real_arrays(x=2, y=np.ones(1, dtype=np.float32))[0].dtype
    dtype('float32')
    """
    axes = ndim if isinstance(ndim, tuple) else (ndim,) * len(values)
    arrays = {
        name: real_array(name, value, ndim=number)
        for (name, value), number in zip(values.items(), axes, strict=True)
    }
    owners = {name: array for name, array in arrays.items() if _is_array(values[name])}
    xp = common_namespace(**(owners or arrays))
    numbers = {name for name, value in values.items() if isinstance(value, Real)}
    typed = [array for name, array in arrays.items() if name not in numbers]
    dtype = xp.result_type(*(_dtype_in(xp, array) for array in typed or arrays.values()))
    model = next(iter((owners or arrays).values()))
    return tuple(converted(array, model, dtype) for array in arrays.values())


def broadcast(**values: Any) -> tuple[Array, ...]:
    """The ``values`` as :func:`real_arrays`, of one shape.

    Raises: ValueError as there, or if the shapes do not fit together.

    >>> broadcast(u=np.zeros(2), v=1.0)
    (array([0., 0.]), array([1., 1.]))
    >>> broadcast(u=np.zeros(2), v=np.zeros(3))
    Traceback (most recent call last):
    ValueError: u, v must have shapes that broadcast together, got (2,), (3,)
    """
    arrays = real_arrays(**values)
    try:
        return tuple(array_namespace(*arrays).broadcast_arrays(*arrays))
    except (ValueError, RuntimeError):
        names, shapes = ", ".join(values), ", ".join(str(tuple(array.shape)) for array in arrays)
        raise ValueError(
            f"{names} must have shapes that broadcast together, got {shapes}"
        ) from None


def common_namespace(**arrays: Array) -> Any:
    """The array functions of the library and device that all ``arrays`` come from.

    Raises: ValueError if there are two: numpy and torch, say, do not mix.

    >>> common_namespace(x=np.zeros(2), y=np.ones(3)).__name__
    'array_api_compat.numpy'
    """
    try:
        xp = array_namespace(*arrays.values())
    except TypeError:
        kinds = ", ".join(type(array).__module__ for array in arrays.values())
        raise ValueError(
            f"{', '.join(arrays)} must be arrays of one library, got {kinds}"
        ) from None
    if any(is_torch_array(array) for array in arrays.values()):
        places = [str(device(array)) for array in arrays.values()]
        if len(set(places)) > 1:
            got = ", ".join(places)
            raise ValueError(f"{', '.join(arrays)} must be arrays on one device, got {got}")
    return xp


def converted(array: Array, model: Array, dtype: Any = None) -> Array:
    """``array`` in the library, on the device and in the dtype of ``model`` (or in ``dtype``).

    Within one library the derivatives come along.

    >>> converted(np.arange(3)[::-1], np.ones(1, dtype=np.float32))
    array([2., 1., 0.], dtype=float32)
    """
    xp, dtype = array_namespace(model), dtype or model.dtype
    if array_namespace(array) is not xp:
        # A fresh copy: torch takes no negative strides and no arrays that are read-only.
        array = np.array(to_device(array, "cpu").numpy() if is_torch_array(array) else array)
        place = {} if is_jax_array(model) else {"device": device(model)}
        return xp.asarray(array, dtype=dtype, **place)
    array = array if array.dtype == dtype else xp.astype(array, dtype)
    return to_device(array, device(model)) if is_torch_array(array) else array


def double(array: Array) -> Array:
    """``array`` in double precision; in JAX in its longest float, which is float32 by default.

    >>> double(np.ones(1, dtype=np.float32))
    array([1.])
    """
    xp = array_namespace(array)
    dtype = _longest(array, xp)
    return array if array.dtype == dtype else xp.astype(array, dtype)


def anywhere(condition: Array) -> bool:
    """Does ``condition`` hold at some entry? No, where there are no values yet to look at.

    >>> anywhere(np.array([False, True])), anywhere(np.array([]) > 0)
    (True, False)
    """
    try:
        return bool(array_namespace(condition).any(condition))
    except (RuntimeError, TypeError):  # a truth value is asked of torch.func.vmap; of jax.jit
        return False


def known(number: Array, unknown: float) -> float:
    """The ``number`` as a float, or ``unknown`` where it has no value yet.

    >>> known(np.array(2.0), 0.0)
    2.0
    """
    try:
        return float(number.detach() if is_torch_array(number) else number)
    except (RuntimeError, TypeError):  # as in :func:`anywhere`
        return unknown


def first_index(condition: Array) -> tuple[int, ...]:
    """The index of the first entry at which ``condition`` holds.

    >>> first_index(np.array([[False, False], [True, True]]))
    (1, 0)
    """
    if not condition.ndim:
        return ()
    return tuple(int(axis[0]) for axis in array_namespace(condition).nonzero(condition))


def _floating(name: str, value: Any) -> Array:
    """``value`` as an array of float32 or float64."""
    array = value
    if not (is_torch_array(value) or is_jax_array(value)):
        array = _numpy_array(name, value)
    elif is_torch_array(value) and str(value.layout) != "torch.strided":
        raise ValueError(f"{name} must be a dense array, got layout {value.layout}")
    xp, dtype = array_namespace(array), array.dtype
    if xp.isdtype(dtype, "complex floating"):
        raise ValueError(f"{name} must hold real numbers, got dtype {dtype}")
    short = xp.isdtype(dtype, "real floating") and xp.finfo(dtype).bits <= 32
    target = xp.float32 if short else _longest(array, xp)
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        return array if dtype == target else xp.astype(array, target)


def _numpy_array(name: str, value: Any) -> np.ndarray:
    """``value`` as numpy reads it, or ValueError if that is no array of numbers."""
    if is_array_api_obj(value) and not isinstance(value, np.ndarray | np.generic):
        raise ValueError(f"{name} must be {SUPPORTED}, got {_kind(value)}")
    if np.ma.is_masked(value):
        raise ValueError(f"{name} must have no masked entries, got {np.ma.count_masked(value)}")
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:
        raise ValueError(f"{name} must be {SUPPORTED}, got {_kind(value)}: {error}") from None
    if array.dtype.kind == "O":
        return np.reshape([real(f"{name}, each entry", a) for a in array.flat], array.shape)
    if array.dtype.kind not in "biufc":
        got = f"{_kind(value)} of dtype {array.dtype}"
        raise ValueError(f"{name} must be {SUPPORTED}, got {got}")
    return array


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) or is_torch_array(value) or is_jax_array(value)


def _kind(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _longest(array: Array, xp: Any) -> Any:
    """The dtype of double precision; JAX has it when it is told to."""
    return xp.result_type(float) if is_jax_array(array) else xp.float64


def _dtype_in(xp: Any, array: Array) -> Any:
    """The dtype of ``array`` as one of ``xp``, which may be another library."""
    if array_namespace(array) is xp:
        return array.dtype
    return xp.float32 if array.dtype == np.float32 else xp.float64


def _truth(value: Any) -> bool:
    return isinstance(value, bool)


def _bounds(
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    below: float = math.inf,
    at_most: float = math.inf,
) -> str:
    """The finite ones among the bounds, in words.

    >>> _bounds(at_least=0, at_most=2.5), _bounds(above=0, below=1)
    (' >= 0 and <= 2.5', ' > 0 and < 1')
    """
    parts = []
    if above > -math.inf:
        parts.append(f" > {_bound(above)}")
    if at_least > -math.inf:
        parts.append(f" >= {_bound(at_least)}")
    if below < math.inf:
        parts.append(f" < {_bound(below)}")
    if at_most < math.inf:
        parts.append(f" <= {_bound(at_most)}")
    return " and".join(parts)


def _bound(value: float) -> str:
    if isinstance(value, int) and not 10**18 <= abs(value) <= 10**300:
        return shown(value)
    return f"{value:g}"
