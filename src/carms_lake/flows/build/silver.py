"""Bronze -> silver: each table by its function; what its contract refuses is quarantined."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from carms_lake import __version__
from carms_lake.catalog import SilverStep
from carms_lake.contract.model import Contract
from carms_lake.errors import NotReconciled, counted
from carms_lake.flows.build import quarantine
from carms_lake.flows.build.context import (
    BuildContext,
    TableUpdate,
    count_of,
    rows_version,
    validated,
)
from carms_lake.flows.build.incremental import append_new_files, plan_keys, rebuild_keys
from carms_lake.flows.build.inputs import FunctionInput, frame_of, function_input, transformed
from carms_lake.flows.build.plan import (
    Changes,
    NotIncremental,
    RebuildScope,
    changes_since,
    decide,
    why_not_incremental,
)
from carms_lake.flows.run import Run, SilverChange
from carms_lake.flows.series import series_of
from carms_lake.names import TableRef
from carms_lake.quality.scorecard import field_coverage
from carms_lake.quality.validate import Validated
from carms_lake.records import TableReport
from carms_lake.store import ops, table_path
from carms_lake.store.delta.inspection import ensure_undamaged
from carms_lake.store.delta.log import is_table, mark_at
from carms_lake.store.delta.manifest import Build, SourceChanges, last_build, rows_at
from carms_lake.store.delta.staged import FILE_ROWS, Staged
from carms_lake.store.delta.write import FileChange, commit_files
from carms_lake.store.rejects import write_rejects


def transform(
    run: Run,
    contracts: Mapping[TableRef, Contract],
    code: str,
    step: SilverStep,
    *,
    full_refresh: bool,
) -> TableReport:
    """Build one silver table, unless what it is built from has not changed since the last build.

    Where only some keys changed, only they are rebuilt.

    Raises:
        ContractError: the function does not deliver its contract.
        NotReconciled: keys were lost or invented.
        StoreError: bronze is missing, or the lake cannot be written.
    """
    started = time.perf_counter()
    contract = step.contract
    inputs = {ref: rows_version(run.config, ref) for ref in sorted(step.needs)}
    made_from: dict[str, Any] = {
        "code": code,
        "tool": __version__,
        "contract": contract.fingerprint,
        "contract_version": contract.version,
        "inputs": {str(ref): version for ref, version in inputs.items()},
        "commits": {
            str(ref): mark_at(table_path(run.config, ref), version)
            for ref, version in inputs.items()
        },
    }
    if series := series_of(contracts, sorted(step.needs)):
        made_from["series"] = series
    last = None if full_refresh else last_build(table_path(run.config, contract.ref))
    context = BuildContext(run, step, contracts, made_from, last)
    changes, of_driver = changes_since(last, made_from, run.config, step, contracts)
    scope, why = decide(changes)
    if last and scope is RebuildScope.NOTHING:
        return TableReport(contract.ref, "unchanged", rows=last.rows, rows_read=0)
    update = _update(context, changes, of_driver, why)
    write_rejects(run.config, [update.rejects], run.run_id)
    version = _commit(context, update)
    if last and update.removed is not None and update.rows.height <= FILE_ROWS:
        change = SilverChange(last.rows_since, update.removed, update.rows)
        run.silver_changes[contract.ref] = change
    if released := quarantine.released(context, update.rows):
        note = f"`{contract.ref.in_domain}`: {counted(released, 'row')} released from quarantine"
        run.add(notes=[note])
    report = replace(
        report_of(context, update.build),
        rows_read=update.rows_read,
        seconds=round(time.perf_counter() - started, 3),
        message=update.note,
    )
    row = ops.version_row(run.run_id, report, version, contract.version)
    coverage = field_coverage(run.run_id, contract, update.rows)
    run.add(rows={"table_versions": [row], "field_coverage": coverage})
    return report


def _update(
    context: BuildContext, changes: Changes, of_driver: SourceChanges | None, why: str
) -> TableUpdate:
    """What the table becomes: some keys rebuilt, or all rows where there is a reason `why`."""
    last = context.last
    if last and not why:
        try:
            if context.pairs:
                plan = plan_keys(context, last, of_driver, changes.inputs)
                return rebuild_keys(context, last, plan)
            return append_new_files(context, last, of_driver, changes.inputs)
        except NotIncremental as reason:
            why = str(reason)
    _verify_inputs(context)
    update = rebuild_all(context)
    if last:
        since = last.rows_since if _has_rows(context, last, update.rows) else -1
        build = replace(update.build, rows_since=since)
        update = replace(update, build=build, note=f"all rows: {why}")
    return update


def _verify_inputs(context: BuildContext) -> None:
    """Refuse to make all rows of a table from files that are not as they were written.

    Raises:
        StoreError: a file of a table that it reads is damaged.
    """
    run = context.run
    read = {table_path(run.config, ref) for ref in context.step.needs} - run.verified
    ensure_undamaged(filter(is_table, sorted(read)), contents=True)
    run.verified |= read


def rebuild_all(context: BuildContext) -> TableUpdate:
    """All rows of the table, validated and counted against the rows or keys of its driver.

    Raises:
        ContractError: the function does not deliver its contract.
        NotReconciled: keys were lost or invented.
        StoreError: what it reads is missing.
    """
    contract, driver = context.contract, context.driver
    given = function_input(context)
    frame = transformed(context, given)
    has_driver_keys = not why_not_incremental(context.step, context.contracts, None) and _same_keys(
        context, given, frame
    )
    found = validated(context, frame)
    del frame  # ten million rows need not be in memory twice
    rejects = quarantine.as_rejects(found.quarantined, contract, context.run)
    build = Build(
        context.run.run_id,
        context.made_from,
        rows=found.rows.height,
        quarantined=found.quarantined.height,
        superseded=found.superseded + given.superseded,
        unknown=quarantine.unknown_references(rejects),
        has_driver_keys=has_driver_keys,
    )
    if driver:
        build = _reconciled(context, driver, found, build)
    if driver and not context.counts_keys:
        rows_read = build.driver_keys
    else:
        read = {driver.ref} if driver else set(context.step.reads.values())
        rows_read = sum(count_of(frame_of(context, ref)) for ref in read)
    return TableUpdate(found.rows, rejects, build, rows_read=rows_read)


def _reconciled(context: BuildContext, driver: Contract, found: Validated, build: Build) -> Build:
    """Count what became of the driver: its rows, or where one gives several its keys.

    Raises:
        NotReconciled: a row of the driver is neither in the table nor quarantined nor superseded.
    """
    contract = context.contract
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
        wanted, held = count_of(rows), build.input_rows
        balanced = held == wanted
    build = replace(build, driver_keys=wanted, keys=held)
    if not balanced:
        context.run.add(tables=[replace(report_of(context, build), balanced=False)])
        raise NotReconciled(
            f"`{contract.ref}`: {wanted} in `{driver.ref}`, but {held} in the table, "
            "its quarantine and what was superseded",
            "the function of the table loses or invents rows; its contract says how they balance",
        )
    return build


def _same_keys(context: BuildContext, given: FunctionInput, frame: pl.DataFrame) -> bool:
    """Whether the function gave the keys of its driver, each as often as the driver has it.

    Compares sums over hashes of the keys, which take no memory.
    """
    if context.counts_keys:
        return True  # the reconciliation itself compares each key
    pairs, driver = context.pairs, context.driver
    if driver is None or not pairs or not set(pairs.values()) <= set(frame.columns):
        return False
    there = given.frames[driver.ref].select(pairs.keys())
    here = frame.lazy().select(pl.col(mine).alias(name) for name, mine in pairs.items())
    half = 1 << 32
    hashed = pl.col("hash")
    sums = [
        keys.select(pl.struct(pl.all()).hash().alias("hash"))
        .select(
            pl.len().alias("rows"),
            (hashed % half).sum().alias("low"),
            (hashed // half).sum().alias("high"),
        )
        .collect(engine="streaming")
        for keys in (there, here)
    ]
    return sums[0].equals(sums[1])


def _has_rows(context: BuildContext, last: Build, rows: pl.DataFrame) -> bool:
    """Whether the table has these very rows already; large tables in this order only."""
    before = rows_at(context.path, last.version) if last.rows == rows.height else None
    if before is None or dict(before.collect_schema()) != dict(rows.schema):
        return False
    key = context.contract.primary_key
    if key and rows.height <= FILE_ROWS:
        return before.collect().sort(key).equals(rows.sort(key))
    return all(before.select(c).collect().to_series().equals(rows[c]) for c in rows.columns)


def _commit(context: BuildContext, update: TableUpdate) -> int:
    """Commit the rows with a record of how they were made, and return the version."""
    metadata = update.build.as_metadata()
    if update.build.rows_since >= 0:  # the table has these rows already
        nothing = FileChange([])
        return commit_files(context.path, update.rows.schema, nothing, metadata)
    with Staged(context.path, context.run.run_id, update.rows.schema) as staged:
        for part in update.rows.iter_slices(FILE_ROWS):
            staged.add(part)
        return staged.commit(metadata, update.replaced, whole=update.replaced is None)


def report_of(context: BuildContext, build: Build) -> TableReport:
    """What a run reports of a table that it built."""
    return TableReport(
        context.contract.ref,
        "built",
        rows=build.rows,
        driver_keys=build.driver_keys,
        keys=build.keys,
        quarantined=build.quarantined,
        superseded=build.superseded,
    )
