"""What a contract promises, and the tables that break each promise."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
from helpers import contract, property_

from carms_lake.flows.check.mutants import Mutant, Original, constraints_of, mutants
from carms_lake.names import TableRef

if TYPE_CHECKING:
    from pathlib import Path

SHOP = TableRef.parse("silver.shop", domain="test")
assert SHOP is not None
SALES = pl.DataFrame(
    {
        "sale_id": ["s1", "s2", "s3"],
        "shop_id": ["a", "b", None],
        "state": ["open", "done", "open"],
        "code": ["AB1", "CD2", None],
        "amount": [Decimal("1.00"), Decimal("2.00"), Decimal("3.00")],
        "note": ["x", None, None],
    },
    schema_overrides={"amount": pl.Decimal(12, 2)},
)


def original(
    folder: Path, name: str = "silver.sale", frame: pl.DataFrame = SALES, **rest: Any
) -> Original:
    shop = {
        "to": "shop.shop_id",
        "customProperties": [{"property": "carms.quarantine", "value": True}],
    }
    links = {} if name.startswith("bronze") else {"relationships": [shop]}
    made = contract(
        folder,
        name,
        [
            property_("sale_id", primaryKey=True, required=True),
            property_("shop_id", **links),
            property_("state", enum=[{"value": "open"}, {"value": "done"}]),
            property_("code", logicalTypeOptions={"pattern": r"^[A-Z]{2}\d$", "maxLength": 3}),
            property_("amount", "number", "decimal(12,2)", logicalTypeOptions={"minimum": 0}),
            property_("note"),
        ],
        **rest,
    )
    return Original(made, frame, {SHOP: pl.DataFrame({"shop_id": ["a", "b"]})}, seed=1)


def all_mutants(of: Original) -> dict[tuple[str, str], list[Mutant]]:
    return {(p.column, p.kind): list(mutants(of, p)) for p in constraints_of(of.contract)}


def test_every_promise_is_told_once_and_a_plain_text_has_none(tmp_path: Path) -> None:
    assert [(p.column, p.kind) for p in constraints_of(original(tmp_path).contract)] == [
        ("sale_id", "required"),
        ("state", "enum"),
        ("code", "pattern"),
        ("code", "maxLength"),
        ("amount", "type"),
        ("amount", "minimum"),
        ("sale_id", "primaryKey"),
        ("shop_id", "refers to silver.shop"),
    ]


def test_each_promise_is_broken_in_each_of_its_ways(tmp_path: Path) -> None:
    found = all_mutants(original(tmp_path))
    words = {key: [m.corruption.split(":")[0] for m in made] for key, made in found.items()}
    assert words == {
        ("sale_id", "required"): ["null"],
        ("state", "enum"): [
            "outside the set",
            "a space after it",
            "other case",
            "swapped with `sale_id`",
        ],
        ("code", "pattern"): ["breaks the pattern", "swapped with `sale_id`"],
        ("code", "maxLength"): ["one character beyond"],
        ("amount", "type"): ["the column is float64"],
        ("amount", "minimum"): ["one step beyond"],
        ("sale_id", "primaryKey"): ["the value of another row", "a row is doubled"],
        ("shop_id", "refers to silver.shop"): [
            "a reference to nothing",
            "a space after the reference",
        ],
    }


def test_one_row_is_spoiled_and_the_others_stay(tmp_path: Path) -> None:
    of = original(tmp_path)
    for (column, kind), made in all_mutants(of).items():
        if kind == "type":
            continue
        for mutant in made:
            rows = mutant.frame.rows()
            others = [row for at, row in enumerate(rows) if at != mutant.at]
            assert [row for row in others if row not in SALES.rows()] == [], (column, kind)
            assert rows != SALES.rows()


def test_the_same_seed_breaks_the_same_rows(tmp_path: Path) -> None:
    one, two = original(tmp_path), original(tmp_path)
    frames = [[m.frame for made in all_mutants(of).values() for m in made] for of in (one, two)]
    assert all(a.equals(b) for a, b in zip(*frames, strict=True))


def test_a_table_without_rows_can_only_have_other_types(tmp_path: Path) -> None:
    found = all_mutants(original(tmp_path, frame=SALES.clear()))
    assert {key for key, made in found.items() if made} == {("amount", "type")}


def test_in_bronze_a_type_is_broken_by_a_text(tmp_path: Path) -> None:
    (mutant,) = all_mutants(original(tmp_path, "bronze.sale"))["amount", "type"]
    assert mutant.raw == "0.001"
    assert mutant.frame.equals(SALES)


def test_values_about_people_are_not_shown(tmp_path: Path) -> None:
    made = contract(
        tmp_path,
        "silver.person",
        [property_("name", logicalTypeOptions={"pattern": "^[A-Z]"}, classification="personal")],
    )
    of = Original(made, pl.DataFrame({"name": ["Secret"]}), {}, seed=1)
    words = [m.corruption for some in all_mutants(of).values() for m in some]
    assert words == ["breaks the pattern"]
