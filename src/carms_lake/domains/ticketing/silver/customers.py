"""Which customer id turned out to be another one, and whom each stands for."""

from __future__ import annotations

import polars as pl

from carms_lake.domains.ticketing.identity import cycles, resolved
from carms_lake.domains.ticketing.silver.texts import ORDER


def identity_merge(bronze_identity_merges: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source, with its place; the contract keeps the last of a merge."""
    return bronze_identity_merges.select(
        "from_customer_id",
        "merged_at",
        "to_customer_id",
        (pl.col("from_customer_id") == pl.col("to_customer_id")).alias("is_self"),
        *ORDER,
    )


def identity_cycle(silver_identity_merge: pl.LazyFrame) -> pl.DataFrame:
    """One row per merge that ever closed a circle, in the order of time."""
    return cycles(silver_identity_merge.collect())


def customer_identity(
    silver_identity_merge: pl.LazyFrame, silver_identity_cycle: pl.LazyFrame
) -> pl.DataFrame:
    """One row per customer id that a merge names, sorted by it: whom it stands for by now."""
    return resolved(silver_identity_merge.collect(), silver_identity_cycle.collect())
