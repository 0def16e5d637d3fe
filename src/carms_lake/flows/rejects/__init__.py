"""What was rejected or quarantined, why, and where those records are in their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.flows.rejects.locate import places
from carms_lake.names import RUN_ID, SRC_FILENAME, SRC_ROW_NUMBER, Layer
from carms_lake.store.rejects import live

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake.catalog import Catalog
    from carms_lake.config import LakeConfig
    from carms_lake.names import TableRef

_SORTED_BY = ("layer", "table_name", SRC_FILENAME, SRC_ROW_NUMBER, "row_key")
SCHEMA = {
    **dict.fromkeys(_SORTED_BY, pl.String),
    SRC_ROW_NUMBER: pl.Int64,
    **dict.fromkeys(("code", "rule", "value", "message", "raw_record", RUN_ID), pl.String),
    "column": pl.String,
    "place": pl.String,
}


def rejects(
    config: LakeConfig,
    *,
    table: str | None = None,
    layer: str | None = None,
    code: str | None = None,
    column: str | None = None,
    run: str | None = None,
) -> pl.DataFrame:
    """One row per reason of each record or row that is rejected now, by table, file and record.

    Raises:
        UsageError: the domain has no such table.
        StoreError: the lake cannot be read.
    """
    catalog = load_catalog(config.domain)
    found = current_rejects(config, catalog, table=table, layer=layer, run=run)
    if found is None:
        return pl.DataFrame(schema=SCHEMA)
    reasons = reasons_of(found, code=code, column=column)
    rows = reasons.select([name for name in SCHEMA if name != "place"])
    sorted_rows = rows.sort(_SORTED_BY, maintain_order=True).collect()
    return sorted_rows.with_columns(places(config, catalog.contracts, sorted_rows)).select(*SCHEMA)


def current_rejects(
    config: LakeConfig,
    catalog: Catalog,
    *,
    table: str | None = None,
    layer: str | None = None,
    run: str | None = None,
) -> pl.LazyFrame | None:
    """What is rejected now, one row per record or row; None if nothing ever was.

    Raises:
        UsageError: the domain has no such table.
        StoreError: the lake cannot be read.
    """
    frame = live(config, tables_named(catalog, [table] if table else []))
    for name, wanted in (("layer", layer), (RUN_ID, run)):
        if wanted and frame is not None:
            frame = frame.filter(pl.col(name) == wanted)
    return frame


def reasons_of(
    rejected: pl.LazyFrame, *, code: str | None = None, column: str | None = None
) -> pl.LazyFrame:
    """One row per reason of rejected records; those with a code, and about a column."""
    reasons = rejected.explode("reasons").unnest("reasons")
    if code:
        reasons = reasons.filter(pl.col("code") == code.upper())
    return reasons.filter(pl.col("column") == column) if column else reasons


def tables_named(catalog: Catalog, names: Sequence[str]) -> list[TableRef]:
    """The tables of bronze and silver that these names may mean; all if none is named.

    Raises:
        UsageError: the domain has no such table.
    """
    layers = (Layer.BRONZE, Layer.SILVER)
    chosen = {ref for name in names for ref in catalog.named(name, *layers)}
    return [ref for ref in catalog.refs(*layers) if not names or ref in chosen]
