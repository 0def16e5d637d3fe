"""What is read is left of what reads it, and the picture is the same each time."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from carms_lake.report.layers import layered

NAMES = [f"t{n}" for n in range(8)]
EDGES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=24)


@given(EDGES)
def test_every_node_has_one_place_and_every_edge_leads_right(edges: list[tuple[str, str]]) -> None:
    layers = layered(NAMES, edges, {})
    column = {place: n for n, places in enumerate(layers.columns) for place in places}
    assert sorted(place for place in column if isinstance(place, str)) == NAMES
    for edge, route in layers.routes.items():
        assert (route[0], route[-1]) == edge
        assert all(column[there] == column[here] + 1 for here, there in pairwise(route))


@given(EDGES, st.randoms(use_true_random=False))
def test_the_order_of_what_is_given_does_not_matter(edges, random) -> None:
    names, shuffled = NAMES[:], edges[:]
    random.shuffle(names)
    random.shuffle(shuffled)
    assert layered(names, shuffled, {}) == layered(NAMES, edges, {})


@given(EDGES)
def test_only_an_edge_of_a_circle_may_be_left_out(edges: list[tuple[str, str]]) -> None:
    downward = [(a, b) for a, b in edges if a < b]
    assert set(layered(NAMES, downward, {}).routes) == set(downward)


def test_a_crossing_that_need_not_be_is_not_drawn() -> None:
    edges = [("a", "z"), ("b", "y"), ("c", "x")]
    layers = layered(["a", "b", "c", "x", "y", "z"], edges, {})
    left, right = layers.columns
    assert [dict(edges)[name] for name in left] == list(right)


def test_a_node_is_not_left_of_its_floor() -> None:
    assert layered(["a", "b"], [], {"b": 2}).columns == (("a",), (), ("b",))
