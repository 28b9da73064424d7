"""Numbers that a float may not hold: they are computed as logarithms."""

import math

LOWEST, HIGHEST = -720.7, 709.7


def from_log(name: str, log_value: float) -> float:
    """exp(log_value) for the function ``name``, whose logarithm is the function log_name.

    Error: relative, 2e-16 and the absolute error of ``log_value``.
    Raises: ArithmeticError where a float does not hold it to ten digits: 5e-314 has 1e10 units in
    its last place.

    >>> from_log("width_bound", 0.0)
    1.0
    >>> from_log("width_bound", 5000.0)
    Traceback (most recent call last):
    ArithmeticError: width_bound = exp(5000) is out of the range of a float; use log_width_bound
    """
    if not LOWEST < log_value < HIGHEST:
        value = f"{name} = exp({log_value:.10g})"
        raise ArithmeticError(f"{value} is out of the range of a float; use log_{name}")
    return math.exp(log_value)


def lower_from_log(name: str, log_value: float) -> float:
    """A lower bound on exp(log_value): :func:`from_log`, the next float down where it is rounded.

    >>> lower_from_log("width_bound", 1.0) < math.e
    True
    """
    value = from_log(name, log_value)
    return value if log_value == 0 else math.nextafter(value, 0.0)


def upper_from_log(name: str, log_value: float) -> float:
    """An upper bound on exp(log_value): :func:`from_log`, the next float up where it is rounded.

    >>> upper_from_log("concentration_bound", 0.0)
    1.0
    """
    value = from_log(name, log_value)
    return value if log_value == 0 else math.nextafter(value, math.inf)


def lower_sum(*terms: float) -> float:
    """A lower bound on the sum of numbers that are each known to four units in the last place.

    >>> lower_sum(math.log(2), math.log(5)) < math.log(10)
    True
    """
    return math.fsum(terms) - _rounding(terms)


def upper_sum(*terms: float) -> float:
    """An upper bound on the sum of numbers that are each known to four units in the last place.

    >>> upper_sum(math.log(2), math.log(5)) > math.log(10)
    True
    """
    return math.fsum(terms) + _rounding(terms)


def _rounding(terms: tuple[float, ...]) -> float:
    return 1e-15 * math.fsum(abs(term) for term in terms)
