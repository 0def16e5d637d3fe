"""The published gold file: the record of its build, and its tables together with the lake's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract
from carms_lake.errors import GoldMissing, StoreError, counted
from carms_lake.names import Layer
from carms_lake.store import table_path
from carms_lake.store.delta import pinned
from carms_lake.store.sql import PUBLISHED, attach, connect, qualified, quoted, read_pinned, seal


@dataclass(frozen=True)
class BuildRecord:
    """What a gold file says of the build that made it."""

    run_id: str
    fingerprint: str
    """Of everything that the build was made from."""
    failed_checks: int
    """How many checks of severity error failed (`--publish-anyway`)."""
    rows: dict[str, int]
    """By table."""
    fingerprints: dict[str, str]
    """By table."""


def build_record(path: Path) -> BuildRecord | None:
    """The build that made a gold file; None where no file can be read."""
    if not path.exists():
        return None
    try:
        with connect(path, read_only=True) as connection:
            build = connection.sql("from ops.build")
            (values,) = build.fetchall()
            record = dict(zip(build.columns, values, strict=True))
            counts = connection.execute(
                "select table_name, estimated_size from duckdb_tables() where schema_name = 'gold'"
            ).fetchall()
            tables = connection.sql("select table_name, fingerprint from ops.build_tables")
            return BuildRecord(
                str(record["run_id"]),
                str(record["fingerprint"]),
                record["failed_checks"],
                dict(counts),
                dict(tables.fetchall()),
            )
    except (duckdb.Error, ValueError):
        return None


def published_although(checks: int) -> str:
    """What is said of a file that did not pass its checks."""
    return f"published although {counted(checks, 'check')} failed"


@contextmanager
def reading(
    config: LakeConfig, contracts: Sequence[Contract], **settings: Any
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection on which the tables and views of the contracts answer as `<layer>.<table>`.

    It reaches the lake and nothing else; `settings` are DuckDB's.

    Raises:
        GoldMissing: there is no gold file yet.
        StoreError: a table of the lake cannot be read.
    """
    if not config.gold_file.exists():
        raise GoldMissing(f"no gold file `{config.gold_file}` yet", "run `carms build` first")
    with connect(**settings) as connection:
        attach(connection, config.gold_file)
        for layer in Layer:
            connection.execute(f"create schema {quoted(layer)}")
        for contract in contracts:
            if contract.kind == "macro":
                continue
            select = f"from {PUBLISHED}.{qualified(contract.ref)}"
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
        seal(connection, folders=[config.lake])
        yield connection
