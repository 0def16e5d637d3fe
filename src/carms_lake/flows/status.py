"""The state of a lake: from the logs of its tables and the newest operations, no data read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from carms_lake.catalog import Catalog, load_catalog
from carms_lake.config import LakeConfig
from carms_lake.errors import SourceError
from carms_lake.flows.drift import DRIFT, drift_of, newest
from carms_lake.flows.publications import publications
from carms_lake.names import RUN_ID, Layer, TableRef
from carms_lake.notebook import Shown
from carms_lake.readers.discover import discover, listing
from carms_lake.store import LOG, disk_bytes, table_path
from carms_lake.store.delta.inspection import inspected
from carms_lake.store.delta.integrity import damaged
from carms_lake.store.delta.lock import put_back
from carms_lake.store.delta.log import (
    REPLAYED,
    Commit,
    commits,
    files_at,
    newest_commit_at,
    table_folders,
    total_rows,
)
from carms_lake.store.delta.manifest import read_manifest
from carms_lake.store.gold import BuildRecord, build_record
from carms_lake.store.ops import last_integrity, recent
from carms_lake.store.rejects import live

Logs = Mapping[TableRef, list[Commit]]


_SOURCES = {
    "source": pl.String(),
    "files": pl.Int64(),
    "newest_at": pl.Datetime("us", "UTC"),
    "newest_file": pl.String(),
    "age_s": pl.Float64(),
    "max_age_s": pl.Float64(),
    "is_late": pl.Boolean(),
    "rejected": pl.Int64(),
    "gone": pl.List(pl.String()),
    "old_contract": pl.Int64(),
    "forgotten": pl.List(pl.String()),
}
_TABLES = {
    "table": pl.String(),
    "rows": pl.Int64(),
    "version": pl.Int64(),
    "run_id": pl.String(),
    "waiting": pl.Int64(),
    "contract_version": pl.String(),
    "contract_now": pl.String(),
}
_RUNS = (RUN_ID, "command", "status", "started_at", "seconds", "rejected", "message")
_REJECTS = {"table": pl.String(), "code": pl.String(), "rows": pl.Int64()}


@dataclass(frozen=True)
class CheckStatus:
    """The results of the last run that checked."""

    run_id: str
    passed: int
    errors: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Status(Shown):
    """The state of a lake; each frame has one row per source, table, run and so on."""

    domain: str
    at: datetime
    sources: pl.DataFrame
    """`newest_at`, `newest_file`: what landed last (UTC); `max_age_s`: from `slaProperties`;
    `rejected`: records of its current files; `gone`: files that landed and have left data_raw;
    `old_contract`: how many files were read under other rules than those of today's contract;
    `forgotten`: files that were taken back (`carms forget`) and have not landed again."""
    tables: pl.DataFrame
    """`waiting`: quarantined rows; `contract_version`: at the last build, `contract_now`: today."""
    runs: pl.DataFrame
    """The last five, the newest first."""
    rejects: pl.DataFrame
    """How many rows of a table were rejected or quarantined for a reason."""
    refused: pl.DataFrame
    """Files that the last ingest did not accept."""
    drift: pl.DataFrame
    """Of the newest file of each source, by its first records."""
    drift_unseen: tuple[str, ...]
    """Sources whose newest file is too large for that; `carms drift` inspects it."""
    checks: CheckStatus | None
    gold_file: str
    gold_run_id: str | None
    publications: pl.DataFrame
    """The last one of each target; `is_behind`: gold was built since."""
    gold_failed_checks: int
    """How many checks of severity error failed for what is published (`--publish-anyway`)."""
    disk_bytes: Mapping[str, int]
    """By layer, and `gold` for the published file."""
    damage: tuple[str, ...] = ()
    """Data files that are missing or cut off, with what cures that."""
    integrity: dict[str, Any] | None = None
    """When every file was last compared with its checksum: `run_id`, `at`, `files`, `damaged`."""
    notes: tuple[str, ...] = ()
    """Entries of logs that were put aside, and tables that were put back from a backup."""


def status(config: LakeConfig) -> Status:
    """Freshness, counts, last runs, rejects, refused files, checks and disk of a domain's lake.

    Raises:
        ContractError: a contract is wrong.
        StoreError: the lake cannot be read.
    """
    catalog = load_catalog(config.domain)
    # Ages are positive, also where the clock was set back since the lake was written.
    now = max(datetime.now(UTC), newest_commit_at(config) or datetime.min.replace(tzinfo=UTC))
    in_lake = catalog.refs(Layer.BRONZE, Layer.SILVER, *config.domain.own_layers)
    logs = {ref: commits(table_path(config, ref)) for ref in in_lake}
    runs = recent(config, "runs")
    sources, drift, unseen = _sources(config, catalog, logs, now)
    build = build_record(config.gold_file)
    return Status(
        domain=config.domain.name,
        at=now,
        sources=sources,
        tables=pl.DataFrame(list(_tables(config, catalog, logs, build)), _TABLES, orient="row"),
        runs=runs.sort(RUN_ID, descending=True).head(5).select(_RUNS),
        rejects=_rejects(config, logs),
        refused=_refused(config, runs),
        drift=drift,
        drift_unseen=unseen,
        checks=_checks(config),
        gold_file=str(config.gold_file),
        gold_run_id=build.run_id if build else None,
        publications=publications(config),
        gold_failed_checks=build.failed_checks if build else 0,
        disk_bytes=disk_bytes(config),
        damage=tuple(_damage(config)),
        integrity=last_integrity(config),
        notes=(*_put_aside(config), *put_back(config.lake).values()),
    )


def _sources(
    config: LakeConfig, catalog: Catalog, logs: Logs, now: datetime
) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    """The sources, the drift of their newest files, and the sources whose file is too large."""
    try:
        listed = listing(config.data_raw)
    except SourceError:
        listed = None
    sources: list[tuple[Any, ...]] = []
    drift: list[tuple[Any, ...]] = []
    unseen: list[str] = []
    for ref in catalog.refs(Layer.BRONZE):
        contract, manifest = catalog.contracts[ref], read_manifest(logs[ref])
        found = discover(contract, listed) if listed is not None else []
        names = {file.name for file in found}
        landed = [c for c in logs[ref] if c.metadata.get("files") and REPLAYED not in c.metadata]
        at, file, age = None, None, None
        if landed:
            at, file = landed[-1].at, landed[-1].metadata["files"][-1]["name"]
            age = (now - at).total_seconds()
        limit = contract.max_age.total_seconds() if contract.max_age is not None else None
        is_late = limit is not None and (age is None or age > limit)
        originals = [name for name, entry in manifest.current.items() if not entry.copy_of]
        rejected = sum(entry.rejected for entry in manifest.current.values())
        gone = [name for name in originals if name not in names]
        older = len(manifest.judged_before(contract))
        facts = (age, limit, is_late, rejected, gone, older, manifest.forgotten)
        sources.append((ref.table, len(originals), at, file, *facts))
        files = newest(found, manifest)
        changes = drift_of(table_path(config, ref), contract, *files) if files else []
        if changes is None:
            unseen.append(ref.table)
        else:
            drift += changes
    return (
        pl.DataFrame(sources, _SOURCES, orient="row"),
        pl.DataFrame(drift, DRIFT, orient="row"),
        tuple(unseen),
    )


def _damage(config: LakeConfig) -> Iterator[str]:
    for path in table_folders(config).values():
        if wrong := inspected(path).wrong:
            fault = damaged(path, wrong)
            yield f"{fault.message}: {fault.hint}"


def _put_aside(config: LakeConfig) -> Iterator[str]:
    for name, path in table_folders(config).items():
        for file in sorted((path / LOG).glob("*.json.torn")):
            yield f"`{name}`: `{file.name}`, an entry of its log that was not whole, was put aside"


def _tables(
    config: LakeConfig, catalog: Catalog, logs: Logs, build: BuildRecord | None
) -> Iterator[tuple[Any, ...]]:
    builds = recent(config, "table_versions").sort(RUN_ID)
    names = builds.select("layer", "table_name").rows()
    versions = dict(zip(names, builds["contract_version"], strict=True))
    for ref, contract in catalog.contracts.items():
        built_with = versions.get((ref.layer, ref.table))
        if ref.layer is Layer.GOLD:
            if contract.kind == "table":
                rows = build.rows.get(ref.table) if build else None
                yield ref.in_domain, rows, None, None, 0, built_with, contract.version
            continue
        log = logs[ref]
        if contract.written_by and not log:
            continue
        written = next((c for c in log[::-1] if {"build", "contract"} & c.metadata.keys()), None)
        metadata = written.metadata if written else {}
        files = files_at(table_path(config, ref), log[-1].version) if log else {}
        yield (
            ref.in_domain,
            total_rows(files.values()) if log else None,
            log[-1].version if log else None,
            written.run_id if written else None,
            metadata.get("build", {}).get("quarantined", 0),
            metadata.get("contract_version") or built_with,
            contract.version,
        )


def _rejects(config: LakeConfig, logs: Logs) -> pl.DataFrame:
    rejects = live(config, [ref for ref, log in logs.items() if log])
    if rejects is None:
        return pl.DataFrame(schema=_REJECTS)
    codes = pl.col("reasons").list.eval(pl.element().struct.field("code")).list.unique()
    table = pl.concat_str("layer", "table_name", separator=".").alias("table")
    found = rejects.select(table, codes.alias("code")).explode("code")
    count = pl.len().cast(pl.Int64).alias("rows")
    return found.group_by("table", "code").agg(count).sort("table", "code").collect()


def _refused(config: LakeConfig, runs: pl.DataFrame) -> pl.DataFrame:
    last = runs.filter(pl.col("command") == "ingest")[RUN_ID].max() or ""
    of_last = (pl.col(RUN_ID) == last) & (pl.col("status") == "refused")
    files = recent(config, "processed_files").filter(of_last)
    names = {"table_name": "source", "src_filename": "file"}
    return files.select(*names, "code", "message").rename(names)


def _checks(config: LakeConfig) -> CheckStatus | None:
    rows = recent(config, "check_results")
    if rows.is_empty():
        return None
    last = rows[RUN_ID].max()
    # A run that found nothing to do checks ages only: older results of the other rules still hold.
    full = rows.filter(pl.col("dimension").ne_missing("timeliness"))[RUN_ID].max() or last
    rule = ("layer", "table_name", "rule")
    since = rows.filter(pl.col(RUN_ID) >= full)
    results = since.filter(pl.col(RUN_ID) == pl.col(RUN_ID).max().over(rule))

    def failed(severity: str) -> tuple[str, ...]:
        chosen = results.filter(~pl.col("passed"), severity=severity).select(rule).rows()
        return tuple(f"{layer}.{table}: {rule}" for layer, table, rule in chosen)

    passed = int(results["passed"].sum())
    return CheckStatus(str(last), passed, failed("error"), failed("warning"))
