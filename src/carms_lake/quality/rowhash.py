"""The row hash: what makes two records the same record.

XXH3, 128 bits, in its canonical (big-endian) form, over the record's fields as canonical UTF-8 text
in file order, joined by U+001F; a null is U+001E. Text is itself; an integer has no leading zeros;
a date is ISO 8601. Columns that the contract drops and columns taken from the path do not count.
Test vectors: tests/checks/test_rowhash.py.
"""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING

import polars as pl
import polars_hash as plh
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence


SEPARATOR = "\x1f"
NULL = "\x1e"
_BYTES = 16
_HALF = 1 << 64


def row_hash(columns: Sequence[str]) -> pl.Expr:
    """The hash of each row over the named columns in that order: binary, 16 bytes, never null."""
    fields = [pl.col(name).cast(pl.String).fill_null(NULL) for name in columns]
    joined = pl.concat_str(fields, separator=SEPARATOR) if fields else pl.lit("")
    number = plh.concat_str(joined).nchash.xxh3_128()
    return number.map_batches(_big_endian, return_dtype=pl.Binary, is_elementwise=True)


def _big_endian(numbers: pl.Series) -> pl.Series:
    """The 16 bytes of each number: a view of them, where a text of hex digits costs five times."""
    number, half = pl.col(numbers.name), pl.lit(_HALF, pl.UInt128)
    halves = numbers.to_frame().select(
        pl.concat_arr((number // half).cast(pl.UInt64), (number % half).cast(pl.UInt64))
    )
    there = halves.to_series().explode().rechunk().to_arrow()
    words = array("Q")
    begin = there.offset * words.itemsize
    words.frombytes(memoryview(there.buffers()[1])[begin : begin + len(numbers) * _BYTES])
    if sys.byteorder == "little":
        words.byteswap()
    values = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(_BYTES), len(numbers), [None, pa.py_buffer(words)]
    )
    return pl.Series(numbers.name, values, dtype=pl.Binary)
