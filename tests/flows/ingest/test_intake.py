"""Files of any size and number, in the formats and with the columns that a contract allows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from deltalake import write_deltalake
from helpers import property_, write_contract
from hypothesis import given
from hypothesis import strategies as st
from sources import cut_small
from tiny import SALES, project, put, rejects, rows, stocked

from carms_lake.flows.ingest import batches, ingest
from carms_lake.flows.rejects import suggest_repairs
from carms_lake.names import Layer, TableRef
from carms_lake.readers.csv import records as csv_records
from carms_lake.records import FileStatus
from carms_lake.store import delta, table_path
from carms_lake.store.delta import staged

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig

NAMED = [
    property_("id", "integer", "bigint", required=True),
    property_("name"),
    property_("city", enum=[{"value": "Perth"}, {"value": "Hobart"}]),
]


def sourced(folder: Path, properties: list[dict[str, Any]], **keys: Any) -> LakeConfig:
    """A project whose domain has one more source, `visits`."""
    config = project(folder)
    own = folder / "schemas" / "tiny"
    table = {"carms.files": ["visits/**/*"], "carms.format": "csv", **keys}
    write_contract(own, TableRef("tiny", Layer.BRONZE, "visits"), properties, **table)
    domain = replace(config.domain, schemas=(*config.domain.schemas, own))
    return replace(config, domain=domain)


def files_of(config: LakeConfig, table: str) -> set[str]:
    path = table_path(config, TableRef("tiny", Layer.BRONZE, table))
    return {file.name for file in delta.data_files(path)}


def test_a_replaced_file_leaves_the_data_files_of_the_others_alone(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3").replace("s2", "s4"))
    ingest(config)
    first, both = "s1,p1,9\n", files_of(config, "sales")
    assert len(both) == 2
    put(config, "sales/day_1.csv", "sale_id,product_id,quantity\n" + first)
    ingest(config)
    assert len(files_of(config, "sales") & both) == 1
    assert [row[:1] for row in rows(config, "bronze.sales", "sale_id")] == [
        ("s1",),
        ("s3",),
        ("s4",),
    ]


def test_no_row_is_staged_any_more_when_a_run_is_over(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    ingest(config)
    path = table_path(config, TableRef("tiny", Layer.BRONZE, "sales"))
    (path / ".staging").mkdir()
    (path / ".staging" / "part-killed.parquet").write_bytes(b"left by a killed run")
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3").replace("s2", "s4"))
    ingest(config)
    assert not (path / ".staging").exists()
    assert len(rows(config, "bronze.sales", "sale_id")) == 4


@pytest.mark.slow
@given(
    sizes=st.lists(st.integers(0, 12), min_size=1, max_size=6),
    lot=st.integers(1, 15),
    file_rows=st.integers(1, 15),
    piece=st.integers(1, 200),
)
def test_lots_pieces_and_data_files_of_any_size_give_the_same_table(
    tmp_path_factory: pytest.TempPathFactory,
    sizes: list[int],
    lot: int,
    file_rows: int,
    piece: int,
) -> None:
    config = project(tmp_path_factory.mktemp("lots"))
    expected, broken = [], []
    for day, size in enumerate(sizes):
        name = f"sales/day_{day}.csv"
        lines = ["sale_id,product_id,quantity"]
        for number in range(1, size + 1):
            is_bad = (day + number) % 4 == 0
            lines.append(f"s{day}-{number},p1,{'x' if is_bad else number}")
            (broken if is_bad else expected).append((f"s{day}-{number}", name, number))
        put(config, name, "\n".join(lines))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(batches, "BATCH_RECORDS", lot)
        patched.setattr(staged, "FILE_ROWS", file_rows)
        cut_small(patched, piece)
        report = ingest(config, ["sales"])
    assert report.is_balanced
    assert [f.records for f in report.files] == sizes
    if delta.exists(table_path(config, TableRef("tiny", Layer.BRONZE, "sales"))):
        columns = ("sale_id", "src_filename", "src_row_number")
        assert rows(config, "bronze.sales", *columns) == sorted(expected, key=repr)
    assert {(name, number) for _, name, number, _ in rejects(config)} == {b[1:] for b in broken}


def test_what_was_staged_of_a_file_goes_when_its_end_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = project(tmp_path)
    put(config, "sales/day_1.csv", "sale_id,product_id,quantity\na1,p1,1\na2,p1,x\na3,p1,3\n")
    endless = "".join(f"b{n},p1,{n}\n" for n in range(1, 40)) + '"' + "y" * 3000
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\n" + endless)
    monkeypatch.setattr(batches, "BATCH_RECORDS", 2)
    monkeypatch.setattr(staged, "FILE_ROWS", 3)
    cut_small(monkeypatch, 20)
    monkeypatch.setattr(csv_records, "RECORD_BYTES", 1000)
    report = ingest(config, ["sales"])
    assert [(f.name, f.code) for f in report.refused] == [("sales/day_2.csv", "TOO_LARGE")]
    assert [row[0] for row in rows(config, "bronze.sales", "sale_id")] == ["a1", "a3"]
    assert rejects(config) == [("sales", "sales/day_1.csv", 2, "TYPE_MISMATCH")]


def test_a_part_of_the_path_is_a_column_where_the_contract_wants_it_and_the_file_lacks_it(
    tmp_path: Path,
) -> None:
    day = property_("day", "date", "date", **{"carms.fromPath": r"dt=([^/]+)"})
    config = sourced(tmp_path, [*NAMED, day])
    put(config, "visits/dt=2025-01-31/part.csv", "id,name,city\n1,a,Perth\n")
    put(config, "visits/dt=2025-02-01/part.csv", "day,id,name,city\n2025-01-30,2,b,Perth\n")
    put(config, "visits/part.csv", "id,name,city\n3,c,Perth\n")
    ingest(config, ["visits"])
    found = [(i, str(d)) for i, d in rows(config, "bronze.visits", "id", "day")]
    assert found == [(1, "2025-01-31"), (2, "2025-01-30"), (3, "None")]


def test_a_folder_whose_date_disagrees_with_its_rows_is_noted(tmp_path: Path) -> None:
    day = property_("day", "date", "date", **{"carms.agreesWithPath": r"dt=([^/]+)"})
    config = sourced(tmp_path, [*NAMED, day])
    text = "id,name,city,day\n1,a,Perth,2025-01-31\n2,b,Perth,2025-02-01\n"
    put(config, "visits/dt=2025-01-31/part.csv", text)
    (file,) = ingest(config, ["visits"]).files
    assert file.notes == (
        "`visits/dt=2025-01-31/part.csv`: 1 row with another `day` than the file's path",
    )
    assert file.accepted == 2


def test_repaired_records_land_and_say_so(tmp_path: Path) -> None:
    config = sourced(tmp_path, NAMED, **{"carms.mergeSurplusInto": "name"})
    put(config, "visits/v.csv", "id,name,city\n1,a,Perth\n2,Smith, Jones & Co,Perth\n3,x,y,z\n")
    (file,) = ingest(config, ["visits"]).files
    assert (file.accepted, file.rejected) == (2, 1)
    assert rows(config, "bronze.visits", "id", "name", "src_repair") == [
        (1, "a", None),
        (2, "Smith, Jones & Co", "merge_surplus_into:name"),
    ]
    assert rejects_of(config) == [(3, "NOT_IN_ENUM", "3,x,y,z")]


def rejects_of(config: LakeConfig) -> list[tuple[Any, ...]]:
    from carms_lake.flows.rejects import rejects as flow

    found = flow(config, table="visits")
    return found.select("src_row_number", "code", "raw_record").rows()


def test_it_is_told_which_repair_would_save_how_many(tmp_path: Path) -> None:
    config = sourced(tmp_path, NAMED)
    text = "id,name,city\n1,a,Perth\n2,Smith, Jones,Perth\n3,a,b,Hobart\n4,x,y,z\n5,b\n"
    put(config, "visits/v.csv", text)
    ingest(config, ["visits"])
    assert [row[2:] for row in suggest_repairs(config).rows()] == [
        ("merge_surplus_into: name", 3, 2, "Smith, Jones")
    ]


@pytest.mark.parametrize("policy", ["accept", "reject", "set_aside", "refuse"])
def test_a_new_column_is_treated_as_the_contract_says(tmp_path: Path, policy: str) -> None:
    config = sourced(tmp_path, NAMED, **{"carms.newColumns": policy})
    put(config, "visits/1.csv", "id,name,city\n1,a,Perth\n")
    put(config, "visits/2.csv", "id,name,city,mood\n2,b,Perth,good\n3,c,Perth,\n")
    report = ingest(config, ["visits"])
    landed = [row[0] for row in rows(config, "bronze.visits", "id")]
    if policy == "accept":
        assert rows(config, "bronze.visits", "id", "src_extra") == [
            (1, None),
            (2, '{"mood":"good"}'),
            (3, None),
        ]
    elif policy in ("reject", "set_aside"):  # the second is the old spelling of the first
        assert landed == [1, 3]
        assert rejects_of(config) == [(1, "UNEXPECTED_COLUMN", "2,b,Perth,good")]
    else:
        assert landed == [1]
        assert [f.code for f in report.refused] == ["UNEXPECTED_COLUMN"]
        assert "- name: mood" in report.refused[0].hint


def test_one_table_can_come_from_a_delta_table_and_from_files(tmp_path: Path) -> None:
    config = sourced(
        tmp_path,
        [*NAMED, property_("change", **{"carms.mayBeAbsent": True})],
        **{"carms.format": ["delta", "parquet"]},
    )
    frame = pl.DataFrame({"id": [1, 2], "name": ["a", "b"], "city": ["Perth", "Hobart"]})
    folder = config.data_raw / "visits"
    folder.mkdir()
    write_deltalake(folder / "base", frame)
    frame.with_columns(pl.lit("update").alias("change")).write_parquet(folder / "change.parquet")
    report = ingest(config, ["visits"])
    assert {f.name: f.status for f in report.files} == {
        "visits/base": FileStatus.LANDED,
        "visits/change.parquet": FileStatus.LANDED,
    }
    assert rows(config, "bronze.visits", "id", "change") == [
        (1, "update"),
        (1, None),
        (2, "update"),
        (2, None),
    ]
