"""Tensors: the identity against exact moments, the bound where it is attained, the lottery."""

import itertools
import math

import numpy as np
import pytest
from checks import assert_close

from randomfeatures.beyond.lazy_training_limits import expected_neural_tangent_risk
from randomfeatures.foundations.sphere import multiplicity, sample_sphere
from randomfeatures.neighbours.tensors import (
    all_found_probability,
    lazy_tensor_bound,
    tangent_dimensions,
    tangent_tensor_error,
)


def monomials(d, order):
    """The exponents of the monomials, and the roots of their multinomial coefficients."""
    powers = [p for p in itertools.product(range(order + 1), repeat=d) if sum(p) == order]
    sizes = [math.factorial(order) / math.prod(map(math.factorial, p)) for p in powers]
    return np.array(powers), np.sqrt(sizes)


def sphere_moment(d, powers):
    """E Π θ_i^{p_i}: Π (p_i - 1)!! / (d (d+2) ... )."""
    if any(p % 2 for p in powers):
        return 0.0
    odd = math.prod(math.prod(range(1, p, 2)) for p in powers)
    return odd / math.prod(range(d, d + sum(powers), 2))


def mean_square(d, order):
    """E θ^{⊗l} ⊗ θ^{⊗l} in the orthonormal coordinates of the monomials."""
    powers, roots = monomials(d, order)
    entries = [[sphere_moment(d, p + q) for q in powers] for p in powers]
    return np.array(entries) * np.outer(roots, roots)


def tangent_projection(W, order):
    """P_T in the same coordinates, from the derivatives of all monomials at the weights."""
    powers, roots = monomials(W.shape[1], order)
    columns = []
    for w in W:
        for a in range(W.shape[1]):
            lowered = powers - np.eye(W.shape[1], dtype=int)[a]
            values = powers[:, a] * np.prod(w ** np.maximum(lowered, 0), axis=1)
            columns.append(roots * values)
    left, size, _ = np.linalg.svd(np.array(columns).T, full_matrices=False)
    frame = left[:, size > 1e-9 * size[0]]
    return frame @ frame.T


@pytest.mark.claim("thm-lazy-tensors", kind="identity")
@pytest.mark.parametrize(
    ("d", "order", "m"), [(3, 2, 2), (4, 3, 3), (3, 4, 2), (2, 5, 2), (5, 3, 7)]
)
def test_the_error_for_rank_one_is_the_trace_of_exact_moments(d, order, m):
    W = sample_sphere(np.random.default_rng(d + order), m, d)
    P = tangent_projection(W, order)
    left = 1 - np.sum(P * mean_square(d, order))
    assert_close(tangent_tensor_error(3 * W, order), left, 1e-10)
    assert_close(sum(tangent_dimensions(W, order).values()), np.trace(P), 1e-8)


@pytest.mark.claim("thm-lazy-tensors", kind="Monte Carlo")
@pytest.mark.parametrize(("d", "order", "m", "rank"), [(4, 3, 3, 3), (4, 4, 3, 3), (3, 4, 2, 2)])
def test_the_error_for_a_frame(d, order, m, rank):
    """For even orders the rank matters: the error at rank 1 is many standard errors away."""
    rng = np.random.default_rng(1)
    W = sample_sphere(rng, m, d)
    P, (powers, roots) = tangent_projection(W, order), monomials(d, order)
    frames = np.linalg.qr(rng.standard_normal((40_000, d, rank)))[0].mT
    targets = np.sum(roots * np.prod(frames[:, :, None, :] ** powers, axis=3), axis=1)
    errors = 1 - np.sum(targets * (targets @ P), axis=1) / rank
    noise = errors.std() / math.sqrt(len(errors))
    exact = tangent_tensor_error(W, order, rank)
    assert 4 * noise < 0.019 * exact
    assert_close(errors.mean(), exact, 4 * noise)
    if order % 2 == 0:
        assert abs(exact - tangent_tensor_error(W, order)) > 20 * noise
    else:
        assert exact == tangent_tensor_error(W, order)


@pytest.mark.claim("thm-lazy-tensors", kind="identity")
@pytest.mark.parametrize(("d", "more"), [(3, 0), (6, 0), (6, 2), (10, 5)])
def test_the_bound_is_attained_by_starts_that_contain_a_basis(d, more):
    rng = np.random.default_rng(d)
    basis = np.linalg.qr(rng.standard_normal((d, d)))[0]
    W = np.vstack([basis, sample_sphere(rng, more, d)])
    m = d + more
    bound = 1 - (6 * m + 3 * d + 6) / ((d + 2) * (d + 4))
    assert_close(lazy_tensor_bound(d, 3, m), bound, 1e-14)
    assert_close(tangent_tensor_error(W, 3), bound, 1e-9)


