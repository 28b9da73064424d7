"""The spectrum of the averaged square: every value against independent routes, at every size."""

import math

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from waves_parts import (
    NODES,
    POSITIVE,
    WEIGHTS,
    cosine_rule,
    gaussian_rule,
    least_norm,
)

from randomfeatures.foundations import hermite, sphere
from randomfeatures.limits.anti_concentration import second_moment
from randomfeatures.limits.concentration import (
    concentration_exact,
    concentration_spectrum,
    log_concentration_bound,
    log_concentration_exact,
    log_sine_eigenvalue,
    log_wave_eigenvalue,
    sine_eigenvalue,
)
from randomfeatures.limits.concentration_spectrum import best_profile
from randomfeatures.limits.triangle_wave import sine_coefficients, triangle_wave

DIMENSIONS = st.integers(2, 200)


# --- three routes to the largest eigenvalue that share nothing with the package's sum


def eigenvalue_by_folds(d, R):
    """λ_1 = E_q h(q)², q ~ chi_d, h(q) = E_t t tri(Rqt), by incomplete beta functions.

    tri(y) = y - 2(y-1)_+ + 2(y-3)_+ - ... On each interval between odd Rq the integrand is smooth
    in the square root of the distance to the left end.
    """
    ends = np.union1d(
        np.arange(1, R * (math.sqrt(d) + 11), 2) / R, np.arange(0, math.sqrt(d) + 11, 0.5)
    )
    v = (1 + NODES) / 2
    q = ends[:-1, None] + np.diff(ends)[:, None] * v**2
    h = R * q / d
    for n, j in enumerate(np.arange(1, R * q.max(), 2)):
        x2 = np.minimum(1.0, (j / np.maximum(R * q, 1e-300)) ** 2)
        square = special.betainc((d - 1) / 2, 1.5, 1 - x2) / (2 * d)
        linear = (
            math.exp(math.lgamma(d / 2) - math.lgamma((d - 1) / 2))
            / math.sqrt(math.pi)
            * (1 - x2) ** ((d - 1) / 2)
            / (d - 1)
        )
        h = h - 4 * (-1) ** n * (R * q * square - j * linear)
    density = np.exp(
        (d - 1) * np.log(q) - q**2 / 2 - (d / 2 - 1) * math.log(2) - math.lgamma(d / 2)
    )
    return float(np.sum(np.diff(ends)[:, None] * v * WEIGHTS * density * h**2))


def log_eigenvalue_by_waves(d, R):
    """λ_1 = E_q h(q)² with h(q) = Σ_k b_k Γ(d/2) (2/(kαq))^{d/2-1} J_{d/2}(kαq), for d ≥ 10, where
    few k and a plain grid do.
    """
    k, b = sine_coefficients(81 if d < 40 else 15)
    q = np.linspace(0, math.sqrt(d) + 10, 8001)[1:]
    z = math.pi * R / 2 * q
    terms = [
        bk * special.jv(d / 2, j * z) * float(j) ** (1 - d / 2) for j, bk in zip(k, b, strict=True)
    ]
    with np.errstate(divide="ignore"):
        log_h = (
            math.lgamma(d / 2) + (d / 2 - 1) * np.log(2 / z) + np.log(np.abs(np.sum(terms, axis=0)))
        )
    log_density = (d - 1) * np.log(q) - q**2 / 2 - (d / 2 - 1) * math.log(2) - math.lgamma(d / 2)
    return float(special.logsumexp(log_density + 2 * log_h) + math.log(q[1] - q[0]))


