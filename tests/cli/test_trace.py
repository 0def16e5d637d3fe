"""`carms trace` as it is seen: rows, trees, and what is said beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tiny import project, put, stocked
from typer.testing import CliRunner

from carms_lake.cli import make_app
from carms_lake.config import CONFIG_FILE

if TYPE_CHECKING:
    from click.testing import Result

    from carms_lake.config import LakeConfig


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> LakeConfig:
    config = stocked(tmp_path_factory.mktemp("shop"))
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,none\ns4,p1,3\n")
    (config.project / CONFIG_FILE).write_text('domain = "tiny"\ndomains = ["tiny"]\n', "utf-8")
    assert invoke(config, "run").exit_code == 0
    return config


def invoke(config: LakeConfig, *argv: str) -> Result:
    return CliRunner().invoke(make_app(), ["-p", str(config.project), *argv])


@pytest.fixture
def at_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carms_lake.cli.trace.text_width", lambda _: 80)


@pytest.mark.usefixtures("at_80_columns")
@pytest.mark.parametrize(
    "argv", [["p1"], ["sale_id=s3"], ["s1", "--column", "amount"], ["s4", "--table", "fact_sale"]]
)
def test_nothing_is_wider_than_the_terminal(shop: LakeConfig, argv: list[str]) -> None:
    shown = invoke(shop, "trace", *argv, "-f", "table")
    assert shown.exit_code == 0, shown.stderr
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_rows_say_their_role_and_show_the_record_of_the_file(shop: LakeConfig) -> None:
    lines = invoke(shop, "trace", "s1", "-f", "table").stdout.splitlines()
    assert "bronze.sales  (sales/day_1.csv, record 1)  [source]" in lines
    assert "  in the file, line 2: s1,p1,2" in lines
    assert "silver.sale" in lines
    rows = json.loads(invoke(shop, "trace", "s1", "-f", "json").stdout)
    assert {(row["role"], row["raw_record"]) for row in rows if row["table"] == "bronze.sales"} == {
        ("source", "s1,p1,2")
    }
    assert {row["role"] for row in rows if row["table"] == "gold.fact_sale"} == {"found"}


def test_what_was_set_aside_is_shown_with_its_reason(shop: LakeConfig) -> None:
    shown = invoke(shop, "trace", "sale_id=s3", "-f", "table")
    assert shown.exit_code == 0
    assert "bronze.sales  (sales/day_2.csv, record 1)  [rejected]" in shown.stdout
    assert "  because TYPE_MISMATCH quantity.type: `quantity` must be integer" in shown.stdout
    assert "  the record: s3,p1,none" in shown.stdout
    (row,) = json.loads(invoke(shop, "trace", "sale_id=s3", "-f", "json").stdout)
    assert (row["role"], row["raw_record"]) == ("set_aside", "s3,p1,none")


def test_a_value_is_a_tree_down_to_the_record(shop: LakeConfig) -> None:
    shown = invoke(shop, "trace", "s1", "--column", "amount", "-f", "table")
    assert shown.stdout.splitlines() == [
        "",
        "gold.fact_sale.amount = 5.00  (sale_id s1)",
        "sql: sale.amount",
        "└── silver.sale.amount = 5.00",
        "    contract: quantity times the product's price of today",
        "    ├── bronze.sales.quantity = 2",
        "    │   └── sales/day_1.csv, record 1, line 2",
        "    │       └── s1,p1,2",
        "    └── silver.product.price = 2.50",
        "        (the contract names no source)",
        "        └── bronze.products.price = 2.50",
        "            └── products.csv, record 1, delivery 1, line 2",
        "                └── p1,Tea,2.50",
    ]


def test_a_value_as_rows_has_a_path(shop: LakeConfig) -> None:
    rows = json.loads(invoke(shop, "trace", "s1", "--column", "amount", "-f", "json").stdout)
    assert [(row["path"], row["table"], row["column"], row["known"]) for row in rows] == [
        ("1", "gold.fact_sale", "amount", "sql"),
        ("1.1", "silver.sale", "amount", "contract"),
        ("1.1.1", "bronze.sales", "quantity", "file"),
        ("1.1.2", "silver.product", "price", "contract"),
        ("1.1.2.1", "bronze.products", "price", "file"),
    ]
    assert rows[2]["raw_record"] == "s1,p1,2"


@pytest.mark.parametrize(
    ("argv", "code", "told"),
    [
        (["nobody"], 1, "no row of `tiny` has the key `nobody`"),
        (["s1", "--column", "amuont"], 2, "no table of this key has a column `amuont`"),
        (["s1", "--table", "fact_sales"], 2, "no table `fact_sales` to trace"),
        (["{"], 2, "the key is not valid JSON"),
        (["sale_id=s3", "--column", "amount"], 1, "it was rejected or quarantined"),
    ],
)
def test_what_cannot_be_traced_says_what_to_do(
    shop: LakeConfig, argv: list[str], code: int, told: str
) -> None:
    result = invoke(shop, "trace", *argv)
    assert (result.exit_code, result.stdout) == (code, "")
    assert told in result.stderr
    assert "hint: " in result.stderr


def test_without_gold_the_build_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    config = project(tmp_path_factory.mktemp("empty"))
    (config.project / CONFIG_FILE).write_text('domain = "tiny"\ndomains = ["tiny"]\n', "utf-8")
    assert "run `carms build` first" in invoke(config, "trace", "s1").stderr
