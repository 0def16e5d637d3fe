"""What a contract does not let stay in a silver table is quarantined, or superseded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from helpers import contract, property_
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.errors import ContractError
from carms_lake.names import TableRef
from carms_lake.quality.schema import repeated
from carms_lake.quality.validate import Validated, apply_constraints

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.contract.model import Contract

SHOPS = TableRef.parse("silver.shop", domain="test")
REFERENCES = {SHOPS: pl.DataFrame({"shop_id": ["s1", "s2"]})}


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return make(tmp_path_factory.mktemp("contracts"))


def make(folder: Path, **rest: Any) -> Contract:
    shop = {
        "to": "shop.shop_id",
        "customProperties": [{"property": "carms.quarantine", "value": True}],
    }
    return contract(
        folder,
        "silver.sale",
        [
            property_("sale_id", primaryKey=True, required=True),
            property_("shop_id", relationships=[shop]),
            property_("amount", "integer", "bigint", logicalTypeOptions={"minimum": 0}),
        ],
        **rest,
    )


def sale(rows: list[tuple[Any, ...]], **columns: Any) -> pl.DataFrame:
    schema = {"sale_id": pl.String, "shop_id": pl.String, "amount": pl.Int64, **columns}
    return pl.DataFrame(rows, schema=schema, orient="row")


def codes(kept: Validated) -> list[tuple[str, list[str]]]:
    return [
        (row["sale_id"], [r["code"] for r in row["reasons"]]) for row in kept.quarantined.to_dicts()
    ]


def test_good_rows_stay_in_their_order(sales: Contract) -> None:
    kept = apply_constraints(sale([("b", "s1", 1), ("a", "s2", 2)]), sales, REFERENCES)
    assert kept.rows["sale_id"].to_list() == ["b", "a"]
    assert kept.quarantined.is_empty()


def test_of_rows_with_one_key_none_is_kept(sales: Contract) -> None:
    kept = apply_constraints(
        sale([("a", "s1", 1), ("a", "s1", 2), ("b", "s1", 3)]), sales, REFERENCES
    )
    assert kept.rows["sale_id"].to_list() == ["b"]
    assert codes(kept) == [("a", ["DUPLICATE_KEY"]), ("a", ["DUPLICATE_KEY"])]


def test_of_rows_that_agree_in_every_column_one_is_kept(sales: Contract) -> None:
    rows = [("a", "s1", 1), ("b", "s1", 2), ("a", "s1", 1), ("b", "s1", 3), ("b", "s1", 2)]
    kept = apply_constraints(sale(rows), sales, REFERENCES)
    assert kept.rows.rows() == [("a", "s1", 1)]
    assert codes(kept) == [("b", ["DUPLICATE_KEY"]), ("b", ["DUPLICATE_KEY"])]
    assert kept.superseded == 2


def test_a_bad_row_that_comes_twice_is_quarantined_once(sales: Contract) -> None:
    kept = apply_constraints(sale([("a", "s9", 1), ("a", "s9", 1)]), sales, REFERENCES)
    assert codes(kept) == [("a", ["UNKNOWN_REFERENCE"])]
    assert kept.superseded == 1


def test_rows_without_a_key_are_never_one_row(sales: Contract) -> None:
    kept = apply_constraints(sale([(None, "s1", 1), (None, "s1", 1)]), sales, REFERENCES)
    assert codes(kept) == [(None, ["REQUIRED_NULL"]), (None, ["REQUIRED_NULL"])]


def test_a_table_without_a_key_keeps_what_came(tmp_path: Path) -> None:
    free = contract(tmp_path, "silver.sale", [property_("sale_id"), property_("shop_id")])
    frame = pl.DataFrame({"sale_id": ["a", "a"], "shop_id": ["s1", "s1"]})
    kept = apply_constraints(frame, free, {})
    assert (kept.rows.height, kept.superseded) == (2, 0)


def test_where_a_row_comes_from_does_not_tell_copies_apart(tmp_path: Path) -> None:
    columns = [
        property_("sale_id", primaryKey=True, required=True),
        property_("tags", "array", "varchar[]"),
        property_("src_filename"),
        property_("updated_at"),
    ]
    placed = contract(tmp_path, "silver.sale", columns)
    frame = pl.DataFrame(
        [("a", ["x"], "2.csv", "t1"), ("a", ["x"], "1.csv", "t1"), ("b", [], "1.csv", "t1")],
        schema={"sale_id": pl.String, "tags": pl.List(pl.String)}
        | dict.fromkeys(("src_filename", "updated_at"), pl.String),
        orient="row",
    )
    kept = apply_constraints(frame, placed, {}, marks=("src_filename", "updated_at"))
    assert kept.rows.rows() == [("a", ["x"], "2.csv", "t1"), ("b", [], "1.csv", "t1")]
    assert kept.superseded == 1


def test_rows_that_share_a_unique_value_are_quarantined(tmp_path: Path) -> None:
    columns = [
        property_("sale_id", primaryKey=True, required=True),
        property_("receipt", unique=True),
    ]
    billed = contract(tmp_path, "silver.sale", columns)
    rows = [("a", "r1"), ("b", "r1"), ("c", None), ("d", None), ("e", "r2")]
    frame = pl.DataFrame(rows, schema=["sale_id", "receipt"], orient="row")
    kept = apply_constraints(frame, billed, {})
    assert kept.rows["sale_id"].to_list() == ["c", "d", "e"]
    assert codes(kept) == [("a", ["DUPLICATE_KEY"]), ("b", ["DUPLICATE_KEY"])]
    assert {r["rule"] for r in kept.quarantined["reasons"][0]} == {"receipt.unique"}


def test_an_unknown_reference_is_quarantined_and_a_missing_one_stays(sales: Contract) -> None:
    kept = apply_constraints(sale([("a", "s9", 1), ("b", None, 1)]), sales, REFERENCES)
    assert codes(kept) == [("a", ["UNKNOWN_REFERENCE"])]
    assert kept.rows["sale_id"].to_list() == ["b"]


def test_a_row_has_all_its_reasons(sales: Contract) -> None:
    kept = apply_constraints(sale([("a", "s9", -1)]), sales, REFERENCES)
    assert sorted(codes(kept)[0][1]) == ["OUT_OF_RANGE", "UNKNOWN_REFERENCE"]


def test_a_table_without_a_row_keeps_its_columns(sales: Contract) -> None:
    kept = apply_constraints(sale([]), sales, REFERENCES)
    assert kept.rows.columns == list(sales.column_names)
    assert kept.superseded == 0


def test_a_frame_with_other_columns_is_a_fault_of_the_code(sales: Contract) -> None:
    with pytest.raises(ContractError, match="`amount` is Int32"):
        apply_constraints(sale([("a", "s1", 1)]).cast({"amount": pl.Int32}), sales, REFERENCES)
    with pytest.raises(ContractError, match="`extra`"):
        apply_constraints(sale([("a", "s1", 1)]).with_columns(extra=1), sales, REFERENCES)


def test_deduplicate_keeps_the_last_in_the_contracts_order(tmp_path: Path) -> None:
    newest = make(tmp_path, **{"carms.balance": "deduplicate", "carms.order": ["src_filename"]})
    rows = [("a", "s1", 1, "v1"), ("a", "s1", 2, "v2"), ("b", "s1", 3, "v1")]
    kept = apply_constraints(sale(rows, src_filename=pl.String), newest, REFERENCES)
    assert kept.rows.rows() == [("a", "s1", 2), ("b", "s1", 3)]
    assert kept.superseded == 1


@pytest.mark.parametrize(
    ("order", "amount"), [("src_filename", 1), ("-src_filename", 2)], ids=["last", "first"]
)
def test_the_last_file_is_the_last_by_number(tmp_path: Path, order: str, amount: int) -> None:
    newest = make(tmp_path, **{"carms.balance": "deduplicate", "carms.order": [order]})
    rows = [("a", "s1", 1, "v_10.csv"), ("a", "s1", 2, "v_9.csv"), ("a", "s1", 3, "v_9a.csv")]
    kept = apply_constraints(sale(rows, src_filename=pl.String), newest, REFERENCES)
    assert kept.rows.rows() == [("a", "s1", amount)]


def test_deduplicate_quarantines_what_its_order_cannot_tell_apart(tmp_path: Path) -> None:
    newest = make(tmp_path, **{"carms.balance": "deduplicate", "carms.order": ["src_filename"]})
    rows = [("a", "s1", 1, "v1"), ("a", "s1", 2, "v2"), ("a", "s1", 3, "v2")]
    kept = apply_constraints(sale(rows, src_filename=pl.String), newest, REFERENCES)
    assert kept.rows.is_empty()
    assert kept.superseded == 1
    assert codes(kept) == [("a", ["DUPLICATE_KEY"]), ("a", ["DUPLICATE_KEY"])]


@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["s1", "s9", None]), st.integers(-1, 2)),
        max_size=12,
    )
)
def test_every_row_is_kept_or_quarantined_once(
    sales: Contract, rows: list[tuple[Any, ...]]
) -> None:
    kept = apply_constraints(sale(rows), sales, REFERENCES)
    assert kept.rows.height + kept.quarantined.height + kept.superseded == len(rows)
    assert kept.superseded == len(rows) - len(set(rows))
    assert kept.rows["sale_id"].is_unique().all()
    assert (kept.rows["amount"] >= 0).all()


def test_an_order_by_a_column_that_the_function_does_not_deliver_is_told(tmp_path: Path) -> None:
    newest = make(
        tmp_path,
        **{
            "carms.driver": "bronze.sales",
            "carms.balance": "deduplicate",
            "carms.order": ["src_filename"],
        },
    )
    with pytest.raises(ContractError, match="names `src_filename`, which the function `sale`"):
        apply_constraints(sale([("1", "s1", 1)]), newest, REFERENCES)


KEYS = st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from([None, 1, 2]))


@given(rows=st.lists(KEYS, max_size=8))
def test_repeated_keys_are_those_that_stand_twice_and_are_complete(rows: list[Any]) -> None:
    frame = pl.DataFrame(rows, schema={"word": pl.String, "size": pl.Int64}, orient="row")
    assert repeated(frame, ["word", "size"]).to_list() == [
        place for place, row in enumerate(rows) if rows.count(row) > 1 and None not in row
    ]
    words = [row[0] for row in rows]
    assert repeated(frame, ["word"]).to_list() == [
        place for place, word in enumerate(words) if word and words.count(word) > 1
    ]


def test_rows_without_a_key_are_no_copies_of_each_other(tmp_path: Path) -> None:
    newest = make(tmp_path, **{"carms.balance": "deduplicate", "carms.order": ["src_filename"]})
    rows = [(None, "s1", 1, "v1"), (None, "s1", 2, "v2")]
    kept = apply_constraints(sale(rows, src_filename=pl.String), newest, REFERENCES)
    assert kept.superseded == 0
    assert codes(kept) == [(None, ["REQUIRED_NULL"]), (None, ["REQUIRED_NULL"])]
