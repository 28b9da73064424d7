r"""Training both layers of a wide network: how far the features drift, and the network's risk
against a random-feature model's.

The network is N(x) = Σ_i u_i σ(<w_i, x>) with r neurons, |σ'| <= 1, σ(0) = 0, |x| <= 1, |w_i| = 1
and u = 0 at the start; the loss is convex and 1-Lipschitz in the prediction. Each step of
stochastic gradient descent moves both layers on one fresh sample, step size η.
"""

import math
from fractions import Fraction

from randomfeatures.foundations.arguments import integer, real

_LARGEST = 350.0
"""cosh(2 τ) of a larger τ = η t comes near the largest float."""


def drift_bound(eta: float, t: int) -> tuple[float, float]:
    r"""Upper bounds on \|u_i\| and \|w_i - w_i^0\| after ``t`` steps of size ``eta``, for every
    neuron and every sequence of samples.

    .. math:: |u_i^t| \le \sinh(\eta t), \qquad \|w_i^t - w_i^0\| \le \cosh(\eta t) - 1

    Book: ``lem-drift``.
    Error: rounding, relative 1e-13; the second is computed as 2 sinh²(ηt/2), without cancellation.
    Raises: ValueError if eta <= 0, t < 0 or eta t > 350.

    >>> drift_bound(0.1, 0)
    (0.0, 0.0)
    >>> u, w = drift_bound(1e-9, 1000)
    >>> f"{u:.3e} {w:.3e}"
    '1.000e-06 5.000e-13'
    """
    tau = _time(eta, t)
    return math.sinh(tau), 2 * math.sinh(tau / 2) ** 2


def excess_terms(C: float, r: int, eta: float, T: int) -> tuple[float, float, float]:
    r"""The three terms of :func:`excess_bound`: distance to travel, size of the steps, drift of the
    features, with τ = ηT.

    .. math:: \frac{C^2}{2r\tau}, \qquad \frac{\eta r}{2}\Bigl(\frac12 + \frac{\sinh
              2\tau}{4\tau}\Bigr),
              \qquad C\Bigl(\frac{\sinh\tau}{\tau} - 1\Bigr)

    Book: ``thm-both-layers``.
    Error: rounding, relative 1e-13 for the first two; the third is a series below τ = 1/2, so its
    relative error is 1e-13 as well.
    Raises: ValueError if C <= 0, r < 1, eta <= 0, T < 1 or eta T > 350; ArithmeticError where a
    term is no float.

    >>> excess_terms(C=2.0, r=8, eta=0.25, T=4)[0]
    0.25
    """
    C, width, tau = real("C", C, above=0), _count("r", r), _time(eta, T, "T", at_least=1)
    if tau == 0:
        raise ArithmeticError(
            f"the distance term is above the largest float for eta = {eta!r}, T = {T}"
        )
    distance = C / tau * (C / (2 * width))
    steps = eta * width / 2 * (0.5 + math.sinh(2 * tau) / (4 * tau))
    if not math.isfinite(distance + steps):
        given = f"C = {C!r}, r = {width:g}, eta = {eta!r}, T = {T}"
        raise ArithmeticError(f"a term is above the largest float for {given}")
    return distance, steps, C * _relative_drift(tau)


def excess_bound(C: float, r: int, eta: float, T: int) -> float:
    r"""Upper bound on the average over t < T of E L(N_t), minus L(N) for any model N on the first
    features with √r ‖u‖₂ <= C.

    .. math:: \frac{C^2}{2r\tau} + \frac{\eta r}{2}\Bigl(\frac12 + \frac{\sinh 2\tau}{4\tau}\Bigr)
              + C\Bigl(\frac{\sinh\tau}{\tau} - 1\Bigr), \qquad \tau = \eta T

    Book: ``thm-both-layers``.
    Error: rounding, relative 1e-13. The expectation is over the samples; the first weights are
    fixed.
    Raises: ValueError as :func:`excess_terms`.

    >>> excess_bound(C=2.0, r=8, eta=0.25, T=4) == sum(excess_terms(C=2.0, r=8, eta=0.25, T=4))
    True
    """
    return sum(excess_terms(C, r, eta, T))


def step_size(C: float, r: int, T: int) -> float:
    r"""The step η = C / (r √T), which makes the first two terms of :func:`excess_bound` nearly
    equal, C / (2 √T) each.

    Book: ``cor-both-layers-width`` and ``cor-sgd-learns-polynomials``.
    Error: rounding.
    Raises: ValueError if C <= 0, r < 1 or T < 1.

    >>> step_size(C=3.0, r=10, T=9)
    0.1
    """
    scale = real("r sqrt(T)", _count("r", r) * math.sqrt(_count("T", T)))
    return real("C", C, above=0) / scale


def steps_needed(C: float, error: float) -> int:
    r"""A number of steps that suffices for excess risk ``error``: the least integer T >= 4 C² /
    error².

    Book: ``cor-both-layers-width`` and ``cor-sgd-learns-polynomials``.
    Error: none; the two floats are taken as exact rational numbers.
    Raises: ValueError if C <= 0 or not 0 < error <= C.

    >>> steps_needed(C=2.0, error=0.5)
    64
    """
    norm, excess = _exact(C, error)
    return math.ceil(4 * norm**2 / excess**2)


def width_needed(C: float, error: float) -> int:
    r"""A width that suffices for excess risk ``error``: the least integer r >= 2 C^(5/2) /
    error^(3/2).

    Book: ``cor-both-layers-width``.
    Error: none; r is the least integer with r² >= 4 C⁵ / error³, found with integers.
    Raises: ValueError if C <= 0 or not 0 < error <= C.

    >>> width_needed(C=4.0, error=0.25)
    512
    """
    norm, excess = _exact(C, error)
    return math.isqrt(math.ceil(4 * norm**5 / excess**3) - 1) + 1


def _relative_drift(tau: float) -> float:
    """sinh(τ)/τ - 1, below τ = 1/2 by its series, whose ninth term is below 1e-17 of the first."""
    if tau >= 0.5:
        return math.sinh(tau) / tau - 1
    return sum(tau ** (2 * j) / math.factorial(2 * j + 1) for j in range(8, 0, -1))


def _exact(C: float, error: float) -> tuple[Fraction, Fraction]:
    return Fraction(real("C", C, above=0)), Fraction(real("error", error, above=0, at_most=C))


def _time(eta: float, t: int, name: str = "t", at_least: int = 0) -> float:
    return real("eta t", real("eta", eta, above=0) * _count(name, t, at_least), at_most=_LARGEST)


def _count(name: str, value: int, at_least: int = 1) -> float:
    """A whole number as a float; it is refused where it is none."""
    return real(name, integer(name, value, at_least=at_least))
