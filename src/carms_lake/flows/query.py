"""Answers from the lake: rows, a file, the list of tables, what a table promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carms_lake.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.store.sandbox import AsOf
    from carms_lake.store.session import Answer

FILE_FORMATS = ("parquet", "xlsx")
"""What `query_to_file` writes; text formats are the command's own."""


@dataclass(frozen=True)
class QueryResult:
    """Rows in memory, with the names and DuckDB types of their columns."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def as_dicts(self) -> list[dict[str, Any]]:
        """The rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def query_rows(
    config: LakeConfig,
    sql: str,
    parameters: Mapping[str, Any] | Sequence[Any] | None = None,
    *,
    as_of: str | None = None,
) -> QueryResult:
    """All rows of one reading statement; `$name` in it takes its value from `parameters`.

    `as_of` is a run or a time: all tables answer as they stood together then.

    Raises:
        UsageError: `as_of` names no run, or a time before the first one.
        QueryRefused: SQL that is wrong, or that does more than read.
        QueryLimit: it took longer, or more memory, than allowed.
        GoldMissing: it names gold, and there is no gold file yet.
        StoreError: the gold file or a table cannot be read.
    """
    with query_batches(config, sql, parameters, as_of=as_of) as answer:
        return QueryResult(
            answer.columns, answer.types, [row for batch in answer.batches for row in batch]
        )


def query_batches(
    config: LakeConfig,
    sql: str,
    parameters: Mapping[str, Any] | Sequence[Any] | None = None,
    *,
    as_of: str | None = None,
) -> AbstractContextManager[Answer]:
    """The rows of one reading statement in batches, for results that need not fit into memory.

    Raises:
        QueryRefused: SQL that is wrong, or that does more than read.
        QueryLimit: it took longer, or more memory, than allowed.
        GoldMissing: it names gold, and there is no gold file yet.
        StoreError: the gold file or a table cannot be read.
    """
    from carms_lake.store.session import answering

    return answering(config, sql, parameters, _then(config, as_of))


def query_to_file(
    config: LakeConfig, sql: str, path: Path, file_format: str, *, as_of: str | None = None
) -> int:
    """Write the rows of one reading statement as Parquet or as a workbook; how many rows.

    Raises:
        QueryRefused: SQL that is wrong, or that does more than read.
        QueryLimit: it took longer, or more memory, than allowed.
        GoldMissing: it names gold, and there is no gold file yet.
        StoreError: the gold file or a table cannot be read.
        UsageError: the format is none of the two, or a workbook cannot hold the rows.
    """
    import polars as pl

    from carms_lake.store.session import streaming
    from carms_lake.writers import write

    if file_format not in FILE_FORMATS:
        raise UsageError(f"`{file_format}` is no file format of a query", "`parquet` or `xlsx`")
    rows = 0

    def frames() -> Iterator[pl.DataFrame]:
        nonlocal rows
        yield pl.DataFrame(pl.from_arrow(answer.schema.empty_table()))
        for batch in answer.batches:
            rows += batch.num_rows
            yield pl.DataFrame(pl.from_arrow(batch))

    with streaming(config, sql, _then(config, as_of)) as answer:
        write(path, frames(), file_format)
    return rows


def _then(config: LakeConfig, text: str | None) -> AsOf | None:
    """The lake as it stood then; None is now."""
    if text is None:
        return None
    from carms_lake.flows.asof import as_of, moment

    return as_of(config, moment(config, text).run_id)
