"""Figures 1 and 2 of Frei, Chatterji and Bartlett (2023) at their settings, stopped and resumed.

    .venv/bin/python experiments/amplification_figures.py

Settings as the paper states them (captions on pages 3 and 15, Appendix E). Ours: the seeds, the
number of fresh samples of figure 1, and how a late step is taken: after 50 steps, one step may
stand for as many as a fiftieth of those behind it, up to ``longest``; two runs are repeated with
shorter ones. Figure 2 ends after 1 and 2 million steps, the paper's after 10 million. The
result is src/randomfeatures/data/amplification-figures.json.
"""

import math
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

import command_line
import kept_results
from randomfeatures.beyond.amplification_clusters import XORClusters
from randomfeatures.beyond.amplification_training import (
    classification_error,
    initial_network,
    loss_gradient,
    network,
)
from sweeps import grid, sweep

COMMAND = ".venv/bin/python experiments/amplification_figures.py"
FOLDER = Path(__file__).parents[1] / ".cache" / "experiments" / "amplification-figures"
FLIP = 0.15
FIGURE_1 = {"n": 5000, "d": 2, "m": 500, "step": 0.05, "steps": 3000, "fresh": 20_000}
FIGURE_2 = {"m": 400, "step": 0.1, "fresh": 6000}
# The longest step stands for so many of the paper's; the runs with shorter ones say what it costs.
FEW = {"n": 300, "d": 5000, "longest": 100, "steps": 10**6}
MANY = {"n": 5000, "d": 300, "longest": 400, "steps": 2 * 10**6}
Sample = tuple[np.ndarray, np.ndarray, np.ndarray]


def run(
    rng: np.random.Generator,
    *,
    figure: int,
    n: int,
    d: int,
    m: int,
    step: float,
    steps: int,
    fresh: int,
    longest: int,
    seed: int,
) -> dict[str, Any]:
    """Train the network of ``figure``, look at it from time to time: a point of the sweep.

    Times are counted in the paper's steps. ``seed`` only tells repetitions apart.
    """
    clusters = law(figure, d)
    draw = independent if figure == 1 else within_clusters
    samples, others = draw(rng, clusters, n), draw(rng, clusters, fresh)
    omega = math.sqrt(1 / (32 * m) if figure == 1 else 0.01 / (m * d))
    W, a = (array.astype(np.float32) for array in initial_network(rng, m, d, omega))
    turned, outside = in_their_span(W, samples[0], others[0])
    W, x, inputs = turned
    start, time, looks = features(W, x), 0, []
    for count, each in [(0, 1), *segments(steps, longest)]:
        W = descend(W, a, x, samples[2], each * step, count)
        time += count * each
        loss = float(loss_gradient(W, a, x, samples[2])[0])
        moved = np.linalg.norm(features(W, x) - start, axis=1) / np.linalg.norm(start, axis=1)
        scores = np.maximum(inputs @ W.T + outside, 0) @ a
        found = {"times": time, "loss": loss, "moved": float(moved.min())}
        found |= errors("train", network(W, a, x), samples) | errors("test", scores, others)
        looks.append(found)
    record = {name: np.array([look[name] for look in looks]) for name in looks[0]}
    return record | ({"rays": rays(W, a)} if figure == 1 else {})


def law(figure: int, d: int) -> XORClusters:
    """The clusters of a figure: centres of length 1, their variance σ² as the paper states it."""
    sigma = math.sqrt(1 / 50) if figure == 1 else d**-0.6
    return XORClusters(d=d, separation=1 / sigma, sigma=sigma, flip=FLIP)


def independent(rng: np.random.Generator, clusters: XORClusters, n: int) -> Sample:
    """Inputs, clean and observed labels; each is flipped with the probability 15 %."""
    x, clean, observed = clusters.sample(rng, n)
    return x.astype(np.float32), clean.astype(np.float32), observed.astype(np.float32)


def within_clusters(rng: np.random.Generator, clusters: XORClusters, n: int) -> Sample:
    """The same with 15 % of the labels of each cluster flipped, to the nearest number of them.

    At the separations of figure 2 an input shows its cluster.
    """
    x, clean, _ = independent(rng, clusters, n)
    observed = clean.copy()
    for label, axis in ((1, 0), (-1, 1)):
        for side in (1, -1):
            (members,) = np.nonzero((clean == label) & (np.sign(x[:, axis]) == side))
            observed[members[: round(FLIP * len(members))]] *= -1
    return x, clean, observed


