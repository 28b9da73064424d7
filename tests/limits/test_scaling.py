"""Scaling: norm, bias, error and coefficients move together, and what is easy."""

import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize
from waves_parts import gaussian_rule, least_norm

from randomfeatures.limits.bounded_coefficients import (
    coefficient_bound,
    hard_neurons,
    log_coefficient_bound,
)
from randomfeatures.limits.scaling import Problem, affine_bounds, affine_error, rescale, zero_error


@pytest.mark.claim("lem-homogeneity", kind="identity")
@given(st.floats(0.01, 100), st.integers(0, 10**6))
def test_a_scaled_neuron_is_the_neuron_scaled(scale, seed):
    rng = np.random.default_rng(seed)
    x, w, b = rng.standard_normal((20, 4)), rng.standard_normal(4), rng.standard_normal()
    neuron, scaled = np.maximum(x @ w + b, 0), np.maximum(x @ (scale * w) + scale * b, 0)
    assert_close(scaled, scale * neuron, 1e-12 * scale) if np.any(neuron > 1e-6) else None


@pytest.mark.claim("prop-exchange-rate", kind="identity")
@given(st.integers(3, 200), st.floats(1e-3, 1e3), st.floats(1e-6, 1e3), st.floats(1, 5))
def test_error_norm_bias_and_coefficients_scale_together(d, scale, error, ratio):
    """The problem at (ρ, b, ε, u) is the problem at (sρ, sb, s²ε, su), for the family of targets,
    the bound, and a fit.
    """
    R = ratio * least_norm(d)
    one, other = hard_neurons(d, error, R), hard_neurons(d, scale**2 * error, R)
    assert (one.R, one.a) == (other.R, other.a)
    assert_close(other.norm / one.norm, scale, 1e-12 * scale)
    assert_close(other.biases / one.scale, scale * one.biases / one.scale, 1e-12 * scale * one.a)
    assert (
        abs(
            log_coefficient_bound(d, scale**2 * error, 3.0, R)
            - log_coefficient_bound(d, error, 3.0, R)
            - math.log(scale)
        )
        < 1e-9
    )


@pytest.mark.claim("prop-exchange-rate", kind="identity")
@pytest.mark.parametrize("scale", [0.1, 7.0])
def test_a_fit_scales_with_its_target(scale):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((500, 3))
    features = np.maximum(x @ rng.standard_normal((3, 12)), 0)
    u, error = np.linalg.lstsq(features, np.maximum(x[:, 0] + 0.4, 0))[:2]
    u_scaled, error_scaled = np.linalg.lstsq(
        features, np.maximum(scale * x[:, 0] + scale * 0.4, 0)
    )[:2]
    assert_close(u_scaled, scale * u, 1e-10 * scale)
    assert_close(error_scaled, scale**2 * error, 1e-10 * scale**2)


@pytest.mark.claim("prop-exchange-rate", kind="identity")
def test_the_least_coefficients_depend_on_error_over_squared_norm():
    """M(ρ, ε), the least ‖u‖₂ of error ≤ ε, for twelve features on 500 points: M(ρ, ε) = ρ m(ε/ρ²),
    and m decreases.
    """
    rng = np.random.default_rng(3)
    x = rng.standard_normal((500, 3))
    features = np.maximum(x @ rng.standard_normal((3, 12)), 0)

    def least(norm, error):
        target = np.maximum(norm * x[:, 0] + 0.4 * norm, 0)

        def excess(log_ridge):
            u = np.linalg.solve(
                features.T @ features + math.exp(log_ridge) * np.eye(12), features.T @ target
            )
            return np.mean((features @ u - target) ** 2) - error, np.linalg.norm(u)

        return excess(optimize.brentq(lambda y: excess(y)[0], -30, 30, xtol=1e-13))[1]

    for norm, error in [(1.0, 0.2), (1.0, 0.1), (1.0, 0.05)]:
        assert_close(least(7 * norm, 49 * error), 7 * least(norm, error), 1e-8)
        assert least(1.2 * norm, error) > 1.2 * least(norm, error)
    assert least(1.0, 0.05) > least(1.0, 0.1) > least(1.0, 0.2)


