"""A contract of bronze that takes away what silver reads is refused before anything is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tiny import built, rows, stocked, with_keys

from carms_lake.errors import ContractError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.names import Layer, TableRef
from carms_lake.store import delta, table_path

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig


def changed(config: LakeConfig, table: str, column: str, **change: Any) -> LakeConfig:
    """The project with another column in a contract of bronze; without a change, without it."""
    path = config.domain.schemas[0] / f"bronze/{table}.odcs.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    properties = [
        entry | change if entry["name"] == column else entry
        for entry in document["schema"][0]["properties"]
        if change or entry["name"] != column
    ]
    return with_keys(config, f"bronze/{table}", properties=properties)


RENAMED = {"name": "title", "physicalName": "name"}


@pytest.mark.parametrize(
    ("table", "column", "change", "words"),
    [
        ("products", "name", RENAMED, r"`tiny.silver.product` reads `name`, which"),
        ("products", "price", {}, r"`tiny.silver.product` reads `price`, which"),
        ("sales", "quantity", {}, r"`tiny.silver.sale` reads `quantity`, which"),
    ],
    ids=["renamed", "dropped", "of another table"],
)
@pytest.mark.parametrize("is_loaded", [False, True], ids=["new", "loaded"])
def test_it_names_both_tables_and_loads_nothing(
    tmp_path: Path, table: str, column: str, change: dict[str, Any], words: str, *, is_loaded: bool
) -> None:
    config = built(tmp_path) if is_loaded else stocked(tmp_path)
    wrong = changed(config, table, column, **change)
    before = rows(config, f"bronze.{table}") if is_loaded else None
    for refused in (
        lambda: ingest(wrong, dry_run=True),
        lambda: ingest(wrong),
        lambda: ingest(wrong, full_refresh=True),
        *([lambda: build(wrong)] if is_loaded else []),
    ):
        with pytest.raises(ContractError, match=words) as error:
            refused()
        assert f"`bronze.{table}` (contract 1.0.0)" in error.value.message
        assert f"{table}.odcs.yaml" in error.value.hint
    if is_loaded:
        assert rows(config, f"bronze.{table}") == before
    else:
        path = table_path(config, TableRef("tiny", Layer.BRONZE, table))
        assert not delta.exists(path)


def test_a_column_that_silver_does_not_read_may_go(tmp_path: Path) -> None:
    config = built(tmp_path)
    path = config.domain.schemas[0] / "bronze/products.odcs.yaml"
    properties = yaml.safe_load(path.read_text(encoding="utf-8"))["schema"][0]["properties"]
    more = [*properties, {"name": "note", "logicalType": "string", "customProperties": []}]
    more[-1]["customProperties"] = [{"property": "carms.mayBeAbsent", "value": True}]
    for own in (more, properties):
        config = with_keys(config, "bronze/products", properties=own)
        ingest(config, full_refresh=True)
        build(config)


def test_a_type_that_silver_cannot_work_with_is_a_wrong_contract_too(tmp_path: Path) -> None:
    text = {"logicalType": "string", "physicalType": "varchar", "logicalTypeOptions": {}}
    config = changed(built(tmp_path), "sales", "quantity", **text)
    ingest(config, full_refresh=True)
    with pytest.raises(ContractError, match=r"`tiny.silver.sale` cannot work with .*bronze.sales"):
        build(config)


def test_a_history_needs_the_moments_of_deliveries(tmp_path: Path) -> None:
    config = with_keys(stocked(tmp_path), "bronze/products", **{"carms.delivery": "append"})
    with pytest.raises(ContractError, match=r"product_history` reads `delivered_at`, which"):
        ingest(config)
