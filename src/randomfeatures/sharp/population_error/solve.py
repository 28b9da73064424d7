"""The least error by conjugate gradients, from the matrix as a whole or from tiles of it."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol, runtime_checkable

import numpy as np
from array_api_compat import array_namespace, device, is_numpy_array
from jaxtyping import Float

from randomfeatures.foundations.arguments import Array
from randomfeatures.foundations.linear_algebra import Iterate, conjugate_gradients
from randomfeatures.sharp.population_error.certificate import (
    NO_FLOOR,
    PROBES,
    Enclosure,
    Floor,
    Length,
    Problem,
    enclose,
    energy_error,
    entry_error,
    probed_floor,
    product_error,
    sum_error,
)
from randomfeatures.sharp.population_error.gram import (
    Gram,
    StoredGram,
    cross,
    product,
)
from randomfeatures.sharp.population_error.gram_with_biases import computed
from randomfeatures.sharp.population_error.harmonics_with_biases import (
    HarmonicsWithBiases,
    expected_iterations_with_biases,
)
from randomfeatures.sharp.population_error.neighbours import (
    LOCAL,
    Neighbours,
    neighbours_for,
)
from randomfeatures.sharp.population_error.neurons import Neurons, host
from randomfeatures.sharp.population_error.preconditioners import (
    Harmonics,
    Preconditioner,
    expected_iterations,
    factored,
)
from randomfeatures.sharp.population_error.threads import Workers, torch_or_none

ALWAYS_DENSE, OFTEN_DENSE, MAX_DENSE = 2000, 10000, 32768
"""Dense up to the first number of features; up to the second in small dimensions; never beyond the
third, where G alone has 8 GB."""

NEIGHBOURS_DENSE = 6000
"""Dense up to this number where the preconditioner has neighbours, from dimension 4 on; below that
dimension double precision is often not enough for dense matrices."""

MAX_BALLS = 400
"""Ball arithmetic: a minute at most."""

MAX_ITERATIONS, MAX_ROUNDS = 500, 4
"""Of conjugate gradients, and of their restarts from a residual computed anew."""


@dataclass(frozen=True)
class System:
    """G u = c and how to solve it.

    ``gram`` is G in double precision, by which the answer is judged; ``inner`` the same in the
    precision of the iteration; ``slack`` bounds how far rounding moves the eigenvalues that the
    probes bound: those of G, or, if the preconditioner measures the ``length`` of residuals, those
    of :math:`P^{-1/2}GP^{-1/2}`.
    """

    problem: Problem
    gram: Gram
    inner: Gram
    preconditioner: Preconditioner
    slack: float

    @property
    def length(self) -> Length | None:
        """How the preconditioner measures residuals; None for Euclid's length."""
        return getattr(self.preconditioner, "length", None)


@dataclass(frozen=True)
class Round:
    """What one run of conjugate gradients found: a correction of u, iterations, and a floor."""

    step: Float[Array, "n m"]
    iterations: int
    floor: Floor


Report = Callable[[int, float], None]
"""Called after each iteration with its number and the largest norm of a residual."""


def method_for(method: str, features: Neurons) -> str:
    """The method for these distinct features, or ValueError. The rule of "auto" is the crossover
    that is measured in ``benchmarks/``."""
    (n, d), biased = features.rows.shape, features.bias is not None
    if method not in ("auto", "dense", "iterative", "ball"):
        raise ValueError(f'method must be "auto", "dense", "iterative" or "ball", got {method!r}')
    if method == "auto":
        faster = _iterating_is_faster_with_biases if biased else _iterating_is_faster
        method = "iterative" if d > 1 and faster(n, d) else "dense"
    if biased and method == "ball":
        raise ValueError(f'method must not be "ball" for neurons with biases, got {method!r}')
    if method == "iterative" and (d == 1 or n < 2):
        raise ValueError(
            f'method must not be "iterative" for one dimension or one feature, '
            f"got d = {d} and {n} distinct features"
        )
    limit = {"dense": MAX_DENSE, "iterative": math.inf, "ball": MAX_BALLS}[method]
    if n > limit:
        raise ValueError(
            f'weights must have at most {limit} distinct rows for method "{method}", got {n}'
        )
    return method


def _iterating_is_faster(n: int, d: int) -> bool:
    if neighbours_for(n, d):
        return n > (ALWAYS_DENSE if d <= 3 else NEIGHBOURS_DENSE)
    return n > OFTEN_DENSE or (n > ALWAYS_DENSE and expected_iterations(n, d) <= n / 250)


