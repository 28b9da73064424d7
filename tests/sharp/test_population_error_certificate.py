"""The interval of the least error: what it rests on, and every constant in it."""

import math
import warnings
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from population_error_parts import cross_of, digits, gram_of, neurons, unit_gram
from scipy import linalg

from randomfeatures.foundations.linear_algebra import Iterate
from randomfeatures.foundations.sphere import sample_sphere
from randomfeatures.sharp.population_error import (
    NotConvergedWarning,
    certificate,
    population_error,
    solve,
)
from randomfeatures.sharp.population_error.certificate import Floor, Problem, enclose
from randomfeatures.sharp.population_error.gram import product
from randomfeatures.sharp.population_error.neurons import unit
from randomfeatures.sharp.population_error.preconditioners import Harmonics, factored

U = 2.0**-53


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def system_of(weights, directions):
    """G u = c with the preconditioner of the method "iterative"."""
    gram, features, targets = gram_of(weights), unit(weights, None), unit(directions, None)
    return solve._system(features, targets, gram, gram, Harmonics(features.rows))


def silent(iteration, residual):
    pass


# --- the interval --------------------------------------------------------------------------------


@pytest.mark.claim("prop-certificate", kind="identity")
def test_error_above_the_least_is_the_residual_in_the_inverse_gram_norm(rng):
    """E(u) - E* = <ρ, G^{-1} ρ> <= |ρ|^2 / λ_min for any u: the interval of any coefficients holds
    E*, and a floor 2 % high loses it."""
    weights, directions = sample_sphere(rng, 40, 5), sample_sphere(rng, 1, 5)
    truth, best = digits(weights, directions)
    gram, c = unit_gram(weights), cross_of(weights, directions)
    values, vectors = np.linalg.eigh(gram)
    problem = system_of(weights, directions).problem
    for noise in (1e-3 * rng.standard_normal((40, 1)), -best, 0.01 * vectors[:, :1]):
        u = best + noise
        rest = c - gram @ u
        found = enclose(problem, u, rest, Floor(values[0], "rigorous"))
        excess = [rest[:, 0] @ np.linalg.solve(gram, rest[:, 0])]
        assert_close(found.error - truth, excess, 1e-11)
        assert found.lower[0] <= truth[0] <= found.upper[0]
    # The last u errs along the lowest eigenvector alone, where the bound is attained.
    loose = enclose(problem, u, rest, Floor(1.02 * values[0], "rigorous"))
    assert loose.lower[0] > truth[0]
    assert found.lower[0] >= truth[0] - 1e-4 * (found.error[0] - truth[0])


@pytest.mark.claim("prop-certificate", kind="certified")
@given(
    st.integers(1, 6),
    st.integers(1, 40),
    st.integers(0, 2**32),
    st.sampled_from(["auto", "dense", "iterative"]),
)
@settings(max_examples=60)
def test_the_interval_holds_the_ball(d, r, seed, method):
    pytest.importorskip("flint")
    rng = np.random.default_rng(seed)
    weights, directions = neurons(rng, r, d), neurons(rng, 3, d)
    ball = population_error(weights, directions, method="ball")
    energy = np.sum(directions**2, axis=1) / 2
    assert np.all(ball.upper - ball.lower <= 1e-8 * energy)
    try:
        result = population_error(weights, directions, method=method)
    except NotConvergedWarning:
        assert method != "auto"  # few features: balls take over
        return
    except ValueError:
        assert method == "iterative" and (d == 1 or r == 1)
        return
    assert np.all(result.lower <= ball.upper) and np.all(ball.lower <= result.upper)
    assert np.all(result.upper - result.lower <= 1e-8 * energy * (1 + 1e-9)) and result.converged


def test_the_interval_by_hand():
    """u = (1/2, 1/5), |u|_1 + 1 = 1.7; each term of slack and gap alone, and the two added."""
    cross, rest = np.array([[0.4], [0.1]]), np.array([[1e-3], [2e-3]])
    problem, u = Problem(cross, np.array([0.5]), 1e-6), np.array([[0.5], [0.2]])
    found = enclose(problem, u, rest, Floor(0.25, "rigorous"))
    error = 0.5 - 0.5 * 0.401 - 0.2 * 0.102
    slack, residual = 1.7**2 * 1e-6, math.sqrt(5) * 1e-3
    gap = (residual + math.sqrt(2) * 1.7 * 1e-6) ** 2 / 0.25
    assert math.isclose(found.error[0], error, rel_tol=1e-15)
    assert math.isclose(found.residual[0], residual, rel_tol=1e-15)
    assert math.isclose(found.upper[0] - error, slack, rel_tol=1e-5)
    assert math.isclose(error - found.lower[0] - slack, gap, rel_tol=1e-5)
    # Without errors of G and c there remain the roundings of the sum of 2 products, and 8 more.
    exact = Problem(np.array([[1.0], [0.0]]), np.array([0.5]), 0.0)
    u = np.array([[0.4999], [0.0]])
    found = enclose(exact, u, np.zeros((2, 1)), Floor(0.25, "rigorous"))
    assert math.isclose(found.upper[0] - found.error[0], 1.4999 * 10 * U, rel_tol=0.005)


