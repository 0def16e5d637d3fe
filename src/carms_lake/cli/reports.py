"""Run a flow with progress on a terminal, and show its report and exit code."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.cli import render
from carms_lake.cli.exit_codes import ExitCode
from carms_lake.cli.formats import Format
from carms_lake.cli.output import Target, emit
from carms_lake.errors import LakeError, counted
from carms_lake.names import TableRef
from carms_lake.records import FileStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carms_lake.cli.context import Call
    from carms_lake.cli.output import Target
    from carms_lake.records import CheckResult, FileReport, RunReport


LISTED_FILES = 40
"""A terminal lists this many files; of more it shows what became of them, source by source."""


def file_names(paths: Sequence[Path], folder: Path) -> list[str]:
    """Files that were made below a folder; where they are many, how many each part of it has."""
    if len(paths) <= LISTED_FILES:
        return [f"`{path}`" for path in paths]
    counts = Counter(folder / path.relative_to(folder).parts[0] for path in paths)
    return [f"`{top}`" + (f": {n} files" if n > 1 else "") for top, n in counts.items()]


def exit_code(*reports: RunReport, strict: bool = False) -> ExitCode:
    """What runs end with: 4 where a file was refused, 1 where the data is not fine, else 0."""
    if any(report.refused for report in reports):
        return ExitCode.SOURCE
    failed = any(c.severity == "error" and not c.passed for r in reports for c in r.checks)
    balanced = all(report.is_balanced for report in reports)
    warned = any(c.severity == "warning" and not c.passed for r in reports for c in r.checks)
    is_amiss = warned or any(report.rejected for report in reports)
    return ExitCode.DATA if failed or not balanced or (strict and is_amiss) else ExitCode.DONE


def show(call: Call, reports: Sequence[RunReport], to: Target, *, strict: bool = False) -> ExitCode:
    """Write reports: files and tables as rows, the rest as messages; the exit code they earn."""
    code = exit_code(*reports, strict=strict)
    if call.json:
        data = [as_plain(report) for report in reports]
        render.envelope(
            data[0] if len(data) == 1 else data,
            status="done" if code is ExitCode.DONE else "failed",
            run_id=reports[-1].run_id,
            errors=[_refusal(file) for report in reports for file in report.refused],
        )
    else:
        is_drawn = to.format is Format.TABLE and to.file is None
        files = sum(len(report.files) for report in reports)
        if is_drawn and files > LISTED_FILES:
            emit(call, by_source(reports), to)
            render.note(call, f"{files} files; `-f csv` lists each of them")
        else:
            emit(call, rows_of(reports), to)
    for report in reports:
        tell(call, report)
    return code


def tell(call: Call, report: RunReport) -> None:
    """Say what a run did, on stderr: refusals and failed checks always, the rest unless `-q`."""
    for file in report.refused:
        render.say(f"refused: `{file.name}`: {file.message}")
        if file.hint:
            render.say(f"hint: {file.hint}")
    for text in (*report.notes, *(f"`{f.name}`: {n}" for f in report.files for n in f.notes)):
        render.note(call, text)
    for check in report.checks:
        if not check.passed and check.severity != "info":
            render.say(_failed(check))
    render.note(call, summary(report))


def rows_of(reports: Sequence[RunReport]) -> pl.DataFrame:
    """One row per file of an ingest, table of a build, rule of a check; of two, what they share."""
    files = [f for report in reports for f in report.files]
    tables = [t for report in reports for t in report.tables]
    rows: list[tuple[Any, ...]]
    if len(reports) > 1:
        schema = {"name": str, "status": str, "rows": int, "rejected": int}
        rows = [(f.name, str(f.status), *_counts(f)[1:]) for f in files]
        rows += [(t.table.in_domain, t.status, t.rows, t.quarantined) for t in tables]
    elif reports[0].command == "ingest":
        schema = {"file": str, "status": str, "records": int, "accepted": int, "rejected": int}
        rows = [(f.name, str(f.status), *_counts(f)) for f in files]
    elif reports[0].command == "check":
        schema = {"table": str, "rule": str, "severity": str}
        schema |= {"passed": bool, "failed_rows": int, "checked_rows": int}
        rows = [
            (c.table.in_domain, c.rule, c.severity, c.passed, c.failed_rows, c.checked_rows)
            for c in reports[0].checks
        ]
    else:
        schema = {"table": str, "status": str, "rows": int, "quarantined": int, "rows_read": int}
        rows = [(t.table.in_domain, t.status, t.rows, t.quarantined, t.rows_read) for t in tables]
    return pl.DataFrame(rows, schema, orient="row")


def by_source(reports: Sequence[RunReport]) -> pl.DataFrame:
    """One row per source and status of its files, and one per table that was built."""
    groups: dict[tuple[str, str], list[FileReport]] = {}
    for report in reports:
        for file in report.files:
            groups.setdefault((file.table.in_domain, str(file.status)), []).append(file)
    rows: list[tuple[Any, ...]] = [
        (*key, len(files), sum(f.accepted for f in files), sum(f.rejected for f in files))
        for key, files in groups.items()
    ]
    rows += [
        (t.table.in_domain, t.status, None, t.rows, t.quarantined)
        for r in reports
        for t in r.tables
    ]
    schema = {"name": str, "status": str, "files": int, "rows": int, "rejected": int}
    return pl.DataFrame(rows, schema, orient="row")


def _counts(file: FileReport) -> tuple[int | None, int | None, int | None]:
    """Records, accepted and rejected; nothing where this run did not read the file."""
    if file.status not in (FileStatus.LANDED, FileStatus.REPLACED):
        return None, None, None
    return file.records, file.accepted, file.rejected


def summary(report: RunReport) -> str:
    """A run in one line."""
    parts = [f"{report.command}: {report.seconds:.1f} s"]
    if report.files:
        parts.append(counted(len(report.files), "file"))
        parts.append(f"{sum(f.accepted for f in report.files)} records accepted")
    if report.tables:
        built = sum(t.status == "built" for t in report.tables)
        parts.append(f"{counted(built, 'table')} built, {len(report.tables) - built} unchanged")
    parts.append(f"{report.rejected} rejected")
    if report.refused:
        parts.append(f"{counted(len(report.refused), 'file')} refused")
    if report.checks:
        passed = sum(check.passed for check in report.checks)
        parts.append(f"{passed} of {counted(len(report.checks), 'check')} passed")
    if report.published:
        parts.append(f"published `{report.published}`")
    return ", ".join(parts)


def as_plain(value: Any) -> Any:
    """A frozen record as JSON holds it: tables by name, paths as text."""
    if isinstance(value, TableRef | Path):
        return str(value)
    if isinstance(value, pl.DataFrame):
        return value.to_dicts()
    if is_dataclass(value):
        told = [field for field in fields(value) if field.metadata.get("is_shown", True)]
        return {field.name: as_plain(getattr(value, field.name)) for field in told}
    if isinstance(value, dict):
        return {str(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(item) for item in value]
    return value


def _refusal(file: FileReport) -> Mapping[str, Any]:
    return {
        "code": int(ExitCode.SOURCE),
        "kind": file.code,
        "message": f"`{file.name}`: {file.message}",
        "hint": file.hint,
    }


def _failed(check: CheckResult) -> str:
    what = "failed" if check.severity == "error" else "warning"
    detail = check.message
    if check.counts_rows and not check.quarantined:
        rows = f"{check.failed_rows} of {check.checked_rows} rows"
        detail = f"{detail} ({rows})" if detail else rows
    return f"{what}: `{check.table}` {check.rule}: {detail}"


def run_ingest(
    call: Call, sources: list[str], options: dict[str, Any], to: Target, *, strict: bool = False
) -> ExitCode:
    """Ingest and show the report; the exit code.

    Raises:
        LakeError: what the flow raises.
    """
    return show(call, [_ingest(call, sources, options)], to, strict=strict)


def run_build(
    call: Call, select: list[str], options: dict[str, Any], to: Target, *, strict: bool = False
) -> ExitCode:
    """Build and show the report; the exit code.

    Raises:
        LakeError: what the flow raises.
    """
    return show(call, [_build(call, select, options)], to, strict=strict)


def run_both(
    call: Call,
    to: Target,
    *,
    from_path: Path | None,
    full_refresh: bool = False,
    publish_anyway: bool = False,
    strict: bool = False,
) -> ExitCode:
    """Ingest, build, and show both reports; the exit code.

    Raises:
        LakeError: what the flows raise; what landed before is shown all the same.
    """
    landed = _ingest(call, [], {"from_path": from_path, "full_refresh": full_refresh})
    try:
        options = {"full_refresh": full_refresh, "publish_anyway": publish_anyway}
        built = _build(call, [], options)
    except LakeError:
        if not call.json:
            show(call, [landed], to, strict=strict)
        raise
    return show(call, [landed, built], to, strict=strict)


def run_check(call: Call, to: Target, *, strict: bool = False) -> ExitCode:
    """Run the checks and show the report; the exit code.

    Raises:
        LakeError: what the flow raises.
    """
    from carms_lake.flows.check import check

    return show(call, [check(call.config())], to, strict=strict)


def _ingest(call: Call, sources: list[str], options: dict[str, Any]) -> RunReport:
    from carms_lake.flows.ingest import ingest

    with render.progress(call) as progress:
        return ingest(call.config(), sources, **options, progress=progress)


def _build(call: Call, select: list[str], options: dict[str, Any]) -> RunReport:
    from carms_lake.flows.build import build

    with render.progress(call) as progress:
        return build(call.config(), select, **options, progress=progress)
