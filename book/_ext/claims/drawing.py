"""The drawing: results in columns, each to the right of what it uses, as SVG."""

import html
import re
import textwrap
from collections.abc import Hashable
from itertools import pairwise
from typing import NamedTuple

import networkx as nx

from .ledger import Result

WIDTH, HEIGHT, GAP_X, GAP_Y = 178, 58, 32, 12
SWEEPS = 24
BOX, PASSAGE = 1.0, 0.35  # room in a column, in boxes

Point = tuple[float, float]
Edge = tuple[Hashable, Hashable]


class Passage(NamedTuple):
    """An empty place in a column that an edge skips: the edge passes there between the boxes."""

    start: Hashable
    end: Hashable
    column: int


# Places.


def layout(graph: nx.DiGraph) -> tuple[dict[Hashable, Point], dict[Edge, list[Point]]]:
    """The upper left corner of each node, and the points that each edge runs through.

    ``graph`` has no circle. What is not joined stands one below the other; nodes without edges
    stand in rows below all others.
    """
    alone = list(nx.isolates(graph))
    linked = graph.copy()
    linked.remove_nodes_from(alone)
    corner: dict[Hashable, Point] = {}
    points: dict[Edge, list[Point]] = {}
    top, widest = 0.0, 2
    for group in joined_groups(linked):
        column = columns(group)
        routes = {edge: route(edge, column) for edge in group.edges}
        passages = [place for places in routes.values() for place in places[1:-1]]
        column |= {passage: passage.column for passage in passages}
        height = heights(in_columns([*group, *passages], column), routes)
        highest = min(height.values())
        place = {
            place: (column[place] * (WIDTH + GAP_X), top + (y - highest) * (HEIGHT + GAP_Y))
            for place, y in height.items()
        }
        corner |= {node: place[node] for node in group}
        points |= {edge: [place[stop] for stop in stops] for edge, stops in routes.items()}
        top = max(y for _, y in place.values()) + HEIGHT + 2 * GAP_Y
        widest = max(widest, *column.values())
    corner |= in_rows(alone, top + GAP_Y if corner else 0.0, widest + 1)
    return {node: corner[node] for node in graph}, points


def joined_groups(graph: nx.DiGraph) -> list[nx.DiGraph]:
    """The parts of the graph that no edge joins, each with its nodes and edges in their order."""
    place = {node: position for position, node in enumerate(graph)}
    groups = []
    for nodes in sorted(
        nx.weakly_connected_components(graph), key=lambda some: min(map(place.get, some))
    ):
        group = nx.DiGraph()
        group.add_nodes_from(node for node in graph if node in nodes)
        group.add_edges_from(edge for edge in graph.edges if edge[0] in nodes)
        groups.append(group)
    return groups


def columns(graph: nx.DiGraph) -> dict[Hashable, int]:
    """The column of each node: one more than the furthest of what it uses.

    A node that uses nothing stands next to its first user.
    """
    generations = enumerate(nx.topological_generations(graph))
    column = {node: number for number, generation in generations for node in generation}
    for node in graph:
        if not graph.in_degree(node) and graph.out_degree(node):
            column[node] = min(column[user] for user in graph.successors(node)) - 1
    return column


def route(edge: Edge, column: dict[Hashable, int]) -> list[Hashable]:
    """The places of an edge: its ends, and one passage in every column between them."""
    start, end = edge
    skipped = range(column[start] + 1, column[end])
    return [start, *(Passage(start, end, number) for number in skipped), end]


def in_columns(places: list[Hashable], column: dict[Hashable, int]) -> list[list[Hashable]]:
    """The places of each column, from left to right."""
    count = max(column.values(), default=-1) + 1
    return [[place for place in places if column[place] == number] for number in range(count)]


def in_rows(nodes: list[Hashable], top: float, across: int) -> dict[Hashable, Point]:
    """The corners of nodes side by side, ``across`` in a row, the first row at ``top``."""
    corner = {}
    for position, node in enumerate(nodes):
        row, place = divmod(position, across)
        corner[node] = (place * (WIDTH + GAP_X), top + row * (HEIGHT + GAP_Y))
    return corner


