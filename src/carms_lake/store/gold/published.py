"""The published gold file, as flows read it: what is in it, and its tables beside the lake's."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from carms_lake.errors import GoldMissing, StoreError
from carms_lake.names import Layer
from carms_lake.store.delta.table import pinned
from carms_lake.store.layout import table_path
from carms_lake.store.sql import OFFLINE, literal, qualified, quoted
from carms_lake.store.sql.pinned import read_pinned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract


_OF_TABLES = "schema_name = 'ops' and table_name = 'build_tables'"


@dataclass(frozen=True)
class Published:
    """What the published file and its tables were built from, and how many rows they have."""

    fingerprint: str
    rows: dict[str, int]
    """By table."""
    fingerprints: dict[str, str]
    """By table; empty in a file of an earlier version of the tool."""


def published(path: Path) -> Published | None:
    """What is published, or None where there is no file that can be read."""
    if not path.exists():
        return None
    try:
        with duckdb.connect(str(path), read_only=True, config=OFFLINE) as connection:
            fingerprint = str(scalar(connection, "select fingerprint from ops.build"))
            counts = connection.execute(
                "select table_name, estimated_size from duckdb_tables() where schema_name = 'gold'"
            ).fetchall()
            tables = []
            if scalar(connection, f"select 1 from duckdb_tables() where {_OF_TABLES}"):
                tables = connection.execute(
                    "select table_name, fingerprint from ops.build_tables"
                ).fetchall()
    except duckdb.Error:
        return None
    return Published(fingerprint, dict(counts), dict(tables))


def published_by(path: Path) -> str | None:
    """The run that made a gold file; None where there is no file that can be read."""
    if not path.exists():
        return None
    try:
        with duckdb.connect(str(path), read_only=True, config=OFFLINE) as connection:
            found = scalar(connection, "select run_id from ops.build")
    except duckdb.Error:
        return None
    return None if found is None else str(found)


def failed_checks(path: Path) -> int:
    """How many checks failed of the file that is published; 0 where there is none to be read."""
    if not path.exists():
        return 0
    try:
        with duckdb.connect(str(path), read_only=True, config=OFFLINE) as connection:
            return int(scalar(connection, "select failed_checks from ops.build") or 0)
    except duckdb.Error:  # none, or one of an earlier version of the tool
        return 0


def published_although(checks: int) -> str:
    """What is said of a file that did not pass its checks."""
    return f"published although {checks} check{'s' * (checks != 1)} failed"


@contextmanager
def reading(
    config: LakeConfig, contracts: Sequence[Contract]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection on which the tables and views of the contracts answer as `<layer>.<table>`.

    Raises:
        GoldMissing: there is no gold file yet.
        StoreError: a table of the lake cannot be read.
    """
    if not config.gold_file.exists():
        raise GoldMissing(f"no gold file `{config.gold_file}` yet", "run `carms build` first")
    with duckdb.connect(config=OFFLINE) as connection:
        connection.execute("set timezone = 'UTC'")
        attach(connection, config.gold_file)
        for layer in Layer:
            connection.execute(f"create schema {quoted(layer)}")
        for contract in contracts:
            if contract.kind == "macro":
                continue
            select = f"from published.{qualified(contract.ref)}"
            if contract.ref.layer is not Layer.GOLD:
                select = read_pinned(pinned(table_path(config, contract.ref)))
            try:
                connection.execute(f"create view {qualified(contract.ref)} as {select}")
            except duckdb.CatalogException as error:
                raise StoreError(
                    f"`{config.gold_file}` has no `{contract.ref.in_domain}`: it was built by "
                    "another version",
                    "run `carms build`",
                ) from error
        yield connection


def attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Open the published file as `published`, to be read.

    Raises:
        StoreError: it is damaged, or another program has it for writing.
    """
    try:
        connection.execute(f"attach {literal(str(path))} as published (read_only)")
    except duckdb.Error as error:
        raise StoreError(
            f"`{path}` cannot be read: {error}", "`carms build --full-refresh` makes it anew"
        ) from error


def scalar(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """The one value that a SELECT gives; None where it gives no row."""
    rows = connection.execute(sql).fetchall()
    return rows[0][0] if rows else None
