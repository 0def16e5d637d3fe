"""Sensors on the shelves of a few stores: the same number of readings every day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains import draws as draw
from carms_lake.domains.retail.synthetic import stores
from carms_lake.domains.retail.synthetic.plan import midnight, moment

if TYPE_CHECKING:
    from carms_lake.domains.retail.synthetic.plan import Plan

COLUMNS = ("sensor_ts", "store_id", "shelf_id", "temperature_c", "humidity_pct", "battery_mv")
TIME_FORMAT = "%Y-%m-%d %H:%M:%S%.6f"

_OUT_OF_RANGE = 0.003
_WITHOUT_TIME = 0.001
_READINGS_A_DAY = 19_200
_MOST_SHELVES = 4
_DAY_US = 86_400_000_000
_JITTER_US = 59_000_000
_WARMTH = (
    -70, -80, -90, -95, -100, -95, -80, -55, -25, 10, 40, 65,
    85, 95, 100, 98, 90, 75, 50, 25, 0, -20, -40, -55,
)  # fmt: skip
"""Hour by hour between the coldest and the warmest, in hundredths."""
_SHELVES = ((2100, 250, 4800), (400, 60, 6500), (-1800, 40, 5500), (700, 90, 6000))
"""Shelf, fridge, freezer, cold drinks: temperature and how far it swings, humidity; hundredths."""
_OUTSIDE = ((8500, None), (-9999, None), (15_000, None), (None, 12_500), (None, -500))
"""What a broken sensor says: a temperature or a humidity that cannot be."""


@dataclass(frozen=True)
class Layout:
    """How many sensors there are, and how often each is read."""

    stores: int
    shelves: int
    times: int


def layout(plan: Plan) -> Layout:
    """Few stores with many readings each, so that there are few files."""
    wanted = _READINGS_A_DAY * plan.scale
    count = min(plan.stores, max(1, round(wanted / (48 * _MOST_SHELVES))))
    times = 48 if plan.scale >= 0.01 else 24
    shelves = max(1, min(_MOST_SHELVES, round(wanted / (count * times))))
    return Layout(count, shelves, max(times, round(wanted / (count * shelves))))


def store_ids(plan: Plan) -> list[int]:
    """The stores that have sensors."""
    count = layout(plan).stores
    return [stores.FIRST_ID + at * plan.stores // count for at in range(count)]


def readings(plan: Plan, store_id: int, start: int, end: int) -> pl.DataFrame:
    """One row per reading of one store on these days, by time and shelf, with its faults."""
    shape, seed = layout(plan), plan.seed
    nth = store_ids(plan).index(store_id)
    a_day = shape.times * shape.shelves
    row, number = pl.col("row"), pl.col("number")
    rows = pl.LazyFrame({"row": pl.int_range(start * a_day, end * a_day, eager=True)})
    shelf = row % shape.shelves
    time = row // shape.shelves % shape.times
    in_slot = draw.below(seed, "sensors.jitter", number, _JITTER_US)
    at = midnight(row // a_day) + time * (_DAY_US // shape.times) + in_slot
    timeless = draw.one_in(seed, "sensors.timeless", number, plan.every(_WITHOUT_TIME))
    outside = draw.one_in(seed, "sensors.outside", number, plan.every(_OUT_OF_RANGE))
    day = row // a_day
    in_all = (day * shape.stores + nth) * a_day + row % a_day
    return (
        rows.with_columns(number=in_all.cast(pl.UInt64))
        .with_columns(
            day=day,
            shelf=shelf,
            hour=time * 24 // shape.times,
            missing_sensor_ts=timeless,
            out_of_range=outside & ~timeless,
            at=moment(at),
        )
        .select(
            pl.when(~pl.col("missing_sensor_ts")).then("at").alias("sensor_ts"),
            pl.lit(store_id, dtype=pl.Int64).alias("store_id"),
            pl.format("SHELF-{}", (pl.col("shelf") + 1).cast(pl.String).str.zfill(2)).alias(
                "shelf_id"
            ),
            *_measured(plan, nth),
            "day",
            "missing_sensor_ts",
            "out_of_range",
        )
        .collect()
    )


def _measured(plan: Plan, nth: int) -> list[pl.Expr]:
    seed, number, shelf = plan.seed, pl.col("number"), pl.col("shelf")
    warmth = draw.at(_WARMTH, pl.col("hour"))
    base, swing, damp = (draw.at(values, shelf) for values in zip(*_SHELVES, strict=True))
    noise = draw.normal(seed, "sensors.noise", number, 45)
    damp_noise = draw.normal(seed, "sensors.damp", number, 210)
    temperature = base + swing * warmth // 100 + noise
    humidity = damp - 4 * warmth + damp_noise
    kind = draw.below(seed, "sensors.wrong", number, len(_OUTSIDE))
    wrong = [draw.at(values, kind) for values in zip(*_OUTSIDE, strict=True)]
    told = [
        pl.when("out_of_range").then(pl.coalesce(beyond, value)).otherwise(value)
        for beyond, value in zip(wrong, (temperature, humidity), strict=True)
    ]
    # A battery lasts 180 days; each sensor got its first one on another day.
    age = (pl.col("day") + shelf * 37 + nth * 53) % 180
    battery = 3000 - age * 4 - draw.below(seed, "sensors.battery", number, 12)
    return [
        draw.decimal(told[0], 2, 2, 5).alias("temperature_c"),
        draw.decimal(told[1], 2, 2, 5).alias("humidity_pct"),
        battery.cast(pl.Int32).alias("battery_mv"),
    ]