def heights(
    groups: list[list[Hashable]], routes: dict[Edge, list[Hashable]]
) -> dict[Hashable, float]:
    """The height of each place, near the mean height of what it is joined to.

    Sweep after sweep, to the right and back, each column follows the one before it.
    """
    joined = nx.Graph(pair for places in routes.values() for pair in pairwise(places))
    height = {place: float(i) for group in groups for i, place in enumerate(group)}
    for sweep in range(SWEEPS):
        rightward = sweep % 2 == 0
        numbers = range(len(groups)) if rightward else reversed(range(len(groups)))
        for number in numbers:
            before = number - 1 if rightward else number + 1
            neighbours = set(groups[before]) if 0 <= before < len(groups) else set()
            wish = {
                place: mean_height(place, [p for p in joined[place] if p in neighbours], height)
                for place in groups[number]
            }
            groups[number] = sorted(groups[number], key=wish.__getitem__)
            height |= settled(groups[number], wish)
    return height


def mean_height(
    place: Hashable, neighbours: list[Hashable], height: dict[Hashable, float]
) -> float:
    """The mean height of the neighbours; without neighbours a place stays where it is."""
    if not neighbours:
        return height[place]
    return sum(height[neighbour] for neighbour in neighbours) / len(neighbours)


def settled(group: list[Hashable], wish: dict[Hashable, float]) -> dict[Hashable, float]:
    """The heights of the places of one column: near the wished ones, without overlap."""
    room = [PASSAGE if isinstance(place, Passage) else BOX for place in group]
    return dict(zip(group, spread([wish[place] for place in group], room), strict=True))


def spread(wish: list[float], size: list[float]) -> list[float]:
    """The places nearest to the wished ones (least squares) that keep order and distance.

    Neighbours stay at least the mean of their sizes apart. Less these distances the places only
    have to be increasing: wherever they are not, a run of them takes its mean.
    """
    offset = [0.0]
    for this, following in pairwise(size):
        offset.append(offset[-1] + (this + following) / 2)
    runs: list[tuple[float, int]] = []  # mean and length
    for place, shift in zip(wish, offset, strict=False):
        runs.append((place - shift, 1))
        while len(runs) > 1 and runs[-2][0] > runs[-1][0]:
            runs[-2:] = [joined_runs(*runs[-2:])]
    level = [mean for mean, length in runs for _ in range(length)]
    return [mean + shift for mean, shift in zip(level, offset, strict=False)]


def joined_runs(first: tuple[float, int], second: tuple[float, int]) -> tuple[float, int]:
    """One run of the length of both, at their common mean."""
    (mean, length), (other_mean, other_length) = first, second
    total = length + other_length
    return (mean * length + other_mean * other_length) / total, total


# SVG.


def draw(
    graph: nx.DiGraph,
    known: dict[str, Result],
    number: dict[str, str],
    uri: dict[str, str],
    *,
    title: str = "Which result uses which",
    as_text: str = "The cards on this page list every use as text.",
    name: str = "claims",
) -> str:
    """The drawing as SVG in the page's own colours; every box is a link to its statement.

    The arrow of an edge with the attribute ``dashed`` is dashed. ``as_text`` says where a reader
    who cannot see the drawing finds the same. ``name`` begins the names of all parts of the
    drawing: another one for each drawing of a page.
    """
    dashed = set(nx.get_edge_attributes(graph, "dashed"))
    reached = nx.transitive_closure_dag(graph)
    graph = reduced(graph)
    corner, routes = layout(graph)
    width = max((x for x, _ in corner.values()), default=0) + WIDTH + 4
    height = max((y for _, y in corner.values()), default=0) + HEIGHT + 4
    place = {label: position for position, label in enumerate(graph)}
    arrows = [arrow(name, edge, points, place, edge in dashed) for edge, points in routes.items()]
    styles = [highlight(name, label, list(routes), reached, place) for label in place]
    boxes = [box(known[n], number[n], uri[n], corner[n], f"{name}-n{place[n]}") for n in graph]
    counts = f"{counted(len(graph), 'result')} and {counted(len(routes), 'arrow')}."
    size = f"width:100%;max-width:{width:.0f}px;min-width:{0.88 * width:.0f}px"
    return (
        f'<div class="claims-graph" role="region" aria-label="{html.escape(title)}"'
        ' tabindex="0">'
        f"<style>{''.join(styles)}</style>"
        f'<svg viewBox="-2 -2 {width:.0f} {height:.0f}" style="{size}"'
        f' role="group" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{html.escape(title)}</title>'
        f'<desc id="{name}-d">{counts} {html.escape(as_text)}</desc>'
        f'<defs><marker id="{name}-arrow" viewBox="0 0 8 8" refX="8" refY="4"'
        ' markerWidth="7" markerHeight="7" orient="auto">'
        '<polygon points="0,0.5 8,4 0,7.5" fill="currentColor"/></marker></defs>'
        f'<g fill="none" stroke="currentColor" stroke-width="1.2">{"".join(arrows)}</g>'
        f"{''.join(boxes)}</svg></div>"
    )


