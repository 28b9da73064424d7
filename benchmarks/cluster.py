"""population_error on a Dask cluster: measured on its workers, and predicted for other numbers of
them.

See README.md for the command.

Measured are one product against the threads of this process (with --workers), and the parts of a
model: arithmetic, Dask's time for a task, latency, bytes a second, and what stays in one process.
The model predicts the measured product and, with the same parts, a million features on 2, 16 and 64
workers. Results: results/cluster.json, and the block in README.md.
"""

import argparse
import heapq
import json
import math
import os
import time
from itertools import combinations
from pathlib import Path

import numpy as np
import page
from page import RESULTS
from population_error import least, machine, random_neurons, say

DIMENSION, COLUMNS = 50, 7  # one target and the six probes
PREDICTED, SIZE = (2, 16, 64), 1_000_000
NETWORK = 1.25e9
"""Bytes a second of one machine in the predictions: 10 Gbit/s, assumed."""


def blocks(r):
    """The rows of each block of a product, and the numbers of entries that the tasks compute."""
    from randomfeatures.sharp.population_error.cluster import spans

    rows = [last - first for first, last in spans(r, 256)]
    return rows, [a * b for a, b in combinations(rows, 2)] + [a * (a + 256) / 2 for a in rows]


def product_seconds(parts, r, workers, bandwidth):
    """The model of one product: {part: seconds}."""
    rows, entries = blocks(r)
    ends = [0.0] * workers  # tasks are dealt out as workers become free
    for count in entries:
        heapq.heapreplace(ends, ends[0] + count * parts["seconds of an entry"])
    vector = 8 * r * COLUMNS
    tasks = len(entries) + len(rows)
    return {
        "arithmetic": sum(entries) * parts["seconds of an entry"] / workers,
        "waiting for the last block": max(ends)
        - sum(entries) * parts["seconds of an entry"] / workers,
        "Dask's tasks": tasks * parts["seconds of a task"] + parts["latency"],
        # To all workers, each passing it on; from the blocks to the sums; to this process.
        "vectors": vector
        * (math.ceil(math.log2(workers + 1)) + 2 * len(rows) / workers + 2)
        / bandwidth,
    }


def run_seconds(parts, r, workers, iterations, bandwidth):
    """The model of a whole run: {part: seconds}."""
    product = product_seconds(parts, r, workers, bandwidth)
    alone = parts["seconds of a row, once"] + iterations * parts["seconds of a row, each iteration"]
    return {
        "products": (iterations + 1) * sum(product.values()),
        "rows to the workers": 8 * r * DIMENSION * (workers + 1) / bandwidth,
        "one process (preconditioner)": r * alone,
    }


# --- measuring ------------------------------------------------------------------------------------


def nothing(number):
    return number


def zeros(count):
    return np.zeros(count)


def parts_of_model(client, quick):
    """The numbers of the model, each measured alone."""
    from randomfeatures.sharp.population_error.cluster import Cluster
    from randomfeatures.sharp.population_error.gram import cross, product
    from randomfeatures.sharp.population_error.neurons import distinct, take, unit
    from randomfeatures.sharp.population_error.preconditioners import Harmonics

    say("arithmetic: all workers at once")
    workers = sum(client.nthreads().values())
    r = 4096 if quick else 16384
    block = unit(random_neurons(r, DIMENSION)[0], None)
    x = np.ones((r, COLUMNS))
    with Cluster(client, False).holding(block) as gram_of:
        tiles = gram_of(block)
        names = [tiles.name] * (2 * workers)
        rounds = [
            client.gather(client.map(one_block, names, range(len(names)), pure=False))
            for _ in range(6)
        ]
    say("tasks, latency, bytes")
    count = 200 if quick else 1000
    task = seconds_of(lambda: client.gather(client.map(nothing, range(count), pure=False))) / count
    tiny = unit(random_neurons(256, DIMENSION)[0], None)
    with Cluster(client, False).holding(tiny) as gram_of:
        gram = gram_of(tiny)
        latency = seconds_of(lambda: product(gram, x[:256]), 10)
    first, *others = client.nthreads()
    held = client.submit(zeros, 2**22, workers=[first], pure=False)
    held.result()
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        client.submit(len, held, workers=others[:1] or [first], pure=False).result()
        seconds.append(time.perf_counter() - start)
        held = client.submit(zeros, 2**22, workers=[first], pure=False)
        held.result()
    say("what stays in one process")
    import torch

    n = 4000 if quick else 20_000
    weights, directions = random_neurons(n, DIMENSION)
    start = time.perf_counter()
    features = unit(weights, None)
    kept = distinct(features, 2.0**-52)
    features = features.take(kept).map(torch.from_numpy)
    cross(features, unit(torch.from_numpy(directions), None))
    harmonics = Harmonics(features.rows)
    once = time.perf_counter() - start
    right = torch.ones((n, COLUMNS), dtype=torch.float64)
    each = seconds_of(lambda: harmonics.solve(right))
    assert len(take(weights, kept)) == n
    return {
        "seconds of an entry": min(float(np.median(timed)) for timed in rounds),
        "seconds of a task": task,
        "latency": latency,
        "bytes a second": 8 * 2**22 / min(seconds),
        "seconds of a row, once": once / n,
        "seconds of a row, each iteration": each / n,
    }


