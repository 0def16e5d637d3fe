"""A lake in Dagster: its tables are assets, its rules are checks. An optional extra.

    from carms_lake.dagster import definitions

    defs = definitions("/srv/lake", domain="carms")

It is built on `carms_lake`, as a notebook is, and on nothing below it. Assets and checks are those
of the contracts, so a project that was never run loads. Materialising calls `Lake.ingest` and
`Lake.build`, which the commands call, too: Dagster has a process for each step anyway, and a call
gives counts and errors where another process would give text.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from carms_lake.extras import ensure_extra

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake import Lake

ensure_installed = partial(ensure_extra, "dagster", ("dagster.version",), __name__)
"""Refuse to go on without the extra, as `ensure_extra` does."""


def definitions(project: str | Path | None = None, domain: str | None = None) -> Any:
    """The tables of a domain as assets with checks, and the job `DOMAIN_run` of all of them.

    The project and the domain are those that `carms_lake.open` would open. The result is a
    `dagster.Definitions`, to be merged with those of other domains and of your own.

    Raises:
        UsageError: the extra is not installed.
        ConfigError: the project or the domain is unknown.
        ContractError: a contract is wrong.
    """
    ensure_installed()
    import dagster as dg

    import carms_lake

    lake = carms_lake.open(project, domain)
    tables = assets(lake)
    name = f"{lake.config.domain.name}_run"
    job = dg.define_asset_job(name, selection=dg.AssetSelection.assets(tables))
    return dg.Definitions(assets=[tables], jobs=[job])


def assets(lake: Lake) -> Any:
    """The tables of a lake as one `dagster.AssetsDefinition`, of which any part may be run.

    Raises:
        UsageError: the extra is not installed.
        ContractError: a contract is wrong.
    """
    ensure_installed()
    from carms_lake.dagster.materialized import tables

    return tables(lake)