def in_their_span(
    W: np.ndarray, x: np.ndarray, others: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """W, the samples x and the other inputs in coordinates of the span of x, if that is smaller.

    Descent moves the neurons in the span only. The second part, one number for each of the other
    inputs and each neuron, is the product of what is outside, which stays.
    """
    if len(x) >= x.shape[1]:
        return (W, x, others), np.zeros((1, 1), dtype=np.float32)
    basis = np.linalg.qr(x.T)[0]
    turned = (W @ basis, x @ basis, others @ basis)
    return turned, others @ W.T - turned[2] @ turned[0].T


def descend(
    W: np.ndarray, a: np.ndarray, x: np.ndarray, y: np.ndarray, step: float, steps: int
) -> np.ndarray:
    """The package's ``train``, quicker: as many samples at a time as stay in the cache."""
    parts = [slice(i, i + 500) for i in range(0, len(x), 500)]
    rate = (step / len(x) * a)[:, None].astype(np.float32)
    for _ in range(steps):
        moves = np.zeros_like(W)
        for part in parts:
            z = x[part] @ W.T
            share = y[part] * special.expit(-y[part] * (np.maximum(z, 0) @ a))
            moves += ((z > 0) * share[:, None]).T @ x[part]
        W = W + rate * moves
    return W


def features(W: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.maximum(x @ W.T, 0)


def errors(name: str, scores: np.ndarray, sample: Sample) -> dict[str, float]:
    """Against the observed and against the clean labels."""
    _, clean, observed = sample
    return {
        f"{name}_error": classification_error(scores, observed),
        f"{name}_clean_error": classification_error(scores, clean),
    }


def segments(steps: int, longest: int) -> list[tuple[int, int]]:
    """From one look to the next: how many steps, and how many of the paper's each stands for."""
    done, found = 0, []
    while done < steps:
        each = max(1, min(longest, done // 50, steps - done))
        count = max(1, min(done // (5 * each), (steps - done) // each))
        found.append((count, each))
        done += count * each
    return found


def rays(W: np.ndarray, a: np.ndarray) -> np.ndarray:
    """The angles, in degrees, at which the network in the plane changes its sign."""
    angles = np.linspace(0, 2 * math.pi, 7201)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    f = network(W.astype(float), a.astype(float), circle)
    (before,) = np.nonzero((f[:-1] > 0) != (f[1:] > 0))
    share = f[before] / (f[before] - f[before + 1])
    return np.degrees(angles[before] + share * (angles[1] - angles[0]))


def points() -> list[dict[str, Any]]:
    """Figure 1 three times; figure 2 with few and with many samples, and both in shorter steps."""
    found = grid(figure=[1], longest=[1], seed=range(3), **listed(FIGURE_1))
    few, many = (listed({"figure": 2} | FIGURE_2 | sizes) for sizes in (FEW, MANY))
    found += grid(seed=range(3), **few)
    found += grid(seed=[0], **few | {"longest": [1], "steps": [80_000]})
    found += grid(seed=[0], **many | {"longest": [50], "steps": [50_000]})
    return found + grid(seed=[0], **many)


def listed(settings: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: [value] for name, value in settings.items()}


def of_the_data(point: Mapping[str, Any]) -> np.random.Generator:
    """The run with every step has the samples and the start of the one with longer steps."""
    return np.random.default_rng([point["figure"], point["d"], point["seed"]])


def main(executor: Executor | None) -> None:
    """Run what is missing, then write the result file."""
    records = sweep(run, points(), folder=FOLDER, executor=executor, generator=of_the_data)
    settings = {"flip": FLIP, "figure_1": FIGURE_1, "figure_2": FIGURE_2}
    left_out = FIGURE_1.keys() - {"n", "d", "steps"}
    kept = [{k: v for k, v in record.items() if k not in left_out} for record in records]
    name = "amplification-figures"
    print(kept_results.write(name, command=COMMAND, settings=settings, records=kept))


if __name__ == "__main__":
    command_line.run(main, __doc__)
