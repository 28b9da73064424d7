r"""Lazy training, repeated: a ReLU neuron [<w, x>]_+ is linearised, fitted, moved, and so on.

The target is the neuron [<v, x>]_+, inputs are standard Gaussian, ϑ is the angle of w and v. A fit
is the least squares solution in the d features x_j 1{<w, x> > 0}, which stay as they are during it.
"""

import math

from array_api_compat import array_namespace
from jaxtyping import Float
from scipy.special import betainc

from randomfeatures.foundations.arguments import Array, integer, real, real_array, real_arrays


def refit(
    x: Float[Array, "*b n d"],
    y: Float[Array, "*b n"],
    w: Float[Array, "*b d"],
    *,
    penalty: float = 0.0,
) -> Float[Array, "*b d"]:
    r"""One lazy training on the examples (x_i, y_i), from the weight w; the new weight.

    .. math:: w^+ = \arg\min_u\ \frac1{2n}\sum_{i=1}^n
        \bigl(\mathbf 1\{\langle w,x_i\rangle>0\}\langle u,x_i\rangle-y_i\bigr)^2
        + \frac\lambda2\|u-w\|^2

    λ is ``penalty``; for λ = 0 of all minimisers the one nearest to w. Leading axes are a batch.

    Book: ``thm-repeated-lazy``.
    Error: that of a singular value decomposition, a few units of rounding times the condition
    number of the active inputs; singular values below max(n, d) ε of the largest count as zero.
    Raises: ValueError unless the entries are finite, the shapes fit, and penalty ≥ 0.

    >>> x, y = [[1.0, 0.0], [1.0, 1.0], [-1.0, 2.0]], [2.0, 3.0, 7.0]
    >>> refit(x, y, [1.0, 0.5]).round(12)  # the third input is not active
    array([2., 1.])
    """
    penalty = real("penalty", penalty, at_least=0)
    x, y, w = real_arrays(x=x, y=y, w=w)
    shape = tuple(x.shape)
    if x.ndim < 2 or tuple(y.shape) != shape[:-1] or tuple(w.shape) != (*shape[:-2], shape[-1]):
        shapes = f"{shape}, {tuple(y.shape)}, {tuple(w.shape)}"
        raise ValueError(f"x, y, w must have shapes (..., n, d), (..., n), (..., d), got {shapes}")
    xp, (n, d) = array_namespace(x), shape[-2:]
    value = (x @ w[..., None])[..., 0]
    active = xp.astype(value > 0, x.dtype)
    U, s, V = xp.linalg.svd(active[..., None] * x, full_matrices=False)
    kept = s > max(n, d) * float(xp.finfo(x.dtype).eps) * s[..., :1]
    filtered = xp.where(kept, s / xp.where(kept, s * s + n * penalty, 1.0), 0.0)
    rest = (active * (y - value))[..., None]
    step = xp.matrix_transpose(V) @ (filtered[..., None] * (xp.matrix_transpose(U) @ rest))
    return w + step[..., 0]


def next_angle(angle: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""The angle to the target after one lazy training with infinitely many samples, λ = 0.

    .. math:: \tan\vartheta^+ = \frac{\sin^2\vartheta}{\pi-\vartheta+\sin\vartheta\cos\vartheta}

    Book: ``thm-repeated-lazy``.
    Error: absolute, 1e-15 / (π - ϑ)²; relative 1e-15 for small ϑ.
    Raises: ValueError unless 0 ≤ angle < π.

    >>> round(float(next_angle(math.pi / 2)) - math.atan(2 / math.pi), 12)
    0.0
    """
    angle = real_array("angle", angle, at_least=0, at_most=math.nextafter(math.pi, 0))
    xp = array_namespace(angle)
    s, c = xp.sin(angle), xp.cos(angle)
    return xp.atan2(s * s, math.pi - angle + s * c)


def recovery_probability(n: int, d: int, angle: float) -> float:
    r"""The probability that one lazy training on n noiseless examples finds the target exactly.

    .. math:: \Bigl(1-\frac\vartheta{2\pi}\Bigr)^n\,
        \mathbb P\bigl(\operatorname{Bin}(n,p)\ge d\bigr), \qquad
        p = \frac{\pi-\vartheta}{2\pi-\vartheta}

    No example lies in the wedge where w is active and v is not, and at least d are active.

    Book: ``thm-repeated-lazy``.
    Error: relative, 1e-12.
    Raises: ValueError unless n ≥ 1, d ≥ 1 and 0 ≤ angle ≤ π.

    >>> recovery_probability(1, 1, 0.0), recovery_probability(9, 10, 0.1)
    (0.5, 0.0)
    """
    n, d = integer("n", n, at_least=1), integer("d", d, at_least=1)
    angle = real("angle", angle, at_least=0, at_most=math.pi)
    if d > n:
        return 0.0
    p = (math.pi - angle) / (2 * math.pi - angle)
    enough = float(betainc(d, n - d + 1, p))  # P(Bin(n, p) >= d)
    return (1 - angle / (2 * math.pi)) ** n * enough
