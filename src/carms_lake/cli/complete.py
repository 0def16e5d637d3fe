"""What a shell completes: names of domains, tables and sources, ids of runs.

Names are those of contract files, ids those in the log of `ops.runs`: no data library is imported,
and what cannot be read completes to nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer  # noqa: TC002 - it reads the annotations here

from carms_lake.cli.context import Call
from carms_lake.errors import LakeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carms_lake.config import LakeConfig

RUNS = 20
"""So many of the newest runs are offered."""


def domains(incomplete: str) -> list[str]:
    """The domains that come with the tool."""
    from carms_lake.config import builtin_domains

    return _starting(builtin_domains(), incomplete)


def tables(ctx: typer.Context, incomplete: str) -> list[str]:
    """The tables of the domain, as `silver.program`, and as `program` where no layer is typed."""
    found = [(layer, table) for layer, table in _contracts(ctx) if layer != "ops"]
    names = [f"{layer}.{table}" for layer, table in found]
    bare = [] if "." in incomplete or not incomplete else [table for _, table in found]
    return _starting([*names, *bare], incomplete)


def sources(ctx: typer.Context, incomplete: str) -> list[str]:
    """The bronze tables of the domain, by their names alone."""
    return _starting((table for layer, table in _contracts(ctx) if layer == "bronze"), incomplete)


def runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """The ids of the newest runs, the newest one first."""
    from carms_lake.store.delta.log import commits
    from carms_lake.store.layout import ops_path

    config = _config(ctx)
    if config is None:
        return []
    try:
        ids = {commit.run_id for commit in commits(ops_path(config, "runs")) if commit.run_id}
    except (LakeError, OSError):
        return []
    return _starting(sorted(ids, reverse=True)[:RUNS], incomplete)


def _starting(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]


def _contracts(ctx: typer.Context) -> list[tuple[str, str]]:
    """Layer and name of each contract file of the domain."""
    config = _config(ctx)
    if config is None:
        return []
    files = {
        (path.parent.name, path.name.removesuffix(".odcs.yaml"))
        for folder in config.domain.schemas
        for path in folder.glob("*/*.odcs.yaml")
    }
    return sorted(files)


def _config(ctx: typer.Context) -> LakeConfig | None:
    """The project and domain that the words typed so far mean."""
    call = Call()
    at: Any = ctx
    while at is not None:
        own = {key.removeprefix("call_"): value for key, value in at.params.items()}
        project = own.get("project")  # a text: values are not converted while a shell completes
        call = Call(Path(project) if project else None, own.get("domain")).merged(call)
        at = at.parent
    try:
        return call.config()
    except (LakeError, OSError):
        return None
