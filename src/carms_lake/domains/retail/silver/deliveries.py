"""What is known after deliveries of whole files: the newest row of a key, and every state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

_FILE = ("src_filename", "delivery_id", "delivered_at")


def newest(rows: pl.LazyFrame, *key: str) -> pl.LazyFrame:
    """One row per key: of several files the one delivered last, then the last by name has it.

    A key that stands more than once in that file has no row: nobody knows which one is right.
    """
    by = list(key)
    return (
        rows.filter(pl.col("delivered_at") == pl.col("delivered_at").max().over(by))
        .filter(pl.col("src_filename") == pl.col("src_filename").max().over(by))
        .filter(pl.len().over(by) == 1)
    )


def states(rows: pl.LazyFrame, key: str, columns: Sequence[pl.Expr]) -> pl.LazyFrame:
    """One row per key and moment (`delivered_at`) at which a file of it was delivered.

    What was known at a moment is in the newest delivery of each file at that moment, so each
    moment has all keys that were known then. `columns` are the attributes.
    """
    deliveries = rows.select(_FILE).unique()
    known = (
        deliveries.select(pl.col("delivered_at").alias("at"))
        .unique()
        .join(deliveries, how="cross")
        .filter(pl.col("delivered_at") <= pl.col("at"))
        .filter(pl.col("delivery_id") == pl.col("delivery_id").max().over("src_filename", "at"))
        .select("src_filename", "delivery_id", "at")
    )
    held = rows.join(known, on=["src_filename", "delivery_id"])
    return (
        newest(held, key, "at")
        .select(key, pl.col("at").alias("delivered_at"), *columns)
        .sort(key, "delivered_at")
    )
