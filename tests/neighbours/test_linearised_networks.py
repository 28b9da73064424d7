"""Linearised networks: the budget, learnability by definition, bounds where they are attained."""

import itertools

import numpy as np
import pytest
import torch
from checks import assert_close
from sklearn.kernel_ridge import KernelRidge

from randomfeatures.foundations.sphere import sample_sphere
from randomfeatures.neighbours.linearised_networks import learnability
from randomfeatures.power.kernels import neural_tangent
from randomfeatures.sharp.optimum import optimal_error


def kernel_on_points(seed, size=40, d=3):
    x = sample_sphere(np.random.default_rng(seed), size, d)
    return neural_tangent(x, x, 1)


def eigenfunctions(K):
    return np.sqrt(len(K)) * np.linalg.eigh(K)[1][:, ::-1]


@pytest.mark.claim("thm-sample-budget", kind="identity")
@pytest.mark.parametrize("ridge", [0.0, 0.3])
@pytest.mark.parametrize("n", [1, 7, 40])
def test_learnability_is_the_coefficient_of_the_fit_and_the_budget_is_spent(n, ridge):
    """The fit by scikit-learn, its inner product with the target, and the sum over all targets."""
    K = kernel_on_points(0)
    samples = np.random.default_rng(n).permutation(40)[:n]
    phi, among = eigenfunctions(K), K[np.ix_(samples, samples)]
    machine = KernelRidge(alpha=ridge, kernel="precomputed").fit(among, phi[samples])
    fit = machine.predict(K[:, samples])
    eigenvalues, L = learnability(K, samples, ridge=ridge)
    assert_close(L, np.mean(phi * fit, axis=0), 1e-9)
    budget = np.trace(among @ np.linalg.inv(among + ridge * np.eye(n)))
    assert_close(np.sum(L), budget, 1e-9)
    assert_close(np.sum(L), n, 1e-9) if ridge == 0 else None
    assert np.all(np.mean((phi - fit) ** 2, axis=0) >= (1 - L) ** 2 - 1e-12)
    assert_close(40 * eigenvalues, np.linalg.eigvalsh(K)[::-1], 1e-9)


@pytest.mark.claim("thm-sample-budget", kind="identity")
def test_learnability_by_the_other_functions():
    """Part 3: from the kernel without the function, and the eigenvalue."""
    K, samples = kernel_on_points(1), [3, 8, 20, 21]
    phi = eigenfunctions(K)[samples]
    eigenvalues, L = learnability(K, samples)
    for j in range(12):
        others = K[np.ix_(samples, samples)] - eigenvalues[j] * np.outer(phi[:, j], phi[:, j])
        q = phi[:, j] @ np.linalg.solve(others, phi[:, j])
        assert_close(L[j], eigenvalues[j] / (eigenvalues[j] + 1 / q), 1e-9)


@pytest.mark.claim("thm-sample-budget", kind="identity")
def test_a_larger_eigenvalue_is_learned_better():
    """Only one eigenvalue of the kernel grows; all others lose what this function gains."""
    K, samples = kernel_on_points(2), [0, 5, 9, 30, 31]
    phi = eigenfunctions(K)
    before = learnability(K, samples)[1]
    j = 6
    eigenvalues = np.linalg.eigvalsh(K)[::-1].copy() / 40
    assert eigenvalues[j - 1] > 1.2 * eigenvalues[j] > 1.2 * eigenvalues[j + 1]
    eigenvalues[j] *= 1.2
    after = learnability(phi * eigenvalues @ phi.T, samples)[1]
    assert after[j] > 1.01 * before[j]
    assert np.all(np.delete(after - before, j) < 1e-9)


