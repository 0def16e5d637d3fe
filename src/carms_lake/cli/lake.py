"""`ingest`, `build`, `run`: make the lake."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from carms_lake.cli import render
from carms_lake.cli.command import Every, argument, command, option
from carms_lake.cli.context import Call, complete_sources, complete_tables
from carms_lake.cli.exit_codes import end_with
from carms_lake.cli.render import Target
from carms_lake.errors import LakeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from carms_lake.records import RunReport

Sources = Annotated[
    list[str] | None,
    argument("[SOURCE]...", "Bronze tables to load; all if none.", complete_sources),
]
Select = Annotated[
    list[str] | None,
    argument("[SELECT]...", "Tables to build, with what they need; all if none.", complete_tables),
]
From = Annotated[Path | None, option("--from DIR", "Read the source files there, in place.")]
DryRun = Annotated[bool, option("--dry-run", "Read and check, write nothing.")]
MisfitsAsNull = Annotated[
    bool,
    option("--misfits-as-null", "Full refresh: values that a new type cannot hold become null."),
]
FullRefresh = Annotated[bool, option("--full-refresh", "Process unchanged files and tables, too.")]
AlsoParquet = Annotated[
    bool, option("--also-parquet", "Write a plain Parquet copy of each bronze table.")
]
PublishAnyway = Annotated[
    bool, option("--publish-anyway", "Publish even if checks fail; still exit 1.")
]
Strict = Annotated[bool, option("--strict", "Exit 1 if a record was rejected or a warning failed.")]


app = typer.Typer()


@command(app)
def ingest(
    call: Call,
    to: Target,
    sources: Sources = None,
    from_path: From = None,
    dry_run: DryRun = False,
    full_refresh: FullRefresh = False,
    also_parquet: AlsoParquet = False,
    misfits_as_null: MisfitsAsNull = False,
    strict: Strict = False,
    every: Every = False,
) -> None:
    """Load source files into bronze, reject broken records."""
    report = _ingest(
        call,
        sources or [],
        from_path=from_path,
        dry_run=dry_run,
        full_refresh=full_refresh,
        also_parquet=also_parquet,
        misfits_as_null=misfits_as_null,
    )
    _show(call, [report], to.cut_unless(every), strict=strict)


@command(app)
def build(
    call: Call,
    to: Target,
    select: Select = None,
    full_refresh: FullRefresh = False,
    publish_anyway: PublishAnyway = False,
    strict: Strict = False,
    every: Every = False,
) -> None:
    """Build silver and gold, check them, publish."""
    options = {"full_refresh": full_refresh, "publish_anyway": publish_anyway}
    _show(call, [_build(call, select or [], **options)], to.cut_unless(every), strict=strict)


@command(app)
def run(
    call: Call,
    to: Target,
    from_path: From = None,
    full_refresh: FullRefresh = False,
    publish_anyway: PublishAnyway = False,
    strict: Strict = False,
    every: Every = False,
) -> None:
    """Ingest, then build."""
    landed = _ingest(call, [], from_path=from_path, full_refresh=full_refresh)
    try:
        built = _build(call, [], full_refresh=full_refresh, publish_anyway=publish_anyway)
    except LakeError:
        if not call.json:  # what landed is shown all the same
            with suppress(typer.Exit):
                _show(call, [landed], to.cut_unless(every), strict=strict)
        raise
    _show(call, [landed, built], to.cut_unless(every), strict=strict)


def _ingest(call: Call, sources: list[str], **options: Any) -> RunReport:
    from carms_lake.flows.ingest import ingest as flow

    with render.progress(call, _last(call, "ingest")) as progress:
        return flow(call.config(), sources, **options, progress=progress)


def _build(call: Call, select: list[str], **options: Any) -> RunReport:
    from carms_lake.flows.build import build as flow

    with render.progress(call, _last(call, "build")) as progress:
        return flow(call.config(), select, **options, progress=progress)


def _last(call: Call, command: str) -> Callable[[], float | None]:
    """How long a command took last time, read where a terminal is to show it."""

    def last_s() -> float | None:
        from carms_lake.flows.run import last_seconds

        return last_seconds(call.config(), command)

    return last_s


def _show(call: Call, reports: list[RunReport], to: Target, *, strict: bool) -> None:
    from carms_lake.cli.reports import show  # imports polars

    end_with(show(call, reports, to, strict=strict))
