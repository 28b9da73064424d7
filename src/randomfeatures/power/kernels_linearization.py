"""The tangent model of a network of torch: its first order in the parameters, and its kernel.

With the features ∇_θ f(θ, x) it is a random-feature model; :func:`linearize` gives the model and
:func:`empirical_tangent_kernel` the inner products of the features. Of infinitely wide ReLU
networks the kernel is :func:`~randomfeatures.power.kernels.neural_tangent`.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, converted, integer, real_array


def linearize(f: Callable[[Any, Array], Array], params: Any) -> Callable[[Any, Array], Array]:
    r"""The tangent model g of ``f`` at ``params``: a function of parameters and inputs, like ``f``.

    .. math:: g(\theta', x) = f(\theta, x)
              + \bigl\langle \nabla_\theta f(\theta, x),\, \theta' - \theta \bigr\rangle

    g is affine in θ': a random-feature model whose features are the derivatives of ``f`` at the
    start. One forward-mode product per call; no Jacobian is formed. g can be differentiated in θ',
    so it can be trained; ``params`` stay fixed. They are a tensor of torch or tensors in dicts,
    lists, tuples and named tuples; for a network of torch ``dict(network.named_parameters())``,
    with ``f = lambda p, x: torch.func.functional_call(network, p, (x,))``.

    Book: ``prop-tangent-kernel``.
    Error: rounding of one forward pass and its derivative. The distance from f is of second order
    in θ' - θ where f is smooth.
    Raises: ValueError if ``params`` hold no tensor, or one that is not finite or not of floating
    type, and, when called, if θ' has another structure or other shapes, or ``f`` cannot be
    differentiated, as a network with batch normalisation in training mode.

    >>> import torch
    >>> g = linearize(lambda params, x: params["a"] ** 2 * x[:, 0], {"a": torch.tensor(3.0)})
    >>> x = torch.tensor([[1.0], [2.0]])
    >>> g({"a": torch.tensor(3.0)}, x), g({"a": torch.tensor(4.0)}, x)
    (tensor([ 9., 18.]), tensor([15., 30.]))
    """
    import torch

    start = _fixed(params)

    def tangent_model(new_params: Any, x: Array) -> Array:
        step = _map(_difference, "new_params", start, new_params)
        with warnings.catch_warnings():
            # The first use of torch's forward mode warns of a function that torch deprecates.
            warnings.filterwarnings("ignore", "`torch.jit.script", DeprecationWarning)
            try:
                value, change = torch.func.jvp(lambda p: f(p, x), (start,), (step,))
            except RuntimeError as error:
                raise _cannot_differentiate(error) from error
        return value + change

    return tangent_model


def empirical_tangent_kernel(
    f: Callable[[Any, Array], Array],
    params: Any,
    x: Float[Array, "n d"],
    y: Float[Array, "m d"],
    *,
    chunk: int = 64,
) -> Float[Array, "n m *kk"]:
    r"""The tangent kernel of ``f`` at ``params``: inner products of derivatives by all parameters.

    .. math:: \Theta(x_i, y_j)
              = \bigl\langle\nabla_\theta f(\theta, x_i),\, \nabla_\theta f(\theta, y_j)\bigr\rangle

    Shape (n, m) for one output a row; (n, m, k, k) for k outputs, with the kernel of output a at
    x_i and b at y_j at [i, j, a, b]. For networks in the parameterisation of
    :func:`~randomfeatures.power.kernels.neural_tangent` it tends to that kernel as the width grows.
    ``params`` as in :func:`linearize`; rows that are no tensors follow the first of them.

    Jacobians of at most ``chunk`` rows of ``x`` and ``chunk`` of ``y`` exist at a time: 2 chunk k P
    numbers for P parameters.

    Book: ``prop-tangent-kernel``.
    Error: rounding, relative to |∇f(x_i)| |∇f(y_j)|: P ε at most, ε of the dtype. At a kink of f
    the derivative is torch's (0 for relu).
    Raises: ValueError if ``params`` hold no tensor or one that is not finite, ``x`` or ``y`` is no
    finite matrix, their widths differ, chunk < 1, or ``f`` returns not one number or k for each
    row, or treats no row by itself, as a network with batch normalisation or dropout in training
    mode.

    >>> import torch
    >>> x = torch.tensor([[1.0, 2.0], [0.0, 1.0]])
    >>> empirical_tangent_kernel(lambda w, x: x @ w, torch.zeros(2), x, x)
    tensor([[5., 2.],
            [2., 1.]])
    """
    import torch

    start = _fixed(params)
    x, y = _rows("x", x, start), _rows("y", y, start)
    chunk = integer("chunk", chunk, at_least=1)
    if x.shape[1] != y.shape[1]:
        got = f"x with {x.shape[1]} and y with {y.shape[1]}"
        raise ValueError(f"y must have as many columns as x, got {got}")
    try:
        outputs = tuple(f(start, x[:1]).shape)
    except (RuntimeError, ValueError) as error:
        raise _cannot_differentiate(error) from error
    if outputs[:1] != (1,) or len(outputs) > 2:
        raise ValueError(f"f must return shape (1,) or (1, k) for 1 row, got {outputs}")

    # One row as the function that is differentiated, then all rows of a chunk at once.
    one_row = torch.func.jacrev(lambda p, row: f(p, row[None, :])[0])
    jacobian = torch.func.vmap(one_row, in_dims=(None, 0))

    def block_row(rows: Array) -> Array:
        left = jacobian(start, rows)
        blocks = [
            _contract(left, jacobian(start, part), len(outputs) - 1) for part in y.split(chunk)
        ]
        return torch.cat(blocks, dim=1)

    try:
        return torch.cat([block_row(rows) for rows in x.split(chunk)], dim=0)
    except RuntimeError as error:
        raise _cannot_differentiate(error) from error


def _cannot_differentiate(error: Exception) -> ValueError:
    return ValueError(
        "f must be a function of torch that treats each row by itself and changes nothing: put a "
        f"network with batch normalisation or dropout in .eval() mode. Torch says: {error}"
    )


def _contract(jacobian_x: Any, jacobian_y: Any, axes: int) -> Array:
    """Σ over all parameters of the products of two batches of derivatives.

    The derivatives have ``axes`` output axes, 0 or 1.
    """
    import torch

    products = []

    def multiply(name: str, a: Array, b: Array) -> None:
        # Rows, outputs, then one axis of all entries of this parameter, of which there may be one.
        a, b = (jacobian.reshape(*jacobian.shape[: 1 + axes], -1) for jacobian in (a, b))
        products.append(torch.einsum("iap,jbp->ijab" if axes else "ip,jp->ij", a, b))

    _map(multiply, "params", jacobian_x, jacobian_y)
    return sum(products[1:], start=products[0])


def _map(function: Callable[..., Any], name: str, tree: Any, other: Any) -> Any:
    """function(name, leaf, other leaf) in the structure of ``tree``, which ``other`` must have."""
    keys = _keys(tree)
    if keys is None:
        return function(name, tree, other)
    if keys != _keys(other):
        kind = f"a {type(tree).__name__} with keys {list(keys)}"
        raise ValueError(f"{name} must be {kind}, as in params, got {type(other).__name__}")
    parts = [_map(function, f"{name}[{key!r}]", tree[key], other[key]) for key in keys]
    if isinstance(tree, Mapping):
        return dict(zip(keys, parts, strict=True))
    return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)


def _keys(tree: Any) -> Any:
    """The keys of a mapping, the places of a list or tuple (the two are never equal), else None."""
    if isinstance(tree, Mapping):
        return tree.keys()
    return range(len(tree)) if isinstance(tree, list | tuple) else None


def _fixed(params: Any) -> Any:
    """``params`` with every tensor checked and detached from any graph that made it."""
    import torch

    found = []

    def fixed(name: str, leaf: Any, _: Any) -> Array:
        if not isinstance(leaf, torch.Tensor):
            hint = "a tensor of torch, or a dict, list or tuple of them"
            raise ValueError(f"{name} must be {hint}, got {leaf!r}")
        if not leaf.is_floating_point():
            kind = "real floating-point numbers"
            raise ValueError(f"{name} must hold {kind}, got dtype {leaf.dtype}")
        found.append(real_array(name, leaf.detach()))
        return leaf.detach()

    start = _map(fixed, "params", params, params)
    if not found:
        raise ValueError(f"params must hold at least 1 tensor, got {params!r}")
    return start


def _first(tree: Any) -> Array:
    """The first tensor."""
    leaves: list[Array] = []
    _map(lambda name, leaf, _: leaves.append(leaf), "params", tree, tree)
    return leaves[0]


def _difference(name: str, old: Array, new: Array) -> Array:
    if getattr(new, "shape", None) != old.shape:
        raise ValueError(f"{name} must have shape {tuple(old.shape)}, as in params, got {new!r}")
    return new - old


def _rows(name: str, value: Any, params: Any) -> Array:
    """``value`` as a finite matrix of torch with at least one row."""
    import torch

    rows = real_array(name, value, ndim=2)
    rows = value if isinstance(value, torch.Tensor) else converted(rows, _first(params))
    if rows.shape[0] < 1:
        raise ValueError(f"{name} must have at least 1 row, got shape {tuple(rows.shape)}")
    return rows
