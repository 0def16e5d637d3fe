"""`publish`: gold where other tools read it, and what was published where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from carms_lake.cli import render
from carms_lake.cli.command import DefaultGroup, argument, command, option
from carms_lake.cli.context import Call
from carms_lake.cli.render import Target, emit
from carms_lake.errors import counted

if TYPE_CHECKING:
    from carms_lake.adapters.gold import Outcome

Listed = Annotated[bool, typer.Option("--list", hidden=True)]
Where = Annotated[
    str, argument("DIR", "A folder, or s3://bucket/prefix; it gets a folder for the domain.")
]
Url = Annotated[str, argument("URL", "postgresql://user@host/database, without a password.")]
Keep = Annotated[int, option("--keep N", "So many runs stay there.", min=1)]

app = typer.Typer(
    cls=DefaultGroup,
    name="publish",
    subcommand_metavar="[COMMAND] [ARGS]...",
    help="Publish gold where other tools read it.\n\n"
    "Without a command, or with --list: what was published where.",
)


@command(app, "list")
def list_publications(call: Call, to: Target, *, listed: Listed = False) -> None:
    """List what was published where, and whether it is behind."""
    from carms_lake.api import Lake

    del listed  # the same, as an option
    emit(call, Lake(call.config()).publications(), to)


@command(app)
def parquet(call: Call, to: Target, where: Where, *, keep: Keep = 3) -> None:
    """Publish gold as Parquet files, a folder for each run.

    DIR/<domain>/current.json names the current run and is replaced last, so readers that follow it
    never see a mix of two. A manifest has row counts and digests. S3 needs the extra
    `carms-lake[s3]`; credentials, region and endpoint are those of AWS tools.
    """
    from carms_lake.adapters.parquet import publish
    from carms_lake.api import Lake

    _show(call, publish(Lake(call.config()), where, keep=keep), to)


@command(app)
def postgres(call: Call, to: Target, url: Url) -> None:
    """Publish gold and ops to PostgreSQL, behind stable views.

    It needs the extra `carms-lake[postgres]`. Tools read the schemas <domain>_gold and
    <domain>_ops, whose views show one run, all at once. A password comes from PGPASSWORD, PGSERVICE
    or PGPASSFILE.
    """
    from carms_lake.adapters.postgres import publish
    from carms_lake.api import Lake

    _show(call, publish(Lake(call.config()), url), to)


def _show(call: Call, done: Outcome, to: Target) -> None:
    import polars as pl

    status = "published" if done.is_changed else "unchanged"
    emit(call, pl.DataFrame([{**vars(done.publication), "status": status}]), to)
    for note in done.notes:
        render.note(call, note)
    if not done.is_changed:
        render.note(call, f"`{done.publication.target}` has this build already: nothing changed")
    if done.failed_checks:
        checks = counted(done.failed_checks, "check")
        render.note(call, f"warning: {checks} of this build failed: `carms check --failures`")
