"""Order does not matter: however rows are dealt out and in whichever order files come, gold is one.

Rows keep their order (the first file, then batches by number, then rows), for that decides which
row of a key counts. All else is drawn: where files end, their numbers, when each of them comes,
how often all are ingested, and when tables are built.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from domains.ticketing.order_lake import DOMAIN, SOURCES, holdings, lake, put, rows_of
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from carms_lake.flows.build import build
from carms_lake.flows.generate import generate
from carms_lake.flows.ingest import ingest
from carms_lake.names import Layer

if TYPE_CHECKING:
    from pathlib import Path

    from domains.ticketing.order_lake import Rows

    from carms_lake.config import LakeConfig
    from carms_lake.records import RunReport

pytestmark = pytest.mark.slow

FEW = settings(max_examples=3, phases=[Phase.explicit, Phase.generate])
"""Of each seed. An example is some fifty batches in several runs: shrinking would take minutes."""

ORDERS = "order_id,account_id,showtime_id,created_at,total_amount"
TRANSACTIONS = "transaction_id,order_id,amount,occurred_at"


@dataclass(frozen=True)
class Delivery:
    """A file: the rows of a source from one place to another."""

    source: str
    name: str
    first: int
    end: int


@dataclass(frozen=True)
class Step:
    """Files that come together, and what is run then."""

    files: tuple[Delivery, ...]
    again: bool
    """Whether all files are read once more."""
    builds: bool


@st.composite
def arrivals(draw: st.DrawFn, sizes: dict[str, int]) -> list[Step]:
    """Files that hold all rows, in the steps in which they come."""
    files = []
    for source, size in sizes.items():
        places = st.integers(0, size)
        cuts = sorted(draw(st.lists(places, min_size=3, max_size=9)))
        number, ends = draw(st.integers(0, 8)), [*cuts[1:], size]
        files.append(Delivery(source, f"initial/{source}.csv", 0, cuts[0]))
        for first, end in zip(cuts, ends, strict=True):
            number += draw(st.integers(1, 4))
            spelled = draw(st.sampled_from([str(number), f"{number:03}"]))
            name = f"incremental/{source}/batch_{spelled}.csv"
            files.append(Delivery(source, name, first, end))
    files = draw(st.permutations(files))
    ends = sorted(draw(st.lists(st.integers(1, len(files) - 1), min_size=1, max_size=2)))
    groups = zip([0, *ends], [*ends, len(files)], strict=True)
    return [
        Step(tuple(files[first:end]), draw(st.booleans()), draw(st.booleans()))
        for first, end in groups
    ]


@pytest.fixture(scope="module", params=[7])
def rows(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("generated")
    options = {"seed": request.param, "scale": 0.0001, "batches": 4, "disorder": True}
    generate(DOMAIN.package, folder, options)
    return rows_of(folder)


@pytest.fixture(scope="module")
def at_once(rows: dict[str, Rows], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a lake holds of all rows, loaded in one file of each source."""
    config = lake(tmp_path_factory.mktemp("at_once") / "project")
    for source, found in rows.items():
        put(config, f"initial/{source}.csv", found.header, found.lines)
    ingest(config)
    assert build(config).is_balanced
    return holdings(config)


