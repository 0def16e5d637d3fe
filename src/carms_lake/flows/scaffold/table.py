"""What a file holds, before any contract: its columns, and what the contract is to say."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from carms_lake.errors import SourceError, counted
from carms_lake.flows.drift.cells import cells_of
from carms_lake.flows.scaffold.rows import Place, is_blank, table_end


@dataclass
class Table:
    """What a file holds."""

    path: Path
    name: str
    """The file's name, without the ending of a compressed container."""
    format: str
    columns: dict[str, pl.Series] = field(default_factory=dict)
    """The values by header; texts where the file has no types."""
    keys: dict[str, tuple[Any, str]] = field(default_factory=dict)
    """Custom properties of the contract, each with why."""
    mixed: dict[str, int] = field(default_factory=dict)
    """By header: values that are no text in a column of texts."""
    records: int = 0
    is_whole: bool = True
    """Whether all of the file was looked at."""

    def say(self, key: str, value: Any, why: str) -> None:
        """What the contract is to say."""
        self.keys[f"carms.{key}"] = (value, why)


def add_rows(
    table: Table, rows: Sequence[Sequence[Any]], numbers: Sequence[int], place: Place, unit: str
) -> None:
    """The columns below a header, and what the contract says of the rows around them."""
    body = rows[place.first : place.end]
    width = max([len(row) for row in body], default=0)
    if place.header is None:
        names = [f"column_{at + 1}" for at in range(width)]
        table.say("header", "none", f"{unit} {numbers[place.first]} is a record already")
    else:
        names = [_header(cell) for cell in rows[place.header]]
        names += [""] * (width - len(names))
        before = sum(any(not is_blank(c) for c in row) for row in rows[: place.header])
        if before:
            at = numbers[place.header]
            above = f"the header is {unit} {at}, below {before} with other words"
            table.say("header", at, f"{above}; `auto` would find it wherever it is")
    after = [row for row in rows[place.end :] if any(not is_blank(cell) for cell in row)]
    if after:
        start = f", from {unit} {numbers[place.end]}" if table.is_whole else ""
        why = f"{counted(len(after), unit)} at the end{start}, no records"
        table.say("tableEnd", [table_end(after[0])], why)
    body = [row for row in body if any(not is_blank(cell) for cell in row)]
    table.records = len(body)
    doubled = [name for name, count in Counter(filter(None, names)).items() if count > 1]
    if doubled:
        raise SourceError(
            f"`{table.path}`: the header has {', '.join(f'`{name}`' for name in doubled)} twice",
            "give each column a name of its own in the file",
        )
    for at, name in enumerate(names):
        values = [_cell(row[at]) if at < len(row) else None for row in body]
        if name:
            table.columns[name], table.mixed[name] = series_of(values)
        elif place.header is not None and at < len(rows[place.header]):
            has = sum(value is not None for value in values)
            table.say("dropColumns", [""], f"a column without a name, with {counted(has, 'value')}")


def _header(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if is_blank(cell) else str(cell)


def _cell(cell: Any) -> Any:
    return None if is_blank(cell) else cell


def series_of(values: list[Any]) -> tuple[pl.Series, int]:
    """The values as a column, texts where no other type holds them; how many of a text are not."""
    try:
        return cells_of(values)
    except (OverflowError, TypeError, pl.exceptions.PolarsError):
        texts = [None if value is None else str(value) for value in values]
        return pl.Series(texts, dtype=pl.String), len(values) - texts.count(None)
