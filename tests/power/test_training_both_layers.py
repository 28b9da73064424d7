"""Training both layers: drift of the features, regret of online gradient descent, excess risk and
width, against their bounds.
"""

import math

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.power.training_both_layers import (
    drift_bound,
    excess_bound,
    excess_terms,
    step_size,
    steps_needed,
    width_needed,
)


def train(weights, samples, eta, loss_slope):
    """Stochastic gradient descent on both layers, from u = 0; yields u, w, x, y before each step,
    and at last u, w, None, None.
    """
    u, w = np.zeros(len(weights)), weights.copy()
    for x, y in samples:
        yield u, w, x, y
        z = w @ x
        g = loss_slope(u @ np.maximum(z, 0), y)
        u, w = u - eta * g * np.maximum(z, 0), w - eta * g * np.outer(u * (z > 0), x)
    yield u, w, None, None


def unit(rng, n, d):
    w = rng.standard_normal((n, d))
    return w / np.linalg.norm(w, axis=1, keepdims=True)


def absolute_slope(prediction, y):
    return np.sign(prediction - y)


def points_on_circle(n=8):
    angles = 0.3 + 2 * np.pi * np.arange(n) / n
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


@pytest.mark.claim("lem-drift", kind="identity")
@pytest.mark.parametrize("eta", [0.3, 0.01, 1e-4])
def test_the_worst_case_attains_the_recursion_and_the_bound_is_its_limit(eta):
    # One neuron along x, and a label that is never reached: every sign of the slope is the same.
    t = round(1.5 / eta)
    *_, (u, w, _, _) = train(
        np.array([[1.0, 0.0]]), [(np.array([1.0, 0.0]), 1e9)] * t, eta, absolute_slope
    )
    grown, shrunk = (1 + eta) ** t, (1 - eta) ** t
    assert_close([u[0], w[0, 0] - 1], [(grown - shrunk) / 2, (grown + shrunk) / 2 - 1], 1e-9)
    bound = drift_bound(eta, t)
    # (1 ± η)^t differs from e^{±ηt} by a factor within η² t of 1: the bound is approached as η -> 0
    # with η t fixed.
    assert u[0] <= bound[0] <= u[0] + 1.5 * eta * math.exp(1.5) + 1e-12
    assert w[0, 0] - 1 <= bound[1] <= w[0, 0] - 1 + 1.5 * eta * math.exp(1.5) + 1e-12


@pytest.mark.claim("lem-drift", kind="identity")
@pytest.mark.parametrize("seed", range(3))
def test_every_run_stays_below_the_drift_bound_at_every_step(seed):
    rng = np.random.default_rng(seed)
    eta, d, start = 0.02, 4, unit(np.random.default_rng(seed + 10), 12, 4)
    samples = [(x, rng.standard_normal()) for x in unit(rng, 150, d)]
    for t, (u, w, _, _) in enumerate(train(start, samples, eta, absolute_slope)):
        bound = drift_bound(eta, t)
        assert np.all(np.abs(u) <= bound[0] + 1e-14) and np.all(
            np.linalg.norm(w - start, axis=1) <= bound[1] + 1e-14
        )


@pytest.mark.claim("lem-online-regret", kind="identity")
def test_regret_of_online_gradient_descent_on_changing_functions():
    # f_t(u) = |<a_t, u> - y_t|. The linearised regret is an identity with the final distance; the
    # regret is below the bound.
    rng = np.random.default_rng(4)
    eta, T, r = 0.05, 60, 5
    a, y, target = rng.standard_normal((T, r)), rng.standard_normal(T), 0.5 * rng.standard_normal(r)
    u, regret, linear, squares = np.zeros(r), 0.0, 0.0, 0.0
    for t in range(T):
        v = np.sign(a[t] @ u - y[t]) * a[t]
        regret += abs(a[t] @ u - y[t]) - abs(a[t] @ target - y[t])
        linear, squares = linear + v @ (u - target), squares + v @ v
        u = u - eta * v
    bound = target @ target / (2 * eta) + eta / 2 * squares
    assert_close(linear, bound - np.sum((u - target) ** 2) / (2 * eta), 1e-11)
    assert regret <= linear + 1e-12 and linear <= bound


@pytest.mark.claim("lem-online-regret", kind="identity")
def test_regret_bound_is_attained():
    # Constant slope 1 in one dimension; after T steps u = -ηT is the comparator, so nothing is
    # lost.
    eta, T = 0.1, 20
    regret = sum(-eta * t - (-eta * T) for t in range(T))
    assert_close(regret, (eta * T) ** 2 / (2 * eta) + eta / 2 * T, 1e-12)


