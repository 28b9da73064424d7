"""The map: the pages as a list in the order of the book, and at its left an arc for each join."""

import html
from dataclasses import dataclass

import networkx as nx

ROW = 36  # the height of a row, in the units of the drawing: 16 to a rem
LEFT, RIGHT = 8, 112  # how far an arc reaches out, and where the list begins
Pair = tuple[str, str]


@dataclass(frozen=True)
class Stop:
    """A row of the map: a page, or the heading of a part, which has no address."""

    name: str
    title: str
    uri: str = ""
    time: str = ""
    paths: tuple[int, ...] = ()  # which of the paths lead there


def draw(
    stops: list[Stop], pairs: dict[Pair, bool], back: list[Pair], marks: list[str], title: str
) -> str:
    """The map as HTML in the page's own colours; every page in it is a link.

    ``pairs`` are joined by an arc, full where a proof joins them, else dashed; those in ``back``,
    whose earlier page comes later in the list, by a dotted one. ``marks`` are the signs of the
    paths.
    """
    place = {stop.name: position for position, stop in enumerate(stops)}
    kinds = {pair: "" if proof else "needs" for pair, proof in pairs.items()}
    kinds |= dict.fromkeys(back, "back")
    arcs = [arc(place[a], place[b], kind, len(stops)) for (a, b), kind in kinds.items()]
    styles = "".join(highlight(stop.name, kinds, place) for stop in stops if stop.uri)
    rows = "".join(row(stop, place[stop.name], marks) for stop in stops)
    height = ROW * len(stops)
    size = f"width:{RIGHT / 16}rem;height:{height / 16}rem"
    return (
        f'<div class="reading-map" role="group" aria-label="{html.escape(title)}">'
        f"<style>{styles}</style>"
        f'<svg viewBox="0 0 {RIGHT} {height}" style="{size}" aria-hidden="true">'
        '<defs><marker id="map-end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6"'
        ' markerHeight="6" orient="auto"><polygon points="0,0.5 8,4 0,7.5"/></marker></defs>'
        f"{''.join(arcs)}</svg><ol>{rows}</ol></div>"
    )


def arc(start: int, end: int, kind: str, count: int) -> str:
    """From the page that is needed to the one that needs it, the further out the longer."""
    reach = (abs(end - start) / count) ** 0.5
    x = RIGHT - 14 - (RIGHT - 14 - LEFT) * 4 / 3 * min(1.0, 0.06 + reach)
    y, to = ROW * (start + 0.5) + 3, ROW * (end + 0.5) - 3
    if start > end:
        y, to = y - 6, to + 6
    path = f"M{RIGHT - 3},{y:.0f}C{x:.0f},{y:.0f} {x:.0f},{to:.0f} {RIGHT - 3},{to:.0f}"
    own = f' class="{kind}"' if kind else ""
    return f'<path id="map-{start}-{end}"{own} d="{path}" marker-end="url(#map-end)"/>'


def highlight(name: str, kinds: dict[Pair, str], place: dict[str, int]) -> str:
    """The style that keeps dark what a page rests on and what rests on it, when pointed at."""
    graph = nx.DiGraph(kinds.keys())
    graph.add_node(name)
    before, behind = nx.ancestors(graph, name) | {name}, nx.descendants(graph, name) | {name}
    kin = [pair for pair in kinds if set(pair) <= before or set(pair) <= behind]
    keep = "".join(f":not(#map-{place[a]}-{place[b]})" for a, b in kin)
    own = f"#map-{place[name]} a"
    return f".reading-map:has({own}:hover,{own}:focus-visible) path{keep}{{opacity:.1}}"


def row(stop: Stop, position: int, marks: list[str]) -> str:
    """A page with its minutes and the signs of its paths, or the heading of a part."""
    title = html.escape(stop.title)
    if not stop.uri:
        return f'<li class="part">{title}</li>'
    signs = "".join(marks[path] for path in stop.paths)
    return (
        f'<li id="map-{position}"><a href="{html.escape(stop.uri)}"><span>{title}</span></a>'
        f'<span class="signs" aria-hidden="true">{signs}</span>'
        f'<span class="time">{stop.time}</span></li>'
    )
