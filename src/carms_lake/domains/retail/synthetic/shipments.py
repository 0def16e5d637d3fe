"""Shipments: most orders have one, a while after they were placed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains import draws as draw
from carms_lake.domains.retail.synthetic import words
from carms_lake.domains.retail.synthetic.orders import LATE

if TYPE_CHECKING:
    from carms_lake.domains.retail.synthetic.plan import Plan

_SHIPPED = 0.95
_IN_TRANSIT = 0.05
_LATE_SHARE = 0.02
_MINUTE_US = 60_000_000
_COSTS_CENTS = (350, 520, 610, 700, 790, 890, 1010, 1180, 1420, 1850, 2900, 9900)


def shipments(orders: pl.LazyFrame, plan: Plan) -> pl.LazyFrame:
    """One row per shipment of orders that have `headers`, in their order, with its faults.

    On time means within 5 days; orders of an unknown customer or store have no faults here.
    """
    seed, number = plan.seed, pl.col("number")
    is_sound_order = (number < LATE) & ~(pl.col("unknown_customer") | pl.col("unknown_store"))
    late = is_sound_order & draw.one_in(seed, "shipments.late", number, plan.every(_LATE_SHARE))
    lost = is_sound_order & draw.one_in(seed, "shipments.lost", number, plan.every(_IN_TRANSIT))
    packed = 60 + draw.below(seed, "shipments.packed", number, 47 * 60)
    quick = 9 * 60 + draw.below(seed, "shipments.quick", number, 108 * 60)
    slow = 121 * 60 + draw.below(seed, "shipments.slow", number, 240 * 60)
    cost = draw.from_quantiles(seed, "shipments.cost", number, _COSTS_CENTS)
    return (
        orders.filter(draw.happens(seed, "shipments.any", number, _SHIPPED))
        .with_columns(
            shipped_at=pl.col("order_ts") + _minutes(packed), late=late, in_transit=lost & ~late
        )
        .with_columns(
            delivered=pl.col("shipped_at") + _minutes(pl.when("late").then(slow).otherwise(quick))
        )
        .select(
            (pl.col("order_id") * 10 + 1).alias("shipment_id"),
            "order_id",
            draw.choice(seed, "shipments.carrier", number, words.CARRIERS).alias("carrier"),
            pl.col("shipped_at").dt.replace_time_zone("UTC"),
            pl.when(~pl.col("in_transit"))
            .then("delivered")
            .alias("delivered_at")
            .dt.replace_time_zone("UTC"),
            draw.decimal(cost, 2, 2, 21).alias("ship_cost"),
            "late",
            "in_transit",
        )
    )


def _minutes(number: pl.Expr) -> pl.Expr:
    return (number * _MINUTE_US).cast(pl.Duration("us"))
