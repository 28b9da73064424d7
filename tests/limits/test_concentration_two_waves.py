"""Two random waves: their kernel, and the mean square of their correlation by several routes."""

import math

import mpmath
import numpy as np
import pytest
import torch
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from waves_parts import (
    ANY_DIMENSION,
    POSITIVE,
    assert_just_above,
    gaussian_rule,
    least_norm,
    log_sharp,
    norm_ratio,
)

from randomfeatures.foundations import sphere
from randomfeatures.limits.anti_concentration import second_moment
from randomfeatures.limits.concentration import concentration_spectrum, log_concentration_exact
from randomfeatures.limits.concentration_two_waves import (
    log_mean_square_correlation,
    log_mean_square_correlation_bound,
    mean_square_correlation,
    mean_square_correlation_bound,
    wave_kernel,
)
from randomfeatures.limits.triangle_wave import sine_coefficients, triangle_wave


@pytest.mark.claim("cor-mean-square-correlation", kind="quadrature")
@pytest.mark.parametrize(
    ("R", "t"), [(0.3, 0.2), (0.3, -0.7), (0.8, 0.5), (1.0, 0.9), (2.0, 0.6), (3.0, -0.95)]
)
def test_the_kernel_of_the_wave(R, t):
    """E tri(Ru) tri(Rv): the inner mean over v given u is a sine series whose terms decay like
    e^{-k²s(1-t²)/2}.
    """
    knots = np.arange(-99, 100, 2) / R
    u, w = gaussian_rule(knots[np.abs(knots) < 12])
    k, b = sine_coefficients(201)
    s = (math.pi * R / 2) ** 2
    inner = np.sin(math.sqrt(s) * t * np.multiply.outer(u, k)) @ (
        b * np.exp(-(k**2) * s * (1 - t * t) / 2)
    )
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
    ("d", "R", "degrees"),
    [(6, 1.6, 51), (10, 2.1, 41), (20, 3.0, 41), (60, 5.0, 61), (200, 1.0, 21), (200, 9.1, 121)],
)
def test_the_mean_square_is_the_sum_of_squared_eigenvalues(d, R, degrees):
    """Σ_n N(d, n) λ_n², one route through the sphere's harmonics, one through the angle; the first
    misses the degrees beyond.
    """
    spectrum = concentration_spectrum(d, R, degrees)
    logs = [
        2 * value + math.log(sphere.multiplicity(d, 2 * j + 1)) for j, value in enumerate(spectrum)
    ]
    assert logs[-1] < max(logs) - 20
    assert_close(math.exp(log_mean_square_correlation(d, R) - special.logsumexp(logs)), 1.0, 1e-8)


@pytest.mark.claim("cor-mean-square-correlation", kind="quadrature")
@pytest.mark.parametrize(
    ("d", "R", "points"),
    [(40, least_norm(40), 100), (40, 12.0, 200), (200, 9.01, 200), (1000, 20.2, 300)],
)
def test_the_mean_square_with_thirty_digits(d, R, points):
    """The integrand is an even and periodic function of the angle when d is even: equal weights
    converge faster than any power.
    """
    with mpmath.workdps(30):
        s = (mpmath.pi * mpmath.mpf(R) / 2) ** 2
        b = {k: 8 / mpmath.pi**2 * (-1) ** (k // 2) / k**2 for k in range(1, 10, 2)}
        pairs = [
            (b[k] * b[j] * mpmath.exp(-((k - j) ** 2) * s / 2), k * j * s)
            for k in b
            for j in b
            if (k - j) ** 2 * s < 120
        ]

        def integrand(angle):
            t = mpmath.cos(angle)
            kernel = mpmath.fsum(
                w * (mpmath.exp(-x * (1 - t)) - mpmath.exp(-x * (1 + t))) / 2 for w, x in pairs
            )
            return mpmath.sin(angle) ** (d - 2) * kernel**2

        constant = (
            2
            * mpmath.gamma(mpmath.mpf(d) / 2)
            / mpmath.sqrt(mpmath.pi)
            / mpmath.gamma(mpmath.mpf(d - 1) / 2)
        )
        half = mpmath.pi / 2
        truth = mpmath.log(
            constant
            * half
            / points
            * mpmath.fsum(integrand(half * (i + 0.5) / points) for i in range(points))
        )
    assert_close(math.exp(log_mean_square_correlation(d, R) - float(truth)), 1.0, 1e-10)


@pytest.mark.claim("cor-mean-square-correlation", kind="identity")
@pytest.mark.parametrize("R", [0.7, 1.3, 4.0, 300.0])
def test_the_mean_square_in_three_dimensions(R):
    """t is uniform on [-1, 1] and E sinh(xt) sinh(yt) = sinh(x+y)/(2(x+y)) - sinh(x-y)/(2(x-y)): a
    finite sum, K^-4 of it left out.
    """
    k, b = sine_coefficients(241)
    s = (math.pi * R / 2) ** 2
    i, j = (index.ravel() for index in np.indices((len(k), len(k))))
    keep = (k[i] - k[j]) ** 2 * s < 80
    i, j = i[keep], j[keep]
    w, x = b[i] * b[j] * np.exp(-((k[i] - k[j]) ** 2) * s / 2), 1.0 * k[i] * k[j] * s
    plus, minus = np.add.outer(x, x), np.abs(np.subtract.outer(x, x))
    sums = -np.expm1(-2 * plus) / (4 * plus)
    differences = np.where(
        minus > 0,
        (np.exp(minus - plus) - np.exp(-minus - plus)) / (4 * np.maximum(minus, 1e-300)),
        np.exp(-plus) / 2,
    )
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


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: mean_square_correlation(900, 20.0), "log_mean_square_correlation"),
    ],
)
def test_beyond_the_floats_the_logarithm_is_named(call, name):
    with pytest.raises(ArithmeticError, match=f"out of the range of a float; use {name}"):
        call()


