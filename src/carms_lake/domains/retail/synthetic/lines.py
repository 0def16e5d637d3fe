"""Order lines: how many an order has, and what is on each, drawn by the line's number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains import draws as draw
from carms_lake.domains.retail.synthetic import products, words
from carms_lake.domains.retail.synthetic.orders import DAY_IDS, LATE, UNKNOWN

if TYPE_CHECKING:
    from carms_lake.domains.retail.synthetic.plan import Plan

COLUMNS = (
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
