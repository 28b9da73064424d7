"""Where reservoirs of one and of several layers spend their budget: a longer run.

    .venv/bin/python experiments/reservoirs.py

48 units of tanh with fixed random weights, as one layer or as a stack of layers of which each is
driven by the one before, read independent Gaussian inputs; the readout sees all units. Measured by
least squares on 200 000 states: the capacities for the single inputs of the past, for products of
two and of three. The sizes are our choices. The result is
src/randomfeatures/data/reservoirs.json.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np

import command_line
import kept_results
from sweeps import grid, sweep

COMMAND = ".venv/bin/python experiments/reservoirs.py"
FOLDER = Path(__file__).parents[1] / ".cache" / "experiments" / "reservoirs"
UNITS, RADIUS = 48, 0.9
LAYERS, GAINS, SEEDS = (1, 2, 4, 8), (0.05, 0.3, 1.0), range(3)
SEQUENCES, LENGTH, FORGOTTEN = 20, 10_000, 500
DELAYS = {1: 200, 2: 40, 3: 16}  # by the number of factors: the delays that are looked at


def run(rng: np.random.Generator, *, layers: int, gain: float, seed: int) -> dict[str, float]:
    """Build, drive and measure one reservoir: a point of the sweep.

    Sums of capacities by the number of factors, less what chance adds, and the mean delay of the
    single inputs that are remembered. ``seed`` only tells repetitions apart.
    """
    u = rng.standard_normal((SEQUENCES, FORGOTTEN + LENGTH))
    states = driven(rng, u, layers, gain).reshape(-1, UNITS)
    basis, _ = np.linalg.qr(states - states.mean(axis=0))
    record = {}
    for factors, delays in DELAYS.items():
        found = np.concatenate([capacities(z, basis) for z in targets(u, factors, delays)])
        found -= UNITS / len(states)
        record[f"degree_{factors}"] = float(found.sum())
        if factors == 1:
            record["mean_delay"] = float(np.arange(delays) @ found / found.sum())
            record["well_remembered"] = float(np.sum(found > 0.5))
    return record | {"total": sum(record[f"degree_{factors}"] for factors in DELAYS)}


def driven(rng: np.random.Generator, u: np.ndarray, layers: int, gain: float) -> np.ndarray:
    """The states: sequence, time, unit; without the first, in which the start is forgotten."""
    n = UNITS // layers
    inner = rng.standard_normal((layers, n, n))
    inner *= RADIUS / np.max(np.abs(np.linalg.eigvals(inner)), axis=1)[:, None, None]
    first = gain * rng.standard_normal(n)
    between = rng.standard_normal((layers, n, n)) / np.sqrt(n)
    x = np.zeros((layers, len(u), n))
    states = np.empty((len(u), LENGTH, UNITS))
    for t in range(u.shape[1]):
        drive = np.outer(u[:, t], first)
        for layer in range(layers):
            x[layer] = np.tanh(x[layer] @ inner[layer] + drive)
            if layer + 1 < layers:
                drive = x[layer] @ between[layer]
        if t >= FORGOTTEN:
            states[:, t - FORGOTTEN] = np.concatenate(x, axis=1)
    return states


def targets(u: np.ndarray, factors: int, delays: int) -> Iterator[np.ndarray]:
    """The orthonormal products of ``factors`` past inputs, some at a time: time, product."""
    lagged = [u[:, FORGOTTEN - k : FORGOTTEN - k + LENGTH].ravel() for k in range(delays)]
    powers = {1: lagged}
    if factors > 1:
        powers[2] = [(v**2 - 1) / np.sqrt(2) for v in lagged]
    if factors > 2:
        powers[3] = [(v**3 - 3 * v) / np.sqrt(6) for v in lagged]
    some = []
    for chosen in combinations_with_replacement(range(delays), factors):
        product = np.ones(len(lagged[0]))
        for k in dict.fromkeys(chosen):
            product = product * powers[chosen.count(k)][k]
        some.append(product)
        if len(some) == 50:
            yield np.stack(some, axis=1)
            some = []
    if some:
        yield np.stack(some, axis=1)


def capacities(z: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """The share of each column in the span of an orthonormal basis, all centred."""
    z = z - z.mean(axis=0)
    return np.sum((basis.T @ z) ** 2, axis=0) / np.sum(z**2, axis=0)


def points() -> list[dict[str, Any]]:
    return grid(seed=SEEDS, gain=GAINS, layers=LAYERS)


def main(executor: Executor | None) -> None:
    """Run what is missing, then write the result file."""
    records = sweep(run, points(), folder=FOLDER, executor=executor)
    settings = {"units": UNITS, "radius": RADIUS, "states": SEQUENCES * LENGTH}
    settings |= {f"delays_{factors}": delays for factors, delays in DELAYS.items()}
    print(kept_results.write("reservoirs", command=COMMAND, settings=settings, records=records))


if __name__ == "__main__":
    command_line.run(main, __doc__)
