"""Checks of what changed find what checks of the whole table find."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import duckdb
import pytest
from helpers import contract, property_

from carms_lake.quality.audit import audit
from carms_lake.quality.change import Basis
from carms_lake.store.gold.changes import RowChange, row_change

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.contract.model import Contract

PROPERTIES = [
    property_("item_id") | {"primaryKey": True, "required": True},
    property_("label") | {"unique": True},
    property_("size", "integer", "integer") | {"logicalTypeOptions": {"minimum": 2, "maximum": 8}},
    property_("colour")
    | {
        "enum": [{"value": "red"}, {"value": "blue"}],
        "relationships": [{"to": "gold.colour.name"}],
        "quality": [{"metric": "nullValues", "mustBeLessOrEqualTo": 2}],
    },
]


@pytest.fixture
def items(tmp_path: Path) -> Contract:
    return contract(tmp_path, "gold.item", PROPERTIES)


def filled(connection: duckdb.DuckDBPyConnection, chance: random.Random, *, faults: bool) -> None:
    """Add items; `faults`: some break a constraint."""
    (start,) = connection.execute("select count(*) from gold.item").fetchall()[0:1][0]
    for number in range(start, start + chance.randint(1, 4)):
        bad = faults and chance.random() < 0.4
        row = [
            chance.choice([f"i{number}", "i0", None]) if bad else f"i{number}",
            chance.choice([f"l{number}", "l0"]) if bad else f"l{number}",
            chance.choice([1, 9, 5]) if bad else 5,
            chance.choice(["green", "blue", None]) if bad else "red",
        ]
        connection.execute("insert into gold.item values (?, ?, ?, ?)", row)


@pytest.mark.parametrize("seed", range(30))
def test_checks_of_a_change_find_what_checks_of_all_rows_find(items: Contract, seed: int) -> None:
    chance = random.Random(seed)
    with duckdb.connect() as connection:
        run = connection.execute
        run("create schema gold; create table gold.colour(name varchar)")
        run("create table gold.item(item_id varchar, label varchar, size integer, colour varchar)")
        run("insert into gold.colour values ('red'), ('blue')")
        for _ in range(4):
            filled(connection, chance, faults=chance.random() < 0.3)
        before = audit(connection, [items])
        run("create table old_item as from gold.item; create table old_colour as from gold.colour")
        run("delete from gold.item where hash(item_id) % 3 = 0")
        filled(connection, chance, faults=chance.random() < 0.7)
        if chance.random() < 0.5:
            run("delete from gold.colour where name = ?", [chance.choice(["red", "blue"])])
        colour = next(iter(items.relationships)).target
        basis = Basis(
            before,
            change=between(connection, items, "old_item"),
            targets={colour: between(connection, items, "old_colour", colour.table)},
        )
        assert audit(connection, [items], known={items.ref: basis}) == audit(connection, [items])


def between(
    connection: duckdb.DuckDBPyConnection, items: Contract, old: str, table: str = "item"
) -> RowChange | None:
    ref = type(items.ref)(items.ref.domain, items.ref.layer, table)
    return row_change(connection, ref, f"from {old}", f"from gold.{table}")


def test_a_target_of_which_nobody_knows_what_changed_is_looked_at(items: Contract) -> None:
    with duckdb.connect() as connection:
        run = connection.execute
        run("create schema gold; create table gold.colour(name varchar)")
        run("create table gold.item(item_id varchar, label varchar, size integer, colour varchar)")
        run("insert into gold.colour values ('red')")
        run("insert into gold.item values ('a', 'l', 5, 'red')")
        before = audit(connection, [items])
        run("delete from gold.colour")
        found = {r.rule: r for r in audit(connection, [items], known={items.ref: Basis(before)})}
        assert found["colour.relationship"].failed_rows == 1
