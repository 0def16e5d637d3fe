"""Where records are in their source files, as long as these have the content that landed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import polars as pl

from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract
from carms_lake.errors import SourceError, SourceRefused
from carms_lake.names import SRC_FILENAME, SRC_ROW_NUMBER, Layer, TableRef, as_name
from carms_lake.readers.content import digest
from carms_lake.readers.discover import Listing, discover, listing
from carms_lake.readers.lines import record_lines
from carms_lake.records import SourceFile
from carms_lake.store import table_path
from carms_lake.store.delta.log import commits
from carms_lake.store.delta.manifest import FileEntry, read_manifest

Place = Callable[[int, str | None], str]

SEARCHED_BYTES = 64 << 20
"""How much of the source files is read to find lines and cells."""

_NOUNS = {"json": "element", "parquet": "row", "delta": "row", "xlsx": "row"}


class LandedFiles:
    """The source files in a folder, listed once; `data_raw` if none is named."""

    def __init__(self, config: LakeConfig, folder: Path | None = None) -> None:
        self.config = config
        self._folder = folder or config.data_raw
        self._by_table: dict[TableRef, dict[str, list[SourceFile]]] = {}

    @cached_property
    def _listing(self) -> Listing | None:
        return listing(self._folder) if self._folder.exists() else None

    def named(self, contract: Contract, name: str) -> list[SourceFile]:
        """The files of a source with a name; there may be two, as .csv and .csv.gz.

        Raises:
            SourceError: the folder cannot be read.
        """
        if contract.ref not in self._by_table:
            found = self._by_table.setdefault(contract.ref, {})
            for source in discover(contract, self._listing) if self._listing else ():
                found.setdefault(source.name, []).append(source)
        return self._by_table[contract.ref].get(as_name(name), [])

    def find(self, contract: Contract, entry: FileEntry) -> SourceFile | None:
        """The file that has the content that landed; None if there is none.

        Raises:
            SourceError: the folder cannot be read.
        """
        sources = self.named(contract, entry.name)
        # Size and time cost nothing; only where they differ is the content read.
        for source in sources:
            if entry.is_surely(source):
                return replace(source, sha256=entry.sha256)
        for source in sources:
            try:
                if digest(source) == entry.sha256:
                    return replace(source, sha256=entry.sha256)
            except SourceRefused:  # it is gone or unreadable, so it is not what landed
                continue
        return None


def places(
    config: LakeConfig, contracts: Mapping[TableRef, Contract], reasons: pl.DataFrame
) -> pl.Series:
    """Where each reason's record is in its file; null for rows of silver.

    Raises:
        StoreError: the lake cannot be read.
    """
    of_bronze = reasons.filter(pl.col("layer") == Layer.BRONZE)
    groups = of_bronze.group_by("table_name", SRC_FILENAME).agg(pl.col(SRC_ROW_NUMBER).unique())
    bronze = {ref.table: c for ref, c in contracts.items() if ref.layer is Layer.BRONZE}
    files = _files(config, bronze, groups.select("table_name", SRC_FILENAME).rows())
    place_of = {
        (table, name): _places_in(bronze[table], files.get((table, name)), set(numbers))
        for table, name, numbers in groups.iter_rows()
    }
    columns = ("layer", "table_name", SRC_FILENAME, SRC_ROW_NUMBER, "column")
    found = [
        place_of[table, name](number, column) if layer == Layer.BRONZE else None
        for layer, table, name, number, column in reasons.select(columns).iter_rows()
    ]
    return pl.Series("place", found, dtype=pl.String)


def _files(
    config: LakeConfig, bronze: Mapping[str, Contract], wanted: list[tuple[str, str]]
) -> dict[tuple[str, str], SourceFile | None]:
    """The files that have the content that landed; none if they are large in sum."""
    landed = LandedFiles(config)
    manifests = {
        table: read_manifest(commits(table_path(config, bronze[table].ref))).current
        for table in {table for table, _ in wanted}
    }
    entries = {(table, name): manifests[table].get(name) for table, name in wanted}
    try:
        candidates = {
            (table, name): entry
            for (table, name), entry in entries.items()
            if entry and entry.size in {s.size for s in landed.named(bronze[table], name)}
        }
        if sum(entry.size for entry in candidates.values()) > SEARCHED_BYTES:
            return {}
        return {key: landed.find(bronze[key[0]], entry) for key, entry in candidates.items()}
    except SourceError:
        return {}


def _places_in(contract: Contract, source: SourceFile | None, numbers: set[int]) -> Place:
    formats = contract.source.formats if contract.source else ()
    file_format = (source.format if source else "") or (formats[0] if len(formats) == 1 else "")
    noun = _NOUNS.get(file_format, "record")
    lines: dict[int, int] = {}
    try:
        if source is not None and file_format == "xlsx":
            from carms_lake.readers.xlsx import addresses

            return addresses(source, contract)
        if source is not None:
            lines = record_lines(source, contract, numbers)
    except SourceRefused:
        pass  # the current contract cannot read the file: only the number is known

    def place(number: int, _: str | None) -> str:
        return f"{noun} {number}" + (f", line {lines[number]}" if number in lines else "")

    return place