@pytest.mark.claim("prop-exchange-rate", kind="quadrature")
@given(st.floats(-6, 6))
def test_the_trivial_end_of_the_exchange(beta):
    """(y + E|y|)/2 approximates [y]_+ with error Var|y|/4 ≤ 1/4, which is 1/4 in the limit; y = z +
    β.
    """
    z, w = gaussian_rule([-beta])
    mean = w @ np.abs(z + beta)
    error = w @ ((z + beta + mean) / 2 - np.maximum(z + beta, 0)) ** 2
    assert_close(error, (1 + beta**2 - mean**2) / 4, 1e-12 * (1 + beta**2))
    assert error <= 0.25 + 1e-13 and (abs(beta) < 4 or error > 0.2499)
    assert abs(beta + mean) / 2 <= abs(beta) + 0.5


# --- the functions


SIZES = st.floats(1e-3, 1e3)


@pytest.mark.claim("prop-exchange-rate", kind="identity")
@given(st.integers(3, 200), SIZES, st.floats(1e-6, 1e3))
def test_the_family_of_targets_and_its_bound_are_one_problem(d, s, error):
    """The hard neurons at s²ε are those at ε, rescaled; so is the bound on their coefficients."""
    one, other = hard_neurons(d, error), hard_neurons(d, s**2 * error)
    problem = Problem(one.norm, one.biases[1], error, coefficient_bound(d, error, 3.0))
    moved = rescale(problem, s * one.norm)
    expected = Problem(
        other.norm, other.biases[1], s**2 * error, coefficient_bound(d, s**2 * error, 3.0)
    )
    assert_close(np.array(moved) / expected, np.ones(4), 1e-11)
    assert_close(np.array(rescale(moved, one.norm)) / problem, np.ones(4), 1e-14)


@pytest.mark.claim("prop-exchange-rate", kind="quadrature")
@given(SIZES, st.floats(-4, 4))
def test_the_errors_of_zero_and_of_affine_functions(rho, beta):
    """The affine one is what least squares leaves: the target less its projections on the
    orthonormal 1 and z.
    """
    z, w = gaussian_rule([-beta])
    target = rho * np.maximum(z + beta, 0)
    square = w @ target**2
    assert_close(zero_error(rho, rho * beta) / rho**2, square / rho**2, 1e-13 * (1 + beta**2))
    left = target - w @ target - (w @ (z * target)) * z
    assert abs(affine_error(rho, rho * beta) - w @ left**2) <= 1e-13 * rho**2
    assert affine_error(rho, -rho * beta) == affine_error(rho, rho * beta)
    assert affine_error(rho, rho * beta) <= affine_error(rho, 0.0) * (1 + 1e-14)


@pytest.mark.claim("prop-exchange-rate", kind="identity")
def test_the_hardest_bias_of_affine_functions():
    assert_close(affine_error(3.0, 0.0), 9 * (1 / 4 - 1 / (2 * math.pi)), 1e-14)
    assert_close(zero_error(3.0, 0.0), 4.5, 1e-14)
    assert zero_error(1.0, -50.0) == affine_error(1.0, -50.0) == affine_error(1.0, 50.0) == 0
    # The last numbers that a float holds: the sum is rounded to -6e-321, an error is not negative.
    assert zero_error(1.0, -38.4269) == affine_error(1.0, 38.4269) == 0


