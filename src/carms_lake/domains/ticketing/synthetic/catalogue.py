"""Accounts, events and showtimes: what everything else refers to."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from carms_lake.domains.draws import at
from carms_lake.domains.ticketing.synthetic.draw import Draw

if TYPE_CHECKING:
    from carms_lake.domains.ticketing.synthetic.plan import Plan

FIRST_MOMENT = 1_730_678_400_000_000
"""2024-11-04, a Monday: the time that is told includes a change of the ISO year."""

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
        told(plan, draw, "accounts", number).alias("created_at"),
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


def told(plan: Plan, draw: Draw, source: str, number: pl.Expr) -> pl.Expr:
    """When a row's matter happened, in microseconds: by its number, up to three days earlier."""
    step = SPAN_DAYS * DAY // plan.total(source)
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
