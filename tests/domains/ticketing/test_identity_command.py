"""`carms identity`: the canonical id of a customer and the merges that lead there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command import called as carms
from matrix import check_formats

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "accounts": "account_id,email,created_at\n",
    "events": "event_id,name,slug\n",
    "showtimes": "showtime_id,event_id,start_at\n",
    "orders": "order_id,account_id,showtime_id,created_at,total_amount\n",
    "transactions": "transaction_id,order_id,amount,occurred_at\n",
    "pages": "page_id,account_id,customer_id,page_type,occurred_at,event_id,showtime_id\n",
    "identity_merges": (
        "from_customer_id,to_customer_id,merged_at\n"
        "cust_D,cust_C,2025-02-01T10:00:00\n"
        "cust_C,cust_A,2025-02-10\n"
        "cust_Y,cust_Z,2025-01-01\n"
        "cust_Z,cust_Y,2025-01-02\n"
    ),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("project")
    assert carms(folder, "init").code == 0
    for source, text in FILES.items():
        path = folder / "data_raw/ticketing/initial" / f"{source}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    done = carms(folder, "-d", "ticketing", "run")
    assert done.code == 0, done.err
    return folder


@pytest.mark.parametrize(
    ("arguments", "chain", "said"),
    [
        (["cust_D"], ["cust_D", "cust_C", "cust_A"], "`cust_D` belongs to `cust_A` now, by 2"),
        (["cust_D", "--at", "2025-02-05"], ["cust_D", "cust_C"], "`cust_C` at 2025-02-05 00:00:00"),
        (
            ["cust_D", "--at", "2025-02-01T12:00+03:00"],
            ["cust_D"],
            "`cust_D` is not merged into another id at",
        ),
        (["cust_D", "--at", "2025-02-01T11:00Z"], ["cust_D", "cust_C"], "by 1 merge\n"),
        ([" cust_A "], ["cust_A"], "`cust_A` is not merged into another id now"),
        (["cust_Y"], ["cust_Y", "cust_Z"], "its merge into `cust_Y` at 2025-01-02 00:00:00 made a"),
    ],
)
def test_the_chain_is_shown_from_the_id_to_its_canonical_one(project, arguments, chain, said):
    shown = carms(project, "-d", "ticketing", "identity", *arguments)
    assert shown.code == 0
    assert [row["customer_id"] for row in shown.rows] == chain
    assert [row["is_canonical"] for row in shown.rows] == ["false"] * (len(chain) - 1) + ["true"]
    assert said in shown.err


def test_json_has_the_answer_and_the_circle_that_was_broken(project):
    shown = carms(project, "-d", "ticketing", "identity", "cust_Y", "--json")
    assert shown.json["data"] == {
        "customer_id": "cust_Y",
        "at": None,
        "canonical_customer_id": "cust_Z",
        "merges": 1,
        "chain": [
            {"customer_id": "cust_Y", "merged_at": None},
            {"customer_id": "cust_Z", "merged_at": "2025-01-01 00:00:00"},
        ],
        "broken_cycle": {
            "members": ["cust_Y", "cust_Z"],
            "disregarded_into": "cust_Y",
            "disregarded_at": "2025-01-02 00:00:00",
        },
    }


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nobody"], 1, "no merge and no page view names the customer `nobody`"),
        (["cust_D", "--at", "2025-02-30"], 2, "`2025-02-30` is not a date"),
        (["cust_D", "--at", "yesterday"], 2, "`yesterday` is not a date"),
    ],
)
def test_what_cannot_be_answered_is_said(project, arguments, code, message):
    shown = carms(project, "-d", "ticketing", "identity", *arguments)
    assert message in shown.err
    assert "hint: " in shown.err
    assert (shown.code, shown.out) == (code, "")


@pytest.mark.slow
def test_the_command_writes_every_format_to_every_place(project: Path, tmp_path: Path) -> None:
    check_formats(["-p", str(project), "identity", "cust_D"], tmp_path, {0})
