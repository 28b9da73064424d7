"""E σ(u)σ(v) in closed form: against quadrature in 30 digits, at generic, extreme and degenerate
parameters, and by exact identities."""

import math

import mpmath
import numpy as np
import pytest
from checks import assert_close
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.foundations.dual_activations import (
    dual_erf,
    dual_gaussian,
    dual_relu,
    dual_relu_general,
    dual_sine,
    dual_step,
)

EXPONENTS = st.floats(-60, 60)
BIASES = st.floats(-30, 30)
CORRELATIONS = (
    st.floats(-1, 1)
    | st.sampled_from([-1.0, 0.0, 1.0])
    | st.floats(1e-16, 1e-2).map(lambda gap: 1 - gap)
)


def mean_relu(m, s):
    """E[m + s z]_+ for one standard Gaussian z."""
    return max(m, mpmath.mpf(0)) if s == 0 else m * mpmath.ncdf(m / s) + s * mpmath.npdf(m / s)


def relu_by_quadrature(variance_u, variance_v, covariance, a, b):
    """E[u+a]_+ [v+b]_+ / ((p+|a|)(q+|b|)) in 25 digits, p and q the standard deviations: the value
    in its natural scale.

    One integral over u = p z, since given z, v is Gaussian with mean (c/p) z and variance q^2 -
    c^2/p^2.
    """
    with mpmath.workdps(25):
        p, q, c, a, b = (
            mpmath.sqrt(variance_u),
            mpmath.sqrt(variance_v),
            mpmath.mpf(covariance),
            mpmath.mpf(a),
            mpmath.mpf(b),
        )
        scale_u, scale_v = p + abs(a), q + abs(b)
        p, q, a, b, c, variance_v = (
            p / scale_u,
            q / scale_v,
            a / scale_u,
            b / scale_v,
            c / scale_u / scale_v,
            variance_v / scale_v**2,
        )
        if p == 0:
            return max(a, mpmath.mpf(0)) * mean_relu(b, q)
        slope, rest = c / p, mpmath.sqrt(max(mpmath.mpf(variance_v) - (c / p) ** 2, mpmath.mpf(0)))
        cuts = {-a / p} | {mpmath.mpf(z) for z in (-15, -5, -2, 0, 2, 5, 15)}
        if slope:  # the integrand bends within a few widths rest/slope of the kink of v
            cuts |= {-b / slope + step * rest / abs(slope) for step in (-10, -3, 0, 3, 10)}
        cuts = sorted(z for z in cuts if z >= -a / p and abs(z) <= 15)
        return (
            mpmath.quad(
                lambda z: (a + p * z) * mean_relu(b + slope * z, rest) * mpmath.npdf(z), cuts
            )
            if len(cuts) > 1
            else mpmath.mpf(0)
        )


POINTS = {
    "generic": (0.8, 2.3, -0.6, 0.4, -1.1),
    "generic, both negative": (1.7, 0.4, 0.5, -0.9, -0.3),
    "no bias": (2.0, 3.0, 1.1, 0.0, 0.0),
    "one bias": (2.0, 3.0, -1.1, 0.7, 0.0),
    "independent": (1.5, 0.6, 0.0, 0.8, -0.2),
    "correlation 1": (4.0, 1.0, 2.0, 0.3, -0.5),
    "correlation 1, same kink": (4.0, 1.0, 2.0, 0.5, 0.25),
    "correlation -1": (4.0, 1.0, -2.0, 1.0, 0.7),
    "correlation -1, same kink": (4.0, 1.0, -2.0, 1.0, -0.5),
    "correlation 1 - 1e-9": (1.0, 1.0, 1 - 1e-9, 0.3, 0.30002),
    "correlation 1 - 2^-52": (1.0, 1.0, 1 - 2.0**-52, 0.3, 0.3 + 1e-8),
    "correlation 2^-53 - 1": (1.0, 1.0, 2.0**-53 - 1, 0.3, 1e-8 - 0.3),
    "constant u": (0.0, 3.0, 0.0, 2.0, -0.4),
    "constant u and v": (0.0, 0.0, 0.0, 2.0, 0.4),
    "variances apart by 1e40": (1e-20, 1e20, 0.3, 2e-10, -4e9),
    "huge": (1e200, 1e100, 4e149, 1e100, -3e49),
    "tiny": (1e-200, 1e-100, -4e-151, 1e-100, 3e-51),
    "levels 12 and -7": (1.0, 1.0, 0.4, 12.0, -7.0),
    "levels 1e6 and 0": (1.0, 1.0, 0.7, 1e6, 0.0),
    "levels -1e6 and 3": (1.0, 1.0, 0.7, -1e6, 3.0),
}


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS.keys())
def test_relu_against_quadrature(point):
    variance_u, variance_v, _, a, b = point
    scale = (math.sqrt(variance_u) + abs(a)) * (math.sqrt(variance_v) + abs(b))
    truth = float(relu_by_quadrature(*point))
    value = float(dual_relu_general(*point)) / scale
    assert abs(value - truth) <= 1e-15
    assert (
        abs(1.02 * value - truth) > 1e-15 or truth < 1e-13
    )  # 1e-13: the value itself is below the error


