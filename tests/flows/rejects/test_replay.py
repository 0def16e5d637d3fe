"""Rejected records validated again: those that pass land once, as a full reading would do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from lakes import digest as bytes_of
from reject_lake import (
    VISITS,
    bronze,
    counts,
    edit,
    loosen,
    named,
    promise,
    rejects_in,
    shop,
    visits,
)
from tiny import digest, put, rejects, rows

from carms_lake.catalog import load_catalog
from carms_lake.config import LakeConfig
from carms_lake.errors import UsageError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.rejects.replay import ReplayReport, replay
from carms_lake.flows.status import status
from carms_lake.flows.timetravel import diff_causes
from carms_lake.names import Layer, TableRef
from carms_lake.store import delta, rejects_path, table_path
from carms_lake.store.delta.write import append, overwrite

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SALES = TableRef("tiny", Layer.BRONZE, "sales")
CSV = "id,name,score\n1,a,12\n2,b,7\n3,c,x\n4,d,9,9\n5,e,1\n"


def told(report: ReplayReport) -> list[tuple[Any, ...]]:
    return [(f.name, f.set_aside, f.landed, f.left, f.read_from) for f in report.files]


def read_whole(config: LakeConfig) -> tuple[Any, ...]:
    """What a full reading of the files by today's contracts gives."""
    ingest(config, full_refresh=True)
    return bronze(config), rejects_in(config), counts(config)


def as_replayed(config: LakeConfig) -> tuple[Any, ...]:
    return bronze(config), rejects_in(config), counts(config)


def test_records_that_pass_now_land_once_and_the_counts_balance(tmp_path: Path) -> None:
    config = shop(tmp_path)
    ingest(config)
    assert counts(config, SALES)["sales/day_2.csv"] == (5, 1, 4)
    loosen(config)
    report = replay(config)
    assert told(report) == [("sales/day_2.csv", 4, 2, 2, "raw record")]
    assert counts(config, SALES)["sales/day_2.csv"] == (5, 3, 2)
    came = [row for row in rows(config, "bronze.sales") if row[-1] == report.run.run_id]
    assert {(row[0], row[4], row[5]) for row in came} == {
        ("s3", "sales/day_2.csv", 1),
        ("s\n7", "sales/day_2.csv", 5),
    }
    assert report.run.is_balanced
    before = digest(config)
    version = delta.version(table_path(config, SALES))
    assert told(replay(config)) == [("sales/day_2.csv", 2, 0, 2, "raw record")]
    assert delta.version(table_path(config, SALES)) == version, "nothing changed, nothing committed"
    assert all(file.status == "unchanged" for file in ingest(config).files)
    assert digest(config) == before


@pytest.mark.slow
def test_silver_and_gold_after_a_replay_are_those_of_a_full_refresh(tmp_path: Path) -> None:
    config = shop(tmp_path)
    ingest(config)
    build(config)
    loosen(config)
    replay(config)
    build(config)
    after = digest(config)
    assert ("s3", "p1") in {row[:2] for row in rows(config, "silver.sale")}
    build(config, full_refresh=True)
    assert digest(config) == after
    ingest(config, full_refresh=True)
    build(config)
    assert digest(config) == after


@pytest.mark.slow
def test_a_table_that_is_made_by_key_sees_the_rows_that_a_replay_added(tmp_path: Path) -> None:
    config = shop(tmp_path)
    ingest(config)
    loosen(config)
    many = "".join(f"m{n},p1,{n % 5 + 1}\n" for n in range(50))
    put(config, "sales/many.csv", f"sale_id,product_id,quantity\n{many}")
    ingest(config)
    build(config)
    assert told(replay(config)) == [("sales/day_2.csv", 4, 2, 2, "raw record")]
    made = {t.table.table: t for t in build(config).tables}
    assert made["sale"].message == "2 keys"
    after = digest(config)
    build(config, full_refresh=True)
    assert digest(config) == after


def test_a_dry_run_says_what_would_land_and_writes_nothing(tmp_path: Path) -> None:
    config = shop(tmp_path)
    ingest(config)
    loosen(config)
    before = bytes_of(config.lake)
    assert told(replay(config, dry_run=True)) == [("sales/day_2.csv", 4, 2, 2, "raw record")]
    assert bytes_of(config.lake) == before


