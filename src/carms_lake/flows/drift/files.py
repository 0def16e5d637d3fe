"""The columns that a source file really has, and the rows of the file that landed before it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from carms_lake import readers
from carms_lake.contract.model import Column, NewColumns
from carms_lake.contract.types import ColumnType
from carms_lake.errors import SourceRefused, StoreError
from carms_lake.flows.drift.sample import (
    Cells,
    Sampler,
    cells_of,
    flattened,
    is_spread,
    json_rows,
    parsed_objects,
    stride_of,
)
from carms_lake.names import DELIVERY_ID, SRC_FILENAME, SRC_ROW_NUMBER
from carms_lake.readers.content import opened
from carms_lake.readers.csv_header import opened_at_header
from carms_lake.readers.faults import readable
from carms_lake.readers.header import spec_of
from carms_lake.readers.json_values import LINE
from carms_lake.readers.workbook import read_grid
from carms_lake.store.delta import table as delta

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from carms_lake.contract.model import Contract
    from carms_lake.records import SourceFile
    from carms_lake.store.delta.manifest import FileEntry, Manifest


_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class RawFile:
    """What a file holds."""

    headers: tuple[str, ...]
    """As they stand in the file, in order, without those that the contract drops."""
    sample: pl.DataFrame
    """Some records; a column for each header, by its place: `0`, `1` ..."""
    records: int
    malformed: int = 0
    """Records that cannot be laid out in columns."""
    not_text: dict[int, int] = field(default_factory=dict)
    """By place: values of a column of mixed kinds that are no text, as `sample` shows them."""
    doubled: tuple[str, ...] = ()
    """Headers that stand more than once; the last one is looked at."""
    delimiter: str | None = None
    """CSV: what separates the fields, where that is not what the contract says."""

    @property
    def is_sampled(self) -> bool:
        """Whether some records were not looked at."""
        return self.sample.height < self.records - self.malformed

    def series(self, header: str) -> pl.Series:
        """The sampled values of a column."""
        return self.sample[str(self.headers.index(header))]


def read_raw(source: SourceFile, contract: Contract, *, most: int | None = None) -> RawFile:
    """A file's own columns, and a sample of its records.

    With `most`, of the first so many records where the format allows it, and of those that are read
    with them.

    Raises:
        SourceRefused: it cannot be read at all.
        ContractError: the contract's format or dialect is unknown.
    """
    file_format = source.format or spec_of(contract).formats[0]
    with readable(source):
        if file_format == "xlsx":
            return _workbook(source, contract)
        if file_format in ("json", "jsonl"):
            return _json(source, contract, most)
        headers, used = _headers(source, contract, file_format)
        return _columnar(source, used, headers, most)


def _headers(
    source: SourceFile, contract: Contract, file_format: str
) -> tuple[tuple[str, ...], Contract]:
    """The headers, and the contract under whose dialect they can be read."""
    if file_format == "csv":
        return _csv_headers(source, contract)
    if file_format == "delta":
        try:
            return tuple(delta.columns(source.path)), contract
        except StoreError as error:
            raise SourceRefused("UNREADABLE", error.message, "send the table again") from error
    with opened(source) as path:
        found = pl.scan_parquet(path, glob=False, hive_partitioning=False).collect_schema()
    return tuple(found.names()), contract


def _csv_headers(source: SourceFile, contract: Contract) -> tuple[tuple[str, ...], Contract]:
    """The header's cells; a file whose delimiter changed is read with its own."""
    spec = spec_of(contract)
    try:
        return tuple(opened_at_header(source, contract).found), contract
    except SourceRefused as refusal:
        for other in _DELIMITERS:
            if refusal.code != "MISSING_COLUMN" or other in (spec.delimiter, spec.quote):
                continue
            dialect = replace(contract, source=replace(spec, delimiter=other))
            found = tuple(opened_at_header(source, dialect).found)
            if len(found) > 1:
                return found, dialect
        raise


