"""The tables of operations: what each run did. Written by every run, failing ones too.

What their columns mean is in `ops.csv`; the published file says it in comments.
"""

import csv
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from carms_lake.config import LakeConfig
from carms_lake.records import (
    CheckFailure,
    CheckResult,
    FileReport,
    FileStatus,
    RunReport,
    Score,
    TableReport,
)
from carms_lake.store import delta, ops_path
from carms_lake.store.delta.lock import SHARED, versions_now
from carms_lake.store.delta.log import INTEGRITY, VERSIONS, commits, files_at, newest_first
from carms_lake.store.delta.write import append

_RECENT_RUNS = 50

_TYPES: dict[str, Any] = {
    "bigint": pl.Int64,
    "boolean": pl.Boolean,
    "double": pl.Float64,
    "timestamp": pl.Datetime("us", "UTC"),
    "varchar": pl.String,
    "varchar[]": pl.List(pl.String),
}

_OF_TABLE = "run_id varchar, layer varchar, table_name varchar, "

_COLUMNS = {
    "runs": "run_id varchar, command varchar, status varchar, started_at timestamp, "
    "seconds double, records bigint, accepted bigint, rejected bigint, files bigint, "
    "tables_built bigint, is_balanced boolean, message varchar, tool_version varchar, "
    "failed_checks bigint, is_published boolean",
    "processed_files": "run_id varchar, table_name varchar, src_filename varchar, status varchar, "
    "code varchar, message varchar, records bigint, accepted bigint, rejected bigint, "
    "bytes bigint, seconds double, sha256 varchar, notes varchar[]",
    "table_versions": _OF_TABLE + "version bigint, contract_version varchar, rows bigint, "
    "rows_read bigint, driver_keys bigint, keys bigint, quarantined bigint, superseded bigint, "
    "seconds double",
    "check_results": _OF_TABLE + "rule varchar, severity varchar, passed boolean, "
    "failed_rows bigint, checked_rows bigint, budget_pct double, message varchar, "
    "dimension varchar",
    "check_failures": _OF_TABLE + "rule varchar, severity varchar, column_name varchar, "
    "row_key varchar, value varchar, src_filename varchar, src_row_number bigint, message varchar",
    "scorecard": _OF_TABLE + "dimension varchar, rules bigint, rules_failed bigint, rows bigint, "
    "failed_rows bigint, set_aside bigint, score_pct double",
    "field_coverage": _OF_TABLE + "column_name varchar, group_name varchar, filled bigint, "
    "total bigint, coverage_pct double",
    "lineage": _OF_TABLE + "reads_layer varchar, reads_table varchar",
    "publications": "run_id varchar, kind varchar, target varchar, gold_run_id varchar, "
    "published_at timestamp, tables bigint, rows bigint, digest varchar",
    "parity": "run_id varchar, table_name varchar, status varchar, engine varchar, "
    "engine_version varchar, gold_run_id varchar, certified_at timestamp, seconds double, "
    "rows bigint, differing_rows bigint, columns varchar[], message varchar, rules varchar[], "
    "reads varchar[]",
}

OPS_SCHEMAS: dict[str, dict[str, Any]] = {
    table: {name: _TYPES[kind] for name, kind in (column.split() for column in columns.split(", "))}
    for table, columns in _COLUMNS.items()
}
"""Name -> columns; `rejects` is a table of its own, `lake/<domain>/rejects`."""


@lru_cache(maxsize=1)
def meanings() -> dict[tuple[str, str], str]:
    """What each table of the schema `ops` in the gold file means, and each of its columns.

    By table and column; the table's own meaning has no column.
    """
    text = Path(__file__).with_suffix(".csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {(row["table"], row["column"]): f"{row['meaning']}." for row in rows}


def record_run(
    config: LakeConfig,
    rows: Mapping[str, Sequence[dict[str, Any]]],
    integrity: Mapping[str, Any] | None = None,
) -> None:
    """Append what a run did to the tables of operations; `rows` are by table.

    `integrity` is what is kept of the last comparison of all files with their checksums; where this
    run made none, that of an earlier one is carried on.

    Raises:
        StoreError: the lake cannot be written.
    """
    for table, those in rows.items():
        if those:
            frame = pl.DataFrame(those, schema=OPS_SCHEMAS[table], orient="row")
            metadata: dict[str, Any] = {"run_id": those[0]["run_id"]}
            if table == "runs":  # a newest entry that is lost or damaged later is known by this
                metadata[VERSIONS] = versions_now(config.lake)
                metadata[INTEGRITY] = integrity or last_integrity(config)
            with SHARED:
                append(ops_path(config, table), frame, metadata, new_columns=True)


def last_integrity(config: LakeConfig) -> dict[str, Any] | None:
    """When all files were last compared with their checksums: `run_id`, `at`, `files`, `damaged`.

    None where that was never done.

    Raises:
        StoreError: the log of runs cannot be read.
    """
    for commit in newest_first(ops_path(config, "runs")):
        if VERSIONS in commit.metadata:
            return commit.metadata.get(INTEGRITY)
    return None


def rows_of(
    report: RunReport, status: str, message: str, tool: str
) -> dict[str, list[dict[str, Any]]]:
    """What a run did, as rows of the tables of operations, by table."""
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
        "runs": [
            _row(
                "runs",
                run_id,
                report,
                status=status,
                message=message,
                tool_version=tool,
                records=sum(file.records for file in report.files),
                accepted=sum(file.accepted for file in report.files),
                files=len(report.files),
                tables_built=sum(table.status == "built" for table in report.tables),
                is_published=report.published is not None,
            )
        ],
    }


def _row(
    table: str,
    run_id: str,
    item: RunReport | FileReport | TableReport | CheckResult | CheckFailure | Score,
    **known: Any,
) -> dict[str, Any]:
    """A row of a table of operations: columns that are not given have the name of a field."""
    known["run_id"] = run_id
    if not isinstance(item, RunReport):
        known |= {"layer": str(item.table.layer), "table_name": item.table.table}
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