# --- the bounds


@pytest.mark.claim("cor-mean-square-correlation", kind="identity")
@pytest.mark.parametrize("d", [1, 2, 3, 4, 11, 60])
def test_the_bound_in_numbers(d):
    """Parts 2 and 3: e^{-d/2}/3 for d < 3, else (2/9) B(2s) with B(s) = (3/4) e^{-d/2}
    (d/s)^{(d-1)/2}, s = d at the smallest norm; in the proof 3/4 is e^{1/6d}/√2 at d = 3.
    """
    R = 1.3 * least_norm(d)
    s = (math.pi * R / 2) ** 2
    part_3 = 2 / 9 * 0.75 * math.exp(-d / 2) * (d / (2 * s)) ** ((d - 1) / 2)
    assert 0.75 / 1.02 < math.exp(1 / 18) / math.sqrt(2) < 0.75
    truth = math.exp(-d / 2) / 3 if d < 3 else part_3
    assert_close(mean_square_correlation_bound(d, R) / truth, 1.0, 1e-12)
    least = math.exp(-d / 2) / 3 if d < 3 else math.sqrt(2) / 6 * 2 ** (-d / 2) * math.exp(-d / 2)
    assert_close(mean_square_correlation_bound(d) / least, 1.0, 1e-12)
    assert_close(math.exp(log_mean_square_correlation_bound(d)) / least, 1.0, 1e-12)
    assert d < 3 or least < min(math.exp(-d / 2) / 3, 0.24 * math.exp(-0.84 * d))


@pytest.mark.claim("cor-mean-square-correlation", kind="certified")
@pytest.mark.parametrize("R", [0.05, 0.3, 0.6, 0.64, 0.7, 1.0, 1.7, 4.0, 30.0])
def test_the_kernel_falls_at_least_as_fast_as_in_part_three(R):
    """κ(t) ≤ ‖tri‖² e^{-s(1-t)}, with equality at t = 1, for no smaller factor and no larger s: at
    t = 1 the kernel falls with 12 s/π², and at large norms soon with s, as its first sine."""
    s, gap = (math.pi * R / 2) ** 2, np.concatenate([[0.0], np.geomspace(1e-6, 1, 200)])
    value = wave_kernel(R, 1 - gap)
    bound = second_moment(R) * np.exp(-s * gap)
    assert np.all(value <= bound * (1 + 1e-13))
    assert_close(value[0] / bound[0], 1.0, 1e-12)
    seen = value > 1e-280
    slopes = np.diff(np.log(value[seen])) / -np.diff(gap[seen])
    assert np.all(slopes >= s * (1 - 1e-9))
    if R > 3:
        assert np.min(slopes) < 1.001 * s


@pytest.mark.claim("cor-mean-square-correlation", kind="quadrature")
@pytest.mark.parametrize("s", [1.0, 1.2, 3.0])
def test_the_sums_of_part_three(s):
    """What the proof subtracts from the first term: 0.383 in all, whose main sum is a series."""
    k = np.arange(1.0, 400, 2)
    product, apart = np.multiply.outer(k, k), np.abs(np.subtract.outer(k, k))
    squares = np.add.outer(k**2, k**2) / 2
    negative = apart % 4 == 2
    first = (product - 1) / 2 / product**2 * np.exp((2 - apart**2 / 2) * s)
    second = np.exp(s - squares * s) / product
    main = np.sum(first[apart == 2])
    assert_close(main, 0.5 - (math.pi**2 - 8) / 16, 0.003)
    assert main < 0.39 and np.sum(first[negative & (apart > 2)]) < 1e-6
    assert np.sum(second[negative]) < 0.0123 + 1e-5
    for x in np.linspace(0, s, 30):
        bracket = (product - 1) / 2 * np.exp((product + 1) * x - (squares - 1) * s)
        bracket += (product + 1) / 2 * np.exp((1 - product) * x - (squares - 1) * s)
        keep = squares < 300
        assert np.sum(np.where(negative, -1, 1)[keep] * (bracket / product**2)[keep]) > 0.59