def _iterating_is_faster_with_biases(n: int, d: int) -> bool:
    if not ALWAYS_DENSE < n <= MAX_DENSE:
        return n > MAX_DENSE
    worth = (10 + n / 1500) * min(1.0, math.sqrt(d / 50))  # in small dimensions each takes longer
    return expected_iterations_with_biases(n, d) <= worth


def dense(features: Neurons, targets: Neurons, tolerance: float, report: Report) -> Enclosure:
    """G is formed and factored; conjugate gradients refine what the factor gives."""
    gram = StoredGram(computed(features, Workers(None)))
    factor = factored(gram.matrix, entry_error(features))
    system = _system(features, targets, gram, gram, factor)
    floor = Floor(factor.proved, "rigorous") if factor.proved else NO_FLOOR
    return refined(system, floor, tolerance, report)


@runtime_checkable
class Place(Protocol):
    """Where the products with the Gram matrix are computed."""

    def holding(self, neurons: Neurons) -> AbstractContextManager[Callable[[Neurons], Gram]]:
        """A context in which these neurons are there: what makes the matrix of them, in any
        precision."""


class Threads:
    """The threads of this process."""

    @contextmanager
    def holding(self, neurons: Neurons) -> Iterator[Callable[[Neurons], Gram]]:
        alone = is_numpy_array(neurons.rows) or str(device(neurons.rows)) != "cpu"
        with Workers(None if alone else torch_or_none()) as workers:
            yield lambda cast: computed(cast, workers)


def iterative(
    features: Neurons,
    targets: Neurons,
    tolerance: float,
    report: Report,
    *,
    single: bool,
    place: Place | None = None,
) -> Enclosure:
    """G is never formed. The iteration is in single precision if ``single``; what is returned is
    verified in double precision.

    Numpy's arrays are lent to torch if it can be imported, for its tiles can use all cores.
    """
    lend = is_numpy_array(features.rows) and torch_or_none() is not None
    if lend:
        features, targets = (part.map(torch_or_none().from_numpy) for part in (features, targets))
    with (place or Threads()).holding(features) as gram_of:
        xp, gram = array_namespace(features.rows), gram_of(features)
        near = neighbours_for(*features.rows.shape) if features.bias is None else None
        # In the smallest dimensions G has eigenvalues that single precision does not see.
        single = single and not (near and features.rows.shape[1] <= LOCAL)
        cast = features.cast(xp.float32) if single else features
        inner = gram_of(cast) if single else gram
        if features.bias is not None:
            preconditioner: Preconditioner = HarmonicsWithBiases(features, dtype=cast.rows.dtype)
        elif near:
            preconditioner = Neighbours(features.rows, *near)
        else:
            preconditioner = Harmonics(cast.rows)
        system = _system(features, targets, gram, inner, preconditioner)
        found = refined(system, NO_FLOOR, tolerance, report)
    return _on_host(found) if lend else found


def _system(
    features: Neurons, targets: Neurons, gram: Gram, inner: Gram, preconditioner: Preconditioner
) -> System:
    c = cross(features, targets)
    problem = Problem(c, targets.energy, product_error(features), energy_error(targets))
    if features.bias is not None:  # some neurons are nearly zero, and so are their products
        norms = features.energy**0.5 + energy_error(features) ** 0.5
        entry, sums = entry_error(features), sum_error(features)
        problem = replace(problem, rounding=entry, norms=norms, sums=sums)
    sensitivity = getattr(preconditioner, "sensitivity", features.rows.shape[0])
    slack = sensitivity * entry_error(features)
    return System(problem, gram, inner, preconditioner, slack)


def refined(system: System, floor: Floor, tolerance: float, report: Report) -> Enclosure:
    """The enclosure of the last round that made it narrower by a tenth, or was narrow enough."""
    rounds = _rounds(system, floor, tolerance, report)
    best = next(rounds)
    for enclosure in rounds:
        if not enclosure.width < 0.9 * best.width:
            break
        best = enclosure
    return best


