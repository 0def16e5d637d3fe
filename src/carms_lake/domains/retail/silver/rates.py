"""What currencies are worth."""

from __future__ import annotations

import polars as pl

from carms_lake.expressions import null_if_placeholder


def exchange_rate(bronze_exchange_rates: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source."""
    return bronze_exchange_rates.select(
        pl.col("date").alias("rate_on"),
        null_if_placeholder("currency").str.to_uppercase(),
        "rate_to_aud",
    )
