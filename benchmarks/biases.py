"""Speed and memory of randomfeatures.sharp.population_error with biases uniform on [-3, 3].

See README.md for the command. Each part can be measured by itself (--part) and replaces its own
numbers in results/biases.json. The dense ways are the package's, and "closed form": every entry by
Owen's formula, as in a program that knows the kernel and nothing else, and torch's Cholesky.
"""

import argparse
import json
import os
import subprocess
import sys
import time

import numpy as np
import page
from page import RESULTS
from population_error import least, machine, peak_megabytes, say

from randomfeatures.sharp.population_error.harmonics_with_biases import (
    expected_iterations_with_biases,
)

DIMENSION = 50
PATH = RESULTS / "biases.json"


def neurons(r, d):
    """Uniform directions, biases uniform on [-3, 3], and one target with the bias 1/2."""
    rng = np.random.default_rng(0)
    weights, v = rng.standard_normal((r, d)), rng.standard_normal((1, d))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    return weights, v / np.linalg.norm(v), rng.uniform(-3, 3, r), np.array([0.5])


def product(r, d, repetitions):
    """One symmetric product with one column and with seven, biased and unbiased."""
    import torch

    from randomfeatures.sharp.population_error import gram, gram_with_biases, threads
    from randomfeatures.sharp.population_error.neurons import unit

    weights, _, biases, _ = (torch.from_numpy(x) for x in neurons(r, d))
    workers, rows = threads.Workers(torch), {}
    with workers:
        biased = gram_with_biases.computed(unit(weights, biases), workers)
        plain = gram_with_biases.computed(unit(weights, None), workers)
        for columns in (1, 7):
            x = torch.ones((r, columns), dtype=torch.float64)
            functions = {
                "biased": lambda x=x: gram.product(biased, x),
                "unbiased": lambda x=x: gram.product(plain, x),
            }
            rows[str(columns)] = least(functions, repetitions)
    few = [part[:512] for part in (unit(weights, biases).rows, unit(weights, biases).bias)]
    first, second = (part.numpy() for part in few)
    closed = least(
        {"closed": lambda: gram.kernel_with_biases(first, second, first, second)}, repetitions
    )
    return {
        "r": r,
        "d": d,
        "seconds": rows,
        "nanoseconds of an entry": closed["closed"] / 512**2 * 1e9,
        "terms of the series": int(biased.table.shape[0]) - 1,
        "largest cosine of the series": biased.cut,
    }


def closed_form(weights, v, biases, bias):
    """The dense way without the package's series: the error alone, without an interval."""
    import torch

    from randomfeatures.sharp.population_error.gram import cross, kernel_with_biases
    from randomfeatures.sharp.population_error.neurons import unit

    features, targets, b = unit(weights, biases), unit(v, bias), 512
    w, h = features.rows, features.bias
    matrix = np.empty((len(w), len(w)))
    for i in range(0, len(w), b):
        for j in range(i, len(w), b):
            tile = kernel_with_biases(w[i : i + b], h[i : i + b], w[j : j + b], h[j : j + b])
            matrix[i : i + b, j : j + b] = tile
            matrix[j : j + b, i : i + b] = tile.T
    c = torch.from_numpy(cross(features, targets))
    factor = torch.linalg.cholesky(torch.from_numpy(matrix))
    square = torch.sum(c * torch.cholesky_solve(c, factor))
    return float((targets.energy[0] - square) * targets.length[0] ** 2 * targets.scale[0] ** 2)


def one(r, d, way):
    """One call, which ``alone`` runs in a process of its own."""
    import torch  # noqa: F401  (its import is not timed)

    from randomfeatures.sharp.population_error import population_error, solve

    weights, v, biases, bias = neurons(r, d)
    if way == "one iteration":  # two products, and all the memory of a whole run
        solve.MAX_ITERATIONS, way = 1, "iterative"
    start = time.perf_counter()
    if way == "closed form":
        answer = {"error": closed_form(weights, v, biases, bias)}
    else:
        e = population_error(
            weights, v, biases, direction_biases=bias, method=way, progress=r >= 30_000
        )
        answer = {
            "error": float(e.error[0]),
            "width": float(e.upper[0] - e.lower[0]),
            "iterations": e.iterations,
            "converged": e.converged,
            "lower_bound": e.lower_bound,
        }
    answer["seconds"] = time.perf_counter() - start
    print(json.dumps({"r": r, "d": d, "way": way, "peak_MB": peak_megabytes()} | answer))


