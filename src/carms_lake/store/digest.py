"""The logical digest of a table: the same for the same rows, in whatever files and order.

Rows are hashed one by one (BLAKE3, 128 bits) and the hashes are added up, so that memory does not
grow with the table. Names and types of the columns count; the marks of runs do not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
import polars_hash as plh

from carms_lake.names import INGESTION_TS, RUN_ID
from carms_lake.store import delta

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from polars._typing import PolarsDataType

RUN_MARKS = frozenset({INGESTION_TS, RUN_ID})
"""What tells when a row was written, and nothing about it."""

_NULL = "-"
_LANES = 4
_LANE_BYTES = 4


@dataclass(frozen=True)
class Digest:
    """What a table holds, in one line."""

    rows: int
    value: str
    """64 hexadecimal digits."""

    def __str__(self) -> str:
        return f"{self.value[:16]} ({self.rows} rows)"


def digest(
    path: Path, version: int | None = None, *, leave_out: Collection[str] = RUN_MARKS
) -> Digest:
    """The digest of a table at a version, or the newest.

    Raises:
        StoreError: the table cannot be read.
    """
    return digest_of(delta.scan(path, version), leave_out=leave_out)


def digest_of(frame: pl.LazyFrame, *, leave_out: Collection[str] = RUN_MARKS) -> Digest:
    """The digest of rows; a lane of 32 bits holds the sum of 2**32 rows without overflow."""
    schema = {
        name: kind for name, kind in sorted(frame.collect_schema().items()) if name not in leave_out
    }
    sums = [
        pl.col("hash")
        .bin.slice(lane * _LANE_BYTES, _LANE_BYTES)
        .bin.reinterpret(dtype=pl.UInt32)
        .cast(pl.UInt64)
        .sum()
        .alias(f"lane_{lane}")
        for lane in range(_LANES)
    ]
    rows, *lanes = (
        frame.select(_row_hash(schema)).select(pl.len(), *sums).collect(engine="streaming").row(0)
    )
    types = [(name, str(kind)) for name, kind in schema.items()]
    whole = hashlib.sha256(repr((types, rows, lanes)).encode())
    return Digest(int(rows), whole.hexdigest())


def _row_hash(schema: Mapping[str, pl.DataType]) -> pl.Expr:
    fields = [_text(pl.col(name), kind) for name, kind in schema.items()]
    hashed = plh.concat_str(pl.concat_str(fields)).chash.blake3()
    digits = 2 * _LANES * _LANE_BYTES
    return hashed.str.slice(0, digits).str.decode("hex").alias("hash")


def _text(value: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """A value as text that no other value has: its length, a colon, itself; a null is `-`."""
    if isinstance(kind, pl.Binary):
        text = value.bin.encode("hex")
    elif isinstance(kind, pl.List):
        parts = value.list.eval(_text(pl.element(), _type(kind.inner))).list.join(
            "", ignore_nulls=False
        )
        text = pl.when(value.is_not_null()).then(parts.fill_null(""))
    elif isinstance(kind, pl.Struct):
        fields = [_text(value.struct.field(f.name), _type(f.dtype)) for f in kind.fields]
        text = pl.when(value.is_not_null()).then(pl.concat_str(fields))
    else:
        text = value.cast(pl.String)
    length = text.str.len_bytes().cast(pl.String)
    return pl.concat_str([length, pl.lit(":"), text]).fill_null(_NULL)


def _type(kind: PolarsDataType) -> pl.DataType:
    return kind if isinstance(kind, pl.DataType) else kind()
