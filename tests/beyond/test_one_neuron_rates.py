"""How fast one neuron is learned: the bounds hold and are near, the first step by sampling, the
hard law, the separation."""

import math

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from one_neuron_parts import PI, SEEDS, pair, plane_mean, positive

from randomfeatures.beyond.one_neuron import (
    angle,
    gradient_descent,
    population_gradient,
    population_loss,
    residual_length,
    sample_gradient,
)
from randomfeatures.foundations.sphere import multiplicity
from randomfeatures.sharp import optimum_tail

# --- gradient descent


def errors(w0, v, step_size, steps):
    path = gradient_descent(lambda w: population_gradient(w, v), w0, step_size, steps)
    return np.linalg.norm(path - v, axis=1) / np.linalg.norm(v)


@pytest.mark.claim("thm-one-neuron", kind="identity")
@given(SEEDS, st.floats(0.05, 2.0))
def test_near_the_target_every_step_contracts(seed, step_size):
    rng = np.random.default_rng(seed)
    v = rng.standard_normal(int(rng.integers(2, 40)))
    u = rng.standard_normal(v.size)
    e = errors(
        v + rng.uniform(0.01, 0.999) * np.linalg.norm(v) * u / np.linalg.norm(u), v, step_size, 15
    )
    floor = 1e-14  # rounding of w near v
    assert np.all(e[1:] <= (1 - step_size / 2) * e[:-1] + step_size / PI * e[:-1] ** 2 + floor)
    assert np.all(e[1:] <= (1 - (1 / 2 - 1 / PI) * step_size) * e[:-1] + floor)
    # The first rate is sharp from v's own ray, where the quadratic term is absent.
    assert_close(
        errors(0.3 * v, v, step_size, 1)[1], (1 - step_size / 2) * 0.7, 1e-14
    ) if step_size < 1.9 else None


@pytest.mark.claim("thm-one-neuron", kind="identity")
@given(SEEDS)
def test_step_two_converges_quadratically_from_every_start(seed):
    w, v = pair(seed)
    theta = angle(w, v)
    e = errors(w, v, 2.0, 8)
    assert_close(e[1], residual_length(theta) / PI, 1e-13 * (1 + e[0]))
    assert e[1] < 1
    assert np.all(e[2:] <= 2 / PI * e[1:-1] ** 2 + 1e-14)
    t = np.arange(1, 9)
    assert np.all(e[1:] <= PI / 2 * (2 / PI * e[1]) ** (2.0 ** (t - 1)) + 1e-14)
    # The constant in the limit is 1/π: take the last error that rounding does not touch.
    last = np.flatnonzero(e[1:] > 1e-6)[-1] + 1
    if 1e-6 < e[last] < 1e-2:
        assert_close(e[last + 1] / e[last] ** 2 * PI, 1.0, 1e-2)


@pytest.mark.claim("thm-one-neuron", kind="identity")
@settings(max_examples=30)
@given(SEEDS, st.floats(0.2, 2.0))
def test_every_start_off_the_opposite_ray_converges(seed, step_size):
    w, v = pair(seed, ratio=10 ** np.random.default_rng(seed).uniform(-1, 1))
    path = gradient_descent(lambda u: population_gradient(u, v), w, step_size, 150)
    e = np.linalg.norm(path - v, axis=1) / np.linalg.norm(v)
    theta = angle(path, v)
    t = np.arange(151)
    assert np.all(np.diff(theta) <= 1e-14)
    assert np.all(e <= (1 - step_size / 2) ** t * e[0] + residual_length(theta[0]) / PI + 1e-13)
    assert e[-1] < 1e-3


@pytest.mark.claim("prop-zero-start", kind="identity")
@pytest.mark.parametrize("step_size", [0.3, 1.0, 2.0])
def test_from_zero_the_path_is_the_ray_of_the_target(step_size):
    v = np.array([0.5, -1.0, 2.0, 0.1])
    path = gradient_descent(lambda w: population_gradient(w, v, 1.0), np.zeros(4), step_size, 10)
    for t, w in enumerate(path):
        assert np.linalg.norm(w - (1 - (1 - step_size / 2) ** t) * v) < 1e-14
    assert step_size != 2.0 or np.array_equal(path[1], v)


@pytest.mark.claim("prop-first-step", kind="Monte Carlo")
@pytest.mark.parametrize("noise", [0.0, 0.8])
def test_error_of_the_first_step_on_samples(noise):
    rng = np.random.default_rng(7)
    d, n, trials, v = 6, 12, 150_000, np.array([1.5, -0.5, 0.2, 0.0, 1.0, 0.3])
    x = rng.standard_normal((trials, n, d))
    y = positive(x @ v) + noise * rng.standard_normal((trials, n))
    first = gradient_descent(lambda w: sample_gradient(w, x[0], y[0], 1.0), np.zeros(d), 2.0, 1)[1]
    w = 2 * np.einsum("tn,tnd->td", y, x) / n
    assert np.allclose(w[0], first, rtol=1e-12)
    squares = np.sum((w - v) ** 2, 1)
    exact = ((2 * d + 3) * (v @ v) + 4 * d * noise**2) / n
    sem = squares.std() / math.sqrt(trials)
    assert 4 * sem < 0.02 * exact
    assert abs(squares.mean() - exact) < 4 * sem