@pytest.mark.parametrize("length", [1.0, 3.0])
def test_converged_means_as_narrow_as_asked_for_and_else_there_is_a_warning(rng, length):
    """The width that is asked for is half the tolerance times |v|^2, tried on both sides. Of three
    features the width is all rounding, which no further iteration mends."""
    weights, directions = neurons(rng, 3, 4), length * sample_sphere(rng, 1, 4)
    e = population_error(weights, directions, method="dense")
    width, seen = (e.upper[0] - e.lower[0]) / length**2, []
    for tolerance in width * np.geomspace(0.4, 4, 24):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            e = population_error(weights, directions, method="dense", tolerance=tolerance)
        seen.append(float((e.upper[0] - e.lower[0]) / length**2 / tolerance))
        assert e.converged == (seen[-1] <= 0.5) == (said == [])
    assert max(x for x in seen if x <= 0.5) > 0.45 and min(x for x in seen if x > 0.5) < 0.56


def test_the_iteration_ends_when_the_residual_allows_a_quarter_of_the_width(rng):
    """|ρ|^2 / λ_min <= tolerance / 8 ends it, and no iteration before that."""
    weights, directions = sample_sphere(rng, 60, 4), sample_sphere(rng, 1, 4)
    system = system_of(weights, directions)
    floor = Floor(float(np.linalg.eigvalsh(unit_gram(weights))[0]), "rigorous")
    for tolerance in 10.0 ** np.arange(-7, -0.9, 0.25):
        seen = []
        found = solve.refined(
            system, floor, tolerance, lambda _, norm, seen=seen: seen.append(norm)
        )
        gaps = np.array(seen) ** 2 / floor.value
        assert len(seen) == found.iterations and found.reached(tolerance)
        assert gaps[-1] <= tolerance / 8 and np.all(gaps[:-1] > tolerance / 8)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e200, 1e9])
def test_useless_coefficients_are_given_up_for_zeros(bad):
    """The error of zeros is the energy; a lower bound that is no number is 0; others stay."""
    cross = np.array([[0.4, 0.3], [0.1, 0.2]])
    problem = Problem(cross, np.array([0.5, 0.5]), 1e-15)
    u = np.array([[0.5, bad], [0.2, 0.3]])
    with np.errstate(all="ignore"):
        found = enclose(problem, u, cross - u, Floor(0.25, "rigorous"))
    assert not found.coefficients[:, 1].any() and found.coefficients[0, 0] == 0.5
    assert found.error[1] == 0.5 and found.lower[1] == 0.0
    assert 0.5 <= found.upper[1] <= 0.5 + 1e-14
    assert math.isclose(found.residual[1], math.hypot(0.3, 0.2), rel_tol=1e-15)
    assert found.error[0] < 0.4


def test_the_interval_is_rounded_outwards_in_the_units_of_the_target():
    """No features and |v|^2 = 4, d = 2: the upper end 2 times 1 + (2 d + 16) u, and one float up;
    in single precision one float of its own."""
    error = population_error(np.zeros((0, 2)), np.array([[2.0, 0.0]]))
    assert error.error[0] == 2 and error.upper[0] == 2 + 40 * U + 2.0**-51
    weights, v = np.zeros((0, 2), dtype=np.float32), np.array([[2.0, 0.0]], dtype=np.float32)
    assert population_error(weights, v).upper[0] == np.float32(2 + 2.0**-22)
    same = np.array([[1.0, 0.0]])
    assert population_error(same, same, method="ball").lower[0] == 0
    other = population_error(same, np.array([[0.0, 2.0]]), method="ball")
    truth = 4 * (0.5 - 0.5 / math.pi**2)
    assert truth * (1 - 24 * U) < other.lower[0] < truth * (1 - 16 * U)