def test_relu_nearly_degenerate_for_every_gap():
    """1 - |ρ| from 2^-53 to 1/2, kinks at the same distance: half the digits would go if 1 - ρ^2 or
    k - ρh were formed naively."""
    for j in range(1, 54, 13):
        for sign in (1, -1):
            rho, shift = sign * (1 - 2.0**-j), 1.3 * 2.0 ** (-j / 2)
            point = (1.0, 1.0, rho, 0.8, sign * 0.8 + shift)
            truth, scale = float(relu_by_quadrature(*point)), 1.8 * (1 + abs(point[4]))
            assert abs(float(dual_relu_general(*point)) / scale - truth) <= 1e-15, (j, sign)
            assert 0.02 * truth > 1e-13 or sign < 0  # a value 2 % off would be seen


@given(EXPONENTS, EXPONENTS, CORRELATIONS, BIASES, BIASES)
def test_relu_identities(i, j, rho, h, k):
    """uv = (u_+ - (-u)_+)(v_+ - (-v)_+), symmetry, homogeneity, and Cauchy and Schwarz, for
    variances from 1e-120 to 1e120."""
    p, q = 10.0**i, 10.0**j
    u, v, a, b = p * p, q * q, h * p, k * q
    c = rho * math.sqrt(u) * math.sqrt(v)
    scale = (p + abs(a)) * (q + abs(b))
    signs = np.array([1.0, 1.0, -1.0, -1.0]), np.array([1.0, -1.0, 1.0, -1.0])
    value = dual_relu_general(u, v, c * signs[0] * signs[1], a * signs[0], b * signs[1]) / scale
    product = value[0] - value[1] - value[2] + value[3]
    truth = (a * b + c) / scale
    assert abs(product - truth) <= 4e-15
    assert abs(1.02 * product - truth) > 4e-15 or abs(truth) < 1e-12
    assert abs(value[0] - float(dual_relu_general(v, u, c, b, a)) / scale) <= 2e-15
    assert np.all(value >= 0)
    squares = float(dual_relu_general(u, u, u, a, a)) * float(dual_relu_general(v, v, v, b, b))
    assert value[0] * scale <= math.sqrt(squares) + 2e-15 * scale
    assert (
        abs(float(dual_relu_general(4 * u, 9 * v, 6 * c, 2 * a, 3 * b)) / (6 * scale) - value[0])
        <= 2e-15
    )


@given(CORRELATIONS, CORRELATIONS, BIASES, BIASES)
def test_relu_grows_with_the_covariance(rho, other, a, b):
    """Its derivative in the covariance is a probability, so the difference lies between 0 and that
    of the covariances."""
    low, high = sorted((rho, other))
    difference = float(dual_relu_general(1.0, 1.0, high, a, b)) - float(
        dual_relu_general(1.0, 1.0, low, a, b)
    )
    error = 2e-15 * (1 + abs(a)) * (1 + abs(b))
    assert -error <= difference <= high - low + error


