"""Seconds that neural-tangents' compiled Gram matrix of one ReLU layer takes; run by
population_error.py in its own environment.

Arguments: rows, columns, repetitions. Prints one line of JSON: the least time, and how far the
matrix is from the closed form.
"""

import json
import sys
import time

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

from neural_tangents import stax  # noqa: E402  (it must see 64-bit numbers)

r, d, repetitions = map(int, sys.argv[1:])
x = np.random.default_rng(0).standard_normal((r, d))
kernel = stax.serial(stax.Dense(1), stax.Relu())[2]
gram = jax.jit(lambda rows: kernel(rows, None, "nngp"))

few = x[:300]
norms = np.linalg.norm(few, axis=1)
t = np.clip(few @ few.T / np.outer(norms, norms), -1, 1)
closed_form = (
    np.outer(norms, norms) * (np.sqrt(1 - t * t) + t * (np.pi - np.arccos(t))) / (2 * np.pi)
)
difference = float(np.max(np.abs(d * np.asarray(gram(few)) - closed_form)))

gram(x).block_until_ready()  # compiles
seconds = []
for _ in range(repetitions):
    start = time.perf_counter()
    gram(x).block_until_ready()
    seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": min(seconds), "difference": difference}))
