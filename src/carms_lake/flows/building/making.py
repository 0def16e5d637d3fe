"""One silver table that is being made: what its function reads, and what the function gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.checks.history import versions
from carms_lake.contract.model import Balance, Contract, Delivery
from carms_lake.errors import StoreError
from carms_lake.flows.building.increment import key_pairs
from carms_lake.names import DELIVERY_ID, SRC_FILENAME, Layer
from carms_lake.store import delta
from carms_lake.store import versions as table_versions
from carms_lake.store.builds import last_build
from carms_lake.store.layout import table_path
from carms_lake.store.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from carms_lake.flows.lineage import SilverStep
    from carms_lake.flows.runs import Run
    from carms_lake.names import TableRef
    from carms_lake.store.builds import Build

    Frames = dict[str, pl.LazyFrame]


@dataclass(frozen=True)
class Task:
    """A silver table to be made in a run, and what it was made from when it was made last."""

    run: Run
    step: SilverStep
    contracts: Mapping[TableRef, Contract]
    made_from: Mapping[str, Any]
    last: Build | None

    @property
    def contract(self) -> Contract:
        """What the table promises."""
        return self.step.contract

    @property
    def path(self) -> Path:
        """Where the table is."""
        return table_path(self.run.config, self.contract.ref)

    @property
    def counts_keys(self) -> bool:
        """Whether the balance is of distinct keys, not of rows."""
        return self.contract.silver.balance is Balance.EXPAND

    @property
    def driver(self) -> Contract | None:
        """The table that this one answers to, where the balance is counted."""
        spec = self.contract.silver
        if spec.driver is None or spec.balance in (Balance.NONE, Balance.AGGREGATE):
            return None
        return self.contracts[spec.driver]

    @property
    def pairs(self) -> dict[str, str]:
        """The driver's columns that hold this table's key -> those that hold it here."""
        return key_pairs(self.contract, self.driver) if self.driver else {}


@dataclass(frozen=True)
class Made:
    """What a table becomes: rows that take the place of others, and all rows set aside."""

    rows: pl.DataFrame
    rejects: pl.DataFrame
    """In the columns of the reject store, under this run."""
    build: Build
    replaced: pl.DataFrame | None = None
    """The keys whose rows go; None where all go."""
    note: str = ""
    rows_read: int | None = None
    """Of the driver; of a table without one, of all tables that its function reads."""


def inputs(step: SilverStep) -> list[TableRef]:
    """What a table is made from: its parameters, and where its references are looked up."""
    return sorted({*step.reads.values(), *looked_up(step)})


def looked_up(step: SilverStep) -> set[TableRef]:
    """The other tables that references which quarantine are looked up in."""
    own = step.contract.ref
    return {r.target for r in step.contract.relationships if r.quarantine and r.target != own}


def rows_version(run: Run, ref: TableRef) -> int:
    """The version at which a table got the rows that it has; -1 where there is no table."""
    path = table_path(run.config, ref)
    build = last_build(path) if ref.layer is Layer.SILVER else None
    return build.rows_since if build else table_versions.rows_version(path)


def frame_of(task: Task, ref: TableRef) -> pl.LazyFrame:
    """What the function gets of a table: the newest deliveries, or all for a history table.

    Raises:
        StoreError: the table is not there yet.
    """
    path = table_path(task.run.config, ref)
    if not delta.exists(path):
        raise StoreError(
            f"`{task.contract.ref}` reads `{ref}`, which is not there yet: no file of it has "
            "landed",
            "put its files into data_raw and run `carms ingest`, which names what it refuses",
        )
    frame = delta.scan(path)
    source = task.contracts[ref].source
    is_history = task.contract.silver.history is not None
    if source is None or source.delivery is not Delivery.SNAPSHOT or is_history:
        return frame
    current = read_manifest(delta.log(path)).current
    newest = pl.LazyFrame(
        [(name, entry.delivery_id) for name, entry in current.items()],
        schema={SRC_FILENAME: pl.String, DELIVERY_ID: pl.Int64},
        orient="row",
    )
    return frame.join(newest, on=[SRC_FILENAME, DELIVERY_ID], how="semi")


def frames_of(task: Task) -> Frames:
    """What the function gets, by parameter.

    Raises:
        StoreError: a table is not there yet.
    """
    return {name: frame_of(task, ref) for name, ref in task.step.reads.items()}


def collected(task: Task, frames: Frames) -> pl.DataFrame:
    """What the function makes of its frames; of a history its versions with their intervals."""
    made = task.step.transform(**frames)
    frame = made.collect(engine="streaming") if isinstance(made, pl.LazyFrame) else made
    history = task.contract.silver.history
    if history is None:
        return frame
    versioned = versions(frame, history)
    return versioned.select([c for c in task.contract.column_names if c in versioned.columns])


def references_of(task: Task, made: pl.DataFrame) -> dict[TableRef, pl.DataFrame]:
    """The columns that quarantining relationships point to, by table."""
    wanted: dict[TableRef, dict[str, None]] = {}
    for relationship in task.contract.relationships:
        if relationship.quarantine:
            columns = wanted.setdefault(relationship.target, {})
            columns.update(dict.fromkeys(relationship.target_columns))
    return {
        ref: made.select(list(columns))
        if ref == task.contract.ref
        else delta.scan(table_path(task.run.config, ref)).select(list(columns)).collect()
        for ref, columns in wanted.items()
    }
