"""The ledger of claims: every numbered result with its place in the paper, its proof's dependencies, its checks and its figures.

Read from the chapters (Sphinx's doctrees) and from the tests (their syntax trees; no test is imported), never typed by hand.
Gives the role ``source`` and the directives ``claims-table`` and ``claims-graph``, writes ``claims.json`` beside the pages, and warns,
so that ``-W`` fails the build, when a result lacks its label, proof, source or check, or a mark, a kind or a dependency is wrong.
"""

import ast
import hashlib
import html
import json
import re
import textwrap
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import networkx as nx
from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode
from sphinx_proof.nodes import NODE_TYPES, proof_node

RESULTS = ("theorem", "lemma", "proposition", "corollary", "conjecture")
KINDS = ("identity", "certified", "quadrature", "Monte Carlo")
STATEMENTS = tuple(NODE_TYPES.values())

logger = logging.getLogger(__name__)


# What is collected. Plain strings and numbers only, since Sphinx pickles them with its environment.


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
    source: str  # its place in the paper; empty when the chapter does not say
    open: bool
    proved: bool
    uses: tuple[str, ...]  # what the proof cites by prf:ref, in order

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
class Check:
    """One mark ``claim`` on a test."""

    label: str
    kind: str
    test: str
    place: str


def read_results(doctree: nodes.document, docname: str) -> list[Result]:
    """The numbered results of one chapter, in its order."""
    return [_result(node, docname) for node in doctree.findall(lambda n: isinstance(n, STATEMENTS) and n["realtype"] in RESULTS)]


def _result(node: nodes.Element, docname: str) -> Result:
    proof = node.next_node(lambda n: not isinstance(n, nodes.comment), descend=False, siblings=True)
    proved = isinstance(proof, proof_node)
    return Result(
        label=node["label"],
        kind=node["realtype"],
        docname=docname,
        line=node.line or 0,
        counter=node["countertype"],
        title=re.sub(r"^\s*\((.*)\)$", r"\1", node[0].astext()),
        text=node[1].astext(),
        source=" ".join(n.astext() for n in node.findall(_is_source)).strip(),
        open="open" in node["classes"] or node["realtype"] == "conjecture",
        proved=proved,
        uses=_cited(proof) if proved else (),
    )


def _cited(node: nodes.Element) -> tuple[str, ...]:
    """The labels of the statements that a part of the page cites, in order; sphinx-proof knows no other way to cite one than prf:ref."""
    return tuple(dict.fromkeys(r["reftarget"] for r in node.findall(addnodes.pending_xref) if r.get("refdomain") == "prf"))


def _is_source(node: nodes.Node) -> bool:
    return isinstance(node, nodes.inline) and "claim-source" in node["classes"]


def read_figures(doctree: nodes.document, docname: str) -> list[Figure]:
    """The figures of one chapter whose captions cite a statement."""
    figures = []
    for node in doctree.findall(nodes.figure):
        cites = [label for caption in node.findall(nodes.caption) for label in _cited(caption)]
        if cites:
            figures.append(Figure(docname, node["ids"][0] if node["ids"] else "", tuple(cites)))
    return figures


def read_checks(folder: Path) -> tuple[list[Check], list[tuple[str, str]]]:
    """The marks ``claim`` on the tests in ``folder``, and (place, message) for every mark that pytest would not run as a check."""
    checks, wrong = [], []
    for path in sorted(folder.rglob("*.py")):
        name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        seen = set()
        for test, title in _tests(tree):
            for mark in filter(_is_claim, test.decorator_list):
                seen.add(mark.func)
                place = f"{name}:{mark.lineno}"
                label, kind = _arguments(mark)
                if label is None:
                    wrong.append((place, 'a mark is written claim("label", kind="identity"), with both as plain strings'))
                elif not re.match(r"test_|.*_test$", path.stem) or not _collected(test):
                    wrong.append((place, f"{title} carries a mark for {label}, but pytest does not collect it"))
                elif any(_mark(d) in ("skip", "xfail") for d in test.decorator_list):
                    wrong.append((place, f"{title} carries a mark for {label}, but is skipped or expected to fail"))
                else:
                    checks.append(Check(label, kind, f"{path.name}::{title}", place))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and _mark(node) == "claim" and node not in seen:
                wrong.append((f"{name}:{node.lineno}", "a mark for a claim must decorate a test function or a test class"))
    return checks, wrong


