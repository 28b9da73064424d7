"""Fits on random features: against numpy's and scikit-learn's solvers, and from batches as from
memory.
"""

import math
import subprocess
import sys
import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.power.kernels import arc_cosine
from randomfeatures.power.random_features import (
    NormalEquations,
    ReLUFeatures,
    minimum_norm,
    normal_equations,
    ridge,
)

FEATURES = ReLUFeatures.sample(np.random.default_rng(0), 12, 4, bias_scale=1.0)
X = np.random.default_rng(1).standard_normal((40, 4))
Y = np.random.default_rng(2).standard_normal((40, 3))
F = FEATURES(X)  # 40 examples of 12 features
WIDE = ReLUFeatures.sample(np.random.default_rng(3), 60, 4, bias_scale=1.0)(
    X
)  # 40 examples of 60 features: they can be interpolated
EPSILON = 2.0**-52


def in_batches(features, targets, size):
    sums = NormalEquations()
    for start in range(0, len(features), size):
        sums.add(features[start : start + size], targets[start : start + size])
    return sums


def of_condition(condition, n=50, r=10):
    """A matrix with singular values from 1 down to 1/condition, a coefficient vector, and their
    product.
    """
    rng = np.random.default_rng(3)
    left, right = (
        np.linalg.qr(rng.standard_normal((n, r)))[0],
        np.linalg.qr(rng.standard_normal((r, r)))[0],
    )
    matrix, u = (left * np.logspace(0, -math.log10(condition), r)) @ right.T, rng.standard_normal(r)
    return matrix, u, matrix @ u


# The feature map


def test_features_are_positive_parts_of_affine_functions():
    loops = [
        [
            max(float(np.dot(w, x)) + b, 0.0)
            for w, b in zip(FEATURES.weights, FEATURES.biases, strict=True)
        ]
        for x in X
    ]
    assert_close(F, loops, 1e-14)
    assert 0.2 < np.mean(F > 0) < 0.8


def test_samples_have_unit_weights_and_biases_of_the_scale_asked_for():
    features = ReLUFeatures.sample(np.random.default_rng(1), 20_000, 3, bias_scale=0.5)
    assert_close(np.linalg.norm(features.weights, axis=1), np.ones(20_000), 1e-15 * 4)
    # Of 20000 values the mean square has relative deviation sqrt(2/20000) = 1 % for biases; for a
    # coordinate of the sphere E w^2 = 1/3.
    assert_close(np.sqrt(np.mean(features.biases**2)), 0.5, 0.5 * 0.015)
    assert_close(np.mean(features.weights**2, axis=0), np.full(3, 1 / 3), 0.019 / 3)
    assert abs(np.mean(features.biases)) <= 4 * 0.5 / math.sqrt(20_000)
    assert np.all(ReLUFeatures.sample(np.random.default_rng(1), 5, 3).biases == 0)


def test_samples_follow_the_generator():
    one, same, other = (
        ReLUFeatures.sample(np.random.default_rng(seed), 5, 3, bias_scale=1.0) for seed in (1, 1, 2)
    )
    assert np.array_equal(one.weights, same.weights) and np.array_equal(one.biases, same.biases)
    assert not np.any(one.weights == other.weights) and not np.any(one.biases == other.biases)


def test_gram_matrix_of_the_features_tends_to_the_arc_cosine_kernel():
    """E [<w,x>]_+[<w,y>]_+ over the unit sphere is k_1 / (2 d): the features carry no hidden
    factor. 4 standard errors, finer than 2 %.
    """
    products = np.stack(
        [
            np.prod(ReLUFeatures.sample(np.random.default_rng(5), 400_000, 4)(pair), axis=0)
            for pair in (X[:2], X[[2, 2]])
        ]
    )
    kernel = np.array(
        [arc_cosine(X[:1], X[1:2], 1, 1)[0, 0], arc_cosine(X[2:3], X[2:3], 1, 1)[0, 0]]
    )
    assert_close(kernel / 8, products.mean(axis=1), 4 * products.std(axis=1) / math.sqrt(400_000))


# In memory


