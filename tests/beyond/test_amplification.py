"""Amplification: closed forms against simulation, quadrature, autograd; signs at random points."""

import itertools
import math

import numpy as np
import pytest
import torch
from amplification_parts import SEEDS, positive, problem, scale
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from randomfeatures.beyond import amplification
from randomfeatures.beyond.amplification import (
    alignment,
    alignment_field,
    alignment_growth_rate,
    first_step,
    growth,
    mean_absolute,
    random_features_risk,
    smallness_bound,
    step_deviation,
    step_variance,
)
from randomfeatures.beyond.amplification_clusters import XORClusters, linear_error
from randomfeatures.beyond.amplification_training import (
    classification_error,
    initial_network,
    linear_classifier,
    loss_gradient,
    network,
    train,
    train_readout,
)


def mean_over_centres(w, clusters, function):
    """E function(ν's label, <w, x>): the mean over the four centres, and a Gaussian integral for
    each; a kink at <w, x> = 0 is split."""
    deviation, total = clusters.sigma * np.linalg.norm(w), 0.0
    for sign, mu in (
        (1, clusters.mu_1),
        (1, -clusters.mu_1),
        (-1, clusters.mu_2),
        (-1, -clusters.mu_2),
    ):
        level = -(w @ mu) / deviation

        def density(t, s=sign, level=level):
            return (
                function(s, deviation * (t - level)) * math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
            )

        lower, upper = min(-12.0, level - 1), max(12.0, level + 1)
        total += sum(
            integrate.quad(density, *ends, epsabs=1e-13, limit=200)[0]
            for ends in ((lower, level), (level, upper))
        )
    return total / 4


# --- the first step


@pytest.mark.claim("thm-first-step", kind="Monte Carlo")
def test_first_step_is_the_mean_step_of_a_vanishing_network():
    """Against the gradient of the code that trains, on many samples, with a start so small that f
    is rounding beside the labels."""
    clusters = XORClusters(d=5, separation=4.0, sigma=1.7, flip=0.1)
    rng = np.random.default_rng(8)
    W, a = (
        1e-9 * (rng.standard_normal((4, 5)) + np.array([1, -0.5, 0, 0, 0])),
        np.array([1.0, 0.5, -0.7, -1.0]),
    )
    x, _, observed = clusters.sample(rng, 1_000_000)
    sampled = -loss_gradient(W, a, x, observed)[1]
    truth, deviation = first_step(W, a, clusters), np.sqrt(step_deviation(W, a, clusters, len(x)))
    length = np.linalg.norm(truth, axis=1)
    # Each of the neurons within three deviations; the deviation itself is small enough for 2 % to
    # show.
    assert np.all(np.linalg.norm(sampled - truth, axis=1) < 2.5 * deviation)
    assert np.any(np.linalg.norm(sampled - 1.02 * truth, axis=1) > 2.5 * deviation)
    assert np.all(deviation < 0.02 * length)


@pytest.mark.claim("thm-first-step", kind="quadrature")
@given(SEEDS)
@settings(max_examples=25)
def test_first_step_against_quadrature(seed):
    r"""E y 1{<w, x> > 0} x in the directions w, μ_1, μ_2: given <w, x> = u, E <v, x> = <v, ν> + <v,
    w>(u - <w, ν>)/‖w‖²."""
    clusters, W, a, _ = problem(seed, m=2)
    step = first_step(W, a, clusters)
    for w, a_j, step_j in zip(W, a, step, strict=True):
        for v in (clusters.mu_1, clusters.mu_2, w):
            mean = 0.0
            deviation = clusters.sigma * np.linalg.norm(w)
            for sign, nu in (
                (1, clusters.mu_1),
                (1, -clusters.mu_1),
                (-1, clusters.mu_2),
                (-1, -clusters.mu_2),
            ):
                level = -(w @ nu) / deviation
                slope = (v @ w) * clusters.sigma / np.linalg.norm(w)

                def values(t, start=v @ nu, slope=slope):
                    return (start + slope * t) * math.exp(-t * t / 2)

                mean += (
                    sign
                    * integrate.quad(values, level, max(level, 0) + 12, epsabs=1e-12)[0]
                    / math.sqrt(2 * math.pi)
                    / 4
                )
            truth = a_j / 2 * (1 - 2 * clusters.flip) * mean
            size = abs(a_j) * np.linalg.norm(v) * (scale(clusters) + clusters.sigma)
            assert abs(step_j @ v - truth) < 1e-10 * size
            if abs(truth) > 1e-7 * size:
                assert abs(1.02 * step_j @ v - truth) > 1e-10 * size


