"""The limits of random features: every value against an independent route, every bound from both sides where it is sharp."""

import math

import mpmath
import numpy as np
import pytest
import torch
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from randomfeatures.foundations import hermite, sphere
from randomfeatures.limits import concentration
from randomfeatures.limits.anti_concentration import second_moment
from randomfeatures.limits.any_coefficients import log_width_bound, width_bound
from randomfeatures.limits.bounded_coefficients import coefficient_bound, hard_neurons, log_coefficient_bound
from randomfeatures.limits.concentration import (
    concentration_bound,
    concentration_exact,
    concentration_spectrum,
    log_concentration_bound,
    log_concentration_exact,
    log_mean_square_correlation,
    log_sine_eigenvalue,
    mean_square_correlation,
    sine_eigenvalue,
    wave_kernel,
)
from randomfeatures.limits.triangle_wave import relu_coefficients, sine_coefficients, triangle_wave, truncated_wave, truncation_bound

DIMENSIONS = st.integers(2, 200)
PHI = (math.sqrt(5) - 1) / 2
RATE = 1 - PHI - math.log(PHI) / 2
NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)


def least_norm(d):
    return 2 * math.sqrt(d) / math.pi


def cosine_rule(d, n=400):
    """Nodes and weights of E_t g(t) for smooth g."""
    t, w = special.roots_gegenbauer(n, (d - 2) / 2) if d > 2 else special.roots_chebyt(n)
    return t, w / np.sum(w)


def gaussian_rule(kinks=(), reach=9.0):
    """Nodes and weights of E g(z), z standard Gaussian, for g smooth between the kinks."""
    ends = np.union1d(np.arange(-reach, reach + 1), [c for c in kinks if abs(c) < reach])
    z = (ends[1:, None] + ends[:-1, None]) / 2 + np.diff(ends)[:, None] / 2 * NODES
    w = np.diff(ends)[:, None] / 2 * WEIGHTS * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return z.ravel(), w.ravel()


# --- three routes to the largest eigenvalue that share nothing with the package's double sum of Bessel functions I


def eigenvalue_by_folds(d, R):
    """λ_1 = E_q h(q)², q ~ chi_d, h(q) = E_t t tri(Rqt) with tri(y) = y - 2(y-1)_+ + 2(y-3)_+ - ... and incomplete beta functions.

    On each interval between odd Rq the integrand is smooth in the square root of the distance to the left end.
    """
    ends = np.union1d(np.arange(1, R * (math.sqrt(d) + 11), 2) / R, np.arange(0, math.sqrt(d) + 11, 0.5))
    v = (1 + NODES) / 2
    q = ends[:-1, None] + np.diff(ends)[:, None] * v**2
    h = R * q / d
    for n, j in enumerate(np.arange(1, R * q.max(), 2)):
        x2 = np.minimum(1.0, (j / np.maximum(R * q, 1e-300)) ** 2)
        square = special.betainc((d - 1) / 2, 1.5, 1 - x2) / (2 * d)
        linear = math.exp(math.lgamma(d / 2) - math.lgamma((d - 1) / 2)) / math.sqrt(math.pi) * (1 - x2) ** ((d - 1) / 2) / (d - 1)
        h = h - 4 * (-1) ** n * (R * q * square - j * linear)
    density = np.exp((d - 1) * np.log(q) - q**2 / 2 - (d / 2 - 1) * math.log(2) - math.lgamma(d / 2))
    return float(np.sum(np.diff(ends)[:, None] * v * WEIGHTS * density * h**2))


def log_eigenvalue_by_waves(d, R):
    """λ_1 = E_q h(q)² with h(q) = Σ_k b_k Γ(d/2) (2/(kαq))^{d/2-1} J_{d/2}(kαq), for d ≥ 10, where few k and a plain grid do."""
    k, b = sine_coefficients(81 if d < 40 else 15)
    q = np.linspace(0, math.sqrt(d) + 10, 8001)[1:]
    z = math.pi * R / 2 * q
    terms = [bk * special.jv(d / 2, j * z) * float(j) ** (1 - d / 2) for j, bk in zip(k, b, strict=True)]
    with np.errstate(divide="ignore"):
        log_h = math.lgamma(d / 2) + (d / 2 - 1) * np.log(2 / z) + np.log(np.abs(np.sum(terms, axis=0)))
    log_density = (d - 1) * np.log(q) - q**2 / 2 - (d / 2 - 1) * math.log(2) - math.lgamma(d / 2)
    return float(special.logsumexp(log_density + 2 * log_h) + math.log(q[1] - q[0]))


