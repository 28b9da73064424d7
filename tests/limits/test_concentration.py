"""Concentration: the bounds from both sides where they are sharp, and the exact rate."""

import math

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, special
from waves_parts import (
    ANY_DIMENSION,
    FEATURES,
    POSITIVE,
    assert_just_above,
    average_square,
    least_norm,
    log_sharp,
    norm_ratio,
)

from randomfeatures.foundations import sphere
from randomfeatures.limits.concentration import (
    checked_norm,
    concentration_bound,
    concentration_exact,
    concentration_rate,
    concentration_spectrum,
    exact_rate_bounds,
    log_concentration_bound,
    log_concentration_exact,
    log_exact_rate_bounds,
    log_first_sine_bounds,
    log_shamir_bound,
    log_sine_eigenvalue,
    sine_eigenvalue,
    smallest_norm,
)
from randomfeatures.limits.triangle_wave import sine_coefficients

DIMENSIONS = st.integers(2, 200)
PHI = (math.sqrt(5) - 1) / 2


RATE = 1 - PHI - math.log(PHI) / 2


# --- the bounds on the averaged square


@pytest.mark.claim("thm-concentration", kind="certified")
@given(st.integers(1, 200), st.floats(1, 30))
def test_the_averaged_square_is_below_the_bound(d, ratio):
    R = ratio * least_norm(d)
    assert log_concentration_exact(d, R) <= log_concentration_bound(d)
    assert (
        log_concentration_exact(d, R) <= log_concentration_bound(d, R) <= log_concentration_bound(d)
    )


@pytest.mark.claim("thm-concentration", kind="quadrature")
@pytest.mark.parametrize("d", [1, 2, 3, 8, 30, 300, 5000])
def test_each_step_of_the_concentration_proof(d):
    """At s = d: λ_1 ≤ e^{-s} E cosh(st) ≤ e^{-s} Σ_k (s/2)^k/k!, and the last series is the bound
    itself.
    """
    k, s = np.arange(0, 6 * d + 60), float(d)
    log_moments = (
        special.gammaln(k + 0.5)
        - special.gammaln(0.5)
        + special.gammaln(d / 2)
        - special.gammaln(k + d / 2)
    )  # of t^{2k}
    log_cosh = (
        float(special.logsumexp(2 * k * math.log(s) - special.gammaln(2 * k + 1) + log_moments)) - s
    )
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
    """A feature g(⟨v, x⟩) has ⟨f, tri_θ⟩ = Σ_k b_k e^{-k²s(1-t²)/2} E g(z) sin(kαtz), t = ⟨v, θ⟩:
    exact averages by two quadratures.
    """
    R = least_norm(d)
    for name, g, kinks in FEATURES:
        average, norm = average_square(d, R, g, kinks)
        assert 0 < average < norm * concentration_exact(d, R) <= norm * concentration_bound(d, R), (
            name
        )


@pytest.mark.claim("thm-concentration-any-norm", kind="certified")
@given(st.integers(3, 200), st.floats(0.05, 1e4))
def test_the_bound_holds_at_any_norm(d, R):
    assert log_concentration_exact(d, R) <= log_concentration_bound(d, R)


@pytest.mark.claim("thm-concentration-any-norm", kind="identity")
@pytest.mark.parametrize("d", [3, 4, 6, 10, 50, 200])
def test_the_bound_at_any_norm_is_sharp(d):
    """As R → ∞, bound/exact tends to √2 over two factors.

    These are Stirling's, at most e^{1/(6d)}, and the wave's, Σ b_k² k^{1-d}. For
    λ_1 ~ (64/π⁴) (1 - 2^{-d-3}) ζ(d+3) Γ(d/2)/(2√π) (2/s)^{(d-1)/2}, up to a factor 1 + O(d²/s),
    this is an identity.
    """
    R = 1e6
    s = (math.pi * R / 2) ** 2
    log_wave = math.log(64 / math.pi**4 * (1 - 2.0 ** (-d - 3)) * special.zeta(d + 3))
    log_limit = (
        log_wave
        + math.lgamma(d / 2)
        - math.log(2 * math.sqrt(math.pi))
        + (d - 1) / 2 * math.log(2 / s)
    )
    assert_close(math.exp(log_concentration_exact(d, R) - log_limit), 1.0, 1e-8)
    stirling = math.lgamma(d / 2) - (
        0.5 * math.log(2 * math.pi) + (d - 1) / 2 * math.log(d / 2) - d / 2
    )
    assert 0 < stirling <= 1 / (6 * d)
    assert_close(
        math.exp(log_concentration_bound(d, R) - log_limit + stirling + log_wave),
        math.sqrt(2),
        1e-8,
    )