def _columnar(
    source: SourceFile, contract: Contract, found: tuple[str, ...], most: int | None
) -> RawFile:
    spec = spec_of(contract)
    doubled = tuple(n for n, count in Counter(found).items() if count > 1)
    headers = tuple(n for n in dict.fromkeys(found) if not is_dropped(n, spec.drop_columns))
    dropped = (*(n for n in found if n not in headers), *doubled)
    into = spec.merge_surplus_into
    header_into = contract.column(into).source if into else None
    place_into = str(headers.index(header_into)) if header_into in headers else None
    columns = tuple(
        Column(str(place), ColumnType("varchar"), header) for place, header in enumerate(headers)
    )
    own = replace(
        spec,
        drop_columns=dropped,
        new_columns=NewColumns.REFUSE,
        merge_surplus_into=place_into,
    )
    batch = readers.read(source, replace(contract, columns=columns, source=own))
    sampler = Sampler()
    malformed = 0
    for part in batch.chunks:
        laid = readers.parse_chunks([part])
        malformed += laid.malformed.height
        sampler.add(laid.rows.select([str(place) for place in range(len(headers))]))
        if most is not None and sampler.rows >= most:
            break
    schema = {str(place): pl.String for place in range(len(headers))}
    sample = sampler.sample(pl.DataFrame(schema=schema))
    delimiter = spec.delimiter if source.format in ("", "csv") else None
    return RawFile(headers, sample, sampler.rows + malformed, malformed, {}, doubled, delimiter)


def _workbook(source: SourceFile, contract: Contract) -> RawFile:
    spec = spec_of(contract)
    with opened(source) as path:
        grid = read_grid(path, source, spec.sheet)
    filled = [row for row in grid.rows if row.count("") < len(row)]
    if not filled:
        raise SourceRefused(
            "EMPTY_FILE", f"`{source.name}`, sheet `{grid.sheet}` is empty", "send it again"
        )
    header = [str(cell) for cell in filled[0]]
    rows = filled[1:]
    used = [
        place
        for place, name in enumerate(header)
        if name.strip() or any(row[place] != "" for row in rows)
    ]
    found = [header[place] for place in used]
    doubled = tuple(n for n, count in Counter(found).items() if count > 1)
    places = {header[place]: place for place in used}
    headers = tuple(n for n in places if not is_dropped(n, spec.drop_columns))
    nulls = {"", *spec.null_values}
    chosen = Sampler.places(len(rows))
    cells = [
        cells_of([None if (cell := rows[at][places[name]]) in nulls else cell for at in chosen])
        for name in headers
    ]
    return _of_cells(headers, cells, len(rows), doubled=doubled)


def _json(source: SourceFile, contract: Contract, most: int | None) -> RawFile:
    """Objects as columns, a dotted path each; of a `$` column the keys are those of its lines."""
    rows, records, malformed = json_rows(source, contract, most)
    leaves = {c.source for c in contract.columns if c.type.name == "json" and c.source != LINE}
    flat = [flattened(row, leaves) for row in rows]
    paths = dict.fromkeys(path for row in flat for path in row)
    headers = tuple(p for p in paths if not is_dropped(p, spec_of(contract).drop_columns))
    cells = [cells_of([row.get(name) for row in flat]) for name in headers]
    return _of_cells(headers, cells, records, malformed)


def _of_cells(
    headers: tuple[str, ...],
    cells: Iterable[Cells],
    records: int,
    malformed: int = 0,
    doubled: tuple[str, ...] = (),
) -> RawFile:
    found = list(cells)
    sample = pl.DataFrame([cell.series.alias(str(place)) for place, cell in enumerate(found)])
    not_text = {place: cell.not_text for place, cell in enumerate(found) if cell.not_text}
    return RawFile(headers, sample, records, malformed, not_text, doubled)


def is_dropped(header: str, dropped: Iterable[str]) -> bool:
    """Whether the contract leaves a header out; case and spaces around it do not count."""
    folded = header.strip().casefold()
    return any(folded == name.strip().casefold() for name in dropped)


class Baseline(NamedTuple):
    """A landed file, and a sample of its accepted rows in the types of bronze."""

    file: str
    rows: pl.DataFrame


def previous_file(manifest: Manifest, name: str) -> FileEntry | None:
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
    whole = document_column(contract)
    return Baseline(entry.name, rows if whole is None else _keys(rows[whole]))


def document_column(contract: Contract) -> str | None:
    """The column that takes whole records, if there is one."""
    return next((c.name for c in contract.columns if c.source == LINE), None)


def _keys(texts: pl.Series) -> pl.DataFrame:
    flat = [flattened(document, ()) for document in parsed_objects(texts)]
    paths = dict.fromkeys(path for row in flat for path in row)
    return pl.DataFrame([cells_of([row.get(p) for row in flat]).series.alias(p) for p in paths])