def one_block(name, _):
    """Seconds of an entry of a block off the diagonal, on a worker."""
    import distributed

    held = distributed.get_worker().plugins[name]
    n = len(held.neurons.rows) // 2
    x = np.ones((2 * n, COLUMNS))
    start = time.perf_counter()
    held.product(x, (0, n), (n, 2 * n))
    return (time.perf_counter() - start) / n**2


def seconds_of(function, repetitions=3):
    return least({"it": function}, repetitions)["it"]


def one_product(client, r, repetitions, threads):
    """Seconds of one product on the cluster and, taking turns, on the threads of this process."""
    import torch

    from randomfeatures.sharp.population_error.cluster import Cluster
    from randomfeatures.sharp.population_error.gram import product
    from randomfeatures.sharp.population_error.gram_with_biases import computed
    from randomfeatures.sharp.population_error.neurons import unit
    from randomfeatures.sharp.population_error.threads import Workers

    rows = unit(torch.from_numpy(random_neurons(r, DIMENSION)[0]), None)
    x = torch.ones((r, COLUMNS), dtype=torch.float64)
    found = {}
    with Cluster(client, False).holding(rows) as gram_of, Workers(torch) as team:
        there, here = gram_of(rows), computed(rows, team)
        functions = {"cluster": lambda: found.update(cluster=product(there, x))}
        if threads:
            functions["threads"] = lambda: found.update(threads=product(here, x))
        seconds = least(functions, repetitions)
    if threads:
        gap = float(torch.max(torch.abs(found["cluster"] - found["threads"])) / r)
        return seconds | {"largest difference over r": gap}
    return seconds


def whole(client, r, threads):
    """Whole runs of population_error on the cluster and, in turns, on threads of this process."""
    from randomfeatures.sharp.population_error import population_error

    weights, directions = random_neurons(r, DIMENSION)
    places = {"cluster": client} | ({"threads": None} if threads else {})
    runs = {}
    for name in list(places) * (3 if threads else 1):
        say(f"whole run, r = {r}, {name}")
        start = time.perf_counter()
        result = population_error(
            weights, directions, method="iterative", client=places[name], progress=not threads
        )
        seconds = time.perf_counter() - start
        if name not in runs or seconds < runs[name]["seconds"]:
            runs[name] = {
                "seconds": seconds,
                "iterations": result.iterations,
                "error": float(result.error[0]),
                "width": float(result.upper[0] - result.lower[0]),
            }
    return {"r": r} | runs


def iterations_at_the_size(quick):
    """Of features in a lower dimension that are as many for the harmonics of degree 4, the first
    that the preconditioner leaves out, as SIZE features are in DIMENSION."""
    from randomfeatures.foundations.sphere import multiplicity
    from randomfeatures.sharp.population_error import population_error

    d = 12 if quick else 16
    r = round(SIZE * multiplicity(d, 4) / multiplicity(DIMENSION, 4))
    found = population_error(*random_neurons(r, d), method="iterative")
    return {"d": d, "r": r, "iterations": found.iterations, "converged": found.converged}


def measure(client, options):
    r = options.r or (6000 if options.quick else 50_000)
    threads = options.scheduler is None
    result = {
        "machine": machine(),
        "workers": sum(client.nthreads().values()),
        "load at the start": os.getloadavg()[0],
        "parts": parts_of_model(client, options.quick),
        "in a lower dimension": iterations_at_the_size(options.quick),
    }
    say(f"one product, r = {r}")
    result["product"] = {"r": r} | one_product(client, r, 3, threads)
    if options.whole:
        result["whole"] = whole(client, options.whole, threads)
    result["load at the end"] = os.getloadavg()[0]
    return result