@FEW
@given(data=st.data())
def test_any_split_in_any_order_gives_the_tables_of_one_load(
    data: st.DataObject,
    rows: dict[str, Rows],
    at_once: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    steps = data.draw(arrivals({source: len(found.lines) for source, found in rows.items()}))
    config = lake(tmp_path_factory.mktemp("split") / "project")
    there: list[Delivery] = []
    for step in steps:
        for file in step.files:
            found = rows[file.source]
            put(config, file.name, found.header, found.lines[file.first : file.end])
        there += step.files
        reports = [ingest(config)]
        if step.again:
            reports.append(ingest(config, full_refresh=True))
        if step.builds and {file.source for file in there} == set(SOURCES):
            # Of a few files nearly all transactions may wait: more than a lake of theirs publishes.
            reports.append(build(config, publish_anyway=True))
            assert waiting(reports[-1]) == expected_waiting(there, rows)
        assert all(report.is_balanced for report in reports)
    assert build(config).is_balanced
    found = holdings(config)
    assert found.keys() == at_once.keys()
    for name, expected in at_once.items():
        assert found[name] == expected, name


def waiting(report: RunReport) -> int | None:
    """How many transactions a build set aside."""
    (table,) = (t for t in report.tables if t.table.table == "payment")
    return table.quarantined if table.status == "built" else None


def expected_waiting(files: list[Delivery], rows: dict[str, Rows]) -> int | None:
    """How many transactions are in these files whose order is in none of them."""

    def found(source: str, pattern: str) -> list[tuple[str, ...]]:
        lines = [
            line
            for file in files
            if file.source == source
            for line in rows[source].lines[file.first : file.end]
        ]
        matches = [re.match(pattern, line) for line in lines]
        return [match.groups() for match in matches if match]

    orders = {order for (order,) in found("orders", r" *(ord_\d+) *,")}
    transactions = dict(found("transactions", r" *(txn_\d+) *, *(ord_\d+) *,"))
    return sum(order not in orders for order in transactions.values())


def order(number: int, amount: object = "10.00") -> str:
    return f"ord_{number},acc_1,,2025-01-06T10:00:00,{amount}"


def transaction(number: int, order_number: int) -> str:
    return f"txn_{number},ord_{order_number},10.00,2025-01-06T10:05:00"


def first_files(config: LakeConfig) -> None:
    """A header and a row of each source."""
    for source, line in {
        "accounts": ("account_id,email,created_at", "acc_1,a@example.com,2025-01-01"),
        "events": ("event_id,name,slug", "evt_1,A Show,a-show"),
        "showtimes": ("showtime_id,event_id,start_at", "st_1,evt_1,2025-02-01T20:00:00"),
        "orders": (ORDERS, order(1)),
        "transactions": (TRANSACTIONS, transaction(1, 1)),
        "pages": (
            "page_id,account_id,customer_id,page_type,occurred_at,event_id,showtime_id",
            "page_1,acc_1,cust_1,viewed_showtime,2025-01-05T10:00:00,evt_1,st_1",
        ),
        "identity_merges": (
            "from_customer_id,to_customer_id,merged_at",
            "cust_1,cust_2,2025-01-05T11:00:00",
        ),
    }.items():
        put(config, f"initial/{source}.csv", line[0], (line[1],))


def total_of(config: LakeConfig, number: int) -> str:
    found = holdings(config)["ticketing.silver.ticket_order"]
    place = list(found[0]).index("total_amount")
    return next(str(row[place]) for row in found[1] if row[0] == f"ord_{number}")


@pytest.mark.parametrize("arrival", [(9, 10, 11), (11, 10, 9)])
def test_the_greatest_number_counts_even_where_its_batch_is_like_another(tmp_path, arrival):
    config = lake(tmp_path / "project")
    first_files(config)
    ingest(config)
    for number in arrival:
        amount = {9: 20, 10: 30, 11: 20}[number]
        put(config, f"incremental/orders/batch_{number}.csv", ORDERS, (order(1, amount),))
        ingest(config)
    build(config)
    assert total_of(config, 1) == "20.00"


def test_batch_9_comes_before_batch_10_and_the_first_file_before_both(tmp_path):
    config = lake(tmp_path / "project")
    first_files(config)
    put(config, "incremental/orders/batch_10.csv", ORDERS, (order(1, 10), order(1, 11)))
    put(config, "incremental/orders/batch_9.csv", ORDERS, (order(1, 9),))
    ingest(config)
    build(config)
    assert total_of(config, 1) == "11.00"


OF_THE_FIRST_ORDER = {"txn_1", *(f"txn_{number}" for number in range(4, 11))}


@pytest.fixture
def with_waiting(tmp_path: Path) -> LakeConfig:
    """A lake with two transactions that wait, and the order of one of them in a later batch.

    Eight others do not: as many as one in five may wait.
    """
    config = lake(tmp_path / "project")
    first_files(config)
    others = (transaction(number, 1) for number in range(4, 11))
    lines = (transaction(2, 2), transaction(3, 3), *others)
    put(config, "incremental/transactions/batch_1.csv", TRANSACTIONS, lines)
    ingest(config)
    assert waiting(build(config)) == 2
    put(config, "incremental/orders/batch_2.csv", ORDERS, (order(3),))
    ingest(config)
    return config


def test_a_transaction_waits_for_its_order_and_comes_back_by_itself(with_waiting):
    found = holdings(with_waiting)["quarantine"]
    assert len(found) == 2
    assert all("UNKNOWN_REFERENCE" in row for row in found)
    report = build(with_waiting)
    assert waiting(report) == 1
    assert report.is_balanced
    rows = holdings(with_waiting)["ticketing.silver.payment"][1]
    assert {row[0] for row in rows} == OF_THE_FIRST_ORDER | {"txn_3"}
    assert len(rows) == 9
    put(with_waiting, "incremental/orders/batch_3.csv", ORDERS, (order(2),))
    ingest(with_waiting)
    assert waiting(build(with_waiting)) == 0
    assert holdings(with_waiting)["quarantine"] == []


def test_a_transaction_waits_again_when_a_correction_takes_its_order_away(with_waiting):
    build(with_waiting)
    put(with_waiting, "incremental/orders/batch_2.csv", ORDERS, (order(2),))
    ingest(with_waiting)
    report = build(with_waiting)
    assert waiting(report) == 1
    assert report.is_balanced
    rows = holdings(with_waiting)["ticketing.silver.payment"][1]
    assert {row[0] for row in rows} == OF_THE_FIRST_ORDER | {"txn_2"}
    assert len(rows) == 9


def test_the_build_says_how_many_transactions_were_released(with_waiting):
    report = build(with_waiting)
    (table,) = (t for t in report.tables if t.table.table == "payment")
    assert re.search(r"\b1 row released from quarantine", " ".join([table.message, *report.notes]))


def test_a_batch_that_is_ingested_twice_counts_once(tmp_path):
    config = lake(tmp_path / "project")
    first_files(config)
    ingest(config)
    ingest(config)
    ingest(config, full_refresh=True)
    build(config)
    found = holdings(config)
    counts = {
        name: len(value[1])
        for name, value in found.items()
        if name.startswith(f"ticketing.{Layer.SILVER}.") and "page_type" not in name
    }
    assert counts == {
        "ticketing.silver.account": 1,
        "ticketing.silver.event": 1,
        "ticketing.silver.showtime": 1,
        "ticketing.silver.ticket_order": 1,
        "ticketing.silver.payment": 1,
        "ticketing.silver.page_view": 1,
        "ticketing.silver.identity_merge": 1,
        "ticketing.silver.identity_cycle": 0,
        "ticketing.silver.customer_identity": 2,
    }


def test_a_corrected_file_of_the_same_name_replaces_its_own_rows(tmp_path):
    config = lake(tmp_path / "project")
    first_files(config)
    put(config, "incremental/orders/batch_1.csv", ORDERS, (order(2), order(3)))
    ingest(config)
    build(config)
    put(config, "incremental/orders/batch_1.csv", ORDERS, (order(3, "12.00"),))
    ingest(config)
    build(config)
    silver = holdings(config)["ticketing.silver.ticket_order"][1]
    assert [row[0] for row in silver] == ["ord_1", "ord_3"]
    assert total_of(config, 3) == "12.00"


def test_a_deleted_batch_stays(tmp_path):
    config = lake(tmp_path / "project")
    first_files(config)
    put(config, "incremental/orders/batch_1.csv", ORDERS, (order(2),))
    ingest(config)
    (config.data_raw / "incremental/orders/batch_1.csv").unlink()
    ingest(config)
    build(config)
    assert total_of(config, 2) == "10.00"
