"""Speed and memory of randomfeatures.sharp.population_error, as ratios measured in one run.

See README.md for the command.

Every time is the least of several; what is compared takes turns. Results:
results/population_error.json, .svg and .png, and the tables in README.md.
"""

import argparse
import json
import math
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import page
from page import HERE, RESULTS

SIZES = [2000, 4000, 8000, 16000, 32000]
DIMENSION = 50


def least(functions, repetitions):
    """{name: least seconds}, the functions taking turns, after one call each to warm up."""
    seconds = {name: [] for name in functions}
    for turn in range(repetitions + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            result = function()
            if turn:
                seconds[name].append(time.perf_counter() - start)
            del result
    return {name: min(values) for name, values in seconds.items()}


def random_neurons(r, d, m=1, seed=0):
    """Gaussian weights and m unit targets."""
    rng = np.random.default_rng(seed)
    v = rng.standard_normal((m, d))
    return rng.standard_normal((r, d)), v / np.linalg.norm(v, axis=1, keepdims=True)


def dense_gram(rows):
    """The Gram matrix of unit rows in numpy, written as scikit-learn's kernel functions are."""
    cosine = np.clip(rows @ rows.T, -1, 1)
    return (np.sqrt(1 - cosine**2) + cosine * (np.pi - np.arccos(cosine))) / (2 * np.pi)


def dense_gram_torch(rows):
    cosine = (rows @ rows.T).clamp(-1, 1)
    return ((1 - cosine**2).sqrt() + cosine * (math.pi - cosine.acos())) / (2 * math.pi)


def dense_error(weights, directions):
    """Dense Gram matrix and Cholesky's factorisation in torch, the fastest of the dense ways."""
    import torch

    rows, v = (torch.nn.functional.normalize(torch.from_numpy(x)) for x in (weights, directions))
    factor = torch.linalg.cholesky(dense_gram_torch(rows))
    cosine = rows @ v.T
    c = ((1 - cosine**2).sqrt() + cosine * (math.pi - cosine.acos())) / (2 * math.pi)
    return 0.5 - torch.sum(c * torch.cholesky_solve(c, factor), dim=0)


def product(r, d, repetitions, neural_tangents):
    """One symmetric product with the Gram matrix that is never formed, against forming it, and
    against the matrix product inside."""
    import torch

    from randomfeatures.sharp.population_error import gram, neurons, threads

    rows = neurons.unit(torch.from_numpy(random_neurons(r, d)[0]), None)
    x = torch.ones((r, 1), dtype=torch.float64)
    workers = threads.Workers(torch)
    double, single = (
        gram.ComputedGram(rows.cast(dtype), workers) for dtype in (torch.float64, torch.float32)
    )
    array = rows.rows.numpy()
    functions = {
        "product": lambda: gram.product(double, x),
        "product in single precision": lambda: gram.product(single, x.float()),
        "bare matrix product": lambda: rows.rows @ rows.rows.T,
        "dense evaluation in numpy": lambda: dense_gram(array),
        "dense evaluation in torch": lambda: dense_gram_torch(rows.rows),
    }
    with workers:
        difference = float(
            np.max(np.abs(gram.product(double, x).numpy() - dense_gram(array) @ x.numpy())) / r
        )
        seconds = least(functions, repetitions)
    if neural_tangents:
        command = [neural_tangents, HERE / "neural_tangents_gram.py", r, d, repetitions]
        run = subprocess.run(
            [str(word) for word in command], capture_output=True, encoding="utf-8", check=True
        )
        seconds["neural-tangents, compiled"] = json.loads(run.stdout)["seconds"]
    return {
        "r": r,
        "d": d,
        "seconds": seconds,
        "largest difference of the products from the dense one, over r": difference,
    }


def alone(r, d, method):
    """One call in a process of its own: seconds without the import, and the largest memory that
    the process ever had."""
    command = [sys.executable, __file__, "--one", f"{r},{d},{method}"]
    run = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return json.loads(run.stdout.splitlines()[-1])


def one(r, d, method):
    """What ``alone`` runs."""
    weights, directions = random_neurons(r, d)
    import torch  # noqa: F401  (its import is not timed)

    from randomfeatures.sharp.population_error import population_error

    start = time.perf_counter()
    if method == "dense Gram + Cholesky":
        answer = {"error": float(dense_error(weights, directions)[0])}
    else:
        result = population_error(weights, directions, method=method, progress=r >= 100_000)
        answer = {
            "error": result.error[0],
            "lower": result.lower[0],
            "upper": result.upper[0],
            "residual": result.residual[0],
        }
        answer = {name: float(value) for name, value in answer.items()}
        answer |= {
            "iterations": result.iterations,
            "converged": result.converged,
            "lower_bound": result.lower_bound,
        }
    seconds = time.perf_counter() - start
    print(
        json.dumps(
            {"r": r, "d": d, "method": method, "seconds": seconds, "peak_MB": peak_megabytes()}
            | answer
        )
    )


def peak_megabytes():
    """The largest memory of this process. Linux's own count: getrusage's starts from that of the
    process which started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text(encoding="utf-8").split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        2**20 if sys.platform == "darwin" else 1024
    )


def exponent(points, key):
    """The slope of log key against log r, by least squares."""
    return float(
        np.polyfit(np.log([p["r"] for p in points]), np.log([p[key] for p in points]), 1)[0]
    )


def measure(options):
    """Everything, with what was measured on what."""
    sizes = [1000, 2000, 4000] if options.quick else SIZES
    result = {"machine": machine(), "load at the start": os.getloadavg()[0]}
    say("one product")
    result["product"] = product(
        2048 if options.quick else 8192,
        DIMENSION,
        3 if options.quick else 10,
        options.neural_tangents,
    )
    result["growth"] = []
    for r in sizes:
        say(f"r = {r}")
        result["growth"].append(alone(r, DIMENSION, "iterative"))
    if options.large:
        say("r = 100000")
        result["growth"].append(alone(100_000, DIMENSION, "iterative"))
    result["dense"] = [alone(r, DIMENSION, "dense Gram + Cholesky") for r in sizes if r <= 16000]
    result["crossover"] = [
        alone(r, d, method)
        for d in (10, 20, 50)
        for r in sizes
        if r <= 8000
        for method in ("dense", "iterative")
    ]
    result["load at the end"] = os.getloadavg()[0]
    return result


def machine():
    import scipy
    import torch

    versions = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "torch": torch.__version__,
    }
    return {"cores": os.cpu_count(), "threads of torch": torch.get_num_threads()} | versions


def table(result):
    """The results in Markdown."""
    p, growth, dense = result["product"], result["growth"], result["dense"]
    seconds, bare = p["seconds"], p["seconds"]["product"]
    lines = [
        f"Measured on {result['machine']['cores']} cores, "
        f"load {result['load at the start']:.1f} at the start; "
    ]
    lines[0] += (
        ", ".join(f"{name} {version}" for name, version in list(result["machine"].items())[2:])
        + "."
    )
    lines += ["", f"One symmetric product with the Gram matrix, r = {p['r']}, d = {p['d']}:", ""]
    lines += ["| what | seconds | times the product |", "| --- | ---: | ---: |"]
    lines += [f"| {name} | {value:.3f} | {value / bare:.2f} |" for name, value in seconds.items()]
    lines += [
        "",
        f"So the product takes {bare / seconds['bare matrix product']:.2f} times "
        f"the bare matrix product.",
    ]
    lines += ["", f"`population_error`, one target, d = {DIMENSION}, tolerance 1e-8:", ""]
    lines += [
        "| r | seconds | iterations | peak memory, MB | error | width of the interval "
        "| dense Gram + Cholesky, seconds | ratio |"
    ]
    lines += ["| ---: " * 8 + "|"]
    slow = {point["r"]: point for point in dense}
    for point in growth:
        other = slow.get(point["r"])
        against = (
            f"{other['seconds']:.2f} | {other['seconds'] / point['seconds']:.1f} |"
            if other
            else "| |"
        )
        numbers = f"{point['error']:.6f} | {point['upper'] - point['lower']:.1e}"
        lines += [
            f"| {point['r']} | {point['seconds']:.2f} | {point['iterations']} "
            f"| {point['peak_MB']:.0f} | {numbers} | {against}"
        ]
        assert point["converged"], point
        assert other is None or abs(other["error"] - point["error"]) <= 1e-8, (point, other)
    last = [point for point in growth if point["r"] >= growth[-1]["r"] / 30]
    each = [point | {"each": point["seconds"] / (point["iterations"] + 1)} for point in last]
    lines += [
        "",
        f"Growth of the time from r = {last[0]['r']} to {last[-1]['r']}: "
        f"exponent {exponent(last, 'seconds'):.2f}, ",
    ]
    lines[-1] += f"and {exponent(each, 'each'):.2f} for the time of one iteration. "
    slope = (
        (growth[-1]["peak_MB"] - growth[0]["peak_MB"])
        / (growth[-1]["r"] - growth[0]["r"])
        * 1e6
        / (8 * DIMENSION)
    )
    lines[-1] += f"Memory: {slope:.1f} times the weights' own, beyond what an empty run needs."
    lines += [
        "",
        "Where dense is faster (seconds dense / iterative):",
        "",
        "| d | " + " | ".join(f"r = {r}" for r in crossed(result)) + " |",
    ]
    lines += ["| ---: " * (1 + len(crossed(result))) + "|"]
    for d in sorted({point["d"] for point in result["crossover"]}):
        pairs = [
            {
                point["method"]: point
                for point in result["crossover"]
                if (point["r"], point["d"]) == (r, d)
            }
            for r in crossed(result)
        ]
        cells = [
            f"{pair['dense']['seconds']:.2f} / {pair['iterative']['seconds']:.2f}" for pair in pairs
        ]
        lines += [f"| {d} | " + " | ".join(cells) + " |"]
    return "\n".join(lines) + "\n"


def crossed(result):
    return sorted({point["r"] for point in result["crossover"]})


def draw(result, path):
    """Time and memory against r, with the dense method and the slope 2 (time) and 1 (memory)."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for axis, key, label in zip(
        axes, ("seconds", "peak_MB"), ("time in seconds", "peak memory in MB"), strict=True
    ):
        for points, name, style in (
            (result["growth"], "matrix-free", "o-"),
            (result["dense"], "dense Gram + Cholesky", "s--"),
        ):
            axis.loglog([p["r"] for p in points], [p[key] for p in points], style, label=name)
        axis.set_xlabel("number of features r")
        axis.set_title(label, fontsize="medium")
        axis.grid(alpha=0.3)
    last = result["growth"][-1]
    r = np.array([point["r"] for point in result["growth"]], dtype=float)
    axes[0].loglog(r, last["seconds"] * (r / last["r"]) ** 2, "k:", label="slope 2")
    axes[0].legend(frameon=False)
    figure.suptitle(f"Exact population error of one neuron, d = {DIMENSION}")
    for suffix in ("svg", "png"):
        figure.savefig(
            path.with_suffix(f".{suffix}"),
            dpi=160,
            metadata={"Date": None} if suffix == "svg" else None,
        )


def say(what):
    print(
        f"[{time.strftime('%H:%M:%S')}, load {os.getloadavg()[0]:.1f}] {what}",
        file=sys.stderr,
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--neural-tangents",
        metavar="PYTHON",
        help="the interpreter of the environment made from neural-tangents.txt",
    )
    parser.add_argument("--large", action="store_true", help="also r = 100000: some minutes")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.quick and options.output == RESULTS:
        parser.error("--quick needs another --output: the results are those of a full run")
    if options.one:
        r, d, method = options.one.split(",")
        return one(int(r), int(d), method)
    result = measure(options)
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / "population_error"
    path.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    draw(result, path)
    if options.output == RESULTS:
        page.write("population_error", table(result))
    print(table(result))


if __name__ == "__main__":
    main()
