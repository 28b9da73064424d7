"""Iterations and times of randomfeatures.sharp.population_error in small dimensions, as a map.

See README.md for the command. Each point is one call in a process of its own, one target; a run
goes on where the last one ended. Results: results/small_dimensions.json and .svg, and its block of
README.md.
"""

import argparse
import json
import os
import sys
import time
from itertools import product
from pathlib import Path

import page
import population_error

DIMENSIONS = (3, 4, 5, 6, 8, 10, 12)
POINTS = [
    *product(DIMENSIONS, (4000, 8000), ("iterative", "dense")),
    *product(DIMENSIONS, (16000,), ("iterative",)),
    *product((3, 12), (16000,), ("dense",)),
    *product(DIMENSIONS, (32000,), ("iterative",)),
]
PATH = page.RESULTS / "small_dimensions.json"


def known():
    """What has been measured."""
    return json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {"points": []}


def measure(seconds):
    """The points that are not known yet, none begun after so many seconds."""
    result, start = known(), time.monotonic()
    done = {(point["d"], point["r"], point["method"]) for point in result["points"]}
    for d, r, method in POINTS:
        if (d, r, method) in done or time.monotonic() - start > seconds:
            continue
        load = {"load": os.getloadavg()[0]}
        result["points"].append(population_error.alone(r, d, method) | load)
        result["machine"] = population_error.machine()
        PATH.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        print(result["points"][-1], file=sys.stderr, flush=True)
    return result


def table(result):
    """The map in Markdown: iterations, and seconds of both methods."""
    machine = result["machine"]
    versions = [f"{name} {value}" for name, value in list(machine.items())[2:]]
    loads = sorted(point["load"] for point in result["points"] if "load" in point)
    lines = [f"Measured on {machine['cores']} cores; {', '.join(versions)}. "]
    if loads:
        lines[0] += f"Load before a point: {loads[0]:.1f} to {loads[-1]:.1f}."
    lines += [""]
    points = {(p["d"], p["r"], p["method"]): p for p in result["points"]}
    sizes = sorted({r for _, r, _ in points})
    lines += ["Iterations, seconds (dense seconds), width of the interval:", ""]
    lines += ["| d | " + " | ".join(f"r = {r}" for r in sizes) + " |"]
    lines += ["| ---: " * (1 + len(sizes)) + "|"]
    for d in sorted({d for d, _, _ in points}):
        cells = []
        for r in sizes:
            point, dense = points.get((d, r, "iterative")), points.get((d, r, "dense"))
            against = f" ({dense['seconds']:.1f})" if dense else ""
            cells.append("")
            if point:
                width = point["upper"] - point["lower"]
                what = f"{point['iterations']}, {point['seconds']:.1f} s"
                cells[-1] = f"{what}{against}, {width:.0e}"
        lines += [f"| {d} | " + " | ".join(cells) + " |"]
    return "\n".join(lines) + "\n"


def draw(result, path):
    """Iterations over d and r, as numbers in a map of colours."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np

    points = {(p["d"], p["r"]): p for p in result["points"] if p["method"] == "iterative"}
    sizes, dimensions = (sorted({key[i] for key in points}) for i in (1, 0))
    grid = np.full((len(dimensions), len(sizes)), np.nan)
    for (d, r), point in points.items():
        grid[dimensions.index(d), sizes.index(r)] = point["iterations"]
    figure, axis = plt.subplots(figsize=(5, 3.6), layout="constrained")
    image = axis.imshow(grid, vmin=0, vmax=30, cmap="cividis", aspect="auto")
    for (i, j), value in np.ndenumerate(grid):
        if np.isfinite(value):
            shade = "white" if value < 16 else "black"
            axis.text(j, i, f"{value:.0f}", ha="center", va="center", color=shade)
    axis.set_xticks(range(len(sizes)), [str(r) for r in sizes])
    axis.set_yticks(range(len(dimensions)), [str(d) for d in dimensions])
    axis.set(xlabel="number of features r", ylabel="dimension d", title="Iterations to 1e-8")
    figure.colorbar(image)
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=3600, help="begin no point after these")
    parser.add_argument("--output", type=Path, default=page.RESULTS, help="folder of the figure")
    options = parser.parse_args()
    result = measure(options.seconds)
    draw(result, options.output / "small_dimensions.svg")
    page.write("small_dimensions", table(result))


if __name__ == "__main__":
    main()
