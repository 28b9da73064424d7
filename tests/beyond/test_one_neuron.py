"""One neuron: closed forms against quadrature and autograd, inequalities valid and sharp, the start
that fails."""

import math

import numpy as np
import pytest
import torch
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from one_neuron_parts import PI, SEEDS, pair, plane_mean, positive
from scipy import integrate, optimize

from randomfeatures.beyond.one_neuron import (
    angle,
    contraction_constant,
    gradient_descent,
    population_gradient,
    population_loss,
    residual_length,
    sample_gradient,
)
from randomfeatures.foundations.dual_activations import dual_relu_general


def by_quadrature(w, v):
    loss = plane_mean(w, v, lambda x: (positive(x @ w) - positive(x @ v)) ** 2 / 2)
    return loss, plane_mean(
        w, v, lambda x: ((positive(x @ w) - positive(x @ v)) * (x @ w > 0))[:, None] * x
    )


def ratio_of(w, v):
    """<∇L(w), w - v> / ‖w - v‖²."""
    return population_gradient(w, v) @ (w - v) / ((w - v) @ (w - v))


# --- loss and gradient


@pytest.mark.claim("prop-population-gradient", kind="quadrature")
@given(SEEDS)
def test_loss_and_gradient_against_quadrature(seed):
    w, v = pair(seed)
    loss, gradient = by_quadrature(w, v)
    scale = (np.linalg.norm(w) + np.linalg.norm(v)) ** 2
    assert_close(population_loss(w, v), loss, 1e-13 * scale)
    size = np.linalg.norm(gradient)
    assert (
        np.linalg.norm(population_gradient(w, v) - gradient)
        < 1e-13 * math.sqrt(scale)
        < 0.02 * size
    )


@pytest.mark.claim("prop-population-gradient", kind="identity")
@given(SEEDS)
def test_loss_is_the_dual_activations_and_gradient_its_derivative(seed):
    w, v = pair(
        seed, theta=np.random.default_rng(seed).uniform(0.05, PI - 0.05), ratio=0.1 + seed % 7
    )
    ww, vv, wv = w @ w, v @ v, w @ v
    means = [
        float(dual_relu_general(np.asarray(a), b, c))
        for a, b, c in ((ww, ww, ww), (vv, vv, vv), (ww, vv, wv))
    ]
    assert_close(population_loss(w, v), (means[0] + means[1]) / 2 - means[2], 1e-14 * (ww + vv))

    moving, target = torch.tensor(w, requires_grad=True), torch.tensor(v)
    lengths = torch.linalg.vector_norm(moving) * torch.linalg.vector_norm(target)
    rho = moving @ target / lengths
    t = torch.acos(rho)
    (
        (moving @ moving + target @ target) / 4
        - lengths * (torch.sin(t) + (PI - t) * rho) / (2 * PI)
    ).backward()
    wrong, size = (
        np.linalg.norm(population_gradient(w, v) - moving.grad.numpy()),
        np.linalg.norm(moving.grad.numpy()),
    )
    # An arc cosine amplifies the rounding of rho by 1 / sin ϑ, its derivative once more; the angle
    # is at least 0.05 here.
    assert wrong < 1e-11 * (math.sqrt(ww) + math.sqrt(vv)) < 0.02 * size


@pytest.mark.claim("prop-population-gradient", kind="Monte Carlo")
def test_the_mean_of_the_sampled_gradient_is_the_population_gradient():
    w, v = pair(5, d=4, theta=2.0, ratio=3.0)
    x = np.random.default_rng(1).standard_normal((600_000, 4))
    y = positive(x @ v)
    values = ((positive(x @ w) - y) * (x @ w > 0))[:, None] * x
    assert np.allclose(sample_gradient(w, x, y), values.mean(0), rtol=1e-12)
    sem = np.linalg.norm(values.std(0)) / math.sqrt(len(x))
    truth = population_gradient(w, v)
    assert 4 * sem < 0.02 * np.linalg.norm(truth)
    assert np.linalg.norm(values.mean(0) - truth) < 4 * sem


def test_no_digits_are_lost_near_the_target():
    """At w = v + small e the loss is e'Ae/2 with A = E xx' 1{<v, x> > 0} = I/2, up to the third
    order in e."""
    for size in (1e-3, 1e-6, 1e-9, 1e-12):
        e = size * np.array([0.6, 0.8, 0.0])
        v = np.array([0.0, 0.0, 1.0])
        w = v + e
        exact = (
            (w - v) @ (w - v) / 4 * (1 - 2 * size / (3 * PI))
        )  # ϑ = size up to its cube: sin ϑ - ϑ cos ϑ = ϑ³/3
        assert abs(population_loss(w, v) / exact - 1) < max(1e-13, 2 * size**2)
        difference = population_gradient(w, v) - (w - v) / 2
        assert np.linalg.norm(difference) / (size**2 / (2 * PI)) < 1 + 1e-6