def _tests(tree: ast.Module) -> list[tuple[ast.AST, str]]:
    """Functions and classes of a module, and the methods of its classes: what pytest may collect."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = [(node, node.name) for node in tree.body if isinstance(node, definitions)]
    return found + [
        (m, f"{c.name}::{m.name}") for c, _ in found if isinstance(c, ast.ClassDef) for m in c.body if isinstance(m, definitions)
    ]


def _collected(test: ast.AST) -> bool:
    if isinstance(test, ast.ClassDef):
        return test.name.startswith("Test") and any(getattr(m, "name", "").startswith("test") for m in test.body)
    return test.name.startswith("test")


def _mark(node: ast.AST) -> str:
    """``name`` for ``pytest.mark.name``, ``mark.name`` and calls of them; empty for anything else."""
    node = node.func if isinstance(node, ast.Call) else node
    owner = node.value if isinstance(node, ast.Attribute) else None
    return node.attr if "mark" in (getattr(owner, "attr", ""), getattr(owner, "id", "")) else ""


def _is_claim(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _mark(node) == "claim"


def _arguments(mark: ast.Call) -> tuple[str | None, str | None]:
    kinds = [k.value for k in mark.keywords if k.arg == "kind"]
    values = [getattr(node, "value", None) for node in [*mark.args, *kinds]]
    if len(mark.args) == len(kinds) == len(mark.keywords) == 1 and all(isinstance(v, str) for v in values):
        return values[0], values[1]
    return None, None


# What can be wrong.


def problems(results: list[Result], checks: list[Check], statements: set[str]) -> list[tuple[object, str]]:
    """(location, message) for everything that keeps the ledger from being complete; ``statements`` holds the labels of all kinds."""
    known = {r.label: r for r in results}
    checked = {c.label for c in checks}
    found = [(c.place, f"kind {c.kind!r} of the check of {c.label} is none of {', '.join(KINDS)}") for c in checks if c.kind not in KINDS]
    found += [(c.place, f"the mark names {c.label}, but no numbered result has this label") for c in checks if c.label not in known]
    for r in results:
        name = f"{r.kind} {r.label}" if r.labelled else f"the {r.kind} {r.title!r}"
        missing = []
        if not r.labelled:
            missing.append("has no label")
        if not r.source:
            missing.append("does not say where it stands in the paper: end it with the role source")
        if r.open and r.proved:
            missing.append("is marked open and has a proof")
        if not r.open and not r.proved:
            missing.append("has no proof directly after it")
        if not r.open and r.labelled and r.label not in checked:
            missing.append(f'has no check: no test is marked claim("{r.label}", kind=...)')
        missing += [f"is proved from {u}, which no statement has as its label" for u in r.uses if u not in statements]
        missing += [f"is proved from {u}, which is open" for u in uses(r, known) if known[u].open]
        found += [((r.docname, r.line), f"{name} {what}") for what in missing]
    for cycle in cycles(known):
        found.append(((known[cycle[0]].docname, known[cycle[0]].line), f"these proofs use each other in a circle: {' -> '.join(cycle)}"))
    return found


def uses(result: Result, known: dict[str, Result]) -> list[str]:
    """The results that the proof of ``result`` cites."""
    return [u for u in result.uses if u in known]


def dependencies(known: dict[str, Result]) -> nx.DiGraph:
    """An edge from every result to each result whose proof uses it."""
    graph = nx.DiGraph()
    graph.add_nodes_from(known)
    graph.add_edges_from((u, r.label) for r in known.values() for u in uses(r, known))
    return graph


def cycles(known: dict[str, Result]) -> list[list[str]]:
    """One circle of proofs for each set of results that depend on each other: labels of which each uses the next."""
    graph, place = dependencies(known).reverse(), list(known).index
    knots = [graph.subgraph(c) for c in nx.strongly_connected_components(graph)]
    loops = [[edge[0] for edge in nx.find_cycle(knot)] for knot in knots if knot.number_of_edges()]
    starts = [loop.index(min(loop, key=place)) for loop in loops]
    return [[*loop[i:], *loop[: i + 1]] for loop, i in zip(loops, starts, strict=True)]


# The drawing: results in columns, each to the right of what it uses.

WIDTH, HEIGHT, GAP_X, GAP_Y, COLUMNS = 178, 58, 32, 12, 5


def columns(graph: nx.DiGraph) -> dict:
    """The column of each node: one more than the furthest of what it uses; a node that uses nothing stands next to its first user."""
    column = {node: i for i, generation in enumerate(nx.topological_generations(graph)) for node in generation}
    for node in graph:
        if not graph.in_degree(node) and graph.out_degree(node):
            column[node] = min(column[user] for user in graph.successors(node)) - 1
    return column


def layout(graph: nx.DiGraph) -> tuple[dict, dict]:
    """(place of the upper left corner of each node, the points each edge runs through); ``graph`` has no circle."""
    linked = graph.subgraph([n for n in graph if graph.degree(n)])
    column = columns(linked)
    # An edge that skips columns runs through one empty place in each, so that it passes between the boxes.
    steps = {(u, v): [u, *((u, v, i) for i in range(column[u] + 1, column[v])), v] for u, v in linked.edges}
    chains = nx.Graph([pair for path in steps.values() for pair in pairwise(path)])
    column |= {place: place[2] for path in steps.values() for place in path[1:-1]}
    order = [
        [n for n in [*linked, *(n for n in column if n not in linked)] if column[n] == i]
        for i in range(max(column.values(), default=-1) + 1)
    ]
    y = {node: float(i) for nodes_ in order for i, node in enumerate(nodes_)}
    for sweep in range(24):
        for i in list(range(len(order)))[:: 1 if sweep % 2 == 0 else -1]:
            side = {n: [m for m in chains[n] if column[m] == i + (-1 if sweep % 2 == 0 else 1)] for n in order[i]}
            wish = {n: sum(y[m] for m in side[n]) / len(side[n]) if side[n] else y[n] for n in order[i]}
            order[i].sort(key=wish.__getitem__)
            y |= zip(order[i], spread([wish[n] for n in order[i]], [1.0 if n in linked else 0.35 for n in order[i]]), strict=True)
    top = min(y.values(), default=0.0)
    corner = {n: (column[n] * (WIDTH + GAP_X), (y[n] - top) * (HEIGHT + GAP_Y)) for n in y}
    bottom = max((corner[n][1] for n in linked), default=-HEIGHT - GAP_Y) + HEIGHT + 3 * GAP_Y
    for k, node in enumerate(n for n in graph if n not in linked):
        corner[node] = (k % COLUMNS * (WIDTH + GAP_X), bottom + k // COLUMNS * (HEIGHT + GAP_Y))
    return {n: corner[n] for n in graph}, {edge: [corner[n] for n in path] for edge, path in steps.items()}


def spread(wish: list[float], size: list[float]) -> list[float]:
    """Places nearest to the wished ones (least squares) in the same order, each pair at least the mean of its sizes apart."""
    offset = [0.0]
    for a, b in pairwise(size):
        offset.append(offset[-1] + (a + b) / 2)
    blocks: list[list[float]] = []
    for w, o in zip(wish, offset, strict=False):
        blocks.append([w - o, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, m), (b, n) = blocks[-2:]
            blocks[-2:] = [[(a * m + b * n) / (m + n), m + n]]
    level = [mean for mean, count in blocks for _ in range(int(count))]
    return [a + o for a, o in zip(level, offset, strict=False)]


def draw(graph: nx.DiGraph, known: dict[str, Result], number: dict[str, str], uri: dict[str, str]) -> str:
    """The drawing as SVG in the page's own colours; every box is a link to its statement."""
    closure = nx.transitive_closure_dag(graph)
    graph = nx.transitive_reduction(graph)
    corner, routes = layout(graph)
    width = max((x for x, _ in corner.values()), default=0) + WIDTH + 4
    height = max((y for _, y in corner.values()), default=0) + HEIGHT + 4
    place = {label: i for i, label in enumerate(graph)}
    edges, lit = [], []
    for (u, v), points in routes.items():
        edges.append(f'<path id="claims-u{place[u]}v{place[v]}" d="{_curve(points)}" marker-end="url(#claims-arrow)"/>')
    # Pointing at a box keeps dark what it rests on and what rests on it; a browser without :has() simply shows all arrows.
    for n, i in place.items():
        kin = [(u, v) for u, v in routes if v == n or u == n or closure.has_edge(v, n) or closure.has_edge(n, u)]
        keep = "".join(f":not(#claims-u{place[u]}v{place[v]})" for u, v in kin)
        lit.append(f".claims-graph svg:has(#claims-n{i}:hover,#claims-n{i}:focus) path{keep}{{opacity:.12}}")
    boxes = [_box(known[n], number[n], uri[n], *corner[n], place[n]) for n in graph]
    described = f"{len(graph)} results and {len(routes)} arrows. The cards on this page list every use as text."
    return (
        '<div class="claims-graph" role="region" aria-label="Which result uses which" tabindex="0">'
        f"<style>{''.join(lit)}</style>"
        f'<svg viewBox="-2 -2 {width:.0f} {height:.0f}" style="width:100%;max-width:{width:.0f}px;min-width:{0.88 * width:.0f}px"'
        ' role="group" aria-labelledby="claims-t claims-d">'
        f'<title id="claims-t">Which result uses which</title><desc id="claims-d">{described}</desc>'
        '<defs><marker id="claims-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<polygon points="0,0.5 8,4 0,7.5" fill="currentColor"/></marker></defs>'
        f'<g fill="none" stroke="currentColor" stroke-width="1.2">{"".join(edges)}</g>{"".join(boxes)}</svg></div>'
    )


