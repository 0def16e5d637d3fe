"""What of the ticketing sources lands as it is, and what is set aside with its text."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from domains.ticketing.frames import contracts
from domains.ticketing.order_lake import lake, put

from carms_lake.flows.ingest import ingest
from carms_lake.names import Layer
from carms_lake.readers.discover import discover
from carms_lake.store import delta, table_path
from carms_lake.store.rejects import live

pytestmark = pytest.mark.slow

BRONZE = contracts(Layer.BRONZE)
HEADERS = {
    "accounts": "account_id,email,created_at",
    "events": "event_id,name,slug",
    "showtimes": "showtime_id,event_id,start_at",
    "orders": "order_id,account_id,showtime_id,created_at,total_amount",
    "transactions": "transaction_id,order_id,amount,occurred_at",
    "pages": "page_id,account_id,customer_id,page_type,occurred_at,event_id,showtime_id",
    "identity_merges": "from_customer_id,to_customer_id,merged_at",
}


def landed(folder, source, *lines):
    """The rows that land of these lines, and the codes of the rejects by their row's number."""
    config = lake(folder)
    put(config, f"initial/{source}.csv", HEADERS[source], lines)
    ingest(config, [source])
    contract = BRONZE[source]
    rows = delta.scan(table_path(config, contract.ref)).sort("src_row_number").collect()
    aside = live(config, [contract.ref])
    codes = {}
    if aside is not None:
        for number, reasons in aside.select("src_row_number", "reasons").collect().rows():
            codes[number] = {(reason["code"], reason["column"]) for reason in reasons}
    return rows.select(contract.column_names).drop("batch_number").rows(), codes


@pytest.mark.parametrize("source", sorted(HEADERS))
def test_a_contract_has_the_columns_of_the_facts_and_the_number_of_the_batch(source):
    names = [column.name for column in BRONZE[source].columns]
    assert sorted(names) == sorted([*HEADERS[source].split(","), "batch_number"])
    assert all(column.description for column in BRONZE[source].columns)


@pytest.mark.parametrize(
    ("source", "required"),
    [
        ("accounts", {"account_id"}),
        ("events", {"event_id"}),
        ("showtimes", {"showtime_id", "event_id"}),
        ("orders", {"order_id", "account_id", "created_at", "total_amount"}),
        ("transactions", {"transaction_id", "order_id", "amount", "occurred_at"}),
        ("pages", {"page_id", "occurred_at"}),
        ("identity_merges", {"from_customer_id", "to_customer_id", "merged_at"}),
    ],
)
def test_only_keys_and_what_a_row_means_nothing_without_are_required(source, required):
    assert {column.name for column in BRONZE[source].columns if column.required} == required


@pytest.mark.parametrize("base", [".", "initial", "incremental", "incremental/orders"])
def test_a_file_has_one_name_from_wherever_it_is_read(tmp_path, base):
    names = [
        "initial/orders.csv",
        "incremental/orders/batch_9.csv",
        "incremental/orders/batch_010.csv",
        "incremental/orders/notes.csv",
        "incremental/pages/batch_1.csv",
    ]
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a\n", encoding="utf-8")
    found = {source.name for source in discover(BRONZE["orders"], tmp_path / base)}
    assert found == {name for name in names[:3] if name.startswith(base.strip("."))}


def test_one_batch_has_the_name_that_it_has_in_its_folder(tmp_path):
    path = tmp_path / "incremental/orders/batch_003.csv"
    path.parent.mkdir(parents=True)
    path.write_text("a\n", encoding="utf-8")
    names = [source.name for source in discover(BRONZE["orders"], path)]
    assert names == ["incremental/orders/batch_003.csv"]


@pytest.mark.parametrize(
    "text",
    [
        "150.00", "$200.50", "1,000.00", "($25.00)", "-5", "+5", "0", "-$5.5", "$-5.50", "(25)",
        "$1,234,567.89", "9,999,999,999.99", "9999999999.99", "-0.01",
    ],
)  # fmt: skip
def test_a_spelling_of_an_amount_passes(text):
    assert passes("orders", "total_amount", text)
    assert passes("transactions", "amount", text)


@pytest.mark.parametrize(
    "text",
    [
        "12,50", "1.2.3", "USD 5", "5 USD", "$", "()", "", "1,00.00", ",100", "1,0000", "1000,000",
        "1.005", "1.", ".5", "(-5)", "-(5)", "($5", "5)", "5-", "--5", "$$5", "- 5", "1e3", "NaN",
        "٣", "€5", "5\n", "99999999999", "99,999,999,999.00", "1 000.00",
    ],
)  # fmt: skip
def test_what_is_no_amount_is_set_aside(text):
    assert not passes("orders", "total_amount", text)


def passes(source, column, text):
    pattern = BRONZE[source].column(column).pattern
    return pl.Series([text]).str.contains(pattern).item()


def test_cells_are_trimmed_and_words_for_nothing_are_null(tmp_path):
    rows, codes = landed(
        tmp_path,
        "pages",
        " p1 ,N/A, NULL , Viewed Showtime ,2025-01-01T10:00:00,None,n/a",
        "p2, acc_1 ,,,2025-01-01,none,null",
    )
    at = datetime(2025, 1, 1, 10, tzinfo=UTC)
    assert codes == {}
    assert rows == [
        ("p1", None, None, "Viewed Showtime", at, None, None),
        ("p2", "acc_1", None, None, at.replace(hour=0), None, None),
    ]


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2025-03-01T12:00:00", 12),
        (" 2025-03-01 12:00 ", 12),
        ("2025-03-01T12:00:00Z", 12),
        ("2025-03-01T12:00:00+02:00", 10),
        ("2025-03-01T12:00:00.000000-0500", 17),
    ],
)
def test_a_moment_without_zone_is_utc_and_others_become_it(tmp_path, text, hour):
    rows, _ = landed(tmp_path, "showtimes", f"s1,e1,{text}")
    assert rows == [("s1", "e1", datetime(2025, 3, 1, hour, tzinfo=UTC))]


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("t1,o1,5,2025-02-30T10:00:00", "TYPE_MISMATCH", "occurred_at"),
        ("t1,o1,5,2025-02-28T25:00:00", "TYPE_MISMATCH", "occurred_at"),
        ("t1,o1,5,31/01/2025", "TYPE_MISMATCH", "occurred_at"),
        ("t1,o1,5,N/A", "REQUIRED_NULL", "occurred_at"),
        ("t1,o1,NULL,2025-02-01", "REQUIRED_NULL", "amount"),
        ('t1,o1,"12,50",2025-02-01', "PATTERN_MISMATCH", "amount"),
        ("t1, ,5,2025-02-01", "REQUIRED_NULL", "order_id"),
        ("t\x001,o1,5,2025-02-01", "PATTERN_MISMATCH", "transaction_id"),
        ("t1,o\t1,5,2025-02-01", "PATTERN_MISMATCH", "order_id"),
    ],
)
def test_a_row_that_cannot_be_meant_is_set_aside_with_its_reason(tmp_path, line, code, column):
    rows, codes = landed(tmp_path, "transactions", line, "t2,o1,5,2025-02-01")
    assert [row[0] for row in rows] == ["t2"]
    assert codes == {1: {(code, column)}}
