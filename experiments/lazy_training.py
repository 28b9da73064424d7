"""Lazy training on one quadratic target, d = 450: features, tangent features, trained networks.

Run: .venv/bin/python experiments/lazy_training.py

The target and its classes are those of the chapter book/beyond/lazy-training.md: B has independent
exponential eigenvalues, and the mixture has Δ = B scaled to the largest eigenvalue 0.4. Every risk
is that of the population, computed from the weights. The result is
src/randomfeatures/data/lazy-training.json.
"""

from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np

import command_line
import kept_results
from randomfeatures.beyond.lazy_training import (
    neural_network_risk,
    neural_tangent_risk,
    random_features_risk,
    trace_share,
)
from randomfeatures.beyond.lazy_training_descent import train_mixture_network, train_network
from randomfeatures.beyond.lazy_training_mixture import (
    mixture_neural_network_risk,
    mixture_neural_tangent_risk,
    mixture_random_features_risk,
)
from sweeps import grid, sweep, typed_point_rng

COMMAND = ".venv/bin/python experiments/lazy_training.py"
FOLDER = Path(__file__).parents[1] / ".cache" / "experiments" / "lazy_training"
D, TARGET_SEED, BATCH = 450, 0, 100
DELTA = 0.4  # the largest eigenvalue of Δ
FEATURES, SEEDS = (15, 30, 60, 90, 150, 225, 300, 375, 450, 600, 900), range(5)
WIDTHS, STEPS, STEP_SIZE = (30, 60, 90, 150, 225, 300, 450, 600), 30000, 2.0
MIXTURE_WIDTHS, MIXTURE_STEPS, MIXTURE_STEP_SIZE = (30, 90, 225, 450), 30000, 1.0


def target(d: int) -> tuple[np.ndarray, np.ndarray]:
    """B of the target and Δ of the mixture.

    The weights are isotropic, so diagonal matrices are as good as any.
    """
    B = np.diag(np.random.default_rng(TARGET_SEED).exponential(1, d))
    return B, B * (DELTA / np.max(B))


def sampled(rng: np.random.Generator, d: int, N: int, seed: int) -> dict[str, float]:
    """The risks of N features with isotropic Gaussian weights, and of the best N neurons.

    ``seed`` only tells repetitions apart.
    """
    B, Delta = target(d)
    W = rng.standard_normal((N, d))
    return {
        "random_features": random_features_risk(B, W),
        "random_features_relu": random_features_risk(B, W, "relu"),
        "neural_tangent": neural_tangent_risk(B, W),
        "neural_network": neural_network_risk(B, N),
        "mixture_random_features": mixture_random_features_risk(Delta, W),
        "mixture_neural_tangent": mixture_neural_tangent_risk(Delta, W),
        "mixture_neural_network": mixture_neural_network_risk(Delta, N),
    }


def trained(
    rng: np.random.Generator, d: int, N: int, task: str, steps: int, step_size: float
) -> dict[str, Any]:
    """A network of N neurons trained on fresh samples: its risk on the way, and the least risk."""
    B, Delta = target(d)
    if task == "target":
        network = train_network(rng, B, N, steps, step_size=step_size, batch=BATCH)
        best = neural_network_risk(B, N)
    else:
        network = train_mixture_network(rng, Delta, N, steps, step_size=step_size, batch=BATCH)
        best = mixture_neural_network_risk(Delta, N)
    return {
        "risk": network.risk[-1],
        "best": best,
        "at": np.asarray(network.steps),
        "curve": np.asarray(network.risk),
    }


def networks() -> list[dict[str, Any]]:
    """The points of ``trained``: networks of several widths, for the target and the mixture."""
    return grid(d=[D], N=WIDTHS, task=["target"], steps=[STEPS], step_size=[STEP_SIZE]) + grid(
        d=[D],
        N=MIXTURE_WIDTHS,
        task=["mixture"],
        steps=[MIXTURE_STEPS],
        step_size=[MIXTURE_STEP_SIZE],
    )


def main(executor: Executor | None) -> None:
    """Run what is missing, then write the result file."""
    features = grid(d=[D], N=FEATURES, seed=SEEDS)
    options: dict[str, Any] = {"folder": FOLDER, "executor": executor, "generator": typed_point_rng}
    records = [{"kind": "sampled"} | record for record in sweep(sampled, features, **options)]
    records += [{"kind": "trained"} | record for record in sweep(trained, networks(), **options)]
    B, Delta = target(D)
    settings = {
        "d": D,
        "target_seed": TARGET_SEED,
        "batch": BATCH,
        "delta": DELTA,
        "tau": trace_share(B),
        "norm_squared": np.sum(Delta**2),
        "eigenvalues": np.diag(B),
    }
    file = kept_results.write("lazy-training", command=COMMAND, settings=settings, records=records)
    print(file)


if __name__ == "__main__":
    command_line.run(main, __doc__)
