"""Silver -> the gold file: written next to the published one, audited, then put in its place."""

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from carms_lake.catalog import Catalog, GoldStep
from carms_lake.config import LakeConfig
from carms_lake.contract.limits import Severity
from carms_lake.errors import DataError, counted
from carms_lake.flows.build.audit import (
    ARRIVAL,
    Audit,
    audited,
    check_freshness,
    forgotten_since,
    rows_before,
)
from carms_lake.flows.build.checked import Checked, check_fingerprints, last_checked
from carms_lake.flows.build.context import rows_version
from carms_lake.flows.build.plan import (
    file_fingerprint,
    own_fingerprints,
    silver_states,
    table_fingerprints,
)
from carms_lake.flows.build.published import (
    BuildOf,
    build_tables,
    classified,
    published_ops,
    published_rows,
    tables_about_people,
)
from carms_lake.flows.run import Run
from carms_lake.names import Layer, TableRef
from carms_lake.quality.rejected import REJECT_SCHEMA
from carms_lake.records import TableReport
from carms_lake.store import delta, ops, own, table_path
from carms_lake.store.delta.manifest import Build, last_builds
from carms_lake.store.gold import (
    STORAGE_VERSION,
    BuildRecord,
    build_record,
    publish,
    published_although,
    published_place,
)
from carms_lake.store.gold.file import Warehouse, building
from carms_lake.store.gold.macros import key_file, masks
from carms_lake.store.sql import attach

MOST_COPIES = 20
"""So many builds begin with a copy of the file before; then all is computed and checked again."""


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
    silver = {ref: rows_version(config, ref) for ref in catalog.refs(Layer.SILVER)}
    _note_new_key(run, steps)
    fingerprints = table_fingerprints(config, steps, silver)
    people = tables_about_people(catalog)
    appended = {ref: own.version(config, ref) for ref, c in contracts.items() if c.written_by}
    of_own = own_fingerprints(config, appended)
    tables = [*fingerprints.values(), *of_own.values()]
    fingerprint = file_fingerprint(config, tables, contracts, builds, people)
    published = None if full_refresh else build_record(config.gold_file)
    if published and published.fingerprint == fingerprint:
        _note_unchanged(run, {ref: published.rows.get(ref.table) for ref in fingerprints})
        check_freshness(run, contracts, now)
        return
    before = published.fingerprints if published else {}
    is_partial = not fingerprints.keys() <= needed
    reusable = {ref for ref, made in fingerprints.items() if before.get(ref.table) == made}
    reusable |= fingerprints.keys() - needed
    copies = _copies(catalog, config, published)
    # What a build of some tables leaves alone is in the published file only.
    is_copy = bool(published and (copies or is_partial))
    with building(
        config, copied=published_place(config.gold_file) if is_copy else None
    ) as warehouse:
        kept, last = _kept(run, catalog, warehouse, reusable) if is_copy else (set(), {})
        made_from = fingerprints | {ref: before.get(ref.table, "") for ref in kept}
        states = {**made_from, **silver_states(config, builds), **of_own}
        checks = check_fingerprints(contracts, states)
        known = {ref: found for ref, found in last.items() if found.fingerprint == checks.get(ref)}
        _add_sources(run, warehouse, silver)
        for ref, version in appended.items():
            warehouse.add_own(contracts[ref], _pinned(run, ref, version))
        _create_all(run, warehouse, steps, kept, builds)
        task = Audit(run, contracts, builds, rows_before(config), now, known)
        found = audited(task, warehouse.connection)
        message = _stop_where_a_check_failed(run, publish_anyway=publish_anyway)
        this_run = run.finish(message, published=published_rows(run, catalog))
        for table, frame in published_ops(config, catalog, people, this_run, task.rejects):
            warehouse.add_ops(table, frame)
        # The next build checks again what failed, whatever changed.
        is_whole = not is_partial and not run.report().failed_checks
        versions = {ref: (made, contracts[ref].version) for ref, made in made_from.items()}
        made = BuildOf(
            fingerprint if is_whole else "", versions, found, checks, classified(catalog)
        )
        for table, frame in build_tables(run, made, copies or MOST_COPIES * is_copy):
            warehouse.add_ops(table, frame)
        warehouse.finish([Layer.SILVER])
        _note_other_names(run)
        target = publish(warehouse.path, config.gold_file)
        run.publish(target)
        _note_held(run, target)


