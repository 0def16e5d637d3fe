"""Pages: who looked at what, as far as it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains.draws import at
from carms_lake.domains.ticketing.synthetic.catalogue import (
    catalogue,
    told,
)
from carms_lake.domains.ticketing.synthetic.draw import Draw

if TYPE_CHECKING:
    from carms_lake.domains.ticketing.synthetic.plan import Plan

_TYPES = ("viewed_product_page", "viewed_showtime", "viewed_gift_shop")
_TYPE_WEIGHTS = (54, 45, 1)
"""The gift shop is in no list of known page types."""

_UNKNOWN = 0.003


def pages(rows: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """One row per page; a later version is of another type, and may say who it was or not."""
    draw, number, state = Draw(plan.seed, "pages"), pl.col("number"), pl.col("state")
    shows, showtime = catalogue(plan), pl.col("showtime")
    stranger = plan.total("accounts") + draw.below("stranger", number, 1_000)
    drawn = rows.with_columns(
        pl.when(plan.unknown(draw, "account", _UNKNOWN))
        .then(stranger)
        .otherwise(plan.referred(draw, "account", "pages", "accounts"))
        .alias("account"),
        plan.referred(draw, "showtime", "pages", "showtimes").alias("showtime"),
        plan.unknown(draw, "event", _UNKNOWN).alias("is_no_event"),
        plan.unknown(draw, "showtime", _UNKNOWN).alias("is_no_showtime"),
    )
    event = at(shows.event_ids, at(shows.events, showtime))
    event = pl.when("is_no_event").then(pl.format("evt_closed_{}", showtime + 1)).otherwise(event)
    performance = (
        pl.when("is_no_showtime")
        .then(pl.format("st_evt_closed_{}", showtime + 1))
        .otherwise(at(shows.showtime_ids, showtime))
    )
    account = pl.format("acc_{}", pl.col("account") + 1)
    customer = pl.format("cust_{}", _customer(plan, draw) + 1)
    return drawn.select(
        "number",
        "copy",
        pl.format("page_{}", number + 1).alias("page_id"),
        pl.when(draw.happens("account", state, 0.65)).then(account).alias("account_id"),
        pl.when(draw.happens("customer", state, 0.7)).then(customer).alias("customer_id"),
        draw.choice("page_type", state, _TYPES, _TYPE_WEIGHTS).alias("page_type"),
        told(plan, draw, "pages", number).alias("occurred_at"),
        pl.when(draw.happens("has_event", number, 0.75)).then(event).alias("event_id"),
        pl.when(draw.happens("has_showtime", number, 0.5)).then(performance).alias("showtime_id"),
    )


def _customer(plan: Plan, draw: Draw) -> pl.Expr:
    """One of the few customer ids that the account's owner has, each on another device."""
    total = plan.total("accounts")
    devices = max(1, plan.customers // total)
    known = pl.col("account") + total * draw.below("device", pl.col("number"), devices)
    return known % plan.customers
