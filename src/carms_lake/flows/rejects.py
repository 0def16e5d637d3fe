"""What was set aside, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.contract.load import load_contracts
from carms_lake.flows.aside.places import places
from carms_lake.flows.query import QueryResult
from carms_lake.flows.runs import selected
from carms_lake.names import RUN_ID, SRC_FILENAME, SRC_ROW_NUMBER, Layer
from carms_lake.store.rejects import live

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.names import TableRef

COLUMNS = (
    "layer",
    "table_name",
    SRC_FILENAME,
    SRC_ROW_NUMBER,
    "row_key",
    "code",
    "rule",
    "value",
    "message",
    "raw_record",
    RUN_ID,
    "column",
    "place",
)
_ORDER = ("layer", "table_name", SRC_FILENAME, SRC_ROW_NUMBER, "row_key")


def rejects(
    config: LakeConfig,
    *,
    table: str | None = None,
    layer: str | None = None,
    code: str | None = None,
    column: str | None = None,
    run: str | None = None,
) -> QueryResult:
    """One row per reason of each record or row that is set aside now, by table, file and record.

    Raises:
        UsageError: a table that the domain does not have.
        StoreError: the lake cannot be read.
    """
    contracts = load_contracts(list(config.domain.schemas), config.domain.name)
    found = aside(config, contracts, table=table, layer=layer, run=run)
    if found is None:
        return QueryResult(COLUMNS, ("VARCHAR",) * len(COLUMNS), [])
    reasons = with_reason(found.explode("reasons").unnest("reasons"), code=code, column=column)
    kept = [name for name in COLUMNS if name != "place"]
    rows = reasons.select(kept).sort(_ORDER, maintain_order=True).collect()
    rows = rows.with_columns(places(config, contracts, rows)).select(COLUMNS)
    kinds = tuple("BIGINT" if kind == pl.Int64 else "VARCHAR" for kind in rows.dtypes)
    return QueryResult(COLUMNS, kinds, rows.rows())


def aside(
    config: LakeConfig,
    contracts: Mapping[TableRef, Contract],
    *,
    table: str | None = None,
    layer: str | None = None,
    run: str | None = None,
) -> pl.LazyFrame | None:
    """What is set aside now, one row per record or row; None where nothing ever was.

    Raises:
        UsageError: a table that the domain does not have.
        StoreError: the lake cannot be read.
    """
    refs = [ref for ref in contracts if ref.layer is not Layer.GOLD]
    if table:
        names = [*(ref.table for ref in refs), *(ref.in_domain for ref in refs)]
        selected(names, (table,), "table")
        refs = [ref for ref in refs if table in (ref.table, ref.in_domain)]
    frame = live(config, refs)
    for name, wanted in (("layer", layer), (RUN_ID, run)):
        if wanted and frame is not None:
            frame = frame.filter(pl.col(name) == wanted)
    return frame


def with_reason(
    reasons: pl.LazyFrame, *, code: str | None = None, column: str | None = None
) -> pl.LazyFrame:
    """The reasons with a code, and about a column."""
    if code:
        reasons = reasons.filter(pl.col("code") == code.upper())
    return reasons.filter(pl.col("column") == column) if column else reasons
