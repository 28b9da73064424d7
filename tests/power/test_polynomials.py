"""Sampling and polynomials: identities in exact fractions, averages of neurons by quadrature and by
sampling, bounds from both sides.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from random_polynomials import random_polynomial
from scipy import integrate

from randomfeatures.foundations import sphere
from randomfeatures.foundations.activations import relu
from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.relu_spectrum import relu_eigenvalue
from randomfeatures.power.polynomials import (
    ball_coefficient,
    ball_constant,
    ball_width,
    blind_energy,
    coefficient_function,
    harmonics_need,
    homogenize,
    power_coefficients,
    sampling_constant,
    sampling_second_moment,
    second_moment_bound,
    training_budget,
    width,
)
from randomfeatures.power.polynomials_bounds import (
    ball_constant_bound,
    pointwise_width,
)
from randomfeatures.power.polynomials_harmonics import evaluate, harmonic_parts, inner_product
from randomfeatures.power.sampling import sampling_error
from randomfeatures.power.training_both_layers import excess_bound, step_size

SEEDS = st.integers(0, 2**32 - 1)
CUBIC = {(1, 1, 1): 2, (2, 0, 0): 1, (0, 1, 0): -1, (0, 0, 0): Fraction(1, 2)}
VISIBLE = {(4, 0, 0): 1, (1, 1, 0): 2, (1, 0, 0): -1, (0, 0, 0): 3}


def sphere_rule(x, n=120):
    """Nodes and weights of E_w on S^2 for functions with a kink at <w, x> = 0 and smooth elsewhere:
    Gauss rules and an angle.
    """
    t, weight = np.polynomial.legendre.leggauss(n)
    t = np.concatenate([(t - 1) / 2, (t + 1) / 2])
    frame = np.linalg.qr(np.column_stack([x, np.eye(3)]))[0]
    frame[:, 0] = x / np.linalg.norm(x)
    phi = 2 * np.pi * np.arange(40) / 40
    w = t[:, None, None] * frame[:, 0] + np.sqrt(1 - t**2)[:, None, None] * (
        np.cos(phi)[:, None] * frame[:, 1] + np.sin(phi)[:, None] * frame[:, 2]
    )
    return w.reshape(-1, 3), np.repeat(np.concatenate([weight, weight]) / 4, 40) / 40


# --- harmonic parts ------------------------------------------------------------------------------


@pytest.mark.claim("lem-harmonic-coefficients", kind="quadrature")
@pytest.mark.parametrize("d", [2, 3, 5, 12])
def test_relu_eigenvalues_against_quadrature(d):
    def mean(g):
        return integrate.quad(
            lambda a: g(np.array(math.sin(a))) * math.cos(a) ** (d - 2),
            0,
            math.pi / 2,
            epsabs=1e-14,
        )[0]

    norm = 2 * mean(lambda t: 1.0)
    values = [relu_eigenvalue(d, k) for k in range(9)]
    quadrature = [
        mean(lambda t, k=k: float(t * sphere.gegenbauer(d, k, t))) / norm for k in range(9)
    ]
    assert_close(values[:2] + values[2::2], quadrature[:2] + quadrature[2::2], 1e-13)
    assert max(map(abs, quadrature[3::2])) < 1e-13
    assert values[3::2] == [0.0] * 3
    assert 1 / (2 * math.pi * d) <= values[0] ** 2 <= 1 / (4 * d)
    assert np.all(np.diff(np.abs([values[0], values[1], *values[2::2]])) <= 1e-16)


# --- polynomials on the sphere -------------------------------------------------------------------


@pytest.mark.claim("thm-polynomials-sphere", kind="quadrature")
@given(seed=SEEDS)
@settings(max_examples=15)
def test_the_average_of_neurons_is_the_polynomial(seed):
    p = random_polynomial(seed, degree=4, parity=0) | {(1, 0, 0): 2, (0, 0, 1): -1}
    x = sphere.sample_sphere(np.random.default_rng(seed), 1, 3)
    w, weights = sphere_rule(x[0])
    average = weights @ (evaluate(coefficient_function(p), w) * relu(w @ x[0]))
    assert abs(average - evaluate(p, x)[0]) < 1e-10 * (1 + sampling_constant(p))
    assert_close(average, evaluate(p, x)[0], 0.005 * max(abs(average), 1e-6))


@pytest.mark.claim("thm-polynomials-sphere", kind="quadrature")
def test_second_moment_constant_and_width():
    """E c² over the sphere by quadrature, the supremum on a grid, the bounds of part 3, the width
    on both sides of its threshold.
    """
    w, weights = sphere_rule(np.array([0.6, 0.0, 0.8]))
    for p in (VISIBLE, {(1, 0, 0): 1}, {(1, 1, 0): 3}, {(2, 0, 0): 1, (0, 4, 0): 1}):
        c = evaluate(coefficient_function(p), w)
        assert_close(
            sampling_second_moment(p), weights @ c**2 / 6, 1e-9 * sampling_second_moment(p)
        )
        assert np.max(np.abs(c)) <= sampling_constant(p) <= 4 * np.max(np.abs(c))
        q = max(2, max(sum(alpha) for alpha in p))
        norm2 = float(inner_product(p, p))
        assert (
            sampling_second_moment(p)
            <= norm2 / (6 * relu_eigenvalue(3, q) ** 2) * (1 + 1e-12)
            <= math.pi * (q + 2) ** q * norm2
        )
        excess = sampling_second_moment(p) - norm2
        r = width(p, 0.01)
        assert sampling_error(sampling_second_moment(p), norm2, r) <= 0.01 * (1 + 1e-9)
        assert r == 1 or excess / (r - 1) > 0.01
    assert_close(sampling_constant({(1, 1, 0, 0): 1}), 0.5 / relu_eigenvalue(4, 2), 1e-12)


@pytest.mark.claim("thm-polynomials-sphere", kind="Monte Carlo")
def test_the_error_of_sampled_coefficients():
    """Dimension 4, 2 x_1 x_2 + x_3: the exact error of each of 400 draws, its mean against (M -
    ‖f‖²)/r.
    """
    p, d, r, rng = {(1, 1, 0, 0): 2, (0, 0, 1, 0): 1}, 4, 60, np.random.default_rng(5)
    errors = []
    for _ in range(400):
        w = sphere.sample_sphere(rng, r, d)
        u = evaluate(coefficient_function(p), w) / r
        h = sum(relu_eigenvalue(d, k) * evaluate(f, w) for k, f in harmonic_parts(p).items())
        errors.append(
            inner_product(p, p) - 2 * u @ h + u @ (dual_relu(np.clip(w @ w.T, -1, 1)) / d) @ u
        )
    exact = sampling_error(sampling_second_moment(p), float(inner_product(p, p)), r)
    assert abs(np.mean(errors) - exact) < 4 * np.std(errors) / 20 < 0.2 * exact


@pytest.mark.claim("thm-polynomials-sphere", kind="identity")
@pytest.mark.parametrize("q", [2, 4, 6, 8])
def test_the_bound_of_a_degree_is_near_the_largest_second_moment(q):
    """The worst f of degree q is a harmonic, with M = 1/(2d η_q²); as d grows, the bound exceeds it
    by a known factor.

    By Stirling's formula η_q² ~ ((q-3)!!)² / (2π d^{q+1}), so the ratio of the bound to M tends to
    1.
    """
    for d, room in ((3, None), (10, None), (10**5, 1e-3)):
        worst = 1 / (2 * d * relu_eigenvalue(d, q) ** 2)
        bound = second_moment_bound(d, q)
        assert worst <= bound
        if room:
            assert_close(bound, worst, room * worst)


@pytest.mark.claim("thm-polynomials-sphere", kind="quadrature")
@pytest.mark.parametrize("d", [2, 3, 6])
def test_the_pointwise_error_is_attained_by_the_sign(d):
    """E (f(x) - N(x))² = (E c² [<w,x>]_+² - f(x)²)/r: with |c| = C, as for f = x_1 at x_1 = 0,
    exactly C²/(2dr).
    """

    def mean(g):  # over w_1 = sin φ, density cos^{d-2} φ
        angles = (-math.pi / 2, math.pi / 2)
        return integrate.quad(
            lambda a: g(math.sin(a)) * math.cos(a) ** (d - 2), *angles, points=[0]
        )[0]

    assert_close(mean(lambda t: max(t, 0) ** 2) / mean(lambda t: 1), 1 / (2 * d), 1e-12)


def test_bounds_of_a_degree_refuse_what_no_float_holds():
    assert second_moment_bound(10**6, 50) > 1e240
    with pytest.raises(ArithmeticError, match=r"above the largest float for d = 1000000, q = 70"):
        second_moment_bound(10**6, 70)


@pytest.mark.claim("prop-polynomials-lower", kind="quadrature")
def test_every_subspace_loses_all_but_its_dimension():
    """Degree 2 on S^2, N = 5: the mean energy of a random harmonic in a span of r neurons is at
    most r/5, and the harmonics attain it.
    """
    w, weights = sphere_rule(np.array([0.0, 0.6, 0.8]))
    forms = [
        {(1, 1, 0): 1},
        {(1, 0, 1): 1},
        {(0, 1, 1): 1},
        {(2, 0, 0): 1, (0, 2, 0): -1},
        {(0, 0, 2): 2, (2, 0, 0): -1, (0, 2, 0): -1},
    ]
    Y = np.array([evaluate(f, w) / math.sqrt(inner_product(f, f)) for f in forms])
    assert np.allclose((Y * weights) @ Y.T, np.eye(5), atol=1e-12)
    assert_close(harmonics_need(3, 2, 0.4), 3.0, 1e-15)  # three features leave 2/5 of the energy
    directions = sphere.sample_sphere(np.random.default_rng(6), 3, 3)
    for features in (relu(directions @ w.T), Y[:3]):
        e = np.linalg.qr((features * np.sqrt(weights)).T)[0].T / np.sqrt(weights)
        energy = np.sum(((Y * weights) @ e.T) ** 2) / 5
        assert energy <= 3 / 5 * (1 + 1e-12)
    assert_close(energy, 3 / 5, 1e-12)


# --- blindness -----------------------------------------------------------------------------------


@pytest.mark.claim("prop-blind-polynomials", kind="identity")
def test_blind_energy_and_the_odd_part_of_a_network():
    assert (
        blind_energy({(3, 0, 0, 0, 0, 0): 2})
        == inner_product({(3, 0, 0, 0, 0, 0): 2}, {(3, 0, 0, 0, 0, 0): 2}) / 4
    )
    assert blind_energy({(1, 1, 1): 1}) == Fraction(1, 105)
    assert blind_energy(VISIBLE) == 0
    rng = np.random.default_rng(7)
    w, u, x = rng.standard_normal((9, 3)), rng.standard_normal(9), rng.standard_normal((20, 3))
    odd = (relu(x @ w.T) @ u - relu(-x @ w.T) @ u) / 2
    assert_close(odd, x @ (w.T @ u) / 2, 1e-13)


@pytest.mark.claim("prop-blind-polynomials", kind="quadrature")
def test_no_fit_goes_below_the_blind_energy():
    """The best fit of x_1³ + x_2² by 30 bias-free neurons on the sphere, by quadrature: above the
    bound, and close to it.
    """
    rng = np.random.default_rng(8)
    p, (x, weights) = {(3, 0, 0): 1, (0, 2, 0): 1}, sphere_rule(np.array([0.0, 0.0, 1.0]))
    features = relu(x @ sphere.sample_sphere(rng, 30, 3).T)
    root = np.sqrt(weights)
    u = np.linalg.lstsq(features * root[:, None], evaluate(p, x) * root, rcond=None)[0]
    error = weights @ (features @ u - evaluate(p, x)) ** 2
    assert blind_energy(p) * 0.999 <= error <= 1.05 * blind_energy(p)


@pytest.mark.parametrize(
    "function",
    [coefficient_function, sampling_second_moment, sampling_constant, lambda p: width(p, 0.1)],
)
def test_blind_targets_are_refused(function):
    with pytest.raises(ValueError, match=r"odd degree >= 3 on the sphere, got degrees \[3\]"):
        function(CUBIC)


# --- with a bias ---------------------------------------------------------------------------------


@pytest.mark.claim("thm-polynomials-bias", kind="identity")
@given(seed=SEEDS)
@settings(max_examples=25)
def test_homogenized_polynomials_are_even_and_agree_on_the_latitude(seed):
    p = random_polynomial(seed)
    F = homogenize(p)
    x = sphere.sample_sphere(np.random.default_rng(seed), 4, 3)
    y = np.column_stack([x, np.ones(4)]) / math.sqrt(2)
    assert np.allclose(evaluate(F, y), evaluate(p, x), rtol=1e-12, atol=1e-12)
    degrees = {sum(alpha) for alpha in F}
    assert len(degrees) == 1
    assert degrees.pop() % 2 == 0
    assert blind_energy(F) == 0


@pytest.mark.claim("thm-polynomials-bias", kind="quadrature")
@pytest.mark.parametrize("point", [0.3, 1.9, 4.4])
def test_the_average_on_the_latitude(point):
    """Part 1 in d = 2, degree 3 with all lower parts: neurons on S^2 at y = (x, 1)/√2, by
    quadrature; and E (f(x) - N(x))² = (E c² [<w,y>]_+² - f(x)²)/r is at most C²/(2 (d+1) r).
    """
    p = {(3, 0): 1, (1, 1): -2, (0, 1): 1, (0, 0): 0.5}
    x = np.array([[math.cos(point), math.sin(point)]])
    F, y = homogenize(p), np.append(x, 1) / math.sqrt(2)
    w, weights = sphere_rule(y)
    c, neuron = evaluate(coefficient_function(F), w), relu(w @ y)
    value = evaluate(p, x)[0]
    assert_close(weights @ (c * neuron), value, 1e-9)
    for r in (1, 7):
        error = (weights @ (c * neuron) ** 2 - value**2) / r
        assert error <= sampling_constant(F) ** 2 / (2 * 3 * r)
    assert pointwise_width(F, 0.01) == math.ceil(sampling_constant(F) ** 2 / 6 / 0.01)


@pytest.mark.claim("thm-polynomials-bias", kind="quadrature")
@given(seed=SEEDS)
@settings(max_examples=12)
def test_the_average_over_the_ball(seed):
    """E c(v, b) [<v, x> - b]_+ by Gauss rules split at the kinks b = 0 and b = <v, x>."""
    p = random_polynomial(seed, degree=4) | {(0, 0, 0): 1, (0, 1, 0): -2}
    rng = np.random.default_rng(seed)
    x = sphere.sample_sphere(rng, 1, 3) * rng.uniform(0.2, 1)
    v, weights = sphere_rule(x[0], n=24)
    t, gauss = np.polynomial.legendre.leggauss(8)
    s, average = v @ x[0], 0.0
    for lower, upper in ((-1 + 0 * s, np.minimum(s, 0)), (0 * s, np.maximum(s, 0))):
        for node, weight in zip(t, gauss, strict=True):
            b = (lower + upper) / 2 + (upper - lower) / 2 * node
            average += np.sum(
                weights * weight * (upper - lower) / 4 * ball_coefficient(p, v, b) * (s - b)
            )
    assert abs(average - evaluate(p, x)[0]) < 1e-10 * ball_constant(p)
    assert_close(average, evaluate(p, x)[0], 0.005 * max(abs(average), 1e-6))


@pytest.mark.claim("thm-polynomials-bias", kind="quadrature")
def test_powers_constant_and_width():
    rng = np.random.default_rng(9)
    x, (v, weights) = np.array([0.3, -1.2, 0.7]), sphere_rule(np.array([0.0, 0.0, 1.0]))
    for j, c in power_coefficients(CUBIC | {(1, 0, 4): 2}).items():
        component = {alpha: a for alpha, a in (CUBIC | {(1, 0, 4): 2}).items() if sum(alpha) == j}
        assert_close(
            weights @ (evaluate(c, v) * (v @ x) ** j), evaluate(component, x[None])[0], 1e-10
        )
    v, b = sphere.sample_sphere(rng, 20_000, 3), np.append(rng.uniform(-1, 1, 19_999), 1.0)
    for p in (CUBIC, {(0, 0, 0): 1}, {(0, 1, 0): 1}, {(1, 1, 0): 1}):
        largest = np.max(np.abs(ball_coefficient(p, v, b)))
        assert largest <= ball_constant(p) <= 3 * largest
        norms = {
            j: math.sqrt(inner_product(*[{a: z for a, z in p.items() if sum(a) == j}] * 2))
            for j in {sum(a) for a in p}
        }
        bound = sum(ball_constant_bound(3, j) * norm for j, norm in norms.items())
        assert ball_constant(p) <= bound * (1 + 1e-12)
        assert_close(ball_width(p, 1e-4), math.ceil(ball_constant(p) ** 2 / 3 / 1e-4), 1)
    assert_close(
        ball_constant({(1, 1, 0): 1}), 4 * 2 * (1 / 2) * (3 * 5 / 2), 1e-9
    )  # 4j(j-1), sup |x_1 x_2|, 1/μ_{2,2}


@pytest.mark.claim("thm-polynomials-bias", kind="quadrature")
def test_the_pointwise_error_on_the_ball():
    """E [<v,x> - b]_+² = (|x|²/d + 1/3)/2: over b it is (1 + <v,x>)³/6, then over the sphere."""
    x = np.array([0.48, -0.36, 0.64])
    v, weights = sphere_rule(np.array([0.0, 0.0, 1.0]))
    assert_close(weights @ ((1 + v @ x) ** 3 / 6), (x @ x / 3 + 1 / 3) / 2, 1e-12)


@pytest.mark.claim("thm-polynomials-bias", kind="identity")
@pytest.mark.parametrize("d", [2, 3, 7])
def test_the_bound_on_the_constant_is_attained_by_constants_and_linear_functions(d):
    """6 |p_0|, and 2 d^{3/2} ‖p_1‖ = 2d for x_1; for degree 2 the bound is 8 (d+1)³ ‖p_2‖ /
    2^{3/2}, and x_1 x_2 comes within 4 of it.
    """
    one, line, product = {(0,) * d: 1}, {(1, *[0] * (d - 1)): 1}, {(1, 1, *[0] * (d - 2)): 1}
    assert_close(ball_constant(one), 6.0, 1e-12)
    assert_close(ball_constant(line), 2 * d**1.5 * math.sqrt(inner_product(line, line)), 1e-11)
    bound = ball_constant_bound(d, 2) * math.sqrt(inner_product(product, product))
    assert bound / 4 < ball_constant(product) <= bound


@pytest.mark.claim("lem-harmonic-coefficients", kind="identity")
def test_the_bounds_on_the_first_number_are_attained_at_both_ends():
    """d η_0² falls from 1/4 at d = 1, where the sphere is two points, to 1/(2π) as d grows."""
    at_one = (math.gamma(0.5) / (2 * math.sqrt(math.pi) * math.gamma(1.0))) ** 2
    values = [at_one] + [d * relu_eigenvalue(d, 0) ** 2 for d in (2, 3, 10, 100, 10**6)]
    assert_close(values[0], 1 / 4, 1e-15)
    assert np.all(np.diff(values) < 0)
    assert 1 / (2 * math.pi) < values[-1] < (1 + 1e-6) / (2 * math.pi)


@pytest.mark.claim("cor-sgd-learns-polynomials", kind="identity")
@given(C=st.floats(0.5, 1e4), d=st.integers(2, 1000), share=st.floats(1e-3, 1))
def test_the_budget_of_the_corollary(C, d, share):
    """The parts of ε: 0.79 ε for training (its excess at the stated step and width) and 1/√24 of it
    for sampling, which fills the rest to within 0.6 %; both inputs of part 2.
    """
    epsilon = share * C
    r, T = training_budget(C, epsilon, d=d)
    assert C / math.sqrt(2 * d * r) <= 0.2042 * epsilon
    assert excess_bound(C, r, step_size(C, r, T), T) <= 0.79 * epsilon
    r, T = training_budget(C, epsilon)
    assert math.sqrt((C / 2) ** 2 / (2 * r) * (1 / 3 + 1 / 3)) <= 0.2042 * epsilon
    assert excess_bound(C, r, step_size(C, r, T), T) <= 0.79 * epsilon
    assert 0.79 + 0.2042 < 1


@pytest.mark.claim("cor-sgd-learns-polynomials", kind="identity")
def test_the_shares_of_the_budget_are_used_up():
    """With half as many sampled features, or the width of the training at ε just below C, the two
    shares are passed: 12 and 2 are attained for sampling, the other 2 for training.
    """
    C, epsilon, d = 1e6, 1e3, 7
    sampling = 12 * C**2 / (d * epsilon**2)
    assert C / math.sqrt(2 * d * 0.98 * sampling) > 0.2042 * epsilon
    assert (C / 2) * math.sqrt((1 / 3 + 1 / 3) / (2 * 0.98 * 2 * C**2 / epsilon**2)) > (
        0.2042 * epsilon
    )
    r, T = training_budget(C, C / (1 + 1e-9))
    assert T == 5
    assert excess_bound(C, r, step_size(C, r, T), T) > 0.788 * C
    assert excess_bound(C, round(0.98 * r), step_size(C, round(0.98 * r), T), T) > 0.79 * C


@pytest.mark.claim("cor-sgd-learns-polynomials", kind="identity")
def test_the_budget_at_generic_points():
    """Each term of the width where it is the larger one, in whole numbers by hand."""
    assert_close(training_budget(50.0, 0.5, d=1000), (100_000, 40_000), 1)  # 2 · 50 · 100^1.5
    assert_close(training_budget(7.0, 0.01, d=4), (1_470_000, 1_960_000), 1)  # 12/4 · 700^2
    assert_close(training_budget(7.0, 0.01), (980_000, 1_960_000), 1)  # 2 · 700^2


@pytest.mark.claim("cor-sgd-learns-polynomials", kind="quadrature")
def test_unit_weights_of_the_corollary():
    rng = np.random.default_rng(10)
    v, b, x = sphere.sample_sphere(rng, 50, 3), rng.uniform(-1, 1, 50), np.array([0.2, -0.5, 0.4])
    w, y = np.column_stack([v, -b]) / np.sqrt(1 + b**2)[:, None], np.append(x, 1) / math.sqrt(2)
    assert_close(np.linalg.norm(w, axis=1), np.ones(50), 1e-14)
    factor = np.sqrt(2 * (1 + b**2))
    assert np.max(factor) <= 2
    assert_close(factor * relu(w @ y), relu(v @ x - b), 1e-14)


# --- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: relu_eigenvalue(1, 2), "d must be an integer >= 2"),
        (lambda: relu_eigenvalue(3, -1), "k must be an integer >= 0"),
        (lambda: harmonic_parts({}), "p must be a non-empty dictionary"),
        (
            lambda: harmonic_parts({(1, 0): 1, (1,): 2}),
            r"one length d >= 2 as exponents, got lengths \[1, 2\]",
        ),
        (lambda: harmonic_parts({(1, -1): 1}), "an exponent of p must be"),
        (lambda: harmonic_parts({(1, 1): math.nan}), "a coefficient of p must be"),
        (
            lambda: inner_product({(1, 0): 1}, {(1, 0, 0): 1}),
            "q must be a polynomial in 2 variables",
        ),
        (lambda: evaluate({(1, 0): 1}, np.zeros((4, 3))), "x must have 2 columns"),
        (lambda: width({(1, 0): 1}, 0.0), "error must be"),
        (lambda: second_moment_bound(3, 3), "q must be an even integer >= 2, got 3"),
        (lambda: harmonics_need(3, 2, 1.5), "error must be"),
        (lambda: training_budget(1.0, 2.0), "error must be .* <= 1, got 2.0"),
        (lambda: ball_width({(1, 0): 1}, -1.0), "error must be"),
        (
            lambda: ball_coefficient({(1, 0): 1}, np.zeros((4, 2)), np.zeros(3)),
            "b must have one entry for each row of v, 4, got 3",
        ),
        (
            lambda: ball_coefficient({(1, 0): 1}, np.zeros((1, 2)), np.full(1, 1.5)),
            "b must hold finite numbers",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_arrays_of_torch():
    """The same values as numpy, in torch's dtype."""
    x = sphere.sample_sphere(np.random.default_rng(11), 6, 3)
    b = np.linspace(-1, 1, 6)
    values = evaluate(CUBIC, torch.tensor(x))
    assert values.dtype == torch.float64
    assert_close(values.numpy(), evaluate(CUBIC, x), 1e-14)
    assert_close(
        ball_coefficient(CUBIC, torch.tensor(x), torch.tensor(b)).numpy(),
        ball_coefficient(CUBIC, x, b),
        1e-11,
    )
    assert evaluate(CUBIC, torch.tensor(x, dtype=torch.float32)).dtype == torch.float32
