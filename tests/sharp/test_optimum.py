"""The sharp limit of one neuron: its spectrum, the optimum, features needed, with and without a bias, by independent routes."""

import itertools
import math
import sys
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import special, stats

from randomfeatures.foundations.dual_activations import dual_relu, dual_relu_general
from randomfeatures.foundations.hermite import relu_coefficients
from randomfeatures.foundations.sphere import gegenbauer, monomial_eigenvalue, multiplicity, sample_sphere
from randomfeatures.sharp import optimum, optimum_levels
from randomfeatures.sharp.optimum import (
    almost_every_direction_bound,
    features_needed,
    log_optimal_error,
    optimal_error,
    optimal_error_certified,
)
from randomfeatures.sharp.optimum_tail import tail_constant, tail_constant_lower_bound
from randomfeatures.sharp.spectrum import neuron_spectrum

DIMENSIONS = st.integers(2, 40) | st.integers(2, 10**4)
COUNTS = st.integers(0, 2000) | st.integers(0, 10**300) | st.integers(0, 300).map(lambda n: 10**n)


def exact_eigenvalue(d, k):
    """λ_k without bias for odd d, as a fraction, from the double factorials: Γ(1/2) cancels."""
    if k % 2:
        return Fraction(1, 4 * d) if k == 1 else Fraction(0)
    eta = Fraction(math.comb(d - 1, (d - 1) // 2), 2**d)  # Γ(d/2) / (2√π Γ((d+1)/2))
    if k >= 2:
        eta /= d + 1
        eta *= math.prod((Fraction(j - 1, j + d + 1) for j in range(2, k, 2)), start=Fraction(1))
    return d * eta**2


def exact_tail(d, r):
    """tail_r for odd d as a fraction: 1/2 less the r largest."""
    tail = Fraction(1, 2)
    for k in itertools.chain([0, 1], itertools.count(2, 2)):
        take = min(r, multiplicity(d, k))
        tail, r = tail - take * exact_eigenvalue(d, k), r - take
        if r == 0:
            return tail


def precise_tail(d, r):
    """tail_r for any d, 1/2 less the r largest, with Gamma functions of 80 + log(r) digits."""
    with mpmath.workdps(80 + len(str(r))):
        tail, gamma = mpmath.mpf(1) / 2, mpmath.gamma
        for k in itertools.chain([0, 1], itertools.count(2, 2)):
            if k == 1:
                value = mpmath.mpf(1) / (4 * d)
            else:
                power = gamma(mpmath.mpf(k - 1) / 2) / (4 * mpmath.pi) if k else 1 / (2 * mpmath.sqrt(mpmath.pi))
                value = d * (gamma(mpmath.mpf(d) / 2) * power / gamma(mpmath.mpf(k + d + 1) / 2)) ** 2
            take = min(r, multiplicity(d, k))
            tail, r = tail - take * value, r - take
            if r == 0:
                return tail


def counts_of_degrees(d, K):
    """The number of eigenvalues in the degrees 0, 1, 2, 4, ..., K."""
    return sum(multiplicity(d, k) for k in range(K + 1) if k < 2 or k % 2 == 0)


def kernel_eigenvalues(d, K, kernel):
    """E_t kernel(t) P_k(t), k = 0..K, by Gauss-Legendre in the angle φ of t = cos φ, where a neuron's kernel is smooth."""
    x, w = special.roots_legendre(400)
    angle = np.pi / 2 * (x + 1)
    w = w * np.sin(angle) ** (d - 2)
    t = np.cos(angle)
    return np.array([np.sum(w * kernel(t) * gegenbauer(d, k, t)) / np.sum(w) for k in range(K + 1)])


# --- the spectrum -----------------------------------------------------------------------------------------------------------------


@pytest.mark.claim("thm-neuron-spectrum", kind="quadrature")
@pytest.mark.parametrize("d", [2, 3, 4, 7, 30, 101])
def test_spectrum_is_that_of_the_kernel(d):
    values = kernel_eigenvalues(d, 12, dual_relu)
    assert_close(neuron_spectrum(d, 12), values, 1e-14)
    for k in range(6):  # degree by degree, so that one wrong degree cannot hide behind the largest
        if k in (0, 1, 2, 4) and multiplicity(d, k) < 10**5:
            assert_close(multiplicity(d, k) * neuron_spectrum(d, k)[k], multiplicity(d, k) * values[k], 1e-14 * multiplicity(d, k))


@pytest.mark.claim("thm-neuron-spectrum", kind="identity")
@pytest.mark.parametrize("d", [3, 5, 21, 101])
def test_spectrum_in_odd_dimensions_is_rational(d):
    truth = np.array([float(exact_eigenvalue(d, k)) for k in range(31)])
    assert np.array_equal(truth == 0, np.arange(31) % 2 * (np.arange(31) > 1))
    assert_close(neuron_spectrum(d, 30)[truth > 0] / truth[truth > 0], np.ones(np.sum(truth > 0)), 4e-16)


@pytest.mark.claim("thm-neuron-spectrum", kind="certified")
@pytest.mark.parametrize("d", [2, 4, 10, 50, 1000, 10**4])
@pytest.mark.parametrize("K", [2, 8, 60])
def test_the_energies_add_up_to_one_half(d, K):
    """optimal_error sums the degrees above K and never uses 1/2; the degrees up to K are summed here."""
    r = counts_of_degrees(d, K)
    with mpmath.workdps(60):
        head = mpmath.mpf(1) / 2 - precise_tail(d, r)
    values = neuron_spectrum(d, K)
    energy = math.fsum(values[k] * multiplicity(d, k) for k in range(K + 1) if values[k])
    assert_close(energy, float(head), 1e-15)
    assert_close(energy + optimal_error(d, r), 0.5, 1e-15)


@pytest.mark.claim("prop-spectrum-decreases", kind="identity")
@given(DIMENSIONS)
def test_spectrum_decreases(d):
    K = 12
    values = neuron_spectrum(d, K)[[0, 1, 2, *range(4, K + 1, 2)]]
    assert np.all(np.diff(values) < 0)
    assert 1 / (2 * math.pi) < values[0] <= 0.25 and values[1] == 1 / (4 * d)
    k = np.arange(2, K, 2)
    assert_close(values[2] * (d + 1) ** 2, values[0], 4e-16)
    assert_close(values[3:] / values[2:-1] * ((k + d + 1) / (k - 1)) ** 2, np.ones(len(k)), 4e-15)


@pytest.mark.claim("lem-multiplicity", kind="identity")
@given(st.integers(2, 300), st.integers(1, 40))
def test_counts_of_degrees(d, half):
    K = 2 * half
    for degree in (K, K - 1):
        assert sum(multiplicity(d, j) for j in range(degree, -1, -2)) == math.comb(degree + d - 1, d - 1)
    assert counts_of_degrees(d, K) == d + math.comb(K + d - 1, d - 1) == optimum_levels.levels_of(d, 0.0).count(half + 1)


@pytest.mark.claim("lem-gamma-ratio", kind="quadrature")
@given(st.floats(0.2501, 1e6))
def test_gamma_ratio(x):
    ratio = float(mpmath.gammaprod([mpmath.mpf(x) + 0.5], [mpmath.mpf(x)]))
    assert math.sqrt(x - 0.25) <= ratio * (1 + 1e-15) and ratio <= math.sqrt(x) * (1 + 1e-15)
    if x > 20:  # tight: neither side survives a factor 1.02
        assert 1.02 * math.sqrt(x - 0.25) > ratio > math.sqrt(x) / 1.02


# --- polar coordinates and the bias -------------------------------------------------------------------------------------------------


def polar_eigenvalues(d, b, K):
    """E h_k(q)² over q ~ χ_d with the explicit h_k of the theorem on the bias."""
    eta = np.sqrt(neuron_spectrum(d, 2) / d)
    x, w = special.roots_legendre(300)
    edges = np.unique(np.concatenate([np.linspace(0, abs(b), 3), np.linspace(abs(b), abs(b) + 3 * math.sqrt(d) + 12, 12)]))
    q = np.concatenate([(e - s) / 2 * x + (e + s) / 2 for s, e in itertools.pairwise(edges)])
    weight = np.concatenate([(e - s) / 2 * w for s, e in itertools.pairwise(edges)]) * stats.chi(d).pdf(q)
    u = np.clip(-b / q, -1, 1)

    def beyond(dimension):
        """P(t > u) for the cosine in this dimension."""
        return special.betainc((dimension - 1) / 2, (dimension - 1) / 2, (1 - u) / 2)

    power = (1 - u**2) ** ((d - 1) / 2)
    h = [b * beyond(d) + q * eta[0] * power, q / d * beyond(d + 2)]
    h += [q * eta[2] * power * (1 - u**2) * gegenbauer(d + 4, k - 2, u) for k in range(2, K + 1)]
    return np.array([np.sum(weight * h_k**2) for h_k in h])


@pytest.mark.claim("lem-polar", kind="quadrature")
@pytest.mark.claim("thm-bias-spectrum", kind="quadrature")
@pytest.mark.parametrize(("d", "b"), [(2, 0.5), (3, -1.2), (4, 3.0), (9, -0.1), (20, 1.0), (21, -4.0), (200, 0.7)])
def test_bias_spectrum_in_polar_coordinates(d, b):
    """h_k(q) by the theorem's formula and, for one q, by quadrature of its definition; then the mean square over the chi law."""
    truth = polar_eigenvalues(d, b, 9)
    assert_close(neuron_spectrum(d, 9, bias=b) / truth, np.ones(10), 1e-9)
    eta = kernel_eigenvalues(d, 1, lambda t: np.ones_like(t))[0]
    assert eta == pytest.approx(1, abs=1e-14)


@pytest.mark.claim("lem-polar", kind="quadrature")
@pytest.mark.parametrize(("d", "b", "q"), [(2, 0.5, 0.8), (3, -1.2, 2.0), (7, 1.0, 2.5), (7, -1.0, 0.9)])
def test_sphere_means_of_a_neuron(d, b, q):
    """h_k(q) = E_t [qt + b]_+ P_k(t), split at the kink, against the theorem's formula."""
    with mpmath.workdps(30):
        low = max(mpmath.mpf(-1), min(mpmath.mpf(1), mpmath.mpf(-b) / q))
        density = mpmath.gamma(mpmath.mpf(d) / 2) / mpmath.sqrt(mpmath.pi) / mpmath.gamma(mpmath.mpf(d - 1) / 2)

        def polynomial(k, t):
            return mpmath.hyp2f1(-k, k + d - 2, mpmath.mpf(d - 1) / 2, (1 - t) / 2)

        truth = [
            mpmath.quad(
                lambda a, k=k: density * mpmath.sin(a) ** (d - 2) * (q * mpmath.cos(a) + b) * polynomial(k, mpmath.cos(a)),
                [0, mpmath.acos(low)],
            )
            for k in range(6)
        ]
    eta, u = np.sqrt(neuron_spectrum(d, 2) / d), np.array(float(low))
    power = (1 - u * u) ** ((d - 1) / 2)
    h = [
        b * special.betainc((d - 1) / 2, (d - 1) / 2, (1 - u) / 2) + q * eta[0] * power,
        q / d * special.betainc((d + 1) / 2, (d + 1) / 2, (1 - u) / 2),
    ]
    h += [q * eta[2] * power * (1 - u * u) * float(gegenbauer(d + 4, k - 2, u)) for k in range(2, 6)]
    if low == 1:
        assert all(h_k == 0 for h_k in h)
    else:
        assert_close(h, [float(value) for value in truth], 1e-14)


@pytest.mark.claim("lem-polar", kind="identity")
@pytest.mark.parametrize("d", [3, 8])
def test_a_homogeneous_activation_has_the_second_moment_of_the_radius(d):
    """λ_k = d η_k² with η_k from the sphere alone."""
    x, w = special.roots_jacobi(60, (d - 3) / 2, 0.0)
    t = (1 + x) / 2  # E_t over t in (0, 1): the weight (1-t)^{(d-3)/2} is in the rule
    weight = w * (1 + t) ** ((d - 3) / 2)
    weight = weight / (2 * np.sum(weight))
    eta = np.array([np.sum(weight * t * gegenbauer(d, k, t)) for k in range(9)])
    assert_close(d * eta**2, neuron_spectrum(d, 8), 1e-14)
    assert_close(d * eta[2] ** 2, neuron_spectrum(d, 2)[2], 1e-14)


@pytest.mark.claim("thm-bias-spectrum", kind="identity")
@pytest.mark.parametrize(("d", "b"), [(20, 0.5), (51, -1.5), (400, 2.0), (10**4, -0.3)])
def test_bias_spectrum_is_the_hermite_series(d, b):
    c = relu_coefficients(400, b)
    truth = [math.fsum(c[m] ** 2 * monomial_eigenvalue(d, m, k) for m in range(k, 401, 2)) for k in range(9)]
    assert_close(neuron_spectrum(d, 8, bias=b) / truth, np.ones(9), 2e-12)


@pytest.mark.claim("thm-bias-spectrum", kind="quadrature")
@pytest.mark.parametrize(("d", "b"), [(2, 0.5), (2, -2.0), (3, 1e-3), (6, 1.0), (41, -0.4)])
def test_bias_spectrum_is_that_of_the_kernel(d, b):
    values = kernel_eigenvalues(d, 10, lambda t: dual_relu_general(np.ones_like(t), 1.0, t, b, b))
    assert_close(neuron_spectrum(d, 10, bias=b), values, 4e-14)


@settings(max_examples=40)
@given(st.integers(1, 60), st.floats(-37, 37))
@example(2, 1e-300)
@example(7, -1e-12)
@example(2, 36.9)
@example(2, -36.9)
def test_bias_spectrum_alternates_decreases_and_adds_up(d, b):
    K = 1 if d == 1 else 9
    values = neuron_spectrum(d, K, bias=b)
    assert np.all(values >= 0) and np.all(values[2:] <= values[:-2])
    assert np.array_equal(values[2:], neuron_spectrum(d, K, bias=-b)[2:])
    with mpmath.workdps(40):
        z = mpmath.mpf(b)
        total = (1 + z * z) * mpmath.ncdf(z) + z * mpmath.npdf(z)
    assert optimal_error(d, 0, bias=b) == pytest.approx(float(total), rel=1e-15)
    energy = math.fsum(multiplicity(d, k) * values[k] for k in range(K + 1))
    assert energy <= float(total) * (1 + 1e-14)
    if d == 1:
        assert energy == pytest.approx(float(total), rel=1e-15)


@pytest.mark.claim("thm-bias-spectrum", kind="quadrature")
@pytest.mark.parametrize("d", [2, 3, 6, 31])
@pytest.mark.parametrize("b", [-30.0, -15.0, -6.0])
def test_far_biases_keep_their_relative_accuracy(d, b):
    """E h_k(q)² over q² / 2 = b²/2 + w, h_k(q) = E_t [qt + b]_+ P_k(t) by its definition: all terms positive, so no digits are lost."""
    x, rule = special.roots_legendre(60)
    edges = np.array([0, 0.05, 0.2, 0.5, 1, 2, 4, 8, 16, 32, 64, 128])
    w = np.concatenate([(e - s) / 2 * x + (e + s) / 2 for s, e in itertools.pairwise(edges)])
    weight = np.concatenate([(e - s) / 2 * rule for s, e in itertools.pairwise(edges)])
    B = b * b / 2
    q, u = np.sqrt(2 * (B + w)), np.sqrt(B / (B + w))
    last = 2 * np.arcsin(np.sqrt(w / (B + w) / (1 + u) / 2))  # the angle where cos = u
    angle = last[:, None] * (x + 1) / 2
    above = 2 * np.sin((last[:, None] - angle) / 2) * np.sin((last[:, None] + angle) / 2)  # cos(angle) - u
    density = math.exp(special.gammaln(d / 2) - special.gammaln((d - 1) / 2)) / math.sqrt(math.pi)
    mean = density * np.sin(angle) ** (d - 2) * q[:, None] * above * (rule * last[:, None] / 2)
    law = np.exp(-w - B + (d / 2 - 1) * np.log(B + w) - special.gammaln(d / 2)) * weight
    h = [np.sum(mean * gegenbauer(d, k, np.cos(angle)), axis=1) for k in range(6)]
    truth = np.array([np.sum(law * h_k**2) for h_k in h])
    assert_close(neuron_spectrum(d, 5, bias=b) / truth, np.ones(6), 1e-9)


# --- the optimum ------------------------------------------------------------------------------------------------------------------


@pytest.mark.claim("thm-exact-optimum", kind="certified")
@given(DIMENSIONS, COUNTS)
@example(2, 10**300)
@example(3, 10**300)
@example(10**4, 10**300)
@example(10**4, 10**4 + 1)
@example(2, 0)
def test_the_enclosure_contains_the_float_and_is_narrow(d, r):
    lower, upper = optimal_error_certified(d, r)
    assert 0 <= lower <= upper <= 0.5 and upper - lower <= 1e-15 * upper + 1e-323
    log_value = log_optimal_error(d, r)
    if lower > 2.3e-308:
        assert lower <= optimal_error(d, r) <= upper
        assert_close(math.exp(log_value) / lower, 1.0, 1e-15 + 1e-15 * abs(log_value))
    else:
        assert log_value < -708
        with pytest.raises(ArithmeticError, match="log_optimal_error"):
            optimal_error(d, r)


@pytest.mark.claim("thm-exact-optimum", kind="certified")
@given(st.integers(1, 30).map(lambda n: 2 * n + 1), st.integers(0, 10**7))
def test_the_enclosure_contains_the_fraction(d, r):
    if d == 3:
        r = r % 10**5
    lower, upper = optimal_error_certified(d, r)
    assert Fraction(lower) <= exact_tail(d, r) <= Fraction(upper)
    assert not Fraction(lower) <= exact_tail(d, r) * Fraction(51, 50) <= Fraction(upper)


@pytest.mark.claim("thm-exact-optimum", kind="certified")
@pytest.mark.parametrize("d", [2, 4, 10, 64, 784, 10**4])
@pytest.mark.parametrize("r", [0, 1, 2, 5, 99, 10**4, 10**9])
def test_the_enclosure_contains_a_direct_sum(d, r):
    if d == 2:
        r = min(r, 10**4)
    lower, upper = optimal_error_certified(d, r) if not (d == 4 and r > 10**4) else optimal_error_certified(d, r := 10**6)
    truth = precise_tail(d, r)
    assert lower <= truth <= upper and not lower <= 1.02 * truth <= upper


@pytest.mark.parametrize("half", [1, 7, 10**6, 10**40, 10**150])
def test_the_plane_has_a_closed_form(half):
    """d = 2: s_k = 4 / (π² (k²-1)²) is a difference of squares of 1/(k-1) and 1/(k+1): trigamma functions and a telescoping sum."""
    K = 2 * half
    with mpmath.workdps(1000 if half > 10**10 else 60):
        n = mpmath.mpf(half + 1)  # k = 2n, 2n+2, ...; 1/(k-1)² = 1/(4 (n-1/2)²)
        squares = (mpmath.psi(1, n - mpmath.mpf(1) / 2) + mpmath.psi(1, n + mpmath.mpf(1) / 2)) / 4
        truth = (squares - 1 / (2 * n - 1)) / mpmath.pi**2
        assert log_optimal_error(2, K + 3) == pytest.approx(float(mpmath.log(truth)), rel=1e-15)
        if half < 10**10:
            assert_close(optimal_error(2, K + 3) / float(truth), 1.0, 1e-15)


def test_the_fast_series_telescopes():
    """The identity behind the series, in rational numbers: u_j(k) - u_j(k+2) = v_j(k) - v_{j+1}(k) and v_0(k) = s_k (here s_k = 1)."""

    def rising(x, j):
        return math.prod((x + i for i in range(j)), start=Fraction(1))

    def term(d, k, j):
        top = rising(Fraction(d, 2) + 1, j) * math.factorial(j) ** 2 * rising(Fraction(k + d, 2) - 1, j)
        bottom = rising(Fraction(k + 1, 2), j) * rising(Fraction(k + d + 1, 2), j) ** 2 * rising(Fraction(5, 2), j)
        return Fraction(k * (k + d + 1 + 4 * j), 3 * (2 * k + d - 2)) * top / bottom

    for d, k, j in itertools.product((2, 3, 10, 37), (2, 4, 30), range(5)):
        share = Fraction((2 * k + d + 2) * (k - 1) ** 2 * (k + d - 2) * (k + d - 1), (2 * k + d - 2) * (k + 1) * (k + 2) * (k + d + 1) ** 2)
        energy = multiplicity(d, k) * Fraction(k - 1, k + d + 1) ** -2  # s_{k+2}/s_k from the multiplicities and the eigenvalues
        assert share == multiplicity(d, k + 2) / energy
        v = [term(d, k, i) * Fraction((2 * i + 3) * (2 * k + d - 2 + 2 * i), k * (k + d + 1 + 4 * i)) for i in (j, j + 1)]
        assert term(d, k, j) - share * term(d, k + 2, j) == v[0] - v[1]
        assert j > 0 or v[0] == 1
        assert term(d, k, j + 1) < term(d, k, j) * Fraction(2 * (j + 1), 2 * j + k + 1)


@pytest.mark.claim("lem-telescope", kind="certified")
@given(st.integers(2, 3000), st.integers(1, 500))
def test_the_first_term_is_the_tail_up_to_the_lemma_s_error(d, half):
    K = 2 * half
    k = K + 2
    log_g = log_share(d, k) + math.log(k * (k + d + 1) / (3 * (2 * k + d - 2)))
    log_tail = log_optimal_error(d, counts_of_degrees_closed(d, K))
    slack = 1e-11
    assert log_g - slack <= log_tail <= log_g - math.log1p(-5 / (3 * (K + 3))) + slack
    # e_k is an identity: s_k - (g_k - g_{k+2}) = e_k s_k, here in fractions of s_k.
    quotient = Fraction(multiplicity(d, k + 2), multiplicity(d, k)) * Fraction(k - 1, k + d + 1) ** 2
    g = [Fraction(n * (n + d + 1), 3 * (2 * n + d - 2)) for n in (k, k + 2)]
    e = Fraction(4 * (d + 2) * (k + d - 2) * (2 * k + d), 3 * (k + 1) * (k + d + 1) ** 2 * (2 * k + d - 2))
    assert 1 - g[0] + quotient * g[1] == e and 0 < e <= Fraction(5, 3 * (k + 1))


def counts_of_degrees_closed(d, K):
    return d + math.comb(K + d - 1, d - 1)


def log_share(d, k):
    """log N(d, k) λ_k by log-Gamma at 40 digits."""
    with mpmath.workdps(40):
        eta = mpmath.loggamma(mpmath.mpf(d) / 2) + mpmath.loggamma(mpmath.mpf(k - 1) / 2) - mpmath.loggamma(mpmath.mpf(k + d + 1) / 2)
        return float(mpmath.log(multiplicity(d, k)) + mpmath.log(d) + 2 * (eta - mpmath.log(4 * mpmath.pi)))


@pytest.mark.claim("prop-tail-law", kind="certified")
@given(st.integers(2, 10**5), st.integers(1, 10**5) | st.integers(1, 10**30))
def test_tail_law(d, half):
    if d > 100:
        half = min(half, 200)
    K = 2 * half
    log_tail = log_optimal_error(d, counts_of_degrees_closed(d, K))
    constant = math.log(1 / (3 * math.sqrt(2) * math.pi**1.5) * d)
    lower = constant + math.log(d - 1.5) / 2 - 1.5 * (math.log(K + 1) + math.log(K + 1 + d))
    upper = constant + math.log(d - 1) / 2 - 1.5 * (math.log(K) + math.log(K + d))
    assert lower - 1e-12 <= log_tail <= upper + 1e-12
    if d >= 200 and K >= 200:  # tight there: 2 % more or less is not possible on either side
        assert log_tail - lower < math.log(1.02) and upper - log_tail < math.log(1.02)


def gram_mean_error(w, values, b):
    """E_θ of the error of the best combination of the neurons [⟨w_i, x⟩ + b]_+: E c_i(θ) c_j(θ) = Σ N λ_k² P_k(⟨w_i, w_j⟩)."""
    d, t = w.shape[1], np.clip(w @ w.T, -1, 1)
    gram = dual_relu_general(np.ones_like(t), 1.0, t, b, b)
    moments = sum(multiplicity(d, k) * value**2 * gegenbauer(d, k, t) for k, value in enumerate(values))
    total = dual_relu_general(np.ones(()), 1.0, 1.0, b, b)
    return float(total - np.trace(np.linalg.solve(gram, moments)))


@pytest.mark.claim("thm-exact-optimum", kind="identity")
@pytest.mark.parametrize("b", [0.0, 0.7])
@pytest.mark.parametrize(("d", "r"), [(3, 12), (5, 21), (10, 30), (10, 200)])
def test_real_random_features_do_not_beat_the_optimum(d, r, b):
    """The mean over all directions, exactly, and no sampled input: above tail_r, within a factor 8."""
    rng = np.random.default_rng(d * 1000 + r)
    values = neuron_spectrum(d, 60, bias=b)
    errors = [gram_mean_error(sample_sphere(rng, r, d), values, b) for _ in range(5)]
    best = optimal_error(d, r, bias=b)
    assert min(errors) >= best * (1 - 1e-9)
    assert np.mean(errors) < 8 * best


@pytest.mark.claim("thm-exact-optimum", kind="identity")
@pytest.mark.parametrize(("d", "r"), [(3, 4), (4, 5)])
def test_many_neurons_cannot_beat_but_their_best_combinations_attain_the_optimum(d, r):
    """The r best combinations of 400 random neurons (principal components under the law of θ): at least tail_r, and close to it."""
    w = sample_sphere(np.random.default_rng(5), 400, d)
    t = np.clip(w @ w.T, -1, 1)
    values = neuron_spectrum(d, 30)
    moments = sum(multiplicity(d, k) * value**2 * gegenbauer(d, k, t) for k, value in enumerate(values) if value)
    gram = dual_relu(t)
    scale, axes = np.linalg.eigh(gram)
    keep = scale > 1e-9 * scale[-1]
    root = axes[:, keep] / np.sqrt(scale[keep])
    energy = np.linalg.eigvalsh(root.T @ moments @ root)[::-1]
    error = 0.5 - np.sum(energy[:r])
    assert_close(error, optimal_error(d, r), 2e-4 * optimal_error(d, r))


@pytest.mark.claim("prop-harmonics-attain", kind="quadrature")
def test_explicit_harmonics_attain_the_optimum_in_dimension_3():
    """|x| Y(x/|x|), Y of degree ≤ 2, nine features: the projection of a neuron by quadrature on the sphere, in every direction alike."""
    z, wz = special.roots_legendre(40)
    z, wz = (z + 1) / 2, wz / 4  # the half sphere where the neuron is not zero; mean over the sphere has density 1/2 in z
    angle = 2 * np.pi * np.arange(40) / 40
    radius = np.sqrt(1 - z**2)
    points = np.stack([np.outer(radius, np.cos(angle)), np.outer(radius, np.sin(angle)), np.outer(z, np.ones(40))], -1).reshape(-1, 3)
    weight = np.repeat(wz / 40, 40)
    target = points[:, 2]  # θ is the pole of the rule
    errors = []
    for seed in range(4):
        rotation, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))
        x, y, v = (points @ rotation).T  # the harmonics of a rotated frame: another direction θ
        harmonics = [np.ones_like(x), *(math.sqrt(3) * f for f in (x, y, v))]
        harmonics += [math.sqrt(15) * f for f in (x * y, y * v, v * x, (x**2 - y**2) / 2)] + [math.sqrt(5) / 2 * (3 * v**2 - 1)]
        captured = [3 * np.sum(weight * target * h) ** 2 for h in harmonics]  # E|x|² = 3
        errors.append(0.5 - sum(captured))
    assert_close(errors, [optimal_error(3, 9)] * 4, 1e-14)