# --- rounding ------------------------------------------------------------------------------------


def test_one_rounding_is_half_a_unit():
    """1 + ROUNDING is half way to the next float, and no float rounds by more."""
    half = Fraction(certificate.ROUNDING)
    assert Fraction(float(1 + half)) == 1 and float(1 + half * Fraction(101, 100)) > 1


@pytest.mark.parametrize("n", [2, 10, 1000, 30000])
def test_gamma_bounds_the_worst_sum_and_is_nearly_attained(n):
    """1 + u + u + ... in sequence loses every u; the sum of n numbers is off by (n-1) u."""
    total = 1.0
    for _ in range(n - 1):
        total += U
    truth = 1 + (n - 1) * Fraction(U)
    error = float((truth - Fraction(total)) / truth)
    assert (1 - 1 / n) * (1 - 1e-9) * certificate.gamma(n) <= error <= certificate.gamma(n)
    assert math.isclose(certificate.gamma(n), n * U / (1 - n * U), rel_tol=1e-15)


def test_errors_of_entries_by_hand():
    """d + 20 roundings (with biases 2 d + 60), and in products the sums of tiles, rows, threads."""
    features = unit(np.eye(3)[:2], None)
    assert certificate.entry_error(features) == 23 * U
    assert certificate.entry_error(unit(np.eye(3)[:2], np.ones(2))) == 66 * U
    many = unit(np.ones((1000, 3)), None)
    assert math.isclose(certificate.product_error(many), (23 + 256 + 3 + 100) * U, rel_tol=1e-12)


@pytest.mark.parametrize("d", [2, 3, 30])
def test_entries_are_as_exact_as_the_bound_says(d, rng):
    """Random, nearly parallel and nearly opposite rows, against 200 bits: at most a bound apart,
    and somewhere a fiftieth of it."""
    base = neurons(rng, 5, d)
    turns = 10.0 ** rng.uniform(-9, -1, (40, 1)) * neurons(rng, 40, d)
    rows = np.vstack([base, base[rng.integers(5, size=40)] + turns, -base])
    tile, bound = gram_of(rows).tile(0, 0), certificate.entry_error(unit(rows, None))
    with mpmath.workprec(200):
        exact = [[mpmath.mpf(float(t)) for t in row] for row in rows]
        exact = [[t / mpmath.norm(row) for t in row] for row in exact]
        worst = 0.0
        for i, j in rng.integers(len(rows), size=(600, 2)):
            t = mpmath.fdot(exact[i], exact[j])
            t = min(max(t, mpmath.mpf(-1)), mpmath.mpf(1))
            kernel = mpmath.sqrt(1 - t * t) + t * (mpmath.pi - mpmath.acos(t))
            difference = kernel / (2 * mpmath.pi) - float(tile[i, j])
            worst = max(worst, abs(float(difference)))
    assert bound / 50 <= worst <= bound


def test_energies_are_as_exact_as_the_bound_says(rng):
    """1/2 and 0 without biases; with them, ((p^2 + b^2) Φ(b/p) + p b φ(b/p)) in 30 digits: at most
    a bound apart, and somewhere a hundredth of it."""
    assert certificate.energy_error(unit(np.eye(2), None)) == 0.0
    angles = rng.uniform(-math.pi / 2, math.pi / 2, 300)
    neurons = unit(np.cos(angles)[:, None], np.sin(angles))
    with mpmath.workdps(30):
        exact = [
            (p * p + b * b) * mpmath.ncdf(b / p) + p * b * mpmath.npdf(b / p)
            for p, b in zip(map(mpmath.mpf, neurons.rows[:, 0]), neurons.bias, strict=True)
        ]
        worst = max(abs(float(x - y)) for x, y in zip(exact, neurons.energy, strict=True))
    assert certificate.energy_error(neurons) == 2e-15
    assert 2e-17 <= worst <= 2e-15


def test_products_are_as_exact_as_the_bound_says(rng):
    """G x for 600 neurons in tiles, against sums in extended precision."""
    weights, x = sample_sphere(rng, 600, 8), rng.standard_normal((600, 2))
    exact = unit_gram(weights).astype(np.longdouble) @ x.astype(np.longdouble)
    difference = np.abs(product(gram_of(weights), x) - exact)
    bound = certificate.product_error(unit(weights, None)) * np.sum(np.abs(x), axis=0)
    assert np.all(difference <= bound) and np.max(difference / bound) > 1e-4


