"""What was rejected, why, and where those records are in their files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.errors import SourceError, SourceRefused
from carms_lake.names import RUN_ID, SRC_FILENAME, SRC_ROW_NUMBER, Layer, TableRef
from carms_lake.readers.content import digest
from carms_lake.readers.csv_records import RecordTooLong
from carms_lake.readers.discover import discover, listing
from carms_lake.readers.lines import csv_lines, jsonl_lines
from carms_lake.records import QueryResult
from carms_lake.store.delta import table as delta
from carms_lake.store.delta.manifest import read_manifest
from carms_lake.store.layout import table_path
from carms_lake.store.rejects import live

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from carms_lake.catalog import Catalog
    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.readers.discover import Listing
    from carms_lake.records import SourceFile
    from carms_lake.store.delta.manifest import FileEntry

    Place = Callable[[int, str | None], str]


def by_name(contract: Contract, there: Listing | None) -> dict[str, list[SourceFile]]:
    """The files of a contract that are there, by name; one name may stand twice, as .csv and .gz.

    Raises:
        ContractError: the contract is not one of bronze.
    """
    found: dict[str, list[SourceFile]] = {}
    for source in discover(contract, there) if there else ():
        found.setdefault(source.name, []).append(source)
    return found


def as_landed(files: Sequence[SourceFile], entry: FileEntry) -> SourceFile | None:
    """Of files with one name the one that has the content that landed; None where there is none."""
    for source in files:
        if (source.size, source.mtime_ns) == (entry.size, entry.mtime_ns):
            return replace(source, sha256=entry.sha256)
    for source in files:
        try:
            if digest(source).sha256 == entry.sha256:
                return replace(source, sha256=entry.sha256)
        except SourceRefused:  # it is gone, or cannot be read: it is not there as it landed
            continue
    return None


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


COLUMNS = (
    "layer",
    "table_name",
    SRC_FILENAME,
    SRC_ROW_NUMBER,
    "row_key",
    "code",
    "rule",
    "value",
    "message",
    "raw_record",
    RUN_ID,
    "column",
    "place",
)
_ORDER = ("layer", "table_name", SRC_FILENAME, SRC_ROW_NUMBER, "row_key")


def rejects(
    config: LakeConfig,
    *,
    table: str | None = None,
    layer: str | None = None,
    code: str | None = None,
    column: str | None = None,
    run: str | None = None,
) -> QueryResult:
    """One row per reason of each record or row that is set aside now, by table, file and record.

    Raises:
        UsageError: a table that the domain does not have.
        StoreError: the lake cannot be read.
    """
    catalog = load_catalog(config.domain)
    found = aside(config, catalog, table=table, layer=layer, run=run)
    if found is None:
        return QueryResult(COLUMNS, ("VARCHAR",) * len(COLUMNS), [])
    reasons = with_reason(found.explode("reasons").unnest("reasons"), code=code, column=column)
    kept = [name for name in COLUMNS if name != "place"]
    rows = reasons.select(kept).sort(_ORDER, maintain_order=True).collect()
    rows = rows.with_columns(places(config, catalog.contracts, rows)).select(COLUMNS)
    kinds = tuple("BIGINT" if kind == pl.Int64 else "VARCHAR" for kind in rows.dtypes)
    return QueryResult(COLUMNS, kinds, rows.rows())


def aside(
    config: LakeConfig,
    catalog: Catalog,
    *,
    table: str | None = None,
    layer: str | None = None,
    run: str | None = None,
) -> pl.LazyFrame | None:
    """What is set aside now, one row per record or row; None where nothing ever was.

    Raises:
        UsageError: a table that the domain does not have.
        StoreError: the lake cannot be read.
    """
    layers = (Layer.BRONZE, Layer.SILVER)
    refs = catalog.named(table, *layers) if table else catalog.refs(*layers)
    frame = live(config, refs)
    for name, wanted in (("layer", layer), (RUN_ID, run)):
        if wanted and frame is not None:
            frame = frame.filter(pl.col(name) == wanted)
    return frame


def with_reason(
    reasons: pl.LazyFrame, *, code: str | None = None, column: str | None = None
) -> pl.LazyFrame:
    """The reasons with a code, and about a column."""
    if code:
        reasons = reasons.filter(pl.col("code") == code.upper())
    return reasons.filter(pl.col("column") == column) if column else reasons
