"""Bronze -> silver -> gold: write, audit, publish.

A table is rebuilt only where its inputs, its code or its contract changed. Gold is built in a
new file and checked there; a failing check leaves the published file as it was.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from functools import partial
from graphlib import TopologicalSorter

import polars as pl

from carms_lake.catalog import Catalog, GoldStep, SilverStep, code_fingerprint, load_catalog
from carms_lake.config import LakeConfig
from carms_lake.errors import StoreError
from carms_lake.flows.build.audit import check_arrival
from carms_lake.flows.build.gold import build_gold
from carms_lake.flows.build.inputs import ensure_readable
from carms_lake.flows.build.silver import transform
from carms_lake.flows.run import Run, running
from carms_lake.names import Layer, TableRef
from carms_lake.quality.constraints import ensure_only_reads
from carms_lake.quality.failures import of_whole
from carms_lake.quality.reconciliation import not_reconciled
from carms_lake.records import Progress, RunReport, TableReport
from carms_lake.store import delta, table_path
from carms_lake.store.delta.inspection import ensure_undamaged
from carms_lake.store.delta.integrity import ensure_named
from carms_lake.store.delta.log import table_folders
from carms_lake.store.delta.manifest import changed_sources
from carms_lake.store.gold import build_record
from carms_lake.store.ops import ops_rows
from carms_lake.store.rejects import repair

TABLES_AT_ONCE = 2
"""How many silver tables are built at the same time: memory is that of the largest two."""


def build(
    config: LakeConfig,
    select: Sequence[str] = (),
    *,
    full_refresh: bool = False,
    publish_anyway: bool = False,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> RunReport:
    """Build silver and gold from bronze, check them, and publish the gold file.

    `select` names tables (`program`, `silver.program`): they and what they need are built. Ages are
    measured at `now`, by default when the run begins.

    Raises:
        UsageError: a table that the domain does not have.
        ContractError: code or SELECTs do not deliver their contracts.
        NotReconciled: keys were lost or invented.
        DataError: a check of severity error failed; the published file is left as it was, unless
            it is to be published anyway.
        StoreError: bronze is missing, or the lake or the gold file cannot be written.
    """
    catalog = load_catalog(config.domain)
    ensure_only_reads(catalog.contracts.values())
    with running(config, "build") as run:
        run.progress = progress
        repair(config, catalog.refs(Layer.BRONZE, Layer.SILVER), run.run_id)
        needed = _needed(catalog, select, config)
        steps = [step for step in catalog.silver_steps if step.contract.ref in needed]
        _ensure_undamaged(run, needed, steps, full_refresh=full_refresh)
        code = code_fingerprint(config.domain)
        build_table = partial(transform, run, catalog.contracts, code, full_refresh=full_refresh)
        built: dict[TableRef, TableReport] = {}
        sources = {ref for step in steps for ref in step.needs if ref.layer is Layer.BRONZE}
        _ensure_sources(config, catalog, sources)
        there = [catalog.contracts[ref] for ref in sources if delta.exists(table_path(config, ref))]
        ensure_readable(steps, catalog.contracts, changed_sources(config, there))
        check_arrival(run, [catalog.contracts[ref] for ref in sorted(sources)])
        try:
            for report in _in_order(steps, build_table):
                if progress:
                    progress(report.table.in_domain, len(built), len(steps) + 1)
                built[report.table] = report
                run.finished(report)
        finally:
            # Also where one failed; in the order of the catalog, whichever was ready first.
            run.add(tables=[built[s.contract.ref] for s in steps if s.contract.ref in built])
            lost = [not_reconciled(table) for table in run.report().tables if not table.balanced]
            run.add(checks=lost, failures=list(map(of_whole, lost)))
        if progress:
            progress(config.gold_file.name, len(steps), len(steps) + 1)
        if any(ref.layer is Layer.GOLD for ref in needed):
            asked = {"full_refresh": full_refresh, "publish_anyway": publish_anyway}
            build_gold(run, catalog, needed, now or run.started_at, **asked)
    return run.report()


def _ensure_sources(config: LakeConfig, catalog: Catalog, sources: Collection[TableRef]) -> None:
    """Refuse to take a bronze table for empty that had rows, and to build a lake of nothing.

    Raises:
        StoreError: the folder of a table is gone, or no file of any source was ever ingested.
    """
    of_domain = catalog.refs(Layer.BRONZE)
    absent = {ref for ref in of_domain if not delta.exists(table_path(config, ref))}
    # A source of which no file ever came is an empty table; of nothing at all no lake is built.
    if len(absent) == len(of_domain) and sources:
        raise StoreError(
            f"there is nothing to build: no file of `{config.domain.name}` was ingested yet",
            "put files into data_raw and run `carms ingest`, which names what it refuses",
        )
    if not absent & set(sources):
        return
    files = ops_rows(config, "processed_files").filter(pl.col("accepted") > 0)
    loaded = set(files.select(pl.col("table_name").unique()).collect()["table_name"])
    gone = sorted(ref.in_domain for ref in absent & set(sources) if ref.table in loaded)
    if gone:
        raise StoreError(
            f"`{gone[0]}` is gone from the lake, though files of it were ingested",
            f"bring its folder back, or read its files again: `carms ingest {gone[0]}`",
        )


def _ensure_undamaged(
    run: Run, needed: set[TableRef], steps: Sequence[SilverStep], *, full_refresh: bool
) -> None:
    """Refuse damaged tables that the build reads, also where it would find nothing to do.

    A full refresh reads no rows of the silver that it rebuilds: it is what cures that. Of all that
    it reads the bytes are compared with their checksums.
    """
    rebuilt = {step.contract.ref for step in steps} if full_refresh else set()
    read = needed.union(*(step.needs for step in steps)) - rebuilt
    names = {ref.in_domain for ref in read}
    folders = table_folders(run.config).items()
    paths = [
        path for name, path in folders if name in names or name.startswith(("ops.", "rejects"))
    ]
    for path in paths:
        ensure_named(path)
    ensure_undamaged(paths, contents=full_refresh)
    if full_refresh:
        run.verified.update(paths)


def _in_order(
    steps: Sequence[SilverStep], build_table: Callable[[SilverStep], TableReport]
) -> Iterator[TableReport]:
    """Build the tables, each after those that it reads, two at a time where possible.

    One table keeps both cores busy for a part of its time only.
    """
    by_ref = {step.contract.ref: step for step in steps}
    sorter = TopologicalSorter({ref: step.needs & by_ref.keys() for ref, step in by_ref.items()})
    sorter.prepare()
    with ThreadPoolExecutor(TABLES_AT_ONCE, thread_name_prefix="silver") as pool:
        running_now: set[Future[TableReport]] = set()
        try:
            while sorter.is_active():
                running_now |= {pool.submit(build_table, by_ref[r]) for r in sorter.get_ready()}
                done, running_now = wait(running_now, return_when=FIRST_COMPLETED)
                for future in done:
                    report = future.result()
                    sorter.done(report.table)
                    yield report
        finally:
            for future in running_now:
                future.cancel()


def _needed(catalog: Catalog, select: Sequence[str], config: LakeConfig) -> set[TableRef]:
    """The selected tables, what they are built from, and what refers to them by an enforced key.

    All tables where none is selected, and where a gold table that is not needed cannot be copied
    because it is not published yet.
    """
    steps: list[SilverStep | GoldStep] = [*catalog.silver_steps, *catalog.gold_steps]
    needs = {step.contract.ref: step.needs for step in steps}
    if not select:
        return set(needs)
    refers: dict[TableRef, set[TableRef]] = {}
    for step in catalog.gold_steps:
        for relationship in step.contract.relationships:
            if relationship.enforced:
                refers.setdefault(relationship.target, set()).add(step.contract.ref)
    found = catalog.select(select, Layer.GOLD, Layer.SILVER)
    needed: set[TableRef] = set()
    while found:
        ref = found.pop()
        if ref not in needed:
            needed.add(ref)
            found += [*needs.get(ref, ()), *refers.get(ref, ())]
    copied = {
        step.contract.ref.table
        for step in catalog.gold_steps
        if step.contract.kind == "table" and step.contract.ref not in needed
    }
    published = build_record(config.gold_file)
    has_gold = any(ref.layer is Layer.GOLD for ref in needed)
    is_missing = not copied <= set(published.rows if published else ())
    return set(needs) if has_gold and is_missing else needed
