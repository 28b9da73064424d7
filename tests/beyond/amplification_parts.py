"""Generic laws and networks that the tests of amplification share."""

import numpy as np
from hypothesis import strategies as st

from randomfeatures.beyond.amplification_clusters import XORClusters

SEEDS = st.integers(0, 2**32 - 1)


def positive(z):
    return np.maximum(z, 0)


def problem(seed, m=6):
    """A generic law, and a generic network for it: no scale is 1, both signs of a, neurons of very
    different lengths."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(2, 12))
    clusters = XORClusters(
        d=d,
        separation=rng.uniform(0.2, 5),
        sigma=10 ** rng.uniform(-1, 1),
        flip=rng.uniform(0, 0.49),
    )
    # Neurons near the plane of the centres too, where the alignments are large.
    W = (
        rng.standard_normal((m, d))
        * 10 ** rng.uniform(-2, 1, (m, 1))
        * np.where(np.arange(d) < 2, 1, 10 ** rng.uniform(-2, 0, (m, 1)))
    )
    return clusters, W, rng.standard_normal(m), rng


def scale(clusters):
    """‖μ‖."""
    return clusters.separation * clusters.sigma
