"""Nothing wrong quietly: nearly parallel weights at every scale, duplicates, opposite pairs, zeros,
lengths of any size, targets that are features. Every result is an interval that holds the truth."""

import math
import warnings
from dataclasses import dataclass

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from population_error_parts import digits, neurons

from randomfeatures.foundations.sphere import sample_sphere
from randomfeatures.sharp.population_error import NotConvergedWarning, population_error

FIELDS = ("error", "lower", "upper", "coefficients", "residual")
METHODS = ("auto", "dense", "iterative", "ball")


@dataclass(frozen=True)
class Case:
    """Weights and targets, with biases or without."""

    weights: np.ndarray
    directions: np.ndarray
    biases: np.ndarray | None = None
    direction_biases: np.ndarray | None = None


@st.composite
def cases(draw, biased=False):
    """A few random neurons and relatives of them: at a tiny distance, equal, opposite, zero; then
    targets of the same kinds. Lengths from 1e-200 to 1e200 (of targets to 1e150)."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    d, count = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    base = rng.standard_normal((count, d + biased))
    kinds = st.sampled_from(["near", "near", "same", "opposite", "zero", "new"])
    weights = [
        *base,
        *(relative(draw, rng, base, kind) for kind in draw(st.lists(kinds, max_size=5))),
    ]
    goals = draw(st.lists(kinds, min_size=1, max_size=3))
    targets = [relative(draw, rng, base, kind) for kind in goals]
    weights, targets = (
        np.array([row * 10.0 ** draw(st.sampled_from([0, 0, 0, -200, top])) for row in rows])
        for rows, top in ((weights, 200), (targets, 150))
    )
    if biased:
        return Case(weights[:, :-1], targets[:, :-1], weights[:, -1], targets[:, -1])
    return Case(weights, targets)


def relative(draw, rng, base, kind):
    row, other = base[rng.integers(len(base))], rng.standard_normal(base.shape[1])
    scale = 10.0 ** -draw(st.integers(1, 18)) if kind == "near" else 0.0
    factor = {"near": 1.0, "same": 3.0, "opposite": -1.0, "zero": 0.0, "new": 0.0}[kind]
    return factor * row + (other if kind == "new" else scale * other)


def solved(case, method, convert=lambda x: x):
    """The result without its warning, or None if the arguments are refused for a reason."""
    arrays = (case.weights, case.directions, case.biases)
    weights, directions, biases = (None if a is None else convert(a) for a in arrays)
    other = None if case.direction_biases is None else convert(case.direction_biases)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            result = population_error(
                weights, directions, biases, direction_biases=other, method=method
            )
        except ValueError as refused:
            assert any(word in str(refused) for word in ("iterative", "coefficients are below"))
            return None
    assert {warning.category for warning in said} <= {NotConvergedWarning}
    assert result.converged == (said == [])
    return result


def energy(case, result):
    """|f|^2 as a float, and what rounding may add to it in the precision of the result."""
    v, b = np.asarray(case.directions, dtype=float), case.direction_biases
    dtype = np.asarray(result.error).dtype
    tiny, eps = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).eps
    top = np.sum(v**2, axis=1) + (0 if b is None else b**2)
    if b is None:
        return top / 2, 20 * eps * top + 2 * tiny
    with np.errstate(all="ignore"):
        s = np.linalg.norm(v, axis=1)
        h = np.where(s > 0, b / s, np.sign(b) * 1e9)
        normal = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in h])
        density = np.exp(-(h**2) / 2) / math.sqrt(2 * math.pi)
        square = (s**2 + b**2) * normal + b * s * density
    return np.nan_to_num(square), 1e-13 * top + 2 * tiny


def assert_closed(case, result):
    """All finite, 0 <= lower <= error <= upper <= |f|^2, and trivial only with lower = 0."""
    for name in FIELDS:
        assert np.all(np.isfinite(np.asarray(getattr(result, name)))), name
    fields = (result.lower, result.error, result.upper)
    lower, error, upper = (np.asarray(field).astype(float) for field in fields)
    largest, rounding = energy(case, result)
    assert np.all((lower >= 0) & (lower <= error) & (error <= upper))
    assert np.all(upper <= largest + rounding)
    assert result.lower_bound in ("rigorous", "probable", "estimate", "trivial")
    assert result.lower_bound != "trivial" or not lower.any()


@given(cases(), st.sampled_from(METHODS))
@settings(max_examples=120)
def test_every_result_fails_closed(case, method):
    result = solved(case, method)
    if result is not None:
        assert_closed(case, result)


@given(cases(biased=True), st.sampled_from(["auto", "dense", "iterative"]))
@settings(max_examples=80)
def test_every_result_with_biases_fails_closed(case, method):
    result = solved(case, method)
    if result is not None:
        assert_closed(case, result)


@given(cases(), st.sampled_from(["auto", "dense", "iterative"]))
@settings(max_examples=80)
def test_every_interval_meets_that_of_the_balls(case, method):
    """Two methods, one truth: both intervals hold it, for the same features are left out."""
    pytest.importorskip("flint")
    ball, result = solved(case, "ball"), solved(case, method)
    if ball is not None and result is not None:
        assert np.all(result.lower <= ball.upper) and np.all(ball.lower <= result.upper)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32), st.integers(-13, -1))
@settings(max_examples=25)
def test_intervals_against_many_digits(d, r, seed, exponent):
    """Nearly parallel pairs and nearly opposite ones, at distances down to 1e-13, where they still
    count as two: the least error of the weights as they are, in 400 bits."""
    rng = np.random.default_rng(seed)
    base = sample_sphere(rng, r, max(d, 2))
    near = base[:1] + 10.0**exponent * sample_sphere(rng, 1, max(d, 2))
    weights = np.vstack([base, near, -base[-1:] + 10.0**exponent * near])
    directions = np.vstack([sample_sphere(rng, 1, max(d, 2)), near + 1e-9 * base[-1:]])
    truth, _ = digits(weights, directions, bits=400)
    for method in METHODS:
        result = solved(Case(weights, directions), method)
        assert np.all(result.lower <= truth) and np.all(truth <= result.upper), method
    assert result.converged  # the balls


@given(cases(), st.sampled_from(["dense", "iterative"]))
@settings(max_examples=40)
def test_the_coefficients_have_an_error_in_the_interval(case, method):
    """E(u) in 80 digits for the coefficients as they are returned: at least ``lower``, and at most
    ``upper``."""
    result = solved(case, method)
    if result is None:
        return
    with mpmath.workdps(80):
        rows = [[mpmath.mpf(float(t)) for t in x] for x in (*case.weights, *case.directions)]
        rows = [row if any(row) else None for row in rows]
        kernel = [[inner(w, v) if w and v else 0 for v in rows] for w in rows]
        r = len(case.weights)
        for k, (lower, upper) in enumerate(zip(result.lower, result.upper, strict=True)):
            u = [(i, mpmath.mpf(-float(x))) for i, x in enumerate(result.coefficients[:, k]) if x]
            u.append((r + k, mpmath.mpf(1)))
            error = mpmath.fsum(x * y * kernel[i][j] for i, x in u for j, y in u)
            assert lower <= max(error, mpmath.mpf(0)) <= upper


def inner(w, v):
    """E [<w,x>]_+ [<v,x>]_+ with the digits that are set."""
    product, size = mpmath.fdot(w, v), mpmath.norm(w) * mpmath.norm(v)
    angle = mpmath.acos(min(max(product / size, mpmath.mpf(-1)), mpmath.mpf(1)))
    return (size * mpmath.sin(angle) + product * (mpmath.pi - angle)) / (2 * mpmath.pi)


@pytest.mark.parametrize("method", METHODS)
def test_a_target_among_features_of_which_two_are_nearly_parallel(method):
    """V = [w_1, ..., w_5, w_1 + 1e-13 w_2] and the target w_1: once NaN, called rigorous."""
    w = np.random.default_rng(0).standard_normal((5, 4))
    case = Case(np.vstack([w, w[:1] + 1e-13 * w[1:2]]), w[:1])
    result = solved(case, method)
    assert_closed(case, result)
    assert result.lower[0] == 0
    if method in ("auto", "ball"):
        assert result.upper[0] < 1e-9 and result.converged


@pytest.mark.parametrize("scale", [2.0**-600, 2.0**-20, 2.0**500])
@pytest.mark.parametrize("method", METHODS)
def test_powers_of_two_and_the_order_of_weights_change_nothing(method, scale):
    """Nearly parallel weights times a power of two: the same numbers. In another order: intervals
    that meet."""
    rng = np.random.default_rng(7)
    weights, directions = neurons(rng, 8, 3), neurons(rng, 2, 3)
    weights[5] = weights[0] + 1e-9 * weights[1]
    case = Case(weights, directions)
    result, scaled = (solved(c, method) for c in (case, Case(scale * weights, directions)))
    assert np.array_equal(result.error, scaled.error)
    assert np.array_equal(result.coefficients, scale * scaled.coefficients)
    shuffled = solved(Case(weights[rng.permutation(8)], directions), method)
    assert np.all(result.lower <= shuffled.upper) and np.all(shuffled.lower <= result.upper)
    if scale < 1e100:
        small = solved(Case(weights, scale * directions), method)
        assert np.allclose(small.error, scale**2 * result.error, rtol=1e-14, atol=1e-323)
        assert np.all(small.lower <= small.error) and np.all(small.error <= small.upper)


@pytest.mark.parametrize("method", METHODS)
def test_a_rotation_of_all_space_changes_nothing(method):
    rng = np.random.default_rng(8)
    weights, directions = neurons(rng, 20, 4), neurons(rng, 3, 4)
    turn = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    result, turned = (solved(Case(weights @ q, directions @ q), method) for q in (np.eye(4), turn))
    size = 1e-13 * np.sum(directions**2, axis=1)  # the rotation itself is rounded
    assert np.all(result.lower <= turned.upper + size)
    assert np.all(turned.lower <= result.upper + size)
    assert np.allclose(result.error, turned.error, rtol=1e-6)


@given(
    cases(), st.sampled_from(["auto", "dense", "iterative"]), st.sampled_from(["numpy", "torch"])
)
@settings(max_examples=50)
def test_single_precision_and_torch_fail_closed(case, method, library):
    """In single precision lengths are cut to its range first; torch gives torch's arrays."""
    xp = pytest.importorskip(library)
    limited = Case(
        *(np.clip(a, -1e15, 1e15).astype(np.float32) for a in (case.weights, case.directions))
    )
    result = solved(limited, method, xp.asarray)
    if result is not None:
        assert result.error.dtype == xp.float32
        assert_closed(limited, result)


