"""Answers that are judged by trying them: what is asked is checked, and no answer is kept.

Each function takes an answer and returns whether it does what is asked, and a sentence.
"""

import math
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from .reading import Unreadable, kind_of, number_of, shown

TOLERANCE = 1e-9
MOST = 1000
"""Vectors of a list, and numbers of a vector, that are read."""


def vectors(answer: Any, dimension: int) -> list[list[float]]:
    """The vectors of an answer, as lists of floats.

    Raises: Unreadable if it is no list of vectors of this dimension.
    """
    if isinstance(answer, str | bytes | dict) or not isinstance(answer, Iterable):
        raise Unreadable(f"{shown(answer)} is {kind_of(answer)}, and a list of vectors is asked")
    found = []
    for row in islice(answer, MOST):
        if isinstance(row, str | bytes | dict) or not isinstance(row, Iterable):
            raise Unreadable(f"{shown(row)} is no vector of {dimension} numbers")
        found.append([float(number_of(entry)) for entry in islice(row, MOST)])
        if len(found[-1]) != dimension:
            raise Unreadable(f"a vector has {len(found[-1])} numbers, and {dimension} are asked")
    if not found:
        raise Unreadable("the list is empty")
    return found


def same_mean_other_law(answer: Any) -> tuple[bool, str]:
    """Vectors v of the plane, equally likely, for which the mean of <v, θ>² is the same for all
    unit vectors θ and the law of <v, θ>² is not.

    See: ``lem-rotation-average``.

    >>> same_mean_other_law([(1, 0)])
    (False, 'Not right. The mean of <v, θ>² depends on θ: it lies between 0 and 1.')
    """
    found = vectors(answer, 2)
    moments = [sum(v[i] * v[j] for v in found) / len(found) for i, j in ((0, 0), (0, 1), (1, 1))]
    middle = (moments[0] + moments[2]) / 2
    swing = math.hypot((moments[0] - moments[2]) / 2, moments[1])
    if middle <= TOLERANCE:
        return False, "Not right. All vectors are zero: then the law is the same for all θ as well."
    if swing > TOLERANCE * middle:
        low, high = max(0.0, middle - swing), middle + swing
        said = f"The mean of <v, θ>² depends on θ: it lies between {low:.3g} and {high:.3g}."
        return False, f"Not right. {said}"
    for angle in (0.3, 0.7, math.pi / 4, 1.1):
        if differs(squares(found, 0.0), squares(found, angle)):
            return True, f"Right. The laws at θ = e_1 and at the angle {angle:.3g} differ."
    return False, "Not right. The mean is the same for all θ, but so is the law, as far as tried."


def squares(found: list[list[float]], angle: float) -> list[float]:
    """The values of <v, θ>², in order, at the unit vector of an angle."""
    c, s = math.cos(angle), math.sin(angle)
    return sorted((c * x + s * y) ** 2 for x, y in found)


def differs(first: list[float], second: list[float]) -> bool:
    size = max(*first, *second)
    return any(abs(a - b) > 1e-6 * size for a, b in zip(first, second, strict=True))


BY_NAME: dict[str, Callable[[Any], tuple[bool, str]]] = {
    "same_mean_other_law": same_mean_other_law,
}
"""The judges that the data file can name."""
