"""A file that is read by the options of its contract, through all that reads it once more."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from helpers import property_
from reject_lake import VISITS, counts, promise, visits
from tiny import PRODUCTS, SALES, put

from carms_lake.catalog import load_catalog
from carms_lake.flows.build import build
from carms_lake.flows.drift import drift
from carms_lake.flows.ingest import ingest
from carms_lake.flows.lineage import trace
from carms_lake.flows.lineage.records import raw_texts
from carms_lake.flows.rejects import rejects
from carms_lake.flows.rejects.correct import correct, export
from carms_lake.flows.rejects.locate import LandedFiles
from carms_lake.flows.rejects.replay import replay
from carms_lake.store import delta, table_path

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig
    from carms_lake.records import RunReport

DAY_1, DAY_2 = dt.date(2024, 4, 3), dt.date(2024, 12, 31)


def columns(**of_day: Any) -> list[dict[str, Any]]:
    return [
        property_("id", required=True, primaryKey=True, **{"carms.aliases": ["Nummer"]}),
        property_("day", "date", **of_day),
        property_("price", "number", "decimal(9,2)"),
        property_("paid", "boolean"),
    ]


OPTIONS = {
    "carms.header": "auto",
    "carms.tableEnd": "^TOTAL",
    "carms.decimalMark": ",",
    "carms.thousandsSeparator": ".",
    "carms.trueWords": "ja",
    "carms.falseWords": "nein",
}
FORMATS = {"carms.formats": ["%d/%m/%Y"]}
MESSY = (
    'Liste für Mai\n\nNummer;day;price;paid\nä1;03/04/2024;1.234,50;ja\n"b\n2";31/12/2024;7;NEIN\n'
    "c3;2024-01-01;1;ja\nd4;03/04/2024;1.5;ja\nTOTAL;;1.242,5;\nEnde\n"
)
ROWS = [("b\n2", DAY_2, Decimal("7.00"), False), ("ä1", DAY_1, Decimal("1234.50"), True)]


def messy(folder: Path, of_day: dict[str, Any] = FORMATS) -> LakeConfig:
    own = {"carms.delimiter": ";", "carms.encoding": {"*.csv": "cp1252"}, **OPTIONS}
    config = visits(folder, columns(**of_day), **own)
    path = config.data_raw / "visits" / "v.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(MESSY.encode("cp1252"))
    return config


def rows(config: LakeConfig) -> list[tuple[Any, ...]]:
    frame = delta.scan(table_path(config, VISITS)).select("id", "day", "price", "paid").collect()
    return sorted(frame.rows())


def raw_text(config: LakeConfig, number: int) -> str:
    """What `trace` shows of a record of the one file."""
    frame = delta.scan(table_path(config, VISITS)).filter(src_row_number=number).collect()
    contract = load_catalog(config.domain).contracts[VISITS]
    (found,) = raw_texts(LandedFiles(config), contract, frame.to_dicts()).values()
    return found.text or found.missing


def notes(report: RunReport) -> list[str]:
    return [note for file in report.files for note in file.notes]


def test_a_messy_file_lands_and_what_was_left_out_is_counted(tmp_path: Path) -> None:
    config = messy(tmp_path)
    report = ingest(config, ["visits"])
    assert counts(config) == {"visits/v.csv": (4, 2, 2)}
    assert rows(config) == ROWS
    assert notes(report) == [
        "left out: 1 row before the header",
        "`visits/v.csv`, line 3: header `Nummer` read as `id`",
        "left out: 2 rows after record 4, from `carms.tableEnd` on",
    ]


def test_rejects_say_what_was_wanted_and_where_the_record_is(tmp_path: Path) -> None:
    config = messy(tmp_path)
    ingest(config, ["visits"])
    found = rejects(config).select("column", "value", "message", "place", "raw_record")
    assert found.sort("value").rows() == [
        ("price", "1.5", "`price` must be decimal(9,2) (decimal mark `,`, thousands separator `.`)",
         "record 4, line 8", "d4;03/04/2024;1.5;ja"),
        ("day", "2024-01-01", "`day` must be date (%d/%m/%Y)", "record 3, line 7",
         "c3;2024-01-01;1;ja"),
    ]  # fmt: skip


@pytest.mark.slow
def test_a_trace_shows_the_text_of_the_file(tmp_path: Path) -> None:
    config = messy(tmp_path)
    put(config, "products.csv", PRODUCTS)
    put(config, "sales/day_1.csv", SALES)
    ingest(config)
    build(config)
    (step,) = trace(config, "ä1", table="bronze.visits").steps
    assert step.raw is not None
    assert (step.raw.text, step.raw.line) == ("ä1;03/04/2024;1.234,50;ja", 4)
    assert {value.column: value.value for value in step.values}["price"] == Decimal("1234.50")
    (reject,) = trace(config, "c3", table="bronze.visits").rejects
    assert reject.raw == "c3;2024-01-01;1;ja"


def test_records_land_by_a_replay_once_the_contract_knows_their_spelling(tmp_path: Path) -> None:
    config = messy(tmp_path)
    ingest(config, ["visits"])
    both = {"carms.formats": ["%d/%m/%Y", "%F"]}
    own = {"carms.delimiter": ";", "carms.encoding": {"*.csv": "cp1252"}, **OPTIONS}
    promise(config, columns(**both), **own)
    done = replay(config, ["visits"])
    assert [(file.read_from, file.landed) for file in done.files] == [("raw record", 1)]
    assert rows(config) == sorted([*ROWS, ("c3", dt.date(2024, 1, 1), Decimal("1.00"), True)])


def test_corrected_records_are_put_where_they_were(tmp_path: Path) -> None:
    config = messy(tmp_path)
    ingest(config, ["visits"])
    sent = (export(config).as_source() or b"").decode().replace("2024-01-01", "01/01/2024")
    file = tmp_path / "corrected.csv"
    file.write_text(sent.replace("1.5", "1,5"), encoding="utf-8", newline="")
    (done,) = correct(config, "visits", file, tmp_path / "out")
    expected = MESSY.replace("2024-01-01", "01/01/2024").replace(";1.5;", ";1,5;")
    assert done.path.read_bytes().decode("cp1252") == expected
    ingest(config, ["visits"], from_path=tmp_path / "out")
    assert counts(config) == {"visits/v.csv": (4, 4, 0)}


def test_drift_reads_the_file_as_an_ingest_does(tmp_path: Path) -> None:
    config = messy(tmp_path)
    found = {(one.column, one.change): one.found for one in drift(config, ["visits"]).findings}
    assert found == {
        ("day", "retyped"): "1 of 4 values are not date",
        ("price", "retyped"): "1 of 4 values are not decimal(9,2)",
    }


def test_drift_proposes_no_other_type_where_the_spelling_is_wrong(tmp_path: Path) -> None:
    config = messy(tmp_path, {"carms.formats": "%m-%d-%Y"})
    found = drift(config, ["visits"])
    (day,) = (one for one in found.findings if one.column == "day")
    wanted = "4 of 4 values are not date, written as the contract says (%m-%d-%Y)"
    assert (day.found, found.patches) == (wanted, ())


@pytest.mark.parametrize(
    ("own", "text", "mended"),
    [
        (
            {"carms.escape": "\\"},
            'id,day,price\n"a \\"x\\"",,1\n"b\\, \\\\",,y\n',
            'id,day,price\n"a \\"x\\"",,1\n"b, \\\\",,2\n',
        ),
        (
            {"carms.quote": "none", "carms.escape": "\\"},
            'id,day,price\n"a",,1\nb\\,",,y\n',
            'id,day,price\n"a",,1\nb\\,",,2\n',
        ),
        (
            {"carms.quote": "none", "carms.delimiter": "\t"},
            'id\tday\tprice\n"a\t\t1\n"b""\t\ty\n',
            'id\tday\tprice\n"a\t\t1\n"b""\t\t2\n',
        ),
        (
            {"carms.header": "none", "carms.tableEnd": "^sum"},
            "a,,1\nb,,y\nsum,,9\n",
            "a,,1\nb,,2\nsum,,9\n",
        ),
    ],
)
def test_a_corrected_record_is_written_in_the_dialect_of_its_file(
    tmp_path: Path, own: dict[str, Any], text: str, mended: str
) -> None:
    config = visits(tmp_path, columns()[:3], **own)
    path = config.data_raw / "visits" / "v.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode())
    ingest(config, ["visits"])
    assert counts(config) == {"visits/v.csv": (2, 1, 1)}
    sent = (export(config).as_source() or b"").decode()
    delimiter = own.get("carms.delimiter", ",")
    records = list(csv.DictReader(io.StringIO(sent, newline=""), delimiter=delimiter))
    assert [record["price"] for record in records] == ["y"]
    file = tmp_path / "corrected.csv"
    at = sent.index(f"{delimiter}y{delimiter}") + 1
    file.write_text(f"{sent[:at]}2{sent[at + 1 :]}", encoding="utf-8", newline="")
    (done,) = correct(config, "visits", file, tmp_path / "out")
    assert done.path.read_bytes().decode() == mended
    ingest(config, ["visits"], from_path=tmp_path / "out")
    assert counts(config) == {"visits/v.csv": (2, 2, 0)}


def test_a_messy_workbook_does_all_of_that_too(tmp_path: Path) -> None:
    own = {"carms.format": "xlsx", "carms.sheet": 2, **OPTIONS}
    config = visits(tmp_path, columns(**FORMATS), **own)
    book = openpyxl.Workbook()
    page = book.create_sheet("Mai")
    for cells in (
        ["Liste"], [], ["Nummer", "day", "price", "paid"], ["a1", DAY_1, 1234.5, True],
        ["b2", "31/12/2024", "1.000,5", "nein"], ["c3", "2024-01-01", 1, "ja"], ["TOTAL", None, 3],
    ):  # fmt: skip
        page.append(cells)
    path = config.data_raw / "visits" / "v.xlsx"
    path.parent.mkdir(parents=True)
    book.save(path)
    report = ingest(config, ["visits"])
    assert len(notes(report)) == 3
    assert rows(config) == [
        ("a1", DAY_1, Decimal("1234.50"), True),
        ("b2", DAY_2, Decimal("1000.50"), False),
    ]
    assert rejects(config).select("value", "place").rows() == [("2024-01-01", "Mai!B6")]
    assert json.loads(raw_text(config, 5))["price"] == "1.000,5"
    promise(config, columns(**{"carms.formats": ["%d/%m/%Y", "%F"]}), **own)
    assert [file.landed for file in replay(config, ["visits"]).files] == [1]
    assert drift(config, ["visits"], every=True).findings == ()


def test_wrapped_json_does_all_of_that_too(tmp_path: Path) -> None:
    options = {key: value for key, value in OPTIONS.items() if "Word" in key or "Mark" in key}
    own = {"carms.format": "json", "carms.records": "$.data.visits", **options}
    config = visits(tmp_path, columns(**FORMATS), **own)
    records = [
        {"Nummer": "a1", "day": "03/04/2024", "price": 1234.5, "paid": True},
        {"Nummer": "b2", "day": "31/12/2024", "price": "1000,5", "paid": "nein"},
        {"Nummer": "c3", "day": "2024-01-01", "price": 1, "paid": "ja"},
    ]
    path = config.data_raw / "visits" / "v.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"n": 3, "data": {"visits": records}}), encoding="utf-8")
    ingest(config, ["visits"])
    assert rows(config) == [
        ("a1", DAY_1, Decimal("1234.50"), True),
        ("b2", DAY_2, Decimal("1000.50"), False),
    ]
    assert json.loads(raw_text(config, 2)) == records[1]
    promise(config, columns(**{"carms.formats": ["%d/%m/%Y", "%F"]}), **own)
    assert [file.landed for file in replay(config, ["visits"]).files] == [1]
    assert len(rows(config)) == 3
    assert drift(config, ["visits"], every=True).findings == ()
