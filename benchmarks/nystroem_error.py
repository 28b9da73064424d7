"""The least error of random features with scikit-learn's Nyström approximation of their Gram
matrix; run by side_by_side.py in the environment of keops.txt.

Arguments: rows, columns, components. Prints one line of JSON: the time and the estimate. The
approximation misses energy on the diagonal; what it misses in the mean is added there.
"""

import json
import sys
import time

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from sklearn.kernel_approximation import Nystroem

r, d, components = map(int, sys.argv[1:])
rng = np.random.default_rng(0)
v = rng.standard_normal((1, d))
rows = rng.standard_normal((r, d))
rows, v = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (rows, v))


def gram(x, y):
    t = np.clip(x @ y.T, -1, 1)
    return (np.sqrt(1 - t**2) + t * (np.pi - np.arccos(t))) / (2 * np.pi)


start = time.perf_counter()
G, c = gram(rows, rows), gram(rows, v)[:, 0]
Z = Nystroem(kernel="precomputed", n_components=components, random_state=0).fit_transform(G)
missing = 0.5 - float(np.mean(np.sum(Z**2, axis=1)))
inner = Z.T @ Z + missing * np.eye(components)
y = Z.T @ c
error = 0.5 - (c @ c - y @ cho_solve(cho_factor(inner), y)) / missing
print(json.dumps({"seconds": time.perf_counter() - start, "error": float(error)}))
