"""The best subspace for a random vector, and the theorems on directions where they are nearly
equalities."""

import math
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from checks import assert_close
from scipy import special
from scipy.signal.windows import dpss

from randomfeatures.foundations.dual_activations import dual_relu
from randomfeatures.foundations.sphere import multiplicity, sample_sphere
from randomfeatures.sharp.optimum import (
    almost_every_direction_bound,
    half_tail_width,
    optimal_error,
)
from randomfeatures.sharp.optimum_tail import sharp_width, tail_constant
from randomfeatures.sharp.spectrum import harmonics, neuron_spectrum


def energy(basis, vectors, law):
    """E ‖P_V X‖² for the span of the columns of ``basis`` and X with the atoms ``vectors``."""
    q, _ = np.linalg.qr(basis)
    return np.sum(law * np.sum((vectors @ q) ** 2, axis=1))


@pytest.mark.claim("lem-best-subspace", kind="identity")
@pytest.mark.parametrize("seed", range(3))
def test_the_best_subspace_for_a_random_vector(seed):
    """Nine atoms in R^6: the first r eigenvectors attain the bound, none of 500 subspaces passes
    it, and beyond the first n the next r are the best."""
    rng = np.random.default_rng(seed)
    vectors, law = rng.standard_normal((9, 6)) * [3, 2, 1.5, 1, 0.5, 0.2], rng.dirichlet(np.ones(9))
    second = vectors.T @ (law[:, None] * vectors)
    values, axes = (part[..., ::-1] for part in np.linalg.eigh(second))
    assert_close(np.sum(values), np.sum(law * np.sum(vectors**2, axis=1)), 1e-13)
    for n, r in ((0, 1), (0, 3), (1, 2), (2, 3)):
        best = energy(axes[:, n : n + r], vectors, law)
        assert_close(best, np.sum(values[n : n + r]), 1e-13)
        assert best <= r * values[n] * (1 + 1e-13)
        rest = axes[:, n:]  # a random subspace orthogonal to the first n
        others = [energy(rest @ rng.standard_normal((6 - n, r)), vectors, law) for _ in range(500)]
        assert max(others) <= best * (1 + 1e-12)
        near = rest[:, :r] + 0.05 * rest @ rng.standard_normal((6 - n, r))
        assert best / 1.02 < energy(near, vectors, law) < best
    # Part 3: the operator on functions of the atom, in L² of its law.
    root = np.sqrt(law)
    kernel = root[:, None] * (vectors @ vectors.T) * root
    found, functions = (part[..., ::-1] for part in np.linalg.eigh(kernel))
    assert_close(found[:6], values, 1e-12)
    for j in range(4):  # Y_j = functions / root; φ_j = Λ_j^{-1/2} E Y_j X, up to the sign
        phi = (root * functions[:, j]) @ vectors / math.sqrt(values[j])
        assert_close(abs(phi @ axes[:, j]), 1.0, 1e-12)


@pytest.mark.claim("thm-almost-every-direction", kind="quadrature")
@pytest.mark.claim("thm-sharp-invariant-features", kind="quadrature")
def test_functions_that_live_on_an_arc_attain_the_bound():
    """d = 2: r functions of degrees K+2, ..., K+2M, concentrated on half of all directions (the
    discrete prolate sequences), capture there what Markov's inequality allows.

    So r λ / δ cannot be 2 % smaller. With the arc turned at random the same share is a probability
    over the features, for one fixed direction.
    """
    M, extra, K = 1000, 4, 10**7
    share, p = 0.5, M // 2 + extra
    sequences = dpss(M, M * share / 2, p)
    sequences /= np.linalg.norm(sequences, axis=1, keepdims=True)
    k = K + 2 * np.arange(1, M + 1)
    decay = ((K + 1) * (K + 3) / (k - 1.0) / (k + 1.0)) ** 2  # λ_k / λ_{K+2}
    captured = np.zeros(4 * M)  # in units of λ_{K+2}, at 4M directions
    for some in np.array_split(sequences * np.sqrt(decay), 8):
        captured += 2 * np.sum(np.abs(np.fft.fft(some, 4 * M, axis=1)) ** 2, axis=0)
    eigenvalue = 2 / (math.pi * ((K + 2.0) ** 2 - 1)) ** 2  # d η², η = 1 / π(k² - 1)
    assert_close(neuron_spectrum(2, 6)[6], 2 / (math.pi * 35) ** 2, 1e-17)

    r, tail = 2 * p, optimal_error(2, harmonics(2, K))
    assert 0.99 * r < captured.mean() < r
    errors = tail - eigenvalue * captured
    for delta in (0.3, 0.499, 0.6, 0.99):
        bound = almost_every_direction_bound(2, r, delta, K)
        assert np.mean(errors < bound) <= delta
        assert_close((tail - bound) / (r * eigenvalue / delta), 1.0, 1e-9)
    delta = 0.499
    missing = tail - almost_every_direction_bound(2, r, delta, K)
    assert np.mean(errors < tail - missing / 1.02) > delta


