"""The columns that a source file really has, and a sample of its records.

The sample of a file is the same every time, however its records are cut into chunks.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import polars as pl

from carms_lake import readers
from carms_lake.contract.model import Column, Contract, NewColumns
from carms_lake.contract.types import ColumnType
from carms_lake.errors import SourceRefused, printable
from carms_lake.flows.drift.cells import cells_of
from carms_lake.names import folded
from carms_lake.readers.content import readable
from carms_lake.readers.csv.header import USUAL_DELIMITERS, opened_at_header
from carms_lake.readers.header import names_in_files, spec_of
from carms_lake.readers.json import array_elements
from carms_lake.readers.json.text import loaded
from carms_lake.readers.json.values import LINE, flattened
from carms_lake.readers.xlsx import as_shown
from carms_lake.readers.xlsx.sheet import open_sheet
from carms_lake.records import SourceFile

HEAD_RECORDS = 1_000
"""The first records of a file are all in the sample; few, since many files are sorted."""
SPREAD_RECORDS = 100_000
"""At most about this many more, evenly spread over the whole file."""

_GOLDEN = 2_654_435_769
"""2**32 divided by the golden ratio: its multiples fall evenly, and never in a short cycle."""
_RANGE = 1 << 32
_WRAP = 1 << 31
_INDEX = "\x00index"


@dataclass(frozen=True)
class RawFile:
    """What a file holds."""

    sample: pl.DataFrame
    """Some records, under the headers as written in the file, without those the contract drops."""
    records: int
    malformed: int = 0
    """Records that do not match the header."""
    not_text: dict[str, int] = field(default_factory=dict)
    """By header: values of a column of mixed types that are text in `sample` only."""
    doubled: tuple[str, ...] = ()
    """Repeated headers; the last column of a header is compared."""
    delimiter: str | None = None
    """CSV: the delimiter, which may differ from the contract's."""

    @property
    def compared(self) -> int:
        """How many records are compared: all that match the header, or those of the sample."""
        is_sampled = self.sample.height < self.records - self.malformed
        return self.sample.height if is_sampled else self.records


class Sampler:
    """Takes the rows of a file in order and keeps a few of them."""

    def __init__(self) -> None:
        self.rows = 0
        self._stride = 1
        self._kept: list[pl.DataFrame] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Take the next rows."""
        index = pl.int_range(self.rows, self.rows + rows.height, dtype=pl.Int64)
        numbered = rows.with_columns(index.alias(_INDEX))
        self.rows += rows.height
        self._kept.append(numbered.filter(_is_kept(self._stride)))
        # Up to twice what is kept in the end, so that rows are thinned out rarely.
        while sum(frame.height for frame in self._kept) > HEAD_RECORDS + 2 * SPREAD_RECORDS:
            self._stride *= 2
            self._kept = [frame.filter(_is_kept(self._stride)) for frame in self._kept]

    def sample(self, empty: pl.DataFrame) -> pl.DataFrame:
        """The kept rows, in order; `empty` if there were none."""
        if not self._kept:
            return empty
        kept = pl.concat(self._kept, how="vertical_relaxed")
        return kept.filter(_is_kept(stride_of(self.rows))).drop(_INDEX)

    @staticmethod
    def positions(rows: int) -> list[int]:
        """Which of that many rows are kept, counted from 0."""
        numbered = pl.select(pl.int_range(rows, dtype=pl.Int64).alias(_INDEX))
        return numbered.filter(_is_kept(stride_of(rows)))[_INDEX].to_list()


def is_spread(index: pl.Expr, stride: int) -> pl.Expr:
    """Whether a record, by its number, is one of the evenly spread ones: one in `stride`."""
    return index % _WRAP * _GOLDEN % _RANGE < _RANGE // stride


def stride_of(rows: int) -> int:
    """One record in how many is kept; a power of two, so that a larger stride keeps a subset."""
    stride = 1
    while rows > HEAD_RECORDS + SPREAD_RECORDS * stride:
        stride *= 2
    return stride


def _is_kept(stride: int) -> pl.Expr:
    return (pl.col(_INDEX) < HEAD_RECORDS) | is_spread(pl.col(_INDEX), stride)


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
        if file_format == "csv":
            return _columnar(source, *_csv_headers(source, contract), most)
        columns = import_module(f"{readers.__name__}.{file_format}").columns
        headers = tuple(columns(source))
        return _columnar(source, headers, contract, most)


def _csv_headers(source: SourceFile, contract: Contract) -> tuple[tuple[str, ...], Contract]:
    """The header's cells, and the contract with the delimiter that finds them."""
    spec = spec_of(contract)
    try:
        return tuple(opened_at_header(source, contract).found), contract
    except SourceRefused as refusal:
        # With another delimiter the header is one long name, and every column is missing.
        for other in USUAL_DELIMITERS:
            if refusal.code != "MISSING_COLUMN" or other in (spec.delimiter, spec.quote):
                continue
            dialect = replace(contract, source=replace(spec, delimiter=other))
            found = tuple(opened_at_header(source, dialect).found)
            if len(found) > 1:
                return found, dialect
        raise


