"""A silver table rebuilt for the keys that changed, or with the rows of new files appended.

Both first plan, reading keys only; then the table's function runs once. Both raise `NotIncremental`
with the reason why the whole table has to be rebuilt instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from carms_lake.errors import counted
from carms_lake.flows.build import quarantine
from carms_lake.flows.build.context import BuildContext, TableUpdate, count_of, validated
from carms_lake.flows.build.inputs import frame_of, function_input, transformed
from carms_lake.flows.build.plan import LARGE_PCT, NotIncremental
from carms_lake.names import SRC_FILENAME, SRC_ROW_HASH, TableRef
from carms_lake.quality.rejected import of_run
from carms_lake.quality.validate import Validated
from carms_lake.store import delta, table_path
from carms_lake.store.delta.manifest import Build, SourceChanges, rows_at

MOST_CHANGED = f"more than {LARGE_PCT:g} % of its driver changed"
NOT_BALANCED = "its function does not give one row for each row of its driver"


@dataclass(frozen=True)
class KeyPlan:
    """The keys to rebuild, and what the table and its quarantine have of them now."""

    keys: pl.DataFrame
    """Distinct, under this table's names."""
    rows: int
    """How many rows of the driver have one of the keys."""
    current: pl.DataFrame
    """The table's rows of these keys."""
    superseded: int
    """How many rows of the driver with these keys the last build superseded."""
    other_rejects: pl.DataFrame
    """The rejects of all other keys."""


def plan_keys(
    context: BuildContext, last: Build, changes: SourceChanges | None, changed: frozenset[TableRef]
) -> KeyPlan:
    """Find the keys that changed: of new and replaced rows of the driver, and of references.

    Raises:
        NotIncremental: so many keys changed that a full refresh takes less time, or rows of an
            earlier version are needed and gone.
        StoreError: what it reads is missing.
    """
    here = list(context.pairs.values())
    schema = delta.columns(context.path)
    parts = [pl.DataFrame(schema={name: schema[name] for name in here})]
    inserted = deleted = 0
    if changes is not None:
        new, old = (
            frame.select(pl.col(name).alias(mine) for name, mine in context.pairs.items()).collect()
            for frame in (changes.inserted, changes.deleted)
        )
        inserted, deleted = new.height, old.height
        parts += [new, old]
    rejects = quarantine.quarantined_by(context.run, context.contract, last.run_id)
    rejected_keys = quarantine.keys_of(rejects, context.contract, here)
    links = context.contract.relationships
    rules = [link.name for link in links if link.quarantine and link.target in changed]
    if rules:
        parts.append(rejected_keys.filter(quarantine.waits_for(rejects, rules)))
        parts += _orphaned(context, last, changed, rejects)
    keys = pl.concat(parts).unique()
    rows = count_of(_driver_rows(context, keys))
    if rows > count_of(_driver_rows(context)) * LARGE_PCT / 100:
        raise NotIncremental(MOST_CHANGED)
    places = rejected_keys.with_row_index("at").join(keys, on=here, how="semi", nulls_equal=True)
    is_released = pl.int_range(rejects.height, eager=True).is_in(places["at"].implode())
    current = (
        delta.scan(context.path)
        .join(keys.lazy(), on=here, how="semi", nulls_equal=True)
        .collect(engine="streaming")
    )
    superseded = rows - inserted + deleted - current.height - int(is_released.sum())
    return KeyPlan(keys, rows, current, superseded, rejects.filter(~is_released))


def rebuild_keys(context: BuildContext, last: Build, plan: KeyPlan) -> TableUpdate:
    """The rows of the planned keys, in the place of those that the table has of them.

    Raises:
        ContractError: the function does not deliver its contract.
        NotIncremental: the function gives other keys than it was given, or rows do not reconcile.
        StoreError: what it reads is missing.
    """
    contract, keys = context.contract, plan.keys
    given = function_input(context, _driver_rows(context, keys))
    frame = transformed(context, given)
    invented = frame.select(keys.columns).join(keys, on=keys.columns, how="anti", nulls_equal=True)
    if not invented.is_empty():
        raise NotIncremental("its function gives keys that it was not given")
    found = validated(context, frame)
    rejects = _with_new(context, plan.other_rejects, found)
    before, after = (rows.sort(contract.primary_key) for rows in (plan.current, found.rows))
    build = Build(
        context.run.run_id,
        context.made_from,
        rows=last.rows - plan.current.height + found.rows.height,
        quarantined=rejects.height,
        unknown=quarantine.unknown_references(rejects),
        has_driver_keys=True,
        rows_since=last.rows_since if before.equals(after) else -1,
    )
    if context.counts_keys:
        if last.superseded or found.superseded:
            raise NotIncremental("rows that repeat others are not counted by key")
        build = _with_counted_keys(context, plan, found, build)
    else:
        superseded = found.superseded + given.superseded
        returned = found.rows.height + found.quarantined.height + superseded
        superseded += last.superseded - plan.superseded
        build = replace(build, superseded=superseded, driver_keys=count_of(_driver_rows(context)))
        build = replace(build, keys=build.input_rows)
        if returned != plan.rows or build.keys != build.driver_keys:
            raise NotIncremental(NOT_BALANCED)
    note = counted(keys.height, "key")
    return TableUpdate(found.rows, rejects, build, keys, plan.current, note, plan.rows)


