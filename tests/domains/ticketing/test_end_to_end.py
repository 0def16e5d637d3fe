"""Tickets as a user does it: first files, batches as they come, corrections, and bad ones."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from command import Outcome
from command import called as carms

pytestmark = pytest.mark.slow

ORDERS = "order_id,account_id,showtime_id,created_at,total_amount\n"
LATER = "incremental/orders/batch_004.csv"


def ticketing(folder: Path, *arguments: str) -> Outcome:
    return carms(folder, "-d", "ticketing", *arguments)


def done(folder: Path, *arguments: str) -> Outcome:
    outcome = ticketing(folder, *arguments)
    assert outcome.code == 0, outcome.err
    return outcome


def ask(folder: Path, sql: str) -> list[dict[str, str]]:
    return done(folder, "query", sql).rows


def arrived(folder: Path, text: str | bytes, name: str = LATER) -> Path:
    """A file that came into the folder of batches."""
    path = folder / "landing" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty project beside generated files: the first ones, and three batches."""
    folder = tmp_path_factory.mktemp("landing")
    done(folder, "init")
    options = ["--scale", "0.0005", "--batches", "3", "--out", str(folder / "landing")]
    written = done(folder, "generate", "ticketing", *options).out.split()
    assert len(written) > 20
    return folder


