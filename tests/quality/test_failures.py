"""The rows of each kind of rule that failed are found, and no others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from helpers import contract, property_

from carms_lake.quality.audit import audit
from carms_lake.quality.failures import Origin, failures
from carms_lake.records import CheckResult

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.contract.model import Contract
    from carms_lake.records import CheckFailure

ROWS = """(values ('a', 1, 'red', true), ('b', 2, 'blue', true), ('b', 20, null, false),
    (null, 3, null, null), (null, 3, null, null)) as t(item_id, size, colour, is_new)"""
ID, SIZE, COLOUR = property_("item_id"), property_("size", "integer"), property_("colour")
IS_NEW = property_("is_new", "boolean")
NO_COLOUR = [(3, "null"), (3, "null"), (20, "null")]
ALL = {"item_id": ID, "size": SIZE, "colour": COLOUR, "is_new": IS_NEW}


def found(
    folder: Path, properties: list[dict[str, Any]], origin: Origin | None = None, **rest: Any
) -> list[CheckFailure]:
    there = {p["name"] for p in properties}
    others = [p for name, p in ALL.items() if name not in there]
    item = contract(folder, "gold.item", [*properties, *others], **rest)
    with duckdb.connect() as connection:
        connection.execute(f"create schema gold; create table gold.item as from {ROWS}")
        connection.execute("create schema silver; create table silver.colour as select 'red' as c")
        connection.execute("begin")  # an error would end the transaction, and the build with it
        results = audit(connection, [item])
        rows = failures(connection, [item], results, lambda _: origin, _nothing)
        connection.execute("commit")
        return rows


def _nothing(_: Contract, __: str) -> list[CheckFailure]:
    return []


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (ID | {"required": True}, [(3, "null"), (3, "null")]),
        (ID | {"unique": True}, [(2, "b"), (20, "b")]),
        (COLOUR | {"enum": [{"value": "red"}]}, [(2, "blue")]),
        (COLOUR | {"logicalTypeOptions": {"pattern": "^r"}}, [(2, "blue")]),
        (COLOUR | {"logicalTypeOptions": {"maxLength": 3}}, [(2, "blue")]),
        (SIZE | {"logicalTypeOptions": {"minimum": 2}}, [(1, "1")]),
        (SIZE | {"logicalTypeOptions": {"maximum": 3}}, [(20, "20")]),
        (COLOUR | {"relationships": [{"to": "silver.colour.c"}]}, [(2, "blue")]),
        (COLOUR | {"quality": [{"metric": "nullValues", "mustBeLessThan": 1}]}, NO_COLOUR),
        (
            ID | {"quality": [{"metric": "missingValues", "arguments": {"missingValues": ["a"]}}]},
            [(1, "a"), (3, "null"), (3, "null")],
        ),
        (
            COLOUR
            | {"quality": [{"metric": "invalidValues", "arguments": {"validValues": ["red"]}}]},
            [(2, "blue")],
        ),
        (ID | {"quality": [{"metric": "duplicateValues"}]}, [(2, "b"), (20, "b")]),
        (
            COLOUR
            | {
                "quality": [
                    {
                        "type": "sql",
                        "query": "SELECT COUNT( * )  from {object} where {property} = 'blue'",
                        "mustBe": 0,
                    }
                ]
            },
            [(2, "blue")],
        ),
    ],
)
def test_rows_that_break_a_rule_of_a_column(
    tmp_path: Path, column: dict[str, Any], values: list[tuple[int, str]]
) -> None:
    rows = found(tmp_path, [column])
    sizes = sorted((json.loads(row.row_key or "{}")["size"], row.value) for row in rows)
    assert sizes == sorted(values)
    assert {row.column for row in rows} == {column["name"]}


@pytest.mark.parametrize(
    ("key", "rows"),
    [
        (["item_id"], [{"item_id": "b"}] * 2 + [{"item_id": None}] * 4),
        (["item_id", "size"], [{"item_id": None, "size": 3}] * 4),
    ],
)
def test_rows_whose_key_repeats_or_is_null(
    tmp_path: Path, key: list[str], rows: list[dict[str, Any]]
) -> None:
    properties = [
        {**ALL[name], "primaryKey": True, "primaryKeyPosition": place}
        for place, name in enumerate(key, 1)
    ]
    failed = found(tmp_path, properties)
    assert sorted(map(str, (json.loads(row.row_key or "{}") for row in failed))) == sorted(
        map(str, rows)
    )


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"metric": "rowCount", "mustBe": 7}, "found 5, mustBe 7"),
        (
            {"type": "sql", "query": "select max(size) from {table}", "mustBe": 0},
            "found 20, mustBe",
        ),
        # A count that is too low is not about the rows that it counted.
        (
            {"type": "sql", "query": "select count(*) from {table}", "mustBeGreaterThan": 9},
            "found 5, mustBeGreaterThan 9",
        ),
        # Groups are counted, and no row of the table stands behind one.
        (
            {"type": "sql", "query": "select count(*) from {table} group by item_id", "mustBe": 0},
            "mustBe 0",
        ),
        (
            {"type": "sql", "query": "select count(*) filter (where size > 2) from {table}"},
            "found 3, mustBe 0",
        ),
    ],
)
def test_a_rule_about_the_table_says_what_it_found(
    tmp_path: Path, rule: dict[str, Any], message: str
) -> None:
    (row,) = found(tmp_path, [ID], quality=[{"name": "rule", **rule}])
    assert (row.rule, row.row_key, row.value) == ("rule", None, None)
    assert message in row.message


def test_the_rows_of_a_join_and_of_a_cte_are_the_tables_own(tmp_path: Path) -> None:
    joined = (
        "with big as (select size from gold.item where size > 2) "
        "select count(*) from ${table} as i join big on big.size = i.size where i.item_id = 'b'"
    )
    plain = (
        "select count(*) from ${table} as i join ${table} as j on i.size = j.size and i.size = 2"
    )
    for query, size in ((plain, 2), (joined, None)):
        rows = found(tmp_path, [ID], quality=[{"name": "r", "type": "sql", "query": query}])
        sizes = {json.loads(row.row_key)["size"] if row.row_key else None for row in rows}
        assert sizes == {size}


def test_the_place_of_a_row_is_that_of_the_newest_delivery(tmp_path: Path) -> None:
    select = """select * from (values ('b', 'old.csv', 7, 1), ('b', 'new.csv', 3, 2),
        ('b', 'new.csv', 4, 2), ('x', 'new.csv', 9, 2))
        as t(id, src_filename, src_row_number, delivery_id)"""
    key = ID | {"primaryKey": True}
    origin = Origin(select, ("id",), ("item_id",), has_deliveries=True)
    places = {
        (row.row_key, row.src_filename, row.src_row_number)
        for row in found(tmp_path, [key], origin)
    }
    assert places == {('{"item_id": "b"}', "new.csv", 4), ('{"item_id": null}', None, None)}
    without = Origin(select, ("id",), ("item_id",), has_deliveries=False)
    assert {row.src_filename for row in found(tmp_path, [key], without)} == {"old.csv", None}


def test_where_every_check_passed_nothing_is_asked(tmp_path: Path) -> None:
    item = contract(tmp_path, "gold.item", [ID | {"required": True}])
    passed = CheckResult(item.ref, "item_id.required", "error", passed=True)
    with duckdb.connect() as connection:  # which has no such table
        assert failures(connection, [item], [passed], _never, _nothing) == []


def _never(contract: Contract) -> Origin | None:
    raise AssertionError(contract.ref)
