"""Accounts, their orders, and what was paid for them."""

from __future__ import annotations

import polars as pl

from carms_lake.domains.ticketing.silver.texts import ORDER, amount


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

    Those whose order is unknown are set aside by the contract until it comes.
    """
    return bronze_transactions.select(
        "transaction_id", "order_id", amount("amount"), "occurred_at", *ORDER
    )
