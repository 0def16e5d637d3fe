"""Frames for tests of the ticketing domain, and its silver tables as the engine keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domains.kit import Kit, reasons

if TYPE_CHECKING:
    import polars as pl

KIT = Kit("ticketing")

contracts = KIT.contracts
silver = KIT.silver
kept = KIT.validate


def bronze(table: str, *rows: dict[str, Any]) -> pl.LazyFrame:
    """A bronze frame of these rows, of the initial file unless they say another one."""
    return KIT.bronze(table, *rows, src_filename=f"initial/{table}.csv")


__all__ = ["KIT", "bronze", "contracts", "kept", "reasons", "silver"]