@pytest.mark.claim("thm-first-step", kind="identity")
@given(SEEDS)
def test_every_neuron_moves_to_its_own_side(seed):
    """For a > 0 toward the one of ±μ_1 that it favours and away from the one of ±μ_2; for a < 0 the
    reverse. No condition on s."""
    clusters, W, a, _ = problem(seed, m=20)
    step = first_step(W, a, clusters)
    assert np.all(np.sign(step @ clusters.mu_1) == np.sign(a * (W @ clusters.mu_1)))
    assert np.all(np.sign(step @ clusters.mu_2) == -np.sign(a * (W @ clusters.mu_2)))


@pytest.mark.claim("thm-first-step", kind="identity")
@given(SEEDS)
def test_the_step_is_in_proportion_to_one_minus_twice_the_flips(seed):
    clusters, W, a, _ = problem(seed)
    clean = XORClusters(d=clusters.d, separation=clusters.separation, sigma=clusters.sigma)
    ratio = first_step(W, a, clusters) / first_step(W, a, clean)
    assert_close(ratio, np.full(W.shape, 1 - 2 * clusters.flip), 1e-12)
    assert np.allclose(
        first_step(7.0 * W, -2 * a, clusters), -2 * first_step(W, a, clusters), rtol=1e-12
    )  # only directions matter


@pytest.mark.claim("thm-first-step", kind="identity")
def test_the_inequality_behind_the_signs():
    """(2Φ(α) - 1) α >= 2 (φ(0) - φ(α)), with equality at 0 to second order and the factor 2 sharp
    there."""
    alpha = np.linspace(-8, 8, 4001)
    k, density = special.erf(alpha / math.sqrt(2)), np.exp(-(alpha**2) / 2) / math.sqrt(2 * math.pi)
    right = 2 * (1 / math.sqrt(2 * math.pi) - density)
    assert np.all(k * alpha >= right) and np.all((k * alpha > right) == (alpha != 0))
    near = (k * alpha / np.where(right == 0, 1, right))[np.abs(np.abs(alpha) - 0.1) < 1e-9]
    assert_close(near, [2.0, 2.0], 0.01)


@pytest.mark.claim("prop-growth", kind="identity")
@given(SEEDS)
def test_growth_is_the_step_along_the_neuron(seed):
    clusters, W, a, _ = problem(seed)
    value, step = growth(W, a, clusters), first_step(W, a, clusters)
    size = np.linalg.norm(W, axis=1) * np.abs(a) * (scale(clusters) + clusters.sigma)
    assert_close(value / size, np.sum(W * step, axis=1) / size, 1e-14)
    favoured = np.abs(W @ clusters.mu_1) - np.abs(W @ clusters.mu_2)
    assert np.all(np.sign(value) == np.sign(a * favoured))


@pytest.mark.claim("prop-growth", kind="quadrature")
@pytest.mark.parametrize("alpha", [0.0, 0.3, -1.7, 5.0])
def test_mean_absolute_is_its_integral(alpha):
    def density(t):
        return abs(alpha + t) * math.exp(-t * t / 2) / math.sqrt(2 * math.pi)

    integral = integrate.quad(density, -12, -alpha)[0] + integrate.quad(density, -alpha, 12)[0]
    assert_close(mean_absolute(np.array(alpha)), integral, 1e-10)
    grid = np.linspace(0, 10, 1001)
    assert np.all(np.diff(mean_absolute(grid)) > 0) and np.array_equal(
        mean_absolute(grid), mean_absolute(-grid)
    )


@pytest.mark.claim("prop-growth", kind="identity")
def test_lengths_change_to_first_order_by_the_growth():
    clusters, W, a, _ = problem(11)
    eta = 1e-6 * np.min(np.linalg.norm(W, axis=1)) / scale(clusters)
    change = (
        np.linalg.norm(W + eta * first_step(W, a, clusters), axis=1) ** 2
        - np.linalg.norm(W, axis=1) ** 2
    ) / (2 * eta)
    assert_close(change, growth(W, a, clusters), 1e-3 * np.abs(growth(W, a, clusters)))


