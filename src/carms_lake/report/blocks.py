"""How the blocks of the cockpit are made: their words are in the dictionary, by their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carms_lake.report.filled import Filled
from carms_lake.report.pages import Block, Column, Table
from carms_lake.report.words import Both, both

KEY = "cockpit"
RUNS = 50
"""So many of the newest runs are shown."""

Rows = Sequence[Mapping[str, Any]]


def column(name: str, kind: str = "", unit: Both | str = "", **more: Any) -> Column:
    """A column of ours; its words are `column.<name>`."""
    return Column(name, both(f"column.{name}"), unit=unit, kind=kind, **more)


def name_column(name: str, **more: Any) -> Column:
    """A column of names, which have no language."""
    return column(name, lang="zxx", **more)


def filled(block: Block, rows: Rows) -> Filled:
    """A block of ours with its rows."""
    return Filled(block, rows, f"{KEY}-{block.key}", block.sql)


def table(
    key: str, rows: Rows, columns: tuple[Column, ...], sql: str = "", note: str = ""
) -> Filled:
    """A table of ours; its words are `block.<key>`."""
    title = both(f"block.{key}")
    return filled(Table(key, title, sql, columns, both(f"note.{note}") if note else None), rows)
