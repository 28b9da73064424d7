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
from sklearn.gaussian_process.kernels import Kernel
from sklearn.kernel_approximation import Nystroem


class InnerProduct(Kernel):
    """The inner products of ReLU features with unit weights, as a kernel that takes all pairs."""

    def __call__(self, X, Y=None):
        t = np.clip(X @ (X if Y is None else Y).T, -1, 1)
        return (np.sqrt(1 - t**2) + t * (np.pi - np.arccos(t))) / (2 * np.pi)

    def diag(self, X):
        return np.full(len(X), 0.5)

    def is_stationary(self):
        return False


r, d, components = map(int, sys.argv[1:])
rng = np.random.default_rng(0)
v = rng.standard_normal((1, d))
rows = rng.standard_normal((r, d))
rows, v = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (rows, v))

start = time.perf_counter()
c = InnerProduct()(rows, v)[:, 0]
Z = Nystroem(kernel=InnerProduct(), n_components=components, random_state=0).fit_transform(rows)
missing = 0.5 - float(np.mean(np.sum(Z**2, axis=1)))
inner, y = Z.T @ Z + missing * np.eye(components), Z.T @ c
error = 0.5 - (c @ c - y @ cho_solve(cho_factor(inner), y)) / missing
print(json.dumps({"seconds": time.perf_counter() - start, "error": float(error)}))