def test_a_source_that_replays_is_not_fresher_for_it(tmp_path: Path) -> None:
    config = shop(tmp_path)
    ingest(config)
    before = dict(status(config).sources.select("source", "newest_at").rows())
    loosen(config)
    replay(config)
    assert dict(status(config).sources.select("source", "newest_at").rows()) == before


@pytest.mark.slow
@pytest.mark.parametrize("is_there", [True, False])
def test_a_repair_lands_records_whether_their_file_is_there_or_not(
    tmp_path: Path, is_there: bool
) -> None:
    config = visits(tmp_path, named())
    path = put(config, "visits/v.csv", CSV + "6,Smith, Jones & Co,70\n")
    ingest(config, ["visits"])
    promise(config, named(minimum=None), **{"carms.mergeSurplusInto": "name"})
    if not is_there:
        path.rename(tmp_path / "away.csv")
    assert told(replay(config, ["visits"])) == [("visits/v.csv", 5, 4, 1, "raw record")]
    repaired = rows(config, "bronze.visits", "id", "name", "src_repair")
    assert (6, "Smith, Jones & Co", "merge_surplus_into:name") in repaired
    assert (1, "a", None) in repaired
    replayed = as_replayed(config)
    put(config, "visits/v.csv", CSV + "6,Smith, Jones & Co,70\n")
    assert read_whole(config) == replayed


def test_a_header_in_another_order_with_other_names_is_that_of_the_file(tmp_path: Path) -> None:
    config = visits(tmp_path, named())
    text = '\ufeff"SCORE", Name ,id\r\n7,"a ""b""",1\r\n\r\n12,c,2\r\n6,"x\ny",3'
    put(config, "visits/v.csv", text).rename(tmp_path / "v.csv")
    (config.data_raw / "visits").mkdir(exist_ok=True)
    (tmp_path / "v.csv").rename(config.data_raw / "visits" / "v.csv")
    ingest(config, ["visits"])
    promise(config, named(minimum=6))
    assert told(replay(config)) == [("visits/v.csv", 2, 2, 0, "raw record")]
    replayed = as_replayed(config)
    assert read_whole(config) == replayed


def lines(values: Iterable[dict[str, Any] | str]) -> list[str]:
    return [value if isinstance(value, str) else json.dumps(value) for value in values]


OBJECTS: list[dict[str, Any] | str] = [
    {"id": 1, "name": "a", "score": 12},
    {"id": 2, "score": 7},
    {"id": 3, "score": "x"},
    {"id": 4, "name": ["n"], "score": 99},
    {"id": 5, "score": None},
    "[1]",
    {"id": 6, "score": 8},
]


def delivered(config: LakeConfig, kind: str) -> Path:
    """The same records in a format; in CSV they are text."""
    path = config.data_raw / "visits" / f"v.{kind}"
    path.parent.mkdir(parents=True)
    if kind == "jsonl":
        path.write_text("\n\n".join(lines(OBJECTS)), encoding="utf-8")
    elif kind == "json":
        path.write_text("[" + ",\n".join(lines(OBJECTS)) + "]", encoding="utf-8")
    elif kind == "parquet":
        pl.DataFrame(
            {"id": [1, 2, 3], "name": ["a", None, "c"], "score": [12, 7, 8]}
        ).write_parquet(path)
    else:
        with xlsxwriter.Workbook(path) as book:
            page = book.add_worksheet("People")
            for number, row in enumerate([["id", "name", "score"], [1, "a", 12], [2, "b", 7]]):
                page.write_row(number + 2, 1, row)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "landed", "way"),
    [
        ("jsonl", 2, "raw record"),
        ("json", 2, "raw record"),
        ("parquet", 2, "source file"),
        ("xlsx", 1, "source file"),
    ],
)
def test_every_format_is_replayed_as_a_full_reading_would_land_it(
    tmp_path: Path, kind: str, landed: int, way: str
) -> None:
    config = visits(tmp_path, named(), **{"carms.format": kind})
    delivered(config, kind)
    ingest(config, ["visits"])
    promise(config, named(minimum=None), **{"carms.format": kind})
    ((_, _, found, _, read_from),) = told(replay(config))
    assert (found, read_from) == (landed, way)
    replayed = as_replayed(config)
    assert read_whole(config) == replayed


