"""Pruned neurons: all masks of small dimensions enumerated, the expansion, the variance."""

import itertools
import math

import numpy as np
import pytest
from checks import assert_close

from randomfeatures.foundations.dual_activations import dual_relu_general
from randomfeatures.neighbours.pruning import pruned_kernel, pruned_variance, pruning_shift


def masks(d, density):
    """All masks and their probabilities."""
    m = np.array(list(itertools.product([0, 1], repeat=d)), dtype=float)
    return m, density ** m.sum(axis=1) * (1 - density) ** (d - m.sum(axis=1))


def covariances(x, y, density):
    m, law = masks(len(x), density)
    return m @ (x * x) / density, m @ (y * y) / density, m @ (x * y) / density, law


@pytest.mark.claim("thm-pruned-kernel", kind="identity")
@pytest.mark.parametrize("density", [0.2, 0.5, 0.9, 1.0])
@pytest.mark.parametrize(("d", "agree"), [(1, 1), (6, 6), (6, 4), (7, 1)])
def test_the_kernels_are_means_over_all_masks(d, agree, density):
    x = np.ones(d) / math.sqrt(d)
    y = np.where(np.arange(d) < agree, 1.0, -1.0) / math.sqrt(d)
    u, v, c, law = covariances(x, y, density)
    kernel = law @ dual_relu_general(u, v, c)
    assert_close(pruned_kernel(d, agree, density), kernel, 1e-13)
    both = np.where(u > 0, (math.pi - np.arccos(c / np.where(u > 0, u, 1.0))) / (2 * math.pi), 0.0)
    assert_close(pruned_kernel(d, agree, density, tangent=True), law @ (c * both), 1e-13)


@pytest.mark.claim("thm-pruned-kernel", kind="identity")
@pytest.mark.parametrize("density", [0.1, 0.6, 1.0])
def test_the_mean_stays_and_the_variance_is_the_formula(density):
    x = np.array([0.3, -1.0, 0.0, 0.7, 2.0])
    u, _, _, law = covariances(x, x, density)
    assert_close(law @ u / 2, x @ x / 2, 1e-13)
    assert_close(law @ (1.5 * u**2) - (x @ x / 2) ** 2, pruned_variance(x, density), 1e-10)


@pytest.mark.claim("thm-pruned-kernel", kind="identity")
@pytest.mark.parametrize("tangent", [False, True])
@pytest.mark.parametrize(("share", "density"), [(0.5, 0.5), (0.75, 0.3), (0.125, 0.8)])
def test_the_shift_is_its_first_term_up_to_a_vanishing_part(tangent, share, density):
    """The quotient tends to 1: its distance at d = 1600 is below a third of that at d = 200."""
    rho, gaps = 2 * share - 1, []
    dense = pruned_kernel(1, 1, 1.0)
    for d in (200, 1600):
        dense = pruned_kernel(d, round(share * d), 1.0, tangent=tangent)
        value = pruned_kernel(d, round(share * d), density, tangent=tangent)
        v = (1 - density) / (density * d)
        gaps.append((value - dense) / (pruning_shift(rho, tangent=tangent) * v) - 1)
    assert_close(1 + gaps[1], 1.0, 5e-3)
    assert abs(gaps[1]) < abs(gaps[0]) / 3


def test_opposite_signs_have_no_kernel():
    assert pruned_kernel(7, 0, 0.3) == 0
    assert abs(pruned_kernel(7, 0, 0.3, tangent=True)) < 1e-15


@pytest.mark.claim("thm-pruned-kernel", kind="identity")
def test_pruning_never_lowers_the_kernel_of_signs():
    for d, density in itertools.product((2, 5, 30), (0.05, 0.5, 0.95)):
        for agree in range(d + 1):
            assert pruned_kernel(d, agree, density) >= pruned_kernel(d, agree, 1.0) - 1e-12


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pruned_kernel(0, 0, 0.5), "d must be"),
        (lambda: pruned_kernel(4, 5, 0.5), "agree must be an integer >= 0 and <= 4, got 5"),
        (lambda: pruned_kernel(4, 2, 0.0), "density must be"),
        (lambda: pruning_shift(1.0), "rho must be a finite real number < 1"),
        (lambda: pruning_shift(-1.0), "rho must be a finite real number > -1"),
        (lambda: pruned_variance([[1.0]], 0.5), "x must have 1 axes"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
