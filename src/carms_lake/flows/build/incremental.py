"""A silver table rebuilt for the keys that changed, or with the rows of new files added."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.flows.build.context import (
    TableUpdate,
    collected,
    frame_of,
    frames_of,
    validated,
)
from carms_lake.flows.build.plan import LARGE_PCT
from carms_lake.flows.build.quarantine import (
    as_rejects,
    keys_of,
    of_run,
    quarantined_by,
    unknown_references,
    waits_for,
)
from carms_lake.store.delta import table as delta
from carms_lake.store.delta.manifest import Build, rows_at
from carms_lake.store.layout import table_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.flows.build.context import BuildContext
    from carms_lake.names import TableRef
    from carms_lake.quality.validate import Validated
    from carms_lake.store.delta.manifest import SourceChanges


@dataclass(frozen=True)
class _Touched:
    """The keys to be made again, and what the table and its quarantine have of them now.

    Of the driver: how many of its rows have one of the keys, how many came, how many went.
    """

    keys: pl.DataFrame
    """Distinct, under this table's names."""
    rows: int
    came: int
    went: int
    held: pl.DataFrame
    untouched: pl.DataFrame
    """The rejects of all other keys."""
    released: int
    """How many rejects there were of the touched ones."""


def make_keys(
    task: BuildContext, last: Build, changes: SourceChanges | None, changed: frozenset[TableRef]
) -> TableUpdate | None:
    """The rows of the keys that changed; None where only the whole table will do.

    That is where so many keys changed that all is made in less time, where rows of an earlier
    version are needed and gone, and where the function gives other keys than it was given.

    Raises:
        ContractError: the function does not deliver its contract.
        StoreError: what it reads is not there.
    """
    touched = _touched(task, last, changes, changed)
    if touched is None:
        return None
    contract, frames = task.contract, frames_of(task)
    for parameter, ref in task.step.reads.items():
        if ref == contract.silver.driver:
            frames[parameter] = _driver_rows(task, touched.keys)
    made = collected(task.step, frames)
    names = touched.keys.columns
    invented = made.select(names).join(touched.keys, on=names, how="anti", nulls_equal=True)
    if not invented.is_empty():
        return None
    kept = validated(task, made)
    fresh = as_rejects(kept.quarantined, contract, task.run)
    rejects = pl.concat([of_run(touched.untouched, task.run), fresh])
    build = _counted(task, last, touched, kept)
    if build is None:
        return None
    build = replace(build, unknown=unknown_references(rejects))
    note = f"{touched.keys.height} keys"
    if _same(touched.held, kept.rows, contract.primary_key):
        build = replace(build, rows_since=last.rows_since)
    return TableUpdate(kept.rows, rejects, build, touched.keys, note, touched.rows)


def _touched(
    task: BuildContext, last: Build, changes: SourceChanges | None, changed: frozenset[TableRef]
) -> _Touched | None:
    pairs = task.pairs
    here = list(pairs.values())
    parts = [pl.DataFrame(schema={name: delta.columns(task.path)[name] for name in here})]
    came = went = 0
    if changes is not None:
        new, old = (
            frame.select(pl.col(name).alias(mine) for name, mine in pairs.items()).collect()
            for frame in (changes.came, changes.went)
        )
        came, went = new.height, old.height
        parts += [new, old]
    rejects = quarantined_by(task.run, task.contract, last.run_id)
    aside = keys_of(rejects, task.contract, here)
    rules = [r.name for r in task.contract.relationships if r.quarantine and r.target in changed]
    if rules:
        parts.append(aside.filter(waits_for(rejects, rules)))
        for referring in _referring_to_lost(task, last, changed, rejects):
            if referring is None:
                return None
            parts.append(referring.select(here))
    keys = pl.concat(parts).unique()
    rows = count_of(_driver_rows(task, keys).select(pairs.keys()))
    if rows > count_of(frame_of(task, _driver(task))) * LARGE_PCT / 100:
        return None
    is_touched = aside.with_row_index("at").join(keys, on=here, how="semi", nulls_equal=True)["at"]
    released = pl.int_range(rejects.height, eager=True).is_in(is_touched.implode())
    held = delta.scan(task.path).join(keys.lazy(), on=here, how="semi", nulls_equal=True)
    return _Touched(
        keys,
        rows,
        came,
        went,
        held.collect(engine="streaming"),
        rejects.filter(~released),
        int(released.sum()),
    )


def _driver(task: BuildContext) -> TableRef:
    if task.driver is None:
        raise AssertionError(f"`{task.contract.ref}` has no driver")
    return task.driver.ref


def _driver_rows(task: BuildContext, keys: pl.DataFrame) -> pl.LazyFrame:
    """The rows of the driver that have one of these keys."""
    theirs = keys.rename({mine: name for name, mine in task.pairs.items()})
    return frame_of(task, _driver(task)).join(
        theirs.lazy(), on=theirs.columns, how="semi", nulls_equal=True, maintain_order="left"
    )


