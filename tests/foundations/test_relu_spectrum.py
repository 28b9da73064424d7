"""The ReLU's eigenvalues: against their definition by quadrature, and all their forms against each
other."""

import math
from fractions import Fraction
from itertools import islice

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from randomfeatures.foundations.balls import ball, enclosure, working_precision
from randomfeatures.foundations.relu_spectrum import (
    degree_energies,
    energy_share,
    exact_neuron_eigenvalues,
    neuron_eigenvalue,
    neuron_eigenvalues,
    relu_ball,
    relu_eigenvalue,
    relu_quotient,
)
from randomfeatures.foundations.sphere import gegenbauer, multiplicity


def by_quadrature(d, k):
    """E [t]_+ P_k(t) for the cosine t of two random directions of R^d, d >= 2: with t = cos φ,
    density ~ sin^{d-2} φ."""
    with mpmath.workdps(30):
        weight = (
            mpmath.gamma(mpmath.mpf(d) / 2)
            / mpmath.gamma(mpmath.mpf(d - 1) / 2)
            / mpmath.sqrt(mpmath.pi)
        )

        def legendre(t):
            before, value = mpmath.mpf(1), t
            for n in range(1, k):
                before, value = value, ((2 * n + d - 2) * t * value - n * before) / (n + d - 2)
            return value if k else before

        def integrand(phi):
            return mpmath.sin(phi) ** (d - 2) * mpmath.cos(phi) * legendre(mpmath.cos(phi))

        return float(weight * mpmath.quad(integrand, [0, mpmath.pi / 4, mpmath.pi / 2]))


@pytest.mark.parametrize("d", [2, 3, 4, 7, 40])
@pytest.mark.parametrize("k", [0, 1, 2, 3, 4, 5, 6, 12])
def test_the_eigenvalue_is_its_definition(d, k):
    truth = by_quadrature(d, k)
    assert abs(relu_eigenvalue(d, k) - truth) <= 4e-16 * abs(truth) + (1e-20 if k % 2 else 0)
    if k % 2 and k > 1:
        assert relu_eigenvalue(d, k) == 0


def test_the_recurrence_of_the_quadrature_is_the_packages():
    """by_quadrature has its own Legendre polynomials; they are those of gegenbauer."""
    assert gegenbauer(7, 2, [0.3]) == pytest.approx((7 * 0.09 - 1) / 6, rel=1e-14)


def fraction(value):
    return ball(value.numerator) / value.denominator


@given(st.integers(1, 400), st.integers(0, 60))
def test_the_forms_agree(d, half):
    """Closed form and recurrence in balls of relative radius 2^-150, fractions, floats: each by its
    own route."""
    k = 2 * half
    with working_precision(200):
        eta = relu_ball(d, k)
        assert eta.rel_accuracy_bits() > 150
        assert (eta * fraction(relu_quotient(d, k))).overlaps(relu_ball(d, k + 2))
        value = neuron_eigenvalues(d, k)[k]
        assert value.rel_accuracy_bits() > 150
        assert value.overlaps(neuron_eigenvalue(d, k))
        if d % 2:
            assert value.overlaps(fraction(next(islice(exact_neuron_eigenvalues(d), k, None))))
        assert energy_share(d, k).overlaps(multiplicity(d, k) * value)
        if d > 1:
            assert abs(relu_eigenvalue(d, k) - eta) <= abs(eta) * ball(2) ** -52


@pytest.mark.parametrize("d", [3, 5, 9])
def test_the_energy_is_one_half(d):
    """Summed exactly. The shares fall like K^-4 in steps of 2, so what is left after K is K/6 times
    the last one."""
    values = list(islice(exact_neuron_eigenvalues(d), 401))
    rest = [Fraction(1, 2)]
    for k, value in enumerate(values):
        rest.append(rest[-1] - multiplicity(d, k) * value)
    assert all(part >= 0 for part in rest)
    last = multiplicity(d, 400) * values[400]
    assert abs(float(rest[-1] / (last * 400 / 6)) - 1) < 0.01


def test_energies_as_floats_are_the_balls():
    for d in (1, 2, 3, 10, 1000, 10**9):
        degrees = (0, 1) if d == 1 else (0, 1, 2, 4)
        energies = degree_energies(d, degrees)
        assert tuple(energies) == degrees
        for k in degrees:
            low, high = enclosure(energy_share(d, k))
            assert low * (1 - 1e-15) <= energies[k] <= high * (1 + 1e-15)
        assert energies[1] == 0.25
    assert sum(degree_energies(1, (0, 1)).values()) == 0.5


@pytest.mark.parametrize("d", [10**6, 10**15, 10**400])
def test_huge_dimensions(d):
    """η_0 = 1 / √(2π(d - 1/2 + ...)): to relative 1/d it is 1 / √(2π d)."""
    truth = math.exp(-(math.log(2 * math.pi) + math.log(d)) / 2)
    assert relu_eigenvalue(d, 0) == pytest.approx(truth, rel=1e-6)
    if d == 10**6:
        with mpmath.workdps(40):
            ratio = mpmath.gammaprod([mpmath.mpf(d) / 2], [mpmath.mpf(d + 1) / 2]) / (
                2 * mpmath.sqrt(mpmath.pi)
            )
        assert relu_eigenvalue(d, 0) == pytest.approx(float(ratio), rel=3e-16)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: relu_eigenvalue(1, 0), "d must be an integer >= 2, got 1"),
        (lambda: relu_eigenvalue(3, -1), "k must be an integer >= 0, got -1"),
        (lambda: relu_quotient(3, 1), "k must be even, got 1"),
        (lambda: exact_neuron_eigenvalues(4), "d must be odd, got 4"),
        (lambda: degree_energies(0, (1,)), "d must be an integer >= 1, got 0"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