@pytest.mark.claim("prop-harmonics-attain", kind="identity")
@given(st.integers(2, 200), st.integers(1, 20))
def test_the_best_polynomial_like_approximation_has_the_optimal_error(d, half):
    """‖σ_θ‖² - Σ_{k≤K} N d η_k² = tail at the count of degrees: the error is the same for every direction, so equal to its mean."""
    K = 2 * half
    truth = precise_tail(d, counts_of_degrees(d, K))
    assert_close(optimal_error(d, d + math.comb(K + d - 1, d - 1)) / float(truth), 1.0, 1e-14)


# --- almost every direction ---------------------------------------------------------------------------------------------------------


@pytest.mark.claim("thm-almost-every-direction", kind="identity")
@given(st.integers(1, 30).map(lambda n: 2 * n + 1), st.integers(0, 10), st.floats(1e-6, 1), st.floats(0, 1))
def test_almost_every_direction_bound_is_its_formula(d, half, delta, share):
    degree = 2 * half
    tail = exact_tail(d, counts_of_degrees(d, degree) + (d if degree == 0 else 0))
    r = int(Fraction(share) * Fraction(delta) * tail / exact_eigenvalue(d, degree + 2))
    truth = tail - r * exact_eigenvalue(d, degree + 2) / Fraction(delta)
    value = Fraction(almost_every_direction_bound(d, r, delta, degree))
    assert value <= truth <= value + Fraction(1, 10**15) * tail
    assert value > 0 or truth < Fraction(1, 10**15) * tail
    assert almost_every_direction_bound(d, 2 * r + 10**9 * multiplicity(d, degree + 2), delta, degree) == 0


