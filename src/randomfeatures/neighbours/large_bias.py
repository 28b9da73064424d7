r"""Large bias: ReLU neurons that are active only beyond a threshold, and their tangent kernel.

The network is :math:`f(x)=m^{-1/2}\sum_ia_i[\langle w_i,x\rangle-b_i]_+`, \|x\| = 1, with
standard Gaussian w_i, signs a_i, and every b_i started at b ≥ 0; w_i and b_i are trained. Of two
inputs only the correlation ρ = ⟨x, y⟩ matters. Kernels are divided by their value at ρ = 1, which
is 2Φ(-b), with the distribution function Φ of the standard Gaussian.
"""

import math

import numpy as np
from jaxtyping import Float
from scipy import special

from randomfeatures.foundations.arguments import Array, integer, real, real_array
from randomfeatures.foundations.hermite import hermite

LARGEST_BIAS = 37.0
"""Beyond, Φ(-b) is no longer a normal double."""


def threshold_kernel(rho: Float[Array, "*s"], b: float) -> Float[Array, "*s"]:
    r"""The limit of the tangent kernel with threshold b, divided by its value at ρ = 1.

    .. math:: h_b(\rho) = \frac{1+\rho}2\,\frac{\mathbb P(u>b,\,v>b)}{\Phi(-b)}
              = \frac{1+\rho}2\Bigl(1-\frac2{\Phi(-b)}\,
                T\Bigl(b,\sqrt{\tfrac{1-\rho}{1+\rho}}\Bigr)\Bigr)

    for standard Gaussian (u, v) with correlation ρ, and Owen's function T.

    Book: ``thm-threshold-kernel``. Source of the second form: Owen (1956).
    Error: absolute, 1e-14.
    Raises: ValueError unless -1 <= rho <= 1 and 0 <= b <= 37.

    >>> import numpy as np
    >>> threshold_kernel(np.array([0.0, 1.0]), 0.0)  # the step without bias: (1 + ρ)/2 k_0
    array([0.25, 1.  ])
    """
    rho, b = _arguments(rho, b)
    with np.errstate(divide="ignore"):
        slope = np.sqrt((1 - rho) / (1 + rho))
    only_one = 2 * special.owens_t(b, slope) / special.ndtr(-b)
    return (1 + rho) / 2 * np.clip(1 - only_one, 0.0, 1.0)


def threshold_coefficients(b: float, degree: int) -> Float[np.ndarray, "{degree}+1"]:
    r"""p_0, ..., p_J with h_b(ρ) = Σ p_j ρ^j: what the kernel gives to each power.

    .. math:: p_0 = \frac{\Phi(-b)}2, \quad
              p_1 = \frac12\Bigl(\Phi(-b)+\frac{\varphi(b)^2}{\Phi(-b)}\Bigr), \quad
              p_j = \frac{\varphi(b)^2}{2\Phi(-b)}\Bigl(\frac{\mathrm{he}_{j-2}(b)^2}{j-1}
                    +\frac{\mathrm{he}_{j-1}(b)^2}j\Bigr)

    They are positive and sum to 1. φ is the Gaussian density, he_j the orthonormal Hermite
    polynomials.

    Book: ``thm-threshold-kernel``.
    Error: relative to the largest p_j nearby, 1e-14 (j + b²).
    Raises: ValueError unless 0 <= b <= 37 and degree >= 0.

    >>> threshold_coefficients(0.0, 1).round(4)  # 1/4 and 1/4 + 1/2π
    array([0.25  , 0.4092])
    """
    b = real("b", b, at_least=0, at_most=LARGEST_BIAS)
    degree = integer("degree", degree, at_least=0)
    j = np.arange(1, degree + 1)
    size = math.exp(-b * b - special.log_ndtr(-b)) / (2 * math.pi)
    step = np.concatenate([[special.ndtr(-b)], size * hermite(degree, b)[:-1] ** 2 / j])
    return (step + np.concatenate([[0.0], step[:-1]])) / 2


