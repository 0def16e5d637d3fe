"""The lineage of tables and the references between gold tables, as inline SVG with links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from carms_lake.report.layers import Layers, Place, layered
from carms_lake.report.markup import Markup, h, join
from carms_lake.report.words import Words

if TYPE_CHECKING:
    from carms_lake.report.facts import Facts

_CHARACTER, _LINE = 6.4, 15
_PAD, _BETWEEN, _GAP, _MARGIN = 8, 44, 8, 10
_BEND = 4
"""How high the place of a bend is."""


def lineage(facts: Facts, words: Words) -> Markup | None:
    """Bronze, silver, gold from left to right; None where nothing was published yet."""
    edges = [(read, reader) for reader, read in facts.reads]
    names = sorted({name for edge in edges for name in edge})
    if not names:
        return None
    bronze = {name for name in names if name.startswith("bronze.")}
    silver = {name for name in names if name.startswith("silver.")}
    floor = {name: 0 if name in bronze else 1 for name in names} if bronze else {}
    first = layered(sorted(bronze | silver), [e for e in edges if e[1] in silver], floor)
    deep = len(first.columns)
    floor |= {name: deep for name in names if name.startswith("gold.")}
    lines = {name: [name.partition(".")[2]] for name in names}
    return _svg(
        layered(names, edges, floor), lines, words("lineage.label", n=len(names)), "lineage"
    )


def references(facts: Facts, words: Words) -> Markup | None:
    """The tables of gold with their keys, and which refers to which; None where none does."""
    edges, keys = [], {}
    for name, contract in facts.contracts.items():
        if contract.ref.layer != "gold" or contract.kind != "table":
            continue
        keys[name] = contract.primary_key
        targets = [reference.target for reference in contract.relationships]
        edges += [(target.in_domain, name) for target in targets if target.layer == "gold"]
    edges = [edge for edge in edges if edge[0] in keys]
    names = sorted({name for edge in edges for name in edge})
    if not names:
        return None
    lines = {}
    for name in names:
        own = facts.contracts[name].relationships
        foreign = [c for r in own for c in r.columns if c not in keys[name]]
        marked = [f"\u25c6 {key}" for key in keys[name]]
        lines[name] = [
            name.partition(".")[2],
            *marked,
            *(f"\u2192 {c}" for c in dict.fromkeys(foreign)),
        ]
    label = words("references.label", n=len(names))
    return _svg(layered(names, edges, {}), lines, label, "references")


def _svg(layers: Layers, lines: Mapping[str, Sequence[str]], label: str, kind: str) -> Markup:
    """Boxes with lines of text, each a link to its table; curves between them."""
    at: dict[Place, tuple[float, float, float, float]] = {}
    heights = [
        sum(_height(place, lines) + _GAP for place in column) - _GAP for column in layers.columns
    ]
    tall, x = max(heights), float(_MARGIN)
    for column, height in zip(layers.columns, heights, strict=True):
        wide = max(
            (_width(lines[place]) for place in column if isinstance(place, str)), default=0.0
        )
        y = _MARGIN + (tall - height) / 2
        for place in column:
            deep = _height(place, lines)
            own = _width(lines[place]) if isinstance(place, str) else wide
            at[place] = (x, y, own, deep)
            y += deep + _GAP
        x += wide + _BETWEEN
    width, height = round(x - _BETWEEN + _MARGIN), round(tall + 2 * _MARGIN)
    curves = [
        h("path", d=_curve([at[place] for place in route]), data_from=edge[0], data_to=edge[1])
        for edge, route in layers.routes.items()
    ]
    boxes = [
        _box(name, at[name], lines[name]) for column in layers.columns for name in _named(column)
    ]
    drawn = h(
        "svg",
        h("g", curves, cls="edges", aria_hidden="true"),
        boxes,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        lang="zxx",
    )
    return h("div", drawn, cls=f"graph {kind}", tabindex=0, role="region", aria_label=label)


def _named(column: Iterable[Place]) -> Iterable[str]:
    return (place for place in column if isinstance(place, str))


def _box(name: str, at: tuple[float, float, float, float], lines: Sequence[str]) -> Markup:
    x, y, width, height = at
    texts = [
        h(
            "text",
            line,
            x=round(x + _PAD),
            y=round(y + _LINE * (n + 1) + 1),
            cls="key" if n else None,
        )
        for n, line in enumerate(lines)
    ]
    box = h("rect", x=round(x), y=round(y), width=round(width), height=round(height), rx=4)
    layer = name.partition(".")[0]
    label = name if len(lines) == 1 else None
    return h("a", box, join(texts), href=f"#t-{name}", data_table=name, cls=layer, aria_label=label)


def _curve(boxes: Sequence[tuple[float, float, float, float]]) -> str:
    """From the right side of the first box to the left side of the last one."""
    x, y, width, height = boxes[0]
    parts = [f"M{x + width:.0f} {y + height / 2:.0f}"]
    here_x, here_y = x + width, y + height / 2
    for x, y, width, height in boxes[1:]:
        mid_y, half = y + height / 2, (x - here_x) / 2
        parts.append(
            f"C{here_x + half:.0f} {here_y:.0f} {x - half:.0f} {mid_y:.0f} {x:.0f} {mid_y:.0f}"
        )
        here_x, here_y = x, mid_y
        if (x, y, width, height) != boxes[-1]:
            here_x = x + width
            parts.append(f"H{here_x:.0f}")
    return "".join(parts)


def _width(lines: Sequence[str]) -> float:
    return max(len(line) for line in lines) * _CHARACTER + 2 * _PAD


def _height(place: Place, lines: Mapping[str, Sequence[str]]) -> float:
    return len(lines[place]) * _LINE + _PAD if isinstance(place, str) else _BEND
