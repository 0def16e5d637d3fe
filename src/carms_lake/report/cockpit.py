"""The cockpit: how the lake is, as blocks over `ops` and the status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from carms_lake.report import quality
from carms_lake.report.blocks import KEY, RUNS, Rows, column, filled, name_column, table
from carms_lake.report.filled import Filled, FilledPage, Query
from carms_lake.report.pages import Chart, Column, Drawing, Page, Pen
from carms_lake.report.service import service
from carms_lake.report.sizes import small_charts
from carms_lake.report.state import freshness
from carms_lake.report.words import Both, both

if TYPE_CHECKING:
    from carms_lake.report.facts import Facts
    from carms_lake.report.markup import Markup

_BUILDS = 12
"""The rows of each table are shown for so many builds."""


def cockpit(facts: Facts, query: Query) -> FilledPage:
    """The page with its rows."""
    blocks = [
        *quality.checks(facts, query),
        *quality.samples(facts, query),
        *_freshness(facts),
        *_records(facts),
        *_runs(facts, query),
        *quality.scores(facts, query),
        *_rows(facts, query),
        *_rest(facts),
        *service(facts),
    ]
    page = Page(KEY, both("page.cockpit"), tuple(one.block for one in blocks))
    return FilledPage(page, tuple(blocks))


def _freshness(facts: Facts) -> Iterator[Filled]:
    rows = [
        {**source._asdict(), "state": "late" if source.is_late else _state(source.promise_s)}
        for source in freshness(facts)
    ]
    columns: tuple[Column, ...] = (
        name_column("source"),
        column("files"),
        name_column("newest_file"),
        column("newest_at"),
        column("age_s", "seconds"),
        column("promise_s", "seconds"),
        column("due", "due"),
        column("state", "code:freshness"),
    )
    yield table("freshness", rows, columns, note="freshness")


def _state(promise: float | None) -> str:
    return "no_promise" if promise is None else "on_time"


def _runs(facts: Facts, query: Query) -> Iterator[Filled]:
    if "runs" not in facts.operations:
        return
    sql = f"""\
SELECT started_at, run_id, command, status, seconds,
       CASE WHEN command = 'ingest' THEN seconds END AS ingest,
       CASE WHEN command = 'build' THEN seconds END AS build,
       CASE WHEN command NOT IN ('ingest', 'build') THEN seconds END AS other,
       records, accepted, rejected, tables_built, failed_checks, is_published
FROM (FROM ops.runs ORDER BY run_id DESC LIMIT {RUNS})
ORDER BY run_id"""  # noqa: S608 - a number of ours
    columns: tuple[Column, ...] = (
        column("started_at"),
        name_column("command"),
        column("status", "code:status"),
        column("ingest", unit=both("unit.s")),
        column("build", unit=both("unit.s")),
        column("other", unit=both("unit.s")),
        column("records"),
        column("accepted"),
        column("rejected"),
        column("tables_built"),
        column("failed_checks"),
        column("is_published"),
        name_column("run_id"),
    )
    title, note = both("block.runs"), both("note.runs")
    y = ("ingest", "build", "other")
    rows = query(sql).to_dicts()
    used = tuple(name for name in y if any(row[name] is not None for row in rows))
    shown = tuple(c for c in columns if c.name not in y or c.name in used)
    if used:
        yield filled(Chart("runs", title, sql, shown, "columns", "started_at", used, note), rows)
    if "table_versions" in facts.operations:
        yield from _steps(query)


def _steps(query: Query) -> Iterator[Filled]:
    sql = """\
