"""What is published elsewhere: the gold that the published file has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from carms_lake import Lake, Publication, Published
from carms_lake.errors import QueryRefused, StoreError

_NO_LIMIT_S = 30 * 86_400.0
"""A table is written for as long as it takes."""


class GoldTable(NamedTuple):
    """A table or view of gold."""

    contract_version: str | None
    columns: tuple[str, ...]
    """Those that are published."""


@dataclass(frozen=True)
class Gold:
    """Gold of one build."""

    domain: str
    run_id: str
    """The build."""
    built_at: str
    """When it began (UTC), as ISO 8601."""
    failed_checks: int
    """How many checks of severity error failed (`--publish-anyway`)."""
    tables: dict[str, GoldTable]
    """Tables and views that have a column for everybody."""


@dataclass(frozen=True)
class Outcome:
    """What a publish did."""

    publication: Publication
    is_changed: bool
    """Whether it wrote the run, or made it the current one; not where it was that already."""
    failed_checks: int
    """Of the build."""
    notes: tuple[str, ...] = ()
    """What was left out, and why."""


def patient(lake: Lake) -> Lake:
    """The same lake, whose queries may take as long as writing a large table does."""
    return Lake(replace(lake.config, query_timeout_s=_NO_LIMIT_S))


def gold_of(lake: Lake) -> Gold:
    """The gold that is published now, without columns that are private.

    Raises:
        GoldMissing: gold was not built yet.
        StoreError: the file cannot be read.
    """
    try:
        with Published(lake.config) as file:
            _, build = file.rows("select run_id, built_at, failed_checks from ops.build")
            _, tables = file.rows(
                "select table_name, any_value(contract_version), "
                "list(column_name order by ordinal_position) from information_schema.columns "
                "left join ops.build_tables using (table_name) "
                "where table_schema = 'gold' group by table_name order by table_name"
            )
    except QueryRefused as error:
        raise StoreError(
            f"`{lake.config.gold_file}` has no record of its build", "run `carms build`"
        ) from error
    ((run_id, built_at, failed_checks),) = build
    private = lake.contracts.private_in_gold()
    shown = {
        name: GoldTable(version, tuple(column for column in columns if column not in private))
        for name, version, columns in tables
    }
    return Gold(
        lake.config.domain.name,
        run_id,
        f"{built_at.isoformat()}Z",
        failed_checks,
        {name: table for name, table in shown.items() if table.columns},
    )


def is_recorded(lake: Lake, publication: Publication) -> bool:
    """Whether the last record of its target in `ops.publications` is this publication."""
    return not lake.publications().filter(**vars(publication)).is_empty()
