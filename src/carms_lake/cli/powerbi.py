"""`powerbi`: a Power BI project of the domain, made of its contracts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from carms_lake.cli import render
from carms_lake.cli.command import command, option
from carms_lake.cli.context import Call
from carms_lake.cli.sinks import out
from carms_lake.errors import UsageError

Output = Annotated[
    Path | None, option("-o --output DIR", "The folder to write (default: DOMAIN-powerbi).")
]
Folder = Annotated[
    str | None,
    option("--folder DIR", "Where Power BI finds what `carms publish parquet` wrote."),
]
Odbc = Annotated[
    str | None, option("--odbc DSN", "Read the gold file through this ODBC data source instead.")
]
Force = Annotated[bool, option("--force", "Replace files that were edited, or are of others.")]

app = typer.Typer()


@command(app)
def powerbi(
    call: Call,
    *,
    output: Output = None,
    folder: Folder = None,
    odbc: Odbc = None,
    force: Force = False,
) -> None:
    """Write a Power BI project (.pbip): model, measures and pages.

    The model has the tables of gold with their types, descriptions and relationships, and the
    measures of the contracts. A second time, only files that changed are written.
    """
    from carms_lake.adapters.powerbi import write_project
    from carms_lake.adapters.powerbi.source import FOLDER, Source
    from carms_lake.api import Lake

    if folder is not None and odbc is not None:
        raise UsageError("`--folder` and `--odbc` are two sources of the data", "name one of them")
    config = call.config()
    place = output or Path(f"{config.domain.name}-powerbi")
    done = write_project(Lake(config), place, Source(folder or FOLDER, odbc), force=force)
    file = place / f"{config.domain.name}.pbip"
    if call.json:
        render.envelope(
            {
                "file": str(file),
                "written": done.written,
                "unchanged": done.unchanged,
                "removed": done.removed,
            }
        )
        return
    out().write(f"{file}\n")
    removed = f", {done.removed} removed" if done.removed else ""
    render.note(call, f"{done.written} files written, {done.unchanged} unchanged{removed}")
