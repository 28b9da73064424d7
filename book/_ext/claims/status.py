"""How a result stands to the literature: read from the note ``source`` of its statement.

The note is one or more pieces with semicolons between them, each ``[parts] status[: detail]``, for
instance ``1 standard: Cho and Saul 2009; 2 and 3 new: the constant``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# What each says is on the claims page.
STATUSES = ("quoted", "standard", "sharpened", "new")
NEEDS_DETAIL = ("quoted", "sharpened", "new")

PART = r"(?:\d+|\([a-z]\))"
PIECE = re.compile(
    rf"(?:(?P<parts>{PART}(?:(?:, | and | to ){PART})*) )?"
    rf"(?P<status>{'|'.join(STATUSES)})"
    r"(?:: (?P<detail>\S.*))?"
)


@dataclass(frozen=True)
class Status:
    """The status of a statement, or of some of its parts."""

    parts: str  # as the author writes them; empty for the whole statement
    status: str
    detail: str


def pieces(source: str) -> list[str]:
    return [piece.strip() for piece in source.split(";")]


def statuses(source: str) -> list[Status]:
    """What the note says, piece by piece; a piece that says nothing is left out."""
    found = [PIECE.fullmatch(piece) for piece in pieces(source)]
    return [
        Status(match["parts"] or "", match["status"], match["detail"] or "")
        for match in found
        if match
    ]


def status_faults(source: str) -> Iterator[str]:
    """What is wrong with a note, as the end of a sentence about its result."""
    for piece in pieces(source):
        match = PIECE.fullmatch(piece)
        if not match:
            kinds = ", ".join(STATUSES)
            yield f"has the source {piece!r}, which does not begin with one of {kinds}"
        elif match["status"] in NEEDS_DETAIL and not match["detail"]:
            yield f"is called {match['status']} without saying against what: write {piece!r}: ..."
    whole = [status for status in statuses(source) if not status.parts]
    if whole and len(pieces(source)) > 1:
        yield "has a status for the whole and others beside it: say of which parts each is"
