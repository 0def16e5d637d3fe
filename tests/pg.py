"""Statements for a PostgreSQL of the tests."""

from __future__ import annotations

from typing import Any


def asked(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """The rows of the last of some statements, which are committed one by one."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []
