r"""The tangent model of a network: its first-order Taylor polynomial in the parameters, and the kernel of that model. Needs torch.

A network is a function ``f(params, x)``: ``params`` is a tensor or a dict, list or tuple (of dicts, ...) of tensors, ``x`` holds an input
in each row, and the result has one number, or k, for each row; row i of the result depends on row i of ``x`` alone. A torch.nn.Module
``net`` is ``f = lambda params, x: torch.func.functional_call(net, params, (x,))`` with ``params = dict(net.named_parameters())``.
"""

import warnings
from collections.abc import Callable
from typing import Any

from jaxtyping import Float

from randomfeatures.arguments import Array, finite_array, integer


def linearize(f: Callable[[Any, Array], Array], params: Any) -> Callable[[Any, Array], Array]:
    r"""The tangent model g of ``f`` at ``params``, a function of other parameters and inputs like ``f`` itself.

    .. math:: g(\theta', x) = f(\theta, x) + \bigl\langle \nabla_\theta f(\theta, x),\, \theta' - \theta \bigr\rangle

    g is affine in θ': a random-feature model whose features are the derivatives of ``f`` at the start. One forward-mode product per
    call; no Jacobian is formed. g can be differentiated in θ', so it can be trained; ``params`` stay fixed.

    Book: ``prop-tangent-kernel``.
    Error: rounding of one forward pass and its derivative. The distance from f is of second order in θ' - θ where f is smooth.
    Raises: ValueError if ``params`` hold no tensor, or one that is not finite or not of floating type, and, when called, if θ' has
    another structure or other shapes.

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
            # The first use of torch's forward mode warns of a function that torch itself calls and deprecates.
            warnings.filterwarnings("ignore", "`torch.jit.script", DeprecationWarning)
            value, change = torch.func.jvp(lambda p: f(p, x), (start,), (step,))
        return value + change

    return tangent_model


def empirical_tangent_kernel(
    f: Callable[[Any, Array], Array], params: Any, x: Float[Array, "n d"], y: Float[Array, "m d"], *, chunk: int = 64
) -> Float[Array, "n m *kk"]:
    r"""The tangent kernel of ``f`` at ``params``: inner products of derivatives with respect to all parameters.

    .. math:: \Theta(x_i, y_j) = \bigl\langle \nabla_\theta f(\theta, x_i),\, \nabla_\theta f(\theta, y_j) \bigr\rangle

    Shape (n, m) for one output a row; (n, m, k, k) for k outputs, with the kernel of output a at x_i and b at y_j at [i, j, a, b].
    For networks in the parameterisation of :func:`~randomfeatures.kernels.neural_tangent` it tends to that kernel as the width grows.

    Jacobians of at most ``chunk`` rows of ``x`` and ``chunk`` of ``y`` exist at a time: 2 chunk k P numbers for P parameters.

    Book: ``prop-tangent-kernel``.
    Error: rounding, relative to |∇f(x_i)| |∇f(y_j)|: P ε at most, ε of the dtype. At a kink of f the derivative is torch's (0 for relu).
    Raises: ValueError if ``params`` hold no tensor or one that is not finite, ``x`` or ``y`` is no finite matrix, their widths differ,
    chunk < 1, or ``f`` returns not one number or k for each row.

    >>> import torch
    >>> x = torch.tensor([[1.0, 2.0], [0.0, 1.0]])
    >>> empirical_tangent_kernel(lambda w, x: x @ w, torch.zeros(2), x, x)
    tensor([[5., 2.],
            [2., 1.]])
    """
    import torch

    start = _fixed(params)
    _rows("x", x)
    _rows("y", y)
    chunk = integer("chunk", chunk, at_least=1)
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"y must have as many columns as x, got x with {x.shape[1]} and y with {y.shape[1]}")
    outputs = tuple(f(start, x[:1]).shape)
    if outputs[:1] != (1,) or len(outputs) > 2:
        raise ValueError(f"f must return shape (1,) or (1, k) for 1 row, got {outputs}")

    # One row as the function that is differentiated, then all rows of a chunk at once.
    jacobian = torch.func.vmap(torch.func.jacrev(lambda p, row: f(p, row[None, :])[0]), in_dims=(None, 0))
    blocks = [[_contract(jacobian(start, a), jacobian(start, b), len(outputs) - 1) for b in y.split(chunk)] for a in x.split(chunk)]
    return torch.cat([torch.cat(row, dim=1) for row in blocks], dim=0)


def _contract(jacobian_x: Any, jacobian_y: Any, axes: int) -> Array:
    """Σ over all parameters of the products of two batches of derivatives with ``axes`` output axes (0 or 1)."""
    import torch

    products = []

    def multiply(name: str, a: Array, b: Array) -> None:
        # Rows, outputs, then one axis of all entries of this parameter; a parameter without axes has one entry.
        a, b = (jacobian.reshape(*jacobian.shape[: 1 + axes], -1) for jacobian in (a, b))
        products.append(torch.einsum("iap,jbp->ijab" if axes else "ip,jp->ij", a, b))

    _map(multiply, "params", jacobian_x, jacobian_y)
    return sum(products)


def _map(function: Callable[..., Any], name: str, tree: Any, other: Any) -> Any:
    """function(name, leaf, other leaf) in the structure of ``tree`` (dicts, lists, tuples), which ``other`` must have too."""
    keys = tree.keys() if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list | tuple) else None
    if keys is None:
        return function(name, tree, other)
    other_keys = other.keys() if isinstance(other, dict) else range(len(other)) if isinstance(other, list | tuple) else None
    if keys != other_keys:  # the keys of a dict never equal a range
        raise ValueError(f"{name} must be a {type(tree).__name__} with keys {list(keys)}, as in params, got {type(other).__name__}")
    parts = [_map(function, f"{name}[{key!r}]", tree[key], other[key]) for key in keys]
    return dict(zip(keys, parts, strict=True)) if isinstance(tree, dict) else type(tree)(parts)


def _fixed(params: Any) -> Any:
    """``params`` with every tensor checked and detached from any graph that made it."""
    import torch

    found = []

    def fixed(name: str, leaf: Any, _: Any) -> Array:
        if not isinstance(leaf, torch.Tensor):
            raise ValueError(f"{name} must be a tensor of torch, or a dict, list or tuple of them, got {leaf!r}")
        found.append(name)
        return finite_array(name, leaf.detach())

    start = _map(fixed, "params", params, params)
    if not found:
        raise ValueError(f"params must hold at least 1 tensor, got {params!r}")
    return start


def _difference(name: str, old: Array, new: Array) -> Array:
    if getattr(new, "shape", None) != old.shape:
        raise ValueError(f"{name} must have shape {tuple(old.shape)}, as in params, got {new!r}")
    return new - old


def _rows(name: str, value: Array) -> None:
    """ValueError unless ``value`` is a finite matrix of torch with at least one row."""
    import torch

    if not isinstance(value, torch.Tensor):
        raise ValueError(f"{name} must be a tensor of torch, got {type(value).__name__}")
    finite_array(name, value, ndim=2)
    if value.shape[0] < 1:
        raise ValueError(f"{name} must have at least 1 row, got shape {tuple(value.shape)}")
