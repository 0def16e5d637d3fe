"""What a row of the shop must satisfy beyond its contract."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl


def sale() -> list[pa.Check]:
    """Nothing is sold for free."""
    paid = (pl.col("amount") > 0) | (pl.col("quantity") == 0)
    return [pa.Check(lambda data: data.lazyframe.select(paid), name="sale_is_paid")]