@pytest.mark.claim("prop-ridge", kind="identity")
@pytest.mark.parametrize("features", [F, WIDE], ids=["tall", "wide"])
@pytest.mark.parametrize("penalty", [1e-3, 0.7, 50.0])
def test_ridge_agrees_with_scikit_learn_and_with_augmented_rows(features, penalty):
    u = ridge(features, Y, penalty)
    r = features.shape[1]
    rows, values = (
        np.vstack([features, math.sqrt(penalty) * np.eye(r)]),
        np.vstack([Y, np.zeros((r, 3))]),
    )
    assert_close(u, np.linalg.lstsq(rows, values, rcond=None)[0], 1e-11)
    linear_model = pytest.importorskip("sklearn.linear_model")
    assert_close(
        u,
        linear_model.Ridge(alpha=penalty, fit_intercept=False, solver="svd")
        .fit(features, Y)
        .coef_.T,
        1e-11,
    )
    assert_close(ridge(features, Y[:, 1], penalty), u[:, 1], 1e-13)  # one task: a vector


@pytest.mark.claim("prop-ridge", kind="identity")
@given(st.floats(0.01, 10.0), st.integers(0, 2**32))
def test_no_other_coefficients_have_a_smaller_objective(penalty, seed):
    """The objective at u + h is that at u plus |F h|^2 + penalty |h|^2, exactly: u is the minimum
    and no factor is off.
    """
    u, h = ridge(F, Y[:, 0], penalty), np.random.default_rng(seed).standard_normal(12)

    def objective(v):
        return np.sum((F @ v - Y[:, 0]) ** 2) + penalty * v @ v

    assert_close(objective(u + h) - objective(u), np.sum((F @ h) ** 2) + penalty * h @ h, 1e-11)


@pytest.mark.claim("prop-ridge", kind="identity")
@pytest.mark.parametrize("penalty", [1e-4, 0.3, 70.0])
def test_the_bounds_of_the_proposition_are_attained(penalty):
    """One feature of one example: |u| = |y| / (2√λ) at σ = √λ, and for small λ the distance from
    u^+ is λ|y|/σ³.
    """
    y, root = 3.0, math.sqrt(penalty)
    for sigma in (root / 2, root, 2 * root):
        u = abs(ridge([[sigma]], [y], penalty)[0])
        assert u <= y / (2 * root) * (1 + 1e-15)
    assert_close(ridge([[root]], [y], penalty)[0], y / (2 * root), 1e-14 / root)
    sigma = 100 * root
    gap = abs(ridge([[sigma]], [y], penalty)[0] - minimum_norm([[sigma]], [y])[0])
    assert 0.999 * penalty * y / sigma**3 < gap <= penalty * y / sigma**3


@given(st.integers(-900, 900), st.floats(0.01, 10.0), st.integers(0, 2**32))
def test_ridge_is_the_same_at_every_scale(power, penalty, seed):
    """Features times a, penalty times a²: coefficients divided by a. Where a² is no float, the
    penalty is refused by the fit.
    """
    rng = np.random.default_rng(seed)
    f, y, a = rng.standard_normal((7, 4)), rng.standard_normal(7), 2.0**power
    assert_close(minimum_norm(f * a, y) * a, minimum_norm(f, y), 1e-9)
    if -1000 < 2 * power < 1000:
        assert_close(ridge(f * a, y, penalty * a * a) * a, ridge(f, y, penalty), 1e-12)


@pytest.mark.parametrize(("scale", "dtype"), [(1e200, float), (1e20, np.float32), (1e-200, float)])
def test_ridge_of_extreme_features(scale, dtype):
    f = np.array([[1.0, 0.0], [0.0, 2.0]], dtype=dtype) * dtype(scale)
    if scale > 1:
        with pytest.raises(ValueError, match="penalty must be"):
            ridge(f, [1.0, 1.0], 1.0)
        return
    assert_close(ridge(f, [1.0, 1.0], 1.0) / scale, [1.0, 2.0], 1e-12)


