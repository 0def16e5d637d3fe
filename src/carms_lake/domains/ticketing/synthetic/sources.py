"""What rows say: accounts, what is played and when, orders and their payments, and page views."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from carms_lake.domains.draws import at
from carms_lake.domains.ticketing.synthetic.plan import PLACES, Draw, Plan

if TYPE_CHECKING:
    from carms_lake.domains.ticketing.synthetic.plan import Plan


FIRST_MOMENT = 1_730_678_400_000_000
"""2024-11-04, a Monday: the period covered includes a change of the ISO year."""

SPAN_DAYS = 182
DAY = 86_400_000_000
_LOOKS = (
    "Crimson", "Silent", "Golden", "Midnight", "Paper", "Winter", "Glass", "Wandering", "Velvet",
    "Hollow", "Electric", "Emerald", "Forgotten", "Burning", "Little", "Stolen", "Northern",
    "Clockwork", "Painted", "Invisible", "Last", "First", "Distant", "Broken", "Restless",
)  # fmt: skip
_THINGS = (
    "Harbour", "Orchard", "Lantern", "Fox", "Opera", "Letter", "Garden", "Kingdom", "Carousel",
    "Sparrow", "Bride", "Detective", "Island", "Mirror", "Waltz", "Station", "Prince", "Circus",
    "Song", "Ghost", "Tailor", "Comet", "River", "Butterfly", "Duel", "Cellar", "Violin",
    "Merchant", "Feast", "Window", "Tempest", "Train", "Crown", "Falcon", "Balcony", "Secret",
    "Summer", "Voyage", "Puppeteer", "Hour",
)  # fmt: skip


def accounts(rows: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """One row per account; a later version has another e-mail."""
    draw, number, state = Draw(plan.seed, "accounts"), pl.col("number"), pl.col("state")
    first = pl.format("user{}@example.com", number + 1)
    later = pl.format("user{}+{}@example.com", number + 1, state % 9_973)
    email = pl.when(state == number).then(first).otherwise(later)
    return rows.select(
        "number",
        "copy",
        pl.format("acc_{}", number + 1).alias("account_id"),
        email.alias("email"),
        spread(plan, draw, "accounts", number).alias("created_at"),
    )


def events(rows: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """One row per event; a later version has a longer name."""
    number = pl.col("number")
    is_first = pl.col("state") == number
    shows = catalogue(plan)
    name, slug = at(shows.names, number), at(shows.slugs, number)
    return rows.select(
        "number",
        "copy",
        at(shows.event_ids, number).alias("event_id"),
        pl.when(is_first).then(name).otherwise(name + ", Live").alias("name"),
        pl.when(is_first).then(slug).otherwise(slug + "-live").alias("slug"),
    )


def showtimes(rows: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """One row per showtime; a later version is at another time of the same day."""
    draw, number, state = Draw(plan.seed, "showtimes"), pl.col("number"), pl.col("state")
    shows = catalogue(plan)
    day = number * SPAN_DAYS // plan.total("showtimes")
    half_hours = 28 + draw.below("start_at", state, 14)
    return rows.select(
        "number",
        "copy",
        at(shows.showtime_ids, number).alias("showtime_id"),
        at(shows.event_ids, at(shows.events, number)).alias("event_id"),
        (FIRST_MOMENT + day * DAY + half_hours * (DAY // 48)).alias("start_at"),
    )


def spread(plan: Plan, draw: Draw, source: str, number: pl.Expr) -> pl.Expr:
    """When a row's matter happened, in microseconds: by its number, up to three days earlier."""
    step = SPAN_DAYS * DAY // plan.total(source)
    # The names of streams stay as they are: another name would give other files.
    return FIRST_MOMENT + number * step - draw.below("told", number, 3 * 86_400) * 1_000_000


class Catalogue(NamedTuple):
    """What is played: by the number of the event, and of the showtime."""

    names: pl.Series
    slugs: pl.Series
    event_ids: pl.Series
    events: pl.Series
    """The number of each showtime's event."""
    showtime_ids: pl.Series