# --- the smallest eigenvalue, proved -------------------------------------------------------------


def test_what_a_factorisation_may_overlook_by_hand():
    """n = 2, trace 1, entries off by 22 u: 3 u + 3 (22 u) = 69 u."""
    assert math.isclose(certificate.cholesky_error(2, 1.0, 22 * U), 69 * U, rel_tol=1e-12)
    assert math.isclose(certificate.cholesky_error(99, 0.0, 1e-15), 1e-13, rel_tol=1e-12)


def test_the_factor_is_that_of_the_matrix_less_four_times_the_error_and_proves_twice():
    gram, s = np.array([[0.5, 0.2], [0.2, 0.5]]), 69 * U
    found, before = factored(gram, 22 * U), gram.copy()
    assert np.array_equal(gram, before) and found.shift == 0.0
    assert math.isclose(found.proved, 2 * s, rel_tol=1e-12)
    less = 0.5 - np.diag(found.factor @ found.factor.T)
    assert np.all(np.abs(less - 4 * s) <= 3 * U)


def test_the_factorisation_proves_only_what_is_true(rng):
    """Two neurons at the angle α: the smallest eigenvalue is 1/2 - κ, about α^2/4. Bounds are
    proved while it is large, and below it."""
    for angle in 10.0 ** np.arange(-9, 0.01, 0.1):
        truth = gap_of_two(angle)
        gram = gram_of(np.array([[1.0, 0.0], [math.cos(angle), math.sin(angle)]]))
        found = factored(gram.tile(0, 0).copy(), 1e-14)
        assert found.proved <= truth if found.proved else truth < 4e-13
        assert (found.proved == 0) == (found.shift > 0)
    weights = sample_sphere(rng, 200, 3)
    proved = factored(unit_gram(weights), 1e-14).proved
    assert 0 < proved <= np.linalg.eigvalsh(unit_gram(weights))[0]


def gap_of_two(angle):
    """The smallest eigenvalue of the matrix of two unit neurons at this angle: 1/2 - κ."""
    with mpmath.workprec(200):
        a = mpmath.mpf(angle)
        kernel = (mpmath.sin(a) + (mpmath.pi - a) * mpmath.cos(a)) / (2 * mpmath.pi)
        return float(0.5 - kernel)


# --- the smallest eigenvalue, by probes ----------------------------------------------------------


def floor_by_probes(weights, iterations):
    """What the probes of one run of so many iterations say."""
    system = system_of(weights, np.zeros((0, weights.shape[1])))
    rest = np.zeros((len(weights), 0))
    return solve.one_round(system, rest, certificate.NO_FLOOR, -1.0, iterations, silent).floor


@pytest.mark.parametrize(
    ("n", "d", "steps", "tight"), [(500, 20, 25, 0.5), (600, 8, 60, 0.2), (300, 5, 120, 0.1)]
)
def test_probes_bound_the_smallest_eigenvalue_from_below(rng, n, d, steps, tight):
    """0.1 to 0.5 of the truth for the preconditioned matrix <= bound <= truth, once conjugate
    gradients have converged."""
    weights = sample_sphere(rng, n, d)
    gram, inverse = unit_gram(weights), Harmonics(weights)
    columns = inverse._features(weights).T
    truth = linalg.eigvalsh(gram, columns @ columns.T + inverse.shift * np.eye(n))[0]
    found = floor_by_probes(weights, steps)
    assert found.kind == "probable"
    assert tight * truth <= found.value / inverse.shift <= truth * (1 + 1e-9)
    assert found.value <= np.linalg.eigvalsh(gram)[0]


def test_probes_claim_no_more_than_rounding_leaves():
    """Two neurons at angles down to 1e-9, where the smallest eigenvalue drowns in the rounding of
    the entries: whatever is claimed is true."""
    for angle in 10.0 ** np.arange(-9, 0.01, 0.04):
        found = floor_by_probes(np.array([[1.0, 0.0], [math.cos(angle), math.sin(angle)]]), 4)
        assert found.value <= gap_of_two(angle) * (1 + 1e-9)
        assert found.value > 0 or angle < 1e-6


