"""What of a solution, or of the authors' answers, stands in a file for students.

Two sieves, each for what the other lets through: whole lines, as they stand; and runs of eight
words in a row, however the lines are broken. What also stands in the open, in a chapter outside its
solutions or in the package, is no leak.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

SHORTEST = 12  # letters of a line that says something
RUN = 8  # words
WORD = re.compile(r"[\w-]+|[^\w\s]")


class Sieve:
    """Finds in a text the lines and runs of words of secrets that are not in the open."""

    def __init__(self, secrets: Iterable[str], in_the_open: Iterable[str] = ()) -> None:
        self.lines: set[str] = set()
        self.runs: set[tuple[str, ...]] = set()
        self.seen: dict[str, list[str]] = {}
        for text in secrets:
            self.lines |= set(lines(text))
            self.runs |= set(runs(text))
        for text in in_the_open:
            self.lines -= set(lines(text))
            self.runs -= set(runs(text))

    def found(self, text: str) -> list[str]:
        """The lines, then the runs of words.

        >>> sieve = Sieve(["The answer is\\nnine and a half, as one sees.", "import numpy"])
        >>> sieve.found("Hint: the answer is\\n nine and a half, as one sees.")
        ['nine and a half, as one sees.', 'answer is nine and a half , as', ...]
        """
        if text not in self.seen:  # the package is in every zip
            shared = [line for line in lines(text) if line in self.lines]
            shared += [" ".join(run) for run in runs(text) if run in self.runs]
            self.seen[text] = shared
        return self.seen[text]


def lines(text: str) -> Iterator[str]:
    """The lines that say something, without the space around and the marks of a list or comment."""
    for line in text.split("\n"):
        line = " ".join(line.strip(" \t#*->").split())
        if len(line) >= SHORTEST and re.search(r"\w", line):
            yield line


def runs(text: str) -> Iterator[tuple[str, ...]]:
    words = WORD.findall(text)
    return zip(*(words[start:] for start in range(RUN)), strict=False)


# What students receive, as texts.


def texts_of(name: str, data: bytes) -> Iterator[tuple[str, str]]:
    """(place, text) for all that can be read in a file; archives are opened."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.namelist():
                yield f"{name}: {entry}", entry
                yield from texts_of(f"{name}: {entry}", archive.read(entry))
            yield f"{name}: its comment", archive.comment.decode(errors="replace")
    elif name.endswith((".ipynb", ".json")):
        for text in strings(json.loads(data)):
            yield name, text
    else:
        yield name, data.decode(errors="replace")


def strings(value: Any) -> Iterator[str]:
    """All texts in a notebook, whatever part of it they stand in; lists of lines are joined."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield name
            yield from strings(entry)
    elif isinstance(value, list):
        if value and all(isinstance(entry, str) for entry in value):
            yield "".join(value)
        else:
            for entry in value:
                yield from strings(entry)


def leaks(name: str, data: bytes, sieve: Sieve) -> list[str]:
    """Each leak as a sentence, with its place."""
    return [
        f"{place}: {found}" for place, text in texts_of(name, data) for found in sieve.found(text)
    ]


# What is secret, and what is in the open.


def solutions_as_read(texts: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The solutions as the build of the book left them."""
    for text in texts:
        for part in text["solution"]:
            yield part.get("text") or part["code"]


def solutions_and_rest(source: str) -> tuple[list[str], str]:
    """The solutions of a chapter's source with the cells directly after them, and all else."""
    secret, rest, inside, closing, solved = [], [], False, "", False
    for line in source.split("\n"):
        if not inside and (match := re.match(r"(`{3,}|:{3,})\{(solution|code-cell)\}", line)):
            inside, closing = True, match[1]
            solved = match[2] == "solution" or solved
        elif not inside and line.strip():
            solved = False
        (secret if solved else rest).append(line)
        if inside and line.strip() == closing:
            inside = False
    return secret, "\n".join(rest)
