"""The larger run of the chapter on random feature amplification, stopped and resumed at will.

    .venv/bin/python experiments/amplification.py

n = 5000 samples, T = 3000 steps and 15 % flipped labels, as in the paper's figure; the dimension,
the separation, the step and the start are our choices. Three models learn from samples of the same
law: logistic regression with a threshold, random features with a trained readout, the network with
its first layer trained. Swept: the rate of flips, the number of features and neurons, the number of
samples. The result is src/randomfeatures/data/amplification.json.
"""

from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

import command_line
import kept_results
from randomfeatures.beyond.amplification import alignment, mean_absolute, random_features_risk
from randomfeatures.beyond.amplification_clusters import XORClusters, linear_error
from randomfeatures.beyond.amplification_training import (
    classification_error,
    initial_network,
    linear_classifier,
    network,
    train,
    train_readout,
)
from sweeps import grid, sweep, typed_point_rng

COMMAND = ".venv/bin/python experiments/amplification.py"
FOLDER = Path(__file__).parents[1] / ".cache" / "experiments" / "amplification"
LAW = {"d": 100, "separation": 4.0}
OMEGA = 0.01  # size of the weights at the start
STEP, STEPS = 0.03, 3000
KEPT = (0, 1, 3, 10, 30, 100, 300, 1000)  # times at which the network is looked at, and the last
RIDGES = (0.01, 0.1, 1.0, 10.0)
LINEAR_RIDGE = 1e-3
FRESH = 20_000  # samples that the error is measured on
SEEDS = range(2)
FLIPS = (0.0, 0.1, 0.15, 0.2, 0.3, 0.4, 0.45)
SAMPLES = (500, 1000, 2000, 5000)
NEURONS = (4, 8, 16, 32, 64, 128)
FEATURES = (*NEURONS, 256, 512, 1024, 2048)


def run(
    rng: np.random.Generator,
    *,
    model: str,
    d: int,
    separation: float,
    n: int,
    flip: float,
    m: int,
    step: float,
    steps: int,
    fresh: int,
    seed: int,
) -> dict[str, Any]:
    """Train ``model`` ("linear", "features" or "network", of m neurons) on n samples.

    A point of the sweep. Errors are measured on ``fresh`` other samples; ``seed`` only tells
    repetitions apart.
    """
    clusters = XORClusters(d=d, separation=separation, flip=flip)
    x, _, observed = single_precision(clusters.sample(rng, n))
    test, clean, _ = single_precision(clusters.sample(rng, fresh))
    if model == "linear":
        return linear(clusters, x, observed)
    start = initial_network(rng, m, d, OMEGA)
    if model == "features":
        return features(clusters, start, (x, observed), (test, clean))
    W, a = single_precision(start)
    path = train(W, a, x, observed, step, steps, keep=[t for t in KEPT if t < steps])
    return along(path, start, clusters, (x, observed), (test, clean))