def threshold_kernel_bound(rho: Float[Array, "*s"], b: float) -> Float[Array, "*s"]:
    r"""β_b(ρ): upper bound on the kernel, equal to it for b = 0 ≤ ρ, and for ρ = 0.

    .. math:: \beta_b(\rho) = \frac{1+\rho}2\Bigl(\Phi(-b)
              +\frac{\max(\arcsin\rho,0)}{2\pi\,\Phi(-b)}\,e^{-b^2/(1+\rho)}\Bigr)

    Book: ``thm-threshold-kernel``.
    Error: relative, 1e-13 (1 + b²).
    Raises: ValueError unless -1 <= rho <= 1 and 0 <= b <= 37.

    >>> threshold_kernel_bound(0.0, 0.0)
    np.float64(0.25)
    """
    rho, b = _arguments(rho, b)
    positive = np.maximum(rho, 0.0)
    rise = np.exp(-b * b / (1 + positive) - special.log_ndtr(-b))
    return (1 + rho) / 2 * (special.ndtr(-b) + np.arcsin(positive) * rise / (2 * math.pi))


def coupling(rho: Float[Array, "n n"], b: float) -> float:
    r"""B: the largest sum of the bounds on the kernel between one input and the others.

    .. math:: B = \max_i \sum_{j\ne i} \beta_b(\rho_{ij}), \qquad
              \lambda(H) \subset [1-B,\,1+B]

    for the kernel matrix H of inputs with the correlations ``rho``, of which only those off the
    diagonal are read.

    Book: ``thm-threshold-kernel``.
    Error: relative, 1e-13 (1 + b²).
    Raises: ValueError unless rho is a square matrix of at least one row, -1 <= rho <= 1 and
    0 <= b <= 37.

    >>> import numpy as np
    >>> coupling(np.eye(3), 0.0)
    0.5
    """
    rho = np.array(real_array("rho", rho, ndim=2, at_least=-1, at_most=1), dtype=float)
    if not rho.shape[0] or rho.shape[0] != rho.shape[1]:
        raise ValueError(f"rho must be a square matrix of at least one row, got shape {rho.shape}")
    between = threshold_kernel_bound(rho, b)
    np.fill_diagonal(between, 0.0)
    return float(np.max(np.sum(between, axis=1)))


def prediction_bound(
    rho: Float[Array, "*s n"], b: float, radius: float, size: float
) -> Float[Array, "*s"]:
    r"""Upper bound on the interpolant at inputs with the correlations ``rho`` to the n examples.

    .. math:: |\hat f(x)| \le \frac{\|y\|}{1-B} \Bigl(\sum_{i\le n}\beta_b(\rho_i)^2\Bigr)^{1/2}

    ``radius`` is B of :func:`coupling` for the examples, ``size`` is \|y\|.

    Book: ``thm-threshold-kernel``.
    Error: relative, 1e-13 (1 + b² + 1 / (1 - B)).
    Raises: ValueError unless rho has an axis for the examples, -1 <= rho <= 1, 0 <= b <= 37,
    0 <= radius < 1 and size >= 0.

    >>> prediction_bound([0.0], 0.0, radius=0.5, size=2.0)
    np.float64(1.0)
    """
    radius, size = real("radius", radius, at_least=0, below=1), real("size", size, at_least=0)
    between = threshold_kernel_bound(rho, b)
    if not between.ndim:
        raise ValueError("rho must have an axis for the examples, got a number")
    return size / (1 - radius) * np.sqrt(np.sum(between**2, axis=-1))


def _arguments(rho: Array, b: float) -> tuple[Float[np.ndarray, "*s"], float]:
    rho = np.asarray(real_array("rho", rho, at_least=-1, at_most=1), dtype=float)
    return rho, real("b", b, at_least=0, at_most=LARGEST_BIAS)