@pytest.mark.claim("thm-sample-budget", kind="identity")
@pytest.mark.parametrize(("size", "n"), [(7, 3), (10, 9)])
def test_reading_off_the_samples_attains_the_bound(size, n):
    """The kernel is the identity: n indicators are learned, the others not; the mean is 1 - n/M."""
    samples = list(range(n))
    _, L = learnability(np.eye(size), samples)
    targets = np.sqrt(size) * np.eye(size)
    fit = np.where(np.arange(size)[:, None] < n, targets, 0.0)
    errors = np.mean((targets - fit) ** 2, axis=0)
    assert_close(errors.mean(), 1 - n / size, 1e-14)
    assert_close(np.sum((1 - L) ** 2) / size, errors.mean(), 1e-14)


@pytest.mark.claim("thm-sample-budget", kind="one-sided")
def test_no_method_linear_in_the_labels_learns_most_parities():
    """Interpolation by a kernel, nearest neighbours and least squares, on 32 parities."""
    x = np.array(list(itertools.product([-1.0, 1.0], repeat=5)))
    sets = itertools.product([0, 1], repeat=5)
    parities = np.array([np.prod(x ** np.array(s), axis=1) for s in sets]).T
    for n in (4, 12, 20):
        seen = np.random.default_rng(n).permutation(32)[:n]
        kernel = np.exp(x @ x.T / 5)
        nearest = seen[np.argmax(x @ x[seen].T, axis=1)]
        by_kernel = kernel[:, seen] @ np.linalg.solve(kernel[np.ix_(seen, seen)], parities[seen])
        by_line = x @ np.linalg.pinv(x[seen]) @ parities[seen]
        for fit in (by_kernel, parities[nearest], by_line):
            assert np.mean((parities - fit) ** 2) >= 1 - n / 32 - 1e-12
        memory = np.where(np.isin(np.arange(32), seen)[:, None], parities, 0.0)
        assert_close(np.mean((parities - memory) ** 2), 1 - n / 32, 1e-14)


@pytest.mark.claim("thm-sample-budget", kind="one-sided")
@pytest.mark.parametrize("n", [2, 4, 9, 25])
def test_samples_of_neurons_cost_at_least_what_features_cost(n):
    """Also with the samples chosen well: the axes of the cube, both ways, for the smaller n."""
    rng, d = np.random.default_rng(n), 3
    fresh, theta = sample_sphere(rng, 2000, d), sample_sphere(rng, 200, d)
    good = np.vstack([np.eye(d), -np.eye(d), sample_sphere(rng, 30, d)])[:n]
    for x in (good, sample_sphere(rng, n, d)):
        labels, truth = np.maximum(x @ theta.T, 0), np.maximum(fresh @ theta.T, 0)
        fit = neural_tangent(fresh, x, 1) @ np.linalg.pinv(neural_tangent(x, x, 1)) @ labels
        assert d * np.mean((fit - truth) ** 2) > optimal_error(d, n)


def test_the_library_of_the_kernel_is_kept():
    K = kernel_on_points(4)
    eigenvalues, L = learnability(torch.tensor(K), [1, 2, 3])
    assert isinstance(L, torch.Tensor)
    assert_close(L.numpy(), learnability(K, np.array([3, 1, 2]))[1], 1e-10)
    assert eigenvalues[0] >= eigenvalues[-1] >= 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: learnability(np.ones((2, 3)), [0]), "K must be square"),
        (lambda: learnability([[1.0, 0.5], [0.0, 1.0]], [0]), "K must be symmetric"),
        (lambda: learnability(np.diag([1.0, -1.0]), [0]), "K must be positive semidefinite"),
        (lambda: learnability(np.ones((3, 3)), [0, 1]), "K must be invertible at the samples"),
        (lambda: learnability(np.eye(3), [0, 0]), "samples must be different numbers of rows"),
        (lambda: learnability(np.eye(3), []), "samples must be different numbers of rows"),
        (lambda: learnability(np.eye(3), [3]), "samples must be an integer >= 0 and <= 2, got 3"),
        (
            lambda: learnability(np.eye(3), [0], ridge=-1.0),
            "ridge must be a finite real number",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
