"""Silver -> the gold file: written next to the published one, audited, then put in its place."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import polars as pl

from carms_lake import __version__
from carms_lake.contract.limits import Severity
from carms_lake.errors import DataError, counted
from carms_lake.flows.build.audit import Audit, audited, check_freshness
from carms_lake.flows.build.context import rows_version
from carms_lake.flows.build.plan import file_fingerprint, table_fingerprints
from carms_lake.names import Layer
from carms_lake.quality.freshness import rows_published
from carms_lake.quality.rejected import REJECT_SCHEMA
from carms_lake.records import TableReport
from carms_lake.store import delta, ops, ops_path, table_path
from carms_lake.store.delta.manifest import last_builds
from carms_lake.store.gold import build_record, published_although
from carms_lake.store.gold.file import building, publish
from carms_lake.store.gold.masking import key_file, masks
from carms_lake.store.sql import attach

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from carms_lake.catalog import Catalog, GoldStep
    from carms_lake.flows.run import OpsRows, Run
    from carms_lake.names import TableRef
    from carms_lake.store.delta.manifest import Build
    from carms_lake.store.gold.file import Warehouse


def build_gold(
    run: Run,
    catalog: Catalog,
    needed: set[TableRef],
    now: datetime,
    *,
    full_refresh: bool,
    publish_anyway: bool,
) -> None:
    """Build the gold file, check it and publish it, unless nothing it is built from changed.

    Raises:
        ContractError: a SELECT does not deliver its contract.
        DataError: a check of severity error failed, and it is not to be published anyway.
        StoreError: the file cannot be written.
    """
    config, contracts, steps = run.config, catalog.contracts, catalog.gold_steps
    builds = last_builds(config, contracts.values())
    silver = {ref: rows_version(run, ref) for ref in catalog.refs(Layer.SILVER)}
    _note_new_key(run, steps)
    fingerprints = table_fingerprints(config, steps, silver)
    fingerprint = file_fingerprint(fingerprints.values(), contracts, builds)
    published = build_record(config.gold_file)
    if published and published.fingerprint == fingerprint and not full_refresh:
        rows = {ref: published.rows.get(ref.table) for ref in fingerprints}
        run.add(
            tables=[TableReport(ref, "unchanged", rows=n, rows_read=0) for ref, n in rows.items()],
            notes=[f"nothing changed: `{config.gold_file}` stays as it is"],
        )
        check_freshness(run, contracts, now)
        return
    before = published.fingerprints if published else {}
    reusable = fingerprints.keys() - needed
    if not full_refresh:
        reusable |= {ref for ref, made in fingerprints.items() if before.get(ref.table) == made}
    is_limited = any(contract.row_change for contract in contracts.values())
    rows_before = rows_published(config.gold_file) if is_limited else {}
    task = Audit(run, contracts, builds, rows_before, now)
    with building(config) as warehouse:
        _add_sources(run, warehouse, silver)
        if reusable and config.gold_file.exists():
            attach(warehouse.connection, config.gold_file)
        copied = _create_all(run, warehouse, steps, reusable, builds)
        audited(task, warehouse.connection)
        message = _stop_where_a_check_failed(run, publish_anyway=publish_anyway)
        _add_ops(run, warehouse, run.finish(message, published=_published_rows(run, catalog)))
        warehouse.add_ops("rejects", task.rejects)
        # The next build checks again what failed, whatever changed.
        is_whole = fingerprints.keys() <= needed and not run.report().failed_checks
        made_from = fingerprints | {ref: before.get(ref.table, "") for ref in copied}
        versions = {ref: (made, contracts[ref].version) for ref, made in made_from.items()}
        _add_build(run, warehouse, fingerprint if is_whole else "", versions)
        warehouse.finish([Layer.SILVER])
        target = publish(warehouse.path, config.gold_file)
        run.publish(target)
    if target != config.gold_file:
        note = (
            f"`{config.gold_file}` is open in another program: the new tables are in "
            f"`{target}`; close it and run `carms build`"
        )
        run.add(notes=[note])


def _note_new_key(run: Run, steps: Sequence[GoldStep]) -> None:
    path = key_file(run.config)
    if not path.exists() and any(masks(step.sql) for step in steps):
        note = (
            f"created `{path}`, the key of the masks; keep it, and keep it out of the lake and of "
            "version control: another key gives other masks"
        )
        run.add(notes=[note])


def _add_sources(run: Run, warehouse: Warehouse, silver: Mapping[TableRef, int]) -> None:
    """Make readable what SELECTs may name: silver, and the tables of operations.

    Views may read the latter, which are filled at the end of the build.
    """
    for ref, version in silver.items():
        if version >= 0:
            warehouse.add_source(ref, delta.pinned(table_path(run.config, ref)))
    for table, schema in {**ops.OPS_SCHEMAS, "rejects": REJECT_SCHEMA}.items():
        warehouse.add_ops(table, pl.DataFrame(schema=schema))


def _create_all(
    run: Run,
    warehouse: Warehouse,
    steps: Sequence[GoldStep],
    reusable: Collection[TableRef],
    builds: Mapping[TableRef, Build],
) -> set[TableRef]:
    """Compute every table, or copy it where it is reusable; which ones were copied."""
    rows: dict[TableRef, int | None] = {ref: build.rows for ref, build in builds.items()}
    copied: set[TableRef] = set()
    for step in steps:
        started = time.perf_counter()
        contract, ref = step.contract, step.contract.ref
        is_copied = ref in reusable and contract.kind == "table"
        copy = warehouse.published_select(contract) if is_copied else None
        rows[ref] = warehouse.create(contract, copy or step.sql)
        read = [rows.get(name) for name in step.reads]
        report = TableReport(
            ref,
            "copied" if copy else "built",
            rows=rows[ref],
            # Unknown where the rows of a part of it are, as those of a macro.
            rows_read=0 if copy else None if None in read else sum(count or 0 for count in read),
            seconds=round(time.perf_counter() - started, 3),
        )
        run.add(tables=[report])
        if copy:
            copied.add(ref)
    return copied


def _stop_where_a_check_failed(run: Run, *, publish_anyway: bool) -> str:
    """Stop the build, or say what is noted of a run that publishes although checks failed."""
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
    raise DataError(
        f"{counted(len(failed), 'check')} failed, nothing is published: {first}",
        "`carms check --failures` shows the rows, `carms build --publish-anyway` publishes anyway",
    )


def _published_rows(run: Run, catalog: Catalog) -> OpsRows:
    """What this build adds to the tables of operations once it is published."""
    built = [
        ops.version_row(run.run_id, table, 0, catalog.contracts[table.table].version)
        for table in run.report().tables
        if table.table.layer is Layer.GOLD and catalog.contracts[table.table].kind == "table"
    ]
    reads = [(step.contract.ref, read) for step in catalog.gold_steps for read in step.reads]
    for step in catalog.silver_steps:
        reads += [(step.contract.ref, read) for read in step.reads.values()]
    lineage = [
        {
            "run_id": run.run_id,
            "layer": str(ref.layer),
            "table_name": ref.table,
            "reads_layer": str(read.layer),
            "reads_table": read.table,
        }
        for ref, read in reads
    ]
    return {"table_versions": built, "lineage": lineage}


def _add_ops(run: Run, warehouse: Warehouse, this_run: OpsRows) -> None:
    """Put what is known of earlier runs and of this one into the gold file."""
    for table, schema in ops.OPS_SCHEMAS.items():
        path = ops_path(run.config, table)
        frame = pl.DataFrame(this_run.get(table, []), schema=schema, orient="row")
        if delta.exists(path):
            before = delta.scan(path).collect()
            frame = pl.concat([before, frame], how="diagonal").select(frame.columns)
        warehouse.add_ops(table, frame)


def _add_build(
    run: Run, warehouse: Warehouse, fingerprint: str, tables: Mapping[TableRef, tuple[str, str]]
) -> None:
    """Put into the gold file what it was built from: as a whole, and by table with its version."""
    build = {
        "run_id": run.run_id,
        "fingerprint": fingerprint,
        "built_at": run.started_at,
        "tool_version": __version__,
        "failed_checks": run.report().failed_checks,
    }
    at = {"built_at": pl.Datetime("us", "UTC")}
    warehouse.add_ops("build", pl.DataFrame([build], schema_overrides=at))
    schema = dict.fromkeys(("table_name", "fingerprint", "contract_version"), pl.String)
    rows = [(ref.table, *texts) for ref, texts in tables.items()]
    warehouse.add_ops("build_tables", pl.DataFrame(rows, schema=schema, orient="row"))
