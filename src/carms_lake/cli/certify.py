"""`certify`: gold computed by another engine, and compared with the published one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from carms_lake.cli import render
from carms_lake.cli.command import argument, command, option
from carms_lake.cli.context import Call
from carms_lake.cli.exit_codes import ExitCode, end_with
from carms_lake.cli.render import Target, emit
from carms_lake.errors import UsageError, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake import Parity

Tables = Annotated[list[str] | None, argument("TABLE...", "Tables of gold (default: all).")]
Engine = Annotated[
    str | None,
    option(
        "--engine ENGINE",
        "sail, or a server's sc://host:port (default: that of carms.toml, else sail).",
    ),
]
Lint = Annotated[
    bool, option("--lint", "Say which SELECTs do not travel, and why; needs no engine.")
]

app = typer.Typer()


@command(app)
def certify(
    call: Call,
    to: Target,
    tables: Tables = None,
    *,
    engine: Engine = None,
    lint: Lint = False,
) -> None:
    """Compute gold on another engine, and compare it.

    It needs the extra `carms-lake[spark]`. Sail runs in this process, Spark elsewhere; both read
    the same silver, and DuckDB compares what they make of it with the published tables. What was
    found is kept in ops.parity. It exits with 1 where a table that was certified on the same
    engine no longer is.
    """
    import polars as pl

    from carms_lake.adapters import spark
    from carms_lake.api import Lake

    lake = Lake(call.config())
    names = tables or []
    if lint:
        if engine is not None:
            raise UsageError("`--lint` needs no engine", "leave out `--engine`, or `--lint`")
        found = spark.lint(lake, *names)
        emit(
            call,
            pl.DataFrame(
                found, schema=dict.fromkeys(spark.Finding._fields, pl.String), orient="row"
            ),
            to,
        )
        return
    done = spark.certify(lake, *names, engine=engine)
    shown = ("table_name", "status", "rows", "differing_rows", "seconds", "message")
    rows = [{name: getattr(parity, name) for name in shown} for parity in done.tables]
    emit(call, pl.DataFrame(rows, infer_schema_length=None), to)
    if done.tables:
        _summary(call, done.tables)
    if done.lost:
        render.say(f"error: no longer certified: {', '.join(done.lost)}")
        end_with(ExitCode.DATA)


def _summary(call: Call, tables: Sequence[Parity]) -> None:
    """What was certified, on what, and the rows that differ."""
    for parity in tables:
        for example in parity.examples:
            render.note(call, f"`{parity.table_name}` {example}")
    counts = Counter(str(parity.status) for parity in tables)
    certified = sum(parity.status.is_certified for parity in tables)
    where = f"{tables[0].engine} {tables[0].engine_version}"
    detail = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
    total = counted(len(tables), "table")
    render.note(call, f"{certified} of {total} certified on {where}: {detail}")
