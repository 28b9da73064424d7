r"""The Gram matrix of unit neurons with biases, tile by tile, by Mehler's series.

For most pairs the cosine ρ of the directions is small, and :math:`\sum_nt_nt_n'\rho^n` is a
polynomial of few terms, by Horner's rule two cheap passes over the tile for each. The few pairs
with a larger cosine are picked out: up to 0.97 they are Gauss sums of Plackett's integral, beyond
it the closed form by Owen's T.
"""

import math
from functools import cache

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array
from randomfeatures.foundations.dual_activations_relu import relu_general
from randomfeatures.sharp.population_error.gram import ComputedGram
from randomfeatures.sharp.population_error.hermite_tables import (
    directions_and_levels,
    hermite_table,
    largest_cosine,
)
from randomfeatures.sharp.population_error.neurons import Neurons, host
from randomfeatures.sharp.population_error.threads import Workers

MOST_TERMS = 120
"""Of Mehler's series: enough up to the cosine 0.75."""

GAUSS = ((0.75, 12), (0.97, 24))
"""Plackett's integral by Gauss's rule: up to these cosines, with so many nodes."""

CHUNK = 2048
"""Pairs at a time: their nodes stay in the cache."""

COST_OF_TERM, COST_OF_PAIR = 0.3, 150.0
"""Nanoseconds, measured: of one term of the series, and of one pair that is picked out."""


class GramWithBiases(ComputedGram):
    """G of neurons with biases, each tile computed when it is asked for.

    An entry is off by at most the ``entry_error`` of
    :mod:`~randomfeatures.sharp.population_error.certificate`: half a rounding is what the series
    leaves out (``largest_cosine``), the rest are roundings.
    """

    def __init__(self, neurons: Neurons, workers: Workers):
        super().__init__(neurons, workers)
        xp, rows = self.xp, neurons.rows
        new = {"dtype": rows.dtype, "device": device(rows)}
        directions, lengths, levels = directions_and_levels(neurons)
        self.cut, terms = _cut(directions)
        self.largest = np.array([largest_cosine(n) for n in range(1, terms + 1)])
        self.rows = xp.asarray(directions, **new)
        self.table = xp.asarray(hermite_table(neurons, terms), **new)
        # Of the pairs picked out of a tile there are few: numpy's calls cost less than torch's.
        self.on_host = str(device(rows)) == "cpu"
        pairs = (lengths, levels, host(neurons.bias), host(self.table[0]), host(self.table[1]))
        self.parts = [part if self.on_host else xp.asarray(part, **new) for part in pairs]

    def tile(self, i: int, j: int, worker: int = 0) -> Array:
        xp, rows, columns = self.xp, slice(i, i + self.side), slice(j, j + self.side)
        first, second = self.rows[rows], self.rows[columns]
        shape = (first.shape[0], second.shape[0])
        cosine, total, term = (
            part[: shape[0] * shape[1]].reshape(shape) for part in self._scratch[worker]
        )
        xp.matmul(first, second.T, out=cosine)
        xp.abs(cosine, out=term)
        largest = float(xp.max(term))
        if largest <= self.cut:
            self._series(cosine, total, term, rows, columns, largest)
            return total
        place = xp.nonzero(term.reshape(-1) > self.cut)[0]
        values = self._pairs(place, cosine.reshape(-1)[place], i, j, shape[1], largest)
        cosine.reshape(-1)[place] = 0.0
        self._series(cosine, total, term, rows, columns, self.cut)
        total.reshape(-1)[place] = values
        return total

    def _series(
        self, t: Array, total: Array, term: Array, rows: slice, columns: slice, largest: float
    ) -> None:
        """Mehler's series for cosines up to ``largest``, in ``total``, without new memory."""
        xp, terms = self.xp, int(np.searchsorted(self.largest, largest)) + 1
        a, b = self.table[:, rows, None], self.table[:, None, columns]
        xp.multiply(a[terms], b[terms], out=total)
        for n in range(terms - 1, -1, -1):
            total *= t
            if hasattr(total, "addcmul_"):  # torch: in one pass
                total.addcmul_(a[n], b[n])
            else:
                xp.multiply(a[n], b[n], out=term)
                total += term

    def _pairs(
        self, place: Array, cosine: Array, i: int, j: int, width: int, largest: float
    ) -> Array:
        """The kernel at these places of the flat tile, where the cosines are these."""
        if self.on_host:
            place, cosine = host(place), host(cosine)
        first, second = place // width + i, place % width + j
        few, low = array_namespace(cosine), 0.0
        values, size = few.zeros_like(cosine), few.abs(cosine)
        for high, nodes in (*GAUSS, (math.inf, 0)):
            which = few.nonzero((size > low) & (size <= high))[0]
            for start in range(0, which.shape[0] if largest > low else 0, CHUNK):
                k = which[start : start + CHUNK]
                values[k] = self._kernel(first[k], second[k], cosine[k], nodes)
            low = high
        return self.xp.asarray(values, dtype=self.dtype, device=device(self.rows))

    def _kernel(self, i: Array, j: Array, rho: Array, nodes: int) -> Array:
        """The kernel of pairs of neurons with these cosines, by Gauss's rule or, without nodes, by
        Owen's T."""
        lengths, levels, bias, mean, slope = self.parts
        if nodes:
            low = mean[i] * mean[j] + rho * slope[i] * slope[j]
            integral = plackett_integral(levels[i], levels[j], rho, nodes)
            return low + lengths[i] * lengths[j] * integral
        values = (lengths[i], lengths[j], rho, bias[i], bias[j])
        p, q, t, a, b = (host(value).astype(float) for value in values)
        exact = relu_general(p * p, q * q, np.clip(t, -1.0, 1.0) * p * q, a, b)
        return array_namespace(rho).asarray(exact, dtype=rho.dtype, device=device(rho))


