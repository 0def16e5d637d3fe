"""Pandera decides: each constraint of a contract is a check of its schema, and finds its rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandera.polars as pa
import polars as pl
import pytest
from helpers import contract, property_

from carms_lake.errors import ContractError
from carms_lake.names import TableRef
from carms_lake.quality.schema import compiled, failure_cases
from carms_lake.quality.types import polars_schema

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.contract.model import Contract

SHOPS = TableRef.parse("silver.shop", domain="test")
REFERENCES = {SHOPS: pl.DataFrame({"shop_id": ["s1", "s2"]})}
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
GOOD = {
    "item_id": "i1",
    "shop_id": "s1",
    "size": 5,
    "share": 0.5,
    "colour": "red",
    "price": Decimal("1.50"),
    "made_on": date(2026, 1, 1),
    "sold_at": NOON,
}
BROKEN = {
    "item_id.required": {"item_id": None},
    "item_id.pattern": {"item_id": "x1"},
    "item_id.minLength": {"item_id": "i"},
    "item_id.maxLength": {"item_id": "i12345"},
    "item_id.primaryKey": {"size": 6},
    "shop_id.relationship": {"shop_id": "s9"},
    "size.minimum": {"size": 0},
    "size.maximum": {"size": 10},
    "share.exclusiveMinimum": {"share": 0.0},
    "share.exclusiveMaximum": {"share": 1.0},
    "colour.enum": {"colour": "green"},
    "price.minimum": {"price": Decimal("-0.01")},
    "made_on.minimum": {"made_on": date(2019, 12, 31)},
    "sold_at.maximum": {"sold_at": datetime(2031, 1, 1, tzinfo=UTC)},
    "sold_after_made": {"made_on": date(2026, 1, 2)},
}


@pytest.fixture(scope="module")
def item(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return make(tmp_path_factory.mktemp("contracts"))


def make(folder: Path, query: str = "select count(*) from {table} where sold_at < made_on") -> Any:
    options = {"pattern": "^i", "minLength": 2, "maxLength": 5}
    shop = {
        "to": "shop.shop_id",
        "customProperties": [{"property": "carms.quarantine", "value": True}],
    }
    properties = [
        property_("item_id", primaryKey=True, required=True, logicalTypeOptions=options),
        property_("shop_id", relationships=[shop]),
        property_("size", "integer", "integer", logicalTypeOptions={"minimum": 1, "maximum": 9}),
        property_(
            "share",
            "number",
            "double",
            logicalTypeOptions={"exclusiveMinimum": 0, "exclusiveMaximum": 1},
        ),
        property_("colour", enum=[{"value": "red"}, {"value": "blue"}]),
        property_("price", "number", "decimal(12,2)", logicalTypeOptions={"minimum": 0}),
        property_("made_on", "date", "date", logicalTypeOptions={"minimum": "2020-01-01"}),
        property_(
            "sold_at",
            "timestamp",
            "timestamp",
            logicalTypeOptions={"maximum": "2030-01-01T00:00:00"},
        ),
    ]
    rule = {
        "name": "sold_after_made",
        "type": "sql",
        "query": query,
        "mustBe": 0,
        "customProperties": [{"property": "carms.quarantine", "value": True}],
    }
    return contract(folder, "silver.item", properties, quality=[rule])


def frame(item: Contract, *changes: dict[str, Any]) -> pl.DataFrame:
    rows = [{**GOOD, "item_id": f"i{number}", **row} for number, row in enumerate(changes)]
    return pl.DataFrame(rows, schema=polars_schema(item))


def found(item: Contract, rows: pl.DataFrame, *checks: pa.Check) -> dict[str, list[int]]:
    schema = compiled(item, REFERENCES, checks=checks)
    return {
        name: positions.to_list() for name, positions in failure_cases(rows, schema, item).items()
    }


def test_a_table_that_keeps_its_contract_has_no_failure_cases(item: Contract) -> None:
    nulls = {**dict.fromkeys(GOOD, None), "item_id": "i9"}
    assert found(item, frame(item, {}, {}, nulls)) == {}
    assert found(item, frame(item).clear()) == {}


@pytest.mark.parametrize("name", BROKEN)
def test_each_constraint_is_a_check_that_finds_its_rows(item: Contract, name: str) -> None:
    bad = {"item_id": "i0", **BROKEN[name]} if name.endswith("Key") else BROKEN[name]
    rows = [0, 2] if name.endswith("Key") else [2]
    assert found(item, frame(item, {}, {}, bad, {})) == {name: rows}


@pytest.mark.parametrize("value", [float("nan")])
def test_not_a_number_is_in_no_range(item: Contract, value: float) -> None:
    both = {"share.exclusiveMinimum": [0], "share.exclusiveMaximum": [0]}
    assert found(item, frame(item, {"share": value})) == both


@pytest.mark.parametrize("column", GOOD)
def test_a_column_of_another_type_stops_the_table(item: Contract, column: str) -> None:
    rows = frame(item, {})
    near = {
        "sold_at": pl.col("sold_at").dt.replace_time_zone(None),
        "price": pl.col("price").cast(pl.Decimal(12, 3)),
        "size": pl.col("size").cast(pl.Int64),
        "share": pl.col("share").cast(pl.Float32),
        "made_on": pl.col("made_on").cast(pl.Datetime("us")),
    }
    other = rows.with_columns(near.get(column, pl.lit(1)).alias(column))
    with pytest.raises(ContractError, match=f"`{column}` is "):
        found(item, other)
    with pytest.raises(ContractError, match=f"`{column}` is missing"):
        found(item, rows.drop(column))


def test_a_column_that_the_contract_does_not_name_stops_the_table(item: Contract) -> None:
    with pytest.raises(ContractError, match=r"`extra` is Int32, .* no such column"):
        found(item, frame(item, {}).with_columns(extra=1))


def test_the_environment_cannot_switch_the_checks_off(
    item: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("validation_enabled", False), ("validation_depth", "SCHEMA_ONLY")):
        monkeypatch.setattr(f"pandera.config.CONFIG.{name}", value)
        with pa_context(**{name: value}):
            assert found(item, frame(item, {"size": 0})) == {"size.minimum": [0]}


def pa_context(**settings: Any) -> Any:
    from pandera.config import config_context

    return config_context(**settings)


def test_a_check_of_the_author_finds_rows_by_its_name(item: Contract) -> None:
    cheap = pa.Check(
        lambda data: data.lazyframe.select(pl.col("price") < pl.col("size")), name="cheap"
    )
    assert found(item, frame(item, {}, {"size": 1}, {"size": None}), cheap) == {"cheap": [1]}


@pytest.mark.parametrize(
    "check", [lambda _: False, lambda data: data.lazyframe.select(pl.col("missing") > 0)]
)
def test_a_check_that_names_no_rows_is_an_error(item: Contract, check: Any) -> None:
    with pytest.raises(ContractError, match="do not say which rows fail: `odd`"):
        found(item, frame(item, {}), pa.Check(check, name="odd"))


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        "select count(*) from silver.shop where shop_id is null",
        "select count(*) from {table} where size > (select max(size) from {table})",
        "select count(*) from {table} where row_number() over () > 1",
        "select count(*) from {table} group by size",
        "not a select",
    ],
)
def test_a_rule_that_does_not_judge_single_rows_is_refused(tmp_path: Path, query: str) -> None:
    with pytest.raises(ContractError, match="sold_after_made"):
        compiled(make(tmp_path, query), REFERENCES)


def test_a_rule_about_an_unknown_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no column `sizes`"):
        compiled(make(tmp_path, "select count(*) from ${object} where sizes > 1"), REFERENCES)


def test_a_rule_cannot_read_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("x", encoding="utf-8")
    query = f"select count(*) from '{secret.as_posix()}'"
    with pytest.raises(ContractError, match="must only read"):
        compiled(make(tmp_path, query), REFERENCES)
