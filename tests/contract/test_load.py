"""ODCS files become contracts, or an error that names the place."""

from __future__ import annotations

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


def test_a_domain_without_contracts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no contracts"):
        load_contracts([tmp_path], "test")