@pytest.mark.parametrize("kind", ["parquet", "xlsx"])
def test_a_format_whose_raw_record_does_not_say_its_types_needs_its_file(
    tmp_path: Path, kind: str
) -> None:
    config = visits(tmp_path, named(), **{"carms.format": kind})
    path = delivered(config, kind)
    ingest(config, ["visits"])
    promise(config, named(minimum=None), **{"carms.format": kind})
    content = path.read_bytes()
    path.write_bytes(content + b" ")
    before = as_replayed(config)
    (file,) = replay(config).files
    assert (file.landed, file.left) == (0, file.set_aside)
    assert file.why_not == "the source file is gone, or its content has changed since it landed"
    assert as_replayed(config) == before
    elsewhere = tmp_path / "elsewhere" / "visits" / path.name
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_bytes(content)
    (file,) = replay(config, from_path=tmp_path / "elsewhere").files
    assert file.read_from == "source file"
    assert file.landed


def test_records_with_bytes_that_are_no_text_need_their_file(tmp_path: Path) -> None:
    config = visits(tmp_path, named())
    path = config.data_raw / "visits" / "v.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(CSV.encode() + b"6,caf\xe9,70\n")
    ingest(config, ["visits"])
    promise(config, named(minimum=None))
    assert told(replay(config, dry_run=True)) == [("visits/v.csv", 5, 2, 3, "source file")]
    path.unlink()
    (file,) = replay(config).files
    assert (file.landed, file.left, file.read_from) == (2, 3, "raw record")
    assert file.why_not == (
        "1 record not text, and the source file is gone, or its content has changed since it landed"
    )
    assert counts(config) == {"visits/v.csv": (6, 3, 3)}


def test_another_dialect_or_other_columns_are_not_replayed_but_named(tmp_path: Path) -> None:
    config = visits(tmp_path, named())
    put(config, "visits/v.csv", CSV)
    ingest(config, ["visits"])
    before = as_replayed(config)
    for keys in ({"carms.delimiter": ";"}, {"carms.quote": "'", "carms.delimiter": "a"}):
        promise(config, named(minimum=None), **keys)
        (file,) = replay(config).files
        assert file.landed == 0
        assert file.why_not
    promise(config, [*named(minimum=None), {"name": "mood", "logicalType": "string"}])
    (file,) = replay(config).files
    assert "other columns (`mood`); `carms ingest --full-refresh`" in file.why_not
    assert as_replayed(config) == before


def test_records_that_still_fail_get_the_reasons_of_today(tmp_path: Path) -> None:
    config = visits(tmp_path, named())
    put(config, "visits/v.csv", "id,name,score\n1,a,7\n2,b,x\n")
    ingest(config, ["visits"])
    promise(config, named(minimum=8))
    report = replay(config)
    assert told(report) == [("visits/v.csv", 2, 0, 2, "raw record")]
    said = [reason["message"] for row in rejects_in(config) for reason in row[4]]
    assert "`score` must be at least 8" in said
    assert counts(config) == {"visits/v.csv": (2, 0, 2)}
    replayed = as_replayed(config)
    assert read_whole(config) == replayed


def test_rows_that_had_landed_and_break_the_contract_of_today_are_named(tmp_path: Path) -> None:
    config = visits(tmp_path, named())
    put(config, "visits/v.csv", "id,name,score\n1,a,70\n2,b,7\n")
    ingest(config, ["visits"])
    upto = [*named(minimum=None)[:2], {**named(minimum=5)[2]}]
    upto[2]["logicalTypeOptions"] = {"minimum": 5, "maximum": 50}
    promise(config, upto)
    (note,) = replay(config).run.notes
    assert note.startswith("1 row of `bronze.visits` landed under an earlier contract")


@pytest.mark.slow
def test_of_a_snapshot_the_newest_delivery_is_replayed_and_stays_that_delivery(
    tmp_path: Path,
) -> None:
    config = shop(tmp_path)
    put(config, "products.csv", "product_id,name,price\np1,Tea,2.50\np2,Jam,-1.00\np3,Oil,-4.00\n")
    ingest(config)
    put(config, "products.csv", "product_id,name,price\np1,Tea,2.50\np2,Jam,-1.00\n")
    ingest(config)
    build(config)
    assert [row[0] for row in rows(config, "silver.product")] == ["p1"]
    edit(config, "bronze/products", "minimum: 0", "minimum: -9")
    assert told(replay(config, ["products"])) == [("products.csv", 1, 1, 0, "raw record")]
    products = TableRef("tiny", Layer.BRONZE, "products")
    assert counts(config, products) == {"products.csv": (2, 2, 0)}
    held = rows(config, "bronze.products", "product_id", "delivery_id")
    assert held == [("p1", 1), ("p1", 2), ("p2", 2)]
    build(config)
    assert [row[0] for row in rows(config, "silver.product")] == ["p1", "p2"]


