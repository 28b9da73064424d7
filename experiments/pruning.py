"""Digits and pruned networks: the kernel of the start and what training makes of it.

    .venv/bin/python experiments/pruning.py

Networks with one hidden layer of ReLUs whose input weights survive at random and are rescaled learn
scikit-learn's handwritten digits, at several densities and widths; all weights that are left are
trained. At the start the fluctuation of the kernel's diagonal on the digits is compared with the
theorem's. The sizes are our choices. The result is src/randomfeatures/data/pruning.json.
"""

from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

import command_line
import kept_results
from randomfeatures.neighbours.pruning import pruned_variance
from sweeps import grid, sweep

COMMAND = ".venv/bin/python experiments/pruning.py"
FOLDER = Path(__file__).parents[1] / ".cache" / "experiments" / "pruning"
DENSITIES, WIDTHS, SEEDS = (1.0, 0.3, 0.1, 0.05, 0.02), (32, 128, 512, 2048), range(5)
TRAIN, EPOCHS, BATCH, STEP = 1000, 60, 50, 2e-3
DRAWS, LOOKED_AT = 200, 200  # starts and digits, for the fluctuation of the kernel


def run(rng: np.random.Generator, *, width: int, density: float, seed: int) -> dict[str, float]:
    """Look at starts, train one of them: a point of the sweep.

    The mean squared deviation of the kernel's diagonal over the theorem's, and accuracies.
    ``seed`` only tells repetitions apart.
    """
    torch.set_num_threads(1)
    pixels, digits = load_digits(return_X_y=True)
    order = rng.permutation(len(digits))
    pixels, digits = pixels[order], digits[order]
    x = pixels / np.linalg.norm(pixels, axis=1, keepdims=True)
    some = x[:LOOKED_AT]
    stated = np.mean([pruned_variance(row, density) for row in some]) / width
    deviations = []
    for _ in range(DRAWS):
        W, _ = start(rng, width, x.shape[1], density)
        deviations.append(np.mean(np.maximum(some @ W.T, 0) ** 2, axis=1) - 0.5)
    record = {"deviation": float(np.mean(np.square(deviations)) / stated)}
    W, keep = start(rng, width, x.shape[1], density)
    return record | trained(rng, W, keep, np.sqrt(x.shape[1]) * x, digits)


def start(
    rng: np.random.Generator, width: int, d: int, density: float
) -> tuple[np.ndarray, np.ndarray]:
    """Pruned and rescaled Gaussian weights, and which of them are left."""
    keep = rng.random((width, d)) < density
    return rng.standard_normal((width, d)) * keep / np.sqrt(density), keep


def trained(
    rng: np.random.Generator, W: np.ndarray, keep: np.ndarray, x: np.ndarray, digits: np.ndarray
) -> dict[str, float]:
    """Adam on the weights that are left and on all the others; accuracies at the end."""
    left = torch.as_tensor(keep)
    first = torch.tensor(W / np.sqrt(x.shape[1]), requires_grad=True)
    bias = torch.zeros(len(W), dtype=torch.double, requires_grad=True)
    readout = torch.tensor(rng.standard_normal((10, len(W))) / np.sqrt(len(W)), requires_grad=True)
    inputs, labels = torch.as_tensor(x), torch.as_tensor(digits)
    adam = torch.optim.Adam([first, bias, readout], lr=STEP)

    def scores(some: torch.Tensor) -> torch.Tensor:
        return torch.relu(some @ (first * left).T + bias) @ readout.T

    for _ in range(EPOCHS):
        for batch in torch.as_tensor(rng.permutation(TRAIN)).split(BATCH):
            loss = cross_entropy(scores(inputs[batch]), labels[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
    with torch.no_grad():
        right = (scores(inputs).argmax(dim=1) == labels).double()
    return {"train": right[:TRAIN].mean().item(), "test": right[TRAIN:].mean().item()}


def points() -> list[dict[str, Any]]:
    return grid(seed=SEEDS, width=WIDTHS, density=DENSITIES)


def main(executor: Executor | None) -> None:
    """Run what is missing, then write the result file."""
    records = sweep(run, points(), folder=FOLDER, executor=executor)
    settings = {"train": TRAIN, "epochs": EPOCHS, "batch": BATCH, "step": STEP, "draws": DRAWS}
    print(kept_results.write("pruning", command=COMMAND, settings=settings, records=records))


if __name__ == "__main__":
    command_line.run(main, __doc__)
