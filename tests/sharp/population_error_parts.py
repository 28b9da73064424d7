"""What the tests of the population error share: neurons, and the least error in many digits."""

import mpmath
import numpy as np
from checks import assert_close

from randomfeatures.foundations.dual_activations import dual_relu, dual_relu_general
from randomfeatures.foundations.sphere import sample_sphere
from randomfeatures.sharp.population_error.gram import ComputedGram, cross
from randomfeatures.sharp.population_error.neurons import unit
from randomfeatures.sharp.population_error.threads import Workers


def neurons(rng, n, d):
    """Gaussian directions of lengths from 0.1 to 10."""
    return sample_sphere(rng, n, d) * 10 ** rng.uniform(-1, 1, (n, 1))


def digits(weights, directions, bits=200):
    """The least errors and their coefficients by the formula, in many digits."""
    with mpmath.workprec(bits):
        rows = [[mpmath.mpf(float(t)) for t in row] for row in np.vstack([weights, directions])]
        lengths = [mpmath.sqrt(mpmath.fdot(x, x)) for x in rows]

        def kernel(i, j):
            size = lengths[i] * lengths[j]
            t = mpmath.mpf(1) if i == j else mpmath.fdot(rows[i], rows[j]) / size
            angle = mpmath.acos(t)
            return size * (mpmath.sin(angle) + t * (mpmath.pi - angle)) / (2 * mpmath.pi)

        r = len(weights)
        gram = mpmath.matrix([[kernel(i, j) for j in range(r)] for i in range(r)])
        errors, coefficients = [], []
        for k in range(r, len(rows)):
            c = mpmath.matrix([kernel(i, k) for i in range(r)])
            u = mpmath.lu_solve(gram, c)
            errors.append(float(lengths[k] ** 2 / 2 - mpmath.fdot(c, u)))
            coefficients.append([float(t) for t in u])
        return np.array(errors), np.array(coefficients).T


def unit_gram(weights):
    rows = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    return dual_relu(np.clip(rows @ rows.T, -1, 1))


def gram_of(weights):
    """The matrix in tiles, of rows of any length, in one thread."""
    return ComputedGram(unit(weights, None), Workers(None))


def cross_of(weights, directions):
    return cross(unit(weights, None), unit(directions, None))


def check(result, truth, width):
    """The interval holds the truth, has at most this width, and the error is 2 % sharp."""
    lower, error, upper = map(np.asarray, (result.lower, result.error, result.upper))
    assert np.all((lower <= truth) & (truth <= upper))
    assert np.all((lower <= error) & (error <= upper))
    assert np.all(upper - lower <= width)
    assert_close(result.error, truth, width)


def biased(rng, n, d, law):
    """Weights of lengths from 0.1 to 10, and biases of these levels times the length."""
    weights = neurons(rng, n, d)
    levels = {
        "uniform": rng.uniform(-3, 3, n),
        "Gaussian": rng.standard_normal(n),
        "one": np.ones(n),
        "two": np.where(rng.random(n) < 0.5, -0.5, 2.0),
        "zero": np.zeros(n),
    }[law]
    return weights, levels * np.linalg.norm(weights, axis=1)


def dense_gram(features):
    """G by the closed form alone."""
    p = np.linalg.norm(features.rows, axis=1)
    bound = np.outer(p, p)
    covariance = np.clip(features.rows @ features.rows.T, -bound, bound)
    b = features.bias
    return dual_relu_general(p[:, None] ** 2, p[None, :] ** 2, covariance, b[:, None], b[None, :])


def whole(gram):
    """A matrix from its tiles."""
    starts = gram.starts
    return np.block([[np.asarray(gram.tile(i, j)).copy() for j in starts] for i in starts])
