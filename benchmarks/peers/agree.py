"""Whether two gold files say the same: figures of every column that does not hang on a run.

Surrogate keys of versions and the moments of a load differ between two tools, so they are left out;
so are texts under the masking key, of which only the number of different ones must agree.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_OF_A_RUN = re.compile(r"_key$|^valid_|^applies_|^created_at$|^updated_at$")
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DECIMAL")
_DIGITS = 9
"""Of a sum of floats that must agree: both add up in an order of their own."""


def differences(ours: Path, theirs: Path, leave_out: Iterable[str] = ()) -> tuple[int, list[str]]:
    """How many figures were compared, and each that differs."""
    here, there = (duckdb.connect(str(path), read_only=True) for path in (ours, theirs))
    with here, there:
        compared, found = 0, []
        for table, columns in _tables(here).items():
            if table in leave_out:
                continue
            figures = _figures(columns)
            sql = f"select {', '.join(figures.values())} from gold.{table}"
            pairs = zip(figures, _row(here, sql), _row(there, sql), strict=True)
            for name, mine, other in pairs:
                compared += 1
                if not _same(mine, other):
                    found.append(f"gold.{table} {name}: {mine} here, {other} there")
    return compared, found


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in connection.execute(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'gold' order by table_name, ordinal_position"
    ).fetchall():
        found.setdefault(table, []).append((column, kind))
    return found


def _figures(columns: Iterable[tuple[str, str]]) -> dict[str, str]:
    """An aggregate for each column, by what it is called in a message."""
    figures = {"rows": "count(*)"}
    for name, kind in columns:
        if _OF_A_RUN.search(name):
            continue
        if kind.startswith(_NUMBERS):
            figures[f"sum of {name}"] = f"sum({name})::varchar"
        elif kind == "DOUBLE":
            figures[f"sum of {name}"] = f"sum({name})"
        elif kind == "BOOLEAN":
            figures[f"true {name}"] = f"count_if({name})"
        elif kind == "DATE" or kind.startswith("TIMESTAMP"):
            figures[f"range of {name}"] = f"min({name})::date || ' ' || max({name})::date"
        else:
            figures[f"different {name}"] = f"count(distinct {name})"
        figures[f"filled {name}"] = f"count({name})"
    return figures


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[object, ...]:
    try:
        return connection.execute(sql).fetchall()[0]
    except duckdb.Error as error:
        raise RuntimeError(f"{sql}: {error}") from error


def _same(mine: object, other: object) -> bool:
    if isinstance(mine, float) and isinstance(other, float):
        return mine == other or abs(mine - other) <= 10**-_DIGITS * max(abs(mine), abs(other))
    return mine == other
