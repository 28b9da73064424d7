"""From samples to test error: exact errors of pairs, one neuron's step, the choice, the theorem."""

import itertools
import math

import numpy as np
import pytest
from amplification_parts import SEEDS, problem
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, special

from randomfeatures.beyond.amplification import first_step, step_variance
from randomfeatures.beyond.amplification_clusters import XORClusters
from randomfeatures.beyond.amplification_end_to_end import (
    Window,
    best_pair,
    chosen_error,
    end_to_end,
    frozen_pairs,
    pair_errors,
    sample_step,
    separation_kept,
    step_ratios,
    window_probability,
)
from randomfeatures.beyond.amplification_training import loss_gradient


def bayes(s):
    return XORClusters(d=2, separation=s).bayes_error()


def directions(rng, m, d):
    w = rng.standard_normal((m, d))
    return w / np.linalg.norm(w, axis=1, keepdims=True)


# --- the algorithm


@given(SEEDS)
def test_the_step_is_that_of_a_network_of_opposite_pairs(seed):
    """f = 0 at the start, so the gradient of the logistic loss is exactly the step at f = 0."""
    clusters, W, a, rng = problem(seed)
    x, _, y = clusters.sample(rng, 20)
    pairs, readout = np.concatenate([W, W]), np.concatenate([a, -a])
    gradient = loss_gradient(pairs, readout, x, y)[1]
    step = -gradient * 2 / readout[:, None]
    size = 1e-13 * np.max(np.abs(x))
    assert_close(step[:6], sample_step(W, x, y), size)
    assert_close(step[6:], sample_step(W, x, y), size)


def test_the_best_pair_is_that_of_all():
    clusters = XORClusters(d=3, separation=2.0, flip=0.2)
    rng = np.random.default_rng(0)
    V = rng.standard_normal((6, 3))
    x, _, y = clusters.sample(rng, 500)
    unit = V / np.linalg.norm(V, axis=1, keepdims=True)
    errors = {
        (j, k): np.mean(y * (np.abs(x @ unit[j]) - np.abs(x @ unit[k])) < 0)
        for j, k in itertools.permutations(range(6), 2)
    }
    j, k, error = best_pair(V, x, y)
    assert error == errors[j, k] == min(errors.values())


# --- readouts with two pairs


@pytest.mark.claim("prop-two-pairs", kind="Monte Carlo")
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_pair_errors_by_simulation(seed):
    clusters = XORClusters(d=4, separation=1.8, sigma=0.6)
    rng = np.random.default_rng(seed)
    V = rng.standard_normal((3, 4)) * [1, 1, 0.6, 0.6] * [[1], [0.3], [7]]
    errors = pair_errors(V, clusters)
    x, clean, _ = clusters.sample(rng, 400_000)
    unit = V / np.linalg.norm(V, axis=1, keepdims=True)
    for j, k in itertools.permutations(range(3), 2):
        found = np.mean(clean * (np.abs(x @ unit[j]) - np.abs(x @ unit[k])) < 0)
        assert_close(errors[j, k], found, 4 * math.sqrt(0.25 / len(x)))
    assert_close(errors + errors.T, np.ones((3, 3)), 1e-14)


@pytest.mark.claim("prop-two-pairs", kind="identity")
@given(st.floats(0, 3), st.floats(0.3, 6))
def test_the_separation_that_is_left_is_attained_where_both_lean_the_same_way(rho, s):
    """u = (1, 0, ρ), v = (0, 1, ρ): both means are s / √(1 + 2ρ²) times 1/√2 or more."""
    clusters = XORClusters(d=3, separation=s)
    error = pair_errors(np.array([[1.0, 0.0, rho], [0.0, 1.0, rho]]), clusters)[0, 1]
    kept = separation_kept(0.0, rho)
    assert_close(kept, 1 / math.sqrt(1 + 2 * rho**2), 1e-13)
    # One of the two means is attained, the other is s/√2 and larger.
    a, b = kept * s / math.sqrt(2), s / math.sqrt(2)
    truth = special.ndtr(a) * special.ndtr(-b) + special.ndtr(-a) * special.ndtr(b)
    assert_close(error, truth, 1e-13)
    assert error <= bayes(kept * s) + 1e-13


