"""`/api/v1/reports/programs.*`: the programs that fit as a page, a workbook or Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from carms_lake.domains.carms.analysis.programs import HEADINGS
from carms_lake.domains.carms.analysis.programs import programs as programs_of
from carms_lake.domains.carms.service.filters import FILTERS, given, named
from carms_lake.domains.carms.service.programs import SORT
from carms_lake.serve.routes import HTML, MARKDOWN, XLSX, Asked, Encoded, Route

if TYPE_CHECKING:
    import polars as pl


def _table(asked: Asked) -> pl.DataFrame:
    """What a person reads of the programs, under short headings."""
    filters = given(asked.values)
    with named(asked.lake, filters):
        found = programs_of(asked.lake, filters, asked.values.get("sort"))
    kept = {name: said for name, said in HEADINGS.items() if name not in asked.snapshot.private}
    return found.select(list(kept)).rename(kept)


def _markdown(table: pl.DataFrame, run_id: str) -> bytes:
    def line(cells: Sequence[object]) -> str:
        texts = ("" if cell is None else str(cell) for cell in cells)
        return (
            "| " + " | ".join(text.replace("|", "\\|").replace("\n", " ") for text in texts) + " |"
        )

    rows = [line(table.columns), line(["---"] * table.width), *(line(row) for row in table.rows())]
    lines = ["# Programs", "", f"{_counted(table)}, run `{run_id}`.", "", *rows]
    return ("\n".join(lines) + "\n").encode()


def _html(table: pl.DataFrame, run_id: str) -> bytes:
    def cells(tag: str, row: Sequence[object]) -> str:
        texts = ("" if cell is None else escape(str(cell)) for cell in row)
        return "<tr>" + "".join(f"<{tag}>{text}</{tag}>" for text in texts) + "</tr>"

    body = "".join(cells("td", row) for row in table.rows())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Programs</title></head>'
        f"<body><h1>Programs</h1><p>{escape(_counted(table))}, run {escape(run_id)}.</p>"
        f"<table><thead>{cells('th', table.columns)}</thead><tbody>{body}</tbody></table>"
        "</body></html>"
    ).encode()


def _workbook(table: pl.DataFrame, run_id: str) -> bytes:
    del run_id
    out = BytesIO()
    table.write_excel(out, worksheet="programs")
    return out.getvalue()


def _counted(table: pl.DataFrame) -> str:
    return f"{table.height} programs with {int(table['seats'].sum())} seats"


def _route(suffix: str, kind: str, write: Callable[[pl.DataFrame, str], bytes], what: str) -> Route:
    def answer(asked: Asked) -> Any:
        body = write(_table(asked), asked.snapshot.run_id)
        return Encoded(body, kind, f"programs.{suffix}")

    path = f"/api/v1/reports/programs.{suffix}"
    return Route(path, answer, what, {}, (*FILTERS, SORT), media_types=(kind,))


ROUTES = (
    _route("html", HTML, _html, "The programs that fit, as a page"),
    _route("md", MARKDOWN, _markdown, "The same as Markdown"),
    _route("xlsx", XLSX, _workbook, "The same as a workbook"),
)