@pytest.mark.claim("cor-mean-square-correlation", kind="identity")
@pytest.mark.parametrize("R", [0.3, 2 / math.pi, 3.0, 40.0])
def test_part_two_is_attained_on_the_line(R):
    """d = 1: the mean square is Λ ‖tri‖² = ‖tri‖⁴, and its last factor comes to 1/3."""
    largest = math.exp(log_concentration_exact(1, R))
    assert_close(mean_square_correlation(1, R) / (largest * second_moment(R)), 1.0, 1e-10)
    if R > 30:
        assert_close(second_moment(R), 1 / 3, 1e-12)
    for d in (2, 3, 10):
        product = math.exp(log_concentration_exact(d, R)) * second_moment(R)
        assert mean_square_correlation(d, R) < product


@pytest.mark.claim("cor-mean-square-correlation", kind="one-sided")
@settings(max_examples=40)
@given(st.integers(1, 200), st.floats(0.05, 20))
def test_the_mean_square_is_below_its_bound(d, ratio):
    R = max(ratio, 1.0) * least_norm(d) if d < 3 else ratio * least_norm(d)
    assert log_mean_square_correlation(d, R) <= log_mean_square_correlation_bound(d, R) + 1e-9


@pytest.mark.claim("cor-mean-square-correlation", kind="certified")
def test_how_loose_the_bounds_are():
    """Part 2 on the line: ‖tri‖⁴ → 1/9 against e^{-1/2}/3, and for small R the trivial R⁴; part 3
    at large norms, where it is 2.8 % too large at d = 3 and 9 % at most.
    """
    assert 0.5 < mean_square_correlation(1, 3.0) / mean_square_correlation_bound(1, 3.0) < 0.56
    assert_close(mean_square_correlation_bound(3, 0.01), 1e-8, 1e-20)
    assert_close(
        mean_square_correlation_bound(3, 0.53) / mean_square_correlation_bound(3, 0.5),
        0.53**4 / 0.5**4,
        1e-9,
    )
    for d in (3, 10, 50):
        log_quotient = log_mean_square_correlation(d, 1e4) - log_mean_square_correlation_bound(
            d, 1e4
        )
        # κ at s(1 - t) = x tends to Σ b_k² e^{-k²x}/2 ≤ e^{-x}/3; its mean is a Gamma integral.
        k, b = sine_coefficients(60)
        pairs = np.add.outer(k**2, k**2) ** (-(d - 1) / 2)
        kernels = b**2 @ pairs @ b**2 / 4 * 9 * 2 ** ((d - 1) / 2)
        stirling = (
            math.lgamma(d / 2) - math.log(2 * math.pi) / 2 + d / 2 - (d - 1) / 2 * math.log(d / 2)
        )
        limit = math.log(kernels) + stirling + math.log(math.sqrt(2) / 9 * 6)
        assert_close(math.exp(log_quotient - limit), 1.0, 1e-4 * d)
        assert (0.97 if d == 3 else 0.91) < math.exp(log_quotient) < 1


@given(ANY_DIMENSION, POSITIVE)
def test_the_bound_is_rounded_up_at_every_size(d, R):
    with mpmath.workdps(60):
        ratio = norm_ratio(d, R)
        trivial = min(4 * mpmath.log(mpmath.mpf(R)), -2 * mpmath.log(3))
        truth = min(log_sharp(mpmath.mpf(1) / 6, d, ratio / mpmath.sqrt(2)), trivial)
    bound = log_mean_square_correlation_bound(d, R)
    assert math.isfinite(bound)
    assert_just_above(bound, truth, d + (d + 3) * (3 + math.log(d) + abs(math.log(R))))


@settings(max_examples=30)
@given(st.one_of(st.integers(1, 300), st.integers(1, 10**12)), POSITIVE)
def test_no_size_of_the_mean_square_is_wrong_quietly(d, R):
    try:
        value = log_mean_square_correlation(d, R)
    except (ValueError, ArithmeticError) as refusal:
        assert "R must be" in str(refusal) if R > 1e6 else "did not settle" in str(refusal)
        return
    assert math.isfinite(value)
    assert value <= 2 * min(2 * math.log(R), -math.log(3)) + 1e-9
    if d >= 3:
        assert value <= log_mean_square_correlation_bound(d, R) + 1e-9 + 1e-15 * d * (
            2 + math.log(d) + abs(math.log(R))
        )


# --- bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: wave_kernel(1.0, np.array([1.1])),
            r"t must hold finite numbers >= -1 and <= 1, got 1\.1 at index \(0,\)",
        ),
        (lambda: wave_kernel(-1.0, np.array([1.0])), "R must be a finite real number > 0"),
        (
            lambda: mean_square_correlation(0, 1.0),
            r"d must be an integer >= 1 and <= 10{12}, got 0",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