@pytest.mark.claim("prop-two-pairs", kind="identity")
def test_the_separation_that_is_left_after_a_turn():
    """u = (1, β), v = (-β, 1), a turn in the plane, keeps (1 - β)/√(1 + β²); the formula has the
    same value up to β³/4."""
    for beta in (0.01, 0.1, 0.2):
        truth = (1 - beta) / math.hypot(1, beta)
        assert_close(separation_kept(beta, 0.0), truth, 0.3 * beta**3 + 1e-14)
        error = pair_errors(np.array([[1, beta], [-beta, 1]]), XORClusters(d=2, separation=3.0))
        a, b = (3 * (1 + sign * beta) / math.hypot(1, beta) / math.sqrt(2) for sign in (-1, 1))
        found = special.ndtr(a) * special.ndtr(-b) + special.ndtr(-a) * special.ndtr(b)
        assert_close(error[0, 1], found, 1e-13)


@pytest.mark.claim("prop-two-pairs", kind="identity")
@given(SEEDS, st.floats(0, 0.8), st.floats(0, 1.5), st.floats(0.3, 6))
def test_no_pair_within_the_ratios_is_worse(seed, beta, rho, s):
    rng, d = np.random.default_rng(seed), 5
    kept = separation_kept(beta, rho)
    for _ in range(20):
        rest = directions(rng, 2, d - 2) * rho * rng.uniform(0, 1, (2, 1))
        if rng.random() < 0.5:
            rest[1] = rest[0] * rng.choice([-1, 1])
        other = beta * rng.choice([-1, 1], 2) * rng.uniform(0, 1, 2)
        u, v = np.r_[1, other[0], rest[0]], np.r_[other[1], 1, rest[1]]
        error = pair_errors(np.stack([u, v]), XORClusters(d=d, separation=s))[0, 1]
        assert error <= (bayes(kept * s) if kept > 0 else 1) + 1e-12


@pytest.mark.claim("prop-two-pairs", kind="identity")
@given(SEEDS, st.floats(0.3, 6))
def test_no_pair_is_better_than_the_part_of_the_centres_in_its_plane(seed, s):
    rng, d = np.random.default_rng(seed), 4
    V = rng.standard_normal((2, d))
    basis = np.linalg.qr(V.T)[0]
    parts = np.linalg.norm(basis[:2], axis=1)  # lengths of the projections of e_1, e_2
    least = sum(bayes(s * part) for part in parts) / 2
    assert pair_errors(V, XORClusters(d=d, separation=s))[0, 1] >= least - 1e-12
    # It is attained: rotate e_1, e_2 out of their plane into orthogonal directions.
    tilted = np.array([[0.8, 0, 0.6, 0], [0, 0.5, 0, math.sqrt(0.75)]])
    error = pair_errors(tilted, XORClusters(d=d, separation=s))[0, 1]
    assert_close(error, (bayes(0.8 * s) + bayes(0.5 * s)) / 2, 1e-13)


# --- one neuron's step


@pytest.mark.claim("lem-bernstein-moments", kind="identity")
@pytest.mark.parametrize(("n", "t"), [(10**8, 30.0), (400, 30.0), (1, 1e6)])
def test_tails_of_sums_under_the_moment_condition(n, t):
    """Laplace: E X_+^q = q!/2, so v = 2n and c = 1; its best exponential bound has the exponent
    max λx + n log(1 - λ²). It is t at least at x = √(2vt) + ct, and not at 0.98 of either term
    where that term rules."""

    def exponent(level):
        best = optimize.minimize_scalar(
            lambda q: -(level * q + n * math.log1p(-q * q)),
            bounds=(0, 1 - 1e-9),
            method="bounded",
            options={"xatol": 1e-13},
        )
        return -best.fun

    normal, linear = math.sqrt(4 * n * t), t
    assert exponent(normal + linear) >= t
    if n != 400:
        assert exponent(0.98 * normal + 0.98 * linear) < t


@pytest.mark.claim("lem-bernstein-moments", kind="identity")
@pytest.mark.parametrize("s", [0.5, 2.0, 6.0])
def test_moments_of_the_terms_of_a_step(s):
    """½ E|x_1|^q <= (q!/2) ½ (1 + s²/2)(1 + s)^(q-2), with equality at q = 2."""

    def moment(q):
        def density(t, centre):
            return abs(t) ** q * math.exp(-((t - centre) ** 2) / 2) / math.sqrt(2 * math.pi)

        parts = [
            integrate.quad(density, *ends, args=(centre,), epsabs=0)[0]
            for centre in (0.0, s)
            for ends in ((centre - 14, 0), (0, centre + 14))
        ]
        return sum(parts) / 4

    for q in range(2, 12):
        bound = math.factorial(q) / 4 * (1 + s * s / 2) * (1 + s) ** (q - 2)
        assert moment(q) <= bound * (1 + 1e-9)
    assert_close(moment(2), (1 + s * s / 2) / 2, 1e-9 * (1 + s * s))


