"""What the generator says of its files is what the lake makes of them."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from domains.ticketing.order_lake import DOMAIN, SOURCES, asked, lake

from carms_lake.catalog import load_catalog
from carms_lake.flows.build import build
from carms_lake.flows.generate import generate
from carms_lake.flows.ingest import ingest
from carms_lake.names import Layer
from carms_lake.store.rejects import live

if TYPE_CHECKING:
    from carms_lake.config import LakeConfig
    from carms_lake.records import RunReport

pytestmark = pytest.mark.slow

SILVER = {
    "accounts": "account",
    "events": "event",
    "showtimes": "showtime",
    "orders": "ticket_order",
    "transactions": "payment",
    "pages": "page_view",
    "identity_merges": "identity_merge",
}


class Made(NamedTuple):
    config: LakeConfig
    truth: dict[str, Any]
    ingested: RunReport
    built: RunReport


@pytest.fixture(
    scope="module",
    params=[
        {"scale": 0.002},
        {"scale": 0.001, "batches": 6, "disorder": True, "anomaly_rate": 4.0, "seed": 3},
    ],
    ids=["ordered", "disordered"],
)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    config = lake(tmp_path_factory.mktemp("truth") / "project")
    generate(DOMAIN.package, config.data_raw, request.param)
    truth = json.loads((config.data_raw / "truth.json").read_text("utf-8"))
    return Made(config, truth, ingest(config), build(config))


def moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)


def test_every_row_is_accepted_or_rejected_as_planted(made):
    for source in SOURCES:
        files = [file for file in made.ingested.files if file.table.table == source]
        counts = made.truth["rows"][source]
        assert sum(file.accepted for file in files) == counts["rows"]
        assert sum(file.rejected for file in files) == counts.get("rejected", 0)


def test_every_planted_fault_is_rejected_with_its_code(made):
    contracts = load_catalog(DOMAIN).contracts
    found = live(made.config, [ref for ref in contracts if ref.layer is Layer.BRONZE])
    assert found is not None
    rows = found.select("table_name", "src_filename", "src_row_number", "reasons").collect().rows()
    codes = {(table, file, record): reasons[0]["code"] for table, file, record, reasons in rows}
    assert codes == {
        (reject["source"], reject["file"], reject["record"]): reject["code"]
        for reject in made.truth["rejects"]
    }


def test_every_key_is_in_silver_once_or_waits(made):
    tables = {table.table.table: table for table in made.built.tables}
    waiting = made.truth["waiting"][-1]["count"]
    for source, table in SILVER.items():
        expected = made.truth["rows"][source]["keys"]
        assert tables[table].quarantined == (waiting if source == "transactions" else 0)
        assert tables[table].rows + tables[table].quarantined == expected
    assert made.built.is_balanced


def test_orphans_are_kept_and_flagged(made):
    for table, key in (("orders", "order_id"), ("page_views", "page_id")):
        found = asked(made.config, f"SELECT {key} FROM gold.fact_{table} WHERE is_orphan")
        planted = made.truth["orphans"]["pages" if table == "page_views" else "orders"]
        assert {row[0] for row in found} == set(planted)
        assert planted


def test_every_difference_of_an_order_is_listed_to_the_cent(made):
    found = asked(
        made.config,
        "SELECT order_id, total_amount, transactions_amount FROM gold.order_reconciliation",
    )
    assert {(order, str(total), str(paid)) for order, total, paid in found} == {
        (one["order_id"], one["total"], one["paid"]) for one in made.truth["differences"]
    }


def test_weekly_sales_are_right_to_the_cent(made):
    names = ["week_start_on", "event_id", "orders", "gross", "refunds", "net"]
    found = asked(made.config, f"SELECT {', '.join(names)} FROM gold.weekly_sales")
    rows = [dict(zip(names, (str(cell) for cell in row), strict=True)) for row in found]
    expected = [{name: str(week[name]) for name in names} for week in made.truth["weekly_sales"]]
    assert sorted(rows, key=repr) == sorted(expected, key=repr)


def test_every_customer_is_who_the_merges_say(made):
    found = asked(
        made.config,
        "SELECT customer_id, canonical_customer_id FROM gold.dim_customer_identity"
        " WHERE is_current AND customer_id <> canonical_customer_id",
    )
    expected = {one: other for one, other in made.truth["customers"].items() if one != other}
    assert dict(found) == expected
    assert max(Counter(expected.values()).values()) > 10


@pytest.mark.parametrize("number", [0, 1])
def test_every_customer_is_who_the_merges_said_at_a_moment(made, number):
    then = made.truth["customers_at"][number]
    at = moment(then["at"]).strftime("%Y-%m-%d %H:%M:%S")
    found = asked(
        made.config,
        "SELECT customer_id, canonical_customer_id"
        f" FROM gold.identity_at(TIMESTAMP '{at}') WHERE customer_id <> canonical_customer_id",
    )
    expected = {one: other for one, other in then["customers"].items() if one != other}
    assert dict(found) == expected
    assert expected


def test_every_circle_is_reported_with_its_members_and_the_merge_that_is_disregarded(made):
    found = asked(
        made.config,
        "SELECT members, from_customer_id, to_customer_id, merged_at FROM gold.identity_issue"
        " WHERE issue = 'cycle' AND is_current",
    )
    assert sorted((sorted(row[0]), *row[1:]) for row in found) == sorted(
        (
            cycle["members"],
            cycle["disregarded"]["from_customer_id"],
            cycle["disregarded"]["to_customer_id"],
            moment(cycle["disregarded"]["merged_at"]).replace(tzinfo=None),
        )
        for cycle in made.truth["cycles"]
    )
    assert found


def test_merges_into_themselves_are_counted(made):
    (count,) = asked(
        made.config, "SELECT count(*) FROM gold.identity_issue WHERE issue = 'self_merge'"
    )[0]
    assert count == made.truth["merges"]["into_themselves"] > 0