# --- the exact rate


@pytest.mark.claim("prop-exact-rate", kind="identity")
@pytest.mark.parametrize("d", [100, 1000, 10_000, 100_000])
def test_the_exact_rate_and_its_constant(d):
    """At s = d Laplace's method gives g_1 ~ 5^{-1/4} e^{-0.6226 d}, and the wave has b_1² of it,
    each with a factor 1 + O(1/d).
    """
    assert round(RATE, 4) == 0.6226
    sine = math.exp(log_sine_eigenvalue(d, d, 1) + RATE * d)
    wave = math.exp(log_concentration_exact(d, least_norm(d)) + RATE * d)
    assert_close(sine, 5**-0.25, 0.6 / d + 1e-15 * d**1.2)
    assert_close(wave / sine, 64 / math.pi**4, 1e-9 * d)
    assert_close(-log_concentration_exact(d, least_norm(d)) / d, RATE, 1 / d)


@pytest.mark.claim("prop-exact-rate", kind="certified")
@given(DIMENSIONS, st.floats(1, 400))
def test_the_wave_against_its_first_sine(d, ratio):
    """(64/π⁴ - e^{-2s}/6) g_1 ≤ λ_1 ≤ (2/3 + e^{-8s}/3) g_1 from s = d/(d-1) on, because from there
    g_1 decreases; a little before, it still increases.
    """
    s = ratio * d / (d - 1)
    log_sine = log_sine_eigenvalue(d, s, 1)
    share = math.exp(log_concentration_exact(d, 2 * math.sqrt(s) / math.pi) - log_sine)
    assert 64 / math.pi**4 - math.exp(-2 * s) / 6 - 1e-10 <= share
    assert share <= 2 / 3 + math.exp(-8 * s) / 3
    assert log_sine_eigenvalue(d, s * 1.01, 1) < log_sine
    assert log_sine_eigenvalue(d, d / (d + 1), 1) > log_sine_eigenvalue(d, d / (d + 1) * 0.99, 1)


@pytest.mark.claim("prop-exact-rate", kind="certified")
def test_the_factors_of_the_first_sine_allow_no_two_percent():
    """The lower one is reached in high dimension, to a part in 10⁵; the upper one is 1 % too large
    in the plane at large norms, where g_1(9s) is a third of g_1(s)."""
    lower, upper = log_first_sine_bounds(40, 3.0)
    exact = log_concentration_exact(40, 3.0)
    assert lower - 1e-12 < exact < lower + 1e-5
    lower, upper = log_first_sine_bounds(2, 1e4)
    exact = log_concentration_exact(2, 1e4)
    assert upper - math.log(1.0102) < exact < upper
    shares = sum(k**-4 * k**-1.0 for k in range(1, 2001, 2))  # g_1(k² s) = g_1(s)/k for d = 2
    assert_close(math.exp(exact - upper), 64 / math.pi**4 * shares / (2 / 3), 1e-6)


@pytest.mark.claim("prop-exact-rate", kind="certified")
@given(st.integers(3, 3000))
def test_the_exact_rate_in_a_band(d):
    """Both bounds hold, and 2 % off neither does: the lower one from d = 20 on, the upper one from
    d = 6 on; at d = 3 it is 3.6 % too large."""
    lower, upper = log_exact_rate_bounds(d)
    exact = log_concentration_exact(d, least_norm(d))
    assert lower + 3e-4 - 1e-12 * d < exact < upper
    assert upper - exact < math.log(1.036)
    if d >= 20:
        assert exact < lower + math.log(1.02)
    if d >= 6:
        assert upper - math.log(1.02) < exact


@pytest.mark.claim("prop-exact-rate", kind="certified")
@given(st.integers(3, 3000))
def test_one_sine_at_its_rate(d):
    """5^{-1/4} e^{-ωd} ≤ g_1(d), whose next factor is e^{0.24/d}, below e^{1/(3d)}."""
    log_share = log_sine_eigenvalue(d, d, 1) + RATE * d + math.log(5) / 4
    assert -1e-13 * d**1.2 <= log_share - 0.23 / d
    assert log_share - 0.2425 / d <= 1e-13 * d**1.2


