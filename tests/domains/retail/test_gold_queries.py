"""The benchmark queries and the questions of the demo run on the tables that they name."""

from __future__ import annotations

from pathlib import Path

import pytest
from domains.retail.gold_lake import customer, gold, line, order, product_version, shop, store
from domains.retail.test_gold_facts import reading, shipment

from carms_lake.cli.project import demo_steps
from carms_lake.config import Domain

FOLDER = Path(__file__).parents[3] / "docs" / "queries" / "retail"
QUERIES = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.sql")}
_, *DEMO = demo_steps(Domain("retail", "carms_lake.domains.retail", ()))


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    silver = shop(
        customer=[customer(1), customer(2)],
        product_history=[product_version(1), product_version(2, category="Food")],
        store=[store(1), store(2)],
        order_header=[
            order(1, "2024-03-01 10:00:00"),
            order(2, "2024-03-30 10:00:00", store_id=2, customer_id=2),
            order(3, "2024-03-31 10:00:00"),
            order(4, "2023-03-31 10:00:00"),
        ],
        order_line=[line(1), line(2, quantity=60), line(3, product_id=2, quantity=3), line(4)],
        customer_return=[
            {"return_id": 1, "order_id": 2, "product_id": 1, "quantity": 31, "is_deleted": False}
        ],
        sensor_reading=[
            reading("2024-03-01 10:00:00", "1"),
            reading("2024-03-01 10:01:00", "99", is_out_of_range=True),
            reading("2024-03-01 10:01:00", "2", store_id=2),
        ],
        shipment=[shipment()],
    )
    with gold(tmp_path_factory.mktemp("lake"), silver) as opened:
        opened.execute("use gold")
        yield opened


def first_rows(connection, name):
    return [tuple(map(str, row)) for row in connection.execute(QUERIES[name]).fetchall()]


def test_a_query_says_what_it_asks_and_answers():
    assert len(QUERIES) == 5
    for text in QUERIES.values():
        first, second, *_ = text.splitlines()
        assert first.startswith("-- Question: ")
        assert first.endswith("?")
        assert second.startswith("-- Answer: ")


def test_sales_by_category_are_of_thirty_days(connection):
    assert first_rows(connection, "sales_by_category") == [
        ("Toys", "60", "600.00", "95.24"), ("Food", "3", "30.00", "4.76"),
    ]  # fmt: skip


def test_the_most_valuable_customer_is_first(connection):
    found = connection.execute(QUERIES["customer_lifetime_value"]).fetchall()
    assert [(row[0], row[3], row[4]) for row in found] == [(2, 1, 600), (1, 3, 50)]


def test_the_newest_year_is_compared_by_store(connection):
    assert [row[:1] + row[3:] for row in first_rows(connection, "year_over_year_by_store")] == [
        ("1", "2024", "40.00", "10.00", "300.00"), ("2", "2024", "600.00", "None", "None"),
    ]  # fmt: skip


def test_products_with_many_returns_are_first(connection):
    assert [row[4:] for row in first_rows(connection, "product_return_rate")] == [
        ("62", "31", "50.00", "620.00")
    ]


def test_stores_with_many_wrong_readings_are_first(connection):
    assert first_rows(connection, "sensor_anomaly_rate") == [
        ("1", "Store 1", "1", "2", "1", "500.000"), ("2", "Store 2", "1", "1", "0", "0.000"),
    ]  # fmt: skip


@pytest.mark.parametrize("question", DEMO)
def test_a_question_of_the_demo_has_an_answer(connection, question):
    assert question.startswith("-- ")
    assert connection.execute(question).fetchall()
