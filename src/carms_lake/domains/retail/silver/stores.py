"""Stores and suppliers."""

from __future__ import annotations

import polars as pl

from carms_lake.domains.retail.silver.customers import impossible_place
from carms_lake.expressions import null_if_placeholder


def store(bronze_stores: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source.

    Coordinates are null where one of them is impossible. All stores with one code are flagged.
    """
    code = null_if_placeholder("store_code")
    is_possible = impossible_place().not_()
    return bronze_stores.select(
        "store_id",
        *(
            null_if_placeholder(name)
            for name in ("store_code", "name", "channel", "region", "state")
        ),
        pl.when(is_possible).then("latitude").alias("latitude"),
        pl.when(is_possible).then("longitude").alias("longitude"),
        opened_on="open_dt",
        closed_on="close_dt",
        has_bad_coordinates=impossible_place(),
        has_duplicate_code=code.is_duplicated() & code.is_not_null(),
        is_repaired=pl.col("src_repair").is_not_null(),
    )


def supplier(bronze_suppliers: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source."""
    return bronze_suppliers.select(
        "supplier_id",
        *(null_if_placeholder(name) for name in ("supplier_code", "name", "country_code")),
        "lead_time_days",
        is_preferred="preferred",
        is_repaired=pl.col("src_repair").is_not_null(),
    )
