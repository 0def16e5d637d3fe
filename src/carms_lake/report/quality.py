"""Blocks about quality: what failed, how good each table is, and how that changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from carms_lake.report.blocks import RUNS, column, filled, name_column, table
from carms_lake.report.filled import Filled, Query
from carms_lake.report.pages import Chart, Column
from carms_lake.report.words import both

if TYPE_CHECKING:
    from carms_lake.report.facts import Facts

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

_NEWEST_RESULTS = """\
SELECT layer || '.' || table_name AS "table", rule, severity, dimension,
       failed_rows, checked_rows, budget_pct, passed
FROM ops.check_results
QUALIFY run_id = max(run_id) OVER (PARTITION BY layer, table_name, rule)
    AND run_id >= (SELECT max(run_id) FROM ops.check_results
                   WHERE dimension IS DISTINCT FROM 'timeliness')"""


def checks(facts: Facts, query: Query) -> Iterator[Filled]:
    """What failed at the newest run of each check, and how many passed."""
    if "check_results" not in facts.operations:
        return
    sql = f"""\
SELECT * EXCLUDE (passed) FROM (
{_NEWEST_RESULTS})
WHERE NOT passed
ORDER BY severity, "table", rule
LIMIT {_FAILURES}"""  # noqa: S608 - texts of ours
    columns: tuple[Column, ...] = (
        name_column("table", anchor="t-"),
        name_column("rule"),
        column("severity", "code:severity"),
        column("dimension", "code:dimension"),
        column("failed_rows"),
        column("checked_rows"),
        column("budget_pct", unit="%"),
    )
    yield table("failures", query(sql).to_dicts(), columns, sql, "failures")
    sql = f"""\
SELECT dimension, count(*) FILTER (passed) AS passed, count(*) FILTER (NOT passed) AS failed
FROM (
{_NEWEST_RESULTS})
GROUP BY dimension
ORDER BY dimension"""  # noqa: S608 - texts of ours
    columns = (
        column("dimension", "code:dimension"),
        column("passed", unit=both("unit.checks")),
        column("failed", unit=both("unit.checks")),
    )
    block = Chart(
        "checks", both("block.checks"), sql, columns, "bars", "dimension", ("passed", "failed")
    )
    yield filled(block, query(sql).to_dicts())


def samples(facts: Facts, query: Query) -> Iterator[Filled]:
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
    columns = tuple(name_column(name) for name in names)
    yield table("samples", rows[:_FAILURES], columns, note="samples")


def scores(facts: Facts, query: Query) -> Iterator[Filled]:
    """The newest scores of each table, and the lowest of each run."""
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
    yield table("scores", rows, (name_column("table", anchor="t-"), *used), sql, "scores")
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
        names, columns = tuple(c.name for c in kept), (column("started_at"), *kept)
        title, note = both("block.score_history"), both("note.score_history")
        block = Chart("score_history", title, sql, columns, "lines", "started_at", names, note)
        yield filled(block, history)


def _dimension(name: str) -> Column:
    return Column(name, both(f"code.dimension.{name}"), unit="%", kind="score")
