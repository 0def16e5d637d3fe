"""What currencies are worth."""

from __future__ import annotations

import polars as pl

from carms_lake.expressions import worded


def exchange_rate(bronze_exchange_rates: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source."""
    return bronze_exchange_rates.select(
        pl.col("date").alias("rate_on"), worded("currency").str.to_uppercase(), "rate_to_aud"
    )