def _curve(points: list[tuple[float, float]]) -> str:
    """A smooth path from the right side of the first box to the left side of the last, level where it meets a box."""
    middle = HEIGHT / 2
    (x, y), *rest = points
    path = f"M{x + WIDTH:.0f},{y + middle:.1f}"
    x += WIDTH
    for i, (to_x, to_y) in enumerate(rest):
        half = (to_x - x) / 2
        path += f"C{x + half:.0f},{y + middle:.1f} {x + half:.0f},{to_y + middle:.1f} {to_x:.0f},{to_y + middle:.1f}"
        if i < len(rest) - 1:
            path += f"H{to_x + WIDTH:.0f}"
        x, y = to_x + WIDTH, to_y
    return path


def _box(result: Result, number: str, uri: str, x: float, y: float, place: int) -> str:
    title, head = _plain(result.title), number + ", open" * result.open
    lines = textwrap.wrap(title, 23, max_lines=2, placeholder=" …")
    text = "".join(f'<text x="{x + 9:.0f}" y="{y + 35 + 15 * i:.1f}">{html.escape(line)}</text>' for i, line in enumerate(lines))
    return (
        f'<a id="claims-n{place}" class="{result.kind}{" open" * result.open}" href="{html.escape(uri)}">'
        f"<title>{html.escape(f'{head}: {title}')}</title>"
        f'<rect x="{x:.0f}" y="{y:.1f}" width="{WIDTH}" height="{HEIGHT}" rx="5"/>'
        f'<text class="number" x="{x + 9:.0f}" y="{y + 18:.1f}">{html.escape(head)}</text>{text}</a>'
    )


