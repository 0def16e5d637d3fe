"""Gold computed for the touched keys is gold computed whole, whatever changed in silver."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carms_lake.catalog import Catalog, load_catalog
from carms_lake.config import LakeConfig, resolve_domain
from carms_lake.names import Layer, TableRef
from carms_lake.quality.rejected import REJECT_SCHEMA
from carms_lake.store.gold import changes
from carms_lake.store.gold.by_key import by_key
from carms_lake.store.gold.changes import NotByKey, RowChange, row_change
from carms_lake.store.gold.file import Warehouse, building
from carms_lake.store.ops import OPS_SCHEMAS
from carms_lake.store.sql import qualified
from carms_lake.store.sql.column_lineage import prepared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake.catalog import GoldStep
    from carms_lake.contract.model import Column, Contract

BY_KEY = {
    "ticketing": {"bridge_account_customer", "dim_customer_identity", "fact_orders"},
    "retail": {"fact_sales", "fact_returns"},
    "carms": {"other_name", "program_section_all_iterations"},
}
"""Tables of which some change has to be computed by key, or the test would compare nothing."""


@pytest.mark.slow
@pytest.mark.parametrize("domain", sorted(BY_KEY))
def test_gold_by_key_is_gold_computed_whole(domain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "LARGE_PCT", 100.0)
    catalog = load_catalog(resolve_domain(domain, Path()))
    done: set[str] = set()

    @settings(max_examples=4, deadline=None, database=None)
    @given(seed=st.integers(0, 10**6))
    def check(seed: int) -> None:
        with (
            TemporaryDirectory() as folder,
            building(LakeConfig(Path(folder), catalog.domain)) as warehouse,
        ):
            done.update(compared(warehouse, catalog, random.Random(seed)))

    check()
    assert done >= BY_KEY[domain]


def compared(warehouse: Warehouse, catalog: Catalog, chance: random.Random) -> set[str]:
    """Change rows of silver, bring gold up to date, compare it with its SELECTs; which by key."""
    run = warehouse.connection.execute
    run("create schema silver; create schema was")
    silver = catalog.refs(Layer.SILVER)
    for ref in silver:
        contract = catalog.contracts[ref]
        columns = ", ".join(f"{c.name} {silver_type(c)}" for c in contract.columns)
        run(f"create table silver.{ref.table} ({columns})")
        fill(warehouse, contract, chance, 12)
    for table, schema in OPS.items():
        warehouse.add_ops(table, pl.DataFrame(schema=schema))
    steps = [replace(step, contract=loosened(step.contract)) for step in catalog.gold_steps]
    run("commit; begin")
    for step in steps:
        warehouse.create(step.contract, step.sql)
    run("commit; begin")
    for ref in [*silver, *(s.contract.ref for s in steps if s.contract.kind == "table")]:
        run(f"create table was.{ref.layer}_{ref.table} as from {qualified(ref)}")
    for ref in chance.sample(silver, k=chance.randint(1, 3)):
        disturb(warehouse, catalog.contracts[ref], chance)
    run("commit; begin")
    return brought_up_to_date(warehouse, catalog, steps)


OPS = {**OPS_SCHEMAS, "rejects": REJECT_SCHEMA}


def brought_up_to_date(
    warehouse: Warehouse, catalog: Catalog, steps: Sequence[GoldStep]
) -> set[str]:
    """Compute the tables that changes reach, and compare each with its SELECT; those by key."""
    found = {ref: between(warehouse, ref) for ref in catalog.refs(Layer.SILVER)}
    schema = {"ops": {table: list(columns) for table, columns in OPS.items()}}
    for ref, contract in catalog.contracts.items():
        schema.setdefault(ref.layer, {})[ref.table] = list(contract.column_names)
    by, unknown = set(), dict[str, str]()
    for step in steps:
        ref, contract = step.contract.ref, step.contract
        changed = {r.in_domain: c.both for r in step.reads if (c := found.get(r))}
        if not changed and not unknown.keys() & {r.in_domain for r in step.reads}:
            continue
        if contract.kind != "table":
            unknown[ref.in_domain] = "a view"
            continue
        try:
            plan = by_key(prepared(step.sql, schema), contract.primary_key, changed, unknown)
            _, found[ref] = warehouse.update(contract, step.sql, plan)
            by.add(ref.table)
        except NotByKey:
            warehouse.drop(ref)
            warehouse.create(contract, step.sql)
            found[ref] = between(warehouse, ref)
        assert has_rows_of(warehouse, ref, step.sql), (ref.in_domain, changed.keys())
    return by


def between(warehouse: Warehouse, ref: TableRef) -> RowChange | None:
    before = f"from was.{ref.layer}_{ref.table}"
    return row_change(warehouse.connection, ref, before, f"from {qualified(ref)}")


def has_rows_of(warehouse: Warehouse, ref: TableRef, sql: str) -> bool:
    """Whether a table has the rows of its SELECT, each as often."""
    columns = [r[0] for r in warehouse.connection.execute(f"describe {qualified(ref)}").fetchall()]
    names = ", ".join(columns)
    sides = (f"select {names} from {qualified(ref)}", f"select {names} from ({sql})")
    return not any(
        warehouse.connection.execute(f"({a}) except all ({b}) limit 1").fetchall()
        for a, b in (sides, sides[::-1])
    )


def loosened(contract: Contract) -> Contract:
    columns = tuple(replace(c, required=False, unique=False) for c in contract.columns)
    return replace(contract, columns=columns, enforce_key=False)


def silver_type(column: Column) -> str:
    return "VARCHAR" if column.type.name == "json" else column.type.sql


def fill(warehouse: Warehouse, contract: Contract, chance: random.Random, most: int) -> None:
    """Add up to so many rows with values from small pools, so that tables meet in them."""
    table = f"silver.{contract.ref.table}"
    casts = ", ".join(f"cast(? as {silver_type(c)})" for c in contract.columns)
    for _ in range(chance.randint(2, most)):
        row = [value(column, contract, chance) for column in contract.columns]
        key = [row[contract.column_names.index(name)] for name in contract.primary_key]
        is_key = " and ".join(
            f"{name} is not distinct from cast(? as {contract.column(name).type.sql})"
            for name in contract.primary_key
        )
        connection = warehouse.connection
        if key and connection.execute(f"select 1 from {table} where {is_key}", key).fetchall():
            continue
        connection.execute(f"insert into {table} values ({casts})", row)


def value(column: Column, contract: Contract, chance: random.Random) -> str | None:
    is_needed = column.required or column.name in contract.primary_key
    if not is_needed and chance.random() < 0.2:
        return None
    if column.enum:
        return str(chance.choice(column.enum))
    kind = column.type.name
    if column.type.item or kind in ("list", "struct", "map", "blob"):
        return None if not is_needed else "[]"
    number = chance.randint(1, 6)
    texts = {
        "boolean": str(number > 3).lower(),
        "date": f"2025-0{number}-01",
        "timestamp": f"2025-0{number}-01 0{chance.randint(0, 3)}:00:00",
        "varchar": f"v{number}",
        "json": "{}",
    }
    return texts.get(kind, str(number))


def disturb(warehouse: Warehouse, contract: Contract, chance: random.Random) -> None:
    """Delete, change or add some rows of a silver table."""
    table, connection = f"silver.{contract.ref.table}", warehouse.connection
    for _ in range(chance.randint(1, 3)):
        what = chance.choice(["delete", "change", "add"])
        if what == "add":
            fill(warehouse, contract, chance, 4)
            continue
        ids = [r[0] for r in connection.execute(f"select rowid from {table}").fetchall()]
        if not ids:
            continue
        row = chance.choice(ids)
        others = [c for c in contract.columns if c.name not in contract.primary_key]
        if what == "delete" or not others:
            connection.execute(f"delete from {table} where rowid = {row}")
            continue
        column = chance.choice(others)
        connection.execute(
            f"update {table} set {column.name} = cast(? as {silver_type(column)})"
            f" where rowid = {row}",
            [value(column, contract, chance)],
        )
