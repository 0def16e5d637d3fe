"""Files that are copied, renamed and swapped: each record is in the table once."""

from __future__ import annotations

import os
import shutil
import unicodedata
from typing import TYPE_CHECKING

import pytest
from tiny import PRODUCTS, SALES, digest, gold, project, put, rejects, rows, stocked, with_contract

from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.records import FileStatus, RunReport

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.records import SourceFile

OTHER = SALES.replace("s1", "s3").replace("s2", "s4")
THIRD = SALES.replace("s1", "s5").replace("s2", "s6")
CORRECTED = SALES.replace(",1\n", ",9\n")


def move(config: LakeConfig, old: str, new: str) -> None:
    (config.data_raw / old).replace(config.data_raw / new)


def statuses(report: RunReport) -> dict[str, FileStatus]:
    return {file.name: file.status for file in report.files if file.table.table == "sales"}


def sales(config: LakeConfig) -> list[tuple[str, int, str]]:
    found = rows(config, "bronze.sales", "sale_id", "quantity", "src_filename")
    return [(sale, quantity, name.removeprefix("sales/")) for sale, quantity, name in found]


def fresh(config: LakeConfig, folder: Path) -> LakeConfig:
    """A lake that is built from the files that are there now."""
    other = project(folder)
    shutil.copytree(config.data_raw, other.data_raw, dirs_exist_ok=True)
    ingest(other)
    return other


