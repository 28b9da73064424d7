r"""Dual activations: the expectation E[σ(u) σ(v)] for centred Gaussian u, v, in closed form.

For features x -> σ(<w, x>) and x ~ N(0, I) this is the inner product of two features: u = <w, x>
has variance |w|^2, v = <w', x> has variance |w'|^2, and their covariance is <w, w'>. For random
weights it is the kernel of the features at two inputs.

The functions of variances and covariance take numbers and arrays that broadcast; a covariance may
exceed sqrt(variance_u variance_v) by rounding (100 units in the last place) and is then cut to it.
They compute in double precision (in JAX: in its longest float) and return the dtype that came in.

Arrays of numpy, torch and JAX; first derivatives are right at the edges too (ρ = 1 and -1, variance
0), infinite where they are infinite. Second derivatives are those of the formulas of the first,
which at the edges may be infinite or NaN.
"""

import math
from collections.abc import Callable

from array_api_compat import array_namespace
from jaxtyping import Float

from randomfeatures.foundations.arguments import (
    Array,
    anywhere,
    broadcast,
    double,
    first_index,
    real_array,
)
from randomfeatures.foundations.derivatives import with_derivatives
from randomfeatures.foundations.dual_activations_relu import (
    relu_general,
    relu_general_slopes,
    standardize,
)


