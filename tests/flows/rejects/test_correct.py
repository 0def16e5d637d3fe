"""Rejected records exported, corrected by hand, and sent back."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reject_lake import bronze, counts, named, rejects_in, shop, visits
from tiny import put, rejects

from carms_lake.errors import SourceError, UsageError
from carms_lake.flows.ingest import ingest
from carms_lake.flows.rejects import rejects as rejects_of
from carms_lake.flows.rejects.correct import correct, export

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig


def test_the_records_stand_in_the_columns_of_their_source(tmp_path: Path) -> None:
    config = shop(tmp_path)
    ingest(config)
    found = export(config)
    assert found.rows.columns == [
        "sale_id",
        "product_id",
        "quantity",
        "carms_file",
        "carms_record",
        "carms_place",
        "carms_reason",
        "carms_raw",
    ]
    at_least, of_day = "`quantity` must be at least 1", "sales/day_2.csv"
    surplus = "record 3: 4 fields, the header has 3"
    assert found.rows.rows() == [
        ("s3", "p1", "0", of_day, 1, "record 1, line 2", at_least, None),
        ("s4", "p2", "x", of_day, 2, "record 2, line 3", "`quantity` must be integer", None),
        (None, None, None, of_day, 3, "record 3, line 4", surplus, "s5,p1,3,4"),
        ("s\n7", "p2", "0", of_day, 5, "record 5, line 6", at_least, None),
    ]
    assert "`sales/day_2_corrected.csv`" in found.next_step
    assert export(config, "sales", code="TYPE_MISMATCH").rows.columns[-1] == "carms_reason"
    assert export(config, "bronze.sales", column="quantity").rows.height == 3
    none = export(config, "sales", code="MISSING_COLUMN")
    assert (none.rows.height, none.next_step) == (0, "")


def test_a_mended_file_lands_with_the_columns_that_were_added(tmp_path: Path) -> None:
    config = visits(tmp_path, named(), **{"carms.delimiter": ";", "carms.encoding": "cp1252"})
    path = config.data_raw / "visits" / "v.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes("name;id;score\nà;1;7\nb;2;12\nc;3;1\n".encode("cp1252"))
    ingest(config, ["visits"])
    found = export(config, "visits")
    sent = found.as_source()
    assert sent is not None
    text = sent.decode("cp1252")
    assert text.splitlines()[1].startswith("à;1;7;visits/v.csv;1;record 1, line 2;")
    path.with_name("v_corrected.csv").write_bytes(text.replace(";7;", ";17;").encode("cp1252"))
    ingest(config, ["visits"])
    assert counts(config) == {"visits/v.csv": (3, 1, 2), "visits/v_corrected.csv": (2, 1, 1)}
    assert [row[:2] for row in sorted(bronze(config))] == [(1, "à"), (2, "b")]
    assert len(rejects_in(config)) == 3


def test_a_file_delivered_again_whole_takes_its_rejects_away(tmp_path: Path) -> None:
    config = shop(tmp_path)
    put(config, "products.csv", "product_id,name,price\np1,Tea,2.50\np2,Jam,x\n")
    ingest(config)
    found = export(config, "products")
    assert (
        found.next_step
        == "`carms rejects correct products FILE --out DIR` puts them into their files"
    )
    put(config, "products.csv", "product_id,name,price\np1,Tea,2.50\np2,Jam,4.00\n")
    ingest(config)
    assert [name for name, *_ in rejects(config)] == ["sales"] * 4


def test_objects_keep_their_values_and_broken_lines_their_text(tmp_path: Path) -> None:
    config = visits(tmp_path, named(), **{"carms.format": "jsonl"})
    put(config, "visits/v.jsonl", '{"id": 1, "score": 7, "name": ["a"]}\n{"id": 2,\n{"id":3}\n')
    ingest(config, ["visits"])
    found = export(config)
    assert found.as_source() is None
    assert found.rows.columns[:3] == ["id", "score", "name"]
    assert [row[:3] for row in found.rows.rows()] == [(1, 7, ["a"]), (None, None, None)]
    assert found.rows.row(1)[-1] == '{"id": 2,'
    values = found.rows.row(0, named=True)
    corrected = values | {"score": 70, "name": "a"}
    put(config, "visits/v_corrected.jsonl", json.dumps(corrected) + "\n")
    report = ingest(config, ["visits"])
    assert [file.accepted for file in report.files if file.name.endswith("corrected.jsonl")] == [1]


AWKWARD = 'id,name,score\r\n1,"a ""b""",12\r\n\r\n2,"x\r\ny",7\r\n3,c,1,1\r\n4,d,90\r\n5,é,"x'
"""Three good records and three to mend; the last quote is never closed."""


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_mended_records_are_put_into_their_file_and_nothing_else_changes(
    tmp_path: Path, encoding: str
) -> None:
    config = visits(tmp_path, named(), **{"carms.encoding": encoding})
    path = config.data_raw / "visits" / "v.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(AWKWARD.encode(encoding))
    ingest(config, ["visits"])
    assert counts(config) == {"visits/v.csv": (5, 2, 3)}
    sent = (export(config).as_source() or b"").decode(encoding)
    for old, new in ((",7,", ",70,"), ("3,c,1,1", "3,c,11"), ('5,é,""x', "5,é,50")):
        assert old in sent
        sent = sent.replace(old, new)
    file = tmp_path / "corrected.csv"
    file.write_bytes(sent.encode(encoding))
    (done,) = correct(config, "visits", file, tmp_path / "out")
    assert (done.name, done.records) == ("visits/v.csv", 3)
    expected = AWKWARD
    for old, new in ((",7\r", ",70\r"), ("3,c,1,1", "3,c,11"), ('5,é,"x', "5,é,50")):
        expected = expected.replace(old, new)
    assert done.path.read_bytes().decode(encoding) == expected
    ingest(config, ["visits"], from_path=tmp_path / "out")
    assert counts(config) == {"visits/v.csv": (5, 5, 0)}
    with pytest.raises(UsageError, match=r"record 2 of `visits/v\.csv` is not rejected, nor are 2"):
        correct(config, "visits", file, tmp_path / "again", from_path=tmp_path / "out")


