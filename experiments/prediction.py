"""How far the self-consistent prediction is from the measured error of random ReLU features.

Run: .venv/bin/python experiments/prediction.py

At each point of a grid (d, r) the weights are drawn several times; for each draw the exact error of
r features is averaged over 200 random directions of the target. Its mean over the draws, with its
standard error, the prediction, and the relative difference go to
src/randomfeatures/data/prediction.json, shown in the chapter book/sharp/every-bound.md.
"""

import math
import warnings
from concurrent.futures import Executor
from pathlib import Path

import numpy as np

import command_line
import kept_results
from randomfeatures.foundations.sphere import sample_sphere
from randomfeatures.sharp.population_error import NotConvergedWarning, population_error
from randomfeatures.sharp.sandwich_prediction import predicted_error
from sweeps import sweep

COMMAND = ".venv/bin/python experiments/prediction.py"
FOLDER = Path(__file__).parents[1] / ".cache" / "experiments" / "prediction"
DIMENSIONS = (2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100, 200, 1000)
WIDTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
DIRECTIONS = 200
SMALLEST = 1e-7  # of a predicted error: far above what rounding leaves open


def points() -> list[dict[str, int]]:
    """The grid, and the widths at which a degree is full; more draws where r is small."""
    found = []
    for d in DIMENSIONS:
        corners = {1 + d, d * (d + 3) // 2} & set(range(WIDTHS[-1] + 1))
        for r in sorted(corners | set(WIDTHS)):
            if predicted_error(d, r) >= SMALLEST:
                found.append({"d": d, "r": r, "draws": max(4, 1500 // r)})
    return found


def measured(rng: np.random.Generator, d: int, r: int, draws: int) -> dict[str, float]:
    """The mean error of r features over draws and directions, its standard error, and the width of
    the widest interval of an error, relative to the mean."""
    means, width = [], 0.0
    tolerance = 1e-3 * predicted_error(d, r)
    method = "auto" if r > 400 else "dense"  # below, "auto" could take to ball arithmetic
    for _ in range(draws):
        weights, theta = sample_sphere(rng, r, d), sample_sphere(rng, DIRECTIONS, d)
        with warnings.catch_warnings():  # the width is in the result
            warnings.simplefilter("ignore", NotConvergedWarning)
            found = population_error(weights, theta, tolerance=tolerance, method=method)
        means.append(found.error.mean())
        width = max(width, float(np.max(found.upper - found.lower)))
    mean, spread = float(np.mean(means)), float(np.std(means, ddof=1))
    noise = spread / math.sqrt(draws)
    return {"measured": mean, "standard_error": noise, "relative_width": width / mean}


def main(executor: Executor | None) -> None:
    """Run what is missing, then write the result file."""
    rows = []
    for record in sweep(measured, points(), folder=FOLDER, executor=executor):
        predicted = predicted_error(record["d"], record["r"])
        rows.append(record | {"predicted": predicted, "off": predicted / record["measured"] - 1})
    settings = {"directions": DIRECTIONS, "smallest": SMALLEST}
    file = kept_results.write("prediction", command=COMMAND, settings=settings, records=rows)
    print(file)


if __name__ == "__main__":
    command_line.run(main, __doc__)