SELECT layer || '.' || table_name AS "table", seconds, rows
FROM ops.table_versions
WHERE run_id = (SELECT max(run_id) FROM ops.table_versions)
ORDER BY seconds DESC, "table"
LIMIT 20"""
    columns: tuple[Column, ...] = (
        name_column("table", anchor="t-"),
        column("seconds", unit=both("unit.s")),
        column("rows"),
    )
    chart = Chart(
        "steps", both("block.steps"), sql, columns, "bars", "table", ("seconds",),
        both("note.steps"),
    )  # fmt: skip
    yield filled(chart, query(sql).to_dicts())


def _records(facts: Facts) -> Iterator[Filled]:
    rejects = facts.status.rejects
    rows = [
        {"reason": f"{table}: {code}", "table": table, "code": code, "rows": count}
        for table, code, count in rejects.sort("rows", descending=True, maintain_order=True).rows()
    ]
    columns: tuple[Column, ...] = (
        name_column("reason"),
        name_column("table", anchor="t-"),
        name_column("code"),
        column("rows", unit=both("unit.rows")),
    )
    block = Chart(
        "rejects", both("block.rejects"), "", columns, "bars", "reason", ("rows",),
        both("note.rejects"),
    )  # fmt: skip
    yield filled(block, rows)
    refused = facts.status.refused.select("source", "file", "code").to_dicts()
    if refused:
        yield table(
            "refused", refused, (name_column("source"), name_column("file"), name_column("code"))
        )
    drift = facts.status.drift.select("source", "column", "change", "severity").to_dicts()
    columns = (
        name_column("source"),
        name_column("column"),
        column("change", "code:change"),
        column("severity", "code:severity"),
    )
    yield table("drift", drift, columns, note="drift")


def _rows(facts: Facts, query: Query) -> Iterator[Filled]:
    """One column a build: the rows of each table that it made."""
    built: dict[str, dict[str, int]] = {}
    sql = ""
    if "table_versions" in facts.operations:
        sql = f"""\
SELECT run_id, layer || '.' || table_name AS "table", rows
FROM ops.table_versions
WHERE run_id IN (SELECT DISTINCT run_id FROM ops.table_versions
                 ORDER BY run_id DESC LIMIT {_BUILDS})
ORDER BY ALL"""  # noqa: S608 - a number of ours
        for run, name, count in query(sql).rows():
            built.setdefault(run, {})[name] = count
    runs = sorted(built)
    rows = [
        {
            "table": row["table"],
            "rows_now": row["rows"],
            "waiting": row["waiting"],
            **{run: built[run].get(row["table"]) for run in runs},
        }
        for row in facts.status.tables.iter_rows(named=True)
    ]
    builds = tuple(Column(run, _began(run), unit=both("unit.rows")) for run in runs)
    columns = (name_column("table", anchor="t-"), column("rows_now"), column("waiting"), *builds)
    if len(builds) < 2:  # noqa: PLR2004 - one has nothing to compare with
        yield table("rows", rows, columns, sql, "rows")
        return
    title, note = both("block.rows"), both("note.rows_drawn")
    names = tuple(build.name for build in builds)
    ends = (builds[0].label, builds[-1].label)

    def draw(rows: Rows, pen: Pen) -> Markup:
        return small_charts(rows, names, ends, pen)

    yield filled(Drawing("rows", title, sql, columns, draw, note), rows)


def _began(run_id: str) -> Both:
    """The moment of a run, as its column is called: `20261201T071148...` began 12-01 07:11."""
    at = f"{run_id[:4]}-{run_id[4:6]}-{run_id[6:8]} {run_id[9:11]}:{run_id[11:13]}"
    return Both(at, at)


def _rest(facts: Facts) -> Iterator[Filled]:
    tables = facts.status.tables.select("table", "contract_version", "contract_now").to_dicts()
    rows = [
        {**row, "state": _agrees(row["contract_version"], row["contract_now"])} for row in tables
    ]
    columns: tuple[Column, ...] = (
        name_column("table", anchor="t-"),
        name_column("contract_version"),
        name_column("contract_now"),
        column("state", "code:contract"),
    )
    yield table("contracts", rows, columns, note="contracts")
    sizes = [
        {"part": part, "bytes": size} for part, size in facts.status.disk_bytes.items() if size
    ]
    columns = (column("part", "code:part"), column("bytes", "bytes"))
    block = Chart("disk", both("block.disk"), "", columns, "bars", "part", ("bytes",))
    yield filled(block, sizes)


def _agrees(built: str | None, now: str) -> str:
    return "never" if built is None else "same" if built == now else "older"
