r"""Sparse codes by a network whose layers know the dictionary: depth as contraction.

A signal is x = D z with a dictionary D of unit columns and a code z with few nonzero entries. Each
layer takes a step towards the signal and a soft threshold S_t(u) = [u - t]_+ - [-u - t]_+.
"""

import numpy as np
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array, integer, real, real_array


def coherence(D: Float[Array, "n p"]) -> float:
    r"""The largest cosine, in absolute value, between two columns of D.

    .. math:: \mu = \max_{i\ne j}|\langle D_i, D_j\rangle|

    Book: ``thm-sparse-depth``. Error: absolute, 1e-16 n.
    Raises: ValueError unless D is a matrix of at least two columns of norm 1, up to 1e-9.

    >>> coherence([[1.0, 0.0, 0.6], [0.0, 1.0, 0.8]])
    0.8
    """
    D = _dictionary(D)
    gram = D.T @ D
    np.fill_diagonal(gram, 0.0)
    return float(np.max(np.abs(gram)))


def contraction(mu: float, sparsity: int) -> float:
    r"""The factor q by which a layer contracts the error; below 1 for s < (1 + 1/μ)/2.

    .. math:: q = \mu\,(2s-1)

    Book: ``thm-sparse-depth``. Error: one rounding.
    Raises: ValueError unless 0 ≤ mu ≤ 1 and sparsity ≥ 1.

    >>> contraction(0.125, 3)
    0.625
    """
    mu = real("mu", mu, at_least=0, at_most=1)
    return mu * (2 * integer("sparsity", sparsity, at_least=1) - 1)


def sparse_code(
    x: Float[Array, "k n"], D: Float[Array, "n p"], sparsity: int, bound: float, layers: int
) -> Float[np.ndarray, "k p"]:
    r"""The outputs z^L of the network for the k rows of x.

    .. math:: z^{l+1} = S_{\mu sE_l}\bigl(z^l + D^\top(x - Dz^l)\bigr), \qquad
              z^0 = 0, \quad E_l = q^lB, \quad q = \mu(2s-1)

    If x = Dz with at most s nonzero entries of z, all in [-B, B], then every entry of z^L is within
    q^L B of z's, and it is zero where z's is. For q ≥ 1 this holds too, and says little.

    Book: ``thm-sparse-depth``. Error: absolute, 1e-15 p B L.
    Raises: ValueError unless D has at least two columns, of norm 1, x has rows of the length of D's
    columns, sparsity ≥ 1, bound > 0 and layers ≥ 0.

    >>> D = np.array([[1.0, 0.0, 0.6], [0.0, 1.0, 0.8]])
    >>> sparse_code([[2.0, 0.0]], D, 1, 2.0, 3).round(3)
    array([[0.976, 0.   , 0.   ]])
    """
    D, x = _dictionary(D), np.asarray(real_array("x", x, ndim=2), dtype=float)
    if x.shape[1] != len(D):
        raise ValueError(f"x must have rows of length {len(D)}, got shape {x.shape}")
    mu, sparsity = coherence(D), integer("sparsity", sparsity, at_least=1)
    bound, layers = real("bound", bound, above=0), integer("layers", layers, at_least=0)
    z = np.zeros((len(x), D.shape[1]))
    for layer in range(layers):
        threshold = mu * sparsity * contraction(mu, sparsity) ** layer * bound
        moved = z + (x - z @ D.T) @ D
        z = np.sign(moved) * np.maximum(np.abs(moved) - threshold, 0.0)
    return z


def _dictionary(D: Float[Array, "n p"]) -> Float[np.ndarray, "n p"]:
    """D as an array of doubles, or ValueError if its columns are not of norm 1 or fewer than 2."""
    D = np.asarray(real_array("D", D, ndim=2), dtype=float)
    norms = np.linalg.norm(D, axis=0)
    if D.shape[1] < 2 or np.any(np.abs(norms - 1) > 1e-9):
        got = f"shape {D.shape}, norms {norms.min(initial=np.inf)!r} to {norms.max(initial=0)!r}"
        raise ValueError(f"D must have two columns or more, all of norm 1, got {got}")
    return D