@pytest.mark.claim("thm-both-layers", kind="identity")
def test_terms_are_the_sums_that_the_proof_bounds():
    # Sums over t < T of cosh² and cosh - 1 are below the integrals, and close to them when η is
    # small.
    C, r, T = 3.0, 50, 4000
    for tau in (1e-3, 0.3, 0.49, 0.51, 2.0, 5.0):
        eta = tau / T
        times = eta * (np.arange(T) + 0.5)  # the midpoint rule for the integral
        first, second, third = excess_terms(C, r, eta, T)
        assert_close(first, C**2 / (2 * r * eta * T), 1e-12 * first)
        assert_close(second, eta * r / 2 * np.mean(np.cosh(times) ** 2), 1e-5 * second)
        assert_close(third, C * np.mean(2 * np.sinh(times / 2) ** 2), 1e-5 * third)
        left = eta * np.arange(T)
        assert (
            eta * r / 2 * np.mean(np.cosh(left) ** 2) <= second
            and C * np.mean(2 * np.sinh(left / 2) ** 2) <= third
        )


# The sum of the three terms is three times too large here: no check of trained networks sees its
# constants. That each term is right alone is checked below, on runs that attain it; all three
# together are not attained, since neurons pushed one way for ever end far from the comparator.
@pytest.mark.claim("thm-both-layers", kind="one-sided")
def test_average_risk_of_trained_networks_is_below_the_bound_and_needs_its_first_term():
    # x is uniform on 8 points of the circle, so L is a finite sum; y = x_1, and u* in pairs
    # represents it exactly.
    rng = np.random.default_rng(7)
    points, half, T, runs = points_on_circle(), unit(np.random.default_rng(8), 20, 2), 300, 20
    start = np.concatenate([half, -half])
    r = len(start)
    alpha = half @ np.linalg.solve(half.T @ half, np.array([1.0, 0.0]))
    best = np.concatenate([alpha, -alpha])
    assert_close(np.maximum(points @ start.T, 0) @ best, points[:, 0], 1e-13)
    C = math.sqrt(r) * np.linalg.norm(best)
    eta = step_size(C, r, T)
    risk, online = np.zeros(runs), np.zeros(runs)
    for run in range(runs):
        samples = [(x, x[0]) for x in points[rng.integers(len(points), size=T)]]
        for u, w, x, y in train(start, samples, eta, absolute_slope):
            if x is not None:
                risk[run] += np.mean(np.abs(np.maximum(points @ w.T, 0) @ u - points[:, 0])) / T
                online[run] += abs(np.maximum(w @ x, 0) @ u - y) / T
    # The martingale of the proof: the loss met on the way has the mean of the risk.
    error = np.std(risk - online, ddof=1) / math.sqrt(runs)
    assert 5 * error <= 0.2 * np.mean(risk) and abs(np.mean(risk - online)) <= 5 * error
    assert np.mean(risk) <= excess_bound(C, r, eta, T)
    # The first term cannot be dropped: at a tiny step the risk is that of N = 0, and only the first
    # term covers it.
    tiny = excess_terms(C, r, 1e-6, T)
    assert tiny[1] + tiny[2] < 0.01 < np.mean(np.abs(points[:, 0])) <= sum(tiny)


@pytest.mark.claim("thm-both-layers", kind="identity")
def test_the_first_term_is_attained_by_one_neuron_whose_label_is_out_of_reach():
    """Every step adds η: after a time τ = C the comparator is reached, at half the excess C/2 =
    C²/(2τ) in the mean.
    """
    tau, T = 0.1, 20_000
    samples = [(np.array([1.0, 0.0]), 1e3)] * T
    outputs = [
        u[0] * w[0, 0]
        for u, w, x, _ in train(np.array([[1.0, 0.0]]), samples, tau / T, absolute_slope)
        if x is not None
    ]
    excess, bound = tau - np.mean(outputs), excess_bound(tau, 1, tau / T, T)
    assert 0.99 * bound < excess <= bound


@pytest.mark.claim("thm-both-layers", kind="identity")
def test_the_second_term_is_attained_by_a_step_that_goes_forth_and_back():
    """r neurons along x, labels just below 0: the output is 0, -ηr, 0, -ηr, ... and the loss of N =
    0 is nothing; the mean is ηr/2.
    """
    r, T, eta = 50, 200, 1e-5
    x, start = np.array([1.0, 0.0]), np.tile([1.0, 0.0], (50, 1))
    losses = [
        abs(u @ np.maximum(w @ x, 0) - y)
        for u, w, _, y in train(start, [(x, -1e-9)] * T, eta, absolute_slope)
        if y is not None
    ]
    bound = excess_bound(1e-9, r, eta, T)
    assert 0.99 * bound < np.mean(losses) - 1e-9 <= bound * (1 + 1e-4)


@pytest.mark.claim("thm-both-layers", kind="identity")
@pytest.mark.parametrize("tau", [0.1, 1.0, 3.0])
def test_the_third_term_is_attained_by_a_comparator_of_the_opposite_sign(tau):
    """One neuron along x, label out of reach: it grows as fast as it can, and u* = -C on the grown
    feature loses C (|w_t| - 1) against u* on the first one, in the mean the third term.
    """
    T, C, y, x = 4000, 0.7, 1e3, np.array([1.0, 0.0])
    price = [
        abs(-C * max(w[0] @ x, 0) - y) - abs(-C - y)
        for _, w, sample, _ in train(x[None], [(x, y)] * T, tau / T, absolute_slope)
        if sample is not None
    ]
    third = excess_terms(C, 1, tau / T, T)[2]
    assert 0.99 * third < np.mean(price) <= third


