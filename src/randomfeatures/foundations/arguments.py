"""Checks of arguments: one line at the top of a public function, one clear error for the reader."""

import math
from numbers import Integral, Real
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_array_api_obj

Array = Any
"""An array of any library that follows the array API standard: numpy, torch, ..."""


def real(name: str, value: Any, *, above: float = -math.inf, at_least: float = -math.inf, at_most: float = math.inf) -> float:
    """``value`` as a float, or ValueError naming argument, bound and value. Infinite and NaN values never pass.

    >>> real("R", 2, above=0)
    2.0
    >>> real("R", -1.0, above=0)
    Traceback (most recent call last):
    ValueError: R must be a finite real number > 0, got -1.0
    """
    number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    if not (math.isfinite(number) and number > above and at_least <= number <= at_most):
        raise ValueError(f"{name} must be a finite real number{_bounds(above, at_least, at_most)}, got {value!r}")
    return number


def integer(name: str, value: Any, *, at_least: float = -math.inf, at_most: float = math.inf) -> int:
    """``value`` as a Python integer of any size, or ValueError naming argument, bound and value.

    >>> integer("d", 7, at_least=1)
    7
    >>> integer("d", 2.5, at_least=1)
    Traceback (most recent call last):
    ValueError: d must be an integer >= 1, got 2.5
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or not at_least <= value <= at_most:
        raise ValueError(f"{name} must be an integer{_bounds(-math.inf, at_least, at_most)}, got {value!r}")
    return int(value)


def finite_array(name: str, value: Any, *, ndim: int | None = None, at_least: float = -math.inf, at_most: float = math.inf) -> Array:
    """``value`` unchanged, or ValueError if it is no real floating array, has another number of axes, or holds a value out of bounds.

    >>> import numpy as np
    >>> finite_array("rho", np.array([0.0, 1.5]), at_most=1)
    Traceback (most recent call last):
    ValueError: rho must hold finite numbers <= 1, got 1.5 at index (1,)
    """
    try:
        xp = array_namespace(value)
    except TypeError:
        raise ValueError(f"{name} must be an array (numpy, torch, ...), got {type(value).__name__}") from None
    if not xp.isdtype(value.dtype, "real floating"):
        raise ValueError(f"{name} must hold real floating-point numbers, got dtype {value.dtype}")
    if ndim is not None and value.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} axes, got shape {tuple(value.shape)}")
    wrong = ~(xp.isfinite(value) & (value >= at_least) & (value <= at_most))
    if xp.any(wrong):
        index = tuple(int(axis[0]) for axis in xp.nonzero(wrong)) if value.ndim else ()
        bounds = _bounds(-math.inf, at_least, at_most)
        raise ValueError(f"{name} must hold finite numbers{bounds}, got {float(value[index])!r} at index {index}")
    return value


def broadcast(**values: Array | float) -> tuple[Array, ...]:
    """Numbers and arrays as arrays of one library, dtype, device and shape, named as the arguments. Numbers alone become numpy's.

    Raises ValueError if a value is not real and finite or the shapes do not fit together.

    >>> import numpy as np
    >>> broadcast(u=np.zeros(2), v=1.0)
    (array([0., 0.]), array([1., 1.]))
    >>> broadcast(u=np.zeros(2), v=np.zeros(3))
    Traceback (most recent call last):
    ValueError: u, v must have shapes that broadcast together, got (2,), (3,)
    """
    arrays = {name: finite_array(name, value) for name, value in values.items() if is_array_api_obj(value)}
    arrays = arrays or {"": np.zeros(())}
    xp, model = common_namespace(**arrays), next(iter(arrays.values()))
    dtype = xp.result_type(*arrays.values())
    for name, value in values.items():
        number = None if name in arrays else real(name, value)
        arrays[name] = xp.asarray(arrays.get(name) if number is None else number, dtype=dtype, device=device(model))
    try:
        return tuple(xp.broadcast_arrays(*(arrays[name] for name in values)))
    except (ValueError, RuntimeError):
        shapes = ", ".join(str(tuple(arrays[name].shape)) for name in values)
        raise ValueError(f"{', '.join(values)} must have shapes that broadcast together, got {shapes}") from None


def common_namespace(**arrays: Array) -> Any:
    """The array functions of the library that all ``arrays`` come from, or ValueError: numpy and torch, say, do not mix.

    >>> import numpy as np
    >>> common_namespace(x=np.zeros(2), y=np.ones(3)).__name__
    'array_api_compat.numpy'
    """
    try:
        return array_namespace(*arrays.values())
    except TypeError:
        kinds = ", ".join(type(array).__module__ for array in arrays.values())
        raise ValueError(f"{', '.join(arrays)} must be arrays of one library, got {kinds}") from None


def generator(name: str, value: Any) -> np.random.Generator:
    """``value`` if it is a numpy random generator, else ValueError: a seed or a global state is no source of randomness here.

    >>> generator("rng", 7)
    Traceback (most recent call last):
    ValueError: rng must be a numpy.random.Generator, got 7
    """
    if not isinstance(value, np.random.Generator):
        raise ValueError(f"{name} must be a numpy.random.Generator, got {value!r}")
    return value


def _bounds(above: float, at_least: float, at_most: float) -> str:
    parts = [f" > {above:g}"] * (above > -math.inf) + [f" >= {at_least:g}"] * (at_least > -math.inf)
    return " and".join(parts + [f" <= {at_most:g}"] * (at_most < math.inf))
