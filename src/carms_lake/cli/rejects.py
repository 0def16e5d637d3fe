"""`rejects`: what is rejected and why, and how it is corrected, repaired or replayed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from carms_lake.cli import render
from carms_lake.cli.command import DefaultGroup, Every, argument, command, option
from carms_lake.cli.context import Call, complete_runs, complete_sources, complete_tables
from carms_lake.cli.exit_codes import ExitCode
from carms_lake.cli.formats import LONG_TEXT, Format, on_one_line
from carms_lake.cli.pager import paged
from carms_lake.cli.render import Target, emit, emit_bytes
from carms_lake.cli.sinks import out
from carms_lake.errors import UsageError, counted

if TYPE_CHECKING:
    import polars as pl


TableName = Annotated[
    str | None,
    argument("[TABLE]", "Only this source or table, e.g. program_master.", complete_tables),
]
LayerName = Annotated[str | None, option("--layer LAYER", "Only bronze or silver.")]
Code = Annotated[str | None, option("--code CODE", "Only one reason, e.g. TYPE_MISMATCH.")]
ColumnName = Annotated[str | None, option("--column COLUMN", "Only reasons about one column.")]
Run = Annotated[str | None, option("--run RUN_ID", "Only what one run rejected.", complete_runs)]
Export = Annotated[
    bool, option("--export", "The records of one source in its own columns, to be corrected.")
]
History = Annotated[
    bool,
    option("--history", "All that was ever rejected: first and last seen, resolved by which run."),
]
Suggest = Annotated[
    bool, option("--suggest", "Which repair would let how many rejected records land.")
]
OldExport = Annotated[bool, typer.Option("--to-mend", hidden=True)]
OldSuggest = Annotated[bool, typer.Option("--repairs", hidden=True)]
Strict = Annotated[bool, option("--strict", "Exit 1 if anything is (still) rejected.")]
Source = Annotated[str, argument("SOURCE", "The source of the records.", complete_sources)]
CorrectedFile = Annotated[Path, argument("FILE", "The corrected records; CSV or JSON Lines.")]
Out = Annotated[Path, option("--out DIR", "Where the files are written.")]
Tables = Annotated[
    list[str] | None,
    argument("[TABLE]...", "Only these sources; all if none.", complete_sources),
]
From = Annotated[
    Path | None, option("--from DIR", "Where the source files are, if not in data_raw.")
]
DryRun = Annotated[bool, option("--dry-run", "Show what would land; write nothing.")]
NoBuild = Annotated[bool, option("--no-build", "Do not build silver and gold.")]

_WHOLE = 10
"""So few reasons are listed record by record; more are counted first."""
_REASON = ("layer", "table_name", "code", "column")

app = typer.Typer(
    cls=DefaultGroup,
    name="rejects",
    subcommand_metavar="[COMMAND] [ARGS]...",
    help="List rejected records and bring them back.\n\nWithout a command: `list` and its options.",
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
    export: Export = False,
    history: History = False,
    suggest: Suggest = False,
    to_mend: OldExport = False,
    repairs: OldSuggest = False,
    strict: Strict = False,
    every: Every = False,
) -> None:
    """List rejected records and quarantined rows, and why."""
    export, suggest = export or to_mend, suggest or repairs
    if export + history + suggest > 1:
        raise UsageError(
            "`--export`, `--history` and `--suggest` are different lists",
            "ask for one of them at a time",
        )
    wanted = {"table": table, "layer": layer, "code": code, "column": column, "run": run}
    if export:
        count = _export(call, wanted, to)
    elif history:
        from carms_lake.flows.rejects.history import reject_history

        found = reject_history(call.config(), **wanted)
        with paged(is_wanted=every and to.is_drawn and not call.json):
            emit(call, found, to.cut_unless(every))
        count = found["mended_run"].null_count()
    else:
        count = _list(call, wanted, to, suggest=suggest, every=every)
    if strict and count:
        raise typer.Exit(ExitCode.DATA)


@command(app)
def correct(
    call: Call, table: Source, file: CorrectedFile, *, out: Out, from_path: From = None
) -> None:
    """Put corrected records into the files that they come from.

    FILE is an export (`carms rejects SOURCE --export`) with corrected values. The complete source
    files are written below DIR, to be delivered again by `carms ingest --from DIR`.
    """
    from carms_lake.flows.rejects.correct import correct as flow

    done = flow(call.config(), table, file, out, from_path=from_path)
    if call.json:
        render.envelope([str(one.path) for one in done])
        return
    for one in done:
        render.write(f"{one.path}\n")
        render.note(call, f"corrected {counted(one.records, 'record')} of `{one.name}`")
    render.note(call, f"deliver them: `carms ingest {table} --from {out}`")


command(app, "mend", hidden=True)(correct)


@command(app)
def replay(
    call: Call,
    to: Target,
    *,
    tables: Tables = None,
    from_path: From = None,
    dry_run: DryRun = False,
    no_build: NoBuild = False,
    strict: Strict = False,
) -> None:
    """Validate rejected records again by the current contracts.

    Records that pass land in bronze, and silver and gold are built. Only these records are
    reparsed, from their raw text in the lake, or else from their files.
    """
    from carms_lake.cli import reports
    from carms_lake.flows.build import build
    from carms_lake.flows.rejects.replay import replay as flow

    config = call.config()
    with render.progress(call) as progress:
        report = flow(config, tables or (), from_path=from_path, dry_run=dry_run, progress=progress)
    if not call.json:
        emit(call, reports.replayed_rows(report), to)
    reports.tell_replayed(call, report, is_dry=dry_run)
    built = None
    if not dry_run and not no_build:
        with render.progress(call) as progress:
            built = build(config, progress=progress)
    if call.json:
        data = reports.as_plain({"files": report.files, "build": built})
        render.envelope(data, run_id=report.run.run_id, to=to)
    if built:
        reports.tell(call, built)
    if strict and any(file.left for file in report.files):
        raise typer.Exit(ExitCode.DATA)


def _list(
    call: Call, wanted: dict[str, str | None], to: Target, *, suggest: bool, every: bool
) -> int:
    from carms_lake.flows.rejects import rejects, suggest_repairs

    found = rejects(call.config(), **wanted)
    suggested = suggest_repairs(call.config(), table=wanted["table"])
    if suggest:
        emit(call, suggested, to)
        return found.height
    if to.is_drawn and not call.json:
        is_short = to.cut_unless(every).is_long and found.height > _WHOLE
        if is_short:
            emit(call, by_reason(found), to)
            draw(examples(found))
        else:
            with paged(is_wanted=every):
                draw(found)
        more = ": one example of each is shown, `--all` shows all" if is_short else ""
        render.note(call, counted(found.height, "reason") + more)
    else:
        emit(call, found, to)
    # Whoever sees the list should learn that a repair exists, without asking for it.
    counts = suggested.drop("src_filename", "example")
    by_repair = counts.group_by("table_name", "repair", maintain_order=True).sum()
    best = by_repair.sort("would_land", descending=True, maintain_order=True)
    best = best.unique("table_name", keep="first", maintain_order=True)
    for table, repair, records, would_land in best.iter_rows():
        what = f"{counted(records, 'record')} of `{table}` with surplus fields: `{repair}`"
        render.note(call, f"{what} would let {would_land} land: `carms rejects --suggest`")
    return found.height


def _export(call: Call, wanted: dict[str, str | None], to: Target) -> int:
    from carms_lake.flows.rejects.correct import export

    if wanted.pop("layer") not in (None, "bronze"):
        raise UsageError(
            "`--export` is for records of sources, which are in bronze",
            "name a bronze table, or none",
        )
    found = export(call.config(), **wanted)
    is_csv = to.format is Format.CSV and not call.json
    if is_csv and (as_source := found.as_source()) is not None:
        emit_bytes(as_source, to)
    else:
        emit(call, found.rows, to, exact=True)
    if found.next_step:
        render.note(call, found.next_step)
    return found.rows.height


def by_reason(found: pl.DataFrame) -> pl.DataFrame:
    """One row per table and reason: how many records or rows have it, the most first."""
    import polars as pl

    counts = found.group_by(*_REASON, maintain_order=True).agg(pl.len().alias("records"))
    table = pl.concat_str("layer", "table_name", separator=".").alias("table")
    rows = counts.sort("records", descending=True, maintain_order=True)
    return rows.select(table, "code", "column", "records")


def examples(found: pl.DataFrame) -> pl.DataFrame:
    """The first record or row of each table and reason."""
    return found.unique(_REASON, keep="first", maintain_order=True)


def draw(found: pl.DataFrame) -> None:
    """Draw each record below its file: its place, its raw text, its reasons."""
    room = max(render.width(out()) - 4, LONG_TEXT // 2)
    file = record = None
    for row in found.iter_rows(named=True):
        of = f"{row['layer']}.{row['table_name']}"
        if (of, row["src_filename"]) != file:
            file = (of, row["src_filename"])
            render.write(f"\n{on_one_line('  '.join(filter(None, file)))}\n")
        this = (*file, row["src_row_number"], row["row_key"], row["raw_record"])
        if this != record:
            record = this
            raw = on_one_line(row["raw_record"] or "")
            cut = raw if len(raw) <= room else f"{raw[: room - 3]}..."
            render.write(f"  {on_one_line(row['place'] or row['row_key'])}\n    {cut}\n")
        value = "" if row["value"] is None else f": {on_one_line(row['value'])}"
        render.write(f"    {row['code']} {on_one_line(row['message'])}{value}\n")
