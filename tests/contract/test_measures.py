"""What a contract says in `carms.measures`: complete, unique, over columns that gold has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from helpers import property_, write_contract

from carms_lake.contract.dax import references
from carms_lake.contract.load import load_contracts
from carms_lake.errors import ContractError
from carms_lake.names import TableRef

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.contract.measures import Measure

QUANTITY = {
    "name": "Quantity",
    "dax": "SUM('fact_sales'[pieces])",
    "sql": "select sum(pieces) from gold.fact_sales;",
    "format": "#,0",
    "description": "Pieces\n that were sold.",
}


def read(folder: Path, *measures: Any, table: str = "gold.fact_sales") -> tuple[Measure, ...]:
    """The measures of a table with the columns `sale_id` and `pieces`."""
    ref = TableRef.parse(table, domain="test")
    assert ref is not None
    columns = [property_("sale_id", primaryKey=True), property_("pieces", "integer")]
    write_contract(folder, ref, columns, **{"carms.measures": list(measures)})
    return load_contracts([folder], "test")[ref].measures


def test_a_measure_is_read_with_its_line(tmp_path: Path) -> None:
    first, second = read(tmp_path, QUANTITY, {**QUANTITY, "name": "Pièces", "folder": "Sales"})
    assert (first.name, first.dax, first.format) == ("Quantity", QUANTITY["dax"], "#,0")
    assert first.sql == "select sum(pieces) from gold.fact_sales"
    assert first.description == "Pieces that were sold."
    assert (second.name, second.folder) == ("Pièces", "Sales")
    lines = (tmp_path / "gold/fact_sales.odcs.yaml").read_text(encoding="utf-8").splitlines()
    assert "name: Quantity" in lines[first.line - 1]
    assert "name: Pi" in lines[second.line - 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dax": None}, "`dax` is missing"),
        ({"sql": " "}, "`sql` is missing"),
        ({"format": 0}, "`format` is `0`, which is not text"),
        ({"name": "Quantity [AUD]"}, "no brackets"),
        ({"name": "n" * 101}, "100 characters"),
        ({"fromat": "0"}, "unknown key `fromat`"),
        ({"name": "Pieces"}, "has the name of one in `gold.fact_sales.pieces`"),
        ({"dax": "SUM('fact_sales'[piece])"}, "no column `piece` in `fact_sales`"),
        ({"dax": "COUNTROWS('fact_sale')"}, "no table `fact_sale` in gold"),
        ({"dax": "fact_sale[quantity]"}, "no table `fact_sale` in gold"),
        ({"dax": "DIVIDE([Quantity], [Orders])"}, "no measure [Orders]"),
        ({"dax": "SUM('fact_sales'[pieces]"}, "not balanced"),
        ({"dax": 'FORMAT([Quantity], "0)'}, "not balanced"),
    ],
)
def test_what_is_wrong_with_a_measure_is_said_with_file_and_line(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ContractError) as error:
        read(tmp_path, QUANTITY, {**QUANTITY, "name": "Other", **change})
    path = tmp_path / "gold/fact_sales.odcs.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    line = 1 + max(n for n, text in enumerate(lines) if "- name:" in text)
    assert message in error.value.message
    assert str(path) in error.value.message
    assert f"line {line}: " in error.value.message


@pytest.mark.parametrize("found", [[QUANTITY, {**QUANTITY, "name": "QUANTITY"}], ["Quantity"]])
def test_two_measures_of_one_name_or_none_at_all_are_refused(
    tmp_path: Path, found: list[Any]
) -> None:
    with pytest.raises(ContractError):
        read(tmp_path, *found)


def test_measures_belong_in_gold(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"`carms\.measures` belongs in gold"):
        read(tmp_path, QUANTITY, table="silver.sale")


def test_texts_and_comments_of_dax_name_nothing() -> None:
    dax = """\
VAR said = "a [b] 'c'[d]" // [no] 'such'[one]
RETURN SUMX('it''s'[x y], [Net] /* [old] */) -- 'gone'"""
    assert list(references(dax)) == [("it's", "x y"), ("", "Net")]
