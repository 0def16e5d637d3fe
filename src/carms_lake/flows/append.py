"""Rows that a command of a domain keeps, in contracted tables of a layer of the domain's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from carms_lake.catalog import load_catalog
from carms_lake.contract.model import Contract
from carms_lake.errors import ContractError, DataError, UsageError
from carms_lake.names import INGESTION_TS, RUN_ID

if TYPE_CHECKING:
    import polars as pl

    from carms_lake.config import LakeConfig
    from carms_lake.flows.run import Run
    from carms_lake.records import RunReport


def append(config: LakeConfig, rows: Mapping[str, pl.DataFrame], command: str) -> RunReport:
    """Add rows to tables of the domain's own layers, all of them in one run.

    `rows` are by table, and have the columns of its contract, in any order, without `run_id` and
    `ingestion_ts`, which are the run's. Where a run is killed before the last table is written,
    readers see nothing of it, and the next run that writes takes back what it had added.

    Raises:
        UsageError: no table is named, or one that is not of the domain's own layers.
        ContractError: a frame has other columns or types than its contract, or the table has.
        DataError: rows break a constraint; nothing is kept.
        StoreLocked: another process is writing.
        StoreError: the lake cannot be written.
    """
    from carms_lake.flows.run import running
    from carms_lake.records import TableReport

    catalog = load_catalog(config.domain)
    contracts = [catalog.contracts[catalog.resolve(name)] for name in rows]
    if not contracts:
        raise UsageError("no table to append to", "name one of a layer of the domain's own")
    for contract in contracts:
        _ensure_own(contract)
    with running(config, command) as run:
        frames = [_rows(run, c, frame) for c, frame in zip(contracts, rows.values(), strict=True)]
        for contract, frame in zip(contracts, frames, strict=True):
            _ensure_new(config, contract, frame)
        last = contracts[-1]
        for contract, frame in zip(contracts, frames, strict=True):
            _commit(run, contract, frame, last)
            run.add(tables=[TableReport(contract.ref, "appended", rows=frame.height, rows_read=0)])
    return run.report()


def _ensure_own(contract: Contract) -> None:
    if not contract.written_by:
        raise UsageError(
            f"`{contract.ref.in_domain}` is not appended to by commands",
            "name a table of a layer of the domain's own: its contract has `carms.writtenBy`",
        )


def _rows(run: Run, contract: Contract, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows with the marks of the run, in the contract's columns; every constraint holds."""
    import polars as pl

    from carms_lake.quality.validate import apply_constraints

    moment = pl.lit(run.started_at).dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    marked = frame.with_columns(pl.lit(run.run_id).alias(RUN_ID), moment.alias(INGESTION_TS))
    found = apply_constraints(marked, contract, {}, marks=())
    bad = found.quarantined
    if bad.height:
        reason = bad["reasons"][0][0]
        raise DataError(
            f"{bad.height} of {frame.height} rows break the contract of "
            f"`{contract.ref.in_domain}`, nothing is kept: {reason['rule']}, "
            f"{reason['value']}: {reason['message']}",
            f"correct the rows, or `{contract.path}`",
        )
    if found.superseded:
        raise DataError(
            f"{found.superseded} rows for `{contract.ref.in_domain}` are given twice",
            "append each row once",
        )
    return found.rows


def _ensure_new(config: LakeConfig, contract: Contract, frame: pl.DataFrame) -> None:
    """Refuse rows for a table of other types, and keys that it has already."""
    from carms_lake.store import delta, table_path

    path = table_path(config, contract.ref)
    if not delta.exists(path):
        return
    present, key = delta.columns(path), list(contract.primary_key)
    differing = [n for n, kind in frame.schema.items() if n in present and present[n] != kind]
    if differing:
        raise ContractError(
            f"`{contract.ref.in_domain}` has other types than its contract in "
            + ", ".join(f"`{name}`" for name in differing),
            "give a column of another type another name: what is kept is never changed",
        )
    if key and RUN_ID not in key and frame.height:  # no other run has this one's id
        known = delta.scan(path).select(key).join(frame.lazy().select(key), on=key, how="semi")
        again = known.head(1).collect()
        if again.height:
            values = ", ".join(str(value) for value in again.row(0))
            raise DataError(
                f"`{contract.ref.in_domain}` has the key {values} already", "append new keys only"
            )


def _commit(run: Run, contract: Contract, frame: pl.DataFrame, last: Contract) -> None:
    from carms_lake.store import table_path
    from carms_lake.store.delta import write
    from carms_lake.store.own import COMPLETED_BY

    metadata: dict[str, Any] = {
        "run_id": run.run_id,
        "contract": contract.fingerprint,
        "contract_version": contract.version,
    }
    if contract.ref != last.ref:
        metadata[COMPLETED_BY] = last.ref.in_domain
    write.append(table_path(run.config, contract.ref), frame, metadata, new_columns=True)
