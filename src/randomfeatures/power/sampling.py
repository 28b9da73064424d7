"""Averages of sampled neurons: how far r random terms are from their mean, in mean, with high
probability, and uniformly.
"""

import math

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.foundations.relu_spectrum import relu_eigenvalue

# --- sampling


def sampling_error(second_moment: float, norm_squared: float, r: int) -> float:
    r"""E ‖f - N‖² for N = (1/r) Σ c(w_i) σ_{w_i} and f = E c(w) σ_w, over r independent weights
    w_i.

    .. math:: \frac{\mathbb E_w\,c(w)^2\|\sigma_w\|^2 - \|f\|^2}{r}

    Book: ``thm-sampling``; with weights drawn from a density, ``prop-importance-sampling``.
    Error: relative 1e-16 of the larger term.
    Raises: ValueError unless second_moment = E c²‖σ‖² >= norm_squared = ‖f‖² >= 0 and r >= 1.

    >>> sampling_error(9.0, 1.0, 4)
    2.0
    """
    second_moment, r = real("second_moment", second_moment, at_least=0), integer("r", r, at_least=1)
    return (
        second_moment - real("norm_squared", norm_squared, at_least=0, at_most=second_moment)
    ) / r


def sampling_deviation(bound: float, r: int, delta: float) -> float:
    r"""Upper bound on ‖f - N‖ (not squared) that holds with probability at least 1 - delta over the
    r weights.

    .. math:: \frac{B}{\sqrt r}\Bigl(1 + \sqrt{2\log(1/\delta)}\Bigr), \qquad \|c(w)\,\sigma_w\|
              \le B

    Book: ``prop-sampling-high-probability``.
    Error: relative 1e-15.
    Raises: ValueError unless bound = B >= 0, r >= 1 and 0 < delta <= 1.

    >>> sampling_deviation(6.0, 4, 1.0)
    3.0
    """
    bound, r, delta = (
        real("bound", bound, at_least=0),
        integer("r", r, at_least=1),
        real("delta", delta, above=0, at_most=1),
    )
    return bound / math.sqrt(r) * (1 + math.sqrt(-2 * math.log(delta)))


def sampling_sup_deviation(bound: float, r: int, delta: float) -> float:
    r"""Upper bound on the largest \|f(x) - N(x)\| over the unit ball, with probability at least 1 -
    delta over r weights in the unit ball.

    .. math:: \frac{C}{\sqrt r}\Bigl(2 + \sqrt{2\log(2/\delta)}\Bigr), \qquad |c(w)| \le C

    For features σ(<w, x>) with σ(0) = 0 and Lipschitz constant 1.

    Book: ``prop-sampling-high-probability``.
    Error: relative 1e-15.
    Raises: ValueError unless bound = C >= 0, r >= 1 and 0 < delta <= 1.

    >>> round(sampling_sup_deviation(1.0, 100, 0.01), 3)
    0.526
    """
    bound, r, delta = (
        real("bound", bound, at_least=0),
        integer("r", r, at_least=1),
        real("delta", delta, above=0, at_most=1),
    )
    return bound / math.sqrt(r) * (2 + math.sqrt(2 * math.log(2 / delta)))


def sampling_sup_width(bound: float, error: float, delta: float) -> int:
    r"""The least number r of features for which :func:`sampling_sup_deviation` is at most
    ``error``, an error in the *maximum norm*, not squared.

    .. math:: r = \Bigl\lceil \frac{C^2}{\varepsilon^2}\Bigl(2 + \sqrt{2\log(2/\delta)}\Bigr)^2
              \Bigr\rceil

    Book: ``prop-sampling-high-probability``.
    Error: the number before rounding up has a relative error of 1e-15; where that passes an
    integer, r is off by one.
    Raises: ValueError unless bound = C >= 0, error > 0 and 0 < delta <= 1; ArithmeticError where
    r is no float.

    >>> sampling_sup_width(1.0, 0.5, 2 * math.exp(-2))
    64
    """
    ratio = sampling_sup_deviation(bound, 1, delta) / real("error", error, above=0)
    if not ratio < 1e154:
        raise ArithmeticError(f"the width is above the largest float for a ratio of {ratio:g}")
    return max(1, math.ceil(ratio**2 * (1 - 1e-14)))


def smallest_coefficients(d: int) -> tuple[float, float]:
    r"""The least possible sup |c| and E c² over all c with x_1 = E_w c(w) [<w, x>]_+ for w uniform
    on the sphere.

    .. math:: \sup|c| \ge \frac2{\mathbb E|w_1|} = \frac1{\eta_0}, \qquad \mathbb E\,c^2 \ge 4d,

    attained by :math:`c = 2\operatorname{sgn}(w_1)/\mathbb E|w_1|` and by :math:`c = 2d\,w_1`.

    Book: ``prop-smallest-coefficients``.
    Error: relative, that of :func:`~randomfeatures.foundations.relu_spectrum.relu_eigenvalue`, and
    none.
    Raises: ValueError unless d >= 2.

    >>> largest, mean_square = smallest_coefficients(3)
    >>> round(largest, 12), mean_square
    (4.0, 12.0)
    """
    return 1 / relu_eigenvalue(d, 0), 4.0 * integer("d", d, at_least=2)