def _plain(title: str) -> str:
    """A title with its formulas as plain letters, for a drawing that cannot typeset them."""
    return re.sub(r"\s+", " ", re.sub(r"[\\${}]", "", title)).strip()


# The page.


class claims_table(nodes.General, nodes.Element):
    """Stands where the table goes until the chapters are all read."""


class claims_graph(nodes.General, nodes.Element):
    """Stands where the drawing goes until the chapters are all read."""


class TableDirective(SphinxDirective):
    """Every numbered result on a card, grouped by chapter."""

    def run(self) -> list[nodes.Node]:
        _stored(self.env)["pages"][self.env.docname] = True
        return [claims_table()]


class GraphDirective(SphinxDirective):
    """Which result uses which, as a drawing."""

    def run(self) -> list[nodes.Node]:
        _stored(self.env)["pages"][self.env.docname] = True
        return [claims_graph()]


def source_role(name, rawtext, text, lineno, inliner, options=None, content=None):
    """Where a statement stands in the paper: a small note at its right."""
    return [nodes.inline(rawtext, text, classes=["claim-source"])], []


class Render(SphinxPostTransform):
    """Put the table and the drawing in their places, before Sphinx resolves references."""

    default_priority = 8

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(claims_table)):
            node.replace_self(Page(self.app, self.env.docname).table())
        for node in list(self.document.findall(claims_graph)):
            node.replace_self(Page(self.app, self.env.docname).graph())
        if pages := sorted(_stored(self.env)["pages"]):
            for note in list(self.document.findall(_is_source)):
                statement = note.parent
                while statement and not isinstance(statement, STATEMENTS):
                    statement = statement.parent
                if statement is not None and statement["realtype"] in RESULTS:
                    link = make_refnode(self.app.builder, self.env.docname, pages[0], f"claim-{statement['label']}", nodes.Text("ledger"))
                    note += [nodes.Text(" · "), link]


