"""What became of everything that was ever set aside: first seen, last seen, mended by which run.

Nothing is kept for this beside the rejects of all runs and the logs of the tables. The log of a
bronze table says which run read a file, the log of a silver table which run built it; a record that
one of these readings set aside and the next one did not was mended by that next one. A record is
the same as long as its raw text in its file is, a row of silver as long as its key is; of equal
ones the first, the second ... are told apart.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.names import RUN_ID, SRC_FILENAME, SRC_ROW_NUMBER, Layer, run_began
from carms_lake.records import QueryResult
from carms_lake.store.delta import table as delta
from carms_lake.store.delta.log import MANIFEST, REPLAYED, RESTORED, commits
from carms_lake.store.layout import rejects_path, table_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from carms_lake.config import LakeConfig
    from carms_lake.names import TableRef
    from carms_lake.store.delta.log import Commit


COLUMNS = (
    "layer",
    "table_name",
    SRC_FILENAME,
    SRC_ROW_NUMBER,
    "row_key",
    "codes",
    "raw_record",
    "first_seen_run",
    "first_seen_at",
    "last_seen_run",
    "last_seen_at",
    "mended_run",
    "mended_at",
    "mended_by",
)
_TYPES = (
    *("VARCHAR",) * 3,
    "BIGINT",
    *("VARCHAR",) * 3,
    *("VARCHAR", "TIMESTAMP") * 3,
    "VARCHAR",
)
_UNIT = ("layer", "table_name", SRC_FILENAME)
"""What is read or built as one: a file of bronze, a table of silver."""


@dataclass(frozen=True)
class _Reading:
    """A file was read, or a table built; the rejects of `of_run` count from then on."""

    by_run: str
    of_run: str | None
    """None where the file is no longer the table's."""
    how: str


def reject_history(
    config: LakeConfig,
    *,
    table: str | None = None,
    layer: str | None = None,
    code: str | None = None,
    column: str | None = None,
    run: str | None = None,
) -> QueryResult:
    """One row per record or row that was ever set aside, by table, file and record.

    `mended_by` is `delivery` (the file came again with other content), `replay`, `ingest` (the file
    was read again), `build` or `restore`; null while it is set aside. `run` asks for what a run saw
    first, saw last or mended.

    Raises:
        UsageError: a table that the domain does not have.
        StoreError: the lake cannot be read.
    """
    catalog, layers = load_catalog(config.domain), (Layer.BRONZE, Layer.SILVER)
    refs = catalog.named(table, *layers) if table else catalog.refs(*layers)
    path = rejects_path(config)
    if not delta.exists(path):
        return QueryResult(COLUMNS, _TYPES, [])
    found = _seen(
        delta.scan(path), _readings(config, [r for r in refs if layer in (None, r.layer)])
    )
    if code:
        found = found.filter(pl.col("codes").list.contains(code.upper()))
    if column:
        found = found.filter(pl.col("columns").list.contains(column))
    if run:
        found = found.filter(
            pl.any_horizontal(pl.col(f"{what}_run") == run for what in ("first_seen", "last_seen"))
            | (pl.col("mended_run") == run).fill_null(value=False)
        )
    named = found.with_columns(pl.col("codes").list.join(" "))
    rows = named.select(COLUMNS).sort(*COLUMNS[:5], "first_seen_run", maintain_order=True)
    return QueryResult(COLUMNS, _TYPES, rows.collect().rows())


def _seen(rejects: pl.LazyFrame, readings: pl.DataFrame) -> pl.LazyFrame:
    """Every record that was ever set aside, between the readings that saw it first and last."""
    of_silver = pl.col("layer") == Layer.SILVER
    what = pl.when(of_silver).then("row_key").otherwise("raw_record").fill_null("")
    reason = pl.element().struct
    told = rejects.select(
        *_UNIT,
        RUN_ID,
        SRC_ROW_NUMBER,
        "row_key",
        "raw_record",
        what.alias("what"),
        pl.col("reasons").list.eval(reason.field("code")).list.unique().list.sort().alias("codes"),
        pl.col("reasons").list.eval(reason.field("column")).list.unique().alias("columns"),
    )
    counted = told.sort(SRC_ROW_NUMBER, "raw_record").with_columns(
        pl.int_range(pl.len()).over(*_UNIT, RUN_ID, "what").alias("nth")
    )
    seen = counted.join(
        readings.lazy(),
        left_on=[*_UNIT, RUN_ID],
        right_on=[*_UNIT, "of_run"],
        nulls_equal=True,
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
    mending = readings.lazy().select(
        *_UNIT,
        pl.col("number").alias("next"),
        pl.col("by_run").alias("mended_run"),
        pl.col("at").alias("mended_at"),
        pl.col("how").alias("mended_by"),
    )
    return record.join(mending, on=[*_UNIT, "next"], how="left", nulls_equal=True)


def _readings(config: LakeConfig, refs: Iterable[TableRef]) -> pl.DataFrame:
    """Every reading of every file and build of every table, numbered in order within each."""
    rows: list[tuple[Any, ...]] = []
    for ref in refs:
        log = commits(table_path(config, ref))
        by_unit = _of_files(log) if ref.layer is Layer.BRONZE else {None: list(_of_builds(log))}
        for unit, readings in by_unit.items():
            rows += [
                (ref.layer, ref.table, unit, n, r.by_run, _at(r.by_run), r.of_run, r.how)
                for n, r in enumerate(readings)
            ]
    text = pl.String()
    schema: dict[str, pl.DataType] = {
        **dict.fromkeys(_UNIT, text),
        "number": pl.Int64(),
        "by_run": text,
        "at": pl.Datetime("us"),
        "of_run": text,
        "how": text,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _of_files(log: Iterable[Commit]) -> dict[str | None, list[_Reading]]:
    """The readings of each file of a bronze table."""
    found: dict[str | None, list[_Reading]] = defaultdict(list)
    content: dict[str, str] = {}
    for commit in log:
        by_run = commit.run_id
        is_restored = MANIFEST in commit.metadata
        listed = commit.metadata.get(MANIFEST, commit.metadata.get("files", ()))
        newest = {e["name"]: e for e in sorted(listed, key=lambda e: e.get("delivery_id") or 0)}
        if by_run is None:
            continue
        for name in content.keys() - newest.keys() if is_restored else ():
            found[name].append(_Reading(by_run, None, "restore"))
            del content[name]
        for name, entry in newest.items():
            how = "ingest" if content.get(name) == entry["sha256"] else "delivery"
            how = "replay" if REPLAYED in commit.metadata else how
            if is_restored:
                how = "restore"
                if found[name] and found[name][-1].of_run == entry["run_id"]:
                    continue
            found[name].append(_Reading(by_run, entry["run_id"], how))
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
