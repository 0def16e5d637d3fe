"""What readers share about frames: faults, null values, rows that need not stay in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl
from polars.io.plugins import register_io_source

from carms_lake.names import SRC_ROW_NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from carms_lake.records import ReasonCode

MALFORMED_SCHEMA = pl.Schema(
    {
        SRC_ROW_NUMBER: pl.Int64(),
        "raw_record": pl.String(),
        "code": pl.String(),
        "column": pl.String(),
        "value": pl.String(),
        "message": pl.String(),
    }
)

KEPT_BYTES = 128 << 20
"""Rows of a file up to this size stay in memory; those of a larger one are read again when
needed."""


class Fault(NamedTuple):
    """One record that cannot be laid out in columns."""

    row_number: int
    raw_record: str
    code: ReasonCode
    message: str
    column: str | None = None
    value: str | None = None


class Part(NamedTuple):
    """Some records of a file, in order."""

    rows: pl.DataFrame
    faults: Sequence[Fault]


class Gathered(NamedTuple):
    """All records of a file."""

    rows: pl.LazyFrame
    malformed: pl.DataFrame
    records: int


def malformed_frame(faults: Iterable[Fault]) -> pl.DataFrame:
    """One row per record that cannot be laid out in columns."""
    return pl.DataFrame(
        [(f.row_number, f.raw_record, str(f.code), f.column, f.value, f.message) for f in faults],
        schema=MALFORMED_SCHEMA,
        orient="row",
    )


def text_schema(names: Iterable[str]) -> pl.Schema:
    """The schema of rows whose columns are all text."""
    return pl.Schema({SRC_ROW_NUMBER: pl.Int64(), **dict.fromkeys(names, pl.String())})


def without_null_values(name: str, null_values: Sequence[str]) -> pl.Expr:
    """The text of a column, null where it is one of the contract's null values."""
    text = pl.col(name)
    if not null_values:
        return text
    if len(null_values) == 1:
        return pl.when(text != null_values[0]).then(text).alias(name)
    return pl.when(~text.is_in(list(null_values))).then(text).alias(name)


def gathered(parts: Callable[[], Iterator[Part]], schema: pl.Schema) -> Gathered:
    """The parts of a file as one: rows in the order of the file, faults apart.

    `parts` is called again, whenever the rows are asked for, where they are too many to be kept.
    """
    faults: list[Fault] = []
    kept: list[pl.DataFrame] = []
    rows = 0
    kept_bytes = 0.0
    for part in parts():
        faults.extend(part.faults)
        rows += part.rows.height
        kept_bytes += part.rows.estimated_size()
        if kept_bytes <= KEPT_BYTES:
            kept.append(part.rows)
        else:
            kept.clear()
    if kept_bytes <= KEPT_BYTES:
        frame = pl.concat([pl.DataFrame(schema=schema), *kept]).lazy()
    else:
        frame = _read_again(parts, schema)
    return Gathered(frame, malformed_frame(faults), rows + len(faults))


def _read_again(parts: Callable[[], Iterator[Part]], schema: pl.Schema) -> pl.LazyFrame:
    def frames(
        columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        left = n_rows
        for part in parts():
            rows = part.rows if left is None else part.rows.head(left)
            if left is not None:
                left -= rows.height
            if predicate is not None:
                rows = rows.filter(predicate)
            yield rows if columns is None else rows.select(columns)
            if left == 0:
                return

    return register_io_source(frames, schema=schema)
