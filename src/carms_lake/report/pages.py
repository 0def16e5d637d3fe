"""What a domain says of its pages in the report: `PAGES` in `domains/<name>/report.py`.

A block is one SQL statement and how its rows are shown. `$lang` in it is `en` or `fr`. Every chart
has its table, so columns, with labels and units in both languages, are what all blocks share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from carms_lake.report.markup import Markup
from carms_lake.report.words import Both, Lang, Words

if TYPE_CHECKING:
    import polars as pl

    from carms_lake import Lake

__all__ = ["Block", "Both", "Chart", "Column", "Drawing", "Page", "Pen", "Row", "Rows", "Table"]

Row = Mapping[str, Any]
Rows = Callable[["Lake", Lang], "pl.DataFrame"]
"""A function that gives a block's rows, where a statement cannot; its `sql` is then empty."""


@dataclass(frozen=True)
class Column:
    """A column of a block's rows, as its table shows it."""

    name: str
    """As the statement calls it."""
    label: Both
    unit: Both | str = ""
    """Such as `h` or `%`; of a count, what is counted. A text is the same in both languages."""
    kind: str = ""
    """`id`: a number that is a name; `seconds`, `bytes`, `percent`: in the unit that people read;
    `score`: a percentage that should be 100; `heat`: shaded by its share of the table's largest,
    `share`: a percentage shaded by what it is."""
    codes: Mapping[str, Both] = field(default_factory=dict)
    """What values are called that are codes."""
    anchor: str = ""
    """A cell leads to the element whose id is this and the value."""
    lang: str = ""
    """The language of the values, as `en`, where it is not that of the page; `zxx`: names, SQL."""

    def language(self, page: str) -> str | None:
        """What marks the values on a page in this language; None where nothing need."""
        return self.lang if self.lang not in {"", page} else None


@dataclass(frozen=True)
class Table:
    """Rows as a table."""

    key: str
    """Part of the block's anchor: `#page-key`."""
    title: Both
    sql: str
    columns: tuple[Column, ...]
    note: Both | None = None
    rows: Rows | None = None


@dataclass(frozen=True)
class Chart:
    """Rows as a chart, with their table folded below it.

    `x` is the column along the chart, `y` those of the values, which share a unit:
    `bars`, one bar a row (several `y` are stacked); `columns`, the same upright, for time;
    `lines`, a line for each `y`; `ranges`, a bar from the first `y` to the second.
    """

    key: str
    title: Both
    sql: str
    columns: tuple[Column, ...]
    kind: Literal["bars", "columns", "lines", "ranges"]
    x: str
    y: tuple[str, ...]
    note: Both | None = None
    rows: Rows | None = None


class Pen(NamedTuple):
    """What a function draws with, besides the rows."""

    words: Words
    """Numbers, days and words in the page's language."""
    query: Callable[[str], list[dict[str, Any]]]
    """The rows of one more reading statement."""
    place: str
    """The block's anchor: ids within it begin with it."""


@dataclass(frozen=True)
class Drawing:
    """Rows as a function of the domain draws them; their table is folded below it."""

    key: str
    title: Both
    sql: str
    columns: tuple[Column, ...]
    draw: Callable[[Sequence[Row], Pen], Markup]
    note: Both | None = None
    has_table: bool = True
    """False where the drawing is text or a table itself."""
    rows: Rows | None = None


Block = Table | Chart | Drawing


@dataclass(frozen=True)
class Page:
    """A part of the report, with an entry in its navigation."""

    key: str
    """Its anchor, `#key`."""
    title: Both
    blocks: tuple[Block, ...]
    lead: Both | None = None
    """What the reader learns here, in one or two sentences."""
