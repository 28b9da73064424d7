"""The table of synonyms: what a reader types, and what is meant."""

import re
from pathlib import Path

import yaml

from .entries import Entry

Synonyms = list[tuple[list[str], list[str]]]


def read_synonyms(path: Path) -> tuple[Synonyms, list[str]]:
    """For each line its phrases and what is meant by them; then what is wrong with the file."""
    lines = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    said = [([words(phrase) for phrase in str(left).split(",")], lines[left]) for left in lines]
    every = [phrase for phrases, _ in said for phrase in phrases]
    twice = dict.fromkeys(phrase for phrase in every if every.count(phrase) > 1)
    return said, [f"the synonym {phrase!r} stands there twice" for phrase in twice]


def words(text: str) -> str:
    """A phrase as the search page reads it: small letters, and one space between words.

    >>> words(" Ky-Fan's  theorem")
    'ky fan s theorem'
    """
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def resolve(
    said: Synonyms, entries: list[Entry], sections: dict[str, dict[str, str]]
) -> tuple[list[tuple[list[str], list[int], list[str]]], list[str]]:
    """For each line its phrases, the places of the entries that are meant, and the words to search
    for instead; then what leads nowhere.

    Sections (``page#anchor``) that are meant are added to ``entries``.
    """
    place = {entry.anchor: i for i, entry in enumerate(entries) if entry.name != "Symbol"}
    place |= {entry.docname: i for i, entry in enumerate(entries) if not entry.anchor}
    texts = [words(" ".join((entry.title, *entry.functions))) for entry in entries]
    found, lost = [], []
    for phrases, meant in said:
        direct, other = [], []
        for target in map(str, meant):
            page, _, anchor = target.partition("#")
            if target not in place and anchor in sections.get(page, ()):
                place[target] = len(entries)
                entries.append(Entry(page, anchor, "Section", sections[page][anchor], [], ""))
            if target in place:
                direct.append(place[target])
            elif any(all(word in text for word in words(target).split()) for text in texts):
                other.append(words(target))
            else:
                lost.append(f"{phrases[0]!r} leads to {target!r}, which nothing is called")
        found.append((phrases, direct, other))
    return found, lost