@pytest.mark.claim("cor-first-step-flow", kind="identity")
@given(SEEDS)
def test_the_field_is_the_motion_of_the_alignments(seed):
    clusters, W, a, _ = problem(seed)
    a = np.abs(a)
    length, s = np.linalg.norm(W, axis=1), clusters.separation
    # dτ = (a/8)(1 - 2p) σ dt / |w|, with central differences: the second-order terms cancel.
    dtau = 1e-5
    dt = (dtau * 8 * length / (a * (1 - 2 * clusters.flip) * clusters.sigma))[:, None]
    step = first_step(W, a, clusters)
    after, before = (np.stack(alignment(W + sign * dt * step, clusters)) for sign in (1, -1))
    field = np.stack(alignment_field(*alignment(W, clusters), s))
    assert np.max(np.abs((after - before) / (2 * dtau) - field)) < 1e-6 * (1 + s**5)
    h_1, h_2 = (mean_absolute(alpha) for alpha in alignment(W, clusters))
    lengths = [np.log(np.linalg.norm(W + sign * dt * step, axis=1)) for sign in (1, -1)]
    assert np.max(np.abs((lengths[0] - lengths[1]) / (2 * dtau) - (h_1 - h_2))) < 1e-6 * (1 + s**5)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(
            1.02 * field, (after - before) / (2 * dtau), atol=1e-6 * (1 + s**5), rtol=1e-3
        )


@pytest.mark.claim("cor-first-step-flow", kind="identity")
@given(SEEDS, st.floats(0.05, 6.0))
def test_one_alignment_grows_and_the_other_decays(seed, s):
    rng = np.random.default_rng(seed)
    radius, angle = s * np.sqrt(rng.uniform(0, 0.999, 50)), rng.uniform(0, 2 * math.pi, 50)
    alpha_1, alpha_2 = radius * np.cos(angle), radius * np.sin(angle)
    v_1, v_2 = alignment_field(alpha_1, alpha_2, s)
    assert np.all(np.sign(v_1) == np.sign(alpha_1)) and np.all(np.sign(v_2) == -np.sign(alpha_2))
    # Exchanging the pairs is changing the sign of a, that is the direction of time.
    back_2, back_1 = alignment_field(alpha_2, alpha_1, s)
    assert np.allclose(back_1, -v_1, rtol=1e-12) and np.allclose(back_2, -v_2, rtol=1e-12)


@pytest.mark.claim("cor-first-step-flow", kind="identity")
def test_the_flow_ends_at_its_centre_and_the_length_grows_at_the_stated_rate():
    clusters = XORClusters(d=6, separation=2.0, sigma=0.5, flip=0.1)
    W = np.random.default_rng(2).standard_normal((8, 6))
    a, side = np.repeat([1.0, -1.0], 4) * 0.7, np.sign(W[np.arange(8), np.repeat([0, 1], 4)])
    # Steps in proportion to the length: all neurons turn at the same speed, whatever their length.
    for _ in range(1000):
        before, eta = np.linalg.norm(W, axis=1), 0.3 * np.linalg.norm(W, axis=1)
        W = W + eta[:, None] * first_step(W, a, clusters)
    alphas = np.stack(alignment(W, clusters))[np.repeat([0, 1], 4), np.arange(8)]
    assert_close(alphas, 2.0 * side, 0.001)
    rate = 0.7 / 8 * 0.8 * 0.5 * (mean_absolute(np.array(2.0)) - mean_absolute(np.array(0.0)))
    assert_close((np.linalg.norm(W, axis=1) - before) / eta, np.full(8, rate), 0.001 * rate)


# --- how far a real step is from it