@given(CORRELATIONS)
def test_relu_without_bias_is_the_special_case(rho):
    special, general = float(dual_relu(np.array(rho))), float(dual_relu_general(1.0, 1.0, rho))
    assert abs(special - general) <= 1e-15
    assert abs(1.02 * special - general) > 1e-15 or rho < -0.99


@pytest.mark.parametrize("dual", [dual_step, dual_relu])
def test_unit_variances_against_quadrature(dual):
    rho = np.array([-1.0, -0.999, -0.3, 0.0, 0.6, 1 - 1e-12, 1.0])
    with mpmath.workdps(30):
        if dual is dual_relu:
            truth = [float(relu_by_quadrature(1.0, 1.0, float(r), 0.0, 0.0)) for r in rho]
        else:  # given u = z > 0, v > 0 has probability Φ(ρz/r)
            truth = [0.0, *(float(step_by_quadrature(mpmath.mpf(r))) for r in rho[1:-1]), 0.5]
    assert_close(dual(rho), truth, 4e-16)


def step_by_quadrature(rho):
    slope = rho / mpmath.sqrt((1 - rho) * (1 + rho))
    cuts = sorted(
        {mpmath.mpf(0), 1 / (1 + abs(slope)), 10 / (1 + abs(slope)), mpmath.mpf(3), mpmath.mpf(14)}
    )
    return mpmath.quad(lambda z: mpmath.ncdf(slope * z) * mpmath.npdf(z), cuts)


def plane_rule(variance_u, variance_v, covariance, n=120):
    """Nodes and weights of E g(u, v): a product of Gauss rules, exact for polynomials and accurate
    for smooth g of moderate frequency."""
    z, w = np.polynomial.hermite_e.hermegauss(n)
    w = w / math.sqrt(2 * math.pi)
    p = math.sqrt(variance_u)
    rest = math.sqrt(max(variance_v - (covariance / p) ** 2, 0.0))
    u, v = p * z[:, None] + 0 * z, covariance / p * z[:, None] + rest * z
    return u, v, w[:, None] * w


SMOOTH_POINTS = [
    (0.8, 1.3, -0.6),
    (0.3, 0.5, 0.2),
    (1.0, 1.0, 1.0),
    (1.0, 0.25, -0.5),
    (0.7, 0.9, 0.0),
]


@pytest.mark.parametrize("point", SMOOTH_POINTS)
def test_smooth_activations_against_quadrature(point):
    u, v, w = plane_rule(*point)
    erf = np.vectorize(math.erf)
    assert_close(dual_gaussian(*point), np.sum(w * np.exp(-(u * u + v * v) / 2)), 1e-12)
    assert_close(dual_sine(*point, 0.7, -1.9), np.sum(w * np.sin(u + 0.7) * np.sin(v - 1.9)), 1e-13)
    if point[2]:
        assert_close(
            dual_erf(*point), np.sum(w * erf(u) * erf(v)), 1e-8
        )  # the Gauss rule itself converges slowly for erf
    else:
        assert float(dual_erf(*point)) == 0


@pytest.mark.parametrize(
    "point",
    [
        *SMOOTH_POINTS,
        (1e10, 1e11, 3e10),
        (1e10, 1e10, 1e10 - 1),
        (1e10, 1e10, 1e10),
        (1e100, 1e-100, -0.3),
        (1e-30, 1e-20, 5e-26),
    ],
)
def test_smooth_activations_against_their_formulas_in_many_digits(point):
    with mpmath.workdps(250):
        s, t, c = map(mpmath.mpf, point)
        erf = float(2 / mpmath.pi * mpmath.asin(2 * c / mpmath.sqrt((1 + 2 * s) * (1 + 2 * t))))
        gaussian = float(1 / mpmath.sqrt((1 + s) * (1 + t) - c * c))
        sine = float(mpmath.exp(-(s + t) / 2) * mpmath.sinh(c)) if s < 1e50 else 0.0
    smaller = min(point[:2]) if abs(point[2]) < math.sqrt(point[0]) * math.sqrt(point[1]) else 0.0
    assert_close(float(dual_gaussian(*point)) / gaussian, 1, 2e-15 + 1e-15 * smaller)
    if point[2]:
        assert_close(float(dual_erf(*point)) / erf, 1, 1e-15 * (1 + math.sqrt(smaller)))
    assert abs(float(dual_sine(*point)) - sine) <= 4e-16 * (1 + point[0] + point[1]) * abs(sine)


