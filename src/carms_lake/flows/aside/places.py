"""Where set-aside records stand in their files: line, sheet and cell, as far as it is known.

Lines and cells are looked up in the files that are still there as they landed. Where those are
large in sum, or gone, the number of the record is all that is said; nothing is guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.errors import SourceError, SourceRefused
from carms_lake.flows.aside.landed import as_landed, by_name
from carms_lake.names import SRC_FILENAME, SRC_ROW_NUMBER, Layer, TableRef
from carms_lake.readers.csv_records import RecordTooLong
from carms_lake.readers.discover import listing
from carms_lake.readers.lines import csv_lines, jsonl_lines
from carms_lake.store import delta
from carms_lake.store.layout import table_path
from carms_lake.store.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.records import SourceFile
    from carms_lake.store.manifest import FileEntry

    Place = Callable[[int, str | None], str]

LOOKED_THROUGH_BYTES = 64 << 20
"""How much of the source files is read for the sake of lines and cells."""

_NOUNS = {"json": "element", "parquet": "row", "delta": "row", "xlsx": "row"}


def places(
    config: LakeConfig, contracts: Mapping[TableRef, Contract], reasons: pl.DataFrame
) -> pl.Series:
    """Where each reason's record stands in its file; null for rows of silver.

    Raises:
        StoreError: the lake cannot be read.
    """
    of_bronze = reasons.filter(pl.col("layer") == Layer.BRONZE)
    groups = of_bronze.group_by("table_name", SRC_FILENAME).agg(pl.col(SRC_ROW_NUMBER).unique())
    files = _files(config, contracts, groups.select("table_name", SRC_FILENAME).rows())
    told: dict[tuple[str, str], Place] = {}
    for table, name, numbers in groups.iter_rows():
        contract = contracts[TableRef(config.domain.name, Layer.BRONZE, table)]
        told[table, name] = _told(contract, files.get((table, name)), set(numbers))
    columns = ("layer", "table_name", SRC_FILENAME, SRC_ROW_NUMBER, "column")
    found = [
        told[table, name](number, column) if layer == Layer.BRONZE else None
        for layer, table, name, number, column in reasons.select(columns).iter_rows()
    ]
    return pl.Series("place", found, dtype=pl.String)


def _files(
    config: LakeConfig, contracts: Mapping[TableRef, Contract], wanted: list[tuple[str, str]]
) -> dict[tuple[str, str], SourceFile]:
    """The files that are there as they landed, unless they are large in sum."""
    try:
        there = listing(config.data_raw)
    except SourceError:
        return {}
    candidates: dict[tuple[str, str], tuple[FileEntry, list[SourceFile]]] = {}
    for table in {table for table, _ in wanted}:
        ref = TableRef(config.domain.name, Layer.BRONZE, table)
        current = read_manifest(delta.log(table_path(config, ref))).current
        sources = by_name(contracts[ref], there)
        for name in {name for other, name in wanted if other == table and name in current}:
            entry = current[name]
            same_size = [s for s in sources.get(name, ()) if s.size == entry.size]
            candidates[table, name] = (entry, same_size)
    if sum(entry.size for entry, files in candidates.values() if files) > LOOKED_THROUGH_BYTES:
        return {}
    found = {key: as_landed(files, entry) for key, (entry, files) in candidates.items()}
    return {key: source for key, source in found.items() if source is not None}


def _told(contract: Contract, source: SourceFile | None, numbers: set[int]) -> Place:
    formats = contract.source.formats if contract.source else ()
    kind = (source.format if source else "") or (formats[0] if len(formats) == 1 else "")
    noun = _NOUNS.get(kind, "record")
    lines: dict[int, int] = {}
    try:
        if source is not None and kind == "xlsx":
            from carms_lake.readers.xlsx import addresses

            return addresses(source, contract)
        if source is not None and kind in ("csv", "jsonl"):
            lines_of = csv_lines if kind == "csv" else jsonl_lines
            lines = lines_of(source, contract, numbers)
    except (SourceRefused, RecordTooLong):
        lines = {}  # today's contract reads the file otherwise: only the number is known

    def place(number: int, _: str | None) -> str:
        line = lines.get(number)
        return f"{noun} {number}" + (f", line {line}" if line else "")

    return place
