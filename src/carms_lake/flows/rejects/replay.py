"""`rejects replay`: records that were set aside are judged again, those that pass land in bronze.

As in an ingest the rejects of the run are committed first, then one commit per table adds the rows
and says the new counts of their files; a run that was killed in between has changed nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.flows.rejects.revalidate import ADDED, Rejudged, files_of, judge
from carms_lake.flows.run import running
from carms_lake.names import Layer
from carms_lake.notebook import Shown
from carms_lake.quality.constraints import value_constraints
from carms_lake.quality.split import landed_schema
from carms_lake.readers.discover import listing
from carms_lake.store.delta import table as delta
from carms_lake.store.delta.log import KEEPS_ROWS, MAINTAINED_BY, REPLAYED
from carms_lake.store.delta.staged import Staged
from carms_lake.store.layout import table_path
from carms_lake.store.rejects import live, repair, write_rejects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.flows.rejects.revalidate import Replayed
    from carms_lake.flows.run import Run
    from carms_lake.records import RunReport

    Progress = Callable[[str, int, int | None], None]


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
    """Judge the set-aside records of bronze by today's contracts; those that pass land, once.

    Only these records are read. The rows of other records stay as they are; where one of them
    breaks the contract of today, a note says so. `dry_run` writes nothing. `tables` may name tables
    of silver too, whose quarantine the next build looks at.

    Raises:
        UsageError: a table that the domain does not have.
        ContractError: a contract is wrong.
        StoreError: the lake cannot be read or written, or is being written.
        NotReconciled: a record was lost or made; a bug.
    """
    catalog = load_catalog(config.domain)
    contracts, refs = catalog.contracts, catalog.refs(Layer.BRONZE, Layer.SILVER)
    chosen = {ref for name in tables for ref in catalog.named(name, Layer.BRONZE, Layer.SILVER)}
    base = from_path or config.data_raw
    there = listing(base) if base.exists() else None
    done: list[Replayed] = []
    with running(config, "replay", keep=not dry_run) as run:
        if not dry_run:
            repair(config, refs, run.run_id)
        for ref in refs:
            if ref.layer is Layer.BRONZE and (not tables or ref in chosen):
                if not dry_run:
                    _widen(run, contracts[ref])
                found = live(config, [ref])
                aside = None if found is None else found.collect(engine="streaming")
                if aside is not None and not aside.is_empty():
                    table = Rejudged(run, contracts[ref])
                    judge(table, files_of(table, aside, there, progress))
                    if not dry_run and table.entries:
                        _commit(table)
                    done += table.done
                    run.add(files=table.reports)
    return ReplayReport(run.report(), tuple(done))


def _widen(run: Run, contract: Contract) -> None:
    """Give a table the column that a new repair, or what it takes of new columns, stands in."""
    path = table_path(run.config, contract.ref)
    if not delta.exists(path):
        return
    there, here = delta.columns(path), landed_schema(contract)
    missing = {name: kind for name, kind in here.items() if name not in there}
    if missing and missing.keys() <= set(ADDED):
        delta.widen(path, missing, {MAINTAINED_BY: run.run_id, KEEPS_ROWS: True})


def _commit(table: Rejudged) -> None:
    """Commit the rejects, then the rows with the new counts of their files."""
    run, contract = table.run, table.contract
    path, schema = table_path(run.config, contract.ref), landed_schema(contract)
    _see_the_others(table, path)
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
    with Staged(path, run.run_id, schema) as staged:
        for rows in table.accepted:
            staged.add(rows)
        staged.commit(metadata, None)


def _see_the_others(table: Rejudged, path: Path) -> None:
    """Note how many of the rows that had landed break today's contract."""
    contract = table.contract
    made = [c.metadata["contract"] for c in delta.log(path) if "contract" in c.metadata]
    if not made or made[-1] == contract.fingerprint:
        return
    rules = [
        rule.passes
        for rule in value_constraints(contract)
        if rule.kind != "required" or not contract.column(rule.column).may_be_absent
    ]
    if not rules:
        return
    broken = ~pl.all_horizontal(passes.fill_null(value=True) for passes in rules)
    count = delta.scan(path).filter(broken).select(pl.len()).collect(engine="streaming").item()
    if count:
        note = (
            f"{count} rows of `{contract.ref.in_domain}` that had landed break today's contract: "
            f"`carms ingest --full-refresh {contract.ref.table}` reads their files again"
        )
        table.run.add(notes=[note])