def test_weights_so_short_that_a_coefficient_is_no_float_are_refused():
    weights = np.full((1, 2), 1e-200)
    with pytest.raises(ValueError, match=r"all coefficients are below 1\.8e\+308"):
        population_error(weights, np.full((1, 2), 1e150))
    assert population_error(weights, np.full((1, 2), 1e100)).coefficients[0, 0] == pytest.approx(
        1e300
    )
    tiny = population_error(np.full((1, 2), 5e-324), np.full((1, 2), 1e-30))
    assert tiny.coefficients[0, 0] == pytest.approx(1e-30 / 5e-324, rel=1e-12)


@pytest.mark.parametrize("distance", [0.0, 1e-16, 5e-16])
def test_weights_within_8_units_of_rounding_count_as_one(distance):
    weights = np.array([[1.0, 0.0], [1.0, distance]])
    result = population_error(weights, np.array([[0.6, 0.8]]), method="ball")
    assert np.count_nonzero(result.coefficients) == 1


def test_a_chain_of_close_weights_is_not_one_weight():
    """Each within 8 units of the one before, the last 40 units away from the first: more than one
    counts, and every weight is within 8 units of one that does."""
    weights = np.array([[1.0, k * 6 * 2.0**-52] for k in range(8)])
    result = population_error(weights, np.array([[0.6, 0.8]]), method="ball")
    kept = np.flatnonzero(result.coefficients[:, 0])
    assert len(kept) > 1
    assert all(min(abs(k - kept)) <= 1 for k in range(8))


