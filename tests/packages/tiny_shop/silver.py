"""What the shop's files mean."""

from __future__ import annotations

import polars as pl


def product(bronze_products: pl.LazyFrame) -> pl.LazyFrame:
    """One row per product, as last delivered."""
    return bronze_products.select("product_id", "name", "price").sort("product_id")


def product_history(bronze_products: pl.LazyFrame) -> pl.LazyFrame:
    """One row per product and delivery."""
    return bronze_products.select(
        "product_id", "name", "price", "delivered_at", shop=pl.lit("tiny")
    ).sort("product_id", "delivered_at")


def sale(bronze_sales: pl.LazyFrame, silver_product: pl.LazyFrame) -> pl.LazyFrame:
    """One row per sale, with its amount at today's price."""
    priced = bronze_sales.join(silver_product, on="product_id", how="left", maintain_order="left")
    amount = (pl.col("quantity") * pl.col("price")).cast(pl.Decimal(14, 2))
    return priced.select("sale_id", "product_id", "quantity", amount=amount).sort("sale_id")
