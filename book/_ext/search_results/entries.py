"""What can be found, and the form in which the search page receives it."""

import re
from typing import NamedTuple

LENGTH = 56


class Found(NamedTuple):
    """A statement, an exercise or a symbol as its page has it."""

    kind: str
    counter: str  # which counter numbers it
    anchor: str
    title: str
    text: str


class Entry(NamedTuple):
    """One thing that can be found: a page, or something that stands on it."""

    docname: str
    anchor: str
    name: str  # "Theorem 9.3", "Chapter 9", "Symbol"
    title: str
    functions: list[str]
    text: str


def excerpt(text: str, length: int = LENGTH) -> str:
    """The beginning of a text, cut at a word.

    >>> excerpt("Let the features be fixed.", 12)
    'Let the …'
    """
    text = re.sub(r"\s+", " ", text.replace("\u2060", "")).strip()
    return text if len(text) <= length else text[: length - 1].rsplit(" ", 1)[0] + " …"


def encoded(
    entries: list[Entry], uris: dict[str, str], synonyms: list[tuple[list[str], list[int], list]]
) -> dict:
    """Lists instead of records, and each page's address and each kind once: a third of the size."""
    pages = list(dict.fromkeys(entry.docname for entry in entries))
    kinds = list(dict.fromkeys(entry.name.split()[0] for entry in entries))
    rows = [
        [
            pages.index(entry.docname),
            entry.anchor,
            kinds.index(entry.name.split()[0]),
            entry.name.partition(" ")[2],
            entry.title,
            " ".join(entry.functions),
            entry.text,
        ]
        for entry in entries
    ]
    return {
        "pages": [uris[page] for page in pages],
        "kinds": kinds,
        "entries": [trimmed(row) for row in rows],
        "synonyms": synonyms,
    }


def trimmed(row: list) -> list:
    """The row without the empty strings at its end.

    >>> trimmed([0, "", "Page", "Errata", "", ""])
    [0, '', 'Page', 'Errata']
    """
    while row and row[-1] == "":
        row = row[:-1]
    return row
