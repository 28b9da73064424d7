"""The spectrum of one neuron, with and without a bias, by independent routes."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import example, given, settings
from hypothesis import strategies as st
from neuron_parts import counts_of_degrees, exact_eigenvalue, kernel_eigenvalues, precise_tail
from scipy import special, stats

from randomfeatures.foundations.dual_activations import dual_relu, dual_relu_general
from randomfeatures.foundations.hermite import relu_coefficients
from randomfeatures.foundations.sphere import gegenbauer, multiplicity
from randomfeatures.sharp.optimum import (
    optimal_error,
)
from randomfeatures.sharp.optimum_levels import levels_of
from randomfeatures.sharp.spectrum import (
    activation_eigenvalue,
    gamma_ratio_bounds,
    harmonics,
    neuron_spectrum,
)

DIMENSIONS = st.integers(2, 40) | st.integers(2, 10**4)


@pytest.mark.claim("thm-neuron-spectrum", kind="quadrature")
@pytest.mark.parametrize("d", [2, 3, 4, 7, 30, 101])
def test_spectrum_is_that_of_the_kernel(d):
    values = kernel_eigenvalues(d, 12, dual_relu)
    assert_close(neuron_spectrum(d, 12), values, 1e-14)
    for k in range(6):  # degree by degree, so that one wrong degree cannot hide behind the largest
        if k in (0, 1, 2, 4) and multiplicity(d, k) < 10**5:
            assert_close(
                multiplicity(d, k) * neuron_spectrum(d, k)[k],
                multiplicity(d, k) * values[k],
                1e-14 * multiplicity(d, k),
            )


@pytest.mark.claim("thm-neuron-spectrum", kind="identity")
@pytest.mark.parametrize("d", [3, 5, 21, 101])
def test_spectrum_in_odd_dimensions_is_rational(d):
    truth = np.array([float(exact_eigenvalue(d, k)) for k in range(31)])
    assert np.array_equal(truth == 0, np.arange(31) % 2 * (np.arange(31) > 1))
    assert_close(
        neuron_spectrum(d, 30)[truth > 0] / truth[truth > 0], np.ones(np.sum(truth > 0)), 4e-16
    )


@pytest.mark.claim("thm-neuron-spectrum", kind="certified")
@pytest.mark.parametrize("d", [2, 4, 10, 50, 1000, 10**4])
@pytest.mark.parametrize("K", [2, 8, 60])
def test_the_energies_add_up_to_one_half(d, K):
    """optimal_error sums the degrees above K and never uses 1/2; the degrees up to K are summed
    here."""
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
    assert d < 100 or values[0] < 1.02 / (2 * math.pi)
    k = np.arange(2, K, 2)
    assert_close(values[2] * (d + 1) ** 2, values[0], 4e-16)
    assert_close(values[3:] / values[2:-1] * ((k + d + 1) / (k - 1)) ** 2, np.ones(len(k)), 4e-15)
    assert neuron_spectrum(1, 0)[0] == 0.25  # on the line the upper bound is attained


@pytest.mark.claim("lem-multiplicity", kind="identity")
@given(st.integers(2, 300), st.integers(1, 40))
def test_counts_of_degrees(d, half):
    K = 2 * half
    for degree in (K, K - 1):
        assert sum(multiplicity(d, j) for j in range(degree, -1, -2)) == math.comb(
            degree + d - 1, d - 1
        )
    assert counts_of_degrees(d, K) == harmonics(d, K) == levels_of(d, 0.0).count(half + 1)


@pytest.mark.claim("lem-gamma-ratio", kind="certified")
@given(st.floats(0.2501, 1e6) | st.floats(0.2500001, 1.7e308))
def test_gamma_ratio(x):
    lower, upper = gamma_ratio_bounds(x)
    with mpmath.workdps(60):
        z = mpmath.mpf(x)
        if x < 1e12:
            ratio = mpmath.gammaprod([z + mpmath.mpf(1) / 2], [z])
        else:  # the first terms of the asymptotic series; the next is below 1 / 100 x³
            ratio = mpmath.sqrt(z) * (1 - 1 / (8 * z) + 1 / (128 * z**2))
    assert lower <= ratio <= upper
    squares = mpmath.mpf(lower) ** 2 / (z - 0.25), mpmath.mpf(upper) ** 2 / z
    assert_close(squares, [1, 1], 1e-14)
    if x > 20:  # tight: neither side survives a factor 1.02
        assert 1.02 * lower > ratio > upper / 1.02


def polar_eigenvalues(d, b, K):
    """E h_k(q)² over q ~ χ_d with the explicit h_k of the theorem on the bias."""
    eta = np.sqrt(neuron_spectrum(d, 2) / d)
    x, w = special.roots_legendre(300)
    edges = np.unique(
        np.concatenate(
            [np.linspace(0, abs(b), 3), np.linspace(abs(b), abs(b) + 3 * math.sqrt(d) + 12, 12)]
        )
    )
    q = np.concatenate([(e - s) / 2 * x + (e + s) / 2 for s, e in itertools.pairwise(edges)])
    weight = np.concatenate([(e - s) / 2 * w for s, e in itertools.pairwise(edges)]) * stats.chi(
        d
    ).pdf(q)
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
@pytest.mark.parametrize(
    ("d", "b"), [(2, 0.5), (3, -1.2), (4, 3.0), (9, -0.1), (20, 1.0), (21, -4.0), (200, 0.7)]
)
def test_bias_spectrum_in_polar_coordinates(d, b):
    """h_k(q) by the theorem's formula and, for one q, by quadrature of its definition; then the
    mean square over the chi law."""
    truth = polar_eigenvalues(d, b, 9)
    assert_close(neuron_spectrum(d, 9, bias=b) / truth, np.ones(10), 1e-9)
    eta = kernel_eigenvalues(d, 1, lambda t: np.ones_like(t))[0]
    assert eta == pytest.approx(1, abs=1e-14)


@pytest.mark.claim("lem-polar", kind="quadrature")
@pytest.mark.parametrize(
    ("d", "b", "q"), [(2, 0.5, 0.8), (3, -1.2, 2.0), (7, 1.0, 2.5), (7, -1.0, 0.9)]
)
def test_sphere_means_of_a_neuron(d, b, q):
    """h_k(q) = E_t [qt + b]_+ P_k(t), split at the kink, against the theorem's formula."""
    with mpmath.workdps(30):
        low = max(mpmath.mpf(-1), min(mpmath.mpf(1), mpmath.mpf(-b) / q))
        density = (
            mpmath.gamma(mpmath.mpf(d) / 2)
            / mpmath.sqrt(mpmath.pi)
            / mpmath.gamma(mpmath.mpf(d - 1) / 2)
        )

        def polynomial(k, t):
            return mpmath.hyp2f1(-k, k + d - 2, mpmath.mpf(d - 1) / 2, (1 - t) / 2)

        truth = [
            mpmath.quad(
                lambda a, k=k: (
                    density
                    * mpmath.sin(a) ** (d - 2)
                    * (q * mpmath.cos(a) + b)
                    * polynomial(k, mpmath.cos(a))
                ),
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
    h += [
        q * eta[2] * power * (1 - u * u) * float(gegenbauer(d + 4, k - 2, u)) for k in range(2, 6)
    ]
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
    truth = [activation_eigenvalue(d, k, relu_coefficients(400, b)) for k in range(9)]
    assert_close(neuron_spectrum(d, 8, bias=b) / truth, np.ones(9), 2e-12)


@pytest.mark.claim("thm-bias-spectrum", kind="quadrature")
@pytest.mark.parametrize("d", [2, 3, 7, 30])
def test_the_spectrum_of_a_polynomial_is_that_of_its_kernel(d):
    c = [0.7, -0.3, 0.5, 0.2, -0.4]
    values = kernel_eigenvalues(d, 6, lambda t: sum(x**2 * t**m for m, x in enumerate(c)))
    assert_close([activation_eigenvalue(d, k, c) for k in range(7)], values, 1e-13)
    assert activation_eigenvalue(d, 2, (np.float32(0.5), 1, 2)) == pytest.approx(
        8 / (d * (d + 2)), rel=1e-15
    )


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
@pytest.mark.parametrize(
    ("d", "b"),
    [(d, b) for d in (2, 3, 6, 31) for b in (-34.0, -15.0, -6.0)] + [(2, -37.4), (3, -37.4)],
)
def test_far_biases_keep_their_relative_accuracy(d, b):
    """E h_k(q)² over q² / 2 = b²/2 + w, h_k(q) = E_t [qt + b]_+ P_k(t) by its definition: all terms
    positive, so no digits are lost."""
    x, rule = special.roots_legendre(60)
    edges = np.array([0, 0.05, 0.2, 0.5, 1, 2, 4, 8, 16, 32, 64, 128])
    w = np.concatenate([(e - s) / 2 * x + (e + s) / 2 for s, e in itertools.pairwise(edges)])
    weight = np.concatenate([(e - s) / 2 * rule for s, e in itertools.pairwise(edges)])
    B = b * b / 2
    q, u = np.sqrt(2 * (B + w)), np.sqrt(B / (B + w))
    last = 2 * np.arcsin(np.sqrt(w / (B + w) / (1 + u) / 2))  # the angle where cos = u
    angle = last[:, None] * (x + 1) / 2
    above = (
        2 * np.sin((last[:, None] - angle) / 2) * np.sin((last[:, None] + angle) / 2)
    )  # cos(angle) - u
    density = math.exp(special.gammaln(d / 2) - special.gammaln((d - 1) / 2)) / math.sqrt(math.pi)
    mean = density * np.sin(angle) ** (d - 2) * q[:, None] * above * (rule * last[:, None] / 2)
    law = np.exp(-w - B + (d / 2 - 1) * np.log(B + w) - special.gammaln(d / 2)) * weight
    h = [np.sum(mean * gegenbauer(d, k, np.cos(angle)), axis=1) for k in range(6)]
    truth = np.array([np.sum(law * h_k**2) for h_k in h])
    assert_close(neuron_spectrum(d, 5, bias=b) / truth, np.ones(6), 1e-9)


@pytest.mark.parametrize("b", [40.5, 1e5, 1e150])
def test_beyond_the_largest_bias_only_an_affine_function_is_left(b):
    assert neuron_spectrum(7, 3, bias=b).tolist() == [b * b, 1 / 7, 0, 0]
    assert neuron_spectrum(7, 3, bias=-b).tolist() == [0, 0, 0, 0]


# --- arguments of every size ---------------------------------------------------------------------


@settings(max_examples=60)
@given(
    st.integers(1, 60) | st.integers(1, 10**400),
    st.integers(0, 6),
    st.floats(allow_nan=False, allow_infinity=False),
)
@example(2, 4, 1e-320)
@example(10**400, 4, 0.0)
@example(10**400, 2, -41.0)
@example(3, 4, -38.6)
@example(3, 2, 1e154)
def test_every_size_is_computed_or_refused(d, K, bias):
    """Finite eigenvalues in the order of the theorem, or a ValueError or ArithmeticError that names
    what is too large."""
    if 10**4 < d <= 10**6:
        d += 10**6  # between them it is only slow
    try:
        values = neuron_spectrum(d, K, bias=bias)
    except (ValueError, ArithmeticError) as refusal:
        assert any(name in str(refusal) for name in ("bias", "d must be", "max_degree"))
    else:
        assert values.shape == (K + 1,) and np.all(np.isfinite(values)) and np.all(values >= 0)
        assert np.all(values[2:] <= values[:-2])
        if bias == 0 and d > 1:
            assert values[0] >= 1 / (2 * math.pi) * (1 - 1e-15) and values[0] <= 0.25


def test_kinds_of_numbers_do_not_matter():
    exact = neuron_spectrum(5, 4, bias=0.25)
    for number in (Fraction(1, 4), np.float32(0.25), np.float64(0.25)):
        assert np.array_equal(neuron_spectrum(np.int64(5), np.uint8(4), bias=number), exact)
    assert np.array_equal(neuron_spectrum(5, 4, bias=np.int64(1)), neuron_spectrum(5, 4, bias=1.0))
    assert harmonics(np.int32(3), np.int64(2)) == 9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: neuron_spectrum(0, 3), "d must be"),
        (lambda: neuron_spectrum(1, 2), "max_degree must be"),
        (lambda: neuron_spectrum(3, -1), "max_degree must be"),
        (lambda: neuron_spectrum(3, 2, bias=math.nan), "bias must be"),
        (lambda: neuron_spectrum(10**7, 2, bias=0.5), "d must be an integer <= 1"),
        (lambda: gamma_ratio_bounds(0.25), "x must be"),
        (lambda: harmonics(3, 3), "degree must be an even"),
        (lambda: harmonics(1, 2), "d must be"),
        (lambda: activation_eigenvalue(1, 0, [1.0]), "d must be"),
        (lambda: activation_eigenvalue(2, -1, [1.0]), "k must be"),
        (lambda: activation_eigenvalue(2, 0, [1.0, math.inf]), r"coefficients\[1\] must be"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_square_beyond_floats_is_refused():
    with pytest.raises(ArithmeticError, match="largest float"):
        neuron_spectrum(3, 0, bias=1e160)
