"""What follows an order: most have a shipment, some a return, which may be changed later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains import draws as draw
from carms_lake.domains.retail.synthetic import words
from carms_lake.domains.retail.synthetic.orders import DAY_IDS, LATE, filled, headers, with_lines

if TYPE_CHECKING:
    from carms_lake.domains.retail.synthetic.plan import Plan, Truth


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


COLUMNS = ("return_id", "order_id", "product_id", "return_ts", "qty", "reason")
CHANGE_COLUMNS = (*COLUMNS, "return_reason_code", "change_type")

_RETURNED = 0.096
_RETURNED_LATER = 0.03
_UPDATED = 0.05
_INSERTED = 0.02
_DELETED = 0.01
_INSERTED_IDS = 9_000_000
"""Ten times a day's orders: an inserted return's place in the ids of its day."""


def returns(plan: Plan, start: int, end: int) -> pl.LazyFrame:
    """One row per return of the orders of these days, 3 to 30 days after the order."""
    return _of_orders(plan, _candidates(plan, start, end, 0.0, _RETURNED))


def changes(plan: Plan, truth: Truth) -> pl.DataFrame:
    """One row per return that was updated, inserted or deleted since the days before this run.

    They concern orders of the older half of those days: even a run after another increment
    changes nothing that was not delivered. The shares are of all returns before this run.
    """
    earlier = _candidates(plan, 0, plan.start, 0.0, _RETURNED).select(pl.len()).collect().item()
    middle = (plan.start + 1) // 2
    old = returns(plan, 0, middle).collect()
    wanted = [max(1, round(earlier * share)) for share in (_UPDATED, _DELETED)]
    updated_at, deleted_at = draw.picks(
        plan.seed, f"returns.changed.{plan.start}", old.height, _capped(wanted, old.height)
    )
    new = _of_orders(plan, _candidates(plan, 0, middle, _RETURNED, _RETURNED + _RETURNED_LATER))
    inserted = _inserted(new.collect(), plan, max(1, round(earlier * _INSERTED)))
    parts = {
        "updated": _updated(old[updated_at], plan),
        "inserted": inserted.with_columns(change_type=pl.lit("insert")),
        "deleted": old[deleted_at].with_columns(change_type=pl.lit("delete")),
    }
    for kind, rows in parts.items():
        truth.add("returns", kind, rows.select("return_id"))
    code = pl.col("reason").replace_strict(
        list(words.REASONS), list(words.REASON_CODES), return_dtype=pl.String
    )
    return (
        pl.concat([part.select(*COLUMNS, "change_type") for part in parts.values()])
        .with_columns(
            return_reason_code=code, return_ts=pl.col("return_ts").dt.cast_time_unit("ns")
        )
        .select(CHANGE_COLUMNS)
        .sort("return_id")
    )


def _candidates(plan: Plan, start: int, end: int, least: float, below: float) -> pl.LazyFrame:
    drawn = draw.uniform(plan.seed, "returns.any", pl.col("number"))
    return plan.orders(start, end).filter((drawn >= least) & (drawn < below))


def _of_orders(plan: Plan, orders: pl.LazyFrame) -> pl.LazyFrame:
    """One row per return: of one line of each order, where both are free of faults."""
    seed, number = plan.seed, pl.col("number")
    which = draw.below(seed, "returns.line", number, 1 << 32) % pl.col("lines")
    wait = 3 * 1440 + draw.below(seed, "returns.wait", number, 27 * 1440)
    lines = filled(
        with_lines(headers(orders, plan), plan).with_columns(
            line_number=(which + 1).cast(pl.Int32)
        ),
        plan,
    )
    some = draw.below(seed, "returns.qty", number, 1 << 32) % pl.col("qty") + 1
    is_sound = ~pl.any_horizontal(
        "unknown_customer", "unknown_store", "unknown_product", "non_positive_qty", "zero_price"
    )
    return lines.filter(is_sound).select(
        (pl.col("order_id") * 10 + 1).alias("return_id"),
        "order_id",
        "product_id",
        (pl.col("order_ts") + (wait * _MINUTE_US).cast(pl.Duration("us"))).alias("return_ts"),
        some.cast(pl.Int32).alias("qty"),
        draw.choice(seed, "returns.reason", number, words.REASONS).alias("reason"),
    )


def _updated(rows: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """Another reason for each."""
    reasons = list(words.REASONS)
    step = draw.below(plan.seed, f"returns.step.{plan.start}", pl.col("return_id"), 5) + 1
    place = pl.col("reason").replace_strict(
        reasons, list(range(len(reasons))), return_dtype=pl.Int64
    )
    return rows.with_columns(
        reason=draw.at(reasons, (place + step) % len(reasons)), change_type=pl.lit("update")
    )


def _inserted(rows: pl.DataFrame, plan: Plan, wanted: int) -> pl.DataFrame:
    stream = f"returns.inserted.{plan.start}"
    (chosen,) = draw.picks(plan.seed, stream, rows.height, _capped([wanted], rows.height))
    first = (plan.start + 1) * DAY_IDS * 10 + _INSERTED_IDS
    return rows[chosen].with_columns(return_id=first + pl.int_range(pl.len()))


def _capped(counts: list[int], total: int) -> list[int]:
    """Counts that together are no more than there are rows."""
    held: list[int] = []
    for count in counts:
        held.append(min(count, total - sum(held)))
    return held
