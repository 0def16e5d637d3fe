"""Bronze -> silver: each table by its function; what its contract refuses is quarantined."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake import __version__
from carms_lake.checks.expectations import Kept, keep
from carms_lake.checks.gate import confirm
from carms_lake.checks.history import versions
from carms_lake.checks.split import REJECT_SCHEMA
from carms_lake.contract.model import Balance, Delivery
from carms_lake.errors import NotBalanced, StoreError
from carms_lake.names import DELIVERY_ID, RUN_ID, SRC_FILENAME, Layer
from carms_lake.records import TableReport
from carms_lake.store import delta, ops
from carms_lake.store.layout import table_path
from carms_lake.store.manifest import read_manifest
from carms_lake.store.rejects import set_aside

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from carms_lake.contract.model import Contract
    from carms_lake.flows.lineage import SilverStep
    from carms_lake.flows.runs import Run
    from carms_lake.names import TableRef


def transform(
    run: Run,
    step: SilverStep,
    contracts: Mapping[TableRef, Contract],
    code: str,
    *,
    full_refresh: bool,
) -> TableReport:
    """Build one silver table, unless what it is made from has not changed since it was built.

    Raises:
        ContractError: the function does not deliver its contract.
        NotBalanced: keys were lost or made.
        StoreError: bronze is not there yet, or the lake cannot be written.
    """
    started = time.perf_counter()
    contract = step.contract
    path = table_path(run.config, contract.ref)
    made_from = {
        "code": code,
        "tool": __version__,
        "contract": contract.fingerprint,
        "inputs": {str(ref): _version(run, ref) for ref in _inputs(step)},
    }
    last = _last_build(path)
    if last.get("made_from") == made_from and not full_refresh:
        return TableReport(contract.ref, "unchanged", rows=last["rows"], quarantined=0)
    frames = {name: _frame(run, ref, contract, contracts) for name, ref in step.reads.items()}
    made = _collected(step, frames)
    references = {
        r.target: made if r.target == contract.ref else _reference(run, r.target)
        for r in contract.relationships
        if r.quarantine
    }
    kept = keep(made, contract, references)
    confirm(kept.rows, contract)
    report = _balanced(run, step, kept, contracts, time.perf_counter() - started)
    set_aside(run.config, [_as_rejects(kept.quarantined, contract, run)], run.run_id)
    metadata = {"run_id": run.run_id, "made_from": made_from, "rows": kept.rows.height}
    version = delta.overwrite(path, kept.rows, metadata)
    row = ops.version_row(run.run_id, report, version, contract.version)
    ops.record(run.config, "table_versions", [row])
    ops.record(run.config, "field_coverage", _coverage(run.run_id, contract, kept.rows))
    return report


def _inputs(step: SilverStep) -> list[TableRef]:
    """What the table is made from: its parameters, and where references are looked up."""
    looked_up = [
        r.target
        for r in step.contract.relationships
        if r.quarantine and r.target != step.contract.ref
    ]
    return sorted({*step.reads.values(), *looked_up})


def _version(run: Run, ref: TableRef) -> int:
    return delta.version(table_path(run.config, ref))


def _last_build(path: Path) -> dict[str, Any]:
    builds = [entry.metadata for entry in delta.log(path) if "made_from" in entry.metadata]
    return dict(builds[-1]) if builds else {}


def _frame(
    run: Run, ref: TableRef, reader: Contract, contracts: Mapping[TableRef, Contract]
) -> pl.LazyFrame:
    """What a function gets for a parameter: the newest deliveries, or all for a history table."""
    path = table_path(run.config, ref)
    if not delta.exists(path):
        raise StoreError(
            f"`{reader.ref}` reads `{ref}`, which is not there yet: no file of it has landed",
            "put its files into data_raw and run `carms ingest`, which names what it refuses",
        )
    frame = delta.scan(path)
    source = contracts[ref].source
    if source is None or source.delivery is not Delivery.SNAPSHOT or reader.silver.history:
        return frame
    current = read_manifest(delta.log(path)).current
    newest = pl.LazyFrame(
        [(name, entry.delivery_id) for name, entry in current.items()],
        schema={SRC_FILENAME: pl.String, DELIVERY_ID: pl.Int64},
        orient="row",
    )
    return frame.join(newest, on=[SRC_FILENAME, DELIVERY_ID], how="semi")


def _collected(step: SilverStep, frames: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    made = step.transform(**frames)
    frame = made.collect() if isinstance(made, pl.LazyFrame) else made
    history = step.contract.silver.history
    if history is None:
        return frame
    versioned = versions(frame, history)
    return versioned.select([c for c in step.contract.column_names if c in versioned.columns])


def _reference(run: Run, target: TableRef) -> pl.DataFrame:
    return delta.scan(table_path(run.config, target)).collect()


def _balanced(
    run: Run, step: SilverStep, kept: Kept, contracts: Mapping[TableRef, Contract], seconds: float
) -> TableReport:
    """Count what became of the driver: its rows, or where one gives several its keys.

    Raises:
        NotBalanced: a row of the driver is neither in the table nor quarantined nor superseded.
    """
    contract, spec = step.contract, step.contract.silver
    report = TableReport(
        contract.ref,
        "built",
        rows=kept.rows.height,
        quarantined=kept.quarantined.height,
        superseded=kept.superseded,
        seconds=round(seconds, 3),
    )
    if spec.driver is None or spec.balance in (Balance.NONE, Balance.AGGREGATE):
        return report
    driver = _frame(run, spec.driver, contract, contracts)
    if spec.balance is Balance.EXPAND:
        key = list(spec.driver_key or contracts[spec.driver].primary_key)
        # A column that has another name here stands at the same place in this table's primary key.
        pairs = zip(key, contract.primary_key[: len(key)], strict=True)
        shared = [name if name in contract.column_names else here for name, here in pairs]
        there = driver.select(key).unique().collect()
        here = pl.concat([kept.rows.select(shared), kept.quarantined.select(shared)]).unique()
        invented = here.join(there, left_on=shared, right_on=key, how="anti", nulls_equal=True)
        wanted, held, balanced = there.height, here.height, invented.is_empty()
    else:
        wanted = driver.select(pl.len()).collect().item()
        held = kept.rows.height + kept.quarantined.height + kept.superseded
        balanced = held == wanted
    report = replace(report, driver_keys=wanted, keys=held, balanced=balanced)
    if not balanced:
        run.tables.append(report)
        raise NotBalanced(
            f"`{contract.ref}`: {wanted} in `{spec.driver}`, but {held} in the table, "
            "its quarantine and what was superseded",
            "the function of the table loses or makes rows; its contract says how they balance",
        )
    return report


def _as_rejects(quarantined: pl.DataFrame, contract: Contract, run: Run) -> pl.DataFrame:
    """Quarantined rows as the reject store keeps them: the key and the row as JSON."""
    columns = [name for name in quarantined.columns if name != "reasons"]
    rows = quarantined.select(columns).to_dicts()
    key = contract.primary_key or tuple(columns)
    frame = quarantined.select("reasons").with_columns(
        pl.Series("row_key", [_json({k: row[k] for k in key}) for row in rows], pl.String),
        pl.Series("raw_record", [_json(row) for row in rows], pl.String),
        pl.lit(str(Layer.SILVER)).alias("layer"),
        pl.lit(contract.ref.table).alias("table_name"),
        pl.lit(run.run_id).alias(RUN_ID),
        pl.lit(run.started_at, pl.Datetime("us", "UTC")).alias("ingestion_ts"),
    )
    missing = [
        pl.lit(None, kind).alias(name)
        for name, kind in REJECT_SCHEMA.items()
        if name not in frame.columns
    ]
    return frame.with_columns(missing).select(REJECT_SCHEMA.keys()).cast(REJECT_SCHEMA)


def _json(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=str)


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
