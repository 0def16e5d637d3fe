"""Parquet: the file's own types, part by part; `src_row_number` counts the rows."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from carms_lake.contract.model import Column, Contract
from carms_lake.errors import SourceRefused, is_fault
from carms_lake.names import SRC_EXTRA, SRC_ROW_NUMBER
from carms_lake.readers.content import empty, opened, readable, wrong_format
from carms_lake.readers.frames import Fault, malformed_frame, parsed_chunk
from carms_lake.readers.header import Layout, listed, parse
from carms_lake.readers.json.text import dumped
from carms_lake.readers.parquet.text import (
    PER_SECOND,
    int96,
    interval_texts,
    is_variant,
    plain,
    taken,
)
from carms_lake.readers.parquet.values import Wrong, landed
from carms_lake.records import Chunk, FileChunks, ReasonCode, SourceFile

_MAGIC = b"PAR1"
_ENCRYPTED = b"PARE"
_PART_RECORDS = 250_000
_SPARK_KEYS = (b"org.apache.spark.legacyDateTime", b"org.apache.spark.legacyINT96")
"""What Spark says in a file whose days before 1582 it counted by the Julian calendar."""
_OLD_CALENDAR = {b"calendar": b"Julian"}
_JULIAN_SECONDS = 2_440_588 * 86_400
"""From Julian day 0 to 1970."""


def read(source: SourceFile, contract: Contract) -> FileChunks:
    """The rows of a Parquet file, in the file's own types.

    Raises:
        SourceRefused: it is not a Parquet file, is damaged, or its columns are not the contract's.
    """
    layout = parse(columns(source), contract, f"`{source.name}`")
    return FileChunks(source, _parts(source, layout, contract), layout.notes)


def columns(source: SourceFile) -> list[str]:
    """The names of a Parquet file's columns.

    Raises:
        SourceRefused: it is not a Parquet file, or is damaged.
    """
    with opened(source) as path, readable(source):
        _refuse_other_formats(path, source)
        with parquet_file(path, source) as file:
            return list(file.schema_arrow.names)


def _parts(source: SourceFile, layout: Layout, contract: Contract) -> Iterator[Chunk]:
    with opened(source) as path, parquet_file(path, source) as file:
        yield from parts(tables(file, path), layout, contract, source)


@contextmanager
def parquet_file(path: Path, source: SourceFile) -> Iterator[Any]:
    """An open Parquet file.

    Raises:
        SourceRefused: it is damaged, here or while it is read, or a column cannot be read at all.
    """
    try:
        with pq.ParquetFile(path, coerce_int96_timestamp_unit="us") as file:
            file.schema_arrow  # noqa: B018 - raises where a type is not known
            yield file
    except pa.ArrowNotImplementedError as error:
        raise _not_known(path, source, error) from error
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise _damaged(source, error) from error


def tables(file: Any, path: Path) -> Iterator[Any]:
    """The rows of a file, some at a time, as Arrow tables; at least one, which may be empty."""
    leaves = [file.schema.column(at) for at in range(len(file.schema))]
    names = file.schema_arrow.names
    old = [n for n in names if any(c.path == n and c.physical_type == "INT96" for c in leaves)]
    intervals = {c.path for c in leaves if c.converted_type == "INTERVAL"}
    is_old = any(key in (file.metadata.metadata or {}) for key in _SPARK_KEYS)
    with _opened(path, ("ms", "ns") if old else ()) as others:
        own, again = _Rows(file), [_Rows(other, old) for other in others]
        total = file.metadata.num_rows
        for start in range(0, total, _PART_RECORDS) or (0,):
            count = min(_PART_RECORDS, total - start)
            table, read_again = own.take(count), [rows.take(count) for rows in again]
            for name in old:
                us = table.column(names.index(name))
                units = [us, *(other.column(name) for other in read_again)]
                is_zero = pc.equal(us.cast(pa.int64()), 0)
                if pc.any(is_zero).as_py():
                    units = _with_day_zero(units, is_zero, _saturated(path, name)[start:][:count])
                table = _with(table, name, int96(*units))
            for name in intervals.intersection(names):
                texts = pa.array(interval_texts(table.column(names.index(name))), pa.string())
                table = _with(table, name, texts)
            yield table.replace_schema_metadata(_OLD_CALENDAR if is_old else None)


def _saturated(path: Path, name: str) -> pl.Series:
    """A column of INT96 as polars reads it: Julian day 0 is anything but 0 in it."""
    scan = partial(
        pl.scan_parquet, path, extra_columns="ignore", glob=False, hive_partitioning=False
    )
    try:
        for unit in ("ns", "us", "ms"):  # whichever the writer named
            with suppress(pl.exceptions.SchemaError):
                return scan(schema={name: pl.Datetime(unit)}).collect().to_series()
        own = pl.read_parquet_schema(path)[name]
        return scan(schema={name: own}).collect().to_series()
    except BaseException as error:
        if not is_fault(error):
            raise
        # A zone such as +05:30, which Arrow alone writes, and it writes no day 0.
        return pl.zeros(pq.read_metadata(path).num_rows, pl.Int64, eager=True)


def _with_day_zero(units: Sequence[Any], is_zero: Any, saturated: pl.Series) -> list[Any]:
    """Moments of Julian day 0, twelve zero bytes, which pyarrow takes for 1970-01-01."""
    is_wrong = pc.and_(is_zero, (saturated.cast(pl.Int64) != 0).to_arrow())
    found = list(units)
    for at, unit in enumerate(("us", "ms")):
        day_zero = pa.scalar(-_JULIAN_SECONDS * PER_SECOND[unit], pa.int64())
        found[at] = pc.if_else(is_wrong, day_zero.cast(pa.timestamp(unit)), units[at])
    return found


def _with(table: Any, name: str, column: Any) -> Any:
    return table.set_column(table.schema.names.index(name), name, column)


@contextmanager
def _opened(path: Path, units: Sequence[str]) -> Iterator[list[Any]]:
    """The file once for each unit of time that INT96 is to be read in."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(pq.ParquetFile(path, coerce_int96_timestamp_unit=unit))
            for unit in units
        ]


