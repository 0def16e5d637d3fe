"""`query`, `tables`, `describe`: read the lake."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from carms_lake.cli import render
from carms_lake.cli.command import command
from carms_lake.cli.context import Call, complete_runs, complete_tables
from carms_lake.cli.render import Target, emit, emit_query
from carms_lake.errors import UsageError

if TYPE_CHECKING:
    from carms_lake.config import LakeConfig

Sql = Annotated[
    str | None,
    typer.Argument(metavar="[SQL]", help="One reading statement; - reads it from stdin."),
]
SqlFile = Annotated[
    Path | None,
    typer.Option("-i", "--input", metavar="FILE", help="Read the statement from a file."),
]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", metavar="SECONDS", help="Stop the query after this long."),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="RUN|TIME",
        autocompletion=complete_runs,
        help="All tables as that run, or the last by then, left them.",
    ),
]
Table = Annotated[
    str,
    typer.Argument(
        metavar="TABLE", autocompletion=complete_tables, help="As silver.program, or program."
    ),
]
Names = Annotated[
    bool, typer.Option("--names", help="Table names only, one per line; reads no data.")
]


app = typer.Typer()


@command(app)
def query(
    call: Call,
    to: Target,
    sql: Sql = None,
    file: SqlFile = None,
    timeout: Timeout = None,
    as_of: AsOf = None,
) -> None:
    """Answer one SQL statement; it can only read.

    A bare name is looked for in gold, silver, bronze, ops; `silver.program` names its layer.
    """
    text = _statement(sql, file)
    config = call.config(query_timeout_s=timeout)
    emit_query(call, config, text, to, as_of=_run_of(call, config, as_of))


@command(app)
def tables(
    call: Call,
    to: Target,
    names: Names = False,
) -> None:
    """List the tables of the domain and what they hold."""
    from carms_lake.flows import query as flow

    if names:
        found = flow.table_names(call.config())
        if call.json:
            render.envelope(list(found))
        else:
            render.out().write("".join(f"{name}\n" for name in found))
        return
    emit(call, flow.tables(call.config()), to)
    _warn(call, flow.caveat(call.config()))


@command(app)
def describe(
    call: Call,
    to: Target,
    table: Table,
) -> None:
    """Show a table's columns, types, keys and references."""
    from carms_lake.flows import query as flow

    contract, columns = flow.describe(call.config(), table)
    about = [contract.description, f"Grain: {contract.grain}" if contract.grain else ""]
    render.note(call, f"{contract.ref} ({contract.kind}, version {contract.version})")
    for line in filter(None, about):
        render.note(call, line)
    if contract.ref.layer == "gold":
        _warn(call, flow.caveat(call.config()))
    emit(call, columns, to)


def _warn(call: Call, caveat: str) -> None:
    if caveat:
        render.note(call, f"warning: gold is {caveat}: `carms check --failures` shows the rows")


def _run_of(call: Call, config: LakeConfig, as_of: str | None) -> str | None:
    """The run that `--as-of` means; which one it is, is said.

    Raises:
        UsageError: there is no such run, or none before that time.
    """
    if as_of is None:
        return None
    from carms_lake.flows.timetravel.as_of import resolve_as_of

    end = resolve_as_of(config, as_of)
    render.note(call, f"as of run `{end.run_id}`, which ended at {end.at:%Y-%m-%d %H:%M:%S} UTC")
    return end.run_id


def _statement(sql: str | None, file: Path | None) -> str:
    """The statement from the argument, a file or stdin.

    Raises:
        UsageError: none of them, two of them, or a file that cannot be read.
    """
    if sql is not None and file is not None:
        raise UsageError("both an SQL argument and `-i` were given", "give one of them")
    try:
        if file is not None and str(file) != "-":
            return file.read_text(encoding="utf-8-sig")
        if sql == "-" or file is not None or (sql is None and not sys.stdin.isatty()):
            return sys.stdin.buffer.read().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the statement cannot be read: {error}", "give UTF-8 text") from None
    if sql is None:
        raise UsageError(
            "no SQL was given", 'write `carms query "select ..."`, or `-i FILE`, or pipe it in'
        )
    return sql
