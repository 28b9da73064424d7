"""The drawing of the ledger: boxes and arrows keep apart, and stand where they should."""

import os
import subprocess
import sys
from itertools import pairwise

import networkx as nx
import pytest
from small_book import EXTENSIONS, claims

drawing = claims.drawing


def test_spread_is_the_least_squares_solution():
    assert drawing.spread([0.0, 0.0, 5.0], [1.0, 1.0, 1.0]) == [-0.5, 0.5, 5.0]
    assert drawing.spread([2.0, 0.0], [1.0, 0.5]) == [0.625, 1.375]
    assert drawing.spread([], []) == []


IN_ANOTHER_PROCESS = """
import networkx as nx
from claims.drawing import layout, reduced

random = nx.gnp_random_graph(40, 0.1, seed=1, directed=True)
graph = nx.DiGraph()
graph.add_nodes_from(f"thm-{number}" for number in random)
graph.add_edges_from((f"thm-{a}", f"thm-{b}") for a, b in random.edges if a < b)
corner, routes = layout(reduced(graph))
print(list(corner.items()), list(routes.items()))
"""


def test_the_drawing_is_the_same_in_every_process():
    """A set of labels has another order in each process; the drawing does not show it."""
    drawn = {
        subprocess.run(
            [sys.executable, "-c", IN_ANOTHER_PROCESS],
            env=os.environ | {"PYTHONPATH": str(EXTENSIONS), "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            encoding="utf-8",
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(drawn) == 1 and "thm-39" in drawn.pop()


@pytest.mark.parametrize("seed", range(3))
def test_boxes_and_arrows_of_sixty_results_do_not_collide(seed):
    random = nx.gnp_random_graph(60, 0.04, seed=seed, directed=True)
    graph = nx.DiGraph((u, v) for u, v in random.edges if u < v)
    graph.add_nodes_from(random)
    corner, routes = drawing.layout(graph)
    assert set(corner) == set(graph) and set(routes) == set(graph.edges)
    for (u, (x, y)), (v, (s, t)) in (
        (a, b) for a in corner.items() for b in corner.items() if a[0] < b[0]
    ):
        assert abs(x - s) >= drawing.WIDTH or abs(y - t) >= drawing.HEIGHT, (u, v)
    for (u, v), points in routes.items():
        assert [b[0] - a[0] for a, b in pairwise(points)] == [drawing.WIDTH + drawing.GAP_X] * (
            len(points) - 1
        ), (u, v)
        for x, y in points[1:-1]:
            assert all(s != x or abs(t - y) > drawing.HEIGHT / 2 for s, t in corner.values()), (
                u,
                v,
            )


def test_what_is_not_joined_stands_one_below_the_other_in_the_order_of_the_graph():
    graph = nx.DiGraph([("a", "c"), ("b", "c"), ("d", "e")])
    graph.add_node("f")
    corner, routes = drawing.layout(graph)
    assert list(corner) == list(graph) and set(routes) == set(graph.edges)
    bottom = max(corner[node][1] for node in "abc") + drawing.HEIGHT
    top = min(corner[node][1] for node in "de")
    assert 0 < top - bottom <= 2 * drawing.GAP_Y
    assert corner["f"][1] > corner["d"][1] + drawing.HEIGHT
