"""What tests of every shipped domain work with: contracts, frames of rows, gold over silver."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.config import Domain, LakeConfig
from carms_lake.names import Layer
from carms_lake.quality.rejected import REJECT_SCHEMA
from carms_lake.quality.split import AUDIT_SCHEMA
from carms_lake.quality.types import polars_schema
from carms_lake.quality.validate import Validated, apply_constraints
from carms_lake.store.gold.file import building
from carms_lake.store.ops import OPS_SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from carms_lake.catalog import Catalog
    from carms_lake.contract.model import Column, Contract
    from carms_lake.names import TableRef
    from carms_lake.store.gold.file import Warehouse

SCHEMAS = Path(__file__).parents[2] / "schemas"
DOMAINS = ("carms", "retail", "ticketing")

Row = dict[str, Any]
Rows = dict[str, list[Row]]


class Kit:
    """One domain; its contracts are read once."""

    def __init__(self, name: str) -> None:
        self.domain = Domain(name, f"carms_lake.domains.{name}", (SCHEMAS / name,))

    def contracts(self, layer: Layer) -> dict[str, Contract]:
        """The contracts of a layer by table."""
        return {ref.table: c for ref, c in self._contracts.items() if ref.layer is layer}

    @cached_property
    def _contracts(self) -> dict[TableRef, Contract]:
        return self._catalog.contracts

    @cached_property
    def _catalog(self) -> Catalog:
        return load_catalog(self.domain)

    def gold_texts(self) -> dict[str, str]:
        """The gold SELECTs by table, as they stand in their files."""
        folder = files(self.domain.package) / "gold"
        return {
            entry.name.removesuffix(".sql"): entry.read_text(encoding="utf-8")
            for entry in folder.iterdir()
            if entry.name.endswith(".sql")
        }

    def bronze(self, table: str, rows: Sequence[Row], **common: Any) -> pl.LazyFrame:
        """A bronze frame of these rows; `common` and the row number are filled in."""
        contract = self.contracts(Layer.BRONZE)[table]
        audit = {name: AUDIT_SCHEMA[name] for name in contract.audit_columns}
        filled = [
            {"src_row_number": number, **common, **row} for number, row in enumerate(rows, start=1)
        ]
        return _frame(filled, {**polars_schema(contract), **audit})

    def silver(self, table: str, *rows: Row) -> pl.LazyFrame:
        """A silver frame of these rows; what a row does not name is null."""
        return _frame(rows, polars_schema(self.contracts(Layer.SILVER)[table]))

    def kept(self, table: str, made: pl.LazyFrame, **references: pl.LazyFrame) -> Validated:
        """What the engine makes of a function's result; `references` by the name of their table."""
        contract = self.contracts(Layer.SILVER)[table]
        targets = {r.target for r in contract.relationships if r.quarantine}
        known = {
            target: references.get(target.table, self.silver(target.table)).collect()
            for target in targets
        }
        return apply_constraints(made.collect(), contract, known)

    @contextmanager
    def warehouse(self, folder: Path, silver: Rows) -> Iterator[Warehouse]:
        """All gold tables over these rows of silver; tables that are not given are empty."""
        with building(LakeConfig(folder, self.domain)) as warehouse:
            connection = warehouse.connection
            connection.execute("create schema silver")
            for table, contract in self.contracts(Layer.SILVER).items():
                columns = ", ".join(f"{c.name} {c.type.sql}" for c in contract.columns)
                connection.execute(f"create table silver.{table} ({columns})")
                for row in silver.get(table, []):
                    known = [name for name in row if name in contract.column_names]
                    values = ", ".join(_value(contract.column(name)) for name in known)
                    connection.execute(
                        f"insert into silver.{table} ({', '.join(known)}) values ({values})",
                        [row[name] for name in known],
                    )
            for table, schema in {**OPS_SCHEMAS, "rejects": REJECT_SCHEMA}.items():
                warehouse.add_ops(table, pl.DataFrame(schema=schema))
            # DuckDB cannot drop a table, as `finish` does, with rows of the same transaction in it.
            connection.execute("commit; begin")
            for step in self._catalog.gold_steps:
                warehouse.create(step.contract, step.sql)
            yield warehouse


def reasons(found: Validated) -> dict[Any, set[str]]:
    """The codes of the quarantined rows by the first column of their key."""
    key = found.quarantined.columns[0]
    rows = found.quarantined.select(key, "reasons").rows()
    return {value: {reason["code"] for reason in given} for value, given in rows}


def _value(column: Column) -> str:
    """A value's place in an INSERT; of a moment the zone that it names counts."""
    return "?::timestamptz" if column.type.name == "timestamp" else "?"


def _frame(rows: Sequence[Row], schema: Mapping[str, Any]) -> pl.LazyFrame:
    known = [{name: row.get(name) for name in schema} for row in rows]
    return pl.DataFrame(known, schema=schema, orient="row").lazy()
