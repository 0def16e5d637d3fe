"""What the ledger's files mean."""

from __future__ import annotations

import polars as pl


def account(bronze_accounts: pl.LazyFrame) -> pl.LazyFrame:
    """One row per account."""
    return bronze_accounts.select("account_id", "owner")


def entry(bronze_entries: pl.LazyFrame) -> pl.LazyFrame:
    """One row per entry, as the last file has it."""
    return bronze_entries.select(
        pl.col("entry_no").alias("entry_id"),
        "account_id",
        "amount",
        "src_filename",
        "src_row_number",
    )


def posting(bronze_entries: pl.LazyFrame) -> pl.LazyFrame:
    """One row per entry and side; an entry of nothing has none."""
    known = bronze_entries.filter(pl.col("entry_no").is_not_null())
    last = known.sort("src_filename", "src_row_number").group_by("entry_no").last()
    sides = pl.DataFrame({"side": ["from", "to"]}).lazy()
    return (
        last.filter(pl.col("amount") != 0)
        .join(sides, how="cross")
        .select(pl.col("entry_no").alias("entry_id"), "side", "amount")
    )


def label(bronze_entries: pl.LazyFrame) -> pl.LazyFrame:
    """One row per entry and file; what names it stands in no column."""
    name = pl.concat_str("account_id", pl.col("entry_no").cast(pl.String), separator="-")
    return bronze_entries.select(name.alias("label"), "amount")
