"""The two preconditioners of the population error: their matrices, inverses, and samples."""

import math

import mpmath
import numpy as np
import pytest
from checks import assert_close
from population_error_parts import gram_of, unit_gram

from randomfeatures.foundations.relu_spectrum import degree_energies
from randomfeatures.foundations.sphere import gegenbauer, multiplicity, sample_sphere
from randomfeatures.sharp.population_error import population_error
from randomfeatures.sharp.population_error.gram import StoredGram
from randomfeatures.sharp.population_error.preconditioners import (
    DEGREES,
    Harmonics,
    cholesky,
    expected_iterations,
    factored,
)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_probes_have_the_law_of_the_preconditioner(rng):
    """E z z^T = P = L L^T: the covariance of L^{-1} z is I, 200 000 samples, every entry within 5
    standard errors; L^{-1} z has the same variance in all directions, so each part of P is seen."""
    weights, count = sample_sphere(rng, 12, 2), 200_000
    for inverse in (Harmonics(weights), factored(StoredGram(gram_of(weights)).matrix, 1e-15)):
        matrix = np.linalg.inv(inverse.solve(np.eye(12)))
        z = inverse.sample(np.random.default_rng(0), count)
        white = np.linalg.solve(np.linalg.cholesky((matrix + matrix.T) / 2), z)
        error = 5 * np.sqrt(1 + np.eye(12)) / math.sqrt(count)
        assert_close(white @ white.T / count, np.eye(12), error)


def test_harmonics_are_the_part_of_degree_two(rng):
    """Φ Φ^T = Σ_{k <= 2} N λ_k P_k entry by entry, with the eigenvalues as integrals of the kernel;
    its products need no Φ, and the shift is the energy of all other degrees."""
    for d in (2, 3, 7):
        rows = sample_sphere(rng, 90, d)
        inverse = Harmonics(rows)
        t = np.clip(rows @ rows.T, -1, 1)
        energies = [multiplicity(d, k) * eigenvalue(d, k) for k in range(3)]
        truth = sum(energy * gegenbauer(d, k, t) for k, energy in enumerate(energies))
        columns = np.asarray(inverse._features(rows)).T
        assert_close(columns @ columns.T, truth, 1e-13)
        assert_close(inverse.shift, 0.5 - sum(energies), 1e-13)
        x = rng.standard_normal((90, 4))
        assert_close(inverse._transposed(x), columns.T @ x, 1e-13)
        assert_close(inverse._apply(columns.T @ x), columns @ (columns.T @ x), 1e-12)
        solved = inverse.solve(x)
        assert_close(columns @ (columns.T @ solved) + inverse.shift * solved, x, 1e-9)


@pytest.mark.parametrize("d", [2, 3, 9])
def test_energies_of_the_degrees_are_integrals_of_the_kernel(d):
    for k, energy in degree_energies(d, DEGREES).items():
        assert_close(energy, multiplicity(d, k) * eigenvalue(d, k), 1e-13)


def eigenvalue(d, k):
    """E κ(t) P_k(t), by quadrature over the angle of two independent directions."""
    half = mpmath.mpf(d) / 2
    density = mpmath.gamma(half) / (mpmath.sqrt(mpmath.pi) * mpmath.gamma(half - 0.5))

    def integrand(a):
        kernel = (mpmath.sin(a) + (mpmath.pi - a) * mpmath.cos(a)) / (2 * mpmath.pi)
        polynomial = float(gegenbauer(d, k, np.array(math.cos(a))))
        return density * mpmath.sin(a) ** (d - 2) * kernel * polynomial

    return float(mpmath.quad(integrand, [0, mpmath.pi]))


@pytest.mark.parametrize("n", [1, 511, 512, 1300])
def test_the_factor_in_blocks_is_the_factor(rng, n):
    a = rng.standard_normal((n, n))
    a = a @ a.T / n + np.eye(n)
    before, factor = a.copy(), cholesky(a)
    assert np.array_equal(a, before) and np.array_equal(factor, np.tril(factor))
    assert_close(factor @ factor.T, a, 1e-13 * n)
    with pytest.raises(np.linalg.LinAlgError):
        cholesky(a - 1.01 * np.linalg.eigvalsh(a)[0] * np.eye(n))


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_the_factored_matrix_is_inverted_and_left_as_it_was(rng, library):
    """Positive definite: no shift. Singular: the least shift tried that helps, and no proof."""
    xp = pytest.importorskip(library)
    weights = sample_sphere(rng, 20, 3)
    doubled = np.concatenate([weights, weights])
    for rows, proof in ((weights, True), (doubled, False)):
        gram = unit_gram(rows)
        matrix = xp.asarray(gram)
        found = factored(matrix, 1e-15)
        assert np.array_equal(np.asarray(matrix), gram)
        assert (found.proved > 0) == (found.shift == 0) == proof
        right = rng.standard_normal((len(rows), 2))
        solved = np.asarray(found.solve(xp.asarray(right)))
        again = gram @ solved + found.shift * solved
        assert np.allclose(again, right, atol=1e-8 if proof else 1e-2)


@pytest.mark.parametrize(("n", "d"), [(900, 20), (900, 40), (700, 9)])
def test_the_expected_number_of_iterations_is_one(rng, n, d):
    """Random directions need between half and all of the iterations that the theory's spectrum
    predicts, but for small dimensions."""
    weights, directions = sample_sphere(rng, n, d), sample_sphere(rng, 2, d)
    result = population_error(weights, directions, method="iterative")
    expected = expected_iterations(n, d)
    assert 0.25 * expected <= result.iterations <= (1.1 if d > 10 else 3) * expected
