"""`drift`: what arriving files have otherwise, and the contract that would accept them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from carms_lake.cli import complete, render
from carms_lake.cli.command import OutputFile, OutputFormat, command
from carms_lake.cli.context import Call
from carms_lake.cli.exit_codes import ExitCode
from carms_lake.cli.formats import Format
from carms_lake.cli.output import emit, emit_text, target
from carms_lake.errors import UsageError

if TYPE_CHECKING:
    from carms_lake.flows.drift import ContractPatch, DriftReport, FileDrift
    from carms_lake.records import QueryResult

Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SOURCE]...",
        autocompletion=complete.sources,
        help="Files of these bronze tables; of all if none.",
    ),
]
From = Annotated[
    Path | None,
    typer.Option("--from", metavar="DIR", help="Look at the source files there, in place."),
]
Every = Annotated[bool, typer.Option("--all", help="Unchanged files too.")]
Write = Annotated[
    bool,
    typer.Option(
        "--write", help="Make each patch a new version of its contract in the project's schemas/."
    ),
]
PatchOnly = Annotated[
    bool, typer.Option("--patch", help="Write the patches alone, as YAML, instead of rows.")
]

_CODE = "unreadable"


app = typer.Typer()


def register(app: typer.Typer) -> None:
    """Add the command about drift."""

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

        And with the file that landed last. Files that a contract refuses are read all the same.
        Exit 1 where there is drift, 4 where a file cannot be read.
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
        code = _exit_code(report)
        if call.json:
            done = code is ExitCode.DONE
            errors = [_refusal(file) for file in report.unreadable]
            render.envelope(_plain(report), status="done" if done else "failed", errors=errors)
        elif patch:
            emit_text("".join(p.yaml for p in report.patches), to._replace(file=output))
        else:
            emit(call, _rows(report), to)
            if to.format is Format.TABLE and to.file is None:
                render.out().write("".join(f"\n{p.yaml}" for p in report.patches))
        _tell(call, report, is_shown=patch or (to.format is Format.TABLE and to.file is None))
        if code is not ExitCode.DONE:
            raise typer.Exit(code)


def _exit_code(report: DriftReport) -> ExitCode:
    if report.unreadable:
        return ExitCode.SOURCE
    return ExitCode.DATA if report.has_drift else ExitCode.DONE


def _rows(report: DriftReport) -> QueryResult:
    """One row per finding, in the order of the files."""
    from carms_lake.records import QueryResult

    names = ("source", "file", "column", "change", "severity", "expected", "found", "score")
    return QueryResult(
        names,
        (*("VARCHAR",) * 7, "DOUBLE"),
        [
            (f.table.table, f.file, f.column, f.change, str(f.severity), f.expected, f.found,
             f.score)
            for f in report.findings
        ],
    )  # fmt: skip


def _tell(call: Call, report: DriftReport, *, is_shown: bool) -> None:
    """Say on stderr what cannot be read, what was looked at, and what became of the patches."""
    for file in report.unreadable:
        render.say(f"{_CODE}: `{file.name}`: {file.message}")
        if file.hint:
            render.say(f"hint: {file.hint}")
    for file in report.files:
        if 0 < file.sampled < file.records:
            render.note(
                call,
                f"`{file.name}`: {file.sampled} of {file.records} records were looked at: "
                "the first ones, and evenly spread ones",
            )
    for patch in report.patches:
        _tell_patch(call, patch, is_shown=is_shown)
    compared = sum(file.compared_with is not None for file in report.files)
    counts = {
        word: sum(str(finding.severity) == word for finding in report.findings)
        for word in ("error", "warning", "note")
    }
    found = ", ".join(
        f"{count} {word}{'s' * (count != 1)}" for word, count in counts.items() if count
    )
    render.note(
        call,
        f"drift: {len(report.files)} files, {compared} beside a landed one: "
        f"{found or 'nothing is otherwise'}",
    )


def _tell_patch(call: Call, patch: ContractPatch, *, is_shown: bool) -> None:
    what = f"`{patch.table}` {patch.from_version} -> {patch.to_version} ({patch.level})"
    if patch.written is not None:
        render.note(call, f"{what}: `{patch.written}`; the old version is `{patch.kept}`")
        render.note(
            call,
            f"`carms ingest --full-refresh {patch.table.table}` reads its files under it; "
            f"to go back, copy `{patch.kept}` over it",
        )
        return
    render.note(
        call,
        f"a patch would accept these files: {what}; `--write` makes it the project's contract"
        + ("" if is_shown else ", `--patch` shows it"),
    )


def _refusal(file: FileDrift) -> dict[str, Any]:
    return {
        "code": int(ExitCode.SOURCE),
        "kind": file.code,
        "message": file.message,
        "hint": file.hint,
    }


def _plain(report: DriftReport) -> dict[str, Any]:
    """The report as JSON holds it; the whole text of a contract stays in its file."""
    from carms_lake.cli.reports import as_plain

    found: dict[str, Any] = as_plain(report)
    for patch in found["patches"]:
        del patch["text"]
        for change in patch["changes"]:
            change["level"] = change["level"].word
    return found


register(app)