class Page:
    """The collected claims as seen from one page."""

    def __init__(self, app, docname: str):
        self.env, self.builder, self.docname = app.env, app.builder, docname
        self.results = results(app.env)
        self.known = {r.label: r for r in self.results}
        self.checks, _ = read_checks(_tests_folder(app))
        self.figures = [f for doc in chapters(app.env) for f in _stored(app.env)["figures"].get(doc, [])]

    def table(self) -> list[nodes.Node]:
        parts: list[nodes.Node] = [self.summary()]
        for docname in chapters(self.env):
            if here := [r for r in self.results if r.docname == docname]:
                head = nodes.rubric("", "", **{"heading-level": 3})
                head += self.link(docname, "", self.env.titles[docname].children)
                doctree = self.env.get_doctree(docname)
                originals = {n["label"]: n for n in doctree.findall(lambda n: isinstance(n, STATEMENTS))}
                parts += [head, *(self.card(r, originals[r.label]) for r in here)]
        return [nodes.container("", *parts, classes=["claims-table"])]

    def summary(self) -> nodes.paragraph:
        proved, is_open = sum(r.proved and not r.open for r in self.results), sum(r.open for r in self.results)
        kinds = Counter(c.kind for c in self.checks if c.label in self.known)
        count = "; ".join(f"{kind}: {kinds[kind]}" for kind in KINDS if kinds[kind])
        text = f"{_count(proved, 'result')} proved, {is_open} open. {_count(kinds.total(), 'check')} ({count})."
        return nodes.paragraph("", text, classes=["claims-summary"])

    def card(self, result: Result, original: nodes.Element) -> nodes.container:
        name = nodes.paragraph("", "", self.link(result.docname, result.label, [nodes.Text(self.name(result))]), classes=["claims-name"])
        if result.title:
            name += [nodes.Text(" "), nodes.inline("", "", *_title(original))]
        if result.open:
            name += [nodes.Text(" "), nodes.inline("", "open", classes=["claims-open"])]
        used_by = [r for r in self.results if result.label in r.uses]
        fields = nodes.field_list(classes=["claims-fields"])
        fields += _field("Source", [nodes.Text(result.source or "not given")])
        fields += _field("Proof uses", _listed([self.used(u) for u in result.uses]))
        fields += _field("Used by", _listed([[self.reference(r)] for r in used_by]))
        fields += _field("Checked by", _listed([_check(c) for c in self.checks if c.label == result.label]))
        if shown := [self.figure(f) for f in self.figures if result.label in f.cites]:
            fields += _field("Figure", _listed(shown))
        return nodes.container("", name, *_folded(original), fields, classes=["claims-card"], ids=[f"claim-{result.label}"])

    def used(self, label: str) -> list[nodes.Node]:
        if label in self.known:
            return [self.reference(self.known[label])]
        statement = self.env.proof_list.get(label)  # a definition, remark, ...: no claim, but a proof may need it
        if not statement:
            return [nodes.literal("", label)]
        number = _number(self.env, statement["docname"], statement["countertype"], label)
        return [self.link(statement["docname"], label, [nodes.Text(f"{statement['realtype'].title()} {number}".strip())])]

    def figure(self, figure: Figure) -> list[nodes.Node]:
        number = _number(self.env, figure.docname, "figure", figure.id)
        return [self.link(figure.docname, figure.id, [nodes.Text(f"Figure {number}".strip())])]

    def reference(self, result: Result) -> nodes.reference:
        return self.link(result.docname, result.label, [nodes.Text(self.name(result))])

    def name(self, result: Result) -> str:
        return f"{result.kind.title()} {_number(self.env, result.docname, result.counter, result.label)}".strip()

    def uri(self, docname: str, target: str) -> str:
        return self.builder.get_relative_uri(self.docname, docname) + f"#{target}" * bool(target)

    def link(self, docname: str, target: str, children: list[nodes.Node]) -> nodes.reference:
        return nodes.reference("", "", *(c.deepcopy() for c in children), internal=True, refuri=self.uri(docname, target))

    def graph(self) -> list[nodes.Node]:
        graph = dependencies(self.known)
        for cycle in cycles(self.known):  # already a warning; drawn without the edges of the circle
            graph.remove_edges_from((b, a) for a, b in pairwise(cycle))
        while not nx.is_directed_acyclic_graph(graph):
            graph.remove_edges_from([nx.find_cycle(graph)[-1][:2]])
        number = {r.label: self.name(r) for r in self.results}
        uri = {r.label: self.uri(r.docname, r.label) for r in self.results}
        return [nodes.raw("", draw(graph, self.known, number, uri), format="html")]

    def for_machines(self) -> list[dict]:
        """What ``claims.json`` holds: one record for each result."""
        records = []
        for r in self.results:
            checks = [{"test": c.test, "kind": c.kind} for c in self.checks if c.label == r.label]
            uri = f"{self.builder.get_target_uri(r.docname)}#{r.label}"
            record = {"label": r.label, "number": self.name(r), "title": r.title, "uri": uri}
            records.append(record | {"source": r.source, "open": r.open, "uses": list(r.uses), "checks": checks})
        return records


