r"""Every bound of the book on one neuron, for given dimension, number of features, error and norm.

The target is the neuron x -> [⟨w, x⟩ + β]_+ with ‖w‖ = ρ and w/‖w‖ uniform on the unit sphere of
R^d, x standard Gaussian. An error is a mean squared error; for a neuron without a bias that of the
zero function is ρ²/2. No formula is at home here: each number comes from the function of its
theorem, with the error divided by ρ² and the bias by ρ.
"""

import math
from collections.abc import Callable, Iterator

from randomfeatures.foundations.arguments import integer, real
from randomfeatures.limits.any_coefficients import log_width_bound
from randomfeatures.limits.bounded_coefficients import log_coefficient_bound, wave_norm
from randomfeatures.limits.concentration import smallest_norm
from randomfeatures.sharp.every_bound_table import KINDS, Entry, Numbers, text_of
from randomfeatures.sharp.optimum import (
    almost_every_direction_bound,
    features_needed,
    optimal_error,
    optimal_error_certified,
)
from randomfeatures.sharp.sandwich import (
    expected_error_bound,
    log_most_directions_width,
    log_width_enough,
    random_relu_expected_width,
)
from randomfeatures.sharp.sandwich_prediction import log_predicted_width, predicted_error
from randomfeatures.sharp.sandwich_rate import full_degree_bound, log_full_degree_width
from randomfeatures.sharp.spectrum import harmonics

LARGEST_DIMENSION = 10**6
"""The highest dimension in which all of these functions have been tried."""

UNIT_NEURON = 1 / math.sqrt(2)
"""The norm of a ReLU neuron with a unit weight and no bias."""


def numbers(
    d: int,
    *,
    r: int | None = None,
    error: float | None = None,
    norm: float = 1.0,
    bias: float = 0.0,
) -> Numbers:
    r"""What r features can do for one neuron, and how many an error needs, by every bound here.

    For ``r``: the error of the best r features, of any r features in half of all directions, and of
    r random ReLU features, predicted and proved. For ``error``: the same as numbers of features,
    the bounds by way of the wave, and the paper's. For a bias, which is that of the neuron, most
    bounds are not proved; their entries say so.

    See: ``thm-exact-optimum``, ``thm-almost-every-direction``, ``eq-self-consistent``,
    ``prop-sandwich``, ``thm-random-relu``, ``thm-full-degrees``, ``thm-any-coefficients``,
    ``cor-paper-norm``, ``thm-one-neuron``.
    Error: those of the functions of these theorems; error/ρ² and β/ρ are rounded to floats.
    Raises: ValueError unless 2 ≤ d ≤ 10^6, r ≥ 1, error > 0, norm > 0, ``bias`` is finite, error/ρ²
    and β/ρ are floats, and r or error is given; ImportError without python-flint.

    >>> print(numbers(784, error=0.01).sentences())
    784 dimensions, an error of 1 % of ‖w‖²: at least 2,916,896,016 features of
    any kind; about 5.40·10⁹ random ReLU features as predicted; 2.71·10¹¹ random
    ReLU features are proved to be enough.
    >>> numbers(100, error=0.01).best_width.value
    599521
    >>> round(numbers(784, r=4096).best_error.value, 6)
    0.089888
    """
    d = integer("d", d, at_least=2, at_most=LARGEST_DIMENSION)
    norm, bias = real("norm", norm, above=0), real("bias", bias)
    b = real("bias / norm", bias / norm)
    if r is None and error is None:
        raise ValueError("r or error must be given, got neither")
    found: dict[str, Entry] = {}
    relative = None
    if r is not None:
        r = integer("r", r, at_least=1)
        found |= _errors(d, r, norm, b)
    if error is not None:
        error = real("error", error, above=0)
        relative = real("error / norm²", error / norm / norm, at_least=2.3e-308)
        found |= _widths(d, relative, b)
    return Numbers(d, r, error, norm, bias, relative, b, **found)


# --- the entries


class _Log(float):
    """The logarithm of a number of features."""


def _errors(d: int, r: int, norm: float, b: float) -> dict[str, Entry]:
    """The entries for r features: errors for a neuron of norm 1, times ρ²."""

    def entry(name: str, value: Callable[[], float], label: str = "") -> Entry:
        return _entry(name, b, lambda: value() * norm * norm, label)

    def best() -> float:
        return optimal_error(d, r, b) if b else optimal_error_certified(d, r)[0]

    bounds = {"prop-sandwich": expected_error_bound, "thm-full-degrees": _full_degrees}
    proved, label = min((bound(d, r), label) for label, bound in bounds.items())
    return _compared(
        {
            "best_error": entry("best_error", best),
            "half_error": entry("half_error", lambda: _half_error(d, r)),
            "random_error_predicted": entry(
                "random_error_predicted", lambda: predicted_error(d, r)
            ),
            "random_error_proved": entry("random_error_proved", lambda: proved, label),
        }
    )