def table(result):
    """The results in Markdown."""
    parts, measured, workers = result["parts"], result["product"], result["workers"]
    here = product_seconds(parts, measured["r"], workers, parts["bytes a second"])
    lines = [
        f"Measured on {result['machine']['cores']} cores, {workers} workers of one thread, load "
        f"{result['load at the start']:.1f} at the start; torch {result['machine']['torch']}.",
        "",
        f"One product of r = {measured['r']} features, d = {DIMENSION}, {COLUMNS} columns, took "
        f"{measured['cluster']:.2f} s on the workers; the model gives {sum(here.values()):.2f} s.",
    ]
    if "threads" in measured:
        share = measured["threads"] / measured["cluster"]
        lines[-1] += (
            f" On {result['machine']['threads of torch']} threads of one process it took "
            f"{measured['threads']:.2f} s: efficiency {share:.2f}."
        )
    if "whole" in result:
        run = result["whole"]
        each = [
            f"{run[name]['seconds']:.1f} s on {what}"
            for name, what in (("cluster", "the workers"), ("threads", "threads"))
            if name in run
        ]
        lines += [
            "",
            f"A whole run, r = {run['r']}, {run['cluster']['iterations']} iterations: "
            f"{' and '.join(each)}.",
        ]
        if "threads" in run:
            gap = abs(run["cluster"]["error"] - run["threads"]["error"])
            lines[-1] += f" The two errors differ by {gap:.0e}." if gap else " One error for both."
    lower = result["in a lower dimension"]
    iterations = lower["iterations"]
    lines += [
        "",
        f"Predicted for r = {SIZE}, d = {DIMENSION}, one worker a core as fast as one here and "
        f"10 Gbit/s for each, and {iterations} iterations, as many as r = {lower['r']}, d = "
        f"{lower['d']} takes, where the harmonics of degree 4 are as few for the features:",
        "",
        "| workers | one product, s | arithmetic | last block | tasks | vectors | whole run, min "
        "| of it preconditioner | efficiency |",
        "| ---: " * 9 + "|",
    ]
    ideal = SIZE**2 / 2 * parts["seconds of an entry"] * (iterations + 1)
    for count in PREDICTED:
        product = product_seconds(parts, SIZE, count, NETWORK)
        run = run_seconds(parts, SIZE, count, iterations, NETWORK)
        total, alone = sum(run.values()), run["one process (preconditioner)"]
        lines.append(
            f"| {count} | {sum(product.values()):.0f} "
            + "".join(f"| {value:.1f} " for value in product.values())
            + f"| {total / 60:.0f} | {alone / 60:.1f} | {ideal / count / total:.2f} |"
        )
    lines += [
        "",
        f"The parts: {1e9 * parts['seconds of an entry']:.2f} ns an entry of G on one core, "
        f"{1e3 * parts['seconds of a task']:.1f} ms a task, "
        f"{1e3 * parts['latency']:.0f} ms for the smallest product, "
        f"{parts['bytes a second'] / 1e9:.1f} GB/s between workers here, and in one process "
        f"{1e6 * parts['seconds of a row, once']:.0f} µs a row once and "
        f"{1e6 * parts['seconds of a row, each iteration']:.0f} µs a row in each iteration.",
    ]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, default=2, help="processes of one thread here")
    where.add_argument("--scheduler", metavar="ADDRESS", help="of a cluster that runs already")
    parser.add_argument("--r", type=int, help="features of the product that is measured")
    parser.add_argument("--whole", type=int, metavar="R", help="also whole runs with R features")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args()
    if (options.quick or options.scheduler or options.r) and options.output == RESULTS:
        parser.error("needs another --output: the results are those of a full run on one machine")
    # Before the workers are started: that sets OMP_NUM_THREADS of this process to 1 as well.
    import distributed
    import torch  # noqa: F401

    if options.scheduler:
        with distributed.Client(options.scheduler) as client:
            result = measure(client, options)
    else:
        with (
            distributed.LocalCluster(
                n_workers=options.workers, threads_per_worker=1, dashboard_address=":0"
            ) as local,
            distributed.Client(local) as client,
        ):
            result = measure(client, options)
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / "cluster.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if options.output == RESULTS:
        page.write("cluster", table(result))
    print(table(result))


if __name__ == "__main__":
    main()
