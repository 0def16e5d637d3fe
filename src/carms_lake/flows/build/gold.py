"""Silver -> the gold file: written beside the published one, audited, then put in its place."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake import __version__
from carms_lake.catalog import Catalog
from carms_lake.contract.limits import Severity
from carms_lake.errors import DataError
from carms_lake.flows.build.audit import Audit, all_rejects, audited, grown_old
from carms_lake.flows.build.context import rows_version
from carms_lake.flows.build.fingerprints import file_fingerprint, table_fingerprints
from carms_lake.names import Layer, TableRef
from carms_lake.quality.freshness import rows_published
from carms_lake.quality.rejected import REJECT_SCHEMA
from carms_lake.records import TableReport
from carms_lake.store import ops
from carms_lake.store.delta import table as delta
from carms_lake.store.delta.manifest import last_builds
from carms_lake.store.gold.file import Warehouse, building, publish
from carms_lake.store.gold.masking import key_file, masks
from carms_lake.store.gold.published import build_record, published_although
from carms_lake.store.layout import ops_path, table_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from carms_lake.catalog import GoldStep
    from carms_lake.contract.model import Contract
    from carms_lake.flows.run import OpsRows, Run
    from carms_lake.store.gold.published import BuildRecord


@dataclass(frozen=True)
class How:
    """How a build is done, where not as usual."""

    full_refresh: bool = False
    publish_anyway: bool = False
    """Publish also where checks failed."""
    now: datetime | None = None
    """When ages are measured; None is when the run began."""


def build_gold(
    run: Run,
    contracts: Mapping[TableRef, Contract],
    steps: Sequence[GoldStep],
    needed: set[TableRef],
    how: How,
) -> None:
    """Make the gold file anew, check it and publish it, unless nothing it is made from changed.

    Raises:
        ContractError: a SELECT does not deliver its contract.
        DataError: a check of severity error failed, and it is not to be published anyway.
        StoreError: the file cannot be written.
    """
    config = run.config
    of_silver = [c for ref, c in contracts.items() if ref.layer is Layer.SILVER]
    builds = last_builds(config, of_silver)
    silver = {c.ref: rows_version(run, c.ref) for c in of_silver}
    _note_new_key(run, steps)
    fingerprints = table_fingerprints(config, steps, silver)
    fingerprint = file_fingerprint(fingerprints.values(), contracts, builds)
    there = build_record(config.gold_file)
    if not how.full_refresh and there and there.fingerprint == fingerprint:
        _leave(run, steps, there)
        grown_old(run, contracts, how.now)
        return
    before = dict(there.fingerprints) if there else {}
    is_limited = any(contract.row_change for contract in contracts.values())
    rows_before = rows_published(config.gold_file) if is_limited else {}
    rejected = all_rejects(run, contracts)
    with building(config) as warehouse:
        _add_sources(run, warehouse, silver)
        is_partial = not {step.contract.ref for step in steps} <= needed
        if is_partial or (before and not how.full_refresh):
            warehouse.open_published(config.gold_file)
        counts: dict[TableRef, int | None] = {ref: build.rows for ref, build in builds.items()}
        made_by = _make(
            run, warehouse, steps, needed, _Known(fingerprints, before, how.full_refresh, counts)
        )
        now = how.now or run.started_at
        task = Audit(run, contracts, builds, rejected, rows_before, now)
        audited(task, warehouse.connection)
        message = _stop_where_a_check_failed(run, publish_anyway=how.publish_anyway)
        _add_ops(run, warehouse, run.finish(message, published=_made(run, contracts, steps)))
        warehouse.add_ops("rejects", rejected)
        versions = {ref: contract.version for ref, contract in contracts.items()}
        # What failed is looked at again by the next build, whatever changed.
        is_whole = not is_partial and not run.report().failed_checks
        _add_build(run, warehouse, fingerprint if is_whole else "", made_by, versions)
        warehouse.finish([Layer.SILVER])
        target = publish(warehouse.path, config.gold_file)
        run.publish(target)
    if target != config.gold_file:
        note = (
            f"`{config.gold_file}` is open in another program: the new tables are in "
            f"`{target}`; close it and build again"
        )
        run.add(notes=[note])


def _leave(run: Run, steps: Sequence[GoldStep], there: BuildRecord) -> None:
    """Say that the published file stays as it is."""
    rows = {step.contract.ref: there.rows.get(step.contract.ref.table) for step in steps}
    run.add(
        tables=[TableReport(ref, "unchanged", rows=n, rows_read=0) for ref, n in rows.items()],
        notes=[f"nothing changed: `{run.config.gold_file}` stays as it is"],
    )


def _add_sources(run: Run, warehouse: Warehouse, silver: Mapping[TableRef, int]) -> None:
    """Make readable what SELECTs may name: silver, and the tables of operations.

    Views may read these; what stands in them is added at the end of the build.
    """
    for ref, version in silver.items():
        if version >= 0:
            warehouse.add_source(ref, delta.pinned(table_path(run.config, ref)))
    for table, schema in {**ops.OPS_SCHEMAS, "rejects": REJECT_SCHEMA}.items():
        warehouse.add_ops(table, pl.DataFrame(schema=schema))


@dataclass(frozen=True)
class _Known:
    """What each table is to be made from, and what the published one was."""

    fingerprints: Mapping[TableRef, str]
    published: Mapping[str, str]
    full_refresh: bool
    rows: dict[TableRef, int | None]
    """Of the tables that SELECTs read, as far as they are there."""

    def is_same(self, ref: TableRef) -> bool:
        """Whether the published table is what a build would give."""
        there = self.published.get(ref.table)
        return there == self.fingerprints[ref] and not self.full_refresh


def _make(
    run: Run,
    warehouse: Warehouse,
    steps: Sequence[GoldStep],
    needed: set[TableRef],
    known: _Known,
) -> dict[TableRef, str]:
    """Compute or copy every table; what each is made from, as it stands in the new file."""
    made_by: dict[TableRef, str] = {}
    for step in steps:
        ref = step.contract.ref
        report = _create(warehouse, step, is_copied=known.is_same(ref) or ref not in needed)
        report = replace(report, rows_read=_rows_read(step, report, known.rows))
        known.rows[ref] = report.rows
        run.add(tables=[report])
        is_stale = report.status == "copied" and not known.is_same(ref)
        made_by[ref] = known.published.get(ref.table, "") if is_stale else known.fingerprints[ref]
    return made_by


def _rows_read(
    step: GoldStep, report: TableReport, rows: Mapping[TableRef, int | None]
) -> int | None:
    """The rows of all that a SELECT reads; None where those of a part of it are not known."""
    counts = [rows.get(ref) for ref in step.reads]
    if report.status != "built":
        return 0
    return None if None in counts else sum(count or 0 for count in counts)


def _note_new_key(run: Run, steps: Sequence[GoldStep]) -> None:
    path = key_file(run.config)
    if not path.exists() and any(masks(step.sql) for step in steps):
        note = (
            f"`{path}` is made: the key of the masks; keep it, and keep it out of the lake and of "
            "version control; under another key all masks are others"
        )
        run.add(notes=[note])


def _create(warehouse: Warehouse, step: GoldStep, *, is_copied: bool) -> TableReport:
    started = time.perf_counter()
    sql = step.sql
    if is_copied and step.contract.kind == "table":
        sql = warehouse.published_select(step.contract) or step.sql
    rows = warehouse.create(step.contract, sql)
    status = "built" if sql is step.sql else "copied"
    return TableReport(
        step.contract.ref, status, rows=rows, seconds=round(time.perf_counter() - started, 3)
    )


def _stop_where_a_check_failed(run: Run, *, publish_anyway: bool) -> str:
    """Stop the build, unless it is to be published anyway: then what is to be said of the run."""
    failed = [c for c in run.report().checks if not c.passed and c.severity == Severity.ERROR]
    if not failed:
        return ""
    if publish_anyway:
        message = published_although(len(failed))
        run.add(notes=[f"{message}: `carms check --failures` shows the rows"])
        return message
    first = "; ".join(
        f"`{c.table.in_domain}` {c.rule}: {c.message} ({c.failed_rows} rows)" for c in failed[:3]
    )
    count = "1 check" if len(failed) == 1 else f"{len(failed)} checks"
    raise DataError(
        f"{count} failed, nothing is published: {first}",
        "`carms check --failures` shows the rows, `carms build --publish-anyway` publishes "
        "all the same",
    )


def _made(
    run: Run, contracts: Mapping[TableRef, Contract], steps: Sequence[GoldStep]
) -> dict[str, list[dict[str, Any]]]:
    """What this build adds to the tables of operations once it is published."""
    built = [
        ops.version_row(run.run_id, table, 0, contracts[table.table].version)
        for table in run.report().tables
        if table.table.layer is Layer.GOLD and contracts[table.table].kind == "table"
    ]
    return {"table_versions": built, "lineage": _lineage_rows(run, contracts, steps)}


def _add_ops(run: Run, warehouse: Warehouse, this_run: OpsRows) -> None:
    """Put what is known of the runs before and of this one into the gold file."""
    for table, schema in ops.OPS_SCHEMAS.items():
        path = ops_path(run.config, table)
        frame = pl.DataFrame(this_run.get(table, []), schema=schema, orient="row")
        if delta.exists(path):
            before = delta.scan(path).collect()
            frame = pl.concat([before, frame], how="diagonal").select(frame.columns)
        warehouse.add_ops(table, frame)


def _add_build(
    run: Run,
    warehouse: Warehouse,
    fingerprint: str,
    tables: Mapping[TableRef, str],
    versions: Mapping[TableRef, str],
) -> None:
    """Put into the gold file what it was made from, as a whole and table by table."""
    build = {
        "run_id": run.run_id,
        "fingerprint": fingerprint,
        "built_at": run.started_at,
        "tool_version": __version__,
        "failed_checks": run.report().failed_checks,
    }
    at = {"built_at": pl.Datetime("us", "UTC")}
    warehouse.add_ops("build", pl.DataFrame([build], schema_overrides=at))
    rows = [(ref.table, made_from, versions[ref]) for ref, made_from in tables.items()]
    names = ("table_name", "fingerprint", "contract_version")
    schema = dict.fromkeys(names, pl.String)
    warehouse.add_ops("build_tables", pl.DataFrame(rows, schema=schema, orient="row"))


def _lineage_rows(
    run: Run, contracts: Mapping[TableRef, Contract], steps: Sequence[GoldStep]
) -> list[dict[str, str]]:
    pairs = [(step.contract.ref, read) for step in steps for read in step.reads]
    for step in Catalog(run.config.domain, contracts).silver_steps:
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
