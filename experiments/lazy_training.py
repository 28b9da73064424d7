"""Lazy training on one quadratic target, d = 450: random features, tangent features, and networks trained by gradient descent.

Run: .venv/bin/python experiments/lazy_training.py

The target and its classes are those of the chapter book/beyond/lazy-training.md: B has independent exponential eigenvalues, and the
mixture has Δ = B scaled to the largest eigenvalue 0.4. Every risk is that of the population, computed from the weights. The result is
src/randomfeatures/data/lazy-training.json.
"""

from pathlib import Path

import numpy as np

from randomfeatures import results
from randomfeatures.beyond.lazy_training import neural_network_risk, neural_tangent_risk, random_features_risk, trace_share
from randomfeatures.beyond.lazy_training_descent import train_mixture_network, train_network
from randomfeatures.beyond.lazy_training_mixture import (
    mixture_neural_network_risk,
    mixture_neural_tangent_risk,
    mixture_random_features_risk,
)
from randomfeatures.sweeps import grid, sweep

COMMAND = ".venv/bin/python experiments/lazy_training.py"
FOLDER = Path(__file__).parents[1] / ".cache" / "experiments" / "lazy_training"
D, TARGET_SEED, DELTA, BATCH = 450, 0, 0.4, 100  # DELTA is the largest eigenvalue of Δ
FEATURES, SEEDS = (15, 30, 60, 90, 150, 225, 300, 375, 450, 600, 900), range(5)
WIDTHS, STEPS, STEP_SIZE = (30, 60, 90, 150, 225, 300, 450, 600), 30000, 2.0
MIXTURE_WIDTHS, MIXTURE_STEPS, MIXTURE_STEP_SIZE = (30, 90, 225, 450), 30000, 1.0


def target(d):
    """B of the target and Δ of the mixture. The weights are isotropic, so diagonal matrices are as good as any."""
    B = np.diag(np.random.default_rng(TARGET_SEED).exponential(1, d))
    return B, B * (DELTA / np.max(B))


def sampled(rng, d, N, seed):
    """The risks of N features with isotropic Gaussian weights, and of the best network of N neurons."""
    (B, Delta), W = target(d), rng.standard_normal((N, d))
    return {
        "random_features": random_features_risk(B, W),
        "random_features_relu": random_features_risk(B, W, "relu"),
        "neural_tangent": neural_tangent_risk(B, W),
        "neural_network": neural_network_risk(B, N),
        "mixture_random_features": mixture_random_features_risk(Delta, W),
        "mixture_neural_tangent": mixture_neural_tangent_risk(Delta, W),
        "mixture_neural_network": mixture_neural_network_risk(Delta, N),
    }


def trained(rng, d, N, task, steps, step_size):
    """A network of N neurons trained on fresh samples: its risk on the way, and the least risk of N neurons."""
    B, Delta = target(d)
    train, best, A = {
        "target": (train_network, neural_network_risk, B),
        "mixture": (train_mixture_network, mixture_neural_network_risk, Delta),
    }[task]
    network = train(rng, A, N, steps, step_size=step_size, batch=BATCH)
    return {"risk": network.risk[-1], "best": best(A, N), "at": np.asarray(network.steps), "curve": np.asarray(network.risk)}


def main():
    records = [{"kind": "sampled"} | r for r in sweep(sampled, grid(d=[D], N=FEATURES, seed=SEEDS), folder=FOLDER)]
    networks = grid(d=[D], N=WIDTHS, task=["target"], steps=[STEPS], step_size=[STEP_SIZE])
    networks += grid(d=[D], N=MIXTURE_WIDTHS, task=["mixture"], steps=[MIXTURE_STEPS], step_size=[MIXTURE_STEP_SIZE])
    records += [{"kind": "trained"} | r for r in sweep(trained, networks, folder=FOLDER)]
    B, Delta = target(D)
    settings = {"d": D, "target_seed": TARGET_SEED, "batch": BATCH, "delta": DELTA, "tau": trace_share(B)}
    settings |= {"norm_squared": np.sum(Delta**2), "eigenvalues": np.diag(B)}
    print(results.write("lazy-training", command=COMMAND, settings=settings, records=records))


if __name__ == "__main__":
    main()
