"""What `anomalies.json` says is what the files hold, found again without the generator."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from carms_lake.flows.generate import generate as generate_files

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

REQUIRED = {"event_id", "event_ts", "event_type"}
SCALE = 0.01
DAYS = 150


class Files:
    """One run's files, read as text."""

    def __init__(self, folder: Path, truth: str) -> None:
        self.folder = folder
        self.document = json.loads((folder / truth).read_bytes())
        self.truth = {
            (found["source"], found["kind"]): found for found in self.document["anomalies"]
        }
        self.customers = self.rows("customers.csv")
        self.products = self.rows("products.csv")
        self.headers = self.rows("orders_header/**/*.csv")
        self.lines = self.rows("orders_lines/**/*.csv")

    def rows(self, pattern: str) -> pl.DataFrame:
        return pl.scan_csv(self.folder / pattern, infer_schema=False).collect()

    def records(self, name: str) -> list[list[str]]:
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))

    def planted(self, source: str, kind: str) -> set[tuple[str, ...]]:
        keys = [tuple(map(str, key)) for key in self.truth[source, kind]["keys"]]
        assert len(keys) == len(set(keys)) == self.truth[source, kind]["count"]
        return set(keys)

    def events(self) -> list[tuple[str, int, str]]:
        return [
            (path.relative_to(self.folder).as_posix(), record, line)
            for path in sorted(self.folder.rglob("*.jsonl"))
            for record, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        ]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("base")
    generate_files("carms_lake.domains.retail", folder, {"scale": SCALE, "days": DAYS})
    return Files(folder, "anomalies.json")


