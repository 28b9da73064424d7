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
    from torch.utils._pytree import tree_map

    start = _fixed("params", params)

    def tangent_model(new_params: Any, x: Array) -> Array:
        _same_shapes(start, new_params)
        step = tree_map(lambda new, old: new - old, new_params, start)
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

    start = _fixed("params", params)
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
    from torch.utils._pytree import tree_leaves

    total = 0.0
    for a, b in zip(tree_leaves(jacobian_x), tree_leaves(jacobian_y), strict=True):
        a, b = a.flatten(1 + axes) if a.ndim > 1 + axes else a[..., None], b.flatten(1 + axes) if b.ndim > 1 + axes else b[..., None]
        total = total + torch.einsum("iap,jbp->ijab" if axes else "ip,jp->ij", a, b)
    return total


def _fixed(name: str, params: Any) -> Any:
    """``params`` with every tensor checked and detached from any graph that made it."""
    import torch
    from torch.utils._pytree import tree_flatten, tree_unflatten

    leaves, structure = tree_flatten(params)
    if not leaves or not all(isinstance(leaf, torch.Tensor) for leaf in leaves):
        raise ValueError(f"{name} must hold at least 1 tensor and nothing else, got {[type(leaf).__name__ for leaf in leaves]}")
    return tree_unflatten([finite_array(name, leaf.detach()) for leaf in leaves], structure)


def _same_shapes(start: Any, new_params: Any) -> None:
    from torch.utils._pytree import tree_flatten

    (old, structure), (new, other) = tree_flatten(start), tree_flatten(new_params)
    before, now = ([tuple(leaf.shape) for leaf in leaves] for leaves in (old, new))
    if structure != other or before != now:
        raise ValueError(f"new_params must have the structure and shapes of params, {before}, got {now}")


def _rows(name: str, value: Array) -> None:
    """ValueError unless ``value`` is a finite matrix of torch with at least one row."""
    import torch

    if not isinstance(value, torch.Tensor):
        raise ValueError(f"{name} must be a tensor of torch, got {type(value).__name__}")
    finite_array(name, value, ndim=2)
    if value.shape[0] < 1:
        raise ValueError(f"{name} must have at least 1 row, got shape {tuple(value.shape)}")
