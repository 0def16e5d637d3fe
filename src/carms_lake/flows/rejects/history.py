"""What became of everything that was ever rejected: first seen, last seen, resolved by which run.

This is derived from the rejects of all runs and the logs of the tables alone. The log of a bronze
table says which run read a file, that of a silver table which run built it; a record that one of
these readings rejected and the next one did not was resolved by that next one. A record is the same
as long as its raw text in its file is, a row of silver as long as its key is; equal ones are
distinguished by their order.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.config import LakeConfig
from carms_lake.flows.rejects import tables_named
from carms_lake.names import RUN_ID, SRC_FILENAME, SRC_ROW_NUMBER, Layer, TableRef, run_began
from carms_lake.store import delta, rejects_path, table_path
from carms_lake.store.delta.log import (
    FORGOTTEN,
    LEFT,
    MANIFEST,
    REPLAYED,
    RESTORED,
    Commit,
    commits,
)
from carms_lake.store.runs import resolve_run

_UNIT = ("layer", "table_name", SRC_FILENAME)
"""What is read or built at once: a file of bronze, a table of silver."""
_SORTED_BY = (*_UNIT, SRC_ROW_NUMBER, "row_key")
_SCHEMA: dict[str, pl.DataType] = {
    **dict.fromkeys(_SORTED_BY, pl.String()),
    SRC_ROW_NUMBER: pl.Int64(),
    **dict.fromkeys(("codes", "raw_record"), pl.String()),
    "first_seen_run": pl.String(),
    "first_seen_at": pl.Datetime("us"),
    "last_seen_run": pl.String(),
    "last_seen_at": pl.Datetime("us"),
    "mended_run": pl.String(),
    "mended_at": pl.Datetime("us"),
    "mended_by": pl.String(),
}
_READINGS: dict[str, pl.DataType] = {
    **dict.fromkeys(_UNIT, pl.String()),
    "number": pl.Int64(),
    "by_run": pl.String(),
    "at": pl.Datetime("us"),
    "of_run": pl.String(),
    "how": pl.String(),
}


class _Reading(NamedTuple):
    """A file was read, or a table built; the rejects of `of_run` count from then on."""

    by_run: str
    of_run: str | None
    """None if the file is no longer one of the table's."""
    how: str


def reject_history(
    config: LakeConfig,
    *,
    table: str | None = None,
    layer: str | None = None,
    code: str | None = None,
    column: str | None = None,
    run: str | None = None,
) -> pl.DataFrame:
    """One row per record or row that was ever rejected, by table, file and record.

    `mended_by` is how it was resolved: `delivery` (the file came again with other content),
    `replay`, `ingest` (the file was reread), `rename` (its records have another name now), `build`
    or `restore`; null while it is rejected.
    `run` selects what a run saw first, saw last or resolved.

    Raises:
        UsageError: the domain does not have the table.
        StoreError: the lake cannot be read.
    """
    catalog = load_catalog(config.domain)
    refs = tables_named(catalog, [table] if table else [])
    run = run and resolve_run(config, run)
    path = rejects_path(config)
    if not delta.exists(path):
        return pl.DataFrame(schema=_SCHEMA)
    readings = _readings(config, [ref for ref in refs if layer in (None, ref.layer)])
    found = _lifetimes(delta.scan(path), readings)
    if code:
        found = found.filter(pl.col("codes").list.contains(code.upper()))
    if column:
        found = found.filter(pl.col("columns").list.contains(column))
    if run:
        runs = pl.col("first_seen_run", "last_seen_run", "mended_run")
        found = found.filter(pl.any_horizontal(runs.eq_missing(run)))
    rows = found.with_columns(pl.col("codes").list.join(" ")).select(*_SCHEMA)
    return rows.sort(*_SORTED_BY, "first_seen_run", maintain_order=True).collect()


