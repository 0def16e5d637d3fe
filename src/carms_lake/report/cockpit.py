"""The cockpit: how the lake is, as blocks over `ops` and the status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from carms_lake.report.filled import Filled, FilledPage, Query
from carms_lake.report.pages import Block, Chart, Column, Page, Table
from carms_lake.report.state import freshness
from carms_lake.report.words import Both, both

if TYPE_CHECKING:
    from carms_lake.report.facts import Facts

KEY = "cockpit"
RUNS = 50
"""So many of the newest runs are shown."""
_BUILDS = 6
"""The rows of each table are shown for so many builds."""
_FAILURES = 200
_DIMENSIONS = (
    "accuracy",
    "completeness",
    "conformity",
    "consistency",
    "coverage",
    "timeliness",
    "uniqueness",
)

Rows = Sequence[Mapping[str, Any]]


def cockpit(facts: Facts, query: Query) -> FilledPage:
    """The page with its rows."""
    blocks = [
        *_checks(facts, query),
        *_samples(facts, query),
        *_freshness(facts),
        *_records(facts),
        *_runs(facts, query),
        *_scores(facts, query),
        *_rows(facts, query),
        *_rest(facts),
    ]
    page = Page(KEY, both("page.cockpit"), tuple(filled.block for filled in blocks))
    return FilledPage(page, tuple(blocks))


def _column(name: str, kind: str = "", unit: Both | str = "", **more: Any) -> Column:
    """A column of ours; its words are `column.<name>`."""
    return Column(name, both(f"column.{name}"), unit=unit, kind=kind, **more)


def _name(name: str, **more: Any) -> Column:
    """A column of names, which have no language."""
    return _column(name, lang="zxx", **more)


def _filled(block: Block, rows: Rows) -> Filled:
    return Filled(block, rows, f"{KEY}-{block.key}", block.sql)


def _table(
    key: str, rows: Rows, columns: tuple[Column, ...], sql: str = "", note: str = ""
) -> Filled:
    """A table of ours; its words are `block.<key>`."""
    title = both(f"block.{key}")
    return _filled(Table(key, title, sql, columns, both(f"note.{note}") if note else None), rows)


def _freshness(facts: Facts) -> Iterator[Filled]:
    rows = [
        {**source._asdict(), "state": "late" if source.is_late else _state(source.promise_s)}
        for source in freshness(facts)
    ]
    columns: tuple[Column, ...] = (
        _name("source"),
        _column("files"),
        _name("newest_file"),
        _column("newest_at"),
        _column("age_s", "seconds"),
        _column("promise_s", "seconds"),
        _column("due", "due"),
        _column("state", "code:freshness"),
    )
    yield _table("freshness", rows, columns, note="freshness")


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
        _column("started_at"),
        _name("command"),
        _column("status", "code:status"),
        _column("ingest", unit=both("unit.s")),
        _column("build", unit=both("unit.s")),
        _column("other", unit=both("unit.s")),
        _column("records"),
        _column("accepted"),
        _column("rejected"),
        _column("tables_built"),
        _column("failed_checks"),
        _column("is_published"),
        _name("run_id"),
    )
    title, note = both("block.runs"), both("note.runs")
    y = ("ingest", "build", "other")
    rows = query(sql).to_dicts()
    used = tuple(name for name in y if any(row[name] is not None for row in rows))
    shown = tuple(c for c in columns if c.name not in y or c.name in used)
    if used:
        yield _filled(Chart("runs", title, sql, shown, "columns", "started_at", used, note), rows)
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
        _name("table", anchor="t-"),
        _column("seconds", unit=both("unit.s")),
        _column("rows"),
    )
    chart = Chart(
        "steps", both("block.steps"), sql, columns, "bars", "table", ("seconds",),
        both("note.steps"),
    )  # fmt: skip
    yield _filled(chart, query(sql).to_dicts())


def _records(facts: Facts) -> Iterator[Filled]:
    rejects = facts.status.rejects
    rows = [
        {"reason": f"{table}: {code}", "table": table, "code": code, "rows": count}
        for table, code, count in rejects.sort("rows", descending=True, maintain_order=True).rows()
    ]
    columns: tuple[Column, ...] = (
        _name("reason"),
        _name("table", anchor="t-"),
        _name("code"),
        _column("rows", unit=both("unit.rows")),
    )
    block = Chart(
        "rejects", both("block.rejects"), "", columns, "bars", "reason", ("rows",),
        both("note.rejects"),
    )  # fmt: skip
    yield _filled(block, rows)
    refused = facts.status.refused.select("source", "file", "code").to_dicts()
    if refused:
        yield _table("refused", refused, (_name("source"), _name("file"), _name("code")))
    drift = facts.status.drift.select("source", "column", "change", "severity").to_dicts()
    columns = (
        _name("source"),
        _name("column"),
        _column("change", "code:change"),
        _column("severity", "code:severity"),
    )
    yield _table("drift", drift, columns, note="drift")


_NEWEST_RESULTS = """\
SELECT layer || '.' || table_name AS "table", rule, severity, dimension,
       failed_rows, checked_rows, budget_pct, passed