def true_step(W, a, clusters):
    """The expected negative gradient at (W, a) in the plane d = 2, f as it is, by quadrature in
    polar angle and radius."""
    total = np.zeros_like(W)
    angles = np.unique(
        np.concatenate([np.arctan2(W[:, 1], W[:, 0]) + q * math.pi / 2 for q in (-1, 1)])
        % (2 * math.pi)
    )
    ends = np.concatenate([angles, angles[:1] + 2 * math.pi])
    nodes, weights = np.polynomial.legendre.leggauss(40)
    top = scale(clusters) + 9 * clusters.sigma
    r, r_weight = (
        np.concatenate([top * (nodes + k) / 8 for k in range(1, 16, 2)]),
        np.tile(weights * top / 8, 8),
    )
    for lower, upper in itertools.pairwise(ends):
        phi = (lower + upper) / 2 + (upper - lower) / 2 * nodes
        direction = np.stack([np.cos(phi), np.sin(phi)], axis=1)
        x = (r[:, None, None] * direction).reshape(-1, 2)
        area = np.outer(r_weight * r, weights * (upper - lower) / 2).ravel()
        for sign, mu in (
            (1, clusters.mu_1),
            (1, -clusters.mu_1),
            (-1, clusters.mu_2),
            (-1, -clusters.mu_2),
        ):
            law = (
                np.exp(-np.sum((x - mu) ** 2, axis=1) / (2 * clusters.sigma**2))
                / (2 * math.pi * clusters.sigma**2)
                / 4
            )
            f = positive(x @ W.T) @ a
            for y, chance in ((sign, 1 - clusters.flip), (-sign, clusters.flip)):
                weight = area * law * chance * y * special.expit(-y * f)
                total += a[:, None] * ((x @ W.T > 0) * weight[:, None]).T @ x
    return total


@pytest.mark.claim("prop-step-error", kind="quadrature")
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_true_step_is_within_the_bound_and_the_bound_within_reach(seed):
    rng = np.random.default_rng(seed)
    clusters = XORClusters(d=2, separation=1.5, sigma=0.8, flip=0.2)
    W, a = rng.standard_normal((3, 2)), np.abs(rng.standard_normal(3))
    for size in (1e-3, 0.1, 1.0):
        distance = np.linalg.norm(
            true_step(size * W, a, clusters) - first_step(W, a, clusters), axis=1
        )
        bound = smallness_bound(size * W, a, clusters)
        assert np.all(distance <= bound)
    distance = np.linalg.norm(true_step(1e-3 * W, a, clusters) - first_step(W, a, clusters), axis=1)
    assert (
        np.max(distance / smallness_bound(1e-3 * W, a, clusters)) > 0.3
    )  # 1/4 of the slope is sharp at f = 0


@pytest.mark.claim("prop-step-error", kind="quadrature")
def test_one_neuron_reaches_the_bound():
    """f = a [<w, x>]_+ alone, w = |w| e_1, no separation: the difference is (a²|w|/8) σ² e_1 to
    first order; the bound is that times 1."""
    clusters = XORClusters(d=2, separation=1e-6, sigma=1.0)
    W, a = np.array([[1e-4, 0.0]]), np.array([1.0])
    distance = np.linalg.norm(true_step(W, a, clusters) - first_step(W, a, clusters), axis=1)
    assert_close(smallness_bound(W, a, clusters), distance, 1e-3 * distance)


@pytest.mark.claim("prop-step-error", kind="identity")
@given(SEEDS)
def test_the_bound_is_linear_in_the_size_and_below_the_cruder_one(seed):
    clusters, W, a, _ = problem(seed)
    bound = smallness_bound(W, a, clusters)
    assert_close(smallness_bound(3.0 * W, a, clusters), 3 * bound, 1e-6 * np.max(bound))
    crude = (
        np.abs(a)
        / 8
        * (clusters.sigma**2 + scale(clusters) ** 2 / 2)
        * np.sum(np.abs(a) * np.linalg.norm(W, axis=1))
    )
    assert np.all(bound <= crude * (1 + 1e-12))


@pytest.mark.claim("prop-step-error", kind="Monte Carlo")
def test_the_size_of_f_by_simulation():
    clusters, W, a, rng = problem(7)
    x, _, _ = clusters.sample(rng, 400_000)
    f = network(W, a, x)
    exact = (
        4
        * smallness_bound(W, a, clusters)[0]
        / abs(a[0])
        / math.sqrt((clusters.sigma**2 + scale(clusters) ** 2 / 2) / 2)
    )
    sem = np.std(f**2) / math.sqrt(len(x)) / (2 * exact)
    assert_close(exact, math.sqrt(np.mean(f**2)), 4 * sem)


