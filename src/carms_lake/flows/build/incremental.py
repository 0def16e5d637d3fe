"""A silver table rebuilt for the keys that changed, or with the rows of new files appended.

Each way first plans, reading keys only; then the table's function runs once. Both raise
`NotIncremental` with the reason why the whole table has to be rebuilt instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.flows.build.context import (
    TableUpdate,
    collected,
    count_of,
    frame_of,
    frames_of,
    validated,
)
from carms_lake.flows.build.plan import LARGE_PCT, NotIncremental
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

    from carms_lake.contract.model import Contract
    from carms_lake.flows.build.context import BuildContext
    from carms_lake.names import TableRef
    from carms_lake.quality.validate import Validated
    from carms_lake.store.delta.manifest import SourceChanges


MOST_CHANGED = f"more than {LARGE_PCT:g} % of its driver changed"
NOT_BALANCED = "its function does not give one row for each row of its driver"


@dataclass(frozen=True)
class KeyPlan:
    """The keys to rebuild, and what the table and its quarantine have of them now."""

    keys: pl.DataFrame
    """Distinct, under this table's names."""
    rows: int
    """Of the driver: how many of its rows have one of the keys now, and had before."""
    rows_before: int
    current: pl.DataFrame
    """The table's rows of these keys."""
    other_rejects: pl.DataFrame
    """The rejects of all other keys."""
    released: int
    """How many rejects of these keys there were."""


def plan_keys(
    context: BuildContext, last: Build, changes: SourceChanges | None, changed: frozenset[TableRef]
) -> KeyPlan:
    """Find the keys that changed: of new and replaced rows of the driver, and of references.

    Raises:
        NotIncremental: so many keys changed that a full refresh takes less time, or rows of an
            earlier version are needed and gone.
        StoreError: what it reads is missing.
    """
    pairs = context.pairs
    here = list(pairs.values())
    parts = [pl.DataFrame(schema={name: delta.columns(context.path)[name] for name in here})]
    inserted = deleted = 0
    if changes is not None:
        new, old = (
            frame.select(pl.col(name).alias(mine) for name, mine in pairs.items()).collect()
            for frame in (changes.came, changes.went)
        )
        inserted, deleted = new.height, old.height
        parts += [new, old]
    rejects = quarantined_by(context.run, context.contract, last.run_id)
    rejected_keys = keys_of(rejects, context.contract, here)
    links = context.contract.relationships
    rules = [link.name for link in links if link.quarantine and link.target in changed]
    if rules:
        parts.append(rejected_keys.filter(waits_for(rejects, rules)))
        for orphans in _orphaned(context, last, changed, rejects):
            parts.append(orphans.select(here))
    keys = pl.concat(parts).unique()
    driver = _driver(context)
    rows = count_of(_driver_rows(context, keys).select(pairs.keys()))
    if rows > count_of(frame_of(context, driver.ref)) * LARGE_PCT / 100:
        raise NotIncremental(MOST_CHANGED)
    places = rejected_keys.with_row_index("at").join(keys, on=here, how="semi", nulls_equal=True)
    released = pl.int_range(rejects.height, eager=True).is_in(places["at"].implode())
    current = delta.scan(context.path).join(keys.lazy(), on=here, how="semi", nulls_equal=True)
    return KeyPlan(
        keys,
        rows,
        rows - inserted + deleted,
        current.collect(engine="streaming"),
        rejects.filter(~released),
        int(released.sum()),
    )


def rebuild_keys(context: BuildContext, last: Build, plan: KeyPlan) -> TableUpdate:
    """The rows of the planned keys, in the place of those that the table has of them.

    Raises:
        ContractError: the function does not deliver its contract.
        NotIncremental: the function gives other keys than it was given.
        StoreError: what it reads is missing.
    """
    contract, keys = context.contract, plan.keys
    frame = _of_driver_rows(context, _driver_rows(context, keys))
    names = keys.columns
    invented = frame.select(names).join(keys, on=names, how="anti", nulls_equal=True)
    if not invented.is_empty():
        raise NotIncremental("its function gives keys that it was not given")
    found = validated(context, frame)
    new_rejects = as_rejects(found.quarantined, contract, context.run)
    rejects = pl.concat([of_run(plan.other_rejects, context.run), new_rejects])
    build = replace(_counted(context, last, plan, found), unknown=unknown_references(rejects))
    if _same(plan.current, found.rows, contract.primary_key):
        build = replace(build, rows_since=last.rows_since)
    note = f"{keys.height} key{'s' * (keys.height != 1)}"
    return TableUpdate(found.rows, rejects, build, keys, note, plan.rows)


def plan_append(
    context: BuildContext, changes: SourceChanges | None, changed: frozenset[TableRef]
) -> SourceChanges:
    """Find the rows of new files, whose keys only the function knows.

    Raises:
        NotIncremental: a file was replaced, something other than the driver changed, or most of
            the driver is new.
        StoreError: what it reads is missing.
    """
    driver = _driver(context)
    if changes is None or changed != {driver.ref}:
        raise NotIncremental("its key is not in its driver, and another table changed")
    if count_of(changes.went):
        raise NotIncremental("its key is not in its driver, and a file was replaced")
    if count_of(changes.came) > count_of(frame_of(context, driver.ref)) * LARGE_PCT / 100:
        raise NotIncremental(MOST_CHANGED)
    return changes


