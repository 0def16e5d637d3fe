"""The domain's one table of rejects: records that bronze rejected, rows that silver quarantined.

Rejects are committed before the rows they were split from. They count only where the commit of
their table says so: a bronze file's entry names the run that read it, a silver table's commit the
run that built it. What a killed run left behind counts for nothing, and the next run removes it.
"""

from collections.abc import Iterable, Sequence

import polars as pl

from carms_lake.config import LakeConfig
from carms_lake.names import DELIVERY_ID, RUN_ID, SRC_FILENAME, Layer, TableRef
from carms_lake.store import delta, rejects_path, table_path
from carms_lake.store.delta.lock import SHARED
from carms_lake.store.delta.log import commits, newest_first, version_among, version_at
from carms_lake.store.delta.manifest import read_manifest
from carms_lake.store.delta.write import append, overwrite

_OF_RUN = {"layer": pl.String, "table_name": pl.String, RUN_ID: pl.String}
_OF_FILE = _OF_RUN | {SRC_FILENAME: pl.String, DELIVERY_ID: pl.Int64}
"""What rejects share with the commit that they belong to: by run in silver, by file in bronze."""


def write_rejects(config: LakeConfig, rejects: Sequence[pl.DataFrame], run_id: str) -> None:
    """Add rejects of a run, before the rows that they were split from are committed.

    Raises:
        StoreError: the lake cannot be written.
    """
    path = rejects_path(config)
    found = [frame for frame in rejects if not frame.is_empty()] or list(rejects[:1])
    # A lake without rejects says so with an empty table.
    with SHARED:
        if found and not (found[0].is_empty() and delta.exists(path)):
            append(path, pl.concat(found), {"run_id": run_id}, new_columns=True)


def live(
    config: LakeConfig, tables: Iterable[TableRef], *, as_of: str | None = None
) -> pl.LazyFrame | None:
    """The rejects that count, of the named tables; None if nothing was ever rejected.

    With `as_of`, a run's id, those that counted after that run.

    Raises:
        StoreError: the lake cannot be read.
    """
    path = rejects_path(config)
    if not delta.exists(path):
        return None
    version = None if as_of is None else version_at(path, as_of)
    if version == -1:  # nothing had been rejected by then
        return None
    counted = _counted(config, tables, as_of).lazy()
    frame = delta.scan(path, version)
    return pl.concat(
        frame.filter(pl.col("layer") == layer).join(
            counted, on=list(keys), how="semi", nulls_equal=True
        )
        for layer, keys in ((Layer.BRONZE, _OF_FILE), (Layer.SILVER, _OF_RUN))
    )


def runs_without_rejects(config: LakeConfig, run_ids: Iterable[str]) -> set[str]:
    """Which of these runs, that rejected something, have no rejects in the lake.

    The table of rejects was lost, or an older backup of it was put back.

    Raises:
        StoreError: the lake cannot be read.
    """
    wanted = set(run_ids)
    for commit in newest_first(rejects_path(config)) if wanted else ():
        wanted.discard(commit.run_id or "")
        if not wanted:
            break
    return wanted


def repair(config: LakeConfig, tables: Iterable[TableRef], run_id: str) -> int:
    """Remove the rejects of runs that were killed before their rows were committed; how many.

    Raises:
        StoreError: the lake cannot be written.
    """
    path = rejects_path(config)
    if not delta.exists(path):
        return 0
    committed = [
        (ref.layer, ref.table, entry.metadata["run_id"])
        for ref in tables
        for entry in commits(table_path(config, ref))
        if "run_id" in entry.metadata
    ]
    known = pl.LazyFrame(committed, schema=_OF_RUN, orient="row")
    found = delta.scan(path)
    lost = int(found.join(known, on=list(_OF_RUN), how="anti").select(pl.len()).collect().item())
    if lost:
        kept = found.join(known, on=list(_OF_RUN), how="semi").collect()
        overwrite(path, kept, {"run_id": run_id, "repaired": lost})
    return lost


def _counted(config: LakeConfig, tables: Iterable[TableRef], as_of: str | None) -> pl.DataFrame:
    """The (layer, table, run, file, delivery) whose rejects count."""
    rows: list[tuple[str, str, str, str | None, int | None]] = []
    for ref in tables:
        log = commits(table_path(config, ref))
        if as_of is not None:
            log = log[: version_among(log, as_of) + 1]
        if ref.layer is Layer.BRONZE:
            rows += [
                (ref.layer, ref.table, entry.run_id, entry.name, entry.delivery_id)
                for entry in read_manifest(log).current.values()
            ]
        else:
            builds = [commit.metadata["run_id"] for commit in log if "run_id" in commit.metadata]
            rows += [(ref.layer, ref.table, run_id, None, None) for run_id in builds[-1:]]
    return pl.DataFrame(rows, schema=_OF_FILE, orient="row")
