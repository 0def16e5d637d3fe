"""Tables of programs on a terminal: short names where the whole ones have no room."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    import carms_lake

_GAP = 2
"""Characters between columns of a table."""

_SHORT = """
select 'school' as kind, school_name as name, school_short_name as short from dim_school
union all
select 'discipline', discipline_name, discipline_short_name from dim_discipline
"""


def fitting(lake: carms_lake.Lake, table: pl.DataFrame) -> pl.DataFrame:
    """The table, with short names in `school` and `discipline` if a terminal is too narrow for it.

    Filters take the short names, too. Elsewhere than on a terminal the names are whole.

    Raises:
        GoldMissing: gold is not built yet.
    """
    if not sys.stdout.isatty() or _width(table) <= shutil.get_terminal_size().columns:
        return table
    short = lake.query(_SHORT)
    for kind in ("school", "discipline"):
        names = short.filter(short["kind"] == kind)
        mapping = dict(zip(names["name"], names["short"], strict=True))
        table = table.with_columns(table[kind].replace(mapping))
    return table


def _width(table: pl.DataFrame) -> int:
    cells = ([name, *(str(value) for value in table[name])] for name in table.columns)
    return sum(max(map(len, column)) + _GAP for column in cells) - _GAP
