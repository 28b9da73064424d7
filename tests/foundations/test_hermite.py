"""Hermite polynomials are orthonormal; the coefficients of the activations against quadrature,
Parseval and the dual activations."""

import math

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.foundations.activations import erf, gaussian, sine
from randomfeatures.foundations.dual_activations import (
    dual_erf,
    dual_gaussian,
    dual_relu_general,
    dual_sine,
)
from randomfeatures.foundations.hermite import (
    erf_coefficients,
    gaussian_coefficients,
    hermite,
    relu_coefficients,
    sine_coefficients,
)


def gauss_rule(n):
    """Nodes and weights of E g(z), z ~ N(0,1): exact for polynomials of degree 2n - 1."""
    z, w = np.polynomial.hermite_e.hermegauss(n)
    return z, w / math.sqrt(2 * math.pi)


def panel_rule(start, end=14.0, panels=60, n=40):
    """Nodes and weights of E g(z) 1(start < z < end): Gauss-Legendre on panels, for a function that
    is smooth right of ``start``."""
    t, w = np.polynomial.legendre.leggauss(n)
    edges = np.linspace(start, end, panels + 1)
    half = np.diff(edges)[:, None] / 2
    z = (edges[:-1, None] + half * (1 + t)).ravel()
    return z, (half * w).ravel() * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def test_polynomials_are_orthonormal():
    z, w = gauss_rule(64)
    values = hermite(60, z)
    assert values.shape == (61, 64)
    assert_close((values * w) @ values.T, np.eye(61), 1e-12)


@pytest.mark.parametrize("m", [0, 1, 2, 17, 200, 500])
def test_polynomials_equal_the_classical_ones(m):
    z = np.array([-6.5, -0.4, 0.0, 1.3, 9.0, 25.0])
    with mpmath.workdps(60):
        norm = mpmath.sqrt(mpmath.factorial(m) * mpmath.mpf(2) ** m)
        truth = np.array(
            [float(mpmath.hermite(m, mpmath.mpf(t) / mpmath.sqrt(2)) / norm) for t in z]
        )
    envelope = np.max(np.abs(hermite(m, z)), axis=0)
    assert_close(hermite(m, z)[m] / envelope, truth / envelope, 1e-15 * (m + 2))


