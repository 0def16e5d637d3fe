"""Bronze -> silver -> gold: write, audit, publish.

A table is built again only where its inputs, its code or its contract changed. Gold is made in a
new file and checked there; a failing check leaves the published file as it was.
"""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING

import polars as pl

from carms_lake import __version__
from carms_lake.contract.load import load_contracts
from carms_lake.contract.model import Severity
from carms_lake.errors import DataError
from carms_lake.flows.lineage import (
    GoldStep,
    SilverStep,
    code_fingerprint,
    gold_fingerprint,
    gold_steps,
    silver_steps,
)
from carms_lake.flows.runs import Run, running, selected
from carms_lake.flows.transform import transform
from carms_lake.names import Layer, TableRef
from carms_lake.records import RunReport, TableReport
from carms_lake.store import delta, ops
from carms_lake.store.audit import audit
from carms_lake.store.layout import ops_path, table_path
from carms_lake.store.rejects import live, repair
from carms_lake.store.warehouse import Warehouse, building, publish, published

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract

    Progress = Callable[[str, int, int | None], None]


def build(
    config: LakeConfig,
    select: Sequence[str] = (),
    *,
    full_refresh: bool = False,
    progress: Progress | None = None,
) -> RunReport:
    """Build silver and gold from bronze, check them, and publish the gold file.

    `select` names tables (`program`, `silver.program`): they and what they need are built.

    Raises:
        UsageError: a table that the domain does not have.
        ContractError: code or SELECTs do not deliver their contracts, or bronze is not there yet.
        NotBalanced: keys were lost or made.
        DataError: a check of severity error failed; the published file is left as it was.
        StoreError: the lake or the gold file cannot be written.
    """
    contracts = load_contracts(list(config.domain.schemas), config.domain.name)
    with running(config, "build") as run:
        repair(config, [ref for ref in contracts if ref.layer is not Layer.GOLD], run.run_id)
        silver = silver_steps(config.domain, contracts)
        gold = gold_steps(config.domain, contracts)
        needed = _needed(select, silver, gold)
        steps = [step for step in silver if step.contract.ref in needed]
        code = code_fingerprint(config.domain)
        for number, step in enumerate(steps):
            if progress:
                progress(step.contract.ref.in_domain, number, len(steps) + 1)
            run.tables.append(transform(run, step, contracts, code, full_refresh=full_refresh))
        if progress:
            progress(config.gold_file.name, len(steps), len(steps) + 1)
        if any(step.contract.ref in needed for step in gold):
            _gold(run, contracts, gold, needed, full_refresh=full_refresh)
    return run.report()


def _needed(
    select: Sequence[str], silver: Sequence[SilverStep], gold: Sequence[GoldStep]
) -> set[TableRef]:
    """The selected tables and all that they are made from; everything where none is selected.

    Raises:
        UsageError: a name that is no table of silver or gold.
    """
    reads: dict[TableRef, set[TableRef]] = {}
    for step in silver:
        looked_up = {r.target for r in step.contract.relationships if r.quarantine}
        reads[step.contract.ref] = {*step.reads.values(), *looked_up}
    for gold_step in gold:
        enforced = {r.target for r in gold_step.contract.relationships if r.enforced}
        reads[gold_step.contract.ref] = {*gold_step.reads, *enforced}
    if not select:
        return set(reads)
    by_name = {ref.table: ref for ref in reads} | {ref.in_domain: ref for ref in reads}
    waiting = [by_name[name] for name in selected(list(by_name), tuple(select), "table")]
    needed: set[TableRef] = set()
    while waiting:
        ref = waiting.pop()
        if ref not in needed:
            needed.add(ref)
            waiting += reads.get(ref, ())
    return needed


