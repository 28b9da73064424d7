"""Polynomials in exact arithmetic: harmonics that sum up, are harmonic and orthogonal; moments by
sampling.
"""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from checks import assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from random_polynomials import random_polynomial

from randomfeatures.foundations import sphere
from randomfeatures.power.polynomials_harmonics import (
    evaluate,
    harmonic_parts,
    inner_product,
    monomial,
    zonal_harmonic,
)

SEEDS = st.integers(0, 2**32 - 1)
VISIBLE = {(4, 0, 0): 1, (1, 1, 0): 2, (1, 0, 0): -1, (0, 0, 0): 3}
CUBIC = {(1, 1, 1): 2, (2, 0, 0): 1, (0, 1, 0): -1, (0, 0, 0): Fraction(1, 2)}


def laplacian(f, x, h=1e-2):
    """Central differences, exact but for rounding on polynomials of degree <= 5 with the five-point
    formula.
    """
    total = 0.0
    for e in np.eye(x.shape[1]) * h:
        values = [evaluate(f, x + k * e) for k in (-2, -1, 0, 1, 2)]
        total = total + (
            -values[0] + 16 * values[1] - 30 * values[2] + 16 * values[3] - values[4]
        ) / (12 * h * h)
    return total


@pytest.mark.claim("lem-harmonic-coefficients", kind="identity")
@given(seed=SEEDS, d=st.integers(2, 4))
@settings(max_examples=25)
def test_harmonic_parts_sum_up_are_harmonic_and_orthogonal(seed, d):
    p = random_polynomial(seed, d)
    parts = harmonic_parts(p)
    x = sphere.sample_sphere(np.random.default_rng(seed), 5, d)
    assert np.allclose(
        sum(evaluate(f, x) for f in parts.values()), evaluate(p, x), rtol=1e-11, atol=1e-11
    )
    for k, f in parts.items():
        assert all(sum(alpha) == k for alpha in f)
        assert np.max(np.abs(laplacian(f, x))) < 1e-8 * (1 + sum(abs(a) for a in f.values()))
        sup = math.sqrt(sphere.multiplicity(d, k) * inner_product(f, f))
        assert np.max(np.abs(evaluate(f, x))) <= sup * (1 + 1e-12)
    for k, j in itertools.combinations(parts, 2):
        assert inner_product(parts[k], parts[j]) == 0
    assert inner_product(p, p) == sum(inner_product(f, f) for f in parts.values())


def test_the_laplacian_of_the_test_sees_what_is_not_harmonic():
    x = sphere.sample_sphere(np.random.default_rng(0), 5, 3)
    assert_close(laplacian({(2, 0, 0): 1, (0, 3, 0): 1}, x), 2 + 6 * x[:, 1], 1e-9)


def test_sphere_moments_by_sampling():
    x = sphere.sample_sphere(np.random.default_rng(3), 400_000, 3)
    terms = evaluate(CUBIC, x) * evaluate(VISIBLE, x)
    assert (
        abs(np.mean(terms) - inner_product(CUBIC, VISIBLE))
        < 4 * np.std(terms) / math.sqrt(len(x))
        < 0.02 * np.mean(terms)
    )


def test_a_float_coefficient_is_exact():
    assert harmonic_parts({(2, 0): 0.5})[0] == {(0, 0): Fraction(1, 4)}


@pytest.mark.parametrize(("d", "k"), [(2, 3), (5, 0), (5, 1), (6, 4)])
def test_the_zonal_harmonic_is_the_legendre_polynomial(d, k):
    x = sphere.sample_sphere(np.random.default_rng(3), 7, d)
    assert_close(evaluate(zonal_harmonic(d, k), x), sphere.gegenbauer(d, k, x[:, 0]), 1e-13)
    norm = inner_product(zonal_harmonic(d, k), zonal_harmonic(d, k))
    assert norm == Fraction(1, sphere.multiplicity(d, k))


def test_monomials():
    assert monomial(3, 1, 0, 2) == {(1, 0, 2): 1}
    assert monomial(2) == {(0, 0): 1}
    with pytest.raises(ValueError, match="d must be an integer >= 3, got 2"):
        monomial(2, 1, 1, 1)
    with pytest.raises(ValueError, match="a power must be"):
        monomial(3, -1)