@pytest.mark.claim("prop-minimum-norm", kind="identity")
@pytest.mark.parametrize(
    "features",
    [F, WIDE, F[:, :3] @ np.random.default_rng(4).standard_normal((3, 12))],
    ids=["tall", "wide", "rank 3"],
)
def test_minimum_norm_agrees_with_lstsq_and_the_pseudoinverse(features):
    u = minimum_norm(features, Y)
    scale = np.max(np.abs(u))
    assert_close(u / scale, np.linalg.lstsq(features, Y, rcond=None)[0] / scale, 1e-11)
    assert_close(u / scale, np.linalg.pinv(features) @ Y / scale, 1e-11)
    assert_close(ridge(features, Y, 0.0), u, 0)


@pytest.mark.claim("prop-minimum-norm", kind="identity")
def test_minimum_norm_interpolates_and_is_shortest_among_interpolants():
    u = minimum_norm(WIDE, Y)
    assert_close(WIDE @ u, Y, 1e-11)
    null = np.eye(60) - np.linalg.pinv(WIDE) @ WIDE
    h = null @ np.random.default_rng(5).standard_normal((60, 3))
    assert_close(
        np.sum((u + h) ** 2, axis=0),
        np.sum(u**2, axis=0) + np.sum(h**2, axis=0),
        1e-10 * np.sum(u**2, axis=0),
    )


@pytest.mark.claim("prop-minimum-norm", kind="identity")
def test_minimum_norm_is_the_limit_of_ridge():
    """On the singular vector i the ratio is σ²/(σ² + λ): 1 - λ/σ² to first order, so the distance
    falls in proportion to λ.
    """
    limit = minimum_norm(WIDE, Y)
    gaps = [np.linalg.norm(limit - ridge(WIDE, Y, penalty)) for penalty in (2e-6, 1e-6)]
    assert_close(gaps[0] / gaps[1], 2.0, 0.01)
    assert gaps[1] <= 1e-6 / np.linalg.svd(WIDE, compute_uv=False)[-1] ** 2 * np.linalg.norm(limit)


@pytest.mark.parametrize(
    "solver",
    [minimum_norm, lambda f, y, **k: in_batches(f, y, 20).minimum_norm(**k)],
    ids=["memory", "batches"],
)
def test_cutoff_on_both_sides(solver):
    """Singular values 5, 0.5, 0.05: those at or below cutoff times the largest are left out."""
    turn = np.linalg.qr(np.random.default_rng(8).standard_normal((3, 3)))[0]
    f = np.vstack([np.diag([5.0, 0.5, 0.05]), np.zeros((2, 3))]) @ turn.T
    for cutoff, kept in ((0.009, 3), (0.011, 2), (0.099, 2), (0.11, 1), (1.0, 0)):
        inverse = np.array([0.2, 2.0, 20.0]) * (np.arange(3) < kept)
        u = solver(f, np.ones(5), cutoff=cutoff)
        if kept:
            assert_close(u, turn @ inverse, 1e-9)
        else:
            assert np.all(u == 0)


def test_features_that_are_zero_get_the_coefficient_zero():
    for fit in (
        minimum_norm(0 * F, Y),
        ridge(0 * F, Y, 1.0),
        in_batches(0 * F, Y, 7).minimum_norm(),
        in_batches(0 * F, Y, 7).ridge(1.0),
    ):
        assert fit.shape == (12, 3)
        assert np.all(fit == 0)


# From batches


@pytest.mark.claim("prop-streaming", kind="identity")
@pytest.mark.parametrize("size", [1, 7, 40])
@pytest.mark.parametrize("features", [F, WIDE], ids=["tall", "wide"])
def test_batches_give_what_memory_gives(features, size):
    sums = in_batches(features, Y, size)
    assert (sums.rows, sums.batches, sums.largest_batch) == (40, math.ceil(40 / size), size)
    assert_close(sums.gram, features.T @ features, 1e-12)
    assert_close(sums.moment, features.T @ Y, 1e-12)
    assert_close(sums.ridge(0.3), ridge(features, Y, 0.3), 1e-11)
    limit = minimum_norm(features, Y)
    assert_close(sums.minimum_norm(), limit, 1e-8 * np.max(np.abs(limit)))
    assert np.array_equal(sums.ridge(0), sums.minimum_norm())


@pytest.mark.claim("prop-streaming", kind="identity")
def test_a_generator_of_batches_is_enough():
    sums = normal_equations(FEATURES, ((X[i : i + 9], Y[i : i + 9, 0]) for i in range(0, 40, 9)))
    assert sums.rows == 40
    assert_close(sums.ridge(0.3), ridge(F, Y[:, 0], 0.3), 1e-11)


