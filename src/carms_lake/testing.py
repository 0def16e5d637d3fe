"""What the author of a domain tests it with: rows in, rows out, without a lake or a file.

    kit = DomainKit("shop")
    made = kit.run("sale", bronze_sales=kit.bronze("sales", {"sale_id": "s1"}))
    assert kit.validate("sale", made).rows.height == 1

Frames take their columns and types from the contracts, so a test names only what it is about.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from carms_lake.catalog import Catalog, SilverStep, load_catalog
from carms_lake.config import Domain, LakeConfig, resolve_domain
from carms_lake.contract.model import Column, Contract
from carms_lake.flows.build.context import collected
from carms_lake.names import SRC_ROW_NUMBER, Layer
from carms_lake.quality.rejected import REJECT_SCHEMA
from carms_lake.quality.split import AUDIT_SCHEMA
from carms_lake.quality.types import polars_schema
from carms_lake.quality.validate import Validated, apply_constraints
from carms_lake.store.gold.file import Warehouse, building
from carms_lake.store.ops import OPS_SCHEMAS

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]


class DomainKit:
    """One domain, by its name or as it is; its contracts are read once."""

    def __init__(self, domain: str | Domain) -> None:
        self.domain = resolve_domain(domain, Path.cwd()) if isinstance(domain, str) else domain

    @cached_property
    def catalog(self) -> Catalog:
        """The domain's contracts, functions and SELECTs.

        Raises:
            ContractError: a contract is wrong.
        """
        return load_catalog(self.domain)

    def contracts(self, layer: Layer) -> dict[str, Contract]:
        """The contracts of a layer, by table."""
        return {ref.table: self.catalog.contracts[ref] for ref in self.catalog.refs(layer)}

    def bronze(self, table: str, *rows: Row, **common: Any) -> pl.LazyFrame:
        """A bronze frame of these rows; `common` is on each of them, and so is a row number.

        What a row does not name is null; without rows the frame is empty.
        """
        contract = self.contracts(Layer.BRONZE)[table]
        audit = {name: AUDIT_SCHEMA[name] for name in contract.audit_columns}
        filled = [
            {SRC_ROW_NUMBER: number, **common, **row} for number, row in enumerate(rows, start=1)
        ]
        return _frame(filled, {**polars_schema(contract), **audit})

    def silver(self, table: str, *rows: Row) -> pl.LazyFrame:
        """A silver frame of these rows; what a row does not name is null."""
        return _frame(rows, polars_schema(self.contracts(Layer.SILVER)[table]))

    def run(self, table: str, **frames: pl.LazyFrame) -> pl.DataFrame:
        """What a silver function makes of frames, by parameter; those not given are empty.

        Of a table with history these are the versions, as the engine makes them.

        Raises:
            ContractError: there is no function for the table, or it lacks a column of the history.
        """
        step = self._step(table)
        empty: dict[str, pl.LazyFrame] = {
            name: self.bronze(ref.table) if ref.layer is Layer.BRONZE else self.silver(ref.table)
            for name, ref in step.reads.items()
        }
        return collected(step, {**empty, **frames})

    def validate(
        self, table: str, made: pl.DataFrame | pl.LazyFrame, **references: pl.LazyFrame
    ) -> Validated:
        """Which rows the contract and `checks.py` keep and which they quarantine, as in a build.

        `references` are the tables in which references are looked up, by table; those not given
        are empty.

        Raises:
            ContractError: the columns or types are not those of the contract.
        """
        step = self._step(table)
        known = {
            r.target: references.get(r.target.table, self.silver(r.target.table)).collect()
            for r in step.contract.relationships
            if r.quarantine
        }
        return apply_constraints(made.lazy().collect(), step.contract, known, step.checks())

    def _step(self, table: str) -> SilverStep:
        return next(s for s in self.catalog.silver_steps if s.contract.ref.table == table)

    @contextmanager
    def gold(
        self, silver: Rows | None = None, *, folder: Path | None = None
    ) -> Iterator[Warehouse]:
        """All gold tables over these rows of silver, by table; tables not given are empty.

        `warehouse.connection` is DuckDB's; it works in `folder`, or in a temporary one.

        Raises:
            ContractError: a SELECT does not deliver its contract.
        """
        with ExitStack() as stack:
            if folder is None:
                folder = Path(stack.enter_context(TemporaryDirectory(prefix="carms-test-")))
            warehouse = stack.enter_context(building(LakeConfig(folder, self.domain)))
            connection = warehouse.connection
            connection.execute("create schema silver")
            for table, contract in self.contracts(Layer.SILVER).items():
                columns = ", ".join(f"{c.name} {c.type.sql}" for c in contract.columns)
                connection.execute(f"create table silver.{table} ({columns})")
                for row in (silver or {}).get(table, ()):
                    known = [name for name in row if name in contract.column_names]
                    values = ", ".join(_placeholder(contract.column(name)) for name in known)
                    connection.execute(
                        f"insert into silver.{table} ({', '.join(known)}) values ({values})",
                        [row[name] for name in known],
                    )
            for table, schema in {**OPS_SCHEMAS, "rejects": REJECT_SCHEMA}.items():
                warehouse.add_ops(table, pl.DataFrame(schema=schema))
            # DuckDB cannot drop a table, as `finish` does, with rows of the same transaction in it.
            connection.execute("commit; begin")
            for step in self.catalog.gold_steps:
                warehouse.create(step.contract, step.sql, step.where)
            yield warehouse


def reasons(found: Validated) -> dict[Any, set[str]]:
    """The codes of the quarantined rows, by the first column of their key."""
    key = found.quarantined.columns[0]
    rows = found.quarantined.select(key, "reasons").rows()
    return {value: {reason["code"] for reason in given} for value, given in rows}


def _placeholder(column: Column) -> str:
    """A value's place in an INSERT; a text's own zone counts, which a plain cast would drop."""
    return "?::timestamptz" if column.type.name == "timestamp" else "?"


def _frame(rows: Sequence[Row], schema: Mapping[str, Any]) -> pl.LazyFrame:
    # By column: by row, Polars makes a text that is meant for a decimal null.
    columns = {name: [row.get(name) for row in rows] for name in schema}
    return pl.DataFrame(columns, schema=schema).lazy()
