"""The rows that a new file is held beside: those of the file that landed last."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from carms_lake.flows.drifting.rawjson import flattened, parsed_objects
from carms_lake.flows.drifting.sampling import is_spread, stride_of
from carms_lake.flows.drifting.values import cells_of
from carms_lake.names import DELIVERY_ID, SRC_FILENAME, SRC_ROW_NUMBER
from carms_lake.readers.json_values import LINE
from carms_lake.store import delta

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.contract.model import Contract
    from carms_lake.store.manifest import FileEntry, Manifest


class Baseline(NamedTuple):
    """A landed file, and a sample of its accepted rows in the types of bronze."""

    file: str
    rows: pl.DataFrame


def last_landed(manifest: Manifest, name: str) -> FileEntry | None:
    """The landed file to compare with: the last delivery of the same name, else the newest."""
    entries = [entry for entry in manifest.current.values() if entry.accepted and not entry.copy_of]
    same = next((entry for entry in entries if entry.name == name), None)
    return same or max(entries, key=lambda entry: entry.run_id, default=None)


def baseline(path: Path, contract: Contract, entry: FileEntry) -> Baseline:
    """The rows of a landed file, evenly spread ones where they are many; columns of the contract.

    Where the contract takes whole records, the columns are the keys of those records.

    Raises:
        StoreError: the table cannot be read.
    """
    there = delta.columns(path)
    names = [name for name in contract.column_names if name in there]
    stride = stride_of(entry.accepted)
    wanted = pl.col(SRC_FILENAME) == entry.name
    if entry.delivery_id is not None and DELIVERY_ID in there:
        wanted &= pl.col(DELIVERY_ID) == entry.delivery_id
    if stride > 1:
        wanted &= is_spread(pl.col(SRC_ROW_NUMBER), stride)
    rows = delta.scan(path).filter(wanted).select(names).collect(engine="streaming")
    whole = whole_records(contract)
    return Baseline(entry.name, rows if whole is None else _keys(rows[whole]))


def whole_records(contract: Contract) -> str | None:
    """The column that takes whole records, if there is one."""
    return next((c.name for c in contract.columns if c.source == LINE), None)


def _keys(texts: pl.Series) -> pl.DataFrame:
    flat = [flattened(document, ()) for document in parsed_objects(texts)]
    paths = dict.fromkeys(path for row in flat for path in row)
    return pl.DataFrame([cells_of([row.get(p) for row in flat]).series.alias(p) for p in paths])
