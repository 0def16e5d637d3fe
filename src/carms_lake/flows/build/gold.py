"""Silver -> the gold file: written next to the published one, audited, then put in its place."""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from carms_lake.catalog import Catalog, GoldStep
from carms_lake.contract.limits import Severity
from carms_lake.errors import DataError, counted
from carms_lake.flows.build.audit import (
    ARRIVAL,
    Audit,
    audited,
    check_freshness,
    rows_before,
)
from carms_lake.flows.build.checked import bases, checked_now
from carms_lake.flows.build.context import rows_version
from carms_lake.flows.build.copied import MOST_COPIES, Stock, copies_in_a_row, stocked
from carms_lake.flows.build.plan import (
    file_fingerprint,
    made_from,
    own_fingerprints,
    silver_states,
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
from carms_lake.records import CheckResult, TableReport
from carms_lake.store import delta, ops, own, table_path
from carms_lake.store.delta.manifest import Build, last_builds
from carms_lake.store.gold import (
    build_record,
    publish,
    published_although,
    published_place,
)
from carms_lake.store.gold.changes import NotByKey
from carms_lake.store.gold.file import Warehouse, building
from carms_lake.store.gold.macros import key_file, masks


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
    made = made_from(config, steps, silver)
    fingerprints = {ref: of.fingerprint for ref, of in made.items()}
    people = tables_about_people(catalog)
    appended = {ref: own.version(config, ref) for ref, c in contracts.items() if c.written_by}
    of_own = own_fingerprints(config, appended)
    texts = [*fingerprints.values(), *of_own.values()]
    fingerprint = file_fingerprint(config, texts, contracts, builds, people)
    published = None if full_refresh else build_record(config.gold_file)
    if published and published.fingerprint == fingerprint:
        _note_unchanged(run, {ref: published.rows.get(ref.table) for ref in fingerprints})
        check_freshness(run, contracts, now)
        return
    before = published.fingerprints if published else {}
    is_partial = not fingerprints.keys() <= needed
    same = {ref for ref, found in fingerprints.items() if before.get(ref.table) == found}
    reusable = same | (fingerprints.keys() - needed)
    copies = copies_in_a_row(catalog, config, published)
    # What a build of some tables leaves alone is in the published file only.
    copied = published_place(config.gold_file) if published and (copies or is_partial) else None
    with building(config, copied=copied) as warehouse:
        stock = stocked(run, catalog, warehouse, made, reusable) if copied else Stock()
        in_file = made | stock.made
        states: dict[TableRef, object] = {ref: of.fingerprint for ref, of in in_file.items()}
        checks = checked_now(contracts, {**states, **silver_states(config, builds), **of_own})
        _add_sources(run, warehouse, silver)
        _add_own(run, warehouse, catalog, appended)
        _create_all(run, warehouse, steps, builds, stock)
        known = bases(stock.checked, checks, stock.changes.since) if stock.changes else {}
        task = Audit(run, contracts, builds, rows_before(config), now, known)
        found = audited(task, warehouse.connection)
        run.count_rows(_rows_of_views(warehouse, catalog, found))
        message = _stop_where_a_check_failed(run, publish_anyway=publish_anyway)
        this_run = run.finish(message, published=published_rows(run, catalog))
        _add_ops(warehouse, published_ops(config, catalog, people, this_run, task.rejects))
        # The next build checks again what failed, whatever changed.
        is_whole = not is_partial and not run.report().failed_checks
        tables = {ref: (of, contracts[ref].version) for ref, of in in_file.items()}
        whole = fingerprint if is_whole else ""
        build_of = BuildOf(whole, tables, found, checks, classified(catalog))
        _add_ops(warehouse, build_tables(run, build_of, copies or MOST_COPIES * bool(copied)))
        _put_in_place(run, warehouse)


def _rows_of_views(
    warehouse: Warehouse, catalog: Catalog, found: Sequence[CheckResult]
) -> dict[TableRef, int]:
    """How many rows the views have: the checks say it where one of them counts rows."""
    counted_by_checks = {r.table: r.checked_rows for r in found if r.counts_rows}
    return {
        ref: counted_by_checks[ref] if ref in counted_by_checks else warehouse.count(ref)
        for ref, contract in catalog.contracts.items()
        if contract.kind == "view"
    }


def _put_in_place(run: Run, warehouse: Warehouse) -> None:
    """Close the file and put it in the place of the published one."""
    warehouse.finish([Layer.SILVER])
    _note_other_names(run)
    target = publish(warehouse.path, run.config.gold_file)
    run.publish(target)
    _note_held(run, target)


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


def _add_own(
    run: Run, warehouse: Warehouse, catalog: Catalog, appended: Mapping[TableRef, int]
) -> None:
    """Put the tables of the domain's own layers into the file, at these versions."""
    for ref, version in appended.items():
        warehouse.add_own(catalog.contracts[ref], _pinned(run, ref, version))


def _add_ops(warehouse: Warehouse, tables: Iterable[tuple[str, pl.DataFrame]]) -> None:
    """Put tables of operations into the file."""
    for table, frame in tables:
        warehouse.add_ops(table, frame)


def _pinned(run: Run, ref: TableRef, version: int) -> delta.Pinned | None:
    path = table_path(run.config, ref)
    return delta.pinned(path, version) if version >= 0 else None


def _create_all(
    run: Run,
    warehouse: Warehouse,
    steps: Sequence[GoldStep],
    builds: Mapping[TableRef, Build],
    stock: Stock,
) -> None:
    """Compute every table that is not the same in the copied file: some keys, or all rows."""
    rows: dict[TableRef, int | None] = {ref: build.rows for ref, build in builds.items()}
    for step in steps:
        started = time.perf_counter()
        contract, ref = step.contract, step.contract.ref
        read = [rows.get(name) for name in step.reads]
        # Unknown where the rows of a part of it are, as those of a macro.
        rows_read = None if None in read else sum(count or 0 for count in read)
        why, keys = "", None
        if ref in stock.same:
            rows_read = 0
        elif stock.changes and ref in stock.earlier:
            try:
                keys = rows_read = stock.changes.update(step, rows_read)
            except NotByKey as reason:
                why = f"all rows: {reason}"
                warehouse.drop(ref)
        if ref in stock.same or keys is not None:
            rows[ref] = warehouse.count(ref)
        else:
            # The checks compute a view anyway, and say how many rows it has.
            is_new = stock.changes is None
            rows[ref] = warehouse.create(contract, step.sql, step.where, counts_view=is_new)
        report = TableReport(
            ref,
            "copied" if ref in stock.same else "built",
            rows=rows[ref],
            rows_read=rows_read,
            seconds=round(time.perf_counter() - started, 3),
            message=why if keys is None else counted(keys, "key"),
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
