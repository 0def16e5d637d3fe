"""Source files -> bronze: each file read once, split by its contract, committed with its rejects.

Rejects are committed before the rows of the same files; a file whose commit did not happen is read
again by the next run, which deletes its orphaned rejects.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from functools import partial
from itertools import chain, count
from pathlib import Path, PurePath

from carms_lake.catalog import Catalog, load_catalog
from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract
from carms_lake.errors import SourceError, first_few
from carms_lake.flows.ingest.batches import Stop
from carms_lake.flows.ingest.table import Options, ingest_table
from carms_lake.flows.run import Run, running
from carms_lake.names import Layer, TableRef
from carms_lake.readers.discover import Listing, discover, listing
from carms_lake.records import Progress, RunReport, SourceFile
from carms_lake.store import table_path
from carms_lake.store.delta.inspection import ensure_undamaged
from carms_lake.store.delta.integrity import ensure_named, has_whole_newest
from carms_lake.store.delta.manifest import changed_sources
from carms_lake.store.rejects import repair

TABLES_AT_ONCE = 2
"""How many tables are ingested at once: memory is that of two batches and their checks."""
_SHOWN = 5
"""How many files a note names."""


def ingest(
    config: LakeConfig,
    sources: Sequence[str] = (),
    *,
    from_path: Path | None = None,
    dry_run: bool = False,
    full_refresh: bool = False,
    also_parquet: bool = False,
    misfits_as_null: bool = False,
    progress: Progress | None = None,
) -> RunReport:
    """Load the files of a domain into bronze and reject the records that break their contract.

    A file that cannot be read is refused and named in the report; the others load. Files that have
    not changed are skipped, unless `full_refresh`. `dry_run` reads and checks, and writes nothing.
    With `misfits_as_null`, values of kept deliveries that a changed type cannot hold become null.

    Raises:
        UsageError: a source that the domain does not have.
        ContractError: a contract is wrong, or a table has other columns than its contract.
        SourceError: there is no folder to read from.
        StoreError: the lake cannot be written, or is being written.
        NotReconciled: a record was lost; a bug.
    """
    options = Options(dry_run, full_refresh, also_parquet, misfits_as_null)
    catalog = load_catalog(config.domain)
    chosen = catalog.select(sources, Layer.BRONZE)
    base = from_path or config.data_raw
    if not base.exists():
        raise SourceError(
            f"no folder `{base}`", "put the source files there, or name another with `--from`"
        )
    _ensure_silver_can_read(config, catalog, chosen)
    with running(config, "ingest", keep=not dry_run) as run:
        for ref in chosen:
            ensure_named(table_path(config, ref))
        if not full_refresh:  # which cures them
            ensure_undamaged(table_path(config, ref) for ref in chosen)
        if not dry_run:
            repair(config, catalog.refs(Layer.BRONZE, Layer.SILVER), run.run_id)
        there = listing(base)
        found = {ref: discover(catalog.contracts[ref], there) for ref in catalog.refs(Layer.BRONZE)}
        if not any(found[ref] for ref in chosen):
            tables = ", ".join(ref.table for ref in chosen)
            run.add(notes=[f"no file in `{base}` matches a pattern of {tables}"])
        others = there.others(chain.from_iterable(found.values()))
        others = [f"`{name}`" for name in others if not PurePath(name).name.startswith("README")]
        if others:  # a misspelt name would be missed for ever
            run.add(notes=[f"ignored (matches no source): {first_few(others, _SHOWN)}"])
        elsewhere = _elsewhere(config, base)
        tasks = [
            (contract, found[contract.ref], _present(contract, elsewhere))
            for contract in (catalog.contracts[ref] for ref in chosen)
        ]
        _ingest_tables(run, tasks, options, progress)
    return run.report()


def _ensure_silver_can_read(
    config: LakeConfig, catalog: Catalog, chosen: Sequence[TableRef]
) -> None:
    """Refuse contracts that take away what silver reads, before a file is loaded by them.

    Raises:
        ContractError: a function of silver reads a column that a contract no longer has.
    """
    # What an interrupted run left of a commit is put aside later, when the lake is held.
    whole = [ref for ref in chosen if has_whole_newest(table_path(config, ref))]
    changed = changed_sources(config, [catalog.contracts[ref] for ref in whole])
    if changed:
        # It imports what a build needs, which most ingests do not.
        from carms_lake.flows.build.inputs import ensure_readable

        ensure_readable(catalog.silver_steps, catalog.contracts, changed)


def _elsewhere(config: LakeConfig, base: Path) -> list[Listing]:
    """What is there although a run reads from `base`: a file that it does not see is not gone."""
    folders = [config.data_raw, *([base.parent] if base.is_file() else [])]
    return [listing(folder) for folder in folders if folder != base and folder.exists()]


def _present(contract: Contract, elsewhere: Sequence[Listing]) -> frozenset[str]:
    return frozenset(source.name for there in elsewhere for source in discover(contract, there))


def _ingest_tables(
    run: Run,
    tasks: Sequence[tuple[Contract, Sequence[SourceFile], AbstractSet[str]]],
    options: Options,
    progress: Progress | None,
) -> None:
    """Ingest the files of each table, two tables at a time, those with most to read first.

    The run reports them in the order of the tables, whichever was ready first.
    """
    run.progress = progress
    done, total = count(), sum(len(files) for _, files, _ in tasks)
    stop = Stop()

    def begin(name: str) -> None:
        if progress:
            progress(name, next(done), total)

    largest = sorted(tasks, key=lambda task: -sum(file.size for file in task[1]))
    with ThreadPoolExecutor(TABLES_AT_ONCE, thread_name_prefix="bronze") as pool:
        read = partial(ingest_table, run, options=options, stop=stop, begin=begin)
        ingests = {
            contract.ref: pool.submit(read, contract, files, present)
            for contract, files, present in largest
        }
        try:
            for ingested in as_completed(ingests.values()):
                run.finished(*ingested.result().files)
        finally:
            stop.set()  # after an error, or Ctrl-C, the other tables end where they are
            wait(ingests.values())
            for contract, *_ in tasks:
                ingested = ingests[contract.ref]
                if not ingested.cancelled() and not ingested.exception():
                    run.add(files=ingested.result().files, notes=ingested.result().notes)