@pytest.mark.claim("prop-one-neuron-step", kind="identity")
@pytest.mark.parametrize("flip", [0.0, 0.3])
def test_the_ratios_without_noise_are_those_of_the_exact_step(flip):
    """At n = 10^14 nothing but the means is left; they are compared with the exact first step."""
    clusters, window = XORClusters(d=30, separation=4.0, flip=flip), Window(0.8, 1.3, 0.05)
    beta, rho = step_ratios(window, clusters, 10**14, 5.0)
    smallest, side, rest = math.inf, 0.0, 0.0
    for alpha_1, alpha_2 in itertools.product([0.8, 1.05, 1.3], [0.0, 0.025, 0.05]):
        w = np.zeros((1, 30))
        w[0, :2] = alpha_1 / 4, alpha_2 / 4
        w[0, 2] = math.sqrt(1 - w[0, 0] ** 2 - w[0, 1] ** 2)
        step = 2 * first_step(w, np.ones(1), clusters)[0]
        smallest = min(smallest, step[0])
        side, rest = max(side, abs(step[1])), max(rest, np.linalg.norm(step[2:]))
    assert 0.997 * beta <= side / smallest <= beta
    assert 0.94 * rho <= rest / smallest <= rho
    low = step_ratios(Window(0.8, 0.8 + 1e-9, 0.05), clusters, 10**14, 5.0)
    w = np.zeros((1, 30))
    w[0, 0], w[0, 2] = 0.2, math.sqrt(0.96)
    step = 2 * first_step(w, np.ones(1), clusters)[0]
    assert_close(low[1], (1 - 2 * flip) / 2 * 0.10925 / step[0], 1e-3 * low[1])


@pytest.mark.claim("prop-one-neuron-step", kind="one-sided")
def test_the_ratios_hold_and_the_noise_is_of_the_right_size():
    """One-sided: a tail bound. The noise is at most three times the true standard deviation times
    √(2τ), the tail of a normal variable."""
    clusters, window = XORClusters(d=20, separation=4.0, flip=0.1), Window(0.9, 1.6, 0.2)
    rng, n, tau = np.random.default_rng(1), 2000, 3.5
    beta, rho = step_ratios(window, clusters, n, tau)
    failures, repeats = 0, 300
    for _ in range(repeats):
        alpha = rng.uniform(0.9, 1.6), rng.uniform(0, 0.2)
        rest = directions(rng, 1, 18)[0]
        w = np.r_[alpha[0] / 4, alpha[1] / 4, rest * math.sqrt(1 - np.sum(np.square(alpha)) / 16)]
        x, _, y = clusters.sample(rng, n)
        v = sample_step(w[None], x, y)[0]
        ok = abs(v[1]) <= beta * v[0] and np.linalg.norm(v[2:]) <= rho * v[0]
        failures += not ok
    assert failures / repeats <= 6 * math.exp(-tau)
    w = np.r_[0.3, 0.0, math.sqrt(0.91), np.zeros(17)][None]
    variance = step_variance(w, np.array([2.0]), clusters, n, np.eye(20)[1])[0]
    noise = math.sqrt((1 + 8) * tau / n) + 5 * tau / n
    normal = math.sqrt(2 * tau * variance)
    assert normal <= noise <= 1.5 * normal


# --- the choice of the readout


@pytest.mark.claim("prop-choice", kind="identity")
@given(st.floats(0, 0.3), st.integers(2, 1000), st.integers(100, 10**6), st.floats(0, 0.45))
def test_the_bound_is_the_root_of_its_inequality(best, m, fresh, flip):
    r"""γx - √(2xt/n') = γe + √(2et'/n') + (t + t')/(3n') at the bound."""
    delta, gamma = 0.1, 1 - 2 * flip
    t, one = math.log(20 * m * (m - 1)), math.log(20)
    x = chosen_error(best, m, fresh, delta, flip)
    left = gamma * x - math.sqrt(2 * x * t / fresh)
    right = gamma * best + math.sqrt(2 * best * one / fresh) + (t + one) / (3 * fresh)
    assert_close(left, right, 1e-12 * (1 + x))
    assert x >= best


