"""Bronze -> silver -> gold: write, audit, publish.

A table is built again only where its inputs, its code or its contract changed. Gold is made in a
new file and checked there; a failing check leaves the published file as it was.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from carms_lake.catalog import code_fingerprint, load_catalog
from carms_lake.flows.build.gold import How, build_gold
from carms_lake.flows.build.silver import transform
from carms_lake.flows.run import running
from carms_lake.names import Layer
from carms_lake.quality.failures import of_whole
from carms_lake.quality.reconciliation import not_reconciled
from carms_lake.store.gold.published import build_record
from carms_lake.store.rejects import repair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from carms_lake.catalog import Catalog, SilverStep
    from carms_lake.config import LakeConfig
    from carms_lake.names import TableRef
    from carms_lake.records import RunReport, TableReport
    from carms_lake.store.gold.published import BuildRecord

    Progress = Callable[[str, int, int | None], None]


TABLES_AT_ONCE = 2
"""How many silver tables are made at the same time: memory is that of the largest two."""


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
    measured at `now`, which is when the run begins.

    Raises:
        UsageError: a table that the domain does not have.
        ContractError: code or SELECTs do not deliver their contracts.
        NotReconciled: keys were lost or made.
        DataError: a check of severity error failed; the published file is left as it was, unless
            it is to be published anyway.
        StoreError: bronze is not there yet, or the lake or the gold file cannot be written.
    """
    catalog = load_catalog(config.domain)
    contracts = catalog.contracts
    with running(config, "build") as run:
        repair(config, catalog.refs(Layer.BRONZE, Layer.SILVER), run.run_id)
        needed = _needed(catalog, select, build_record(config.gold_file))
        steps = [step for step in catalog.silver_steps if step.contract.ref in needed]
        gold = catalog.gold_steps
        code = code_fingerprint(config.domain)
        made: dict[TableRef, TableReport] = {}
        make = partial(transform, run, contracts=contracts, code=code, full_refresh=full_refresh)
        try:
            for report in _made(steps, make):
                if progress:
                    progress(report.table.in_domain, len(made), len(steps) + 1)
                made[report.table] = report
        finally:
            run.add(tables=[made[s.contract.ref] for s in steps if s.contract.ref in made])
            lost = [not_reconciled(table) for table in run.report().tables if not table.balanced]
            run.add(checks=lost, failures=list(map(of_whole, lost)))
        if progress:
            progress(config.gold_file.name, len(steps), len(steps) + 1)
        if any(step.contract.ref in needed for step in gold):
            build_gold(run, contracts, gold, needed, How(full_refresh, publish_anyway, now))
    return run.report()


def _made(
    steps: Sequence[SilverStep], make: Callable[[SilverStep], TableReport]
) -> Iterator[TableReport]:
    """The silver tables, each made after those that it reads, two at a time where they may be.

    The work of one table keeps both cores busy for a part of its time only.
    """
    there = {step.contract.ref: step for step in steps}
    graph = {ref: step.needs & there.keys() for ref, step in there.items()}
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    with ThreadPoolExecutor(TABLES_AT_ONCE, thread_name_prefix="silver") as pool:
        waiting: set[Future[TableReport]] = set()
        try:
            while sorter.is_active():
                waiting |= {pool.submit(make, there[ref]) for ref in sorter.get_ready()}
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    report = future.result()
                    sorter.done(report.table)
                    yield report
        finally:
            for future in waiting:
                future.cancel()


def _needed(catalog: Catalog, select: Sequence[str], there: BuildRecord | None) -> set[TableRef]:
    """The selected tables, what they are made from, and what refers to them by an enforced key.

    Everything where none is selected, and where a table that is not needed is not published yet,
    so that it could not be copied.

    Raises:
        UsageError: a name that no table of silver or gold has.
    """
    gold = catalog.gold_steps
    reads = {step.contract.ref: step.needs for step in catalog.silver_steps}
    reads |= {step.contract.ref: step.needs for step in gold}
    if not select:
        return set(reads)
    refers: dict[TableRef, set[TableRef]] = {}
    for step in gold:
        for relationship in step.contract.relationships:
            if relationship.enforced:
                refers.setdefault(relationship.target, set()).add(step.contract.ref)
    waiting = catalog.select(select, Layer.GOLD, Layer.SILVER)
    needed: set[TableRef] = set()
    while waiting:
        ref = waiting.pop()
        if ref not in needed:
            needed.add(ref)
            waiting += [*reads.get(ref, ()), *refers.get(ref, ())]
    kept = {s.contract.ref.table for s in gold if s.contract.kind == "table"} - {
        ref.table for ref in needed if ref.layer is Layer.GOLD
    }
    has_gold = any(ref.layer is Layer.GOLD for ref in needed)
    return set(reads) if has_gold and not kept <= set(there.rows if there else ()) else needed
