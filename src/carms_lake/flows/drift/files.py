"""The columns that a source file really has, and the rows of the file that landed before it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import polars as pl

from carms_lake import readers
from carms_lake.contract.model import Column, NewColumns
from carms_lake.contract.types import ColumnType
from carms_lake.errors import SourceRefused, StoreError
from carms_lake.flows.drift.sample import Sampler, cells_of, is_spread, stride_of
from carms_lake.names import DELIVERY_ID, SRC_FILENAME, SRC_ROW_NUMBER
from carms_lake.readers.content import opened, readable
from carms_lake.readers.csv_header import opened_at_header
from carms_lake.readers.header import spec_of
from carms_lake.readers.json import array_elements
from carms_lake.readers.json_values import LINE, flattened
from carms_lake.readers.xlsx import open_sheet
from carms_lake.store import delta

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
    """As written in the file, in order, without those that the contract drops."""
    sample: pl.DataFrame
    """Some records; each header's column is named by its position: `0`, `1` ..."""
    records: int
    malformed: int = 0
    """Records that do not match the header."""
    not_text: dict[int, int] = field(default_factory=dict)
    """By position: values of a column of mixed types that are text in `sample` only."""
    doubled: tuple[str, ...] = ()
    """Repeated headers; the last column of a header is compared."""
    delimiter: str | None = None
    """CSV: the delimiter, which may differ from the contract's."""

    @property
    def is_sampled(self) -> bool:
        """Whether only some records are in the sample."""
        return self.sample.height < self.records - self.malformed

    def series(self, header: str) -> pl.Series:
        """The sampled values of a column."""
        return self.sample[str(self.headers.index(header))]

    def not_text_in(self, header: str) -> int:
        """How many sampled values of a text column are not text."""
        return self.not_text.get(self.headers.index(header), 0)


def read_raw(source: SourceFile, contract: Contract, *, most: int | None = None) -> RawFile:
    """A file's own columns, and a sample of its records.

    With `most`, reading ends after that many records where the format allows it.

    Raises:
        SourceRefused: the file cannot be read at all.
        ContractError: the contract's format or dialect is unknown.
    """
    file_format = source.format or spec_of(contract).formats[0]
    with readable(source):
        if file_format == "xlsx":
            return _workbook(source, contract)
        if file_format in ("json", "jsonl"):
            return _json(source, contract, file_format, most)
        headers, dialect = _headers(source, contract, file_format)
        return _columnar(source, dialect, headers, most)


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
    """The header's cells; if the contract's delimiter finds none, another one is tried."""
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
    headers, doubled = _distinct(found, contract)
    into = spec.merge_surplus_into
    merged = contract.column(into).source if into else None
    own = replace(
        spec,
        drop_columns=(*(n for n in found if n not in headers), *doubled),
        merge_surplus_into=str(headers.index(merged)) if merged in headers else None,
    )
    columns = [Column(str(at), ColumnType("varchar"), header) for at, header in enumerate(headers)]
    sample = _sampled(source, replace(contract, source=own), columns, most)
    delimiter = spec.delimiter if source.format in ("", "csv") else None
    return replace(sample, headers=headers, doubled=doubled, delimiter=delimiter)


def _sampled(
    source: SourceFile, contract: Contract, columns: Iterable[Column], most: int | None
) -> RawFile:
    """A sample of the records, read by a contract that has these columns only."""
    own = replace(spec_of(contract), new_columns=NewColumns.REFUSE)
    reading = replace(contract, columns=tuple(columns), source=own)
    sampler, malformed = Sampler(), 0
    for chunk in readers.read(source, reading).chunks:
        parsed = readers.parse_chunks([chunk])
        malformed += parsed.malformed.height
        sampler.add(parsed.rows.select(reading.column_names))
        if most is not None and sampler.rows >= most:
            break
    empty = pl.DataFrame(schema=dict.fromkeys(reading.column_names, pl.String))
    return RawFile((), sampler.sample(empty), sampler.rows + malformed, malformed)