def alone(r, d, way):
    say(f"{way}, r = {r}, d = {d}")
    command = [sys.executable, __file__, "--one", f"{r},{d},{way}"]
    run = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return json.loads(run.stdout.splitlines()[-1])


PARTS = {
    "product": lambda: product(8192, DIMENSION, 5),
    "matrix-free": lambda: [alone(r, DIMENSION, "iterative") for r in (4000, 8000, 16000, 32000)],
    "dense": lambda: [alone(r, DIMENSION, "dense") for r in (4000, 8000, 16000)],
    "closed form": lambda: [alone(r, DIMENSION, "closed form") for r in (4000, 8000, 16000)],
    "crossover": lambda: [
        alone(r, d, way) for d in (10, 20) for r in (4000, 8000) for way in ("dense", "iterative")
    ],
    "large": lambda: alone(100_000, DIMENSION, "one iteration"),
}


def table(result):
    """The results in Markdown."""
    p, names = result["product"], list(result["machine"].items())
    versions = ", ".join(f"{name} {version}" for name, version in names[2:])
    lines = [f"Measured on {result['machine']['cores']} cores; {versions}.", ""]
    lines += [
        f"One symmetric product, r = {p['r']}, d = {p['d']} (the series has "
        f"{p['terms of the series']} terms, up to the cosine "
        f"{p['largest cosine of the series']:.2f}; one entry by Owen's formula takes "
        f"{p['nanoseconds of an entry']:.0f} ns):",
        "",
    ]
    lines += [
        "| columns | with biases, seconds | without | ratio |",
        "| ---: | ---: | ---: | ---: |",
    ]
    for columns, seconds in p["seconds"].items():
        with_, without = seconds["biased"], seconds["unbiased"]
        lines += [f"| {columns} | {with_:.3f} | {without:.3f} | {with_ / without:.2f} |"]
    lines += [
        "",
        f"`population_error` with biases, d = {DIMENSION}, one target, tolerance 1e-8:",
        "",
    ]
    lines += [
        "| r | matrix-free, seconds | iterations | peak memory, MB | error | width of the interval "
        "| dense, seconds | closed form, seconds | closed form / matrix-free |",
        "| ---: " * 9 + "|",
    ]
    for point in result["matrix-free"]:
        dense, closed = (
            next((other for other in result[way] if other["r"] == point["r"]), None)
            for way in ("dense", "closed form")
        )
        assert point["converged"], point
        for other in (dense, closed):
            assert other is None or abs(other["error"] - point["error"]) <= 1e-8, (point, other)
        cells = [point["r"], f"{point['seconds']:.1f}", point["iterations"]]
        cells += [f"{point['peak_MB']:.0f}", f"{point['error']:.6f}", f"{point['width']:.1e}"]
        cells += [f"{other['seconds']:.1f}" if other else "" for other in (dense, closed)]
        cells += [f"{closed['seconds'] / point['seconds']:.1f}" if closed else ""]
        lines += ["| " + " | ".join(map(str, cells)) + " |"]
    if "large" in result:
        big = result["large"]
        lines += [
            "",
            f"r = {big['r']}: setting up and two products (one iteration and its residual) take "
            f"{big['seconds']:.0f} s and {big['peak_MB']:.0f} MB at most; a whole run has about "
            f"{expected_iterations_with_biases(big['r'], DIMENSION):.0f} iterations by the theory "
            f'of the rule for "auto", and the same memory.',
        ]
    lines += ["", "Seconds dense / matrix-free (iterations):", ""]
    points = {(x["d"], x["r"], x["way"]): x for x in result["crossover"]}
    sizes = sorted({r for _, r, _ in points})
    lines += ["| d | " + " | ".join(f"r = {r}" for r in sizes) + " |"]
    lines += ["| ---: " * (1 + len(sizes)) + "|"]
    for d in sorted({d for d, _, _ in points}):
        pairs = [(points[d, r, "dense"], points[d, r, "iterative"]) for r in sizes]
        cells = [f"{a['seconds']:.1f} / {b['seconds']:.1f} ({b['iterations']})" for a, b in pairs]
        lines += [f"| {d} | " + " | ".join(cells) + " |"]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=PARTS, action="append", help="only this (repeatable)")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        r, d, way = options.one.split(",")
        return one(int(r), int(d), way)
    result = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    result["machine"] = machine()
    for part in options.part or PARTS:
        load = os.getloadavg()[0]
        result[part] = PARTS[part]()
        result.setdefault("load before", {})[part] = round(load, 1)
        PATH.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if set(PARTS) - {"large"} <= set(result):
        page.write("biases", table(result))
        print(table(result))


if __name__ == "__main__":
    main()
