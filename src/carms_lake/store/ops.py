"""The tables of operations: what each run did. Written by every run, failing ones too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.records import FileStatus
from carms_lake.store import delta, ops_path
from carms_lake.store.delta.lock import SHARED
from carms_lake.store.delta.log import commits, files_at
from carms_lake.store.delta.write import append

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carms_lake.config import LakeConfig
    from carms_lake.records import (
        CheckFailure,
        CheckResult,
        FileReport,
        RunReport,
        Score,
        TableReport,
    )

    _Item = FileReport | TableReport | CheckResult | CheckFailure | Score


_AT = pl.Datetime("us", "UTC")
_RECENT_RUNS = 50

OPS_SCHEMAS: dict[str, dict[str, Any]] = {
    "runs": {
        "run_id": pl.String,
        "command": pl.String,
        "status": pl.String,
        "started_at": _AT,
        "seconds": pl.Float64,
        "records": pl.Int64,
        "accepted": pl.Int64,
        "rejected": pl.Int64,
        "files": pl.Int64,
        "tables_built": pl.Int64,
        "is_balanced": pl.Boolean,
        "message": pl.String,
        "tool_version": pl.String,
        "failed_checks": pl.Int64,
        "is_published": pl.Boolean,
    },
    "processed_files": {
        "run_id": pl.String,
        "table_name": pl.String,
        "src_filename": pl.String,
        "status": pl.String,
        "code": pl.String,
        "message": pl.String,
        "records": pl.Int64,
        "accepted": pl.Int64,
        "rejected": pl.Int64,
        "bytes": pl.Int64,
        "seconds": pl.Float64,
        "sha256": pl.String,
        "notes": pl.List(pl.String),
    },
    "table_versions": {
        "run_id": pl.String,
        "layer": pl.String,
        "table_name": pl.String,
        "version": pl.Int64,
        "contract_version": pl.String,
        "rows": pl.Int64,
        "rows_read": pl.Int64,
        "driver_keys": pl.Int64,
        "keys": pl.Int64,
        "quarantined": pl.Int64,
        "superseded": pl.Int64,
        "seconds": pl.Float64,
    },
    "check_results": {
        "run_id": pl.String,
        "layer": pl.String,
        "table_name": pl.String,
        "rule": pl.String,
        "severity": pl.String,
        "passed": pl.Boolean,
        "failed_rows": pl.Int64,
        "checked_rows": pl.Int64,
        "budget_pct": pl.Float64,
        "message": pl.String,
        "dimension": pl.String,
    },
    "check_failures": {
        "run_id": pl.String,
        "layer": pl.String,
        "table_name": pl.String,
        "rule": pl.String,
        "severity": pl.String,
        "column_name": pl.String,
        "row_key": pl.String,
        "value": pl.String,
        "src_filename": pl.String,
        "src_row_number": pl.Int64,
        "message": pl.String,
    },
    "scorecard": {
        "run_id": pl.String,
        "layer": pl.String,
        "table_name": pl.String,
        "dimension": pl.String,
        "rules": pl.Int64,
        "rules_failed": pl.Int64,
        "rows": pl.Int64,
        "failed_rows": pl.Int64,
        "set_aside": pl.Int64,
        "score_pct": pl.Float64,
    },
    "field_coverage": {
        "run_id": pl.String,
        "layer": pl.String,
        "table_name": pl.String,
        "column_name": pl.String,
        "group_name": pl.String,
        "filled": pl.Int64,
        "total": pl.Int64,
        "coverage_pct": pl.Float64,
    },
    "lineage": {
        "run_id": pl.String,
        "layer": pl.String,
        "table_name": pl.String,
        "reads_layer": pl.String,
        "reads_table": pl.String,
    },
}
"""Name -> columns; `rejects` is a table of its own, `lake/<domain>/rejects`."""


def record_run(config: LakeConfig, rows: Mapping[str, Sequence[dict[str, Any]]]) -> None:
    """Append what a run did to the tables of operations; `rows` are by table.

    Raises:
        StoreError: the lake cannot be written.
    """
    for table, those in rows.items():
        if those:
            frame = pl.DataFrame(those, schema=OPS_SCHEMAS[table], orient="row")
            metadata = {"run_id": those[0]["run_id"]}
            with SHARED:
                append(ops_path(config, table), frame, metadata, new_columns=True)


def rows_of(
    report: RunReport, status: str, message: str, tool: str
) -> dict[str, list[dict[str, Any]]]:
    """What a run did, as rows of the tables of operations, by table."""
    row = {
        "run_id": report.run_id,
        "command": report.command,
        "status": status,
        "started_at": report.started_at,
        "seconds": report.seconds,
        "records": sum(f.records for f in report.files),
        "accepted": sum(f.accepted for f in report.files),
        "rejected": report.rejected,
        "files": len(report.files),
        "tables_built": sum(t.status == "built" for t in report.tables),
        "is_balanced": report.is_balanced,
        "message": message,
        "tool_version": tool,
        "failed_checks": report.failed_checks,
        "is_published": report.published is not None,
    }
    run_id = report.run_id
    return {
        # A run that finds thousands of files unchanged has not processed them.
        "processed_files": [
            _row(
                "processed_files",
                run_id,
                file,
                src_filename=file.name,
                status=str(file.status),
                notes=list(file.notes),
            )
            for file in report.files
            if file.status is not FileStatus.UNCHANGED
        ],
        "check_results": [_row("check_results", run_id, check) for check in report.checks],
        "check_failures": [
            _row("check_failures", run_id, failure, column_name=failure.column)
            for failure in report.failures
        ],
        "scorecard": [_row("scorecard", run_id, score) for score in report.scores],
        "runs": [row],
    }


def _row(table: str, run_id: str, item: _Item, **others: Any) -> dict[str, Any]:
    """A row of a table of operations: columns that are not given have the name of a field."""
    known = {
        "run_id": run_id,
        "layer": str(item.table.layer),
        "table_name": item.table.table,
        **others,
    }
    return {
        name: known[name] if name in known else getattr(item, name) for name in OPS_SCHEMAS[table]
    }


def version_row(
    run_id: str, table: TableReport, version: int, contract_version: str
) -> dict[str, Any]:
    """A row of `table_versions`: one table as one run built it."""
    return _row("table_versions", run_id, table, version=version, contract_version=contract_version)


def ops_rows(config: LakeConfig, table: str) -> pl.LazyFrame:
    """All rows of a table of operations; none where it does not exist yet.

    Raises:
        StoreError: the lake cannot be read.
    """
    path = ops_path(config, table)
    return delta.scan(path) if delta.exists(path) else pl.LazyFrame(schema=OPS_SCHEMAS[table])


def recent(config: LakeConfig, table: str) -> pl.DataFrame:
    """What the last 50 runs wrote into a table of operations, and perhaps older rows.

    Raises:
        StoreError: the lake cannot be read.
    """
    path, empty = ops_path(config, table), pl.DataFrame(schema=OPS_SCHEMAS[table])
    found = commits(path)
    if not found:
        return empty
    there = files_at(path, found[-1].version)
    added = [file.name for commit in found[-_RECENT_RUNS:] for file in commit.added]
    files = [path / name for name in dict.fromkeys(added) if name in there]
    rows = delta.scan_files(files, delta.columns(path)).collect()
    return pl.concat([empty, rows], how="diagonal")  # a table may be older than a column
