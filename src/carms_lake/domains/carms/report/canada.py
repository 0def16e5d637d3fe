"""A map of Canada with a number and a shade in each province, for the discipline that is chosen.

Outlines scale with the page and text does not: the outlines have a `viewBox` of their own, and the
numbers are at percentages of the map.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from carms_lake.report.cells import heat_class
from carms_lake.report.markup import Attribute, Markup, data, h, join
from carms_lake.report.pages import Both, Pen, Row

_ALL = "*"
_PLACES = {
    "AB": (211, 590), "BC": (95, 520), "MB": (405, 625), "NB": (812, 700), "NL": (815, 515),
    "NS": (908, 765), "NT": (245, 355), "NU": (450, 330), "ON": (560, 700), "PE": (938, 655),
    "QC": (700, 600), "SK": (304, 610), "YT": (107, 300),
}  # fmt: skip
"""Where the label of a province is, in units of the outlines; those of small ones are at sea."""


class Measure(NamedTuple):
    """A column of the rows that the map can show."""

    column: str
    name: Both
    shown: str = "{}"


@lru_cache(maxsize=1)
def outlines() -> tuple[str, dict[str, str]]:
    """The `viewBox` of the map, and the path of each province by its code."""
    text = Path(__file__).with_name("canada.csv").read_text(encoding="utf-8")
    paths = {row["province"]: row["path"] for row in csv.DictReader(text.splitlines())}
    return f"0 0 {paths.pop('size')}", paths


def choropleth(rows: Sequence[Row], pen: Pen, measures: Sequence[Measure]) -> Markup:
    """The map of rows with `discipline_id` (null: all), `discipline` and `training_province`.

    It shows the first measure of all disciplines; the page's script shows another one.
    """
    by_discipline: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_discipline[row["discipline_id"] or _ALL].append(row)
    states = {
        f"{discipline}|{measure.column}": _state(of_discipline, measure, pen)
        for discipline, of_discipline in by_discipline.items()
        for measure in measures
    }
    first = states.get(f"{_ALL}|{measures[0].column}", {})
    drawn = canada(
        first,
        id=f"{pen.place}-drawn",
        data_states=f"{pen.place}-states",
        role="img",
        aria_label=f"{pen.words.of(_LABEL)} {pen.words('chart.below')}",
    )
    return join([_selects(rows, pen, measures), drawn, data(f"{pen.place}-states", states)])


def canada(
    state: Mapping[str, tuple[str, str]],
    links: Mapping[str, tuple[str, str]] | None = None,
    **attributes: Attribute,
) -> Markup:
    """The map with a shade and a number by province.

    `links` are where a province leads, and what the link is called.
    """
    box, paths = outlines()
    shapes = []
    for code, path in paths.items():
        shape = h("path", d=path, data_part=code, cls=state.get(code, ("", ""))[0] or None)
        if links and code in links:
            place, said = links[code]
            shape = h("a", shape, href=place, aria_label=said)
        shapes.append(shape)
    names = [h("text", code, x=_pct(x, 1000), y=_pct(y, 861)) for code, (x, y) in _PLACES.items()]
    numbers = [
        h(
            "text",
            state.get(code, ("", ""))[1],
            x=_pct(x, 1000),
            y=_pct(y, 861),
            dy=13,
            data_part=code,
        )
        for code, (x, y) in _PLACES.items()
    ]
    return h(
        "svg",
        h("svg", shapes, viewBox=box, width="100%", height="100%"),
        h("g", names, cls="abbr", lang="zxx"),
        numbers,
        cls="map",
        **attributes,
    )


def _state(rows: Sequence[Row], measure: Measure, pen: Pen) -> dict[str, tuple[str, str]]:
    """Shade and number by province."""
    values = {
        row["training_province"]: float(row[measure.column])
        for row in rows
        if row["training_province"] in _PLACES and row[measure.column] is not None
    }
    largest = max(values.values(), default=0.0)
    return {
        code: (
            heat_class(value, largest),
            measure.shown.format(pen.words.number(round(value))),
        )
        for code, value in values.items()
    }


def _selects(rows: Sequence[Row], pen: Pen, measures: Sequence[Measure]) -> Markup:
    names = {row["discipline_id"]: row["discipline"] for row in rows if row["discipline_id"]}
    disciplines = {_ALL: pen.words("find.all"), **names}
    measured = {each.column: pen.words.of(each.name) for each in measures}
    fields = [
        _select(pen.words.of(_DISCIPLINE), disciplines, pen),
        _select(pen.words.of(_MEASURE), measured, pen),
    ]
    return h("div", fields, cls="finder", hidden=True)


def _select(label: str, options: Mapping[str, str], pen: Pen) -> Markup:
    shown = [h("option", name, value=value) for value, name in options.items()]
    select = h("select", shown, data_chooses=f"{pen.place}-drawn", autocomplete="off")
    return h("label", label, " ", select)


def _pct(place: int, whole: int) -> str:
    return f"{round(100 * place / whole, 1):g}%"


_LABEL = Both("Map of Canada.", "Carte du Canada.")
_DISCIPLINE = Both("Discipline", "Discipline")
_MEASURE = Both("Shown", "Affiché")