@pytest.mark.claim("thm-almost-every-direction", kind="Monte Carlo")
@pytest.mark.parametrize("copies", [1, 5])
def test_few_directions_have_an_error_below_the_bound(copies):
    """r neurons near each other: targets near them have a small error, and the share of such targets is at most δ, for every level."""
    d, r, degree = 4, 6, 2
    rng = np.random.default_rng(copies)
    w = sample_sphere(rng, r, d)
    w[:copies] = w[0] + 0.15 * sample_sphere(rng, copies, d)
    w /= np.linalg.norm(w, axis=1, keepdims=True)
    theta = sample_sphere(rng, 20_000, d)
    c = dual_relu(np.clip(theta @ w.T, -1, 1))
    errors = 0.5 - np.sum(c * np.linalg.solve(dual_relu(np.clip(w @ w.T, -1, 1)), c.T).T, axis=1)
    tail, value = optimal_error(d, counts_of_degrees(d, degree)), neuron_spectrum(d, 4)[4]
    seen = 0
    for delta in (0.02, 0.1, 0.4, 1.0):
        bound = almost_every_direction_bound(d, r, delta, degree)
        share = np.mean(errors < bound)
        assert share <= delta + 4 * math.sqrt(delta / 20_000)
        seen += share > 0
        assert bound == pytest.approx(max(0, tail - r * value / delta), rel=1e-12)


