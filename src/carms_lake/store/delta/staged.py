"""Rows on their way into a table: written to data files ahead of the commit that makes them count.

The files wait in a hidden folder of the table, so that memory does not grow with the rows; the
commit moves them to the other data files and names them in the log. What a killed run leaves there
counts for nothing, and the next run deletes it.
"""

import shutil
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any, Self

import polars as pl

from carms_lake.files import make_folder
from carms_lake.store import delta
from carms_lake.store.delta.integrity import damaged, wrong_contents
from carms_lake.store.delta.log import files_at
from carms_lake.store.delta.write import FileChange, commit_files, write_data, writing_to

FILE_ROWS = 1_000_000
"""A data file is closed when it has so many rows."""


class Staged:
    """The rows of one table in one run."""

    def __init__(self, table: Path, run_id: str, schema: Mapping[str, pl.DataType]) -> None:
        self._table = table
        self._folder = table / delta.STAGING
        self._prefix = run_id.lower().replace(".", "-")
        self._schema = pl.Schema(schema)
        self._waiting: list[pl.DataFrame] = []
        self._written: list[Path] = []
        self._numbers = count(1)

    def __enter__(self) -> Self:
        shutil.rmtree(self._folder, ignore_errors=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, rows: pl.DataFrame) -> None:
        """Add rows after the others.

        Raises:
            StoreError: the folder cannot be written.
        """
        if not rows.is_empty():
            self._waiting.append(rows)
            if sum(frame.height for frame in self._waiting) >= FILE_ROWS:
                self._write_waiting()

    def scan(self) -> pl.LazyFrame:
        """All rows that were added."""
        files = [_scanned(path) for path in self._written]
        waiting = [frame.lazy() for frame in self._waiting]
        return pl.concat([pl.LazyFrame(schema=self._schema), *files, *waiting])

    def discard(self, rows: pl.DataFrame) -> None:
        """Remove all staged rows that agree with one of these in all its columns.

        Raises:
            StoreError: the folder cannot be written.
        """
        self._waiting = [_without(frame.lazy(), rows).collect() for frame in self._waiting]
        for path in self._written.copy():
            if _holds(path, rows):
                self._written.remove(path)
                self._write(_without(_scanned(path), rows))
                path.unlink()

    def commit(
        self, metadata: Mapping[str, Any], replaced: pl.DataFrame | None, *, whole: bool = False
    ) -> int:
        """Make the rows count, in one commit; the new version.

        `replaced` has the values (src_filename ...) whose rows in the table go; files that hold
        none of them stay as they are. With `whole` all rows of the table go, its columns included.

        Raises:
            ContractError: the rows have other columns than the table.
            StoreError: the folder cannot be written.
        """
        self._write_waiting()
        gone: list[Path] = []
        if replaced is not None and not whole and delta.exists(self._table):
            gone = [path for path in delta.data_files(self._table) if _holds(path, replaced)]
            known = files_at(self._table, delta.version(self._table))
            sums = [(p.name, s) for p in gone if (s := known[p.name].sha256)]
            if wrong := wrong_contents(self._table, sums):  # their other rows would be copied
                raise damaged(self._table, wrong)
            # Data files are never changed: the rows that stay go into new ones.
            for path in gone:
                self._write(_without(_scanned(path), replaced))
        with writing_to(self._table):
            added = [path.replace(self._table / path.name) for path in self._written]
        self._written.clear()
        change = FileChange(added, gone, whole)
        return commit_files(self._table, self._schema, change, metadata)

    def _write_waiting(self) -> None:
        if self._waiting:
            self._write(pl.concat(self._waiting).lazy())
            self._waiting.clear()

    def _write(self, rows: pl.LazyFrame) -> None:
        path = self._folder / f"part-{self._prefix}-{next(self._numbers):05d}.zstd.parquet"
        with writing_to(self._folder):
            make_folder(self._table)
            self._folder.mkdir(exist_ok=True)
            frame = rows.collect()
            if not frame.is_empty():
                write_data(frame, path)
                self._written.append(path)


def _scanned(path: Path) -> pl.LazyFrame:
    return pl.scan_parquet(path, glob=False, hive_partitioning=False)


def _without(frame: pl.LazyFrame, rows: pl.DataFrame) -> pl.LazyFrame:
    return frame.join(
        rows.lazy(), on=rows.columns, how="anti", nulls_equal=True, maintain_order="left"
    )


def _holds(path: Path, rows: pl.DataFrame) -> bool:
    """Whether a file has a row that agrees with one of these."""
    found = _scanned(path).join(rows.lazy(), on=rows.columns, how="semi", nulls_equal=True)
    return not found.select(rows.columns).head(1).collect().is_empty()
