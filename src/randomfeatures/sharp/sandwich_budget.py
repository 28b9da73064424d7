r"""How given ReLU features spend their dimensions, and their error averaged over all directions.

The target is the neuron x -> [⟨θ, x⟩]_+ with θ uniform on the unit sphere of R^d and x standard
Gaussian, the features are [⟨w_i, x⟩]_+ with given weights. No input is sampled, and no direction.
"""

import math

import numpy as np
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, real_array
from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.linear_algebra import length_and_direction
from randomfeatures.foundations.sphere import gegenbauer, multiplicity
from randomfeatures.sharp.spectrum import even_integer, neuron_spectrum


def budget(weights: Float[Array, "r d"], degree: int) -> Float[np.ndarray, "{degree}+1"]:
    r"""D_0, ..., D_K, K = ``degree``: how many of their r dimensions features spend in each degree.

    .. math:: D_k = N(d,k)\,\lambda_k \sum_{i,j} (G^+)_{ij}\,P_k(\langle w_i,w_j\rangle), \qquad
              0 \le D_k \le N(d,k), \quad \sum_k D_k = \operatorname{rank} G

    with unit weights, the rows, and their Gram matrix G; the lengths of the rows do not matter.

    Book: ``prop-mean-error``. Error: rounding, relative, 1e-15 times the condition number of G.
    Raises: ValueError unless d ≥ 2, r ≥ 1, no row is zero, and degree ≥ 2 is even; ArithmeticError
    where G is nearly singular: its condition number on its range is above 1e10.

    >>> budget(np.eye(2), 2).round(3).tolist()  # two features in the plane
    [0.615, 1.113, 0.264]
    """
    t, degree = _cosines(weights), even_integer("degree", degree, at_least=2)
    inverse, d = _pseudoinverse(dual_relu(t)), np.shape(weights)[1]
    kernels = (np.sum(inverse * gegenbauer(d, k, t)) for k in range(degree + 1))
    shares = (multiplicity(d, k) * value for k, value in enumerate(neuron_spectrum(d, degree)))
    return np.array([share * kernel for share, kernel in zip(shares, kernels, strict=True)])


def mean_error(weights: Float[Array, "r d"], degree: int) -> tuple[float, float]:
    r"""Lower and upper bound on the mean error of given features over all directions θ.

    .. math:: \mathbb E_\theta \min_{g\in V} \|\sigma_\theta-g\|^2 = \tfrac12-\sum_k\lambda_kD_k

    with D of :func:`budget`. The upper bound ends the sum at K = ``degree``; the lower bound is
    below it by :math:`\lambda_{K+2}\,(r-\sum_{k\le K}D_k)`.

    Book: ``prop-mean-error``. Error: rounding, absolute, 1e-15 times the condition number of G.
    Raises: as :func:`budget`.

    >>> lower, upper = mean_error(np.eye(2), 20)
    >>> 0 < upper - lower < 1e-5
    True
    """
    D, degree = budget(weights, degree), int(degree)
    r, d = np.shape(weights)
    spectrum = neuron_spectrum(d, degree + 2)
    upper = 0.5 - math.fsum(spectrum[: degree + 1] * D)
    return upper - float(spectrum[degree + 2]) * (r - math.fsum(D)), upper


def _cosines(weights: Float[Array, "r d"]) -> Float[np.ndarray, "r r"]:
    rows = np.asarray(real_array("weights", weights, ndim=2), dtype=float)
    if len(rows) < 1 or rows.shape[1] < 2:
        raise ValueError(f"weights must have rows of at least 2 numbers, got shape {rows.shape}")
    lengths, directions = length_and_direction(rows)
    if not np.all(lengths > 0):
        index = int(np.argmin(lengths))
        raise ValueError(f"weights must have no zero row, got one at index {index}")
    return np.clip(directions @ directions.T, -1, 1)


def _pseudoinverse(G: Float[np.ndarray, "r r"]) -> Float[np.ndarray, "r r"]:
    """G⁺: eigenvalues below 1e-13 of the largest are rounding errors, and zero."""
    values, vectors = np.linalg.eigh(G)
    kept = values > 1e-10 * values[-1]
    if np.any(values[~kept] > 1e-13 * values[-1]):
        raise ArithmeticError("the Gram matrix of the weights is nearly singular")
    return (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
