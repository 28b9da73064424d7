"""Small pieces that cards and maps are made of: fields, lists, tables, titles."""

import re
from collections.abc import Iterable, Iterator
from html import escape

from build_math import JOINER
from docutils import nodes
from search_text import plain_doctree

from .ledger import Result, is_no_function, is_source


def plain_table(heads: Iterable[str], rows: list[list[list[nodes.Node]]]) -> nodes.table:
    """A table with a row of headings and, in each entry, a paragraph of the given nodes."""
    head = [[nodes.Text(text)] for text in heads]
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", table_row(head))
    group += nodes.tbody("", *map(table_row, rows))
    return nodes.table("", group, classes=["claims-map"])


def table_row(entries: list[list[nodes.Node]]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *entry)) for entry in entries))


def field(name: str, body: list[nodes.Node]) -> nodes.field:
    text = nodes.field_body("", nodes.paragraph("", "", *body))
    return nodes.field("", nodes.field_name("", name), text)


def listed(entries: Iterable[list[nodes.Node]]) -> list[nodes.Node]:
    """The entries with commas between them, or a dash."""
    joined = [node for entry in entries for node in (*entry, nodes.Text(", "))]
    return joined[:-1] or [nodes.Text("–")]


def counted(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def title(statement: nodes.Element) -> list[nodes.Node]:
    """The title without the brackets that sphinx-proof puts around it."""
    children = [child.deepcopy() for child in statement[0].children]
    if isinstance(children[0], nodes.Text):
        children[0] = nodes.Text(re.sub(r"^\s*\(", "", children[0]))
    if isinstance(children[-1], nodes.Text):
        children[-1] = nodes.Text(re.sub(r"\)\s*$", "", children[-1]))
    return children


def folded(statement: nodes.Element, uri: str) -> nodes.raw:
    """The statement in plain characters, without its notes, that opens on demand.

    Typeset, all statements together would be nine tenths of the page; a script brings the one that
    a reader opens from ``uri``.
    """
    plain = plain_doctree(statement[1])
    for node in list(plain.findall(is_left_out)):
        node.parent.remove(node)
    text = re.sub(r"\s+", " ", plain.astext().replace(JOINER, "")).strip()
    body = f'<p class="claims-statement" data-from="{escape(uri)}">{escape(text)}</p>'
    fold = f"<details><summary>Statement</summary>{body}</details>"
    return nodes.raw("", fold, format="html")


def is_left_out(node: nodes.Node) -> bool:
    return is_source(node) or is_no_function(node) or isinstance(node, nodes.target)


def badges(result: Result) -> Iterator[nodes.Node]:
    """Each status once, in a box of its own, in the order of the note."""
    for status in dict.fromkeys(status.status for status in result.statuses):
        yield nodes.inline("", status, classes=["claims-status", f"claims-{status}"])
        yield nodes.Text(" ")