@pytest.mark.parametrize("angle", [1e-5, 1e-9, 1e-13, 2e-14])
def test_nearly_parallel_opposite_pairs_keep_both_linear_functions(angle):
    """w, -w and the same turned by a small angle: their linear functions span the plane, and a
    target in it that is linear up to one neuron of the pairs has the error 0."""
    pytest.importorskip("flint")
    w, turned = np.array([1.0, 0.0]), np.array([1.0, angle])
    result = population_error(np.array([w, -w, turned, -turned]), np.array([[0.6, 0.8]]))
    halves = population_error(np.array([w, -w, turned]), np.array([[0.6, 0.8]]))
    assert result.converged and halves.converged
    # In the limit [x]_+, [-x]_+ and the two halves of y: what they leave, by the closed forms.
    t = np.arccos(0.6)
    same, other = ((np.sin(a) + (np.pi - a) * np.cos(a)) / (2 * np.pi) for a in (t, np.pi - t))
    slope, back = 0.8 * (np.pi - t) / (2 * np.pi), 0.8 * t / (2 * np.pi)
    limit = 0.5 - 2 * (same**2 + other**2 + slope**2 + back**2)
    assert abs(result.error[0] - limit) < 2 * angle + 1e-8
    assert halves.error[0] - result.error[0] > 0.01