def _gold(
    run: Run,
    contracts: Mapping[TableRef, Contract],
    steps: Sequence[GoldStep],
    needed: set[TableRef],
    *,
    full_refresh: bool,
) -> None:
    """Make the gold file anew, check it and publish it, unless nothing it is made from changed.

    Raises:
        ContractError: a SELECT does not deliver its contract.
        DataError: a check of severity error failed.
        StoreError: the file cannot be written.
    """
    config = run.config
    silver = {
        ref: delta.version(table_path(config, ref))
        for ref in contracts
        if ref.layer is Layer.SILVER
    }
    fingerprint = _fingerprint(config, contracts, silver)
    there = published(config.gold_file)
    if not full_refresh and there and there.fingerprint == fingerprint:
        run.tables += [
            TableReport(
                step.contract.ref, "unchanged", rows=there.rows.get(step.contract.ref.table)
            )
            for step in steps
        ]
        run.notes.append(f"nothing changed: `{config.gold_file}` stays as it is")
        return
    with building(config) as warehouse:
        for ref, version in silver.items():
            if version >= 0:
                warehouse.add_source(ref, delta.pinned(table_path(config, ref), version))
        is_partial = not {step.contract.ref for step in steps} <= needed
        if is_partial:
            warehouse.open_published(config.gold_file)
        for step in steps:
            run.tables.append(_create(warehouse, step, is_needed=step.contract.ref in needed))
        checked = [
            c for c in contracts.values() if c.ref.layer is Layer.GOLD or silver.get(c.ref, -1) >= 0
        ]
        run.checks += audit(warehouse.connection, checked)
        _stop_where_a_check_failed(run)
        _keep_ops(run, warehouse, contracts, steps, fingerprint if not is_partial else "")
        warehouse.finish([Layer.SILVER])
        note = publish(warehouse.path, config.gold_file)
    run.notes += [note] if note else []
    run.published = config.gold_file


def _create(warehouse: Warehouse, step: GoldStep, *, is_needed: bool) -> TableReport:
    started = time.perf_counter()
    sql = step.sql
    if not is_needed and step.contract.kind == "table":
        sql = warehouse.published_select(step.contract) or step.sql
    rows = warehouse.create(step.contract, sql)
    status = "built" if sql is step.sql else "copied"
    return TableReport(
        step.contract.ref, status, rows=rows, seconds=round(time.perf_counter() - started, 3)
    )


def _stop_where_a_check_failed(run: Run) -> None:
    failed = [c for c in run.checks if not c.passed and c.severity == Severity.ERROR]
    if failed:
        first = "; ".join(
            f"`{c.table.in_domain}` {c.rule}: {c.message} ({c.failed_rows} rows)"
            for c in failed[:3]
        )
        raise DataError(
            f"{len(failed)} checks failed, nothing is published: {first}",
            '`carms query "from ops.check_results where not passed"` lists them all',
        )


def _keep_ops(
    run: Run,
    warehouse: Warehouse,
    contracts: Mapping[TableRef, Contract],
    steps: Sequence[GoldStep],
    fingerprint: str,
) -> None:
    """Put what is known of this build and of the runs before into the gold file."""
    built = [
        ops.version_row(run.run_id, table, 0, contracts[table.table].version)
        for table in run.tables
        if table.table.layer is Layer.GOLD and contracts[table.table].kind == "table"
    ]
    ops.record(run.config, "table_versions", built)
    ops.record(run.config, "lineage", _lineage_rows(run, contracts, steps))
    for table, schema in ops.OPS_SCHEMAS.items():
        path = ops_path(run.config, table)
        frame = delta.scan(path).collect() if delta.exists(path) else pl.DataFrame(schema=schema)
        warehouse.add_ops(table, frame)
    rejects = live(run.config, [ref for ref in contracts if ref.layer is not Layer.GOLD])
    if rejects is not None:
        warehouse.add_ops("rejects", rejects.collect())
    build_row = {
        "run_id": run.run_id,
        "fingerprint": fingerprint,
        "built_at": run.started_at,
        "tool_version": __version__,
    }
    warehouse.add_ops(
        "build", pl.DataFrame([build_row], schema_overrides={"built_at": pl.Datetime("us", "UTC")})
    )


def _lineage_rows(
    run: Run, contracts: Mapping[TableRef, Contract], steps: Sequence[GoldStep]
) -> list[dict[str, str]]:
    pairs = [(step.contract.ref, read) for step in steps for read in step.reads]
    for step in silver_steps(run.config.domain, contracts):
        pairs += [(step.contract.ref, read) for read in step.reads.values()]
    return [
        {
            "run_id": run.run_id,
            "layer": str(ref.layer),
            "table_name": ref.table,
            "reads_layer": str(read.layer),
            "reads_table": read.table,
        }
        for ref, read in pairs
    ]


def _fingerprint(
    config: LakeConfig, contracts: Mapping[TableRef, Contract], silver: Mapping[TableRef, int]
) -> str:
    """What the gold file is made from: silver at its versions, SELECTs, contracts, the tool."""
    made_from = {
        "tool": __version__,
        "sql": gold_fingerprint(config.domain),
        "silver": {str(ref): version for ref, version in silver.items()},
        "contracts": {
            str(ref): c.fingerprint for ref, c in contracts.items() if ref.layer is not Layer.BRONZE
        },
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