@pytest.mark.claim("prop-step-error", kind="Monte Carlo")
def test_step_deviation_by_simulation():
    clusters = XORClusters(d=4, separation=2.0, sigma=0.6, flip=0.2)
    rng = np.random.default_rng(5)
    W, a, n, repeats = 1e-12 * rng.standard_normal((3, 4)), np.array([1.0, -0.4, 2.0]), 10, 30_000
    x, _, y = clusters.sample(rng, n * repeats)
    parts = (y / 2)[:, None, None] * ((x @ W.T > 0) * a)[:, :, None] * x[:, None, :]
    steps = parts.reshape(repeats, n, 3, 4).mean(1)
    assert np.allclose(steps[0], -loss_gradient(W, a, x[:n], y[:n])[1], rtol=1e-9)
    squares = np.sum((steps - first_step(W, a, clusters)) ** 2, axis=2)
    assert_close(
        step_deviation(W, a, clusters, n), squares.mean(0), 4 * squares.std(0) / math.sqrt(repeats)
    )


# --- random features


@pytest.mark.claim("prop-frozen-xor", kind="quadrature")
@given(SEEDS)
@settings(max_examples=20)
def test_the_target_vector_is_its_integral(seed):
    """One feature: the risk is 1 - c²/Var, every term by an integral over <w, x>."""
    clusters, W, _, _ = problem(seed, m=1)
    w = W[0] / np.linalg.norm(W[0])
    c, mean, square = (
        mean_over_centres(w, clusters, f)
        for f in (lambda y, u: y * max(u, 0), lambda y, u: max(u, 0), lambda y, u: max(u, 0) ** 2)
    )
    captured = c**2 / (square - mean**2)
    assert abs(1 - float(random_features_risk(W, clusters)) - captured) < 1e-9 * (
        1 + 100 * captured
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_risk_of_many_features_in_the_plane_is_cut_by_no_more_than_it_says(seed, monkeypatch):
    """400 features in d = 2, a covariance that is nearly singular: the docstring's 1e-9, against
    the same form with a hundredth of the cut. A cut of 1e-9 is off by 3e-9 or more."""
    clusters = XORClusters(d=2, separation=2.0)
    W = np.random.default_rng(seed).standard_normal((400, 2))
    risk = float(random_features_risk(W, clusters))
    monkeypatch.setattr(amplification, "ROUNDING", 1e-15)
    finer = float(random_features_risk(W, clusters))
    assert abs(risk - finer) < 1e-9
    monkeypatch.setattr(amplification, "ROUNDING", 1e-9)
    assert float(random_features_risk(W, clusters)) - finer > 1e-9


@pytest.mark.claim("prop-frozen-xor", kind="Monte Carlo")
@pytest.mark.parametrize("flip", [0.0, 0.2])
def test_the_risk_by_least_squares_on_a_large_sample(flip):
    clusters = XORClusters(d=4, separation=2.5, sigma=0.7, flip=flip)
    rng = np.random.default_rng(6)
    W = rng.standard_normal((12, 4))
    x, clean, observed = clusters.sample(rng, 400_000)
    features = np.concatenate([np.ones((len(x), 1)), positive(x @ W.T)], axis=1)
    risk = float(random_features_risk(W, clusters))
    for y, truth in ((clean, risk), (observed, 1 - (1 - 2 * flip) ** 2 * (1 - risk))):
        residual = (y - features @ np.linalg.lstsq(features, y)[0]) ** 2
        assert_close(
            truth, residual.mean(), 4 * residual.std() / math.sqrt(len(x)) + 13 * 2 / len(x)
        )


@pytest.mark.claim("prop-frozen-xor", kind="identity")
@given(SEEDS)
@settings(max_examples=30)
def test_the_risk_falls_with_features_and_ignores_their_lengths(seed):
    clusters, W, _, rng = problem(seed, m=16)
    risks = [float(random_features_risk(W[:r], clusters)) for r in (1, 2, 4, 8, 16)]
    assert np.all(np.diff(risks) < 1e-10) and risks[-1] > 0 and risks[0] <= 1 + 1e-12
    scaled = float(random_features_risk(10 ** rng.uniform(-3, 3, (4, 1)) * W[:4], clusters))
    assert abs(scaled - risks[2]) < 1e-10
    doubled = np.concatenate([W[:4], 2 * W[:4]])  # a singular covariance
    assert abs(float(random_features_risk(doubled, clusters)) - risks[2]) < 1e-7


def test_many_features_need_several_blocks(monkeypatch):
    from randomfeatures.beyond import amplification as module

    clusters, W, a, _ = problem(9, m=7)
    whole, bound = random_features_risk(W, clusters), smallness_bound(W, a, clusters)
    monkeypatch.setattr(module, "BLOCK", 20)
    assert abs(float(random_features_risk(W, clusters) - whole)) < 1e-13 and np.allclose(
        smallness_bound(W, a, clusters), bound
    )


# --- libraries, bad input, the larger run


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_torch(dtype):
    clusters, W, a, rng = problem(4)
    x, _, y = clusters.sample(rng, 20)
    tolerance = (
        {"rtol": 2e-3, "atol": 1e-5} if dtype == torch.float32 else {"rtol": 1e-9, "atol": 1e-12}
    )
    tW, ta, tx, ty = (torch.tensor(array, dtype=dtype) for array in (W, a, x, y))
    for function, ours, theirs in [
        (first_step, (W, a, clusters), (tW, ta, clusters)),
        (growth, (W, a, clusters), (tW, ta, clusters)),
        (smallness_bound, (W, a, clusters), (tW, ta, clusters)),
        (step_deviation, (W, a, clusters, 5), (tW, ta, clusters, 5)),
        (network, (W, a, x), (tW, ta, tx)),
        (lambda *args: loss_gradient(*args)[1], (W, a, x, y), (tW, ta, tx, ty)),
        (lambda *args: train(*args, 0.01, 3)[3], (W, a, x, y), (tW, ta, tx, ty)),
    ]:
        value = function(*theirs)
        assert value.dtype == dtype
        assert np.allclose(value.numpy(), function(*ours), **tolerance)
    assert isinstance(random_features_risk(tW, clusters), torch.Tensor)
    assert (
        abs(
            float(random_features_risk(tW.to(torch.float64), clusters))
            - float(random_features_risk(W, clusters))
        )
        < 1e-3
    )
    assert classification_error(tx @ tW[0], ty) == classification_error(x @ W[0], y)


LAW = XORClusters(d=3, separation=1.0)


W3, A2, X3, Y4 = np.ones((2, 3)), np.ones(2), np.ones((4, 3)), np.ones(4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: XORClusters(d=1, separation=1.0), "d must be an integer >= 2, got 1"),
        (
            lambda: XORClusters(d=2, separation=0.0),
            "separation must be a finite real number > 0, got 0.0",
        ),
        (
            lambda: XORClusters(d=2, separation=1.0, sigma=-1.0),
            "sigma must be a finite real number > 0",
        ),
        (
            lambda: XORClusters(d=2, separation=1.0, flip=0.5),
            "flip must be a finite real number >= 0 and < 0.5, got 0.5",
        ),
        (
            lambda: XORClusters(d=2, separation=1.0, flip=-0.1),
            "flip must be a finite real number >= 0 and < 0.5, got -0.1",
        ),
        (lambda: LAW.sample(7, 3), "rng must be a numpy.random.Generator, got 7"),
        (lambda: LAW.sample(np.random.default_rng(0), 0), "n must be an integer >= 1, got 0"),
        (
            lambda: LAW.observed_error(1.5),
            "clean_error must be a finite real number >= 0 and <= 1, got 1.5",
        ),
        (
            lambda: linear_error(np.zeros(3), 0.0, LAW),
            "u must be a vector of length d = 3 that is not zero",
        ),
        (lambda: linear_error(np.ones(2), 0.0, LAW), r"u must be .* got shape \(2,\)"),
        (
            lambda: first_step(np.ones((2, 4)), A2, LAW),
            r"W must have shape \(m, d\) with m >= 1 and d = 3, got \(2, 4\)",
        ),
        (
            lambda: growth(np.array([[1.0, 0, 0], [0, 0, 0]]), A2, LAW),
            "W must hold no zero neuron, got one in row 1",
        ),
        (
            lambda: first_step(W3, np.ones(3), LAW),
            r"a must have an entry for each of the 2 neurons, got shape \(3,\)",
        ),
        (
            lambda: random_features_risk(np.zeros((2, 3)), LAW),
            "W must hold no zero neuron, got one in row 0",
        ),
        (lambda: step_deviation(W3, A2, LAW, 0), "n must be an integer >= 1"),
        (
            lambda: alignment_field(1.0, 1.0, 1.0),
            r"\(alpha_1\*\*2 \+ alpha_2\*\*2\) / separation\*\*2 must be a finite real number <= 1",
        ),
        (lambda: alignment_field(1.0, 1.0, -1.0), "separation must be a finite real number > 0"),
        (lambda: initial_network(np.random.default_rng(0), 3, 2, 0.1), "m must be even, got 3"),
        (
            lambda: initial_network(np.random.default_rng(0), 4, 2, 0.0),
            "omega must be a finite real number > 0",
        ),
        (
            lambda: network(W3, A2, np.ones((4, 2))),
            r"W, a, x must have shapes \(m, d\), \(m,\), \(n, d\), got \(2, 3\), \(2,\), \(4, 2\)",
        ),
        (
            lambda: loss_gradient(W3, A2, X3, np.ones(3)),
            r"y must have a label for each of the 4 samples, got shape \(3,\)",
        ),
        (lambda: loss_gradient(W3, A2, X3, 0.5 * Y4), "y must hold labels -1 and 1 only"),
        (lambda: train(W3, A2, X3, Y4, 0.0, 3), "step must be a finite real number > 0"),
        (
            lambda: train(W3, A2, X3, Y4, 0.1, 3, keep=(4,)),
            "keep must be an integer >= 0 and <= 3, got 4",
        ),
        (
            lambda: train_readout(W3, A2, X3, Y4, 0.0),
            "ridge must be a finite real number > 0, got 0.0",
        ),
        (
            lambda: train_readout(-W3, A2, X3, Y4, 1.0),
            "W must have a neuron that is positive at a sample",
        ),
        (lambda: linear_classifier(X3, Y4, ridge=-1.0), "ridge must be a finite real number > 0"),
        (
            lambda: classification_error(np.ones(3), Y4),
            "y must have a label for each of the 3 samples",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# --- neurons and clusters of every size


@given(SEEDS, st.floats(-300, 300), st.floats(-140, 140))
@settings(max_examples=40)
def test_neurons_and_noise_of_every_size(seed, length, size):
    """Only directions matter in the step; all is in proportion to σ where it should be."""
    clusters, W, a, _ = problem(seed)
    scaled = XORClusters(
        d=clusters.d, separation=clusters.separation, sigma=10**size, flip=clusters.flip
    )
    step = first_step(W, a, clusters) / clusters.sigma
    found = first_step(10**length * W, a, scaled) / 10**size
    assert np.allclose(found, step, rtol=1e-12, atol=1e-14 * np.max(np.abs(step)))
    for here, there in zip(alignment(10**length * W, scaled), alignment(W, clusters), strict=True):
        assert np.allclose(here, there, rtol=1e-13)
    assert (
        abs(
            float(random_features_risk(10**length * W, scaled))
            - float(random_features_risk(W, clusters))
        )
        < 1e-9
    )
    for function, power in ((growth, 1), (smallness_bound, 2)):
        factor = length + power * (size - math.log10(clusters.sigma))
        truth = function(W, a, clusters)
        if abs(factor) < 280 and abs(power * size) < 280:
            assert np.allclose(
                function(10**length * W, a, scaled) / 10**factor, truth, rtol=1e-9, atol=1e-13
            )


def test_what_has_no_number_is_refused():
    clusters = XORClusters(d=2, separation=3.0, sigma=1e200)
    W, a = np.array([[1e200, 0.0]]), np.ones(1)
    for function, name in ((growth, "the growth"), (smallness_bound, "the bound")):
        with pytest.raises(ValueError, match=f"{name} for|{name} of"):
            function(W, a, clusters)
    with pytest.raises(ValueError, match="the deviation for W, a must hold finite numbers"):
        step_deviation(W, a, clusters, 3)
    with pytest.raises(ValueError, match=r"separation \* sigma must be a finite real number > 0"):
        XORClusters(d=2, separation=1e200, sigma=1e200)
    with pytest.raises(ValueError, match="the velocity must be a finite real number"):
        alignment_field(1e199, 1e199, 1e200)
    with pytest.raises(ValueError, match="separation must be a finite real number <= 1e"):
        random_features_risk(W, XORClusters(d=2, separation=1e7))
    assert mean_absolute(1e300) == 1e300


@pytest.mark.claim("prop-step-error", kind="identity")
@given(SEEDS)
def test_the_variances_in_all_directions_are_the_deviation(seed):
    clusters, W, a, rng = problem(seed)
    basis = np.linalg.qr(rng.standard_normal((clusters.d, clusters.d)))[0]
    total = sum(step_variance(W, a, clusters, 7, u) for u in basis)
    truth = step_deviation(W, a, clusters, 7)
    assert_close(total, truth, 1e-12 * np.max(truth))


@pytest.mark.claim("prop-step-error", kind="Monte Carlo")
def test_the_variance_in_a_direction_by_simulation():
    clusters = XORClusters(d=3, separation=2.5, sigma=0.6, flip=0.2)
    W, a = np.array([[1.0, -0.3, 0.4]]), np.array([-0.7])
    x, _, y = clusters.sample(np.random.default_rng(3), 1_000_000)
    for u in np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 2.0, -0.5]]):
        terms = a[0] / 2 * y * (x @ W[0] > 0) * (x @ u)
        squares = (terms - terms.mean()) ** 2
        assert_close(
            step_variance(W, a, clusters, 1, u)[0], squares.mean(), 4 * squares.std() / 1000
        )


