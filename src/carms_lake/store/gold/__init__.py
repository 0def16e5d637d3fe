"""The published gold file: its place, the record of its build, its tables and the lake's."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from carms_lake import files
from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract
from carms_lake.errors import GoldMissing, StoreError, counted
from carms_lake.names import Layer
from carms_lake.store import own, table_path
from carms_lake.store.delta import pinned
from carms_lake.store.sql import PUBLISHED, attach, connect, qualified, quoted, read_pinned, seal

STORAGE_VERSION = "v1.0.0"
"""What the file can be opened by: BI tools bundle drivers that are years old."""


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
    contract_versions: dict[str, str]
    """By table."""
    copies: int | None
    """How many builds began with a copy of the file before, since it was last a new one."""
    classified: str | None
    """The fingerprint of what contracts say about people."""
    storage: str
    """What opens the file, in DuckDB's words: `v1.0.0+`."""


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
            tables = connection.sql(
                "select table_name, fingerprint, contract_version from ops.build_tables"
            ).fetchall()
            storage = connection.sql(
                "select tags['storage_version'] from duckdb_databases() where not internal"
            ).fetchall()
            return BuildRecord(
                str(record["run_id"]),
                str(record["fingerprint"]),
                record["failed_checks"],
                dict(counts),
                {table: made for table, made, _ in tables},
                {table: version for table, _, version in tables},
                record.get("copies"),
                record.get("classified"),
                str(storage[0][0]),
            )
    except (duckdb.Error, ValueError):
        return None


def checks_kept(path: Path) -> list[tuple[str, ...]]:
    """The rows of `ops.build_checks` in a gold file; none in one of an earlier version."""
    try:
        with connect(path, read_only=True) as connection:
            return connection.execute(
                "select layer, table_name, fingerprint, contract, state, results"
                " from ops.build_checks"
            ).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        return []


def inputs_kept(path: Path) -> list[tuple[str, str, str]]:
    """Table, definition and inputs (JSON) of the tables of gold, as a gold file keeps them."""
    try:
        with connect(path, read_only=True) as connection:
            return connection.execute(
                "select table_name, definition, inputs from ops.build_tables"
            ).fetchall()
    except duckdb.BinderException:  # a file of an earlier version of the tool
        return []


def gold_fault(path: Path) -> str | None:
    """What is wrong with a gold file of which every block is read; None where nothing is.

    DuckDB keeps a checksum of each block and compares it when it reads one.

    Raises:
        StoreError: the file cannot be opened, for whatever reason.
    """
    with connect() as connection:
        attach(connection, path)
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = $name",
            {"name": PUBLISHED},
        ).fetchall()
        try:
            for schema, table in tables:
                name = f"{PUBLISHED}.{quoted(schema)}.{quoted(table)}"
                connection.execute(f"select bit_xor(hash(t)) from {name} as t").fetchall()
        except duckdb.Error as error:
            return str(error).strip().splitlines()[0]
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
        GoldMissing: gold is not built yet.
        StoreError: a table of the lake cannot be read.
    """
    if not config.gold_file.exists():
        raise GoldMissing(f"no gold file `{config.gold_file}` yet", "run `carms build` first")
    with connect(**settings) as connection:
        attach(connection, config.gold_file)
        for layer in dict.fromkeys((*Layer, *(contract.ref.layer for contract in contracts))):
            connection.execute(f"create schema {quoted(layer)}")
        for contract in contracts:
            if contract.kind == "macro":
                continue
            select = f"from {PUBLISHED}.{qualified(contract.ref)}"
            if contract.ref.layer is not Layer.GOLD:
                path = table_path(config, contract.ref)
                if contract.written_by:
                    version = own.version(config, contract.ref)
                    select = own.select(contract, pinned(path, version))
                else:
                    select = read_pinned(pinned(path))
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


def published_place(path: Path) -> Path:
    """Where the published file is, or will be: at the end of links.

    Raises:
        StoreError: no file can be there.
    """
    place = Path(os.path.realpath(path))
    what = f"`{place}`, which `{path}` links to," if path.is_symlink() else f"`{path}`"
    if place.is_symlink():
        raise StoreError(f"`{path}` is a link that leads back to itself", "remove the link")
    if place.exists() and not place.is_file():
        raise StoreError(f"{what} is not a file", "move it away: the gold file goes there")
    if path.is_symlink() and not place.parent.is_dir():
        raise StoreError(
            f"the folder of {what} does not exist",
            "mount the disk or create the folder, or remove the link",
        )
    return place


def publish(built: Path, target: Path) -> Path:
    """Replace the published file by a closed gold file; its path.

    Where it is a link, the file that it leads to is replaced. Owner, group and mode stay. Where the
    published file is open and cannot be replaced (Windows), it goes next to it.

    Raises:
        StoreError: the folder cannot be written.
    """
    try:
        place = published_place(target)
        if place.exists():
            files.keep_access(built, place)
        # A write-ahead log of the old file would make the new one unreadable.
        for path in {target, place}:
            path.with_name(path.name + ".wal").unlink(missing_ok=True)
        built = _beside(built, place)
        try:
            files.put(built, place)
        except PermissionError:
            return built.replace(place.with_name(f"{place.stem}.new{place.suffix}"))
        finally:
            built.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"`{target}` cannot be written: {error}", "is the disk full, or the folder read-only?"
        ) from error
    return target


def _beside(built: Path, place: Path) -> Path:
    """The built file on the disk of the published one, since no rename leads to another disk."""
    if built.stat().st_dev == place.parent.stat().st_dev:
        return built
    # The name is always the same: what a killed build leaves, the next one overwrites.
    copy = place.with_name(f".{place.name}.part")
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)  # nobody reads it before it has the access of the published file
    shutil.copyfile(built, copy)
    files.keep_access(copy, built)
    return copy
