"""Statements for a PostgreSQL of the tests."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

USER = "postgres"
_NUMBERS = count(1)


def url_of(server: Path) -> str:
    """The URL of a new database."""
    name = f"test_{next(_NUMBERS)}"
    asked(f"postgresql://{USER}@/postgres?host={server}", f"create database {name}")
    return f"postgresql://{USER}@/{name}?host={server}"


def asked(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """The rows of the last of some statements, which are committed one by one."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        # Without COPY, in which only SELECTs are.
        cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []
