"""What the gold of retail promises beside what every domain does."""

from __future__ import annotations

import pytest
from domains.retail.frames import KIT, contracts
from domains.retail.gold_lake import gold

from carms_lake.names import Layer

GOLD = contracts(Layer.GOLD)
TEXTS = KIT.gold_texts()
PROMISED = {
    "fact_sales": """
        order_id line_number customer_key product_key store_key order_date_key ordered_at quantity
        unit_price gross_amount discount_amount net_amount tax_amount line_total currency
        net_amount_aud""",
    "fact_shipments": """
        shipment_id order_id carrier shipped_at delivered_at delivery_days is_on_time is_overdue
        ship_cost""",
    "fact_returns": """
        return_id order_id product_key returned_at quantity reason return_reason_code is_deleted""",
    "fact_sensor_hourly": """
        hour_at store_key shelf_id readings temperature_c_avg humidity_pct_avg out_of_range
        temperature_c_avg_24h""",
    "sales_performance": "order_on store_name category orders quantity net_amount_aud",
    "customer_360": """
        customer_id segment first_order_on last_order_on orders net_amount_aud is_returning""",
    "product_performance": """
        product_id sku name category quantity_sold quantity_returned return_rate_pct
        net_amount_aud""",
    "delivery_performance": "carrier month_on shipments on_time_pct delivery_days_avg",
}


def test_a_dimension_that_facts_refer_to_has_an_unknown_member(tmp_path):
    targets = {r.target.table: r.target_columns[0] for c in GOLD.values() for r in c.relationships}
    with gold(tmp_path) as connection:
        found = {
            table: connection.execute(f"select {key} from gold.{table}").fetchall()
            for table, key in targets.items()
        }
    assert set(found) == {"dim_customer", "dim_product", "dim_store", "dim_date"}
    assert found == {table: [(-1,)] for table in targets}


@pytest.mark.parametrize("table", sorted(PROMISED))
def test_the_names_that_people_use_are_there(table):
    promised = PROMISED[table].split()
    assert [name for name in GOLD[table].column_names if name in promised] == promised


@pytest.mark.parametrize("table", sorted(GOLD))
def test_no_select_reads_the_clock(table):
    text = TEXTS[table].lower()
    clocks = ("now(", "today(", "current_date", "current_timestamp", "random(", "uuid(")
    assert [clock for clock in clocks if clock in text] == []


def test_dimensions_say_when_they_came_and_changed():
    dims = [name for name in GOLD if name.startswith("dim_")]
    lacking = [n for n in dims if not {"created_at", "updated_at"} <= set(GOLD[n].column_names)]
    assert len(dims) == 5
    assert lacking == []


def test_no_relationship_of_a_fact_is_enforced():
    assert [r.name for c in GOLD.values() for r in c.relationships if r.enforced] == []
