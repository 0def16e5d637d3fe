"""Charts as inline SVG whose text keeps its size: lengths along a chart are percentages.

No chart has a colour that means something alone: series differ in their legend, their order and
the table below. What a chart shows is a row of `pages.Chart`; rows without a value are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from carms_lake.report.cells import as_number, shown, with_unit
from carms_lake.report.markup import Markup, h, join
from carms_lake.report.pages import Chart, Column, Row
from carms_lake.report.scale import Scale, scale
from carms_lake.report.words import Words

MOST_BARS = 40
"""More rows are in the table alone."""
_HEIGHT, _TOP, _BOTTOM = 200, 8, 20
_SIGN = 7.5
"""About how wide a character of an axis is, in pixels."""
_ALL = 100.0
_SERIES = 8
"""So many colours there are."""


def chart(block: Chart, rows: Sequence[Row], words: Words) -> Markup:
    """The chart of a block's rows, without its title and table."""
    columns = {column.name: column for column in block.columns}
    x, ys = columns[block.x], [columns[name] for name in block.y]
    if not any(as_number(row[y.name]) is not None for row in rows for y in ys):
        return h("p", words("none"), cls="none")
    if block.kind in {"columns", "lines"}:
        return _upright(block, x, ys, rows, words)
    return _bars(block, x, ys, rows, words)


def legend(names: Sequence[str | Markup]) -> Markup | None:
    """The series by colour and number; nothing where there is one."""
    if len(names) < 2:  # noqa: PLR2004 - one needs no legend
        return None
    entries = [h("li", _key(place), name) for place, name in enumerate(names)]
    return h("ul", entries, cls="legend")


def _key(place: int) -> Markup:
    box = h("rect", width=12, height=12, cls=f"s{place % _SERIES}")
    return h("svg", box, width=12, height=12, aria_hidden="true")


def _bars(
    block: Chart, x: Column, ys: Sequence[Column], rows: Sequence[Row], words: Words
) -> Markup:
    """One line a row: its name, a bar, its value."""
    kept = [row for row in rows if as_number(row[ys[0].name]) is not None]
    is_range = block.kind == "ranges"
    ends = [
        (values if is_range else [sum(values)])
        for row in kept
        if (values := [n for y in ys if (n := as_number(row[y.name])) is not None])
    ]
    axis = scale([value for values in ends for value in values])
    lines = []
    for row in kept[:MOST_BARS]:
        numbers = [as_number(row[y.name]) for y in ys]
        draw = _range(numbers, axis) if is_range else _stack(numbers, axis)
        said = [shown(row[y.name], y, words) for y in ys if is_range or row[y.name]]
        said = said or [shown(row[ys[0].name], ys[0], words)]
        if is_range and numbers[-1] is None:
            said = [words("chart.open", low=said[0])]
        lines.append(
            h(
                "li",
                h("span", shown(row[x.name], x, words), cls="name", lang=x.language(words.lang)),
                h("svg", draw, width="100%", height=14, aria_hidden="true"),
                h("span", _between(said, "\u2013" if is_range else "+"), cls="value"),
            )
        )
    more = len(kept) - MOST_BARS
    unit = words.of(ys[0].unit)
    return join(
        [
            None if is_range else legend([words.of(y.label) for y in ys]),
            h("ul", lines, _axis(axis, ys[0], words), cls="bars"),
            h(
                "p",
                with_unit(words.of(ys[0].label) if len(ys) == 1 else "", unit),
                cls="axis-title",
            ),
            h("p", words("chart.more", n=more), cls="none") if more > 0 else None,
        ]
    )


def _between(said: Sequence[str | Markup], sign: str) -> Markup:
    """Values with a sign between them."""
    return join([one for value in said for one in (f" {sign} ", value)][1:])


def _stack(numbers: Sequence[float | None], axis: Scale) -> list[Markup]:
    parts, end = [], 0.0
    for place, number in enumerate(numbers):
        if number:
            begin, end = end, end + number
            left, right = sorted((axis.share(begin), axis.share(end)))
            parts.append(_rect(left, right, f"s{place % _SERIES}"))
    return parts


def _range(numbers: Sequence[float | None], axis: Scale) -> list[Markup]:
    low, high = numbers[0] or 0.0, numbers[-1]
    left, right = axis.share(low), 1.0 if high is None else axis.share(high)
    parts = [_rect(left, right, "s0" if high is not None else "s0 open")]
    for end in (left, right) if high is not None else (left,):
        at = _pct(end)
        parts.append(h("line", x1=at, x2=at, y1=0, y2=14, cls="end"))
    return parts


def _rect(left: float, right: float, kind: str) -> Markup:
    return h("rect", x=_pct(left), width=_pct(right - left), y=1, height=12, cls=kind)


