"""ODCS files become contracts, or an error that names the place."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from helpers import contract, property_, write_contract

from carms_lake.contract.limits import Severity
from carms_lake.contract.load import load_contracts
from carms_lake.contract.model import Delivery
from carms_lake.errors import ContractError
from carms_lake.names import Layer, TableRef

if TYPE_CHECKING:
    from pathlib import Path

REF = TableRef("test", Layer.SILVER, "orders")


def test_a_contract_has_what_its_file_says(tmp_path: Path) -> None:
    found = contract(
        tmp_path,
        "silver.orders",
        [
            property_("order_id", primaryKey=True, primaryKeyPosition=2),
            property_("line", "integer", primaryKey=True, primaryKeyPosition=1),
            property_(
                "price", "number", "decimal(12,2)", logicalTypeOptions={"exclusiveMinimum": 0}
            ),
            property_("shop_id", relationships=[{"to": "shop.shop_id"}], classification="personal"),
        ],
        quality=[
            {"name": "some", "metric": "rowCount", "mustBeGreaterThan": 0, "severity": "warning"}
        ],
        **{"carms.driver": "bronze.orders", "carms.balance": "one_to_one"},
    )
    assert found.primary_key == ("line", "order_id")
    assert str(found.column("price").type) == "decimal(12,2)"
    assert found.column("line").type.sql == "BIGINT"
    assert found.column("line").required
    assert str(found.relationships[0].target) == "test.silver.shop"
    assert (found.quality[0].severity, found.quality[0].operators) == (
        Severity.WARNING,
        {"mustBeGreaterThan": 0},
    )
    assert str(found.silver.driver) == "test.bronze.orders"


def test_a_source_has_its_files_and_dialect(tmp_path: Path) -> None:
    found = contract(
        tmp_path,
        "bronze.orders",
        [property_("a")],
        **{
            "carms.files": ["x/*.csv"],
            "carms.delivery": "snapshot",
            "carms.encoding": "cp1252",
            "carms.dropColumns": [""],
        },
    )
    assert found.source is not None
    assert (found.source.files, found.source.delivery, found.source.encoding) == (
        ("x/*.csv",),
        Delivery.SNAPSHOT,
        "cp1252",
    )
    assert found.source.drop_columns == ("",)


@pytest.mark.parametrize(
    ("properties", "rest", "message"),
    [
        ([property_("A")], {}, "not a column name"),
        ([property_("a"), property_("a")], {}, "duplicate column name"),
        ([property_("a", "strin")], {}, "unknown type"),
        ([property_("a", **{"carms.coverge": True})], {}, "carms.coverge"),
        ([property_("a")], {"carms.drivr": "bronze.x"}, "carms.drivr"),
        ([property_("a")], {"carms.balance": "sometimes"}, "sometimes"),
        ([property_("a", relationships=[{"to": "shop"}])], {}, "relationship to `shop`"),
        ([property_("a", quality=[{"metric": "rowCount", "severity": "fatal"}])], {}, "fatal"),
        ([{"logicalType": "string"}], {}, "missing `name`"),
        ([property_("a", enum=[{"value": True}])], {}, "quote it"),
    ],
)
def test_a_wrong_contract_is_an_error_that_names_the_place(
    tmp_path: Path, properties: list[dict[str, Any]], rest: dict[str, Any], message: str
) -> None:
    with pytest.raises(ContractError, match=r"orders\.odcs\.yaml") as caught:
        contract(tmp_path, "silver.orders", properties, **rest)
    assert message in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    "text", ["", "- 1", "kind: Other", "a: [", "kind: DataContract\nschema: [{name: other}]"]
)
def test_a_file_that_is_no_contract_is_an_error(tmp_path: Path, text: str) -> None:
    path = write_contract(tmp_path, REF, [])
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=r"orders\.odcs\.yaml"):
        load_contracts([tmp_path], "test")


def test_the_projects_file_wins_over_the_packages_and_older_versions_are_left_alone(
    tmp_path: Path,
) -> None:
    write_contract(tmp_path / "package", REF, [property_("a")])
    write_contract(tmp_path / "package", TableRef("test", Layer.SILVER, "shop"), [property_("a")])
    mine = write_contract(tmp_path / "project", REF, [property_("b")])
    mine.with_name("orders.v1.odcs.yaml").write_text("old", encoding="utf-8")
    found = load_contracts([tmp_path / "package", tmp_path / "project"], "test")
    assert {str(ref): c.column_names for ref, c in found.items()} == {
        "test.silver.orders": ("b",),
        "test.silver.shop": ("a",),
    }


def test_a_contract_without_columns_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="has no column") as caught:
        contract(tmp_path, "silver.orders", [])
    assert "`properties`" in caught.value.hint


def test_a_domain_without_contracts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no contracts"):
        load_contracts([tmp_path], "test")


def bomb(anchors: str) -> str:
    """A text of a few hundred bytes whose last anchor holds ten to the power of their number."""
    texts = [f"x-{anchors[0]}: &{anchors[0]} [{', '.join(['lol'] * 10)}]"]
    for before, name in pairwise(anchors):
        texts.append(f"x-{name}: &{name} [{', '.join([f'*{before}'] * 10)}]")
    return "\n".join(texts) + "\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (bomb("abcdefghij") + "z: *j\n", "with its aliases"),
        (bomb("abcdefghij").replace("[", "{<<: [").replace("]", "]}"), "with its aliases|merg"),
        ("x: &x [*x]\n", "with its aliases"),
        ("x: &x {y: &y {z: *x}}\n", "with its aliases"),
        ("x: " + "[" * 100_000 + "]" * 100_000 + "\n", "levels deep"),
        ("x:\n  " + "- " * 100_000 + "y\n", "levels deep"),
        ("x: " + "{a: " * 3_000 + "b" + "}" * 3_000 + "\n", "levels deep"),
        ("x: 1" + ":59" * 10_000 + "\n", "a number of 30001 characters"),
        ("x: " + "7" * 5_000 + "\n", "a number of 5000 characters"),
        ("x: 2026-13-45\n", "month must be in"),
    ],
)
def test_a_text_that_would_hang_or_fill_the_memory_is_an_error_of_the_contract(
    text: str, message: str, tmp_path: Path
) -> None:
    path = write_contract(tmp_path, REF, [property_("order_id")])
    path.write_text(text + path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ContractError, match=rf"orders\.odcs\.yaml. is not YAML: .*({message})"):
        load_contracts([tmp_path], "test")


def test_aliases_that_repeat_little_are_read(tmp_path: Path) -> None:
    path = write_contract(tmp_path, REF, [property_("order_id")])
    text = path.read_text(encoding="utf-8") + "x-a: &a {b: [1, 2]}\nx-c: [*a, {<<: *a, d: 3}]\n"
    path.write_text(text, encoding="utf-8")
    assert load_contracts([tmp_path], "test")[REF].column_names == ("order_id",)


@pytest.mark.parametrize(
    ("where", "key"),
    [("table", "description"), ("table", "dataGranularityDescription")]
    + [("column", key) for key in ("description", "transformDescription", "classification")]
    + [("rule", key) for key in ("description", "query")],
)
@pytest.mark.parametrize("value", [["a", "list"], {"a": "mapping"}, 2026])
def test_what_must_be_text_is_text(where: str, key: str, value: object, tmp_path: Path) -> None:
    rule = {"name": "r", "type": "sql", "query": "select 0", "mustBe": 0}
    parts: dict[str, dict[str, Any]] = {"table": {}, "column": {}, "rule": {"quality": [rule]}}
    (rule if where == "rule" else parts[where])[key] = value
    properties = [property_("order_id", **parts["column"])]
    with pytest.raises(ContractError, match=f"`{key}` is .*, which is not text: quote it"):
        contract(tmp_path, "silver.orders", properties, **parts["table"], **parts["rule"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "table as select 1"}, "`physicalType` is"),
        ({"logicalTypeOptions": {"minLength": "1) or (1"}}, "`minLength` is .*not a whole number"),
    ],
)
def test_what_becomes_sql_is_what_it_should_be(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    kind = {"kind": change.pop("kind")} if "kind" in change else {}
    with pytest.raises(ContractError, match=message):
        contract(tmp_path, "silver.orders", [property_("order_id", **change)], **kind)