def _columnar(
    source: SourceFile, found: tuple[str, ...], contract: Contract, most: int | None
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
    # A header such as `*` is more than a name to the frame library, so columns are read by number.
    columns = [_own(str(at), header, contract) for at, header in enumerate(headers)]
    raw = _sampled(source, replace(contract, source=own), columns, most)
    sample = pl.DataFrame(dict(zip(headers, map(_as_text, raw.sample), strict=True)))
    delimiter = spec.delimiter if source.format in ("", "csv") else None
    return replace(raw, sample=sample, doubled=doubled, delimiter=delimiter)


def _own(name: str, header: str, contract: Contract) -> Column:
    """A column that reads what is under a header as ingest would; bytes, where nobody knows it."""
    for column in contract.columns:
        if folded(header) in map(folded, names_in_files(column)):
            kind, encoding = column.type, column.bytes_encoding
            return Column(name, kind, header, bytes_encoding=encoding)
    return Column(name, ColumnType("blob"), header)


def _as_text(values: pl.Series) -> pl.Series:
    """Bytes as text where all of them are; other values as they are."""
    if values.dtype != pl.Binary:
        return values
    try:
        return values.cast(pl.String)
    except pl.exceptions.PolarsError:
        return values


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
    return RawFile(sampler.sample(empty), sampler.rows + malformed, malformed)


def _workbook(source: SourceFile, contract: Contract) -> RawFile:
    sheet = open_sheet(source, contract)
    at = {name: position for position, name in sheet.columns.items()}
    headers, doubled = _distinct(tuple(sheet.columns.values()), contract)
    rows = sheet.records()
    nulls = {"", *spec_of(contract).null_values}
    sample = [rows[number] for number in Sampler.positions(len(rows))]
    cells = {
        name: [None if (cell := row[at[name]]) in nulls else cell for row in sample]
        for name in headers
    }
    known = {column.source: column for column in contract.columns}
    cells |= {name: as_shown(cells[name], known[name]) for name in headers if name in known}
    return replace(_of_cells(cells), records=len(rows), doubled=doubled)


def _json(source: SourceFile, contract: Contract, file_format: str, most: int | None) -> RawFile:
    """Objects as columns, one for each dotted path; a `$` column as the keys of its lines."""
    spec = spec_of(contract)
    if file_format == "jsonl":
        line = Column("line", ColumnType("json"), LINE)
        whole = replace(contract, source=replace(spec, drop_columns=()))
        lines = _sampled(source, whole, [line], most)
        records, malformed = lines.records, lines.malformed
        objects = json_objects(lines.sample["line"])
    else:
        elements = array_elements(source, contract)
        sample = [elements[number] for number in Sampler.positions(len(elements))]
        objects = [element for element in sample if isinstance(element, dict)]
        records, malformed = len(elements), len(sample) - len(objects)
    leaves = {c.source for c in contract.columns if c.type.name == "json" and c.source != LINE}
    values = values_by_path(objects, leaves)
    headers, _ = _distinct(tuple(values), contract)
    found = _of_cells({header: values[header] for header in headers})
    return replace(found, records=records, malformed=malformed)


def document_column(contract: Contract) -> str | None:
    """The column that takes whole records, if there is one."""
    return next((c.name for c in contract.columns if c.source == LINE), None)


def json_objects(texts: Iterable[str | None]) -> list[dict[str, Any]]:
    """The objects among JSON texts."""
    found = (loaded(text.encode(), is_exact=False) for text in texts if text is not None)
    return [document for document in found if isinstance(document, dict)]


def values_by_path(
    objects: Iterable[dict[str, Any]], leaves: Collection[str] = ()
) -> dict[str, list[Any]]:
    """The values of objects, one list for each dotted path; what is below `leaves` stays whole."""
    flat = [
        {printable(path): value for path, value in flattened(document, leaves).items()}
        for document in objects
    ]
    paths = dict.fromkeys(path for values in flat for path in values)
    return {path: [values.get(path) for values in flat] for path in paths}


def _of_cells(cells: Mapping[str, list[Any]]) -> RawFile:
    columns = {header: cells_of(values) for header, values in cells.items()}
    sample = pl.DataFrame({header: series for header, (series, _) in columns.items()})
    not_text = {header: count for header, (_, count) in columns.items() if count}
    return RawFile(sample, sample.height, not_text=not_text)


def _distinct(
    found: tuple[str, ...], contract: Contract
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The headers that the contract does not drop, each once, and the repeated ones."""
    dropped = {folded(name) for name in spec_of(contract).drop_columns}
    headers = (name for name in dict.fromkeys(found) if folded(name) not in dropped)
    return tuple(headers), tuple(name for name, count in Counter(found).items() if count > 1)
