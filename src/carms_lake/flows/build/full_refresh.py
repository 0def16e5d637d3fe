"""All rows of a silver table, counted against the rows or keys of its driver."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.contract.model import Balance
from carms_lake.errors import NotReconciled
from carms_lake.flows.build.context import (
    TableUpdate,
    collected,
    count_of,
    frame_of,
    frames_of,
    validated,
)
from carms_lake.flows.build.plan import why_not_incremental
from carms_lake.flows.build.quarantine import as_rejects, unknown_references
from carms_lake.records import TableReport
from carms_lake.store.delta.manifest import Build, rows_at
from carms_lake.store.delta.staged import FILE_ROWS

if TYPE_CHECKING:
    from carms_lake.flows.build.context import BuildContext
    from carms_lake.quality.validate import Validated


def rebuild_all(context: BuildContext) -> TableUpdate:
    """All rows of the table, checked and counted.

    Raises:
        ContractError: the function does not deliver its contract.
        NotReconciled: keys were lost or invented.
        StoreError: what it reads is not there yet.
    """
    contract = context.contract
    frame = collected(context.step, frames_of(context))
    has_driver_keys = not why_not_incremental(context.step, context.contracts, None) and _same_keys(
        context, frame
    )
    found = validated(context, frame)
    del frame  # ten million rows need not be in memory twice
    rejects = as_rejects(found.quarantined, contract, context.run)
    build = Build(
        context.run.run_id,
        context.made_from,
        rows=found.rows.height,
        quarantined=found.quarantined.height,
        superseded=found.superseded,
        unknown=unknown_references(rejects),
        has_driver_keys=has_driver_keys,
    )
    build = _balanced(context, found, build)
    return TableUpdate(found.rows, rejects, build, rows_read=_rows_read(context, build))


def same_rows(context: BuildContext, rows: pl.DataFrame) -> bool:
    """Whether the table has these very rows already; large tables in this order only."""
    last = context.last
    there = rows_at(context.path, last.version) if last and last.rows == rows.height else None
    if there is None or dict(there.collect_schema()) != dict(rows.schema):
        return False
    key = context.contract.primary_key
    if key and rows.height <= FILE_ROWS:
        return there.collect().sort(key).equals(rows.sort(key))
    return all(there.select(c).collect().to_series().equals(rows[c]) for c in rows.columns)


def _rows_read(context: BuildContext, build: Build) -> int | None:
    driver = context.driver
    if driver is not None and not context.counts_keys:
        return build.driver_keys
    read = {driver.ref} if driver else set(context.step.reads.values())
    return sum(count_of(frame_of(context, ref)) for ref in read)


def _same_keys(context: BuildContext, frame: pl.DataFrame) -> bool:
    """Whether the function gave the keys of its driver, each as often as the driver has it.

    Compares sums over hashes of the keys, which take no memory.
    """
    if context.contract.silver.balance is Balance.EXPAND:
        return True  # the balance itself looks at each key
    pairs, driver = context.pairs, context.contract.silver.driver
    if driver is None or not pairs or not set(pairs.values()) <= set(frame.columns):
        return False
    there = _key_sums(frame_of(context, driver).select(pairs.keys()))
    here = frame.lazy().select(pl.col(mine).alias(name) for name, mine in pairs.items())
    return _key_sums(here).equals(there)


def _key_sums(keys: pl.LazyFrame) -> pl.DataFrame:
    half = 1 << 32
    hashed = pl.struct(pl.all()).hash().alias("hash")
    return (
        keys.select(hashed)
        .select(
            pl.len().alias("rows"),
            (pl.col("hash") % half).sum().alias("low"),
            (pl.col("hash") // half).sum().alias("high"),
        )
        .collect(engine="streaming")
    )


def _balanced(context: BuildContext, found: Validated, build: Build) -> Build:
    """Count what became of the driver: its rows, or where one gives several its keys.

    Raises:
        NotReconciled: a row of the driver is neither in the table nor quarantined nor superseded.
    """
    contract, driver = context.contract, context.driver
    if driver is None:
        return build
    rows = frame_of(context, driver.ref)
    if context.counts_keys:
        # A column of another name here has the same position in this table's key.
        key = list(contract.silver.driver_key or driver.primary_key)
        places = zip(key, contract.primary_key[: len(key)], strict=True)
        shared = [name if name in contract.column_names else here for name, here in places]
        there = rows.select(key).unique().collect()
        here = pl.concat([found.rows.select(shared), found.quarantined.select(shared)]).unique()
        invented = here.join(there, left_on=shared, right_on=key, how="anti", nulls_equal=True)
        wanted, held, balanced = there.height, here.height, invented.is_empty()
    else:
        wanted = rows.select(pl.len()).collect().item()
        held = build.input_rows
        balanced = held == wanted
    counted = replace(build, driver_keys=wanted, keys=held)
    if not balanced:
        context.run.add(tables=[report_of(context, counted, balanced=False)])
        raise NotReconciled(
            f"`{contract.ref}`: {wanted} in `{driver.ref}`, but {held} in the table, "
            "its quarantine and what was superseded",
            "the function of the table loses or makes rows; its contract says how they balance",
        )
    return counted


def report_of(context: BuildContext, build: Build, *, balanced: bool = True) -> TableReport:
    """What a run reports of a table that it made."""
    return TableReport(
        context.contract.ref,
        "built",
        rows=build.rows,
        driver_keys=build.driver_keys,
        keys=build.keys,
        quarantined=build.quarantined,
        superseded=build.superseded,
        balanced=balanced,
    )