def _rounds(system: System, floor: Floor, tolerance: float, report: Report) -> Iterator[Enclosure]:
    """Conjugate gradients on G u = c, restarted from the true residual until the interval is narrow
    enough: the enclosure after each round.

    Without a ``floor`` under the eigenvalues of G, random probes are further right-hand sides of
    the first round, and give one; if they do not, no further round will help.
    """
    c = system.problem.cross
    xp = array_namespace(c)
    u, rest, spent = xp.zeros_like(c), c, 0
    for _ in range(MAX_ROUNDS):
        left, limit = system.problem.energy - xp.sum(u * (c + rest), axis=0), MAX_ITERATIONS - spent
        found = one_round(system, rest, floor, tolerance / 8, limit, report, left)
        u = u + xp.where(xp.isfinite(found.step), found.step, 0.0)
        rest = c - product(system.gram, u)
        floor, spent = found.floor, spent + found.iterations
        enclosure = enclose(system.problem, u, rest, floor, system.length)
        enclosure = replace(enclosure, iterations=spent)
        yield enclosure
        if enclosure.reached(tolerance) or floor.value == 0 or spent >= MAX_ITERATIONS:
            return


def one_round(
    system: System,
    rest: Array,
    floor: Floor,
    aim: float,
    limit: int,
    report: Report,
    error: Array | None = None,
) -> Round:
    """Conjugate gradients on G x = ``rest`` until the squared residual over the floor, which bounds
    the distance from the least error, is at most ``aim``, or, while there is no floor, the errors
    themselves, first ``error`` if given, are at most twice that; at most ``limit`` iterations.

    If that is not reached, x is the iterate of the least residual. The iteration also ends when all
    residuals are below what rounding leaves of them, or one has grown as far above 1: for a matrix
    that is singular up to rounding the recurrence breaks down.
    """
    xp, m, probing = array_namespace(rest), rest.shape[1], floor.value == 0
    right = xp.astype(rest, system.inner.dtype)
    if probing:
        probes = system.preconditioner.sample(np.random.default_rng(0), PROBES)
        right = xp.concat([right, xp.astype(probes, right.dtype)], axis=1)
    iterates = conjugate_gradients(
        lambda x: product(system.inner, x), right, preconditioner=system.preconditioner.solve
    )
    smallest, best = system.problem.rounding, next(iterates)
    least = math.inf
    for iterate in islice(iterates, limit):
        if probing:
            floor = _higher(floor, _probed(system, iterate, m))
        squares = host(iterate.size if system.length else xp.sum(iterate.residual**2, axis=0))
        worst = float(np.max(squares[:m], initial=0.0))
        largest = float(np.max(squares, initial=0.0))
        report(len(iterate.steps), worst**0.5)
        if floor.value > 0:
            reached = worst <= aim * floor.value
        elif error is not None:
            gained = xp.sum(iterate.solution[:, :m] * (right + iterate.residual)[:, :m], axis=0)
            left = host(error) - host(gained).astype(float)
            reached = float(np.max(left, initial=0.0)) <= 2 * aim
        else:
            reached = False
        if reached or worst < least:
            best, least = iterate, worst
        if reached or not smallest**2 < largest < smallest**-2:
            break
    return Round(xp.astype(best.solution[:, :m], rest.dtype), len(iterate.steps), floor)


def _probed(system: System, iterate: Iterate, m: int) -> Floor:
    """The floor that the probes, the columns from m on, prove after this iteration."""
    xp = array_namespace(iterate.size)
    steps, turns = (
        host(xp.stack(part)[:, m:]).astype(float) for part in (iterate.steps, iterate.turns)
    )
    sizes = host(iterate.size[m:]).astype(float)
    value = probed_floor(steps, turns, sizes, system.preconditioner.shift) - system.slack
    kind = "probable" if system.inner is system.gram else "estimate"
    return Floor(value, kind) if value > 0 else NO_FLOOR


def _higher(a: Floor, b: Floor) -> Floor:
    """All probes of a run have the same right to fail: the highest floor is as probable as each."""
    return a if a.value >= b.value else b


def _on_host(found: Enclosure) -> Enclosure:
    return replace(
        found,
        error=host(found.error),
        lower=host(found.lower),
        upper=host(found.upper),
        coefficients=host(found.coefficients),
        residual=host(found.residual),
    )


def progress(wanted: bool) -> Report:
    """A line on the standard error after each iteration, or silence."""
    start = time.monotonic()

    def line(iteration: int, residual: float) -> None:
        seconds = time.monotonic() - start
        text = f"iteration {iteration}, residual {residual:.2e}, {seconds:.1f} s"
        print(f"population_error: {text}", file=sys.stderr, flush=True)

    return line if wanted else lambda iteration, residual: None