def _axis(axis: Scale, y: Column, words: Words) -> Markup:
    ticks = axis.ticks if len(axis.ticks) <= 5 else axis.ticks[::2]  # noqa: PLR2004 - they fit
    marks = [_tick(axis.share(tick), shown(_whole(tick), y, words)) for tick in ticks]
    line = h("line", x1=0, x2="100%", y1=0.5, y2=0.5, cls="rule")
    drawn = h("svg", line, marks, width="100%", height=18, aria_hidden="true")
    return h("li", h("span", cls="name"), drawn, h("span"), cls="axis", aria_hidden="true")


def _tick(share: float, label: str | Markup) -> Markup:
    where = "start" if share < 0.02 else "end" if share > 0.98 else "middle"  # noqa: PLR2004 - ends
    return h("text", label, x=_pct(share), y=14, text_anchor=where)


def _upright(
    block: Chart, x: Column, ys: Sequence[Column], rows: Sequence[Row], words: Words
) -> Markup:
    """Time from left to right, values upward."""
    table = [[as_number(row[y.name]) for y in ys] for row in rows]
    is_lines = block.kind == "lines"
    values = (
        [n for row in table for n in row if n is not None]
        if is_lines
        else [sum(n or 0.0 for n in row) for row in table]
    )
    is_share = all(y.kind in {"score", "percent"} for y in ys)
    axis = scale([*values, *([_ALL] if is_share else [])], from_zero=not is_lines)
    axis = axis.up_to(_ALL) if is_share else axis
    labels = [shown(_whole(tick), ys[0], words) for tick in axis.ticks]
    width = round(max(len(label) for label in labels) * _SIGN) + 8
    level = [_level(axis.share(tick)) for tick in axis.ticks]
    scale_texts = [
        h("text", label, x=width - 4, y=y + 4, text_anchor="end")
        for label, y in zip(labels, level, strict=True)
    ]
    grid = [h("line", x1=0, x2="100%", y1=y, y2=y, cls="grid") for y in level]
    marks = _lines(table, axis) if is_lines else _columns(table, axis)
    named = [shown(row[x.name], x, words) for row in rows]
    below = h("g", _x_labels(named), lang=x.language(words.lang))
    area = h("svg", grid, marks, below, width="100%", height=_HEIGHT)
    side = h("svg", scale_texts, width=width, height=_HEIGHT)
    title, unit = words.of(block.title), words.of(ys[0].unit)
    label = f"{title}. {words('chart.below')}"
    return join(
        [
            legend([words.of(y.label) for y in ys]),
            h("p", with_unit(words.of(ys[0].label) if len(ys) == 1 else "", unit), cls="axis-title")
            if unit or len(ys) == 1
            else None,
            h("div", side, h("div", area), cls="plot", role="img", aria_label=label),
            h("p", with_unit(words.of(x.label), words.of(x.unit)), cls="axis-title x"),
        ]
    )


def _columns(table: Sequence[Sequence[float | None]], axis: Scale) -> list[Markup]:
    step = 1 / len(table)
    wide = min(0.8 * step, 0.12)
    marks = []
    for place, numbers in enumerate(table):
        end = 0.0
        for series, number in enumerate(numbers):
            if number:
                begin, end = end, end + number
                top, bottom = sorted((_level(axis.share(begin)), _level(axis.share(end))))
                marks.append(
                    h(
                        "rect",
                        x=_pct((place + 0.5) * step - wide / 2),
                        width=_pct(wide),
                        y=round(top, 1),
                        height=round(max(bottom - top, 1), 1),
                        cls=f"s{series % _SERIES}",
                    )
                )
    return marks


def _lines(table: Sequence[Sequence[float | None]], axis: Scale) -> list[Markup]:
    marks = []
    for series in range(len(table[0])):
        points = [
            (_along(place, len(table)), _level(axis.share(row[series] or 0.0)))
            for place, row in enumerate(table)
            if row[series] is not None
        ]
        kind = f"s{series % _SERIES}"
        marks += [
            h("line", x1=_pct(a), y1=round(b, 1), x2=_pct(c), y2=round(d, 1), cls=f"line {kind}")
            for (a, b), (c, d) in pairwise(points)
        ]
        few = points if len(points) <= _FEW else points[-1:]
        marks += [h("circle", cx=_pct(a), cy=round(b, 1), r=3, cls=kind) for a, b in few]
    return marks


_FEW = 30
"""Of so many points each has a dot."""


def _x_labels(named: Sequence[str | Markup]) -> list[Markup]:
    """The names of the first and the last place: more do not fit into a narrow window."""
    if len(named) == 1:
        return [h("text", named[0], x="50%", y=_HEIGHT - 4, text_anchor="middle")]
    first = h("text", named[0], x=0, y=_HEIGHT - 4)
    return [first, h("text", named[-1], x="100%", y=_HEIGHT - 4, text_anchor="end")]


def _along(place: int, count: int) -> float:
    return 0.02 + 0.96 * (place / (count - 1) if count > 1 else 0.5)


def _level(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)


def _pct(share: float) -> str:
    return f"{round(100 * share, 2):g}%"


def _whole(value: Any) -> Any:
    """A tick as it is written: 5 and not 5.0; days stay days."""
    if isinstance(value, date | datetime):
        return value
    return int(value) if float(value).is_integer() else value
