"""The silver tables of the ticketing domain, one function each.

A function's name is the table, its parameters are the tables that it reads. Bronze has already
trimmed all texts and turned placeholders into nulls. Each table that has a source depends on that
source alone, so that it can be rebuilt key by key; gold says which references are unknown.
"""

from __future__ import annotations

import polars as pl

from carms_lake.domains.ticketing import reference
from carms_lake.domains.ticketing.identity import cycles, resolved
from carms_lake.expressions import trimmed

__all__ = [
    "account",
    "customer_identity",
    "event",
    "identity_cycle",
    "identity_merge",
    "page_type",
    "page_view",
    "payment",
    "showtime",
    "ticket_order",
]


ORDER = ("batch_number", "src_filename", "src_row_number")
"""What the contracts order the rows of a key by; every function of a source passes it on."""

AMOUNT = pl.Decimal(12, 2)


def joined_by(column: str, separator: str) -> pl.Expr:
    """Text in lower case, where all that is neither letter nor digit becomes one separator.

    >>> frame = pl.DataFrame({"a": [" Viewed  Product-Page ", "LION_KING", "Les Misérables!", "-"]})
    >>> frame.select(joined_by("a", "-"))["a"].to_list()
    ['viewed-product-page', 'lion-king', 'les-misérables', None]
    """
    lower = pl.col(column).str.to_lowercase()
    joined = lower.str.replace_all(r"[^\p{L}\p{M}\p{N}]+", separator).str.strip_chars(separator)
    return pl.when(joined != "").then(joined).alias(column)


def amount(column: str) -> pl.Expr:
    """An amount of money to the cent; brackets, as accountants write them, mean minus.

    The contract of bronze lets only texts pass that are amounts.

    >>> frame = pl.DataFrame({"a": ["$1,000.50", "($25.00)", "-$5", "$-5.1", None]})
    >>> [str(value) for value in frame.select(amount("a"))["a"]]
    ['1000.50', '-25.00', '-5.00', '-5.10', 'None']
    """
    text = pl.col(column)
    is_minus = text.str.contains(r"[(-]")
    value = text.str.replace_all(r"[^0-9.]", "").cast(AMOUNT)
    return pl.when(is_minus).then(-value).otherwise(value).alias(column)


def event(bronze_events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source, with its place; the contract keeps the last of an event."""
    return bronze_events.select("event_id", trimmed("name"), joined_by("slug", "-"), *ORDER)


def showtime(bronze_showtimes: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source, with its place; the contract keeps the last of a showtime."""
    return bronze_showtimes.select("showtime_id", "event_id", *ORDER, starts_at="start_at")


def account(bronze_accounts: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source, with its place; the contract keeps the last of an account."""
    return bronze_accounts.select(
        "account_id", pl.col("email").str.to_lowercase(), "created_at", *ORDER
    )


def ticket_order(bronze_orders: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source, with its place; the contract keeps the last of an order."""
    return bronze_orders.select(
        "order_id",
        "account_id",
        "showtime_id",
        pl.col("created_at").alias("ordered_at"),
        amount("total_amount"),
        *ORDER,
    )


def payment(bronze_transactions: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source, with its place; the contract keeps the last of a transaction.

    Those whose order is unknown are quarantined by the contract until it comes.
    """
    return bronze_transactions.select(
        "transaction_id", "order_id", amount("amount"), "occurred_at", *ORDER
    )


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


def identity_merge(bronze_identity_merges: pl.LazyFrame) -> pl.LazyFrame:
    """One row per row of the source, with its place; the contract keeps the last of a merge."""
    return bronze_identity_merges.select(
        "from_customer_id",
        "merged_at",
        "to_customer_id",
        (pl.col("from_customer_id") == pl.col("to_customer_id")).alias("is_self"),
        *ORDER,
    )


def identity_cycle(silver_identity_merge: pl.LazyFrame) -> pl.DataFrame:
    """One row per merge that ever closed a circle, in the order of time."""
    return cycles(silver_identity_merge.collect())


def customer_identity(
    silver_identity_merge: pl.LazyFrame, silver_identity_cycle: pl.LazyFrame
) -> pl.DataFrame:
    """One row per customer id that a merge names, sorted by it, with its canonical id of now."""
    return resolved(silver_identity_merge.collect(), silver_identity_cycle.collect())
