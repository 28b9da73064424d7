"""Small pieces that cards and maps are made of: fields, lists, tables, titles."""

import re
from collections.abc import Iterable

from docutils import nodes


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