def log_eigenvalue_by_mpmath(d, R, n, K):
    """The double sum itself over all k, l < K with 50 digits."""
    with mpmath.workdps(50):
        s = (mpmath.pi * mpmath.mpf(R) / 2) ** 2
        b = {k: 8 / mpmath.pi**2 * (-1) ** (k // 2) / k**2 for k in range(1, K, 2)}

        def term(k, j):
            v, x = mpmath.mpf(d) / 2 - 1, k * j * s
            return (
                b[k]
                * b[j]
                * mpmath.exp(-(k * k + j * j) * s / 2)
                * mpmath.gamma(v + 1)
                * (2 / x) ** v
                * mpmath.besseli(n + v, x)
            )

        return float(
            mpmath.log(mpmath.fsum(term(k, j) for k in b for j in b if (k - j) ** 2 * s < 400))
        )


@pytest.mark.claim("prop-concentration-spectrum", kind="quadrature")
@pytest.mark.parametrize(
    ("d", "R"),
    [
        (2, 0.13),
        (2, 0.19),
        (3, 0.199),
        (2, 0.3),
        (2, 1.0),
        (2, 2.0),
        (3, 0.2),
        (3, 3.0),
        (4, 2.0),
        (7, 0.5),
        (7, 1.7),
        (16, 1.0),
        (20, 2.9),
        (200, 0.5),
    ],
)
def test_the_eigenvalue_is_that_of_the_folds(d, R):
    """The absolute error of the fold sum is 1e-16 in h, so the demand of 1e-10 can be put where λ_1
    > 1e-8.
    """
    truth = eigenvalue_by_folds(d, R)
    assert truth > 1e-8
    assert_close(concentration_exact(d, R) / truth, 1.0, 1e-10)


@pytest.mark.claim("prop-concentration-spectrum", kind="quadrature")
@pytest.mark.parametrize(
    ("d", "R"), [(10, 2.1), (10, 10.0), (40, 4.1), (40, 17.0), (100, 6.5), (200, 9.01), (200, 60.0)]
)
def test_the_eigenvalue_is_that_of_the_waves(d, R):
    assert_close(
        math.exp(log_concentration_exact(d, R) - log_eigenvalue_by_waves(d, R)), 1.0, 1e-10
    )


@pytest.mark.claim("prop-concentration-spectrum", kind="identity")
@pytest.mark.parametrize(
    ("d", "R", "n", "K"),
    [
        (6, 1.0, 3, 61),
        (200, 200.0, 1, 6),
        (200, 1.0, 1, 62),
        (150, 150.0, 1, 6),
        (60, 2.0, 9, 32),
        (25, 3.2, 21, 62),
    ],
)
def test_the_eigenvalue_with_fifty_digits(d, R, n, K):
    assert_close(
        math.exp(concentration_spectrum(d, R, n)[-1] - log_eigenvalue_by_mpmath(d, R, n, K)),
        1.0,
        1e-10,
    )


@pytest.mark.claim("prop-concentration-spectrum", kind="identity")
@pytest.mark.parametrize(("d", "R"), [(12, 0.6), (12, 1.0), (30, 1.5)])
def test_the_spectrum_is_a_sum_over_hermite_degrees(d, R):
    """λ_n = Σ_m c_m² μ_{m,n}; every term is positive, and those with m > 400 are below μ_{401,n} ≤
    1e-13 λ_n.
    """
    k, b = sine_coefficients(61)
    c = sum(
        bk * hermite.sine_coefficients(400, j * math.pi * R / 2) for j, bk in zip(k, b, strict=True)
    )
    truth = [
        sum(c[m] ** 2 * sphere.monomial_eigenvalue(d, m, n) for m in range(n, 401, 2))
        for n in (1, 3, 5, 7)
    ]
    # Doubled factorials lose a few digits in c; the spectrum itself is better.
    assert_close(np.exp(concentration_spectrum(d, R, 8) - np.log(truth)), np.ones(4), 1e-8)


@pytest.mark.claim("prop-concentration-spectrum", kind="identity")
@given(st.integers(1, 200), st.floats(0.01, 20))
def test_the_eigenvalue_lies_between_the_linear_part_and_the_norm(d, R):
    """c_1²/d ≤ λ_1 ≤ ‖tri‖²/d, as μ_{m,1} ≤ μ_{1,1} = 1/d. For R ≤ 0.15 the two agree to 1e-10, and
    for d = 1 the upper one is reached.
    """
    c_1 = R * (
        1 - 4 * sum((-1) ** j * stats.norm.sf((2 * j + 1) / R) for j in range(int(5 * R) + 5))
    )
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
    """d = 2: λ_n = E_q |a_n(q)|², a_n the Fourier coefficients of the angle's function tri(Rq cos
    φ); q has the density q e^{-q²/2}.
    """
    q, angle = np.arange(0.5, 900) / 100, 2 * math.pi * np.arange(2048) / 2048
    a = np.abs(np.fft.rfft(triangle_wave(R * q[:, None] * np.cos(angle)))) / 2048
    transform = (q * np.exp(-(q**2) / 2) / 100) @ a**2
    assert np.all(transform[0:20:2] < 1e-30)
    logs = concentration_spectrum(2, R, 1 if R < 0.5 else 9)
    assert_close(transform[1 : 2 * len(logs) : 2] / np.exp(logs), np.ones(len(logs)), 1e-4)


# --- the functions that see the wave best


@pytest.mark.claim("prop-concentration-spectrum", kind="quadrature")
@pytest.mark.parametrize(("d", "R"), [(2, 0.9), (3, 1.3), (6, 1.6), (11, 4.0)])
def test_the_profile_of_the_best_function(d, R):
    """h_1(q) = E_t t tri(Rqt) by quadrature between the knots, and E h_1(|x|)² = λ_1."""
    for q in (0.0, 0.3, 1.7, 5.2):
        knots = np.arange(-(2 * int(R * q) + 1), 2 * int(R * q) + 2, 2) / max(R * q, 1e-300)
        ends = np.union1d([-1, 1], knots[np.abs(knots) < 1])
        angle = np.arccos(ends)  # t = cos(angle) makes the density smooth at the ends
        middle, half = (angle[1:] + angle[:-1]) / 2, (angle[:-1] - angle[1:]) / 2
        phi = (middle[:, None] + half[:, None] * NODES).ravel()
        weight = (half[:, None] * WEIGHTS).ravel() * np.sin(phi) ** (d - 2)
        constant = special.gamma(d / 2) / special.gamma((d - 1) / 2) / math.sqrt(math.pi)
        t = np.cos(phi)
        truth = constant * np.sum(weight * t * triangle_wave(R * q * t))
        value = best_profile(d, R, np.array(q))
        assert abs(value - truth) < 1e-12
    q = np.linspace(0, 14, 4001)
    density = q ** (d - 1) * np.exp(-(q**2) / 2)
    average = np.sum(density * best_profile(d, R, q) ** 2) / np.sum(density)
    assert_close(average / concentration_exact(d, R), 1.0, 1e-6)


def test_the_profile_refuses_what_it_cannot_compute():
    with pytest.raises(ValueError, match=r"q must hold finite numbers >= 0 and <= 5000, got 6000"):
        best_profile(3, 2.0, np.array([6000.0]))
    with pytest.raises(ValueError, match="d must be an integer >= 2"):
        best_profile(1, 2.0, np.array([1.0]))


# --- one sine


@pytest.mark.claim("lem-sine-kernel", kind="quadrature")
@pytest.mark.parametrize(
    ("alpha", "beta", "t"), [(1.3, 2.1, 0.4), (0.7, 0.7, -0.9), (2.5, 1.0, 1.0)]
)
def test_the_kernel_of_one_sine(alpha, beta, t):
    z, w = gaussian_rule()
    values = np.sin(alpha * z[:, None]) * np.sin(beta * (t * z[:, None] + math.sqrt(1 - t * t) * z))
    assert_close(
        w @ values @ w, math.exp(-(alpha**2 + beta**2) / 2) * math.sinh(alpha * beta * t), 1e-12
    )


@pytest.mark.claim("prop-concentration-spectrum", kind="quadrature")
@pytest.mark.parametrize("d", [2, 3, 5, 12, 60, 200])
@pytest.mark.parametrize("s", [0.01, 1.0, 30.0, 150.0])
def test_sine_eigenvalues_are_funk_hecke_integrals(d, s):
    """E_t e^{-s} sinh(st) P_n(t), exact in Gauss-Gegenbauer points up to cancellation, 1e-15 of
    E|κ|.
    """
    t, w = cosine_rule(d, 100)
    kernel = (np.exp(-s * (1 - t)) - np.exp(-s * (1 + t))) / 2
    for n in (1, 2, 3, 8, 9):
        truth, scale = np.sum(w * kernel * sphere.gegenbauer(d, n, t)), np.sum(w * np.abs(kernel))
        assert abs(sine_eigenvalue(d, s, n) - truth) <= 1e-11 * truth + 1e-13 * scale
        assert (
            n % 2 == 0
            or scale * 1e-9 > truth
            or abs(1.02 * sine_eigenvalue(d, s, n) - truth) > 1e-3 * truth
        )


@given(st.integers(1, 400), st.integers(0, 40), st.floats(1e-3, 1e7))
def test_sine_eigenvalues_agree_with_scipy_where_it_has_them(d, j, s):
    n = 1 if d == 1 else 2 * j + 1
    scaled = special.ive(n + d / 2 - 1, s)
    if scaled > 1e-290 and n + d / 2 < 300:
        reference = math.log(scaled) + math.lgamma(d / 2) + (d / 2 - 1) * math.log(2 / s)
        assert abs(log_sine_eigenvalue(d, s, n) - reference) < 1e-12 * (1 + d + n) + 1e-15 * s


def test_an_eigenvalue_lost_in_cancellation_is_refused():
    with pytest.raises(
        ArithmeticError, match=r"degree 3 for d = 5, R = 0\.2 is lost in cancellation"
    ):
        concentration_spectrum(5, 0.2, 7)


@given(st.one_of(st.integers(1, 300), st.integers(1, 10**12)), POSITIVE)
@settings(max_examples=60)
def test_no_size_of_the_exact_values_is_wrong_quietly(d, R):
    """A logarithm between those of the first Hermite coefficient and of the norm, or one that is
    refused.
    """
    try:
        value = log_concentration_exact(d, R)
    except ValueError as refusal:
        assert R > 1e6 and "R must be" in str(refusal)
        return
    allowed = 1e-9 + 1e-15 * d * (1 + math.log(d) + abs(math.log(R)))
    assert math.isfinite(value)
    assert value <= min(2 * math.log(R), -math.log(3)) - math.log(d) + allowed
    assert d < 3 or value <= log_concentration_bound(d, R) + allowed


@given(st.integers(1, 10**12), st.floats(5e-324, 1e300), st.integers(0, 10**12))
def test_no_size_of_one_sine_is_wrong_quietly(d, s, n):
    if d == 1 and n > 1:
        return
    value = log_sine_eigenvalue(d, s, n)
    assert value == -math.inf if n % 2 == 0 else math.isfinite(value)
    rounding = 1e-12 + 1e-15 * (d + n) * (1 + math.log(d + n) + abs(math.log(s)))
    assert value <= math.log(0.5) + rounding


def test_the_eigenvalues_of_even_degree_and_of_small_waves():
    with pytest.raises(ValueError, match="n must be odd, got 4"):
        log_wave_eigenvalue(5, 1.0, 4)
    assert log_wave_eigenvalue(5, 0.1, 1) == log_concentration_exact(5, 0.1)
    with pytest.raises(ArithmeticError, match=r"degree 3 for d = 5, R = 1e-200 is lost"):
        log_wave_eigenvalue(5, 1e-200, 3)
