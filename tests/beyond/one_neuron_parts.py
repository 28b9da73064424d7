"""Generic pairs of neurons and quadrature in their plane, which the tests of one neuron share."""

import itertools
import math

import numpy as np
from hypothesis import strategies as st

PI = math.pi


SEEDS = st.integers(0, 2**32 - 1)


NODES, WEIGHTS = np.polynomial.legendre.leggauss(30)


def pair(seed, d=None, theta=None, ratio=None):
    """Generic w and v: v of length 0.1 to 10, w at angle theta and of length ratio * ‖v‖, in a
    random plane of dimension d."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(2, 30)) if d is None else d
    theta = rng.uniform(0, PI) if theta is None else theta
    ratio = 10 ** rng.uniform(-2, 2) if ratio is None else ratio
    frame = np.linalg.qr(rng.standard_normal((d, 2)))[0]
    length = 10 ** rng.uniform(-1, 1)
    return ratio * length * (
        math.cos(theta) * frame[:, 0] + math.sin(theta) * frame[:, 1]
    ), length * frame[:, 0]


def plane_mean(w, v, function):
    """E function(x) for a function of <w, x>, <v, x> that is homogeneous of degree 2 (E r² = 2) and
    smooth between their zeros.

    Returns the mean of the values, which may be vectors in the plane of w and v, by quadrature in
    the polar angle.
    """
    e1 = v / np.linalg.norm(v)
    rest = w - (w @ e1) * e1
    e2 = rest / np.linalg.norm(rest)
    zeros = [(math.atan2(u @ e2, u @ e1) + s * PI / 2) % (2 * PI) for u in (w, v) for s in (1, -1)]
    ends = np.unique(np.append(zeros, [0, 2 * PI]))
    total = 0.0
    for lower, upper in itertools.pairwise(ends):
        phi = (lower + upper) / 2 + (upper - lower) / 2 * NODES
        x = np.outer(np.cos(phi), e1) + np.outer(np.sin(phi), e2)
        total = total + (upper - lower) / 2 * np.tensordot(WEIGHTS, function(x), 1) / PI
    return total


def positive(z):
    return np.maximum(z, 0)