@pytest.mark.claim("thm-sharp-invariant-features", kind="Monte Carlo")
def test_invariant_features_treat_every_direction_alike():
    """The mean over the features is the same in two directions, and is the mean over directions, which the optimum bounds."""
    d, r, draws = 5, 6, 1500
    rng = np.random.default_rng(11)
    theta = np.stack([np.eye(d)[0], np.full(d, d**-0.5) * np.array([1, -1, 1, 1, -1])])
    values = neuron_spectrum(d, 40)
    errors, means = [], []
    for _ in range(draws):
        w = sample_sphere(rng, r, d)
        c = dual_relu(np.clip(theta @ w.T, -1, 1))
        errors.append(0.5 - np.sum(c * np.linalg.solve(dual_relu(np.clip(w @ w.T, -1, 1)), c.T).T, axis=1))
        if len(means) < 300:
            means.append(gram_mean_error(w, values, 0.0))
    errors, mean = np.array(errors), np.mean(means)
    noise = 4 * np.std(errors, axis=0) / math.sqrt(draws) + 4 * np.std(means) / math.sqrt(len(means))
    assert np.all(noise < 0.1 * mean)
    assert np.all(np.abs(errors.mean(axis=0) - mean) < noise)
    assert np.all(errors.mean(axis=0) > optimal_error(d, r))
    bound = almost_every_direction_bound(d, r, 0.5, 0)
    assert bound > 0 and np.all(np.mean(errors < bound, axis=0) <= 0.5)