class _Rows:
    """The rows of a file, as many at a time as are wanted; of some columns, or of all."""

    def __init__(self, file: Any, names: Sequence[str] | None = None) -> None:
        groups: list[list[int] | None] = [None]
        if any(_has_inner_category(kind) for kind in file.schema_arrow.types):
            groups = [[at] for at in range(file.num_row_groups)]  # each has words of its own
        self._batches = chain.from_iterable(
            file.iter_batches(_PART_RECORDS, row_groups=group, columns=names) for group in groups
        )
        self._held: list[Any] = []
        schema = file.schema_arrow
        self._empty = pa.table([pa.nulls(0, kind) for kind in schema.types], names=schema.names)

    def take(self, count: int) -> Any:
        """The next rows."""
        taken = []
        while count:
            batch = self._held.pop() if self._held else next(self._batches)
            if batch.num_rows > count:
                self._held.append(batch.slice(count))
            taken.append(batch.slice(0, count))
            count -= taken[-1].num_rows
        return pa.Table.from_batches(taken) if taken else self._empty


def _has_inner_category(kind: Any) -> bool:
    fields = [kind.field(at) for at in range(kind.num_fields)] if pa.types.is_nested(kind) else []
    return any(pa.types.is_dictionary(f.type) or _has_inner_category(f.type) for f in fields)


def parts(
    rows: Iterator[Any], layout: Layout, contract: Contract, source: SourceFile
) -> Iterator[Chunk]:
    """Arrow tables of the file's own columns as parts of the contract's columns, numbered from 1.

    Raises:
        SourceRefused: a column is of a type that cannot be read.
    """
    wanted = {column.name: column for column in contract.columns}
    first = 1
    for table in rows:
        for _, position in layout.positions:
            if is_variant(table.schema.field(position).type):
                raise unknown_types(source, [table.schema.names[position]], "VARIANT")
        yield _part(table, layout, wanted, first)
        first += table.num_rows