@pytest.fixture(scope="module")
def increment(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("increment")
    options = {"scale": SCALE, "start_date": "2024-05-30", "days": 2}
    generate_files("carms_lake.domains.retail", folder, options)
    return Files(folder, "anomalies-2024-05-30.json")


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Ten times the faults: each way in which a row can have one is met."""
    folder = tmp_path_factory.mktemp("heavy")
    options = {"seed": 3, "scale": SCALE, "days": 60, "anomaly_rate": 10}
    generate_files("carms_lake.domains.retail", folder, options)
    return Files(folder, "anomalies.json")


RUNS = pytest.mark.parametrize("run", ["base", "increment", "heavy"])


def keys(rows: pl.DataFrame, *columns: str) -> set[tuple[str, ...]]:
    return set(rows.select(columns).rows())


def number(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64)


def test_the_document_says_which_run_it_is_of(base, increment):
    heads = [{**files.document, "anomalies": None} for files in (base, increment)]
    assert heads == [
        {"seed": 7, "scale": SCALE, "start_date": start, "days": days, "anomalies": None}
        for start, days in (("2024-01-01", DAYS), ("2024-05-30", 2))
    ]


@RUNS
def test_faulty_customers_are_those_of_the_list(run, request):
    files = request.getfixturevalue(run)
    rows = files.customers
    address = r"^[^@\s]+@[a-z]+(\.[a-z]+)+$"
    latest = pl.col("join_ts") == pl.col("join_ts").max().over("natural_key")
    text = pl.col(name for name, kind in rows.schema.items() if kind == pl.String)
    for kind, found in (
        ("malformed_email", ~pl.col("email").str.contains(address)),
        ("duplicate_natural_key", ~latest),
        ("null_phone", pl.col("phone").is_null()),
        ("null_address_line1", pl.col("address_line1").is_null()),
        ("text_none", pl.any_horizontal(text == "None")),
    ):
        assert keys(rows.filter(found), "customer_id") == files.planted("customers", kind), kind


@RUNS
def test_faulty_products_are_those_of_the_list(run, request):
    files = request.getfixturevalue(run)
    rows = files.products
    discontinued = pl.col("is_discontinued") == "true"
    for kind, found in (
        ("missing_price", pl.col("current_price").is_null()),
        ("negative_price", number("current_price") <= 0),
        ("discontinued_without_date", discontinued & pl.col("discontinued_dt").is_null()),
    ):
        assert keys(rows.filter(found), "product_id") == files.planted("products", kind), kind


@pytest.mark.parametrize(("source", "columns"), [("stores", 10), ("suppliers", 6)])
def test_unquoted_commas_are_those_of_the_list(base, source, columns):
    records = base.records(f"{source}.csv")[1:]
    found = {
        (f"{source}.csv", str(at)) for at, cells in enumerate(records, 1) if len(cells) > columns
    }
    assert found == base.planted(source, "unquoted_comma")
    assert {len(cells) for cells in records} == {columns, columns + 1}


def test_names_with_quoted_commas_are_no_faults(base):
    quoted = [cells for cells in base.records("stores.csv") if "," in cells[2]]
    assert len(quoted) >= 3
    assert {len(cells) for cells in quoted} == {10}


@pytest.mark.parametrize("run", ["base", "heavy"])
def test_faulty_stores_are_those_of_the_list(run, request):
    files = request.getfixturevalue(run)
    stores = [
        cells if len(cells) == 10 else [*cells[:2], ",".join(cells[2:4]), *cells[4:]]
        for cells in files.records("stores.csv")[1:]
    ]
    codes = Counter(cells[1] for cells in stores)
    impossible = {(c[0],) for c in stores if abs(float(c[6])) > 90 or abs(float(c[7])) > 180}
    assert impossible == files.planted("stores", "impossible_coordinates")
    shared = {(cells[0],) for cells in stores if codes[cells[1]] > 1}
    assert shared == files.planted("stores", "duplicate_store_code")


@pytest.fixture(scope="module")
def stores(base: Files) -> list[str]:
    return [cells[0] for cells in base.records("stores.csv")[1:]]


@RUNS
def test_faulty_orders_are_those_of_the_list(run, stores, request):
    files = request.getfixturevalue(run)
    rows, customers = files.headers, files.customers["customer_id"].to_list()
    for kind, found in (
        ("unknown_customer", ~pl.col("customer_id").is_in(customers)),
        ("unknown_store", ~pl.col("store_id").is_in(stores)),
        ("duplicate_order_id", pl.col("order_id").is_duplicated()),
    ):
        assert keys(rows.filter(found), "order_id") == files.planted("orders_header", kind), kind


def test_an_order_that_is_delivered_twice_stands_in_another_file(base):
    found = {
        path: base.rows(path.relative_to(base.folder).as_posix())["order_id"].to_list()
        for path in base.folder.glob("orders_header/*/*.csv")
    }
    assert all(len(ids) == len(set(ids)) for ids in found.values())
    repeated = {order for path, ids in found.items() if "repeated" in path.name for order in ids}
    assert {(order,) for order in repeated} == base.planted("orders_header", "duplicate_order_id")


@RUNS
def test_faulty_lines_are_those_of_the_list(run, request):
    files = request.getfixturevalue(run)
    rows, products = files.lines, files.products["product_id"].to_list()
    for kind, found in (
        ("unknown_product", ~pl.col("product_id").is_in(products)),
        ("non_positive_qty", number("qty") <= 0),
        ("zero_price", number("unit_price") <= 0),
    ):
        line = keys(rows.filter(found), "order_id", "line_number")
        assert line == files.planted("orders_lines", kind), kind


@RUNS
def test_faulty_events_are_those_of_the_list(run, request):
    files = request.getfixturevalue(run)
    malformed, missing = set(), set()
    for file, record, line in files.events():
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            malformed.add((file, str(record)))
            continue
        if not event.get("envelope", event).keys() >= REQUIRED:
            missing.add((file, str(record)))
    assert malformed == files.planted("events", "malformed_json")
    assert missing == files.planted("events", "missing_envelope_field")


@RUNS
def test_faulty_readings_are_those_of_the_list(run, request):
    files = request.getfixturevalue(run)
    outside, timeless = set(), set()
    for path in files.folder.rglob("readings_*.csv"):
        name = path.relative_to(files.folder).as_posix()
        for record, cells in enumerate(files.records(name)[1:], 1):
            if not cells[0]:
                timeless.add((name, str(record)))
            elif not (-40 <= float(cells[3]) <= 60 and 0 <= float(cells[4]) <= 100):
                outside.add(tuple(cells[:3]))
    assert outside == files.planted("sensors", "out_of_range")
    assert timeless == files.planted("sensors", "missing_sensor_ts")


@RUNS
def test_late_and_open_shipments_are_those_of_the_list(run, request):
    files = request.getfixturevalue(run)
    rows = pl.read_parquet(files.folder / "shipments_*.parquet")
    took = pl.col("delivered_at") - pl.col("shipped_at")
    text = pl.col("shipment_id").cast(pl.String)
    for kind, found in (
        ("in_transit", pl.col("delivered_at").is_null()),
        ("late", took > timedelta(days=5)),
    ):
        shipment = keys(rows.filter(found).with_columns(text), "shipment_id")
        assert shipment == files.planted("shipments", kind), kind
    assert rows.filter(took <= timedelta(0)).is_empty()


def test_changed_returns_are_those_of_the_list(base, increment):
    changes = pl.read_parquet(increment.folder / "returns_changes_*.parquet")
    old = pl.read_delta(str(base.folder / "returns"))
    text = pl.col("return_id").cast(pl.String)
    for kind, change, is_known in (
        ("updated", "update", True),
        ("inserted", "insert", False),
        ("deleted", "delete", True),
    ):
        rows = changes.filter(change_type=change)
        planted = increment.planted("returns", kind)
        assert keys(rows.with_columns(text), "return_id") == planted, kind
        assert rows["return_id"].is_in(old["return_id"].to_list()).all() is is_known
    assert changes["return_id"].is_unique().all()
    assert changes["return_reason_code"].null_count() == 0
    both = changes.filter(change_type="update").join(old, on="return_id")
    assert (both["reason"] != both["reason_right"]).all()


@pytest.mark.parametrize(
    ("source", "kinds", "share", "tolerance"),
    [
        ("customers", ["malformed_email"], 0.007, 0.1),
        ("customers", ["null_phone"], 0.02, 0.1),
        ("customers", ["null_address_line1"], 0.01, 0.1),
        ("customers", ["duplicate_natural_key"], 0.002, 0.4),
        ("orders_header", ["unknown_customer", "unknown_store"], 0.01, 0.1),
        ("orders_header", ["duplicate_order_id"], 0.0005, 0.5),
        ("orders_lines", ["unknown_product"], 0.01, 0.1),
        ("orders_lines", ["non_positive_qty"], 0.002, 0.1),
        ("orders_lines", ["zero_price"], 0.0005, 0.3),
        ("events", ["malformed_json"], 0.0005, 0.3),
        ("events", ["missing_envelope_field"], 0.003, 0.1),
        ("sensors", ["out_of_range"], 0.003, 0.1),
        ("sensors", ["missing_sensor_ts"], 0.001, 0.1),
        ("shipments", ["in_transit"], 0.05, 0.1),
        ("shipments", ["late"], 0.02, 0.1),
    ],
)
def test_faults_are_as_many_as_their_share(base, source, kinds, share, tolerance):
    totals = {
        "customers": base.customers.height,
        "orders_header": base.headers.height,
        "orders_lines": base.lines.height,
        "events": len(base.events()),
        "sensors": DAYS * 192,
        "shipments": pl.read_parquet(base.folder / "shipments_*.parquet").height,
    }
    count = sum(base.truth[source, kind]["count"] for kind in kinds)
    assert count / totals[source] == pytest.approx(share, rel=tolerance)


@pytest.mark.parametrize(("kind", "share"), [("updated", 5), ("inserted", 2), ("deleted", 1)])
def test_returns_change_as_often_as_they_should(base, increment, kind, share):
    old = pl.read_delta(str(base.folder / "returns")).height
    count = increment.truth["returns", kind]["count"]
    assert count == pytest.approx(old * share / 100, rel=0.1, abs=1)


@RUNS
def test_a_row_has_one_fault_at_most(run, request):
    base = request.getfixturevalue(run)
    for source in ("customers", "products", "orders_header", "orders_lines", "shipments"):
        planted = Counter(
            tuple(key)
            for (of, _), found in base.truth.items()
            if of == source
            for key in found["keys"]
        )
        assert set(planted.values()) <= {1}, source


def test_lines_of_orders_without_a_customer_or_store_have_no_fault_of_their_own(base):
    orphans = base.planted("orders_header", "unknown_customer") | base.planted(
        "orders_header", "unknown_store"
    )
    for kind in ("unknown_product", "non_positive_qty", "zero_price"):
        lines = base.planted("orders_lines", kind)
        assert not {(order,) for order, _ in lines} & orphans


def test_every_reference_that_is_no_fault_is_known(base, increment):
    for files in (base, increment):
        orders = files.headers["order_id"].to_list()
        assert files.lines["order_id"].is_in(orders).all()
        assert set(files.lines["order_id"]) == set(orders)
        shipped = pl.read_parquet(files.folder / "shipments_*.parquet")["order_id"]
        assert shipped.cast(pl.String).is_in(orders).all()
    returned = pl.read_delta(str(base.folder / "returns")).select("order_id", "product_id")
    changed = pl.read_parquet(increment.folder / "returns_changes_*.parquet")
    ordered = keys(base.lines, "order_id", "product_id")
    for rows in (returned, changed):
        assert keys(rows.cast({"order_id": pl.String, "product_id": pl.String}), "order_id",
                    "product_id") <= ordered  # fmt: skip


def test_users_of_events_are_customers_or_nobody(base):
    customers = set(base.customers["customer_id"])
    users = re.findall(r'"user_id": (\w+)', " ".join(line for _, _, line in base.events()))
    assert set(users) - customers == {"null"}


def test_sold_products_are_not_discontinued_and_some_sell_far_better(base):
    gone = base.products.filter(pl.col("discontinued_dt").is_not_null())["product_id"]
    assert gone.len() >= 10
    assert not base.lines["product_id"].is_in(gone.to_list()).any()
    sold = Counter(base.lines["product_id"]).most_common()
    assert sold[0][1] > 8 * sold[len(sold) // 2][1]


def test_returns_and_shipments_come_after_the_order(base):
    order = pl.col("order_ts").str.to_datetime()
    ordered = base.headers.unique("order_id").select(pl.col("order_id").cast(pl.Int64), order)
    returned = pl.read_delta(str(base.folder / "returns")).join(ordered, on="order_id")
    wait = returned["return_ts"].dt.replace_time_zone(None) - returned["order_ts"]
    assert timedelta(days=2.9) <= wait.min() <= wait.max() <= timedelta(days=30)
    shipped = pl.read_parquet(base.folder / "shipments_*.parquet").join(ordered, on="order_id")
    early = shipped["shipped_at"].dt.replace_time_zone(None) - shipped["order_ts"]
    assert early.min() > timedelta(0)


def test_weekends_sell_more_than_mondays(base):
    on = pl.col("order_dt_local").str.to_date().dt.weekday()
    sold = Counter(base.headers.select(on)["order_dt_local"])
    assert sold[6] > 1.15 * sold[1]


def test_an_order_is_in_the_folder_of_its_local_day(base):
    folders = {
        path.parent.name: base.rows(path.relative_to(base.folder).as_posix())
        for path in sorted(base.folder.glob("orders_header/*/*.csv"))
    }
    assert len(folders) == DAYS
    for name, rows in folders.items():
        assert {f"order_dt={day}" for day in rows["order_dt_local"]} == {name}
    utc_day = pl.col("order_ts").str.head(10)
    assert base.headers.filter(utc_day != pl.col("order_dt_local")).height > 0
