"""What was set aside, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.contract.load import load_contracts
from carms_lake.flows.query import QueryResult
from carms_lake.flows.runs import selected
from carms_lake.names import RUN_ID, SRC_FILENAME, SRC_ROW_NUMBER, Layer
from carms_lake.store.rejects import live

if TYPE_CHECKING:
    from carms_lake.config import LakeConfig

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
)


def rejects(
    config: LakeConfig,
    *,
    table: str | None = None,
    layer: str | None = None,
    code: str | None = None,
    run: str | None = None,
) -> QueryResult:
    """One row per reason of each record or row that is set aside now, by table, file and record.

    Raises:
        UsageError: a table that the domain does not have.
        StoreError: the lake cannot be read.
    """
    contracts = load_contracts(list(config.domain.schemas), config.domain.name)
    refs = [ref for ref in contracts if ref.layer is not Layer.GOLD]
    if table:
        selected([ref.table for ref in refs], (table,), "table")
    frame = live(config, refs)
    if frame is None:
        return QueryResult(COLUMNS, ("VARCHAR",) * len(COLUMNS), [])
    for column, wanted in (("table_name", table), ("layer", layer), (RUN_ID, run)):
        if wanted:
            frame = frame.filter(pl.col(column) == wanted)
    reasons = frame.explode("reasons").unnest("reasons")
    if code:
        reasons = reasons.filter(pl.col("code") == code.upper())
    found = (
        reasons.select(COLUMNS)
        .sort("layer", "table_name", SRC_FILENAME, SRC_ROW_NUMBER, "row_key")
        .collect()
    )
    kinds = tuple("BIGINT" if kind == pl.Int64 else "VARCHAR" for kind in found.dtypes)
    return QueryResult(COLUMNS, kinds, found.rows())
