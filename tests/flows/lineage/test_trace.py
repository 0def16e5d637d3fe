"""A record's way from its file to gold and up again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ledger_lake
import pytest
from own_domain import own_shop
from tiny import PRODUCTS, SALES, built, gold, put, stocked

import carms_lake
from carms_lake.errors import UnknownKey, UsageError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.lineage import ROWS_SHOWN, Trace, trace
from carms_lake.flows.lineage.keys import Key, read_key

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> LakeConfig:
    """A lake that no test changes."""
    return built(tmp_path_factory.mktemp("plain"))


def found(way: Trace, role: str) -> list[tuple[str, Any]]:
    """The tables of a role, each with its row's first value."""
    return [(step.table.in_domain, step.values[0].value) for step in way.steps if step.role == role]


def test_a_key_is_followed_from_its_file_to_gold(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    put(config, "products.csv", PRODUCTS.replace("2.50", "2.75"))
    ingest(config)
    build(config)
    way = trace(config, "p1")
    steps = [(step.table.in_domain, step.place) for step in way.steps]
    assert steps[:3] == [
        ("bronze.products", "products.csv, record 1, delivery 1"),
        ("bronze.products", "products.csv, record 1, delivery 2"),
        ("bronze.sales", "sales/day_1.csv, record 1"),
    ]
    assert {table for table, _ in steps} >= {
        "silver.product",
        "silver.product_history",
        "silver.sale",
        "gold.dim_product",
        "gold.fact_sale",
    }
    price = next(step for step in way.steps if step.table.in_domain == "silver.sale").values
    assert {v.column: v.rule for v in price}[
        "amount"
    ] == "quantity times the product's price of today"


def test_a_record_is_shown_as_its_file_has_it_while_that_is_what_landed(tmp_path: Path) -> None:
    config = built(tmp_path)
    path = put(config, "products.csv", PRODUCTS.replace("2.50", "2.75"))
    ingest(config)
    build(config)

    def raw(file: str) -> list[Any]:
        return [step.raw for step in trace(config, "p1").steps if file in step.place]

    before, now = raw("products.csv")
    assert (before.text, before.missing) == (None, "the file in data_raw has changed since")
    assert (now.text, now.line) == ("p1,Tea,2.75", 2)
    path.unlink()
    assert {one.missing for one in raw("products.csv")} == {"the file is not in data_raw"}
    assert [one.text for one in raw("sales/day_1.csv")] == ["s1,p1,2"]


def test_a_surrogate_key_leads_down_to_the_file_and_up_to_what_refers_to_it(
    tmp_path: Path,
) -> None:
    config = built(tmp_path, "s3,p1,1\n")
    key = gold(config, "select product_key from gold.dim_product where product_id = 'p1'")[0][0]
    way = trace(config, str(key), table="dim_product")
    assert found(way, "found") == [("gold.dim_product", key)]
    assert found(way, "source") == [("bronze.products", "p1"), ("silver.product", "p1")]
    assert found(way, "result") == [("gold.fact_sale", "s1"), ("gold.fact_sale", "s3")]
    assert trace(config, f"product_key={key}", table="gold.dim_product") == way
    assert trace(config, f'{{"product_key": {key}}}', table="tiny.gold.dim_product") == way


def test_a_row_of_a_view_is_traced_through_all_that_it_counts(tmp_path: Path) -> None:
    config = built(tmp_path, "s3,p1,1\n")
    way = trace(config, "name=Tea", table="sales_by_product")
    assert found(way, "found") == [("gold.sales_by_product", "Tea")]
    assert {(t, v) for t, v in found(way, "source") if t == "silver.sale"} == {
        ("silver.sale", "s1"),
        ("silver.sale", "s3"),
    }
    assert [step.place for step in way.steps if step.table.in_domain == "bronze.sales"] == [
        "sales/day_1.csv, record 1",
        "sales/day_2.csv, record 1",
    ]


def test_a_bronze_row_leads_up_to_silver_and_gold(plain: LakeConfig) -> None:
    way = trace(plain, "sale_id=s2", table="bronze.sales")
    assert found(way, "found") == [("bronze.sales", "s2")]
    assert found(way, "result") == [("silver.sale", "s2"), ("gold.fact_sale", "s2")]


def test_an_unknown_member_is_made_of_nothing(plain: LakeConfig) -> None:
    way = trace(plain, "product_key=-1", table="dim_product")
    assert found(way, "found") == [("gold.dim_product", -1)]
    assert found(way, "source") == found(way, "result") == []


def test_what_was_set_aside_is_found_with_its_reason(tmp_path: Path) -> None:
    config = built(tmp_path, "s3,p1,none\ns4,p9,1\n")
    (rejected,) = trace(config, "sale_id=s3").rejects
    assert (rejected.table.in_domain, rejected.place) == (
        "bronze.sales",
        "sales/day_2.csv, record 1",
    )
    assert rejected.raw == "s3,p1,none"
    assert rejected.reasons[0].startswith("TYPE_MISMATCH quantity.type")
    way = trace(config, "sale_id=s4")
    (quarantined,) = way.rejects
    assert quarantined.table.in_domain == "silver.sale"
    assert quarantined.reasons[0].startswith("UNKNOWN_REFERENCE product_id.relationship")
    assert [step.place for step in way.steps] == ["sales/day_2.csv, record 2"]
    assert way.notes == ()


def test_a_word_of_another_column_is_no_key_of_a_rejected_record(tmp_path: Path) -> None:
    config = built(tmp_path, "s3,p1,none\n")
    assert trace(config, "product_id=p1").rejects[0].place == "sales/day_2.csv, record 1"
    with pytest.raises(UnknownKey):
        trace(config, "product_id=s3")


def test_a_key_that_nothing_has_is_an_error(plain: LakeConfig) -> None:
    with pytest.raises(UnknownKey, match="`p`"):
        trace(plain, "p")
    with pytest.raises(UnknownKey, match=r"`gold\.fact_sale` has the key `s9`"):
        trace(plain, "s9", table="fact_sale")


@pytest.mark.parametrize("more", [0, 1])
def test_a_table_with_more_rows_than_are_shown_is_named(tmp_path: Path, more: int) -> None:
    config = built(tmp_path, "".join(f"x{n},p1,1\n" for n in range(ROWS_SHOWN - 1 + more)))
    way = trace(config, "p1")
    shown = [step.table.in_domain for step in way.steps]
    assert shown.count("bronze.sales") == shown.count("silver.sale") == ROWS_SHOWN
    cut = ["bronze.sales", "silver.sale", "gold.fact_sale"] if more else []
    assert [table.in_domain for table in way.cut] == cut


def test_one_entry_leads_to_the_balance_of_its_account_alone(tmp_path: Path) -> None:
    config = ledger_lake.project(tmp_path)
    ledger_lake.accounts(config, "ab")
    ledger_lake.entries(config, "one", [(1, "a", 10), (2, "b", 5)])
    ingest(config)
    build(config)
    way = trace(config, "entry_id=1")
    assert ("gold.fact_entry", 1) in found(way, "found")
    assert ("bronze.entries", 1) in found(way, "source")
    assert ("gold.balance", "a") in found(way, "result")
    assert ("gold.balance", "b") not in found(way, "result")


def test_a_plain_value_of_two_kinds_of_key_lists_both(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", SALES.splitlines(keepends=True)[0] + "p1,p1,1\n")
    ingest(config)
    build(config)
    with pytest.raises(UsageError, match="a key in several tables") as told:
        trace(config, "p1")
    assert "`sale_id` of `gold.fact_sale`, `product_id` of `silver.product`" in str(told.value)
    assert told.value.hint == "say which: `carms trace sale_id=p1`, or `--table`"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("27447", {}),
        ("a b=c", {}),
        ("YWJj==", {}),
        ("other=1", {}),
        ("a=1", {"a": "1"}),
        ("a=1,b=x, y", {"a": "1", "b": "x, y"}),
        ("b=2024-01-01 10:00:00", {"b": "2024-01-01 10:00:00"}),
        ('{"a": 1, "b": null}', {"a": "1", "b": None}),
        ('{"a": 1.50}', {"a": "1.50"}),
        ('{"a": true}', {"a": "true"}),
    ],
)
def test_a_key_is_read_as_it_is_written(text: str, values: dict[str, Any]) -> None:
    assert read_key(text, ["a", "b"]) == Key(text, values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" ", "the key is empty"),
        ("{a: 1}", "not valid JSON"),
        ('{"a": [1]}', "an object of plain values"),
        ("{}", "an object of plain values"),
        ("a=1,bb=2", "names a column `bb`"),
        ('{"q": 1}', "names a column `q`"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_key(text, ["a", "b"])


@pytest.mark.parametrize("name", ["fact_sales", "silver.fact_sale", "gold.sales_above"])
def test_a_table_that_has_no_rows_to_trace_is_refused(plain: LakeConfig, name: str) -> None:
    with pytest.raises(UsageError, match=f"no table `{name}` to trace"):
        trace(plain, "s1", table=name)


CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: shop.gold.{name}
name: {name}
version: 1.0.0
status: active
domain: shop
schema:
- name: {name}
  physicalType: table
  logicalType: object
  description: One row per {key}.
  dataGranularityDescription: One row per {key}
  properties:
  - name: {key}
    logicalType: integer
    physicalType: bigint
    primaryKey: true
    required: true
    description: Number.
  - name: quantity
    logicalType: integer
    physicalType: bigint
    description: Quantity.
"""


def test_what_is_made_of_an_omitted_table_is_omitted_without_computing_it(tmp_path: Path) -> None:
    project = own_shop(tmp_path)
    for name, key, sql in (
        (
            "quantity_by_shift",
            "shift",
            """select i as shift, sum(quantity)::bigint as quantity
            from silver.sale, range(30) as t(i) group by i order by i""",
        ),
        (
            "quantity_by_parity",
            "parity",
            """select shift % 2 as parity, sum(quantity)::bigint as quantity
            from gold.quantity_by_shift group by 1 order by 1""",
        ),
    ):
        contract = project / f"schemas/shop/gold/{name}.odcs.yaml"
        contract.write_text(CONTRACT.format(name=name, key=key), encoding="utf-8")
        file = project / f"domains/shop/gold/{name}.sql"
        file.write_text(f"-- One row per {key}.\n-- How much?\n{sql}\n", encoding="utf-8")
    lake = carms_lake.open(project)
    lake.run()
    way = lake.trace("s1")
    shown = {step.table.in_domain for step in way.steps}
    assert "gold.fact_sale" in shown
    assert not shown & {"gold.quantity_by_shift", "gold.quantity_by_parity"}
    assert [note for note in way.notes if "omitted" in note] == [
        "`gold.quantity_by_shift` is omitted: many rows, each made of others too",
        "`gold.quantity_by_parity` is omitted: it is made of `gold.quantity_by_shift`",
    ]
