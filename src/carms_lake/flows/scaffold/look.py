"""A file as it is, before any contract: its format, where its table is, its columns.

What is found is what a contract can say (`carms.delimiter`, `carms.header` ...), each with the
words that tell why.
"""

import datetime as dt
from pathlib import Path

import polars as pl
import polars.selectors as cs

from carms_lake.errors import SourceError, SourceRefused, counted
from carms_lake.flows.scaffold.plain import add_text
from carms_lake.flows.scaffold.table import Place, Table, add_rows, find_table
from carms_lake.names import Layer, TableRef, as_name
from carms_lake.readers.content import disk_facts, ensure_unchanged, opened, readable
from carms_lake.readers.discover import listing
from carms_lake.readers.frames import ErrorCell
from carms_lake.readers.xlsx.workbook import Grid, read_grid
from carms_lake.records import SourceFile
from carms_lake.store import delta

READ_ROWS = 200_000
"""Of a longer table, the first rows are looked at."""
_MOST_SHEETS = 20


def look_at(path: Path) -> Table:
    """The table that a file holds.

    Raises:
        SourceError: it cannot be read, or no table is found in it.
    """
    found = [c for c in listing(path).candidates if c.path == path or path.suffix == ".zip"]
    if len(found) != 1:
        what = "is a folder" if path.is_dir() else f"holds {counted(len(found), 'file')}"
        raise SourceError(f"`{path}` {what}", "name the files themselves, one by one")
    one = found[0]
    name = as_name(one.names[0] or path.name)
    ref = TableRef("new", Layer.BRONZE, "table")
    source = SourceFile(ref, name, path, *disk_facts(path), member=one.member)
    ensure_unchanged(source)  # and its name is text
    with readable(source):
        return _looked_at(source, is_table=one.is_table)


def _looked_at(source: SourceFile, *, is_table: bool) -> Table:
    path, name = source.path, source.name
    table = Table(path, name, "delta" if is_table else "")
    if is_table:
        _of_frame(table, delta.scan(path))
        return table
    with opened(source) as plain:
        with plain.open("rb") as stream:
            start = stream.read(200)
        if start.startswith(b"PAR1"):
            table.format = "parquet"
            _of_frame(table, pl.scan_parquet(plain, glob=False, hive_partitioning=False))
            return table
        if start.startswith(b"PK") and Path(name).suffix.lower() in (".xlsx", ".xlsm"):
            table.format = "xlsx"
            _of_workbook(table, plain, source)
            return table
    add_text(table, source, start)
    return table


def _of_frame(table: Table, frame: pl.LazyFrame) -> None:
    # A day such as `infinity` has no text in Polars, which panics.
    days = pl.col(pl.Date).is_between(dt.date.min, dt.date.max)
    moments = cs.datetime()
    within = moments.cast(pl.Date).is_between(dt.date.min, dt.date.max)
    found = frame.head(READ_ROWS + 1).collect()
    found = found.with_columns(pl.when(days).then(pl.col(pl.Date)), pl.when(within).then(moments))
    table.is_whole = found.height <= READ_ROWS
    table.records = min(found.height, READ_ROWS)
    table.columns = {series.name: series.head(READ_ROWS) for series in found.get_columns()}


def _of_workbook(table: Table, plain: Path, source: SourceFile) -> None:
    """The first sheet with two columns and a record, else the first with a cell."""
    found: list[tuple[Grid, Place]] = []
    numbers: dict[str, int] = {}
    for number in range(1, _MOST_SHEETS + 1):
        try:
            grid = read_grid(plain, source, number)
        except SourceRefused as refusal:
            if refusal.code == "MISSING_SHEET":
                break
            if refusal.code == "EMPTY_FILE":
                continue
            raise
        rows = [[None if isinstance(c, ErrorCell) else c for c in row] for row in grid.rows]
        numbers[grid.sheet] = number
        if place := find_table(rows):
            found.append((grid._replace(rows=rows), place))
    full = [(grid, at) for grid, at in found if at.end > at.first and len(grid.rows[0]) > 1]
    if not found:
        raise SourceError(f"no sheet of `{table.path}` has a table", "name another file")
    (grid, place), *others = full or found
    if numbers[grid.sheet] > 1 or others:
        more = [f"`{other.sheet}`" for other, _ in others]
        also = f"; others with a table: {', '.join(more)}" if more else ""
        table.say("sheet", grid.sheet, f"the first sheet with a table{also}")
    lines = [grid.first_row + at for at in range(len(grid.rows))]
    add_rows(table, grid.rows, lines, place, "row")