@lru_cache(maxsize=2)
def catalogue(plan: Plan) -> Catalogue:
    """All events and showtimes of a run."""
    names = _names(plan)
    slugs = names.str.strip_prefix("The ").str.to_lowercase().str.replace_all(" ", "-")
    event_ids = "evt_" + slugs.str.replace_all("-", "_")
    number = pl.int_range(plan.total("showtimes"))
    event = plan.referred(Draw(plan.seed, "showtimes"), "event", "showtimes", "events")
    shows = pl.select(number=number).with_columns(event=event)
    showtime_id = pl.format("st_{}_{}", at(event_ids, pl.col("event")), pl.col("number") + 1)
    return Catalogue(names, slugs, event_ids, shows["event"], shows.select(showtime_id).to_series())


def _names(plan: Plan) -> pl.Series:
    """The name of each event; those behind the first thousand have a number."""
    pairs = list(product(_THINGS, _LOOKS))
    total = len(pairs)
    names = []
    for number in range(plan.total("events")):
        thing, look = pairs[number * 387 % total]
        again = number // total
        names.append(f"The {look} {thing} {again + 1}" if again else f"The {look} {thing}")
    return pl.Series(names)


_WITHOUT_SHOWTIME = 0.03
_UNKNOWN_OF_ORDERS = 0.006
_WAYS = ("full", "two", "three", "refunded", "partly", "under", "over", "none")
_WEIGHTS = (66, 10, 4, 6, 6, 3, 1, 4)
_COUNTS = dict(zip(_WAYS, (1, 2, 3, 2, 3, 1, 1, 0), strict=True))


def orders(rows: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """One row per order; a later version has another total."""
    draw, number = Draw(plan.seed, "orders"), pl.col("number")
    account = plan.referred(draw, "account", "orders", "accounts")
    stranger = plan.total("accounts") + draw.below("stranger", number, 1_000)
    is_stranger = plan.unknown(draw, "account", _UNKNOWN_OF_ORDERS)
    drawn = rows.with_columns(
        pl.when(is_stranger).then(stranger).otherwise(account).alias("account"),
        plan.referred(draw, "showtime", "orders", "showtimes").alias("showtime"),
        plan.unknown(draw, "showtime", _UNKNOWN_OF_ORDERS).alias("is_closed"),
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
        spread(plan, draw, "orders", number).alias("created_at"),
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
        (spread(plan, Draw(plan.seed, "orders"), "orders", order) + delay).alias("occurred_at"),
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


_TYPES = ("viewed_product_page", "viewed_showtime", "viewed_gift_shop")
_TYPE_WEIGHTS = (54, 45, 1)
"""The gift shop is in no list of known page types."""

_UNKNOWN_OF_PAGES = 0.003


def pages(rows: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """One row per page; a later version is of another type, and may say who it was or not."""
    draw, number, state = Draw(plan.seed, "pages"), pl.col("number"), pl.col("state")
    shows, showtime = catalogue(plan), pl.col("showtime")
    stranger = plan.total("accounts") + draw.below("stranger", number, 1_000)
    drawn = rows.with_columns(
        pl.when(plan.unknown(draw, "account", _UNKNOWN_OF_PAGES))
        .then(stranger)
        .otherwise(plan.referred(draw, "account", "pages", "accounts"))
        .alias("account"),
        plan.referred(draw, "showtime", "pages", "showtimes").alias("showtime"),
        plan.unknown(draw, "event", _UNKNOWN_OF_PAGES).alias("is_no_event"),
        plan.unknown(draw, "showtime", _UNKNOWN_OF_PAGES).alias("is_no_showtime"),
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
        spread(plan, draw, "pages", number).alias("occurred_at"),
        pl.when(draw.happens("has_event", number, 0.75)).then(event).alias("event_id"),
        pl.when(draw.happens("has_showtime", number, 0.5)).then(performance).alias("showtime_id"),
    )


def _customer(plan: Plan, draw: Draw) -> pl.Expr:
    """One of the few customer ids that the account's owner has, each on another device."""
    total = plan.total("accounts")
    devices = max(1, plan.customers // total)
    known = pl.col("account") + total * draw.below("device", pl.col("number"), devices)
    return known % plan.customers