@pytest.mark.claim("thm-lazy-tensors", kind="one-sided")
@pytest.mark.parametrize(("d", "order", "rank"), [(4, 3, 2), (3, 4, 2), (3, 5, 3)])
def test_no_start_is_better_and_enough_neurons_see_everything(d, order, rank):
    rng = np.random.default_rng(2)
    size = math.comb(d + order - 1, order)
    for m in range(1, size // d + 2):
        error = tangent_tensor_error(sample_sphere(rng, m, d), order, rank)
        assert error > lazy_tensor_bound(d, order, m, rank) - 1e-10
        assert (lazy_tensor_bound(d, order, m) == 0) == (m * d >= size)
    assert abs(error) < 1e-9


@pytest.mark.claim("thm-lazy-tensors", kind="identity")
@pytest.mark.parametrize(("d", "neurons", "rank"), [(5, 2, 1), (6, 4, 3), (4, 5, 2)])
def test_order_two_is_the_mean_risk_of_the_tangent_model(d, neurons, rank):
    """A projector of this rank has the trace share rank/d; random weights and fixed ones agree."""
    W = sample_sphere(np.random.default_rng(5), neurons, d)
    risk = expected_neural_tangent_risk(d, min(neurons, d), rank / d)
    error = tangent_tensor_error(W, 2, rank)
    assert abs(error - risk) < 1e-10
    assert error >= lazy_tensor_bound(d, 2, neurons, rank) - 1e-10


def test_the_exceptions_of_alexander_and_hirschowitz():
    """The four cases with l >= 3 in which weights in general position fill less than they could."""
    rng = np.random.default_rng(3)
    for d, order, m, filled in [(3, 4, 5, 14), (4, 4, 9, 34), (5, 3, 7, 34), (5, 4, 14, 69)]:
        shares = tangent_dimensions(sample_sphere(rng, m, d), order)
        assert abs(sum(shares.values()) - filled) < 1e-4
        assert all(0 <= share <= multiplicity(d, k) for k, share in shares.items())


@pytest.mark.claim("thm-lazy-tensors", kind="identity")
@pytest.mark.parametrize(("r", "m"), [(1, 0), (1, 3), (2, 3), (3, 2), (3, 5), (4, 6)])
def test_the_lottery_by_all_its_draws(r, m):
    draws = list(itertools.product(range(r), repeat=m))
    full = sum(len(set(draw)) == r for draw in draws) / len(draws)
    chance = all_found_probability(r, m)
    assert abs(chance - full) < 1e-15
    assert chance >= 1 - r * (1 - 1 / r) ** m - 1e-15


@pytest.mark.claim("thm-lazy-tensors", kind="one-sided")
def test_r_log_r_starts_are_enough():
    for r in (3, 30, 200):
        for delta in (0.5, 0.01):
            m = math.ceil(r * math.log(r / delta))
            assert all_found_probability(r, m) >= 1 - delta
            assert all_found_probability(r, m // 2) < 1 - delta


@pytest.mark.claim("thm-lazy-tensors", kind="one-sided")
@pytest.mark.parametrize("order", [3, 4])
def test_steps_on_the_whole_tensor_find_the_largest_coordinate(order):
    """By contraction with the tensor itself, in a rotated frame; the rate holds in each step."""
    d, r, rng = 5, 3, np.random.default_rng(4)
    frame = np.linalg.qr(rng.standard_normal((d, d)))[0][:r]
    letters = "abcd"[:order]
    X = np.einsum(",".join(f"i{a}" for a in letters) + "->" + letters, *[frame] * order)
    for u in sample_sphere(rng, 20, d):
        t = np.sort(np.abs(frame @ u))
        winner, q = np.argmax(np.abs(frame @ u)), t[-2] / t[-1]
        for n in range(1, 7):
            g = X
            for _ in range(order - 1):
                g = g @ u
            u = g / np.linalg.norm(g)
            left = 1 - (frame[winner] @ u) ** 2
            assert left <= (r - 1) * q ** (2 * (order - 1) ** n) + 1e-15


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tangent_dimensions([[1.0]], 3), "W must have at least 1 row and 2 columns"),
        (lambda: tangent_dimensions([[1.0, 0.0], [0.0, 0.0]], 3), "W must have no zero row"),
        (lambda: tangent_dimensions([[1.0, 0.0]], 1), "order must be an integer >= 2, got 1"),
        (lambda: tangent_tensor_error([[1.0, 0.0]], 3, 3), "rank must be an integer >= 1 and <= 2"),
        (lambda: lazy_tensor_bound(1, 3, 2), "d must be an integer >= 2, got 1"),
        (lambda: lazy_tensor_bound(3, 3, -1), "m must be an integer >= 0, got -1"),
        (lambda: all_found_probability(0, 1), "r must be an integer >= 1, got 0"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