@pytest.mark.claim("cor-first-step-flow", kind="identity")
def test_the_rate_of_growth_at_a_centre():
    for s in (0.01, 1.0, 4.0):
        rate = s * special.erf(s / math.sqrt(2)) - math.sqrt(2 / math.pi) * -math.expm1(-s * s / 2)
        assert_close(alignment_growth_rate(s), rate, 1e-14)


@pytest.mark.claim("prop-step-error", kind="identity")
def test_the_bound_by_hand():
    """Two opposite neurons: f = |w_1| |x_1| in law, ‖f‖² = 4 (σ² + s²σ²/2), so the bound is
    exact."""
    clusters = XORClusters(d=2, separation=1.5, sigma=0.8)
    W, a = np.array([[2.0, 0.0], [-2.0, 0.0]]), np.array([1.0, 1.0])
    square = 0.64 * (1 + 1.5**2 / 2)
    assert_close(smallness_bound(W, a, clusters), np.full(2, square / math.sqrt(2) / 2), 1e-13)


def test_flips_in_one_cluster_turn_the_sign_of_the_step():
    """The two numbers of the errata: s = 4, α = (0.1, 0), the component along μ₁.

    Cluster by cluster, with σ = 1 and e = μ₁/|μ₁|: E x·e 1{u·x > 0} = c·e Φ(u·c) + u·e φ(u·c).
    """
    s, alpha = 4.0, 0.1
    centres = [(s, alpha, 1), (-s, -alpha, 1), (0.0, 0.0, -1), (0.0, 0.0, -1)]

    def component(kept):
        density = [math.exp(-(at**2) / 2) / math.sqrt(2 * math.pi) for _, at, _ in centres]
        means = [
            label * (c * special.ndtr(at) + alpha / s * phi)
            for (c, at, label), phi in zip(centres, density, strict=True)
        ]
        return sum(k * mean for k, mean in zip(kept, means, strict=True)) / 4

    w = np.array([[alpha / s, 0.0, math.sqrt(1 - (alpha / s) ** 2)]])
    exact = first_step(w, np.array([2.0]), XORClusters(d=3, separation=s))
    assert_close(component([1, 1, 1, 1]), exact[0, 0], 1e-12)
    assert abs(exact[0, 0] - 0.0796) < 5e-5
    assert abs(component([0.4, 1, 1, 1]) + 0.2458) < 5e-5
