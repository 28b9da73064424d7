r"""Layers as steps of a gradient flow: when they are stable, and what stability costs.

The layer is x ↦ x - h Aᵀ[Ax + b]_+, an Euler step of length h. A function is stable here if it is
1-Lipschitz for the Euclidean norm; the price is a mean squared error under the standard Gaussian.
"""

import math

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float
from scipy.special import ndtr

from randomfeatures.foundations.activations import relu
from randomfeatures.foundations.arguments import Array, real, real_array, real_arrays


def euler_layer(
    x: Float[Array, "*n d"], A: Float[Array, "m d"], b: Float[Array, " m"], h: float
) -> Float[Array, "*n d"]:
    r"""One Euler step of length h down the gradient of ½\|[Ax + b]_+\|².

    .. math:: x - h\,A^\top[Ax+b]_+

    Book: ``thm-euler-layer``. Error: that of two matrix products.
    Raises: ValueError unless A is a matrix, b a vector with an entry for each row of A, x has as
    many coordinates as A has columns, and h > 0.

    >>> euler_layer([[-3.0], [2.0]], [[1.0]], [0.0], 2.0).ravel()  # a fold: -|x|
    array([-3., -2.])
    """
    x, A, b = real_arrays(x=x, A=A, b=b, ndim=(None, 2, 1))
    h = real("h", h, above=0)
    if not x.ndim or x.shape[-1] != A.shape[1] or b.shape[0] != A.shape[0]:
        shapes = ", ".join(str(tuple(array.shape)) for array in (x, A, b))
        raise ValueError(f"x, A, b must have shapes (..., d), (m, d), (m,), got {shapes}")
    return x - h * relu(x @ array_namespace(A).matrix_transpose(A) + b) @ A


def layer_lipschitz(A: Float[Array, "m d"], h: float) -> float:
    r"""The Lipschitz constant of :func:`euler_layer`, for every b, if A has independent rows.

    .. math:: \max\bigl(1,\ h\,\|A\|^2 - 1\bigr)

    with the spectral norm. For dependent rows this is an upper bound, and refused.

    Book: ``thm-euler-layer``. Error: relative, 1e-14.
    Raises: ValueError unless A is a matrix with independent rows and h > 0.

    >>> layer_lipschitz([[2.0, 0.0]], 0.5), layer_lipschitz([[2.0, 0.0]], 0.75)
    (1.0, 2.0)
    """
    A = np.asarray(real_array("A", A, ndim=2), dtype=float)
    h = real("h", h, above=0)
    if not A.size or np.linalg.matrix_rank(A) < len(A):
        raise ValueError(f"A must have independent rows, got a matrix of shape {A.shape}")
    return max(1.0, h * float(np.linalg.norm(A, 2)) ** 2 - 1)


def stability_price(scale: float, breaks: Float[Array, " k"]) -> float:
    r"""What every 1-Lipschitz function leaves of a target with slopes ±λ between the breaks.

    .. math:: (\lambda-1)^2\,\sum_I\mathbb P(z\in I)\,\mathrm{Var}(z\mid I)
              = (\lambda-1)^2\Bigl(1-\sum_I\frac{(\varphi(a)-\varphi(b))^2}{\Phi(b)-\Phi(a)}\Bigr)

    over the intervals I = (a, b) between the k breaks, z standard Gaussian; λ is ``scale``. With no
    break the target is λz, with a break at 0 it is λ\|z\|, and both prices are attained.

    Book: ``thm-euler-layer``. Error: absolute, 1e-15 (k + 1)(λ - 1)².
    Raises: ValueError unless λ ≥ 1 and the breaks are finite and increasing.

    >>> stability_price(3.0, []), round(stability_price(3.0, [0.0]) + 8 / math.pi, 12)
    (4.0, 4.0)
    """
    scale = real("scale", scale, at_least=1)
    breaks = np.asarray(real_array("breaks", breaks, ndim=1), dtype=float)
    if np.any(np.diff(breaks) <= 0):
        raise ValueError(f"breaks must increase, got {breaks.tolist()!r}")
    a, b = np.r_[-np.inf, breaks], np.r_[breaks, np.inf]
    density_gap = (np.exp(-(a**2) / 2) - np.exp(-(b**2) / 2)) / math.sqrt(2 * math.pi)
    # In the upper tail 1 - Φ is small and exact, Φ itself is not.
    mass = np.where(a > 0, ndtr(-a) - ndtr(-b), ndtr(b) - ndtr(a))
    seen = mass > 0
    return (scale - 1) ** 2 * (1 - float(np.sum(density_gap[seen] ** 2 / mass[seen])))
