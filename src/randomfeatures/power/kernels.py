"""Kernels of random features: arc-cosine, network prior and neural tangent, all functions of the norms and of the angle of two inputs.

The rows of ``x`` and ``y`` are the inputs; the result holds the kernel of each row of ``x`` with each row of ``y``.
"""

import math
import warnings
from collections.abc import Callable
from typing import Any

from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.foundations.arguments import (
    Array,
    anywhere,
    finite_array,
    first_index,
    integer,
    real_arrays,
)
from randomfeatures.foundations.linear_algebra import angles_of_rows, length_and_direction


def arc_cosine(x: Float[Array, "n d"], y: Float[Array, "m d"], degree: int, depth: int) -> Float[Array, "n m"]:
    r"""The arc-cosine kernel of degree 0 (unit step) or 1 (ReLU) with ``depth`` hidden layers, in Cho and Saul's own normalisation.

    .. math:: k_n(x,y) = 2\,\mathbb E_{w\sim N(0,I)} [\langle w,x\rangle]_+^n\,[\langle w,y\rangle]_+^n, \qquad [z]_+^0 = \mathbf 1(z>0),

    that is, with the angle θ of x and y,

    .. math:: k_0 = 1 - \frac\theta\pi, \qquad k_1 = \frac{|x|\,|y|}{\pi} \bigl(\sin\theta + (\pi-\theta)\cos\theta\bigr).

    Because of the factor 2, k_0(x,x) = 1 and k_1(x,x) = |x|^2, so a layer keeps the norms. Each further layer applies the same formula
    to the features of the one before, whose angle is the arccosine of the kernel divided by the norms.

    Book: ``prop-arc-cosine``.
    Source: Cho and Saul (2009).
    Error: relative to |x| |y| (degree 1): depth times 2e-15. Degree 0: the same at depth 1; deeper, small angles grow like their square
    root at each layer, and so do their rounding errors. A kernel of a vector with itself is exact up to the rounding of the norms.
    Raises: ValueError if degree is not 0 or 1, depth < 1, ``x`` or ``y`` is no matrix of finite numbers, their widths differ,
    or degree is 0 and a row is the zero vector, which has no angle.

    >>> import numpy as np
    >>> x = np.array([[3.0, 4.0]])
    >>> arc_cosine(x, x, degree=1, depth=3), arc_cosine(x, -x, degree=1, depth=1), arc_cosine(x, -x, degree=0, depth=1)
    (array([[25.]]), array([[0.]]), array([[0.]]))
    """
    integer("degree", degree, at_least=0, at_most=1)
    integer("depth", depth, at_least=1)
    norms, angle = _norms_and_angles(x, y, zero_allowed=degree == 1)
    for _ in range(depth):
        cosine, angle = _layer(angle, degree)
    return norms * cosine if degree == 1 else cosine


def network_prior(x: Float[Array, "n d"], y: Float[Array, "m d"], outputs: int, depth: int) -> Float[Array, "n m"]:
    r"""E <f(x), f(y)> over the initialisations of a ReLU network f without biases, ``outputs`` outputs and ``depth`` hidden layers.

    Weights are independent and centred, of variance 1 / (number of inputs of their layer), Gaussian in the hidden layers. Then

    .. math:: \mathbb E\,\langle f(x), f(y)\rangle = \frac{C}{2^L d}\,k_1^{(L)}(x, y)

    with C outputs, L hidden layers and the arc-cosine kernel of degree 1: exact at every width for L = 1, for L > 1 the limit of
    large width.

    Book: ``prop-prior-one-layer``, and for multiples of one input ``prop-prior-diagonal``.
    Source: the kernel of Amid, Anil, Kotlowski and Warmuth (2022).
    Error: relative to |x| |y| C / (2^L d), L times 2e-15.
    Raises: ValueError if outputs < 1, and as in :func:`arc_cosine`.

    >>> import numpy as np
    >>> x = np.array([[3.0, 4.0]])
    >>> network_prior(x, x, outputs=4, depth=1)
    array([[25.]])
    """
    outputs = integer("outputs", outputs, at_least=1)
    x, y = real_arrays(x=x, y=y, ndim=2)
    return arc_cosine(x, y, 1, depth) * (outputs / (2**depth * x.shape[1]))


