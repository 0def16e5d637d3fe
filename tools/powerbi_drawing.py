"""A page of a Power BI report as SVG: the boxes of its layout, and simple charts in them."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from carms_lake.adapters.powerbi.layout import HEIGHT, TITLE, WIDTH, Box, Placed, placed
from carms_lake.adapters.powerbi.pages import Card, Chart, Grid, Slicer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from carms_lake.adapters.powerbi.filled import Field, FilledPage
    from tools.powerbi_pages import Figures

SAID = (
    "Preview drawn by carms: the layout of the page, with figures of generated data. "
    "Power BI draws it in its own way."
)
COLOURS = ("#118dff", "#12239e", "#e66c37", "#6b007b", "#e044a7", "#744ec2", "#d9b300", "#d64550")
STYLE = (
    "svg{background:#f3f2f1}rect.box{fill:#fff;stroke:#e1dfdd}.bar{fill:#118dff}"
    "text{font:12px Segoe UI,sans-serif;fill:#252423}.title{font-size:14px;font-weight:600}"
    ".page{font-size:26px;font-weight:600}"
    ".figure{font-size:30px;text-anchor:middle}.label{fill:#605e5c}.middle{text-anchor:middle}"
    ".end{text-anchor:end}.note{font-size:11px;fill:#605e5c}line{stroke:#e1dfdd}"
    "polyline{fill:none;stroke-width:2}"
)
_LINE, _BAR, _CHARACTER = 22, 24, 6.6


def drawn(page: FilledPage, figures: Figures, digest: str) -> str:
    """A page with its figures; `digest` marks what it was drawn from."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f"<title>{escape(page.page.title)} (preview)</title>",
        f"<desc>{SAID} page {digest}</desc>",
        f"<style>{STYLE}</style>",
        _text(TITLE.x, TITLE.y + 30, page.page.title, "page"),
        _text(TITLE.x + TITLE.width, TITLE.y + 30, SAID, "note end"),
    ]
    for place in placed(page):
        parts += _visual(place, figures)
    return "\n".join([*parts, "</svg>", ""])


def _visual(place: Placed, figures: Figures) -> Iterator[str]:
    visual, roles, box = place
    yield _rectangle("box", box)
    inner = Box(box.x + 12, box.y + 34, box.width - 24, box.height - 44)
    middle = box.x + box.width // 2
    match visual:
        case Card():
            measure = figures.measure(roles.y[0].name)
            value = formatted(figures.value(measure.name, {}), measure.format)
            yield _text(middle, box.y + 52, value, "figure")
            yield _text(middle, box.y + 78, measure.name, "label middle")
        case Slicer():
            yield _text(box.x + 12, box.y + 28, roles.x[0].name, "title")
            yield _rectangle("box", Box(box.x + 12, box.y + 42, box.width - 24, 32))
            yield _text(box.x + 24, box.y + 63, "All", "")
        case Grid():
            yield _text(box.x + 12, box.y + 24, visual.title, "title")
            yield from _grid(roles.x, inner, figures)
        case Chart():
            yield _text(box.x + 12, box.y + 24, visual.title, "title")
            names, points = figures.points(roles.x[0], roles.y, roles.series)
            style = figures.measure(roles.y[0].name).format
            if visual.kind == "bars":
                points.sort(key=lambda point: -(point[1][0] or 0))
                yield from _bars(points, inner, style)
                return
            figures.in_month_order(roles.x[0], points)
            if len(names) > 1:
                yield from _legend(names, inner)
                inner = Box(inner.x, inner.y + _LINE, inner.width, inner.height - _LINE)
            draw = _lines if visual.kind == "lines" else _columns
            yield from draw(points, inner, style)


