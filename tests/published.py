"""What can be read in a published gold file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path


def found_in(gold_file: Path, *texts: str) -> set[tuple[str, str]]:
    """(text, where) of each text that a value of any table or view holds, or the file's bytes."""
    found = {(text, "the file") for text in texts if text.encode() in gold_file.read_bytes()}
    with duckdb.connect(str(gold_file), read_only=True) as connection:
        columns = connection.execute(
            "select schema_name || '.' || table_name, column_name from duckdb_columns() "
            "join (select schema_name, view_name as table_name, sql from duckdb_views() union all "
            "select schema_name, table_name, sql from duckdb_tables()) "
            "using (schema_name, table_name) where schema_name in ('gold', 'ops')"
        ).fetchall()
        for table, column in columns:
            held = f'select count(*) from {table} where contains("{column}"::varchar, ?)'
            for text in texts:
                if connection.execute(held, [text]).fetchall() != [(0,)]:
                    found.add((text, f"{table}.{column}"))
    return found
