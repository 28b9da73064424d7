"""Neurons scaled to length 1, and which of many neurons span all that they span."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, to_device
from jaxtyping import Float
from scipy import linalg

from randomfeatures.foundations.arguments import Array
from randomfeatures.foundations.dual_activations import dual_relu_general
from randomfeatures.foundations.linear_algebra import binary_scale

PARALLEL = 8
"""Units of rounding: up to this distance, unit neurons count as equal (or as opposite)."""


@dataclass(frozen=True)
class Neurons:
    r"""n neurons :math:`[\langle w,x\rangle+b]_+` with (w, b) scaled to length 1, in float64.

    - ``rows`` (n, d): w. ``bias`` (n,): b, or None if no neuron has one.
    - ``scale``, ``length`` (n,): the neurons as given were ``scale * length`` times as long. The
      scale is a power of two near their largest entry; the product may be no float.
    - ``energy`` (n,): the mean square of the scaled neuron; 0 if it is the zero function.
    """

    rows: Float[Array, "n d"]
    bias: Float[Array, " n"] | None
    scale: Float[Array, " n"]
    length: Float[Array, " n"]
    energy: Float[Array, " n"]

    def map(self, function: Callable[[Array], Array]) -> "Neurons":
        parts = (self.rows, self.bias, self.scale, self.length, self.energy)
        return Neurons(*(None if part is None else function(part) for part in parts))

    def take(self, index: np.ndarray) -> "Neurons":
        return self.map(lambda part: take(part, index))

    def cast(self, dtype: Any) -> "Neurons":
        return self.map(lambda part: array_namespace(part).astype(part, dtype))


def unit(rows: Float[Array, "n d"], bias: Float[Array, " n"] | None) -> Neurons:
    """The neurons scaled to length 1, by a power of two first, so that no square overflows."""
    xp = array_namespace(rows)
    joint = xp.astype(_joint(xp, rows, bias), xp.float64)
    scale = binary_scale(joint)
    joint = joint / scale
    length = xp.linalg.vector_norm(joint, axis=1)
    alive = length > 0
    joint = joint / xp.where(alive, length, 1.0)[:, None]
    if bias is None:
        return Neurons(joint, None, scale[:, 0], length, xp.where(alive, 0.5, 0.0 * length))
    rows, bias = joint[:, :-1], joint[:, -1]
    variance = xp.sum(rows * rows, axis=1)
    energy = dual_relu_general(variance, variance, variance, bias, bias)
    return Neurons(rows, bias, scale[:, 0], length, energy)


def distinct(features: Neurons, eps: float) -> np.ndarray:
    """Indices of features with the same span and no exact dependence.

    None is zero, no two agree, and of opposite pairs only a basis: opposite neurons differ by a
    linear function, [z]_+ - [-z]_+ = z, so of many pairs all but as many as span those linear
    functions lose one partner. Beyond these dependences there are none.

    "Agree" and "opposite" are meant up to 8 units of rounding ``eps``, and a linear function is
    spanned by others if its distance from their span is at most 8 d of them.
    """
    rows, energy = host(features.rows), host(features.energy)
    bias = None if features.bias is None else host(features.bias)
    joint = _joint(np, rows, bias)
    alive = np.flatnonzero(energy > 0)
    line, order, positive = _lines(joint, alive, PARALLEL * eps)
    (plus, first), (minus, second) = (
        _first_of_each(line[side], order[side]) for side in (positive, ~positive)
    )
    _, i, j = np.intersect1d(plus, minus, return_indices=True)
    by_index = np.argsort(first[i])
    first_partner, second_partner = first[i][by_index], second[j][by_index]
    basis = _independent_rows(joint[first_partner], PARALLEL * joint.shape[1] * eps)
    dropped = np.delete(second_partner, basis)
    return np.setdiff1d(np.concatenate([first, second]), dropped)


def _lines(
    joint: np.ndarray, alive: np.ndarray, distance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For the neurons ``alive`` in an order of its own: number of the line, index, and side.

    Sorted by their projection on a random vector, neurons on equal lines are neighbours: another
    falls between with probability 1e-10. A neuron is on the line of the first one before it that
    is on a line of its own, if it is within ``distance`` of that one.
    """
    direction = np.random.default_rng(0).standard_normal(joint.shape[1])
    projection = joint @ direction
    order = alive[np.argsort(np.abs(projection[alive]), kind="stable")]
    positive = projection[order] > 0
    lines = np.where(positive, 1.0, -1.0)[:, None] * joint[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = np.linalg.norm(lines[1:] - lines[:-1], axis=1) > distance
    head = 0
    for k in range(len(order)):
        if not new[k]:
            new[k] = np.linalg.norm(lines[k] - lines[head]) > distance
        if new[k]:
            head = k
    return np.cumsum(new) - 1, order, positive


def _first_of_each(line: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the lines, and for each the index of its first neuron."""
    numbers, at = np.unique(line, return_index=True)
    return numbers, index[at]


def _independent_rows(rows: np.ndarray, distance: float) -> np.ndarray:
    """Positions of rows that span the others up to ``distance``, by a pivoted factorisation."""
    if len(rows) == 0:
        return np.zeros(0, dtype=int)
    triangle, pivots = linalg.qr(rows.T, mode="r", pivoting=True)
    return pivots[: int(np.sum(np.abs(np.diag(triangle)) > distance))]


def _joint(xp: Any, rows: Array, bias: Array | None) -> Array:
    """The rows (w, b), or w where no neuron has a bias."""
    return rows if bias is None else xp.concat([rows, bias[:, None]], axis=1)


def take(array: Array, index: np.ndarray) -> Array:
    """Some rows of an array, whatever its library and device."""
    xp = array_namespace(array)
    return xp.take(array, xp.asarray(index, device=device(array)), axis=0)


def host(array: Array) -> np.ndarray:
    """The array as numpy's."""
    return np.asarray(to_device(array, "cpu"))
