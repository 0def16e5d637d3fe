"""A gold file in a folder of its own, whose tables may be corrupted: nothing of it is kept."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from carms_lake.config import LakeConfig
from carms_lake.contract.model import Contract
from carms_lake.errors import ContractError
from carms_lake.names import Layer, TableRef
from carms_lake.store.gold.file import Warehouse, building
from carms_lake.store.sql import qualified, quoted, scalar
from carms_lake.store.sql.statement import only_reads

_FRAME = "scratch_frame"


class Scratch:
    """Tables of silver and gold on one connection, as a build has them when it checks them."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.connection = warehouse.connection
        self._warehouse = warehouse

    def put(self, contract: Contract, frame: pl.DataFrame) -> None:
        """Make a table hold these rows, whatever it held before.

        Raises:
            ContractError: a value is none of its column's type.
        """
        self.connection.register(_FRAME, frame.to_arrow())
        kind = "view" if contract.kind == "view" else "table"
        select = _select(contract, frame)
        try:
            self.connection.execute(f"drop {kind} if exists {qualified(contract.ref)}")
            self.connection.execute(f"create table {qualified(contract.ref)} as {select}")
        except duckdb.Error as error:
            raise ContractError(
                f"`{contract.ref}` cannot hold its rows: {error}",
                "change the types in the contract, or the values",
            ) from error
        self.connection.unregister(_FRAME)

    def build(self, contract: Contract, sql: str) -> None:
        """Make a table, view or macro of gold by its SELECT, without constraints.

        Raises:
            ContractError: the SELECT does not deliver the contract's columns and types.
        """
        self._warehouse.create(_loosened(contract), sql)

    def add_ops(self, schemas: Mapping[str, Any]) -> None:
        """Make tables of operations, without a row, which SELECTs of gold may name."""
        import polars as pl

        for table, schema in schemas.items():
            self._warehouse.add_ops(table, pl.DataFrame(schema=schema))

    def frame(self, ref: TableRef) -> pl.DataFrame:
        """The rows of a table or view."""
        found: pl.DataFrame = self.connection.sql(f"from {qualified(ref)}").pl()
        return found

    def value(self, sql: str) -> Any:
        """The one value that a SELECT of a contract gives.

        Raises:
            ContractError: it cannot be run.
        """
        try:
            return scalar(self.connection, only_reads(sql, "a SELECT of a contract"))
        except duckdb.Error as error:
            raise ContractError(
                f"a SELECT of a contract cannot be run: {error}: {sql}",
                "correct the SELECT in the contract",
            ) from error

    def frozen(self, sql: str) -> str:
        """A SELECT of the figure that this one gives now, whatever becomes of the tables.

        Raises:
            ContractError: it cannot be run.
        """
        value = self.value(sql)
        return f"select {'null' if value is None else value}"

    @contextmanager
    def corrupted(self, contract: Contract, frame: pl.DataFrame) -> Iterator[None]:
        """For a while, a table holds other rows.

        Raises:
            ContractError: a value is none of its column's type.
        """
        self.connection.execute("begin")
        try:
            self.put(contract, frame)
            yield
        finally:
            self.connection.execute("rollback")

    def refuses(self, contract: Contract, frame: pl.DataFrame, as_it_is: str = "") -> bool:
        """Whether a build cannot make a table of these rows: of their types or its constraints.

        `as_it_is` is the column whose type is the frame's own.
        """
        stand_in = (
            contract if contract.kind == "table" else replace(_loosened(contract), kind="table")
        )
        ref = TableRef(contract.ref.domain, Layer.GOLD, "scratch_table")
        self.connection.execute("begin")
        self.connection.register(_FRAME, frame.to_arrow())
        try:
            select = _select(contract, frame, as_it_is)
            self._warehouse.create(replace(stand_in, ref=ref, relationships=()), select)
        except ContractError:
            return True
        finally:
            self.connection.execute("rollback")
            self.connection.unregister(_FRAME)
        return False


@contextmanager
def scratch(config: LakeConfig, folder: Path) -> Iterator[Scratch]:
    """A gold file in a folder, without a table yet; it goes when it is left.

    Raises:
        StoreError: the folder cannot be written.
    """
    with building(config, folder) as warehouse:
        warehouse.connection.execute("commit")
        warehouse.connection.execute(f"create schema if not exists {quoted(Layer.SILVER)}")
        warehouse.seal()
        yield Scratch(warehouse)


def _loosened(contract: Contract) -> Contract:
    """The contract without what the file would enforce: a few rows need not hang together."""
    columns = tuple(replace(c, required=False, unique=False) for c in contract.columns)
    return replace(contract, columns=columns, relationships=(), enforce_key=False)


def _select(contract: Contract, frame: pl.DataFrame, as_it_is: str = "") -> str:
    """A SELECT of the frame in the contract's types; silver keeps JSON as text."""
    is_gold = contract.ref.layer is Layer.GOLD
    casts = {
        c.name: "::VARCHAR" if c.type.name == "json" and not is_gold else f"::{c.type.sql}"
        for c in contract.columns
        if c.name != as_it_is
    }
    columns = [f"{quoted(n)}{casts.get(n, '')} as {quoted(n)}" for n in frame.columns]
    return f"select {', '.join(columns)} from {_FRAME}"
