"""Workbooks as other programs than Excel write them: every legal place, spelling and omission."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources import bronze, collected, column, landed, raw_records, read, source, written

from carms_lake.errors import SourceRefused
from carms_lake.readers.xlsx import workbook

NS = "http://schemas.openxmlformats.org"
STRICT = "http://purl.oclc.org/ooxml"
ANY = bronze(column("a", "varchar"), column("b", "double"), format="xlsx")
HEADER = '<c r="A1" t="str"><v>a</v></c><c r="B1" t="str"><v>b</v></c>'
ROW = '<c r="A2" t="str"><v>x</v></c><c r="B2"><v>7</v></c>'


def named(value: str, cell: str = "B2", type_: str = "n", formula: str = "") -> str:
    """The XML of a cell."""
    return f'<c r="{cell}" t="{type_}">{formula}{value}</c>'


def package(
    *rows: str,
    book: str = "xl/workbook.xml",
    sheet: str = "xl/worksheets/sheet1.xml",
    target: str = "",
    root: str = "",
    namespace: str = NS,
    prefix: str = "",
    before: str = "",
    after: str = "",
    about: str = "",
    strings: str = "",
    styles: str = "",
    rename=lambda name: name,
) -> bytes:
    """A workbook from its XML, one text per row of cells."""
    is_strict = namespace == STRICT
    main = f"{STRICT}/spreadsheetml/main" if is_strict else f"{NS}/spreadsheetml/2006/main"
    office = f"{namespace}/officeDocument/{'' if is_strict else '2006/'}relationships"
    folder, name = posixpath.split(book)
    target = target or posixpath.relpath(sheet, folder or ".")
    lines = "".join(f'<row r="{number}">{cells}</row>' for number, cells in enumerate(rows, 1))
    xml = {
        book: f'<workbook xmlns="{main}" xmlns:r="{office}">{about}<sheets>'
        f'<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        sheet: f'<worksheet xmlns="{main}">{before}<sheetData>{lines}</sheetData>{after}'
        "</worksheet>",
    }
    if prefix:
        xml = {path: _prefixed(text, prefix) for path, text in xml.items()}
    related = {"r1": ("worksheet", target)}
    if strings:
        xml[posixpath.join(folder, "texts.xml")] = f'<sst xmlns="{main}">{strings}</sst>'
        related["r2"] = ("sharedStrings", "texts.xml")
    if styles:
        xml[posixpath.join(folder, "looks.xml")] = (
            f'<styleSheet xmlns="{main}">{styles}</styleSheet>'
        )
        related["r3"] = ("styles", "looks.xml")
    xml["_rels/.rels"] = _relationships({"r1": ("officeDocument", root or book)}, office)
    xml[posixpath.join(folder, "_rels", f"{name}.rels")] = _relationships(related, office)
    xml["[Content_Types].xml"] = (
        f'<Types xmlns="{NS}/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>'
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in xml.items():
            archive.writestr(rename(path), text)
    return buffer.getvalue()


def _relationships(targets: dict[str, tuple[str, str]], office: str) -> str:
    listed = "".join(
        f'<Relationship Id="{key}" Type="{office}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{NS}/package/2006/relationships">{listed}</Relationships>'


def _prefixed(xml: str, prefix: str) -> str:
    tags = re.sub(r"<(/?)(\w)", rf"<\1{prefix}:\2", xml)
    return tags.replace(" xmlns=", f" xmlns:{prefix}=")


PLACES = {
    "usual": {},
    "absolute target": {"target": "/xl/worksheets/sheet1.xml"},
    "another folder": {"sheet": "data/cells.xml"},
    "a folder beside": {"sheet": "xl/data/cells.xml"},
    "all at the root": {"book": "workbook.xml", "sheet": "sheet1.xml"},
    "a book elsewhere": {"book": "office/book.xml", "sheet": "office/ws/s.xml"},
    "dots": {"root": "./xl/workbook.xml", "target": "./worksheets/../worksheets/sheet1.xml"},
    "another case": {"target": "Worksheets/SHEET1.xml"},
    "backslashes": {"rename": lambda name: name.replace("/", "\\")},
    "a backslash in the target": {"target": "worksheets\\sheet1.xml"},
    "a slash before names": {"rename": lambda name: f"/{name}"},
    "percent signs": {"sheet": "xl/my sheets/s 1.xml", "target": "my%20sheets/s%201.xml"},
    "strict": {"namespace": STRICT},
    "strict elsewhere": {"namespace": STRICT, "sheet": "data/cells.xml"},
    "prefixes": {"prefix": "x"},
    "prefixes elsewhere": {"prefix": "x", "sheet": "data/cells.xml"},
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize(
    ("cell", "landing"),
    [
        (named("<v>7</v>"), "7"),
        (named("<v>#DIV/0!</v>", type_="e"), "#DIV/0!"),
        (named("<v>#SPILL!</v>", type_="e"), "#SPILL!"),
        (named("", formula="<f>A1*2</f>"), "=A1*2"),
    ],
    ids=["value", "error", "newer error", "formula"],
)
def test_a_sheet_is_read_wherever_its_relationship_says_it_is(tmp_path, place, cell, landing):
    first = '<c r="A2" t="str"><v>x</v></c>'
    made = written(tmp_path, package(HEADER, first + cell, **place), "things.xlsx")
    batch = read(made, ANY)
    assert batch.records == 1
    found = [*collected(batch)["b"], *batch.malformed["value"]]
    assert found == [landing]


CODES = [
    "#DIV/0!",
    "#N/A",
    "#NAME?",
    "#NULL!",
    "#NUM!",
    "#REF!",
    "#VALUE!",
    "#GETTING_DATA",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BLOCKED!",
    "#CONNECT!",
    "#BUSY!",
    "#UNKNOWN!",
    "#PYTHON!",
    "#EXTERNAL!",
    "#TIMEOUT!",
    "#ERROR!",
    "Err:502",
    "#WHATEVER!",
]


@pytest.mark.parametrize("code", CODES)
def test_any_error_is_one_of_its_cell_and_the_other_rows_land(tmp_path, code):
    bad = f'<c r="A3" t="str"><v>y</v></c>{named(f"<v>{code}</v>", "B3", "e")}'
    batch = read(written(tmp_path, package(HEADER, ROW, bad), "things.xlsx"), ANY)
    assert collected(batch).rows() == [(2, "x", "7")]
    (fault,) = batch.malformed.to_dicts()
    assert fault["message"].startswith(f"`S!B3` contains the error {code};")


WITHOUT_VALUE = {
    "no value": "<f>A1*2</f>",
    "an empty one": "<f>A1*2</f><v></v>",
    "an empty tag": "<f>A1*2</f><v/>",
    "spaces between": "<f>A1*2</f>\n <v/>\n",
    "a shared formula": '<f t="shared" si="0"/>',
    "a shared formula and an empty tag": '<f t="shared" si="0"/><v />',
    "an array": '<f t="array" ref="B2:B2">A1*2</f>',
}


@pytest.mark.parametrize("formula", WITHOUT_VALUE.values(), ids=WITHOUT_VALUE)
@pytest.mark.parametrize("type_", ["varchar", "double", "decimal(12,2)", "date"])
def test_a_formula_that_nothing_has_computed_is_no_empty_cell(tmp_path, formula, type_):
    cells = f'<c r="A2" t="str"><v>x</v></c><c r="B2">{formula}</c>'
    made = written(tmp_path, package(HEADER, cells), "things.xlsx")
    batch = read(made, bronze("a", column("b", type_), format="xlsx"))
    (fault,) = batch.malformed.to_dicts()
    assert (fault["column"], fault["code"]) == ("b", "TYPE_MISMATCH")
    assert re.match(
        r"`S!B2` holds .*formula.* without a value: open .* and save it", fault["message"]
    )
    assert collected(batch).height == 0


def test_a_formula_that_gives_an_empty_text_has_a_value(tmp_path):
    cells = ROW.replace('<c r="A2" t="str"><v>x</v>', '<c r="A2" t="str"><f>""</f><v></v>')
    made = written(tmp_path, package(HEADER, cells), "things.xlsx")
    assert landed(made, ANY) == [{"a": None, "b": "7"}]


def test_rows_below_the_last_value_with_only_formulas_are_records(tmp_path):
    below = named("", "B3", formula="<f>B2</f>")
    batch = read(written(tmp_path, package(HEADER, ROW, below), "things.xlsx"), ANY)
    assert (batch.records, batch.malformed["src_row_number"].to_list()) == (2, [3])


def test_all_cells_of_an_array_formula_without_values_are_told(tmp_path):
    rows = [
        f'<c r="A{n}" t="str"><v>x</v></c>'
        + (named("", "B2", formula='<f t="array" ref="B2:B4">A2:A4</f>') if n == 2 else "")
        for n in (2, 3, 4)
    ]
    batch = read(written(tmp_path, package(HEADER, *rows), "things.xlsx"), ANY)
    assert batch.malformed["src_row_number"].to_list() == [2, 3, 4]


def test_array_formulas_that_cover_each_other_end_soon(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "GRID_CELLS", 20)
    array = '<f t="array" ref="A1:XFD1048576">A1</f>'
    rows = [
        f'<c r="A{n}" t="str"><v>x</v></c>{named("", f"B{n}", formula=array)}' for n in (2, 3, 4)
    ]
    with pytest.raises(SourceRefused, match="cover each other"):
        read(written(tmp_path, package(HEADER, *rows), "things.xlsx"), ANY)


def test_a_workbook_that_wants_computing_has_a_note_where_a_formula_has_a_value(tmp_path):
    about = '<calcPr fullCalcOnLoad="1"/>'
    cells = f'<c r="A2" t="str"><v>x</v></c>{named("<v>7</v>", formula="<f>3+4</f>")}'
    batch = read(written(tmp_path, package(HEADER, cells, about=about), "things.xlsx"), ANY)
    assert "1 formula to be computed" in batch.notes[0]
    assert not read(written(tmp_path, package(HEADER, ROW, about=about), "b.xlsx"), ANY).notes


@pytest.mark.parametrize(
    ("type_", "stored", "text"),
    [
        ("decimal(12,2)", "3.3000000000000003", "3.3"),
        ("decimal(12,2)", "0.30000000000000004", "0.3"),
        ("decimal(12,2)", "-1234567.8899999999", "-1234567.89"),
        ("decimal(12,2)", "3.305", "3.305"),
        ("decimal(12,2)", "3.3000000001", "3.3000000001"),
        ("decimal(12,2)", "0.10000000000002274", "0.10000000000002274"),
        ("decimal(18,2)", "12345678901234.566", "12345678901234.566"),
        ("decimal(18,4)", "3.3000000000000003", "3.3"),
        ("integer", "3.0000000000000004", "3"),
        ("integer", "12.5", "12.5"),
        ("double", "3.3000000000000003", "3.3000000000000003"),
    ],
)
def test_what_a_workbook_computed_lands_as_all_who_see_it_read_it(tmp_path, type_, stored, text):
    cells = f'<c r="A2" t="str"><v>x</v></c>{named(f"<v>{stored}</v>")}'
    made = written(tmp_path, package(HEADER, cells), "things.xlsx")
    contract = bronze("a", column("b", type_), format="xlsx")
    assert landed(made, contract)[0]["b"] == text
    assert str(float(stored)) in raw_records(made, contract, [2])[2]


@given(
    cents=st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=4), times=st.integers(1, 99)
)
def test_sums_and_products_of_cents_land_to_the_cent(tmp_path_factory, cents, times):
    floats = [cent / 100 for cent in cents]
    exact = sum((Decimal(cent) for cent in cents), Decimal()) * times / 100
    total = sum(floats) * times
    is_shown = Decimal(f"{total:.15g}") == exact  # cancelled digits are gone from Excel's view, too
    folder = tmp_path_factory.mktemp("money")
    cells = f'<c r="A2" t="str"><v>x</v></c>{named(f"<v>{total!r}</v>")}'
    made = written(folder, package(HEADER, cells), "things.xlsx")
    (row,) = landed(made, bronze("a", column("b", "decimal(18,2)"), format="xlsx"))
    assert not is_shown or Decimal(row["b"]) == exact


def test_a_text_is_never_rounded(tmp_path):
    cells = '<c r="A2" t="str"><v>x</v></c><c r="B2" t="str"><v>3.3000000000000003</v></c>'
    made = written(tmp_path, package(HEADER, cells), "things.xlsx")
    contract = bronze("a", column("b", "decimal(12,2)"), format="xlsx")
    assert landed(made, contract)[0]["b"] == "3.3000000000000003"


@pytest.mark.parametrize(
    "far",
    [
        '<c r="XFD1" s="0"/>',
        '<c r="XFD1" s="0"></c>',
        '<c r="XFD1" s="0"><v/></c>',
        '<c r="XFD1" t="s"><v></v></c>',
    ],
)
def test_cells_that_are_only_formatted_make_no_workbook_too_large(tmp_path, far):
    rows = [HEADER + far, ROW, *[""] * 3997, '<c r="B4000" s="0"/><c r="XFD4000" s="0"/>']
    made = written(tmp_path, package(*rows), "things.xlsx")
    assert landed(made, ANY) == [{"a": "x", "b": "7"}]


def book_of(path, sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, state, rows in sheets:
        page = made.create_sheet(name)
        page.sheet_state = state
        for row in rows:
            page.append(row)
    made.save(path)
    return source(path)


def test_the_sheet_that_is_read_is_one_that_people_see(tmp_path):
    rows = [["a", "b"], ["hidden", 1]], [["a", "b"], ["seen", 2]]
    for state in ("hidden", "veryHidden"):
        made = book_of(
            tmp_path / f"{state}.xlsx", [("cfg", state, rows[0]), ("Data", "visible", rows[1])]
        )
        batch = read(made, ANY)
        assert collected(batch)["a"].to_list() == ["seen"]
        assert "`cfg` is hidden" in batch.notes[0]
        named_one = read(made, bronze("a", column("b", "double"), format="xlsx", sheet="cfg"))
        assert collected(named_one)["a"].to_list() == ["hidden"]
        assert "`cfg` is hidden" in named_one.notes[0]


def test_hidden_rows_and_columns_and_merged_cells_are_told(tmp_path):
    made = openpyxl.Workbook()
    page = made.active
    for row in (["a", "b"], ["x", 1], ["y", 2], [None, 3]):
        page.append(row)
    page.row_dimensions[3].hidden = True
    page.row_dimensions[90].hidden = True  # without content
    page.column_dimensions["B"].hidden = True
    page.merge_cells("A3:A4")
    made.save(tmp_path / "things.xlsx")
    batch = read(source(tmp_path / "things.xlsx"), ANY)
    assert batch.records == 3
    assert len(batch.notes) == 3
    assert "hides 1 row;" in batch.notes[0]
    assert "`B:B`" in batch.notes[1]
    assert "merged cells (`A3:A4`)" in batch.notes[2]


def test_a_title_over_merged_cells_is_nothing_to_tell(tmp_path):
    after = '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
    assert not read(written(tmp_path, package(HEADER, ROW, after=after), "t.xlsx"), ANY).notes


def test_a_sheet_of_charts_before_the_first_is_no_sheet_of_rows(tmp_path):
    made = openpyxl.Workbook()
    made.active.append(["a", "b"])
    made.active.append(["x", 7])
    made.create_chartsheet("Chart", 0)
    made.save(tmp_path / "things.xlsx")
    assert landed(source(tmp_path / "things.xlsx"), ANY) == [{"a": "x", "b": "7"}]


TEXTS = {
    "<si><t>plain</t></si>": "plain",
    "<si><r><t>ri</t></r><r><rPr><b/></rPr><t>ch</t></r></si>": "rich",
    "<si><t>漢</t><rPh sb='0' eb='1'><t>kan</t></rPh><phoneticPr/></si>": "漢",
    "<si><t xml:space='preserve'> a </t></si>": " a ",
    "<si><t>a&#10;b</t></si>": "a\nb",
    "<si><t>a_x000D_b</t></si>": "a\rb",
    "<si><t>_x005F_x000D_</t></si>": "_x000D_",
}


@pytest.mark.parametrize(("xml", "text"), TEXTS.items())
def test_shared_texts_of_every_kind_are_what_people_see(tmp_path, xml, text):
    cells = '<c r="A2" t="s"><v>0</v></c><c r="B2"><v>7</v></c>'
    for number, place in enumerate(({}, {"book": "b/book.xml", "sheet": "b/s.xml"})):
        made = written(tmp_path, package(HEADER, cells, strings=xml, **place), f"{number}.xlsx")
        assert landed(made, ANY)[0]["a"] == text


@pytest.mark.parametrize("about", ["", '<workbookPr date1904="1"/>'])
def test_days_are_days_wherever_their_format_is_kept(tmp_path, about):
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    serial = 45000 - (1462 if about else 0)
    cells = f'<c r="A2" t="str"><v>x</v></c><c r="B2" s="1"><v>{serial}</v></c>'
    made = written(tmp_path, package(HEADER, cells, styles=styles, about=about), "things.xlsx")
    contract = bronze("a", column("b", "date"), format="xlsx")
    assert landed(made, contract) == [{"a": "x", "b": "2023-03-15"}]


def test_a_time_of_more_than_a_day_is_told_as_people_see_it(tmp_path):
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="46"/></cellXfs>'  # [h]:mm:ss
    cells = '<c r="A2" s="1"><v>1.25</v></c><c r="B2"><v>7</v></c>'
    made = written(tmp_path, package(HEADER, cells, styles=styles), "things.xlsx")
    (fault,) = read(made, ANY).malformed.to_dicts()
    assert fault["value"] == "30:00:00"


def test_cells_without_a_name_follow_each_other(tmp_path):
    rows = [re.sub(r' r="\w+"', "", cells) for cells in (HEADER, ROW, ROW)]
    rows[2] = '<c t="str"><v>y</v></c><c t="e"><v>#SPILL!</v></c>'
    batch = read(written(tmp_path, package(*rows), "things.xlsx"), ANY)
    assert collected(batch).rows() == [(2, "x", "7")]
    assert batch.malformed["message"][0].startswith("`S!B3` ")


@pytest.mark.parametrize("reference", ["A1:A1", "A1:XFD1048576", "A1"])
def test_what_a_sheet_says_of_its_own_size_is_not_believed(tmp_path, reference):
    made = package(HEADER, ROW, before=f'<dimension ref="{reference}"/>')
    assert landed(written(tmp_path, made, "things.xlsx"), ANY) == [{"a": "x", "b": "7"}]


@pytest.mark.parametrize("ending", ["xlsm", "xltx", "xls", "xlsb", "ods", "data"])
def test_a_workbook_is_one_whatever_its_name_ends_with(tmp_path, ending):
    assert landed(written(tmp_path, package(HEADER, ROW), f"things.{ending}"), ANY)


def container(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1016) + stream.encode("utf-16-le")


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name in names:
            made.writestr(name, "<x/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (container("EncryptedPackage"), "is protected with a password", "without a password"),
        (container("Workbook"), "old kind (.xls)", "save it as .xlsx"),
        (container("Book"), "old kind (.xls)", "save it as .xlsx"),
        (archive("mimetype", "content.xml"), "OpenDocument", "save it as .xlsx"),
        (archive("xl/workbook.bin"), "binary workbook (.xlsb)", "save it as .xlsx"),
        (archive("Index/Document.iwa"), "Apple Numbers", "save it as .xlsx"),
        (archive("word/document.xml"), "a Word document", "carms.format"),
        (b"<html><table><tr><td>1", "HTML", "save it as .xlsx"),
    ],
)
def test_what_is_no_workbook_of_this_kind_is_called_by_its_name(tmp_path, content, message, hint):
    with pytest.raises(SourceRefused) as caught:
        read(written(tmp_path, content, "things.xlsx"), ANY)
    assert caught.value.code == "WRONG_FORMAT"
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "damaged" not in caught.value.hint
