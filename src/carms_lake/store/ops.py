"""The tables of operations: what each run did. Written by every run, failing ones too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.records import FileStatus
from carms_lake.store.delta import table as delta
from carms_lake.store.delta.lock import SHARED
from carms_lake.store.delta.log import commits, files_at
from carms_lake.store.delta.write import append
from carms_lake.store.layout import ops_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carms_lake.config import LakeConfig
    from carms_lake.names import TableRef
    from carms_lake.records import (
        CheckFailure,
        CheckResult,
        FileReport,
        RunReport,
        Score,
        TableReport,
    )


_AT = pl.Datetime("us", "UTC")

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


def record(config: LakeConfig, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Append rows to a table of operations; nothing happens where there are none.

    Raises:
        StoreError: the lake cannot be written.
    """
    if rows:
        frame = pl.DataFrame(rows, schema=OPS_SCHEMAS[table], orient="row")
        metadata = {"run_id": rows[0]["run_id"]}
        with SHARED:
            append(ops_path(config, table), frame, metadata, new_columns=True)


def record_run(config: LakeConfig, rows: Mapping[str, Sequence[dict[str, Any]]]) -> None:
    """Keep what a run did: rows of the tables of operations, by table.

    Raises:
        StoreError: the lake cannot be written.
    """
    for table, those in rows.items():
        record(config, table, those)


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
    return {
        # A run that finds thousands of files as they were has not processed them.
        "processed_files": [
            _file_row(report.run_id, file)
            for file in report.files
            if file.status is not FileStatus.UNCHANGED
        ],
        "check_results": [_check_row(report.run_id, c) for c in report.checks],
        "check_failures": [_failure_row(report.run_id, f) for f in report.failures],
        "scorecard": [_score_row(report.run_id, s) for s in report.scores],
        "runs": [row],
    }


def _file_row(run_id: str, file: FileReport) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "table_name": file.table.table,
        "src_filename": file.name,
        "status": str(file.status),
        "code": file.code,
        "message": file.message,
        "records": file.records,
        "accepted": file.accepted,
        "rejected": file.rejected,
        "bytes": file.bytes,
        "seconds": file.seconds,
        "sha256": file.sha256,
        "notes": list(file.notes),
    }


def _of_table(run_id: str, table: TableRef) -> dict[str, Any]:
    return {"run_id": run_id, "layer": str(table.layer), "table_name": table.table}


def _check_row(run_id: str, check: CheckResult) -> dict[str, Any]:
    return {
        **_of_table(run_id, check.table),
        "rule": check.rule,
        "severity": check.severity,
        "passed": check.passed,
        "failed_rows": check.failed_rows,
        "checked_rows": check.checked_rows,
        "budget_pct": check.budget_pct,
        "message": check.message,
        "dimension": check.dimension,
    }


def _failure_row(run_id: str, failure: CheckFailure) -> dict[str, Any]:
    return {
        **_of_table(run_id, failure.table),
        "rule": failure.rule,
        "severity": failure.severity,
        "column_name": failure.column,
        "row_key": failure.row_key,
        "value": failure.value,
        "src_filename": failure.src_filename,
        "src_row_number": failure.src_row_number,
        "message": failure.message,
    }


def _score_row(run_id: str, score: Score) -> dict[str, Any]:
    return {
        **_of_table(run_id, score.table),
        "dimension": score.dimension,
        "rules": score.rules,
        "rules_failed": score.rules_failed,
        "rows": score.rows,
        "failed_rows": score.failed_rows,
        "set_aside": score.set_aside,
        "score_pct": score.score_pct,
    }


def version_row(
    run_id: str, table: TableReport, version: int, contract_version: str
) -> dict[str, Any]:
    """A row of `table_versions`: one table as one run made it."""
    return {
        **_of_table(run_id, table.table),
        "version": version,
        "contract_version": contract_version,
        "rows": table.rows,
        "rows_read": table.rows_read,
        "driver_keys": table.driver_keys,
        "keys": table.keys,
        "quarantined": table.quarantined,
        "superseded": table.superseded,
        "seconds": table.seconds,
    }


def recent(config: LakeConfig, table: str, runs: int) -> pl.DataFrame | None:
    """The rows that the last runs wrote into a table of operations, and perhaps older ones.

    None where there is no such table.

    Raises:
        StoreError: the lake cannot be read.
    """
    path = ops_path(config, table)
    found = commits(path)
    if not found:
        return None
    there = files_at(path, found[-1].version)
    added = [file.name for commit in found[-runs:] for file in commit.added]
    files = [path / name for name in dict.fromkeys(added) if name in there]
    return delta.scan_files(files, delta.columns(path)).collect()