def _referring_to_lost(
    task: BuildContext, last: Build, changed: frozenset[TableRef], rejects: pl.DataFrame
) -> Iterator[pl.DataFrame | None]:
    """Rows here, or set aside, that refer to what is gone from its table since; with their keys.

    None where the rows that were there then are gone, too.
    """
    keys = list(task.pairs.values())
    for relationship in task.contract.relationships:
        target = relationship.target
        if not relationship.quarantine or target not in changed:
            continue
        path, columns = table_path(task.run.config, target), list(relationship.target_columns)
        before = rows_at(path, last.made_from["inputs"][str(target)])
        if before is None:
            yield None
            continue
        now = delta.scan(path).select(columns)
        lost = before.select(columns).join(now, on=columns, how="anti").unique()
        named = list(dict.fromkeys([*keys, *relationship.columns]))
        aside = keys_of(rejects, task.contract, named)
        for rows in (delta.scan(task.path).select(named), aside.lazy()):
            yield rows.join(
                lost, left_on=list(relationship.columns), right_on=columns, how="semi"
            ).collect(engine="streaming")


def _counted(task: BuildContext, last: Build, touched: _Touched, kept: Validated) -> Build | None:
    """What the table is after the change, in numbers; None where the rows do not balance."""
    rows = last.rows - touched.held.height + kept.rows.height
    quarantined = touched.untouched.height + kept.quarantined.height
    before = touched.rows - touched.came + touched.went
    superseded_before = before - touched.held.height - touched.released
    build = Build(
        task.run.run_id, task.made_from, rows=rows, quarantined=quarantined, has_driver_keys=True
    )
    driver = frame_of(task, _driver(task))
    if task.counts_keys:
        pairs = task.pairs
        here = list(pairs.values())
        left = delta.scan(task.path).select(here)
        left = left.join(touched.keys.lazy(), on=here, how="anti", nulls_equal=True)
        aside = keys_of(touched.untouched, task.contract, here)
        fresh = [kept.rows.select(here), kept.quarantined.select(here), aside]
        held = count_of(pl.concat([left, *(frame.lazy() for frame in fresh)]).unique())
        return replace(build, driver_keys=count_of(driver.select(pairs.keys()).unique()), keys=held)
    superseded = last.superseded - superseded_before + kept.superseded
    build = replace(build, superseded=superseded, driver_keys=count_of(driver))
    build = replace(build, keys=build.input_rows)
    given = kept.rows.height + kept.quarantined.height + kept.superseded
    return build if given == touched.rows and build.keys == build.driver_keys else None


def _same(held: pl.DataFrame, rows: pl.DataFrame, key: tuple[str, ...]) -> bool:
    return held.height == rows.height and held.sort(key).equals(rows.sort(key))


def count_of(frame: pl.LazyFrame) -> int:
    """How many rows there are."""
    return int(frame.select(pl.len()).collect(engine="streaming").item())


def add_files(
    task: BuildContext, last: Build, changes: SourceChanges | None, changed: frozenset[TableRef]
) -> TableUpdate | None:
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
    made = collected(task.step, frames)
    rejects = quarantined_by(task.run, task.contract, last.run_id)
    if _is_known(task, made, rejects):
        return None
    kept = validated(task, made)
    fresh = as_rejects(kept.quarantined, task.contract, task.run)
    rejects = pl.concat([of_run(rejects, task.run), fresh])
    build = _counted_byfile(task, last, kept, of_driver)
    if build.input_rows != build.driver_keys or build.input_rows - last.input_rows != came:
        return None
    build = replace(build, unknown=unknown_references(rejects))
    none = made.select(task.contract.primary_key).clear()
    return TableUpdate(kept.rows, rejects, build, none, f"{came} new rows", came)


def _is_known(task: BuildContext, made: pl.DataFrame, rejects: pl.DataFrame) -> bool:
    """Whether a key of these rows is in the table, or set aside from it; nulls are no keys."""
    key = list(task.contract.primary_key)
    keys = made.lazy().select(key).drop_nulls()
    aside = keys_of(rejects, task.contract, key).lazy()
    there = (delta.scan(task.path).select(key), aside)
    return any(count_of(rows.join(keys, on=key, how="semi").head(1)) for rows in there)


def _counted_byfile(task: BuildContext, last: Build, kept: Validated, of_driver: int) -> Build:
    counted = Build(
        task.run.run_id,
        task.made_from,
        rows=last.rows + kept.rows.height,
        quarantined=last.quarantined + kept.quarantined.height,
        superseded=last.superseded + kept.superseded,
        driver_keys=of_driver,
        rows_since=-1 if kept.rows.height else last.rows_since,
    )
    return replace(counted, keys=counted.input_rows)
