"""Reference files that come with the domain."""

from __future__ import annotations

from pathlib import Path

import polars as pl

_FOLDER = Path(__file__).parent


def page_types() -> pl.DataFrame:
    """One row per spelling of a kind of page: what sources call it, and what it is called here."""
    return pl.read_csv(
        _FOLDER / "page_type.csv", schema={"spelling": pl.String, "page_type": pl.String}
    )
