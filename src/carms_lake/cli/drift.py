"""`drift`: how arriving files differ, and the contract that would accept them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from carms_lake.cli import render
from carms_lake.cli.command import OutputFile, OutputFormat, argument, command, option
from carms_lake.cli.context import Call, complete_sources
from carms_lake.cli.exit_codes import ExitCode
from carms_lake.cli.render import emit, emit_text, target
from carms_lake.errors import UsageError, counted

if TYPE_CHECKING:
    import polars as pl

    from carms_lake.flows.drift.findings import DriftReport

Sources = Annotated[
    list[str] | None,
    argument("[SOURCE]...", "Only files of these sources; all if none.", complete_sources),
]
From = Annotated[Path | None, option("--from DIR", "Compare the files in this folder, in place.")]
Every = Annotated[bool, option("--all", "Compare unchanged files too.")]
Write = Annotated[
    bool, option("--write", "Write each patch as a new version of its contract into the project.")
]
PatchOnly = Annotated[bool, option("--patch", "Write only the patches, as YAML, instead of rows.")]

app = typer.Typer()


@command(app)
def drift(
    call: Call,
    sources: Sources = None,
    *,
    from_path: From = None,
    every: Every = False,
    write: Write = False,
    patch: PatchOnly = False,
    output_format: OutputFormat = None,
    output: OutputFile = None,
) -> None:
    """Compare arriving files with their contracts.

    And with the previous file. Files that a contract refuses are read all the same. Exit 1 if
    there is drift, 4 if a file cannot be read.
    """
    from carms_lake.flows.drift import drift as flow

    if patch and output_format is not None:
        raise UsageError("`--patch` is YAML, and `-f` is for rows", "leave one of them out")
    to = target(None if patch else output_format, None if patch else output)
    with render.progress(call) as progress:
        report = flow(
            call.config(),
            sources or [],
            from_path=from_path,
            every=every,
            write=write,
            progress=progress,
        )
    code = ExitCode.DATA if report.has_drift else ExitCode.DONE
    if report.unreadable:
        code = ExitCode.SOURCE
    if call.json:
        errors = [
            {"code": int(ExitCode.SOURCE), "kind": f.code, "message": f.message, "hint": f.hint}
            for f in report.unreadable
        ]
        status = "failed" if code else "done"
        render.envelope(_plain(report), status=status, errors=errors, to=to)
    elif patch:
        emit_text("".join(p.yaml for p in report.patches), to._replace(file=output))
    else:
        emit(call, _rows(report), to)
        if to.is_drawn:
            render.write("".join(f"\n{p.yaml}" for p in report.patches))
    _tell(call, report, is_shown=patch or to.is_drawn)
    if code:
        raise typer.Exit(code)


def _rows(report: DriftReport) -> pl.DataFrame:
    """One row per finding, in the order of the files."""
    import polars as pl

    names = ("source", "file", "column", "change", "severity", "expected", "found")
    rows = [
        (f.table.table, f.file, f.column, f.change, str(f.severity), f.expected, f.found, f.score)
        for f in report.findings
    ]
    schema = {**dict.fromkeys(names, pl.String), "score": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _tell(call: Call, report: DriftReport, *, is_shown: bool) -> None:
    """Report on stderr what cannot be read, what was compared, and what became of the patches."""
    for file in report.unreadable:
        if call.verbose and file.trace:
            render.say(file.trace, is_ours=True)
        render.say(f"unreadable: {render.about(file.name, file.message)}")
        if file.hint:
            render.say(f"hint: {file.hint}")
    for file in report.files:
        if 0 < file.sampled < file.records:
            records = f"compared {file.sampled} of {file.records} records"
            render.note(call, f"`{file.name}`: {records}: the first ones, and evenly spread ones")
    for text in report.notes:
        render.note(call, text)
    _tell_patches(call, report, is_shown=is_shown)
    compared = sum(file.compared_with is not None for file in report.files)
    severities = Counter(str(finding.severity) for finding in report.findings)
    found = [counted(severities[s], s) for s in ("error", "warning", "note") if severities[s]]
    files = f"{counted(len(report.files), 'file')} checked, {compared} compared with a previous one"
    render.note(call, f"drift: {files}: {', '.join(found) or 'no drift'}")


def _tell_patches(call: Call, report: DriftReport, *, is_shown: bool) -> None:
    for patch in report.patches:
        what = f"`{patch.table}` {patch.from_version} -> {patch.to_version} ({patch.level})"
        for name, why in patch.left.items():
            render.say(f"not accepted by the patch either: `{name}`: {why}")
        if not patch.accepts:
            render.note(call, f"a patch was tried and would accept none of these files: {what}")
            continue
        if patch.written is None:
            how = "`--write` makes it the project's contract"
            how += "" if is_shown else ", `--patch` shows it"
            these = f"{patch.accepts} of {patch.tried} files" if patch.left else "these files"
            render.note(call, f"a patch would accept {these}: {what}; {how}")
            continue
        render.note(call, f"{what}: `{patch.written}`; the old version is `{patch.kept}`")
        reread = f"`carms ingest --full-refresh {patch.table.table}` reads its files by it"
        render.note(call, f"{reread}; to go back, copy `{patch.kept}` over it")


def _plain(report: DriftReport) -> dict[str, Any]:
    """The report for JSON; the complete text of a contract stays in its file."""
    from carms_lake.cli.reports import as_plain

    found: dict[str, Any] = as_plain(report)
    for patch in found["patches"]:
        del patch["text"]
        for change in patch["changes"]:
            change["level"] = change["level"].word
    return found
