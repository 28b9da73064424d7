"""The ledger: what is collected from the chapters, and everything that can be wrong with it.

Sphinx pickles what is collected with its environment: plain strings and numbers only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
from docutils import nodes
from sphinx import addnodes
from sphinx.environment import BuildEnvironment
from sphinx_proof.nodes import NODE_TYPES, proof_node

from .checks import KINDS, Check
from .functions import Function
from .status import Status, status_faults, statuses

RESULTS = ("theorem", "lemma", "proposition", "corollary", "conjecture")
NOTHING_NAMES = "no docstring says Book: ``{}``., and the role no-function gives no reason"
STATEMENTS = tuple(NODE_TYPES.values())


# What is collected.


@dataclass(frozen=True)
class Result:
    """One numbered result as its chapter states it."""

    label: str
    kind: str
    docname: str
    line: int
    counter: str  # the counter that numbers it; sphinx-proof lets all kinds share one
    title: str
    text: str
    source: str  # its place in the literature; empty when the chapter does not say
    no_function: str  # why no function computes it; empty when the chapter does not say
    open: bool
    proved: bool
    uses: tuple[str, ...]  # what the proof cites by prf:ref, in order

    @property
    def statuses(self) -> list[Status]:
        """How it stands to the literature, part by part."""
        return statuses(self.source)

    @property
    def labelled(self) -> bool:
        """sphinx-proof names a result without a label after its kind and a running number."""
        return not re.fullmatch(rf"{self.kind}-\d+", self.label)


@dataclass(frozen=True)
class Figure:
    """A figure and the statements that its caption cites."""

    docname: str
    id: str
    cites: tuple[str, ...]


@dataclass(frozen=True)
class Ledger:
    """All that is known of the numbered results, in the order of the book."""

    results: list[Result]
    figures: list[Figure]
    checks: list[Check]
    functions: list[Function]
    cites: dict[str, tuple[str, ...]]  # by page: what it cites anywhere, in order

    @property
    def known(self) -> dict[str, Result]:
        return {result.label: result for result in self.results}

    def checks_of(self, result: Result) -> list[Check]:
        return [check for check in self.checks if check.label == result.label]

    def functions_of(self, result: Result) -> list[Function]:
        return [function for function in self.functions if function.label == result.label]


def read_results(doctree: nodes.document, docname: str) -> list[Result]:
    """The numbered results of one chapter, in its order."""
    statements = doctree.findall(lambda node: isinstance(node, STATEMENTS))
    return [read_result(node, docname) for node in statements if node["realtype"] in RESULTS]


def read_result(node: nodes.Element, docname: str) -> Result:
    proof = node.next_node(is_no_comment, descend=False, siblings=True)
    proved = isinstance(proof, proof_node)
    return Result(
        label=node["label"],
        kind=node["realtype"],
        docname=docname,
        line=node.line or 0,
        counter=node["countertype"],
        title=re.sub(r"^\s*\((.*)\)$", r"\1", node[0].astext()),
        text=node[1].astext(),
        source=" ".join(note.astext() for note in node.findall(is_source)).strip(),
        no_function=" ".join(note["reason"] for note in node.findall(is_no_function)).strip(),
        open="open" in node["classes"] or node["realtype"] == "conjecture",
        proved=proved,
        uses=cited(proof) if proved else (),
    )


def is_no_comment(node: nodes.Node) -> bool:
    return not isinstance(node, nodes.comment)


def is_source(node: nodes.Node) -> bool:
    """Whether the role ``source`` made the node."""
    return isinstance(node, nodes.inline) and "claim-source" in node["classes"]


def is_no_function(node: nodes.Node) -> bool:
    """Whether the role ``no-function`` made the node."""
    return isinstance(node, nodes.inline) and "claim-no-function" in node["classes"]


def cited(node: nodes.Element) -> tuple[str, ...]:
    """The labels of the statements that a part of the page cites, in order: those in prf:ref."""
    references = node.findall(addnodes.pending_xref)
    labels = [ref["reftarget"] for ref in references if ref.get("refdomain") == "prf"]
    return tuple(dict.fromkeys(labels))


def read_figures(doctree: nodes.document, docname: str) -> list[Figure]:
    """The figures of one chapter whose captions cite a statement."""
    figures = []
    for node in doctree.findall(nodes.figure):
        labels = [label for caption in node.findall(nodes.caption) for label in cited(caption)]
        if labels:
            figures.append(Figure(docname, node["ids"][0] if node["ids"] else "", tuple(labels)))
    return figures


# Where Sphinx keeps it, and the order of the book.


def stored(env: BuildEnvironment) -> dict[str, dict]:
    """What the environment keeps from one build to the next, by page."""
    if not hasattr(env, "claims"):
        env.claims = {"results": {}, "figures": {}, "cites": {}, "pages": {}}
    return env.claims


def chapters(env: BuildEnvironment) -> list[str]:
    """The pages in the order of the table of contents, then any that it leaves out."""
    found: dict[str, None] = {}

    def walk(docname: str) -> None:
        if docname not in found:
            found[docname] = None
            for child in env.toctree_includes.get(docname, []):
                walk(child)

    walk(env.config.root_doc)
    return [*found, *sorted(env.found_docs - set(found))]


def captions_of_parts(env: BuildEnvironment) -> dict[str, str]:
    """By folder: the caption that the table of contents gives to its pages."""
    found: dict[str, str] = {}
    for toctree in env.get_doctree(env.config.root_doc).findall(addnodes.toctree):
        for _, docname in toctree["entries"]:
            found.setdefault((docname or "").rpartition("/")[0], toctree.get("caption") or "")
    return found


def in_order(env: BuildEnvironment, kind: str) -> list:
    """All stored results or figures in the order of the book."""
    pages = stored(env)[kind]
    return [item for docname in chapters(env) for item in pages.get(docname, [])]


# What can be wrong.


def problems(ledger: Ledger, statements: set[str], shown: set[str]) -> list[tuple[object, str]]:
    """(location, message) for all that keeps the ledger from being complete.

    ``statements`` holds the labels of statements of every kind, ``shown`` the addresses of the
    functions that a page documents.
    """
    found: list[tuple[object, str]] = []
    found += [(check.place, message) for check, message in wrong_checks(ledger)]
    for function in ledger.functions:
        if function.address not in shown:
            message = f"{function.address} computes {function.label}, but no page documents it"
            found.append((function.place, message))
    for result in ledger.results:
        name = f"the {result.kind} {result.title!r}"
        if result.labelled:
            name = f"{result.kind} {result.label}"
        for complaint in (*faults(result, ledger), *bad_uses(result, ledger.known, statements)):
            found.append(((result.docname, result.line), f"{name} {complaint}"))
    for cycle in cycles(ledger.known):
        first = ledger.known[cycle[0]]
        message = f"these proofs use each other in a circle: {' -> '.join(cycle)}"
        found.append(((first.docname, first.line), message))
    return found


def wrong_checks(ledger: Ledger) -> Iterator[tuple[Check, str]]:
    """Marks of an unknown kind, then marks of an unknown label."""
    for check in ledger.checks:
        if check.kind not in KINDS:
            kinds = ", ".join(KINDS)
            yield check, f"kind {check.kind!r} of the check of {check.label} is none of {kinds}"
    for check in ledger.checks:
        if check.label not in ledger.known:
            yield check, f"the mark names {check.label}, but no numbered result has this label"


def faults(result: Result, ledger: Ledger) -> Iterator[str]:
    """What a result lacks, or has and should not."""
    if not result.labelled:
        yield "has no label"
    if not result.source:
        yield "does not say where it stands in the literature: end it with the role source"
    else:
        yield from status_faults(result.source)
    if result.open and result.proved:
        yield "is marked open and has a proof"
    if not result.open and not result.proved:
        yield "has no proof directly after it"
    if not result.labelled:
        return
    if not result.open and not ledger.checks_of(result):
        yield f'has no check: no test is marked claim("{result.label}", kind=...)'
    functions = [function.address for function in ledger.functions_of(result)]
    if not functions and not result.no_function:
        yield f"has no function: {NOTHING_NAMES.format(result.label)}"
    if functions and result.no_function:
        yield f"says that it has no function, but {', '.join(functions)} computes it"


def bad_uses(result: Result, known: dict[str, Result], statements: set[str]) -> Iterator[str]:
    """What the proof of a result must not rest on."""
    for label in result.uses:
        if label not in statements:
            yield f"is proved from {label}, which no statement has as its label"
    for label in uses(result, known):
        if known[label].open:
            yield f"is proved from {label}, which is open"


# Which result uses which.


def uses(result: Result, known: dict[str, Result]) -> list[str]:
    """The results that the proof of ``result`` cites."""
    return [label for label in result.uses if label in known]


def dependencies(known: dict[str, Result]) -> nx.DiGraph:
    """An edge from every result to each result whose proof uses it."""
    graph = nx.DiGraph()
    graph.add_nodes_from(known)
    for result in known.values():
        graph.add_edges_from((used, result.label) for used in uses(result, known))
    return graph


def support(ledger: Ledger, folder: str) -> dict[str, list[str]]:
    """By result of the pages below ``folder``: the results outside that its page rests on.

    First those that its proof uses, then the others that the text of its page cites.
    """
    inside = [result for result in ledger.results if below(result.docname, folder)]
    found = {}
    for result in inside:
        labels = dict.fromkeys((*result.uses, *ledger.cites.get(result.docname, ())))
        found[result.label] = [
            label
            for label in labels
            if label in ledger.known and not below(ledger.known[label].docname, folder)
        ]
    return found


def below(docname: str, folder: str) -> bool:
    return docname.startswith(f"{folder}/")


def cycles(known: dict[str, Result]) -> list[list[str]]:
    """One circle of proofs for each set of results that depend on each other.

    A circle is a list of labels of which each uses the next; it ends where it began.
    """
    graph = dependencies(known).reverse()
    knots = [graph.subgraph(part) for part in nx.strongly_connected_components(graph)]
    loops = [nx.find_cycle(knot) for knot in knots if knot.number_of_edges()]
    return [from_the_first([edge[0] for edge in loop], list(known)) for loop in loops]


def from_the_first(loop: list[str], order: list[str]) -> list[str]:
    """The same loop, begun at the label that comes first in ``order``, and closed."""
    start = loop.index(min(loop, key=order.index))
    return [*loop[start:], *loop[: start + 1]]


def without_circles(graph: nx.DiGraph, circles: list[list[str]]) -> nx.DiGraph:
    """The graph less the edges of its circles, which the build has already warned of."""
    for circle in circles:
        graph.remove_edges_from((used, label) for label, used in pairwise(circle))
    while not nx.is_directed_acyclic_graph(graph):
        graph.remove_edges_from([nx.find_cycle(graph)[-1][:2]])
    return graph
