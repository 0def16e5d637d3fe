"""A directed graph drawn in columns: what is read is left of what reads it.

After Sugiyama: longest paths give the columns, edges over several columns get a bend in each of
them, and the order within a column is improved by the mean place of the neighbours, back and forth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

_SWEEPS = 12

Edge = tuple[str, str]
"""From the table that is read to the table that reads it."""
Bend = tuple[str, str, int]
Place = str | Bend


@dataclass(frozen=True)
class Layers:
    """Where each node is: its column from the left, and its place in the column from the top."""

    columns: tuple[tuple[Place, ...], ...]
    routes: Mapping[Edge, tuple[Place, ...]]
    """An edge as the places that it passes, both ends included."""


def layered(nodes: Sequence[str], edges: Sequence[Edge], floor: Mapping[str, int]) -> Layers:
    """The nodes in columns, none left of its `floor`; edges that would close a circle are left out.

    The same graph has the same picture: nodes and edges count in the order of their names.
    """
    names = sorted(nodes)
    kept = _without_circles(names, sorted({(a, b) for a, b in edges if a != b}))
    depth = _depths(names, kept, floor)
    columns: list[list[Place]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in names:
        columns[depth[name]].append(name)
    routes: dict[Edge, tuple[Place, ...]] = {}
    for one, other in kept:
        bends = [(one, other, at) for at in range(depth[one] + 1, depth[other])]
        for bend in bends:
            columns[bend[2]].append(bend)
        routes[one, other] = (one, *bends, other)
    left: dict[Place, list[Place]] = {}
    right: dict[Place, list[Place]] = {}
    for route in routes.values():
        for here, there in pairwise(route):
            right.setdefault(here, []).append(there)
            left.setdefault(there, []).append(here)
    best, fewest = columns, _crossings(columns, right)
    for _ in range(_SWEEPS):
        columns = _swept(_swept(columns, left), right, backward=True)
        if (crossed := _crossings(columns, right)) < fewest:
            best, fewest = columns, crossed
    return Layers(tuple(map(tuple, best)), routes)


def _without_circles(names: Sequence[str], edges: Sequence[Edge]) -> list[Edge]:
    try:
        reads: dict[str, set[str]] = {name: set() for name in names}
        for one, other in edges:
            reads[other].add(one)
        TopologicalSorter(reads).prepare()
    except CycleError:  # contracts refer to each other, as a person to a manager
        place = {name: at for at, name in enumerate(names)}
        return [(a, b) for a, b in edges if place[a] < place[b]]
    return list(edges)


def _depths(
    names: Sequence[str], edges: Sequence[Edge], floor: Mapping[str, int]
) -> dict[str, int]:
    reads: dict[str, list[str]] = {name: [] for name in names}
    for one, other in edges:
        reads[other].append(one)
    depth: dict[str, int] = {}
    for name in TopologicalSorter(reads).static_order():
        behind = max((depth[one] + 1 for one in reads[name]), default=0)
        depth[name] = max(behind, floor.get(name, 0))
    return depth


def _swept(
    columns: Sequence[Sequence[Place]],
    neighbours: Mapping[Place, Sequence[Place]],
    *,
    backward: bool = False,
) -> list[list[Place]]:
    """The columns, each sorted by the mean place of its neighbours in the column before it."""
    new = [list(column) for column in columns]
    order = range(len(new) - 2, -1, -1) if backward else range(1, len(new))
    for at in order:
        beside = new[at + 1 if backward else at - 1]
        share = {place: (n + 0.5) / len(beside) for n, place in enumerate(beside)}
        now = {place: (n + 0.5) / len(new[at]) for n, place in enumerate(new[at])}

        def mean(
            place: Place, share: dict[Place, float] = share, now: dict[Place, float] = now
        ) -> float:
            known = [share[one] for one in neighbours.get(place, ()) if one in share]
            return sum(known) / len(known) if known else now[place]

        new[at].sort(key=mean)
    return new


def _crossings(columns: Sequence[Sequence[Place]], right: Mapping[Place, Sequence[Place]]) -> int:
    """How often lines between neighbouring columns cross."""
    count = 0
    for column, following in pairwise(columns):
        place = {one: at for at, one in enumerate(following)}
        ends = [
            sorted(place[there] for there in right.get(one, ()) if there in place) for one in column
        ]
        flat = [end for those in ends for end in those]
        count += sum(later < end for n, end in enumerate(flat) for later in flat[n + 1 :])
    return count
