"""Functions whose derivatives are known in closed form, told to torch and JAX.

At the edge of its domain a formula may have a derivative that its pieces have not: the ReLU's dual
activation at ρ = 1 has the slope 1/2, but the square root in it has none, and an automatic
derivative is NaN. Here the derivative is given as a formula of its own.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from array_api_compat import is_jax_array, is_torch_array

from randomfeatures.foundations.arguments import Array

Function = Callable[..., Array]
Partials = Callable[..., tuple[Array, ...]]  # the partial derivatives, at the same arguments


def with_derivatives(function: Function, partials: Partials, *arguments: Array) -> Array:
    """``function(*arguments)``, entry by entry, of arrays of one shape, dtype and library.

    A derivative of any kind and order in torch and JAX uses ``partials``: the first derivatives
    are their values, the higher ones are the derivatives of their formulas. Both functions are
    defined once, at the top of a module, not anew in each call.

    >>> import torch
    >>> from torch.autograd.functional import jacobian
    >>> def cube(x): return x**3
    >>> def twice_its_slope(x): return (6 * x**2,)
    >>> jacobian(lambda x: with_derivatives(cube, twice_its_slope, x), torch.tensor(2.0))
    tensor(24.)
    """
    if is_torch_array(arguments[0]):
        return _in_torch(function, partials).apply(*arguments)
    if is_jax_array(arguments[0]):
        return _in_jax(function, partials)(*arguments)
    return function(*arguments)


@cache
def _in_torch(function: Function, partials: Partials) -> Any:
    import torch

    class WithDerivatives(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(*arguments: Array) -> Array:
            return function(*arguments)

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Array, ...], output: Array) -> None:
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx: Any, change: Array) -> tuple[Array, ...]:
            return tuple(change * partial for partial in partials(*ctx.saved_tensors))

        @staticmethod
        def jvp(ctx: Any, *changes: Array) -> Array:
            return _change(partials(*ctx.saved_tensors), changes)

    return WithDerivatives


@cache
def _in_jax(function: Function, partials: Partials) -> Any:
    import jax

    def value(*arguments: Array) -> Array:
        return function(*map(jax.numpy.asarray, arguments))  # JAX hands in numbers as numbers

    with_derivatives = jax.custom_jvp(value)

    def rule(arguments: tuple[Array, ...], changes: tuple[Array, ...]) -> tuple[Array, Array]:
        slopes = partials(*map(jax.numpy.asarray, arguments))
        return with_derivatives(*arguments), _change(slopes, changes)

    with_derivatives.defjvp(rule)
    return with_derivatives


def _change(partials: tuple[Array, ...], changes: tuple[Array, ...]) -> Array:
    """Σ_i ∂_i f · change_i, over the arguments that change."""
    terms = [p * change for p, change in zip(partials, changes, strict=True) if change is not None]
    return sum(terms[1:], start=terms[0])