@pytest.mark.claim("thm-almost-every-direction", kind="one-sided")
@pytest.mark.claim("thm-sharp-invariant-features", kind="one-sided")
@pytest.mark.parametrize(("d", "K"), [(2, 2), (2, 10), (3, 2), (10, 4), (100, 2)])
def test_half_of_the_tail(d, K):
    """r < δ N / 2 leaves more than half of the tail; N λ ≤ τ_K is used there, the only loss.

    No check sees the 1/2 to 2 %: N λ_{K+2} is 0.774 of τ_K at d = 2, K = 2, and less in the other
    cases here, so 0.64 in place of 1/2 would still be true of the bound.
    """
    share = multiplicity(d, K + 2) * neuron_spectrum(d, K + 2)[K + 2]
    share /= optimal_error(d, harmonics(d, K))
    assert share < 0.775
    assert (share > 0.77) == ((d, K) == (2, 2))
    r = half_tail_width(d, 1.0, K)
    half = optimal_error(d, harmonics(d, K)) / 2
    assert almost_every_direction_bound(d, r, 1.0, K) > half
    most = math.ceil(multiplicity(d, K + 2) / 2 / share)
    assert almost_every_direction_bound(d, most + 1, 1.0, K) < half


@pytest.mark.claim("thm-sharp-invariant-features", kind="quadrature")
@pytest.mark.parametrize("r", [2, 4, 6, 9])
def test_optimal_features_turned_at_random_have_the_optimal_mean(r):
    """|x| Y_j(Q x/|x|) with the first r harmonics in dimension 3 and a uniform rotation Q: the
    error for one fixed neuron, averaged over Q, is tail_r and no more.

    The average over Q is one over Q θ, by a rule that is exact for polynomials of degree 8; the
    inner products are integrals over the half sphere where the neuron is not zero.
    """
    z, wz = special.roots_legendre(20)
    phi = 2 * np.pi * np.arange(16) / 16

    def sphere(z):
        radius = np.sqrt(1 - z**2)
        grid = (np.outer(radius, np.cos(phi)), np.outer(radius, np.sin(phi)))
        return np.stack([*grid, np.outer(z, np.ones(16))], axis=-1).reshape(-1, 3)

    def features(x):
        a, b, c = x.T
        two = [math.sqrt(15) * f for f in (a * b, b * c, c * a, (a * a - b * b) / 2)]
        two.append(math.sqrt(5) / 2 * (3 * c * c - 1))
        return np.stack([np.ones_like(a), *(math.sqrt(3) * f for f in (a, b, c)), *two])[:r]

    def turn_to(theta):
        """A rotation that takes the last axis to θ."""
        q, upper = np.linalg.qr(np.column_stack([theta, np.eye(3)[:, :2]]))
        return np.roll(q * np.sign(np.diag(upper)), -1, axis=1)

    half, half_weight = sphere((z + 1) / 2), np.repeat(wz / 4 / 16, 16)
    target = half[:, 2]
    errors = []
    for theta in sphere(z):
        inner = features(half @ turn_to(theta).T) @ (half_weight * target)
        errors.append(0.5 - 3 * np.sum(inner**2))  # E|x|² = 3
    mean = np.sum(np.repeat(wz / 2 / 16, 16) * errors)
    assert_close(mean, optimal_error(3, r), 1e-13)
    assert np.ptp(errors) < 1e-13 if r in (4, 9) else np.ptp(errors) > 0.001


