"""The gold file: built in a new file, audited, closed, then moved over the published one.

Readers keep the file that they opened until they open it again. Nobody sees a table that has not
passed its checks.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract
from carms_lake.contract.verify import conforms
from carms_lake.errors import ContractError, StoreError
from carms_lake.names import IDENTIFIER, TableRef
from carms_lake.store import ops, own
from carms_lake.store.delta import Pinned
from carms_lake.store.gold import STORAGE_VERSION, published_place
from carms_lake.store.gold.changes import ByKey, RowChange, row_change, update_by_key
from carms_lake.store.gold.ddl import OBJECTS, comments, description, table_ddl
from carms_lake.store.gold.macros import SURROGATE_KEY, add_keyed_hash, ensure_unique, masks
from carms_lake.store.sql import (
    connect,
    qualified,
    quoted,
    read_pinned,
    scalar,
    seal,
)
from carms_lake.store.sql.statement import only_reads


class Warehouse:
    """A gold file under construction."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, path: Path, config: LakeConfig
    ) -> None:
        self.connection = connection
        self.path = path
        self._config = config
        self._is_sealed = False
        self._created: list[Contract] = []

    def add_source(self, ref: TableRef, pinned: Pinned) -> None:
        """Make a table of the lake readable as `silver.<table>`, at a pinned version."""
        self.connection.execute(f"create schema if not exists {quoted(ref.layer)}")
        self.connection.execute(f"create view {qualified(ref)} as {read_pinned(pinned)}")

    def add_own(self, contract: Contract, pinned: Pinned | None) -> None:
        """Copy a table of the domain's own layers, in the contract's columns; empty for None.

        Raises:
            ContractError: the table has other types than its contract.
            StoreError: the file cannot be written.
        """
        self.connection.execute(f"create schema if not exists {quoted(contract.ref.layer)}")
        self.create(contract, own.select(contract, pinned))

    def seal(self) -> None:
        """Let what runs from now on, the SQL of domains and contracts, reach the lake alone."""
        if not self._is_sealed:
            seal(self.connection, folders=[self._config.lake])
            self._is_sealed = True

    def create(
        self, contract: Contract, sql: str, where: str = "", *, counts_view: bool = True
    ) -> int | None:
        """Create a table, view or macro from its SELECT; how many rows it has (None for a macro).

        `where` names the file of the SELECT in messages. To count the rows of a view is to compute
        it, so `counts_view=False` gives None.

        Raises:
            ContractError: the SELECT does not deliver the contract's columns and types, or its rows
                break a constraint of the contract.
            ConfigError: it masks, and the file of the masking key holds none.
        """
        self.seal()
        if masks(sql):
            if contract.kind != "table":
                raise ContractError(
                    f"the {contract.kind} `{contract.ref}` calls `keyed_hash`",
                    "only a build has the key: mask in a table, and read that",
                )
            add_keyed_hash(self.connection, self._config)
        with _computing(contract, where):
            if contract.kind == "macro":
                self._create_macro(contract, sql)
            elif contract.kind == "view":
                self.connection.execute(f"create view {qualified(contract.ref)} as {sql}")
                _delivers(self.connection, contract, f"from {qualified(contract.ref)}")
            else:
                _delivers(self.connection, contract, sql)
                self.connection.execute(table_ddl(contract))
                self.connection.execute(f"insert into {qualified(contract.ref)} by name {sql}")
                if contract.enforce_key:
                    ensure_unique(self.connection, contract, sql)
            self._created.append(contract)
            is_counted = contract.kind == "table" or (contract.kind == "view" and counts_view)
            return self.count(contract.ref) if is_counted else None

    def update(
        self, contract: Contract, sql: str, plan: ByKey, where: str = ""
    ) -> tuple[int, RowChange | None]:
        """Compute the touched keys of a table of the copied file: how many, and what changed.

        Raises:
            NotByKey: too many keys are touched; nothing was done.
            ContractError: the SELECT does not deliver the contract, or its rows break it.
        """
        self.seal()
        if masks(sql):
            add_keyed_hash(self.connection, self._config)
        with _computing(contract, where):
            return update_by_key(self.connection, contract, sql, plan)

    def change_of(
        self, ref: TableRef, removed: pl.DataFrame, added: pl.DataFrame
    ) -> RowChange | None:
        """The rows of a source that came and went, of frames of its rows; None where none did."""
        sides = []
        for what, frame in (("were", removed), ("are", added)):
            side = quoted(f"{what} {ref.in_domain}")
            self.connection.execute(f"create temp table {side} as from {qualified(ref)} limit 0")
            self.connection.register("rows_frame", frame.to_arrow())
            self.connection.execute(f"insert into {side} by name from rows_frame")
            self.connection.unregister("rows_frame")
            sides.append(f"from {side}")
        return row_change(self.connection, ref, *sides)

    def drop(self, ref: TableRef) -> None:
        """Drop a table of the copied file."""
        self.connection.execute(f"drop table {qualified(ref)}")

    def _create_macro(self, contract: Contract, sql: str) -> None:
        name, run = qualified(contract.ref), self.connection.execute
        _ensure_parameters(contract)
        run(f"create macro {name}({', '.join(contract.parameters)}) as table {sql}")
        nulls = ", ".join("null" for _ in contract.parameters)
        _delivers(self.connection, contract, f"from {name}({nulls})")

    def keep(self, contracts: Iterable[Contract]) -> set[TableRef]:
        """Keep these tables of the copied file and drop all others; those that it has."""
        kept = {contract.ref for contract in contracts if self._has(contract)}
        tables = {(ref.layer, ref.table) for ref in kept}
        for kind, schema, name in self.connection.execute(OBJECTS).fetchall():
            if (schema, name) not in tables:
                self.connection.execute(f"drop {kind} {quoted(schema)}.{quoted(name)}")
        return kept

    def _has(self, contract: Contract) -> bool:
        """Whether the file has the table in the columns of its contract."""
        # No DESCRIBE: what it refuses would end the transaction.
        found = self.connection.execute(
            "select column_name, data_type from duckdb_columns() where database_name ="
            " current_database() and schema_name = $layer and table_name = $table",
            {"layer": contract.ref.layer, "table": contract.ref.table},
        ).fetchall()
        return dict(found) == {column.name: column.type.sql for column in contract.columns}

    def count(self, ref: TableRef) -> int:
        """How many rows a table has."""
        return self.rows_in(f"from {qualified(ref)}")

    def rows_in(self, select: str) -> int:
        """How many rows a SELECT gives."""
        return int(scalar(self.connection, f"select count(*) from ({select})"))

    def add_ops(self, table: str, frame: pl.DataFrame) -> None:
        """Put a copy of a table of operations into the file.

        Raises:
            StoreError: the file cannot be written.
        """
        self.connection.execute("create schema if not exists ops")
        self.connection.register("ops_frame", frame.to_arrow())
        columns = ", ".join(
            f"{quoted(n)}::timestamp as {quoted(n)}" if "Datetime" in str(t) else quoted(n)
            for n, t in frame.schema.items()
        )
        try:
            self.connection.execute(
                f"create or replace table ops.{quoted(table)} as select {columns} from ops_frame"
            )
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            raise StoreError(
                f"`ops.{table}` cannot be written: {error}", "free memory or disk"
            ) from error
        self.connection.unregister("ops_frame")

    def _describe_ops(self) -> None:
        meanings = ops.meanings()
        listed = "from duckdb_columns() where schema_name = 'ops' and not internal"
        for table, columns in self.connection.execute(
            f"select table_name, list(column_name) {listed} group by all order by all"
        ).fetchall():
            says = {name: meanings.get((table, name), "") for name in columns}
            text = meanings.get((table, ""), "")
            self.connection.execute(comments(f"table ops.{quoted(table)}", text, says))

    def finish(self, layers: Sequence[str]) -> None:
        """Describe what the file holds, drop the views of the lake, and close the file."""
        # Not as they are created: each comment is a statement, and not every file is published.
        for contract in self._created:
            self.connection.execute(description(contract))
        self._describe_ops()
        for layer in layers:
            self.connection.execute(f"drop schema if exists {quoted(layer)} cascade")
        try:
            self.connection.execute("commit; checkpoint")
        except duckdb.Error as error:
            raise StoreError(
                f"`{self.path}` cannot be written: {error}", "is the disk full?"
            ) from error
        self.connection.close()


