"""Workbooks: values as written in the cells, text only where cells hold text."""

# ruff: noqa: DTZ001 - cells and columns without a zone are the case

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from sources import (
    bronze,
    collected,
    column,
    landed,
    outcome,
    raw_records,
    read,
    source,
    unique,
    written,
)

from carms_lake.errors import SourceRefused
from carms_lake.readers.xlsx import workbook

AB = bronze("a", "b", format="xlsx")


def book(rows: list[list[object]], sheet: str = "Sheet1", first: tuple[int, int] = (0, 0)) -> bytes:
    """A workbook with one sheet; dates are formatted as such, `=` starts a formula that failed."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as made:
        page = made.add_worksheet(sheet)
        day = made.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for row, cells in enumerate(rows, start=first[0]):
            for position, cell in enumerate(cells, start=first[1]):
                if isinstance(cell, str) and cell.startswith("="):
                    page.write_formula(row, position, "=1/0", None, cell[1:])
                elif isinstance(cell, dt.date):
                    page.write_datetime(row, position, cell, day)
                elif isinstance(cell, str):
                    page.write_string(row, position, cell)
                elif cell is not None:
                    page.write(row, position, cell)
    return buffer.getvalue()


def file(tmp_path, rows, **spec):
    return written(tmp_path, book(rows, **spec), "things.xlsx")


def test_text_lands_as_it_stands_and_rows_are_numbered_as_in_the_sheet(tmp_path):
    rows = [["a", "b"], ["00123", " x "], [None, None], ["é\n", None], ["", "y"]]
    assert collected(read(file(tmp_path, rows), AB)).rows() == [
        (2, "00123", " x "),
        (4, "é\n", None),
        (5, None, "y"),
    ]


def test_a_table_may_start_anywhere_in_the_sheet(tmp_path):
    made = file(tmp_path, [["a", "b"], ["1", 2], ["3", "4"]], first=(2, 3))
    batch = read(made, AB)
    assert collected(batch).rows() == [(5, "3", "4")]
    assert batch.malformed["message"][0].startswith("`Sheet1!E4` contains the number 2")


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (27447, "the number 27447"),
        (1.5, "the number 1.5"),
        (True, "the boolean true"),
        (dt.datetime(2025, 1, 2), "the date or time 2025-01-02"),
        ("=#DIV/0!", "the error #DIV/0!"),
    ],
)
def test_a_cell_that_is_no_text_rejects_its_row_where_the_contract_wants_text(
    tmp_path, cell, shown
):
    batch = read(file(tmp_path, [["a", "b"], ["x", "1"], ["y", cell]]), AB)
    (fault,) = batch.malformed.to_dicts()
    assert (fault["src_row_number"], fault["code"], fault["column"]) == (3, "TYPE_MISMATCH", "b")
    assert fault["message"].startswith(f"`Sheet1!B3` contains {shown}; the contract wants text")
    assert fault["value"] == shown.rsplit(" ", 1)[1]
    assert collected(batch).rows() == [(2, "x", "1")]
    assert batch.records == 2


def test_a_row_with_several_faults_is_set_aside_once(tmp_path):
    batch = read(file(tmp_path, [["a", "b"], [1, 2]]), AB)
    assert batch.malformed.height == 1
    assert "Sheet1!B2" in batch.malformed["message"][0]
    assert json.loads(batch.malformed["raw_record"][0]) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("type_", "cell", "text"),
    [
        ("integer", 12, "12"),
        ("integer", 12.5, "12.5"),
        ("integer", "12", "12"),
        ("bigint", 2.0**53, "9007199254740992"),
        ("double", 1e-7, "0.0000001"),
        ("double", -0.5, "-0.5"),
        ("double", 1e20, "100000000000000000000"),
        ("decimal(18,8)", 0.1, "0.1"),
        ("boolean", True, "true"),
        ("date", dt.datetime(2025, 1, 2), "2025-01-02"),
        ("date", "2025-01-02", "2025-01-02"),
        ("timestamp", dt.datetime(2025, 1, 2, 3, 4, 5), "2025-01-02T03:04:05"),
        ("date", dt.datetime(2025, 1, 2, 3, 4, 5), "2025-01-02T03:04:05"),
    ],
)
def test_typed_cells_are_handed_on_as_canonical_text(tmp_path, type_, cell, text):
    contract = bronze("a", column("b", type_), format="xlsx")
    assert landed(file(tmp_path, [["a", "b"], ["x", cell], ["y", None]]), contract)[0]["b"] == text
    assert landed(file(tmp_path, [["a", "b"], ["x", cell]]), contract)[0]["b"] == text


def test_an_error_is_no_value_of_any_type_and_no_empty_cell(tmp_path):
    contract = bronze("a", column("b", "double"), format="xlsx")
    batch = read(file(tmp_path, [["a", "b"], ["x", "=#N/A"], ["y", None], ["z", 1]]), contract)
    assert batch.malformed.select("src_row_number", "value", "code").rows() == [
        (2, "#N/A", "TYPE_MISMATCH")
    ]
    assert collected(batch)["b"].to_list() == [None, "1"]


def test_whole_numbers_beyond_the_exact_floats_keep_their_digits(tmp_path):
    made = file(tmp_path, [["a", "b"], ["x", 1]])
    data = {}
    with zipfile.ZipFile(made.path) as archive:
        data = {name: archive.read(name) for name in archive.namelist()}
    sheet = data["xl/worksheets/sheet1.xml"].replace(
        b"<v>1</v></c></row></sheetData>", b"<v>9007199254740993</v></c></row></sheetData>"
    )
    assert b"9007199254740993" in sheet
    with zipfile.ZipFile(made.path, "w") as archive:
        for name, content in {**data, "xl/worksheets/sheet1.xml": sheet}.items():
            archive.writestr(name, content)
    contract = bronze("a", column("b", "bigint"), format="xlsx")
    assert landed(source(made.path), contract)[0]["b"] == "9007199254740993"


def test_null_values_are_the_contracts(tmp_path):
    made = file(tmp_path, [["a", "b"], ["NULL", "x"]])
    assert landed(made, bronze("a", "b", format="xlsx", null_values=("NULL",))) == [
        {"a": None, "b": "x"}
    ]


def test_an_unnamed_index_column_is_dropped_by_contract_only(tmp_path):
    made = file(tmp_path, [[None, "a", "b"], [0, "x", "y"]])
    assert landed(made, bronze("a", "b", format="xlsx", drop_columns=("",))) == [
        {"a": "x", "b": "y"}
    ]
    with pytest.raises(SourceRefused) as caught:
        read(made, AB)
    assert caught.value.code == "UNEXPECTED_COLUMN"
    assert "without a name" in caught.value.message


def test_columns_that_are_only_formatted_do_not_count(tmp_path):
    made = openpyxl.Workbook()
    made.active.append(["a", "b"])
    made.active.append(["1", "2"])
    made.active["D1"].number_format = "0.00"
    made.active["D9"].number_format = "0.00"
    made.save(tmp_path / "things.xlsx")
    assert landed(source(tmp_path / "things.xlsx"), AB) == [{"a": "1", "b": "2"}]


def test_the_sheet_is_the_contracts_or_the_first(tmp_path):
    made = openpyxl.Workbook()
    made.active.title = "notes"
    made.active.append(["a", "b"])
    rates = made.create_sheet("rates")
    rates.append(["a", "b"])
    rates.append(["1", "2"])
    made.save(tmp_path / "things.xlsx")
    found = source(tmp_path / "things.xlsx")
    assert landed(found, AB) == []
    assert landed(found, bronze("a", "b", format="xlsx", sheet="rates")) == [{"a": "1", "b": "2"}]
    with pytest.raises(SourceRefused, match="`notes`, `rates`") as caught:
        read(found, bronze("a", "b", format="xlsx", sheet="rate"))
    assert caught.value.code == "MISSING_SHEET"
    assert "did you mean `rates`" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "EMPTY_FILE", "0 bytes"),
        (b"a,b\n1,2\n", "WRONG_FORMAT", "text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "WRONG_FORMAT", "encrypted"),
        (b"PK\x03\x04junk", "UNREADABLE", "things.xlsx"),
        (book([]), "EMPTY_FILE", "Sheet1"),
        (book([["a", "c"], ["1", "2"]]), "MISSING_COLUMN", "sheet `Sheet1`, row 1"),
        (book([["a", "b", "c"]]), "UNEXPECTED_COLUMN", "`c`"),
        (book([["a", "b", "b"]]), "UNEXPECTED_COLUMN", "duplicate column"),
    ],
)
def test_a_workbook_that_is_not_what_the_contract_says_is_refused(tmp_path, content, code, words):
    with pytest.raises(SourceRefused) as caught:
        read(written(tmp_path, content, "things.xlsx"), AB)
    assert caught.value.code == code
    assert words in caught.value.message
    assert caught.value.hint


def test_a_zip_that_is_no_workbook_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "things.xlsx", "w") as archive:
        archive.writestr("a.txt", b"x")
    with pytest.raises(SourceRefused) as caught:
        read(source(tmp_path / "things.xlsx"), AB)
    assert caught.value.code == "WRONG_FORMAT"


def test_a_workbook_that_is_a_bomb_is_refused_before_it_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "things.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(100 << 20))
    with pytest.raises(SourceRefused) as caught:
        read(source(tmp_path / "things.xlsx"), AB)
    assert caught.value.code == "TOO_LARGE"


def test_cells_in_opposite_corners_do_not_fill_the_memory(tmp_path):
    made = openpyxl.Workbook()
    made.active["A1"] = "a"
    made.active["B1"] = "b"
    made.active["XFD1048576"] = "far"
    made.save(tmp_path / "things.xlsx")
    with pytest.raises(SourceRefused) as caught:
        read(source(tmp_path / "things.xlsx"), AB)
    assert caught.value.code == "TOO_LARGE"
    assert "16384" in caught.value.message


@pytest.mark.parametrize("name", ["EInfinity1", "AAAA1", "B99999999", "1"])
def test_a_cell_called_as_none_can_be_is_refused_before_it_takes_memory(tmp_path, name):
    whole = io.BytesIO(book([["a", "b"], ["1", "2"]]))
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(tmp_path / "things.xlsx", "w") as new:
        for part in old.namelist():
            data = old.read(part)
            if part.startswith("xl/worksheets/"):
                assert b'r="B1"' in data
                data = data.replace(b'r="B1"', f'r="{name}"'.encode())
            new.writestr(part, data)
    with pytest.raises(SourceRefused):
        read(source(tmp_path / "things.xlsx"), AB)


def test_raw_records_are_the_cells_as_json(tmp_path):
    rows = [[None, "a", "b"], [0, "x", dt.datetime(2025, 1, 2)], [1, None, 1.5]]
    contract = bronze("a", column("b", "double"), format="xlsx", drop_columns=("",))
    texts = raw_records(file(tmp_path, rows), contract, [2, 3, 99])
    assert {number: json.loads(text) for number, text in texts.items()} == {
        2: {"A": 0, "a": "x", "b": "2025-01-02"},
        3: {"A": 1, "a": None, "b": 1.5},
    }


GOOD = book([["a", "b"], *([f"id{n}", f"text {n}"] for n in range(20)), ["x", "=#DIV/0!"]])


@settings(max_examples=150)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=4
    ),
    cut=st.integers(0, len(GOOD)),
)
def test_a_damaged_workbook_is_read_or_refused(tmp_path_factory, changes, cut):
    data = bytearray(GOOD)
    for position, byte in changes:
        data[position] = byte
    made = unique(
        tmp_path_factory.mktemp("xlsx"), bytes(data[:cut] if cut % 3 == 0 else data), "xlsx"
    )
    found = outcome(made, AB)
    if isinstance(found, SourceRefused):
        assert found.code
        return
    batch, rows = found
    assert rows.height + batch.malformed.height == batch.records


XML = zipfile.ZipFile(io.BytesIO(GOOD)).read("xl/worksheets/sheet1.xml")


@settings(max_examples=100)
@given(
    position=st.integers(0, len(XML) - 1),
    junk=st.sampled_from([b"", b"<", b'"', b"9999999", b"e", b"&", b"\xff", b"<c r='B3' t='e'>"]),
)
def test_broken_xml_inside_a_sound_archive_is_read_or_refused(tmp_path_factory, position, junk):
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = content[:position] + junk + content[position + 1 :]
            new.writestr(name, content)
    made = unique(tmp_path_factory.mktemp("xlsx"), buffer.getvalue(), "xlsx")
    found = outcome(made, AB)
    if isinstance(found, SourceRefused):
        assert found.code
        return
    batch, rows = found
    assert rows.height + batch.malformed.height == batch.records


def test_only_in_remarkable_sheets_every_cell_is_looked_at(tmp_path, monkeypatch):
    looked: list[str] = []
    look = workbook.sheet_cells
    monkeypatch.setattr(workbook, "sheet_cells", lambda *of: looked.append(of[1]) or look(*of))
    assert landed(file(tmp_path, [["a", "b"], ["1", "2"]]), AB)
    assert not looked
    read(file(tmp_path, [["a", "b"], ["1", "=#REF!"]]), AB)
    assert looked == ["xl/worksheets/sheet1.xml"]


@pytest.mark.real_data
def test_the_real_workbooks_are_text(real_carms):
    contract = bronze("discipline_id", "discipline", format="xlsx")
    batch = read(source(real_carms / "1503_discipline.xlsx"), contract)
    assert batch.records == collected(batch).height == 37