def neural_tangent(x: Float[Array, "n d"], y: Float[Array, "m d"], depth: int) -> Float[Array, "n m"]:
    r"""The neural tangent kernel of a ReLU network without biases, ``depth`` hidden layers, all layers trained, infinitely wide.

    The network is f(x) = <a, h_L> / sqrt(m) with h_l = sqrt(2) [W_l h_{l-1} / sqrt(m_{l-1})]_+ for l >= 2, h_1 = sqrt(2) [W_1 x]_+ (no
    factor for the input), and independent standard Gaussian weights. With k_1^{(l)} the arc-cosine kernel of degree 1 and depth l and
    θ_l the angle after l layers,

    .. math:: \Theta_0 = \langle x,y\rangle, \qquad \Theta_{l+1} = \Theta_l\,\Bigl(1 - \frac{\theta_l}{\pi}\Bigr) + k_1^{(l+1)}(x,y),

    and the kernel is Θ_L; Θ_L(x, x) = (L + 1) |x|^2. At depth 0 it is the kernel of linear regression.

    Book: ``prop-tangent-depth``, and at depth 1 part (b) of ``prop-tangent-kernel``.
    Source: Jacot, Gabriel and Hongler (2018); Arora et al. (2019).
    Error: relative to |x| |y|, (depth + 1)^2 times 2e-15.
    Raises: ValueError if depth < 0, ``x`` or ``y`` is no matrix of finite numbers, or their widths differ.

    >>> import numpy as np
    >>> x = np.array([[3.0, 4.0]])
    >>> neural_tangent(x, x, depth=2), neural_tangent(x, -x, depth=1)
    (array([[75.]]), array([[0.]]))
    """
    integer("depth", depth, at_least=0)
    norms, angle = _norms_and_angles(x, y, zero_allowed=True)
    tangent = array_namespace(angle).cos(angle)
    for _ in range(depth):
        slope = 1 - angle / math.pi
        cosine, angle = _layer(angle, 1)
        tangent = tangent * slope + cosine
    return norms * tangent


def _layer(angle: Array, degree: int) -> tuple[Array, Array]:
    """Cosine and angle of the features of one more layer. The angle comes from 1 - cosine, without loss for small angles."""
    xp = array_namespace(angle)
    relu_gap = 2 * xp.sin(angle / 2) ** 2 - (xp.sin(angle) - angle * xp.cos(angle)) / math.pi
    gap = xp.clip(relu_gap if degree == 1 else angle / math.pi, 0.0, 1.0)
    return 1 - gap, 2 * xp.asin(xp.sqrt(gap / 2))


def _norms_and_angles(x: Array, y: Array, *, zero_allowed: bool) -> tuple[Array, Array]:
    """Products of the norms and angles between the rows; arbitrary where a row is zero."""
    x, y = real_arrays(x=x, y=y, ndim=2)
    if x.shape[1] != y.shape[1] or x.shape[1] == 0:
        got = f"x with {x.shape[1]} and y with {y.shape[1]}"
        raise ValueError(f"y must have as many columns as x, at least 1, got {got}")
    (length_x, unit_x), (length_y, unit_y) = length_and_direction(x), length_and_direction(y)
    for name, length in (("x", length_x), ("y", length_y)):
        if not zero_allowed and anywhere(length == 0):
            raise ValueError(
                f"{name} must have no zero row for degree 0 (a zero vector has no angle), got one at index {first_index(length == 0)[0]}"
            )
    return length_x[:, None] * length_y[None, :], angles_of_rows(unit_x, unit_y)


# --- the tangent model


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
    For networks in the parameterisation of :func:`~randomfeatures.power.kernels.neural_tangent` it tends to that kernel as the width grows.

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
