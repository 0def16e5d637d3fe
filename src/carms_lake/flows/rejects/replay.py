"""`rejects replay`: rejected records are validated again, and those that pass land in bronze.

As in an ingest the rejects of the run are committed first, then one commit per table adds the rows
and the new counts of their files; a run that was killed in between has changed nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.config import LakeConfig
from carms_lake.errors import counted
from carms_lake.flows.rejects import tables_named
from carms_lake.flows.rejects.locate import LandedFiles
from carms_lake.flows.rejects.revalidate import (
    OPTIONAL_COLUMNS,
    Replayed,
    RevalidatedTable,
    revalidate,
)
from carms_lake.flows.run import running
from carms_lake.names import Layer
from carms_lake.notebook import Shown
from carms_lake.quality.constraints import value_constraints
from carms_lake.quality.split import landed_schema
from carms_lake.records import Progress, RunReport
from carms_lake.store import delta, rejects_path, table_path
from carms_lake.store.delta.inspection import ensure_undamaged
from carms_lake.store.delta.log import KEEPS_ROWS, MAINTAINED_BY, REPLAYED, commits, is_table
from carms_lake.store.delta.staged import Staged
from carms_lake.store.delta.write import widen
from carms_lake.store.rejects import live, repair, write_rejects


@dataclass(frozen=True)
class ReplayReport(Shown):
    """What a replay did, or would do."""

    run: RunReport
    files: tuple[Replayed, ...]


def replay(
    config: LakeConfig,
    tables: Sequence[str] = (),
    *,
    from_path: Path | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ReplayReport:
    """Validate the rejected records of bronze by the current contracts; those that pass land, once.

    Only these records are read. The rows of other records stay as they are; where one of them
    breaks the current contract, a note says so. `dry_run` writes nothing. `tables` may name tables
    of silver too, whose quarantined rows the next build validates.

    Raises:
        UsageError: the domain does not have the table.
        ContractError: a contract is invalid.
        StoreError: the lake cannot be read or written, or is being written.
        NotReconciled: a record was lost or duplicated; a bug.
    """
    catalog = load_catalog(config.domain)
    chosen = tables_named(catalog, tables)
    files = LandedFiles(config, from_path)
    done: list[Replayed] = []
    with running(config, "replay", keep=not dry_run) as run:
        if not dry_run:
            # What a killed run left behind must not be replayed.
            repair(config, tables_named(catalog, ()), run.run_id)
        paths = [table_path(config, ref) for ref in chosen if ref.layer is Layer.BRONZE]
        ensure_undamaged(filter(is_table, [*paths, rejects_path(config)]), contents=True)
        for ref in chosen:
            if ref.layer is not Layer.BRONZE:
                continue
            table = RevalidatedTable(run, catalog.contracts[ref])
            if not dry_run:
                _widen(table_path(config, ref), table)
            found = live(config, [ref])
            rejected = None if found is None else found.collect(engine="streaming")
            if rejected is None or rejected.is_empty():
                continue
            revalidate(table, rejected, files, progress)
            if not dry_run and table.entries:
                _commit(table_path(config, ref), table)
            done += table.done
            run.add(files=table.reports)
    return ReplayReport(run.report(), tuple(done))


def _widen(path: Path, table: RevalidatedTable) -> None:
    """Add the columns that a new repair, or the policy for new columns, needs to a table."""
    if not delta.exists(path):
        return
    stored = delta.columns(path)
    wanted = landed_schema(table.contract)
    missing = {name: kind for name, kind in wanted.items() if name not in stored}
    if missing and missing.keys() <= OPTIONAL_COLUMNS:
        widen(path, missing, {MAINTAINED_BY: table.run.run_id, KEEPS_ROWS: True})


def _commit(path: Path, table: RevalidatedTable) -> None:
    """Commit the rejects, then the rows with the new counts of their files."""
    run, contract = table.run, table.contract
    _note_nonconforming(table, path)
    write_rejects(run.config, table.rejected, run.run_id)
    landed = sum(frame.height for frame in table.accepted)
    metadata = {
        "run_id": run.run_id,
        "contract": contract.fingerprint,
        "contract_version": contract.version,
        "files": [entry.as_metadata() for entry in table.entries],
        REPLAYED: landed,
        KEEPS_ROWS: not landed,
    }
    with Staged(path, run.run_id, landed_schema(contract)) as staged:
        for rows in table.accepted:
            staged.add(rows)
        staged.commit(metadata, None)


def _note_nonconforming(table: RevalidatedTable, path: Path) -> None:
    """Note how many of the rows that had landed break the current contract."""
    contract = table.contract
    written_by = [c.metadata["contract"] for c in commits(path) if "contract" in c.metadata]
    if not written_by or written_by[-1] == contract.fingerprint:
        return
    passes = [
        rule.passes.fill_null(value=True)
        for rule in value_constraints(contract)
        if rule.kind != "required" or not contract.column(rule.column).may_be_absent
    ]
    if not passes:
        return
    broken = delta.scan(path).filter(~pl.all_horizontal(passes))
    count = broken.select(pl.len()).collect(engine="streaming").item()
    if count:
        rows = f"{counted(count, 'row')} of `{contract.ref.in_domain}`"
        note = (
            f"{rows} landed under an earlier contract and would now be rejected: "
            f"`carms ingest --full-refresh {contract.ref.table}` reads their files again"
        )
        table.run.add(notes=[note])
