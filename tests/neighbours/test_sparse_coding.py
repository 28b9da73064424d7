"""Sparse coding: the simplex attains the rate, random codes obey it, the linear share is exact."""

import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import hadamard

from randomfeatures.neighbours.sparse_coding import coherence, contraction, sparse_code


def simplex(n):
    """The n + 1 vertices of a regular simplex in n + 1 coordinates (they span n dimensions)."""
    return (np.eye(n + 1) - 1 / (n + 1)) * math.sqrt((n + 1) / n)


def two_bases(n):
    """Identity and Hadamard's matrix, of coherence n^(-1/2) exactly."""
    return np.hstack([np.eye(n), hadamard(n) / math.sqrt(n)])


def test_the_coherence_of_a_simplex_and_of_two_bases():
    assert_close(coherence(simplex(12)), 1 / 12, 1e-14)
    assert_close(coherence(two_bases(64)), 1 / 8, 1e-14)


@pytest.mark.claim("thm-sparse-depth", kind="identity")
@pytest.mark.parametrize(("n", "s"), [(10, 1), (10, 3), (30, 8), (30, 15)])
def test_the_simplex_attains_the_rate_in_every_layer(n, s):
    D, z, B = simplex(n), np.zeros((1, n + 1)), 1.5
    z[0, :s] = B
    q = contraction(coherence(D), s)
    assert_close(q, (2 * s - 1) / n, 1e-13)
    for layers in range(5):
        error = sparse_code(z @ D.T, D, s, B, layers) - z
        assert np.all(np.abs(error[0, s:]) < 1e-13)
        assert_close(error[0, :s], np.full(s, -(q**layers) * B), 1e-12)


@pytest.mark.claim("thm-sparse-depth", kind="one-sided")
@given(
    seed=st.integers(0, 10**6),
    s=st.integers(1, 4),
    kind=st.sampled_from(["bases", "simplex", "random"]),
)
def test_every_code_obeys_the_bound_and_keeps_its_support(seed, s, kind):
    """For random columns q is above 1, and the bound holds all the same, as the proof says."""
    rng = np.random.default_rng(seed)
    columns = rng.standard_normal((64, 100))
    columns /= np.linalg.norm(columns, axis=0)
    D = {"bases": two_bases(64), "simplex": simplex(20), "random": columns}[kind]
    z = np.zeros((5, D.shape[1]))
    for row in z:
        row[rng.choice(len(row), s, replace=False)] = rng.uniform(-2, 2, s)
    q = contraction(coherence(D), s)
    for layers in (1, 2, 6):
        error = sparse_code(z @ D.T, D, s, 2.0, layers) - z
        assert np.max(np.abs(error)) <= q**layers * 2.0 + 1e-12
        assert np.max(np.abs(error[z == 0])) < 1e-14 * max(1, q**layers)  # a tie, rounded


@pytest.mark.claim("thm-sparse-depth", kind="identity")
def test_one_layer_is_two_relus_of_the_correlations():
    D, s, B = two_bases(16), 2, 1.0
    x = np.random.default_rng(3).standard_normal((4, 16))
    t = coherence(D) * s * B
    u = x @ D
    expected = np.maximum(u - t, 0) - np.maximum(-u - t, 0)
    assert_close(sparse_code(x, D, s, B, 1), expected, 1e-14)


@pytest.mark.claim("thm-sparse-depth", kind="identity")
def test_no_linear_map_beats_the_pseudoinverse_which_leaves_the_share_of_the_rank():
    """The mean over white codes is a squared Frobenius norm; 200 other maps near it are worse."""
    rng = np.random.default_rng(4)
    D = two_bases(16)[:, :24]
    best = np.linalg.pinv(D)
    share = np.sum((np.eye(24) - best @ D) ** 2) / 24
    assert_close(share, 1 - 16 / 24, 1e-13)
    for size in np.geomspace(1e-3, 1, 200):
        other = best + size * rng.standard_normal(best.shape)
        assert np.sum((np.eye(24) - other @ D) ** 2) / 24 > share


def test_no_layers_give_zero():
    assert np.all(sparse_code(np.ones((2, 4)), np.eye(4), 1, 1.0, 0) == 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: coherence([[2.0, 0.0], [0.0, 1.0]]), "D must have two columns or more, all of n"),
        (lambda: coherence([[1.0], [0.0]]), "D must have two columns or more"),
        (lambda: contraction(1.5, 2), "mu must be a finite real number >= 0 and <= 1, got 1.5"),
        (lambda: contraction(0.5, 0), "sparsity must be an integer >= 1, got 0"),
        (lambda: sparse_code(np.ones((1, 3)), np.eye(2), 1, 1.0, 2), "x must have rows of leng"),
        (lambda: sparse_code(np.ones((1, 2)), np.eye(2), 1, 0.0, 2), "bound must be"),
        (lambda: sparse_code(np.ones((1, 2)), np.eye(2), 1, 1.0, -1), "layers must be"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
