"""Bronze -> silver: each table by its function; what its contract refuses is quarantined."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carms_lake import __version__
from carms_lake.flows.build.context import BuildContext, inputs, looked_up, rows_version
from carms_lake.flows.build.full_refresh import make_whole, report_of, same_rows
from carms_lake.flows.build.incremental import add_files, make_keys
from carms_lake.flows.build.plan import Changes, RebuildScope, decide, why_not_incremental
from carms_lake.flows.build.quarantine import keys_of, quarantined_by
from carms_lake.records import TableReport
from carms_lake.store import ops
from carms_lake.store.delta import table as delta
from carms_lake.store.delta.log import committed_at
from carms_lake.store.delta.manifest import last_build, source_changes
from carms_lake.store.delta.staged import FILE_ROWS, Staged
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

    Where only some keys changed, only they are made again.

    Raises:
        ContractError: the function does not deliver its contract.
        NotReconciled: keys were lost or made.
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
    task = BuildContext(run, step, contracts, made_from, last)
    changes, of_driver = _changes(task)
    decision = decide(changes)
    if last is not None and decision.way is RebuildScope.NOTHING:
        return TableReport(step.contract.ref, "unchanged", rows=last.rows, rows_read=0)
    made = None
    if last is not None and decision.way is RebuildScope.KEYS:
        make_some = make_keys if task.pairs else add_files
        made = make_some(task, last, of_driver, changes.inputs)
    if made is None:
        made = make_whole(task)
        if same_rows(task, made.rows) and last is not None:
            made = replace(made, build=replace(made.build, rows_since=last.rows_since))
    back = _came_back(task, made)
    write_rejects(run.config, [made.rejects], run.run_id)
    version = _commit(task, made)
    if back:
        run.add(
            notes=[
                f"`{step.contract.ref.in_domain}`: {back} set-aside row{'s' * (back > 1)} came back"
            ]
        )
    seconds = round(time.perf_counter() - started, 3)
    report = replace(
        report_of(task, made.build),
        rows_read=made.rows_read,
        seconds=seconds,
        message=made.note,
    )
    row = ops.version_row(run.run_id, report, version, step.contract.version)
    coverage = _coverage(run.run_id, step.contract, made.rows)
    run.add(rows={"table_versions": [row], "field_coverage": coverage})
    return report


def _came_back(task: BuildContext, made: TableUpdate) -> int:
    """How many keys the last build set aside, and this one keeps."""
    contract, last = task.contract, task.last
    if last is None or not last.quarantined or not contract.primary_key:
        return 0
    key = list(contract.primary_key)
    waited = keys_of(quarantined_by(task.run, contract, last.run_id), contract, key).unique()
    return waited.join(made.rows.select(key), on=key, how="semi").height


def _changes(task: BuildContext) -> tuple[Changes, SourceChanges | None]:
    """What changed since the last build, and of the driver which rows."""
    last, spec = task.last, task.contract.silver
    if last is None:
        return Changes(is_built=False), None
    then, now = last.made_from, task.made_from
    changed = frozenset(
        ref
        for ref in inputs(task.step)
        if then.get("inputs", {}).get(str(ref)) != now["inputs"][str(ref)]
    )
    changed_code = [key for key in ("code", "tool", "contract") if then.get(key) != now[key]]
    changed_code += [f"`{ref.in_domain}`" for ref in inputs(task.step) if _is_anew(task, last, ref)]
    why_not = why_not_incremental(task.step, task.contracts, last)
    of_driver = None
    if spec.driver in changed and not changed_code and not why_not:
        path = table_path(task.run.config, spec.driver)
        of_driver = source_changes(path, then["inputs"][str(spec.driver)])
    changes = Changes(
        is_built=True,
        changed_code=tuple(changed_code),
        inputs=changed,
        driver=spec.driver,
        looked_up=frozenset(looked_up(task.step) - set(task.step.reads.values())),
        why_not_incremental=why_not,
        has_change_log=of_driver is not None or spec.driver not in changed,
    )
    return changes, of_driver


def _is_anew(task: BuildContext, last: Build, ref: TableRef) -> bool:
    """Whether an input was deleted and made anew since: its versions say nothing then."""
    born = committed_at(table_path(task.run.config, ref), 0)
    made = committed_at(task.path, last.version)
    return born is not None and made is not None and born > made


def _commit(task: BuildContext, made: TableUpdate) -> int:
    """Put the rows into the table in one commit, which says how they were made; the version."""
    metadata = made.build.as_metadata()
    if made.build.rows_since >= 0:  # the rows are there already
        nothing = delta.FileChange([])
        return delta.commit_files(task.path, made.rows.schema, nothing, metadata)
    with Staged(task.path, task.run.run_id, made.rows.schema) as staged:
        for part in made.rows.iter_slices(FILE_ROWS):
            staged.add(part)
        return staged.commit(metadata, made.replaced, whole=made.replaced is None)


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
