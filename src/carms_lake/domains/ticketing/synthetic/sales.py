"""Orders and their transactions: paid in full, in parts, too little, too much, and back."""

from __future__ import annotations

import polars as pl

from carms_lake.domains.draws import at
from carms_lake.domains.ticketing.synthetic.catalogue import DAY, catalogue, told
from carms_lake.domains.ticketing.synthetic.draw import Draw
from carms_lake.domains.ticketing.synthetic.plan import PLACES, Plan

_WITHOUT_SHOWTIME = 0.03
_UNKNOWN = 0.006
_WAYS = ("full", "two", "three", "refunded", "partly", "under", "over", "none")
_WEIGHTS = (66, 10, 4, 6, 6, 3, 1, 4)
_COUNTS = dict(zip(_WAYS, (1, 2, 3, 2, 3, 1, 1, 0), strict=True))


def orders(rows: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """One row per order; a later version has another total."""
    draw, number = Draw(plan.seed, "orders"), pl.col("number")
    account = plan.referred(draw, "account", "orders", "accounts")
    stranger = plan.total("accounts") + draw.below("stranger", number, 1_000)
    is_stranger = plan.unknown(draw, "account", _UNKNOWN)
    drawn = rows.with_columns(
        pl.when(is_stranger).then(stranger).otherwise(account).alias("account"),
        plan.referred(draw, "showtime", "orders", "showtimes").alias("showtime"),
        plan.unknown(draw, "showtime", _UNKNOWN).alias("is_closed"),
        draw.happens("showtime.none", number, _WITHOUT_SHOWTIME).alias("has_none"),
    )
    return drawn.select(
        "number",
        "copy",
        pl.format("ord_{}", number + 1).alias("order_id"),
        pl.format("acc_{}", pl.col("account") + 1).alias("account_id"),
        pl.when("has_none")
        .then(None)
        .when("is_closed")
        .then(pl.format("st_evt_closed_{}", pl.col("showtime") + 1))
        .otherwise(at(catalogue(plan).showtime_ids, pl.col("showtime")))
        .alias("showtime_id"),
        told(plan, draw, "orders", number).alias("created_at"),
        _total(draw, pl.col("state")).alias("total_amount"),
    )


def transactions(rows: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """One row per transaction that is; a later version has another amount.

    Each order has as many as the way it is paid in takes; one that never comes is paid in full.
    """
    draw, number = Draw(plan.seed, "transactions"), pl.col("number")
    order = pl.col("order")
    way = draw.choice("way", order, _WAYS, _WEIGHTS)
    is_orphan = number >= plan.total("transactions")
    drawn = (
        rows.with_columns(
            (number // PLACES).alias("order"),
            (number % PLACES).alias("place"),
            draw.below("correction", pl.col("state"), 500).alias("correction"),
            draw.below("delay", number, 20 * 86_400).alias("delay"),
        )
        .with_columns(
            pl.when(is_orphan).then(pl.lit("full")).otherwise(way).alias("way"),
            _total(Draw(plan.seed, "orders"), order).alias("total"),
        )
        .filter(pl.col("place") < pl.col("way").replace_strict(_COUNTS, return_dtype=pl.Int64))
    )
    delay = pl.when(pl.col("place") == 0).then(60).otherwise("delay") * (DAY // 86_400)
    correction = pl.when(pl.col("state") == number).then(0).otherwise(pl.col("correction") + 1)
    return drawn.select(
        "number",
        "copy",
        pl.format("txn_{}", number + 1).alias("transaction_id"),
        pl.format("ord_{}", order + 1).alias("order_id"),
        (_amount() + correction).alias("amount"),
        (told(plan, Draw(plan.seed, "orders"), "orders", order) + delay).alias("occurred_at"),
    )


def _total(draw: Draw, state: pl.Expr) -> pl.Expr:
    """Cents; of one order in twenty as of a party."""
    party = draw.happens("party", state, 0.05)
    factor = pl.when(party).then(10).otherwise(1)
    return (3_000 + draw.below("total_amount", state, 35_000)) * factor


def _amount() -> pl.Expr:
    """Cents: the transactions of an order add up to its first total, or not, by its way."""
    place, way, total = pl.col("place"), pl.col("way"), pl.col("total")
    part = pl.when(way == "three").then(total // 3).otherwise(total * 2 // 5)
    last = pl.when(way == "three").then(total - 2 * part).otherwise(total - part)
    refund = pl.when(way == "refunded").then(-total).otherwise(-(total // 4))
    first = (
        pl.when(way.is_in(["two", "three", "partly"]))
        .then(part)
        .when(way == "under")
        .then(total - 1_000)
        .when(way == "over")
        .then(total + 1)
        .otherwise(total)
    )
    second = pl.when(way == "refunded").then(refund).when(way == "three").then(part).otherwise(last)
    third = pl.when(way == "three").then(last).otherwise(refund)
    return pl.when(place == 0).then(first).when(place == 1).then(second).otherwise(third)
