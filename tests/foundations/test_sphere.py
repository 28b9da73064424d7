"""Multiplicities, Gegenbauer polynomials, eigenvalues of monomials and samplers of the sphere."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from randomfeatures.foundations.sphere import (
    cosine_moment,
    gegenbauer,
    log_monomial_eigenvalue,
    monomial_eigenvalue,
    multiplicity,
    sample_cosines,
    sample_sphere,
)

DIMENSIONS = st.integers(2, 300) | st.integers(2, 10**40)


def cosine_rule(d, n=200):
    """Nodes and weights of E g(t), t the cosine of two uniform points, d >= 2: exact for
    polynomials of degree 2n - 1."""
    t, w = special.roots_gegenbauer(n, (d - 2) / 2) if d > 2 else special.roots_chebyt(n)
    return t, w / np.sum(w)


@given(st.integers(1, 60), st.integers(0, 60))
def test_polynomials_split_into_harmonics(d, k):
    """Homogeneous polynomials of degree k in d variables are the harmonics of degree k, k-2, ...
    times powers of |x|^2."""
    assert sum(multiplicity(d, j) for j in range(k, -1, -2)) == math.comb(k + d - 1, k)


@given(DIMENSIONS, st.integers(1, 40))
def test_multiplicity_is_the_formula_of_the_handbooks(d, k):
    assert multiplicity(d, k) == Fraction(2 * k + d - 2, k) * math.comb(k + d - 3, k - 1)


def test_multiplicity_at_the_edges():
    assert [multiplicity(1, k) for k in range(5)] == [1, 1, 0, 0, 0]
    assert [multiplicity(2, k) for k in range(5)] == [1, 2, 2, 2, 2]
    assert [multiplicity(d, 1) for d in (1, 2, 7, 10**50)] == [1, 2, 7, 10**50]
    assert multiplicity(10**50, 2) == (10**50 * (10**50 + 1)) // 2 - 1
    assert multiplicity(3, 10**50) == 2 * 10**50 + 1
    assert type(multiplicity(np.int64(40), np.int64(20))) is int


@pytest.mark.parametrize("d", [2, 3, 4, 7, 50, 301])
def test_gegenbauer_polynomials_are_orthogonal_with_square_one_over_multiplicity(d):
    t, w = cosine_rule(d)
    values = np.array([gegenbauer(d, k, t) for k in range(41)]) * np.array(
        [[math.sqrt(multiplicity(d, k))] for k in range(41)]
    )
    # The factor sqrt(N) magnifies rounding errors of P_k at the ends, where the weight is small;
    # 1e-9 leaves room for N(301, 40) = 1e52.
    assert_close((values * w) @ values.T, np.eye(41), 1e-9)


@pytest.mark.parametrize("d", [2, 3, 4, 9, 100, 10**6])
@pytest.mark.parametrize("k", [0, 1, 2, 7, 60, 300])
def test_gegenbauer_against_exact_arithmetic(d, k):
    t = np.array([-1.0, -0.93, -0.2, 0.0, 0.37, 0.999, 1.0])
    with mpmath.workdps(80):
        truth = []
        for cosine in map(mpmath.mpf, t):
            before, value = mpmath.mpf(1), cosine
            for n in range(1, k):
                before, value = value, ((2 * n + d - 2) * cosine * value - n * before) / (n + d - 2)
            truth.append(float(value if k else before))
        if k == 7 and d < 1000:  # the recurrence itself against the library's hypergeometric series
            assert truth[4] == pytest.approx(
                float(
                    mpmath.hyp2f1(-k, k + d - 2, mpmath.mpf(d - 1) / 2, (1 - mpmath.mpf(t[4])) / 2)
                ),
                rel=1e-14,
            )
    assert_close(gegenbauer(d, k, t), truth, 2e-15 * (k + 1))


@given(st.integers(1, 10**30), st.integers(0, 80), st.floats(-1, 1))
def test_gegenbauer_is_bounded_and_has_the_parity_of_its_degree(d, k, t):
    k = min(k, 1) if d == 1 else k
    plus, minus, ends = (
        gegenbauer(d, k, np.array([t])),
        gegenbauer(d, k, np.array([-t])),
        gegenbauer(d, k, np.array([1.0, -1.0])),
    )
    assert np.all(minus == (-1) ** k * plus)
    assert np.all(np.abs(plus) <= 1 + 1e-13)
    assert_close(ends, [1, (-1) ** k], 1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gegenbauer_returns_what_went_in(dtype):
    t = np.linspace(-1, 1, 6).reshape(2, 3).astype(dtype)
    value = gegenbauer(5, 4, t)
    assert (type(value), value.dtype, value.shape) == (np.ndarray, t.dtype, (2, 3))
    torch = pytest.importorskip("torch")
    other = gegenbauer(5, 4, torch.asarray(t))
    assert isinstance(other, torch.Tensor)
    assert other.dtype == getattr(torch, dtype)
    assert_close(other.numpy(), value, 1e-6 if dtype == "float32" else 1e-15)


@pytest.mark.claim("prop-concentration-spectrum", kind="quadrature")
@pytest.mark.parametrize("d", [2, 3, 4, 11, 60])
def test_monomial_eigenvalue_is_the_average_of_monomial_times_polynomial(d):
    t, w = cosine_rule(d)
    pairs = [
        (0, 0),
        (1, 1),
        (2, 0),
        (5, 1),
        (5, 3),
        (8, 2),
        (13, 13),
        (30, 4),
        (31, 11),
        (6, 3),
        (3, 5),
    ]
    truth = [float(np.sum(w * t**m * gegenbauer(d, k, t))) for m, k in pairs]
    assert_close([monomial_eigenvalue(d, m, k) for m, k in pairs], truth, 2e-14)


@given(DIMENSIONS | st.just(1), st.integers(0, 60), st.floats(-1, 1))
def test_monomial_is_the_sum_of_its_projections(d, m, t):
    """t^m = sum over k of mu_{m,k} N(d,k) P_k(t): at t = 1 the terms are positive and add up to
    1."""
    degrees = range(0, min(m, 1) + 1) if d == 1 else range(m + 1)
    terms = [
        monomial_eigenvalue(d, m, k) * multiplicity(d, k) if multiplicity(d, k) < 10**300 else 0.0
        for k in degrees
    ]
    whole = math.fsum(terms)
    if all(
        multiplicity(d, k) < 10**300 and (monomial_eigenvalue(d, m, k) > 1e-300 or (m - k) % 2)
        for k in degrees
    ):
        assert abs(whole - 1) <= 1e-14
        assert abs(1.02 * whole - 1) > 1e-14
        if d > 1:
            value = math.fsum(
                c * float(gegenbauer(d, k, np.array(t)))
                for k, c in zip(degrees, terms, strict=True)
            )
            assert abs(value - t**m) <= 1e-12


@given(DIMENSIONS, st.integers(0, 400), st.integers(0, 400))
def test_monomial_eigenvalue_is_the_quotient_of_gamma_functions(d, m, k):
    value, logarithm = monomial_eigenvalue(d, m, k), log_monomial_eigenvalue(d, m, k)
    if m < k or (m - k) % 2:
        assert (value, logarithm) == (0.0, -math.inf)
        return
    with mpmath.workdps(120):
        half = mpmath.mpf(1) / 2
        truth = (
            mpmath.rf(1 + m - k, k)
            / mpmath.mpf(2) ** k
            * mpmath.gamma((m - k) * half + half)
            / mpmath.sqrt(mpmath.pi)
        )
        truth /= mpmath.rf(d * half, (m + k) // 2)
        assert abs(value - truth) <= 1.2e-16 * truth or (
            truth < 3e-308 and abs(value - truth) < 5e-324
        )
        assert abs(logarithm - mpmath.log(truth)) <= 4e-16 * (
            1 + mpmath.log(mpmath.factorial(m)) - mpmath.log(truth)
        )


@pytest.mark.claim("prop-concentration-spectrum", kind="identity")
@given(DIMENSIONS, st.integers(0, 60), st.integers(0, 60))
def test_eigenvalues_of_a_monomial_fall_with_the_degree(d, k, j):
    """mu_{m,k+2} / mu_{m,k} = (m - k) / (m + k + d) < 1."""
    m = k + 2 * j
    below, above = monomial_eigenvalue(d, m, k), monomial_eigenvalue(d, m, k + 2)
    if below > 1e-290:
        assert abs(above - below * (m - k) / (m + k + d)) <= 4e-16 * below
        assert above < below


def test_eigenvalues_at_the_edges():
    assert [
        monomial_eigenvalue(1, m, k) for m, k in [(0, 0), (1, 0), (1, 1), (7, 1), (8, 0), (8, 1)]
    ] == [1, 0, 1, 1, 1, 0]
    assert monomial_eigenvalue(200, 400, 400) == 0.0 or monomial_eigenvalue(200, 400, 400) > 0
    assert monomial_eigenvalue(10**6, 100, 100) == 0.0
    assert log_monomial_eigenvalue(10**6, 100, 100) == pytest.approx(
        math.lgamma(101) - sum(math.log(10**6 + 2 * i) for i in range(100)), rel=1e-13
    )


@given(DIMENSIONS | st.just(1), st.integers(0, 40))
def test_moments_of_the_cosine(d, k):
    truth = Fraction(math.prod(range(1, 2 * k, 2)), math.prod(range(d, d + 2 * k, 2)))
    assert cosine_moment(d, 2 * k) == float(truth)
    assert cosine_moment(d, 2 * k + 1) == 0
    assert truth <= Fraction(
        math.prod(range(1, 2 * k, 2)), d**k
    )  # the bound used for the concentration theorem


@pytest.mark.parametrize("d", [1, 2, 3, 5, 40])
def test_samples_are_uniform(d):
    """Three laws that a uniform point has, each at level 1e-4 with a fixed seed: first cosine, its
    direction elsewhere, and unit length."""
    rng = np.random.default_rng(1000 + d)
    theta = sample_sphere(rng, 20_000, d)
    assert theta.shape == (20_000, d)
    assert_close(np.linalg.norm(theta, axis=1), np.ones(20_000), 1e-15)
    axis = sample_sphere(rng, 1, d)[0]
    if d == 1:
        for sample in (theta[:, 0], sample_cosines(rng, 20_000, 1)):
            assert set(sample) == {-1.0, 1.0}
            assert abs(np.sum(sample)) < 4 * math.sqrt(20_000)
        return
    law = stats.beta((d - 1) / 2, (d - 1) / 2, loc=-1, scale=2)
    for sample in (theta @ axis, sample_cosines(rng, 20_000, d)):
        assert stats.kstest(sample, law.cdf).pvalue > 1e-4
        assert stats.kstest(1.05 * sample, law.cdf).pvalue < 1e-4 or d == 1
    covariance = theta.T @ theta / 20_000
    assert np.max(np.abs(covariance - np.eye(d) / d)) < 6 * math.sqrt(2 / 20_000) / d


def test_cosines_of_a_huge_sphere_are_gaussian():
    t = sample_cosines(np.random.default_rng(5), 20_000, 10**12)
    assert stats.kstest(t * 1e6, "norm").pvalue > 1e-4
    assert stats.kstest(1.05e6 * t, "norm").pvalue < 1e-4


def test_a_seed_gives_the_same_sample_and_no_sample_is_empty():
    first, second = (sample_sphere(np.random.default_rng(3), 4, 5) for _ in range(2))
    assert np.all(first == second)
    assert sample_sphere(np.random.default_rng(3), 0, 5).shape == (0, 5)
    assert sample_cosines(np.random.default_rng(3), 0, 5).shape == (0,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: multiplicity(0, 1), r"d must be an integer >= 1.*, got 0"),
        (lambda: multiplicity(2.0, 1), "d must be an integer >= 1, got 2.0"),
        (lambda: multiplicity(2, -1), r"k must be an integer >= 0.*, got -1"),
        (lambda: gegenbauer(1, 2, np.ones(1)), "k must be an integer >= 0 and <= 1, got 2"),
        (
            lambda: gegenbauer(3, 2, np.array([1.1])),
            r"t must hold finite numbers >= -1 and <= 1, got 1.1 at index \(0,\)",
        ),
        (
            lambda: gegenbauer(3, 2, "0.5"),
            "t must be an array of numpy, torch or JAX, or numbers that numpy reads, got str",
        ),
        (lambda: monomial_eigenvalue(0, 1, 1), r"d must be an integer >= 1.*, got 0"),
        (lambda: monomial_eigenvalue(2, -1, 1), r"m must be an integer >= 0.*, got -1"),
        (lambda: log_monomial_eigenvalue(2, 1, -1), r"k must be an integer >= 0.*, got -1"),
        (lambda: monomial_eigenvalue(1, 2, 2), "k must be an integer >= 0 and <= 1, got 2"),
        (lambda: cosine_moment(3, -2), "power must be an integer >= 0, got -2"),
        (lambda: sample_sphere(0, 1, 1), "rng must be a numpy.random.Generator, got 0"),
        (
            lambda: sample_sphere(np.random.default_rng(0), -1, 1),
            r"n must be an integer >= 0.*, got -1",
        ),
        (
            lambda: sample_cosines(np.random.default_rng(0), 1, 0),
            r"d must be an integer >= 1.*, got 0",
        ),
        (lambda: sample_cosines(None, 1, 1), "rng must be a numpy.random.Generator, got None"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
