"""The row hash: what makes two records the same record.

BLAKE3, its first 128 bits, over the record's fields as canonical UTF-8 text in file order, joined
by U+001F; a null is U+001E. Text is itself; an integer has no leading zeros; a date is ISO 8601.
Columns that the contract drops and columns taken from the path do not count. Test vectors:
tests/checks/test_rowhash.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import polars_hash as plh

if TYPE_CHECKING:
    from collections.abc import Sequence

SEPARATOR = "\x1f"
NULL = "\x1e"
_HEX_DIGITS = 32


def row_hash(columns: Sequence[str]) -> pl.Expr:
    """The hash of each row over the named columns in that order: binary, 16 bytes, never null."""
    fields = [pl.col(name).cast(pl.String).fill_null(NULL) for name in columns]
    joined = pl.concat_str(fields, separator=SEPARATOR) if fields else pl.lit("")
    digest = plh.concat_str(joined).chash.blake3()
    return digest.str.slice(0, _HEX_DIGITS).str.decode("hex")