def test_the_angle_keeps_its_digits_near_zero_and_pi():
    v = np.array([3.0, 0.0])
    for small in (1e-15, 1e-9, 1e-3, 1.0):
        w = 7.0 * np.array([math.cos(small), math.sin(small)])
        assert abs(float(angle(w, v)) - small) < 2e-16 * (1 + small) and float(angle(w, v)) > 0
        assert abs(float(angle(-w, v)) - (PI - small)) < 5e-16


def test_huge_and_tiny_vectors():
    w, v = pair(3, d=5)
    for scale in (1e-150, 1e150):
        assert_close(
            population_loss(scale * w, scale * v) / scale**2,
            population_loss(w, v),
            1e-13 * population_loss(w, v),
        )
    assert np.allclose(
        population_gradient(1e-300 * w, v), population_gradient(1e-100 * w, v), rtol=1e-13
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_batches_and_torch(dtype):
    rng = np.random.default_rng(2)
    w, v = rng.standard_normal((3, 1, 4)), rng.standard_normal((2, 4))
    w[1], v[1] = 0.0, 0.0
    tw, tv = torch.tensor(w, dtype=dtype), torch.tensor(v, dtype=dtype)
    loss, gradient = population_loss(tw, tv), population_gradient(tw, tv, 0.7)
    assert (
        loss.dtype == gradient.dtype == dtype
        and loss.shape == (3, 2)
        and gradient.shape == (3, 2, 4)
    )
    assert np.all(population_gradient(w, v, 0.7)[1, 0] == -0.35 * v[0]) and np.all(
        population_gradient(w, v, 0.7)[1, 1] == 0
    )
    tolerance = 1e-5 if dtype == torch.float32 else 1e-14
    for i in range(3):
        for j in range(2):
            assert abs(float(loss[i, j]) - float(population_loss(w[i, 0], v[j]))) < tolerance
            assert np.allclose(
                gradient[i, j].numpy(),
                population_gradient(w[i, 0], v[j], 0.7),
                atol=tolerance,
                rtol=0,
            )
    x, y = rng.standard_normal((50, 4)), rng.standard_normal(50)
    batch = sample_gradient(w[:, 0], x, y, 0.7)
    assert batch.shape == (3, 4)
    for i in range(3):
        assert np.allclose(batch[i], sample_gradient(w[i, 0], x, y, 0.7), atol=1e-14, rtol=0)


@pytest.mark.claim("prop-zero-start", kind="identity")
def test_the_origin_needs_a_derivative_at_zero():
    v = np.array([1.0, -2.0, 0.5])
    rng = np.random.default_rng(4)
    x = rng.standard_normal((10, 3))
    y = positive(x @ v)
    with pytest.raises(
        ValueError,
        match=r"no zero vector, or derivative_at_zero be given, got one at index \(1,\)",
    ):
        population_gradient(np.array([[1.0, 0, 0], [0.0, 0, 0]]), v)
    with pytest.raises(
        ValueError, match="derivative_at_zero must be a number where some <w, x_i> = 0, got None"
    ):
        sample_gradient(np.zeros(3), x, y)
    assert np.array_equal(population_gradient(np.zeros(3), v, 1.0), -v / 2)
    assert np.allclose(sample_gradient(np.zeros(3), x, y, 1.0), -(y @ x) / 10, rtol=1e-14)
    assert np.array_equal(population_gradient(np.zeros(3), v, 0.0), np.zeros(3))
    assert population_loss(np.zeros(3), v) == v @ v / 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: population_loss(np.ones(2), np.ones(3)),
            r"w, v must have shapes \(..., d\) that broadcast together, got \(2,\), \(3,\)",
        ),
        (lambda: population_loss(np.ones((2, 3)), np.ones((4, 3))), "broadcast together"),
        (lambda: population_loss(np.array(1.0), np.array(1.0)), "broadcast together"),
        (lambda: population_loss(np.zeros((0,)), np.zeros((0,))), "broadcast together"),
        (
            lambda: population_gradient(np.array([1.0, np.nan]), np.ones(2)),
            "w must hold finite numbers, got nan",
        ),
        (lambda: angle(np.zeros(2), np.ones(2)), "w must hold no zero vector"),
        (lambda: angle(np.ones(2), np.zeros(2)), "v must hold no zero vector"),
        (
            lambda: contraction_constant(np.array(3.2)),
            "angle must be a finite real number >= 0 and <= 3.14159, got 3.2",
        ),
        (lambda: residual_length(np.array(-0.1)), "angle must be a finite real number >= 0"),
        (lambda: sample_gradient(np.ones(2), np.ones((3, 2)), np.ones(4)), "must have shapes"),
        (lambda: sample_gradient(np.ones(2), np.ones((0, 2)), np.ones(0)), "must have shapes"),
        (lambda: sample_gradient(np.ones(2), np.ones(2), np.ones(2)), "x must have 2 axes"),
        (
            lambda: gradient_descent(lambda w: w, np.ones(2), 0.0, 3),
            "step_size must be a finite real number > 0, got 0.0",
        ),
        (
            lambda: gradient_descent(lambda w: w, np.ones(2), 0.5, -1),
            "steps must be an integer >= 0, got -1",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# --- the contraction


def least_ratio(theta):
    """The least <∇L(w), w - v> / ‖w - v‖² over the lengths of w at angle theta, by search."""
    lengths = np.append(np.geomspace(1e-9, 1e9, 400), 1.0)
    direction, v = np.array([math.cos(theta), math.sin(theta)]), np.array([1.0, 0.0])
    w = lengths[:, None] * direction
    ratios = np.sum(population_gradient(w, v) * (w - v), 1) / np.sum((w - v) ** 2, 1)
    middle = math.log(lengths[np.argmin(ratios)])
    search = optimize.minimize_scalar(
        lambda u: ratio_of(math.exp(u) * direction, v),
        bounds=(middle - 1, middle + 1),
        method="bounded",
    )
    return min(float(search.fun), float(np.min(ratios)))


@pytest.mark.claim("lem-contraction", kind="identity")
@pytest.mark.parametrize("theta", [1e-3, 0.3, 1.0, PI / 2, 1.7, 1.85, 1.934, 1.94, 2.0, 2.5, 3.0])
def test_the_contraction_constant_is_the_least_ratio_at_its_angle(theta):
    """Valid and sharp: on both branches of the formula, beside the angle where they meet, and
    nearly at both ends."""
    assert_close(contraction_constant(np.array(theta)), least_ratio(theta), 3e-9)


@pytest.mark.claim("lem-contraction", kind="identity")
def test_the_contraction_constant_at_its_ends():
    assert float(contraction_constant(np.array(0.0))) == 0.5
    assert 0 <= float(contraction_constant(np.array(PI))) < 1e-16
    for small in (1e-3, 1e-2):  # π - ϑ + sin ϑ cos ϑ = 2 small³/3 (1 - small²/5 + ...)
        assert_close(
            contraction_constant(np.array(PI - small)) / (small**3 / (3 * PI)),
            1.0,
            small**2 / 4 + 2e-15 / small**3 / (2 * PI),
        )
    assert_close(
        contraction_constant(np.array(PI / 2)), 3 / 8 - math.sqrt(PI**2 + 4) / (8 * PI), 1e-15
    )
    angles = np.linspace(0, PI, 2001)
    m = contraction_constant(angles)
    assert np.all(np.diff(m) < 0) and np.all(
        np.diff(m) > -1e-3
    )  # decreasing, and no jump where the branches meet
    simple = (PI - angles - np.sin(angles)) / (2 * PI)
    assert (
        np.all(simple <= m + 1e-16) and np.max(m / np.maximum(simple, 1e-300)) > 3.9
    )  # the simple constant loses a factor up to 4


@pytest.mark.claim("lem-contraction", kind="identity")
@given(SEEDS)
def test_contraction_in_every_dimension(seed):
    w, v = pair(seed)
    theta = angle(w, v)
    gradient, e = population_gradient(w, v), w - v
    assert ratio_of(w, v) >= contraction_constant(theta) - 1e-13
    assert np.linalg.norm(gradient) <= np.linalg.norm(e) / 2 * (1 + 1e-13)
    rest = 2 * PI * np.linalg.norm(gradient - e / 2)
    assert abs(rest - np.linalg.norm(v) * residual_length(theta)) < 1e-13 * (
        np.linalg.norm(w) + np.linalg.norm(v)
    )


@pytest.mark.claim("lem-contraction", kind="identity")
def test_the_gradient_bound_is_reached_on_the_ray_of_the_target():
    v = np.array([0.3, -1.2, 2.0])
    for factor in (0.01, 0.5, 3.0):
        w = factor * v
        assert_close(np.linalg.norm(population_gradient(w, v)), np.linalg.norm(w - v) / 2, 1e-15)


@pytest.mark.claim("lem-contraction", kind="quadrature")
def test_the_residual_length_is_its_integral_and_below_its_bounds():
    for theta in (0.01, 0.5, 1.5, 2.5, PI):
        integral = 4 * integrate.quad(lambda t: t * math.sin(t) ** 2, 0, theta, epsabs=0)[0]
        assert_close(residual_length(np.array(theta)) ** 2, integral, 1e-12 * integral)
    theta = np.linspace(1e-3, PI, 1000)
    length = residual_length(theta)
    assert np.all(length <= theta**2) and np.all(length <= 4 * np.sin(theta / 2) ** 2)
    assert length[0] > 0.99999 * theta[0] ** 2  # both bounds are sharp near zero
    assert np.all(1.02 * length[:10] > 4 * np.sin(theta[:10] / 2) ** 2)


# --- the failures


@pytest.mark.claim("prop-bad-start", kind="identity")
@pytest.mark.parametrize("c", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("step_size", [0.1, 1.0, 1.9])
def test_from_the_opposite_ray_descent_goes_to_zero(c, step_size):
    v = np.array([2.0, 0.0, 0.0])  # on an axis, so that w = -cv is opposite without rounding
    path = gradient_descent(lambda w: population_gradient(w, v), -c * v, step_size, 30)
    t = np.arange(31)[:, None]
    assert np.max(np.abs(path - -c * (1 - step_size / 2) ** t * v)) < 1e-15 * (1 + c)
    losses = population_loss(path, v)
    assert_close(
        losses, (1 + c**2 * (1 - step_size / 2) ** (2 * t[:, 0])) * 4 / 4, 1e-12 * (1 + c**2)
    )
    assert np.all(losses >= population_loss(np.zeros(3), v) - 1e-14)


@pytest.mark.claim("prop-bad-start", kind="quadrature")
def test_the_gradient_opposite_to_the_target():
    v, tilt = np.array([2.0, 0.0]), 1e-7  # the quadrature needs a plane
    w = -3 * np.array([math.cos(tilt), math.sin(tilt)])
    assert np.linalg.norm(by_quadrature(w, v)[1] - w / 2) < 1e-6


# --- vectors of every size


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VECTORS = st.lists(NUMBERS, min_size=2, max_size=2)


@given(VECTORS, VECTORS)
def test_loss_and_gradient_are_right_or_refused_at_every_size(w, v):
    """Against the same vectors scaled to size one, where the numbers are checked elsewhere."""
    scale = max(map(abs, w + v))
    if scale < 1e-300:
        assert population_loss(w, v) == 0 and not np.any(population_gradient(w, v, 0.0))
        return
    a, b = (np.array(vector) / scale for vector in (w, v))
    gradient = population_gradient(a, b, 0.0)
    assert np.allclose(population_gradient(w, v, 0.0) / scale, gradient, rtol=0, atol=1e-15)
    loss = float(population_loss(a, b)) * scale * scale
    if not math.isfinite(loss):
        with pytest.raises(ValueError, match=r"the loss of w, v must be a finite real number"):
            population_loss(w, v)
    else:
        # v - w is known to the last digit of v and w only.
        assert abs(float(population_loss(w, v)) - loss) <= 1e-14 * scale * scale + 1e-307


def test_a_loss_that_was_not_a_number():
    with pytest.raises(ValueError, match="the loss of w, v must be a finite real number, got inf"):
        population_loss((1e200, 0), (0, 1e200))
    assert population_loss((1e-200, 0), (0, 1e-200)) == 0
    assert float(population_loss((1e150, 0), (0, 1e150))) == pytest.approx(
        1e300 * float(population_loss((1, 0), (0, 1))), rel=1e-14
    )
    with pytest.raises(ValueError, match="the products of w and x must hold finite numbers"):
        sample_gradient((1e200, 0), [[1e200, 1.0]], [0.0])
    with pytest.raises(ValueError, match="w must hold finite numbers"):
        gradient_descent(lambda w: -1e308 * w, np.array([2.0, 3.0]), 10.0, 1)


def test_lists_and_integers_are_arrays():
    assert population_loss([2, 0], [1, 0]) == 0.25
    assert np.array_equal(population_gradient([3, 0], np.array([1, 0])), [1.0, 0.0])
    assert np.array_equal(sample_gradient([2, -1], [[1, 0], [0, 2]], [1, 3]), [0.5, 0.0])
    assert float(angle([1, 0], torch.tensor([0.0, 2.0]))) == pytest.approx(PI / 2)
    assert float(contraction_constant(0)) == 0.5
