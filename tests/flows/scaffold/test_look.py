"""What a file is, found from the file alone: its format, where its table is, how it is written."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from openpyxl import Workbook

from carms_lake.errors import SourceError
from carms_lake.flows.scaffold import plain
from carms_lake.flows.scaffold.look import look_at
from carms_lake.readers import content

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.flows.scaffold.look import Table


def looked(folder: Path, name: str, content: str | bytes) -> Table:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return look_at(path)


def keys(table: Table) -> dict[str, Any]:
    return {key.removeprefix("carms."): value for key, (value, _) in table.keys.items()}


TITLED = "Sales of the north\nprinted on,2024-05-01\n\nid,name,amount\n1,A,2.50\n2,B,3.50\n"


@pytest.mark.parametrize(
    ("text", "said", "headers", "records"),
    [
        ("id,name\n1,A\n2,B\n", {}, ["id", "name"], 2),
        ("id;name\n1;A, B\n2;B, C\n", {"delimiter": ";"}, ["id", "name"], 2),
        ("id\tname\n1\tA\n", {"delimiter": "\t"}, ["id", "name"], 1),
        ("id|name\n1|A\n", {"delimiter": "|"}, ["id", "name"], 1),
        ("id;price\n1;1,50\n2;2,75\n", {"delimiter": ";"}, ["id", "price"], 2),
        ('id,note\n1,"two\nlines"\n2,"a ""b"""\n', {}, ["id", "note"], 2),
        (TITLED, {"header": 4}, ["id", "name", "amount"], 2),
        ("id,qty\nA,1\nB,2\nTOTAL,3\n", {"tableEnd": ["(?i)^TOTAL ?:?$"]}, ["id", "qty"], 2),
        (
            "id;x;y\nA;1;5\nB;2;6\nGrand total:;3;11\n;;\nSource: the till;;\n",
            {"delimiter": ";", "tableEnd": ["(?i)^Grand total ?:?$"]},
            ["id", "x", "y"],
            2,
        ),
        ("id,x,y\nA,1,5\nB,2,6\nmade 2024\n", {"tableEnd": [r"(?i)^made\b"]}, ["id", "x", "y"], 2),
        ("1,Tea,2.50\n2,Jam,3\n", {"header": "none"}, ["column_1", "column_2", "column_3"], 2),
        ("country,2019,2020\nA,1,2\n", {}, ["country", "2019", "2020"], 1),
        ("sep=;\nid;v\n1;2\n", {"delimiter": ";", "header": 2}, ["id", "v"], 1),
        ("name,city\nAnn,Ulm\nBob,\n", {}, ["name", "city"], 2),
        ("id,name,\n1,A,\n", {"dropColumns": [""]}, ["id", "name"], 1),
        ("Total sales,n\nA,1\nB,2\n", {}, ["Total sales", "n"], 2),
        ("customer,n\nTotal Energies,1\nB,2\nC,3\n", {}, ["customer", "n"], 3),
    ],
)
def test_a_text_is_read_as_a_person_would(
    tmp_path: Path, text: str, said: dict[str, Any], headers: list[str], records: int
) -> None:
    found = looked(tmp_path, "a.csv", text)
    assert (found.format, keys(found), list(found.columns)) == ("csv", said, headers)
    assert found.records == records


def test_of_a_long_file_the_first_part_and_the_end_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "READ_BYTES", 1 << 20)
    monkeypatch.setattr(content, "BLOCK_BYTES", 1 << 16)
    lines = "".join(f"{number:08};{'x' * 200}\n" for number in range(12_000))
    found = looked(tmp_path, "a.csv", f"id;text\n{lines}TOTAL;12000\n")
    assert not found.is_whole
    assert 1_000 < found.records < 12_000
    assert keys(found)["tableEnd"] == ["(?i)^TOTAL ?:?$"]
    assert found.columns["id"].str.len_chars().unique().to_list() == [8]


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", None), ("utf-8-sig", None), ("cp1252", "cp1252"), ("utf-16", "utf-16"),
     ("utf-16-be", "utf-16-be"), ("utf-32", "utf-32")],
)  # fmt: skip
def test_the_encoding_is_found(tmp_path: Path, encoding: str, said: str | None) -> None:
    found = looked(tmp_path, "a.csv", "id,straße\n1,Öl – 5 €\n".encode(encoding))
    assert list(found.columns) == ["id", "straße"]
    assert found.columns["straße"].to_list() == ["Öl – 5 €"]
    assert keys(found).get("encoding") == said


