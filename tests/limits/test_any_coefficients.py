"""Any coefficients: what a span captures of a random wave, and the number of features."""

import math

import numpy as np
import pytest
from checks import assert_close
from waves_parts import least_norm

from randomfeatures.foundations import sphere
from randomfeatures.limits.anti_concentration import second_moment
from randomfeatures.limits.any_coefficients import log_width_bound, width_bound
from randomfeatures.limits.concentration import (
    concentration_bound,
    concentration_exact,
    concentration_spectrum,
)
from randomfeatures.limits.triangle_wave import sine_coefficients, triangle_wave


@pytest.mark.claim("lem-captured-energy", kind="quadrature")
@pytest.mark.claim("prop-best-subspace", kind="quadrature")
@pytest.mark.parametrize("R", [0.9, 1.3])
def test_no_span_captures_more_than_the_largest_eigenvalues(R):
    """d = 2, on a polar grid of x: the span of ReLU, sine and constant features stays below r λ_1, and the best spaces attain the sums."""
    radius, angle = np.arange(0.5, 100) * 0.06, 2 * math.pi * np.arange(120) / 120
    mass = np.sqrt(0.06 * radius * np.exp(-(radius**2) / 2) / 120)[:, None]
    x = radius[:, None, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
    theta = np.stack([np.cos(angle[::3]), np.sin(angle[::3])])
    A = (triangle_wave(R * x @ theta) * mass[..., None]).reshape(-1, 40).T / math.sqrt(40)  # E_θ ⟨f, tri_θ⟩² = ‖A f‖²
    rng = np.random.default_rng(0)
    z = x @ rng.standard_normal((2, 8)) * 2 + rng.standard_normal(8)
    features = np.concatenate([np.maximum(z[..., :4], 0), np.sin(z[..., 4:]), np.ones_like(z[..., :1])], -1)
    basis, _ = np.linalg.qr((features * mass[..., None]).reshape(-1, 9))
    largest = np.exp(np.repeat(concentration_spectrum(2, R, 9), 2))[:9]
    assert 0.05 < np.sum((A @ basis) ** 2) < np.sum(largest) < 9 * concentration_exact(2, R)
    for r in (1, 2, 3, 4, 6):
        best = np.linalg.svd(A, full_matrices=False)[2][:r].T
        assert_close(np.sum((A @ best) ** 2) / np.sum(largest[:r]), 1.0, 2e-3)


@pytest.mark.claim("thm-any-coefficients", kind="identity")
def test_width_bound_in_numbers():
    assert_close(width_bound(20) / 5506.61644870168, 1.0, 1e-12)  # e^{10}/4
    assert_close(log_width_bound(10_000), 5000 - 1.3862943611198906, 1e-10)


@pytest.mark.claim("thm-any-coefficients", kind="Monte Carlo")
@pytest.mark.claim("thm-any-coefficients-random-direction", kind="Monte Carlo")
@pytest.mark.claim("thm-any-coefficients-invariant", kind="Monte Carlo")
@pytest.mark.parametrize(("d", "r"), [(3, 2), (5, 8), (8, 30)])
def test_a_span_of_sines_captures_little_of_a_random_wave(d, r):
    """‖P_V tri_θ‖² = c^T G^{-1} c with G and c in closed form. Its mean over θ is below r λ_1, and P(it is ≥ 0.26) ≤ 4 r e^{-d/2}.

    The weights are drawn with every direction, so this is the law of a random direction and of invariant features.
    """
    rng, R = np.random.default_rng(d), least_norm(d)
    s, captured = float(d), []
    k, b = sine_coefficients(21)
    theta = sphere.sample_sphere(rng, 400, d)
    for _ in range(20):
        v = sphere.sample_sphere(rng, r, d)
        gram = np.exp(-s) * np.sinh(s * (v @ v.T))
        t = theta @ v.T
        c = np.sum(
            b * (np.exp(-s * ((k - 1) ** 2 / 2 + k * (1 - t[..., None]))) - np.exp(-s * ((k - 1) ** 2 / 2 + k * (1 + t[..., None])))) / 2,
            -1,
        )
        captured.append(np.sum(c * np.linalg.solve(gram, c.T).T, axis=1))
    captured = np.concatenate(captured)
    assert np.all(captured < second_moment(R))
    assert 0.1 * r * concentration_exact(d, R) < np.mean(captured) <= r * concentration_exact(d, R) <= r * concentration_bound(d)
    assert np.mean(captured >= 0.26) <= 4 * r * concentration_bound(d)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: width_bound(1500), "log_width_bound"),
    ],
)
def test_beyond_the_floats_the_logarithm_is_named(call, name):
    with pytest.raises(ArithmeticError, match=f"out of the range of a float; use {name}"):
        call()


# --- bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: width_bound(2), r"d must be an integer >= 3 and <= 10{12}, got 2"),
        (lambda: log_width_bound(True), r"d must be an integer >= 3 and <= 10{12}, got True"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
