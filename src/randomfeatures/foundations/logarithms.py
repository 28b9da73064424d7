"""Numbers that a float may not hold: they are computed as logarithms."""

import math


def from_log(name: str, log_value: float) -> float:
    """exp(log_value), refused where a float does not hold it to ten digits: 5e-314 has 1e10 units in its last place."""
    if not -720.7 < log_value < 709.7:
        raise ArithmeticError(f"{name} = exp({log_value:.10g}) is out of the range of a float; use log_{name}")
    return math.exp(log_value)
