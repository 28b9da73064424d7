"""What a limit may be traded for: one problem in other units, and what is easy.

A neuron [⟨w, x⟩ + b]_+ of norm ρ = ‖w‖ is approximated by a combination of fixed features, x
standard Gaussian.
"""

import math
from typing import NamedTuple

from randomfeatures.foundations.arguments import real

FAR = -40.0
"""Below this number of standard deviations a Gaussian has the mass 4e-350, which no float holds."""

SMALLEST_NORMAL = 2.3e-308


class Problem(NamedTuple):
    """A target of this norm and bias, the mean squared error allowed, and a size of coefficients.

    ``coefficients`` is any norm of u, such as max|u_i| or √r ‖u‖₂.
    """

    norm: float
    bias: float
    error: float
    coefficients: float


def rescale(problem: Problem, norm: float = 1.0) -> Problem:
    r"""The same problem at another ``norm`` of the target; the features and their number stay.

    .. math:: (\rho,\ b,\ \varepsilon,\ u)\ \mapsto\ (s\rho,\ sb,\ s^2\varepsilon,\ su)

    So a theorem is about the values at norm 1, which are ε/ρ², b/ρ and u/ρ.

    Book: ``lem-homogeneity``, ``prop-exchange-rate``. Error: relative, 1e-15.
    Raises: ValueError unless both norms are > 0, error and coefficients ≥ 0, and all are finite;
    ArithmeticError where a float does not hold a result.

    >>> rescale(Problem(norm=4.0, bias=8.0, error=0.5, coefficients=24.0))
    Problem(norm=1.0, bias=2.0, error=0.03125, coefficients=6.0)
    """
    old, norm = real("problem.norm", problem.norm, above=0), real("norm", norm, above=0)
    s = norm / old
    if not SMALLEST_NORMAL < s < math.inf:
        ratio = f"norm = {norm!r} by problem.norm = {old!r}"
        raise ArithmeticError(f"rescale divides {ratio}, out of the range of a float")
    bias = real("problem.bias", problem.bias)
    error = real("problem.error", problem.error, at_least=0)
    coefficients = real("problem.coefficients", problem.coefficients, at_least=0)
    return Problem(
        norm,
        _times("bias", s, bias),
        _times("error", s, _times("error", s, error)),
        _times("coefficients", s, coefficients),
    )


def zero_error(norm: float, bias: float) -> float:
    r"""Mean squared error of the function zero, E [ρz + b]_+² for standard Gaussian z.

    .. math:: (\rho^2+b^2)\,\Phi(b/\rho)+\rho b\,\varphi(b/\rho)

    Book: ``prop-exchange-rate``. Error: relative to ρ² + b², 1e-15.
    Raises: ValueError unless norm > 0 and both are finite; ArithmeticError where a float does not
    hold the result.

    >>> zero_error(3.0, 0.0)
    4.5
    """
    norm, bias = real("norm", norm, above=0), real("bias", bias)
    beta = bias / norm
    if beta < FAR:
        return 0.0
    density, below = _density(beta), _distribution(beta)
    square = _times("zero_error", math.hypot(norm, bias), math.hypot(norm, bias))
    return max(0.0, square * below + norm * bias * density)


def affine_error(norm: float, bias: float) -> float:
    r"""Least mean squared error of an affine function of x: of the features 1, x_1, ..., x_d.

    .. math:: \rho^2\bigl(\mathbb E[z+\beta]_+^2-(\mathbb E[z+\beta]_+)^2
              -(\mathbb E\,z[z+\beta]_+)^2\bigr), \qquad \beta=b/\rho

    It is the same for b and -b, and largest at b = 0, where it is ρ²(1/4 - 1/(2π)).

    Book: ``prop-exchange-rate``. Error: relative to ρ², 1e-15. Raises: as :func:`zero_error`.

    >>> round(affine_error(1.0, 0.0), 4), round(affine_error(2.0, -1.0), 4)
    (0.0908, 0.3013)
    """
    norm, bias = real("norm", norm, above=0), real("bias", bias)
    beta = -abs(bias / norm)
    if beta < FAR:
        return 0.0
    density, below = _density(beta), _distribution(beta)
    mean = beta * below + density
    unit = (1 + beta * beta) * below + beta * density - mean**2 - below**2
    return _times("affine_error", norm, _times("affine_error", norm, max(0.0, unit)))


def affine_bounds(norm: float, bias: float) -> tuple[float, float]:
    r"""Upper bounds (ρ²/4, \|b\| + ρ/2) on the error and the coefficients of an affine function.

    One affine function obeys both; its coefficients are those of 1, x_1, ..., x_d.

    Book: ``prop-exchange-rate``. Error: relative, 1e-15; the bounds are generous by more.
    Raises: as :func:`zero_error`.

    >>> affine_bounds(2.0, -3.0)
    (1.0, 4.0)
    """
    norm, bias = real("norm", norm, above=0), real("bias", bias)
    return _times("affine_bounds", norm, _times("affine_bounds", norm, 0.25)), abs(bias) + norm / 2


# --- numerics


def _density(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi) if abs(z) < -FAR else 0.0


def _distribution(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2


def _times(name: str, x: float, y: float) -> float:
    """x y, refused where it overflows or loses digits to underflow."""
    product = x * y
    if x and y and not SMALLEST_NORMAL < abs(product) < math.inf:
        raise ArithmeticError(f"{name} needs {x!r} times {y!r}, out of the range of a float")
    return product
