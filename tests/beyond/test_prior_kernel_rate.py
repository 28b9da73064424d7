"""How fast the sampled kernel converges: variances by quadrature and by sampling, their limits."""

import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st

from randomfeatures.beyond.prior_kernel import one_layer_kernel
from randomfeatures.beyond.prior_kernel_networks import multilayer, sampled_kernel
from randomfeatures.beyond.prior_kernel_rate import (
    effective_rank,
    entry_variance,
    expected_kernel_error,
    wide_kernel_error,
)

PI = math.pi
SEEDS = st.integers(0, 2**32 - 1)
PHI = {"relu": lambda z: np.maximum(z, 0)}


# --- rate


def relu_fourth(x, y, d):
    """E [z]_+² [z']_+² for z = <w, x>, w ~ N(0, I/d), by quadrature in the polar angle: E r⁴ = 8 in
    the plane of x and y."""
    t = math.acos(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)))
    nodes, weights = np.polynomial.legendre.leggauss(40)
    lower, upper = t - PI / 2, PI / 2  # where both are positive
    angle = (lower + upper) / 2 + (upper - lower) / 2 * nodes
    integral = (upper - lower) / 2 * weights @ (np.cos(angle) ** 2 * np.cos(angle - t) ** 2)
    return 8 * integral / (2 * PI) * (x @ x) * (y @ y) / d**2


@pytest.mark.claim("thm-prior-rate", kind="quadrature")
@given(SEEDS)
def test_variance_of_one_unit_and_of_infinitely_many(seed):
    """One unit: <f, f'> = |a|² φ φ', E|a|⁴ = C(C - 1) + C κ. Infinitely many: Gaussian logits. And
    v_m is linear in 1/m in between."""
    rng = np.random.default_rng(seed)
    d, C, m, kappa = (
        int(rng.integers(2, 9)),
        int(rng.integers(1, 20)),
        int(rng.integers(2, 50)),
        rng.uniform(1, 5),
    )
    x, y = rng.standard_normal(d), rng.standard_normal(d)
    t = math.acos(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)))
    k = (
        np.linalg.norm(x)
        * np.linalg.norm(y)
        * (math.sin(t) + (PI - t) * math.cos(t))
        / (2 * PI * d)
    )
    one = (C * (C - 1) + C * kappa) * relu_fourth(x, y, d) - C**2 * k**2
    many = C * ((x @ x) * (y @ y) / (4 * d**2) + k**2)
    scale = C**2 * (x @ x) * (y @ y) / d**2
    for width, truth in ((1, one), (m, many + (one - many) / m), (10**15, many)):
        found = entry_variance(x[None], y[None], width, C, kappa)
        assert abs(found[0, 0] - truth) < 1e-13 * scale
        assert truth < 1e-11 * scale or abs(1.02 * found[0, 0] - truth) > 1e-13 * scale
    assert np.array_equal(
        entry_variance(x[None], y[None], m, C), entry_variance(x[None], y[None], m, C, 3.0)
    )


@pytest.mark.claim("thm-prior-rate", kind="Monte Carlo")
@pytest.mark.parametrize(
    "width, outputs, kurtosis", [(2, 5, 3.0), (6, 12, 3.0), (20, 2, 3.0), (2, 3, 1.0)]
)
def test_variance_of_an_entry(width, outputs, kurtosis):
    """The sum of v_m over all pairs of four inputs against networks drawn here, all at once."""
    rng, trials = np.random.default_rng(4), 12
    x = np.array([[1.0, 0.2, -0.3], [-0.4, 1.0, 0.5], [0.1, -0.6, 1.2], [-0.8, -0.4, -0.5]])
    kernel, squares = one_layer_kernel(x, x, "relu", outputs), []
    for _ in range(trials):
        w, a = (
            rng.standard_normal((25_000, 3, width)) / math.sqrt(3),
            rng.standard_normal((25_000, width, outputs)),
        )
        a = a if kurtosis == 3 else np.sign(a)
        f = PHI["relu"](x @ w) @ a / math.sqrt(width)
        squares.append(np.sum((f @ f.transpose(0, 2, 1) - kernel) ** 2, axis=(1, 2)))
    squares, exact = np.concatenate(squares), entry_variance(x, x, width, outputs, kurtosis).sum()
    sem = squares.std() / math.sqrt(squares.size)
    assert 4 * sem < 0.05 * exact
    assert abs(squares.mean() - exact) < 4 * sem
    # Without the terms of order 1/m the sum would be far off.
    assert exact - entry_variance(x, x, 10**9, outputs).sum() > 0.1 * exact