@pytest.mark.claim("prop-streaming", kind="identity")
def test_the_rounding_of_the_sums_attains_the_bound():
    """A row 1 and then squares just below half a unit of 1, which are lost one after the other: the
    error is (B - 1) u to 1 part in 1000, the bound (m + B) u tr F'F with m = 1. For one batch of m
    rows, added up from the left, the same is m - 1 and (m + 1) u.
    """
    n, unit = 2000, 2.0**-53
    small = math.sqrt(unit) * (1 - 1e-6)
    features = np.full((n, 1), small)
    features[0] = 1.0
    exact = 1 + (n - 1) * Fraction(small) ** 2
    trace = float(exact)
    sums = in_batches(features, np.zeros(n), 1)
    assert (sums.largest_batch, sums.batches) == (1, n)
    error = float(exact - Fraction(sums.gram[0, 0]))
    assert 0.998 * (1 + n) * unit * trace < error <= (1 + n) * unit * trace
    total = 0.0
    for value in features[:, 0]:
        total += value * value
    error = float(exact - Fraction(total))
    assert 0.998 * (n + 1) * unit * trace < error <= (n + 1) * unit * trace


@pytest.mark.claim("prop-streaming", kind="certified")
@pytest.mark.parametrize("n", [50, 3000])
@pytest.mark.parametrize("size", [1, 64, 3000])
def test_resolution_bounds_the_rounding_of_the_sums(n, size):
    """The truth in 80-bit arithmetic, where the machine has it; and the resolution is the formula
    of the docstring.
    """
    if np.finfo(np.longdouble).eps > 1e-18:
        pytest.skip("needs an extended floating type")
    features = np.random.default_rng(4).standard_normal((n, 6)) + 3
    sums = in_batches(features, np.zeros(n), size)
    exact = features.astype(np.longdouble)
    error = np.linalg.norm((sums.gram - exact.T @ exact).astype(float), 2)
    assert 0 < error <= sums.resolution
    assert_close(
        sums.resolution,
        (min(size, n) + math.ceil(n / size) + 6) * EPSILON * np.trace(sums.gram),
        1e-12 * sums.resolution,
    )


@pytest.mark.parametrize("condition", [1e2, 1e4, 1e6])
def test_normal_equations_lose_accuracy_as_the_docstring_says(condition):
    """Singular values serve to full accuracy times the condition number, normal equations times its
    square; both bounds hold.
    """
    features, u, targets = of_condition(condition)
    near, far = minimum_norm(features, targets), in_batches(features, targets, 10).minimum_norm()
    assert np.linalg.norm(near - u) <= 50 * EPSILON * condition * np.linalg.norm(u)
    resolution = in_batches(features, targets, 10).resolution
    assert np.linalg.norm(far - u) <= 2 * resolution * condition**2 * np.linalg.norm(u)
    if condition == 1e6:
        assert np.linalg.norm(far - u) > 1e3 * np.linalg.norm(near - u)  # the loss is real


@pytest.mark.parametrize("penalty", [1e-12, 1e-9, 1e-4])
def test_error_bound_of_ridge_from_batches(penalty):
    features, _, targets = of_condition(1e6)
    sums, truth = in_batches(features, targets, 10), ridge(features, targets, penalty)
    size = np.linalg.norm(targets) / np.linalg.norm(features) + np.linalg.norm(truth)
    assert_close(sums.ridge(penalty), truth, sums.resolution * size / penalty)


def test_penalties_that_rounding_would_decide_are_refused():
    features, _, targets = of_condition(1e3)
    sums = in_batches(features, targets, 10)
    for solver, least in (
        (lambda p: ridge(features, targets, p), (50 * EPSILON) ** 2),
        (sums.ridge, sums.resolution),
    ):
        assert np.all(np.isfinite(solver(1.01 * least)))
        with pytest.raises(
            ValueError,
            match=r"penalty must be 0 or >= .*, below which rounding decides the result, got ",
        ):
            solver(0.99 * least)
    least = math.sqrt(sums.resolution)  # the largest singular value is 1
    assert np.all(np.isfinite(sums.minimum_norm(1.01 * least)))
    with pytest.raises(ValueError, match="cutoff must be a finite real number >= "):
        sums.minimum_norm(0.99 * least)


