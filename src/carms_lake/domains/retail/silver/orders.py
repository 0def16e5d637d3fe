"""Orders, their lines and their parcels."""

from __future__ import annotations

import polars as pl

from carms_lake.domains.retail.silver.products import not_positive
from carms_lake.expressions import null_if_placeholder


def order_header(
    bronze_orders_header: pl.LazyFrame, silver_customer_identity: pl.LazyFrame
) -> pl.LazyFrame:
    """One row per row of the source, with the file that has it; the contract keeps one per order.

    The orders of a superseded customer id are those of the kept one.
    """
    superseded = silver_customer_identity.filter(
        pl.col("customer_id") != pl.col("canonical_customer_id")
    ).select("customer_id", "canonical_customer_id")
    return bronze_orders_header.join(
        superseded, on="customer_id", how="left", maintain_order="left"
    ).select(
        "order_id",
        pl.col("order_ts").alias("ordered_at"),
        pl.coalesce("order_dt_local", pl.col("order_ts").dt.date()).alias("ordered_on"),
        pl.coalesce("canonical_customer_id", "customer_id").alias("customer_id"),
        "store_id",
        *(null_if_placeholder(name) for name in ("channel", "payment_method", "coupon_code")),
        "shipping_fee",
        null_if_placeholder("currency").str.to_uppercase(),
        "src_filename",
        "src_row_number",
    )


def order_line(bronze_orders_lines: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source; bad quantities and prices are flagged and stay."""
    return bronze_orders_lines.select(
        "order_id",
        "line_number",
        "product_id",
        pl.col("qty").alias("quantity"),
        "unit_price",
        "line_discount_pct",
        "tax_pct",
        not_positive("qty").alias("has_bad_quantity"),
        not_positive("unit_price").alias("has_bad_price"),
    )


def shipment(bronze_shipments: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source; one on its way has no `delivered_at`."""
    return bronze_shipments.select(
        "shipment_id",
        "order_id",
        null_if_placeholder("carrier"),
        "shipped_at",
        "delivered_at",
        "ship_cost",
    )
