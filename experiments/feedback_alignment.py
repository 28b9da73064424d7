"""Digits through a bottleneck: what networks learn whose errors come back through fixed weights.

    .venv/bin/python experiments/feedback_alignment.py

Three hidden layers of ReLUs, the middle one narrow, learn scikit-learn's handwritten digits. The
error reaches the hidden layers by backpropagation ("exact"), through fixed Gaussian matrices
("random", direct feedback alignment), through the products of the later weights as they were at the
start, fixed ("aligned"), or not at all, so that only the last layer learns ("none"). For each of
them and each width the step is the best of three on a part of the digits that is neither learned
nor tested. The sizes are our choices. The result is
src/randomfeatures/data/feedback-alignment.json.
"""

from concurrent.futures import Executor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.datasets import load_digits

import command_line
import kept_results
from sweeps import grid, sweep

COMMAND = ".venv/bin/python experiments/feedback_alignment.py"
FOLDER = Path(__file__).parents[1] / ".cache" / "experiments" / "feedback_alignment"
FEEDBACKS = ("exact", "random", "aligned", "none")
WIDTHS, OUTER = (2, 3, 5, 8, 16, 128), 128  # of the middle layer, of its neighbours
STEPS, EPOCHS, BATCH = (3e-4, 1e-3, 3e-3), 100, 50
TRAIN, CHOOSE = 1000, 297  # digits to learn from, to choose the step by; the other 500 are tested
SEEDS = range(5)

Layers = list[np.ndarray]


def run(
    rng: np.random.Generator, *, feedback: str, width: int, step: float, seed: int
) -> dict[str, float]:
    """Train one network: a point of the sweep.

    Accuracies, and for each hidden layer the cosine of its update at the end with that of
    backpropagation. ``seed`` only tells repetitions apart.
    """
    pixels, digits = load_digits(return_X_y=True)
    order = rng.permutation(len(digits))
    x, y = pixels[order] / 16, np.eye(10)[digits[order]]
    sizes = (64, OUTER, width, OUTER, 10)
    weights = [rng.standard_normal((m, n)) * np.sqrt(2 / m) for m, n in pairwise(sizes)]
    biases = [np.zeros(n) for n in sizes[1:]]
    fixed = fixed_feedback(rng, feedback, weights)
    adam = Adam([*weights, *biases], step)
    for _ in range(EPOCHS):
        for batch in np.array_split(rng.permutation(TRAIN), TRAIN // BATCH):
            adam.move(updates(x[batch], y[batch], weights, biases, fixed))
    parts = {"train": slice(TRAIN), "choose": slice(TRAIN, TRAIN + CHOOSE)}
    parts["test"] = slice(TRAIN + CHOOSE, None)
    record = {name: accuracy(x[part], y[part], weights, biases) for name, part in parts.items()}
    here = updates(x[:TRAIN], y[:TRAIN], weights, biases, fixed)
    exact = updates(x[:TRAIN], y[:TRAIN], weights, biases, None)
    for layer in range(3):
        record[f"cosine_{layer + 1}"] = cosine(here[layer], exact[layer])
    return record


def fixed_feedback(rng: np.random.Generator, feedback: str, weights: Layers) -> Layers | None:
    """The matrix that carries the error back to each hidden layer; None for backpropagation."""
    sizes = [len(layer) for layer in weights[1:]]
    if feedback == "exact":
        return None
    if feedback == "random":
        return [rng.standard_normal((10, n)) / np.sqrt(10) for n in sizes]
    if feedback == "none":
        return [np.zeros((10, n)) for n in sizes]
    back = [weights[-1].T]
    for layer in weights[-2:0:-1]:
        back.append(back[-1] @ layer.T)
    return back[::-1]


def forward(x: np.ndarray, weights: Layers, biases: Layers) -> tuple[Layers, np.ndarray]:
    """The input and the hidden layers, and the probabilities of the ten digits."""
    hidden = [x]
    for layer, bias in zip(weights[:-1], biases[:-1], strict=True):
        hidden.append(np.maximum(hidden[-1] @ layer + bias, 0))
    return hidden, softmax(hidden[-1] @ weights[-1] + biases[-1], axis=1)


def updates(
    x: np.ndarray, y: np.ndarray, weights: Layers, biases: Layers, fixed: Layers | None
) -> Layers:
    """The downhill direction of every weight and bias, as the feedback tells it."""
    hidden, probability = forward(x, weights, biases)
    error = (y - probability) / len(x)
    signals = [error]
    for layer in (2, 1, 0):
        active = hidden[layer + 1] > 0
        back = signals[0] @ weights[layer + 1].T if fixed is None else error @ fixed[layer]
        signals.insert(0, back * active)
    return [
        *(h.T @ signal for h, signal in zip(hidden, signals, strict=True)),
        *(signal.sum(axis=0) for signal in signals),
    ]


class Adam:
    """Kingma and Ba's method, with their constants, on arrays that it changes in place."""

    def __init__(self, arrays: Layers, step: float) -> None:
        self.arrays, self.step, self.time = arrays, step, 0
        self.mean = [np.zeros_like(array) for array in arrays]
        self.square = [np.zeros_like(array) for array in arrays]

    def move(self, directions: Layers) -> None:
        self.time += 1
        rate = self.step * np.sqrt(1 - 0.999**self.time) / (1 - 0.9**self.time)
        for i, direction in enumerate(directions):
            self.mean[i] += 0.1 * (direction - self.mean[i])
            self.square[i] += 0.001 * (direction**2 - self.square[i])
            self.arrays[i] += rate * self.mean[i] / (np.sqrt(self.square[i]) + 1e-8)


def accuracy(x: np.ndarray, y: np.ndarray, weights: Layers, biases: Layers) -> float:
    _, probability = forward(x, weights, biases)
    return float(np.mean(probability.argmax(axis=1) == y.argmax(axis=1)))


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """0 where one of them is 0."""
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.sum(a * b)) / size if size else 0.0


def points() -> list[dict[str, Any]]:
    return grid(seed=SEEDS, width=WIDTHS, feedback=FEEDBACKS, step=STEPS)


def main(executor: Executor | None) -> None:
    """Run what is missing, choose the steps, then write the result file."""
    records = sweep(run, points(), folder=FOLDER, executor=executor)
    chosen = []
    for feedback in FEEDBACKS:
        for width in WIDTHS:
            wanted = (feedback, width)
            runs = [r for r in records if (r["feedback"], r["width"]) == wanted]
            mean = {s: np.mean([r["choose"] for r in runs if r["step"] == s]) for s in STEPS}
            best = max(STEPS, key=mean.__getitem__)
            chosen += [record for record in runs if record["step"] == best]
    settings = {"outer": OUTER, "steps": STEPS, "epochs": EPOCHS, "batch": BATCH, "train": TRAIN}
    file = kept_results.write(
        "feedback-alignment", command=COMMAND, settings=settings, records=chosen
    )
    print(file)


if __name__ == "__main__":
    command_line.run(main, __doc__)
