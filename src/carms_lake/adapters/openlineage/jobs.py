"""What a run did, as jobs: each source loaded, each table built, each table checked is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from carms_lake.adapters.openlineage.datasets import Dataset, Datasets
from carms_lake.adapters.openlineage.runs import Row, RunRecord

_READ = ("landed", "replaced", "replayed")
"""What `ops.processed_files` says of files whose records are in the table."""
_CLASSES = {
    "required": "not_null",
    "unique": "unique",
    "primaryKey": "unique",
    "enum": "accepted_values",
    "relationship": "relationships",
}
"""How the tests that every tool has are called there, by the last word of our rule's name."""
_SEVERITIES = {"warning": "warn"}


@dataclass(frozen=True)
class JobRun:
    """One job of a run, and how it ended."""

    name: str
    kind: str
    """COMMAND, MODEL or TEST."""
    state: str = "COMPLETE"
    """COMPLETE, FAIL or ABORT."""
    error: str = ""
    table: str | None = None
    """The table that it wrote."""
    inputs: list[Dataset] = field(default_factory=list)
    outputs: list[Dataset] = field(default_factory=list)
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What carms knows of it and OpenLineage has no word for."""


def jobs_of(record: RunRecord, datasets: Datasets, parent: str) -> Iterator[JobRun]:
    """The jobs of a run, whose names begin with that of their parent.

    A table that the domain's contracts of today do not have is left out.
    """
    for name, files in _by_table(record.files, datasets):
        yield _loaded(parent, name, files, datasets)
    for name, rows in _by_table(record.tables, datasets):
        yield _built(parent, name, rows[0], datasets)
    for name, checks in _by_table(record.checks, datasets):
        yield _checked(parent, name, checks, datasets)


def unchanged(parent: str, name: str, datasets: Datasets) -> JobRun:
    """The job that makes a table, where no run of it is known."""
    job = f"{parent}.{name}"
    return JobRun(
        job, "MODEL", inputs=datasets.inputs(name), outputs=[datasets.output(name)], table=name
    )


def _by_table(rows: Iterable[Row], datasets: Datasets) -> Iterator[tuple[str, list[Row]]]:
    def name(row: Row) -> str:
        return f"{row.get('layer', 'bronze')}.{row['table_name']}"

    for table, those in groupby(sorted(rows, key=name), name):
        if table in datasets.contracts:
            yield table, list(those)


def _loaded(parent: str, name: str, files: list[Row], datasets: Datasets) -> JobRun:
    read = [file for file in files if file["status"] in _READ]
    counts = {
        "rowCount": sum(file["records"] for file in read),
        "size": sum(file["bytes"] for file in read),
        "fileCount": len(read),
    }
    refused = [
        f"{file['src_filename']}: {file['message']}"
        for file in files
        if file["status"] == "refused"
    ]
    return JobRun(
        f"{parent}.{name}",
        "MODEL",
        state="FAIL" if refused else "COMPLETE",
        error="\n".join(refused),
        table=name,
        inputs=datasets.inputs(name, counts),
        outputs=[datasets.output(name, rows=sum(file["accepted"] for file in read))],
        facts={
            "seconds": round(sum(file["seconds"] for file in files), 3),
            "rejected": sum(file["rejected"] for file in files),
        },
    )


def _built(parent: str, name: str, row: Row, datasets: Datasets) -> JobRun:
    version = row["version"] if row["layer"] == "silver" else None  # gold has no versions
    output = datasets.output(
        name, rows=row["rows"], version=version, contract_version=row["contract_version"]
    )
    known = ("seconds", "rows_read", "quarantined", "superseded")
    facts = {key: row[key] for key in known if row[key] is not None}
    return JobRun(
        f"{parent}.{name}",
        "MODEL",
        table=name,
        inputs=datasets.inputs(name),
        outputs=[output],
        facts=facts,
    )


def _checked(parent: str, name: str, checks: list[Row], datasets: Datasets) -> JobRun:
    failed = [one["rule"] for one in checks if one["severity"] == "error" and not one["passed"]]
    return JobRun(
        f"{parent}.check.{name}",
        "TEST",
        state="FAIL" if failed else "COMPLETE",
        error=f"failed: {', '.join(failed)}" if failed else "",
        inputs=[datasets.checked(name, map(_assertion, checks))],
    )


def _assertion(check: Row) -> dict[str, Any]:
    """A check as an assertion: counts alone, since messages may have values of rows."""
    column, _, word = check["rule"].rpartition(".")
    kind = _CLASSES.get(word, "custom")
    found = {
        "assertion": kind,
        "success": check["passed"],
        "severity": _SEVERITIES.get(check["severity"], check["severity"]),
        "name": check["rule"],
        "expected": f"at most {check['budget_pct']:g} % of rows fail",
        "actual": f"{check['failed_rows']} of {check['checked_rows']} rows fail",
    }
    is_of_column = kind != "custom" and word != "primaryKey" and "+" not in column
    return {**found, "column": column} if is_of_column else found