@pytest.mark.claim("prop-choice", kind="one-sided")
def test_the_choice_is_as_good_as_promised():
    """One-sided: a union bound over readouts, most of which are far from the best."""
    clusters = XORClusters(d=4, separation=2.5, flip=0.3)
    rng = np.random.default_rng(3)
    V = rng.standard_normal((12, 4)) * [1, 1, 0.3, 0.3]
    errors = pair_errors(V, clusters)
    bound = chosen_error(errors.min(), 12, 1500, 0.1, 0.3)
    chosen = []
    for _ in range(100):
        x, _, y = clusters.sample(rng, 1500)
        j, k, _ = best_pair(V, x, y)
        chosen.append(errors[j, k])
    assert np.mean(np.array(chosen) > bound) <= 0.1
    assert max(chosen) > errors.min() and bound < 0.3  # the choice is not trivial, nor the bound


# --- the theorem, and frozen features


@pytest.mark.claim("thm-amplification", kind="Monte Carlo")
@pytest.mark.parametrize(
    ("d", "s", "window"),
    [(3, 2.0, (0.5, 1.5, 0.4)), (3, 2.0, (1.0, 2.0, 1.0)), (12, 5.0, (0.9, 2.5, 0.3))],
)
def test_the_probability_of_a_window(d, s, window):
    w = s * np.abs(directions(np.random.default_rng(5), 1_000_000, d)[:, :2])
    inside = (w[:, 0] >= window[0]) & (w[:, 0] <= window[1]) & (w[:, 1] <= window[2])
    found = np.mean(inside)
    sem = math.sqrt(found / len(w))
    assert sem < 0.005 * found * 2
    assert_close(
        window_probability(Window(*window), XORClusters(d=d, separation=s)), found, 4 * sem
    )


@pytest.mark.claim("thm-amplification", kind="identity")
def test_the_bound_is_put_together_as_the_theorem_says():
    clusters = XORClusters(d=60, separation=5.0, flip=0.2)
    m, n, fresh, delta = 250, 80_000, 60_000, 0.1
    bound = end_to_end(clusters, m, n, fresh, delta)
    assert_close(2 * (1 - window_probability(bound.window, clusters)) ** m, delta / 3, 1e-6)
    ratios = step_ratios(bound.window, clusters, n, math.log(36 / delta))
    assert_close(bound.kept, separation_kept(*ratios), 1e-12)
    assert_close(bound.features, bayes(bound.kept * 5.0), 1e-14)
    assert_close(bound.error, chosen_error(bound.features, m, fresh, delta / 3, 0.2), 1e-14)
    # It tends to the best classifier as everything grows.
    small = XORClusters(d=5, separation=3.0, flip=0.2)
    errors = [end_to_end(small, 10**q, 10 ** (2 * q), 10 ** (2 * q), 0.1).error for q in (3, 5, 7)]
    assert errors[0] > errors[1] > errors[2] > bayes(3.0)
    assert errors[2] < 1.5 * bayes(3.0)


@pytest.mark.claim("thm-amplification", kind="one-sided")
def test_from_samples_to_test_error():
    """One-sided: the bound is a sum of worst cases. Every run is far below it, and close to the
    best classifier; frozen pairs are not."""
    clusters = XORClusters(d=40, separation=5.0, flip=0.15)
    m, n, fresh = 80, 20_000, 10_000
    bound = end_to_end(clusters, m, n, fresh, 0.1).error
    assert bound < 0.25  # linear classifiers have at least 1/4
    for seed in range(3):
        rng = np.random.default_rng(seed)
        W = rng.standard_normal((m, 40))
        x, _, y = clusters.sample(rng, n)
        V = sample_step(W, x, y)
        x, _, y = clusters.sample(rng, fresh)
        j, k, _ = best_pair(V, x, y)
        assert bayes(5.0) < pair_errors(V, clusters)[j, k] < 3 * bayes(5.0) < bound
        assert pair_errors(W, clusters).min() > frozen_pairs(40, 5.0, m, 0.1) > 10 * bayes(5.0)


def test_without_enough_of_everything_the_theorem_says_nothing():
    clusters = XORClusters(d=50, separation=5.0, flip=0.15)
    assert end_to_end(clusters, 5, 10**6, 10**6, 0.05) is None  # too few neurons
    assert end_to_end(clusters, 300, 100, 10**6, 0.05) is None  # too few samples
    assert step_ratios(Window(0.1, 1.0, 0.1), clusters, 100, 5.0) is None


