"""The shipped patterns take the files of other producers, and the contracts say what a file has."""

from __future__ import annotations

import pytest
from domains.retail import frames

from carms_lake.contract.model import Delivery
from carms_lake.names import Layer
from carms_lake.readers.discover import discover

BRONZE = frames.contracts(Layer.BRONZE)

SPELLINGS = {
    "customers": ["customers.csv", "customers_2024.csv", "customers/part-0.csv"],
    "products": ["products.csv"],
    "stores": ["stores.csv"],
    "suppliers": ["suppliers.csv"],
    "orders_header": [
        "orders_header/order_dt=2024-01-01/part-00000.csv",
        "orders_header/dt=2024-01-01/orders.csv",
        "orders_header/order_date=2024-01-01/a.csv",
        "orders_header/2024/01/a.csv",
        "orders_header.csv",
    ],
    "orders_lines": [
        "orders_lines/order_dt=2024-01-01/part-late-2025-01-01.csv",
        "orders_lines/a.csv",
        "orders_lines_all.csv",
    ],
    "events": ["events/event_dt=2024-01-01/events_0.jsonl", "events.jsonl", "events/a.ndjson"],
    "sensors": ["sensors/store_id=12/month=2024-01/readings_2024-01-01.csv", "sensors.csv"],
    "exchange_rates": ["exchange_rates.xlsx", "exchange_rates_2024.xlsx", "rates.xlsx"],
    "shipments": ["shipments_2024-01-01.parquet", "shipments/part-0.parquet"],
    "returns": [
        "returns.parquet",
        "returns_changes_2025-01-01.parquet",
        "returns/v2.parquet",
        "returns_changes/a.parquet",
        "returns_day1/part-00001.parquet",
    ],
}


def test_there_are_the_eleven_sources_of_the_facts() -> None:
    assert sorted(BRONZE) == sorted(SPELLINGS)


def test_each_file_is_one_source_s_whatever_the_spelling(tmp_path) -> None:
    for names in SPELLINGS.values():
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x", encoding="utf-8")
    (tmp_path / "anomalies.json").write_text("{}", encoding="utf-8")
    found = {table: discover(contract, tmp_path) for table, contract in BRONZE.items()}
    names = {table: sorted(source.name for source in sources) for table, sources in found.items()}
    assert names == {table: sorted(wanted) for table, wanted in SPELLINGS.items()}


def test_returns_may_be_a_delta_table(tmp_path) -> None:
    (tmp_path / "returns" / "_delta_log").mkdir(parents=True)
    (tmp_path / "returns" / "part-0.parquet").write_bytes(b"PAR1")
    found = discover(BRONZE["returns"], tmp_path)
    assert [source.name for source in found] == ["returns"]


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("customers", 18), ("products", 10), ("stores", 10), ("suppliers", 6),
        ("orders_header", 10), ("orders_lines", 7), ("events", 1), ("sensors", 6),
        ("exchange_rates", 3), ("shipments", 6), ("returns", 8),
    ],
)  # fmt: skip
def test_a_contract_has_the_columns_of_the_facts(table: str, columns: int) -> None:
    assert len(BRONZE[table].columns) == columns
    assert all(column.description for column in BRONZE[table].columns)


def test_customers_and_products_are_snapshots_and_the_rest_is_appended() -> None:
    snapshots = {t for t, c in BRONZE.items() if c.source.delivery is Delivery.SNAPSHOT}
    assert snapshots == {"customers", "products"}


@pytest.mark.parametrize("table", sorted(BRONZE))
def test_only_keys_and_what_means_nothing_without_them_are_required(table: str) -> None:
    required = {column.name for column in BRONZE[table].columns if column.required}
    assert (
        required
        == {
            "customers": {"customer_id"},
            "products": {"product_id"},
            "stores": {"store_id"},
            "suppliers": {"supplier_id"},
            "orders_header": {"order_id"},
            "orders_lines": {"order_id", "line_number"},
            "events": {"src_event"},
            "sensors": {"sensor_ts", "store_id", "shelf_id"},
            "exchange_rates": {"date", "currency", "rate_to_aud"},
            "shipments": {"shipment_id"},
            "returns": {"return_id"},
        }[table]
    )
