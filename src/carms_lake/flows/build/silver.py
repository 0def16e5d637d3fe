"""Bronze -> silver: each table by its function; what its contract refuses is quarantined."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carms_lake import __version__
from carms_lake.flows.build.context import BuildContext, inputs, looked_up, rows_version
from carms_lake.flows.build.full_refresh import rebuild_all, report_of, same_rows
from carms_lake.flows.build.incremental import (
    append_new_files,
    plan_append,
    plan_keys,
    rebuild_keys,
)
from carms_lake.flows.build.plan import (
    Changes,
    NotIncremental,
    RebuildScope,
    decide,
    why_not_incremental,
)
from carms_lake.flows.build.quarantine import keys_of, quarantined_by
from carms_lake.records import TableReport
from carms_lake.store import ops
from carms_lake.store.delta.log import committed_at
from carms_lake.store.delta.manifest import last_build, source_changes
from carms_lake.store.delta.staged import FILE_ROWS, Staged
from carms_lake.store.delta.write import FileChange, commit_files
from carms_lake.store.layout import table_path
from carms_lake.store.rejects import write_rejects

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from carms_lake.catalog import SilverStep
    from carms_lake.contract.model import Contract
    from carms_lake.flows.build.context import TableUpdate
    from carms_lake.flows.run import Run
    from carms_lake.names import TableRef
    from carms_lake.store.delta.manifest import Build, SourceChanges


def transform(
    run: Run,
    step: SilverStep,
    *,
    contracts: Mapping[TableRef, Contract],
    code: str,
    full_refresh: bool,
) -> TableReport:
    """Build one silver table, unless what it is made from has not changed since it was built.

    Where only some keys changed, only they are rebuilt.

    Raises:
        ContractError: the function does not deliver its contract.
        NotReconciled: keys were lost or invented.
        StoreError: bronze is not there yet, or the lake cannot be written.
    """
    started = time.perf_counter()
    made_from = {
        "code": code,
        "tool": __version__,
        "contract": step.contract.fingerprint,
        "contract_version": step.contract.version,
        "inputs": {str(ref): rows_version(run, ref) for ref in inputs(step)},
    }
    last = None if full_refresh else last_build(table_path(run.config, step.contract.ref))
    context = BuildContext(run, step, contracts, made_from, last)
    changes, of_driver = _changes(context)
    decision = decide(changes)
    if last is not None and decision.scope is RebuildScope.NOTHING:
        return TableReport(step.contract.ref, "unchanged", rows=last.rows, rows_read=0)
    update, why = None, decision.why
    if last is not None and decision.scope is RebuildScope.KEYS:
        try:
            update = _rebuild_some(context, last, of_driver, changes.inputs)
        except NotIncremental as reason:
            why = str(reason)
    if update is None:
        update = rebuild_all(context)
        if last is not None:
            update = replace(update, note=f"all rows: {why}")
            if same_rows(context, update.rows):
                build = replace(update.build, rows_since=last.rows_since)
                update = replace(update, build=build)
    released = _released(context, update)
    write_rejects(run.config, [update.rejects], run.run_id)
    version = _commit(context, update)
    if released:
        rows = f"{released} row{'s' * (released > 1)}"
        note = f"`{step.contract.ref.in_domain}`: {rows} released from quarantine"
        run.add(notes=[note])
    seconds = round(time.perf_counter() - started, 3)
    report = replace(
        report_of(context, update.build),
        rows_read=update.rows_read,
        seconds=seconds,
        message=update.note,
    )
    row = ops.version_row(run.run_id, report, version, step.contract.version)
    coverage = _coverage(run.run_id, step.contract, update.rows)
    run.add(rows={"table_versions": [row], "field_coverage": coverage})
    return report


def _rebuild_some(
    context: BuildContext, last: Build, changes: SourceChanges | None, changed: frozenset[TableRef]
) -> TableUpdate:
    """Rebuild the keys that changed or, where only the function knows the key, append new files."""
    if context.pairs:
        return rebuild_keys(context, last, plan_keys(context, last, changes, changed))
    return append_new_files(context, last, plan_append(context, changes, changed))


def _released(context: BuildContext, update: TableUpdate) -> int:
    """How many keys the last build quarantined, and this one keeps."""
    contract, last = context.contract, context.last
    if last is None or not last.quarantined or not contract.primary_key:
        return 0
    key = list(contract.primary_key)
    waited = keys_of(quarantined_by(context.run, contract, last.run_id), contract, key).unique()
    return waited.join(update.rows.select(key), on=key, how="semi").height


def _changes(context: BuildContext) -> tuple[Changes, SourceChanges | None]:
    """What changed since the last build, and of the driver which rows."""
    last, spec = context.last, context.contract.silver
    if last is None:
        return Changes(is_built=False), None
    then, now = last.made_from, context.made_from
    changed = frozenset(
        ref
        for ref in inputs(context.step)
        if then.get("inputs", {}).get(str(ref)) != now["inputs"][str(ref)]
    )
    changed_code = [key for key in ("code", "tool", "contract") if then.get(key) != now[key]]
    changed_code += [
        f"`{ref.in_domain}`" for ref in inputs(context.step) if _was_recreated(context, last, ref)
    ]
    why_not = why_not_incremental(context.step, context.contracts, last)
    of_driver = None
    if spec.driver in changed and not changed_code and not why_not:
        path = table_path(context.run.config, spec.driver)
        of_driver = source_changes(path, then["inputs"][str(spec.driver)])
    changes = Changes(
        is_built=True,
        changed_code=tuple(changed_code),
        inputs=changed,
        driver=spec.driver,
        looked_up=frozenset(looked_up(context.step) - set(context.step.reads.values())),
        why_not_incremental=why_not,
        has_change_log=of_driver is not None or spec.driver not in changed,
    )
    return changes, of_driver


def _was_recreated(context: BuildContext, last: Build, ref: TableRef) -> bool:
    """Whether an input was deleted and recreated since: its versions say nothing then."""
    created = committed_at(table_path(context.run.config, ref), 0)
    built = committed_at(context.path, last.version)
    return created is not None and built is not None and created > built


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


def _coverage(run_id: str, contract: Contract, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """How many rows have each extracted field, in all and by the groups that the contract names."""
    fields = [column.name for column in contract.columns if column.coverage]
    groups: list[tuple[str, pl.DataFrame]] = [("all", rows)]
    for column in contract.coverage_by:
        parts = sorted(rows.group_by(column), key=lambda group: str(group[0]))
        groups += [(str(name[0]), part) for name, part in parts]
    return [
        {
            "run_id": run_id,
            "layer": str(contract.ref.layer),
            "table_name": contract.ref.table,
            "column_name": field,
            "group_name": name,
            "filled": part.height - part[field].null_count(),
            "total": part.height,
            "coverage_pct": round(100 * (1 - part[field].null_count() / part.height), 2)
            if part.height
            else 0.0,
        }
        for field in fields
        for name, part in groups
    ]
