"""What a user would pick instead: the exact error of random features by other means, side by side.

See README.md for the command. One product with the Gram matrix, by this package, by forming the
matrix, by KeOps and by neural-tangents; and the least error of one target, by this package, by a
dense factorisation, by scikit-learn's Nyström approximation, and by sampling inputs for as long as
this package takes. What needs a GPU is measured where there is one, and said to be missing
elsewhere. Results: results/side_by_side.json, .svg and .png, and the tables in README.md.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import page
import population_error as own
from page import HERE, RESULTS

MISSING = "not measured: no such machine"


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def digits(estimate, truth):
    """Correct decimal digits, at most 16."""
    return -math.log10(max(abs(estimate / truth - 1), 1e-16))


def elsewhere(python, script, *arguments):
    """What a script of this folder prints in the environment of its own."""
    if not python:
        return None
    command = [python, HERE / script, *arguments]
    run = subprocess.run(
        [str(word) for word in command], capture_output=True, encoding="utf-8", check=True
    )
    return json.loads(run.stdout.splitlines()[-1])


# --- one product


def products(r, d, repetitions, options):
    """Seconds of one product, {what: {column: seconds}}, and how far KeOps is from this package."""
    import torch

    from randomfeatures.sharp.population_error import gram, neurons, threads

    rows = neurons.unit(torch.from_numpy(np.random.default_rng(0).standard_normal((r, d))), None)
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    found, first = {}, None
    for device in devices:
        for name in ("float64", "float32"):
            here = rows.map(lambda part, device=device: part.to(device))
            here = here.cast(getattr(torch, name))
            x = torch.ones((r, 1), dtype=here.rows.dtype, device=device)
            column = f"{'CPU' if device == 'cpu' else 'GPU'}, {name}"
            with threads.Workers(torch if device == "cpu" else None) as workers:
                matrix = gram.ComputedGram(here, workers)
                seconds = own.least(calls(matrix, here.rows, x, device), repetitions)
                first = gram.product(matrix, x)[:100, 0] if first is None else first
            kept = keops(options.keops, r, d, name, device)
            if kept:
                seconds["KeOps"] = kept["seconds"]
                off = np.max(np.abs(np.array(kept["product"]) - first.cpu().numpy())) / r
                found.setdefault("largest difference of KeOps, over r", {})[column] = float(off)
            found[column] = seconds
    tangents = elsewhere(options.neural_tangents, "neural_tangents_gram.py", r, d, 3)
    if tangents:
        found["CPU, float64"]["neural-tangents, compiled, matrix alone"] = tangents["seconds"]
    return {"r": r, "d": d, "seconds": found}


def keops(python, r, d, name, device):
    """What KeOps takes; on a GPU it needs a build of torch and a compiler of its own for it, so
    there a failure is told and leaves a gap."""
    try:
        return elsewhere(python, "keops_product.py", r, d, name, device, 2)
    except subprocess.CalledProcessError as failure:
        if device == "cpu":
            raise
        print(f"KeOps on the GPU: {failure}", file=sys.stderr)
        return None


def calls(matrix, rows, x, device):
    """The ways to the product that take turns in this process."""
    import torch

    from randomfeatures.sharp.population_error import gram

    def waiting(function):
        def call():
            result = function()
            if device == "cuda":
                torch.cuda.synchronize()
            return result

        return call

    ways = {
        "this package, never formed": lambda: gram.product(matrix, x),
        "torch, formed": lambda: own.dense_gram_torch(rows) @ x,
        "bare matrix product": lambda: rows @ rows.T,
    }
    if device == "cpu":
        array, vector = rows.numpy(), x.numpy()
        ways["numpy, formed"] = lambda: own.dense_gram(array) @ vector
    return {name: waiting(way) for name, way in ways.items()}


# --- the least error


def errors(r, d, options):
    """Ways to the least error of one target: seconds, estimate, correct digits."""
    import torch

    from randomfeatures.sharp.population_error import population_error

    rng = np.random.default_rng(0)
    v = unit(rng.standard_normal((1, d)))
    weights = unit(rng.standard_normal((r, d)))
    kept = {}

    def package():
        kept["found"] = population_error(weights, v, tolerance=1e-9)
        return float(kept["found"].error[0])

    def single():
        return float(population_error(weights, v, tolerance=1e-9, iterate_in="float32").error[0])

    def numpy_dense():
        factor = np.linalg.cholesky(own.dense_gram(weights))
        c = cross(weights, v)
        y = np.linalg.solve(factor, c)
        return 0.5 - y @ y

    ways = {
        "this package": package,
        "this package, products in float32": single,
        "numpy, dense": numpy_dense,
        "torch, dense": lambda: float(own.dense_error(weights, v)[0]),
    }
    if torch.cuda.is_available():
        there = [torch.from_numpy(a).cuda() for a in (weights, v)]
        options_there = {"tolerance": 1e-9, "method": "iterative", "iterate_in": "float32"}
        ways["this package, GPU, products in float32"] = lambda: float(
            population_error(*there, **options_there).error[0]
        )
    seconds = own.least(ways, 2)
    truth = kept["found"]
    rows = [
        {"way": name, "seconds": seconds[name], "estimate": way()} for name, way in ways.items()
    ]
    budget = seconds["this package"]
    rows += sampled(weights, v, truth.coefficients[:, 0], budget)
    for components in (r // 8, r // 2):
        found = elsewhere(options.keops, "nystroem_error.py", r, d, components)
        if found:
            name = f"scikit-learn, Nyström, {components} components"
            rows.append({"way": name, "seconds": found["seconds"], "estimate": found["error"]})
    width = float(truth.upper[0] - truth.lower[0])
    value = float(truth.error[0])
    dense = {row["way"]: row["estimate"] for row in rows}
    for row in rows:  # against another way than itself
        other = dense["torch, dense" if row["way"] == "numpy, dense" else "numpy, dense"]
        row["digits"] = digits(row["estimate"], other)
    return {"r": r, "d": d, "error": value, "width": width, "rows": rows}


def cross(weights, v):
    t = weights @ v[0]
    return (np.sqrt(1 - t**2) + t * (np.pi - np.arccos(t))) / (2 * np.pi)


def sampled(weights, v, coefficients, budget):
    """Plain Monte Carlo in the time ``budget``: the mean squared error at random inputs of the best
    coefficients, which are given to it; and of coefficients fitted to 2r random inputs, however
    long that takes."""
    import torch

    rng = torch.Generator().manual_seed(1)
    w, v, u = (torch.from_numpy(np.ascontiguousarray(a)) for a in (weights, v[0], coefficients))
    r, d = w.shape
    squares, count, start = 0.0, 0, time.perf_counter()
    while time.perf_counter() - start < budget:
        x = torch.randn((1000, d), generator=rng, dtype=torch.float64)
        squares += float(torch.sum(((x @ w.T).relu() @ u - (x @ v).relu()) ** 2))
        count += 1000
    name = f"sampling {count} inputs, best coefficients given"
    given = {"way": name, "seconds": time.perf_counter() - start, "estimate": squares / count}
    start = time.perf_counter()
    x = torch.randn((2 * r, d), generator=rng, dtype=torch.float64)
    features, values = (x @ w.T).relu(), (x @ v).relu()
    fitted = torch.linalg.solve(features.T @ features, features.T @ values)
    x = torch.randn((2 * r, d), generator=rng, dtype=torch.float64)
    estimate = float(torch.mean(((x @ w.T).relu() @ fitted - (x @ v).relu()) ** 2))
    name = f"sampling, coefficients fitted to {2 * r} inputs"
    return [given, {"way": name, "seconds": time.perf_counter() - start, "estimate": estimate}]


# --- the page


def table(result):
    """The results in Markdown."""
    p, e = result["product"], result["error"]
    columns = [f"{place}, {name}" for place in ("CPU", "GPU") for name in ("float64", "float32")]
    names = [name for name in WAYS if any(name in p["seconds"].get(c, {}) for c in columns)]
    machine = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in list(machine.items())[2:])
    lines = [f"CPU: {machine['cores']} cores; {versions}. GPU: {result['GPU'] or MISSING}.", ""]
    lines += [f"Seconds of one product with the Gram matrix, r = {p['r']}, d = {p['d']}:", ""]
    lines += ["| what | " + " | ".join(columns) + " |", "| --- " + "| ---: " * 4 + "|"]
    for name in names:
        cells = [cell(p["seconds"], column, name) for column in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += [
        "",
        *reading(p["seconds"]),
        f"The least error of one target, r = {e['r']}, d = {e['d']}, on the CPU; ",
    ]
    lines[-1] += f"its interval: {e['error']:.9f}, {e['width']:.0e} wide."
    lines += ["", "| way | seconds | error | correct digits |", "| --- | ---: | ---: | ---: |"]
    lines += [
        f"| {row['way']} | {row['seconds']:.2f} | {row['estimate']:.9f} | {row['digits']:.1f} |"
        for row in e["rows"]
    ]
    return "\n".join(lines) + "\n"


def reading(seconds):
    """In words: how many times longer the others take than this package, in each column."""
    lines = []
    for column, found in seconds.items():
        own_time = found.get(WAYS[0])
        others = ("torch, formed", "KeOps")
        times = [
            f"{found[n] / own_time:.0f} times as long by {n}"
            for n in others
            if n in found and own_time
        ]
        if times:
            lines += [f"{column}: the product takes {' and '.join(times)}.", ""]
    return lines


def cell(seconds, column, name):
    if column not in seconds:
        return MISSING
    return f"{seconds[column][name]:.3f}" if name in seconds[column] else ""


def draw(result, path):
    """Correct digits of each way against its time."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(7.5, 3.8), layout="constrained")
    for row, marker in zip(result["error"]["rows"], "os^vDPX*h<", strict=False):
        axis.semilogx(row["seconds"], min(max(row["digits"], 0), 12), marker, label=row["way"])
    axis.set(
        xlabel="seconds", ylabel="correct digits (0 is none, 12 is 12 or more)", ylim=(-0.5, 12.6)
    )
    axis.grid(alpha=0.3)
    figure.legend(loc="outside right center", fontsize="small", frameon=False)
    for suffix in ("svg", "png"):
        date = {"Date": None} if suffix == "svg" else None
        figure.savefig(path.with_suffix(f".{suffix}"), dpi=160, metadata=date)


WAYS = [
    "this package, never formed",
    "bare matrix product",
    "torch, formed",
    "numpy, formed",
    "KeOps",
    "neural-tangents, compiled, matrix alone",
]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, file in (("keops", "keops.txt"), ("neural-tangents", "neural-tangents.txt")):
        parser.add_argument(
            f"--{name}", metavar="PYTHON", help=f"the interpreter of the environment of {file}"
        )
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args()
    if options.quick and options.output == RESULTS:
        parser.error("--quick needs another --output: the results are those of a full run")
    import torch

    there = torch.cuda.is_available()
    result = {
        "command": " ".join(Path(word).name if "/" in word else word for word in sys.argv),
        "machine": own.machine(),
        "load at the start": os.getloadavg()[0],
        "GPU": torch.cuda.get_device_name() if there else None,
        "product": products(2048 if options.quick else 8192, 50, 3, options),
        "error": errors(1500 if options.quick else 4000, 50, options),
    }
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / "side_by_side"
    path.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    draw(result, path)
    if options.output == RESULTS:
        page.write("side_by_side", table(result))
    print(table(result))


if __name__ == "__main__":
    main()
