"""What a reader sees: the cards and the drawing on the claims page, the map of a part, and the note
at a statement.
"""

from collections import Counter

import networkx as nx
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from .checks import KINDS, ONE_SIDED, Check
from .drawing import draw
from .filters import classes, form
from .functions import Function
from .ledger import (
    RESULTS,
    STATEMENTS,
    Figure,
    Ledger,
    Result,
    captions_of_parts,
    chapters,
    cycles,
    dependencies,
    is_no_function,
    is_source,
    stored,
    support,
    without_circles,
)
from .pieces import badges, counted, field, folded, listed, plain_table, title
from .relations import relations, used_by
from .status import STATUSES

logger = logging.getLogger(__name__)

# What an author writes.


class claims_table(nodes.General, nodes.Element):
    """Stands where the table goes until the chapters are all read."""


class claims_graph(nodes.General, nodes.Element):
    """Stands where the drawing goes until the chapters are all read."""


class claims_map(nodes.General, nodes.Element):
    """Stands where the map of a part goes until the chapters are all read."""


class TableDirective(SphinxDirective):
    """Every numbered result on a card, grouped by chapter."""

    def run(self) -> list[nodes.Node]:
        stored(self.env)["pages"][self.env.docname] = True
        return [claims_table()]


class GraphDirective(SphinxDirective):
    """Which result uses which, as a drawing."""

    def run(self) -> list[nodes.Node]:
        stored(self.env)["pages"].setdefault(self.env.docname, False)
        return [claims_graph()]


class MapDirective(SphinxDirective):
    """What the pages below a folder rest on in the rest of the book: a drawing and a table.

    Each line of the content, ``title: page page ...``, asks for a drawing of its own.
    """

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        stored(self.env)["pages"].setdefault(self.env.docname, False)
        folder = self.arguments[0]
        lines = [line.partition(":") for line in self.content if line.strip()]
        groups = [
            (heading.strip(), [f"{folder}/{page}" for page in pages.split()])
            for heading, _, pages in lines
        ]
        return [claims_map(folder=folder, groups=groups, place=self.get_source_info())]


class SourceRole(SphinxRole):
    """Where a statement stands in the literature: a small note at its right."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        return [nodes.inline(self.rawtext, self.text, classes=["claim-source"])], []


class NoFunctionRole(SphinxRole):
    """Why no function of the package computes a statement; it joins the note of the source."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        text = f"no function: {self.text}"
        note = nodes.inline(self.rawtext, text, classes=["claim-no-function"])
        note["reason"] = self.text
        return [note], []


# What becomes of it.


class Render(SphinxPostTransform):
    """Put table and drawing in their places, and complete the notes, before references resolve."""

    default_priority = 8

    def run(self, **kwargs: object) -> None:
        page = Page(self.app, self.env.docname)
        for node in list(self.document.findall(claims_table)):
            node.replace_self(page.table())
        for node in list(self.document.findall(claims_graph)):
            node.replace_self(page.graph())
        for node in list(self.document.findall(claims_map)):
            page.complain_of_groups(node)
            node.replace_self(page.map(node["folder"], node["groups"]))
        for statement in list(self.document.findall(lambda node: isinstance(node, STATEMENTS))):
            if statement["realtype"] in RESULTS:
                page.complete(statement)