@pytest.mark.claim("thm-prior-rate", kind="Monte Carlo")
def test_mean_square_error_of_the_sampled_kernel():
    rng, R = np.random.default_rng(5), 7
    x = rng.standard_normal((40, 40))
    kernel, network = one_layer_kernel(x, x, "relu", 3), multilayer((20,), outputs=3)
    squares = np.array(
        [np.sum((sampled_kernel(rng, network, x, x, R) - kernel) ** 2) for _ in range(1500)]
    )
    exact, sem = expected_kernel_error(x, 20, 3, R) ** 2, squares.std() / math.sqrt(1500)
    assert 4 * sem < 0.06 * exact
    assert abs(squares.mean() - exact) < 4 * sem


@pytest.mark.claim("thm-prior-rate", kind="identity")
def test_relative_error_of_wide_networks():
    rng = np.random.default_rng(6)
    x, C, R = rng.standard_normal((5, 7)), 10, 30
    k = one_layer_kernel(x, x, "relu", C)
    cosine = k / np.sqrt(np.diag(k)[:, None] * np.diag(k))
    relative = np.sqrt(entry_variance(x, x, 10**12, C) / R) / k
    assert_close(relative, np.sqrt((1 + 1 / cosine**2) / (R * C)), 1e-9)
    assert_close(
        expected_kernel_error(x, 9, C, R, 2.0),
        math.sqrt(entry_variance(x, x, 9, C, 2.0).sum() / R),
        1e-12,
    )
    effective_rank = np.trace(k) ** 2 / np.sum(k**2)
    assert_close(
        expected_kernel_error(x, 10**12, C, R) / np.linalg.norm(k),
        math.sqrt((1 + effective_rank) / (R * C)),
        1e-9,
    )


@given(SEEDS, st.floats(-70, 70))
@settings(max_examples=20)
def test_variances_of_inputs_of_every_size(seed, exponent):
    rng, scale = np.random.default_rng(seed), 10**exponent
    x = rng.standard_normal((3, 4))
    assert np.allclose(entry_variance(scale * x, x, 5, 3) / scale**2, entry_variance(x, x, 5, 3))
    assert_close(
        expected_kernel_error(scale * x, 5, 3, 2) / scale**2,
        expected_kernel_error(x, 5, 3, 2),
        1e-9,
    )
    assert_close(effective_rank(scale * x @ x.T), effective_rank(x @ x.T), 1e-12)


def test_a_variance_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="the variance at x, y must hold finite numbers, got inf"):
        entry_variance(np.array([[1e90, 0.0], [1.0, 1.0]]), np.array([[1e90, 1.0]]), 1, 1)
    with pytest.raises(ValueError, match="kernel must not be zero"):
        effective_rank(np.zeros((2, 2)))


@pytest.mark.claim("thm-prior-rate", kind="identity")
def test_effective_rank_and_wide_error_by_hand():
    assert_close(effective_rank(np.diag([3.0, 1.0, 0.0])), 1.6, 1e-15)
    assert_close(wide_kernel_error(np.diag([3.0, 1.0, 0.0]), 5, 13), 0.2, 1e-15)
    kernel = np.eye(4) + 1.0
    assert_close(effective_rank(kernel), 64 / 28, 1e-14)