def reduced(graph: nx.DiGraph) -> nx.DiGraph:
    """The graph without the edges that a longer path replaces, the others in their order."""
    kept = set(nx.transitive_reduction(graph).edges)
    result = nx.DiGraph()
    result.add_nodes_from(graph)
    result.add_edges_from(edge for edge in graph.edges if edge in kept)
    return result


def counted(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def arrow_id(name: str, edge: Edge, place: dict[str, int]) -> str:
    start, end = edge
    return f"{name}-u{place[start]}v{place[end]}"


def arrow(name: str, edge: Edge, points: list[Point], place: dict[str, int], dashed: bool) -> str:
    own = arrow_id(name, edge, place)
    style = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<path id="{own}" d="{curve(points)}"{style} marker-end="url(#{name}-arrow)"/>'


def highlight(
    name: str, label: str, edges: list[Edge], reached: nx.DiGraph, place: dict[str, int]
) -> str:
    """The style that keeps dark what a box rests on and what rests on it, once it is pointed at.

    A browser without :has() simply shows all arrows.
    """
    kin = [
        edge
        for edge in edges
        if label in edge or reached.has_edge(edge[1], label) or reached.has_edge(label, edge[0])
    ]
    own = f"#{name}-n{place[label]}"
    keep = "".join(f":not(#{arrow_id(name, edge, place)})" for edge in kin)
    return f".claims-graph svg:has({own}:hover,{own}:focus) path{keep}{{opacity:.12}}"


def curve(points: list[Point]) -> str:
    """A smooth path from the right of the first box to the left of the last, level at both."""
    middle = HEIGHT / 2
    (x, y), *rest = points
    x += WIDTH
    path = f"M{x:.0f},{y + middle:.1f}"
    for position, (to_x, to_y) in enumerate(rest):
        half = x + (to_x - x) / 2
        path += f"C{half:.0f},{y + middle:.1f} {half:.0f},{to_y + middle:.1f}"
        path += f" {to_x:.0f},{to_y + middle:.1f}"
        if position < len(rest) - 1:
            path += f"H{to_x + WIDTH:.0f}"
        x, y = to_x + WIDTH, to_y
    return path


def box(result: Result, number: str, uri: str, corner: Point, own: str) -> str:
    """One result: its number and its title in at most two lines, linked to its statement."""
    x, y = corner
    title = plain(result.title)
    head = f"{number}, open" if result.open else number
    kind = f"{result.kind} open" if result.open else result.kind
    lines = textwrap.wrap(title, 23, max_lines=2, placeholder=" …")
    text = "".join(
        f'<text x="{x + 9:.0f}" y="{y + 35 + 15 * i:.1f}">{html.escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    return (
        f'<a id="{own}" class="{kind}" href="{html.escape(uri)}">'
        f"<title>{html.escape(f'{head}: {title}')}</title>"
        f'<rect x="{x:.0f}" y="{y:.1f}" width="{WIDTH}" height="{HEIGHT}" rx="5"/>'
        f'<text class="number" x="{x + 9:.0f}" y="{y + 18:.1f}">{html.escape(head)}</text>'
        f"{text}</a>"
    )


def plain(title: str) -> str:
    """A title with its formulas as plain letters, for a drawing that cannot typeset them."""
    return re.sub(r"\s+", " ", re.sub(r"[\\${}]", "", title)).strip()