CELLS = st.sampled_from(["", "x", '"a, b"', '"two\nlines"', '5" pipe', "é", " 7", '"q""q"', "12"])


@pytest.mark.slow
@settings(max_examples=10)
@given(records=st.lists(st.lists(CELLS, min_size=2, max_size=4).map(",".join), max_size=8))
def test_records_that_nobody_mended_are_set_aside_as_before(
    tmp_path_factory: pytest.TempPathFactory, records: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("mend")
    config = visits(folder, named())
    put(config, "visits/v.csv", "\n".join(["name,score,id", *records]))
    ingest(config, ["visits"])
    if not counts(config)["visits/v.csv"][2]:
        return
    (folder / "sent.csv").write_bytes(export(config, "visits").as_source() or b"")
    correct(config, "visits", folder / "sent.csv", folder / "out")
    before = (bronze(config), counts(config), reasons_of(config))
    ingest(config, ["visits"], from_path=folder / "out", full_refresh=True)
    assert (bronze(config), counts(config), reasons_of(config)) == before


def reasons_of(config: LakeConfig) -> list[tuple[Any, ...]]:
    found = rejects_of(config)
    names = ("src_row_number", "code", "rule", "value", "message")
    return found.select(names).rows()


def test_mended_objects_are_put_into_their_file(tmp_path: Path) -> None:
    config = visits(tmp_path, named(), **{"carms.format": "jsonl"})
    lines = ['{"id": 1, "score": 7, "name": "é"}', "", '{"id": 2,', '{"id":3,"score":30}']
    put(config, "visits/v.jsonl", "\n".join(lines))
    ingest(config, ["visits"])
    found = export(config).rows
    rows = found.rows(named=True)
    rows[0]["score"] = 77
    rows[1]["carms_raw"] = '{"id": 2, "score": 20}'
    file = tmp_path / "corrected.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (done,) = correct(config, "bronze.visits", file, tmp_path / "out")
    lines[0], lines[2] = '{"id": 1, "score": 77, "name": "é"}', '{"id": 2, "score": 20}'
    assert done.path.read_text(encoding="utf-8") == "\n".join(lines)


def test_a_mended_file_must_say_where_it_belongs_and_its_source_be_there(tmp_path: Path) -> None:
    config = shop(tmp_path)
    ingest(config)
    file = tmp_path / "corrected.csv"
    file.write_bytes(b"sale_id,product_id,quantity\ns3,p1,1\n")
    with pytest.raises(UsageError, match="record 1 does not say where it belongs"):
        correct(config, "sales", file, tmp_path / "out")
    file.write_bytes(export(config).as_source() or b"")
    source = config.data_raw / "sales" / "day_2.csv"
    source.write_text(source.read_text(encoding="utf-8") + "z,p1,1\n", encoding="utf-8")
    with pytest.raises(
        SourceError, match=r"`sales/day_2\.csv` is gone, or its content has changed"
    ):
        correct(config, "sales", file, tmp_path / "out")
    with pytest.raises(SourceError, match="cannot be read"):
        correct(config, "sales", tmp_path / "none.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_source_is_meant_and_it_has_to_be_one(tmp_path: Path) -> None:
    config = shop(tmp_path)
    with pytest.raises(UsageError, match="no source has rejected records"):
        export(config)
    put(config, "products.csv", "product_id,name,price\np1,Tea,2.50\np2,Jam,x\n")
    ingest(config)
    with pytest.raises(UsageError, match="2 sources have rejected records") as caught:
        export(config)
    assert "carms rejects products --export" in caught.value.hint
    with pytest.raises(UsageError, match=r"`silver\.sale` is not a bronze table"):
        export(config, "silver.sale")


def test_nothing_to_mend_is_an_empty_list_with_its_columns(tmp_path: Path) -> None:
    config = shop(tmp_path)
    ingest(config)
    found = export(config, "products")
    assert found.rows.rows() == []
    assert found.as_source() is not None
    sent = found.as_source() or b""
    assert next(csv.reader(io.StringIO(sent.decode())))[-5] == "carms_file"
