"""What the sensors on the shelves measured."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from carms_lake.expressions import null_if_placeholder, within

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