def test_a_refused_batch_changes_nothing():
    sums = in_batches(F, Y, 10)
    gram, moment = sums.gram.copy(), sums.moment.copy()
    for features, targets in (
        (F[:, :5], Y),
        (F, Y[:, :2]),
        (F, Y[:, 0]),
        (F[:3], Y),
        (np.full((1, 12), math.nan), Y[:1]),
    ):
        with pytest.raises(ValueError, match=r"must (have|hold)"):
            sums.add(features, targets)
    assert np.array_equal(sums.gram, gram) and np.array_equal(sums.moment, moment)
    assert (sums.rows, sums.batches) == (40, 4)


def test_memory_does_not_grow_with_the_rows():
    """tracemalloc sees numpy's arrays. Peak while adding: two r x r matrices, three n x r arrays of
    a batch, and small change.
    """
    r, batch, peaks = 256, 128, []
    features = ReLUFeatures.sample(np.random.default_rng(1), r, 5, bias_scale=1.0)
    for number in (3, 60):
        rng = np.random.default_rng(2)
        tracemalloc.start()
        normal_equations(
            features,
            ((rng.standard_normal((batch, 5)), rng.standard_normal(batch)) for _ in range(number)),
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] <= 1.02 * peaks[0]
    assert 8 * 2 * r * r <= peaks[1] <= 1.1 * 8 * (2 * r * r + 3 * batch * r)


def test_benchmark_of_memory_runs_and_can_fail():
    command = [
        sys.executable,
        str(Path(__file__).parents[2] / "benchmarks" / "streaming" / "measure.py"),
        "--rows",
        "3000",
    ]
    command += ["--features", "64", "--batch", "500"]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=100, check=False)
    assert run.returncode == 0, run.stderr
    assert "3000 rows, 64 features" in run.stdout
    run = subprocess.run(
        [*command, "--limit", "1"], capture_output=True, encoding="utf-8", timeout=100, check=False
    )
    assert run.returncode == 1
    assert "peak memory must be <= 1 MB, got " in run.stderr


# Types and bad input

FITS = {
    "map": lambda f, y: ReLUFeatures(f[:3], f[:3, 0])(f),
    "ridge": lambda f, y: ridge(f, y, 0.5),
    "minimum norm": minimum_norm,
    "batches, ridge": lambda f, y: (
        NormalEquations().add(f[:20], y[:20]).add(f[20:], y[20:]).ridge(0.5)
    ),
    "batches, minimum norm": lambda f, y: NormalEquations().add(f, y).minimum_norm(),
}


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("axes", [1, 2])
def test_fits_return_what_went_in(name, dtype, axes):
    f, y = F.astype(dtype), (Y if axes == 2 else Y[:, 0]).astype(dtype)
    value, truth = FITS[name](f, y), FITS[name](F, Y if axes == 2 else Y[:, 0])
    assert (type(value), value.dtype, value.shape) == (np.ndarray, np.dtype(dtype), truth.shape)
    error = (1e-3 if dtype == "float32" else 1e-11) * np.max(np.abs(truth))
    assert_close(value, truth, error)
    torch = pytest.importorskip("torch")
    other = FITS[name](torch.asarray(f), torch.asarray(y))
    assert isinstance(other, torch.Tensor)
    assert other.dtype == getattr(torch, dtype)
    assert_close(other.numpy(), truth, error)