def append_new_files(
    context: BuildContext, last: Build, changes: SourceChanges | None, changed: frozenset[TableRef]
) -> TableUpdate:
    """The rows of new files, whose keys only the function knows, in addition to the table's.

    Raises:
        ContractError: the function does not deliver its contract.
        NotIncremental: a file was replaced, something other than the driver changed, most of the
            driver is new, a key is in the table already, or rows do not reconcile.
        StoreError: what it reads is missing.
    """
    contract = context.contract
    if changes is None or changed != {contract.silver.driver}:
        raise NotIncremental("its key is not in its driver, and another table changed")
    if count_of(changes.deleted):
        raise NotIncremental("its key is not in its driver, and a file was replaced")
    inserted, driver_rows = count_of(changes.inserted), count_of(_driver_rows(context))
    if inserted > driver_rows * LARGE_PCT / 100:
        raise NotIncremental(MOST_CHANGED)
    given = function_input(context, changes.inserted)
    frame = transformed(context, given)
    rejects = quarantine.quarantined_by(context.run, contract, last.run_id)
    key = list(contract.primary_key)
    quarantined = quarantine.keys_of(rejects, contract, key).lazy()
    known = pl.concat([delta.scan(context.path).select(key), quarantined])
    # Nulls match nothing: a row without a key repeats none.
    if count_of(known.join(frame.lazy(), on=key, how="semi").head(1)):
        raise NotIncremental("a new row has a key that an earlier file has too")
    if frame.select(pl.any_horizontal(pl.col(key).is_null()).any()).item():
        is_new = pl.col(SRC_FILENAME).is_in(sorted(changes.names))
        earlier = _driver_rows(context).filter(~is_new).select(SRC_ROW_HASH)
        if count_of(changes.inserted.join(earlier, on=SRC_ROW_HASH, how="semi").head(1)):
            raise NotIncremental("a new row without a key repeats one of an earlier file")
    found = validated(context, frame)
    rejects = _with_new(context, rejects, found)
    build = Build(
        context.run.run_id,
        context.made_from,
        rows=last.rows + found.rows.height,
        quarantined=last.quarantined + found.quarantined.height,
        superseded=last.superseded + found.superseded + given.superseded,
        driver_keys=driver_rows,
        unknown=quarantine.unknown_references(rejects),
        rows_since=-1 if found.rows.height else last.rows_since,
    )
    build = replace(build, keys=build.input_rows)
    if build.keys != driver_rows or build.input_rows - last.input_rows != inserted:
        raise NotIncremental(NOT_BALANCED)
    no_keys = frame.select(key).clear()
    note = counted(inserted, "new row")
    nothing = found.rows.clear()
    return TableUpdate(found.rows, rejects, build, no_keys, nothing, note, inserted)


def _driver_rows(context: BuildContext, keys: pl.DataFrame | None = None) -> pl.LazyFrame:
    """The rows of the driver: all, or those that have one of these keys."""
    if context.driver is None:
        raise AssertionError(f"`{context.contract.ref}` has no driver")
    rows = frame_of(context, context.driver.ref)
    if keys is None:
        return rows
    theirs = keys.rename({mine: name for name, mine in context.pairs.items()}).lazy()
    names = list(context.pairs)
    return rows.join(theirs, on=names, how="semi", nulls_equal=True, maintain_order="left")


def _orphaned(
    context: BuildContext, last: Build, changed: frozenset[TableRef], rejects: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    """Keys of rows of the table, or quarantined, that refer to what their target has lost since."""
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
        quarantined = quarantine.keys_of(rejects, context.contract, named)
        for rows in (delta.scan(context.path).select(named), quarantined.lazy()):
            orphans = rows.join(
                lost, left_on=list(relationship.columns), right_on=columns, how="semi"
            )
            yield orphans.select(keys).collect(engine="streaming")


def _with_new(context: BuildContext, rejects: pl.DataFrame, found: Validated) -> pl.DataFrame:
    """The rejects that stay and the new ones, all as this run's."""
    new = quarantine.as_rejects(found.quarantined, context.contract, context.run)
    return pl.concat([of_run(rejects, context.run.run_id, context.run.started_at), new])


def _with_counted_keys(
    context: BuildContext, plan: KeyPlan, found: Validated, build: Build
) -> Build:
    """The build with the distinct keys that the driver has, and the table with its quarantine."""
    here = list(context.pairs.values())
    others = (
        delta.scan(context.path)
        .select(here)
        .join(plan.keys.lazy(), on=here, how="anti", nulls_equal=True)
    )
    quarantined = quarantine.keys_of(plan.other_rejects, context.contract, here)
    new = [found.rows.select(here), found.quarantined.select(here), quarantined]
    held = count_of(pl.concat([others, *(frame.lazy() for frame in new)]).unique())
    driver_keys = count_of(_driver_rows(context).select(list(context.pairs)).unique())
    return replace(build, driver_keys=driver_keys, keys=held)