@pytest.mark.claim("thm-both-layers", kind="identity")
@pytest.mark.parametrize("tau", [1e-9, 1e-3, 0.05, 0.3, 0.49, 0.4999, 0.51, 3.0, 100.0])
def test_the_third_term_keeps_its_digits_at_every_time(tau):
    with mpmath.workdps(40):
        truth = float(3 * (mpmath.sinh(mpmath.mpf(tau)) / mpmath.mpf(tau) - 1))
    assert_close(excess_terms(3.0, 5, tau, 1)[2], truth, 1e-13 * truth)


@given(
    C=st.floats(1e-300, 1e300),
    r=st.integers(1, 10**400),
    eta=st.floats(5e-324, 1e300),
    T=st.integers(1, 10**400),
)
def test_every_size_gives_numbers_or_says_what_is_too_large(C, r, eta, T):
    for function in (
        lambda: excess_terms(C, r, eta, T),
        lambda: (step_size(C, r, T),),
        lambda: drift_bound(eta, T),
    ):
        try:
            values = function()
        except (ValueError, ArithmeticError) as error:
            assert not isinstance(error, OverflowError | ZeroDivisionError), error
        else:
            assert all(math.isfinite(value) and value >= 0 for value in values)


@pytest.mark.claim("cor-both-layers-width", kind="identity")
def test_constants_of_the_width():
    # In units of the error, at T steps, a = √T error/(2C) in [1, √5/2]: convex, so the ends decide.
    def worst(a):
        return 3 / (8 * a) + math.sinh(2 * a) / (16 * a * a) + math.sinh(a) / a - 1

    middle = [worst(a) for a in np.linspace(1, math.sqrt(5) / 2, 50)]
    assert max(middle) == middle[-1]
    assert 0.788 < middle[-1] < 0.789
    assert middle[0] < 0.777
    # Attained: at an error just below a large C, five steps and the least width. 2 % fewer neurons
    # and it is passed.
    C, error = 1e7, 1e7 / (1 + 1e-9)
    T, r = steps_needed(C, error), width_needed(C, error)
    assert T == 5
    assert 0.788 * error < excess_bound(C, r, step_size(C, r, T), T) <= 0.79 * error
    fewer = round(0.98 * r)
    assert excess_bound(C, fewer, step_size(C, fewer, T), T) > 0.79 * error
    for C in (0.7, 3.0, 40.0):
        for ratio in (1.0, 0.999, 0.5, 0.1, 1e-3):
            error = C * ratio
            T, r = steps_needed(C, error), max(width_needed(C, error), 1)
            assert excess_bound(C, r, step_size(C, r, T), T) <= 0.79 * error
    # The orders are right: at small error half the width exceeds the error, and so does a quarter
    # of the steps.
    C, error = 3.0, 1e-3
    T, r = steps_needed(C, error), width_needed(C, error)
    assert excess_bound(C, r // 2, step_size(C, r // 2, T), T) > error
    assert excess_bound(C, r, step_size(C, r, T // 4), T // 4) > error


@pytest.mark.claim("cor-both-layers-width", kind="identity")
def test_numbers_needed_are_least_integers():
    for C, error in ((2.5, 0.3), (1.1, 1.1), (7.0, 0.013), (4.0, 0.25), (12.0, 0.5)):
        r, T = width_needed(C, error), steps_needed(C, error)
        assert (r - 1) ** 2 * error**3 < 4 * C**5 * (1 + 1e-12) and r**2 * error**3 * (
            1 + 1e-12
        ) >= 4 * C**5
        assert (T - 1) * error**2 < 4 * C**2 * (1 + 1e-12) and T * error**2 * (
            1 + 1e-12
        ) >= 4 * C**2
    # Powers of two are exact in floating point, so rounding up must not add one.
    assert (width_needed(4.0, 0.25), steps_needed(4.0, 0.25)) == (512, 1024)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: drift_bound(0.0, 3), "eta must be a finite real number > 0, got 0.0"),
        (lambda: drift_bound(0.1, -1), "t must be an integer >= 0, got -1"),
        (lambda: drift_bound(1.0, 351), "eta t must be a finite real number <= 350, got 351.0"),
        (lambda: excess_bound(0.0, 3, 0.1, 3), "C must be a finite real number > 0, got 0.0"),
        (lambda: excess_bound(1.0, 0, 0.1, 3), "r must be an integer >= 1, got 0"),
        (lambda: excess_bound(1.0, 3, 0.1, 0), "T must be an integer >= 1, got 0"),
        (
            lambda: excess_bound(1.0, 3, math.nan, 1),
            "eta must be a finite real number > 0, got nan",
        ),
        (lambda: step_size(1.0, 2, 0), "T must be an integer >= 1, got 0"),
        (
            lambda: width_needed(1.0, 1.5),
            "error must be a finite real number > 0 and <= 1, got 1.5",
        ),
        (
            lambda: steps_needed(1.0, 0.0),
            "error must be a finite real number > 0 and <= 1, got 0.0",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match="^" + message.replace(".", r"\.")):
        call()