def _grid(fields: Sequence[Field], box: Box, figures: Figures) -> Iterator[str]:
    rows = figures.rows(tuple(fields), box.height // _LINE - 1)
    styles = [figures.measure(f.name).format if f.is_measure else "" for f in fields]
    texts = [[field.name for field in fields]]
    texts += [[formatted(v, s) for v, s in zip(row, styles, strict=True)] for row in rows]
    longest = [min(44, max(len(row[n]) for row in texts)) + 2 for n in range(len(fields))]
    at, unit = box.x, box.width / sum(longest)
    for n, width in enumerate(longest):
        is_number = any(isinstance(row[n], int | float) or styles[n] for row in rows)
        room = int(width * unit / _CHARACTER)
        for line, row in enumerate(texts):
            y = box.y + 14 + line * _LINE
            kind = "label" if line == 0 else ""
            x = at + width * unit - 12 if is_number else at
            yield _text(int(x), y, _short(row[n], room), f"{kind} end" if is_number else kind)
        at += int(width * unit)
    yield f'<line x1="{box.x}" x2="{box.x + box.width}" y1="{box.y + 21}" y2="{box.y + 21}"/>'


def _bars(points: list[tuple[Any, list[Any]]], box: Box, style: str) -> Iterator[str]:
    shown = points[: box.height // _BAR]
    room = min(190, box.width // 3)
    most = max((figures[0] or 0 for _, figures in shown), default=0) or 1
    for n, (at, figures) in enumerate(shown):
        y = box.y + n * _BAR
        width = int((box.width - room - 90) * float(figures[0] or 0) / float(most))
        yield _text(
            box.x + room - 8, y + 15, _short(formatted(at), int(room / _CHARACTER)), "label end"
        )
        yield _rectangle("bar", Box(box.x + room, y + 2, max(width, 0), _BAR - 6))
        yield _text(box.x + room + width + 6, y + 15, formatted(figures[0], style), "")


def _lines(points: list[tuple[Any, list[Any]]], box: Box, style: str) -> Iterator[str]:
    low, high = _range([float(f) for _, all_of in points for f in all_of if f is not None])
    yield from _scale(points, box, style, low, high)
    step = (box.width - 70) / max(1, len(points) - 1)
    for n in range(len(points[0][1]) if points else 0):
        corners = [
            f"{box.x + 60 + i * step:.0f},{_y(box, float(figures[n]), low, high):.0f}"
            for i, (_, figures) in enumerate(points)
            if figures[n] is not None
        ]
        yield f'<polyline points="{" ".join(corners)}" stroke="{COLOURS[n % len(COLOURS)]}"/>'


def _columns(points: list[tuple[Any, list[Any]]], box: Box, style: str) -> Iterator[str]:
    low, high = 0.0, max((float(f or 0) for _, all_of in points for f in all_of), default=1.0)
    yield from _scale(points, box, style, low, high)
    wide = (box.width - 70) / max(1, len(points))
    for i, (_, figures) in enumerate(points):
        each = wide * 0.8 / len(figures)
        for n, figure in enumerate(figures):
            top = _y(box, float(figure or 0), low, high)
            yield (
                f'<rect x="{box.x + 60 + i * wide + n * each:.0f}" y="{top:.0f}" '
                f'width="{max(each - 1, 1):.0f}" height="{_y(box, low, low, high) - top:.0f}" '
                f'fill="{COLOURS[n % len(COLOURS)]}"/>'
            )


def _scale(
    points: list[tuple[Any, list[Any]]], box: Box, style: str, low: float, high: float
) -> Iterator[str]:
    """The axes: the range of the figures, and as many names as there is room for."""
    for value in (low, high):
        y = _y(box, value, low, high)
        yield f'<line x1="{box.x + 56}" x2="{box.x + box.width}" y1="{y:.0f}" y2="{y:.0f}"/>'
        yield _text(box.x + 52, int(y) + 4, formatted(value, style), "label end")
    names = [formatted(at) for at, _ in points]
    wide = (box.width - 70) / max(1, len(names))
    every = max(1, int(max(map(len, names), default=1) * _CHARACTER / max(wide, 1)) + 1)
    for i in range(0, len(names), every):
        x = int(box.x + 60 + (i + 0.4) * wide)
        yield _text(x, box.y + box.height - 2, names[i], "label middle")


def _range(values: list[float]) -> tuple[float, float]:
    """From 0, unless all values are close together and far from it."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    is_close = low > 0 and high - low < low / 2
    return (low if is_close and high > low else min(0.0, low)), high or 1.0


def _y(box: Box, value: float, low: float, high: float) -> float:
    height = box.height - 28
    return box.y + 6 + height * (1 - (value - low) / ((high - low) or 1))


def _legend(names: list[str], box: Box) -> Iterator[str]:
    x = box.x
    for n, name in enumerate(names):
        yield f'<circle cx="{x + 5}" cy="{box.y + 6}" r="5" fill="{COLOURS[n % len(COLOURS)]}"/>'
        yield _text(x + 14, box.y + 10, name, "label")
        x += int(len(name) * _CHARACTER) + 24


def formatted(value: Any, style: str = "") -> str:
    """A value as its format in Power BI shows it; the formats that the contracts use."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, bool | str | date):
        return str(value)
    if not style:
        return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    number, scale = float(value), re.search(r"0\.(0+)", style)
    digits = len(scale[1]) if scale else 0
    if "%" in style:
        return f"{number * 100:.{digits}f} %"
    text = f"{number:,.{digits}f}" if "," in style else f"{number:.{digits}f}"
    unit = re.search('"([^"]*)"', style)
    return ("$" if style.startswith("$") else "") + text + (f" {unit[1].strip()}" if unit else "")


def _rectangle(kind: str, box: Box) -> str:
    where = f'x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}"'
    return f'<rect class="{kind}" {where}/>'


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(1, room - 1)] + "…"


def _text(x: int, y: int, text: str, kind: str) -> str:
    style = f' class="{kind.strip()}"' if kind.strip() else ""
    return f'<text x="{x}" y="{y}"{style}>{escape(text)}</text>'