@pytest.mark.claim("prop-first-step", kind="identity")
@given(SEEDS)
def test_the_error_is_at_most_half_the_squared_distance(seed):
    w, v = pair(seed)
    assert 2 * population_loss(w, v) <= (w - v) @ (w - v) / 2 * (1 + 1e-13)
    assert_close(
        2 * population_loss(1.5 * v, v), v @ v / 8, 1e-13 * (v @ v)
    )  # equality on the ray of v


@pytest.mark.claim("prop-frozen-features", kind="quadrature")
@given(SEEDS)
def test_a_step_of_length_two_is_least_squares_in_the_frozen_features(seed):
    w, v = pair(seed)
    theta = float(angle(w, v))
    gram = plane_mean(w, v, lambda x: (x @ w > 0)[:, None, None] * x[:, :, None] * x[:, None, :])
    moment = plane_mean(w, v, lambda x: (positive(x @ v) * (x @ w > 0))[:, None] * x)
    fit = (
        np.linalg.pinv(gram, rcond=1e-8) @ moment
    )  # the quadrature sees the plane of w and v alone; the rest of the fit is zero
    step = gradient_descent(lambda u: population_gradient(u, v), w, 2.0, 1)[1]
    assert (
        np.linalg.norm(step - fit)
        < 1e-12 * (np.linalg.norm(w) + np.linalg.norm(v))
        < 0.02 * np.linalg.norm(v) + 1e-10
    )
    error = v @ v / 2 - moment @ fit
    share = (
        (PI - theta) ** 2
        + 2 * (PI - theta) * math.sin(theta) * math.cos(theta)
        + math.sin(theta) ** 2
    ) / PI**2
    assert_close(error, v @ v / 2 * (1 - share), 1e-12 * (v @ v))


def hard_law(signs):
    """The points of the law of prop-hard-law, each with probability 1/d, and the target."""
    d = len(signs)
    return signs[:, None] * np.eye(d), np.asarray(signs) / math.sqrt(d)


@pytest.mark.claim("prop-hard-law", kind="identity")
def test_descent_stops_short_on_the_hard_law():
    rng = np.random.default_rng(8)
    d = 60
    shift = rng.uniform(-0.5, 0.5, d)
    signs = np.where(shift <= 0, 1.0, -1.0)  # P(s w_i <= 0) >= 1/2 for w_i ~ N(shift_i, 1)
    x, v = hard_law(signs)
    y = positive(x @ v)
    assert np.all(np.linalg.norm(x, axis=1) <= 1) and abs(np.linalg.norm(v) - 1) < 1e-15
    excess = []
    for _ in range(200):
        w0 = shift + rng.standard_normal(d)
        w = gradient_descent(lambda u: sample_gradient(u, x, y, 0.0), w0, 0.5 * d, 60)[-1]
        dead = np.sum(x @ w0 <= 0)
        excess.append(np.mean((positive(x @ w) - y) ** 2) / 2)
        assert_close(excess[-1], dead / (2 * d**2), 1e-12)
    assert np.all(np.array(excess) >= 1 / (8 * d))
    assert sample_gradient(v, x, y, 0.0) @ v == 0


@pytest.mark.claim("prop-hard-law", kind="certified")
def test_the_probability_of_the_hard_law():
    """P(Bin(d, 1/2) < d/4) against Hoeffding's e^{-d/8}, exactly; the exponent is within a factor
    1.05 of the truth's."""
    for d in (1, 4, 8, 40, 200, 1000):
        below = sum(math.comb(d, k) for k in range(math.ceil(d / 4)))
        assert below / 2**d <= math.exp(-d / 8)
    assert math.log(2**1000 / below) / (1000 / 8) < 1.09


# --- the separation


@pytest.mark.claim("cor-separation", kind="certified")
def test_the_features_needed_are_exponentially_many():
    """The count of the sharp limit is at least 4^d / sqrt(d) over 2, in integers, and the steps of
    descent are as stated."""
    for d in range(10, 400, 2):
        count = multiplicity(d, d + 2)
        assert count * (d + 2) == (3 * d + 2) * math.comb(2 * d - 1, d + 1)
        assert count >= math.comb(2 * d, d) and 4 * count**2 * d >= 16**d
        assert 1.09 < count / math.comb(2 * d, d) < 1.5
    for d in (
        10,
        30,
        100,
    ):  # the error of the corollary is below half of what lies beyond degree d, and not far below
        lower, _ = optimum_tail.tail_constant(d)
        assert 1 <= 154 * lower / 2 < 1.2


@pytest.mark.claim("cor-separation", kind="identity")
@pytest.mark.parametrize("d", [10, 100, 1000])
def test_the_steps_and_the_samples_of_the_separation(d):
    rng = np.random.default_rng(d)
    v = rng.standard_normal(d)
    rho2 = v @ v
    error = rho2 / (154 * d**1.5)
    steps = math.ceil(math.log2(math.log(190 * d**1.5) / math.log(PI / 2))) - 1
    u = rng.standard_normal(d)
    path = gradient_descent(
        lambda w: population_gradient(w, v),
        v + 0.999 * math.sqrt(rho2) * u / np.linalg.norm(u),
        2.0,
        steps,
    )
    assert 2 * population_loss(path[-1], v) <= error
    assert (
        PI**2 / 8 * (2 / PI) ** (2 ** (steps + 1))
        <= error / rho2
        < PI**2 / 8 * (2 / PI) ** (2**steps)
    )
