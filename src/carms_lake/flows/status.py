"""The lake at a glance: from the logs of its tables and the newest operations, no data read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.errors import SourceError
from carms_lake.flows.drift.newest import drift_of, newest
from carms_lake.flows.status_report import (
    CheckStatus,
    RefusedFile,
    RejectStatus,
    RunStatus,
    SourceStatus,
    Status,
    TableStatus,
)
from carms_lake.names import RUN_ID, Layer
from carms_lake.readers.discover import discover, listing
from carms_lake.store.delta.log import REPLAYED, commits, files_at
from carms_lake.store.delta.manifest import read_manifest
from carms_lake.store.gold.published import build_record
from carms_lake.store.layout import table_path
from carms_lake.store.ops import recent
from carms_lake.store.rejects import live

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.flows.status_report import DriftStatus
    from carms_lake.names import TableRef
    from carms_lake.records import SourceFile
    from carms_lake.store.delta.log import Commit
    from carms_lake.store.delta.manifest import Manifest
    from carms_lake.store.gold.published import BuildRecord


LAST_RUNS = 5
_LOOKED_AT = 50
"""So many of the newest commits of operations are read; the last ingest is among them."""


def status(config: LakeConfig) -> Status:
    """Freshness, counts, last runs, rejects, refused files, checks and disk of a domain's lake.

    Raises:
        ContractError: a contract is wrong.
        StoreError: the lake cannot be read.
    """
    contracts = load_catalog(config.domain).contracts
    now = datetime.now(UTC)
    logs = {
        ref: commits(table_path(config, ref)) for ref in contracts if ref.layer is not Layer.GOLD
    }
    runs = recent(config, "runs", _LOOKED_AT)
    sources = list(_sources(config, contracts, logs))
    drift, unseen = _drift(sources)
    build = build_record(config.gold_file)
    return Status(
        domain=config.domain.name,
        at=now,
        sources=tuple(_status(source, now) for source in sources),
        tables=tuple(_tables(config, contracts, logs, build)),
        runs=tuple(_runs(runs)),
        rejects=tuple(_rejects(config, logs)),
        refused=tuple(_refused(config, runs)),
        drift=drift,
        drift_unseen=unseen,
        checks=_checks(config),
        gold_file=str(config.gold_file),
        gold_run_id=build.run_id if build else None,
        gold_failed_checks=build.failed_checks if build else 0,
        disk_bytes=_disk(config),
    )


class _Source(NamedTuple):
    """One source: its contract, what landed of it, and its files in data_raw."""

    contract: Contract
    path: Path
    log: list[Commit]
    manifest: Manifest
    there: list[SourceFile] | None
    """None where there is no data_raw."""


def _sources(
    config: LakeConfig,
    contracts: Mapping[TableRef, Contract],
    logs: Mapping[TableRef, list[Commit]],
) -> Iterator[_Source]:
    try:
        there = listing(config.data_raw)
    except SourceError:
        there = None
    for ref, contract in contracts.items():
        if ref.layer is Layer.BRONZE:
            found = None if there is None else discover(contract, there)
            log = logs[ref]
            yield _Source(contract, table_path(config, ref), log, read_manifest(log), found)


def _status(source: _Source, now: datetime) -> SourceStatus:
    contract = source.contract
    landed = [c for c in source.log if c.metadata.get("files") and REPLAYED not in c.metadata]
    newest_commit = landed[-1] if landed else None
    age = (now - newest_commit.at).total_seconds() if newest_commit else None
    limit = None if contract.max_age is None else contract.max_age.total_seconds()
    names = None if source.there is None else {file.name for file in source.there}
    current = source.manifest.current.values()
    return SourceStatus(
        source=contract.ref.table,
        files=sum(not entry.copy_of for entry in current),
        newest_at=newest_commit.at if newest_commit else None,
        newest_file=newest_commit.metadata["files"][-1]["name"] if newest_commit else None,
        age_s=age,
        max_age_s=limit,
        is_late=limit is not None and (age is None or age > limit),
        rejected=sum(entry.rejected for entry in current),
        gone=_gone(source.manifest, names),
    )


def _drift(sources: Sequence[_Source]) -> tuple[tuple[DriftStatus, ...], tuple[str, ...]]:
    """What newest files have otherwise, and the sources whose newest file was not looked at."""
    found: list[DriftStatus] = []
    unseen: list[str] = []
    for source in sources:
        look = newest(source.there or (), source.manifest)
        drift = [] if look is None else drift_of(source.path, source.contract, look)
        if drift is None:
            unseen.append(source.contract.ref.table)
        else:
            found += drift
    return tuple(found), tuple(unseen)


def _gone(manifest: Manifest, names: set[str] | None) -> tuple[str, ...]:
    landed = (name for name, entry in manifest.current.items() if not entry.copy_of)
    return tuple(name for name in landed if names is None or name not in names)


def _tables(
    config: LakeConfig,
    contracts: Mapping[TableRef, Contract],
    logs: Mapping[TableRef, list[Commit]],
    build: BuildRecord | None,
) -> list[TableStatus]:
    built_with = _built_with(config)
    found = []
    for ref, contract in contracts.items():
        built = built_with.get((ref.layer, ref.table))
        if ref.layer is Layer.GOLD:
            if contract.kind == "table":
                rows = build.rows.get(ref.table) if build else None
                now = contract.version
                found.append(TableStatus(ref.in_domain, rows, None, None, 0, built, now))
            continue
        log = logs[ref]
        made = next((c for c in log[::-1] if {"build", "contract"} & c.metadata.keys()), None)
        if made is not None:
            built = made.metadata.get("contract_version") or built
        found.append(
            TableStatus(
                table=ref.in_domain,
                rows=_rows(table_path(config, ref), log),
                version=log[-1].version if log else None,
                run_id=made.run_id if made else None,
                waiting=made.metadata.get("build", {}).get("quarantined", 0) if made else 0,
                contract_version=built,
                contract_now=contract.version,
            )
        )
    return found


def _rows(path: Path, log: Sequence[Commit]) -> int | None:
    if not log:
        return None
    counts = [file.rows for file in files_at(path, log[-1].version).values()]
    return None if None in counts else sum(count or 0 for count in counts)


def _built_with(config: LakeConfig) -> dict[tuple[str, str], str]:
    """The contract's version of each table's newest build among the last runs'."""
    rows = recent(config, "table_versions", _LOOKED_AT)
    if rows is None:
        return {}
    kept = rows.sort(RUN_ID).select("layer", "table_name", "contract_version").rows()
    return {(layer, table): version for layer, table, version in kept}