# --- the constant at degree d -------------------------------------------------------------------------------------------------------


@pytest.mark.claim("prop-tail-constant", kind="certified")
def test_tail_constant():
    limit = 1 / (12 * math.pi**1.5)
    previous = 0.0
    for d in [*range(2, 202, 2), 1000, 10**4]:
        lower, upper = tail_constant(d)
        assert previous < lower <= upper < lower * (1 + 2e-15)
        assert limit * (1 - 1.5 / d) < tail_constant_lower_bound(d) < lower and upper < limit * math.sqrt(1 - 1 / d)
        assert (lower >= 0.0133) == (d >= 10)
        previous = upper
    assert_close(tail_constant(10**5)[0], limit, 1e-5 * limit)
    truth = precise_tail(10, counts_of_degrees(10, 10)) * mpmath.mpf(10) ** 1.5
    assert tail_constant(10)[0] <= truth <= tail_constant(10)[1]
    assert tail_constant(11)[0] == pytest.approx(optimal_error(11, counts_of_degrees(11, 10)) * 11**1.5, rel=1e-14)


@pytest.mark.claim("prop-tail-constant", kind="identity")
def test_the_lower_bound_increases():
    """(c_{d+2}/c_d)² - 1 as a quotient of polynomials in d: positive for d ≥ 2, for the numerator's coefficients in d - 2 are."""
    from numpy.polynomial import Polynomial as P

    d = P([2, 1])  # in the variable d - 2
    top = 16 * (d + 1) ** 6 * (2 * d + 1) ** 2 * (2 * d + 7) ** 2 * (d + 2) ** 3
    bottom = d * ((d - 1) * (d + 3) * (2 * d + 3) ** 2 * (2 * d + 5) ** 2) ** 2
    assert np.all((top - bottom).trim(1e-6).coef > 0)
    for n in (2, 10, 100, 5000):
        ratio = math.sqrt(top(n - 2) / bottom(n - 2))
        assert_close(tail_constant_lower_bound(n + 2) / tail_constant_lower_bound(n), ratio, 1e-11)


