"""The larger run of the chapter on random feature amplification, stopped and resumed at will.

    .venv/bin/python experiments/amplification.py

n = 5000 samples, T = 3000 steps and 15 % flipped labels, as in the paper's figure; the dimension, the separation, the step and the start
are our choices. Three models learn from samples of the same law: logistic regression with a threshold, random features with a trained
readout, the network with its first layer trained. Swept: the rate of flips, the number of features and neurons, the number of samples.
"""

from pathlib import Path

import numpy as np
from scipy import stats

from randomfeatures import results, sweeps
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

COMMAND = ".venv/bin/python experiments/amplification.py"
ROOT = Path(__file__).parent.parent
LAW = {"d": 100, "separation": 4.0}
OMEGA = 0.01
STEP, STEPS = 0.03, 3000
KEPT = (0, 1, 3, 10, 30, 100, 300, 1000)
RIDGES = (0.01, 0.1, 1.0, 10.0)
LINEAR_RIDGE = 1e-3
FRESH = 20_000
SEEDS = range(2)


def run(rng, model, d, separation, n, flip, m, step, steps, fresh, seed):
    """Train ``model`` ("linear", "features" or "network", of m neurons) on n samples; errors on ``fresh`` others. A point of the sweep."""
    clusters = XORClusters(d=d, separation=separation, flip=flip)
    x, _, observed = (array.astype(np.float32) for array in clusters.sample(rng, n))
    test, clean, _ = (array.astype(np.float32) for array in clusters.sample(rng, fresh))
    if model == "linear":
        u, b = linear_classifier(x.astype(float), observed.astype(float), ridge=LINEAR_RIDGE)
        return {"clean_error": linear_error(u, b, clusters)}
    W, a = initial_network(rng, m, d, OMEGA)
    single = (W.astype(np.float32), a.astype(np.float32))

    def clean_error(W, a):
        # In parts: the features of all fresh samples at once need much memory for large m.
        scores = [network(W, a, part) for part in np.array_split(test, max(1, fresh // 2000))]
        return classification_error(np.concatenate(scores), clean)

    if model == "features":
        errors = [clean_error(single[0], train_readout(*single, x, observed, ridge).astype(np.float32)) for ridge in RIDGES]
        # The ridge is chosen on the fresh samples themselves, which can only flatter the random features.
        best = int(np.argmin(errors))
        return {"clean_error": errors[best], "ridge": RIDGES[best], "risk": float(random_features_risk(W, clusters))}
    path = train(*single, x, observed, step, steps, keep=[t for t in KEPT if t < steps])
    times = np.array(list(path))
    cosines = np.array([alignment(Wt.astype(float), clusters) for Wt in path.values()]) / separation
    return {
        "clean_error": clean_error(path[steps], single[1]),
        "train_error": classification_error(network(path[steps], single[1], x), observed),
        "times": times,
        "clean_errors": np.array([clean_error(Wt, single[1]) for Wt in path.values()]),
        "risks": np.array([float(random_features_risk(Wt.astype(float), clusters)) for Wt in path.values()]),
        "rank_correlations": np.array([rank_correlation(W, a, Wt, clusters) for Wt in path.values()]),
        # Time, pair of centres, neuron; time, neuron. The first half of the neurons has a > 0.
        "cosines": cosines,
        "lengths": np.array([np.linalg.norm(Wt, axis=1) for Wt in path.values()], dtype=float),
    }


def rank_correlation(start, a, end, clusters):
    """Spearman's correlation of sgn(a_j) (h(α_1) - h(α_2)) at the start, how fast the length begins to grow, with the length at the end."""
    h_1, h_2 = (mean_absolute(alpha) for alpha in alignment(start, clusters))
    return float(stats.spearmanr(np.sign(a) * (h_1 - h_2), np.linalg.norm(end, axis=1)).statistic)


def points():
    """The paper's n and flips with several numbers of features and neurons; then the flips and n vary. Seed by seed."""
    fixed = {"step": [STEP], "steps": [STEPS], "fresh": [FRESH]} | {name: [value] for name, value in LAW.items()}
    flips, ns = [0.0, 0.1, 0.15, 0.2, 0.3, 0.4, 0.45], [500, 1000, 2000, 5000]
    widths, features = [4, 8, 16, 32, 64, 128], [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]
    grids = []
    for seed in SEEDS:
        for model, sizes, m in (("network", widths, 64), ("features", features, 512), ("linear", [1], 1)):
            common = {"model": [model], "seed": [seed]} | fixed
            grids += sweeps.grid(n=[5000], flip=[0.15], m=sizes, **common)
            grids += sweeps.grid(n=[5000], flip=flips, m=[m], **common)
            grids += sweeps.grid(n=ns, flip=[0.15], m=[m], **common)
        # The same number of steps, each ten times as long: what becomes of the network long after the amplification.
        grids += sweeps.grid(model=["network"], n=[5000], flip=[0.15], m=[64], seed=[seed], **fixed | {"step": [10 * STEP]})
    return list({tuple(sorted(point.items())): point for point in grids}.values())


def is_main(record):
    """The paper's n, T and flips, with 128 neurons."""
    main = {"model": "network", "n": 5000, "flip": 0.15, "m": 128, "step": STEP, "seed": 0}
    return all(record[name] == value for name, value in main.items())


def summary(record):
    """A record for the result file: the observed error beside the clean one; the neurons themselves, to 4 digits, of the main run only."""
    clusters = XORClusters(d=record["d"], separation=record["separation"], flip=record["flip"])
    kept = {name: value for name, value in record.items() if name not in {"d", "separation", "steps", "fresh", "cosines", "lengths"}}
    kept |= {"observed_error": clusters.observed_error(record["clean_error"]), "bayes": clusters.observed_error(clusters.bayes_error())}
    return kept | ({name: np.round(record[name], 4) for name in ("cosines", "lengths")} if is_main(record) else {})


def main():
    """Run what is missing, then write the result file."""
    records = sweeps.sweep(run, points(), folder=ROOT / ".cache" / "experiments" / "amplification")
    settings = LAW | {"sigma": 1.0, "omega": OMEGA, "steps": STEPS, "fresh": FRESH, "ridges": RIDGES, "linear_ridge": LINEAR_RIDGE}
    print(results.write("amplification", command=COMMAND, settings=settings, records=[summary(record) for record in records]))


if __name__ == "__main__":
    main()
