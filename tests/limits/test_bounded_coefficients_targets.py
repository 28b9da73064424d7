"""The hard neurons: their norms and biases, at the smallest norm and at a given one."""

import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from waves_parts import (
    ANY_DIMENSION,
    POSITIVE,
    least_norm,
)

from randomfeatures.limits.bounded_coefficients import (
    HardNeurons,
    coefficient_bound,
    coefficient_certificate,
    hard_neurons,
    hard_neurons_of_norm,
    log_coefficient_bound,
    wave_norm,
)
from randomfeatures.limits.concentration import (
    log_concentration_bound,
)
from randomfeatures.limits.triangle_wave import (
    relu_coefficients,
)


@given(ANY_DIMENSION, POSITIVE, POSITIVE)
def test_no_size_of_the_targets_is_wrong_quietly(d, error, x):
    """A family that is finite and of the norm it says, or an error that says what is wrong."""
    calls = (
        lambda: hard_neurons(d, error, x),
        lambda: hard_neurons_of_norm(d, error, x),
        lambda: coefficient_certificate(error, x),
        lambda: wave_norm(x, error),
        lambda: coefficient_bound(d, error, x),
    )
    for call in calls:
        try:
            value = call()
        except (ValueError, ArithmeticError) as refusal:
            assert type(refusal) in (ValueError, ArithmeticError)
            continue
        if isinstance(value, HardNeurons):
            assert all(map(math.isfinite, value[:4])) and np.all(np.isfinite(value.biases))
        else:
            assert math.isfinite(value)


@pytest.mark.claim("cor-paper-norm", kind="certified")
@pytest.mark.parametrize("power", [2, 3])
def test_the_bound_at_the_paper_s_norm(power):
    """Norm d² (d ≥ 21) and d³ (d ≥ 8), error 1/50: at the first d the closed form is the bound at
    R_ρ to 1 %, so neither of its constants could be 2 % larger, nor the first d smaller.
    """
    first, base = {2: (21, 0.98), 3: (8, 0.996)}[power]

    def closed(d, factor=0.127, base=base):
        return math.log(factor) + (d - 1) * (power - 1) / 4 * math.log(base * d)

    def at_least(d):
        return log_coefficient_bound(d, 1 / 50, 1.0, wave_norm(float(d**power), 1 / 50))

    for d in [*range(first, first + 60), 200, 1000]:
        least = wave_norm(float(d**power), 1 / 50)
        R = hard_neurons_of_norm(d, 1 / 50, float(d**power)).R
        assert least_norm(d) <= least <= R
        assert closed(d) <= at_least(d) <= log_coefficient_bound(d, 1 / 50, 1.0, R)
    assert at_least(first) < closed(first, factor=1.02 * 0.127)
    assert at_least(first) < closed(first, base=1.02 * base)
    assert at_least(first - 1) < closed(first - 1)


@pytest.mark.claim("cor-paper-norm", kind="identity")
@given(st.integers(3, 500), st.floats(1e-6, 1e3), st.floats(1.0, 40))
def test_the_neurons_of_a_given_norm(d, error, ratio):
    """Norm ρ exactly; a is the least that is ≥ 5R, so 5(R - R_ρ) ≤ 4, up to the rounding of the
    division.
    """
    norm = 40 * math.sqrt(error) * (ratio * least_norm(d) + 0.8) ** 2 * (1 + 1e-11)
    family = hard_neurons_of_norm(d, error, norm)
    assert_close(family.norm / norm, 1.0, 1e-13)
    assert_close(wave_norm(norm, error) / (ratio * least_norm(d)), 1.0, 1e-10)
    assert family.a % 4 == 1 and family.a >= 5 * family.R * (1 - 1e-14)
    shorter = family.a - 4  # would have R = q/(8a) > a/5
    assert shorter <= 0 or norm / math.sqrt(error) / (8 * shorter) > shorter / 5
    assert 0 <= family.R - wave_norm(norm, error) <= 0.8 + 1e-12 * family.R
    assert np.array_equal(family.biases, family.scale * relu_coefficients(family.a)[0])


def test_the_loss_of_the_given_norm_is_small_and_can_nearly_vanish():
    """R_ρ allows for a that is 4 too long, and for (y - 4)(y + 4) < y²: with a = y + 4 the two
    nearly meet at large norms.
    """
    losses = []
    for y in np.arange(401.0, 405.0, 0.01):
        norm = 8 * y**2 / 5
        losses.append(hard_neurons_of_norm(3, 1.0, norm).R - wave_norm(norm, 1.0))
    assert 0 <= min(losses) < 0.02 and 0.78 < max(losses) < 0.8 + 1e-9


@given(st.integers(3, 500), st.floats(1e-6, 1e3), st.floats(1, 40))
def test_the_family_of_hard_neurons(d, error, ratio):
    family = hard_neurons(d, error, ratio * least_norm(d))
    assert family.a % 4 == 1 and 5 * family.R <= family.a < 5 * family.R + 4
    assert_close(family.norm / math.sqrt(error) / (8 * family.a * family.R), 1.0, 1e-12)
    assert_close(2 * family.a * math.sqrt(error) / family.scale, 0.25, 1e-12)
    assert family.norm <= math.sqrt(error) * (40 * family.R**2 + 32 * family.R) * (1 + 1e-12)
    assert np.array_equal(family.biases, family.scale * relu_coefficients(family.a)[0])
    assert hard_neurons(d, 1 / 50).norm <= 2.30 * d + 2.89 * math.sqrt(d)


def test_the_least_norm_may_be_off_by_its_last_digit():
    for d in range(3, 200):
        R = 2 / math.pi * d**0.5 * (1 - 2e-16)
        assert (
            max(R, least_norm(d)) == hard_neurons(d, 1.0, R).R
            and abs(log_concentration_bound(d, R) + d / 2) < 1e-9
        )
