"""Sphinx extension: the directive ``sources`` lists the bibliography by how far it was read.

The field ``seen`` of an entry in the bibliography says it. An entry without the field, or with
another word, is a warning, and so fails the build.
"""

from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from pybtex.database import Entry, parse_file
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

DEGREES = {
    "full": "Read in full",
    "part": "Read in part",
    "abstract": "Only the abstract, or the abstract and the opening",
    "record": "Only the publisher's record: title, authors, pages",
    "citation": "Only as others cite it",
    "memory": "Not checked",
}


def read_by_degree(path: Path) -> dict[str, list[tuple[str, Entry]]]:
    """The entries of a bibliography by their field ``seen``, sorted by first author and year."""
    found: dict[str, list[tuple[str, Entry]]] = {}
    for key, entry in parse_file(str(path)).entries.items():
        found.setdefault(entry.fields.get("seen", ""), []).append((key, entry))
    return {seen: sorted(entries, key=author_and_year) for seen, entries in found.items()}


def author_and_year(item: tuple[str, Entry]) -> tuple[str, str]:
    _, entry = item
    people = entry.persons.get("author") or entry.persons.get("editor")
    return str(people[0]).lower(), entry.fields.get("year", "")


class SourcesDirective(SphinxDirective):
    """A heading for each degree, with its number of entries, and below it the entries."""

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.srcdir, self.config.bibtex_bibfiles[0])
        self.env.note_dependency(str(path))
        found = read_by_degree(path)
        for seen in found.keys() - DEGREES.keys():
            keys = ", ".join(key for key, _ in found[seen])
            known = ", ".join(DEGREES)
            message = f"{path.name}: {keys}: the field seen is {seen!r}, none of {known}"
            logger.warning(message, location=self.get_location())
        lines: list[str] = []
        for seen, heading in DEGREES.items():
            if entries := found.get(seen):
                lines += [f"**{heading}** ({len(entries)})", ""]
                lines += [f"- {{cite:t}}`{key}`" for key, _ in entries]
                lines += [""]
        block = nodes.container(classes=["sources"])
        self.state.nested_parse(StringList(lines, str(path)), 0, block)
        return block.children


def setup(app: Sphinx) -> dict:
    app.add_directive("sources", SourcesDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
