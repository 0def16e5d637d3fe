"""Source files land in bronze, each record once, and what breaks its contract is set aside."""

from __future__ import annotations

import gzip
import os
import shutil
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl
import pytest
import yaml
from tiny import PRODUCTS, SALES, digest, gold, project, put, rejects, rows, stocked, with_contract

from carms_lake.errors import ContractError, SourceError, StoreError, UsageError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.records import FileStatus, RunReport
from carms_lake.store import delta, ops_path, rejects_path
from carms_lake.store.delta.write import append

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig


def statuses(report: RunReport) -> dict[str, FileStatus]:
    return {file.name: file.status for file in report.files}


def test_every_file_lands_with_its_marks(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    report = ingest(config)
    assert statuses(report) == {
        "products.csv": FileStatus.LANDED,
        "sales/day_1.csv": FileStatus.LANDED,
    }
    assert rows(
        config, "bronze.sales", "sale_id", "quantity", "src_filename", "src_row_number"
    ) == [
        ("s1", 2, "sales/day_1.csv", 1),
        ("s2", 1, "sales/day_1.csv", 2),
    ]
    assert rows(config, "bronze.products", "product_id", "delivery_id") == [("p1", 1), ("p2", 1)]
    assert report.is_balanced


def test_ingesting_twice_is_the_same_as_once(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    before = digest(config)
    report = ingest(config)
    assert set(statuses(report).values()) == {FileStatus.UNCHANGED}
    assert digest(config) == before


def test_tables_that_land_at_the_same_time_are_told_in_their_order(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    head, *_ = SALES.partition("\n")
    put(config, "sales/day_2.csv", "\n".join([head, *(f"m{n},p1,1" for n in range(20_000))]))
    report = ingest(config)
    assert [file.table.table for file in report.files] == ["products", "sales", "sales"]


def test_where_one_table_cannot_be_written_nothing_of_the_others_is_half_there(
    tmp_path: Path,
) -> None:
    config, undisturbed = stocked(tmp_path), stocked(tmp_path / "undisturbed")
    ingest(undisturbed)
    blocked = config.lake / "bronze" / "products"
    blocked.parent.mkdir(parents=True)
    blocked.write_text("no folder", encoding="utf-8")
    with pytest.raises(StoreError):
        ingest(config)
    assert not [*config.lake.rglob(".staging")]
    blocked.unlink()
    ingest(config)
    assert digest(config) == digest(undisturbed)


def test_a_touched_file_with_the_same_content_is_unchanged(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    os.utime(config.data_raw / "products.csv", (1, 1))
    assert statuses(ingest(config))["products.csv"] is FileStatus.UNCHANGED


def test_a_changed_file_replaces_its_rows_and_its_rejects(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,x\ns4,p1,1\n")
    ingest(config)
    assert rejects(config) == [("sales", "sales/day_2.csv", 1, "TYPE_MISMATCH")]
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,5\ns4,p1,0\n")
    assert statuses(ingest(config))["sales/day_2.csv"] is FileStatus.REPLACED
    assert rows(config, "bronze.sales", "sale_id", "quantity") == [("s1", 2), ("s2", 1), ("s3", 5)]
    assert rejects(config) == [("sales", "sales/day_2.csv", 2, "OUT_OF_RANGE")]


def test_every_delivery_of_a_snapshot_is_kept(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    put(config, "products.csv", PRODUCTS.replace("2.50", "2.75"))
    ingest(config)
    put(config, "products.csv", PRODUCTS)
    ingest(config)
    assert rows(config, "bronze.products", "product_id", "delivery_id") == [
        (p, d) for p in ("p1", "p2") for d in (1, 2, 3)
    ]


def test_a_full_refresh_reads_the_files_again_and_doubles_nothing(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,x\n")
    ingest(config)
    before = digest(config)
    report = ingest(config, full_refresh=True)
    assert report.files[0].status is FileStatus.REPLACED
    assert digest(config) == before


def test_a_renamed_copy_is_recognised(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    shutil.copy(config.data_raw / "sales/day_1.csv", config.data_raw / "sales/day_1 (copy).csv")
    report = ingest(config)
    copy = next(f for f in report.files if f.name.endswith("(copy).csv"))
    assert copy.status is FileStatus.COPY
    assert "sales/day_1.csv" in copy.notes[0]
    assert len(rows(config, "bronze.sales")) == 2


def test_a_dry_run_counts_and_writes_nothing(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,x\n")
    report = ingest(config, dry_run=True)
    assert (sum(f.accepted for f in report.files), report.rejected) == (4, 1)
    assert not config.lake.exists()


def test_only_the_named_sources_are_read(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    assert set(statuses(ingest(config, ["sales"]))) == {"sales/day_1.csv"}
    with pytest.raises(UsageError, match="`sale` is not a bronze table") as caught:
        ingest(config, ["sale"])
    assert "`sales`" in caught.value.hint


def test_files_elsewhere_land_under_the_same_names(tmp_path: Path) -> None:
    config = stocked(tmp_path / "a")
    inside = project(tmp_path / "b")
    ingest(config)
    ingest(inside, from_path=config.data_raw)
    assert digest(inside) == digest(config)
    one = project(tmp_path / "c")
    ingest(one, ["sales"], from_path=config.data_raw / "sales" / "day_1.csv")
    assert rows(one, "bronze.sales", "src_filename") == [("sales/day_1.csv",)] * 2


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere"):
        ingest(project(tmp_path), from_path=tmp_path / "nowhere")


def test_no_matching_file_is_said_and_is_no_error(tmp_path: Path) -> None:
    config = project(tmp_path)
    put(config, "other.txt", "x")
    assert "no file" in ingest(config).notes[0]


def test_a_compressed_file_lands_under_the_name_of_its_content(tmp_path: Path) -> None:
    config = project(tmp_path)
    (config.data_raw / "products.csv.gz").write_bytes(gzip.compress(PRODUCTS.encode()))
    (config.data_raw / "sales").mkdir()
    with zipfile.ZipFile(config.data_raw / "sales" / "all.zip", "w") as archive:
        archive.writestr("deep/day_1.csv", SALES)
    report = ingest(config)
    assert statuses(report) == {
        "products.csv": FileStatus.LANDED,
        "sales/day_1.csv": FileStatus.LANDED,
    }
    put(config, "products.csv", PRODUCTS)
    assert statuses(ingest(config))["products.csv"] is FileStatus.UNCHANGED


def test_two_files_of_one_name_and_other_content_are_refused(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    (config.data_raw / "products.csv.gz").write_bytes(
        gzip.compress(PRODUCTS.replace("Tea", "Tee").encode())
    )
    report = ingest(config)
    assert [(f.name, f.code) for f in report.refused] == [("products.csv", "NAME_CLASH")]


def test_a_refused_file_is_named_and_the_others_land(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product,quantity\ns3,p1,1\n")
    put(config, "sales/day_3.csv", "")
    report = ingest(config)
    assert {(f.name, f.code) for f in report.refused} == {
        ("sales/day_2.csv", "MISSING_COLUMN"),
        ("sales/day_3.csv", "EMPTY_FILE"),
    }
    assert len(rows(config, "bronze.sales")) == 2
    kept = (
        delta.scan(ops_path(config, "processed_files"))
        .filter(pl.col("status") == "refused")
        .collect()
    )
    assert kept["src_filename"].sort().to_list() == ["sales/day_2.csv", "sales/day_3.csv"]


def test_a_refused_file_that_was_mended_lands(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product,quantity\ns3,p1,1\n")
    ingest(config)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,1\n")
    assert statuses(ingest(config))["sales/day_2.csv"] is FileStatus.LANDED


def test_a_snapshot_without_records_is_refused_and_empties_nothing(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    put(config, "products.csv", "product_id,name,price\n")
    assert [f.code for f in ingest(config).refused] == ["EMPTY_FILE"]
    assert len(rows(config, "bronze.products")) == 2


NO_SALES = SALES.splitlines(keepends=True)[0]


@pytest.mark.parametrize(
    ("text", "code"), [(NO_SALES, "EMPTY_FILE"), (NO_SALES + "s1,p1,x\n", "NO_GOOD_RECORD")]
)
def test_a_file_that_held_rows_and_comes_without_any_is_refused(
    tmp_path: Path, text: str, code: str
) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_0.csv", NO_SALES)
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3").replace("s2", "s4"))
    ingest(config)
    (config.data_raw / "sales/day_0.csv").unlink()
    put(config, "sales/day_1.csv", text)
    put(config, "sales/day_2.csv", text)
    put(config, "sales/day_3.csv", text)
    report = ingest(config)
    assert [(f.name, f.code) for f in report.refused] == [
        ("sales/day_1.csv", code),
        ("sales/day_2.csv", code),
    ]
    assert len(rows(config, "bronze.sales")) == 4


@pytest.mark.slow
def test_a_file_may_become_empty_where_its_contract_allows_it(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    for table in ("sales", "products"):
        old, new = "- property: carms.format", "- property: carms.mayBeEmpty\n    value: true\n"
        config = with_contract(config, table, old, f"{new}  {old}")
    ingest(config)
    put(config, "sales/day_1.csv", NO_SALES)
    put(config, "products.csv", PRODUCTS.splitlines(keepends=True)[0])
    assert not ingest(config).refused
    build(config)
    assert (rows(config, "bronze.sales"), rows(config, "silver.product")) == ([], [])
    assert len(rows(config, "bronze.products")) == 2


def test_a_stricter_contract_may_reject_all_records_of_the_same_file(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    config = with_contract(config, "sales", "minimum: 1", "minimum: 3")
    assert not ingest(config, full_refresh=True).refused
    assert rows(config, "bronze.sales") == []


def test_a_file_with_only_rejects_is_remembered(tmp_path: Path) -> None:
    config = project(tmp_path)
    put(config, "sales/day_1.csv", "sale_id,product_id,quantity\ns1,p1,x\n")
    ingest(config)
    assert statuses(ingest(config)) == {"sales/day_1.csv": FileStatus.UNCHANGED}
    assert rejects(config) == [("sales", "sales/day_1.csv", 1, "TYPE_MISMATCH")]


def test_the_parquet_copy_is_the_table(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config, also_parquet=True)
    copy = pl.read_parquet(config.lake / "parquet/bronze/sales.parquet")
    assert sorted(copy.rows(), key=repr) == rows(config, "bronze.sales")


def test_rejects_of_a_killed_run_are_taken_out(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,x\n")
    ingest(config)
    path = rejects_path(config)
    lost = delta.scan(path).with_columns(run_id=pl.lit("killed")).collect()
    append(path, lost, {"run_id": "killed"})
    assert len(rejects(config)) == 1
    ingest(config)
    assert delta.scan(path).collect().height == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["my lake", "é ñ", "100%", "a&b+c=d", "(x) {y}"])
def test_a_project_may_stand_in_any_ordinary_folder(tmp_path: Path, name: str) -> None:
    config = stocked(tmp_path / name)
    ingest(config)
    put(config, "products.csv", PRODUCTS.replace("2.50", "2.75"))
    put(config, "sales/day_1.csv", SALES.replace(",1\n", ",9\n"))
    assert ingest(config).is_balanced
    build(config)
    assert rows(config, "bronze.sales", "quantity") == [(2,), (9,)]
    assert gold(config, "select count(*) from gold.fact_sale") == [(2,)]


@pytest.mark.parametrize("name", ["a#b", "a[1]", "a%41"])
def test_a_folder_in_which_no_table_can_be_kept_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match="in its path"):
        ingest(stocked(tmp_path / name))


def test_files_that_swap_their_contents_are_both_read_again(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    other = SALES.replace("s1", "s3").replace("s2", "s4")
    put(config, "sales/day_2.csv", other)
    ingest(config)
    put(config, "sales/day_1.csv", other)
    put(config, "sales/day_2.csv", SALES)
    ingest(config)
    assert rows(config, "bronze.sales", "sale_id", "src_filename") == [
        ("s1", "sales/day_2.csv"),
        ("s2", "sales/day_2.csv"),
        ("s3", "sales/day_1.csv"),
        ("s4", "sales/day_1.csv"),
    ]


def test_a_copy_stays_a_copy_when_its_original_is_corrected(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    put(config, "sales/day_1 (copy).csv", SALES)
    ingest(config)
    put(config, "sales/day_1.csv", SALES.replace(",1\n", ",9\n"))
    ingest(config)
    before = digest(config)
    ingest(config)
    assert digest(config) == before
    assert len(rows(config, "bronze.sales")) == 2


def test_a_copy_that_gets_a_content_of_its_own_lands(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", SALES)
    ingest(config)
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3").replace("s2", "s4"))
    assert statuses(ingest(config))["sales/day_2.csv"] is FileStatus.LANDED
    assert len(rows(config, "bronze.sales")) == 4


def test_a_snapshot_without_a_good_record_is_refused_and_empties_nothing(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    put(config, "products.csv", "product_id,name,price\np1,Tea,x\np2,Jam,y\n")
    (refused,) = ingest(config).refused
    assert refused.code == "NO_GOOD_RECORD"
    assert "record 1" in refused.message
    assert "`price`" in refused.message
    assert len(rows(config, "bronze.products")) == 2


def test_rejects_of_an_older_delivery_no_longer_count(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "products.csv", PRODUCTS + "p3,Oil,x\n")
    ingest(config)
    assert len(rejects(config)) == 1
    put(config, "products.csv", PRODUCTS + "p3,Oil,9.00\n")
    ingest(config)
    assert rejects(config) == []


def test_a_broken_archive_of_the_same_name_is_refused_and_the_others_land(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    (config.data_raw / "products.csv.gz").write_bytes(gzip.compress(PRODUCTS.encode())[:-12])
    report = ingest(config)
    assert [f.name for f in report.refused] == ["products.csv"]
    assert len(rows(config, "bronze.sales")) == 2


def test_a_contract_with_a_new_column_reads_the_files_again_on_a_full_refresh(
    tmp_path: Path,
) -> None:
    config = stocked(tmp_path)
    ingest(config)
    put(config, "products.csv", PRODUCTS.replace("2.50", "2.75"))
    ingest(config)
    config = _with_colour(config)
    assert "--full-refresh" in ingest(config).notes[0]
    ingest(config, ["products"], full_refresh=True)
    assert rows(config, "bronze.products", "product_id", "delivery_id", "colour") == [
        (p, d, None) for p in ("p1", "p2") for d in (1, 2)
    ]
    put(config, "products.csv", "product_id,name,price,colour\np1,Tea,2.75,green\n")
    ingest(config)
    assert ("p1", "green") in rows(config, "bronze.products", "product_id", "colour")


def test_a_file_whose_commit_failed_is_not_reported_as_landed(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config, ["products"])
    put(config, "products.csv", PRODUCTS.replace("2.50", "2.75"))
    with pytest.raises(ContractError, match="colour"):
        ingest(_with_colour(config), ["products"])
    kept = delta.scan(ops_path(config, "processed_files")).collect()
    assert kept["status"].to_list() == ["landed"]


def _with_colour(config: LakeConfig) -> LakeConfig:
    """The same project with a column more in the contract of products, that files may lack."""
    source = config.domain.schemas[0] / "bronze/products.odcs.yaml"
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    absent = [{"property": "carms.mayBeAbsent", "value": True}]
    column = {"name": "colour", "logicalType": "string", "customProperties": absent}
    document["schema"][0]["properties"].append(column)
    target = config.project / "schemas/tiny/bronze/products.odcs.yaml"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    schemas = (*config.domain.schemas, config.project / "schemas" / "tiny")
    return replace(config, domain=replace(config.domain, schemas=schemas))


def test_new_and_changed_files_land_in_one_commit(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    put(config, "sales/day_1.csv", SALES.replace(",1\n", ",9\n"))
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3").replace("s2", "s4"))
    ingest(config)
    assert rows(config, "bronze.sales", "sale_id", "quantity") == [
        ("s1", 2),
        ("s2", 9),
        ("s3", 2),
        ("s4", 1),
    ]
