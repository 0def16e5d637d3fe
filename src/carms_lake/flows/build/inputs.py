"""What a silver table's function reads: the newest deliveries of bronze, each record once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.contract.model import Balance, Delivery
from carms_lake.flows import series
from carms_lake.flows.build.context import all_rows, collected
from carms_lake.names import (
    DELIVERED_AT,
    DELIVERY_ID,
    SRC_EXTRA,
    SRC_FILENAME,
    SRC_ROW_HASH,
    SRC_ROW_NUMBER,
)
from carms_lake.store import table_path
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carms_lake.flows.build.context import BuildContext
    from carms_lake.names import TableRef


@dataclass(frozen=True)
class FunctionInput:
    """What a table's function reads, each record once."""

    frames: Mapping[TableRef, pl.LazyFrame]
    superseded: int
    """How many rows of the driver are left out, where the balance is of rows."""


def frame_of(context: BuildContext, ref: TableRef) -> pl.LazyFrame:
    """What the function gets of a table: the newest deliveries, or all for a history table.

    Of a source whose files are a series it is the rows of its last place, or of all in order.

    Raises:
        StoreError: the table cannot be read.
    """
    frame, contract = all_rows(context, ref), context.contracts[ref]
    source = contract.source
    is_history = context.contract.silver.history is not None
    if source is None or (source.series is None and source.delivery is not Delivery.SNAPSHOT):
        return frame
    manifest = read_manifest(commits(table_path(context.run.config, ref)))
    if found := series.snapshots(contract, manifest, frame):
        rows_of = series.all_rows if is_history else series.current_rows
        return rows_of(frame, contract, found)
    if is_history or source.delivery is not Delivery.SNAPSHOT:
        return frame
    newest = pl.LazyFrame(
        [(name, entry.delivery_id) for name, entry in manifest.current.items()],
        schema={SRC_FILENAME: pl.String, DELIVERY_ID: pl.Int64},
        orient="row",
    )
    return frame.join(newest, on=[SRC_FILENAME, DELIVERY_ID], how="semi")


def function_input(context: BuildContext, driver_rows: pl.LazyFrame | None = None) -> FunctionInput:
    """The tables that the function reads, or some rows of its driver and all other tables.

    A record of bronze that occurs twice is read once, so that no function that numbers or compares
    rows is led astray by a file that came twice. A table without a key keeps what came, and so does
    one that sums up: two equal lines of a file may well be two sales.

    Raises:
        StoreError: a table cannot be read.
    """
    contract, driver = context.contract, context.driver
    is_summed_up = contract.silver.balance in (Balance.AGGREGATE, Balance.NONE)
    has_rows_of_driver = contract.silver.history is not None or not is_summed_up
    frames: dict[TableRef, pl.LazyFrame] = {}
    superseded = 0
    for ref in {*context.step.reads.values(), *([driver.ref] if driver else ())}:
        is_driver = driver is not None and ref == driver.ref
        rows = frame_of(context, ref) if driver_rows is None or not is_driver else driver_rows
        if context.contracts[ref].source and contract.primary_key and has_rows_of_driver:
            again = repeated_records(context, ref, rows)
            if again.height:
                rows = rows.join(again.lazy(), on=again.columns, how="anti", maintain_order="left")
            superseded += again.height if is_driver and not context.counts_keys else 0
        frames[ref] = rows
    return FunctionInput(frames, superseded)


def repeated_records(context: BuildContext, ref: TableRef, rows: pl.LazyFrame) -> pl.DataFrame:
    """The places (file, delivery, number) of the bronze rows that a later one repeats.

    They agree in every column of the contract. Of a history only rows of one delivery are compared.
    """
    source = context.contracts[ref]
    place = [SRC_FILENAME, SRC_ROW_NUMBER]
    if DELIVERY_ID in source.audit_columns:
        place = [DELIVERED_AT, DELIVERY_ID, *place]
    within = place[:-1] if context.contract.silver.history is not None else []
    hashes = rows.select(pl.struct(*within, SRC_ROW_HASH).hash().alias("hash"))
    numbers = hashes.collect(engine="streaming")["hash"]
    if numbers.n_unique() == numbers.len():
        return pl.DataFrame(schema=dict.fromkeys(place, pl.Null))
    twice = numbers.filter(numbers.is_duplicated()).unique().implode()
    extra = [SRC_EXTRA] if SRC_EXTRA in source.audit_columns else []
    compared = list(dict.fromkeys([*within, *source.column_names, *extra]))
    alike = (
        rows.filter(pl.struct(*within, SRC_ROW_HASH).hash().is_in(twice))
        .select(list(dict.fromkeys([*compared, *place])))
        .collect(engine="streaming")
        .sort(place)
    )
    kept = alike.unique(compared, keep="last").select(place)
    return alike.select(place).join(kept, on=place, how="anti", nulls_equal=True)


def transformed(context: BuildContext, given: FunctionInput) -> pl.DataFrame:
    """What the function makes of what it reads.

    Raises:
        ContractError: the function does not deliver what its history needs.
    """
    frames = {name: given.frames[ref] for name, ref in context.step.reads.items()}
    return collected(context.step, frames)
