"""The ground truth of money, in cents until it is written, and of transactions that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTED = 2_000
"""Lists of waiting transactions are written up to this length; their numbers always."""

_NEVER = 1 << 14


def waiting(
    orders: pl.DataFrame, transactions: pl.DataFrame, deliveries: Sequence[str]
) -> list[dict[str, object]]:
    """After each delivery, the transactions that have come and whose order has not.

    The frames have one row for each row of the files and the `delivery` in which it comes.
    """
    came = orders.group_by("order_id").agg(pl.col("delivery").min().alias("order_came"))
    first = transactions.group_by("transaction_id", maintain_order=True).agg(
        pl.col("order_id").last(), pl.col("delivery").min()
    )
    both = first.join(came, on="order_id", how="left").with_columns(
        pl.col("order_came").fill_null(_NEVER)
    )
    found = []
    for delivery, name in enumerate(deliveries):
        wait = both.filter(pl.col("delivery") <= delivery, pl.col("order_came") > delivery)
        ids = sorted(wait["transaction_id"]) if wait.height <= _LISTED else None
        found.append({"after": name, "count": wait.height, "transactions": ids})
    return found


def differences(orders: pl.DataFrame, transactions: pl.DataFrame) -> list[dict[str, object]]:
    """Each order whose transactions do not add up to its total."""
    paid = transactions.group_by("order_id").agg(pl.col("amount").sum().alias("paid"))
    both = orders.join(paid, on="order_id", how="left", maintain_order="left").with_columns(
        pl.col("paid").fill_null(0)
    )
    wrong = both.filter(pl.col("paid") != pl.col("total_amount"))
    return [
        {"order_id": order, "total": money(total), "paid": money(paid)}
        for order, total, paid in wrong.select("order_id", "total_amount", "paid").iter_rows()
    ]


def weekly_sales(
    orders: pl.DataFrame, transactions: pl.DataFrame, showtimes: pl.DataFrame
) -> list[dict[str, object]]:
    """By the week of the order and its event: orders, and what was paid and refunded for them.

    Refunds are negative, as in the files.
    """
    amount = pl.col("amount")
    paid = transactions.group_by("order_id").agg(
        amount.filter(amount > 0).sum().alias("gross"),
        amount.filter(amount < 0).sum().alias("refunds"),
    )
    week = pl.col("created_at").cast(pl.Datetime("us")).dt.truncate("1w").dt.date()
    sums = (
        orders.join(showtimes.select("showtime_id", "event_id"), on="showtime_id", how="left")
        .join(paid, on="order_id", how="left")
        .group_by(week.alias("week"), "event_id")
        .agg(pl.len(), pl.col("gross").sum(), pl.col("refunds").sum())
        .sort("week", "event_id", nulls_last=True)
    )
    return [
        {
            "week_start_on": week_start_on.isoformat(),
            "event_id": event_id,
            "orders": count,
            "gross": money(gross),
            "refunds": money(refunds),
            "net": money(gross + refunds),
        }
        for week_start_on, event_id, count, gross, refunds in sums.iter_rows()
    ]


def money(cents: int) -> str:
    """Cents as an amount with two places.

    >>> money(-5)
    '-0.05'
    """
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"
