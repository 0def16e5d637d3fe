"""The files of a run are the same each time, and hold what the facts say of real ones."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from carms_lake.errors import UsageError
from carms_lake.flows.generate import generate as generate_files

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

PACKAGE = "carms_lake.domains.ticketing"
GOLDEN = "1ab6115f9b3aad27644d7f513bdf001a58a15d4b9799beaa7d9b0b6d6d11ccc5"
"""Of all files of the tiny run."""
TINY = {"seed": 7, "scale": 0.0002, "batches": 2}
COLUMNS = {
    "accounts": ["account_id", "email", "created_at"],
    "events": ["event_id", "name", "slug"],
    "showtimes": ["showtime_id", "event_id", "start_at"],
    "orders": ["order_id", "account_id", "showtime_id", "created_at", "total_amount"],
    "transactions": ["transaction_id", "order_id", "amount", "occurred_at"],
    "pages": [
        "page_id", "account_id", "customer_id", "page_type", "occurred_at", "event_id",
        "showtime_id",
    ],
    "identity_merges": ["from_customer_id", "to_customer_id", "merged_at"],
}  # fmt: skip


def files_of(folder: Path, **options: object) -> Path:
    generate_files(PACKAGE, folder, options)
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("[!.]*"))
        if path.is_file()
    }


def records(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cells(folder: Path, source: str, column: str) -> list[str]:
    paths = [folder / "initial" / f"{source}.csv", *(folder / "incremental" / source).glob("*")]
    return [record[column] for path in paths for record in records(path)]


def truth_of(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "truth.json").read_text("utf-8"))
    return document


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return files_of(tmp_path_factory.mktemp("tiny"), **TINY)


@pytest.fixture(scope="module")
def ordered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return files_of(tmp_path_factory.mktemp("ordered"), scale=0.003, batches=3, seed=11)


@pytest.fixture(scope="module")
def disordered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return files_of(tmp_path_factory.mktemp("disordered"), scale=0.001, batches=4, disorder=True)


def test_the_same_options_give_the_same_bytes_of_every_file(tiny, tmp_path):
    assert digests(files_of(tmp_path, **TINY)) == digests(tiny)


def test_another_seed_gives_other_bytes_of_every_file(tiny, tmp_path):
    other = digests(files_of(tmp_path, **{**TINY, "seed": 8}))
    same = {name for name, digest in digests(tiny).items() if other.get(name) == digest}
    assert same == set()


def test_the_bytes_are_those_of_every_machine(tiny):
    text = repr(sorted(digests(tiny).items()))
    assert hashlib.sha256(text.encode()).hexdigest() == GOLDEN


def test_every_source_has_a_first_file_and_batches_with_its_columns(tiny):
    names = set(digests(tiny)) - {"truth.json"}
    assert names == {
        name
        for source in COLUMNS
        for name in (
            f"initial/{source}.csv",
            f"incremental/{source}/batch_001.csv",
            f"incremental/{source}/batch_002.csv",
        )
    }
    for name in names:
        with (tiny / name).open(encoding="utf-8", newline="") as file:
            source = name.split("/")[1].removesuffix(".csv")
            assert next(csv.reader(file)) == COLUMNS[source]


def test_the_numbers_of_disordered_batches_have_gaps_and_9_comes_before_10(disordered):
    names = sorted(path.name for path in (disordered / "incremental" / "pages").iterdir())
    assert names == ["batch_10.csv", "batch_13.csv", "batch_2.csv", "batch_9.csv"]
    assert truth_of(disordered)["batches"] == ["batch_2", "batch_9", "batch_10", "batch_13"]


def test_disordered_batches_refer_to_what_comes_later(ordered, disordered):
    def orders_before_their_accounts(folder: Path) -> int:
        there = {
            record["account_id"].strip() for record in records(folder / "initial/accounts.csv")
        }
        later = {one.strip() for one in cells(folder, "accounts", "account_id")} - there
        return sum(
            record["account_id"].strip() in later
            for record in records(folder / "initial/orders.csv")
        )

    assert orders_before_their_accounts(ordered) == 0
    assert orders_before_their_accounts(disordered) > 50
    waiting = truth_of(disordered)["waiting"]
    assert waiting[0]["count"] > 100
    assert waiting[-1]["count"] < 20


@pytest.mark.parametrize(
    ("source", "column", "spellings"),
    [
        (
            "orders",
            "total_amount",
            [r"\d+\.\d\d", r"\$\d+\.\d\d", r"\d,\d{3}\.\d\d", r"\$\d,\d{3}\.\d\d", r" .*", r".* "],
        ),
        ("transactions", "amount", [r"\(\$\d+\.\d\d\)", r"\(\d+\.\d\d\)", r"-\d+\.\d\d", r"-\$.*"]),
        ("pages", "page_type", ["viewed_product_page ", "Viewed Showtime", "VIEWED_PRODUCT_PAGE"]),
        ("pages", "page_type", ["viewed_gift_shop"]),
        ("pages", "customer_id", ["", "N/A", "NULL", "None", "n/a", "null", "none", " N/A"]),
        ("pages", "showtime_id", ["", "N/A", "NULL", "None"]),
        ("events", "slug", [r"[a-z]+-[a-z]+", r"[A-Z]+-[A-Z]+"]),
        ("accounts", "email", [r"user\d+@example\.com", r"User\d+.*@Example\.Com", " user.*"]),
        (
            "pages",
            "occurred_at",
            [
                r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", r".*T.*Z", r".*\+02:00", r".*-0500",
                r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", r".*\.000",
            ],
        ),
    ],
)  # fmt: skip
def test_cells_are_spelled_in_every_way(ordered, source, column, spellings):
    found = cells(ordered, source, column)
    for spelling in spellings:
        assert any(re.fullmatch(spelling, cell) for cell in found), spelling


def test_keys_come_again_as_they_were_and_in_later_versions(ordered):
    first = {r["order_id"].strip(): r for r in records(ordered / "initial/orders.csv")}
    again = [
        (first[record["order_id"].strip()], record)
        for path in (ordered / "incremental/orders").iterdir()
        for record in records(path)
        if record["order_id"].strip() in first
    ]
    digits = [[re.sub(r"[^\d.]", "", record["total_amount"]) for record in pair] for pair in again]
    assert any(float(before) == float(after) for before, after in digits)
    assert any(float(before) != float(after) for before, after in digits)


def test_transactions_come_a_batch_before_and_a_batch_after_their_orders(ordered):
    came = {}
    for source, key in (("orders", "order_id"), ("transactions", "order_id")):
        for number, folder in enumerate(("initial", "batch_001", "batch_002", "batch_003")):
            path = f"incremental/{source}/{folder}.csv" if number else f"initial/{source}.csv"
            for record in records(ordered / path):
                came.setdefault((source, record[key].strip()), number)
    shifts = {
        number - came["orders", order]
        for (source, order), number in came.items()
        if source == "transactions" and ("orders", order) in came
    }
    assert shifts == {-1, 0, 1}


def test_rejected_records_are_where_the_truth_says(ordered):
    rejects = truth_of(ordered)["rejects"]
    for reject in rejects:
        record = records(ordered / reject["file"])[reject["record"] - 1]
        text = record[reject["column"]]
        bad = text.strip() in ("", "N/A") or "\0" in text
        bad = bad or text in ("12,50", "1.2.3", "USD 5", "$1,00.00", "(5.00", "yesterday")
        assert bad or text in ("2025-02-30T10:00:00", "2025-02-11T24:30:00")
    assert {reject["code"] for reject in rejects} == {
        "REQUIRED_NULL", "TYPE_MISMATCH", "PATTERN_MISMATCH",
    }  # fmt: skip
    counts = truth_of(ordered)["rows"]
    for source, count in counts.items():
        found = len(cells(ordered, source, COLUMNS[source][0]))
        assert found == count["rows"] + count["rejected"]


def test_merges_have_long_chains_circles_merges_into_themselves_and_repetitions(ordered):
    truth = truth_of(ordered)
    heads = list(truth["customers"].values())
    assert max(heads.count(head) for head in set(heads)) > 90
    assert len(truth["cycles"]) > 3
    assert truth["merges"]["into_themselves"] > 0
    assert truth["merges"]["rows"] > truth["merges"]["keys"]
    assert truth["customers_at"][0]["customers"] != truth["customers"]


def test_without_anomalies_nothing_is_rejected_unknown_or_in_a_circle(tmp_path):
    truth = truth_of(files_of(tmp_path, scale=0.0005, batches=2, anomalies=False))
    assert truth["rejects"] == []
    assert truth["orphans"] == {"orders": [], "pages": []}
    assert [after["count"] for after in truth["waiting"]] == [0, 0, 0]
    assert truth["cycles"] == []
    assert truth["merges"]["into_themselves"] == 0


def test_more_anomalies_are_more_rejects_orphans_and_circles(tiny, tmp_path):
    some, many = truth_of(tiny), truth_of(files_of(tmp_path, **TINY, anomaly_rate=10.0))
    for name in ("orders", "pages"):
        assert len(many["orphans"][name]) > len(some["orphans"][name])
    assert len(many["cycles"]) > len(some["cycles"])
    assert len(many["rejects"]) >= len(some["rejects"])


def test_without_batches_everything_is_in_the_first_files(tmp_path):
    files_of(tmp_path, scale=0.0002, batches=0)
    assert sorted(path.name for path in tmp_path.glob("[!.]*")) == ["initial", "truth.json"]
    assert truth_of(tmp_path)["waiting"][0]["after"] == "initial"


@pytest.mark.parametrize(
    "options",
    [{"scale": 0}, {"scale": 21}, {"batches": -1}, {"anomaly_rate": -0.1}, {"anomaly_rate": 11}],
)
def test_a_number_out_of_range_is_refused(tmp_path, options):
    (name,) = options
    with pytest.raises(UsageError, match=f"`{name}` must be"):
        files_of(tmp_path, **options)
