"""`lineage`: which table, and which column, is made of which."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from carms_lake.cli import render
from carms_lake.cli.command import Every, argument, command, option
from carms_lake.cli.context import Call, complete_runs, complete_tables
from carms_lake.cli.formats import Format
from carms_lake.cli.pager import paged
from carms_lake.cli.render import Target, emit, emit_text
from carms_lake.cli.sinks import out, whole_file
from carms_lake.errors import UsageError, counted

if TYPE_CHECKING:
    import polars as pl

    from carms_lake.api import Lake

Tables = Annotated[
    list[str] | None,
    argument(
        "[TABLE]...", "These tables and what they are made of (default: all).", complete_tables
    ),
]
Columns = Annotated[
    bool, option("--columns", "The columns of the tables, and what each is made of.")
]
Mermaid = Annotated[bool, option("--mermaid", "Draw the tables as a Mermaid flowchart.")]
OpenLineage = Annotated[
    Path | None,
    option(
        "--openlineage FILE", "Write the last runs as OpenLineage events, one a line; - is stdout."
    ),
]
OfRun = Annotated[
    str | None,
    option("--run RUN", "The events of this run (default: last ingest and build).", complete_runs),
]
Namespace = Annotated[
    str | None, option("--namespace NAME", "The namespace of the events' jobs (default: carms).")
]

app = typer.Typer()


@command(app)
def lineage(
    call: Call,
    to: Target,
    tables: Tables = None,
    *,
    columns: Columns = False,
    mermaid: Mermaid = False,
    openlineage: OpenLineage = None,
    run: OfRun = None,
    namespace: Namespace = None,
    every: Every = False,
) -> None:
    """Show what tables and columns are made of.

    Contracts and SELECTs say so: no data is read. `trace` follows one record.
    """
    from carms_lake.api import Lake

    if openlineage is None and (run or namespace):
        raise UsageError("`--run` and `--namespace` are about events", "add `--openlineage FILE`")
    if openlineage is not None and (tables or columns or mermaid):
        raise UsageError(
            "`--openlineage` writes whole runs", "leave out tables, `--columns` and `--mermaid`"
        )
    if mermaid and columns:
        raise UsageError("`--mermaid` draws tables, not columns", "leave one of the two out")
    lake = Lake(call.config())
    if openlineage is not None:
        _write_events(call, lake, openlineage, run, namespace)
        return
    found = lake.lineage(*(tables or ()))
    if mermaid and call.json:
        render.envelope({"mermaid": _drawn(lake, found)}, to=to)
        return
    if mermaid:
        drawn = _drawn(lake, found)  # in Markdown as the block that is drawn there
        emit_text(f"```mermaid\n{drawn}```\n" if to.format is Format.MD else drawn, to)
        return
    shown = _columns(lake, found, tables or ()) if columns else _pairs(found)
    is_drawn = to.is_drawn and not call.json
    with paged(is_wanted=every and is_drawn):
        if is_drawn:
            emit_text(_listed(shown), to, marked=shown["table"].unique().to_list())
        else:
            emit(call, shown, to)


def _pairs(found: pl.DataFrame) -> pl.DataFrame:
    """One row per table and what it reads, with the number of columns that come from there."""
    import polars as pl

    count = pl.col("column").n_unique() - pl.col("column").has_nulls().cast(pl.UInt32)
    pairs = found.group_by("table", "reads", maintain_order=True)
    return pairs.agg(count.cast(pl.Int64).alias("columns"))


def _columns(lake: Lake, found: pl.DataFrame, tables: list[str] | tuple[()]) -> pl.DataFrame:
    """The columns of the named tables alone, not of those that they are made of."""
    import polars as pl

    contracts = lake.contracts
    named = [contracts[name].ref.in_domain for name in tables] or found["table"].unique().to_list()
    return found.filter(pl.col("table").is_in(named) & pl.col("column").is_not_null())


def _listed(shown: pl.DataFrame) -> str:
    """For reading: each table, and below it what it, or each of its columns, is made of.

    Two names of tables have no room on one line of a terminal.
    """
    lines: list[str] = []
    for (table,), rows in shown.group_by("table", maintain_order=True):
        lines.append(str(table))
        if "column" in rows.columns:
            for (column,), reads in rows.group_by("column", maintain_order=True):
                sources = reads.select("reads", "reads_column").rows()
                lines.append(f"  {column}")
                lines += [f"    <- {'.'.join(filter(None, source))}" for source in sources]
        else:
            lines += [
                f"  <- {read}" + (f"  {counted(count, 'column')}" if count else "")
                for read, count in rows.select("reads", "columns").rows()
            ]
    return "".join(f"{line}\n" for line in lines)


def _drawn(lake: Lake, found: pl.DataFrame) -> str:
    """The tables as a flowchart."""
    from carms_lake.adapters.mermaid import flowchart

    contracts = lake.contracts
    names = dict.fromkeys(found["table"])
    edges = [pair for pair in found.select("table", "reads").unique().rows() if pair[1] in names]
    return flowchart(edges, {name: contracts[name].kind for name in names})


def _write_events(
    call: Call, lake: Lake, file: Path, run: str | None, namespace: str | None
) -> None:
    from carms_lake.adapters.openlineage import NAMESPACE, events
    from carms_lake.writers.json import as_json

    to_stdout = str(file) == "-"
    if to_stdout and call.json:
        raise UsageError(
            "`--json` and the events cannot both be on stdout", "name a file: `--openlineage FILE`"
        )
    found = events(lake, run, namespace=namespace or NAMESPACE)
    with whole_file(None if to_stdout else file) as path:
        lines = "".join(f"{as_json(event)}\n" for event in found)
        path.write_text(lines, encoding="utf-8", newline="")
    if call.json:
        render.envelope({"file": str(file), "events": len(found)})
    elif not to_stdout:
        out().write(f"{file}\n")
        render.note(call, counted(len(found), "event"))
