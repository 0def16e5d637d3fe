"""The report as PBIR: a folder of JSON files, each by a schema that Microsoft publishes.

https://learn.microsoft.com/power-bi/developer/projects/projects-report
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from carms_lake.adapters.powerbi.layout import HEIGHT, TITLE, WIDTH, Box, placed
from carms_lake.adapters.powerbi.pages import Card, Chart, Grid, Slicer

if TYPE_CHECKING:
    from carms_lake.adapters.powerbi.filled import Field, FilledPage
    from carms_lake.adapters.powerbi.layout import Placed

_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric/"
_PBIP = _SCHEMAS + "pbip/pbipProperties/1.0.0/schema.json"
_PBIR = _SCHEMAS + "item/report/definitionProperties/2.0.0/schema.json"
_VERSION = _SCHEMAS + "item/report/definition/versionMetadata/1.0.0/schema.json"
_REPORT = _SCHEMAS + "item/report/definition/report/3.0.0/schema.json"
_PAGES = _SCHEMAS + "item/report/definition/pagesMetadata/1.0.0/schema.json"
_PAGE = _SCHEMAS + "item/report/definition/page/2.0.0/schema.json"
_VISUAL = _SCHEMAS + "item/report/definition/visualContainer/2.4.0/schema.json"

_CHARTS = {"lines": "lineChart", "columns": "clusteredColumnChart", "bars": "clusteredBarChart"}
_IGNORED = "**/.pbi/localSettings.json\n**/.pbi/cache.abf\n"


def report_files(domain: str, pages: tuple[FilledPage, ...]) -> dict[str, str]:
    """The text of each file of the report and of the project, by its path in the project."""
    place = f"{domain}.Report"
    names = [_id(domain, page.page.key) for page in pages]
    files: dict[str, Any] = {
        f"{domain}.pbip": {
            "$schema": _PBIP,
            "version": "1.0",
            "artifacts": [{"report": {"path": place}}],
            "settings": {"enableAutoRecovery": True},
        },
        f"{place}/definition.pbir": {
            "$schema": _PBIR,
            "version": "4.0",
            "datasetReference": {"byPath": {"path": f"../{domain}.SemanticModel"}},
        },
        f"{place}/definition/version.json": {"$schema": _VERSION, "version": "2.0.0"},
        f"{place}/definition/report.json": {"$schema": _REPORT, "themeCollection": {}},
        f"{place}/definition/pages/pages.json": {
            "$schema": _PAGES,
            "pageOrder": names,
            "activePageName": names[0],
        },
    }
    for name, page in zip(names, pages, strict=True):
        folder = f"{place}/definition/pages/{name}"
        files[f"{folder}/page.json"] = {
            "$schema": _PAGE,
            "name": name,
            "displayName": page.page.title,
            "displayOption": "FitToPage",
            "height": HEIGHT,
            "width": WIDTH,
        }
        for order, visual in enumerate([_heading(page.page.title), *map(_visual, placed(page))]):
            own = _id(domain, page.page.key, str(order))
            box, what = visual
            files[f"{folder}/visuals/{own}/visual.json"] = {
                "$schema": _VISUAL,
                "name": own,
                "position": {**box._asdict(), "z": order * 1000, "tabOrder": order * 1000},
                "visual": what,
            }
    texts = {
        path: json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        for path, content in files.items()
    }
    return {".gitignore": _IGNORED, **texts}


def _id(*words: str) -> str:
    """A name of a page or a visual: 20 hexadecimal digits, the same each time."""
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:20]


def _heading(title: str) -> tuple[Box, dict[str, Any]]:
    runs = [{"value": title, "textStyle": {"fontSize": "20pt", "fontWeight": "bold"}}]
    general = [{"properties": {"paragraphs": [{"textRuns": runs}]}}]
    return TITLE, {"visualType": "textbox", "objects": {"general": general}}


def _visual(place: Placed) -> tuple[Box, dict[str, Any]]:
    visual, roles = place.visual, place.roles
    title: str | None = None
    objects: dict[str, Any] = {}
    sort: tuple[Field, str] | None = None
    match visual:
        case Card():
            kind, state = "card", {"Values": roles.y}
        case Slicer():
            kind, state = "slicer", {"Values": roles.x}
            objects = {"data": [{"properties": {"mode": _literal("Dropdown")}}]}
        case Grid():
            kind, state, title = "tableEx", {"Values": roles.x}, visual.title
        case Chart():
            kind, title = _CHARTS[visual.kind], visual.title
            state = {"Category": roles.x, "Y": roles.y, "Series": roles.series}
            is_bars = visual.kind == "bars"
            sort = (roles.y[0], "Descending") if is_bars else (roles.x[0], "Ascending")
    query: dict[str, Any] = {
        "queryState": {
            role: {"projections": [_projection(field, role) for field in fields]}
            for role, fields in state.items()
            if fields
        }
    }
    if sort is not None:
        by = {"field": _expression(sort[0]), "direction": sort[1]}
        query["sortDefinition"] = {"sort": [by], "isDefaultSort": True}
    found: dict[str, Any] = {"visualType": kind, "query": query}
    if objects:
        found["objects"] = objects
    if title is not None:
        said = {"show": _expr("true"), "text": _literal(title)}
        found["visualContainerObjects"] = {"title": [{"properties": said}]}
    found["drillFilterOtherVisuals"] = True
    return place.box, found


def _projection(field: Field, role: str) -> dict[str, Any]:
    return {
        "field": _expression(field),
        "queryRef": f"{field.table}.{field.name}",
        "nativeQueryRef": field.name,
        **({"active": True} if role == "Category" else {}),
    }


def _expression(field: Field) -> dict[str, Any]:
    source = {"SourceRef": {"Entity": field.table}}
    kind = "Measure" if field.is_measure else "Column"
    return {kind: {"Expression": source, "Property": field.name}}


def _literal(text: str) -> dict[str, Any]:
    return _expr("'" + text.replace("'", "''") + "'")


def _expr(value: str) -> dict[str, Any]:
    return {"expr": {"Literal": {"Value": value}}}