FROM ops.check_results
QUALIFY run_id = max(run_id) OVER (PARTITION BY layer, table_name, rule)
    AND run_id >= (SELECT max(run_id) FROM ops.check_results
                   WHERE dimension IS DISTINCT FROM 'timeliness')"""


def _checks(facts: Facts, query: Query) -> Iterator[Filled]:
    if "check_results" not in facts.operations:
        return
    sql = f"""\
SELECT * EXCLUDE (passed) FROM (
{_NEWEST_RESULTS})
WHERE NOT passed
ORDER BY severity, "table", rule
LIMIT {_FAILURES}"""  # noqa: S608 - texts of ours
    columns: tuple[Column, ...] = (
        _name("table", anchor="t-"),
        _name("rule"),
        _column("severity", "code:severity"),
        _column("dimension", "code:dimension"),
        _column("failed_rows"),
        _column("checked_rows"),
        _column("budget_pct", unit="%"),
    )
    yield _table("failures", query(sql).to_dicts(), columns, sql, "failures")
    sql = f"""\
SELECT dimension, count(*) FILTER (passed) AS passed, count(*) FILTER (NOT passed) AS failed
FROM (
{_NEWEST_RESULTS})
GROUP BY dimension
ORDER BY dimension"""  # noqa: S608 - texts of ours
    columns = (
        _column("dimension", "code:dimension"),
        _column("passed", unit=both("unit.checks")),
        _column("failed", unit=both("unit.checks")),
    )
    block = Chart(
        "checks", both("block.checks"), sql, columns, "bars", "dimension", ("passed", "failed")
    )
    yield _filled(block, query(sql).to_dicts())


def _samples(facts: Facts, query: Query) -> Iterator[Filled]:
    """Rows that broke a rule, where they were asked for and no table of theirs is about people."""
    if facts.people is None or "check_failures" not in facts.operations:
        return
    sql = """\
SELECT layer || '.' || table_name AS "table", rule, row_key, value, src_filename, src_row_number
FROM ops.check_failures
WHERE run_id = (SELECT max(run_id) FROM ops.check_results
                WHERE dimension IS DISTINCT FROM 'timeliness')
ORDER BY ALL"""
    rows = [row for row in query(sql).to_dicts() if row["table"] not in facts.people]
    names = ("table", "rule", "row_key", "value", "src_filename", "src_row_number")
    columns = tuple(_name(name) for name in names)
    yield _table("samples", rows[:_FAILURES], columns, note="samples")


def _scores(facts: Facts, query: Query) -> Iterator[Filled]:
    if "scorecard" not in facts.operations:
        return
    scores = ",\n       ".join(
        f"max(score_pct) FILTER (dimension = '{name}') AS {name}" for name in _DIMENSIONS
    )
    sql = f"""\
SELECT layer || '.' || table_name AS "table",
       {scores}
FROM (FROM ops.scorecard
      QUALIFY run_id = max(run_id) OVER (PARTITION BY layer, table_name, dimension))
GROUP BY "table"
ORDER BY least({", ".join(_DIMENSIONS)}), "table\""""  # noqa: S608 - names of ours
    dimensions = tuple(_dimension(name) for name in _DIMENSIONS)
    rows = query(sql).to_dicts()
    used = tuple(c for c in dimensions if any(row[c.name] is not None for row in rows))
    yield _table("scores", rows, (_name("table", anchor="t-"), *used), sql, "scores")
    lowest = ",\n       ".join(
        f"min(score_pct) FILTER (dimension = '{name}') AS {name}" for name in _DIMENSIONS
    )
    sql = f"""\
SELECT min(started_at) AS started_at,
       {lowest}
FROM ops.scorecard JOIN (FROM ops.runs ORDER BY run_id DESC LIMIT {RUNS}) USING (run_id)
GROUP BY run_id
ORDER BY run_id"""  # noqa: S608 - names of ours
    history = query(sql).to_dicts() if "runs" in facts.operations else []
    kept = tuple(c for c in dimensions if any(row[c.name] is not None for row in history))
    if kept:
        names, columns = tuple(c.name for c in kept), (_column("started_at"), *kept)
        title, note = both("block.score_history"), both("note.score_history")
        block = Chart("score_history", title, sql, columns, "lines", "started_at", names, note)
        yield _filled(block, history)


def _dimension(name: str) -> Column:
    return Column(name, both(f"code.dimension.{name}"), unit="%", kind="score")


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
        for run, table, count in query(sql).rows():
            built.setdefault(run, {})[table] = count
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
    columns: tuple[Column, ...] = (
        _name("table", anchor="t-"),
        _column("rows_now"),
        _column("waiting"),
        *(Column(run, _began(run), unit=both("unit.rows")) for run in runs),
    )
    yield _table("rows", rows, columns, sql, "rows")


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
        _name("table", anchor="t-"),
        _name("contract_version"),
        _name("contract_now"),
        _column("state", "code:contract"),
    )
    yield _table("contracts", rows, columns, note="contracts")
    sizes = [
        {"part": part, "bytes": size} for part, size in facts.status.disk_bytes.items() if size
    ]
    columns = (_column("part", "code:part"), _column("bytes", "bytes"))
    block = Chart("disk", both("block.disk"), "", columns, "bars", "part", ("bytes",))
    yield _filled(block, sizes)


def _agrees(built: str | None, now: str) -> str:
    return "never" if built is None else "same" if built == now else "older"
