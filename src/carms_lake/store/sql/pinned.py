"""A table of the lake as SQL: a SELECT over the files of one version."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carms_lake.store.sql import literal, quoted

if TYPE_CHECKING:
    from carms_lake.store.delta.table import Pinned


_PRIMITIVE = re.compile(r'(ArrayType\()?PrimitiveType\("([^"]+)"\)(?:, contains_null=\w+\))?')
_SQL_TYPES = {
    "string": "VARCHAR",
    "byte": "TINYINT",
    "short": "SMALLINT",
    "integer": "INTEGER",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp_ntz": "TIMESTAMP",
    "binary": "BLOB",
}


def read_pinned(pinned: Pinned) -> str:
    """A SELECT of a table's rows at its pinned version.

    Timestamps are UTC without a zone (the connection's TimeZone must be UTC); a column that no
    file of the version has yet is null.
    """
    types = {name: sql_type(kind) for name, kind in pinned.columns}
    empty = "SELECT " + ", ".join(
        f"CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in types.items() if kind
    )
    if not pinned.files:
        return f"{empty} WHERE false"
    files = ", ".join(literal(file) for file in pinned.files)
    columns = ", ".join(_column(name, kind) for name, kind in types.items())
    return (
        f"SELECT {columns} FROM ({empty} WHERE false UNION ALL BY NAME SELECT * FROM"
        f" read_parquet([{files}], union_by_name = true, hive_partitioning = false))"
    )


def sql_type(delta_type: str) -> str | None:
    """The DuckDB type of a Delta type of scalars or of lists of them; None for a nested one."""
    match = _PRIMITIVE.fullmatch(delta_type)
    if match is None:
        return None
    name = match[2]
    kind = name.upper() if name.startswith("decimal") else _SQL_TYPES[name]
    return f"{kind}[]" if match[1] else kind


def _column(name: str, kind: str | None) -> str:
    if kind and kind.startswith("TIMESTAMP"):
        return f"CAST({quoted(name)} AS {kind}) AS {quoted(name)}"
    return quoted(name)