def _workbook(source: SourceFile, contract: Contract) -> RawFile:
    sheet = open_sheet(source, contract)
    at = {name: position for position, name in sheet.columns.items()}
    headers, doubled = _distinct(tuple(sheet.columns.values()), contract)
    rows = sheet.records()
    nulls = {"", *spec_of(contract).null_values}
    sample = [rows[number] for number in Sampler.positions(len(rows))]
    cells = [
        [None if (cell := row[at[name]]) in nulls else cell for row in sample] for name in headers
    ]
    return replace(_of_cells(headers, cells), records=len(rows), doubled=doubled)


def _json(source: SourceFile, contract: Contract, file_format: str, most: int | None) -> RawFile:
    """Objects as columns, one for each dotted path; a `$` column as the keys of its lines."""
    if file_format == "jsonl":
        line = Column("line", ColumnType("json"), LINE)
        whole = replace(contract, source=replace(spec_of(contract), drop_columns=()))
        lines = _sampled(source, whole, [line], most)
        records, malformed = lines.records, lines.malformed
        objects = _objects(lines.sample["line"])
    else:
        elements = array_elements(source, contract)
        sample = [elements[number] for number in Sampler.positions(len(elements))]
        objects = [element for element in sample if isinstance(element, dict)]
        records, malformed = len(elements), len(sample) - len(objects)
    leaves = {c.source for c in contract.columns if c.type.name == "json" and c.source != LINE}
    flat = [flattened(document, leaves) for document in objects]
    paths = dict.fromkeys(path for values in flat for path in values)
    headers = tuple(p for p in paths if not is_dropped(p, spec_of(contract).drop_columns))
    found = _of_cells(headers, ([values.get(path) for values in flat] for path in headers))
    return replace(found, records=records, malformed=malformed)


def _of_cells(headers: tuple[str, ...], columns: Iterable[list[Any]]) -> RawFile:
    cells = [cells_of(values) for values in columns]
    sample = pl.DataFrame([cell.series.alias(str(at)) for at, cell in enumerate(cells)])
    not_text = {at: cell.not_text for at, cell in enumerate(cells) if cell.not_text}
    return RawFile(headers, sample, sample.height, not_text=not_text)


def _distinct(
    found: tuple[str, ...], contract: Contract
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The headers that the contract does not drop, each once, and the repeated ones."""
    dropped = spec_of(contract).drop_columns
    headers = tuple(name for name in dict.fromkeys(found) if not is_dropped(name, dropped))
    return headers, tuple(name for name, count in Counter(found).items() if count > 1)


def is_dropped(header: str, dropped: Iterable[str]) -> bool:
    """Whether the contract drops a header; case and surrounding spaces do not matter."""
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
    """The rows of a landed file, or a sample of many, in the columns of the contract.

    Where the contract takes whole records, the columns are the keys of those records.

    Raises:
        StoreError: the table cannot be read.
    """
    stored = delta.columns(path)
    names = [name for name in contract.column_names if name in stored]
    stride = stride_of(entry.accepted)
    wanted = pl.col(SRC_FILENAME) == entry.name
    if entry.delivery_id is not None and DELIVERY_ID in stored:
        wanted &= pl.col(DELIVERY_ID) == entry.delivery_id
    if stride > 1:
        wanted &= is_spread(pl.col(SRC_ROW_NUMBER), stride)
    rows = delta.scan(path).filter(wanted).select(names).collect(engine="streaming")
    document = document_column(contract)
    if document is not None:
        flat = [flattened(value, ()) for value in _objects(rows[document])]
        paths = dict.fromkeys(path for values in flat for path in values)
        rows = pl.DataFrame(
            [cells_of([values.get(path) for values in flat]).series.alias(path) for path in paths]
        )
    return Baseline(entry.name, rows)


def document_column(contract: Contract) -> str | None:
    """The column that takes whole records, if there is one."""
    return next((c.name for c in contract.columns if c.source == LINE), None)


def _objects(texts: Iterable[str | None]) -> list[dict[str, Any]]:
    found = (orjson.loads(text) for text in texts if text is not None)
    return [document for document in found if isinstance(document, dict)]
