"""Source files -> bronze: each file read once, split by its contract, committed with its rejects.

Rejects are committed before the rows of the same files; a file whose commit did not happen is read
again by the next run, and its orphaned rejects are taken out.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from itertools import chain, count
from typing import TYPE_CHECKING

from carms_lake.catalog import load_catalog
from carms_lake.errors import SourceError, first_few
from carms_lake.flows.ingest.table import Options, TableIngest
from carms_lake.flows.run import running
from carms_lake.names import Layer
from carms_lake.readers.discover import discover, listing
from carms_lake.store.rejects import repair

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.flows.run import Run
    from carms_lake.records import RunReport, SourceFile

    Progress = Callable[[str, int, int | None], None]


TABLES_AT_ONCE = 2
"""How many tables land at the same time: memory is that of two lots of records and their checks."""
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
    progress: Progress | None = None,
) -> RunReport:
    """Land the files of a domain in bronze and set aside the records that break their contract.

    A file that cannot be read is refused and named in the report; the others land. Files that have
    not changed are skipped, unless `full_refresh`. `dry_run` reads and checks, and writes nothing.

    Raises:
        UsageError: a source that the domain does not have.
        ContractError: a contract is wrong, or other columns stand in the lake.
        SourceError: there is no folder to read from.
        StoreError: the lake cannot be written, or is being written.
        NotReconciled: a record was lost; a bug.
    """
    options = Options(dry_run, full_refresh, also_parquet)
    catalog = load_catalog(config.domain)
    chosen = catalog.select(sources, Layer.BRONZE)
    base = from_path or config.data_raw
    if not base.exists():
        raise SourceError(
            f"no folder `{base}`", "put the source files there, or name another with `--from`"
        )
    with running(config, "ingest", keep=not dry_run) as run:
        if not dry_run:
            repair(config, catalog.refs(Layer.BRONZE, Layer.SILVER), run.run_id)
        there = listing(base)
        found = {ref: discover(catalog.contracts[ref], there) for ref in catalog.refs(Layer.BRONZE)}
        if not any(found[ref] for ref in chosen):
            tables = ", ".join(ref.table for ref in chosen)
            run.notes.append(f"no file in `{base}` matches a pattern of {tables}")
        run.notes += _passed_over(there.others(chain.from_iterable(found.values())))
        tasks = [(catalog.contracts[ref], found[ref]) for ref in chosen]
        _land(run, tasks, options, progress)
    return run.report()


def _land(
    run: Run,
    found: Sequence[tuple[Contract, Sequence[SourceFile]]],
    options: Options,
    progress: Progress | None,
) -> None:
    """Land the files of each table, two tables at a time, those with most to read first.

    What the run says of them stands in the order of the tables, whichever was ready first.
    """
    done, total = count(), sum(len(files) for _, files in found)

    def begun(name: str) -> None:
        if progress:
            progress(name, next(done), total)

    def land(part: Run, contract: Contract, files: Sequence[SourceFile]) -> None:
        TableIngest(part, contract, options).land(files, begun)

    parts = [run.part() for _ in found]
    tasks = [(part, *task) for part, task in zip(parts, found, strict=True)]
    tasks.sort(key=lambda task: -sum(file.size for file in task[2]))
    with ThreadPoolExecutor(TABLES_AT_ONCE, thread_name_prefix="bronze") as pool:
        landing = [pool.submit(land, *task) for task in tasks]
        try:
            for future in as_completed(landing):
                future.result()
        finally:
            run.is_over.set()  # after an error, or Ctrl-C, the others end where they are
            wait(landing)
            for part in parts:
                run.take(part)


def _passed_over(names: Sequence[str]) -> list[str]:
    """What is said of files that no source wants: a misspelt name would be missed for ever."""
    others = [name for name in names if not name.rpartition("/")[2].startswith("README")]
    if not others:
        return []
    shown = first_few([f"`{name}`" for name in others], _SHOWN)
    return [f"passed over, because no source's pattern matches: {shown}"]