@pytest.mark.parametrize(
    ("name", "document", "path", "headers"),
    [
        ("a.json", [{"a": 1}, {"a": 2, "b": {"c": 3}}], None, ["a", "b.c"]),
        ("a.json", {"books": [{"a": 1}], "tags": ["x"]}, "$.books", ["a"]),
        ("a.json", {"m": {"n": 1}, "data": {"items": [{"a": 1}]}}, "$.data.items", ["a"]),
        ("a.json", {"my data": [{"a": 1}, {"a": 2}], "o": [{"z": 1}]}, '$["my data"]', ["a"]),
    ],
)
def test_the_records_of_json_are_found(
    tmp_path: Path, name: str, document: Any, path: str | None, headers: list[str]
) -> None:
    found = looked(tmp_path, name, json.dumps(document, indent=1))
    assert (found.format, keys(found).get("records")) == ("json", path)
    assert list(found.columns) == headers


def test_an_object_that_some_records_lack_is_its_values_and_a_mixed_one_stays_whole(
    tmp_path: Path,
) -> None:
    records = [{"a": {"b": 1}, "c": {"d": 1}}, {"a": None, "c": "none"}]
    found = looked(tmp_path, "a.json", json.dumps(records))
    assert list(found.columns) == ["a.b", "c"]


def test_lines_of_json_are_lines_whatever_the_file_is_called(tmp_path: Path) -> None:
    found = looked(tmp_path, "a.json", '{"a": 1}\n{"a": 2, "b": "x"}\n')
    assert (found.format, list(found.columns), found.records) == ("jsonl", ["a", "b"], 2)


def test_the_table_of_a_workbook_is_found_below_its_title_and_on_a_later_sheet(
    tmp_path: Path,
) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.title = "Read me"
    book.active["B2"] = "Customers of the north"
    sheet = book.create_sheet("Customers")
    for row in (
        ["Customers"],
        ["as of", dt.date(2024, 5, 1)],
        [],
        ["No", "Name", "Limit"],
        ["K1", "Ann", 10.5],
        ["K2", "Bob", 20],
        ["Total", None, 30.5],
    ):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    found = look_at(tmp_path / "a.xlsx")
    assert keys(found) == {"sheet": "Customers", "header": 4, "tableEnd": ["(?i)^Total ?:?$"]}
    assert found.columns["Limit"].to_list() == [10.5, 20.0]


def test_parquet_has_its_own_types(tmp_path: Path) -> None:
    pl.DataFrame({"id": [1, 2], "at": [dt.date(2024, 1, 1)] * 2}).write_parquet(tmp_path / "a")
    found = look_at(tmp_path / "a")
    assert found.format == "parquet"
    assert found.columns["at"].dtype == pl.Date


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "", "has no content"),
        ("a.csv", "<html><body>moved</body></html>", "looks like HTML"),
        ("a.csv", b"%PDF-1.7 ...", "looks like a PDF"),
        ("a.csv", "id,a,a\n1,2,3\n", "the header has `a` twice"),
        ("a.json", '{"a": 1}', "without an array of records"),
        ("a.json", '[{"a": 1}', "is not JSON"),
        ("a.jsonl", '{"a": 1}\n{"a"\n', "line 2 is not JSON"),
        ("a.json", "[1, 2]", "has no objects"),
    ],
)
def test_what_is_no_table_is_named_with_what_to_do(
    tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    with pytest.raises(SourceError) as caught:
        looked(tmp_path, name, content)
    assert said in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "data"),
    [("x.parquet", b"PAR1junkPAR1"), ("x.xlsx", b"PK\x03\x04junk"), ("x.csv.gz", b"\x1f\x8bjunk")],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=name.removesuffix(".gz")) as caught:
        look_at(tmp_path / name)
    assert caught.value.hint


def test_days_and_moments_that_have_no_text_are_left_out(tmp_path: Path) -> None:
    far = 2**31 - 1
    columns = {
        "a": pl.Series([0, far, None], dtype=pl.Int32).cast(pl.Date),
        "b": pl.Series([-far, 0, 1], dtype=pl.Int32).cast(pl.Date),
        "c": pl.Series([2**62, 0, None], dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
    }
    pl.DataFrame(columns).write_parquet(tmp_path / "x.parquet")
    found = look_at(tmp_path / "x.parquet").columns
    kept = {name: found[name].is_not_null().to_list() for name in columns}
    assert kept == {"a": [True, False, False], "b": [False, True, True], "c": [False, True, False]}
