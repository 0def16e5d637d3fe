"""The files of a run are the same each time, and a later run's days fit those before."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING

import polars as pl
import pytest
from deltalake import DeltaTable
from openpyxl import load_workbook
from polars.testing import assert_frame_equal

from carms_lake.errors import UsageError
from carms_lake.flows.generate import generate as generate_files

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

PACKAGE = "carms_lake.domains.retail"
TEXT = (".csv", ".jsonl", ".json")
GOLDEN = "ac4828016bf8e5255b67fa3f413133e618acb9a6a04fde4c41570683e9efaa31"
"""Of the text files of the tiny run, and of what the others hold."""
TINY = {"seed": 7, "scale": 0.001, "days": 5}


def files_of(folder: Path, **options: object) -> Path:
    generate_files(PACKAGE, folder, options)
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("[!.]*"))
        if path.is_file()
    }


def of_kind(found: dict[str, str], *starts: str) -> dict[str, str]:
    return {name: digest for name, digest in found.items() if name.startswith(starts)}


def all_rows(folder: Path, pattern: str) -> pl.DataFrame:
    return pl.scan_csv(folder / pattern, infer_schema=False).collect()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return files_of(tmp_path_factory.mktemp("tiny"), **TINY)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return files_of(tmp_path_factory.mktemp("base"), scale=0.002, days=10)


@pytest.fixture(scope="module")
def increment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("increment")
    return files_of(folder, scale=0.002, start_date="2024-01-11", days=2)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return files_of(tmp_path_factory.mktemp("whole"), scale=0.002, days=12)


def test_the_same_options_give_the_same_bytes_of_every_file(tiny, tmp_path):
    assert digests(files_of(tmp_path, **TINY)) == digests(tiny)


def test_another_seed_gives_other_bytes_of_every_file(tiny, tmp_path):
    other = digests(files_of(tmp_path, **{**TINY, "seed": 8}))
    same = {name for name, digest in digests(tiny).items() if other.get(name) == digest}
    assert same <= {"returns/_delta_log/00000000000000000000.json"}


def test_the_bytes_are_those_of_every_machine(tiny):
    """The libraries behind Parquet and workbooks may change their bytes, not what is in them."""
    held = {name: digest for name, digest in digests(tiny).items() if name.endswith(TEXT)}
    held = {name: digest for name, digest in held.items() if "_delta_log" not in name}
    sheet = load_workbook(tiny / "exchange_rates.xlsx").active
    others = (
        repr(pl.read_parquet(tiny / "shipments_2024-01-01.parquet").rows()),
        repr(pl.read_delta(str(tiny / "returns")).rows()),
        repr(list(sheet.iter_rows(values_only=True))),
    )
    text = repr(sorted(held.items())) + "".join(others)
    assert hashlib.sha256(text.encode()).hexdigest() == GOLDEN


def test_a_base_run_has_eleven_sources_and_the_truth(tiny):
    assert {path.name for path in tiny.glob("[!.]*")} == {
        "customers.csv",
        "products.csv",
        "stores.csv",
        "suppliers.csv",
        "orders_header",
        "orders_lines",
        "events",
        "sensors",
        "exchange_rates.xlsx",
        "shipments_2024-01-01.parquet",
        "returns",
        "anomalies.json",
    }


def test_a_later_run_has_the_new_days_one_late_file_and_the_changes(increment):
    names = [name for name in digests(increment) if not name.startswith("sensors/")]
    days = ("2024-01-11", "2024-01-12")
    assert sorted(names) == sorted(
        [
            "customers.csv",
            "products.csv",
            "exchange_rates.xlsx",
            "shipments_2024-01-11.parquet",
            "returns_changes_2024-01-11.parquet",
            "anomalies-2024-01-11.json",
            *(f"orders_header/order_dt={day}/part-0000.csv" for day in days),
            *(f"orders_lines/order_dt={day}/part-0000.csv" for day in days),
            *(f"events/event_dt={day}/events_{day}.jsonl" for day in days),
            "orders_header/order_dt=2024-01-08/part-late-2024-01-11.csv",
            "orders_lines/order_dt=2024-01-08/part-late-2024-01-11.csv",
        ]
    )


def test_days_do_not_depend_on_the_run(base, increment, whole):
    by_day = ("orders_header/", "orders_lines/", "events/")
    parts = of_kind(digests(base), *by_day) | of_kind(digests(increment), *by_day)
    late = {name for name in parts if "part-late" in name}
    assert len(late) == 2
    assert {n: d for n, d in parts.items() if n not in late} == of_kind(digests(whole), *by_day)


def test_readings_do_not_depend_on_the_run(base, increment, whole):
    parts = pl.concat([all_rows(folder, "sensors/**/*.csv") for folder in (base, increment)])
    assert_frame_equal(parts, all_rows(whole, "sensors/**/*.csv"))


def test_shipments_and_returns_do_not_depend_on_the_run(base, increment, whole):
    early = pl.read_parquet(base / "shipments_*.parquet")
    later = pl.read_parquet(increment / "shipments_*.parquet")
    late = all_rows(increment, "orders_header/**/part-late*.csv")["order_id"].cast(pl.Int64)
    parts = pl.concat([early, later.filter(~pl.col("order_id").is_in(late.to_list()))])
    assert_frame_equal(parts, pl.read_parquet(whole / "shipments_*.parquet"))
    of_whole = pl.read_delta(str(whole / "returns"))
    of_base = pl.read_delta(str(base / "returns"))
    assert_frame_equal(of_whole.head(of_base.height), of_base)


def test_a_run_that_begins_anywhere_has_the_same_day(tmp_path):
    for number, (start, days) in enumerate((("2024-02-27", 4), ("2024-03-01", 1))):
        files_of(tmp_path / str(number), scale=0.001, start_date=start, days=days)
    found = [digests(tmp_path / str(number)) for number in (0, 1)]
    day = "2024-03-01"
    for name in (
        f"orders_header/order_dt={day}/part-0000.csv",
        f"events/event_dt={day}/events_{day}.jsonl",
    ):
        assert found[0][name] == found[1][name]


def test_late_orders_are_new_and_so_are_those_of_another_run(base, increment, tmp_path):
    other = files_of(tmp_path, scale=0.002, start_date="2024-01-12", days=1)
    ids = Counter(
        order
        for folder in (base, increment, other)
        for order in all_rows(folder, "orders_header/**/part-[0l]*.csv")["order_id"]
        if not (folder is other and order.startswith("12000"))
    )
    assert max(ids.values()) == 1


def test_first_runs_that_share_a_late_day_do_not_share_orders(tmp_path):
    found = []
    for day in ("02", "03", "04"):
        folder = files_of(tmp_path / day, scale=0.001, start_date=f"2024-01-{day}", days=1)
        found += all_rows(folder, "orders_header/order_dt=2024-01-01/*.csv")["order_id"].to_list()
    assert len(found) == len(set(found)) >= 9


def test_a_later_delivery_has_the_same_keys_and_a_few_other_values(base, increment):
    for name, key, changing in (
        ("products.csv", "product_id", {"current_price", "is_discontinued", "discontinued_dt"}),
        (
            "customers.csv",
            "customer_id",
            {
                "address_line1", "address_line2", "postcode", "latitude", "longitude",
                "is_vip", "gdpr_consent",
            },
        ),
    ):  # fmt: skip
        before, after = (all_rows(folder, name) for folder in (base, increment))
        assert before[key].equals(after[key])
        changed = {column for column in before.columns if not before[column].equals(after[column])}
        assert changed
        assert changed <= changing
        rows = sum(left != right for left, right in zip(before.rows(), after.rows(), strict=True))
        assert 0 < rows / before.height < 0.25


def test_rates_of_a_later_run_continue_those_before(base, increment):
    before, after = (
        list(load_workbook(folder / "exchange_rates.xlsx")["exchange_rates"].values)
        for folder in (base, increment)
    )
    assert after[: len(before)] == before
    assert len(after) == len(before) + 2 * 8
    assert after[0] == ("date", "currency", "rate_to_aud")


def test_rates_have_text_dates_gaps_and_one_for_the_australian_dollar(base):
    rows = list(load_workbook(base / "exchange_rates.xlsx").active.values)[1:]
    dates = {row[0] for row in rows}
    assert all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", on) for on in dates)
    assert not dates & {"2024-01-01", "2024-01-06", "2024-01-07"}
    assert {row[2] for row in rows if row[1] == "AUD"} == {1}
    assert max(row[2] for row in rows if row[1] == "JPY") < 0.02
    assert min(row[2] for row in rows if row[1] == "GBP") > 1.5


def test_every_source_spells_its_moments_in_one_way(tiny):
    for pattern, column, spelling in (
        ("orders_header/**/*.csv", "order_ts", r"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d"),
        ("customers.csv", "join_ts", r"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
        ("sensors/**/*.csv", "sensor_ts", r"2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"),
    ):
        values = all_rows(tiny, pattern)[column].drop_nulls()
        assert values.len() >= 10
        assert values.str.contains(f"^{spelling}$").all()


def test_half_of_the_events_have_an_envelope(base):
    lines = [
        line for path in base.rglob("*.jsonl") for line in path.read_text("utf-8").splitlines()
    ]
    nested = sum(line.startswith('{"envelope": {') for line in lines)
    assert nested / len(lines) == pytest.approx(0.5, abs=0.15)


def test_parquet_and_delta_have_the_types_of_other_producers(base, increment):
    shipments = pl.read_parquet_schema(next(base.glob("shipments_*.parquet")))
    assert shipments["ship_cost"] == pl.Decimal(21, 2)
    assert shipments["shipped_at"] == pl.Datetime("us", "UTC")
    table = pl.read_delta(str(base / "returns"))
    assert table.columns == [
        "return_id", "order_id", "product_id", "return_ts", "qty", "reason",
    ]  # fmt: skip
    changes = pl.read_parquet_schema(next(increment.glob("returns_changes_*.parquet")))
    assert list(changes) == [*table.columns, "return_reason_code", "change_type"]
    assert changes["return_ts"] == pl.Datetime("ns")
    assert DeltaTable(str(base / "returns")).version() == 0


def test_no_faults_are_planted_when_none_are_asked_for(tmp_path):
    import json

    files_of(tmp_path, scale=0.002, days=60, anomalies=False)
    truth = json.loads((tmp_path / "anomalies.json").read_bytes())
    assert {found["count"] for found in truth["anomalies"]} == {0}
    orders = all_rows(tmp_path, "orders_header/**/*.csv")
    assert orders["order_id"].is_unique().all()


def test_the_smallest_scale_has_a_few_rows_of_everything(tiny):
    for name, least in (("customers", 20), ("products", 20), ("stores", 10), ("suppliers", 8)):
        assert len((tiny / f"{name}.csv").read_text("utf-8").splitlines()) > least
    assert all_rows(tiny, "sensors/**/*.csv").height == 5 * 24


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": 0}, "`scale` must be above 0 and at most 20, not 0"),
        ({"scale": 21}, "`scale` must be above 0 and at most 20, not 21"),
        ({"days": 0}, "`days` must be 1 or more, not 0"),
        ({"anomaly_rate": -1}, "`anomaly_rate` must be from 0 to 10, not -1"),
        ({"start_date": "2023-12-31"}, "`start_date` must be 2024-01-01 or later, not 2023-12-31"),
        ({"start_date": "1/2/2024"}, "`start_date` must be a date such as 2024-12-31"),
    ],
)
def test_an_impossible_option_is_refused(tmp_path, options, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        generate_files(PACKAGE, tmp_path, options)