class Page:
    """The ledger as seen from one page."""

    def __init__(self, app: Sphinx, docname: str) -> None:
        self.env, self.builder, self.docname = app.env, app.builder, docname
        self.ledger: Ledger = app.env.claims_ledger
        self.repository: str = app.config.claims_repository

    # The note at a statement.

    def complete(self, statement: nodes.Element) -> None:
        """Let the note of a statement say what computes it, and link to its card."""
        note = next(statement.findall(is_source), None)
        result = self.ledger.known.get(statement["label"])
        if note is None or result is None:
            return
        for reason in list(statement.findall(is_no_function)):
            reason.parent.remove(reason)
            note += [nodes.Text(" · "), reason]
        if functions := self.ledger.functions_of(result):
            note += [nodes.Text(" · computed by "), *listed(map(self.function, functions))]
        pages = stored(self.env)["pages"]
        if with_cards := sorted(docname for docname, cards in pages.items() if cards):
            card = self.link(with_cards[0], f"claim-{result.label}", [nodes.Text("ledger")])
            note += [nodes.Text(" · "), card]
        statement[1] += relations(self.ledger, result, self.used)

    # The claims page.

    def table(self) -> list[nodes.Node]:
        parts: list[nodes.Node] = [self.summary(), form(self.ledger, captions_of_parts(self.env))]
        for docname in chapters(self.env):
            here = [result for result in self.ledger.results if result.docname == docname]
            if here:
                head = nodes.rubric("", "", **{"heading-level": 3})
                head += self.link(docname, "", self.env.titles[docname].children)
                originals = statements(self.env, docname)
                cards = [self.card(result, originals[result.label]) for result in here]
                parts.append(nodes.container("", head, *cards, classes=["claims-chapter"]))
        return [nodes.container("", *parts, classes=["claims-table"])]

    def summary(self) -> nodes.paragraph:
        results, known = self.ledger.results, self.ledger.known
        proved = sum(result.proved and not result.open for result in results)
        kinds = Counter(check.kind for check in self.ledger.checks if check.label in known)
        by_kind = "; ".join(f"{kind}: {kinds[kind]}" for kind in KINDS if kinds[kind])
        text = (
            f"{counted(proved, 'result')} proved, {sum(r.open for r in results)} open. "
            f"{sum(bool(self.ledger.functions_of(r)) for r in results)} computed by a function. "
            f"{counted(kinds.total(), 'check')} ({by_kind}). {self.by_status()}"
        )
        machine = "../" * self.docname.count("/") + "claims.json"
        link = nodes.reference("", "", nodes.literal("", "claims.json"), refuri=machine)
        end = [link, nodes.Text(" has all of this for programs.")]
        return nodes.paragraph("", "", nodes.Text(f"{text} "), *end, classes=["claims-summary"])

    def by_status(self) -> str:
        """How many results have each status; a result whose parts differ counts under each."""
        found = [{status.status for status in result.statuses} for result in self.ledger.results]
        counts = {status: sum(status in some for some in found) for status in STATUSES}
        listing = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        mixed = sum(len(some) > 1 for some in found)
        several = f"; {mixed} of them under several of these" if mixed else ""
        return f"By status: {listing}{several}."

    def card(self, result: Result, original: nodes.Element) -> nodes.container:
        ledger = self.ledger
        shown = [figure for figure in ledger.figures if result.label in figure.cites]
        functions = listed(map(self.function, ledger.functions_of(result)))
        if result.no_function:
            functions = [nodes.Text(f"no function: {result.no_function}")]
        fields = nodes.field_list(classes=["claims-fields"])
        fields += field("Status", list(badges(result)) or [nodes.Text("not given")])
        fields += field("Source", [nodes.Text(result.source or "not given")])
        fields += field("Computed by", functions)
        fields += field("Proof uses", listed(map(self.used, result.uses)))
        fields += field("Used by", listed(map(self.used, used_by(ledger, result))))
        checks = ledger.checks_of(result)
        fields += field("Checked by", listed(map(self.check, checks)))
        if checks and all(check.kind == ONE_SIDED for check in checks):
            fields += field("Not seen", [nodes.Text("no check sees its constants")])
        if shown:
            fields += field("Figure", listed(map(self.figure, shown)))
        statement = folded(original, self.uri(result.docname, result.label))
        content = [self.headline(result, original), statement, fields]
        kinds = ["claims-card", *classes(ledger, result)]
        return nodes.container("", *content, classes=kinds, ids=[f"claim-{result.label}"])

    def headline(self, result: Result, original: nodes.Element) -> nodes.paragraph:
        line = nodes.paragraph("", "", *self.reference(result), classes=["claims-name"])
        if result.title:
            line += [nodes.Text(" "), nodes.inline("", "", *title(original))]
        if result.open:
            line += [nodes.Text(" "), nodes.inline("", "open", classes=["claims-open"])]
        return line

    def graph(self) -> list[nodes.Node]:
        """Which result uses which: a drawing for each part, with what it uses of other parts."""
        known = self.ledger.known
        graph = without_circles(dependencies(known), cycles(known))
        number = {label: self.name(result) for label, result in known.items()}
        uri = {label: self.uri(result.docname, label) for label, result in known.items()}
        parts: dict[str, list[str]] = {}
        for label, result in known.items():
            parts.setdefault(result.docname.rpartition("/")[0], []).append(label)
        captions, found = captions_of_parts(self.env), []
        for folder, labels in parts.items():
            inside = set(labels)
            edges = [edge for edge in graph.edges if edge[1] in inside]
            part = nx.DiGraph()
            part.add_nodes_from(n for n in known if n in inside or any(n == a for a, _ in edges))
            part.add_edges_from(edges)
            heading = captions.get(folder, "")
            if heading:
                found.append(nodes.rubric("", heading, classes=["claims-group"]))
            title = f"Which result uses which{heading and f': {heading}'}"
            name = f"claims-{folder}" if folder else "claims"
            drawing = draw(part, known, number, uri, title=title, name=name)
            found.append(nodes.raw("", drawing, format="html"))
        return found

    # The map of a part.

    def map(self, folder: str, groups: list[tuple[str, list[str]]]) -> list[nodes.Node]:
        """What each page below ``folder`` rests on: drawn, group by group, and as a table."""
        rests_on, known = support(self.ledger, folder), self.ledger.known
        whole = [("", [known[label].docname for label in rests_on])]
        drawings = []
        for position, (heading, pages) in enumerate(groups or whole):
            group = {
                label: used for label, used in rests_on.items() if known[label].docname in pages
            }
            if heading:
                drawings.append(nodes.rubric("", heading, classes=["claims-group"]))
            drawing = self.map_drawing(group, heading, f"claims-{position}" if groups else "claims")
            drawings.append(nodes.raw("", drawing, format="html"))
        rows = [self.map_row(known[label], labels) for label, labels in rests_on.items()]
        heads = ("Page", "States", "Its proof uses", "Its text cites")
        return [*drawings, plain_table(heads, rows)]

    def complain_of_groups(self, node: claims_map) -> None:
        """A page with a result that stands in no group, or a name in a group that is no page."""
        drawn = {page for _, pages in node["groups"] for page in pages}
        if not drawn:
            return
        known = self.ledger.known
        there = {known[label].docname for label in support(self.ledger, node["folder"])}
        for docname in sorted(there - drawn):
            logger.warning(f"the map has no group with {docname}", location=node["place"])
        for docname in sorted(drawn - there):
            logger.warning(
                f"the map has {docname}, which is no page with a result", location=node["place"]
            )

    def map_drawing(self, rests_on: dict[str, list[str]], heading: str, name: str) -> str:
        known = self.ledger.known
        used = {label for labels in rests_on.values() for label in labels}
        graph = nx.DiGraph()
        graph.add_nodes_from(label for label in known if label in rests_on or label in used)
        for label, labels in rests_on.items():
            for other in labels:
                in_proof = other in known[label].uses
                graph.add_edge(other, label, **({} if in_proof else {"dashed": True}))
        return draw(
            graph,
            known,
            {label: self.name(known[label]) for label in graph},
            {label: self.uri(known[label].docname, label) for label in graph},
            title=f"What each page rests on{heading and f': {heading}'}",
            as_text="The table below lists the same as text.",
            name=name,
        )

    def map_row(self, result: Result, labels: list[str]) -> list[list[nodes.Node]]:
        in_proof = [label for label in labels if label in result.uses]
        in_text = [label for label in labels if label not in result.uses]
        page = self.link(result.docname, "", self.env.titles[result.docname].children)
        names = [listed(map(self.used, some)) for some in (in_proof, in_text)]
        return [[page], self.reference(result), *names]

    # Parts of all.

    def function(self, function: Function) -> list[nodes.Node]:
        """The function's name, linked to its documentation where a page has it."""
        name = nodes.literal("", function.name)
        entry = self.env.get_domain("py").objects.get(function.address)
        return [self.link(entry.docname, entry.node_id, [name])] if entry else [name]

    def check(self, check: Check) -> list[nodes.Node]:
        """The test, linked to its file where the configuration has the repository's address."""
        name: nodes.Node = nodes.literal("", check.test)
        if self.repository:
            address = f"{self.repository.rstrip('/')}/{check.file}#L{check.line}"
            name = nodes.reference("", "", name, refuri=address)
        return [name, nodes.Text(f" ({check.kind})")]

    def used(self, label: str) -> list[nodes.Node]:
        """What a proof cites: a result, or a definition or remark, which is no claim."""
        if label in self.ledger.known:
            return self.reference(self.ledger.known[label])
        statement = self.env.proof_list.get(label)
        if not statement:
            return [nodes.literal("", label)]
        docname = statement["docname"]
        number = numbered(self.env, docname, statement["countertype"], label)
        name = f"{statement['realtype'].title()} {number}".strip()
        return [self.link(docname, label, [nodes.Text(name)])]

    def figure(self, figure: Figure) -> list[nodes.Node]:
        name = f"Figure {numbered(self.env, figure.docname, 'figure', figure.id)}".strip()
        return [self.link(figure.docname, figure.id, [nodes.Text(name)])]

    def reference(self, result: Result) -> list[nodes.Node]:
        return [self.link(result.docname, result.label, [nodes.Text(self.name(result))])]

    def name(self, result: Result) -> str:
        number = numbered(self.env, result.docname, result.counter, result.label)
        return f"{result.kind.title()} {number}".strip()

    def uri(self, docname: str, target: str) -> str:
        page = self.builder.get_relative_uri(self.docname, docname)
        return f"{page}#{target}" if target else page

    def link(self, docname: str, target: str, children: list[nodes.Node]) -> nodes.reference:
        copies = [child.deepcopy() for child in children]
        return nodes.reference("", "", *copies, internal=True, refuri=self.uri(docname, target))

    # For machines.

    def records(self) -> list[dict]:
        """What ``claims.json`` holds: one record for each result."""
        return [self.record(result) for result in self.ledger.results]

    def record(self, result: Result) -> dict:
        checks = self.ledger.checks_of(result)
        return {
            "label": result.label,
            "number": self.name(result),
            "title": result.title,
            "uri": f"{self.builder.get_target_uri(result.docname)}#{result.label}",
            "source": result.source,
            "status": [vars(status) for status in result.statuses],
            "open": result.open,
            "uses": list(result.uses),
            "functions": [function.address for function in self.ledger.functions_of(result)],
            "no_function": result.no_function,
            "checks": [{"test": check.test, "kind": check.kind} for check in checks],
        }


def statements(env: BuildEnvironment, docname: str) -> dict[str, nodes.Element]:
    """The statements of a chapter, as it was read."""
    found = env.get_doctree(docname).findall(lambda node: isinstance(node, STATEMENTS))
    return {node["label"]: node for node in found}


def numbered(env: BuildEnvironment, docname: str, counter: str, label: str) -> str:
    number = env.toc_fignumbers.get(docname, {}).get(counter, {}).get(label, ())
    return ".".join(map(str, number))
