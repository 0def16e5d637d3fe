"""What changed in a table between two of its versions, by its log and its data files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.names import SRC_FILENAME
from carms_lake.store import delta
from carms_lake.store.layout import METADATA_KEY
from carms_lake.store.versions import keeps_rows

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class SourceChanges:
    """What came into a bronze table, and what went, since a version of it."""

    names: frozenset[str]
    """The source files that landed since, or landed anew."""
    came: pl.LazyFrame
    """Their rows as they are now."""
    went: pl.LazyFrame
    """The rows that they had then."""


def source_changes(path: Path, then: int) -> SourceChanges | None:
    """What source files changed in a bronze table since a version.

    None where the log cannot tell: the contract changed, something else than an ingest changed
    the table, or the rows of that version are gone.

    Raises:
        StoreError: the table cannot be read.
    """
    names: set[str] = set()
    makers: set[str | None] = set()
    for commit in delta.open_table(path).history():
        metadata = json.loads(commit.get(METADATA_KEY) or "{}")
        if "files" in metadata:
            makers.add(metadata.get("contract"))
        if commit["version"] <= then:
            if "files" in metadata:
                break
            continue
        if keeps_rows(commit.get("operation"), metadata):
            continue
        if "files" not in metadata:
            return None
        names |= {entry["name"] for entry in metadata["files"]}
    before, now = set(delta.pinned(path, then).files), set(delta.pinned(path).files)
    gone = before - now
    if len(makers) > 1 or not all(Path(file).exists() for file in gone):
        return None
    of_names = pl.col(SRC_FILENAME).is_in(sorted(names))
    return SourceChanges(
        frozenset(names),
        _rows(path, now - before).filter(of_names),
        _rows(path, gone).filter(of_names),
    )


def rows_at(path: Path, version: int) -> pl.LazyFrame | None:
    """The rows of a table at a version; None where its data files are gone.

    Raises:
        StoreError: the table cannot be read.
    """
    files = delta.pinned(path, version).files
    return delta.scan(path, version) if all(Path(file).exists() for file in files) else None


def _rows(path: Path, files: Iterable[str]) -> pl.LazyFrame:
    schema = pl.Schema(delta.columns(path))
    listed = sorted(files)
    if not listed:
        return pl.LazyFrame(schema=schema)
    return pl.scan_parquet(
        listed, glob=False, hive_partitioning=False, schema=schema, missing_columns="insert"
    )