def dual_step(rho: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""P(u > 0, v > 0) for standard Gaussian (u, v) with correlation ``rho``.

    It is the dual activation of the unit step.

    .. math:: \tfrac14 + \tfrac1{2\pi} \arcsin\rho

    Source: Sheppard (1899); Cho and Saul (2009), degree 0.
    Error: absolute, a unit in the last place of 1/2, given rho; the derivative is infinite at
    rho = 1 and -1.
    Raises: ValueError if |rho| > 1.

    >>> import numpy as np
    >>> dual_step(np.array([-1.0, 0.0, 1.0]))
    array([0.  , 0.25, 0.5 ])
    """
    rho = real_array("rho", rho, at_least=-1, at_most=1)
    return with_derivatives(_step, _step_slope, rho)


def dual_relu(rho: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""E[σ(u) σ(v)] for the ReLU σ and standard Gaussian (u, v) with correlation ``rho``.

    .. math:: \frac{\sqrt{1-\rho^2} + (\pi-\arccos\rho)\,\rho}{2\pi}

    Source: Cho and Saul (2009), degree 1.
    The derivative is :func:`dual_step`: 1/2 at rho = 1 and 0 at rho = -1.

    Error: absolute, a few units in the last place of 1/2; the relative error is unbounded as
    rho -> -1, where the value tends to 0.
    Raises: ValueError if |rho| > 1.

    >>> import numpy as np
    >>> dual_relu(np.array([-1.0, 1.0]))
    array([0. , 0.5])
    """
    rho = real_array("rho", rho, at_least=-1, at_most=1)
    return with_derivatives(_relu, _relu_slope, rho)


def dual_relu_general(
    variance_u: Float[Array, "..."] | float,
    variance_v: Float[Array, "..."] | float,
    covariance: Float[Array, "..."] | float,
    bias_u: Float[Array, "..."] | float = 0.0,
    bias_v: Float[Array, "..."] | float = 0.0,
) -> Float[Array, "..."]:
    r"""E[(u + bias_u)_+ (v + bias_v)_+] for centred Gaussian (u, v).

    With the standard deviations p, q, the correlation ρ, :math:`r=\sqrt{1-\rho^2}`, biases a, b,
    levels h = a/p, k = b/q,

    .. math::
        (ab + \rho pq)\,\Phi_2(h,k;\rho) + p\,b\,\varphi(h)\,\Phi(x)
        + q\,a\,\varphi(k)\,\Phi(y) + \frac{pqr}{2\pi}\,e^{-(h^2+x^2)/2},
        \qquad x = \frac{k-\rho h}{r}, \quad y = \frac{h-\rho k}{r},

    where :math:`\Phi_2` is the bivariate Gaussian distribution function, by Owen's T function. A
    variance may be 0 (then that factor is the constant [bias]_+) and ρ may be 1 or -1; the formula
    is then read as its limit.

    Source: Rosenbaum (1961) for the moments; Owen (1956) for the distribution function.
    Error: absolute, 1e-15 (p + |a|) (q + |b|), also for ρ near 1 and -1. The relative error is not
    bounded where the value is tiny.
    Raises: ValueError if a variance is negative, |covariance| exceeds sqrt(variance_u variance_v),
    a value is not finite, or the shapes do not fit together.

    >>> import numpy as np
    >>> float(dual_relu_general(np.array(4.0), 1.0, 2.0))  # v = u/2, so half of E[u^2 / 2]
    1.0
    >>> float(dual_relu_general(np.array(0.0), 0.0, 0.0, 3.0, 2.0))  # two constants
    6.0
    """
    return _of_covariance(
        relu_general,
        relu_general_slopes,
        variance_u=variance_u,
        variance_v=variance_v,
        covariance=covariance,
        bias_u=bias_u,
        bias_v=bias_v,
    )


def dual_erf(
    variance_u: Float[Array, "..."] | float,
    variance_v: Float[Array, "..."] | float,
    covariance: Float[Array, "..."] | float,
) -> Float[Array, "..."]:
    r"""E[erf(u) erf(v)] for centred Gaussian (u, v).

    .. math:: \frac2\pi \arcsin\frac{2c}{\sqrt{(1+2V_u)(1+2V_v)}}

    with the variances V and the covariance c. The arcsine is taken as an angle from its sine and
    cosine, for it is ill-conditioned near 1.

    Source: Williams (1997).
    Error: relative, 1e-15; for ρ near 1 or -1 up to 1e-15 (1 + the smaller standard deviation), the
    effect of rounding c.
    Raises: ValueError as in :func:`dual_relu_general`.

    >>> import numpy as np
    >>> round(float(dual_erf(np.array(0.5), 0.5, 0.5)), 14)  # arcsin(1/2) = pi/6
    0.33333333333333
    """
    return _of_covariance(
        _erf,
        _erf_slopes,
        variance_u=variance_u,
        variance_v=variance_v,
        covariance=covariance,
    )


def dual_sine(
    variance_u: Float[Array, "..."] | float,
    variance_v: Float[Array, "..."] | float,
    covariance: Float[Array, "..."] | float,
    phase_u: Float[Array, "..."] | float = 0.0,
    phase_v: Float[Array, "..."] | float = 0.0,
) -> Float[Array, "..."]:
    r"""E[sin(u + phase_u) sin(v + phase_v)] for centred Gaussian (u, v).

    .. math:: e^{-(V_u+V_v)/2} \bigl(\cos\phi_u \cos\phi_v \sinh c
              + \sin\phi_u \sin\phi_v \cosh c\bigr)

    with the variances V and the covariance c; without phases e^{-s} sinh(s t) for variances s and
    correlation t.

    Book: ``lem-sine-kernel``.
    Error: 4e-16 (1 + V_u + V_v) relative to exp(|c| - (V_u + V_v)/2), and without phases relative
    to the value.
    Raises: ValueError as in :func:`dual_relu_general`.

    >>> import numpy as np
    >>> dual_sine(np.array([0.0, 1.0]), 0.0, 0.0, np.pi / 2, np.pi / 2)[0] == 1
    np.True_
    """
    return _of_covariance(
        _sine,
        _sine_slopes,
        variance_u=variance_u,
        variance_v=variance_v,
        covariance=covariance,
        phase_u=phase_u,
        phase_v=phase_v,
    )


def dual_gaussian(
    variance_u: Float[Array, "..."] | float,
    variance_v: Float[Array, "..."] | float,
    covariance: Float[Array, "..."] | float,
) -> Float[Array, "..."]:
    r"""E[exp(-u^2/2) exp(-v^2/2)] for centred Gaussian (u, v).

    .. math:: \frac1{\sqrt{(1+V_u)(1+V_v) - c^2}}

    with the variances V and the covariance c.

    Source: the Gaussian integral.
    Error: relative, 2e-15; for ρ near 1 or -1 up to 1e-15 (1 + the smaller variance), the effect of
    rounding c.
    Raises: ValueError as in :func:`dual_relu_general`.

    >>> import numpy as np
    >>> float(dual_gaussian(np.array(1.0), 3.0, 0.0)) == 8**-0.5
    True
    """
    return _of_covariance(
        _gaussian,
        _gaussian_slopes,
        variance_u=variance_u,
        variance_v=variance_v,
        covariance=covariance,
    )


def _of_covariance(
    function: Callable[..., Array],
    slopes: Callable[..., tuple[Array, ...]],
    **arguments: Float[Array, "..."] | float,
) -> Array:
    """The function of checked arguments, variances and covariance first, in double precision."""
    arrays = broadcast(**arguments)
    _check(*arrays[:3])
    value = with_derivatives(function, slopes, *(double(array) for array in arrays))
    return array_namespace(value).astype(value, arrays[0].dtype)


def _check(variance_u: Array, variance_v: Array, covariance: Array) -> None:
    """ValueError unless they are the variances and the covariance of two numbers."""
    real_array("variance_u", variance_u, at_least=0)
    real_array("variance_v", variance_v, at_least=0)
    xp = array_namespace(covariance)
    slack = 1 + 100 * float(xp.finfo(covariance.dtype).eps)
    bound = xp.sqrt(double(variance_u)) * xp.sqrt(double(variance_v))
    wrong = xp.abs(double(covariance)) > bound * slack
    if anywhere(wrong):
        index = first_index(wrong)
        largest, value = float(bound[index]), float(covariance[index])
        raise ValueError(
            f"covariance must be at most sqrt(variance_u * variance_v) = {largest!r} "
            f"in absolute value, got {value!r} at index {index}"
        )


# --- functions of the correlation, and their slopes


def _step(rho: Array) -> Array:
    return 0.25 + array_namespace(rho).asin(rho) / (2 * math.pi)


def _step_slope(rho: Array) -> tuple[Array]:
    xp, square = array_namespace(rho), (1 - rho) * (1 + rho)
    slope = 1 / (2 * math.pi * xp.sqrt(xp.where(square > 0, square, xp.ones_like(rho))))
    return (xp.where(square > 0, slope, math.inf * xp.ones_like(rho)),)


def _relu(rho: Array) -> Array:
    xp = array_namespace(rho)
    return (xp.sqrt((1 - rho) * (1 + rho)) + (math.pi - xp.acos(rho)) * rho) / (2 * math.pi)


def _relu_slope(rho: Array) -> tuple[Array]:
    return (with_derivatives(_step, _step_slope, rho),)


# --- smooth activations, and their slopes in the variances, the covariance and the phases


def _erf(variance_u: Array, variance_v: Array, covariance: Array) -> Array:
    xp = array_namespace(covariance)
    _, _, square, sine = _erf_parts(variance_u, variance_v, covariance)
    return 2 / math.pi * xp.atan2(sine, xp.sqrt(square))


def _erf_slopes(variance_u: Array, variance_v: Array, covariance: Array) -> tuple[Array, ...]:
    xp = array_namespace(covariance)
    a, b, square, sine = _erf_parts(variance_u, variance_v, covariance)
    slope = 2 / (math.pi * xp.sqrt(square))
    return -slope * sine * a, -slope * sine * b, 2 * slope * xp.sqrt(a) * xp.sqrt(b)


def _erf_parts(variance_u: Array, variance_v: Array, covariance: Array) -> tuple[Array, ...]:
    """1/(1+2V_u), 1/(1+2V_v), and the squared cosine and the sine of the angle."""
    xp = array_namespace(covariance)
    p, q, rho = standardize(variance_u, variance_v, covariance)
    p, q = math.sqrt(2) * p, math.sqrt(2) * q
    a, b, square = _shrink(p, q, rho)
    return a, b, square, rho * (p * xp.sqrt(a)) * (q * xp.sqrt(b))


def _gaussian(variance_u: Array, variance_v: Array, covariance: Array) -> Array:
    xp = array_namespace(covariance)
    a, b, square = _shrink(*standardize(variance_u, variance_v, covariance))
    return xp.sqrt(a) * xp.sqrt(b) / xp.sqrt(square)


def _gaussian_slopes(variance_u: Array, variance_v: Array, covariance: Array) -> tuple[Array, ...]:
    xp = array_namespace(covariance)
    p, q, rho = standardize(variance_u, variance_v, covariance)
    a, b, square = _shrink(p, q, rho)
    value = xp.sqrt(a) * xp.sqrt(b) / xp.sqrt(square)
    return (
        -value * a / square / 2,
        -value * b / square / 2,
        value * rho * (p * a) * (q * b) / square,
    )


def _sine(*arguments: Array) -> Array:
    even, odd, _, _ = _sine_parts(*arguments)
    return even + odd


def _sine_slopes(*arguments: Array) -> tuple[Array, ...]:
    """By Price's theorem E cos cos in the covariance; E cos sin and E sin cos in the phases."""
    xp, (*_, phi, psi) = array_namespace(arguments[0]), arguments
    even, odd, sinh, cosh = _sine_parts(*arguments)
    half = -(even + odd) / 2
    in_covariance = xp.cos(phi) * xp.cos(psi) * cosh + xp.sin(phi) * xp.sin(psi) * sinh
    in_phi = xp.cos(phi) * xp.sin(psi) * cosh - xp.sin(phi) * xp.cos(psi) * sinh
    in_psi = xp.sin(phi) * xp.cos(psi) * cosh - xp.cos(phi) * xp.sin(psi) * sinh
    return half, half, in_covariance, in_phi, in_psi


def _sine_parts(
    variance_u: Array, variance_v: Array, covariance: Array, phi: Array, psi: Array
) -> tuple[Array, ...]:
    """The two terms of E sin sin, and exp(-(V_u + V_v)/2) times sinh c and cosh c.

    e^|c| is taken out of sinh and cosh, so nothing overflows: (p - q)^2 / 2 + (1 - |ρ|) p q =
    (V_u + V_v)/2 - |c| is never negative.
    """
    xp = array_namespace(covariance)
    p, q, rho = standardize(variance_u, variance_v, covariance)
    size = xp.abs(rho) * p * q
    decay = xp.exp(-((p - q) ** 2) / 2 - (1 - xp.abs(rho)) * p * q)
    sinh = decay * -xp.expm1(-2 * size) / 2
    sinh = xp.where(rho < 0, -sinh, sinh)
    cosh = decay * (1 + xp.exp(-2 * size)) / 2
    return xp.cos(phi) * xp.cos(psi) * sinh, xp.sin(phi) * xp.sin(psi) * cosh, sinh, cosh


def _shrink(p: Array, q: Array, rho: Array) -> tuple[Array, Array, Array]:
    """a = 1/(1+p^2), b = 1/(1+q^2) and 1 - (1-a)(1-b)ρ^2.

    The last as a sum of positive terms: no digits are lost for large p, q and ρ near 1.
    """
    a, b = 1 / (1 + p * p), 1 / (1 + q * q)
    one_minus_a, one_minus_b = p * p * a, q * q * b
    return a, b, a + b * one_minus_a + one_minus_a * one_minus_b * (1 - rho) * (1 + rho)