def _part(table: Any, layout: Layout, wanted: Mapping[str, Column], first: int) -> Chunk:
    numbers = pl.int_range(first, first + table.num_rows, dtype=pl.Int64, eager=True)
    found = [numbers.alias(SRC_ROW_NUMBER)]
    wrong: dict[int, list[tuple[Column, Wrong]]] = {}
    for name, position in layout.positions:
        column = table.column(position)
        values = landed(column, wanted[name], is_old_calendar=bool(table.schema.metadata))
        found.append(values.values.alias(name))
        for at, fault in values.wrong.items():
            wrong.setdefault(at, []).append((wanted[name], fault))
    if layout.extra:
        found.append(_extra(table, layout.extra))
    rows = pl.DataFrame(found)
    raw = partial(_texts, table, first)
    faults = []
    if wrong:
        texts = raw([first + at for at in sorted(wrong)])
        faults = [_fault(number, text, wrong[number - first]) for number, text in texts.items()]
        rows = rows.filter(~(pl.col(SRC_ROW_NUMBER) - first).is_in(list(wrong)))
    return parsed_chunk(rows, malformed_frame(faults), table.num_rows, raw)


def _fault(number: int, raw: str, wrong: Sequence[tuple[Column, Wrong]]) -> Fault:
    said = "; ".join(f"`{c.source}` {fault.text[:80]} {fault.why}" for c, fault in wrong)
    column, first = wrong[0]
    message = f"record {number}: {said}"
    return Fault(number, raw, ReasonCode.TYPE_MISMATCH, message, column.name, first.text)


def _texts(table: Any, first: int, row_numbers: Sequence[int]) -> dict[int, str]:
    """Some rows of a part as JSON objects, by number; `first` is that of the part's first row."""
    here = [number for number in row_numbers if 0 <= number - first < table.num_rows]
    places = [number - first for number in here]
    columns = [taken(column, places) for column in table.columns]
    texts = (
        dumped(dict(zip(table.schema.names, row, strict=True)))
        for row in zip(*columns, strict=True)
    )
    return dict(zip(here, texts, strict=True))


def _extra(table: Any, extra: Sequence[tuple[str, int]]) -> pl.Series:
    """The values of columns that the contract does not know, as one JSON object, or null."""
    names = [name for name, _ in extra]
    columns = [plain(table.column(position)) for _, position in extra]
    found = [
        None if all(value is None for value in row) else dumped(dict(zip(names, row, strict=True)))
        for row in zip(*columns, strict=True)
    ]
    return pl.Series(SRC_EXTRA, found, dtype=pl.String)


def unknown_types(source: SourceFile, names: Sequence[str], kind: str) -> SourceRefused:
    """The refusal of a file for the types of some of its columns."""
    return SourceRefused(
        "UNREADABLE",
        f"`{source.name}`: type {kind} of {listed(names)} cannot be read",
        "have it written in another type, such as text or JSON text, or left out",
    )


def _not_known(path: Path, source: SourceFile, error: Exception) -> SourceRefused:
    said = str(error).strip().splitlines()[0]
    wide = (pl.Int128(), pl.UInt128())
    # The other library knows them; which those are is more than the first one says.
    schema = pl.read_parquet_schema(path) if "64 bits" in said else {}
    names = [name for name, dtype in schema.items() if dtype in wide]
    if names:
        return unknown_types(source, names, "of whole numbers of 128 bits")
    return SourceRefused(
        "UNREADABLE",
        f"`{source.name}` has what cannot be read: {said[:300]}",
        "have it written without that",
    )


def _damaged(source: SourceFile, error: Exception) -> SourceRefused:
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    return SourceRefused(
        "UNREADABLE",
        f"`{source.name}` cannot be read: {said[:300]}",
        "if no other program reads it either, have it sent again",
    )


def _refuse_other_formats(path: Path, source: SourceFile) -> None:
    with path.open("rb") as stream:
        start = stream.read(200)
    if not start:
        raise empty(source)
    if start.startswith(_ENCRYPTED):
        raise SourceRefused(
            "UNREADABLE",
            f"`{source.name}` is an encrypted Parquet file",
            "have it sent without encryption",
        )
    if not start.startswith(_MAGIC):
        raise wrong_format(source, "a Parquet file", start)
