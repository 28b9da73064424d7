"""Tables that a chapter prints, and numbers too long for them: a cell says what is shown and not
how."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from randomfeatures.foundations.arguments import integer

WIDEST = 76
"""The page shows this many characters of a line without scrolling."""


def table(columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
    """Print ``rows`` under a line of headings, each column as wide as its widest entry, aligned
    right.

    ``columns`` maps each heading to the format of its entries, as in ``format(entry, ".2e")``; an
    entry of type str is printed as it is. A column of nothing but texts is aligned left. Columns
    are two spaces apart.

    Raises: ValueError if a row has another number of entries, or a line is longer than 76
    characters.

    >>> table({"d": "d", "features": ",d", "error": ".1e"}, [(5, 1200, 0.02), (10, 35, 1e-5)])
     d  features    error
     5     1,200  2.0e-02
    10        35  1.0e-05
    """
    rows, shown = list(rows), [list(columns)]
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(
                f"rows must have {len(columns)} entries, one for each column, got {row!r}"
            )
        pairs = zip(row, columns.values(), strict=True)
        shown.append(
            [entry if isinstance(entry, str) else format(entry, form) for entry, form in pairs]
        )
    widths = [max(len(line[i]) for line in shown) for i in range(len(columns))]
    width = sum(widths) + 2 * (len(widths) - 1)
    if width > WIDEST:
        raise ValueError(
            f"rows must fit in {WIDEST} characters a line, "
            f"got {width}: shorten a heading or a format"
        )
    words = [
        bool(rows) and all(isinstance(row[i], str) for row in rows) for i in range(len(columns))
    ]
    for line in shown:
        cells = zip(line, widths, words, strict=True)
        aligned = [
            entry.ljust(size) if is_text else entry.rjust(size) for entry, size, is_text in cells
        ]
        print("  ".join(aligned).rstrip())


def scientific(n: int) -> str:
    """An integer ``n`` ≥ 0 of any size, cut (not rounded) to three digits; up to four as it is.

    Raises: ValueError unless n is an integer ≥ 0.

    >>> scientific(9999), scientific(12999), scientific(10**100)
    ('9999', '1.29·10⁴', '1.00·10¹⁰⁰')
    """
    digits = str(integer("n", n, at_least=0))
    if len(digits) <= 4:
        return digits
    raised = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
    power = str(len(digits) - 1).translate(raised)
    return f"{digits[0]}.{digits[1:3]}·10{power}"