def test_the_floor_is_what_the_probes_say_less_the_rounding_of_the_entries():
    """n entries in a row, each off by at most a bound, move an eigenvalue by at most n of it."""
    system = system_of(np.eye(3), np.eye(3)[:1])
    assert system.slack == 3 * 23 * U
    steps, turns, sizes = np.full((1, 1), 2.0), np.zeros((1, 1)), np.array([0.0])
    whole = certificate.probed_floor(steps, turns, sizes, 0.25)
    assert math.isclose(whole, 0.25 * 0.5, rel_tol=1e-12)  # the only Ritz value is 1/2
    iterate = Iterate(np.zeros((3, 1)), np.zeros((3, 1)), sizes, (steps[0],), (turns[0],))
    harmonics = SimpleNamespace(shift=0.25)
    larger = replace(system, slack=0.01, preconditioner=harmonics)
    assert math.isclose(solve._probed(larger, iterate, 0).value, 0.125 - 0.01, rel_tol=1e-12)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.0, -1.0])
def test_probes_whose_iteration_broke_down_say_nothing(bad):
    good = np.full((3, 2), 0.7)
    assert certificate.probed_floor(good, good, np.ones(2) * 1e-9, 0.1) > 0
    for place in range(2):
        arrays = [good.copy(), good.copy()]
        arrays[place][1, 1] = bad if (place, bad) != (1, 0.0) else -1e-9
        assert certificate.probed_floor(*arrays, np.ones(2) * 1e-9, 0.1) == 0.0
    assert certificate.probed_floor(good, good, np.array([1e-9, math.nan]), 0.1) == 0.0


def test_a_tridiagonal_matrix_that_rounding_made_singular_says_nothing():
    """Steps and turns of a run on w, -w and a neighbour of w: the lowest Ritz value is 0."""
    steps, turns = np.array([1.33257892, 4.66455058e21]), np.array([0.332578915, 4.66455058e21])
    assert certificate.least_eigenvalue(steps, turns, 5.8e10) == 0.0
    assert certificate.least_eigenvalue(np.array([-1.0]), np.array([0.0]), 1e-9) == 0.0


def test_the_probability_that_all_probes_fail():
    """(0.05 sqrt(2/π))^6, as the docstrings and the chapter say: at most 4.1e-9."""
    chance = (certificate.PROBE_LEVEL * math.sqrt(2 / math.pi)) ** certificate.PROBES
    assert 4.0e-9 < chance <= 4.1e-9


@pytest.mark.claim("prop-certificate", kind="Monte Carlo")
def test_a_probe_fails_as_often_as_the_proposition_allows():
    """G = diag(λ, 1, ..., 1), P = I, one step: the residual is nearly a multiple of e_1, so a probe
    fails if and only if its component there is below the level, and two if both are: at most
    level sqrt(2/π), and its square; at least 0.93 of that."""
    n, count, level, low = 400, 15_000, 0.6, 0.2
    rng, bound = np.random.default_rng(5), level * math.sqrt(2 / math.pi)
    first, others = rng.standard_normal(count), rng.chisquare(n - 1, count)
    step = (first**2 + others) / (low * first**2 + others)  # <g,g> / <g,Gg>
    size = (1 - step * low) ** 2 * first**2 + (1 - step) ** 2 * others
    claims = [
        certificate.least_eigenvalue(np.array([a]), np.array([0.1]), math.sqrt(y), level)
        for a, y in zip(step, size, strict=True)
    ]
    wrong = np.array(claims) > low
    both = wrong[::2] & wrong[1::2]
    for seen, limit in ((wrong, bound), (both, bound**2)):
        sem = math.sqrt(limit / len(seen))
        assert 4 * sem < 0.11 * limit
        assert 0.93**2 * limit - 4 * sem <= seen.mean() <= limit + 4 * sem


def test_the_claim_of_one_probe_by_hand():
    """Two steps with the Ritz values 1/2 and 1, residual 0.02, level 0.1: (1 - 2t)(1 - t) = 0.2."""
    # Steps and turns of the tridiagonal matrix with the diagonal (3/4, 3/4) and 1/4 beside it.
    first = 4 / 3
    turn = (first / 4) ** 2
    second = 1 / (3 / 4 - turn / first)
    found = certificate.least_eigenvalue(
        np.array([first, second]), np.array([turn, 0.0]), 0.02, level=0.1
    )
    assert math.isclose(found, (3 - math.sqrt(9 - 8 * 0.8)) / 4, rel_tol=1e-9)
    steps = (np.array([first, second]), np.array([turn, 0.0]))
    assert certificate.least_eigenvalue(*steps, 0.2, level=0.1) == 0.0
    assert certificate.least_eigenvalue(*steps, 0.02) == pytest.approx(
        (3 - math.sqrt(9 - 8 * 0.6)) / 4, rel=1e-9
    )
