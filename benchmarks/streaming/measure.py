"""Ridge and minimum norm on a million rows and 4096 random features within 1 GB: measured time,
error and peak memory.

    python benchmarks/streaming/measure.py                           # everything; minutes
    python benchmarks/streaming/measure.py --rows 20480 --features 512

The rows are made batch by batch and never kept. Peak memory is the largest resident size of the
whole process, Python and its libraries included; it does not depend on the number of rows. The
program fails if it exceeds --limit.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np

from randomfeatures.power.random_features import ReLUFeatures, normal_equations

D = 20


def batches(rng: np.random.Generator, rows: int, batch: int):
    """Pairs (x, y) with x ~ N(0, I_20) and y the target |x_1| + noise of size 0.1: a function that
    the features can learn.
    """
    for start in range(0, rows, batch):
        x = rng.standard_normal((min(batch, rows - start), D))
        yield x, np.abs(x[:, 0]) + 0.1 * rng.standard_normal(len(x))


def peak_megabytes() -> float:
    """Largest resident size of this process so far, in units of 10^6 bytes.

    Linux's own count, in KiB: getrusage's starts from that of the process which started this one.
    macOS counts in bytes.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text(encoding="utf-8").split("VmHWM:")[1].split()[0]) * 1024 / 1e6
    return (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        * (1 if sys.platform == "darwin" else 1024)
        / 1e6
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=4096)
    parser.add_argument("--batch", type=int, default=2048)
    parser.add_argument("--limit", type=float, default=1000.0, help="megabytes")
    a = parser.parse_args()

    rng = np.random.default_rng(0)
    features = ReLUFeatures.sample(rng, a.features, D, bias_scale=1.0)
    start = time.perf_counter()
    sums = normal_equations(features, batches(rng, a.rows, a.batch))
    print(
        f"{sums.rows} rows, {a.features} features: "
        f"summed in {time.perf_counter() - start:.0f} s, peak {peak_megabytes():.0f} MB"
    )

    x, _ = next(batches(np.random.default_rng(1), a.batch, a.batch))
    for name, fit in [("ridge", lambda: sums.ridge(1.0)), ("minimum norm", sums.minimum_norm)]:
        start = time.perf_counter()
        u = fit()
        seconds, error = (
            time.perf_counter() - start,
            np.mean((features(x) @ u - np.abs(x[:, 0])) ** 2),
        )
        print(
            f"{name}: {seconds:.0f} s, error {error:.4f} "
            f"(the constant alone {1 - 2 / np.pi:.4f}), peak {peak_megabytes():.0f} MB"
        )
    if peak_megabytes() > a.limit:
        sys.exit(f"peak memory must be <= {a.limit:g} MB, got {peak_megabytes():.0f}")


if __name__ == "__main__":
    main()