@pytest.fixture(scope="module")
def built(landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which all of them are; tests only read it."""
    folder = Path(shutil.copytree(landing, tmp_path_factory.mktemp("built") / "project"))
    done(folder, "ingest", "--from", "landing")
    done(folder, "build")
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    """A copy of that project, to change."""
    return Path(shutil.copytree(built, tmp_path / "project"))


def test_a_folder_of_first_files_and_batches_gives_weekly_sales(built: Path) -> None:
    truth = json.loads((built / "landing/truth.json").read_text("utf-8"))
    names = ["week_start_on", "event_id", "orders", "gross", "refunds", "net"]
    found = ask(built, "from weekly_sales order by week_start_on, event_id nulls last")
    assert [{name: row[name] for name in names} for row in found] == [
        {name: "" if week[name] is None else str(week[name]) for name in names}
        for week in truth["weekly_sales"]
    ]
    assert {"event_name", "average_order"} < found[0].keys()


@pytest.mark.parametrize("first", ["initial", "incremental"])
def test_first_files_and_batches_may_come_in_either_order(
    landing: Path, built: Path, tmp_path: Path, first: str
) -> None:
    second = "incremental" if first == "initial" else "initial"
    shutil.copytree(landing / "landing" / first, tmp_path / "one" / first)
    shutil.copytree(landing / "landing" / second, tmp_path / "other" / second)
    done(tmp_path, "init")
    done(tmp_path, "ingest", "--from", "one")
    done(tmp_path, "build")
    done(tmp_path, "ingest", "--from", "other")
    done(tmp_path, "build")
    sql = "from weekly_sales order by all"
    assert ask(tmp_path, sql) == ask(built, sql)


def test_one_batch_is_read_by_its_path(landing: Path, built: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(landing, tmp_path / "project"))
    last = folder / "landing/incremental/orders/batch_003.csv"
    aside = Path(shutil.move(last, tmp_path / "batch_003.csv"))
    done(folder, "ingest", "--from", "landing")
    before = done(folder, "build")
    shutil.move(aside, last)
    landed = done(folder, "ingest", "orders", "--from", str(last))
    assert [(row["file"], row["status"]) for row in landed.rows] == [
        ("incremental/orders/batch_003.csv", "landed")
    ]
    after = done(folder, "build")
    counts = [
        {row["table"]: row["quarantined"] for row in outcome.rows} for outcome in (before, after)
    ]
    assert int(counts[0]["silver.payment"]) > int(counts[1]["silver.payment"]) > 0
    sql = "from fact_transactions order by all"
    assert ask(folder, sql) == ask(built, sql)


def test_the_transactions_that_wait_are_shown_with_their_reason(built: Path) -> None:
    truth = json.loads((built / "landing/truth.json").read_text("utf-8"))
    rows = done(built, "rejects", "payment").rows
    assert {row["code"] for row in rows} == {"UNKNOWN_REFERENCE"}
    waiting = truth["waiting"][-1]["transactions"]
    assert sorted(json.loads(row["row_key"])["transaction_id"] for row in rows) == waiting


def test_a_batch_with_a_header_only_lands_without_rows(project: Path) -> None:
    path = arrived(project, ORDERS)
    (row,) = done(project, "ingest", "orders", "--from", str(path)).rows
    assert row == {
        "file": LATER, "status": "landed", "records": "0", "accepted": "0", "rejected": "0",
    }  # fmt: skip
    assert done(project, "build").code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("transaction_id,order_id,amount,occurred_at\n", ["missing columns", "`account_id`"]),
        (b"", ["0 bytes"]),
        (ORDERS.replace("total_amount", "total"), ["`total_amount`", "`total`"]),
    ],
    ids=["another source's columns", "nothing", "a renamed column"],
)
def test_a_batch_that_is_no_batch_of_orders_is_refused_and_named(
    project: Path, text: str | bytes, words: list[str]
) -> None:
    path = arrived(project, text)
    outcome = ticketing(project, "ingest", "orders", "--from", str(path))
    assert outcome.code == 4
    assert [row["status"] for row in outcome.rows] == ["refused"]
    for word in (LATER, "hint:", *words):
        assert word in outcome.err
    assert "Traceback" not in outcome.err


BAD_CELLS = [
    ('ord_9,acc_1,,2025-01-01,"12,50"', "PATTERN_MISMATCH", "total_amount", "12,50"),
    ("ord_9,acc_1,,2025-01-01,1.2.3", "PATTERN_MISMATCH", "total_amount", "1.2.3"),
    ("ord_9,acc_1,,2025-01-01,USD 5", "PATTERN_MISMATCH", "total_amount", "USD 5"),
    ("ord_9,acc_1,,2025-01-01,N/A", "REQUIRED_NULL", "total_amount", ""),
    ("ord_9,acc_1,,2025-02-29T10:00:00,5", "TYPE_MISMATCH", "created_at", "2025-02-29T10:00:00"),
    ("ord_9,acc_1,,2025-02-11T24:30:00,5", "TYPE_MISMATCH", "created_at", "2025-02-11T24:30:00"),
    ("ord_9,acc_1,,11/02/2025,5", "TYPE_MISMATCH", "created_at", "11/02/2025"),
    ("ord\0_9,acc_1,,2025-01-01,5", "PATTERN_MISMATCH", "order_id", "ord\0_9"),
    (" ,acc_1,,2025-01-01,5", "REQUIRED_NULL", "order_id", ""),
]


def test_bad_cells_are_set_aside_with_their_reasons_and_the_good_row_lands(project: Path) -> None:
    path = arrived(project, ORDERS + "".join(f"{line}\n" for line, *_ in BAD_CELLS) + "o9,a,,\n")
    path.write_text(path.read_text("utf-8") + "ord_new,acc_1,,2025-01-01, ($1,000.50) \n", "utf-8")
    path.write_text(path.read_text("utf-8").replace(" ($1,000.50) ", '" ($1,000.50) "'), "utf-8")
    (row,) = done(project, "ingest", "orders", "--from", str(path)).rows
    assert (row["accepted"], row["rejected"]) == ("1", str(len(BAD_CELLS) + 1))
    found = done(project, "--json", "rejects", "orders").json["data"]
    reasons = [
        (one["code"], one["rule"].split(".")[0], one["value"] or "", one["raw_record"])
        for one in found
        if one["src_filename"] == LATER
    ]
    assert reasons[:-1] == [(code, column, value, line) for line, code, column, value in BAD_CELLS]
    assert reasons[-1][0] == "MALFORMED_ROW"
    done(project, "build")
    assert ask(project, "select total_amount from fact_orders where order_id = 'ord_new'") == [
        {"total_amount": "-1000.50"}
    ]


def test_a_batch_of_the_same_name_with_other_content_replaces_its_own_rows(project: Path) -> None:
    orders = "select order_id, total_amount from fact_orders where order_id like 'ord_new%'"
    for rows, status, expected in (
        ("ord_new1,acc_1,,2025-01-01,5\nord_new2,acc_1,,2025-01-01,6\n", "landed", ["5", "6"]),
        ("ord_new2,acc_1,,2025-01-01,7\n", "replaced", ["7"]),
    ):
        path = arrived(project, ORDERS + rows)
        (row,) = done(project, "ingest", "orders", "--from", str(path)).rows
        assert row["status"] == status
        done(project, "build")
        found = ask(project, f"{orders} order by all")
        assert [one["total_amount"] for one in found] == [f"{amount}.00" for amount in expected]


def test_a_batch_that_was_deleted_after_it_was_ingested_stays(project: Path) -> None:
    count = "select count(*) as orders from fact_orders"
    before = ask(project, count)
    (project / "landing/incremental/orders/batch_002.csv").unlink()
    done(project, "ingest", "--from", "landing")
    done(project, "build", "--full-refresh")
    assert ask(project, count) == before
    held = ask(project, "select distinct src_filename from bronze.orders order by all")
    assert {"src_filename": "incremental/orders/batch_002.csv"} in held


def test_ingesting_everything_again_changes_nothing(project: Path) -> None:
    sql = "from weekly_sales order by all"
    before = ask(project, sql)
    again = done(project, "ingest", "--from", "landing").rows
    assert {row["status"] for row in again} == {"unchanged"}
    done(project, "ingest", "--from", "landing", "--full-refresh")
    done(project, "build")
    assert ask(project, sql) == before


@pytest.mark.real_data
def test_the_real_first_load_is_whole_and_clean(tmp_path: Path) -> None:
    root = os.environ.get("CARMS_REAL_DATA")
    if not root or not (Path(root) / "ticketing").is_dir():
        pytest.skip("CARMS_REAL_DATA has no folder `ticketing`: the real first load is not here")
    done(tmp_path, "init")
    landed = done(tmp_path, "ingest", "--from", str(Path(root) / "ticketing")).rows
    assert {row["file"]: (row["accepted"], row["rejected"]) for row in landed} == {
        "initial/accounts.csv": ("20", "0"),
        "initial/events.csv": ("7", "0"),
        "initial/showtimes.csv": ("50", "0"),
        "initial/orders.csv": ("65", "0"),
        "initial/transactions.csv": ("65", "0"),
        "initial/pages.csv": ("100", "0"),
        "initial/identity_merges.csv": ("3", "0"),
    }
    assert "0 rejected" in done(tmp_path, "build").err
    paid = "select sum(gross) as gross, sum(net) as net, sum(orders) as orders from weekly_sales"
    assert ask(tmp_path, paid) == [{"gross": "15464.63", "net": "15464.63", "orders": "65"}]
    assert ask(tmp_path, "from order_reconciliation") == []