def _widths(d: int, error: float, b: float) -> dict[str, Entry]:
    """The entries for an error, for a neuron of norm 1."""
    nothing_needed = error >= 0.5
    enough, label = (0.0, "") if b or nothing_needed else _enough(d, error)

    def predicted() -> float:
        return 0 if nothing_needed else _Log(max(0.0, log_predicted_width(d, error)))

    def bounded() -> float:
        return _Log(log_coefficient_bound(d, error, UNIT_NEURON, _wave(d, error)))

    found: dict[str, Callable[[], float]] = {
        "best_width": lambda: features_needed(d, error, b),
        "half_width": lambda: _Log(log_most_directions_width(d, error, 0.5)),
        "random_width_predicted": predicted,
        "random_width_proved": lambda: 0 if nothing_needed else _Log(enough),
        "any_coefficients": lambda: _Log(log_width_bound(d, _wave(d, error))),
        "bounded_coefficients": bounded,
        "trained": lambda: d,
    }
    entries = {name: _entry(name, b, value) for name, value in found.items()}
    proved, reached = entries["random_width_proved"], error * 50 * d**6 <= 1 + 1e-12
    if not b:
        entries["random_width_proved"] = proved._replace(label=label or proved.label)
    assumes = f"{KINDS['paper'].assumes}; that ratio is {'' if reached else 'not '}reached here"
    return _compared(entries | {"paper": _nothing("paper", assumes)})


def _compared(entries: dict[str, Entry]) -> dict[str, Entry]:
    """The entries, in which a prediction that is refuted by the bound says so."""
    for kind in ("error", "width"):
        name, proved = f"random_{kind}_predicted", entries.get(f"random_{kind}_proved")
        if proved and entries[name].log > proved.log:
            note = f"{entries[name].assumes}; this is above what is proved, so it is off here"
            entries[name] = entries[name]._replace(assumes=note)
    return entries


def _entry(name: str, b: float, value: Callable[[], float], label: str = "") -> Entry:
    """The entry of this field, or why it has no number."""
    kind = KINDS[name]
    if b and not kind.biased:
        return _nothing(name, "no number: proved for neurons without a bias only")
    try:
        number = value()
    except ArithmeticError as refusal:
        return _nothing(name, f"no number: {refusal}")
    shown: float | None
    if isinstance(number, _Log):
        log, shown, exact = float(number), _whole(number, kind.sign), False
    else:
        log, shown, exact = math.log(number) if number else -math.inf, number, True
    if kind.sign == "≥" and log == -math.inf:
        return _nothing(name, "no number: the theorem says nothing here")
    text = text_of(shown, log, kind.sign, exact)
    return Entry(kind.name, kind.sign, shown, log, text, label or kind.label, kind.assumes)


def _nothing(name: str, why: str) -> Entry:
    kind = KINDS[name]
    return Entry(kind.name, " ", None, math.nan, "-", kind.label, why)


def _whole(log: float, sign: str) -> int | None:
    """The number of features with this logarithm, where a float holds it: features are whole, so
    bounds from below and from above are rounded up, each to its safe side of the logarithm's error.
    """
    if log > 700:
        return None
    value = math.exp(log)
    if sign == "≈":
        return max(1, round(value))
    slack = 1e-12 * max(log, 0.0)
    return math.ceil(value * (1 - slack if sign == "≥" else 1 + slack))


# --- the bounds that are the best ones of a theorem


def _half_error(d: int, r: int) -> float:
    """The best bound of the theorem over the degrees that it leaves free."""
    bounds = (almost_every_direction_bound(d, r, 0.5, K) for K in (0, *_degrees(d, 20 * r)))
    return max(bounds)


def _full_degrees(d: int, r: int) -> float:
    """The best bound of the theorem over the degrees that it leaves free."""
    return min(full_degree_bound(d, r, K) for K in _degrees(d, r))


def _degrees(d: int, most: int) -> Iterator[int]:
    """Even degrees, 2 and those with at most ``most`` harmonics up to them: all in the beginning,
    then every tenth."""
    half = 1
    while half == 1 or harmonics(d, 2 * half) <= most:
        yield 2 * half
        half += 1 if half < 16 else 1 + half // 10


def _enough(d: int, error: float) -> tuple[_Log, str]:
    """The least number that one of three theorems proves to be enough, and which."""
    by_sum, by_degrees = log_width_enough(d, error), log_full_degree_width(d, error)
    if by_degrees < by_sum:
        return _Log(by_degrees), "thm-full-degrees"
    theorem = by_sum >= math.log(random_relu_expected_width(d, error))
    return _Log(by_sum), "thm-random-relu" if theorem else "prop-sandwich"


def _wave(d: int, error: float) -> float:
    """The norm R_ρ of the wave, or the reason why the bounds by way of it say nothing."""
    R = wave_norm(1.0, error)
    if d < 3:
        raise ArithmeticError("the wave needs d ≥ 3")
    if smallest_norm(d) > R:
        raise ArithmeticError(f"R_ρ = {R:.3g} is below 2√d/π = {smallest_norm(d):.3g}")
    return R