def test_the_map_follows_its_input():
    torch = pytest.importorskip("torch")
    value = FEATURES(torch.asarray(X, dtype=torch.float32))
    assert (type(value), value.dtype) == (torch.Tensor, torch.float32)
    assert_close(value.numpy(), F, 1e-6 * 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ReLUFeatures(np.ones(3), np.ones(3)),
            r"weights must have 2 axes, got shape \(3,\)",
        ),
        (
            lambda: ReLUFeatures(np.ones((3, 2)), np.ones(2)),
            "biases must have 3 entries, one for each row of weights, got 2",
        ),
        (
            lambda: ReLUFeatures(np.ones((0, 2)), np.ones(0)),
            r"weights must have at least 1 row and 1 column, got shape \(0, 2\)",
        ),
        (
            lambda: ReLUFeatures(np.ones((1, 2)), np.array([math.inf])),
            r"biases must hold finite numbers, got inf at index \(0,\)",
        ),
        (lambda: ReLUFeatures.sample(7, 3, 2), "rng must be a numpy.random.Generator, got 7"),
        (
            lambda: ReLUFeatures.sample(np.random.default_rng(0), 0, 2),
            "r must be an integer >= 1, got 0",
        ),
        (
            lambda: ReLUFeatures.sample(np.random.default_rng(0), 3, 2.5),
            "d must be an integer >= 1, got 2.5",
        ),
        (
            lambda: ReLUFeatures.sample(np.random.default_rng(0), 3, 2, bias_scale=-1.0),
            "bias_scale must be a finite real number >= 0, got -1.0",
        ),
        (
            lambda: FEATURES(X[:, :3]),
            "x must have 4 columns, one for each input of the features, got 3",
        ),
        (lambda: FEATURES(X[0]), r"x must have 2 axes, got shape \(4,\)"),
        (
            lambda: FEATURES(np.full((1, 4), math.nan)),
            r"x must hold finite numbers, got nan at index \(0, 0\)",
        ),
        (lambda: ridge(F, Y, -0.1), "penalty must be a finite real number >= 0, got -0.1"),
        (lambda: ridge(F, Y, math.nan), "penalty must be a finite real number >= 0, got nan"),
        (
            lambda: in_batches(F, Y, 9).ridge(-0.1),
            "penalty must be a finite real number >= 0, got -0.1",
        ),
        (
            lambda: ridge(F, Y[:30], 1.0),
            r"targets must have 1 or 2 axes and 40 rows, as many as features, got shape \(30, 3\)",
        ),
        (
            lambda: minimum_norm(F, Y[:, :, None]),
            r"targets must have 1 or 2 axes and 40 rows, .* got shape \(40, 3, 1\)",
        ),
        (
            lambda: minimum_norm(F[:0], Y[:0]),
            r"features must have at least 1 row and 1 column, got shape \(0, 12\)",
        ),
        (
            lambda: minimum_norm(F, Y, cutoff=1.5),
            "cutoff must be a finite real number >= 0 and <= 1, got 1.5",
        ),
        (
            lambda: in_batches(F, Y, 9).minimum_norm(cutoff=1.5),
            r"cutoff must be a finite real number >= .* and <= 1, got 1.5",
        ),
        (
            lambda: minimum_norm(F, np.full(40, math.inf)),
            r"targets must hold finite numbers, got inf at index \(0,\)",
        ),
        (lambda: ridge(F * 1j, Y, 1.0), "features must hold real numbers, got dtype complex128"),
        (lambda: NormalEquations().ridge(1.0), "batches must be at least 1 before a fit, got 0"),
        (lambda: normal_equations(FEATURES, []), "batches must be at least 1 before a fit, got 0"),
        (
            lambda: in_batches(F, Y, 9).add(F[:, :5], Y),
            "features must have 12 columns, as the batches before, got 5",
        ),
        (
            lambda: in_batches(F, Y, 9).add(F, Y[:, 0]),
            r"targets must have \(3,\) axes after the first, as the batches before, got \(\)",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_squares_that_overflow_are_refused():
    with (
        np.errstate(over="ignore"),
        pytest.raises(
            ValueError, match=r"features must have products .* < 1.8e308, got entries up to 1e\+200"
        ),
    ):
        NormalEquations().add(np.full((2, 2), 1e200), np.ones(2))


def test_the_fits_need_no_scikit_learn():
    code = (
        "import sys\nsys.modules['sklearn'] = None\nimport randomfeatures.power.random_features\n{}"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code.format(more)],
            capture_output=True,
            encoding="utf-8",
            timeout=100,
            check=False,
        )
        for more in ("", "import randomfeatures.power.random_features_estimator")
    ]
    assert runs[0].returncode == 0, runs[0].stderr
    assert runs[1].returncode != 0 and "sklearn" in runs[1].stderr  # the block works
