"""Networks trained to tell chaotic from regular series: filters at rest against filters that move.

    .venv/bin/python experiments/chaotic_series.py

The kind of network of the page on chaotic series: two layers of long filters with a stride and
ReLUs, maxima over pairs, a dense head. The filters stay at their random start ("random") or are
trained with the head ("trained"), by as many steps on series of the logistic map; series come raw,
or scaled to mean 0 and size 1. Tested on new series of that map, on its window of period 3, which
the training leaves out, and on two other maps, half of each chaotic; and on exactly periodic
series. The sizes are our choices. The result is src/randomfeatures/data/chaotic-series.json.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

import command_line
import kept_results
from sweeps import grid, sweep

COMMAND = ".venv/bin/python experiments/chaotic_series.py"
FOLDER = Path(__file__).parents[1] / ".cache" / "experiments" / "chaotic_series"
LENGTH, TRAIN, TEST = 300, 2000, 1000
FILTERS, STRIDE, HIDDEN = (64, 32), 2, 32
EPOCHS, BATCH, STEP = 40, 50, 2e-3
SETTLE, LYAPUNOV = 1000, 2000  # steps before a series begins; steps that its exponent is taken over
SEEDS = range(20)
PREPARED = ("raw", "scaled")


def logistic(x: np.ndarray, m: np.ndarray) -> np.ndarray:
    return m * x * (1 - x)


def logistic_slope(x: np.ndarray, m: np.ndarray) -> np.ndarray:
    return m * (1 - 2 * x)


Step = Callable[[np.ndarray, np.ndarray], np.ndarray]
MAPS: dict[str, tuple[float, float, Step, Step]] = {  # least and largest parameter, map, slope
    "logistic": (3.5, 4.0, logistic, logistic_slope),
    "window": (3.82, 3.87, logistic, logistic_slope),
    "sine": (
        0.85,
        1.0,
        lambda x, m: m * np.sin(np.pi * x),
        lambda x, m: m * np.pi * np.cos(np.pi * x),
    ),
    "cubic": (2.25, 2.598, lambda x, m: m * x * (1 - x**2), lambda x, m: m * (1 - 3 * x**2)),
}
# Stable cycles of the logistic map of odd period, which no stride of a power of 2 changes.
CYCLES = {3: 3.83, 5: 3.739, 7: 3.7017}


def run(
    rng: np.random.Generator, *, filters: str, channels: int, prepared: str, seed: int
) -> dict[str, Any]:
    """Train one network and look at it: a point of the sweep.

    Accuracies on new series of each map; of the channels of each layer the share that is dead on a
    regular, on a chaotic series of the logistic map; and how many channels live and how many of
    them keep the period on the exactly periodic series. ``seed`` only tells repetitions apart.
    """
    torch.set_num_threads(1)
    torch.manual_seed(int(rng.integers(2**31)))
    x, chaotic = sample(rng, "logistic", TRAIN)
    network, x, y = Network(channels), as_tensor(x, prepared), torch.as_tensor(chaotic).float()
    if filters == "trained":
        loss = train(network, rng, x, y)
    else:
        with torch.no_grad():
            features = torch.cat([network.filtered(part)[1] for part in x.split(BATCH)])
        loss = train(network.head, rng, features, y)
    record: dict[str, Any] = {"loss": loss}
    for name in MAPS:
        x, chaotic = sample(rng, name, TEST)
        with torch.no_grad():
            layers = network.filtered(as_tensor(x, prepared))
            score = network.head(layers[1])[:, 0].numpy()
        record[name] = float(np.mean((score > 0) == chaotic))
        if name == "logistic":
            for layer, a in zip(("first", "second"), layers, strict=True):
                dead = (a.amax(dim=2) <= 0).double().mean(dim=1).numpy()
                record[f"dead_{layer}_regular"] = float(dead[~chaotic].mean())
                record[f"dead_{layer}_chaotic"] = float(dead[chaotic].mean())
    return record | periods(network, prepared)


class Network(torch.nn.Module):
    """Two layers of filters, maxima over pairs, a dense head; the score of "chaotic"."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = torch.nn.Conv1d(1, channels, FILTERS[0], stride=STRIDE)
        self.second = torch.nn.Conv1d(channels, channels, FILTERS[1], stride=STRIDE)
        with torch.no_grad():
            size = self.filtered(torch.zeros(1, 1, LENGTH))[1].shape[2] // 2 * channels
        self.head = torch.nn.Sequential(
            torch.nn.MaxPool1d(2),
            torch.nn.Flatten(),
            torch.nn.Linear(size, HIDDEN),
            torch.nn.ReLU(),
            torch.nn.Linear(HIDDEN, 1),
        )

    def filtered(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The activations of both layers: series, channel, time."""
        first = torch.relu(self.first(x))
        return first, torch.relu(self.second(first))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.filtered(x)[1])


def train(
    network: torch.nn.Module, rng: np.random.Generator, x: torch.Tensor, y: torch.Tensor
) -> float:
    """Adam on the logistic loss of small batches; the mean loss of the last epoch."""
    adam = torch.optim.Adam(network.parameters(), lr=STEP)
    losses = []
    for _ in range(EPOCHS):
        losses = []
        for batch in torch.as_tensor(rng.permutation(len(x))).split(BATCH):
            loss = binary_cross_entropy_with_logits(network(x[batch])[:, 0], y[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
            losses.append(loss.item())
    return float(np.mean(losses))


def sample(rng: np.random.Generator, name: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    """n series of a map, and which are chaotic: half of them, in random order.

    Those of the logistic map have no parameter of the window.
    """
    low, high, step, slope = MAPS[name]
    series: dict[bool, list[np.ndarray]] = {False: [], True: []}
    while min(map(len, series.values())) < n // 2:
        m, x = rng.uniform(low, high, n), rng.uniform(0.2, 0.6, n)
        growth, orbit = np.zeros(n), np.empty((n, LENGTH))
        for t in range(SETTLE + LYAPUNOV):
            x = step(x, m)
            if t >= SETTLE:
                growth += np.log(np.abs(slope(x, m)) + 1e-300)
            if SETTLE <= t < SETTLE + LENGTH:
                orbit[:, t - SETTLE] = x
        left_out = (name == "logistic") & (MAPS["window"][0] <= m) & (m <= MAPS["window"][1])
        for one, is_chaotic in zip(orbit[~left_out], (growth > 0)[~left_out], strict=True):
            series[bool(is_chaotic)].append(one)
    x = np.array(series[False][: n // 2] + series[True][: n // 2])
    order = rng.permutation(len(x))
    return x[order], (np.arange(len(x)) >= n // 2)[order]


def as_tensor(x: np.ndarray, prepared: str) -> torch.Tensor:
    if prepared == "scaled":
        x = x - x.mean(axis=1, keepdims=True)
        x = x / x.std(axis=1, keepdims=True)
    return torch.as_tensor(x[:, None, :]).float()


def periods(network: Network, prepared: str) -> dict[str, int]:
    """Of the channels on exactly periodic series: how many live, how many keep the period."""
    count = dict.fromkeys(
        (f"{what}_{layer}" for layer in ("first", "second") for what in ("live", "kept")), 0
    )
    for q, m in CYCLES.items():
        series = np.resize(cycle(m, q), (1, LENGTH))
        with torch.no_grad():
            layers = network.filtered(as_tensor(series, prepared))
        for layer, activations in zip(("first", "second"), layers, strict=True):
            for a in activations[0].double().numpy():
                if a.max() > 0:
                    count[f"live_{layer}"] += 1
                    count[f"kept_{layer}"] += minimal_period(a) == q
    return count


def cycle(m: float, q: int) -> np.ndarray:
    """One period of the stable cycle of the logistic map, settled."""
    x = np.full(1, 0.3)
    for _ in range(20_000):
        x = logistic(x, np.array(m))
    orbit = [x := logistic(x, np.array(m)) for _ in range(q + 1)]
    if abs(orbit[q] - orbit[0]) > 1e-9:
        raise ValueError(f"m must have a stable cycle of period {q}, got {m}")
    return np.concatenate(orbit[:q])


def minimal_period(a: np.ndarray) -> int:
    """The least shift that leaves a, up to rounding in single precision."""
    limit = 1e-5 * np.max(np.abs(a))
    shifts = range(1, len(a) // 2)
    return next((p for p in shifts if np.max(np.abs(a[p:] - a[:-p])) <= limit), 0)


def points() -> list[dict[str, Any]]:
    common: dict[str, Any] = {"seed": SEEDS, "prepared": PREPARED}
    moving = grid(filters=["trained"], channels=[8], **common)
    return moving + grid(filters=["random"], channels=[8, 64], **common)


def main(executor: Executor | None) -> None:
    """Run what is missing, then write the result file."""
    records = sweep(run, points(), folder=FOLDER, executor=executor)
    settings = {
        "length": LENGTH,
        "train": TRAIN,
        "test": TEST,
        "filters": FILTERS,
        "stride": STRIDE,
        "hidden": HIDDEN,
        "epochs": EPOCHS,
        "batch": BATCH,
        "step": STEP,
        "cycles": list(CYCLES),
    }
    print(kept_results.write("chaotic-series", command=COMMAND, settings=settings, records=records))


if __name__ == "__main__":
    command_line.run(main, __doc__)
