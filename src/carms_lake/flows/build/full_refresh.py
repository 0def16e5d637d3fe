"""A silver table made whole, and its rows or keys counted against those of its driver."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.contract.model import Balance
from carms_lake.errors import NotReconciled
from carms_lake.flows.build.context import (
    TableUpdate,
    collected,
    frame_of,
    frames_of,
    validated,
)
from carms_lake.flows.build.incremental import count_of
from carms_lake.flows.build.plan import why_not_incremental
from carms_lake.flows.build.quarantine import as_rejects, unknown_references
from carms_lake.records import TableReport
from carms_lake.store.delta.manifest import Build, rows_at
from carms_lake.store.delta.staged import FILE_ROWS

if TYPE_CHECKING:
    from carms_lake.flows.build.context import BuildContext
    from carms_lake.quality.validate import Validated


def make_whole(task: BuildContext) -> TableUpdate:
    """All rows of the table, checked and counted.

    Raises:
        ContractError: the function does not deliver its contract.
        NotReconciled: keys were lost or made.
        StoreError: what it reads is not there yet.
    """
    contract = task.contract
    made = collected(task.step, frames_of(task))
    has_driver_keys = not why_not_incremental(task.step, task.contracts, None) and _same_keys(
        task, made
    )
    kept = validated(task, made)
    del made  # ten million rows need not be there twice
    rejects = as_rejects(kept.quarantined, contract, task.run)
    build = Build(
        task.run.run_id,
        task.made_from,
        rows=kept.rows.height,
        quarantined=kept.quarantined.height,
        superseded=kept.superseded,
        unknown=unknown_references(rejects),
        has_driver_keys=has_driver_keys,
    )
    build = _balanced(task, kept, build)
    return TableUpdate(kept.rows, rejects, build, rows_read=_rows_read(task, build))


def same_rows(task: BuildContext, rows: pl.DataFrame) -> bool:
    """Whether the table has these very rows already; large tables in this order only."""
    last = task.last
    there = rows_at(task.path, last.version) if last and last.rows == rows.height else None
    if there is None or dict(there.collect_schema()) != dict(rows.schema):
        return False
    key = task.contract.primary_key
    if key and rows.height <= FILE_ROWS:
        return there.collect().sort(key).equals(rows.sort(key))
    return all(there.select(c).collect().to_series().equals(rows[c]) for c in rows.columns)


def _rows_read(task: BuildContext, build: Build) -> int | None:
    driver = task.driver
    if driver is not None and not task.counts_keys:
        return build.driver_keys
    read = {driver.ref} if driver else set(task.step.reads.values())
    return sum(count_of(frame_of(task, ref)) for ref in read)


def _same_keys(task: BuildContext, made: pl.DataFrame) -> bool:
    """Whether the function gave the keys of its driver, each as often as it stands there.

    Told by sums over hashes of the keys, which take no memory.
    """
    if task.contract.silver.balance is Balance.EXPAND:
        return True  # the balance itself looks at each key
    pairs, driver = task.pairs, task.contract.silver.driver
    if driver is None or not pairs or not set(pairs.values()) <= set(made.columns):
        return False
    there = _key_sums(frame_of(task, driver).select(pairs.keys()))
    here = made.lazy().select(pl.col(mine).alias(name) for name, mine in pairs.items())
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


def _balanced(task: BuildContext, kept: Validated, build: Build) -> Build:
    """Count what became of the driver: its rows, or where one gives several its keys.

    Raises:
        NotReconciled: a row of the driver is neither in the table nor quarantined nor superseded.
    """
    contract, driver = task.contract, task.driver
    if driver is None:
        return build
    rows = frame_of(task, driver.ref)
    if task.counts_keys:
        # What has no name of its own there stands at the same place in this table's key.
        key = list(contract.silver.driver_key or driver.primary_key)
        places = zip(key, contract.primary_key[: len(key)], strict=True)
        shared = [name if name in contract.column_names else here for name, here in places]
        there = rows.select(key).unique().collect()
        here = pl.concat([kept.rows.select(shared), kept.quarantined.select(shared)]).unique()
        invented = here.join(there, left_on=shared, right_on=key, how="anti", nulls_equal=True)
        wanted, held, balanced = there.height, here.height, invented.is_empty()
    else:
        wanted = rows.select(pl.len()).collect().item()
        held = build.input_rows
        balanced = held == wanted
    counted = replace(build, driver_keys=wanted, keys=held)
    if not balanced:
        task.run.add(tables=[report_of(task, counted, balanced=False)])
        raise NotReconciled(
            f"`{contract.ref}`: {wanted} in `{driver.ref}`, but {held} in the table, "
            "its quarantine and what was superseded",
            "the function of the table loses or makes rows; its contract says how they balance",
        )
    return counted


def report_of(task: BuildContext, build: Build, *, balanced: bool = True) -> TableReport:
    """What a run reports of a table that it made."""
    return TableReport(
        task.contract.ref,
        "built",
        rows=build.rows,
        driver_keys=build.driver_keys,
        keys=build.keys,
        quarantined=build.quarantined,
        superseded=build.superseded,
        balanced=balanced,
    )