@pytest.mark.parametrize("beta", [-8.0, -12.0, -20.0, -34.0])
def test_small_errors_are_no_zeros(beta):
    """Far out both are 2 φ(β)/|β|³ to leading order; cancellation leaves fewer digits there."""
    series = 1 - 6 / beta**2 + 45 / beta**4
    leading = 2 * math.exp(-(beta**2) / 2) / math.sqrt(2 * math.pi) / abs(beta) ** 3
    for function in (zero_error, affine_error):
        assert_close(function(1.0, beta) / leading, series, 500 / beta**6 + 1e-15 * beta**6)


@pytest.mark.claim("prop-exchange-rate", kind="quadrature")
@given(SIZES, st.floats(-6, 6))
def test_the_affine_function_of_the_proposition(rho, beta):
    """y/2 + E|y|/2 with y = ρ(z + β): its error is within ρ²/4, nearly that for large β;
    coefficients within |b| + ρ/2.
    """
    z, w = gaussian_rule([-beta])
    y = rho * (z + beta)
    mean = w @ np.abs(y)
    error, coefficient = affine_bounds(rho, rho * beta)
    value = w @ ((y + mean) / 2 - np.maximum(y, 0)) ** 2
    assert affine_error(rho, rho * beta) <= value * (1 + 1e-9) <= error * (1 + 1e-9)
    assert abs(beta) < 4 or value > 0.99 * error
    assert max(rho / 2, (rho * beta + mean) / 2) <= coefficient
    assert_close(coefficient, rho * (abs(beta) + 0.5), 1e-12 * rho * (1 + abs(beta)))


def test_the_bound_on_the_affine_coefficient_is_reached_at_large_norms():
    """At b = 0 the coefficient of x_1 is ρ/2 in the direction of x_1, and the bound has nothing to
    spare.
    """
    assert affine_bounds(6.0, 0.0)[1] == 3.0


POSITIVE = st.floats(5e-324, 1.7e308)
ANY = st.floats(-1.7e308, 1.7e308)


@given(POSITIVE, ANY, st.floats(0, 1.7e308), st.floats(0, 1.7e308), POSITIVE)
def test_no_scale_is_wrong_quietly(norm, bias, error, coefficients, to):
    """A finite result that goes back to where it came from, or an ArithmeticError."""
    problem = Problem(norm, bias, error, coefficients)
    try:
        moved = rescale(problem, to)
    except ArithmeticError:
        return
    assert all(map(math.isfinite, moved)) and moved.norm == to
    for value, result in zip(problem, moved, strict=True):
        assert (value == 0) == (result == 0) and math.copysign(1, value) == math.copysign(1, result)


@given(POSITIVE, ANY)
def test_no_error_is_wrong_quietly(norm, bias):
    for function in (zero_error, affine_error, affine_bounds):
        try:
            values = np.atleast_1d(function(norm, bias))
        except ArithmeticError as refusal:
            assert function.__name__ in str(refusal)
            continue
        assert np.all(np.isfinite(values)) and np.all(values >= 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: rescale(Problem(0.0, 1.0, 1.0, 1.0)),
            r"problem\.norm must be a finite real number > 0, got 0\.0",
        ),
        (
            lambda: rescale(Problem(1.0, 1.0, -1.0, 1.0)),
            r"problem\.error must be a finite real number >= 0, got -1\.0",
        ),
        (
            lambda: rescale(Problem(1.0, math.nan, 1.0, 1.0)),
            r"problem\.bias must be a finite real number, got nan",
        ),
        (
            lambda: rescale(Problem(1.0, 1.0, 1.0, math.inf)),
            r"problem\.coefficients must be a finite real number >= 0",
        ),
        (
            lambda: rescale(Problem(1.0, 1.0, 1.0, 1.0), -2.0),
            r"norm must be a finite real number > 0, got -2\.0",
        ),
        (lambda: zero_error(-1.0, 0.0), r"norm must be a finite real number > 0, got -1\.0"),
        (lambda: affine_error(1.0, math.inf), "bias must be a finite real number, got inf"),
        (lambda: affine_bounds(0.0, 1.0), r"norm must be a finite real number > 0, got 0\.0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
