"""Frames for tests of the ticketing domain, and its silver tables as the engine keeps them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.checks.expectations import Kept, keep
from carms_lake.checks.types import polars_schema
from carms_lake.contract.load import load_contracts
from carms_lake.names import Layer

if TYPE_CHECKING:
    from carms_lake.contract.model import Contract

SCHEMAS = Path(__file__).parents[3] / "schemas" / "ticketing"
_AUDIT: dict[str, pl.DataType] = {
    "ingestion_ts": pl.Datetime("us", "UTC"),
    "src_filename": pl.String(),
    "src_row_number": pl.Int64(),
    "src_row_hash": pl.Binary(),
    "run_id": pl.String(),
}


@cache
def contracts(layer: Layer) -> dict[str, Contract]:
    """The contracts of a layer by table."""
    loaded = load_contracts([SCHEMAS], "ticketing")
    return {ref.table: contract for ref, contract in loaded.items() if ref.layer is layer}


def bronze(table: str, *rows: dict[str, Any]) -> pl.LazyFrame:
    """A bronze frame of these rows, of the initial file unless they say another one."""
    contract = contracts(Layer.BRONZE)[table]
    schema = {**polars_schema(contract), **{name: _AUDIT[name] for name in contract.audit_columns}}
    filled = [
        {"src_row_number": number, "src_filename": f"initial/{table}.csv", **row}
        for number, row in enumerate(rows, start=1)
    ]
    known = [{name: row.get(name) for name in schema} for row in filled]
    return pl.DataFrame(known, schema=schema, orient="row").lazy()


def silver(table: str, *rows: dict[str, Any]) -> pl.LazyFrame:
    """A silver frame of these rows; what a row does not name is null."""
    schema = polars_schema(contracts(Layer.SILVER)[table])
    known = [{name: row.get(name) for name in schema} for row in rows]
    return pl.DataFrame(known, schema=schema, orient="row").lazy()


def kept(table: str, made: pl.LazyFrame, **references: pl.LazyFrame) -> Kept:
    """What the engine makes of a function's result; `references` by the name of their table."""
    contract = contracts(Layer.SILVER)[table]
    frames = {
        r.target: references[r.target.table].collect() if r.target.table in references else None
        for r in contract.relationships
        if r.quarantine
    }
    known = {
        target: silver(target.table).collect() if frame is None else frame
        for target, frame in frames.items()
    }
    return keep(made.collect(), contract, known)


def reasons(found: Kept) -> dict[Any, set[str]]:
    """The codes of the quarantined rows by the first column of their key."""
    key = found.quarantined.columns[0]
    rows = found.quarantined.select(key, "reasons").rows()
    return {value: {reason["code"] for reason in given} for value, given in rows}