@pytest.mark.claim("lem-sine-kernel", kind="quadrature")
@pytest.mark.parametrize("s", [0.04, 1.0, 6.0])
@pytest.mark.parametrize("t", [-1.0, -0.35, 0.8, 1.0])
def test_kernel_of_one_sine(s, t):
    """E sin(α<θ,x>) sin(α<θ',x>) = e^{-s} sinh(s t), s = α^2, t = <θ,θ'>."""
    u, v, w = plane_rule(s, s, s * t)
    truth = float(np.sum(w * np.sin(u) * np.sin(v)))
    assert_close(math.exp(-s) * math.sinh(s * t), truth, 1e-13)
    assert_close(float(dual_sine(s, s, s * t)), truth, 1e-13)


@given(st.floats(0, 1e6), st.floats(0, 1e6), CORRELATIONS, st.floats(-10, 10), st.floats(-10, 10))
def test_sine_identities(s, t, rho, phi, psi):
    """sin and cos with the same phase: E sin sin + E cos cos = E cos of the difference, a Gaussian
    of variance s + t - 2c."""
    c = rho * math.sqrt(s) * math.sqrt(t)
    both = dual_sine(
        s, t, c, np.array([phi, phi + math.pi / 2]), np.array([psi, psi + math.pi / 2])
    )
    variance = (math.sqrt(s) - math.sqrt(t)) ** 2 + 2 * (1 - rho) * math.sqrt(s) * math.sqrt(t)
    truth = math.exp(-variance / 2) * math.cos(phi - psi)
    error = 1e-14 + 1e-15 * (s + t) * math.exp(-variance / 2)
    assert abs(np.sum(both) - truth) <= error
    assert np.all(np.abs(both) <= 1 + error)


@given(st.floats(-60, 5), st.floats(-60, 60), CORRELATIONS)
def test_gaussian_and_erf_bounds(i, j, rho):
    """Both are inner products: at most the geometric mean of the two squares, and odd or even in
    the correlation."""
    s, t = 10.0 ** (2 * i), 10.0 ** (2 * j)
    c = rho * math.sqrt(s) * math.sqrt(t)
    smaller = min(s, t)
    for dual, effect in (
        (dual_erf, math.sqrt(smaller)),
        (dual_gaussian, smaller),
    ):  # of rounding c, as the docstrings say
        bound = math.sqrt(float(dual(s, s, s))) * math.sqrt(float(dual(t, t, t)))
        value, other = float(dual(s, t, c)), float(dual(s, t, -c))
        assert abs(value) <= bound * (1 + 4e-15 + 2e-15 * effect)
        assert abs(abs(value) - abs(other)) <= 1e-15 * bound


DUALS = [dual_relu_general, dual_erf, dual_sine, dual_gaussian]