@contextmanager
def _computing(contract: Contract, where: str) -> Iterator[None]:
    """Report what DuckDB says of a table's SELECT; `where` names the file that it is in.

    Raises:
        StoreError: memory or disk is full.
        ContractError: the SELECT cannot be computed.
    """
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise StoreError(
            f"`{contract.ref}` cannot be built: {error}",
            "free memory or disk, or raise `memory_limit` in carms.toml",
        ) from error
    except duckdb.Error as error:
        raise ContractError(
            ": ".join(filter(None, [f"`{contract.ref}`", where, str(error).rstrip()])),
            "correct the table's SELECT, or its contract",
        ) from error


@contextmanager
def building(
    config: LakeConfig, folder: Path | None = None, copied: Path | None = None
) -> Iterator[Warehouse]:
    """A gold file in a folder of its own: `folder`, or one next to the published file.

    It is a new one, or a copy of the file `copied`.

    Raises:
        StoreError: the folder cannot be written, or no file can be published there.
    """
    if folder is None:
        published_place(config.gold_file)  # before the work of a build
    folder = folder or config.gold_file.parent / f".{config.domain.name}.building"
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        path = folder / config.gold_file.name
        if copied:
            _copy(copied, path)
        connection = connect(
            path,
            storage_compatibility_version=STORAGE_VERSION,
            memory_limit=config.memory_limit,
        )
    except (OSError, duckdb.IOException) as error:
        raise StoreError(
            f"`{folder}` cannot be written: {error}", "check its permissions and the disk"
        ) from error
    try:
        connection.execute("set preserve_insertion_order = true")
        connection.execute(SURROGATE_KEY)
        # One transaction: a commit after every statement waits for the disk every time.
        connection.execute(
            "begin; create schema if not exists gold; create schema if not exists ops"
        )
        yield Warehouse(connection, path, config)
    finally:
        connection.close()
        shutil.rmtree(folder, ignore_errors=True)


def _copy(published: Path, path: Path) -> None:
    """Copy the published file into the folder of the new one, which goes where that fails."""
    try:
        shutil.copyfile(published, path)
    except OSError as error:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise StoreError(
            f"`{path}` cannot be written: [Errno {error.errno}] {error.strerror}",
            "is the disk full?",
        ) from error


def _ensure_parameters(contract: Contract) -> None:
    """Ensure that a macro's parameters are names, each with a value at most."""
    for parameter in contract.parameters:
        name, has_default, default = parameter.partition(":=")
        where = f"`{contract.path}`, `carms.parameters`, `{parameter}`"
        if not IDENTIFIER.fullmatch(name.strip()):
            raise ContractError(f"{where}: not a name", "lower-case letters, digits and _")
        if has_default:
            only_reads(f"select {default}", where)


def _delivers(connection: duckdb.DuckDBPyConnection, contract: Contract, sql: str) -> None:
    """Ensure that a SELECT delivers exactly the contract's columns and types."""
    found = {name: kind for name, kind, *_ in connection.execute(f"describe {sql}").fetchall()}
    wanted = {column.name: column.type.sql for column in contract.columns}
    conforms(contract, found, wanted, "the SELECT")
