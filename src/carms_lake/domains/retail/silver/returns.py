"""Returns after all that was changed in them."""

from __future__ import annotations

import polars as pl

from carms_lake.expressions import null_if_placeholder

_ORDER = ("change_type", "src_filename", "src_row_number")
"""Base rows (null) come before changes, then files by name; the contract keeps the last."""

_VALUES = (
    "order_id",
    "product_id",
    "returned_at",
    "quantity",
    "reason",
    "return_reason_code",
)


def customer_return(bronze_returns: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source: what was known of the return after that row.

    A delete keeps the values that were known before it; where there were none, its own.
    """
    kind = pl.col("change_type").str.strip_chars().str.to_lowercase()
    values = pl.struct(_VALUES)
    known = pl.when(~pl.col("is_deleted")).then(values).forward_fill().over("return_id")
    return (
        bronze_returns.select(
            "return_id",
            "order_id",
            "product_id",
            pl.col("return_ts").alias("returned_at"),
            pl.col("qty").alias("quantity"),
            null_if_placeholder("reason"),
            null_if_placeholder("return_reason_code"),
            kind.eq_missing("delete").alias("is_deleted"),
            pl.when(kind.is_not_null()).then(pl.lit("change")).alias("change_type"),
            "src_filename",
            "src_row_number",
        )
        .sort("return_id", *_ORDER, nulls_last=False)
        .select("return_id", pl.coalesce(known, values).alias("values"), "is_deleted", *_ORDER)
        .unnest("values")
    )