@pytest.mark.claim("prop-exact-rate", kind="certified")
@pytest.mark.parametrize("d", [3, 4, 10, 101])
def test_the_slope_between_the_two_functions_of_the_proof(d):
    """m = I_{ν+1}/I_ν is between m_- and m_+ up to s = d, the left sides of the equation are on
    their sides of 1, and the two integrals are those of the proof."""
    s, v = np.linspace(d / 1000, d, 1000), d / 2
    m = special.ive(v + 1, s) / special.ive(v, s)
    Q = s**2 + v**2
    low = (np.sqrt(Q) - v) / s - s / (2 * Q)
    more = v**2 * s / (2 * Q**2.5)
    assert np.all(low < m) and np.all(m < low + more)
    h = 1e-6 * d
    for sign, added in ((-1, 0.0), (1, 1.0)):

        def slope(x, added=added):
            q = x**2 + v**2
            return (np.sqrt(q) - v) / x - x / (2 * q) + added * v**2 * x / (2 * q**2.5)

        left = (slope(s + h) - slope(s - h)) / (2 * h) + slope(s) ** 2 + (d + 1) / s * slope(s)
        assert np.all(sign * (left - 1) >= -1e-7)
    integral, _ = integrate.quad(lambda x: slope(x, 0.0), 1e-12, d)
    assert_close(integral, (1 - RATE) * d - math.log(5) / 4, 1e-7)
    excess, _ = integrate.quad(lambda x: slope(x, 1.0) - slope(x, 0.0), 1e-12, d)
    assert_close(excess, (1 - 5**-1.5) / (3 * d), 1e-8)


def test_the_edge_of_the_floats():
    """At d = R = 200 the value is subnormal, and a float still holds twelve digits of it."""
    value = concentration_exact(200, 200.0)
    assert 0 < value < 2.3e-308
    assert_close(math.log(value), log_concentration_exact(200, 200.0), 1e-10)
    assert_close(concentration_bound(1400) / math.exp(-700), 1.0, 1e-12)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: concentration_exact(201, 210.0), "log_concentration_exact"),
        (lambda: concentration_bound(1500), "log_concentration_bound"),
        (lambda: sine_eigenvalue(300, 1e-3, 201), "log_sine_eigenvalue"),
    ],
)
def test_beyond_the_floats_the_logarithm_is_named(call, name):
    with pytest.raises(ArithmeticError, match=f"out of the range of a float; use {name}"):
        call()


# --- values and sides of the bounds


@pytest.mark.claim("thm-concentration", kind="identity")
@pytest.mark.parametrize("d", [1, 2, 3, 17])
def test_the_bound_in_numbers(d):
    """e^{-d/2}, with R or without; above the smallest norm (2√d/(πR))^{d-1} more, from d = 3 on."""
    R = 1.7 * least_norm(d)
    assert log_concentration_bound(d) == -d / 2 == log_concentration_bound(d, least_norm(d))
    gain = 0 if d < 3 else (d - 1) * math.log(1.7)
    assert_close(log_concentration_bound(d, R), -d / 2 - gain, 1e-12)
    assert_close(concentration_bound(d, R) * math.exp(d / 2 + gain), 1.0, 1e-12)


@pytest.mark.claim("thm-concentration-any-norm", kind="identity")
def test_the_bound_is_never_above_one():
    """At small norms the formula exceeds 1, which bounds every averaged square since |tri| ≤ 1."""
    assert log_concentration_bound(5, 0.01) == 0 and concentration_bound(5, 0.01) == 1
    edge = least_norm(5) * math.exp(-5 / 8)  # (2√d/(πR))^4 = e^{5/2}
    assert log_concentration_bound(5, edge / 1.001) == 0
    assert_close(log_concentration_bound(5, edge * 1.01), -4 * math.log(1.01), 1e-12)


@pytest.mark.claim("thm-concentration-any-norm", kind="certified")
@given(ANY_DIMENSION, POSITIVE)
def test_the_bound_is_rounded_up_at_every_size(d, R):
    ratio = norm_ratio(d, R)
    truth = log_sharp(1, d, ratio)
    bound = log_concentration_bound(d, R)
    assert math.isfinite(bound)
    if ratio >= 1:  # below the smallest norm the formula alone, cut at 0
        truth = min(truth, 0)
    terms = d + (d - 1) * (abs(math.log(d)) + abs(math.log(R)))
    assert_just_above(bound, truth, terms)
    if -700 < bound < 0:
        assert mpmath.exp(bound) <= concentration_bound(d, R) <= mpmath.exp(bound) * (1 + 1e-15)