def test_a_difference_between_runs_says_that_records_were_replayed(tmp_path: Path) -> None:
    config = shop(tmp_path)
    first = ingest(config).run_id
    loosen(config)
    second = replay(config).run.run_id
    contract = load_catalog(config.domain).contracts[SALES]
    said = diff_causes(config, contract, (first, second))
    assert f"records replayed from `sales/day_2.csv` (run {second})" in said


def test_only_the_tables_that_are_named_are_replayed(tmp_path: Path) -> None:
    config = shop(tmp_path)
    ingest(config)
    loosen(config)
    assert replay(config, ["products"]).files == ()
    assert replay(config, ["silver.sale"]).files == ()
    assert told(replay(config, ["bronze.sales"]))[0][2] == 2
    with pytest.raises(UsageError, match="no table `sale_s`"):
        replay(config, ["sale_s"])


def test_rejects_of_a_replay_that_was_killed_before_its_commit_count_for_nothing(
    tmp_path: Path,
) -> None:
    config = shop(tmp_path)
    ingest(config)
    before = rejects(config)
    lost = delta.scan(rejects_path(config)).with_columns(run_id=pl.lit("killed")).head(1).collect()
    append(rejects_path(config), lost, {"run_id": "killed"})
    assert rejects(config) == before
    loosen(config)
    replay(config)
    runs = delta.scan(rejects_path(config)).select("run_id").collect()["run_id"].to_list()
    assert "killed" not in runs
    assert len(rejects(config)) == 2


def test_rejects_without_a_header_are_read_from_their_file(tmp_path: Path) -> None:
    config = visits(tmp_path, named())
    path = put(config, "visits/v.csv", CSV)
    ingest(config, ["visits"])
    old = delta.scan(rejects_path(config)).drop("raw_header").collect()
    overwrite(rejects_path(config), old, {"run_id": old["run_id"][0]})
    promise(config, named(minimum=None))
    assert told(replay(config, dry_run=True)) == [("visits/v.csv", 4, 2, 2, "source file")]
    content = path.read_bytes()
    path.unlink()
    assert replay(config).files[0].why_not
    path.write_bytes(content)
    assert told(replay(config)) == [("visits/v.csv", 4, 2, 2, "source file")]
    replayed = as_replayed(config)
    assert read_whole(config) == replayed


CELLS = st.one_of(
    st.integers(-3, 20).map(str),
    st.sampled_from(["", "x", '"a, b"', '"two\nlines"', '5" pipe', "é", " 7", '"q""q"', '"open']),
)
RECORDS = st.lists(st.lists(CELLS, min_size=2, max_size=5).map(",".join), max_size=12)


@pytest.mark.slow
@settings(max_examples=15)
@given(
    records=RECORDS,
    ending=st.sampled_from(["\n", "\r\n"]),
    minimum=st.sampled_from([None, 0, 5]),
    merges=st.booleans(),
    is_there=st.booleans(),
)
def test_a_replay_is_a_full_reading_of_any_file_under_any_looser_contract(
    tmp_path_factory: pytest.TempPathFactory,
    records: list[str],
    ending: str,
    minimum: int | None,
    merges: bool,
    is_there: bool,
) -> None:
    config = visits(tmp_path_factory.mktemp("replay"), named())
    path = put(config, "visits/v.csv", ending.join(["score,name,id", *records]))
    ingest(config, ["visits"])
    keys = {"carms.mergeSurplusInto": "name"} if merges else {}
    promise(config, named(minimum=minimum), **keys)
    content = path.read_bytes()
    if not is_there:
        path.unlink()
    report = replay(config)
    assert report.run.is_balanced
    assert not any(file.why_not for file in report.files)
    replayed = as_replayed(config)
    path.write_bytes(content)
    fresh = LakeConfig(config.project / "fresh", config.domain)
    fresh.data_raw.mkdir(parents=True)
    put(fresh, "visits/v.csv", content.decode()).touch()
    ingest(fresh, ["visits"])
    assert as_replayed(fresh) == replayed, VISITS
