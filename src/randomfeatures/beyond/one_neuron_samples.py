r"""One neuron learned from samples: gradient descent from zero on the training error.

Notation as in :mod:`~randomfeatures.beyond.one_neuron`.
"""

import numpy as np
from jaxtyping import Float

from randomfeatures.beyond.one_neuron import gradient_descent, sample_gradient
from randomfeatures.foundations.arguments import Array, integer, real
from randomfeatures.foundations.sphere import sample_sphere


def distances_from_zero(
    rng: np.random.Generator,
    n: int,
    d: int,
    noise: float = 0.0,
    bias: float | None = None,
    step_size: float = 1.0,
    steps: int = 100,
) -> Float[Array, " {steps}"]:
    r"""The distances \|w_t - v\|, t = 1, ..., ``steps``, on n samples of a random unit neuron v.

    .. math:: y_i = \sigma(\langle v,x_i\rangle+b)+s\,\xi_i, \qquad x_i\sim N(0,I_d),\quad
        \xi_i\sim N(0,1)

    with s = ``noise``. Gradient descent on half the mean squared error starts at zero, where it
    takes σ'(0) = 1; later σ'(0) = 0. If b = ``bias`` is a number, the bias is learned as one more
    weight, that of a constant input, and the distance is that of weights and bias together.

    See: ``prop-first-step``.
    Error: rounding of the steps.
    Raises: ValueError unless n ≥ 1, d ≥ 1, noise ≥ 0, step_size > 0 and steps ≥ 1, or as soon as a
    point is not finite.

    >>> bool(distances_from_zero(np.random.default_rng(0), n=200, d=10)[-1] < 1e-8)
    True
    """
    n, d = integer("n", n, at_least=1), integer("d", d, at_least=1)
    noise, steps = real("noise", noise, at_least=0), integer("steps", steps, at_least=1)
    step_size = real("step_size", step_size, above=0)
    v = sample_sphere(rng, 1, d)[0]
    x = rng.standard_normal((n, d))
    if bias is not None:
        v, x = np.append(v, real("bias", bias)), np.column_stack([x, np.ones(n)])
    y = np.maximum(x @ v, 0) + noise * rng.standard_normal(n)
    first = -step_size * sample_gradient(np.zeros_like(v), x, y, 1.0)

    def gradient(w: Array) -> Array:
        return sample_gradient(w, x, y, derivative_at_zero=0.0)

    path = gradient_descent(gradient, first, step_size, steps - 1)
    return np.linalg.norm(path - v, axis=1)