def log_eigenvalue_by_mpmath(d, R, n, K):
    """The double sum itself over all k, l < K with 50 digits."""
    with mpmath.workdps(50):
        s = (mpmath.pi * mpmath.mpf(R) / 2) ** 2
        b = {k: 8 / mpmath.pi**2 * (-1) ** (k // 2) / k**2 for k in range(1, K, 2)}

        def term(k, j):
            v, x = mpmath.mpf(d) / 2 - 1, k * j * s
            return b[k] * b[j] * mpmath.exp(-(k * k + j * j) * s / 2) * mpmath.gamma(v + 1) * (2 / x) ** v * mpmath.besseli(n + v, x)

        return float(mpmath.log(mpmath.fsum(term(k, j) for k in b for j in b if (k - j) ** 2 * s < 400)))


@pytest.mark.claim("prop-concentration-spectrum", kind="quadrature")
@pytest.mark.parametrize(
    ("d", "R"),
    [(2, 0.13), (2, 0.3), (2, 1.0), (2, 2.0), (3, 0.2), (3, 3.0), (4, 2.0), (7, 0.5), (7, 1.7), (16, 1.0), (20, 2.9), (200, 0.5)],
)
def test_the_eigenvalue_is_that_of_the_folds(d, R):
    """The absolute error of the fold sum is 1e-16 in h, so the demand of 1e-10 can be put where λ_1 > 1e-8."""
    truth = eigenvalue_by_folds(d, R)
    assert truth > 1e-8
    assert_close(concentration_exact(d, R) / truth, 1.0, 1e-10)


@pytest.mark.claim("prop-concentration-spectrum", kind="quadrature")
@pytest.mark.parametrize(("d", "R"), [(10, 2.1), (10, 10.0), (40, 4.1), (40, 17.0), (100, 6.5), (200, 9.01), (200, 60.0)])
def test_the_eigenvalue_is_that_of_the_waves(d, R):
    assert_close(math.exp(log_concentration_exact(d, R) - log_eigenvalue_by_waves(d, R)), 1.0, 1e-10)


@pytest.mark.claim("prop-concentration-spectrum", kind="identity")
@pytest.mark.parametrize(
    ("d", "R", "n", "K"), [(6, 1.0, 3, 61), (200, 200.0, 1, 6), (200, 1.0, 1, 62), (150, 150.0, 1, 6), (60, 2.0, 9, 32), (25, 3.2, 21, 62)]
)
def test_the_eigenvalue_with_fifty_digits(d, R, n, K):
    assert_close(math.exp(concentration_spectrum(d, R, n)[-1] - log_eigenvalue_by_mpmath(d, R, n, K)), 1.0, 1e-10)


@pytest.mark.claim("prop-concentration-spectrum", kind="identity")
@pytest.mark.parametrize(("d", "R"), [(12, 0.6), (12, 1.0), (30, 1.5)])
def test_the_spectrum_is_a_sum_over_hermite_degrees(d, R):
    """λ_n = Σ_m c_m² μ_{m,n}; every term is positive, and those with m > 400 are below μ_{401,n} ≤ 1e-13 λ_n."""
    k, b = sine_coefficients(61)
    c = sum(bk * hermite.sine_coefficients(400, j * math.pi * R / 2) for j, bk in zip(k, b, strict=True))
    truth = [sum(c[m] ** 2 * sphere.monomial_eigenvalue(d, m, n) for m in range(n, 401, 2)) for n in (1, 3, 5, 7)]
    # Doubled factorials lose a few digits in c; the spectrum itself is better.
    assert_close(np.exp(concentration_spectrum(d, R, 8) - np.log(truth)), np.ones(4), 1e-8)


@pytest.mark.claim("prop-concentration-spectrum", kind="identity")
@given(st.integers(1, 200), st.floats(0.01, 20))
def test_the_eigenvalue_lies_between_the_linear_part_and_the_norm(d, R):
    """c_1²/d ≤ λ_1 ≤ ‖tri‖²/d, as μ_{m,1} ≤ μ_{1,1} = 1/d. For R ≤ 0.15 the two agree to 1e-10, and for d = 1 the upper one is reached."""
    c_1 = R * (1 - 4 * sum((-1) ** j * stats.norm.sf((2 * j + 1) / R) for j in range(int(5 * R) + 5)))
    value, norm = d * concentration_exact(d, R), second_moment(R)
    assert c_1**2 * (1 - 1e-11) - 1e-15 <= value <= norm * (1 + 1e-11)
    if R <= 0.15 or d == 1:
        assert_close(value / norm, 1.0, 2e-10)


@pytest.mark.claim("prop-concentration-spectrum", kind="certified")
@settings(max_examples=25)
@given(DIMENSIONS, st.floats(0.8, 3.0))
def test_degree_one_is_the_largest(d, ratio):
    spectrum = concentration_spectrum(d, ratio * least_norm(d), 13)
    assert np.all(np.diff(spectrum) < 0)
    assert spectrum[0] == log_concentration_exact(d, ratio * least_norm(d))


@pytest.mark.claim("lem-averaged-square", kind="quadrature")
@pytest.mark.claim("prop-concentration-spectrum", kind="quadrature")
@pytest.mark.parametrize("R", [0.4, 0.9, 2.1])
def test_on_the_circle_the_spectrum_is_a_fourier_transform(R):
    """d = 2: λ_n = E_q |a_n(q)|², a_n the Fourier coefficients of the angle's function tri(Rq cos φ); q has the density q e^{-q²/2}."""
    q, angle = np.arange(0.5, 900) / 100, 2 * math.pi * np.arange(2048) / 2048
    a = np.abs(np.fft.rfft(triangle_wave(R * q[:, None] * np.cos(angle)))) / 2048
    transform = (q * np.exp(-(q**2) / 2) / 100) @ a**2
    assert np.all(transform[0:20:2] < 1e-30)
    logs = concentration_spectrum(2, R, 1 if R < 0.5 else 9)
    assert_close(transform[1 : 2 * len(logs) : 2] / np.exp(logs), np.ones(len(logs)), 1e-4)


@pytest.mark.claim("lem-captured-energy", kind="quadrature")
@pytest.mark.claim("prop-best-subspace", kind="quadrature")
@pytest.mark.parametrize("R", [0.9, 1.3])
def test_no_span_captures_more_than_the_largest_eigenvalues(R):
    """d = 2, on a polar grid of x: the span of ReLU, sine and constant features stays below r λ_1, and the best spaces attain the sums."""
    radius, angle = np.arange(0.5, 100) * 0.06, 2 * math.pi * np.arange(120) / 120
    mass = np.sqrt(0.06 * radius * np.exp(-(radius**2) / 2) / 120)[:, None]
    x = radius[:, None, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
    theta = np.stack([np.cos(angle[::3]), np.sin(angle[::3])])
    A = (triangle_wave(R * x @ theta) * mass[..., None]).reshape(-1, 40).T / math.sqrt(40)  # E_θ ⟨f, tri_θ⟩² = ‖A f‖²
    rng = np.random.default_rng(0)
    z = x @ rng.standard_normal((2, 8)) * 2 + rng.standard_normal(8)
    features = np.concatenate([np.maximum(z[..., :4], 0), np.sin(z[..., 4:]), np.ones_like(z[..., :1])], -1)
    basis, _ = np.linalg.qr((features * mass[..., None]).reshape(-1, 9))
    largest = np.exp(np.repeat(concentration_spectrum(2, R, 9), 2))[:9]
    assert 0.05 < np.sum((A @ basis) ** 2) < np.sum(largest) < 9 * concentration_exact(2, R)
    for r in (1, 2, 3, 4, 6):
        best = np.linalg.svd(A, full_matrices=False)[2][:r].T
        assert_close(np.sum((A @ best) ** 2) / np.sum(largest[:r]), 1.0, 2e-3)


# --- one sine


@pytest.mark.claim("lem-sine-kernel", kind="quadrature")
@pytest.mark.parametrize(("alpha", "beta", "t"), [(1.3, 2.1, 0.4), (0.7, 0.7, -0.9), (2.5, 1.0, 1.0)])
def test_the_kernel_of_one_sine(alpha, beta, t):
    z, w = gaussian_rule()
    values = np.sin(alpha * z[:, None]) * np.sin(beta * (t * z[:, None] + math.sqrt(1 - t * t) * z))
    assert_close(w @ values @ w, math.exp(-(alpha**2 + beta**2) / 2) * math.sinh(alpha * beta * t), 1e-12)


@pytest.mark.claim("prop-concentration-spectrum", kind="quadrature")
@pytest.mark.parametrize("d", [2, 3, 5, 12, 60, 200])
@pytest.mark.parametrize("s", [0.01, 1.0, 30.0, 150.0])
def test_sine_eigenvalues_are_funk_hecke_integrals(d, s):
    """E_t e^{-s} sinh(st) P_n(t), exact in Gauss-Gegenbauer points up to cancellation, 1e-15 of E|κ|."""
    t, w = cosine_rule(d, 100)
    kernel = (np.exp(-s * (1 - t)) - np.exp(-s * (1 + t))) / 2
    for n in (1, 2, 3, 8, 9):
        truth, scale = np.sum(w * kernel * sphere.gegenbauer(d, n, t)), np.sum(w * np.abs(kernel))
        assert abs(sine_eigenvalue(d, s, n) - truth) <= 1e-11 * truth + 1e-13 * scale
        assert n % 2 == 0 or scale * 1e-9 > truth or abs(1.02 * sine_eigenvalue(d, s, n) - truth) > 1e-3 * truth


@given(st.integers(1, 400), st.integers(0, 40), st.floats(1e-3, 1e7))
def test_sine_eigenvalues_agree_with_scipy_where_it_has_them(d, j, s):
    n = 1 if d == 1 else 2 * j + 1
    scaled = special.ive(n + d / 2 - 1, s)
    if scaled > 1e-290 and n + d / 2 < 300:
        reference = math.log(scaled) + math.lgamma(d / 2) + (d / 2 - 1) * math.log(2 / s)
        assert abs(log_sine_eigenvalue(d, s, n) - reference) < 1e-12 * (1 + d + n) + 1e-15 * s


@pytest.mark.parametrize(
    ("v", "x"), [(0.5, 39.99), (0.5, 40.01), (39.9, 1.0), (40.5, 1e-3), (1e4, 2.0), (1e4, 1e5), (7.5, 1e12), (1e6, 1e6)]
)
def test_bessel_functions_with_fifty_digits(v, x):
    with mpmath.workdps(50):
        if x < 1e4 or v < 100:
            truth = mpmath.log(mpmath.besseli(v, x)) - x
        else:  # Debye's expansion at these sizes needs one term
            q = mpmath.sqrt(mpmath.mpf(v) ** 2 + mpmath.mpf(x) ** 2)
            p = v / q
            correction = (3 - 5 * p**2) / (24 * q) + (81 - 462 * p**2 + 385 * p**4) / (1152 * q**2)
            truth = q - x - v * mpmath.asinh(mpmath.mpf(v) / x) - mpmath.log(2 * mpmath.pi * q) / 2 + mpmath.log(1 + correction)
        assert abs(concentration._log_bessel(v, np.array([float(x)]))[0] - float(truth)) < 2e-14 + 1e-15 * abs(float(truth))


# --- the bounds on the averaged square


@pytest.mark.claim("thm-concentration", kind="certified")
@given(st.integers(1, 200), st.floats(1, 30))
def test_the_averaged_square_is_below_the_bound(d, ratio):
    R = ratio * least_norm(d)
    assert log_concentration_exact(d, R) <= log_concentration_bound(d)
    assert log_concentration_exact(d, R) <= log_concentration_bound(d, R) <= log_concentration_bound(d)


@pytest.mark.claim("thm-concentration", kind="quadrature")
@pytest.mark.parametrize("d", [1, 2, 3, 8, 30, 300, 5000])
def test_each_step_of_the_concentration_proof(d):
    """At s = d: λ_1 ≤ e^{-s} E cosh(st) ≤ e^{-s} Σ_k (s/2)^k/k!, and the last series is the bound itself."""
    k, s = np.arange(0, 6 * d + 60), float(d)
    log_moments = special.gammaln(k + 0.5) - special.gammaln(0.5) + special.gammaln(d / 2) - special.gammaln(k + d / 2)  # of t^{2k}
    log_cosh = float(special.logsumexp(2 * k * math.log(s) - special.gammaln(2 * k + 1) + log_moments)) - s
    series = float(special.logsumexp(k * math.log(s / 2) - special.gammaln(k + 1))) - s
    if d > 1:
        moments = [sphere.cosine_moment(d, 2 * j) for j in range(20)]
        assert np.allclose(np.log(moments), log_moments[:20], rtol=1e-12, atol=1e-12)
    assert log_concentration_exact(d, least_norm(d)) <= log_cosh <= series + 1e-12
    assert_close(math.exp(log_concentration_bound(d) - series), 1.0, 1e-9)


@pytest.mark.claim("thm-concentration", kind="quadrature")
@pytest.mark.claim("thm-bounded-coefficients", kind="quadrature")
@pytest.mark.parametrize("d", [3, 5, 8, 14])
def test_real_features_do_not_see_a_random_wave(d):
    """A feature g(⟨v, x⟩) has ⟨f, tri_θ⟩ = Σ_k b_k e^{-k²s(1-t²)/2} E g(z) sin(kαtz), t = ⟨v, θ⟩: exact averages by two quadratures."""
    R = least_norm(d)
    for name, g, kinks in FEATURES:
        average, norm = average_square(d, R, g, kinks)
        assert 0 < average < norm * concentration_exact(d, R) <= norm * concentration_bound(d, R), name


FEATURES = [
    ("relu", lambda z: np.maximum(2 * z + 0.7, 0), (-0.35,)),
    ("step", lambda z: (z > 0.2) * 1.0, (0.2,)),
    ("erf", lambda z: special.erf(3 * z - 0.4), ()),
    ("sine", lambda z: np.sin(2.3 * z + 0.2), ()),
]


def correlation(d, R, g, kinks, t):
    """⟨g(⟨v, ·⟩), tri_θ⟩ at ⟨v, θ⟩ = t and ‖g‖²."""
    z, w = gaussian_rule(kinks)
    k, b = sine_coefficients(17)
    s = (math.pi * R / 2) ** 2
    moments = np.sin(math.sqrt(s) * np.multiply.outer(np.multiply.outer(t, k), z)) @ (w * g(z))
    return np.sum(b * np.exp(-(k**2) * s * (1 - t[:, None] ** 2) / 2) * moments, axis=1), float(w @ g(z) ** 2)


def average_square(d, R, g, kinks):
    t, w = cosine_rule(d, 100)
    value, norm = correlation(d, R, g, kinks, t)
    return float(w @ value**2), norm


@pytest.mark.claim("thm-concentration-any-norm", kind="certified")
@given(st.integers(3, 200), st.floats(0.05, 1e4))
def test_the_bound_holds_at_any_norm(d, R):
    assert log_concentration_exact(d, R) <= log_concentration_bound(d, R)


@pytest.mark.claim("thm-concentration-any-norm", kind="identity")
@pytest.mark.parametrize("d", [3, 4, 6, 10, 50, 200])
def test_the_bound_at_any_norm_is_sharp(d):
    """As R → ∞, bound/exact tends to √2 over two factors: Stirling's, at most e^{1/(6d)}, and the wave's, Σ b_k² k^{1-d}.

    For λ_1 ~ (64/π⁴) (1 - 2^{-d-3}) ζ(d+3) Γ(d/2)/(2√π) (2/s)^{(d-1)/2}, up to a factor 1 + O(d²/s), this is an identity.
    """
    R = 1e6
    s = (math.pi * R / 2) ** 2
    log_wave = math.log(64 / math.pi**4 * (1 - 2.0 ** (-d - 3)) * special.zeta(d + 3))
    log_limit = log_wave + math.lgamma(d / 2) - math.log(2 * math.sqrt(math.pi)) + (d - 1) / 2 * math.log(2 / s)
    assert_close(math.exp(log_concentration_exact(d, R) - log_limit), 1.0, 1e-8)
    stirling = math.lgamma(d / 2) - (0.5 * math.log(2 * math.pi) + (d - 1) / 2 * math.log(d / 2) - d / 2)
    assert 0 < stirling <= 1 / (6 * d)
    assert_close(math.exp(log_concentration_bound(d, R) - log_limit + stirling + log_wave), math.sqrt(2), 1e-8)


@pytest.mark.claim("prop-exact-rate", kind="identity")
@pytest.mark.parametrize("d", [100, 1000, 10_000, 100_000])
def test_the_exact_rate_and_its_constant(d):
    """At s = d Laplace's method gives g_1 ~ 5^{-1/4} e^{-0.6226 d}, and the wave has b_1² of it, each with a factor 1 + O(1/d)."""
    assert round(RATE, 4) == 0.6226
    sine = math.exp(log_sine_eigenvalue(d, d, 1) + RATE * d)
    wave = math.exp(log_concentration_exact(d, least_norm(d)) + RATE * d)
    assert_close(sine, 5**-0.25, 0.6 / d + 1e-15 * d**1.2)
    assert_close(wave / sine, 64 / math.pi**4, 1e-9 * d)
    assert_close(-log_concentration_exact(d, least_norm(d)) / d, RATE, 1 / d)


@pytest.mark.claim("prop-exact-rate", kind="certified")
@given(DIMENSIONS, st.floats(1, 400))
def test_the_wave_against_its_first_sine(d, ratio):
    """(16/π² - 1) √g_1 ≤ √λ_1 ≤ √g_1 from s = d/(d-1) on, because from there g_1 decreases; a little before, it still increases."""
    s = ratio * d / (d - 1)
    R = 2 * math.sqrt(s) / math.pi
    log_sine = log_sine_eigenvalue(d, s, 1)
    assert 2 * math.log(16 / math.pi**2 - 1) <= log_concentration_exact(d, R) - log_sine <= 0
    assert log_sine_eigenvalue(d, s * 1.01, 1) < log_sine
    assert log_sine_eigenvalue(d, d / (d + 1), 1) > log_sine_eigenvalue(d, d / (d + 1) * 0.99, 1)


@pytest.mark.claim("prop-exact-rate", kind="certified")
@given(st.integers(3, 3000))
def test_the_exact_rate_in_a_band(d):
    """The book proves 0.03 and 2.8; the truth lies between the limit (64/π⁴) 5^{-1/4} = 0.4394 and 0.48."""
    assert 0.03 < 0.4393 < math.exp(log_concentration_exact(d, least_norm(d)) + RATE * d) < 0.48 < 2.8


# --- two random waves


@pytest.mark.claim("cor-mean-square-correlation", kind="quadrature")
@pytest.mark.parametrize(("R", "t"), [(0.3, 0.2), (0.3, -0.7), (0.8, 0.5), (1.0, 0.9), (2.0, 0.6), (3.0, -0.95)])
def test_the_kernel_of_the_wave(R, t):
    """E tri(Ru) tri(Rv): the inner mean over v given u is a sine series whose terms decay like e^{-k²s(1-t²)/2}."""
    knots = np.arange(-99, 100, 2) / R
    u, w = gaussian_rule(knots[np.abs(knots) < 12])
    k, b = sine_coefficients(201)
    s = (math.pi * R / 2) ** 2
    inner = np.sin(math.sqrt(s) * t * np.multiply.outer(u, k)) @ (b * np.exp(-(k**2) * s * (1 - t * t) / 2))
    assert_close(wave_kernel(R, np.array(t)), w @ (triangle_wave(R * u) * inner), 1e-11)


@pytest.mark.parametrize("R", [0.05, 0.12, 0.5, 1.0, 3.0, 50.0])
def test_the_kernel_at_its_ends_and_for_torch(R):
    t = np.array([1.0, -1.0, 0.0, 0.3])
    value = wave_kernel(R, t)
    assert_close(value[0] / second_moment(R), 1.0, 1e-10)
    assert value[1] == -value[0] and value[2] == 0
    theirs = wave_kernel(R, torch.asarray(t, dtype=torch.float32))
    assert theirs.dtype == torch.float32
    assert_close(theirs.numpy(), value, 1e-6)
    assert wave_kernel(R, np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.claim("cor-mean-square-correlation", kind="identity")
@pytest.mark.parametrize(
    ("d", "R", "degrees"), [(6, 1.6, 51), (10, 2.1, 41), (20, 3.0, 41), (60, 5.0, 61), (200, 1.0, 21), (200, 9.1, 121)]
)
def test_the_mean_square_is_the_sum_of_squared_eigenvalues(d, R, degrees):
    """Σ_n N(d, n) λ_n², one route through the sphere's harmonics, one through the angle; the first misses the degrees beyond."""
    spectrum = concentration_spectrum(d, R, degrees)
    logs = [2 * value + math.log(sphere.multiplicity(d, 2 * j + 1)) for j, value in enumerate(spectrum)]
    assert logs[-1] < max(logs) - 20
    assert_close(math.exp(log_mean_square_correlation(d, R) - special.logsumexp(logs)), 1.0, 1e-8)


@pytest.mark.claim("cor-mean-square-correlation", kind="quadrature")
@pytest.mark.parametrize(("d", "R", "points"), [(40, least_norm(40), 100), (40, 12.0, 200), (200, 9.01, 200), (1000, 20.2, 300)])
def test_the_mean_square_with_thirty_digits(d, R, points):
    """The integrand is an even and periodic function of the angle when d is even: equal weights converge faster than any power."""
    with mpmath.workdps(30):
        s = (mpmath.pi * mpmath.mpf(R) / 2) ** 2
        b = {k: 8 / mpmath.pi**2 * (-1) ** (k // 2) / k**2 for k in range(1, 10, 2)}
        pairs = [(b[k] * b[j] * mpmath.exp(-((k - j) ** 2) * s / 2), k * j * s) for k in b for j in b if (k - j) ** 2 * s < 120]

        def integrand(angle):
            t = mpmath.cos(angle)
            kernel = mpmath.fsum(w * (mpmath.exp(-x * (1 - t)) - mpmath.exp(-x * (1 + t))) / 2 for w, x in pairs)
            return mpmath.sin(angle) ** (d - 2) * kernel**2

        constant = 2 * mpmath.gamma(mpmath.mpf(d) / 2) / mpmath.sqrt(mpmath.pi) / mpmath.gamma(mpmath.mpf(d - 1) / 2)
        half = mpmath.pi / 2
        truth = mpmath.log(constant * half / points * mpmath.fsum(integrand(half * (i + 0.5) / points) for i in range(points)))
    assert_close(math.exp(log_mean_square_correlation(d, R) - float(truth)), 1.0, 1e-10)


@pytest.mark.claim("cor-mean-square-correlation", kind="identity")
@pytest.mark.parametrize("R", [0.7, 1.3, 4.0, 300.0])
def test_the_mean_square_in_three_dimensions(R):
    """t is uniform on [-1, 1] and E sinh(xt) sinh(yt) = sinh(x+y)/(2(x+y)) - sinh(x-y)/(2(x-y)): a finite sum, K^-4 of it left out."""
    k, b = sine_coefficients(241)
    s = (math.pi * R / 2) ** 2
    i, j = (index.ravel() for index in np.indices((len(k), len(k))))
    keep = (k[i] - k[j]) ** 2 * s < 80
    i, j = i[keep], j[keep]
    w, x = b[i] * b[j] * np.exp(-((k[i] - k[j]) ** 2) * s / 2), 1.0 * k[i] * k[j] * s
    plus, minus = np.add.outer(x, x), np.abs(np.subtract.outer(x, x))
    sums = -np.expm1(-2 * plus) / (4 * plus)
    differences = np.where(minus > 0, (np.exp(minus - plus) - np.exp(-minus - plus)) / (4 * np.maximum(minus, 1e-300)), np.exp(-plus) / 2)
    assert_close(mean_square_correlation(3, R) / (w @ (sums - differences) @ w), 1.0, 1e-9)


@pytest.mark.claim("cor-mean-square-correlation", kind="certified")
@settings(max_examples=40)
@given(st.integers(1, 200), st.floats(1, 10))
def test_two_random_waves_are_nearly_orthogonal(d, ratio):
    """λ_1²d ≤ Σ N λ_n² ≤ λ_1 Σ N λ_n = λ_1 ‖tri‖² ≤ e^{-d/2} ‖tri‖²."""
    R = ratio * least_norm(d)
    value, largest = log_mean_square_correlation(d, R), log_concentration_exact(d, R)
    assert 2 * largest + math.log(d) - 1e-9 <= value <= largest + math.log(second_moment(R)) + 1e-9
    assert value <= -d / 2 + math.log(second_moment(R)) + 1e-9


def test_mean_square_where_the_wave_is_linear_and_in_dimension_one():
    for d in (2, 3, 50, 200):
        assert_close(mean_square_correlation(d, 0.125) / (0.125**4 / d), 1.0, 1e-13)
        assert_close(mean_square_correlation(d, 0.1199) / (0.1199**4 / d), 1.0, 1e-13)
    assert_close(mean_square_correlation(1, 1.7), second_moment(1.7) ** 2, 1e-15)


# --- the limits


@pytest.mark.claim("lem-truncation", kind="quadrature")
@pytest.mark.parametrize(("a", "R"), [(1, 0.2), (1, 3.0), (5, 1.0), (9, 1.9), (9, 50.0), (41, 8.0)])
def test_truncation(a, R):
    """δ² ≤ 4 P(|z| > a/R) ≤ 4 e^{-a²/(2R²)}; the last step is an equality at a/R = 0 and e^{-y²/2} is the tail of a chi-square of two."""
    z, w = gaussian_rule(np.concatenate([-np.arange(1, 401, 2), np.arange(1, 401, 2)]) / R)
    delta2 = w @ (triangle_wave(R * z) - truncated_wave(R * z, a)) ** 2
    assert 0 < delta2 <= 8 * stats.norm.sf(a / R) <= truncation_bound(a, R) ** 2
    assert_close(truncation_bound(a, R) ** 2 / (4 * stats.chi2(2).sf((a / R) ** 2)), 1.0, 1e-12)


def test_truncation_is_sharp_at_small_lengths():
    assert_close(truncation_bound(1, 100.0) ** 2 / (8 * stats.norm.sf(0.01)), 1.0, 1e-2)
    assert truncation_bound(401, 1.0) == 1e-307  # rounded up: an upper bound stays one


@pytest.mark.claim("lem-homogeneity", kind="identity")
@given(st.floats(0.01, 100), st.integers(0, 10**6))
def test_a_scaled_neuron_is_the_neuron_scaled(scale, seed):
    rng = np.random.default_rng(seed)
    x, w, b = rng.standard_normal((20, 4)), rng.standard_normal(4), rng.standard_normal()
    neuron, scaled = np.maximum(x @ w + b, 0), np.maximum(x @ (scale * w) + scale * b, 0)
    assert_close(scaled, scale * neuron, 1e-12 * scale) if np.any(neuron > 1e-6) else None


@pytest.mark.claim("prop-exchange-rate", kind="identity")
@given(st.integers(3, 200), st.floats(1e-3, 1e3), st.floats(1e-6, 1e3), st.floats(1, 5))
def test_error_norm_bias_and_coefficients_scale_together(d, scale, error, ratio):
    """The problem at (ρ, b, ε, u) is the problem at (sρ, sb, s²ε, su), for the family of targets, the bound, and a fit."""
    R = ratio * least_norm(d)
    one, other = hard_neurons(d, error, R), hard_neurons(d, scale**2 * error, R)
    assert (one.R, one.a) == (other.R, other.a)
    assert_close(other.norm / one.norm, scale, 1e-12 * scale)
    assert_close(other.biases / one.scale, scale * one.biases / one.scale, 1e-12 * scale * one.a)
    assert abs(log_coefficient_bound(d, scale**2 * error, 3.0, R) - log_coefficient_bound(d, error, 3.0, R) - math.log(scale)) < 1e-9


@pytest.mark.claim("prop-exchange-rate", kind="identity")
@pytest.mark.parametrize("scale", [0.1, 7.0])
def test_a_fit_scales_with_its_target(scale):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((500, 3))
    features = np.maximum(x @ rng.standard_normal((3, 12)), 0)
    u, error = np.linalg.lstsq(features, np.maximum(x[:, 0] + 0.4, 0))[:2]
    u_scaled, error_scaled = np.linalg.lstsq(features, np.maximum(scale * x[:, 0] + scale * 0.4, 0))[:2]
    assert_close(u_scaled, scale * u, 1e-10 * scale)
    assert_close(error_scaled, scale**2 * error, 1e-10 * scale**2)


@pytest.mark.claim("prop-exchange-rate", kind="identity")
def test_the_least_coefficients_depend_on_error_over_squared_norm():
    """M(ρ, ε), the least ‖u‖₂ of error ≤ ε, for twelve features on 500 points: M(ρ, ε) = ρ m(ε/ρ²), and m decreases."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((500, 3))
    features = np.maximum(x @ rng.standard_normal((3, 12)), 0)

    def least(norm, error):
        target = np.maximum(norm * x[:, 0] + 0.4 * norm, 0)

        def excess(log_ridge):
            u = np.linalg.solve(features.T @ features + math.exp(log_ridge) * np.eye(12), features.T @ target)
            return np.mean((features @ u - target) ** 2) - error, np.linalg.norm(u)

        return excess(optimize.brentq(lambda y: excess(y)[0], -30, 30, xtol=1e-13))[1]

    for norm, error in [(1.0, 0.2), (1.0, 0.1), (1.0, 0.05)]:
        assert_close(least(7 * norm, 49 * error), 7 * least(norm, error), 1e-8)
        assert least(1.2 * norm, error) > 1.2 * least(norm, error)
    assert least(1.0, 0.05) > least(1.0, 0.1) > least(1.0, 0.2)


@pytest.mark.claim("prop-exchange-rate", kind="quadrature")
@given(st.floats(-6, 6))
def test_the_trivial_end_of_the_exchange(beta):
    """(y + E|y|)/2 approximates [y]_+ with error Var|y|/4 ≤ 1/4, which is 1/4 in the limit; y = z + β."""
    z, w = gaussian_rule([-beta])
    mean = w @ np.abs(z + beta)
    error = w @ ((z + beta + mean) / 2 - np.maximum(z + beta, 0)) ** 2
    assert_close(error, (1 + beta**2 - mean**2) / 4, 1e-12 * (1 + beta**2))
    assert error <= 0.25 + 1e-13 and (abs(beta) < 4 or error > 0.2499)
    assert abs(beta + mean) / 2 <= abs(beta) + 0.5


def proof_constant(d, R):
    """4 ‖tri‖ (‖tri‖ - 1/4 - δ), which must be ≥ 0.74, and ‖tri‖² - (1/4 + δ)², ≥ 0.26, with the exact norm and the bound on δ."""
    family = hard_neurons(d, 1.0, R)
    norm, delta = math.sqrt(second_moment(R)), truncation_bound(family.a, R)
    loss = delta + 2 * family.a / family.scale
    return 4 * norm * (norm - loss), norm**2 - loss**2


@pytest.mark.claim("thm-bounded-coefficients", kind="certified")
@pytest.mark.claim("thm-any-coefficients", kind="certified")
@pytest.mark.claim("prop-random-subspace", kind="certified")
@given(st.integers(3, 10**6), st.floats(1, 50))
def test_the_constants_of_the_two_limits(d, ratio):
    """Both increase with ‖tri‖ and decrease with δ, so they are worst at ‖tri‖² = 1/3 - (4/π²)e^{-6}, at d = 3, and δ = 2e^{-6.25}."""
    bounded, free = proof_constant(d, ratio * least_norm(d))
    assert 0.743 < bounded < 0.756 and 0.267 < free < 0.2709


def test_the_worst_constants():
    norm, delta = math.sqrt(1 / 3 - 4 / math.pi**2 * math.exp(-6)), 2 * math.exp(-6.25)
    assert norm > 0.576 and delta < 0.0039
    assert 0.743 < 4 * norm * (norm - 0.25 - delta) < 0.744
    assert 0.267 < norm**2 - (0.25 + delta) ** 2 < 0.268


@pytest.mark.claim("thm-bounded-coefficients", kind="identity")
def test_coefficient_bound_in_numbers():
    assert_close(coefficient_bound(40, 0.01, 2.0) / 770.9263028182347, 1.0, 1e-12)  # 0.035 e^{10}
    assert_close(coefficient_bound(41, 1.0, 1.0, 3 * least_norm(41)) / (0.7 * math.exp(10.25) * 3**20), 1.0, 1e-12)
    assert_close(coefficient_bound(3, 4.0, 1.0) / (1.4 * 2.117000016612675), 1.0, 1e-12)


@pytest.mark.claim("thm-any-coefficients", kind="identity")
def test_width_bound_in_numbers():
    assert_close(width_bound(20) / 5506.61644870168, 1.0, 1e-12)  # e^{10}/4
    assert_close(log_width_bound(10_000), 5000 - 1.3862943611198906, 1e-10)


@pytest.mark.claim("cor-paper-norm", kind="certified")
@pytest.mark.parametrize("power", [2, 3])
def test_the_bound_at_the_paper_s_norm(power):
    """Norm d² (d ≥ 21) and d³ (d ≥ 8), error 1/50: the proof's R, its bound, and the closed form, within 1.25 of it at the first d."""
    first, base = {2: (21, 0.97), 3: (8, 0.98)}[power]
    for d in [*range(first, first + 60), 200, 1000]:
        q = d**power * math.sqrt(50)
        a = math.ceil(math.sqrt(5 * q / 8))
        a += (1 - a) % 4
        R, least = q / (8 * a), math.sqrt(q / 40) - 0.8
        assert least_norm(d) <= least <= R <= a / 5
        closed = math.log(0.12) + (d - 1) * (power - 1) / 4 * math.log(base * d)
        assert closed <= log_coefficient_bound(d, 1 / 50, 1.0, least) <= log_coefficient_bound(d, 1 / 50, 1.0, R)
        if d == first:
            assert log_coefficient_bound(d, 1 / 50, 1.0, least) - closed < math.log(1.25)


@given(st.integers(3, 500), st.floats(1e-6, 1e3), st.floats(1, 40))
def test_the_family_of_hard_neurons(d, error, ratio):
    family = hard_neurons(d, error, ratio * least_norm(d))
    assert family.a % 4 == 1 and 5 * family.R <= family.a < 5 * family.R + 4
    assert_close(family.norm / math.sqrt(error) / (8 * family.a * family.R), 1.0, 1e-12)
    assert_close(2 * family.a * math.sqrt(error) / family.scale, 0.25, 1e-12)
    assert family.norm <= math.sqrt(error) * (40 * family.R**2 + 32 * family.R) * (1 + 1e-12)
    assert np.array_equal(family.biases, family.scale * relu_coefficients(family.a)[0])
    assert hard_neurons(d, 1 / 50).norm <= 2.30 * d + 2.89 * math.sqrt(d)


@pytest.mark.claim("lem-correlation", kind="identity")
@pytest.mark.parametrize(("R", "a", "ridge"), [(1.2, 9, 1e-6), (1.2, 9, 1e-2), (0.8, 5, 1e-1), (2.0, 9, 1e-4)])
def test_cheap_neurons_make_a_visible_wave(R, a, ridge):
    """The lemma holds for every symmetric law of x; here for 2000 points ±x in three dimensions, with ridge fits of the a + 1 neurons."""
    rng = np.random.default_rng(11)
    half = rng.standard_normal((1000, 3))
    x, theta, scale = np.concatenate([half, -half]), sphere.sample_sphere(rng, 1, 3)[0], 1.7
    z = R * x @ theta
    tri, psi = triangle_wave(z), truncated_wave(z, a)
    biases, c, _ = relu_coefficients(a)
    f = np.maximum(x @ rng.standard_normal((3, 60)) * 1.5 + rng.standard_normal(60), 0)
    f, tri_f = f - f.mean(0), tri @ (f - f.mean(0)) / len(x)  # the constant feature is free
    neurons = scale * np.maximum(z[:, None] + biases, 0)
    u = np.linalg.solve(f.T @ f / len(x) + ridge * np.eye(60), f.T @ neurons / len(x))
    fitted = neurons.mean(0) + f @ u
    errors = np.sqrt(np.mean((fitted - neurons) ** 2, 0))
    norm, delta, U, T = (
        np.sqrt(np.mean(tri**2)),
        np.sqrt(np.mean((tri - psi) ** 2)),
        np.max(np.linalg.norm(u, axis=0)),
        np.linalg.norm(tri_f),
    )
    assert norm**2 <= norm * (delta + 2 * a * np.max(errors) / scale) + 2 * a / scale * U * T
    # The parts of the proof: an exact decomposition, and Cauchy-Schwarz term by term.
    parts = [np.mean(tri * (tri - psi)), np.mean(tri[:, None] * (neurons - fitted), 0) @ c / scale, tri_f @ u @ c / scale]
    assert_close(sum(parts), norm**2, 1e-12)
    assert (
        parts[0] <= norm * delta
        and parts[1] <= norm * errors @ np.abs(c) / scale
        and parts[2] <= np.linalg.norm(u, axis=0) @ np.abs(c) * T / scale
    )
    # Coefficients U T_i sign(c)/T and errors along the wave turn the two inequalities into equalities: the factor 2a is right.
    worst = np.outer(tri_f, np.sign(c)) * U / T
    assert_close(tri_f @ worst @ c / scale, 2 * a / scale * U * T, 1e-12 * U * T * a)


@pytest.mark.claim("thm-random-direction", kind="quadrature")
@pytest.mark.claim("thm-invariant-features", kind="quadrature")
@pytest.mark.parametrize("d", [3, 6, 12])
def test_few_directions_are_seen(d):
    """P(T_θ² > F² e^{-d/2}/η) ≤ η for one feature: T_θ depends on t = ⟨v, θ⟩, with one law for random θ and for random v."""
    R = least_norm(d)
    t = np.linspace(-1, 1, 4001)
    for name, g, kinks in FEATURES:
        value, norm = correlation(d, R, g, kinks, t[::20])
        square = np.interp(t, t[::20], value**2) / (norm * concentration_bound(d))
        cdf = stats.beta((d - 1) / 2, (d - 1) / 2).cdf((1 + t) / 2)
        for eta in (0.9, 0.3, 0.05, math.exp(-d / 4)):
            seen = square > 1 / eta
            assert np.sum(np.diff(cdf)[seen[1:] | seen[:-1]]) <= eta, name


@pytest.mark.claim("thm-invariant-features", kind="Monte Carlo")
@pytest.mark.parametrize(("d", "feature"), [(3, 0), (4, 3)])
def test_random_weights_see_a_fixed_direction_as_fixed_weights_a_random_one(d, feature):
    """E_W T_θ² at the fixed θ = e_1 equals E_θ T_θ² of the fixed feature: 2 % resolution at four standard errors, fixed sample."""
    rng, R = np.random.default_rng(5), least_norm(d)
    _, g, kinks = FEATURES[feature]
    W = rng.standard_normal((400_000, d))
    t = np.linspace(-1, 1, 401)
    samples = np.interp(W[:, 0] / np.linalg.norm(W, axis=1), t, correlation(d, R, g, kinks, t)[0] ** 2)
    mean, error = np.mean(samples), np.std(samples) / math.sqrt(len(samples))
    exact, norm = average_square(d, R, g, kinks)
    assert 4 * error <= 0.0199 * exact
    assert_close(mean, exact, 4 * error)
    assert exact <= norm * concentration_bound(d)


@pytest.mark.claim("thm-any-coefficients", kind="Monte Carlo")
@pytest.mark.claim("thm-any-coefficients-random-direction", kind="Monte Carlo")
@pytest.mark.claim("thm-any-coefficients-invariant", kind="Monte Carlo")
@pytest.mark.parametrize(("d", "r"), [(3, 2), (5, 8), (8, 30)])
def test_a_span_of_sines_captures_little_of_a_random_wave(d, r):
    """‖P_V tri_θ‖² = c^T G^{-1} c with G and c in closed form. Its mean over θ is below r λ_1, and P(it is ≥ 0.26) ≤ 4 r e^{-d/2}.

    The weights are drawn with every direction, so this is the law of a random direction and of invariant features.
    """
    rng, R = np.random.default_rng(d), least_norm(d)
    s, captured = float(d), []
    k, b = sine_coefficients(21)
    theta = sphere.sample_sphere(rng, 400, d)
    for _ in range(20):
        v = sphere.sample_sphere(rng, r, d)
        gram = np.exp(-s) * np.sinh(s * (v @ v.T))
        t = theta @ v.T
        c = np.sum(
            b * (np.exp(-s * ((k - 1) ** 2 / 2 + k * (1 - t[..., None]))) - np.exp(-s * ((k - 1) ** 2 / 2 + k * (1 + t[..., None])))) / 2,
            -1,
        )
        captured.append(np.sum(c * np.linalg.solve(gram, c.T).T, axis=1))
    captured = np.concatenate(captured)
    assert np.all(captured < second_moment(R))
    assert 0.1 * r * concentration_exact(d, R) < np.mean(captured) <= r * concentration_exact(d, R) <= r * concentration_bound(d)
    assert np.mean(captured >= 0.26) <= 4 * r * concentration_bound(d)


@pytest.mark.claim("prop-fixed-target", kind="certified")
@given(st.integers(3, 3000), st.floats(1e-300, 1))
def test_the_constant_of_a_target_fixed_before_the_features(d, eta):
    """B √(2n) F e^{-d/4} < 0.74 √ε with n = ⌈ln(2a+2)/η⌉ draws, of which each bias is missed by all with probability ≤ 1/(2a+2)."""
    a = hard_neurons(d, 1.0).a
    n = math.ceil(math.log(2 * a + 2) / eta)
    B = 0.5 / math.sqrt(1 + math.log(2 * a + 2)) * math.sqrt(eta)
    assert B * math.sqrt(2 * n) < 0.74
    assert n * math.log1p(-eta) <= -math.log(2 * a + 2) if eta < 1 else n >= 1


@pytest.mark.claim("lem-gaussian-shift", kind="quadrature")
@pytest.mark.parametrize(("alpha", "t"), [(1.5, 0.6), (2.2, -0.3)])
def test_gaussian_shift(alpha, t):
    z, w = gaussian_rule([-0.35, 0.2])
    wave = np.sin(alpha * (t * z[:, None] + math.sqrt(1 - t * t) * z))
    for _, g, _ in FEATURES:  # part 1
        assert_close((w * g(z)) @ wave @ w, math.exp(-(alpha**2) * (1 - t * t) / 2) * (w * g(z)) @ np.sin(alpha * t * z), 1e-12)
    # part 2: g(z) = cos 2z + z² + z has G(m) = e^{-2} cos 2m + 1 + m² + m
    direct = w @ ((np.cos(2 * z) + z**2 + z) * np.exp(1j * alpha * z))
    shifted = math.exp(-2) * np.cos(2j * alpha) + 1 - alpha**2 + 1j * alpha
    assert_close(
        [direct.real, direct.imag], [(math.exp(-(alpha**2) / 2) * shifted).real, (math.exp(-(alpha**2) / 2) * shifted).imag], 1e-12
    )

    def f(x, y):  # part 3: entire, bounded on strips
        return np.sin(x + 0.3 * y) * np.exp(-(y**2) / 4) + np.exp(-((x - 0.5) ** 2) / 3)

    theta = (t, math.sqrt(1 - t * t))
    shift = np.imag(f(z[:, None] + 1j * alpha * theta[0], z + 1j * alpha * theta[1]))
    assert_close(w @ (f(z[:, None], z) * wave) @ w, math.exp(-(alpha**2) / 2) * (w @ shift @ w), 1e-12)


# --- numbers that a float cannot hold, and bad input


def test_the_edge_of_the_floats():
    """At d = R = 200 the value is subnormal, and a float still holds twelve digits of it; beyond, the logarithm is named."""
    value = concentration_exact(200, 200.0)
    assert 0 < value < 2.3e-308
    assert_close(math.log(value), log_concentration_exact(200, 200.0), 1e-10)
    for call, name in [
        (lambda: concentration_exact(201, 210.0), "log_concentration_exact"),
        (lambda: concentration_bound(1500), "log_concentration_bound"),
        (lambda: sine_eigenvalue(300, 1e-3, 201), "log_sine_eigenvalue"),
        (lambda: mean_square_correlation(900, 20.0), "log_mean_square_correlation"),
        (lambda: coefficient_bound(3000, 1.0, 1.0), "log_coefficient_bound"),
        (lambda: width_bound(1500), "log_width_bound"),
    ]:
        with pytest.raises(ArithmeticError, match=f"out of the range of a float; use {name}"):
            call()
    assert_close(concentration_bound(1400) / math.exp(-700), 1.0, 1e-12)


def test_an_eigenvalue_lost_in_cancellation_is_refused():
    with pytest.raises(ArithmeticError, match=r"degree 3 for d = 5, R = 0\.2 is lost in cancellation"):
        concentration_spectrum(5, 0.2, 7)


def test_the_least_norm_may_be_off_by_its_last_digit():
    for d in range(3, 200):
        R = 2 / math.pi * d**0.5 * (1 - 2e-16)
        assert max(R, least_norm(d)) == hard_neurons(d, 1.0, R).R and abs(log_concentration_bound(d, R) + d / 2) < 1e-9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: concentration_bound(0), "d must be an integer >= 1, got 0"),
        (lambda: concentration_bound(10, -1.0), r"R must be a finite real number > 0, got -1\.0"),
        (lambda: concentration_bound(2, 0.5), r"R must be a finite real number >= 0\.9003\d+, got 0\.5"),
        (lambda: concentration_exact(2.5, 1.0), r"d must be an integer >= 1, got 2\.5"),
        (lambda: concentration_exact(2, 0.0), r"R must be a finite real number > 0 and <= 1e\+06, got 0\.0"),
        (lambda: concentration_exact(2, math.inf), "R must be a finite real number > 0 and"),
        (lambda: concentration_exact(2, math.nan), "R must be a finite real number > 0 and"),
        (lambda: log_concentration_exact(2, 1e7), r"and <= 1e\+06, got 1"),
        (lambda: concentration_spectrum(1, 1.0, 3), "d must be an integer >= 2, got 1"),
        (lambda: concentration_spectrum(3, 1.0, 0), "max_degree must be an integer >= 1, got 0"),
        (lambda: sine_eigenvalue(3, 0.0, 1), r"s must be a finite real number > 0, got 0\.0"),
        (lambda: sine_eigenvalue(3, 1.0, -1), "n must be an integer >= 0, got -1"),
        (lambda: sine_eigenvalue(1, 1.0, 3), "n must be an integer >= 0 and <= 1, got 3"),
        (lambda: wave_kernel(1.0, np.array([1.1])), r"t must hold finite numbers >= -1 and <= 1, got 1\.1 at index \(0,\)"),
        (lambda: wave_kernel(-1.0, np.array([1.0])), "R must be a finite real number > 0"),
        (lambda: mean_square_correlation(0, 1.0), "d must be an integer >= 1, got 0"),
        (lambda: truncation_bound(3, 1.0), "a must be an integer >= 1 with a % 4 == 1, got 3"),
        (lambda: truncation_bound(5, 0.0), r"R must be a finite real number > 0, got 0\.0"),
        (lambda: hard_neurons(2, 1.0), "d must be an integer >= 3, got 2"),
        (lambda: hard_neurons(3, 0.0), r"error must be a finite real number > 0, got 0\.0"),
        (lambda: hard_neurons(4, 1.0, 1.0), r"R must be a finite real number >= 1\.273\d+, got 1\.0"),
        (lambda: coefficient_bound(2, 1.0, 1.0), "d must be an integer >= 3, got 2"),
        (lambda: coefficient_bound(3, -1.0, 1.0), r"error must be a finite real number > 0, got -1\.0"),
        (lambda: coefficient_bound(3, 1.0, 0.0), r"feature_norm must be a finite real number > 0, got 0\.0"),
        (lambda: coefficient_bound(4, 1.0, 1.0, 1.0), "R must be a finite real number >= 1.273"),
        (lambda: width_bound(2), "d must be an integer >= 3, got 2"),
        (lambda: log_width_bound(True), "d must be an integer >= 3, got True"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
