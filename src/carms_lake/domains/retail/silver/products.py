"""Products: what is known of them, and what was known before."""

from __future__ import annotations

import polars as pl

from carms_lake.domains.retail.silver.deliveries import states
from carms_lake.expressions import null_if_placeholder


def product(bronze_products: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source, with the file that has it; the contract keeps one per id."""
    return bronze_products.select(
        "product_id",
        *_described(),
        introduced_on="introduced_dt",
        discontinued_on="discontinued_dt",
        has_bad_price=not_positive("current_price"),
        is_discontinued_without_date=pl.col("is_discontinued").fill_null(value=False)
        & pl.col("discontinued_dt").is_null(),
        delivered_at="delivered_at",
        src_filename="src_filename",
    )


def product_history(bronze_products: pl.LazyFrame) -> pl.LazyFrame:
    """One row per product and moment at which a file of products arrived."""
    columns = [*_described(), pl.col("discontinued_dt").alias("discontinued_on")]
    return states(bronze_products, "product_id", columns)


def not_positive(column: str) -> pl.Expr:
    """Whether a figure that should be above zero is missing, zero or negative."""
    return (pl.col(column) > 0).not_().fill_null(value=True)


def _described() -> list[pl.Expr]:
    return [
        *(null_if_placeholder(name) for name in ("sku", "name", "category", "subcategory")),
        pl.col("current_price"),
        null_if_placeholder("currency").str.to_uppercase(),
        pl.col("is_discontinued"),
    ]
