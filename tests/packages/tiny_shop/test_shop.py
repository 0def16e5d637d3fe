"""The shop's tests, as its author writes them: rows in, rows out."""

from __future__ import annotations

import pytest

from carms_lake.names import Layer
from carms_lake.testing import DomainKit, reasons

KIT = DomainKit("tiny")


@pytest.mark.parametrize("table", sorted(KIT.contracts(Layer.SILVER)))
def test_each_function_delivers_its_contract_on_empty_tables(table: str) -> None:
    assert KIT.validate(table, KIT.run(table)).rows.is_empty()


def test_a_sale_has_an_amount_and_an_unknown_product_is_quarantined() -> None:
    sold = {"product_id": "p1", "quantity": 3}
    sales = KIT.bronze("sales", {"sale_id": "s1", **sold}, {"sale_id": "s2", "product_id": "p9"})
    tea = KIT.silver("product", {"product_id": "p1", "price": "2.50"})
    made = KIT.run("sale", bronze_sales=sales, silver_product=tea)
    found = KIT.validate("sale", made, product=tea)
    assert found.rows.select("sale_id", "quantity").rows() == [("s1", 3)]
    assert "UNKNOWN_REFERENCE" in reasons(found)["s2"]


def test_each_select_delivers_its_contract_on_empty_tables() -> None:
    with KIT.gold() as gold:
        assert gold.connection.execute("select count(*) from gold.fact_sale").fetchall() == [(0,)]
