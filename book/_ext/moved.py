"""Sphinx extension: an address that once led to a statement still leads to it.

``moved.txt`` has a line ``<page> <label>`` for each label that stood on a page and now stands on
another. The old page ends with a list of them: each entry has the old anchor and links to the new
place, so that a bookmark finds it without a script. A label that no page has is a warning of
Sphinx's own, as for any reference; one that its page still has is a warning here.
"""

from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

# By the beginning of a label: domain, type and classes of what a chapter's own prf:ref, eq,
# numref or ref of it would have. Any other label is a section's or an exercise's.
PROOF = ("prf", "ref", ["xref", "prf", "prf-ref"])
KINDS = {
    **dict.fromkeys(("thm", "lem", "prop", "cor", "def", "rem", "conj"), PROOF),
    "eq": ("math", "numref", ["xref", "eq"]),
    "fig": ("std", "numref", ["xref", "std", "std-numref"]),
}
OTHER = ("std", "ref", ["xref", "std", "std-ref"])
HEADING = "Moved from this page"


def read_moves(path: Path) -> dict[str, list[str]]:
    """By page: the labels that have left it, in the order of the file."""
    moves: dict[str, list[str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2:
            raise ValueError(f"{path.name}:{number}: a page and a label expected, not {line!r}")
        moves.setdefault(words[0], []).append(words[1])
    return moves


def reference(label: str, docname: str) -> addnodes.pending_xref:
    """What a chapter's own reference to this label becomes."""
    domain, role, classes = KINDS.get(label.split("-")[0], OTHER)
    attributes = {"refdoc": docname, "refexplicit": False, "refwarn": True, "reftarget": label}
    text = nodes.inline("", label, classes=classes)
    return addnodes.pending_xref("", text, refdomain=domain, reftype=role, **attributes)


def anchor(label: str) -> str:
    return f"equation-{label}" if label.startswith("eq-") else label


def anchors(document: nodes.document) -> Iterator[str]:
    for node in document.findall(nodes.Element):
        yield from node.get("ids", ())


def on_doctree_read(app: Sphinx, document: nodes.document) -> None:
    path, docname = Path(app.srcdir, app.config.moved_file), app.env.docname
    if not path.exists():
        return
    app.env.note_dependency(str(path))
    labels = read_moves(path).get(docname, [])
    if not labels:
        return
    here = set(anchors(document))
    items = nodes.bullet_list()
    for label in labels:
        if anchor(label) in here:
            logger.warning("%s is said to have moved, and is here", label, location=docname)
            continue
        entry = nodes.paragraph("", "", reference(label, docname))
        items += nodes.list_item("", entry, ids=[anchor(label)])
    heading = nodes.paragraph("", HEADING, classes=["moved-heading"])
    document += nodes.container("", heading, items, classes=["moved"])


def on_env_updated(app: Sphinx, env: object) -> list[str]:
    path = Path(app.srcdir, app.config.moved_file)
    if path.exists():
        for page in read_moves(path).keys() - app.env.found_docs:
            logger.warning("%s: labels have moved from %s, which is no page", path.name, page)
    return []


def setup(app: Sphinx) -> dict:
    app.add_config_value("moved_file", "moved.txt", "env")
    # after the ledger has read what a page cites
    app.connect("doctree-read", on_doctree_read, priority=900)
    app.connect("env-updated", on_env_updated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
