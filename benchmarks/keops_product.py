"""Seconds that KeOps takes for one product with the Gram matrix; run by side_by_side.py in the
environment of keops.txt.

Arguments: rows, columns, precision ("float32" or "float64"), device ("cpu" or "cuda"),
repetitions. Prints one line of JSON: the least time, and the first entries of the product.
"""

import json
import math
import sys
import time

import numpy as np
import torch
from pykeops.torch import LazyTensor

r, d, repetitions = (int(sys.argv[i]) for i in (1, 2, 5))
dtype, device = getattr(torch, sys.argv[3]), sys.argv[4]
rows = np.random.default_rng(0).standard_normal((r, d))
rows = torch.from_numpy(rows / np.linalg.norm(rows, axis=1, keepdims=True)).to(device, dtype)
x = torch.ones((r, 1), dtype=dtype, device=device)

t = (LazyTensor(rows[:, None, :]) * LazyTensor(rows[None, :, :])).sum(-1).clamp(-1, 1)
gram = ((1 - t * t).sqrt() + t * (math.pi - t.acos())) / (2 * math.pi)

y = gram @ x  # compiles
seconds = []
for _ in range(repetitions):
    start = time.perf_counter()
    y = gram @ x
    if device == "cuda":
        torch.cuda.synchronize()
    seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": min(seconds), "product": y[:100, 0].double().tolist()}))
