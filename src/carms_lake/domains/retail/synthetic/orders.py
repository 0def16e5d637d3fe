"""Orders, drawn by number: any of them, alone or by the day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains import draws as draw
from carms_lake.domains.retail.synthetic import customers, stores, words
from carms_lake.domains.retail.synthetic.places import PLACES
from carms_lake.domains.retail.synthetic.plan import date_of, midnight, moment

if TYPE_CHECKING:
    from carms_lake.domains.retail.synthetic.plan import Plan

HEADER_COLUMNS = (
    "order_id",
    "order_ts",
    "order_dt_local",
    "customer_id",
    "store_id",
    "channel",
    "payment_method",
    "coupon_code",
    "shipping_fee",
    "currency",
)
UNKNOWN = 900_000_000
"""No id of a customer, store or product is so high."""

DAY_IDS = 1_000_000
_LATE_PLACE = 900_000
_LATE_WIDTH = 20_000
"""A late order's place in the ids of its day; the others stay below. The first runs share a day."""
LATE = 1 << 40
"""No order of the calendar has so high a number: late orders begin here, and have no faults."""
_LATE_DAYS = 3

_ORPHANS = 0.01
_DUPLICATES = 0.0005

DAY_TIMES_S = (
    0, 23_400, 28_800, 32_000, 34_800, 37_500, 40_000, 42_600, 45_300, 48_600, 52_200, 56_000,
    60_000, 64_500, 69_000, 75_000, 86_400,
)  # fmt: skip
"""Quantiles of the time of day: few buy at night."""

_FEES_CENTS = (0, 590, 995, 1495, 2490)
_CHANNELS = ("in_store", "web", "app", "phone")
_FOREIGN = tuple(name for name, _, _ in words.FOREIGN)


def headers(orders: pl.LazyFrame, plan: Plan) -> pl.LazyFrame:
    """One row per order: the columns of its file and its faults, beside those it came with."""
    return _with_cells(_with_faults(_with_store(orders, plan), plan), plan)


def late_orders(plan: Plan) -> pl.LazyFrame:
    """Orders of a day before the run's first that the base does not have, to be given `headers`."""
    day = max(0, plan.start - _LATE_DAYS)
    total = max(3, (plan.orders_before(day + 1) - plan.orders_before(day)) // 50)
    place = pl.int_range(total, dtype=pl.Int64)
    # The run's own first day is part of the number: no two runs bring the same late order.
    number = pl.lit(LATE + (plan.start << 20), dtype=pl.UInt64) + place.cast(pl.UInt64)
    return pl.select(
        number.alias("number"),
        pl.lit(day, dtype=pl.Int64).alias("day"),
        place.alias("place"),
        pl.lit(total, dtype=pl.Int64).alias("of"),
    ).lazy()


def _with_store(orders: pl.LazyFrame, plan: Plan) -> pl.LazyFrame:
    seed, number = plan.seed, pl.col("number")
    rank = draw.power_law(seed, "orders.store", number, plan.stores, 0.3)
    return orders.with_columns(draw.scattered(rank, plan.stores).alias("store")).with_columns(
        draw.at(stores.cities(plan), pl.col("store")).alias("at"),
        draw.choice(seed, "orders.channel", number, _CHANNELS, (35, 40, 22, 3)).alias("channel"),
    )


def _with_faults(orders: pl.LazyFrame, plan: Plan) -> pl.LazyFrame:
    seed, number = plan.seed, pl.col("number")
    on_time = number < LATE
    every = plan.every(_ORPHANS)
    duplicate = on_time & draw.one_in(seed, "orders.duplicate", number, plan.every(_DUPLICATES))
    orphan = on_time & draw.one_in(seed, "orders.orphan", number, every) & ~duplicate
    lacks_customer = (number // (every or 1)) % 2 == 0
    return orders.with_columns(
        (orphan & lacks_customer).alias("unknown_customer"),
        (orphan & ~lacks_customer).alias("unknown_store"),
        duplicate.alias("duplicate_order_id"),
    )


def _with_cells(orders: pl.LazyFrame, plan: Plan) -> pl.LazyFrame:
    seed, number = plan.seed, pl.col("number")
    day, place = pl.col("day"), pl.col("place")
    late_place = place + _LATE_PLACE + plan.start % (_LATE_DAYS + 1) * _LATE_WIDTH
    in_day = pl.when(number < LATE).then(place).otherwise(late_place)
    spread = draw.below(seed, "orders.second", number, 1 << 16)
    second = draw.quantile(DAY_TIMES_S, (place * (1 << 16) + spread) // pl.col("of"))
    offset_s = draw.at([city.country.utc_offset_h * 3600 for city in PLACES], pl.col("at"))
    buyer = draw.power_law(seed, "orders.customer", number, plan.customers, 0.1)
    customer = draw.scattered(buyer, plan.customers) + customers.FIRST_ID
    nobody = UNKNOWN + draw.below(seed, "orders.unknown", number, DAY_IDS)
    store = pl.col("store") + stores.FIRST_ID
    coupon = draw.choice(seed, "orders.coupon", number, words.COUPONS)
    fee = draw.choice(seed, "orders.fee", number, _FEES_CENTS, (30, 25, 25, 15, 5))
    paid_fee = pl.when(pl.col("channel") == "in_store").then(0).otherwise(fee)
    return orders.with_columns(
        order_id=(day + 1) * DAY_IDS + in_day + 1,
        order_ts=moment(midnight(day) + (second - offset_s) * 1_000_000),
        order_dt_local=(pl.lit(date_of(0)) + pl.duration(days=day)).cast(pl.Date),
        customer_id=pl.when("unknown_customer").then(nobody).otherwise(customer),
        store_id=pl.when("unknown_store").then(nobody).otherwise(store),
        payment_method=draw.choice(
            seed, "orders.payment", number, words.PAYMENTS, (55, 20, 12, 8, 5)
        ),
        coupon_code=pl.when(draw.happens(seed, "orders.has_coupon", number, 0.14)).then(coupon),
        shipping_fee=draw.decimal(paid_fee, 2, 2),
        currency=_currency(seed),
    )


def _currency(seed: int) -> pl.Expr:
    """The currency of the store's country; some orders on the web are paid in another one."""
    number = pl.col("number")
    home = draw.at([city.country.currency for city in PLACES], pl.col("at"))
    abroad = draw.happens(seed, "orders.abroad", number, 0.08) & (pl.col("channel") == "web")
    foreign = draw.choice(seed, "orders.currency", number, _FOREIGN, (55, 20, 15, 10))
    return pl.when(abroad).then(foreign).otherwise(home)


def repeated(headers: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """One row per order that is delivered twice: the second time, a little later or the same."""
    minutes = draw.below(plan.seed, "orders.again", pl.col("number"), 20)
    fee = pl.col("shipping_fee") + draw.decimal(pl.lit(100), 2, 2)
    return headers.filter("duplicate_order_id").with_columns(
        (pl.col("order_ts") + pl.duration(minutes=minutes)).alias("order_ts"),
        fee.cast(pl.Decimal(12, 2)).alias("shipping_fee"),
    )