def test_a_copy_lands_once_its_original_holds_something_else(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/kept_1.csv", SALES)
    assert statuses(ingest(config))["sales/kept_1.csv"] is FileStatus.COPY
    put(config, "sales/day_1.csv", OTHER)
    put(config, "sales/kept_2.csv", OTHER)
    assert statuses(ingest(config)) == {
        "sales/day_1.csv": FileStatus.REPLACED,
        "sales/kept_1.csv": FileStatus.LANDED,
        "sales/kept_2.csv": FileStatus.COPY,
    }
    assert {sale for sale, *_ in sales(config)} == {"s1", "s2", "s3", "s4"}
    (config.data_raw / "sales/day_1.csv").unlink()
    ingest(config)
    assert sales(config) == [
        ("s1", 2, "kept_1.csv"),
        ("s2", 1, "kept_1.csv"),
        ("s3", 2, "kept_2.csv"),
        ("s4", 1, "kept_2.csv"),
    ]


def test_a_copy_made_before_its_original_changed_lands_in_the_same_run(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    move(config, "sales/day_1.csv", "sales/kept_1.csv")
    put(config, "sales/day_1.csv", OTHER)
    ingest(config)
    assert digest(config) == digest(fresh(config, tmp_path / "fresh"))


def test_what_was_corrected_is_not_loaded_again_from_its_copy(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    put(config, "sales/before.csv", SALES)
    put(config, "sales/day_1.csv", CORRECTED)
    (copy,) = (file for file in ingest(config).files if file.name == "sales/before.csv")
    assert copy.status is FileStatus.COPY
    assert "what was corrected in `sales/day_1.csv`" in copy.notes[0]
    assert set(statuses(ingest(config)).values()) == {FileStatus.UNCHANGED}
    move(config, "sales/day_1.csv", "sales/day_one.csv")
    ingest(config)
    (config.data_raw / "sales/day_one.csv").unlink()
    ingest(config, full_refresh=True)
    assert sales(config) == [("s1", 2, "day_one.csv"), ("s2", 9, "day_one.csv")]


@pytest.mark.slow
@pytest.mark.parametrize("at_once", [True, False])
def test_a_renamed_file_keeps_its_rows_and_is_corrected_under_its_new_name(
    tmp_path: Path, at_once: bool
) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", OTHER)
    ingest(config)
    move(config, "sales/day_1.csv", "sales/first.csv")
    if not at_once:
        (report,) = (f for f in ingest(config).files if f.name == "sales/first.csv")
        assert report.status is FileStatus.RENAMED
        assert "`sales/day_1.csv`" in report.notes[0]
    put(config, "sales/first.csv", CORRECTED)
    assert statuses(ingest(config))["sales/first.csv"] is FileStatus.REPLACED
    assert digest(config) == digest(fresh(config, tmp_path / "fresh"))
    assert set(statuses(ingest(config)).values()) == {FileStatus.UNCHANGED}


def test_a_copy_whose_original_went_takes_its_place_when_it_is_corrected(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/other.csv", SALES)
    ingest(config)
    (config.data_raw / "sales/day_1.csv").unlink()
    put(config, "sales/other.csv", CORRECTED.replace("p1", "p2"))
    ingest(config)
    assert sales(config) == [("s1", 2, "other.csv"), ("s2", 9, "other.csv")]


def test_of_two_copies_one_takes_the_place_of_the_original(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/copy_1.csv", SALES)
    put(config, "sales/copy_2.csv", SALES)
    ingest(config)
    (config.data_raw / "sales/copy_1.csv").unlink()
    ingest(config)
    (config.data_raw / "sales/copy_2.csv").unlink()
    move_to = config.data_raw / "sales/copy_3.csv"
    shutil.copy(config.data_raw / "sales/day_1.csv", move_to)
    (config.data_raw / "sales/day_1.csv").unlink()
    ingest(config)
    put(config, "sales/copy_3.csv", CORRECTED)
    ingest(config)
    assert sales(config) == [("s1", 2, "copy_3.csv"), ("s2", 9, "copy_3.csv")]


@pytest.mark.slow
def test_chains_and_circles_of_names_double_nothing(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", OTHER)
    put(config, "sales/day_3.csv", THIRD)
    ingest(config)
    move(config, "sales/day_2.csv", "sales/day_4.csv")
    move(config, "sales/day_1.csv", "sales/day_2.csv")
    ingest(config)
    assert digest(config) == digest(fresh(config, tmp_path / "chain"))
    for old, new in (("2", "x"), ("3", "2"), ("4", "3"), ("x", "4")):
        move(config, f"sales/day_{old}.csv", f"sales/day_{new}.csv")
    ingest(config)
    assert digest(config) == digest(fresh(config, tmp_path / "circle"))
    move(config, "sales/day_4.csv", "sales/day_3.csv")
    ingest(config)
    assert digest(config) == digest(fresh(config, tmp_path / "over"))
    shutil.copy(config.data_raw / "sales/day_3.csv", config.data_raw / "sales/day_2.csv")
    ingest(config)
    assert [sale for sale, *_ in sales(config)] == ["s1", "s2"]


def test_rejects_go_along(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,x\ns4,p1,1\n")
    ingest(config)
    move(config, "sales/day_2.csv", "sales/late.csv")
    assert ingest(config).is_balanced
    assert rejects(config) == [("sales", "sales/late.csv", 1, "TYPE_MISMATCH")]
    ingest(config, full_refresh=True)
    assert rejects(config) == [("sales", "sales/late.csv", 1, "TYPE_MISMATCH")]


@pytest.mark.slow
def test_silver_and_gold_follow_a_renamed_file(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    build(config)
    move(config, "sales/day_1.csv", "sales/first.csv")
    ingest(config)
    build(config)
    put(config, "sales/first.csv", CORRECTED)
    ingest(config)
    report = build(config)
    assert all(check.passed for check in report.checks)
    assert gold(config, "select sum(quantity), count(*) from gold.fact_sale") == [(11, 2)]


def many_products(config: LakeConfig) -> LakeConfig:
    """The same project, whose products may come in files of any name that begins so."""
    return with_contract(config, "products", "- products.csv", "- products*.csv")


@pytest.mark.slow
def test_the_deliveries_of_a_renamed_snapshot_stay_one_history(tmp_path: Path) -> None:
    config, same = many_products(stocked(tmp_path)), stocked(tmp_path / "same")
    text, names = PRODUCTS, ["products.csv", "products.csv", "products_a.csv", "products_b.csv"]
    for number, price in enumerate(("2.50", "2.75", "3.00", "3.25")):
        text = PRODUCTS.replace("2.50", price) + ("p3,Oil,1.00\n" if number == 1 else "")
        if number > 1:
            move(config, names[number - 1], names[number])
        if number == 3:
            assert ingest(config).files[0].status is FileStatus.RENAMED
        put(config, names[number], text)
        put(same, "products.csv", text)
        ingest(config)
        ingest(same)
    build(config)
    build(same)
    for table, columns in (
        ("bronze.products", ("product_id", "price", "delivery_id")),
        ("silver.product", ("product_id", "price")),
        ("silver.product_history", ("product_id", "price", "is_current", "is_deleted")),
    ):
        assert rows(config, table, *columns) == rows(same, table, *columns)


@pytest.mark.slow
def test_a_newer_snapshot_that_is_renamed_over_the_older_continues_it(tmp_path: Path) -> None:
    config = many_products(stocked(tmp_path))
    ingest(config)
    put(config, "products_new.csv", PRODUCTS.replace("2.50", "2.75"))
    ingest(config)
    move(config, "products_new.csv", "products.csv")
    ingest(config)
    build(config)
    assert [str(price) for _, price in rows(config, "silver.product", "product_id", "price")] == [
        "2.75",
        "4.00",
    ]
    assert len(rows(config, "silver.product_history")) == 3


@pytest.mark.slow
def test_a_dated_copy_of_the_latest_file_does_not_stay_the_present(tmp_path: Path) -> None:
    old = "- property: carms.format"
    series = "- property: carms.series\n    value:\n      path: '(\\d{4}-\\d\\d-\\d\\d)'\n"
    config = many_products(stocked(tmp_path))
    config = with_contract(config, "products", old, f"{series}      order: dated\n  {old}")
    config = with_contract(config, "products", "products*.csv", "'*products*.csv'")
    put(config, "2024-01-01_products.csv", PRODUCTS)
    copy, original = ingest(config, ["products"]).files
    assert (copy.name, copy.status) == ("2024-01-01_products.csv", FileStatus.COPY)
    assert original.status is FileStatus.LANDED
    ingest(config)
    for price in ("2.75", "3.00"):
        put(config, "products.csv", PRODUCTS.replace("2.50", price))
        ingest(config)
        build(config)
        found = rows(config, "silver.product", "product_id", "price")
        assert [str(value) for _, value in found] == [price, "4.00"]


@pytest.mark.slow
def test_an_archived_snapshot_does_not_become_the_present(tmp_path: Path) -> None:
    config = many_products(stocked(tmp_path))
    put(config, "products_1.csv", PRODUCTS)
    ingest(config)
    put(config, "products.csv", PRODUCTS.replace("2.50", "2.75"))
    put(config, "products_2.csv", PRODUCTS.replace("2.50", "2.75"))
    ingest(config)
    (config.data_raw / "products.csv").unlink()
    ingest(config, full_refresh=True)
    build(config)
    assert [str(price) for _, price in rows(config, "silver.product", "product_id", "price")] == [
        "2.75",
        "4.00",
    ]


def test_a_file_that_is_only_elsewhere_is_not_gone(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    drop = tmp_path / "drop" / "sales"
    drop.mkdir(parents=True)
    shutil.copy(config.data_raw / "sales/day_1.csv", drop / "again.csv")
    report = ingest(config, ["sales"], from_path=tmp_path / "drop")
    assert statuses(report) == {"sales/again.csv": FileStatus.COPY}
    report = ingest(config, ["sales"], from_path=drop / "again.csv")
    assert statuses(report) == {"sales/again.csv": FileStatus.UNCHANGED}


def test_the_file_of_the_next_day_is_not_the_one_of_the_day_before(tmp_path: Path) -> None:
    """A folder that is emptied after each run: nothing of the days before goes."""
    config = stocked(tmp_path)
    ingest(config)
    (config.data_raw / "sales/day_1.csv").unlink()
    put(config, "sales/day_2.csv", SALES.replace("s2", "s3"))
    ingest(config)
    assert len(sales(config)) == 4


def test_a_dry_run_tells_a_renamed_file_and_writes_nothing(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    before = digest(config)
    move(config, "sales/day_1.csv", "sales/first.csv")
    assert statuses(ingest(config, dry_run=True)) == {"sales/first.csv": FileStatus.RENAMED}
    assert digest(config) == before


def test_a_name_is_the_same_in_either_unicode_form(tmp_path: Path) -> None:
    config = project(tmp_path)
    composed = unicodedata.normalize("NFC", "sales/café.csv")
    decomposed = unicodedata.normalize("NFD", "sales/café.csv")
    put(config, decomposed, SALES)
    assert list(statuses(ingest(config))) == [composed]
    path = config.data_raw / decomposed
    text = path.read_text(encoding="utf-8")
    path.unlink()
    put(config, composed, text)
    assert statuses(ingest(config)) == {composed: FileStatus.UNCHANGED}


def test_a_file_of_the_same_size_and_time_is_looked_into(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    path = put(config, "sales/day_1.csv", SALES)
    long_ago = (1_600_000_000, 1_600_000_000)
    os.utime(path, long_ago)
    ingest(config)
    path.write_text(CORRECTED, encoding="utf-8")
    os.utime(path, long_ago)
    assert statuses(ingest(config)) == {"sales/day_1.csv": FileStatus.REPLACED}


@pytest.mark.slow
def test_a_folder_from_a_backup_is_read_once_and_not_by_each_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carms_lake.flows.ingest.identity._WORTH_BYTES", 1)
    monkeypatch.setattr("carms_lake.store.delta.manifest._GRAIN_NS", 0)
    config = stocked(tmp_path)
    ingest(config)
    build(config)
    for path in config.data_raw.rglob("*.csv"):
        shutil.copy2(path, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)
    assert set(statuses(ingest(config)).values()) == {FileStatus.UNCHANGED}

    def digest_of_nothing(source: SourceFile) -> str:
        raise AssertionError(source.name)

    monkeypatch.setattr("carms_lake.flows.ingest.identity.digest", digest_of_nothing)
    assert set(statuses(ingest(config)).values()) == {FileStatus.UNCHANGED}
    assert {table.status for table in build(config).tables} == {"unchanged"}
