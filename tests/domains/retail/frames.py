"""Frames for tests of the retail domain, and its silver tables as the engine keeps them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from domains.kit import Kit, reasons

if TYPE_CHECKING:
    import polars as pl

KIT = Kit("retail")
DELIVERED = datetime(2024, 1, 2, tzinfo=UTC)

contracts = KIT.contracts
silver = KIT.silver
kept = KIT.validate


def bronze(table: str, *rows: dict[str, Any], **common: Any) -> pl.LazyFrame:
    """A bronze frame of these rows; file, row number and delivery are filled in."""
    delivery = {"delivery_id": 1, "delivered_at": DELIVERED}
    return KIT.bronze(table, *rows, **{"src_filename": f"{table}.csv", **delivery, **common})


__all__ = ["DELIVERED", "KIT", "bronze", "contracts", "kept", "reasons", "silver"]
