"""What a domain says of its Power BI report: `PAGES` in `domains/<name>/powerbi.py`.

A page is rows of visuals over measures and columns of gold. `LEFT_OUT` names tables, or patterns
of them, that are not for the model. A domain without the module gets a page of its tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Card", "Chart", "Grid", "Page", "Slicer", "Visual"]


@dataclass(frozen=True)
class Card:
    """One figure: a measure."""

    measure: str


@dataclass(frozen=True)
class Slicer:
    """A filter of the page: a column, as `dim_date.calendar_year`."""

    column: str


@dataclass(frozen=True)
class Chart:
    """Measures along a column, as lines, upright columns or bars; `series` is a second column.

    Bars are sorted by their first measure, the largest first.
    """

    title: str
    kind: Literal["lines", "columns", "bars"]
    x: str
    y: tuple[str, ...]
    series: str | None = None


@dataclass(frozen=True)
class Grid:
    """A table: columns, as `dim_store.region`, and measures."""

    title: str
    fields: tuple[str, ...]


Visual = Card | Slicer | Chart | Grid


@dataclass(frozen=True)
class Page:
    """A page: its rows from the top, each with its visuals from the left."""

    key: str
    title: str
    rows: tuple[tuple[Visual, ...], ...]