def linear(clusters: XORClusters, x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Logistic regression with a threshold; its error is known in closed form."""
    u, b = linear_classifier(x.astype(float), y.astype(float), ridge=LINEAR_RIDGE)
    return {"clean_error": linear_error(u, b, clusters)}


def features(
    clusters: XORClusters,
    start: tuple[np.ndarray, np.ndarray],
    samples: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
) -> dict[str, Any]:
    """The first layer stays at its start; the readout is trained with the best of the ridges."""
    W, a = single_precision(start)
    readouts = [train_readout(W, a, *samples, ridge).astype(np.float32) for ridge in RIDGES]
    errors = [error_on(test, W, readout) for readout in readouts]
    # The ridge is chosen on the fresh samples themselves, which can only flatter the features.
    best = int(np.argmin(errors))
    risk = float(random_features_risk(start[0], clusters))
    return {"clean_error": errors[best], "ridge": RIDGES[best], "risk": risk}


def along(
    path: dict[int, np.ndarray],
    start: tuple[np.ndarray, np.ndarray],
    clusters: XORClusters,
    samples: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
) -> dict[str, Any]:
    """What the network does along its training: ``path`` holds the first layer at some times."""
    x, observed = samples
    W, a = start
    readout = a.astype(np.float32)
    layers = list(path.values())
    doubles = [layer.astype(float) for layer in layers]
    errors = [error_on(test, layer, readout) for layer in layers]
    cosines = [alignment(layer, clusters) for layer in doubles]
    correlations = [rank_correlation(W, a, layer, clusters) for layer in layers]
    return {
        "clean_error": errors[-1],
        "train_error": classification_error(network(layers[-1], readout, x), observed),
        "times": np.array(list(path)),
        "clean_errors": np.array(errors),
        "risks": np.array([float(random_features_risk(layer, clusters)) for layer in doubles]),
        "rank_correlations": np.array(correlations),
        # Time, pair of centres, neuron; time, neuron. The first half of the neurons has a > 0.
        "cosines": np.array(cosines) / clusters.separation,
        "lengths": np.array([np.linalg.norm(layer, axis=1) for layer in layers], dtype=float),
    }


def single_precision(arrays: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    return tuple(array.astype(np.float32) for array in arrays)


def error_on(test: tuple[np.ndarray, np.ndarray], W: np.ndarray, a: np.ndarray) -> float:
    """The share of the test samples that the network (W, a) puts into the wrong class."""
    x, y = test
    # In parts: the features of all samples at once need much memory for large m.
    scores = [network(W, a, part) for part in np.array_split(x, max(1, len(x) // 2000))]
    return classification_error(np.concatenate(scores), y)


def rank_correlation(
    start: np.ndarray, a: np.ndarray, end: np.ndarray, clusters: XORClusters
) -> float:
    """How well the growth of a neuron is foreseen at the start: Spearman's correlation.

    Between sgn(a_j) (h(α_1) - h(α_2)) at the start, how fast its length begins to grow, and its
    length at the end.
    """
    h_1, h_2 = (mean_absolute(alpha) for alpha in alignment(start, clusters))
    growth = np.sign(a) * (h_1 - h_2)
    return float(stats.spearmanr(growth, np.linalg.norm(end, axis=1)).statistic)


def points() -> list[dict[str, Any]]:
    """The paper's n and flips at several sizes; then the flips and n vary. Seed by seed."""
    common: dict[str, Any] = {"step": [STEP], "steps": [STEPS], "fresh": [FRESH]}
    common |= {name: [value] for name, value in LAW.items()}
    models = (("network", NEURONS, 64), ("features", FEATURES, 512), ("linear", (1,), 1))
    grids = []
    for seed in SEEDS:
        for model, sizes, m in models:
            fixed = dict(model=[model], seed=[seed], **common)
            grids += grid(n=[5000], flip=[0.15], m=sizes, **fixed)
            grids += grid(n=[5000], flip=FLIPS, m=[m], **fixed)
            grids += grid(n=SAMPLES, flip=[0.15], m=[m], **fixed)
        # As many steps, ten times as long: the network long after the amplification.
        longer = common | {"step": [10 * STEP]}
        grids += grid(model=["network"], n=[5000], flip=[0.15], m=[64], seed=[seed], **longer)
    return list({tuple(sorted(point.items())): point for point in grids}.values())


def is_main(record: dict[str, Any]) -> bool:
    """The paper's n, T and flips, with 128 neurons."""
    main = {"model": "network", "n": 5000, "flip": 0.15, "m": 128, "step": STEP, "seed": 0}
    return all(record[name] == value for name, value in main.items())


def summary(record: dict[str, Any]) -> dict[str, Any]:
    """A record for the result file, with the observed error beside the clean one.

    The neurons themselves, to 4 digits, are those of the main run only.
    """
    clusters = XORClusters(d=record["d"], separation=record["separation"], flip=record["flip"])
    neurons = {"cosines", "lengths"}
    left_out = neurons | {"d", "separation", "steps", "fresh"}
    kept = {name: value for name, value in record.items() if name not in left_out}
    kept["observed_error"] = clusters.observed_error(record["clean_error"])
    kept["bayes"] = clusters.observed_error(clusters.bayes_error())
    if is_main(record):
        kept |= {name: np.round(record[name], 4) for name in sorted(neurons)}
    return kept


def main(executor: Executor | None) -> None:
    """Run what is missing, then write the result file."""
    records = sweep(run, points(), folder=FOLDER, executor=executor, generator=typed_point_rng)
    settings = LAW | {
        "sigma": 1.0,
        "omega": OMEGA,
        "steps": STEPS,
        "fresh": FRESH,
        "ridges": RIDGES,
        "linear_ridge": LINEAR_RIDGE,
    }
    summaries = [summary(record) for record in records]
    file = kept_results.write(
        "amplification", command=COMMAND, settings=settings, records=summaries
    )
    print(file)


if __name__ == "__main__":
    command_line.run(main, __doc__)
