"""`carms_lake.testing`: a third party's domain is tested without a lake."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest

from carms_lake import ContractError
from carms_lake.config import Domain
from carms_lake.names import Layer
from carms_lake.testing import DomainKit, reasons

KIT = DomainKit(Domain("tiny", "tiny_shop", (Path(str(files("tiny_shop"))) / "schemas",)))
MONTH_LATER = datetime(2025, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize("table", sorted(KIT.contracts(Layer.SILVER)))
def test_each_silver_function_delivers_its_contract_on_empty_tables(table: str) -> None:
    assert KIT.validate(table, KIT.run(table)).rows.is_empty()


def test_each_select_delivers_its_contract_on_empty_tables() -> None:
    with KIT.gold() as gold:
        assert gold.connection.execute("select count(*) from gold.fact_sale").fetchall() == [(0,)]


def test_a_sale_has_its_amount_at_the_price_of_its_product() -> None:
    sales = KIT.bronze("sales", {"sale_id": "s1", "product_id": "p1", "quantity": 3})
    tea = KIT.silver("product", {"product_id": "p1", "name": "Tea", "price": Decimal("2.50")})
    made = KIT.run("sale", bronze_sales=sales, silver_product=tea)
    assert made["amount"].cast(pl.String).to_list() == ["7.50"]
    assert KIT.validate("sale", made, product=tea).rows.height == 1


def test_a_sale_of_an_unknown_product_is_quarantined() -> None:
    sales = KIT.bronze("sales", {"sale_id": "s1", "product_id": "p9", "quantity": 3})
    found = KIT.validate("sale", KIT.run("sale", bronze_sales=sales))
    assert reasons(found) == {"s1": {"UNKNOWN_REFERENCE"}}


def test_a_table_with_history_comes_as_versions() -> None:
    products = KIT.bronze(
        "products",
        *(
            {"product_id": "p1", "price": Decimal(price), "delivered_at": at}
            for price, at in ((2, datetime(2025, 1, 1, tzinfo=UTC)), (3, MONTH_LATER))
        ),
    )
    made = KIT.run("product_history", bronze_products=products)
    assert made["is_current"].to_list() == [False, True]
    assert made["valid_to"].to_list() == [MONTH_LATER, None]


def test_a_decimal_may_be_given_as_text_and_no_value_becomes_null() -> None:
    found = KIT.silver("product", {"product_id": "p1", "price": "2.50"}).collect()
    assert found["price"].to_list() == [Decimal("2.50")]
    with pytest.raises(TypeError):
        KIT.silver("product", {"product_id": 1})


def test_columns_that_are_not_the_contract_s_are_refused() -> None:
    with pytest.raises(ContractError):
        KIT.validate("sale", KIT.silver("sale").drop("amount"))


def test_a_kit_is_made_by_the_name_of_a_domain() -> None:
    assert "program" in DomainKit("carms").contracts(Layer.SILVER)


def test_rows_of_silver_become_gold() -> None:
    sale = {"sale_id": "s1", "product_id": "p1", "quantity": 2, "amount": "5.00"}
    with KIT.gold({"sale": [sale]}) as gold:
        found = gold.connection.execute("select quantity, product_key from gold.fact_sale")
        assert found.fetchall() == [(2, -1)]
