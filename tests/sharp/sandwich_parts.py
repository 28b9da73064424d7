"""Kernel matrices of ReLU neurons and their parts by degree, for several test files."""

import numpy as np

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.sphere import gegenbauer, multiplicity


def gram(v, w):
    return dual_relu(np.clip(v @ w.T, -1, 1))


def part(d, degrees, v, w, weight):
    """Sum of N(d, k) weight_k P_k of the cosines over some degrees."""
    t = np.clip(v @ w.T, -1, 1)
    return sum(multiplicity(d, k) * weight[k] * gegenbauer(d, k, t) for k in degrees)
