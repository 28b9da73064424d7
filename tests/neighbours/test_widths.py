"""Widths: full degrees, the limit against the widths, the residual kernel against the spectrum."""

import math

import numpy as np
import pytest
from checks import assert_close

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.sphere import gegenbauer, multiplicity, sample_sphere
from randomfeatures.neighbours.widths import residual_kernel, width_bounds, width_constant
from randomfeatures.sharp.optimum import optimal_error
from randomfeatures.sharp.spectrum import harmonics, neuron_spectrum


@pytest.mark.claim("thm-exact-width", kind="identity")
@pytest.mark.parametrize("d", [2, 3, 5, 8])
def test_the_bounds_meet_at_full_degrees_and_only_there(d):
    spectrum = neuron_spectrum(d, 60)
    for degree in (2, 4, 8):
        seen = [0, 1, *range(2, degree + 1, 2)]
        tail = 0.5 - sum(multiplicity(d, k) * spectrum[k] for k in seen)
        lower, upper = width_bounds(d, harmonics(d, degree))
        assert lower == upper
        assert_close(upper, tail, 1e-9)
        above = width_bounds(d, harmonics(d, degree) + 1)
        assert above[1] == upper
        assert_close(above[0], upper - spectrum[degree + 2], 1e-12)
        assert width_bounds(d, harmonics(d, degree + 2) - 1)[1] == upper


@pytest.mark.claim("thm-exact-width", kind="one-sided")
def test_no_space_of_neurons_does_better_in_the_worst_case():
    """The worst direction for r random features is above tail_r, as even their mean must be."""
    rng, d = np.random.default_rng(0), 3
    r = harmonics(d, 2)
    theta = sample_sphere(rng, 3000, d)
    for _ in range(5):
        w = sample_sphere(rng, r, d)
        c = dual_relu(np.clip(w @ theta.T, -1, 1))
        G = dual_relu(np.clip(w @ w.T, -1, 1))
        errors = 0.5 - np.sum(c * np.linalg.solve(G, c), axis=0)
        assert np.max(errors) > width_bounds(d, r)[0]


@pytest.mark.claim("thm-exact-width", kind="identity")
@pytest.mark.parametrize("d", [2, 3, 5, 10])
def test_the_scaled_width_tends_to_the_constant(d):
    """The distance falls like 1/K² for d >= 3, where r_K has no term in 1/K to first order."""
    gaps = []
    for degree in (1000, 2000):
        r = harmonics(d, degree)
        gaps.append(r ** (3 / (d - 1)) * optimal_error(d, r) / width_constant(d) - 1)
    assert_close(1 + gaps[1], 1.0, 4e-3 if d == 2 else 1e-5 * d)
    assert abs(gaps[1]) < 0.6 * abs(gaps[0])


@pytest.mark.claim("thm-exact-width", kind="quadrature")
@pytest.mark.parametrize(("d", "degree"), [(2, 4), (3, 0), (5, 2), (5, 6)])
def test_the_residual_kernel_is_orthogonal_to_the_degrees_left_out(d, degree):
    """Its moments with P_k, k up to K, vanish, the next one is the eigenvalue; at 1 it is tau_K."""
    angle = (np.arange(200_000) + 0.5) * math.pi / 200_000
    t, weight = np.cos(angle), np.sin(angle) ** (d - 2)
    weight /= weight.sum()
    kernel, spectrum = residual_kernel(d, degree, t), neuron_spectrum(d, degree + 2)
    for k in range(degree + 2):
        assert abs(weight @ (kernel * gegenbauer(d, k, t))) < 1e-9
    following = degree + 2
    assert_close(
        weight @ (kernel * gegenbauer(d, following, t)),
        spectrum[following],
        1e-4 * spectrum[following],
    )
    tail = 0.5 - sum(multiplicity(d, k) * spectrum[k] for k in {0, 1, *range(2, degree + 1, 2)})
    assert_close(residual_kernel(d, degree, [1.0])[0], tail, 1e-9)


@pytest.mark.claim("thm-exact-width", kind="identity")
def test_the_error_of_neurons_on_top_of_the_harmonics_over_all_draws():
    """Three neurons with signs, all 3^n draws: the mean squared error is (tau_K - |Qf|²)/n."""
    d, degree = 4, 2
    theta, s = sample_sphere(np.random.default_rng(1), 3, d), np.array([1.0, -1.0, 1.0])
    G = residual_kernel(d, degree, np.clip(theta @ theta.T, -1, 1))
    size = s @ G @ s / 9
    for n in (1, 2, 3):
        errors = []
        for draw in np.ndindex(*[3] * n):
            u = s * (1 / 3 - np.bincount(draw, minlength=3) / n)
            errors.append(u @ G @ u)
        assert_close(np.mean(errors), (width_bounds(d, harmonics(d, degree))[1] - size) / n, 1e-13)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: width_bounds(1, 10), "d must be an integer >= 2"),
        (lambda: width_bounds(3, 8), "r must be an integer >= 9, got 8"),
        (lambda: width_constant(1), "d must be an integer >= 2"),
        (lambda: residual_kernel(3, 1, [0.5]), "degree must be an even integer >= 0, got 1"),
        (lambda: residual_kernel(3, 2, [1.5]), "t must hold finite numbers >= -1 and <= 1"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
