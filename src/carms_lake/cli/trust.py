"""`rejects`, `check`, `trace`: why the lake can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from carms_lake.cli import render
from carms_lake.cli.context import Call
from carms_lake.cli.exit_codes import ExitCode
from carms_lake.cli.formats import Format
from carms_lake.cli.options import OutputFile, OutputFormat, command
from carms_lake.cli.output import emit, target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from carms_lake.flows.query import QueryResult
    from carms_lake.flows.trace import TracedValue, TraceStep

TableName = Annotated[
    str | None, typer.Argument(metavar="[TABLE]", help="Of this table alone, as program_master.")
]
LayerName = Annotated[
    str | None, typer.Option("--layer", metavar="LAYER", help="bronze or silver alone.")
]
Code = Annotated[
    str | None, typer.Option("--code", metavar="CODE", help="One reason alone, as TYPE_MISMATCH.")
]
Run = Annotated[str | None, typer.Option("--run", metavar="RUN_ID", help="Of one run alone.")]
Repairs = Annotated[
    bool,
    typer.Option(
        "--repairs", help="How many records with surplus fields which repair would let land."
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit 1 where there is any.")]
Key = Annotated[str, typer.Argument(metavar="ID", help="A value of a primary key, as 27447.")]


def register(app: typer.Typer) -> None:
    """Add the commands about trust."""

    @command(app)
    def rejects(
        call: Call,
        *,
        table: TableName = None,
        layer: LayerName = None,
        code: Code = None,
        run: Run = None,
        strict: Strict = False,
        repairs: Repairs = False,
        output_format: OutputFormat = None,
        output: OutputFile = None,
    ) -> None:
        """List the records that are set aside, and why."""
        from carms_lake.flows.rejects import rejects as flow
        from carms_lake.flows.repairs import repairs as possible

        to = target(output_format, output)
        found = flow(call.config(), table=table, layer=layer, code=code, run=run)
        offered = possible(call.config(), table=table)
        emit(call, offered if repairs else found, to)
        for name, repair, records, would_land in () if repairs else best_repairs(offered):
            render.note(
                call,
                f"{records} records of `{name}` have surplus fields; `{repair}` would let "
                f"{would_land} of them land: `carms rejects --repairs`",
            )
        if strict and found.rows:
            raise typer.Exit(ExitCode.DATA)

    @command(app)
    def check(call: Call, *, output_format: OutputFormat = None, output: OutputFile = None) -> None:
        """Run the checks of all contracts on what is published."""
        from carms_lake.cli.runs import run_check

        code = run_check(call, target(output_format, output))
        if code is not ExitCode.DONE:
            raise typer.Exit(code)

    @command(app)
    def trace(
        call: Call, key: Key, *, output_format: OutputFormat = None, output: OutputFile = None
    ) -> None:
        """Show a record's way: file, bronze, silver, gold."""
        from carms_lake.flows.trace import ROWS_SHOWN
        from carms_lake.flows.trace import trace as flow

        to = target(output_format, output)
        found = flow(call.config(), key)
        if to.format is Format.TABLE and to.file is None and not call.json:
            _draw(found.steps)
        else:
            emit(call, _rows(found.steps), to)
        for table in found.cut:
            render.note(call, f"only the first {ROWS_SHOWN} rows of `{table.in_domain}` are shown")


def best_repairs(offered: QueryResult) -> list[tuple[str, str, int, int]]:
    """Of each table the repair that saves most: table, repair, records with surplus, would land."""
    sums: dict[tuple[str, str], list[int]] = {}
    for name, _, repair, records, would_land, _ in offered.rows:
        total = sums.setdefault((name, repair), [0, 0])
        total[0] += records
        total[1] += would_land
    best: dict[str, tuple[str, str, int, int]] = {}
    for (name, repair), (records, would_land) in sums.items():
        if name not in best or would_land > best[name][3]:
            best[name] = (name, repair, records, would_land)
    return list(best.values())


def _rows(steps: Sequence[TraceStep]) -> QueryResult:
    """One row per value of each row on the way."""
    from carms_lake.cli.spelling import as_text
    from carms_lake.flows.query import QueryResult

    return QueryResult(
        ("step", "table", "place", "column", "value", "made_of", "rule"),
        ("BIGINT", *("VARCHAR",) * 6),
        [
            (
                number,
                step.table.in_domain,
                step.place or None,
                value.column,
                None if value.value is None else as_text(value.value),
                ", ".join(value.made_of) or None,
                value.rule or None,
            )
            for number, step in enumerate(steps, start=1)
            for value in step.values
        ],
    )


def _draw(steps: Sequence[TraceStep]) -> None:
    """The first row of each table with the rule of each value, the others a line each.

    Long texts are cut, and say so.
    """
    stream = render.out()
    table = None
    for step in steps:
        place = f"  ({step.place})" if step.place else ""
        if step.table != table:
            table = step.table
            stream.write(f"\n{table.in_domain}{place}\n")
            _draw_whole(stream, step)
        else:
            shown = [f"{v.column} {_shown(v)}" for v in step.values if v.value is not None]
            room = max(render.width(stream) - 4, render.LONG_TEXT // 2)
            line = f"{step.place}: {', '.join(shown)}" if place else ", ".join(shown)
            stream.write(f"  + {line if len(line) <= room else line[: room - 3] + '...'}\n")


def _draw_whole(stream: TextIO, step: TraceStep) -> None:
    longest = max((len(value.column) for value in step.values), default=0)
    for value in step.values:
        origin = ", ".join(value.made_of)
        why = "; ".join(part for part in (origin, value.rule) if part)
        stream.write(f"  {value.column:<{longest}}  {_shown(value)}\n")
        if why:
            stream.write(f"  {'':<{longest}}    <- {why}\n")


def _shown(value: TracedValue) -> str:
    from carms_lake.cli.spelling import as_text

    text = render.on_one_line(as_text(value.value))
    if len(text) <= render.LONG_TEXT:
        return text
    return f"{text[: render.LONG_TEXT]}... ({len(text)} characters)"