def _copies(catalog: Catalog, config: LakeConfig, published: BuildRecord | None) -> int:
    """Which copy in a row a copy of the published file would be; 0 where it has to be a new file.

    A copy keeps the room of rows that were removed, which may still be read in it: after a number
    of builds, when a file of a source was forgotten and when a contract says something else about
    people, the file is a new one.

    Raises:
        StoreError: the lake cannot be read.
    """
    if published is None or published.copies is None:
        return 0
    may_copy = (
        not published.failed_checks
        and published.copies < MOST_COPIES
        and published.classified == classified(catalog)
        and published.storage.removesuffix("+") == STORAGE_VERSION
        and not _log_beside(config).exists()
        and not forgotten_since(config, published.run_id)
    )
    return published.copies + 1 if may_copy else 0


def _log_beside(config: LakeConfig) -> Path:
    """Where a program that writes to the published file keeps what the file does not have yet."""
    place = published_place(config.gold_file)
    return place.with_name(place.name + ".wal")


def _kept(
    run: Run, catalog: Catalog, warehouse: Warehouse, reusable: Collection[TableRef]
) -> tuple[set[TableRef], dict[TableRef, Checked]]:
    """The tables that stay as they are in the copied file, and what the checks found in it.

    Raises:
        StoreError: another program has the published file open for writing.
    """
    attach(warehouse.connection, run.config.gold_file)
    contracts = [catalog.contracts[ref] for ref in reusable]
    kept = warehouse.keep(contract for contract in contracts if contract.kind == "table")
    return kept, last_checked(run.config.gold_file, catalog.domain.name)


def _note_unchanged(run: Run, rows: Mapping[TableRef, int | None]) -> None:
    run.add(
        tables=[TableReport(ref, "unchanged", rows=n, rows_read=0) for ref, n in rows.items()],
        notes=[f"nothing changed: `{run.config.gold_file}` stays as it is"],
    )


def _note_held(run: Run, target: Path) -> None:
    """Say where the new tables are if another program has the published file open (Windows)."""
    gold_file = run.config.gold_file
    if target != gold_file:
        note = (
            f"`{gold_file}` is open in another program: the new tables are in `{target}`; close it "
            "and run `carms build`"
        )
        run.add(notes=[note])


def _note_other_names(run: Run) -> None:
    """Say that a file of two names is replaced under one of them."""
    place = published_place(run.config.gold_file)
    if place.exists() and place.stat().st_nlink > 1:
        note = (
            f"`{place}` had another name (a hard link), which keeps the old tables; use a symbolic "
            "link instead"
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


def _pinned(run: Run, ref: TableRef, version: int) -> delta.Pinned | None:
    path = table_path(run.config, ref)
    return delta.pinned(path, version) if version >= 0 else None


def _create_all(
    run: Run,
    warehouse: Warehouse,
    steps: Sequence[GoldStep],
    kept: Collection[TableRef],
    builds: Mapping[TableRef, Build],
) -> None:
    """Compute every table that is not kept as it is in the copied file."""
    rows: dict[TableRef, int | None] = {ref: build.rows for ref, build in builds.items()}
    for step in steps:
        started = time.perf_counter()
        contract, ref = step.contract, step.contract.ref
        is_kept = ref in kept
        if is_kept:
            rows[ref] = warehouse.count(ref)
        else:
            rows[ref] = warehouse.create(contract, step.sql, step.where)
        read = [rows.get(name) for name in step.reads]
        report = TableReport(
            ref,
            "copied" if is_kept else "built",
            rows=rows[ref],
            # Unknown where the rows of a part of it are, as those of a macro.
            rows_read=0 if is_kept else None if None in read else sum(count or 0 for count in read),
            seconds=round(time.perf_counter() - started, 3),
        )
        run.add(tables=[report])
        run.finished(report)


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
    absent = [f"`{c.table.in_domain}`" for c in run.report().checks if c.rule.endswith(ARRIVAL)]
    never = f"; no file of {', '.join(absent)} was ever loaded" if absent else ""
    raise DataError(
        f"{counted(len(failed), 'check')} failed, nothing is published: {first}{never}",
        "`carms check --failures` shows the rows, `carms build --publish-anyway` publishes anyway",
    )