def _count(n: int, what: str) -> str:
    return f"{n} {what}" + "s" * (n != 1)


def _title(statement: nodes.Element) -> list[nodes.Node]:
    """The title without the brackets that sphinx-proof puts around it."""
    children = [child.deepcopy() for child in statement[0].children]
    if isinstance(children[0], nodes.Text):
        children[0] = nodes.Text(re.sub(r"^\s*\(", "", children[0]))
    if isinstance(children[-1], nodes.Text):
        children[-1] = nodes.Text(re.sub(r"\)\s*$", "", children[-1]))
    return children


def _folded(statement: nodes.Element) -> list[nodes.Node]:
    """A copy of the statement that opens on demand, without the anchors and equation numbers of the original."""
    copy = nodes.container("", *(child.deepcopy() for child in statement[1].children), classes=["claims-statement"])
    for note in list(copy.findall(_is_source)):
        note.parent.remove(note)
    for target in list(copy.findall(nodes.target)):
        target.parent.remove(target)
    for node in copy.findall(nodes.Element):
        node["ids"], node["names"] = [], []
        if isinstance(node, nodes.math_block):
            node["label"] = node["number"] = None
    opened, closed = "<details><summary>Statement</summary>", "</details>"
    return [nodes.raw("", opened, format="html"), copy, nodes.raw("", closed, format="html")]


