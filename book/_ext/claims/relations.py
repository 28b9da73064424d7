"""The fold in the box of a result: which statements its proof uses, and whose proofs use it."""

from collections.abc import Callable

from docutils import nodes

from .ledger import Ledger, Result
from .pieces import listed

Reference = Callable[[str], list[nodes.Node]]


def used_by(ledger: Ledger, result: Result) -> list[str]:
    """The results whose proofs cite ``result``, in the order of the book."""
    return [other.label for other in ledger.results if result.label in other.uses]


def relations(ledger: Ledger, result: Result, reference: Reference) -> list[nodes.Node]:
    """The fold, or nothing where a result neither uses another nor is used; without a script.

    ``reference`` makes the link to a statement from its label.
    """
    lists = {"uses": list(result.uses), "used by": used_by(ledger, result)}
    summary = ", ".join(f"{name} {len(labels)}" for name, labels in lists.items() if labels)
    if not summary:
        return []
    fold = nodes.container(classes=["relations"])
    opened = f"<details><summary>{summary.capitalize()}</summary>"
    fold += nodes.raw("", opened, format="html")
    for name, labels in lists.items():
        if labels:
            entries = [nodes.Text(f"{name.capitalize()} "), *listed(map(reference, labels))]
            fold += nodes.paragraph("", "", *entries)
    fold += nodes.raw("", "</details>", format="html")
    return [fold]
