"""The activations of the book: what one hidden unit does to its input.

Arrays of numpy, torch and JAX, and what becomes one (:mod:`~randomfeatures.foundations.arguments`);
with derivatives, inside ``torch.func`` and ``jax`` transformations too.
"""

from array_api_compat import array_namespace, is_jax_array, is_torch_array
from jaxtyping import Float
from scipy import special

from randomfeatures.foundations.arguments import Array, real_array


def relu(z: Float[Array, "*s"]) -> Float[Array, "*s"]:
    """The positive part [z]_+ = max(z, 0), entry by entry.

    Error: none, the result is exact. The derivative at 0 is 1/2 in torch and JAX.
    Raises: ValueError if ``z`` holds no finite real numbers.

    >>> import numpy as np
    >>> relu(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])
    """
    z = real_array("z", z)
    xp = array_namespace(z)
    return xp.maximum(z, xp.zeros_like(z))


def erf(z: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""The error function, entry by entry; it tends to -1 and 1 and is odd.

    .. math:: \operatorname{erf}(z) = \frac{2}{\sqrt\pi} \int_0^z e^{-t^2}\,dt

    Error: a few units in the last place.
    Raises: ValueError if ``z`` holds no finite real numbers.

    >>> import numpy as np
    >>> erf(np.array([-40.0, 0.0, 40.0]))
    array([-1.,  0.,  1.])
    """
    z = real_array("z", z)
    if is_torch_array(z):
        return array_namespace(z).special.erf(z)
    if is_jax_array(z):
        from jax.scipy.special import erf as erf_of_jax

        return erf_of_jax(z)
    return special.erf(z)


def sine(z: Float[Array, "*s"]) -> Float[Array, "*s"]:
    """sin(z), entry by entry, the argument in radians.

    Error: a unit in the last place.
    Raises: ValueError if ``z`` holds no finite real numbers.

    >>> import numpy as np
    >>> sine(np.array([0.0]))
    array([0.])
    """
    z = real_array("z", z)
    return array_namespace(z).sin(z)


def gaussian(z: Float[Array, "*s"]) -> Float[Array, "*s"]:
    """The bump exp(-z^2 / 2), entry by entry; its height is 1, so it is not a probability density.

    Error: relative, (1 + z^2) units in the last place.
    Raises: ValueError if ``z`` holds no finite real numbers.

    >>> import numpy as np
    >>> gaussian(np.array([0.0, 1e200]))
    array([1., 0.])
    """
    z = real_array("z", z)
    xp = array_namespace(z)
    near = xp.clip(z, -60.0, 60.0)  # exp(-60^2/2) is 0 as a float; a larger square would overflow
    return xp.exp(-(near * near) / 2)
