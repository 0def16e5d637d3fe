"""`rejects`, `rejects mend`, `rejects replay`: what is set aside and why, and how it comes back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from carms_lake.cli import aside, complete, render
from carms_lake.cli.command import DefaultGroup, command
from carms_lake.cli.context import Call
from carms_lake.cli.exit_codes import ExitCode
from carms_lake.cli.formats import Format
from carms_lake.cli.output import Target, emit, emit_bytes
from carms_lake.errors import LakeError, UsageError

if TYPE_CHECKING:
    from carms_lake.config import LakeConfig
    from carms_lake.records import RunReport

TableName = Annotated[
    str | None,
    typer.Argument(
        metavar="[TABLE]",
        autocompletion=complete.tables,
        help="Of this source or table alone, as program_master.",
    ),
]
LayerName = Annotated[
    str | None, typer.Option("--layer", metavar="LAYER", help="bronze or silver alone.")
]
Code = Annotated[
    str | None, typer.Option("--code", metavar="CODE", help="One reason alone, as TYPE_MISMATCH.")
]
ColumnName = Annotated[
    str | None, typer.Option("--column", metavar="COLUMN", help="Reasons about one column alone.")
]
Run = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN_ID", autocompletion=complete.runs, help="Of one run alone."),
]
ToMend = Annotated[
    bool,
    typer.Option(
        "--to-mend",
        help="The records of one source in its own columns, the reason beside: to be mended.",
    ),
]
History = Annotated[
    bool,
    typer.Option(
        "--history", help="All that was ever set aside: first seen, last seen, mended by which run."
    ),
]
Repairs = Annotated[
    bool,
    typer.Option(
        "--repairs", help="How many records with surplus fields which repair would let land."
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit 1 where there is any.")]
Source = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE", autocompletion=complete.sources, help="The source of the records."
    ),
]
MendedFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="The mended records; CSV or JSON Lines.")
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the files are written.")]
Tables = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TABLE]...",
        autocompletion=complete.sources,
        help="Of these sources alone; all if none.",
    ),
]
From = Annotated[
    Path | None,
    typer.Option("--from", metavar="DIR", help="Where the source files are, if not in data_raw."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would land, write nothing.")]
NoBuild = Annotated[
    bool, typer.Option("--no-build", help="Leave silver and gold to the next build.")
]
StillStrict = Annotated[
    bool, typer.Option("--strict", help="Exit 1 where any record is still set aside.")
]


app = typer.Typer(
    cls=DefaultGroup,
    name="rejects",
    subcommand_metavar="[COMMAND] [ARGS]...",
    help="""List the records that are set aside, and bring them back.

    Without a command: `list`, with its options.""",
)


@command(app, "list")
def list_rejects(
    call: Call,
    to: Target,
    *,
    table: TableName = None,
    layer: LayerName = None,
    code: Code = None,
    column: ColumnName = None,
    run: Run = None,
    to_mend: ToMend = False,
    history: History = False,
    repairs: Repairs = False,
    strict: Strict = False,
) -> None:
    """List the records that are set aside, and why."""
    if to_mend + history + repairs > 1:
        raise UsageError("`--to-mend`, `--history` and `--repairs` are different lists")
    config = call.config()
    wanted = {"table": table, "layer": layer, "code": code, "column": column, "run": run}
    if to_mend:
        count = _to_mend(call, config, wanted, to)
    elif history:
        from carms_lake.flows.rejects.history import reject_history

        found = reject_history(config, **wanted)
        emit(call, found, to)
        count = sum(row[found.columns.index("mended_run")] is None for row in found.rows)
    else:
        count = _list(call, config, wanted, to, repairs=repairs)
    if strict and count:
        raise typer.Exit(ExitCode.DATA)


@command(app)
def mend(
    call: Call,
    table: Source,
    file: MendedFile,
    *,
    out: Out,
    from_path: From = None,
) -> None:
    """Put mended records into the files that they come from.

    FILE is what `carms rejects SOURCE --to-mend` gave, mended. The source files are written
    whole, below DIR, and delivered again by `carms ingest --from DIR`.
    """
    from carms_lake.flows.rejects.correct import mend as flow

    done = flow(call.config(), table, file, out, from_path=from_path)
    if call.json:
        render.envelope([str(mended.path) for mended in done])
        return
    for mended in done:
        render.out().write(f"{mended.path}\n")
        render.note(call, f"{mended.records} records of `{mended.name}` are mended")
    render.note(call, f"deliver them: `carms ingest {table} --from {out}`")


@command(app)
def replay(
    call: Call,
    to: Target,
    *,
    tables: Tables = None,
    from_path: From = None,
    dry_run: DryRun = False,
    no_build: NoBuild = False,
    strict: StillStrict = False,
) -> None:
    """Judge what is set aside again, by today's contracts.

    Records that pass land in bronze, and silver and gold are built. Only these records are read
    again: from what the lake keeps of them, else from their files.
    """
    from carms_lake.flows.rejects.replay import replay as flow

    config = call.config()
    with render.progress(call) as progress:
        report = flow(config, tables or (), from_path=from_path, dry_run=dry_run, progress=progress)
    built = None
    if not dry_run and not no_build:
        try:
            built = _build(call, config)
        except LakeError:
            if not call.json:
                aside.show(call, report, None, to)
            raise
    aside.show(call, report, built, to, is_dry=dry_run)
    if strict and any(file.left for file in report.files):
        raise typer.Exit(ExitCode.DATA)


def _list(
    call: Call, config: LakeConfig, wanted: dict[str, str | None], to: Target, *, repairs: bool
) -> int:
    from carms_lake.flows.rejects import rejects as flow
    from carms_lake.flows.rejects.suggest_repairs import repairs as possible

    found = flow(config, **wanted)
    offered = possible(config, table=wanted["table"])
    if repairs:
        emit(call, offered, to)
    elif to.format is Format.TABLE and to.file is None and not call.json:
        aside.draw(found)
        render.note(call, f"{len(found.rows)} {'reason' if len(found.rows) == 1 else 'reasons'}")
    else:
        emit(call, found, to)
    for name, repair, records, would_land in () if repairs else aside.best_repairs(offered):
        render.note(
            call,
            f"{records} records of `{name}` have surplus fields; `{repair}` would let "
            f"{would_land} of them land: `carms rejects --repairs`",
        )
    return len(found.rows)


def _to_mend(call: Call, config: LakeConfig, wanted: dict[str, str | None], to: Target) -> int:
    from carms_lake.flows.rejects.export import to_mend

    if wanted.pop("layer") not in (None, "bronze"):
        raise UsageError("`--to-mend` gives records of sources, which are bronze")
    found = to_mend(config, **wanted)
    as_source = found.as_source() if to.format is Format.CSV and not call.json else None
    if as_source is not None:
        emit_bytes(as_source, to)
    else:
        emit(call, found.rows, to)
    if found.back:
        render.note(call, found.back)
    return len(found.rows.rows)


def _build(call: Call, config: LakeConfig) -> RunReport:
    from carms_lake.flows.build import build

    with render.progress(call) as progress:
        return build(config, progress=progress)
