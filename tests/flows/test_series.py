"""The files of a source may be one series: the last place is the present, whenever files come."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tiny import SALES, project, put, rows, stocked, with_keys

from carms_lake.config import Domain, LakeConfig
from carms_lake.contract.model import Contract, SourceSpec
from carms_lake.contract.spelling import SeriesOrder, SeriesSpec
from carms_lake.errors import ContractError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.lineage import trace
from carms_lake.flows.series import place, snapshots
from carms_lake.names import Layer, TableRef
from carms_lake.store.delta.manifest import FileEntry, Manifest

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.records import RunReport

HEADER = "product_id,name,price"
SILVER = ("silver.product", "silver.product_history")
STATES = ("p1,Tea,1.00\np2,Jam,9.00", "p1,Tea,2.00\np2,Jam,9.00", "p1,Tea,3.00")
"""What the three places of a series hold: p2 is gone from the last."""


def shop(folder: Path, series: dict[str, str] | None) -> LakeConfig:
    """A project whose products come in many files, one series or not."""
    config = project(folder)
    source = config.domain.schemas[0] / "bronze" / "products.odcs.yaml"
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    keys = {"carms.files": ["products*.csv", "products/**/*.csv"], "carms.format": "csv"}
    keys |= {"carms.delivery": "snapshot", **({"carms.series": series} if series else {})}
    custom = [{"property": key, "value": value} for key, value in keys.items()]
    document["schema"][0]["customProperties"] = custom
    target = config.project / "schemas" / "tiny" / "bronze" / "products.odcs.yaml"
    target.parent.mkdir(parents=True)
    target.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    schemas = (*config.domain.schemas, target.parents[1])
    put(config, "sales/day_1.csv", SALES.splitlines()[0] + "\ns1,p1,2\n")
    return LakeConfig(config.project, Domain("tiny", "tiny_shop", schemas))


def land(config: LakeConfig, name: str, state: str) -> RunReport:
    put(config, name, f"{HEADER}\n{state}\n")
    return ingest(config)


def present(config: LakeConfig) -> list[tuple[str, str]]:
    return [
        (key, str(price)) for key, price in rows(config, "silver.product", "product_id", "price")
    ]


def versions(config: LakeConfig) -> list[tuple[Any, ...]]:
    """Prices in their order, and whether the product is deleted."""
    columns = ("product_id", "valid_from", "valid_to", "price", "is_current", "is_deleted")
    found = sorted(rows(config, "silver.product_history", *columns), key=lambda row: row[:2])
    for (key, _, ends, *_), (other, begins, *_) in pairwise(found):
        assert key != other or ends == begins
    return [(key, str(price), *rest) for key, _, _, price, *rest in found]


WANTED = [
    ("p1", "1.00", False, False),
    ("p1", "2.00", False, False),
    ("p1", "3.00", True, False),
    ("p2", "9.00", True, True),
]
NAMES = {
    "dated": (
        {"path": r"(\d{4}[-/]?\d\d[-/]?\d\d)", "order": "dated"},
        ("products_2024-01-31.csv", "products/2024/02/01/a.csv", "products_20240203.csv"),
    ),
    "natural": (
        {"path": r"_(v\d+)\.csv$"},
        ("products_v2.csv", "products_v9.csv", "products_v10.csv"),
    ),
    "numeric": (
        {"path": r"_([\d.]+)\.csv$", "order": "numeric"},
        ("products_9.csv", "products_9.5.csv", "products_10.csv"),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (2, 1, 0)])
@pytest.mark.parametrize("kind", NAMES)
def test_the_order_of_arrival_decides_nothing(tmp_path: Path, kind: str, order) -> None:
    series, names = NAMES[kind]
    config = shop(tmp_path, series)
    for at in order:
        report = land(config, names[at], STATES[at])
        if kind == "dated":
            build(config, SILVER)
    late = order[-1] != 2
    assert any("takes its place in the history" in n for f in report.files for n in f.notes) == late
    build(config, SILVER)
    assert present(config) == [("p1", "3.00")]
    assert versions(config) == WANTED


def test_files_that_come_in_one_run_are_a_history_too(tmp_path: Path) -> None:
    series, names = NAMES["dated"]
    config = shop(tmp_path, series)
    for name, state in zip(names, STATES, strict=True):
        put(config, name, f"{HEADER}\n{state}\n")
    ingest(config)
    build(config, SILVER)
    assert (present(config), versions(config)) == ([("p1", "3.00")], WANTED)


def test_a_state_that_comes_back_is_another_one(tmp_path: Path) -> None:
    series, names = NAMES["dated"]
    config = shop(tmp_path, series)
    for name, at in zip(names, (0, 1, 0), strict=True):
        land(config, name, STATES[at])
    build(config, SILVER)
    assert present(config) == [("p1", "1.00"), ("p2", "9.00")]
    assert [v[1] for v in versions(config) if v[0] == "p1"] == ["1.00", "2.00", "1.00"]


@pytest.mark.slow
def test_files_of_one_place_are_one_snapshot_and_a_file_without_place_is_the_first(
    tmp_path,
) -> None:
    config = shop(tmp_path, NAMES["dated"][0])
    land(config, "products_2024-01-02_a.csv", "p1,Tea,2.00")
    land(config, "products_2024-01-02_b.csv", "p2,Jam,9.00")
    land(config, "products.csv", "p1,Tea,1.00\np3,Oil,5.00")
    build(config, SILVER)
    assert present(config) == [("p1", "2.00"), ("p2", "9.00")]
    land(config, "products_2024-01-02_a.csv", "p1,Tea,2.50")
    build(config, SILVER)
    assert present(config) == [("p1", "2.50"), ("p2", "9.00")]
    assert ("p3", "5.00", True, True) in versions(config)


def test_a_column_may_order_a_series_of_rows(tmp_path: Path) -> None:
    config = shop(tmp_path, {"column": "name", "order": "dated"})
    land(config, "products_b.csv", "p1,2024-01-03,3.00")
    land(config, "products_a.csv", "p1,2024-01-01,1.00\np2,2024-01-02,8.00\np1,2024-01-02,2.00")
    build(config, SILVER)
    assert present(config) == [("p1", "3.00")]
    assert [v[1] for v in versions(config) if v[0] == "p1"] == ["1.00", "2.00", "3.00"]


@pytest.mark.slow
def test_a_source_whose_files_are_replaced_may_be_a_series(tmp_path: Path) -> None:
    series = {"path": r"_(\d{8})\.csv$", "order": "dated"}
    config = with_keys(stocked(tmp_path), "bronze/sales", **{"carms.series": series})
    for day, quantity, now in (("20240203", 3, 3), ("20240131", 1, 3), ("20240203", 5, 5)):
        put(config, f"sales/day_{day}.csv", f"{SALES.splitlines()[0]}\ns1,p1,{quantity}\n")
        ingest(config)
        build(config, ["silver.sale"])
        assert rows(config, "silver.sale", "sale_id", "quantity") == [("s1", now)]


@pytest.mark.slow
def test_a_trace_leads_to_the_present_alone(tmp_path: Path) -> None:
    series, names = NAMES["dated"]
    config = shop(tmp_path, series)
    for at in (2, 0):
        land(config, names[at], STATES[at])
    build(config)
    text = str(trace(config, "p1", table="silver.product"))
    assert (names[2] in text, names[0] in text) == (True, False)


def test_without_a_series_a_lesser_name_is_warned_of(tmp_path: Path) -> None:
    config = shop(tmp_path, None)
    for name in ("products_9.csv", "products_10.csv"):
        notes = [n for f in land(config, name, f"p{name[9]},Tea,1.00").files for n in f.notes]
        assert notes == []
    report = land(config, "products_8.csv", "p8,Tea,1.00")
    (note,) = [n for f in report.files for n in f.notes if "whose name is greater" in n]
    assert "`products_10.csv`" in note


def test_a_lesser_name_says_nothing_where_all_files_count(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    for number in (9, 10, 8):
        put(config, f"sales/day_{number}.csv", f"{SALES.splitlines()[0]}\nn{number},p1,1\n")
        assert [n for f in ingest(config).files for n in f.notes] == []


@pytest.mark.slow
def test_a_contract_that_becomes_a_series_changes_what_was_built(tmp_path: Path) -> None:
    series, names = NAMES["dated"]
    config = shop(tmp_path / "plain", None)
    for at in (2, 0):
        land(config, names[at], STATES[at])
    build(config, ["product_history"])
    as_series = shop(tmp_path / "series", series)
    build(LakeConfig(config.project, as_series.domain))
    assert present(config) == [("p1", "3.00")]


@pytest.mark.parametrize(
    "series",
    [
        "dated",
        {"order": "dated"},
        {"path": "(a)", "column": "name"},
        {"path": "(a)", "by": "x"},
        {"path": "(a)", "order": "backwards"},
        {"path": "a"},
        {"path": "(a)(b)"},
        {"path": "(a"},
        {"column": "nam"},
    ],
)
def test_a_series_that_means_nothing_is_an_error_of_the_contract(tmp_path: Path, series) -> None:
    with pytest.raises(ContractError, match=r"carms\.series|backwards"):
        ingest(shop(tmp_path, series))


@pytest.mark.parametrize(
    ("order", "lesser", "greater"),
    [
        ("dated", "2024-01-31", "20240201"),
        ("dated", "202401", "2024-01-02"),
        ("dated", "2024-01-02", "2024-01-02T06:30"),
        ("dated", "2024-13-01", "1999-01-01"),  # not a date: no place
        ("numeric", "-1", "0.5"),
        ("numeric", "nine", "-1"),
        ("natural", "week 9", "week 10"),
        ("natural", None, ""),
    ],
)
def test_places_are_compared_as_what_they_are(order, lesser, greater) -> None:
    spec = SeriesSpec(SeriesOrder(order))
    assert place(spec, lesser) < place(spec, greater)


DAYS = st.lists(st.tuples(st.integers(1, 28), st.integers(0, 5)), min_size=2, max_size=8)


@given(DAYS)
def test_snapshots_are_in_the_order_of_places_and_of_time(landed: list[tuple[int, int]]) -> None:
    entries: dict[str, tuple[FileEntry, ...]] = {}
    for run, (day, copy) in enumerate(landed):
        name = f"p_2024-01-{day:02}_{copy}.csv"
        number, at = len(entries.get(name, ())) + 1, f"2025-01-01T00:00:{run:02}+00:00"
        entry = FileEntry(name, 1, 1, "", "", delivery_id=number, delivered_at=at)
        entries[name] = (*entries.get(name, ()), entry)
    spec = SourceSpec(
        ("*.csv",), ("csv",), series=SeriesSpec(SeriesOrder.DATED, path=r"_(\d{4}-\d\d-\d\d)_")
    )
    contract = Contract(TableRef("t", Layer.BRONZE, "p"), "1.0.0", (), "", source=spec)
    found = snapshots(contract, Manifest(entries), pl.LazyFrame())
    days = [{int(name[10:12]) for name, _, _ in snapshot.members} for snapshot in found]
    assert all(len(day) == 1 for day in days)
    assert [min(day) for day in days] == sorted(min(day) for day in days)
    moments = [snapshot.at for snapshot in found]
    assert moments == sorted(set(moments))
    if found:
        newest = max(int(name[10:12]) for name in entries)
        last = {name for name in entries if int(name[10:12]) == newest}
        assert {(n, d) for n, d, _ in found[-1].members} == {(n, len(entries[n])) for n in last}