def _lifetimes(rejects: pl.LazyFrame, readings: pl.DataFrame) -> pl.LazyFrame:
    """Every record that was ever rejected, with the readings that saw it first and last."""
    is_silver = pl.col("layer") == Layer.SILVER
    what = pl.when(is_silver).then("row_key").otherwise("raw_record").fill_null("")
    reason = pl.element().struct
    records = rejects.select(
        *_UNIT,
        RUN_ID,
        SRC_ROW_NUMBER,
        "row_key",
        "raw_record",
        what.alias("what"),
        pl.col("reasons").list.eval(reason.field("code")).list.unique().list.sort().alias("codes"),
        pl.col("reasons").list.eval(reason.field("column")).list.unique().alias("columns"),
    )
    numbered = records.sort(SRC_ROW_NUMBER, "raw_record").with_columns(
        pl.int_range(pl.len()).over(*_UNIT, RUN_ID, "what").alias("nth")
    )
    seen = numbered.join(
        readings.lazy(), left_on=[*_UNIT, RUN_ID], right_on=[*_UNIT, "of_run"], nulls_equal=True
    ).sort("number")
    last = ("codes", "columns", "raw_record", "row_key", SRC_ROW_NUMBER)
    record = seen.group_by(*_UNIT, "what", "nth").agg(
        pl.col(last).last(),
        pl.col("by_run").first().alias("first_seen_run"),
        pl.col("at").first().alias("first_seen_at"),
        pl.col("by_run").last().alias("last_seen_run"),
        pl.col("at").last().alias("last_seen_at"),
        (pl.col("number").last() + 1).alias("next"),
    )
    # Readings have no gaps in their numbers: the next one is the first without the record.
    resolved = readings.lazy().select(
        *_UNIT, next="number", mended_run="by_run", mended_at="at", mended_by="how"
    )
    return record.join(resolved, on=[*_UNIT, "next"], how="left", nulls_equal=True)


def _readings(config: LakeConfig, refs: Iterable[TableRef]) -> pl.DataFrame:
    """Every reading of every file and build of every table, numbered in order within each."""
    rows: list[tuple[Any, ...]] = []
    for ref in refs:
        log = commits(table_path(config, ref))
        by_unit = _of_files(log) if ref.layer is Layer.BRONZE else {None: list(_of_builds(log))}
        for unit, readings in by_unit.items():
            rows += [
                (ref.layer, ref.table, unit, number, r.by_run, _at(r.by_run), r.of_run, r.how)
                for number, r in enumerate(readings)
            ]
    return pl.DataFrame(rows, schema=_READINGS, orient="row")


def _of_files(log: Iterable[Commit]) -> dict[str | None, list[_Reading]]:
    """The readings of each file of a bronze table."""
    found: dict[str | None, list[_Reading]] = defaultdict(list)
    content: dict[str, str] = {}
    for commit in log:
        by_run = commit.run_id
        if by_run is None:
            continue
        is_restored = MANIFEST in commit.metadata
        listed = commit.metadata.get(MANIFEST, commit.metadata.get("files", ()))
        # A commit that restores lists every kept delivery of a file; the last one is the one read.
        newest = {e["name"]: e for e in sorted(listed, key=lambda e: e.get("delivery_id") or 0)}
        for name in {*commit.metadata.get(LEFT, ())} - newest.keys():
            is_forgotten = name in commit.metadata.get(FORGOTTEN, ())
            how = "forget" if is_forgotten else "rename"
            found[name].append(_Reading(by_run, None, how))
            content.pop(name, None)
        for name in content.keys() - newest.keys() if is_restored else ():
            found[name].append(_Reading(by_run, None, "restore"))
            del content[name]
        for name, entry in newest.items():
            of_run = entry["run_id"]
            if is_restored:
                how = "restore"
                # The file is as it was read: nothing of it was resolved.
                if found[name] and found[name][-1].of_run == of_run:
                    continue
            elif REPLAYED in commit.metadata:
                how = "replay"
            else:
                how = "ingest" if content.get(name) == entry["sha256"] else "delivery"
            found[name].append(_Reading(by_run, of_run, how))
            content[name] = entry["sha256"]
    return found


def _of_builds(log: Iterable[Commit]) -> Iterator[_Reading]:
    for commit in log:
        if commit.run_id is not None and "build" in commit.metadata:
            how = "restore" if RESTORED in commit.metadata else "build"
            yield _Reading(commit.run_id, commit.metadata["run_id"], how)


@lru_cache(maxsize=1024)
def _at(run_id: str) -> datetime | None:
    """When a run began, UTC, as its id says."""
    try:
        return run_began(run_id).replace(tzinfo=None)
    except ValueError:
        return None
