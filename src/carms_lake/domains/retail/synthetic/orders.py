"""Orders and their lines, drawn by their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains import draws as draw
from carms_lake.domains.retail.synthetic import customers, products, stores, words
from carms_lake.domains.retail.synthetic.plan import date_of, midnight, moment
from carms_lake.domains.retail.synthetic.stores import PLACES

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
    """One row per order: the columns of its file and its faults, added to what it came with."""
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


LINE_COLUMNS = (
    "order_id",
    "line_number",
    "product_id",
    "qty",
    "unit_price",
    "line_discount_pct",
    "tax_pct",
)
_UNKNOWN_PRODUCTS = 0.01
_BAD_QUANTITIES = 0.002
_ZERO_PRICES = 0.0005

_COUNTS = (1, 1, 1, 2, 2, 3, 3, 4, 6, 10)
"""How many lines ten consecutive orders have, beginning anywhere in this round."""
_ROUND = len(_COUNTS)
_BEFORE = tuple(sum((_COUNTS * 2)[:at]) for at in range(2 * _ROUND + 1))

_HOMES = tuple((c.currency, c.price_pct, c.tax) for c in words.COUNTRIES)
_MONEY = {name: (price, tax) for name, price, tax in (*_HOMES, *words.FOREIGN)}
_DISCOUNTS = (0, 500, 1000, 1500, 2000, 2500, 3333, 5000)


def with_lines(orders: pl.LazyFrame, plan: Plan) -> pl.LazyFrame:
    """One row per order: `lines` says how many lines it has, `first_line` the first one's number.

    The numbers of all lines are consecutive, whichever orders are asked for.
    """
    number = pl.col("number")
    block = number // _ROUND
    turn = draw.below(plan.seed, "lines.turn", block, _ROUND)
    at = (number % _ROUND).cast(pl.Int64) + turn
    start, end = draw.at(_BEFORE, at), draw.at(_BEFORE, at + 1)
    before = block.cast(pl.Int64) * sum(_COUNTS) + start - draw.at(_BEFORE, turn)
    return orders.with_columns(lines=end - start, first_line=before)


def lines(orders: pl.LazyFrame, plan: Plan) -> pl.LazyFrame:
    """One row per line of orders that have `headers` and `lines`."""
    each = orders.with_columns(line_number=pl.int_ranges(1, pl.col("lines") + 1, dtype=pl.Int32))
    return filled(each.explode("line_number", empty_as_null=False), plan)


def filled(lines: pl.LazyFrame, plan: Plan) -> pl.LazyFrame:
    """The columns of the file and the faults for rows of an order and a `line_number`."""
    seed, line = plan.seed, pl.col("line")
    is_sound_order = (pl.col("number") < LATE) & ~(
        pl.col("unknown_customer") | pl.col("unknown_store")
    )
    free = draw.one_in(seed, "lines.free", line, plan.every(_ZERO_PRICES))
    bad = draw.one_in(seed, "lines.bad", line, plan.every(_BAD_QUANTITIES))
    unknown = draw.one_in(seed, "lines.unknown", line, plan.every(_UNKNOWN_PRODUCTS))
    rank = draw.power_law(seed, "lines.product", line, plan.products_sold, 0.03)
    return (
        lines.with_columns(line=(pl.col("first_line") + pl.col("line_number") - 1).cast(pl.UInt64))
        .with_columns(
            product=draw.scattered(rank, plan.products),
            zero_price=is_sound_order & free,
            non_positive_qty=is_sound_order & bad & ~free,
            unknown_product=is_sound_order & unknown & ~bad & ~free,
        )
        .with_columns(**_cells(plan))
    )


def _cells(plan: Plan) -> dict[str, pl.Expr]:
    seed, line = plan.seed, pl.col("line")
    nothing = UNKNOWN + draw.below(seed, "lines.nothing", line, DAY_IDS)
    bought = draw.choice(seed, "lines.qty", line, (1, 2, 3, 4, 6, 12), (60, 22, 8, 5, 3, 2))
    names = list(_MONEY)
    price_pct = pl.col("currency").replace_strict(
        names, [price for price, _ in _MONEY.values()], return_dtype=pl.Int64
    )
    tax = pl.col("currency").replace_strict(
        names, [tax for _, tax in _MONEY.values()], return_dtype=pl.Int64
    )
    cents = draw.at(products.base_prices(plan), pl.col("product"))
    discount = draw.choice(seed, "lines.discount", line, _DISCOUNTS, (70, 8, 8, 4, 4, 3, 1, 2))
    return {
        "product_id": pl.when("unknown_product")
        .then(nothing)
        .otherwise(products.product_ids(pl.col("product"))),
        "qty": pl.when("non_positive_qty").then(-(bought % 4)).otherwise(bought).cast(pl.Int32),
        "unit_price": draw.decimal(
            pl.when("zero_price").then(0).otherwise(cents * price_pct), 4, 4
        ),
        "line_discount_pct": draw.decimal(discount, 4, 4, 5),
        "tax_pct": draw.decimal(tax, 4, 4, 5),
    }
