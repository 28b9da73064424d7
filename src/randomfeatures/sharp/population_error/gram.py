r"""The Gram matrix :math:`G_{ij}=\langle f_i,f_j\rangle` of unit neurons, tile by tile.

Its tiles are computed again in each product, or once and stored.
"""

import math
from typing import Any, Protocol, runtime_checkable

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array
from randomfeatures.foundations.dual_activations import dual_relu, dual_relu_general
from randomfeatures.sharp.population_error.neurons import Neurons
from randomfeatures.sharp.population_error.threads import Workers

TILE, TILE_GPU = 256, 4096
"""Rows and columns of a tile. On a CPU three tiles fit into the second-level cache; elsewhere few
large operations are faster."""

NEAR = 0.9999
"""Beyond this cosine 1 - t^2 is computed as (1 - t)(1 + t); below it t^2 costs at most 6 units of
rounding of the kernel."""


@runtime_checkable
class Gram(Protocol):
    """A symmetric matrix that is known by its tiles."""

    starts: range
    workers: Workers
    dtype: Any

    def tile(self, i: int, j: int, worker: int = 0) -> Array:
        """Rows i, i+1, ... and columns j, j+1, ..., valid until the worker's next call."""


@runtime_checkable
class Multiplied(Protocol):
    """A matrix with a way of its own to multiply."""

    def product(self, x: Array) -> Array:
        """G x."""


def product(gram: Gram, x: Float[Array, "n m"]) -> Float[Array, "n m"]:
    """G x from half the tiles, for G is symmetric; or as the matrix itself knows best."""
    if isinstance(gram, Multiplied):
        return gram.product(x)
    return sum(gram.workers.run(lambda worker: _part_of_product(gram, x, worker)))


def _part_of_product(gram: Gram, x: Array, worker: int) -> Array:
    """What one worker adds to G x: rows of tiles dealt out forth and back, for later ones are
    shorter."""
    xp = array_namespace(x)
    y, b, turn = xp.zeros_like(x), gram.starts.step, 2 * gram.workers.count
    for number, i in enumerate(gram.starts):
        if min(number % turn, turn - 1 - number % turn) != worker:
            continue
        for j in gram.starts[number:]:
            if gram.workers.stopped:
                return y
            tile = gram.tile(i, j, worker)
            y[i : i + b] += tile @ x[j : j + b]
            if i != j:
                y[j : j + b] += tile.T @ x[i : i + b]
    return y


def tile_side(array: Array) -> int:
    """Rows and columns of a tile where this array lives."""
    return TILE if str(device(array)) == "cpu" else TILE_GPU


class ComputedGram:
    """G of neurons without biases, each tile computed when it is asked for."""

    def __init__(self, neurons: Neurons, workers: Workers):
        self.rows, self.workers = neurons.rows, workers
        xp = self.xp = array_namespace(self.rows)
        self.side, self.dtype = tile_side(self.rows), self.rows.dtype
        self.starts = range(0, self.rows.shape[0], self.side)
        new = {"dtype": self.rows.dtype, "device": device(self.rows)}
        side = min(self.side, self.rows.shape[0])
        self._scratch = xp.empty((workers.count, 3, side**2), **new)
        self._one = xp.ones((), **new)
        # Whether a tile has a cosine beyond NEAR: 0 not known yet, 1 no, 2 yes.
        self._near = np.zeros((len(self.starts), len(self.starts)), dtype=np.int8)

    def tile(self, i: int, j: int, worker: int = 0) -> Array:
        first, second = self.rows[i : i + self.side], self.rows[j : j + self.side]
        shape = (first.shape[0], second.shape[0])
        cosine, a, b = (
            part[: shape[0] * shape[1]].reshape(shape) for part in self._scratch[worker]
        )
        self.xp.matmul(first, second.T, out=cosine)
        place = i // self.side, j // self.side
        if not self._near[place]:
            largest = max(float(self.xp.max(cosine)), -float(self.xp.min(cosine)))
            self._near[place] = 1 + (largest > NEAR)
        return self._kernel(cosine, a, b, bool(self._near[place] == 2))

    def _kernel(self, t: Array, a: Array, b: Array, near: bool) -> Array:
        """(sqrt(1-t^2) + t (pi/2 + arcsin t)) / 2 pi in a, without new memory: the formula of
        ``dual_relu`` while the tile is in the cache."""
        xp, one = self.xp, self._one
        if near:
            xp.minimum(t, one, out=t)
            xp.maximum(t, -one, out=t)
            xp.subtract(one, t, out=b)
            xp.add(one, t, out=a)
            xp.multiply(a, b, out=b)
        else:
            xp.multiply(t, t, out=b)
            xp.subtract(one, b, out=b)
        xp.sqrt(b, out=b)
        xp.asin(t, out=a)
        a += math.pi / 2
        a *= t
        a += b
        a *= 1 / (2 * math.pi)
        return a


class StoredGram:
    """G computed once: ``matrix`` (n, n)."""

    def __init__(self, gram: ComputedGram):
        xp, (n, b) = gram.xp, (gram.rows.shape[0], gram.side)
        self.side, self.starts, self.workers = b, gram.starts, gram.workers
        self.dtype = gram.dtype
        self.matrix = xp.empty((n, n), dtype=gram.rows.dtype, device=device(gram.rows))
        for i in self.starts:
            for j in self.starts[i // b :]:
                tile = gram.tile(i, j)
                self.matrix[i : i + b, j : j + b] = tile
                self.matrix[j : j + b, i : i + b] = tile.T

    def tile(self, i: int, j: int, worker: int = 0) -> Array:
        return self.matrix[i : i + self.side, j : j + self.side]


def cross(features: Neurons, targets: Neurons) -> Float[Array, "n m"]:
    r"""c: the inner product of each feature with each target, both of length 1."""
    if features.bias is not None:
        return kernel_with_biases(features.rows, features.bias, targets.rows, targets.bias)
    xp = array_namespace(features.rows)
    cosines = xp.clip(features.rows @ targets.rows.T, -1.0, 1.0)
    return xp.where(targets.energy > 0, dual_relu(cosines), 0.0 * cosines)


def even_kernel(cosine: Float[Array, "*s"]) -> Float[Array, "*s"]:
    r"""The even part of the kernel: without its degree 1, which is t/4.

    .. math:: (\sqrt{1-t^2} + t\arcsin t) / 2\pi
    """
    xp = array_namespace(cosine)
    t = xp.clip(cosine, -1.0, 1.0)
    return (xp.sqrt((1 - t) * (1 + t)) + t * xp.asin(t)) / (2 * math.pi)


def kernel_with_biases(
    first: Float[Array, "n d"],
    bias: Float[Array, " n"],
    second: Float[Array, "m d"],
    other_bias: Float[Array, " m"],
) -> Float[Array, "n m"]:
    r""":math:`E[\langle w,x\rangle+b]_+[\langle w',x\rangle+b']_+` for each pair of neurons."""
    xp = array_namespace(first)
    u = xp.sum(first * first, axis=1)[:, None]
    v = xp.sum(second * second, axis=1)[None, :]
    bound = xp.sqrt(u * v)
    covariance = xp.minimum(xp.maximum(first @ second.T, -bound), bound)
    return dual_relu_general(u, v, covariance, bias[:, None], other_bias[None, :])