def computed(neurons: Neurons, workers: Workers) -> ComputedGram:
    """G of these neurons, with biases or without, in this process or on a worker of a cluster."""
    return (ComputedGram if neurons.bias is None else GramWithBiases)(neurons, workers)


def plackett_integral(h: Array, k: Array, rho: Array, nodes: int) -> Array:
    r"""What the kernel of the levels h, k is beyond its first two terms in the cosine ρ.

    .. math:: \int_0^\rho(\rho-s)\,\varphi_2(h,k;s)\,ds = \frac1{2\pi}\int_0^{\arcsin\rho}
        (\rho-\sin\theta)\,e^{-(h^2+k^2-2hk\sin\theta)/2\cos^2\theta}\,d\theta

    since the second derivative of the kernel is the density of two correlated Gaussians.

    Source: Plackett (1954). Error: absolute, 2e-16, for \|ρ\| <= 0.97 with 24 ``nodes`` of
    Gauss's rule, and for \|ρ\| <= 0.75 with 12.
    """
    xp = array_namespace(rho)
    new = {"dtype": rho.dtype, "device": device(rho)}
    places, weights = (xp.asarray(x, **new) for x in _gauss_rule(nodes))
    angle = xp.asin(rho)
    sine = xp.sin(places[:, None] * angle)
    exponent = (h * k) * sine
    exponent -= (h * h + k * k) / 2
    exponent /= 1 - sine * sine
    return angle / (2 * math.pi) * (weights @ ((rho - sine) * xp.exp(exponent)))


@cache
def _gauss_rule(nodes: int) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    places, weights = np.polynomial.legendre.leggauss(nodes)
    return (1 + places) / 2, weights / 2


def _cut(directions: Float[np.ndarray, "n d"]) -> tuple[float, int]:
    """The cosine up to which the series is used, and its terms there: the cheapest for a sample of
    pairs."""
    first, second = np.random.default_rng(0).integers(max(len(directions), 1), size=(2, 4000))
    first, second = first[first != second], second[first != second]
    cosines = np.abs(np.sum(directions[first] * directions[second], axis=1))
    terms = np.arange(8, MOST_TERMS + 1)
    cuts = np.array([largest_cosine(int(m)) for m in terms])
    share = 1 - np.searchsorted(np.sort(cosines), cuts) / max(len(cosines), 1)
    best = int(np.argmin(COST_OF_TERM * terms + COST_OF_PAIR * share))
    return float(cuts[best]), int(terms[best])