@pytest.mark.claim("prop-tail-constant", kind="identity")
@pytest.mark.parametrize("d", [2, 10, 14, 100, 3000])
def test_the_lower_bound_is_the_closed_form(d):
    gammas = math.exp(special.gammaln(d) - special.gammaln(d + 0.5))
    truth = d**1.5 * (2 * d + 3) * (d - 1) / (24 * math.pi**1.5 * (d + 1) * (d + 0.5) ** 2) * gammas
    assert_close(tail_constant_lower_bound(d) / truth, 1.0, 1e-11)


@pytest.mark.claim("cor-sharp-rate", kind="certified")
def test_sharp_rate():
    for d in (10, 12, 14, 50, 100, 400):
        N, delta = multiplicity(d, d + 2), 0.01
        rho = 12.37 * math.sqrt(1 / 50) * d**0.75
        assert rho < 1.75 * d**0.75
        r = int(Fraction(delta) * d * N / 9)
        assert r > delta / 2 * N
        assert rho**2 * almost_every_direction_bound(d, r, delta, d) > 1 / 50
        assert 1 / (2 * math.sqrt(d)) <= N / 4**d <= 0.85 / math.sqrt(d)
        assert features_needed(d, 1 / 50 / rho**2) > r / delta / 4
    # The norm is not wasteful: at 1.6 d^{3/4} half of the energy above degree d is no longer 1/50.
    assert 0.5 * 1.6**2 * tail_constant(100)[1] < 1 / 50 < 0.5 * 1.75**2 * tail_constant(10)[0]
    assert_close(math.log10(multiplicity(100, 102)), 59.1186, 1e-3)
    assert_close(multiplicity(2000, 2002) / 4**2000 * math.sqrt(2000), 3 / (2 * math.sqrt(math.pi)), 2e-3)


