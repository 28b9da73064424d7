"""Matrices, weights, exact nodes and least squares that the tests of lazy training share."""

import itertools
import math

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from scipy import linalg

SEEDS = st.integers(0, 2**32 - 1)


few = settings(max_examples=25)


def symmetric(rng, d):
    A = rng.standard_normal((d, d))
    return A + A.T


def with_norm(Delta, delta):
    """Delta scaled to largest absolute eigenvalue delta."""
    return Delta * delta / np.max(np.abs(np.linalg.eigvalsh(Delta)))


def gaussian_nodes(d):
    """Points and probabilities that integrate polynomials of degree at most 9 in N(0, I_d)
    exactly."""
    x, p = np.polynomial.hermite_e.hermegauss(5)
    p = p / p.sum()
    points = np.array(list(itertools.product(x, repeat=d)))
    return points, np.prod(np.array(list(itertools.product(p, repeat=d))), axis=1)


def mixture_nodes(Delta):
    x, p = gaussian_nodes(len(Delta))
    roots = [linalg.sqrtm(np.eye(len(Delta)) - y * Delta).real for y in (1, -1)]
    return (
        np.concatenate([x @ root for root in roots]),
        np.tile(p, 2) / 2,
        np.repeat([1.0, -1.0], len(p)),
    )


def least_squares(features, y, p):
    """min E (y - constant - combination of the features)², on the nodes with probabilities p."""
    A = np.column_stack([features, np.ones(len(p))]) * np.sqrt(p)[:, None]
    b = y * np.sqrt(p)
    return np.sum((b - A @ np.linalg.lstsq(A, b, rcond=1e-11)[0]) ** 2)


def square_features(x, W):
    return (x @ W.T) ** 2


def tangent_features(x, W):
    return np.concatenate([x * (x @ w)[:, None] for w in W], axis=1)


def weights(rng, N, d):
    """Generic weights of any lengths, in half of the cases with a repeated, an opposite, a
    dependent and a zero row at the end."""
    W = rng.standard_normal((N, d)) * 10 ** rng.uniform(-2, 2, (N, 1))
    if rng.random() < 0.5 and N > 1:
        W = np.concatenate(
            [
                W,
                W[:1],
                -3 * W[1:2],
                W[:1] / np.linalg.norm(W[0]) + W[1:2] / np.linalg.norm(W[1]),
                np.zeros((1, d)),
            ]
        )
    return W


# --- random weights


def rotations():
    """Nodes of SO(3) and probabilities that integrate polynomials of degree at most 4 in the
    entries exactly."""
    t, p = np.polynomial.legendre.leggauss(5)
    found = []
    for a, c, (s, q) in itertools.product(range(8), range(8), zip(t, p / 2, strict=True)):
        alpha, gamma = 2 * np.pi * a / 8, 2 * np.pi * c / 8
        z1 = np.array(
            [[np.cos(alpha), -np.sin(alpha), 0], [np.sin(alpha), np.cos(alpha), 0], [0, 0, 1]]
        )
        z2 = np.array(
            [[np.cos(gamma), -np.sin(gamma), 0], [np.sin(gamma), np.cos(gamma), 0], [0, 0, 1]]
        )
        y = np.array([[s, 0, math.sqrt(1 - s * s)], [0, 1, 0], [-math.sqrt(1 - s * s), 0, s]])
        found.append((z1 @ y @ z2, q / 64))
    return np.stack([Q for Q, _ in found]), np.array([q for _, q in found])


def exponential(u):
    return -math.log1p(-u)