def _check(check: Check) -> list[nodes.Node]:
    return [nodes.literal("", check.test), nodes.Text(f" ({check.kind})")]


def _field(name: str, body: list[nodes.Node]) -> nodes.field:
    return nodes.field("", nodes.field_name("", name), nodes.field_body("", nodes.paragraph("", "", *body)))


def _listed(entries: list[list[nodes.Node]]) -> list[nodes.Node]:
    """The entries with commas between them, or a dash."""
    joined = [node for entry in entries for node in (*entry, nodes.Text(", "))]
    return joined[:-1] or [nodes.Text("–")]


def _number(env, docname: str, counter: str, label: str) -> str:
    return ".".join(map(str, env.toc_fignumbers.get(docname, {}).get(counter, {}).get(label, ())))


def chapters(env) -> list[str]:
    """The pages in the order of the table of contents, then any that it leaves out."""
    found: dict[str, None] = {}

    def walk(docname: str) -> None:
        if docname not in found:
            found[docname] = None
            for child in env.toctree_includes.get(docname, []):
                walk(child)

    walk(env.config.root_doc)
    return [*found, *sorted(env.found_docs - set(found))]


def results(env) -> list[Result]:
    """All numbered results in the order of the book."""
    return [r for docname in chapters(env) for r in _stored(env)["results"].get(docname, [])]


# Sphinx's events.


def _stored(env) -> dict[str, dict]:
    """What the environment keeps from one build to the next, by page."""
    if not hasattr(env, "claims"):
        env.claims = {"results": {}, "figures": {}, "pages": {}}
        env.claims_digests = ("", "")
    return env.claims


def collect(app, doctree: nodes.document) -> None:
    docname = app.env.docname
    _stored(app.env)["results"][docname] = read_results(doctree, docname)
    _stored(app.env)["figures"][docname] = read_figures(doctree, docname)


def purge(app, env, docname: str) -> None:
    for pages in _stored(env).values():
        pages.pop(docname, None)


def merge(app, env, docnames: set[str], other) -> None:
    for name, pages in _stored(env).items():
        pages.update({d: v for d, v in _stored(other)[name].items() if d in docnames})


def update(app, env) -> list[str]:
    """Warn of everything wrong, on every build; return the pages to write again because a claim, a check or a number has changed."""
    all_results = results(env)
    checks, wrong = read_checks(_tests_folder(app))
    for location, message in wrong + problems(all_results, checks, set(getattr(env, "proof_list", {}))):
        logger.warning(message, location=location, type="claims")
    titles = [env.titles[r.docname].astext() for r in all_results]
    ledger = _digest([all_results, checks, _stored(env)["figures"], titles])
    numbers = _digest(env.toc_fignumbers)
    (old_ledger, old_numbers), env.claims_digests = env.claims_digests, (ledger, numbers)
    if old_numbers and numbers != old_numbers:
        return list(env.found_docs)  # Sphinx itself would leave the old number in every page that only refers to it
    return list(_stored(env)["pages"]) if ledger != old_ledger else []


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()


def _tests_folder(app) -> Path:
    return Path(app.srcdir, app.config.claims_tests).resolve()


def write_json(app, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        records = Page(app, app.config.root_doc).for_machines()
        Path(app.outdir, "claims.json").write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def setup(app) -> dict:
    app.add_config_value("claims_tests", "../tests", "env")
    app.add_role("source", source_role)
    app.add_directive("claims-table", TableDirective)
    app.add_directive("claims-graph", GraphDirective)
    app.add_node(claims_table)
    app.add_node(claims_graph)
    app.add_post_transform(Render)
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("env-get-updated", update, priority=900)  # after Sphinx has given the numbers
    app.connect("build-finished", write_json)
    # A changed extension reads everything again, since what an older one has stored may be of another form.
    version = int(hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12], 16)
    return {"env_version": version, "parallel_read_safe": True, "parallel_write_safe": True}
