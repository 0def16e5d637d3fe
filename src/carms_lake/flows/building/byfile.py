"""Rows of new files added to a silver table whose key only its function knows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.checks.expectations import keep
from carms_lake.checks.gate import confirm
from carms_lake.flows.building.bykey import count_of
from carms_lake.flows.building.increment import LARGE_PCT
from carms_lake.flows.building.making import Made, collected, frame_of, frames_of, references_of
from carms_lake.flows.building.quarantine import (
    as_rejects,
    keys_of,
    of_run,
    set_aside_by,
    unknown_references,
)
from carms_lake.store import delta
from carms_lake.store.builds import Build

if TYPE_CHECKING:
    from carms_lake.checks.expectations import Kept
    from carms_lake.flows.building.making import Task
    from carms_lake.names import TableRef
    from carms_lake.store.changes import SourceChanges


def add_files(
    task: Task, last: Build, changes: SourceChanges | None, changed: frozenset[TableRef]
) -> Made | None:
    """The rows of files that are new; None where only the whole table will do.

    That is where a file was replaced, where something else than the driver changed, where a new row
    has a key that is there already, or where most of the driver is new.

    Raises:
        ContractError: the function does not deliver its contract.
        StoreError: what it reads is not there.
    """
    driver = task.driver
    if changes is None or driver is None or changed != {driver.ref}:
        return None
    came, of_driver = count_of(changes.came), count_of(frame_of(task, driver.ref))
    if count_of(changes.went) or came > of_driver * LARGE_PCT / 100:
        return None
    frames = frames_of(task)
    for parameter, ref in task.step.reads.items():
        if ref == driver.ref:
            frames[parameter] = changes.came
    made = collected(task, frames)
    rejects = set_aside_by(task.run, task.contract, last.run_id)
    if _is_known(task, made, rejects):
        return None
    kept = keep(made, task.contract, references_of(task, made))
    confirm(kept.rows, task.contract, key_is_proved=True)
    fresh = as_rejects(kept.quarantined, task.contract, task.run)
    rejects = pl.concat([of_run(rejects, task.run), fresh])
    build = _counted(task, last, kept, of_driver)
    if build.given != build.driver_keys or build.given - last.given != came:
        return None
    build = replace(build, unknown=unknown_references(rejects))
    none = made.select(task.contract.primary_key).clear()
    return Made(kept.rows, rejects, build, none, f"{came} new rows", came)


def _is_known(task: Task, made: pl.DataFrame, rejects: pl.DataFrame) -> bool:
    """Whether a key of these rows is in the table, or set aside from it; nulls are no keys."""
    key = list(task.contract.primary_key)
    keys = made.lazy().select(key).drop_nulls()
    aside = keys_of(rejects, task.contract, key).lazy()
    there = (delta.scan(task.path).select(key), aside)
    return any(count_of(rows.join(keys, on=key, how="semi").head(1)) for rows in there)


def _counted(task: Task, last: Build, kept: Kept, of_driver: int) -> Build:
    counted = Build(
        task.run.run_id,
        task.made_from,
        rows=last.rows + kept.rows.height,
        quarantined=last.quarantined + kept.quarantined.height,
        superseded=last.superseded + kept.superseded,
        driver_keys=of_driver,
        rows_since=-1 if kept.rows.height else last.rows_since,
    )
    return replace(counted, keys=counted.given)
