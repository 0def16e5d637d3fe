"""The reports of runs: rows, messages and the exit code that they earn."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.cli import render
from carms_lake.cli.exit_codes import ExitCode
from carms_lake.cli.render import emit
from carms_lake.errors import counted, first_few
from carms_lake.names import TableRef
from carms_lake.records import FileStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake.cli.context import Call
    from carms_lake.cli.render import Target
    from carms_lake.flows.rejects.replay import ReplayReport
    from carms_lake.records import RunReport


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
    failed = {c.severity for report in reports for c in report.checks if not c.passed}
    is_wrong = "error" in failed or not all(report.is_balanced for report in reports)
    is_amiss = "warning" in failed or any(report.rejected for report in reports)
    return ExitCode.DATA if is_wrong or (strict and is_amiss) else ExitCode.DONE


def show(call: Call, reports: Sequence[RunReport], to: Target, *, strict: bool = False) -> ExitCode:
    """Write reports: files and tables as rows, the rest as messages; the exit code they earn."""
    code = exit_code(*reports, strict=strict)
    if call.json:
        data = [as_plain(report) for report in reports]
        render.envelope(
            data[0] if len(data) == 1 else data,
            status="done" if code is ExitCode.DONE else "failed",
            run_id=reports[-1].run_id,
            errors=[
                {
                    "code": int(ExitCode.SOURCE),
                    "kind": file.code,
                    "message": render.about(file.name, file.message),
                    "hint": file.hint,
                }
                for report in reports
                for file in report.refused
            ],
            to=to,
        )
    elif to.is_long:
        _draw_summary(call, reports, to)
    else:
        emit(call, rows_of(reports), to)
        for report in reports:
            tell(call, report)
    return code


def _draw_summary(call: Call, reports: Sequence[RunReport], to: Target) -> None:
    """What a terminal gets first: what failed, a line per table that was checked, what changed."""
    to = to._replace(is_long=False)
    for report in reports:
        tell_wrong(call, report)
    if reports[0].command == "check":
        emit(call, by_table(reports[0]), to)
    else:
        _draw_changes(call, reports, to)
    for report in reports:
        for text in _notes(report):
            render.note(call, text)
        render.note(call, summary(report))


def _draw_changes(call: Call, reports: Sequence[RunReport], to: Target) -> None:
    """The files and tables that are not as they were; of many files what became of them."""
    files = sum(len(report.files) for report in reports)
    rows = by_source(reports) if files > LISTED_FILES else rows_of(reports)
    changed = rows.filter(pl.col("status") != FileStatus.UNCHANGED)
    if not changed.is_empty():
        emit(call, changed, to)
    if changed.height < rows.height or files > LISTED_FILES:
        of_files = counted(files, "file") if files else ""
        tables = sum(len(report.tables) for report in reports)
        of_tables = counted(tables, "table") if tables else ""
        all_of = " and ".join(filter(None, (of_files, of_tables)))
        what = "only what changed is listed" if not changed.is_empty() else "nothing changed"
        render.note(call, f"{all_of}, {what}: `--all` lists each of them")


def by_table(report: RunReport) -> pl.DataFrame:
    """One row per table that was checked: how many checks, and how many of them failed."""
    counts: dict[str, list[int]] = {}
    for check in report.checks:
        of_table = counts.setdefault(check.table.in_domain, [0, 0, 0])
        of_table[0] += 1
        of_table[1] += not check.passed and check.severity == "error"
        of_table[2] += not check.passed and check.severity == "warning"
    names = ("checks", "errors", "warnings")
    schema = {"table": pl.String, **dict.fromkeys(names, pl.Int64)}
    rows = [(table, *numbers) for table, numbers in counts.items()]
    return pl.DataFrame(rows, schema, orient="row")


def tell(call: Call, report: RunReport) -> None:
    """Say what a run did, on stderr: refusals and failed checks always, the rest unless `-q`."""
    tell_refused(call, report)
    for text in _notes(report):
        render.note(call, text)
    tell_failed(report)
    render.note(call, summary(report))


def _notes(report: RunReport) -> list[str]:
    of_files = (render.about(file.name, note) for file in report.files for note in file.notes)
    return [*report.notes, *of_files]


def tell_wrong(call: Call, report: RunReport) -> None:
    """Say which files were refused and which checks failed."""
    tell_refused(call, report)
    tell_failed(report)


def tell_refused(call: Call, report: RunReport) -> None:
    """Say which files were refused."""
    for file in report.refused:
        if call.verbose and file.trace:
            render.say(file.trace, is_ours=True)
        render.say(f"refused: {render.about(file.name, file.message)}")
        if file.hint:
            render.say(f"hint: {file.hint}")


def tell_failed(report: RunReport) -> None:
    """Say which checks failed."""
    for check in report.checks:
        if not check.passed and check.severity != "info":
            detail = check.message
            if check.counts_rows and not check.quarantined:
                rows = f"{check.failed_rows} of {check.checked_rows} rows"
                detail = f"{detail} ({rows})" if detail else rows
            what = "failed" if check.severity == "error" else "warning"
            render.say(f"{what}: `{check.table}` {check.rule}: {detail}")


def rows_of(reports: Sequence[RunReport]) -> pl.DataFrame:
    """One row per file of an ingest, table of a build, rule of a check; of two, what they share."""
    if len(reports) > 1:
        return pl.concat([_files(reports).drop("table", "records"), _tables(reports)])
    (report,) = reports
    if report.command == "ingest":
        return _files(reports).drop("table").rename({"name": "file", "rows": "accepted"})
    if report.command == "check":
        names = dict.fromkeys(("table", "rule", "severity"), pl.String)
        counts = dict.fromkeys(("failed_rows", "checked_rows"), pl.Int64)
        rows = [
            (c.table.in_domain, c.rule, c.severity, c.passed, c.failed_rows, c.checked_rows)
            for c in report.checks
        ]
        return pl.DataFrame(rows, {**names, "passed": pl.Boolean, **counts}, orient="row")
    read = pl.Series("rows_read", [t.rows_read for t in report.tables], pl.Int64)
    built = _tables(reports).rename({"name": "table", "rejected": "quarantined"})
    return built.with_columns(read)


def replayed_rows(report: ReplayReport) -> pl.DataFrame:
    """One row per file whose rejected records were validated again."""
    rows = [
        (
            f.table.table,
            f.name,
            f.set_aside,
            f.landed,
            f.left,
            f.read_from or None,
            f.why_not or None,
        )
        for f in report.files
    ]
    schema = {
        **dict.fromkeys(("table_name", "src_filename"), pl.String),
        **dict.fromkeys(("set_aside", "landed", "left"), pl.Int64),
        **dict.fromkeys(("read_from", "why_not"), pl.String),
    }
    return pl.DataFrame(rows, schema, orient="row")


def tell_replayed(call: Call, report: ReplayReport, *, is_dry: bool) -> None:
    """Say how many rejected records landed, and why files were not reparsed."""
    for text in report.run.notes:
        render.note(call, text)
    landed = sum(file.landed for file in report.files)
    left = sum(file.left for file in report.files)
    verb = "would land" if is_dry else "landed"
    render.note(call, f"replay: {counted(landed, 'record')} {verb}, {left} still rejected")
    by_reason: dict[str, list[str]] = {}
    for file in report.files:
        if file.why_not:
            by_reason.setdefault(file.why_not, []).append(f"`{file.name}`")
    for why, names in by_reason.items():
        render.note(call, f"not reparsed: {first_few(names, 1)}: {why}")


def by_source(reports: Sequence[RunReport]) -> pl.DataFrame:
    """One row per source and status of its files, and one per table that was built."""
    groups = _files(reports).group_by(name="table", status="status", maintain_order=True)
    files = groups.agg(pl.len().cast(pl.Int64).alias("files"), pl.col("rows", "rejected").sum())
    return pl.concat([files, _tables(reports)], how="diagonal")


def _files(reports: Sequence[RunReport]) -> pl.DataFrame:
    """One row per file; without counts where this run did not read it."""
    was_read = (FileStatus.LANDED, FileStatus.REPLACED)
    rows = [
        (f.table.in_domain, f.name, str(f.status))
        + ((f.records, f.accepted, f.rejected) if f.status in was_read else (None,) * 3)
        for report in reports
        for f in report.files
    ]
    names = dict.fromkeys(("table", "name", "status"), pl.String)
    counts = dict.fromkeys(("records", "rows", "rejected"), pl.Int64)
    return pl.DataFrame(rows, {**names, **counts}, orient="row")


def _tables(reports: Sequence[RunReport]) -> pl.DataFrame:
    rows = [(t.table.in_domain, t.status, t.rows, t.quarantined) for r in reports for t in r.tables]
    schema = {"name": str, "status": str, "rows": int, "rejected": int}
    return pl.DataFrame(rows, schema, orient="row")


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
