"""Orders, their lines and shipments, returns, and what sensors measured."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from carms_lake.domains.retail.silver.dimensions import not_positive
from carms_lake.expressions import natural_order, null_if_placeholder, within


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
        .sort(
            "return_id",
            "change_type",
            natural_order("src_filename"),
            "src_row_number",
            nulls_last=False,
        )
        .select("return_id", pl.coalesce(known, values).alias("values"), "is_deleted", *_ORDER)
        .unnest("values")
    )


TEMPERATURE_C = (Decimal(-40), Decimal(60))
"""What a sensor can measure; beyond it is broken."""

HUMIDITY_PCT = (Decimal(0), Decimal(100))
"""The same for humidity."""


def sensor_reading(bronze_sensors: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source; impossible measurements are flagged and stay."""
    is_beyond = pl.any_horizontal(
        within("temperature_c", *TEMPERATURE_C).not_(), within("humidity_pct", *HUMIDITY_PCT).not_()
    )
    return bronze_sensors.select(
        pl.col("sensor_ts").alias("sensor_at"),
        "store_id",
        null_if_placeholder("shelf_id"),
        "temperature_c",
        "humidity_pct",
        "battery_mv",
        is_beyond.fill_null(value=False).alias("is_out_of_range"),
    )
