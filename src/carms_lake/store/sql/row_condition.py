"""A `select count(*) from <table> where ...` as a condition on single rows of a frame.

The WHERE is evaluated by DuckDB on the frame itself, so a rule means the same before a table is
written and when `carms check` counts its rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from carms_lake.store.sql import connect, nodes, parsed, quoted

_POSITION = "row position"
"""No column of a contract can have a space in its name."""
_FRAME = "frame"


@dataclass(frozen=True)
class RowCondition:
    """What is true of the rows that a SELECT counts."""

    table: str
    """Its name in the SELECT: `silver.shipment`."""
    columns: tuple[str, ...]
    """The columns that it reads."""
    select: str
    """Of the positions of these rows."""

    def matches(self, frame: pl.DataFrame) -> pl.Series:
        """The positions of the rows of the frame that it counts, in order."""
        rows = frame.select(self.columns).with_row_index(_POSITION)
        zoned = [n for n, kind in rows.schema.items() if getattr(kind, "time_zone", None)]
        # As `read_pinned` gives them to the checks: UTC, without a zone.
        rows = rows.with_columns(pl.col(zoned).dt.replace_time_zone(None))
        schema = self.table.partition(".")[0]
        with connect(enable_external_access="false") as connection:
            # Text stays where it is: without the newest level Polars would copy each value.
            connection.register(_FRAME, rows.to_arrow(compat_level=pl.CompatLevel.newest()))
            connection.execute(f"create schema {quoted(schema)}")
            connection.execute(f"create view {self.table} as from {_FRAME}")
            found = connection.sql(self.select).to_arrow_table()
        positions = pl.Series(found.column(0).combine_chunks())
        return positions.sort()


def row_condition(select: str, table: str) -> RowCondition | None:
    """The condition of a SELECT that counts rows of a table; None where it looks at more than one.

    Raises:
        ContractError: the text is not one statement.
    """
    try:
        positions = rows_counted(select, quoted(_POSITION))
    except duckdb.ParserException:
        positions = None
    if positions is None:
        return None
    tables, names = [], dict[str, None]()
    for node in nodes(parsed(select)):
        if node.get("class") in ("SUBQUERY", "WINDOW"):
            return None
        if node.get("type") == "BASE_TABLE":
            tables.append(f"{node['schema_name']}.{node['table_name']}")
        elif node.get("type") == "COLUMN_REF":
            names[node["column_names"][-1].lower()] = None
    return RowCondition(table, tuple(names), positions) if tables == [table] else None


def rows_counted(select: str, columns: str = "*") -> str | None:
    """A SELECT of the rows that a `select count(*) from ...` counts; None for any other SELECT."""
    tree = parsed(select)
    node = {} if tree["error"] else tree["statements"][0]["node"]
    parts = ("group_expressions", "having", "qualify", "modifiers")
    if "select_list" not in node or any(node[part] for part in parts):
        return None
    (counted, *others) = node["select_list"]
    if others or counted.get("function_name") != "count_star" or counted["filter"]:
        return None
    text, at = select.encode(), counted["query_location"]
    end = at + counted["query_location_length"]
    return (text[:at] + columns.encode() + text[end:]).decode()