@pytest.mark.claim("prop-threshold", kind="certified")
def test_exact_rate():
    constant, kappa = 1 / (3 * math.sqrt(2) * math.pi**1.5), 20.0
    x = (math.sqrt(1 + 4 * (constant * kappa) ** (2 / 3)) - 1) / 2
    limit = (1 + x) * math.log1p(x) - x * math.log(x)
    rates = []
    for d in (10, 100, 1000, 10**4):
        ratio = kappa * d**1.5
        r = features_needed(d, 1 / ratio)
        K = next(K for K in itertools.count(2, 2) if K * (1 + K / d) >= (constant * ratio) ** (2 / 3))
        assert r <= counts_of_degrees_closed(d, K)
        rates.append(math.log(r) / d)
    # (1/d) log C(K+d-1, d-1) has the correction log(d)/(2d), within a few units of 1/d.
    assert_close(rates[-1], limit, 0.002)
    assert abs(rates[0] - limit) > abs(rates[1] - limit) > abs(rates[2] - limit) > abs(rates[3] - limit)


# --- features needed ----------------------------------------------------------------------------------------------------------------


@given(DIMENSIONS, st.floats(-1, 0))
@example(2, -6.0)
@example(3, -0.3)
@example(10**4, -0.13)
def test_features_needed_is_a_threshold(d, exponent):
    """tail_r ≤ error < tail_{r-1}, by the certified intervals; where an interval cannot tell, by fractions."""
    exponent *= 50 if d <= 40 else 6
    error = 10**exponent
    r = features_needed(d, error)
    assert type(r) is int and r >= 0
    assert optimal_error_certified(d, r)[0] <= error
    if r:
        assert optimal_error_certified(d, r - 1)[1] >= error
        # A tenth fewer or more is clearly wrong: the intervals are far narrower than what 10 % of the features change.
        assert r < 20 or optimal_error_certified(d, r - r // 10)[0] > error
        assert r < 20 or optimal_error_certified(d, r + r // 10)[1] < error


@given(st.integers(1, 8).map(lambda n: 2 * n + 1), st.integers(0, 3000), st.integers(-1, 1))
def test_features_needed_at_the_jumps(d, r, side):
    """Errors next to tail_r, and tail_r itself where it is a float: exact fractions decide."""
    tail = exact_tail(d, r)
    error = float(tail) if side == 0 else math.nextafter(float(tail), side)
    needed = features_needed(d, error)
    assert exact_tail(d, needed) <= Fraction(error)
    assert needed == 0 or exact_tail(d, needed - 1) > Fraction(error)


@settings(max_examples=25)
@given(st.integers(2, 30), st.floats(-3, 3), st.integers(0, 5000))
@example(6, 1e-9, 100)
@example(2, -0.2, 7)
def test_features_needed_with_a_bias_is_a_threshold(d, b, r):
    if d < 6:
        r = r % 200
    error = optimal_error(d, r, bias=b)
    needed = features_needed(d, error * (1 + 1e-9), bias=b)
    assert optimal_error(d, needed, bias=b) <= error * (1 + 1e-9)
    assert needed <= r
    fewer = features_needed(d, error * (1 - 1e-9), bias=b)
    assert fewer > r
    assert optimal_error(d, fewer - 1, bias=b) > error * (1 - 1e-9) >= optimal_error(d, fewer, bias=b)


@pytest.mark.claim("thm-exact-optimum", kind="identity")
@pytest.mark.parametrize(("d", "b"), [(3, 0.5), (3, 0.003), (3, 0.25), (4, -1.0), (10, 0.05), (30, 2.0)])
def test_the_optimum_with_a_bias_is_the_sorted_sum(d, b):
    values = neuron_spectrum(d, 40, bias=b)
    order = np.argsort(values)[::-1]
    assert (d in (3, 10)) != np.array_equal(order, np.arange(41))  # for the others the order is that of the degrees
    counts = np.cumsum([multiplicity(d, int(k)) for k in order[:14]], dtype=object)
    total, left = optimal_error(d, 0, bias=b), []
    for i in range(14):
        left.append(total - math.fsum(multiplicity(d, int(k)) * values[k] for k in order[: i + 1]))
    assert_close([optimal_error(d, int(r), bias=b) for r in counts], left, 4e-15 * total)
    for i in range(14):  # and in the middle of each level
        middle = int(counts[i]) - multiplicity(d, int(order[i])) // 2
        part = left[i] + (int(counts[i]) - middle) * values[order[i]]
        assert optimal_error(d, middle, bias=b) == pytest.approx(part, abs=4e-15 * total)


def test_a_vanishing_bias_changes_nothing():
    for d, r in [(2, 7), (3, 30), (10, 500)]:
        assert optimal_error(d, r, bias=1e-12) == pytest.approx(optimal_error(d, r), rel=1e-10)
        assert features_needed(d, 0.01, bias=1e-12) == features_needed(d, 0.01)


# --- edges --------------------------------------------------------------------------------------------------------------------------


def test_dimension_one_has_two_eigenvalues():
    assert np.array_equal(neuron_spectrum(1, 1), [0.25, 0.25])
    assert [optimal_error(1, r) for r in (0, 1, 2, 10**300)] == [0.5, 0.25, 0.0, 0.0]
    assert optimal_error_certified(1, 7) == (0.0, 0.0) and log_optimal_error(1, 2) == -math.inf
    assert [features_needed(1, error) for error in (0.5, 0.49, 0.25, 0.2, 1e-300)] == [0, 1, 1, 2, 2]
    # [x+b]_+ and [-x+b]_+: the even and the odd part.
    b = 1.5
    x, w = special.roots_legendre(200)
    x, w = 12 * x, 12 * w * np.exp(-((12 * x) ** 2) / 2) / math.sqrt(2 * math.pi)
    grid = np.linspace(-12, 12, 2_000_001)
    density = np.exp(-(grid**2) / 2) / math.sqrt(2 * math.pi) * (grid[1] - grid[0])
    one, two = np.maximum(grid + b, 0), np.maximum(-grid + b, 0)
    truth = [np.sum(density * ((one + two) / 2) ** 2), np.sum(density * ((one - two) / 2) ** 2)]
    assert_close(neuron_spectrum(1, 1, bias=b), truth, 1e-9)
    assert optimal_error(1, 1, bias=b) == neuron_spectrum(1, 1, bias=b)[1]
    assert optimal_error(1, 2, bias=b) == 0.0 and features_needed(1, 1e-9, bias=b) == 2


def test_exact_values_at_the_start():
    assert optimal_error(3, 0) == 0.5 and optimal_error(3, 1) == 0.3125 and optimal_error(3, 4) == 1 / 16 and optimal_error(3, 9) == 1 / 256
    assert features_needed(3, 0.3125) == 1 and features_needed(3, math.nextafter(0.3125, 0)) == 2
    assert features_needed(10, 0.5) == 0 and features_needed(10, math.nextafter(0.5, 0)) == 1
    assert features_needed(10**4, 10.0) == 0


def test_counts_far_beyond_floats():
    r = features_needed(50, 1e-20)
    assert r > 10**280 and type(r) is int
    big = features_needed(2000, 1e-9)
    assert len(str(big)) > 1000
    assert optimal_error_certified(2000, big)[0] <= 1e-9 <= optimal_error_certified(2000, big - big // 1000)[1]
    assert optimal_error_certified(2, 10**300) == (0.0, 5e-324)


@pytest.mark.parametrize("b", [41.0, 1e5, 1e150])
def test_beyond_the_largest_bias_only_an_affine_function_is_left(b):
    assert_close(neuron_spectrum(7, 3, bias=b), [b * b, 1 / 7, 0, 0], 1e-15 * b * b)
    assert optimal_error(7, 3, bias=b) == pytest.approx(5 / 7, rel=1e-15)
    assert features_needed(7, 0.7, bias=b) == 4
    with pytest.raises(ArithmeticError, match="smallest"):
        optimal_error(7, 8, bias=b)
    assert np.array_equal(neuron_spectrum(7, 3, bias=-b), np.zeros(4))
    assert features_needed(7, 5e-324, bias=-b) == 0
    with pytest.raises(ArithmeticError, match="smallest"):
        optimal_error(7, 0, bias=-b)


def test_at_the_largest_bias_both_ways_agree():
    near, far = math.nextafter(40, 0), math.nextafter(40, 41)
    assert neuron_spectrum(7, 3, bias=near) == pytest.approx(neuron_spectrum(7, 3, bias=far), rel=1e-14)
    assert optimal_error(7, 3, bias=near) == pytest.approx(optimal_error(7, 3, bias=far), rel=1e-14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: neuron_spectrum(0, 3), "d must be"),
        (lambda: neuron_spectrum(1, 2), "max_degree must be"),
        (lambda: neuron_spectrum(3, -1), "max_degree must be"),
        (lambda: neuron_spectrum(3, 2, bias=math.nan), "bias must be"),
        (lambda: optimal_error(2.5, 1), "d must be"),
        (lambda: optimal_error(3, -1), "r must be"),
        (lambda: optimal_error(3, 1.0), "r must be"),
        (lambda: log_optimal_error(3, -1), "r must be"),
        (lambda: optimal_error_certified(0, 1), "d must be"),
        (lambda: features_needed(3, 0.0), "error must be"),
        (lambda: features_needed(3, -1.0), "error must be"),
        (lambda: features_needed(3, 0.1, bias=math.inf), "bias must be"),
        (lambda: almost_every_direction_bound(1, 1, 0.1, 2), "d must be"),
        (lambda: almost_every_direction_bound(3, 1, 0.0, 2), "delta must be"),
        (lambda: almost_every_direction_bound(3, 1, 0.1, 3), "degree must be an even"),
        (lambda: tail_constant(1), "d must be"),
        (lambda: tail_constant_lower_bound(3), "d must be an even"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_cannot_be_had_is_refused():
    with pytest.raises(ArithmeticError, match="degree 1024"):
        optimal_error(2, 10**5, bias=0.5)
    with pytest.raises(ArithmeticError, match="largest float"):
        optimal_error(3, 0, bias=1e160)
    with pytest.raises(ArithmeticError, match="largest float"):
        neuron_spectrum(3, 0, bias=1e160)


def test_without_flint_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "flint", None)
    with pytest.raises(ImportError, match="python-flint"):
        optimal_error(3, 2)
