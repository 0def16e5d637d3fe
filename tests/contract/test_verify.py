"""What a contract says of tables and columns must be there; a mistake is told before a run."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from helpers import contract, property_, write_contract

from carms_lake import readers
from carms_lake.config import builtin_schemas
from carms_lake.contract.load import load_contracts
from carms_lake.contract.types import FORMATS
from carms_lake.errors import ContractError
from carms_lake.names import TableRef

if TYPE_CHECKING:
    from carms_lake.contract.model import Contract

KEY = property_("order_id", primaryKey=True)
SHOP = property_("shop_id", primaryKey=True)
DRIVEN = {"carms.driver": "bronze.orders", "carms.balance": "one_to_one"}
SOURCE = {"carms.files": ["*.csv"], "carms.format": "csv"}


def put(folder: Path, name: str, properties: list[dict[str, Any]], **rest: Any) -> Path:
    ref = TableRef.parse(name, domain="test")
    assert ref is not None
    return write_contract(folder, ref, properties, **rest)


def loaded(
    folder: Path, properties: list[dict[str, Any]] | None = None, **rest: Any
) -> dict[TableRef, Contract]:
    """`silver.orders` as a test wants it, among a bronze and a silver table that are right."""
    put(folder, "bronze.orders", [property_("order_id"), property_("line")], **SOURCE)
    put(folder, "silver.shop", [SHOP])
    put(folder, "silver.orders", properties or [KEY], **{**DRIVEN, **rest})
    return load_contracts([folder], "test")


def refers(to: Any, **rest: Any) -> dict[str, Any]:
    return {"relationships": [{"to": to, **rest}]}


@pytest.mark.parametrize(
    ("rest", "message", "hint"),
    [
        ({"carms.driver": "orders"}, "`carms.driver` is `orders`", "`bronze.orders`"),
        ({"carms.driver": "bronze.order"}, "no table `bronze.order`", "`bronze.orders`"),
        ({"carms.driver": None}, "there is no driver", "carms.driver"),
        ({"carms.driver": None, "carms.balance": "expand"}, "there is no driver", "carms.driver"),
        (
            {"carms.driver": None, "carms.balance": "none", "carms.driverKey": ["line"]},
            "`carms.driverKey` without a driver",
            "carms.driver",
        ),
        ({"carms.driverKey": ["lin"]}, "no column `lin` in `bronze.orders`", "`line`"),
        ({"carms.balance": "deduplicate"}, "no `carms.order`", "last in that order"),
        ({"carms.balance": "expand"}, "`test.bronze.orders` has no key", "carms.driverKey"),
        (
            {"carms.balance": "expand", "carms.driverKey": ["order_id", "line"]},
            "shorter than its driver's",
            "begin the primary key",
        ),
        ({"carms.order": ["-src_filenam"]}, "no column `src_filenam`", "`src_filename`"),
        ({"carms.coverageBy": ["order"]}, "no column `order`", "`order_id`"),
        ({"carms.history": {"key": ["order"]}}, "`carms.history`, `key`: no column", "`order_id`"),
        (
            {"carms.history": {"key": ["order_id"], "ignore": ["lin"]}},
            "`carms.history`, `ignore`: no column `lin`",
            "`line`",
        ),
        ({"carms.history": {"grop": ["a"]}}, "unknown key `grop`", "`group`"),
        ({"carms.history": {"group": ["a"]}}, "missing `carms.history.key`", ""),
        ({"carms.history": "order_id"}, "`carms.history` is `order_id`", "key: [column]"),
        ({"carms.coverageBy": [1]}, "has `1`, which is not text", ""),
        ({"carms.reconcile": [{"name": "n", "gold": "select 1"}]}, "has no `silver`", ""),
        ({"carms.reconcile": ["select 1"]}, "has no `name`", ""),
        (
            {"quality": [{"metric": "duplicateValues", "arguments": {"properties": ["order"]}}]},
            "rule `orders.duplicateValues`: no column `order`",
            "`order_id`",
        ),
        (
            {"relationships": [{"from": ["orders.order"], "to": ["shop.shop_id"]}]},
            "relationship of `order`: no column `order` in `silver.orders`",
            "`order_id`",
        ),
        (
            {"relationships": [{"from": ["orders.order_id"], "to": ["shop.a", "shop.b"]}]},
            "`silver.shop.a`, `silver.shop.b`",
            "as many columns there as here",
        ),
    ],
)
def test_a_mistake_in_a_table_is_told_with_its_file_and_place(
    tmp_path: Path, rest: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(ContractError, match=r"silver.orders\.odcs\.yaml") as caught:
        loaded(tmp_path, **rest)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("own", "message", "hint"),
    [
        (refers("shops.shop_id"), "no table `silver.shops`", "`silver.shop`"),
        (refers("shop.shop"), "no column `shop` in `silver.shop`", "`shop_id`"),
        (
            {"carms.fromPath": r"(\d+"},
            "column `order_id`: `carms.fromPath` is not a regular expression",
            "",
        ),
        ({"carms.fromPath": r"\d+"}, "`carms.fromPath` has 0 groups", "one"),
        ({"carms.fromPath": r"(\d+)_(\d+)"}, "`carms.fromPath` has 2 groups", "one"),
        ({"carms.fromPath": 7}, "`carms.fromPath` is not a regular expression", ""),
        ({"carms.agreesWithPath": r"\d+"}, "`carms.agreesWithPath` has 0 groups", "one"),
    ],
)
def test_a_mistake_in_a_column_is_told_with_its_file_and_place(
    tmp_path: Path, own: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(ContractError, match=r"silver.orders\.odcs\.yaml") as caught:
        loaded(tmp_path, [property_("order_id", primaryKey=True, **own)])
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_an_unknown_format_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    put(tmp_path, "bronze.orders", [KEY], **{**SOURCE, "carms.format": "parket"})
    with pytest.raises(ContractError, match=r"orders\.odcs\.yaml.*`parket`") as caught:
        load_contracts([tmp_path], "test")
    assert caught.value.hint == "did you mean `parquet`?"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"carms.format": ["csv", "jsonl"]}, "`carms.format` names csv, jsonl"),
        ({"carms.format": ["delta", "csv", "jsonl"]}, "names delta, csv, jsonl"),
        ({"carms.mergeSurplusInto": "nam"}, "no column `nam`"),
        ({"carms.mergeSurplusInto": "line"}, "`carms.mergeSurplusInto` names `line`"),
        ({"carms.mergeSurplusInto": "order_id", "carms.format": "jsonl"}, "names `order_id`"),
        ({"carms.newColumns": "perhaps"}, "perhaps"),
    ],
)
def test_a_source_that_cannot_be_read_so_is_told(
    tmp_path: Path, keys: dict[str, Any], message: str
) -> None:
    columns = [KEY, property_("line", "integer", "integer")]
    put(tmp_path, "bronze.orders", columns, **{**SOURCE, **keys})
    with pytest.raises(ContractError, match=r"orders\.odcs\.yaml") as caught:
        load_contracts([tmp_path], "test")
    assert message in caught.value.message


def test_a_column_cannot_be_called_like_a_mark_of_its_own_table(tmp_path: Path) -> None:
    put(tmp_path, "bronze.orders", [property_("run_id")], **SOURCE)
    with pytest.raises(ContractError, match="`run_id` has the name of an audit"):
        load_contracts([tmp_path], "test")
    put(tmp_path, "bronze.orders", [property_("delivered_at")], **SOURCE)
    load_contracts([tmp_path], "test")
    snapshot = {**SOURCE, "carms.delivery": "snapshot"}
    put(tmp_path, "bronze.orders", [property_("delivered_at")], **snapshot)
    with pytest.raises(ContractError, match="`delivered_at` has the name of an audit"):
        load_contracts([tmp_path], "test")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_that_a_contract_may_name_has_a_reader(name: str) -> None:
    assert callable(readers._reader(name))


@pytest.mark.parametrize("left_out", ["carms.files", "carms.format"])
def test_a_source_without_files_or_format_is_told(tmp_path: Path, left_out: str) -> None:
    put(tmp_path, "bronze.orders", [KEY], **{**SOURCE, left_out: None})
    with pytest.raises(ContractError, match=f"missing `{left_out}`"):
        load_contracts([tmp_path], "test")


def test_a_column_may_be_one_that_bronze_gives_beside_its_contract(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        **{
            "carms.balance": "deduplicate",
            "carms.order": ["delivered_at", "-src_row_number", "line"],
            "carms.driverKey": ["src_filename"],
            "relationships": [{"from": ["orders.order_id"], "to": ["shop.shop_id"]}],
        },
    )
    assert found[TableRef.parse("silver.orders", domain="test")].silver.order[0] == "delivered_at"  # type: ignore[index]


def test_a_single_text_is_a_list_of_one(tmp_path: Path) -> None:
    source = contract(
        tmp_path,
        "bronze.orders",
        [KEY],
        **{"carms.files": "sales/*.csv", "carms.dropColumns": "", "carms.nullValues": "NA"},
    ).source
    assert source is not None
    assert (source.files, source.drop_columns, source.null_values) == (
        ("sales/*.csv",),
        ("",),
        ("NA",),
    )
    silver = contract(
        tmp_path,
        "silver.orders",
        [KEY],
        **{
            **DRIVEN,
            "carms.order": "order_id",
            "carms.driverKey": "order_id",
            "carms.coverageBy": "order_id",
            "carms.parameters": "shop := null",
            "carms.history": {"key": "order_id", "group": "shop", "ignore": "order_id"},
        },
    )
    spec, history = silver.silver, silver.silver.history
    assert history is not None
    assert (spec.order, spec.driver_key, history.key, history.ignore) == (("order_id",),) * 4
    assert history.group == ("shop",)
    assert (silver.coverage_by, silver.parameters) == (("order_id",), ("shop := null",))


@pytest.mark.parametrize(
    "schema",
    [{"name": "orders"}, ["orders"], "orders", [{"name": "orders"}, "orders"], 1, None],
    ids=str,
)
def test_a_schema_of_another_shape_is_told(tmp_path: Path, schema: Any) -> None:
    path = put(tmp_path, "silver.orders", [KEY])
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**document, "schema": schema}), encoding="utf-8")
    with pytest.raises(ContractError, match=r"orders\.odcs\.yaml`: `schema` must hold one object"):
        load_contracts([tmp_path], "test")


@pytest.mark.parametrize(
    "rest", [{"properties": ["order_id"]}, {"customProperties": {"property": "carms.order"}}]
)
def test_parts_of_another_shape_are_told(tmp_path: Path, rest: dict[str, Any]) -> None:
    path = put(tmp_path, "silver.orders", [KEY])
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["schema"][0].update(rest)
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(
        ContractError, match=r"orders\.odcs\.yaml`: a part of it does not have the shape"
    ):
        load_contracts([tmp_path], "test")


@pytest.mark.parametrize(
    ("folder", "domain"),
    [
        (builtin_schemas() / "carms", "carms"),
        (Path(str(files("tiny_shop"))) / "schemas", "tiny"),
    ],
    ids=["carms", "tiny"],
)
def test_the_contracts_at_hand_hold(folder: Path, domain: str) -> None:
    assert load_contracts([folder], domain)


WORDS = [
    property_("order_id", primaryKey=True),
    property_("fact"),
    property_("sentence"),
    property_("page"),
]


def test_a_contract_names_the_table_of_the_words_that_its_values_were_read_from(
    tmp_path: Path,
) -> None:
    put(tmp_path, "silver.words", WORDS)
    (spec,) = (
        found.evidence
        for ref, found in loaded(tmp_path, **{"carms.evidence": "silver.words"}).items()
        if ref.in_domain == "silver.orders"
    )
    assert spec is not None
    assert (spec.table.in_domain, spec.fact, spec.item) == ("silver.words", None, ())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("silver.word", "no table `silver.word`"),
        ("silver.shop", "no column `fact` in `silver.shop`"),
        ({"table": "silver.words", "item": ["order_id"]}, "no column `item` in `silver.words`"),
        ({"table": "silver.words", "sentence": "x"}, "write `layer.table`"),
        ("nowhere", "write `layer.table`"),
        (["silver.words"], "write `layer.table`"),
        ("silver.strange", "has no key column of this table"),
    ],
)
def test_a_table_of_words_that_does_not_fit_is_told(
    tmp_path: Path, value: Any, message: str
) -> None:
    put(tmp_path, "silver.words", WORDS)
    put(tmp_path, "silver.strange", [property_("fact"), property_("sentence")])
    with pytest.raises(ContractError, match=message):
        loaded(tmp_path, **{"carms.evidence": value})
