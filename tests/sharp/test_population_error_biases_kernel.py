"""Neurons with biases: their kernel in tiles, and their preconditioner."""

import math

import mpmath
import numpy as np
import pytest
from checks import assert_close
from population_error_parts import biased, dense_gram, whole

from randomfeatures.foundations.hermite import relu_coefficients
from randomfeatures.foundations.sphere import gegenbauer, sample_sphere
from randomfeatures.sharp.population_error import certificate
from randomfeatures.sharp.population_error.gram import product
from randomfeatures.sharp.population_error.gram_with_biases import (
    GramWithBiases,
    plackett_integral,
)
from randomfeatures.sharp.population_error.harmonics_with_biases import (
    HarmonicsWithBiases,
    share_of_low_degree,
)
from randomfeatures.sharp.population_error.hermite_tables import hermite_table, largest_cosine
from randomfeatures.sharp.population_error.neurons import unit
from randomfeatures.sharp.population_error.threads import Workers

U = 2.0**-53


@pytest.fixture
def rng():
    return np.random.default_rng(3)


# --- the kernel ----------------------------------------------------------------------------------


@pytest.mark.claim("prop-biased-preconditioner", kind="identity")
def test_the_table_holds_hermite_coefficients_times_the_length():
    """t_n = p c_n(b/p) for levels from -9 to 9, and the constant, by ``relu_coefficients``."""
    levels = np.array([-9.0, -3.0, -0.7, 0.0, 0.4, 2.5, 6.0])
    features = unit(np.ones((7, 1)), levels)
    table = hermite_table(features, 40)
    for t, h, p in zip(table.T, levels, features.rows[:, 0], strict=True):
        assert_close(t, p * relu_coefficients(40, h), 1e-15)
    constants = hermite_table(unit(np.zeros((2, 1)), np.array([3.0, -2.0])), 3).T
    assert np.array_equal(constants, [[1, 0, 0, 0], [0, 0, 0, 0]])
    for degree in (0, 1, 2):
        assert np.array_equal(hermite_table(features, degree), table[: degree + 1])


@pytest.mark.claim("prop-biased-preconditioner", kind="identity")
@pytest.mark.parametrize("d", [3, 12])
def test_mehlers_series_is_the_kernel(rng, d):
    """Σ t_n t_n' ρ^n with 200 terms, for cosines up to 0.8, against the closed form."""
    features = unit(*biased(rng, 60, d, "uniform"))
    table, directions = hermite_table(features, 200), features.rows.copy()
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    rho = directions @ directions.T
    series = sum(np.outer(t, t) * rho**n for n, t in enumerate(table))
    far = np.abs(rho) <= 0.8
    assert_close(series[far], dense_gram(features)[far], 2e-15)


def exact_integral(h, k, rho):
    h, k, rho = (mpmath.mpf(float(x)) for x in (h, k, rho))

    def integrand(s):
        square = 1 - s * s
        exponent = (h * h + k * k - 2 * h * k * s) / (2 * square)
        return (rho - s) * mpmath.exp(-exponent) / (2 * mpmath.pi * mpmath.sqrt(square))

    return float(mpmath.quad(integrand, mpmath.linspace(0, rho, 17)))