def test_polynomials_raise_where_no_float_holds_them():
    assert hermite(2, np.array([1e100]))[2, 0] == pytest.approx(1e200 / math.sqrt(2), rel=1e-15)
    assert np.all(np.isfinite(hermite(500, np.array([53.0, -53.0]))))
    with pytest.raises(
        ValueError,
        match=r"z must be small enough that .* m_max = 500, got 1000000.0 in abs",
    ):
        hermite(500, np.array([1.0, -1e6]))
    with pytest.raises(ValueError, match="m_max must be an integer >= 0 and <= 1000000000, got -1"):
        hermite(-1, np.zeros(1))
    with pytest.raises(ValueError, match=r"z must hold finite numbers, got inf at index \(0,\)"):
        hermite(3, np.array([math.inf]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_polynomials_return_what_went_in(dtype):
    z = np.linspace(-2, 2, 6).reshape(2, 3).astype(dtype)
    value = hermite(5, z)
    assert (type(value), value.dtype, value.shape) == (np.ndarray, z.dtype, (6, 2, 3))
    torch = pytest.importorskip("torch")
    other = hermite(5, torch.asarray(z))
    assert isinstance(other, torch.Tensor)
    assert other.dtype == getattr(torch, dtype)
    assert_close(other.numpy(), value, 1e-6 if dtype == "float32" else 1e-15)


@pytest.mark.parametrize("bias", [0.0, 0.7, -1.4, 3.2, -5.0])
def test_relu_coefficients_by_quadrature(bias):
    z, w = panel_rule(-bias)
    truth = hermite(60, z) @ (w * (z + bias))
    assert_close(relu_coefficients(60, bias), truth, 1e-14 * (1 + abs(bias)))


@pytest.mark.parametrize(
    ("bias", "m"), [(0.3, 77), (0.3, 500), (-20.0, 2), (-20.0, 500), (45.0, 500), (-51.0, 500)]
)
def test_relu_coefficients_far_out(bias, m):
    """Relative error, also where the density alone underflows: at 45 it is exp(-1012), yet the
    coefficient of degree 500 is 1.4e-224."""
    with mpmath.workdps(80):
        b = mpmath.mpf(bias)
        he = mpmath.hermite(m - 2, -b / mpmath.sqrt(2)) / mpmath.sqrt(
            mpmath.mpf(2) ** (m - 2) * mpmath.factorial(m - 2)
        )
        ratio = float(
            relu_coefficients(m, bias)[m] / (mpmath.npdf(b) * he / mpmath.sqrt(m * (m - 1)))
        )
    assert_close(ratio, 1, 1e-14)


def test_relu_coefficients_too_small_for_a_float_are_zero():
    assert relu_coefficients(500, 45.0)[2] == 0  # 5e-441
    assert np.all(relu_coefficients(500, -1e200) == 0)


@pytest.mark.parametrize("bias", [-30.0, -8.0, -0.5, 0.0, 8.0, 1e200])
def test_mean_and_slope_of_relu_keep_their_digits(bias):
    with mpmath.workdps(60):
        b = mpmath.mpf(bias)
        mean = b * mpmath.ncdf(b) + mpmath.npdf(b) if bias < 100 else b
        slope = mpmath.ncdf(b) if bias < 100 else mpmath.mpf(1)
        ratios = [
            float(c / truth)
            for c, truth in zip(relu_coefficients(1, bias), (mean, slope), strict=True)
        ]
    assert_close(ratios, [1, 1], 1e-15 * (1 + min(bias, 0.0) ** 2))


@pytest.mark.parametrize(
    ("activation", "coefficients"),
    [
        (lambda z: erf(0.8 * z), erf_coefficients(50, 0.8)),
        (lambda z: erf(-0.3 * z), erf_coefficients(50, -0.3)),
        (lambda z: sine(1.7 * z + 0.4), sine_coefficients(50, 1.7, 0.4)),
        (lambda z: sine(-2.1 * z - 3.0), sine_coefficients(50, -2.1, -3.0)),
        (lambda z: gaussian(0.9 * z), gaussian_coefficients(50, 0.9)),
    ],
)
def test_smooth_coefficients_by_quadrature(activation, coefficients):
    z, w = panel_rule(-14.0)
    assert_close(coefficients, hermite(50, z) @ (w * activation(z)), 1e-13)


@pytest.mark.parametrize("rho", [0.9, -0.85, 0.4])
def test_series_of_products_is_the_dual_activation(rho):
    """Mehler: E g(u) h(v) is the sum of c_m(g) c_m(h) rho^m. At |rho| <= 0.9 the terms beyond 500
    are below 1e-22."""
    powers = rho ** np.arange(501.0)

    def series(c, e):
        return float(np.sum(c * e * powers))

    biases = [(0.0, 0.0), (0.6, -1.1), (2.5, 1.5), (-2.0, -0.5)]
    relus = [series(relu_coefficients(500, a), relu_coefficients(500, b)) for a, b in biases]
    assert_close(relus, [float(dual_relu_general(1.0, 1.0, rho, a, b)) for a, b in biases], 3e-15)
    assert_close(
        series(erf_coefficients(500, 0.8), erf_coefficients(500, 2.0)),
        dual_erf(0.64, 4.0, 1.6 * rho),
        3e-15,
    )
    assert_close(
        series(gaussian_coefficients(500, 0.8), gaussian_coefficients(500, 2.0)),
        dual_gaussian(0.64, 4.0, 1.6 * rho),
        3e-15,
    )
    sines = series(sine_coefficients(500, 0.8, 0.3), sine_coefficients(500, 2.0, -1.1))
    assert_close(sines, dual_sine(0.64, 4.0, 1.6 * rho, 0.3, -1.1), 3e-15)


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_parseval_of_sine_and_erf(frequency, phase):
    """E sin^2 = (1 - exp(-2 a^2) cos(2 phase)) / 2; at |a| <= 3, and for erf at scale <= 1/2,
    degrees beyond 120 add less than 1e-40."""
    c = sine_coefficients(120, frequency, phase)
    assert abs(np.sum(c * c) - (1 - math.exp(-2 * frequency**2) * math.cos(2 * phase)) / 2) <= 1e-14
    e = erf_coefficients(120, frequency / 6)
    v = frequency**2 / 36
    assert abs(np.sum(e * e) - 2 / math.pi * math.asin(2 * v / (1 + 2 * v))) <= 1e-15


@pytest.mark.parametrize("bias", [0.0, 1.3, -0.8])
def test_parseval_of_relu(bias):
    """The sum of squares misses E [z+b]_+^2 by its tail alone, positive and of order m^(-3/2):
    Bessel's inequality from both sides."""
    c = relu_coefficients(500, bias)
    phi, cdf = (
        math.exp(-bias * bias / 2) / math.sqrt(2 * math.pi),
        math.erfc(-bias / math.sqrt(2)) / 2,
    )
    whole = (1 + bias * bias) * cdf + bias * phi
    assert 0 < whole - np.sum(c * c) < 1e-4
    assert np.sum((1.02 * c) ** 2) > whole


@given(st.integers(0, 500), st.floats(allow_nan=False, allow_infinity=False))
def test_no_parameter_breaks_a_coefficient(m_max, x):
    for c in (
        relu_coefficients(m_max, x),
        gaussian_coefficients(m_max, x),
        sine_coefficients(m_max, x, x),
    ):
        assert c.shape == (m_max + 1,)
        assert c.dtype == np.float64
        assert np.all(np.isfinite(c))
    assert np.all(np.abs(sine_coefficients(m_max, x, 0.3)) <= 1)
    assert np.all(np.abs(gaussian_coefficients(m_max, x)) <= 1)
    if abs(x) <= 1e300:
        assert np.sum(erf_coefficients(m_max, x) ** 2) <= 1


def test_sine_coefficients_where_the_factors_overflow():
    """exp(-40^2/2) underflows and 40^500 overflows; the product is a float."""
    with mpmath.workdps(40):
        truth = [
            float(
                mpmath.exp(-mpmath.mpf(800))
                * mpmath.mpf(40) ** m
                / mpmath.sqrt(mpmath.factorial(m))
            )
            for m in (160, 300, 500)
        ]
    c = sine_coefficients(500, 40.0, math.pi / 4)[[160, 300, 500]] * math.sqrt(2)
    assert_close(c / truth, [1, 1, 1], 2e-12)


@pytest.mark.parametrize(
    "coefficients", [relu_coefficients, erf_coefficients, sine_coefficients, gaussian_coefficients]
)
def test_coefficients_refuse(coefficients):
    for m_max in (-1, 2.0, True):
        with pytest.raises(
            ValueError, match="m_max must be an integer >= 0 and <= 1000000000, got "
        ):
            coefficients(m_max)
    name = {relu_coefficients: "bias", sine_coefficients: "frequency"}.get(coefficients, "scale")
    for value in (math.nan, math.inf, "1"):
        with pytest.raises(ValueError, match=f"{name} must be a finite real number.*, got "):
            coefficients(3, value)


def test_sine_coefficients_refuse_a_phase():
    with pytest.raises(ValueError, match="phase must be a finite real number, got nan"):
        sine_coefficients(3, 1.0, math.nan)
