"""What people looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.domains.ticketing import reference
from carms_lake.domains.ticketing.silver.texts import ORDER, joined_by

if TYPE_CHECKING:
    import polars as pl


def page_view(bronze_pages: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source, with its place; the contract keeps the last of a page view."""
    known = reference.page_types()
    kind = joined_by("page_type", "_")
    return bronze_pages.select(
        "page_id",
        "account_id",
        "customer_id",
        kind.replace(known["spelling"], known["page_type"]),
        kind.is_in(known["spelling"].implode()).fill_null(value=False).alias("is_known_page_type"),
        "occurred_at",
        "event_id",
        "showtime_id",
        *ORDER,
    )


def page_type() -> pl.LazyFrame:
    """One row per spelling of a kind of page, as the shipped file has them."""
    return reference.page_types().lazy()
