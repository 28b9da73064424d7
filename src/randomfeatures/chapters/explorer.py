"""The numbers of the explorer on the page "Just the numbers": every bound on a grid of dimensions,
errors and numbers of features, as the page's script reads them.

No formula is here or in the script: each text and each logarithm comes from
:func:`randomfeatures.sharp.every_bound.numbers`, and between the points of the grid there is
nothing.
"""

import html
import json
import math
from collections.abc import Sequence
from typing import Any

from randomfeatures.sharp.every_bound import numbers
from randomfeatures.sharp.every_bound_table import KINDS, Entry, share

DIMENSIONS = (2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 784, 1000, 3072)
ERRORS = tuple(float(f"{digit}e-{power}") for power in range(1, 8) for digit in (5, 2, 1))[1:]
"""Errors for a neuron of norm 1, three in each power of ten."""

NORMS = (("1", "1"), ("3.162", "√10"), ("10", "10"), ("31.62", "10√10"))
"""Each norm, as an address and as a text, moves an error by three places: its square is ten times
the square of the one before."""

MOST = 11
"""How many of the errors a reader can choose; the norm reaches the others."""

FEATURES = tuple(2**power for power in range(31))
BIASES = (-1.0, -0.5, 0.0, 0.5, 1.0)
"""Biases of a neuron of norm 1: where its kink lies, in standard deviations of the input."""

LEAST_BIASED = 2e-3
"""The least error for which a neuron with a bias is on the grid."""

NOTHING = {
    "half_width": "the theorem says nothing at this error",
    "random_width_predicted": "not computed, or above what is proved",
    "random_error_predicted": "not computed, or above what is proved",
    "any_coefficients": "begins at smaller errors or larger norms",
    "bounded_coefficients": "begins at smaller errors or larger norms",
}
"""Why an entry without a number has none, in general."""

BIASED = "with a bias: not proved, or not on this grid"


def grid(
    dimensions: Sequence[int] = DIMENSIONS, biases: Sequence[float] = BIASES
) -> dict[str, Any]:
    """All numbers of the explorer, ready for JSON.

    Tables have a row for each dimension, and there a number, as a text, for each of the errors or
    numbers of features; ``log`` has their decimal logarithms.
    """
    errors = [[numbers(d, error=error).entries() for error in ERRORS] for d in dimensions]
    features = [[numbers(d, r=r).entries() for r in FEATURES] for d in dimensions]
    few = [error for error in ERRORS if error >= LEAST_BIASED]
    biased = {
        f"{b:g}": [
            [numbers(d, error=error, bias=b).entries()["best_width"] for error in few]
            for d in dimensions
        ]
        for b in biases
        if b
    }
    widths = [name for name in errors[0][0] if name not in ("paper", "trained")]
    theorems = sorted({row["random_width_proved"].label for rows in errors for row in rows})
    bounds = sorted({row["random_error_proved"].label for rows in features for row in rows})
    return {
        "d": list(dimensions),
        "r": list(FEATURES),
        "errors": [f"{error:g}" for error in ERRORS],
        "shares": [share(error) for error in ERRORS],
        "most": MOST,
        "norms": NORMS,
        "biases": [f"{b:g}" for b in biases],
        "kinds": {
            name: kind._asdict() | {"nothing": NOTHING.get(name, "")}
            for name, kind in KINDS.items()
        },
        "biased": BIASED,
        "text": _table(widths, errors, _text) | _table(features[0][0], features, _text),
        "log": _table(widths, errors, _log),
        "with_bias": {b: [[_text(x) for x in row] for row in rows] for b, rows in biased.items()},
        "log_with_bias": {
            b: [[_log(x) for x in row] for row in rows] for b, rows in biased.items()
        },
        "theorems": theorems,
        "theorem": _codes("random_width_proved", theorems, errors),
        "bounds": bounds,
        "bound": _codes("random_error_proved", bounds, features),
        "paper": [
            "".join(str(int(" not " not in row["paper"].assumes[-25:])) for row in rows)
            for rows in errors
        ],
    }


def page(data: dict[str, Any]) -> str:
    """The explorer in HTML: its numbers, and a table for a page without JavaScript or on paper."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    head = "".join(f'<th scope="col">{name}</th>' for name in ("d", "error", *FALLBACK.values()))
    rows = "".join(
        f"<tr><td>{data['d'][i]:,}</td><td>{data['shares'][j]}</td>"
        + "".join(f"<td>{html.escape(data['text'][name][i][j] or '–')}</td>" for name in FALLBACK)
        + "</tr>"
        for i in range(len(data["d"]))
        for j in (1, 4, 7)
        if data["d"][i] in (2, 10, 100, 784, 1000)
    )
    caption = "The number of features for a neuron without a bias; the error as a part of ‖w‖²."
    return (
        '<div class="explorer">'
        f'<script type="application/json">{text}</script>'
        '<div class="explorer-fallback" role="region" tabindex="0" aria-label="Features needed">'
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div></div>"
    )


FALLBACK = {
    "best_width": "any features, at least",
    "random_width_predicted": "random ReLU, predicted",
    "random_width_proved": "random ReLU, proved enough",
}


def _text(entry: Entry) -> str:
    """The number as a text; empty where there is none, or where what is proved refutes it."""
    return "" if math.isnan(entry.log) or "off here" in entry.assumes else entry.text


def _log(entry: Entry) -> float | None:
    return round(entry.log / math.log(10), 2) if _text(entry) and math.isfinite(entry.log) else None


def _table(names: Any, rows: list, of: Any) -> dict[str, list]:
    return {name: [[of(entries[name]) for entries in row] for row in rows] for name in names}


def _codes(name: str, labels: list[str], rows: list) -> list[str]:
    """For each dimension a digit for each column: the place of the entry's theorem in the list."""
    return ["".join(str(labels.index(entries[name].label)) for entries in row) for row in rows]