@pytest.mark.parametrize(("rho", "nodes"), [(0.75, 12), (-0.75, 12), (0.97, 24), (-0.97, 24)])
def test_gausss_rule_has_the_digits_that_it_claims(rho, nodes):
    """Levels up to 5 and nearly equal ones (or opposite ones, for negative cosines), where the
    integrand has a peak at the end."""
    pairs = [(h, math.copysign(h, rho) + e) for h in (0.0, 0.5, 2.0, 5.0) for e in (0.0, 0.1, 1.0)]
    h, k = np.array(pairs).T
    found = plackett_integral(h, k, np.full(12, rho), nodes)
    with mpmath.workdps(30):
        exact = [exact_integral(*pair, rho) for pair in pairs]
    assert np.max(np.abs(found - exact)) <= 2e-16
    fewer = plackett_integral(h, k, np.full(12, rho), nodes // 2)
    assert np.max(np.abs(fewer - exact)) > 2e-16  # so the test sees too few


@pytest.mark.claim("prop-biased-preconditioner", kind="certified")
@pytest.mark.parametrize("terms", [5, 20, 60])
def test_what_the_series_leaves_out_is_half_a_rounding(terms):
    """At the largest cosine that so many terms allow the rest of the series of any two levels is at
    most u/2, and at least a fiftieth of that."""
    levels = np.linspace(-6, 6, 121)
    with mpmath.workdps(30):
        rho, rests = mpmath.mpf(largest_cosine(terms)), []
        for h in levels:
            density = mpmath.npdf(h)
            he, before, rest = mpmath.mpf(1), mpmath.mpf(0), mpmath.mpf(0)
            for n in range(2, terms + 80):
                if n > terms:
                    rest += (density * he) ** 2 / (n * (n - 1)) * rho**n
                m = n - 2
                he, before = (
                    (-h * he - mpmath.sqrt(m) * before) / mpmath.sqrt(m + 1),
                    he,
                )
            rests.append(float(rest))
    assert max(rests) <= U / 2  # by Cauchy and Schwarz the largest rest is that of equal levels
    assert max(rests) >= U / 100


@pytest.mark.claim("prop-biased-preconditioner", kind="certified")
@pytest.mark.parametrize("d", [1, 2, 5, 30])
def test_entries_with_biases_are_as_exact_as_the_bound_says(rng, d):
    """Random, nearly parallel, nearly opposite rows, constants, nearly constants and large biases,
    against 40 digits: at most a bound apart, and somewhere a hundredth of it."""
    base = rng.standard_normal((8, d + 1))
    turns = 10.0 ** rng.uniform(-9, -1, (40, 1)) * rng.standard_normal((40, d + 1))
    rows = np.vstack([base, base[rng.integers(8, size=40)] + turns, -base, 20 * np.eye(d + 1)])
    rows = np.vstack([rows, rows * np.array([1.0] * d + [5.0]), rows * np.array([1e-3] * d + [1])])
    rows[-1, :-1] = 0.0
    features = unit(rows[:, :-1], rows[:, -1])
    matrix, bound = (
        whole(GramWithBiases(features, Workers(None))),
        certificate.entry_error(features),
    )
    worst = 0.0
    with mpmath.workdps(40):
        exact = [[mpmath.mpf(float(t)) for t in row] for row in rows]
        exact = [[t / mpmath.norm(row) for t in row] for row in exact]
        for i, j in rng.integers(len(rows), size=(60, 2)):
            worst = max(worst, abs(float(kernel_in_digits(exact[i], exact[j]) - matrix[i, j])))
    assert bound / 100 <= worst <= bound


def kernel_in_digits(u, v):
    """E [<w,x>+a]_+ [<w',x>+b]_+ as c + the integral of a probability, exact at correlation 0 (the
    product of means) or, in the other half, at ±1."""
    a, b = u[-1], v[-1]
    p, q = mpmath.norm(u[:-1]), mpmath.norm(v[:-1])
    if p < 1e-30 or q < 1e-30:
        return mean_in_digits(p, a) * mean_in_digits(q, b)
    h, k = a / p, b / q
    rho = min(max(mpmath.fdot(u[:-1], v[:-1]) / (p * q), mpmath.mpf(-1)), mpmath.mpf(1))

    def height(s):
        # φ_2 ds with s = sin θ, near ±1 the exponent by the difference of the levels
        sine, cosine = mpmath.sin(s), mpmath.cos(s)
        square = (h - k) ** 2 if sine > 0 else (h + k) ** 2
        exponent = square / (2 * cosine**2) + (h * k if sine > 0 else -h * k) / (1 + abs(sine))
        return (rho - sine) * mpmath.exp(-exponent) if cosine > 0 else mpmath.mpf(0)

    angle = mpmath.asin(rho)
    ends = [angle * (1 - mpmath.mpf(2) ** -m) for m in range(34)] + [angle]
    integral = mpmath.quad(height, ends, maxdegree=5) / (2 * mpmath.pi)
    slope = mpmath.ncdf(h) * mpmath.ncdf(k) * rho
    return mean_in_digits(p, a) * mean_in_digits(q, b) + p * q * (slope + integral)


def mean_in_digits(p, b):
    return b * mpmath.ncdf(b / p) + p * mpmath.npdf(b / p) if p > 0 else max(b, mpmath.mpf(0))


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("d", [2, 9, 40])
def test_tiles_are_the_closed_form_and_their_products(rng, library, d):
    xp = pytest.importorskip(library)
    features = unit(*biased(rng, 600, d, "uniform"))
    truth = dense_gram(features)
    gram = GramWithBiases(features.map(xp.asarray), Workers(None))
    matrix = whole(gram)
    assert_close(matrix, truth, 3e-15)
    x = rng.standard_normal((600, 2))
    assert_close(np.asarray(product(gram, xp.asarray(x))), truth @ x, 1e-12)
    single = GramWithBiases(features.map(xp.asarray).cast(xp.float32), Workers(None))
    assert_close(np.asarray(single.tile(0, 256)), truth[:256, 256:512], 1e-6)


# --- the preconditioner --------------------------------------------------------------------------


@pytest.mark.claim("prop-biased-preconditioner", kind="identity")
@pytest.mark.parametrize(("n", "d"), [(300, 20), (200, 3), (90, 60), (250, 2), (5, 8)])
def test_columns_are_the_low_degrees_and_what_is_left_is_semidefinite(rng, n, d):
    """Φ Φ^T = Σ_{n <= degree} t_n t_n' ρ^n and the harmonics of degree 0 and 1 in higher ones;
    G - Φ Φ^T has no negative eigenvalue, and its diagonal is the metric."""
    features = unit(*biased(rng, n, d, "uniform"))
    found, truth = HarmonicsWithBiases(features), dense_gram(features)
    directions = features.rows / np.linalg.norm(features.rows, axis=1, keepdims=True)
    rho, table = np.clip(directions @ directions.T, -1, 1), hermite_table(features, found.degree)
    low = sum(np.outer(t, t) * rho**k for k, t in enumerate(table))
    for kind, row in found.low:
        low = low + np.outer(row, row) * gegenbauer(d, kind, rho)
    columns = found._features(slice(None))
    assert_close(columns @ columns.T, low, 1e-13)
    rest = truth - low
    assert np.linalg.eigvalsh(rest)[0] >= -1e-13
    assert_close(np.diag(rest), found.metric, 1e-13)
    x, y = rng.standard_normal((n, 3)), rng.standard_normal((columns.shape[1], 3))
    assert_close(found._transposed(x), columns.T @ x, 1e-12)
    assert_close(found._apply(y), columns @ y, 1e-12)
    solved = found.solve(x)
    again = columns @ (columns.T @ solved) + found.metric[:, None] * solved
    assert_close(again, x, 1e-7)


def test_degrees_and_low_harmonics_are_used(rng):
    """The last test is about something: degrees 1, 2 and more, and low harmonics of both kinds."""
    kinds = set()
    for n, d, degree in ((300, 20, 2), (200, 3, 6), (90, 60, 1), (6, 40, 0)):
        found = HarmonicsWithBiases(unit(*biased(rng, n, d, "uniform")))
        assert found.degree == degree
        kinds |= {kind for kind, _ in found.low}
    assert kinds == {0, 1}


def test_shares_of_low_degrees_are_integrals(rng):
    """ρ^n = E ρ^n + ... and its part of degree 1, by 200 000 directions and exactly in 3
    dimensions, where ρ is uniform."""
    assert_close([share_of_low_degree(n, 3) for n in (0, 2, 4)], [1, 1 / 3, 1 / 5], 1e-15)
    assert_close([share_of_low_degree(n, 3) for n in (1, 3, 5)], [1, 3 / 5, 3 / 7], 1e-15)
    rho = sample_sphere(rng, 200_000, 6)[:, 0]
    assert_close(share_of_low_degree(4, 6), np.mean(rho**4), 0.02 * np.mean(rho**4))
    assert_close(share_of_low_degree(3, 6), 6 * np.mean(rho**4), 0.02 * 6 * np.mean(rho**4))


def test_probes_with_biases_have_the_law_of_the_preconditioner(rng):
    """E z z^T = P: the covariance of L^{-1} z is I, every entry within 5 standard errors."""
    count = 200_000
    found = HarmonicsWithBiases(unit(*biased(rng, 12, 2, "uniform")))
    matrix = np.linalg.inv(found.solve(np.eye(12)))
    z = found.sample(np.random.default_rng(0), count)
    white = np.linalg.solve(np.linalg.cholesky((matrix + matrix.T) / 2), z)
    error = 5 * np.sqrt(1 + np.eye(12)) / math.sqrt(count)
    assert_close(white @ white.T / count, np.eye(12), error)


@pytest.mark.claim("prop-biased-preconditioner", kind="Monte Carlo")
@pytest.mark.parametrize("law", ["uniform", "Gaussian", "two"])
def test_eigenvalues_are_near_one_in_the_mean_square_for_every_law(law):
    """Part 3 with degrees up to 2 and nothing else: E (1/r) Σ (μ_i - 1)^2 <= (r - 1) E ρ^6, over 20
    draws of the weights; and at least a hundredth of it."""
    r, d, rng, values = 100, 12, np.random.default_rng(5), []
    for _ in range(20):
        features = unit(*biased(rng, r, d, law))
        truth, table = dense_gram(features), hermite_table(features, 2)
        directions = features.rows / np.linalg.norm(features.rows, axis=1, keepdims=True)
        rho = directions @ directions.T
        matrix = sum(np.outer(t, t) * rho**k for k, t in enumerate(table))
        matrix[np.diag_indices(r)] = np.diag(truth)
        root = np.linalg.inv(np.linalg.cholesky(matrix))
        values.append(np.mean((np.linalg.eigvalsh(root @ truth @ root.T) - 1) ** 2))
    bound = (r - 1) * 15 / (d * (d + 2) * (d + 4))
    assert bound / 100 <= np.mean(values) <= bound