def _runs(rows: pl.DataFrame | None) -> list[RunStatus]:
    if rows is None:
        return []
    columns = ("run_id", "command", "status", "started_at", "seconds", "rejected", "message")
    newest = rows.sort(RUN_ID, descending=True).head(LAST_RUNS).select(columns)
    return [RunStatus(*row) for row in newest.rows()]


def _rejects(config: LakeConfig, logs: Mapping[TableRef, list[Commit]]) -> list[RejectStatus]:
    aside = live(config, [ref for ref, log in logs.items() if log])
    if aside is None:
        return []
    codes = pl.col("reasons").list.eval(pl.element().struct.field("code")).list.unique()
    table = pl.concat_str("layer", "table_name", separator=".").alias("table")
    found = aside.select(table, codes.alias("code")).explode("code")
    counted = found.group_by("table", "code").len().sort("table", "code").collect()
    return [RejectStatus(*row) for row in counted.rows()]


def _refused(config: LakeConfig, runs: pl.DataFrame | None) -> list[RefusedFile]:
    files = recent(config, "processed_files", _LOOKED_AT)
    if runs is None or files is None:
        return []
    ingests = runs.filter(pl.col("command") == "ingest")
    last = ingests[RUN_ID].max()
    refused = files.filter((pl.col(RUN_ID) == last) & (pl.col("status") == "refused"))
    columns = ("table_name", "src_filename", "code", "message")
    return [RefusedFile(*row) for row in refused.select(columns).rows()]


def _checks(config: LakeConfig) -> CheckStatus | None:
    rows = recent(config, "check_results", _LOOKED_AT)
    if rows is None or rows.is_empty():
        return None
    last = rows[RUN_ID].max()
    if "dimension" not in rows.columns:  # written by an earlier version of the tool
        rows = rows.with_columns(pl.lit(None, pl.String).alias("dimension"))
    # A run that found nothing to do looks at ages only: the checks before it still say the rest.
    whole = rows.filter(pl.col("dimension").ne_missing("timeliness"))[RUN_ID].max() or last
    rule = ("layer", "table_name", "rule")
    since = rows.filter(pl.col(RUN_ID) >= whole)
    of_last = since.filter(pl.col(RUN_ID) == pl.col(RUN_ID).max().over(rule))
    failed = of_last.filter(~pl.col("passed"))

    def named(severity: str) -> tuple[str, ...]:
        chosen: list[dict[str, Any]] = failed.filter(pl.col("severity") == severity).to_dicts()
        return tuple(f"{row['layer']}.{row['table_name']}: {row['rule']}" for row in chosen)

    passed = int(of_last["passed"].sum())
    return CheckStatus(str(last), passed, named("error"), named("warning"))


def _disk(config: LakeConfig) -> dict[str, int]:
    layers = (Layer.BRONZE, Layer.SILVER, "rejects", "ops", "parquet", ".asof")
    found = {str(layer).lstrip("."): _bytes(config.lake / layer) for layer in layers}
    file = config.gold_file
    return {**found, "gold": file.stat().st_size if file.is_file() else 0}


def _bytes(folder: Path) -> int:
    """The bytes of all files below a folder, those of old versions too."""
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except FileNotFoundError:  # a run that is under way took it away
            continue
    return total