@pytest.mark.claim("cor-sharp-rate", kind="certified")
def test_the_corollary_is_nearly_an_equality_in_high_dimension():
    """At ρ² τ_d = 2 ε and the largest r the bound is ε up to 0.1 %: 2 % more features or 2 % less
    norm are not allowed by it."""
    d, delta, error = 10**4, 0.01, 1 / 50
    tail = tail_constant(d)[0] / d**1.5
    square, r = 2 * error / tail, sharp_width(d, delta)
    bound = square * almost_every_direction_bound(d, r, delta, d)
    assert error < bound < 1.001 * error
    more = almost_every_direction_bound(d, r * 102 // 100, delta, d)
    assert square * more < error / 1.01
    assert bound / 1.02**2 < error
    # The numbers of the statement: what is used of them at d = 10, and the norm for large d.
    assert 12.37**2 * 0.0133 / 2 > 1.01 > (12.37 / 1.01) ** 2 * 0.0133 / 2
    assert_close(math.sqrt(square / error) / d**0.75, 11.56, 0.01)
    assert tail_constant(10)[1] < 1.02 * 0.0133


@pytest.mark.claim("cor-two-to-the-d", kind="one-sided")
@pytest.mark.parametrize("d", [10, 12, 20, 100, 400])
def test_two_to_the_d_features(d):
    """The 18 is 9 over the 1/2 of N ≥ 4^d / 2√d, which is 0.61 at d = 10 and at most 0.85; the
    theorem it rests on has a check that sees 2 %. 0.0066 is half of 0.0133, cut."""
    delta = 18 / (math.sqrt(d) * 2**d)
    assert sharp_width(d, delta) >= 2**d
    half = optimal_error(d, harmonics(d, d)) / 2
    assert almost_every_direction_bound(d, 2**d, delta, d) > half > 0.0066 / d**1.5
    assert sharp_width(d, delta / 1.8) < 2**d  # not more than 1.8 times too large
    assert d > 10 or half < 1.02 * 0.0066 / d**1.5


@pytest.mark.claim("cor-two-to-the-d", kind="certified")
def test_two_to_the_d_features_are_nearly_an_equality_in_high_dimension():
    """At d = 1000 and δ = 9 2^d / d N the bound is half of τ_d up to half a percent: a 9 smaller by
    2 % fails."""
    d = 1000
    delta = float(Fraction(9 * 2**d, d * multiplicity(d, d + 2)))
    assert 1e-305 < delta < 18 / math.sqrt(d) * 2.0**-d
    half = optimal_error(d, harmonics(d, d)) / 2
    assert half < almost_every_direction_bound(d, 2**d, delta, d) < 1.005 * half
    assert almost_every_direction_bound(d, 2**d, delta / 1.02, d) < half


# --- what the papers print -----------------------------------------------------------------------


def test_no_direction_that_is_a_feature_has_an_error():
    """Equation (27) of Wu and Long with the quantifiers as they are printed: "with probability ...,
    for any v". For one v it is true, for all v at once it is false at every width."""
    rng = np.random.default_rng(27)
    for d, m in ((5, 6), (10, 100)):
        w = sample_sphere(rng, m, d)
        own = np.eye(m)[0]  # the coefficients that reproduce σ_v, v = w_1
        gram = dual_relu(np.clip(w @ w.T, -1, 1))
        c = dual_relu(np.clip(w @ w[0], -1, 1))
        assert_close(2 * c @ own - own @ gram @ own, 0.5, 1e-15)  # all of its energy
        v = sample_sphere(rng, 1, d)[0]  # a direction that was there first
        c = dual_relu(np.clip(w @ v, -1, 1))
        assert 0.5 - c @ np.linalg.solve(gram, c) > 1e-3


def zonal_coefficient(d, alpha, k):
    """E_t [t]_+^α P_k(t) on the sphere of R^d by quadrature at 30 digits."""
    with mpmath.workdps(30):
        half = mpmath.mpf(d - 1) / 2
        density = mpmath.gamma(mpmath.mpf(d) / 2) / mpmath.sqrt(mpmath.pi) / mpmath.gamma(half)

        def integrand(angle):
            t = mpmath.cos(angle)
            polynomial = mpmath.hyp2f1(-k, k + d - 2, half, (1 - t) / 2)
            return density * mpmath.sin(angle) ** (d - 2) * t**alpha * polynomial

        return mpmath.quad(integrand, [0, mpmath.pi / 2])


def gammas(d, alpha, k):
    """α! Γ(d/2) Γ(k-α) / (2^k Γ((k-α+1)/2) Γ((k+d+α)/2)): what all three formulas agree on."""
    g = mpmath.gamma
    top = mpmath.factorial(alpha) * g(mpmath.mpf(d) / 2) * g(k - alpha)
    return top / (2**k * g(mpmath.mpf(k - alpha + 1) / 2) * g(mpmath.mpf(k + d + alpha) / 2))


@pytest.mark.claim("thm-neuron-spectrum", kind="quadrature")
@pytest.mark.parametrize("alpha", [0, 1, 2])
@pytest.mark.parametrize("d", [3, 4, 9, 10, 101])
def test_the_prefactor_of_the_zonal_coefficients(alpha, d):
    """η_k for powers of the ReLU: the prefactor is (-1)^{(k-α-1)/2} / √π, to 12 digits.

    Wu and Long (p. 22) print 1 / √(2π) without the sign; Bach (Appendix D.2, for the sphere in
    R^{D+1}, D = d - 1) prints (D - 1) / 2π in place of Γ((D+1)/2) / (√π Γ(D/2)), where Γ(d/2) of
    the formula above is Γ(D/2).
    """
    for k in range(alpha + 1, alpha + 8, 2):
        truth = zonal_coefficient(d, alpha, k)
        sign = (-1) ** ((k - alpha - 1) // 2)
        ours = sign / mpmath.sqrt(mpmath.pi) * gammas(d, alpha, k)
        wu_long = gammas(d, alpha, k) / mpmath.sqrt(2 * mpmath.pi)
        D = d - 1
        quotient = mpmath.gamma(mpmath.mpf(D) / 2) / mpmath.gamma(mpmath.mpf(d) / 2)
        bach = sign * (D - 1) / (2 * mpmath.pi) * gammas(d, alpha, k) * quotient
        assert_close(float(ours / truth), 1.0, 1e-12)
        assert_close(float(abs(truth) / wu_long), math.sqrt(2), 1e-12)
        wrong = (D - 1) / (2 * math.sqrt(math.pi)) * quotient
        assert_close(float(bach / truth), float(wrong), 1e-12)
        if alpha == 1 and k > 1:
            assert_close(d * float(truth) ** 2 / neuron_spectrum(d, k)[k], 1.0, 1e-12)


@pytest.mark.parametrize(
    ("D", "factor"), [(2, 1 / math.pi), (3, 0.5), (8, 1.0186), (100, 3.964), (1000, 12.6)]
)
def test_how_wrong_the_printed_quotient_of_surfaces_is(D, factor):
    """(D-1) / 2π over ω_{D-1}/ω_D; the mean of a half at α = k = 0 decides: ½ B(½, D/2) times the
    quotient is ½."""
    quotient = math.exp(special.gammaln((D + 1) / 2) - special.gammaln(D / 2)) / math.sqrt(math.pi)
    assert_close(quotient * special.beta(0.5, D / 2) / 2, 0.5, 1e-12)
    assert (D - 1) / (2 * math.pi) / quotient == pytest.approx(factor, rel=2e-3)
    if D >= 100:
        assert factor == pytest.approx(math.sqrt(D / (2 * math.pi)), rel=0.02)


def test_the_next_degree_of_a_relu_has_more_than_d_times_as_many_harmonics():
    """Wu and Long, proof of Proposition 3: the counts of two neighbouring degrees, all degrees
    counted, differ by a factor of at most d + 1. Without the odd degrees it is 859 at d = 100."""
    d = 100
    counts = [sum(multiplicity(d, j) for j in range(k + 1)) for k in range(8)]
    assert all(b <= (d + 1) * a for a, b in pairwise(counts))
    assert round(harmonics(d, 4) / harmonics(d, 2)) == 859 > d + 1