def append_new_files(context: BuildContext, last: Build, plan: SourceChanges) -> TableUpdate:
    """The rows of new files, in addition to those of the table.

    Raises:
        ContractError: the function does not deliver its contract.
        NotIncremental: a new row has a key that the table has already, or rows do not balance.
        StoreError: what it reads is missing.
    """
    contract, inserted = context.contract, count_of(plan.came)
    frame = _of_driver_rows(context, plan.came)
    rejects = quarantined_by(context.run, contract, last.run_id)
    if _is_known(context, frame, rejects):
        raise NotIncremental("a new row has a key that an earlier file has too")
    found = validated(context, frame)
    new_rejects = as_rejects(found.quarantined, contract, context.run)
    rejects = pl.concat([of_run(rejects, context.run), new_rejects])
    build = Build(
        context.run.run_id,
        context.made_from,
        rows=last.rows + found.rows.height,
        quarantined=last.quarantined + found.quarantined.height,
        superseded=last.superseded + found.superseded,
        driver_keys=count_of(frame_of(context, _driver(context).ref)),
        unknown=unknown_references(rejects),
        rows_since=-1 if found.rows.height else last.rows_since,
    )
    build = replace(build, keys=build.input_rows)
    if build.input_rows != build.driver_keys or build.input_rows - last.input_rows != inserted:
        raise NotIncremental(NOT_BALANCED)
    none = frame.select(contract.primary_key).clear()
    note = f"{inserted} new row{'s' * (inserted != 1)}"
    return TableUpdate(found.rows, rejects, build, none, note, inserted)


def _driver(context: BuildContext) -> Contract:
    if context.driver is None:
        raise AssertionError(f"`{context.contract.ref}` has no driver")
    return context.driver


def _driver_rows(context: BuildContext, keys: pl.DataFrame) -> pl.LazyFrame:
    """The rows of the driver that have one of these keys."""
    theirs = keys.rename({mine: name for name, mine in context.pairs.items()})
    return frame_of(context, _driver(context).ref).join(
        theirs.lazy(), on=theirs.columns, how="semi", nulls_equal=True, maintain_order="left"
    )


def _of_driver_rows(context: BuildContext, rows: pl.LazyFrame) -> pl.DataFrame:
    """What the function makes of some rows of its driver, and all of its other tables."""
    frames = frames_of(context)
    for parameter, ref in context.step.reads.items():
        if ref == _driver(context).ref:
            frames[parameter] = rows
    return collected(context.step, frames)


def _orphaned(
    context: BuildContext, last: Build, changed: frozenset[TableRef], rejects: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    """Rows of the table, or quarantined, that refer to what their target has lost since.

    Raises:
        NotIncremental: the rows that the target had then are gone.
    """
    keys = list(context.pairs.values())
    for relationship in context.contract.relationships:
        target = relationship.target
        if not relationship.quarantine or target not in changed:
            continue
        path, columns = table_path(context.run.config, target), list(relationship.target_columns)
        before = rows_at(path, last.made_from["inputs"][str(target)])
        if before is None:
            raise NotIncremental(f"the earlier rows of `{target.in_domain}` were vacuumed")
        now = delta.scan(path).select(columns)
        lost = before.select(columns).join(now, on=columns, how="anti").unique()
        named = list(dict.fromkeys([*keys, *relationship.columns]))
        quarantined = keys_of(rejects, context.contract, named)
        for rows in (delta.scan(context.path).select(named), quarantined.lazy()):
            yield rows.join(
                lost, left_on=list(relationship.columns), right_on=columns, how="semi"
            ).collect(engine="streaming")


def _counted(context: BuildContext, last: Build, plan: KeyPlan, found: Validated) -> Build:
    """The table after the change, in numbers.

    Raises:
        NotIncremental: its rows do not balance.
    """
    build = Build(
        context.run.run_id,
        context.made_from,
        rows=last.rows - plan.current.height + found.rows.height,
        quarantined=plan.other_rejects.height + found.quarantined.height,
        has_driver_keys=True,
    )
    driver = frame_of(context, _driver(context).ref)
    if context.counts_keys:
        pairs = context.pairs
        here = list(pairs.values())
        left = delta.scan(context.path).select(here)
        left = left.join(plan.keys.lazy(), on=here, how="anti", nulls_equal=True)
        quarantined = keys_of(plan.other_rejects, context.contract, here)
        new = [found.rows.select(here), found.quarantined.select(here), quarantined]
        held = count_of(pl.concat([left, *(frame.lazy() for frame in new)]).unique())
        return replace(build, driver_keys=count_of(driver.select(pairs.keys()).unique()), keys=held)
    superseded_before = plan.rows_before - plan.current.height - plan.released
    superseded = last.superseded - superseded_before + found.superseded
    build = replace(build, superseded=superseded, driver_keys=count_of(driver))
    build = replace(build, keys=build.input_rows)
    given = found.rows.height + found.quarantined.height + found.superseded
    if given != plan.rows or build.keys != build.driver_keys:
        raise NotIncremental(NOT_BALANCED)
    return build


def _same(current: pl.DataFrame, rows: pl.DataFrame, key: tuple[str, ...]) -> bool:
    return current.height == rows.height and current.sort(key).equals(rows.sort(key))


def _is_known(context: BuildContext, frame: pl.DataFrame, rejects: pl.DataFrame) -> bool:
    """Whether a key of these rows is in the table, or quarantined; nulls are not keys."""
    key = list(context.contract.primary_key)
    keys = frame.lazy().select(key).drop_nulls()
    known = (delta.scan(context.path).select(key), keys_of(rejects, context.contract, key).lazy())
    return any(count_of(rows.join(keys, on=key, how="semi").head(1)) for rows in known)