# --- an earlier bound, for comparison


@pytest.mark.parametrize(("d", "R"), [(40, 4.1), (60, 7.0), (100, 8.0), (100, 100.0)])
def test_the_bound_of_shamir_in_numbers(d, R):
    """10 (e^{-d/20} + Σ_n √P(χ_d ≥ nα)) with incomplete Gamma functions of thirty digits; for even
    d the tail is a finite sum as well.
    """
    with mpmath.workdps(30):
        alpha, total = mpmath.pi * mpmath.mpf(R) / 2, mpmath.exp(-mpmath.mpf(d) / 20)
        for n in range(1, 60):
            half = (n * alpha) ** 2 / 2
            tail = mpmath.gammainc(mpmath.mpf(d) / 2, half, regularized=True)
            terms = mpmath.fsum(half**k / mpmath.factorial(k) for k in range(d // 2))
            assert abs(terms * mpmath.exp(-half) / tail - 1) < 1e-20
            total += mpmath.sqrt(tail)
        truth = mpmath.log(10 * total)
    assert_close(math.exp(log_shamir_bound(d, R) - float(truth)), 1.0, 1e-10)


@given(st.integers(40, 4000), st.floats(1, 50))
def test_the_bound_of_shamir_is_above_ours(d, ratio):
    R = ratio * least_norm(d)
    bound = log_shamir_bound(d, R)
    assert log_concentration_bound(d, R) < math.log(10) - d / 20 < bound + 1e-12
    if ratio > 1.4:  # past the term of the norm only the rate is left
        assert bound < math.log(11) - d / 20


def test_the_bound_of_shamir_begins_in_dimension_forty():
    with pytest.raises(ValueError, match=r"d must be an integer >= 40 and <= 4000, got 39"):
        log_shamir_bound(39, 10.0)


# --- the rate


@pytest.mark.claim("prop-exact-rate", kind="identity")
@given(st.floats(1e-3, 1e3))
def test_the_rate_is_the_minimum_of_the_tug_of_war(sigma):
    def exponent(t):
        return sigma * (1 - t) - math.log1p(-t * t) / 2

    best = optimize.minimize_scalar(
        exponent, bounds=(0, 1), method="bounded", options={"xatol": 1e-12}
    )
    assert_close(concentration_rate(sigma) / best.fun, 1.0, 1e-9)
    assert_close(concentration_rate(), RATE, 1e-15)


@given(st.floats(1e-300, 1e300))
def test_the_rate_at_every_size(sigma):
    with mpmath.workdps(700):
        x = mpmath.mpf(sigma)
        t = (mpmath.sqrt(1 + 4 * x * x) - 1) / (2 * x)
        truth = x * (1 - t) - mpmath.log(1 - t * t) / 2
    assert abs(concentration_rate(sigma) / truth - 1) <= 1e-15


@pytest.mark.claim("prop-exact-rate", kind="identity")
@given(st.integers(3, 3000))
def test_the_constants_of_the_exact_rate_are_those_of_the_proof(d):
    """(64/π⁴ - e^{-6}/6) 5^{-1/4} = 0.4391 rounded down to 0.439, and 0.44093 rounded up to 0.441:
    64/π⁴ and what the third sine adds at d = 3, times 5^{-1/4}."""
    lower, upper = log_exact_rate_bounds(d)
    assert_close(math.exp(lower + RATE * d), 0.439, 1e-12 * d)
    assert_close(math.exp(upper + RATE * d), 0.441 * math.exp(1 / (3 * d)), 1e-10 * d)
    square = 64 / math.pi**4
    third = 3 * 5**0.25 * math.exp((RATE - 0.5 - math.log(3)) * 3)
    assert 0.439 < (square - math.exp(-6) / 6) * 5**-0.25 < 0.4392
    proof = (square + (2 / 3 - square) * third + math.exp(-24) / 3) * 5**-0.25
    assert 0.4409 < proof < 0.441
    assert lower < log_concentration_exact(d, least_norm(d)) < upper
    if d < 1000:
        assert exact_rate_bounds(d) == pytest.approx((math.exp(lower), math.exp(upper)), rel=1e-14)


@given(ANY_DIMENSION)
def test_the_exact_rate_is_rounded_outwards(d):
    with mpmath.workdps(60):
        phi = (mpmath.sqrt(5) - 1) / 2
        exponent = -d * (1 - phi - mpmath.log(phi) / 2)
        lower, upper = log_exact_rate_bounds(d)
        more = mpmath.mpf(1) / (3 * d)
        assert_just_above(upper, mpmath.log(mpmath.mpf(441) / 1000) + exponent + more, d)
        assert_just_above(-lower, -(mpmath.log(mpmath.mpf(439) / 1000) + exponent), d)


@pytest.mark.claim("prop-exact-rate", kind="identity")
@pytest.mark.parametrize(("d", "R"), [(2, 1.1), (5, 0.9), (12, 3.3), (150, 8.0)])
def test_the_bounds_by_the_first_sine(d, R):
    """g_1 by scipy's Bessel function; the factors from the sums of the proof; the exact value lies
    between.
    """
    s = (math.pi * R / 2) ** 2
    g_1 = special.gamma(d / 2) * (2 / s) ** (d / 2 - 1) * special.ive(d / 2, s)
    _, b = sine_coefficients(10**4)
    squares, first = np.sum(b**2), 2 * np.sum(np.abs(b[1:] * b[:-1]))
    assert_close(squares, 2 / 3, 1e-10)
    assert_close(first, 32 / math.pi**4 * (math.pi**2 / 4 - 2), 1e-9)
    assert first + math.exp(-16) / 3 < 0.1536 < 1 / 6
    lower, upper = log_first_sine_bounds(d, R)
    assert_close(math.exp(upper) / g_1, squares + math.exp(-8 * s) / 3, 1e-9)
    assert_close(math.exp(lower) / g_1, b[0] ** 2 - math.exp(-2 * s) / 6, 1e-9)
    assert lower < log_concentration_exact(d, R) + 1e-9 and log_concentration_exact(d, R) < upper


def test_where_the_first_sine_decreases():
    edge = 2 / math.pi * math.sqrt(7 / 6)
    assert log_first_sine_bounds(7, edge) == pytest.approx(
        log_first_sine_bounds(7, edge * (1 + 1e-9)), abs=1e-7
    )
    with pytest.raises(
        ValueError, match=r"R must be a finite real number >= 0\.687\d+ and <= 1e\+06, got 0\.68"
    ):
        log_first_sine_bounds(7, 0.68)


def test_the_smallest_norm():
    for d in (1, 3, 10, 10**12):
        assert_close(smallest_norm(d) / (2 * d**0.5 / math.pi), 1.0, 1e-15)
        assert (
            checked_norm(d) == smallest_norm(d) == checked_norm(d, smallest_norm(d) * (1 - 1e-15))
        )
    assert checked_norm(4, 2) == 2.0


# --- bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: concentration_bound(0), r"d must be an integer >= 1 and <= 10{12}, got 0"),
        (lambda: concentration_bound(10, -1.0), r"R must be a finite real number > 0, got -1\.0"),
        (
            lambda: concentration_bound(2, 0.5),
            r"R must be a finite real number >= 0\.9003\d+, got 0\.5",
        ),
        (
            lambda: concentration_exact(2.5, 1.0),
            r"d must be an integer >= 1 and <= 10{12}, got 2\.5",
        ),
        (
            lambda: concentration_exact(2, 0.0),
            r"R must be a finite real number > 0 and <= 1e\+06, got 0\.0",
        ),
        (lambda: concentration_exact(2, math.inf), "R must be a finite real number > 0 and"),
        (lambda: concentration_exact(2, math.nan), "R must be a finite real number > 0 and"),
        (lambda: log_concentration_exact(2, 1e7), r"and <= 1e\+06, got 1"),
        (
            lambda: concentration_spectrum(1, 1.0, 3),
            r"d must be an integer >= 2 and <= 10{12}, got 1",
        ),
        (
            lambda: concentration_spectrum(3, 1.0, 0),
            r"max_degree must be an integer >= 1 and <= 10{12}, got 0",
        ),
        (
            lambda: sine_eigenvalue(3, 0.0, 1),
            r"s must be a finite real number > 0 and <= 1e\+300, got 0\.0",
        ),
        (lambda: sine_eigenvalue(3, 1.0, -1), r"n must be an integer >= 0 and <= 10{12}, got -1"),
        (lambda: sine_eigenvalue(1, 1.0, 3), "n must be an integer >= 0 and <= 1, got 3"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
