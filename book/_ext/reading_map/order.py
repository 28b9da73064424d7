"""What one can read after what: the pages, and the results that join them."""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import networkx as nx
from claims.ledger import Ledger
from docutils import nodes
from sphinx import addnodes


@dataclass
class Join:
    """Why one page comes before another."""

    proofs: list[str] = field(default_factory=list)  # its results that proofs of the other cite
    needs: bool = False  # whether the head of the other says that it needs it


def read_needs(doctree: nodes.document, docname: str) -> list[str]:
    """What the head of a chapter says that it needs: pages, and labels of statements.

    Its first sentence says so; what follows names what is only related.
    """
    for strong in doctree.findall(nodes.strong):
        if strong.astext() == "Needs":
            return list(dict.fromkeys(targets(after(strong), docname)))
    return []


def after(strong: nodes.Element) -> Iterator[nodes.Node]:
    """What follows the word up to the end of the sentence, or to the next word in bold."""
    siblings = strong.parent.children
    for node in siblings[strong.parent.index(strong) + 1 :]:
        if isinstance(node, nodes.strong):
            return
        yield node
        if isinstance(node, nodes.Text) and re.search(r"\.\s", node.astext() + " "):
            return


def targets(some: Iterable[nodes.Node], docname: str) -> Iterator[str]:
    for ref in (ref for node in some for ref in node.findall(addnodes.pending_xref)):
        target = ref["reftarget"].removesuffix(".md")
        if ref.get("refdomain") == "prf" or ref.get("refdomain") == "doc":
            yield target
        elif ref.get("reftype") == "doc":
            yield posixpath.normpath(posixpath.join(posixpath.dirname(docname), target))


def joins(
    ledger: Ledger, needs: dict[str, list[str]], home: dict[str, str], pages: list[str]
) -> dict[tuple[str, str], Join]:
    """For each pair (earlier, later) of ``pages``: why the later one rests on the earlier.

    ``home`` is the page of each statement, definitions included; ``needs`` what the heads say.
    """
    found: dict[tuple[str, str], Join] = {}
    for result in ledger.results:
        for label in result.uses:
            if home.get(label, result.docname) != result.docname:
                join = found.setdefault((home[label], result.docname), Join())
                if label not in join.proofs:
                    join.proofs.append(label)
    for docname, some in needs.items():
        for target in some:
            other = home.get(target, target)
            if other != docname:
                found.setdefault((other, docname), Join()).needs = True
    inside = set(pages)
    return {pair: join for pair, join in found.items() if set(pair) <= inside}


def drawn(pages: list[str], found: dict[tuple[str, str], Join]) -> dict[tuple[str, str], bool]:
    """The pairs that the picture joins, with whether a proof does it.

    Left out is every pair that others already join by way of a third page.
    """
    place = {page: position for position, page in enumerate(pages)}
    forward = [pair for pair in found if place[pair[0]] < place[pair[1]]]
    least = nx.transitive_reduction(nx.DiGraph(forward))
    return {pair: bool(found[pair].proofs) for pair in forward if least.has_edge(*pair)}


def backward(pages: list[str], found: dict[tuple[str, str], Join]) -> list[tuple[str, str]]:
    """The pairs that the order of ``pages`` turns round: the later one is read first."""
    place = {page: position for position, page in enumerate(pages)}
    both = [pair for pair in found if set(pair) <= place.keys()]
    return [pair for pair in both if place[pair[0]] > place[pair[1]]]


def on_trust(
    ledger: Ledger, read: list[str], proved: set[str], statements: set[str]
) -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
    """What a reader of these statements, in this order, takes on trust; and what comes too late.

    ``read`` lists the labels in the order of reading, ``proved`` those read with their proofs.
    The first answer: each result that a proof which is read uses and that is not read before, with
    the results that use it. The second: the pairs (used, user) where the used one is read later.
    """
    place = {label: position for position, label in enumerate(read)}
    trust: dict[str, list[str]] = {}
    late = []
    for label in read:
        result = ledger.known.get(label)
        for used in result.uses if result and label in proved else ():
            if used not in statements:
                continue
            if used not in place:
                trust.setdefault(used, []).append(label)
            elif place[used] > place[label]:
                late.append((used, label))
    return trust, late