@pytest.mark.parametrize("dual", DUALS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_broadcast_and_return_what_went_in(dual, dtype):
    s, t = np.array([[0.5], [2.0]], dtype=dtype), np.array([0.3, 0.0, 1.0], dtype=dtype)
    value = dual(s, t, 0.9 * np.sqrt(s * t))
    assert (type(value), value.dtype, value.shape) == (np.ndarray, np.dtype(dtype), (2, 3))
    single = [
        [float(dual(float(a), float(b), 0.9 * math.sqrt(a) * math.sqrt(b))) for b in t]
        for a in s[:, 0]
    ]
    assert_close(value, single, 2e-7 if dtype == "float32" else 4e-16)
    torch = pytest.importorskip("torch")
    other = dual(torch.asarray(s), torch.asarray(t), torch.asarray(0.9 * np.sqrt(s * t)))
    assert isinstance(other, torch.Tensor)
    assert other.dtype == getattr(torch, dtype)
    assert_close(other.numpy(), value, 2e-7 if dtype == "float32" else 1e-15)


@pytest.mark.parametrize("dual", [dual_step, dual_relu])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_correlations_return_what_went_in(dual, dtype):
    rho = np.linspace(-1, 1, 6).reshape(2, 3).astype(dtype)
    value = dual(rho)
    assert (type(value), value.dtype, value.shape) == (np.ndarray, np.dtype(dtype), (2, 3))
    torch = pytest.importorskip("torch")
    other = dual(torch.asarray(rho))
    assert isinstance(other, torch.Tensor)
    assert other.dtype == getattr(torch, dtype)
    assert_close(other.numpy(), value, 2e-7 if dtype == "float32" else 1e-15)


@pytest.mark.parametrize("dual", DUALS)
def test_bad_parameters_are_refused(dual):
    for variance in (-1.0, np.array([0.5, -1.0])):
        with pytest.raises(
            ValueError,
            match=r"variance_u must (hold finite numbers|be a finite real number) >= 0, got -1.0",
        ):
            dual(variance, 1.0, 0.0)
        with pytest.raises(
            ValueError,
            match=r"variance_v must (hold finite numbers|be a finite real number) >= 0, got -1.0",
        ):
            dual(1.0, variance, 0.0)
    for value in (1.6, -1.6, np.array([[0.0, 1.6]])):
        with pytest.raises(
            ValueError,
            match=r"covariance must be at most .* = 1.5 in absolute value, got -?1.6",
        ):
            dual(2.25, 1.0, value)
    with pytest.raises(
        ValueError,
        match=r"covariance must be at most .* = 0.0 in absolute value, got 1e-30 at index ",
    ):
        dual(0.0, 1.0, 1e-30)
    with pytest.raises(ValueError, match="variance_u must be a finite real number, got nan"):
        dual(math.nan, 1.0, 0.0)
    with pytest.raises(
        ValueError, match=r"covariance must hold finite numbers, got inf at index \(1,\)"
    ):
        dual(1.0, 1.0, np.array([0.0, math.inf]))
    with pytest.raises(ValueError, match="must have shapes that broadcast together"):
        dual(np.ones(2), np.ones(3), 0.0)


@pytest.mark.parametrize("dual", DUALS)
@pytest.mark.parametrize(("dtype", "excess"), [("float64", 1e-14), ("float32", 1e-5)])
def test_an_excess_by_rounding_is_cut_and_a_larger_one_refused(dual, dtype, excess):
    one = np.ones((), dtype=dtype)
    assert float(dual(one, one, (1 + excess) * one)) == float(dual(one, one, one))
    with pytest.raises(ValueError, match="covariance must be at most"):
        dual(one, one, np.asarray(1 + 10 * excess, dtype=dtype))


def test_biases_and_phases_and_correlations_are_refused():
    with pytest.raises(ValueError, match="bias_u must be a finite real number, got inf"):
        dual_relu_general(1.0, 1.0, 0.0, math.inf)
    with pytest.raises(
        ValueError, match=r"bias_v must hold finite numbers, got nan at index \(0,\)"
    ):
        dual_relu_general(1.0, 1.0, 0.0, 0.0, np.array([math.nan]))
    with pytest.raises(ValueError, match="phase_v must be a finite real number, got inf"):
        dual_sine(1.0, 1.0, 0.0, 0.0, math.inf)
    for dual in (dual_step, dual_relu):
        with pytest.raises(
            ValueError,
            match=r"rho must hold finite numbers >= -1 and <= 1, got 1.5 at index \(1,\)",
        ):
            dual(np.array([0.0, 1.5]))


@pytest.mark.parametrize("dual", DUALS)
def test_the_excess_that_is_cut_is_a_hundred_units(dual):
    assert dual(1.0, 1.0, 1 + 100 * 2.0**-52) == dual(1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="covariance must be at most"):
        dual(1.0, 1.0, 1 + 101 * 2.0**-52)
