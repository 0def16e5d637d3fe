"""What is played, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.domains.ticketing.silver.texts import ORDER, joined_by
from carms_lake.expressions import trimmed

if TYPE_CHECKING:
    import polars as pl


def event(bronze_events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source, with its place; the contract keeps the last of an event."""
    return bronze_events.select("event_id", trimmed("name"), joined_by("slug", "-"), *ORDER)


def showtime(bronze_showtimes: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source, with its place; the contract keeps the last of a showtime."""
    return bronze_showtimes.select("showtime_id", "event_id", *ORDER, starts_at="start_at")