@pytest.mark.claim("prop-frozen-pairs", kind="Monte Carlo")
@pytest.mark.parametrize("d", [5, 12])
def test_a_frozen_pair_sees_little_of_the_centres(d):
    """m = 2, one plane: the share x is exceeded by |Pe_1|² or |Pe_2|² with probability δ, less the
    chance of both, which is below δ²."""
    rng, delta, repeats = np.random.default_rng(2), 0.1, 1_000_000
    share = 1 - (delta / 2) ** (2 / (d - 2))
    assert_close(bayes(4 * math.sqrt(share)), frozen_pairs(d, 4.0, 2, delta), 1e-14)
    u, v = directions(rng, repeats, d), directions(rng, repeats, d)
    v -= np.sum(u * v, axis=1, keepdims=True) * u
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    parts = u[:, :2] ** 2 + v[:, :2] ** 2
    for i in (0, 1):
        assert_close(np.mean(parts[:, i] >= share), delta / 2, 4 * math.sqrt(delta / 2 / repeats))
    assert 0.95 * delta < np.mean(np.max(parts, axis=1) >= share) <= delta + 0.003


@pytest.mark.claim("prop-frozen-pairs", kind="one-sided")
def test_all_frozen_pairs():
    """One-sided in m: a union bound over pairs. The share is at most twice the largest found."""
    rng, s = np.random.default_rng(4), 5.0
    W, clusters = rng.standard_normal((100, 60)), XORClusters(d=60, separation=s)
    found, least = pair_errors(W, clusters).min(), frozen_pairs(60, s, 100, 0.5)
    assert least <= found
    unit = W / np.linalg.norm(W, axis=1, keepdims=True)
    largest = 0.0
    for u, v in itertools.combinations(unit, 2):
        basis = np.linalg.qr(np.stack([u, v], axis=1))[0]
        largest = max(largest, *np.sum(basis[:2] ** 2, axis=1))
    assert largest < 1 - (0.5 / 9900) ** (2 / 58) < 2 * largest


# --- bad input

LAW = XORClusters(d=4, separation=2.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sample_step(np.ones((2, 3)), np.ones((5, 4)), np.ones(5)), "must have shapes"),
        (lambda: pair_errors(np.ones((1, 4)), LAW), "V must hold at least two rows"),
        (lambda: pair_errors(np.eye(4) * [[1], [1], [1], [0]], LAW), "rows that are not zero"),
        (lambda: pair_errors(np.ones((2, 3)), LAW), "V must have d = 4 columns, got 3"),
        (lambda: window_probability(Window(1.0, 0.5, 0.1), LAW), "window must have other <= low"),
        (lambda: window_probability(Window(0.5, 2.1, 0.1), LAW), "with separation 2.0"),
        (
            lambda: window_probability(Window(0.5, 1, 0.1), XORClusters(d=2, separation=2.0)),
            "d must be an integer >= 3, got 2",
        ),
        (lambda: step_ratios(Window(0.5, 1, 0.1), LAW, 0, 1.0), "n must be an integer >= 1"),
        (lambda: separation_kept(-1.0, 0.0), "beta must be a finite real number >= 0"),
        (lambda: chosen_error(0.1, 2, 10, 1.0), "delta must be .* > 0 and < 1, got 1.0"),
        (lambda: chosen_error(0.1, 2, 10, 0.1, flip=0.5), "flip must be .* < 0.5, got 0.5"),
        (lambda: frozen_pairs(2, 1.0, 3, 0.1), "d must be an integer >= 3 and <= 1e.100, got 2"),
        (lambda: best_pair(np.eye(4), np.ones((5, 4)), np.ones(1)), "V, x, y must have shapes"),
        (lambda: best_pair(np.eye(4), np.ones((5, 3)), np.ones(5)), "V, x, y must have shapes"),
        (lambda: end_to_end(LAW, 2, 0, 1, 0.1), "n must be an integer >= 1"),
        (lambda: end_to_end(LAW, 2, 1, 0, 0.1), "fresh must be an integer >= 1"),
        (
            lambda: step_ratios(Window(1.0, 2.0, 1.0), XORClusters(d=3, separation=1e200), 1, 1.0),
            "separation must be a finite real number <= 1e.100",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@settings(max_examples=20)
@given(SEEDS, st.floats(-200, 200))
def test_pair_errors_ignore_the_lengths(seed, size):
    clusters, W, _, _ = problem(seed)
    assert_close(pair_errors(10**size * W, clusters), pair_errors(W, clusters), 1e-9)
    doubled = pair_errors(np.concatenate([W[:1], -3 * W[:1]]), clusters)
    assert_close(doubled, np.full((2, 2), 0.5), 1e-15)
